/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The neighbour table against a naive twin: a list of who was heard of.
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "../seg/rig_eal.h"
#include "pw_rand.h"
#include "rig_net.h"

#define SEED   20260103
#define HOSTS  200
#define PLACES 256

static struct rig_net n;

/* What the twin knows of 10.0.0.(i + 2). */
static struct {
	bool known;
	uint8_t mac; /* last byte */
} twin[HOSTS];

static void
setup(void)
{
	rig_net_open(&n, PLACES);
	memset(twin, 0, sizeof(twin));
}

static void
teardown(void)
{
	rig_net_close(&n);
}

static const char *
name_of(uint32_t host)
{
	static char text[PW_ADDR_TEXT_MAX];

	snprintf(text, sizeof(text), "10.0.0.%u", host + 2);
	return text;
}

/* A host asks for us; the first time, its MAC address is learnt. */
static void
host_asks(uint32_t host)
{
	uint8_t mac[6] = {0x02, 0, 0, 0, 1, twin[host].known ? twin[host].mac : (uint8_t)host};
	struct pw_link_rx rx;
	struct rig_buf f;

	rig_arp(&f, rig_all_mac, 1, mac, name_of(host), mac, US);
	CU_ASSERT_EQUAL(pw_link_input(n.link, f.b, f.len, n.now, &rx), PW_OK);
	twin[host].known = true;
	twin[host].mac = mac[5];
	rig_net_flush(&n);
	rig_port_forget(n.rp);
}

/* A frame to a known host goes where the twin says; for an unknown one a request goes out. */
static void
send_to_host(uint32_t host)
{
	struct pw_addr a = rig_addr(name_of(host));
	struct rte_mbuf *m = pw_seg_message(n.seg, "x", 1);
	const struct rig_frame *f = n.rp->sent;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	pw_link_output(n.link, m, &a, n.now);
	rig_net_flush(&n);
	if (twin[host].known) {
		CU_ASSERT_EQUAL_FATAL(n.rp->n_sent, 1);
		CU_ASSERT_EQUAL(f->len, 15);
		CU_ASSERT_EQUAL(f->bytes[5], twin[host].mac);
	} else {
		CU_ASSERT_FATAL(n.rp->n_sent <= 1);
		CU_ASSERT_TRUE(n.rp->n_sent == 0 || f->len == 42);
	}
	rig_port_forget(n.rp);
}

static void
count(void *ctx, const struct pw_neigh_info *info)
{
	uint32_t *known = ctx;

	*known += info->state == PW_NEIGH_REACHABLE;
}

static void
random_against_a_list(void)
{
	uint32_t round, i, known = 0, expected = 0;
	struct pw_rand r;

	printf("seed %d ", SEED);
	pw_rand_init(&r, SEED);
	for (round = 0; round < 20000; round++) {
		uint32_t host = (uint32_t)pw_rand_below(&r, HOSTS);

		if (pw_rand_below(&r, 20) == 0)
			host_asks(host);
		else
			send_to_host(host);
	}
	for (i = 0; i < HOSTS; i++)
		expected += twin[i].known;
	pw_link_each(n.link, count, &known);
	CU_ASSERT_EQUAL(known, expected);
}

/* Entries come and go: none is lost from its chain, no packet from its entry. */
static void
random_churn_leaks_nothing(void)
{
	struct pw_rand r;
	uint32_t round;

	printf("seed %d ", SEED + 1);
	pw_rand_init(&r, SEED + 1);
	for (round = 0; round < 20000; round++) {
		struct pw_addr a = pw_addr_v4(
			rte_cpu_to_be_32(0xc0a80000u + (uint32_t)pw_rand_below(&r, 2000)));
		struct rte_mbuf *m = pw_seg_message(n.seg, "x", 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		pw_link_output(n.link, m, &a, n.now);
		n.now += pw_rand_below(&r, 20 * PW_NS_PER_MS);
		pw_link_run(n.link, n.now);
		rig_net_flush(&n);
		rig_port_forget(n.rp);
		CU_ASSERT_FATAL(pw_link_stats(n.link)->neighbours <= PLACES);
		CU_ASSERT_FATAL(pw_link_stats(n.link)->resolving <= PLACES / 4);
	}
	n.now += 1000 * PW_NS_PER_S;
	for (round = 0; round < 10; round++, n.now += 1000 * PW_NS_PER_S)
		pw_link_run(n.link, n.now);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 0);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->waiting, 0);
}

static CU_TestInfo tests[] = {
	{"random_against_a_list", random_against_a_list},
	{"random_churn_leaks_nothing", random_churn_leaks_nothing},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_link_table = {
	.pName = "link_table",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
