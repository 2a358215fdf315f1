/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Two instances, one virtual clock, and a link between them that loses,
 * reorders, duplicates and delays by a seed. Whatever it does, every byte
 * arrives once and in order, and nothing is left behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <CUnit/CUnit.h>
#include "pw_rand.h"
#include "pw_tcp.h"
#include "pw_wire_cksum.h"
#include "check.h"
#include "tcp_priv.h"

#define QUEUE_MAX  4096
#define FRAME_MAX  1600
#define NONE_FOUND UINT32_MAX

struct link_cfg {
	uint32_t loss_ppm;
	uint32_t reorder_ppm;
	uint32_t dup_ppm;
	uint32_t corrupt_ppm;
	uint32_t mark_ppm; /**< what may be marked, is */
	uint32_t full_ppm; /**< how often the way out takes nothing */
	bool vary;	   /**< the ends differ in what they can, by the seed */
	pw_ns delay;
	pw_ns jitter;
	uint64_t bytes_per_s; /**< 0: no limit */
};

struct frame {
	pw_ns at;
	uint64_t seq; /**< to keep the order of equals */
	int to;
	uint32_t len;
	uint8_t ecn;
	uint8_t bytes[FRAME_MAX];
};

struct host {
	struct pair *p;
	int id;
	struct pw_addr addr;
	struct pw_tcp *t;
	pw_ns line_free;
	bool was_full; /**< in this turn */
};

/** One connection, as its two users see it. */
struct end {
	struct pair *p;
	uint64_t to_send;
	uint64_t got;
	uint64_t wrong;
	uint64_t acked;
	int n_open, n_eof, n_gone;
	bool close_when_done;
	bool slow; /**< takes little at a time */
	enum pw_tcp_end why;
	struct pw_tcp_conn *c;
};

struct pair {
	pw_ns now;
	struct pw_rand rand;
	struct link_cfg link;
	struct host host[2];
	struct end client, server;
	struct frame *q[QUEUE_MAX];
	uint32_t n_q;
	uint64_t n_frames;
	uint64_t n_lost;
	uint64_t n_rtx;	       /**< segments that the hosts sent again, in the end */
	uint64_t n_reductions; /**< by ECN */
	uint64_t trace;	       /**< of every frame sent, and when */
};

static uint8_t
byte_at(uint64_t off)
{
	return (uint8_t)(off * 31 + (off >> 9) * 7);
}

static bool
chance(struct pair *p, uint32_t ppm)
{
	return ppm > 0 && pw_rand_below(&p->rand, 1000000) < ppm;
}

static void
push(struct pair *p, const uint8_t *bytes, uint32_t len, uint8_t ecn, int to, pw_ns at)
{
	struct frame *f;

	if (p->n_q == QUEUE_MAX) {
		p->n_lost++;
		return;
	}
	f = malloc(sizeof(*f));
	f->at = at;
	f->seq = p->n_frames++;
	f->to = to;
	f->len = len;
	f->ecn = ecn;
	memcpy(f->bytes, bytes, len);
	p->q[p->n_q++] = f;
}

static struct frame *
pop_due(struct pair *p)
{
	uint32_t i, best = NONE_FOUND;

	for (i = 0; i < p->n_q; i++)
		if (p->q[i]->at <= p->now &&
			(best == NONE_FOUND || p->q[i]->at < p->q[best]->at ||
				(p->q[i]->at == p->q[best]->at && p->q[i]->seq < p->q[best]->seq)))
			best = i;
	if (best == NONE_FOUND)
		return NULL;
	struct frame *f = p->q[best];
	p->q[best] = p->q[--p->n_q];
	return f;
}

static void
note(struct pair *p, const uint8_t *bytes, uint32_t len)
{
	uint32_t i;

	p->trace = (p->trace ^ p->now) * UINT64_C(0x100000001b3);
	for (i = 0; i < len; i++)
		p->trace = (p->trace ^ bytes[i]) * UINT64_C(0x100000001b3);
}

/* One frame goes onto the line. */
static void
put_on_line(struct host *h, const uint8_t *bytes, uint32_t n, uint8_t ecn)
{
	struct pair *p = h->p;
	pw_ns at = pw_max(p->now, h->line_free);

	if (chance(p, p->link.loss_ppm)) {
		p->n_lost++;
		return;
	}
	if (p->link.bytes_per_s != 0) {
		pw_ns wire = (n + 38) * PW_NS_PER_S / p->link.bytes_per_s;

		if (at + wire > p->now + 50 * PW_NS_PER_MS) { /* the queue of the link */
			p->n_lost++;
			return;
		}
		at += wire;
		h->line_free = at;
	}
	at += p->link.delay;
	if (p->link.jitter != 0 && chance(p, p->link.reorder_ppm))
		at += pw_rand_below(&p->rand, p->link.jitter);
	if (ecn != 0 && chance(p, p->link.mark_ppm))
		ecn = PW_IP_ECN_CE;
	push(p, bytes, n, ecn, !h->id, at);
	if (chance(p, p->link.dup_ppm))
		push(p, bytes, n, ecn, !h->id, at + pw_rand_below(&p->rand, p->link.delay + 1));
}

/* Emit @p len payload bytes from @p data as one segment. */
static void
emit(struct host *h, const struct pw_tcp_seg *seg, const struct pw_tcp_hdr *hdr,
	const uint8_t *data, uint32_t len)
{
	struct pair *p = h->p;
	uint8_t bytes[FRAME_MAX];
	uint32_t n = pw_tcp_emit(bytes, hdr, seg->opts);
	uint16_t sum;

	CU_ASSERT_FATAL(n + len <= 1480);
	if (len > 0)
		memcpy(bytes + n, data, len);
	n += len;
	sum = pw_sum_add(pw_sum_pseudo(seg->src, seg->dst, 6, n), pw_sum(bytes, n));
	sum = pw_sum_finish(sum);
	memcpy(bytes + 16, &sum, 2);
	note(p, bytes, n);
	if (chance(p, p->link.corrupt_ppm))
		bytes[pw_rand_below(&p->rand, n)] ^= 1 << pw_rand_below(&p->rand, 8);
	put_on_line(h, bytes, n, seg->ecn);
}

/* As a device with segmentation offload does: FIN and PSH on the last piece. */
static int
transmit(void *ctx, const struct pw_tcp_seg *seg)
{
	struct host *h = ctx;
	struct pw_tcp_hdr hdr = seg->hdr;
	const uint8_t *data = seg->n_spans > 0 ? seg->spans[0].addr : NULL;
	uint32_t off = 0, size = seg->gso_size != 0 ? seg->gso_size : seg->len;

	if (chance(h->p, h->p->link.full_ppm)) {
		h->was_full = true;
		return -ENOBUFS;
	}
	check_segment(h->t, seg);
	do {
		uint32_t len = (uint32_t)pw_min(size, seg->len - off);

		hdr.flags = seg->hdr.flags;
		if (off + len < seg->len)
			hdr.flags &= (uint8_t) ~(PW_TCP_FIN | PW_TCP_PSH);
		hdr.seq = seg->hdr.seq + off;
		emit(h, seg, &hdr, data + off, len);
		off += len;
	} while (off < seg->len);
	return 0;
}

static const struct pw_tcp_env env = {.send = transmit};

static void
maybe_close(struct end *e, struct pw_tcp_conn *c)
{
	if (e->close_when_done)
		pw_tcp_shutdown(c);
}

static bool
on_open(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct end *e = ctx;

	e->n_open++;
	e->c = c;
	if (e->to_send > 0)
		pw_tcp_send(c, e->to_send);
	maybe_close(e, c);
	if (e->slow)
		pw_tcp_set_timer(c, now + 5 * PW_NS_PER_MS);
	return true;
}

static uint32_t
on_recv(void *ctx, struct pw_tcp_conn *c, const uint8_t *data, uint32_t len, pw_ns now)
{
	struct end *e = ctx;
	uint32_t i;

	if (e->slow && pw_rand_below(&e->p->rand, 4) != 0)
		len = (uint32_t)pw_rand_below(&e->p->rand, len + 1);
	for (i = 0; i < len; i++)
		e->wrong += data[i] != byte_at(e->got + i);
	e->got += len;
	return len;
}

static void
on_eof(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct end *e = ctx;

	e->n_eof++;
	e->close_when_done = true;
	maybe_close(e, c);
}

static uint32_t
on_source(void *ctx, struct pw_tcp_conn *c, pw_off off, uint32_t len, struct pw_span *spans,
	uint32_t *n)
{
	static uint8_t bytes[65536];
	struct end *e = ctx;
	uint32_t i;

	CU_ASSERT_FATAL(off >= e->acked && off + len <= e->to_send);
	for (i = 0; i < len; i++)
		bytes[i] = byte_at(off + i);
	spans[0] = (struct pw_span){bytes, len, PW_PAGE_NONE};
	*n = 1000;
	return len;
}

static void
on_acked(void *ctx, struct pw_tcp_conn *c, pw_off una, pw_ns now)
{
	struct end *e = ctx;

	CU_ASSERT_TRUE(una >= e->acked && una <= e->to_send);
	e->acked = una;
}

static void
on_timer(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_resume(c);
	pw_tcp_set_timer(c, now + 5 * PW_NS_PER_MS);
}

static void
on_gone(void *ctx, struct pw_tcp_conn *c, enum pw_tcp_end why, pw_ns now)
{
	struct end *e = ctx;

	e->n_gone++;
	e->why = why;
	e->c = NULL;
}

static const struct pw_tcp_app app = {
	.open = on_open,
	.recv = on_recv,
	.eof = on_eof,
	.source = on_source,
	.acked = on_acked,
	.timer = on_timer,
	.gone = on_gone,
};

/* Ends that differ in what they can and want; the seed says how. */
static void
vary(struct pw_tcp_cfg *cfg, struct pw_rand *r)
{
	static const uint32_t bufs[] = {0, 4000, 20000, 200000};
	static const uint32_t records[] = {4, 64, 1024};

	cfg->rcv_buf_bytes = bufs[pw_rand_below(r, RTE_DIM(bufs))];
	cfg->max_sent = records[pw_rand_below(r, RTE_DIM(records))];
	cfg->max_rcv_blocks = pw_rand_below(r, 2) ? 4 : 256;
	cfg->gso_max_bytes = pw_rand_below(r, 2) ? 65536 : 0;
}

static void
vary_options(struct host *h, struct pw_rand *r)
{
	pw_tcp_set(h->t, PW_TCP_SACK, pw_rand_below(r, 4) != 0);
	pw_tcp_set(h->t, PW_TCP_TIMESTAMPS, pw_rand_below(r, 4) != 0);
	pw_tcp_set(h->t, PW_TCP_WINDOW_SCALE, pw_rand_below(r, 4) != 0);
	pw_tcp_set(h->t, PW_TCP_NAGLE, pw_rand_below(r, 4) == 0);
	pw_tcp_set(h->t, PW_TCP_ECN, pw_rand_below(r, 3));
}

static void
host_open(struct pair *p, int i, uint64_t seed, const char *cc, struct pw_rand *wild)
{
	struct host *h = &p->host[i];
	struct pw_tcp_cfg cfg = {.mem = &pw_mem_heap,
		.env = &env,
		.env_ctx = h,
		.max_conns = 4,
		.max_sent = 1024,
		.max_rcv_blocks = 128,
		.user_timeout_ns = 3000 * PW_NS_PER_S,
		.cc = cc};

	memset(cfg.secret, (int)seed + i, sizeof(cfg.secret));
	if (wild != NULL)
		vary(&cfg, wild);
	h->p = p;
	h->id = i;
	h->addr = pw_addr_v4(rte_cpu_to_be_32(0x0a000001u + (uint32_t)i));
	h->t = pw_tcp_create(&cfg, p->now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(h->t);
	if (wild != NULL)
		vary_options(h, wild);
	else if (p->link.mark_ppm != 0)
		pw_tcp_set(h->t, PW_TCP_ECN, PW_TCP_ECN_ASK);
}

static void
pair_open(struct pair *p, uint64_t seed, const struct link_cfg *link, const char *cc)
{
	struct pw_rand r;
	int i;

	memset(p, 0, sizeof(*p));
	pw_rand_init(&p->rand, seed);
	pw_rand_init(&r, seed * 131);
	p->link = *link;
	p->now = 5 * PW_NS_PER_S;
	p->client.p = p->server.p = p;
	for (i = 0; i < 2; i++)
		host_open(p, i, seed, cc, link->vary ? &r : NULL);
	CU_ASSERT_EQUAL_FATAL(pw_tcp_listen(p->host[1].t, 80, &app, &p->server), 0);
}

static void
connect_now(struct pair *p)
{
	struct pw_tcp_conn *c = pw_tcp_connect(
		p->host[0].t, &p->host[0].addr, 0, &p->host[1].addr, 80, &app, &p->client, p->now);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
}

static void
deliver(struct pair *p)
{
	struct frame *f;

	while ((f = pop_due(p)) != NULL) {
		struct pw_tcp_pkt pkt = {.src = p->host[!f->to].addr,
			.dst = p->host[f->to].addr,
			.l4 = f->bytes,
			.len = f->len,
			.ecn = f->ecn};

		pw_tcp_input(p->host[f->to].t, &pkt, p->now);
		free(f);
	}
}

static pw_ns
next_event(const struct pair *p)
{
	pw_ns at = pw_min(pw_tcp_next(p->host[0].t), pw_tcp_next(p->host[1].t));
	uint32_t i;

	for (i = 0; i < p->n_q; i++)
		at = pw_min(at, p->q[i]->at);
	return at;
}

static void
end_turn(struct host *h)
{
	check_turn(h->t, h->was_full);
	h->was_full = false;
}

/* Run until nothing is left to happen. @return false: it went on for too long */
static bool
pair_run(struct pair *p, pw_ns limit)
{
	uint64_t turns = 0;

	for (;;) {
		pw_ns at = next_event(p);

		if (at == PW_NEVER)
			return true;
		if (at > limit || turns++ > 20000000)
			return false;
		p->now = pw_max(p->now, at);
		deliver(p);
		pw_tcp_run(p->host[0].t, p->now);
		pw_tcp_run(p->host[1].t, p->now);
		end_turn(&p->host[0]);
		end_turn(&p->host[1]);
	}
}

static void
pair_close(struct pair *p)
{
	int i;

	for (i = 0; i < 2; i++) {
		struct pw_tcp_usage use;

		pw_tcp_get_usage(p->host[i].t, &use);
		CU_ASSERT_EQUAL(use.conns + use.half_open + use.time_wait, 0);
		CU_ASSERT_EQUAL(use.sent_records + use.rcv_blocks, 0);
		p->n_rtx += pw_tcp_stats(p->host[i].t)->rtx_segs;
		p->n_reductions += pw_tcp_stats(p->host[i].t)->ecn_reductions;
		pw_tcp_destroy(p->host[i].t);
	}
	while (p->n_q > 0)
		free(p->q[--p->n_q]);
}

static void
check_end(const struct end *e, uint64_t expect, uint64_t seed)
{
	if (e->got != expect || e->wrong || e->n_open != 1 || e->n_eof != 1 || e->n_gone != 1 ||
		e->why != PW_TCP_END_CLOSED)
		printf("  seed %lu: got %lu of %lu, wrong %lu, open %d eof %d gone %d why %d\n",
			(unsigned long)seed, (unsigned long)e->got, (unsigned long)expect,
			(unsigned long)e->wrong, e->n_open, e->n_eof, e->n_gone, e->why);
	CU_ASSERT_EQUAL(e->got, expect);
	CU_ASSERT_EQUAL(e->wrong, 0);
	CU_ASSERT_EQUAL(e->n_open, 1);
	CU_ASSERT_EQUAL(e->n_eof, 1);
	CU_ASSERT_EQUAL(e->n_gone, 1);
	CU_ASSERT_EQUAL(e->why, PW_TCP_END_CLOSED);
}

static struct pair pair; /* of the test that runs */

/* One transfer both ways over @p link. @return virtual seconds until both had all */
static double
transfer(uint64_t seed, const struct link_cfg *link, uint64_t up, uint64_t down, const char *cc,
	bool slow)
{
	struct pair *p = &pair;
	pw_ns begin;

	pair_open(p, seed, link, cc);
	p->client.to_send = up;
	p->server.to_send = down;
	p->client.slow = p->server.slow = slow;
	p->client.close_when_done = pw_rand_below(&p->rand, 2) != 0;
	p->server.close_when_done = !p->client.close_when_done || pw_rand_below(&p->rand, 2) != 0;
	connect_now(p);
	begin = p->now;
	CU_ASSERT_TRUE(pair_run(p, begin + 36000 * PW_NS_PER_S));
	check_end(&p->client, down, seed);
	check_end(&p->server, up, seed);
	begin = p->now - begin;
	pair_close(p);
	return (double)begin / PW_NS_PER_S;
}

static const struct link_cfg clean = {.delay = 5 * PW_NS_PER_MS, .bytes_per_s = 12500000};

static void
clean_link_loses_no_time(void)
{
	/* 2 MB at 100 Mbit/s take 0.16 s, a few round trips, and 2 MSL at the end. */
	double s = transfer(1, &clean, 100, 2000000, "cubic", false);

	CU_ASSERT_TRUE(s > 60.16 && s < 60.5);
	s = transfer(2, &clean, 100, 2000000, "newreno", false);
	CU_ASSERT_TRUE(s > 60.16 && s < 60.5);
}

/* Marks slow the sender down, and nothing is lost or sent twice for it. */
static void
c160_c162_marked_link_loses_nothing(void)
{
	static const char *const cc[] = {"cubic", "newreno"};
	struct link_cfg marking = clean;
	size_t i;

	marking.mark_ppm = 10000;
	for (i = 0; i < RTE_DIM(cc); i++) {
		double s = transfer(3 + i, &marking, 500000, 2000000, cc[i], false);

		CU_ASSERT_TRUE(s > 60.2 && s < 64);
		CU_ASSERT_EQUAL(pair.n_rtx, 0);
		CU_ASSERT_TRUE(pair.n_reductions > 5 && pair.n_reductions < 40);
	}
}

static uint32_t
maybe_below(struct pw_rand *r, uint32_t n)
{
	return pw_rand_below(r, 2) != 0 ? (uint32_t)pw_rand_below(r, n) : 0;
}

/* One draw a statement: a seed means the same to every compiler. */
static void
bad_link(uint64_t seed)
{
	struct link_cfg l = {.vary = true};
	uint64_t up, down;
	struct pw_rand r;

	pw_rand_init(&r, seed * 77);
	l.loss_ppm = maybe_below(&r, 150000);
	l.reorder_ppm = maybe_below(&r, 300000);
	l.dup_ppm = maybe_below(&r, 100000);
	l.corrupt_ppm = maybe_below(&r, 50000);
	l.full_ppm = maybe_below(&r, 200000);
	l.mark_ppm = maybe_below(&r, 100000);
	l.delay = pw_rand_below(&r, 100 * PW_NS_PER_MS);
	l.jitter = 1 + pw_rand_below(&r, 100 * PW_NS_PER_MS);
	if (pw_rand_below(&r, 2) != 0)
		l.bytes_per_s = 100000 + pw_rand_below(&r, 10000000);
	up = pw_rand_below(&r, 100000);
	down = pw_rand_below(&r, 300000);
	transfer(seed, &l, up, down, seed & 1 ? "cubic" : "newreno", (seed & 6) == 0);
}

static void
s1_to_s6_s10_bad_links_deliver_all(void)
{
	uint64_t seed, n = 1000;

	printf("\n    seeds 1..%lu ", (unsigned long)n);
	for (seed = 1; seed <= n && CU_get_number_of_failures() <= 20; seed++)
		bad_link(seed);
}

/* Both ends mistake what the other sends: what each says to that must die out. */
static void
s11_corrupt_ends_fall_silent(void)
{
	struct pair *p = &pair;

	pair_open(p, 3, &clean, "cubic");
	p->client.to_send = p->server.to_send = 100;
	connect_now(p);
	CU_ASSERT_TRUE(pair_run(p, PW_NEVER - 1));
	CU_ASSERT_EQUAL_FATAL(p->client.got + p->server.got, 200);
	p->client.c->irs1 += 1000000;
	p->server.c->irs1 += 2000000;
	p->n_frames = 0;
	pw_tcp_send(p->client.c, 100);
	p->client.to_send += 100;
	CU_ASSERT_TRUE(pair_run(p, PW_NEVER - 1));
	/* A segment, its ACK, a challenge each way; then the limit of 500 ms. */
	CU_ASSERT_EQUAL(p->client.why, PW_TCP_END_TIMEOUT);
	CU_ASSERT_TRUE(p->n_frames <= 4 * (pw_tcp_stats(p->host[0].t)->rtx_segs + 1));
	pw_tcp_abort_all(p->host[1].t, p->now);
	CU_ASSERT_TRUE(pair_run(p, PW_NEVER - 1));
	pair_close(p);
}

static void
s12_same_seed_same_trace(void)
{
	static const struct link_cfg bad = {.loss_ppm = 30000,
		.reorder_ppm = 50000,
		.dup_ppm = 20000,
		.corrupt_ppm = 10000,
		.delay = 20 * PW_NS_PER_MS,
		.jitter = 30 * PW_NS_PER_MS,
		.bytes_per_s = 1000000};
	uint64_t first;

	transfer(9, &bad, 20000, 300000, "cubic", false);
	first = pair.trace;
	transfer(9, &bad, 20000, 300000, "cubic", false);
	CU_ASSERT_EQUAL(pair.trace, first);
	transfer(10, &bad, 20000, 300000, "cubic", false);
	CU_ASSERT_NOT_EQUAL(pair.trace, first);
}

static CU_TestInfo tests[] = {
	{"clean_link_loses_no_time", clean_link_loses_no_time},
	{"c160_c162_marked_link_loses_nothing", c160_c162_marked_link_loses_nothing},
	{"s1_to_s6_s10_bad_links_deliver_all", s1_to_s6_s10_bad_links_deliver_all},
	{"s11_corrupt_ends_fall_silent", s11_corrupt_ends_fall_silent},
	{"s12_same_seed_same_trace", s12_same_seed_same_trace},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_pair = {.pName = "tcp_pair", .pTests = tests};
