/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The DHCP client against a server made of a script.
 */
#include <stdlib.h>
#include <CUnit/CUnit.h>
#include "pw_dhcp.h"
#include "pw_wire_bytes.h"

#define S	PW_NS_PER_S
#define SEED	77
#define ADDR	RTE_BE32(0x0a4d0032) /* 10.77.0.50 */
#define SERVER	RTE_BE32(0x0a4d0001)
#define SERVER2 RTE_BE32(0x0a4d0002)
#define ROUTER	RTE_BE32(0x0a4d00fe)

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
static struct pw_dhcp d;
static struct pw_dhcp_out out;
static pw_ns now;

/* What the client has sent last. */
struct sent {
	uint8_t type;
	uint32_t xid;
	uint16_t secs, flags;
	rte_be32_t ciaddr, requested, server;
};

/* A message being written. */
static struct {
	uint8_t b[600];
	uint32_t len;
} msg;

static void
setup(void)
{
	now = 3600 * S;
	pw_dhcp_init(&d, mac, SEED, now);
	memset(&out, 0, sizeof(out));
}

static void
put_opt(uint8_t code, const void *value, uint8_t len)
{
	msg.b[msg.len++] = code;
	msg.b[msg.len++] = len;
	memcpy(msg.b + msg.len, value, len);
	msg.len += len;
}

static void
put_addr(uint8_t code, rte_be32_t a)
{
	put_opt(code, &a, 4);
}

static void
put_u32(uint8_t code, uint32_t v)
{
	put_addr(code, rte_cpu_to_be_32(v));
}

/* The fixed fields and the type; options follow, and end(). */
static void
make(uint8_t type, rte_be32_t yiaddr, rte_be32_t server)
{
	memset(&msg, 0, sizeof(msg));
	msg.b[0] = 2;
	msg.b[1] = 1;
	msg.b[2] = 6;
	pw_put_be32(msg.b + 4, d.xid);
	memcpy(msg.b + 16, &yiaddr, 4);
	memcpy(msg.b + 28, mac, 6);
	pw_put_be32(msg.b + 236, 0x63825363);
	msg.len = 240;
	put_opt(53, &type, 1);
	put_addr(54, server);
}

static enum pw_dhcp_event
take(void)
{
	msg.b[msg.len++] = 255;
	pw_dhcp_input(&d, msg.b, msg.len, now, &out);
	return out.event;
}

/* A usual answer. */
static void
make_lease(uint8_t type, uint32_t lease_s)
{
	make(type, ADDR, SERVER);
	put_addr(1, RTE_BE32(0xffffff00));
	put_addr(3, ROUTER);
	put_u32(51, lease_s);
}

static struct sent
read_sent(void)
{
	struct sent s = {0};
	const uint8_t *p = out.bytes + 240;

	CU_ASSERT_EQUAL_FATAL(out.len, 300);
	CU_ASSERT_EQUAL(out.bytes[0], 1);
	CU_ASSERT_EQUAL(memcmp(out.bytes + 28, mac, 6), 0);
	s.xid = pw_get_be32(out.bytes + 4);
	s.secs = pw_get_be16(out.bytes + 8);
	s.flags = pw_get_be16(out.bytes + 10);
	memcpy(&s.ciaddr, out.bytes + 12, 4);
	while (*p != 255) {
		if (p[0] == 53)
			s.type = p[2];
		if (p[0] == 50)
			memcpy(&s.requested, p + 2, 4);
		if (p[0] == 54)
			memcpy(&s.server, p + 2, 4);
		p += 2 + p[1];
		CU_ASSERT_FATAL(p < out.bytes + 300);
	}
	return s;
}

/* Let the time come at which something is due. */
static enum pw_dhcp_event
wait_next(void)
{
	CU_ASSERT_FATAL(pw_dhcp_next(&d) != PW_NEVER);
	now = pw_max(now, pw_dhcp_next(&d));
	pw_dhcp_run(&d, now, &out);
	return out.event;
}

/* Nothing is due within @p ns. */
static void
quiet_for(pw_ns ns)
{
	CU_ASSERT_TRUE(pw_dhcp_next(&d) > now + ns);
	pw_dhcp_run(&d, now + ns, &out);
	CU_ASSERT_EQUAL(out.len, 0);
}

static void
get_lease(uint32_t lease_s)
{
	wait_next();
	make_lease(PW_DHCP_OFFER, lease_s);
	take();
	make_lease(PW_DHCP_ACK, lease_s);
	CU_ASSERT_EQUAL(take(), PW_DHCP_CHECK);
	pw_dhcp_checked(&d, true, now, &out);
	CU_ASSERT_EQUAL(out.event, PW_DHCP_BIND);
}

static void
the_four_messages(void)
{
	struct pw_addr all = pw_addr_v4(RTE_BE32(0xffffffff)), none = pw_addr_v4(0);
	struct sent s;
	uint32_t xid;

	CU_ASSERT_TRUE(pw_dhcp_next(&d) <= now + PW_DHCP_START_NS);
	wait_next();
	s = read_sent();
	xid = s.xid;
	CU_ASSERT_EQUAL(s.type, PW_DHCP_DISCOVER);
	CU_ASSERT_EQUAL(s.flags, 0x8000);
	CU_ASSERT_EQUAL(s.ciaddr, 0);
	CU_ASSERT_TRUE(pw_addr_eq(&out.src, &none) && pw_addr_eq(&out.dst, &all));
	make_lease(PW_DHCP_OFFER, 3600);
	CU_ASSERT_EQUAL(take(), PW_DHCP_NONE);
	s = read_sent();
	CU_ASSERT_EQUAL(s.type, PW_DHCP_REQUEST);
	CU_ASSERT_EQUAL(s.xid, xid);
	CU_ASSERT_EQUAL(s.requested, ADDR);
	CU_ASSERT_EQUAL(s.server, SERVER);
	CU_ASSERT_EQUAL(s.ciaddr, 0);
	CU_ASSERT_TRUE(pw_addr_eq(&out.dst, &all));
	make_lease(PW_DHCP_ACK, 3600);
	put_opt(26, "\x05\x00", 2);
	CU_ASSERT_EQUAL(take(), PW_DHCP_CHECK);
	CU_ASSERT_EQUAL(out.len, 0);
	pw_dhcp_checked(&d, true, now, &out);
	CU_ASSERT_EQUAL(out.event, PW_DHCP_BIND);
	CU_ASSERT_EQUAL(pw_addr_get_v4(&d.lease.addr), ADDR);
	CU_ASSERT_EQUAL(d.lease.prefix_bits, 96 + 24);
	CU_ASSERT_EQUAL(pw_addr_get_v4(&d.lease.router), ROUTER);
	CU_ASSERT_EQUAL(pw_addr_get_v4(&d.lease.server), SERVER);
	CU_ASSERT_EQUAL(d.lease.mtu, 1280);
	CU_ASSERT_EQUAL(d.lease.t1_at, now + 1800 * S);
	CU_ASSERT_EQUAL(d.lease.t2_at, now + 3150 * S);
	CU_ASSERT_EQUAL(d.lease.ends_at, now + 3600 * S);
}

/* Section 4.1: 4, 8, 16, 32, 64, 64 seconds, each a second more or less. */
static void
silence_is_asked_ever_more_seldom(void)
{
	static const uint32_t wait_s[] = {4, 8, 16, 32, 64, 64, 64};
	size_t i;

	wait_next();
	for (i = 0; i < RTE_DIM(wait_s); i++) {
		pw_ns before = now;

		quiet_for((wait_s[i] - 1) * S - 1);
		wait_next();
		CU_ASSERT_TRUE(now - before <= (wait_s[i] + 1) * S);
		CU_ASSERT_EQUAL(read_sent().type, PW_DHCP_DISCOVER);
	}
	CU_ASSERT_TRUE(read_sent().secs > 180);
}

static void
a_server_that_offers_and_is_silent(void)
{
	uint32_t i, xid;

	wait_next();
	xid = d.xid;
	make_lease(PW_DHCP_OFFER, 3600);
	take();
	for (i = 1; i < PW_DHCP_REQUESTS; i++) {
		wait_next();
		CU_ASSERT_EQUAL(read_sent().type, PW_DHCP_REQUEST);
	}
	wait_next();
	CU_ASSERT_EQUAL(read_sent().type, PW_DHCP_DISCOVER);
	CU_ASSERT_NOT_EQUAL(read_sent().xid, xid);
}

static void
of_two_servers_one_is_listened_to(void)
{
	wait_next();
	make_lease(PW_DHCP_OFFER, 3600);
	take();
	make(PW_DHCP_OFFER, RTE_BE32(0x0a4d0063), SERVER2); /* too late */
	put_u32(51, 3600);
	take();
	CU_ASSERT_EQUAL(out.len, 0);
	make(PW_DHCP_ACK, ADDR, SERVER2);
	put_u32(51, 3600);
	CU_ASSERT_EQUAL(take(), PW_DHCP_NONE);
	make(PW_DHCP_NAK, 0, SERVER2);
	take();
	CU_ASSERT_EQUAL(d.state, PW_DHCP_REQUESTING);
	CU_ASSERT_EQUAL(d.stats.ignored, 3);
	make(PW_DHCP_ACK, RTE_BE32(0x0a4d0063), SERVER); /* not what was offered */
	put_u32(51, 3600);
	CU_ASSERT_EQUAL(take(), PW_DHCP_NONE);
	make_lease(PW_DHCP_ACK, 3600);
	CU_ASSERT_EQUAL(take(), PW_DHCP_CHECK);
}

static void
a_nak_begins_anew_later(void)
{
	uint32_t xid;

	wait_next();
	xid = d.xid;
	make_lease(PW_DHCP_OFFER, 3600);
	take();
	make(PW_DHCP_NAK, 0, SERVER);
	CU_ASSERT_EQUAL(take(), PW_DHCP_NONE);
	CU_ASSERT_EQUAL(d.stats.naks, 1);
	quiet_for(3 * S - 1);
	wait_next();
	CU_ASSERT_EQUAL(read_sent().type, PW_DHCP_DISCOVER);
	CU_ASSERT_NOT_EQUAL(read_sent().xid, xid);
}

static void
an_address_in_use_is_declined(void)
{
	struct sent s;

	wait_next();
	make_lease(PW_DHCP_OFFER, 3600);
	take();
	make_lease(PW_DHCP_ACK, 3600);
	take();
	pw_dhcp_checked(&d, false, now, &out);
	CU_ASSERT_EQUAL(out.event, PW_DHCP_NONE);
	s = read_sent();
	CU_ASSERT_EQUAL(s.type, PW_DHCP_DECLINE);
	CU_ASSERT_EQUAL(s.requested, ADDR);
	CU_ASSERT_EQUAL(s.server, SERVER);
	quiet_for(10 * S - 1);
	wait_next();
	CU_ASSERT_EQUAL(read_sent().type, PW_DHCP_DISCOVER);
}

/* T1: by unicast, with our address in ciaddr and neither server nor address in options. */
static void
a_lease_is_renewed(void)
{
	struct pw_addr us = pw_addr_v4(ADDR), server = pw_addr_v4(SERVER);
	struct sent s;
	pw_ns got;

	get_lease(3600);
	got = now;
	quiet_for(1800 * S - 1);
	wait_next();
	CU_ASSERT_EQUAL(now, got + 1800 * S);
	s = read_sent();
	CU_ASSERT_EQUAL(s.type, PW_DHCP_REQUEST);
	CU_ASSERT_EQUAL(s.ciaddr, ADDR);
	CU_ASSERT_EQUAL(s.requested, 0);
	CU_ASSERT_EQUAL(s.server, 0);
	CU_ASSERT_EQUAL(s.flags, 0);
	CU_ASSERT_TRUE(pw_addr_eq(&out.src, &us) && pw_addr_eq(&out.dst, &server));
	now += 2 * S;
	make_lease(PW_DHCP_ACK, 7200);
	CU_ASSERT_EQUAL(take(), PW_DHCP_RENEWED);
	CU_ASSERT_EQUAL(d.lease.ends_at, got + 1800 * S + 7200 * S); /* from the request on */
}

/* From T1 to T2 and to the end: at half of what is left, a minute apart at least. */
static void
rebinding_and_the_end(void)
{
	struct pw_addr all = pw_addr_v4(RTE_BE32(0xffffffff));
	pw_ns got, last = 0;
	uint32_t n_unicast = 0, n_broadcast = 0;

	get_lease(3600);
	got = now;
	while (wait_next() == PW_DHCP_NONE) {
		CU_ASSERT_TRUE(last == 0 || now - last >= 60 * S || now == got + 3150 * S);
		CU_ASSERT_EQUAL(pw_addr_eq(&out.dst, &all), now >= got + 3150 * S);
		n_unicast += !pw_addr_eq(&out.dst, &all);
		n_broadcast += pw_addr_eq(&out.dst, &all);
		last = now;
	}
	CU_ASSERT_EQUAL(out.event, PW_DHCP_LOSE);
	CU_ASSERT_EQUAL(now, got + 3600 * S);
	CU_ASSERT_EQUAL(pw_addr_get_v4(&d.lease.addr), ADDR); /* it says which */
	CU_ASSERT_TRUE(n_unicast > 2 && n_unicast < 12);
	CU_ASSERT_TRUE(n_broadcast > 1 && n_broadcast < 8);
	CU_ASSERT_EQUAL(d.stats.expired, 1);
	wait_next();
	CU_ASSERT_EQUAL(read_sent().type, PW_DHCP_DISCOVER);
}

static void
any_server_may_rebind(void)
{
	get_lease(3600);
	while (d.state != PW_DHCP_REBINDING)
		wait_next();
	make(PW_DHCP_ACK, ADDR, SERVER2);
	put_addr(1, RTE_BE32(0xffffff00));
	put_u32(51, 600);
	CU_ASSERT_EQUAL(take(), PW_DHCP_RENEWED);
	CU_ASSERT_EQUAL(pw_addr_get_v4(&d.lease.server), SERVER2);
	CU_ASSERT_EQUAL(d.state, PW_DHCP_BOUND);
}

static void
a_nak_takes_the_lease_back(void)
{
	get_lease(3600);
	wait_next();
	make(PW_DHCP_NAK, 0, SERVER);
	CU_ASSERT_EQUAL(take(), PW_DHCP_LOSE);
	CU_ASSERT_EQUAL(d.state, PW_DHCP_INIT);
}

/* A NAK out of nowhere, when nothing was asked. */
static void
a_nak_unasked_is_ignored(void)
{
	get_lease(3600);
	make(PW_DHCP_NAK, 0, SERVER);
	CU_ASSERT_EQUAL(take(), PW_DHCP_NONE);
	CU_ASSERT_EQUAL(d.state, PW_DHCP_BOUND);
	make_lease(PW_DHCP_ACK, 3600);
	CU_ASSERT_EQUAL(take(), PW_DHCP_NONE);
}

static void
a_conflict_later_gives_it_back(void)
{
	get_lease(3600);
	pw_dhcp_conflict(&d, now, &out);
	CU_ASSERT_EQUAL(out.event, PW_DHCP_LOSE);
	CU_ASSERT_EQUAL(read_sent().type, PW_DHCP_DECLINE);
}

static void
a_lease_without_an_end(void)
{
	get_lease(UINT32_MAX);
	CU_ASSERT_EQUAL(pw_dhcp_next(&d), PW_NEVER);
	CU_ASSERT_EQUAL(d.lease.ends_at, PW_NEVER);
}

/* T1 and T2 are believed when they come in order. */
static void
times_out_of_order(void)
{
	static const uint32_t t[][2] = {{100, 200}, {200, 100}, {100, 4000}, {0, 200}, {100, 0}};
	size_t i;

	for (i = 0; i < RTE_DIM(t); i++) {
		setup();
		wait_next();
		make_lease(PW_DHCP_OFFER, 3600);
		take();
		make_lease(PW_DHCP_ACK, 3600);
		put_u32(58, t[i][0]);
		put_u32(59, t[i][1]);
		CU_ASSERT_EQUAL(take(), PW_DHCP_CHECK);
		CU_ASSERT_EQUAL(d.lease.t1_at, now + (i == 0 ? 100 : 1800) * S);
		CU_ASSERT_EQUAL(d.lease.t2_at, now + (i == 0 ? 200 : 3150) * S);
	}
}

/* Offers that lie: nothing is requested. */
static void
impossible_offers(void)
{
	static const struct {
		rte_be32_t yiaddr, server, mask;
		uint32_t lease_s;
	} bad[] = {
		{0, SERVER, RTE_BE32(0xffffff00), 3600},
		{RTE_BE32(0x7f000001), SERVER, RTE_BE32(0xffffff00), 3600},
		{RTE_BE32(0xe0000001), SERVER, RTE_BE32(0xffffff00), 3600},
		{RTE_BE32(0xffffffff), SERVER, RTE_BE32(0xffffff00), 3600},
		{RTE_BE32(0x0a4d00ff), SERVER, RTE_BE32(0xffffff00), 3600},
		{RTE_BE32(0x0a4d0000), SERVER, RTE_BE32(0xffffff00), 3600},
		{ADDR, SERVER, RTE_BE32(0xff00ff00), 3600},
		{ADDR, SERVER, RTE_BE32(0x000000ff), 3600},
		{ADDR, 0, RTE_BE32(0xffffff00), 3600},
		{ADDR, RTE_BE32(0xe0000001), RTE_BE32(0xffffff00), 3600},
		{ADDR, SERVER, RTE_BE32(0xffffff00), 0},
		{ADDR, SERVER, RTE_BE32(0xffffff00), 29},
	};
	size_t i;

	wait_next();
	for (i = 0; i < RTE_DIM(bad); i++) {
		make(PW_DHCP_OFFER, bad[i].yiaddr, bad[i].server);
		put_addr(1, bad[i].mask);
		put_u32(51, bad[i].lease_s);
		take();
		CU_ASSERT_EQUAL(out.len, 0);
		CU_ASSERT_EQUAL(d.state, PW_DHCP_SELECTING);
	}
	CU_ASSERT_EQUAL(d.stats.ignored, RTE_DIM(bad));
}

/* What is of use in an offer stays so when the rest is nonsense. */
static void
nonsense_beside_a_lease_is_left_out(void)
{
	wait_next();
	make(PW_DHCP_OFFER, ADDR, SERVER);
	put_addr(1, RTE_BE32(0xffffff00));
	put_addr(3, RTE_BE32(0x08080808)); /* a router that is not on our network */
	put_u32(51, 3600);
	put_opt(26, "\x00\x44", 2); /* an MTU of 68 */
	put_opt(58, "\x01", 1);	    /* cut */
	put_opt(200, "whatever", 8);
	take();
	CU_ASSERT_EQUAL(d.state, PW_DHCP_REQUESTING);
	CU_ASSERT_EQUAL(d.lease.router.q[1], 0);
	CU_ASSERT_EQUAL(d.lease.mtu, 0);
}

static void
without_a_mask_the_class_counts(void)
{
	wait_next();
	make(PW_DHCP_OFFER, ADDR, SERVER);
	put_u32(51, 3600);
	take();
	CU_ASSERT_EQUAL(d.lease.prefix_bits, 96 + 8);
}

static void
what_is_not_for_us_is_ignored(void)
{
	uint32_t i;

	wait_next();
	for (i = 0; i < 6; i++) {
		make_lease(PW_DHCP_OFFER, 3600);
		if (i == 0)
			msg.b[4] ^= 1; /* another xid */
		else if (i == 1)
			msg.b[28] ^= 4; /* another client */
		else if (i == 2)
			msg.b[0] = 1; /* a request */
		else if (i == 3)
			msg.b[236] ^= 1; /* no DHCP */
		else if (i == 4)
			msg.b[1] = 6; /* no Ethernet */
		else
			msg.b[242] = 8; /* no type that a server sends */
		take();
		CU_ASSERT_EQUAL(d.state, PW_DHCP_SELECTING);
	}
	CU_ASSERT_EQUAL(d.stats.ignored, 6);
}

static void
every_truncation_is_ignored_or_right(void)
{
	uint32_t len, all;

	wait_next();
	make_lease(PW_DHCP_OFFER, 3600);
	all = msg.len;
	for (len = 0; len < all; len++) {
		uint8_t *copy = malloc(RTE_MAX(len, 1u)); /* so that a sanitizer sees the end */

		memcpy(copy, msg.b, len);
		pw_dhcp_input(&d, copy, len, now, &out);
		free(copy);
		CU_ASSERT_EQUAL(d.state, PW_DHCP_SELECTING);
	}
	take();
	CU_ASSERT_EQUAL(d.state, PW_DHCP_REQUESTING);
}

/* Section 4.1: options go on in "file" and "sname"; an option there leads no further. */
static void
options_in_three_places(void)
{
	uint32_t lease = rte_cpu_to_be_32(3600);
	uint8_t both = 3;

	wait_next();
	make(PW_DHCP_OFFER, ADDR, SERVER);
	put_opt(52, &both, 1);
	msg.b[108] = 51;
	msg.b[109] = 4;
	memcpy(msg.b + 110, &lease, 4);
	msg.b[114] = 255;
	msg.b[44] = 1;
	msg.b[45] = 4;
	memcpy(msg.b + 46, "\xff\xff\xff\x00", 4);
	msg.b[50] = 52; /* once more: no loop */
	msg.b[51] = 1;
	msg.b[52] = 3;
	msg.b[53] = 255;
	take();
	CU_ASSERT_EQUAL(d.state, PW_DHCP_REQUESTING);
	CU_ASSERT_EQUAL(d.lease.prefix_bits, 96 + 24);
	setup();
	wait_next();
	make_lease(PW_DHCP_OFFER, 3600);
	put_opt(52, &both, 1);
	msg.b[44 + 62] = 1;
	msg.b[44 + 63] = 4; /* leads out of "sname" */
	take();
	CU_ASSERT_EQUAL(d.state, PW_DHCP_SELECTING);
}

static CU_TestInfo tests[] = {
	{"the_four_messages", the_four_messages},
	{"silence_is_asked_ever_more_seldom", silence_is_asked_ever_more_seldom},
	{"a_server_that_offers_and_is_silent", a_server_that_offers_and_is_silent},
	{"of_two_servers_one_is_listened_to", of_two_servers_one_is_listened_to},
	{"a_nak_begins_anew_later", a_nak_begins_anew_later},
	{"an_address_in_use_is_declined", an_address_in_use_is_declined},
	{"a_lease_is_renewed", a_lease_is_renewed},
	{"rebinding_and_the_end", rebinding_and_the_end},
	{"any_server_may_rebind", any_server_may_rebind},
	{"a_nak_takes_the_lease_back", a_nak_takes_the_lease_back},
	{"a_nak_unasked_is_ignored", a_nak_unasked_is_ignored},
	{"a_conflict_later_gives_it_back", a_conflict_later_gives_it_back},
	{"a_lease_without_an_end", a_lease_without_an_end},
	{"times_out_of_order", times_out_of_order},
	{"impossible_offers", impossible_offers},
	{"nonsense_beside_a_lease_is_left_out", nonsense_beside_a_lease_is_left_out},
	{"without_a_mask_the_class_counts", without_a_mask_the_class_counts},
	{"what_is_not_for_us_is_ignored", what_is_not_for_us_is_ignored},
	{"every_truncation_is_ignored_or_right", every_truncation_is_ignored_or_right},
	{"options_in_three_places", options_in_three_places},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_autoconf_dhcp = {
	.pName = "autoconf_dhcp",
	.pSetUpFunc = setup,
	.pTests = tests,
};
