/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_PATHS_H
#define PW_PATHS_H

/**
 * @file
 * The classical ways of sending a file over the kernel's TCP, each as its manual
 * page means it to be used, behind one interface.
 *
 * Life:     fill a run (path, file, sock, sys); open; send, any number of times;
 *           close, which waits until the kernel has let go of our buffers.
 * Count:    each system call is counted where it is made.
 * Threads:  a run belongs to one.
 */
#include <sys/socket.h>
#include <sys/types.h>
#include <poll.h>
#include "pw_base.h"

/** The system calls that may do less than they were asked: tests put in others. */
struct pw_sys {
	ssize_t (*read)(int fd, void *to, size_t n);
	ssize_t (*write)(int fd, const void *from, size_t n);
	ssize_t (*send)(int fd, const void *from, size_t n, int flags);
	ssize_t (*sendfile)(int to, int from, off_t *off, size_t n);
	ssize_t (*splice)(
		int from, loff_t *off_from, int to, loff_t *off_to, size_t n, unsigned int flags);
	ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);
	int (*poll)(struct pollfd *fds, nfds_t n, int ms);
};

/** The C library's. */
extern const struct pw_sys pw_sys_real;

/** What a run has done so far. */
struct pw_path_count {
	uint64_t bytes;	     /**< handed to the socket */
	uint64_t calls;	     /**< system calls */
	uint64_t read_bytes; /**< read into a buffer of ours */
	uint64_t zc_sends;   /**< sends without a copy that are completed */
	uint64_t zc_copied;  /**< of them: the kernel says that it copied after all */
};

struct pw_path;

struct pw_path_run {
	const struct pw_path *path;
	const struct pw_sys *sys;
	const char *file;
	int sock;
	struct pw_path_count count;
	const char *lacks; /**< when open fails: what the kernel has not got */
	void *room;	   /**< the path's own */
};

struct pw_path {
	const char *name;
	const char *how;     /**< the calls, for a reader */
	const char *buffers; /**< where the bytes are, in order, and how they get there */
	uint32_t copies;     /**< by its design, up to the device */
	/** Make what outlives a file. @return 0 or -errno */
	int (*open)(struct pw_path_run *run);
	/** All of the file, from its opening to its closing. @return 0 or -errno */
	int (*send)(struct pw_path_run *run);
	/** Also after a failed open. @return 0 or -errno: what was under way did not end well */
	int (*close)(struct pw_path_run *run);
};

/** All of them, from the oldest; NULL at the end. */
extern const struct pw_path *const pw_paths[];

#endif
