/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Every path sends every byte, once and in order, over the kernel's TCP on the
 * loopback; and does so when system calls do less than they were asked, are
 * interrupted, or find no room. PW_SEED chooses which ones.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/sendfile.h>
#include <arpa/inet.h>
#include <xxhash.h>
#include <CUnit/CUnit.h>
#include "paths_priv.h"
#include "pw_drain.h"
#include "pw_rand.h"

#define TIMES 2 /* that a file is sent in a run */

static const size_t sizes[] = {0, 1, 4095, 4096, PATH_CHUNK - 1, PATH_CHUNK, PATH_CHUNK + 1,
	(1u << 20) - 1, (3u << 20) + 4711};

static struct pw_drain drain;
static struct sockaddr_in at;
static struct pw_rand rnd;
static char path[] = "/tmp/pw-unit-paths.XXXXXX";
static uint8_t *content;

/* ---- system calls in a bad mood ---- */

/* @return how much to do of @n, or 0 with errno: nothing */
static size_t
mood(size_t n, bool may_lack_room)
{
	switch (pw_rand_below(&rnd, 8)) {
	case 0:
		errno = EINTR;
		return 0;
	case 1:
		errno = EAGAIN;
		return may_lack_room ? 0 : n;
	case 2:
		return n;
	default:
		return 1 + (size_t)pw_rand_below(&rnd, n < 30000 ? n : 30000);
	}
}

static ssize_t
bad_read(int fd, void *to, size_t n)
{
	n = mood(n, false);
	return n == 0 ? -1 : read(fd, to, n);
}

static ssize_t
bad_write(int fd, const void *from, size_t n)
{
	n = mood(n, true);
	return n == 0 ? -1 : write(fd, from, n);
}

static ssize_t
bad_send(int fd, const void *from, size_t n, int flags)
{
	n = mood(n, true);
	return n == 0 ? -1 : send(fd, from, n, flags);
}

static ssize_t
bad_sendfile(int to, int from, off_t *off, size_t n)
{
	n = mood(n, true);
	return n == 0 ? -1 : sendfile(to, from, off, n);
}

static ssize_t
bad_splice(int from, loff_t *off_from, int to, loff_t *off_to, size_t n, unsigned int flags)
{
	n = mood(n, off_from == NULL);
	return n == 0 ? -1 : pw_sys_real.splice(from, off_from, to, off_to, n, flags);
}

static int
bad_poll(struct pollfd *fds, nfds_t n, int ms)
{
	if (pw_rand_below(&rnd, 4) != 0)
		return poll(fds, n, ms);
	errno = EINTR;
	return -1;
}

static const struct pw_sys bad = {
	.read = bad_read,
	.write = bad_write,
	.send = bad_send,
	.sendfile = bad_sendfile,
	.splice = bad_splice,
	.recvmsg = recvmsg,
	.poll = bad_poll,
};

/* ---- the rig ---- */

static void
setup(void)
{
	uint64_t seed = getenv("PW_SEED") != NULL ? strtoull(getenv("PW_SEED"), NULL, 0) : 20261125;
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	printf("(PW_SEED=%llu) ", (unsigned long long)seed);
	pw_rand_init(&rnd, seed);
	at = (struct sockaddr_in){.sin_family = AF_INET};
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CU_ASSERT_EQUAL_FATAL(pw_drain_start(&drain, -1, false), 0);
	CU_ASSERT_EQUAL_FATAL(pw_drain_listen(&drain, &at), 0);
	content = malloc(sizes[RTE_DIM(sizes) - 1]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(content);
	for (i = 0; i < sizes[RTE_DIM(sizes) - 1]; i++)
		content[i] = (uint8_t)pw_rand_u64(&rnd);
	strcpy(strrchr(path, '.'), ".XXXXXX");
	CU_ASSERT_NOT_EQUAL_FATAL(close(mkstemp(path)), -1);
}

static void
teardown(void)
{
	pw_drain_stop(&drain);
	unlink(path);
	free(content);
}

static void
write_file(size_t size)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fwrite(content, 1, size, f), size);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
}

static uint64_t
hash_of_all(size_t size)
{
	XXH3_state_t *s = XXH3_createState();
	uint64_t hash;
	int i;

	XXH3_64bits_reset(s);
	for (i = 0; i < TIMES; i++)
		XXH3_64bits_update(s, content, size);
	hash = XXH3_64bits_digest(s);
	XXH3_freeState(s);
	return hash;
}

static void
run_init(struct pw_path_run *run, const struct pw_path *p, const struct pw_sys *sys)
{
	*run = (struct pw_path_run){.path = p, .sys = sys, .file = path};
	run->sock = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(connect(run->sock, (struct sockaddr *)&at, sizeof(at)), 0);
}

/* What only a newer kernel has is not tested, and said. */
static bool
has_path(const struct pw_path *p)
{
	const struct pw_drain_job nothing = {0};
	struct pw_drain_done done;
	struct pw_path_run run;
	int rc;

	CU_ASSERT_EQUAL_FATAL(pw_drain_begin(&drain, &nothing), 0);
	run_init(&run, p, &pw_sys_real);
	rc = p->open(&run);
	CU_ASSERT_EQUAL(p->close(&run), 0);
	close(run.sock);
	CU_ASSERT_EQUAL(pw_drain_wait(&drain, &done), 0);
	if (rc != 0)
		printf("(%s: this kernel lacks %s) ", p->name, run.lacks);
	return rc == 0;
}

static void
send_and_compare(const struct pw_path *p, const struct pw_sys *sys, size_t size)
{
	const struct pw_drain_job job = {.bytes = size * TIMES, .hash = 1};
	struct pw_drain_done done;
	struct pw_path_run run;
	int i;

	write_file(size);
	CU_ASSERT_EQUAL_FATAL(pw_drain_begin(&drain, &job), 0);
	run_init(&run, p, sys);
	CU_ASSERT_EQUAL_FATAL(p->open(&run), 0);
	for (i = 0; i < TIMES; i++)
		CU_ASSERT_EQUAL_FATAL(p->send(&run), 0);
	CU_ASSERT_EQUAL(p->close(&run), 0);
	close(run.sock);
	CU_ASSERT_EQUAL(pw_drain_wait(&drain, &done), 0);
	CU_ASSERT_EQUAL(run.count.bytes, size * TIMES);
	CU_ASSERT_EQUAL(done.bytes, size * TIMES);
	CU_ASSERT_EQUAL(done.hash, hash_of_all(size));
	CU_ASSERT_TRUE(run.count.calls >= 3 * TIMES);
}

static void
each_path(const struct pw_sys *sys)
{
	size_t i, k;

	for (i = 0; pw_paths[i] != NULL; i++)
		for (k = 0; k < RTE_DIM(sizes) && (k > 0 || has_path(pw_paths[i])); k++)
			send_and_compare(pw_paths[i], sys, sizes[k]);
}

static void
every_path_sends_every_byte(void)
{
	each_path(&pw_sys_real);
}

static void
short_counts_are_gone_on_from(void)
{
	each_path(&bad);
}

static void
names_are_unique(void)
{
	size_t i, k;

	for (i = 0; pw_paths[i] != NULL; i++)
		for (k = 0; k < i; k++)
			CU_ASSERT_STRING_NOT_EQUAL(pw_paths[i]->name, pw_paths[k]->name);
}

/* A connection that the peer has closed, a file that is not there. */
static void
errors_are_told(void)
{
	const struct pw_drain_job nothing = {0};
	struct pw_drain_done done;
	struct pw_path_run run;
	size_t i;

	write_file(3u << 20);
	for (i = 0; pw_paths[i] != NULL; i++) {
		CU_ASSERT_EQUAL_FATAL(pw_drain_begin(&drain, &nothing), 0);
		run_init(&run, pw_paths[i], &pw_sys_real);
		if (pw_paths[i]->open(&run) == 0) {
			run.file = "/nonexistent";
			CU_ASSERT_EQUAL(pw_paths[i]->send(&run), -ENOENT);
			run.file = path;
			CU_ASSERT_EQUAL(pw_drain_wait(&drain, &done), 0);
			CU_ASSERT_TRUE(pw_paths[i]->send(&run) < 0);
		} else {
			CU_ASSERT_EQUAL(pw_drain_wait(&drain, &done), 0);
		}
		pw_paths[i]->close(&run);
		close(run.sock);
	}
}

/* The whole file in one call, and no more calls than it takes. */
static void
sendfile_takes_four_calls(void)
{
	const struct pw_drain_job job = {.bytes = 1u << 20};
	struct pw_drain_done done;
	struct pw_path_run run;

	write_file(1u << 20);
	CU_ASSERT_EQUAL_FATAL(pw_drain_begin(&drain, &job), 0);
	run_init(&run, &path_sendfile, &pw_sys_real);
	CU_ASSERT_EQUAL_FATAL(path_sendfile.open(&run), 0);
	CU_ASSERT_EQUAL(path_sendfile.send(&run), 0);
	CU_ASSERT_EQUAL(pw_drain_wait(&drain, &done), 0);
	CU_ASSERT_EQUAL(run.count.calls, 4); /* open, fstat, sendfile, close */
	close(run.sock);
}

static CU_TestInfo tests[] = {
	{"names_are_unique", names_are_unique},
	{"every_path_sends_every_byte", every_path_sends_every_byte},
	{"short_counts_are_gone_on_from", short_counts_are_gone_on_from},
	{"errors_are_told", errors_are_told},
	{"sendfile_takes_four_calls", sendfile_takes_four_calls},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_paths_send = {
	.pName = "paths_send",
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
