/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_IP4_H
#define PW_WIRE_IP4_H

/**
 * @file
 * The IPv4 header (RFC 791).
 *
 * Check once with pw_ip4_check(), against the bytes really present; then
 * pw_ip4_parse() cannot fail, and the datagram is total_len bytes: what may
 * come after it is padding of the link.
 */
#include "pw_addr.h"
#include "pw_drop.h"
#include "pw_wire_bytes.h"
#include "pw_wire_cksum.h"

#define PW_IP4_HLEN	20 /**< without options */
#define PW_IP4_HLEN_MAX 60

#define PW_IP_PROTO_ICMP 1
#define PW_IP_PROTO_TCP	 6
#define PW_IP_PROTO_UDP	 17

#define PW_IP_ECN_MASK 0x03 /**< of tos (RFC 3168 section 5) */
#define PW_IP_ECN_ECT0 0x02 /**< the sender's transport reacts to marks */
#define PW_IP_ECN_CE   0x03 /**< a router's mark: congestion experienced */

/** A header in host order, addresses apart. */
struct pw_ip4_hdr {
	struct pw_addr src;
	struct pw_addr dst;
	uint16_t total_len; /**< bytes of header and payload */
	uint16_t id;
	uint16_t frag_off; /**< bytes of the whole datagram before this fragment: 8 n */
	bool df;	   /**< don't fragment */
	bool mf;	   /**< more fragments follow */
	uint8_t tos;	   /**< DSCP and ECN */
	uint8_t ttl;
	uint8_t proto;
};

/** Part of a larger datagram, its first part included. */
static inline bool
pw_ip4_is_fragment(const struct pw_ip4_hdr *h)
{
	return h->mf || h->frag_off != 0;
}

/**
 * Walk the @p len option bytes at @p p: are they well formed, and does no
 * source route stand there?
 * @return PW_OK, PW_DROP_IP4_OPTIONS or PW_DROP_IP4_SOURCE_ROUTE
 */
enum pw_drop pw_ip4_check_opts(const uint8_t *p, uint32_t len);

/** The sum of a header without options: 0xffff when its checksum is right. */
static inline uint16_t
pw_ip4_sum(const uint8_t *p)
{
	uint32_t w[5];

	memcpy(w, p, sizeof(w));
	return pw_sum_fold((uint64_t)w[0] + w[1] + w[2] + w[3] + w[4]);
}

/**
 * Is there an IPv4 datagram in the @p avail bytes at @p p?
 * @param cksum_ok  the device found the header checksum right
 * @param why       set when the answer is 0: PW_DROP_IP4_HDR, _CKSUM, _LEN,
 *                  _OPTIONS or _SOURCE_ROUTE
 * @return length of the header with options, or 0
 */
static inline uint32_t
pw_ip4_check(const uint8_t *p, uint32_t avail, bool cksum_ok, enum pw_drop *why)
{
	uint32_t hlen, total;

	*why = PW_DROP_IP4_HDR;
	if (unlikely(avail < PW_IP4_HLEN || p[0] >> 4 != 4))
		return 0;
	hlen = (p[0] & 0xfu) * 4;
	if (unlikely(hlen < PW_IP4_HLEN || hlen > avail))
		return 0;
	*why = PW_DROP_IP4_CKSUM;
	if (!cksum_ok &&
		unlikely((hlen == PW_IP4_HLEN ? pw_ip4_sum(p) : pw_sum(p, hlen)) != 0xffff))
		return 0;
	*why = PW_DROP_IP4_LEN;
	total = pw_get_be16(p + 2);
	if (unlikely(total < hlen || total > avail))
		return 0;
	*why = PW_OK;
	if (unlikely(hlen != PW_IP4_HLEN))
		*why = pw_ip4_check_opts(p + PW_IP4_HLEN, hlen - PW_IP4_HLEN);
	return *why == PW_OK ? hlen : 0;
}

/** Read a header that pw_ip4_check() passed, or at least 20 bytes of one. */
static inline void
pw_ip4_parse(const uint8_t *p, struct pw_ip4_hdr *out)
{
	uint16_t frag = pw_get_be16(p + 6);
	rte_be32_t addr[2];

	memcpy(addr, p + 12, sizeof(addr));
	out->src = pw_addr_v4(addr[0]);
	out->dst = pw_addr_v4(addr[1]);
	out->total_len = pw_get_be16(p + 2);
	out->id = pw_get_be16(p + 4);
	out->frag_off = (uint16_t)(frag << 3);
	out->df = frag >> 14 & 1;
	out->mf = frag >> 13 & 1;
	out->tos = p[1];
	out->ttl = p[8];
	out->proto = p[9];
}

/*
 * Word by word: a copy of a header that was put together in memory would wait
 * until all that was stored before, to lines that a device may have, is done.
 */
static inline void
pw_ip4_put_word(uint8_t *p, uint32_t i, rte_be32_t word)
{
	memcpy(p + 4 * i, &word, sizeof(word));
}

/** Write a header without options, its checksum in place. @return PW_IP4_HLEN */
static inline uint32_t
pw_ip4_emit(uint8_t *p, const struct pw_ip4_hdr *h)
{
	uint32_t frag = (uint32_t)h->df << 14 | (uint32_t)h->mf << 13 | h->frag_off >> 3;
	rte_be32_t len = rte_cpu_to_be_32(0x45000000u | (uint32_t)h->tos << 16 | h->total_len);
	rte_be32_t id = rte_cpu_to_be_32((uint32_t)h->id << 16 | frag);
	rte_be32_t proto = rte_cpu_to_be_32((uint32_t)h->ttl << 24 | (uint32_t)h->proto << 16);
	rte_be32_t src = pw_addr_get_v4(&h->src), dst = pw_addr_get_v4(&h->dst);
	uint16_t sum = pw_sum_fold((uint64_t)len + id + proto + src + dst);

	pw_ip4_put_word(p, 0, len);
	pw_ip4_put_word(p, 1, id);
	pw_ip4_put_word(p, 2, proto | rte_cpu_to_be_32(rte_be_to_cpu_16(pw_sum_finish(sum))));
	pw_ip4_put_word(p, 3, src);
	pw_ip4_put_word(p, 4, dst);
	return PW_IP4_HLEN;
}

/** 224.0.0.0/4. */
static inline bool
pw_ip4_is_multicast(rte_be32_t a)
{
	return (a & RTE_BE32(0xf0000000)) == RTE_BE32(0xe0000000);
}

/**
 * Can @p a stand for one host on a network? Not so: 0.0.0.0/8 and 127.0.0.0/8
 * (RFC 1122 section 3.2.1.3), multicast, and what is above it: reserved, and
 * the limited broadcast.
 */
static inline bool
pw_ip4_is_host(rte_be32_t a)
{
	uint32_t net = rte_be_to_cpu_32(a) >> 24;

	return net != 0 && net != 127 && net < 224;
}

#endif
