/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The half of the command line that is DPDK's, and the memory it is to have.
 */
#include <dirent.h>
#include <inttypes.h>
#include <string.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_version.h>
#include "app.h"

#define MIB (UINT64_C(1) << 20)
/* Packet buffers, rings and tables that do not depend on an option. */
#define POOL_BYTES	(96 * MIB)
#define POOL_CONN_BYTES 512 /* per connection, beside TCP's and HTTP's own */

static bool
is_one_of(const char *word, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(word, *names) == 0)
			return true;
	return false;
}

static void
print_version(void)
{
	printf("pagewire %s (%s)\n", PW_VERSION, rte_version());
}

/* Questions that need no EAL, wherever they stand. */
static bool
answer_question(int argc, char **argv)
{
	static const char *const help[] = {"--help", "-h", NULL};
	static const char *const version[] = {"--version", "-V", NULL};
	int i;

	for (i = 1; i < argc; i++) {
		if (is_one_of(argv[i], help)) {
			pw_config_help(stdout);
			return true;
		}
		if (is_one_of(argv[i], version)) {
			print_version();
			return true;
		}
	}
	return false;
}

static void
look_at_eal_args(struct app *app)
{
	int i;

	for (i = 1; i < app->eal_argc; i++) {
		const char *a = app->eal_argv[i];

		if (strcmp(a, "--no-huge") == 0)
			app->no_huge = true;
		if (strcmp(a, "--in-memory") == 0)
			app->in_memory = true;
		if (strncmp(a, "-m", 2) == 0 || strncmp(a, "--socket-mem", 12) == 0)
			app->memory_said = true;
	}
}

/* Own the array: it grows by two words, and the EAL reorders it. */
static int
keep_eal_args(struct app *app, int argc, char **argv)
{
	app->eal_argv = calloc((size_t)argc + 3, sizeof(*argv));
	if (app->eal_argv == NULL)
		return STATUS_FAILED;
	memcpy(app->eal_argv, argv, (size_t)argc * sizeof(*argv));
	app->eal_argc = argc;
	look_at_eal_args(app);
	return -1;
}

int
options_read(struct app *app, int argc, char **argv)
{
	int mid;

	for (mid = 1; mid < argc && strcmp(argv[mid], "--") != 0; mid++)
		;
	if (answer_question(mid, argv))
		return STATUS_OK;
	if (mid == argc) {
		COMPLAIN("'--' is missing; allowed: pagewire [EAL options] -- [options], "
			 "see pagewire --help");
		return STATUS_USAGE;
	}
	if (pw_config_init(&app->cfg, argc - mid, argv + mid, stderr) != 0)
		return STATUS_USAGE;
	if (app->cfg.help)
		pw_config_help(stdout);
	else if (app->cfg.version)
		print_version();
	else
		return keep_eal_args(app, mid, argv);
	return STATUS_OK;
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

static uint64_t
pool_bytes(const struct app *app)
{
	size_t conn = pw_tcp_conn_bytes(pw_http_room_bytes()) + POOL_CONN_BYTES;

	return POOL_BYTES + (uint64_t)app->cfg.max_connections * conn;
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
add_memory_arg(struct app *app, uint64_t want)
{
	static char mib[24];
	static char flag[] = "-m";

	snprintf(mib, sizeof(mib), "%" PRIu64, want / MIB);
	app->eal_argv[app->eal_argc++] = flag;
	app->eal_argv[app->eal_argc++] = mib;
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
memory_plan(struct app *app)
{
	bool ours = app->cfg.arena == PW_ARENA_EAL;
	uint64_t store = pw_store_need(app->store);
	uint64_t eal = pool_bytes(app) + (ours ? store + PW_PAGE_BYTES : 0);

	if (!app->no_huge) {
		if (check_hugepages(eal + (ours ? 0 : store)) != STATUS_OK)
			return STATUS_FAILED;
		return app->in_memory ? STATUS_OK : check_mount();
	}
	if (!ours && check_hugepages(store) != STATUS_OK)
		return STATUS_FAILED;
	return app->memory_said ? STATUS_OK : add_memory_arg(app, eal);
}

int
eal_start(struct app *app)
{
	pw_port_before_eal();
	if (rte_eal_init(app->eal_argc, app->eal_argv) < 0) {
		COMPLAIN("the EAL does not start: %s", rte_strerror(rte_errno));
		return STATUS_FAILED;
	}
	app->eal_up = true;
	if (rte_lcore_count() == 1)
		return STATUS_OK;
	COMPLAIN("%u lcores; allowed: one, such as --lcores 0@0, because there is one worker",
		rte_lcore_count());
	return STATUS_USAGE;
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
