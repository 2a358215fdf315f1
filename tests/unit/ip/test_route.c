/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Addresses and routes that change while packets are sent, of both families.
 */
#include <inttypes.h>
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "../link/rig_net.h"
#include "../seg/rig_eal.h"
#include "ip_priv.h"

#define SEED 20261126

static struct rig_net n;
static struct pw_ip *ip;

static void
setup(void)
{
	struct pw_ip_cfg cfg = {
		.addrs = n.addrs,
		.n_addrs = 2,
		.mtu = 1500,
		.drops = &n.drops,
		.mem = &pw_mem_heap,
	};

	rig_net_open(&n, 0);
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

static int
add(const char *dst, uint8_t bits, const char *hop)
{
	struct pw_ip_route r = {.dst = rig_addr(dst), .bits = bits, .hop = rig_addr(hop)};

	return pw_ip_route_add(ip, &r);
}

static void
del(const char *dst, uint8_t bits)
{
	struct pw_addr a = rig_addr(dst);

	pw_ip_route_del(ip, &a, bits);
}

/* Whom do we ask for when we send to @p dst? NULL: nobody. */
static const char *
hop_to(const char *dst)
{
	static char text[PW_ADDR_TEXT_MAX];
	struct pw_addr from = rig_addr(US), to = rig_addr(dst), hop = {0};
	struct rte_mbuf *m = pw_seg_message(n.seg, "12345678", 8);
	const uint8_t *p;

	n.now += 1000 * PW_NS_PER_S;
	pw_link_run(n.link, n.now);
	pw_link_run(n.link, n.now + 1000 * PW_NS_PER_S); /* failed neighbours are forgotten */
	n.now += 2000 * PW_NS_PER_S;
	pw_link_run(n.link, n.now);
	rig_net_flush(&n);
	rig_port_forget(n.rp);
	pw_ip_output(ip, m, &from, &to, 6, 0, n.now);
	if (rig_net_flush(&n) != 1)
		return NULL;
	p = n.rp->sent[0].bytes;
	CU_ASSERT_EQUAL_FATAL(rig_get16(p + 12), 0x0806);
	hop = pw_addr_v4(0);
	memcpy(&hop.d[3], p + 38, 4);
	pw_link_drop_waiting(n.link);
	return pw_addr_format(&hop, text);
}

static void
the_longest_prefix_wins(void)
{
	CU_ASSERT_PTR_NULL(hop_to(FAR));
	CU_ASSERT_EQUAL(n.drops.n[PW_DROP_IP_NO_ROUTE], 1);
	CU_ASSERT_EQUAL(add("0.0.0.0", 96, "10.0.0.254"), 0);
	CU_ASSERT_EQUAL(add("8.0.0.0", 96 + 8, "10.0.0.253"), 0);
	CU_ASSERT_EQUAL(add("8.8.8.0", 96 + 24, "192.168.0.9"), 0);
	CU_ASSERT_EQUAL(add("8.8.8.8", 96 + 32, "10.0.0.252"), 0);
	CU_ASSERT_STRING_EQUAL(hop_to("1.2.3.4"), "10.0.0.254");
	CU_ASSERT_STRING_EQUAL(hop_to("8.1.1.1"), "10.0.0.253");
	CU_ASSERT_STRING_EQUAL(hop_to("8.8.8.9"), "192.168.0.9");
	CU_ASSERT_STRING_EQUAL(hop_to("8.8.8.8"), "10.0.0.252");
	CU_ASSERT_STRING_EQUAL(hop_to(PEER), PEER); /* our own networks, without a router */
	CU_ASSERT_STRING_EQUAL(hop_to("192.168.77.1"), "192.168.77.1");
}

/* A longer route leads away from a network of ours; one of the same length does not. */
static void
a_host_route_out_of_our_network(void)
{
	CU_ASSERT_EQUAL(add("10.0.0.0", 96 + 24, "192.168.0.1"), 0);
	CU_ASSERT_STRING_EQUAL(hop_to("10.0.0.77"), "10.0.0.77");
	CU_ASSERT_EQUAL(add("10.0.0.77", 96 + 32, "192.168.0.1"), 0);
	CU_ASSERT_STRING_EQUAL(hop_to("10.0.0.77"), "192.168.0.1");
}

/* What is kept of the last destination does not outlive its route. */
static void
a_change_is_seen_at_once(void)
{
	CU_ASSERT_EQUAL(add("0.0.0.0", 96, "10.0.0.254"), 0);
	CU_ASSERT_STRING_EQUAL(hop_to(FAR), "10.0.0.254");
	CU_ASSERT_EQUAL(add("0.0.0.0", 96, "10.0.0.253"), 0);
	CU_ASSERT_EQUAL(ip->n_given, 1);
	CU_ASSERT_STRING_EQUAL(hop_to(FAR), "10.0.0.253");
	CU_ASSERT_EQUAL(add("8.8.0.0", 96 + 16, "10.0.0.252"), 0);
	CU_ASSERT_STRING_EQUAL(hop_to(FAR), "10.0.0.252");
	del("8.8.0.0", 96 + 16);
	CU_ASSERT_STRING_EQUAL(hop_to(FAR), "10.0.0.253");
	del("8.8.0.0", 96 + 16); /* is not there any more */
	del("0.0.0.0", 96);
	CU_ASSERT_PTR_NULL(hop_to(FAR));
}

static void
addresses_come_and_go(void)
{
	struct pw_if_addr a = {rig_addr("172.16.0.1"), 96 + 12};
	struct pw_addr far = rig_addr("172.31.1.1");

	CU_ASSERT_FALSE(pw_ip_is_local(ip, &a.addr));
	CU_ASSERT_PTR_NULL(hop_to("172.31.1.1"));
	CU_ASSERT_EQUAL(pw_ip_addr_add(ip, &a), 0);
	CU_ASSERT_TRUE(pw_ip_is_local(ip, &a.addr));
	CU_ASSERT_STRING_EQUAL(hop_to("172.31.1.1"), "172.31.1.1");
	a.prefix_bits = 96 + 24; /* the same once more, with another prefix */
	CU_ASSERT_EQUAL(pw_ip_addr_add(ip, &a), 0);
	CU_ASSERT_EQUAL(ip->n_nets, 3);
	CU_ASSERT_PTR_NULL(route_find(ip, &far));
	pw_ip_addr_del(ip, &a.addr);
	CU_ASSERT_FALSE(pw_ip_is_local(ip, &a.addr));
	pw_ip_addr_del(ip, &a.addr);
	CU_ASSERT_EQUAL(ip->n_nets, 2);
}

static void
both_tables_are_bounded(void)
{
	struct pw_if_addr a = {rig_addr("172.16.0.0"), 96 + 32};
	char dst[PW_ADDR_TEXT_MAX];
	uint32_t i;

	for (i = 0; i < PW_IP_ROUTES_MAX; i++) {
		snprintf(dst, sizeof(dst), "20.0.%u.0", i);
		CU_ASSERT_EQUAL(add(dst, 96 + 24, "10.0.0.254"), 0);
	}
	CU_ASSERT_EQUAL(add("21.0.0.0", 96 + 24, "10.0.0.254"), -ENOSPC);
	CU_ASSERT_EQUAL(add("20.0.0.0", 96 + 24, "10.0.0.253"), 0); /* takes no place */
	for (i = 2; i < PW_IP_ADDRS_MAX; i++) {
		a.addr.b[15] = (uint8_t)i;
		CU_ASSERT_EQUAL(pw_ip_addr_add(ip, &a), 0);
	}
	a.addr.b[15] = 0;
	CU_ASSERT_EQUAL(pw_ip_addr_add(ip, &a), -ENOSPC);
	CU_ASSERT_STRING_EQUAL(hop_to("20.0.127.1"), "10.0.0.254");
}

static uint64_t
next_random(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *x >> 29;
}

/* An address of few bits, so that prefixes meet; IPv4 or IPv6. */
static struct pw_addr
random_addr(uint64_t *x)
{
	struct pw_addr a = {{{0x20, 1}}};
	uint32_t i;

	if (next_random(x) % 2)
		a = pw_addr_v4(0);
	for (i = 12; i < 16; i++)
		a.b[i] = (uint8_t)(next_random(x) & 0x81);
	return a;
}

/* Of the routes given, by comparing them all. */
static const struct pw_ip_route *
naive(const struct pw_addr *dst)
{
	const struct pw_ip_route *best = NULL;
	uint32_t i;

	for (i = 0; i < ip->n_given; i++)
		if (pw_addr_same_net(&ip->given[i].dst, dst, ip->given[i].bits) &&
			(best == NULL || ip->given[i].bits > best->bits))
			best = &ip->given[i];
	return best;
}

static void
as_a_naive_search_finds(void)
{
	uint64_t x = SEED;
	uint32_t i, k;

	printf("seed %d ", SEED);
	pw_ip_addr_del(ip, &n.addrs[0].addr);
	pw_ip_addr_del(ip, &n.addrs[1].addr);
	for (i = 0; i < 2000; i++) {
		struct pw_ip_route r = {.dst = random_addr(&x), .hop = rig_addr(ROUTER)};
		struct pw_addr dst = random_addr(&x);
		const struct pw_ip_route *want;
		const struct route *found;

		r.bits = (uint8_t)(96 + next_random(&x) % 33);
		for (k = r.bits; k < 128; k++)
			r.dst.b[k / 8] &= (uint8_t) ~(0x80 >> k % 8);
		if (next_random(&x) % 3 == 0 && ip->n_given > 0)
			pw_ip_route_del(ip, &ip->given[0].dst, ip->given[0].bits);
		else
			pw_ip_route_add(ip, &r);
		want = naive(&dst);
		found = route_find(ip, &dst);
		CU_ASSERT_EQUAL_FATAL(found == NULL, want == NULL);
		CU_ASSERT_TRUE(found == NULL || found->bits == want->bits);
	}
}

struct walk {
	uint32_t n;
	uint8_t last_bits;
	bool right;
};

static void
look(void *ctx, const struct pw_ip_route *r)
{
	struct walk *w = ctx;

	w->right = w->right && r->bits <= w->last_bits;
	w->last_bits = r->bits;
	w->n++;
}

static void
they_are_shown_in_the_order_of_look_up(void)
{
	struct walk w = {.last_bits = 128, .right = true};

	add("0.0.0.0", 96, ROUTER);
	add("8.0.0.0", 96 + 8, ROUTER);
	add("9.9.9.9", 96 + 32, ROUTER);
	pw_ip_each_route(ip, look, &w);
	CU_ASSERT_EQUAL(w.n, 5);
	CU_ASSERT_TRUE(w.right);
}

static CU_TestInfo tests[] = {
	{"the_longest_prefix_wins", the_longest_prefix_wins},
	{"a_host_route_out_of_our_network", a_host_route_out_of_our_network},
	{"a_change_is_seen_at_once", a_change_is_seen_at_once},
	{"addresses_come_and_go", addresses_come_and_go},
	{"both_tables_are_bounded", both_tables_are_bounded},
	{"as_a_naive_search_finds", as_a_naive_search_finds},
	{"they_are_shown_in_the_order_of_look_up", they_are_shown_in_the_order_of_look_up},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_ip_route = {
	.pName = "ip_route",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
