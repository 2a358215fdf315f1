/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A train of segments does what its segments do one by one: two connections are fed the
 * same, one by trains, and everything that they say and count is compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include "pw_rand.h"
#include "pw_wire_cksum.h"
#include "rig.h"
#include "tcp_priv.h"

#define SEED	 20260303
#define SEGS_MAX 24

static struct rig one, train;
static struct pw_drops dropped_one, dropped_train;
static uint32_t ts_back; /* by so much the peer's timestamps are too old */
static uint8_t bytes[2000], more_bytes[SEGS_MAX][1500];

static void
setup(void)
{
	ts_back = 0;
	rig_open(&one, NULL);
	rig_open(&train, NULL);
	memset(&dropped_one, 0, sizeof(dropped_one));
	memset(&dropped_train, 0, sizeof(dropped_train));
}

static void
teardown(void)
{
	rig_close(&one);
	rig_close(&train);
}

static void
fill(const struct rig *r, uint8_t *p, uint32_t seq, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		p[i] = rig_byte(seq - (r->peer_iss + 1) + i);
}

/* A segment of the peer at @p seq into bytes. */
static struct pw_tcp_pkt
packet(const struct rig *r, uint32_t seq, uint32_t ack, uint32_t len)
{
	uint8_t opts[PW_TCP_TS_LEN];
	struct pw_tcp_hdr h = {
		.sport = r->port,
		.dport = RIG_PORT,
		.seq = seq,
		.ack = ack,
		.wnd = 500,
		.flags = PW_TCP_ACK,
		.opt_len = r->ts != 0 ? PW_TCP_TS_LEN : 0,
	};
	struct pw_tcp_pkt pkt = {.src = r->peer, .dst = r->us, .l4 = bytes, .cksum_ok = true};
	uint32_t hlen;

	pw_tcp_put_ts(opts, rig_ts(r) - ts_back, r->ts_ecr);
	hlen = pw_tcp_emit(bytes, &h, opts);
	fill(r, bytes + hlen, seq, len);
	pkt.len = hlen + len;
	return pkt;
}

static void
one_by_one(uint32_t seq, uint32_t ack, const uint32_t *lens, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct pw_tcp_pkt pkt = packet(&one, seq, ack, lens[i]);
		enum pw_drop why = pw_tcp_input(one.t, &pkt, one.now);

		if (why != PW_OK)
			pw_drop_count(&dropped_one, why);
		seq += lens[i];
	}
}

static void
as_a_train(uint32_t seq, uint32_t ack, const uint32_t *lens, uint32_t n)
{
	struct pw_tcp_pkt pkt = packet(&train, seq, ack, lens[0]);
	struct pw_tcp_more more[SEGS_MAX];
	uint32_t i;

	for (i = 1; i < n; i++) {
		seq += lens[i - 1];
		fill(&train, more_bytes[i], seq, lens[i]);
		more[i - 1] = (struct pw_tcp_more){.data = more_bytes[i], .len = lens[i]};
	}
	pw_tcp_input_train(train.t, &pkt, more, n - 1, &dropped_train, train.now);
}

static void
both(uint32_t seq, uint32_t ack, const uint32_t *lens, uint32_t n)
{
	one_by_one(seq, ack, lens, n);
	as_a_train(seq, ack, lens, n);
}

static void
check_same(void)
{
	const struct rig_seg *a, *b;

	while ((a = rig_next(&one)) != NULL) {
		b = rig_next(&train);
		CU_ASSERT_PTR_NOT_NULL_FATAL(b);
		CU_ASSERT_EQUAL(memcmp(&a->h, &b->h, sizeof(a->h)), 0);
		CU_ASSERT_EQUAL(memcmp(&a->o, &b->o, sizeof(a->o)), 0);
		CU_ASSERT_EQUAL(a->len, b->len);
	}
	EXPECT_NOTHING(&train);
	CU_ASSERT_EQUAL(memcmp(&dropped_one, &dropped_train, sizeof(dropped_one)), 0);
	CU_ASSERT_EQUAL(
		memcmp(pw_tcp_stats(one.t), pw_tcp_stats(train.t), sizeof(struct pw_tcp_stats)), 0);
	CU_ASSERT_EQUAL(one.user.received, train.user.received);
	CU_ASSERT_EQUAL(one.user.n_gone, train.user.n_gone);
	CU_ASSERT_EQUAL(one.user.received_wrong + train.user.received_wrong, 0);
}

static void
each_rig(void (*f)(struct rig *))
{
	f(&one);
	f(&train);
}

static void
handshake(struct rig *r)
{
	rig_accept(r, &rig_linux);
}

static void
a_train_in_order_is_delivered(void)
{
	static const uint32_t lens[] = {1448, 1448, 1448, 700};

	each_rig(handshake);
	both(one.snd, one.iss + 1, lens, 4);
	CU_ASSERT_EQUAL(train.user.received, 3 * 1448 + 700);
	CU_ASSERT_EQUAL(pw_tcp_stats(train.t)->segs_in, pw_tcp_stats(one.t)->segs_in);
	each_rig(rig_run);
	check_same();
}

static void
close_it(struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_abort(c, now);
}

static void
abort_in_recv(struct rig *r)
{
	r->user.act = close_it;
	r->user.act_in = RIG_RECV;
}

/* The user resets in the middle: what follows is answered as by a host that knows nothing. */
static void
the_connection_ends_in_the_middle(void)
{
	static const uint32_t lens[] = {100, 200, 300};

	each_rig(handshake);
	each_rig(abort_in_recv);
	both(one.snd, one.iss + 1, lens, 3);
	each_rig(rig_run);
	CU_ASSERT_EQUAL(train.user.received, 100);
	CU_ASSERT_EQUAL(dropped_train.n[PW_DROP_TCP_CLOSED], 2);
	check_same();
}

/* Its timestamp is old (PAWS), and so is that of the bytes behind it, which are the next. */
static void
what_follows_a_refused_segment_is_refused(void)
{
	static const uint32_t lens[] = {1000, 1000};

	each_rig(handshake);
	both(one.snd, one.iss + 1, lens, 1);
	CU_ASSERT_EQUAL(train.user.received, 1000);
	ts_back = 5000;
	both(one.snd, one.iss + 1, lens, 2);
	CU_ASSERT_EQUAL(train.user.received, 1000);
	CU_ASSERT_EQUAL(dropped_train.n[PW_DROP_TCP_PAWS], 2);
	check_same();
}

static void
a_train_for_nobody_is_refused(void)
{
	static const uint32_t lens[] = {100, 200, 300};

	one.port = train.port = 4711;
	both(1000, 2000, lens, 3);
	CU_ASSERT_EQUAL(dropped_train.n[PW_DROP_TCP_CLOSED], 3);
	check_same();
}

static void
a_header_that_lies_drops_all(void)
{
	static const uint32_t lens[] = {100, 200};

	one.port = train.port = 0;
	both(1000, 2000, lens, 2);
	CU_ASSERT_EQUAL(dropped_train.n[PW_DROP_TCP_PORT_ZERO], 2);
	check_same();
}

/* Where a train begins: mostly in order, else ahead, behind, or far out. */
static uint32_t
random_start(struct pw_rand *r)
{
	switch (pw_rand_below(r, 8)) {
	case 0:
		return (uint32_t)pw_rand_below(r, 5000);
	case 1:
		return (uint32_t)-pw_rand_below(r, 5000);
	case 2:
		return (uint32_t)pw_rand_below(r, 200000);
	default:
		return 0;
	}
}

static void
random_step(struct pw_rand *r)
{
	uint32_t lens[SEGS_MAX] = {0}, n = 1 + (uint32_t)pw_rand_below(r, SEGS_MAX), i;
	uint32_t take = pw_rand_below(r, 4) == 0 ? (uint32_t)pw_rand_below(r, 3000) : UINT32_MAX;
	uint32_t at = one.peer_iss + 1 + (uint32_t)one.user.c->rcv_nxt + random_start(r);
	uint32_t ack = one.iss + 1 + (uint32_t)one.user.c->snd_una;

	if (pw_rand_below(r, 4) == 0)
		ack = one.iss + 1 + (uint32_t)one.user.c->snd_nxt;
	for (i = 0; i < n; i++)
		lens[i] = 1 + (uint32_t)pw_rand_below(r, 1448);
	one.user.take_at_most = train.user.take_at_most = take;
	both(at, ack, lens, n);
	each_rig(rig_run);
	check_same();
}

static void
resume_all(struct rig *r)
{
	r->user.take_at_most = UINT32_MAX;
	pw_tcp_resume(r->user.c);
	pw_tcp_send(r->user.c, 3000);
	rig_wait(r, 3 * PW_NS_PER_MS);
}

static void
random_trains_are_as_their_segments(void)
{
	struct pw_rand r;
	uint32_t i;

	printf("seed %d ", SEED);
	pw_rand_init(&r, SEED);
	each_rig(handshake);
	for (i = 0; i < 3000; i++) {
		random_step(&r);
		if (pw_rand_below(&r, 3) == 0)
			each_rig(resume_all);
		check_same();
	}
	CU_ASSERT_TRUE(one.user.received > 10000000);
}

static CU_TestInfo tests[] = {
	TEST(a_train_in_order_is_delivered),
	TEST(the_connection_ends_in_the_middle),
	TEST(what_follows_a_refused_segment_is_refused),
	TEST(a_train_for_nobody_is_refused),
	TEST(a_header_that_lies_drops_all),
	TEST(random_trains_are_as_their_segments),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_train = {
	.pName = "tcp_train", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
