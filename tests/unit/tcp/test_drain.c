/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Draining: no new connections, and nothing waits for those with nothing to finish.
 */
#include "rig.h"

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

static uint32_t
conns(void)
{
	struct pw_tcp_usage use;

	pw_tcp_get_usage(rig.t, &use);
	return use.conns;
}

static void
a_syn_is_refused(void)
{
	pw_tcp_drain(rig.t);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_DROP_TCP_DRAIN);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
}

/* Not taking is less than draining: who is there, half open or waiting, is not hurried. */
static void
not_accepting_refuses_new_ones_only(void)
{
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	pw_tcp_accept(rig.t, false);
	CU_ASSERT_EQUAL(conns(), 1);
	rig.port++;
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_DROP_TCP_DRAIN);
	rig_skip(&rig);
	pw_tcp_accept(rig.t, true);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	pw_tcp_drain(rig.t);
	pw_tcp_accept(rig.t, true);
	rig.port++;
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_DROP_TCP_DRAIN);
	rig_skip(&rig);
}

static void
count_one(void *ctx, struct pw_tcp_conn *c)
{
	uint32_t *n = ctx;

	CU_ASSERT_PTR_EQUAL(pw_tcp_conn_by_id(rig.t, pw_tcp_conn_id(c)), c);
	++*n;
}

/* In parts of any size, each connection is met once. */
static void
connections_can_be_met_in_parts(void)
{
	uint32_t size, at, n, i;

	for (i = 0; i < 5; i++, rig.port++)
		CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	for (size = 1; size < 40; size += 3) {
		at = n = 0;
		while (pw_tcp_each_part(rig.t, &at, size, count_one, &n))
			;
		CU_ASSERT_EQUAL(n, 5);
	}
	CU_ASSERT_PTR_NULL(pw_tcp_conn_by_id(rig.t, at));
	CU_ASSERT_PTR_NULL(pw_tcp_conn_by_id(rig.t, at - 1));
	CU_ASSERT_PTR_NULL(pw_tcp_conn_by_id(rig.t, UINT32_MAX));
	pw_tcp_drain(rig.t);
}

static void
a_half_open_connection_ends(void)
{
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	rig_skip(&rig);
	pw_tcp_drain(rig.t);
	CU_ASSERT_EQUAL(conns(), 0);
}

static void
a_transfer_goes_on(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(rig.user.c, 1000);
	pw_tcp_drain(rig.t);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1000);
	CU_ASSERT_EQUAL(conns(), 1);
}

static void
close_and_acknowledge(void)
{
	pw_tcp_close(rig.user.c);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_FIN | PW_TCP_ACK);
	rig_ack(&rig, 1); /* the FIN */
}

static void
a_peer_that_never_closes_is_reset(void)
{
	rig_accept(&rig, &rig_linux);
	close_and_acknowledge();
	pw_tcp_drain(rig.t);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
	CU_ASSERT_EQUAL(conns(), 0);
}

static void
likewise_when_it_closes_later(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_drain(rig.t);
	close_and_acknowledge();
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
	CU_ASSERT_EQUAL(conns(), 0);
}

static CU_TestInfo tests[] = {
	{"a_syn_is_refused", a_syn_is_refused},
	TEST(not_accepting_refuses_new_ones_only),
	TEST(connections_can_be_met_in_parts),
	{"a_half_open_connection_ends", a_half_open_connection_ends},
	{"a_transfer_goes_on", a_transfer_goes_on},
	{"a_peer_that_never_closes_is_reset", a_peer_that_never_closes_is_reset},
	{"likewise_when_it_closes_later", likewise_when_it_closes_later},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_drain = {
	.pName = "tcp_drain", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
