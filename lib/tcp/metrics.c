/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What connections have found out about the path to a peer, for those that come after
 * (RFC 9040, temporal sharing). Kept by our address and the peer's: a peer can spoil only
 * what is known of itself, and behind another of our addresses is another path.
 *
 *	round trip    makes the first time-outs longer, never shorter (RFC 6298)
 *	ssthresh      what a path with losses was seen to carry; a large window's business only
 *	path MTU      as pmtu.c or ICMP found it: no black hole is fallen into twice
 *	reordering    RACK waits from the beginning
 *
 * Each fact is forgotten ten minutes after it was found. The table is cut into sets of four
 * entries, a line of the cache each; a pair of addresses has its place in one of them, and
 * who finds the set full takes the entry that would be forgotten first. So nothing is ever
 * walked, and no peer can make another's look-up longer.
 */
#include "tcp_priv.h"

#define WAYS	  4
#define KNOWN_S	  600 /* RFC 1191 section 6.3, RFC 8201 section 4 */
#define LEAST_IWS 4   /* initial windows that go in slow start whatever was lost before */

int
metrics_init(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;
	struct metrics_table *tab = &t->metrics;

	if (t->cfg.max_metrics == 0)
		return 0;
	tab->e = mem->alloc(mem->ctx, pw_tcp_metrics_bytes(t->cfg.max_metrics), "tcp_metrics");
	if (tab->e == NULL)
		return -ENOMEM;
	tab->n_sets = (t->cfg.max_metrics + WAYS - 1) / WAYS;
	return 0;
}

void
metrics_fini(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;

	if (t->metrics.e != NULL)
		mem->free(mem->ctx, t->metrics.e);
}

size_t
pw_tcp_metrics_bytes(uint32_t max_metrics)
{
	return (size_t)RTE_ALIGN_MUL_CEIL(max_metrics, WAYS) * sizeof(struct metrics);
}

static uint32_t
now_s(const struct pw_tcp *t)
{
	return (uint32_t)(t->now / PW_NS_PER_S);
}

static bool
known(const struct pw_tcp *t, uint32_t until_s)
{
	return now_s(t) < until_s;
}

static uint32_t
until_of(const struct metrics *m)
{
	return RTE_MAX(RTE_MAX(m->rtt_until, m->ssthresh_until),
		RTE_MAX(m->mtu_until, m->reordered_until));
}

static struct metrics *
set_of(const struct pw_tcp_conn *c)
{
	const struct metrics_table *tab = &c->t->metrics;
	uint64_t hash = conn_hash(c->t, &c->local, 0, &c->remote, 0);

	return &tab->e[WAYS * (uint32_t)(hash * tab->n_sets >> 32)];
}

static struct metrics *
find(const struct pw_tcp_conn *c)
{
	struct metrics *set = set_of(c);
	uint32_t i;

	for (i = 0; i < WAYS; i++)
		if (pw_addr_eq(&set[i].remote, &c->remote) && pw_addr_eq(&set[i].local, &c->local))
			return &set[i];
	return NULL;
}

/* The pair's entry, for something to be written into. */
static struct metrics *
claim(struct pw_tcp_conn *c)
{
	struct metrics *m = find(c), *set = set_of(c);
	uint32_t i;

	if (m != NULL)
		return m;
	m = set;
	for (i = 1; i < WAYS; i++)
		if (until_of(&set[i]) < until_of(m))
			m = &set[i];
	c->t->stats.metrics_evicted += known(c->t, until_of(m));
	*m = (struct metrics){.remote = c->remote, .local = c->local};
	return m;
}

/* ---- a connection begins ---- */

/* The time-out by what is known, if it is longer; it is given back with the first sample. */
static void
lend_rtt(struct pw_tcp_conn *c, const struct metrics *m)
{
	pw_ns rto = rtt_rto_of(m->srtt, m->rttvar);

	if (rto <= rtt_rto(c))
		return;
	c->rtt_lent = 1;
	if (c->srtt == 0) {
		c->srtt = m->srtt;
		c->rttvar = m->rttvar;
	} else {
		c->rttvar = ticks_of((rto - ticks_ns(c->srtt)) / 4);
	}
}

void
metrics_return_rtt(struct pw_tcp_conn *c)
{
	c->rtt_lent = 0;
	if (c->min_rtt == UINT32_MAX)
		c->srtt = 0;
	else
		c->rttvar = c->srtt / 2;
}

void
metrics_use(struct pw_tcp_conn *c)
{
	struct pw_tcp *t = c->t;
	const struct metrics *m = t->metrics.n_sets != 0 ? find(c) : NULL;

	if (m == NULL || !known(t, until_of(m)))
		return;
	t->stats.metrics_hits++;
	if (known(t, m->mtu_until))
		pmtu_recall(c, m->mtu_low, m->mtu_high);
	if (known(t, m->rtt_until) && synchronised(c)) /* Fast Open: it has yet to measure one */
		lend_rtt(c, m);
	if (known(t, m->ssthresh_until))
		c->ssthresh = (uint32_t)pw_max(m->ssthresh, LEAST_IWS * initial_window(c));
	if (known(t, m->reordered_until))
		c->flags |= F_REORDERED;
}

/* ---- what it finds out ---- */

/* Too long a round trip does less harm than too short a one: a larger figure counts at once. */
static uint32_t
approach(uint32_t old, uint32_t new, uint32_t share)
{
	return new >= old ? new : old - (old - new) / share;
}

static void
keep_rtt(const struct pw_tcp_conn *c, struct metrics *m)
{
	bool is_known = known(c->t, m->rtt_until);

	m->srtt = approach(is_known ? m->srtt : 0, c->srtt, 8);
	m->rttvar = approach(is_known ? m->rttvar : 0, c->rttvar, 4);
	m->rtt_until = now_s(c->t) + KNOWN_S;
}

/*
 * Only what losses tell: where there were none, the next slow start finds its end by itself
 * (RFC 9406). A connection without them says that more can pass than was thought. BBR has no
 * ssthresh, and where slow start has not ended yet the figure means nothing.
 */
static void
keep_ssthresh(const struct pw_tcp_conn *c, struct metrics *m)
{
	bool lost = c->recover != UINT32_MAX;

	if (c->rated)
		return;
	if (lost && c->ca == CA_OPEN && c->cwnd >= c->ssthresh) {
		m->ssthresh = (uint32_t)pw_max(c->cwnd / 2, c->ssthresh);
		m->ssthresh_until = now_s(c->t) + KNOWN_S;
	} else if (!lost) {
		m->ssthresh = (uint32_t)pw_max(m->ssthresh, c->cwnd / 2);
	}
}

/* Whoever began with it says nothing new: it has to be seen again when it is forgotten. */
static void
keep_reordering(const struct pw_tcp_conn *c, struct metrics *m)
{
	if ((c->flags & F_REORDERED) && !known(c->t, m->reordered_until))
		m->reordered_until = now_s(c->t) + KNOWN_S;
}

void
metrics_keep(struct pw_tcp_conn *c)
{
	struct metrics *m;

	/* One that has no round trip of its own, or had none lately, knows nothing. */
	if (c->t->metrics.n_sets == 0 || !synchronised(c) || c->min_rtt == UINT32_MAX ||
		c->backoff > 0)
		return;
	m = claim(c);
	if (!c->rtt_lent)
		keep_rtt(c, m);
	keep_ssthresh(c, m);
	keep_reordering(c, m);
}

void
metrics_keep_mtu(struct pw_tcp_conn *c, uint32_t low, uint32_t high)
{
	struct metrics *m;

	if (c->t->metrics.n_sets == 0)
		return;
	m = claim(c);
	m->mtu_low = (uint16_t)low;
	m->mtu_high = (uint16_t)high;
	m->mtu_until = now_s(c->t) + KNOWN_S;
}

void
metrics_forget_mtu(struct pw_tcp_conn *c)
{
	struct metrics *m = c->t->metrics.n_sets != 0 ? find(c) : NULL;

	if (m != NULL)
		m->mtu_until = 0;
}

/* ---- to be shown ---- */

static void
tell(const struct pw_tcp *t, const struct metrics *m, struct pw_tcp_metrics *out)
{
	uint32_t hdrs = pw_addr_is_v4(&m->remote) ? 40 : 60;
	bool rtt = known(t, m->rtt_until), mtu = known(t, m->mtu_until);

	*out = (struct pw_tcp_metrics){
		.local = m->local,
		.remote = m->remote,
		.left_s = until_of(m) - now_s(t),
		.srtt_ns = rtt ? ticks_ns(m->srtt) : 0,
		.rttvar_ns = rtt ? ticks_ns(m->rttvar) : 0,
		.ssthresh_bytes = known(t, m->ssthresh_until) ? m->ssthresh : 0,
		.mtu_bytes = mtu ? m->mtu_low + hdrs : 0,
		.reordered = known(t, m->reordered_until),
	};
}

bool
pw_tcp_metrics_part(const struct pw_tcp *t, uint32_t *at, uint32_t n,
	void (*fn)(void *ctx, const struct pw_tcp_metrics *m), void *ctx)
{
	uint64_t all = (uint64_t)t->metrics.n_sets * WAYS;
	uint32_t end = (uint32_t)pw_min((uint64_t)*at + n, all);
	struct pw_tcp_metrics m;

	for (; *at < end; ++*at) {
		if (!known(t, until_of(&t->metrics.e[*at])))
			continue;
		tell(t, &t->metrics.e[*at], &m);
		fn(ctx, &m);
	}
	return end < all;
}

bool
pw_tcp_metrics_clear_part(struct pw_tcp *t, uint32_t *at, uint32_t n)
{
	uint64_t all = (uint64_t)t->metrics.n_sets * WAYS;
	uint32_t end = (uint32_t)pw_min((uint64_t)*at + n, all);

	if (*at < end)
		memset(&t->metrics.e[*at], 0, (end - *at) * sizeof(*t->metrics.e));
	*at = end;
	return end < all;
}
