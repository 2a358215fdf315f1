/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * SYN cookies (RFC 4987): cases C70, C132, A14 and A15.
 */
#include "rig.h"

static struct rig rig;

/* A SYN from a port of its own, which nobody will complete. */
static enum pw_drop
stray_syn(struct rig *r, uint16_t port)
{
	uint8_t bytes[60], opts[PW_TCP_OPT_MAX];
	struct pw_tcp_opts o = {.has = PW_OPT_MSS, .mss = 1460};
	struct pw_tcp_hdr h = {
		.sport = port, .dport = RIG_PORT, .seq = 5, .wnd = 1000, .flags = PW_TCP_SYN};
	struct pw_tcp_pkt pkt = {.src = r->peer, .dst = r->us, .l4 = bytes, .cksum_ok = true};

	h.opt_len = (uint8_t)pw_tcp_put_syn_opts(opts, &o);
	pkt.len = pw_tcp_emit(bytes, &h, opts);
	return pw_tcp_input(r->t, &pkt, r->now);
}

static void
setup(void)
{
	struct pw_tcp_cfg cfg = {.max_half_open = 1, .cc = "newreno"};

	rig_open(&rig, &cfg);
	CU_ASSERT_EQUAL(stray_syn(&rig, 1), PW_OK);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig_skip(&rig), 1);
}

static void
teardown(void)
{
	rig_close(&rig);
}

static uint32_t
half_open(void)
{
	struct pw_tcp_usage use;

	pw_tcp_get_usage(rig.t, &use);
	return use.half_open;
}

static void
c70_backlog_full_keeps_nothing(void)
{
	uint16_t port;

	for (port = 2; port < 300; port++) {
		CU_ASSERT_EQUAL(stray_syn(&rig, port), PW_DROP_TCP_BACKLOG);
		CU_ASSERT_EQUAL(rig_next(&rig)->h.flags, PW_TCP_SYN | PW_TCP_ACK);
	}
	CU_ASSERT_EQUAL(half_open(), 1);
}

static void
accept_by_cookie(const struct rig_peer *p, struct pw_tcp_info *info)
{
	struct rig *r = &rig;
	const struct rig_seg *s;

	CU_ASSERT_EQUAL(rig_syn(r, p), PW_DROP_TCP_BACKLOG);
	s = rig_next(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	rig_learn(r, p, s);
	CU_ASSERT_PTR_NULL(r->user.c);
	CU_ASSERT_EQUAL(rig_ack(r, 0), PW_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->user.c);
	CU_ASSERT_EQUAL(pw_tcp_stats(r->t)->cookies_good, 1);
	pw_tcp_get_info(r->user.c, info);
}

static void
c132_options_come_back_in_the_timestamp(void)
{
	struct pw_tcp_info info;

	accept_by_cookie(&rig_linux, &info);
	CU_ASSERT_EQUAL(info.mss_bytes, 1448);
	CU_ASSERT_EQUAL(info.snd_wnd_bytes, 64000u << 7);
	pw_tcp_send(rig.user.c, 100);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 100);
}

static void
c132_ecn_comes_back_in_the_timestamp(void)
{
	struct pw_tcp_info info;

	rig.syn_flags = PW_TCP_ECE | PW_TCP_CWR;
	accept_by_cookie(&rig_linux, &info);
	CU_ASSERT_EQUAL(rig.out[(rig.n_out - 1) % RIG_OUT_MAX].h.flags & 0xc0, PW_TCP_ECE);
	CU_ASSERT_TRUE(info.ecn);
	CU_ASSERT_EQUAL(info.snd_wnd_bytes, 64000u << 7);
}

/* What the user has switched off no cookie agrees to. */
static void
c132_options_switched_off_are_not_agreed(void)
{
	struct pw_tcp_info info;

	pw_tcp_set(rig.t, PW_TCP_SACK, 0);
	pw_tcp_set(rig.t, PW_TCP_WINDOW_SCALE, 0);
	accept_by_cookie(&rig_linux, &info);
	CU_ASSERT_EQUAL(rig.out[(rig.n_out - 1) % RIG_OUT_MAX].o.has, PW_OPT_MSS | PW_OPT_TS);
	CU_ASSERT_EQUAL(info.snd_wnd_bytes, 64000u);
}

static void
c132_timestamps_switched_off_are_not_agreed(void)
{
	struct pw_tcp_info info;
	struct rig_peer p = rig_linux;

	pw_tcp_set(rig.t, PW_TCP_TIMESTAMPS, 0);
	CU_ASSERT_EQUAL(rig_syn(&rig, &p), PW_DROP_TCP_BACKLOG);
	CU_ASSERT_EQUAL(rig_next(&rig)->o.has, PW_OPT_MSS);
	p.ts = p.sack = false;
	p.wscale = -1;
	accept_by_cookie(&p, &info);
	CU_ASSERT_EQUAL(info.mss_bytes, 1460);
}

static void
c132_without_timestamps_options_are_lost(void)
{
	struct rig_peer p = rig_linux;
	struct pw_tcp_info info;

	p.ts = false;
	rig.syn_flags = PW_TCP_ECE | PW_TCP_CWR;
	accept_by_cookie(&p, &info);
	CU_ASSERT_EQUAL(rig.out[(rig.n_out - 1) % RIG_OUT_MAX].h.flags & 0xc0, 0);
	CU_ASSERT_FALSE(info.ecn);
	CU_ASSERT_EQUAL(info.mss_bytes, 1460);
	CU_ASSERT_EQUAL(info.snd_wnd_bytes, 64000u);
}

static void
a15_forged_cookie_is_refused(void)
{
	struct rig *r = &rig;
	uint32_t i;

	CU_ASSERT_EQUAL(stray_syn(r, 2), PW_DROP_TCP_BACKLOG);
	rig_skip(r);
	for (i = 0; i < 2000; i++) {
		r->iss = i * 2654435761u;
		CU_ASSERT_EQUAL(rig_ack(r, 0), PW_DROP_TCP_CLOSED);
		EXPECT_FLAGS(r, PW_TCP_RST);
	}
	CU_ASSERT_PTR_NULL(r->user.c);
	CU_ASSERT_EQUAL(pw_tcp_stats(r->t)->cookies_bad, 2000);
}

static void
a15_old_cookie_is_refused(void)
{
	struct rig *r = &rig;

	CU_ASSERT_EQUAL(rig_syn(r, &rig_linux), PW_DROP_TCP_BACKLOG);
	rig_learn(r, &rig_linux, rig_next(r));
	r->now += 300 * PW_NS_PER_S;
	CU_ASSERT_EQUAL(stray_syn(r, 77), PW_DROP_TCP_BACKLOG); /* still under attack */
	rig_skip(r);
	CU_ASSERT_EQUAL(rig_ack(r, 0), PW_DROP_TCP_CLOSED);
	EXPECT_FLAGS(r, PW_TCP_RST);
}

/* The slow clock has gone round once: the hash would be right again. */
static void
a15_cookie_of_half_an_hour_ago_is_refused(void)
{
	struct rig *r = &rig;

	CU_ASSERT_EQUAL(rig_syn(r, &rig_linux), PW_DROP_TCP_BACKLOG);
	rig_learn(r, &rig_linux, rig_next(r));
	r->now += 32 * 64 * PW_NS_PER_S;
	CU_ASSERT_EQUAL(rig_ack(r, 0), PW_DROP_TCP_CLOSED);
	EXPECT_FLAGS(r, PW_TCP_RST);
	/* Nobody has looked: none was given for so long. */
	CU_ASSERT_EQUAL(pw_tcp_stats(r->t)->cookies_bad, 0);
	rig_wait(r, 0);
	rig_skip(r);
}

/* The same while the attack goes on: whatever the clock's bits in the cookie say, they
 * come round, and the hash does not. */
static void
a15_old_cookie_is_refused_under_a_long_attack(void)
{
	struct rig *r = &rig;
	int i;

	CU_ASSERT_EQUAL(rig_syn(r, &rig_linux), PW_DROP_TCP_BACKLOG);
	rig_learn(r, &rig_linux, rig_next(r));
	r->now += 64 * PW_NS_PER_S;
	for (i = 0; i < 70; i++) {
		r->now += 64 * PW_NS_PER_S;
		CU_ASSERT_EQUAL(stray_syn(r, (uint16_t)(100 + i)), PW_DROP_TCP_BACKLOG);
		rig_skip(r);
		CU_ASSERT_EQUAL(rig_ack(r, 0), PW_DROP_TCP_CLOSED);
		EXPECT_FLAGS(r, PW_TCP_RST);
	}
	CU_ASSERT_EQUAL(pw_tcp_stats(r->t)->cookies_good, 0);
	rig_wait(r, 0);
	rig_skip(r);
}

static CU_TestInfo tests[] = {
	{"c70_backlog_full_keeps_nothing", c70_backlog_full_keeps_nothing},
	{"c132_options_come_back_in_the_timestamp", c132_options_come_back_in_the_timestamp},
	{"c132_ecn_comes_back_in_the_timestamp", c132_ecn_comes_back_in_the_timestamp},
	{"c132_options_switched_off_are_not_agreed", c132_options_switched_off_are_not_agreed},
	{"c132_timestamps_switched_off_are_not_agreed",
		c132_timestamps_switched_off_are_not_agreed},
	{"c132_without_timestamps_options_are_lost", c132_without_timestamps_options_are_lost},
	{"a15_forged_cookie_is_refused", a15_forged_cookie_is_refused},
	{"a15_old_cookie_is_refused", a15_old_cookie_is_refused},
	{"a15_cookie_of_half_an_hour_ago_is_refused", a15_cookie_of_half_an_hour_ago_is_refused},
	{"a15_old_cookie_is_refused_under_a_long_attack",
		a15_old_cookie_is_refused_under_a_long_attack},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_cookie = {
	.pName = "tcp_cookie", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
