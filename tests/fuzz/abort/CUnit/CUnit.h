/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef FUZZ_CUNIT_H
#define FUZZ_CUNIT_H

/**
 * @file
 * Stands in for CUnit where the fuzzers are linked with the rigs of the unit
 * tests: an assertion that fails ends the run, and libFuzzer keeps the input.
 */
#include "../../fuzz.h"

#define CU_ASSERT(c)			FUZZ_ASSERT(c)
#define CU_ASSERT_FATAL(c)		FUZZ_ASSERT(c)
#define CU_ASSERT_TRUE(c)		FUZZ_ASSERT(c)
#define CU_ASSERT_TRUE_FATAL(c)		FUZZ_ASSERT(c)
#define CU_ASSERT_FALSE(c)		FUZZ_ASSERT(!(c))
#define CU_ASSERT_FALSE_FATAL(c)	FUZZ_ASSERT(!(c))
#define CU_ASSERT_EQUAL(a, b)		FUZZ_ASSERT((a) == (b))
#define CU_ASSERT_EQUAL_FATAL(a, b)	FUZZ_ASSERT((a) == (b))
#define CU_ASSERT_NOT_EQUAL(a, b)	FUZZ_ASSERT((a) != (b))
#define CU_ASSERT_NOT_EQUAL_FATAL(a, b) FUZZ_ASSERT((a) != (b))
#define CU_ASSERT_PTR_NULL(p)		FUZZ_ASSERT((p) == NULL)
#define CU_ASSERT_PTR_NULL_FATAL(p)	FUZZ_ASSERT((p) == NULL)
#define CU_ASSERT_PTR_NOT_NULL(p)	FUZZ_ASSERT((p) != NULL)
#define CU_ASSERT_PTR_NOT_NULL_FATAL(p) FUZZ_ASSERT((p) != NULL)

#endif
