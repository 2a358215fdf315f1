/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <CUnit/CUnit.h>
#include "http_priv.h"

static struct pw_mime *mime;

static const char types_file[] = "# comment\n"
				 "text/css\tcss\n"
				 "application/empty\n"
				 "\n"
				 "application/gzip gz tgz # more\n"
				 "text/html html htm\n"
				 "image/late css\n"
				 "application/x-upper UP";

static void
setup(void)
{
	char path[] = "/tmp/pw-mime-XXXXXX";
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(
		write(fd, types_file, sizeof(types_file) - 1), (ssize_t)sizeof(types_file) - 1);
	close(fd);
	mime = pw_mime_create(path);
	unlink(path);
}

static void
teardown(void)
{
	pw_mime_destroy(mime);
}

static const struct {
	const char *path;
	const char *type;
} table[] = {
	{"a.css", "text/css; charset=utf-8"},
	{"A.CSS", "text/css; charset=utf-8"},
	{"d.gz/a.htm", "text/html; charset=utf-8"},
	{"x.tar.gz", "application/gzip"},
	{"x.tgz", "application/gzip"},
	{"x.up", "application/x-upper"},
	{"css", "application/octet-stream"},
	{"a.", "application/octet-stream"},
	{"a.cs", "application/octet-stream"},
	{"a.csss", "application/octet-stream"},
	{"d.css/a", "application/octet-stream"},
	{"", "application/octet-stream"},
	{".css", "text/css; charset=utf-8"},
};

static void
finds_types(void)
{
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mime);
	for (i = 0; i < RTE_DIM(table); i++) {
		uint16_t type = pw_mime_find(mime, table[i].path, (uint32_t)strlen(table[i].path));
		struct pw_str text = pw_mime_type(mime, type);

		CU_ASSERT_STRING_EQUAL(text.at, table[i].type);
		CU_ASSERT_EQUAL(text.len, strlen(table[i].type));
	}
}

static void
says_what_is_missing(void)
{
	CU_ASSERT_PTR_NULL(pw_mime_create("/nonexistent/mime.types"));
	CU_ASSERT_EQUAL(errno, ENOENT);
}

static CU_TestInfo tests[] = {
	{"finds_types", finds_types},
	{"says_what_is_missing", says_what_is_missing},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_mime = {
	.pName = "http_mime", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
