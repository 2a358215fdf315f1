/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Data Center TCP (RFC 8257): the share of marked bytes, and a receiver that echoes each.
 */
#include "rig.h"
#include "tcp_priv.h"

#define MSS 1448

static struct rig rig;

static void
open_with(const struct pw_tcp_cfg *cfg)
{
	rig_open(&rig, cfg);
	rig.syn_flags = PW_TCP_ECE | PW_TCP_CWR;
	rig_accept(&rig, &rig_linux);
	rig.user.c->quick_acks = 0;
}

static void
setup(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "dctcp"};

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

static void
ack(pw_off off, bool echo)
{
	rig_in(&rig, PW_TCP_ACK | (echo ? PW_TCP_ECE : 0), rig.snd, rig.iss + 1 + (uint32_t)off,
		64000u << rig.peer_shift, 0, NULL, 0);
}

/* A window of 10 segments in avoidance, of which the first @p marked are. @return its end */
static pw_off
window(pw_off from, uint32_t marked)
{
	uint32_t i;

	pw_tcp_send(conn(), 10 * MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 10);
	rig.now += MS(10);
	for (i = 1; i <= 10; i++)
		ack(from + i * MSS, i <= marked);
	return from + 10 * MSS;
}

static double
alpha(void)
{
	return (double)conn()->cc.dctcp.alpha / DCTCP_ONE;
}

/* Section 3.3: alpha begins with 1, and follows the share by a sixteenth a window. */
static void
dctcp_alpha_follows_the_share_of_marks(void)
{
	pw_off off = 0;
	double want = 1;
	int i;

	for (i = 0; i < 40; i++) {
		conn()->ssthresh = conn()->cwnd = 20 * MSS;
		off = window(off, 0);
		want -= want / 16;
		CU_ASSERT_TRUE(alpha() > want - 0.01 && alpha() < want + 0.07);
	}
	CU_ASSERT_TRUE(alpha() < 0.1);
	for (i = 0; i < 60; i++) {
		conn()->ssthresh = conn()->cwnd = 20 * MSS;
		off = window(off, 5);
	}
	CU_ASSERT_TRUE(alpha() > 0.4 && alpha() < 0.6);
}

/* Section 3.3 step 9: a reduction by alpha / 2, once a window. */
static void
dctcp_reduction_by_half_of_alpha(void)
{
	conn()->cwnd = 20 * MSS;
	conn()->cc.dctcp.alpha = DCTCP_ONE / 4;
	pw_tcp_send(conn(), 10 * MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 10);
	conn()->cc.dctcp.window_end = 10 * MSS;
	ack(MSS, true);
	CU_ASSERT_EQUAL(conn()->cwnd, 20 * MSS * 7 / 8);
	ack(2 * MSS, true);
	CU_ASSERT_EQUAL(conn()->cwnd, 20 * MSS * 7 / 8);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->ecn_reductions, 1);
	ack(10 * MSS, false);
}

/* Section 3.5: a loss halves. */
static void
dctcp_loss_is_answered_as_ever(void)
{
	conn()->cwnd = 20 * MSS;
	conn()->cc.dctcp.alpha = 0;
	pw_tcp_send(conn(), 10 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(cc_of(conn())->on_loss(conn()), 5 * MSS);
	ack(10 * MSS, false);
}

static void
data(pw_off off, bool marked)
{
	rig.ecn = marked ? PW_IP_ECN_CE : PW_IP_ECN_ECT0;
	rig_data(&rig, off, 100);
}

/* Section 3.2: what came before a change is acknowledged at once, with the old ECE. */
static void
dctcp_change_of_marks_is_told_at_once(void)
{
	data(0, false);
	rig_run(&rig);
	EXPECT_NOTHING(&rig); /* delayed */
	data(100, true);
	EXPECT_FLAGS(&rig, PW_TCP_ACK); /* of the first, unmarked */
	rig_run(&rig);
	rig_wait(&rig, MS(50));
	EXPECT_FLAGS(&rig, PW_TCP_ACK | PW_TCP_ECE);
	data(200, true);
	data(300, true);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_ACK | PW_TCP_ECE);
	data(400, false);
	rig_run(&rig);
	rig_wait(&rig, MS(50));
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->ecn_marks_in, 3);
}

/* CWR stops no echo: the next mark decides. */
static void
dctcp_cwr_means_nothing(void)
{
	data(0, true);
	rig_wait(&rig, MS(50));
	EXPECT_FLAGS(&rig, PW_TCP_ACK | PW_TCP_ECE);
	rig.ecn = PW_IP_ECN_CE;
	rig_in(&rig, PW_TCP_ACK | PW_TCP_CWR, RIG_PEER_ISS + 1 + 100, rig.iss + 1, 64000u << 7, 100,
		NULL, 0);
	rig_wait(&rig, MS(50));
	EXPECT_FLAGS(&rig, PW_TCP_ACK | PW_TCP_ECE);
}

/* Without ECN it is New Reno. */
static void
dctcp_without_ecn_it_grows_as_new_reno(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "dctcp", .ecn = "off"};
	struct cc_ack a = {.rtt = PW_NEVER, .acked = MSS};

	teardown();
	open_with(&cfg);
	cc_of(conn())->on_ack(conn(), &a);
	CU_ASSERT_EQUAL(conn()->cwnd, 11 * MSS);
	conn()->ssthresh = conn()->cwnd;
	a.acked = 11 * MSS;
	cc_of(conn())->on_ack(conn(), &a);
	CU_ASSERT_EQUAL(conn()->cwnd, 12 * MSS);
}

static CU_TestInfo tests[] = {
	TEST(dctcp_alpha_follows_the_share_of_marks),
	TEST(dctcp_reduction_by_half_of_alpha),
	TEST(dctcp_loss_is_answered_as_ever),
	TEST(dctcp_without_ecn_it_grows_as_new_reno),
	TEST(dctcp_change_of_marks_is_told_at_once),
	TEST(dctcp_cwr_means_nothing),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_dctcp = {
	.pName = "tcp_dctcp", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
