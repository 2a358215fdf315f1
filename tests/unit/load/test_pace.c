/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Moments at a steady rate.
 */
#include <CUnit/CUnit.h>
#include "load_priv.h"

static const uint32_t rates[] = {1, 2, 3, 7, 999, 1000, 12345, 1000000};

/* In any second there are as many moments as the rate says, and not one drifts. */
static void
rate_is_exact(void)
{
	uint32_t i;

	for (i = 0; i < RTE_DIM(rates); i++) {
		struct pace p;
		uint64_t n = 0;

		pace_init(&p, rates[i], 5);
		while (p.at < 5 + 3 * PW_NS_PER_S) {
			double exact = 5 + (double)n * 1e9 / rates[i];
			pw_ns at = pace_take(&p);

			CU_ASSERT_TRUE((double)at <= exact && (double)at >= exact - 2);
			n++;
		}
		CU_ASSERT_TRUE(n == 3 * (uint64_t)rates[i] || n == 3 * (uint64_t)rates[i] + 1);
	}
}

static void
behind_counts_what_take_would_give(void)
{
	uint32_t i;

	for (i = 0; i < RTE_DIM(rates); i++) {
		pw_ns now = 5 + PW_NS_PER_S + 123457;
		struct pace p;
		uint64_t n;

		pace_init(&p, rates[i], 5);
		n = pace_behind(&p, now);
		CU_ASSERT_EQUAL(pace_behind(&p, 4), 0);
		CU_ASSERT_EQUAL(pace_behind(&p, 5), 1);
		while (p.at <= now) {
			pace_take(&p);
			n--;
			CU_ASSERT_EQUAL(pace_behind(&p, now), n);
		}
		CU_ASSERT_EQUAL(n, 0);
	}
}

static void
no_rate_never_comes(void)
{
	struct pace p;

	pace_init(&p, 0, 5);
	CU_ASSERT_EQUAL(p.at, PW_NEVER);
	CU_ASSERT_EQUAL(pace_behind(&p, PW_NEVER - 1), 0);
}

static CU_TestInfo tests[] = {
	{"rate_is_exact", rate_is_exact},
	{"behind_counts_what_take_would_give", behind_counts_what_take_would_give},
	{"no_rate_never_comes", no_rate_never_comes},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_load_pace = {
	.pName = "load_pace",
	.pTests = tests,
};
