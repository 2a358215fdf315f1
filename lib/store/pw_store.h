/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_STORE_H
#define PW_STORE_H

/**
 * @file
 * Page store: what is served, pinned in hugepages, lent out as spans.
 *
 * An *object* is a prefix (in pagewire: the rest of a response head) followed
 * at once by a body (a file's contents, or a text given by the caller), so that
 * one span covers both where the object is small. Objects are packed side by
 * side in the order they were added; one that does not fit into what is left of
 * a page runs on at the start of the next, unless so little is left that it is
 * better wasted. A hole of a sparse file that covers whole pages costs one
 * shared page of zeroes.
 *
 * Beside each page lie its one's-complement sums at every 512 bytes, taken once
 * when it was filled: the sum of a span is a difference of two of them, give or
 * take at most 256 bytes at either end, and needs no other look at the payload.
 *
 * Life:     create; add objects; need; load; serve; destroy.
 * Threads:  set-up from main before the workers start; pw_store_span() and the
 *           sums from any worker; struct pw_store_refs belongs to one worker.
 * Promise:  after load, an object's bytes never change or move.
 */
#include "pw_base.h"
#include "pw_span.h"
#include "pw_tree.h"

#define PW_PAGE_BITS   21
#define PW_PAGE_BYTES  (UINT32_C(1) << PW_PAGE_BITS)
#define PW_SUM_BITS    9
#define PW_SUM_BYTES   (UINT32_C(1) << PW_SUM_BITS) /**< a checksum block */
#define PW_SUMS_A_PAGE (PW_PAGE_BYTES >> PW_SUM_BITS)

#define PW_OBJECT_NONE UINT32_MAX

/** One page: where it is for us and for a device. */
struct pw_page {
	uint8_t *addr;
	uint64_t iova; /**< UINT64_MAX where the arena has none */
};

/** The longest prefix of an object. */
#define PW_PREFIX_MAX 65536

/** What is served under one number. Read-only after load. */
struct pw_object {
	pw_off size;	     /**< bytes of the body */
	uint32_t prefix_len; /**< bytes before the body */
	uint32_t first_off;  /**< where in its first page the prefix starts */
	uint32_t n_pages;    /**< 0 when there is not a byte */
	uint32_t pages;	     /**< its page, or, of several, the first entry in a list of them */
	uint64_t hash;	     /**< XXH3_64bits of the body */
	int64_t mtime_s;
};

/** Memory for the pages, from one of several providers. */
struct pw_arena {
	/** @return @p bytes of zeroed memory aligned to PW_PAGE_BYTES, or NULL with errno. */
	void *(*alloc)(void *ctx, size_t bytes);
	void (*free)(void *ctx, void *mem, size_t bytes);
	/** The device's address of the page at @p addr, or UINT64_MAX. */
	uint64_t (*iova)(void *ctx, const void *addr);
	void *ctx;
};

/** Ordinary memory, for tests. */
extern const struct pw_arena pw_arena_heap;

struct pw_store;

struct pw_store *pw_store_create(void);
void pw_store_destroy(struct pw_store *st);

/**
 * Add a file of @p tree, which must live until load. Its size is what the scan saw.
 * @param prefix_len  at most PW_PREFIX_MAX
 * @return the object's number, counted from 0, or PW_OBJECT_NONE (no memory)
 */
uint32_t pw_store_add_file(
	struct pw_store *st, const struct pw_tree *tree, uint32_t node, uint32_t prefix_len);

/** Add a text; @p bytes are copied. @return as pw_store_add_file() */
uint32_t pw_store_add_text(
	struct pw_store *st, const void *bytes, uint32_t len, int64_t mtime_s, uint32_t prefix_len);

/** Bytes of arena that the objects added so far take: a multiple of PW_PAGE_BYTES. */
size_t pw_store_need(struct pw_store *st);

struct pw_store_load_cfg {
	const struct pw_arena *arena;
	/**
	 * Write the prefix of object @p id, exactly as long as was promised,
	 * into @p to; size, hash and mtime_s of @p obj are final. Objects come in
	 * no particular order.
	 */
	void (*prefix)(void *ctx, uint32_t id, const struct pw_object *obj, uint8_t *to);
	/** Called now and then while loading; may be NULL. */
	void (*progress)(void *ctx, pw_off done_bytes, pw_off all_bytes);
	void *ctx;
};

/**
 * Read every file into the arena (io_uring, O_DIRECT where the file system
 * takes it), take sums and hashes, write the prefixes.
 * @return 0, or -ENOMEM (no arena of that size), -EIO or another error of
 *         reading, -ESTALE: a file changed its size since the scan. The error
 *         is logged with the file's path; the store can only be destroyed.
 */
int pw_store_load(struct pw_store *st, const struct pw_store_load_cfg *cfg);

/** @return object @p id; from load on it stays there for as long as the store. */
const struct pw_object *pw_store_object(const struct pw_store *st, uint32_t id);
uint32_t pw_store_n_objects(const struct pw_store *st);
uint32_t pw_store_n_pages(const struct pw_store *st);
const struct pw_page *pw_store_page(const struct pw_store *st, uint32_t page);

/** Number of the @p i-th page of an object; i < n_pages. */
uint32_t pw_store_page_of(const struct pw_store *st, const struct pw_object *obj, uint32_t i);

/** Which of its pages holds byte @p off of an object, counted from its prefix. */
static inline uint32_t
pw_object_page_at(const struct pw_object *obj, pw_off off)
{
	return (uint32_t)((obj->first_off + off) >> PW_PAGE_BITS);
}

/**
 * The bytes [off, off + len) of object @p id, counted from the start of its
 * prefix, up to the end of the page that holds @p off.
 * @return 0, -ENOENT no such object, -ERANGE off is at or past the end
 */
int pw_store_span(
	const struct pw_store *st, uint32_t id, pw_off off, uint32_t len, struct pw_span *out);

/**
 * Whose byte is at @p addr? Looks at every object: not for the packet path. Safe in a
 * signal handler. Of a page of zeroes that several share, the first is named.
 * @param off  counted from the start of the object's prefix
 * @return 0, -ERANGE not an address of the store, -ENOENT nobody's: between two objects
 */
int pw_store_whose(const struct pw_store *st, const void *addr, uint32_t *id, pw_off *off);

/**
 * The sum of a span's bytes, as pw_sum() would give it (but 0 and 0xffff are one
 * number here, as on the wire), from the page's sums and the span's ragged edges.
 * @param span        inside one page of the store, as pw_store_span() made it
 * @param read_bytes  grows by the payload bytes that had to be read: 512 at most
 */
uint16_t pw_store_sum(const struct pw_store *st, const struct pw_span *span, uint64_t *read_bytes);

/**
 * One worker's connection holds, by page. The NIC's holds are counted apart, by
 * the packet builder; a page may be reused only when both are gone everywhere.
 */
struct pw_store_refs {
	const struct pw_store *store;
	uint64_t n_holds; /**< all of `holds` added up: 0 when no connection holds a page */
	uint32_t *holds;
};

/** Call after load. @return 0 or -ENOMEM */
int pw_store_refs_init(
	struct pw_store_refs *refs, const struct pw_store *st, const struct pw_mem *mem);
void pw_store_refs_fini(struct pw_store_refs *refs, const struct pw_mem *mem);

static inline void
pw_store_hold(struct pw_store_refs *refs, uint32_t page)
{
	refs->holds[page]++;
	refs->n_holds++;
}

static inline void
pw_store_put(struct pw_store_refs *refs, uint32_t page)
{
	PW_ASSERT(refs->holds[page] > 0);
	refs->holds[page]--;
	refs->n_holds--;
}

#endif
