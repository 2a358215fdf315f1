/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef STORE_TEMP_H
#define STORE_TEMP_H

/**
 * @file
 * A directory of one's own for a test, and ways to make the kernel unwilling.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Make an empty directory below @p where, or below $TMPDIR or /tmp with NULL. Keeps the log. */
void temp_open(const char *where);

/** Remove it with all that is in it. */
void temp_close(void);

/** What was logged since temp_open(). */
const char *temp_log(void);

/** The full path of @p name in the directory; @p name may be "". Good until the next but one call.
 */
const char *temp_path(const char *name);

void temp_dir(const char *name);
void temp_link(const char *name, const char *target);

/** Make a file of @p len bytes, or overwrite it. */
void temp_file(const char *name, const void *bytes, size_t len);

/** Make a file of @p len bytes, all hole. */
void temp_sparse(const char *name, uint64_t len);

/** Write @p len bytes at @p off of a file that exists. */
void temp_poke(const char *name, uint64_t off, const void *bytes, size_t len);

/** Run @p test in a child process. @return whether it returned true. */
bool temp_in_child(bool (*test)(void));

/**
 * From here on, in this process, system call @p nr fails with @p err; with @p arg >= 0, only
 * where that argument is @p value.
 */
bool temp_deny(int nr, int arg, uint32_t value, int err);

/** As somebody who owns nothing, if the test runs as root; and back. */
void temp_drop_root(void);
void temp_take_root(void);

#endif
