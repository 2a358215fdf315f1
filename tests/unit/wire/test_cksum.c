/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "guard.h"
#include "pw_rand.h"
#include "pw_wire_cksum.h"

#define SEED	UINT64_C(0x77697265)
#define LEN_MAX 600

/* RFC 1071 section 1 as it is written, a byte at a time; in host order. */
static uint16_t
naive_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void
fill(uint8_t *p, size_t len, struct pw_rand *r)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)pw_rand_u64(r);
}

/* The numerical example of RFC 1071 section 3. */
static void
known_answer(void)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	CU_ASSERT_EQUAL(rte_be_to_cpu_16(pw_sum(bytes, sizeof(bytes))), 0xddf2);
	CU_ASSERT_EQUAL(rte_be_to_cpu_16(pw_sum_finish(pw_sum(bytes, sizeof(bytes)))), 0x220d);
}

static void
every_length_and_alignment(void)
{
	static uint8_t buf[LEN_MAX + 64];
	struct pw_rand r;
	uint32_t bad = 0;
	size_t at, len;

	printf("seed %#jx ", (uintmax_t)SEED);
	pw_rand_init(&r, SEED);
	fill(buf, sizeof(buf), &r);
	for (at = 0; at < 64; at++)
		for (len = 0; len <= LEN_MAX; len++)
			bad += rte_be_to_cpu_16(pw_sum(buf + at, len)) != naive_sum(buf + at, len);
	CU_ASSERT_EQUAL(bad, 0);
}

static void
never_reads_past_the_end(void)
{
	uint32_t bad = 0;
	size_t len;

	for (len = 0; len <= LEN_MAX; len++) {
		uint8_t *p = guard_end(len);

		memset(p, 0xa5, len);
		bad += rte_be_to_cpu_16(pw_sum(p, len)) != naive_sum(p, len);
	}
	CU_ASSERT_EQUAL(bad, 0);
}

/* Deferred carries: the largest sum that a page can have still fits. */
static void
all_ones_do_not_overflow(void)
{
	static uint8_t page[2 << 20];

	memset(page, 0xff, sizeof(page));
	CU_ASSERT_EQUAL(pw_sum(page, sizeof(page)), 0xffff);
	memset(page, 0, sizeof(page));
	CU_ASSERT_EQUAL(pw_sum(page, sizeof(page)), 0);
}

/* RFC 1071 section 2: parts can be summed apart, wherever they are cut. */
static void
parts_combine(void)
{
	uint8_t buf[257];
	struct pw_rand r;
	uint32_t bad = 0;
	size_t cut;

	pw_rand_init(&r, SEED + 1);
	fill(buf, sizeof(buf), &r);
	for (cut = 0; cut <= sizeof(buf); cut++) {
		uint16_t tail = pw_sum(buf + cut, sizeof(buf) - cut);
		uint16_t whole = pw_sum(buf, sizeof(buf));

		if (cut % 2 == 1)
			tail = pw_sum_swap(tail);
		bad += pw_sum_add(pw_sum(buf, cut), tail) != whole;
		if (cut != sizeof(buf))
			bad += pw_sum_sub(whole, tail) != pw_sum(buf, cut) && cut != 0;
	}
	CU_ASSERT_EQUAL(bad, 0);
}

static void
fold_keeps_every_carry(void)
{
	CU_ASSERT_EQUAL(pw_sum_fold(0), 0);
	CU_ASSERT_EQUAL(pw_sum_fold(0xffff), 0xffff);
	CU_ASSERT_EQUAL(pw_sum_fold(0x10000), 1);
	CU_ASSERT_EQUAL(pw_sum_fold(UINT64_MAX), 0xffff);
	CU_ASSERT_EQUAL(pw_sum_fold(UINT64_C(0xffffffff00000001)), 1);
	CU_ASSERT_EQUAL(pw_sum_fold(UINT64_C(0xfffefffefffeffff)), 0xfffc);
}

/* RFC 9293 section 3.1: source, destination, zero, protocol, length. */
static void
pseudo_v4(void)
{
	static const uint8_t flat[] = {10, 77, 0, 1, 192, 0, 2, 255, 0, 6, 0x12, 0x34};
	struct pw_addr src, dst;

	pw_addr_parse("10.77.0.1", &src);
	pw_addr_parse("192.0.2.255", &dst);
	CU_ASSERT_EQUAL(pw_sum_pseudo(&src, &dst, 6, 0x1234), pw_sum(flat, sizeof(flat)));
}

/* RFC 8200 section 8.1: addresses, 32 bits of length, zeroes, next header. */
static void
pseudo_v6(void)
{
	uint8_t flat[40] = {[33] = 1, [34] = 0x23, [35] = 0x45, [39] = 58};
	struct pw_addr src, dst;

	pw_addr_parse("2001:db8::ff00:42:8329", &src);
	pw_addr_parse("fe80::1", &dst);
	memcpy(flat, src.b, 16);
	memcpy(flat + 16, dst.b, 16);
	CU_ASSERT_EQUAL(pw_sum_pseudo(&src, &dst, 58, 0x12345), pw_sum(flat, sizeof(flat)));
}

static void
pseudo_equals_flat_for_random_v4(void)
{
	struct pw_rand r;
	uint32_t bad = 0;
	int i;

	pw_rand_init(&r, SEED + 2);
	for (i = 0; i < 10000; i++) {
		uint32_t flat[3] = {(uint32_t)pw_rand_u64(&r), (uint32_t)pw_rand_u64(&r)};
		uint16_t len = (uint16_t)pw_rand_u64(&r);
		struct pw_addr src = pw_addr_v4(flat[0]), dst = pw_addr_v4(flat[1]);

		flat[2] = rte_cpu_to_be_32(6u << 16 | len);
		bad += pw_sum_pseudo(&src, &dst, 6, len) != pw_sum(flat, sizeof(flat));
	}
	CU_ASSERT_EQUAL(bad, 0);
}

/*
 * TCP over IPv6 whose checksum comes out as 0: that is what stands there (only UDP writes
 * 0xffff instead), and with it the sum is right.
 */
static void
c43_a_checksum_of_zero_over_ipv6(void)
{
	struct pw_addr src, dst;
	uint16_t pseudo, word, sum;

	CU_ASSERT_EQUAL_FATAL(pw_addr_parse("fd00::1", &src), 0);
	CU_ASSERT_EQUAL_FATAL(pw_addr_parse("2001:db8::ffff:2", &dst), 0);
	pseudo = pw_sum_pseudo(&src, &dst, 6, 20);
	word = pw_sum_sub(0xffff, pseudo);
	sum = pw_sum_add(pseudo, word);
	CU_ASSERT_EQUAL(sum, 0xffff);
	CU_ASSERT_EQUAL(pw_sum_finish(sum), 0);
	CU_ASSERT_EQUAL(pw_sum_add(sum, pw_sum_finish(sum)), 0xffff);
	word = pw_sum_sub(1, pseudo);
	sum = pw_sum_add(pseudo, word);
	CU_ASSERT_EQUAL(pw_sum_add(sum, pw_sum_finish(sum)), 0xffff);
}

static CU_TestInfo tests[] = {
	{"known_answer", known_answer},
	{"every_length_and_alignment", every_length_and_alignment},
	{"never_reads_past_the_end", never_reads_past_the_end},
	{"all_ones_do_not_overflow", all_ones_do_not_overflow},
	{"parts_combine", parts_combine},
	{"fold_keeps_every_carry", fold_keeps_every_carry},
	{"pseudo_v4", pseudo_v4},
	{"pseudo_v6", pseudo_v6},
	{"pseudo_equals_flat_for_random_v4", pseudo_equals_flat_for_random_v4},
	{"c43_a_checksum_of_zero_over_ipv6", c43_a_checksum_of_zero_over_ipv6},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_wire_cksum = {.pName = "wire_cksum", .pTests = tests};
