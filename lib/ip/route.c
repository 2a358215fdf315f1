/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Our addresses, and the way to others.
 *
 * A table in the order of prefix length: the first that fits is the longest. It is looked
 * at only when another destination than the last is sent to, and has a handful of
 * entries; docs/network.md compares it with rte_fib.
 */
#include "ip_priv.h"

static struct net
make_net(const struct pw_addr *addr, uint32_t bits)
{
	struct net n = {.addr = *addr, .bits = (uint8_t)bits};
	uint32_t i;

	for (i = 0; i < sizeof(n.mask.b); i++) {
		uint32_t set = bits > 8 * i ? RTE_MIN(bits - 8 * i, 8u) : 0;

		n.mask.b[i] = (uint8_t)(0xff00u >> set);
	}
	return n;
}

const struct route *
route_find(const struct pw_ip *ip, const struct pw_addr *dst)
{
	uint32_t i;

	for (i = 0; i < ip->n_routes; i++)
		if (net_has(&ip->table[i].to, dst))
			break;
	/* ::/0 comprises the place of IPv4 among the addresses: it is no route there. */
	if (i == ip->n_routes || (ip->table[i].bits < 96 && pw_addr_is_v4(dst)))
		return NULL;
	return &ip->table[i];
}

/* Behind those that are as long or longer: who came first is asked first. */
static void
insert(struct pw_ip *ip, const struct route *r)
{
	uint32_t at = ip->n_routes++;

	for (; at > 0 && ip->table[at - 1].bits < r->bits; at--)
		ip->table[at] = ip->table[at - 1];
	ip->table[at] = *r;
}

/* Something has changed: make the table anew, and forget what was kept of the old one. */
static void
rebuild(struct pw_ip *ip)
{
	uint32_t i;

	ip->n_routes = 0;
	for (i = 0; i < ip->n_nets; i++) {
		const struct net *n = &ip->nets[i];

		insert(ip, &(struct route){.to = *n, .bits = n->bits, .on_link = true});
	}
	for (i = 0; i < ip->n_given; i++) {
		static const struct pw_addr none;
		const struct pw_ip_route *r = &ip->given[i];

		insert(ip, &(struct route){.to = make_net(&r->dst, r->bits),
				   .hop = r->hop,
				   .bits = r->bits,
				   .on_link = pw_addr_eq(&r->hop, &none)});
	}
	memset(&ip->last_dst, 0, sizeof(ip->last_dst));
	memset(&ip->good4, 0, sizeof(ip->good4));
	ip->has_good6 = false;
}

int
pw_ip_addr_add(struct pw_ip *ip, const struct pw_if_addr *a)
{
	struct net n = make_net(&a->addr, a->prefix_bits);
	uint32_t i;

	n.n_more = a->n_more;
	for (i = 0; i < ip->n_nets && !pw_addr_eq(&ip->nets[i].addr, &a->addr); i++)
		;
	if (i == PW_IP_ADDRS_MAX)
		return -ENOSPC;
	ip->n_nets = RTE_MAX(ip->n_nets, i + 1);
	ip->nets[i] = n;
	rebuild(ip);
	return pw_link_addr_add(ip->link, a);
}

void
pw_ip_addr_del(struct pw_ip *ip, const struct pw_addr *a)
{
	uint32_t i;

	for (i = 0; i < ip->n_nets && !pw_addr_eq(&ip->nets[i].addr, a); i++)
		;
	if (i == ip->n_nets)
		return;
	ip->n_nets--;
	memmove(&ip->nets[i], &ip->nets[i + 1], (ip->n_nets - i) * sizeof(ip->nets[0]));
	rebuild(ip);
	pw_link_addr_del(ip->link, a);
}

static uint32_t
find_given(const struct pw_ip *ip, const struct pw_addr *dst, uint8_t bits)
{
	uint32_t i;

	for (i = 0; i < ip->n_given; i++)
		if (ip->given[i].bits == bits && pw_addr_eq(&ip->given[i].dst, dst))
			break;
	return i;
}

int
pw_ip_route_add(struct pw_ip *ip, const struct pw_ip_route *r)
{
	uint32_t i = find_given(ip, &r->dst, r->bits);

	if (i == PW_IP_ROUTES_MAX)
		return -ENOSPC;
	ip->n_given = RTE_MAX(ip->n_given, i + 1);
	ip->given[i] = *r;
	rebuild(ip);
	return 0;
}

void
pw_ip_route_del(struct pw_ip *ip, const struct pw_addr *dst, uint8_t bits)
{
	uint32_t i = find_given(ip, dst, bits);

	if (i == ip->n_given)
		return;
	ip->n_given--;
	memmove(&ip->given[i], &ip->given[i + 1], (ip->n_given - i) * sizeof(ip->given[0]));
	rebuild(ip);
}

bool
route_is_given(const struct pw_ip *ip, const struct pw_addr *dst, uint8_t bits)
{
	return find_given(ip, dst, bits) != ip->n_given;
}

static struct pw_addr
and_mask(const struct net *n)
{
	struct pw_addr a = n->addr;

	a.q[0] &= n->mask.q[0];
	a.q[1] &= n->mask.q[1];
	return a;
}

void
pw_ip_each_route(
	const struct pw_ip *ip, void (*fn)(void *ctx, const struct pw_ip_route *r), void *ctx)
{
	uint32_t i;

	for (i = 0; i < ip->n_routes; i++) {
		const struct route *r = &ip->table[i];
		struct pw_ip_route out = {.dst = and_mask(&r->to), .bits = r->bits, .hop = r->hop};

		fn(ctx, &out);
	}
}
