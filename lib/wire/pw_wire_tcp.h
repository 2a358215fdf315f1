/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_TCP_H
#define PW_WIRE_TCP_H

/**
 * @file
 * The TCP header on the wire (RFC 9293 section 3.1) and its options.
 *
 * Check once with pw_tcp_check(), against the bytes really present; then the
 * accessors cannot fail. Values are in host order here and nowhere else in
 * network order.
 */
#include "pw_base.h"
#include "pw_wire_bytes.h"

#define PW_TCP_HLEN_MIN 20
#define PW_TCP_OPT_MAX	40
#define PW_TCP_SACK_MAX 4 /**< blocks that fit the options (RFC 2018 section 3) */

/* Of Fast Open (RFC 7413 section 4.1.1); lengths are even. */
#define PW_TCP_COOKIE_MIN 4
#define PW_TCP_COOKIE_MAX 16

enum {
	PW_TCP_FIN = 0x01,
	PW_TCP_SYN = 0x02,
	PW_TCP_RST = 0x04,
	PW_TCP_PSH = 0x08,
	PW_TCP_ACK = 0x10,
	PW_TCP_URG = 0x20,
	PW_TCP_ECE = 0x40,
	PW_TCP_CWR = 0x80,
};

/** A header as TCP speaks of it: host order, options as bytes. */
struct pw_tcp_hdr {
	uint16_t sport;
	uint16_t dport;
	uint32_t seq;
	uint32_t ack;
	uint16_t wnd; /**< as sent: already scaled down */
	uint8_t flags;
	uint8_t opt_len; /**< bytes of options; a multiple of 4 when emitted */
};

/** One SACK block: [left, right). */
struct pw_tcp_sack {
	uint32_t left;
	uint32_t right;
};

/** What the options said. `has` tells which of the others are set. */
struct pw_tcp_opts {
	uint8_t has; /**< PW_OPT_* */
	uint8_t wscale;
	uint8_t n_sack;
	uint8_t cookie_len; /**< 0: it asks for one */
	uint16_t mss;
	uint32_t ts_val;
	uint32_t ts_ecr;
	struct pw_tcp_sack sack[PW_TCP_SACK_MAX];
	const uint8_t *cookie; /**< in the packet that was read */
};

enum {
	PW_OPT_MSS = 0x01,
	PW_OPT_WSCALE = 0x02,
	PW_OPT_SACK_OK = 0x04,
	PW_OPT_TS = 0x08,
	PW_OPT_SACK = 0x10,
	PW_OPT_FAST_OPEN = 0x20,
};

/**
 * Is there a TCP header in the @p avail bytes at @p p?
 * @return its length with options, or 0 when the bytes cannot be TCP.
 */
static inline uint32_t
pw_tcp_check(const uint8_t *p, uint32_t avail)
{
	uint32_t hlen;

	if (avail < PW_TCP_HLEN_MIN)
		return 0;
	hlen = (p[12] >> 4) * 4u;
	return hlen < PW_TCP_HLEN_MIN || hlen > avail ? 0 : hlen;
}

/** Read a header that pw_tcp_check() passed. */
static inline void
pw_tcp_parse(const uint8_t *p, struct pw_tcp_hdr *out)
{
	out->sport = pw_get_be16(p);
	out->dport = pw_get_be16(p + 2);
	out->seq = pw_get_be32(p + 4);
	out->ack = pw_get_be32(p + 8);
	out->opt_len = (uint8_t)((p[12] >> 4) * 4 - PW_TCP_HLEN_MIN);
	out->flags = p[13];
	out->wnd = pw_get_be16(p + 14);
}

/**
 * Read the @p len option bytes at @p p. Never fails: an option that runs past
 * the end or whose length is below 2 ends the reading (RFC 9293 section 3.1),
 * bytes after end-of-list are not read, unknown options and options of a wrong
 * length are skipped. MSS, window scale, SACK-permitted and cookies are meant for SYNs:
 * the caller ignores them elsewhere. A window shift above 14 reads as 14 (RFC
 * 7323 section 2.3).
 */
void pw_tcp_parse_opts(const uint8_t *p, uint32_t len, struct pw_tcp_opts *out);

/** Bytes of pw_tcp_put_ts(): two NOPs and the option. */
#define PW_TCP_TS_LEN 12

/**
 * Write the header and @p opts at @p p, checksum and urgent pointer zero.
 * @return its length: 20 + h->opt_len.
 */
static inline uint32_t
pw_tcp_emit(uint8_t *p, const struct pw_tcp_hdr *h, const uint8_t *opts)
{
	uint32_t hlen = PW_TCP_HLEN_MIN + h->opt_len;

	pw_put_be32(p, (uint32_t)h->sport << 16 | h->dport);
	pw_put_be32(p + 4, h->seq);
	pw_put_be32(p + 8, h->ack);
	pw_put_be32(p + 12, hlen << 26 | (uint32_t)h->flags << 16 | h->wnd);
	pw_put_be32(p + 16, 0);
	/* Nearly every segment has timestamps and nothing else: a copy without a call. */
	if (likely(h->opt_len == PW_TCP_TS_LEN))
		memcpy(p + PW_TCP_HLEN_MIN, opts, PW_TCP_TS_LEN);
	else if (h->opt_len != 0)
		memcpy(p + PW_TCP_HLEN_MIN, opts, h->opt_len);
	return hlen;
}

/** Write NOP, NOP, timestamps at @p p (RFC 7323 appendix A). */
static inline void
pw_tcp_put_ts(uint8_t *p, uint32_t val, uint32_t ecr)
{
	uint32_t w[3] = {RTE_BE32(0x0101080a), rte_cpu_to_be_32(val), rte_cpu_to_be_32(ecr)};

	memcpy(p, w, sizeof(w));
}

/**
 * Write the options of a SYN in Linux's order (MSS, SACK-permitted,
 * timestamps, NOP, window scale, Fast Open), those named in o->has.
 * @return bytes written, a multiple of 4, at most 20 without a cookie.
 */
uint32_t pw_tcp_put_syn_opts(uint8_t *p, const struct pw_tcp_opts *o);

/** Write NOP, NOP, SACK with @p n blocks. @return bytes written: 4 + 8 n. */
uint32_t pw_tcp_put_sack(uint8_t *p, const struct pw_tcp_sack *blocks, uint32_t n);

#endif
