/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <CUnit/CUnit.h>
#include "pw_index.h"
#include "pw_rand.h"

#define SEED   UINT64_C(0x51a7e)
#define N_MANY 100000u

static void
empty_finds_nothing(void)
{
	struct pw_index *ix = pw_index_create(0, SEED);

	CU_ASSERT_PTR_NOT_NULL_FATAL(ix);
	CU_ASSERT_EQUAL(pw_index_find(ix, "a", 1), PW_INDEX_NONE);
	CU_ASSERT_EQUAL(pw_index_find(ix, "", 0), PW_INDEX_NONE);
	CU_ASSERT_EQUAL(pw_index_add(ix, "a", 1, 7), -ENOSPC);
	pw_index_destroy(ix);
	pw_index_destroy(NULL);
}

static void
key_is_its_bytes_and_length(void)
{
	static const char bytes[] = "a\0b/c";
	struct pw_index *ix = pw_index_create(8, SEED);
	uint32_t len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(ix);
	for (len = 0; len < sizeof(bytes); len++)
		CU_ASSERT_EQUAL(pw_index_add(ix, bytes, len, 100 + len), 0);
	for (len = 0; len < sizeof(bytes); len++) {
		char copy[sizeof(bytes)];

		memcpy(copy, bytes, sizeof(bytes));
		CU_ASSERT_EQUAL(pw_index_find(ix, copy, len), 100 + len);
		copy[0] ^= 1;
		CU_ASSERT_EQUAL(pw_index_find(ix, copy, len), len == 0 ? 100 : PW_INDEX_NONE);
	}
	pw_index_destroy(ix);
}

static void
twice_is_refused_and_changes_nothing(void)
{
	struct pw_index *ix = pw_index_create(2, SEED);

	CU_ASSERT_PTR_NOT_NULL_FATAL(ix);
	CU_ASSERT_EQUAL(pw_index_add(ix, "key", 3, 1), 0);
	CU_ASSERT_EQUAL(pw_index_add(ix, "key", 3, 2), -EEXIST);
	CU_ASSERT_EQUAL(pw_index_find(ix, "key", 3), 1);
	CU_ASSERT_EQUAL(pw_index_add(ix, "other", 5, 2), 0);
	CU_ASSERT_EQUAL(pw_index_add(ix, "third", 5, 3), -ENOSPC);
	CU_ASSERT_EQUAL(pw_index_add(ix, "other", 5, 3), -EEXIST);
	CU_ASSERT_EQUAL(pw_index_find(ix, "third", 5), PW_INDEX_NONE);
	pw_index_destroy(ix);
}

/* A table that is full to the last key, for several seeds. */
static void
many_are_found_and_others_not(void)
{
	char(*keys)[16] = malloc(sizeof(*keys) * N_MANY);
	uint64_t seed;
	uint32_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(keys);
	for (i = 0; i < N_MANY; i++)
		snprintf(keys[i], sizeof(keys[i]), "dir/%07u", i);
	for (seed = SEED; seed < SEED + 3; seed++) {
		struct pw_index *ix = pw_index_create(N_MANY, seed);
		uint32_t bad = 0;

		CU_ASSERT_PTR_NOT_NULL_FATAL(ix);
		for (i = 0; i < N_MANY; i++)
			bad += pw_index_add(ix, keys[i], 11, i) != 0;
		for (i = 0; i < N_MANY; i++) {
			bad += pw_index_find(ix, keys[i], 11) != i;
			bad += pw_index_find(ix, keys[i], 10) != PW_INDEX_NONE;
			bad += pw_index_find(ix, keys[i] + 1, 10) != PW_INDEX_NONE;
		}
		CU_ASSERT_EQUAL(bad, 0);
		pw_index_destroy(ix);
	}
	free(keys);
}

static int
by_hash(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Half of the hash is not the key: the likeliest way for two keys to be mixed up. */
static void
keys_of_like_hash_are_told_apart(void)
{
	uint64_t *found = malloc(sizeof(*found) * 2 * N_MANY);
	struct pw_index *ix = pw_index_create(2, SEED);
	uint32_t i, n_pairs = 0;

	CU_ASSERT_FATAL(ix != NULL && found != NULL);
	for (i = 0; i < 2 * N_MANY; i++)
		found[i] = XXH3_64bits_withSeed(&i, sizeof(i), SEED) >> 32 << 32 | i;
	qsort(found, 2 * N_MANY, sizeof(*found), by_hash);
	for (i = 1; i < 2 * N_MANY && n_pairs == 0; i++) {
		uint32_t a = (uint32_t)found[i - 1], b = (uint32_t)found[i];

		if (found[i - 1] >> 32 != found[i] >> 32)
			continue;
		n_pairs++;
		CU_ASSERT_EQUAL(pw_index_add(ix, (char *)&a, sizeof(a), 1), 0);
		CU_ASSERT_EQUAL(pw_index_find(ix, (char *)&b, sizeof(b)), PW_INDEX_NONE);
	}
	CU_ASSERT_EQUAL(n_pairs, 1);
	pw_index_destroy(ix);
	free(found);
}

#define TWIN_KEYS 97u /* of one or two letters, so that they meet again and again */

static void
agrees_with_a_plain_array(void)
{
	static char names[TWIN_KEYS][3];
	struct pw_rand rand;
	uint32_t round, i;

	printf(" seed %#lx ", SEED);
	pw_rand_init(&rand, SEED);
	for (i = 0; i < TWIN_KEYS; i++)
		snprintf(names[i], sizeof(names[i]), "%c%c", 'a' + (int)(i / 10),
			'a' + (int)(i % 10));
	for (round = 0; round < 200; round++) {
		uint32_t n_max = (uint32_t)pw_rand_below(&rand, TWIN_KEYS + 10), n = 0, bad = 0;
		struct pw_index *ix = pw_index_create(n_max, pw_rand_u64(&rand));
		uint32_t twin[TWIN_KEYS];

		CU_ASSERT_PTR_NOT_NULL_FATAL(ix);
		memset(twin, 0xff, sizeof(twin));
		for (i = 0; i < 300; i++) {
			uint32_t key = (uint32_t)pw_rand_below(&rand, TWIN_KEYS);
			uint32_t look = (uint32_t)pw_rand_below(&rand, TWIN_KEYS);
			int want = twin[key] != PW_INDEX_NONE ? -EEXIST : n == n_max ? -ENOSPC : 0;

			bad += pw_index_add(ix, names[key], 2, i) != want;
			if (want == 0) {
				twin[key] = i;
				n++;
			}
			bad += pw_index_find(ix, names[look], 2) != twin[look];
		}
		CU_ASSERT_EQUAL(bad, 0);
		pw_index_destroy(ix);
	}
}

static CU_TestInfo tests[] = {
	{"empty_finds_nothing", empty_finds_nothing},
	{"key_is_its_bytes_and_length", key_is_its_bytes_and_length},
	{"twice_is_refused_and_changes_nothing", twice_is_refused_and_changes_nothing},
	{"many_are_found_and_others_not", many_are_found_and_others_not},
	{"keys_of_like_hash_are_told_apart", keys_of_like_hash_are_told_apart},
	{"agrees_with_a_plain_array", agrees_with_a_plain_array},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_store_index = {.pName = "store_index", .pTests = tests};
