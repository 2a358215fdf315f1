/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_KCOUNT_H
#define PW_KCOUNT_H

/**
 * @file
 * System calls of a process, all its threads', counted by the kernel: a small BPF
 * program at the tracepoint sys_enter.
 *
 * Cost:  some 50 ns a system call: count in one run, take the time in another.
 */
#include <sys/types.h>
#include "pw_base.h"

struct pw_kcount;

/**
 * Count from now on what process @p pid calls.
 * @return NULL and a reason in @p why where that is not possible
 */
struct pw_kcount *pw_kcount_open(pid_t pid, const char **why);
/** @return system calls so far; 0 of NULL */
uint64_t pw_kcount_read(const struct pw_kcount *k);
void pw_kcount_close(struct pw_kcount *k);

#endif
