/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * How many lcores will there be? Memory is planned before the EAL starts, and the EAL
 * tells only afterwards.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "common.h"

/* "3", "0-3", "(0,2-4)": numbers up to @p end, ranges counted as what they hold. */
static uint32_t
count_ranges(const char *text, const char *end)
{
	uint32_t n = 0;

	while (text < end) {
		unsigned long first, last;
		char *rest;

		first = last = strtoul(text, &rest, 10);
		if (rest == text) {
			text++;
			continue;
		}
		if (*rest == '-')
			last = strtoul(rest + 1, &rest, 10);
		n += last >= first ? (uint32_t)(last - first + 1) : 1;
		text = rest;
	}
	return n;
}

/* The lcores of --lcores and -l; what stands behind an '@' are CPUs. */
static uint32_t
count_lcores(const char *text)
{
	uint32_t n = 0;

	while (*text != '\0') {
		const char *end = *text == '(' ? text + strcspn(text, ")") : text;

		end += strcspn(end, ",@");
		n += count_ranges(text, end);
		if (*end == '@')
			end += end[1] == '(' ? strcspn(end, ")") : 0;
		text = end + strcspn(end, ",");
		text += *text == ',';
	}
	return n;
}

static uint32_t
count_mask(const char *text)
{
	uint32_t n = 0;
	char digit[2] = "";

	for (text += strncmp(text, "0x", 2) == 0 ? 2 : 0; *text != '\0'; text++) {
		digit[0] = *text;
		n += (uint32_t)__builtin_popcountl(strtoul(digit, NULL, 16));
	}
	return n;
}

/* Of a word that begins with @p option: its value, here or in the next word; or NULL. */
static const char *
value_of(const char *word, const char *option, const char *next)
{
	size_t len = strlen(option);

	if (strncmp(word, option, len) != 0)
		return NULL;
	if (word[len] == '\0')
		return next;
	if (option[1] == '-')
		return word[len] == '=' ? word + len + 1 : NULL;
	return word[1] == '-' ? NULL : word + len;
}

uint32_t
lcores_asked_for(int argc, char **argv)
{
	uint32_t n = 1;
	cpu_set_t cpus;
	int i;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		n = (uint32_t)CPU_COUNT(&cpus);
	for (i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		const char *list = value_of(argv[i], "--lcores", next);
		const char *mask = value_of(argv[i], "-c", next);

		if (list == NULL)
			list = value_of(argv[i], "-l", next);
		if (list != NULL)
			n = count_lcores(list);
		else if (mask != NULL)
			n = count_mask(mask);
	}
	return RTE_MIN(RTE_MAX(n, 1u), (uint32_t)PW_WORKERS_MAX);
}
