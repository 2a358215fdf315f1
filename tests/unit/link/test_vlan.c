/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * 802.1Q: a link in VLAN 100.
 */
#include <CUnit/CUnit.h>
#include "../seg/rig_eal.h"
#include "rig_net.h"

#define VLAN 100

static struct rig_net n;
static struct pw_link *link100;
static struct rig_buf f;
static struct pw_link_rx rx;

static void
open_link(bool by_device)
{
	struct pw_link_cfg cfg = {
		.vlan = VLAN,
		.vlan_by_device = by_device,
		.addrs = n.addrs,
		.n_addrs = 2,
		.seg = n.seg,
		.tx = &n.tx,
		.drops = &n.drops,
		.mem = &pw_mem_heap,
		.seed = 12345,
	};

	cfg.mac = n.rp->port.mac;
	link100 = pw_link_create(&cfg, n.now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(link100);
}

static void
setup(void)
{
	rig_net_open(&n, 0);
	open_link(false);
}

static void
teardown(void)
{
	pw_link_destroy(link100);
	rig_net_close(&n);
}

/* Put a tag behind the addresses of the frame in f. */
static void
tag(uint16_t tpid, uint16_t tci)
{
	memmove(f.b + 16, f.b + 12, f.len - 12);
	f.len += 4;
	f.b[12] = (uint8_t)(tpid >> 8);
	f.b[13] = (uint8_t)tpid;
	f.b[14] = (uint8_t)(tci >> 8);
	f.b[15] = (uint8_t)tci;
}

static enum pw_drop
in(struct pw_link *l)
{
	return pw_link_input(l, f.b, f.len, n.now, &rx);
}

static void
make_ip(void)
{
	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_put32(&f, 0);
}

static void
a_frame_of_our_vlan_is_taken(void)
{
	make_ip();
	tag(0x8100, VLAN);
	CU_ASSERT_EQUAL(in(link100), PW_OK);
	CU_ASSERT_PTR_EQUAL(rx.l3, f.b + 18);
	CU_ASSERT_EQUAL(rx.len, 4);
	make_ip();
	tag(0x8100, 0xf000 | VLAN); /* of whatever priority */
	CU_ASSERT_EQUAL(in(link100), PW_OK);
	make_ip(); /* the device took the tag off */
	CU_ASSERT_EQUAL(in(link100), PW_OK);
	CU_ASSERT_PTR_EQUAL(rx.l3, f.b + 14);
}

static void
c03_a_frame_of_another_vlan_is_dropped(void)
{
	static const uint16_t others[] = {0, 1, 99, 101, 4095};
	size_t i;

	for (i = 0; i < RTE_DIM(others); i++) {
		make_ip();
		tag(0x8100, others[i]);
		CU_ASSERT_EQUAL(in(link100), PW_DROP_ETH_VLAN);
	}
	make_ip();
	tag(0x88a8, VLAN);
	CU_ASSERT_EQUAL(in(link100), PW_DROP_ETH_VLAN);
	make_ip();
	tag(0x8100, VLAN);
	tag(0x8100, VLAN); /* a second tag is no type that is spoken */
	CU_ASSERT_EQUAL(in(link100), PW_DROP_ETH_TYPE);
	CU_ASSERT_PTR_NULL(rx.l3);
}

/* 802.1Q 6.9.1: VID 0 is a priority alone. */
static void
a_priority_tag_is_no_vlan(void)
{
	make_ip();
	tag(0x8100, 0xe000);
	CU_ASSERT_EQUAL(in(n.link), PW_OK);
	CU_ASSERT_PTR_EQUAL(rx.l3, f.b + 18);
	make_ip();
	tag(0x8100, VLAN);
	CU_ASSERT_EQUAL(in(n.link), PW_DROP_ETH_VLAN);
}

static void
expect_tagged(uint32_t i, uint16_t type)
{
	const uint8_t *p = n.rp->sent[i].bytes;

	CU_ASSERT_EQUAL(memcmp(p + 6, rig_our_mac, 6), 0);
	CU_ASSERT_EQUAL(rig_get16(p + 12), 0x8100);
	CU_ASSERT_EQUAL(rig_get16(p + 14), VLAN);
	CU_ASSERT_EQUAL(rig_get16(p + 16), type);
	CU_ASSERT_EQUAL(n.rp->sent[i].ol_flags & RTE_MBUF_F_TX_VLAN, 0);
}

static void
send_one(struct pw_link *l)
{
	struct rte_mbuf *m = pw_seg_message(n.seg, "x", 1);
	struct pw_addr hop = rig_addr(PEER);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	pw_link_output(l, m, &hop, n.now);
}

/* A request, its answer, the packet that waited, and our answer to a request. */
static void
what_we_send_has_the_tag(void)
{
	CU_ASSERT_EQUAL(pw_link_hlen(link100), 18);
	send_one(link100);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	expect_tagged(0, 0x0806);
	CU_ASSERT_EQUAL(n.rp->sent[0].len, 46);
	rig_arp(&f, rig_our_mac, 2, rig_peer_mac, PEER, rig_our_mac, US);
	tag(0x8100, VLAN);
	CU_ASSERT_EQUAL(in(link100), PW_OK);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 2);
	expect_tagged(1, 0x0800);
	CU_ASSERT_EQUAL(n.rp->sent[1].len, 19);
	CU_ASSERT_EQUAL(n.rp->sent[1].bytes[18], 'x');
	rig_arp(&f, rig_all_mac, 1, rig_peer_mac, PEER, rig_our_mac, US);
	tag(0x8100, VLAN);
	CU_ASSERT_EQUAL(in(link100), PW_OK);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 3);
	expect_tagged(2, 0x0806);
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[2].bytes, rig_peer_mac, 6), 0);
}

static void
the_device_is_told_the_tag(void)
{
	uint32_t i;

	pw_link_destroy(link100);
	open_link(true);
	CU_ASSERT_EQUAL(pw_link_hlen(link100), 14);
	rig_arp(&f, rig_all_mac, 1, rig_peer_mac, PEER, rig_our_mac, US);
	CU_ASSERT_EQUAL(in(link100), PW_OK);
	send_one(link100);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 2);
	for (i = 0; i < 2; i++) {
		CU_ASSERT_NOT_EQUAL(n.rp->sent[i].ol_flags & RTE_MBUF_F_TX_VLAN, 0);
		CU_ASSERT_EQUAL(n.rp->sent[i].vlan_tci, VLAN);
	}
	CU_ASSERT_EQUAL(rig_get16(n.rp->sent[0].bytes + 12), 0x0806);
	CU_ASSERT_EQUAL(rig_get16(n.rp->sent[1].bytes + 12), 0x0800);
}

/* Who is known in one VLAN is a stranger in another. */
static void
neighbours_are_of_their_vlan(void)
{
	rig_arp(&f, rig_all_mac, 1, rig_peer_mac, PEER, rig_our_mac, US);
	tag(0x8100, VLAN);
	CU_ASSERT_EQUAL(in(link100), PW_OK);
	CU_ASSERT_EQUAL(pw_link_stats(link100)->neighbours, 1);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 0);
	rig_net_flush(&n);
	rig_port_forget(n.rp);
	send_one(n.link);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	CU_ASSERT_EQUAL(rig_get16(n.rp->sent[0].bytes + 12), 0x0806);
}

static void
a_tagged_frame_is_overheard(void)
{
	rig_arp(&f, rig_all_mac, 1, rig_peer_mac, PEER, rig_our_mac, US);
	tag(0x8100, VLAN);
	pw_link_overhear(link100, f.b, f.len, n.now, &rx);
	pw_link_overhear(n.link, f.b, f.len, n.now, &rx);
	CU_ASSERT_EQUAL(pw_link_stats(link100)->neighbours, 1);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 0);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 0);
}

static void
every_truncation_is_dropped(void)
{
	make_ip();
	tag(0x8100, VLAN);
	for (f.len = 0; f.len < 18; f.len++)
		CU_ASSERT_EQUAL(in(link100), PW_DROP_ETH_RUNT);
}

static CU_TestInfo tests[] = {
	{"a_frame_of_our_vlan_is_taken", a_frame_of_our_vlan_is_taken},
	{"c03_a_frame_of_another_vlan_is_dropped", c03_a_frame_of_another_vlan_is_dropped},
	{"a_priority_tag_is_no_vlan", a_priority_tag_is_no_vlan},
	{"what_we_send_has_the_tag", what_we_send_has_the_tag},
	{"the_device_is_told_the_tag", the_device_is_told_the_tag},
	{"neighbours_are_of_their_vlan", neighbours_are_of_their_vlan},
	{"a_tagged_frame_is_overheard", a_tagged_frame_is_overheard},
	{"every_truncation_is_dropped", every_truncation_is_dropped},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_link_vlan = {
	.pName = "link_vlan",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
