/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef ENDS_H
#define ENDS_H

/**
 * @file
 * The two ends of a benchmark that makes its frames itself, of IPv4 or of IPv6.
 */
#include "pw_addr.h"
#include "pw_wire_eth.h"
#include "pw_wire_ip4.h"
#include "pw_wire_ip6.h"

#define ENDS_HELLO_MAX 72

struct ends {
	struct pw_addr us;
	struct pw_addr peer;
	bool ip6;
	uint8_t prefix_bits; /**< of the network of both */
	uint8_t ip_hlen;
	uint16_t eth_type;
	uint16_t mss; /**< at an MTU of 1500, options not counted */
};

void ends_init(struct ends *e, bool ip6);

/** Write the IP header of a segment of @p len bytes, to us or from us. @return its length */
uint32_t ends_put_ip(const struct ends *e, uint8_t *p, bool to_us, uint32_t len);

/**
 * Write what makes the peer, who has @p mac, known as a neighbour.
 * @param p     ENDS_HELLO_MAX bytes
 * @param type  set to the type of its frame
 * @return length of the packet
 */
uint32_t ends_put_hello(const struct ends *e, uint8_t *p, const uint8_t *mac, uint16_t *type);

/** The TCP header in the frame at @p p that we have sent, or NULL: it is none of TCP. */
static inline const uint8_t *
ends_tcp(const struct ends *e, const uint8_t *p)
{
	uint32_t proto_at = PW_ETH_HLEN + (e->ip6 ? 6 : 9);

	if (pw_eth_type(p, PW_ETH_HLEN) != e->eth_type || p[proto_at] != PW_IP_PROTO_TCP)
		return NULL;
	return p + PW_ETH_HLEN + e->ip_hlen;
}

#endif
