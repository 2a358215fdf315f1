/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What is read of a frame before anything of it was checked.
 */
#include <stdlib.h>
#include <CUnit/CUnit.h>
#include "loop_priv.h"
#include "rig_loop.h"

static struct rig_buf f;

/* Of the first @p len bytes of the frame, and not one beyond. */
static bool
tuple(uint32_t len, struct pw_tcp_tuple *k)
{
	uint8_t *copy = malloc(len + 1);
	bool got;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy + 1, f.b, len);
	got = ahead_tuple(copy + 1, len, k);
	free(copy);
	return got;
}

static void
tag(void)
{
	memmove(f.b + 16, f.b + 12, f.len - 12);
	f.len += 4;
	f.b[12] = 0x81;
	f.b[13] = 0;
	f.b[14] = 0;
	f.b[15] = 7;
}

static void
ip4(uint8_t proto)
{
	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&f, PEER, US, proto, 20);
	rig_put16(&f, 40000);
	rig_put16(&f, RIG_HTTP);
}

static void
ip6(uint8_t proto)
{
	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x86dd);
	rig_ip6(&f, PEER6, US6, proto, 20);
	rig_put16(&f, 40000);
	rig_put16(&f, RIG_HTTP);
}

static void
expect(const char *src, const char *dst)
{
	struct pw_addr a = rig_addr(src), b = rig_addr(dst);
	struct pw_tcp_tuple k;
	uint32_t len;

	for (len = 0; len < f.len; len++)
		CU_ASSERT_FALSE(tuple(len, &k));
	CU_ASSERT_TRUE(tuple(f.len, &k));
	CU_ASSERT_TRUE(pw_addr_eq(&k.src, &a));
	CU_ASSERT_TRUE(pw_addr_eq(&k.dst, &b));
	CU_ASSERT_EQUAL(k.sport, 40000);
	CU_ASSERT_EQUAL(k.dport, RIG_HTTP);
}

static void
a_segment_tells_its_connection(void)
{
	ip4(6);
	expect(PEER, US);
	tag();
	expect(PEER, US);
	ip6(6);
	expect(PEER6, US6);
	tag();
	expect(PEER6, US6);
}

static void
what_is_no_plain_segment_tells_nothing(void)
{
	struct pw_tcp_tuple k;

	ip4(17);
	CU_ASSERT_FALSE(tuple(f.len, &k));
	ip6(0);
	CU_ASSERT_FALSE(tuple(f.len, &k));
	ip4(6);
	f.b[14] = 0x46; /* options */
	CU_ASSERT_FALSE(tuple(f.len, &k));
	ip4(6);
	f.b[13] = 0x06; /* ARP */
	CU_ASSERT_FALSE(tuple(f.len, &k));
}

static CU_TestInfo tests[] = {
	{"a_segment_tells_its_connection", a_segment_tells_its_connection},
	{"what_is_no_plain_segment_tells_nothing", what_is_no_plain_segment_tells_nothing},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_loop_ahead = {
	.pName = "loop_ahead",
	.pTests = tests,
};
