/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef LOADER_H
#define LOADER_H

/**
 * @file
 * The load generator put together: options, a port, a worker, and its figures.
 */
#include <pthread.h>
#include "../common.h"
#include "pw_load.h"
#include "pw_option.h"

struct settings {
	struct pw_option_ip ip;
	bool has_ip;
	struct pw_addr gateway; /* all zero: none */
	struct pw_addr source;	/* the first of n_sources; ip.addr when not said */
	uint32_t n_sources;
	struct pw_urls urls;
	char *urls_file;
	char *expect_file;
	char *json_file;
	uint32_t connections;
	uint32_t active; /* 0: all */
	uint32_t per_conn;
	uint32_t pipeline;
	uint32_t rate; /* 0: closed loop */
	uint32_t duration_s;
	uint32_t timeout_s;
	uint64_t rcv_buf_bytes;
	uint64_t rx_buffer_bytes;
	uint32_t mtu; /* 0: what the device has */
	uint8_t idle; /* enum pw_idle */
	uint8_t cc;   /* index of load_cc */
	uint8_t ecn;  /* index of load_ecn */
	bool pacing;
	bool verify;
	char *file;
	bool help;
	bool version;
};

extern const char *const load_cc[];
extern const char *const load_ecn[];

/* What a worker does of the load. */
struct part {
	struct loader *l;
	struct pw_load *load;
};

struct loader {
	struct settings cfg;
	struct eal eal;
	struct pw_port port;
	bool port_open;
	struct pw_if_addr addrs[2];
	struct pw_loop_if intf;
	struct workers workers;
	struct part parts[PW_WORKERS_MAX]; /* by worker */
	uint32_t n_connecting;		   /* of them */
	pthread_t control;
};

/* options.c */

/** @return mistakes, told */
uint32_t settings_read(struct settings *s, int argc, char **argv);
void settings_fini(struct settings *s);
void settings_help(FILE *out);

/* report.c */

/** All figures, of about one moment. */
struct figures {
	struct pw_load_stats load;
	struct pw_worker_stats worker;
	struct pw_port_stats port;
};

void figures_take(const struct loader *l, struct figures *out);

/** Bodies that are not the same to all workers are mistakes that none of them has seen. */
void figures_compare_bodies(const struct loader *l, struct figures *f);

/** The line of a second. */
void report_progress(const struct figures *now, const struct figures *before);

/** What there is to say at the end. */
void report_end(const struct loader *l, const struct figures *f);

/** The same for a program, into the file of --json. @return a status */
int report_json(const struct loader *l, const struct figures *f);

#endif
