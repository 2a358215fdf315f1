/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_RAND_H
#define PW_RAND_H

/**
 * @file
 * Repeatable random numbers: the same seed, the same sequence, on every build.
 * Not for secrets; those come from libsodium.
 *
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators" (xoshiro256**), seeded by splitmix64.
 */
#include "pw_base.h"

struct pw_rand {
	uint64_t s[4];
};

void pw_rand_init(struct pw_rand *r, uint64_t seed);

uint64_t pw_rand_u64(struct pw_rand *r);

/** Uniform in [0, bound); bound is at least 1. */
uint64_t pw_rand_below(struct pw_rand *r, uint64_t bound);

#endif
