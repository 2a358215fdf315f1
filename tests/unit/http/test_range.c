/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "http_priv.h"

#define IGN   PW_HTTP_RANGE_IGNORED
#define OK    PW_HTTP_RANGE_OK
#define UNSAT PW_HTTP_RANGE_UNSATISFIABLE
#define BIG   UINT64_C(5000000000)

/* C146, C147 */
static const struct {
	const char *value;
	pw_off size;
	enum pw_http_range_is is;
	uint32_t n;
	struct pw_http_range r[4];
} table[] = {
	{"bytes=0-0", 10, OK, 1, {{0, 0}}},
	{"bytes=2-5", 10, OK, 1, {{2, 5}}},
	{"bytes=2-", 10, OK, 1, {{2, 9}}},
	{"bytes=-3", 10, OK, 1, {{7, 9}}},
	{"bytes=-10", 10, OK, 1, {{0, 9}}},
	{"bytes=-99", 10, OK, 1, {{0, 9}}},
	{"bytes=9-9", 10, OK, 1, {{9, 9}}},
	{"bytes=0-99", 10, OK, 1, {{0, 9}}},
	{"bytes=4-99999999999999999999999", 10, OK, 1, {{4, 9}}},
	{"Bytes=0-1", 10, OK, 1, {{0, 1}}},
	{"bytes=4294967296-", BIG, OK, 1, {{4294967296, BIG - 1}}},
	{"bytes=0-1,4-5", 10, OK, 2, {{0, 1}, {4, 5}}},
	{"bytes=0-1 ,\t4-5 , ,-1", 10, OK, 3, {{0, 1}, {4, 5}, {9, 9}}},
	{"bytes=8-9,0-1", 10, OK, 2, {{8, 9}, {0, 1}}},
	{"bytes=0-1,50-60", 10, OK, 1, {{0, 1}}},
	{"bytes=0-3,2-5", 10, OK, 2, {{0, 3}, {2, 5}}},
	/* nothing of it is there: 416 */
	{"bytes=10-", 10, UNSAT, 0, {{0}}},
	{"bytes=10-20,30-", 10, UNSAT, 0, {{0}}},
	{"bytes=-0", 10, UNSAT, 0, {{0}}},
	{"bytes=0-", 0, UNSAT, 0, {{0}}},
	{"bytes=18446744073709551616-", 10, UNSAT, 0, {{0}}},
	/* no such syntax, or another unit: the whole file */
	{"bytes=-5", 0, IGN, 0, {{0}}},
	{"", 10, IGN, 0, {{0}}},
	{"bytes", 10, IGN, 0, {{0}}},
	{"bytes=", 10, IGN, 0, {{0}}},
	{"bytes=,", 10, IGN, 0, {{0}}},
	{"bytes=-", 10, IGN, 0, {{0}}},
	{"bytes=5", 10, IGN, 0, {{0}}},
	{"bytes=5-2", 10, IGN, 0, {{0}}},
	{"bytes=0-1,5-2", 10, IGN, 0, {{0}}},
	{"bytes=a-b", 10, IGN, 0, {{0}}},
	{"bytes=0x1-2", 10, IGN, 0, {{0}}},
	{"bytes=1-2-3", 10, IGN, 0, {{0}}},
	{"bytes=+1-2", 10, IGN, 0, {{0}}},
	{"bytes= 0-1;2-3", 10, IGN, 0, {{0}}},
	{"bytes 0-1", 10, IGN, 0, {{0}}},
	{"lines=0-1", 10, IGN, 0, {{0}}},
	/* too much: more than four, more than two overlaps, more bytes than there are */
	{"bytes=0-0,1-1,2-2,3-3,4-4", 10, IGN, 0, {{0}}},
	{"bytes=0-2,0-1,0-0,1-1", 10, IGN, 0, {{0}}},
	{"bytes=0-9,0-0", 10, IGN, 0, {{0}}},
	{"bytes=0-,0-,0-", BIG, IGN, 0, {{0}}},
};

static void
c146_c147_reads_every_row(void)
{
	struct pw_http_range r[4];
	uint32_t n;
	size_t i;

	for (i = 0; i < RTE_DIM(table); i++) {
		struct pw_str value = {table[i].value, (uint32_t)strlen(table[i].value)};
		enum pw_http_range_is is = pw_http_range_read(value, table[i].size, 4, r, &n);
		bool ok = is == table[i].is && (is != OK || n == table[i].n);

		if (ok && is == OK)
			ok = memcmp(r, table[i].r, n * sizeof(*r)) == 0;
		if (!ok)
			printf("\n  %s\n", table[i].value);
		CU_ASSERT_TRUE(ok);
	}
}

static CU_TestInfo tests[] = {
	{"c146_c147_reads_every_row", c146_c147_reads_every_row},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_range = {.pName = "http_range", .pTests = tests};
