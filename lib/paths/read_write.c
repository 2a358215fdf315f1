/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * read(2) and write(2): the file passes through a buffer of the program's.
 */
#include <stdlib.h>
#include "paths_priv.h"

static int
rw_open(struct pw_path_run *run)
{
	run->room = path_buffer(PATH_CHUNK);
	return run->room == NULL ? -ENOMEM : 0;
}

static int
rw_send(struct pw_path_run *run)
{
	struct path_file f;
	ssize_t n = 0;
	int rc = path_file_open(run, &f);

	while (rc == 0 && (n = path_read(run, f.fd, run->room, PATH_CHUNK)) > 0)
		rc = path_write_all(run, run->room, (size_t)n);
	path_file_close(run, &f);
	return rc != 0 ? rc : (int)n;
}

static int
rw_close(struct pw_path_run *run)
{
	free(run->room);
	return 0;
}

const struct pw_path path_read_write = {
	.name = "read+write",
	.how = "read() into a buffer of 128 KiB, write() to the socket",
	.buffers = "page cache -copy-> user buffer -copy-> socket buffer -> device",
	.copies = 2,
	.open = rw_open,
	.send = rw_send,
	.close = rw_close,
};
