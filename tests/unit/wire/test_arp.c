/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "guard.h"
#include "pw_rand.h"
#include "pw_wire_arp.h"

#define SEED UINT64_C(0x617270)

/* Who has 10.77.0.1? Tell 10.77.0.2 at 02:00:00:00:00:02. */
static const uint8_t REQUEST[PW_ARP_LEN] = {
	0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 10, 77, 0, 2, 0, 0, 0, 0, 0, 0, 10, 77, 0, 1};
static const uint8_t OUR_MAC[] = {2, 0, 0, 0, 0, 1};

static void
request_is_read(void)
{
	const uint8_t *p = guard_copy(REQUEST, sizeof(REQUEST));
	struct pw_arp a;

	CU_ASSERT_EQUAL(pw_arp_check(p, PW_ARP_LEN), PW_ARP_LEN);
	pw_arp_parse(p, &a);
	CU_ASSERT_EQUAL(a.op, PW_ARP_REQUEST);
	CU_ASSERT_TRUE(pw_mac_eq(a.sha, REQUEST + 8));
	CU_ASSERT_TRUE(pw_addr_is_v4(&a.spa));
	CU_ASSERT_EQUAL(pw_addr_get_v4(&a.spa), RTE_BE32(0x0a4d0002));
	CU_ASSERT_EQUAL(pw_addr_get_v4(&a.tpa), RTE_BE32(0x0a4d0001));
}

/* C4: the right fields of the reply. */
static void
c4_answer_has_the_right_fields(void)
{
	static const uint8_t want[PW_ARP_LEN] = {0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1, 10, 77,
		0, 1, 2, 0, 0, 0, 0, 2, 10, 77, 0, 2};
	uint8_t *p = guard_end(PW_ARP_LEN);
	struct pw_arp request, reply;

	pw_arp_parse(REQUEST, &request);
	reply = pw_arp_answer(&request, OUR_MAC);
	CU_ASSERT_EQUAL(pw_arp_emit(p, &reply), PW_ARP_LEN);
	CU_ASSERT_EQUAL(memcmp(p, want, sizeof(want)), 0);
}

static void
emit_and_parse_agree(void)
{
	uint8_t *p = guard_end(PW_ARP_LEN);
	struct pw_arp a;

	pw_arp_parse(REQUEST, &a);
	memset(p, 0xee, PW_ARP_LEN);
	pw_arp_emit(p, &a);
	CU_ASSERT_EQUAL(memcmp(p, REQUEST, PW_ARP_LEN), 0);
}

/* Is the request refused once byte @p at is @p value? */
static bool
refused_with(uint32_t at, uint8_t value)
{
	uint8_t *p = guard_copy(REQUEST, sizeof(REQUEST));

	p[at] = value;
	return pw_arp_check(p, PW_ARP_LEN) == 0;
}

/* C5 */
static void
c5_wrong_types_and_lengths_are_refused(void)
{
	CU_ASSERT_TRUE(refused_with(0, 1));
	CU_ASSERT_TRUE(refused_with(1, 6));
	CU_ASSERT_TRUE(refused_with(2, 0x86));
	CU_ASSERT_TRUE(refused_with(3, 6));
	CU_ASSERT_TRUE(refused_with(4, 5));
	CU_ASSERT_TRUE(refused_with(4, 255));
	CU_ASSERT_TRUE(refused_with(5, 16));
	CU_ASSERT_TRUE(refused_with(6, 1));
	CU_ASSERT_TRUE(refused_with(7, 0));
	CU_ASSERT_TRUE(refused_with(7, 3));
	CU_ASSERT_FALSE(refused_with(7, 2));
}

/* RFC 1812 section 3.3.2; A25: traffic for a host turned into broadcasts. */
static void
a25_group_address_as_sender_is_refused(void)
{
	CU_ASSERT_TRUE(refused_with(8, 0xff));
	CU_ASSERT_TRUE(refused_with(8, 0x01));
}

static void
cut_packets_are_refused(void)
{
	uint32_t len;

	for (len = 0; len < PW_ARP_LEN; len++)
		CU_ASSERT_EQUAL(pw_arp_check(guard_copy(REQUEST, len), len), 0);
}

static void
random_bytes_are_survived(void)
{
	struct pw_rand r;
	uint32_t taken = 0;
	int i;

	printf("seed %#jx ", (uintmax_t)SEED);
	pw_rand_init(&r, SEED);
	for (i = 0; i < 20000; i++) {
		uint32_t len = (uint32_t)pw_rand_below(&r, 40);
		uint8_t *p = guard_end(len);
		struct pw_arp a;
		uint32_t j;

		for (j = 0; j < len; j++)
			p[j] = (uint8_t)(j < 8 && pw_rand_below(&r, 16) ? REQUEST[j]
									: pw_rand_u64(&r));
		if (pw_arp_check(p, len) == 0)
			continue;
		pw_arp_parse(p, &a);
		taken += a.op == PW_ARP_REQUEST || a.op == PW_ARP_REPLY;
	}
	CU_ASSERT(taken > 100);
}

static CU_TestInfo tests[] = {
	{"request_is_read", request_is_read},
	{"c4_answer_has_the_right_fields", c4_answer_has_the_right_fields},
	{"emit_and_parse_agree", emit_and_parse_agree},
	{"c5_wrong_types_and_lengths_are_refused", c5_wrong_types_and_lengths_are_refused},
	{"a25_group_address_as_sender_is_refused", a25_group_address_as_sender_is_refused},
	{"cut_packets_are_refused", cut_packets_are_refused},
	{"random_bytes_are_survived", random_bytes_are_survived},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_wire_arp = {.pName = "wire_arp", .pTests = tests};
