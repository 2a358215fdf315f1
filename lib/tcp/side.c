/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Room beside the connection for what only some need: a pacer and the state of BBR.
 * Who gets none, because others have all of it, does without, and that is counted.
 */
#include "tcp_priv.h"

#define PLACES_LEAST 64

uint32_t
side_places(uint32_t max_conns)
{
	return (uint32_t)pw_min(pw_max(max_conns / 16, PLACES_LEAST), SIDES_MAX);
}

int
side_init(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;
	struct side_pool *p = &t->side;
	uint32_t i;

	p->n = (uint32_t)pw_min(t->cfg.max_sides, SIDES_MAX);
	p->e = mem->alloc(mem->ctx, sizeof(*p->e) * p->n, "tcp_sides");
	if (p->e == NULL)
		return -ENOMEM;
	for (i = 0; i < p->n; i++)
		p->e[i].conn = i + 1 < p->n ? i + 1 : NONE;
	p->free = 0;
	return 0;
}

void
side_fini(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;

	if (t->side.e != NULL)
		mem->free(mem->ctx, t->side.e);
}

struct side *
side_get(struct pw_tcp_conn *c)
{
	struct side_pool *p = &c->t->side;
	struct side *s;

	if (c->side != 0)
		return side_of(c);
	if (p->free == NONE) {
		c->t->stats.side_exhausted++;
		return NULL;
	}
	c->side = (uint16_t)(p->free + 1);
	s = side_of(c);
	p->free = s->conn;
	p->n_used++;
	*s = (struct side){.conn = conn_index(c)};
	return s;
}

void
side_put(struct pw_tcp_conn *c)
{
	struct side_pool *p = &c->t->side;
	struct side *s;

	if (c->side == 0)
		return;
	s = side_of(c);
	pw_timer_clear(&c->t->pace_wheel, &s->timer);
	s->conn = p->free;
	p->free = c->side - 1u;
	p->n_used--;
	c->side = 0;
}
