/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Ethernet and ARP: cases C1 to C8 and attack A25.
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "../seg/rig_eal.h"
#include "rig_net.h"

static struct rig_net n;
static struct rig_buf f;
static const uint8_t other_mac[6] = {0x02, 0, 0, 0, 0, 0x99};
static const uint8_t no_mac[6];

static void
setup(void)
{
	rig_net_open(&n, 0);
}

static void
teardown(void)
{
	rig_net_close(&n);
}

static enum pw_drop
in(struct pw_link_rx *rx)
{
	return pw_link_input(n.link, f.b, f.len, n.now, rx);
}

static enum pw_drop
arp_in(uint16_t op, const uint8_t *sha, const char *spa, const char *tpa)
{
	struct pw_link_rx rx;
	enum pw_drop why;

	rig_arp(&f, op == 1 ? rig_all_mac : rig_our_mac, op, sha, spa,
		op == 1 ? no_mac : rig_our_mac, tpa);
	why = in(&rx);
	CU_ASSERT_PTR_NULL(rx.l3);
	return why;
}

/* A packet of one byte, by which it is known again. */
static void
send_to(const char *hop, uint8_t mark)
{
	struct rte_mbuf *m = pw_seg_message(n.seg, &mark, 1);
	struct pw_addr a = rig_addr(hop);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	pw_link_output(n.link, m, &a, n.now);
}

/* Let time pass, as the worker would. */
static void
pass(pw_ns ns)
{
	pw_ns end = n.now + ns;

	while (pw_link_next(n.link) <= end) {
		n.now = pw_max(n.now, pw_link_next(n.link));
		pw_link_run(n.link, n.now);
	}
	n.now = end;
}

struct seek {
	struct pw_addr addr;
	struct pw_neigh_info found;
};

static void
seek_one(void *ctx, const struct pw_neigh_info *info)
{
	struct seek *s = ctx;

	if (pw_addr_eq(&info->addr, &s->addr))
		s->found = *info;
}

static struct pw_neigh_info
neigh(const char *addr)
{
	struct seek s = {.addr = rig_addr(addr)};

	pw_link_each(n.link, seek_one, &s);
	return s.found;
}

/* What was sent since the last call is exactly one request for @p target. */
static void
expect_request(const uint8_t *dst, const char *target)
{
	struct pw_addr a = rig_addr(target);
	const uint8_t *p;

	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	p = n.rp->sent[0].bytes;
	CU_ASSERT_EQUAL_FATAL(n.rp->sent[0].len, 42);
	CU_ASSERT_EQUAL(memcmp(p, dst, 6), 0);
	CU_ASSERT_EQUAL(memcmp(p + 6, rig_our_mac, 6), 0);
	CU_ASSERT_EQUAL(rig_get16(p + 12), 0x0806);
	CU_ASSERT_EQUAL(rig_get16(p + 20), 1);
	CU_ASSERT_EQUAL(memcmp(p + 38, a.b + 12, 4), 0);
	rig_port_forget(n.rp);
}

static void
expect_frame(const uint8_t *dst, uint8_t mark)
{
	const struct rig_frame *s = &n.rp->sent[0];

	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	CU_ASSERT_EQUAL_FATAL(s->len, 15);
	CU_ASSERT_EQUAL(memcmp(s->bytes, dst, 6), 0);
	CU_ASSERT_EQUAL(memcmp(s->bytes + 6, rig_our_mac, 6), 0);
	CU_ASSERT_EQUAL(rig_get16(s->bytes + 12), 0x0800);
	CU_ASSERT_EQUAL(s->bytes[14], mark);
	rig_port_forget(n.rp);
}

static void
expect_nothing(void)
{
	CU_ASSERT_EQUAL(rig_net_flush(&n), 0);
	rig_port_forget(n.rp);
}

/* PEER is known, and nothing is left to be sent. */
static void
know_peer(void)
{
	CU_ASSERT_EQUAL(arp_in(1, rig_peer_mac, PEER, US), PW_OK);
	rig_net_flush(&n);
	rig_port_forget(n.rp);
}

static void
c01_frame_for_another_mac(void)
{
	struct pw_link_rx rx;

	rig_eth(&f, other_mac, rig_peer_mac, 0x0800);
	CU_ASSERT_EQUAL(in(&rx), PW_DROP_ETH_NOT_OURS);
	CU_ASSERT_PTR_NULL(rx.l3);
}

static void
frames_for_us_and_for_all_are_taken(void)
{
	struct pw_link_rx rx;

	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_put32(&f, 0);
	CU_ASSERT_EQUAL(in(&rx), PW_OK);
	CU_ASSERT_PTR_EQUAL(rx.l3, f.b + 14);
	CU_ASSERT_EQUAL(rx.len, 4);
	CU_ASSERT_FALSE(rx.group);
	rig_eth(&f, rig_all_mac, rig_peer_mac, 0x0800);
	CU_ASSERT_EQUAL(in(&rx), PW_OK);
	CU_ASSERT_TRUE(rx.group);
}

static void
c03_vlan_tag_is_dropped(void)
{
	struct pw_link_rx rx;

	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x8100);
	rig_put32(&f, 0x00050800);
	CU_ASSERT_EQUAL(in(&rx), PW_DROP_ETH_VLAN);
}

static void
runts_and_strangers_are_dropped(void)
{
	struct pw_link_rx rx;

	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x88cc);
	CU_ASSERT_EQUAL(in(&rx), PW_DROP_ETH_TYPE);
	rig_eth(&f, rig_our_mac, rig_peer_mac, 46); /* a length, not a type */
	CU_ASSERT_EQUAL(in(&rx), PW_DROP_ETH_TYPE);
	rig_eth(&f, rig_our_mac, rig_all_mac, 0x0800);
	CU_ASSERT_EQUAL(in(&rx), PW_DROP_ETH_SRC_MULTICAST);
	for (f.len = 0; f.len < 14; f.len++)
		CU_ASSERT_EQUAL(in(&rx), PW_DROP_ETH_RUNT);
}

static void
c04_arp_request_one_reply(void)
{
	struct pw_addr peer = rig_addr(PEER), us = rig_addr(US_TOO);
	const uint8_t *p;

	CU_ASSERT_EQUAL(arp_in(1, rig_peer_mac, PEER, US_TOO), PW_OK);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	p = n.rp->sent[0].bytes;
	CU_ASSERT_EQUAL(memcmp(p, rig_peer_mac, 6), 0);
	CU_ASSERT_EQUAL(memcmp(p + 6, rig_our_mac, 6), 0);
	CU_ASSERT_EQUAL(rig_get16(p + 14), 1);
	CU_ASSERT_EQUAL(rig_get16(p + 16), 0x0800);
	CU_ASSERT_EQUAL(rig_get16(p + 18), 0x0604);
	CU_ASSERT_EQUAL(rig_get16(p + 20), 2);
	CU_ASSERT_EQUAL(memcmp(p + 22, rig_our_mac, 6), 0);
	CU_ASSERT_EQUAL(memcmp(p + 28, us.b + 12, 4), 0);
	CU_ASSERT_EQUAL(memcmp(p + 32, rig_peer_mac, 6), 0);
	CU_ASSERT_EQUAL(memcmp(p + 38, peer.b + 12, 4), 0);
}

static void
requests_for_others_are_not_answered(void)
{
	CU_ASSERT_EQUAL(arp_in(1, rig_peer_mac, PEER, "10.0.0.7"), PW_DROP_ARP_NOT_OURS);
	CU_ASSERT_EQUAL(neigh(PEER).state, PW_NEIGH_FREE);
	expect_nothing();
}

/* RFC 5227: a probe has no sender; it is answered, and nothing is learnt. */
static void
a_probe_is_answered(void)
{
	CU_ASSERT_EQUAL(arp_in(1, rig_peer_mac, "0.0.0.0", US), PW_OK);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 1);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 0);
}

static void
c05_wrong_formats_are_ignored(void)
{
	static const uint8_t at[] = {14, 15, 16, 17, 18, 19, 21};
	struct pw_link_rx rx;
	size_t i;

	for (i = 0; i < RTE_DIM(at); i++) {
		rig_arp(&f, rig_all_mac, 1, rig_peer_mac, PEER, no_mac, US);
		f.b[at[i]] ^= 0x55;
		CU_ASSERT_EQUAL(in(&rx), PW_DROP_ARP_BAD);
	}
	rig_arp(&f, rig_all_mac, 1, rig_peer_mac, PEER, no_mac, US);
	for (f.len = 14; f.len < 42; f.len++)
		CU_ASSERT_EQUAL(in(&rx), PW_DROP_ARP_BAD);
	expect_nothing();
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 0);
}

static void
c06_unasked_reply_makes_no_entry(void)
{
	CU_ASSERT_EQUAL(arp_in(2, rig_peer_mac, PEER, US), PW_DROP_ARP_UNASKED);
	CU_ASSERT_EQUAL(neigh(PEER).state, PW_NEIGH_FREE);
}

static void
c07_a_packet_waits_and_is_sent(void)
{
	send_to(PEER, 1);
	expect_request(rig_all_mac, PEER);
	CU_ASSERT_EQUAL(neigh(PEER).waiting, 1);
	CU_ASSERT_EQUAL(arp_in(2, rig_peer_mac, PEER, US), PW_OK);
	expect_frame(rig_peer_mac, 1);
	send_to(PEER, 2);
	expect_frame(rig_peer_mac, 2);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->waiting, 0);
}

/* RFC 1122 2.3.2.2: the latest are kept, in order. */
static void
c07_the_latest_are_kept(void)
{
	uint8_t i;

	for (i = 0; i < 9; i++)
		send_to(PEER, i);
	expect_request(rig_all_mac, PEER);
	CU_ASSERT_EQUAL(n.drops.n[PW_DROP_NEIGH_QUEUE], 5);
	CU_ASSERT_EQUAL(arp_in(2, rig_peer_mac, PEER, US), PW_OK);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 4);
	for (i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(n.rp->sent[i].bytes[14], 5 + i);
}

/* RFC 1122 2.3.2.1: whatever is sent, one request a second at most. */
static void
c07_requests_are_rate_limited(void)
{
	uint32_t ms;

	for (ms = 0; ms < 2900; ms++) {
		send_to(PEER, 0);
		pass(PW_NS_PER_MS);
	}
	CU_ASSERT_EQUAL(rig_net_flush(&n), 3);
}

static void
silence_is_taken_for_an_answer(void)
{
	send_to(PEER, 1);
	pass(3100 * PW_NS_PER_MS);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 3);
	rig_port_forget(n.rp);
	CU_ASSERT_EQUAL(neigh(PEER).state, PW_NEIGH_FAILED);
	CU_ASSERT_EQUAL(n.drops.n[PW_DROP_NEIGH_FAILED], 1);
	send_to(PEER, 2); /* held off: no request */
	CU_ASSERT_EQUAL(n.drops.n[PW_DROP_NEIGH_FAILED], 2);
	expect_nothing();
	pass(11 * PW_NS_PER_S);
	CU_ASSERT_EQUAL(neigh(PEER).state, PW_NEIGH_FREE);
	send_to(PEER, 3);
	expect_request(rig_all_mac, PEER);
}

static void
a_late_answer_counts(void)
{
	send_to(PEER, 1);
	pass(4 * PW_NS_PER_S);
	rig_net_flush(&n);
	rig_port_forget(n.rp);
	CU_ASSERT_EQUAL(arp_in(2, rig_peer_mac, PEER, US), PW_OK);
	send_to(PEER, 2);
	expect_frame(rig_peer_mac, 2);
}

static void
a_request_for_us_makes_its_sender_known(void)
{
	know_peer();
	CU_ASSERT_EQUAL(neigh(PEER).state, PW_NEIGH_REACHABLE);
	send_to(PEER, 1);
	expect_frame(rig_peer_mac, 1);
}

/* C8: old entries are asked after while they go on being used. */
static void
c08_an_entry_is_refreshed(void)
{
	know_peer();
	pass(61 * PW_NS_PER_S);
	CU_ASSERT_EQUAL(neigh(PEER).state, PW_NEIGH_STALE);
	expect_nothing();
	send_to(PEER, 1);
	expect_frame(rig_peer_mac, 1);
	CU_ASSERT_EQUAL(neigh(PEER).state, PW_NEIGH_DELAY);
	pass(5 * PW_NS_PER_S);
	expect_request(rig_peer_mac, PEER);
	CU_ASSERT_EQUAL(arp_in(2, rig_peer_mac, PEER, US), PW_OK);
	CU_ASSERT_EQUAL(neigh(PEER).state, PW_NEIGH_REACHABLE);
	pass(5 * PW_NS_PER_S);
	expect_nothing();
}

static void
c08_an_unused_entry_is_forgotten(void)
{
	know_peer();
	pass(700 * PW_NS_PER_S);
	CU_ASSERT_EQUAL(neigh(PEER).state, PW_NEIGH_FREE);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 0);
	CU_ASSERT_EQUAL(pw_link_next(n.link), PW_NEVER);
	expect_nothing();
}

/* C8: the neighbour is silent at its old MAC address, and answers from a new one. */
static void
c08_a_move_is_found_out(void)
{
	know_peer();
	pass(61 * PW_NS_PER_S);
	send_to(PEER, 1);
	expect_frame(rig_peer_mac, 1);
	pass(5 * PW_NS_PER_S);
	expect_request(rig_peer_mac, PEER);
	pass(PW_NS_PER_S);
	expect_request(rig_peer_mac, PEER);
	pass(PW_NS_PER_S);
	expect_request(rig_all_mac, PEER);
	send_to(PEER, 2);
	expect_nothing();
	CU_ASSERT_EQUAL(arp_in(2, other_mac, PEER, US), PW_OK);
	expect_frame(other_mac, 2);
}

/* A25: replies that nobody asked for change nothing. */
static void
a25_poisoning_by_replies(void)
{
	know_peer();
	CU_ASSERT_EQUAL(arp_in(2, other_mac, PEER, US), PW_DROP_ARP_UNASKED);
	send_to(PEER, 1);
	expect_frame(rig_peer_mac, 1);
}

/* A25: a request that names another MAC address makes us ask, not believe. */
static void
a25_poisoning_by_requests(void)
{
	know_peer();
	CU_ASSERT_EQUAL(arp_in(1, other_mac, PEER, "10.0.0.77"), PW_DROP_ARP_NOT_OURS);
	expect_request(rig_peer_mac, PEER);
	CU_ASSERT_EQUAL(arp_in(1, other_mac, PEER, "10.0.0.77"), PW_DROP_ARP_NOT_OURS);
	expect_nothing(); /* and not more often than once a second */
	send_to(PEER, 1);
	expect_frame(rig_peer_mac, 1);
	CU_ASSERT_EQUAL(arp_in(2, rig_peer_mac, PEER, US), PW_OK);
	send_to(PEER, 2);
	expect_frame(rig_peer_mac, 2);
}

static void
our_own_addresses_cannot_be_claimed(void)
{
	CU_ASSERT_EQUAL(arp_in(1, other_mac, US, US), PW_DROP_ARP_CONFLICT);
	CU_ASSERT_EQUAL(arp_in(2, other_mac, US_TOO, US), PW_DROP_ARP_CONFLICT);
	CU_ASSERT_EQUAL(arp_in(1, rig_our_mac, PEER, US), PW_DROP_ARP_CONFLICT);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 0);
	expect_nothing();
}

static void
flood(uint32_t count)
{
	char addr[PW_ADDR_TEXT_MAX];
	uint32_t i;

	for (i = 0; i < count; i++) {
		snprintf(addr, sizeof(addr), "192.168.%u.%u", i >> 8 & 0xff, i & 0xff);
		if (arp_in(1, other_mac, addr, US_TOO) == PW_OK && i % 64 == 0)
			rig_net_flush(&n);
		rig_port_forget(n.rp);
	}
	rig_net_flush(&n);
	rig_port_forget(n.rp);
}

/* A25: a flood of requests cannot push out a neighbour in use. */
static void
a25_flood_does_not_evict_who_is_in_use(void)
{
	rig_net_close(&n);
	rig_net_open(&n, 64);
	know_peer();
	send_to(PEER, 1);
	expect_frame(rig_peer_mac, 1);
	flood(1000);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 64);
	send_to(PEER, 2);
	expect_frame(rig_peer_mac, 2);
}

/* A25: what we want to resolve ourselves is bounded as well. */
static void
a25_unresolved_are_bounded(void)
{
	char addr[PW_ADDR_TEXT_MAX];
	uint32_t i;

	for (i = 0; i < 600; i++) {
		snprintf(addr, sizeof(addr), "192.168.%u.%u", 1 + i / 200, 1 + i % 200);
		send_to(addr, 1);
		rig_net_flush(&n);
		rig_port_forget(n.rp);
	}
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->resolving, 256);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->waiting, 256);
	CU_ASSERT_EQUAL(n.drops.n[PW_DROP_NEIGH_FULL], 600 - 256);
	know_peer(); /* a peer that asks first is served all the same */
	send_to(PEER, 1);
	expect_frame(rig_peer_mac, 1);
	pass(20 * PW_NS_PER_S);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->resolving, 0);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->waiting, 0);
}

static void
strangers_off_link_are_not_learnt(void)
{
	CU_ASSERT_EQUAL(arp_in(1, rig_peer_mac, FAR, US), PW_OK);
	CU_ASSERT_EQUAL(neigh(FAR).state, PW_NEIGH_FREE);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 1);
}

static void
we_announce_ourselves(void)
{
	pw_link_announce(n.link);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 2);
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[0].bytes + 28, n.rp->sent[0].bytes + 38, 4), 0);
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[1].bytes + 28, n.rp->sent[1].bytes + 38, 4), 0);
}

/* Of a range each address is answered for, and its neighbours are not. */
static void
requests_for_a_range_are_answered(void)
{
	n.addrs[1].n_more = 3;
	CU_ASSERT_EQUAL(pw_link_addr_add(n.link, &n.addrs[1]), 0);
	know_peer();
	CU_ASSERT_EQUAL(arp_in(1, rig_peer_mac, PEER, "192.168.5.4"), PW_OK);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 1);
	CU_ASSERT_EQUAL(n.rp->sent[0].bytes[31], 4); /* the sender's address ends in .4 */
	rig_port_forget(n.rp);
	CU_ASSERT_EQUAL(arp_in(1, rig_peer_mac, PEER, "192.168.5.5"), PW_DROP_ARP_NOT_OURS);
	CU_ASSERT_EQUAL(arp_in(1, rig_peer_mac, PEER, "192.168.5.0"), PW_DROP_ARP_NOT_OURS);
	expect_nothing();
}

/* Another worker has the frame as well: it answers, and we learn. */
static void
what_is_overheard_is_learnt_and_not_answered(void)
{
	struct pw_link_rx rx;

	send_to(PEER, 1);
	expect_request(rig_all_mac, PEER);
	rig_arp(&f, rig_our_mac, 2, rig_peer_mac, PEER, rig_our_mac, US);
	f.b[0] ^= 4; /* for another host */
	pw_link_overhear(n.link, f.b, f.len, n.now, &rx);
	expect_nothing();
	f.b[0] ^= 4;
	pw_link_overhear(n.link, f.b, f.len, n.now, &rx);
	expect_frame(rig_peer_mac, 1);
	rig_arp(&f, rig_all_mac, 1, other_mac, ROUTER, no_mac, US);
	pw_link_overhear(n.link, f.b, f.len, n.now, &rx);
	expect_nothing();
	CU_ASSERT_EQUAL(neigh(ROUTER).state, PW_NEIGH_REACHABLE);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->replies_out, 0);
	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	pw_link_overhear(n.link, f.b, f.len, n.now, &rx);
	expect_nothing();
}

static CU_TestInfo tests[] = {
	{"c01_frame_for_another_mac", c01_frame_for_another_mac},
	{"frames_for_us_and_for_all_are_taken", frames_for_us_and_for_all_are_taken},
	{"c03_vlan_tag_is_dropped", c03_vlan_tag_is_dropped},
	{"runts_and_strangers_are_dropped", runts_and_strangers_are_dropped},
	{"c04_arp_request_one_reply", c04_arp_request_one_reply},
	{"requests_for_others_are_not_answered", requests_for_others_are_not_answered},
	{"a_probe_is_answered", a_probe_is_answered},
	{"c05_wrong_formats_are_ignored", c05_wrong_formats_are_ignored},
	{"c06_unasked_reply_makes_no_entry", c06_unasked_reply_makes_no_entry},
	{"c07_a_packet_waits_and_is_sent", c07_a_packet_waits_and_is_sent},
	{"c07_the_latest_are_kept", c07_the_latest_are_kept},
	{"c07_requests_are_rate_limited", c07_requests_are_rate_limited},
	{"silence_is_taken_for_an_answer", silence_is_taken_for_an_answer},
	{"a_late_answer_counts", a_late_answer_counts},
	{"a_request_for_us_makes_its_sender_known", a_request_for_us_makes_its_sender_known},
	{"c08_an_entry_is_refreshed", c08_an_entry_is_refreshed},
	{"c08_an_unused_entry_is_forgotten", c08_an_unused_entry_is_forgotten},
	{"c08_a_move_is_found_out", c08_a_move_is_found_out},
	{"a25_poisoning_by_replies", a25_poisoning_by_replies},
	{"a25_poisoning_by_requests", a25_poisoning_by_requests},
	{"our_own_addresses_cannot_be_claimed", our_own_addresses_cannot_be_claimed},
	{"a25_flood_does_not_evict_who_is_in_use", a25_flood_does_not_evict_who_is_in_use},
	{"a25_unresolved_are_bounded", a25_unresolved_are_bounded},
	{"strangers_off_link_are_not_learnt", strangers_off_link_are_not_learnt},
	{"we_announce_ourselves", we_announce_ourselves},
	{"what_is_overheard_is_learnt_and_not_answered",
		what_is_overheard_is_learnt_and_not_answered},
	{"requests_for_a_range_are_answered", requests_for_a_range_are_answered},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_link_arp = {
	.pName = "link_arp",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
