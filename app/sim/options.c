/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The command line.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "app_sim.h"

static const char usage[] =
	"usage: pagewire-sim JOB [options]\n"
	"\n"
	"Run hosts with the real TCP over bad links in virtual time, and check invariants\n"
	"after every event. A seed says everything that happens.\n"
	"\n"
	"jobs:\n"
	"  --seeds N           run N seeds; 0: until --seconds are over\n"
	"  --masks BITS        lose every one of the 2^BITS sets of the first BITS packets: of "
	"the\n"
	"                      client, of the server, and of both in turn; 1 to 32\n"
	"  --replay WHAT       one run: a seed, or WAY:MASK as a failure of --masks names it\n"
	"                      (up:3ff, down:1, both:a0); prints its plan, and writes\n"
	"                      WHAT.pcapng (each host's wire an interface, what a link did to a\n"
	"                      packet in its comment) and WHAT.svg (a picture of each stream)\n"
	"  --hash FROM-TO      a line a seed: number, hash of its trace, packets. The same from\n"
	"                      every compiler\n"
	"  --table             goodput by congestion control\n"
	"  --help, --version\n"
	"\n"
	"options, with [defaults]:\n"
	"  --first S           first seed of --seeds [1]\n"
	"  --seconds S         begin no run after S seconds; 1 to 1000000 [no limit]\n"
	"  --jobs N            processes; 1 to 64 [1]\n"
	"  --keep-going        do not stop at the first failure\n"
	"  --dir DIR           where --replay writes [.]\n"
	"\n"
	"Exit status: 0 all invariants held, 1 one broke, 2 a mistake in the options.\n";

enum {
	OPT_SEEDS = 256,
	OPT_MASKS,
	OPT_REPLAY,
	OPT_HASH,
	OPT_TABLE,
	OPT_HELP,
	OPT_VERSION,
	OPT_FIRST,
	OPT_SECONDS,
	OPT_JOBS,
	OPT_KEEP_GOING,
	OPT_DIR,
};

static const struct option options[] = {
	{"seeds", required_argument, NULL, OPT_SEEDS},
	{"masks", required_argument, NULL, OPT_MASKS},
	{"replay", required_argument, NULL, OPT_REPLAY},
	{"hash", required_argument, NULL, OPT_HASH},
	{"table", no_argument, NULL, OPT_TABLE},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{"first", required_argument, NULL, OPT_FIRST},
	{"seconds", required_argument, NULL, OPT_SECONDS},
	{"jobs", required_argument, NULL, OPT_JOBS},
	{"keep-going", no_argument, NULL, OPT_KEEP_GOING},
	{"dir", required_argument, NULL, OPT_DIR},
	{NULL, 0, NULL, 0},
};

static const char *const way_name[PW_SIM_WAY_MAX] = {
	[PW_SIM_WAY_UP] = "up",
	[PW_SIM_WAY_DOWN] = "down",
	[PW_SIM_WAY_BOTH] = "both",
};

void
settings_help(FILE *out)
{
	fputs(usage, out);
}

const char *
subject_text(const struct subject *s, char text[SUBJECT_TEXT_MAX])
{
	if (s->is_mask)
		snprintf(text, SUBJECT_TEXT_MAX, "%s:%lx", way_name[s->way],
			(unsigned long)s->value);
	else
		snprintf(text, SUBJECT_TEXT_MAX, "%lu", (unsigned long)s->value);
	return text;
}

void
subject_plan(const struct subject *s, struct pw_sim_plan *plan)
{
	if (s->is_mask)
		pw_sim_plan_mask(plan, s->way, s->value);
	else
		pw_sim_plan_seed(plan, s->value);
}

static int
complain(const char *option, const char *text, const char *allowed)
{
	fprintf(stderr, "pagewire-sim: --%s '%s': allowed are %s\n", option, text, allowed);
	return STATUS_USAGE;
}

/* Digits only: strtoull would take signs and blanks. @return the end, or NULL */
static const char *
read_digits(const char *text, int base, uint64_t *out)
{
	char *end;

	if (strchr(base == 16 ? "0123456789abcdefABCDEF" : "0123456789", text[0]) == NULL ||
		text[0] == '\0')
		return NULL;
	errno = 0;
	*out = strtoull(text, &end, base);
	return errno == 0 ? end : NULL;
}

static int
read_number(const char *option, const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
	const char *end = read_digits(text, 10, out);
	char allowed[64];

	if (end != NULL && *end == '\0' && *out >= low && *out <= high)
		return 0;
	snprintf(allowed, sizeof(allowed), "whole numbers from %lu to %lu", (unsigned long)low,
		(unsigned long)high);
	return complain(option, text, allowed);
}

static int
read_number32(const char *option, const char *text, uint64_t low, uint64_t high, uint32_t *out)
{
	uint64_t n = 0;
	int rc = read_number(option, text, low, high, &n);

	*out = (uint32_t)n;
	return rc;
}

static int
read_subject(const char *text, struct subject *out)
{
	const char *colon = strchr(text, ':'), *end;
	int way;

	*out = (struct subject){0};
	if (colon == NULL) {
		end = read_digits(text, 10, &out->value);
	} else {
		out->is_mask = true;
		end = NULL;
		for (way = 0; way < PW_SIM_WAY_MAX; way++) {
			if (strlen(way_name[way]) != (size_t)(colon - text) ||
				strncmp(text, way_name[way], (size_t)(colon - text)) != 0)
				continue;
			out->way = (enum pw_sim_way)way;
			end = read_digits(colon + 1, 16, &out->value);
		}
	}
	if (end != NULL && *end == '\0')
		return 0;
	return complain("replay", text, "a seed, or up:, down: or both: and a mask in hexadecimal");
}

static int
read_range(const char *text, uint64_t *from, uint64_t *to)
{
	const char *end = read_digits(text, 10, from);

	if (end != NULL && *end == '-')
		end = read_digits(end + 1, 10, to);
	else
		end = NULL;
	if (end != NULL && *end == '\0' && *from <= *to && *to < UINT64_MAX)
		return 0;
	return complain("hash", text, "FROM-TO, two seeds, the second not before the first");
}

static int
set_job(struct settings *s, enum job job)
{
	if (s->job != JOB_NONE && s->job != job) {
		fprintf(stderr, "pagewire-sim: one job at a time\n");
		return STATUS_USAGE;
	}
	s->job = job;
	return 0;
}

static int
take(struct settings *s, int opt, const char *arg)
{
	switch (opt) {
	case OPT_SEEDS:
		return set_job(s, JOB_SEEDS) | read_number("seeds", arg, 0, UINT32_MAX, &s->n);
	case OPT_MASKS:
		return set_job(s, JOB_MASKS) |
		       read_number32("masks", arg, 1, MASK_BITS_MAX, &s->bits);
	case OPT_REPLAY:
		return set_job(s, JOB_REPLAY) | read_subject(arg, &s->of);
	case OPT_HASH:
		return set_job(s, JOB_HASH) | read_range(arg, &s->first, &s->hash_to);
	case OPT_TABLE:
		return set_job(s, JOB_TABLE);
	case OPT_HELP:
		return set_job(s, JOB_HELP);
	case OPT_VERSION:
		return set_job(s, JOB_VERSION);
	case OPT_FIRST:
		return read_number("first", arg, 0, UINT64_MAX / 2, &s->first);
	case OPT_SECONDS:
		return read_number32("seconds", arg, 1, 1000000, &s->seconds);
	case OPT_JOBS:
		return read_number32("jobs", arg, 1, JOBS_MAX, &s->jobs);
	case OPT_KEEP_GOING:
		s->keep_going = true;
		return 0;
	case OPT_DIR:
		s->dir = arg;
		return 0;
	default: /* getopt has said why */
		return STATUS_USAGE;
	}
}

int
settings_read(struct settings *s, int argc, char **argv)
{
	int opt, rc = 0;

	*s = (struct settings){.first = 1, .jobs = 1, .dir = "."};
	while (rc == 0 && (opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		rc = take(s, opt, optarg);
	if (rc == 0 && optind < argc) {
		fprintf(stderr, "pagewire-sim: '%s' is no option\n", argv[optind]);
		rc = STATUS_USAGE;
	} else if (rc == 0 && s->job == JOB_NONE) {
		fprintf(stderr, "pagewire-sim: no job given\n");
		rc = STATUS_USAGE;
	} else if (rc == 0 && s->job == JOB_SEEDS && s->n == 0 && s->seconds == 0) {
		fprintf(stderr, "pagewire-sim: --seeds 0 needs --seconds\n");
		rc = STATUS_USAGE;
	}
	if (rc != 0)
		fprintf(stderr, "Try pagewire-sim --help\n");
	return rc != 0 ? STATUS_USAGE : 0;
}
