/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Many runs. They are made in processes of their own, which share a page of
 * counters with the one that watches: so a run that crashes has a name.
 */
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "app_sim.h"

#define LOOK_NS	      (50 * PW_NS_PER_MS) /* between looks at the processes */
#define TTY_LINE_NS   (PW_NS_PER_S / 2)
#define PLAIN_LINE_NS (30 * PW_NS_PER_S)

/** Of one process; only it writes. */
struct slot {
	pid_t pid;
	_Atomic uint64_t running; /**< number of the run under way */
	_Atomic uint64_t n_runs, n_failed, n_conns, n_whole, n_events, n_packets;
	_Atomic uint64_t bytes, rtx_bytes;
	_Atomic uint64_t virtual_ns;
};

struct shared {
	_Atomic uint64_t next;
	_Atomic bool stop;
	struct slot slot[JOBS_MAX];
};

struct batch {
	const struct settings *cfg;
	struct subject (*subject)(const struct settings *cfg, uint64_t nth);
	uint64_t n;
	const char *unit;
	struct shared *sh;
	pw_ns began;
	uint64_t crashed;
};

static pw_ns
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (pw_ns)t.tv_sec * PW_NS_PER_S + (pw_ns)t.tv_nsec;
}

/* ---- a process ---- */

static void
tell(const struct batch *b, uint64_t nth, const char *what)
{
	struct subject s = b->subject(b->cfg, nth);
	char text[SUBJECT_TEXT_MAX];

	subject_text(&s, text);
	printf("\n%s %s: %s\n  see it: pagewire-sim --replay %s\n", s.is_mask ? "mask" : "seed",
		text, what, text);
	fflush(stdout);
}

static void
add_up(struct slot *s, const struct pw_sim_result *r)
{
	s->n_runs++;
	s->n_failed += r->failed;
	s->n_conns += r->n_conns;
	s->n_whole += r->n_whole;
	s->n_events += r->n_events;
	s->n_packets += r->n_packets;
	s->bytes += r->bytes;
	s->rtx_bytes += r->rtx_bytes;
	s->virtual_ns += r->end;
}

static bool
time_is_over(const struct batch *b)
{
	return b->cfg->seconds != 0 && clock_now() - b->began > b->cfg->seconds * PW_NS_PER_S;
}

static void
work(const struct batch *b, struct slot *slot)
{
	static struct pw_sim_plan plan;
	struct pw_sim_result r;
	uint64_t nth;

	while (!b->sh->stop && !time_is_over(b) && (nth = b->sh->next++) < b->n) {
		struct subject s = b->subject(b->cfg, nth);

		slot->running = nth;
		subject_plan(&s, &plan);
		pw_sim_run(&plan, NULL, &r);
		add_up(slot, &r);
		if (!r.failed)
			continue;
		tell(b, nth, r.what);
		b->sh->stop = !b->cfg->keep_going;
	}
}

/* ---- who watches ---- */

static struct slot
total(const struct batch *b)
{
	struct slot t = {0};
	uint32_t i;

	for (i = 0; i < b->cfg->jobs; i++) {
		const struct slot *s = &b->sh->slot[i];

		t.n_runs += s->n_runs;
		t.n_failed += s->n_failed;
		t.n_conns += s->n_conns;
		t.n_whole += s->n_whole;
		t.n_events += s->n_events;
		t.n_packets += s->n_packets;
		t.bytes += s->bytes;
		t.rtx_bytes += s->rtx_bytes;
		t.virtual_ns += s->virtual_ns;
	}
	return t;
}

static double
seconds_since(pw_ns at)
{
	return (double)(clock_now() - at) / PW_NS_PER_S;
}

static void
progress(const struct batch *b, bool tty)
{
	struct slot t = total(b);
	double s = seconds_since(b->began);

	printf("%s%lu %s, %lu failed, %lu lifetimes, %.0f a second, %.0f s%s", tty ? "\r" : "",
		(unsigned long)t.n_runs, b->unit, (unsigned long)(t.n_failed + b->crashed),
		(unsigned long)t.n_conns, (double)t.n_conns / s, s, tty ? "\033[K" : "\n");
	fflush(stdout);
}

static int
start(struct batch *b)
{
	uint32_t i;

	fflush(stdout);
	for (i = 0; i < b->cfg->jobs; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			work(b, &b->sh->slot[i]);
			fflush(stdout);
			_exit(0);
		}
		if (pid < 0) {
			perror("pagewire-sim: fork");
			b->sh->stop = true;
			return -1;
		}
		b->sh->slot[i].pid = pid;
	}
	return 0;
}

/* A process that ended in any way but by its own will was killed by its run. */
static void
bury(struct batch *b, pid_t pid, int status)
{
	char what[96];
	uint32_t i;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "crashed: %s", strsignal(WTERMSIG(status)));
	else
		snprintf(what, sizeof(what), "crashed: exit status %d", WEXITSTATUS(status));
	b->crashed++;
	b->sh->stop = true;
	for (i = 0; i < b->cfg->jobs; i++)
		if (b->sh->slot[i].pid == pid)
			tell(b, b->sh->slot[i].running, what);
}

static void
watch(struct batch *b)
{
	const struct timespec look = {.tv_nsec = LOOK_NS};
	bool tty = isatty(STDOUT_FILENO);
	pw_ns line = clock_now(), every = tty ? TTY_LINE_NS : PLAIN_LINE_NS;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) >= 0) {
		if (pid > 0) {
			bury(b, pid, status);
			continue;
		}
		nanosleep(&look, NULL);
		if (clock_now() - line < every)
			continue;
		line = clock_now();
		progress(b, tty);
	}
	if (tty)
		printf("\r\033[K");
}

static double
cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
sum_up(const struct batch *b)
{
	struct slot t = total(b);
	double s = seconds_since(b->began), cpu = cpu_seconds();

	printf("%lu %s, %lu failed; %lu lifetimes of connections, %lu with every byte delivered\n"
	       "%.1f s, %.1f s of processor: %.0f lifetimes per core and second, %.0f times "
	       "virtual time\n"
	       "%lu packets, %lu events, %lu bytes delivered, %lu sent again (%.1f %%)\n",
		(unsigned long)t.n_runs, b->unit, (unsigned long)(t.n_failed + b->crashed),
		(unsigned long)t.n_conns, (unsigned long)t.n_whole, s, cpu,
		(double)t.n_conns / (cpu > 0 ? cpu : 1),
		(double)t.virtual_ns / PW_NS_PER_S / (cpu > 0 ? cpu : 1),
		(unsigned long)t.n_packets, (unsigned long)t.n_events, (unsigned long)t.bytes,
		(unsigned long)t.rtx_bytes,
		100.0 * (double)t.rtx_bytes / (double)pw_max(t.bytes, 1));
}

static int
batch_run(struct batch *b)
{
	struct slot t;

	b->sh = mmap(
		NULL, sizeof(*b->sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b->sh == MAP_FAILED) {
		perror("pagewire-sim: mmap");
		return STATUS_FAILED;
	}
	b->began = clock_now();
	if (start(b) < 0)
		b->crashed++;
	watch(b);
	sum_up(b);
	t = total(b);
	munmap(b->sh, sizeof(*b->sh));
	return t.n_failed + b->crashed == 0 ? STATUS_OK : STATUS_FAILED;
}

/* ---- the batches ---- */

static struct subject
nth_seed(const struct settings *cfg, uint64_t nth)
{
	return (struct subject){.value = cfg->first + nth};
}

int
batch_seeds(const struct settings *s)
{
	struct batch b = {
		.cfg = s, .subject = nth_seed, .n = s->n != 0 ? s->n : UINT64_MAX, .unit = "seeds"};

	printf("seeds from %lu on\n", (unsigned long)s->first);
	return batch_run(&b);
}

static struct subject
nth_mask(const struct settings *cfg, uint64_t nth)
{
	return (struct subject){.is_mask = true,
		.way = (enum pw_sim_way)(nth >> cfg->bits),
		.value = nth & ((UINT64_C(1) << cfg->bits) - 1)};
}

int
batch_masks(const struct settings *s)
{
	struct batch b = {.cfg = s,
		.subject = nth_mask,
		.n = (uint64_t)PW_SIM_WAY_MAX << s->bits,
		.unit = "masks"};

	return batch_run(&b);
}

int
batch_hash(const struct settings *s)
{
	static struct pw_sim_plan plan;
	struct pw_sim_result r;
	bool failed = false;
	uint64_t seed;

	for (seed = s->first; seed <= s->hash_to; seed++) {
		pw_sim_plan_seed(&plan, seed);
		pw_sim_run(&plan, NULL, &r);
		printf("%lu %016lx %lu%s\n", (unsigned long)seed, (unsigned long)r.hash,
			(unsigned long)r.n_packets, r.failed ? " failed" : "");
		failed |= r.failed;
	}
	return failed ? STATUS_FAILED : STATUS_OK;
}
