/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef CTL_PRIV_H
#define CTL_PRIV_H

/**
 * @file
 * What the command line and the file of options share.
 */
#include "pw_option.h"

/** Write what is allowed as value of @p o. */
void option_print_allowed(const struct pw_option *o, FILE *out);

/** One mistake, as every mistake is told. @p where: "--" or "FILE line 3: " */
void option_complain(const struct pw_option_set *set, const struct pw_option *o, const char *where,
	const char *text, const char *what, FILE *err);

/** Read the file @p path into @p cfg. @return the number of mistakes */
uint32_t option_file_read(const struct pw_option_set *set, void *cfg, const char *path, FILE *err);

#endif
