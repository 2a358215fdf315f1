/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Whole runs of the simulator: every loss pattern of the first packets, and the same
 * plan twice.
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "pw_sim.h"

#define MASK_BITS 10

static void
every_pattern(enum pw_sim_way way)
{
	static struct pw_sim_plan plan;
	struct pw_sim_result r;
	uint64_t mask, bad = 0;

	for (mask = 0; mask < UINT64_C(1) << MASK_BITS && bad < 5; mask++) {
		pw_sim_plan_mask(&plan, way, mask);
		pw_sim_run(&plan, NULL, &r);
		if (r.failed)
			printf("\n    way %d mask %lx: %s", way, (unsigned long)mask, r.what);
		bad += r.failed;
	}
	CU_ASSERT_EQUAL(bad, 0);
}

static void
s1_to_s11_every_loss_pattern_of_the_client(void)
{
	every_pattern(PW_SIM_WAY_UP);
}

static void
s1_to_s11_every_loss_pattern_of_the_server(void)
{
	every_pattern(PW_SIM_WAY_DOWN);
}

static void
s1_to_s11_every_loss_pattern_of_both(void)
{
	every_pattern(PW_SIM_WAY_BOTH);
}

static void
s12_one_plan_one_trace(void)
{
	static struct pw_sim_plan plan;
	struct pw_sim_result first, again;
	uint64_t seed;

	for (seed = 1; seed <= 50; seed++) {
		pw_sim_plan_seed(&plan, seed);
		pw_sim_run(&plan, NULL, &first);
		pw_sim_run(&plan, NULL, &again);
		CU_ASSERT_EQUAL(first.hash, again.hash);
		CU_ASSERT_EQUAL(first.n_packets, again.n_packets);
		CU_ASSERT_TRUE(first.n_packets > 0);
	}
}

/* About as many of each family; no path of IPv6 is narrower than any link of it may be. */
static void
seeds_draw_both_families(void)
{
	static struct pw_sim_plan plan;
	uint32_t n = 0, i;
	uint64_t seed;

	for (seed = 1; seed <= 400; seed++) {
		pw_sim_plan_seed(&plan, seed);
		if (!plan.ip6)
			continue;
		n++;
		for (i = 0; i < plan.n_hosts; i++) {
			const struct pw_sim_host *h = &plan.host[i];

			CU_ASSERT_TRUE(h->mtu >= 1280);
			CU_ASSERT_TRUE(h->up.mtu == 0 || h->up.mtu >= 1280);
			CU_ASSERT_TRUE(h->down.mtu == 0 || h->down.mtu >= 1280);
		}
		for (i = 0; i < plan.n_acts; i++)
			CU_ASSERT_TRUE(plan.act[i].link.mtu == 0 || plan.act[i].link.mtu >= 1280);
	}
	CU_ASSERT_TRUE(n > 150 && n < 250);
}

static CU_TestInfo tests[] = {
	{"s1_to_s11_every_loss_pattern_of_the_client", s1_to_s11_every_loss_pattern_of_the_client},
	{"s1_to_s11_every_loss_pattern_of_the_server", s1_to_s11_every_loss_pattern_of_the_server},
	{"s1_to_s11_every_loss_pattern_of_both", s1_to_s11_every_loss_pattern_of_both},
	{"s12_one_plan_one_trace", s12_one_plan_one_trace},
	{"seeds_draw_both_families", seeds_draw_both_families},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_sim_plan = {.pName = "sim_plan", .pTests = tests};
