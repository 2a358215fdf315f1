/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What the paths share: system calls that are repeated until all is done.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include "paths_priv.h"

const struct pw_sys pw_sys_real = {
	.read = read,
	.write = write,
	.send = send,
	.sendfile = sendfile,
	.splice = splice,
	.recvmsg = recvmsg,
	.poll = poll,
};

int
path_file_open(struct pw_path_run *run, struct path_file *f)
{
	struct stat st;

	run->count.calls += 2;
	f->fd = open(run->file, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return -errno;
	if (fstat(f->fd, &st) != 0)
		return -errno;
	f->size = (uint64_t)st.st_size;
	return 0;
}

void
path_file_close(struct pw_path_run *run, const struct path_file *f)
{
	if (f->fd < 0)
		return;
	run->count.calls++;
	close(f->fd);
}

int
path_again(struct pw_path_run *run)
{
	struct pollfd p = {.fd = run->sock, .events = POLLOUT};

	if (errno == EINTR)
		return 0;
	if (errno != EAGAIN)
		return -errno;
	return SYS(run, poll, &p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

ssize_t
path_read(struct pw_path_run *run, int fd, void *to, size_t n)
{
	ssize_t got;

	do {
		got = SYS(run, read, fd, to, n);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	run->count.read_bytes += (uint64_t)got;
	return got;
}

int
path_write_all(struct pw_path_run *run, const void *from, size_t n)
{
	const char *p = from;
	ssize_t sent;
	int rc;

	while (n > 0) {
		sent = SYS(run, write, run->sock, p, n);
		if (sent < 0) {
			rc = path_again(run);
			if (rc != 0)
				return rc;
			continue;
		}
		run->count.bytes += (uint64_t)sent;
		p += sent;
		n -= (size_t)sent;
	}
	return 0;
}

void *
path_map(struct pw_path_run *run, const struct path_file *f)
{
	void *map;

	if (f->size == 0)
		return NULL;
	run->count.calls += 2;
	map = mmap(NULL, f->size, PROT_READ, MAP_SHARED, f->fd, 0);
	if (map == MAP_FAILED)
		return NULL;
	madvise(map, f->size, MADV_SEQUENTIAL);
	return map;
}

void
path_unmap(struct pw_path_run *run, void *map, const struct path_file *f)
{
	if (map == NULL)
		return;
	run->count.calls++;
	munmap(map, f->size);
}

void *
path_buffer(size_t bytes)
{
	return aligned_alloc(4096, bytes);
}
