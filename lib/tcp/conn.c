/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Connections: where they live, how they are found, how they begin and end.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "tcp_priv.h"
#include "trace.h"

#define CHAIN_STEPS 3 /* connections behind the first of a bucket that are fetched ahead */

int
user_get(struct pw_tcp *t, const struct pw_tcp_app *app, void *ctx)
{
	int i, place = -1;

	for (i = 0; i < PW_TCP_USERS_MAX; i++) {
		struct tcp_user *u = &t->users[i];

		if (u->n > 0 && u->app == app && u->ctx == ctx) {
			u->n++;
			return i;
		}
		if (u->n == 0 && place < 0)
			place = i;
	}
	if (place >= 0)
		t->users[place] = (struct tcp_user){.app = app, .ctx = ctx, .n = 1};
	return place;
}

size_t
conn_stride(uint32_t app_bytes)
{
	return RTE_ALIGN_CEIL(sizeof(struct pw_tcp_conn) + app_bytes, RTE_CACHE_LINE_SIZE);
}

int
conn_table_init(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;
	uint32_t buckets = rte_align32pow2(t->cfg.max_conns);
	uint32_t i;

	t->conn_bytes = (uint32_t)conn_stride(t->cfg.app_bytes);
	t->conn_inverse = UINT64_MAX / (t->conn_bytes / RTE_CACHE_LINE_SIZE) + 1;
	t->conns = mem->alloc(mem->ctx, (size_t)t->conn_bytes * t->cfg.max_conns, "tcp_conns");
	t->bucket = mem->alloc(mem->ctx, sizeof(*t->bucket) * buckets, "tcp_buckets");
	if (t->conns == NULL || t->bucket == NULL)
		return -ENOMEM;
	t->mask = buckets - 1;
	memset(t->bucket, 0xff, sizeof(*t->bucket) * buckets);
	for (i = 0; i < t->cfg.max_conns; i++)
		conn_at(t, i)->hash_next = i + 1 < t->cfg.max_conns ? i + 1 : NONE;
	t->conn_free = 0;
	t->ready_head = t->ready_tail = NONE;
	return 0;
}

void
conn_table_fini(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;

	if (t->conns != NULL)
		mem->free(mem->ctx, t->conns);
	if (t->bucket != NULL)
		mem->free(mem->ctx, t->bucket);
}

uint32_t
conn_hash(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport)
{
	uint64_t key[5] = {local->q[0], local->q[1], remote->q[0], remote->q[1],
		(uint32_t)lport << 16 | rport};

	return (uint32_t)XXH3_64bits_withSeed(key, sizeof(key), t->hash_seed);
}

struct pw_tcp_conn *
conn_find(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport)
{
	uint32_t i = t->bucket[conn_hash(t, local, lport, remote, rport) & t->mask];

	while (i != NONE) {
		struct pw_tcp_conn *c = conn_at(t, i);

		if (c->rport == rport && c->lport == lport && pw_addr_eq(&c->remote, remote) &&
			pw_addr_eq(&c->local, local))
			return c;
		i = c->hash_next;
	}
	return NULL;
}

bool
pw_tcp_ahead_pays(const struct pw_tcp *t)
{
	return t->n_conns >= PW_TCP_AHEAD_FROM;
}

/* A connection's lines that a segment in its bulk or an ACK reads, and the user's room. */
static inline void
fetch_conn(const struct pw_tcp *t, const struct pw_tcp_conn *c)
{
	const uint8_t *p = (const uint8_t *)c;
	uint32_t off;

	for (off = 0; off < HOT_BYTES; off += RTE_CACHE_LINE_SIZE)
		__builtin_prefetch(p + off, 1);
	__builtin_prefetch(p + t->conn_bytes - 1, 1);
}

/* Where in its chain a segment's connection is looked for. @return false: at its end */
static inline bool
fetch_next(const struct pw_tcp *t, uint32_t *at, const struct pw_tcp_tuple *k)
{
	const struct pw_tcp_conn *c = conn_at(t, *at);

	if (c->rport == k->sport && pw_addr_eq(&c->remote, &k->src))
		return false;
	*at = c->hash_next;
	if (*at == NONE)
		return false;
	fetch_conn(t, conn_at(t, *at));
	return true;
}

/* Step by step over all: what one step asks for has come when the next one needs it. */
void
pw_tcp_ahead(const struct pw_tcp *t, const struct pw_tcp_tuple *tuples, uint32_t n)
{
	const uint32_t *buckets[PW_TCP_AHEAD_MAX];
	uint32_t at[PW_TCP_AHEAD_MAX], who[PW_TCP_AHEAD_MAX];
	uint32_t i, left = 0, step;

	for (i = 0; i < n; i++) {
		const struct pw_tcp_tuple *k = &tuples[i];

		buckets[i] =
			&t->bucket[conn_hash(t, &k->dst, k->dport, &k->src, k->sport) & t->mask];
		__builtin_prefetch(buckets[i]);
	}
	for (i = 0; i < n; i++) {
		at[left] = *buckets[i];
		who[left] = i;
		if (at[left] == NONE)
			continue;
		fetch_conn(t, conn_at(t, at[left++]));
	}
	for (step = 0; step < CHAIN_STEPS && left > 0; step++) {
		uint32_t of = left;

		for (i = 0, left = 0; i < of; i++) {
			at[left] = at[i];
			who[left] = who[i];
			left += fetch_next(t, &at[left], &tuples[who[i]]);
		}
	}
}

struct pw_tcp_conn *
conn_create(struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport, uint8_t user)
{
	uint32_t i = t->conn_free, *b;
	struct pw_tcp_conn *c;
	int k;

	if (i == NONE)
		return NULL;
	c = conn_at(t, i);
	t->conn_free = c->hash_next;
	t->n_conns++;
	memset(c, 0, t->conn_bytes);
	c->t = t;
	c->user = user & 63;
	t->users[user].n++;
	c->remote = *remote;
	c->local = *local;
	c->rport = rport;
	c->lport = lport;
	c->ts_off = secret_ts_off(t, local, remote);
	c->sent_head = c->sent_tail = NONE;
	c->rcvq = NONE;
	c->ready_next = c->ready_prev = NONE;
	c->cc_id = cc_default(t, local) & 3;
	c->user_timeout_ms = t->defaults.user_timeout_ms;
	c->keepalive_ms = t->defaults.keepalive_ms;
	c->flags = (t->defaults.nagle ? F_NAGLE : 0) | (c->keepalive_ms != 0 ? F_KEEPALIVE : 0);
	c->ssthresh = UINT32_MAX;
	c->min_rtt = UINT32_MAX;
	c->recover = UINT32_MAX; /* before the first byte */
	c->wake = PW_NEVER;
	c->reo_mult = 1;
	c->quick_acks = QUICK_ACKS;
	c->peer_mss = pw_addr_is_v4(remote) ? MSS_DEFAULT_V4 : MSS_DEFAULT_V6;
	c->oow_ack_ms = t->now_ms - OOW_ACK_MS;
	c->progress_ms = t->now_ms;
	for (k = 0; k < TMR_MAX; k++)
		c->at[k] = PW_NEVER;
	b = &t->bucket[conn_hash(t, local, lport, remote, rport) & t->mask];
	c->hash_next = *b;
	*b = i;
	return c;
}

static void
conn_free(struct pw_tcp_conn *c)
{
	struct pw_tcp *t = c->t;
	uint32_t i = conn_index(c);

	c->hash_next = t->conn_free;
	t->conn_free = i;
	t->n_conns--;
	t->users[c->user].n--;
}

static void
unhash(struct pw_tcp_conn *c)
{
	struct pw_tcp *t = c->t;
	uint32_t i = conn_index(c);
	uint32_t *p = &t->bucket[conn_hash(t, &c->local, c->lport, &c->remote, c->rport) & t->mask];

	while (*p != i)
		p = &conn_at(t, *p)->hash_next;
	*p = c->hash_next;
}

static void
count_end(struct pw_tcp *t, enum pw_tcp_end why)
{
	switch (why) {
	case PW_TCP_END_CLOSED:
		t->stats.closed++;
		break;
	case PW_TCP_END_RESET:
		t->stats.resets_in++;
		break;
	case PW_TCP_END_REFUSED:
		t->stats.refused++;
		break;
	case PW_TCP_END_TIMEOUT:
		t->stats.timeouts++;
		break;
	case PW_TCP_END_ABORTED:
	case PW_TCP_END_MAX:
		t->stats.aborted++;
		break;
	}
}

void
conn_end(struct pw_tcp_conn *c, enum pw_tcp_end why)
{
	struct pw_tcp *t = c->t;
	bool tell = (c->flags & (F_OPENED | F_ACTIVE)) != 0;
	bool busy = (c->flags & F_BUSY) != 0;

	if (c->state == PW_TCP_CLOSED)
		return;
	if (traced(c))
		trace_end(c, why);
	if (unlikely(c->fast_open))
		tfo_ended(c, why);
	metrics_keep(c);
	conn_set_state(c, PW_TCP_CLOSED);
	tmr_stop_all(c);
	conn_unready(c);
	sent_clear(c);
	rcvq_clear(c);
	if (unlikely(c->rcv_level != 0))
		rcvbuf_end(c);
	if (unlikely(c->side != 0))
		side_put(c);
	unhash(c);
	count_end(t, why);
	if (tell) {
		c->flags |= F_BUSY;
		user_of(c)->app->gone(user_of(c)->ctx, c, why, t->now);
	}
	if (!busy)
		conn_free(c);
}

void
conn_unbusy(struct pw_tcp_conn *c)
{
	c->flags &= ~F_BUSY;
	if (c->state == PW_TCP_CLOSED)
		conn_free(c);
}

void
conn_set_state(struct pw_tcp_conn *c, enum pw_tcp_state s)
{
	if (c->state == PW_TCP_SYN_RCVD)
		c->t->n_half_open--;
	if (s == PW_TCP_SYN_RCVD)
		c->t->n_half_open++;
	c->state = (uint8_t)s;
	if (s != PW_TCP_CLOSED && s != PW_TCP_ESTABLISHED) /* these have events of their own */
		TRACE(c, STATE, s, 0, 0);
}

/* RFC 6691: the MSS option speaks of segments without options. */
void
conn_set_mss(struct pw_tcp_conn *c)
{
	uint32_t hdrs = pw_addr_is_v4(&c->remote) ? 40 : 60;
	uint32_t mss = pw_min(c->peer_mss, tcp_mtu(c->t, &c->remote) - hdrs);

	if (c->searching)
		mss = pw_min(mss, side_of(c)->pmtu.low);
	mss = pw_max(mss, MSS_FLOOR);
	if (c->flags & F_TS_OK)
		mss -= PW_TCP_TS_LEN;
	c->mss = (uint16_t)mss;
}

void
conn_ready(struct pw_tcp_conn *c)
{
	struct pw_tcp *t = c->t;
	uint32_t i = conn_index(c);

	if ((c->flags & F_READY) || c->state == PW_TCP_CLOSED)
		return;
	c->flags |= F_READY;
	c->ready_next = NONE;
	c->ready_prev = t->ready_tail;
	if (t->ready_tail == NONE)
		t->ready_head = i;
	else
		conn_at(t, t->ready_tail)->ready_next = i;
	t->ready_tail = i;
	t->n_ready++;
}

void
conn_unready(struct pw_tcp_conn *c)
{
	struct pw_tcp *t = c->t;

	if ((c->flags & F_READY) == 0)
		return;
	c->flags &= ~F_READY;
	if (c->ready_prev == NONE)
		t->ready_head = c->ready_next;
	else
		conn_at(t, c->ready_prev)->ready_next = c->ready_next;
	if (c->ready_next == NONE)
		t->ready_tail = c->ready_prev;
	else
		conn_at(t, c->ready_next)->ready_prev = c->ready_prev;
	t->n_ready--;
}

bool
conn_open(struct pw_tcp_conn *c, pw_ns now)
{
	struct pw_tcp *t = c->t;

	c->progress_ms = c->last_send_ms = t->now_ms;
	metrics_use(c);
	/* RFC 6928, and RFC 5681 3.1: one segment when the SYN was lost. */
	c->cwnd = c->flags & F_SYN_RTX ? c->mss : initial_window(c);
	if (!cc_choose(c, c->cc_id, t->defaults.pacing))
		cc_choose(c, CC_CUBIC, t->defaults.pacing);
	trace_begin(c);
	TRACE(c, OPEN, c->mss, c->cwnd, ticks_ns(c->srtt) / PW_NS_PER_US);
	if (c->flags & F_ACTIVE)
		t->stats.opened_active++;
	else
		t->stats.opened_passive++;
	t->stats.ecn_agreed += (c->ecn & ECN_OK) != 0;
	c->flags |= F_OPENED;
	if (!user_of(c)->app->open(user_of(c)->ctx, c, now) && c->state != PW_TCP_CLOSED) {
		c->flags &= ~(F_OPENED | F_ACTIVE);
		out_rst(c);
		conn_end(c, PW_TCP_END_ABORTED);
	}
	return c->state != PW_TCP_CLOSED;
}

bool
conn_established(struct pw_tcp_conn *c, pw_ns now)
{
	conn_set_state(c, PW_TCP_ESTABLISHED);
	c->backoff = 0;
	c->rack_xmit = 0; /* no longer syn_sent */
	tmr_set(c, TMR_LOSS, PW_NEVER);
	c->heard_ms = c->t->now_ms;
	tmr_on_heard(c);
	if (!c->fast_open && !conn_open(c, now))
		return false;
	if ((c->flags & F_FIN_WANTED) && c->state == PW_TCP_ESTABLISHED)
		conn_set_state(c, PW_TCP_FIN_WAIT_1); /* closed before it was open */
	return true;
}
