/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Addresses that come and go: case C40, RFC 4862, 4861 section 6.3, 4191, 3810.
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "../link/rig_net.h"
#include "../seg/rig_eal.h"
#include "pw_ip.h"

#define MADE "2001:db8::ff:fe00:1" /* of 2001:db8::/64 and rig_our_mac */
#define S    PW_NS_PER_S

static struct rig_net n;
static struct pw_ip *ip;
static struct rig_buf f;
static struct pw_ip_rx out;

static void
setup(void)
{
	struct pw_ip_cfg cfg = {
		.addrs = n.addrs,
		.mtu = 1500,
		.drops = &n.drops,
		.mem = &pw_mem_heap,
		.detect_duplicates = true,
		.take_ra = true,
		.speaks = true,
	};

	rig_net_open6(&n, 0);
	cfg.n_addrs = n.n_addrs;
	cfg.seg = n.seg;
	cfg.link = n.link;
	ip = pw_ip_create(&cfg, n.now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ip);
}

static void
teardown(void)
{
	pw_ip_destroy(ip);
	rig_net_close(&n);
}

static enum pw_drop
in(void)
{
	struct pw_ip_hint hint = {0};
	struct pw_link_rx rx;

	CU_ASSERT_EQUAL_FATAL(pw_link_input(n.link, f.b, f.len, n.now, &rx), PW_OK);
	return pw_ip_input(ip, &rx, hint, n.now, &out);
}

/* Let time pass, doing what is due on the way. */
static void
pass(pw_ns ns)
{
	pw_ns end = n.now + ns;

	while (pw_ip_next(ip) <= end) {
		n.now = pw_max(n.now, pw_ip_next(ip));
		pw_ip_run(ip, n.now);
	}
	n.now = end;
}

static bool
is_ours(const char *text)
{
	struct pw_addr a = rig_addr(text);

	return pw_ip_is_local(ip, &a);
}

/* How many of the frames sent since the last call are ICMPv6 of this type. */
static uint32_t
sent_of(uint8_t type)
{
	uint32_t k = 0;
	uint32_t i;

	for (i = 0; i < rig_net_flush(&n); i++) {
		const uint8_t *p = n.rp->sent[i].bytes + 14;

		k += p[6] == 58 && p[40] == type;
		k += p[6] == 0 && p[40] == 58 && p[48] == type;
	}
	return k;
}

static void
forget(void)
{
	rig_net_flush(&n);
	rig_port_forget(n.rp);
}

/* A router advertisement of ROUTER6's with a prefix. */
static void
make_ra(uint16_t lifetime_s, const char *prefix, uint32_t valid_s, uint32_t preferred_s)
{
	struct pw_addr a = rig_addr(prefix);
	uint8_t msg[48] = {134, 0, 0, 0, 64, 0, (uint8_t)(lifetime_s >> 8), (uint8_t)lifetime_s};

	msg[16] = 3, msg[17] = 4, msg[18] = 64, msg[19] = 0xc0;
	msg[20] = (uint8_t)(valid_s >> 24), msg[21] = (uint8_t)(valid_s >> 16);
	msg[22] = (uint8_t)(valid_s >> 8), msg[23] = (uint8_t)valid_s;
	msg[24] = (uint8_t)(preferred_s >> 24), msg[25] = (uint8_t)(preferred_s >> 16);
	msg[26] = (uint8_t)(preferred_s >> 8), msg[27] = (uint8_t)preferred_s;
	memcpy(msg + 32, a.b, 16);
	rig_icmp6(&f, rig_peer_mac, ROUTER6, "ff02::1", 255, msg, sizeof(msg));
}

struct hop {
	struct pw_addr addr;
	bool found;
};

static void
look(void *ctx, const struct pw_ip_route *r)
{
	struct hop *h = ctx;

	if (r->bits == 0) {
		h->addr = r->hop;
		h->found = true;
	}
}

static bool
routed_by(const char *text)
{
	struct pw_addr want;
	struct hop h = {.found = false};

	pw_ip_each_route(ip, look, &h);
	if (text == NULL)
		return !h.found;
	want = rig_addr(text);
	return h.found && pw_addr_eq(&h.addr, &want);
}

/* RFC 4862 5.4: asked for, and used a second later. */
static void
c40_an_address_is_used_when_it_is_free(void)
{
	CU_ASSERT_TRUE(is_ours(US));
	CU_ASSERT_FALSE(is_ours(US6));
	rig_ns(&f, rig_peer_mac, PEER6, "ff02::1:ff00:1", US6);
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_NOT_OURS); /* nobody answers for it yet */
	pw_ip_run(ip, n.now);
	CU_ASSERT_EQUAL(sent_of(135), 2);
	CU_ASSERT_EQUAL(sent_of(143), 2); /* and switches know where to bring the answer */
	pass(S - 1);
	CU_ASSERT_FALSE(is_ours(US6));
	pass(1);
	CU_ASSERT_TRUE(is_ours(US6));
	CU_ASSERT_TRUE(is_ours(US6_LL));
	CU_ASSERT_EQUAL(sent_of(136), 2); /* told to all */
	forget();
	rig_ns(&f, rig_peer_mac, PEER6, "ff02::1:ff00:1", US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(sent_of(136), 1);
}

/* What the question looks like (RFC 4861 4.3, RFC 4862 5.4.2). */
static void
c40_the_question_comes_from_nobody(void)
{
	static const uint8_t zero[16];
	const uint8_t *p;
	uint32_t i;

	pw_ip_run(ip, n.now);
	for (i = 0; i < rig_net_flush(&n); i++) {
		p = n.rp->sent[i].bytes + 14;
		if (p[6] != 58)
			continue;
		CU_ASSERT_EQUAL(memcmp(p + 8, zero, 16), 0);
		CU_ASSERT_EQUAL(p[7], 255);
		CU_ASSERT_EQUAL(rig_get16(p + 4), 24);
		CU_ASSERT_EQUAL(memcmp(p + 24, "\xff\x02\0\0\0\0\0\0\0\0\0\1\xff", 13), 0);
	}
}

/* Of those that all nodes are to answer, who has no address answers none. */
static void
c42_without_an_address_nothing_is_answered(void)
{
	static const uint8_t echo[8] = {128};
	uint8_t msg[16] = {58};

	pw_ip_run(ip, n.now);
	forget();
	rig_icmp6(&f, rig_peer_mac, PEER6, "ff02::1", 64, echo, sizeof(echo));
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_NOT_OURS);
	rig_icmp6(&f, rig_peer_mac, PEER6, "ff02::1", 64, msg, sizeof(msg));
	f.b[14 + 6] = 60;   /* destination options, */
	f.b[54 + 2] = 0x9e; /* one that is not known, to be reported */
	f.b[54 + 3] = 4;
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_OPTION);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 0);
	pass(2 * S);
	forget();
	rig_icmp6(&f, rig_peer_mac, PEER6, "ff02::1", 64, echo, sizeof(echo));
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(sent_of(135), 1); /* whom to answer is not known yet */
}

static void
c40_who_has_it_says_so(void)
{
	pw_ip_run(ip, n.now);
	rig_na(&f, rig_peer_mac, US6, "ff02::1", US6, 0x20);
	in();
	pass(10 * S);
	CU_ASSERT_FALSE(is_ours(US6));
	CU_ASSERT_TRUE(is_ours(US6_LL));
	CU_ASSERT_EQUAL(pw_ip_stats(ip)->duplicates, 1);
}

static void
c40_who_asks_at_the_same_time_wants_it_too(void)
{
	pw_ip_run(ip, n.now);
	rig_ns(&f, NULL, "::", "ff02::1:ff00:1", US6);
	in();
	pass(10 * S);
	CU_ASSERT_FALSE(is_ours(US6));
	CU_ASSERT_EQUAL(pw_ip_stats(ip)->duplicates, 1);
}

static void
c40_what_was_forwarded_proves_nothing(void)
{
	pw_ip_run(ip, n.now);
	rig_na(&f, rig_peer_mac, US6, "ff02::1", US6, 0x20);
	f.b[21] = 254;
	in();
	pass(10 * S);
	CU_ASSERT_TRUE(is_ours(US6));
}

/* RFC 4861 6.3.7 */
static void
routers_are_asked_three_times(void)
{
	pass(60 * S);
	CU_ASSERT_EQUAL(sent_of(133), 3);
	forget();
	make_ra(1800, "2001:db8::", 7200, 3600);
	CU_ASSERT_EQUAL(in(), PW_OK);
	pass(60 * S);
	CU_ASSERT_EQUAL(sent_of(133), 0);
}

/* RFC 4862 5.5 */
static void
an_address_is_made_of_a_prefix(void)
{
	pass(2 * S);
	make_ra(1800, "2001:db8::", 7200, 3600);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_FALSE(is_ours(MADE));
	pass(1 * S);
	CU_ASSERT_TRUE(is_ours(MADE));
	CU_ASSERT_TRUE(routed_by(ROUTER6));
	pass(7199 * S);
	CU_ASSERT_FALSE(is_ours(MADE));
	CU_ASSERT_TRUE(routed_by(NULL));
	CU_ASSERT_TRUE(is_ours(US6)); /* what was given stays */
}

/* RFC 4862 5.5.3 e: an advertisement cannot end an address in less than two hours. */
static void
the_two_hour_rule(void)
{
	pass(2 * S);
	make_ra(0, "2001:db8::", 86400, 3600);
	CU_ASSERT_EQUAL(in(), PW_OK);
	pass(2 * S);
	make_ra(0, "2001:db8::", 1, 0);
	CU_ASSERT_EQUAL(in(), PW_OK);
	pass(7199 * S);
	CU_ASSERT_TRUE(is_ours(MADE));
	make_ra(0, "2001:db8::", 0, 0); /* what is left is less than that already */
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_TRUE(is_ours(MADE));
	pass(1 * S);
	CU_ASSERT_FALSE(is_ours(MADE));
}

static void
prefixes_that_make_no_address(void)
{
	pass(2 * S);
	make_ra(0, "fe80::", 7200, 3600);
	CU_ASSERT_EQUAL(in(), PW_OK);
	make_ra(0, "ff05::", 7200, 3600);
	CU_ASSERT_EQUAL(in(), PW_OK);
	make_ra(0, "2001:db8::", 3600, 7200); /* preferred longer than valid */
	CU_ASSERT_EQUAL(in(), PW_OK);
	pass(2 * S);
	CU_ASSERT_FALSE(is_ours(MADE));
}

/* A25: ten thousand prefixes from a thousand routers make nothing grow. */
static void
a25_a_flood_of_advertisements(void)
{
	struct pw_addr router;
	char text[40];
	uint32_t i;

	pass(2 * S);
	for (i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x::", i + 1);
		make_ra(9000, text, 7200, 3600);
		router = rig_addr(ROUTER6);
		router.b[12] = (uint8_t)(i / 40);
		memcpy(f.b + 22, router.b, 16);
		in(); /* most have a wrong checksum now, but for the first 40 */
		make_ra(9000, text, 7200, 3600);
		CU_ASSERT_EQUAL(in(), PW_OK);
	}
	pass(2 * S);
	for (i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "2001:db8:%x::ff:fe00:1", i + 1);
		CU_ASSERT_EQUAL(is_ours(text), i < 8);
	}
	CU_ASSERT_TRUE(is_ours(US6));
	CU_ASSERT_TRUE(routed_by(ROUTER6));
}

/* RFC 4191: who is preferred, and who comes next when he leaves. */
static void
the_preferred_router_is_taken(void)
{
	uint8_t msg[16] = {134, 0, 0, 0, 64, 0x18, 0, 100}; /* low */

	pass(2 * S);
	rig_icmp6(&f, rig_peer_mac, "fe80::1", "ff02::1", 255, msg, sizeof(msg));
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_TRUE(routed_by("fe80::1"));
	msg[5] = 0x08; /* high */
	rig_icmp6(&f, rig_peer_mac, "fe80::2", "ff02::1", 255, msg, sizeof(msg));
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_TRUE(routed_by("fe80::2"));
	msg[7] = 0;
	rig_icmp6(&f, rig_peer_mac, "fe80::2", "ff02::1", 255, msg, sizeof(msg));
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_TRUE(routed_by("fe80::1"));
	pass(100 * S);
	CU_ASSERT_TRUE(routed_by(NULL));
}

/* A router advertisement of @p router's, and what it says of the link. */
static void
put_ra(const char *router, uint8_t hop_limit, uint32_t reachable_ms, uint32_t retrans_ms,
	uint32_t mtu)
{
	struct rig_buf m = {.len = 0};

	rig_put32(&m, 134u << 24);
	rig_put8(&m, hop_limit);
	rig_put8(&m, 0);
	rig_put16(&m, 1800);
	rig_put32(&m, reachable_ms);
	rig_put32(&m, retrans_ms);
	rig_put32(&m, 0x05010000);
	rig_put32(&m, mtu);
	rig_icmp6(&f, rig_peer_mac, router, "ff02::1", 255, m.b, m.len);
	CU_ASSERT_EQUAL(in(), PW_OK);
}

static void
send_to(const char *dst)
{
	struct rte_mbuf *m = pw_seg_message(n.seg, "packet", 6);
	struct pw_addr src = rig_addr(US6), to = rig_addr(dst);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	pw_ip_output(ip, m, &src, &to, 253, 0, n.now);
}

static uint8_t
hop_limit_sent(void)
{
	uint32_t i, n_sent = rig_net_flush(&n);

	for (i = 0; i < n_sent; i++)
		if (n.rp->sent[i].bytes[14 + 6] == 253)
			return n.rp->sent[i].bytes[14 + 7];
	return 0;
}

/* RFC 4861 6.3.4; what nobody who means well would say is not taken. */
static void
what_a_router_says_of_the_link(void)
{
	static const struct {
		uint32_t mtu, hops;
		uint16_t mtu_then;
		uint8_t hops_then;
	} cases[] = {
		{0, 0, 1500, 64},
		{1279, 31, 1500, 64},
		{1501, 1, 1500, 64},
		{1280, 32, 1280, 32},
		{1400, 255, 1400, 255},
		{0, 0, 1400, 255},
		{UINT32_MAX, 5, 1400, 255},
	};
	size_t i;

	pass(2 * S);
	rig_ns(&f, rig_peer_mac, PEER6, "ff02::1:ff00:1", US6);
	CU_ASSERT_EQUAL(in(), PW_OK); /* who is sent to is known */
	for (i = 0; i < RTE_DIM(cases); i++) {
		put_ra(ROUTER6, (uint8_t)cases[i].hops, 0, 0, cases[i].mtu);
		CU_ASSERT_EQUAL(pw_ip_mtu6(ip), cases[i].mtu_then);
		forget();
		send_to(PEER6);
		CU_ASSERT_EQUAL(hop_limit_sent(), cases[i].hops_then);
	}
}

/* Let time pass in the link as well. */
static void
pass_all(pw_ns ns)
{
	pw_ns end = n.now + ns;

	while (n.now < end) {
		n.now += S / 10;
		pw_ip_run(ip, n.now);
		pw_link_run(n.link, n.now);
		rig_net_flush(&n);
	}
}

/* How many solicitations in ten seconds, for somebody who does not answer. */
static uint32_t
asked_in_ten_seconds(const char *dst)
{
	forget();
	send_to(dst);
	pass_all(10 * S - S / 10);
	return sent_of(135);
}

/* Nobody makes us ask more often than once a second, nor hardly ever. */
static void
a25_times_of_a_router_are_bounded(void)
{
	pass(2 * S);
	CU_ASSERT_EQUAL(asked_in_ten_seconds("fd00::21"), 3);
	put_ra(ROUTER6, 0, 0, 1, 0);
	CU_ASSERT_EQUAL(asked_in_ten_seconds("fd00::22"), 3);
	put_ra(ROUTER6, 0, 0, 4000, 0);
	CU_ASSERT_EQUAL(asked_in_ten_seconds("fd00::23"), 3);
	put_ra(ROUTER6, 0, 0, UINT32_MAX, 0);
	CU_ASSERT_EQUAL(asked_in_ten_seconds("fd00::24"), 1);
}

static enum pw_neigh_state state_of_peer;

static void
look_for_peer(void *ctx, const struct pw_neigh_info *info)
{
	if (pw_addr_eq(&info->addr, ctx))
		state_of_peer = info->state;
}

static enum pw_neigh_state
peer_state(const char *text)
{
	struct pw_addr a = rig_addr(text);

	state_of_peer = PW_NEIGH_FREE;
	pw_link_each(n.link, look_for_peer, &a);
	return state_of_peer;
}

static void
answer_for(const char *text)
{
	rig_na(&f, rig_peer_mac, text, US6_LL, text, 0x40);
	CU_ASSERT_EQUAL(in(), PW_OK);
}

static void
how_long_a_neighbour_counts_as_there(void)
{
	pass_all(2 * S);
	put_ra(ROUTER6, 0, 20000, 0, 0);
	send_to(PEER6);
	answer_for(PEER6);
	pass_all(19 * S);
	CU_ASSERT_EQUAL(peer_state(PEER6), PW_NEIGH_REACHABLE);
	pass_all(2 * S);
	CU_ASSERT_EQUAL(peer_state(PEER6), PW_NEIGH_STALE);
	put_ra(ROUTER6, 0, 1, 0, 0); /* too short: ten seconds */
	send_to("fd00::3");
	answer_for("fd00::3");
	pass_all(9 * S);
	CU_ASSERT_EQUAL(peer_state("fd00::3"), PW_NEIGH_REACHABLE);
	pass_all(2 * S);
	CU_ASSERT_EQUAL(peer_state("fd00::3"), PW_NEIGH_STALE);
}

/* RFC 4861 6.3.6: the next router when one does not answer, and back when it does again. */
static void
a_router_that_does_not_answer_is_left(void)
{
	pass_all(2 * S);
	put_ra("fe80::1", 0, 0, 0, 0);
	put_ra("fe80::2", 0, 0, 0, 0);
	CU_ASSERT_TRUE(routed_by("fe80::1"));
	send_to(FAR6);
	pass_all(2 * S);
	CU_ASSERT_TRUE(routed_by("fe80::1"));
	pass_all(2 * S);
	CU_ASSERT_TRUE(routed_by("fe80::2"));
	send_to(FAR6);
	answer_for("fe80::2");
	pass_all(20 * S);
	put_ra("fe80::1", 0, 0, 0, 0); /* it speaks, which does not prove that it hears */
	CU_ASSERT_TRUE(routed_by("fe80::2"));
	answer_for("fe80::1");
	CU_ASSERT_TRUE(routed_by("fe80::1"));
}

/* Of routers of which none answers, each has its turn. */
static void
when_no_router_answers_all_are_tried(void)
{
	pass_all(2 * S);
	put_ra("fe80::1", 0, 0, 0, 0);
	put_ra("fe80::2", 0, 0, 0, 0);
	send_to(FAR6);
	pass_all(4 * S);
	CU_ASSERT_TRUE(routed_by("fe80::2"));
	send_to(FAR6);
	pass_all(4 * S);
	CU_ASSERT_TRUE(routed_by("fe80::1"));
}

static void
a_given_route_is_left_alone(void)
{
	struct pw_ip_route given = {.hop = rig_addr("fd00::254")};

	CU_ASSERT_EQUAL(pw_ip_route_add(ip, &given), 0);
	pass(2 * S);
	make_ra(1800, "2001:db8::", 7200, 3600);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_TRUE(routed_by("fd00::254"));
}

/* RFC 4861 6.1.2 */
static void
c38_advertisements_that_no_router_sent(void)
{
	pass(2 * S);
	make_ra(1800, "2001:db8::", 7200, 3600);
	f.b[21] = 254;
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_BAD);
	make_ra(1800, "2001:db8::", 7200, 3600);
	f.b[54 + 17] = 0; /* an option of no length */
	f.b[54 + 3] += 4; /* and the checksum with it */
	CU_ASSERT_NOT_EQUAL(in(), PW_OK);
	pass(2 * S);
	CU_ASSERT_FALSE(is_ours(MADE));
	CU_ASSERT_TRUE(routed_by(NULL));
}

/* RFC 3810: a querier learns our groups again. */
/* In the first second our link-local address is not ours yet; then it is. */
static void
nobody_routes_by_our_own_address(void)
{
	static const uint8_t ra[16] = {134, 0, 0, 0, 64, 0, 7, 8};

	rig_icmp6(&f, rig_peer_mac, US6_LL, "ff02::1", 255, ra, sizeof(ra));
	CU_ASSERT_EQUAL(in(), PW_DROP_IP_LAND);
	pass(2 * S);
	CU_ASSERT_TRUE(routed_by(NULL));
}

static void
a_query_is_answered(void)
{
	uint8_t msg[28] = {130, 0, 0, 0, 0x27, 0x10};

	pass(60 * S);
	forget();
	rig_icmp6(&f, rig_peer_mac, ROUTER6, "ff02::1", 1, msg, sizeof(msg));
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(in(), PW_OK);
	pass(S);
	CU_ASSERT_EQUAL(sent_of(143), 1);
}

/* Another worker received it: learnt from, not answered. */
static void
what_another_worker_received_is_learnt_from(void)
{
	static const uint8_t ra[16] = {134, 0, 0, 0, 64, 0, 1, 0};

	pass(2 * S);
	forget();
	make_ra(1800, "2001:db8::", 7200, 3600);
	f.b[60] ^= 1;
	pw_ip_overhear(ip, f.b + 14, f.len - 14, n.now);
	CU_ASSERT_TRUE(routed_by(NULL)); /* its checksum was wrong */
	f.b[60] ^= 1;
	pw_ip_overhear(ip, f.b + 14, f.len - 14, n.now);
	CU_ASSERT_TRUE(routed_by(ROUTER6));
	rig_icmp6(&f, rig_peer_mac, US6_LL, "ff02::1", 255, ra, sizeof(ra));
	pw_ip_overhear(ip, f.b + 14, f.len - 14, n.now);
	make_ra(0, "2001:db8::", 7200, 3600);
	pw_ip_overhear(ip, f.b + 14, f.len - 14, n.now);
	CU_ASSERT_TRUE(routed_by(NULL)); /* what claimed to be from us was not believed */
	rig_ns(&f, rig_peer_mac, PEER6, US6, US6);
	pw_ip_overhear(ip, f.b + 14, f.len - 14, n.now);
	CU_ASSERT_EQUAL(sent_of(136), 0);
	CU_ASSERT_EQUAL(pw_link_stats(n.link)->neighbours, 1);
}

static CU_TestInfo tests[] = {
	{"c40_an_address_is_used_when_it_is_free", c40_an_address_is_used_when_it_is_free},
	{"c40_the_question_comes_from_nobody", c40_the_question_comes_from_nobody},
	{"c42_without_an_address_nothing_is_answered", c42_without_an_address_nothing_is_answered},
	{"c40_who_has_it_says_so", c40_who_has_it_says_so},
	{"c40_who_asks_at_the_same_time_wants_it_too", c40_who_asks_at_the_same_time_wants_it_too},
	{"c40_what_was_forwarded_proves_nothing", c40_what_was_forwarded_proves_nothing},
	{"routers_are_asked_three_times", routers_are_asked_three_times},
	{"an_address_is_made_of_a_prefix", an_address_is_made_of_a_prefix},
	{"the_two_hour_rule", the_two_hour_rule},
	{"prefixes_that_make_no_address", prefixes_that_make_no_address},
	{"a25_a_flood_of_advertisements", a25_a_flood_of_advertisements},
	{"the_preferred_router_is_taken", the_preferred_router_is_taken},
	{"what_a_router_says_of_the_link", what_a_router_says_of_the_link},
	{"a25_times_of_a_router_are_bounded", a25_times_of_a_router_are_bounded},
	{"how_long_a_neighbour_counts_as_there", how_long_a_neighbour_counts_as_there},
	{"a_router_that_does_not_answer_is_left", a_router_that_does_not_answer_is_left},
	{"when_no_router_answers_all_are_tried", when_no_router_answers_all_are_tried},
	{"a_given_route_is_left_alone", a_given_route_is_left_alone},
	{"c38_advertisements_that_no_router_sent", c38_advertisements_that_no_router_sent},
	{"nobody_routes_by_our_own_address", nobody_routes_by_our_own_address},
	{"a_query_is_answered", a_query_is_answered},
	{"what_another_worker_received_is_learnt_from",
		what_another_worker_received_is_learnt_from},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_ip_auto6 = {
	.pName = "ip_auto6",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
