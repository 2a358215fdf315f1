/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "client.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEAD_MAX   32
#define LINE_ROOM  1024
#define ANSWER_MAX (1ULL << 30)

int
client_open(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int err, fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	for (; len > 0; bytes += n, len -= (size_t)n) {
		n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			return -1;
	}
	return 0;
}

static int
read_all(int fd, char *bytes, size_t len)
{
	ssize_t n;

	for (; len > 0; bytes += n, len -= (size_t)n) {
		n = recv(fd, bytes, len, 0);
		if (n <= 0)
			return -1;
	}
	return 0;
}

/* "ok 123", without its newline. */
static int
read_head(int fd, char head[HEAD_MAX])
{
	size_t i;

	for (i = 0; i < HEAD_MAX; i++) {
		if (read_all(fd, &head[i], 1) != 0)
			return -1;
		if (head[i] == '\n') {
			head[i] = '\0';
			return 0;
		}
	}
	return -1;
}

bool
client_take_plot(char *line, size_t room, char *path, size_t path_room)
{
	static const char option[] = " --plot";
	char rest[LINE_ROOM];
	char *at = strstr(line, option);
	size_t len;

	*path = '\0';
	if (at == NULL)
		return true;
	snprintf(rest, sizeof(rest), "%s", at + strlen(option));
	*at = '\0';
	at = rest + strspn(rest, " ");
	len = strcspn(at, " ");
	if (at == rest || len == 0) {
		fprintf(stderr, "--plot lacks its value; allowed: the name of a file\n");
		return false;
	}
	snprintf(path, path_room, "%.*s", (int)len, at);
	len = strlen(line);
	snprintf(line + len, room - len, "%s --svg", at + strlen(path));
	return true;
}

bool
client_write_plot(const char *path, const struct client_answer *answer)
{
	FILE *f = fopen(path, "w");
	bool ok = f != NULL && fwrite(answer->text, 1, answer->len, f) == answer->len;

	if (f != NULL && fclose(f) != 0)
		ok = false;
	if (!ok)
		fprintf(stderr, "%s cannot be written: %s\n", path, strerror(errno));
	return ok;
}

int
client_ask(int fd, const char *line, struct client_answer *answer)
{
	unsigned long long len;
	char head[HEAD_MAX];
	char word[8];

	*answer = (struct client_answer){0};
	if (write_all(fd, line, strlen(line)) != 0 || write_all(fd, "\n", 1) != 0 ||
		read_head(fd, head) != 0 || sscanf(head, "%7s %llu", word, &len) != 2 ||
		len > ANSWER_MAX)
		return -1;
	answer->ok = strcmp(word, "ok") == 0;
	answer->len = (size_t)len;
	answer->text = malloc(answer->len + 1);
	if (answer->text == NULL || read_all(fd, answer->text, answer->len) != 0) {
		free(answer->text);
		return -1;
	}
	answer->text[answer->len] = '\0';
	return 0;
}
