/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <xxhash.h>
#include <CUnit/CUnit.h>
#include "pw_rand.h"
#include "pw_store.h"
#include "pw_wire_cksum.h"
#include "temp.h"

#define SEED	  UINT64_C(0x570e)
#define FILE_MAX  (5u * PW_PAGE_BYTES)
#define N_OBJECTS 64 /* at most, in one store of these tests */

/* What an object must hold; the tests' own account. */
struct want {
	uint8_t *body;
	uint32_t len;
	uint32_t prefix_len;
};

static struct rig {
	struct pw_rand rand;
	struct pw_tree *tree;
	struct pw_store *st;
	struct want want[N_OBJECTS];
	uint32_t n;
	uint32_t n_prefixes;
	uint32_t n_progress;
	pw_off progress_done;
	size_t arena_bytes; /* in use */
} rig;

static void *
arena_alloc(void *ctx, size_t bytes)
{
	rig.arena_bytes += bytes;
	return pw_arena_heap.alloc(ctx, bytes);
}

static void
arena_free(void *ctx, void *mem, size_t bytes)
{
	rig.arena_bytes -= bytes;
	pw_arena_heap.free(ctx, mem, bytes);
}

static uint64_t
arena_iova(void *ctx, const void *addr)
{
	return (uintptr_t)addr + 1;
}

static const struct pw_arena counting_arena = {
	.alloc = arena_alloc, .free = arena_free, .iova = arena_iova};

/* The @p i-th byte of a prefix: it depends on all that is promised to be final. */
static uint8_t
prefix_byte(uint32_t id, const struct pw_object *obj, uint32_t i)
{
	return (uint8_t)(obj->hash >> (i % 8 * 8)) ^
	       (uint8_t)(i + id + obj->size * 3 + (uint64_t)obj->mtime_s);
}

static void
write_prefix(void *ctx, uint32_t id, const struct pw_object *obj, uint8_t *to)
{
	uint32_t i;

	for (i = 0; i < obj->prefix_len; i++)
		to[i] = prefix_byte(id, obj, i);
	rig.n_prefixes++;
}

static void
note_progress(void *ctx, pw_off done, pw_off all)
{
	CU_ASSERT(done >= rig.progress_done && done <= all);
	rig.progress_done = done;
	rig.n_progress++;
}

static const struct pw_store_load_cfg load_cfg = {
	.arena = &counting_arena, .prefix = write_prefix, .progress = note_progress};

static void
rig_open(const char *where)
{
	memset(&rig, 0, sizeof(rig));
	pw_rand_init(&rig.rand, SEED);
	temp_open(where);
	rig.st = pw_store_create();
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig.st);
}

static void
setup(void)
{
	rig_open(NULL);
}

static void
rig_forget(void)
{
	uint32_t i;

	pw_store_destroy(rig.st);
	CU_ASSERT_EQUAL(rig.arena_bytes, 0);
	pw_tree_free(rig.tree);
	for (i = 0; i < rig.n; i++)
		free(rig.want[i].body);
	rig.st = NULL;
	rig.tree = NULL;
	rig.n = 0;
}

static void
teardown(void)
{
	rig_forget();
	temp_close();
}

static uint32_t
below(uint32_t bound)
{
	return (uint32_t)pw_rand_below(&rig.rand, bound);
}

/* Objects are numbered as their files are sorted: by name, "000" onwards. */
static const char *
name_of(uint32_t i)
{
	static char name[16];

	snprintf(name, sizeof(name), "%03u", i);
	return name;
}

static struct want *
new_want(uint32_t len, uint32_t prefix_len)
{
	struct want *w = &rig.want[rig.n++];
	uint32_t i;

	CU_ASSERT_FATAL(rig.n <= N_OBJECTS);
	*w = (struct want){.body = malloc(len + 8), .len = len, .prefix_len = prefix_len};
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->body);
	for (i = 0; i < len; i += 8) {
		uint64_t r = pw_rand_u64(&rig.rand);

		memcpy(w->body + i, &r, sizeof(r));
	}
	return w;
}

static void
want_file(uint32_t len, uint32_t prefix_len)
{
	const char *name = name_of(rig.n);
	const struct want *w = new_want(len, prefix_len);

	temp_file(name, w->body, len);
}

/* Scan, and add every file of the directory. */
static void
rig_add(void)
{
	uint32_t i;

	rig.tree = pw_tree_scan(temp_path(""));
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig.tree);
	CU_ASSERT_EQUAL_FATAL(rig.tree->n_files, rig.n);
	for (i = 0; i < rig.n; i++)
		CU_ASSERT_EQUAL(
			pw_store_add_file(rig.st, rig.tree, i + 1, rig.want[i].prefix_len), i);
}

static int
rig_load(void)
{
	size_t need = pw_store_need(rig.st);
	int rc = pw_store_load(rig.st, &load_cfg);

	CU_ASSERT_EQUAL(rig.arena_bytes, need);
	CU_ASSERT_EQUAL(need, (size_t)pw_store_n_pages(rig.st) * PW_PAGE_BYTES);
	return rc;
}

/* 0 and 0xffff are the same number in one's complement. */
static bool
same_sum(uint16_t a, uint16_t b)
{
	return a % 0xffff == b % 0xffff;
}

static bool
span_is_right(uint32_t id, const struct pw_span *span, pw_off off)
{
	const struct pw_object *obj = pw_store_object(rig.st, id);
	const struct want *w = &rig.want[id];
	uint32_t i = 0;

	for (; i < span->len && off + i < w->prefix_len; i++)
		if (span->addr[i] != prefix_byte(id, obj, (uint32_t)off + i))
			return false;
	return i == span->len ||
	       memcmp(span->addr + i, w->body + off + i - w->prefix_len, span->len - i) == 0;
}

static bool
sum_is_right(const struct pw_span *span)
{
	uint64_t read = 0;

	if (!same_sum(pw_store_sum(rig.st, span, &read), pw_sum(span->addr, span->len)))
		return false;
	return read <= span->len && read <= PW_SUM_BYTES;
}

static bool
page_is_right(uint32_t id, const struct pw_span *span, pw_off off)
{
	const struct pw_object *obj = pw_store_object(rig.st, id);
	uint32_t page = pw_store_page_of(rig.st, obj, pw_object_page_at(obj, off));
	const struct pw_page *p = pw_store_page(rig.st, page);

	return span->page == page && span->addr >= p->addr &&
	       span->addr + span->len <= p->addr + PW_PAGE_BYTES &&
	       p->iova == (uintptr_t)p->addr + 1;
}

/* Walk through object @p id by spans of random length. */
static bool
object_is_right(uint32_t id)
{
	const struct pw_object *obj = pw_store_object(rig.st, id);
	const struct want *w = &rig.want[id];
	pw_off off = 0, end = (pw_off)w->len + w->prefix_len;
	struct pw_span span;

	if (obj->size != w->len || obj->prefix_len != w->prefix_len ||
		obj->hash != XXH3_64bits(w->body, w->len))
		return false;
	while (off < end) {
		uint32_t len = 1 + below(below(8) == 0 ? PW_PAGE_BYTES * 2 : 4000);

		if (pw_store_span(rig.st, id, off, len, &span) != 0 || span.len == 0 ||
			span.len > len || !span_is_right(id, &span, off) || !sum_is_right(&span) ||
			!page_is_right(id, &span, off))
			return false;
		off += span.len;
	}
	return off == end && pw_store_span(rig.st, id, end, 1, &span) == -ERANGE;
}

static void
check_all(void)
{
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(pw_store_n_objects(rig.st), rig.n);
	for (i = 0; i < rig.n; i++)
		CU_ASSERT(object_is_right(i));
}

static void
empty_store(void)
{
	struct pw_span span;

	CU_ASSERT_EQUAL(pw_store_need(rig.st), 0);
	CU_ASSERT_EQUAL(rig_load(), 0);
	CU_ASSERT_EQUAL(pw_store_n_objects(rig.st), 0);
	CU_ASSERT_EQUAL(pw_store_span(rig.st, 0, 0, 1, &span), -ENOENT);
	pw_store_destroy(NULL);
}

static void
objects_of_no_bytes(void)
{
	struct pw_span span;

	want_file(0, 0);
	want_file(0, 5);
	rig_add();
	CU_ASSERT_EQUAL(rig_load(), 0);
	check_all();
	CU_ASSERT_EQUAL(pw_store_object(rig.st, 0)->n_pages, 0);
	CU_ASSERT_EQUAL(pw_store_span(rig.st, 0, 0, 1, &span), -ERANGE);
	CU_ASSERT_EQUAL(pw_store_span(rig.st, 0, UINT64_MAX, 1, &span), -ERANGE);
	CU_ASSERT_EQUAL(pw_store_span(rig.st, PW_OBJECT_NONE, 0, 1, &span), -ENOENT);
}

static void
texts_are_copied(void)
{
	uint32_t len[] = {0, 1, 1000, PW_PAGE_BYTES + 77}, i;

	for (i = 0; i < RTE_DIM(len); i++) {
		const struct want *w = new_want(len[i], i * 10);
		uint8_t *copy = malloc(w->len + 1u);

		memcpy(copy, w->body, w->len);
		CU_ASSERT_EQUAL(pw_store_add_text(rig.st, copy, w->len, 1234, w->prefix_len), i);
		memset(copy, 0, w->len);
		free(copy);
	}
	CU_ASSERT_EQUAL(rig_load(), 0);
	check_all();
	CU_ASSERT_EQUAL(pw_store_object(rig.st, 2)->mtime_s, 1234);
}

/* The prefix ends where the body starts, and one span holds both. */
static void
small_object_is_one_span(void)
{
	struct pw_span span;

	want_file(1000, 300);
	rig_add();
	CU_ASSERT_EQUAL(rig_load(), 0);
	CU_ASSERT_EQUAL(pw_store_span(rig.st, 0, 0, UINT32_MAX, &span), 0);
	CU_ASSERT_EQUAL(span.len, 1300);
	CU_ASSERT_EQUAL(rig.n_prefixes, 1);
}

/* What O_DIRECT needs, and the next file's prefix in the gap that it leaves. */
static void
large_bodies_are_aligned(void)
{
	struct pw_span span;
	uint32_t i;

	for (i = 0; i < 4; i++)
		want_file(200001 + i * 4095, 37 * i);
	rig_add();
	CU_ASSERT_EQUAL(rig_load(), 0);
	check_all();
	for (i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(pw_store_span(rig.st, i, 37 * i, 1, &span), 0);
		CU_ASSERT_EQUAL((uintptr_t)span.addr % 4096, 0);
	}
}

static uint32_t
random_len(void)
{
	static const uint32_t edges[] = {0, 1, 511, 512, 513, 4095, 4096, 4097, 65536, 131071,
		131072, 131073, 1 << 20, PW_PAGE_BYTES - 1, PW_PAGE_BYTES, PW_PAGE_BYTES + 1};

	switch (below(8)) {
	case 0:
		return below(FILE_MAX);
	case 1:
		return below(PW_PAGE_BYTES);
	case 2:
		return below(200000);
	case 3:
		return below(2000);
	default:
		return edges[below(RTE_DIM(edges))];
	}
}

static uint32_t
random_prefix(void)
{
	switch (below(8)) {
	case 0:
		return 0;
	case 1:
		return below(PW_PREFIX_MAX + 1);
	default:
		return below(601);
	}
}

/* Files and texts of every size, all bytes and sums compared. */
static bool
random_set_is_right(void)
{
	uint32_t i, n = 30;

	for (i = 0; i < n; i++)
		want_file(random_len(), random_prefix());
	rig_add();
	for (i = 0; i < 5; i++) {
		const struct want *w = new_want(below(5000), random_prefix());

		pw_store_add_text(rig.st, w->body, w->len, i, w->prefix_len);
	}
	if (rig_load() != 0)
		return false;
	for (i = 0; i < rig.n; i++)
		if (!object_is_right(i))
			return false;
	return rig.n_prefixes > 0 && rig.progress_done > 0;
}

static void
random_sets(void)
{
	uint32_t round;

	printf(" seed %#lx ", SEED);
	for (round = 0; round < 3; round++) {
		uint32_t i, n;

		CU_ASSERT(random_set_is_right());
		n = rig.n;
		rig_forget();
		for (i = 0; i < n - 5; i++)
			unlink(temp_path(name_of(i)));
		rig.st = pw_store_create();
		rig.n_progress = 0;
		rig.progress_done = 0;
	}
}

static void
random_set_on_tmpfs(void)
{
	struct stat sb;

	if (stat("/dev/shm", &sb) < 0 || access("/dev/shm", W_OK) < 0) {
		printf(" (no /dev/shm) ");
		return;
	}
	teardown();
	rig_open("/dev/shm");
	CU_ASSERT(random_set_is_right());
}

static bool
random_set_without_io_uring(void)
{
	return temp_deny(SYS_io_uring_setup, -1, 0, EPERM) && random_set_is_right();
}

static void
works_without_io_uring(void)
{
	CU_ASSERT(temp_in_child(random_set_without_io_uring));
}

static bool
random_set_without_direct(void)
{
	return temp_deny(SYS_fcntl, 2, O_DIRECT, EINVAL) && random_set_is_right();
}

static void
works_where_direct_is_refused(void)
{
	CU_ASSERT(temp_in_child(random_set_without_direct));
}

/* Any two places in a page, not only those where walks through objects happen to end. */
static void
sums_of_any_span(void)
{
	uint32_t i, bad = 0;

	printf(" seed %#lx ", SEED);
	want_file(PW_PAGE_BYTES, 0);
	memset(rig.want[0].body + 100000, 0, 50000); /* sums that do not change */
	temp_file(name_of(0), rig.want[0].body, PW_PAGE_BYTES);
	rig_add();
	CU_ASSERT_EQUAL(rig_load(), 0);
	for (i = 0; i < 20000; i++) {
		uint32_t off = below(PW_PAGE_BYTES - 1),
			 len = 1 + below(i % 2 ? 3000 : PW_PAGE_BYTES);
		struct pw_span span;

		if (i % 3 == 0)
			off &= ~(PW_SUM_BYTES - 1);
		pw_store_span(rig.st, 0, off, len, &span);
		bad += !sum_is_right(&span);
	}
	CU_ASSERT_EQUAL(bad, 0);
}

static uint64_t
bytes_read(uint32_t off, uint32_t len)
{
	struct pw_span span;
	uint64_t read = 1;

	CU_ASSERT_EQUAL(pw_store_span(rig.st, 0, off, len, &span), 0);
	pw_store_sum(rig.st, &span, &read);
	return read - 1;
}

static void
sums_read_only_ragged_edges(void)
{
	want_file(PW_PAGE_BYTES, 0);
	rig_add();
	CU_ASSERT_EQUAL(rig_load(), 0);
	CU_ASSERT_EQUAL(bytes_read(0, PW_PAGE_BYTES), 0);
	CU_ASSERT_EQUAL(bytes_read(512, 1024), 0);
	CU_ASSERT_EQUAL(bytes_read(512, 1025), 1);
	CU_ASSERT_EQUAL(bytes_read(511, 1024), 2);
	CU_ASSERT_EQUAL(bytes_read(256, 1024), 512);
	CU_ASSERT_EQUAL(bytes_read(5, 40), 40);
	CU_ASSERT_EQUAL(bytes_read(5, 505), 7);
	CU_ASSERT_EQUAL(bytes_read(PW_PAGE_BYTES - 3, 3), 3);
}

static bool
knows_holes(const char *name)
{
	int fd = open(temp_path(name), O_RDONLY);
	off_t at = lseek(fd, 0, SEEK_DATA);

	close(fd);
	if (at != 0)
		return true;
	printf(" (this file system tells of no holes) ");
	return false;
}

/* Holes at the start, in the middle and at the end; data in one byte of a page. */
static void
sparse_files_read_right(void)
{
	static const uint32_t data[][2] = {{0, 0}, {5 * PW_PAGE_BYTES, 1}, {0, 100},
		{3 * PW_PAGE_BYTES - 1, 2}, {6 * PW_PAGE_BYTES + 5, 100000}};
	uint32_t i;

	for (i = 0; i < RTE_DIM(data); i++) {
		struct want *w = new_want(6 * PW_PAGE_BYTES + 200000 + i, i * 150);
		uint8_t *body = calloc(1, w->len);

		memcpy(body + data[i][0], w->body, data[i][1]);
		memcpy(w->body, body, w->len);
		free(body);
		temp_sparse(name_of(i), w->len);
		temp_poke(name_of(i), data[i][0], w->body + data[i][0], data[i][1]);
	}
	want_file(3000, 10); /* what follows a hole in the packing */
	want_file(300000, 10);
	rig_add();
	CU_ASSERT_EQUAL(rig_load(), 0);
	check_all();
	if (knows_holes("000"))
		CU_ASSERT(pw_store_n_pages(rig.st) < 20); /* of 35 */
}

/* A prefix that reaches into the second page keeps it from being all hole. */
static void
prefix_runs_into_a_hole(void)
{
	const struct want *w;

	want_file(PW_PAGE_BYTES - 40000, 0);
	w = new_want(4 * PW_PAGE_BYTES, 60000);
	memset(w->body, 0, w->len);
	temp_sparse("001", w->len);
	rig_add();
	CU_ASSERT_EQUAL(rig_load(), 0);
	check_all();
	if (knows_holes("001"))
		CU_ASSERT_EQUAL(pw_store_n_pages(rig.st), 3);
}

static void
huge_sparse_file_takes_little(void)
{
	pw_off size = (UINT64_C(4) << 30) + 12345;
	struct pw_span span;

	rig.n = 1;
	rig.want[0].prefix_len = 99;
	temp_sparse(name_of(0), size);
	if (!knows_holes("000"))
		return;
	temp_poke(name_of(0), size - 3, "end", 3);
	rig_add();
	CU_ASSERT_EQUAL(pw_store_need(rig.st), 3 * PW_PAGE_BYTES);
	CU_ASSERT_EQUAL(rig_load(), 0);
	CU_ASSERT_EQUAL(pw_store_object(rig.st, 0)->size, size);
	CU_ASSERT_EQUAL(pw_store_span(rig.st, 0, 99 + size - 3, 100, &span), 0);
	CU_ASSERT_EQUAL(span.len, 3);
	CU_ASSERT_EQUAL(memcmp(span.addr, "end", 3), 0);
	CU_ASSERT_EQUAL(pw_store_span(rig.st, 0, UINT64_C(3) << 30, 1460, &span), 0);
	CU_ASSERT(span.addr[0] == 0 && memcmp(span.addr, span.addr + 1, 1459) == 0);
	CU_ASSERT(sum_is_right(&span));
	CU_ASSERT_EQUAL(rig.progress_done, size);
}

/* A tree that is on no disk: packing only asks it for sizes. */
static double
waste_of(uint32_t n, pw_off (*size)(uint32_t i), uint32_t prefix_len)
{
	struct pw_tree tree = {.root = "/nonexistent", .root_fd = -1};
	struct pw_store *st = pw_store_create();
	struct pw_node node = {.path = "none", .kind = PW_NODE_FILE};
	pw_off bytes = 0;
	uint32_t i, bad = 0;
	double waste;

	tree.nodes = &node;
	for (i = 0; i < n; i++) {
		node.size = size(i);
		bytes += node.size + prefix_len;
		bad += pw_store_add_file(st, &tree, 0, prefix_len) != i;
	}
	CU_ASSERT_EQUAL(bad, 0);
	waste = (double)pw_store_need(st) / (double)bytes - 1;
	pw_store_destroy(st);
	return waste;
}

static pw_off
size_1k(uint32_t i)
{
	return 1024;
}

static pw_off
size_60k(uint32_t i)
{
	return 60000;
}

static pw_off
size_128k(uint32_t i)
{
	return 128 << 10;
}

static pw_off
size_over_half_a_page(uint32_t i)
{
	return PW_PAGE_BYTES / 2 + 1000;
}

static pw_off
size_any(uint32_t i)
{
	return 500 + pw_rand_below(&rig.rand, UINT64_C(1) << (9 + i % 15));
}

static void
packing_wastes_little(void)
{
	CU_ASSERT(waste_of(1000000, size_1k, 256) < 0.005);
	CU_ASSERT(waste_of(1000000, size_1k, 250) < 0.01);
	CU_ASSERT(waste_of(1000000, size_1k, 257) < 0.06); /* a cache line each */
	CU_ASSERT(waste_of(20000, size_60k, 250) < 0.02);
	CU_ASSERT(waste_of(20000, size_128k, 250) < 0.032); /* 4 KiB each */
	CU_ASSERT(waste_of(2000, size_over_half_a_page, 250) < 0.02);
	CU_ASSERT(waste_of(20000, size_any, 250) < 0.01);
}

/* A small file is not cut in two when that saves next to nothing. */
static void
small_objects_stay_in_a_page(void)
{
	uint32_t i, n_cut = 0;

	for (i = 0; i < 3000; i++)
		pw_store_add_text(rig.st, "", 0, 0, 3000);
	for (i = 0; i < 3000; i++)
		n_cut += pw_store_object(rig.st, i)->n_pages != 1;
	CU_ASSERT_EQUAL(n_cut, 0);
}

static bool
load_fails(int want)
{
	int rc = rig_load();

	/* By path, once. */
	return rc == want && strstr(temp_log(), "001: ") != NULL;
}

static void
add_three(uint32_t len)
{
	want_file(300000, 100);
	want_file(len, 100);
	want_file(300000, 100);
	rig_add();
}

static void
small_file_that_grew(void)
{
	add_three(1000);
	temp_poke("001", 1000, "x", 1);
	CU_ASSERT(load_fails(-ESTALE));
}

static void
large_file_that_grew(void)
{
	add_three(500001);
	temp_poke("001", 500001, "x", 1);
	CU_ASSERT(load_fails(-ESTALE));
}

static void
grow_second(void *ctx, uint32_t id, const struct pw_object *obj, uint8_t *to)
{
	if (id == 0)
		temp_poke("001", rig.want[1].len, "x", 1);
}

/* Its reading began when it was as it should be. */
static void
file_that_grows_meanwhile(void)
{
	struct pw_store_load_cfg cfg = load_cfg;

	cfg.prefix = grow_second;
	add_three(500001);
	CU_ASSERT_EQUAL(pw_store_load(rig.st, &cfg), -ESTALE);
	CU_ASSERT_PTR_NOT_NULL(strstr(temp_log(), "001: "));
}

static void
file_that_shrank(void)
{
	add_three(9 << 20);
	CU_ASSERT_EQUAL(truncate(temp_path("001"), 5 << 20), 0);
	CU_ASSERT(load_fails(-ESTALE));
}

/* Neither waited for, nor taken for an empty file. */
static void
file_that_became_a_fifo(void)
{
	add_three(0);
	CU_ASSERT_EQUAL(unlink(temp_path("001")), 0);
	CU_ASSERT_EQUAL(mkfifo(temp_path("001"), 0644), 0);
	CU_ASSERT(load_fails(-ESTALE));
}

static void
file_that_went(void)
{
	add_three(5 << 20);
	CU_ASSERT_EQUAL(unlink(temp_path("001")), 0);
	CU_ASSERT(load_fails(-ENOENT));
}

static void
file_that_may_not_be_read(void)
{
	add_three(1000);
	CU_ASSERT_EQUAL(chmod(temp_path("001"), 0), 0);
	temp_drop_root();
	CU_ASSERT(load_fails(-EACCES));
	temp_take_root();
}

static void
hole_that_was_filled(void)
{
	new_want(0, 100);
	new_want(0, 100);
	temp_sparse("000", 1000);
	temp_sparse("001", 8 << 20);
	rig_add();
	if (!knows_holes("001"))
		return;
	temp_poke("001", 5 << 20, "x", 1);
	CU_ASSERT(load_fails(-ESTALE));
}

static void *
no_memory(void *ctx, size_t bytes)
{
	errno = ENOMEM;
	return NULL;
}

static void
no_arena(void)
{
	static const struct pw_arena none = {.alloc = no_memory};
	struct pw_store_load_cfg cfg = load_cfg;

	cfg.arena = &none;
	want_file(1000, 1);
	rig_add();
	CU_ASSERT_EQUAL(pw_store_load(rig.st, &cfg), -ENOMEM);
}

static void
holds_are_counted(void)
{
	struct pw_store_refs refs;
	uint32_t last;

	want_file(5 << 20, 1);
	rig_add();
	CU_ASSERT_EQUAL(rig_load(), 0);
	last = pw_store_n_pages(rig.st) - 1;
	CU_ASSERT_EQUAL_FATAL(pw_store_refs_init(&refs, rig.st, &pw_mem_heap), 0);
	pw_store_hold(&refs, 0);
	pw_store_hold(&refs, last);
	pw_store_hold(&refs, last);
	CU_ASSERT_EQUAL(refs.n_holds, 3);
	CU_ASSERT_EQUAL(refs.holds[last], 2);
	pw_store_put(&refs, last);
	pw_store_put(&refs, last);
	pw_store_put(&refs, 0);
	CU_ASSERT_EQUAL(refs.n_holds, 0);
	CU_ASSERT_EQUAL(refs.holds[last], 0);
	pw_store_refs_fini(&refs, &pw_mem_heap);
}

/* Any byte of any object, found by its address; also the first and the last. */
static bool
bytes_are_found(uint32_t id)
{
	pw_off end = (pw_off)rig.want[id].len + rig.want[id].prefix_len;
	struct pw_span span;
	uint32_t found, i;
	pw_off off, at;

	for (i = 0; i < 40; i++) {
		at = i == 0 ? 0 : i == 1 ? end - 1 : below((uint32_t)end);
		if (pw_store_span(rig.st, id, at, 1, &span) != 0 ||
			pw_store_whose(rig.st, span.addr, &found, &off) != 0 || found != id ||
			off != at)
			return false;
	}
	return true;
}

static void
bytes_are_found_by_address(void)
{
	static const uint32_t len[] = {1, 500, 70000, PW_PAGE_BYTES - 1, PW_PAGE_BYTES * 2 + 99, 3};
	const uint8_t *base, *end;
	uint32_t id, i;
	pw_off off;

	for (i = 0; i < RTE_DIM(len); i++)
		want_file(len[i], 100 + i);
	rig_add();
	CU_ASSERT_EQUAL(rig_load(), 0);
	for (i = 0; i < RTE_DIM(len); i++)
		CU_ASSERT(bytes_are_found(i));
	base = pw_store_page(rig.st, 0)->addr;
	end = base + pw_store_need(rig.st);
	CU_ASSERT_EQUAL(pw_store_whose(rig.st, base - 1, &id, &off), -ERANGE);
	CU_ASSERT_EQUAL(pw_store_whose(rig.st, end, &id, &off), -ERANGE);
	CU_ASSERT_EQUAL(pw_store_whose(rig.st, end - 1, &id, &off), -ENOENT);
	CU_ASSERT_EQUAL(pw_store_whose(rig.st, base + 101, &id, &off), -ENOENT);
}

static CU_TestInfo tests[] = {
	{"bytes_are_found_by_address", bytes_are_found_by_address},
	{"empty_store", empty_store},
	{"objects_of_no_bytes", objects_of_no_bytes},
	{"texts_are_copied", texts_are_copied},
	{"small_object_is_one_span", small_object_is_one_span},
	{"large_bodies_are_aligned", large_bodies_are_aligned},
	{"random_sets", random_sets},
	{"random_set_on_tmpfs", random_set_on_tmpfs},
	{"works_without_io_uring", works_without_io_uring},
	{"works_where_direct_is_refused", works_where_direct_is_refused},
	{"sums_of_any_span", sums_of_any_span},
	{"sums_read_only_ragged_edges", sums_read_only_ragged_edges},
	{"sparse_files_read_right", sparse_files_read_right},
	{"prefix_runs_into_a_hole", prefix_runs_into_a_hole},
	{"huge_sparse_file_takes_little", huge_sparse_file_takes_little},
	{"packing_wastes_little", packing_wastes_little},
	{"small_objects_stay_in_a_page", small_objects_stay_in_a_page},
	{"small_file_that_grew", small_file_that_grew},
	{"large_file_that_grew", large_file_that_grew},
	{"file_that_grows_meanwhile", file_that_grows_meanwhile},
	{"file_that_shrank", file_that_shrank},
	{"file_that_became_a_fifo", file_that_became_a_fifo},
	{"file_that_went", file_that_went},
	{"file_that_may_not_be_read", file_that_may_not_be_read},
	{"hole_that_was_filled", hole_that_was_filled},
	{"no_arena", no_arena},
	{"holds_are_counted", holds_are_counted},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_store_store = {
	.pName = "store_store", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
