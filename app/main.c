/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * pagewire: serve a directory from hugepages over a TCP of our own.
 *
 *	pagewire [EAL options] -- --root DIR --ip ADDR/PREFIX [options]
 */
#include <signal.h>
#include <rte_eal.h>
#include "app.h"

/* In this order, so that every mistake is found before anything is taken. */
static int (*const steps[])(struct app *app) = {
	content_scan,
	memory_plan,
	eal_start,
	ports_check,
	content_load,
	ports_open,
	worker_make,
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
	content_free(app);
	if (app->eal_up)
		rte_eal_cleanup();
	return status != STATUS_OK ? status : leaked;
}

int
main(int argc, char **argv)
{
	static struct app app;
	int status;

	signal(SIGPIPE, SIG_IGN);
	control_block_signals();
	status = options_read(&app, argc, argv);
	if (status < 0)
		status = run(&app);
	pw_config_fini(&app.cfg);
	free(app.eal_argv);
	return status;
}
