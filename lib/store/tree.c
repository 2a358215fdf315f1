/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Directories are read one after the other from a queue, each opened by its path
 * from the root: one descriptor and no recursion, however deep the tree is.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "pw_tree.h"
#include "store_priv.h"

#define CHUNK_BYTES (1u << 20) /* of the pool of path strings */
#define LOGGED_MAX  20	       /* entries left out that are logged one by one */
#define OPEN_TRIES  16

struct chunk {
	struct chunk *next;
	char bytes[CHUNK_BYTES - sizeof(struct chunk *)];
};

struct tree {
	struct pw_tree pub;
	char *root;
	struct chunk *chunks;
	size_t chunk_left;
};

/* A directory that was found: waits to be read, then serves to find circles. */
struct dir {
	const char *path;
	uint32_t path_len;
	uint32_t parent; /* its place in the queue */
	dev_t dev;
	ino_t ino;
};

struct scan {
	struct tree *tree;
	struct dir *dirs;
	uint32_t n_dirs;
	uint32_t dirs_cap;
	uint32_t nodes_cap;
};

/* The entry at hand: where it was found and its path from the root. */
struct entry {
	uint32_t dir;
	uint32_t len;
	char path[PATH_MAX];
};

/* openat2(2), which may ask to be called again when a rename came between. */
static int
try_open(int root_fd, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int i, fd = -1;

	for (i = 0; i < OPEN_TRIES; i++) {
		fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

static bool
no_openat2(void)
{
	return errno == ENOSYS || errno == EPERM; /* EPERM: a container's filter */
}

/* Open @p path by where it really leads to, if that is below the root. */
static int
open_real(const struct pw_tree *t, const char *path, int flags)
{
	size_t root_len = t->root[1] == '\0' ? 0 : strlen(t->root);
	char full[PATH_MAX], real[PATH_MAX];
	const char *below = real + root_len;
	int fd;

	if (snprintf(full, sizeof(full), "%s/%s", t->root, path) >= (int)sizeof(full)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (realpath(full, real) == NULL)
		return -1;
	if (strncmp(real, t->root, root_len) != 0 || (*below != '/' && *below != '\0')) {
		errno = EXDEV;
		return -1;
	}
	below = below[0] == '\0' || below[1] == '\0' ? "." : below + 1;
	fd = try_open(t->root_fd, below, (uint64_t)flags);
	if (fd < 0 && no_openat2())
		fd = openat(t->root_fd, below, flags | O_NOFOLLOW | O_CLOEXEC);
	return fd;
}

/*
 * Open what is at @p path below the root. A link may be absolute, or climb above
 * the root, and still end inside: openat2() refuses it by EXDEV, but not where
 * it ends.
 */
static int
open_below(const struct pw_tree *t, const char *path, int flags)
{
	int fd = try_open(t->root_fd, path[0] != '\0' ? path : ".", (uint64_t)flags);

	if (fd < 0 && (errno == EXDEV || no_openat2()))
		fd = open_real(t, path, flags);
	return fd;
}

int
pw_tree_open(const struct pw_tree *tree, uint32_t node, int flags)
{
	int fd = open_below(tree, tree->nodes[node].path, O_RDONLY | flags);

	return fd >= 0 ? fd : -errno;
}

/* Keep a path. NULL: no memory. */
static const char *
intern(struct tree *t, const char *path, uint32_t len)
{
	struct chunk *c = t->chunks;
	char *to;

	if (t->chunk_left < len + 1u) {
		c = malloc(sizeof(*c));
		if (c == NULL)
			return NULL;
		c->next = t->chunks;
		t->chunks = c;
		t->chunk_left = sizeof(c->bytes);
	}
	to = c->bytes + sizeof(c->bytes) - t->chunk_left;
	memcpy(to, path, len + 1u);
	t->chunk_left -= len + 1u;
	return to;
}

/* Count an entry that is left out. The first ones are worth a look, a million are not. */
static void
leave_out(const struct scan *s, uint32_t *count, const char *path, const char *why)
{
	const struct pw_tree *t = &s->tree->pub;
	char shown[STORE_SHOW_MAX];

	++*count;
	if (t->n_links_out + t->n_special + t->n_unreadable <= LOGGED_MAX)
		STORE_LOG(WARNING, "%s: left out: %s", store_show(path, shown), why);
	else
		STORE_LOG(DEBUG, "%s: left out: %s", store_show(path, shown), why);
}

/* An entry could not be opened: 0 to go on without it, or -errno. */
static int
cannot_open(struct scan *s, const char *path, bool is_link)
{
	struct pw_tree *t = &s->tree->pub;

	switch (errno) {
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return -errno;
	case EXDEV:
		leave_out(s, &t->n_links_out, path, "a link that leads out of the root");
		return 0;
	case ELOOP:
		leave_out(s, &t->n_links_out, path, "too many links lead there");
		return 0;
	case ENOENT:
	case ENOTDIR:
		if (is_link)
			leave_out(s, &t->n_links_out, path, "a link that leads nowhere");
		return 0; /* else: removed since the directory was read */
	default:
		leave_out(s, &t->n_unreadable, path, strerror(errno));
		return 0;
	}
}

static int
add_node(struct scan *s, const char *path, uint32_t len, const struct stat *sb)
{
	struct pw_tree *t = &s->tree->pub;
	struct pw_node *node;

	if (t->n_nodes == UINT32_MAX - 1)
		return -E2BIG;
	if (!STORE_GROW(t->nodes, &s->nodes_cap, t->n_nodes + 1ull))
		return -ENOMEM;
	node = &t->nodes[t->n_nodes++];
	*node = (struct pw_node){.path = path, .path_len = len, .mtime_s = sb->st_mtime};
	if (S_ISDIR(sb->st_mode)) {
		node->kind = PW_NODE_DIR;
		return 0;
	}
	node->kind = PW_NODE_FILE;
	node->size = (pw_off)sb->st_size;
	t->n_files++;
	t->file_bytes += node->size;
	return 0;
}

static int
add_dir(struct scan *s, const struct entry *e)
{
	struct dir *d;

	if (!STORE_GROW(s->dirs, &s->dirs_cap, s->n_dirs + 1ull))
		return -ENOMEM;
	d = &s->dirs[s->n_dirs];
	*d = (struct dir){.path_len = e->len, .parent = e->dir};
	d->path = intern(s->tree, e->path, e->len);
	if (d->path == NULL)
		return -ENOMEM;
	s->n_dirs++;
	return 0;
}

/* A file, or what else is not a directory; @p readable says whether it may be read. */
static int
add_file(struct scan *s, const struct entry *e, const struct stat *sb, bool readable)
{
	struct pw_tree *t = &s->tree->pub;
	const char *path;

	if (!S_ISREG(sb->st_mode)) {
		leave_out(s, &t->n_special, e->path, "neither a file nor a directory");
		return 0;
	}
	if (!readable) {
		leave_out(s, &t->n_unreadable, e->path, strerror(EACCES));
		return 0;
	}
	path = intern(s->tree, e->path, e->len);
	return path != NULL ? add_node(s, path, e->len, sb) : -ENOMEM;
}

static int
scan_link(struct scan *s, const struct entry *e)
{
	int fd = open_below(&s->tree->pub, e->path, O_PATH);
	struct stat sb;
	int rc;

	if (fd < 0)
		return cannot_open(s, e->path, true);
	if (fstat(fd, &sb) < 0)
		rc = cannot_open(s, e->path, true);
	else if (S_ISDIR(sb.st_mode))
		rc = add_dir(s, e);
	else
		rc = add_file(s, e, &sb, faccessat(fd, "", R_OK, AT_EACCESS | AT_EMPTY_PATH) == 0);
	close(fd);
	return rc;
}

static int
scan_entry(struct scan *s, struct entry *e, int dir_fd, const struct dirent *de)
{
	struct stat sb;

	if (de->d_type == DT_DIR)
		return add_dir(s, e);
	if (fstatat(dir_fd, de->d_name, &sb, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot_open(s, e->path, false);
	if (S_ISDIR(sb.st_mode))
		return add_dir(s, e);
	if (S_ISLNK(sb.st_mode))
		return scan_link(s, e);
	return add_file(s, e, &sb, faccessat(dir_fd, de->d_name, R_OK, AT_EACCESS) == 0);
}

/* Append @p name to the directory's path in @p e. */
static bool
join(struct entry *e, uint32_t dir_len, const char *name)
{
	size_t len = strlen(name);
	uint32_t at = dir_len;

	if (dir_len + 1 + len >= sizeof(e->path))
		return false;
	if (dir_len > 0)
		e->path[at++] = '/';
	memcpy(e->path + at, name, len + 1);
	e->len = at + (uint32_t)len;
	return true;
}

static bool
is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static int
scan_entries(struct scan *s, uint32_t dir, DIR *stream)
{
	uint32_t dir_len = s->dirs[dir].path_len;
	struct entry e = {.dir = dir};
	struct dirent *de;
	int rc = 0;

	memcpy(e.path, s->dirs[dir].path, dir_len + 1);
	while (rc == 0 && (errno = 0, de = readdir(stream)) != NULL) {
		if (is_dots(de->d_name))
			continue;
		e.path[dir_len] = '\0';
		if (join(&e, dir_len, de->d_name))
			rc = scan_entry(s, &e, dirfd(stream), de);
		else
			leave_out(s, &s->tree->pub.n_unreadable, e.path,
				"something in it has too long a path");
	}
	if (rc == 0 && errno != 0)
		rc = cannot_open(s, s->dirs[dir].path, false);
	return rc;
}

/* Whether @p dir is also one of those that lead to it. */
static bool
is_circle(const struct scan *s, uint32_t dir)
{
	const struct dir *d = &s->dirs[dir];
	uint32_t up = dir;

	while (up != 0) {
		up = s->dirs[up].parent;
		if (s->dirs[up].ino == d->ino && s->dirs[up].dev == d->dev)
			return true;
	}
	return false;
}

static int
scan_dir(struct scan *s, uint32_t dir)
{
	struct dir *d = &s->dirs[dir];
	int fd = open_below(&s->tree->pub, d->path, O_RDONLY | O_DIRECTORY);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	struct stat sb;
	int rc;

	if (stream == NULL || fstat(fd, &sb) < 0) {
		rc = cannot_open(s, d->path, false);
		goto out;
	}
	d->dev = sb.st_dev;
	d->ino = sb.st_ino;
	if (is_circle(s, dir)) {
		leave_out(s, &s->tree->pub.n_links_out, d->path, "a link that leads in a circle");
		rc = 0;
		goto out;
	}
	rc = add_node(s, d->path, d->path_len, &sb);
	if (rc == 0)
		rc = scan_entries(s, dir, stream);
out:
	if (stream != NULL)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	return rc;
}

static int
scan_all(struct scan *s)
{
	struct entry root = {.dir = 0};
	uint32_t i;
	int rc = add_dir(s, &root);

	for (i = 0; rc == 0 && i < s->n_dirs; i++)
		rc = scan_dir(s, i);
	free(s->dirs);
	return rc == 0 && s->tree->pub.n_nodes == 0 ? -ENOENT : rc;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct pw_node *)a)->path, ((const struct pw_node *)b)->path);
}

static int
open_root(struct tree *t, const char *root)
{
	t->root = realpath(root, NULL);
	if (t->root == NULL)
		return -errno;
	t->pub.root = t->root;
	t->pub.root_fd = open(t->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return t->pub.root_fd >= 0 ? 0 : -errno;
}

struct pw_tree *
pw_tree_scan(const char *root)
{
	struct scan s = {.tree = calloc(1, sizeof(*s.tree))};
	struct pw_tree *t;
	int rc;

	if (s.tree == NULL)
		return NULL;
	t = &s.tree->pub;
	t->root_fd = -1;
	rc = open_root(s.tree, root);
	if (rc == 0)
		rc = scan_all(&s);
	if (rc < 0) {
		pw_tree_free(t);
		errno = -rc;
		return NULL;
	}
	qsort(t->nodes, t->n_nodes, sizeof(*t->nodes), by_path);
	return t;
}

void
pw_tree_free(struct pw_tree *tree)
{
	struct tree *t = pw_container_of(tree, struct tree, pub);
	struct chunk *c, *next;

	if (tree == NULL)
		return;
	for (c = t->chunks; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	if (tree->root_fd >= 0)
		close(tree->root_fd);
	free(tree->nodes);
	free(t->root);
	free(t);
}
