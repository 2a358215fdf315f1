/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "meter.h"

#define TRIES 1000

void
meter_open(struct meter *m, const char *name)
{
	uint64_t least = UINT64_MAX;
	int i;

	m->name = name;
	m->n = 0;
	m->n_ops = 0;
	m->empty = 0;
	for (i = 0; i < TRIES; i++) {
		meter_begin(m);
		least = pw_min(least, meter_end(m));
	}
	m->empty = least;
}

void
meter_add(struct meter *m, uint64_t cycles, uint64_t n_ops)
{
	if (n_ops == 0 || m->n == METER_BATCHES_MAX)
		return;
	m->cycles[m->n++] = (double)cycles / (double)n_ops;
	m->n_ops += n_ops;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void
meter_print(struct meter *m)
{
	qsort(m->cycles, m->n, sizeof(m->cycles[0]), by_size);
	printf("%s %.1f %.1f %.1f %" PRIu64 "\n", m->name, m->cycles[m->n / 2],
		m->cycles[m->n / 10], m->cycles[m->n * 9 / 10], m->n_ops);
	fflush(stdout);
}
