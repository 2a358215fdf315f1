/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_UDP_H
#define PW_WIRE_UDP_H

/**
 * @file
 * The UDP header (RFC 768). On the control path only: DHCP.
 */
#include "pw_addr.h"

#define PW_UDP_HLEN 8

/** A header in host order; its length is what is told beside it. */
struct pw_udp_hdr {
	uint16_t sport;
	uint16_t dport;
};

/**
 * Is there a datagram in the @p len bytes at @p p, which came from @p src to @p dst?
 * A checksum of 0 says that there is none (IPv4 only); any other must be right.
 * @return bytes of its payload, behind PW_UDP_HLEN, or -1
 */
int pw_udp_check(
	const uint8_t *p, uint32_t len, const struct pw_addr *src, const struct pw_addr *dst);

/** Read the header of a datagram that pw_udp_check() passed. */
void pw_udp_parse(const uint8_t *p, struct pw_udp_hdr *out);

/** Write a header, and the checksum, in front of the @p len bytes that are behind it already. */
void pw_udp_emit(uint8_t *p, const struct pw_udp_hdr *h, uint32_t len, const struct pw_addr *src,
	const struct pw_addr *dst);

#endif
