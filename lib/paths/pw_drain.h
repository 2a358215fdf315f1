/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_DRAIN_H
#define PW_DRAIN_H

/**
 * @file
 * The receiving end: a process that takes what is sent, at the least cost there is.
 *
 * recv(2) with MSG_TRUNC lets go of TCP's bytes without copying them, one call for a
 * mebibyte: cheaper than splice(2) to /dev/null, which carries each page through a
 * pipe. To compare contents it receives and hashes them instead.
 *
 * Threads:  the parent's side belongs to one.
 */
#include <sys/types.h>
#include <netinet/in.h>
#include "pw_base.h"

struct pw_drain {
	pid_t pid;
	int control;
};

/** What is to be received. */
struct pw_drain_job {
	struct sockaddr_in from; /**< connect to it and ask; port 0: accept a connection */
	uint64_t bytes;		 /**< of all bodies */
	uint32_t n_requests;	 /**< when asking: so often, one after the other */
	uint32_t hash;		 /**< receive and hash instead of letting go */
	char path[128];		 /**< when asking: of the URL */
};

struct pw_drain_done {
	int32_t error; /**< errno, or 0 */
	uint64_t bytes;
	uint64_t hash; /**< XXH3, 64 bits */
	pw_ns began;   /**< CLOCK_MONOTONIC: connected */
	pw_ns ended;   /**< the last byte was there */
	pw_ns cpu;     /**< that the process has taken for it */
};

/**
 * Start the process, on CPU @p cpu if it is not negative, in a network namespace of its
 * own if @p apart. @return 0 or -errno
 */
int pw_drain_start(struct pw_drain *d, int cpu, bool apart);

/** Give it an address to listen at. @return 0 or -errno; @p at gets the port */
int pw_drain_listen(struct pw_drain *d, struct sockaddr_in *at);

/** It begins at once; without an answer to a job, no other. @return 0 or -errno */
int pw_drain_begin(struct pw_drain *d, const struct pw_drain_job *job);

/** Wait for its end. @return 0 or -errno, the drain's own errors included */
int pw_drain_wait(struct pw_drain *d, struct pw_drain_done *done);

void pw_drain_stop(struct pw_drain *d);

#endif
