/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_TREE_H
#define PW_TREE_H

/**
 * @file
 * What a directory holds: its regular files and sub-directories, read once.
 *
 * Promise:  nodes are sorted by path (bytewise), each path once; node 0 is the
 *           root directory with the empty path. Nothing outside the root is
 *           reached: a symbolic link whose target lies inside is read as that
 *           file or directory, any other is left out, counted and logged.
 *           Devices, sockets and FIFOs are left out and counted.
 * Threads:  main, before the workers start.
 */
#include "pw_base.h"

enum pw_node_kind {
	PW_NODE_DIR,
	PW_NODE_FILE,
};

struct pw_node {
	const char *path; /**< from the root, no slash at either end, NUL ended; bytes as on disk */
	uint32_t path_len;
	enum pw_node_kind kind;
	pw_off size; /**< of a file, in bytes */
	int64_t mtime_s;
};

struct pw_tree {
	const char *root; /**< absolute */
	int root_fd;	  /**< files are opened below it */
	uint32_t n_nodes;
	struct pw_node *nodes;
	uint32_t n_files;
	pw_off file_bytes;
	/** Links left out: they lead outside, nowhere, or round in a circle. */
	uint32_t n_links_out;
	uint32_t n_special; /**< devices, sockets, FIFOs left out */
	/** Files and directories left out: not ours to read, or their path is too long (PATH_MAX).
	 */
	uint32_t n_unreadable;
};

/**
 * Read the directory @p root and all below it.
 * @return the tree, or NULL with errno: ENOENT, ENOTDIR, EACCES, ENOMEM, or
 *         E2BIG for more than UINT32_MAX - 1 nodes.
 */
struct pw_tree *pw_tree_scan(const char *root);

void pw_tree_free(struct pw_tree *tree);

/**
 * Open a node for reading, by openat2(2) where there is one: even if the tree has
 * changed since the scan, nothing outside the root is reached.
 * @param flags  further flags of open(2)
 * @return a descriptor that the caller closes, or -errno
 */
int pw_tree_open(const struct pw_tree *tree, uint32_t node, int flags);

#endif
