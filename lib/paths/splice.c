/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * splice(2): pages go from the file into a pipe, and from the pipe into the socket.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "paths_priv.h"

#define PIPE_BYTES (1u << 20) /* what anybody may ask for (pipe-max-size) */

struct tube {
	int fd[2];
	size_t bytes; /* it takes at once */
};

static int
sp_open(struct pw_path_run *run)
{
	struct tube *t = calloc(1, sizeof(*t));
	int got;

	if (t == NULL)
		return -ENOMEM;
	if (pipe2(t->fd, O_CLOEXEC) != 0) {
		free(t);
		return -errno;
	}
	got = fcntl(t->fd[1], F_SETPIPE_SZ, PIPE_BYTES);
	t->bytes = got > 0 ? (size_t)got : 65536;
	run->room = t;
	return 0;
}

/* The @n bytes in the pipe, into the socket; more: the file has not ended with them. */
static int
empty(struct pw_path_run *run, const struct tube *t, size_t n, bool more)
{
	unsigned int flags = SPLICE_F_MOVE | (more ? SPLICE_F_MORE : 0);
	ssize_t sent;
	int rc;

	while (n > 0) {
		sent = SYS(run, splice, t->fd[0], NULL, run->sock, NULL, n, flags);
		if (sent < 0) {
			rc = path_again(run);
			if (rc != 0)
				return rc;
			continue;
		}
		run->count.bytes += (uint64_t)sent;
		n -= (size_t)sent;
	}
	return 0;
}

static int
send_rest(struct pw_path_run *run, const struct path_file *f)
{
	const struct tube *t = run->room;
	loff_t off = 0;
	ssize_t n;
	int rc = 0;

	while ((uint64_t)off < f->size && rc == 0) {
		n = SYS(run, splice, f->fd, &off, t->fd[1], NULL,
			pw_min(f->size - (uint64_t)off, t->bytes), SPLICE_F_MOVE);
		if (n == 0)
			return -ESTALE;
		if (n < 0)
			rc = errno == EINTR ? 0 : -errno;
		else
			rc = empty(run, t, (size_t)n, (uint64_t)off < f->size);
	}
	return rc;
}

static int
sp_send(struct pw_path_run *run)
{
	struct path_file f;
	int rc = path_file_open(run, &f);

	if (rc == 0)
		rc = send_rest(run, &f);
	path_file_close(run, &f);
	return rc;
}

static int
sp_close(struct pw_path_run *run)
{
	struct tube *t = run->room;

	if (t != NULL) {
		close(t->fd[0]);
		close(t->fd[1]);
	}
	free(t);
	return 0;
}

const struct pw_path path_splice = {
	.name = "splice",
	.how = "splice() from the file into a pipe of 1 MiB, splice() from there to the socket",
	.buffers = "page cache -pages lent-> pipe -pages lent-> socket buffer -> device",
	.copies = 0,
	.open = sp_open,
	.send = sp_send,
	.close = sp_close,
};
