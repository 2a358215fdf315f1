/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The queues of an Ethernet device, and the batch that waits for one.
 */
#include <rte_ethdev.h>
#include "pw_port.h"

static uint16_t
eth_rx_burst(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	const struct pw_port_queue *queue = q;

	return rte_eth_rx_burst(queue->port_id, queue->queue_id, pkts, n);
}

static uint16_t
eth_tx_burst(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	const struct pw_port_queue *queue = q;

	if (queue->tx_prepare)
		n = rte_eth_tx_prepare(queue->port_id, queue->queue_id, pkts, n);
	return rte_eth_tx_burst(queue->port_id, queue->queue_id, pkts, n);
}

static int
eth_rx_wait_add(void *q, int epfd)
{
	const struct pw_port_queue *queue = q;

	return rte_eth_dev_rx_intr_ctl_q(
		queue->port_id, queue->queue_id, epfd, RTE_INTR_EVENT_ADD, NULL);
}

/* A device whose descriptor is readable while packets wait (TAP) has nothing to arm. */
static void
eth_rx_wait_arm(void *q, bool on)
{
	const struct pw_port_queue *queue = q;

	if (on)
		rte_eth_dev_rx_intr_enable(queue->port_id, queue->queue_id);
	else
		rte_eth_dev_rx_intr_disable(queue->port_id, queue->queue_id);
}

static const struct pw_port_ops eth_ops = {
	.rx_burst = eth_rx_burst,
	.tx_burst = eth_tx_burst,
};

static const struct pw_port_ops eth_intr_ops = {
	.rx_burst = eth_rx_burst,
	.tx_burst = eth_tx_burst,
	.rx_wait_add = eth_rx_wait_add,
	.rx_wait_arm = eth_rx_wait_arm,
};

void
pw_port_queue_init(struct pw_port_queue *out, const struct pw_port *port, uint16_t queue_id)
{
	out->ops = port->rx_intr ? &eth_intr_ops : &eth_ops;
	out->q = out;
	out->port_id = port->id;
	out->queue_id = queue_id;
	out->tx_prepare = port->tx_prepare;
	out->watch.cap = NULL;
}

void
pw_port_tx_init(struct pw_port_tx *tx, struct pw_port_queue *queue, struct pw_drops *drops)
{
	tx->queue = queue;
	tx->head = 0;
	tx->tail = 0;
	tx->refused_at = PW_NEVER;
	tx->packets = 0;
	tx->bytes = 0;
	tx->drops = drops;
}

void
pw_port_tx_fini(struct pw_port_tx *tx)
{
	rte_pktmbuf_free_bulk(&tx->pkts[tx->head], tx->tail - tx->head);
	tx->head = 0;
	tx->tail = 0;
}

/* A packet that the device will never take (too long, too many pieces) must not block the rest. */
static void
refused(struct pw_port_tx *tx, pw_ns now)
{
	if (tx->refused_at == PW_NEVER) {
		tx->refused_at = now;
	} else if (now - tx->refused_at >= PW_PORT_TX_STUCK_NS) {
		rte_pktmbuf_free(tx->pkts[tx->head++]);
		pw_drop_count(tx->drops, PW_DROP_TX_STUCK);
		tx->refused_at = now;
	}
}

void
pw_port_tx_flush(struct pw_port_tx *tx, pw_ns now)
{
	struct pw_port_queue *queue = tx->queue;
	uint16_t first = tx->head;
	uint16_t n, sent;

	if (tx->head == tx->tail)
		return;
	do {
		n = (uint16_t)RTE_MIN(tx->tail - tx->head, PW_PORT_TX_BURST);
		sent = queue->ops->tx_burst(queue->q, &tx->pkts[tx->head], n);
		tx->head = (uint16_t)(tx->head + sent);
	} while (sent == n && tx->head != tx->tail);
	tx->packets += (uint64_t)tx->head - first;
	if (likely(tx->head != first))
		tx->refused_at = PW_NEVER;
	else
		refused(tx, now);
	if (tx->head == tx->tail) {
		tx->head = 0;
		tx->tail = 0;
	}
}

void
pw_port_tx_put_slow(struct pw_port_tx *tx, struct rte_mbuf *m)
{
	if (tx->head == 0) {
		pw_drop_count(tx->drops, PW_DROP_TX_FULL);
		rte_pktmbuf_free(m);
		return;
	}
	memmove(tx->pkts, &tx->pkts[tx->head], (tx->tail - tx->head) * sizeof(tx->pkts[0]));
	tx->tail = (uint16_t)(tx->tail - tx->head);
	tx->head = 0;
	pw_port_tx_put(tx, m);
}
