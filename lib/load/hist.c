/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_hist.h"

pw_ns
pw_hist_bucket_max(uint32_t i)
{
	uint32_t shift;

	if (i < 2 << PW_HIST_BITS)
		return i;
	shift = (i >> PW_HIST_BITS) - 1;
	return ((pw_ns)(i - (shift << PW_HIST_BITS) + 1) << shift) - 1;
}

uint64_t
pw_hist_count(const struct pw_hist *h)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < PW_HIST_BUCKETS; i++)
		n += h->bucket[i];
	return n;
}

pw_ns
pw_hist_mean(const struct pw_hist *h)
{
	uint64_t n = pw_hist_count(h);

	return n == 0 ? 0 : h->sum / n;
}

/* How many of @p n values make up the share @p q: at least one, at most all. */
static uint64_t
rank_of(uint64_t n, double q)
{
	double exact = q * (double)n;
	uint64_t rank = exact <= 0 ? 0 : (uint64_t)exact;

	rank += (double)rank < exact;
	return pw_min(pw_max(rank, 1), n);
}

pw_ns
pw_hist_quantile(const struct pw_hist *h, double q)
{
	uint64_t n = pw_hist_count(h);
	uint64_t rank = rank_of(n, q);
	uint64_t seen = 0;
	uint32_t i;

	for (i = 0; n != 0 && i < PW_HIST_BUCKETS - 1; i++) {
		seen += h->bucket[i];
		if (seen >= rank)
			return pw_min(pw_hist_bucket_max(i), h->max);
	}
	return h->max;
}

void
pw_hist_merge(struct pw_hist *to, const struct pw_hist *from)
{
	uint32_t i;

	for (i = 0; i < PW_HIST_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
	to->sum += from->sum;
	to->max = pw_max(to->max, from->max);
}

void
pw_hist_since(struct pw_hist *out, const struct pw_hist *now, const struct pw_hist *before)
{
	uint32_t i;

	out->max = 0;
	out->sum = now->sum - before->sum;
	for (i = 0; i < PW_HIST_BUCKETS; i++) {
		out->bucket[i] = now->bucket[i] - before->bucket[i];
		if (out->bucket[i] != 0)
			out->max = pw_min(pw_hist_bucket_max(i), now->max);
	}
	if (out->bucket[PW_HIST_BUCKETS - 1] != 0)
		out->max = now->max;
}
