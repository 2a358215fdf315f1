/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_ICMP_H
#define PW_WIRE_ICMP_H

/**
 * @file
 * ICMP for IPv4 (RFC 792): echo, and errors with what they quote.
 *
 * Check once with pw_icmp_check(); then pw_icmp_parse() cannot fail. What an
 * error quotes is the peer's word: pw_icmp_quote() checks its shape, and only
 * TCP can tell whether it was ever sent (RFC 5927 section 4).
 */
#include "pw_wire_ip4.h"

#define PW_ICMP_HLEN	  8
#define PW_ICMP_QUOTE_LEN 8 /**< bytes of layer 4 that an error quotes at least */

/** The longest that pw_icmp_emit_error() writes. */
#define PW_ICMP_ERROR_MAX (PW_ICMP_HLEN + PW_IP4_HLEN_MAX + PW_ICMP_QUOTE_LEN)

enum {
	PW_ICMP_ECHO_REPLY = 0,
	PW_ICMP_UNREACHABLE = 3,
	PW_ICMP_SOURCE_QUENCH = 4,
	PW_ICMP_REDIRECT = 5,
	PW_ICMP_ECHO = 8,
	PW_ICMP_TIME_EXCEEDED = 11,
	PW_ICMP_PARAMETER = 12,
};

/** Codes of PW_ICMP_UNREACHABLE. */
enum {
	PW_ICMP_UNREACH_NET = 0,
	PW_ICMP_UNREACH_HOST = 1,
	PW_ICMP_UNREACH_PROTO = 2,
	PW_ICMP_UNREACH_PORT = 3,
	PW_ICMP_UNREACH_TOO_BIG = 4, /**< fragmentation needed and DF set */
	PW_ICMP_UNREACH_SOURCE_ROUTE = 5,
};

/** A header in host order; the type says which of the names is meant. */
struct pw_icmp_hdr {
	uint8_t type;
	uint8_t code;
	union {
		uint16_t id;	 /**< echo */
		uint16_t unused; /**< errors */
	};
	union {
		uint16_t seq; /**< echo */
		uint16_t mtu; /**< PW_ICMP_UNREACH_TOO_BIG: the next hop's, or 0 (RFC 1191 section
				 4) */
	};
};

/** What an error quotes: the start of a datagram that somebody sent. */
struct pw_icmp_quote {
	struct pw_ip4_hdr ip;
	const uint8_t *l4; /**< into the message */
	uint32_t l4_len;   /**< bytes there: PW_ICMP_QUOTE_LEN or more */
};

/** Errors, as opposed to questions and answers (RFC 1122 section 3.2.2). */
static inline bool
pw_icmp_is_error(uint8_t type)
{
	return type == PW_ICMP_UNREACHABLE || type == PW_ICMP_SOURCE_QUENCH ||
	       type == PW_ICMP_REDIRECT || type == PW_ICMP_TIME_EXCEEDED ||
	       type == PW_ICMP_PARAMETER;
}

/**
 * Are the @p len bytes at @p p an ICMP message?
 * @param len  what IPv4 said, not what the frame has
 * @return PW_OK, PW_DROP_ICMP_SHORT or PW_DROP_ICMP_CKSUM
 */
enum pw_drop pw_icmp_check(const uint8_t *p, uint32_t len);

/** Read the header of a message that pw_icmp_check() passed. */
static inline void
pw_icmp_parse(const uint8_t *p, struct pw_icmp_hdr *out)
{
	out->type = p[0];
	out->code = p[1];
	out->id = pw_get_be16(p + 4);
	out->seq = pw_get_be16(p + 6);
}

/**
 * Read what the error of @p len bytes at @p p quotes. The quoted header's
 * checksum is not looked at (routers on the way changed the TTL, and not all of
 * them mend it), nor are its options.
 * @return PW_OK, or PW_DROP_ICMP_SHORT: not IPv4, cut before the 8th byte of
 *         layer 4, or a fragment that has no such bytes
 */
enum pw_drop pw_icmp_quote(const uint8_t *p, uint32_t len, struct pw_icmp_quote *out);

/** Turn the echo of @p len bytes at @p p, a copy of one that was checked, into its reply. */
void pw_icmp_make_reply(uint8_t *p, uint32_t len);

/**
 * May an error be sent about the datagram @p h, whose payload has @p len bytes
 * at @p l4? Not about an error, a fragment other than the first, or to or from
 * what is not one host (RFC 1122 section 3.2.2). Whether it came by link-layer
 * broadcast, or to the broadcast address of a network, the caller knows.
 */
bool pw_icmp_may_report(const struct pw_ip4_hdr *h, const uint8_t *l4, uint32_t len);

/**
 * Write an error about the datagram at @p dgram, which pw_ip4_check() passed,
 * quoting its header and the first 8 bytes of what follows (RFC 1122 section
 * 3.2.2), or all there is.
 * @param p  PW_ICMP_ERROR_MAX bytes
 * @return length of the message
 */
uint32_t pw_icmp_emit_error(uint8_t *p, const struct pw_icmp_hdr *h, const uint8_t *dgram);

#endif
