/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <fcntl.h>
#include <unistd.h>
#include <sys/stat.h>
#include "fuzz.h"
#include "site.h"

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
	{"sp ace%.txt", "name to be encoded\n"},
	{"list/", NULL},
	{"list/a&b<c>\".txt", "x"},
	{"sub/", NULL},
	{"sub/index.html", "<p>index of sub</p>\n"},
	{"types", "text/html html\ntext/css css\ntext/plain txt\n"},
};

static void
must(bool ok)
{
	if (ok)
		return;
	perror("making the site");
	exit(1);
}

static int
create(const char *dir, const char *name)
{
	struct timespec times[2] = {{.tv_sec = 784111777}, {.tv_sec = 784111777}};
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	must(fd >= 0 && futimens(fd, times) == 0);
	return fd;
}

static void
fill(const char *dir)
{
	char path[128];
	uint64_t off;
	size_t i;
	int fd;

	for (i = 0; i < RTE_DIM(entries); i++) {
		const char *text = entries[i].content;

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i].path);
		if (text == NULL) {
			must(mkdir(path, 0755) == 0);
			continue;
		}
		fd = create(dir, entries[i].path);
		must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
		close(fd);
	}
	fd = create(dir, "big.bin");
	for (off = 0; off < SITE_BIG_BYTES; off += FUZZ_STREAM_PERIOD) {
		size_t n = pw_min(FUZZ_STREAM_PERIOD, SITE_BIG_BYTES - off);

		must(write(fd, fuzz_stream(off), n) == (ssize_t)n);
	}
	close(fd);
}

static void
empty(const char *dir)
{
	char path[128];
	size_t i;

	snprintf(path, sizeof(path), "%s/big.bin", dir);
	must(unlink(path) == 0);
	for (i = RTE_DIM(entries); i-- > 0;) {
		snprintf(path, sizeof(path), "%s/%s", dir, entries[i].path);
		must(remove(path) == 0);
	}
	must(rmdir(dir) == 0);
}

void
fuzz_site_make(struct fuzz_site *s)
{
	struct pw_store_load_cfg load = {.arena = &pw_arena_heap, .prefix = pw_site_prefix};
	struct pw_site_cfg cfg = {
		.autoindex = true, .server = "pagewire/test", .now_s = 1795399800, .seed = 5};
	char dir[] = "/tmp/pw-fuzz-XXXXXX", types[64];

	must(mkdtemp(dir) != NULL);
	fill(dir);
	snprintf(types, sizeof(types), "%s/types", dir);
	s->tree = pw_tree_scan(dir);
	s->store = pw_store_create();
	must(s->tree != NULL && s->store != NULL);
	cfg.tree = s->tree;
	cfg.store = s->store;
	cfg.mime_types = types;
	s->site = pw_site_create(&cfg);
	must(s->site != NULL);
	load.ctx = s->site;
	must(pw_store_load(s->store, &load) == 0);
	must(pw_store_refs_init(&s->refs, s->store, &pw_mem_heap) == 0);
	empty(dir);
}

bool
fuzz_site_is_big(const uint8_t *p, uint64_t off, size_t len)
{
	while (len > 0) {
		size_t n = pw_min(len, FUZZ_STREAM_PERIOD);

		if (memcmp(p, fuzz_stream(off), n) != 0)
			return false;
		p += n;
		off += n;
		len -= n;
	}
	return true;
}
