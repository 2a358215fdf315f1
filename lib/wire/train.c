/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_bytes.h"
#include "pw_wire_cksum.h"
#include "pw_wire_ip4.h"
#include "pw_wire_ip6.h"
#include "pw_wire_tcp.h"
#include "pw_wire_train.h"

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
	t->seq = pw_get_be32(tcp + 4) + (end - t->data);
	return true;
}

static inline bool
same(const struct pw_train *t, const uint8_t *p, uint32_t from, uint32_t len)
{
	return memcmp(t->p + from, p + from, len) == 0;
}

/* All but length, ID (RFC 6864: it says nothing) and checksum. @return the packet's length */
static inline uint32_t
next_ip4(const struct pw_train *t, const uint8_t *p, bool cksum_ok)
{
	uint32_t l3 = t->l3;

	if (!same(t, p, l3, 2) || !same(t, p, l3 + 6, 4) || !same(t, p, l3 + 12, 8))
		return 0;
	if (!cksum_ok && pw_sum(p + l3, PW_IP4_HLEN) != 0xffff)
		return 0;
	return pw_get_be16(p + l3 + 2);
}

static inline uint32_t
next_ip6(const struct pw_train *t, const uint8_t *p)
{
	if (!same(t, p, t->l3, 4) || !same(t, p, t->l3 + 6u, PW_IP6_HLEN - 6))
		return 0;
	return pw_get_be16(p + t->l3 + 4) + PW_IP6_HLEN;
}

/* All but sequence number, PSH and checksum. */
static inline bool
next_tcp(const struct pw_train *t, const uint8_t *p)
{
	uint32_t l4 = t->l4;

	return pw_get_be32(p + l4 + 4) == t->seq && same(t, p, l4, 4) && same(t, p, l4 + 8, 5) &&
	       ((t->p[l4 + 13] ^ p[l4 + 13]) & ~PW_TCP_PSH) == 0 && same(t, p, l4 + 14, 2) &&
	       same(t, p, l4 + 18, t->data - l4 - 18);
}

uint32_t
pw_train_next(struct pw_train *t, const uint8_t *p, uint32_t len, bool ip4_ok)
{
	uint32_t ip_len;

	if (len <= t->data || !next_tcp(t, p) || !same(t, p, 0, t->l3))
		return 0;
	ip_len = t->is_ip4 ? next_ip4(t, p, ip4_ok) : next_ip6(t, p);
	if (ip_len != len - t->l3) /* padding is rare in a full frame */
		return 0;
	t->seq += len - t->data;
	return len - t->data;
}
