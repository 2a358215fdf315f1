/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Fast Open, the server's side (RFC 7413): cases C170 to C174.
 */
#include "rig.h"

#define SYN_ACK	 (PW_TCP_SYN | PW_TCP_ACK)
#define REQUEST	 100
#define COOKIE	 8
#define KEY_LIFE (4 * 3600 * PW_NS_PER_S)
#define NO_OPT	 UINT32_MAX /* for a cookie's length: a SYN without the option */

static struct rig rig;
static uint8_t cookie[PW_TCP_COOKIE_MAX + 2];

static void
open_rig(const struct pw_tcp_cfg *more)
{
	struct pw_tcp_cfg cfg = *more;

	cfg.cc = cfg.cc != NULL ? cfg.cc : "newreno";
	cfg.fast_open = true;
	rig_open(&rig, &cfg);
	memset(cookie, 0, sizeof(cookie));
}

static void
setup(void)
{
	static const struct pw_tcp_cfg cfg;

	open_rig(&cfg);
}

static void
teardown(void)
{
	rig_close(&rig);
}

static const struct pw_tcp_stats *
stats(void)
{
	return pw_tcp_stats(rig.t);
}

/* A SYN with @p cookie_len bytes of what stands in `cookie`, and @p len bytes of data. */
static enum pw_drop
syn(uint32_t cookie_len, uint32_t len)
{
	uint8_t opts[PW_TCP_OPT_MAX + 4];
	struct pw_tcp_opts o = {
		.has = PW_OPT_MSS | PW_OPT_SACK_OK | PW_OPT_TS | PW_OPT_WSCALE,
		.mss = 1460,
		.wscale = 7,
		.cookie = cookie,
		.cookie_len = (uint8_t)cookie_len,
	};
	struct pw_tcp_hdr h = {.sport = rig.port,
		.dport = RIG_PORT,
		.seq = rig.peer_iss,
		.wnd = 64000,
		.flags = PW_TCP_SYN};

	rig.ts = 500000;
	o.ts_val = rig_ts(&rig);
	o.has |= cookie_len != NO_OPT ? PW_OPT_FAST_OPEN : 0;
	h.opt_len = (uint8_t)pw_tcp_put_syn_opts(opts, &o);
	return rig_raw(&rig, h, opts, len);
}

/* The SYN-ACK that comes next, acknowledging @p len bytes behind the SYN. */
static const struct rig_seg *
expect_syn_ack(uint32_t len, bool has_cookie)
{
	const struct rig_seg *s;

	rig_run(&rig);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags, SYN_ACK);
	CU_ASSERT_EQUAL(s->h.ack, rig.peer_iss + 1 + len);
	CU_ASSERT_EQUAL(s->len, 0);
	CU_ASSERT_EQUAL((s->o.has & PW_OPT_FAST_OPEN) != 0, has_cookie);
	rig_learn(&rig, &rig_linux, s);
	rig.snd += len;
	return s;
}

/* As a client of another connection would: ask, take the cookie, and go away. */
static void
get_cookie(void)
{
	const struct rig_seg *s;

	rig.port++;
	CU_ASSERT_EQUAL(syn(0, 0), PW_OK);
	s = expect_syn_ack(0, true);
	CU_ASSERT_EQUAL_FATAL(s->o.cookie_len, COOKIE);
	memcpy(cookie, s->cookie, COOKIE);
	rig_in(&rig, PW_TCP_RST, rig.snd, 0, 0, 0, NULL, 0);
	rig.port++;
	rig.iss = 0;
}

static void
respond(struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_send(c, 1000);
}

static void
respond_at_length(struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_send(c, 1000000);
}

static void
respond_and_close(struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_send(c, 1000);
	pw_tcp_close(c);
}

static void
on_request(void (*act)(struct pw_tcp_conn *c, pw_ns now))
{
	rig.user.act = act;
	rig.user.act_in = RIG_RECV;
}

static uint32_t
pending(void)
{
	struct pw_tcp_usage use;

	pw_tcp_get_usage(rig.t, &use);
	return use.fast_open;
}

/* ---- C170: cookies ---- */

static void
c170_cookie_for_who_asks(void)
{
	uint8_t first[COOKIE];

	get_cookie();
	memcpy(first, cookie, COOKIE);
	get_cookie();
	CU_ASSERT_EQUAL(memcmp(first, cookie, COOKIE), 0); /* bound to nothing but addresses */
	CU_ASSERT_EQUAL(stats()->fast_open_cookies, 2);
	CU_ASSERT_EQUAL(stats()->fast_open_bad, 0);
	CU_ASSERT_EQUAL(syn(NO_OPT, 0), PW_OK);
	expect_syn_ack(0, false);
}

static void
c170_no_cookie_when_off(void)
{
	get_cookie();
	CU_ASSERT_EQUAL(pw_tcp_set(rig.t, PW_TCP_FAST_OPEN, 0), 0);
	CU_ASSERT_EQUAL(pw_tcp_set(rig.t, PW_TCP_FAST_OPEN, 2), -EINVAL);
	CU_ASSERT_EQUAL(syn(0, 0), PW_OK);
	expect_syn_ack(0, false);
	rig.port++;
	CU_ASSERT_EQUAL(syn(COOKIE, REQUEST), PW_OK);
	expect_syn_ack(0, false);
	CU_ASSERT_EQUAL(rig.user.received, 0);
}

/* Lengths that RFC 7413 4.1.1 does not know: as if there were no option. */
static void
c170_odd_lengths_are_ignored(void)
{
	static const uint8_t lens[] = {1, 2, 3, 5, 7, 9, 18};
	uint8_t opts[PW_TCP_OPT_MAX] = {0};
	struct pw_tcp_hdr h = {.dport = RIG_PORT,
		.seq = RIG_PEER_ISS,
		.wnd = 64000,
		.flags = PW_TCP_SYN,
		.opt_len = 24};
	size_t i;

	for (i = 0; i < RTE_DIM(lens); i++) {
		h.sport = (uint16_t)(100 + i);
		opts[0] = 34;
		opts[1] = 2 + lens[i];
		rig.ts = 0;
		CU_ASSERT_EQUAL(rig_raw(&rig, h, opts, REQUEST), PW_OK);
		expect_syn_ack(0, false);
	}
	CU_ASSERT_EQUAL(stats()->fast_open_bad, 0);
	CU_ASSERT_EQUAL(rig.user.received, 0);
}

static void
c170_sent_again_with_the_syn_ack(void)
{
	CU_ASSERT_EQUAL(syn(0, 0), PW_OK);
	expect_syn_ack(0, true);
	rig_wait(&rig, MS(1000));
	expect_syn_ack(0, true);
}

/* ---- C171: data that comes with a good cookie ---- */

static void
c171_answered_before_the_handshake_ends(void)
{
	struct pw_tcp_info info;

	get_cookie();
	on_request(respond);
	CU_ASSERT_EQUAL(syn(COOKIE, REQUEST), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, REQUEST);
	CU_ASSERT_EQUAL(pending(), 1);
	expect_syn_ack(REQUEST, false);
	EXPECT_DATA(&rig, 0, 1000);
	EXPECT_NOTHING(&rig);
	pw_tcp_get_info(rig.user.c, &info);
	CU_ASSERT_EQUAL(info.state, PW_TCP_SYN_RCVD);
	rig.now += MS(10);
	CU_ASSERT_EQUAL(rig_ack(&rig, 1000), PW_OK);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	pw_tcp_get_info(rig.user.c, &info);
	CU_ASSERT_EQUAL(info.state, PW_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(info.srtt_ns, MS(10));
	CU_ASSERT_EQUAL(info.snd_wnd_bytes, 64000u << 7);
	CU_ASSERT_EQUAL(rig.user.acked, 1000);
	CU_ASSERT_EQUAL(rig.user.n_open, 1);
	CU_ASSERT_EQUAL(stats()->fast_opens, 1);
	CU_ASSERT_EQUAL(stats()->fast_open_early, 1000);
	CU_ASSERT_EQUAL(stats()->opened_passive, 1);
	CU_ASSERT_EQUAL(pending(), 0);
	rig.user.act = NULL;
	CU_ASSERT_EQUAL(rig_data(&rig, REQUEST, 50), PW_OK); /* and on it goes */
	CU_ASSERT_EQUAL(rig.user.received, REQUEST + 50);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
}

/* The ACK of the SYN-ACK may come by itself, and the answer's later. */
static void
c171_acks_one_by_one(void)
{
	get_cookie();
	on_request(respond);
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	EXPECT_DATA(&rig, 0, 1000);
	rig.now += MS(10);
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_OK);
	rig_run(&rig); /* looks at the timers */
	rig_wait(&rig, RIG_RTO - MS(1));
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(rig_ack(&rig, 1000), PW_OK);
	rig_run(&rig);
	CU_ASSERT_EQUAL(stats()->rtos, 0);
}

static void
c171_beyond_what_was_sent_is_no_ack(void)
{
	get_cookie();
	on_request(respond);
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	EXPECT_DATA(&rig, 0, 1000);
	CU_ASSERT_EQUAL(rig_ack(&rig, 1001), PW_DROP_TCP_ACK_BAD);
	EXPECT_FLAGS(&rig, PW_TCP_RST);
	CU_ASSERT_EQUAL(pending(), 1);
}

/* RFC 6928: what may go unacknowledged bounds what a liar can have sent to somebody. */
static void
c171_no_more_than_the_initial_window(void)
{
	uint32_t i;

	get_cookie();
	on_request(respond_at_length);
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	for (i = 0; i < 10; i++)
		EXPECT_DATA(&rig, i * 1448, 1448);
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, MS(900));
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(rig_ack(&rig, 2896), PW_OK);
	rig_run(&rig);
	CU_ASSERT_TRUE(rig_skip(&rig) >= 3);
	CU_ASSERT_EQUAL(stats()->fast_open_early, 14480);
}

static void
c171_closed_at_once(void)
{
	get_cookie();
	on_request(respond_and_close);
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	EXPECT_DATA(&rig, 0, 1000);
	CU_ASSERT_EQUAL(rig.out[(rig.n_out - 1) % RIG_OUT_MAX].h.flags & PW_TCP_FIN, PW_TCP_FIN);
	rig.now += MS(10);
	CU_ASSERT_EQUAL(rig_ack(&rig, 1001), PW_OK);
	CU_ASSERT_EQUAL(rig_in(&rig, PW_TCP_ACK | PW_TCP_FIN, rig.snd, rig.iss + 1 + 1001, 64000, 0,
				NULL, 0),
		PW_OK);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_CLOSED);
}

static void
abort_it(struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_abort(c, now);
}

static void
c171_aborted_or_not_wanted(void)
{
	get_cookie();
	on_request(abort_it);
	syn(COOKIE, REQUEST);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	rig.user.act = NULL;
	rig.user.open_says_no = true;
	rig.port++;
	CU_ASSERT_EQUAL(syn(COOKIE, REQUEST), PW_DROP_TCP_RST);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
	CU_ASSERT_EQUAL(pending(), 0);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
}

/* What the user does not take is kept, and offered again; windows tell of it. */
static void
c171_user_takes_a_part(void)
{
	const struct rig_seg *s;

	get_cookie();
	rig.user.take_at_most = 60;
	syn(COOKIE, REQUEST);
	CU_ASSERT_EQUAL(rig.user.received, 60);
	s = expect_syn_ack(REQUEST, false);
	CU_ASSERT_EQUAL(s->h.wnd, 65536 - 40);
	rig.user.take_at_most = UINT32_MAX;
	pw_tcp_resume(rig.user.c);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig.user.received, REQUEST);
	rig.now += MS(10);
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_OK);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
}

static void
c171_a_cookie_without_data_changes_nothing(void)
{
	get_cookie();
	CU_ASSERT_EQUAL(syn(COOKIE, 0), PW_OK);
	expect_syn_ack(0, false);
	CU_ASSERT_PTR_NULL(rig.user.c);
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_OK);
	CU_ASSERT_PTR_NOT_NULL(rig.user.c);
	CU_ASSERT_EQUAL(stats()->fast_opens, 0);
}

/* Paced and by BBR: a round trip is not known yet. */
static void
c171_bbr_sends_early_too(void)
{
	static const struct pw_tcp_cfg cfg = {.cc = "bbr"};

	teardown();
	open_rig(&cfg);
	get_cookie();
	on_request(respond);
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	EXPECT_DATA(&rig, 0, 1000);
	rig.now += MS(10);
	CU_ASSERT_EQUAL(rig_ack(&rig, 1000), PW_OK);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
}

/* ---- C172: cookies that are not good ---- */

static void
expect_refused(uint32_t cookie_len)
{
	uint64_t bad = stats()->fast_open_bad;

	rig.port++;
	CU_ASSERT_EQUAL(syn(cookie_len, REQUEST), PW_OK);
	expect_syn_ack(0, true);
	CU_ASSERT_EQUAL(rig.user.received, 0);
	CU_ASSERT_EQUAL(stats()->fast_open_bad, bad + 1);
}

/* The SYN alone is acknowledged, and its data comes again behind the handshake. */
static void
c172_wrong_cookie_costs_a_round_trip(void)
{
	const struct rig_seg *s;

	get_cookie();
	cookie[COOKIE - 1] ^= 1;
	rig.port++;
	CU_ASSERT_EQUAL(syn(COOKIE, REQUEST), PW_OK);
	s = expect_syn_ack(0, true);
	cookie[COOKIE - 1] ^= 1;
	CU_ASSERT_EQUAL(memcmp(s->cookie, cookie, COOKIE), 0);
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_OK);
	CU_ASSERT_EQUAL(rig_data(&rig, 0, REQUEST), PW_OK);
	CU_ASSERT_EQUAL(rig.user.received, REQUEST);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
}

static void
c172_cookies_of_other_lengths(void)
{
	uint32_t len;

	get_cookie();
	for (len = PW_TCP_COOKIE_MIN; len <= PW_TCP_COOKIE_MAX; len += 2)
		if (len != COOKIE)
			expect_refused(len);
}

static void
c172_cookie_of_another_address(void)
{
	get_cookie();
	rig.peer = pw_addr_v4(RTE_BE32(0x0a4d0003));
	expect_refused(COOKIE);
	rig.peer = pw_addr_v4(RTE_BE32(0x0a4d0002));
	rig.us = pw_addr_v4(RTE_BE32(0x0a4d0009)); /* nor is it good for another of ours */
	expect_refused(COOKIE);
}

static void
c172_ipv6_has_cookies_of_its_own(void)
{
	rig.us.q[0] = rig.peer.q[0] = RTE_BE64(UINT64_C(0x20010db800000000));
	rig.us.q[1] = RTE_BE64(1);
	rig.peer.q[1] = RTE_BE64(2);
	get_cookie();
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	CU_ASSERT_EQUAL(rig.user.received, REQUEST);
	rig.user.received = 0;
	rig.peer.q[1] = RTE_BE64(3);
	expect_refused(COOKIE);
}

/* The key of the hour before is good, and the cookie's bearer has a new one. */
static void
c172_keys_roll_over(void)
{
	uint8_t old[COOKIE];

	get_cookie();
	memcpy(old, cookie, COOKIE);
	rig.now += KEY_LIFE;
	CU_ASSERT_EQUAL(syn(COOKIE, REQUEST), PW_OK);
	memcpy(cookie, expect_syn_ack(REQUEST, true)->cookie, COOKIE);
	CU_ASSERT_NOT_EQUAL(memcmp(old, cookie, COOKIE), 0);
	rig.user.received = 0;
	rig.now += KEY_LIFE;
	rig_wait(&rig, 0);
	rig_skip(&rig);
	rig.port++;
	CU_ASSERT_EQUAL(syn(COOKIE, REQUEST), PW_OK);
	expect_syn_ack(REQUEST, true);
	rig.user.received = 0;
	memcpy(cookie, old, COOKIE);
	expect_refused(COOKIE);
}

/* ---- C173: what is lost ---- */

/* The SYN is sent again without its data, as Linux does: that was taken long ago. */
static void
c173_syn_sent_again(void)
{
	get_cookie();
	on_request(respond);
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	EXPECT_DATA(&rig, 0, 1000);
	rig_wait(&rig, MS(500));
	CU_ASSERT_EQUAL(syn(NO_OPT, 0), PW_DROP_TCP_SYN);
	expect_syn_ack(REQUEST, false);
	CU_ASSERT_EQUAL(syn(COOKIE, REQUEST), PW_DROP_TCP_SYN);
	expect_syn_ack(REQUEST, false);
	CU_ASSERT_EQUAL(rig.user.received, REQUEST);
	CU_ASSERT_EQUAL(rig.user.n_open, 1);
	EXPECT_NOTHING(&rig);
}

/* Whoever missed the SYN-ACK has thrown away what came behind it (RFC 5681 3.1). */
static void
c173_syn_ack_lost(void)
{
	struct pw_tcp_info info;

	get_cookie();
	on_request(respond_at_length);
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	CU_ASSERT_EQUAL(rig_skip(&rig), 10);
	rig_wait(&rig, MS(1000));
	expect_syn_ack(REQUEST, false);
	EXPECT_NOTHING(&rig); /* nothing else is sent again yet */
	rig.now += MS(10);
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_OK);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1448);
	EXPECT_NOTHING(&rig);
	pw_tcp_get_info(rig.user.c, &info);
	CU_ASSERT_EQUAL(info.cwnd_bytes, 1448);
	CU_ASSERT_EQUAL(rig_ack(&rig, 1448), PW_OK);
	rig_run(&rig);
	EXPECT_DATA(&rig, 1448, 1448);
	EXPECT_DATA(&rig, 2896, 1448);
	EXPECT_NOTHING(&rig);
}

/* The SYN-ACK had only been late. */
static void
c173_syn_ack_sent_again_needlessly(void)
{
	get_cookie();
	on_request(respond);
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	EXPECT_DATA(&rig, 0, 1000);
	rig_wait(&rig, MS(1000));
	expect_syn_ack(REQUEST, false);
	CU_ASSERT_EQUAL(rig_ack(&rig, 1000), PW_OK);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(stats()->rtos, 0);
	CU_ASSERT_EQUAL(rig.user.acked, 1000);
}

/* The answer was lost, and the SYN-ACK was not. */
static void
c173_answer_lost(void)
{
	get_cookie();
	on_request(respond);
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	EXPECT_DATA(&rig, 0, 1000);
	rig.now += MS(10);
	rig_ack(&rig, 0);
	rig_wait(&rig, RIG_RTO);
	EXPECT_DATA(&rig, 0, 1000);
	rig_ack(&rig, 1000);
	rig_run(&rig);
}

static void
c173_nobody_answers(void)
{
	get_cookie();
	on_request(respond);
	syn(COOKIE, REQUEST);
	rig_wait(&rig, 200 * PW_NS_PER_S);
	CU_ASSERT_EQUAL(rig_skip(&rig), 1 + 1 + 5); /* SYN-ACK, answer, SYN-ACKs again */
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
	CU_ASSERT_EQUAL(pending(), 0);
}

/* The way out is full, with the SYN-ACK or with the answer. */
static void
c173_way_out_is_full(void)
{
	get_cookie();
	on_request(respond);
	rig.way_full = true;
	syn(COOKIE, REQUEST);
	rig_run(&rig);
	EXPECT_NOTHING(&rig);
	rig.way_full = false;
	rig.way_room = 1;
	expect_syn_ack(REQUEST, false);
	EXPECT_NOTHING(&rig);
	rig.way_room = UINT32_MAX;
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1000);
}

/* ---- C174: how many may be pending ---- */

static void
c174_pending_are_bounded(void)
{
	static const struct pw_tcp_cfg cfg = {.max_fast_open = 2};
	uint16_t first;

	teardown();
	open_rig(&cfg);
	get_cookie();
	first = rig.port;
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	rig.user.received = 0;
	rig.port++;
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	rig.user.received = 0;
	rig.port++;
	CU_ASSERT_EQUAL(syn(COOKIE, REQUEST), PW_OK);
	expect_syn_ack(0, false);
	CU_ASSERT_EQUAL(rig.user.received, 0);
	CU_ASSERT_EQUAL(stats()->fast_open_full, 1);
	CU_ASSERT_EQUAL(pending(), 2);
	rig.port = first; /* an ACK makes room */
	rig.snd = rig.peer_iss + 1 + REQUEST;
	rig.iss = rig.out[(rig.n_out - 3) % RIG_OUT_MAX].h.seq;
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_OK);
	CU_ASSERT_EQUAL(pending(), 1);
	rig.port = (uint16_t)(first + 3);
	CU_ASSERT_EQUAL(syn(COOKIE, REQUEST), PW_OK);
	expect_syn_ack(REQUEST, false);
}

/* Whoever is reset by somebody who knows of nothing counts on for a minute. */
static void
c174_reset_ones_count_as_pending(void)
{
	static const struct pw_tcp_cfg cfg = {.max_fast_open = 2};
	int i;

	teardown();
	open_rig(&cfg);
	get_cookie();
	for (i = 0; i < 2; i++) {
		rig.port++;
		rig.user.received = 0;
		syn(COOKIE, REQUEST);
		expect_syn_ack(REQUEST, false);
		CU_ASSERT_EQUAL(
			rig_in(&rig, PW_TCP_RST, rig.snd, 0, 0, 0, NULL, 0), PW_DROP_TCP_RST);
		CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_RESET);
		rig.now += MS(1000);
	}
	CU_ASSERT_EQUAL(pending(), 0);
	CU_ASSERT_EQUAL(stats()->fast_open_resets, 2);
	rig.user.received = 0;
	rig.port++;
	syn(COOKIE, REQUEST);
	expect_syn_ack(0, false);
	rig_in(&rig, PW_TCP_RST, rig.snd, 0, 0, 0, NULL, 0);
	rig.now += MS(58000); /* the first of the two is forgotten, not the other */
	rig.port++;
	syn(COOKIE, REQUEST);
	expect_syn_ack(REQUEST, false);
	rig.user.received = 0;
	rig.port++;
	syn(COOKIE, REQUEST);
	expect_syn_ack(0, false);
}

/* Too many half-open: SYNs are answered by SYN cookies, and nothing is kept. */
static void
c174_no_data_while_syn_cookies_are_given(void)
{
	static const struct pw_tcp_cfg cfg = {.max_half_open = 1};

	teardown();
	open_rig(&cfg);
	get_cookie();
	syn(NO_OPT, 0);
	expect_syn_ack(0, false);
	rig.port++;
	CU_ASSERT_EQUAL(syn(COOKIE, REQUEST), PW_DROP_TCP_BACKLOG);
	expect_syn_ack(0, false);
	rig.port++;
	CU_ASSERT_EQUAL(syn(0, 0), PW_DROP_TCP_BACKLOG);
	expect_syn_ack(0, false);
	CU_ASSERT_EQUAL(rig.user.received, 0);
}

/* One with something to answer is not thrown away when the host winds up. */
static void
c174_drain_lets_them_finish(void)
{
	get_cookie();
	on_request(respond);
	syn(COOKIE, REQUEST);
	pw_tcp_drain(rig.t);
	expect_syn_ack(REQUEST, false);
	EXPECT_DATA(&rig, 0, 1000);
	CU_ASSERT_PTR_NOT_NULL(rig.user.c);
	rig_ack(&rig, 1000);
	rig_run(&rig);
}

static CU_TestInfo tests[] = {
	TEST(c170_cookie_for_who_asks),
	TEST(c170_no_cookie_when_off),
	TEST(c170_odd_lengths_are_ignored),
	TEST(c170_sent_again_with_the_syn_ack),
	TEST(c171_answered_before_the_handshake_ends),
	TEST(c171_acks_one_by_one),
	TEST(c171_beyond_what_was_sent_is_no_ack),
	TEST(c171_no_more_than_the_initial_window),
	TEST(c171_closed_at_once),
	TEST(c171_aborted_or_not_wanted),
	TEST(c171_user_takes_a_part),
	TEST(c171_a_cookie_without_data_changes_nothing),
	TEST(c171_bbr_sends_early_too),
	TEST(c172_wrong_cookie_costs_a_round_trip),
	TEST(c172_cookies_of_other_lengths),
	TEST(c172_cookie_of_another_address),
	TEST(c172_ipv6_has_cookies_of_its_own),
	TEST(c172_keys_roll_over),
	TEST(c173_syn_sent_again),
	TEST(c173_syn_ack_lost),
	TEST(c173_syn_ack_sent_again_needlessly),
	TEST(c173_answer_lost),
	TEST(c173_nobody_answers),
	TEST(c173_way_out_is_full),
	TEST(c174_pending_are_bounded),
	TEST(c174_reset_ones_count_as_pending),
	TEST(c174_no_data_while_syn_cookies_are_given),
	TEST(c174_drain_lets_them_finish),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_tfo = {
	.pName = "tcp_tfo", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
