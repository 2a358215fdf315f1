/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <xxhash.h>
#include "pw_drain.h"

#define PIECE	  (1u << 20)
#define HEAD_MAX  4096
#define TIMEOUT_S 60

/* A message of the parent's. */
struct order {
	bool listen;
	struct sockaddr_in at;
	struct pw_drain_job job;
};

/* The process. */
struct sink {
	int control;
	int listener;
	char *buffer; /* PIECE bytes */
	XXH3_state_t *hash;
};

static pw_ns
clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (pw_ns)ts.tv_sec * PW_NS_PER_S + (pw_ns)ts.tv_nsec;
}

/* Nothing here waits for ever. */
static int
limit_time(int fd)
{
	struct timeval tv = {.tv_sec = TIMEOUT_S};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	return fd;
}

/* Take up to @n bytes. @return how many, 0 at the end, or -errno */
static ssize_t
take(struct sink *s, int fd, bool hash, uint64_t n)
{
	size_t want = pw_min(n, PIECE);
	ssize_t got;

	do {
		got = recv(fd, s->buffer, want, hash ? 0 : MSG_TRUNC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (hash && got > 0)
		XXH3_64bits_update(s->hash, s->buffer, (size_t)got);
	return got;
}

static int
take_all(struct sink *s, int fd, const struct pw_drain_job *job, uint64_t n,
	struct pw_drain_done *done)
{
	ssize_t got;

	while (n > 0) {
		got = take(s, fd, job->hash, n);
		if (got < 0)
			return (int)got;
		if (got == 0)
			return -ECONNRESET;
		n -= (uint64_t)got;
		done->bytes += (uint64_t)got;
	}
	return 0;
}

/* The head of a response, to the empty line, and no byte more. */
static int
skip_head(int fd)
{
	char head[HEAD_MAX + 1];
	ssize_t got = 0;
	char *end;

	do {
		got = recv(fd, head, HEAD_MAX, MSG_PEEK);
		if (got <= 0)
			return got == 0 ? -ECONNRESET : -errno;
		head[got] = '\0';
		end = strstr(head, "\r\n\r\n");
	} while (end == NULL && got < HEAD_MAX);
	if (end == NULL || strncmp(head, "HTTP/1.1 200 ", 13) != 0)
		return -EPROTO;
	return recv(fd, head, (size_t)(end + 4 - head), 0) < 0 ? -errno : 0;
}

static int
ask(struct sink *s, int fd, const struct pw_drain_job *job, struct pw_drain_done *done)
{
	char request[256];
	int len = snprintf(
		request, sizeof(request), "GET %s HTTP/1.1\r\nHost: paths\r\n\r\n", job->path);
	uint32_t i;
	int rc = 0;

	for (i = 0; i < job->n_requests && rc == 0; i++) {
		if (send(fd, request, (size_t)len, MSG_NOSIGNAL) != len)
			return errno != 0 ? -errno : -EIO;
		rc = skip_head(fd);
		if (rc == 0)
			rc = take_all(s, fd, job, job->bytes / job->n_requests, done);
	}
	return rc;
}

static int
connect_to(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return -errno;
	limit_time(fd);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
		return fd;
	close(fd);
	return -errno;
}

static int
receive(struct sink *s, const struct pw_drain_job *job, struct pw_drain_done *done)
{
	bool asks = job->from.sin_port != 0;
	int fd = asks ? connect_to(&job->from) : accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	int rc;

	if (fd < 0)
		return asks ? fd : -errno;
	limit_time(fd);
	done->began = clock_ns(CLOCK_MONOTONIC);
	rc = asks ? ask(s, fd, job, done) : take_all(s, fd, job, job->bytes, done);
	done->ended = clock_ns(CLOCK_MONOTONIC);
	close(fd);
	return rc;
}

static void
do_job(struct sink *s, const struct pw_drain_job *job, struct pw_drain_done *done)
{
	pw_ns before = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

	XXH3_64bits_reset(s->hash);
	done->error = -receive(s, job, done);
	done->hash = XXH3_64bits_digest(s->hash);
	done->cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
}

static int
do_listen(struct sink *s, struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);

	if (s->listener >= 0)
		close(s->listener);
	s->listener = limit_time(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (bind(s->listener, (struct sockaddr *)at, len) != 0 || listen(s->listener, 8) != 0)
		return -errno;
	return getsockname(s->listener, (struct sockaddr *)at, &len) != 0 ? -errno : 0;
}

static void
sink_main(struct sink *s)
{
	struct order o;

	while (recv(s->control, &o, sizeof(o), 0) == sizeof(o)) {
		struct pw_drain_done done = {0};

		if (o.listen) {
			o.job.hash = (uint32_t)-do_listen(s, &o.at);
			if (send(s->control, &o, sizeof(o), MSG_NOSIGNAL) < 0)
				return;
			continue;
		}
		do_job(s, &o.job, &done);
		if (send(s->control, &done, sizeof(done), MSG_NOSIGNAL) < 0)
			return;
	}
}

/* In the child. */
static int
prepare(struct sink *s, int cpu, bool apart)
{
	cpu_set_t set;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN); /* the parent decides when it is over */
	if (apart && unshare(CLONE_NEWNET) != 0)
		return -errno;
	CPU_ZERO(&set);
	if (cpu >= 0) {
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
	s->buffer = malloc(PIECE);
	s->hash = XXH3_createState();
	return s->buffer == NULL || s->hash == NULL ? -ENOMEM : 0;
}

/* Of what the parent has open, only the one descriptor is the child's business. */
static int
keep_only(int fd)
{
	int kept = dup2(fd, STDERR_FILENO + 1);

	close_range((unsigned int)kept + 1, UINT32_MAX, 0);
	return kept;
}

static void
child(int control, int cpu, bool apart)
{
	struct sink s = {.control = keep_only(control), .listener = -1};
	int32_t rc = prepare(&s, cpu, apart);

	if (send(s.control, &rc, sizeof(rc), MSG_NOSIGNAL) == sizeof(rc) && rc == 0)
		sink_main(&s);
	free(s.buffer);
	XXH3_freeState(s.hash);
}

int
pw_drain_start(struct pw_drain *d, int cpu, bool apart)
{
	int32_t rc = -EIO;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	fflush(NULL); /* or the child would write it again */
	d->pid = fork();
	if (d->pid == 0) {
		child(ends[1], cpu, apart);
		_exit(0);
	}
	close(ends[1]);
	d->control = ends[0];
	if (d->pid < 0) {
		close(ends[0]);
		return -errno;
	}
	if (recv(d->control, &rc, sizeof(rc), 0) == sizeof(rc) && rc == 0)
		return 0;
	pw_drain_stop(d);
	return rc;
}

int
pw_drain_listen(struct pw_drain *d, struct sockaddr_in *at)
{
	struct order o = {.listen = true, .at = *at};

	if (send(d->control, &o, sizeof(o), MSG_NOSIGNAL) < 0 ||
		recv(d->control, &o, sizeof(o), 0) != sizeof(o))
		return -EIO;
	*at = o.at;
	return -(int)o.job.hash;
}

int
pw_drain_begin(struct pw_drain *d, const struct pw_drain_job *job)
{
	struct order o = {.job = *job};

	return send(d->control, &o, sizeof(o), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int
pw_drain_wait(struct pw_drain *d, struct pw_drain_done *done)
{
	if (recv(d->control, done, sizeof(*done), 0) != sizeof(*done))
		return -EIO;
	return -done->error;
}

void
pw_drain_stop(struct pw_drain *d)
{
	if (d->pid <= 0)
		return;
	close(d->control);
	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
	d->pid = 0;
}
