/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Address conflict detection in virtual time (RFC 5227, RFC 3927).
 */
#include <CUnit/CUnit.h>
#include "pw_acd.h"

#define S PW_NS_PER_S

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t his_mac[6] = {2, 0, 0, 0, 0, 2};
static struct pw_acd a;
static struct pw_rand rnd;
static struct pw_addr addr;
static pw_ns now;

static void
setup(void)
{
	addr = pw_addr_v4(RTE_BE32(0x0a4d0032));
	now = 3600 * S;
	pw_rand_init(&rnd, 5);
	memset(&a, 0, sizeof(a));
}

static void
begin(bool probe)
{
	pw_acd_begin(&a, &addr, our_mac, probe, 0, &rnd, now);
}

/* Let what is due next be done. */
static enum pw_acd_do
next(void)
{
	CU_ASSERT_FATAL(pw_acd_next(&a) != PW_NEVER);
	now = pw_max(now, pw_acd_next(&a));
	return pw_acd_run(&a, &rnd, now);
}

static enum pw_acd_do
hear(uint16_t op, const uint8_t *sha, struct pw_addr spa, struct pw_addr tpa)
{
	struct pw_arp arp = {.op = op, .spa = spa, .tpa = tpa};

	memcpy(arp.sha, sha, sizeof(arp.sha));
	return pw_acd_heard(&a, &arp, now);
}

static enum pw_acd_do
hear_claim(void)
{
	return hear(PW_ARP_REPLY, his_mac, addr, pw_addr_v4(RTE_BE32(0x0a4d0001)));
}

static void
become_ours(void)
{
	begin(false);
	CU_ASSERT_EQUAL(next(), PW_ACD_UP);
	CU_ASSERT_EQUAL(next(), PW_ACD_SEND_ANNOUNCE);
	CU_ASSERT_EQUAL(a.state, PW_ACD_OWN);
}

/* RFC 5227 2.1.1 and 2.3. */
static void
three_probes_and_two_announcements(void)
{
	pw_ns start = now, last;

	begin(true);
	CU_ASSERT_EQUAL(pw_acd_run(&a, &rnd, now - 1), PW_ACD_NOTHING);
	CU_ASSERT_EQUAL(next(), PW_ACD_SEND_PROBE);
	CU_ASSERT_TRUE(now - start <= S);
	last = now;
	CU_ASSERT_EQUAL(next(), PW_ACD_SEND_PROBE);
	CU_ASSERT_TRUE(now - last >= S && now - last <= 2 * S);
	last = now;
	CU_ASSERT_EQUAL(next(), PW_ACD_SEND_PROBE);
	CU_ASSERT_TRUE(now - last >= S && now - last <= 2 * S);
	CU_ASSERT_FALSE(pw_acd_is_ours(&a));
	last = now;
	CU_ASSERT_EQUAL(next(), PW_ACD_UP);
	CU_ASSERT_EQUAL(now - last, 2 * S);
	CU_ASSERT_TRUE(pw_acd_is_ours(&a));
	CU_ASSERT_EQUAL(next(), PW_ACD_SEND_ANNOUNCE);
	CU_ASSERT_EQUAL(now - last, 4 * S);
	CU_ASSERT_EQUAL(pw_acd_next(&a), PW_NEVER);
}

static void
a_claim_while_probing_loses(void)
{
	begin(true);
	next();
	CU_ASSERT_EQUAL(hear_claim(), PW_ACD_LOST);
	CU_ASSERT_EQUAL(a.state, PW_ACD_OFF);
	CU_ASSERT_EQUAL(pw_acd_next(&a), PW_NEVER);
	CU_ASSERT_EQUAL(hear_claim(), PW_ACD_NOTHING);
}

/* Two that probe for one address at once: neither gets it. */
static void
a_probe_by_another_loses_only_while_probing(void)
{
	begin(true);
	next();
	CU_ASSERT_EQUAL(hear(PW_ARP_REQUEST, our_mac, pw_addr_v4(0), addr), PW_ACD_NOTHING);
	CU_ASSERT_EQUAL(hear(PW_ARP_REQUEST, his_mac, pw_addr_v4(0), addr), PW_ACD_LOST);
	become_ours();
	CU_ASSERT_EQUAL(hear(PW_ARP_REQUEST, his_mac, pw_addr_v4(0), addr), PW_ACD_NOTHING);
}

static void
others_are_no_conflict(void)
{
	struct pw_addr his = pw_addr_v4(RTE_BE32(0x0a4d0007));

	become_ours();
	CU_ASSERT_EQUAL(hear(PW_ARP_REQUEST, his_mac, his, addr), PW_ACD_NOTHING);
	CU_ASSERT_EQUAL(hear(PW_ARP_REPLY, his_mac, his, addr), PW_ACD_NOTHING);
	CU_ASSERT_EQUAL(hear(PW_ARP_REQUEST, our_mac, addr, addr), PW_ACD_NOTHING); /* an echo */
	CU_ASSERT_EQUAL(a.n_conflicts, 0);
}

/* 2.4 b: defended once, and lost when it goes on within ten seconds. */
static void
an_address_is_defended_once_in_ten_seconds(void)
{
	become_ours();
	CU_ASSERT_EQUAL(hear_claim(), PW_ACD_DEFEND);
	now += 10 * S;
	CU_ASSERT_EQUAL(hear_claim(), PW_ACD_DEFEND);
	now += 10 * S - 1;
	CU_ASSERT_EQUAL(hear_claim(), PW_ACD_LOST);
	CU_ASSERT_FALSE(pw_acd_is_ours(&a));
	CU_ASSERT_EQUAL(a.n_conflicts, 3);
}

/* 2.4 c: one that an operator has configured is held; a storm it makes none. */
static void
a_configured_address_is_held(void)
{
	uint32_t i, n = 0;

	a.hold = true;
	become_ours();
	for (i = 0; i < 3000; i++) {
		enum pw_acd_do todo = hear_claim();

		CU_ASSERT_TRUE(todo == PW_ACD_DEFEND || todo == PW_ACD_NOTHING);
		n += todo == PW_ACD_DEFEND;
		now += S / 100;
	}
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_TRUE(pw_acd_is_ours(&a));
}

static void
a_wait_is_kept(void)
{
	pw_acd_begin(&a, &addr, our_mac, true, PW_ACD_RATE_LIMIT_NS, &rnd, now);
	CU_ASSERT_TRUE(pw_acd_next(&a) >= now + 60 * S);
	CU_ASSERT_TRUE(pw_acd_next(&a) <= now + 61 * S);
}

/* RFC 3927 2.1: the first and the last 256 are nobody's. */
static void
link_local_addresses_are_in_their_range(void)
{
	uint32_t i, low = UINT32_MAX, high = 0;

	for (i = 0; i < 100000; i++) {
		struct pw_addr ll = pw_acd_link_local(&rnd);
		uint32_t v4 = rte_be_to_cpu_32(pw_addr_get_v4(&ll));

		low = RTE_MIN(low, v4);
		high = RTE_MAX(high, v4);
	}
	CU_ASSERT_TRUE(low >= 0xa9fe0100 && low < 0xa9fe0180);
	CU_ASSERT_TRUE(high <= 0xa9fefeff && high > 0xa9fefe80);
}

static CU_TestInfo tests[] = {
	{"three_probes_and_two_announcements", three_probes_and_two_announcements},
	{"a_claim_while_probing_loses", a_claim_while_probing_loses},
	{"a_probe_by_another_loses_only_while_probing",
		a_probe_by_another_loses_only_while_probing},
	{"others_are_no_conflict", others_are_no_conflict},
	{"an_address_is_defended_once_in_ten_seconds", an_address_is_defended_once_in_ten_seconds},
	{"a_configured_address_is_held", a_configured_address_is_held},
	{"a_wait_is_kept", a_wait_is_kept},
	{"link_local_addresses_are_in_their_range", link_local_addresses_are_in_their_range},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_autoconf_acd = {
	.pName = "autoconf_acd",
	.pSetUpFunc = setup,
	.pTests = tests,
};
