/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * From a directory to pages: scanning, planning, loading with a progress bar.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/random.h>
#include "app.h"

#define POOL_CONN_BYTES 512 /* per connection, beside TCP's and HTTP's own */
#define BAR_CELLS	40
#define BAR_PERIOD_NS	(100 * PW_NS_PER_MS) /* on a terminal */
#define LOG_PERIOD_NS	(3 * PW_NS_PER_S)    /* elsewhere: a line now and then */

static int
make_site(struct app *app)
{
	struct pw_site_cfg cfg = {
		.tree = app->tree,
		.index_name = app->cfg.index,
		.autoindex = app->cfg.autoindex,
		.now_s = time(NULL),
	};

	if (getrandom(&cfg.seed, sizeof(cfg.seed), 0) != sizeof(cfg.seed))
		return -errno;
	app->store = pw_store_create();
	if (app->store == NULL)
		return -ENOMEM;
	cfg.store = app->store;
	app->site = pw_site_create(&cfg);
	if (app->site == NULL)
		return -errno;
	pw_site_get_counts(app->site, &app->counts);
	return 0;
}

static void
tell_left_out(const struct pw_tree *t)
{
	if (t->n_links_out + t->n_special + t->n_unreadable > 0)
		COMPLAIN("left out: %u symbolic links out of the root, %u devices or sockets, "
			 "%u that cannot be read",
			t->n_links_out, t->n_special, t->n_unreadable);
}

static int
check_store_size(const struct app *app)
{
	uint64_t need = pw_store_need(app->store);

	if (app->cfg.store_bytes == 0 || need <= app->cfg.store_bytes)
		return STATUS_OK;
	COMPLAIN("--store-size '%" PRIu64 "' is too small: %s needs %" PRIu64
		 " bytes; allowed: %" PRIu64 "M or more",
		app->cfg.store_bytes, app->cfg.root, need, need / MIB);
	return STATUS_USAGE;
}

int
content_scan(struct app *app)
{
	int rc;

	app->tree = pw_tree_scan(app->cfg.root);
	if (app->tree == NULL) {
		COMPLAIN("--root '%s' cannot be read: %s", app->cfg.root, strerror(errno));
		return STATUS_FAILED;
	}
	tell_left_out(app->tree);
	rc = make_site(app);
	if (rc != 0) {
		COMPLAIN("%s cannot be prepared: %s", app->cfg.root, strerror(-rc));
		return STATUS_FAILED;
	}
	return check_store_size(app);
}

int
content_memory(struct app *app)
{
	uint32_t each = RTE_MAX(app->cfg.max_connections / app->eal.n_lcores, 1u);
	size_t conn = pw_tcp_conn_bytes(pw_http_room_bytes(), each) + POOL_CONN_BYTES;
	size_t worker = pw_tcp_trace_bytes(app->cfg.max_traced, app->cfg.trace_events) +
			pw_tcp_metrics_bytes(app->cfg.max_metrics);
	uint64_t pools = eal_pool_bytes(&app->eal) + (uint64_t)app->cfg.max_connections * conn +
			 app->eal.n_lcores * worker;
	uint64_t pages = pw_store_need(app->store);

	if (app->cfg.arena == PW_ARENA_EAL)
		return eal_memory(&app->eal, pools + pages + PW_PAGE_BYTES, 0);
	return eal_memory(&app->eal, pools, pages);
}

/* How far loading is; what is shown depends on where it is shown. */
struct progress {
	struct app *app;
	pw_ns start;
	pw_ns last;
	bool tty;
	bool shown;
};

static pw_ns
monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (pw_ns)ts.tv_sec * PW_NS_PER_S + (pw_ns)ts.tv_nsec;
}

static void
draw(struct progress *p, pw_off done, pw_off all, pw_ns now)
{
	char bar[BAR_CELLS + 1];
	double part = all == 0 ? 1 : (double)done / (double)all;
	double mib_s = (double)done / MIB / ((double)(now - p->start) / PW_NS_PER_S);
	uint32_t i;

	for (i = 0; i < BAR_CELLS; i++)
		bar[i] = i < (uint32_t)(part * BAR_CELLS) ? '#' : '.';
	bar[BAR_CELLS] = '\0';
	fprintf(stderr, "%spagewire: loading [%s] %3.0f %% of %" PRIu64 " MiB, %.0f MiB/s%s",
		p->tty ? "\r" : "", bar, part * 100, all / MIB, mib_s, p->tty ? "" : "\n");
	p->shown = true;
}

static void
on_progress(void *ctx, pw_off done, pw_off all)
{
	struct progress *p = ctx;
	pw_ns now = monotonic();

	if (now - p->start < PW_NS_PER_S ||
		now - p->last < (p->tty ? BAR_PERIOD_NS : LOG_PERIOD_NS))
		return;
	p->last = now;
	draw(p, done, all, now);
}

static void
write_prefix(void *ctx, uint32_t id, const struct pw_object *obj, uint8_t *to)
{
	struct progress *p = ctx;

	pw_site_prefix(p->app->site, id, obj, to);
}

int
content_load(struct app *app)
{
	struct progress p = {.app = app, .start = monotonic(), .tty = isatty(STDERR_FILENO)};
	struct pw_store_load_cfg cfg = {
		.arena = app->cfg.arena == PW_ARENA_EAL ? &arena_eal : &arena_hugetlbfs,
		.prefix = write_prefix,
		.progress = on_progress,
		.ctx = &p,
	};
	int rc;

	signals_let_end_us(true);
	rc = pw_store_load(app->store, &cfg);
	signals_let_end_us(false);
	if (p.shown && p.tty)
		fputc('\n', stderr);
	if (rc != 0) {
		COMPLAIN("%s cannot be loaded: %s", app->cfg.root, strerror(-rc));
		return STATUS_FAILED;
	}
	COMPLAIN("%" PRIu64 " MiB of pages loaded in %.1f s", pw_store_need(app->store) / MIB,
		(double)(monotonic() - p.start) / PW_NS_PER_S);
	return STATUS_OK;
}

void
content_free(struct app *app)
{
	if (app->site != NULL)
		pw_site_destroy(app->site);
	if (app->store != NULL)
		pw_store_destroy(app->store);
	if (app->tree != NULL)
		pw_tree_free(app->tree);
}
