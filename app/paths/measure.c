/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Runs. First every path is looked at without a clock: is every byte received, what
 * does the kernel count, where does the time go. Then all take turns, round by round,
 * so that whatever disturbs this machine disturbs them alike.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include "survey.h"

#define WARM_BYTES  (256 * MIB) /* to send in a run, in as many files as it takes, */
#define QUICK_BYTES (64 * MIB)
#define COLD_BYTES  (32 * MIB)
#define WARM_TIMES  4000 /* and at most so many files */
#define COLD_TIMES  64
#define LOOK_BYTES  (128 * MIB) /* enough for samples */
#define LOOK_TIMES  1000
#define LOOK_SIZE   (64 * MIB) /* the largest file to look at */
#define GONE	    0.1	       /* a file of which less is in the page cache is out of it */

/* What to send. */
struct plan {
	enum place place;
	uint32_t way;
	uint32_t size;
	uint32_t times;
	bool cold;
	bool hash;
};

struct outcome {
	struct pw_path_count count;
	struct pw_drain_done done;
	pw_ns took;
	pw_ns cpu;
	pw_ns softirq;
	const char *lacks; /* the kernel has not got it */
};

static pw_ns
clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (pw_ns)ts.tv_sec * PW_NS_PER_S + (pw_ns)ts.tv_nsec;
}

pw_ns
now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* ---- one run ---- */

/* Dropping the file from the page cache is nobody's cost. */
static int
send_once(struct pw_path_run *run, const struct plan *p, struct outcome *o)
{
	pw_ns took, cpu;
	int rc = 0;

	if (p->cold)
		rc = content_drop(run->file);
	took = now_ns();
	cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (rc == 0)
		rc = run->path->send(run);
	o->cpu += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	o->took += now_ns() - took;
	return rc;
}

/* It is over when the receiver has the last byte and we have our buffers back. */
static int
finish(struct survey *s, struct pw_path_run *run, const struct plan *p, struct outcome *o, int rc)
{
	pw_ns end = now_ns();
	pw_ns cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	int closed = run->path->close(run);

	o->cpu += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	close(run->sock);
	cpu = now_ns();
	if (pw_drain_wait(&s->places[p->place].drain, &o->done) != 0)
		rc = rc != 0 ? rc : -EIO;
	o->took += pw_max(o->done.ended, cpu) - end;
	o->count = run->count;
	return rc != 0 ? rc : closed;
}

static int
send_all(struct survey *s, struct pw_path_run *run, const struct plan *p, struct outcome *o)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < p->times && rc == 0; i++)
		rc = send_once(run, p, o);
	return finish(s, run, p, o, rc);
}

static int
connect_to(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return -errno;
	/* A small file does not wait for the acknowledgement of the one before. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
		return fd;
	close(fd);
	return -errno;
}

static int
start(struct survey *s, struct pw_path_run *run, const struct plan *p)
{
	struct pw_drain *drain = &s->places[p->place].drain;
	struct pw_drain_job job = {.bytes = s->cfg.sizes[p->size] * p->times, .hash = p->hash};
	int rc = pw_drain_begin(drain, &job);

	if (rc == 0)
		run->sock = connect_to(&s->places[p->place].at);
	return rc != 0 ? rc : run->sock < 0 ? run->sock : 0;
}

/* The way cannot be gone: let the drain go on to the next. */
static void
give_up(struct survey *s, struct pw_path_run *run, const struct plan *p)
{
	struct pw_drain_done done;

	run->path->close(run);
	close(run->sock);
	pw_drain_wait(&s->places[p->place].drain, &done);
}

/* @return 0, or -errno; o->lacks tells what the kernel has not got */
static int
run_plan(struct survey *s, const struct plan *p, struct outcome *o)
{
	char name[TEXT_MAX];
	struct pw_path_run run = {.path = ways[p->way].path, .sys = &pw_sys_real, .file = name};
	pw_ns softirq;
	int rc;

	memset(o, 0, sizeof(*o));
	content_name(s, p->size, name);
	rc = start(s, &run, p);
	if (rc != 0)
		return rc;
	rc = run.path->open(&run);
	if (rc != 0) {
		o->lacks = run.lacks;
		give_up(s, &run, p);
		return rc;
	}
	run.count.calls = 0; /* what is made once is no cost of a file */
	softirq = host_softirq_ns();
	rc = send_all(s, &run, p, o);
	o->softirq = host_softirq_ns() - softirq;
	return rc;
}

/* ---- figures ---- */

static double
per_gb(pw_ns ns, uint64_t bytes)
{
	return (double)ns / (double)bytes; /* ns a byte are s a GB */
}

void
cell_add(struct cell *c, uint64_t bytes, pw_ns took, pw_ns cpu, pw_ns softirq, pw_ns receiver,
	uint64_t calls)
{
	if (bytes == 0 || took == 0 || c->n == ROUNDS_MAX)
		return;
	c->samples[c->n++] = (struct sample){
		.gbit_per_s = (double)bytes * 8 / (double)took,
		.cpu_s_per_gb = per_gb(cpu, bytes),
		.softirq_s_per_gb = per_gb(softirq, bytes),
		.receiver_s_per_gb = per_gb(receiver, bytes),
		.calls_per_mb = (double)calls * 1e6 / (double)bytes,
	};
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

double
sample_field(const struct sample *s, size_t field_off)
{
	double v;

	memcpy(&v, (const char *)s + field_off, sizeof(v));
	return v;
}

double
cell_median(const struct cell *c, size_t field_off)
{
	double v[ROUNDS_MAX];
	uint32_t i;

	if (c->n == 0)
		return 0;
	for (i = 0; i < c->n; i++)
		v[i] = sample_field(&c->samples[i], field_off);
	qsort(v, c->n, sizeof(v[0]), compare);
	return c->n % 2 == 1 ? v[c->n / 2] : (v[c->n / 2 - 1] + v[c->n / 2]) / 2;
}

void
insight_parts(struct survey *s, struct insight *in, pid_t pid)
{
	uint64_t n[PW_PART_MAX];
	uint64_t all = pw_sampler_count(s->sampler, pid, n);
	int i;

	in->sampled = all > 0;
	for (i = 0; i < PW_PART_MAX && all > 0; i++)
		in->parts[i] = (double)n[i] / (double)all;
}

/* ---- a look at every path ---- */

static uint32_t
times_of(const struct survey *s, uint32_t size, bool cold)
{
	uint64_t bytes = cold ? COLD_BYTES : s->cfg.quick ? QUICK_BYTES : WARM_BYTES;
	uint64_t most = cold ? COLD_TIMES : WARM_TIMES;

	return (uint32_t)pw_min(pw_max(bytes / s->cfg.sizes[size], 1), most);
}

/* The largest that does not take long. */
static uint32_t
size_to_look_at(const struct survey *s)
{
	uint32_t i = s->cfg.n_sizes - 1;

	while (i > 0 && s->cfg.sizes[i] > LOOK_SIZE)
		i--;
	return i;
}

/* By what the calls returned, and what the kernel said of those without a copy. */
static void
count_copies(struct insight *in, const struct outcome *o, const struct way *w)
{
	double bytes = (double)o->count.bytes;
	bool written = w->copies > 0 && o->count.zc_sends == 0;

	in->copies = (double)o->count.read_bytes / bytes + written;
	if (o->count.zc_sends > 0)
		in->local_copies = (double)o->count.zc_copied / (double)o->count.zc_sends;
	in->zc_sends = o->count.zc_sends;
	in->zc_copied = o->count.zc_copied;
	in->calls = o->count.calls;
	in->bytes = o->count.bytes;
}

static int
look_counting(struct survey *s, const struct plan *p, struct insight *in)
{
	struct outcome o;
	int rc = run_plan(s, p, &o);

	if (rc == 0)
		count_copies(in, &o, &ways[p->way]);
	return rc;
}

static int
look_sampling(struct survey *s, const struct plan *p, struct insight *in)
{
	struct outcome o;
	int rc;

	if (s->sampler == NULL)
		return 0;
	pw_sampler_start(s->sampler);
	rc = run_plan(s, p, &o);
	pw_sampler_stop(s->sampler);
	insight_parts(s, in, getpid());
	return rc;
}

static int
complain(const struct plan *p, int rc)
{
	COMPLAIN("%s over %s: %s", ways[p->way].name, place_names[p->place], strerror(-rc));
	return STATUS_FAILED;
}

/* Every byte, once. @return a status */
static int
look_at_content(struct survey *s, const struct plan *p, struct insight *in)
{
	struct plan once = *p;
	struct outcome o;
	int rc;

	once.times = 1;
	once.hash = true;
	rc = run_plan(s, &once, &o);
	if (rc != 0 && o.lacks != NULL) {
		s->skipped[p->place][p->way] = o.lacks;
		return STATUS_OK;
	}
	if (rc != 0)
		return complain(p, rc);
	in->looked = true;
	in->same = o.done.hash == s->hash[p->size];
	if (in->same)
		return STATUS_OK;
	COMPLAIN("%s over %s: what was received is not what the file holds", ways[p->way].name,
		place_names[p->place]);
	return STATUS_FAILED;
}

static int
look_at(struct survey *s, enum place place, uint32_t way)
{
	struct insight *in = &s->insights[place][way];
	struct plan p = {.place = place, .way = way, .size = size_to_look_at(s)};
	int status = look_at_content(s, &p, in);
	int rc;

	if (status != STATUS_OK || !in->looked)
		return status;
	p.times = (uint32_t)pw_min(pw_max(LOOK_BYTES / s->cfg.sizes[p.size], 1), LOOK_TIMES);
	rc = look_counting(s, &p, in);
	if (rc == 0)
		rc = look_sampling(s, &p, in);
	return rc == 0 ? STATUS_OK : complain(&p, rc);
}

/* ---- all ---- */

static bool
wants(const struct survey *s, enum place place, uint32_t way)
{
	return ways[way].path != NULL && (s->cfg.ways & (1u << way)) != 0 &&
	       (s->cfg.places & (1u << place)) != 0 && s->places[place].up &&
	       s->skipped[place][way] == NULL;
}

static int
look_at_all(struct survey *s)
{
	int status = STATUS_OK;
	uint32_t place, way, i;
	char name[TEXT_MAX];

	for (i = 0; i < s->cfg.n_sizes; i++) {
		content_name(s, i, name);
		content_warm(name);
	}
	for (place = 0; place <= PLACE_VETH; place++)
		for (way = 0; way < n_ways && status == STATUS_OK; way++)
			if (wants(s, (enum place)place, way))
				status = look_at(s, (enum place)place, way);
	return status;
}

static int
measure(struct survey *s, const struct plan *p)
{
	struct cell *c = &s->cells[p->place][p->cold][p->size][p->way];
	struct outcome o;
	int rc = interrupted ? -EINTR : run_plan(s, p, &o);

	if (rc != 0)
		return complain(p, rc);
	cell_add(c, o.count.bytes, o.took, o.cpu, o.softirq, o.done.cpu, o.count.calls);
	return STATUS_OK;
}

/* A round of one size: all ways at all places, once. */
static int
measure_round(struct survey *s, uint32_t size, bool cold)
{
	struct plan p = {.size = size, .cold = cold, .times = times_of(s, size, cold)};
	int status = STATUS_OK;
	uint32_t place;

	for (place = 0; place <= PLACE_VETH; place++)
		for (p.way = 0; p.way < n_ways && status == STATUS_OK; p.way++) {
			p.place = (enum place)place;
			if (wants(s, p.place, p.way))
				status = measure(s, &p);
		}
	return status;
}

/* Does the file system let go of its pages? tmpfs has no other place for them. */
static bool
can_be_cold(struct survey *s)
{
	char name[TEXT_MAX];

	content_name(s, s->cfg.n_sizes - 1, name);
	content_drop(name);
	if (content_cached(name) < GONE)
		return true;
	s->no_cold = "the files do not leave the page cache (a file system in memory?)";
	return false;
}

static int
measure_cache(struct survey *s, bool cold)
{
	int status = STATUS_OK;
	char name[TEXT_MAX];
	uint32_t size, round;

	for (size = 0; size < s->cfg.n_sizes; size++) {
		content_name(s, size, name);
		if (!cold)
			content_warm(name);
		for (round = 0; round < s->cfg.rounds && status == STATUS_OK; round++)
			status = measure_round(s, size, cold);
	}
	return status;
}

int
measure_all(struct survey *s)
{
	int status = look_at_all(s);
	uint32_t way;

	if (status == STATUS_OK && (s->cfg.caches & (1u << CACHE_WARM)) != 0)
		status = measure_cache(s, false);
	if (status == STATUS_OK && (s->cfg.caches & (1u << CACHE_COLD)) != 0 && can_be_cold(s))
		status = measure_cache(s, true);
	for (way = 0; way < n_ways && status == STATUS_OK; way++)
		if (ways[way].path == NULL && (s->cfg.ways & (1u << way)) != 0)
			status = server_measure(s, way);
	return status;
}
