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
#include <stdbool.h>
#include <stdint.h>

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
	uint32_t src, dst;
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
