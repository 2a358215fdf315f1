/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <CUnit/CUnit.h>
#include <rte_eal.h>
#include "rig_eal.h"

int
rig_eal(void)
{
	static const char *const args[] = {"unit", "--no-huge", "--no-pci", "-m", "192",
		"--no-telemetry", "--no-shconf", "--lcores", "0", "--log-level", "lib.eal:error"};
	static char words[RTE_DIM(args)][16]; /* the EAL writes into what it is given */
	static char *argv[RTE_DIM(args) + 1];
	static bool started;
	size_t i;

	if (started)
		return 0;
	for (i = 0; i < RTE_DIM(args); i++) {
		snprintf(words[i], sizeof(words[i]), "%s", args[i]);
		argv[i] = words[i];
	}
	started = rte_eal_init(RTE_DIM(args), argv) >= 0;
	return started ? 0 : -1;
}

const char *
rig_name(void)
{
	static unsigned int n;
	static char name[16];

	snprintf(name, sizeof(name), "t%u", n++);
	return name;
}

uint8_t
rig_byte(pw_off off)
{
	uint64_t x = off * UINT64_C(0x9e3779b97f4a7c15);

	return (uint8_t)(x >> 56 ^ x >> 40);
}

struct pw_store *
rig_store_open(void)
{
	struct pw_store_load_cfg cfg = {.arena = &pw_arena_heap};
	struct pw_store *st = pw_store_create();
	uint8_t *text = malloc(RIG_OBJECT_BYTES);
	pw_off i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (i = 0; i < RIG_OBJECT_BYTES; i++)
		text[i] = rig_byte(i);
	CU_ASSERT_EQUAL_FATAL(pw_store_add_text(st, text, RIG_OBJECT_BYTES, 0, 0), 0);
	free(text);
	CU_ASSERT_EQUAL_FATAL(pw_store_load(st, &cfg), 0);
	return st;
}

struct pw_span
rig_span(const struct pw_store *st, pw_off off, uint32_t len)
{
	struct pw_span s;

	CU_ASSERT_EQUAL_FATAL(pw_store_span(st, 0, off, len, &s), 0);
	return s;
}

uint16_t
rig_sum(const uint8_t *p, size_t len, uint32_t start)
{
	uint32_t sum = start;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	if (i < len)
		sum += (uint32_t)p[i] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}
