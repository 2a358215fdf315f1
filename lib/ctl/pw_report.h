/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_REPORT_H
#define PW_REPORT_H

/**
 * @file
 * Figures as text: what ports, TCP, HTTP and the copy ledger counted.
 *
 * Threads:  any; works on snapshots only.
 */
#include <stdio.h>
#include "pw_base.h"
#include "pw_http.h"
#include "pw_loop.h"
#include "pw_port.h"

/** What one worker has to show. */
struct pw_report_share {
	struct pw_worker_stats worker;
	struct pw_ledger ledgers[PW_LOOP_PORTS_MAX]; /**< by port; all of them are in `worker` */
	struct pw_http_stats http;
	struct pw_http_usage http_usage;
};

/** All figures, of about one moment. */
struct pw_report {
	pw_ns at;	 /**< any clock, the same for all reports */
	uint64_t tsc_hz; /**< of the cycles that the worker counts */
	uint32_t n_ports;
	const struct pw_port *ports[PW_LOOP_PORTS_MAX];
	struct pw_port_stats port[PW_LOOP_PORTS_MAX];
	uint32_t n_workers;
	struct pw_report_share shares[PW_WORKERS_MAX];
	/** All workers together: set by pw_report_add_up(). */
	struct pw_worker_stats worker;
	struct pw_http_stats http;
	struct pw_http_usage http_usage;
};

void pw_report_add_up(struct pw_report *r);

/** What happened between two reports, a line a topic, as rates. */
void pw_report_rates(FILE *out, const struct pw_report *now, const struct pw_report *before);

/** Every counter that is not 0, with its meaning, and then the copy ledger. */
void pw_report_totals(FILE *out, const struct pw_report *now);

/** The copy ledger: a line a kind, "NAME: BYTES bytes (share)"; zeroes too. */
void pw_report_ledger(FILE *out, const struct pw_report *now);

/**
 * @p v with three or four digits and a prefix: "12.3 k", "999", "1.25 G".
 * @return @p buf
 */
#define PW_SI_MAX 16
const char *pw_report_si(char buf[PW_SI_MAX], double v);

#endif
