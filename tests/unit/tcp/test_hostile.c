/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What a peer, or a stranger who guesses, may say to gain something that the
 * rules do not give: segments at the edges of what each step of RFC 9293 section
 * 3.10.7 looks at.
 */
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

static void
again_with(const struct pw_tcp_cfg *cfg)
{
	teardown();
	rig_open(&rig, cfg);
}

static struct pw_tcp_conn *
conn(void)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig.user.c);
	return rig.user.c;
}

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

static enum pw_drop
in(uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	return rig_in(&rig, flags, seq, ack, 64000u << rig.peer_shift, len, NULL, 0);
}

/* @p segs full segments in flight, and a round trip gone by. */
static void
in_flight(const struct rig_peer *p, uint32_t segs)
{
	rig_accept(&rig, p);
	conn()->cwnd = segs * conn()->mss;
	pw_tcp_send(conn(), segs * conn()->mss);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), segs);
	rig.now += MS(10);
}

/* ---- RST ---- */

/* RFC 5961 3.2 looks at the sequence number, RFC 1122 4.2.2.12 allows text behind it. */
static void
c75_c78_reset_with_data_is_judged_by_its_number(void)
{
	const struct pw_tcp_cfg cfg = {.rcv_buf_bytes = 4000, .cc = "newreno"};

	again_with(&cfg);
	rig_accept(&rig, &rig_linux);
	rig.user.take_at_most = 0;
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 4000), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(in(PW_TCP_RST, peer_at(3990), 0, 20), PW_DROP_TCP_RST_WINDOW);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(in(PW_TCP_RST, peer_at(4000), 0, 20), PW_DROP_TCP_RST);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_RESET);
}

/* Before the window, though its end reaches into it: outside, and no challenge. */
static void
c78_reset_that_reaches_into_the_window_is_outside(void)
{
	rig_accept(&rig, &rig_linux);
	rig_data(&rig, 0, 100);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(in(PW_TCP_RST, peer_at(90), 0, 20), PW_DROP_TCP_RST_WINDOW);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(in(PW_TCP_RST | PW_TCP_SYN, peer_at(99), 0, 1), PW_DROP_TCP_RST_WINDOW);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(in(PW_TCP_RST | PW_TCP_SYN, peer_at(100), 0, 0), PW_DROP_TCP_RST);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_RESET);
}

/* ---- SYN ---- */

/* The peer forgot its first SYN and begins anew: it learns at once that we know the old one,
 * and its reset clears the way (RFC 9293 3.5.1, figure 9). */
static void
c79_other_syn_in_syn_received_is_challenged(void)
{
	const struct rig_seg *s;

	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	rig_learn(&rig, &rig_linux, rig_next(&rig));
	rig.peer_iss += 12345;
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_DROP_TCP_SYN);
	rig.peer_iss -= 12345;
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_ACK);
	CU_ASSERT_EQUAL(s->h.ack, peer_at(0));
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(in(PW_TCP_RST, peer_at(0), 0, 0), PW_DROP_TCP_RST);
	rig.peer_iss += 12345;
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_SYN | PW_TCP_ACK);
}

/* A port of ours that nobody listens on has no second life to give: the four-tuple of an
 * active open waits its 2 MSL, whatever a stranger's SYN says. */
static void
c126_a26_syn_ends_no_time_wait_of_a_client(void)
{
	struct pw_tcp_usage use;
	struct pw_tcp_opts o = {.has = PW_OPT_TS};
	struct pw_tcp_hdr h = {.flags = PW_TCP_SYN};
	uint8_t opts[PW_TCP_OPT_MAX];

	rig_connect(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rig_syn_ack(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	pw_tcp_shutdown(conn());
	h.sport = conn()->rport;
	h.dport = conn()->lport;
	rig_run(&rig);
	in(PW_TCP_FIN | PW_TCP_ACK, peer_at(0), we_at(1), 0);
	rig_skip(&rig);
	rig.t->n_listen = 0; /* the port of a client */
	h.seq = peer_at(1000000);
	o.ts_val = rig_ts(&rig) + 1000;
	h.opt_len = (uint8_t)pw_tcp_put_syn_opts(opts, &o);
	CU_ASSERT_EQUAL(rig_raw(&rig, h, opts, 0), PW_DROP_TCP_TIME_WAIT);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	pw_tcp_get_usage(rig.t, &use);
	CU_ASSERT_EQUAL(use.time_wait, 1);
}

/* ---- ACK ---- */

/* RFC 5961 5.2 lets pass what lies a window before SND.UNA; bytes that were never sent are
 * acknowledged by nobody who saw the connection ("ghost ACKs"). */
static void
c81_ack_from_before_the_first_byte_is_refused(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(in(PW_TCP_ACK, peer_at(0), we_at(-1), 10), PW_DROP_TCP_ACK_OLD);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig.user.received, 0);
	pw_tcp_send(conn(), 1000);
	rig_run(&rig);
	rig_skip(&rig);
	rig_ack(&rig, 1000);
	CU_ASSERT_EQUAL(in(PW_TCP_ACK, peer_at(0), we_at(-1), 10), PW_DROP_TCP_ACK_OLD);
	CU_ASSERT_EQUAL(in(PW_TCP_ACK, peer_at(0), we_at(0), 10), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 10);
	rig_run(&rig);
	rig_skip(&rig);
}

/* ---- cookies ---- */

/* What is switched off is not offered under attack either: the peer would count on it. */
static void
c132_cookie_offers_no_more_than_is_allowed(void)
{
	const struct pw_tcp_cfg cfg = {.max_half_open = 1, .cc = "newreno"};
	const struct rig_seg *s;

	again_with(&cfg);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	rig.port++;
	pw_tcp_set(rig.t, PW_TCP_SACK, 0);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_DROP_TCP_BACKLOG);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->o.has, PW_OPT_MSS | PW_OPT_TS | PW_OPT_WSCALE);
	pw_tcp_set(rig.t, PW_TCP_WINDOW_SCALE, 0);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_DROP_TCP_BACKLOG);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->o.has, PW_OPT_MSS | PW_OPT_TS);
	pw_tcp_set(rig.t, PW_TCP_TIMESTAMPS, 0);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_DROP_TCP_BACKLOG);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->o.has, PW_OPT_MSS);
}

/* RFC 6298 2.1: nothing has been measured, and no SYN of ours was lost. */
static void
c93_first_timeout_is_one_second(void)
{
	const struct pw_tcp_cfg cfg = {.max_half_open = 1, .cc = "newreno"};

	again_with(&cfg);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	rig.port++;
	CU_ASSERT_EQUAL(rig_syn(&rig, &no_ts), PW_DROP_TCP_BACKLOG);
	rig_learn(&rig, &no_ts, rig_next(&rig));
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_OK);
	CU_ASSERT_EQUAL(conn()->srtt, 0);
	rig_wait(&rig, MS(100000)); /* the SYN that nobody completed is forgotten */
	rig_skip(&rig);
	pw_tcp_send(conn(), 100);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 100);
	rig_wait(&rig, MS(1000) - 1);
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, 1);
	EXPECT_DATA(&rig, 0, 100);
}

/* ---- DSACK ---- */

/* A recovery that repaired a real loss, of which bytes [0, 1460) were sent again. */
static void
repaired(void)
{
	in_flight(&no_ts, 10);
	rig_sack(&rig, 0, BLOCKS(1460, 5 * 1460));
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1460);
	rig_ack(&rig, 14600);
	CU_ASSERT_EQUAL(conn()->cwnd, 7300);
}

static void
expect_no_undo(void)
{
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->spurious, 0);
	CU_ASSERT_EQUAL(conn()->cwnd, 7300);
	CU_ASSERT_EQUAL(conn()->reo_mult, 1);
}

/* RFC 2883 5: a block that cannot be true says nothing of duplicates either. */
static void
c114_impossible_dsack_undoes_nothing(void)
{
	repaired();
	rig_sack(&rig, 14600, BLOCKS(1460, 0)); /* backwards */
	expect_no_undo();
	rig_sack(&rig, 14600, BLOCKS(1460, 1460)); /* empty */
	expect_no_undo();
	rig_sack(&rig, 14600, BLOCKS(0, 20000)); /* never sent */
	expect_no_undo();
	rig_sack(&rig, 14600, BLOCKS((pw_off)-100000, 1460)); /* before the first byte */
	expect_no_undo();
}

/* A probe's duplicate comes from after the recovery, and tells nothing of it. */
static void
c114_dsack_of_a_later_probe_undoes_nothing(void)
{
	repaired();
	pw_tcp_send(conn(), 2 * 1460);
	rig_run(&rig);
	EXPECT_DATA(&rig, 14600, 1460);
	EXPECT_DATA(&rig, 16060, 1460);
	rig_wait(&rig, MS(100));
	EXPECT_DATA(&rig, 16060, 1460);
	rig_ack(&rig, 17520);
	rig_sack(&rig, 17520, BLOCKS(16060, 17520));
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->tlps, 1);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->spurious, 0);
}

/* ---- recovery ---- */

/* RFC 5681 3.1: each segment that times out for the first time costs ssthresh; progress since
 * the last time-out says that this is another one. */
static void
c105_timeout_of_another_segment_lowers_ssthresh(void)
{
	uint32_t before;

	in_flight(&rig_ancient, 20);
	rig_wait(&rig, MS(300));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(conn()->ca, CA_LOSS);
	rig_ack(&rig, 1460);
	rig_run(&rig);
	rig_skip(&rig);
	before = conn()->ssthresh;
	CU_ASSERT_TRUE(before > 4 * 1460);
	rig_wait(&rig, MS(500));
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtos, 2);
	CU_ASSERT_TRUE(conn()->ssthresh < before);
	rig_skip(&rig);
}

/* A path that shrank is no loss; a time-out after it is. */
static void
c105_timeout_after_a_smaller_path_lowers_ssthresh(void)
{
	uint8_t l4[8];

	in_flight(&rig_linux, 10);
	pw_put_be16(l4, RIG_PORT);
	pw_put_be16(l4 + 2, rig.port);
	pw_put_be32(l4 + 4, rig.iss + 1);
	CU_ASSERT_EQUAL(pw_tcp_icmp_error(
				rig.t, PW_TCP_ICMP_TOO_BIG, &rig.us, &rig.peer, l4, 1000, rig.now),
		PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(conn()->ssthresh, UINT32_MAX);
	rig_wait(&rig, MS(500));
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtos, 1);
	CU_ASSERT_TRUE(conn()->ssthresh < 10 * MSS);
	rig_skip(&rig);
}

/* RFC 8985 6.2 step 2: an ACK that echoes an older timestamp answers the original, and the
 * round trip since the retransmission is no round trip. */
static void
rack_learns_nothing_from_an_original_that_was_late(void)
{
	uint32_t original, ms;
	pw_ns rack_rtt;

	in_flight(&rig_linux, 10);
	rig_ack(&rig, MSS); /* a round trip of 10 ms */
	original = rig.ts_ecr;
	rack_rtt = ticks_ns(conn()->rack_rtt);
	CU_ASSERT_EQUAL(rack_rtt, MS(10));
	conn()->min_rtt = ticks_of(MS(1));
	for (ms = 0; ms < 1000 && conn()->ca != CA_LOSS; ms++)
		rig_wait(&rig, MS(1));
	CU_ASSERT_EQUAL(conn()->ca, CA_LOSS);
	rig_skip(&rig);
	rig.now += MS(2);
	rig.ts_ecr = original;
	rig_ack(&rig, 2 * MSS);
	CU_ASSERT_TRUE(ticks_ns(conn()->rack_rtt) >= rack_rtt);
	rig_run(&rig);
	rig_skip(&rig);
}

/* RFC 9937 6: what was SACKed before is not delivered again during the recovery. */
static void
prr_counts_from_what_may_still_be_delivered(void)
{
	in_flight(&rig_linux, 20);
	rig_sack(&rig, 0, BLOCKS(10 * MSS, 12 * MSS));
	CU_ASSERT_EQUAL(conn()->ca, CA_OPEN);
	rig_sack(&rig, 0, BLOCKS(10 * MSS, 14 * MSS));
	CU_ASSERT_EQUAL(conn()->ca, CA_RECOVERY);
	CU_ASSERT_EQUAL(conn()->recover_fs, 18 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
}

/* RFC 3465 2.3: after a time-out an ACK covers what had arrived long ago; only what it
 * delivers opens the window. */
static void
c99_slow_start_after_a_timeout_counts_what_is_new(void)
{
	in_flight(&rig_linux, 10);
	rig_sack(&rig, 0, BLOCKS(MSS, 9 * MSS));
	rig_run(&rig);
	rig_skip(&rig);
	rig_wait(&rig, MS(500));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(conn()->ca, CA_LOSS);
	CU_ASSERT_EQUAL(conn()->cwnd, MSS);
	rig_ack(&rig, 9 * MSS);
	CU_ASSERT_EQUAL(conn()->cwnd, 2 * MSS);
	rig_run(&rig);
	rig_skip(&rig);
}

/* RFC 6937: an ACK that moves nothing releases what it delivered, and no more. */
static void
prr_releases_what_was_delivered(void)
{
	in_flight(&rig_linux, 20);
	pw_tcp_send(conn(), 1000000);
	rig_sack(&rig, 0, BLOCKS(19 * MSS, 20 * MSS));
	rig_wait(&rig, MS(3));
	CU_ASSERT_EQUAL(conn()->ca, CA_RECOVERY);
	rig_skip(&rig);
	rig_sack(&rig, 0, BLOCKS(18 * MSS, 20 * MSS));
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 1);
}

/* RFC 8985 6.2 step 2 without timestamps: an answer sooner than any before it is the
 * original's. */
static void
rack_learns_nothing_from_what_comes_too_soon(void)
{
	in_flight(&no_ts, 10);
	rig_sack(&rig, 0, BLOCKS(1460, 5 * 1460));
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1460);
	rig.now += MS(1);
	rig_sack(&rig, 5 * 1460, BLOCKS(6 * 1460, 7 * 1460));
	CU_ASSERT_TRUE(ticks_ns(conn()->rack_rtt) >= MS(10));
}

/* What is lost has the first claim, though something small and new would fit. */
static void
c103_nothing_new_before_what_was_lost(void)
{
	in_flight(&rig_linux, 3);
	rig_wait(&rig, MS(500));
	CU_ASSERT_EQUAL(conn()->ca, CA_LOSS);
	rig_skip(&rig);
	conn()->cwnd = pipe_bytes(conn()) + 100;
	pw_tcp_send(conn(), 50);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
}

/* Data every 5 ms, and never an answer: the probe moves on with it, the time-out does not. */
static void
s6_sending_on_does_not_put_off_the_timeout(void)
{
	int i;

	rig_accept(&rig, &rig_linux);
	for (i = 0; i < 100; i++) {
		pw_tcp_send(conn(), 10);
		rig_wait(&rig, MS(5));
	}
	CU_ASSERT_TRUE(pw_tcp_stats(rig.t)->rtos > 0);
	rig_skip(&rig);
}

/* ---- SACK and records ---- */

/* A block backwards takes no record. */
static void
c114_impossible_blocks_split_nothing(void)
{
	pw_off i;

	in_flight(&rig_linux, 10);
	CU_ASSERT_EQUAL(conn()->n_sent, 1);
	for (i = 1; i < 9; i++)
		rig_sack(&rig, 0, BLOCKS(i * MSS + 1, i * MSS));
	CU_ASSERT_EQUAL(conn()->n_sent, 1);
}

/* A connection whose peer splits hairs leaves half of the records to the others. */
static void
a10_records_are_left_for_others(void)
{
	const struct pw_tcp_cfg cfg = {.max_sent = 64, .cc = "newreno"};
	pw_off i;

	again_with(&cfg);
	in_flight(&rig_linux, 20);
	for (i = 0; i < 100; i++)
		rig_sack(&rig, 0, BLOCKS(100 * i + 1, 100 * i + 2));
	CU_ASSERT_TRUE(conn()->n_sent <= 33);
	CU_ASSERT_TRUE(conn()->n_sent > 16);
	rig_run(&rig);
	rig_skip(&rig);
}

/* ---- the edge of the window ---- */

/* A FIN stands behind its data: where that was cut, it has not come. */
static void
c74_fin_behind_what_was_cut_is_cut(void)
{
	const struct pw_tcp_cfg cfg = {.rcv_buf_bytes = 4000, .cc = "newreno"};

	again_with(&cfg);
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 3000), PW_OK);
	CU_ASSERT_EQUAL(in(PW_TCP_ACK | PW_TCP_FIN, peer_at(3000), we_at(0), 1010), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, 4000);
	CU_ASSERT_EQUAL(rig.user.n_eof, 0);
	CU_ASSERT_EQUAL(conn()->state, PW_TCP_ESTABLISHED);
	rig_run(&rig);
	rig_skip(&rig);
}

/* ---- Nagle, keep-alive ---- */

/* What a FIN follows is the last: to wait for more would be in vain. */
static void
c90_nagle_lets_the_last_bytes_go(void)
{
	pw_tcp_set(rig.t, PW_TCP_NAGLE, 1);
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(conn(), 100);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 100);
	pw_tcp_send(conn(), 50);
	pw_tcp_shutdown(conn());
	rig_run(&rig);
	EXPECT_DATA(&rig, 100, 50);
}

/* Data in flight asks the peer already, and has a limit of its own. */
static void
c130_no_keepalive_while_data_is_in_flight(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_conn_set(conn(), PW_TCP_KEEPALIVE_MS, 1000);
	pw_tcp_send(conn(), 100);
	rig_run(&rig);
	rig_wait(&rig, MS(50000));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->keepalives, 0);
}

/* Fetching ahead changes nothing, whoever is named: in a table that holds this many, chains
 * are long enough to be followed. */
static void
looking_ahead_changes_nothing(void)
{
	const struct pw_tcp_cfg cfg = {.max_conns = 8192, .max_half_open = 8192, .cc = "newreno"};
	struct pw_tcp_tuple k[PW_TCP_AHEAD_MAX];
	struct pw_tcp_stats before;
	uint32_t i;

	again_with(&cfg);
	for (i = 0; i < PW_TCP_AHEAD_FROM; i++) {
		CU_ASSERT_FALSE(pw_tcp_ahead_pays(rig.t));
		rig.port = (uint16_t)(1000 + i);
		CU_ASSERT_EQUAL_FATAL(rig_syn(&rig, &rig_linux), PW_OK);
		if (i % 64 == 63) {
			rig_run(&rig);
			rig_skip(&rig);
		}
	}
	CU_ASSERT_TRUE(pw_tcp_ahead_pays(rig.t));
	before = *pw_tcp_stats(rig.t);
	for (i = 0; i < 3 * PW_TCP_AHEAD_FROM; i++) {
		k[i % PW_TCP_AHEAD_MAX] = (struct pw_tcp_tuple){
			rig.peer, rig.us, (uint16_t)(i * 5), i % 7 == 0 ? 81 : RIG_PORT};
		if (i % PW_TCP_AHEAD_MAX == PW_TCP_AHEAD_MAX - 1)
			pw_tcp_ahead(rig.t, k, PW_TCP_AHEAD_MAX);
	}
	pw_tcp_ahead(rig.t, k, 0);
	CU_ASSERT_EQUAL(memcmp(&before, pw_tcp_stats(rig.t), sizeof(before)), 0);
	for (i = 0; i < PW_TCP_AHEAD_FROM; i++) {
		rig.port = (uint16_t)(1000 + i);
		rig_in(&rig, PW_TCP_RST, rig.peer_iss + 1, 0, 0, 0, NULL, 0);
	}
	CU_ASSERT_FALSE(pw_tcp_ahead_pays(rig.t));
}

static CU_TestInfo tests[] = {
	TEST(looking_ahead_changes_nothing),
	TEST(c75_c78_reset_with_data_is_judged_by_its_number),
	TEST(c78_reset_that_reaches_into_the_window_is_outside),
	TEST(c79_other_syn_in_syn_received_is_challenged),
	TEST(c126_a26_syn_ends_no_time_wait_of_a_client),
	TEST(c81_ack_from_before_the_first_byte_is_refused),
	TEST(c132_cookie_offers_no_more_than_is_allowed),
	TEST(c93_first_timeout_is_one_second),
	TEST(c114_impossible_dsack_undoes_nothing),
	TEST(c114_dsack_of_a_later_probe_undoes_nothing),
	TEST(c105_timeout_of_another_segment_lowers_ssthresh),
	TEST(c105_timeout_after_a_smaller_path_lowers_ssthresh),
	TEST(rack_learns_nothing_from_an_original_that_was_late),
	TEST(prr_counts_from_what_may_still_be_delivered),
	TEST(c99_slow_start_after_a_timeout_counts_what_is_new),
	TEST(prr_releases_what_was_delivered),
	TEST(rack_learns_nothing_from_what_comes_too_soon),
	TEST(c103_nothing_new_before_what_was_lost),
	TEST(s6_sending_on_does_not_put_off_the_timeout),
	TEST(c114_impossible_blocks_split_nothing),
	TEST(a10_records_are_left_for_others),
	TEST(c74_fin_behind_what_was_cut_is_cut),
	TEST(c90_nagle_lets_the_last_bytes_go),
	TEST(c130_no_keepalive_while_data_is_in_flight),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_hostile = {
	.pName = "tcp_hostile", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
