/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PATHS_PRIV_H
#define PATHS_PRIV_H

#include "pw_paths.h"

/** What is read or sent at a time, where the caller chooses: as much as cat(1) takes. */
#define PATH_CHUNK (128u << 10)

extern const struct pw_path path_read_write;
extern const struct pw_path path_mmap_write;
extern const struct pw_path path_sendfile;
extern const struct pw_path path_splice;
extern const struct pw_path path_read_zerocopy;
extern const struct pw_path path_mmap_zerocopy;
extern const struct pw_path path_uring_send;
extern const struct pw_path path_uring_send_zc;

/** Make a system call and count it. */
#define SYS(run, call, ...) ((run)->count.calls++, (run)->sys->call(__VA_ARGS__))

/* io.c */

struct path_file {
	int fd;
	uint64_t size;
};

/** Two calls: open, fstat. @return 0 or -errno */
int path_file_open(struct pw_path_run *run, struct path_file *f);
void path_file_close(struct pw_path_run *run, const struct path_file *f);

/** Fill @p to from where the file stands. @return bytes, 0 at its end, or -errno */
ssize_t path_read(struct pw_path_run *run, int fd, void *to, size_t n);

/** All of it, in as many calls as it takes. @return 0 or -errno */
int path_write_all(struct pw_path_run *run, const void *from, size_t n);

/** Look at errno after a call that failed. @return 0: call again, or -errno */
int path_again(struct pw_path_run *run);

/** The whole file, mapped; NULL with errno. An empty one has no mapping, and needs none. */
void *path_map(struct pw_path_run *run, const struct path_file *f);
void path_unmap(struct pw_path_run *run, void *map, const struct path_file *f);

/** A buffer aligned to a page, or NULL. */
void *path_buffer(size_t bytes);

/* completion.c: what the kernel says when it has let go of a buffer (MSG_ZEROCOPY) */

/** Sends are numbered from 0, by socket; a notification speaks of a range of them. */
struct zc_range {
	uint32_t first;
	uint32_t last;
	bool copied; /* SO_EE_CODE_ZEROCOPY_COPIED */
};

/** @return 0, or -ENOMSG: it is about something else */
int zc_parse(const struct msghdr *msg, struct zc_range *out);

#define ZC_UNDER_WAY_MAX 1024

/** Which buffers the kernel still holds. A buffer may be sent by several sends. */
struct zc_track {
	uint32_t next;			 /* number of the next send */
	uint32_t n_under_way;		 /* sends without a notification */
	uint8_t owner[ZC_UNDER_WAY_MAX]; /* buffer of the send, by number */
	uint16_t *held;			 /* by buffer: sends under way */
};

void zc_sent(struct zc_track *t, uint8_t buffer);
/** @return 0, or -EBADMSG: nothing like it is under way */
int zc_done(struct zc_track *t, const struct zc_range *range);

#endif
