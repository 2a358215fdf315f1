/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * This machine: namespaces and links, CPUs and their time, and what a copy costs.
 */
#include <dirent.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/wait.h>
#include "survey.h"

#define BUFFER	   (128u << 10)
#define FAR_BYTES  (128u << 20) /* more than a CPU's cache has */
#define NEAR_BYTES (128u << 10)
#define BEST_OF	   5

#define NEEDS_ROOT "needs root's rights"

int
host_run(const char *const argv[])
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		execvp(argv[0], (char *const *)argv);
		fprintf(stderr, "%s: %s: %s\n", program, argv[0], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -EIO;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

#define RUN(...) host_run((const char *const[]){__VA_ARGS__, NULL})

/* ---- time ---- */

/* "sum_exec_runtime wait_time timeslices" of one thread */
static pw_ns
schedstat_ns(const char *path)
{
	FILE *f = fopen(path, "r");
	uint64_t ns = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%" SCNu64, &ns) != 1)
		ns = 0;
	fclose(f);
	return ns;
}

pw_ns
host_process_ns(pid_t pid)
{
	struct dirent *e;
	char path[300];
	pw_ns sum = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat", pid, e->d_name);
		sum += schedstat_ns(path);
	}
	if (d != NULL)
		closedir(d);
	return sum;
}

static pid_t softirq_threads[256];
static uint32_t n_softirq_threads;

static void
find_softirq_threads(void)
{
	char path[300], name[32];
	DIR *d = opendir("/proc");
	struct dirent *e;
	FILE *f;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", e->d_name);
		f = fopen(path, "r");
		if (f == NULL)
			continue;
		if (fgets(name, sizeof(name), f) != NULL && strncmp(name, "ksoftirqd/", 10) == 0 &&
			n_softirq_threads < RTE_DIM(softirq_threads))
			softirq_threads[n_softirq_threads++] = atoi(e->d_name);
		fclose(f);
	}
	if (d != NULL)
		closedir(d);
}

pw_ns
host_softirq_ns(void)
{
	char path[64];
	pw_ns sum = 0;
	uint32_t i;

	for (i = 0; i < n_softirq_threads; i++) {
		snprintf(path, sizeof(path), "/proc/%d/schedstat", softirq_threads[i]);
		sum += schedstat_ns(path);
	}
	return sum;
}

/* ---- what a copy costs ---- */

/* Seconds for a GB, copied from @bytes of memory again and again into one buffer. */
static double
memcpy_s_per_gb(const char *from, char *to, size_t bytes)
{
	double best = 1e9;
	pw_ns begin;
	size_t at, done;
	int i;

	for (i = 0; i < BEST_OF; i++) {
		begin = now_ns();
		for (done = 0; done < FAR_BYTES; done += bytes)
			for (at = 0; at < bytes; at += BUFFER) {
				memcpy(to, from + at, BUFFER);
				__asm__ volatile("" : : "r"(to) : "memory");
			}
		best = RTE_MIN(best, (double)(now_ns() - begin) / (double)FAR_BYTES);
	}
	return best; /* ns a byte are s a GB */
}

void
host_measure_memcpy(struct survey *s)
{
	char *from = aligned_alloc(4096, FAR_BYTES);
	char *to = aligned_alloc(4096, BUFFER);

	if (from != NULL && to != NULL) {
		memset(from, 1, FAR_BYTES);
		memset(to, 2, BUFFER);
		s->memcpy_s_per_gb = memcpy_s_per_gb(from, to, FAR_BYTES);
		s->cached_s_per_gb = memcpy_s_per_gb(from, to, NEAR_BYTES);
	}
	free(from);
	free(to);
}

double
host_free_hugepages_mib(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "r");
	double pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lf", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * 2;
}

/* ---- places ---- */

/* The sender on one CPU, the receivers on another, where there are two. */
static void
choose_cpus(struct survey *s)
{
	cpu_set_t set;
	int i;

	s->send_cpu = s->drain_cpu = -1;
	if (sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) < 2)
		return;
	for (i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &set))
			continue;
		if (s->send_cpu < 0)
			s->send_cpu = i;
		s->drain_cpu = i;
	}
	CPU_ZERO(&set);
	CPU_SET(s->send_cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int
listen_at(struct survey *s, enum place place, const char *address)
{
	s->places[place].at = (struct sockaddr_in){.sin_family = AF_INET};
	inet_pton(AF_INET, address, &s->places[place].at.sin_addr);
	return pw_drain_listen(&s->places[place].drain, &s->places[place].at);
}

static int
open_loopback(struct survey *s)
{
	int rc = 0;

	if (s->root)
		rc = RUN("ip", "link", "set", "lo", "up");
	if (rc == 0)
		rc = pw_drain_start(&s->places[PLACE_LOOPBACK].drain, s->drain_cpu, false);
	return rc != 0 ? rc : listen_at(s, PLACE_LOOPBACK, "127.0.0.1");
}

/* The receiver's end is in a namespace of its own; both go when the processes do. */
static int
open_veth(struct survey *s)
{
	char pid[16];
	int rc;

	rc = pw_drain_start(&s->places[PLACE_VETH].drain, s->drain_cpu, true);
	if (rc != 0)
		return rc;
	snprintf(pid, sizeof(pid), "%d", s->places[PLACE_VETH].drain.pid);
	rc = RUN("ip", "link", "add", "pwp0", "type", "veth", "peer", "name", "pwp1", "netns", pid);
	if (rc == 0)
		rc = RUN("ip", "addr", "add", "10.79.0.1/24", "dev", "pwp0");
	if (rc == 0)
		rc = RUN("ip", "link", "set", "pwp0", "up");
	if (rc == 0)
		rc = RUN("nsenter", "-t", pid, "-n", "ip", "addr", "add", "10.79.0.2/24", "dev",
			"pwp1");
	if (rc == 0)
		rc = RUN("nsenter", "-t", pid, "-n", "ip", "link", "set", "pwp1", "up");
	return rc != 0 ? rc : listen_at(s, PLACE_VETH, "10.79.0.2");
}

static void
open_place(struct survey *s, enum place place, int (*how)(struct survey *s), bool needs_root)
{
	if (needs_root && !s->root) {
		s->places[place].why = NEEDS_ROOT;
		return;
	}
	s->places[place].up = how(s) == 0;
	if (!s->places[place].up)
		s->places[place].why = "could not be made";
}

static int
open_nothing(struct survey *s)
{
	return 0;
}

void
host_open(struct survey *s)
{
	s->root = unshare(CLONE_NEWNET) == 0;
	choose_cpus(s);
	find_softirq_threads();
	host_measure_memcpy(s);
	s->sampler = pw_sampler_open(&s->no_sampler);
	open_place(s, PLACE_LOOPBACK, open_loopback, false);
	if (s->cfg.places & (1u << PLACE_VETH))
		open_place(s, PLACE_VETH, open_veth, true);
	open_place(s, PLACE_TAP, open_nothing, true);
	open_place(s, PLACE_VHOST, open_nothing, true);
}

void
host_close(struct survey *s)
{
	pw_drain_stop(&s->places[PLACE_LOOPBACK].drain);
	pw_drain_stop(&s->places[PLACE_VETH].drain);
	pw_sampler_close(s->sampler);
}
