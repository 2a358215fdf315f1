/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <pthread.h>
#include "content.h"
#include "pw_rand.h"

#define PERIOD 65521 /* a prime: no segment size divides it */

static uint8_t table[PERIOD + CONTENT_RUN_MAX];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
fill(void)
{
	struct pw_rand r;
	uint32_t i;

	pw_rand_init(&r, PERIOD);
	for (i = 0; i < sizeof(table); i++)
		table[i] = i < PERIOD ? (uint8_t)pw_rand_u64(&r) : table[i - PERIOD];
}

uint32_t
content_of(uint64_t seed, uint16_t from, uint16_t to, uint32_t life)
{
	uint64_t name = (uint64_t)life << 32 | (uint32_t)from << 16 | to;
	uint64_t x = seed ^ name * UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 29;
	return (uint32_t)(x % PERIOD);
}

const uint8_t *
content_at(uint32_t which, pw_off off)
{
	pthread_once(&once, fill);
	return table + (which + off) % PERIOD;
}
