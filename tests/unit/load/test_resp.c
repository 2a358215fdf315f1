/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Responses: scripted bytes of servers good and bad, cut at every offset.
 */
#include <string.h>
#include <CUnit/CUnit.h>
#include "load_priv.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

static struct reader reader;
static llhttp_t parser;
static XXH3_state_t hash_state;
static struct known_head known;
static struct resp resp;

static void
setup(void)
{
	reader = (struct reader){0};
	resp_init(&reader);
	known = (struct known_head){0};
	resp = (struct resp){0};
}

static struct resp_slot
slot(void)
{
	return (struct resp_slot){.parser = &parser, .hash = &hash_state};
}

/* Give @p len bytes; anything behind the end of the response stays. */
static enum resp_result
give(const char *bytes, size_t len, uint32_t *used)
{
	struct resp_slot s = slot();

	return resp_read(&reader, &resp, &s, &known, (const uint8_t *)bytes, (uint32_t)len, used);
}

/* A response, and what has to be made of it. */
struct example {
	const char *bytes;
	const char *body; /* NULL: malformed */
	uint16_t status;
	bool close;
	bool to_eof;
};

/* clang-format off */
static const struct example good[] = {
	{OK_HEAD "Content-Length: 5\r\n\r\nhello", "hello", 200},
	{OK_HEAD "Content-Length: 0\r\n\r\n", "", 200},
	{OK_HEAD "Content-Length: 5\r\nConnection: close\r\n\r\nhello", "hello", 200, .close = true},
	{"HTTP/1.1 404 Not Found\r\ncontent-length:3\r\n\r\nno!", "no!", 404},
	{"HTTP/1.1 204 No Content\r\n\r\n", "", 204},
	{"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", "", 304},
	{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nok", "ok", 200},
	{"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", 200, .close = true},
	{"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", "ok", 200},
	{OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", "hello world", 200},
	{OK_HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: y\r\n\r\n", "", 200},
	{OK_HEAD "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\n\r\n", "a", 200, .close = true},
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" OK_HEAD "Content-Length: 2\r\n\r\nok", "ok", 200},
	{OK_HEAD "\r\nuntil the end", "until the end", 200, .close = true, .to_eof = true},
	{"HTTP/1.0 200 OK\r\n\r\nold", "old", 200, .close = true, .to_eof = true},
};

static const char *const bad[] = {
	"HELLO\r\n\r\n",
	"HTTP/2.0 200 OK\r\n\r\n",
	"HTTP/1.1 20 OK\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n",
	"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
	"\x16\x03\x01\x02",
};
/* clang-format on */

static void
check(const struct example *e, enum resp_result what)
{
	struct resp_slot s = slot();

	CU_ASSERT_EQUAL(what, e->to_eof ? RESP_MORE : RESP_DONE);
	CU_ASSERT_EQUAL(resp.status, e->status);
	CU_ASSERT_EQUAL(resp.body, strlen(e->body));
	CU_ASSERT_EQUAL(resp.close, e->close);
	CU_ASSERT_EQUAL(resp.framing == FRAME_EOF, e->to_eof);
	CU_ASSERT_EQUAL(resp_hash(&resp, &s), XXH3_64bits(e->body, strlen(e->body)));
}

/* In @p n pieces, the k-th of which ends at cut[k]. */
static void
give_pieces(const struct example *e, const size_t *cut, uint32_t n)
{
	enum resp_result what = RESP_MORE;
	size_t at = 0;
	uint32_t used;
	uint32_t k;

	resp = (struct resp){0};
	for (k = 0; k < n; k++) {
		CU_ASSERT_EQUAL_FATAL(what, RESP_MORE);
		what = give(e->bytes + at, cut[k] - at, &used);
		CU_ASSERT_EQUAL_FATAL(used, cut[k] - at);
		at = cut[k];
	}
	check(e, what);
}

static void
responses_in_one_piece(void)
{
	uint32_t i;

	for (i = 0; i < RTE_DIM(good); i++) {
		size_t all = strlen(good[i].bytes);

		give_pieces(&good[i], &all, 1);
	}
}

static void
responses_cut_at_every_offset(void)
{
	uint32_t i;
	size_t cut[2];

	for (i = 0; i < RTE_DIM(good); i++) {
		cut[1] = strlen(good[i].bytes);
		for (cut[0] = 0; cut[0] < cut[1]; cut[0]++)
			give_pieces(&good[i], cut, 2);
	}
}

static void
responses_byte_by_byte(void)
{
	size_t cut[512];
	uint32_t i, n;

	for (i = 0; i < RTE_DIM(good); i++) {
		for (n = 0; n < strlen(good[i].bytes); n++)
			cut[n] = n + 1;
		give_pieces(&good[i], cut, n);
	}
}

/* One after the other in one piece, as a pipeline gives them; each head known or not. */
static void
responses_behind_one_another(void)
{
	char bytes[1024];
	uint32_t i, k, used, at;

	for (i = 0; i < RTE_DIM(good); i++) {
		size_t one = strlen(good[i].bytes);

		if (good[i].to_eof)
			continue;
		for (k = 0; k < 3; k++)
			memcpy(bytes + k * one, good[i].bytes, one);
		for (k = 0, at = 0; k < 3; k++, at += used) {
			resp = (struct resp){0};
			check(&good[i], give(bytes + at, 3 * one - at, &used));
			CU_ASSERT_EQUAL(used, one);
		}
	}
}

static void
known_head_is_not_parsed_again(void)
{
	const struct example *e = &good[0];
	uint32_t used;
	uint32_t i;

	for (i = 0; i < 10; i++) {
		resp = (struct resp){0};
		check(e, give(e->bytes, strlen(e->bytes), &used));
	}
	CU_ASSERT_EQUAL(reader.reused, 9);
}

/* The same beginning, but for one byte anywhere: parsed for itself. */
static void
head_that_differs_in_a_byte_is_parsed(void)
{
	const char *first = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n";
	const char *second = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n";
	uint32_t used;

	CU_ASSERT_EQUAL(give(first, strlen(first), &used), RESP_MORE);
	CU_ASSERT_EQUAL(resp.left, 11);
	resp = (struct resp){0};
	CU_ASSERT_EQUAL(give(second, strlen(second), &used), RESP_MORE);
	CU_ASSERT_EQUAL(resp.left, 12);
	CU_ASSERT_EQUAL(reader.reused, 0);
}

static void
malformed_is_malformed_wherever_it_is_cut(void)
{
	uint32_t i, used;
	size_t cut;

	for (i = 0; i < RTE_DIM(bad); i++) {
		size_t all = strlen(bad[i]);

		for (cut = 0; cut < all; cut++) {
			enum resp_result what;

			resp = (struct resp){0};
			what = give(bad[i], cut, &used);
			if (what == RESP_MORE)
				what = give(bad[i] + cut, all - cut, &used);
			CU_ASSERT_EQUAL(what, RESP_MALFORMED);
		}
	}
}

/* An endless head is not followed for ever; nor are endless heads of 1xx. */
static void
head_has_a_bound(void)
{
	static const char *const endless[] = {"X: y\r\n", "HTTP/1.1 100 Continue\r\n\r\n"};
	enum resp_result what;
	uint32_t used;
	uint32_t i, k;

	for (i = 0; i < RTE_DIM(endless); i++) {
		resp = (struct resp){0};
		if (i == 0)
			CU_ASSERT_EQUAL(give("HTTP/1.1 200 OK\r\n", 17, &used), RESP_MORE);
		for (k = 0, what = RESP_MORE; what == RESP_MORE && k < 10000; k++)
			what = give(endless[i], strlen(endless[i]), &used);
		CU_ASSERT_EQUAL(what, RESP_HEAD_SIZE);
		CU_ASSERT_TRUE(resp.head > PW_LOAD_HEAD_MAX && resp.head < PW_LOAD_HEAD_MAX + 64);
	}
}

static void
without_verify_nothing_is_hashed(void)
{
	struct resp_slot s = {.parser = &parser};
	const struct example *e = &good[0];
	uint32_t used;

	resp_read(&reader, &resp, &s, &known, (const uint8_t *)e->bytes, (uint32_t)strlen(e->bytes),
		&used);
	CU_ASSERT_EQUAL(resp.body, 5);
	CU_ASSERT_FALSE(resp.hashed);
}

static CU_TestInfo tests[] = {
	{"responses_in_one_piece", responses_in_one_piece},
	{"responses_cut_at_every_offset", responses_cut_at_every_offset},
	{"responses_byte_by_byte", responses_byte_by_byte},
	{"responses_behind_one_another", responses_behind_one_another},
	{"known_head_is_not_parsed_again", known_head_is_not_parsed_again},
	{"head_that_differs_in_a_byte_is_parsed", head_that_differs_in_a_byte_is_parsed},
	{"malformed_is_malformed_wherever_it_is_cut", malformed_is_malformed_wherever_it_is_cut},
	{"head_has_a_bound", head_has_a_bound},
	{"without_verify_nothing_is_hashed", without_verify_nothing_is_hashed},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_load_resp = {
	.pName = "load_resp",
	.pSetUpFunc = setup,
	.pTests = tests,
};
