/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * pagewire-paths: the ways of sending a file, measured on this machine.
 */
#include <signal.h>
#include <stdlib.h>
#include "survey.h"

const char program[] = "pagewire-paths";

volatile sig_atomic_t interrupted;

static void
on_signal(int sig)
{
	interrupted = sig;
}

static int
report(const struct survey *s)
{
	int status = STATUS_OK;

	report_tables(s, stdout);
	if (s->cfg.json_file != NULL)
		status = report_json(s);
	if (s->cfg.svg_file != NULL && status == STATUS_OK)
		status = plot_svg(s);
	return status;
}

int
main(int argc, char **argv)
{
	static struct survey s;
	int status = STATUS_USAGE;

	if (settings_read(&s.cfg, argc, argv) != 0) {
		settings_fini(&s.cfg);
		return STATUS_USAGE;
	}
	if (s.cfg.help || s.cfg.version) {
		if (s.cfg.help)
			settings_help(stdout);
		else
			printf("%s %s\n", program, PW_VERSION);
		settings_fini(&s.cfg);
		return STATUS_OK;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	status = content_make(&s);
	if (status == STATUS_OK) {
		host_open(&s);
		status = measure_all(&s);
		if (status == STATUS_OK)
			status = report(&s);
		host_close(&s);
	}
	content_remove(&s);
	settings_fini(&s.cfg);
	return status;
}
