/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <CUnit/CUnit.h>
#include <rte_log.h>
#include "temp.h"

#define NOBODY 65534

static char temp_root[PATH_MAX];
static FILE *log_stream;
static char *log_text;
static size_t log_len;

void
temp_open(const char *where)
{
	if (where == NULL)
		where = getenv("TMPDIR");
	if (where == NULL)
		where = "/tmp";
	snprintf(temp_root, sizeof(temp_root), "%s/pagewire-unit-XXXXXX", where);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(temp_root));
	CU_ASSERT_EQUAL(chmod(temp_root, 0755), 0);
	log_stream = open_memstream(&log_text, &log_len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(log_stream);
	rte_openlog_stream(log_stream);
}

const char *
temp_log(void)
{
	fflush(log_stream);
	return log_text;
}

static int
remove_one(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	return remove(path);
}

void
temp_close(void)
{
	rte_openlog_stream(NULL);
	fclose(log_stream);
	free(log_text);
	CU_ASSERT_EQUAL(nftw(temp_root, remove_one, 32, FTW_DEPTH | FTW_PHYS), 0);
}

const char *
temp_path(const char *name)
{
	static char path[2][2 * PATH_MAX];
	static unsigned int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s%s%s", temp_root, name[0] != '\0' ? "/" : "",
		name);
	return path[turn];
}

void
temp_dir(const char *name)
{
	CU_ASSERT_EQUAL_FATAL(mkdir(temp_path(name), 0755), 0);
}

void
temp_link(const char *name, const char *target)
{
	CU_ASSERT_EQUAL_FATAL(symlink(target, temp_path(name)), 0);
}

static int
open_file(const char *name, int flags)
{
	int fd = open(temp_path(name), flags, 0644);

	CU_ASSERT_FATAL(fd >= 0);
	return fd;
}

void
temp_file(const char *name, const void *bytes, size_t len)
{
	int fd = open_file(name, O_WRONLY | O_CREAT | O_TRUNC);

	CU_ASSERT_EQUAL(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

void
temp_sparse(const char *name, uint64_t len)
{
	int fd = open_file(name, O_WRONLY | O_CREAT | O_TRUNC);

	CU_ASSERT_EQUAL(ftruncate(fd, (off_t)len), 0);
	close(fd);
}

void
temp_poke(const char *name, uint64_t off, const void *bytes, size_t len)
{
	int fd = open_file(name, O_WRONLY);

	CU_ASSERT_EQUAL(pwrite(fd, bytes, len, (off_t)off), (ssize_t)len);
	close(fd);
}

bool
temp_in_child(bool (*test)(void))
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(test() ? 0 : 1);
	CU_ASSERT_FATAL(pid > 0);
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool
temp_deny(int nr, int arg, uint32_t value, int err)
{
	uint32_t at = offsetof(struct seccomp_data, args) + (arg < 0 ? 0u : (uint32_t)arg * 8u);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, arg < 0 ? 3 : 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)err),
	};
	struct sock_fprog prog = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0;
}

void
temp_drop_root(void)
{
	if (getuid() == 0)
		CU_ASSERT_EQUAL_FATAL(seteuid(NOBODY), 0);
}

void
temp_take_root(void)
{
	if (getuid() == 0)
		CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
}
