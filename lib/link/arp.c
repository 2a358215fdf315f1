/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * ARP (RFC 826): who may tell us what about whom.
 */
#include "link_priv.h"
#include "pw_wire_ip4.h"

/* Put an ARP packet into a frame to @p dst and send it. */
static bool
send_arp(struct pw_link *l, const struct pw_arp *arp, const uint8_t *dst)
{
	struct rte_mbuf *m = pw_seg_message(l->seg, NULL, l->hlen + PW_ARP_LEN);
	uint8_t *p;

	if (m == NULL) {
		pw_drop_count(l->drops, PW_DROP_NO_MBUF);
		return false;
	}
	p = rte_pktmbuf_mtod(m, uint8_t *);
	p += link_emit(l, p, dst, PW_ETH_TYPE_ARP);
	pw_arp_emit(p, arp);
	link_send(l, m);
	return true;
}

static void
request_from(struct pw_link *l, const struct pw_addr *src, const struct pw_addr *target,
	const uint8_t *dst)
{
	struct pw_arp arp = {.op = PW_ARP_REQUEST, .spa = *src, .tpa = *target};

	memcpy(arp.sha, l->mac.addr_bytes, PW_ETH_ADDR_LEN);
	l->stats.requests_out += send_arp(l, &arp, dst);
}

void
arp_request(struct pw_link *l, const struct pw_addr *target, const uint8_t *dst)
{
	struct pw_addr own = link_source(l, target);

	request_from(l, &own, target, dst);
}

void
pw_link_arp(struct pw_link *l, const struct pw_addr *src, const struct pw_addr *target)
{
	static const uint8_t all[PW_ETH_ADDR_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	request_from(l, src, target, all);
}

void
pw_link_set_arp_heard(
	struct pw_link *l, void (*fn)(void *ctx, const struct pw_arp *arp, pw_ns now), void *ctx)
{
	l->arp_heard = fn;
	l->arp_ctx = ctx;
}

void
pw_link_announce_one(struct pw_link *l, const struct pw_addr *own)
{
	if (pw_addr_is_v4(own))
		pw_link_arp(l, own, own);
	else
		nd_announce(l, own);
}

void
pw_link_announce(struct pw_link *l)
{
	uint32_t i;

	for (i = 0; i < l->n_addrs; i++)
		pw_link_announce_one(l, &l->addrs[i].addr);
}

/* Believed only when we had asked; a late answer is one as well. */
static enum pw_drop
reply_in(struct pw_link *l, struct neigh *n, const struct pw_arp *arp, pw_ns now)
{
	bool asked = n != NULL && (n->state == PW_NEIGH_INCOMPLETE || n->state == PW_NEIGH_PROBE ||
					  n->state == PW_NEIGH_FAILED);

	if (!asked || !link_is_local(l, &arp->tpa))
		return PW_DROP_ARP_UNASKED;
	neigh_heard(l, n, arp->sha, now);
	return PW_OK;
}

/*
 * A request tells of its sender (RFC 826: the merge). That a known neighbour has
 * another MAC address is not taken from it: the old one is asked, and if that
 * is silent, everyone is.
 */
static void
learn(struct pw_link *l, struct neigh *n, const struct pw_arp *arp, pw_ns now)
{
	bool known = n->state == PW_NEIGH_REACHABLE || n->state == PW_NEIGH_STALE ||
		     n->state == PW_NEIGH_DELAY;

	if (n->state == PW_NEIGH_PROBE && !pw_mac_eq(n->eth, arp->sha))
		return;
	if (known && !pw_mac_eq(n->eth, arp->sha))
		neigh_ask(l, n, PW_NEIGH_PROBE, now);
	else
		neigh_heard(l, n, arp->sha, now);
}

static void
answer(struct pw_link *l, const struct pw_arp *request)
{
	struct pw_arp arp = pw_arp_answer(request, l->mac.addr_bytes);

	l->stats.replies_out += send_arp(l, &arp, request->sha);
}

static enum pw_drop
request_in(struct pw_link *l, struct neigh *n, const struct pw_arp *arp, bool answers, pw_ns now)
{
	bool for_us = link_is_local(l, &arp->tpa);

	if (n == NULL && for_us && pw_ip4_is_host(pw_addr_get_v4(&arp->spa)) &&
		link_on_link(l, &arp->spa) != NULL) {
		n = neigh_add(l, &arp->spa, now);
		if (n == NULL)
			pw_drop_count(l->drops, PW_DROP_NEIGH_FULL);
	}
	if (n != NULL)
		learn(l, n, arp, now);
	if (!for_us)
		return PW_DROP_ARP_NOT_OURS;
	if (answers)
		answer(l, arp);
	return PW_OK;
}

enum pw_drop
arp_input(struct pw_link *l, const uint8_t *p, uint32_t len, bool answers, pw_ns now)
{
	struct pw_arp arp;
	struct neigh *n;

	if (pw_arp_check(p, len) == 0)
		return PW_DROP_ARP_BAD;
	pw_arp_parse(p, &arp);
	if (l->arp_heard != NULL)
		l->arp_heard(l->arp_ctx, &arp, now);
	if (link_is_local(l, &arp.spa) || pw_mac_eq(arp.sha, l->mac.addr_bytes))
		return PW_DROP_ARP_CONFLICT;
	n = neigh_find(l, &arp.spa);
	return arp.op == PW_ARP_REQUEST ? request_in(l, n, &arp, answers, now)
					: reply_in(l, n, &arp, now);
}
