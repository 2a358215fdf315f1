/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Frames in and out.
 */
#include "link_priv.h"

bool
link_is_local(const struct pw_link *l, const struct pw_addr *a)
{
	uint32_t i;

	for (i = 0; i < l->n_addrs; i++)
		if (pw_addr_in_range(a, &l->addrs[i].addr, l->addrs[i].n_more))
			return true;
	return false;
}

const struct pw_if_addr *
link_on_link(const struct pw_link *l, const struct pw_addr *a)
{
	uint32_t i;

	for (i = 0; i < l->n_addrs; i++)
		if (pw_addr_same_net(&l->addrs[i].addr, a, l->addrs[i].prefix_bits))
			return &l->addrs[i];
	return NULL;
}

static uint32_t
find_addr(const struct pw_link *l, const struct pw_addr *a)
{
	uint32_t i = 0;

	while (i < l->n_addrs && !pw_addr_eq(&l->addrs[i].addr, a))
		i++;
	return i;
}

int
pw_link_addr_add(struct pw_link *l, const struct pw_if_addr *a)
{
	uint32_t i = find_addr(l, &a->addr);
	struct neigh *n = neigh_find(l, &a->addr);

	if (i == PW_LINK_ADDRS_MAX)
		return -ENOSPC;
	if (n != NULL) /* somebody had it, or said so, before it was ours */
		neigh_del(l, n, PW_DROP_NEIGH_FAILED);
	l->addrs[i] = *a;
	l->n_addrs = RTE_MAX(l->n_addrs, i + 1);
	return 0;
}

void
pw_link_addr_del(struct pw_link *l, const struct pw_addr *a)
{
	uint32_t i = find_addr(l, a);

	if (i == l->n_addrs)
		return;
	l->n_addrs--;
	memmove(&l->addrs[i], &l->addrs[i + 1], (l->n_addrs - i) * sizeof(l->addrs[0]));
}

const uint8_t *
pw_link_mac(const struct pw_link *l)
{
	return l->mac.addr_bytes;
}

struct pw_addr
link_source(const struct pw_link *l, const struct pw_addr *target)
{
	const struct pw_if_addr *own = link_on_link(l, target);
	uint32_t i = 0;

	if (own != NULL)
		return own->addr;
	while (i < l->n_addrs && pw_addr_is_v4(&l->addrs[i].addr) != pw_addr_is_v4(target))
		i++;
	if (i < l->n_addrs)
		return l->addrs[i].addr;
	return pw_addr_is_v4(target) ? pw_addr_v4(0) : (struct pw_addr){0};
}

static void
init_table(struct pw_link *l, uint32_t n_heads)
{
	uint32_t i;

	memset(l->heads, 0xff, n_heads * sizeof(*l->heads));
	l->hash_shift = 64 - rte_log2_u32(n_heads);
	for (i = 0; i < l->max; i++)
		l->table[i].next = (uint16_t)(i + 1 < l->max ? i + 1 : NIL);
	l->last = l->table;
}

struct pw_link *
pw_link_create(const struct pw_link_cfg *cfg, pw_ns now)
{
	const struct pw_mem *mem = cfg->mem;
	uint32_t max = cfg->max_neighbours != 0 ? RTE_MIN(cfg->max_neighbours, NIL) : NEIGHBOURS;
	uint32_t n_heads = rte_align32pow2(RTE_MAX(max, 2u));
	struct pw_link *l = mem->alloc(mem->ctx, sizeof(*l), "link");

	if (l == NULL)
		goto none;
	l->mem = mem;
	l->max = max;
	l->table = mem->alloc(mem->ctx, max * sizeof(*l->table), "neighbours");
	l->heads = mem->alloc(mem->ctx, n_heads * sizeof(*l->heads), "neighbour hash");
	if (l->table == NULL || l->heads == NULL) {
		pw_link_destroy(l);
		goto none;
	}
	l->mac = cfg->mac;
	l->vlan = cfg->vlan;
	l->hlen = cfg->vlan != 0 && !cfg->vlan_by_device ? PW_ETH_HLEN_MAX : PW_ETH_HLEN;
	l->vlan_by_device = cfg->vlan != 0 && cfg->vlan_by_device;
	l->n_addrs = RTE_MIN(cfg->n_addrs, (uint32_t)PW_LINK_ADDRS_MAX);
	if (l->n_addrs != 0)
		memcpy(l->addrs, cfg->addrs, l->n_addrs * sizeof(l->addrs[0]));
	l->seg = cfg->seg;
	l->tx = cfg->tx;
	l->drops = cfg->drops;
	l->hash_mult = cfg->seed | 1;
	l->next_at = PW_NEVER;
	l->reachable_ns = REACHABLE_NS;
	l->retrans_ns = REQUEST_EVERY_NS;
	l->cuts = !cfg->tso;
	l->sums = !cfg->tx_tcp_cksum;
	init_table(l, n_heads);
	return l;
none:
	errno = ENOMEM;
	return NULL;
}

void
pw_link_destroy(struct pw_link *l)
{
	const struct pw_mem *mem;

	if (l == NULL)
		return;
	mem = l->mem;
	if (l->table != NULL) {
		pw_link_drop_waiting(l);
		mem->free(mem->ctx, l->table);
	}
	if (l->heads != NULL)
		mem->free(mem->ctx, l->heads);
	mem->free(mem->ctx, l);
}

uint32_t
pw_link_hlen(const struct pw_link *l)
{
	return l->hlen;
}

/* A second kind of tag, or a second tag, is of no VLAN that we know. */
static bool
is_our_tag(const struct pw_link *l, const uint8_t *p)
{
	return pw_get_be16(p + 2 * PW_ETH_ADDR_LEN) == PW_ETH_TYPE_VLAN &&
	       pw_eth_vlan(p) == l->vlan;
}

enum pw_drop
pw_link_input(struct pw_link *l, const uint8_t *p, uint32_t len, pw_ns now, struct pw_link_rx *rx)
{
	uint32_t hlen = pw_eth_check(p, len);

	rx->l3 = NULL;
	if (unlikely(hlen == 0))
		return PW_DROP_ETH_RUNT;
	rx->group = pw_mac_is_group(p);
	if (unlikely(!rx->group && !pw_mac_eq(p, l->mac.addr_bytes)))
		return PW_DROP_ETH_NOT_OURS;
	if (unlikely(pw_mac_is_group(p + PW_ETH_ADDR_LEN)))
		return PW_DROP_ETH_SRC_MULTICAST;
	if (unlikely(hlen != PW_ETH_HLEN) && !is_our_tag(l, p))
		return PW_DROP_ETH_VLAN;
	rx->ip6 = false;
	switch (pw_eth_type(p, hlen)) {
	case PW_ETH_TYPE_IP6:
		rx->ip6 = true;
		/* fallthrough */
	case PW_ETH_TYPE_IP4:
		rx->l3 = p + hlen;
		rx->len = len - hlen;
		return PW_OK;
	case PW_ETH_TYPE_ARP:
		return arp_input(l, p + hlen, len - hlen, true, now);
	default:
		return PW_DROP_ETH_TYPE;
	}
}

void
pw_link_overhear(
	struct pw_link *l, const uint8_t *p, uint32_t len, pw_ns now, struct pw_link_rx *rx)
{
	uint32_t hlen = pw_eth_check(p, len);

	rx->l3 = NULL;
	if (hlen == 0 || (hlen != PW_ETH_HLEN && !is_our_tag(l, p)) ||
		!(pw_mac_is_group(p) || pw_mac_eq(p, l->mac.addr_bytes)))
		return;
	if (pw_eth_type(p, hlen) == PW_ETH_TYPE_ARP)
		arp_input(l, p + hlen, len - hlen, false, now);
	if (pw_eth_type(p, hlen) != PW_ETH_TYPE_IP6)
		return;
	rx->l3 = p + hlen;
	rx->len = len - hlen;
}

uint32_t
link_emit(const struct pw_link *l, uint8_t *p, const uint8_t *dst, uint16_t type)
{
	if (l->hlen == PW_ETH_HLEN)
		return pw_eth_emit(p, dst, l->mac.addr_bytes, type);
	return pw_eth_emit_tagged(p, dst, l->mac.addr_bytes, l->vlan, type);
}

void
link_send(struct pw_link *l, struct rte_mbuf *m)
{
	if (unlikely(l->vlan_by_device)) {
		m->ol_flags |= RTE_MBUF_F_TX_VLAN;
		m->vlan_tci = l->vlan;
	}
	pw_port_tx_put(l->tx, m);
}

/* To a MAC address that no neighbour stands for. */
static void
send_to(struct pw_link *l, struct rte_mbuf *m, const uint8_t *dst, uint16_t type)
{
	uint8_t *p = (uint8_t *)rte_pktmbuf_prepend(m, l->hlen);

	PW_ASSERT(p != NULL);
	link_emit(l, p, dst, type);
	link_send(l, m);
}

void
pw_link_broadcast(struct pw_link *l, struct rte_mbuf *m)
{
	static const uint8_t all[PW_ETH_ADDR_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	send_to(l, m, all, PW_ETH_TYPE_IP4);
}

void
pw_link_to_group(struct pw_link *l, struct rte_mbuf *m, const struct pw_addr *group)
{
	uint8_t mac[PW_ETH_ADDR_LEN];

	pw_ip6_group_mac(group, mac);
	send_to(l, m, mac, PW_ETH_TYPE_IP6);
}

/* In place of the device that has no TSO. */
static void
put_cut(struct pw_link *l, struct rte_mbuf *m)
{
	struct rte_mbuf *frames[PW_SEG_CUT_MAX];
	uint32_t n = pw_seg_cut(l->seg, m, l->sums, frames);
	uint32_t i;

	if (unlikely(n == 0))
		pw_drop_count(l->drops, PW_DROP_NO_MBUF);
	for (i = 0; i < n; i++)
		link_send(l, frames[i]);
}

/* A frame that is ready, for the device or for the cut. */
static inline void
put_frame(struct pw_link *l, struct rte_mbuf *m)
{
	if ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0 && l->cuts)
		put_cut(l, m);
	else
		link_send(l, m);
}

static void
send_tagged(struct pw_link *l, const struct neigh *n, struct rte_mbuf *m)
{
	char *p = rte_pktmbuf_prepend(m, l->hlen);

	PW_ASSERT(p != NULL);
	memcpy(p, n->eth, l->hlen);
	put_frame(l, m);
}

static inline void
send_frame(struct pw_link *l, const struct neigh *n, struct rte_mbuf *m)
{
	char *p;

	if (unlikely(l->vlan != 0)) {
		send_tagged(l, n, m);
		return;
	}
	p = rte_pktmbuf_prepend(m, PW_ETH_HLEN);
	PW_ASSERT(p != NULL);
	memcpy(p, n->eth, PW_ETH_HLEN);
	put_frame(l, m);
}

/* The neighbour's MAC address is not known, or not known to be right. */
static void
output_slow(struct pw_link *l, struct neigh *n, struct rte_mbuf *m, pw_ns now)
{
	switch ((enum pw_neigh_state)n->state) {
	case PW_NEIGH_FREE:
		neigh_ask(l, n, PW_NEIGH_INCOMPLETE, now);
		neigh_wait(l, n, m);
		return;
	case PW_NEIGH_INCOMPLETE:
		neigh_wait(l, n, m);
		return;
	case PW_NEIGH_STALE:
		neigh_set_state(l, n, PW_NEIGH_DELAY, now + DELAY_NS);
		send_frame(l, n, m);
		return;
	case PW_NEIGH_REACHABLE:
	case PW_NEIGH_DELAY:
	case PW_NEIGH_PROBE:
		send_frame(l, n, m);
		return;
	case PW_NEIGH_FAILED:
		pw_drop_count(l->drops, PW_DROP_NEIGH_FAILED);
		rte_pktmbuf_free(m);
		return;
	}
}

void
pw_link_output(struct pw_link *l, struct rte_mbuf *m, const struct pw_addr *hop, pw_ns now)
{
	struct neigh *n = l->last;

	if (unlikely(!pw_addr_eq(&n->addr, hop) || n->state == PW_NEIGH_FREE)) {
		n = neigh_need(l, hop, now);
		if (unlikely(n == NULL)) {
			pw_drop_count(l->drops, PW_DROP_NEIGH_FULL);
			rte_pktmbuf_free(m);
			return;
		}
		l->last = n;
	}
	n->used_at = now;
	if (likely(n->state == PW_NEIGH_REACHABLE))
		send_frame(l, n, m);
	else
		output_slow(l, n, m, now);
}

const struct pw_link_stats *
pw_link_stats(const struct pw_link *l)
{
	return &l->stats;
}
