/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <string.h>
#include <CUnit/CUnit.h>
#include "guard.h"
#include "pw_wire_eth.h"

static const uint8_t DST[] = {0x02, 0, 0, 0, 0, 0x01}, SRC[] = {0x02, 0, 0, 0, 0, 0x02};

static void
runts_are_refused(void)
{
	uint32_t len;

	for (len = 0; len < PW_ETH_HLEN; len++) {
		uint8_t *p = guard_end(len);

		memset(p, 0x81, len);
		CU_ASSERT_EQUAL(pw_eth_check(p, len), 0);
	}
}

static void
emit_and_parse_agree(void)
{
	uint8_t *p = guard_end(PW_ETH_HLEN);
	struct pw_eth_hdr h;

	CU_ASSERT_EQUAL(pw_eth_emit(p, DST, SRC, PW_ETH_TYPE_ARP), PW_ETH_HLEN);
	CU_ASSERT_EQUAL(p[12], 0x08);
	CU_ASSERT_EQUAL(p[13], 0x06);
	CU_ASSERT_EQUAL(pw_eth_check(p, PW_ETH_HLEN), PW_ETH_HLEN);
	CU_ASSERT_FALSE(pw_eth_tagged(p));
	CU_ASSERT_EQUAL(pw_eth_type(p, PW_ETH_HLEN), PW_ETH_TYPE_ARP);
	pw_eth_parse(p, PW_ETH_HLEN, &h);
	CU_ASSERT_TRUE(pw_mac_eq(h.dst, DST));
	CU_ASSERT_TRUE(pw_mac_eq(h.src, SRC));
	CU_ASSERT_EQUAL(h.type, PW_ETH_TYPE_ARP);
	CU_ASSERT_EQUAL(h.tci, 0);
}

/* C3 begins with seeing the tag. */
static void
c3_tag_is_recognised(void)
{
	static const uint8_t tag[] = {0x81, 0x00, 0x60, 0x2a, 0x08, 0x00};
	uint8_t *p = guard_end(18);
	struct pw_eth_hdr h;

	pw_eth_emit(p, DST, SRC, 0);
	memcpy(p + 12, tag, sizeof(tag));
	CU_ASSERT_TRUE(pw_eth_tagged(p));
	CU_ASSERT_EQUAL(pw_eth_check(p, 18), 18);
	CU_ASSERT_EQUAL(pw_eth_type(p, 18), PW_ETH_TYPE_IP4);
	pw_eth_parse(p, 18, &h);
	CU_ASSERT_EQUAL(h.type, PW_ETH_TYPE_IP4);
	CU_ASSERT_EQUAL(h.tci, 0x602a);
	p[12] = 0x88;
	p[13] = 0xa8;
	CU_ASSERT_EQUAL(pw_eth_check(p, 18), 18);
}

static void
cut_tag_is_refused(void)
{
	uint32_t len;

	for (len = 14; len < 18; len++) {
		uint8_t *p = guard_end(len);

		memset(p, 0, len);
		pw_put_be16(p + 12, PW_ETH_TYPE_VLAN);
		CU_ASSERT_EQUAL(pw_eth_check(p, len), 0);
	}
}

static void
second_tag_shows_as_the_type(void)
{
	uint8_t *p = guard_end(22);

	memset(p, 0, 22);
	pw_put_be16(p + 12, PW_ETH_TYPE_QINQ);
	pw_put_be16(p + 16, PW_ETH_TYPE_VLAN);
	CU_ASSERT_EQUAL(pw_eth_check(p, 22), 18);
	CU_ASSERT_EQUAL(pw_eth_type(p, 18), PW_ETH_TYPE_VLAN);
}

static void
group_addresses(void)
{
	static const uint8_t all[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t multi[] = {0x01, 0, 0x5e, 0, 0, 1};

	CU_ASSERT_TRUE(pw_mac_is_group(all));
	CU_ASSERT_TRUE(pw_mac_is_group(multi));
	CU_ASSERT_FALSE(pw_mac_is_group(DST));
	CU_ASSERT_TRUE(pw_mac_eq(SRC, SRC));
	CU_ASSERT_FALSE(pw_mac_eq(SRC, DST));
}

static void
numbers_in_network_order(void)
{
	uint8_t *p = guard_end(7);

	pw_put_be16(p + 1, 0x0102);
	pw_put_be32(p + 3, 0x03040506);
	CU_ASSERT_EQUAL(memcmp(p + 1, "\1\2\3\4\5\6", 6), 0);
	CU_ASSERT_EQUAL(pw_get_be16(p + 1), 0x0102);
	CU_ASSERT_EQUAL(pw_get_be32(p + 3), 0x03040506);
}

static CU_TestInfo tests[] = {
	{"runts_are_refused", runts_are_refused},
	{"emit_and_parse_agree", emit_and_parse_agree},
	{"c3_tag_is_recognised", c3_tag_is_recognised},
	{"cut_tag_is_refused", cut_tag_is_refused},
	{"second_tag_shows_as_the_type", second_tag_shows_as_the_type},
	{"group_addresses", group_addresses},
	{"numbers_in_network_order", numbers_in_network_order},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_wire_eth = {.pName = "wire_eth", .pTests = tests};
