/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What a host takes of IPv6, and what it does not. (Of IPv4 the checks are those of wire.)
 */
#include <string.h>
#include <CUnit/CUnit.h>
#include "host_priv.h"
#include "pw_wire_icmp6.h"
#include "pw_wire_ip4.h"

#define ROOM	1500
#define SEGMENT 24
#define PORT	7

static struct pw_addr us, them;
static uint8_t b[ROOM], said[ROOM];
static struct parcel in;
static struct icmp_error error;

static void
setup(void)
{
	pw_addr_parse("fd00::1", &us);
	pw_addr_parse("fd00::2", &them);
	memset(b, 0, sizeof(b));
	memset(said, 0, sizeof(said));
}

/* A packet from them to us. @return its length */
static uint32_t
packet(uint8_t next, uint32_t len)
{
	struct pw_ip6_hdr h = {
		.src = them,
		.dst = us,
		.payload_len = (uint16_t)len,
		.next = next,
		.tclass = 3,
		.hop_limit = 64,
	};

	return pw_ip6_emit(b, &h) + len;
}

static void
segment_is_taken_with_its_mark(void)
{
	CU_ASSERT_EQUAL(ip_open(&us, b, packet(PW_IP_PROTO_TCP, SEGMENT), &in), PW_OK);
	CU_ASSERT_TRUE(pw_addr_eq(&in.src, &them));
	CU_ASSERT_TRUE(pw_addr_eq(&in.dst, &us));
	CU_ASSERT_EQUAL(in.proto, PW_IP_PROTO_TCP);
	CU_ASSERT_EQUAL(in.ecn, 3);
	CU_ASSERT_EQUAL(in.l4 - b, PW_IP6_HLEN);
	CU_ASSERT_EQUAL(in.len, SEGMENT);
}

static void
padding_is_not_part_of_it(void)
{
	uint32_t len = packet(PW_IP_PROTO_TCP, SEGMENT);

	CU_ASSERT_EQUAL(ip_open(&us, b, len + 6, &in), PW_OK);
	CU_ASSERT_EQUAL(in.len, SEGMENT);
	CU_ASSERT_EQUAL(ip_open(&us, b, len - 1, &in), PW_DROP_IP6_LEN);
}

static void
what_is_for_others_is_dropped(void)
{
	struct pw_addr other = us, v4 = pw_addr_v4(RTE_BE32(0x0a000001));
	uint32_t len = packet(PW_IP_PROTO_TCP, SEGMENT);

	other.b[15] = 9;
	CU_ASSERT_EQUAL(ip_open(&other, b, len, &in), PW_DROP_IP6_NOT_OURS);
	CU_ASSERT_EQUAL(ip_open(&v4, b, len, &in), PW_DROP_IP4_HDR);
	b[0] = 0x45;
	CU_ASSERT_EQUAL(ip_open(&us, b, len, &in), PW_DROP_IP6_HDR);
}

static void
a_source_is_one_host(void)
{
	them.b[0] = 0xff;
	CU_ASSERT_EQUAL(ip_open(&us, b, packet(PW_IP_PROTO_TCP, SEGMENT), &in), PW_DROP_IP6_SRC);
}

static void
other_protocols_are_dropped(void)
{
	CU_ASSERT_EQUAL(ip_open(&us, b, packet(17, SEGMENT), &in), PW_DROP_IP6_PROTO);
	CU_ASSERT_EQUAL(ip_open(&us, b, packet(PW_IP_PROTO_ICMP, SEGMENT), &in), PW_DROP_IP6_PROTO);
}

static void
extension_headers_are_walked(void)
{
	uint32_t len = packet(PW_IP6_DST_OPTS, 8 + SEGMENT);

	b[PW_IP6_HLEN] = PW_IP_PROTO_TCP;
	b[PW_IP6_HLEN + 2] = 1; /* PadN */
	b[PW_IP6_HLEN + 3] = 4;
	CU_ASSERT_EQUAL(ip_open(&us, b, len, &in), PW_OK);
	CU_ASSERT_EQUAL(in.l4 - b, PW_IP6_HLEN + 8);
	CU_ASSERT_EQUAL(in.len, SEGMENT);
}

static void
fragments_are_dropped(void)
{
	uint32_t len = packet(PW_IP6_FRAGMENT, 8 + SEGMENT);

	b[PW_IP6_HLEN] = PW_IP_PROTO_TCP;
	b[PW_IP6_HLEN + 3] = 1; /* more follow */
	CU_ASSERT_EQUAL(ip_open(&us, b, len, &in), PW_DROP_IP_FRAGMENT);
}

/* They tell us of a packet of ours from @p src. @return what became of it */
static enum pw_drop
tell(const struct pw_icmp6_hdr *h, const struct pw_addr *src, uint8_t next)
{
	struct pw_ip6_hdr ip = {
		.src = *src, .dst = them, .payload_len = SEGMENT, .next = next, .hop_limit = 60};
	uint32_t len = pw_ip6_emit(said, &ip) + SEGMENT;

	said[PW_IP6_HLEN + 1] = PORT;
	len = pw_icmp6_emit_error(b + PW_IP6_HLEN, h, &them, &us, said, len);
	CU_ASSERT_EQUAL_FATAL(ip_open(&us, b, packet(PW_IP_PROTO_ICMP6, len), &in), PW_OK);
	return ip_read_icmp(&in, &error);
}

static void
too_big_tells_a_size_that_every_link_has(void)
{
	struct pw_icmp6_hdr h = {.type = PW_ICMP6_TOO_BIG, .mtu = 1400};

	CU_ASSERT_EQUAL(tell(&h, &us, PW_IP_PROTO_TCP), PW_OK);
	CU_ASSERT_EQUAL(error.what, PW_TCP_ICMP_TOO_BIG);
	CU_ASSERT_EQUAL(error.mtu, 1400);
	CU_ASSERT_TRUE(pw_addr_eq(&error.src, &us));
	CU_ASSERT_TRUE(pw_addr_eq(&error.dst, &them));
	CU_ASSERT_EQUAL(error.l4[1], PORT);
	h.mtu = 600;
	CU_ASSERT_EQUAL(tell(&h, &us, PW_IP_PROTO_TCP), PW_OK);
	CU_ASSERT_EQUAL(error.mtu, PW_IP6_MTU_MIN);
}

static void
errors_that_are_none_of_ours(void)
{
	struct pw_icmp6_hdr h = {.type = PW_ICMP6_UNREACHABLE, .code = PW_ICMP6_UNREACH_PORT};

	CU_ASSERT_EQUAL(tell(&h, &us, PW_IP_PROTO_TCP), PW_OK);
	CU_ASSERT_EQUAL(error.what, PW_TCP_ICMP_UNREACHABLE);
	CU_ASSERT_EQUAL(tell(&h, &them, PW_IP_PROTO_TCP), PW_DROP_ICMP_STRAY);
	CU_ASSERT_EQUAL(tell(&h, &us, 17), PW_DROP_ICMP_STRAY);
	h.type = PW_ICMP6_TIME_EXCEEDED;
	CU_ASSERT_EQUAL(tell(&h, &us, PW_IP_PROTO_TCP), PW_DROP_ICMP_TYPE);
}

static void
errors_are_summed(void)
{
	struct pw_icmp6_hdr h = {.type = PW_ICMP6_TOO_BIG, .mtu = 1400};

	CU_ASSERT_EQUAL(tell(&h, &us, PW_IP_PROTO_TCP), PW_OK);
	b[PW_IP6_HLEN + 20] ^= 1;
	CU_ASSERT_EQUAL(ip_read_icmp(&in, &error), PW_DROP_ICMP_CKSUM);
}

#define TEST(name)          \
	{                   \
#name, name \
	}

static CU_TestInfo tests[] = {
	TEST(segment_is_taken_with_its_mark),
	TEST(padding_is_not_part_of_it),
	TEST(what_is_for_others_is_dropped),
	TEST(a_source_is_one_host),
	TEST(other_protocols_are_dropped),
	TEST(extension_headers_are_walked),
	TEST(fragments_are_dropped),
	TEST(too_big_tells_a_size_that_every_link_has),
	TEST(errors_that_are_none_of_ours),
	TEST(errors_are_summed),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_host_ip = {.pName = "host_ip", .pSetUpFunc = setup, .pTests = tests};
