/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <ctype.h>
#include "pw_drop.h"

#define NAME_MAX_LEN 24

/* clang-format off */
/* The names of the list, in lower case from before main(): the preprocessor cannot do that. */
static char names[PW_DROP_MAX][NAME_MAX_LEN] = {
	[PW_OK] = "OK",
#define X(name, help) [PW_DROP_##name] = #name,
	PW_DROPS(X)
#undef X
};

const struct pw_drop_info pw_drop_info[PW_DROP_MAX] = {
	[PW_OK] = {names[PW_OK], "not dropped"},
#define X(name, help) [PW_DROP_##name] = {names[PW_DROP_##name], help},
	PW_DROPS(X)
#undef X
};
/* clang-format on */

__attribute__((constructor)) static void
lower_names(void)
{
	char *c;
	int i;

	for (i = 0; i < PW_DROP_MAX; i++)
		for (c = names[i]; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
}
