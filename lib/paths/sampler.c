/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A sample belongs to the innermost function of its call chain that is known here.
 * Kernels differ in what they inline, so several functions may stand for a copy.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <rte_atomic.h>
#include "pw_sampler.h"

#define CPUS_MAX   256
#define PERIOD_NS  100000
#define RING_PAGES 1024 /* a power of two; about 1.4 s of samples */
#define CHAIN_MAX  128

const struct pw_part_info pw_part_info[PW_PART_MAX] = {
#define X(id, name, help) [PW_PART_##id] = {name, help},
	PW_PARTS(X)
#undef X
};

/* Functions of the kernel by which a part is known. */
struct landmark {
	const char *function;
	enum pw_part part;
};

static const struct landmark landmarks[] = {
	{"_copy_to_iter", PW_PART_TO_USER},
	{"copy_page_to_iter", PW_PART_TO_USER},
	{"_copy_from_iter", PW_PART_FROM_USER},
	{"_copy_from_iter_nocache", PW_PART_FROM_USER},
	{"copy_page_from_iter", PW_PART_FROM_USER},
	{"csum_and_copy_from_iter_full", PW_PART_FROM_USER},
	{"skb_copy_ubufs", PW_PART_LOCAL},
	{"net_rx_action", PW_PART_RECEIVER},
	{"netif_receive_skb", PW_PART_RECEIVER},
	{"__netif_receive_skb_one_core", PW_PART_RECEIVER},
	{"netif_receive_skb_list_internal", PW_PART_RECEIVER},
	{"napi_gro_frags", PW_PART_RECEIVER},
};
#define N_LANDMARKS RTE_DIM(landmarks)

struct range {
	uint64_t begin, end;
};

struct pw_sampler {
	struct range range[N_LANDMARKS];
	uint32_t n_cpus;
	size_t page;
	int fd[CPUS_MAX];
	struct perf_event_mmap_page *ring[CPUS_MAX];
};

/* What a sample consists of, by attr.sample_type. */
struct sample {
	struct perf_event_header head;
	uint32_t pid, tid;
	uint64_t n;
	uint64_t chain[CHAIN_MAX + 8]; /* room for marks */
};

/* ---- names of the kernel ---- */

/* Call @fn for each function of the kernel. @return 0 or -errno */
static int
each_function(void (*fn)(struct pw_sampler *s, uint64_t at, const char *name), struct pw_sampler *s)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[512], name[256], type;
	uint64_t at;

	if (f == NULL)
		return -errno;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%" SCNx64 " %c %255s", &at, &type, name) == 3 &&
			(type == 't' || type == 'T'))
			fn(s, at, name);
	fclose(f);
	return 0;
}

static void
note_begin(struct pw_sampler *s, uint64_t at, const char *name)
{
	uint32_t i;

	for (i = 0; i < N_LANDMARKS; i++)
		if (strcmp(landmarks[i].function, name) == 0)
			s->range[i] = (struct range){at, UINT64_MAX};
}

/* A function ends where the next begins. */
static void
note_end(struct pw_sampler *s, uint64_t at, const char *name)
{
	uint32_t i;

	for (i = 0; i < N_LANDMARKS; i++)
		if (at > s->range[i].begin && at < s->range[i].end)
			s->range[i].end = at;
}

/* Some functions may not exist; the two of read and write must. */
static int
find_functions(struct pw_sampler *s)
{
	int rc = each_function(note_begin, s);

	if (rc == 0)
		rc = each_function(note_end, s);
	if (rc == 0 && (s->range[0].begin == 0 || s->range[2].begin == 0))
		rc = -ENOENT;
	return rc;
}

/* ---- samples ---- */

static int
open_cpu(struct pw_sampler *s, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = PERIOD_NS,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_CALLCHAIN,
		.disabled = 1,
		.exclude_callchain_user = 1,
		.exclude_idle = 1,
		.sample_max_stack = CHAIN_MAX - 1,
	};
	void *ring;
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	ring = mmap(NULL, (1 + RING_PAGES) * s->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED) {
		close(fd);
		return -ENOMEM;
	}
	s->fd[s->n_cpus] = fd;
	s->ring[s->n_cpus++] = ring;
	return 0;
}

static int
open_cpus(struct pw_sampler *s)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);
	int rc = 0;
	int cpu;

	for (cpu = 0; cpu < n && cpu < CPUS_MAX && rc == 0; cpu++) {
		rc = open_cpu(s, cpu);
		if (rc == -ENODEV)
			rc = 0; /* offline */
	}
	return rc;
}

struct pw_sampler *
pw_sampler_open(const char **why)
{
	struct pw_sampler *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	if (s != NULL) {
		s->page = (size_t)sysconf(_SC_PAGESIZE);
		rc = find_functions(s);
		*why = "the kernel does not tell where its copying functions are: needs root's "
		       "rights";
	}
	if (rc == 0) {
		rc = open_cpus(s);
		*why = "perf_event_open() is refused: needs root's rights, "
		       "or kernel.perf_event_paranoid=-1";
	}
	if (rc == 0)
		return s;
	pw_sampler_close(s);
	return NULL;
}

void
pw_sampler_start(struct pw_sampler *s)
{
	uint32_t i;

	for (i = 0; i < s->n_cpus; i++) {
		s->ring[i]->data_tail = s->ring[i]->data_head;
		ioctl(s->fd[i], PERF_EVENT_IOC_ENABLE, 0);
	}
}

void
pw_sampler_stop(struct pw_sampler *s)
{
	uint32_t i;

	for (i = 0; i < s->n_cpus; i++)
		ioctl(s->fd[i], PERF_EVENT_IOC_DISABLE, 0);
}

/* @return PW_PART_MAX: not one of them */
static enum pw_part
landmark_at(const struct pw_sampler *s, uint64_t ip)
{
	uint32_t i;

	for (i = 0; i < N_LANDMARKS; i++)
		if (ip >= s->range[i].begin && ip < s->range[i].end)
			return landmarks[i].part;
	return PW_PART_MAX;
}

static enum pw_part
part_of(const struct pw_sampler *s, const struct sample *x)
{
	bool kernel = false;
	uint64_t i;

	for (i = 0; i < x->n && i < RTE_DIM(x->chain); i++) {
		enum pw_part part;

		if (x->chain[i] == PERF_CONTEXT_KERNEL)
			kernel = true;
		if (x->chain[i] >= PERF_CONTEXT_MAX)
			continue;
		part = landmark_at(s, x->chain[i]);
		if (part != PW_PART_MAX)
			return part;
	}
	return kernel ? PW_PART_KERNEL : PW_PART_USER;
}

/* Copy out of the ring, which runs over at its end. */
static void
copy_out(const struct pw_sampler *s, const struct perf_event_mmap_page *ring, uint64_t at, void *to,
	size_t n)
{
	const char *data = (const char *)ring + s->page;
	size_t size = RING_PAGES * s->page;
	size_t first = pw_min(n, size - at % size);

	memcpy(to, data + at % size, first);
	memcpy((char *)to + first, data, n - first);
}

static void
count_cpu(struct pw_sampler *s, uint32_t cpu, pid_t pid, uint64_t parts[PW_PART_MAX])
{
	struct perf_event_mmap_page *ring = s->ring[cpu];
	uint64_t head = ring->data_head;
	uint64_t at = ring->data_tail;
	struct sample x;

	rte_smp_rmb();
	while (at < head) {
		copy_out(s, ring, at, &x.head, sizeof(x.head));
		if (x.head.type == PERF_RECORD_SAMPLE && x.head.size <= sizeof(x)) {
			copy_out(s, ring, at, &x, x.head.size);
			if ((pid_t)x.pid == pid)
				parts[part_of(s, &x)]++;
		}
		at += x.head.size;
	}
}

uint64_t
pw_sampler_count(struct pw_sampler *s, pid_t pid, uint64_t parts[PW_PART_MAX])
{
	uint64_t sum = 0;
	uint32_t i;

	memset(parts, 0, sizeof(*parts) * PW_PART_MAX);
	for (i = 0; i < s->n_cpus; i++)
		count_cpu(s, i, pid, parts);
	for (i = 0; i < PW_PART_MAX; i++)
		sum += parts[i];
	return sum;
}

void
pw_sampler_close(struct pw_sampler *s)
{
	uint32_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n_cpus; i++) {
		munmap(s->ring[i], (1 + RING_PAGES) * s->page);
		close(s->fd[i]);
	}
	free(s);
}
