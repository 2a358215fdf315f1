/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Case C38: what RFC 4861 sections 6.1 and 7.1 call invalid.
 */
#include <string.h>
#include <CUnit/CUnit.h>
#include "guard.h"
#include "pw_wire_nd.h"

static struct pw_addr us, peer, none, group;
static struct pw_nd out;

static void
setup(void)
{
	pw_addr_parse("fd00::1", &us);
	pw_addr_parse("fd00::9", &peer);
	group = pw_ip6_solicited_node(&us);
}

static const struct pw_nd sent = {
	.flags = PW_ND_SOLICITED,
	.has_mac = true,
	.mac = {2, 0, 0, 0, 0, 9},
};

/* A solicitation for us from @p src, at an unreadable page. */
static struct pw_nd_msg
solicitation(const struct pw_addr *src, bool has_mac)
{
	struct pw_nd_msg m = {.hop_limit = 255, .src = *src, .dst = group};
	uint8_t b[PW_ND_NS_LEN];
	struct pw_nd nd = sent;

	nd.target = us;
	nd.flags = 0;
	nd.has_mac = has_mac;
	m.len = pw_nd_emit_ns(b, &nd, src, &group);
	m.p = guard_copy(b, m.len);
	CU_ASSERT_EQUAL(pw_icmp6_check(m.p, m.len, src, &group), PW_OK);
	return m;
}

static struct pw_nd_msg
advertisement(uint8_t flags, bool has_mac)
{
	struct pw_nd_msg m = {.hop_limit = 255, .src = peer, .dst = us};
	uint8_t b[PW_ND_NA_LEN];
	struct pw_nd nd = sent;

	nd.target = peer;
	nd.flags = flags;
	nd.has_mac = has_mac;
	m.len = pw_nd_emit_na(b, &nd, &peer, &us);
	m.p = guard_copy(b, m.len);
	return m;
}

static void
messages_come_back_as_they_were(void)
{
	struct pw_nd_msg m = solicitation(&peer, true);

	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_OK);
	CU_ASSERT_TRUE(pw_addr_eq(&out.target, &us));
	CU_ASSERT_TRUE(out.has_mac && pw_mac_eq(out.mac, sent.mac));
	m = advertisement(PW_ND_SOLICITED | PW_ND_OVERRIDE, false);
	CU_ASSERT_EQUAL(pw_nd_parse_na(&m, &out), PW_OK);
	CU_ASSERT_TRUE(pw_addr_eq(&out.target, &peer));
	CU_ASSERT_EQUAL(out.flags, PW_ND_SOLICITED | PW_ND_OVERRIDE);
	CU_ASSERT_FALSE(out.has_mac);
	m = solicitation(&none, false); /* is it free? */
	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_OK);
}

static void
c38_what_was_forwarded_is_refused(void)
{
	struct pw_nd_msg m = solicitation(&peer, true);

	m.hop_limit = 254;
	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_DROP_ND_BAD);
	m = advertisement(PW_ND_SOLICITED, true);
	m.hop_limit = 64;
	CU_ASSERT_EQUAL(pw_nd_parse_na(&m, &out), PW_DROP_ND_BAD);
}

static void
c38_malformed_messages_are_refused(void)
{
	struct pw_nd_msg m = solicitation(&peer, true);
	uint8_t b[40];
	uint32_t len;

	memcpy(b, m.p, 32);
	b[1] = 1; /* code */
	m.p = b;
	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_DROP_ND_BAD);
	b[1] = 0;
	b[25] = 0; /* option length */
	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_DROP_ND_BAD);
	b[25] = 2; /* beyond the message */
	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_DROP_ND_BAD);
	b[25] = 1;
	b[26] |= 1; /* a group's MAC address */
	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_DROP_ND_BAD);
	b[26] &= 0xfe;
	b[8] = 0xff; /* a multicast target */
	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_DROP_ND_BAD);
	b[8] = 0xfd;
	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_OK);
	for (len = PW_ICMP6_HLEN; len < 32; len++) {
		m.p = guard_copy(b, len);
		m.len = len;
		CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), len == 24 ? PW_OK : PW_DROP_ND_BAD);
	}
}

static void
c38_rules_about_addresses(void)
{
	struct pw_nd_msg m = solicitation(&none, true); /* nobody is at a MAC address */

	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_DROP_ND_BAD);
	m = solicitation(&none, false);
	m.dst = us; /* not to the group */
	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_DROP_ND_BAD);
	m = advertisement(PW_ND_SOLICITED, true);
	m.dst = pw_ip6_all_nodes(); /* all have not solicited it */
	CU_ASSERT_EQUAL(pw_nd_parse_na(&m, &out), PW_DROP_ND_BAD);
	m = advertisement(0, true);
	m.dst = pw_ip6_all_nodes();
	CU_ASSERT_EQUAL(pw_nd_parse_na(&m, &out), PW_OK);
}

/* An option that is not known is stepped over (section 9). */
static void
other_options_are_stepped_over(void)
{
	struct pw_nd_msg m = solicitation(&peer, true);
	uint8_t b[48] = {0};

	memcpy(b, m.p, 24);
	b[24] = 14, b[25] = 2;
	memcpy(b + 40, m.p + 24, 8);
	m.p = guard_copy(b, sizeof(b));
	m.len = sizeof(b);
	CU_ASSERT_EQUAL(pw_nd_parse_ns(&m, &out), PW_OK);
	CU_ASSERT_TRUE(out.has_mac && pw_mac_eq(out.mac, sent.mac));
}

static CU_TestInfo tests[] = {
	{"messages_come_back_as_they_were", messages_come_back_as_they_were},
	{"c38_what_was_forwarded_is_refused", c38_what_was_forwarded_is_refused},
	{"c38_malformed_messages_are_refused", c38_malformed_messages_are_refused},
	{"c38_rules_about_addresses", c38_rules_about_addresses},
	{"other_options_are_stepped_over", other_options_are_stepped_over},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_wire_nd = {.pName = "wire_nd", .pSetUpFunc = setup, .pTests = tests};
