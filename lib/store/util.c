/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdlib.h>
#include "store_priv.h"

RTE_LOG_REGISTER(pw_log_store, pagewire.store, NOTICE);

void *
store_grow(void *array, uint32_t *cap, uint64_t n, size_t size)
{
	uint64_t want = pw_min(pw_max(n, pw_max(64, (uint64_t)*cap * 2)), UINT32_MAX);
	void *more;

	if (n <= *cap)
		return array;
	if (n > UINT32_MAX)
		return NULL;
	more = realloc(array, want * size);
	if (more != NULL)
		*cap = (uint32_t)want;
	return more;
}

const char *
store_show(const char *path, char out[STORE_SHOW_MAX])
{
	size_t i;

	for (i = 0; i < STORE_SHOW_MAX - 1 && path[i] != '\0'; i++)
		out[i] = (uint8_t)path[i] < ' ' || path[i] == 0x7f ? '?' : path[i];
	out[i] = '\0';
	return out;
}
