/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef CMD_PRIV_H
#define CMD_PRIV_H

/**
 * @file
 * What the commands share. A command fills an object of JSON; the text for
 * people is made from the same object (render.c), so both always say the same.
 */
#include <pthread.h>
#include <cjson/cJSON.h>
#include "counters.h"
#include "pw_ctl.h"

#define WORDS_MAX     32
#define ASK_WAIT_NS   (10 * PW_NS_PER_S) /* for a worker to finish a question */
#define ERROR_MAX     512
#define SETTING_TEXT  32
#define SETTINGS_MAX  24
#define PLACES_A_STEP 64 /* of a table that a worker looks at in a turn */
#define ROWS_DEFAULT  100
#define ROWS_MAX      100000

/** Everything that is counted, at one moment. */
struct figures {
	uint64_t tsc;
	struct pw_port_stats ports[PW_LOOP_PORTS_MAX];
	struct worker_figures *workers;
};

struct worker_figures {
	struct pw_worker_stats loop;
	struct pw_ledger ledgers[PW_LOOP_PORTS_MAX]; /* by port */
	struct pw_http_stats http;
	struct pw_http_usage usage;
};

/** What was said about congestion control since the start. */
struct cc_changes {
	const char *name; /* NULL: nothing about all */
	uint32_t n;
	struct {
		struct pw_addr addr;
		const char *name;
	} of[PW_TCP_CC_ADDRS_MAX];
};

struct pw_ctl {
	struct pw_ctl_cfg cfg;
	struct pw_ctl_worker *workers;
	struct pw_worker_job **lost; /* by worker: a question that it never answered */
	pthread_mutex_t lock;	     /* one command at a time */
	struct figures zero;	     /* what `clear stats` found; shown is what came since */
	uint32_t stats_period_s;
	struct pw_capture *capture; /* NULL: none */
	char capture_path[PW_CTL_LINE_MAX];
	char settings[SETTINGS_MAX][SETTING_TEXT]; /* by setting; "": as configured */
	struct cc_changes cc;
};

/** What the answer is to be. */
enum answer_form {
	FORM_TEXT,
	FORM_JSON,
	FORM_SVG, /* of commands that have a drawing */
};

/** A command that is being done. */
struct call {
	struct pw_ctl *ctl;
	const struct command *cmd;
	int argc; /* words behind those of the command */
	char **argv;
	cJSON *out; /* an object */
	enum answer_form form;
	char *drawing; /* in FORM_SVG; to be freed */
	char error[ERROR_MAX];
};

/** A line of the table. */
struct command {
	const char *words; /* "show tcp connections" */
	const char *args;  /* for help; NULL: none */
	const char *help;
	const char *const *hints; /* what can follow, for completion; NULL at the end */
	/** Do it. @return 0, or -1 with call->error */
	int (*run)(struct call *call);
	bool draws;
};

extern const struct command commands[];
extern const uint32_t n_commands;

/** Refuse: what is wrong, and what is allowed. @return -1 */
__attribute__((format(printf, 2, 3))) int refuse(struct call *call, const char *fmt, ...);

/** At most @p max words may follow. @return 0 or -1 */
int words_at_most(struct call *call, int max);

/** Do a command. @return true: done; call_fini() is due either way */
bool command_do(struct pw_ctl *ctl, const char *line, struct call *call);
void call_fini(struct call *call);

/* telemetry.c */
/** @p ctl is no more: its commands there find nothing. */
void telemetry_forget(struct pw_ctl *ctl);

/* figures.c */
int figures_init(struct pw_ctl *ctl, struct figures *f);
void figures_fini(struct figures *f);
/** Take them as they are since the last `clear stats`. */
void figures_since(struct pw_ctl *ctl, struct figures *f);
/** Take them whole. */
void figures_now(const struct pw_ctl *ctl, struct figures *f);
uint64_t ledger_copied(const struct pw_ledger *l);

/* ask.c */
/**
 * A question for a worker: zeroed memory that begins with a struct pw_worker_job.
 * @return NULL: refused
 */
void *question(struct call *call, size_t bytes);
/**
 * Have it answered by worker @p i, and wait. @return 0, or -1: refused, and @p q is not the
 * caller's any more (the worker may still write to it).
 */
int ask(struct call *call, uint32_t i, void *q);

/* json.c */
void put_u64(cJSON *to, const char *name, uint64_t v);
void put_ratio(cJSON *to, const char *name, uint64_t part, uint64_t whole);
void put_text(cJSON *to, const char *name, const char *text);
void put_bool(cJSON *to, const char *name, bool v);
cJSON *put_object(cJSON *to, const char *name);
cJSON *put_rows(cJSON *to, const char *name);
cJSON *put_row(cJSON *rows);
void put_counters(cJSON *to, const void *base, const struct counter *c, uint32_t n);
void put_drops(cJSON *to, const struct pw_drops *d);
void put_ledger(cJSON *to, const struct pw_ledger *l);

/* render.c */
/** The object as a text for people. */
void render(FILE *out, const cJSON *object);

/* The commands. */
int show_port_info(struct call *call);
int show_port_stats(struct call *call);
int show_port_xstats(struct call *call);
int show_port_offloads(struct call *call);
int show_worker(struct call *call);
int show_tcp_stats(struct call *call);
int show_conns(struct call *call);
int show_conn(struct call *call);
int show_metrics(struct call *call);
int show_traces(struct call *call);
int trace_conn(struct call *call);
int trace_kept(struct call *call);
int show_http(struct call *call);
int show_store(struct call *call);
int show_copies(struct call *call);
int show_memory(struct call *call);
int show_neigh(struct call *call);
int show_routes(struct call *call);
int show_addresses(struct call *call);
int show_config(struct call *call);
int set_value(struct call *call);
int set_cc(struct call *call);
int set_log_level(struct call *call);
int clear_stats(struct call *call);
int clear_metrics(struct call *call);
int show_capture(struct call *call);
int capture_start(struct call *call);
int capture_stop(struct call *call);
int start(struct call *call);
int stop(struct call *call);
int drain(struct call *call);
int quit(struct call *call);

/** Whose rows are wanted: those of one address, or of a network. */
struct peer_filter {
	bool is_set; /* else all */
	struct pw_addr addr;
	uint32_t bits; /* of 128 */
};

/* show_conn.c */
extern const char *const conn_states[];
/** Read ADDR[/PREFIX]. @return 0 or -1 */
int read_peer(struct call *call, const char *text, struct peer_filter *f);
bool peer_fits(const struct peer_filter *f, const struct pw_addr *addr);
/** Read the value of @p what, 1 to @p max. @return 0 or -1 */
int read_number(struct call *call, const char *what, const char *text, uint64_t max, uint64_t *v);
/** The rows, of @p n_fit that there are, and how the others can be had; takes @p rows. */
void put_rows_found(cJSON *to, const char *name, cJSON *rows, uint64_t n_fit);
/** "10.77.0.2:40000" */
void put_conn_end(cJSON *row, const char *name, const struct pw_addr *addr, uint16_t port);
/** Read the only word, "0.12": worker 0, place 12 of its table. @return 0 or -1 */
int read_conn_id(struct call *call, uint32_t *worker, uint32_t *id);

/* set_cc.c */
extern const char *const cc_hints[];
void cc_changes_show(const struct pw_ctl *ctl, cJSON *to);

/* set.c */
/** What can be set, for completion. */
extern const char *const setting_hints[];
void settings_show(const struct pw_ctl *ctl, cJSON *to);

#endif
