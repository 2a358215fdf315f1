/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * mmap(2) and write(2): the page cache itself is the program's buffer.
 */
#include "paths_priv.h"

static int
mw_open(struct pw_path_run *run)
{
	return 0;
}

static int
mw_send(struct pw_path_run *run)
{
	struct path_file f;
	void *map = NULL;
	int rc = path_file_open(run, &f);

	if (rc == 0 && f.size > 0) {
		map = path_map(run, &f);
		rc = map == NULL ? -errno : path_write_all(run, map, f.size);
	}
	path_unmap(run, map, &f);
	path_file_close(run, &f);
	return rc;
}

const struct pw_path path_mmap_write = {
	.name = "mmap+write",
	.how = "mmap(), madvise(SEQUENTIAL), write() of the mapping to the socket",
	.buffers = "page cache (mapped) -copy-> socket buffer -> device",
	.copies = 1,
	.open = mw_open,
	.send = mw_send,
	.close = mw_open,
};
