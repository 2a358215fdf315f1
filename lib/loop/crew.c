/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Whose is a frame, and how does it get there?
 */
#include <stdio.h>
#include <sys/eventfd.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include "loop_priv.h"
#include "pw_wire_dhcp.h"
#include "pw_wire_eth.h"
#include "pw_wire_icmp.h"
#include "pw_wire_icmp6.h"
#include "pw_wire_ip4.h"

#define RX_LANE 1024 /* frames that lie in a lane, less one */
#define TX_LANE 256

/* Ethernet, IP, ICMP, and of what that quotes, IP and the ports of TCP. */
#define PORTS_BYTES 4
#define LOOK_BYTES \
	(PW_ETH_HLEN_MAX + PW_IP4_HLEN_MAX + PW_ICMP_HLEN + PW_IP4_HLEN_MAX + PORTS_BYTES)
static_assert(
	LOOK_BYTES >= PW_ETH_HLEN_MAX + 2 * PW_IP6_HLEN + PW_ICMP6_HLEN + PORTS_BYTES, "IPv6");

/* ---- whose is it? ---- */

static inline uint32_t
word_at(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Is there a whole IPv4 header? @return its length, or 0 */
static inline uint32_t
ip4_hlen(const uint8_t *p, uint32_t len)
{
	uint32_t hlen = (p[0] & 0x0f) * 4u;

	return len >= PW_IP4_HLEN && p[0] >> 4 == 4 && hlen >= PW_IP4_HLEN && hlen <= len ? hlen
											  : 0;
}

/* An IPv4 datagram's first fragment, or the only one, of @p proto? */
static inline bool
ip4_is(const uint8_t *p, uint8_t proto)
{
	return p[9] == proto && (pw_get_be16(p + 6) & 0x1fff) == 0;
}

static inline uint32_t
tcp_worker(const struct pw_spread *s, const uint8_t *ip, uint32_t hlen)
{
	return pw_spread_worker(
		s, pw_spread_fold(word_at(ip + 12) ^ word_at(ip + 16) ^ word_at(ip + hlen)));
}

/* Of an ICMP error, it is the connection of what it quotes: the hash has no direction. */
static uint32_t
quoted_worker(const struct pw_spread *s, const uint8_t *icmp, uint32_t len)
{
	const uint8_t *ip = icmp + PW_ICMP_HLEN;
	uint32_t hlen;

	if (len < PW_ICMP_HLEN + PW_IP4_HLEN || icmp[0] != PW_ICMP_UNREACHABLE)
		return CREW_ANYBODY;
	hlen = ip4_hlen(ip, len - PW_ICMP_HLEN);
	if (hlen == 0 || !ip4_is(ip, PW_IP_PROTO_TCP) || len < PW_ICMP_HLEN + hlen + PORTS_BYTES)
		return CREW_ANYBODY;
	return tcp_worker(s, ip, hlen);
}

/* ---- the same of IPv6; behind extension headers nothing is looked for ---- */

static inline uint32_t
tcp6_worker(const struct pw_spread *s, const uint8_t *ip)
{
	uint64_t a[4];

	memcpy(a, ip + 8, sizeof(a));
	a[0] ^= a[1] ^ a[2] ^ a[3];
	return pw_spread_worker(
		s, pw_spread_fold((rte_be32_t)(a[0] ^ a[0] >> 32) ^ word_at(ip + PW_IP6_HLEN)));
}

static uint32_t
quoted6_worker(const struct pw_spread *s, const uint8_t *icmp, uint32_t len)
{
	const uint8_t *ip = icmp + PW_ICMP6_HLEN;

	if (len < PW_ICMP6_HLEN + PW_IP6_HLEN + PORTS_BYTES || ip[0] >> 4 != 6 ||
		ip[6] != PW_IP_PROTO_TCP)
		return CREW_ANYBODY;
	return tcp6_worker(s, ip);
}

/* The @p len bytes at @p ip are said to be IPv6. */
static uint32_t
worker6_of(const struct pw_spread *s, const uint8_t *ip, uint32_t len)
{
	if (len < PW_IP6_HLEN + PORTS_BYTES || ip[0] >> 4 != 6)
		return CREW_ANYBODY;
	if (likely(ip[6] == PW_IP_PROTO_TCP))
		return tcp6_worker(s, ip);
	if (ip[6] == PW_IP_PROTO_ICMP6 && pw_icmp6_is_error(ip[PW_IP6_HLEN]))
		return quoted6_worker(s, ip + PW_IP6_HLEN, len - PW_IP6_HLEN);
	return CREW_ANYBODY;
}

static uint32_t
worker_of_other(const struct pw_spread *s, const uint8_t *p, uint32_t eth, uint32_t len)
{
	if (crew_is_for_all(p, len))
		return CREW_EVERYBODY;
	if (pw_eth_type(p, eth) != PW_ETH_TYPE_IP6)
		return CREW_ANYBODY;
	return worker6_of(s, p + eth, len - eth);
}

uint32_t
crew_worker_of(const struct pw_spread *s, const uint8_t *p, uint32_t len)
{
	uint32_t eth = pw_eth_check(p, len);
	const uint8_t *ip = p + eth;
	uint32_t hlen;

	if (unlikely(eth == 0 || len < eth + PW_IP4_HLEN))
		return CREW_ANYBODY;
	if (unlikely(pw_eth_type(p, eth) != PW_ETH_TYPE_IP4))
		return worker_of_other(s, p, eth, len);
	len -= eth;
	hlen = ip4_hlen(ip, len);
	if (unlikely(hlen == 0 || len < hlen + PORTS_BYTES))
		return CREW_ANYBODY;
	if (likely(ip4_is(ip, PW_IP_PROTO_TCP)))
		return tcp_worker(s, ip, hlen);
	if (ip4_is(ip, PW_IP_PROTO_UDP) && pw_get_be16(ip + hlen + 2) == PW_DHCP_CLIENT_PORT)
		return 0; /* who has the DHCP client */
	if (ip4_is(ip, PW_IP_PROTO_ICMP))
		return quoted_worker(s, ip + hlen, len - hlen);
	return CREW_ANYBODY;
}

/* ---- handing over ---- */

/* Somebody sleeps who looked at his lanes before we filled one. */
static inline void
wake(const struct pw_crew *crew, uint32_t to)
{
	const struct seat *seat = &crew->seat[to];

	if (!crew->may_sleep)
		return;
	rte_atomic_thread_fence(__ATOMIC_SEQ_CST); /* the frames first; see crew_doze() */
	if (unlikely(__atomic_load_n(&seat->dozing, __ATOMIC_RELAXED)))
		eventfd_write(seat->wakefd, 1);
}

static void
put_down(struct pw_worker *w, struct rte_mbuf *m, uint32_t to)
{
	struct handful *h = &w->hands[to];

	h->pkts[h->n++] = m;
}

/* Everybody else gets the same mbuf: whoever frees it last gives it back. */
static void
put_down_for_all(struct pw_worker *w, struct rte_mbuf *m)
{
	uint32_t to;

	rte_pktmbuf_refcnt_update(m, (int16_t)(w->crew->spread.n_workers - 1));
	for (to = 0; to < w->crew->spread.n_workers; to++)
		if (to != w->id)
			put_down(w, m, to);
}

static void
pass_on(struct pw_worker *w, uint32_t to)
{
	struct handful *h = &w->hands[to];
	uint32_t n = rte_ring_sp_enqueue_burst(
		w->crew->seat[to].rx[w->id], (void **)h->pkts, h->n, NULL);

	w->handed_over += n;
	w->drops.n[PW_DROP_HAND_OVER] += h->n - n;
	rte_pktmbuf_free_bulk(&h->pkts[n], h->n - n);
	h->n = 0;
	if (n != 0)
		wake(w->crew, to);
}

uint16_t
crew_sort(struct pw_worker *w, const struct dev *dev, struct rte_mbuf **pkts, uint16_t n)
{
	const struct pw_spread *s = &w->crew->spread;
	uint8_t buf[LOOK_BYTES];
	uint16_t kept = 0;
	uint16_t i;
	uint32_t to;

	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		uint32_t len = RTE_MIN(m->pkt_len, sizeof(buf));

		to = crew_worker_of(s, rte_pktmbuf_read(m, 0, len, buf), len);
		m->port = (uint16_t)(dev - w->devs);
		if (likely(to == w->id || to == CREW_ANYBODY)) {
			pkts[kept++] = m;
		} else if (to == CREW_EVERYBODY) {
			put_down_for_all(w, m);
			pkts[kept++] = m;
		} else {
			put_down(w, m, to);
		}
	}
	for (to = 0; to < s->n_workers; to++)
		if (w->hands[to].n != 0)
			pass_on(w, to);
	return kept;
}

/* Put a header in front as if it had come so. @return false: no room, which a message has */
static bool
push_ether(struct rte_mbuf *m, const struct iface *ifc, uint16_t type)
{
	const uint8_t *mac = ifc->dev->port->mac.addr_bytes;
	uint16_t hlen = ifc->vlan != 0 ? PW_ETH_HLEN_MAX : PW_ETH_HLEN;
	uint8_t *p = (uint8_t *)rte_pktmbuf_prepend(m, hlen);

	if (unlikely(p == NULL))
		return false;
	if (ifc->vlan != 0)
		pw_eth_emit_tagged(p, mac, mac, ifc->vlan, type);
	else
		pw_eth_emit(p, mac, mac, type);
	return true;
}

enum pw_drop
crew_give(struct pw_worker *w, const struct iface *ifc, const uint8_t *p, uint32_t len, uint32_t to)
{
	struct rte_mbuf *m = pw_seg_message(ifc->dev->seg, p, len);

	if (m == NULL)
		return PW_DROP_NO_MBUF;
	if (unlikely(!push_ether(m, ifc, p[0] >> 4 == 6 ? PW_ETH_TYPE_IP6 : PW_ETH_TYPE_IP4))) {
		rte_pktmbuf_free(m);
		return PW_DROP_NO_MBUF;
	}
	m->port = (uint16_t)(ifc->dev - w->devs);
	put_down(w, m, to);
	pass_on(w, to);
	return PW_OK;
}

uint16_t
crew_take(struct pw_worker *w, uint32_t from, struct rte_mbuf **pkts)
{
	return (uint16_t)rte_ring_sc_dequeue_burst(
		w->crew->seat[w->id].rx[from], (void **)pkts, RX_BURST, NULL);
}

/* ---- sending through another ---- */

static uint16_t
lane_rx_burst(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	return 0; /* what comes, comes by the lanes of crew_take() */
}

static uint16_t
lane_tx_burst(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	const struct tx_lane *lane = q;
	uint16_t i;

	for (i = 0; i < n; i++)
		pkts[i]->port = lane->iface;
	n = (uint16_t)rte_ring_sp_enqueue_burst(lane->ring, (void **)pkts, n, NULL);
	if (n != 0)
		wake(lane->crew, lane->to);
	return n;
}

static int
lane_wait_add(void *q, int epfd)
{
	return 0; /* wake() does it */
}

static void
lane_wait_arm(void *q, bool on)
{
}

static const struct pw_port_ops lane_ops = {
	.rx_burst = lane_rx_burst,
	.tx_burst = lane_tx_burst,
	.rx_wait_add = lane_wait_add,
	.rx_wait_arm = lane_wait_arm,
};

static struct rte_ring *
make_ring(const char *kind, uint32_t from, uint32_t to, uint32_t n, int socket_id)
{
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(name, sizeof(name), "lane_%s%u_%u", kind, from, to);
	ring = rte_ring_create(name, n, socket_id, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (ring == NULL)
		LOOP_LOG(ERR, "no memory for a lane between workers: %s", rte_strerror(rte_errno));
	return ring;
}

int
crew_borrow_queue(struct pw_worker *w, struct dev *dev)
{
	struct tx_lane *lane = &dev->lane;
	uint32_t to = w->id % dev->port->n_queues;
	struct rte_ring **ring = &w->crew->seat[to].tx[w->id];

	if (*ring == NULL)
		*ring = make_ring("tx", w->id, to, TX_LANE, w->socket_id);
	if (*ring == NULL)
		return -ENOMEM;
	*lane = (struct tx_lane){
		.ring = *ring, .crew = w->crew, .to = to, .iface = (uint16_t)(dev - w->devs)};
	dev->queue = (struct pw_port_queue){.ops = &lane_ops, .q = lane};
	dev->borrowed = true;
	return 0;
}

/* Only as many as there is room for: the others wait in the lane, and their TCP behind them. */
static void
lend(struct pw_worker *w, struct rte_ring *lane)
{
	struct rte_mbuf *pkts[PW_PORT_TX_BURST];
	uint32_t room = PW_PORT_TX_BURST;
	uint32_t i, n;

	for (i = 0; i < w->n_devs; i++)
		room = RTE_MIN(room, TX_BACKLOG - RTE_MIN(pw_port_tx_waiting(&w->devs[i].tx),
							  (uint32_t)TX_BACKLOG));
	n = rte_ring_sc_dequeue_burst(lane, (void **)pkts, room, NULL);
	for (i = 0; i < n; i++)
		pw_port_tx_put(&w->devs[pkts[i]->port].tx, pkts[i]);
}

void
crew_lend_queues(struct pw_worker *w)
{
	const struct seat *seat = &w->crew->seat[w->id];
	uint32_t from;

	for (from = 0; from < w->crew->spread.n_workers; from++)
		if (seat->tx[from] != NULL)
			lend(w, seat->tx[from]);
}

/* ---- sleeping and ending ---- */

void
crew_doze(struct pw_worker *w, bool on)
{
	__atomic_store_n(&w->crew->seat[w->id].dozing, on, __ATOMIC_RELAXED);
	/* Known to be asleep before the last look at the lanes: see wake(). */
	rte_atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static bool
nothing_to_lend(const struct pw_worker *w)
{
	const struct seat *seat = &w->crew->seat[w->id];
	uint32_t from;

	for (from = 0; from < w->crew->spread.n_workers; from++)
		if (seat->tx[from] != NULL && !rte_ring_empty(seat->tx[from]))
			return false;
	return true;
}

void
crew_finish(struct pw_worker *w)
{
	__atomic_add_fetch(&w->crew->n_finished, 1, __ATOMIC_RELEASE);
}

bool
crew_has_finished(const struct pw_worker *w)
{
	return __atomic_load_n(&w->crew->n_finished, __ATOMIC_ACQUIRE) ==
		       w->crew->spread.n_workers &&
	       nothing_to_lend(w);
}

/* ---- life ---- */

int
crew_join(struct pw_worker *w)
{
	struct pw_crew *crew = w->crew;

	if (w->id >= crew->spread.n_workers) {
		LOOP_LOG(ERR, "worker %u of %u: they are counted from 0", w->id,
			crew->spread.n_workers);
		return -EINVAL;
	}
	crew->worker[w->id] = w;
	w->hands = rte_zmalloc_socket("hands", crew->spread.n_workers * sizeof(*w->hands),
		RTE_CACHE_LINE_SIZE, w->socket_id);
	return w->hands != NULL ? 0 : -ENOMEM;
}

void
crew_may_sleep(struct pw_worker *w)
{
	w->crew->seat[w->id].wakefd = w->wakefd;
	w->crew->may_sleep = true;
}

static int
make_lanes(struct pw_crew *crew, int socket_id)
{
	uint32_t n = crew->spread.n_workers;
	uint32_t from, to;

	for (to = 0; to < n; to++)
		for (from = 0; from < n; from++) {
			if (from == to)
				continue;
			crew->seat[to].rx[from] = make_ring("rx", from, to, RX_LANE, socket_id);
			if (crew->seat[to].rx[from] == NULL)
				return -ENOMEM;
		}
	return 0;
}

struct pw_crew *
pw_crew_create(uint32_t n_workers, int socket_id)
{
	struct pw_crew *crew;

	if (n_workers == 0 || n_workers > PW_WORKERS_MAX) {
		LOOP_LOG(ERR, "%u workers: 1 to %d are possible", n_workers, PW_WORKERS_MAX);
		errno = EINVAL;
		return NULL;
	}
	crew = rte_zmalloc_socket("crew", sizeof(*crew), RTE_CACHE_LINE_SIZE, socket_id);
	if (crew == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	pw_spread_init(&crew->spread, n_workers);
	crew->tsc_base = rte_rdtsc();
	if (make_lanes(crew, socket_id) != 0) {
		pw_crew_destroy(crew);
		errno = ENOMEM;
		return NULL;
	}
	return crew;
}

static void
for_each_lane(struct pw_crew *crew, void (*fn)(struct rte_ring *lane))
{
	uint32_t from, to;

	for (to = 0; to < crew->spread.n_workers; to++)
		for (from = 0; from < crew->spread.n_workers; from++) {
			if (crew->seat[to].rx[from] != NULL)
				fn(crew->seat[to].rx[from]);
			if (crew->seat[to].tx[from] != NULL)
				fn(crew->seat[to].tx[from]);
		}
}

static void
empty_lane(struct rte_ring *lane)
{
	void *m;

	while (rte_ring_sc_dequeue(lane, &m) == 0)
		rte_pktmbuf_free(m);
}

void
pw_crew_empty(struct pw_crew *crew)
{
	for_each_lane(crew, empty_lane);
}

void
pw_crew_destroy(struct pw_crew *crew)
{
	if (crew == NULL)
		return;
	pw_crew_empty(crew);
	for_each_lane(crew, rte_ring_free);
	rte_free(crew);
}

const struct pw_spread *
pw_crew_spread(const struct pw_crew *crew)
{
	return &crew->spread;
}
