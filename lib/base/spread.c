/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_spread.h"

/*
 * Toeplitz of 16 bits under the repeated key: for each bit that is set, counted from
 * the left, the 32 bits of the key that begin there; of these, the last 16 decide.
 */
static uint16_t
toeplitz(uint16_t fold)
{
	uint16_t key = PW_SPREAD_KEY_HI << 8 | PW_SPREAD_KEY_LO;
	uint16_t hash = 0;
	uint32_t bit;

	for (bit = 0x8000; bit != 0; bit >>= 1) {
		if (fold & bit)
			hash ^= key;
		key = (uint16_t)(key << 1 | key >> 15);
	}
	return hash;
}

void
pw_spread_init(struct pw_spread *s, uint32_t n_workers)
{
	uint32_t i;

	PW_ASSERT(n_workers != 0 && n_workers <= PW_WORKERS_MAX);
	s->n_workers = n_workers;
	for (i = 0; i < 256; i++) {
		s->hi[i] = toeplitz((uint16_t)(i << 8)) % PW_SPREAD_CELLS;
		s->lo[i] = toeplitz((uint16_t)i) % PW_SPREAD_CELLS;
	}
	for (i = 0; i < PW_SPREAD_CELLS; i++)
		s->worker[i] = (uint8_t)(i % n_workers);
}

uint32_t
pw_spread_cells_of(const struct pw_spread *s, uint32_t worker)
{
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < PW_SPREAD_CELLS; i++)
		n += s->worker[i] == worker;
	return n;
}

static rte_be32_t
words_of(const struct pw_addr *a)
{
	return a->d[0] ^ a->d[1] ^ a->d[2] ^ a->d[3];
}

uint32_t
pw_spread_worker_of(const struct pw_spread *s, const struct pw_addr *a, uint16_t a_port,
	const struct pw_addr *b, uint16_t b_port)
{
	uint16_t fold = pw_spread_fold(words_of(a) ^ words_of(b));

	return pw_spread_worker(s, fold ^ a_port ^ b_port);
}
