/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Addresses that a worker comes by and loses: DHCP among a server made by hand, one that it
 * chooses for itself in a VLAN, conflicts, and what becomes of the connections.
 */
#include <CUnit/CUnit.h>
#include "loop_priv.h"
#include "pw_wire_dhcp.h"
#include "rig_loop.h"

#define VLAN	100
#define S	PW_NS_PER_S
#define STEP	(20 * PW_NS_PER_MS)
#define LEASED	"10.9.0.50"
#define SERVER	"10.9.0.2"
#define GATEWAY "10.9.0.254"
#define A_TURN	64 /* connections at most that are reset in one */

enum {
	SYN = 2,
	RST = 4,
	ACK = 16,
};

static struct rig_loop l;
static struct rig_buf body;

/* What was sent since the last look. */
static struct {
	uint8_t dhcp; /* type of the last message of DHCP; 0: none */
	uint32_t xid;
	rte_be32_t server;
	uint32_t n_probes; /* ARP requests from nobody */
	struct pw_addr probed;
	bool tagged; /* the last of them was of the VLAN */
	uint32_t n_arp_replies;
	uint32_t n_rst;
	uint32_t most_rsts; /* in a turn */
} seen;

/* ---- looking ---- */

static void
look_at_dhcp(const uint8_t *p, const uint8_t *end)
{
	seen.xid = pw_get_be32(p + 4);
	for (p += 240; p < end && *p != 255; p += 2 + p[1]) {
		if (p[0] == 53)
			seen.dhcp = p[2];
		if (p[0] == 54)
			memcpy(&seen.server, p + 2, 4);
	}
}

static void
look_at_arp(const uint8_t *p, bool tagged)
{
	seen.n_arp_replies += p[7] == 2;
	if (p[7] != 1 || pw_get_be32(p + 14) != 0)
		return;
	seen.n_probes++;
	seen.tagged = tagged;
	memcpy(&seen.probed.d[3], p + 24, 4);
}

static uint32_t
look_at_frame(const struct rig_frame *f)
{
	bool tagged = rig_get16(f->bytes + 12) == 0x8100;
	const uint8_t *p = f->bytes + (tagged ? 18 : 14);
	uint32_t type = rig_get16(p - 2);

	if (type == 0x0806)
		look_at_arp(p, tagged);
	else if (type == 0x0800 && p[9] == 17 && rig_get16(p + 22) == PW_DHCP_SERVER_PORT)
		look_at_dhcp(p + 28, f->bytes + f->len);
	return type == 0x0800 && p[9] == 6 && (p[33] & RST) ? 1 : 0;
}

/* A turn. @return connections that it reset */
static uint32_t
turn(pw_ns ns)
{
	uint32_t i, n = 0;

	l.now += ns;
	pw_worker_turn(l.w, l.now);
	for (i = 0; i < l.rp->n_sent; i++)
		n += look_at_frame(&l.rp->sent[i]);
	rig_port_forget(l.rp);
	seen.n_rst += n;
	seen.most_rsts = RTE_MAX(seen.most_rsts, n);
	return n;
}

/* Until DHCP says something; @return what, or 0: nothing in two minutes */
static uint8_t
wait_dhcp(void)
{
	uint32_t i;

	seen.dhcp = 0;
	for (i = 0; i < 120 * S / STEP && seen.dhcp == 0; i++)
		turn(STEP);
	return seen.dhcp;
}

static void
pass(pw_ns ns)
{
	pw_ns end = l.now + ns;

	while (l.now < end)
		turn(STEP);
}

static bool
answers_for(const char *address)
{
	memset(&seen, 0, sizeof(seen));
	rig_arp(&l.f, rig_all_mac, 1, rig_peer_mac, SERVER, rig_our_mac, address);
	rig_loop_put(&l);
	turn(PW_NS_PER_US);
	return seen.n_arp_replies == 1;
}

static void
look_for_default(void *ctx, const struct pw_ip_route *r)
{
	struct pw_addr *hop = ctx;

	if (r->bits == 96)
		*hop = r->hop;
}

static bool
routed_by(const char *text)
{
	struct pw_addr hop = {.b = {0}}, want = {.b = {0}};

	if (text != NULL)
		want = rig_addr(text);
	pw_ip_each_route(pw_worker_ip(l.w, 0), look_for_default, &hop);
	return pw_addr_eq(&hop, &want);
}

/* ---- the server ---- */

static void
put_opt(uint8_t code, const void *value, uint8_t len)
{
	rig_put8(&body, code);
	rig_put8(&body, len);
	rig_put(&body, value, len);
}

static void
put_addr(uint8_t code, const char *text)
{
	struct pw_addr a = rig_addr(text);

	put_opt(code, a.b + 12, 4);
}

/* To the client that has asked last. */
static void
answer(uint8_t type, const char *address, uint32_t lease_s)
{
	static const uint8_t zero[236];
	struct pw_addr a = rig_addr(address);
	rte_be32_t lease = rte_cpu_to_be_32(lease_s);

	body.len = 0;
	rig_put32(&body, 0x02010600);
	rig_put32(&body, seen.xid);
	rig_put(&body, zero, 8);
	rig_put(&body, a.b + 12, 4);
	rig_put(&body, zero, 8);
	rig_put(&body, rig_our_mac, 6);
	rig_put(&body, zero, 236 - body.len);
	rig_put32(&body, 0x63825363);
	put_opt(53, &type, 1);
	put_addr(54, SERVER);
	put_addr(1, "255.255.255.0");
	put_addr(3, GATEWAY);
	put_opt(51, &lease, 4);
	rig_put8(&body, 255);
	rig_eth(&l.f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&l.f, SERVER, "255.255.255.255", 17, 8 + body.len);
	rig_put16(&l.f, PW_DHCP_SERVER_PORT);
	rig_put16(&l.f, PW_DHCP_CLIENT_PORT);
	rig_put16(&l.f, 8 + body.len);
	rig_put16(&l.f, 0);
	rig_put(&l.f, body.b, body.len);
	rig_loop_put(&l);
	turn(PW_NS_PER_US);
}

static void
offer_and_ack(const char *address, uint32_t lease_s)
{
	CU_ASSERT_EQUAL_FATAL(wait_dhcp(), PW_DHCP_DISCOVER);
	answer(PW_DHCP_OFFER, address, lease_s);
	CU_ASSERT_EQUAL_FATAL(seen.dhcp, PW_DHCP_REQUEST);
	answer(PW_DHCP_ACK, address, lease_s);
}

static void
get_lease(uint32_t lease_s)
{
	offer_and_ack(LEASED, lease_s);
	pass(10 * S);
	CU_ASSERT_EQUAL_FATAL(l.n_news, 1);
	CU_ASSERT_EQUAL(l.news.what, PW_LOOP_NEWS_UP);
}

/* The server takes the address back when it is to be renewed. */
static void
lose_lease(void)
{
	CU_ASSERT_EQUAL_FATAL(wait_dhcp(), PW_DHCP_REQUEST);
	memset(&seen.most_rsts, 0, sizeof(seen.most_rsts));
	seen.n_rst = 0;
	answer(PW_DHCP_NAK, "0.0.0.0", 0);
	CU_ASSERT_EQUAL(l.news.what, PW_LOOP_NEWS_LOST);
}

/* ---- clients ---- */

static void
open_conn(uint16_t sport)
{
	uint32_t n = l.n_open;

	l.sport = sport;
	l.synced = false;
	rig_loop_send(&l, SYN, "");
	rig_loop_turn(&l, PW_NS_PER_US);
	CU_ASSERT_TRUE_FATAL(l.synced);
	rig_loop_send(&l, ACK, "");
	rig_loop_turn(&l, PW_NS_PER_US);
	CU_ASSERT_EQUAL(l.n_open, n + 1);
}

static void
open_conns(uint32_t n)
{
	uint32_t i;

	l.us = LEASED;
	l.peer = SERVER;
	CU_ASSERT_TRUE(answers_for(LEASED));
	for (i = 0; i < n; i++)
		open_conn((uint16_t)(40000 + i));
}

static void
setup(void)
{
	struct rig_loop_opts opts = {
		.dhcp = true, .link_local4 = true, .vlan = VLAN, .max_conns = 256};

	memset(&seen, 0, sizeof(seen));
	seen.probed = pw_addr_v4(0);
	rig_loop_open(&l, &opts);
}

static void
teardown(void)
{
	l.unfinished = true; /* connections that tests leave open */
	pw_tcp_abort_all(pw_worker_tcp(l.w), l.now);
	turn(STEP);
	rig_loop_close(&l);
}

/* ---- tests ---- */

static void
a_lease_is_used_when_nobody_has_it(void)
{
	offer_and_ack(LEASED, 3600);
	seen.n_probes = 0;
	pass(3 * S);
	CU_ASSERT_FALSE(answers_for(LEASED));
	CU_ASSERT_TRUE(routed_by(NULL));
	pass(7 * S);
	CU_ASSERT_EQUAL(l.news.what, PW_LOOP_NEWS_UP);
	CU_ASSERT_TRUE(answers_for(LEASED));
	CU_ASSERT_TRUE(answers_for(US)); /* what was configured stays */
	CU_ASSERT_TRUE(routed_by(GATEWAY));
}

/* Each place has addresses of its own: DHCP's without a tag, the chosen one in the VLAN. */
static void
several_places(void)
{
	struct pw_loop_lease lease;
	uint32_t i;

	for (i = 0; i < 30 && l.n_news == 0; i++)
		pass(S);
	CU_ASSERT_EQUAL(l.news.what, PW_LOOP_NEWS_UP);
	CU_ASSERT_EQUAL(l.news.ifc, 1);
	CU_ASSERT_EQUAL(rig_get16(l.news.addr.b + 12), 0xa9fe);
	CU_ASSERT_TRUE(seen.tagged);
	CU_ASSERT_TRUE(pw_ip_is_local(pw_worker_ip(l.w, 1), &l.news.addr));
	CU_ASSERT_FALSE(pw_ip_is_local(pw_worker_ip(l.w, 0), &l.news.addr));
	l.n_news = 0;
	get_lease(3600);
	CU_ASSERT_EQUAL(l.news.ifc, 0);
	pw_worker_get_lease(l.w, 0, &lease);
	CU_ASSERT_STRING_EQUAL(lease.state, "bound");
	pw_worker_get_lease(l.w, 1, &lease);
	CU_ASSERT_PTR_NULL(lease.state);
	CU_ASSERT_EQUAL(rig_get16(lease.self.addr.b + 12), 0xa9fe);
}

/* Its connections are reset, a part of the table a turn; all others live. */
static void
a_lost_lease_resets_its_connections(void)
{
	uint32_t n = 0;

	pass(10 * S); /* the VLAN has its address, and is silent */
	l.n_news = 0;
	get_lease(120);
	rig_loop_connect(&l);
	open_conns(200);
	lose_lease();
	while (l.n_gone < 200 && n++ < 8) {
		CU_ASSERT_TRUE(routed_by(GATEWAY)); /* there is a way for the RSTs */
		turn(PW_NS_PER_US);
	}
	CU_ASSERT_EQUAL(l.n_gone, 200);
	CU_ASSERT_EQUAL(seen.n_rst, 200);
	CU_ASSERT_TRUE(seen.most_rsts > 0 && seen.most_rsts <= A_TURN);
	for (n = 0; n < 8; n++)
		turn(PW_NS_PER_US);
	CU_ASSERT_TRUE(routed_by(NULL));
	CU_ASSERT_FALSE(answers_for(LEASED));
	CU_ASSERT_TRUE(answers_for(US));
	CU_ASSERT_EQUAL(l.n_gone, 200);
	CU_ASSERT_EQUAL(l.w->n_losing, 0);
}

/* Who comes while the table is gone through finds no place behind it to live on. */
static void
who_comes_meanwhile_is_reset_too(void)
{
	uint32_t n;

	pass(10 * S);
	l.n_news = 0;
	get_lease(120);
	open_conns(3);
	lose_lease();
	turn(PW_NS_PER_US);
	CU_ASSERT_EQUAL(l.n_gone, 3);
	open_conn(50000);
	CU_ASSERT_EQUAL(l.n_open, 4);
	for (n = 0; n < 20; n++)
		turn(PW_NS_PER_US);
	CU_ASSERT_EQUAL(l.n_gone, 4);
	CU_ASSERT_FALSE(answers_for(LEASED));
}

/* RFC 2131 3.1 step 5: said to the server, and everything begins anew ten seconds later. */
static void
who_has_the_address_is_left_it(void)
{
	pass(10 * S);
	l.n_news = 0;
	offer_and_ack(LEASED, 3600);
	pass(2 * S);
	seen.dhcp = 0;
	rig_arp(&l.f, rig_all_mac, 2, rig_peer_mac, LEASED, rig_peer_mac, LEASED);
	rig_loop_put(&l);
	turn(PW_NS_PER_US);
	CU_ASSERT_EQUAL(seen.dhcp, PW_DHCP_DECLINE);
	CU_ASSERT_EQUAL(l.news.what, PW_LOOP_NEWS_CONFLICT);
	seen.dhcp = 0;
	pass(9 * S);
	CU_ASSERT_EQUAL(seen.dhcp, 0);
	CU_ASSERT_FALSE(answers_for(LEASED));
	CU_ASSERT_EQUAL(wait_dhcp(), PW_DHCP_DISCOVER);
}

/* Our own probes nobody answers: what is ours by configuration cannot be leased, nor lost. */
static void
an_offer_of_what_is_ours_is_declined(void)
{
	offer_and_ack(US, 3600);
	CU_ASSERT_EQUAL(seen.dhcp, PW_DHCP_DECLINE);
	pass(8 * S);
	CU_ASSERT_TRUE(answers_for(US));
	CU_ASSERT_TRUE(routed_by(NULL));
}

/* Of another exchange: it changes nothing, and is counted. */
static void
what_is_not_for_us_is_counted(void)
{
	struct pw_worker_stats st;

	CU_ASSERT_EQUAL_FATAL(wait_dhcp(), PW_DHCP_DISCOVER);
	seen.dhcp = 0;
	seen.xid ^= 1;
	answer(PW_DHCP_OFFER, LEASED, 3600);
	CU_ASSERT_EQUAL(seen.dhcp, 0);
	pw_worker_get_stats(l.w, &st);
	CU_ASSERT_EQUAL(st.drops.n[PW_DROP_DHCP_IGNORED], 1);
}

/* One that is had again at once is not taken for another's. */
static void
a_lost_address_may_come_back(void)
{
	pass(10 * S);
	l.n_news = 0;
	get_lease(120);
	open_conns(3);
	lose_lease();
	offer_and_ack(LEASED, 3600);
	pass(10 * S);
	CU_ASSERT_EQUAL(l.news.what, PW_LOOP_NEWS_UP);
	CU_ASSERT_TRUE(answers_for(LEASED));
	CU_ASSERT_TRUE(routed_by(GATEWAY));
}

static CU_TestInfo tests[] = {
	{"a_lease_is_used_when_nobody_has_it", a_lease_is_used_when_nobody_has_it},
	{"several_places", several_places},
	{"a_lost_lease_resets_its_connections", a_lost_lease_resets_its_connections},
	{"who_comes_meanwhile_is_reset_too", who_comes_meanwhile_is_reset_too},
	{"who_has_the_address_is_left_it", who_has_the_address_is_left_it},
	{"an_offer_of_what_is_ours_is_declined", an_offer_of_what_is_ours_is_declined},
	{"what_is_not_for_us_is_counted", what_is_not_for_us_is_counted},
	{"a_lost_address_may_come_back", a_lost_address_may_come_back},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_loop_netcfg = {
	.pName = "loop_netcfg",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
