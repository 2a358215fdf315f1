/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef SURVEY_H
#define SURVEY_H

/**
 * @file
 * pagewire-paths put together: what is to be measured, where, and what came out.
 *
 * A *way* is one of lib/paths, or pagewire on a device. A *place* is what the bytes
 * go through. What cannot be had here is skipped, with its name and the reason.
 */
#include <signal.h>
#include <stdio.h>
#include <netinet/in.h>
#include "pw_base.h"
#include "pw_drain.h"
#include "pw_kcount.h"
#include "pw_option.h"
#include "pw_paths.h"
#include "pw_sampler.h"

extern const char program[];
extern volatile sig_atomic_t interrupted; /* by a signal: end soon */
#define COMPLAIN(fmt, ...) fprintf(stderr, "%s: " fmt "\n", program, ##__VA_ARGS__)

enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2
};

#define MIB	   (UINT64_C(1) << 20)
#define SIZES_MAX  16
#define ROUNDS_MAX 25
#define WAYS_MAX   16
#define TEXT_MAX   200

enum place {
	PLACE_LOOPBACK,
	PLACE_VETH,
	PLACE_TAP,
	PLACE_VHOST,
	PLACE_MAX
};
enum cache {
	CACHE_WARM,
	CACHE_COLD,
	CACHE_MAX
};

extern const char *const place_names[];
extern const char *const cache_names[];

/** One way of sending a file. */
struct way {
	const char *name;
	const char *how;
	const char *buffers;
	uint32_t copies;	    /* by its design, up to the device */
	const struct pw_path *path; /* NULL: pagewire, at its own place */
	enum place place;
};

struct settings {
	uint64_t sizes[SIZES_MAX]; /* rising */
	uint32_t n_sizes;
	uint32_t ways;	 /* bit by number of the way */
	uint32_t places; /* bit by enum place: loopback and veth */
	uint32_t caches; /* bit by enum cache */
	uint32_t rounds; /* 0: 5, or 3 with quick */
	bool quick;
	char *dir; /* NULL: /var/tmp */
	char *json_file;
	char *svg_file;
	char *programs; /* where pagewire and pagewire-load are; NULL: beside this program */
	char *file;
	bool help;
	bool version;
};

/** What one run says. */
struct sample {
	double gbit_per_s;
	double cpu_s_per_gb; /* the sender's process, what the kernel does in its time included */
	double softirq_s_per_gb;  /* ksoftirqd's */
	double receiver_s_per_gb; /* the drain's process */
	double calls_per_mb;
};

struct cell {
	struct sample samples[ROUNDS_MAX];
	uint32_t n;
};

/** What was looked at without a clock running, once a way and place. */
struct insight {
	bool looked;
	bool same;		   /* what was received is what the file holds */
	bool sampled;		   /* parts are known */
	double parts[PW_PART_MAX]; /* shares of the sender's CPU time */
	double copies;		   /* per byte, up to the device */
	double local_copies;	   /* per byte: of lent pages, because the receiver is here */
	uint64_t zc_sends, zc_copied;
	uint64_t bytes; /* sent by this many system calls: */
	uint64_t calls;
};

struct survey {
	struct settings cfg;
	bool root;
	char here[TEXT_MAX]; /* directory of the files */
	uint64_t hash[SIZES_MAX];
	int send_cpu, drain_cpu; /* -1: anywhere */
	double memcpy_s_per_gb;	 /* of memory that is in no cache */
	double cached_s_per_gb;	 /* from cache to cache */

	struct {
		bool up;
		const char *why; /* it is not */
		struct pw_drain drain;
		struct sockaddr_in at;
	} places[PLACE_MAX];
	struct pw_sampler *sampler;
	const char *no_sampler; /* why not */
	const char *no_kcount;

	struct cell cells[PLACE_MAX][CACHE_MAX][SIZES_MAX][WAYS_MAX];
	struct insight insights[PLACE_MAX][WAYS_MAX];
	const char *skipped[PLACE_MAX][WAYS_MAX]; /* why */
	const char *no_cold;
};

/* options.c */
uint32_t settings_read(struct settings *s, int argc, char **argv);
void settings_fini(struct settings *s);
void settings_help(FILE *out);
/** All ways there are, in the order of the tables. */
extern struct way ways[WAYS_MAX];
extern uint32_t n_ways;

/* content.c: the files */
int content_make(struct survey *s);
void content_remove(struct survey *s);
void content_name(const struct survey *s, uint32_t size, char name[TEXT_MAX]);
/** Out of the page cache with it. @return 0, or -errno */
int content_drop(const char *name);
/** Into the page cache. @return 0, or -errno */
int content_warm(const char *name);
/** How much of it is in the page cache, from 0 to 1. */
double content_cached(const char *name);
/** "1K", "64M" */
const char *size_text(char buf[24], uint64_t size);

/* host.c: this machine */
void host_open(struct survey *s);
void host_close(struct survey *s);
/** Run a program and wait for it. @return 0, or -EIO; what it said is shown when it fails */
int host_run(const char *const argv[]);
/** CPU time of the threads that serve interrupts, and of process @p pid. */
pw_ns host_softirq_ns(void);
pw_ns host_process_ns(pid_t pid);
void host_measure_memcpy(struct survey *s);
double host_free_hugepages_mib(void);

/* measure.c */
pw_ns now_ns(void);
/** @return a status */
int measure_all(struct survey *s);
/** The figure at @p field_off of a sample. */
double sample_field(const struct sample *s, size_t field_off);
double cell_median(const struct cell *c, size_t field_off);
#define MEDIAN(cell, field) cell_median(cell, offsetof(struct sample, field))
/** Account for a run of @p bytes. */
void cell_add(struct cell *c, uint64_t bytes, pw_ns took, pw_ns cpu, pw_ns softirq, pw_ns receiver,
	uint64_t calls);
void insight_parts(struct survey *s, struct insight *in, pid_t pid);

/* server.c: pagewire as a process */
int server_measure(struct survey *s, uint32_t way);

/* report.c */
void report_tables(const struct survey *s, FILE *out);
int report_json(const struct survey *s);

/* plot.c */
int plot_svg(const struct survey *s);

#endif
