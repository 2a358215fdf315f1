/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Explicit congestion notification (RFC 3168): cases C110 and C159 to C163.
 */
#include "rig.h"
#include "tcp_priv.h"

#define MSS   1448
#define SETUP (PW_TCP_ECE | PW_TCP_CWR)

static struct rig rig;

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

static struct pw_tcp_conn *
conn(void)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig.user.c);
	return rig.user.c;
}

static bool
agreed(void)
{
	struct pw_tcp_info info;

	pw_tcp_get_info(conn(), &info);
	return info.ecn;
}

/* The next segment that went out. */
static const struct rig_seg *
next(void)
{
	const struct rig_seg *s = rig_next(&rig);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

/* A connection that a peer opened who asked for ECN. */
static void
accept_ecn(void)
{
	rig.syn_flags = SETUP;
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_TRUE(agreed());
}

/* The peer's ACK up to @p off with these flags. */
static void
ack_with(pw_off off, uint8_t flags)
{
	rig_in(&rig, PW_TCP_ACK | flags, rig.snd, rig.iss + 1 + (uint32_t)off,
		64000u << rig.peer_shift, 0, NULL, 0);
}

/* @p len bytes of the peer with these flags and IP bits. */
static void
data_with(uint32_t len, uint8_t flags, uint8_t ecn)
{
	rig.ecn = ecn;
	rig_in(&rig, PW_TCP_ACK | flags, rig.snd, rig.iss + 1, 64000u << rig.peer_shift, len, NULL,
		0);
	rig.ecn = 0;
	rig.snd += len;
	rig_run(&rig);
}

/* @p segs segments in flight, more behind them, and a round trip gone by. */
static void
in_flight(uint32_t segs)
{
	accept_ecn();
	conn()->cwnd = segs * MSS;
	pw_tcp_send(conn(), 1000000);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), segs);
	rig.now += MS(10);
}

/* ---- agreement ---- */

static void
c159_peer_asks(void)
{
	static const struct {
		enum pw_tcp_ecn ours;
		uint8_t syn;
		bool ok;
	} cases[] = {
		{PW_TCP_ECN_ACCEPT, SETUP, true},
		{PW_TCP_ECN_ASK, SETUP, true},
		{PW_TCP_ECN_OFF, SETUP, false},
		{PW_TCP_ECN_ACCEPT, 0, false},
		{PW_TCP_ECN_ACCEPT, PW_TCP_ECE, false},
		{PW_TCP_ECN_ACCEPT, PW_TCP_CWR, false},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		CU_ASSERT_EQUAL(pw_tcp_set(rig.t, PW_TCP_ECN, cases[i].ours), 0);
		rig.syn_flags = cases[i].syn;
		rig_syn(&rig, &rig_linux);
		rig_run(&rig);
		const struct rig_seg *s = next();
		CU_ASSERT_EQUAL(s->h.flags & SETUP, cases[i].ok ? PW_TCP_ECE : 0);
		rig_learn(&rig, &rig_linux, s);
		rig_ack(&rig, 0);
		CU_ASSERT_EQUAL(agreed(), cases[i].ok);
		CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->ecn_agreed, cases[i].ok);
		teardown();
		setup();
	}
}

/* The SYN was to be sent again, and could not be: what was asked for still holds. */
static void
c159_syn_that_did_not_leave_takes_nothing_back(void)
{
	struct pw_tcp_conn *c;

	pw_tcp_set(rig.t, PW_TCP_ECN, PW_TCP_ECN_ASK);
	c = rig_connect(&rig, &rig_linux);
	rig.way_full = true;
	rig_wait(&rig, MS(1500));
	rig.syn_flags = PW_TCP_ECE;
	rig_syn_ack(&rig, &rig_linux);
	CU_ASSERT_EQUAL(c->ecn & ECN_OK, ECN_OK);
	rig.way_full = false;
	rig_run(&rig);
	rig_skip(&rig);
}

static void
c159_we_ask(void)
{
	static const struct {
		uint8_t syn_ack;
		bool ok;
	} cases[] = {
		{PW_TCP_ECE, true},
		{0, false},
		{SETUP, false}, /* what we said, thrown back */
		{PW_TCP_CWR, false},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		pw_tcp_set(rig.t, PW_TCP_ECN, PW_TCP_ECN_ASK);
		rig_connect(&rig, &rig_linux);
		CU_ASSERT_EQUAL(rig.out[0].h.flags, PW_TCP_SYN | SETUP);
		CU_ASSERT_EQUAL(rig.out[0].ecn, 0);
		rig.syn_flags = cases[i].syn_ack;
		rig_syn_ack(&rig, &rig_linux);
		rig_run(&rig);
		rig_skip(&rig);
		CU_ASSERT_EQUAL(agreed(), cases[i].ok);
		teardown();
		setup();
	}
}

static void
c159_who_does_not_ask_gets_none(void)
{
	rig_connect(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rig.out[0].h.flags, PW_TCP_SYN);
	rig.syn_flags = PW_TCP_ECE;
	rig_syn_ack(&rig, &rig_linux);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_FALSE(agreed());
}

/* RFC 3168 6.1.1.1: who drops such SYNs must not keep us from connecting. */
static void
c159_lost_syn_is_repeated_without(void)
{
	pw_tcp_set(rig.t, PW_TCP_ECN, PW_TCP_ECN_ASK);
	rig_connect(&rig, &rig_linux);
	rig_wait(&rig, MS(1000));
	EXPECT_FLAGS(&rig, PW_TCP_SYN);
	rig.syn_flags = PW_TCP_ECE; /* the answer to the first one, late */
	rig_syn_ack(&rig, &rig_linux);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_FALSE(agreed());
}

/* The same seen from the other side: the peer's latest word counts. */
static void
c159_peer_falls_back(void)
{
	rig.syn_flags = SETUP;
	rig_syn(&rig, &rig_linux);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_SYN | PW_TCP_ACK | PW_TCP_ECE);
	rig.syn_flags = 0;
	rig_syn(&rig, &rig_linux);
	rig_run(&rig);
	const struct rig_seg *s = next();
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_SYN | PW_TCP_ACK);
	rig_learn(&rig, &rig_linux, s);
	rig_ack(&rig, 0);
	CU_ASSERT_FALSE(agreed());
}

static void
c159_simultaneous_open(void)
{
	pw_tcp_set(rig.t, PW_TCP_ECN, PW_TCP_ECN_ASK);
	rig_connect(&rig, &rig_linux);
	rig.syn_flags = SETUP;
	rig_syn(&rig, &rig_linux);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_SYN | PW_TCP_ACK | PW_TCP_ECE);
	rig.syn_flags = PW_TCP_ECE;
	rig_syn_ack(&rig, &rig_linux);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_TRUE(agreed());
}

static void
c159_one_connection_may_differ(void)
{
	struct pw_tcp_conn *c = pw_tcp_connect(
		rig.t, &rig.us, RIG_PORT, &rig.peer, rig.port, rig_app, &rig.user, rig.now);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_EQUAL(pw_tcp_conn_set(c, PW_TCP_ECN, 3), -EINVAL);
	CU_ASSERT_EQUAL(pw_tcp_conn_set(c, PW_TCP_ECN, PW_TCP_ECN_ASK), 0);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_SYN | SETUP);
	CU_ASSERT_EQUAL(pw_tcp_conn_set(c, PW_TCP_ECN, PW_TCP_ECN_OFF), -ENOTSUP);
	rig_learn(&rig, &rig_linux, &rig.out[0]);
	rig.syn_flags = PW_TCP_ECE;
	rig_syn_ack(&rig, &rig_linux);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_TRUE(agreed());
}

static void
c159_names(void)
{
	const struct pw_tcp_cfg off = {.ecn = "off"}, wrong = {.ecn = "yes", .max_conns = 1};

	teardown();
	rig_open(&rig, &off);
	rig.syn_flags = SETUP;
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_FALSE(agreed());
	CU_ASSERT_PTR_NULL(pw_tcp_create(&wrong, 0));
	CU_ASSERT_EQUAL(errno, EINVAL);
}

/* ---- what may be marked ---- */

static void
c160_new_data_may_be_marked_and_nothing_else(void)
{
	in_flight(10);
	CU_ASSERT_EQUAL(rig.out[0].ecn, 0); /* SYN-ACK */
	CU_ASSERT_EQUAL(rig.out[1].ecn, PW_IP_ECN_ECT0);
	rig_sack(&rig, 0, BLOCKS(MSS, 4 * MSS));
	rig_run(&rig);
	const struct rig_seg *s = next();
	CU_ASSERT_TRUE(s->rtx);
	CU_ASSERT_EQUAL(s->ecn, 0);
	rig_skip(&rig);
	data_with(10, 0, 0);
	rig_wait(&rig, MS(40));
	s = next();
	CU_ASSERT_EQUAL(s->len, 0);
	CU_ASSERT_EQUAL(s->ecn, 0);
	rig_skip(&rig);
}

static void
c110_nothing_is_marked_where_it_was_not_agreed_on(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), MSS);
	data_with(100, 0, PW_IP_ECN_CE);
	const struct rig_seg *s = next();
	CU_ASSERT_EQUAL(s->ecn, 0);
	CU_ASSERT_EQUAL(s->h.flags & SETUP, 0);
	uint32_t cwnd = conn()->cwnd;
	ack_with(MSS, PW_TCP_ECE);
	CU_ASSERT_TRUE(conn()->cwnd >= cwnd);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->ecn_marks_in, 0);
}

/* ---- receiver ---- */

static void
c161_mark_is_echoed_until_cwr(void)
{
	accept_ecn();
	data_with(100, 0, PW_IP_ECN_ECT0);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	data_with(100, 0, PW_IP_ECN_CE);
	EXPECT_FLAGS(&rig, PW_TCP_ACK | PW_TCP_ECE);
	data_with(100, 0, PW_IP_ECN_ECT0);
	EXPECT_FLAGS(&rig, PW_TCP_ACK | PW_TCP_ECE);
	pw_tcp_send(conn(), 10); /* on data as well */
	rig_run(&rig);
	CU_ASSERT_EQUAL(next()->h.flags & SETUP, PW_TCP_ECE);
	data_with(100, PW_TCP_CWR, PW_IP_ECN_ECT0);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	data_with(100, PW_TCP_CWR, PW_IP_ECN_CE); /* an end, and a beginning */
	EXPECT_FLAGS(&rig, PW_TCP_ACK | PW_TCP_ECE);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->ecn_marks_in, 2);
}

/* Section 6.1.5: what is not in the window may be anybody's. */
static void
c161_marks_outside_the_window_are_ignored(void)
{
	accept_ecn();
	data_with(100, 0, 0);
	rig_skip(&rig);
	rig.snd -= 100;
	data_with(100, 0, PW_IP_ECN_CE); /* old */
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	rig.snd += 1000000;
	data_with(100, 0, PW_IP_ECN_CE);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	rig.snd -= 1000100;
	rig.ecn = PW_IP_ECN_CE;
	ack_with(0, 0); /* no data: nobody could be told to slow down */
	rig.ecn = 0;
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->ecn_marks_in, 0);
}

/* RFC 8311 section 4.2: ECT(1) is for experiments, and no mark. */
static void
ect1_is_no_mark(void)
{
	accept_ecn();
	data_with(100, 0, 0x01);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->ecn_marks_in, 0);
}

/* ---- sender ---- */

static void
c162_echo_reduces_once_a_round_trip(void)
{
	in_flight(20);
	ack_with(MSS, PW_TCP_ECE);
	CU_ASSERT_EQUAL(conn()->cwnd, 10 * MSS);
	CU_ASSERT_EQUAL(conn()->ssthresh, 10 * MSS);
	for (uint32_t i = 2; i <= 20; i++)
		ack_with(i * MSS, PW_TCP_ECE);
	CU_ASSERT_EQUAL(conn()->cwnd, 10 * MSS);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->ecn_reductions, 1);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtx_segs, 0);
	rig_run(&rig);
	CU_ASSERT_EQUAL(next()->h.flags & SETUP, PW_TCP_CWR);
	CU_ASSERT_EQUAL(next()->h.flags & SETUP, 0); /* told once */
	CU_ASSERT_EQUAL(rig_skip(&rig), 8);
	rig.now += MS(10);
	ack_with(21 * MSS, PW_TCP_ECE); /* sent after the reduction, and marked again */
	CU_ASSERT_EQUAL(conn()->cwnd, 5 * MSS);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->ecn_reductions, 2);
}

static void
c162_window_has_a_floor(void)
{
	in_flight(3);
	ack_with(MSS, PW_TCP_ECE);
	CU_ASSERT_EQUAL(conn()->cwnd, 2 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
}

/* The peer asks on while it has not seen CWR, for nothing was there to carry it. */
static void
c162_echo_without_new_data_is_the_same_echo(void)
{
	accept_ecn();
	pw_tcp_send(conn(), 10 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
	rig.now += MS(10);
	ack_with(10 * MSS, PW_TCP_ECE);
	CU_ASSERT_EQUAL(conn()->cwnd, 5 * MSS);
	data_with(10, PW_TCP_ECE, 0);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(conn()->cwnd, 5 * MSS);
	pw_tcp_send(conn(), MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(next()->h.flags & SETUP, PW_TCP_CWR);
}

static void
c162_cubic_reduces_by_its_beta(void)
{
	const struct pw_tcp_cfg cubic = {.cc = "cubic"};

	teardown();
	rig_open(&rig, &cubic);
	in_flight(20);
	ack_with(MSS, PW_TCP_ECE);
	CU_ASSERT_EQUAL(conn()->cwnd, 14 * MSS);
	CU_ASSERT_EQUAL(conn()->ssthresh, 14 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
}

/* An ACK that tells of congestion must not be one that widens the window. */
static void
c162_echo_grows_nothing(void)
{
	in_flight(20);
	ack_with(MSS, PW_TCP_ECE);
	ack_with(19 * MSS, 0);
	CU_ASSERT_EQUAL(conn()->cwnd, 10 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
	rig.now += MS(10);
	ack_with(29 * MSS, 0); /* the round is over */
	CU_ASSERT_TRUE(conn()->cwnd > 10 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
}

/* Marked and lost in one window: one reduction, and CWR tells of either. */
static void
c163_loss_and_mark_in_one_window(void)
{
	in_flight(20);
	ack_with(MSS, PW_TCP_ECE);
	rig_sack(&rig, MSS, BLOCKS(2 * MSS, 20 * MSS));
	CU_ASSERT_EQUAL(conn()->ca, CA_RECOVERY);
	CU_ASSERT_EQUAL(conn()->ssthresh, 10 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
	rig.now += MS(10);
	ack_with(20 * MSS, PW_TCP_ECE);
	CU_ASSERT_EQUAL(conn()->ssthresh, 10 * MSS);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->ecn_reductions, 1);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
c163_cwr_after_a_loss(void)
{
	in_flight(20);
	rig_sack(&rig, 0, BLOCKS(MSS, 20 * MSS));
	CU_ASSERT_EQUAL(conn()->ssthresh, 10 * MSS);
	rig_run(&rig);
	const struct rig_seg *s = next();
	CU_ASSERT_TRUE(s->rtx);
	CU_ASSERT_EQUAL(s->h.flags & SETUP, 0); /* not on what was sent before */
	CU_ASSERT_EQUAL(next()->h.flags & SETUP, PW_TCP_CWR);
	rig_skip(&rig);
}

/* A new loss, of what was sent after the reduction, is a new reason. */
static void
c163_loss_in_the_next_window_reduces_again(void)
{
	in_flight(20);
	ack_with(20 * MSS, PW_TCP_ECE);
	CU_ASSERT_EQUAL(conn()->cwnd, 10 * MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 10);
	rig.now += MS(10);
	rig_sack(&rig, 20 * MSS, BLOCKS(21 * MSS, 25 * MSS));
	CU_ASSERT_EQUAL(conn()->ca, CA_RECOVERY);
	CU_ASSERT_EQUAL(conn()->ssthresh, 5 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
}

/* A device would repeat CWR in each piece. */
static void
c162_cwr_in_one_segment_of_many(void)
{
	const struct pw_tcp_cfg gso = {.gso_max_bytes = 60000, .cc = "newreno"};

	teardown();
	rig_open(&rig, &gso);
	accept_ecn();
	conn()->cwnd = 20 * MSS;
	pw_tcp_send(conn(), 1000000);
	rig_run(&rig);
	rig_skip(&rig);
	ack_with(20 * MSS, PW_TCP_ECE);
	rig_run(&rig);
	const struct rig_seg *s = next();
	CU_ASSERT_EQUAL(s->h.flags & SETUP, PW_TCP_CWR);
	CU_ASSERT_EQUAL(s->len, MSS);
	s = next();
	CU_ASSERT_EQUAL(s->h.flags & SETUP, 0);
	CU_ASSERT_EQUAL(s->len, 9 * MSS);
	CU_ASSERT_EQUAL(s->ecn, PW_IP_ECN_ECT0);
}

static CU_TestInfo tests[] = {
	TEST(c159_peer_asks),
	TEST(c159_we_ask),
	TEST(c159_syn_that_did_not_leave_takes_nothing_back),
	TEST(c159_who_does_not_ask_gets_none),
	TEST(c159_lost_syn_is_repeated_without),
	TEST(c159_peer_falls_back),
	TEST(c159_simultaneous_open),
	TEST(c159_one_connection_may_differ),
	TEST(c159_names),
	TEST(c160_new_data_may_be_marked_and_nothing_else),
	TEST(c110_nothing_is_marked_where_it_was_not_agreed_on),
	TEST(c161_mark_is_echoed_until_cwr),
	TEST(c161_marks_outside_the_window_are_ignored),
	TEST(ect1_is_no_mark),
	TEST(c162_echo_reduces_once_a_round_trip),
	TEST(c162_window_has_a_floor),
	TEST(c162_echo_without_new_data_is_the_same_echo),
	TEST(c162_cubic_reduces_by_its_beta),
	TEST(c162_echo_grows_nothing),
	TEST(c162_cwr_in_one_segment_of_many),
	TEST(c163_loss_and_mark_in_one_window),
	TEST(c163_cwr_after_a_loss),
	TEST(c163_loss_in_the_next_window_reduces_again),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_ecn = {
	.pName = "tcp_ecn", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
