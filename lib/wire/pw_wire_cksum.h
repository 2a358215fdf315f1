/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_CKSUM_H
#define PW_WIRE_CKSUM_H

/**
 * @file
 * The Internet checksum (RFC 1071). A *sum* is a one's-complement sum of
 * 16-bit words as they stand in memory, folded to 16 bits: it can be combined,
 * negated and swapped (RFC 1071 section 2) and is written to the wire as it is,
 * complemented, whatever the byte order of the machine.
 */
#include "pw_addr.h"

/** Fold to 16 bits. */
static inline uint16_t
pw_sum_fold(uint64_t s)
{
	s = (s & 0xffffffff) + (s >> 32);
	s = (s & 0xffffffff) + (s >> 32);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}

/** The sum of @p len bytes at @p p, the first one at an even place. */
uint16_t pw_sum(const void *p, size_t len);

/** The sum of the same bytes, were their first one at an odd place. */
static inline uint16_t
pw_sum_swap(uint16_t s)
{
	return (uint16_t)(s << 8 | s >> 8);
}

static inline uint16_t
pw_sum_add(uint16_t a, uint16_t b)
{
	uint32_t s = (uint32_t)a + b;

	return (uint16_t)(s + (s >> 16));
}

static inline uint16_t
pw_sum_sub(uint16_t a, uint16_t b)
{
	return pw_sum_add(a, (uint16_t)~b);
}

/**
 * The sum of the pseudo-header (RFC 9293 section 3.1; RFC 8200 section 8.1)
 * for @p l4_len bytes of protocol @p proto.
 */
uint16_t pw_sum_pseudo(
	const struct pw_addr *src, const struct pw_addr *dst, uint8_t proto, uint32_t l4_len);

/** What goes into the checksum field for a sum over everything else. */
static inline uint16_t
pw_sum_finish(uint16_t s)
{
	return (uint16_t)~s;
}

#endif
