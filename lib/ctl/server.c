/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The control socket. Nothing here waits for a client: what one does not read is
 * kept, one answer at most, and who neither reads nor says anything is left.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "pw_ctl.h"

#define HEAD_MAX 32
#define LISTENER NULL /* in place of a client */

struct client {
	int fd; /* -1: no client */
	pw_ns active;
	uint32_t in_len;
	bool skipping; /* a line that is too long was refused: up to its end */
	char in[PW_CTL_LINE_MAX];
	char *out; /* head and answer; NULL: nothing is owed */
	size_t out_len;
	size_t out_at;
};

struct pw_ctl_server {
	struct pw_ctl *ctl;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int fd;
	int epfd;
	pw_ns now;
	struct client clients[PW_CTL_CLIENTS_MAX];
};

static void
watch(struct pw_ctl_server *s, struct client *c, int op)
{
	struct epoll_event ev = {
		.events = c->out != NULL ? EPOLLOUT : EPOLLIN,
		.data.ptr = c,
	};

	epoll_ctl(s->epfd, op, c->fd, &ev);
}

static void
leave(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->out);
	*c = (struct client){.fd = -1};
}

/* Write what is owed. @return false: the client has gone */
static bool
flush(struct pw_ctl_server *s, struct client *c)
{
	ssize_t n = 0;

	while (c->out_at < c->out_len) {
		n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n <= 0)
			break;
		c->out_at += (size_t)n;
		c->active = s->now;
	}
	if (c->out_at < c->out_len)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	free(c->out);
	c->out = NULL;
	return true;
}

/* Owe head and text. @return false: no memory */
static bool
owe(struct client *c, bool ok, const char *text, size_t len)
{
	int head;

	c->out = malloc(HEAD_MAX + len);
	if (c->out == NULL)
		return false;
	head = snprintf(c->out, HEAD_MAX, "%s %zu\n", ok ? "ok" : "error", len);
	memcpy(c->out + head, text, len);
	c->out_len = (size_t)head + len;
	c->out_at = 0;
	return true;
}

static bool
answer(struct pw_ctl_server *s, struct client *c, const char *line)
{
	struct pw_ctl_answer a;
	bool ok;

	pw_ctl_ask(s->ctl, line, &a);
	ok = a.text != NULL && owe(c, a.ok, a.text, a.len);
	pw_ctl_answer_free(&a);
	return ok;
}

static bool
refuse_long(struct client *c)
{
	static const char text[] = "the line is too long; allowed: 1023 bytes\n";

	c->in_len = 0;
	c->skipping = true;
	return owe(c, false, text, sizeof(text) - 1);
}

/* Take lines for as long as nothing is owed. @return false: leave the client */
static bool
take_lines(struct pw_ctl_server *s, struct client *c)
{
	char *end;

	while (c->out == NULL && (end = memchr(c->in, '\n', c->in_len)) != NULL) {
		size_t used = (size_t)(end - c->in) + 1;
		bool ok = true;

		*end = '\0';
		if (!c->skipping)
			ok = answer(s, c, c->in);
		c->skipping = false;
		c->in_len -= (uint32_t)used;
		memmove(c->in, c->in + used, c->in_len);
		if (!ok || !flush(s, c))
			return false;
	}
	if (c->out != NULL || c->in_len < sizeof(c->in))
		return true;
	if (!c->skipping)
		return refuse_long(c) && flush(s, c);
	c->in_len = 0;
	return true;
}

static bool
hear(struct pw_ctl_server *s, struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->active = s->now;
	c->in_len += (uint32_t)n;
	return take_lines(s, c);
}

static void
serve(struct pw_ctl_server *s, struct client *c)
{
	bool stays;

	if (c->out != NULL)
		stays = flush(s, c) && take_lines(s, c);
	else
		stays = hear(s, c);
	if (stays)
		watch(s, c, EPOLL_CTL_MOD);
	else
		leave(c);
}

/* A free place, or that of who was silent longest. */
static struct client *
place(struct pw_ctl_server *s)
{
	struct client *oldest = &s->clients[0];
	uint32_t i;

	for (i = 0; i < PW_CTL_CLIENTS_MAX; i++) {
		if (s->clients[i].fd < 0)
			return &s->clients[i];
		if (s->clients[i].active < oldest->active)
			oldest = &s->clients[i];
	}
	leave(oldest);
	return oldest;
}

static void
welcome(struct pw_ctl_server *s)
{
	int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *c;

	if (fd < 0)
		return;
	c = place(s);
	*c = (struct client){.fd = fd, .active = s->now};
	watch(s, c, EPOLL_CTL_ADD);
}

static void
leave_stalled(struct pw_ctl_server *s)
{
	uint32_t i;

	for (i = 0; i < PW_CTL_CLIENTS_MAX; i++) {
		struct client *c = &s->clients[i];

		if (c->out != NULL && s->now - c->active > PW_CTL_STALL_MS * PW_NS_PER_MS)
			leave(c);
	}
}

void
pw_ctl_server_work(struct pw_ctl_server *s, pw_ns now)
{
	struct epoll_event ev;

	s->now = now;
	leave_stalled(s);
	/* One event at a time: to serve one client may leave another. */
	if (epoll_wait(s->epfd, &ev, 1, 0) != 1)
		return;
	if (ev.data.ptr == LISTENER)
		welcome(s);
	else
		serve(s, ev.data.ptr);
}

bool
pw_ctl_server_watches(const struct pw_ctl_server *s)
{
	uint32_t i;

	for (i = 0; i < PW_CTL_CLIENTS_MAX; i++)
		if (s->clients[i].out != NULL)
			return true;
	return false;
}

int
pw_ctl_server_fd(const struct pw_ctl_server *s)
{
	return s->epfd;
}

/* Is somebody there? A socket without a listener is a leftover. */
static const char *
clear_way(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, rc;

	if (lstat(addr->sun_path, &st) != 0)
		return errno == ENOENT ? NULL : "cannot be looked at";
	if (!S_ISSOCK(st.st_mode))
		return "exists and is no socket";
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	rc = fd < 0 ? -1 : connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	if (fd >= 0)
		close(fd);
	if (rc == 0 || errno == EAGAIN)
		return "belongs to a running program";
	return unlink(addr->sun_path) == 0 ? NULL : "cannot be replaced";
}

/* The mode of a socket is that of its descriptor when it is bound: no moment in between. */
static const char *
open_socket(struct pw_ctl_server *s, const struct sockaddr_un *addr)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = LISTENER};

	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (s->fd < 0 || s->epfd < 0 || fchmod(s->fd, S_IRUSR | S_IWUSR) != 0)
		return "cannot be a socket";
	if (bind(s->fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0)
		return "cannot be made";
	snprintf(s->path, sizeof(s->path), "%s", addr->sun_path);
	if (listen(s->fd, PW_CTL_CLIENTS_MAX) != 0 ||
		epoll_ctl(s->epfd, EPOLL_CTL_ADD, s->fd, &ev) != 0)
		return "cannot be listened to";
	return NULL;
}

struct pw_ctl_server *
pw_ctl_listen(struct pw_ctl *ctl, const char *path, const char **why)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct pw_ctl_server *s = calloc(1, sizeof(*s));
	uint32_t i;
	int err;

	*why = "does not fit the memory";
	if (s == NULL)
		return NULL;
	s->ctl = ctl;
	s->fd = s->epfd = -1;
	for (i = 0; i < PW_CTL_CLIENTS_MAX; i++)
		s->clients[i].fd = -1;
	errno = ENAMETOOLONG;
	*why = "is too long for a socket";
	if (strlen(path) < sizeof(addr.sun_path)) {
		strcpy(addr.sun_path, path);
		*why = clear_way(&addr);
		if (*why == NULL)
			*why = open_socket(s, &addr);
	}
	if (*why == NULL)
		return s;
	err = errno;
	pw_ctl_server_close(s);
	errno = err;
	return NULL;
}

void
pw_ctl_server_close(struct pw_ctl_server *s)
{
	uint32_t i;

	if (s == NULL)
		return;
	for (i = 0; i < PW_CTL_CLIENTS_MAX; i++)
		leave(&s->clients[i]);
	if (s->fd >= 0)
		close(s->fd);
	if (s->epfd >= 0)
		close(s->epfd);
	if (s->path[0] != '\0')
		unlink(s->path);
	free(s);
}
