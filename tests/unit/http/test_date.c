/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <time.h>
#include <CUnit/CUnit.h>
#include "http_priv.h"
#include "pw_rand.h"

#define NOW_S INT64_C(1795399800) /* 2026-11-23 02:10:00 */

static const char *
formatted(int64_t unix_s)
{
	static char text[PW_HTTP_DATE_LEN + 1];

	pw_http_date_format(unix_s, text);
	return text;
}

static bool
parse(const char *text, int64_t *unix_s)
{
	return pw_http_date_parse((struct pw_str){text, (uint32_t)strlen(text)}, NOW_S, unix_s);
}

static void
formats_known_dates(void)
{
	CU_ASSERT_STRING_EQUAL(formatted(0), "Thu, 01 Jan 1970 00:00:00 GMT");
	CU_ASSERT_STRING_EQUAL(formatted(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
	CU_ASSERT_STRING_EQUAL(formatted(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
	CU_ASSERT_STRING_EQUAL(formatted(NOW_S), "Mon, 23 Nov 2026 02:10:00 GMT");
	CU_ASSERT_STRING_EQUAL(formatted(INT64_C(253402300799)), "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* The C library is the naive twin. */
static void
agrees_with_strftime(void)
{
	struct pw_rand r;
	int i;

	pw_rand_init(&r, 1);
	for (i = 0; i < 20000; i++) {
		time_t t = (time_t)pw_rand_below(&r, UINT64_C(253402300800));
		int64_t back = -1;
		char want[64];
		struct tm tm;

		strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
		CU_ASSERT_STRING_EQUAL_FATAL(formatted(t), want);
		CU_ASSERT_TRUE(parse(want, &back));
		CU_ASSERT_EQUAL_FATAL(back, t);
	}
}

static void
reads_three_formats(void)
{
	static const char *const same[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
	};
	int64_t s;
	size_t i;

	for (i = 0; i < RTE_DIM(same); i++) {
		s = 0;
		CU_ASSERT_TRUE(parse(same[i], &s));
		CU_ASSERT_EQUAL(s, 784111777);
	}
	CU_ASSERT_TRUE(parse("Wed Nov 16 08:49:37 1994", &s));
	CU_ASSERT_EQUAL(s, 784111777 + 10 * 86400);
}

/* RFC 9110 5.6.7: a year more than 50 years ahead is meant of the last century. */
static void
century_of_two_digit_years(void)
{
	int64_t s;

	CU_ASSERT_TRUE(parse("Friday, 01-Jan-76 00:00:00 GMT", &s));
	CU_ASSERT_STRING_EQUAL(formatted(s), "Wed, 01 Jan 2076 00:00:00 GMT");
	CU_ASSERT_TRUE(parse("Saturday, 01-Jan-77 00:00:00 GMT", &s));
	CU_ASSERT_STRING_EQUAL(formatted(s), "Sat, 01 Jan 1977 00:00:00 GMT");
}

static void
refuses_what_is_no_date(void)
{
	static const char *const bad[] = {
		"",
		"Sun",
		"0",
		"yesterday",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 29 Feb 1900 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov 94 08:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994",
		"Sun Nov  6 08:49:37 1994 GMT",
		"Sun, +6 Nov 1994 08:49:37 GMT",
	};
	int64_t s;
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		if (parse(bad[i], &s))
			printf("\n  taken: %s\n", bad[i]);
		CU_ASSERT_FALSE(parse(bad[i], &s));
	}
}

static CU_TestInfo tests[] = {
	{"formats_known_dates", formats_known_dates},
	{"agrees_with_strftime", agrees_with_strftime},
	{"reads_three_formats", reads_three_formats},
	{"century_of_two_digit_years", century_of_two_digit_years},
	{"refuses_what_is_no_date", refuses_what_is_no_date},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_date = {.pName = "http_date", .pTests = tests};
