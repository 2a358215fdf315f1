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

/**
 * Take "--plot FILE" out of @p line, and ask for a drawing in its place.
 * @param path  set to the file, or to "" when there is none
 * @return false: the name of the file is missing
 */
bool client_take_plot(char *line, size_t room, char *path, size_t path_room);

/** Write a drawing. @return false: told why */
bool client_write_plot(const char *path, const struct client_answer *answer);

/** Ask, and wait. @return 0, or -1: the other side has gone, or makes no sense */
int client_ask(int fd, const char *line, struct client_answer *answer);

#endif
