/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <CUnit/CUnit.h>
#include "guard.h"
#include "pw_wire_bytes.h"
#include "pw_wire_udp.h"

static struct pw_addr src, dst;
static uint8_t p[64];

static void
setup(void)
{
	static const struct pw_udp_hdr h = {.sport = 68, .dport = 67};

	src = pw_addr_v4(0);
	dst = pw_addr_v4(RTE_BE32(0xffffffff));
	memcpy(p + PW_UDP_HLEN, "hello", 5);
	pw_udp_emit(p, &h, 5, &src, &dst);
}

static void
what_is_written_can_be_read(void)
{
	struct pw_udp_hdr h;

	CU_ASSERT_EQUAL(pw_udp_check(p, 13, &src, &dst), 5);
	CU_ASSERT_EQUAL(pw_udp_check(p, 20, &src, &dst), 5); /* padding is not data */
	pw_udp_parse(p, &h);
	CU_ASSERT_EQUAL(h.sport, 68);
	CU_ASSERT_EQUAL(h.dport, 67);
	CU_ASSERT_EQUAL(pw_get_be16(p + 4), 13);
}

static void
lengths_that_lie(void)
{
	uint32_t len;

	for (len = 0; len < 13; len++)
		CU_ASSERT_EQUAL(pw_udp_check(p, len, &src, &dst), -1);
	pw_put_be16(p + 4, 7);
	CU_ASSERT_EQUAL(pw_udp_check(p, 13, &src, &dst), -1);
	pw_put_be16(p + 4, 14);
	CU_ASSERT_EQUAL(pw_udp_check(p, 13, &src, &dst), -1);
}

static void
a_checksum_is_right_or_absent(void)
{
	p[8] ^= 1;
	CU_ASSERT_EQUAL(pw_udp_check(p, 13, &src, &dst), -1);
	pw_put_be16(p + 6, 0);
	CU_ASSERT_EQUAL(pw_udp_check(p, 13, &src, &dst), 5);
	src.q[0] = 1; /* IPv6 has none without (RFC 8200 section 8.1) */
	CU_ASSERT_EQUAL(pw_udp_check(p, 13, &src, &dst), -1);
}

static CU_TestInfo tests[] = {
	{"what_is_written_can_be_read", what_is_written_can_be_read},
	{"lengths_that_lie", lengths_that_lie},
	{"a_checksum_is_right_or_absent", a_checksum_is_right_or_absent},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_wire_udp = {.pName = "wire_udp", .pSetUpFunc = setup, .pTests = tests};
