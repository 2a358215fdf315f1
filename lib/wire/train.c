/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_bytes.h"
#include "pw_wire_cksum.h"
#include "pw_wire_ip4.h"
#include "pw_wire_ip6.h"
#include "pw_wire_tcp.h"
#include "pw_wire_train.h"

/* What differs between the first frame and the one at @p p, in @p n bytes from @p at on; @p n, 8
 * at most, is known when this is compiled. */
static inline uint64_t
differ(const struct pw_train *t, const uint8_t *p, uint32_t at, size_t n)
{
	uint64_t a = 0, b = 0;

	memcpy(&a, t->p + at, n);
	memcpy(&b, p + at, n);
	return a ^ b;
}

/* With a tag or without. */
static inline uint64_t
differ_eth(const struct pw_train *t, const uint8_t *p)
{
	return differ(t, p, 0, 8) | differ(t, p, 8, 4) | differ(t, p, t->l3 - 8, 8);
}

/* Length, ID (RFC 6864: it says nothing) and checksum may differ, but not their sum. */
static inline uint16_t
sum_of_the_rest(const uint8_t *ip)
{
	uint16_t v[3];

	memcpy(v, ip + 2, 4);
	memcpy(&v[2], ip + 10, 2);
	return pw_sum_fold((uint64_t)v[0] + v[1] + v[2]);
}

static inline uint64_t
differ_ip4(const struct pw_train *t, const uint8_t *p, bool cksum_ok)
{
	const uint8_t *ip = p + t->l3;
	uint64_t sum = cksum_ok ? 0 : sum_of_the_rest(ip) ^ t->ip4_rest;

	return sum | differ(t, p, t->l3, 2) | differ(t, p, t->l3 + 6, 4) |
	       differ(t, p, t->l3 + 12, 8);
}

/* All but the length. */
static inline uint64_t
differ_ip6(const struct pw_train *t, const uint8_t *p)
{
	uint32_t l3 = t->l3;

	return differ(t, p, l3, 4) | differ(t, p, l3 + 6, 8) | differ(t, p, l3 + 14, 8) |
	       differ(t, p, l3 + 22, 8) | differ(t, p, l3 + 30, 8) | differ(t, p, l3 + 38, 2);
}

/* All but sequence number, PSH and checksum. */
static inline uint64_t
differ_tcp(const struct pw_train *t, const uint8_t *p)
{
	uint32_t l4 = t->l4, at;
	uint64_t d = differ(t, p, l4, 4) | differ(t, p, l4 + 8, 4) | differ(t, p, l4 + 14, 2) |
		     differ(t, p, l4 + 18, 2);

	d |= (t->p[l4 + 12] ^ p[l4 + 12]) | ((t->p[l4 + 13] ^ p[l4 + 13]) & ~PW_TCP_PSH);
	for (at = l4 + PW_TCP_HLEN_MIN; at < t->data; at += 4)
		d |= differ(t, p, at, 4);
	return d;
}

static inline uint32_t
ip_length(const struct pw_train *t, const uint8_t *ip)
{
	return t->is_ip4 ? pw_get_be16(ip + 2) : pw_get_be16(ip + 4) + PW_IP6_HLEN;
}

bool
pw_train_begin(struct pw_train *t, const uint8_t *p, uint32_t l3, uint32_t l4, uint32_t end)
{
	const uint8_t *tcp = p + l4;
	uint32_t hlen = pw_tcp_check(tcp, end - l4);

	if (hlen == 0 || l4 + hlen >= end || (tcp[13] & ~PW_TCP_PSH) != PW_TCP_ACK)
		return false;
	t->is_ip4 = p[l3] >> 4 == 4;
	if (l4 - l3 != (t->is_ip4 ? PW_IP4_HLEN : PW_IP6_HLEN)) /* options, extension headers */
		return false;
	t->p = p;
	t->l3 = (uint16_t)l3;
	t->l4 = (uint16_t)l4;
	t->data = (uint16_t)(l4 + hlen);
	t->ip4_rest = sum_of_the_rest(p + l3);
	t->seq = pw_get_be32(tcp + 4) + (end - t->data);
	return true;
}

uint32_t
pw_train_next(struct pw_train *t, const uint8_t *p, uint32_t len, bool ip4_ok)
{
	uint64_t d;

	if (len <= t->data || pw_get_be32(p + t->l4 + 4) != t->seq)
		return 0;
	d = differ_eth(t, p) | differ_tcp(t, p);
	d |= t->is_ip4 ? differ_ip4(t, p, ip4_ok) : differ_ip6(t, p);
	if (d != 0 || ip_length(t, p + t->l3) != len - t->l3) /* padding is rare in a full frame */
		return 0;
	t->seq += len - t->data;
	return len - t->data;
}
