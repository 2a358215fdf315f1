/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <ctype.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "pw_drop.h"

static bool
is_label(const char *c)
{
	for (; *c != '\0'; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			return false;
	return true;
}

/* Names are labels of counters: lower case, unique; every reason has a line of help. */
static void
every_reason_is_described(void)
{
	int i, j;

	CU_ASSERT_STRING_EQUAL(pw_drop_info[PW_DROP_ARP_BAD].name, "arp_bad");
	for (i = 0; i < PW_DROP_MAX; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(pw_drop_info[i].help);
		CU_ASSERT(strlen(pw_drop_info[i].help) > 5);
		CU_ASSERT(is_label(pw_drop_info[i].name));
		for (j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(pw_drop_info[i].name, pw_drop_info[j].name);
	}
}

static void
counting_touches_one_counter(void)
{
	struct pw_drops d = {0};
	uint64_t sum = 0;
	int i;

	pw_drop_count(&d, PW_DROP_TX_FULL);
	pw_drop_count(&d, PW_DROP_TX_FULL);
	for (i = 0; i < PW_DROP_MAX; i++)
		sum += d.n[i];
	CU_ASSERT_EQUAL(d.n[PW_DROP_TX_FULL], 2);
	CU_ASSERT_EQUAL(sum, 2);
}

static CU_TestInfo tests[] = {
	{"every_reason_is_described", every_reason_is_described},
	{"counting_touches_one_counter", counting_touches_one_counter},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_base_drop = {.pName = "base_drop", .pTests = tests};
