/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 *	unit-MODULE [-o FILE] [SUITE...]
 *
 * Runs the suites of one module, or those whose names are given. Exits 1 when an
 * assertion, a test or a suite failed, or when nothing ran. FILE gets one line a
 * test: "passed SUITE TEST" or "failed SUITE TEST".
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/Basic.h>
#include "runner.h"

static int
wanted(const char *name, int argc, char **argv)
{
	int i;

	if (argc < 1)
		return 1;
	for (i = 0; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return 1;
	return 0;
}

static int
register_suites(int argc, char **argv)
{
	size_t i;

	for (i = 0; unit_suites[i] != NULL; i++) {
		CU_SuiteInfo one[] = {*unit_suites[i], CU_SUITE_INFO_NULL};

		if (!wanted(one[0].pName, argc, argv))
			continue;
		if (CU_register_suites(one) != CUE_SUCCESS) {
			fprintf(stderr, "%s: %s\n", one[0].pName, CU_get_error_msg());
			return -1;
		}
	}
	return 0;
}

static int
has_failed(const struct CU_Suite *suite, const struct CU_Test *test)
{
	const struct CU_FailureRecord *f;

	for (f = CU_get_failure_list(); f != NULL; f = f->pNext)
		if (f->pSuite == suite && (f->pTest == test || f->pTest == NULL))
			return 1;
	return 0;
}

static int
write_results(const char *path)
{
	FILE *out = fopen(path, "w");
	struct CU_Suite *s;
	struct CU_Test *t;

	if (out == NULL) {
		perror(path);
		return -1;
	}
	for (s = CU_get_registry()->pSuite; s != NULL; s = s->pNext)
		for (t = s->pTest; t != NULL; t = t->pNext)
			fprintf(out, "%s %s %s\n", has_failed(s, t) ? "failed" : "passed", s->pName,
				t->pName);
	return fclose(out);
}

int
main(int argc, char **argv)
{
	const char *results = NULL;
	unsigned int bad;

	argc--, argv++;
	if (argc >= 2 && strcmp(argv[0], "-o") == 0) {
		results = argv[1];
		argc -= 2, argv += 2;
	}
	if (CU_initialize_registry() != CUE_SUCCESS || register_suites(argc, argv) != 0)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	bad = CU_get_number_of_failures() + CU_get_number_of_tests_failed() +
	      CU_get_number_of_suites_failed();
	if (CU_get_number_of_tests_run() == 0) {
		fprintf(stderr, "no test ran\n");
		bad++;
	}
	if (results != NULL && write_results(results) != 0)
		bad++;
	CU_cleanup_registry();
	return bad == 0 ? 0 : 1;
}
