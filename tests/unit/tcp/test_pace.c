/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Pacing: quanta of a millisecond, when they open, and what does not wait for them.
 */
#include "rig.h"
#include "tcp_priv.h"

#define MSS 1448

static struct rig rig;

static void
open_with(const struct pw_tcp_cfg *cfg)
{
	rig_open(&rig, cfg);
	rig_accept(&rig, &rig_linux);
}

static void
setup(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "newreno", .pacing = true};

	open_with(&cfg);
}

static void
teardown(void)
{
	rig_close(&rig);
}

static struct pw_tcp_conn *
conn(void)
{
	return rig.user.c;
}

/* In slow start twice cwnd a round trip of 10 ms: 2 segments a millisecond. */
static void
initial_window_in_quanta(void)
{
	int i;

	pw_tcp_send(conn(), 100 * MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
	for (i = 1; i < 5; i++) {
		rig_wait(&rig, MS(1) - 2);
		EXPECT_NOTHING(&rig);
		rig_wait(&rig, 2);
		CU_ASSERT_EQUAL(rig_skip(&rig), 2);
	}
	rig_wait(&rig, MS(1)); /* cwnd is full */
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(pipe_bytes(conn()), conn()->cwnd);
}

/* A short response is not held up beyond the time of its quanta. */
static void
sleeps_until_the_quantum_opens(void)
{
	pw_tcp_send(conn(), 4 * MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
	CU_ASSERT_TRUE(pw_tcp_next(rig.t) > rig.now);
	CU_ASSERT_TRUE(pw_tcp_next(rig.t) <= side_of(conn())->open_at);
	CU_ASSERT_TRUE(side_of(conn())->open_at <= rig.now + MS(1));
	rig_wait(&rig, MS(1));
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
}

/* In avoidance 1.2 times cwnd, at 100 segments a round trip 12 a quantum. */
static void
avoidance_is_a_fifth_above_cwnd(void)
{
	int ms, n = 0;

	conn()->ssthresh = conn()->cwnd = 100 * MSS;
	pw_tcp_send(conn(), 1000 * MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 12);
	for (ms = 1; ms < 5; ms++) {
		rig_wait(&rig, MS(1));
		n += (int)rig_skip(&rig);
	}
	CU_ASSERT_TRUE(n >= 46 && n <= 48);
}

/* Only whole segments, so that a device that cuts them up gets one piece a quantum. */
static void
quantum_is_one_long_segment(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "newreno", .pacing = true, .gso_max_bytes = 65000};

	teardown();
	open_with(&cfg);
	conn()->ssthresh = conn()->cwnd = 100 * MSS;
	pw_tcp_send(conn(), 1000 * MSS);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 12 * MSS);
	rig_wait(&rig, MS(1));
	EXPECT_DATA(&rig, 12 * MSS, 12 * MSS);
	EXPECT_NOTHING(&rig);
}

/* Never more than 64 KiB at once, however fast. */
static void
quantum_is_bounded(void)
{
	conn()->ssthresh = conn()->cwnd = 4000 * MSS;
	rig_ack_wnd(&rig, 0, 4000000);
	pw_tcp_send(conn(), 4000 * MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), QUANTUM_BYTES / MSS);
}

/* Nobody looked for long: what was not sent is not made up for, but a quantum of it. */
static void
late_turn_has_one_quantum_credit(void)
{
	uint32_t n;

	conn()->ssthresh = conn()->cwnd = 100 * MSS;
	pw_tcp_send(conn(), 1000 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
	rig.now += MS(5);
	do
		rig_run(&rig);
	while (pw_tcp_next(rig.t) <= rig.now);
	n = rig_skip(&rig);
	CU_ASSERT_TRUE(n > 12 && n <= 24);
}

/* ACKs that come meanwhile let nothing go before its time, and set no timer anew. */
static void
acks_do_not_open_a_quantum(void)
{
	pw_ns at;

	pw_tcp_send(conn(), 100 * MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
	at = side_of(conn())->timer.at;
	rig.now += MS(1) / 2;
	rig_ack(&rig, MSS);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(side_of(conn())->timer.at, at);
	rig_wait(&rig, MS(1) / 2);
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
}

/* cwnd is the limit of a round trip, even where a quantum ends before it: it has to grow. */
static void
window_grows_although_quanta_end_first(void)
{
	uint32_t cwnd;
	pw_off off;

	conn()->ssthresh = conn()->cwnd = 20 * MSS;
	pw_tcp_send(conn(), 1000 * MSS);
	rig_wait(&rig, MS(10));
	CU_ASSERT_EQUAL(rig_skip(&rig), 20);
	cwnd = conn()->cwnd;
	for (off = MSS; off <= 20 * MSS; off += MSS) {
		rig_ack(&rig, off);
		rig_wait(&rig, MS(1) / 4); /* most of them find the quantum shut */
	}
	rig_skip(&rig);
	CU_ASSERT_EQUAL(conn()->cwnd, cwnd + MSS);
}

/* What is sent again waits as well: at 20 segments a round trip 2 a millisecond. */
static void
retransmissions_are_paced(void)
{
	conn()->ssthresh = conn()->cwnd = 20 * MSS;
	pw_tcp_send(conn(), 12 * MSS);
	rig_wait(&rig, MS(260));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtos, 1);
	conn()->cwnd = conn()->ssthresh = 20 * MSS;
	side_of(conn())->left = 0; /* the time-out has opened one of a cwnd of 1 */
	side_of(conn())->open_at = rig.now;
	rig_ack(&rig, MSS);
	conn()->srtt = ticks_of(MS(10));
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
	rig_wait(&rig, MS(1));
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
	rig_wait(&rig, MS(10));
	CU_ASSERT_EQUAL(rig_skip(&rig), 7);
}

static void
tail_probe_does_not_wait(void)
{
	pw_tcp_send(conn(), 2 * MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
	side_of(conn())->open_at = rig.now + MS(1000);
	rig_wait(&rig, MS(20)); /* two round trips */
	EXPECT_DATA(&rig, MSS, MSS);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->tlps, 1);
}

static void
timeout_does_not_wait(void)
{
	pw_tcp_send(conn(), 2 * MSS);
	rig_wait(&rig, MS(100));
	rig_skip(&rig);
	side_of(conn())->left = 0;
	side_of(conn())->open_at = rig.now + MS(10000);
	rig_wait(&rig, MS(200));
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtos, 1);
	EXPECT_DATA(&rig, 0, MSS);
}

/* Who finds no place sends as if nobody had asked for pacing. */
static void
no_place_means_no_pacing(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "newreno", .pacing = true, .max_sides = 1};

	teardown();
	open_with(&cfg);
	CU_ASSERT_TRUE(conn()->paced);
	rig.port++;
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_FALSE(conn()->paced);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->side_exhausted, 1);
	pw_tcp_send(conn(), 10 * MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 10);
}

/* The place is given back while a quantum is waited for, and its timer with it. */
static void
end_while_a_quantum_is_awaited(void)
{
	struct pw_tcp_usage use;

	pw_tcp_send(conn(), 100 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_TRUE(pw_timer_armed(&side_of(conn())->timer));
	pw_tcp_abort(conn(), rig.now);
	rig_skip(&rig);
	pw_tcp_get_usage(rig.t, &use);
	CU_ASSERT_EQUAL(use.sides, 0);
	CU_ASSERT_EQUAL(pw_tcp_next(rig.t), PW_NEVER);
}

static void
set_while_it_runs(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "newreno"};
	struct pw_tcp_info info;

	teardown();
	open_with(&cfg);
	pw_tcp_get_info(conn(), &info);
	CU_ASSERT_EQUAL(info.pacing_rate, 0);
	CU_ASSERT_STRING_EQUAL(info.cc, "newreno");
	CU_ASSERT_EQUAL(pw_tcp_set(rig.t, PW_TCP_PACING, 2), -EINVAL);
	CU_ASSERT_EQUAL(pw_tcp_set(rig.t, PW_TCP_PACING, 1), 0);
	CU_ASSERT_EQUAL(pw_tcp_conn_set(conn(), PW_TCP_PACING, 1), 0);
	CU_ASSERT_TRUE(conn()->paced);
	CU_ASSERT_EQUAL(pw_tcp_conn_set(conn(), PW_TCP_PACING, 0), 0);
	CU_ASSERT_FALSE(conn()->paced);
	CU_ASSERT_EQUAL(conn()->side, 0);
	rig.port++;
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_TRUE(conn()->paced);
	pw_tcp_send(conn(), MSS);
	rig_run(&rig);
	rig_skip(&rig);
	pw_tcp_get_info(conn(), &info);
	CU_ASSERT_TRUE(info.pacing_rate > 2000000 && info.pacing_rate < 3000000);
}

static CU_TestInfo tests[] = {
	TEST(initial_window_in_quanta),
	TEST(sleeps_until_the_quantum_opens),
	TEST(avoidance_is_a_fifth_above_cwnd),
	TEST(quantum_is_one_long_segment),
	TEST(quantum_is_bounded),
	TEST(late_turn_has_one_quantum_credit),
	TEST(acks_do_not_open_a_quantum),
	TEST(window_grows_although_quanta_end_first),
	TEST(retransmissions_are_paced),
	TEST(tail_probe_does_not_wait),
	TEST(timeout_does_not_wait),
	TEST(no_place_means_no_pacing),
	TEST(end_while_a_quantum_is_awaited),
	TEST(set_while_it_runs),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_pace = {
	.pName = "tcp_pace", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
