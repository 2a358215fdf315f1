/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_IP6_H
#define PW_WIRE_IP6_H

/**
 * @file
 * The IPv6 header and what may stand between it and layer 4 (RFC 8200).
 *
 * Check once with pw_ip6_check(), against the bytes really present; then
 * pw_ip6_parse() cannot fail, and the packet is PW_IP6_HLEN + payload_len bytes:
 * what may come after it is padding of the link. Extension headers are walked by
 * pw_ip6_walk(), within bounds.
 */
#include "pw_addr.h"
#include "pw_drop.h"
#include "pw_wire_bytes.h"

#define PW_IP6_HLEN    40
#define PW_IP6_MTU_MIN 1280 /**< what every link carries (RFC 8200 section 5) */

/** Bounds of pw_ip6_walk(), as RFC 8504 section 5.3 allows a host to set them. */
#define PW_IP6_EXTS_MAX 8  /**< extension headers */
#define PW_IP6_OPTS_MAX 32 /**< options in one of them, padding included */

/** Values of a next header field. */
enum {
	PW_IP6_HOP_BY_HOP = 0,
	PW_IP6_ROUTING = 43,
	PW_IP6_FRAGMENT = 44,
	PW_IP6_NO_NEXT = 59,
	PW_IP6_DST_OPTS = 60,
	PW_IP_PROTO_ICMP6 = 58,
};

/** A header in host order, addresses apart. */
struct pw_ip6_hdr {
	struct pw_addr src;
	struct pw_addr dst;
	uint32_t flow; /**< label, 20 bits (RFC 6437) */
	uint16_t payload_len;
	uint8_t tclass; /**< DSCP and ECN */
	uint8_t next;
	uint8_t hop_limit;
};

/**
 * Is there an IPv6 packet in the @p avail bytes at @p p?
 * @param why  set when the answer is false: PW_DROP_IP6_HDR or _LEN
 */
static inline bool
pw_ip6_check(const uint8_t *p, uint32_t avail, enum pw_drop *why)
{
	*why = PW_DROP_IP6_HDR;
	if (unlikely(avail < PW_IP6_HLEN || p[0] >> 4 != 6))
		return false;
	*why = PW_DROP_IP6_LEN;
	if (unlikely(pw_get_be16(p + 4) > avail - PW_IP6_HLEN))
		return false;
	*why = PW_OK;
	return true;
}

/** Read a header that pw_ip6_check() passed, or at least 40 bytes of one. */
static inline void
pw_ip6_parse(const uint8_t *p, struct pw_ip6_hdr *out)
{
	uint32_t first = pw_get_be32(p);

	memcpy(&out->src, p + 8, sizeof(out->src));
	memcpy(&out->dst, p + 24, sizeof(out->dst));
	out->flow = first & 0xfffff;
	out->tclass = (uint8_t)(first >> 20);
	out->payload_len = pw_get_be16(p + 4);
	out->next = p[6];
	out->hop_limit = p[7];
}

/** Write a header. @return PW_IP6_HLEN */
static inline uint32_t
pw_ip6_emit(uint8_t *p, const struct pw_ip6_hdr *h)
{
	rte_be32_t first = rte_cpu_to_be_32(0x60000000u | (uint32_t)h->tclass << 20 | h->flow);
	rte_be32_t second = rte_cpu_to_be_32(
		(uint32_t)h->payload_len << 16 | (uint32_t)h->next << 8 | h->hop_limit);

	memcpy(p, &first, sizeof(first));
	memcpy(p + 4, &second, sizeof(second));
	memcpy(p + 8, &h->src, sizeof(h->src));
	memcpy(p + 24, &h->dst, sizeof(h->dst));
	return PW_IP6_HLEN;
}

/** What was found behind an IPv6 header. Places are bytes from the first of the packet. */
struct pw_ip6_chain {
	uint32_t l4;	   /**< where the first header begins that was not walked */
	uint32_t named_at; /**< where the field is that names it */
	uint8_t proto; /**< what it is; PW_IP6_FRAGMENT: a part, of which nothing more is known */
	bool report;   /**< not PW_OK: a parameter problem is to be reported, */
	uint8_t code;  /**< of this code (enum of pw_wire_icmp6.h) */
	uint32_t pointer; /**< about this byte */
	uint32_t frag;	  /**< where the fragment header begins; 0: there is none */
	uint32_t frag_named_at;
};

/**
 * Walk the extension headers of the packet at @p p, which pw_ip6_check() passed.
 *
 * Hop-by-hop options come first or not at all; what an unknown option says of itself
 * is done (RFC 8200 section 4.2); a routing header must have no segments left, type 0
 * with any is RFC 5095's; an atomic fragment is as good as a whole packet (RFC 6946).
 * The first part of a larger packet must hold all headers (RFC 7112).
 *
 * @return PW_OK, or PW_DROP_IP6_EXT, _OPTION, _ROUTING, _EXT_LIMIT or _CHAIN, and
 *         out->report says whether its sender is to be told
 */
enum pw_drop pw_ip6_walk(const uint8_t *p, struct pw_ip6_chain *out);

#define PW_IP6_FRAG_HLEN 8

/** A fragment header in host order (RFC 8200 section 4.5). */
struct pw_ip6_frag {
	uint32_t id;
	uint16_t off; /**< bytes of the fragmentable part before this one: 8 n */
	bool more;
	uint8_t next; /**< what the first one begins with */
};

/** Read the 8 bytes of a fragment header. */
static inline void
pw_ip6_frag_parse(const uint8_t *p, struct pw_ip6_frag *out)
{
	uint16_t off = pw_get_be16(p + 2);

	out->next = p[0];
	out->off = off & 0xfff8;
	out->more = off & 1;
	out->id = pw_get_be32(p + 4);
}

/* ---- kinds of addresses (RFC 4291) ---- */

static inline bool
pw_ip6_is_unspecified(const struct pw_addr *a)
{
	return (a->q[0] | a->q[1]) == 0;
}

static inline bool
pw_ip6_is_multicast(const struct pw_addr *a)
{
	return a->b[0] == 0xff;
}

/** fe80::/10. */
static inline bool
pw_ip6_is_link_local(const struct pw_addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/**
 * Can @p a stand for one host? Not so: multicast, the unspecified and the loopback
 * address, and an IPv4 address in IPv6's clothes, which would be taken for one that
 * came by IPv4.
 */
static inline bool
pw_ip6_is_host(const struct pw_addr *a)
{
	static const struct pw_addr loopback = {.b = {[15] = 1}};

	return !pw_ip6_is_multicast(a) && !pw_ip6_is_unspecified(a) && !pw_addr_eq(a, &loopback) &&
	       !pw_addr_is_v4(a);
}

/** ff02::1, all nodes of the link. */
struct pw_addr pw_ip6_all_nodes(void);
/** ff02::2, all its routers. */
struct pw_addr pw_ip6_all_routers(void);
/** The group that who has @p a listens to (RFC 4291 section 2.7.1). */
struct pw_addr pw_ip6_solicited_node(const struct pw_addr *a);
/** The link-local address of who has this MAC address (RFC 4291 appendix A: EUI-64). */
struct pw_addr pw_ip6_link_local(const uint8_t mac[6]);

/** The MAC address that a multicast packet goes to (RFC 2464 section 7). */
static inline void
pw_ip6_group_mac(const struct pw_addr *group, uint8_t mac[6])
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group->b + 12, 4);
}

#endif
