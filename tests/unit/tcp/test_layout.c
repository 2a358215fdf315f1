/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What a connection costs: its size, and the cache lines that each path touches.
 */
#include <stdio.h>
#include "rig.h"
#include "tcp_priv.h"

#define MSS	  1448
#define LINE	  64u
#define HOT_LINES 4 /* what bulk and requests have to do with */
#define COLD	  (HOT_LINES * LINE)

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

/** The lines that a group of members lies in: its first and its last member. */
struct group {
	const char *name;
	size_t from;
	size_t to; /* one past the end */
	size_t line;
};

#define AT(member) offsetof(struct pw_tcp_conn, member)
#define GROUP(text, n, first, last)                                                    \
	{                                                                              \
		text, AT(first), AT(last) + sizeof(((struct pw_tcp_conn *)0)->last), n \
	}

static const struct group groups[] = {
	GROUP("matched and judged by", 0, remote, t),
	GROUP("sending", 1, snd_una, n_rtx),
	GROUP("receiving, headers", 2, rcv_nxt, reo_mult),
	GROUP("round trip, RACK, time-out", 3, rack_xmit, wake),
	GROUP("seldom deadlines", 4, timer, heard_ms),
	GROUP("growth and recovery", 5, cc, prior_ssthresh),
	GROUP("undo, seldom read", 6, undo_rtx, keep_probes),
};

static void
conn_block_layout(void)
{
	size_t i;

	printf("\n    struct pw_tcp_conn %zu, struct tw %zu, struct sent %zu bytes; with 80 of the "
	       "user's and all else %zu of 16,384 connections, %zu of 1,000,000\n",
		sizeof(struct pw_tcp_conn), sizeof(struct tw), sizeof(struct sent),
		pw_tcp_conn_bytes(80, 16384), pw_tcp_conn_bytes(80, 1000000));
	for (i = 0; i < RTE_DIM(groups); i++) {
		const struct group *g = &groups[i];

		printf("    line %zu: %3zu to %3zu %s\n", g->line, g->from, g->to - 1, g->name);
		CU_ASSERT_EQUAL(g->from / LINE, g->line);
		CU_ASSERT_EQUAL((g->to - 1) / LINE, g->line);
	}
	CU_ASSERT_EQUAL(AT(at[TMR_LOSS]) / LINE, 3);
	CU_ASSERT_EQUAL(AT(at[TMR_LOSS + 1]) / LINE, 4);
	CU_ASSERT_TRUE(AT(room) + 80 <= 8 * LINE);
	CU_ASSERT_EQUAL(sizeof(struct sent), 32);
	CU_ASSERT_TRUE(pw_tcp_conn_bytes(80, 16384) <= 1024);
	CU_ASSERT_TRUE(pw_tcp_conn_bytes(80, 1000000) <= 640);
}

/* The division by the stride is a multiplication: exact for whatever the user's room is. */
static void
index_of_a_connection(void)
{
	static const uint32_t rooms[] = {0, 80, 81, 200, 1000, 4000};
	size_t i;
	uint32_t k;

	for (i = 0; i < RTE_DIM(rooms); i++) {
		const struct pw_tcp_cfg cfg = {.app_bytes = rooms[i], .max_conns = 1000};

		teardown();
		rig_open(&rig, &cfg);
		for (k = 0; k < 1000; k++) {
			conn_at(rig.t, k)->t = rig.t;
			CU_ASSERT_EQUAL(conn_index(conn_at(rig.t, k)), k);
		}
	}
}

/* What the connection has beyond its hot lines is made unusable for a while. */
static uint8_t kept[sizeof(struct pw_tcp_conn) - COLD];
static uint8_t poison[sizeof(kept)];

static void
hide_cold_lines(void)
{
	uint8_t *cold = (uint8_t *)rig.user.c + COLD;

	memset(poison, 0xa5, sizeof(poison));
	memcpy(kept, cold, sizeof(kept));
	memcpy(cold, poison, sizeof(kept));
}

/* Nothing was written there; what was read from it would have been found wrong. */
static void
show_cold_lines(void)
{
	uint8_t *cold = (uint8_t *)rig.user.c + COLD;

	CU_ASSERT_EQUAL(memcmp(cold, poison, sizeof(kept)), 0);
	memcpy(cold, kept, sizeof(kept));
}

/* A millisecond later. @return true: round trips are what they were, no deadline has come,
 * and the wheel has moved its timers */
static bool
steady(int turn)
{
	rig.now += MS(1);
	rig_run(&rig);
	return turn > 100 && rig.user.c->wake > rig.now;
}

/* The peer's window is the limit, not cwnd: an ACK, and what it lets out. */
static void
bulk_needs_four_lines(void)
{
	pw_off off = 0;
	int i, n = 0;

	rig_accept(&rig, &rig_linux);
	pw_tcp_send(rig.user.c, 1000000);
	rig.user.c->cwnd = 100 * MSS;
	rig_ack_wnd(&rig, 0, 10 * 1472);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 10);
	for (i = 0; i < 150; i++) {
		bool hide;

		off += 2 * MSS;
		hide = steady(i);
		n += hide;
		if (hide)
			hide_cold_lines();
		rig_ack_wnd(&rig, off, 10 * 1472);
		pw_tcp_run(rig.t, rig.now);
		if (hide)
			show_cold_lines();
		EXPECT_DATA(&rig, off + 8 * MSS, MSS);
		EXPECT_DATA(&rig, off + 9 * MSS, MSS);
		EXPECT_NOTHING(&rig);
	}
	CU_ASSERT_TRUE(n > 30);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtx_segs, 0);
}

static void
respond(struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_send(c, 1000);
}

/* A request that is answered at once, and the ACK of the answer in the next one: also
 * when ACKs would be delayed, for the answer carries them. */
static void
requests_need_four_lines(void)
{
	int i, n = 0;

	rig_accept(&rig, &rig_linux);
	rig.user.act = respond;
	rig.user.act_in = RIG_RECV;
	for (i = 0; i < 150; i++) {
		bool hide;

		hide = steady(i);
		n += hide;
		if (hide)
			hide_cold_lines();
		rig_in(&rig, PW_TCP_ACK, rig.snd, rig.iss + 1 + 1000 * (uint32_t)i, 64000u << 7, 60,
			NULL, 0);
		pw_tcp_run(rig.t, rig.now);
		if (hide)
			show_cold_lines();
		rig.snd += 60;
		EXPECT_DATA(&rig, 1000 * i, 1000);
		EXPECT_NOTHING(&rig);
	}
	CU_ASSERT_TRUE(n > 30);
}

static CU_TestInfo tests[] = {
	TEST(conn_block_layout),
	TEST(index_of_a_connection),
	TEST(bulk_needs_four_lines),
	TEST(requests_need_four_lines),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_layout = {
	.pName = "tcp_layout", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
