/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Every setting, and the ways there are.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "survey.h"

#define SIZE_MOST (UINT64_C(16) << 30)

const char *const place_names[] = {"loopback", "veth", "tap", "vhost-user", NULL};
const char *const cache_names[] = {"warm", "cold", NULL};

struct way ways[WAYS_MAX];
uint32_t n_ways;

static void
make_ways(void)
{
	for (n_ways = 0; pw_paths[n_ways] != NULL; n_ways++)
		ways[n_ways] = (struct way){
			.name = pw_paths[n_ways]->name,
			.how = pw_paths[n_ways]->how,
			.buffers = pw_paths[n_ways]->buffers,
			.copies = pw_paths[n_ways]->copies,
			.path = pw_paths[n_ways],
		};
	ways[n_ways++] = (struct way){
		.name = "pagewire-tap",
		.how = "pagewire on net_tap, MTU 1500, the kernel's TCP receives",
		.buffers = "hugepage -copy by the driver-> frame buffer -> the TAP's other end",
		.copies = 1,
		.place = PLACE_TAP,
	};
	ways[n_ways++] = (struct way){
		.name = "pagewire-vhost",
		.how = "pagewire on net_virtio_user with TSO, pagewire-load on net_vhost receives",
		.buffers =
			"hugepage -> device (the peer's copy, in its process, stands for the DMA)",
		.copies = 0,
		.place = PLACE_VHOST,
	};
	PW_ASSERT(n_ways <= WAYS_MAX);
}

/* Call @one for each word between commas. @return NULL, or what is wrong */
static const char *
each_word(struct settings *s, const char *text,
	const char *(*one)(struct settings *s, const char *word))
{
	char buf[512];
	const char *wrong = NULL;
	char *rest = buf;
	char *word;

	if (strlen(text) >= sizeof(buf))
		return "is too long";
	strcpy(buf, text);
	while (wrong == NULL && (word = strsep(&rest, ",")) != NULL)
		wrong = one(s, word);
	return wrong;
}

static const char *
add_size(struct settings *s, const char *word)
{
	static const struct pw_option o = {.min = 1, .max = SIZE_MOST};
	const char *wrong;

	if (s->n_sizes == SIZES_MAX)
		return "has too many sizes";
	wrong = pw_option_size(&s->sizes[s->n_sizes], &o, word);
	if (wrong != NULL)
		return wrong;
	if (s->n_sizes > 0 && s->sizes[s->n_sizes] <= s->sizes[s->n_sizes - 1])
		return "does not rise";
	s->n_sizes++;
	return NULL;
}

static const char *
read_sizes(void *ctx, const struct pw_option *o, const char *text)
{
	struct settings *s = ctx;

	s->n_sizes = 0;
	return each_word(s, text, add_size);
}

static const char *
add_way(struct settings *s, const char *word)
{
	uint32_t i;

	for (i = 0; i < n_ways; i++)
		if (strcmp(ways[i].name, word) == 0)
			break;
	if (i == n_ways)
		return "names a path that nobody knows";
	s->ways |= 1u << i;
	return NULL;
}

static const char *
read_ways(void *ctx, const struct pw_option *o, const char *text)
{
	struct settings *s = ctx;

	s->ways = 0;
	return each_word(s, text, add_way);
}

static const char *
add_place(struct settings *s, const char *word)
{
	uint32_t i;

	for (i = 0; i <= PLACE_VETH; i++)
		if (strcmp(place_names[i], word) == 0)
			break;
	if (i > PLACE_VETH)
		return "names a link that nobody knows";
	s->places |= 1u << i;
	return NULL;
}

static const char *
read_places(void *ctx, const struct pw_option *o, const char *text)
{
	struct settings *s = ctx;

	s->places = 0;
	return each_word(s, text, add_place);
}

static const char *
add_cache(struct settings *s, const char *word)
{
	uint32_t i;

	for (i = 0; i < CACHE_MAX; i++)
		if (strcmp(cache_names[i], word) == 0)
			break;
	if (i == CACHE_MAX)
		return "names a state that nobody knows";
	s->caches |= 1u << i;
	return NULL;
}

static const char *
read_caches(void *ctx, const struct pw_option *o, const char *text)
{
	struct settings *s = ctx;

	s->caches = 0;
	return each_word(s, text, add_cache);
}

#define AT(member) .at = offsetof(struct settings, member)

static const struct pw_option options[] = {
	{"quick", NULL, NULL, "few sizes, none large, and 3 rounds", "true or false",
		pw_option_switch, AT(quick)},
	{"sizes", "SIZE,...", NULL,
		"of the files; if not said, 1K,16K,256K,4M,64M,1G, or with --quick 1K,64K,16M",
		"1 to 16G, rising, at most 16", read_sizes},
	{"paths", "NAME,...", NULL, "what to measure; if not said, all",
		"read+write, mmap+write, sendfile, splice, read+zerocopy, mmap+zerocopy, "
		"io_uring-send, io_uring-send_zc, pagewire-tap, pagewire-vhost",
		read_ways},
	{"links", "NAME,...", "loopback,veth", "between the kernel's sender and its receiver",
		"loopback, veth", read_places},
	{"cache", "STATE,...", "warm,cold", "of the page cache, where the file is or is not",
		"warm, cold", read_caches},
	{"rounds", "N", NULL, "in which all take turns; if not said, 5", "1 to 25",
		pw_option_number, AT(rounds), 1, ROUNDS_MAX},
	{"dir", "DIR", NULL, "where the files are made; if not said, /var/tmp",
		"a directory on a disk", pw_option_text, AT(dir)},
	{"programs", "DIR", NULL,
		"where pagewire and pagewire-load are; if not said, beside this program",
		"a directory", pw_option_text, AT(programs)},
	{"json", "FILE", NULL, "write the figures there too", "a file that can be written",
		pw_option_text, AT(json_file)},
	{"svg", "FILE", NULL, "draw the CPU time a path takes, by its parts",
		"a file that can be written", pw_option_text, AT(svg_file)},
	{"config", "FILE", NULL, "the same settings from a YAML file; the command line wins",
		"a file that can be read", pw_option_text, AT(file), .only_cmdline = true},
	{"help", NULL, NULL, "print this", NULL, pw_option_switch, AT(help), .only_cmdline = true},
	{"version", NULL, NULL, "print the version", NULL, pw_option_switch, AT(version),
		.only_cmdline = true},
};

static uint32_t
check_together(void *ctx, FILE *err)
{
	struct settings *s = ctx;
	const struct pw_option *o = pw_option_find(
		&(const struct pw_option_set){.table = options, .n = RTE_DIM(options)}, "sizes");

	if (s->n_sizes == 0)
		read_sizes(s, o, s->quick ? "1K,64K,16M" : "1K,16K,256K,4M,64M,1G");
	if (s->ways == 0)
		s->ways = UINT32_MAX;
	if (s->rounds == 0)
		s->rounds = s->quick ? 3 : 5;
	return 0;
}

static const struct pw_option_set set = {
	.program = program,
	.usage = "usage: pagewire-paths [options]\n"
		 "\n"
		 "Send files by each of the ways that Linux has, and by pagewire, and say what\n"
		 "a byte costs: buffers, copies, system calls, CPU time. As root, it makes its\n"
		 "own network namespaces; without, only the loopback is measured.\n"
		 "\n"
		 "options, with [defaults] and what is allowed:\n",
	.usage_after =
		"\n"
		"Exit status: 0 done (what this machine lacks is skipped by name), 1 failed,\n"
		"or other bytes were received than sent, 2 a mistake in the options.\n",
	.table = options,
	.n = RTE_DIM(options),
	.help_at = offsetof(struct settings, help),
	.version_at = offsetof(struct settings, version),
	.file_at = offsetof(struct settings, file),
	.check = check_together,
};
static_assert(RTE_DIM(options) <= PW_OPTION_MAX, "options beyond PW_OPTION_MAX");

uint32_t
settings_read(struct settings *s, int argc, char **argv)
{
	make_ways();
	return pw_options_read(&set, s, argc, argv, stderr);
}

void
settings_fini(struct settings *s)
{
	free(s->dir);
	free(s->programs);
	free(s->json_file);
	free(s->svg_file);
	free(s->file);
}

void
settings_help(FILE *out)
{
	pw_options_help(&set, out);
}
