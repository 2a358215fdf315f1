/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <sys/mman.h>
#include "pw_store.h"

/* mmap() aligns to small pages only: take one page more and give back what is around. */
static void *
heap_alloc(void *ctx, size_t bytes)
{
	size_t all = bytes + PW_PAGE_BYTES;
	uint8_t *mem, *start;

	if (all < bytes) {
		errno = ENOMEM;
		return NULL;
	}
	mem = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return NULL;
	start = RTE_PTR_ALIGN_CEIL(mem, PW_PAGE_BYTES);
	if (start > mem)
		munmap(mem, (size_t)(start - mem));
	munmap(start + bytes, (size_t)(mem + all - (start + bytes)));
	madvise(start, bytes, MADV_HUGEPAGE); /* a wish: any answer will do */
	return start;
}

static void
heap_free(void *ctx, void *mem, size_t bytes)
{
	munmap(mem, bytes);
}

static uint64_t
heap_iova(void *ctx, const void *addr)
{
	return UINT64_MAX;
}

const struct pw_arena pw_arena_heap = {
	.alloc = heap_alloc,
	.free = heap_free,
	.iova = heap_iova,
};
