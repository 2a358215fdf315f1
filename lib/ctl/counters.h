/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef COUNTERS_H
#define COUNTERS_H

/**
 * @file
 * The counters of TCP and HTTP by name.
 */
#include "pw_base.h"

/** A 64-bit counter of a struct: where it is and what it is called. */
struct counter {
	const char *name;
	const char *help;
	size_t at;
};

extern const struct counter tcp_counters[];
extern const uint32_t n_tcp_counters;
extern const struct counter http_counters[];
extern const uint32_t n_http_counters;
extern const struct counter http_statuses[];
extern const uint32_t n_http_statuses;

/** What a counter of any of them, or a reason for a drop, means; NULL: no such name. */
const char *counter_help(const char *name);

#endif
