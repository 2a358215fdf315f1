/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef METER_H
#define METER_H

/**
 * @file
 * Cycles of the time stamp counter, batch by batch. What is printed is the
 * median of the batches: a batch in which somebody else had the core does not
 * count more than any other.
 */
#include <rte_cycles.h>
#include "pw_base.h"

#define METER_BATCHES_MAX 20000

struct meter {
	const char *name;
	uint32_t n;	/* batches so far */
	uint64_t n_ops; /* of all of them */
	uint64_t begun;
	uint64_t empty;			  /* what measuring costs by itself */
	double cycles[METER_BATCHES_MAX]; /* per operation */
};

void meter_open(struct meter *m, const char *name);

static inline void
meter_begin(struct meter *m)
{
	m->begun = rte_rdtsc_precise();
}

/** @return cycles since meter_begin() */
static inline uint64_t
meter_end(const struct meter *m)
{
	uint64_t took = rte_rdtsc_precise() - m->begun;

	return took > m->empty ? took - m->empty : 0;
}

/** A batch of @p n_ops operations took @p cycles. */
void meter_add(struct meter *m, uint64_t cycles, uint64_t n_ops);

/** meter_end() of a batch of @p n_ops. */
static inline void
meter_batch(struct meter *m, uint64_t n_ops)
{
	uint64_t cycles = meter_end(m);

	meter_add(m, cycles, n_ops);
}

/** Print "NAME MEDIAN P10 P90 OPERATIONS". */
void meter_print(struct meter *m);

#endif
