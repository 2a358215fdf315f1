/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_DHCP_H
#define PW_WIRE_DHCP_H

/**
 * @file
 * Messages of DHCP for IPv4 (RFC 2131, options of RFC 2132), as a client needs them.
 *
 * pw_dhcp_parse() checks and reads at once: options may lie in three places of a
 * message (overload, RFC 2131 section 4.1), each is looked at within its bounds, and an
 * option of a wrong length counts as absent, a repeated one by its first value.
 */
#include "pw_addr.h"
#include "pw_wire_eth.h"

#define PW_DHCP_SERVER_PORT 67
#define PW_DHCP_CLIENT_PORT 68
#define PW_DHCP_LEN_MIN	    240 /**< the fixed fields and the magic cookie */
#define PW_DHCP_LEN_MAX	    300 /**< of what we write: BOOTP's size, which old relays want */

/** Values of the option "message type". */
enum pw_dhcp_type {
	PW_DHCP_DISCOVER = 1,
	PW_DHCP_OFFER = 2,
	PW_DHCP_REQUEST = 3,
	PW_DHCP_DECLINE = 4,
	PW_DHCP_ACK = 5,
	PW_DHCP_NAK = 6,
	PW_DHCP_RELEASE = 7,
};

/** Addresses in network order; 0: absent, as are lengths of time and the MTU. */
struct pw_dhcp_msg {
	uint32_t xid;
	uint16_t secs;	/**< since the client began */
	bool broadcast; /**< the client cannot take unicast yet */
	uint8_t type;	/**< enum pw_dhcp_type */
	uint8_t mac[PW_ETH_ADDR_LEN];
	rte_be32_t ciaddr; /**< the client's own, which it can answer ARP for */
	rte_be32_t yiaddr; /**< "your" address */
	rte_be32_t requested;
	rte_be32_t server; /**< identifier of the server */
	rte_be32_t mask;
	rte_be32_t router; /**< the first of them */
	uint32_t lease_s;
	uint32_t t1_s;
	uint32_t t2_s;
	uint16_t mtu;
};

/** Read a server's message of @p len bytes. @return false: it is none */
bool pw_dhcp_parse(const uint8_t *p, uint32_t len, struct pw_dhcp_msg *out);

/** Write a client's message; the parameters that we want are asked for. @return PW_DHCP_LEN_MAX */
uint32_t pw_dhcp_emit(uint8_t *p, const struct pw_dhcp_msg *m);

#endif
