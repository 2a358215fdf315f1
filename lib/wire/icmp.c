/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_icmp.h"

enum pw_drop
pw_icmp_check(const uint8_t *p, uint32_t len)
{
	if (len < PW_ICMP_HLEN)
		return PW_DROP_ICMP_SHORT;
	return pw_sum(p, len) == 0xffff ? PW_OK : PW_DROP_ICMP_CKSUM;
}

enum pw_drop
pw_icmp_quote(const uint8_t *p, uint32_t len, struct pw_icmp_quote *out)
{
	const uint8_t *q = p + PW_ICMP_HLEN;
	uint32_t avail = len - PW_ICMP_HLEN;
	uint32_t hlen;

	if (len < PW_ICMP_HLEN + PW_IP4_HLEN || q[0] >> 4 != 4)
		return PW_DROP_ICMP_SHORT;
	hlen = (q[0] & 0xfu) * 4;
	if (hlen < PW_IP4_HLEN || hlen + PW_ICMP_QUOTE_LEN > avail)
		return PW_DROP_ICMP_SHORT;
	pw_ip4_parse(q, &out->ip);
	if (out->ip.frag_off != 0 || out->ip.total_len < hlen + PW_ICMP_QUOTE_LEN)
		return PW_DROP_ICMP_SHORT;
	out->l4 = q + hlen;
	out->l4_len = (uint32_t)pw_min(avail, out->ip.total_len) - hlen;
	return PW_OK;
}

static void
put_cksum(uint8_t *p, uint32_t len)
{
	uint16_t sum;

	memset(p + 2, 0, sizeof(sum));
	sum = pw_sum_finish(pw_sum(p, len));
	memcpy(p + 2, &sum, sizeof(sum));
}

/* Not by RFC 1624's update: that makes 0 of a message of zeroes, whose checksum is 0xffff. */
void
pw_icmp_make_reply(uint8_t *p, uint32_t len)
{
	p[0] = PW_ICMP_ECHO_REPLY;
	put_cksum(p, len);
}

bool
pw_icmp_may_report(const struct pw_ip4_hdr *h, const uint8_t *l4, uint32_t len)
{
	if (h->frag_off != 0)
		return false;
	if (h->proto == PW_IP_PROTO_ICMP && (len == 0 || pw_icmp_is_error(l4[0])))
		return false;
	return pw_ip4_is_host(pw_addr_get_v4(&h->src)) && pw_ip4_is_host(pw_addr_get_v4(&h->dst));
}

uint32_t
pw_icmp_emit_error(uint8_t *p, const struct pw_icmp_hdr *h, const uint8_t *dgram)
{
	uint32_t hlen = (dgram[0] & 0xfu) * 4;
	uint32_t quote = (uint32_t)pw_min(hlen + PW_ICMP_QUOTE_LEN, pw_get_be16(dgram + 2));

	p[0] = h->type;
	p[1] = h->code;
	pw_put_be16(p + 4, h->unused);
	pw_put_be16(p + 6, h->mtu);
	memcpy(p + PW_ICMP_HLEN, dgram, quote);
	put_cksum(p, PW_ICMP_HLEN + quote);
	return PW_ICMP_HLEN + quote;
}
