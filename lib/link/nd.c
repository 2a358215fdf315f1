/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Neighbour discovery (RFC 4861 section 7): who may tell us what about whom.
 */
#include "link_priv.h"

#define PACKET_ROOM (PW_IP6_HLEN + PW_ND_NS_LEN)

/* An IPv6 packet to a group or to a MAC address that is known. */
struct way {
	struct pw_addr src;
	struct pw_addr dst;
	uint8_t mac[PW_ETH_ADDR_LEN];
};

typedef uint32_t (*emit_fn)(
	uint8_t *p, const struct pw_nd *nd, const struct pw_addr *src, const struct pw_addr *dst);

static bool
send_nd(struct pw_link *l, const struct way *way, emit_fn emit, const struct pw_nd *nd)
{
	struct rte_mbuf *m = pw_seg_message(l->seg, NULL, l->hlen + PACKET_ROOM);
	struct pw_ip6_hdr ip = {
		.src = way->src,
		.dst = way->dst,
		.next = PW_IP_PROTO_ICMP6,
		.hop_limit = PW_ND_HOP_LIMIT,
	};
	uint8_t *p;

	if (m == NULL) {
		pw_drop_count(l->drops, PW_DROP_NO_MBUF);
		return false;
	}
	p = rte_pktmbuf_mtod(m, uint8_t *);
	p += link_emit(l, p, way->mac, PW_ETH_TYPE_IP6);
	ip.payload_len = (uint16_t)emit(p + PW_IP6_HLEN, nd, &way->src, &way->dst);
	pw_ip6_emit(p, &ip);
	rte_pktmbuf_trim(m, (uint16_t)(PW_ND_NS_LEN - ip.payload_len));
	link_send(l, m);
	return true;
}

static void
set_mac(const struct pw_link *l, struct pw_nd *nd)
{
	nd->has_mac = true;
	memcpy(nd->mac, l->mac.addr_bytes, PW_ETH_ADDR_LEN);
}

void
nd_solicit(struct pw_link *l, const struct pw_addr *target, const uint8_t *mac)
{
	struct way way = {.src = link_source(l, target), .dst = *target};
	struct pw_nd nd = {.target = *target};

	if (mac != NULL) {
		memcpy(way.mac, mac, PW_ETH_ADDR_LEN);
	} else {
		way.dst = pw_ip6_solicited_node(target);
		pw_ip6_group_mac(&way.dst, way.mac);
	}
	if (pw_ip6_is_unspecified(&way.src))
		return; /* an answer would not find us (section 4.3) */
	set_mac(l, &nd);
	l->stats.requests_out += send_nd(l, &way, pw_nd_emit_ns, &nd);
}

void
nd_announce(struct pw_link *l, const struct pw_addr *own)
{
	struct way way = {.src = *own, .dst = pw_ip6_all_nodes()};
	struct pw_nd nd = {.target = *own, .flags = PW_ND_OVERRIDE};

	pw_ip6_group_mac(&way.dst, way.mac);
	set_mac(l, &nd);
	l->stats.replies_out += send_nd(l, &way, pw_nd_emit_na, &nd);
}

/* Section 7.2.4; to who looks whether the address is free, by telling everyone. */
static void
answer(struct pw_link *l, const struct pw_nd_msg *m, const struct pw_nd *ns, const struct neigh *n)
{
	struct way way = {.src = ns->target, .dst = m->src};
	struct pw_nd nd = {.target = ns->target, .flags = PW_ND_SOLICITED | PW_ND_OVERRIDE};

	if (pw_ip6_is_unspecified(&m->src)) {
		nd_announce(l, &ns->target);
		return;
	}
	if (ns->has_mac)
		memcpy(way.mac, ns->mac, PW_ETH_ADDR_LEN);
	else if (n != NULL && n->state != PW_NEIGH_INCOMPLETE && n->state != PW_NEIGH_FAILED)
		memcpy(way.mac, n->eth, PW_ETH_ADDR_LEN);
	else
		return; /* it asks by multicast next, and says its address */
	set_mac(l, &nd);
	l->stats.replies_out += send_nd(l, &way, pw_nd_emit_na, &nd);
}

/*
 * A solicitation tells of its sender, not that it can be reached (section 7.2.3). That a
 * known neighbour has another MAC address is not taken from it: the old one is asked,
 * and if that is silent, everyone is.
 */
static void
learn(struct pw_link *l, struct neigh *n, const uint8_t *mac, pw_ns now)
{
	if (n->state == PW_NEIGH_FREE || n->state == PW_NEIGH_INCOMPLETE ||
		n->state == PW_NEIGH_FAILED)
		neigh_seen(l, n, mac, now);
	else if (!pw_mac_eq(n->eth, mac) && n->state != PW_NEIGH_PROBE)
		neigh_ask(l, n, PW_NEIGH_PROBE, now);
}

static enum pw_drop
solicitation_in(struct pw_link *l, const struct pw_nd_msg *m, bool answers, pw_ns now)
{
	struct neigh *n;
	struct pw_nd ns;

	if (pw_nd_parse_ns(m, &ns) != PW_OK)
		return PW_DROP_ND_BAD;
	if (!link_is_local(l, &ns.target))
		return PW_DROP_ND_NOT_OURS;
	if (link_is_local(l, &m->src) || (ns.has_mac && pw_mac_eq(ns.mac, l->mac.addr_bytes)))
		return PW_DROP_ND_CONFLICT;
	n = neigh_find(l, &m->src);
	if (n == NULL && ns.has_mac && link_on_link(l, &m->src) != NULL) {
		n = neigh_add(l, &m->src, now);
		if (n == NULL)
			pw_drop_count(l->drops, PW_DROP_NEIGH_FULL);
	}
	if (n != NULL && ns.has_mac)
		learn(l, n, ns.mac, now);
	if (answers)
		answer(l, m, &ns, n);
	return PW_OK;
}

/* Believed only when we had asked; a late answer is one as well. */
static enum pw_drop
advertisement_in(struct pw_link *l, const struct pw_nd_msg *m, pw_ns now)
{
	struct neigh *n;
	struct pw_nd na;
	bool asked;

	if (pw_nd_parse_na(m, &na) != PW_OK)
		return PW_DROP_ND_BAD;
	if (link_is_local(l, &na.target) || (na.has_mac && pw_mac_eq(na.mac, l->mac.addr_bytes)))
		return PW_DROP_ND_CONFLICT;
	n = neigh_find(l, &na.target);
	asked = n != NULL && (n->state == PW_NEIGH_INCOMPLETE || n->state == PW_NEIGH_PROBE ||
				     n->state == PW_NEIGH_FAILED);
	if (!asked || !(na.flags & PW_ND_SOLICITED))
		return PW_DROP_ND_UNASKED;
	if (na.has_mac)
		neigh_heard(l, n, na.mac, now);
	else if (n->state == PW_NEIGH_PROBE) /* asked by unicast, it need not say where it is */
		neigh_heard(l, n, n->eth, now);
	else
		return PW_DROP_ND_UNASKED;
	return PW_OK;
}

enum pw_drop
pw_link_nd(struct pw_link *l, const struct pw_nd_msg *m, bool answers, pw_ns now)
{
	switch (m->p[0]) {
	case PW_ICMP6_NS:
		return solicitation_in(l, m, answers, now);
	case PW_ICMP6_NA:
		return advertisement_in(l, m, now);
	default:
		return PW_DROP_ICMP_TYPE;
	}
}
