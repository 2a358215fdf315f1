/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "guard.h"
#include "pw_rand.h"
#include "pw_wire_ip4.h"

#define SEED UINT64_C(0x697034)

/* A datagram of 20 + 8 bytes from 10.77.0.2 to 10.77.0.1, DF, TTL 64, TCP. */
static struct pw_ip4_hdr
sample(void)
{
	return (struct pw_ip4_hdr){.src = pw_addr_v4(RTE_BE32(0x0a4d0002)),
		.dst = pw_addr_v4(RTE_BE32(0x0a4d0001)),
		.total_len = 28,
		.df = true,
		.ttl = 64,
		.proto = PW_IP_PROTO_TCP};
}

/* Set the header checksum of @p p anew. */
static void
mend(uint8_t *p, uint32_t hlen)
{
	uint16_t sum;

	memset(p + 10, 0, 2);
	sum = pw_sum_finish(pw_sum(p, hlen));
	memcpy(p + 10, &sum, 2);
}

/* A datagram with @p n option bytes, ending at an unreadable page after 8 bytes of payload. */
static uint8_t *
with_opts(const uint8_t *opts, uint32_t n)
{
	struct pw_ip4_hdr h = sample();
	uint8_t *p = guard_end(28 + n);

	h.total_len = (uint16_t)(28 + n);
	pw_ip4_emit(p, &h);
	p[0] = (uint8_t)(0x40 | (5 + n / 4));
	memcpy(p + 20, opts, n);
	memset(p + 20 + n, 0, 8);
	mend(p, 20 + n);
	return p;
}

/* What the check says of a datagram with these option bytes; a multiple of 4. */
#define WHY(...)                                                                           \
	({                                                                                 \
		static const uint8_t bytes[] = {__VA_ARGS__};                              \
		enum pw_drop why;                                                          \
		uint32_t hlen = pw_ip4_check(                                              \
			with_opts(bytes, sizeof(bytes)), 28 + sizeof(bytes), false, &why); \
		CU_ASSERT_EQUAL(hlen, why == PW_OK ? 20 + sizeof(bytes) : 0);              \
		why;                                                                       \
	})

/* What the check says of the sample once byte @p at is @p value, its checksum mended. */
static enum pw_drop
why_with(uint32_t at, uint8_t value)
{
	struct pw_ip4_hdr h = sample();
	uint8_t *p = guard_end(28);
	enum pw_drop why;

	memset(p, 0, 28);
	pw_ip4_emit(p, &h);
	p[at] = value;
	mend(p, 20);
	CU_ASSERT_EQUAL(pw_ip4_check(p, 28, false, &why), why == PW_OK ? 20 : 0);
	return why;
}

/* Byte for byte as RFC 791 section 3.1 draws it. */
static void
emit_writes_the_header(void)
{
	static const uint8_t want[] = {0x45, 0xb8, 0x05, 0xdc, 0x12, 0x34, 0x20, 0xb9, 0x3f, 0x11,
		0x77, 0x3f, 192, 0, 2, 1, 198, 51, 100, 7};
	struct pw_ip4_hdr h = {.src = pw_addr_v4(RTE_BE32(0xc0000201)),
		.dst = pw_addr_v4(RTE_BE32(0xc6336407)),
		.total_len = 1500,
		.id = 0x1234,
		.frag_off = 1480,
		.mf = true,
		.tos = 0xb8,
		.ttl = 63,
		.proto = 17};
	uint8_t *p = guard_end(PW_IP4_HLEN);

	CU_ASSERT_EQUAL(pw_ip4_emit(p, &h), PW_IP4_HLEN);
	CU_ASSERT_EQUAL(memcmp(p, want, 10), 0);
	CU_ASSERT_EQUAL(memcmp(p + 12, want + 12, 8), 0);
	CU_ASSERT_EQUAL(pw_sum(p, PW_IP4_HLEN), 0xffff);
	CU_ASSERT_EQUAL(pw_ip4_sum(p), 0xffff);
}

static struct pw_ip4_hdr
random_hdr(struct pw_rand *r)
{
	uint64_t a = pw_rand_u64(r), b = pw_rand_u64(r);

	return (struct pw_ip4_hdr){.src = pw_addr_v4((uint32_t)a),
		.dst = pw_addr_v4((uint32_t)(a >> 32)),
		.id = (uint16_t)b,
		.total_len = (uint16_t)(20 + pw_rand_below(r, 200)),
		.tos = (uint8_t)(b >> 16),
		.ttl = (uint8_t)(b >> 24),
		.proto = (uint8_t)(b >> 32),
		.df = b >> 40 & 1,
		.mf = b >> 41 & 1,
		.frag_off = (uint16_t)(b >> 48 << 3)};
}

static bool
same_hdr(const struct pw_ip4_hdr *a, const struct pw_ip4_hdr *b)
{
	return pw_addr_eq(&a->src, &b->src) && pw_addr_eq(&a->dst, &b->dst) &&
	       a->total_len == b->total_len && a->id == b->id && a->frag_off == b->frag_off &&
	       a->df == b->df && a->mf == b->mf && a->tos == b->tos && a->ttl == b->ttl &&
	       a->proto == b->proto;
}

static void
emit_and_parse_agree(void)
{
	struct pw_rand r;
	uint32_t bad = 0;
	int i;

	printf("seed %#jx ", (uintmax_t)SEED);
	pw_rand_init(&r, SEED);
	for (i = 0; i < 5000; i++) {
		struct pw_ip4_hdr h = random_hdr(&r), back;
		uint8_t *p = guard_end(h.total_len);
		enum pw_drop why;

		bad += pw_ip4_emit(p, &h) != PW_IP4_HLEN;
		bad += pw_ip4_check(p, h.total_len, false, &why) != PW_IP4_HLEN || why != PW_OK;
		pw_ip4_parse(p, &back);
		bad += !same_hdr(&h, &back);
		bad += pw_ip4_is_fragment(&back) != (h.mf || h.frag_off != 0);
	}
	CU_ASSERT_EQUAL(bad, 0);
}

/* C9: version and header length. */
static void
c9_version_and_ihl(void)
{
	uint32_t v, ihl;

	for (v = 0; v < 16; v++)
		if (v != 4)
			CU_ASSERT_EQUAL(why_with(0, (uint8_t)(v << 4 | 5)), PW_DROP_IP4_HDR);
	for (ihl = 0; ihl < 5; ihl++)
		CU_ASSERT_EQUAL(why_with(0, (uint8_t)(0x40 | ihl)), PW_DROP_IP4_HDR);
	for (ihl = 8; ihl < 16; ihl++) /* a header longer than the 28 bytes there are */
		CU_ASSERT_EQUAL(why_with(0, (uint8_t)(0x40 | ihl)), PW_DROP_IP4_HDR);
	CU_ASSERT_EQUAL(why_with(0, 0x45), PW_OK);
}

/* C9: any single bit flipped is noticed; the device's word is taken instead. */
static void
c9_header_checksum(void)
{
	struct pw_ip4_hdr h = sample();
	uint8_t *p = guard_end(28);
	enum pw_drop why;
	uint32_t bit;

	memset(p, 0, 28);
	pw_ip4_emit(p, &h);
	for (bit = 16; bit < 160; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_EQUAL(pw_ip4_check(p, 28, false, &why), 0);
		CU_ASSERT_EQUAL(why, PW_DROP_IP4_CKSUM);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	p[10] ^= 1;
	CU_ASSERT_EQUAL(pw_ip4_check(p, 28, true, &why), 20);
	CU_ASSERT_EQUAL(why, PW_OK);
}

static void
c9_checksum_covers_options(void)
{
	static const uint8_t nops[] = {1, 1, 1, 1};
	uint8_t *p = with_opts(nops, sizeof(nops));
	enum pw_drop why;

	CU_ASSERT_EQUAL(pw_ip4_check(p, 32, false, &why), 24);
	p[23] = 0;
	CU_ASSERT_EQUAL(pw_ip4_check(p, 32, false, &why), 0);
	CU_ASSERT_EQUAL(why, PW_DROP_IP4_CKSUM);
}

/* C10, A1: below the header, beyond the frame, shorter than the frame. */
static void
c10_total_length(void)
{
	struct pw_ip4_hdr h;
	uint8_t *p;
	enum pw_drop why;

	CU_ASSERT_EQUAL(why_with(3, 0), PW_DROP_IP4_LEN);
	CU_ASSERT_EQUAL(why_with(3, 19), PW_DROP_IP4_LEN);
	CU_ASSERT_EQUAL(why_with(3, 29), PW_DROP_IP4_LEN);
	CU_ASSERT_EQUAL(why_with(2, 255), PW_DROP_IP4_LEN);
	CU_ASSERT_EQUAL(why_with(3, 20), PW_OK); /* no payload: for layer 4 to refuse */
	CU_ASSERT_EQUAL(why_with(3, 27), PW_OK);
	h = sample();
	p = guard_end(46); /* padded to Ethernet's least */
	memset(p, 0, 46);
	pw_ip4_emit(p, &h);
	CU_ASSERT_EQUAL(pw_ip4_check(p, 46, false, &why), 20);
	pw_ip4_parse(p, &h);
	CU_ASSERT_EQUAL(h.total_len, 28);
}

static void
a1_total_length_below_a_long_header(void)
{
	static const uint8_t nops[8] = {1, 1, 1, 1, 1, 1, 1, 1};
	uint8_t *p = with_opts(nops, sizeof(nops));
	enum pw_drop why;

	pw_put_be16(p + 2, 24);
	mend(p, 28);
	CU_ASSERT_EQUAL(pw_ip4_check(p, 36, false, &why), 0);
	CU_ASSERT_EQUAL(why, PW_DROP_IP4_LEN);
}

static void
cut_headers_are_refused(void)
{
	static const uint8_t nops[40] = {1};
	uint8_t whole[88];
	enum pw_drop why;
	uint32_t len;

	memcpy(whole, with_opts(nops, sizeof(nops)), 68);
	for (len = 0; len < 60; len++) {
		CU_ASSERT_EQUAL(pw_ip4_check(guard_copy(whole, len), len, false, &why), 0);
		CU_ASSERT_EQUAL(why, PW_DROP_IP4_HDR);
	}
}

/* C14: well formed options pass, known and unknown, and the header's length is right. */
static void
c14_options_well_formed(void)
{
	CU_ASSERT_EQUAL(WHY(1, 1, 1, 1), PW_OK);
	CU_ASSERT_EQUAL(WHY(0, 255, 255, 255), PW_OK);
	CU_ASSERT_EQUAL(WHY(148, 4, 0, 0), PW_OK);			   /* router alert */
	CU_ASSERT_EQUAL(WHY(136, 4, 1, 2), PW_OK);			   /* stream identifier */
	CU_ASSERT_EQUAL(WHY(7, 7, 4, 0, 0, 0, 0, 0), PW_OK);		   /* record route, empty */
	CU_ASSERT_EQUAL(WHY(7, 7, 8, 10, 0, 0, 1, 0), PW_OK);		   /* record route, full */
	CU_ASSERT_EQUAL(WHY(68, 8, 5, 0, 0, 0, 0, 0), PW_OK);		   /* timestamp */
	CU_ASSERT_EQUAL(WHY(68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0), PW_OK); /* with address */
	CU_ASSERT_EQUAL(WHY(68, 8, 9, 0xf0, 0, 0, 0, 0), PW_OK);	   /* overflowed, full */
}

/* C14, A2: lengths that cannot be. */
static void
c14_options_malformed(void)
{
	CU_ASSERT_EQUAL(WHY(148, 0, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(148, 1, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(148, 5, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(148, 255, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(1, 1, 1, 148), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(1, 1, 1, 131), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(131, 40, 4, 0), PW_DROP_IP4_OPTIONS);
}

/* A2: pointers before the data, or with room for part of an entry. */
static void
a2_wild_pointers(void)
{
	CU_ASSERT_EQUAL(WHY(7, 2, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(7, 7, 0, 0, 0, 0, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(7, 7, 3, 0, 0, 0, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(7, 7, 5, 0, 0, 0, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(7, 6, 4, 0, 0, 0, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(68, 3, 5, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(68, 8, 4, 0, 0, 0, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(68, 8, 6, 0, 0, 0, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(68, 8, 5, 1, 0, 0, 0, 0), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(WHY(68, 8, 5, 2, 0, 0, 0, 0), PW_DROP_IP4_OPTIONS);
}

/* C15, A3: loose and strict, alone and behind others; behind the end it is no option. */
static void
c15_source_routes(void)
{
	CU_ASSERT_EQUAL(WHY(131, 7, 4, 10, 0, 0, 1, 0), PW_DROP_IP4_SOURCE_ROUTE);
	CU_ASSERT_EQUAL(WHY(137, 7, 4, 10, 0, 0, 1, 0), PW_DROP_IP4_SOURCE_ROUTE);
	CU_ASSERT_EQUAL(WHY(1, 137, 3, 4), PW_DROP_IP4_SOURCE_ROUTE);
	CU_ASSERT_EQUAL(WHY(131, 2, 0, 0), PW_DROP_IP4_SOURCE_ROUTE);
	CU_ASSERT_EQUAL(WHY(148, 4, 0, 0, 1, 131, 7, 255, 0, 0, 0, 0), PW_DROP_IP4_SOURCE_ROUTE);
	CU_ASSERT_EQUAL(WHY(0, 131, 3, 4), PW_OK);
}

static void
fragments_are_seen(void)
{
	struct pw_ip4_hdr h = sample(), back;
	uint8_t p[PW_IP4_HLEN];

	CU_ASSERT_FALSE(pw_ip4_is_fragment(&h));
	h.df = false;
	h.mf = true;
	pw_ip4_emit(p, &h);
	pw_ip4_parse(p, &back);
	CU_ASSERT_TRUE(pw_ip4_is_fragment(&back));
	h.mf = false;
	h.frag_off = 65528;
	pw_ip4_emit(p, &h);
	pw_ip4_parse(p, &back);
	CU_ASSERT_EQUAL(back.frag_off, 65528);
	CU_ASSERT_FALSE(back.df);
	CU_ASSERT_TRUE(pw_ip4_is_fragment(&back));
}

/* A23: what may not be a source. */
static void
a23_addresses_of_one_host(void)
{
	CU_ASSERT_TRUE(pw_ip4_is_host(RTE_BE32(0x0a4d0001)));
	CU_ASSERT_TRUE(pw_ip4_is_host(RTE_BE32(0x01000000)));
	CU_ASSERT_TRUE(pw_ip4_is_host(RTE_BE32(0xdfffffff)));
	CU_ASSERT_FALSE(pw_ip4_is_host(0));
	CU_ASSERT_FALSE(pw_ip4_is_host(RTE_BE32(0x00ffffff)));
	CU_ASSERT_FALSE(pw_ip4_is_host(RTE_BE32(0x7f000001)));
	CU_ASSERT_FALSE(pw_ip4_is_host(RTE_BE32(0xe0000001)));
	CU_ASSERT_FALSE(pw_ip4_is_host(RTE_BE32(0xf0000000)));
	CU_ASSERT_FALSE(pw_ip4_is_host(RTE_BE32(0xffffffff)));
	CU_ASSERT_TRUE(pw_ip4_is_multicast(RTE_BE32(0xe0000000)));
	CU_ASSERT_TRUE(pw_ip4_is_multicast(RTE_BE32(0xefffffff)));
	CU_ASSERT_FALSE(pw_ip4_is_multicast(RTE_BE32(0xdfffffff)));
	CU_ASSERT_FALSE(pw_ip4_is_multicast(RTE_BE32(0xf0000000)));
}

/* Half the bytes random, the first few likely, the checksum believed half of the time. */
static void
random_bytes_are_survived(void)
{
	struct pw_rand r;
	uint32_t bad = 0, taken = 0;
	int i;

	printf("seed %#jx ", (uintmax_t)(SEED + 1));
	pw_rand_init(&r, SEED + 1);
	for (i = 0; i < 50000; i++) {
		uint32_t len = (uint32_t)pw_rand_below(&r, 100), hlen, j;
		uint8_t *p = guard_end(len);
		struct pw_ip4_hdr h;
		enum pw_drop why;

		for (j = 0; j < len; j++)
			p[j] = (uint8_t)pw_rand_below(&r, j < 20 ? 256 : 16);
		if (len > 3 && pw_rand_below(&r, 4) != 0) {
			p[0] = (uint8_t)(0x45 + pw_rand_below(&r, 4));
			pw_put_be16(p + 2, (uint16_t)pw_rand_below(&r, len + 10));
		}
		hlen = pw_ip4_check(p, len, pw_rand_below(&r, 2) != 0, &why);
		bad += (hlen == 0) != (why != PW_OK);
		if (hlen == 0)
			continue;
		taken++;
		pw_ip4_parse(p, &h);
		bad += hlen < 20 || hlen > h.total_len || h.total_len > len;
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT(taken > 500);
}

static CU_TestInfo tests[] = {
	{"emit_writes_the_header", emit_writes_the_header},
	{"emit_and_parse_agree", emit_and_parse_agree},
	{"c9_version_and_ihl", c9_version_and_ihl},
	{"c9_header_checksum", c9_header_checksum},
	{"c9_checksum_covers_options", c9_checksum_covers_options},
	{"c10_total_length", c10_total_length},
	{"a1_total_length_below_a_long_header", a1_total_length_below_a_long_header},
	{"cut_headers_are_refused", cut_headers_are_refused},
	{"c14_options_well_formed", c14_options_well_formed},
	{"c14_options_malformed", c14_options_malformed},
	{"a2_wild_pointers", a2_wild_pointers},
	{"c15_source_routes", c15_source_routes},
	{"fragments_are_seen", fragments_are_seen},
	{"a23_addresses_of_one_host", a23_addresses_of_one_host},
	{"random_bytes_are_survived", random_bytes_are_survived},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_wire_ip4 = {.pName = "wire_ip4", .pTests = tests};
