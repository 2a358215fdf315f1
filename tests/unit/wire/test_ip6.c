/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Cases C30 to C37 as far as a header goes, attack A6.
 */
#include <string.h>
#include <CUnit/CUnit.h>
#include <rte_common.h>
#include "guard.h"
#include "pw_rand.h"
#include "pw_wire_icmp6.h"
#include "pw_wire_ip4.h"

#define SEED UINT64_C(0x69703676)

static struct pw_ip6_chain chain;

static struct pw_addr
addr(const char *text)
{
	struct pw_addr a;

	CU_ASSERT_EQUAL_FATAL(pw_addr_parse(text, &a), 0);
	return a;
}

/* A packet to @p dst whose header names @p next, with these bytes behind it. */
static uint8_t *
packet_to(const char *dst, uint8_t next, const void *bytes, uint32_t len)
{
	uint8_t *p = guard_end(PW_IP6_HLEN + len);
	struct pw_ip6_hdr h = {
		.src = addr("fd00::9"),
		.dst = addr(dst),
		.payload_len = (uint16_t)len,
		.next = next,
		.hop_limit = 64,
	};

	pw_ip6_emit(p, &h);
	memcpy(p + PW_IP6_HLEN, bytes, len);
	return p;
}

static enum pw_drop
walk(uint8_t next, const void *bytes, uint32_t len)
{
	return pw_ip6_walk(packet_to("fd00::1", next, bytes, len), &chain);
}

static void
a_header_comes_back_as_it_was(void)
{
	struct pw_ip6_hdr out, in = {
				       .src = addr("2001:db8::1"),
				       .dst = addr("2001:db8::2"),
				       .flow = 0xabcde,
				       .payload_len = 0,
				       .tclass = 0xb9,
				       .next = 6,
				       .hop_limit = 7,
			       };
	uint8_t *p = guard_end(PW_IP6_HLEN);
	enum pw_drop why;

	CU_ASSERT_EQUAL(pw_ip6_emit(p, &in), PW_IP6_HLEN);
	CU_ASSERT_TRUE(pw_ip6_check(p, PW_IP6_HLEN, &why));
	pw_ip6_parse(p, &out);
	CU_ASSERT_TRUE(pw_addr_eq(&in.src, &out.src) && pw_addr_eq(&in.dst, &out.dst));
	CU_ASSERT_EQUAL(out.flow, in.flow);
	CU_ASSERT_EQUAL(out.tclass, in.tclass);
	CU_ASSERT_EQUAL(out.next, 6);
	CU_ASSERT_EQUAL(out.hop_limit, 7);
	CU_ASSERT_EQUAL(p[0], 0x6b);
	CU_ASSERT_EQUAL(p[1], 0x9a);
}

static void
c30_payload_beyond_the_frame(void)
{
	uint8_t p[PW_IP6_HLEN + 8];
	enum pw_drop why;
	uint32_t len;

	memcpy(p, packet_to("fd00::1", 6, "12345678", 8), sizeof(p));
	CU_ASSERT_TRUE(pw_ip6_check(p, 48, &why));
	p[5] = 9;
	CU_ASSERT_FALSE(pw_ip6_check(p, 48, &why));
	CU_ASSERT_EQUAL(why, PW_DROP_IP6_LEN);
	for (len = 0; len < PW_IP6_HLEN; len++) {
		CU_ASSERT_FALSE(pw_ip6_check(guard_copy(p, len), len, &why));
		CU_ASSERT_EQUAL(why, PW_DROP_IP6_HDR);
	}
	p[0] = 0x45;
	CU_ASSERT_FALSE(pw_ip6_check(p, 48, &why));
	CU_ASSERT_EQUAL(why, PW_DROP_IP6_HDR);
}

static void
what_needs_no_walk_is_left(void)
{
	CU_ASSERT_EQUAL(walk(6, "", 0), PW_OK);
	CU_ASSERT_EQUAL(chain.proto, 6);
	CU_ASSERT_EQUAL(chain.l4, PW_IP6_HLEN);
	CU_ASSERT_EQUAL(chain.named_at, 6);
	CU_ASSERT_EQUAL(walk(PW_IP6_NO_NEXT, "", 0), PW_OK);
	CU_ASSERT_EQUAL(chain.proto, PW_IP6_NO_NEXT);
	CU_ASSERT_EQUAL(walk(51, "", 0), PW_OK); /* AH: not spoken, so nobody's to walk */
	CU_ASSERT_EQUAL(chain.proto, 51);
}

/* Hop-by-hop options, destination options, a routing header that is done with: then TCP. */
static void
headers_are_stepped_over(void)
{
	CU_ASSERT_EQUAL(walk(0,
				"\x3c\0\1\4\0\0\0\0"
				"\x2b\0\0\0\0\0\0\0"
				"\6\0\4\0\0\0\0\0"
				"segm",
				28),
		PW_OK);
	CU_ASSERT_EQUAL(chain.proto, 6);
	CU_ASSERT_EQUAL(chain.l4, PW_IP6_HLEN + 24);
	CU_ASSERT_EQUAL(chain.named_at, PW_IP6_HLEN + 16);
	CU_ASSERT_EQUAL(chain.frag, 0);
}

static void
c31_hop_by_hop_comes_first_or_not_at_all(void)
{
	CU_ASSERT_EQUAL(walk(60,
				"\0\0\1\4\0\0\0\0"
				"\6\0\1\4\0\0\0\0",
				16),
		PW_DROP_IP6_EXT);
	CU_ASSERT_TRUE(chain.report);
	CU_ASSERT_EQUAL(chain.code, PW_ICMP6_PARAM_NEXT);
	CU_ASSERT_EQUAL(chain.pointer, PW_IP6_HLEN);
}

/* An option of type @p type in a header of @p next, sent to @p dst. */
static enum pw_drop
with_option(const char *dst, uint8_t next, uint8_t type)
{
	uint8_t opts[8] = {6, 0, type, 4};

	return pw_ip6_walk(packet_to(dst, next, opts, sizeof(opts)), &chain);
}

/* RFC 8200 4.2 */
static void
c32_unknown_options_say_what_to_do(void)
{
	static const uint8_t headers[] = {PW_IP6_HOP_BY_HOP, PW_IP6_DST_OPTS};
	size_t i;

	for (i = 0; i < RTE_DIM(headers); i++) {
		CU_ASSERT_EQUAL(with_option("fd00::1", headers[i], 0x1e), PW_OK);
		CU_ASSERT_EQUAL(with_option("fd00::1", headers[i], 0x5e), PW_DROP_IP6_OPTION);
		CU_ASSERT_FALSE(chain.report);
		CU_ASSERT_EQUAL(with_option("fd00::1", headers[i], 0x9e), PW_DROP_IP6_OPTION);
		CU_ASSERT_TRUE(chain.report);
		CU_ASSERT_EQUAL(chain.code, PW_ICMP6_PARAM_OPTION);
		CU_ASSERT_EQUAL(chain.pointer, PW_IP6_HLEN + 2);
		CU_ASSERT_EQUAL(with_option("ff02::1", headers[i], 0x9e), PW_DROP_IP6_OPTION);
		CU_ASSERT_TRUE(chain.report);
		CU_ASSERT_EQUAL(with_option("fd00::1", headers[i], 0xde), PW_DROP_IP6_OPTION);
		CU_ASSERT_TRUE(chain.report);
		CU_ASSERT_EQUAL(with_option("ff02::1", headers[i], 0xde), PW_DROP_IP6_OPTION);
		CU_ASSERT_FALSE(chain.report);
	}
}

static void
c33_a06_lengths_that_lie(void)
{
	static const char *const cut[] = {"\6\1\1\4\0\0\0\0", "\6\xff\1\4\0\0\0\0"};
	uint8_t many[64] = {0};
	uint8_t long_one[512];
	size_t i;

	for (i = 0; i < RTE_DIM(cut); i++)
		CU_ASSERT_EQUAL(walk(0, cut[i], 8), PW_DROP_IP6_CHAIN);
	for (i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(walk(60, many, (uint32_t)i), PW_DROP_IP6_CHAIN);
	CU_ASSERT_EQUAL(walk(0, "\6\0\x1e\5\0\0\0\0", 8), PW_DROP_IP6_EXT); /* out of its header */
	CU_ASSERT_EQUAL(walk(0, "\6\0\1\3\0\0\0\x1e", 8), PW_DROP_IP6_EXT); /* no length */
	for (i = 0; i < 64; i += 8)
		many[i] = 60, many[i + 2] = 1, many[i + 3] = 4;
	CU_ASSERT_EQUAL(walk(60, many, 56), PW_DROP_IP6_CHAIN); /* seven, and no eighth */
	many[56] = 6;
	CU_ASSERT_EQUAL(walk(60, many, 64), PW_OK);
	memset(long_one, 0, sizeof(long_one));
	long_one[0] = 6, long_one[1] = 63; /* 510 bytes of Pad1 */
	CU_ASSERT_EQUAL(walk(60, long_one, 512), PW_DROP_IP6_EXT_LIMIT);
}

static void
c33_no_more_than_eight_headers(void)
{
	uint8_t many[9 * 8] = {0};
	uint32_t i;

	for (i = 0; i < sizeof(many); i += 8)
		many[i] = 60, many[i + 2] = 1, many[i + 3] = 4;
	many[64] = 6;
	CU_ASSERT_EQUAL(walk(60, many, sizeof(many)), PW_DROP_IP6_EXT_LIMIT);
}

/* RFC 5095: as any routing header that we do not know (RFC 8200 4.4). */
static void
c34_routing_headers_with_segments_left(void)
{
	static const uint8_t types[] = {0, 2, 3, 4, 253};
	size_t i;

	for (i = 0; i < RTE_DIM(types); i++) {
		uint8_t h[24] = {6, 2, types[i], 1};

		CU_ASSERT_EQUAL(walk(43, h, sizeof(h)), PW_DROP_IP6_ROUTING);
		CU_ASSERT_TRUE(chain.report);
		CU_ASSERT_EQUAL(chain.code, PW_ICMP6_PARAM_FIELD);
		CU_ASSERT_EQUAL(chain.pointer, PW_IP6_HLEN + 2);
		h[3] = 0;
		CU_ASSERT_EQUAL(walk(43, h, sizeof(h)), PW_OK);
		CU_ASSERT_EQUAL(chain.l4, PW_IP6_HLEN + 24);
	}
}

/* A TCP header of 20 bytes behind this fragment header. */
static enum pw_drop
fragment(uint16_t off_flags, uint32_t tcp_len)
{
	uint8_t b[8 + 20] = {6};

	pw_put_be16(b + 2, off_flags);
	pw_put_be32(b + 4, 0x12345678);
	return walk(PW_IP6_FRAGMENT, b, 8 + tcp_len);
}

static void
c36_an_atomic_fragment_is_a_whole(void)
{
	CU_ASSERT_EQUAL(fragment(0, 20), PW_OK);
	CU_ASSERT_EQUAL(chain.proto, 6);
	CU_ASSERT_EQUAL(chain.l4, PW_IP6_HLEN + 8);
	CU_ASSERT_EQUAL(chain.frag, PW_IP6_HLEN);
}

static void
fragments_are_told(void)
{
	struct pw_ip6_frag f;
	uint8_t b[8] = {6, 0, 0x05, 0xa9, 1, 2, 3, 4};

	CU_ASSERT_EQUAL(fragment(1, 20), PW_OK);
	CU_ASSERT_EQUAL(chain.proto, PW_IP6_FRAGMENT);
	CU_ASSERT_EQUAL(fragment(8, 0), PW_OK);
	CU_ASSERT_EQUAL(chain.proto, PW_IP6_FRAGMENT);
	CU_ASSERT_EQUAL(chain.frag_named_at, 6);
	pw_ip6_frag_parse(b, &f);
	CU_ASSERT_EQUAL(f.next, 6);
	CU_ASSERT_EQUAL(f.off, 0x5a8);
	CU_ASSERT_TRUE(f.more);
	CU_ASSERT_EQUAL(f.id, 0x01020304);
}

static void
c37_the_first_fragment_has_all_headers(void)
{
	uint8_t b[16] = {60, 0, 0, 1, 0, 0, 0, 0, 6, 1};
	uint32_t len;

	for (len = 0; len < 20; len++)
		CU_ASSERT_EQUAL(fragment(1, len), PW_DROP_IP6_CHAIN);
	CU_ASSERT_EQUAL(walk(PW_IP6_FRAGMENT, b, 8), PW_DROP_IP6_CHAIN);
	CU_ASSERT_EQUAL(walk(PW_IP6_FRAGMENT, b, 16), PW_DROP_IP6_CHAIN);
	memset(b, 0, sizeof(b));
	b[0] = PW_IP6_FRAGMENT; /* one in the other */
	CU_ASSERT_EQUAL(walk(PW_IP6_FRAGMENT, b, 16), PW_DROP_IP6_EXT);
}

static void
kinds_of_addresses(void)
{
	static const uint8_t mac[] = {0x02, 0, 0, 0, 0, 0x01};
	struct pw_addr a = addr("fd00::12:3456"), ll = addr("fe80::ff:fe00:1");
	struct pw_addr group = addr("ff02::1:ff12:3456");
	uint8_t to[6];

	a = pw_ip6_solicited_node(&a);
	CU_ASSERT_TRUE(pw_addr_eq(&a, &group));
	pw_ip6_group_mac(&a, to);
	CU_ASSERT_EQUAL(memcmp(to, "\x33\x33\xff\x12\x34\x56", 6), 0);
	a = pw_ip6_link_local(mac);
	CU_ASSERT_TRUE(pw_addr_eq(&a, &ll) && pw_ip6_is_link_local(&a));
	CU_ASSERT_TRUE(pw_ip6_is_host(&a));
	a = addr("::1");
	CU_ASSERT_FALSE(pw_ip6_is_host(&a));
	a = addr("::");
	CU_ASSERT_FALSE(pw_ip6_is_host(&a));
	a = addr("10.0.0.1");
	CU_ASSERT_FALSE(pw_ip6_is_host(&a));
	CU_ASSERT_FALSE(pw_ip6_is_host(&group));
}

/* Whatever stands there: nothing beyond is read, and the place of layer 4 is inside. */
static void
random_chains_stay_inside(void)
{
	static const uint8_t kinds[] = {0, 43, 44, 60, 6, 58};
	struct pw_rand r;
	uint8_t b[96];
	uint32_t i, k;

	pw_rand_init(&r, SEED);
	for (i = 0; i < 200000; i++) {
		uint32_t len = (uint32_t)pw_rand_below(&r, sizeof(b) + 1);

		for (k = 0; k < sizeof(b); k++)
			b[k] = k % 8 == 0 ? kinds[pw_rand_below(&r, 6)]
					  : (uint8_t)pw_rand_below(&r, k % 8 < 2 ? 3 : 256);
		if (walk(kinds[pw_rand_below(&r, 4)], b, len) != PW_OK)
			continue;
		CU_ASSERT_FATAL(chain.l4 <= PW_IP6_HLEN + len && chain.named_at < chain.l4);
	}
}

static CU_TestInfo tests[] = {
	{"a_header_comes_back_as_it_was", a_header_comes_back_as_it_was},
	{"c30_payload_beyond_the_frame", c30_payload_beyond_the_frame},
	{"what_needs_no_walk_is_left", what_needs_no_walk_is_left},
	{"headers_are_stepped_over", headers_are_stepped_over},
	{"c31_hop_by_hop_comes_first_or_not_at_all", c31_hop_by_hop_comes_first_or_not_at_all},
	{"c32_unknown_options_say_what_to_do", c32_unknown_options_say_what_to_do},
	{"c33_a06_lengths_that_lie", c33_a06_lengths_that_lie},
	{"c33_no_more_than_eight_headers", c33_no_more_than_eight_headers},
	{"c34_routing_headers_with_segments_left", c34_routing_headers_with_segments_left},
	{"c36_an_atomic_fragment_is_a_whole", c36_an_atomic_fragment_is_a_whole},
	{"fragments_are_told", fragments_are_told},
	{"c37_the_first_fragment_has_all_headers", c37_the_first_fragment_has_all_headers},
	{"kinds_of_addresses", kinds_of_addresses},
	{"random_chains_stay_inside", random_chains_stay_inside},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_wire_ip6 = {.pName = "wire_ip6", .pTests = tests};
