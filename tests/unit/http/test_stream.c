/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <CUnit/CUnit.h>
#include "pw_rand.h"
#include "rig.h"

#define HOST " HTTP/1.1\r\nHost: h\r\n"

/* A pipeline with a response of every kind in it. */
static const char pipeline[] =
	"GET /hello.txt" HOST "\r\n"
	"HEAD /big.bin" HOST "\r\n"
	"GET /style.css" HOST "Accept-Encoding: gzip, br\r\n\r\n"
	"GET /style.css.gz" HOST "\r\n"
	"\r\n"
	"POST /hello.txt" HOST "Content-Length: 12\r\n\r\nGET /no HTTP"
	"GET /big.bin" HOST "Range: bytes=2097000-2099000\r\n\r\n"
	"GET /big.bin" HOST "Range: bytes=4194304-4194403, 0-99, 2097100-2097199\r\n\r\n"
	"GET /none" HOST "\r\n"
	"POST /" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
	"GET /hello.txt" HOST "If-None-Match: *\r\n\r\n"
	"GET /hello.txt" HOST "Range: bytes=100-\r\n\r\n"
	"GET /noindex" HOST "\r\n"
	"GET /empty" HOST "\r\n"
	"GET /one" HOST "Connection: close\r\n\r\n";

#define PIPELINE_LEN (sizeof(pipeline) - 1)

static char *expected;
static size_t expected_len;

/* What the whole pipeline gets when nothing is cut. */
static void
ask_whole(void)
{
	free(expected);
	rig_ask(pipeline);
	CU_ASSERT_TRUE(rig.out_shut);
	expected = malloc(rig.out_len + 1);
	memcpy(expected, rig.out, rig.out_len + 1);
	expected_len = rig.out_len;
}

static void
setup(void)
{
	rig_start();
	ask_whole();
}

static void
teardown(void)
{
	free(expected);
	expected = NULL;
	rig_stop();
}

static bool
as_expected(const void *bytes, size_t len)
{
	return len == expected_len && memcmp(bytes, expected, len) == 0;
}

/* C139: answered in order. */
static void
c139_answers_in_order(void)
{
	static const int order[] = {
		200, 200, 200, 200, 405, 206, 206, 404, 405, 304, 416, 301, 200, 200};
	const char *at = expected;
	size_t i;

	for (i = 0; i < RTE_DIM(order); i++) {
		at = memmem(at, expected_len - (size_t)(at - expected), "HTTP/1.1 ", 9);
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		at += 9;
		CU_ASSERT_EQUAL(atoi(at), order[i]);
	}
}

/* C139: and the same when the requests are cut in two at any byte. */
static void
c139_cut_at_every_byte(void)
{
	size_t cut;

	for (cut = 1; cut < PIPELINE_LEN; cut++) {
		struct pw_tcp_conn *c = rig_open();

		fake_feed(c, pipeline, cut, rig.now);
		fake_feed(c, pipeline + cut, PIPELINE_LEN - cut, rig.now);
		rig_read(c);
		CU_ASSERT_TRUE_FATAL(as_expected(rig.out, rig.out_len));
		fake_free(c, rig.now);
	}
}

static void
byte_by_byte(void)
{
	struct pw_tcp_conn *c = rig_open();
	size_t i;

	for (i = 0; i < PIPELINE_LEN; i++)
		fake_feed(c, pipeline + i, 1, rig.now);
	rig_read(c);
	CU_ASSERT_TRUE(as_expected(rig.out, rig.out_len));
	fake_free(c, rig.now);
}

/* Send again what was sent, from anywhere and as much as one likes. */
static void
resend(struct pw_tcp_conn *c, struct pw_rand *r, pw_off sent)
{
	static uint8_t again[65536];
	pw_off off = c->una + pw_rand_below(r, sent - c->una);
	uint32_t got;

	/* Later than it was made: the dates stay. */
	pw_http_tick(rig.http, rig.now, RIG_NOW_S + (int64_t)pw_rand_below(r, 2));
	got = fake_pull(c, off, 1 + (uint32_t)pw_rand_below(r, 4000), again);
	pw_http_tick(rig.http, rig.now, RIG_NOW_S);
	CU_ASSERT_FATAL(got > 0);
	CU_ASSERT_EQUAL_FATAL(memcmp(again, expected + off, got), 0);
}

/* Requests in random pieces; segments of random size; losses; acknowledgements at will. */
static void
exchange(struct pw_rand *r)
{
	struct pw_tcp_conn *c = rig_open();
	uint8_t segment[65536];
	size_t fed = 0;
	pw_off sent = 0;

	while (fed < PIPELINE_LEN || c->una < c->end) {
		size_t n = pw_min(1 + pw_rand_below(r, 200), PIPELINE_LEN - fed);
		uint32_t got;

		fake_feed(c, pipeline + fed, n, rig.now);
		fed += n;
		if (sent < c->end) {
			got = fake_pull(c, sent, 1 + (uint32_t)pw_rand_below(r, 3000), segment);
			CU_ASSERT_FATAL(got > 0);
			CU_ASSERT_EQUAL_FATAL(memcmp(segment, expected + sent, got), 0);
			sent += got;
		}
		if (c->una < sent && pw_rand_below(r, 2) == 0)
			resend(c, r, sent);
		if (pw_rand_below(r, 3) == 0)
			fake_ack(c, c->una + pw_rand_below(r, sent - c->una + 1), rig.now);
		fake_run(c, rig.now);
	}
	CU_ASSERT_EQUAL(c->una, expected_len);
	CU_ASSERT_EQUAL(rig.refs.n_holds, 0);
	fake_free(c, rig.now);
}

static void
c157_any_segments_any_loss(void)
{
	uint64_t seed = 6;
	struct pw_rand r;
	int round;

	printf("seed %lu ", seed);
	pw_rand_init(&r, seed);
	for (round = 0; round < 300; round++)
		exchange(&r);
}

/* The dates of responses stay, whatever the clock says when they are sent again. */
static void
date_is_that_of_the_making(void)
{
	struct pw_tcp_conn *c = rig_open();
	uint8_t before[400], after[400];
	uint32_t len;

	rig_send(c, "GET /hello.txt" HOST "\r\nGET /hello.txt" HOST "Range: bytes=0-3\r\n\r\n");
	len = fake_pull(c, 0, sizeof(before), before);
	pw_http_tick(rig.http, rig.now, RIG_NOW_S + 86400);
	CU_ASSERT_EQUAL(fake_pull(c, 0, sizeof(after), after), len);
	CU_ASSERT_EQUAL(memcmp(before, after, len), 0);
	fake_free(c, rig.now);
}

/* A small file: its first lines, and one span of a page for all else. */
static void
small_file_is_two_spans(void)
{
	struct pw_tcp_conn *c = rig_open();
	uint8_t bytes[1460];

	rig_send(c, "GET /hello.txt" HOST "\r\n");
	CU_ASSERT_EQUAL(fake_pull(c, 0, 1460, bytes), c->end);
	CU_ASSERT_EQUAL(fake_n_spans, 2);
	CU_ASSERT_EQUAL(fake_spans[0].page, PW_PAGE_NONE);
	CU_ASSERT_NOT_EQUAL(fake_spans[1].page, PW_PAGE_NONE);
	CU_ASSERT_EQUAL(fake_n_spans, 2);
	fake_free(c, rig.now);
}

/* ---- page holds ---- */

static void
c154_holds_what_is_in_flight(void)
{
	struct pw_tcp_conn *c = rig_open();
	static uint8_t bytes[4 * 1024 * 1024];
	pw_off off = 0;

	rig_send(c, "GET /big.bin" HOST "\r\n");
	CU_ASSERT_EQUAL(rig.refs.n_holds, 0); /* nothing was sent yet */
	while (off < 4 * 1024 * 1024 - 65536)
		off += fake_pull(c, off, 65536, bytes);
	CU_ASSERT(rig.refs.n_holds >= 2 && rig.refs.n_holds <= 3);
	fake_ack(c, off, rig.now);
	CU_ASSERT_EQUAL(rig.refs.n_holds, 1);
	fake_free(c, rig.now); /* the client vanishes */
	CU_ASSERT_EQUAL(rig.refs.n_holds, 0);
}

static void
c154_every_part_holds_its_pages(void)
{
	struct pw_tcp_conn *c = rig_open();
	uint8_t bytes[4096];
	pw_off end;

	rig_send(c, "GET /big.bin" HOST "Range: bytes=4194304-4194403, 0-99, -5\r\n\r\n");
	end = c->end;
	CU_ASSERT_EQUAL_FATAL(fake_pull(c, 0, sizeof(bytes), bytes), end);
	CU_ASSERT_EQUAL(rig.refs.n_holds, 3);
	fake_ack(c, end - 1, rig.now);
	CU_ASSERT(rig.refs.n_holds <= 3);
	fake_ack(c, end, rig.now);
	CU_ASSERT_EQUAL(rig.refs.n_holds, 0);
	fake_free(c, rig.now);
}

static void
c154_vanishing_lets_go_of_everything(void)
{
	struct pw_rand r;
	int round;

	pw_rand_init(&r, 7);
	for (round = 0; round < 200; round++) {
		struct pw_tcp_conn *c = rig_open();
		uint8_t bytes[65536];
		pw_off off = 0;

		fake_feed(c, pipeline, pw_rand_below(&r, PIPELINE_LEN), rig.now);
		while (off < c->end && pw_rand_below(&r, 6) > 0)
			off += fake_pull(c, off, 1 + (uint32_t)pw_rand_below(&r, 4000), bytes);
		if (off > 0)
			fake_ack(c, pw_rand_below(&r, off), rig.now);
		fake_free(c, rig.now);
		CU_ASSERT_EQUAL_FATAL(rig.refs.n_holds, 0);
		CU_ASSERT_EQUAL_FATAL(rig.http->usage.responses, 0);
		CU_ASSERT_EQUAL_FATAL(rig.http->usage.range_sets, 0);
		CU_ASSERT_EQUAL_FATAL(rig.http->usage.heads, 0);
	}
}

static CU_TestInfo tests[] = {
	{"c139_answers_in_order", c139_answers_in_order},
	{"c139_cut_at_every_byte", c139_cut_at_every_byte},
	{"byte_by_byte", byte_by_byte},
	{"c157_any_segments_any_loss", c157_any_segments_any_loss},
	{"date_is_that_of_the_making", date_is_that_of_the_making},
	{"small_file_is_two_spans", small_file_is_two_spans},
	{"c154_holds_what_is_in_flight", c154_holds_what_is_in_flight},
	{"c154_every_part_holds_its_pages", c154_every_part_holds_its_pages},
	{"c154_vanishing_lets_go_of_everything", c154_vanishing_lets_go_of_everything},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_stream = {.pName = "http_stream",
	.pInitFunc = rig_make_site,
	.pCleanupFunc = rig_remove_site,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests};
