/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_ICMP6_H
#define PW_WIRE_ICMP6_H

/**
 * @file
 * ICMPv6 (RFC 4443): echo, and errors with what they quote. Neighbour discovery
 * is in pw_wire_nd.h.
 *
 * Check once with pw_icmp6_check(); then pw_icmp6_parse() cannot fail. What an
 * error quotes is the peer's word: pw_icmp6_quote() checks its shape, and only
 * TCP can tell whether it was ever sent (RFC 5927 section 4).
 */
#include "pw_wire_cksum.h"
#include "pw_wire_ip6.h"

#define PW_ICMP6_HLEN	   8
#define PW_ICMP6_QUOTE_LEN 8 /**< bytes of layer 4 that a quotation needs to be of use */

/** The longest that pw_icmp6_emit_error() writes: with its IPv6 header it fits any link. */
#define PW_ICMP6_ERROR_MAX (PW_IP6_MTU_MIN - PW_IP6_HLEN)

enum {
	PW_ICMP6_UNREACHABLE = 1,
	PW_ICMP6_TOO_BIG = 2,
	PW_ICMP6_TIME_EXCEEDED = 3,
	PW_ICMP6_PARAMETER = 4,
	PW_ICMP6_ECHO = 128,
	PW_ICMP6_ECHO_REPLY = 129,
	PW_ICMP6_MLD_QUERY = 130,
	PW_ICMP6_RS = 133,
	PW_ICMP6_RA = 134,
	PW_ICMP6_NS = 135,
	PW_ICMP6_NA = 136,
	PW_ICMP6_REDIRECT = 137,
	PW_ICMP6_MLD2_REPORT = 143,
};

/** Codes of PW_ICMP6_UNREACHABLE. */
enum {
	PW_ICMP6_UNREACH_ROUTE = 0,
	PW_ICMP6_UNREACH_ADDR = 3,
	PW_ICMP6_UNREACH_PORT = 4,
};

/** Codes of PW_ICMP6_PARAMETER. */
enum {
	PW_ICMP6_PARAM_FIELD = 0,  /**< a header field is in error */
	PW_ICMP6_PARAM_NEXT = 1,   /**< a next header is not known */
	PW_ICMP6_PARAM_OPTION = 2, /**< an option is not known */
	PW_ICMP6_PARAM_CHAIN = 3,  /**< a first fragment lacks headers (RFC 7112) */
};

/** A header in host order; the type says which of the names is meant. */
struct pw_icmp6_hdr {
	uint8_t type;
	uint8_t code;
	union {
		uint32_t mtu;	  /**< PW_ICMP6_TOO_BIG: the next hop's */
		uint32_t pointer; /**< PW_ICMP6_PARAMETER */
		uint32_t word;	  /**< others: unused, or id and sequence number of an echo */
	};
};

/** What an error quotes: the start of a packet that somebody sent. */
struct pw_icmp6_quote {
	struct pw_ip6_hdr ip;
	const uint8_t *l4; /**< into the message */
	uint32_t l4_len;   /**< bytes there: PW_ICMP6_QUOTE_LEN or more */
};

/** Errors, as opposed to questions and answers. */
static inline bool
pw_icmp6_is_error(uint8_t type)
{
	return type < 128;
}

/** A message of neighbour discovery (RFC 4861). */
static inline bool
pw_icmp6_is_nd(uint8_t type)
{
	return type >= PW_ICMP6_RS && type <= PW_ICMP6_REDIRECT;
}

/**
 * Are the @p len bytes at @p p an ICMPv6 message between these addresses?
 * @param len  what IPv6 said, not what the frame has
 * @return PW_OK, PW_DROP_ICMP_SHORT or PW_DROP_ICMP_CKSUM
 */
enum pw_drop pw_icmp6_check(
	const uint8_t *p, uint32_t len, const struct pw_addr *src, const struct pw_addr *dst);

/** Read the header of a message that pw_icmp6_check() passed. */
static inline void
pw_icmp6_parse(const uint8_t *p, struct pw_icmp6_hdr *out)
{
	out->type = p[0];
	out->code = p[1];
	out->word = pw_get_be32(p + 4);
}

/** Write a header, the checksum 0. @return PW_ICMP6_HLEN */
static inline uint32_t
pw_icmp6_emit(uint8_t *p, const struct pw_icmp6_hdr *h)
{
	p[0] = h->type;
	p[1] = h->code;
	pw_put_be16(p + 2, 0);
	pw_put_be32(p + 4, h->word);
	return PW_ICMP6_HLEN;
}

/** Put the checksum into the message of @p len bytes at @p p. */
void pw_icmp6_finish(
	uint8_t *p, uint32_t len, const struct pw_addr *src, const struct pw_addr *dst);

/**
 * Read what the error of @p len bytes at @p p quotes.
 * @return PW_OK, or PW_DROP_ICMP_SHORT: not IPv6, or cut before the 8th byte of
 *         layer 4. What we send has no extension headers: next is layer 4's.
 */
enum pw_drop pw_icmp6_quote(const uint8_t *p, uint32_t len, struct pw_icmp6_quote *out);

/**
 * Write an error of @p src's to @p dst about the packet at @p dgram, which has @p len bytes,
 * quoting as much of it as fits PW_ICMP6_ERROR_MAX (RFC 4443 section 2.4 c).
 * @param p  PW_ICMP6_ERROR_MAX bytes
 * @return length of the message
 */
uint32_t pw_icmp6_emit_error(uint8_t *p, const struct pw_icmp6_hdr *h, const struct pw_addr *src,
	const struct pw_addr *dst, const uint8_t *dgram, uint32_t len);

#endif
