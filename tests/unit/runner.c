/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Runs the suites of one module, or those whose names are given as arguments.
 * Exits 1 when an assertion, a test or a suite failed, or when nothing ran.
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/Basic.h>
#include "runner.h"

static int
wanted(const char *name, int argc, char **argv)
{
	int i;

	if (argc < 2)
		return 1;
	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return 1;
	return 0;
}

int
main(int argc, char **argv)
{
	unsigned int bad;
	size_t i;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	for (i = 0; unit_suites[i] != NULL; i++) {
		CU_SuiteInfo one[] = {*unit_suites[i], CU_SUITE_INFO_NULL};

		if (!wanted(one[0].pName, argc, argv))
			continue;
		if (CU_register_suites(one) != CUE_SUCCESS) {
			fprintf(stderr, "%s: %s\n", one[0].pName, CU_get_error_msg());
			return 1;
		}
	}
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	bad = CU_get_number_of_failures() + CU_get_number_of_tests_failed() +
		CU_get_number_of_suites_failed();
	if (CU_get_number_of_tests_run() == 0) {
		fprintf(stderr, "no test ran\n");
		bad++;
	}
	CU_cleanup_registry();
	return bad == 0 ? 0 : 1;
}
