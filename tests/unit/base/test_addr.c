/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <string.h>
#include <CUnit/CUnit.h>
#include "pw_addr.h"

static struct pw_addr
addr(const char *text)
{
	struct pw_addr a = {0};

	CU_ASSERT_EQUAL_FATAL(pw_addr_parse(text, &a), 0);
	return a;
}

static void
v4_is_held_mapped(void)
{
	static const uint8_t want[16] = {[10] = 0xff, [11] = 0xff, 10, 77, 0, 1};
	struct pw_addr a = addr("10.77.0.1");

	CU_ASSERT_EQUAL(memcmp(a.b, want, 16), 0);
	CU_ASSERT_TRUE(pw_addr_is_v4(&a));
	CU_ASSERT_EQUAL(pw_addr_get_v4(&a), RTE_BE32(0x0a4d0001));
}

static void
v6_is_not_v4(void)
{
	struct pw_addr any = addr("::"), a = addr("2001:db8::1"), compat = addr("::10.77.0.1");

	CU_ASSERT_FALSE(pw_addr_is_v4(&any));
	CU_ASSERT_FALSE(pw_addr_is_v4(&a));
	CU_ASSERT_FALSE(pw_addr_is_v4(&compat));
}

/* The two ways to write a mapped address name the same host. */
static void
mapped_text_is_v4(void)
{
	struct pw_addr a = addr("::ffff:10.77.0.1"), b = addr("10.77.0.1");

	CU_ASSERT_TRUE(pw_addr_eq(&a, &b));
}

static void
every_byte_counts_for_equality(void)
{
	struct pw_addr a = addr("2001:db8:1:2:3:4:5:6");
	int i;

	for (i = 0; i < 16; i++) {
		struct pw_addr b = a;

		CU_ASSERT_TRUE(pw_addr_eq(&a, &b));
		b.b[i] ^= 1;
		CU_ASSERT_FALSE(pw_addr_eq(&a, &b));
	}
}

static void
format_is_the_inverse_of_parse(void)
{
	static const char *const texts[] = {"0.0.0.0", "10.77.0.1", "255.255.255.255", "::", "::1",
		"2001:db8::1", "fe80::1:2:3:4", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	char back[PW_ADDR_TEXT_MAX];
	size_t i;

	for (i = 0; i < RTE_DIM(texts); i++) {
		struct pw_addr a = addr(texts[i]);

		CU_ASSERT_STRING_EQUAL(pw_addr_format(&a, back), texts[i]);
		CU_ASSERT_PTR_EQUAL(pw_addr_format(&a, back), back);
	}
}

static void
nonsense_is_refused(void)
{
	static const char *const texts[] = {"", "10.77.0", "10.77.0.256", "10.77.0.1/24",
		" 10.77.0.1", "10.77.0.1 ", "2001:db8:::1", "1:2:3:4:5:6:7:8:9", "host",
		"fe80::1%eth0"};
	struct pw_addr a, before;
	size_t i;

	memset(&before, 0x5a, sizeof(before));
	a = before;
	for (i = 0; i < RTE_DIM(texts); i++) {
		CU_ASSERT_EQUAL(pw_addr_parse(texts[i], &a), -EINVAL);
		CU_ASSERT_TRUE(pw_addr_eq(&a, &before));
	}
}

/* A bit at a time: with bit n changed, the first n bits are the same and no more. */
static void
same_net_at_every_length(void)
{
	struct pw_addr a = addr("2001:db8:85a3:1234:5678:8a2e:370:7334");
	uint32_t bad = 0, bit, bits;

	for (bit = 0; bit < 128; bit++) {
		struct pw_addr b = a;

		b.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		for (bits = 0; bits <= 128; bits++)
			bad += pw_addr_same_net(&a, &b, bits) != (bits <= bit);
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT_TRUE(pw_addr_same_net(&a, &a, 128));
}

static void
same_net_of_v4(void)
{
	struct pw_addr a = addr("10.77.0.1"), b = addr("10.77.0.254"), c = addr("10.77.1.1");

	CU_ASSERT_TRUE(pw_addr_same_net(&a, &b, 96 + 24));
	CU_ASSERT_FALSE(pw_addr_same_net(&a, &c, 96 + 24));
	CU_ASSERT_TRUE(pw_addr_same_net(&a, &c, 96 + 16));
	CU_ASSERT_FALSE(pw_addr_same_net(&a, &b, 96 + 32));
}

static CU_TestInfo tests[] = {
	{"v4_is_held_mapped", v4_is_held_mapped},
	{"v6_is_not_v4", v6_is_not_v4},
	{"mapped_text_is_v4", mapped_text_is_v4},
	{"every_byte_counts_for_equality", every_byte_counts_for_equality},
	{"format_is_the_inverse_of_parse", format_is_the_inverse_of_parse},
	{"nonsense_is_refused", nonsense_is_refused},
	{"same_net_at_every_length", same_net_at_every_length},
	{"same_net_of_v4", same_net_of_v4},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_base_addr = {.pName = "base_addr", .pTests = tests};
