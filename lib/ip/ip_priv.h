/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef IP_PRIV_H
#define IP_PRIV_H

/**
 * @file
 * Shared by the files of this module.
 */
#include "auto6.h"
#include "pw_ip.h"
#include "pw_wire_eth.h"
#include "pw_wire_icmp.h"
#include "pw_wire_icmp6.h"

#define IP_TTL 64 /* RFC 1700; of IPv6 the hop limit */

/* An address of ours with its mask, for comparing without a loop over bytes. */
struct net {
	struct pw_addr addr;
	struct pw_addr mask;
	uint32_t n_more; /* addresses behind it that are ours as well */
	uint8_t bits;	 /* of the mask */
};

/* A route of the table; the longest prefixes first, of equals who is on-link. */
struct route {
	struct net to;
	struct pw_addr hop;
	uint8_t bits;
	bool on_link; /* by an address of ours: it is its own next hop */
};

/* Of the last packet whose addresses were found good, and that was for us alone. */
struct good {
	struct pw_addr src;
	struct pw_addr dst;
};

struct pw_ip {
	struct pw_addr last_dst; /* routed last, */
	struct pw_addr last_hop; /* and by what */
	struct good good4;	 /* zero is no IPv4 address as we hold it, */
	struct good good6;	 /* but of IPv6 it is: */
	bool has_good6;
	uint32_t n_nets;
	uint32_t n_routes; /* of `table` */
	uint16_t mtu;
	uint16_t mtu6;	    /* of IPv6, which routers may say to be less */
	uint8_t hop_limit6; /* likewise */
	uint8_t l2_len;	    /* of our frames' header */
	bool tx_ip4_cksum;
	uint16_t udp_port; /* that is handed to the caller; 0: none */
	struct pw_link *link;
	struct pw_seg *seg;
	struct pw_frags *frags;
	struct pw_drops *drops;
	const struct pw_mem *mem;
	pw_ns icmp_at;	   /* when the credit was last reckoned */
	pw_ns icmp_credit; /* time saved up for ICMP errors */
	struct auto6 auto6;
	struct pw_ip_stats stats;
	struct net nets[PW_IP_ADDRS_MAX]; /* our addresses */
	struct route table[PW_IP_ADDRS_MAX + PW_IP_ROUTES_MAX];
	struct pw_ip_route given[PW_IP_ROUTES_MAX]; /* routes other than by our addresses */
	uint32_t n_given;
};

/* A received packet whose headers were checked. */
struct packet {
	const uint8_t *p; /* its header */
	struct pw_addr src;
	struct pw_addr dst;
	const uint8_t *l4;
	uint32_t l4_len;
	uint8_t proto;	   /* of what is at l4 */
	uint8_t tos;	   /* or traffic class */
	uint8_t ttl;	   /* or hop limit */
	bool group;	   /* by broadcast or multicast, in layer 2 or 3 */
	bool was_fragment; /* it has a fragment header, or was put together */
};

static inline bool
net_has(const struct net *n, const struct pw_addr *a)
{
	return (((a->q[0] ^ n->addr.q[0]) & n->mask.q[0]) |
		       ((a->q[1] ^ n->addr.q[1]) & n->mask.q[1])) == 0;
}

/**
 * Where from to send to @p dst what nobody has named a source for (RFC 6724, as far as one link);
 * all zero: there is no address of its family that may be used.
 */
struct pw_addr source_for(const struct pw_ip *ip, const struct pw_addr *dst);

/** May one more ICMP message be sent that is bound by the rate limit? Then it counts. */
bool icmp_allowed(struct pw_ip *ip, pw_ns now);

/** Is there a route to just this prefix, other than by an address? */
bool route_is_given(const struct pw_ip *ip, const struct pw_addr *dst, uint8_t bits);

/** The longest route to @p dst, or NULL. */
const struct route *route_find(const struct pw_ip *ip, const struct pw_addr *dst);

/** A datagram for the port that the caller takes. @return false: it is for another */
bool udp_input(struct pw_ip *ip, const struct packet *pkt, struct pw_ip_rx *out, enum pw_drop *why);

/** Put the IPv4 header in front. */
void ip_push4(struct pw_ip *ip, struct rte_mbuf *m, const struct pw_addr *src,
	const struct pw_addr *dst, uint8_t proto, uint8_t ecn);

/** An ICMP message for us. */
enum pw_drop icmp_input(
	struct pw_ip *ip, const struct packet *pkt, pw_ns now, struct pw_ip_rx *out);

/** Answer with "destination unreachable", if that is allowed and the rate limit agrees. */
void icmp_unreachable(struct pw_ip *ip, const struct packet *pkt, uint8_t code, pw_ns now);

/** An ICMPv6 message for us. */
enum pw_drop icmp6_input(
	struct pw_ip *ip, const struct packet *pkt, pw_ns now, struct pw_ip_rx *out);

/** Answer with this error, if that is allowed and the rate limit agrees. */
void icmp6_report(
	struct pw_ip *ip, const struct packet *pkt, const struct pw_icmp6_hdr *h, pw_ns now);

#endif
