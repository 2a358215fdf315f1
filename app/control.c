/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The control thread: signals, the control socket, and statistics now and then. It
 * never touches what a worker owns: it posts to the worker's ring and reads snapshots.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include "app.h"
#include "ctl/prompt.h"

#define SOCKET_NAME "pagewire.sock"

/* Statistics: the last two reports, and when the next is due. */
struct reports {
	struct pw_report r[2];
	uint32_t turn;
	uint32_t period_s;
	pw_ns at;
};

/* First: finish what runs. Again: now. */
static void
on_signal(struct app *app)
{
	if (app->n_signals++ == 0) {
		COMPLAIN("draining, at most %u s; a second signal stops at once", app->cfg.drain_s);
		workers_post(&app->workers, PW_WORKER_DRAIN, app->cfg.drain_s * PW_NS_PER_S);
	} else {
		workers_post(&app->workers, PW_WORKER_STOP, 0);
	}
}

static void
on_end(void *ctx, bool at_once, uint32_t drain_s)
{
	struct app *app = ctx;

	workers_post(
		&app->workers, at_once ? PW_WORKER_STOP : PW_WORKER_DRAIN, drain_s * PW_NS_PER_S);
}

static pw_ns
monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (pw_ns)ts.tv_sec * PW_NS_PER_S + (pw_ns)ts.tv_nsec;
}

static void
report(const struct app *app, struct reports *r, pw_ns now)
{
	uint32_t period_s = pw_ctl_stats_period(app->ctl);

	if (period_s != r->period_s) {
		r->period_s = period_s;
		r->at = now + period_s * PW_NS_PER_S;
		app_report(app, &r->r[r->turn]);
	}
	if (period_s == 0 || now < r->at)
		return;
	r->at += period_s * PW_NS_PER_S;
	r->turn ^= 1;
	app_report(app, &r->r[r->turn]);
	pw_report_rates(stdout, &r->r[r->turn], &r->r[r->turn ^ 1]);
}

/* Milliseconds until something is due though nothing comes; -1: nothing is. */
static int
patience(const struct app *app, const struct reports *r, pw_ns now)
{
	int ms = app->server != NULL && pw_ctl_server_watches(app->server) ? 1000 : -1;
	int due;

	if (r->period_s == 0)
		return ms;
	due = (int)((pw_max(r->at, now) - now) / PW_NS_PER_MS) + 1;
	return ms < 0 || due < ms ? due : ms;
}

static void *
control_main(void *ctx)
{
	static struct reports reports;
	struct app *app = ctx;
	struct pollfd fds[] = {
		{.fd = app->signals, .events = POLLIN},
		{.fd = app->server != NULL ? pw_ctl_server_fd(app->server) : -1, .events = POLLIN},
		{.fd = app->news_fd, .events = POLLIN},
	};
	pw_ns now;
	int sig;

	for (;;) {
		now = monotonic();
		report(app, &reports, now);
		if (poll(fds, RTE_DIM(fds), patience(app, &reports, now)) < 0)
			continue;
		if (fds[2].revents != 0)
			news_print(app);
		sig = fds[0].revents != 0 ? signals_read(app->signals) : 0;
		if (sig == SIG_DONE)
			return NULL;
		if (sig != 0)
			on_signal(app);
		if (app->server != NULL)
			pw_ctl_server_work(app->server, monotonic());
	}
}

static int
make_ctl(struct app *app)
{
	struct pw_ctl_worker workers[PW_WORKERS_MAX];
	struct pw_ctl_cfg cfg = {
		.config = &app->cfg,
		.workers = workers,
		.n_workers = app->workers.n,
		.ifs = app->ifs,
		.n_ifs = app->n_ifs,
		.n_ports = app->n_ports,
		.store = app->store,
		.site = app->site,
		.counts = &app->counts,
		.end = on_end,
		.ctx = app,
	};
	uint32_t i;

	for (i = 0; i < app->workers.n; i++)
		workers[i] = (struct pw_ctl_worker){
			.worker = app->workers.of[i],
			.http = app->desks[i].http,
			.refs = &app->desks[i].refs,
			.lcore = workers_lcore(i),
		};
	app->ctl = pw_ctl_create(&cfg);
	return app->ctl != NULL ? STATUS_OK : STATUS_FAILED;
}

/* One that was not asked for may fail: pagewire serves without as well. */
static int
make_server(struct app *app)
{
	const char *path = app->cfg.control;
	const char *why;

	if (path != NULL && strcmp(path, "off") == 0)
		return STATUS_OK;
	if (path == NULL)
		snprintf(app->socket_path, sizeof(app->socket_path), "%s/" SOCKET_NAME,
			rte_eal_get_runtime_dir());
	else
		snprintf(app->socket_path, sizeof(app->socket_path), "%s", path);
	app->server = pw_ctl_listen(app->ctl, app->socket_path, &why);
	if (app->server != NULL)
		return STATUS_OK;
	COMPLAIN("--control '%s' %s; allowed: a path where a socket can be, or off",
		app->socket_path, why);
	return path == NULL ? STATUS_OK : STATUS_USAGE;
}

static void *
prompt_main(void *ctx)
{
	struct app *app = ctx;

	prompt_run(app->socket_path, app->prompt_stop);
	/* Standard input has ended: so does who was started to be talked to. */
	on_end(app, false, app->cfg.drain_s);
	return NULL;
}

int
control_talk(struct app *app)
{
	if (!app->cfg.interactive)
		return STATUS_OK;
	if (app->server == NULL) {
		COMPLAIN("--interactive needs the control socket, and there is none");
		return STATUS_USAGE;
	}
	app->prompt_stop = eventfd(0, EFD_CLOEXEC);
	app->prompt_up = app->prompt_stop >= 0 && rte_ctrl_thread_create(&app->prompt, "pw-prompt",
							  NULL, prompt_main, app) == 0;
	return app->prompt_up ? STATUS_OK : STATUS_FAILED;
}

int
control_start(struct app *app)
{
	int status = make_ctl(app);

	if (status == STATUS_OK)
		status = make_server(app);
	if (status == STATUS_OK)
		status = news_open(app);
	if (status != STATUS_OK)
		return status;
	app->signals = signals_open();
	if (app->signals < 0 ||
		rte_ctrl_thread_create(&app->control, "pw-control", NULL, control_main, app) != 0) {
		COMPLAIN("no control thread");
		return STATUS_FAILED;
	}
	app->control_up = true;
	pw_ctl_telemetry(app->ctl);
	return STATUS_OK;
}

void
control_stop(struct app *app)
{
	if (app->prompt_up) {
		eventfd_write(app->prompt_stop, 1);
		pthread_join(app->prompt, NULL);
		close(app->prompt_stop);
		app->prompt_up = false;
	}
	if (app->control_up) {
		pthread_kill(app->control, SIG_DONE);
		pthread_join(app->control, NULL);
		close(app->signals);
		app->control_up = false;
	}
	news_close(app);
	pw_ctl_server_close(app->server);
	pw_ctl_destroy(app->ctl);
	app->server = NULL;
	app->ctl = NULL;
}
