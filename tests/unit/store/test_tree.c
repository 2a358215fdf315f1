/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <CUnit/CUnit.h>
#include "pw_rand.h"
#include "pw_tree.h"
#include "temp.h"

#define SEED UINT64_C(0x7233)

static struct pw_tree *tree;

static void
setup(void)
{
	temp_open(NULL);
	tree = NULL;
}

static void
teardown(void)
{
	pw_tree_free(tree);
	temp_close();
}

static void
scan(void)
{
	pw_tree_free(tree);
	tree = pw_tree_scan(temp_path(""));
	CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
}

static const struct pw_node *
find(const char *path)
{
	uint32_t i;

	for (i = 0; i < tree->n_nodes; i++)
		if (strcmp(tree->nodes[i].path, path) == 0)
			return &tree->nodes[i];
	return NULL;
}

static bool
has_file(const char *path, pw_off size)
{
	const struct pw_node *n = find(path);

	return n != NULL && n->kind == PW_NODE_FILE && n->size == size;
}

static bool
has_dir(const char *path)
{
	const struct pw_node *n = find(path);

	return n != NULL && n->kind == PW_NODE_DIR;
}

/* All that a caller may rely on, whatever is on disk. */
static void
check_tree(void)
{
	pw_off bytes = 0;
	uint32_t i, n_files = 0;

	CU_ASSERT_FATAL(tree->n_nodes > 0);
	CU_ASSERT_STRING_EQUAL(tree->nodes[0].path, "");
	CU_ASSERT_EQUAL(tree->nodes[0].kind, PW_NODE_DIR);
	CU_ASSERT_EQUAL(tree->root[0], '/');
	for (i = 0; i < tree->n_nodes; i++) {
		const struct pw_node *n = &tree->nodes[i];

		CU_ASSERT_EQUAL(n->path_len, strlen(n->path));
		CU_ASSERT(i == 0 || strcmp(n[-1].path, n->path) < 0);
		n_files += n->kind == PW_NODE_FILE;
		bytes += n->size;
	}
	CU_ASSERT_EQUAL(tree->n_files, n_files);
	CU_ASSERT_EQUAL(tree->file_bytes, bytes);
}

static void
empty_directory_is_one_node(void)
{
	scan();
	check_tree();
	CU_ASSERT_EQUAL(tree->n_nodes, 1);
}

static void
nested_files_and_directories(void)
{
	struct stat sb;

	temp_dir("a");
	temp_dir("a/b");
	temp_dir("empty");
	temp_file("top", "1", 1);
	temp_file(".hidden", "22", 2);
	temp_file("a/b/deep", "", 0);
	scan();
	check_tree();
	CU_ASSERT_EQUAL(tree->n_nodes, 7);
	CU_ASSERT(has_dir("a") && has_dir("a/b") && has_dir("empty"));
	CU_ASSERT(has_file("top", 1) && has_file(".hidden", 2) && has_file("a/b/deep", 0));
	CU_ASSERT_EQUAL(stat(temp_path("top"), &sb), 0);
	CU_ASSERT_EQUAL(find("top")->mtime_s, sb.st_mtime);
}

/* '-' and '.' come before '/', which comes before letters; 0xff comes last. */
static void
sorted_bytewise(void)
{
	static const char *const want[] = {
		"", "a", "a-b", "a.txt", "a/x", "a0", "ab", "b", "\xc3\xa4", "\xff"};
	uint32_t i;

	temp_dir("a");
	temp_file("a/x", "", 0);
	for (i = 2; i < RTE_DIM(want); i++)
		if (strchr(want[i], '/') == NULL)
			temp_file(want[i], "", 0);
	scan();
	CU_ASSERT_EQUAL_FATAL(tree->n_nodes, RTE_DIM(want));
	for (i = 0; i < tree->n_nodes; i++)
		CU_ASSERT_STRING_EQUAL(tree->nodes[i].path, want[i]);
}

static void
strange_names(void)
{
	char longest[256];

	memset(longest, 'x', 255);
	longest[255] = '\0';
	temp_file("a b", "1", 1);
	temp_file("new\nline", "1", 1);
	temp_file("\xff\xfe\x01", "1", 1);
	temp_file("%2e%2e", "1", 1);
	temp_file("..,", "1", 1);
	temp_file("...", "1", 1);
	temp_file(longest, "1", 1);
	scan();
	check_tree();
	CU_ASSERT_EQUAL(tree->n_files, 7);
	CU_ASSERT(has_file("new\nline", 1) && has_file("\xff\xfe\x01", 1) && has_file("...", 1));
	CU_ASSERT(has_file(longest, 1));
}

/* A million bad links do not make a million lines; what is in a name does not reach a terminal. */
static void
log_is_bounded_and_clean(void)
{
	const char *line;
	uint32_t i, n = 0;
	char name[32];

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "\033[2J\n%u", i);
		temp_link(name, "nowhere");
	}
	scan();
	CU_ASSERT_EQUAL(tree->n_links_out, 100);
	CU_ASSERT_PTR_NULL(strchr(temp_log(), '\033'));
	for (line = temp_log(); (line = strchr(line, '\n')) != NULL; line++)
		n++;
	CU_ASSERT_EQUAL(n, 20);
}

static void
links_inside_are_followed(void)
{
	temp_dir("d");
	temp_dir("d/sub");
	temp_file("d/sub/f", "123", 3);
	temp_link("to-file", "d/sub/f");
	temp_link("to-dir", "d");
	temp_link("d/up", "../d/sub/f");
	temp_link("twice", "to-file");
	scan();
	check_tree();
	CU_ASSERT(has_file("to-file", 3) && has_file("twice", 3) && has_file("d/up", 3));
	CU_ASSERT(has_dir("to-dir/sub") && has_file("to-dir/sub/f", 3) && has_file("to-dir/up", 3));
	CU_ASSERT_EQUAL(tree->n_links_out, 0);
}

/* An absolute target, and one that climbs above the root and comes back. */
static void
links_inside_by_way_of_outside(void)
{
	char back[2 * PATH_MAX];

	temp_dir("d");
	temp_file("d/f", "123", 3);
	temp_link("abs", temp_path("d/f"));
	temp_link("abs-dir", temp_path("d"));
	snprintf(back, sizeof(back), "..%s/d/f", strrchr(temp_path(""), '/'));
	temp_link("back", back);
	scan();
	check_tree();
	CU_ASSERT(has_file("abs", 3) && has_file("abs-dir/f", 3) && has_file("back", 3));
	CU_ASSERT_EQUAL(tree->n_links_out, 0);
}

static void
links_outside_are_left_out(void)
{
	char sibling[2 * PATH_MAX];

	temp_dir("d");
	temp_link("passwd", "/etc/passwd");
	temp_link("etc", "/etc");
	temp_link("root", "/");
	temp_link("parent", "..");
	temp_link("d/climb", "../../../../../etc/passwd");
	snprintf(sibling, sizeof(sibling), "%s-sibling", temp_path(""));
	temp_link("prefix", sibling); /* begins like the root's path but is not below it */
	temp_dir("sibling");
	CU_ASSERT_EQUAL_FATAL(mkdir(sibling, 0755), 0);
	scan();
	CU_ASSERT_EQUAL(rmdir(sibling), 0);
	check_tree();
	CU_ASSERT_EQUAL(tree->n_nodes, 3);
	CU_ASSERT_EQUAL(tree->n_links_out, 6);
	CU_ASSERT_PTR_NOT_NULL(strstr(temp_log(), "d/climb: left out: "));
}

static void
dangling_links_are_left_out(void)
{
	temp_link("nowhere", "not-there");
	temp_link("self", "self");
	temp_link("a", "b");
	temp_link("b", "a");
	scan();
	check_tree();
	CU_ASSERT_EQUAL(tree->n_nodes, 1);
	CU_ASSERT_EQUAL(tree->n_links_out, 4);
}

static void
circles_end(void)
{
	temp_dir("a");
	temp_dir("a/b");
	temp_file("a/f", "", 0);
	temp_link("a/b/up", "..");
	temp_link("a/b/top", "../..");
	temp_link("here", ".");
	scan();
	check_tree();
	CU_ASSERT_EQUAL(tree->n_nodes, 4);
	CU_ASSERT_EQUAL(tree->n_links_out, 3);
}

/* a/to-b/to-a is a circle, but a/to-b and b/to-a are not. */
static void
directories_that_link_to_each_other(void)
{
	temp_dir("a");
	temp_dir("b");
	temp_link("a/to-b", "../b");
	temp_link("b/to-a", "../a");
	temp_file("a/f", "", 0);
	scan();
	check_tree();
	CU_ASSERT(has_file("a/f", 0) && has_file("b/to-a/f", 0));
	CU_ASSERT_PTR_NULL(find("a/to-b/to-a"));
	CU_ASSERT_EQUAL(tree->n_links_out, 2);
}

static void
special_files_are_left_out(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", temp_path("socket"));
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	CU_ASSERT_EQUAL(mkfifo(temp_path("fifo"), 0644), 0);
	temp_link("to-fifo", "fifo");
	temp_file("file", "1", 1);
	scan();
	close(fd);
	check_tree();
	CU_ASSERT_EQUAL(tree->n_nodes, 2);
	CU_ASSERT_EQUAL(tree->n_special, 3);
}

static void
unreadable_is_left_out(void)
{
	temp_dir("closed");
	temp_dir("unlisted");
	temp_file("secret", "1", 1);
	temp_file("open", "1", 1);
	temp_link("to-secret", "secret");
	CU_ASSERT_EQUAL(chmod(temp_path("closed"), 0), 0);
	CU_ASSERT_EQUAL(chmod(temp_path("unlisted"), 0311), 0);
	CU_ASSERT_EQUAL(chmod(temp_path("secret"), 0), 0);
	temp_drop_root();
	scan();
	temp_take_root();
	CU_ASSERT_EQUAL(chmod(temp_path("closed"), 0755), 0); /* to be removed */
	CU_ASSERT_EQUAL(chmod(temp_path("unlisted"), 0755), 0);
	check_tree();
	CU_ASSERT_EQUAL(tree->n_nodes, 2);
	CU_ASSERT_EQUAL(tree->n_unreadable, 4);
}

static void
root_must_be_a_directory(void)
{
	temp_file("file", "1", 1);
	errno = 0;
	CU_ASSERT_PTR_NULL(pw_tree_scan(temp_path("file")));
	CU_ASSERT_EQUAL(errno, ENOTDIR);
	CU_ASSERT_PTR_NULL(pw_tree_scan(temp_path("none")));
	CU_ASSERT_EQUAL(errno, ENOENT);
	temp_dir("closed");
	CU_ASSERT_EQUAL(chmod(temp_path("closed"), 0), 0);
	temp_drop_root();
	CU_ASSERT_PTR_NULL(pw_tree_scan(temp_path("closed")));
	CU_ASSERT_EQUAL(errno, EACCES);
	temp_take_root();
}

/* Directories so deep that their path is more than a path may be. */
static void
too_deep_is_left_out(void)
{
	char name[201];
	int i, at, fd = open(temp_path(""), O_RDONLY | O_DIRECTORY);

	memset(name, 'd', 200);
	name[200] = '\0';
	for (i = 0; i < 25; i++) {
		CU_ASSERT_EQUAL(mkdirat(fd, name, 0755), 0);
		at = openat(fd, name, O_RDONLY | O_DIRECTORY);
		close(fd);
		fd = at;
	}
	scan();
	check_tree();
	CU_ASSERT_EQUAL(tree->n_nodes, 1 + (PATH_MAX - 1) / 201);
	CU_ASSERT_EQUAL(tree->n_unreadable, 1);
	/* nftw() cannot reach it either: shorten it from the top. */
	for (i = 24; i > 0; i--) {
		at = openat(fd, "..", O_RDONLY | O_DIRECTORY);
		CU_ASSERT_EQUAL(unlinkat(at, name, AT_REMOVEDIR), 0);
		close(fd);
		fd = at;
	}
	close(fd);
}

static bool
read_node(const char *path, const char *want)
{
	const struct pw_node *n = find(path);
	char got[16] = "";
	int fd = n == NULL ? -1 : pw_tree_open(tree, (uint32_t)(n - tree->nodes), 0);
	ssize_t len = fd < 0 ? -1 : read(fd, got, sizeof(got));

	if (fd >= 0)
		close(fd);
	return len == (ssize_t)strlen(want) && memcmp(got, want, (size_t)len) == 0;
}

static void
nodes_can_be_opened(void)
{
	temp_dir("d");
	temp_file("d/f", "body", 4);
	temp_link("link", "d/f");
	temp_link("abs", temp_path("d/f"));
	temp_link("abs-dir", temp_path("d"));
	scan();
	CU_ASSERT(read_node("d/f", "body"));
	CU_ASSERT(read_node("link", "body"));
	CU_ASSERT(read_node("abs", "body"));
	CU_ASSERT(read_node("abs-dir/f", "body"));
}

static void
open_never_leaves_the_root(void)
{
	temp_dir("d");
	temp_file("d/passwd", "ours", 4);
	temp_file("f", "ours", 4);
	scan();
	CU_ASSERT_EQUAL(unlink(temp_path("f")), 0);
	temp_link("f", "/etc/passwd");
	CU_ASSERT_EQUAL(unlink(temp_path("d/passwd")), 0);
	CU_ASSERT_EQUAL(rmdir(temp_path("d")), 0);
	temp_link("d", "/etc");
	CU_ASSERT_EQUAL(pw_tree_open(tree, (uint32_t)(find("f") - tree->nodes), 0), -EXDEV);
	CU_ASSERT_EQUAL(pw_tree_open(tree, (uint32_t)(find("d/passwd") - tree->nodes), 0), -EXDEV);
}

static bool
scan_without_openat2(void)
{
	return temp_deny(SYS_openat2, -1, 0, ENOSYS) && (tree = pw_tree_scan(temp_path(""))) &&
	       has_file("in", 4) && has_file("abs", 4) && has_dir("d") && !find("out") &&
	       !find("etc") && tree->n_links_out == 3 && read_node("in", "body");
}

static void
works_without_openat2(void)
{
	temp_dir("d");
	temp_file("d/f", "body", 4);
	temp_link("in", "d/f");
	temp_link("abs", temp_path("d/f"));
	temp_link("out", "/etc/passwd");
	temp_link("etc", "/etc");
	temp_link("d/circle", "..");
	CU_ASSERT(temp_in_child(scan_without_openat2));
}

/* More paths than one chunk of the string pool holds, in an order that is not theirs. */
static void
many_files(void)
{
	struct pw_rand rand;
	char name[256];
	uint32_t i;

	printf(" seed %#lx ", SEED);
	pw_rand_init(&rand, SEED);
	temp_dir("d");
	temp_file("file", "1234567", 7);
	for (i = 0; i < 6000; i++) {
		size_t pad = 150 + pw_rand_below(&rand, 80);

		memset(name, 'x', sizeof(name));
		memcpy(name, "d/", 2);
		snprintf(name + 2 + pad, 16, "%u", i);
		CU_ASSERT_EQUAL(link(temp_path("file"), temp_path(name)), 0);
	}
	scan();
	check_tree();
	CU_ASSERT_EQUAL(tree->n_files, 6001);
	CU_ASSERT_EQUAL(tree->file_bytes, 6001 * 7);
}

static CU_TestInfo tests[] = {
	{"empty_directory_is_one_node", empty_directory_is_one_node},
	{"nested_files_and_directories", nested_files_and_directories},
	{"sorted_bytewise", sorted_bytewise},
	{"strange_names", strange_names},
	{"log_is_bounded_and_clean", log_is_bounded_and_clean},
	{"links_inside_are_followed", links_inside_are_followed},
	{"links_inside_by_way_of_outside", links_inside_by_way_of_outside},
	{"links_outside_are_left_out", links_outside_are_left_out},
	{"dangling_links_are_left_out", dangling_links_are_left_out},
	{"circles_end", circles_end},
	{"directories_that_link_to_each_other", directories_that_link_to_each_other},
	{"special_files_are_left_out", special_files_are_left_out},
	{"unreadable_is_left_out", unreadable_is_left_out},
	{"root_must_be_a_directory", root_must_be_a_directory},
	{"too_deep_is_left_out", too_deep_is_left_out},
	{"nodes_can_be_opened", nodes_can_be_opened},
	{"open_never_leaves_the_root", open_never_leaves_the_root},
	{"works_without_openat2", works_without_openat2},
	{"many_files", many_files},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_store_tree = {
	.pName = "store_tree", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
