/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <CUnit/CUnit.h>
#include "rig.h"

#define HOST " HTTP/1.1\r\nHost: h\r\n"

/* What each request gets, and whether the connection is closed after it. */
static const struct {
	const char *request;
	int status;
	bool close;
} table[] = {
	{"GET /hello.txt" HOST "\r\n", 200, false},
	{"GET /hello.txt" HOST "Connection: close\r\n\r\n", 200, true},
	{"GET /hello.txt HTTP/1.0\r\n\r\n", 200, true},
	{"GET /hello.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200, false},
	{"GET /none" HOST "\r\n", 404, false},
	{"GET /none" HOST "Connection: close\r\n\r\n", 404, true},
	{"GET /noindex" HOST "\r\n", 301, false},
	/* C141 */
	{"POST /hello.txt" HOST "\r\n", 405, false},
	{"PUT /hello.txt" HOST "Content-Length: 3\r\n\r\nabc", 405, false},
	{"DELETE /none" HOST "\r\n", 405, false},
	{"PATCH /" HOST "\r\n", 405, false},
	{"TRACE /" HOST "\r\n", 405, false},
	{"OPTIONS *" HOST "\r\n", 405, false},
	{"OPTIONS /" HOST "\r\n", 405, false},
	{"CONNECT h:80" HOST "\r\n", 405, false},
	{"BREW /" HOST "\r\n", 501, false},
	{"get /" HOST "\r\n", 501, false},
	{"PROPFIND /" HOST "Content-Length: 3\r\n\r\nabc", 501, false},
	/* targets */
	{"GET *" HOST "\r\n", 400, false},
	{"GET /%00" HOST "\r\n", 400, false},
	{"GET /a%zz" HOST "\r\n", 400, false},
	{"GET /#a" HOST "\r\n", 400, false},
	{"GET http://u@h/" HOST "\r\n", 400, false},
	{"GET /%2e%2e/%2e%2e/etc/passwd" HOST "\r\n", 404, false},
	{"GET /%2e%2e%2fhello.txt" HOST "\r\n", 404, false},
	{"GET /../hello.txt" HOST "\r\n", 200, false},
	{"GET /..\\hello.txt" HOST "\r\n", 404, false},
	/* bodies: framing first, then drained, then answered */
	{"GET /hello.txt" HOST "Content-Length: 3\r\n\r\nabc", 200, false},
	{"HEAD /hello.txt" HOST "Content-Length: 3\r\n\r\nabc", 200, false},
	{"POST /" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 405, false},
	{"POST /" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, true},
	{"POST /" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, true},
	{"POST /" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, true},
	{"POST /" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, true},
	{"POST /" HOST "Content-Length: 65537\r\n\r\n", 413, true},
	/* C151 */
	{"POST /" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", 405, true},
	{"GET /hello.txt" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", 200, true},
	{"GET /hello.txt" HOST "Expect: 100-continue\r\n\r\n", 200, false},
	{"GET /hello.txt" HOST "Expect: tea\r\n\r\n", 417, false},
	{"POST /" HOST "Expect: tea\r\nContent-Length: 3\r\n\r\nabc", 417, true},
	/* refused heads */
	{"GET / HTTP/1.1\r\n\r\n", 400, true},
	{"GET / HTTP/1.1\nHost: h\n\n", 400, true},
	{"GET / HTTP/2.0\r\n\r\n", 505, true},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, true},
	{"GET /" HOST "X : y\r\n\r\n", 400, true},
	{"GET /" HOST "X: a\r\n b\r\n\r\n", 400, true},
	{"\x16\x03\x01", 400, true},
	/* C144 to C148 */
	{"GET /hello.txt" HOST "If-None-Match: *\r\n\r\n", 304, false},
	{"GET /hello.txt" HOST "If-Match: \"x\"\r\n\r\n", 412, false},
	{"GET /hello.txt" HOST "If-Modified-Since: " RIG_MTIME "\r\n\r\n", 304, false},
	{"GET /none" HOST "If-None-Match: *\r\n\r\n", 404, false},
	{"GET /noindex" HOST "If-None-Match: *\r\n\r\n", 301, false},
	{"POST /hello.txt" HOST "If-None-Match: *\r\n\r\n", 405, false},
	{"GET /hello.txt" HOST "Range: bytes=1-3\r\n\r\n", 206, false},
	{"GET /hello.txt" HOST "Range: bytes=1-3\r\nIf-None-Match: *\r\n\r\n", 304, false},
	{"GET /hello.txt" HOST "Range: bytes=1-3\r\nIf-Range: " RIG_MTIME "\r\n\r\n", 206, false},
	{"GET /hello.txt" HOST "Range: bytes=1-3\r\nIf-Range: W/\"x\"\r\n\r\n", 200, false},
	{"GET /hello.txt" HOST "Range: bytes=99-\r\nIf-Range: \"x\"\r\n\r\n", 200, false},
	{"GET /hello.txt" HOST "Range: bytes=99-\r\n\r\n", 416, false},
	{"GET /hello.txt" HOST "Range: lines=1-2\r\n\r\n", 200, false},
	{"GET /hello.txt" HOST "Range: bytes=1-2\r\nRange: bytes=3-4\r\n\r\n", 200, false},
	{"HEAD /hello.txt" HOST "Range: bytes=1-3\r\n\r\n", 200, false}, /* C149 */
	{"GET /none" HOST "Range: bytes=1-3\r\n\r\n", 404, false},
};

static void
every_request_has_its_answer(void)
{
	size_t i;

	for (i = 0; i < RTE_DIM(table); i++) {
		bool head = table[i].request[0] == 'H';
		bool ok;

		rig_ask(table[i].request);
		ok = rig_status() == table[i].status && rig.out_shut == table[i].close &&
		     (strcmp(rig_field("Connection"), "close") == 0) == table[i].close;
		if (!head && table[i].status != 304)
			ok &= (size_t)atoi(rig_field("Content-Length")) == rig_body_len();
		if (!ok)
			printf("\n  %s-> %d, shut %d\n%s\n", table[i].request, rig_status(),
				rig.out_shut, rig.out);
		CU_ASSERT_TRUE(ok);
	}
}

/* Heads that were read before are answered as if they were new, and counted alike. */
static void
asked_again_the_answer_is_the_same(void)
{
	size_t i;

	for (i = 0; i < RTE_DIM(table); i++) {
		struct pw_http_stats once, twice;
		char *first;
		bool shut;

		rig_restart();
		first = strdup(rig_ask(table[i].request));
		shut = rig.out_shut;
		once = *pw_http_stats(rig.http);
		CU_ASSERT_STRING_EQUAL(rig_ask(table[i].request), first);
		CU_ASSERT_EQUAL(rig.out_shut, shut);
		twice = *pw_http_stats(rig.http);
		CU_ASSERT_EQUAL(twice.requests_get, 2 * once.requests_get);
		CU_ASSERT_EQUAL(twice.requests_head, 2 * once.requests_head);
		CU_ASSERT_EQUAL(twice.bytes_done, 2 * once.bytes_done);
		CU_ASSERT_EQUAL(twice.status[PW_HTTP_200], 2 * once.status[PW_HTTP_200]);
		free(first);
	}
}

/* C140 */
static void
c140_head_is_get_without_body(void)
{
	static const char *const paths[] = {"/hello.txt", "/empty", "/big.bin", "/none", "/sub",
		"/sub/", "/noindex/", "/style.css.gz", "/%00"};
	size_t i;

	for (i = 0; i < RTE_DIM(paths); i++) {
		char request[256], head[1024];

		rig_get(paths[i], "Accept-Encoding: br\r\n");
		snprintf(head, sizeof(head), "%.*s", (int)(rig_body() - rig.out), rig.out);
		snprintf(request, sizeof(request), "HEAD %s" HOST "Accept-Encoding: br\r\n\r\n",
			paths[i]);
		CU_ASSERT_STRING_EQUAL(rig_ask(request), head);
	}
}

static void
http10_is_told_that_it_is_kept(void)
{
	rig_ask("GET /one HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	CU_ASSERT_STRING_EQUAL(rig_field("Connection"), "keep-alive");
	rig_ask("GET /one HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n");
	CU_ASSERT_STRING_EQUAL(rig_field("Connection"), "");
}

static void
c141_refused_methods_name_those_allowed(void)
{
	rig_ask("POST /" HOST "\r\n");
	CU_ASSERT_STRING_EQUAL(rig_field("Allow"), "GET, HEAD");
}

/* C145 */
static void
c145_unchanged_has_the_same_etag(void)
{
	char fields[128], want[256], etag[64];

	rig_get("/style.css", "Accept-Encoding: gzip\r\n");
	strcpy(etag, rig_field("ETag"));
	snprintf(fields, sizeof(fields), "Accept-Encoding: gzip\r\nIf-None-Match: %s\r\n", etag);
	snprintf(want, sizeof(want),
		"HTTP/1.1 304 Not Modified\r\nDate: " RIG_DATE "\r\nServer: pagewire/test\r\n"
		"ETag: %s\r\nVary: Accept-Encoding\r\n\r\n",
		etag);
	CU_ASSERT_STRING_EQUAL(rig_get("/style.css", fields), want);
	/* the plain file has another tag */
	snprintf(fields, sizeof(fields), "If-None-Match: %s\r\n", etag);
	rig_get("/style.css", fields);
	CU_ASSERT_EQUAL(rig_status(), 200);
}

/* C146 */
static void
c146_one_range(void)
{
	rig_get("/hello.txt", "Range: bytes=7-\r\n");
	CU_ASSERT_STRING_EQUAL(rig_body(), "world\n");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Range"), "bytes 7-12/13");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Length"), "6");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Type"), "text/plain; charset=utf-8");
	CU_ASSERT_STRING_EQUAL(rig_field("Last-Modified"), RIG_MTIME);
	CU_ASSERT_STRING_NOT_EQUAL(rig_field("ETag"), "");
	CU_ASSERT_STRING_EQUAL(rig_field("Accept-Ranges"), "bytes");
	rig_get("/style.css", "Range: bytes=-5\r\nAccept-Encoding: gzip\r\n");
	CU_ASSERT_STRING_EQUAL(rig_body(), "e it)");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Encoding"), "gzip");
	CU_ASSERT_STRING_EQUAL(rig_field("Vary"), "Accept-Encoding");
	rig_get("/style.css.gz", "Range: bytes=0-2\r\n");
	CU_ASSERT_STRING_EQUAL(rig_body(), "(as");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Type"), "application/gzip");
	rig_get("/big.bin", "Range: bytes=4000000-\r\n");
	CU_ASSERT_EQUAL_FATAL(rig_body_len(), BIG_BYTES - 4000000);
	CU_ASSERT_EQUAL(memcmp(rig_body(), rig.big + 4000000, BIG_BYTES - 4000000), 0);
}

static void
c146_range_beyond_the_end(void)
{
	rig_get("/hello.txt", "Range: bytes=13-\r\n");
	CU_ASSERT_EQUAL(rig_status(), 416);
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Range"), "bytes */13");
	CU_ASSERT_PTR_NOT_NULL(strstr(rig_body(), "<h1>416 Range Not Satisfiable</h1>"));
	rig_get("/empty", "Range: bytes=0-\r\n");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Range"), "bytes */0");
}

/* RFC 9110 14.6 */
static void
many_ranges(void)
{
	char boundary[64], want[1024];
	const char *type;

	rig_get("/hello.txt", "Range: bytes=7-11, 0-0,-1\r\n");
	CU_ASSERT_EQUAL(rig_status(), 206);
	type = rig_field("Content-Type");
	CU_ASSERT_EQUAL(strncmp(type, "multipart/byteranges; boundary=", 31), 0);
	strcpy(boundary, type + 31);
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Range"), "");
	snprintf(want, sizeof(want),
		"\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes "
		"7-11/13\r\n\r\nworld"
		"\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes "
		"0-0/13\r\n\r\nH"
		"\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes "
		"12-12/13\r\n\r\n\n"
		"\r\n--%s--\r\n",
		boundary, boundary, boundary, boundary);
	CU_ASSERT_STRING_EQUAL(rig_body(), want);
	CU_ASSERT_EQUAL(atoi(rig_field("Content-Length")), (int)strlen(want));
}

static void
c147_no_range_set_free_sends_the_whole(void)
{
	static const char request[] = "GET /hello.txt" HOST "Range: bytes=0-0,2-2\r\n\r\n";
	struct pw_tcp_conn *c;

	rig_cfg.max_range_sets = 1;
	rig_restart();
	c = rig_open();
	rig_send(c, request);
	rig_ask(request);
	CU_ASSERT_EQUAL(rig_status(), 200);
	CU_ASSERT_EQUAL(pw_http_stats(rig.http)->range_sets_exhausted, 1);
	rig_read(c);
	CU_ASSERT_EQUAL(rig_status(), 206);
	rig_ask(request);
	CU_ASSERT_EQUAL(rig_status(), 206);
	fake_free(c, rig.now);
}

static void
counters(void)
{
	const struct pw_http_stats *s = pw_http_stats(rig.http);
	struct pw_tcp_conn *c = rig_open();

	rig_send(c, "GET /one" HOST "\r\nHEAD /one" HOST "\r\nBREW /" HOST "\r\n");
	rig_read(c);
	fake_free(c, rig.now);
	CU_ASSERT_EQUAL(s->conns, 1);
	CU_ASSERT_EQUAL(s->requests_get, 1);
	CU_ASSERT_EQUAL(s->requests_head, 1);
	CU_ASSERT_EQUAL(s->requests_other, 1);
	CU_ASSERT_EQUAL(s->reuses, 2);
	CU_ASSERT_EQUAL(s->responses_done, 3);
	CU_ASSERT_EQUAL(s->bytes_done, rig.out_len);
	CU_ASSERT_EQUAL(s->status[PW_HTTP_200], 2);
	CU_ASSERT_EQUAL(s->status[PW_HTTP_501], 1);
	rig_ask("GET / HTTP/1.1\n");
	rig_ask("GET /" HOST "X\r\n\r\n");
	rig_ask("GET / HTTP/1.1\r\n\r\n");
	CU_ASSERT_EQUAL(s->bad_octets, 1);
	CU_ASSERT_EQUAL(s->bad_syntax, 1);
	CU_ASSERT_EQUAL(s->bad_request, 1);
	CU_ASSERT_EQUAL(s->status[PW_HTTP_400], 3);
}

/* Each answer is noted when it is queued: which, of what, and where in the stream. */
static void
answers_are_noted_for_the_trace(void)
{
	struct pw_tcp_conn *c = rig_open();
	const struct pw_tcp_event *e = c->noted;

	rig_send(c, "GET /hello.txt" HOST "\r\nHEAD /noindex/../hello.txt" HOST "\r\n"
		    "GET /none" HOST "\r\n");
	CU_ASSERT_EQUAL(c->n_noted, 3);
	CU_ASSERT_EQUAL(pw_tcp_event_kind(&e[0]), PW_HTTP_EV_REQUEST);
	CU_ASSERT_EQUAL(pw_tcp_event_n(&e[0]), PW_HTTP_200);
	CU_ASSERT_STRING_EQUAL(pw_site_rep_path(rig.site, e[0].a), "hello.txt");
	CU_ASSERT_EQUAL(e[0].b, 0);
	CU_ASSERT_EQUAL(pw_tcp_event_n(&e[1]), PW_HTTP_200 | PW_HTTP_EV_HEAD);
	CU_ASSERT_STRING_EQUAL(pw_site_rep_path(rig.site, e[1].a), "hello.txt");
	CU_ASSERT_TRUE(e[1].b > e[0].b);
	CU_ASSERT_EQUAL(pw_tcp_event_n(&e[2]), PW_HTTP_404);
	CU_ASSERT_PTR_NULL(pw_site_rep_path(rig.site, e[2].a));
	CU_ASSERT_PTR_NULL(pw_site_rep_path(rig.site, UINT32_MAX));
	CU_ASSERT_TRUE(e[2].b > e[1].b);
	rig_read(c);
	fake_free(c, rig.now);
}

static CU_TestInfo tests[] = {
	{"every_request_has_its_answer", every_request_has_its_answer},
	{"asked_again_the_answer_is_the_same", asked_again_the_answer_is_the_same},
	{"c140_head_is_get_without_body", c140_head_is_get_without_body},
	{"http10_is_told_that_it_is_kept", http10_is_told_that_it_is_kept},
	{"c141_refused_methods_name_those_allowed", c141_refused_methods_name_those_allowed},
	{"c145_unchanged_has_the_same_etag", c145_unchanged_has_the_same_etag},
	{"c146_one_range", c146_one_range},
	{"c146_range_beyond_the_end", c146_range_beyond_the_end},
	{"many_ranges", many_ranges},
	{"c147_no_range_set_free_sends_the_whole", c147_no_range_set_free_sends_the_whole},
	{"counters", counters},
	{"answers_are_noted_for_the_trace", answers_are_noted_for_the_trace},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_serve = {.pName = "http_serve",
	.pInitFunc = rig_make_site,
	.pCleanupFunc = rig_remove_site,
	.pSetUpFunc = rig_start,
	.pTearDownFunc = rig_stop,
	.pTests = tests};
