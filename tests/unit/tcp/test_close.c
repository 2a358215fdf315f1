/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The end of a connection: FINs in every order, TIME-WAIT, and resets.
 */
#include "rig.h"
#include "tcp_priv.h"

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

/* The peer's segment at offset @p off, acknowledging @p ack of ours. */
static enum pw_drop
in(uint8_t flags, pw_off off, pw_off ack, uint32_t len)
{
	return rig_in(&rig, flags | PW_TCP_ACK, rig.peer_iss + 1 + (uint32_t)off,
		rig.iss + 1 + (uint32_t)ack, 64000u << rig.peer_shift, len, NULL, 0);
}

static void
expect_ack(pw_off off)
{
	const struct rig_seg *s = rig_next(&rig);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_ACK);
	CU_ASSERT_EQUAL(s->h.ack, rig.peer_iss + 1 + (uint32_t)off);
	EXPECT_NOTHING(&rig);
}

static uint32_t
time_waits(void)
{
	struct pw_tcp_usage use;

	pw_tcp_get_usage(rig.t, &use);
	return use.time_wait;
}

/* ---- FINs ---- */

static void
we_close_first(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_FIN | PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_FIN_WAIT_1);
	in(0, 0, 1, 0);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_FIN_WAIT_2);
	in(PW_TCP_FIN, 0, 1, 0);
	expect_ack(1);
	CU_ASSERT_EQUAL(rig.user.n_eof, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_CLOSED);
	CU_ASSERT_EQUAL(time_waits(), 1);
}

static void
peer_closes_first(void)
{
	rig_accept(&rig, &rig_linux);
	in(PW_TCP_FIN, 0, 0, 0);
	rig_run(&rig);
	expect_ack(1);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_CLOSE_WAIT);
	pw_tcp_shutdown(rig.user.c);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_LAST_ACK);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_FIN | PW_TCP_ACK);
	in(0, 1, 1, 0);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_CLOSED);
	CU_ASSERT_EQUAL(time_waits(), 0);
}

static void
fin_and_ack_of_fin_in_one(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	rig_skip(&rig);
	in(PW_TCP_FIN, 0, 1, 50);
	CU_ASSERT_EQUAL(rig.user.received, 50);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_CLOSED);
	CU_ASSERT_EQUAL(time_waits(), 1);
	CU_ASSERT_TRUE(rig_skip(&rig) >= 1);
}

/* C123: a client that half-closes after its request gets the whole answer. */
static void
c123_half_closed_peer_gets_everything(void)
{
	pw_off off;

	rig_accept(&rig, &rig_linux);
	in(PW_TCP_FIN, 0, 0, 100);
	pw_tcp_send(rig.user.c, 50000);
	pw_tcp_shutdown(rig.user.c);
	for (off = 0; rig.user.n_gone == 0 && off < 60000;) {
		const struct rig_seg *s;

		rig_run(&rig);
		while ((s = rig_next(&rig)) != NULL)
			off += s->len + ((s->h.flags & PW_TCP_FIN) != 0);
		in(0, 101, off, 0);
	}
	CU_ASSERT_EQUAL(off, 50001);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_CLOSED);
}

static void
c124_simultaneous_close(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_FIN | PW_TCP_ACK);
	in(PW_TCP_FIN, 0, 0, 0);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_CLOSING);
	rig_run(&rig);
	expect_ack(1);
	in(0, 1, 1, 0);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(time_waits(), 1);
}

/* The peer's FIN and its ACK of ours in one burst: TIME-WAIT, but not without a word. */
static void
c124_fin_and_ack_in_one_burst_are_answered(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_FIN | PW_TCP_ACK);
	in(PW_TCP_FIN, 0, 0, 0);
	in(0, 1, 1, 0);
	rig_run(&rig);
	expect_ack(1);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(time_waits(), 1);
}

static void
c125_lost_fin_is_sent_again_then_freed(void)
{
	rig_accept(&rig, &rig_linux);
	in(PW_TCP_FIN, 0, 0, 0);
	pw_tcp_close(rig.user.c);
	rig_run(&rig);
	rig_skip(&rig);
	rig_wait(&rig, RIG_RTO);
	EXPECT_FLAGS(&rig, PW_TCP_FIN | PW_TCP_ACK);
	rig_wait(&rig, 2 * RIG_RTO);
	EXPECT_FLAGS(&rig, PW_TCP_FIN | PW_TCP_ACK);
	rig_wait(&rig, MS(200000));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
}

static void
c129_fin_wait_2_ends_when_the_user_has_gone(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_close(rig.user.c);
	rig_run(&rig);
	rig_skip(&rig);
	in(0, 0, 1, 0);
	rig_wait(&rig, MS(59999));
	CU_ASSERT_EQUAL(rig.user.n_gone, 0);
	rig_wait(&rig, MS(1));
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
}

/* A half-close lasts as long as the peer has something to say. */
static void
fin_wait_2_of_a_reader_does_not_end(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	rig_skip(&rig);
	in(0, 0, 1, 0);
	rig_wait(&rig, MS(600000));
	CU_ASSERT_EQUAL(in(0, 0, 1, 100), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 100);
	rig_run(&rig);
	expect_ack(100);
}

static void
retransmitted_fin_is_acknowledged_in_close_wait(void)
{
	rig_accept(&rig, &rig_linux);
	in(PW_TCP_FIN, 0, 0, 0);
	rig_run(&rig);
	expect_ack(1);
	in(PW_TCP_FIN, 0, 0, 0);
	expect_ack(1);
	in(PW_TCP_FIN, 0, 0, 0);
	expect_ack(1);
	CU_ASSERT_EQUAL(rig.user.n_eof, 1);
}

/* ---- unread data, and data after close ---- */

static void
c127_close_with_unread_data_resets(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.take_at_most = 10;
	rig_data(&rig, 0, 100);
	pw_tcp_close(rig.user.c);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_ABORTED);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
}

static void
close_it(struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_close(c);
}

static void
close_inside_recv_is_in_order(void)
{
	rig.user.act = close_it;
	rig.user.act_in = RIG_RECV;
	rig_accept(&rig, &rig_linux);
	rig_data(&rig, 0, 100);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_FIN | PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_FIN_WAIT_1);
}

/* The same bytes by way of the queue: no difference. */
static void
close_inside_recv_of_kept_bytes_is_in_order(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.take_at_most = 0;
	rig_data(&rig, 0, 100);
	rig.user.take_at_most = UINT32_MAX;
	rig.user.act = close_it;
	rig.user.act_in = RIG_RECV;
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig.user.c);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_FIN_WAIT_1);
	EXPECT_FLAGS(&rig, PW_TCP_FIN | PW_TCP_ACK);
}

static void
c127_close_inside_recv_leaving_bytes_resets(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.take_at_most = 30;
	rig.user.act = close_it;
	rig.user.act_in = RIG_RECV;
	rig_data(&rig, 0, 100);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_ABORTED);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
}

/* More was kept behind what recv() took: it is never offered to who has closed. */
static void
c127_close_inside_recv_with_more_behind_resets(void)
{
	rig_accept(&rig, &rig_linux);
	rig_data(&rig, 100, 100);
	rig_skip(&rig);
	rig.user.act = close_it;
	rig.user.act_in = RIG_RECV;
	rig_data(&rig, 0, 100);
	CU_ASSERT_EQUAL(rig.user.received, 100);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_ABORTED);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
}

static void
c128_data_after_close_resets(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_close(rig.user.c);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(in(0, 0, 1, 10), PW_DROP_TCP_AFTER_CLOSE);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_ABORTED);
}

/* What had come before the close may come again. */
static void
old_data_after_close_does_not_reset(void)
{
	rig_accept(&rig, &rig_linux);
	in(0, 0, 0, 100);
	pw_tcp_close(rig.user.c);
	rig_run(&rig);
	rig_skip(&rig);
	in(0, 0, 0, 100);
	CU_ASSERT_EQUAL(rig_skip(&rig), 1);
	in(PW_TCP_FIN, 0, 1, 100); /* sent again together with the FIN */
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_CLOSED);
	rig_skip(&rig);
}

/* ---- TIME-WAIT ---- */

static void
to_time_wait(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	in(PW_TCP_FIN, 0, 1, 0);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(time_waits(), 1);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
}

static void
c126_time_wait_lasts_2_msl(void)
{
	to_time_wait();
	rig_wait(&rig, MS(59999));
	CU_ASSERT_EQUAL(time_waits(), 1);
	rig_wait(&rig, MS(1));
	CU_ASSERT_EQUAL(time_waits(), 0);
}

static void
c126_repeated_fin_is_acknowledged_and_waits_anew(void)
{
	to_time_wait();
	rig_wait(&rig, MS(50000));
	CU_ASSERT_EQUAL(in(PW_TCP_FIN, 0, 1, 0), PW_OK);
	expect_ack(1);
	rig_wait(&rig, MS(59999));
	CU_ASSERT_EQUAL(time_waits(), 1);
	rig_wait(&rig, MS(1));
	CU_ASSERT_EQUAL(time_waits(), 0);
}

/* A26, RFC 1337. */
static void
c126_reset_does_not_end_time_wait(void)
{
	to_time_wait();
	CU_ASSERT_EQUAL(in(PW_TCP_RST, 1, 1, 0), PW_DROP_TCP_TIME_WAIT);
	CU_ASSERT_EQUAL(in(PW_TCP_RST, 0, 1, 0), PW_DROP_TCP_TIME_WAIT);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(time_waits(), 1);
}

static void
stray_segment_in_time_wait_is_answered_seldom(void)
{
	to_time_wait();
	CU_ASSERT_EQUAL(in(0, 1, 1, 0), PW_OK); /* where both stand: nothing to say */
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(in(0, 5000, 1, 10), PW_DROP_TCP_TIME_WAIT);
	expect_ack(1);
	CU_ASSERT_EQUAL(in(0, 5000, 1, 10), PW_DROP_TCP_TIME_WAIT);
	EXPECT_NOTHING(&rig);
}

/* RFC 6191: a new SYN ends TIME-WAIT when its timestamp or sequence is higher. */
static void
check_new_syn(uint32_t seq, int32_t ts, bool with_ts, bool accepted)
{
	struct rig_peer p = rig_linux;
	uint32_t old_nxt;

	setup();
	to_time_wait();
	old_nxt = rig.t->tw.e[rig.t->tw.oldest].snd_nxt;
	rig.peer_iss += seq;
	rig.ts += (uint32_t)ts;
	p.ts = with_ts;
	if (ts != 0)
		rig.now += MS(1) * (ts > 0);
	if (!accepted) {
		struct pw_tcp_opts o = {.has = PW_OPT_TS, .ts_val = rig_ts(&rig)};
		struct pw_tcp_hdr h = {.sport = rig.port,
			.dport = RIG_PORT,
			.seq = rig.peer_iss,
			.flags = PW_TCP_SYN};
		uint8_t opts[PW_TCP_OPT_MAX];

		h.opt_len = with_ts ? (uint8_t)pw_tcp_put_syn_opts(opts, &o) : 0;
		CU_ASSERT_EQUAL(rig_raw(&rig, h, opts, 0), PW_DROP_TCP_TIME_WAIT);
		CU_ASSERT_EQUAL(rig_next(&rig)->h.flags, PW_TCP_ACK);
		CU_ASSERT_EQUAL(time_waits(), 1);
	} else {
		CU_ASSERT_EQUAL(rig_syn(&rig, &p), PW_OK);
		rig_run(&rig);
		const struct rig_seg *s = rig_next(&rig);
		CU_ASSERT_PTR_NOT_NULL_FATAL(s);
		CU_ASSERT_EQUAL(s->h.flags, PW_TCP_SYN | PW_TCP_ACK);
		CU_ASSERT_TRUE(seq_before(old_nxt, s->h.seq));
		CU_ASSERT_EQUAL(time_waits(), 0);
	}
	teardown();
}

static void
c126_new_syn_in_time_wait(void)
{
	check_new_syn(0, 1, true, true);	/* later timestamp, same sequence */
	check_new_syn(100000, 0, true, true);	/* same timestamp, higher sequence */
	check_new_syn(0, 0, true, false);	/* the old SYN again */
	check_new_syn(100000, -5, true, false); /* an older timestamp counts more */
	check_new_syn(100000, 0, false, true);	/* no timestamp: the sequence decides */
	check_new_syn(-5u, 0, false, false);
	setup();
}

static void
time_wait_full_recycles_the_oldest(void)
{
	const struct pw_tcp_cfg cfg = {.max_time_wait = 2, .cc = "newreno"};
	int i;

	teardown();
	rig_open(&rig, &cfg);
	for (i = 0; i < 3; i++) {
		rig.port++;
		rig_accept(&rig, &rig_linux);
		pw_tcp_shutdown(rig.user.c);
		rig_run(&rig);
		rig.user.acked = 0;
		in(PW_TCP_FIN, 0, 1, 0);
		rig_skip(&rig);
	}
	CU_ASSERT_EQUAL(time_waits(), 2);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->time_wait_recycled, 1);
}

/* Closed both ways, the user still reading: a reset must not take the data away. */
static void
reset_after_both_fins_leaves_unread_data(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.take_at_most = 10;
	rig_data(&rig, 0, 100);
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	in(PW_TCP_FIN, 100, 1, 0);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(in(PW_TCP_RST, 101, 1, 0), PW_DROP_TCP_TIME_WAIT);
	rig.user.take_at_most = UINT32_MAX;
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig.user.c);
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig.user.received, 100);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_CLOSED);
}

/* ---- abort ---- */

static void
abort_it(struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_abort(c, rig.now);
}

/* And take the place at once, as a user that reconnects does. */
static void
abort_and_connect(struct pw_tcp_conn *c, pw_ns now)
{
	rig.user.act = NULL;
	pw_tcp_abort(c, rig.now);
	CU_ASSERT_PTR_NOT_NULL(
		pw_tcp_connect(rig.t, &rig.us, 0, &rig.peer, 9, rig_app, &rig.user, rig.now));
	rig.user.n_open++; /* gone() is owed for it */
}

/* Make every callback happen, one after the other. */
static void
live_through_all(void)
{
	rig_accept(&rig, &rig_linux);
}

static void
happen(enum rig_callback which)
{
	struct pw_tcp_conn *c = rig.user.c;

	switch (which) {
	case RIG_OPEN:
		return;
	case RIG_RECV:
		rig_data(&rig, 0, 100);
		break;
	case RIG_EOF:
		in(PW_TCP_FIN, 0, 0, 0);
		break;
	case RIG_SOURCE:
	case RIG_ACKED:
		pw_tcp_send(c, 50000);
		rig_run(&rig);
		if (rig.user.c == NULL)
			return;
		rig_ack(&rig, 1448);
		break;
	case RIG_TIMER:
		pw_tcp_set_timer(c, rig.now + 5);
		rig_wait(&rig, 10);
		break;
	case RIG_GONE:
		pw_tcp_abort(c, rig.now);
		break;
	}
	rig_run(&rig);
}

static void
check_act(enum rig_callback which, void (*act)(struct pw_tcp_conn *c, pw_ns now))
{
	setup();
	rig.user.act = act;
	rig.user.act_in = which;
	if (which == RIG_OPEN) {
		CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
		rig_run(&rig);
		rig_learn(&rig, &rig_linux, rig_next(&rig));
		rig_ack(&rig, 0);
		rig_run(&rig);
	} else {
		live_through_all();
		happen(which);
	}
	CU_ASSERT_EQUAL(rig.user.n_acts, 1);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_ABORTED);
	CU_ASSERT_TRUE(rig_skip(&rig) >= 1);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rsts_out, 1);
	teardown();
}

static void
abort_from_inside_every_callback(void)
{
	int which;

	for (which = RIG_OPEN; which <= RIG_GONE; which++)
		check_act((enum rig_callback)which, abort_it);
	setup();
}

static void
abort_and_connect_from_inside_every_callback(void)
{
	int which;

	for (which = RIG_OPEN; which < RIG_GONE; which++)
		check_act((enum rig_callback)which, abort_and_connect);
	setup();
}

/* A probe of the tail and a retransmission ask the source too. */
static void
abort_inside_source_of_a_retransmission(void)
{
	static const uint32_t wait_ms[] = {20, 500};
	size_t i;

	for (i = 0; i < RTE_DIM(wait_ms); i++) {
		setup();
		rig_accept(&rig, &rig_linux);
		pw_tcp_send(rig.user.c, 5000);
		rig_run(&rig);
		if (i == 1)
			rig_wait(&rig, MS(20));
		rig.user.act = abort_it;
		rig.user.act_in = RIG_SOURCE;
		rig_wait(&rig, MS(wait_ms[i]));
		CU_ASSERT_EQUAL(rig.user.n_gone, 1);
		rig_skip(&rig);
		teardown();
	}
	setup();
}

static void
destroy_with_live_connections_tells_users(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(rig.user.c, 50000);
	rig_data(&rig, 100, 100);
	rig_run(&rig);
	pw_tcp_destroy(rig.t);
	rig.t = NULL;
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_ABORTED);
}

static void
calls_on_a_connection_that_has_ended_do_nothing(struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_send(c, 10);
	pw_tcp_resume(c);
	pw_tcp_set_timer(c, rig.now + 5);
	pw_tcp_shutdown(c);
	pw_tcp_close(c);
	pw_tcp_abort(c, rig.now);
}

static void
calls_inside_gone_do_nothing(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.act = calls_on_a_connection_that_has_ended_do_nothing;
	rig.user.act_in = RIG_GONE;
	in(PW_TCP_RST, 0, 0, 0);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(pw_tcp_next(rig.t), PW_NEVER);
}

static CU_TestInfo tests[] = {
	TEST(we_close_first),
	TEST(peer_closes_first),
	TEST(fin_and_ack_of_fin_in_one),
	TEST(c123_half_closed_peer_gets_everything),
	TEST(c124_simultaneous_close),
	TEST(c124_fin_and_ack_in_one_burst_are_answered),
	TEST(c125_lost_fin_is_sent_again_then_freed),
	TEST(c129_fin_wait_2_ends_when_the_user_has_gone),
	TEST(fin_wait_2_of_a_reader_does_not_end),
	TEST(retransmitted_fin_is_acknowledged_in_close_wait),
	TEST(c127_close_with_unread_data_resets),
	TEST(close_inside_recv_is_in_order),
	TEST(close_inside_recv_of_kept_bytes_is_in_order),
	TEST(c127_close_inside_recv_leaving_bytes_resets),
	TEST(c127_close_inside_recv_with_more_behind_resets),
	TEST(c128_data_after_close_resets),
	TEST(old_data_after_close_does_not_reset),
	TEST(c126_time_wait_lasts_2_msl),
	TEST(c126_repeated_fin_is_acknowledged_and_waits_anew),
	TEST(c126_reset_does_not_end_time_wait),
	TEST(stray_segment_in_time_wait_is_answered_seldom),
	TEST(c126_new_syn_in_time_wait),
	TEST(time_wait_full_recycles_the_oldest),
	TEST(reset_after_both_fins_leaves_unread_data),
	TEST(abort_from_inside_every_callback),
	TEST(abort_and_connect_from_inside_every_callback),
	TEST(abort_inside_source_of_a_retransmission),
	TEST(destroy_with_live_connections_tells_users),
	TEST(calls_inside_gone_do_nothing),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_close = {
	.pName = "tcp_close", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
