/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <CUnit/CUnit.h>
#include "rig.h"

#define HOST  " HTTP/1.1\r\nHost: h\r\n"
#define HELLO "GET /hello.txt" HOST "\r\n"
#define S     PW_NS_PER_S

static const struct pw_http_stats *
stats(void)
{
	return pw_http_stats(rig.http);
}

/* Memory per idle connection is a promise. */
static void
room_is_small(void)
{
	printf("room %u bytes, response %zu, unfinished head %zu + %d ", pw_http_room_bytes(),
		sizeof(struct http_resp), sizeof(struct http_head), 8192);
	CU_ASSERT(pw_http_room_bytes() <= 96);
	CU_ASSERT(sizeof(struct http_resp) <= 64);
}

static void
whole_requests_touch_no_pool(void)
{
	struct pw_tcp_conn *c = rig_open();

	rig_send(c, HELLO HELLO "\r\n\r\n");
	CU_ASSERT_EQUAL(rig.http->usage.heads, 0);
	rig_send(c, "G");
	CU_ASSERT_EQUAL(rig.http->usage.heads, 1);
	rig_send(c, "ET /one" HOST "\r\n");
	CU_ASSERT_EQUAL(rig.http->usage.heads, 0);
	fake_free(c, rig.now);
}

/* ---- time-outs ---- */

static void
idle_is_closed(void)
{
	struct pw_tcp_conn *c = rig_open();

	rig_wait(c, 59 * S);
	CU_ASSERT_FALSE(c->shut);
	rig_send(c, "\r\n"); /* no request */
	rig_wait(c, 1 * S);
	CU_ASSERT_TRUE(c->shut);
	CU_ASSERT_EQUAL(c->end, 0);
	CU_ASSERT_EQUAL(stats()->timeouts_idle, 1);
	rig_wait(c, 2 * S);
	CU_ASSERT_TRUE(c->closed);
	CU_ASSERT_EQUAL(stats()->timeouts_linger, 1);
	rig_wait(c, 200 * S);
	CU_ASSERT_FALSE(c->aborted);
	fake_free(c, rig.now);
}

static void
idle_counts_from_the_last_response(void)
{
	struct pw_tcp_conn *c = rig_open();

	rig_wait(c, 50 * S);
	rig_send(c, HELLO);
	rig_wait(c, 20 * S);
	rig_read(c);
	rig_wait(c, 59 * S);
	CU_ASSERT_FALSE(c->shut);
	rig_wait(c, 1 * S);
	CU_ASSERT_TRUE(c->shut);
	fake_free(c, rig.now);
}

/* A request changes no timer. */
static void
requests_do_not_set_timers(void)
{
	struct pw_tcp_conn *c = rig_open();
	uint32_t n = c->n_timer_sets;
	int i;

	for (i = 0; i < 100; i++) {
		rig.now += PW_NS_PER_MS;
		rig_send(c, HELLO);
		rig_read(c);
	}
	CU_ASSERT_EQUAL(c->n_timer_sets, n);
	fake_free(c, rig.now);
}

/* Slow header: bytes that trickle in do not buy time. */
static void
a22_slow_head_is_408(void)
{
	struct pw_tcp_conn *c = rig_open();
	int i;

	rig_wait(c, 30 * S);
	for (i = 0; i < 10; i++) {
		CU_ASSERT_FALSE(c->shut);
		rig_send(c, i == 0 ? "GET /" : "a");
		rig_wait(c, 1 * S);
	}
	rig_read(c);
	CU_ASSERT_EQUAL(rig_status(), 408);
	CU_ASSERT_STRING_EQUAL(rig_field("Connection"), "close");
	CU_ASSERT_TRUE(c->shut);
	CU_ASSERT_EQUAL(stats()->timeouts_head, 1);
	CU_ASSERT_EQUAL(rig.http->usage.heads, 0);
	fake_free(c, rig.now);
}

static void
a22_slow_body_is_408(void)
{
	struct pw_tcp_conn *c = rig_open();
	int i;

	rig_send(c, "POST /" HOST "Content-Length: 1000\r\n");
	rig_wait(c, 9 * S);
	rig_send(c, "\r\n");
	for (i = 0; i < 29; i++) {
		rig_send(c, "a");
		rig_wait(c, 1 * S);
	}
	CU_ASSERT_FALSE(c->shut);
	rig_wait(c, 1 * S);
	rig_read(c);
	CU_ASSERT_EQUAL(rig_status(), 408);
	CU_ASSERT_EQUAL(stats()->timeouts_body, 1);
	fake_free(c, rig.now);
}

/* Slow read: a peer that acknowledges nothing, or next to nothing, is reset. */
static void
a21_c155_no_reader_is_reset(void)
{
	struct pw_tcp_conn *c = rig_open();
	int i;

	rig_send(c, "GET /big.bin" HOST "\r\n");
	for (i = 0; i < 59; i++) {
		uint8_t byte;

		fake_pull(c, c->una, 1, &byte);
		fake_ack(c, c->una + 1, rig.now);
		rig_wait(c, 1 * S);
	}
	CU_ASSERT_FALSE(c->aborted);
	rig_wait(c, 1 * S);
	CU_ASSERT_TRUE(c->aborted);
	CU_ASSERT_EQUAL(stats()->timeouts_stall, 1);
	CU_ASSERT_EQUAL(stats()->responses_cut, 1);
	fake_free(c, rig.now);
}

static void
slow_reader_is_served(void)
{
	struct pw_tcp_conn *c = rig_open();
	uint8_t bytes[1460];
	int i;

	rig_send(c, "GET /big.bin" HOST "\r\n");
	for (i = 0; i < 100; i++) {
		fake_pull(c, c->una, 1460, bytes);
		fake_ack(c, c->una + 1460, rig.now);
		rig_wait(c, 50 * S);
	}
	CU_ASSERT_FALSE(c->aborted);
	fake_free(c, rig.now);
}

/* ---- after the last response ---- */

static void
lingers_and_discards(void)
{
	struct pw_tcp_conn *c = rig_open();
	static const char junk[1000];
	int i;

	rig_send(c, "BAD\n" HELLO);
	CU_ASSERT_TRUE(c->shut);
	CU_ASSERT_FALSE(c->closed);
	CU_ASSERT_EQUAL(stats()->lingered_bytes, strlen("\n" HELLO));
	for (i = 0; i < 65; i++)
		fake_feed(c, junk, sizeof(junk), rig.now);
	CU_ASSERT_FALSE(c->closed);
	fake_feed(c, junk, sizeof(junk), rig.now);
	CU_ASSERT_TRUE(c->closed);
	rig_read(c);
	CU_ASSERT_EQUAL(rig_status(), 400);
	fake_free(c, rig.now);
}

static void
linger_counts_from_the_last_acknowledgement(void)
{
	struct pw_tcp_conn *c = rig_open();

	rig_send(c, "GET /one" HOST "Connection: close\r\n\r\n");
	rig_wait(c, 30 * S);
	CU_ASSERT_FALSE(c->closed);
	rig_read(c);
	rig_wait(c, 1 * S);
	CU_ASSERT_FALSE(c->closed);
	rig_wait(c, 1 * S);
	CU_ASSERT_TRUE(c->closed);
	fake_free(c, rig.now);
}

static void
c123_half_closed_client_is_answered(void)
{
	struct pw_tcp_conn *c = rig_open();

	rig_send(c, HELLO HELLO "GET /unfinished");
	fake_eof(c, rig.now);
	CU_ASSERT_TRUE(c->shut);
	CU_ASSERT_EQUAL(rig.http->usage.heads, 0);
	rig_read(c);
	CU_ASSERT_EQUAL(stats()->responses_done, 2);
	rig_wait(c, 300 * S);
	CU_ASSERT_FALSE(c->aborted);
	fake_free(c, rig.now);
}

/* ---- bounds ---- */

static void
c155_pipeline_is_bounded(void)
{
	struct pw_tcp_conn *c;
	int i;

	rig_cfg.max_pipeline = 4;
	rig_restart();
	c = rig_open();
	for (i = 0; i < 50; i++)
		rig_send(c, HELLO);
	CU_ASSERT_EQUAL(rig.http->usage.responses, 4);
	CU_ASSERT(stats()->pipeline_full > 0);
	rig_read(c);
	CU_ASSERT_EQUAL(stats()->responses_done, 50);
	CU_ASSERT_EQUAL(stats()->requests_get, 50);
	fake_free(c, rig.now);
}

/* Without a descriptor, who has one waits for it; who has none is reset. */
static void
responses_run_out(void)
{
	struct pw_tcp_conn *a, *b;

	rig_cfg.max_responses = 2;
	rig_restart();
	a = rig_open();
	b = rig_open();
	rig_send(a, HELLO HELLO HELLO);
	CU_ASSERT_EQUAL(rig.http->usage.responses, 2);
	CU_ASSERT_TRUE(a->input.len > 0);
	rig_send(b, HELLO);
	CU_ASSERT_TRUE(b->aborted);
	CU_ASSERT_EQUAL(stats()->responses_exhausted, 2);
	rig_read(a);
	CU_ASSERT_EQUAL(stats()->responses_done, 3);
	fake_free(a, rig.now);
	fake_free(b, rig.now);
}

static void
oldest_head_is_evicted(void)
{
	struct pw_tcp_conn *c[3];
	int i;

	rig_cfg.max_heads = 2;
	rig_restart();
	for (i = 0; i < 3; i++) {
		c[i] = rig_open();
		rig_send(c[i], "GET /one HT");
	}
	CU_ASSERT_EQUAL(stats()->heads_evicted, 1);
	rig_read(c[0]);
	CU_ASSERT_EQUAL(rig_status(), 408);
	for (i = 1; i < 3; i++) {
		rig_send(c[i], "TP/1.0\r\n\r\n");
		rig_read(c[i]);
		CU_ASSERT_EQUAL(rig_status(), 200);
	}
	for (i = 0; i < 3; i++)
		fake_free(c[i], rig.now);
}

/* The same, when not even the page for it can be had. */
static void
eviction_without_a_response_resets(void)
{
	struct pw_tcp_conn *a, *b, *c;

	rig_cfg.max_heads = 1;
	rig_cfg.max_responses = 1;
	rig_restart();
	a = rig_open();
	b = rig_open();
	c = rig_open();
	rig_send(a, "GET /one HT");
	rig_send(b, HELLO "GET");
	CU_ASSERT_FALSE(a->aborted);
	rig_send(c, "GET /");
	CU_ASSERT_TRUE(c->aborted); /* no descriptor for what it will need */
	rig_read(b);
	CU_ASSERT_FALSE(a->aborted);
	CU_ASSERT_EQUAL(stats()->heads_evicted, 1);
	fake_free(a, rig.now);
	fake_free(b, rig.now);
	fake_free(c, rig.now);
}

static void
long_heads_are_refused_when_they_trickle(void)
{
	struct pw_tcp_conn *c;
	int i;

	rig_cfg.max_head_bytes = 100;
	rig_restart();
	c = rig_open();
	rig_send(c, "GET /");
	for (i = 0; i < 95; i++)
		rig_send(c, "a");
	rig_read(c);
	CU_ASSERT_EQUAL(rig_status(), 414);
	fake_free(c, rig.now);
	c = rig_open();
	rig_send(c, "GET / HTTP/1.1\r\nX: ");
	for (i = 0; i < 95 && !c->shut; i++)
		rig_send(c, "a");
	rig_read(c);
	CU_ASSERT_EQUAL(rig_status(), 431);
	fake_free(c, rig.now);
}

static void
limits_are_checked(void)
{
	struct pw_http_cfg cfg = {.site = rig.site, .refs = &rig.refs, .mem = &pw_mem_heap};

	cfg.max_ranges = 17;
	CU_ASSERT_PTR_NULL(pw_http_create(&cfg));
	CU_ASSERT_EQUAL(errno, EINVAL);
	cfg.max_ranges = 0;
	cfg.max_head_bytes = 32769;
	CU_ASSERT_PTR_NULL(pw_http_create(&cfg));
}

/* ---- draining ---- */

static void
drain_closes_the_idle_and_finishes_the_rest(void)
{
	struct pw_tcp_conn *idle = rig_open(), *busy = rig_open(), *begun = rig_open();

	rig_send(busy, HELLO);
	rig_send(begun, "GET /hello.txt HTTP/1.1\r\nHost");
	pw_http_drain(rig.http, rig.now);
	CU_ASSERT_PTR_NULL(rig_open());
	CU_ASSERT_TRUE(idle->shut);
	CU_ASSERT_EQUAL(idle->end, 0);
	CU_ASSERT_TRUE(busy->shut);
	CU_ASSERT_FALSE(begun->shut);
	rig_read(busy);
	CU_ASSERT_EQUAL(rig_status(), 200);
	rig_send(begun, ": h\r\n\r\n");
	CU_ASSERT_TRUE(begun->shut);
	rig_read(begun);
	CU_ASSERT_EQUAL(rig_status(), 200);
	CU_ASSERT_STRING_EQUAL(rig_field("Connection"), "close");
	rig_wait(idle, 3 * S);
	CU_ASSERT_TRUE(idle->closed);
	fake_free(idle, rig.now);
	fake_free(busy, rig.now);
	fake_free(begun, rig.now);
}

static CU_TestInfo tests[] = {
	{"room_is_small", room_is_small},
	{"whole_requests_touch_no_pool", whole_requests_touch_no_pool},
	{"idle_is_closed", idle_is_closed},
	{"idle_counts_from_the_last_response", idle_counts_from_the_last_response},
	{"requests_do_not_set_timers", requests_do_not_set_timers},
	{"a22_slow_head_is_408", a22_slow_head_is_408},
	{"a22_slow_body_is_408", a22_slow_body_is_408},
	{"a21_c155_no_reader_is_reset", a21_c155_no_reader_is_reset},
	{"slow_reader_is_served", slow_reader_is_served},
	{"lingers_and_discards", lingers_and_discards},
	{"linger_counts_from_the_last_acknowledgement",
		linger_counts_from_the_last_acknowledgement},
	{"c123_half_closed_client_is_answered", c123_half_closed_client_is_answered},
	{"c155_pipeline_is_bounded", c155_pipeline_is_bounded},
	{"responses_run_out", responses_run_out},
	{"oldest_head_is_evicted", oldest_head_is_evicted},
	{"eviction_without_a_response_resets", eviction_without_a_response_resets},
	{"long_heads_are_refused_when_they_trickle", long_heads_are_refused_when_they_trickle},
	{"limits_are_checked", limits_are_checked},
	{"drain_closes_the_idle_and_finishes_the_rest",
		drain_closes_the_idle_and_finishes_the_rest},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_conn = {.pName = "http_conn",
	.pInitFunc = rig_make_site,
	.pCleanupFunc = rig_remove_site,
	.pSetUpFunc = rig_start,
	.pTearDownFunc = rig_stop,
	.pTests = tests};
