/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdlib.h>
#include "evq.h"

static bool
before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->nth < b->nth);
}

int
evq_add(struct evq *q, const struct event *ev)
{
	struct event new = *ev;
	uint32_t i;

	if (q->n == q->room) {
		uint32_t room = q->room == 0 ? 256 : 2 * q->room;
		struct event *e = realloc(q->e, room * sizeof(*e));

		if (e == NULL)
			return -ENOMEM;
		q->e = e;
		q->room = room;
	}
	new.nth = q->added++;
	for (i = q->n++; i > 0 && before(&new, &q->e[(i - 1) / 2]); i = (i - 1) / 2)
		q->e[i] = q->e[(i - 1) / 2];
	q->e[i] = new;
	return 0;
}

bool
evq_take(struct evq *q, struct event *out)
{
	const struct event *last;
	uint32_t i = 0, child;

	if (q->n == 0)
		return false;
	*out = q->e[0];
	last = &q->e[--q->n];
	while ((child = 2 * i + 1) < q->n) {
		if (child + 1 < q->n && before(&q->e[child + 1], &q->e[child]))
			child++;
		if (!before(&q->e[child], last))
			break;
		q->e[i] = q->e[child];
		i = child;
	}
	q->e[i] = *last;
	return true;
}

void
evq_fini(struct evq *q)
{
	free(q->e);
	*q = (struct evq){0};
}
