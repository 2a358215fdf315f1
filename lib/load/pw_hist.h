/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_HIST_H
#define PW_HIST_H

/**
 * @file
 * Histogram of durations with the same relative precision everywhere: each power
 * of two is cut into equal parts (log-linear, the idea of HdrHistogram).
 *
 *	below 2^8 ns  one bucket a nanosecond: exact
 *	above         128 buckets for each power of two: a bucket is never wider
 *	              than 1/128 (0.8 %) of the values in it
 *	2^40 ns (18 minutes) and more: the last bucket; the maximum is kept exactly
 *
 * A quantile is given as the highest value of its bucket (the maximum at most), so
 * none is told lower than it was, nor more than 0.8 % higher.
 *
 * Adding is a shift, a count of zeroes and an increment. All zero is empty. Written
 * by one thread; another may read it meanwhile, each figure being right but not all
 * of one moment.
 */
#include "pw_base.h"

#define PW_HIST_BITS	7  /**< of a value that are kept behind its highest */
#define PW_HIST_EXP_MAX 40 /**< values below 2 to this are told apart */
#define PW_HIST_BUCKETS (((PW_HIST_EXP_MAX - PW_HIST_BITS) << PW_HIST_BITS) + (1 << PW_HIST_BITS))

struct pw_hist {
	pw_ns max;
	uint64_t sum; /**< of all values */
	uint64_t bucket[PW_HIST_BUCKETS];
};

static inline uint32_t
pw_hist_index(pw_ns v)
{
	uint32_t high = 63 - (uint32_t)__builtin_clzll(v | (1 << PW_HIST_BITS));
	uint32_t shift = high - PW_HIST_BITS;

	if (unlikely(high >= PW_HIST_EXP_MAX))
		return PW_HIST_BUCKETS - 1;
	return (shift << PW_HIST_BITS) + (uint32_t)(v >> shift);
}

static inline void
pw_hist_add(struct pw_hist *h, pw_ns v)
{
	h->bucket[pw_hist_index(v)]++;
	h->sum += v;
	if (unlikely(v > h->max))
		h->max = v;
}

/** The highest value that falls into bucket @p i. */
pw_ns pw_hist_bucket_max(uint32_t i);

/** Values added. */
uint64_t pw_hist_count(const struct pw_hist *h);

/** Of all values; 0 when there is none. */
pw_ns pw_hist_mean(const struct pw_hist *h);

/** The value that the share @p q (0 to 1) of all values does not exceed; 0 when there is none. */
pw_ns pw_hist_quantile(const struct pw_hist *h, double q);

/** Add @p from to @p to. */
void pw_hist_merge(struct pw_hist *to, const struct pw_hist *from);

/** What came to @p now since the copy @p before was taken; its maximum is that of its bucket. */
void pw_hist_since(struct pw_hist *out, const struct pw_hist *now, const struct pw_hist *before);

#endif
