/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_ETH_H
#define PW_WIRE_ETH_H

/**
 * @file
 * The Ethernet header (RFC 894), with or without one 802.1Q tag.
 *
 * Check once with pw_eth_check(); then the accessors cannot fail. A MAC address
 * is 6 bytes, at any alignment.
 */
#include "pw_base.h"
#include "pw_wire_bytes.h"

#define PW_ETH_ADDR_LEN 6
#define PW_ETH_HLEN	14 /**< without a tag */
#define PW_ETH_VLAN_LEN 4  /**< what a tag adds */
#define PW_ETH_HLEN_MAX (PW_ETH_HLEN + PW_ETH_VLAN_LEN)
#define PW_ETH_VID_MASK 0xfff /**< of a tag: the VLAN */

/* EtherTypes. A value below 0x600 is a length (IEEE 802.3), not a type. */
#define PW_ETH_TYPE_IP4	 0x0800
#define PW_ETH_TYPE_ARP	 0x0806
#define PW_ETH_TYPE_VLAN 0x8100
#define PW_ETH_TYPE_IP6	 0x86dd
#define PW_ETH_TYPE_QINQ 0x88a8

/** A header in host order. */
struct pw_eth_hdr {
	uint8_t dst[PW_ETH_ADDR_LEN];
	uint8_t src[PW_ETH_ADDR_LEN];
	uint16_t type; /**< of what follows the header and its tag */
	uint16_t tci;  /**< priority and VLAN of the tag; 0 without one */
};

/** Does a tag stand where the type is? */
static inline bool
pw_eth_tagged(const uint8_t *p)
{
	uint16_t type = pw_get_be16(p + 2 * PW_ETH_ADDR_LEN);

	return type == PW_ETH_TYPE_VLAN || type == PW_ETH_TYPE_QINQ;
}

/**
 * Is there an Ethernet header in the @p avail bytes at @p p?
 * @return its length: 14, or 18 with a tag; 0 when the frame is too short. A
 *         second tag is not looked into: it shows as the type.
 */
static inline uint32_t
pw_eth_check(const uint8_t *p, uint32_t avail)
{
	uint32_t hlen;

	if (unlikely(avail < PW_ETH_HLEN))
		return 0;
	hlen = pw_eth_tagged(p) ? PW_ETH_HLEN + PW_ETH_VLAN_LEN : PW_ETH_HLEN;
	return hlen > avail ? 0 : hlen;
}

/** The type of what follows, in a header of @p hlen bytes that was checked. */
static inline uint16_t
pw_eth_type(const uint8_t *p, uint32_t hlen)
{
	return pw_get_be16(p + hlen - sizeof(uint16_t));
}

/** The VLAN of a header that has a tag, 0 when it has only a priority (802.1Q 9.6). */
static inline uint16_t
pw_eth_vlan(const uint8_t *p)
{
	return pw_get_be16(p + PW_ETH_HLEN) & PW_ETH_VID_MASK;
}

/** Read a header that pw_eth_check() found to have @p hlen bytes. */
static inline void
pw_eth_parse(const uint8_t *p, uint32_t hlen, struct pw_eth_hdr *out)
{
	memcpy(out->dst, p, PW_ETH_ADDR_LEN);
	memcpy(out->src, p + PW_ETH_ADDR_LEN, PW_ETH_ADDR_LEN);
	out->type = pw_eth_type(p, hlen);
	out->tci = hlen == PW_ETH_HLEN ? 0 : pw_get_be16(p + PW_ETH_HLEN);
}

/** Write a header without a tag. @return its length. */
static inline uint32_t
pw_eth_emit(uint8_t *p, const uint8_t *dst, const uint8_t *src, uint16_t type)
{
	memcpy(p, dst, PW_ETH_ADDR_LEN);
	memcpy(p + PW_ETH_ADDR_LEN, src, PW_ETH_ADDR_LEN);
	pw_put_be16(p + 2 * PW_ETH_ADDR_LEN, type);
	return PW_ETH_HLEN;
}

/** Write a header with a tag of VLAN @p vid, priority 0. @return its length. */
static inline uint32_t
pw_eth_emit_tagged(uint8_t *p, const uint8_t *dst, const uint8_t *src, uint16_t vid, uint16_t type)
{
	pw_eth_emit(p, dst, src, PW_ETH_TYPE_VLAN);
	pw_put_be16(p + PW_ETH_HLEN, vid);
	pw_put_be16(p + PW_ETH_HLEN + 2, type);
	return PW_ETH_HLEN + PW_ETH_VLAN_LEN;
}

static inline bool
pw_mac_eq(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, PW_ETH_ADDR_LEN) == 0;
}

/** A group address: multicast or broadcast. */
static inline bool
pw_mac_is_group(const uint8_t *mac)
{
	return mac[0] & 1;
}

#endif
