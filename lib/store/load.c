/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Fill the arena. Files are cut into *runs*, each inside one page. Runs are read
 * many at a time and taken up in order, so that a file can be hashed as it comes.
 *
 * Large files go first: an O_DIRECT read ends with the whole last block of its
 * file, and what lies there behind the file's end is cleared, then belongs to a
 * neighbour that is small and comes later, or to the prefix of a large one that
 * is taken up later.
 *
 * Whoever writes into a page takes the sums of the blocks that he touched, so
 * that the last one to write into a block leaves its right sum.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <liburing.h>
#include <sys/stat.h>
#include <xxhash.h>
#include "pw_wire_cksum.h"
#include "store_priv.h"

#define N_RUNS	    32u
#define RUN_MAX	    (1u << 20)
#define PROGRESS_NS (50 * PW_NS_PER_MS)
#define NO_FD	    (-1)

enum pass {
	PASS_DIRECT,
	PASS_REST,
};

/* Some bytes of a file, on their way. The last run of a file owns its descriptor. */
struct run {
	uint32_t id;
	int fd;
	pw_off off; /* in the body */
	uint8_t *to;
	uint32_t len;
	uint32_t done;
	int res; /* of the read, when it is no longer busy */
	bool busy;
	bool direct;
	bool last;
};

struct loader {
	struct pw_store *st;
	const struct pw_store_load_cfg *cfg;
	struct io_uring ring;
	bool has_ring;
	enum pass pass;

	struct run runs[N_RUNS]; /* from head to tail, modulo N_RUNS */
	uint32_t head;
	uint32_t tail;

	/* Where runs are cut next. */
	uint32_t next_id;
	int fd; /* of next_id, or NO_FD */
	bool direct;
	pw_off off;

	/* The object that is being taken up. */
	XXH3_state_t *hash;
	pw_off hashed;

	pw_off done_bytes;
	pw_ns shown_at;
};

/* Log why the load of object @p id failed. @return @p rc */
static int
fail(const struct loader *ld, uint32_t id, int rc)
{
	const struct store_source *src = &ld->st->sources[id];
	char shown[STORE_SHOW_MAX];

	STORE_LOG(ERR, "%s: %s", store_show(src->tree->nodes[src->node].path, shown),
		rc == -ESTALE ? "changed since the directory was scanned" : strerror(-rc));
	return rc;
}

static pw_ns
clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (pw_ns)ts.tv_sec * PW_NS_PER_S + (pw_ns)ts.tv_nsec;
}

static void
progress(struct loader *ld, pw_off bytes)
{
	pw_ns now;

	ld->done_bytes += bytes;
	if (ld->cfg->progress == NULL)
		return;
	now = clock_ns();
	if (now - ld->shown_at < PROGRESS_NS)
		return;
	ld->shown_at = now;
	ld->cfg->progress(ld->cfg->ctx, ld->done_bytes, ld->st->body_bytes);
}

/* Take the sums of all blocks that [addr, addr + len) touches, inside one page. */
static void
take_sums(struct loader *ld, const uint8_t *addr, uint32_t len)
{
	size_t at = (size_t)(addr - ld->st->base);
	uint16_t *sums = store_sums(ld->st, (uint32_t)(at >> PW_PAGE_BITS)) + 1;
	uint32_t from = (uint32_t)at & (PW_PAGE_BYTES - 1), block;

	for (block = from >> PW_SUM_BITS; block << PW_SUM_BITS < from + len; block++)
		sums[block] = pw_sum(addr - from + ((size_t)block << PW_SUM_BITS), PW_SUM_BYTES);
}

/* The same for bytes that may run on in the next page. */
static void
take_sums_across(struct loader *ld, const uint8_t *addr, pw_off len)
{
	while (len > 0) {
		uint32_t room = PW_PAGE_BYTES -
				(uint32_t)((size_t)(addr - ld->st->base) & (PW_PAGE_BYTES - 1));
		uint32_t n = (uint32_t)pw_min(len, room);

		take_sums(ld, addr, n);
		addr += n;
		len -= n;
	}
}

/* The body is in place and hashed: write what stands before it. */
static void
finish_object(struct loader *ld, uint32_t id)
{
	struct pw_object *obj = &ld->st->objects[id];
	uint8_t *prefix;

	obj->hash = XXH3_64bits_digest(ld->hash);
	XXH3_64bits_reset(ld->hash);
	ld->hashed = 0;
	if (obj->prefix_len == 0)
		return;
	prefix = store_addr(ld->st, obj, 0);
	ld->cfg->prefix(ld->cfg->ctx, id, obj, prefix);
	take_sums_across(ld, prefix, obj->prefix_len);
}

/* Nothing else is under way. */
static void
load_text(struct loader *ld, uint32_t id)
{
	const struct pw_object *obj = &ld->st->objects[id];
	const char *text = ld->st->sources[id].text;
	uint8_t *to;

	if (obj->size > 0) {
		to = store_addr(ld->st, obj, obj->prefix_len);
		memcpy(to, text, obj->size);
		take_sums_across(ld, to, obj->size);
		XXH3_64bits_update(ld->hash, text, obj->size);
	}
	finish_object(ld, id);
	progress(ld, obj->size);
}

/* Whether @p fd is still a file of the size that it was scanned with. */
static int
check_file(const struct loader *ld, uint32_t id, int fd)
{
	struct stat sb;

	if (fstat(fd, &sb) < 0)
		return -errno;
	if (!S_ISREG(sb.st_mode) || (pw_off)sb.st_size != ld->st->objects[id].size)
		return -ESTALE;
	return 0;
}

/* Start to cut up object next_id. */
static int
open_file(struct loader *ld)
{
	const struct store_source *src = &ld->st->sources[ld->next_id];
	int rc, fd = pw_tree_open(src->tree, src->node, O_NONBLOCK); /* were it a FIFO by now */

	if (fd < 0)
		return fd;
	rc = check_file(ld, ld->next_id, fd);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	/* Without a ring, one read at a time: better from the page cache, which reads ahead. */
	ld->direct = ld->pass == PASS_DIRECT && ld->has_ring && fcntl(fd, F_SETFL, O_DIRECT) == 0;
	if (!ld->direct)
		fcntl(fd, F_SETFL, 0);
	ld->fd = fd;
	ld->off = 0;
	return 0;
}

static uint32_t
in_page_at(const struct pw_object *obj, pw_off body_off)
{
	return (uint32_t)(obj->first_off + obj->prefix_len + body_off) & (PW_PAGE_BYTES - 1);
}

/* Pass over what is in the zero page; it must still be a hole. */
static int
skip_holes(struct loader *ld)
{
	const struct pw_object *obj = &ld->st->objects[ld->next_id];
	uint32_t page = ld->st->zero_page;

	while (ld->off < obj->size && page != PW_PAGE_NONE) {
		pw_off end = pw_min(ld->off + PW_PAGE_BYTES - in_page_at(obj, ld->off), obj->size);
		uint32_t i = pw_object_page_at(obj, obj->prefix_len + ld->off);
		off_t data;

		if (store_page_of(ld->st, obj, i) != page)
			break;
		data = lseek(ld->fd, (off_t)ld->off, SEEK_DATA);
		if (data >= 0 && (pw_off)data < end)
			return -ESTALE;
		ld->off = end;
	}
	return 0;
}

/* Cut the next run off the open file. */
static int
cut_run(struct loader *ld, struct run *run)
{
	const struct pw_object *obj = &ld->st->objects[ld->next_id];
	int rc = skip_holes(ld);
	uint32_t room;

	if (rc < 0)
		return rc;
	room = PW_PAGE_BYTES - in_page_at(obj, ld->off);
	*run = (struct run){.id = ld->next_id, .fd = ld->fd, .off = ld->off, .direct = ld->direct};
	run->len = (uint32_t)pw_min(pw_min(room, RUN_MAX), obj->size - ld->off);
	if (run->len > 0)
		run->to = store_addr(ld->st, obj, obj->prefix_len + ld->off);
	ld->off += run->len;
	run->last = ld->off == obj->size;
	if (run->last) {
		ld->fd = NO_FD;
		ld->next_id++;
	}
	return 0;
}

/* Bytes to ask for: O_DIRECT takes whole blocks only. */
static uint32_t
ask_len(const struct run *run)
{
	uint32_t left = run->len - run->done;

	return run->direct ? RTE_ALIGN_CEIL(left, STORE_DIRECT_ALIGN) : left;
}

/* Begin to read; without a ring, ask the kernel to read ahead. */
static void
start_run(struct loader *ld, struct run *run)
{
	struct io_uring_sqe *sqe;

	if (run->done == run->len)
		return;
	if (!ld->has_ring) {
		posix_fadvise(run->fd, (off_t)run->off, run->len, POSIX_FADV_WILLNEED);
		return;
	}
	sqe = io_uring_get_sqe(&ld->ring);
	PW_ASSERT(sqe != NULL); /* as many as there are runs */
	io_uring_prep_read(sqe, run->fd, run->to + run->done, ask_len(run), run->off + run->done);
	io_uring_sqe_set_data(sqe, run);
	run->busy = true;
}

/* Hand over what was started, wait for a completion, and note all there are. */
static int
reap(struct loader *ld)
{
	int rc = io_uring_submit_and_wait(&ld->ring, 1);
	struct io_uring_cqe *cqe;

	if (rc < 0 && rc != -EINTR)
		return rc;
	while (io_uring_peek_cqe(&ld->ring, &cqe) == 0) {
		struct run *run = io_uring_cqe_get_data(cqe);

		run->res = cqe->res;
		run->busy = false;
		io_uring_cqe_seen(&ld->ring, cqe);
	}
	return 0;
}

static int
await_read(struct loader *ld, struct run *run)
{
	ssize_t n;
	int rc = 0;

	if (!ld->has_ring) {
		n = pread(run->fd, run->to + run->done, run->len - run->done,
			(off_t)(run->off + run->done));
		return n >= 0 ? (int)n : -errno;
	}
	while (run->busy && rc == 0)
		rc = reap(ld);
	return rc < 0 ? rc : run->res;
}

/* Wait until the whole run has landed, however the kernel cuts it. */
static int
await_run(struct loader *ld, struct run *run)
{
	while (run->done < run->len) {
		int n = await_read(ld, run);

		if (n == 0)
			return -ESTALE;
		if (n == -EINVAL && run->direct) {
			/* Taken by fcntl() but not here, or wanted in larger blocks. */
			fcntl(run->fd, F_SETFL, 0);
			run->direct = false;
		} else if (n < 0 && n != -EINTR && n != -EAGAIN) {
			return n;
		}
		if (n > 0)
			run->done = (uint32_t)pw_min(run->done + (uint32_t)n, run->len);
		start_run(ld, run);
	}
	return 0;
}

/* Hash the zeroes of a hole, up to @p off. */
static void
hash_hole(struct loader *ld, pw_off off)
{
	while (ld->hashed < off) {
		size_t n = pw_min(off - ld->hashed, PW_PAGE_BYTES);

		XXH3_64bits_update(
			ld->hash, ld->st->base + ((size_t)ld->st->zero_page << PW_PAGE_BITS), n);
		ld->hashed += n;
		progress(ld, n);
	}
}

static void
take_bytes(struct loader *ld, const struct run *run)
{
	uint32_t whole = RTE_ALIGN_CEIL(run->len, STORE_DIRECT_ALIGN);

	hash_hole(ld, run->off);
	if (run->len == 0)
		return;
	XXH3_64bits_update(ld->hash, run->to, run->len);
	ld->hashed += run->len;
	if (ld->pass == PASS_DIRECT)
		memset(run->to + run->len, 0, whole - run->len);
	take_sums(ld, run->to, run->len);
	progress(ld, run->len);
}

/* Take up the run at the head. */
static int
take_run(struct loader *ld)
{
	struct run *run = &ld->runs[ld->head % N_RUNS];
	int rc = await_run(ld, run);

	if (rc < 0)
		return fail(ld, run->id, rc);
	take_bytes(ld, run);
	if (run->last) {
		rc = check_file(ld, run->id, run->fd);
		if (rc < 0)
			return fail(ld, run->id, rc);
		close(run->fd);
		finish_object(ld, run->id);
	}
	ld->head++;
	return 0;
}

/* Move next_id on to a file of this pass. */
static bool
find_file(struct loader *ld)
{
	const struct pw_store *st = ld->st;

	for (; ld->next_id < st->n_objects; ld->next_id++)
		if (st->sources[ld->next_id].tree != NULL &&
			store_is_direct(st, ld->next_id) == (ld->pass == PASS_DIRECT))
			return true;
	return false;
}

/* Have as many runs under way as there may be. */
static int
start_runs(struct loader *ld)
{
	while (ld->tail - ld->head < N_RUNS && (ld->fd != NO_FD || find_file(ld))) {
		struct run *run = &ld->runs[ld->tail % N_RUNS];
		int rc = ld->fd != NO_FD ? 0 : open_file(ld);

		if (rc == 0)
			rc = cut_run(ld, run);
		if (rc < 0)
			return fail(ld, ld->next_id, rc);
		start_run(ld, run);
		ld->tail++;
	}
	if (ld->has_ring)
		io_uring_submit(&ld->ring); /* what it leaves behind, reap() hands over */
	return 0;
}

static int
load_files(struct loader *ld, enum pass pass)
{
	int rc = 0;

	ld->pass = pass;
	ld->next_id = 0;
	do {
		if (ld->tail - ld->head <= N_RUNS / 2) /* many for one system call */
			rc = start_runs(ld);
		if (rc == 0 && ld->head != ld->tail)
			rc = take_run(ld);
	} while (rc == 0 && ld->head != ld->tail);
	return rc;
}

static void
load_texts(struct loader *ld)
{
	uint32_t id;

	for (id = 0; id < ld->st->n_objects; id++)
		if (ld->st->sources[id].tree == NULL)
			load_text(ld, id);
}

static int
open_loader(struct loader *ld)
{
	int rc;

	ld->fd = NO_FD;
	ld->hash = XXH3_createState();
	if (ld->hash == NULL)
		return -ENOMEM;
	XXH3_64bits_reset(ld->hash);
	rc = io_uring_queue_init(N_RUNS, &ld->ring, 0);
	ld->has_ring = rc == 0;
	if (!ld->has_ring)
		STORE_LOG(INFO, "no io_uring (%s): files are read by pread", strerror(-rc));
	ld->shown_at = clock_ns();
	return 0;
}

/* Where a load failed half-way, reads are still under way and files open. */
static void
close_loader(struct loader *ld)
{
	for (; ld->head != ld->tail; ld->head++) {
		struct run *run = &ld->runs[ld->head % N_RUNS];

		while (run->busy && reap(ld) == 0)
			;
		if (run->last)
			close(run->fd);
	}
	if (ld->fd != NO_FD)
		close(ld->fd);
	if (ld->has_ring)
		io_uring_queue_exit(&ld->ring);
	XXH3_freeState(ld->hash);
}

static int
make_pages(struct pw_store *st, const struct pw_arena *arena)
{
	uint32_t i;

	st->pages = calloc(st->n_pages, sizeof(*st->pages));
	st->sums = calloc(st->n_pages, (PW_SUMS_A_PAGE + 1) * sizeof(*st->sums));
	if (st->pages == NULL || st->sums == NULL)
		return -ENOMEM;
	st->base = arena->alloc(arena->ctx, pw_store_need(st));
	if (st->base == NULL)
		return -ENOMEM;
	PW_ASSERT((uintptr_t)st->base % PW_PAGE_BYTES == 0);
	st->arena = arena;
	for (i = 0; i < st->n_pages; i++) {
		st->pages[i].addr = st->base + ((size_t)i << PW_PAGE_BITS);
		st->pages[i].iova = arena->iova(arena->ctx, st->pages[i].addr);
	}
	return 0;
}

/* From the sum of each block to the sum of all before it. */
static void
add_up_sums(struct pw_store *st)
{
	uint32_t page, i;

	for (page = 0; page < st->n_pages; page++) {
		uint16_t *sums = store_sums(st, page);

		for (i = 0; i < PW_SUMS_A_PAGE; i++)
			sums[i + 1] = pw_sum_add(sums[i], sums[i + 1]);
	}
}

static int
fill_pages(struct loader *ld)
{
	int rc = load_files(ld, PASS_DIRECT);

	if (rc == 0)
		rc = load_files(ld, PASS_REST);
	if (rc == 0)
		load_texts(ld);
	return rc;
}

int
pw_store_load(struct pw_store *st, const struct pw_store_load_cfg *cfg)
{
	struct loader ld = {.st = st, .cfg = cfg};
	int rc;

	rc = st->n_pages > 0 ? make_pages(st, cfg->arena) : 0;
	if (rc == 0)
		rc = open_loader(&ld);
	if (rc < 0) {
		STORE_LOG(ERR, "no memory for %zu bytes of files", pw_store_need(st));
		return rc;
	}
	rc = fill_pages(&ld);
	close_loader(&ld);
	if (rc < 0)
		return rc;
	add_up_sums(st);
	store_free_sources(st);
	if (cfg->progress != NULL)
		cfg->progress(cfg->ctx, st->body_bytes, st->body_bytes);
	return 0;
}
