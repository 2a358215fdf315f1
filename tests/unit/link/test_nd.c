/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Neighbour discovery: cases C38 and C39, attack A25.
 */
#include <CUnit/CUnit.h>
#include "../seg/rig_eal.h"
#include "rig_net.h"

#define SOLICITED 0x40
#define OVERRIDE  0x20

static const uint8_t thief_mac[6] = {0x02, 0, 0, 0, 0, 0x66};

static struct rig_net n;
static struct rig_buf f;

static void
setup(void)
{
	rig_net_open6(&n, 8);
}

static void
teardown(void)
{
	rig_net_close(&n);
}

/* Hand the ICMPv6 message in f to the link, as ip does. */
static enum pw_drop
in(void)
{
	struct pw_nd_msg m = {.p = f.b + 54, .len = f.len - 54, .hop_limit = f.b[21]};
	struct pw_link_rx rx;

	CU_ASSERT_EQUAL_FATAL(pw_link_input(n.link, f.b, f.len, n.now, &rx), PW_OK);
	CU_ASSERT_TRUE_FATAL(rx.ip6 && rx.l3 == f.b + 14);
	memcpy(&m.src, f.b + 22, 16);
	memcpy(&m.dst, f.b + 38, 16);
	return pw_link_nd(n.link, &m, true, n.now);
}

static struct pw_neigh_info found;
static struct pw_addr wanted;

static void
look(void *ctx, const struct pw_neigh_info *info)
{
	if (pw_addr_eq(&info->addr, &wanted))
		found = *info;
}

static const struct pw_neigh_info *
entry(const char *text)
{
	wanted = rig_addr(text);
	found = (struct pw_neigh_info){.state = PW_NEIGH_FREE};
	pw_link_each(n.link, look, NULL);
	return &found;
}

static bool
is_addr(const uint8_t *p, const char *text)
{
	struct pw_addr a = rig_addr(text);

	return memcmp(p, a.b, 16) == 0;
}

/* The one frame sent: a message of this type between these, about @p target. */
static const uint8_t *
sent_nd(uint8_t type, const char *src, const char *dst, const char *target)
{
	const uint8_t *p, *icmp;
	uint8_t pseudo[8] = {0, 0, 0, 32, 0, 0, 0, 58};

	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	CU_ASSERT_EQUAL_FATAL(n.rp->sent[0].len, 14 + 40 + 32);
	p = n.rp->sent[0].bytes + 14;
	icmp = p + 40;
	CU_ASSERT_EQUAL(rig_get16(p - 2), 0x86dd);
	CU_ASSERT_EQUAL(rig_get16(p + 4), 32);
	CU_ASSERT_EQUAL(p[6], 58);
	CU_ASSERT_EQUAL(p[7], 255);
	CU_ASSERT_TRUE(is_addr(p + 8, src));
	CU_ASSERT_TRUE(is_addr(p + 24, dst));
	CU_ASSERT_EQUAL(icmp[0], type);
	CU_ASSERT_TRUE(is_addr(icmp + 8, target));
	CU_ASSERT_EQUAL(memcmp(icmp + 26, rig_our_mac, 6), 0);
	CU_ASSERT_EQUAL(rig_sum(icmp, 32, rig_sum(pseudo, 8, rig_sum(p + 8, 32, 0))), 0xffff);
	return icmp;
}

static void
send_to(const char *dst)
{
	struct rte_mbuf *m = pw_seg_message(n.seg, "packet", 6);
	struct pw_addr hop = rig_addr(dst);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	pw_link_output(n.link, m, &hop, n.now);
}

/* RFC 4861 7.2.4 */
static void
c39_a_solicitation_is_answered(void)
{
	const uint8_t *icmp;

	rig_ns(&f, rig_peer_mac, PEER6, "ff02::1:ff00:1", US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	icmp = sent_nd(136, US6, PEER6, US6);
	CU_ASSERT_EQUAL(icmp[4], SOLICITED | OVERRIDE);
	CU_ASSERT_EQUAL(rig_get16(icmp + 24), 0x0201);
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[0].bytes, rig_peer_mac, 6), 0);
	/* It is known now, but not that it hears us. */
	CU_ASSERT_EQUAL(entry(PEER6)->state, PW_NEIGH_STALE);
}

static void
c39_the_link_local_address_too(void)
{
	rig_ns(&f, rig_peer_mac, PEER6_LL, US6_LL, US6_LL);
	CU_ASSERT_EQUAL(in(), PW_OK);
	sent_nd(136, US6_LL, PEER6_LL, US6_LL);
}

/* Who looks whether our address is free hears that it is not. */
static void
c40_who_wants_our_address_is_told(void)
{
	rig_ns(&f, NULL, "::", "ff02::1:ff00:1", US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(sent_nd(136, US6, "ff02::1", US6)[4], OVERRIDE);
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[0].bytes, "\x33\x33\0\0\0\1", 6), 0);
}

static void
others_addresses_are_not_answered_for(void)
{
	rig_ns(&f, rig_peer_mac, PEER6, "ff02::1:ff00:7", "fd00::7");
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_NOT_OURS);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 0);
	CU_ASSERT_EQUAL(entry(PEER6)->state, PW_NEIGH_FREE);
}

static void
c38_what_is_invalid_changes_nothing(void)
{
	rig_ns(&f, rig_peer_mac, PEER6, US6, US6);
	f.b[21] = 254; /* hop limit */
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_BAD);
	rig_ns(&f, rig_peer_mac, PEER6, US6, US6);
	f.b[55] = 1; /* code */
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_BAD);
	rig_ns(&f, rig_peer_mac, PEER6, US6, US6);
	f.b[54 + 25] = 0; /* option length */
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_BAD);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 0);
	CU_ASSERT_EQUAL(entry(PEER6)->state, PW_NEIGH_FREE);
}

static void
a_neighbour_is_asked_for_and_answers(void)
{
	send_to(PEER6);
	CU_ASSERT_EQUAL(rig_get16(sent_nd(135, US6, "ff02::1:ff00:2", PEER6) + 24), 0x0101);
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[0].bytes, "\x33\x33\xff\0\0\2", 6), 0);
	rig_port_forget(n.rp);
	rig_na(&f, rig_peer_mac, PEER6, US6, PEER6, SOLICITED | OVERRIDE);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(entry(PEER6)->state, PW_NEIGH_REACHABLE);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[0].bytes, rig_peer_mac, 6), 0);
	CU_ASSERT_EQUAL(rig_get16(n.rp->sent[0].bytes + 12), 0x86dd);
}

static void
link_local_neighbours_are_asked_from_link_local(void)
{
	send_to(ROUTER6);
	sent_nd(135, US6_LL, "ff02::1:ff00:254", ROUTER6);
}

static void
a25_advertisements_nobody_asked_for(void)
{
	rig_na(&f, thief_mac, PEER6, US6, PEER6, SOLICITED | OVERRIDE);
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_UNASKED);
	CU_ASSERT_EQUAL(entry(PEER6)->state, PW_NEIGH_FREE);
	rig_ns(&f, rig_peer_mac, PEER6, US6, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	rig_na(&f, thief_mac, PEER6, "ff02::1", PEER6, OVERRIDE);
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_UNASKED);
	CU_ASSERT_EQUAL(memcmp(&entry(PEER6)->mac, rig_peer_mac, 6), 0);
}

/* A solicitation with another MAC address: the old one is asked first. */
static void
a25_a_known_neighbour_is_not_moved(void)
{
	rig_ns(&f, rig_peer_mac, PEER6, US6, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	rig_net_flush(&n);
	rig_port_forget(n.rp);
	rig_ns(&f, thief_mac, PEER6, US6, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(entry(PEER6)->state, PW_NEIGH_PROBE);
	CU_ASSERT_EQUAL(memcmp(&entry(PEER6)->mac, rig_peer_mac, 6), 0);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 2); /* the question, and the answer to the thief */
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[0].bytes, rig_peer_mac, 6), 0);
	CU_ASSERT_EQUAL(n.rp->sent[0].bytes[54], 135);
	rig_na(&f, rig_peer_mac, PEER6, US6, PEER6, SOLICITED);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(entry(PEER6)->state, PW_NEIGH_REACHABLE);
}

/* Asked by unicast, it need not repeat where it is (RFC 4861 4.4). */
static void
an_answer_without_an_option(void)
{
	rig_ns(&f, rig_peer_mac, PEER6, US6, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	rig_ns(&f, thief_mac, PEER6, US6, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	rig_na(&f, NULL, PEER6, US6, PEER6, SOLICITED);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(entry(PEER6)->state, PW_NEIGH_REACHABLE);
	CU_ASSERT_EQUAL(memcmp(&entry(PEER6)->mac, rig_peer_mac, 6), 0);
	send_to("fd00::3");
	rig_na(&f, NULL, "fd00::3", US6, "fd00::3", SOLICITED);
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_UNASKED); /* this one had to */
}

static void
a25_our_own_addresses_are_nobody_elses(void)
{
	rig_na(&f, thief_mac, PEER6, "ff02::1", US6, OVERRIDE);
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_CONFLICT);
	rig_ns(&f, thief_mac, US6, US6_LL, US6_LL);
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_CONFLICT);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 0);
}

/* Who spoke from an address before it was ours is no neighbour under it afterwards. */
static void
an_address_of_ours_is_no_neighbours(void)
{
	struct pw_if_addr a = {rig_addr(PEER6), 64};

	rig_ns(&f, rig_peer_mac, PEER6, "ff02::1:ff00:1", US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(entry(PEER6)->state, PW_NEIGH_STALE);
	CU_ASSERT_EQUAL(pw_link_addr_add(n.link, &a), 0);
	CU_ASSERT_EQUAL(entry(PEER6)->state, PW_NEIGH_FREE);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 0);
}

/* A flood of neighbours that never were leaves who is in use. */
static void
a25_a_flood_pushes_nobody_out(void)
{
	char who[32];
	uint32_t i;

	rig_ns(&f, rig_peer_mac, PEER6, US6, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	send_to(PEER6);
	for (i = 0; i < 1000; i++) {
		snprintf(who, sizeof(who), "fd00::%x", 0x100 + i);
		rig_ns(&f, thief_mac, who, US6, US6);
		CU_ASSERT_EQUAL(in(), PW_OK);
		rig_net_flush(&n);
		rig_port_forget(n.rp);
	}
	CU_ASSERT_NOT_EQUAL(entry(PEER6)->state, PW_NEIGH_FREE);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 8);
}

/* RFC 4861 7.2.6; IPv4 by ARP as ever. */
static void
addresses_are_announced(void)
{
	pw_link_announce(n.link);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 4);
	CU_ASSERT_EQUAL(rig_get16(n.rp->sent[0].bytes + 12), 0x0806);
	CU_ASSERT_EQUAL(rig_get16(n.rp->sent[2].bytes + 12), 0x86dd);
	CU_ASSERT_EQUAL(n.rp->sent[2].bytes[54], 136);
	CU_ASSERT_EQUAL(n.rp->sent[2].bytes[58], OVERRIDE);
	CU_ASSERT_TRUE(is_addr(n.rp->sent[3].bytes + 62, US6_LL));
}

static CU_TestInfo tests[] = {
	{"c39_a_solicitation_is_answered", c39_a_solicitation_is_answered},
	{"c39_the_link_local_address_too", c39_the_link_local_address_too},
	{"c40_who_wants_our_address_is_told", c40_who_wants_our_address_is_told},
	{"others_addresses_are_not_answered_for", others_addresses_are_not_answered_for},
	{"c38_what_is_invalid_changes_nothing", c38_what_is_invalid_changes_nothing},
	{"a_neighbour_is_asked_for_and_answers", a_neighbour_is_asked_for_and_answers},
	{"an_address_of_ours_is_no_neighbours", an_address_of_ours_is_no_neighbours},
	{"link_local_neighbours_are_asked_from_link_local",
		link_local_neighbours_are_asked_from_link_local},
	{"a25_advertisements_nobody_asked_for", a25_advertisements_nobody_asked_for},
	{"a25_a_known_neighbour_is_not_moved", a25_a_known_neighbour_is_not_moved},
	{"an_answer_without_an_option", an_answer_without_an_option},
	{"a25_our_own_addresses_are_nobody_elses", a25_our_own_addresses_are_nobody_elses},
	{"a25_a_flood_pushes_nobody_out", a25_a_flood_pushes_nobody_out},
	{"addresses_are_announced", addresses_are_announced},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_link_nd = {
	.pName = "link_nd",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
