/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The half of the command line that is DPDK's, and the memory it is to have.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_version.h>
#include "common.h"

static bool
is_one_of(const char *word, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(word, *names) == 0)
			return true;
	return false;
}

void
eal_print_version(void)
{
	printf("%s %s (%s)\n", program, PW_VERSION, rte_version());
}

/* Questions that need no EAL, wherever they stand. */
static bool
answer_question(int argc, char **argv, void (*help)(FILE *out))
{
	static const char *const asks_help[] = {"--help", "-h", NULL};
	static const char *const asks_version[] = {"--version", "-V", NULL};
	int i;

	for (i = 1; i < argc; i++) {
		if (is_one_of(argv[i], asks_help)) {
			help(stdout);
			return true;
		}
		if (is_one_of(argv[i], asks_version)) {
			eal_print_version();
			return true;
		}
	}
	return false;
}

static void
look_at_args(struct eal *eal)
{
	int i;

	for (i = 1; i < eal->argc; i++) {
		const char *a = eal->argv[i];

		if (strcmp(a, "--no-huge") == 0)
			eal->no_huge = true;
		if (strcmp(a, "--in-memory") == 0)
			eal->in_memory = true;
		if (strncmp(a, "-m", 2) == 0 || strncmp(a, "--socket-mem", 12) == 0)
			eal->memory_said = true;
	}
}

/* Own the array: it grows by two words, and the EAL reorders it. */
static int
keep_args(struct eal *eal, int argc, char **argv)
{
	eal->argv = calloc((size_t)argc + 3, sizeof(*argv));
	if (eal->argv == NULL)
		return STATUS_FAILED;
	memcpy(eal->argv, argv, (size_t)argc * sizeof(*argv));
	eal->argc = argc;
	look_at_args(eal);
	eal->n_lcores = lcores_asked_for(eal->argc, eal->argv);
	return -1;
}

int
eal_split(struct eal *eal, int argc, char **argv, void (*help)(FILE *out))
{
	int mid;

	for (mid = 1; mid < argc && strcmp(argv[mid], "--") != 0; mid++)
		;
	if (answer_question(mid, argv, help))
		return STATUS_OK;
	if (mid == argc) {
		COMPLAIN("'--' is missing; allowed: %s [EAL options] -- [options], see %s --help",
			program, program);
		return STATUS_USAGE;
	}
	return keep_args(eal, mid, argv);
}

/* Free hugepages of one size, "hugepages-2048kB", in bytes. */
static uint64_t
free_of_size(const char *dir)
{
	uint64_t pages = 0;
	uint64_t kb;
	char path[128];
	FILE *f;

	if (sscanf(dir, "hugepages-%" SCNu64 "kB", &kb) != 1)
		return 0;
	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%.60s/free_hugepages", dir);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%" SCNu64, &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * kb * 1024;
}

static uint64_t
free_hugepage_bytes(void)
{
	DIR *d = opendir("/sys/kernel/mm/hugepages");
	struct dirent *e;
	uint64_t sum = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		sum += free_of_size(e->d_name);
	if (d != NULL)
		closedir(d);
	return sum;
}

static int
check_hugepages(uint64_t want)
{
	uint64_t have = free_hugepage_bytes();
	uint64_t total = 0;
	FILE *f;

	if (have >= want)
		return STATUS_OK;
	f = fopen("/proc/sys/vm/nr_hugepages", "r");
	if (f == NULL || fscanf(f, "%" SCNu64, &total) != 1)
		total = 0;
	if (f != NULL)
		fclose(f);
	COMPLAIN("%" PRIu64 " MiB of hugepages are needed, %" PRIu64
		 " MiB are free: reserve more with 'sysctl vm.nr_hugepages=%" PRIu64
		 "', or put the EAL option --no-huge in front of '--'",
		want / MIB, have / MIB, total + (want - have) / (2 * MIB) + 1);
	return STATUS_FAILED;
}

/* Without hugepages the EAL takes its memory at once: it must be told how much. */
static int
add_memory_arg(struct eal *eal, uint64_t want)
{
	static char mib[24];
	static char flag[] = "-m";

	snprintf(mib, sizeof(mib), "%" PRIu64, want / MIB);
	eal->argv[eal->argc++] = flag;
	eal->argv[eal->argc++] = mib;
	return STATUS_OK;
}

/* Hugepages in files need a file system to be in. */
static int
check_mount(void)
{
	FILE *f = fopen("/proc/mounts", "r");
	bool found = false;
	char line[512];

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = strstr(line, " hugetlbfs ") != NULL;
	if (f != NULL)
		fclose(f);
	if (found)
		return STATUS_OK;
	COMPLAIN("no hugetlbfs is mounted: put the EAL option --in-memory in front of '--', or "
		 "'mount -t hugetlbfs none /dev/hugepages'");
	return STATUS_FAILED;
}

int
eal_memory(struct eal *eal, uint64_t eal_bytes, uint64_t other_bytes)
{
	if (!eal->no_huge) {
		if (check_hugepages(eal_bytes + other_bytes) != STATUS_OK)
			return STATUS_FAILED;
		return eal->in_memory ? STATUS_OK : check_mount();
	}
	if (other_bytes != 0 && check_hugepages(other_bytes) != STATUS_OK)
		return STATUS_FAILED;
	return eal->memory_said ? STATUS_OK : add_memory_arg(eal, eal_bytes);
}

int
eal_start(struct eal *eal)
{
	pw_port_before_eal();
	if (rte_eal_init(eal->argc, eal->argv) < 0) {
		COMPLAIN("the EAL does not start: %s", rte_strerror(rte_errno));
		return STATUS_FAILED;
	}
	eal->up = true;
	return STATUS_OK;
}

void
eal_stop(struct eal *eal)
{
	if (eal->up)
		rte_eal_cleanup();
	free(eal->argv);
}

static void *
mem_eal_alloc(void *ctx, size_t bytes, const char *what)
{
	return rte_zmalloc(what, bytes, RTE_CACHE_LINE_SIZE);
}

static void
mem_eal_free(void *ctx, void *mem)
{
	rte_free(mem);
}

const struct pw_mem mem_eal = {.alloc = mem_eal_alloc, .free = mem_eal_free};
