/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pw_base.h"

void
pw_assert_failed(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, cond);
	abort();
}

static void *
heap_alloc(void *ctx, size_t bytes, const char *what)
{
	void *mem = NULL;

	(void)what;
	if (posix_memalign(&mem, 64, bytes) != 0)
		return NULL;
	return memset(mem, 0, bytes);
}

static void
heap_free(void *ctx, void *mem)
{
	free(mem);
}

const struct pw_mem pw_mem_heap = {.alloc = heap_alloc, .free = heap_free};
