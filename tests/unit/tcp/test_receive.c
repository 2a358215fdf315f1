/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Receiving: when an ACK goes out and what it says, the receive window, bytes
 * out of order and a user who takes little.
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

/* An instance with this receive buffer, and a connection. */
static void
open_with_buf(uint32_t bytes)
{
	const struct pw_tcp_cfg cfg = {.rcv_buf_bytes = bytes, .cc = "newreno"};

	rig_close(&rig);
	rig_open(&rig, &cfg);
	rig_accept(&rig, &rig_linux);
}

static void
accept_slow_acks(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.c->quick_acks = 0;
}

static uint32_t
blocks_used(void)
{
	struct pw_tcp_usage use;

	pw_tcp_get_usage(rig.t, &use);
	return use.rcv_blocks;
}

/* The next segment is an ACK of @p off; its SACK blocks are [b0, b1), [b2, b3)... */
static void
expect_ack(pw_off off, const pw_off *blocks)
{
	const struct rig_seg *s = rig_next(&rig);
	uint32_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.ack, rig.peer_iss + 1 + (uint32_t)off);
	for (; blocks != NULL && blocks[2 * n + 1] != 0; n++) {
		CU_ASSERT_EQUAL(s->o.sack[n].left, rig.peer_iss + 1 + (uint32_t)blocks[2 * n]);
		CU_ASSERT_EQUAL(s->o.sack[n].right, rig.peer_iss + 1 + (uint32_t)blocks[2 * n + 1]);
	}
	CU_ASSERT_EQUAL(s->o.has & PW_OPT_SACK ? s->o.n_sack : 0, n);
	EXPECT_NOTHING(&rig);
}

#define BLOCKS(...) ((const pw_off[]){__VA_ARGS__, 0, 0})

/* ---- when an ACK goes out ---- */

static void
first_segments_are_acknowledged_at_once(void)
{
	uint32_t i;

	rig_accept(&rig, &rig_linux);
	for (i = 0; i < QUICK_ACKS - 1; i++) { /* the SYN-ACK was one */
		rig_data(&rig, i * 10, 10);
		rig_run(&rig);
		expect_ack(i * 10 + 10, NULL);
	}
	rig_data(&rig, i * 10, 10);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, DELACK_NS);
	rig_skip(&rig);
}

static void
c91_ack_is_delayed_40_ms(void)
{
	accept_slow_acks();
	rig_data(&rig, 0, 1448);
	rig_wait(&rig, DELACK_NS - 1);
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, 1);
	expect_ack(1448, NULL);
}

static void
c91_every_second_segment_is_acknowledged(void)
{
	static const uint32_t len[] = {1448, 1000, 1};
	uint32_t i, off = 0;

	accept_slow_acks();
	for (i = 0; i < RTE_DIM(len); i++) {
		rig_data(&rig, off, len[i]);
		rig_run(&rig);
		EXPECT_NOTHING(&rig);
		rig_data(&rig, off + len[i], len[i]);
		rig_run(&rig);
		off += 2 * len[i];
		expect_ack(off, NULL);
	}
	rig_wait(&rig, MS(100));
	EXPECT_NOTHING(&rig); /* the timer was stopped */
}

static void
data_carries_the_ack(void)
{
	accept_slow_acks();
	rig_data(&rig, 0, 100);
	pw_tcp_send(rig.user.c, 10);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len, 10);
	CU_ASSERT_EQUAL(s->h.ack, rig.peer_iss + 101);
	rig_wait(&rig, MS(100));
	EXPECT_NOTHING(&rig);
}

static void
c92_gap_and_its_end_are_acknowledged_at_once(void)
{
	accept_slow_acks();
	rig_data(&rig, 100, 100);
	expect_ack(0, BLOCKS(100, 200));
	rig_data(&rig, 200, 100);
	expect_ack(0, BLOCKS(100, 300));
	rig_data(&rig, 0, 100);
	rig_run(&rig);
	expect_ack(300, NULL);
	CU_ASSERT_EQUAL(rig.user.received, 300);
	CU_ASSERT_EQUAL(blocks_used(), 0);
}

static void
owed_ack_waits_for_the_way_out(void)
{
	rig_accept(&rig, &rig_linux);
	rig.way_full = true;
	rig_data(&rig, 0, 10);
	rig_run(&rig);
	rig.way_full = false;
	rig_run(&rig);
	expect_ack(10, NULL);
}

/* ---- SACK ---- */

static void
c112_newest_block_first_three_with_timestamps(void)
{
	rig_accept(&rig, &rig_linux);
	rig_data(&rig, 100, 100);
	expect_ack(0, BLOCKS(100, 200));
	rig_data(&rig, 500, 100);
	expect_ack(0, BLOCKS(500, 600, 100, 200));
	rig_data(&rig, 300, 100);
	expect_ack(0, BLOCKS(300, 400, 500, 600, 100, 200));
	rig_data(&rig, 700, 100);
	expect_ack(0, BLOCKS(700, 800, 300, 400, 500, 600));
	/* One that grows moves to the front, and stays one. */
	rig_data(&rig, 600, 50);
	expect_ack(0, BLOCKS(500, 650, 700, 800, 300, 400));
	rig_data(&rig, 650, 10);
	expect_ack(0, BLOCKS(500, 660, 700, 800, 300, 400));
	/* Two that meet become one. */
	rig_data(&rig, 400, 100);
	expect_ack(0, BLOCKS(300, 660, 700, 800, 100, 200));
	/* The first gap closes. */
	rig_data(&rig, 0, 100);
	rig_run(&rig);
	expect_ack(200, BLOCKS(300, 660, 700, 800));
}

static void
c113_duplicate_is_told_first(void)
{
	rig_accept(&rig, &rig_linux);
	rig_data(&rig, 0, 100);
	rig_run(&rig);
	expect_ack(100, NULL);
	rig_data(&rig, 0, 100); /* old */
	expect_ack(100, BLOCKS(0, 100));
	rig_data(&rig, 300, 100);
	expect_ack(100, BLOCKS(300, 400)); /* reported once */
	rig_data(&rig, 320, 20);	   /* inside what is kept */
	expect_ack(100, BLOCKS(320, 340, 300, 400));
	rig_data(&rig, 50, 100); /* half old */
	rig_run(&rig);
	expect_ack(150, BLOCKS(50, 100, 300, 400));
}

static void
sack_takes_its_room_from_the_payload(void)
{
	rig_accept(&rig, &rig_linux);
	rig_data(&rig, 100, 100);
	rig_data(&rig, 300, 100);
	rig_skip(&rig);
	pw_tcp_send(rig.user.c, 100000);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1448 - 20);
	EXPECT_DATA(&rig, 1428, 1428);
	CU_ASSERT_TRUE(rig_skip(&rig) >= 8);
}

/* ---- the window ---- */

static uint32_t
window_of(const struct rig_seg *s)
{
	return (uint32_t)s->h.wnd << rig.user.c->rcv_shift;
}

static void
c89_window_shuts_and_opens_in_steps(void)
{
	open_with_buf(8000);
	rig.user.take_at_most = 0;
	rig_data(&rig, 0, 1000);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(window_of(s), 7000);
	rig_data(&rig, 1000, 7000);
	rig_run(&rig);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(window_of(s), 0);
	CU_ASSERT_EQUAL(s->h.ack, rig.peer_iss + 8001);
	/* A little room is not told of. */
	rig.user.take_at_most = 1000;
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	/* Two segments are. */
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(window_of(s), rig.user.received);
	CU_ASSERT_TRUE(rig.user.received >= 2 * 1448);
}

/* A little room is not told of either when something else has to be answered. */
static void
c89_no_answer_tells_of_a_silly_window(void)
{
	open_with_buf(8000);
	rig.user.take_at_most = 0;
	rig_data(&rig, 0, 8000);
	rig_run(&rig);
	rig.user.take_at_most = 1000;
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	rig_skip(&rig);
	rig_data(&rig, 7000, 1000); /* sent again */
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(rig.user.received, 1000);
	CU_ASSERT_EQUAL(window_of(s), 0);
}

/* Room grows from a little to much: the peer must not find out by probing. */
static void
c89_window_that_doubles_is_told(void)
{
	open_with_buf(20000);
	rig.user.take_at_most = 0;
	rig_data(&rig, 0, 18000);
	rig_run(&rig);
	CU_ASSERT_EQUAL(window_of(rig_next(&rig)), 2000);
	rig.user.take_at_most = 18000;
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(window_of(s), 20000);
}

static void
large_buffer_is_scaled(void)
{
	open_with_buf(1 << 20);
	CU_ASSERT_EQUAL(rig.user.c->rcv_shift, 5);
	rig_data(&rig, 0, 10);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(window_of(s), (UINT16_MAX - 10) & ~31u); /* as it begins: rcvbuf.c */
}

static void
user_who_takes_little_gets_all(void)
{
	pw_off off = 0;
	int turns = 0;

	open_with_buf(10000);
	rig.user.take_at_most = 700;
	while (rig.user.received < 50000 && turns++ < 1000) {
		uint32_t room = (uint32_t)(rig.user.c->rcv_adv - off);
		uint32_t len = (uint32_t)pw_min(pw_min(room, 1448), 50000 - off);

		if (len > 0)
			CU_ASSERT_EQUAL(rig_data(&rig, off, len), PW_OK);
		off += len;
		pw_tcp_resume(rig.user.c);
		rig_run(&rig);
		rig_skip(&rig);
	}
	CU_ASSERT_EQUAL(rig.user.received, 50000);
	CU_ASSERT_EQUAL(blocks_used(), 0);
}

static void
user_stalled_gets_nothing_until_he_resumes(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.take_at_most = 10;
	rig_data(&rig, 0, 100);
	rig_data(&rig, 100, 100);
	CU_ASSERT_EQUAL(rig.user.received, 10);
	rig.user.take_at_most = UINT32_MAX;
	rig_data(&rig, 200, 100);
	CU_ASSERT_EQUAL(rig.user.received, 10);
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig.user.received, 300);
	CU_ASSERT_EQUAL(blocks_used(), 0);
	rig_wait(&rig, MS(50));
	rig_skip(&rig);
}

/* ---- bounds ---- */

/* A11: thousands of one-byte segments with gaps between. */
static void
a11_one_byte_segments_are_bounded(void)
{
	uint32_t i, kept = 0;

	rig_accept(&rig, &rig_linux);
	for (i = 1; i < 20000; i++) {
		kept += rig_data(&rig, 3 * i, 1) == PW_OK;
		rig_skip(&rig);
	}
	CU_ASSERT_TRUE(kept >= 16 && kept <= 64);
	CU_ASSERT_TRUE(blocks_used() <= 65536 / 2048 + 2);
}

/* The bound on ranges must not keep out the bytes that come next. */
static void
a11_queue_full_of_ranges_lets_order_through(void)
{
	uint32_t i;

	rig_accept(&rig, &rig_linux);
	for (i = 0; i < 100; i++)
		rig_data(&rig, 20000 + 3 * i, 1);
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 1000), PW_OK);
	CU_ASSERT_EQUAL(rig_data(&rig, 1000, 1000), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 2000);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(rig_data(&rig, 2000, 20000), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 22000);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(blocks_used(), 0);
}

/* Others have taken every block: data in order still gets to its user. */
static void
pool_without_blocks_lets_order_through(void)
{
	const struct pw_tcp_cfg cfg = {.max_rcv_blocks = 2, .cc = "newreno"};

	rig_close(&rig);
	rig_open(&rig, &cfg);
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rig_data(&rig, 5000, 100), PW_OK);
	CU_ASSERT_EQUAL(blocks_used(), 2);
	CU_ASSERT_EQUAL(rig_data(&rig, 50000, 100), PW_DROP_TCP_OOO_FULL);
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 3000), PW_OK);
	CU_ASSERT_EQUAL(rig_data(&rig, 3000, 2050), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 5100);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(blocks_used(), 0);
}

static void
user_stalled_without_blocks_is_sent_it_again(void)
{
	const struct pw_tcp_cfg cfg = {.max_rcv_blocks = 1, .cc = "newreno"};

	rig_close(&rig);
	rig_open(&rig, &cfg);
	rig_accept(&rig, &rig_linux);
	rig.user.take_at_most = 60;
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 100), PW_DROP_TCP_OOO_FULL);
	rig_run(&rig);
	expect_ack(60, NULL);
	pw_tcp_resume(rig.user.c);
	CU_ASSERT_EQUAL(rig_data(&rig, 60, 40), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 100);
	rig_run(&rig);
	rig_skip(&rig);
}

/* ---- FIN ---- */

static void
send_fin(pw_off off, uint32_t len)
{
	rig_in(&rig, PW_TCP_ACK | PW_TCP_FIN, rig.peer_iss + 1 + (uint32_t)off, rig.iss + 1,
		64000u << rig.peer_shift, len, NULL, 0);
}

static void
c121_fin_in_order(void)
{
	rig_accept(&rig, &rig_linux);
	send_fin(0, 100);
	CU_ASSERT_EQUAL(rig.user.received, 100);
	CU_ASSERT_EQUAL(rig.user.n_eof, 1);
	rig_run(&rig);
	expect_ack(101, NULL);
}

static void
c122_fin_ahead_of_a_gap_waits(void)
{
	rig_accept(&rig, &rig_linux);
	send_fin(100, 100);
	expect_ack(0, BLOCKS(100, 200));
	CU_ASSERT_EQUAL(rig.user.n_eof, 0);
	rig_data(&rig, 0, 100);
	CU_ASSERT_EQUAL(rig.user.received, 200);
	CU_ASSERT_EQUAL(rig.user.n_eof, 1);
	rig_run(&rig);
	expect_ack(201, NULL);
	CU_ASSERT_EQUAL(blocks_used(), 0);
}

/* A bare FIN has nothing to be kept with but its place. */
static void
c122_bare_fin_ahead_of_a_gap_waits(void)
{
	rig_accept(&rig, &rig_linux);
	send_fin(100, 0);
	rig_data(&rig, 0, 100);
	CU_ASSERT_EQUAL(rig.user.n_eof, 1);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_CLOSE_WAIT);
	CU_ASSERT_EQUAL(blocks_used(), 0);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
c121_eof_comes_after_the_last_byte_is_taken(void)
{
	rig_accept(&rig, &rig_linux);
	rig.user.take_at_most = 30;
	send_fin(0, 100);
	CU_ASSERT_EQUAL(rig.user.n_eof, 0);
	rig.user.take_at_most = UINT32_MAX;
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig.user.received, 100);
	CU_ASSERT_EQUAL(rig.user.n_eof, 1);
	CU_ASSERT_EQUAL(blocks_used(), 0);
	rig_skip(&rig);
}

static void
data_behind_a_fin_is_ignored(void)
{
	rig_accept(&rig, &rig_linux);
	send_fin(0, 10);
	rig_data(&rig, 11, 50);
	CU_ASSERT_EQUAL(rig.user.received, 10);
	CU_ASSERT_EQUAL(rig.user.n_eof, 1);
	rig_run(&rig);
	rig_skip(&rig);
}

/* Without a scale there is no window above 64 KiB to tell of, however large the buffer. */
static void
a_large_buffer_without_a_scale_is_not_told_of(void)
{
	const struct pw_tcp_cfg cfg = {.rcv_buf_bytes = 512 * 1024};
	uint32_t i;

	rig_close(&rig);
	rig_open(&rig, &cfg);
	rig_accept(&rig, &rig_ancient);
	rig.user.c->quick_acks = 0;
	rig.user.take_at_most = 100;
	rig_data(&rig, 0, 1000);
	for (i = 0; i < 5; i++) {
		rig_run(&rig);
		EXPECT_NOTHING(&rig); /* the ACK is delayed, and the window has not moved */
		pw_tcp_resume(rig.user.c);
	}
	rig.user.take_at_most = UINT32_MAX;
	pw_tcp_resume(rig.user.c);
	rig_wait(&rig, DELACK_NS);
	expect_ack(1000, NULL);
}

static CU_TestInfo tests[] = {
	TEST(first_segments_are_acknowledged_at_once),
	TEST(c91_ack_is_delayed_40_ms),
	TEST(c91_every_second_segment_is_acknowledged),
	TEST(data_carries_the_ack),
	TEST(c92_gap_and_its_end_are_acknowledged_at_once),
	TEST(owed_ack_waits_for_the_way_out),
	TEST(c112_newest_block_first_three_with_timestamps),
	TEST(c113_duplicate_is_told_first),
	TEST(sack_takes_its_room_from_the_payload),
	TEST(c89_window_shuts_and_opens_in_steps),
	TEST(c89_no_answer_tells_of_a_silly_window),
	TEST(c89_window_that_doubles_is_told),
	TEST(large_buffer_is_scaled),
	TEST(user_who_takes_little_gets_all),
	TEST(user_stalled_gets_nothing_until_he_resumes),
	TEST(a11_one_byte_segments_are_bounded),
	TEST(a11_queue_full_of_ranges_lets_order_through),
	TEST(pool_without_blocks_lets_order_through),
	TEST(user_stalled_without_blocks_is_sent_it_again),
	TEST(c121_fin_in_order),
	TEST(c122_fin_ahead_of_a_gap_waits),
	TEST(c122_bare_fin_ahead_of_a_gap_waits),
	TEST(c121_eof_comes_after_the_last_byte_is_taken),
	TEST(data_behind_a_fin_is_ignored),
	TEST(a_large_buffer_without_a_scale_is_not_told_of),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_receive = {
	.pName = "tcp_receive", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
