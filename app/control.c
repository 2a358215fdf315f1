/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The control thread: signals, and statistics now and then. It never touches
 * what a worker owns: it posts to the worker's ring and reads snapshots.
 */
#include <signal.h>
#include <string.h>
#include <rte_lcore.h>
#include "app.h"

/* First: finish what runs. Again: now. */
static void
end(struct app *app, uint32_t nth)
{
	if (nth == 1) {
		COMPLAIN("draining, at most %u s; a second signal stops at once", app->cfg.drain_s);
		workers_post(&app->workers, PW_WORKER_DRAIN, app->cfg.drain_s * PW_NS_PER_S);
	} else {
		workers_post(&app->workers, PW_WORKER_STOP, 0);
	}
}

static void *
control_main(void *ctx)
{
	struct app *app = ctx;
	struct pw_report reports[2];
	uint32_t n_signals = 0;
	uint32_t turn = 0;
	int sig;

	app_report(app, &reports[0]);
	while ((sig = signals_wait(app->cfg.stats_period_s)) != SIG_DONE) {
		if (sig != 0) {
			end(app, ++n_signals);
			continue;
		}
		turn ^= 1;
		app_report(app, &reports[turn]);
		pw_report_rates(stdout, &reports[turn], &reports[turn ^ 1]);
	}
	return NULL;
}

int
control_start(struct app *app)
{
	int rc = rte_ctrl_thread_create(&app->control, "pw-control", NULL, control_main, app);

	if (rc != 0)
		COMPLAIN("no control thread: %s", strerror(-rc));
	app->control_up = rc == 0;
	return rc;
}

void
control_stop(struct app *app)
{
	if (!app->control_up)
		return;
	pthread_kill(app->control, SIG_DONE);
	pthread_join(app->control, NULL);
	app->control_up = false;
}
