/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The files that are sent: one a size, in files/SIZE/file (pagewire serves
 * directories), filled with what does not compress.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xxhash.h>
#include "pw_rand.h"
#include "survey.h"

#define PIECE (1u << 20)

const char *
size_text(char buf[24], uint64_t size)
{
	static const char units[] = "KMG";
	int i;

	for (i = 0; i < 3 && size >= 1024 && size % 1024 == 0; i++)
		size /= 1024;
	snprintf(buf, 24, "%" PRIu64 "%.*s", size, i > 0, i > 0 ? &units[i - 1] : "");
	return buf;
}

static void
directory_name(const struct survey *s, uint32_t size, char name[TEXT_MAX])
{
	char text[24];

	snprintf(name, TEXT_MAX, "%.150s/files/%s", s->here, size_text(text, s->cfg.sizes[size]));
}

void
content_name(const struct survey *s, uint32_t size, char name[TEXT_MAX])
{
	directory_name(s, size, name);
	strcat(name, "/file");
}

static int
write_all(int fd, const uint64_t *from, size_t n)
{
	const char *p = (const char *)from;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* On disk at its end: what is dirty does not leave the page cache. */
static int
fill(int fd, uint64_t size, uint64_t *hash)
{
	XXH3_state_t *state = XXH3_createState();
	uint64_t *piece = malloc(PIECE);
	struct pw_rand rnd;
	uint64_t left;
	size_t i, n;
	int rc = state == NULL || piece == NULL ? -ENOMEM : 0;

	pw_rand_init(&rnd, size);
	if (rc == 0)
		XXH3_64bits_reset(state);
	for (left = size; left > 0 && rc == 0; left -= n) {
		n = pw_min(left, PIECE);
		for (i = 0; i < PIECE / sizeof(*piece); i++)
			piece[i] = pw_rand_u64(&rnd);
		XXH3_64bits_update(state, piece, n);
		rc = write_all(fd, piece, n);
	}
	if (rc == 0 && fsync(fd) != 0)
		rc = -errno;
	*hash = state != NULL ? XXH3_64bits_digest(state) : 0;
	XXH3_freeState(state);
	free(piece);
	return rc;
}

static int
make_file(struct survey *s, uint32_t size)
{
	char name[TEXT_MAX];
	int fd;
	int rc;

	directory_name(s, size, name);
	if (mkdir(name, 0755) != 0)
		return -errno;
	content_name(s, size, name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	rc = fill(fd, s->cfg.sizes[size], &s->hash[size]);
	close(fd);
	return rc;
}

int
content_make(struct survey *s)
{
	const char *dir = s->cfg.dir != NULL ? s->cfg.dir : "/var/tmp";
	char files[TEXT_MAX];
	uint32_t i;
	int rc = 0;

	snprintf(s->here, sizeof(s->here), "%.120s/pagewire-paths.XXXXXX", dir);
	if (mkdtemp(s->here) == NULL) {
		COMPLAIN("--dir '%s' cannot have files: %s", dir, strerror(errno));
		s->here[0] = '\0';
		return STATUS_USAGE;
	}
	snprintf(files, sizeof(files), "%.150s/files", s->here);
	if (mkdir(files, 0755) != 0)
		rc = -errno;
	for (i = 0; i < s->cfg.n_sizes && rc == 0; i++)
		rc = make_file(s, i);
	if (rc == 0)
		return STATUS_OK;
	COMPLAIN("--dir '%s' cannot have a file of %" PRIu64 " bytes: %s", dir,
		s->cfg.sizes[i > 0 ? i - 1 : 0], strerror(-rc));
	return STATUS_FAILED;
}

void
content_remove(struct survey *s)
{
	char name[TEXT_MAX];
	uint32_t i;

	if (s->here[0] == '\0')
		return;
	for (i = 0; i < s->cfg.n_sizes; i++) {
		content_name(s, i, name);
		unlink(name);
		directory_name(s, i, name);
		rmdir(name);
	}
	snprintf(name, sizeof(name), "%.150s/files", s->here);
	rmdir(name);
	rmdir(s->here);
}

int
content_drop(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	rc = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	return -rc;
}

int
content_warm(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	char *piece = malloc(PIECE);
	ssize_t n = piece == NULL ? -1 : 1;

	while (fd >= 0 && n > 0)
		n = read(fd, piece, PIECE);
	free(piece);
	if (fd >= 0)
		close(fd);
	return fd < 0 || n < 0 ? -EIO : 0;
}

double
content_cached(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat st = {0};
	unsigned char *in = NULL;
	size_t n = 0, cached = 0, i;
	void *map = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED) {
		n = ((size_t)st.st_size + 4095) / 4096;
		in = calloc(n, 1);
		if (in != NULL && mincore(map, (size_t)st.st_size, in) == 0)
			for (i = 0; i < n; i++)
				cached += in[i] & 1;
		munmap(map, (size_t)st.st_size);
	}
	free(in);
	if (fd >= 0)
		close(fd);
	return n == 0 ? 0 : (double)cached / (double)n;
}
