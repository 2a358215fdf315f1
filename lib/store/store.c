/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Where objects lie, and their spans and sums.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rte_prefetch.h>
#include "pw_wire_cksum.h"
#include "store_priv.h"

#define SUM_AHEAD 2 /* spans of a stream whose edges are fetched before they are summed */

/* Left over at the end of a page rather than used by an object that runs on: 1.6 % at most. */
#define LEFT_MAX (PW_PAGE_BYTES / 64)

/* The data of a sparse file, looked up from its start to its end. */
struct extent {
	int fd;	     /* -1: data throughout */
	pw_off data; /* the next data is at [data, hole) */
	pw_off hole;
};

struct pw_store *
pw_store_create(void)
{
	struct pw_store *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return NULL;
	st->fill = PW_PAGE_BYTES;
	st->zero_page = PW_PAGE_NONE;
	return st;
}

void
pw_store_destroy(struct pw_store *st)
{
	if (st == NULL)
		return;
	if (st->base != NULL)
		st->arena->free(st->arena->ctx, st->base, pw_store_need(st));
	store_free_sources(st);
	free(st->objects);
	free(st->list);
	free(st->sums);
	free(st->pages);
	free(st);
}

void
store_free_sources(struct pw_store *st)
{
	uint32_t i;

	for (i = 0; st->sources != NULL && i < st->n_objects; i++)
		free(st->sources[i].text);
	free(st->sources);
	st->sources = NULL;
}

/* @return whether [from, to) is all hole; ask with rising offsets. */
static bool
is_hole(struct extent *x, pw_off from, pw_off to)
{
	off_t at;

	if (x->fd < 0)
		return false;
	if (from >= x->hole) {
		at = lseek(x->fd, (off_t)from, SEEK_DATA);
		x->data = at >= 0 ? (pw_off)at : errno == ENXIO ? UINT64_MAX : from;
		at = at >= 0 ? lseek(x->fd, at, SEEK_HOLE) : -1;
		x->hole = at >= 0 ? (pw_off)at : UINT64_MAX;
	}
	return to <= x->data;
}

static uint32_t
zero_page(struct pw_store *st)
{
	if (st->zero_page == PW_PAGE_NONE)
		st->zero_page = st->n_pages++;
	return st->zero_page;
}

/* Where a prefix may start at or after @p from, so that the body is well aligned. */
static uint32_t
align_start(const struct pw_object *obj, uint32_t from, bool direct)
{
	if (!direct)
		return RTE_ALIGN_CEIL(from, RTE_CACHE_LINE_SIZE);
	return RTE_ALIGN_CEIL(from + obj->prefix_len, STORE_DIRECT_ALIGN) - obj->prefix_len;
}

/* @return whether @p obj starts on a new page. */
static bool
place_start(const struct pw_store *st, struct pw_object *obj, bool direct)
{
	uint32_t room;

	obj->first_off = align_start(obj, st->fill, direct);
	room = PW_PAGE_BYTES - (uint32_t)pw_min(obj->first_off, PW_PAGE_BYTES);
	if (obj->prefix_len + obj->size <= room || room > LEFT_MAX)
		return false;
	obj->first_off = align_start(obj, 0, direct);
	return true;
}

/* Give every page of @p obj after the first one a number; return that of the last. */
static uint32_t
place_rest(struct pw_store *st, const struct pw_object *obj, struct extent *x)
{
	pw_off body = obj->first_off + obj->prefix_len; /* places counted in the object's pages */
	uint32_t *list = st->list + obj->pages;
	uint32_t i;

	for (i = 1; i < obj->n_pages; i++) {
		pw_off from = (pw_off)i << PW_PAGE_BITS;
		pw_off to = pw_min(from + PW_PAGE_BYTES, body + obj->size);

		if (from >= body && is_hole(x, from - body, to - body))
			list[i] = zero_page(st);
		else
			list[i] = st->n_pages++;
	}
	return list[i - 1];
}

/*
 * Lay @p obj behind the objects placed before. Pages of one object that follow
 * each other in it do so in the arena too, but for the zero page: load relies on
 * that where a prefix crosses from one to the next.
 */
static bool
place(struct pw_store *st, struct pw_object *obj, bool direct, struct extent *x)
{
	pw_off total = obj->prefix_len + obj->size, end, n_pages;
	uint32_t first;
	bool fresh;

	if (total == 0)
		return true;
	fresh = place_start(st, obj, direct);
	end = obj->first_off + total;
	n_pages = (end + PW_PAGE_BYTES - 1) >> PW_PAGE_BITS;
	if (n_pages > UINT32_MAX - 2 - st->n_pages ||
		(n_pages > 1 && !STORE_GROW(st->list, &st->list_cap, st->n_list + n_pages)))
		return false;
	first = fresh ? st->n_pages++ : st->n_pages - 1;
	obj->n_pages = (uint32_t)n_pages;
	obj->pages = first;
	st->fill = (uint32_t)(end - ((n_pages - 1) << PW_PAGE_BITS));
	if (n_pages == 1)
		return true;
	obj->pages = st->n_list;
	st->list[st->n_list] = first;
	st->n_list += obj->n_pages;
	if (place_rest(st, obj, x) == st->zero_page)
		st->fill = PW_PAGE_BYTES;
	return true;
}

static uint32_t
add(struct pw_store *st, const struct pw_object *obj, const struct store_source *src,
	struct extent *x)
{
	uint32_t id = st->n_objects;

	PW_ASSERT(obj->prefix_len <= PW_PREFIX_MAX);
	PW_ASSERT(st->base == NULL);
	if (!STORE_GROW(st->objects, &st->objects_cap, (uint64_t)id + 1) ||
		!STORE_GROW(st->sources, &st->sources_cap, (uint64_t)id + 1))
		return PW_OBJECT_NONE;
	st->objects[id] = *obj;
	st->sources[id] = *src;
	if (!place(st, &st->objects[id], store_is_direct(st, id), x))
		return PW_OBJECT_NONE;
	st->body_bytes += obj->size;
	return st->n_objects++;
}

uint32_t
pw_store_add_file(
	struct pw_store *st, const struct pw_tree *tree, uint32_t node, uint32_t prefix_len)
{
	const struct pw_node *n = &tree->nodes[node];
	struct pw_object obj = {.size = n->size, .mtime_s = n->mtime_s, .prefix_len = prefix_len};
	struct store_source src = {.tree = tree, .node = node};
	struct extent x = {.fd = -1};
	uint32_t id;

	/* A file that cannot be opened has no holes; load will tell. */
	if (n->size >= PW_PAGE_BYTES)
		x.fd = pw_tree_open(tree, node, O_NONBLOCK);
	id = add(st, &obj, &src, &x);
	if (x.fd >= 0)
		close(x.fd);
	return id;
}

uint32_t
pw_store_add_text(
	struct pw_store *st, const void *bytes, uint32_t len, int64_t mtime_s, uint32_t prefix_len)
{
	struct pw_object obj = {.size = len, .mtime_s = mtime_s, .prefix_len = prefix_len};
	struct store_source src = {.text = malloc(len + 1u)};
	struct extent x = {.fd = -1};
	uint32_t id;

	if (src.text == NULL)
		return PW_OBJECT_NONE;
	memcpy(src.text, bytes, len);
	id = add(st, &obj, &src, &x);
	if (id == PW_OBJECT_NONE)
		free(src.text);
	return id;
}

size_t
pw_store_need(struct pw_store *st)
{
	return (size_t)st->n_pages << PW_PAGE_BITS;
}

const struct pw_object *
pw_store_object(const struct pw_store *st, uint32_t id)
{
	PW_ASSERT(id < st->n_objects);
	return &st->objects[id];
}

uint32_t
pw_store_n_objects(const struct pw_store *st)
{
	return st->n_objects;
}

uint32_t
pw_store_n_pages(const struct pw_store *st)
{
	return st->n_pages;
}

const struct pw_page *
pw_store_page(const struct pw_store *st, uint32_t page)
{
	PW_ASSERT(page < st->n_pages);
	return &st->pages[page];
}

uint32_t
pw_store_page_of(const struct pw_store *st, const struct pw_object *obj, uint32_t i)
{
	return store_page_of(st, obj, i);
}

/* Two cache lines at most: the object and, of a large one, the page's number. */
int
pw_store_span(const struct pw_store *st, uint32_t id, pw_off off, uint32_t len, struct pw_span *out)
{
	const struct pw_object *obj;
	uint32_t in_page;
	pw_off end;

	if (unlikely(id >= st->n_objects))
		return -ENOENT;
	obj = &st->objects[id];
	end = obj->prefix_len + obj->size;
	if (unlikely(off >= end))
		return -ERANGE;
	in_page = (uint32_t)(obj->first_off + off) & (PW_PAGE_BYTES - 1);
	out->page = store_page_of(st, obj, pw_object_page_at(obj, off));
	out->addr = st->base + ((size_t)out->page << PW_PAGE_BITS) + in_page;
	out->len = (uint32_t)pw_min(len, pw_min(end - off, PW_PAGE_BYTES - in_page));
	return 0;
}

static uint16_t
swap_if(uint32_t odd, uint16_t sum)
{
	return odd & 1 ? pw_sum_swap(sum) : sum;
}

/* The block border that is nearest to a place in a page. */
static uint32_t
border(uint32_t at)
{
	return (at + PW_SUM_BYTES / 2) & ~(PW_SUM_BYTES - 1);
}

/* The sum of a page's first @p at bytes: that at the nearest border, and the bytes between. */
static uint16_t
sum_to(const uint16_t *sums, const uint8_t *page, uint32_t at)
{
	uint32_t b = border(at);
	uint16_t sum = sums[b >> PW_SUM_BITS];

	if (b <= at)
		return pw_sum_add(sum, pw_sum(page + b, at - b));
	return pw_sum_sub(sum, swap_if(at, pw_sum(page + at, b - at)));
}

static uint32_t
distance(uint32_t a, uint32_t b)
{
	return a < b ? b - a : a - b;
}

/* Bytes that are read only for a checksum are in no cache: a stream that comes to @p at
 * shall not wait for them there. */
static void
prefetch_edge(const uint8_t *page, uint32_t at)
{
	uint32_t b = border(at), i;

	if (at >= PW_PAGE_BYTES)
		return;
	for (i = RTE_MIN(at, b); i < RTE_MAX(at, b); i += RTE_CACHE_LINE_SIZE)
		rte_prefetch0(page + i);
}

uint16_t
pw_store_sum(const struct pw_store *st, const struct pw_span *span, uint64_t *read_bytes)
{
	uint32_t from = (uint32_t)((uintptr_t)span->addr & (PW_PAGE_BYTES - 1));
	uint32_t to = from + span->len;
	uint32_t edges = distance(from, border(from)) + distance(to, border(to));
	const uint8_t *page = span->addr - from;
	const uint16_t *sums;

	PW_ASSERT(span->page < st->n_pages && to <= PW_PAGE_BYTES);
	if (span->len <= edges) {
		*read_bytes += span->len;
		return pw_sum(span->addr, span->len);
	}
	*read_bytes += edges;
	prefetch_edge(page, to + SUM_AHEAD * span->len);
	sums = store_sums(st, span->page);
	return swap_if(from, pw_sum_sub(sum_to(sums, page, to), sum_to(sums, page, from)));
}

int
pw_store_refs_init(struct pw_store_refs *refs, const struct pw_store *st, const struct pw_mem *mem)
{
	size_t bytes = pw_max(st->n_pages, 1) * sizeof(*refs->holds);

	*refs = (struct pw_store_refs){.store = st};
	refs->holds = mem->alloc(mem->ctx, bytes, "page holds");
	return refs->holds != NULL ? 0 : -ENOMEM;
}

void
pw_store_refs_fini(struct pw_store_refs *refs, const struct pw_mem *mem)
{
	PW_ASSERT(refs->n_holds == 0);
	mem->free(mem->ctx, refs->holds);
	refs->holds = NULL;
}
