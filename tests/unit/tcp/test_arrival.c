/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * SEGMENT ARRIVES in the synchronised states (RFC 9293 section 3.10.7.4): the
 * form of segments, acceptability, RST, SYN and ACK by RFC 5961, and PAWS by
 * RFC 7323.
 */
#include "rig.h"
#include "tcp_priv.h"

static struct rig rig;
static const uint8_t no_opts[PW_TCP_OPT_MAX];

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

static enum pw_drop
in(uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	return rig_in(&rig, flags, seq, ack, 64000u << rig.peer_shift, len, NULL, 0);
}

/* Where the peer stands, and where we do. */
static uint32_t
peer_at(int64_t off)
{
	return rig.peer_iss + 1 + (uint32_t)off;
}

static uint32_t
we_at(int64_t off)
{
	return rig.iss + 1 + (uint32_t)off;
}

static void
expect_challenge(void)
{
	const struct rig_seg *s = rig_next(&rig);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_ACK);
	CU_ASSERT_EQUAL(s->h.seq, we_at((int64_t)rig.user.c->snd_nxt));
	CU_ASSERT_EQUAL(s->h.ack, peer_at((int64_t)rig.user.c->rcv_nxt));
	CU_ASSERT_EQUAL(s->len, 0);
	EXPECT_NOTHING(&rig);
}

/* Past the limit on challenges. */
static void
rest(void)
{
	rig_wait(&rig, MS(OOW_ACK_MS));
	rig_skip(&rig);
}

/* ---- the form of a segment ---- */

static enum pw_drop
raw_bytes(const uint8_t *bytes, uint32_t len, bool cksum_ok)
{
	struct pw_tcp_pkt pkt = {
		.src = rig.peer, .dst = rig.us, .l4 = bytes, .len = len, .cksum_ok = cksum_ok};

	return pw_tcp_input(rig.t, &pkt, rig.now);
}

static void
c44_bad_checksum_is_dropped(void)
{
	struct pw_tcp_hdr h = {.sport = 9, .dport = RIG_PORT, .flags = PW_TCP_ACK};
	uint8_t bytes[60];

	pw_tcp_emit(bytes, &h, no_opts);
	CU_ASSERT_EQUAL(raw_bytes(bytes, 20, false), PW_DROP_TCP_CKSUM);
}

static void
c45_bad_data_offset_is_dropped(void)
{
	struct pw_tcp_hdr h = {.sport = 9, .dport = RIG_PORT, .flags = PW_TCP_ACK};
	uint8_t bytes[60];
	int words;

	pw_tcp_emit(bytes, &h, no_opts);
	for (words = 0; words < 16; words++) {
		bytes[12] = (uint8_t)(words << 4);
		if (words != 5)
			CU_ASSERT_EQUAL(raw_bytes(bytes, 20, true), PW_DROP_TCP_HDR);
	}
	CU_ASSERT_EQUAL(raw_bytes(bytes, 19, true), PW_DROP_TCP_HDR);
	CU_ASSERT_EQUAL(raw_bytes(bytes, 0, true), PW_DROP_TCP_HDR);
}

static void
a23_land_and_port_zero_are_dropped(void)
{
	struct pw_tcp_hdr h = {.sport = RIG_PORT, .dport = RIG_PORT, .flags = PW_TCP_SYN};
	struct pw_tcp_pkt pkt = {.src = rig.us, .dst = rig.us, .len = 20, .cksum_ok = true};
	uint8_t bytes[60];

	pkt.l4 = bytes;
	pw_tcp_emit(bytes, &h, no_opts);
	CU_ASSERT_EQUAL(pw_tcp_input(rig.t, &pkt, rig.now), PW_DROP_TCP_LAND);
	h.sport = 0;
	pw_tcp_emit(bytes, &h, no_opts);
	CU_ASSERT_EQUAL(raw_bytes(bytes, 20, true), PW_DROP_TCP_PORT_ZERO);
}

static void
c46_reserved_bits_are_ignored(void)
{
	uint8_t bytes[60] = {0};
	struct pw_tcp_hdr h = {
		.sport = RIG_PEER_PORT, .dport = RIG_PORT, .wnd = 999, .flags = PW_TCP_ACK};

	rig_accept(&rig, &rig_ancient);
	h.seq = peer_at(0);
	h.ack = we_at(0);
	pw_tcp_emit(bytes, &h, no_opts);
	bytes[12] |= 0x0f;
	bytes[20] = rig_byte(0);
	CU_ASSERT_EQUAL(raw_bytes(bytes, 21, true), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 1);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 1);
}

/* C47 to C50: whatever stands in the options, the data behind them counts. */
static void
c47_to_c50_odd_options_do_no_harm(void)
{
	static const uint8_t odd[][8] = {
		{77, 8, 1, 2, 3, 4, 5, 6}, /* C47: unknown */
		{8, 0, 1, 1, 1, 1, 1, 1},  /* C48: length 0 */
		{8, 1, 1, 1, 1, 1, 1, 1},  /* C48: length 1 */
		{1, 1, 5, 34, 1, 1, 1, 1}, /* C49: runs past the header */
		{0, 2, 4, 0, 9, 9, 9, 9},  /* C50: bytes after the end */
	};
	struct pw_tcp_hdr h = {.sport = RIG_PEER_PORT,
		.dport = RIG_PORT,
		.wnd = 999,
		.flags = PW_TCP_ACK,
		.opt_len = 8};
	uint32_t i;

	rig_accept(&rig, &rig_ancient);
	h.ack = we_at(0);
	for (i = 0; i < RTE_DIM(odd); i++) {
		h.seq = peer_at(i * 10);
		CU_ASSERT_EQUAL(rig_raw(&rig, h, odd[i], 10), PW_OK);
	}
	CU_ASSERT_EQUAL(rig.user.received, 10 * RTE_DIM(odd));
	rig_run(&rig);
	rig_skip(&rig);
}

static void
c56_urgent_data_stays_in_line(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(in(PW_TCP_ACK | PW_TCP_URG, peer_at(0), we_at(0), 100), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 100);
	rig_run(&rig);
	rig_skip(&rig);
}

/* ---- acceptability ---- */

/* One connection with a shut window: nothing is taken by the user. */
static void
shut_window(void)
{
	const struct pw_tcp_cfg cfg = {.rcv_buf_bytes = 4000, .cc = "newreno"};

	rig_close(&rig);
	rig_open(&rig, &cfg);
	rig_accept(&rig, &rig_linux);
	rig.user.take_at_most = 0;
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 4000), PW_OK);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.wnd, 0);
	rig.snd = peer_at(4000);
}

static void
c71_empty_segment_at_a_zero_window_counts(void)
{
	shut_window();
	pw_tcp_send(rig.user.c, 100);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 100);
	CU_ASSERT_EQUAL(rig_ack(&rig, 100), PW_OK);
	CU_ASSERT_EQUAL(rig.user.acked, 100);
	EXPECT_NOTHING(&rig);
}

static void
c75_zero_window_takes_no_data_but_its_ack(void)
{
	shut_window();
	pw_tcp_send(rig.user.c, 100);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 100);
	CU_ASSERT_EQUAL(in(PW_TCP_ACK, peer_at(4000), we_at(100), 50), PW_OK);
	CU_ASSERT_EQUAL(rig.user.acked, 100);
	CU_ASSERT_EQUAL(rig.user.c->rcv_nxt, 4000);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.ack, peer_at(4000));
	CU_ASSERT_EQUAL(s->h.wnd, 0);
}

static void
c75_zero_window_takes_no_fin(void)
{
	shut_window();
	CU_ASSERT_EQUAL(in(PW_TCP_ACK | PW_TCP_FIN, peer_at(4000), we_at(0), 1), PW_OK);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_ESTABLISHED);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
}

static void
c75_zero_window_takes_a_reset(void)
{
	shut_window();
	CU_ASSERT_EQUAL(in(PW_TCP_RST, peer_at(4000), 0, 0), PW_DROP_TCP_RST);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_RESET);
}

/* C72 to C76 at one place of the sequence space. */
static void
check_edges(void)
{
	int64_t right;

	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 100), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	right = (int64_t)rig.user.c->rcv_adv;
	/* C72: beyond the right edge */
	CU_ASSERT_EQUAL(rig_data(&rig, (pw_off)right, 10), PW_DROP_TCP_WINDOW);
	expect_challenge();
	CU_ASSERT_EQUAL(rig.user.c->rcvq, NONE);
	/* C73: across the left edge */
	CU_ASSERT_EQUAL(rig_data(&rig, 50, 100), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 150);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 1);
	/* C76: old */
	CU_ASSERT_EQUAL(rig_data(&rig, 50, 100), PW_DROP_TCP_WINDOW);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->o.n_sack, 1);
	CU_ASSERT_EQUAL(s->o.sack[0].left, peer_at(50));
	CU_ASSERT_EQUAL(s->o.sack[0].right, peer_at(150));
	CU_ASSERT_EQUAL(rig.user.received, 150);
	/* C74: across the right edge */
	right = (int64_t)rig.user.c->rcv_adv;
	CU_ASSERT_EQUAL(rig_data(&rig, (pw_off)right - 10, 30), PW_OK);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->o.sack[0].right, peer_at(right));
}

static void
c72_to_c76_window_edges(void)
{
	check_edges();
}

static void
c77_window_edges_at_the_wrap(void)
{
	uint32_t k;

	for (k = 0; k < 160; k += 40) {
		setup();
		rig.peer_iss = (uint32_t)-k - 1;
		check_edges();
		teardown();
	}
	setup();
}

/* Our own stream over 2^32: the ISN's clock is moved to just before it. */
static void
c77_our_sequence_numbers_wrap(void)
{
	rig_accept(&rig, &rig_linux);
	pw_ns ahead = (pw_ns)(uint32_t)(-2000 - rig.iss) * 4 * PW_NS_PER_US;
	teardown();
	setup();
	rig.now += ahead;
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rig.iss, (uint32_t)-2000);
	pw_tcp_send(rig.user.c, 14480);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 10);
	/* SACK over the wrap, then all of it. */
	rig.now += MS(10);
	CU_ASSERT_EQUAL(rig_sack(&rig, 1448, (pw_off[]){2896, 14480, 0, 0}), PW_OK);
	rig_run(&rig);
	EXPECT_DATA(&rig, 1448, 1448);
	CU_ASSERT_EQUAL(rig_ack(&rig, 14480), PW_OK);
	CU_ASSERT_EQUAL(rig.user.acked, 14480);
}

static void
old_segment_with_a_new_fin_is_taken(void)
{
	rig_accept(&rig, &rig_linux);
	rig_data(&rig, 0, 100);
	CU_ASSERT_EQUAL(in(PW_TCP_ACK | PW_TCP_FIN, peer_at(0), we_at(0), 100), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 100);
	CU_ASSERT_EQUAL(rig.user.n_eof, 1);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
dsack_does_not_reach_beyond_rcv_nxt(void)
{
	shut_window();
	/* Old bytes, and some that the shut window has no room for. */
	CU_ASSERT_EQUAL(rig_data(&rig, 3900, 200), PW_DROP_TCP_WINDOW);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->o.sack[0].left, peer_at(3900));
	CU_ASSERT_EQUAL(s->o.sack[0].right, peer_at(4000));
}

/* ---- RST, SYN, ACK ---- */

static void
to_established(void)
{
	rig_accept(&rig, &rig_linux);
}

static void
to_fin_wait_1(void)
{
	to_established();
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
to_fin_wait_2(void)
{
	to_fin_wait_1();
	rig_ack(&rig, 1);
}

static void
to_close_wait(void)
{
	to_established();
	in(PW_TCP_ACK | PW_TCP_FIN, peer_at(0), we_at(0), 0);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
to_closing(void)
{
	to_fin_wait_1();
	in(PW_TCP_ACK | PW_TCP_FIN, peer_at(0), we_at(0), 0);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
to_last_ack(void)
{
	to_close_wait();
	pw_tcp_shutdown(rig.user.c);
	rig_run(&rig);
	rig_skip(&rig);
}

static const struct {
	void (*reach)(void);
	enum pw_tcp_state state;
} states[] = {
	{to_established, PW_TCP_ESTABLISHED},
	{to_fin_wait_1, PW_TCP_FIN_WAIT_1},
	{to_fin_wait_2, PW_TCP_FIN_WAIT_2},
	{to_close_wait, PW_TCP_CLOSE_WAIT},
	{to_closing, PW_TCP_CLOSING},
	{to_last_ack, PW_TCP_LAST_ACK},
};

/* A12: blind resets, and the one that is right, in every state. */
static void
check_rst(int64_t off, enum pw_drop why)
{
	uint32_t seq = peer_at((int64_t)rig.user.c->rcv_nxt + off);

	CU_ASSERT_EQUAL(in(PW_TCP_RST, seq, 0, 0), why);
}

static void
c78_rst_in_every_state(void)
{
	size_t i;

	for (i = 0; i < RTE_DIM(states); i++) {
		setup();
		states[i].reach();
		CU_ASSERT_EQUAL(rig.user.c->state, states[i].state);
		check_rst(-1, PW_DROP_TCP_RST_WINDOW);
		check_rst(70000, PW_DROP_TCP_RST_WINDOW);
		EXPECT_NOTHING(&rig);
		check_rst(1, PW_DROP_TCP_RST_WINDOW);
		expect_challenge();
		check_rst(0, PW_DROP_TCP_RST);
		CU_ASSERT_PTR_NULL(rig.user.c);
		CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_RESET);
		EXPECT_NOTHING(&rig);
		teardown();
	}
	setup();
}

static void
c79_syn_in_every_state_is_challenged(void)
{
	static const int64_t offs[] = {-1, 0, 1, 1000, 1 << 30};
	size_t i, k;

	for (i = 0; i < RTE_DIM(states); i++) {
		setup();
		states[i].reach();
		for (k = 0; k < RTE_DIM(offs); k++) {
			uint32_t seq = peer_at((int64_t)rig.user.c->rcv_nxt + offs[k]);

			CU_ASSERT_EQUAL(in(PW_TCP_SYN, seq, 0, 0), PW_DROP_TCP_SYN);
			expect_challenge();
			rest();
		}
		CU_ASSERT_EQUAL(rig.user.c->state, states[i].state);
		teardown();
	}
	setup();
}

static void
c80_ack_of_the_unsent_is_answered_and_dropped(void)
{
	rig_accept(&rig, &rig_linux);
	uint32_t ts = rig.user.c->ts_recent;
	rig.now += MS(5);
	CU_ASSERT_EQUAL(in(PW_TCP_ACK, peer_at(0), we_at(1), 10), PW_DROP_TCP_ACK_BAD);
	expect_challenge();
	CU_ASSERT_EQUAL(rig.user.received, 0);
	CU_ASSERT_EQUAL(rig.user.c->ts_recent, ts);
}

static void
a19_optimistic_ack_raises_nothing(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(rig.user.c, 14480);
	rig_run(&rig);
	rig_skip(&rig);
	uint32_t cwnd = rig.user.c->cwnd;
	CU_ASSERT_EQUAL(rig_ack(&rig, 14481), PW_DROP_TCP_ACK_BAD);
	expect_challenge();
	CU_ASSERT_EQUAL(rig.user.c->cwnd, cwnd);
	CU_ASSERT_EQUAL(rig.user.acked, 0);
}

static void
c81_ack_from_before_the_window_is_challenged(void)
{
	rig_accept(&rig, &rig_ancient);
	pw_tcp_send(rig.user.c, 1000);
	rig_run(&rig);
	rig_skip(&rig);
	rig_ack(&rig, 1000);
	rig.user.c->max_wnd = 500;
	CU_ASSERT_EQUAL(in(PW_TCP_ACK, peer_at(0), we_at(500), 10), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 10);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(in(PW_TCP_ACK, peer_at(10), we_at(499), 10), PW_DROP_TCP_ACK_OLD);
	expect_challenge();
	CU_ASSERT_EQUAL(rig.user.received, 10);
}

static void
c82_no_ack_bit_is_dropped(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(in(PW_TCP_PSH, peer_at(0), 0, 10), PW_DROP_TCP_NO_ACK);
	CU_ASSERT_EQUAL(in(PW_TCP_FIN, peer_at(0), 0, 0), PW_DROP_TCP_NO_ACK);
	CU_ASSERT_EQUAL(rig.user.received + rig.user.n_eof, 0);
}

/* A18: two ends with wild sequence numbers fall silent. */
static void
c83_second_answer_within_500_ms_is_held_back(void)
{
	rig_accept(&rig, &rig_linux);
	rig_data(&rig, 1 << 20, 10);
	expect_challenge();
	rig_wait(&rig, MS(OOW_ACK_MS) - 1);
	rig_data(&rig, 1 << 20, 10);
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, MS(1));
	rig_data(&rig, 1 << 20, 10);
	expect_challenge();
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->challenge_acks, 2);
}

/* A13: the limit is each connection's own. */
static void
a13_challenge_limit_is_not_shared(void)
{
	rig_accept(&rig, &rig_linux);
	check_rst(1, PW_DROP_TCP_RST_WINDOW);
	expect_challenge();
	rig.port++;
	rig_accept(&rig, &rig_linux);
	check_rst(1, PW_DROP_TCP_RST_WINDOW);
	expect_challenge();
}

static void
c84_rst_without_timestamp_is_judged_by_sequence(void)
{
	rig_accept(&rig, &rig_linux);
	rig.ts = 0;
	check_rst(70000, PW_DROP_TCP_RST_WINDOW);
	check_rst(0, PW_DROP_TCP_RST);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_RESET);
}

/* ---- timestamps ---- */

static void
c117_ts_recent_is_of_what_an_ack_answers(void)
{
	rig_accept(&rig, &rig_linux);
	uint32_t first = rig.user.c->ts_recent;
	rig.now += MS(7);
	/* Beyond a gap: not the one to echo (section 4.3). */
	rig_data(&rig, 100, 100);
	CU_ASSERT_EQUAL(rig.user.c->ts_recent, first);
	CU_ASSERT_EQUAL(rig_next(&rig)->o.ts_ecr, first);
	rig.now += MS(7);
	rig_data(&rig, 0, 100);
	CU_ASSERT_EQUAL(rig.user.c->ts_recent, rig_ts(&rig));
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_next(&rig)->o.ts_ecr, rig_ts(&rig));
}

/* While an ACK is held back, the older of two timestamps is echoed. */
static void
c117_delayed_ack_echoes_the_older(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.c->quick_acks = 0;
	rig_data(&rig, 0, 100);
	uint32_t first = rig_ts(&rig);
	rig.now += MS(7);
	rig_data(&rig, 100, 100);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_next(&rig)->o.ts_ecr, first);
}

static void
c118_older_timestamp_is_answered_and_dropped(void)
{
	rig_accept(&rig, &rig_linux);
	rig.now += MS(100);
	rig_data(&rig, 0, 100);
	rig_run(&rig);
	rig_skip(&rig);
	rig.ts -= 50;
	CU_ASSERT_EQUAL(rig_data(&rig, 100, 100), PW_DROP_TCP_PAWS);
	expect_challenge();
	CU_ASSERT_EQUAL(rig.user.received, 100);
}

/* A28: TSval over 2^31 and 2^32. */
static void
c118_timestamps_wrap(void)
{
	static const uint32_t step[] = {0x7ffffff0u, 0x7ffffff0u, 0x100u};
	uint32_t i;

	rig_accept(&rig, &rig_linux);
	for (i = 0; i < RTE_DIM(step); i++) {
		rig.ts += step[i];
		CU_ASSERT_EQUAL(rig_data(&rig, 10 * i, 10), PW_OK);
		rig_run(&rig);
		CU_ASSERT_EQUAL(rig_skip(&rig), 1);
	}
}

/* A28: a future TSval in a segment out of the window poisons nothing. */
static void
a28_unacceptable_segment_leaves_ts_recent(void)
{
	rig_accept(&rig, &rig_linux);
	rig.ts += 1000000;
	CU_ASSERT_EQUAL(rig_data(&rig, 1 << 20, 10), PW_DROP_TCP_WINDOW);
	expect_challenge();
	rig.ts -= 1000000;
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 10), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
c119_missing_timestamp_is_dropped(void)
{
	rig_accept(&rig, &rig_linux);
	uint32_t ts = rig.ts;
	rig.ts = 0;
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 10), PW_DROP_TCP_NO_TS);
	rig.ts = ts;
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 10), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 10);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
c120_after_24_days_any_timestamp_is_taken(void)
{
	rig_accept(&rig, &rig_linux);
	rig_wait(&rig, MS(PAWS_IDLE_MS) - MS(1));
	rig.ts -= PAWS_IDLE_MS + 100;
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 10), PW_DROP_TCP_PAWS);
	expect_challenge();
	rig_wait(&rig, MS(2));
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 10), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 10);
	rig_run(&rig);
	rig_skip(&rig);
}

static CU_TestInfo tests[] = {
	TEST(c44_bad_checksum_is_dropped),
	TEST(c45_bad_data_offset_is_dropped),
	TEST(a23_land_and_port_zero_are_dropped),
	TEST(c46_reserved_bits_are_ignored),
	TEST(c47_to_c50_odd_options_do_no_harm),
	TEST(c56_urgent_data_stays_in_line),
	TEST(c71_empty_segment_at_a_zero_window_counts),
	TEST(c75_zero_window_takes_no_data_but_its_ack),
	TEST(c75_zero_window_takes_no_fin),
	TEST(c75_zero_window_takes_a_reset),
	TEST(c72_to_c76_window_edges),
	TEST(c77_window_edges_at_the_wrap),
	TEST(c77_our_sequence_numbers_wrap),
	TEST(old_segment_with_a_new_fin_is_taken),
	TEST(dsack_does_not_reach_beyond_rcv_nxt),
	TEST(c78_rst_in_every_state),
	TEST(c79_syn_in_every_state_is_challenged),
	TEST(c80_ack_of_the_unsent_is_answered_and_dropped),
	TEST(a19_optimistic_ack_raises_nothing),
	TEST(c81_ack_from_before_the_window_is_challenged),
	TEST(c82_no_ack_bit_is_dropped),
	TEST(c83_second_answer_within_500_ms_is_held_back),
	TEST(a13_challenge_limit_is_not_shared),
	TEST(c84_rst_without_timestamp_is_judged_by_sequence),
	TEST(c117_ts_recent_is_of_what_an_ack_answers),
	TEST(c117_delayed_ack_echoes_the_older),
	TEST(c118_older_timestamp_is_answered_and_dropped),
	TEST(c118_timestamps_wrap),
	TEST(a28_unacceptable_segment_leaves_ts_recent),
	TEST(c119_missing_timestamp_is_dropped),
	TEST(c120_after_24_days_any_timestamp_is_taken),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_arrival = {
	.pName = "tcp_arrival", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
