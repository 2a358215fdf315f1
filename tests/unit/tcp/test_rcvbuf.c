/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * How large the receive window is: cases C175 to C177. The round trip has 10 ms.
 */
#include <stdio.h>
#include "rig.h"
#include "tcp_priv.h"

#define KIB    1024u
#define MIB    (1024u * KIB)
#define SEG    1448u
#define RTT    MS(10)
#define MOST   (16 * MIB)
#define N_IDLE 10000

static struct rig rig;
static pw_off sent; /* by the peer */

static void
open_rig(uint32_t most, uint32_t blocks, const struct rig_peer *p)
{
	const struct pw_tcp_cfg cfg = {
		.rcv_buf_bytes = most, .max_rcv_blocks = blocks, .cc = "newreno"};

	rig_open(&rig, &cfg);
	sent = 0;
	rig_accept(&rig, p);
}

static void
setup(void)
{
	open_rig(MOST, 0, &rig_linux);
}

static void
teardown(void)
{
	rig_close(&rig);
}

static uint32_t
window(void)
{
	struct pw_tcp_info info;

	pw_tcp_get_info(rig.user.c, &info);
	return info.rcv_buf_bytes;
}

static uint64_t
promised(void)
{
	struct pw_tcp_usage use;

	pw_tcp_get_usage(rig.t, &use);
	return use.rcv_promised;
}

/* So many bytes come at once, in whole segments, each second one of them acknowledged. */
static void
burst(uint32_t bytes)
{
	uint32_t n = (bytes + SEG - 1) / SEG;

	for (; n > 0; n--) {
		CU_ASSERT_EQUAL(rig_data(&rig, sent, SEG), PW_OK);
		sent += SEG;
		rig_run(&rig);
		rig_skip(&rig);
	}
}

static void
rounds(uint32_t n, uint32_t bytes, pw_ns each)
{
	for (; n > 0; n--) {
		burst(bytes);
		rig_wait(&rig, each);
		rig_skip(&rig);
	}
}

/* ---- C175: growth ---- */

static void
c175_begins_small(void)
{
	const struct rig_seg *s;

	CU_ASSERT_EQUAL(window(), 64 * KIB);
	rig_data(&rig, 0, SEG);
	rig_run(&rig);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_TRUE((uint32_t)s->h.wnd << rig.user.c->rcv_shift <= 64 * KIB);
	CU_ASSERT_EQUAL(rig.user.c->rcv_shift, 9); /* for the most that it can be */
}

/* A sender who uses what he is offered, a window in a round trip. */
static void
c175_doubles_each_round_trip(void)
{
	uint32_t n;

	for (n = 0; window() < MOST && n < 20; n++)
		rounds(1, window() - 2 * SEG, RTT);
	CU_ASSERT_EQUAL(window(), MOST);
	CU_ASSERT_TRUE(n <= 10);
	rounds(2, 4 * MIB, RTT);
	CU_ASSERT_EQUAL(window(), MOST);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rcv_grown, 8);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rcv_denied, 0);
}

/* Slow start: twice as much in each round trip. The window is never what limits it. */
static void
c175_stays_ahead_of_slow_start(void)
{
	uint32_t bytes;

	for (bytes = 10 * SEG; bytes < 4 * MIB; bytes *= 2) {
		CU_ASSERT_TRUE(rig.user.c->rcv_adv - rig.user.c->rcv_nxt >= bytes);
		rounds(1, bytes, RTT);
	}
}

/* Twice what comes in a round trip at least, eight times at most. */
static void
c175_as_large_as_round_trips_need(void)
{
	uint32_t bytes;

	for (bytes = 11 * SEG; bytes < MIB; bytes += bytes / 3) {
		rounds(40, bytes, RTT);
		CU_ASSERT_TRUE(window() >= 2 * bytes);
		CU_ASSERT_TRUE(window() <= 8 * (bytes + SEG));
	}
}

static void
c175_slow_senders_have_enough(void)
{
	rounds(200, 15 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 64 * KIB);
	rig_wait(&rig, RTT);
	rounds(100, 30 * KIB, 5 * RTT);
	CU_ASSERT_EQUAL(window(), 64 * KIB);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rcv_grown, 0);
}

/* A window that grows in the middle of one of its new halves: the rest of that is no half. */
static void
c175_a_leap_is_not_measured(void)
{
	rounds(10, 31 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 128 * KIB);
	while ((rig.user.c->rcv_adv >> 16) % 2 != 0) /* to the end of an even half */
		rounds(1, 8 * KIB, 10 * RTT);
	rounds(3, 62 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 256 * KIB);
	rounds(20, 62 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 256 * KIB);
}

/* Behind a hole everything waits, and comes at once: who repairs it needs a round trip more. */
static void
c175_grows_behind_a_hole(void)
{
	pw_off hole;
	int i;

	for (i = 0; i < 3; i++) {
		hole = sent;
		sent += SEG;
		burst(60 * KIB);
		rig_wait(&rig, 5 * RTT);
		CU_ASSERT_EQUAL(rig_data(&rig, hole, SEG), PW_OK);
		rig_run(&rig);
		rig_wait(&rig, 5 * RTT);
		rig_skip(&rig);
		CU_ASSERT_EQUAL(rig.user.received, sent);
	}
	CU_ASSERT_EQUAL(window(), 128 * KIB);
}

/* What counts is what the user takes. */
static void
c175_not_for_a_user_who_takes_nothing(void)
{
	rig.user.take_at_most = 0;
	burst(60 * KIB);
	rig_wait(&rig, RTT);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(window(), 64 * KIB);
	rig.user.take_at_most = UINT32_MAX;
	pw_tcp_resume(rig.user.c);
	rig_wait(&rig, 5 * RTT);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(rig.user.received, sent);
}

/* Windows that cannot be told of, or were not wanted. */
static void
c175_within_its_bounds(void)
{
	teardown();
	open_rig(MOST, 0, &rig_ancient);
	rounds(10, 60 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 65535);
	teardown();
	open_rig(100000, 0, &rig_linux);
	rounds(10, 60 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 100000);
	teardown();
	open_rig(0, 0, &rig_linux);
	rounds(10, 60 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 64 * KIB);
	teardown();
	open_rig(5000, 0, &rig_linux);
	rounds(10, 4000, RTT);
	CU_ASSERT_EQUAL(window(), 5000);
}

/* ---- C176: giving back; that the edge never does is looked at in each segment ---- */

static void
c176_what_became_slow_gives_back(void)
{
	pw_off edge;

	teardown();
	open_rig(MOST, 80 * KIB / 2048, &rig_linux); /* one doubling is all there is */
	rounds(10, 32 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 128 * KIB);
	edge = rig.user.c->rcv_adv;
	rounds(6, 16 * KIB, 10 * RTT);
	CU_ASSERT_EQUAL(window(), 64 * KIB);
	CU_ASSERT_EQUAL(promised(), 0);
	CU_ASSERT_TRUE(rig.user.c->rcv_adv >= edge);
	CU_ASSERT_TRUE(rig.user.c->rcv_adv - rig.user.c->rcv_read > 64 * KIB);
	rounds(4, 16 * KIB, 10 * RTT);
	CU_ASSERT_TRUE(rig.user.c->rcv_adv - rig.user.c->rcv_read <= 64 * KIB);
	rounds(10, 32 * KIB, RTT); /* and has it again */
	CU_ASSERT_EQUAL(window(), 128 * KIB);
}

static void
c176_nobody_gives_back_without_need(void)
{
	rounds(10, 31 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 128 * KIB);
	rounds(20, 16 * KIB, 10 * RTT);
	CU_ASSERT_EQUAL(window(), 128 * KIB);
}

/* ---- C177: memory ---- */

static void
c177_no_more_is_promised_than_there_is(void)
{
	teardown();
	open_rig(MOST, 512 * KIB / 2048, &rig_linux);
	rounds(20, 60 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 256 * KIB);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rcv_denied, 0);
	rounds(3, 250 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 512 * KIB); /* 448 KiB more than at first */
	CU_ASSERT_EQUAL(promised(), 448 * KIB);
	rounds(3, 500 * KIB, RTT);
	CU_ASSERT_EQUAL(window(), 512 * KIB);
	CU_ASSERT_TRUE(pw_tcp_stats(rig.t)->rcv_denied > 0);
	pw_tcp_abort(rig.user.c, rig.now);
	CU_ASSERT_EQUAL(promised(), 0);
	rig_skip(&rig);
}

/* Each may have 16 MiB under way, and none has anything. */
static void
c177_idle_receivers_take_nothing(void)
{
	const struct pw_tcp_cfg cfg = {
		.rcv_buf_bytes = MOST, .max_conns = N_IDLE, .max_half_open = N_IDLE};
	struct pw_tcp_usage use;
	uint32_t i;

	rig_open(&rig, &cfg);
	for (i = 0; i < N_IDLE; i++) {
		rig.port = (uint16_t)(1 + i);
		CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
		pw_tcp_run(rig.t, rig.now);
		rig_learn(&rig, &rig_linux, rig_next(&rig));
		CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_OK);
	}
	pw_tcp_get_usage(rig.t, &use);
	CU_ASSERT_EQUAL(use.conns, N_IDLE);
	CU_ASSERT_EQUAL(use.rcv_blocks, 0);
	CU_ASSERT_EQUAL(use.rcv_promised, 0);
	printf("10,000 idle receivers: %zu KiB with all tables, and %zu MiB of blocks for all ",
		N_IDLE * pw_tcp_conn_bytes(80, N_IDLE) / KIB,
		((size_t)rig.t->rcv.n << rig.t->rcv.block_bits) / MIB);
	rig.way_full = true;
	pw_tcp_abort_all(rig.t, rig.now);
	rig.way_full = false;
}

static CU_TestInfo tests[] = {
	TEST(c175_begins_small),
	TEST(c175_doubles_each_round_trip),
	TEST(c175_stays_ahead_of_slow_start),
	TEST(c175_as_large_as_round_trips_need),
	TEST(c175_slow_senders_have_enough),
	TEST(c175_a_leap_is_not_measured),
	TEST(c175_grows_behind_a_hole),
	TEST(c175_not_for_a_user_who_takes_nothing),
	TEST(c175_within_its_bounds),
	TEST(c176_what_became_slow_gives_back),
	TEST(c176_nobody_gives_back_without_need),
	TEST(c177_no_more_is_promised_than_there_is),
	TEST(c177_idle_receivers_take_nothing),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_rcvbuf = {
	.pName = "tcp_rcvbuf", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
