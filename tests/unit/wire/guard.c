/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "guard.h"

static uint8_t *edge;

static uint8_t *
map_edge(void)
{
	uint8_t *m = mmap(
		NULL, 2 * GUARD_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (m == MAP_FAILED || mprotect(m + GUARD_MAX, GUARD_MAX, PROT_NONE) != 0)
		abort();
	return m + GUARD_MAX;
}

uint8_t *
guard_end(size_t len)
{
	if (len > GUARD_MAX)
		abort();
	if (edge == NULL)
		edge = map_edge();
	return edge - len;
}

uint8_t *
guard_copy(const void *bytes, size_t len)
{
	return memcpy(guard_end(len), bytes, len);
}
