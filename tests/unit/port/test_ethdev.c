/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Opening real drivers that need no device: null and ring.
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include "../seg/rig_eal.h"
#include "pw_port.h"

static uint16_t id;

static int
plug(const char *name, const char *args)
{
	return rte_eal_hotplug_add("vdev", name, args) == 0
		       ? rte_eth_dev_get_port_by_name(name, &id)
		       : -1;
}

static void
null_is_opened_and_closed(void)
{
	struct pw_port port;
	struct pw_port_cfg cfg = {.n_workers = 1, .n_rxd = 128, .n_txd = 128};
	struct pw_port_queue q;
	struct rte_mbuf *m[32];
	uint16_t n;

	CU_ASSERT_EQUAL_FATAL(plug("net_null0", "size=100"), 0);
	cfg.port_id = id;
	CU_ASSERT_EQUAL_FATAL(pw_port_open(&cfg, &port), 0);
	CU_ASSERT_STRING_EQUAL(port.driver, "net_null");
	CU_ASSERT_STRING_EQUAL(port.name, "net_null0");
	CU_ASSERT_EQUAL(port.mtu, 1500);
	CU_ASSERT_FALSE(port.driver_copies);
	CU_ASSERT_FALSE(port.tso);
	pw_port_queue_init(&q, &port, 0);
	n = q.ops->rx_burst(q.q, m, 32);
	CU_ASSERT_EQUAL(n, 32);
	CU_ASSERT_EQUAL(m[0]->pkt_len, 100);
	CU_ASSERT_EQUAL(pw_port_buffers_out(&port), 32);
	rte_pktmbuf_free_bulk(m, n);
	pw_port_stop(&port);
	CU_ASSERT_EQUAL(pw_port_buffers_out(&port), 0);
	pw_port_close(&port);
	rte_eal_hotplug_remove("vdev", "net_null0");
}

static void
a_jumbo_frame_fits_the_buffers(void)
{
	struct pw_port port;
	struct pw_port_cfg cfg = {.n_workers = 1, .n_rxd = 64, .n_txd = 64, .mtu = 9000};

	CU_ASSERT_EQUAL_FATAL(plug("net_null1", ""), 0);
	cfg.port_id = id;
	CU_ASSERT_EQUAL_FATAL(pw_port_open(&cfg, &port), 0);
	CU_ASSERT_EQUAL(port.mtu, 9000);
	CU_ASSERT_TRUE(rte_pktmbuf_data_room_size(port.rx_pools[0]) >= RTE_PKTMBUF_HEADROOM + 9018);
	pw_port_close(&port);
	rte_eal_hotplug_remove("vdev", "net_null1");
}

static void
mistakes_are_refused(void)
{
	struct pw_port port;
	struct pw_port_cfg none = {.port_id = 31, .n_workers = 1};
	struct pw_port_cfg tiny = {.n_workers = 1, .mtu = 68};

	CU_ASSERT_EQUAL(pw_port_open(&none, &port), -ENODEV);
	CU_ASSERT_EQUAL_FATAL(plug("net_null2", ""), 0);
	tiny.port_id = id;
	CU_ASSERT_EQUAL(pw_port_open(&tiny, &port), -EINVAL);
	rte_eal_hotplug_remove("vdev", "net_null2");
}

static CU_TestInfo tests[] = {
	{"null_is_opened_and_closed", null_is_opened_and_closed},
	{"a_jumbo_frame_fits_the_buffers", a_jumbo_frame_fits_the_buffers},
	{"mistakes_are_refused", mistakes_are_refused},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_port_ethdev = {
	.pName = "port_ethdev",
	.pInitFunc = rig_eal,
	.pTests = tests,
};
