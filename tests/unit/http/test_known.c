/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <CUnit/CUnit.h>
#include "rig.h"

#define HOST	 " HTTP/1.1\r\nHost: h\r\n"
#define PLAIN	 "GET /hello.txt" HOST "\r\n"
#define INVENTED 3000 /* heads, three times what is kept */

static uint64_t
known(void)
{
	return pw_http_stats(rig.http)->known_heads;
}

static void
invented(char to[128], uint32_t i)
{
	snprintf(to, 128, "GET /one" HOST "User-Agent: %u\r\n\r\n", i);
}

static void
a_head_is_known_the_second_time(void)
{
	rig_ask(PLAIN);
	CU_ASSERT_EQUAL(known(), 0);
	rig_ask(PLAIN);
	CU_ASSERT_EQUAL(known(), 1);
	CU_ASSERT_STRING_EQUAL(rig_body(), "Hello, world\n");
}

/* Each a request for a whole file; none of them is any other, however alike. */
static void
other_bytes_are_another_head(void)
{
	static const char *const requests[] = {
		"GET /hello.txt" HOST "\r\n",
		"HEAD /hello.txt" HOST "\r\n",
		"GET /hello.txt" HOST "Connection: close\r\n\r\n",
		"GET /hello.txt HTTP/1.0\r\nHost: h\r\n\r\n",
		"GET /hello.txt HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
		"GET /one" HOST "\r\n",
		"GET /two/../one" HOST "\r\n",
		"GET /style.css" HOST "\r\n",
		"GET /style.css" HOST "Accept-Encoding: br\r\n\r\n",
		"GET /style.css" HOST "Accept-Encoding: gzip\r\n\r\n",
		"GET /style.css.gz" HOST "\r\n",
		"GET /hello.txt" HOST "Expect: 100-continue\r\n\r\n",
		"\r\nGET /hello.txt" HOST "\r\n",
	};
	char *first[RTE_DIM(requests)];
	uint64_t coded;
	size_t i;

	for (i = 0; i < RTE_DIM(requests); i++)
		first[i] = strdup(rig_ask(requests[i]));
	CU_ASSERT_EQUAL(known(), 0);
	coded = pw_http_stats(rig.http)->coded;
	for (i = 0; i < RTE_DIM(requests); i++) {
		CU_ASSERT_STRING_EQUAL(rig_ask(requests[i]), first[i]);
		CU_ASSERT_EQUAL(known(), i + 1);
		free(first[i]);
	}
	CU_ASSERT_EQUAL(pw_http_stats(rig.http)->coded, 2 * coded);
	CU_ASSERT_EQUAL(pw_http_stats(rig.http)->requests_head, 2);
	CU_ASSERT_EQUAL(pw_http_stats(rig.http)->requests_get, 2 * RTE_DIM(requests) - 2);
}

/* What depends on the time, on a body, or is an error, is read each time. */
static void
only_whole_files_are_kept(void)
{
	static const char *const requests[] = {
		"GET /none" HOST "\r\n",
		"GET /noindex" HOST "\r\n",
		"POST /" HOST "\r\n",
		"GET /hello.txt" HOST "If-Match: \"x\"\r\n\r\n",
		"GET /hello.txt" HOST "If-None-Match: \"x\"\r\n\r\n",
		"GET /hello.txt" HOST "If-Modified-Since: " RIG_MTIME "\r\n\r\n",
		"GET /hello.txt" HOST "If-Unmodified-Since: " RIG_MTIME "\r\n\r\n",
		"GET /hello.txt" HOST "Range: bytes=0-3\r\n\r\n",
		"GET /hello.txt" HOST "Content-Length: 1\r\n\r\nx",
		"GET /hello.txt" HOST "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"\r\n\r\n",
	};
	size_t i, k;

	for (i = 0; i < RTE_DIM(requests); i++)
		for (k = 0; k < 2; k++)
			rig_ask(requests[i]);
	CU_ASSERT_EQUAL(known(), 0);
}

/* Known the third time at the latest, whoever was in its place. */
static void
heads_of_any_length(void)
{
	char request[HTTP_KNOWN_MAX + 64];
	uint32_t pad;

	for (pad = 1; pad < HTTP_KNOWN_MAX; pad++) {
		int len = snprintf(
			request, sizeof(request), "GET /one" HOST "X: %0*d\r\n\r\n", (int)pad, 0);
		uint64_t before = known();

		rig_ask(request);
		rig_ask(request);
		rig_ask(request);
		CU_ASSERT_EQUAL(rig_status(), 200);
		CU_ASSERT_EQUAL(known() > before, len <= HTTP_KNOWN_MAX);
	}
}

static void
pipelined_heads_are_known_one_by_one(void)
{
	struct pw_tcp_conn *c;
	char *first;

	first = strdup(rig_ask(PLAIN "GET /one" HOST "\r\n" PLAIN "GET /none" HOST "\r\n" PLAIN));
	CU_ASSERT_EQUAL(known(), 2); /* PLAIN, twice again */
	CU_ASSERT_STRING_EQUAL(
		rig_ask(PLAIN "GET /one" HOST "\r\n" PLAIN "GET /none" HOST "\r\n" PLAIN), first);
	CU_ASSERT_EQUAL(known(), 2 + 4);
	/* The rest of one that came in pieces is no head of its own. */
	c = rig_open();
	rig_send(c, "GET /one HTTP/1.1\r\nX: ");
	rig_send(c, PLAIN);
	rig_read(c);
	fake_free(c, rig.now);
	CU_ASSERT_EQUAL(rig_status(), 200);
	CU_ASSERT_STRING_EQUAL(rig_body(), "1");
	CU_ASSERT_EQUAL(known(), 2 + 4);
	free(first);
}

static void
a_known_head_gets_the_date_of_now(void)
{
	rig_ask(PLAIN);
	pw_http_tick(rig.http, rig.now, RIG_NOW_S + 1);
	rig_ask(PLAIN);
	CU_ASSERT_EQUAL(known(), 1);
	CU_ASSERT_STRING_EQUAL(rig_field("Date"), "Mon, 23 Nov 2026 02:10:01 GMT");
}

static void
a_known_head_is_the_last_when_draining(void)
{
	struct pw_tcp_conn *c;

	rig_ask(PLAIN);
	c = rig_open();
	rig_send(c, "GET /one" HOST "X: y\r\n"); /* keeps the connection when all idle ones go */
	pw_http_drain(rig.http, rig.now);
	rig_send(c, "\r\n" PLAIN);
	rig_read(c);
	fake_free(c, rig.now);
	CU_ASSERT_STRING_EQUAL(rig_field("Connection"), "close");
	CU_ASSERT_TRUE(rig.out_shut);
	CU_ASSERT_EQUAL(known(), 0);
}

/* A peer that never says the same twice takes no place that is in use. */
static void
invented_heads_push_out_none_in_use(void)
{
	char request[128];
	uint32_t i;

	rig_ask(PLAIN);
	for (i = 0; i < INVENTED; i++) {
		invented(request, i);
		rig_ask(request);
		CU_ASSERT_EQUAL(rig_status(), 200);
		rig_ask(PLAIN);
		CU_ASSERT_EQUAL(known(), i + 1);
	}
}

/* One that is not asked for any more gives way. */
static void
the_table_has_an_end(void)
{
	char request[128];
	uint64_t before;
	uint32_t i, round;

	for (round = 0; round < 2; round++)
		for (i = 0; i < INVENTED; i++) {
			invented(request, i);
			rig_ask(request);
		}
	before = known();
	CU_ASSERT_TRUE(before < HTTP_KNOWN_HEADS);
	for (i = INVENTED - 10; i < INVENTED; i++) { /* the latest are there */
		invented(request, i);
		rig_ask(request);
	}
	CU_ASSERT_EQUAL(known() - before, 10);
}

static CU_TestInfo tests[] = {
	{"a_head_is_known_the_second_time", a_head_is_known_the_second_time},
	{"other_bytes_are_another_head", other_bytes_are_another_head},
	{"only_whole_files_are_kept", only_whole_files_are_kept},
	{"heads_of_any_length", heads_of_any_length},
	{"pipelined_heads_are_known_one_by_one", pipelined_heads_are_known_one_by_one},
	{"a_known_head_gets_the_date_of_now", a_known_head_gets_the_date_of_now},
	{"a_known_head_is_the_last_when_draining", a_known_head_is_the_last_when_draining},
	{"invented_heads_push_out_none_in_use", invented_heads_push_out_none_in_use},
	{"the_table_has_an_end", the_table_has_an_end},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_known = {.pName = "http_known",
	.pInitFunc = rig_make_site,
	.pCleanupFunc = rig_remove_site,
	.pSetUpFunc = rig_start,
	.pTearDownFunc = rig_stop,
	.pTests = tests};
