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
	bool memory_said; /* -m, --socket-mem */
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
#define EAL_POOL_BYTES (96 * MIB) /* packet buffers and what no option makes larger */

/* signals.c */

/** Block SIGINT, SIGTERM and SIG_DONE; before there are threads. */
void signals_block(void);
/** Let the first two end the process while something long is done. */
void signals_let_end_us(bool yes);
/** The next of them, or 0 after @p seconds; 0 seconds: wait for ever. */
int signals_wait(uint32_t seconds);

#define SIG_DONE SIGUSR1 /* main tells the control thread that the worker has returned */

/* leaks.c */

/**
 * Everything that was lent must be back once the devices have let go.
 * @param n_holds  holds of store pages that are left
 * @return a status; what is missing is told
 */
int leaks_check(
	const struct pw_worker *w, const struct pw_port *ports, uint32_t n_ports, uint64_t n_holds);

#endif
