/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_INDEX_H
#define PW_INDEX_H

/**
 * @file
 * Look-up table from a byte string to a number; built at start, then only read.
 *
 * Threads:  built by main; pw_index_find() from any thread after that.
 * Cost:     one hash and, nearly always, one cache line plus the key's bytes.
 *           The hash is seeded, so that paths cannot be chosen to collide.
 */
#include "pw_base.h"

#define PW_INDEX_NONE UINT32_MAX

struct pw_index;

/** @return an index for @p n_max keys, or NULL with errno ENOMEM. */
struct pw_index *pw_index_create(uint32_t n_max, uint64_t seed);
void pw_index_destroy(struct pw_index *ix);

/**
 * @param key  borrowed: stays where it is as long as the index lives
 * @return 0, -EEXIST when the key is there already, -ENOSPC beyond n_max
 */
int pw_index_add(struct pw_index *ix, const char *key, uint32_t len, uint32_t value);

/** @return the value, or PW_INDEX_NONE. */
uint32_t pw_index_find(const struct pw_index *ix, const char *key, uint32_t len);

#endif
