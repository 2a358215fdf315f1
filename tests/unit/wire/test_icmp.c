/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "guard.h"
#include "pw_rand.h"
#include "pw_wire_icmp.h"

#define SEED UINT64_C(0x69636d70)

static void
mend(uint8_t *p, uint32_t len)
{
	uint16_t sum;

	memset(p + 2, 0, 2);
	sum = pw_sum_finish(pw_sum(p, len));
	memcpy(p + 2, &sum, 2);
}

/* An echo request with @p n bytes of data, at an unreadable page. */
static uint8_t *
echo(uint32_t n)
{
	uint8_t *p = guard_end(PW_ICMP_HLEN + n);

	memset(p, 0xab, PW_ICMP_HLEN + n);
	p[0] = PW_ICMP_ECHO;
	p[1] = 0;
	pw_put_be16(p + 4, 0x1234);
	pw_put_be16(p + 6, 7);
	mend(p, PW_ICMP_HLEN + n);
	return p;
}

/* A datagram of ours as a router would quote it: 20 + @p n bytes, of 1500. */
static uint32_t
quoted(uint8_t *p, uint32_t n)
{
	struct pw_ip4_hdr h = {.src = pw_addr_v4(RTE_BE32(0x0a4d0001)),
		.dst = pw_addr_v4(RTE_BE32(0x0a4d0002)),
		.total_len = 1500,
		.df = true,
		.ttl = 1,
		.proto = PW_IP_PROTO_TCP};
	uint32_t i;

	pw_ip4_emit(p, &h);
	for (i = 0; i < n; i++)
		p[PW_IP4_HLEN + i] = (uint8_t)i;
	return PW_IP4_HLEN + n;
}

/* "Too big, at most 1400" with @p n quoted bytes of layer 4. */
static uint8_t *
too_big(uint32_t n)
{
	uint32_t len = PW_ICMP_HLEN + PW_IP4_HLEN + n;
	uint8_t *p = guard_end(len);

	memset(p, 0, PW_ICMP_HLEN);
	p[0] = PW_ICMP_UNREACHABLE;
	p[1] = PW_ICMP_UNREACH_TOO_BIG;
	pw_put_be16(p + 6, 1400);
	quoted(p + PW_ICMP_HLEN, n);
	mend(p, len);
	return p;
}

/* A4 */
static void
a4_short_messages_are_refused(void)
{
	uint32_t len;

	for (len = 0; len < PW_ICMP_HLEN; len++) {
		uint8_t *p = guard_end(len);

		memset(p, 0, len);
		CU_ASSERT_EQUAL(pw_icmp_check(p, len), PW_DROP_ICMP_SHORT);
	}
}

/* C21: a wrong checksum; odd lengths count too. */
static void
c21_checksum(void)
{
	uint32_t n;

	for (n = 0; n < 5; n++) {
		uint8_t *p = echo(n);

		CU_ASSERT_EQUAL(pw_icmp_check(p, PW_ICMP_HLEN + n), PW_OK);
		p[PW_ICMP_HLEN + n - 1] ^= 0x10;
		CU_ASSERT_EQUAL(pw_icmp_check(p, PW_ICMP_HLEN + n), PW_DROP_ICMP_CKSUM);
	}
}

/* C21: the reply has the same identifier, sequence number and data. */
static void
c21_echo_reply(void)
{
	uint8_t *p = echo(57), data[57];
	struct pw_icmp_hdr h;

	memcpy(data, p + PW_ICMP_HLEN, sizeof(data));
	pw_icmp_make_reply(p, PW_ICMP_HLEN + 57);
	CU_ASSERT_EQUAL(pw_icmp_check(p, PW_ICMP_HLEN + 57), PW_OK);
	pw_icmp_parse(p, &h);
	CU_ASSERT_EQUAL(h.type, PW_ICMP_ECHO_REPLY);
	CU_ASSERT_EQUAL(h.code, 0);
	CU_ASSERT_EQUAL(h.id, 0x1234);
	CU_ASSERT_EQUAL(h.seq, 7);
	CU_ASSERT_EQUAL(memcmp(p + PW_ICMP_HLEN, data, sizeof(data)), 0);
}

/* The one message whose checksum an incremental update gets wrong. */
static void
reply_of_zeroes_has_checksum_ffff(void)
{
	uint8_t *p = guard_end(PW_ICMP_HLEN);

	memset(p, 0, PW_ICMP_HLEN);
	p[0] = PW_ICMP_ECHO;
	mend(p, PW_ICMP_HLEN);
	pw_icmp_make_reply(p, PW_ICMP_HLEN);
	CU_ASSERT_EQUAL(pw_get_be16(p + 2), 0xffff);
	CU_ASSERT_EQUAL(pw_icmp_check(p, PW_ICMP_HLEN), PW_OK);
}

/* C23 begins with reading what is quoted. */
static void
c23_quotation_is_read(void)
{
	uint8_t *p = too_big(8);
	struct pw_icmp_quote q;
	struct pw_icmp_hdr h;

	CU_ASSERT_EQUAL(pw_icmp_check(p, 36), PW_OK);
	pw_icmp_parse(p, &h);
	CU_ASSERT_EQUAL(h.type, PW_ICMP_UNREACHABLE);
	CU_ASSERT_EQUAL(h.code, PW_ICMP_UNREACH_TOO_BIG);
	CU_ASSERT_EQUAL(h.mtu, 1400);
	CU_ASSERT_EQUAL_FATAL(pw_icmp_quote(p, 36, &q), PW_OK);
	CU_ASSERT_EQUAL(pw_addr_get_v4(&q.ip.src), RTE_BE32(0x0a4d0001));
	CU_ASSERT_EQUAL(pw_addr_get_v4(&q.ip.dst), RTE_BE32(0x0a4d0002));
	CU_ASSERT_EQUAL(q.ip.proto, PW_IP_PROTO_TCP);
	CU_ASSERT_EQUAL(q.l4_len, 8);
	CU_ASSERT_EQUAL(memcmp(q.l4, "\0\1\2\3\4\5\6\7", 8), 0);
}

/* C29 */
static void
c29_cut_quotation_is_refused(void)
{
	uint8_t whole[64];
	struct pw_icmp_quote q;
	uint32_t len;

	memcpy(whole, too_big(8), 36);
	for (len = PW_ICMP_HLEN; len < 36; len++)
		CU_ASSERT_EQUAL(pw_icmp_quote(guard_copy(whole, len), len, &q), PW_DROP_ICMP_SHORT);
	CU_ASSERT_EQUAL(pw_icmp_quote(guard_copy(whole, 36), 36, &q), PW_OK);
}

/* What is said of a quotation whose byte @p at is @p value? */
static enum pw_drop
quote_with(uint32_t at, uint8_t value)
{
	struct pw_icmp_quote q;
	uint8_t *p = too_big(8);

	p[PW_ICMP_HLEN + at] = value;
	return pw_icmp_quote(p, 36, &q);
}

static void
c29_lying_quotation_is_refused(void)
{
	CU_ASSERT_EQUAL(quote_with(0, 0x65), PW_DROP_ICMP_SHORT);
	CU_ASSERT_EQUAL(quote_with(0, 0x44), PW_DROP_ICMP_SHORT);
	CU_ASSERT_EQUAL(quote_with(0, 0x46), PW_DROP_ICMP_SHORT);
	CU_ASSERT_EQUAL(quote_with(0, 0x4f), PW_DROP_ICMP_SHORT);
	CU_ASSERT_EQUAL(quote_with(2, 0), PW_OK);	       /* total length 220 */
	CU_ASSERT_EQUAL(quote_with(7, 1), PW_DROP_ICMP_SHORT); /* a later fragment */
	CU_ASSERT_EQUAL(quote_with(10, 0), PW_OK); /* its checksum is not ours to judge */
}

static void
quotation_ends_with_its_datagram(void)
{
	uint8_t *p = too_big(40);
	struct pw_icmp_quote q;

	CU_ASSERT_EQUAL(pw_icmp_quote(p, 68, &q), PW_OK);
	CU_ASSERT_EQUAL(q.l4_len, 40);
	pw_put_be16(p + PW_ICMP_HLEN + 2, 30);
	CU_ASSERT_EQUAL(pw_icmp_quote(p, 68, &q), PW_OK);
	CU_ASSERT_EQUAL(q.l4_len, 10);
	pw_put_be16(p + PW_ICMP_HLEN + 2, 27);
	CU_ASSERT_EQUAL(pw_icmp_quote(p, 68, &q), PW_DROP_ICMP_SHORT);
}

static void
errors_are_told_from_questions(void)
{
	uint32_t type, n = 0;

	for (type = 0; type < 256; type++)
		n += pw_icmp_is_error((uint8_t)type);
	CU_ASSERT_EQUAL(n, 5);
	CU_ASSERT_TRUE(pw_icmp_is_error(PW_ICMP_UNREACHABLE));
	CU_ASSERT_TRUE(pw_icmp_is_error(PW_ICMP_SOURCE_QUENCH));
	CU_ASSERT_FALSE(pw_icmp_is_error(PW_ICMP_ECHO));
	CU_ASSERT_FALSE(pw_icmp_is_error(PW_ICMP_ECHO_REPLY));
}

/* C22, RFC 1122 section 3.2.2 */
static void
c22_what_is_not_reported(void)
{
	static const uint8_t ask[] = {PW_ICMP_ECHO}, error[] = {PW_ICMP_UNREACHABLE};
	struct pw_ip4_hdr good = {.src = pw_addr_v4(RTE_BE32(0x0a4d0002)),
		.dst = pw_addr_v4(RTE_BE32(0x0a4d0001)),
		.proto = 99};
	struct pw_ip4_hdr h = good;

	CU_ASSERT_TRUE(pw_icmp_may_report(&h, error, 1));
	h.proto = PW_IP_PROTO_ICMP;
	CU_ASSERT_TRUE(pw_icmp_may_report(&h, ask, 1));
	CU_ASSERT_FALSE(pw_icmp_may_report(&h, error, 1));
	CU_ASSERT_FALSE(pw_icmp_may_report(&h, guard_end(0), 0));
	h = good;
	h.mf = true;
	CU_ASSERT_TRUE(pw_icmp_may_report(&h, ask, 1));
	h.frag_off = 8;
	CU_ASSERT_FALSE(pw_icmp_may_report(&h, ask, 1));
	h = good;
	h.dst = pw_addr_v4(RTE_BE32(0xffffffff));
	CU_ASSERT_FALSE(pw_icmp_may_report(&h, ask, 1));
	h = good;
	h.src = pw_addr_v4(0);
	CU_ASSERT_FALSE(pw_icmp_may_report(&h, ask, 1));
}

static void
error_quotes_header_and_eight_bytes(void)
{
	struct pw_icmp_hdr h = {
		.type = PW_ICMP_UNREACHABLE, .code = PW_ICMP_UNREACH_PROTO, .mtu = 0};
	uint8_t dgram[1500], *p = guard_end(36);
	struct pw_icmp_quote q;
	struct pw_icmp_hdr back;

	quoted(dgram, 100);
	CU_ASSERT_EQUAL(pw_icmp_emit_error(p, &h, dgram), 36);
	CU_ASSERT_EQUAL(pw_icmp_check(p, 36), PW_OK);
	pw_icmp_parse(p, &back);
	CU_ASSERT_EQUAL(back.type, PW_ICMP_UNREACHABLE);
	CU_ASSERT_EQUAL(back.code, PW_ICMP_UNREACH_PROTO);
	CU_ASSERT_EQUAL(memcmp(p + PW_ICMP_HLEN, dgram, 28), 0);
	CU_ASSERT_EQUAL(pw_icmp_quote(p, 36, &q), PW_OK);
}

/* The longest header, and a datagram with less than 8 bytes in it. */
static void
error_quotes_what_there_is(void)
{
	struct pw_icmp_hdr h = {.type = PW_ICMP_UNREACHABLE, .code = PW_ICMP_UNREACH_PORT};
	uint8_t dgram[80] = {0}, *p = guard_end(PW_ICMP_ERROR_MAX);
	uint8_t *small;

	quoted(dgram, 0);
	dgram[0] = 0x4f;
	CU_ASSERT_EQUAL(pw_icmp_emit_error(p, &h, dgram), PW_ICMP_ERROR_MAX);
	dgram[0] = 0x45;
	pw_put_be16(dgram + 2, 23);
	small = guard_end(31);
	CU_ASSERT_EQUAL(pw_icmp_emit_error(small, &h, dgram), 31);
	CU_ASSERT_EQUAL(pw_icmp_check(small, 31), PW_OK);
	CU_ASSERT_EQUAL(memcmp(small + PW_ICMP_HLEN, dgram, 23), 0);
}

static void
random_bytes_are_survived(void)
{
	struct pw_rand r;
	uint32_t bad = 0, taken = 0;
	int i;

	printf("seed %#jx ", (uintmax_t)SEED);
	pw_rand_init(&r, SEED);
	for (i = 0; i < 50000; i++) {
		uint32_t len = (uint32_t)pw_rand_below(&r, 90), j;
		uint8_t *p = guard_end(len);
		struct pw_icmp_quote q;

		for (j = 0; j < len; j++)
			p[j] = (uint8_t)pw_rand_u64(&r);
		if (len > 8 && pw_rand_below(&r, 2))
			p[8] = (uint8_t)(0x40 | (p[8] & 7));
		if (len > 15 && pw_rand_below(&r, 2))
			p[14] = p[15] = 0;
		if (len >= 4 && pw_rand_below(&r, 2))
			mend(p, len);
		if (pw_icmp_check(p, len) != PW_OK || pw_icmp_quote(p, len, &q) != PW_OK)
			continue;
		taken++;
		bad += q.l4_len < 8 || q.l4 < p + 28 || q.l4 + q.l4_len > p + len;
	}
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT(taken > 100);
}

static CU_TestInfo tests[] = {
	{"a4_short_messages_are_refused", a4_short_messages_are_refused},
	{"c21_checksum", c21_checksum},
	{"c21_echo_reply", c21_echo_reply},
	{"reply_of_zeroes_has_checksum_ffff", reply_of_zeroes_has_checksum_ffff},
	{"c23_quotation_is_read", c23_quotation_is_read},
	{"c29_cut_quotation_is_refused", c29_cut_quotation_is_refused},
	{"c29_lying_quotation_is_refused", c29_lying_quotation_is_refused},
	{"quotation_ends_with_its_datagram", quotation_ends_with_its_datagram},
	{"errors_are_told_from_questions", errors_are_told_from_questions},
	{"c22_what_is_not_reported", c22_what_is_not_reported},
	{"error_quotes_header_and_eight_bytes", error_quotes_header_and_eight_bytes},
	{"error_quotes_what_there_is", error_quotes_what_there_is},
	{"random_bytes_are_survived", random_bytes_are_survived},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_wire_icmp = {.pName = "wire_icmp", .pTests = tests};
