/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef CTL_PRIV_H
#define CTL_PRIV_H

/**
 * @file
 * The table of settings, shared by the command line and the file.
 */
#include "pw_config.h"

/** One setting: `--name` on the command line, `name:` in the file. */
struct setting {
	const char *name;
	const char *arg;  /* what --help calls its value; NULL: a switch */
	const char *dflt; /* as the user would write it; NULL: none */
	const char *help;
	const char *allowed; /* NULL: made from min and max, or from names */
	/* Take a value. Returns NULL, or what is wrong with it: "is not a number". */
	const char *(*read)(struct pw_config *cfg, const struct setting *s, const char *text);
	size_t at; /* of its field in struct pw_config */
	uint64_t min;
	uint64_t max;
	const char *const *names; /* of a choice, in the order of its enum */
	bool list;		  /* may be given again and again */
	bool only_cmdline;
};

#define N_SETTINGS_MAX 32

extern const struct setting settings[];
extern const uint32_t n_settings;

/** Forget the values of a list, because those of the command line replace the file's. */
void setting_clear(struct pw_config *cfg, const struct setting *s);

/** Write what is allowed as value of @p s. */
void setting_print_allowed(const struct setting *s, FILE *out);

/** One mistake, as every mistake is told. @p where: "--" or "FILE line 3: " */
void setting_complain(
	const struct setting *s, const char *where, const char *text, const char *what, FILE *err);

/** Read cfg->file. @return the number of mistakes */
uint32_t config_file_read(struct pw_config *cfg, FILE *err);

#endif
