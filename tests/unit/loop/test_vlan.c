/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A port with frames without a tag and of VLAN 100: which interface they are for.
 */
#include <CUnit/CUnit.h>
#include "loop_priv.h"
#include "rig_loop.h"

#define VLAN 100

enum {
	SYN = 2
};

static struct rig_loop l;
static struct pw_worker_stats st;

static void
setup(void)
{
	struct rig_loop_opts opts = {.vlan = VLAN};

	rig_loop_open(&l, &opts);
}

static void
teardown(void)
{
	rig_loop_close(&l);
}

static void
tag(uint16_t tci)
{
	memmove(l.f.b + 16, l.f.b + 12, l.f.len - 12);
	l.f.len += 4;
	l.f.b[12] = 0x81;
	l.f.b[13] = 0;
	l.f.b[14] = (uint8_t)(tci >> 8);
	l.f.b[15] = (uint8_t)tci;
}

static void
make_echo(const char *src, const char *dst)
{
	rig_eth(&l.f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&l.f, src, dst, 1, 8);
	rig_put32(&l.f, 0x0800f7ff);
	rig_put32(&l.f, 0);
}

/* A turn, whose frames stay in l.rp->sent. */
static uint32_t
turn(void)
{
	rig_port_forget(l.rp);
	l.now += PW_NS_PER_US;
	pw_worker_turn(l.w, l.now);
	pw_worker_get_stats(l.w, &st);
	return l.rp->n_sent;
}

static void
introduce(void)
{
	rig_arp(&l.f, rig_all_mac, 1, rig_peer_mac, PEER, rig_our_mac, US);
	rig_loop_put(&l);
	rig_arp(&l.f, rig_all_mac, 1, rig_peer_mac, RIG_VLAN_PEER, rig_our_mac, RIG_VLAN_US);
	tag(VLAN);
	rig_loop_put(&l);
	CU_ASSERT_EQUAL(turn(), 2);
	CU_ASSERT_EQUAL(rig_get16(l.rp->sent[0].bytes + 12), 0x0806);
	CU_ASSERT_EQUAL(rig_get16(l.rp->sent[1].bytes + 12), 0x8100);
}

static void
each_network_is_answered_in_its_own_way(void)
{
	introduce();
	make_echo(PEER, US);
	rig_loop_put(&l);
	make_echo(RIG_VLAN_PEER, RIG_VLAN_US);
	tag(VLAN);
	rig_loop_put(&l);
	CU_ASSERT_EQUAL_FATAL(turn(), 2);
	CU_ASSERT_EQUAL(rig_get16(l.rp->sent[0].bytes + 12), 0x0800);
	CU_ASSERT_EQUAL(rig_get16(l.rp->sent[1].bytes + 12), 0x8100);
	CU_ASSERT_EQUAL(rig_get16(l.rp->sent[1].bytes + 14), VLAN);
	CU_ASSERT_EQUAL(st.ip.echo_replies, 2);
	CU_ASSERT_EQUAL(st.link.neighbours, 2);
}

/* An address is of its VLAN: from another it is not reached. */
static void
an_address_is_not_reached_from_another_vlan(void)
{
	introduce();
	make_echo(RIG_VLAN_PEER, RIG_VLAN_US);
	rig_loop_put(&l);
	make_echo(PEER, US);
	tag(VLAN);
	rig_loop_put(&l);
	CU_ASSERT_EQUAL(turn(), 0);
	CU_ASSERT_EQUAL(st.drops.n[PW_DROP_IP4_NOT_OURS], 2);
}

static void
c03_other_vlans_are_dropped(void)
{
	introduce();
	make_echo(PEER, US);
	tag(7);
	rig_loop_put(&l);
	make_echo(RIG_VLAN_PEER, RIG_VLAN_US);
	rig_port_put(l.rp, l.f.b, l.f.len, 1)->vlan_tci = 7;
	l.rp->rx[l.rp->n_rx - 1]->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	CU_ASSERT_EQUAL(turn(), 0);
	CU_ASSERT_EQUAL(st.drops.n[PW_DROP_ETH_VLAN], 2);
}

/* The device took the tag off, and says which it was. */
static void
a_stripped_tag_is_looked_up(void)
{
	static const uint16_t tci[] = {VLAN, 0xe000 | VLAN};
	size_t i;

	introduce();
	for (i = 0; i < RTE_DIM(tci); i++) {
		struct rte_mbuf *m;

		make_echo(RIG_VLAN_PEER, RIG_VLAN_US);
		m = rig_port_put(l.rp, l.f.b, l.f.len, 1);
		m->vlan_tci = tci[i];
		m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	}
	CU_ASSERT_EQUAL(turn(), 2);
	make_echo(PEER, US); /* a priority alone */
	tag(0xe000);
	rig_loop_put(&l);
	make_echo(PEER, US);
	rig_port_put(l.rp, l.f.b, l.f.len, 1)->ol_flags |=
		RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	CU_ASSERT_EQUAL(turn(), 2);
	CU_ASSERT_EQUAL(st.drops.n[PW_DROP_ETH_VLAN], 0);
}

static void
runts_are_counted_as_such(void)
{
	make_echo(PEER, US);
	tag(VLAN);
	for (l.f.len = 1; l.f.len < 18; l.f.len++)
		rig_loop_put(&l);
	turn();
	CU_ASSERT_EQUAL(st.drops.n[PW_DROP_ETH_RUNT], 17);
}

/* Data of a connection in the VLAN: a header more, a copy none, and the device knows where. */
static void
a_connection_in_a_vlan(void)
{
	struct rig_loop_opts opts = {.vlan = VLAN, .tx_tcp_cksum = true};
	uint32_t sum;

	teardown();
	rig_loop_open(&l, &opts);
	rig_loop_connect(&l); /* the untagged one is not disturbed */
	rig_loop_fetch(&l, 100000, UINT32_MAX);
	rig_loop_bye(&l);
	introduce();
	l.sport++;
	rig_loop_seg(&l, SYN, "");
	memcpy(l.f.b + 26, (uint8_t[]){10, 1, 0, 2, 10, 1, 0, 1}, 8);
	rig_ip4_fix(&l.f);
	sum = ~rig_get16(l.f.b + 50) & 0xffff; /* 10.1 for 10.0, twice */
	sum = sum + 2 > 0xffff ? sum + 2 - 0xffff : sum + 2;
	l.f.b[50] = (uint8_t)(~sum >> 8);
	l.f.b[51] = (uint8_t)~sum;
	tag(VLAN);
	rig_loop_put(&l);
	CU_ASSERT_EQUAL_FATAL(turn(), 1);
	CU_ASSERT_EQUAL(rig_get16(l.rp->sent[0].bytes + 12), 0x8100);
	CU_ASSERT_EQUAL(l.rp->sent[0].l2_len, 18);
	CU_ASSERT_EQUAL(l.rp->sent[0].bytes[18 + 20 + 13], 0x12); /* SYN and ACK */
	l.unfinished = true;
}

static CU_TestInfo tests[] = {
	{"each_network_is_answered_in_its_own_way", each_network_is_answered_in_its_own_way},
	{"an_address_is_not_reached_from_another_vlan",
		an_address_is_not_reached_from_another_vlan},
	{"c03_other_vlans_are_dropped", c03_other_vlans_are_dropped},
	{"a_stripped_tag_is_looked_up", a_stripped_tag_is_looked_up},
	{"runts_are_counted_as_such", runts_are_counted_as_such},
	{"a_connection_in_a_vlan", a_connection_in_a_vlan},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_loop_vlan = {
	.pName = "loop_vlan",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
