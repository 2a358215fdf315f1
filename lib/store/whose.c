/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "store_priv.h"

/* Does byte @at of page @page belong to @obj? Its pages follow each other in it. */
static bool
holds(const struct pw_store *st, const struct pw_object *obj, uint32_t page, uint32_t at,
	pw_off *off)
{
	pw_off in_pages;
	uint32_t i;

	for (i = 0; i < obj->n_pages; i++) {
		if (store_page_of(st, obj, i) != page)
			continue;
		in_pages = ((pw_off)i << PW_PAGE_BITS) + at;
		if (in_pages < obj->first_off ||
			in_pages - obj->first_off >= obj->prefix_len + obj->size)
			continue;
		*off = in_pages - obj->first_off;
		return true;
	}
	return false;
}

int
pw_store_whose(const struct pw_store *st, const void *addr, uint32_t *id, pw_off *off)
{
	uintptr_t at = (uintptr_t)addr - (uintptr_t)st->base;
	uint32_t i;

	if (st->base == NULL || at >= (uintptr_t)st->n_pages << PW_PAGE_BITS)
		return -ERANGE;
	for (i = 0; i < st->n_objects; i++) {
		if (!holds(st, &st->objects[i], (uint32_t)(at >> PW_PAGE_BITS),
			    at & (PW_PAGE_BYTES - 1), off))
			continue;
		*id = i;
		return 0;
	}
	return -ENOENT;
}
