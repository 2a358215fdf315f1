/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef APP_SIM_H
#define APP_SIM_H

/**
 * @file
 * What the files of pagewire-sim share. Nothing here starts the EAL.
 */
#include <stdio.h>
#include "pw_sim.h"

#define JOBS_MAX      64
#define MASK_BITS_MAX 32

enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1, /**< an invariant broke */
	STATUS_USAGE = 2,
};

/** What one run is about: a seed's plan, or a mask of losses. */
struct subject {
	bool is_mask;
	enum pw_sim_way way; /**< of a mask */
	uint64_t value;	     /**< the seed, or the mask */
};

#define SUBJECT_TEXT_MAX 40

/** As it is written on the command line: 123, or up:3ff. */
const char *subject_text(const struct subject *s, char text[SUBJECT_TEXT_MAX]);
void subject_plan(const struct subject *s, struct pw_sim_plan *plan);

enum job {
	JOB_NONE,
	JOB_SEEDS,
	JOB_MASKS,
	JOB_HASH,
	JOB_REPLAY,
	JOB_TABLE,
	JOB_HELP,
	JOB_VERSION,
};

struct settings {
	enum job job;
	uint64_t n;	   /**< seeds; 0: as many as the time allows */
	uint64_t first;	   /**< seed */
	uint32_t seconds;  /**< 0: no limit */
	uint32_t jobs;	   /**< processes */
	bool keep_going;   /**< after a failure */
	uint32_t bits;	   /**< of masks */
	uint64_t hash_to;  /**< last seed; the first is `first` */
	struct subject of; /**< to be replayed */
	const char *dir;   /**< where a replay writes */
};

/** @return 0, or STATUS_USAGE, a line on standard error saying why. */
int settings_read(struct settings *s, int argc, char **argv);
void settings_help(FILE *out);

/** Many runs, on several processes. @return STATUS_* */
int batch_seeds(const struct settings *s);
int batch_masks(const struct settings *s);
/** A line a seed: its number, its trace's hash, its packets. */
int batch_hash(const struct settings *s);

/** One run, with its packets and pictures in files. */
int replay(const struct settings *s);

/** Goodput by loss and round trip. */
int table(void);

/* ---- pcapng ---- */

struct pcapng; /* private to pcapng.c */

/** @param ip6  the datagrams are of IPv6. @return a file to write to, or NULL with errno */
struct pcapng *pcapng_create(const char *path, const char *comment, bool ip6);
void pcapng_interface(struct pcapng *f, const char *name, const char *about);

enum pcapng_way {
	PCAPNG_IN = 1,
	PCAPNG_OUT = 2,
};

/** @param comment  or NULL */
void pcapng_packet(struct pcapng *f, uint32_t interface, enum pcapng_way way, const uint8_t *dgram,
	uint32_t len, pw_ns at, const char *comment);
/** @return 0, or -errno of the first write that failed */
int pcapng_close(struct pcapng *f);

/* ---- pictures ---- */

struct plot; /* private to plot.c */

struct plot *plot_create(void);
/** One packet of the run, as the simulator tells of it. */
void plot_packet(struct plot *p, const struct pw_sim_packet *pkt);
/** Write a picture of each direction of each connection. @return 0 or -errno */
int plot_write(const struct plot *p, const char *path, const char *title);
void plot_destroy(struct plot *p);

#endif
