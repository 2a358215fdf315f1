/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef STORE_PRIV_H
#define STORE_PRIV_H

#include "pw_log.h"
#include "pw_store.h"

extern int pw_log_store;
#define STORE_LOG(lvl, ...) PW_LOG(lvl, pw_log_store, "store", __VA_ARGS__)

/**
 * Files from this size on are read by O_DIRECT, their body aligned to what that
 * asks for: 4 KiB are wasted at most, 3 % of the smallest such file.
 */
#define STORE_DIRECT_MIN   (128u << 10)
#define STORE_DIRECT_ALIGN 4096u

/** Where an object's bytes come from. Until load. */
struct store_source {
	const struct pw_tree *tree; /**< NULL: from `text` */
	char *text;
	uint32_t node;
};

struct pw_store {
	/* What a worker reads. */
	uint8_t *base; /**< the arena: page i is at base + i * PW_PAGE_BYTES */
	struct pw_object *objects;
	uint32_t n_objects;
	uint32_t n_pages;
	uint32_t *list; /**< page numbers of the objects that have several */
	/**
	 * PW_SUMS_A_PAGE + 1 for each page: the sum of all its bytes before each
	 * block's start and before its end. (While loading, entry i + 1 is the
	 * sum of block i.)
	 */
	uint16_t *sums;
	struct pw_page *pages;

	/* What set-up needs. */
	const struct pw_arena *arena;
	struct store_source *sources;
	uint32_t objects_cap;
	uint32_t sources_cap;
	uint32_t list_cap;
	uint32_t n_list;
	uint32_t fill;	    /**< bytes in use of the last page; PW_PAGE_BYTES: none left */
	uint32_t zero_page; /**< or PW_PAGE_NONE */
	pw_off body_bytes;
};

void store_free_sources(struct pw_store *st);

static inline bool
store_is_direct(const struct pw_store *st, uint32_t id)
{
	return st->sources[id].tree != NULL && st->objects[id].size >= STORE_DIRECT_MIN;
}

static inline uint16_t *
store_sums(const struct pw_store *st, uint32_t page)
{
	return st->sums + (size_t)page * (PW_SUMS_A_PAGE + 1);
}

static inline uint32_t
store_page_of(const struct pw_store *st, const struct pw_object *obj, uint32_t i)
{
	PW_ASSERT(i < obj->n_pages);
	return obj->n_pages == 1 ? obj->pages : st->list[obj->pages + i];
}

/** Where byte @p off of an object lies, counted from its prefix. */
static inline uint8_t *
store_addr(const struct pw_store *st, const struct pw_object *obj, pw_off off)
{
	pw_off at = obj->first_off + off;
	uint32_t page = store_page_of(st, obj, (uint32_t)(at >> PW_PAGE_BITS));

	return st->base + ((size_t)page << PW_PAGE_BITS) + (at & (PW_PAGE_BYTES - 1));
}

/** Like realloc() for at least @p n entries of @p size bytes; @p cap is what there is room for. */
void *store_grow(void *array, uint32_t *cap, uint64_t n, size_t size);

/** Make room for @p n entries in the pointer @p array; false: no memory, and it is as before. */
#define STORE_GROW(array, cap, n)                                           \
	({                                                                  \
		void *grown_ = store_grow(array, cap, n, sizeof(*(array))); \
		if (grown_ != NULL)                                         \
			(array) = grown_;                                   \
		grown_ != NULL;                                             \
	})

#define STORE_SHOW_MAX 256

/** A path for a log line: control bytes replaced, its end cut off where it is long. */
const char *store_show(const char *path, char out[STORE_SHOW_MAX]);

#endif
