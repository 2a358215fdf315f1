/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef APP_H
#define APP_H

/**
 * @file
 * The appliance put together. A step of starting up is a function that takes
 * the app and returns an exit status; steps that fail have said why. Taking
 * down copes with whatever was not reached.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "pw_config.h"
#include "pw_http.h"
#include "pw_loop.h"
#include "pw_port.h"
#include "pw_report.h"
#include "pw_site.h"
#include "pw_store.h"
#include "pw_tree.h"

enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1, /* while running */
	STATUS_USAGE = 2,
};

struct app {
	struct pw_config cfg;

	/* The command line in front of `--`, and what is to be known of it. */
	char **eal_argv;
	int eal_argc;
	bool no_huge;
	bool in_memory;
	bool memory_said; /* -m, --socket-mem */
	bool eal_up;

	struct pw_tree *tree;
	struct pw_store *store;
	struct pw_site *site;
	struct pw_site_counts counts;

	struct pw_port ports[PW_LOOP_IFS_MAX];
	struct pw_loop_if ifs[PW_LOOP_IFS_MAX];
	struct pw_if_addr addrs[PW_LOOP_IFS_MAX][PW_CONFIG_IPS_MAX];
	uint32_t n_ports; /* open */

	struct pw_store_refs refs;
	struct pw_http *http;
	struct pw_worker *worker;

	pthread_t control;
	bool control_up;
};

/** A line on standard error. */
#define COMPLAIN(fmt, ...) fprintf(stderr, "pagewire: " fmt "\n", ##__VA_ARGS__)

/* eal.c */

/** Divide the command line at `--` and read our half. @return a status, or -1: go on */
int options_read(struct app *app, int argc, char **argv);
/** Enough hugepages? Without any, how much ordinary memory? */
int memory_plan(struct app *app);
int eal_start(struct app *app);
/** Memory of the EAL's, zeroed. */
extern const struct pw_mem mem_eal;

/* arena_eal.c, arena_hugetlbfs.c */
extern const struct pw_arena arena_eal;
extern const struct pw_arena arena_hugetlbfs;

/* content.c */

/** Look at the directory, and at how much memory it takes. */
int content_scan(struct app *app);
/** Read it into the arena. */
int content_load(struct app *app);
void content_free(struct app *app);

/* server.c */

int ports_check(struct app *app);
int ports_open(struct app *app);
int worker_make(struct app *app);
/** Serve until told to end. */
int serve(struct app *app);
/** Close ports and free the worker. @return a status: failed when something leaked */
int server_free(struct app *app);
void app_report(const struct app *app, struct pw_report *out);

/* control.c */

/** Block the signals that the control thread waits for; before there are threads. */
void control_block_signals(void);
/** Let them end the process while something long is done that cannot be drained. */
void control_let_signals_end_us(bool yes);
/** The thread that waits for signals and prints statistics. */
int control_start(struct app *app);
void control_stop(struct app *app);

#endif
