/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "../seg/rig_eal.h"
#include "pw_rand.h"
#include "rig_port.h"

#define SEED 20260102

static struct rig_port *rp;
static struct pw_port_tx tx;
static struct pw_drops drops;
static uint32_t next_put; /* frames are numbered in the order they are put */

static void
setup(void)
{
	rp = rig_port_open();
	memset(&drops, 0, sizeof(drops));
	pw_port_tx_init(&tx, &rp->queue, &drops);
	next_put = 0;
}

static void
teardown(void)
{
	pw_port_tx_fini(&tx);
	rig_port_close(rp);
}

static void
put(uint32_t n)
{
	while (n-- > 0) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(rp->pool);

		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		memcpy(rte_pktmbuf_append(m, sizeof(next_put)), &next_put, sizeof(next_put));
		next_put++;
		pw_port_tx_put(&tx, m);
	}
}

/* Frames went out from @p first on, in order. */
static void
expect_sent(uint32_t first, uint32_t n)
{
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(rp->n_sent, n);
	for (i = 0; i < n; i++)
		CU_ASSERT_EQUAL_FATAL(memcmp(rp->sent[i].bytes, &(uint32_t){first + i}, 4), 0);
	rig_port_forget(rp);
}

static void
all_goes_out(void)
{
	put(100);
	pw_port_tx_flush(&tx, 0);
	expect_sent(0, 100);
	CU_ASSERT_EQUAL(tx.packets, 100);
	CU_ASSERT_EQUAL(tx.bytes, 400);
	CU_ASSERT_EQUAL(pw_port_tx_room(&tx), PW_PORT_TX_MAX);
}

/* C158: whatever number the device takes, none is lost and the order stays. */
static void
c158_leftovers_keep_their_order(void)
{
	uint32_t k;

	for (k = 0; k <= 70; k++) {
		uint32_t first = next_put;

		put(70);
		rp->accept = k;
		pw_port_tx_flush(&tx, k);
		CU_ASSERT_EQUAL(pw_port_tx_waiting(&tx), 70 - k);
		rp->accept = UINT32_MAX;
		pw_port_tx_flush(&tx, k);
		expect_sent(first, 70);
	}
	CU_ASSERT_EQUAL(drops.n[PW_DROP_TX_FULL], 0);
}

static void
a_full_batch_drops_and_counts(void)
{
	rp->accept = 0;
	put(PW_PORT_TX_MAX + 3);
	CU_ASSERT_EQUAL(drops.n[PW_DROP_TX_FULL], 3);
	CU_ASSERT_EQUAL(pw_port_tx_room(&tx), 0);
	rp->accept = 10;
	pw_port_tx_flush(&tx, 0);
	put(10);
	CU_ASSERT_EQUAL(drops.n[PW_DROP_TX_FULL], 3);
	CU_ASSERT_EQUAL(pw_port_tx_room(&tx), 0);
}

/* What the device never takes does not block the link for ever. */
static void
a_refused_packet_goes_after_a_second(void)
{
	put(2);
	rp->accept = 0;
	pw_port_tx_flush(&tx, 5);
	pw_port_tx_flush(&tx, 4 + PW_PORT_TX_STUCK_NS);
	CU_ASSERT_EQUAL(pw_port_tx_waiting(&tx), 2);
	pw_port_tx_flush(&tx, 5 + PW_PORT_TX_STUCK_NS);
	CU_ASSERT_EQUAL(pw_port_tx_waiting(&tx), 1);
	CU_ASSERT_EQUAL(drops.n[PW_DROP_TX_STUCK], 1);
	rp->accept = UINT32_MAX;
	pw_port_tx_flush(&tx, 6 + PW_PORT_TX_STUCK_NS);
	expect_sent(1, 1);
}

static void
progress_is_no_refusal(void)
{
	pw_ns now;

	put(200);
	for (now = 0; now < 100; now++) {
		rp->accept = 1;
		pw_port_tx_flush(&tx, now * PW_PORT_TX_STUCK_NS);
	}
	CU_ASSERT_EQUAL(drops.n[PW_DROP_TX_STUCK], 0);
	expect_sent(0, 100);
}

/* Random puts and takings against a count. */
static void
random_against_a_count(void)
{
	struct pw_rand r;
	uint32_t round, sent = 0;

	printf("seed %d ", SEED);
	pw_rand_init(&r, SEED);
	for (round = 0; round < 3000; round++) {
		put((uint32_t)pw_rand_below(&r, RTE_MIN(40u, pw_port_tx_room(&tx)) + 1));
		rp->accept = (uint32_t)pw_rand_below(&r, 50);
		pw_port_tx_flush(&tx, 0);
		CU_ASSERT_EQUAL_FATAL(pw_port_tx_waiting(&tx), next_put - sent - rp->n_sent);
		sent += rp->n_sent;
		expect_sent(sent - rp->n_sent, rp->n_sent);
	}
	CU_ASSERT_EQUAL(drops.n[PW_DROP_TX_FULL], 0);
}

static CU_TestInfo tests[] = {
	{"all_goes_out", all_goes_out},
	{"c158_leftovers_keep_their_order", c158_leftovers_keep_their_order},
	{"a_full_batch_drops_and_counts", a_full_batch_drops_and_counts},
	{"a_refused_packet_goes_after_a_second", a_refused_packet_goes_after_a_second},
	{"progress_is_no_refusal", progress_is_no_refusal},
	{"random_against_a_count", random_against_a_count},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_port_tx = {
	.pName = "port_tx",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
