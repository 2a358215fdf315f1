/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "http_priv.h"
#include "pw_rand.h"

static struct pw_str
str(const char *text)
{
	return (struct pw_str){text, (uint32_t)strlen(text)};
}

/* C150. key NULL: `error` is what must come. */
static const struct {
	const char *path;
	const char *key;
	bool slash;
	int error;
} reads[] = {
	{"/", "", true, 0},
	{"/a", "a", false, 0},
	{"/a/", "a", true, 0},
	{"/a/b.css", "a/b.css", false, 0},
	{"/%61", "a", false, 0},
	{"/a%20b", "a b", false, 0},
	{"/%e2%82%ac", "\xe2\x82\xac", false, 0},
	{"/%2541", "%41", false, 0}, /* decoded once */
	{"/.", "", true, 0},
	{"/..", "", true, 0},
	{"/../../etc/passwd", "etc/passwd", false, 0},
	{"/%2e%2e/%2E%2e/etc", "etc", false, 0},
	{"/a/../b", "b", false, 0},
	{"/a/b/..", "a", true, 0},
	{"/a/b/.", "a/b", true, 0},
	{"/a/b/../../c", "c", false, 0},
	{"/a/./b", "a/b", false, 0},
	{"/.hidden", ".hidden", false, 0},
	{"/..a/...", "..a/...", false, 0},
	{"//a", "a", false, 0},
	{"//evil.example/..", "", true, 0},
	{"/a//b///c//", "a/b/c", true, 0},
	{"/a\\..\\b", "a\\..\\b", false, 0},
	{"/..\\a", "..\\a", false, 0},
	{"/%0d%0a", "\r\n", false, 0},
	{"/a%2fb", NULL, false, -ENOENT},
	{"/%2e%2e%2fetc", NULL, false, -ENOENT},
	{"/%00", NULL, false, -EINVAL},
	{"/a%00.html", NULL, false, -EINVAL},
	{"/a%2fb/%00", NULL, false, -EINVAL},
	{"/%", NULL, false, -EINVAL},
	{"/%4", NULL, false, -EINVAL},
	{"/%4g", NULL, false, -EINVAL},
	{"/%g4", NULL, false, -EINVAL},
	{"/a b", NULL, false, -EINVAL},
	{"/a#b", NULL, false, -EINVAL},
	{"/a\x7f", NULL, false, -EINVAL},
	{"/a\x01", NULL, false, -EINVAL},
	{"/\xe2\x82\xac", NULL, false, -EINVAL},
};

static void
reads_paths(void)
{
	struct pw_http_path out;
	char buf[64];
	size_t i;

	for (i = 0; i < RTE_DIM(reads); i++) {
		int rc = pw_http_path_read(str(reads[i].path), buf, &out);
		bool ok = rc == reads[i].error;

		if (ok && reads[i].key != NULL)
			ok = pw_str_is(out.key, str(reads[i].key)) && out.slash == reads[i].slash;
		if (!ok)
			printf("\n  %s: %d\n", reads[i].path, rc);
		CU_ASSERT_TRUE(ok);
	}
}

/* No input gives a key that leaves the root, or is longer than what was given. */
static void
c150_never_leaves_the_root(void)
{
	static const char *const parts[] = {
		"/", "//", ".", "..", "%2e", "%2E", "%2f", "a", "b", "\\", "%5c", "%25", "%"};
	struct pw_rand r;
	int i;

	pw_rand_init(&r, 2);
	for (i = 0; i < 50000; i++) {
		char path[64] = "/", buf[64], key[66];
		struct pw_http_path out;
		uint64_t n = pw_rand_below(&r, 12);

		while (n-- > 0)
			strcat(path, parts[pw_rand_below(&r, RTE_DIM(parts))]);
		if (pw_http_path_read(str(path), buf, &out) != 0)
			continue;
		CU_ASSERT_FATAL(out.key.len < strlen(path));
		snprintf(key, sizeof(key), "/%.*s/", (int)out.key.len, out.key.at);
		CU_ASSERT_PTR_NULL_FATAL(strstr(key, "/../"));
		CU_ASSERT_PTR_NULL_FATAL(strstr(key, "/./"));
		CU_ASSERT_FATAL(out.key.len == 0 || strstr(key, "//") == NULL);
	}
}

static const struct {
	const char *target;
	const char *path; /* NULL: refused */
} targets[] = {
	{"/", "/"},
	{"/a?b=c", "/a"},
	{"/a?b?c/d", "/a"},
	{"//evil", "//evil"},
	{"http://h/a", "/a"},
	{"HTTP://h/a?b", "/a"},
	{"https://h:8080/a/b", "/a/b"},
	{"http://h", "/"},
	{"http://h?q", "/"},
	{"http://[::1]:80/x", "/x"},
	{"http://h/a//b", "/a//b"},
	{"*", NULL},
	{"", NULL},
	{"?q", NULL},
	{"h:80", NULL},
	{"a/b", NULL},
	{"http:///a", NULL},
	{"http://:80/a", NULL},
	{"http://u@h/a", NULL},
	{"http://h:8x/a", NULL},
	{"http://[::1/a", NULL},
	{"ftp://h/a", NULL},
	{"http:/a", NULL},
};

static void
finds_the_path(void)
{
	struct pw_str path;
	size_t i;

	for (i = 0; i < RTE_DIM(targets); i++) {
		bool ok = pw_http_target_path(str(targets[i].target), &path);

		if (ok && targets[i].path != NULL)
			ok = pw_str_is(path, str(targets[i].path));
		if (ok != (targets[i].path != NULL))
			printf("\n  %s\n", targets[i].target);
		CU_ASSERT_EQUAL(ok, targets[i].path != NULL);
	}
}

static void
c134_judges_hosts(void)
{
	static const char *const good[] = {"", "a", "a.example", "10.0.0.1:80", "[::1]",
		"[::1]:8080", "a:", "xn--a", "a%20b", "a_b"};
	static const char *const bad[] = {"a b", "a/b", "[::1", "::1", "a:8x", "a@b", "[]",
		"[::1]x", "a%2", "a\x80", "a\"b", "a:80:80"};
	size_t i;

	for (i = 0; i < RTE_DIM(good); i++)
		CU_ASSERT_TRUE(pw_http_host_ok(str(good[i])));
	for (i = 0; i < RTE_DIM(bad); i++)
		CU_ASSERT_FALSE(pw_http_host_ok(str(bad[i])));
}

static void
encodes_for_a_link(void)
{
	char to[64];
	struct pw_text t = {to, 0, sizeof(to)};
	static const char name[] = "a/b c\"<%?#\r\n:\x80~";

	pw_text_path(&t, name, sizeof(name) - 1);
	CU_ASSERT_TRUE(
		pw_str_is((struct pw_str){to, t.len}, str("a/b%20c%22%3C%25%3F%23%0D%0A%3A%80~")));
}

static CU_TestInfo tests[] = {
	{"reads_paths", reads_paths},
	{"c150_never_leaves_the_root", c150_never_leaves_the_root},
	{"finds_the_path", finds_the_path},
	{"c134_judges_hosts", c134_judges_hosts},
	{"encodes_for_a_link", encodes_for_a_link},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_path = {.pName = "http_path", .pTests = tests};
