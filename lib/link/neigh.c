/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "link_priv.h"

/* Multiplication by a secret odd number: the peer does not know what collides. */
static uint16_t *
head_of(const struct pw_link *l, const struct pw_addr *a)
{
	uint64_t x = (a->q[0] * UINT64_C(0x9e3779b97f4a7c15) ^ a->q[1]) * l->hash_mult;

	return &l->heads[x >> l->hash_shift];
}

struct neigh *
neigh_find(struct pw_link *l, const struct pw_addr *addr)
{
	uint16_t i;

	for (i = *head_of(l, addr); i != NIL; i = l->table[i].next)
		if (pw_addr_eq(&l->table[i].addr, addr))
			return &l->table[i];
	return NULL;
}

static void
drop_waiting(struct pw_link *l, struct neigh *n, enum pw_drop why)
{
	uint32_t i;

	for (i = 0; i < n->n_waiting; i++) {
		rte_pktmbuf_free(n->waiting[i]);
		pw_drop_count(l->drops, why);
	}
	l->stats.waiting -= n->n_waiting;
	n->n_waiting = 0;
}

void
pw_link_drop_waiting(struct pw_link *l)
{
	uint32_t i;

	for (i = 0; i < l->max; i++)
		drop_waiting(l, &l->table[i], PW_DROP_NEIGH_FAILED);
}

void
neigh_set_state(struct pw_link *l, struct neigh *n, enum pw_neigh_state state, pw_ns until)
{
	l->stats.neighbours += (state != PW_NEIGH_FREE) - (n->state != PW_NEIGH_FREE);
	l->stats.resolving += (state == PW_NEIGH_INCOMPLETE) - (n->state == PW_NEIGH_INCOMPLETE);
	n->state = (uint8_t)state;
	n->until = until;
	l->next_at = pw_min(l->next_at, until);
}

void
neigh_del(struct pw_link *l, struct neigh *n, enum pw_drop why)
{
	uint16_t me = (uint16_t)(n - l->table);
	uint16_t *link = head_of(l, &n->addr);

	drop_waiting(l, n, why);
	while (*link != me)
		link = &l->table[*link].next;
	*link = n->next;
	neigh_set_state(l, n, PW_NEIGH_FREE, PW_NEVER);
	n->next = l->free;
	l->free = me;
}

static bool
may_evict(const struct neigh *n, pw_ns now)
{
	if (n->state == PW_NEIGH_FAILED)
		return true;
	if (n->state == PW_NEIGH_INCOMPLETE)
		return false;
	return n->used_at == 0 || now - n->used_at > IN_USE_NS;
}

/* Make a place by forgetting an entry that is not in use, if one is found soon. */
static void
evict(struct pw_link *l, pw_ns now)
{
	uint32_t looks = RTE_MIN(EVICT_LOOKS, l->max);

	while (looks-- > 0) {
		struct neigh *n = &l->table[l->hand];

		l->hand = (uint16_t)(l->hand + 1u < l->max ? l->hand + 1u : 0);
		if (may_evict(n, now)) {
			neigh_del(l, n, PW_DROP_NEIGH_FULL);
			return;
		}
	}
}

struct neigh *
neigh_add(struct pw_link *l, const struct pw_addr *addr, pw_ns now)
{
	uint16_t *head = head_of(l, addr);
	struct neigh *n;

	if (l->free == NIL)
		evict(l, now);
	if (l->free == NIL)
		return NULL;
	n = &l->table[l->free];
	l->free = n->next;
	n->addr = *addr;
	n->used_at = 0;
	n->tries = 0;
	n->next = *head;
	*head = (uint16_t)(n - l->table);
	return n;
}

struct neigh *
neigh_need(struct pw_link *l, const struct pw_addr *addr, pw_ns now)
{
	struct neigh *n = neigh_find(l, addr);

	if (n == NULL && l->stats.resolving < RTE_MAX(l->max / 4, 1u))
		n = neigh_add(l, addr, now);
	return n;
}

void
neigh_ask(struct pw_link *l, struct neigh *n, enum pw_neigh_state state, pw_ns now)
{
	static const uint8_t all[PW_ETH_ADDR_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	bool known = state == PW_NEIGH_PROBE;

	if (n->state != state)
		n->tries = 0;
	n->tries++;
	neigh_set_state(
		l, n, state, now + (pw_addr_is_v4(&n->addr) ? REQUEST_EVERY_NS : l->retrans_ns));
	if (pw_addr_is_v4(&n->addr))
		arp_request(l, &n->addr, known ? n->eth : all);
	else
		nd_solicit(l, &n->addr, known ? n->eth : NULL);
}

void
neigh_wait(struct pw_link *l, struct neigh *n, struct rte_mbuf *m)
{
	if (n->n_waiting == WAITING_EACH || (l->stats.waiting == WAITING_ALL && n->n_waiting > 0)) {
		rte_pktmbuf_free(n->waiting[0]);
		pw_drop_count(l->drops, PW_DROP_NEIGH_QUEUE);
		n->n_waiting--;
		l->stats.waiting--;
		memmove(n->waiting, n->waiting + 1, n->n_waiting * sizeof(n->waiting[0]));
	}
	if (l->stats.waiting == WAITING_ALL) {
		rte_pktmbuf_free(m);
		pw_drop_count(l->drops, PW_DROP_NEIGH_QUEUE);
		return;
	}
	n->waiting[n->n_waiting++] = m;
	l->stats.waiting++;
}

static void
tell(const struct pw_link *l, const struct neigh *n, bool is_there)
{
	if (l->neigh_news != NULL)
		l->neigh_news(l->neigh_ctx, &n->addr, is_there);
}

/* Where it is, is known now: what waits can go. */
static void
found(struct pw_link *l, struct neigh *n, const uint8_t *mac, enum pw_neigh_state state,
	pw_ns until, pw_ns now)
{
	bool new = n->state == PW_NEIGH_FREE || n->state == PW_NEIGH_INCOMPLETE ||
		   n->state == PW_NEIGH_FAILED;
	bool doubted = n->state != PW_NEIGH_REACHABLE;
	uint16_t waiting = n->n_waiting;
	uint16_t i;

	if (new)
		l->stats.resolved++;
	else if (!pw_mac_eq(n->eth, mac))
		l->stats.moved++;
	link_emit(l, n->eth, mac, pw_addr_is_v4(&n->addr) ? PW_ETH_TYPE_IP4 : PW_ETH_TYPE_IP6);
	neigh_set_state(l, n, state, until);
	n->n_waiting = 0;
	l->stats.waiting -= waiting;
	for (i = 0; i < waiting; i++)
		pw_link_output(l, n->waiting[i], &n->addr, now);
	if (doubted && state == PW_NEIGH_REACHABLE)
		tell(l, n, true);
}

void
neigh_heard(struct pw_link *l, struct neigh *n, const uint8_t *mac, pw_ns now)
{
	pw_ns ns = pw_addr_is_v4(&n->addr) ? REACHABLE_NS : l->reachable_ns;

	found(l, n, mac, PW_NEIGH_REACHABLE, now + ns, now);
}

void
neigh_seen(struct pw_link *l, struct neigh *n, const uint8_t *mac, pw_ns now)
{
	found(l, n, mac, PW_NEIGH_STALE, now + STALE_NS, now);
}

/* The time of an entry's state is over. */
static void
step(struct pw_link *l, struct neigh *n, pw_ns now)
{
	switch ((enum pw_neigh_state)n->state) {
	case PW_NEIGH_INCOMPLETE:
		if (n->tries < REQUEST_TRIES) {
			neigh_ask(l, n, PW_NEIGH_INCOMPLETE, now);
			return;
		}
		drop_waiting(l, n, PW_DROP_NEIGH_FAILED);
		neigh_set_state(l, n, PW_NEIGH_FAILED, now + FAILED_NS);
		tell(l, n, false);
		return;
	case PW_NEIGH_DELAY:
		neigh_ask(l, n, PW_NEIGH_PROBE, now);
		return;
	case PW_NEIGH_PROBE:
		neigh_ask(l, n, n->tries < PROBE_TRIES ? PW_NEIGH_PROBE : PW_NEIGH_INCOMPLETE, now);
		return;
	case PW_NEIGH_REACHABLE:
		neigh_set_state(l, n, PW_NEIGH_STALE, now + STALE_NS);
		return;
	case PW_NEIGH_STALE:
	case PW_NEIGH_FAILED:
		neigh_del(l, n, PW_DROP_NEIGH_FAILED);
		return;
	case PW_NEIGH_FREE:
		return;
	}
}

void
pw_link_set_neigh_news(struct pw_link *l,
	void (*fn)(void *ctx, const struct pw_addr *addr, bool is_there), void *ctx)
{
	l->neigh_news = fn;
	l->neigh_ctx = ctx;
}

void
pw_link_look_for(struct pw_link *l, const struct pw_addr *addr, pw_ns now)
{
	struct neigh *n = neigh_need(l, addr, now);

	if (n == NULL)
		return;
	if (n->state == PW_NEIGH_FREE)
		neigh_ask(l, n, PW_NEIGH_INCOMPLETE, now);
	else if (n->state == PW_NEIGH_STALE)
		neigh_ask(l, n, PW_NEIGH_PROBE, now);
}

void
pw_link_set_times(struct pw_link *l, pw_ns reachable, pw_ns retrans)
{
	if (reachable != 0)
		l->reachable_ns =
			pw_max(pw_min(reachable, PW_LINK_REACHABLE_MAX), PW_LINK_REACHABLE_MIN);
	if (retrans != 0)
		l->retrans_ns = pw_max(pw_min(retrans, PW_LINK_RETRANS_MAX), PW_LINK_RETRANS_MIN);
}

void
pw_link_run(struct pw_link *l, pw_ns now)
{
	pw_ns next = PW_NEVER;
	uint32_t i;

	if (now < l->next_at)
		return;
	for (i = 0; i < l->max; i++) {
		struct neigh *n = &l->table[i];

		if (n->state == PW_NEIGH_FREE)
			continue;
		if (n->until <= now)
			step(l, n, now);
		if (n->state != PW_NEIGH_FREE)
			next = pw_min(next, n->until);
	}
	l->next_at = next == PW_NEVER ? PW_NEVER : pw_max(next, now + RUN_EVERY_NS);
}

pw_ns
pw_link_next(const struct pw_link *l)
{
	return l->next_at;
}

void
pw_link_each(
	const struct pw_link *l, void (*fn)(void *ctx, const struct pw_neigh_info *info), void *ctx)
{
	uint32_t i;

	for (i = 0; i < l->max; i++) {
		const struct neigh *n = &l->table[i];
		struct pw_neigh_info info = {
			.addr = n->addr,
			.state = (enum pw_neigh_state)n->state,
			.waiting = n->n_waiting,
		};

		memcpy(info.mac.addr_bytes, n->eth, PW_ETH_ADDR_LEN);
		if (info.state != PW_NEIGH_FREE)
			fn(ctx, &info);
	}
}
