/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_SAMPLER_H
#define PW_SAMPLER_H

/**
 * @file
 * Where a process spends its CPU time, the kernel's work for it included: every
 * 100 us of each CPU the call chain is looked at, by perf_event_open(2).
 *
 * Threads:  any one.
 */
#include <sys/types.h>
#include "pw_base.h"

/* clang-format off */
#define PW_PARTS(X) \
	X(TO_USER, "to-user", "copy: page cache to user buffer") \
	X(FROM_USER, "from-user", "copy: user buffer to socket or device buffer") \
	X(LOCAL, "local", "copy: of lent pages, because the receiver is on this machine") \
	X(RECEIVER, "receiver", "the receiver's TCP/IP, run in the sender's time") \
	X(KERNEL, "kernel", "the rest of the kernel: calls, page cache, the sender's TCP/IP") \
	X(USER, "program", "the program itself")
/* clang-format on */

enum pw_part {
#define X(id, name, help) PW_PART_##id,
	PW_PARTS(X)
#undef X
	PW_PART_MAX
};

/** A name and a line of help. Index: enum pw_part. */
struct pw_part_info {
	const char *name;
	const char *help;
};
extern const struct pw_part_info pw_part_info[PW_PART_MAX];

struct pw_sampler;

/** @return NULL and a reason in @p why where that is not possible */
struct pw_sampler *pw_sampler_open(const char **why);
void pw_sampler_start(struct pw_sampler *s);
void pw_sampler_stop(struct pw_sampler *s);
/** Samples of process @p pid since the start, by part; after the stop, once. @return all of them */
uint64_t pw_sampler_count(struct pw_sampler *s, pid_t pid, uint64_t parts[PW_PART_MAX]);
void pw_sampler_close(struct pw_sampler *s);

#endif
