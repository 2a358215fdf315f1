/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "req_make.h"

#define NOW_S  INT64_C(1795399800)
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define SAME   "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"
#define TAG    "\"0123456789abcdef\""
#define OTHER  "\"0000000000000000\""
#define FUTURE "Sun, 06 Nov 2094 08:49:38 GMT"

static struct pw_http_validators
validators(void)
{
	struct pw_http_validators v = {.modified_s = 784111777};

	pw_http_etag(0x0123456789abcdef, v.etag);
	return v;
}

/* C144: the order of RFC 9110 13.2.2, every row a way through it. */
static const struct {
	const char *fields;
	enum pw_http_status status;
} table[] = {
	{"", PW_HTTP_200},
	/* 1 */
	{"If-Match: " TAG "\r\n", PW_HTTP_200},
	{"If-Match: *\r\n", PW_HTTP_200},
	{"If-Match: " OTHER "\r\n", PW_HTTP_412},
	{"If-Match: " OTHER ", " TAG "\r\n", PW_HTTP_200},
	{"If-Match: " OTHER "\r\nIf-Match: " TAG "\r\n", PW_HTTP_200},
	{"If-Match: W/" TAG "\r\n", PW_HTTP_412}, /* strong comparison */
	{"If-Match: 0123456789abcdef\r\n", PW_HTTP_412},
	{"If-Match: \"a,b\", " TAG "\r\n", PW_HTTP_200},
	{"If-Match: " TAG "\r\nIf-Unmodified-Since: " BEFORE "\r\n", PW_HTTP_200},
	{"If-Match: " OTHER "\r\nIf-Unmodified-Since: " AFTER "\r\n", PW_HTTP_412},
	{"If-Match: " OTHER "\r\nIf-None-Match: " TAG "\r\n", PW_HTTP_412},
	/* 2 */
	{"If-Unmodified-Since: " BEFORE "\r\n", PW_HTTP_412},
	{"If-Unmodified-Since: " SAME "\r\n", PW_HTTP_200},
	{"If-Unmodified-Since: " AFTER "\r\n", PW_HTTP_200},
	{"If-Unmodified-Since: some day\r\n", PW_HTTP_200},
	{"If-Unmodified-Since: " BEFORE "\r\nIf-Unmodified-Since: " BEFORE "\r\n", PW_HTTP_200},
	{"If-Unmodified-Since: " BEFORE "\r\nIf-None-Match: " TAG "\r\n", PW_HTTP_412},
	/* 3 */
	{"If-None-Match: " TAG "\r\n", PW_HTTP_304},
	{"If-None-Match: W/" TAG "\r\n", PW_HTTP_304}, /* weak comparison */
	{"If-None-Match: *\r\n", PW_HTTP_304},
	{"If-None-Match: " OTHER "\r\n", PW_HTTP_200},
	{"If-None-Match: " OTHER " ,W/" TAG "\r\n", PW_HTTP_304},
	{"If-None-Match: " OTHER "\r\nIf-None-Match: " TAG "\r\n", PW_HTTP_304},
	{"If-None-Match: \"\r\n", PW_HTTP_200},
	{"If-None-Match: W/\r\n", PW_HTTP_200},
	{"If-None-Match: " OTHER "\r\nIf-Modified-Since: " AFTER "\r\n", PW_HTTP_200},
	{"If-None-Match: " TAG "\r\nIf-Modified-Since: " BEFORE "\r\n", PW_HTTP_304},
	{"If-Match: " TAG "\r\nIf-None-Match: " TAG "\r\n", PW_HTTP_304},
	/* 4 */
	{"If-Modified-Since: " BEFORE "\r\n", PW_HTTP_200},
	{"If-Modified-Since: " SAME "\r\n", PW_HTTP_304},
	{"If-Modified-Since: " AFTER "\r\n", PW_HTTP_304},
	{"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", PW_HTTP_304},
	{"If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", PW_HTTP_304},
	{"If-Modified-Since: 0\r\n", PW_HTTP_200},
	{"If-Unmodified-Since: " SAME "\r\nIf-Modified-Since: " SAME "\r\n", PW_HTTP_304},
};

static void
c144_precedence(void)
{
	struct pw_http_validators v = validators();
	size_t i;

	for (i = 0; i < RTE_DIM(table); i++) {
		enum pw_http_status got = pw_http_cond(req_make(table[i].fields), &v, NOW_S);

		if (got != table[i].status)
			printf("\n  %s: %s\n", table[i].fields, pw_http_status[got].name);
		CU_ASSERT_EQUAL(got, table[i].status);
	}
}

/* C148 */
static const struct {
	const char *fields;
	bool honoured;
} if_range[] = {
	{"", true},
	{"If-Range: " TAG "\r\n", true},
	{"If-Range: W/" TAG "\r\n", false},
	{"If-Range: " OTHER "\r\n", false},
	{"If-Range: *\r\n", false},
	{"If-Range: " TAG ", " OTHER "\r\n", false},
	{"If-Range: " TAG "\r\nIf-Range: " TAG "\r\n", false},
	{"If-Range: " SAME "\r\n", true},
	{"If-Range: " BEFORE "\r\n", false},
	{"If-Range: " AFTER "\r\n", false},
	{"If-Range: " FUTURE "\r\n", false},
	{"If-Range: x\r\n", false},
	{"If-Range:\r\n", false},
};

static void
c148_if_range_needs_the_same(void)
{
	struct pw_http_validators v = validators();
	size_t i;

	for (i = 0; i < RTE_DIM(if_range); i++) {
		bool got = pw_http_if_range(req_make(if_range[i].fields), &v, NOW_S);

		if (got != if_range[i].honoured)
			printf("\n  %s\n", if_range[i].fields);
		CU_ASSERT_EQUAL(got, if_range[i].honoured);
	}
}

static CU_TestInfo tests[] = {
	{"c144_precedence", c144_precedence},
	{"c148_if_range_needs_the_same", c148_if_range_needs_the_same},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_cond = {.pName = "http_cond", .pTests = tests};
