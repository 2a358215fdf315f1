/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The rings of events and the traces that are kept: pw_tcp_trace.h says what for.
 */
#include <assert.h>
#include <string.h>
#include "trace.h"

#define LOOKS	      4 /* at rings of others, when none is free */
#define LOOK_AGAIN_NS PW_NS_PER_MS
#define IDLE_TICKS    ((uint32_t)(PW_NS_PER_S >> PW_TCP_EVENT_SHIFT)) /* it can be taken away */
#define TROUBLE_TICKS (16 * IDLE_TICKS) /* likewise, in the middle of a recovery */
#define GROW_TICKS    ((uint32_t)(PW_NS_PER_MS / 4 >> PW_TCP_EVENT_SHIFT))
#define GROWING	      (PW_TCP_EV_ACK_OUT + 1) /* kinds that grow; they come first */
#define N_MAX	      UINT16_MAX
#define N_WRAPPED     0x80000000u /* stays in trace_ring.n once it is there */

static_assert(sizeof(struct pw_tcp_event) == 16, "an event has 16 bytes");

/** A connection's events; those themselves lie elsewhere, a power of two of them. */
struct trace_ring {
	/* What each turn of a connection needs: a cache line. */
	struct pw_tcp_event *ev;
	uint32_t n;   /* put so far */
	uint32_t una; /* as told last, like the following */
	uint32_t rcv;
	uint32_t cwnd;
	uint32_t srtt;		 /* ticks */
	uint32_t until[GROWING]; /* the latest event of a kind grows until then, low bits */
	uint16_t at[GROWING];	 /* its place */

	uint32_t conn;	  /* NONE: the ring is free */
	uint32_t next;	  /* of the free */
	uint32_t trouble; /* bits of enum pw_tcp_trouble */
	uint16_t kept_at; /* place where a trace of this connection was kept */
	bool recovering;
	uint32_t kept_id; /* its number then; 0: none was */
	pw_ns since;
} __rte_cache_aligned;
static_assert(offsetof(struct trace_ring, conn) == RTE_CACHE_LINE_SIZE, "a line for each turn");

/** Traces of connections that recovered or ended badly. */
struct trace_store {
	struct pw_tcp_trace *trace; /* n of them; id 0: the place is free */
	struct pw_tcp_event *ev;
	uint16_t *latest; /* n / 2 places, in a circle, oldest at latest_at */
	uint16_t *worst;  /* n / 2 places */
	uint32_t n;
	uint32_t n_latest;
	uint32_t latest_at;
	uint32_t n_worst;
	uint32_t last_id;
};

/* ---- life ---- */

static void *
take(const struct pw_mem *mem, size_t bytes, const char *what)
{
	return mem->alloc(mem->ctx, bytes, what);
}

static int
store_init(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;
	struct trace_store *s = take(mem, sizeof(*s), "tcp_traces");

	t->trace.kept = s;
	if (s == NULL)
		return -ENOMEM;
	s->n = t->cfg.max_traces;
	s->trace = take(mem, s->n * sizeof(*s->trace), "tcp_traces");
	s->ev = take(mem, (size_t)s->n * t->cfg.trace_events * sizeof(*s->ev), "tcp_traces");
	s->latest = take(mem, s->n * sizeof(*s->latest), "tcp_traces");
	if (s->trace == NULL || s->ev == NULL || s->latest == NULL)
		return -ENOMEM;
	s->worst = s->latest + s->n / 2;
	return 0;
}

int
trace_init(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;
	struct trace_pool *p = &t->trace;
	uint32_t i;

	if (t->cfg.max_traced == 0 || !PW_ACCOUNTING)
		return 0;
	p->mask = t->cfg.trace_events - 1;
	p->ring = take(mem, t->cfg.max_traced * sizeof(*p->ring), "tcp_trace_rings");
	p->ev = take(mem, (size_t)t->cfg.max_traced * t->cfg.trace_events * sizeof(*p->ev),
		"tcp_trace_events");
	if (p->ring == NULL || p->ev == NULL)
		return -ENOMEM;
	p->n_rings = t->cfg.max_traced;
	for (i = 0; i < p->n_rings; i++) {
		p->ring[i].ev = p->ev + (size_t)i * t->cfg.trace_events;
		p->ring[i].conn = NONE;
		p->ring[i].next = i + 1 < p->n_rings ? i + 1 : NONE;
	}
	return store_init(t);
}

static void
give(const struct pw_mem *mem, void *bytes)
{
	if (bytes != NULL)
		mem->free(mem->ctx, bytes);
}

void
trace_fini(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;
	struct trace_store *s = t->trace.kept;

	give(mem, t->trace.ring);
	give(mem, t->trace.ev);
	if (s == NULL)
		return;
	give(mem, s->trace);
	give(mem, s->ev);
	give(mem, s->latest);
	give(mem, s);
}

/* ---- events ---- */

static inline uint64_t
ticks_at(pw_ns now)
{
	return now >> PW_TCP_EVENT_SHIFT;
}

static inline struct trace_ring *
ring_of(const struct pw_tcp_conn *c)
{
	return &c->t->trace.ring[c->trace - 1u];
}

/* @return its place */
static inline uint32_t
put(struct pw_tcp_conn *c, struct trace_ring *r, uint8_t kind, uint16_t n, uint32_t a, uint32_t b)
{
	uint32_t place = r->n & c->t->trace.mask;

	r->ev[place] = (struct pw_tcp_event){
		.head = ticks_at(c->t->now) << 24 | (uint32_t)kind << 16 | n, .a = a, .b = b};
	r->n = (r->n + 1) | (r->n & N_WRAPPED);
	return place;
}

/* The latest event of @p kind, if it may still grow. */
static inline struct pw_tcp_event *
growing(const struct pw_tcp_conn *c, const struct trace_ring *r, uint8_t kind)
{
	struct pw_tcp_event *e = &r->ev[r->at[kind]];

	if ((int32_t)(r->until[kind] - (uint32_t)ticks_at(c->t->now)) < 0 ||
		pw_tcp_event_kind(e) != kind)
		return NULL;
	return e;
}

static inline void
more(struct pw_tcp_event *e, uint32_t n)
{
	e->head += pw_min(n, N_MAX - pw_tcp_event_n(e));
}

/* One that grows for a quarter of a round trip; srtt is in ticks of 64 ns. */
static inline void
put_growing(struct pw_tcp_conn *c, struct trace_ring *r, uint8_t kind, uint16_t n, uint32_t a,
	uint32_t b)
{
	uint32_t limit = RTE_MAX(c->srtt >> (PW_TCP_EVENT_SHIFT - TICK_BITS + 2), GROW_TICKS);

	r->at[kind] = (uint16_t)put(c, r, kind, n, a, b);
	r->until[kind] = (uint32_t)ticks_at(c->t->now) + limit;
}

static void
stop_growing(const struct pw_tcp_conn *c, struct trace_ring *r)
{
	uint32_t before = (uint32_t)ticks_at(c->t->now) - 1;
	uint32_t i;

	for (i = 0; i < GROWING; i++)
		r->until[i] = before;
}

/* Of the window and the round trip it is told when they have changed by an eighth. */
static inline bool
far_from(uint32_t is, uint32_t was)
{
	return (is > was ? is - was : was - is) > was / 8;
}

static inline void
tell_path(struct pw_tcp_conn *c, struct trace_ring *r)
{
	if (likely(!far_from(c->cwnd, r->cwnd) && !far_from(c->srtt, r->srtt)))
		return;
	r->cwnd = c->cwnd;
	r->srtt = c->srtt;
	put(c, r, PW_TCP_EV_PATH, 0, c->cwnd, (uint32_t)(ticks_ns(c->srtt) / PW_NS_PER_US));
}

/* What the peer has acknowledged and sent since that was told last. */
static inline void
tell_progress(struct pw_tcp_conn *c, struct trace_ring *r)
{
	uint32_t una = (uint32_t)c->snd_una, rcv = (uint32_t)c->rcv_nxt;
	struct pw_tcp_event *e;
	uint16_t wnd;

	if (una == r->una && rcv == r->rcv)
		return;
	r->una = una;
	r->rcv = rcv;
	wnd = (uint16_t)((c->snd_edge - pw_min(c->snd_una, c->snd_edge)) >> c->snd_shift);
	e = growing(c, r, PW_TCP_EV_PROGRESS);
	if (e != NULL) {
		e->head = (e->head & ~(uint64_t)N_MAX) | wnd;
		e->a = una;
		e->b = rcv;
		return;
	}
	tell_path(c, r);
	put_growing(c, r, PW_TCP_EV_PROGRESS, wnd, una, rcv);
}

void
trace_progress(struct pw_tcp_conn *c)
{
	tell_progress(c, ring_of(c));
}

void
trace_put(struct pw_tcp_conn *c, uint8_t kind, uint16_t n, uint32_t a, uint32_t b)
{
	struct trace_ring *r = ring_of(c);

	tell_progress(c, r);
	put(c, r, kind, n, a, b);
	stop_growing(c, r);
}

void
trace_bytes(struct pw_tcp_conn *c, uint8_t kind, uint32_t n, pw_off off, uint32_t len)
{
	struct trace_ring *r = ring_of(c);
	struct pw_tcp_event *e;

	tell_progress(c, r);
	e = growing(c, r, kind);
	if (e != NULL && e->a + e->b == (uint32_t)off) {
		more(e, n);
		e->b += len;
		return;
	}
	put_growing(c, r, kind, (uint16_t)n, (uint32_t)off, len);
}

void
trace_sent(struct pw_tcp_conn *c, uint32_t len, uint64_t segs_before)
{
	uint32_t off = (uint32_t)(c->snd_nxt - fin_sent(c)) - len;
	uint32_t n = (uint32_t)(c->t->stats.segs_out - segs_before);
	struct trace_ring *r = ring_of(c);

	if ((uint32_t)c->snd_una != off) {
		trace_bytes(c, PW_TCP_EV_OUT, n, off, len);
		return;
	}
	put(c, r, PW_TCP_EV_FRESH, (uint16_t)n, off, len);
	r->una = off;
	r->rcv = (uint32_t)c->rcv_nxt;
	r->until[PW_TCP_EV_OUT] = (uint32_t)ticks_at(c->t->now) - 1;
	r->until[PW_TCP_EV_PROGRESS] = r->until[PW_TCP_EV_OUT];
}

void
trace_count(struct pw_tcp_conn *c, uint8_t kind, uint32_t a, uint32_t b)
{
	struct trace_ring *r = ring_of(c);
	struct pw_tcp_event *e;

	tell_progress(c, r);
	e = growing(c, r, kind);
	if (e == NULL) {
		put_growing(c, r, kind, 1, a, b);
		return;
	}
	more(e, 1);
	e->a = a;
	e->b = b;
}

void
trace_full(struct pw_tcp_conn *c)
{
	struct trace_ring *r = ring_of(c);
	struct pw_tcp_event *last = &r->ev[(r->n - 1) & c->t->trace.mask];

	if (r->n > 0 && pw_tcp_event_kind(last) == PW_TCP_EV_FULL)
		more(last, 1);
	else
		trace_put(c, PW_TCP_EV_FULL, 1, 0, 0);
}

/* ---- who has a ring ---- */

/* Nothing was put into it for a while, and its connection is not just in trouble. */
static bool
is_idle(const struct pw_tcp *t, const struct trace_ring *r)
{
	uint64_t last = ticks_at(r->since);

	if (r->n > 0)
		last = pw_tcp_event_at(&r->ev[(r->n - 1) & t->trace.mask]);
	return (uint32_t)(ticks_at(t->now) - last) > (r->recovering ? TROUBLE_TICKS : IDLE_TICKS);
}

static struct trace_ring *
take_away(struct pw_tcp *t)
{
	struct trace_pool *p = &t->trace;
	uint32_t i;

	if (t->now < p->look_at)
		return NULL;
	for (i = 0; i < LOOKS; i++) {
		struct trace_ring *r = &p->ring[p->hand];

		p->hand = p->hand + 1 < p->n_rings ? p->hand + 1 : 0;
		if (is_idle(t, r)) {
			conn_at(t, r->conn)->trace = 0;
			return r;
		}
	}
	p->look_at = t->now + LOOK_AGAIN_NS;
	return NULL;
}

static struct trace_ring *
get_ring(struct pw_tcp *t)
{
	struct trace_pool *p = &t->trace;
	struct trace_ring *r;

	if (p->free == NONE)
		return take_away(t);
	r = &p->ring[p->free];
	p->free = r->next;
	p->n_used++;
	return r;
}

void
trace_begin(struct pw_tcp_conn *c)
{
	struct pw_tcp *t = c->t;
	struct trace_ring *r;

	if (!PW_ACCOUNTING || t->trace.n_rings == 0 || c->trace != 0)
		return;
	r = get_ring(t);
	if (r == NULL) {
		t->stats.untraced++;
		return;
	}
	*r = (struct trace_ring){.ev = r->ev, .conn = conn_index(c), .since = t->now};
	stop_growing(c, r);
	c->trace = (uint16_t)(r - t->trace.ring + 1);
}

static void
put_ring(struct pw_tcp_conn *c)
{
	struct trace_pool *p = &c->t->trace;
	struct trace_ring *r = ring_of(c);

	r->conn = NONE;
	r->next = p->free;
	p->free = c->trace - 1u;
	p->n_used--;
	c->trace = 0;
}

/* Apart: the others need no frame on the stack. */
static __rte_noinline void
note_first(struct pw_tcp_conn *c, uint8_t kind, uint16_t n, uint32_t a, uint32_t b)
{
	trace_begin(c);
	if (traced(c))
		put(c, ring_of(c), kind, n, a, b);
}

void
pw_tcp_note(struct pw_tcp_conn *c, uint8_t kind, uint16_t n, uint32_t a, uint32_t b)
{
	struct trace_ring *r;

	if (unlikely(!traced(c))) {
		note_first(c, kind, n, a, b);
		return;
	}
	r = ring_of(c);
	put(c, r, kind, n, a, b);
	r->until[PW_TCP_EV_OUT] = (uint32_t)ticks_at(c->t->now) - 1; /* what follows is its own */
}

/* ---- traces that are kept ---- */

/* What is worse has a higher number: the gravest trouble, then how much was sent again. */
static uint64_t
badness(const struct pw_tcp_trace *trace)
{
	return (uint64_t)trace->trouble << 32 | pw_min(trace->info.rtx_segs, UINT32_MAX);
}

/* A place that leaves the latest becomes one of the worst, or that one goes, or it does
 * itself. @return the place that is free by that */
static uint16_t
judge(struct trace_store *s, uint16_t place)
{
	uint16_t *least = &s->worst[0];
	uint32_t i;

	for (i = 1; i < s->n_worst; i++)
		if (badness(&s->trace[s->worst[i]]) < badness(&s->trace[*least]))
			least = &s->worst[i];
	if (badness(&s->trace[place]) > badness(&s->trace[*least])) {
		uint16_t gone = *least;

		*least = place;
		return gone;
	}
	return place;
}

static uint16_t
new_place(struct trace_store *s)
{
	uint32_t half = s->n / 2;
	uint16_t place, oldest;

	if (s->n_latest < half) {
		place = (uint16_t)s->n_latest;
		s->latest[s->n_latest++] = place;
		return place;
	}
	oldest = s->latest[s->latest_at];
	if (s->n_worst < half) {
		s->worst[s->n_worst] = oldest;
		place = (uint16_t)(half + s->n_worst++);
	} else {
		place = judge(s, oldest);
	}
	s->latest[s->latest_at] = place;
	s->latest_at = (s->latest_at + 1) % half;
	return place;
}

static void
describe(const struct pw_tcp_conn *c, struct pw_tcp_trace *out)
{
	const struct trace_ring *r = ring_of(c);

	out->conn = r->conn;
	out->trouble = r->trouble;
	out->n = (uint32_t)pw_min(r->n, c->t->trace.mask + 1u);
	out->n_gone = r->n - out->n;
	out->since = r->since;
	out->at = c->t->now;
	out->wnd_shift = c->snd_shift;
	pw_tcp_get_info(c, &out->info);
}

/* Oldest first. */
static void
copy_events(const struct pw_tcp_conn *c, struct pw_tcp_event *to)
{
	const struct trace_ring *r = ring_of(c);
	uint32_t size = c->t->trace.mask + 1;
	uint32_t begin = r->n < size ? 0 : r->n & (size - 1);
	uint32_t first = RTE_MIN(r->n, size) - begin;

	memcpy(to, r->ev + begin, first * sizeof(*to));
	memcpy(to + first, r->ev, begin * sizeof(*to));
}

/* In the place where this connection has one already, if it is still its own. */
static void
keep(struct pw_tcp_conn *c)
{
	struct trace_store *s = c->t->trace.kept;
	struct trace_ring *r = ring_of(c);

	if (r->kept_id == 0 || s->trace[r->kept_at].id != r->kept_id) {
		r->kept_at = new_place(s);
		r->kept_id = ++s->last_id;
		c->t->stats.traces_kept++;
	}
	s->trace[r->kept_at].id = r->kept_id;
	describe(c, &s->trace[r->kept_at]);
	copy_events(c, s->ev + (size_t)r->kept_at * (c->t->trace.mask + 1u));
}

void
trace_trouble(struct pw_tcp_conn *c, enum pw_tcp_trouble what)
{
	struct trace_ring *r = ring_of(c);

	r->trouble |= 1u << what;
	r->recovering = true;
}

void
trace_recovered(struct pw_tcp_conn *c)
{
	struct trace_ring *r = ring_of(c);

	if (!r->recovering)
		return;
	r->recovering = false;
	keep(c);
}

/* A peer that has all it wants may go as it likes, and when the whole host is about to
 * end, that is no trouble. @return the trouble that this end is, or -1: it is none */
static int
trouble_of(const struct pw_tcp_conn *c, enum pw_tcp_end why)
{
	bool owed = !synchronised(c) || c->snd_una < snd_limit(c);

	if (why == PW_TCP_END_CLOSED || !owed || c->t->draining)
		return -1;
	switch (why) {
	case PW_TCP_END_RESET:
		return PW_TCP_TROUBLE_RESET;
	case PW_TCP_END_REFUSED:
		return PW_TCP_TROUBLE_REFUSED;
	case PW_TCP_END_TIMEOUT:
		return PW_TCP_TROUBLE_TIMEOUT;
	default:
		return PW_TCP_TROUBLE_ABORTED;
	}
}

void
trace_end(struct pw_tcp_conn *c, enum pw_tcp_end why)
{
	int trouble = trouble_of(c, why);

	if (trouble >= 0) {
		trace_put(c, PW_TCP_EV_END, (uint16_t)why, flight(c),
			(uint32_t)(c->snd_end - pw_min(c->snd_nxt, c->snd_end)));
		trace_trouble(c, (enum pw_tcp_trouble)trouble);
		keep(c);
	}
	put_ring(c);
}

/* ---- for who looks ---- */

size_t
pw_tcp_trace_bytes(uint32_t max_traced, uint32_t events)
{
	size_t each = events * sizeof(struct pw_tcp_event);

	if (max_traced == 0)
		return 0;
	return max_traced * (sizeof(struct trace_ring) + each) +
	       TRACES_DEFAULT * (sizeof(struct pw_tcp_trace) + each);
}

uint32_t
pw_tcp_trace_events(const struct pw_tcp *t)
{
	return t->trace.n_rings != 0 ? t->trace.mask + 1 : 0;
}

bool
pw_tcp_trace_of(const struct pw_tcp_conn *c, struct pw_tcp_trace *out, struct pw_tcp_event *ev)
{
	if (!traced(c))
		return false;
	out->id = 0;
	describe(c, out);
	copy_events(c, ev);
	return true;
}

const struct pw_tcp_trace *
pw_tcp_trace_kept(const struct pw_tcp *t, uint32_t i, const struct pw_tcp_event **ev)
{
	const struct trace_store *s = t->trace.kept;

	if (s == NULL || i >= s->n || s->trace[i].id == 0)
		return NULL;
	if (ev != NULL)
		*ev = s->ev + (size_t)i * (t->trace.mask + 1u);
	return &s->trace[i];
}
