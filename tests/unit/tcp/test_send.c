/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Sending without loss: the peer's window, silly windows, probes of a shut one,
 * a source that is dry, a way out that is full, and segments for a device to cut.
 */
#include "rig.h"
#include "tcp_priv.h"

#define MSS 1448

static struct rig rig;

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

static void
accept_and_send(const struct rig_peer *p, uint64_t len)
{
	rig_accept(&rig, p);
	pw_tcp_send(rig.user.c, len);
	rig_run(&rig);
}

/* ---- the plain way ---- */

static void
initial_window_is_ten_segments(void)
{
	accept_and_send(&rig_linux, 100000);
	uint32_t i;
	for (i = 0; i < 10; i++)
		EXPECT_DATA(&rig, i * MSS, MSS);
	EXPECT_NOTHING(&rig);
}

static void
last_byte_is_pushed(void)
{
	accept_and_send(&rig_linux, 2000);
	CU_ASSERT_EQUAL(rig_next(&rig)->h.flags, PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig_next(&rig)->h.flags, PW_TCP_ACK | PW_TCP_PSH);
}

static void
fin_rides_on_the_last_byte(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(rig.user.c, 100);
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_ACK | PW_TCP_PSH | PW_TCP_FIN);
	CU_ASSERT_EQUAL(s->len, 100);
	EXPECT_NOTHING(&rig);
}

static void
short_segment_is_not_held_back(void)
{
	accept_and_send(&rig_linux, 10);
	EXPECT_DATA(&rig, 0, 10);
	pw_tcp_send(rig.user.c, 20);
	rig_run(&rig);
	EXPECT_DATA(&rig, 10, 20);
}

/* SACK blocks shorten our segments; they are full all the same. */
static void
sack_blocks_hold_no_data_back(void)
{
	accept_and_send(&rig_linux, 3000);
	rig_skip(&rig);
	rig_data(&rig, 100, 100);
	rig_data(&rig, 300, 100);
	rig_skip(&rig);
	pw_tcp_send(rig.user.c, 100000);
	rig_run(&rig);
	EXPECT_DATA(&rig, 3000, MSS - 20);
	CU_ASSERT_TRUE(rig_skip(&rig) >= 6);
}

/* ---- the window ---- */

static void
c85_older_segment_brings_no_older_window(void)
{
	accept_and_send(&rig_linux, 1000);
	rig_skip(&rig);
	rig.snd += 10; /* 10 bytes of the peer are on the way */
	rig_ack_wnd(&rig, 1000, 60 << 7);
	CU_ASSERT_EQUAL(rig.user.c->snd_edge, 1000 + (60 << 7));
	rig.snd -= 10;
	rig_in(&rig, PW_TCP_ACK, rig.snd, rig.iss + 1001, 5 << 7, 10, NULL, 0);
	CU_ASSERT_EQUAL(rig.user.c->snd_edge, 1000 + (60 << 7));
	rig_run(&rig);
	rig_skip(&rig);
}

static void
c86_shrunk_window_is_survived(void)
{
	accept_and_send(&rig_linux, 100000);
	rig_skip(&rig);
	rig.now += MS(10);
	rig_ack_wnd(&rig, 1448, 2 << 7); /* far below what is in flight */
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_TRUE(rig.user.c->snd_edge < rig.user.c->snd_nxt);
	rig.now += MS(10);
	rig_ack(&rig, 14480);
	rig_run(&rig);
	EXPECT_DATA(&rig, 14480, MSS);
	rig_skip(&rig);
}

static void
nothing_goes_beyond_the_right_edge(void)
{
	const struct rig_peer tight = {.mss = 1460, .wnd = 3000, .wscale = -1};

	rig_accept(&rig, &tight);
	rig_ack_wnd(&rig, 0, 3000);
	pw_tcp_send(rig.user.c, 10000);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1460);
	EXPECT_DATA(&rig, 1460, 1460);
	EXPECT_NOTHING(&rig); /* 80 more would be a silly segment */
	rig_ack_wnd(&rig, 1460, 3000);
	rig_run(&rig);
	EXPECT_DATA(&rig, 2920, 1460);
	EXPECT_NOTHING(&rig);
}

/* RFC 9293 3.8.6.2.1: a full segment, or half the largest window, or all. */
static void
c88_silly_windows_are_not_filled(void)
{
	const struct rig_peer small = {.mss = 1460, .wnd = 1000, .wscale = -1};

	rig_accept(&rig, &small);
	rig_ack_wnd(&rig, 0, 1000);
	rig.user.c->max_wnd = 1000;
	pw_tcp_send(rig.user.c, 5000);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1000);
	rig_ack_wnd(&rig, 1000, 499);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	rig_ack_wnd(&rig, 1000, 500);
	rig_run(&rig);
	EXPECT_DATA(&rig, 1000, 500);
}

/* But not for ever: after a time-out the little that fits is sent. */
static void
c88_silly_window_is_used_in_the_end(void)
{
	accept_and_send(&rig_linux, 1000);
	rig_skip(&rig);
	rig.now += MS(10);
	rig_ack_wnd(&rig, 1000, 1 << 7);
	pw_tcp_send(rig.user.c, 5000);
	rig_wait(&rig, RIG_RTO - MS(1));
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, MS(1));
	EXPECT_DATA(&rig, 1000, 128);
}

static void
shut(void)
{
	accept_and_send(&rig_linux, 1000);
	rig_skip(&rig);
	rig.now += MS(10);
	rig_ack_wnd(&rig, 1000, 0);
	pw_tcp_send(rig.user.c, 5000);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
}

static void
expect_probe(void)
{
	const struct rig_seg *s = rig_next(&rig);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig_off(&rig, s), 999); /* what the peer must answer */
	CU_ASSERT_EQUAL(s->len, 0);
	EXPECT_NOTHING(&rig);
}

static void
c87_shut_window_is_probed_doubling(void)
{
	static const uint32_t gap_ms[] = {
		210, 420, 840, 1680, 3360, 6720, 13440, 26880, 53760, 60000, 60000};
	size_t i;

	shut();
	for (i = 0; i < RTE_DIM(gap_ms); i++) {
		rig_wait(&rig, MS(gap_ms[i]) - 1);
		EXPECT_NOTHING(&rig);
		rig_wait(&rig, 1);
		expect_probe();
		rig_ack_wnd(&rig, 1000, 0);
	}
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->persists, RTE_DIM(gap_ms));
}

static void
c87_answered_probes_go_on_for_ever(void)
{
	int i;

	shut();
	for (i = 0; i < 100; i++) {
		rig_wait(&rig, MS(60000));
		CU_ASSERT_TRUE(rig_skip(&rig) > 0);
		rig_ack_wnd(&rig, 1000, 0);
	}
	CU_ASSERT_PTR_NOT_NULL(rig.user.c);
}

static void
c87_window_opens_and_data_goes_at_once(void)
{
	shut();
	rig_wait(&rig, MS(1000));
	rig_skip(&rig);
	rig_ack(&rig, 1000);
	rig_run(&rig);
	EXPECT_DATA(&rig, 1000, MSS);
	EXPECT_DATA(&rig, 1000 + MSS, MSS);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(rig.user.c->at[TMR_PERSIST], PW_NEVER);
	CU_ASSERT_EQUAL(rig.user.c->backoff, 0);
}

static void
unanswered_probes_end_the_connection(void)
{
	shut();
	rig_wait(&rig, MS(160000));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
}

/* A21, RFC 6429: who never reads keeps no memory once the user has closed. */
static void
a21_closed_connection_does_not_wait_for_a_shut_window(void)
{
	int i;

	shut();
	pw_tcp_close(rig.user.c);
	for (i = 0; i < 100 && rig.user.n_gone == 0; i++) {
		rig_wait(&rig, MS(2000));
		rig_ack_wnd(&rig, 1000, 0);
	}
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
	CU_ASSERT_TRUE(i >= 50 && i < 100);
	rig_skip(&rig);
}

static void
fin_waits_for_the_window(void)
{
	accept_and_send(&rig_linux, 1000);
	rig_skip(&rig);
	rig_ack_wnd(&rig, 1000, 0);
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, RIG_RTO);
	expect_probe();
	rig_ack(&rig, 1000);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_ACK | PW_TCP_FIN);
}

/* ---- the source ---- */

static void
dry_source_is_asked_again_when_resumed(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.source_dry = true;
	pw_tcp_send(rig.user.c, 3000);
	rig_wait(&rig, MS(5000));
	EXPECT_NOTHING(&rig);
	rig.user.source_dry = false;
	rig_wait(&rig, MS(5000));
	EXPECT_NOTHING(&rig); /* it is not polled */
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, MSS);
	EXPECT_DATA(&rig, MSS, MSS);
	EXPECT_DATA(&rig, 2 * MSS, 3000 - 2 * MSS);
}

/* A page ends: shorter segments, no byte left out, the FIN on the last one. */
static void
source_that_lends_little(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.source_at_most = 1000;
	pw_tcp_send(rig.user.c, 2500);
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1000);
	EXPECT_DATA(&rig, 1000, 1000);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len, 500);
	CU_ASSERT_TRUE(s->h.flags & PW_TCP_FIN);
}

static void
user_timeout_does_not_count_a_dry_source(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.source_dry = true;
	pw_tcp_send(rig.user.c, 1000);
	rig_wait(&rig, MS(200000));
	rig.user.source_dry = false;
	pw_tcp_resume(rig.user.c);
	rig_wait(&rig, MS(1000)); /* lost, and sent again: no reason to give up */
	CU_ASSERT_EQUAL(rig.user.n_gone, 0);
	CU_ASSERT_TRUE(rig_skip(&rig) >= 2);
}

/* ---- the way out ---- */

/* Full after every number of segments: nothing is lost or sent twice. */
static void
way_out_full_at_every_step(void)
{
	uint32_t k;

	for (k = 0; k < 16; k++) {
		pw_off next = 0;
		const struct rig_seg *s;

		setup();
		rig_accept(&rig, &rig_linux);
		rig.way_room = k;
		pw_tcp_send(rig.user.c, 12000);
		pw_tcp_shutdown(rig.user.c);
		rig_run(&rig);
		CU_ASSERT_EQUAL(pw_tcp_next(rig.t) == 0, k < 9);
		rig.way_room = UINT32_MAX;
		rig_run(&rig);
		for (; (s = rig_next(&rig)) != NULL; next += s->len) {
			CU_ASSERT_EQUAL(rig_off(&rig, s), (int64_t)next);
			CU_ASSERT_TRUE(s->bytes_right);
			CU_ASSERT_EQUAL(!!(s->h.flags & PW_TCP_FIN), next + s->len == 12000);
		}
		CU_ASSERT_EQUAL(next, 12000);
		CU_ASSERT_EQUAL(rig.user.c->snd_nxt, 12001);
		teardown();
	}
	setup();
}

/* The same when what is lost is sent again, and the loss probe, and the window probe. */
static void
way_out_full_at_every_retransmission(void)
{
	uint32_t k;

	for (k = 0; k < 12; k++) {
		setup();
		accept_and_send(&rig_linux, 14480);
		rig_skip(&rig);
		rig.way_room = k;
		rig_wait(&rig, MS(20));	 /* TLP */
		rig_wait(&rig, MS(400)); /* RTO */
		rig.way_room = UINT32_MAX;
		rig_wait(&rig, MS(400));
		CU_ASSERT_TRUE(rig_skip(&rig) >= 1);
		rig_ack(&rig, 1448);
		rig_run(&rig);
		CU_ASSERT_TRUE(rig_skip(&rig) >= 1);
		rig_ack(&rig, 14480);
		CU_ASSERT_EQUAL(rig.user.acked, 14480);
		teardown();
	}
	setup();
}

static void
window_probe_waits_for_the_way_out(void)
{
	shut();
	rig.way_full = true;
	rig_wait(&rig, RIG_RTO);
	rig.way_full = false;
	rig_run(&rig);
	expect_probe();
}

/* ---- segments for a device to cut ---- */

static void
open_with_gso(uint32_t bytes)
{
	const struct pw_tcp_cfg cfg = {.gso_max_bytes = bytes, .cc = "newreno"};

	rig_close(&rig);
	rig_open(&rig, &cfg);
}

static void
gso_sends_whole_segments_in_one(void)
{
	open_with_gso(65536);
	accept_and_send(&rig_linux, 100000);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len, 14480);
	CU_ASSERT_EQUAL(s->gso_size, MSS);
	EXPECT_NOTHING(&rig);
	rig_ack(&rig, 14480);
	rig_run(&rig);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len % MSS, 0);
	CU_ASSERT_TRUE(s->len > 14480);
	EXPECT_NOTHING(&rig);
}

static void
gso_tail_and_single_segments(void)
{
	open_with_gso(65536);
	accept_and_send(&rig_linux, 3000);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len, 3000);
	CU_ASSERT_EQUAL(s->gso_size, MSS);
	pw_tcp_send(rig.user.c, MSS);
	rig_run(&rig);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len, MSS);
	CU_ASSERT_EQUAL(s->gso_size, 0);
}

static void
gso_smaller_than_a_segment_is_none(void)
{
	open_with_gso(1000);
	accept_and_send(&rig_linux, 2000);
	EXPECT_DATA(&rig, 0, MSS);
	EXPECT_DATA(&rig, MSS, 2000 - MSS);
}

/* What went before the way out was full is waited for, though what follows it may
 * no longer be worth sending when there is room again. */
static void
way_out_full_stops_no_loss_timer(void)
{
	rig_accept(&rig, &rig_ancient);
	rig_ack_wnd(&rig, 0, 2 * 1460 - 100);
	rig.way_room = 1;
	pw_tcp_send(rig.user.c, 1460 + 100);
	rig_run(&rig);
	rig.way_room = UINT32_MAX;
	pw_tcp_send(rig.user.c, 5000);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1460);
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, MS(1000));
	EXPECT_DATA(&rig, 0, 1460);
	rig_skip(&rig);
}

/* A probe of the tail that the source cannot fill leaves its place to the time-out. */
static void
dry_source_probes_no_tail(void)
{
	accept_and_send(&rig_linux, 3 * MSS);
	rig_skip(&rig);
	rig.user.source_dry = true;
	rig_wait(&rig, MS(130000));
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
	EXPECT_NOTHING(&rig);
}

static void
send_much(void *ctx, struct pw_tcp_conn *c)
{
	pw_tcp_send(c, 1000000);
}

/* 300 connections with data, and a way out that takes none: their turns do not come. */
static void
crowd(void)
{
	const struct pw_tcp_cfg cfg = {.max_conns = 1024, .cc = "newreno"};
	uint32_t i;

	rig_close(&rig);
	rig_open(&rig, &cfg);
	for (i = 0; i < 300; i++) {
		rig.port = (uint16_t)(2000 + i);
		rig_accept(&rig, &rig_linux);
		rig.user.c->quick_acks = 0;
	}
	pw_tcp_each(rig.t, send_much, NULL);
	rig.way_full = true;
	rig_run(&rig);
	rig_skip(&rig);
	rig.way_full = false;
}

static void
abort_each(void *ctx, struct pw_tcp_conn *c)
{
	pw_tcp_abort(c, rig.now);
}

static void
disperse(void)
{
	pw_tcp_each(rig.t, abort_each, NULL);
	rig_skip(&rig);
}

/* The peer's timer does not wait for our turns: it would send its request again. */
static void
in_a_crowd_acks_do_not_wait(void)
{
	crowd();
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 100), PW_OK);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_TRUE(rig.user.c->delack);
	CU_ASSERT_EQUAL(rig_data(&rig, 100, 100), PW_OK); /* every second one at once */
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig_data(&rig, 200, 100), PW_OK);
	EXPECT_NOTHING(&rig);
	rig.now += DELACK_NS;
	rig.way_room = 0;
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	rig.now += DELACK_NS; /* there was no room even for it: once more */
	rig.way_room = 1;
	rig_run(&rig);
	rig.way_room = UINT32_MAX;
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	EXPECT_NOTHING(&rig);
	disperse();
}

static void
in_a_crowd_syn_acks_do_not_wait(void)
{
	crowd();
	rig.port = 4000;
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	EXPECT_FLAGS(&rig, PW_TCP_SYN | PW_TCP_ACK);
	rig.way_full = true;
	rig.port = 4001;
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig.way_full = false;
	EXPECT_NOTHING(&rig); /* it has its turn, as ever */
	disperse();
}

static CU_TestInfo tests[] = {
	TEST(in_a_crowd_acks_do_not_wait),
	TEST(in_a_crowd_syn_acks_do_not_wait),
	TEST(initial_window_is_ten_segments),
	TEST(last_byte_is_pushed),
	TEST(fin_rides_on_the_last_byte),
	TEST(short_segment_is_not_held_back),
	TEST(sack_blocks_hold_no_data_back),
	TEST(c85_older_segment_brings_no_older_window),
	TEST(c86_shrunk_window_is_survived),
	TEST(nothing_goes_beyond_the_right_edge),
	TEST(c88_silly_windows_are_not_filled),
	TEST(c88_silly_window_is_used_in_the_end),
	TEST(c87_shut_window_is_probed_doubling),
	TEST(c87_answered_probes_go_on_for_ever),
	TEST(c87_window_opens_and_data_goes_at_once),
	TEST(unanswered_probes_end_the_connection),
	TEST(a21_closed_connection_does_not_wait_for_a_shut_window),
	TEST(fin_waits_for_the_window),
	TEST(dry_source_is_asked_again_when_resumed),
	TEST(source_that_lends_little),
	TEST(user_timeout_does_not_count_a_dry_source),
	TEST(way_out_full_at_every_step),
	TEST(way_out_full_at_every_retransmission),
	TEST(window_probe_waits_for_the_way_out),
	TEST(gso_sends_whole_segments_in_one),
	TEST(gso_tail_and_single_segments),
	TEST(gso_smaller_than_a_segment_is_none),
	TEST(way_out_full_stops_no_loss_timer),
	TEST(dry_source_probes_no_tail),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_send = {
	.pName = "tcp_send", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
