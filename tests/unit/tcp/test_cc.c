/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Congestion control by itself: New Reno (RFC 5681), CUBIC (RFC 9438) against
 * its formulas in floating point, and HyStart++ (RFC 9406).
 */
#include "rig.h"
#include "tcp_priv.h"

#define MSS 1448
#define RTT MS(100)

static struct rig rig;

static void
open_with(const char *cc)
{
	const struct pw_tcp_cfg cfg = {.cc = cc};

	rig_open(&rig, &cfg);
	rig_accept(&rig, &rig_linux);
	rig.user.c->srtt = ticks_of(RTT);
}

static void
setup(void)
{
	open_with("cubic");
}

static void
setup_newreno(void)
{
	open_with("newreno");
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

static double
segs(void)
{
	return (double)conn()->cwnd / MSS;
}

/* An ACK of @p n segments. */
static void
ack(uint32_t n, pw_ns rtt)
{
	const struct cc_ack a = {.now = rig.now, .rtt = rtt, .acked = n * MSS};

	cc_of(conn())->on_ack(conn(), &a);
}

/* A round trip in which a whole window is acknowledged, @p n segments an ACK. */
static void
round_trip(uint32_t n)
{
	uint32_t i, acks = conn()->cwnd / MSS / n;

	for (i = 0; i < acks; i++) {
		rig.now += RTT / acks;
		ack(n, PW_NEVER);
	}
}

static double
cube(double x)
{
	return x * x * x;
}

static double
cube_root(double x)
{
	double r = 1;
	int i;

	for (i = 0; i < 100; i++)
		r -= (r * r * r - x) / (3 * r * r);
	return r;
}

static bool
near(double got, double want, double part)
{
	return got > want * (1 - part) - 1 && got < want * (1 + part) + 1;
}

/* Loss at @p w segments. */
static void
lose_at(uint32_t w)
{
	conn()->cwnd = w * MSS;
	conn()->ssthresh = cc_of(conn())->on_loss(conn());
	conn()->cwnd = conn()->ssthresh;
}

/* ---- New Reno ---- */

static void
newreno_slow_start_doubles(void)
{
	teardown();
	setup_newreno();
	round_trip(1);
	CU_ASSERT_EQUAL(conn()->cwnd, 20 * MSS);
	round_trip(1);
	CU_ASSERT_EQUAL(conn()->cwnd, 40 * MSS);
}

static void
newreno_avoidance_adds_one_a_round_trip(void)
{
	int i;

	teardown();
	setup_newreno();
	conn()->ssthresh = conn()->cwnd;
	for (i = 1; i <= 20; i++) {
		round_trip(1 + i % 2);
		CU_ASSERT_TRUE(near(segs(), 10 + i, 0));
	}
}

static void
newreno_halves_the_flight(void)
{
	teardown();
	setup_newreno();
	pw_tcp_send(conn(), 100000);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(cc_of(conn())->on_loss(conn()), 5 * MSS);
	rig_ack(&rig, 10 * MSS);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(cc_of(conn())->on_loss(conn()), 2 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
}

/* ---- CUBIC ---- */

static void
cubic_loses_three_tenths(void)
{
	lose_at(100);
	CU_ASSERT_EQUAL(conn()->ssthresh, 70 * MSS);
	CU_ASSERT_EQUAL(conn()->cc.cubic.w_max, 100 * MSS);
	conn()->cwnd = 2 * MSS;
	CU_ASSERT_EQUAL(cc_of(conn())->on_loss(conn()), 2 * MSS);
}

/* Section 4.7: a second loss below the plateau leaves room for others. */
static void
cubic_converges_fast(void)
{
	lose_at(100);
	lose_at(80);
	CU_ASSERT_EQUAL(conn()->cc.cubic.w_max, 80 * MSS * 17 / 20);
}

/* W(t) = C (t - K)^3 + W_max, K = cubic root of (W_max - cwnd) / C. */
static void
check_curve(uint32_t n_per_ack)
{
	const double w_max = 1000, begin = 700, k = cube_root((w_max - begin) / 0.4);
	pw_ns epoch;
	int i;

	lose_at(1000);
	ack(1, PW_NEVER);
	epoch = rig.now;
	CU_ASSERT_EQUAL(conn()->cc.cubic.epoch_ms, (uint32_t)(epoch / PW_NS_PER_MS));
	CU_ASSERT_TRUE(near(conn()->cc.cubic.k_ms, k * 1000, 0.001));
	for (i = 0; i < 140; i++) {
		double t;

		round_trip(n_per_ack);
		t = (double)(rig.now - epoch) / PW_NS_PER_S;
		CU_ASSERT_TRUE(near(segs(), 0.4 * cube(t - k) + w_max, 0.02));
	}
	CU_ASSERT_TRUE(segs() > w_max + 30); /* beyond the plateau, and convex */
}

static void
cubic_follows_its_curve(void)
{
	check_curve(1);
}

/* An ACK for 44 segments (a receiver with GRO) counts as much as 44 ACKs. */
static void
cubic_follows_its_curve_on_stretch_acks(void)
{
	check_curve(44);
}

/* Section 4.3: with a short round trip it is never slower than Reno would be. */
static void
cubic_is_reno_friendly(void)
{
	double w_est;
	int i;

	lose_at(20);
	w_est = segs();
	for (i = 0; i < 20; i++) {
		rig.now += MS(1);
		ack((uint32_t)segs(), PW_NEVER);
		w_est += w_est < 20 ? 9.0 / 17 : 1;
	}
	CU_ASSERT_TRUE(near(segs(), w_est, 0.08));
}

/* Section 4.8: after a time-out K is 0, and the plateau where avoidance begins. */
static void
cubic_forgets_the_plateau_after_a_timeout(void)
{
	lose_at(1000);
	conn()->ca = CA_LOSS;
	cc_of(conn())->on_restart(conn());
	conn()->cwnd = conn()->ssthresh;
	ack(1, PW_NEVER);
	CU_ASSERT_EQUAL(conn()->cc.cubic.k_ms, 0);
	CU_ASSERT_EQUAL(conn()->cc.cubic.origin, 700 * MSS);
	conn()->ca = CA_OPEN;
}

/* Idling is no time in which the curve climbs. */
static void
cubic_idle_does_not_count(void)
{
	lose_at(100);
	ack(1, PW_NEVER);
	rig.now += 30 * PW_NS_PER_S;
	cc_of(conn())->on_restart(conn());
	round_trip(1);
	CU_ASSERT_TRUE(segs() < 80);
	CU_ASSERT_EQUAL(conn()->cc.cubic.w_max, 100 * MSS);
}

/* Nor is the time of an application that leaves the window unused (section 5.8). */
static void
c107_cubic_does_not_climb_while_the_application_is_the_limit(void)
{
	uint32_t epoch_ms;

	lose_at(100);
	round_trip(1);
	epoch_ms = conn()->cc.cubic.epoch_ms;
	rig.now += 30 * PW_NS_PER_S; /* ACKs, but none that on_ack() hears of */
	round_trip(1);
	CU_ASSERT_TRUE(segs() < 80);
	CU_ASSERT_TRUE(conn()->cc.cubic.epoch_ms - epoch_ms >= 30000);
	CU_ASSERT_EQUAL(conn()->cc.cubic.w_max, 100 * MSS);
}

static void
cubic_grows_by_half_a_round_trip_at_most(void)
{
	lose_at(10);
	ack(1, PW_NEVER);
	conn()->cc.cubic.epoch_ms -= 100000; /* far out on the curve */
	double before = segs();
	round_trip(1);
	CU_ASSERT_TRUE(segs() <= before * 1.7);
}

/* ---- HyStart++ ---- */

/* It is for the first slow start: whoever is beyond ssthresh has that behind him, also when
 * the congestion control was chosen in the middle of a connection. */
static void
hystart_is_over_in_avoidance(void)
{
	conn()->ssthresh = 5 * MSS;
	CU_ASSERT_FALSE(conn()->hystart_done);
	ack(1, RTT);
	CU_ASSERT_TRUE(conn()->hystart_done);
}

/* A round of slow start: 16 ACKs of one segment, with this round trip time. */
static void
hystart_round(pw_ns rtt)
{
	struct pw_tcp_conn *c = conn();
	int i;

	for (i = 0; i < 16; i++) {
		c->snd_una += MSS;
		c->snd_nxt = c->snd_una + 16 * MSS;
		if (i > 0)
			c->snd_una = pw_min(c->snd_una, c->cc.cubic.round_end - 1);
		ack(1, rtt);
	}
	c->snd_una = c->cc.cubic.round_end;
}

/* What hystart_round() made up must not be in flight at the end. */
static void
nothing_in_flight(void)
{
	conn()->snd_nxt = conn()->snd_end = conn()->snd_una;
}

static void
slow_start_doubles_and_is_bounded_by_8_segments_an_ack(void)
{
	ack(1, PW_NEVER);
	CU_ASSERT_EQUAL(conn()->cwnd, 11 * MSS);
	ack(100, PW_NEVER);
	CU_ASSERT_EQUAL(conn()->cwnd, 19 * MSS);
}

static void
hystart_leaves_when_the_delay_rises(void)
{
	uint32_t cwnd;
	int i;

	hystart_round(MS(40));
	hystart_round(MS(40));
	cwnd = conn()->cwnd;
	hystart_round(MS(50)); /* by more than 40 / 8 */
	CU_ASSERT_TRUE(conn()->cwnd - cwnd < 16 * MSS);
	CU_ASSERT_EQUAL(conn()->ssthresh, UINT32_MAX);
	cwnd = conn()->cwnd;
	hystart_round(MS(50));
	CU_ASSERT_EQUAL(conn()->cwnd - cwnd, 4 * MSS); /* conservative: a quarter */
	for (i = 0; i < 5; i++)
		hystart_round(MS(50));
	CU_ASSERT_TRUE(conn()->ssthresh < UINT32_MAX);
	nothing_in_flight();
}

static void
hystart_forgives_a_false_alarm(void)
{
	uint32_t cwnd;

	hystart_round(MS(40));
	hystart_round(MS(40));
	hystart_round(MS(50));
	hystart_round(MS(41)); /* the queue has gone */
	cwnd = conn()->cwnd;
	hystart_round(MS(41));
	CU_ASSERT_EQUAL(conn()->cwnd - cwnd, 16 * MSS);
	nothing_in_flight();
}

static void
hystart_is_not_alarmed_by_little(void)
{
	uint32_t cwnd;

	hystart_round(MS(40));
	hystart_round(MS(44)); /* less than an eighth */
	cwnd = conn()->cwnd;
	hystart_round(MS(47));
	CU_ASSERT_EQUAL(conn()->cwnd - cwnd, 16 * MSS);
	nothing_in_flight();
}

static void
unknown_cc_is_refused(void)
{
	const struct pw_tcp_cfg cfg = {.mem = &pw_mem_heap, .max_conns = 1, .cc = "hybla"};

	errno = 0;
	CU_ASSERT_PTR_NULL(pw_tcp_create(&cfg, 0));
	CU_ASSERT_EQUAL(errno, EINVAL);
}

static CU_TestInfo tests[] = {
	TEST(newreno_slow_start_doubles),
	TEST(newreno_avoidance_adds_one_a_round_trip),
	TEST(newreno_halves_the_flight),
	TEST(cubic_loses_three_tenths),
	TEST(cubic_converges_fast),
	TEST(cubic_follows_its_curve),
	TEST(cubic_follows_its_curve_on_stretch_acks),
	TEST(cubic_is_reno_friendly),
	TEST(cubic_forgets_the_plateau_after_a_timeout),
	TEST(cubic_idle_does_not_count),
	TEST(c107_cubic_does_not_climb_while_the_application_is_the_limit),
	TEST(cubic_grows_by_half_a_round_trip_at_most),
	TEST(slow_start_doubles_and_is_bounded_by_8_segments_an_ack),
	TEST(hystart_leaves_when_the_delay_rises),
	TEST(hystart_is_over_in_avoidance),
	TEST(hystart_forgives_a_false_alarm),
	TEST(hystart_is_not_alarmed_by_little),
	TEST(unknown_cc_is_refused),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_cc = {
	.pName = "tcp_cc", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
