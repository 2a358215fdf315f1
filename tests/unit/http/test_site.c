/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <CUnit/CUnit.h>
#include "rig.h"

/* C143 */
static void
head_of_a_file(void)
{
	char want[512];

	rig_get("/hello.txt", "");
	snprintf(want, sizeof(want),
		"HTTP/1.1 200 OK\r\n"
		"Date: " RIG_DATE "\r\n"
		"Server: pagewire/test\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: 13\r\n"
		"Last-Modified: " RIG_MTIME "\r\n"
		"ETag: %s\r\n"
		"Accept-Ranges: bytes\r\n"
		"\r\n"
		"Hello, world\n",
		rig_field("ETag"));
	CU_ASSERT_EQUAL(strlen(rig_field("ETag")), PW_HTTP_ETAG_LEN);
	CU_ASSERT_STRING_EQUAL(rig.out, want);
	CU_ASSERT_FALSE(rig.out_shut);
}

/* C153 */
static void
lengths(void)
{
	rig_get("/empty", "");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Length"), "0");
	CU_ASSERT_EQUAL(rig_body_len(), 0);
	rig_get("/one", "");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Length"), "1");
	CU_ASSERT_STRING_EQUAL(rig_body(), "1");
	rig_get("/big.bin", "");
	CU_ASSERT_EQUAL(atoi(rig_field("Content-Length")), BIG_BYTES);
	CU_ASSERT_EQUAL_FATAL(rig_body_len(), BIG_BYTES);
	CU_ASSERT_EQUAL(memcmp(rig_body(), rig.big, BIG_BYTES), 0);
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Type"), "application/octet-stream");
}

/* RFC 9110 8.8.2.1 */
static void
last_modified_is_never_after_date(void)
{
	rig_get("/future.txt", "");
	CU_ASSERT_STRING_EQUAL(rig_field("Last-Modified"), RIG_DATE);
	pw_http_tick(rig.http, rig.now, RIG_NOW_S - 100); /* the clock was set back */
	rig_get("/future.txt", "");
	CU_ASSERT_STRING_EQUAL(rig_field("Date"), RIG_DATE);
}

static void
names_are_decoded(void)
{
	rig_get("/sp%20ace%25.txt", "");
	CU_ASSERT_STRING_EQUAL(rig_body(), "name to be encoded\n");
	rig_get("/hello.txt?x=/../", "");
	CU_ASSERT_STRING_EQUAL(rig_body(), "Hello, world\n");
	rig_get("http://any.example/hello.txt", "");
	CU_ASSERT_STRING_EQUAL(rig_body(), "Hello, world\n");
}

/* ---- directories ---- */

static void
directory_gets_its_slash(void)
{
	rig_get("/sub", "");
	CU_ASSERT_EQUAL(rig_status(), 301);
	CU_ASSERT_STRING_EQUAL(rig_field("Location"), "/sub/");
	CU_ASSERT_EQUAL(atoi(rig_field("Content-Length")), (int)rig_body_len());
	rig_get("//evil.example//..//sub", "");
	CU_ASSERT_STRING_EQUAL(rig_field("Location"), "/sub/");
	rig_get("/noindex/%64eep?x", "");
	CU_ASSERT_STRING_EQUAL(rig_field("Location"), "/noindex/deep/");
}

static void
directory_shows_its_index(void)
{
	rig_get("/sub/", "");
	CU_ASSERT_STRING_EQUAL(rig_body(), "<p>index of sub</p>\n");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Type"), "text/html; charset=utf-8");
	CU_ASSERT_STRING_EQUAL(rig_field("Vary"), "Accept-Encoding");
	rig_get("/sub/", "Accept-Encoding: gzip\r\n");
	CU_ASSERT_STRING_EQUAL(rig_body(), "(index of sub, gzip)");
	rig_get("/x/../sub/.", "");
	CU_ASSERT_STRING_EQUAL(rig_body(), "<p>index of sub</p>\n");
}

static void
directory_is_listed(void)
{
	const char *body;

	rig_get("/noindex/", "");
	CU_ASSERT_EQUAL(rig_status(), 200);
	body = rig_body();
	CU_ASSERT_EQUAL(atoi(rig_field("Content-Length")), (int)rig_body_len());
	CU_ASSERT_PTR_NOT_NULL(strstr(body, "<h1>noindex/</h1>"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(body, "<a href=\"a%26b%3Cc%3E%22.txt\">a&amp;b&lt;c&gt;&quot;.txt"
			     "</a></td><td align=\"right\">1</td><td>" RIG_MTIME));
	CU_ASSERT_PTR_NOT_NULL(strstr(body, "<a href=\"deep/\">deep/</a>"));
	CU_ASSERT_PTR_NOT_NULL(strstr(body, "<a href=\"../\">"));
	CU_ASSERT_PTR_NULL(strstr(body, "file"));
	CU_ASSERT_PTR_NULL(strstr(body, "noindex-2"));
	rig_get("/", "");
	CU_ASSERT_PTR_NULL(strstr(rig_body(), "../"));
	CU_ASSERT_PTR_NOT_NULL(strstr(rig_body(), "<a href=\"noindex-2\">"));
	CU_ASSERT_PTR_NOT_NULL(strstr(rig_body(), "<a href=\"sub/\">"));
	CU_ASSERT_PTR_NULL(strstr(rig_body(), "deep"));
}

static void
file_is_no_directory(void)
{
	rig_get("/hello.txt/", "");
	CU_ASSERT_EQUAL(rig_status(), 404);
	rig_get("/hello.txt/x", "");
	CU_ASSERT_EQUAL(rig_status(), 404);
}

/* ---- precompressed neighbours ---- */

static void
neighbours_are_negotiated(void)
{
	char etag[3][64];

	rig_get("/style.css", "");
	CU_ASSERT_STRING_EQUAL(rig_body(), "body { color: black }\n");
	CU_ASSERT_STRING_EQUAL(rig_field("Vary"), "Accept-Encoding");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Encoding"), "");
	strcpy(etag[0], rig_field("ETag"));
	rig_get("/style.css", "Accept-Encoding: gzip, br\r\n");
	CU_ASSERT_STRING_EQUAL(rig_body(), "(as brotli would)");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Encoding"), "br");
	strcpy(etag[1], rig_field("ETag"));
	rig_get("/style.css", "Accept-Encoding: gzip\r\n");
	CU_ASSERT_STRING_EQUAL(rig_body(), "(as gzip would make it)");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Encoding"), "gzip");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Type"), "text/css; charset=utf-8");
	CU_ASSERT_STRING_EQUAL(rig_field("Vary"), "Accept-Encoding");
	strcpy(etag[2], rig_field("ETag"));
	CU_ASSERT_STRING_NOT_EQUAL(etag[0], etag[1]);
	CU_ASSERT_STRING_NOT_EQUAL(etag[1], etag[2]);
	CU_ASSERT_STRING_NOT_EQUAL(etag[0], etag[2]);
}

static void
neighbours_keep_their_own_names(void)
{
	rig_get("/style.css.gz", "Accept-Encoding: gzip\r\n");
	CU_ASSERT_STRING_EQUAL(rig_body(), "(as gzip would make it)");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Type"), "application/gzip");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Encoding"), "");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Length"), "23");
	CU_ASSERT_STRING_EQUAL(rig_field("Vary"), "");
	rig_ask("HEAD /style.css.gz HTTP/1.1\r\nHost: h\r\n\r\n");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Length"), "23");
	CU_ASSERT_EQUAL(rig_body_len(), 0);
	rig_get("/only.html.gz", "");
	CU_ASSERT_STRING_EQUAL(rig_field("Content-Type"), "application/gzip");
	rig_get("/only.html", "");
	CU_ASSERT_EQUAL(rig_status(), 404);
}

static void
counts(void)
{
	struct pw_site_counts n;

	pw_site_get_counts(rig.site, &n);
	CU_ASSERT_EQUAL(n.n_files, rig.tree->n_files);
	CU_ASSERT_EQUAL(n.file_bytes, rig.tree->file_bytes);
	CU_ASSERT_EQUAL(n.n_listings, 3);
	CU_ASSERT_EQUAL(n.n_variants, 3);
}

/* A line of every head is made of it: nothing may break out. */
static void
server_is_checked(void)
{
	char longer[PW_SITE_SERVER_MAX + 2] = "";
	const char *const bad[] = {"a\r\nX: y", "\xc3\xa4", longer};
	struct pw_store *store = pw_store_create();
	size_t i;

	memset(longer, 'a', PW_SITE_SERVER_MAX + 1);
	for (i = 0; i < RTE_DIM(bad); i++) {
		struct pw_site_cfg cfg = {.tree = rig.tree, .store = store, .server = bad[i]};

		CU_ASSERT_PTR_NULL(pw_site_create(&cfg));
		CU_ASSERT_EQUAL(errno, EINVAL);
	}
	pw_store_destroy(store);
}

static void
without_autoindex_nothing_is_listed(void)
{
	struct pw_site_cfg cfg = {.tree = rig.tree, .index_name = "file", .now_s = 1};
	struct pw_store *store = pw_store_create();
	const struct pw_rep *dir;
	struct pw_site *site;

	cfg.store = store;
	site = pw_site_create(&cfg);
	CU_ASSERT_PTR_NOT_NULL_FATAL(site);
	dir = pw_site_find(site, PW_STR("noindex/deep"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	CU_ASSERT_PTR_EQUAL(
		&site->reps[dir->index], pw_site_find(site, PW_STR("noindex/deep/file")));
	dir = pw_site_find(site, PW_STR("noindex"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	CU_ASSERT_EQUAL(dir->index, PW_REP_NONE);
	pw_site_destroy(site);
	pw_store_destroy(store);
}

static void
root_has_an_index_too(void)
{
	struct pw_site_cfg cfg = {.tree = rig.tree, .index_name = "hello.txt", .now_s = 1};
	struct pw_store *store = pw_store_create();
	const struct pw_rep *root;
	struct pw_site *site;

	cfg.store = store;
	site = pw_site_create(&cfg);
	CU_ASSERT_PTR_NOT_NULL_FATAL(site);
	root = pw_site_find(site, PW_STR(""));
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	CU_ASSERT_PTR_EQUAL(&site->reps[root->index], pw_site_find(site, PW_STR("hello.txt")));
	pw_site_destroy(site);
	pw_store_destroy(store);
}

/* Each file's object leads back to its node; what we wrote ourselves is no file's. */
static void
objects_lead_to_their_files(void)
{
	const struct pw_rep *page = &rig.site->reps[rig.site->pages[PW_HTTP_404]];
	uint32_t i, n = 0;

	for (i = 0; i < rig.tree->n_nodes; i++) {
		if (rig.tree->nodes[i].kind != PW_NODE_FILE)
			continue;
		CU_ASSERT_PTR_EQUAL(
			pw_site_file(rig.site, rig.site->reps[i].object), &rig.tree->nodes[i]);
		n++;
	}
	CU_ASSERT_EQUAL(n, rig.tree->n_files);
	CU_ASSERT_PTR_NULL(pw_site_file(rig.site, page->object));
}

static CU_TestInfo tests[] = {
	{"objects_lead_to_their_files", objects_lead_to_their_files},
	{"head_of_a_file", head_of_a_file},
	{"lengths", lengths},
	{"last_modified_is_never_after_date", last_modified_is_never_after_date},
	{"names_are_decoded", names_are_decoded},
	{"directory_gets_its_slash", directory_gets_its_slash},
	{"directory_shows_its_index", directory_shows_its_index},
	{"directory_is_listed", directory_is_listed},
	{"file_is_no_directory", file_is_no_directory},
	{"neighbours_are_negotiated", neighbours_are_negotiated},
	{"neighbours_keep_their_own_names", neighbours_keep_their_own_names},
	{"counts", counts},
	{"server_is_checked", server_is_checked},
	{"without_autoindex_nothing_is_listed", without_autoindex_nothing_is_listed},
	{"root_has_an_index_too", root_has_an_index_too},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_http_site = {.pName = "http_site",
	.pInitFunc = rig_make_site,
	.pCleanupFunc = rig_remove_site,
	.pSetUpFunc = rig_start,
	.pTearDownFunc = rig_stop,
	.pTests = tests};
