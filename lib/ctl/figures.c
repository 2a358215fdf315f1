/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What is counted, and what of it since `clear stats`: nobody resets a counter
 * that a worker writes, what was there is subtracted.
 */
#include <stdlib.h>
#include <string.h>
#include <rte_cycles.h>
#include "cmd_priv.h"

uint64_t
ledger_copied(const struct pw_ledger *l)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < PW_COPY_MAX; i++)
		sum += l->copied_bytes[i];
	return sum;
}

int
figures_init(struct pw_ctl *ctl, struct figures *f)
{
	memset(f, 0, sizeof(*f));
	f->tsc = rte_rdtsc();
	f->workers = calloc(ctl->cfg.n_workers, sizeof(*f->workers));
	return f->workers != NULL ? 0 : -ENOMEM;
}

void
figures_fini(struct figures *f)
{
	free(f->workers);
}

void
figures_now(const struct pw_ctl *ctl, struct figures *f)
{
	uint32_t i, k;

	f->tsc = rte_rdtsc();
	for (k = 0; k < ctl->cfg.n_ports; k++)
		pw_port_get_stats(ctl->cfg.ifs[k].port, &f->ports[k]);
	for (i = 0; i < ctl->cfg.n_workers; i++) {
		const struct pw_ctl_worker *cw = &ctl->workers[i];
		struct worker_figures *w = &f->workers[i];

		pw_worker_get_stats(cw->worker, &w->loop);
		for (k = 0; k < ctl->cfg.n_ports; k++)
			pw_worker_get_ledger(cw->worker, k, &w->ledgers[k]);
		w->http = *pw_http_stats(cw->http);
		pw_http_get_usage(cw->http, &w->usage);
	}
}

static void
subtract(void *from, const void *what, size_t bytes)
{
	const uint64_t *w = what;
	uint64_t *f = from;
	size_t i;

	for (i = 0; i < bytes / sizeof(*f); i++)
		f[i] -= w[i];
}

static void
subtract_port(struct pw_port_stats *from, const struct pw_port_stats *what)
{
	subtract(from, what, offsetof(struct pw_port_stats, link_up));
}

/* Not usage and what else says how it is now. */
static void
subtract_worker(struct worker_figures *from, const struct worker_figures *what)
{
	struct pw_worker_stats *f = &from->loop;
	const struct pw_worker_stats *w = &what->loop;

	subtract(f, w, offsetof(struct pw_worker_stats, link));
	subtract(&f->link.requests_out, &w->link.requests_out,
		sizeof(f->link) - offsetof(struct pw_link_stats, requests_out));
	subtract(&f->ip, &w->ip, sizeof(f->ip));
	subtract(&f->tcp, &w->tcp, sizeof(f->tcp));
	subtract(from->ledgers, what->ledgers, sizeof(from->ledgers));
	subtract(&from->http, &what->http, sizeof(from->http));
}

void
figures_since(struct pw_ctl *ctl, struct figures *f)
{
	uint32_t i;

	figures_now(ctl, f);
	f->tsc -= ctl->zero.tsc;
	for (i = 0; i < ctl->cfg.n_ports; i++)
		subtract_port(&f->ports[i], &ctl->zero.ports[i]);
	for (i = 0; i < ctl->cfg.n_workers; i++)
		subtract_worker(&f->workers[i], &ctl->zero.workers[i]);
}
