/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The instance, its turn, and what a user calls.
 */
#include <sodium.h>
#include "tcp_priv.h"
#include "trace.h"

#define RCV_BUF_DEFAULT	      65536
#define USER_TIMEOUT_DEFAULT  (100 * PW_NS_PER_S)
#define MSL_DEFAULT	      (30 * PW_NS_PER_S)
#define TRACE_EVENTS_DEFAULT  128
#define FAST_OPEN_DEFAULT_MAX 1024

/* Of the connections those that can be busy, and the others. */
static uint32_t
busy(uint32_t n)
{
	return (uint32_t)pw_min(n, PW_TCP_CONNS_BUSY);
}

static uint32_t
time_wait_for(uint32_t n)
{
	return busy(n) + (n - busy(n)) / 4;
}

static uint32_t
records_for(uint32_t n)
{
	return busy(n) * 4 + (n - busy(n));
}

/* Few have bytes out of order at once. */
static uint32_t
blocks_for(uint32_t n)
{
	return busy(n) / 16 + (n - busy(n)) / 64;
}

static void
fill_defaults(struct pw_tcp_cfg *cfg, bool all_paced)
{
	if (cfg->max_half_open == 0)
		cfg->max_half_open = (uint32_t)pw_max(cfg->max_conns / 4, 1);
	if (cfg->max_fast_open == 0)
		cfg->max_fast_open =
			(uint32_t)pw_min(pw_max(cfg->max_half_open / 4, 1), FAST_OPEN_DEFAULT_MAX);
	if (cfg->max_time_wait == 0)
		cfg->max_time_wait = time_wait_for(cfg->max_conns);
	if (cfg->max_sent == 0)
		cfg->max_sent = (uint32_t)pw_max(records_for(cfg->max_conns), 4096);
	if (cfg->rcv_buf_bytes == 0)
		cfg->rcv_buf_bytes = RCV_BUF_DEFAULT;
	if (cfg->max_rcv_blocks == 0)
		cfg->max_rcv_blocks = (uint32_t)pw_max(pw_max(blocks_for(cfg->max_conns), 1024),
			cfg->rcv_buf_bytes >> RCV_BLOCK_BITS_MIN);
	if (cfg->max_sides == 0)
		cfg->max_sides = all_paced ? cfg->max_conns : side_places(busy(cfg->max_conns));
	if (cfg->mtu == 0)
		cfg->mtu = 1500;
	if (cfg->gso_max_segs == 0)
		cfg->gso_max_segs = UINT16_MAX;
	if (cfg->user_timeout_ns == 0)
		cfg->user_timeout_ns = USER_TIMEOUT_DEFAULT;
	if (cfg->msl_ns == 0)
		cfg->msl_ns = MSL_DEFAULT;
	if (cfg->trace_events == 0)
		cfg->trace_events = TRACE_EVENTS_DEFAULT;
	if (cfg->max_traces == 0)
		cfg->max_traces = TRACES_DEFAULT;
}

/* What is 0 has a default. */
static bool
trace_is_possible(const struct pw_tcp_cfg *cfg)
{
	uint32_t n = cfg->trace_events;

	return cfg->max_traced <= PW_TCP_TRACED_MAX && cfg->max_traces != 1 &&
	       cfg->max_traces <= PW_TCP_TRACES_MAX &&
	       (n == 0 || (n >= PW_TCP_TRACE_EVENTS_MIN && n <= PW_TCP_TRACE_EVENTS_MAX &&
				  (n & (n - 1)) == 0));
}

/* @return its index, or -1 */
static int
cc_named(const char *name)
{
	return tcp_cc_find(name != NULL ? name : "cubic");
}

static bool
ccs_are_known(const struct pw_tcp_cfg *cfg)
{
	bool known = cc_named(cfg->cc) >= 0 && cfg->n_cc_of <= PW_TCP_CC_ADDRS_MAX;
	uint32_t i;

	for (i = 0; known && i < cfg->n_cc_of; i++)
		known = cc_named(cfg->cc_of[i].cc) >= 0;
	return known;
}

/* Does any of them need room beside its connections? */
static bool
some_cc_models(const struct pw_tcp_cfg *cfg)
{
	bool models = tcp_ccs[cc_named(cfg->cc)]->on_sample != NULL;
	uint32_t i;

	for (i = 0; i < cfg->n_cc_of; i++)
		models |= tcp_ccs[cc_named(cfg->cc_of[i].cc)]->on_sample != NULL;
	return models;
}

/* RFC 7323 2.2: the smallest shift with which the buffer fits 16 bits. */
static uint8_t
shift_for(uint32_t buf)
{
	uint8_t s = 0;

	while (s < 14 && (buf >> s) > UINT16_MAX)
		s++;
	return s;
}

struct pw_tcp *
pw_tcp_create(const struct pw_tcp_cfg *cfg, pw_ns now)
{
	int ecn = ecn_find(cfg->ecn != NULL ? cfg->ecn : "accept");
	struct pw_tcp *t;
	uint32_t i;

	if (!ccs_are_known(cfg) || ecn < 0 || cfg->max_conns == 0 ||
		cfg->max_metrics > PW_TCP_METRICS_MAX || !trace_is_possible(cfg) ||
		sodium_init() < 0) {
		errno = EINVAL;
		return NULL;
	}
	t = cfg->mem->alloc(cfg->mem->ctx, sizeof(*t), "tcp");
	if (t == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	t->cfg = *cfg;
	fill_defaults(&t->cfg, cfg->pacing || some_cc_models(cfg));
	t->link_mtu[0] = t->link_mtu[1] = UINT16_MAX;
	t->defaults = (struct tcp_defaults){
		.cc = (uint8_t)cc_named(cfg->cc),
		.syn_flags = F_WS_OK | F_SACK_OK | F_TS_OK,
		.user_timeout_ms = (uint32_t)(t->cfg.user_timeout_ns / PW_NS_PER_MS),
		.init_window_segs = INIT_WINDOW_SEGS,
		.ecn = (uint8_t)ecn,
		.pacing = cfg->pacing,
		.fast_open = cfg->fast_open,
	};
	for (i = 0; i < cfg->n_cc_of; i++)
		pw_tcp_set_cc_of(t, &cfg->cc_of[i].local, cfg->cc_of[i].cc);
	t->rcv_shift = shift_for(t->cfg.rcv_buf_bytes);
	memcpy(&t->hash_seed, t->cfg.secret + crypto_shorthash_KEYBYTES, sizeof(t->hash_seed));
	pw_rand_init(&t->rand, t->hash_seed);
	tcp_set_now(t, now);
	pw_wheel_init(&t->wheel, now);
	pw_wheel_init(&t->pace_wheel, now);
	if (conn_table_init(t) < 0 || sent_init(t) < 0 || rcvq_init(t) < 0 || tw_init(t) < 0 ||
		tfo_init(t) < 0 || side_init(t) < 0 || metrics_init(t) < 0 || trace_init(t) < 0) {
		pw_tcp_destroy(t);
		errno = ENOMEM;
		return NULL;
	}
	return t;
}

void
pw_tcp_each(struct pw_tcp *t, void (*fn)(void *ctx, struct pw_tcp_conn *c), void *ctx)
{
	uint32_t i;

	for (i = 0; i < t->cfg.max_conns && t->conns != NULL && t->n_conns > 0; i++)
		if (conn_at(t, i)->state != PW_TCP_CLOSED)
			fn(ctx, conn_at(t, i));
}

bool
pw_tcp_each_part(struct pw_tcp *t, uint32_t *at, uint32_t n,
	void (*fn)(void *ctx, struct pw_tcp_conn *c), void *ctx)
{
	uint32_t end = (uint32_t)pw_min((uint64_t)*at + n, t->cfg.max_conns);

	for (; *at < end; ++*at)
		if (conn_at(t, *at)->state != PW_TCP_CLOSED)
			fn(ctx, conn_at(t, *at));
	return end < t->cfg.max_conns;
}

uint32_t
pw_tcp_conn_id(const struct pw_tcp_conn *c)
{
	return conn_index(c);
}

struct pw_tcp_conn *
pw_tcp_conn_by_id(struct pw_tcp *t, uint32_t id)
{
	if (id >= t->cfg.max_conns || conn_at(t, id)->state == PW_TCP_CLOSED)
		return NULL;
	return conn_at(t, id);
}

static void
forget(void *ctx, struct pw_tcp_conn *c)
{
	conn_end(c, PW_TCP_END_ABORTED);
}

void
pw_tcp_destroy(struct pw_tcp *t)
{
	if (t == NULL)
		return;
	t->draining = true;
	pw_tcp_each(t, forget, NULL);
	metrics_fini(t);
	side_fini(t);
	tfo_fini(t);
	trace_fini(t);
	tw_fini(t);
	rcvq_fini(t);
	sent_fini(t);
	conn_table_fini(t);
	t->cfg.mem->free(t->cfg.mem->ctx, t);
}

int
pw_tcp_listen(struct pw_tcp *t, uint16_t port, const struct pw_tcp_app *app, void *app_ctx)
{
	uint32_t i;
	int user;

	for (i = 0; i < t->n_listen; i++)
		if (t->listen[i].port == port)
			return -EADDRINUSE;
	user = t->n_listen < LISTEN_MAX ? user_get(t, app, app_ctx) : -1;
	if (user < 0)
		return -ENOSPC;
	t->listen[t->n_listen++] = (struct listener){port, (uint8_t)user};
	return 0;
}

/* Has nothing to finish: its handshake never ended and brought nothing, or only the peer's FIN
 * is missing. */
static void
drain_one(void *ctx, struct pw_tcp_conn *c)
{
	if (c->state == PW_TCP_SYN_RCVD && (c->flags & F_ACTIVE) == 0 && !c->fast_open)
		conn_end(c, PW_TCP_END_ABORTED);
	else if (c->state == PW_TCP_FIN_WAIT_2 && (c->flags & F_USER_CLOSED) != 0)
		tmr_on_orphaned(c);
}

void
pw_tcp_drain(struct pw_tcp *t)
{
	t->draining = true;
	t->refusing = true;
	pw_tcp_each(t, drain_one, NULL);
}

void
pw_tcp_accept(struct pw_tcp *t, bool yes)
{
	t->refusing = !yes || t->draining;
}

static void
abort_one(void *ctx, struct pw_tcp_conn *c)
{
	pw_tcp_abort(c, *(pw_ns *)ctx);
}

void
pw_tcp_abort_all(struct pw_tcp *t, pw_ns now)
{
	pw_tcp_each(t, abort_one, &now);
}

void
pw_tcp_run(struct pw_tcp *t, pw_ns now)
{
	struct pw_timer *timer;
	uint32_t n;

	tcp_set_now(t, now);
	while ((timer = pw_wheel_expire(&t->wheel, t->now)) != NULL)
		tmr_fire(pw_container_of(timer, struct pw_tcp_conn, timer), t->now);
	tw_expire(t, t->now);
	if (unlikely(t->side.n_used > 0))
		pace_expire(t, t->now);
	/* Each that is ready now has one turn; who has more to say comes last. */
	for (n = t->n_ready; n > 0 && t->ready_head != NONE; n--) {
		struct pw_tcp_conn *c = conn_at(t, t->ready_head);
		enum out_result r;

		c->flags |= F_BUSY;
		r = out_conn(c, t->now);
		if (r != OUT_FULL)
			conn_unready(c);
		if (r == OUT_AGAIN)
			conn_ready(c);
		conn_unbusy(c);
		if (r == OUT_FULL)
			break;
	}
}

pw_ns
pw_tcp_next(const struct pw_tcp *t)
{
	pw_ns next = PW_NEVER;

	if (t->ready_head != NONE)
		return 0;
	if (unlikely(t->side.n_used > 0))
		next = pw_wheel_next(&t->pace_wheel);
	return pw_min(pw_min(pw_wheel_next(&t->wheel), next), tw_next(t));
}

void *
pw_tcp_room(struct pw_tcp_conn *c)
{
	return c->room;
}

void
pw_tcp_send(struct pw_tcp_conn *c, uint64_t len)
{
	PW_ASSERT((c->flags & F_FIN_WANTED) == 0);
	if (c->snd_end == c->snd_una)
		c->progress_ms = c->t->now_ms;
	c->snd_end += len;
	conn_ready(c);
}

pw_off
pw_tcp_sent_end(const struct pw_tcp_conn *c)
{
	return c->snd_end;
}

void
pw_tcp_shutdown(struct pw_tcp_conn *c)
{
	if ((c->flags & F_FIN_WANTED) || c->state == PW_TCP_CLOSED)
		return;
	c->flags |= F_FIN_WANTED;
	if (c->snd_end == c->snd_una)
		c->progress_ms = c->t->now_ms;
	if (c->state == PW_TCP_ESTABLISHED)
		conn_set_state(c, PW_TCP_FIN_WAIT_1);
	else if (c->state == PW_TCP_CLOSE_WAIT)
		conn_set_state(c, PW_TCP_LAST_ACK);
	conn_ready(c);
}

void
pw_tcp_close(struct pw_tcp_conn *c)
{
	if (c->state == PW_TCP_CLOSED)
		return;
	/* RFC 9293 3.10.4: what never was open is forgotten. RFC 2525 2.17: what was
	 * received and not taken is lost; say so. */
	if (c->state == PW_TCP_SYN_SENT || (unread(c) > 0 && (c->flags & F_OFFERING) == 0)) {
		pw_tcp_abort(c, c->t->now);
		return;
	}
	c->flags |= F_USER_CLOSED;
	c->at[TMR_LIFE] = PW_NEVER; /* no keep-alive: the time-out of what is in flight will do */
	pw_tcp_shutdown(c);
	if (c->state == PW_TCP_FIN_WAIT_2)
		tmr_on_orphaned(c);
}

void
pw_tcp_abort(struct pw_tcp_conn *c, pw_ns now)
{
	tcp_set_now(c->t, now);
	if (c->state == PW_TCP_CLOSED)
		return;
	if (c->state != PW_TCP_SYN_SENT)
		out_rst(c);
	conn_end(c, PW_TCP_END_ABORTED);
}

void
pw_tcp_resume(struct pw_tcp_conn *c)
{
	if (c->flags & F_STALLED)
		c->flags |= F_RESUME;
	c->flags &= ~F_SOURCE_DRY;
	conn_ready(c);
}

void
pw_tcp_set_timer(struct pw_tcp_conn *c, pw_ns at)
{
	if (c->state != PW_TCP_CLOSED)
		tmr_set(c, TMR_APP, at);
}

static bool
port_free(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport)
{
	return conn_find(t, local, lport, remote, rport) == NULL &&
	       !tw_port_used(t, local, lport, remote, rport);
}

/* RFC 6056 algorithm 3: a keyed start for each peer, then onwards. */
static uint16_t
choose_port(
	struct pw_tcp *t, const struct pw_addr *local, const struct pw_addr *remote, uint16_t rport)
{
	const uint32_t low = 32768, n = 65536 - low;
	uint32_t start = secret_port(t, local, remote, rport);
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint16_t port = (uint16_t)(low + (start + t->port_next++) % n);

		if (port_free(t, local, port, remote, rport))
			return port;
	}
	return 0;
}

struct pw_tcp_conn *
pw_tcp_connect(struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport, const struct pw_tcp_app *app, void *app_ctx,
	pw_ns now)
{
	struct pw_tcp_conn *c;
	int user;

	tcp_set_now(t, now);
	if (lport == 0)
		lport = choose_port(t, local, remote, rport);
	if (lport == 0 || !port_free(t, local, lport, remote, rport)) {
		errno = EADDRINUSE;
		return NULL;
	}
	user = user_get(t, app, app_ctx);
	c = user >= 0 ? conn_create(t, local, lport, remote, rport, (uint8_t)user) : NULL;
	if (user >= 0)
		t->users[user].n--; /* the connection has counted itself */
	if (c == NULL) {
		errno = ENOBUFS;
		return NULL;
	}
	c->flags |= F_ACTIVE | F_SYN_DUE | t->defaults.syn_flags;
	c->ecn = t->defaults.ecn == PW_TCP_ECN_ASK ? ECN_ASK : 0;
	c->rcv_shift = t->rcv_shift & 15;
	c->isn1 = secret_isn(t, local, lport, remote, rport) + 1;
	conn_set_mss(c);
	trace_begin(c);
	conn_set_state(c, PW_TCP_SYN_SENT);
	conn_ready(c);
	return c;
}

void
pw_tcp_get_info(const struct pw_tcp_conn *c, struct pw_tcp_info *out)
{
	*out = (struct pw_tcp_info){
		.local = c->local,
		.remote = c->remote,
		.lport = c->lport,
		.rport = c->rport,
		.state = c->state,
		.mss_bytes = c->mss,
		.cwnd_bytes = c->cwnd,
		.ssthresh_bytes = c->ssthresh,
		.flight_bytes = flight(c),
		.snd_wnd_bytes = (uint32_t)(c->snd_edge - pw_min(c->snd_una, c->snd_edge)),
		.srtt_ns = ticks_ns(c->srtt),
		.rto_ns = rtt_rto(c),
		.snd_una = pw_min(c->snd_una, c->snd_end),
		.snd_nxt = pw_min(c->snd_nxt, c->snd_end),
		.snd_end = c->snd_end,
		.rcv_nxt = c->rcv_nxt,
		.rcv_buf_bytes = rcv_buf(c),
		.rtx_segs = c->rtx_segs,
		.ecn = (c->ecn & ECN_OK) != 0,
		.cc = cc_of(c)->name,
		.pacing_rate = c->paced ? side_of(c)->rate : 0,
	};
}

const struct pw_tcp_stats *
pw_tcp_stats(const struct pw_tcp *t)
{
	return &t->stats;
}

void
pw_tcp_get_usage(const struct pw_tcp *t, struct pw_tcp_usage *out)
{
	*out = (struct pw_tcp_usage){
		.conns = t->n_conns,
		.half_open = t->n_half_open,
		.fast_open = t->tfo.n_pending,
		.time_wait = t->tw.n_used,
		.sent_records = t->sent.n_used,
		.rcv_blocks = t->rcv.n_used,
		.rcv_promised = t->rcv.promised,
		.sides = t->side.n_used,
		.traced = t->trace.n_used,
	};
}

size_t
pw_tcp_conn_bytes(uint32_t app_bytes, uint32_t max_conns)
{
	uint64_t all = (uint64_t)conn_stride(app_bytes) * max_conns;

	all += sizeof(uint32_t) * (uint64_t)rte_align32pow2(max_conns);
	all += sizeof(struct sent) * (uint64_t)records_for(max_conns);
	all += sizeof(struct tw) * (uint64_t)time_wait_for(max_conns);
	all += sizeof(uint32_t) * (uint64_t)rte_align32pow2(time_wait_for(max_conns));
	all += ((uint64_t)1 << RCV_BLOCK_BITS_MIN) * (uint64_t)blocks_for(max_conns);
	all += sizeof(struct side) * (uint64_t)side_places(busy(max_conns));
	return (size_t)((all + max_conns - 1) / max_conns);
}
