/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_bytes.h"
#include "pw_wire_cksum.h"

/*
 * 32-bit words are added up in 64-bit lanes, which 2^32 words cannot overflow:
 * no carry has to be looked after in the loop (RFC 1071 section 2, "deferred
 * carries"), so that the compiler can use the whole width of the machine.
 */
static uint64_t
sum_words(const uint8_t *p, size_t n)
{
	uint64_t low = 0, high = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t w;

		memcpy(&w, p + i * sizeof(w), sizeof(w));
		low += w & UINT32_MAX;
		high += w >> 32;
	}
	return low + high;
}

/* The last 0 to 7 bytes. An odd one counts as if a zero followed it. */
static uint64_t
sum_tail(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;

	if (len & 4) {
		uint32_t w;

		memcpy(&w, p, sizeof(w));
		sum += w;
		p += sizeof(w);
	}
	if (len & 2) {
		uint16_t w;

		memcpy(&w, p, sizeof(w));
		sum += w;
		p += sizeof(w);
	}
	if (len & 1)
		sum += rte_cpu_to_be_16((uint16_t)(*p << 8));
	return sum;
}

uint16_t
pw_sum(const void *p, size_t len)
{
	const uint8_t *b = p;
	size_t n = len / sizeof(uint64_t);

	return pw_sum_fold(sum_words(b, n) + sum_tail(b + n * sizeof(uint64_t), len % 8));
}

/*
 * One path for both families: what makes an address IPv4-mapped are zeroes and
 * 0xffff, and 0xffff is zero in one's complement. The sum is never zero (the
 * protocol is not), so that its two representations cannot be mixed up.
 */
uint16_t
pw_sum_pseudo(const struct pw_addr *src, const struct pw_addr *dst, uint8_t proto, uint32_t l4_len)
{
	uint64_t sum = (uint64_t)rte_cpu_to_be_32(l4_len) + rte_cpu_to_be_32(proto);
	int i;

	for (i = 0; i < 4; i++)
		sum += (uint64_t)src->d[i] + dst->d[i];
	return pw_sum_fold(sum);
}
