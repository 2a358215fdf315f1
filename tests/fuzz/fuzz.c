/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "fuzz.h"

/* Twice the period, so that every run of one period is in one piece. */
static uint8_t stream[2 * FUZZ_STREAM_PERIOD];

__attribute__((constructor)) static void
fill(void)
{
	uint64_t x = 1;
	size_t i;

	for (i = 0; i < FUZZ_STREAM_PERIOD; i++) {
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		stream[i] = stream[i + FUZZ_STREAM_PERIOD] = (uint8_t)(x >> 56);
	}
}

const uint8_t *
fuzz_stream(uint64_t off)
{
	return stream + off % FUZZ_STREAM_PERIOD;
}
