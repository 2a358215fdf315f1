/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 *	LD_PRELOAD=.../touch.so TOUCH=N [TOUCH_QUEUE=Q] pagewire ...
 *
 * A deliberate violation of --prove: when a device is started, a callback is put in
 * front of its sending, which reads the first byte of the N-th window of a page that
 * is sent (counted from 0), on queue Q (0), that is by worker Q. Everything else is as it is
 *without.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <rte_ethdev.h>

static unsigned long until_touched;

int rte_eth_dev_start(uint16_t port); /* also a declaration for the compiler's warnings */

static uint16_t
touch(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, void *ctx)
{
	struct rte_mbuf *m;
	uint16_t i;

	for (i = 0; i < n; i++)
		for (m = pkts[i]; m != NULL; m = m->next)
			if (RTE_MBUF_HAS_EXTBUF(m) && until_touched-- == 0)
				(void)*rte_pktmbuf_mtod(m, volatile uint8_t *);
	return n;
}

int
rte_eth_dev_start(uint16_t port)
{
	int (*real)(uint16_t port);
	const char *nth = getenv("TOUCH"), *on = getenv("TOUCH_QUEUE");
	uint16_t queue = on != NULL ? (uint16_t)strtoul(on, NULL, 10) : 0;

	*(void **)&real = dlsym(RTLD_NEXT, "rte_eth_dev_start");
	until_touched = nth != NULL ? strtoul(nth, NULL, 10) : 0;
	if (rte_eth_add_tx_callback(port, queue, touch, NULL) == NULL)
		abort();
	return real(port);
}
