/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Open addressing by buckets of one cache line. A key lives in the first bucket
 * with room, counted from the one its hash names; nothing is ever removed, so a
 * search ends at the first bucket that has room.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include "pw_index.h"

#define WAYS 3

struct bucket {
	const char *key[WAYS]; /* NULL: free, and so are those after it */
	uint32_t tag[WAYS];    /* half of the hash: keeps other keys' bytes out of the cache */
	uint32_t len[WAYS];
	uint32_t value[WAYS];
} __rte_cache_aligned;

static_assert(sizeof(struct bucket) == RTE_CACHE_LINE_SIZE, "a bucket is a cache line");

struct pw_index {
	struct bucket *buckets;
	uint32_t n_buckets;
	uint32_t n_keys;
	uint32_t n_max;
	uint64_t seed;
};

/* Where a search stands: a slot that has the key, or the free one that ended it. */
struct place {
	struct bucket *bucket;
	uint32_t way;
	uint32_t tag;
};

struct pw_index *
pw_index_create(uint32_t n_max, uint64_t seed)
{
	/* Half of the slots in use at most: 1 bucket in 15 then overflows. */
	size_t n_buckets = (size_t)n_max * 2 / WAYS + 1;
	struct pw_index *ix = calloc(1, sizeof(*ix));

	if (ix == NULL)
		return NULL;
	ix->buckets = aligned_alloc(sizeof(struct bucket), n_buckets * sizeof(struct bucket));
	if (ix->buckets == NULL) {
		free(ix);
		errno = ENOMEM;
		return NULL;
	}
	memset(ix->buckets, 0, n_buckets * sizeof(struct bucket));
	ix->n_buckets = (uint32_t)n_buckets;
	ix->n_max = n_max;
	ix->seed = seed;
	return ix;
}

void
pw_index_destroy(struct pw_index *ix)
{
	if (ix == NULL)
		return;
	free(ix->buckets);
	free(ix);
}

static bool
has_key(const struct place *at, const char *key, uint32_t len)
{
	const struct bucket *b = at->bucket;

	return b->tag[at->way] == at->tag && b->len[at->way] == len &&
	       memcmp(b->key[at->way], key, len) == 0;
}

/* @return whether the key is there; @p at says where it is, or where it would go. */
static bool
search(const struct pw_index *ix, const char *key, uint32_t len, struct place *at)
{
	uint64_t hash = XXH3_64bits_withSeed(key, len, ix->seed);
	uint64_t i = ((hash & UINT32_MAX) * ix->n_buckets) >> 32;

	at->tag = (uint32_t)(hash >> 32);
	for (;;) {
		at->bucket = &ix->buckets[i];
		for (at->way = 0; at->way < WAYS; at->way++) {
			if (at->bucket->key[at->way] == NULL)
				return false;
			if (has_key(at, key, len))
				return true;
		}
		if (++i == ix->n_buckets)
			i = 0;
	}
}

int
pw_index_add(struct pw_index *ix, const char *key, uint32_t len, uint32_t value)
{
	struct place at;

	PW_ASSERT(key != NULL);
	if (search(ix, key, len, &at))
		return -EEXIST;
	if (ix->n_keys == ix->n_max)
		return -ENOSPC;
	at.bucket->key[at.way] = key;
	at.bucket->tag[at.way] = at.tag;
	at.bucket->len[at.way] = len;
	at.bucket->value[at.way] = value;
	ix->n_keys++;
	return 0;
}

uint32_t
pw_index_find(const struct pw_index *ix, const char *key, uint32_t len)
{
	struct place at;

	return search(ix, key, len, &at) ? at.bucket->value[at.way] : PW_INDEX_NONE;
}
