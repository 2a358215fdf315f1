/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What can be set while it runs: cases C90, C111, C116 and C130 among others.
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

static void
send_two_short(void)
{
	pw_tcp_send(rig.user.c, 100);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 100);
	pw_tcp_send(rig.user.c, 50);
	rig_run(&rig);
}

static void
c90_nodelay_by_default(void)
{
	rig_accept(&rig, &rig_linux);
	send_two_short();
	EXPECT_DATA(&rig, 100, 50);
}

static void
c90_nagle_holds_a_short_segment(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(pw_tcp_conn_set(rig.user.c, PW_TCP_NAGLE, 1), 0);
	send_two_short();
	EXPECT_NOTHING(&rig);
	rig_ack(&rig, 100);
	rig_run(&rig);
	EXPECT_DATA(&rig, 100, 50);
}

static void
c90_nagle_lets_go_when_switched_off(void)
{
	CU_ASSERT_EQUAL(pw_tcp_set(rig.t, PW_TCP_NAGLE, 1), 0);
	rig_accept(&rig, &rig_linux);
	send_two_short();
	EXPECT_NOTHING(&rig);
	pw_tcp_conn_set(rig.user.c, PW_TCP_NAGLE, 0);
	rig_run(&rig);
	EXPECT_DATA(&rig, 100, 50);
}

static void
c130_keepalive_is_off_by_default(void)
{
	rig_accept(&rig, &rig_linux);
	rig_wait(&rig, 24 * 3600 * PW_NS_PER_S);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_PTR_NOT_NULL(rig.user.c);
}

static void
c130_keepalive_probes_a_silent_peer(void)
{
	const struct rig_seg *s;
	int i;

	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(pw_tcp_conn_set(rig.user.c, PW_TCP_KEEPALIVE_MS, 7200000), 0);
	rig_wait(&rig, MS(7199999));
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, MS(1));
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(rig_off(&rig, s), -1);
	CU_ASSERT_EQUAL(s->len, 0);
	rig_ack(&rig, 0); /* alive */
	rig_wait(&rig, MS(7199999));
	EXPECT_NOTHING(&rig);
	rig_wait(&rig, MS(76000));
	CU_ASSERT_EQUAL(rig_skip(&rig), 2);
	for (i = 0; i < 9; i++)
		rig_wait(&rig, MS(75000));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
}

/* Closed, with bytes on the way: they have as long as without keep-alive. */
static void
c130_keepalive_ends_with_the_close(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(pw_tcp_conn_set(rig.user.c, PW_TCP_KEEPALIVE_MS, 1000), 0);
	pw_tcp_send(rig.user.c, 100);
	pw_tcp_close(rig.user.c);
	rig_wait(&rig, MS(5000));
	CU_ASSERT_TRUE(rig_skip(&rig) > 1);
	CU_ASSERT_EQUAL(rig.user.n_gone, 0);
	rig_ack(&rig, 101);
	CU_ASSERT_EQUAL(rig.user.acked, 100);
}

static void
user_timeout_of_one_connection(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(pw_tcp_conn_set(rig.user.c, PW_TCP_USER_TIMEOUT_MS, 5000), 0);
	pw_tcp_send(rig.user.c, 10);
	rig_wait(&rig, 4 * PW_NS_PER_S);
	CU_ASSERT_EQUAL(rig.user.n_gone, 0);
	rig_wait(&rig, 6 * PW_NS_PER_S);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
}

static void
options_switched_off_are_not_agreed(void)
{
	const struct rig_seg *s;

	pw_tcp_set(rig.t, PW_TCP_SACK, 0);
	pw_tcp_set(rig.t, PW_TCP_WINDOW_SCALE, 0);
	pw_tcp_set(rig.t, PW_TCP_TIMESTAMPS, 0);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->o.has, PW_OPT_MSS);
}

static void
mtu_and_initial_window_of_new_connections(void)
{
	struct pw_tcp_info info;

	pw_tcp_set(rig.t, PW_TCP_MTU, 1000);
	pw_tcp_set(rig.t, PW_TCP_INIT_WINDOW, 3);
	rig_accept(&rig, &rig_linux);
	pw_tcp_get_info(rig.user.c, &info);
	CU_ASSERT_EQUAL(info.mss_bytes, 1000 - 40 - 12);
	CU_ASSERT_EQUAL(info.cwnd_bytes, 3 * info.mss_bytes);
}

/* What links of a family carry bounds its connections, and no others. */
static void
mtu_of_the_links_of_a_family(void)
{
	struct pw_tcp_info info;
	const struct rig_seg *s;

	pw_tcp_set_link_mtu(rig.t, true, 1300);
	rig_accept(&rig, &rig_linux);
	pw_tcp_get_info(rig.user.c, &info);
	CU_ASSERT_EQUAL(info.mss_bytes, 1448);
	teardown();
	setup();
	pw_tcp_set_link_mtu(rig.t, false, 1400);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->o.mss, 1400 - 40);
	teardown();
	setup();
	pw_tcp_set_link_mtu(rig.t, false, 100); /* no less than ever */
	rig_accept(&rig, &rig_linux);
	pw_tcp_get_info(rig.user.c, &info);
	CU_ASSERT_EQUAL(info.mss_bytes, PW_TCP_MTU_MIN - 52);
}

/* RFC 6928 section 2: 10 segments, 14,600 bytes, but 2 segments in any case. */
static void
c98_initial_window_of_long_segments(void)
{
	static const struct {
		uint16_t mtu;
		uint32_t iw;
	} cases[] = {
		{576, 10 * (576 - 52)},
		{1500, 10 * 1448},
		{1512, 14600},
		{4040, 14600},
		{9000, 2 * 8948},
	};
	struct rig_peer p = rig_linux;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct pw_tcp_info info;

		pw_tcp_set(rig.t, PW_TCP_MTU, cases[i].mtu);
		p.mss = 9000;
		rig_accept(&rig, &p);
		pw_tcp_get_info(rig.user.c, &info);
		CU_ASSERT_EQUAL(info.cwnd_bytes, cases[i].iw);
		teardown();
		setup();
	}
}

/* Connections hold a place in a table of users: it has an end, and places come back. */
static void
users_are_bounded(void)
{
	static struct rig_user users[3][PW_TCP_USERS_MAX];
	struct pw_tcp_conn *c[PW_TCP_USERS_MAX];
	int round, i;

	teardown();
	rig_open(&rig, &(const struct pw_tcp_cfg){.max_conns = 2 * PW_TCP_USERS_MAX});
	for (round = 0; round < 3; round++) {
		for (i = 0; i < PW_TCP_USERS_MAX; i++)
			c[i] = pw_tcp_connect(rig.t, &rig.us, 0, &rig.peer, (uint16_t)(1 + i),
				rig_app, &users[round][i], rig.now);
		/* The listener has the first place. */
		CU_ASSERT_PTR_NOT_NULL(c[PW_TCP_USERS_MAX - 2]);
		CU_ASSERT_PTR_NULL(c[PW_TCP_USERS_MAX - 1]);
		CU_ASSERT_EQUAL(errno, ENOBUFS);
		/* Who has a place may have more connections. */
		CU_ASSERT_PTR_NOT_NULL(pw_tcp_connect(
			rig.t, &rig.us, 0, &rig.peer, 1000, rig_app, &users[round][0], rig.now));
		pw_tcp_abort_all(rig.t, rig.now);
		CU_ASSERT_EQUAL(users[round][0].n_gone, 2);
	}
}

static void
wrong_values_change_nothing(void)
{
	CU_ASSERT_EQUAL(pw_tcp_set(rig.t, PW_TCP_MTU, 575), -EINVAL);
	CU_ASSERT_EQUAL(pw_tcp_set(rig.t, PW_TCP_MTU, 65536), -EINVAL);
	CU_ASSERT_EQUAL(pw_tcp_set(rig.t, PW_TCP_INIT_WINDOW, 11), -EINVAL);
	CU_ASSERT_EQUAL(pw_tcp_set(rig.t, PW_TCP_NAGLE, 2), -EINVAL);
	CU_ASSERT_EQUAL(pw_tcp_set_cc(rig.t, "vegas"), -EINVAL);
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(pw_tcp_conn_set(rig.user.c, PW_TCP_SACK, 0), -ENOTSUP);
	CU_ASSERT_EQUAL(pw_tcp_conn_set_cc(rig.user.c, "vegas"), -EINVAL);
	CU_ASSERT_EQUAL(pw_tcp_conn_set_cc(rig.user.c, "cubic"), 0);
}

/* C169: connections of an address have its congestion control, others that of all. */
static void
c169_congestion_control_by_address(void)
{
	const struct pw_addr here = rig.us;
	struct pw_addr other = rig.us;
	uint32_t i;

	CU_ASSERT_EQUAL(pw_tcp_set_cc_of(rig.t, &here, "vegas"), -EINVAL);
	CU_ASSERT_EQUAL(pw_tcp_set_cc_of(rig.t, &here, "bbr"), 0);
	CU_ASSERT_EQUAL(pw_tcp_set_cc_of(rig.t, &here, "dctcp"), 0); /* the latest counts */
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_STRING_EQUAL(cc_of(rig.user.c)->name, "dctcp");
	other.b[15]++;
	rig.us = other;
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_STRING_EQUAL(cc_of(rig.user.c)->name, "newreno");
	CU_ASSERT_STRING_EQUAL(pw_tcp_get_cc(rig.t, &here), "dctcp");
	for (i = 1; i < PW_TCP_CC_ADDRS_MAX; i++, other.b[14]++)
		CU_ASSERT_EQUAL(pw_tcp_set_cc_of(rig.t, &other, "cubic"), 0);
	CU_ASSERT_EQUAL(pw_tcp_set_cc_of(rig.t, &other, "cubic"), -ENOSPC);
	CU_ASSERT_EQUAL(pw_tcp_set_cc_of(rig.t, &here, NULL), 0);
	CU_ASSERT_STRING_EQUAL(pw_tcp_get_cc(rig.t, &here), "newreno");
	CU_ASSERT_EQUAL(pw_tcp_set_cc_of(rig.t, &here, NULL), 0);
	CU_ASSERT_EQUAL(pw_tcp_set_cc_of(rig.t, &other, "bbr"), 0);
	CU_ASSERT_STRING_EQUAL(pw_tcp_get_cc(rig.t, &other), "bbr");
}

/* The same from the beginning: there is room for BBR beside all connections then. */
static void
c169_addresses_of_the_configuration(void)
{
	struct pw_tcp_cc_of of = {rig.us, "bbr"};
	struct pw_tcp_cfg cfg = {.cc = "newreno", .max_conns = 2048, .cc_of = &of, .n_cc_of = 1};

	rig_open(&rig, &cfg);
	CU_ASSERT_EQUAL(rig.t->side.n, 2048);
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_STRING_EQUAL(cc_of(rig.user.c)->name, "bbr");
	cfg.mem = &pw_mem_heap;
	of.cc = "vegas";
	CU_ASSERT_PTR_NULL(pw_tcp_create(&cfg, 0));
	CU_ASSERT_EQUAL(errno, EINVAL);
	of.cc = "cubic";
	cfg.n_cc_of = PW_TCP_CC_ADDRS_MAX + 1;
	CU_ASSERT_PTR_NULL(pw_tcp_create(&cfg, 0));
}

static CU_TestInfo tests[] = {
	{"c90_nodelay_by_default", c90_nodelay_by_default},
	{"c90_nagle_holds_a_short_segment", c90_nagle_holds_a_short_segment},
	{"c90_nagle_lets_go_when_switched_off", c90_nagle_lets_go_when_switched_off},
	{"c130_keepalive_is_off_by_default", c130_keepalive_is_off_by_default},
	{"c130_keepalive_probes_a_silent_peer", c130_keepalive_probes_a_silent_peer},
	{"c130_keepalive_ends_with_the_close", c130_keepalive_ends_with_the_close},
	{"user_timeout_of_one_connection", user_timeout_of_one_connection},
	{"options_switched_off_are_not_agreed", options_switched_off_are_not_agreed},
	{"mtu_and_initial_window_of_new_connections", mtu_and_initial_window_of_new_connections},
	{"mtu_of_the_links_of_a_family", mtu_of_the_links_of_a_family},
	{"c98_initial_window_of_long_segments", c98_initial_window_of_long_segments},
	{"users_are_bounded", users_are_bounded},
	{"wrong_values_change_nothing", wrong_values_change_nothing},
	TEST(c169_congestion_control_by_address),
	TEST(c169_addresses_of_the_configuration),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_option = {
	.pName = "tcp_option", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
