/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_icmp6.h"

static uint16_t
sum_of(const uint8_t *p, uint32_t len, const struct pw_addr *src, const struct pw_addr *dst)
{
	return pw_sum_add(pw_sum_pseudo(src, dst, PW_IP_PROTO_ICMP6, len), pw_sum(p, len));
}

enum pw_drop
pw_icmp6_check(const uint8_t *p, uint32_t len, const struct pw_addr *src, const struct pw_addr *dst)
{
	if (len < PW_ICMP6_HLEN)
		return PW_DROP_ICMP_SHORT;
	return sum_of(p, len, src, dst) == 0xffff ? PW_OK : PW_DROP_ICMP_CKSUM;
}

void
pw_icmp6_finish(uint8_t *p, uint32_t len, const struct pw_addr *src, const struct pw_addr *dst)
{
	uint16_t sum;

	memset(p + 2, 0, sizeof(sum));
	sum = pw_sum_finish(sum_of(p, len, src, dst));
	memcpy(p + 2, &sum, sizeof(sum));
}

enum pw_drop
pw_icmp6_quote(const uint8_t *p, uint32_t len, struct pw_icmp6_quote *out)
{
	const uint8_t *q = p + PW_ICMP6_HLEN;

	if (len < PW_ICMP6_HLEN + PW_IP6_HLEN + PW_ICMP6_QUOTE_LEN || q[0] >> 4 != 6)
		return PW_DROP_ICMP_SHORT;
	pw_ip6_parse(q, &out->ip);
	if (out->ip.payload_len < PW_ICMP6_QUOTE_LEN)
		return PW_DROP_ICMP_SHORT;
	out->l4 = q + PW_IP6_HLEN;
	out->l4_len = (uint32_t)pw_min(len - PW_ICMP6_HLEN - PW_IP6_HLEN, out->ip.payload_len);
	return PW_OK;
}

uint32_t
pw_icmp6_emit_error(uint8_t *p, const struct pw_icmp6_hdr *h, const struct pw_addr *src,
	const struct pw_addr *dst, const uint8_t *dgram, uint32_t len)
{
	uint32_t quote = (uint32_t)pw_min(len, PW_ICMP6_ERROR_MAX - PW_ICMP6_HLEN);

	pw_icmp6_emit(p, h);
	memcpy(p + PW_ICMP6_HLEN, dgram, quote);
	pw_icmp6_finish(p, PW_ICMP6_HLEN + quote, src, dst);
	return PW_ICMP6_HLEN + quote;
}
