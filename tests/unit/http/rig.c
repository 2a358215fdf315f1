/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CUnit/CUnit.h>
#include "pw_rand.h"
#include "rig.h"

struct rig rig;
struct pw_http_cfg rig_cfg;

static const struct {
	const char *path; /* a directory when it ends in a slash */
	const char *content;
} entries[] = {
	{"hello.txt", "Hello, world\n"},
	{"empty", ""},
	{"one", "1"},
	{"style.css", "body { color: black }\n"},
	{"style.css.gz", "(as gzip would make it)"},
	{"style.css.br", "(as brotli would)"},
	{"only.html.gz", "no plain neighbour"},
	{"sp ace%.txt", "name to be encoded\n"},
	{"noindex/", NULL},
	{"noindex/a&b<c>\".txt", "x"},
	{"noindex/deep/", NULL},
	{"noindex/deep/file", "deep\n"},
	{"noindex-2", "sorts between a directory and what is in it\n"},
	{"sub/", NULL},
	{"sub/index.html", "<p>index of sub</p>\n"},
	{"sub/index.html.gz", "(index of sub, gzip)"},
	{"types", "text/html html\ntext/css css\ntext/plain txt\napplication/gzip gz\n"},
	{"future.txt", "from tomorrow\n"},
};

/* No test is running yet that an assertion could fail. */
static void
must(bool ok)
{
	if (ok)
		return;
	perror("making the site");
	exit(1);
}

static void
put_file(const char *path, const void *bytes, size_t len)
{
	struct timespec times[2] = {{.tv_sec = 784111777}, {.tv_sec = 784111777}};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (strstr(path, "future") != NULL)
		times[1].tv_sec = RIG_NOW_S + 1000;
	must(fd >= 0);
	must(write(fd, bytes, len) == (ssize_t)len);
	must(futimens(fd, times) == 0);
	close(fd);
}

static void
fill_dir(void)
{
	struct pw_rand r;
	char path[128];
	size_t i;

	for (i = 0; i < RTE_DIM(entries); i++) {
		snprintf(path, sizeof(path), "%s/%s", rig.dir, entries[i].path);
		if (entries[i].content == NULL)
			must(mkdir(path, 0755) == 0);
		else
			put_file(path, entries[i].content, strlen(entries[i].content));
	}
	pw_rand_init(&r, 4);
	rig.big = malloc(BIG_BYTES + 8);
	for (i = 0; i < BIG_BYTES; i += 8)
		memcpy(rig.big + i, &(uint64_t){pw_rand_u64(&r)}, 8);
	snprintf(path, sizeof(path), "%s/big.bin", rig.dir);
	put_file(path, rig.big, BIG_BYTES);
}

int
rig_make_site(void)
{
	struct pw_store_load_cfg load = {.arena = &pw_arena_heap, .prefix = pw_site_prefix};
	struct pw_site_cfg cfg = {
		.autoindex = true, .server = "pagewire/test", .now_s = RIG_NOW_S, .seed = 5};
	char types[64];

	strcpy(rig.dir, "/tmp/pw-http-XXXXXX");
	if (mkdtemp(rig.dir) == NULL)
		return 1;
	fill_dir();
	snprintf(types, sizeof(types), "%s/types", rig.dir);
	rig.tree = pw_tree_scan(rig.dir);
	rig.store = pw_store_create();
	cfg.tree = rig.tree;
	cfg.store = rig.store;
	cfg.mime_types = types;
	rig.site = pw_site_create(&cfg);
	if (rig.site == NULL)
		return 1;
	load.ctx = rig.site;
	return pw_store_load(rig.store, &load);
}

int
rig_remove_site(void)
{
	char command[64];

	pw_site_destroy(rig.site);
	pw_store_destroy(rig.store);
	pw_tree_free(rig.tree);
	free(rig.big);
	free(rig.out);
	memset(&rig.site, 0, sizeof(rig) - offsetof(struct rig, site));
	snprintf(command, sizeof(command), "rm -r %s", rig.dir);
	return system(command);
}

void
rig_start(void)
{
	struct pw_http_cfg cfg = rig_cfg;

	CU_ASSERT_EQUAL_FATAL(pw_store_refs_init(&rig.refs, rig.store, &pw_mem_heap), 0);
	cfg.site = rig.site;
	cfg.refs = &rig.refs;
	cfg.mem = &pw_mem_heap;
	rig.http = pw_http_create(&cfg);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig.http);
	rig.now = PW_NS_PER_S;
	pw_http_tick(rig.http, rig.now, RIG_NOW_S);
}

/* Whatever a test did, no connection is left and nothing is in use. */
void
rig_stop(void)
{
	struct pw_http_usage use;

	pw_http_get_usage(rig.http, &use);
	CU_ASSERT_EQUAL(use.conns, 0);
	CU_ASSERT_EQUAL(use.heads, 0);
	CU_ASSERT_EQUAL(use.responses, 0);
	CU_ASSERT_EQUAL(use.range_sets, 0);
	CU_ASSERT_EQUAL(rig.refs.n_holds, 0);
	memset(&rig_cfg, 0, sizeof(rig_cfg));
	if (use.conns > 0) /* the test gave up half-way, and has failed already */
		return;
	pw_http_destroy(rig.http);
	pw_store_refs_fini(&rig.refs, &pw_mem_heap);
}

void
rig_restart(void)
{
	struct pw_http_cfg cfg = rig_cfg;

	rig_stop();
	rig_cfg = cfg;
	rig_start();
}

struct pw_tcp_conn *
rig_open(void)
{
	return fake_open(&pw_http_app, rig.http, rig.now);
}

void
rig_send(struct pw_tcp_conn *c, const char *text)
{
	fake_feed(c, text, strlen(text), rig.now);
}

void
rig_read(struct pw_tcp_conn *c)
{
	rig.out_len = 0;
	rig.out = realloc(rig.out, 1);
	while (!c->gone && c->una < c->end) {
		uint32_t got;

		rig.out = realloc(rig.out, rig.out_len + 65537);
		got = fake_pull(c, c->una, 65536, (uint8_t *)rig.out + rig.out_len);
		CU_ASSERT_FATAL(got > 0);
		rig.out_len += got;
		fake_ack(c, c->una + got, rig.now);
		fake_run(c, rig.now);
	}
	rig.out[rig.out_len] = '\0';
	rig.out_shut = c->shut;
}

const char *
rig_ask(const char *request)
{
	struct pw_tcp_conn *c = rig_open();

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	rig_send(c, request);
	rig_read(c);
	fake_free(c, rig.now);
	return rig.out;
}

const char *
rig_get(const char *path, const char *fields)
{
	char request[1024];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: h\r\n%s\r\n", path, fields);
	return rig_ask(request);
}

void
rig_wait(struct pw_tcp_conn *c, pw_ns ns)
{
	pw_ns end = rig.now + ns;

	while (rig.now < end) {
		rig.now = pw_min(rig.now + PW_NS_PER_S, end);
		fake_run(c, rig.now);
	}
}

const char *
rig_field(const char *name)
{
	static char value[512];
	const char *end = strstr(rig.out, "\r\n\r\n");
	const char *line = strstr(rig.out, "\r\n");
	size_t len = strlen(name);

	for (; line != NULL && line < end; line = strstr(line + 2, "\r\n")) {
		if (strncmp(line + 2, name, len) != 0 || strncmp(line + 2 + len, ": ", 2) != 0)
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + 2 + len + 2, "\r"),
			line + 2 + len + 2);
		return value;
	}
	return "";
}

int
rig_status(void)
{
	return strncmp(rig.out, "HTTP/1.1 ", 9) == 0 ? atoi(rig.out + 9) : 0;
}

const char *
rig_body(void)
{
	const char *end = strstr(rig.out, "\r\n\r\n");

	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	return end + 4;
}

size_t
rig_body_len(void)
{
	return rig.out_len - (size_t)(rig_body() - rig.out);
}
