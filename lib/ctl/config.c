/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The command line, --help, and what only the settings together can tell.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "ctl_priv.h"

#define OPT_BASE 256 /* getopt's value of the first setting; below are letters */

struct cmdline {
	struct option longs[N_SETTINGS_MAX + 1];
	uint32_t seen; /* settings that the command line has given, by bit */
	uint32_t n_wrong;
	FILE *err;
};
static_assert(N_SETTINGS_MAX <= 32, "seen has a bit for each setting");

static void
longs_init(struct cmdline *cl)
{
	uint32_t i;

	for (i = 0; i < n_settings; i++)
		cl->longs[i] = (struct option){
			.name = settings[i].name,
			.has_arg = settings[i].arg == NULL ? no_argument : required_argument,
			.val = OPT_BASE + (int)i,
		};
}

static void
take(struct cmdline *cl, struct pw_config *cfg, const struct setting *s, const char *text)
{
	uint32_t bit = UINT32_C(1) << (s - settings);
	const char *wrong;

	if ((cl->seen & bit) == 0)
		setting_clear(cfg, s);
	cl->seen |= bit;
	wrong = s->read(cfg, s, text);
	if (wrong != NULL) {
		setting_complain(s, "--", text, wrong, cl->err);
		cl->n_wrong++;
	}
}

static void
complain_unknown(struct cmdline *cl, const char *what, const char *text)
{
	uint32_t i;

	fprintf(cl->err, "pagewire: %s '%s'; allowed:", what, text);
	for (i = 0; i < n_settings; i++)
		fprintf(cl->err, " --%s", settings[i].name);
	fputc('\n', cl->err);
	cl->n_wrong++;
}

static void
complain_missing(struct cmdline *cl, const struct setting *s)
{
	fprintf(cl->err, "pagewire: --%s lacks its value %s; allowed: ", s->name, s->arg);
	setting_print_allowed(s, cl->err);
	fputc('\n', cl->err);
	cl->n_wrong++;
}

static void
complain_extra(struct cmdline *cl, const struct setting *s, const char *text)
{
	fprintf(cl->err, "pagewire: '%s': --%s is a switch; allowed: no value\n", text, s->name);
	cl->n_wrong++;
}

/* '?' or ':' of getopt_long(): it found a mistake. */
static void
complain_getopt(struct cmdline *cl, int opt, const char *word)
{
	const struct setting *s = NULL;

	if (optopt >= OPT_BASE)
		s = &settings[optopt - OPT_BASE];
	if (s == NULL)
		complain_unknown(cl, "unknown option", word);
	else if (opt == ':')
		complain_missing(cl, s);
	else
		complain_extra(cl, s, word);
}

/* Go through argv once; @p only: just those that a file cannot say. */
static void
walk(struct cmdline *cl, struct pw_config *cfg, int argc, char **argv, bool only)
{
	int opt;

	opterr = 0;
	optind = 0; /* glibc: start anew */
	while (optopt = 0, (opt = getopt_long(argc, argv, ":hV", cl->longs, NULL)) != -1) {
		if (opt == 'h')
			cfg->help = true;
		else if (opt == 'V')
			cfg->version = true;
		else if (opt >= OPT_BASE && settings[opt - OPT_BASE].only_cmdline == only)
			take(cl, cfg, &settings[opt - OPT_BASE], optarg == NULL ? "true" : optarg);
		else if (opt < OPT_BASE && !only)
			complain_getopt(cl, opt, argv[optind - 1]);
	}
	for (; !only && optind < argc; optind++)
		complain_unknown(cl, "stray word", argv[optind]);
}

static bool
gateway_is_on_link(const struct pw_config *cfg)
{
	uint32_t i;

	for (i = 0; i < cfg->n_ips; i++)
		if (!pw_addr_eq(&cfg->gateway, &cfg->ips[i].addr) &&
			pw_addr_same_net(
				&cfg->gateway, &cfg->ips[i].addr, 96u + cfg->ips[i].prefix))
			return true;
	return false;
}

static const struct setting *
find(const char *name)
{
	uint32_t i;

	for (i = 0; strcmp(settings[i].name, name) != 0; i++)
		;
	return &settings[i];
}

static void
require(struct cmdline *cl, const char *name, bool there)
{
	const struct setting *s = find(name);

	if (there)
		return;
	fprintf(cl->err, "pagewire: --%s %s is missing; allowed: ", s->name, s->arg);
	setting_print_allowed(s, cl->err);
	fputc('\n', cl->err);
	cl->n_wrong++;
}

/* What is wrong though each setting for itself is right. */
static void
check_together(struct cmdline *cl, struct pw_config *cfg)
{
	char text[PW_ADDR_TEXT_MAX];

	/* Missing because it was refused: that was told. */
	if (cl->n_wrong > 0)
		return;
	require(cl, "root", cfg->root != NULL);
	require(cl, "ip", cfg->n_ips > 0);
	if (cfg->n_ips == 0 || !pw_addr_is_v4(&cfg->gateway) || gateway_is_on_link(cfg))
		return;
	setting_complain(find("gateway"), "--", pw_addr_format(&cfg->gateway, text),
		"is on the network of no --ip, or an --ip itself", cl->err);
	cl->n_wrong++;
}

static void
set_defaults(struct pw_config *cfg)
{
	uint32_t i;

	*cfg = (struct pw_config){0};
	for (i = 0; i < n_settings; i++)
		if (settings[i].dflt != NULL)
			settings[i].read(cfg, &settings[i], settings[i].dflt);
}

uint32_t
pw_config_init(struct pw_config *cfg, int argc, char **argv, FILE *err)
{
	struct cmdline cl = {.err = err};

	set_defaults(cfg);
	longs_init(&cl);
	walk(&cl, cfg, argc, argv, true);
	if (cfg->help || cfg->version)
		return 0;
	if (cfg->file != NULL)
		cl.n_wrong += config_file_read(cfg, err);
	walk(&cl, cfg, argc, argv, false);
	check_together(&cl, cfg);
	return cl.n_wrong;
}

void
pw_config_fini(struct pw_config *cfg)
{
	free(cfg->root);
	free(cfg->index);
	free(cfg->file);
}

static void
help_one(const struct setting *s, FILE *out)
{
	int n = fprintf(out, "  --%s%s%s", s->name, s->arg == NULL ? "" : " ",
		s->arg == NULL ? "" : s->arg);

	fprintf(out, "%*s%s", n < 26 ? 27 - n : 1, "", s->help);
	if (s->dflt != NULL)
		fprintf(out, " [%s]", s->dflt);
	fputc('\n', out);
	if (s->arg == NULL || s->names != NULL)
		return;
	fprintf(out, "%27s", "");
	setting_print_allowed(s, out);
	fputc('\n', out);
}

void
pw_config_help(FILE *out)
{
	uint32_t i;

	fputs("usage: pagewire [EAL options] -- --root DIR --ip ADDR/PREFIX [options]\n"
	      "\n"
	      "Serve a directory by HTTP from hugepages, over a TCP of our own.\n"
	      "\n"
	      "EAL options are DPDK's: lcores, devices, memory. For example\n"
	      "  pagewire --lcores 0@0 --no-pci --vdev net_tap0,iface=pw0 -- \\\n"
	      "           --root /srv/www --ip 10.77.0.1/24\n"
	      "\n"
	      "options, with [defaults] and what is allowed:\n",
		out);
	for (i = 0; i < n_settings; i++)
		help_one(&settings[i], out);
	fputs("\n"
	      "A --config file is YAML, one setting a line, by the same names:\n"
	      "  root: /srv/www\n"
	      "  ip: [10.77.0.1/24]\n"
	      "  autoindex: true\n"
	      "\n"
	      "Exit status: 0 done, 1 failed while running, 2 a mistake in the options.\n",
		out);
}
