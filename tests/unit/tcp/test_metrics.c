/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What one connection leaves to the next (RFC 9040).
 */
#include "rig.h"
#include "tcp_priv.h"

#define MSS	    1448
#define TS	    12
#define SECONDS(n)  ((n)*PW_NS_PER_S)
#define BLOCKS(...) ((const pw_off[]){__VA_ARGS__, 0, 0})

static struct rig rig;

static void
open_with(uint32_t max_metrics, const char *cc)
{
	const struct pw_tcp_cfg cfg = {.max_metrics = max_metrics, .cc = cc};

	rig_open(&rig, &cfg);
}

static void
setup(void)
{
	open_with(64, "newreno");
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

static const struct pw_tcp_stats *
stats(void)
{
	return pw_tcp_stats(rig.t);
}

static void
end(void)
{
	pw_tcp_abort(conn(), rig.now);
	rig_skip(&rig);
}

/* The next connection of the same peer. */
static void
begin(void)
{
	rig.port++;
	rig.user.acked = 0;
	rig_accept(&rig, &rig_linux);
}

/* The next one, of peer number @p n. */
static void
begin_from(uint32_t n)
{
	rig.peer = pw_addr_v4(rte_cpu_to_be_32(0x0a4d0100 + n));
	begin();
}

/* One segment, acknowledged after @p rtt. */
static void
exchange(pw_ns rtt)
{
	pw_tcp_send(conn(), MSS);
	rig_run(&rig);
	rig_skip(&rig);
	rig.now += rtt;
	rig_ack(&rig, conn()->snd_nxt);
}

static uint32_t n_told;
static struct pw_tcp_metrics told;

static void
take(void *ctx, const struct pw_tcp_metrics *m)
{
	n_told++;
	told = *m;
}

/* All that is known. @return of how many paths; `told` is one of them */
static uint32_t
known(void)
{
	uint32_t at = 0;

	n_told = 0;
	while (pw_tcp_metrics_part(rig.t, &at, 5, take, NULL))
		;
	return n_told;
}

/* ---- round trip ---- */

/* RFC 6298: the longer time-out of both; what is measured counts from the first segment on. */
static void
c167_longer_round_trips_lengthen_the_first_timeout(void)
{
	pw_ns rto;

	rig_accept(&rig, &rig_linux);
	exchange(MS(200));
	exchange(MS(200));
	rto = rtt_rto(conn());
	CU_ASSERT_TRUE(rto > RIG_RTO + MS(100));
	end();
	begin();
	CU_ASSERT_EQUAL(stats()->metrics_hits, 1);
	CU_ASSERT_TRUE(rtt_rto(conn()) >= rto && rtt_rto(conn()) < rto + MS(1));
	CU_ASSERT_EQUAL(ticks_ns(conn()->srtt), MS(10)); /* its own */
	exchange(MS(10));
	CU_ASSERT_EQUAL(rtt_rto(conn()), RIG_RTO);
	end();
}

static void
c167_shorter_round_trips_shorten_nothing(void)
{
	rig_accept(&rig, &rig_linux);
	exchange(MS(1));
	end();
	begin();
	CU_ASSERT_EQUAL(rtt_rto(conn()), RIG_RTO);
	CU_ASSERT_FALSE(conn()->rtt_lent);
	end();
}

/* RFC 6298 section 5.7: three seconds when the SYN-ACK was lost, whatever is known. */
static void
c167_a_lost_syn_ack_keeps_its_three_seconds(void)
{
	rig_accept(&rig, &rig_linux);
	end();
	rig.port++;
	rig_syn(&rig, &rig_linux);
	rig_wait(&rig, SECONDS(1));
	rig_next(&rig);
	rig_learn(&rig, &rig_linux, rig_next(&rig));
	rig_ack(&rig, 0);
	CU_ASSERT_EQUAL(stats()->metrics_hits, 1);
	CU_ASSERT_EQUAL(rtt_rto(conn()), RTO_AFTER_SYN_LOSS);
	CU_ASSERT_EQUAL(conn()->srtt, 0);
	end();
}

/* There is no sample of its own, and the second of RFC 6298 is known to be too short. */
static void
c167_without_a_sample_what_is_known_is_lent(void)
{
	rig_accept(&rig, &rig_linux);
	exchange(SECONDS(4) / 10);
	conn()->srtt = ticks_of(SECONDS(4));
	end();
	rig.port++;
	rig_syn(&rig, &rig_linux);
	rig_wait(&rig, SECONDS(1));
	rig_next(&rig);
	rig_learn(&rig, &rig_linux, rig_next(&rig));
	rig_ack(&rig, 0);
	CU_ASSERT_EQUAL(ticks_ns(conn()->srtt), SECONDS(4));
	exchange(MS(10));
	CU_ASSERT_EQUAL(ticks_ns(conn()->srtt), MS(10)); /* as a first one: section 2.2 */
	CU_ASSERT_EQUAL(ticks_ns(conn()->rttvar), MS(5));
	end();
}

/* A larger figure counts at once, a smaller one bit by bit. What was lent is not kept again. */
static void
c167_round_trips_are_kept_with_care(void)
{
	rig_accept(&rig, &rig_linux);
	exchange(MS(90));
	end();
	CU_ASSERT_EQUAL(known(), 1);
	CU_ASSERT_EQUAL(told.srtt_ns, MS(20)); /* 7/8 of 10 and 1/8 of 90 ms */
	begin();
	CU_ASSERT_TRUE(conn()->rtt_lent);
	end();
	known();
	CU_ASSERT_EQUAL(told.srtt_ns, MS(20));
	CU_ASSERT_EQUAL(told.rttvar_ns, ticks_ns(ticks_of(MS(5)) - ticks_of(MS(5)) / 4 +
						 (ticks_of(MS(90)) - ticks_of(MS(10))) / 4));
	begin();
	exchange(MS(10));
	end();
	known();
	CU_ASSERT_EQUAL(told.srtt_ns / PW_NS_PER_US, 18750);
}

/* Whoever was not answered knows nothing of the path. */
static void
c167_unanswered_connections_leave_nothing(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), MSS);
	rig_wait(&rig, MS(500));
	CU_ASSERT_EQUAL(conn()->backoff, 1);
	end();
	CU_ASSERT_EQUAL(known(), 0);
	rig_syn(&rig, &rig_linux);
	rig_run(&rig);
	pw_tcp_abort_all(rig.t, rig.now);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(known(), 0);
}

/* ---- ssthresh ---- */

/* A loss in a window of @p cwnd, recovered from. */
static void
lose(uint32_t cwnd)
{
	pw_off off = conn()->snd_una;

	conn()->cwnd = cwnd;
	pw_tcp_send(conn(), cwnd);
	while (conn()->snd_nxt < conn()->snd_end)
		rig_run(&rig);
	rig_skip(&rig);
	rig.now += MS(10);
	rig_sack(&rig, off, BLOCKS(off + MSS, conn()->snd_nxt));
	rig_run(&rig);
	rig_skip(&rig);
	rig.now += MS(10);
	rig_ack(&rig, conn()->snd_nxt);
	CU_ASSERT_EQUAL(conn()->ca, CA_OPEN);
}

static void
c167_ssthresh_is_what_losses_told(void)
{
	rig_accept(&rig, &rig_linux);
	lose(200 * MSS);
	CU_ASSERT_EQUAL(conn()->ssthresh, 100 * MSS);
	end();
	begin();
	CU_ASSERT_EQUAL(conn()->ssthresh, 100 * MSS);
	CU_ASSERT_EQUAL(conn()->cwnd, 10 * MSS); /* no more than a new one has */
	conn()->cwnd = 300 * MSS;		 /* without a loss: more can pass */
	end();
	begin();
	CU_ASSERT_EQUAL(conn()->ssthresh, 150 * MSS);
	end();
}

/* A path that loses by chance: short answers go in slow start as before. */
static void
c167_small_windows_are_not_shared(void)
{
	rig_accept(&rig, &rig_linux);
	lose(20 * MSS);
	CU_ASSERT_EQUAL(conn()->ssthresh, 10 * MSS);
	end();
	begin();
	CU_ASSERT_EQUAL(conn()->ssthresh, 40 * MSS);
	end();
}

/* Slow start that found its end without a loss will find it again. */
static void
c167_without_losses_slow_start_has_no_bound(void)
{
	rig_accept(&rig, &rig_linux);
	exchange(MS(10));
	conn()->ssthresh = conn()->cwnd; /* HyStart++ */
	end();
	begin();
	CU_ASSERT_EQUAL(conn()->ssthresh, UINT32_MAX);
	end();
}

/* After a time-out it is not known what the path carries. */
static void
c167_unfinished_slow_start_tells_nothing(void)
{
	rig_accept(&rig, &rig_linux);
	lose(200 * MSS);
	conn()->cwnd = 50 * MSS;
	end();
	begin();
	CU_ASSERT_EQUAL(conn()->ssthresh, UINT32_MAX);
	end();
}

/* BBR has no ssthresh to tell, and asks for none. */
static void
c167_bbr_shares_no_ssthresh(void)
{
	teardown();
	open_with(64, "bbr");
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_TRUE(conn()->rated);
	conn()->recover = 7;
	conn()->ssthresh = 100 * MSS;
	conn()->cwnd = 200 * MSS;
	end();
	CU_ASSERT_EQUAL(known(), 1);
	CU_ASSERT_EQUAL(told.ssthresh_bytes, 0);
}

/* ---- reordering ---- */

/* RACK waits from the beginning, until it has not been seen anew for long enough. */
static void
c167_reordering_is_known(void)
{
	int i;

	rig_accept(&rig, &rig_linux);
	conn()->flags |= F_REORDERED;
	end();
	for (i = 0; i < 5; i++) {
		begin();
		CU_ASSERT_TRUE(conn()->flags & F_REORDERED);
		end();
		rig.now += SECONDS(119);
	}
	rig.now += SECONDS(6);
	begin();
	CU_ASSERT_FALSE(conn()->flags & F_REORDERED);
	end();
}

/* ---- path MTU ---- */

/* A black hole is fallen into once; the search goes on in the next connection. */
static void
c167_a_black_hole_is_known(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), 2 * MSS);
	rig_wait(&rig, MS(900));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(stats()->black_holes, 1);
	end();
	CU_ASSERT_EQUAL(known(), 1);
	CU_ASSERT_EQUAL(told.mtu_bytes, 1280);
	begin();
	CU_ASSERT_EQUAL(conn()->mss, 1240 - TS);
	CU_ASSERT_EQUAL(conn()->cwnd, 10 * (1240 - TS));
	pw_tcp_send(conn(), 9 * MSS);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, MSS); /* the probe */
	EXPECT_DATA(&rig, MSS, 1240 - TS);
	rig_skip(&rig);
	rig.now += MS(10);
	rig_sack(&rig, 0, BLOCKS(MSS, conn()->snd_nxt));
	CU_ASSERT_EQUAL(side_of(conn())->pmtu.high, 1459);
	end();
	begin();
	CU_ASSERT_EQUAL(side_of(conn())->pmtu.high, 1459);
	CU_ASSERT_EQUAL(stats()->black_holes, 1);
	end();
}

/* It was an outage: what passes again is forgotten to be too long. */
static void
c167_a_healed_path_is_known(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), 2 * MSS);
	rig_wait(&rig, MS(900));
	rig_skip(&rig);
	end();
	begin();
	pw_tcp_send(conn(), 9 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
	rig_ack(&rig, MSS);
	CU_ASSERT_EQUAL(conn()->mss, MSS);
	end();
	begin();
	CU_ASSERT_EQUAL(conn()->mss, MSS);
	CU_ASSERT_FALSE(conn()->searching);
	end();
}

static enum pw_drop
too_big(pw_off off, uint32_t mtu)
{
	uint8_t l4[8];

	pw_put_be16(l4, RIG_PORT);
	pw_put_be16(l4 + 2, rig.port);
	pw_put_be32(l4 + 4, rig.iss + 1 + (uint32_t)off);
	return pw_tcp_icmp_error(rig.t, PW_TCP_ICMP_TOO_BIG, &rig.us, &rig.peer, l4, mtu, rig.now);
}

/* RFC 5927: ICMP that names nothing in flight leaves nothing behind either. */
static void
c168_only_icmp_that_is_believed_is_kept(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(too_big(5000, 1000), PW_DROP_ICMP_STRAY);
	CU_ASSERT_EQUAL(known(), 0);
	pw_tcp_send(conn(), MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(too_big(0, 1000), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(known(), 1);
	CU_ASSERT_EQUAL(told.mtu_bytes, 1000);
	end();
	begin();
	CU_ASSERT_EQUAL(conn()->mss, 960 - TS);
	CU_ASSERT_FALSE(conn()->searching); /* the router knew it */
	end();
	rig.now += SECONDS(600);
	begin();
	CU_ASSERT_EQUAL(conn()->mss, MSS);
	end();
}

/* Without a place for a search segments stay short. */
static void
c167_no_place_means_no_search(void)
{
	const struct pw_tcp_cfg cfg = {
		.cc = "newreno", .pacing = true, .max_sides = 1, .max_metrics = 64};
	struct pw_tcp_conn *first;

	teardown();
	rig_open(&rig, &cfg);
	rig_accept(&rig, &rig_linux);
	first = conn();
	begin();
	pw_tcp_send(conn(), MSS);
	rig_wait(&rig, MS(900));
	CU_ASSERT_EQUAL(conn()->mss, 1240 - TS);
	end();
	begin();
	CU_ASSERT_EQUAL(conn()->mss, 1240 - TS);
	CU_ASSERT_FALSE(conn()->searching);
	end();
	pw_tcp_abort(first, rig.now);
	rig_skip(&rig);
}

/* ---- the table ---- */

/* What is known of one peer is nothing to another, nor at another address of ours. */
static void
c168_a_peer_spoils_its_own_entry_only(void)
{
	teardown();
	open_with(4, "newreno"); /* one set: they lie side by side */
	rig_accept(&rig, &rig_linux);
	lose(200 * MSS);
	end();
	begin_from(1);
	CU_ASSERT_EQUAL(stats()->metrics_hits, 0);
	CU_ASSERT_EQUAL(conn()->ssthresh, UINT32_MAX);
	end();
	rig.peer = pw_addr_v4(RTE_BE32(0x0a4d0002));
	rig.us = pw_addr_v4(RTE_BE32(0x0a4d0009));
	begin();
	CU_ASSERT_EQUAL(stats()->metrics_hits, 0);
	end();
	CU_ASSERT_EQUAL(known(), 3);
}

/* IPv6 peers by all 128 bits. */
static void
c168_ipv6_peers_are_told_apart(void)
{
	rig.us = (struct pw_addr){.q = {0x20, 1}};
	rig.peer = (struct pw_addr){.q = {0x20, 2}};
	rig_accept(&rig, &rig_linux);
	end();
	rig.peer.b[15]++;
	begin();
	CU_ASSERT_EQUAL(stats()->metrics_hits, 0);
	end();
	rig.peer.b[15]--;
	begin();
	CU_ASSERT_EQUAL(stats()->metrics_hits, 1);
	end();
}

static void
c168_what_is_old_is_forgotten(void)
{
	rig_accept(&rig, &rig_linux);
	lose(200 * MSS);
	end();
	CU_ASSERT_EQUAL(known(), 1);
	CU_ASSERT_EQUAL(told.left_s, 600);
	rig.now += SECONDS(599);
	begin();
	CU_ASSERT_EQUAL(conn()->ssthresh, 100 * MSS);
	end(); /* tells the round trip anew, and nothing of losses */
	rig.now += SECONDS(2);
	CU_ASSERT_EQUAL(pw_tcp_next(rig.t), PW_NEVER);
	begin();
	CU_ASSERT_EQUAL(stats()->metrics_hits, 2);
	CU_ASSERT_EQUAL(conn()->ssthresh, UINT32_MAX);
	end();
	rig.now += SECONDS(600);
	begin();
	CU_ASSERT_EQUAL(stats()->metrics_hits, 2);
	end();
}

/* One set of four: who comes fifth takes the place of who has been silent longest. */
static void
c168_the_oldest_gives_way(void)
{
	uint32_t i;

	teardown();
	open_with(4, "newreno");
	for (i = 0; i < 4; i++) {
		begin_from(i);
		end();
		rig.now += SECONDS(1);
	}
	begin_from(0); /* heard of again */
	end();
	CU_ASSERT_EQUAL(stats()->metrics_evicted, 0);
	begin_from(4);
	end();
	CU_ASSERT_EQUAL(stats()->metrics_evicted, 1);
	CU_ASSERT_EQUAL(known(), 4);
	begin_from(1);
	CU_ASSERT_EQUAL(stats()->metrics_hits, 1); /* that of peer 0 */
	begin_from(2);
	begin_from(0);
	CU_ASSERT_EQUAL(stats()->metrics_hits, 3);
}

/* Very many peers: no more is kept than there is room for. */
static void
c168_a_flood_of_peers_is_bounded(void)
{
	uint32_t i;

	for (i = 0; i < 5000; i++) {
		begin_from(i);
		end();
	}
	CU_ASSERT_EQUAL(known(), 64);
	CU_ASSERT_EQUAL(stats()->metrics_evicted, 5000 - 64);
}

static void
c168_all_can_be_forgotten(void)
{
	uint32_t i, at = 0;

	for (i = 0; i < 20; i++) {
		begin_from(i);
		end();
	}
	CU_ASSERT_TRUE(known() > 10);
	while (pw_tcp_metrics_clear_part(rig.t, &at, 7))
		;
	CU_ASSERT_EQUAL(known(), 0);
	begin_from(1);
	CU_ASSERT_EQUAL(stats()->metrics_hits, 0);
	end();
}

static void
c168_none_are_kept_where_none_are_wanted(void)
{
	const struct pw_tcp_cfg many = {
		.mem = &pw_mem_heap, .max_conns = 1, .max_metrics = PW_TCP_METRICS_MAX + 1};
	uint32_t at = 0;

	teardown();
	open_with(0, "newreno");
	rig_accept(&rig, &rig_linux);
	lose(200 * MSS);
	end();
	begin();
	CU_ASSERT_EQUAL(conn()->ssthresh, UINT32_MAX);
	pw_tcp_send(conn(), MSS);
	rig_run(&rig);
	CU_ASSERT_EQUAL(too_big(0, 1000), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(known(), 0);
	CU_ASSERT_FALSE(pw_tcp_metrics_clear_part(rig.t, &at, 7));
	end();
	CU_ASSERT_PTR_NULL(pw_tcp_create(&many, 0));
	CU_ASSERT_EQUAL(errno, EINVAL);
	CU_ASSERT_EQUAL(pw_tcp_metrics_bytes(0), 0);
	CU_ASSERT_EQUAL(pw_tcp_metrics_bytes(5), 8 * sizeof(struct metrics));
}

static CU_TestInfo tests[] = {
	TEST(c167_longer_round_trips_lengthen_the_first_timeout),
	TEST(c167_shorter_round_trips_shorten_nothing),
	TEST(c167_a_lost_syn_ack_keeps_its_three_seconds),
	TEST(c167_without_a_sample_what_is_known_is_lent),
	TEST(c167_round_trips_are_kept_with_care),
	TEST(c167_unanswered_connections_leave_nothing),
	TEST(c167_ssthresh_is_what_losses_told),
	TEST(c167_small_windows_are_not_shared),
	TEST(c167_without_losses_slow_start_has_no_bound),
	TEST(c167_unfinished_slow_start_tells_nothing),
	TEST(c167_bbr_shares_no_ssthresh),
	TEST(c167_reordering_is_known),
	TEST(c167_a_black_hole_is_known),
	TEST(c167_a_healed_path_is_known),
	TEST(c167_no_place_means_no_search),
	TEST(c168_only_icmp_that_is_believed_is_kept),
	TEST(c168_a_peer_spoils_its_own_entry_only),
	TEST(c168_ipv6_peers_are_told_apart),
	TEST(c168_what_is_old_is_forgotten),
	TEST(c168_the_oldest_gives_way),
	TEST(c168_a_flood_of_peers_is_bounded),
	TEST(c168_all_can_be_forgotten),
	TEST(c168_none_are_kept_where_none_are_wanted),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_metrics = {
	.pName = "tcp_metrics", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
