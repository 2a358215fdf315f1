/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef VIEW_H
#define VIEW_H

/**
 * @file
 * A segment as the observer reads it: IP and TCP once more, so that a mistake of
 * lib/wire cannot agree with itself.
 */
#include "pw_addr.h"

enum {
	FIN = 1,
	SYN = 2,
	RST = 4,
	ACK = 16,
	URG = 32,
	ECE = 64,
	CWR = 128,
};

enum {
	OPT_MSS = 1,
	OPT_SCALE = 2,
	OPT_SACK_OK = 4,
	OPT_TS = 8,
	OPT_SACK = 16,
};

/** A segment as the observer reads it. */
struct view {
	struct pw_addr src, dst;
	uint8_t ecn; /* of the IP header */
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t wnd;
	uint8_t has; /* OPT_* */
	uint8_t shift;
	uint16_t mss;
	uint32_t ts_val, ts_ecr;
	uint32_t n_sack;
	uint32_t sack[4][2];
	const uint8_t *data;
	uint32_t len;
	uint32_t opt_len;
};

/** Bytes of the header of a datagram, which is of IPv6 or taken for one of IPv4 without options. */
static inline uint32_t
view_hlen(const uint8_t *p)
{
	return p[0] >> 4 == 6 ? 40 : 20;
}

/** Type of service, or traffic class. */
static inline uint8_t
view_tos(const uint8_t *p)
{
	return p[0] >> 4 == 6 ? (uint8_t)(p[0] << 4 | p[1] >> 4) : p[1];
}

/** Is it one datagram of @p len bytes, whole, with an intact header and this in it? */
bool view_is(const uint8_t *p, uint32_t len, uint8_t proto4, uint8_t proto6);

/** Source or destination in an IP header. */
struct pw_addr view_addr(const uint8_t *hdr, bool dst);

/** @return false: not an intact TCP segment in a whole datagram */
bool view_read(const uint8_t *p, uint32_t len, struct view *v);

static inline uint16_t
view_16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
view_32(const uint8_t *p)
{
	return (uint32_t)view_16(p) << 16 | view_16(p + 2);
}

#endif
