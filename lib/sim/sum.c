/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdbool.h>
#include <string.h>
#include <arpa/inet.h>
#include "sum.h"

/* RFC 1071 section 2 (B): in the order that the machine has, and swapped at the end. */
static uint32_t
words(const uint8_t *p, uint32_t len, uint32_t sum)
{
	uint32_t i, s = 0;
	uint16_t word;

	for (i = 0; i + 1 < len; i += 2) {
		memcpy(&word, p + i, sizeof(word));
		s += word;
	}
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	sum += ntohs((uint16_t)s);
	if (len & 1)
		sum += (uint32_t)p[len - 1] << 8;
	return sum;
}

static uint16_t
finish(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t
sum_ip4(const uint8_t *hdr)
{
	return finish(words(hdr, 20, 0));
}

/* With a pseudo-header: both addresses, protocol, length; RFC 9293 3.1, RFC 8200 8.1. */
static uint16_t
with_pseudo(const uint8_t *dgram, uint32_t len, uint32_t proto)
{
	bool ip6 = dgram[0] >> 4 == 6;
	uint32_t hlen = ip6 ? 40 : (dgram[0] & 15u) * 4, l4 = len - hlen;
	uint32_t addrs = ip6 ? words(dgram + 8, 32, 0) : words(dgram + 12, 8, 0);

	return finish(words(dgram + hlen, l4, addrs + proto + l4));
}

uint16_t
sum_tcp(const uint8_t *dgram, uint32_t len)
{
	return with_pseudo(dgram, len, 6);
}

uint16_t
sum_icmp(const uint8_t *dgram, uint32_t len)
{
	uint32_t hlen = (dgram[0] & 15u) * 4;

	if (dgram[0] >> 4 == 6)
		return with_pseudo(dgram, len, 58);
	return finish(words(dgram + hlen, len - hlen, 0));
}
