/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <CUnit/CUnit.h>
#include "pw_base.h"

static void
min_and_max_are_unsigned(void)
{
	CU_ASSERT_EQUAL(pw_min(1, UINT64_MAX), 1);
	CU_ASSERT_EQUAL(pw_max(1, UINT64_MAX), UINT64_MAX);
	CU_ASSERT_EQUAL(pw_min(7, 7), 7);
}

static void
container_is_found(void)
{
	struct {
		char before[3];
		pw_ns member;
	} box;

	CU_ASSERT_PTR_EQUAL(pw_container_of(&box.member, __typeof__(box), member), &box);
}

static void
heap_memory_is_zeroed_and_aligned(void)
{
	uint8_t *p = pw_mem_heap.alloc(pw_mem_heap.ctx, 1000, "test");
	uint32_t set = 0;
	int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL((uintptr_t)p % 64, 0);
	for (i = 0; i < 1000; i++)
		set += p[i] != 0;
	CU_ASSERT_EQUAL(set, 0);
	pw_mem_heap.free(pw_mem_heap.ctx, p);
}

static CU_TestInfo tests[] = {
	{"min_and_max_are_unsigned", min_and_max_are_unsigned},
	{"container_is_found", container_is_found},
	{"heap_memory_is_zeroed_and_aligned", heap_memory_is_zeroed_and_aligned},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_base_base = {.pName = "base_base", .pTests = tests};
