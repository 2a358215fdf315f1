/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_ND_H
#define PW_WIRE_ND_H

/**
 * @file
 * Neighbour discovery for IPv6 over Ethernet (RFC 4861).
 *
 * A message is read by one call that makes every check of the RFC; what it returns
 * can be believed as far as it can have come from a host on the link.
 */
#include "pw_wire_eth.h"
#include "pw_wire_icmp6.h"

#define PW_ND_HOP_LIMIT 255 /**< of every message: what was forwarded has less */
#define PW_ND_NS_LEN	32  /**< with its option; the longest that pw_nd_emit_ns() writes */
#define PW_ND_NA_LEN	32
#define PW_ND_RS_LEN	16

/** Flags of a neighbour advertisement. */
enum {
	PW_ND_ROUTER = 0x80,
	PW_ND_SOLICITED = 0x40,
	PW_ND_OVERRIDE = 0x20,
};

/** An ICMPv6 message and what its IPv6 header said. */
struct pw_nd_msg {
	const uint8_t *p;
	uint32_t len;
	uint8_t hop_limit;
	struct pw_addr src;
	struct pw_addr dst;
};

/** A neighbour solicitation or advertisement. */
struct pw_nd {
	struct pw_addr target;
	uint8_t flags; /**< of an advertisement */
	bool has_mac;
	uint8_t mac[PW_ETH_ADDR_LEN]; /**< of the source or target link-layer address option */
};

/**
 * Read a neighbour solicitation whose checksum was checked (section 7.1.1).
 * @return PW_OK or PW_DROP_ND_BAD
 */
enum pw_drop pw_nd_parse_ns(const struct pw_nd_msg *m, struct pw_nd *out);

/** Likewise an advertisement (section 7.1.2). */
enum pw_drop pw_nd_parse_na(const struct pw_nd_msg *m, struct pw_nd *out);

#define PW_ND_PREFIXES_MAX 8 /**< of one advertisement; further ones are not looked at */
#define PW_ND_FOREVER	   UINT32_MAX

/** What a router says of a prefix (section 4.6.2). */
struct pw_nd_prefix {
	struct pw_addr prefix;
	uint8_t bits;
	bool on_link;	 /**< hosts with it are reached without a router */
	bool autonomous; /**< addresses are made of it (RFC 4862) */
	uint32_t valid_s;
	uint32_t preferred_s;
};

/** Preference of a default router (RFC 4191 section 2.1). */
enum pw_nd_preference {
	PW_ND_PREF_LOW = -1,
	PW_ND_PREF_MEDIUM = 0,
	PW_ND_PREF_HIGH = 1,
};

/** A router advertisement (section 4.2). */
struct pw_nd_ra {
	uint16_t lifetime_s; /**< as a default router; 0: it is none */
	int8_t preference;
	uint8_t hop_limit;     /**< of what hosts send; 0: not said, as are these: */
	uint32_t reachable_ms; /**< how long a neighbour that has answered counts as there */
	uint32_t retrans_ms;   /**< between solicitations */
	uint32_t mtu;
	uint32_t n_prefixes;
	struct pw_nd_prefix prefixes[PW_ND_PREFIXES_MAX];
};

/** Read a router advertisement whose checksum was checked (section 6.1.2): ND_BAD or PW_OK. */
enum pw_drop pw_nd_parse_ra(const struct pw_nd_msg *m, struct pw_nd_ra *out);

/**
 * Write a router solicitation; @p mac NULL: without its option, as from ::.
 * @param p  PW_ND_RS_LEN bytes
 * @return length of the message
 */
uint32_t pw_nd_emit_rs(
	uint8_t *p, const uint8_t *mac, const struct pw_addr *src, const struct pw_addr *dst);

/**
 * Write a solicitation for nd->target, or an advertisement of it with nd->flags, between
 * these addresses; its option only where nd->has_mac. The checksum is in place.
 * @param p  PW_ND_NS_LEN bytes
 * @return length of the message
 */
uint32_t pw_nd_emit_ns(
	uint8_t *p, const struct pw_nd *nd, const struct pw_addr *src, const struct pw_addr *dst);
uint32_t pw_nd_emit_na(
	uint8_t *p, const struct pw_nd *nd, const struct pw_addr *src, const struct pw_addr *dst);

#endif
