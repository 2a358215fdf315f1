/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The receiving end, as the client of a server that is written here.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <xxhash.h>
#include <CUnit/CUnit.h>
#include "pw_drain.h"

static struct pw_drain drain;
static struct sockaddr_in at;
static int listener;

static void
setup(void)
{
	socklen_t len = sizeof(at);

	at = (struct sockaddr_in){.sin_family = AF_INET};
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&at, len), 0);
	CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
	CU_ASSERT_EQUAL_FATAL(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	CU_ASSERT_EQUAL_FATAL(pw_drain_start(&drain, -1, false), 0);
}

static void
teardown(void)
{
	pw_drain_stop(&drain);
	close(listener);
}

static void
begin(uint64_t bytes, uint32_t n)
{
	struct pw_drain_job job = {
		.from = at, .bytes = bytes, .n_requests = n, .hash = 1, .path = "/a/b"};

	CU_ASSERT_EQUAL_FATAL(pw_drain_begin(&drain, &job), 0);
}

/* Answer a request with @text, then, after the next, close. */
static void
answer(int fd, const char *text)
{
	static const char wanted[] = "GET /a/b HTTP/1.1\r\n";
	char request[256];

	CU_ASSERT_TRUE(recv(fd, request, sizeof(request), 0) > (ssize_t)strlen(wanted));
	CU_ASSERT_EQUAL(memcmp(request, wanted, strlen(wanted)), 0);
	CU_ASSERT_EQUAL(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void
bodies_without_their_heads(void)
{
	struct pw_drain_done done;
	int fd;

	begin(6, 2);
	fd = accept(listener, NULL, NULL);
	answer(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
	answer(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ndef");
	CU_ASSERT_EQUAL(pw_drain_wait(&drain, &done), 0);
	CU_ASSERT_EQUAL(done.bytes, 6);
	CU_ASSERT_EQUAL(done.hash, XXH3_64bits("abcdef", 6));
	CU_ASSERT_TRUE(done.ended >= done.began);
	close(fd);
}

static void
other_answers_are_errors(void)
{
	struct pw_drain_done done;
	int fd;

	begin(3, 1);
	fd = accept(listener, NULL, NULL);
	answer(fd, "HTTP/1.1 404 Not Found\r\n\r\nabc");
	CU_ASSERT_EQUAL(pw_drain_wait(&drain, &done), -EPROTO);
	close(fd);
	begin(3, 1);
	fd = accept(listener, NULL, NULL);
	answer(fd, "HTTP/1.1 200 OK\r\n\r\nab");
	close(fd);
	CU_ASSERT_EQUAL(pw_drain_wait(&drain, &done), -ECONNRESET);
	CU_ASSERT_EQUAL(done.bytes, 2);
}

static void
nobody_listens(void)
{
	struct pw_drain_done done;

	close(listener);
	begin(3, 1);
	CU_ASSERT_EQUAL(pw_drain_wait(&drain, &done), -ECONNREFUSED);
	listener = socket(AF_INET, SOCK_STREAM, 0);
}

static CU_TestInfo tests[] = {
	{"bodies_without_their_heads", bodies_without_their_heads},
	{"other_answers_are_errors", other_answers_are_errors},
	{"nobody_listens", nobody_listens},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_paths_drain = {
	.pName = "paths_drain",
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
