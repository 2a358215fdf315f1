/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef FUZZ_SITE_H
#define FUZZ_SITE_H

/**
 * @file
 * A small site in memory, made once in a process: the directory it is loaded from
 * is gone by the time the first input comes.
 */
#include "pw_site.h"
#include "pw_store.h"

#define SITE_BIG_BYTES (PW_PAGE_BYTES + 5000) /* big.bin: fuzz_stream(0), over a page's end */

struct fuzz_site {
	struct pw_tree *tree;
	struct pw_store *store;
	struct pw_site *site;
	struct pw_store_refs refs;
};

/** Make it, or end the process. */
void fuzz_site_make(struct fuzz_site *s);

/** Is byte @p off of big.bin and all up to @p len behind it what stands at @p p? */
bool fuzz_site_is_big(const uint8_t *p, uint64_t off, size_t len);

#endif
