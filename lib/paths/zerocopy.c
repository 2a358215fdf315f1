/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * send(2) with MSG_ZEROCOPY: the kernel lends the program's pages to the device, and
 * says on the socket's error queue when it has let go of them. Until then a buffer
 * must not be written; pages of a mapping nobody writes.
 */
#include <stdlib.h>
#include "paths_priv.h"

#define BUFFERS	  16
#define MAP_PIECE (1u << 20) /* of a mapping, a send: more at once and no ACK frees any of it */

struct zc {
	char *buffers; /* BUFFERS * PATH_CHUNK, or NULL: a mapping is sent */
	struct zc_track track;
	uint16_t held[BUFFERS];
};

static int
zc_open(struct pw_path_run *run)
{
	struct zc *z = calloc(1, sizeof(*z));
	int one = 1;

	run->room = z;
	if (z == NULL)
		return -ENOMEM;
	z->track.held = z->held;
	run->lacks = "MSG_ZEROCOPY";
	if (setsockopt(run->sock, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)) != 0)
		return -errno;
	return 0;
}

static int
zc_open_buffers(struct pw_path_run *run)
{
	int rc = zc_open(run);
	struct zc *z = run->room;

	if (rc != 0)
		return rc;
	z->buffers = path_buffer(BUFFERS * PATH_CHUNK);
	return z->buffers == NULL ? -ENOMEM : 0;
}

/* Take one notification. @return 0, -EAGAIN: there is none, or another -errno */
static int
take(struct pw_path_run *run)
{
	struct zc *z = run->room;
	char control[128];
	struct msghdr msg = {.msg_control = control, .msg_controllen = sizeof(control)};
	struct zc_range r;

	if (SYS(run, recvmsg, run->sock, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return -errno;
	if (zc_parse(&msg, &r) != 0)
		return 0; /* an ICMP error: the next send will tell */
	run->count.zc_sends += r.last - r.first + 1;
	run->count.zc_copied += r.copied ? r.last - r.first + 1 : 0;
	return zc_done(&z->track, &r);
}

/* Wait for a notification, and take all that there are. POLLERR needs not be asked for. */
static int
wait_and_take(struct pw_path_run *run)
{
	struct pollfd p = {.fd = run->sock};
	int rc;

	if (SYS(run, poll, &p, 1, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	do {
		rc = take(run);
	} while (rc == 0);
	return rc == -EAGAIN && !(p.revents & POLLHUP) ? 0 : rc;
}

/* ENOBUFS: so much waits for notifications that the socket may keep no more of them. */
static int
recover(struct pw_path_run *run)
{
	return errno == ENOBUFS ? wait_and_take(run) : path_again(run);
}

static int
send_piece(struct pw_path_run *run, const char *p, size_t n, uint8_t buffer)
{
	struct zc *z = run->room;
	int rc = 0;

	while (n > 0 && rc == 0) {
		ssize_t sent;

		if (z->track.n_under_way == ZC_UNDER_WAY_MAX) {
			rc = wait_and_take(run);
			continue;
		}
		sent = SYS(run, send, run->sock, p, n, MSG_ZEROCOPY);
		if (sent < 0) {
			rc = recover(run);
			continue;
		}
		zc_sent(&z->track, buffer);
		run->count.bytes += (uint64_t)sent;
		p += sent;
		n -= (size_t)sent;
	}
	return rc;
}

static int
send_file(struct pw_path_run *run, int fd)
{
	struct zc *z = run->room;
	uint8_t at = 0;
	ssize_t n;
	int rc = 0;

	while (rc == 0) {
		char *buffer = z->buffers + (size_t)at * PATH_CHUNK;

		while (z->held[at] > 0 && rc == 0)
			rc = wait_and_take(run);
		n = rc == 0 ? path_read(run, fd, buffer, PATH_CHUNK) : rc;
		if (n <= 0)
			return (int)n;
		rc = send_piece(run, buffer, (size_t)n, at);
		at = (uint8_t)((at + 1) % BUFFERS);
	}
	return rc;
}

static int
read_send(struct pw_path_run *run)
{
	struct path_file f;
	int rc = path_file_open(run, &f);

	if (rc == 0)
		rc = send_file(run, f.fd);
	path_file_close(run, &f);
	return rc;
}

/* What is unmapped while the device reads it stays: the kernel holds the pages. */
static int
map_send(struct pw_path_run *run)
{
	struct path_file f;
	char *map = NULL;
	uint64_t off;
	int rc = path_file_open(run, &f);

	if (rc == 0 && f.size > 0) {
		map = path_map(run, &f);
		rc = map == NULL ? -errno : 0;
	}
	for (off = 0; rc == 0 && off < f.size; off += MAP_PIECE)
		rc = send_piece(run, map + off, pw_min(f.size - off, MAP_PIECE), 0);
	path_unmap(run, map, &f);
	path_file_close(run, &f);
	return rc;
}

static int
zc_close(struct pw_path_run *run)
{
	struct zc *z = run->room;
	int rc = 0;

	while (z != NULL && z->track.n_under_way > 0 && rc == 0)
		rc = wait_and_take(run);
	if (z != NULL)
		free(z->buffers);
	free(z);
	return rc;
}

const struct pw_path path_read_zerocopy = {
	.name = "read+zerocopy",
	.how = "read() into one of 16 buffers, send(MSG_ZEROCOPY), completions by MSG_ERRQUEUE",
	.buffers = "page cache -copy-> user buffer -pages lent-> socket buffer -> device",
	.copies = 1,
	.open = zc_open_buffers,
	.send = read_send,
	.close = zc_close,
};

const struct pw_path path_mmap_zerocopy = {
	.name = "mmap+zerocopy",
	.how = "mmap(), send(MSG_ZEROCOPY) of the mapping, completions by MSG_ERRQUEUE",
	.buffers = "page cache (mapped) -pages lent-> socket buffer -> device",
	.copies = 0,
	.open = zc_open,
	.send = map_send,
	.close = zc_close,
};
