/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The control socket, with clients that behave and clients that do not.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "rig_ctl.h"

static struct rig_ctl r;
static struct pw_ctl_server *s;
static char dir[64], path[96];
static pw_ns now;
static const char *why;

static void
setup(void)
{
	rig_ctl_open(&r);
	strcpy(dir, "/tmp/pw-ctl.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
	now = PW_NS_PER_S;
	s = pw_ctl_listen(r.ctl, path, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
}

static void
teardown(void)
{
	pw_ctl_server_close(s);
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
	rmdir(dir);
	rig_ctl_close(&r);
}

static void
work(void)
{
	uint32_t i;

	for (i = 0; i < 64; i++)
		pw_ctl_server_work(s, now);
}

static int
open_client(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, path);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	work();
	return fd;
}

static void
say(int fd, const char *text)
{
	CU_ASSERT_EQUAL(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	work();
}

static char heard[1 << 16];

/* What the server sent: NULL when it has closed. */
static const char *
hear(int fd)
{
	ssize_t n = recv(fd, heard, sizeof(heard) - 1, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		return NULL;
	heard[n > 0 ? n : 0] = '\0';
	return heard;
}

#define HEARS(fd, text)                                              \
	do {                                                         \
		const char *h_ = hear(fd);                           \
		CU_ASSERT_PTR_NOT_NULL_FATAL(h_);                    \
		CU_ASSERT_EQUAL(strncmp(h_, text, strlen(text)), 0); \
	} while (0)
#define IS_LEFT(fd) CU_ASSERT_PTR_NULL(hear(fd))

static void
a_line_is_answered(void)
{
	int fd = open_client();
	size_t len = 0;

	say(fd, "show tcp --json\n");
	HEARS(fd, "ok ");
	CU_ASSERT_EQUAL(sscanf(heard, "ok %zu", &len), 1);
	CU_ASSERT_EQUAL(strlen(strchr(heard, '\n') + 1), len);
	say(fd, "foo\r\n");
	HEARS(fd, "error ");
	say(fd, "set stats-period 5\n");
	HEARS(fd, "ok 0\n");
	close(fd);
}

static void
only_the_owner_may(void)
{
	struct stat st;

	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
}

static void
half_a_line_waits_for_the_rest(void)
{
	int fd = open_client();

	say(fd, "set stats-per");
	HEARS(fd, "");
	CU_ASSERT_EQUAL(heard[0], '\0');
	say(fd, "iod 9\nset stats-period 10\nset st");
	HEARS(fd, "ok 0\nok 0\n");
	CU_ASSERT_EQUAL(pw_ctl_stats_period(r.ctl), 10);
	close(fd);
	work();
	CU_ASSERT_EQUAL(pw_ctl_stats_period(r.ctl), 10);
}

static void
a_line_too_long_is_refused_once(void)
{
	char junk[8192];
	int fd = open_client();
	uint32_t i;

	memset(junk, 'x', sizeof(junk));
	for (i = 0; i < 100; i++) {
		CU_ASSERT_EQUAL(send(fd, junk, sizeof(junk), MSG_NOSIGNAL), sizeof(junk));
		work();
	}
	HEARS(fd, "error ");
	CU_ASSERT_PTR_NULL(strstr(heard + 6, "error"));
	say(fd, "quit\nset stats-period 3\n"); /* the end of the long line, and another one */
	HEARS(fd, "ok 0\n");
	CU_ASSERT_EQUAL(r.n_ends, 0);
	CU_ASSERT_EQUAL(pw_ctl_stats_period(r.ctl), 3);
	close(fd);
}

static void
zero_bytes_and_garbage_harm_nothing(void)
{
	static const char junk[] = "\0\0\0show\0tcp\n\xff\xfe%n%s\n";
	int fd = open_client();

	CU_ASSERT_EQUAL(send(fd, junk, sizeof(junk) - 1, MSG_NOSIGNAL), sizeof(junk) - 1);
	work();
	HEARS(fd, "ok 0\nerror ");
	close(fd);
}

/* One that asks and never reads is owed one answer, and then left. */
static void
who_never_reads_is_left(void)
{
	int small = 1, fd = open_client(), other = open_client();
	uint32_t i;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (i = 0; i < 100000 && send(fd, "show tcp --json\n", 16, MSG_NOSIGNAL) == 16; i++)
		pw_ctl_server_work(s, now);
	CU_ASSERT_TRUE_FATAL(i < 100000); /* it is not read from any more */
	CU_ASSERT_TRUE(pw_ctl_server_watches(s));
	say(other, "set stats-period 4\n");
	HEARS(other, "ok 0\n");
	now += (PW_CTL_STALL_MS + 1) * PW_NS_PER_MS;
	work();
	CU_ASSERT_FALSE(pw_ctl_server_watches(s));
	while (hear(fd) != NULL && heard[0] != '\0')
		;
	IS_LEFT(fd);
	say(other, "help\n");
	HEARS(other, "ok ");
	close(fd);
	close(other);
}

/* A thousand clients: those who were silent longest make place. */
static void
the_oldest_makes_place(void)
{
	int fds[PW_CTL_CLIENTS_MAX + 1], fd;
	uint32_t i;

	for (i = 0; i < PW_CTL_CLIENTS_MAX; i++) {
		now += PW_NS_PER_MS;
		fds[i] = open_client();
	}
	now += PW_NS_PER_MS;
	say(fds[0], "set stats-period 1\n");
	HEARS(fds[0], "ok 0\n");
	now += PW_NS_PER_MS;
	fds[i] = open_client();
	IS_LEFT(fds[1]);
	say(fds[0], "set stats-period 1\n");
	HEARS(fds[0], "ok 0\n");
	say(fds[i], "set stats-period 1\n");
	HEARS(fds[i], "ok 0\n");
	for (i = 0; i < 1000; i++) {
		now += PW_NS_PER_MS;
		fd = open_client();
		say(fd, "set stats-period 1\n");
		HEARS(fd, "ok 0\n");
		close(fd);
	}
	for (i = 0; i <= PW_CTL_CLIENTS_MAX; i++)
		close(fds[i]);
}

static void
a_leftover_is_replaced_and_a_living_one_is_not(void)
{
	struct pw_ctl_server *second = pw_ctl_listen(r.ctl, path, &why);
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char other[96];
	int fd;

	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_STRING_EQUAL(why, "belongs to a running program");
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	snprintf(other, sizeof(other), "%s/old", dir);
	strcpy(addr.sun_path, other);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	second = pw_ctl_listen(r.ctl, other, &why);
	CU_ASSERT_PTR_NOT_NULL(second);
	pw_ctl_server_close(second);
	close(open(other, O_CREAT | O_WRONLY, 0600));
	CU_ASSERT_PTR_NULL(pw_ctl_listen(r.ctl, other, &why));
	CU_ASSERT_STRING_EQUAL(why, "exists and is no socket");
	unlink(other);
}

static void
impossible_paths_are_refused(void)
{
	char longer[200];

	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	CU_ASSERT_PTR_NULL(pw_ctl_listen(r.ctl, longer, &why));
	CU_ASSERT_STRING_EQUAL(why, "is too long for a socket");
	CU_ASSERT_PTR_NULL(pw_ctl_listen(r.ctl, "/nonexistent/sock", &why));
	CU_ASSERT_STRING_EQUAL(why, "cannot be made");
}

static CU_TestInfo tests[] = {
	{"a_line_is_answered", a_line_is_answered},
	{"only_the_owner_may", only_the_owner_may},
	{"half_a_line_waits_for_the_rest", half_a_line_waits_for_the_rest},
	{"a_line_too_long_is_refused_once", a_line_too_long_is_refused_once},
	{"zero_bytes_and_garbage_harm_nothing", zero_bytes_and_garbage_harm_nothing},
	{"who_never_reads_is_left", who_never_reads_is_left},
	{"the_oldest_makes_place", the_oldest_makes_place},
	{"a_leftover_is_replaced_and_a_living_one_is_not",
		a_leftover_is_replaced_and_a_living_one_is_not},
	{"impossible_paths_are_refused", impossible_paths_are_refused},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_ctl_server = {
	.pName = "ctl_server", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
