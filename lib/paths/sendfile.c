/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * sendfile(2): the listing of every book. The call may do less than it was asked,
 * and moves the offset by what it did.
 */
#include "paths_priv.h"

static int
sf_open(struct pw_path_run *run)
{
	return 0;
}

static int
send_rest(struct pw_path_run *run, const struct path_file *f)
{
	off_t off = 0;
	ssize_t sent;
	int rc;

	while ((uint64_t)off < f->size) {
		sent = SYS(run, sendfile, run->sock, f->fd, &off, f->size - (uint64_t)off);
		if (sent == 0)
			return -ESTALE; /* the file has become shorter */
		if (sent < 0) {
			rc = path_again(run);
			if (rc != 0)
				return rc;
			continue;
		}
		run->count.bytes += (uint64_t)sent;
	}
	return 0;
}

static int
sf_send(struct pw_path_run *run)
{
	struct path_file f;
	int rc = path_file_open(run, &f);

	if (rc == 0)
		rc = send_rest(run, &f);
	path_file_close(run, &f);
	return rc;
}

const struct pw_path path_sendfile = {
	.name = "sendfile",
	.how = "sendfile() from the file's start to its end",
	.buffers = "page cache -pages lent-> socket buffer -> device",
	.copies = 0,
	.open = sf_open,
	.send = sf_send,
	.close = sf_open,
};
