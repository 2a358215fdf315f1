/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef COMMON_H
#define COMMON_H

/**
 * @file
 * What the programs on a device share: how they start the EAL, wait for signals
 * and look for leaks. A program defines its name.
 */
#include <stdio.h>
#include "pw_loop.h"
#include "pw_port.h"

enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1, /* while running */
	STATUS_USAGE = 2,
};

extern const char program[];

/** A line on standard error. */
#define COMPLAIN(fmt, ...) fprintf(stderr, "%s: " fmt "\n", program, ##__VA_ARGS__)

/* eal.c */

/** The command line in front of `--`, and what is to be known of it. */
struct eal {
	char **argv; /* owned: the EAL reorders it */
	int argc;    /* words in front of `--` */
	bool no_huge;
	bool in_memory;
	bool memory_said;  /* -m, --socket-mem */
	uint32_t n_lcores; /* that the EAL will make, of them each a worker */
	bool up;
};

/**
 * Divide the command line at `--`. Questions (--help, --version) in front of it are
 * answered here. @return a status, or -1: go on with argv + eal->argc
 */
int eal_split(struct eal *eal, int argc, char **argv, void (*help)(FILE *out));
void eal_print_version(void);

/**
 * Enough hugepages, for @p eal_bytes of the EAL's and @p other_bytes besides?
 * Without any, how much ordinary memory? @return a status
 */
int eal_memory(struct eal *eal, uint64_t eal_bytes, uint64_t other_bytes);

/** @return a status */
int eal_start(struct eal *eal);
void eal_stop(struct eal *eal);

/** Memory of the EAL's, zeroed. */
extern const struct pw_mem mem_eal;

#define MIB	       (UINT64_C(1) << 20)
#define EAL_POOL_BYTES (96 * MIB) /* packet buffers and what no option makes larger, */
#define EAL_MORE_BYTES (48 * MIB) /* and for each worker after the first */

/** For the pools of all workers. */
static inline uint64_t
eal_pool_bytes(const struct eal *eal)
{
	return EAL_POOL_BYTES + (eal->n_lcores - 1) * EAL_MORE_BYTES;
}

/* lcores.c */

/** Lcores that the EAL makes of its arguments; without a word on it, one for each CPU. */
uint32_t lcores_asked_for(int argc, char **argv);

/* signals.c */

/** Block SIGINT, SIGTERM and SIG_DONE; before there are threads. */
void signals_block(void);
/** Let the first two end the process while something long is done. */
void signals_let_end_us(bool yes);
/** A descriptor to read them from, on the thread that SIG_DONE is sent to; -1: none. */
int signals_open(void);
/** The next one there, or 0. */
int signals_read(int fd);
/** The next of them, or 0 after @p seconds; 0 seconds: wait for ever. */
int signals_wait(uint32_t seconds);

#define SIG_DONE SIGUSR1 /* main tells the control thread that the worker has returned */

/* workers.c */

/** The workers of a program, numbered as their lcores are; the main one's is 0. */
struct workers {
	uint32_t n;
	uint32_t n_made;
	struct pw_crew *crew; /* NULL: there is one */
	struct pw_worker *of[PW_WORKERS_MAX];
	uint8_t secret[32]; /* of TCP: an answer does not depend on who gives it */
};

/** As many as there are lcores. Before the ports are opened. @return a status */
int workers_open(struct workers *ws);

/** The lcore of worker @p i. */
uint32_t workers_lcore(uint32_t i);

/** Make the next one; id, crew, socket and secret are set here. @return a status */
int workers_add(struct workers *ws, struct pw_worker_cfg *cfg);

/** Of @p whole (connections, requests a second), the part of worker @p i. */
uint32_t workers_share(const struct workers *ws, uint32_t i, uint32_t whole);

/** Run them all, number 0 on this thread, until every one has been told to stop. */
void workers_run(struct workers *ws);

/** Ask all of them for something. Any thread. */
void workers_post(const struct workers *ws, enum pw_worker_do what, pw_ns ns);

/**
 * Everything that was lent must be back once the devices have let go.
 * @param n_holds  holds of store pages that are left
 * @return a status; what is missing is told
 */
int workers_leaks(
	struct workers *ws, const struct pw_port *ports, uint32_t n_ports, uint64_t n_holds);

void workers_close(struct workers *ws);

/** A line on how the port's frames come to the workers. */
void workers_tell_port(const struct workers *ws, const struct pw_port *port);

#endif
