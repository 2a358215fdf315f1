/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <string.h>
#include "counters.h"
#include "pw_drop.h"
#include "pw_http.h"
#include "pw_tcp.h"

/* clang-format off */
#define X(name, help) {#name, help, offsetof(struct pw_tcp_stats, name)},
const struct counter tcp_counters[] = { PW_TCP_STATS(X) };
#undef X
#define X(name, help) {#name, help, offsetof(struct pw_http_stats, name)},
const struct counter http_counters[] = { PW_HTTP_STATS(X) };
#undef X
#define X(code, reason) {#code, reason, offsetof(struct pw_http_stats, status[PW_HTTP_##code])},
const struct counter http_statuses[] = { PW_HTTP_STATUSES(X) };
#undef X
/* clang-format on */

const uint32_t n_tcp_counters = RTE_DIM(tcp_counters);
const uint32_t n_http_counters = RTE_DIM(http_counters);
const uint32_t n_http_statuses = RTE_DIM(http_statuses);

static const char *
find(const struct counter *c, uint32_t n, const char *name)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (strcmp(c[i].name, name) == 0)
			return c[i].help;
	return NULL;
}

const char *
counter_help(const char *name)
{
	const char *help = find(tcp_counters, n_tcp_counters, name);
	uint32_t i;

	if (help == NULL)
		help = find(http_counters, n_http_counters, name);
	if (help == NULL)
		help = find(http_statuses, n_http_statuses, name);
	for (i = 1; help == NULL && i < PW_DROP_MAX; i++)
		if (strcmp(pw_drop_info[i].name, name) == 0)
			help = pw_drop_info[i].help;
	return help;
}
