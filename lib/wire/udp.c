/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_bytes.h"
#include "pw_wire_cksum.h"
#include "pw_wire_ip4.h"
#include "pw_wire_udp.h"

#define LEN_OFF	  4
#define CKSUM_OFF 6

static uint16_t
sum(const uint8_t *p, uint32_t len, const struct pw_addr *src, const struct pw_addr *dst)
{
	return pw_sum_add(pw_sum_pseudo(src, dst, PW_IP_PROTO_UDP, len), pw_sum(p, len));
}

int
pw_udp_check(const uint8_t *p, uint32_t len, const struct pw_addr *src, const struct pw_addr *dst)
{
	uint32_t said;

	if (len < PW_UDP_HLEN)
		return -1;
	said = pw_get_be16(p + LEN_OFF);
	if (said < PW_UDP_HLEN || said > len)
		return -1;
	if (pw_get_be16(p + CKSUM_OFF) == 0)
		return pw_addr_is_v4(src) ? (int)said - PW_UDP_HLEN : -1;
	return sum(p, said, src, dst) == 0xffff ? (int)said - PW_UDP_HLEN : -1;
}

void
pw_udp_parse(const uint8_t *p, struct pw_udp_hdr *out)
{
	out->sport = pw_get_be16(p);
	out->dport = pw_get_be16(p + 2);
}

void
pw_udp_emit(uint8_t *p, const struct pw_udp_hdr *h, uint32_t len, const struct pw_addr *src,
	const struct pw_addr *dst)
{
	uint32_t all = PW_UDP_HLEN + len;
	uint16_t cksum;

	pw_put_be16(p, h->sport);
	pw_put_be16(p + 2, h->dport);
	pw_put_be16(p + LEN_OFF, (uint16_t)all);
	pw_put_be16(p + CKSUM_OFF, 0);
	cksum = pw_sum_finish(sum(p, all, src, dst));
	if (cksum == 0)
		cksum = 0xffff; /* 0 would say that there is none */
	memcpy(p + CKSUM_OFF, &cksum, sizeof(cksum));
}
