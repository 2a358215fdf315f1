/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef CLIENT_H
#define CLIENT_H

/**
 * @file
 * A client of pagewire's control socket: a line there, "ok LENGTH" or "error LENGTH"
 * back, and so many bytes.
 */
#include <stdbool.h>
#include <stddef.h>

struct client_answer {
	bool ok;
	char *text; /**< ends with a NUL; to be freed */
	size_t len;
};

/** @return a descriptor, or -1 with errno */
int client_open(const char *path);

/** Ask, and wait. @return 0, or -1: the other side has gone, or makes no sense */
int client_ask(int fd, const char *line, struct client_answer *answer);

#endif
