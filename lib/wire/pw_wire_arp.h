/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_ARP_H
#define PW_WIRE_ARP_H

/**
 * @file
 * ARP for IPv4 over Ethernet (RFC 826).
 *
 * Check once with pw_arp_check(); then pw_arp_parse() cannot fail.
 */
#include "pw_addr.h"
#include "pw_wire_eth.h"

#define PW_ARP_LEN 28

#define PW_ARP_REQUEST 1
#define PW_ARP_REPLY   2

/** A packet, by the names of RFC 826. */
struct pw_arp {
	uint16_t op;		      /**< PW_ARP_REQUEST or PW_ARP_REPLY */
	uint8_t sha[PW_ETH_ADDR_LEN]; /**< MAC address of the sender */
	uint8_t tha[PW_ETH_ADDR_LEN]; /**< of the target; in a request without meaning */
	struct pw_addr spa; /**< IPv4 address of the sender; 0.0.0.0 in a probe (RFC 5227) */
	struct pw_addr tpa; /**< of the target */
};

/**
 * Is there a request or reply for IPv4 over Ethernet in the @p avail bytes at
 * @p p? One that claims a group address for its sender is refused, as such an
 * answer must not be believed (RFC 1812 section 3.3.2).
 * @return PW_ARP_LEN, or 0
 */
uint32_t pw_arp_check(const uint8_t *p, uint32_t avail);

/** Read a packet that pw_arp_check() passed. */
void pw_arp_parse(const uint8_t *p, struct pw_arp *out);

/** Write a packet. @return PW_ARP_LEN */
uint32_t pw_arp_emit(uint8_t *p, const struct pw_arp *a);

/** What answers @p request, from an owner of its target address. */
static inline struct pw_arp
pw_arp_answer(const struct pw_arp *request, const uint8_t *mac)
{
	struct pw_arp a = {.op = PW_ARP_REPLY, .spa = request->tpa, .tpa = request->spa};

	memcpy(a.sha, mac, PW_ETH_ADDR_LEN);
	memcpy(a.tha, request->sha, PW_ETH_ADDR_LEN);
	return a;
}

#endif
