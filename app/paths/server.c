/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * pagewire among the others, as a process on a device:
 *
 *	tap    the kernel's TCP is the client: the drain asks, as for the other paths
 *	vhost  pagewire-load is the client; it holds the other end of the device, and
 *	       what its driver copies is what a NIC would fetch by DMA
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "survey.h"

#define READY_S	   30
#define ENDED_S	   20
#define NAP_NS	   (20 * PW_NS_PER_MS)
#define WORDS_MAX  48
#define OUTPUT_MAX 65536
#define TAP_BYTES  (256 * MIB) /* to fetch in a run */
#define TAP_QUICK  (32 * MIB)
#define TAP_TIMES  2000
#define LOOK_MOST  (64 * MIB) /* the largest file to look at */
#define POOLS_MIB  512	      /* of both programs, beside the files */

/* A program that was started; its output goes into a file. */
struct child {
	pid_t pid;
	char log[TEXT_MAX];
	char runtime[TEXT_MAX]; /* the EAL's directory, which it leaves behind; "": none */
};

/* A command line being put together. */
struct words {
	char text[WORDS_MAX][TEXT_MAX];
	char *argv[WORDS_MAX + 1];
	uint32_t n;
};

__attribute__((format(printf, 2, 3))) static void
add(struct words *w, const char *fmt, ...)
{
	va_list args;

	PW_ASSERT(w->n < WORDS_MAX);
	va_start(args, fmt);
	vsnprintf(w->text[w->n], TEXT_MAX, fmt, args);
	va_end(args);
	w->argv[w->n] = w->text[w->n];
	w->argv[++w->n] = NULL;
}

static void
add_all(struct words *w, const char *const *list)
{
	for (; *list != NULL; list++)
		add(w, "%s", *list);
}

#define ADD(w, ...) add_all(w, (const char *const[]){__VA_ARGS__, NULL})

/* ---- processes ---- */

/* Where this program is, its neighbours are. */
static void
program_path(const struct survey *s, const char *name, char path[TEXT_MAX])
{
	char self[TEXT_MAX - 32] = "";
	ssize_t n;

	if (s->cfg.programs != NULL) {
		snprintf(path, TEXT_MAX, "%.150s/%s", s->cfg.programs, name);
		return;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	if (strrchr(self, '/') != NULL)
		*strrchr(self, '/') = '\0';
	snprintf(path, TEXT_MAX, "%s/%s", self, name);
}

static void
exec_child(const struct words *w, const char *log)
{
	cpu_set_t all;
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int i;

	CPU_ZERO(&all);
	for (i = 0; i < CPU_SETSIZE; i++)
		CPU_SET(i, &all);
	sched_setaffinity(0, sizeof(all), &all); /* --lcores choose */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execv(w->argv[0], w->argv);
	_exit(127);
}

static int
spawn(const struct survey *s, struct child *c, const struct words *w, const char *name)
{
	uint32_t i;

	snprintf(c->log, sizeof(c->log), "%.150s/%s.log", s->here, name);
	c->runtime[0] = '\0';
	for (i = 0; i + 1 < w->n; i++)
		if (strcmp(w->text[i], "--file-prefix") == 0)
			snprintf(c->runtime, sizeof(c->runtime), "/var/run/dpdk/%.150s",
				w->text[i + 1]);
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0)
		exec_child(w, c->log);
	return c->pid < 0 ? -errno : 0;
}

/* What it has said so far; the caller's to free. */
static char *
output(const struct child *c)
{
	char *text = calloc(1, OUTPUT_MAX);
	FILE *f = fopen(c->log, "r");

	if (text != NULL && f != NULL)
		text[fread(text, 1, OUTPUT_MAX - 1, f)] = '\0';
	if (f != NULL)
		fclose(f);
	return text;
}

static bool
has_said(const struct child *c, const char *words)
{
	char *text = output(c);
	bool has = text != NULL && strstr(text, words) != NULL;

	free(text);
	return has;
}

static void
nap(void)
{
	const struct timespec ts = {.tv_nsec = NAP_NS};

	nanosleep(&ts, NULL);
}

/* @return 0, or -EIO: it ended before, or took too long */
static int
wait_for(struct child *c, bool (*is)(const struct child *c))
{
	pw_ns end = now_ns() + READY_S * PW_NS_PER_S;

	while (now_ns() < end && !interrupted) {
		if (is(c))
			return 0;
		if (waitpid(c->pid, NULL, WNOHANG) == c->pid) {
			c->pid = 0;
			return -EIO;
		}
		nap();
	}
	return -EIO;
}

/* @return exit status, or -1 */
static int
reap(struct child *c, uint32_t seconds)
{
	pw_ns end = now_ns() + seconds * PW_NS_PER_S;
	int status = -1;
	pid_t got = 0;

	if (c->pid <= 0)
		return -1;
	while ((got = waitpid(c->pid, &status, WNOHANG)) == 0 && now_ns() < end && !interrupted)
		nap();
	if (got == 0) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, &status, 0);
	}
	c->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
remove_runtime(const struct child *c)
{
	DIR *dir = c->runtime[0] != '\0' ? opendir(c->runtime) : NULL;
	const struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(c->runtime);
}

static void
discard(struct child *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		reap(c, 1);
	}
	unlink(c->log);
	remove_runtime(c);
}

static void
show(const struct child *c)
{
	char *text = output(c);

	if (text != NULL)
		fputs(text, stderr);
	free(text);
}

/* ---- what they say ---- */

/* The number behind @key, the last time it occurs; or 0. */
static double
number_behind(const char *text, const char *key)
{
	const char *last = NULL;
	const char *at;

	for (at = text; at != NULL && (at = strstr(at, key)) != NULL; at += strlen(key))
		last = at;
	return last != NULL ? strtod(last + strlen(key), NULL) : 0;
}

/* The copy ledger of pagewire that has ended. */
static void
read_ledger(const struct child *c, struct insight *in)
{
	char *text = output(c);
	double by_ref = number_behind(text, "file bytes sent by reference: ");
	double by_us = number_behind(text, "file bytes copied by pagewire: ");
	double by_driver = number_behind(text, "file bytes copied by the driver net_tap: ");

	if (by_ref + by_us > 0)
		in->copies = (by_us + by_driver) / (by_ref + by_us);
	free(text);
}

/* ---- pagewire ---- */

static void
add_memory(struct words *w)
{
	if (host_free_hugepages_mib() >= POOLS_MIB)
		ADD(w, "--in-memory");
	else
		ADD(w, "--no-huge", "--no-shconf");
}

static void
add_start(const struct survey *s, struct words *w, const char *name, int cpu)
{
	char path[TEXT_MAX];

	program_path(s, name, path);
	add(w, "%s", path);
	ADD(w, "--no-pci", "--file-prefix");
	add(w, "paths%d-%s", getpid(), name);
	ADD(w, "--lcores");
	add(w, "0@%d", cpu >= 0 ? cpu : 0);
	add_memory(w);
}

static bool
is_serving(const struct child *c)
{
	return has_said(c, "pagewire: serving ");
}

static int
fail(const struct survey *s, struct child *c, const char *what)
{
	show(c);
	COMPLAIN("%s: see above", what);
	return STATUS_FAILED;
}

/* ---- on a TAP ---- */

static void
tap_job(const struct survey *s, uint32_t size, struct pw_drain_job *job)
{
	uint64_t bytes = s->cfg.quick ? TAP_QUICK : TAP_BYTES;
	char text[24];

	memset(job, 0, sizeof(*job));
	job->from = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(80)};
	inet_pton(AF_INET, "10.78.0.1", &job->from.sin_addr);
	job->n_requests = (uint32_t)pw_min(pw_max(bytes / s->cfg.sizes[size], 1), TAP_TIMES);
	job->bytes = s->cfg.sizes[size] * job->n_requests;
	snprintf(job->path, sizeof(job->path), "/%s/file", size_text(text, s->cfg.sizes[size]));
}

static int
fetch(struct survey *s, const struct pw_drain_job *job, struct pw_drain_done *done)
{
	struct pw_drain *d = &s->places[PLACE_LOOPBACK].drain;
	int rc = pw_drain_begin(d, job);

	return rc == 0 ? pw_drain_wait(d, done) : rc;
}

/* The same looks as at the other paths: content, counts, samples. */
static int
tap_look(struct survey *s, const struct child *c, struct insight *in)
{
	struct pw_kcount *counter;
	struct pw_drain_done done;
	struct pw_drain_job job;
	uint32_t size = s->cfg.n_sizes - 1;
	int rc;

	while (size > 0 && s->cfg.sizes[size] > LOOK_MOST)
		size--;
	tap_job(s, size, &job);
	job.bytes /= job.n_requests;
	job.n_requests = 1;
	job.hash = 1;
	rc = fetch(s, &job, &done);
	in->same = rc == 0 && done.hash == s->hash[size];
	tap_job(s, size, &job);
	counter = pw_kcount_open(c->pid, &s->no_kcount);
	rc = rc == 0 ? fetch(s, &job, &done) : rc;
	in->calls = pw_kcount_read(counter);
	pw_kcount_close(counter);
	in->bytes = job.bytes;
	if (rc != 0 || s->sampler == NULL)
		return rc;
	pw_sampler_start(s->sampler);
	rc = fetch(s, &job, &done);
	pw_sampler_stop(s->sampler);
	insight_parts(s, in, c->pid);
	return rc;
}

static int
tap_round(struct survey *s, const struct child *c, uint32_t way, uint32_t size)
{
	const struct insight *in = &s->insights[PLACE_TAP][way];
	struct pw_drain_done done;
	struct pw_drain_job job;
	pw_ns cpu = host_process_ns(c->pid);
	pw_ns softirq = host_softirq_ns();
	int rc;

	tap_job(s, size, &job);
	rc = fetch(s, &job, &done);
	if (rc != 0)
		return rc;
	cell_add(&s->cells[PLACE_TAP][CACHE_WARM][size][way], job.bytes, done.ended - done.began,
		host_process_ns(c->pid) - cpu, host_softirq_ns() - softirq, done.cpu,
		in->bytes > 0 ? in->calls * job.bytes / in->bytes : 0);
	return 0;
}

static int
tap_runs(struct survey *s, const struct child *c, uint32_t way)
{
	struct insight *in = &s->insights[PLACE_TAP][way];
	uint32_t size, round;
	int rc = tap_look(s, c, in);

	in->looked = rc == 0;
	for (size = 0; size < s->cfg.n_sizes; size++)
		for (round = 0; round < s->cfg.rounds && rc == 0 && !interrupted; round++)
			rc = tap_round(s, c, way, size);
	return rc;
}

static int
tap_start(struct survey *s, struct child *c)
{
	struct words w = {0};

	add_start(s, &w, "pagewire", s->send_cpu);
	ADD(&w, "--vdev", "net_tap0,iface=pwpt0", "--", "--root");
	add(&w, "%.150s/files", s->here);
	ADD(&w, "--ip", "10.78.0.1/24", "--idle", "sleep");
	if (spawn(s, c, &w, "pagewire") != 0 || wait_for(c, is_serving) != 0)
		return -EIO;
	if (host_run((const char *const[]){
		    "ip", "addr", "add", "10.78.0.2/24", "dev", "pwpt0", NULL}) != 0)
		return -EIO;
	return host_run((const char *const[]){"ip", "link", "set", "pwpt0", "up", NULL});
}

static int
tap_measure(struct survey *s, uint32_t way)
{
	struct child c = {0};
	int status = STATUS_OK;
	int rc;

	if (tap_start(s, &c) != 0) {
		s->skipped[PLACE_TAP][way] = "pagewire does not start on a TAP";
		show(&c);
		goto out;
	}
	rc = tap_runs(s, &c, way);
	kill(c.pid, SIGTERM);
	if (reap(&c, ENDED_S) != 0 || rc != 0)
		status = fail(s, &c, "pagewire on a TAP");
	read_ledger(&c, &s->insights[PLACE_TAP][way]);
	if (rc == 0 && !s->insights[PLACE_TAP][way].same)
		status = fail(s, &c, "pagewire on a TAP: what was received is not in the file");
out:
	discard(&c);
	return status;
}

/* ---- on virtio-user, with pagewire-load at the other end ---- */

/* Two processes and the socket between them. */
struct pair {
	struct child load, server;
	char socket[TEXT_MAX];
	char json[TEXT_MAX];
	char *figures; /* what the load says */
	double share;  /* of a core that the server has had */
};

static int
pair_load(struct survey *s, struct pair *p, uint32_t size, bool verify)
{
	struct words w = {0};

	snprintf(p->socket, sizeof(p->socket), "%.150s/vhost.sock", s->here);
	snprintf(p->json, sizeof(p->json), "%.150s/load.json", s->here);
	add_start(s, &w, "pagewire-load", s->drain_cpu);
	ADD(&w, "--vdev");
	add(&w, "net_vhost0,iface=%.150s,queues=1,tso=1", p->socket);
	ADD(&w, "--", "--ip", "10.78.1.2/24", "--url", "http://10.78.1.1/file", "--connections",
		"1", "--pipeline", "16", "--duration", "1", "--rx-buffer", "62K", "--idle", "spin",
		"--json");
	add(&w, "%s", p->json);
	if (verify)
		ADD(&w, "--verify");
	return spawn(s, &p->load, &w, "pagewire-load");
}

static bool
has_socket(const struct child *c)
{
	char path[TEXT_MAX];

	snprintf(path, sizeof(path), "%.*s/vhost.sock", (int)(strrchr(c->log, '/') - c->log),
		c->log);
	return access(path, F_OK) == 0;
}

static int
pair_server(struct survey *s, struct pair *p, uint32_t size)
{
	struct words w = {0};
	char text[24];

	add_start(s, &w, "pagewire", s->send_cpu);
	ADD(&w, "--single-file-segments", "--iova-mode=va", "--vdev");
	add(&w,
		"net_virtio_user0,mac=02:00:00:00:78:01,path=%.120s,queues=1,queue_size=1024,"
		"packed_vq=1",
		p->socket);
	ADD(&w, "--", "--root");
	add(&w, "%.150s/files/%s", s->here, size_text(text, s->cfg.sizes[size]));
	ADD(&w, "--ip", "10.78.1.1/24", "--idle", "spin");
	return spawn(s, &p->server, &w, "pagewire");
}

static int
pair_open(struct survey *s, struct pair *p, uint32_t size, bool verify)
{
	int rc = pair_load(s, p, size, verify);

	if (rc == 0)
		rc = wait_for(&p->load, has_socket);
	if (rc == 0)
		rc = pair_server(s, p, size);
	return rc == 0 ? wait_for(&p->server, is_serving) : rc;
}

/* The load ends by itself. Meanwhile the server spins, and gets what it gets of its core. */
static int
pair_wait(struct pair *p)
{
	pw_ns cpu = host_process_ns(p->server.pid);
	pw_ns begin = now_ns();
	int rc = reap(&p->load, ENDED_S) == 0 ? 0 : -EIO;

	p->share = (double)(host_process_ns(p->server.pid) - cpu) / (double)(now_ns() - begin);
	return rc;
}

static int
pair_end(struct pair *p)
{
	if (p->server.pid > 0)
		kill(p->server.pid, SIGTERM);
	return reap(&p->server, ENDED_S) == 0 ? 0 : -EIO;
}

static void
pair_close(struct pair *p)
{
	discard(&p->load);
	discard(&p->server);
	unlink(p->socket);
	unlink(p->json);
	free(p->figures);
}

static void
read_figures(struct pair *p)
{
	struct child json = {0};

	snprintf(json.log, sizeof(json.log), "%s", p->json);
	p->figures = output(&json);
}

/* A worker that spins takes all of the core that it gets, whatever it has to do. */
static void
vhost_add(struct survey *s, uint32_t way, uint32_t size, const struct pair *p)
{
	const struct insight *in = &s->insights[PLACE_VHOST][way];
	uint64_t bytes = (uint64_t)number_behind(p->figures, "\"body_bytes\": ");
	pw_ns took = (pw_ns)(number_behind(p->figures, "\"seconds\": ") * PW_NS_PER_S);
	pw_ns cpu = (pw_ns)(p->share * (double)took);

	cell_add(&s->cells[PLACE_VHOST][CACHE_WARM][size][way], bytes, took, cpu, 0, took,
		in->bytes > 0 ? in->calls * bytes / in->bytes : 0);
}

static int
vhost_round(struct survey *s, uint32_t way, uint32_t size)
{
	struct pair p = {0};
	int rc = pair_open(s, &p, size, false);

	if (rc == 0)
		rc = pair_wait(&p);
	if (rc == 0)
		rc = pair_end(&p);
	if (rc == 0) {
		read_figures(&p);
		vhost_add(s, way, size, &p);
	} else {
		show(&p.load);
		show(&p.server);
	}
	pair_close(&p);
	return rc;
}

/* One run that is verified, counted and sampled; its time is not taken. */
static int
vhost_run_look(struct survey *s, struct pair *p, struct insight *in)
{
	struct pw_kcount *counter = pw_kcount_open(p->server.pid, &s->no_kcount);
	int rc;

	if (s->sampler != NULL)
		pw_sampler_start(s->sampler);
	rc = pair_wait(p);
	if (s->sampler != NULL)
		pw_sampler_stop(s->sampler);
	in->calls = pw_kcount_read(counter);
	pw_kcount_close(counter);
	if (s->sampler != NULL)
		insight_parts(s, in, p->server.pid);
	return rc;
}

static int
vhost_look(struct survey *s, uint32_t way, uint32_t size)
{
	struct insight *in = &s->insights[PLACE_VHOST][way];
	struct pair p = {0};
	char wanted[48];
	int rc = pair_open(s, &p, size, true);

	if (rc == 0)
		rc = vhost_run_look(s, &p, in);
	if (rc == 0)
		rc = pair_end(&p);
	if (rc == 0) {
		read_figures(&p);
		read_ledger(&p.server, in);
		snprintf(wanted, sizeof(wanted), "\"xxh3\": \"%016" PRIx64 "\"", s->hash[size]);
		in->same = p.figures != NULL && strstr(p.figures, wanted) != NULL;
		in->bytes = (uint64_t)number_behind(p.figures, "\"body_bytes\": ");
		in->looked = true;
	} else {
		show(&p.load);
		show(&p.server);
	}
	pair_close(&p);
	return rc;
}

static int
vhost_measure(struct survey *s, uint32_t way)
{
	uint32_t look = s->cfg.n_sizes - 1;
	uint32_t size, round;
	int rc;

	while (look > 0 && s->cfg.sizes[look] > LOOK_MOST)
		look--;
	rc = vhost_look(s, way, look);
	if (rc == 0 && !s->insights[PLACE_VHOST][way].same)
		COMPLAIN("pagewire on virtio-user: what was received is not in the file");
	if (rc != 0 || !s->insights[PLACE_VHOST][way].same)
		return STATUS_FAILED;
	for (size = 0; size < s->cfg.n_sizes; size++)
		for (round = 0; round < s->cfg.rounds && rc == 0 && !interrupted; round++)
			rc = vhost_round(s, way, size);
	return rc == 0 ? STATUS_OK : STATUS_FAILED;
}

int
server_measure(struct survey *s, uint32_t way)
{
	enum place place = ways[way].place;
	char path[TEXT_MAX];

	program_path(s, "pagewire", path);
	if (access(path, X_OK) != 0) {
		s->skipped[place][way] = "the program pagewire is not there (--programs)";
		return STATUS_OK;
	}
	if (!s->places[place].up) {
		s->skipped[place][way] = s->places[place].why;
		return STATUS_OK;
	}
	if (place == PLACE_TAP && access("/dev/net/tun", R_OK | W_OK) != 0) {
		s->skipped[place][way] = "/dev/net/tun is not there";
		return STATUS_OK;
	}
	return place == PLACE_TAP ? tap_measure(s, way) : vhost_measure(s, way);
}
