/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <string.h>
#include <CUnit/CUnit.h>
#include "guard.h"
#include "pw_wire_icmp6.h"
#include "pw_wire_ip4.h"

static struct pw_addr us, peer;

static void
setup(void)
{
	pw_addr_parse("fd00::1", &us);
	pw_addr_parse("fd00::9", &peer);
}

static uint8_t *
echo(uint32_t n)
{
	uint8_t *p = guard_end(PW_ICMP6_HLEN + n);

	memset(p, 0xab, PW_ICMP6_HLEN + n);
	p[0] = PW_ICMP6_ECHO;
	p[1] = 0;
	pw_icmp6_finish(p, PW_ICMP6_HLEN + n, &peer, &us);
	return p;
}

static void
a04_short_messages_are_refused(void)
{
	uint32_t len;

	for (len = 0; len < PW_ICMP6_HLEN; len++) {
		uint8_t *p = guard_end(len);

		memset(p, 0, len);
		CU_ASSERT_EQUAL(pw_icmp6_check(p, len, &peer, &us), PW_DROP_ICMP_SHORT);
	}
}

/* Unlike that of ICMP, it is over the addresses too. */
static void
the_checksum_covers_the_addresses(void)
{
	uint8_t *p = echo(5);
	struct pw_addr other = us;

	CU_ASSERT_EQUAL(pw_icmp6_check(p, 13, &peer, &us), PW_OK);
	CU_ASSERT_EQUAL(pw_icmp6_check(p, 12, &peer, &us), PW_DROP_ICMP_CKSUM);
	other.b[15] ^= 2;
	CU_ASSERT_EQUAL(pw_icmp6_check(p, 13, &peer, &other), PW_DROP_ICMP_CKSUM);
	p[12] ^= 1;
	CU_ASSERT_EQUAL(pw_icmp6_check(p, 13, &peer, &us), PW_DROP_ICMP_CKSUM);
}

/* "Too big" about a segment of ours of which @p n bytes are quoted. */
static uint8_t *
too_big(uint32_t n)
{
	struct pw_icmp6_hdr h = {.type = PW_ICMP6_TOO_BIG, .mtu = 1400};
	uint8_t dgram[PW_IP6_HLEN + 64] = {0};
	struct pw_ip6_hdr ip = {.src = us,
		.dst = peer,
		.payload_len = 1440,
		.next = PW_IP_PROTO_TCP,
		.hop_limit = 1};
	uint8_t *p = guard_end(PW_ICMP6_HLEN + PW_IP6_HLEN + n);

	pw_ip6_emit(dgram, &ip);
	CU_ASSERT_EQUAL(pw_icmp6_emit_error(p, &h, &peer, &us, dgram, PW_IP6_HLEN + n),
		PW_ICMP6_HLEN + PW_IP6_HLEN + n);
	CU_ASSERT_EQUAL(pw_icmp6_check(p, PW_ICMP6_HLEN + PW_IP6_HLEN + n, &peer, &us), PW_OK);
	return p;
}

static void
c29_quotations_may_be_cut_but_not_too_short(void)
{
	struct pw_icmp6_quote q;
	struct pw_icmp6_hdr h;
	uint32_t n;
	uint8_t *p;

	for (n = 0; n < PW_ICMP6_QUOTE_LEN; n++)
		CU_ASSERT_EQUAL(pw_icmp6_quote(too_big(n), PW_ICMP6_HLEN + PW_IP6_HLEN + n, &q),
			PW_DROP_ICMP_SHORT);
	p = too_big(20);
	pw_icmp6_parse(p, &h);
	CU_ASSERT_EQUAL(h.type, PW_ICMP6_TOO_BIG);
	CU_ASSERT_EQUAL(h.mtu, 1400);
	CU_ASSERT_EQUAL(pw_icmp6_quote(p, PW_ICMP6_HLEN + PW_IP6_HLEN + 20, &q), PW_OK);
	CU_ASSERT_EQUAL(q.l4_len, 20);
	CU_ASSERT_EQUAL(q.ip.next, PW_IP_PROTO_TCP);
	CU_ASSERT_TRUE(pw_addr_eq(&q.ip.src, &us));
	p[PW_ICMP6_HLEN] = 0x45;
	CU_ASSERT_EQUAL(
		pw_icmp6_quote(p, PW_ICMP6_HLEN + PW_IP6_HLEN + 20, &q), PW_DROP_ICMP_SHORT);
}

/* RFC 4443 2.4 c: as much as possible without exceeding the minimum MTU. */
static void
an_error_fits_every_link(void)
{
	static uint8_t dgram[4000];
	uint8_t *p = guard_end(PW_ICMP6_ERROR_MAX);
	struct pw_icmp6_hdr h = {.type = PW_ICMP6_PARAMETER, .code = 1, .pointer = 6};

	dgram[0] = 0x60;
	CU_ASSERT_EQUAL(pw_icmp6_emit_error(p, &h, &us, &peer, dgram, sizeof(dgram)),
		PW_IP6_MTU_MIN - PW_IP6_HLEN);
	CU_ASSERT_EQUAL(pw_get_be32(p + 4), 6);
	CU_ASSERT_EQUAL(pw_icmp6_check(p, PW_ICMP6_ERROR_MAX, &us, &peer), PW_OK);
}

static CU_TestInfo tests[] = {
	{"a04_short_messages_are_refused", a04_short_messages_are_refused},
	{"the_checksum_covers_the_addresses", the_checksum_covers_the_addresses},
	{"c29_quotations_may_be_cut_but_not_too_short",
		c29_quotations_may_be_cut_but_not_too_short},
	{"an_error_fits_every_link", an_error_fits_every_link},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_wire_icmp6 = {.pName = "wire_icmp6", .pSetUpFunc = setup, .pTests = tests};
