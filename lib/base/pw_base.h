/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_BASE_H
#define PW_BASE_H

/**
 * @file
 * Units and small things that every module uses.
 *
 * Errors: set-up functions return 0 or -errno (creators: NULL with errno set);
 * packet functions return an enum pw_drop and the caller counts it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rte_branch_prediction.h>
#include <rte_common.h>

/** Nanoseconds, since a moment that the owner of the clock chooses. */
typedef uint64_t pw_ns;

/** Bytes from the start of a file, an object or a TCP stream. */
typedef uint64_t pw_off;

#define PW_NEVER     UINT64_MAX /**< a deadline that does not come */
#define PW_NS_PER_US UINT64_C(1000)
#define PW_NS_PER_MS UINT64_C(1000000)
#define PW_NS_PER_S  UINT64_C(1000000000)

/** An invariant. Checked where -Dasserts=true: in tests, not in the appliance. */
#ifdef PW_DEBUG
#define PW_ASSERT(cond)                                              \
	do {                                                         \
		if (unlikely(!(cond)))                               \
			pw_assert_failed(#cond, __FILE__, __LINE__); \
	} while (0)
#else
#define PW_ASSERT(cond) ((void)sizeof(!(cond)))
#endif

/** Print the broken invariant and abort. */
__attribute__((noreturn)) void pw_assert_failed(const char *cond, const char *file, int line);

static inline uint64_t
pw_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t
pw_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/** The address of the struct of @p type whose @p member is at @p ptr. */
#define pw_container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/** Memory for a module: hugepages in a worker, the heap in a test. */
struct pw_mem {
	/** Zeroed memory aligned to a cache line, or NULL. Set-up time only. */
	void *(*alloc)(void *ctx, size_t bytes, const char *what);
	void (*free)(void *ctx, void *mem);
	void *ctx;
};

/** The heap, for tests and tools. */
extern const struct pw_mem pw_mem_heap;

#endif
