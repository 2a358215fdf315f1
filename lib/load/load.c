/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The run: connections are opened and fed, each turn a bounded number of them.
 */
#include <stdio.h>
#include <string.h>
#include "load_priv.h"

#define OPEN_BURST   64	 /* connections begun in a turn */
#define OPENING_MAX  512 /* and not yet established at once: what a server's ring takes */
#define FEED_BURST   256 /* connections asked in a turn */
#define PORT_TRIES   64	 /* local ports tried in a turn for one connection */
#define LOOK_NS	     (10 * PW_NS_PER_MS) /* at the latest: time-outs free connections too */
#define RETRY_NS     (50 * PW_NS_PER_MS) /* after a connection that could not be had */
#define PORT_FIRST   1024
#define TEXT_MAX     (PW_URL_TEXT_MAX + 128)
#define AT_MAX	     (UINT64_C(1) << 47) /* of asked.at */
#define DURATION_MAX (AT_MAX / 2)

const struct pw_load_error_info pw_load_error_info[PW_LOAD_ERROR_MAX] = {
#define X(name, help) {#name, help},
	PW_LOAD_ERRORS(X)
#undef X
};

/* ---- set-up ---- */

static struct pw_load_cfg
with_defaults(const struct pw_load_cfg *cfg)
{
	struct pw_load_cfg c = *cfg;

	if (c.n_active == 0)
		c.n_active = c.n_conns;
	return c;
}

static bool
is_possible(const struct pw_load_cfg *c)
{
	return c->urls->n != 0 && c->n_sources != 0 && c->n_conns != 0 &&
	       c->n_conns <= (uint64_t)c->n_sources * PW_LOAD_CONNS_PER_SOURCE &&
	       c->n_active <= c->n_conns && c->pipeline != 0 &&
	       c->pipeline <= PW_LOAD_PIPELINE_MAX && c->duration_ns <= DURATION_MAX;
}

/* clang-format off */
/* The arrays of a load: each by its member, and how long it is. */
#define PIECES(X) \
	X(slot, c->n_conns) \
	X(parser, c->n_active) \
	X(idle, c->n_conns) \
	X(vacant, c->n_conns) \
	X(target, c->urls->n) \
	X(texts, c->urls->n * (size_t)(2 * TEXT_MAX)) \
	X(hash, c->verify ? c->n_active : 0)
/* clang-format on */

uint64_t
pw_load_need(const struct pw_load_cfg *cfg)
{
	const struct pw_load_cfg full = with_defaults(cfg), *c = &full;
	const struct pw_load *l = NULL; /* of which nothing but types is looked at */
	uint64_t sum = sizeof(*l);

#define X(piece, n) sum += sizeof(*l->piece) * (size_t)(n);
	PIECES(X)
#undef X
	return sum;
}

static int
allocate(struct pw_load *l)
{
	const struct pw_load_cfg *c = &l->cfg;
	const struct pw_mem *mem = c->mem;

#define X(piece, n)                                                                               \
	if ((n) != 0) {                                                                           \
		l->piece = mem->alloc(mem->ctx, sizeof(*l->piece) * (size_t)(n), "load_" #piece); \
		if (l->piece == NULL)                                                             \
			return -ENOMEM;                                                           \
	}
	PIECES(X)
#undef X
	return pw_choice_init(&l->choice, c->urls, mem);
}

/* The request texts, once and for all (RFC 9112 section 3). */
static void
write_target(struct pw_load *l, uint32_t i, const char *host)
{
	static const char *const close_field[2] = {"", "Connection: close\r\n"};
	const struct pw_url *url = &l->cfg.urls->url[i];
	struct target *t = &l->target[i];
	uint32_t last;

	for (last = 0; last < 2; last++) {
		char *text = l->texts + (2 * (size_t)i + last) * TEXT_MAX;
		int n = snprintf(text, TEXT_MAX, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", url->path,
			host, close_field[last]);

		PW_ASSERT(n > 0 && n < TEXT_MAX);
		t->text[last] = text;
		t->text_len[last] = (uint16_t)n;
	}
	t->has_hash = url->has_hash;
	t->hash = url->hash;
	t->has_length = url->has_length;
	t->length = url->length;
}

static void
write_targets(struct pw_load *l)
{
	char addr[PW_ADDR_HOST_MAX];
	char host[PW_ADDR_HOST_MAX + 8];
	uint32_t i;

	pw_addr_format_host(&l->addr, addr);
	if (l->port == 80)
		snprintf(host, sizeof(host), "%s", addr);
	else
		snprintf(host, sizeof(host), "%s:%u", addr, l->port);
	for (i = 0; i < l->n_targets; i++)
		write_target(l, i, host);
}

static void
make_vacant(struct pw_load *l)
{
	uint32_t i;

	l->n_vacant = l->cfg.n_conns;
	for (i = 0; i < l->n_vacant; i++)
		l->vacant[i] = l->n_vacant - 1 - i; /* those that ask come first */
}

struct pw_load *
pw_load_create(const struct pw_load_cfg *cfg)
{
	struct pw_load_cfg c = with_defaults(cfg);
	struct pw_load *l;

	if (!is_possible(&c)) {
		errno = EINVAL;
		return NULL;
	}
	l = c.mem->alloc(c.mem->ctx, sizeof(*l), "load");
	if (l == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	l->cfg = c;
	if (allocate(l) != 0) {
		pw_load_destroy(l);
		errno = ENOMEM;
		return NULL;
	}
	l->addr = c.urls->addr;
	l->port = c.urls->port;
	l->n_targets = c.urls->n;
	l->port_at = PORT_FIRST;
	l->pace.at = PW_NEVER;
	pw_rand_init(&l->rand, c.seed);
	resp_init(&l->reader);
	write_targets(l);
	make_vacant(l);
	l->cfg.urls = NULL;
	return l;
}

void
pw_load_destroy(struct pw_load *l)
{
	const struct pw_mem *mem;

	if (l == NULL)
		return;
	mem = l->cfg.mem;
#define X(piece, n)           \
	if (l->piece != NULL) \
		mem->free(mem->ctx, l->piece);
	PIECES(X)
#undef X
	pw_choice_fini(&l->choice, mem);
	mem->free(mem->ctx, l);
}

uint32_t
pw_load_room_bytes(const struct pw_load_cfg *cfg)
{
	return (uint32_t)(sizeof(struct conn) + cfg->pipeline * sizeof(struct asked));
}

void
pw_load_start(struct pw_load *l, struct pw_tcp *tcp)
{
	l->tcp = tcp;
}

/* ---- opening ---- */

/* The next local address and port: all addresses with one port, then the next port. */
static struct pw_addr
next_local(struct pw_load *l, uint16_t *port)
{
	struct pw_addr a = l->cfg.source;

	a.d[3] = rte_cpu_to_be_32(rte_be_to_cpu_32(a.d[3]) + l->source_at);
	*port = l->port_at;
	l->source_at++;
	if (l->source_at == l->cfg.n_sources) {
		l->source_at = 0;
		l->port_at = l->port_at == UINT16_MAX ? PORT_FIRST : l->port_at + 1;
	}
	return a;
}

/* Will the server's answers come to this worker? */
static bool
is_ours(const struct pw_load *l, const struct pw_addr *local, uint16_t port)
{
	return l->cfg.spread == NULL ||
	       pw_spread_worker_of(l->cfg.spread, local, port, &l->addr, l->port) == l->cfg.worker;
}

static uint32_t
port_tries(const struct pw_load *l)
{
	return PORT_TRIES * (l->cfg.spread != NULL ? l->cfg.spread->n_workers : 1);
}

static struct pw_tcp_conn *
connect_somewhere(struct pw_load *l, pw_ns now)
{
	struct pw_tcp_conn *tc = NULL;
	uint32_t tries;

	for (tries = port_tries(l); tc == NULL && tries != 0; tries--) {
		uint16_t port;
		struct pw_addr local = next_local(l, &port);

		if (!is_ours(l, &local, port))
			continue;
		tc = pw_tcp_connect(l->tcp, &local, port, &l->addr, l->port, &load_app, l, now);
		if (tc == NULL && errno != EADDRINUSE)
			break;
	}
	return tc;
}

/* At first one for each of our addresses: neighbours on the way may have to be resolved. */
static bool
may_open(const struct pw_load *l)
{
	uint64_t max = l->stats.opened < l->cfg.n_sources ? l->cfg.n_sources : OPENING_MAX;

	return l->has_addrs && l->n_vacant != 0 && l->n_opening < pw_min(max, OPENING_MAX);
}

static void
open_some(struct pw_load *l, pw_ns now)
{
	uint32_t budget = OPEN_BURST;

	while (may_open(l) && budget-- != 0) {
		struct pw_tcp_conn *tc = connect_somewhere(l, now);
		struct conn *k;

		if (tc == NULL)
			break; /* every port tried rests: there will be others next turn */
		k = pw_tcp_room(tc);
		k->slot = l->vacant[--l->n_vacant];
		l->n_opening++;
		pw_tcp_set_timer(tc, now + l->cfg.timeout_ns);
	}
}

void
load_vacate(struct pw_load *l, uint32_t slot, bool failed, pw_ns now)
{
	l->slot[slot].tc = NULL;
	l->vacant[l->n_vacant++] = slot;
	if (failed)
		l->open_at = now + RETRY_NS;
}

/* ---- feeding ---- */

void
load_queue(struct pw_load *l, uint32_t slot)
{
	uint32_t at = l->idle_first + l->n_idle;

	if (l->slot[slot].queued)
		return;
	l->slot[slot].queued = true;
	l->idle[at < l->cfg.n_conns ? at : at - l->cfg.n_conns] = slot;
	l->n_idle++;
}

static uint32_t
take_idle(struct pw_load *l)
{
	uint32_t slot = l->idle[l->idle_first];

	l->idle_first = l->idle_first + 1 < l->cfg.n_conns ? l->idle_first + 1 : 0;
	l->n_idle--;
	l->slot[slot].queued = false;
	return slot;
}

/* Open loop: what is due goes to those that have had room for the longest. */
static void
feed_by_time(struct pw_load *l, pw_ns now)
{
	uint32_t budget = FEED_BURST;

	while (l->n_idle != 0 && l->pace.at <= now && budget-- != 0) {
		uint32_t slot = take_idle(l);

		if (!conn_can_ask(l, slot))
			continue;
		conn_ask(l, slot, pace_take(&l->pace), now);
		if (conn_can_ask(l, slot))
			load_queue(l, slot);
	}
}

/* Closed loop: as many as may be under way. */
static void
feed_all(struct pw_load *l, pw_ns now)
{
	uint32_t budget = FEED_BURST;

	while (l->n_idle != 0 && budget-- != 0) {
		uint32_t slot = take_idle(l);

		while (conn_can_ask(l, slot))
			conn_ask(l, slot, now, now);
	}
}

/* ---- beginning and end ---- */

static void
set_phase(struct pw_load *l, enum pw_load_phase phase, pw_ns end)
{
	l->phase = phase;
	l->end = end;
	l->stats.phase = phase;
}

static void
begin_run(struct pw_load *l, pw_ns now)
{
	set_phase(l, PW_LOAD_RUNNING, now + l->cfg.duration_ns);
	l->epoch = now;
	l->stats.started = now;
	l->stats.opened_before = l->stats.opened;
	pace_init(&l->pace, l->cfg.rate_per_s, now);
}

/* Jain, Chiu, Hawe: A Quantitative Measure of Fairness (DEC-TR-301, 1984). */
static double
fairness(const struct pw_load *l)
{
	double sum = 0, squares = 0;
	uint32_t i;

	for (i = 0; i < l->cfg.n_active; i++) {
		double x = l->slot[i].tc != NULL ? (double)conn_body_bytes(l->slot[i].tc) : 0;

		sum += x;
		squares += x * x;
	}
	return squares > 0 ? sum * sum / (l->cfg.n_active * squares) : 0;
}

/* The figures stay as they are. */
static void
end_run(struct pw_load *l, pw_ns now)
{
	if (l->phase == PW_LOAD_RUNNING)
		l->stats.unsent = pace_behind(&l->pace, now);
	set_phase(l, PW_LOAD_OVER, PW_NEVER);
	l->stats.at = now;
	l->stats.reused_heads = l->reader.reused;
	l->stats.jain = fairness(l);
	l->final = l->stats;
}

static bool
has_connected(const struct pw_load *l, pw_ns now)
{
	uint64_t wanted = l->cfg.per_conn != 0 ? 1 : l->cfg.n_conns;

	return l->stats.conns >= wanted || now >= l->end;
}

/* All workers begin together. */
static bool
all_are_ready(struct pw_load *l)
{
	if (l->cfg.n_connecting == NULL)
		return true;
	if (!l->ready)
		__atomic_sub_fetch(l->cfg.n_connecting, 1, __ATOMIC_RELAXED);
	l->ready = true;
	return __atomic_load_n(l->cfg.n_connecting, __ATOMIC_RELAXED) == 0;
}

/* Connections first, and then the run; what the server does not give in time is not waited for. */
static void
connecting(struct pw_load *l, pw_ns now)
{
	if (l->end == 0)
		l->end = now + l->cfg.timeout_ns;
	if ((l->ready || has_connected(l, now)) && all_are_ready(l))
		begin_run(l, now);
}

static void
running(struct pw_load *l, pw_ns now)
{
	if (now >= l->end) {
		end_run(l, now);
		l->cfg.over(l->cfg.ctx);
	} else if (l->cfg.rate_per_s != 0) {
		feed_by_time(l, now);
	} else {
		feed_all(l, now);
	}
}

/* When there is something to do though nothing is received. */
static pw_ns
next_look(const struct pw_load *l, pw_ns now)
{
	pw_ns at = pw_min(l->end, now + LOOK_NS);

	if (l->phase == PW_LOAD_OVER)
		return PW_NEVER;
	if (may_open(l))
		at = pw_min(at, pw_max(l->open_at, now));
	if (l->phase == PW_LOAD_RUNNING && l->n_idle != 0)
		at = pw_min(at, l->cfg.rate_per_s != 0 ? l->pace.at : now);
	return at;
}

static pw_ns
load_run(void *ctx, pw_ns now)
{
	struct pw_load *l = ctx;

	if (l->phase == PW_LOAD_OVER)
		return PW_NEVER;
	l->stats.at = now;
	if (!l->has_addrs)
		l->has_addrs = l->cfg.has_addrs == NULL || l->cfg.has_addrs(l->cfg.ctx);
	if (now >= l->open_at)
		open_some(l, now);
	if (l->phase == PW_LOAD_CONNECTING)
		connecting(l, now);
	if (l->phase == PW_LOAD_RUNNING)
		running(l, now);
	return next_look(l, now);
}

static void
load_drain(void *ctx, pw_ns now)
{
	struct pw_load *l = ctx;

	if (l->phase != PW_LOAD_OVER)
		end_run(l, now);
	pw_tcp_each(l->tcp, conn_wind_up, l);
}

struct pw_service
pw_load_service(struct pw_load *l)
{
	return (struct pw_service){
		.app = &load_app,
		.ctx = l,
		.app_bytes = pw_load_room_bytes(&l->cfg),
		.run = load_run,
		.drain = load_drain,
	};
}

/* ---- figures ---- */

void
pw_load_get(const struct pw_load *l, struct pw_load_stats *out)
{
	if (l->stats.phase == PW_LOAD_OVER) {
		*out = l->final;
		return;
	}
	*out = l->stats;
	out->reused_heads = l->reader.reused;
}

/* The phase is that of the slowest. */
void
pw_load_stats_add(struct pw_load_stats *to, const struct pw_load_stats *from)
{
	uint32_t i;

	to->phase = RTE_MIN(to->phase, from->phase);
	to->started = pw_min(to->started, from->started);
	to->at = pw_max(to->at, from->at);
	to->opened += from->opened;
	to->opened_before += from->opened_before;
	to->requests += from->requests;
	to->responses += from->responses;
	to->body_bytes += from->body_bytes;
	to->reused_heads += from->reused_heads;
	to->unanswered += from->unanswered;
	to->unsent += from->unsent;
	to->conns += from->conns;
	for (i = 0; i < RTE_DIM(to->status); i++)
		to->status[i] += from->status[i];
	for (i = 0; i < PW_LOAD_ERROR_MAX; i++)
		to->errors[i] += from->errors[i];
	pw_hist_merge(&to->latency, &from->latency);
}

uint64_t
pw_load_failures(const struct pw_load_stats *s)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < PW_LOAD_ERROR_MAX; i++)
		sum += s->errors[i];
	return sum;
}

bool
pw_load_body(const struct pw_load *l, uint32_t i, uint64_t *hash, uint64_t *length)
{
	const struct target *t = &l->target[i];

	*hash = t->hash;
	*length = t->length;
	return t->has_length && (t->has_hash || !l->cfg.verify);
}
