/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "paths_priv.h"

const struct pw_path *const pw_paths[] = {
	&path_read_write,
	&path_mmap_write,
	&path_sendfile,
	&path_splice,
	&path_read_zerocopy,
	&path_mmap_zerocopy,
	&path_uring_send,
	&path_uring_send_zc,
	NULL,
};
