/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The command line, --help, and how a mistake is told.
 */
#include <assert.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include "ctl_priv.h"

#define OPT_BASE 256 /* getopt's value of the first option; below are letters */

struct cmdline {
	const struct pw_option_set *set;
	void *cfg;
	struct option longs[PW_OPTION_MAX + 1];
	char letters[PW_OPTION_MAX + 4];
	uint64_t seen; /* options that the command line has given, by bit */
	uint32_t n_wrong;
	FILE *err;
};
static_assert(PW_OPTION_MAX <= 64, "seen has a bit for each option");

void
option_print_allowed(const struct pw_option *o, FILE *out)
{
	uint32_t i;

	if (o->allowed != NULL) {
		fputs(o->allowed, out);
	} else if (o->names != NULL) {
		for (i = 0; o->names[i] != NULL; i++)
			fprintf(out, "%s%s",
				i == 0			  ? ""
				: o->names[i + 1] == NULL ? " or "
							  : ", ",
				o->names[i]);
	} else {
		fprintf(out, "%" PRIu64 " to %" PRIu64, o->min, o->max);
	}
}

void
option_complain(const struct pw_option_set *set, const struct pw_option *o, const char *where,
	const char *text, const char *what, FILE *err)
{
	fprintf(err, "%s: %s%s '%s' %s; allowed: ", set->program, where, o->name, text, what);
	option_print_allowed(o, err);
	fputc('\n', err);
}

const struct pw_option *
pw_option_find(const struct pw_option_set *set, const char *name)
{
	uint32_t i;

	for (i = 0; strcmp(set->table[i].name, name) != 0; i++)
		;
	return &set->table[i];
}

void
pw_option_missing(const struct pw_option_set *set, const char *name, FILE *err)
{
	const struct pw_option *o = pw_option_find(set, name);

	fprintf(err, "%s: --%s %s is missing; allowed: ", set->program, o->name, o->arg);
	option_print_allowed(o, err);
	fputc('\n', err);
}

void
pw_option_wrong(const struct pw_option_set *set, const char *name, const char *text,
	const char *what, FILE *err)
{
	option_complain(set, pw_option_find(set, name), "--", text, what, err);
}

static void
longs_init(struct cmdline *cl)
{
	size_t n_letters;
	uint32_t i;

	n_letters = (size_t)snprintf(cl->letters, sizeof(cl->letters), ":hV");
	for (i = 0; i < cl->set->n; i++) {
		const struct pw_option *o = &cl->set->table[i];

		cl->longs[i] = (struct option){
			.name = o->name,
			.has_arg = o->arg == NULL ? no_argument : required_argument,
			.val = OPT_BASE + (int)i,
		};
		if (o->letter != 0)
			cl->letters[n_letters++] = o->letter;
	}
}

/* What getopt found, as the option that it is the short form of. */
static int
long_of(const struct cmdline *cl, int opt)
{
	uint32_t i;

	for (i = 0; i < cl->set->n; i++)
		if (cl->set->table[i].letter != 0 && cl->set->table[i].letter == opt)
			return OPT_BASE + (int)i;
	return opt;
}

static void
take(struct cmdline *cl, const struct pw_option *o, const char *text)
{
	uint64_t bit = UINT64_C(1) << (o - cl->set->table);
	const char *wrong;

	if (o->entry != NULL && (cl->seen & bit) == 0)
		cl->set->clear(cl->cfg, o);
	cl->seen |= bit;
	wrong = o->read(cl->cfg, o, text);
	if (wrong != NULL) {
		option_complain(cl->set, o, "--", text, wrong, cl->err);
		cl->n_wrong++;
	}
}

static void
complain_unknown(struct cmdline *cl, const char *what, const char *text)
{
	uint32_t i;

	fprintf(cl->err, "%s: %s '%s'; allowed:", cl->set->program, what, text);
	for (i = 0; i < cl->set->n; i++)
		fprintf(cl->err, " --%s", cl->set->table[i].name);
	fputc('\n', cl->err);
	cl->n_wrong++;
}

static void
complain_missing(struct cmdline *cl, const struct pw_option *o)
{
	fprintf(cl->err, "%s: --%s lacks its value %s; allowed: ", cl->set->program, o->name,
		o->arg);
	option_print_allowed(o, cl->err);
	fputc('\n', cl->err);
	cl->n_wrong++;
}

static void
complain_extra(struct cmdline *cl, const struct pw_option *o, const char *text)
{
	fprintf(cl->err, "%s: '%s': --%s is a switch; allowed: no value\n", cl->set->program, text,
		o->name);
	cl->n_wrong++;
}

/* '?' or ':' of getopt_long(): it found a mistake. */
static void
complain_getopt(struct cmdline *cl, int opt, const char *word)
{
	const struct pw_option *o = NULL;

	if (optopt >= OPT_BASE)
		o = &cl->set->table[optopt - OPT_BASE];
	if (o == NULL)
		complain_unknown(cl, "unknown option", word);
	else if (opt == ':')
		complain_missing(cl, o);
	else
		complain_extra(cl, o, word);
}

static bool *
flag_at(const struct cmdline *cl, size_t at)
{
	return (bool *)((char *)cl->cfg + at);
}

/* Go through argv once; @p only: just those that a file cannot say. */
static void
walk(struct cmdline *cl, int argc, char **argv, bool only)
{
	const struct pw_option *table = cl->set->table;
	int opt;

	opterr = 0;
	optind = 0; /* glibc: start anew */
	while (optopt = 0, (opt = getopt_long(argc, argv, cl->letters, cl->longs, NULL)) != -1) {
		opt = long_of(cl, opt);
		if (opt == 'h')
			*flag_at(cl, cl->set->help_at) = true;
		else if (opt == 'V')
			*flag_at(cl, cl->set->version_at) = true;
		else if (opt >= OPT_BASE && table[opt - OPT_BASE].only_cmdline == only)
			take(cl, &table[opt - OPT_BASE], optarg == NULL ? "true" : optarg);
		else if (opt < OPT_BASE && !only)
			complain_getopt(cl, opt, argv[optind - 1]);
	}
	for (; !only && optind < argc; optind++)
		complain_unknown(cl, "stray word", argv[optind]);
}

static void
set_defaults(const struct pw_option_set *set, void *cfg)
{
	uint32_t i;

	for (i = 0; i < set->n; i++)
		if (set->table[i].dflt != NULL)
			set->table[i].read(cfg, &set->table[i], set->table[i].dflt);
}

uint32_t
pw_options_read(const struct pw_option_set *set, void *cfg, int argc, char **argv, FILE *err)
{
	struct cmdline cl = {.set = set, .cfg = cfg, .err = err};
	const char *file;

	PW_ASSERT(set->n <= PW_OPTION_MAX);
	set_defaults(set, cfg);
	longs_init(&cl);
	walk(&cl, argc, argv, true);
	if (*flag_at(&cl, set->help_at) || *flag_at(&cl, set->version_at))
		return 0;
	file = *(char **)((char *)cfg + set->file_at);
	if (file != NULL)
		cl.n_wrong += option_file_read(set, cfg, file, err);
	walk(&cl, argc, argv, false);
	/* What is missing because it was refused: that was told. */
	if (cl.n_wrong == 0)
		cl.n_wrong = set->check(cfg, err);
	return cl.n_wrong;
}

static void
help_one(const struct pw_option *o, FILE *out)
{
	int n = fprintf(out, "  --%s%s%s", o->name, o->arg == NULL ? "" : " ",
		o->arg == NULL ? "" : o->arg);

	fprintf(out, "%*s%s", n < 26 ? 27 - n : 1, "", o->help);
	if (o->dflt != NULL)
		fprintf(out, " [%s]", o->dflt);
	fputc('\n', out);
	if (o->arg == NULL || o->names != NULL)
		return;
	fprintf(out, "%27s", "");
	option_print_allowed(o, out);
	fputc('\n', out);
}

void
pw_options_help(const struct pw_option_set *set, FILE *out)
{
	uint32_t i;

	fputs(set->usage, out);
	for (i = 0; i < set->n; i++)
		help_one(&set->table[i], out);
	fputs(set->usage_after, out);
}
