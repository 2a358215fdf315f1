/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * With many connections each segment of a burst belongs to another one, which no cache
 * has: they are asked for all at once, before the first is dealt with.
 */
#include <rte_prefetch.h>
#include "loop_priv.h"
#include "pw_wire_eth.h"
#include "pw_wire_ip4.h"
#include "pw_wire_ip6.h"

#define PORTS_BYTES 4

static_assert(RX_BURST <= PW_TCP_AHEAD_MAX, "a burst at once");

static inline void
take_ports(struct pw_tcp_tuple *k, const uint8_t *tcp)
{
	k->sport = pw_get_be16(tcp);
	k->dport = pw_get_be16(tcp + 2);
}

static bool
tuple4_of(const uint8_t *ip, uint32_t len, struct pw_tcp_tuple *k)
{
	rte_be32_t addrs[2];

	if (len < PW_IP4_HLEN + PORTS_BYTES || ip[0] != 0x45 || ip[9] != PW_IP_PROTO_TCP)
		return false;
	memcpy(addrs, ip + 12, sizeof(addrs));
	k->src = pw_addr_v4(addrs[0]);
	k->dst = pw_addr_v4(addrs[1]);
	take_ports(k, ip + PW_IP4_HLEN);
	return true;
}

static bool
tuple6_of(const uint8_t *ip, uint32_t len, struct pw_tcp_tuple *k)
{
	if (len < PW_IP6_HLEN + PORTS_BYTES || ip[6] != PW_IP_PROTO_TCP)
		return false;
	memcpy(&k->src, ip + 8, sizeof(k->src));
	memcpy(&k->dst, ip + 24, sizeof(k->dst));
	take_ports(k, ip + PW_IP6_HLEN);
	return true;
}

bool
ahead_tuple(const uint8_t *p, uint32_t len, struct pw_tcp_tuple *k)
{
	uint32_t hlen = pw_eth_check(p, len);

	if (hlen == 0)
		return false;
	switch (pw_eth_type(p, hlen)) {
	case PW_ETH_TYPE_IP4:
		return tuple4_of(p + hlen, len - hlen, k);
	case PW_ETH_TYPE_IP6:
		return tuple6_of(p + hlen, len - hlen, k);
	default:
		return false;
	}
}

static inline bool
same_tuple(const struct pw_tcp_tuple *a, const struct pw_tcp_tuple *b)
{
	return a->sport == b->sport && a->dport == b->dport && pw_addr_eq(&a->src, &b->src) &&
	       pw_addr_eq(&a->dst, &b->dst);
}

void
ahead_look(const struct pw_worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	struct pw_tcp_tuple tuples[RX_BURST];
	uint32_t n_tuples = 0;
	uint16_t i;

	for (i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	for (i = 0; i < n; i++) {
		const uint8_t *p = rte_pktmbuf_mtod(pkts[i], const uint8_t *);

		if (!ahead_tuple(p, pkts[i]->data_len, &tuples[n_tuples]))
			continue;
		if (n_tuples == 0 || !same_tuple(&tuples[n_tuples], &tuples[n_tuples - 1]))
			n_tuples++;
	}
	pw_tcp_ahead(w->tcp, tuples, n_tuples);
}
