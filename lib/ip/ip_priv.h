/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef IP_PRIV_H
#define IP_PRIV_H

/**
 * @file
 * Shared by the files of this module.
 */
#include "pw_ip.h"
#include "pw_wire_eth.h"
#include "pw_wire_icmp.h"

#define IP_TTL 64 /* RFC 1700 */

/* An address of ours with its mask, for comparing without a loop over bytes. */
struct net {
	struct pw_addr addr;
	struct pw_addr mask;
	uint32_t n_more; /* addresses behind it that are ours as well */
};

struct pw_ip {
	struct pw_addr last_dst; /* routed last, */
	struct pw_addr last_hop; /* and by what */
	struct pw_addr good_src; /* of the last packet whose addresses were found good, */
	struct pw_addr good_dst; /* and that was for us alone */
	struct net *nets;
	uint32_t n_nets;
	uint16_t mtu;
	bool tx_ip4_cksum;
	bool has_gateway;
	struct pw_addr gateway;
	struct pw_link *link;
	struct pw_seg *seg;
	struct pw_drops *drops;
	const struct pw_mem *mem;
	pw_ns icmp_at;	   /* when the credit was last reckoned */
	pw_ns icmp_credit; /* time saved up for ICMP errors */
	struct pw_ip_stats stats;
};

/* A received IPv4 packet whose header was checked. */
struct packet {
	const uint8_t *p; /* its header */
	struct pw_ip4_hdr h;
	const uint8_t *l4;
	uint32_t l4_len;
	bool group; /* by broadcast or multicast, in layer 2 or 3 */
};

static inline bool
net_has(const struct net *n, const struct pw_addr *a)
{
	return (((a->q[0] ^ n->addr.q[0]) & n->mask.q[0]) |
		       ((a->q[1] ^ n->addr.q[1]) & n->mask.q[1])) == 0;
}

/** An ICMP message for us. */
enum pw_drop icmp_input(
	struct pw_ip *ip, const struct packet *pkt, pw_ns now, struct pw_ip_rx *out);

/** Answer with "destination unreachable", if that is allowed and the rate limit agrees. */
void icmp_unreachable(struct pw_ip *ip, const struct packet *pkt, uint8_t code, pw_ns now);

#endif
