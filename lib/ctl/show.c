/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What is known from counters alone: no worker is asked.
 */
#include <string.h>
#include <rte_cycles.h>
#include "cmd_priv.h"
#include "pw_store.h"

static void
add(void *to, const void *from, size_t bytes)
{
	const uint64_t *f = from;
	uint64_t *t = to;
	size_t i;

	for (i = 0; i < bytes / sizeof(*t); i++)
		t[i] += f[i];
}

static uint64_t
dropped(const struct pw_drops *d)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 1; i < PW_DROP_MAX; i++)
		sum += d->n[i];
	return sum;
}

static void
put_worker(struct call *call, cJSON *row, uint32_t i, const struct figures *f)
{
	const struct pw_worker_stats *s = &f->workers[i].loop;

	put_u64(row, "worker", i);
	put_u64(row, "lcore", call->ctl->workers[i].lcore);
	put_u64(row, "connections", s->usage.conns);
	put_ratio(row, "busy", s->busy_cycles, f->tsc);
	put_u64(row, "turns", s->turns);
	put_u64(row, "busy_turns", s->busy_turns);
	put_u64(row, "sleeps", s->sleeps);
	put_u64(row, "rx_packets", s->rx_packets);
	put_u64(row, "rx_bytes", s->rx_bytes);
	put_u64(row, "tx_packets", s->tx_packets);
	put_u64(row, "tx_bytes", s->tx_bytes);
	put_u64(row, "handed_over", s->handed_over);
	put_u64(row, "taken_over", s->taken_over);
	put_u64(row, "rx_coupled", s->rx_coupled);
	put_u64(row, "dropped", dropped(&s->drops));
}

int
show_worker(struct call *call)
{
	cJSON *rows = put_rows(call->out, "workers");
	struct figures f;
	uint32_t i;

	if (figures_init(call->ctl, &f) != 0)
		return refuse(call, "no memory");
	figures_since(call->ctl, &f);
	for (i = 0; i < call->ctl->cfg.n_workers; i++)
		put_worker(call, put_row(rows), i, &f);
	figures_fini(&f);
	return 0;
}

int
show_tcp_stats(struct call *call)
{
	struct pw_worker_stats all = {0};
	const struct pw_tcp_usage *use = &all.usage;
	struct figures f;
	uint32_t i;

	if (figures_init(call->ctl, &f) != 0)
		return refuse(call, "no memory");
	figures_since(call->ctl, &f);
	for (i = 0; i < call->ctl->cfg.n_workers; i++)
		pw_worker_stats_add(&all, &f.workers[i].loop);
	figures_fini(&f);
	put_u64(call->out, "connections", use->conns);
	put_u64(call->out, "half_open", use->half_open);
	put_u64(call->out, "fast_open", use->fast_open);
	put_u64(call->out, "time_wait", use->time_wait);
	put_u64(call->out, "sent_records", use->sent_records);
	put_u64(call->out, "rcv_blocks", use->rcv_blocks);
	put_u64(call->out, "rcv_promised", use->rcv_promised);
	put_u64(call->out, "sides", use->sides);
	put_u64(call->out, "traced", use->traced);
	put_counters(put_object(call->out, "counters"), &all.tcp, tcp_counters, n_tcp_counters);
	put_drops(put_object(call->out, "dropped"), &all.drops);
	return 0;
}

int
show_http(struct call *call)
{
	struct pw_http_stats http = {0};
	struct pw_http_usage use = {0};
	struct figures f;
	uint32_t i;

	if (figures_init(call->ctl, &f) != 0)
		return refuse(call, "no memory");
	figures_since(call->ctl, &f);
	for (i = 0; i < call->ctl->cfg.n_workers; i++) {
		const struct pw_http_usage *u = &f.workers[i].usage;

		add(&http, &f.workers[i].http, sizeof(http));
		use.conns += u->conns;
		use.heads += u->heads;
		use.responses += u->responses;
		use.range_sets += u->range_sets;
	}
	figures_fini(&f);
	put_u64(call->out, "connections", use.conns);
	put_u64(call->out, "heads", use.heads);
	put_u64(call->out, "responses", use.responses);
	put_u64(call->out, "range_sets", use.range_sets);
	put_counters(put_object(call->out, "counters"), &http, http_counters, n_http_counters);
	put_counters(put_object(call->out, "status"), &http, http_statuses, n_http_statuses);
	return 0;
}

/* Windows of pages that devices hold; counted while they come and go. */
static uint64_t
windows_out(const struct pw_ctl *ctl)
{
	uint32_t n = pw_store_n_pages(ctl->cfg.store);
	uint64_t sum = 0;
	uint32_t i, k, page;

	for (i = 0; i < ctl->cfg.n_workers; i++)
		for (k = 0; k < ctl->cfg.n_ports; k++)
			for (page = 0; page < n; page++)
				sum += pw_seg_page_held(
					pw_worker_seg(ctl->workers[i].worker, k), page);
	return sum;
}

int
show_store(struct call *call)
{
	const struct pw_ctl *ctl = call->ctl;
	uint64_t holds = 0;
	uint32_t i;

	for (i = 0; i < ctl->cfg.n_workers; i++)
		holds += ctl->workers[i].refs->n_holds;
	put_text(call->out, "root", ctl->cfg.config->root);
	put_text(call->out, "arena", ctl->cfg.config->arena == PW_ARENA_EAL ? "eal" : "hugetlbfs");
	put_u64(call->out, "files", ctl->cfg.counts->n_files);
	put_u64(call->out, "file_bytes", ctl->cfg.counts->file_bytes);
	put_u64(call->out, "listings", ctl->cfg.counts->n_listings);
	put_u64(call->out, "variants", ctl->cfg.counts->n_variants);
	put_u64(call->out, "objects", pw_store_n_objects(ctl->cfg.store));
	put_u64(call->out, "pages", pw_store_n_pages(ctl->cfg.store));
	put_u64(call->out, "page_bytes", PW_PAGE_BYTES);
	put_u64(call->out, "holds_of_connections", holds);
	put_u64(call->out, "holds_of_devices", windows_out(ctl));
	return 0;
}

static void
put_reasons(cJSON *to, const struct pw_ledger *l)
{
	uint32_t i;

	for (i = 0; i < PW_COPY_MAX; i++) {
		cJSON *row;

		if (l->copied_bytes[i] == 0)
			continue;
		row = put_row(to);
		put_text(row, "reason", pw_copy_info[i].name);
		put_u64(row, "bytes", l->copied_bytes[i]);
		put_text(row, "help", pw_copy_info[i].help);
	}
}

int
show_copies(struct call *call)
{
	struct pw_ctl *ctl = call->ctl;
	struct pw_ledger all = {0};
	struct figures f;
	uint32_t i, k;
	cJSON *rows;

	if (figures_init(ctl, &f) != 0)
		return refuse(call, "no memory");
	figures_since(ctl, &f);
	for (i = 0; i < ctl->cfg.n_workers; i++)
		add(&all, &f.workers[i].loop.ledger, sizeof(all));
	put_ledger(call->out, &all);
	put_reasons(put_rows(call->out, "reasons"), &all);
	rows = put_rows(call->out, "by_worker_and_port");
	for (i = 0; i < ctl->cfg.n_workers; i++)
		for (k = 0; k < ctl->cfg.n_ports; k++) {
			const struct pw_port *p = ctl->cfg.ifs[k].port;
			cJSON *row = put_row(rows);

			put_u64(row, "worker", i);
			put_u64(row, "port", p->id);
			put_text(row, "driver", p->driver);
			put_ledger(row, &f.workers[i].ledgers[k]);
		}
	figures_fini(&f);
	return 0;
}

static void
put_setting(void *ctx, const char *name, const char *text)
{
	put_text(ctx, name, text);
}

int
show_config(struct call *call)
{
	pw_config_each(call->ctl->cfg.config, put_setting, put_object(call->out, "settings"));
	settings_show(call->ctl, put_object(call->out, "changed"));
	return 0;
}

int
clear_stats(struct call *call)
{
	figures_now(call->ctl, &call->ctl->zero);
	return 0;
}
