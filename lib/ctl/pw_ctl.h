/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_CTL_H
#define PW_CTL_H

/**
 * @file
 * Commands: one table, asked by a socket (the prompt and pagewire-ctl are its
 * clients) and by rte_telemetry.
 *
 * A command reads counters, which any thread may, and has everything else done
 * by the worker whose it is: a job is posted, the worker makes one small step of
 * it a turn. A worker never waits for a command, and takes no lock.
 *
 * Threads:  create and destroy from main; ask from any thread, one at a time.
 */
#include <stdio.h>
#include "pw_base.h"
#include "pw_config.h"
#include "pw_http.h"
#include "pw_loop.h"
#include "pw_site.h"
#include "pw_store.h"

struct pw_ctl; /* private to ctl */

/** A worker and what belongs to it. */
struct pw_ctl_worker {
	struct pw_worker *worker;
	struct pw_http *http;
	const struct pw_store_refs *refs;
	uint32_t lcore;
};

struct pw_ctl_cfg {
	const struct pw_config *config;
	const struct pw_ctl_worker *workers; /**< copied */
	uint32_t n_workers;
	const struct pw_loop_if *ifs; /**< kept by reference, in the order that workers have */
	uint32_t n_ifs;
	uint32_t n_ports; /**< of the first so many of `ifs` each is at another port */
	const struct pw_store *store;
	const struct pw_site *site; /**< for the names of files in traces; may be NULL */
	const struct pw_site_counts *counts;
	/** End the program: at once, or when what runs is finished, after @p drain_s at most. */
	void (*end)(void *ctx, bool at_once, uint32_t drain_s);
	void *ctx;
};

/** @return NULL with errno ENOMEM */
struct pw_ctl *pw_ctl_create(const struct pw_ctl_cfg *cfg);
/** Every worker must have returned. */
void pw_ctl_destroy(struct pw_ctl *ctl);

/** Seconds between statistics; 0: none. */
uint32_t pw_ctl_stats_period(const struct pw_ctl *ctl);

#define PW_CTL_LINE_MAX 1024 /**< bytes of a command */

struct pw_ctl_answer {
	bool ok;    /**< else the text says what is wrong, where, and what is allowed */
	char *text; /**< ends with a newline, unless empty; NULL: no memory */
	size_t len;
};

/**
 * Do what @p line says: `show tcp connections state established`. With the word
 * --json anywhere in it the answer is JSON, with --svg a drawing, else a text for people.
 */
void pw_ctl_ask(struct pw_ctl *ctl, const char *line, struct pw_ctl_answer *answer);
void pw_ctl_answer_free(struct pw_ctl_answer *answer);

/** Make every `show` command known to rte_telemetry as /pagewire/...; while @p ctl lives. */
void pw_ctl_telemetry(struct pw_ctl *ctl);

/*
 * The socket. A request is a line. The answer is a line "ok LENGTH" or "error LENGTH"
 * and behind it so many bytes.
 */
#define PW_CTL_CLIENTS_MAX 16	       /**< beyond, who was silent longest is left */
#define PW_CTL_STALL_MS	   (10 * 1000) /**< for a client to read some of its answer */

struct pw_ctl_server; /* private to ctl */

/**
 * Listen at @p path, for the owner alone. A socket that nobody listens to is replaced.
 * @param why  set on failure: what is wrong with the path
 * @return NULL with errno
 */
struct pw_ctl_server *pw_ctl_listen(struct pw_ctl *ctl, const char *path, const char **why);
void pw_ctl_server_close(struct pw_ctl_server *s);

/** Readable when there is work. */
int pw_ctl_server_fd(const struct pw_ctl_server *s);
/** Do it, without waiting for any client. */
void pw_ctl_server_work(struct pw_ctl_server *s, pw_ns now);
/** Is it to be called within a second though nothing is readable? */
bool pw_ctl_server_watches(const struct pw_ctl_server *s);

#endif
