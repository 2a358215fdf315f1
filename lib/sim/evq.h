/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef EVQ_H
#define EVQ_H

/**
 * @file
 * Events in the order of their time; those of one time in the order they were
 * added. A binary heap.
 */
#include "pw_base.h"

struct event {
	pw_ns at;
	uint64_t nth; /**< set by evq_add() */
	uint32_t kind;
	uint32_t who;
	void *what;
};

struct evq {
	struct event *e;
	uint32_t n;
	uint32_t room;
	uint64_t added;
};

/** @return 0 or -ENOMEM */
int evq_add(struct evq *q, const struct event *ev);

/** Take the first one. @return false: there is none */
bool evq_take(struct evq *q, struct event *out);

void evq_fini(struct evq *q);

#endif
