/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <CUnit/CUnit.h>
#include "../seg/rig_eal.h"
#include "rig_port.h"

static uint16_t
rx_burst(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	struct rig_port *rp = q;

	n = RTE_MIN(n, rp->rx_burst);
	n = (uint16_t)RTE_MIN(n, rp->n_rx);
	memcpy(pkts, rp->rx, n * sizeof(*pkts));
	rp->n_rx -= n;
	memmove(rp->rx, rp->rx + n, rp->n_rx * sizeof(*pkts));
	return n;
}

static void
keep(struct rig_port *rp, struct rte_mbuf *m)
{
	struct rig_frame *f = &rp->sent[rp->n_sent++];
	const void *p;

	rte_mbuf_sanity_check(m, 1);
	CU_ASSERT_FATAL(rp->n_sent <= RIG_SENT_MAX);
	f->len = m->pkt_len;
	f->pieces = m->nb_segs;
	f->ol_flags = m->ol_flags;
	f->vlan_tci = m->vlan_tci;
	f->l2_len = m->l2_len;
	f->bytes = malloc(f->len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->bytes);
	p = rte_pktmbuf_read(m, 0, f->len, f->bytes);
	if (p != f->bytes)
		memcpy(f->bytes, p, f->len);
	rte_pktmbuf_free(m);
}

static uint16_t
tx_burst(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	struct rig_port *rp = q;
	uint16_t i;

	rp->tx_calls++;
	n = (uint16_t)RTE_MIN(n, rp->accept);
	if (rp->accept != UINT32_MAX)
		rp->accept -= n;
	for (i = 0; i < n; i++)
		keep(rp, pkts[i]);
	return n;
}

static const struct pw_port_ops ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};

struct rig_port *
rig_port_open(void)
{
	struct rig_port *rp = calloc(1, sizeof(*rp));
	struct pw_port port = {
		.mtu = 1500,
		.max_pieces = UINT16_MAX,
		.n_queues = 1,
		.driver = "rig",
		.mac = {{0x02, 0, 0, 0, 0, 0x01}},
	};

	CU_ASSERT_PTR_NOT_NULL_FATAL(rp);
	rp->port = port;
	rp->queue.ops = &ops;
	rp->queue.q = rp;
	rp->rx_burst = UINT16_MAX;
	rp->accept = UINT32_MAX;
	rp->pool = rte_pktmbuf_pool_create(
		rig_name(), 2047, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rp->pool);
	return rp;
}

void
rig_port_forget(struct rig_port *rp)
{
	while (rp->n_sent > 0)
		free(rp->sent[--rp->n_sent].bytes);
}

void
rig_port_close(struct rig_port *rp)
{
	rig_port_forget(rp);
	rte_pktmbuf_free_bulk(rp->rx, rp->n_rx);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(rp->pool), 0);
	rte_mempool_free(rp->pool);
	free(rp);
}

struct rte_mbuf *
rig_port_put(struct rig_port *rp, const uint8_t *bytes, uint32_t len, uint32_t pieces)
{
	struct rte_mbuf *m = NULL;
	uint32_t each = RTE_MAX(len / pieces, 1u);

	CU_ASSERT_FATAL(rp->n_rx < RIG_RX_MAX);
	while (len > 0 || m == NULL) {
		struct rte_mbuf *part = rte_pktmbuf_alloc(rp->pool);
		uint32_t n = len < 2 * each ? len : each;
		char *p;

		CU_ASSERT_PTR_NOT_NULL_FATAL(part);
		p = rte_pktmbuf_append(part, (uint16_t)n);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		memcpy(p, bytes, n);
		bytes += n;
		len -= n;
		if (m == NULL)
			m = part;
		else
			CU_ASSERT_EQUAL_FATAL(rte_pktmbuf_chain(m, part), 0);
	}
	rp->rx[rp->n_rx++] = m;
	return m;
}
