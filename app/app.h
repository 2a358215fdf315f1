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
#include "common.h"
#include "pw_config.h"
#include "pw_ctl.h"
#include "pw_http.h"
#include "pw_report.h"
#include "pw_site.h"
#include "pw_store.h"
#include "pw_tree.h"

/* What a worker has of the service; what is written while it serves is on lines of its own. */
struct desk {
	struct pw_store_refs refs;
	struct pw_http *http;
} __rte_cache_aligned;

struct app {
	struct pw_config cfg;
	struct eal eal;
	struct pw_tree *tree;
	struct pw_store *store;
	struct pw_site *site;
	struct pw_site_counts counts;

	struct pw_port ports[PW_LOOP_PORTS_MAX];
	uint32_t n_ports;			/* open */
	struct pw_loop_if ifs[PW_LOOP_IFS_MAX]; /* the first of a port has its number */
	struct pw_if_addr addrs[PW_LOOP_IFS_MAX][PW_CONFIG_IPS_MAX + 1]; /* and a link-local one */
	struct pw_ip_route routes[PW_LOOP_IFS_MAX][PW_CONFIG_ROUTES_MAX];
	uint32_t n_ifs;

	struct workers workers;
	struct desk desks[PW_WORKERS_MAX]; /* by worker */

	struct rte_ring *news; /* from worker 0: struct pw_loop_news */
	int news_fd;	       /* readable when there are some */
	bool has_told_ready;
	pthread_t control;
	bool control_up;
	uint32_t n_signals; /* that asked for an end */
	int signals;
	struct pw_ctl *ctl;
	struct pw_ctl_server *server; /* NULL: no control socket */
	char socket_path[256];
	pthread_t prompt;
	bool prompt_up;
	int prompt_stop;
};

/* arena_eal.c, arena_hugetlbfs.c */
extern const struct pw_arena arena_eal;
extern const struct pw_arena arena_hugetlbfs;

/* content.c */

/** Look at the directory, and at how much memory it takes. */
int content_scan(struct app *app);
/** Enough memory for the pages and the tables? */
int content_memory(struct app *app);
/** Read it into the arena. */
int content_load(struct app *app);
void content_free(struct app *app);

/* ports.c */

int ports_check(struct app *app);
int ports_open(struct app *app);
/** The open port of this number. */
const struct pw_port *ports_find(const struct app *app, uint16_t id);
/** Index of the interface at a place of an --ip. */
uint32_t ports_find_if(struct app *app, const struct pw_option_place *place);

/* server.c */

int workers_make(struct app *app);
/** Serve until told to end. */
int serve(struct app *app);
/** Close ports and free the worker. @return a status: failed when something leaked */
int server_free(struct app *app);
void app_report(const struct app *app, struct pw_report *out);

/* prove.c */

/** Could a byte of a file be sent without being touched? Else --prove is refused. */
int prove_check(struct app *app);
/** With --prove: from here on the pages are unreadable to us. */
int prove_begin(struct app *app);
/** They can be read again, and freed. */
void prove_end(void);

/** Say that we serve, once there is an address. @p by: how it came, or NULL: it is configured. */
void serve_tell_ready(struct app *app, const struct pw_addr *addr, uint32_t ifc, const char *by);

/* news.c */

/** What worker 0 has to tell of addresses is printed by the control thread. @return a status */
int news_open(struct app *app);
void news_close(struct app *app);
/** Print what there is. */
void news_print(struct app *app);
/** For the worker: pass it on to the control thread. */
void news_pass(void *app, const struct pw_loop_news *news);

/* control.c */

/** The thread that waits for signals and commands and prints statistics. @return a status */
int control_start(struct app *app);
/** With --interactive: the prompt. @return a status */
int control_talk(struct app *app);
void control_stop(struct app *app);

#endif
