/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The events of a connection: what is told, what grows, who has a ring, what is kept.
 */
#include <stdio.h>
#include <string.h>
#include "pw_tcp_trace.h"
#include "rig.h"
#include "tcp_priv.h"

#define MSS	    1448
#define EVENTS_MAX  32
#define BLOCKS(...) ((const pw_off[]){__VA_ARGS__, 0, 0})

static struct rig rig;
static struct pw_tcp_trace trace;
static struct pw_tcp_event events[PW_TCP_TRACE_EVENTS_MAX];
static char text[8192];

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

static const char *const names[PW_TCP_EV_MAX] = {
#define X(name, says, help) says,
	PW_TCP_EVENTS(X)
#undef X
};

static const char *
name_of(const struct pw_tcp_event *e)
{
	return pw_tcp_event_kind(e) < PW_TCP_EV_MAX ? names[pw_tcp_event_kind(e)] : "user";
}

/* "out:2:0:2896 ack:1:0:8192000", which is n, a and b */
static const char *
write_events(const struct pw_tcp_event *ev, uint32_t n)
{
	size_t len = 0;
	uint32_t i;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s:%u:%u:%u",
			i == 0 ? "" : " ", name_of(&ev[i]), pw_tcp_event_n(&ev[i]), ev[i].a,
			ev[i].b);
	return text;
}

/* Of the connection that lives. */
static const char *
live(void)
{
	CU_ASSERT_TRUE_FATAL(pw_tcp_trace_of(rig.user.c, &trace, events));
	return write_events(events, trace.n);
}

/* Of the only one that was kept. */
static const char *
kept(void)
{
	const struct pw_tcp_event *ev;
	const struct pw_tcp_trace *k = pw_tcp_trace_kept(rig.t, 0, &ev);

	CU_ASSERT_PTR_NOT_NULL_FATAL(k);
	CU_ASSERT_PTR_NULL(pw_tcp_trace_kept(rig.t, 1, NULL));
	trace = *k;
	return write_events(ev, k->n);
}

#define SAYS(is, want)                                                            \
	do {                                                                      \
		const char *is_ = is;                                             \
		CU_ASSERT_STRING_EQUAL(is_, want);                                \
		if (strcmp(is_, want) != 0)                                       \
			fprintf(stderr, "\n  is:   %s\n  want: %s\n", is_, want); \
	} while (0)

static void
say(uint32_t len)
{
	pw_tcp_send(rig.user.c, len);
	rig_run(&rig);
	rig_skip(&rig);
}

static void
a_connection_is_told_from_its_opening(void)
{
	rig_accept(&rig, &rig_linux);
	SAYS(live(), "open:1448:14480:10000");
	CU_ASSERT_EQUAL(trace.id, 0);
	CU_ASSERT_EQUAL(trace.conn, pw_tcp_conn_id(rig.user.c));
	CU_ASSERT_EQUAL(trace.n_gone, 0);
	CU_ASSERT_EQUAL(trace.since, rig.now);
	CU_ASSERT_EQUAL(trace.wnd_shift, 7);
	CU_ASSERT_EQUAL(pw_tcp_event_at(&events[0]), rig.now / PW_TCP_EVENT_NS);
	CU_ASSERT_EQUAL(trace.info.rport, RIG_PEER_PORT);
}

/* A request whose ACK tells of the answer before it: one event of ours, one of the user's. */
static void
a_request_is_two_events(void)
{
	int i;

	rig_accept(&rig, &rig_linux);
	for (i = 0; i < 3; i++) {
		rig_in(&rig, PW_TCP_ACK, rig.snd, rig.iss + 1 + 1000 * (uint32_t)i, 64000u << 7, 60,
			NULL, 0);
		rig.snd += 60;
		pw_tcp_note(rig.user.c, PW_TCP_EV_USER, 1, 2, 1000 * (uint32_t)i);
		say(1000);
		rig.now += MS(30);
	}
	SAYS(live(), "open:1448:14480:10000 user:1:2:0 fresh:1:0:1000 user:1:2:1000 "
		     "fresh:1:1000:1000 user:1:2:2000 fresh:1:2000:1000");
}

/* Bulk: what is sent and what is acknowledged, for a quarter of a round trip. */
static void
what_goes_on_grows(void)
{
	int i;

	rig_accept(&rig, &rig_linux);
	rig.user.c->cwnd = 100 * MSS;
	rig_ack_wnd(&rig, 0, 64000);
	say(1000000);
	for (i = 1; i <= 4; i++) {
		rig.user.c->srtt = ticks_of(MS(10));
		rig.now += MS(1);
		rig_ack_wnd(&rig, 2 * MSS * (uint32_t)i, 64000);
		rig_run(&rig);
		rig_skip(&rig);
	}
	SAYS(live(), "open:1448:14480:10000 fresh:44:0:63712 path:0:144800:8875 "
		     "progress:500:8688:0 out:6:63712:8688 progress:500:11584:0 "
		     "out:2:72400:2896");
}

/* The last ACK is told although nothing is sent behind it. */
static void
the_end_of_an_answer_is_told(void)
{
	rig_accept(&rig, &rig_linux);
	say(3000);
	rig.now += MS(7);
	rig_ack(&rig, 3000);
	SAYS(live(),
		"open:1448:14480:10000 fresh:3:0:3000 path:0:14480:9624 progress:64000:3000:0");
	CU_ASSERT_EQUAL(pw_tcp_event_at(&events[3]), rig.now / PW_TCP_EVENT_NS);
}

static void
what_comes_early_is_told(void)
{
	rig_accept(&rig, &rig_linux);
	rig_data(&rig, 0, 10);
	rig_data(&rig, 20, 10);
	rig_data(&rig, 40, 10);
	rig_data(&rig, 50, 10);
	rig_skip(&rig);
	CU_ASSERT_PTR_NOT_NULL(strstr(live(), "progress:64000:0:10"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "early:1:20:10"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "early:2:40:20"));
}

/* What the user notes stands by itself: what is sent behind it begins anew. */
static void
the_users_notes_divide(void)
{
	rig_accept(&rig, &rig_linux);
	say(100);
	say(100);
	pw_tcp_note(rig.user.c, PW_TCP_EV_USER + 1, 7, 8, 9);
	say(100);
	say(100);
	SAYS(live(), "open:1448:14480:10000 fresh:1:0:100 out:1:100:100 user:7:8:9 out:2:200:200");
}

static void
turn_with_full_way(void)
{
	rig.way_full = true;
	rig_run(&rig);
	rig.way_full = false;
}

static void
a_full_way_is_told_once(void)
{
	rig_accept(&rig, &rig_linux);
	pw_tcp_send(rig.user.c, 100);
	turn_with_full_way();
	turn_with_full_way();
	say(0);
	SAYS(live(), "open:1448:14480:10000 full:2:0:0 fresh:1:0:100");
}

/* Fast recovery: from the loss to its end, and kept then, although the connection lives. */
static void
a_recovery_is_kept(void)
{
	rig_accept(&rig, &rig_linux);
	rig.now += MS(1);
	say(10 * MSS);
	rig.now += MS(10);
	rig_sack(&rig, 0, BLOCKS(MSS, 10 * MSS));
	CU_ASSERT_PTR_NULL(pw_tcp_trace_kept(rig.t, 0, NULL));
	rig_run(&rig);
	rig_skip(&rig);
	rig.now += MS(10);
	rig_ack(&rig, 10 * MSS);
	kept();
	SAYS(text, "open:1448:14480:10000 fresh:10:0:14480 sack:1:14480:13032 loss:0:1448:14480 "
		   "recovery:0:7240:14480 again:1:0:1448 path:0:7240:10000 "
		   "progress:64000:14480:0 recovered:0:7240:7240");
	CU_ASSERT_EQUAL(trace.trouble, 1 << PW_TCP_TROUBLE_FAST);
	CU_ASSERT_EQUAL(trace.id, 1);
	CU_ASSERT_EQUAL(trace.info.rtx_segs, 1);
	CU_ASSERT_EQUAL(trace.info.state, PW_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(trace.at, rig.now);
}

/* The same connection again: in the same place. */
static void
one_connection_has_one_place(void)
{
	a_recovery_is_kept();
	rig.now += MS(1);
	say(5 * MSS);
	rig_wait(&rig, MS(500));
	rig_skip(&rig);
	rig_ack(&rig, 15 * MSS);
	kept();
	CU_ASSERT_EQUAL(trace.trouble, 1 << PW_TCP_TROUBLE_FAST | 1 << PW_TCP_TROUBLE_RTO);
	CU_ASSERT_EQUAL(trace.id, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "probe:0:20272:1448"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "rto:1:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "recovered"));
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->traces_kept, 1);
}

static void
a_reset_is_kept_when_something_is_owed(void)
{
	rig_accept(&rig, &rig_linux);
	say(MSS);
	rig_in(&rig, PW_TCP_RST, rig.snd, 0, 0, 0, NULL, 0);
	kept();
	CU_ASSERT_EQUAL(trace.trouble, 1 << PW_TCP_TROUBLE_RESET);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "end:1:1448:0"));
}

static void
an_orderly_end_is_not_kept(void)
{
	rig_accept(&rig, &rig_linux);
	say(MSS);
	rig_ack(&rig, MSS);
	rig_in(&rig, PW_TCP_RST, rig.snd, 0, 0, 0, NULL, 0);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_PTR_NULL(pw_tcp_trace_kept(rig.t, 0, NULL));
}

static void
a_time_out_is_kept(void)
{
	rig_accept(&rig, &rig_linux);
	say(MSS);
	rig_wait(&rig, 400 * PW_NS_PER_S);
	rig_skip(&rig);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
	kept();
	CU_ASSERT_EQUAL(trace.trouble, 1 << PW_TCP_TROUBLE_RTO | 1 << PW_TCP_TROUBLE_TIMEOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "rto:2:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "end:3:1448:0"));
}

static void
a_refusal_is_kept(void)
{
	rig_connect(&rig, &rig_linux);
	rig.user.n_open++; /* gone() will be called for the connect() */
	rig_in(&rig, PW_TCP_RST | PW_TCP_ACK, 0, rig.iss + 1, 0, 0, NULL, 0);
	kept();
	SAYS(text, "state:1:0:0 end:2:0:0");
	CU_ASSERT_EQUAL(trace.trouble, 1 << PW_TCP_TROUBLE_REFUSED);
}

static void
the_end_of_all_is_no_trouble(void)
{
	rig_accept(&rig, &rig_linux);
	say(MSS);
	pw_tcp_drain(rig.t);
	pw_tcp_abort_all(rig.t, rig.now);
	rig_skip(&rig);
	CU_ASSERT_PTR_NULL(pw_tcp_trace_kept(rig.t, 0, NULL));
}

/* A ring has room for the latest. */
static void
the_oldest_events_go(void)
{
	uint32_t i;

	rig_accept(&rig, &rig_linux);
	for (i = 0; i < 100; i++)
		pw_tcp_note(rig.user.c, PW_TCP_EV_USER, (uint16_t)i, 0, 0);
	live();
	CU_ASSERT_EQUAL(trace.n, EVENTS_MAX);
	CU_ASSERT_EQUAL(trace.n_gone, 100 + 1 - EVENTS_MAX);
	for (i = 0; i < EVENTS_MAX; i++)
		CU_ASSERT_EQUAL(pw_tcp_event_n(&events[i]), 100 - EVENTS_MAX + i);
}

/* ---- who has a ring ---- */

static struct pw_tcp_conn *
accept_at(uint16_t port)
{
	rig.port = port;
	rig_accept(&rig, &rig_linux);
	return rig.user.c;
}

static uint32_t
n_traced(void)
{
	struct pw_tcp_usage use;

	pw_tcp_get_usage(rig.t, &use);
	return use.traced;
}

static void
two_rings(void)
{
	const struct pw_tcp_cfg cfg = {.max_traced = 2};

	rig_open(&rig, &cfg);
}

static void
a_ring_that_rests_is_taken_away(void)
{
	struct pw_tcp_conn *first, *second, *third;

	two_rings();
	first = accept_at(1001);
	rig.now += MS(900);
	second = accept_at(1002);
	third = accept_at(1003); /* nobody rests for a second */
	CU_ASSERT_EQUAL(n_traced(), 2);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->untraced, 1);
	CU_ASSERT_FALSE(pw_tcp_trace_of(third, &trace, events));
	rig.now += MS(200);
	rig_run(&rig);
	pw_tcp_note(third, PW_TCP_EV_USER, 0, 0, 0);
	CU_ASSERT_TRUE(pw_tcp_trace_of(third, &trace, events));
	CU_ASSERT_EQUAL(trace.n, 1);
	CU_ASSERT_FALSE(pw_tcp_trace_of(first, &trace, events));
	CU_ASSERT_TRUE(pw_tcp_trace_of(second, &trace, events));
	pw_tcp_note(third, PW_TCP_EV_USER, 0, 0, 0); /* it has one */
	CU_ASSERT_EQUAL(n_traced(), 2);
}

/* Who asks in vain is not looked for again before the next millisecond. */
static void
looking_is_bounded(void)
{
	struct pw_tcp_conn *third;
	uint32_t hand;

	two_rings();
	accept_at(1001);
	accept_at(1002);
	third = accept_at(1003);
	CU_ASSERT_EQUAL(rig.t->trace.look_at, rig.now + MS(1));
	hand = rig.t->trace.hand;
	pw_tcp_note(third, PW_TCP_EV_USER, 0, 0, 0);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->untraced, 2);
	CU_ASSERT_EQUAL(rig.t->trace.hand, hand);
	rig.now += MS(1);
	rig_run(&rig);
	pw_tcp_note(third, PW_TCP_EV_USER, 0, 0, 0);
	CU_ASSERT_EQUAL(rig.t->trace.look_at, rig.now + MS(1));
}

static void
the_ring_of_a_recovery_is_left(void)
{
	struct pw_tcp_conn *first;

	two_rings();
	first = accept_at(1001);
	rig.now += MS(1);
	say(10 * MSS);
	rig_wait(&rig, MS(230));
	rig_skip(&rig);
	CU_ASSERT_EQUAL(first->ca, CA_LOSS);
	accept_at(1002);
	rig_wait(&rig, MS(2600)); /* longer than a second since the latest time-out */
	rig_skip(&rig);
	accept_at(1003);
	accept_at(1004);
	CU_ASSERT_TRUE(pw_tcp_trace_of(first, &trace, events));
	CU_ASSERT_EQUAL(n_traced(), 2);
	rig_skip(&rig);
}

/* ---- what is kept ---- */

/* A connection at @p port that ends by a reset, having sent something @p again times. */
static void
reset_one(uint16_t port, uint32_t again)
{
	accept_at(port);
	rig.user.c->rtx_segs = again;
	say(MSS);
	rig_in(&rig, PW_TCP_RST, rig.snd, 0, 0, 0, NULL, 0);
}

/* Half of the places for the latest, half for the worst. */
static void
the_latest_and_the_worst_are_kept(void)
{
	const struct pw_tcp_cfg cfg = {.max_traces = 8};
	uint64_t ports = 0;
	uint32_t i;

	rig_open(&rig, &cfg);
	for (i = 0; i < 40; i++)
		reset_one((uint16_t)(1000 + i), i % 10 == 3 ? 100 : 0);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->traces_kept, 40);
	for (i = 0; i < 8; i++) {
		const struct pw_tcp_trace *k = pw_tcp_trace_kept(rig.t, i, NULL);

		CU_ASSERT_PTR_NOT_NULL_FATAL(k);
		ports |= UINT64_C(1) << (k->info.rport - 1000);
		CU_ASSERT_EQUAL(k->id, k->info.rport - 1000u + 1);
	}
	CU_ASSERT_EQUAL(
		ports, UINT64_C(0xf000000000) | 1 << 3 | 1 << 13 | 1 << 23 | UINT64_C(1) << 33);
	CU_ASSERT_PTR_NULL(pw_tcp_trace_kept(rig.t, 8, NULL));
}

static void
bounds_are_checked(void)
{
	static const struct pw_tcp_cfg wrong[] = {
		{.max_traced = 65536},
		{.max_traced = 1, .trace_events = 8},
		{.max_traced = 1, .trace_events = 48},
		{.max_traced = 1, .trace_events = 8192},
		{.max_traced = 1, .max_traces = 1},
		{.max_traced = 1, .max_traces = 1025},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(wrong); i++) {
		struct pw_tcp_cfg cfg = wrong[i];

		cfg.mem = &pw_mem_heap;
		cfg.max_conns = 4;
		CU_ASSERT_PTR_NULL(pw_tcp_create(&cfg, 0));
		CU_ASSERT_EQUAL(errno, EINVAL);
	}
}

/* Without rings there is nothing, and nothing is counted. */
static void
it_can_be_off(void)
{
	struct pw_tcp_cfg cfg = {.mem = &pw_mem_heap, .max_conns = 4};
	struct pw_tcp *t = pw_tcp_create(&cfg, 0);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(pw_tcp_trace_events(t), 0);
	CU_ASSERT_PTR_NULL(pw_tcp_trace_kept(t, 0, NULL));
	pw_tcp_destroy(t);
}

static CU_TestInfo tests[] = {
	TEST(a_connection_is_told_from_its_opening),
	TEST(a_request_is_two_events),
	TEST(what_goes_on_grows),
	TEST(the_end_of_an_answer_is_told),
	TEST(what_comes_early_is_told),
	TEST(the_users_notes_divide),
	TEST(a_full_way_is_told_once),
	TEST(a_recovery_is_kept),
	TEST(one_connection_has_one_place),
	TEST(a_reset_is_kept_when_something_is_owed),
	TEST(an_orderly_end_is_not_kept),
	TEST(a_time_out_is_kept),
	TEST(a_refusal_is_kept),
	TEST(the_end_of_all_is_no_trouble),
	TEST(the_oldest_events_go),
	TEST(a_ring_that_rests_is_taken_away),
	TEST(looking_is_bounded),
	TEST(the_ring_of_a_recovery_is_left),
	TEST(the_latest_and_the_worst_are_kept),
	TEST(bounds_are_checked),
	TEST(it_can_be_off),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_trace = {
	.pName = "tcp_trace", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
