/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "req_make.h"

#define BR	PW_HTTP_BR
#define GZ	PW_HTTP_GZIP
#define ID	PW_HTTP_IDENTITY
#define ALL	(1 << BR | 1 << GZ | 1 << ID)
#define ONLY_GZ (1 << GZ | 1 << ID)

/* RFC 9110 12.5.3 */
static const struct {
	const char *value; /* NULL: no field */
	uint32_t have;
	enum pw_http_coding best;
} table[] = {
	{NULL, ALL, ID},
	{"", ALL, ID},
	{"gzip", ALL, GZ},
	{"GZIP", ALL, GZ},
	{"x-gzip", ALL, GZ},
	{"br", ALL, BR},
	{"gzip, br", ALL, BR},
	{"gzip, deflate, br, zstd", ALL, BR},
	{"gzip, br", ONLY_GZ, GZ},
	{"br", ONLY_GZ, ID},
	{"gzip;q=1.0, br;q=0.5", ALL, GZ},
	{"gzip;q=0.123, br;q=0.124", ALL, BR},
	{"gzip;q=0", ALL, ID},
	{"gzip;q=0.000", ALL, ID},
	{"gzip;q=0, *", ALL, BR},
	{"*", ALL, BR},
	{"*", ONLY_GZ, GZ},
	{"*;q=0", ALL, ID},
	{"br;q=0, *;q=0.1", ALL, GZ},
	{"gzip;q=0.5, identity", ALL, ID},
	{"gzip;q=0.5, identity;q=0.5", ALL, GZ},
	{"gzip;q=0.001", ALL, GZ},
	{"identity;q=0, gzip", ALL, GZ},
	{"identity;q=0", ALL, ID}, /* none is acceptable: sent all the same */
	{"identity;q=0, *;q=0", ALL, ID},
	{"gzip ; q=0.5", ALL, GZ},
	{"gzip;Q=0.5", ALL, GZ},
	{"gzip;q=1.001", ALL, ID}, /* no weight at all */
	{"gzip;q=0.1234", ALL, ID},
	{"gzip;q=", ALL, ID},
	{"gzip;q=.5", ALL, ID},
	{"gzip;level=9", ALL, ID},
	{"gzip2, brotli", ALL, ID},
	{",, ,gzip,", ALL, GZ},
};

static void
chooses(void)
{
	char line[128] = "";
	size_t i;

	for (i = 0; i < RTE_DIM(table); i++) {
		enum pw_http_coding got;

		if (table[i].value != NULL)
			snprintf(line, sizeof(line), "Accept-Encoding: %s\r\n", table[i].value);
		got = pw_http_accept(req_make(line), table[i].have);
		if (got != table[i].best)
			printf("\n  %s: %d\n", table[i].value, got);
		CU_ASSERT_EQUAL(got, table[i].best);
	}
}

/* RFC 9110 5.3: several field lines are one list. */
static void
joins_field_lines(void)
{
	const struct pw_req *req =
		req_make("Accept-Encoding: gzip;q=0.5\r\nX: y\r\naccept-encoding: br;q=0.4\r\n");

	CU_ASSERT_EQUAL(pw_http_accept(req, ALL), GZ);
}

static CU_TestInfo tests[] = {
	{"chooses", chooses},
	{"joins_field_lines", joins_field_lines},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_accept = {.pName = "http_accept", .pTests = tests};
