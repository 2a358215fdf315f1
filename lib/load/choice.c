/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Walker's alias method, its table built as by Vose ("A linear algorithm for
 * generating random numbers with a given distribution", 1991), in whole numbers.
 */
#include <stdlib.h>
#include "pw_url.h"

/* Cells by how much they have: `share` of a cell that is just full is `full`. */
struct build {
	uint64_t *share;
	uint32_t *poor; /* stack of cells below full, from the left; */
	uint32_t n_poor;
	uint32_t *rich; /* of the others */
	uint32_t n_rich;
	uint64_t full;
};

static void
sort_in(struct build *b, uint32_t i)
{
	if (b->share[i] < b->full)
		b->poor[b->n_poor++] = i;
	else
		b->rich[b->n_rich++] = i;
}

/* A poor cell is filled up by a rich one, which may be poor after that. */
static void
fill_cells(struct build *b, struct pw_choice_cell *cell)
{
	while (b->n_poor != 0 && b->n_rich != 0) {
		uint32_t p = b->poor[--b->n_poor];
		uint32_t r = b->rich[--b->n_rich];

		cell[p].keep = (uint32_t)(((unsigned __int128)b->share[p] << 32) / b->full);
		cell[p].other = r;
		b->share[r] -= b->full - b->share[p];
		sort_in(b, r);
	}
}

static void
build(struct build *b, struct pw_choice *c, const struct pw_urls *u)
{
	uint32_t i;

	for (i = 0; i < u->n; i++)
		b->full += u->url[i].weight;
	for (i = 0; i < u->n; i++) {
		b->share[i] = (uint64_t)u->url[i].weight * u->n;
		c->cell[i] = (struct pw_choice_cell){.keep = UINT32_MAX, .other = i};
		sort_in(b, i);
	}
	fill_cells(b, c->cell);
}

int
pw_choice_init(struct pw_choice *c, const struct pw_urls *u, const struct pw_mem *mem)
{
	struct build b = {
		.share = calloc(u->n, sizeof(*b.share)),
		.poor = calloc(u->n, sizeof(*b.poor)),
		.rich = calloc(u->n, sizeof(*b.rich)),
	};
	int rc = -ENOMEM;

	c->n = u->n;
	c->cell = mem->alloc(mem->ctx, sizeof(*c->cell) * u->n, "load_choice");
	if (c->cell != NULL && b.share != NULL && b.poor != NULL && b.rich != NULL) {
		build(&b, c, u);
		rc = 0;
	}
	free(b.share);
	free(b.poor);
	free(b.rich);
	return rc;
}

void
pw_choice_fini(struct pw_choice *c, const struct pw_mem *mem)
{
	if (c->cell != NULL)
		mem->free(mem->ctx, c->cell);
	c->cell = NULL;
}
