/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdlib.h>
#include "pw_wire_cksum.h"
#include "check.h"
#include "rig.h"

const struct rig_peer rig_linux = {
	.mss = 1460, .wnd = 64000, .wscale = 7, .sack = true, .ts = true};
const struct rig_peer rig_ancient = {.mss = 1460, .wnd = 65535, .wscale = -1};

static bool
source_right(const struct pw_tcp_seg *seg, pw_off off)
{
	uint32_t i, k, total = 0;

	for (i = 0; i < seg->n_spans; i++)
		for (k = 0; k < seg->spans[i].len; k++)
			if (seg->spans[i].addr[k] != rig_byte(off + total++))
				return false;
	return total == seg->len;
}

static int
keep(void *ctx, const struct pw_tcp_seg *seg)
{
	struct rig *r = ctx;
	struct rig_seg *s = &r->out[r->n_out % RIG_OUT_MAX];

	if (r->way_full || r->way_room == 0)
		return -ENOBUFS;
	r->way_room--;
	check_segment(r->t, seg);
	CU_ASSERT_FATAL(r->n_out - r->n_seen < RIG_OUT_MAX);
	r->n_out++;
	*s = (struct rig_seg){.h = seg->hdr,
		.len = seg->len,
		.gso_size = seg->gso_size,
		.rtx = seg->rtx,
		.ecn = seg->ecn};
	pw_tcp_parse_opts(seg->opts, seg->hdr.opt_len, &s->o);
	if (r->iss == 0 && seg->hdr.flags == (PW_TCP_SYN | PW_TCP_ACK))
		r->iss = seg->hdr.seq; /* data may follow in the same turn */
	if (s->o.has & PW_OPT_FAST_OPEN)
		s->o.cookie = memcpy(s->cookie, s->o.cookie, s->o.cookie_len);
	if (s->o.has & PW_OPT_TS)
		r->ts_ecr = s->o.ts_val;
	s->bytes_right = source_right(seg, (pw_off)rig_off(r, s));
	return 0;
}

static const struct pw_tcp_env env = {.send = keep};

static void
act(struct rig_user *u, enum rig_callback in, struct pw_tcp_conn *c, pw_ns now)
{
	if (u->act == NULL || u->act_in != in)
		return;
	u->n_acts++;
	u->act(c, now);
}

static bool
on_open(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct rig_user *u = ctx;

	if (u->open_says_no)
		return false;
	u->c = c;
	u->n_open++;
	act(u, RIG_OPEN, c, now);
	return true;
}

static uint32_t
on_recv(void *ctx, struct pw_tcp_conn *c, const uint8_t *data, uint32_t len, pw_ns now)
{
	struct rig_user *u = ctx;
	uint32_t i, n = (uint32_t)pw_min(len, u->take_at_most);

	for (i = 0; i < n; i++)
		u->received_wrong += data[i] != rig_byte(u->received + i);
	u->received += n;
	act(u, RIG_RECV, c, now);
	return n;
}

static void
on_eof(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct rig_user *u = ctx;

	u->n_eof++;
	act(u, RIG_EOF, c, now);
}

static uint32_t
on_source(void *ctx, struct pw_tcp_conn *c, pw_off off, uint32_t len, struct pw_span *spans,
	uint32_t *n)
{
	static uint8_t bytes[65536];
	struct rig_user *u = ctx;
	uint32_t i;

	act(u, RIG_SOURCE, c, 0);
	if (u->source_dry)
		return 0;
	if (u->source_at_most != 0)
		len = (uint32_t)pw_min(len, u->source_at_most);
	CU_ASSERT_FATAL(len <= sizeof(bytes) && len > 0);
	for (i = 0; i < len; i++)
		bytes[i] = rig_byte(off + i);
	/* Two spans, as at the end of a page. */
	spans[0] = (struct pw_span){bytes, len / 2, PW_PAGE_NONE};
	spans[1] = (struct pw_span){bytes + len / 2, len - len / 2, PW_PAGE_NONE};
	*n = 2;
	return len;
}

static void
on_acked(void *ctx, struct pw_tcp_conn *c, pw_off una, pw_ns now)
{
	struct rig_user *u = ctx;

	CU_ASSERT_TRUE(una >= u->acked);
	u->acked = una;
	act(u, RIG_ACKED, c, now);
}

static void
on_timer(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct rig_user *u = ctx;

	u->n_timer++;
	act(u, RIG_TIMER, c, now);
}

static void
on_gone(void *ctx, struct pw_tcp_conn *c, enum pw_tcp_end why, pw_ns now)
{
	struct rig_user *u = ctx;

	u->n_gone++;
	u->why = why;
	u->c = NULL;
	act(u, RIG_GONE, c, now);
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
const struct pw_tcp_app *const rig_app = &app;

void
rig_open(struct rig *r, const struct pw_tcp_cfg *more)
{
	struct pw_tcp_cfg cfg = more != NULL ? *more : (struct pw_tcp_cfg){.cc = "newreno"};

	rig_close(r);
	memset(r, 0, sizeof(*r));
	r->now = 1000 * PW_NS_PER_S;
	r->us = pw_addr_v4(RTE_BE32(0x0a4d0001));
	r->peer = pw_addr_v4(RTE_BE32(0x0a4d0002));
	r->user.take_at_most = UINT32_MAX;
	r->way_room = UINT32_MAX;
	r->port = RIG_PEER_PORT;
	r->peer_iss = RIG_PEER_ISS;
	cfg.mem = &pw_mem_heap;
	cfg.env = &env;
	cfg.env_ctx = r;
	cfg.max_conns = cfg.max_conns ? cfg.max_conns : 64;
	cfg.max_traced = cfg.max_traced ? cfg.max_traced : 8;
	cfg.trace_events = cfg.trace_events ? cfg.trace_events : 32;
	memset(cfg.secret, 7, sizeof(cfg.secret));
	r->t = pw_tcp_create(&cfg, r->now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->t);
	CU_ASSERT_EQUAL_FATAL(pw_tcp_listen(r->t, RIG_PORT, &app, &r->user), 0);
}

void
rig_close(struct rig *r)
{
	struct pw_tcp_usage use;

	if (r->t == NULL)
		return;
	EXPECT_NOTHING(r);
	pw_tcp_abort_all(r->t, r->now);
	rig_skip(r);
	rig_wait(r, 120 * PW_NS_PER_S); /* 2 MSL */
	pw_tcp_get_usage(r->t, &use);
	CU_ASSERT_EQUAL(use.conns, 0);
	CU_ASSERT_EQUAL(use.half_open, 0);
	CU_ASSERT_EQUAL(use.fast_open, 0);
	CU_ASSERT_EQUAL(use.time_wait, 0);
	CU_ASSERT_EQUAL(use.sent_records, 0);
	CU_ASSERT_EQUAL(use.rcv_blocks, 0);
	CU_ASSERT_EQUAL(use.rcv_promised, 0);
	CU_ASSERT_EQUAL(use.sides, 0);
	CU_ASSERT_EQUAL(use.traced, 0);
	CU_ASSERT_EQUAL(pw_tcp_next(r->t), PW_NEVER);
	CU_ASSERT_EQUAL(r->user.n_open, r->user.n_gone);
	CU_ASSERT_EQUAL(r->user.received_wrong, 0);
	pw_tcp_destroy(r->t);
	r->t = NULL;
}

enum pw_drop
rig_raw(struct rig *r, struct pw_tcp_hdr h, const uint8_t *opts, uint32_t len)
{
	uint8_t *bytes = malloc(100 + len);
	struct pw_tcp_pkt pkt = {.src = r->peer, .dst = r->us, .l4 = bytes, .ecn = r->ecn};
	uint32_t i, hlen = pw_tcp_emit(bytes, &h, opts);
	uint32_t off = h.seq + ((h.flags & PW_TCP_SYN) != 0) - (r->peer_iss + 1);
	enum pw_drop why;
	uint16_t sum;

	for (i = 0; i < len; i++)
		bytes[hlen + i] = rig_byte(off + i);
	pkt.len = hlen + len;
	sum = pw_sum_add(pw_sum_pseudo(&pkt.src, &pkt.dst, 6, pkt.len), pw_sum(bytes, pkt.len));
	sum = pw_sum_finish(sum);
	memcpy(bytes + 16, &sum, 2);
	why = pw_tcp_input(r->t, &pkt, r->now);
	free(bytes);
	return why;
}

uint32_t
rig_ts(const struct rig *r)
{
	return r->ts + (uint32_t)(r->now / PW_NS_PER_MS);
}

enum pw_drop
rig_in(struct rig *r, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t wnd, uint32_t len,
	const struct pw_tcp_sack *sack, uint32_t n_sack)
{
	uint8_t opts[PW_TCP_OPT_MAX];
	struct pw_tcp_hdr h = {.sport = r->port,
		.dport = RIG_PORT,
		.seq = seq,
		.ack = ack,
		.wnd = (uint16_t)(flags & PW_TCP_SYN ? wnd : wnd >> r->peer_shift),
		.flags = flags};
	uint32_t n = 0;

	if (r->ts != 0) {
		pw_tcp_put_ts(opts, rig_ts(r), r->ts_ecr);
		n = PW_TCP_TS_LEN;
	}
	if (n_sack > 0)
		n += pw_tcp_put_sack(opts + n, sack, n_sack);
	h.opt_len = (uint8_t)n;
	return rig_raw(r, h, opts, len);
}

static uint32_t
syn_opts(struct rig *r, const struct rig_peer *p, uint8_t *opts)
{
	struct pw_tcp_opts o = {.has = PW_OPT_MSS, .mss = p->mss, .wscale = (uint8_t)p->wscale};

	o.has |= p->wscale >= 0 ? PW_OPT_WSCALE : 0;
	o.has |= p->sack ? PW_OPT_SACK_OK : 0;
	if (p->ts) {
		r->ts = 500000;
		o.has |= PW_OPT_TS;
		o.ts_val = rig_ts(r);
		o.ts_ecr = r->ts_ecr;
	}
	return pw_tcp_put_syn_opts(opts, &o);
}

enum pw_drop
rig_syn(struct rig *r, const struct rig_peer *p)
{
	uint8_t opts[PW_TCP_OPT_MAX];
	struct pw_tcp_hdr h = {.sport = r->port,
		.dport = RIG_PORT,
		.seq = r->peer_iss,
		.wnd = p->wnd,
		.flags = PW_TCP_SYN | r->syn_flags};

	h.opt_len = (uint8_t)syn_opts(r, p, opts);
	return rig_raw(r, h, opts, 0);
}

enum pw_drop
rig_syn_ack(struct rig *r, const struct rig_peer *p)
{
	uint8_t opts[PW_TCP_OPT_MAX];
	struct pw_tcp_hdr h = {.sport = r->port,
		.dport = RIG_PORT,
		.seq = r->peer_iss,
		.ack = r->iss + 1,
		.wnd = p->wnd,
		.flags = PW_TCP_SYN | PW_TCP_ACK | r->syn_flags};

	h.opt_len = (uint8_t)syn_opts(r, p, opts);
	return rig_raw(r, h, opts, 0);
}

void
rig_learn(struct rig *r, const struct rig_peer *p, const struct rig_seg *syn_ack)
{
	r->iss = syn_ack->h.seq;
	r->snd = r->peer_iss + 1;
	r->peer_shift = (syn_ack->o.has & PW_OPT_WSCALE) ? (uint8_t)p->wscale : 0;
}

void
rig_accept(struct rig *r, const struct rig_peer *p)
{
	const struct rig_seg *s;

	CU_ASSERT_EQUAL(rig_syn(r, p), PW_OK);
	rig_run(r);
	s = rig_next(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags & ~PW_TCP_ECE, PW_TCP_SYN | PW_TCP_ACK);
	CU_ASSERT_EQUAL(s->h.ack, r->peer_iss + 1);
	rig_learn(r, p, s);
	r->now += MS(10); /* the round trip */
	CU_ASSERT_EQUAL(rig_ack(r, 0), PW_OK);
	rig_run(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->user.c);
	EXPECT_NOTHING(r);
}

struct pw_tcp_conn *
rig_connect(struct rig *r, const struct rig_peer *p)
{
	const struct rig_seg *s;
	struct pw_tcp_conn *c =
		pw_tcp_connect(r->t, &r->us, RIG_PORT, &r->peer, r->port, &app, &r->user, r->now);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	rig_run(r);
	s = rig_next(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags & ~(PW_TCP_ECE | PW_TCP_CWR), PW_TCP_SYN);
	rig_learn(r, p, s);
	r->now += MS(10);
	return c;
}

enum pw_drop
rig_ack_wnd(struct rig *r, pw_off off, uint32_t wnd)
{
	return rig_in(r, PW_TCP_ACK, r->snd, r->iss + 1 + (uint32_t)off, wnd, 0, NULL, 0);
}

enum pw_drop
rig_ack(struct rig *r, pw_off off)
{
	return rig_ack_wnd(r, off, 64000u << r->peer_shift);
}

enum pw_drop
rig_sack(struct rig *r, pw_off off, const pw_off *blocks)
{
	struct pw_tcp_sack s[PW_TCP_SACK_MAX];
	uint32_t n = 0;

	for (; blocks[2 * n + 1] != 0; n++) {
		s[n].left = r->iss + 1 + (uint32_t)blocks[2 * n];
		s[n].right = r->iss + 1 + (uint32_t)blocks[2 * n + 1];
	}
	return rig_in(r, PW_TCP_ACK, r->snd, r->iss + 1 + (uint32_t)off, 64000u << r->peer_shift, 0,
		s, n);
}

enum pw_drop
rig_data(struct rig *r, pw_off off, uint32_t len)
{
	return rig_in(r, PW_TCP_ACK, r->peer_iss + 1 + (uint32_t)off,
		r->iss + 1 + (uint32_t)r->user.acked, 64000u << r->peer_shift, len, NULL, 0);
}

void
rig_run(struct rig *r)
{
	pw_tcp_run(r->t, r->now);
	check_turn(r->t, r->way_full || r->way_room == 0);
}

void
rig_wait(struct rig *r, pw_ns ns)
{
	pw_ns end = r->now + ns;
	int turns = 0;

	rig_run(r);
	while (pw_tcp_next(r->t) <= end && !r->way_full && r->way_room > 0) {
		pw_ns next = pw_tcp_next(r->t);

		CU_ASSERT_FATAL(turns++ < 100000);
		r->now = pw_max(r->now, next);
		rig_run(r);
	}
	r->now = end;
	rig_run(r);
}

const struct rig_seg *
rig_next(struct rig *r)
{
	if (r->n_seen == r->n_out)
		return NULL;
	return &r->out[r->n_seen++ % RIG_OUT_MAX];
}

uint32_t
rig_skip(struct rig *r)
{
	uint32_t n = r->n_out - r->n_seen;

	r->n_seen = r->n_out;
	return n;
}

int64_t
rig_off(const struct rig *r, const struct rig_seg *s)
{
	return (int32_t)(s->h.seq - (r->iss + 1));
}
