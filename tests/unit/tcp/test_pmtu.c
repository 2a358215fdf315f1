/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Paths that swallow long segments without a word (RFC 4821, RFC 8899).
 */
#include "rig.h"
#include "tcp_priv.h"

#define MSS	    1448
#define TS	    12
#define BLOCKS(...) ((const pw_off[]){__VA_ARGS__, 0, 0})

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

static struct pw_tcp_conn *
conn(void)
{
	return rig.user.c;
}

static const struct pmtu *
pmtu(void)
{
	return &side_of(conn())->pmtu;
}

static uint64_t
black_holes(void)
{
	return pw_tcp_stats(rig.t)->black_holes;
}

/* A connection whose path has just been found to swallow what is longer than 1280. */
static void
shrunk(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), 2 * MSS);
	rig_wait(&rig, MS(900));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(black_holes(), 1);
	CU_ASSERT_EQUAL(conn()->mss, 1240 - TS);
	rig_ack(&rig, 2 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
	conn()->cwnd = conn()->ssthresh = 20 * MSS;
}

/* All that was given to be sent is sent and acknowledged. */
static void
deliver(void)
{
	do {
		rig_run(&rig);
		rig_skip(&rig);
		rig_ack(&rig, conn()->snd_nxt);
	} while (conn()->snd_una < conn()->snd_end);
	rig_run(&rig);
	rig_skip(&rig);
}

/* Two time-outs in a row for the same long segment, and not one. */
static void
found_by_the_second_timeout(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), MSS);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, MSS);
	rig_wait(&rig, RIG_RTO);
	EXPECT_DATA(&rig, 0, MSS);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtos, 1);
	rig_wait(&rig, MS(420));
	EXPECT_DATA(&rig, 0, 1240 - TS);
	rig_ack(&rig, 1240 - TS);
	rig_run(&rig);
	EXPECT_DATA(&rig, 1240 - TS, MSS - 1240 + TS);
	CU_ASSERT_EQUAL(black_holes(), 1);
	rig_ack(&rig, MSS);
}

/* Down to 552 bytes, and no further. */
static void
floor_of_ipv4(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), MSS);
	rig_wait(&rig, 30 * PW_NS_PER_S);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(conn()->mss, PMTU_FLOOR_V4 - 40 - TS);
	CU_ASSERT_EQUAL(black_holes(), 2);
}

/* RFC 8200 section 5: every path of IPv6 carries 1280 bytes. */
static void
floor_of_ipv6(void)
{
	static const struct rig_peer peer = {
		.mss = 1440, .wnd = 64000, .wscale = 7, .sack = true, .ts = true};

	rig.us = (struct pw_addr){.q = {0x20, 1}};
	rig.peer = (struct pw_addr){.q = {0x20, 2}};
	rig_accept(&rig, &peer);
	CU_ASSERT_EQUAL(conn()->mss, 1440 - TS);
	pw_tcp_send(conn(), 1440 - TS);
	rig_wait(&rig, 30 * PW_NS_PER_S);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(conn()->mss, PMTU_FLOOR_V6 - 60 - TS);
	CU_ASSERT_EQUAL(black_holes(), 1);
}

/* What is short enough was lost for another reason. */
static void
short_segments_are_not_the_reason(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), 400);
	rig_wait(&rig, 10 * PW_NS_PER_S);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(black_holes(), 0);
	CU_ASSERT_EQUAL(conn()->mss, MSS);
	CU_ASSERT_EQUAL(conn()->side, 0);
}

/* It was the path that was down: after a second one long segment goes, and passes. */
static void
all_of_it_again(void)
{
	shrunk();
	rig.now += MS(1000);
	pw_tcp_send(conn(), 20 * MSS);
	rig_run(&rig);
	EXPECT_DATA(&rig, 2 * MSS, MSS);
	EXPECT_DATA(&rig, 3 * MSS, 1240 - TS);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->mtu_probes, 1);
	rig_ack(&rig, 3 * MSS);
	CU_ASSERT_EQUAL(conn()->mss, MSS);
	deliver();
	rig.now += MS(1000);
	pw_tcp_send(conn(), 20 * MSS);
	deliver();
	CU_ASSERT_EQUAL(conn()->side, 0); /* nothing is left to be searched for */
}

/* The probe alone is lost: no congestion, and the next one is half-way. */
static void
lost_probe_is_no_congestion(void)
{
	pw_off off = 2 * MSS;
	uint32_t cwnd;

	shrunk();
	rig.now += MS(1000);
	pw_tcp_send(conn(), 10 * MSS);
	rig_run(&rig);
	EXPECT_DATA(&rig, off, MSS);
	rig_skip(&rig);
	cwnd = conn()->cwnd;
	rig.now += MS(10);
	rig_sack(&rig, off, BLOCKS(off + MSS, conn()->snd_nxt));
	rig_run(&rig);
	CU_ASSERT_EQUAL(conn()->ssthresh, cwnd);
	EXPECT_DATA(&rig, off, 1240 - TS); /* again, in shorter ones */
	rig_skip(&rig);
	deliver();
	CU_ASSERT_EQUAL(conn()->ca, CA_OPEN);
	CU_ASSERT_TRUE(conn()->cwnd >= cwnd);
	CU_ASSERT_EQUAL(conn()->mss, 1240 - TS);
	CU_ASSERT_EQUAL(pmtu()->high, 1459);
	rig.now += MS(1000);
	pw_tcp_send(conn(), 10 * MSS);
	rig_run(&rig);
	EXPECT_DATA(&rig, 12 * MSS, (1240 + 1459 + 1) / 2 - TS);
	deliver();
	CU_ASSERT_EQUAL(conn()->mss, 1350 - TS);
}

/* When what passes and what does not are close, nothing is tried for ten minutes. */
static void
search_ends(void)
{
	shrunk();
	side_of(conn())->pmtu.high = 1260;
	rig.now += MS(1000);
	pw_tcp_send(conn(), 10 * MSS);
	deliver();
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->mtu_probes, 0);
	rig.now += 599 * PW_NS_PER_S;
	pw_tcp_send(conn(), 10 * MSS);
	deliver();
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->mtu_probes, 0);
	rig.now += 2 * PW_NS_PER_S;
	pw_tcp_send(conn(), 10 * MSS);
	rig_run(&rig);
	EXPECT_DATA(&rig, 22 * MSS, MSS);
	deliver();
}

/* ICMP that speaks after all bounds the search. */
static void
icmp_bounds_the_search(void)
{
	uint8_t l4[8];

	shrunk();
	pw_tcp_send(conn(), MSS);
	rig_run(&rig);
	rig_skip(&rig);
	pw_put_be16(l4, RIG_PORT);
	pw_put_be16(l4 + 2, rig.port);
	pw_put_be32(l4 + 4, rig.iss + 1 + 2 * MSS);
	CU_ASSERT_EQUAL(pw_tcp_icmp_error(
				rig.t, PW_TCP_ICMP_TOO_BIG, &rig.us, &rig.peer, l4, 1000, rig.now),
		PW_OK);
	CU_ASSERT_EQUAL(conn()->mss, 960 - TS);
	CU_ASSERT_EQUAL(pmtu()->high, 960);
	rig_run(&rig);
	rig_skip(&rig);
	rig_ack(&rig, 3 * MSS);
}

/* Without a place for a search segments stay short. */
static void
no_place_means_no_search(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "newreno", .pacing = true, .max_sides = 1};
	struct pw_tcp_conn *first;

	teardown();
	rig_open(&rig, &cfg);
	rig_accept(&rig, &rig_linux);
	first = conn();
	rig.port++;
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), MSS);
	rig_wait(&rig, MS(1000));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(conn()->mss, 1240 - TS);
	CU_ASSERT_FALSE(conn()->searching);
	CU_ASSERT_TRUE(first->paced);
	pw_tcp_abort(first, rig.now);
	rig_skip(&rig);
}

static CU_TestInfo tests[] = {
	TEST(found_by_the_second_timeout),
	TEST(floor_of_ipv4),
	TEST(floor_of_ipv6),
	TEST(short_segments_are_not_the_reason),
	TEST(all_of_it_again),
	TEST(lost_probe_is_no_congestion),
	TEST(search_ends),
	TEST(icmp_bounds_the_search),
	TEST(no_place_means_no_search),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_pmtu = {
	.pName = "tcp_pmtu", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
