/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The histogram against sorted samples.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "pw_hist.h"
#include "pw_rand.h"

#define SEED	  UINT64_C(0x10ad1)
#define SAMPLES	  20000
#define PRECISION (1.0 / (1 << PW_HIST_BITS))

static struct pw_hist hist;
static struct pw_hist other;
static pw_ns samples[SAMPLES];

static void
setup(void)
{
	hist = (struct pw_hist){0};
	other = (struct pw_hist){0};
}

static void
small_values_are_exact(void)
{
	pw_ns v;

	for (v = 0; v < 2 << PW_HIST_BITS; v++) {
		CU_ASSERT_EQUAL(pw_hist_index(v), v);
		CU_ASSERT_EQUAL(pw_hist_bucket_max((uint32_t)v), v);
	}
}

/* Every value lies above the bucket before its own, and within 1/128 of its bucket's top. */
static void
buckets_join_and_are_narrow(void)
{
	uint32_t i;

	for (i = 1; i < PW_HIST_BUCKETS; i++) {
		pw_ns low = pw_hist_bucket_max(i - 1) + 1;
		pw_ns high = pw_hist_bucket_max(i);

		CU_ASSERT_EQUAL(pw_hist_index(low), i);
		CU_ASSERT_EQUAL(pw_hist_index(high), i);
		CU_ASSERT_TRUE((double)(high - low) <= (double)low * PRECISION);
	}
	CU_ASSERT_EQUAL(
		pw_hist_bucket_max(PW_HIST_BUCKETS - 1), (UINT64_C(1) << PW_HIST_EXP_MAX) - 1);
}

static void
beyond_the_range_the_maximum_is_kept(void)
{
	pw_hist_add(&hist, UINT64_C(3) << PW_HIST_EXP_MAX);
	pw_hist_add(&hist, PW_NEVER - 1);
	CU_ASSERT_EQUAL(hist.bucket[PW_HIST_BUCKETS - 1], 2);
	CU_ASSERT_EQUAL(pw_hist_quantile(&hist, 0.5), PW_NEVER - 1);
	CU_ASSERT_EQUAL(hist.max, PW_NEVER - 1);
}

static void
empty_has_no_figures(void)
{
	CU_ASSERT_EQUAL(pw_hist_count(&hist), 0);
	CU_ASSERT_EQUAL(pw_hist_mean(&hist), 0);
	CU_ASSERT_EQUAL(pw_hist_quantile(&hist, 0.5), 0);
	CU_ASSERT_EQUAL(pw_hist_quantile(&hist, 1), 0);
}

static int
by_value(const void *a, const void *b)
{
	const pw_ns *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The sample of which the share @p q is not larger: the smallest such. */
static pw_ns
exact_quantile(double q)
{
	uint32_t rank = (uint32_t)(q * SAMPLES);

	rank += rank < q * SAMPLES;
	return samples[rank == 0 ? 0 : rank - 1];
}

static void
quantiles_match_sorted_samples(void)
{
	static const double qs[] = {0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
	struct pw_rand r;
	uint64_t sum = 0;
	uint32_t i;

	printf("seed %#llx ", (unsigned long long)SEED);
	pw_rand_init(&r, SEED);
	for (i = 0; i < SAMPLES; i++) {
		samples[i] = pw_rand_u64(&r) >> (24 + pw_rand_below(&r, 38));
		pw_hist_add(&hist, samples[i]);
		sum += samples[i];
	}
	qsort(samples, SAMPLES, sizeof(samples[0]), by_value);
	for (i = 0; i < RTE_DIM(qs); i++) {
		pw_ns exact = exact_quantile(qs[i]);
		pw_ns told = pw_hist_quantile(&hist, qs[i]);

		CU_ASSERT_TRUE(told >= exact);
		CU_ASSERT_TRUE((double)(told - exact) <= (double)exact * PRECISION);
	}
	CU_ASSERT_EQUAL(pw_hist_quantile(&hist, 1), samples[SAMPLES - 1]);
	CU_ASSERT_EQUAL(pw_hist_count(&hist), SAMPLES);
	CU_ASSERT_EQUAL(pw_hist_mean(&hist), sum / SAMPLES);
}

static void
merged_is_as_if_added_to_one(void)
{
	static struct pw_hist all;
	pw_ns v;

	all = (struct pw_hist){0};
	for (v = 1; v < 1000000; v = v * 3 + 1) {
		pw_hist_add(v % 2 != 0 ? &hist : &other, v);
		pw_hist_add(&all, v);
	}
	pw_hist_merge(&hist, &other);
	CU_ASSERT_EQUAL(memcmp(&hist, &all, sizeof(all)), 0);
}

static void
since_tells_of_what_came_after(void)
{
	static struct pw_hist diff;

	pw_hist_add(&hist, 1000000);
	other = hist;
	pw_hist_add(&hist, 100);
	pw_hist_add(&hist, 200);
	pw_hist_since(&diff, &hist, &other);
	CU_ASSERT_EQUAL(pw_hist_count(&diff), 2);
	CU_ASSERT_EQUAL(pw_hist_mean(&diff), 150);
	CU_ASSERT_EQUAL(pw_hist_quantile(&diff, 0.5), 100);
	CU_ASSERT_EQUAL(diff.max, 200);
}

static CU_TestInfo tests[] = {
	{"small_values_are_exact", small_values_are_exact},
	{"buckets_join_and_are_narrow", buckets_join_and_are_narrow},
	{"beyond_the_range_the_maximum_is_kept", beyond_the_range_the_maximum_is_kept},
	{"empty_has_no_figures", empty_has_no_figures},
	{"quantiles_match_sorted_samples", quantiles_match_sorted_samples},
	{"merged_is_as_if_added_to_one", merged_is_as_if_added_to_one},
	{"since_tells_of_what_came_after", since_tells_of_what_came_after},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_load_hist = {
	.pName = "load_hist",
	.pSetUpFunc = setup,
	.pTests = tests,
};
