/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * One turn: from the device through link and ip into TCP, and back.
 */
#include <rte_prefetch.h>
#include "loop_priv.h"
#include "pw_wire_cksum.h"
#include "pw_wire_eth.h"
#include "pw_wire_train.h"

#define TCP_CKSUM_OFF 16 /* in the TCP header */

/* Believe the device only where it was asked to check. NONE: sent without, but intact. */
static inline struct pw_ip_hint
hint_of(const struct pw_port *port, const struct rte_mbuf *m)
{
	uint64_t l3 = m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	struct pw_ip_hint hint = {
		.ip4_ok = port->rx_ip4_cksum && l3 == RTE_MBUF_F_RX_IP_CKSUM_GOOD,
		.l4_ok = port->rx_tcp_cksum &&
			 (l4 == RTE_MBUF_F_RX_L4_CKSUM_GOOD || l4 == RTE_MBUF_F_RX_L4_CKSUM_NONE),
	};

	return hint;
}

static enum pw_drop
icmp_error(struct pw_worker *w, const struct pw_ip_rx *rx)
{
	enum pw_tcp_icmp what =
		rx->what == PW_IP_TOO_BIG ? PW_TCP_ICMP_TOO_BIG : PW_TCP_ICMP_UNREACHABLE;

	return pw_tcp_icmp_error(w->tcp, what, &rx->src, &rx->dst, rx->l4, rx->mtu, w->now);
}

/*
 * A segment that came in fragments. They did not tell whose it is, so that it may have been
 * put together by another worker than its connection's.
 */
static enum pw_drop
whole_in(struct pw_worker *w, const struct iface *ifc, const struct pw_ip_rx *rx)
{
	struct pw_tcp_pkt pkt = {
		.src = rx->src,
		.dst = rx->dst,
		.l4 = rx->l4,
		.len = rx->len,
		.ecn = rx->ecn,
	};
	uint32_t to = w->id;

	if (w->crew != NULL && rx->len >= PW_TCP_HLEN_MIN)
		to = pw_spread_worker_of(&w->crew->spread, &rx->src, pw_get_be16(rx->l4), &rx->dst,
			pw_get_be16(rx->l4 + 2));
	if (to != w->id)
		return crew_give(w, ifc, rx->whole, rx->whole_len, to);
	return pw_tcp_input(w->tcp, &pkt, w->now);
}

/* The frames behind the first of a burst, which is pkts[-1]. */
struct behind {
	struct rte_mbuf **pkts;
	uint16_t n;
	uint16_t taken; /* with the first one */
};

/* Of tags that a device took off, nothing is left in the headers that are compared. */
static bool
same_tag(const struct rte_mbuf *m, const struct rte_mbuf *first)
{
	if (((m->ol_flags ^ first->ol_flags) & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0)
		return false;
	return (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) == 0 ||
	       ((m->vlan_tci ^ first->vlan_tci) & PW_ETH_VID_MASK) == 0;
}

/* Those that carry on the segment @p rx of the frame at @p p. @return how many */
static uint32_t
couple(struct pw_worker *w, struct iface *ifc, const uint8_t *p, const uint8_t *l3,
	const struct pw_ip_rx *rx, const struct behind *b, struct pw_tcp_more *more)
{
	uint32_t l4 = (uint32_t)(rx->l4 - p), i;
	struct pw_train train;

	if (!pw_train_begin(&train, p, (uint32_t)(l3 - p), l4, l4 + rx->len))
		return 0;
	for (i = 0; i < b->n; i++) {
		const struct rte_mbuf *m = b->pkts[i];
		struct pw_ip_hint hint = hint_of(ifc->dev->port, m);

		if (i + RX_PREFETCH < b->n)
			rte_prefetch0(rte_pktmbuf_mtod(b->pkts[i + RX_PREFETCH], void *));
		if (m->nb_segs != 1 || !hint.l4_ok ||
			(ifc->dev->plain == NULL && !same_tag(m, b->pkts[-1])))
			break;
		p = rte_pktmbuf_mtod(m, const uint8_t *);
		more[i].len = pw_train_next(&train, p, m->pkt_len, hint.ip4_ok);
		if (more[i].len == 0)
			break;
		more[i].data = p + train.data;
		w->rx_bytes += m->pkt_len;
	}
	pw_ip_count_input(ifc->ip, i);
	w->rx_coupled += i;
	return i;
}

static inline enum pw_drop
tcp_in(struct pw_worker *w, struct iface *ifc, const uint8_t *p, const uint8_t *l3,
	const struct pw_ip_rx *rx, bool cksum_ok, struct behind *b)
{
	struct pw_tcp_more more[RX_BURST];
	struct pw_tcp_pkt pkt = {
		.src = rx->src,
		.dst = rx->dst,
		.l4 = rx->l4,
		.len = rx->len,
		.cksum_ok = cksum_ok,
		.ecn = rx->ecn,
	};

	if (cksum_ok && rx->len > PW_TCP_HLEN_MIN + PW_TCP_OPT_MAX && b->n > 0)
		b->taken = (uint16_t)couple(w, ifc, p, l3, rx, b, more);
	if (b->taken == 0)
		return pw_tcp_input(w->tcp, &pkt, w->now);
	pw_tcp_input_train(w->tcp, &pkt, more, b->taken, &w->drops, w->now);
	return PW_OK;
}

static inline enum pw_drop
packet_in(struct pw_worker *w, struct iface *ifc, const uint8_t *p, const struct pw_link_rx *in,
	struct pw_ip_hint hint, struct behind *b)
{
	struct pw_ip_rx rx;
	enum pw_drop why = pw_ip_input(ifc->ip, in, hint, w->now, &rx);

	if (unlikely(why != PW_OK))
		return why;
	if (likely(rx.what == PW_IP_TCP))
		return tcp_in(w, ifc, p, in->l3, &rx, hint.l4_ok, b);
	if (rx.what == PW_IP_TCP_WHOLE)
		return whole_in(w, ifc, &rx);
	if (rx.what == PW_IP_DONE)
		return PW_OK;
	if (rx.what != PW_IP_UDP)
		return icmp_error(w, &rx);
	return netcfg_udp(w, ifc, rx.l4, rx.len);
}

/* The bytes of a frame in one piece: where they are, or put together in the scratch. */
static inline const uint8_t *
bytes_of(struct pw_worker *w, const struct rte_mbuf *m)
{
	if (likely(m->nb_segs == 1))
		return rte_pktmbuf_mtod(m, const uint8_t *);
	if (m->pkt_len > sizeof(w->scratch))
		return NULL;
	w->rx_linearised++;
	return rte_pktmbuf_read(m, 0, m->pkt_len, w->scratch);
}

/* The VLAN of a frame, 0 without one: a device that takes tags off tells it. */
static uint16_t
vlan_of(const struct rte_mbuf *m, const uint8_t *p)
{
	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		return m->vlan_tci & PW_ETH_VID_MASK;
	return pw_eth_check(p, m->pkt_len) > PW_ETH_HLEN ? pw_eth_vlan(p) : 0;
}

static struct iface *
find_vlan(const struct dev *dev, uint16_t vlan)
{
	struct iface *ifc = dev->first;

	while (ifc != NULL && ifc->vlan != vlan)
		ifc = ifc->next;
	return ifc;
}

/* The interface that a frame is for; NULL: it is of a VLAN that is not ours. */
static inline struct iface *
iface_for(const struct dev *dev, const struct rte_mbuf *m, const uint8_t *p)
{
	return likely(dev->plain != NULL) ? dev->plain : find_vlan(dev, vlan_of(m, p));
}

static inline enum pw_drop
bytes_in(struct pw_worker *w, const struct dev *dev, const struct rte_mbuf *m, const uint8_t *p,
	struct behind *b)
{
	struct iface *ifc = iface_for(dev, m, p);
	struct pw_link_rx rx;
	enum pw_drop why;

	if (unlikely(ifc == NULL))
		return PW_DROP_ETH_VLAN;
	why = pw_link_input(ifc->link, p, m->pkt_len, w->now, &rx);
	if (likely(why == PW_OK && rx.l3 != NULL))
		why = packet_in(w, ifc, p, &rx, hint_of(dev->port, m), b);
	return why;
}

/* The first of @p n frames, and those that can be taken with it. @return how many */
static inline uint16_t
frame_in(struct pw_worker *w, const struct dev *dev, struct rte_mbuf **pkts, uint16_t n)
{
	const struct rte_mbuf *m = pkts[0];
	struct behind behind = {.pkts = pkts + 1, .n = (uint16_t)(n - 1)};
	const uint8_t *p = bytes_of(w, m);
	enum pw_drop why = PW_DROP_IP4_LEN; /* longer than any IP packet */

	w->rx_bytes += m->pkt_len;
	if (likely(p != NULL))
		why = bytes_in(w, dev, m, p, &behind);
	if (unlikely(why != PW_OK))
		pw_drop_count(&w->drops, why);
	return behind.taken + 1;
}

static void
burst_in(struct pw_worker *w, const struct dev *dev, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i, taken;

	if (unlikely(pw_tcp_ahead_pays(w->tcp)))
		ahead_look(w, pkts, n);
	for (i = 0; i < RX_PREFETCH && i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	for (i = 0; i < n; i += taken) {
		if (i + RX_PREFETCH < n)
			rte_prefetch0(rte_pktmbuf_mtod(pkts[i + RX_PREFETCH], void *));
		taken = frame_in(w, dev, &pkts[i], n - i);
	}
	w->rx_packets += n;
	rte_pktmbuf_free_bulk(pkts, n);
}

static uint16_t
receive(struct pw_worker *w, struct dev *dev)
{
	struct rte_mbuf *pkts[RX_BURST];
	uint16_t n = dev->queue.ops->rx_burst(dev->queue.q, pkts, RX_BURST);
	uint16_t ours = n;

	if (n == 0)
		return 0;
	if (unlikely(w->crew != NULL))
		ours = crew_sort(w, dev, pkts, n);
	burst_in(w, dev, pkts, ours);
	return n;
}

/* ---- what other workers received ---- */

static bool
is_overheard(const struct rte_mbuf *m)
{
	uint8_t buf[CREW_KIND_BYTES];
	uint32_t len = RTE_MIN(m->pkt_len, sizeof(buf));

	return crew_is_for_all(rte_pktmbuf_read(m, 0, len, buf), len);
}

/* It was answered, and perhaps counted as dropped, by the worker that received it. */
static void
overhear(struct pw_worker *w, const struct dev *dev, struct rte_mbuf *m)
{
	const uint8_t *p = bytes_of(w, m);
	struct iface *ifc = p != NULL ? iface_for(dev, m, p) : NULL;
	struct pw_link_rx rx = {.l3 = NULL};

	if (ifc != NULL)
		pw_link_overhear(ifc->link, p, m->pkt_len, w->now, &rx);
	if (rx.l3 != NULL)
		pw_ip_overhear(ifc->ip, rx.l3, rx.len, w->now);
	rte_pktmbuf_free(m);
}

/* By runs of one port, which receive() has as bursts. */
static uint16_t
take_over(struct pw_worker *w, uint32_t from)
{
	struct rte_mbuf *pkts[RX_BURST];
	uint16_t n = crew_take(w, from, pkts);
	uint16_t i, end;

	for (i = 0; i < n; i = end) {
		const struct dev *dev = &w->devs[pkts[i]->port];

		end = i + 1;
		if (unlikely(is_overheard(pkts[i]))) {
			overhear(w, dev, pkts[i]);
			continue;
		}
		while (end < n && pkts[end]->port == pkts[i]->port && !is_overheard(pkts[end]))
			end++;
		burst_in(w, dev, &pkts[i], end - i);
	}
	w->taken_over += n;
	return n;
}

static uint64_t
crew_turn(struct pw_worker *w)
{
	uint64_t taken = 0;
	uint32_t from;

	for (from = 0; from < w->crew->spread.n_workers; from++)
		if (from != w->id)
			taken += take_over(w, from);
	crew_lend_queues(w);
	return taken;
}

static struct iface *
find_iface(struct pw_worker *w, const struct pw_addr *src)
{
	uint32_t i;

	for (i = 0; i + 1 < w->n_ifs; i++)
		if (pw_ip_is_local(w->ifs[i].ip, src))
			break;
	w->from.src = *src;
	w->from.ifc = &w->ifs[i];
	return w->from.ifc;
}

/* The interface that has the address @p src. */
static inline struct iface *
iface_of(struct pw_worker *w, const struct pw_addr *src)
{
	if (likely(w->n_ifs == 1 || pw_addr_eq(&w->from.src, src)))
		return w->from.ifc;
	return find_iface(w, src);
}

static inline bool
sums_later(const struct dev *dev, const struct pw_tcp_seg *seg)
{
	return dev->port->tx_tcp_cksum || seg->gso_size != 0;
}

/* Leave the checksum to the device, or to who cuts the segment up: there they find the sum of
 * the pseudo-header. */
static inline uint16_t
cksum_later(struct rte_mbuf *m, const struct pw_tcp_seg *seg, uint16_t pseudo, uint32_t hlen)
{
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
	m->l4_len = hlen;
	if (seg->gso_size != 0) {
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		m->tso_segsz = (uint16_t)seg->gso_size;
	}
	return pseudo;
}

/* Put the TCP header in front of the payload whose sum is @p sum. */
static inline void
push_tcp(const struct dev *dev, struct rte_mbuf *m, const struct pw_tcp_seg *seg, uint16_t sum)
{
	uint32_t hlen = PW_TCP_HLEN_MIN + seg->hdr.opt_len;
	uint8_t *p = (uint8_t *)rte_pktmbuf_prepend(m, (uint16_t)hlen);
	uint16_t cksum;

	PW_ASSERT(p != NULL && m->pkt_len == hlen + seg->len);
	pw_tcp_emit(p, &seg->hdr, seg->opts);
	cksum = pw_sum_pseudo(seg->src, seg->dst, PW_IP_PROTO_TCP, m->pkt_len);
	if (sums_later(dev, seg))
		cksum = cksum_later(m, seg, cksum, hlen);
	else
		cksum = pw_sum_finish(pw_sum_add(pw_sum_add(cksum, sum), pw_sum(p, hlen)));
	memcpy(p + TCP_CKSUM_OFF, &cksum, sizeof(cksum));
}

int
loop_send(void *ctx, const struct pw_tcp_seg *seg)
{
	struct pw_worker *w = ctx;
	struct iface *ifc = iface_of(w, seg->src);
	struct dev *dev = ifc->dev;
	uint16_t sum = 0;
	struct rte_mbuf *m;

	if (unlikely(pw_port_tx_waiting(&dev->tx) >= (seg->len > 0 ? TX_BACKLOG : TX_BACKLOG_BARE)))
		return -ENOBUFS;
	m = pw_seg_build(dev->seg, seg->spans, seg->n_spans, sums_later(dev, seg) ? NULL : &sum);
	if (unlikely(m == NULL)) {
		pw_drop_count(&w->drops, PW_DROP_NO_MBUF);
		return -ENOBUFS;
	}
	push_tcp(dev, m, seg, sum);
	pw_ip_output(ifc->ip, m, seg->src, seg->dst, PW_IP_PROTO_TCP, seg->ecn, w->now);
	if (unlikely(pw_port_tx_waiting(&dev->tx) >= PW_PORT_TX_BURST))
		pw_port_tx_flush(&dev->tx, w->now);
	return 0;
}

bool
pw_worker_turn(struct pw_worker *w, pw_ns now)
{
	uint64_t received = 0;
	uint64_t sent = 0;
	bool moved;
	pw_ns due;
	uint32_t i;

	w->now = now;
	w->turns++;
	if (unlikely(now >= w->chores_at))
		loop_chores(w, now);
	if (unlikely(w->crew != NULL)) /* first: these came before what is in our own queue */
		received = crew_turn(w);
	for (i = 0; i < w->n_devs; i++)
		received += receive(w, &w->devs[i]);
	if (w->service.run != NULL && (received != 0 || now >= w->service_at))
		w->service_at = w->service.run(w->service.ctx, now);
	due = pw_tcp_next(w->tcp);
	if (received != 0 || due <= now)
		pw_tcp_run(w->tcp, now);
	for (i = 0; i < w->n_devs; i++) {
		pw_port_tx_flush(&w->devs[i].tx, now);
		sent += w->devs[i].tx.packets;
	}
	/* Due at 0 is not a timer but what waits for room in the device: that is no work. */
	moved = received != 0 || sent != w->sent || (due != 0 && due <= now);
	w->sent = sent;
	w->busy_turns += moved;
	return moved;
}
