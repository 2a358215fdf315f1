/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef UNIT_RUNNER_H
#define UNIT_RUNNER_H

#include <CUnit/CUnit.h>

/** The suites of the module under test, ended by NULL; made by the build. */
extern CU_SuiteInfo *const unit_suites[];

#endif
