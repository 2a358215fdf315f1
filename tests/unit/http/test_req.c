/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <CUnit/CUnit.h>
#include "req_make.h"
#include "pw_rand.h"

static struct pw_req_parser parser;
static uint8_t *page; /* followed by one that must not be touched */

#define PAGE 16384

static int
setup(void)
{
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED || mprotect(page + PAGE, PAGE, PROT_NONE) != 0;
}

static int
teardown(void)
{
	return munmap(page, 2 * PAGE);
}

/* Feed all of @p text, which ends at the unreadable page. */
static enum pw_req_result
feed(const char *text, uint32_t len, uint32_t *used)
{
	char *at = (char *)page + PAGE - len;

	memcpy(at, text, len);
	pw_req_init(&parser, &req_limits);
	return pw_req_feed(&parser, at, len, used);
}

/* ---- what is refused ---- */

#define GET  "GET / HTTP/1.1\r\n"
#define HOST "Host: h\r\n"
#define END  "\r\n"

/* C134 to C137, C152, and other bad input. */
static const struct {
	const char *text;
	enum pw_http_status status;
	enum pw_req_why why;
} bad[] = {
	/* octets */
	{"GET / HTTP/1.1\nHost: h\n\n", PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{GET "Host: h\nX: y\r\n" END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{GET HOST "\n", PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{"\n" GET HOST END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{GET HOST "X: a\rb\r\n" END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{GET HOST "X: a\r\r\n" END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{GET HOST "X: a\x01\r\n" END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{GET HOST "X: a\x7f\r\n" END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{GET HOST "X: a\x0b\r\n" END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{GET HOST " folded\r\n" END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{GET HOST "X: a\r\n\tfolded\r\n" END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{GET " Host: h\r\n" END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{" " GET HOST END, PW_HTTP_400, PW_REQ_WHY_OCTETS},
	{"\x16\x03\x01\x02", PW_HTTP_400, PW_REQ_WHY_OCTETS}, /* a TLS handshake */
	/* the request line */
	{"GET /\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET  / HTTP/1.1\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET /  HTTP/1.1\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET / HTTP/1.1 \r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET /a b HTTP/1.1\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET\t/ HTTP/1.1\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"G@T / HTTP/1.1\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET / http/1.1\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET / HTTP/11\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET / HTTP/1.10\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET / HTTP/1.\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET / HTTPS/1.1\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET /\x80 HTTP/1.1\r\n" HOST END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{"GET / HTTP/2.0\r\n" HOST END, PW_HTTP_505, PW_REQ_WHY_SENSE},
	{"GET / HTTP/0.9\r\n" HOST END, PW_HTTP_505, PW_REQ_WHY_SENSE},
	{"GET / HTTP/3.0\r\n" END, PW_HTTP_505, PW_REQ_WHY_SENSE},
	{"PRI * HTTP/2.0\r\n" END, PW_HTTP_505, PW_REQ_WHY_SENSE},
	/* names */
	{GET HOST "X : a\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET "Host : h\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "X\t: a\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST ": a\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "no colon\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "X(y): a\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "X\x80: a\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	/* Host */
	{GET END, PW_HTTP_400, PW_REQ_WHY_SENSE},
	{GET HOST HOST END, PW_HTTP_400, PW_REQ_WHY_SENSE},
	{GET "Host: a, b\r\n" END, PW_HTTP_400, PW_REQ_WHY_SENSE},
	{GET "Host: a/b\r\n" END, PW_HTTP_400, PW_REQ_WHY_SENSE},
	{GET "Host: u@a\r\n" END, PW_HTTP_400, PW_REQ_WHY_SENSE},
	{"GET / HTTP/1.0\r\n" HOST HOST END, PW_HTTP_400, PW_REQ_WHY_SENSE},
	/* framing, on any method */
	{GET HOST "Content-Length: 5\r\nContent-Length: 5\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length: 5\r\nContent-Length: 6\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length: 5, 6\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length: 5,5\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length: -1\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length: +1\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length: 1x\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length: 1 2\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length:\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length: 99999999999999999999\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" END, PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" END, PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n" END, PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n" END, PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: gzip\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked, gzip\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: identity\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding:\r\n" END, PW_HTTP_400, PW_REQ_WHY_SENSE},
	{GET HOST "Transfer-Encoding: chunked, chunked\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END, PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: xchunked\r\n" END, PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: gzip, chunked\r\n" END, PW_HTTP_501, PW_REQ_WHY_SENSE},
	{"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" END "0\r\n\r\n", PW_HTTP_400,
		PW_REQ_WHY_SENSE},
	{"BREW / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n" END, PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n" END, PW_HTTP_413, PW_REQ_WHY_SENSE},
	/* chunks */
	{GET HOST "Transfer-Encoding: chunked\r\n" END "x\r\n", PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "5\r\nhellooo", PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "fffffffffffffffff\r\n", PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "5\nhello\r\n0\r\n\r\n", PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "5 \r\nhello\r\n0\r\n\r\n", PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "0\r\n\n", PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "0\r\nX: y\n\r\n", PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "0\r\nX : y\r\n\r\n", PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "0\r\nX: y\rz\r\n\r\n", PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "5;a\n=b\r\nhello\r\n0\r\n\r\n", PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "5;a=b\rc\r\nhello\r\n0\r\n\r\n",
		PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "5\rhello", PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "0\r\n\rX", PW_HTTP_400, PW_REQ_WHY_SYNTAX},
	{GET HOST "Transfer-Encoding: chunked\r\n" END "5\r\nhello\n0\r\n\r\n", PW_HTTP_400,
		PW_REQ_WHY_SYNTAX},
};

static void
c134_to_c137_refuses(void)
{
	uint32_t used;
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		enum pw_req_result r = feed(bad[i].text, (uint32_t)strlen(bad[i].text), &used);
		bool ok = r == PW_REQ_BAD && parser.status == bad[i].status &&
			  parser.why == bad[i].why;

		if (!ok)
			printf("\n  %zu %s -> %d %s %d\n", i, bad[i].text, r,
				pw_http_status[parser.status].name, parser.why);
		CU_ASSERT_TRUE(ok);
	}
}

/* The same verdict, and never a longer wait for it, when bytes come one by one. */
static void
refuses_byte_by_byte(void)
{
	uint32_t used;
	size_t i, at;

	for (i = 0; i < RTE_DIM(bad); i++) {
		size_t len = strlen(bad[i].text);
		enum pw_req_result r = PW_REQ_MORE;

		pw_req_init(&parser, &req_limits);
		for (at = 0; at < len && r == PW_REQ_MORE; at++)
			r = pw_req_feed(&parser, bad[i].text + at, 1, &used);
		if (r != PW_REQ_BAD || parser.status != bad[i].status)
			printf("\n  %zu %s -> %d %s\n", i, bad[i].text, r,
				pw_http_status[parser.status].name);
		CU_ASSERT_EQUAL(r, PW_REQ_BAD);
		CU_ASSERT_EQUAL(parser.status, bad[i].status);
	}
}

static void
c152_nul_is_refused_anywhere(void)
{
	static const char text[] = "GET /a HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n";
	char copy[sizeof(text)];
	uint32_t used;
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		memcpy(copy, text, sizeof(text));
		copy[i] = '\0';
		CU_ASSERT_EQUAL(feed(copy, sizeof(text) - 1, &used), PW_REQ_BAD);
		CU_ASSERT_EQUAL(parser.status, PW_HTTP_400);
	}
}

/* A field value takes what RFC 9110 5.5 says, at whatever place of a word it stands. */
static void
every_octet_at_every_place_of_a_value(void)
{
	static const char text[] = GET HOST "X: 0123\t56789abcdef0123456789\r\n" END;
	uint32_t from = (uint32_t)(strstr(text, "0123") - text);
	char copy[sizeof(text)];
	uint32_t i, used;
	int ch;

	for (i = from + 1; i < from + 22; i++) {
		for (ch = 0; ch < 256; ch++) {
			bool ok = (ch >= ' ' && ch != 0x7f) || ch == '\t';

			memcpy(copy, text, sizeof(text));
			copy[i] = (char)ch;
			CU_ASSERT_EQUAL(
				feed(copy, sizeof(text) - 1, &used), ok ? PW_REQ_DONE : PW_REQ_BAD);
		}
	}
}

/* ---- what is taken ---- */

static const struct {
	const char *text;
	enum pw_req_method method;
	const char *target;
	bool keep_alive;
	bool has_body;
} good[] = {
	{GET HOST END, PW_REQ_GET, "/", true, false},
	{"\r\n\r\n" GET HOST END, PW_REQ_GET, "/", true, false},
	{"HEAD /a%20b?c HTTP/1.1\r\n" HOST END, PW_REQ_HEAD, "/a%20b?c", true, false},
	{"GET http://h/x HTTP/1.1\r\n" HOST END, PW_REQ_GET, "http://h/x", true, false},
	{"GET /a|b\"{} HTTP/1.1\r\n" HOST END, PW_REQ_GET, "/a|b\"{}", true, false},
	{"GET / HTTP/1.2\r\n" HOST END, PW_REQ_GET, "/", true, false},
	{"OPTIONS * HTTP/1.1\r\n" HOST END, PW_REQ_KNOWN, "*", true, false},
	{"CONNECT h:80 HTTP/1.1\r\n" HOST END, PW_REQ_KNOWN, "h:80", true, false},
	{"get / HTTP/1.1\r\n" HOST END, PW_REQ_OTHER, "/", true, false},
	{"BREW /pot HTTP/1.1\r\n" HOST END, PW_REQ_OTHER, "/pot", true, false},
	{"PROPFIND / HTTP/1.1\r\n" HOST END, PW_REQ_OTHER, "/", true, false},
	{"SOURCE / HTTP/1.1\r\n" HOST END, PW_REQ_OTHER, "/", true, false},
	{"GET / HTTP/1.0\r\n" END, PW_REQ_GET, "/", false, false},
	{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n" END, PW_REQ_GET, "/", true, false},
	{GET HOST "Connection: close\r\n" END, PW_REQ_GET, "/", false, false},
	{GET HOST "Connection: x\r\nConnection: y ,CLOSE\r\n" END, PW_REQ_GET, "/", false, false},
	{GET HOST "Connection: close, keep-alive\r\n" END, PW_REQ_GET, "/", false, false},
	{GET HOST "Connection: Upgrade\r\nUpgrade: h2c\r\n" END, PW_REQ_GET, "/", true, false},
	{GET "Host:\r\nX:\r\nY: \t \r\n" END, PW_REQ_GET, "/", true, false},
	{GET "hOST:h\r\nX: caf\xe9\r\n" END, PW_REQ_GET, "/", true, false},
	{GET HOST "Content-Length: 0\r\n" END, PW_REQ_GET, "/", true, false},
	{GET HOST "Content-Length: 5 \r\n" END "hello", PW_REQ_GET, "/", true, true},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END "hello", PW_REQ_KNOWN, "/", true,
		true},
	{"BREW / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END "hello", PW_REQ_OTHER, "/", true,
		true},
	{"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n" END
	 "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX: y\r\nHost: z\r\n\r\n",
		PW_REQ_KNOWN, "/", true, true},
};

static bool
is_as_said(size_t i)
{
	const struct pw_req *req = &parser.req;

	return req->method == good[i].method && req->keep_alive == good[i].keep_alive &&
	       req->has_body == good[i].has_body &&
	       pw_str_is((struct pw_str){req->head + req->target_off, req->target_len},
		       (struct pw_str){good[i].target, (uint32_t)strlen(good[i].target)});
}

static void
takes(void)
{
	uint32_t used;
	size_t i;

	for (i = 0; i < RTE_DIM(good); i++) {
		uint32_t len = (uint32_t)strlen(good[i].text);
		enum pw_req_result r = feed(good[i].text, len, &used);
		bool ok = r == PW_REQ_DONE && used == len && is_as_said(i);

		if (!ok)
			printf("\n  %zu %s -> %d %s\n", i, good[i].text, r,
				pw_http_status[parser.status].name);
		CU_ASSERT_TRUE(ok);
	}
}

/* Any cut into pieces, what follows in the last piece left alone. */
static void
takes_in_any_pieces(void)
{
	struct pw_rand rand;
	char text[512];
	size_t i;
	int round;

	pw_rand_init(&rand, 3);
	for (i = 0; i < RTE_DIM(good); i++) {
		uint32_t len = (uint32_t)strlen(good[i].text);

		snprintf(text, sizeof(text), "%sGET / HT", good[i].text);
		for (round = 0; round < 50; round++) {
			uint32_t most = round == 0 ? 1 : 1 + (uint32_t)pw_rand_below(&rand, 40);
			enum pw_req_result r = PW_REQ_MORE;
			uint32_t at = 0, used;

			pw_req_init(&parser, &req_limits);
			while (r == PW_REQ_MORE && at < strlen(text)) {
				uint32_t n = 1 + (uint32_t)pw_rand_below(&rand, most);

				n = (uint32_t)pw_min(n, strlen(text) - at);
				r = pw_req_feed(&parser, text + at, n, &used);
				at += used;
			}
			CU_ASSERT_EQUAL(r, PW_REQ_DONE);
			CU_ASSERT_EQUAL(at, len);
			CU_ASSERT_TRUE(is_as_said(i));
		}
	}
}

/* ---- bounds ---- */

/* C142 */
static void
c142_long_target_is_414(void)
{
	char text[9000] = "GET /";
	uint32_t used;

	memset(text + 5, 'a', 8995);
	CU_ASSERT_EQUAL(feed(text, 9000, &used), PW_REQ_BAD);
	CU_ASSERT_EQUAL(parser.status, PW_HTTP_414);
	CU_ASSERT_EQUAL(parser.why, PW_REQ_WHY_LIMIT);
}

/* RFC 9112 3: request lines of 8000 bytes are to be supported. */
static void
target_of_8000_is_taken(void)
{
	char text[8192] = "GET /";
	uint32_t used;

	memset(text + 5, 'a', 7990);
	strcpy(text + 7995, " HTTP/1.1\r\nHost: h\r\n\r\n");
	CU_ASSERT_EQUAL(feed(text, (uint32_t)strlen(text), &used), PW_REQ_DONE);
	CU_ASSERT_EQUAL(parser.req.target_len, 7991);
}

static void
c142_long_head_is_431(void)
{
	char text[9000] = GET HOST "X: ";
	size_t at = strlen(text);
	uint32_t used;

	memset(text + at, 'a', sizeof(text) - at);
	CU_ASSERT_EQUAL(feed(text, sizeof(text), &used), PW_REQ_BAD);
	CU_ASSERT_EQUAL(parser.status, PW_HTTP_431);
}

static void
c142_many_fields_are_431(void)
{
	char text[1000] = GET HOST;
	uint32_t used;
	int i;

	for (i = 1; i < 100; i++)
		strcat(text, "a:b\r\n");
	strcat(text, END);
	CU_ASSERT_EQUAL(feed(text, (uint32_t)strlen(text), &used), PW_REQ_DONE);
	strcpy(strstr(text, "\r\n\r\n"), "\r\na:b\r\n\r\n");
	CU_ASSERT_EQUAL(feed(text, (uint32_t)strlen(text), &used), PW_REQ_BAD);
	CU_ASSERT_EQUAL(parser.status, PW_HTTP_431);
}

static void
long_chunked_body_is_413(void)
{
	char text[3000] = "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END "800\r\n";
	size_t at = strlen(text);
	uint32_t used;

	memset(text + at, 'a', sizeof(text) - at);
	CU_ASSERT_EQUAL(feed(text, sizeof(text), &used), PW_REQ_BAD);
	CU_ASSERT_EQUAL(parser.status, PW_HTTP_413);
}

/* ---- expectations (C151) ---- */

static void
c151_expect_ends_at_the_head(void)
{
	static const char text[] = "POST / HTTP/1.1\r\n" HOST
				   "Expect: 100-Continue\r\nContent-Length: 5\r\n" END "hello";
	uint32_t used;

	CU_ASSERT_EQUAL(feed(text, sizeof(text) - 1, &used), PW_REQ_DONE);
	CU_ASSERT_EQUAL(used, sizeof(text) - 1 - 5);
	CU_ASSERT_TRUE(parser.req.expects);
	CU_ASSERT_FALSE(parser.req.keep_alive);
}

static void
expect_without_body_is_nothing(void)
{
	const struct pw_req *req = req_make("Expect: 100-continue\r\n");

	CU_ASSERT_FALSE(req->expects);
	CU_ASSERT_FALSE(req->unmet_expect);
	CU_ASSERT_TRUE(req->keep_alive);
	CU_ASSERT_TRUE(req_make("Expect: tea\r\n")->unmet_expect);
}

static void
expect_from_http10_is_not_heard(void)
{
	static const char text[] = "GET / HTTP/1.0\r\nExpect: tea\r\n\r\n";
	uint32_t used;

	CU_ASSERT_EQUAL(feed(text, sizeof(text) - 1, &used), PW_REQ_DONE);
	CU_ASSERT_FALSE(parser.req.unmet_expect);
}

static CU_TestInfo tests[] = {
	{"c134_to_c137_refuses", c134_to_c137_refuses},
	{"refuses_byte_by_byte", refuses_byte_by_byte},
	{"c152_nul_is_refused_anywhere", c152_nul_is_refused_anywhere},
	{"every_octet_at_every_place_of_a_value", every_octet_at_every_place_of_a_value},
	{"takes", takes},
	{"takes_in_any_pieces", takes_in_any_pieces},
	{"c142_long_target_is_414", c142_long_target_is_414},
	{"target_of_8000_is_taken", target_of_8000_is_taken},
	{"c142_long_head_is_431", c142_long_head_is_431},
	{"c142_many_fields_are_431", c142_many_fields_are_431},
	{"long_chunked_body_is_413", long_chunked_body_is_413},
	{"c151_expect_ends_at_the_head", c151_expect_ends_at_the_head},
	{"expect_without_body_is_nothing", expect_without_body_is_nothing},
	{"expect_from_http10_is_not_heard", expect_from_http10_is_not_heard},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_req = {
	.pName = "http_req", .pInitFunc = setup, .pCleanupFunc = teardown, .pTests = tests};
