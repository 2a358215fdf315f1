/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Pages of the store in memory of the EAL's: every device can read it, and so
 * can the peer of a vhost-user socket, to whom the EAL hands its segments.
 */
#include <rte_malloc.h>
#include <rte_memory.h>
#include "app.h"

static void *
arena_alloc(void *ctx, size_t bytes)
{
	void *mem = rte_zmalloc("pages", bytes, PW_PAGE_BYTES);

	if (mem != NULL)
		return mem;
	COMPLAIN("the EAL has no %zu MiB in one piece: give it more with -m, or use "
		 "--arena hugetlbfs",
		bytes >> 20);
	errno = ENOMEM;
	return NULL;
}

static void
arena_free(void *ctx, void *mem, size_t bytes)
{
	rte_free(mem);
}

/* A page never crosses a hugepage, so its first byte speaks for all of it. */
static uint64_t
arena_iova(void *ctx, const void *addr)
{
	return rte_mem_virt2iova(addr);
}

const struct pw_arena arena_eal = {
	.alloc = arena_alloc,
	.free = arena_free,
	.iova = arena_iova,
};
