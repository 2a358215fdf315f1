/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * pagewire: serve a directory from hugepages over a TCP of our own.
 *
 *	pagewire [EAL options] -- --root DIR --ip ADDR/PREFIX [options]
 */
#include <signal.h>
#include "app.h"

const char program[] = "pagewire";

static int
open_workers(struct app *app)
{
	return workers_open(&app->workers);
}

static int
start_eal(struct app *app)
{
	return eal_start(&app->eal);
}

/* In this order, so that every mistake is found before anything is taken. */
static int (*const steps[])(struct app *app) = {
	content_scan,
	content_memory,
	start_eal,
	open_workers,
	ports_check,
	content_load,
	ports_open,
	prove_check,
	workers_make,
	prove_begin,
	serve,
};

static int
run(struct app *app)
{
	int status = STATUS_OK;
	int leaked;
	size_t i;

	for (i = 0; i < RTE_DIM(steps) && status == STATUS_OK; i++)
		status = steps[i](app);
	leaked = server_free(app);
	prove_end();
	content_free(app);
	return status != STATUS_OK ? status : leaked;
}

/* @return a status, or -1: go on */
static int
read_options(struct app *app, int argc, char **argv)
{
	int status = eal_split(&app->eal, argc, argv, pw_config_help);
	int mid = app->eal.argc;

	if (status >= 0)
		return status;
	if (pw_config_init(&app->cfg, argc - mid, argv + mid, stderr) != 0)
		return STATUS_USAGE;
	if (!app->cfg.help && !app->cfg.version)
		return -1;
	if (app->cfg.help)
		pw_config_help(stdout);
	else
		eal_print_version();
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	static struct app app;
	int status;

	signal(SIGPIPE, SIG_IGN);
	signals_block();
	status = read_options(&app, argc, argv);
	if (status < 0)
		status = run(&app);
	pw_config_fini(&app.cfg);
	eal_stop(&app.eal);
	return status;
}
