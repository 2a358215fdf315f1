/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Loss: the retransmission timer (RFC 6298), fast retransmit with SACK (RFC
 * 8985, 6675) and without (RFC 6582), recovery (RFC 6937), undo (RFC 3522, 3708,
 * 4015), and paths that shrink (RFC 1191, 5927).
 */
#include <stdio.h>
#include "rig.h"
#include "tcp_priv.h"

#define MSS 1448 /* with timestamps */

static struct rig rig;

static const struct rig_peer no_ts = {.mss = 1460, .wnd = 64000, .wscale = 7, .sack = true};

#define BLOCKS(...) ((const pw_off[]){__VA_ARGS__, 0, 0})

static void
setup(void)
{
	rig_open(&rig, NULL);
}

static void
teardown(void)
{
	rig_close(&rig);
}

/* @p segs full segments in flight, all just sent, and a round trip gone by. */
static void
in_flight(const struct rig_peer *p, uint32_t segs)
{
	rig_accept(&rig, p);
	rig.user.c->cwnd = segs * rig.user.c->mss;
	pw_tcp_send(rig.user.c, segs * rig.user.c->mss);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), segs);
	rig.now += MS(10);
}

/* The same, and more to send than cwnd lets. */
static void
in_flight_with_more(const struct rig_peer *p, uint32_t segs)
{
	in_flight(p, segs);
	pw_tcp_send(rig.user.c, 1000000);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
}

static struct pw_tcp_conn *
conn(void)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig.user.c);
	return rig.user.c;
}

/* ---- the timer ---- */

static void
c93_three_seconds_after_a_lost_syn(void)
{
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	rig_wait(&rig, MS(1000));
	rig_learn(&rig, &rig_linux, rig_next(&rig));
	rig_skip(&rig);
	rig_ack(&rig, 0);
	CU_ASSERT_EQUAL(ticks_ns(conn()->srtt), 0);
	CU_ASSERT_EQUAL(conn()->cwnd, MSS); /* RFC 5681 3.1 */
	pw_tcp_send(conn(), 100);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 100);
	rig_wait(&rig, MS(2999));
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, MS(1));
	EXPECT_DATA(&rig, 0, 100);
}

static void
c94_rtt_estimate(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(ticks_ns(conn()->srtt), MS(10));
	CU_ASSERT_EQUAL(ticks_ns(conn()->rttvar), MS(5));
	rtt_sample(conn(), MS(18));
	CU_ASSERT_EQUAL(conn()->rttvar, ticks_of(MS(5) - MS(5) / 4 + MS(8) / 4));
	CU_ASSERT_EQUAL(ticks_ns(conn()->srtt), MS(11));
}

/* 32 bits for a round trip: not less than it was, and what is too long for them is that. */
static void
c94_rtt_in_ticks(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(ticks_of(1), 1);
	CU_ASSERT_EQUAL(ticks_of(64), 1);
	CU_ASSERT_EQUAL(ticks_of(65), 2);
	CU_ASSERT_EQUAL(ticks_ns(ticks_of(MS(250))), MS(250));
	CU_ASSERT_TRUE(ticks_of(MS(100000000)) < UINT32_MAX);
	CU_ASSERT_TRUE(ticks_ns(ticks_of(MS(100000000))) > 2 * RTO_MAX);
	conn()->srtt = 0;
	rtt_sample(conn(), MS(100000000));
	CU_ASSERT_EQUAL(rtt_rto(conn()), RTO_MAX);
	conn()->srtt = ticks_of(MS(10));
	conn()->rttvar = 0;
}

/* Marks are kept by 32 bits: one that was passed long ago does not lie ahead again. */
static void
marks_of_long_ago_are_not_ahead(void)
{
	struct pw_tcp_conn *c;
	uint64_t gone;

	in_flight(&rig_linux, 10);
	c = conn();
	CU_ASSERT_TRUE(ahead(c, (uint32_t)c->snd_nxt));
	CU_ASSERT_TRUE(ahead(c, (uint32_t)c->snd_una + 1));
	CU_ASSERT_FALSE(ahead(c, (uint32_t)c->snd_una));
	CU_ASSERT_FALSE(ahead(c, (uint32_t)c->snd_nxt + 1));
	for (gone = 1; gone < UINT64_C(1) << 33; gone = 3 * gone + 1)
		if ((uint32_t)(0 - gone) > flight(c))
			CU_ASSERT_FALSE(ahead(c, (uint32_t)(c->snd_una - gone)));
}

static void
c95_s7_rto_has_bounds(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rtt_rto(conn()), RIG_RTO);
	conn()->srtt = conn()->rttvar = ticks_of(MS(1000));
	CU_ASSERT_EQUAL(rtt_rto(conn()), MS(5000));
	conn()->backoff = RTO_BACKOFF_MAX;
	CU_ASSERT_EQUAL(rtt_rto(conn()), RTO_MAX);
	CU_ASSERT_TRUE(RTO_MAX >= 60 * PW_NS_PER_S);
	conn()->backoff = 0;
	conn()->srtt = ticks_of(200 * PW_NS_PER_S);
	CU_ASSERT_EQUAL(rtt_rto(conn()), RTO_MAX);
	conn()->srtt = ticks_of(MS(10));
}

/* The estimate of the variance fades on a path that never varies: the floor is what is
 * left for a receiver that waits before it acknowledges. */
static void
c95_delayed_ack_on_a_steady_path_is_in_time(void)
{
	int i;

	rig_accept(&rig, &rig_ancient);
	for (i = 0; i < 100; i++)
		rtt_sample(conn(), MS(250));
	CU_ASSERT_TRUE(ticks_ns(conn()->rttvar) < MS(1));
	pw_tcp_send(conn(), 1460);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1460);
	rig_wait(&rig, MS(250 + 199));
	EXPECT_NOTHING(&rig);
	rig_ack(&rig, 1460);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtos, 0);
}

static void
c96_karn_no_sample_from_what_was_sent_twice(void)
{
	in_flight(&rig_linux, 1);
	rig_wait(&rig, RIG_RTO - MS(10));
	EXPECT_DATA(&rig, 0, MSS);
	rig.now += MS(20); /* would be a sample of its own */
	rig_ack(&rig, MSS);
	CU_ASSERT_EQUAL(ticks_ns(conn()->srtt), MS(10));
}

/* What had waited for the hole tells nothing of the path. */
static void
c96_karn_holds_for_what_a_repaired_hole_releases(void)
{
	in_flight(&rig_ancient, 3);
	rig_wait(&rig, MS(5000));
	CU_ASSERT_TRUE(rig_skip(&rig) > 1);
	rig_ack(&rig, 3 * 1460); /* only the first had been lost */
	CU_ASSERT_EQUAL(ticks_ns(conn()->srtt), MS(10));
}

/* A probe repeats the last segment alone; what was not repeated gives a sample. */
static void
c96_karn_holds_for_probes(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), 100);
	rig_run(&rig);
	rig.now += MS(1);
	pw_tcp_send(conn(), 100);
	rig_run(&rig);
	rig_skip(&rig);
	conn()->mss = 150; /* more than a segment in flight: the probe comes early */
	pw_tcp_send(conn(), 1);
	rig_run(&rig);
	rig_skip(&rig);
	rig_wait(&rig, MS(20));
	EXPECT_DATA(&rig, 100, 101);
	conn()->mss = MSS;
	rig_ack(&rig, 201);
	CU_ASSERT_EQUAL(conn()->n_rtx, 0);
}

static void
c97_s7_backoff_doubles_and_ends_with_an_ack(void)
{
	static const uint32_t gap_ms[] = {200, 420, 840, 1680, 3360, 6720};
	static const uint32_t len[] = {MSS, 1228, 500, 500, 500, 500}; /* a black hole? */
	size_t i;

	in_flight(&rig_linux, 1);
	for (i = 0; i < RTE_DIM(gap_ms); i++) {
		rig_wait(&rig, MS(gap_ms[i]) - 1);
		EXPECT_NOTHING(&rig);
		rig_wait(&rig, 1);
		EXPECT_DATA(&rig, 0, len[i]);
	}
	rig_ack(&rig, MSS);
	CU_ASSERT_EQUAL(conn()->at[TMR_LOSS], PW_NEVER);
	CU_ASSERT_EQUAL(conn()->backoff, 0);
	CU_ASSERT_EQUAL(rtt_rto(conn()), RIG_RTO);
}

static void
c105_timeout_leaves_one_segment(void)
{
	in_flight(&rig_ancient, 10);
	rig_wait(&rig, RIG_RTO - MS(10));
	EXPECT_DATA(&rig, 0, 1460);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(conn()->cwnd, 1460);
	CU_ASSERT_EQUAL(conn()->ssthresh, 7300); /* RFC 5681 equation 4 */
	rig.now += MS(10);
	rig_ack(&rig, 1460);
	rig_run(&rig);
	EXPECT_DATA(&rig, 1460, 1460);
	EXPECT_DATA(&rig, 2920, 1460);
	EXPECT_NOTHING(&rig);
}

static void
c105_second_timeout_keeps_ssthresh(void)
{
	in_flight(&rig_ancient, 10);
	rig_wait(&rig, RIG_RTO - MS(10));
	rig_wait(&rig, 2 * RIG_RTO);
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
	CU_ASSERT_EQUAL(conn()->ssthresh, 7300);
}

static void
timeout_sends_only_what_is_missing(void)
{
	in_flight(&rig_linux, 4);
	rig_wait(&rig, MS(10)); /* the tail probe */
	EXPECT_DATA(&rig, 3 * MSS, MSS);
	rig_sack(&rig, 0, BLOCKS(MSS, 2 * MSS));
	rig_wait(&rig, MS(500));
	CU_ASSERT_EQUAL(rig_off(&rig, rig_next(&rig)), 0);
	rig_skip(&rig);
	rig_ack(&rig, 2 * MSS);
	rig_run(&rig);
	EXPECT_DATA(&rig, 2 * MSS, MSS);
	EXPECT_DATA(&rig, 3 * MSS, MSS);
}

static void
s8_user_timeout_at_its_time_not_before(void)
{
	in_flight(&rig_linux, 1);
	rig_wait(&rig, MS(99900));
	CU_ASSERT_EQUAL(rig.user.n_gone, 0);
	rig_wait(&rig, MS(60000));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
}

/* ---- fast retransmit ---- */

static void
c100_three_duplicates_one_retransmission(void)
{
	in_flight(&rig_ancient, 10);
	rig_ack(&rig, 0);
	rig_ack(&rig, 0);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	rig_ack(&rig, 0);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1460);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(conn()->ssthresh, 7300);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->fast_recoveries, 1);
}

static void
c100_three_sacked_segments_one_retransmission(void)
{
	in_flight(&rig_linux, 10);
	rig_sack(&rig, 0, BLOCKS(MSS, 2 * MSS));
	rig_sack(&rig, 0, BLOCKS(MSS, 3 * MSS));
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	rig_sack(&rig, 0, BLOCKS(MSS, 4 * MSS));
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, MSS);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(conn()->ssthresh, 5 * MSS);
}

/* One ACK says all of it: the ACK before was held back or lost. */
static void
one_ack_with_sack_is_enough(void)
{
	in_flight(&rig_linux, 10);
	rig_sack(&rig, MSS, BLOCKS(2 * MSS, 5 * MSS));
	rig_run(&rig);
	EXPECT_DATA(&rig, MSS, MSS);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(conn()->flags & F_REORDERED, 0);
}

/* RFC 8985 6.2: fewer than three, but a quarter of a round trip has gone by. */
static void
rack_finds_loss_by_time(void)
{
	in_flight(&rig_linux, 3);
	rig_sack(&rig, 0, BLOCKS(MSS, 3 * MSS));
	CU_ASSERT_EQUAL(conn()->loss_mode, LOSS_REO);
	rig_wait(&rig, MS(2));
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, MS(1));
	EXPECT_DATA(&rig, 0, MSS);
}

static void
c101_window_update_or_data_is_no_duplicate(void)
{
	uint32_t i;

	in_flight(&rig_ancient, 10);
	for (i = 1; i < 6; i++)
		rig_ack_wnd(&rig, 0, 64000 + 10 * i);
	for (i = 0; i < 5; i++)
		rig_data(&rig, 10 * i, 10);
	CU_ASSERT_EQUAL(conn()->dup_acks, 0);
	rig_run(&rig);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtx_segs, 0);
	rig_skip(&rig);
}

static void
c102_partial_ack_repairs_the_next_hole(void)
{
	int i;

	in_flight(&rig_ancient, 10);
	for (i = 0; i < 3; i++)
		rig_ack(&rig, 0);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1460);
	rig.now += MS(10);
	rig_ack(&rig, 4 * 1460);
	rig_run(&rig);
	EXPECT_DATA(&rig, 4 * 1460, 1460);
	EXPECT_NOTHING(&rig);
	for (i = 0; i < 5; i++) /* what was sent before the recovery still comes in */
		rig_ack(&rig, 4 * 1460);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	rig.now += MS(10);
	rig_ack(&rig, 14600);
	CU_ASSERT_EQUAL(conn()->ca, CA_OPEN);
	CU_ASSERT_EQUAL(conn()->cwnd, 7300);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->fast_recoveries, 1);
}

/* RFC 6582 section 4.1: what comes of the recovery itself begins no second one. */
static void
c102_duplicates_at_recover_begin_nothing(void)
{
	int i;

	in_flight(&rig_ancient, 10);
	for (i = 0; i < 3; i++)
		rig_ack(&rig, 0);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1460);
	rig.now += MS(10);
	rig_ack(&rig, 14600);
	pw_tcp_send(conn(), 5 * 1460);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 5);
	for (i = 0; i < 3; i++)
		rig_ack(&rig, 14600);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->fast_recoveries, 1);
}

static void
c103_holes_only(void)
{
	in_flight(&rig_linux, 10);
	rig_sack(&rig, 0, BLOCKS(MSS, 2 * MSS, 3 * MSS, 4 * MSS, 5 * MSS, 10 * MSS));
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, MSS);
	rig.now += MS(10);
	rig_sack(&rig, 2 * MSS, BLOCKS(3 * MSS, 4 * MSS, 5 * MSS, 10 * MSS));
	rig_run(&rig);
	EXPECT_DATA(&rig, 2 * MSS, MSS);
	EXPECT_DATA(&rig, 4 * MSS, MSS);
	EXPECT_NOTHING(&rig);
}

static void
check_limited_transmit(const struct rig_peer *p, bool sack)
{
	uint32_t mss;

	setup();
	in_flight_with_more(p, 10);
	mss = conn()->mss;
	sack ? rig_sack(&rig, 0, BLOCKS(mss, 2 * mss)) : rig_ack(&rig, 0);
	rig_run(&rig);
	EXPECT_DATA(&rig, 10 * mss, mss);
	EXPECT_NOTHING(&rig);
	sack ? rig_sack(&rig, 0, BLOCKS(mss, 3 * mss)) : rig_ack(&rig, 0);
	rig_run(&rig);
	EXPECT_DATA(&rig, 11 * mss, mss);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(conn()->ca, CA_OPEN);
	teardown();
}

static void
c104_limited_transmit(void)
{
	check_limited_transmit(&rig_ancient, false);
	check_limited_transmit(&no_ts, true);
	setup();
}

/* A retransmission that is lost too is found without a time-out. */
static void
rack_finds_a_lost_retransmission(void)
{
	in_flight_with_more(&rig_linux, 10);
	rig_sack(&rig, 0, BLOCKS(MSS, 5 * MSS));
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, MSS);
	rig.now += MS(1);
	rig_sack(&rig, 0, BLOCKS(MSS, 10 * MSS));
	rig_run(&rig);
	CU_ASSERT_TRUE(rig_skip(&rig) >= 1); /* new data, sent after the retransmission */
	rig.now += MS(10);
	rig_sack(&rig, 0, BLOCKS(MSS, 11 * MSS));
	rig_wait(&rig, MS(3));
	EXPECT_DATA(&rig, 0, MSS);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtos, 0);
}

static void
c109_s9_reordering_causes_no_retransmission(void)
{
	in_flight(&rig_linux, 10);
	rig_sack(&rig, 0, BLOCKS(MSS, 3 * MSS));
	rig_wait(&rig, MS(2));
	rig_ack(&rig, 3 * MSS);
	rig_wait(&rig, MS(1));
	EXPECT_NOTHING(&rig);
	CU_ASSERT_TRUE(conn()->flags & F_REORDERED);
	CU_ASSERT_TRUE(conn()->cwnd >= 10 * MSS);
	/* From now on three SACKed segments are not enough. */
	rig_sack(&rig, 3 * MSS, BLOCKS(4 * MSS, 9 * MSS));
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	rig_ack(&rig, 10 * MSS);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtx_segs, 0);
}

/* ---- the tail ---- */

static void
c108_tail_is_probed_after_two_round_trips(void)
{
	in_flight(&rig_linux, 10);
	rig_wait(&rig, MS(10) - 1);
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, 1);
	EXPECT_DATA(&rig, 9 * MSS, MSS);
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, RIG_RTO - MS(1));
	EXPECT_NOTHING(&rig); /* one probe, then the time-out */
	rig_wait(&rig, MS(1));
	EXPECT_DATA(&rig, 0, MSS);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->tlps, 1);
}

static void
c108_probe_carries_new_data_if_there_is(void)
{
	in_flight_with_more(&rig_linux, 10);
	rig_wait(&rig, MS(10));
	EXPECT_DATA(&rig, 10 * MSS, MSS);
	EXPECT_NOTHING(&rig);
}

/* The probe finds the loss before it; both are repaired without a time-out. */
static void
c108_lost_tail_is_repaired(void)
{
	in_flight(&rig_linux, 10);
	rig_ack(&rig, 7 * MSS);
	rig_wait(&rig, MS(20));
	EXPECT_DATA(&rig, 9 * MSS, MSS);
	rig.now += MS(10);
	rig_sack(&rig, 7 * MSS, BLOCKS(9 * MSS, 10 * MSS));
	rig_wait(&rig, MS(3));
	EXPECT_DATA(&rig, 7 * MSS, MSS);
	rig.now += MS(10);
	rig_sack(&rig, 8 * MSS, BLOCKS(9 * MSS, 10 * MSS));
	rig_run(&rig);
	EXPECT_DATA(&rig, 8 * MSS, MSS);
	rig_ack(&rig, 10 * MSS);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtos, 0);
}

/* RFC 8985 7.4: a probe that hid a loss costs what a loss costs. */
static void
probe_that_repaired_a_loss_reduces_cwnd(void)
{
	in_flight(&no_ts, 10);
	rig_wait(&rig, MS(10));
	EXPECT_DATA(&rig, 9 * 1460, 1460);
	pw_tcp_send(conn(), 1460);
	rig_ack(&rig, 9 * 1460);
	rig_run(&rig);
	EXPECT_DATA(&rig, 14600, 1460);
	uint32_t cwnd = conn()->cwnd;
	rig_ack(&rig, 16060); /* beyond the probe, and no DSACK */
	CU_ASSERT_TRUE(conn()->cwnd < cwnd);
}

static void
probe_that_was_not_needed_costs_nothing(void)
{
	in_flight(&no_ts, 10);
	rig_wait(&rig, MS(10));
	EXPECT_DATA(&rig, 9 * 1460, 1460);
	uint32_t cwnd = conn()->cwnd;
	rig_ack(&rig, 14600);
	rig_sack(&rig, 14600, BLOCKS(9 * 1460, 14600));
	CU_ASSERT_TRUE(conn()->cwnd >= cwnd);
	CU_ASSERT_EQUAL(conn()->flags & F_TLP_OUT, 0);
}

/* ---- recovery ---- */

/* RFC 6937: about one segment out for every two delivered, ssthresh at the end. */
static void
prr_halves_the_rate_evenly(void)
{
	uint32_t i, sent = 0;

	in_flight_with_more(&rig_linux, 20);
	rig_sack(&rig, 0, BLOCKS(MSS, 4 * MSS));
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, MSS);
	rig_skip(&rig);
	for (i = 5; i <= 20; i++) {
		uint32_t n;

		rig_sack(&rig, 0, BLOCKS(MSS, i * MSS));
		rig_run(&rig);
		n = rig_skip(&rig);
		CU_ASSERT_TRUE(n <= 1);
		sent += n;
	}
	CU_ASSERT_TRUE(sent >= 7 && sent <= 10);
	rig.now += MS(10);
	rig_ack(&rig, 20 * MSS);
	CU_ASSERT_EQUAL(conn()->cwnd, 10 * MSS);
	CU_ASSERT_EQUAL(conn()->ca, CA_OPEN);
	rig_run(&rig);
	rig_skip(&rig);
}

/* Nearly all is lost: slow start up to ssthresh, never a burst. */
static void
prr_does_not_burst(void)
{
	in_flight_with_more(&rig_linux, 20);
	rig_sack(&rig, 0, BLOCKS(19 * MSS, 20 * MSS));
	rig_wait(&rig, MS(3));
	CU_ASSERT_TRUE(rig_skip(&rig) <= 3);
	CU_ASSERT_EQUAL(conn()->ca, CA_RECOVERY);
	rig.now += MS(10);
	rig_sack(&rig, MSS, BLOCKS(19 * MSS, 20 * MSS));
	rig_run(&rig);
	CU_ASSERT_TRUE(rig_skip(&rig) <= 2);
}

static void
c105_sacked_data_is_not_sent_again_by_a_timeout(void)
{
	in_flight(&rig_linux, 10);
	rig_sack(&rig, 0, BLOCKS(MSS, 10 * MSS));
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, MSS);
	rig_wait(&rig, RIG_RTO);
	EXPECT_DATA(&rig, 0, MSS);
	rig_ack(&rig, 10 * MSS);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
}

static void
c115_reneging_is_survived(void)
{
	in_flight(&rig_linux, 10);
	rig_sack(&rig, 0, BLOCKS(MSS, 10 * MSS));
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, MSS);
	rig.now += MS(10);
	rig_ack(&rig, MSS); /* it had let the other nine go */
	rig_run(&rig);
	rig_skip(&rig);
	rig_wait(&rig, RIG_RTO);
	EXPECT_DATA(&rig, MSS, MSS);
	rig.now += MS(10);
	rig_ack(&rig, 2 * MSS);
	rig_run(&rig);
	EXPECT_DATA(&rig, 2 * MSS, MSS);
	rig_skip(&rig);
	rig_ack(&rig, 10 * MSS);
}

static void
c114_bad_sack_blocks_are_ignored(void)
{
	static const pw_off bad[][3] = {
		{20 * MSS, 21 * MSS, 0}, /* above SND.NXT */
		{9 * MSS, 11 * MSS, 0},	 /* reaches above */
		{5 * MSS, 4 * MSS, 0},	 /* backwards */
		{5 * MSS, 5 * MSS, 0},	 /* empty */
	};
	size_t i;

	in_flight(&rig_linux, 10);
	for (i = 0; i < RTE_DIM(bad); i++) {
		rig_sack(&rig, 0, BLOCKS(bad[i][0], bad[i][1]));
		CU_ASSERT_EQUAL(conn()->sacked, 0);
	}
	rig_ack(&rig, 4 * MSS);
	rig_sack(&rig, 4 * MSS, BLOCKS(MSS, 2 * MSS)); /* below: a DSACK */
	CU_ASSERT_EQUAL(conn()->sacked, 0);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtx_segs, 0);
}

/* ---- undo ---- */

static void
eifel_undoes_a_spurious_timeout(void)
{
	uint32_t original;

	in_flight(&rig_linux, 10);
	original = rig.ts_ecr;
	rig_wait(&rig, MS(10)); /* the probe is delayed as well */
	rig_wait(&rig, RIG_RTO);
	CU_ASSERT_EQUAL(conn()->ca, CA_LOSS);
	rig_skip(&rig);
	rig.ts_ecr = original;
	rig_ack(&rig, MSS);
	CU_ASSERT_EQUAL(conn()->ca, CA_OPEN);
	CU_ASSERT_EQUAL(conn()->lost, 0);
	CU_ASSERT_TRUE(conn()->cwnd >= 10 * MSS);
	CU_ASSERT_EQUAL(conn()->ssthresh, UINT32_MAX);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->spurious, 1);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
answer_to_the_retransmission_undoes_nothing(void)
{
	in_flight(&rig_linux, 10);
	rig_wait(&rig, RIG_RTO + MS(10));
	rig_skip(&rig);
	rig_ack(&rig, MSS); /* echoes the latest */
	CU_ASSERT_EQUAL(conn()->ca, CA_LOSS);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->spurious, 0);
	rig_run(&rig);
	rig_skip(&rig);
}

/* A loss that was real, and a time-out that was not: the loss stays one. */
static void
timeout_in_recovery_does_not_undo_the_loss_before(void)
{
	uint32_t first_rtx;

	in_flight(&rig_linux, 10);
	rig_sack(&rig, 0, BLOCKS(MSS, 5 * MSS));
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, MSS);
	first_rtx = rig.ts_ecr;
	rig_wait(&rig, RIG_RTO);
	CU_ASSERT_EQUAL(conn()->ca, CA_LOSS);
	rig_skip(&rig);
	rig.ts_ecr = first_rtx;
	rig_ack(&rig, 5 * MSS);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->spurious, 0);
	CU_ASSERT_TRUE(conn()->ssthresh < 10 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
dsack_undoes_a_spurious_recovery(void)
{
	in_flight(&no_ts, 10);
	rig_sack(&rig, 0, BLOCKS(1460, 5 * 1460));
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1460);
	rig_ack(&rig, 14600);
	CU_ASSERT_EQUAL(conn()->cwnd, 7300);
	rig_sack(&rig, 14600, BLOCKS(0, 1460));
	CU_ASSERT_EQUAL(conn()->cwnd, 14600);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->spurious, 1);
}

/* ---- growth ---- */

static void
c99_slow_start_counts_bytes(void)
{
	in_flight_with_more(&rig_linux, 10);
	rig_ack(&rig, MSS);
	CU_ASSERT_EQUAL(conn()->cwnd, 11 * MSS);
	rig_ack(&rig, 3 * MSS);
	CU_ASSERT_EQUAL(conn()->cwnd, 13 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
a20_divided_acks_earn_no_more(void)
{
	uint32_t i;

	in_flight_with_more(&rig_linux, 10);
	for (i = 1; i <= 100; i++)
		rig_ack(&rig, i * MSS / 100);
	CU_ASSERT_EQUAL(conn()->cwnd, 11 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
}

/* Spoofed duplicates of a peer that has all: bounded by what is in flight, although
 * its window would admit a thousand segments more. */
static void
a20_spoofed_duplicates_release_no_flood(void)
{
	const struct rig_peer wide = {.mss = 1460, .wnd = 64000, .wscale = 7};
	uint32_t i;

	in_flight_with_more(&wide, 10);
	for (i = 0; i < 1000; i++) {
		rig_ack(&rig, 0);
		rig_run(&rig);
	}
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtx_segs, 1);
	CU_ASSERT_TRUE(rig_skip(&rig) <= 10);
}

/* Nor after the recovery, when none is begun for them (RFC 6582 section 4.1). */
static void
a20_spoofed_duplicates_at_recover_release_two(void)
{
	int i;

	in_flight(&rig_ancient, 10);
	for (i = 0; i < 3; i++)
		rig_ack(&rig, 0);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1460);
	rig_ack(&rig, 14600);
	CU_ASSERT_EQUAL(conn()->ca, CA_OPEN);
	conn()->recover = 12 * 1460; /* as if so much had been sent in it */
	pw_tcp_send(conn(), 1000000);
	rig_run(&rig);
	CU_ASSERT_TRUE(rig_skip(&rig) > 3);
	for (i = 0; i < 20; i++) {
		rig_ack(&rig, 14600);
		rig_run(&rig);
	}
	CU_ASSERT_EQUAL(conn()->dup_acks, 20);
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtx_segs, 1);
}

static void
c106_idle_connection_restarts_slowly(void)
{
	in_flight(&rig_linux, 40);
	rig_ack(&rig, 40 * MSS);
	CU_ASSERT_TRUE(conn()->cwnd >= 40 * MSS);
	rig_wait(&rig, RIG_RTO);
	pw_tcp_send(conn(), 1000000);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 10);
	CU_ASSERT_EQUAL(conn()->cwnd, 10 * MSS);
}

static void
c107_application_limited_window_does_not_grow(void)
{
	pw_off off = 0;
	int i;

	rig_accept(&rig, &rig_linux);
	for (i = 0; i < 50; i++) {
		pw_tcp_send(conn(), 3 * MSS);
		off += 3 * MSS;
		rig_run(&rig);
		rig_skip(&rig);
		rig.now += MS(10);
		rig_ack(&rig, off);
	}
	CU_ASSERT_EQUAL(conn()->cwnd, 10 * MSS);
}

/* ---- paths that shrink ---- */

static enum pw_drop
too_big(int64_t off, uint32_t mtu)
{
	uint8_t l4[8];

	pw_put_be16(l4, RIG_PORT);
	pw_put_be16(l4 + 2, rig.port);
	pw_put_be32(l4 + 4, rig.iss + 1 + (uint32_t)off);
	return pw_tcp_icmp_error(rig.t, PW_TCP_ICMP_TOO_BIG, &rig.us, &rig.peer, l4, mtu, rig.now);
}

static void
check_shrink(const struct rig_peer *p, uint32_t opts)
{
	uint32_t i, small = 1000 - 40 - opts;

	setup();
	in_flight(p, 4);
	uint32_t cwnd = conn()->cwnd;
	CU_ASSERT_EQUAL(too_big(0, 1000), PW_OK);
	CU_ASSERT_EQUAL(conn()->cwnd, cwnd);
	rig_run(&rig);
	for (i = 0; i < cwnd / small; i++)
		EXPECT_DATA(&rig, i * small, small);
	rig_skip(&rig);
	rig_ack(&rig, cwnd);
	CU_ASSERT_EQUAL(rig.user.acked, cwnd);
	CU_ASSERT_EQUAL(conn()->ca, CA_OPEN);
	teardown();
}

static void
c23_smaller_path_is_obeyed_at_once(void)
{
	check_shrink(&rig_linux, 12);
	check_shrink(&rig_ancient, 0);
	setup();
}

/* Duplicate ACKs had been counted: they must not stand beside "all is lost". */
static void
c23_smaller_path_after_duplicates(void)
{
	in_flight(&rig_ancient, 10);
	rig_ack(&rig, 0);
	rig_ack(&rig, 0);
	CU_ASSERT_EQUAL(too_big(0, 1000), PW_OK);
	rig_run(&rig);
	CU_ASSERT_EQUAL(pipe_bytes(conn()) + 0u, conn()->n_rtx);
	CU_ASSERT_TRUE(rig_skip(&rig) >= 10);
}

/* A tail probe that was due has no place then: its time-out has. */
static void
c23_smaller_path_and_a_dry_source(void)
{
	in_flight(&rig_linux, 4);
	rig.user.source_dry = true;
	CU_ASSERT_EQUAL(too_big(0, 1000), PW_OK);
	rig_wait(&rig, MS(200000));
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
	EXPECT_NOTHING(&rig);
}

static void
c24_stray_too_big_is_ignored(void)
{
	in_flight(&rig_linux, 4);
	CU_ASSERT_EQUAL(too_big(-1, 1000), PW_DROP_ICMP_STRAY);
	CU_ASSERT_EQUAL(too_big(4 * MSS, 1000), PW_DROP_ICMP_STRAY);
	rig.port++;
	CU_ASSERT_EQUAL(too_big(0, 1000), PW_DROP_ICMP_STRAY);
	rig.port--;
	CU_ASSERT_EQUAL(conn()->mss, MSS);
}

static void
c25_path_has_a_floor_and_never_grows(void)
{
	static const uint32_t mtu[] = {0, 1, 68, 551};
	size_t i;

	in_flight(&rig_linux, 4);
	CU_ASSERT_EQUAL(too_big(0, 9000), PW_OK);
	CU_ASSERT_EQUAL(conn()->mss, MSS);
	for (i = 0; i < RTE_DIM(mtu); i++) {
		CU_ASSERT_EQUAL(too_big(0, mtu[i]), PW_OK);
		CU_ASSERT_EQUAL(conn()->mss, 552 - 52);
	}
	CU_ASSERT_EQUAL(too_big(0, 1400), PW_OK);
	CU_ASSERT_EQUAL(conn()->mss, 500);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
c26_unreachable_is_a_soft_error(void)
{
	uint8_t l4[8];

	in_flight(&rig_linux, 4);
	pw_put_be16(l4, RIG_PORT);
	pw_put_be16(l4 + 2, rig.port);
	pw_put_be32(l4 + 4, rig.iss + 1);
	CU_ASSERT_EQUAL(pw_tcp_icmp_error(
				rig.t, PW_TCP_ICMP_UNREACHABLE, &rig.us, &rig.peer, l4, 0, rig.now),
		PW_OK);
	CU_ASSERT_EQUAL(rig.user.n_gone, 0);
}

/* ---- bounds ---- */

/* A10: every second byte SACKed alone. The record stays bounded, and all ends well. */
static void
a10_fine_grained_sacks_are_bounded(void)
{
	const struct rig_peer tiny = {.mss = 48, .wnd = 64000, .wscale = 7, .sack = true};
	uint32_t i;

	in_flight(&tiny, 100);
	for (i = 0; i < 5000; i++)
		rig_sack(&rig, 0, BLOCKS(4 * i + 1, 4 * i + 2, 4 * i + 3, 4 * i + 4));
	CU_ASSERT_TRUE(conn()->n_sent <= SENT_MAX);
	rig_run(&rig);
	CU_ASSERT_TRUE(rig_skip(&rig) <= 100);
	rig_ack(&rig, 100 * conn()->mss);
	CU_ASSERT_EQUAL(rig.user.acked, 100 * 216);
}

/* No record left to split with: sums hold, and the data still gets there. */
static void
records_exhausted(void)
{
	const struct pw_tcp_cfg cfg = {.max_sent = 1, .cc = "newreno"};
	int i;

	teardown();
	rig_open(&rig, &cfg);
	in_flight_with_more(&rig_ancient, 10);
	for (i = 0; i < 5; i++)
		rig_ack(&rig, 0);
	CU_ASSERT_TRUE(pw_tcp_stats(rig.t)->sent_exhausted > 0);
	CU_ASSERT_TRUE(conn()->sacked + conn()->lost <= flight(conn()));
	rig_run(&rig);
	rig_skip(&rig);
	rig_ack(&rig, 14600);
	CU_ASSERT_EQUAL(rig.user.acked, 14600);
	rig_run(&rig);
	CU_ASSERT_TRUE(rig_skip(&rig) > 0);
}

/* Others have all records: time is waited for, and for nothing any more when there are some. */
static void
s6_no_timer_is_left_of_a_shortage(void)
{
	struct sent_pool *pool = &rig.t->sent;

	rig_accept(&rig, &rig_linux);
	pool->n_used = pool->n;
	pw_tcp_send(conn(), 100);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_NOT_EQUAL(conn()->at[TMR_PERSIST], PW_NEVER);
	pool->n_used = 0;
	pw_tcp_resume(conn());
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 100);
	CU_ASSERT_EQUAL(conn()->at[TMR_PERSIST], PW_NEVER);
	rig_ack(&rig, 100);
}

static CU_TestInfo tests[] = {
	TEST(c93_three_seconds_after_a_lost_syn),
	TEST(c94_rtt_estimate),
	TEST(c94_rtt_in_ticks),
	TEST(marks_of_long_ago_are_not_ahead),
	TEST(c95_s7_rto_has_bounds),
	TEST(c95_delayed_ack_on_a_steady_path_is_in_time),
	TEST(c96_karn_no_sample_from_what_was_sent_twice),
	TEST(c96_karn_holds_for_what_a_repaired_hole_releases),
	TEST(c96_karn_holds_for_probes),
	TEST(c97_s7_backoff_doubles_and_ends_with_an_ack),
	TEST(c105_timeout_leaves_one_segment),
	TEST(c105_second_timeout_keeps_ssthresh),
	TEST(timeout_sends_only_what_is_missing),
	TEST(s8_user_timeout_at_its_time_not_before),
	TEST(c100_three_duplicates_one_retransmission),
	TEST(c100_three_sacked_segments_one_retransmission),
	TEST(one_ack_with_sack_is_enough),
	TEST(rack_finds_loss_by_time),
	TEST(c101_window_update_or_data_is_no_duplicate),
	TEST(c102_partial_ack_repairs_the_next_hole),
	TEST(c102_duplicates_at_recover_begin_nothing),
	TEST(c103_holes_only),
	TEST(c104_limited_transmit),
	TEST(rack_finds_a_lost_retransmission),
	TEST(c109_s9_reordering_causes_no_retransmission),
	TEST(c108_tail_is_probed_after_two_round_trips),
	TEST(c108_probe_carries_new_data_if_there_is),
	TEST(c108_lost_tail_is_repaired),
	TEST(probe_that_repaired_a_loss_reduces_cwnd),
	TEST(probe_that_was_not_needed_costs_nothing),
	TEST(prr_halves_the_rate_evenly),
	TEST(prr_does_not_burst),
	TEST(c105_sacked_data_is_not_sent_again_by_a_timeout),
	TEST(c115_reneging_is_survived),
	TEST(c114_bad_sack_blocks_are_ignored),
	TEST(eifel_undoes_a_spurious_timeout),
	TEST(answer_to_the_retransmission_undoes_nothing),
	TEST(timeout_in_recovery_does_not_undo_the_loss_before),
	TEST(dsack_undoes_a_spurious_recovery),
	TEST(c99_slow_start_counts_bytes),
	TEST(a20_divided_acks_earn_no_more),
	TEST(a20_spoofed_duplicates_release_no_flood),
	TEST(a20_spoofed_duplicates_at_recover_release_two),
	TEST(c106_idle_connection_restarts_slowly),
	TEST(c107_application_limited_window_does_not_grow),
	TEST(c23_smaller_path_is_obeyed_at_once),
	TEST(c23_smaller_path_after_duplicates),
	TEST(c23_smaller_path_and_a_dry_source),
	TEST(c24_stray_too_big_is_ignored),
	TEST(c25_path_has_a_floor_and_never_grows),
	TEST(c26_unreachable_is_a_soft_error),
	TEST(a10_fine_grained_sacks_are_bounded),
	TEST(records_exhausted),
	TEST(s6_no_timer_is_left_of_a_shortage),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_loss = {
	.pName = "tcp_loss", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
