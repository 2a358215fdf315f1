/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * IPv6 and ICMPv6: cases C30 to C34, C36, C41, C42, attacks A1, A4, A6, A8, A16, A23.
 */
#include <CUnit/CUnit.h>
#include "../link/rig_net.h"
#include "../seg/rig_eal.h"
#include "pw_ip.h"

static struct rig_net n;
static struct pw_ip *ip;
static struct pw_frags *frags;
static struct rig_buf f;
static struct pw_ip_rx out;

static void
know(const char *who)
{
	struct pw_link_rx rx;
	struct pw_ip_hint hint = {0};

	rig_ns(&f, rig_peer_mac, who, US6, US6);
	CU_ASSERT_EQUAL_FATAL(pw_link_input(n.link, f.b, f.len, n.now, &rx), PW_OK);
	CU_ASSERT_EQUAL_FATAL(pw_ip_input(ip, &rx, hint, n.now, &out), PW_OK);
}

static void
open_ip(const char *gateway)
{
	struct pw_ip_cfg cfg = {
		.addrs = n.addrs,
		.n_addrs = n.n_addrs,
		.mtu = 1500,
		.seg = n.seg,
		.link = n.link,
		.frags = frags,
		.drops = &n.drops,
		.mem = &pw_mem_heap,
	};
	struct pw_ip_route dflt = {.bits = 0};

	if (gateway != NULL) {
		dflt.hop = rig_addr(gateway);
		cfg.routes = &dflt;
		cfg.n_routes = 1;
	}
	ip = pw_ip_create(&cfg, n.now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ip);
	/* The neighbours that tests send to are known. */
	know(PEER6);
	know(PEER6_LL);
	know(ROUTER6);
	rig_net_flush(&n);
	rig_port_forget(n.rp);
	memset(&n.drops, 0, sizeof(n.drops));
}

static void
setup(void)
{
	rig_net_open6(&n, 0);
	frags = pw_frags_create(&pw_mem_heap);
	open_ip(ROUTER6);
}

static void
teardown(void)
{
	pw_ip_destroy(ip);
	pw_frags_destroy(frags);
	rig_net_close(&n);
}

/* Receive the frame in f. */
static enum pw_drop
in(void)
{
	struct pw_ip_hint hint = {0};
	struct pw_link_rx rx;
	enum pw_drop why = pw_link_input(n.link, f.b, f.len, n.now, &rx);

	CU_ASSERT_EQUAL_FATAL(why, PW_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rx.l3);
	return pw_ip_input(ip, &rx, hint, n.now, &out);
}

static void
make(const char *src, const char *dst, uint8_t next, const void *bytes, uint32_t len)
{
	struct pw_addr to = rig_addr(dst);
	uint8_t group[6] = {0x33, 0x33, to.b[12], to.b[13], to.b[14], to.b[15]};

	rig_eth(&f, to.b[0] == 0xff ? group : rig_our_mac, rig_peer_mac, 0x86dd);
	rig_ip6(&f, src, dst, next, len);
	rig_put(&f, bytes, len);
}

static const uint8_t zeroes[1600];

static void
make_tcp(void)
{
	make(PEER6, US6, 6, zeroes, 20);
}

/* An echo request with @p data bytes behind its header. */
static void
make_echo(const char *src, const char *dst, uint32_t data)
{
	uint8_t msg[1600] = {128, 0, 0, 0, 0xbe, 0xef, 0, 7};
	uint32_t i;

	for (i = 0; i < data; i++)
		msg[8 + i] = rig_byte(i);
	rig_icmp6(&f, rig_peer_mac, src, dst, 64, msg, 8 + data);
}

/* An error from ROUTER6 that quotes a segment from @p quoted_src port 80 to PEER6. */
static void
make_error(uint8_t type, uint8_t code, uint32_t word, const char *quoted_src)
{
	static struct rig_buf q;

	q.len = 0;
	rig_put8(&q, type);
	rig_put8(&q, code);
	rig_put16(&q, 0);
	rig_put32(&q, word);
	rig_ip6(&q, quoted_src, PEER6, 6, 1440);
	rig_put32(&q, 80u << 16 | 50000);
	rig_put32(&q, 0x01020304);
	rig_icmp6(&f, rig_peer_mac, ROUTER6, US6, 255, q.b, q.len);
}

static void
expect_silence(void)
{
	CU_ASSERT_EQUAL(rig_net_flush(&n), 0);
}

/* The one packet sent: checked by itself, returned from its IPv6 header on. */
static const uint8_t *
sent_packet(void)
{
	const uint8_t *p;

	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	CU_ASSERT_FATAL(n.rp->sent[0].len >= 14 + 40);
	CU_ASSERT_EQUAL(rig_get16(n.rp->sent[0].bytes + 12), 0x86dd);
	p = n.rp->sent[0].bytes + 14;
	CU_ASSERT_EQUAL(p[0], 0x60);
	CU_ASSERT_EQUAL(rig_get16(p + 4), n.rp->sent[0].len - 14 - 40);
	return p;
}

static bool
is_addr(const uint8_t *p, const char *text)
{
	struct pw_addr a = rig_addr(text);

	return memcmp(p, a.b, 16) == 0;
}

/* Likewise, of ICMPv6, its checksum right. */
static const uint8_t *
sent_icmp(const char *from, const char *to)
{
	const uint8_t *p = sent_packet();
	uint32_t len = rig_get16(p + 4);
	uint8_t pseudo[8] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, 58};

	CU_ASSERT_EQUAL(p[6], 58);
	CU_ASSERT_TRUE(is_addr(p + 8, from));
	CU_ASSERT_TRUE(is_addr(p + 24, to));
	CU_ASSERT_EQUAL(rig_sum(p + 40, len, rig_sum(pseudo, 8, rig_sum(p + 8, 32, 0))), 0xffff);
	return p + 40;
}

static void
a_segment_is_handed_over(void)
{
	struct pw_addr src = rig_addr(PEER6), dst = rig_addr(US6);

	make_tcp();
	f.b[14] = 0x60;
	f.b[15] = 0x30;		   /* the lower bits of the traffic class: CE */
	rig_put32(&f, 0xdeadbeef); /* padding */
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_TCP);
	CU_ASSERT_TRUE(pw_addr_eq(&out.src, &src) && pw_addr_eq(&out.dst, &dst));
	CU_ASSERT_PTR_EQUAL(out.l4, f.b + 54);
	CU_ASSERT_EQUAL(out.len, 20);
	CU_ASSERT_EQUAL(out.ecn, PW_IP_ECN_CE);
	make(PEER6_LL, US6_LL, 6, zeroes, 20);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_TCP);
}

static void
c30_a01_lying_lengths_are_dropped(void)
{
	make_tcp();
	f.b[18] = 1;
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_LEN);
	make_tcp();
	f.b[14] = 0x45;
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_HDR);
	make_tcp();
	for (f.len = 14; f.len < 54 + 20; f.len++)
		CU_ASSERT_NOT_EQUAL(in(), PW_OK);
	expect_silence();
}

static void
c11_not_ours_is_not_forwarded(void)
{
	static const char *const others[] = {"fd00::7", FAR6, "fe80::7", "ff02::2",
		"ff02::1:ff00:7", "ff05::1", "::ffff:10.0.0.1"};
	size_t i;

	for (i = 0; i < RTE_DIM(others); i++) {
		struct pw_addr to = rig_addr(others[i]);

		make(PEER6, US6, 6, zeroes, 20);
		memcpy(f.b + 14 + 24, to.b, 16);
		CU_ASSERT_EQUAL(in(), PW_DROP_IP6_NOT_OURS);
	}
	expect_silence();
}

static void
a23_land_and_impossible_sources(void)
{
	static const char *const bad[] = {"::", "::1", "ff02::1", "::ffff:10.0.0.2"};
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		struct pw_addr from = rig_addr(bad[i]);

		make_tcp();
		memcpy(f.b + 14 + 8, from.b, 16);
		CU_ASSERT_EQUAL(in(), PW_DROP_IP6_SRC);
	}
	make(US6, US6, 6, zeroes, 20);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP_LAND);
	make(US6_LL, US6, 6, zeroes, 20);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP_LAND);
	make(PEER6, "ff02::1", 6, zeroes, 20);
	CU_ASSERT_EQUAL(in(), PW_DROP_TCP_MULTICAST);
	expect_silence();
}

/* The families are apart, though one memory holds the addresses of both. */
static void
ipv4_does_not_come_by_ipv6(void)
{
	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&f, PEER, US, 6, 20);
	rig_put(&f, zeroes, 20);
	CU_ASSERT_EQUAL(in(), PW_OK); /* these two are found good by IPv4 */
	make_tcp();
	memset(f.b + 14 + 8, 0, 32); /* ::ffff:10.0.0.2 and .1, which is how they are kept */
	memcpy(f.b + 14 + 18, "\xff\xff\x0a\0\0\2", 6);
	memcpy(f.b + 14 + 34, "\xff\xff\x0a\0\0\1", 6);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_NOT_OURS);
}

/* Not even before anybody was found good, nor after addresses have changed. */
static void
from_nobody_to_nobody(void)
{
	struct pw_if_addr more = {rig_addr("fd00::3"), 64};

	CU_ASSERT_EQUAL(pw_ip_addr_add(ip, &more), 0);
	make_tcp();
	memset(f.b + 14 + 8, 0, 32);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_NOT_OURS);
}

static void
c31_c32_c34_parameter_problems(void)
{
	static const struct {
		const char *bytes;
		uint8_t len, next, code, drop, pointer;
	} bad[] = {
		{"\0\0\1\4\0\0\0\0\6\0\1\4\0\0\0\0", 16, 60, 1, PW_DROP_IP6_EXT, 40},
		{"\6\0\x9e\4\0\0\0\0", 8, 0, 2, PW_DROP_IP6_OPTION, 42},
		{"\6\0\xde\4\0\0\0\0", 8, 60, 2, PW_DROP_IP6_OPTION, 42},
		{"\6\0\0\1\0\0\0\0", 8, 43, 0, PW_DROP_IP6_ROUTING, 42},
	};
	const uint8_t *p;
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		make(PEER6, US6, bad[i].next, bad[i].bytes, bad[i].len);
		CU_ASSERT_EQUAL(in(), bad[i].drop);
		p = sent_icmp(US6, PEER6);
		CU_ASSERT_EQUAL(p[0], 4);
		CU_ASSERT_EQUAL(p[1], bad[i].code);
		CU_ASSERT_EQUAL(p[7], bad[i].pointer);
		CU_ASSERT_EQUAL(memcmp(p + 8, f.b + 14, 40u + bad[i].len), 0);
		rig_port_forget(n.rp);
	}
	make(PEER6, US6, 0, "\6\0\x5e\4\0\0\0\0", 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_OPTION);
	expect_silence();
}

/* RFC 4443 2.4 e.3: an option may be reported though a group was asked; from one of us. */
static void
c32_a_group_is_told_of_options_only(void)
{
	make(PEER6, "ff02::1", 60, "\6\0\x9e\4\0\0\0\0", 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_OPTION);
	CU_ASSERT_EQUAL(sent_icmp(US6, PEER6)[0], 4);
	rig_port_forget(n.rp);
	make(PEER6, "ff02::1", 60, "\6\0\xde\4\0\0\0\0", 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_OPTION);
	make(PEER6, "ff02::1", 132, zeroes, 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_PROTO);
	expect_silence();
}

static void
c33_a06_chains_are_bounded(void)
{
	uint8_t many[20 * 8] = {0};
	uint32_t i;

	for (i = 0; i < sizeof(many); i += 8)
		many[i] = 60, many[i + 2] = 1, many[i + 3] = 4;
	make(PEER6, US6, 60, many, sizeof(many));
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_EXT_LIMIT);
	make(PEER6, US6, 60, "\6\xff\1\4\0\0\0\0", 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_CHAIN);
	expect_silence();
}

static void
c36_an_atomic_fragment_reaches_tcp(void)
{
	uint8_t b[28] = {6};

	make(PEER6, US6, 44, b, sizeof(b));
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_TCP);
	CU_ASSERT_EQUAL(out.len, 20);
	CU_ASSERT_PTR_EQUAL(out.l4, f.b + 14 + 48);
}

/* A fragment that begins or goes on a TCP segment. */
static enum pw_drop
in_fragment(uint16_t off_flags, const void *bytes, uint32_t len)
{
	uint8_t b[8 + 64] = {6, 0, (uint8_t)(off_flags >> 8), (uint8_t)off_flags, 1, 2, 3, 4};

	memcpy(b + 8, bytes, len);
	make(PEER6, US6, 44, b, 8 + len);
	return in();
}

static void
c16_fragments_become_one_segment(void)
{
	struct pw_addr src = rig_addr(PEER6);

	CU_ASSERT_EQUAL(in_fragment(24, "the second piece", 16), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_DONE);
	CU_ASSERT_EQUAL(in_fragment(1, "what begins as a segment", 24), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_TCP_WHOLE);
	CU_ASSERT_TRUE(pw_addr_eq(&out.src, &src));
	CU_ASSERT_EQUAL_FATAL(out.len, 40);
	CU_ASSERT_EQUAL(memcmp(out.l4, "what begins as a segmentthe second piece", 40), 0);
	CU_ASSERT_EQUAL(out.whole_len, 80);
	expect_silence();
}

static void
c35_c37_a24_fragments_that_lie(void)
{
	CU_ASSERT_EQUAL(in_fragment(1, "what begins as a segment", 24), PW_OK);
	CU_ASSERT_EQUAL(in_fragment(17, "overlaps", 8), PW_DROP_FRAG_OVERLAP);
	CU_ASSERT_EQUAL(in_fragment(24, "the second piece", 16), PW_DROP_FRAG_OVERLAP);
	CU_ASSERT_EQUAL(in_fragment(1, "too short for TCP", 16), PW_DROP_IP6_CHAIN);
	expect_silence();
}

/* RFC 8200 4.5 */
static void
c18_impossible_fragments_are_reported(void)
{
	CU_ASSERT_EQUAL(in_fragment(9, "seven b", 7), PW_DROP_FRAG_BAD);
	CU_ASSERT_EQUAL(rig_get16(sent_icmp(US6, PEER6)), 0x0400);
	CU_ASSERT_EQUAL(sent_icmp(US6, PEER6)[7], 4);
	rig_port_forget(n.rp);
	CU_ASSERT_EQUAL(in_fragment(65528, "eight by", 8), PW_DROP_FRAG_SIZE);
	CU_ASSERT_EQUAL(sent_icmp(US6, PEER6)[7], 42);
}

/* RFC 6980: discovery does not come in fragments, not even atomic ones. */
static void
c38_no_discovery_behind_a_fragment_header(void)
{
	uint8_t msg[8 + 32] = {58};
	struct rig_buf ns;

	rig_ns(&ns, rig_peer_mac, PEER6, US6, US6);
	memcpy(msg + 8, ns.b + 54, 32);
	make(PEER6, US6, 44, msg, sizeof(msg));
	f.b[21] = 255;
	CU_ASSERT_EQUAL(in(), PW_DROP_ND_BAD);
	expect_silence();
}

static void
a24_fragments_of_fragments(void)
{
	uint8_t b[8 + 48] = {44, 0, 0, 1, 1, 2, 3, 4, 6, 0, 0, 0, 9, 9, 9, 9};

	make(PEER6, US6, 44, b, sizeof(b));
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_EXT);
	b[0] = 60; /* the inner one comes to light when they are put together */
	b[8] = 44, b[9] = 0, b[10] = 1, b[11] = 4;
	memset(b + 12, 0, 4);
	b[16] = 6, b[19] = 1;
	make(PEER6, US6, 44, b, 8 + 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_CHAIN);
	expect_silence();
}

static void
c13_a08_unknown_next_headers_are_reported(void)
{
	static const uint8_t unknown[] = {132, 41, 4, 50, 51, 135};
	const uint8_t *p;
	size_t i;

	for (i = 0; i < RTE_DIM(unknown); i++) {
		make(PEER6, US6, unknown[i], zeroes, 16);
		CU_ASSERT_EQUAL(in(), PW_DROP_IP6_PROTO);
		p = sent_icmp(US6, PEER6);
		CU_ASSERT_EQUAL(rig_get16(p), 0x0401);
		CU_ASSERT_EQUAL(p[7], 6);
		rig_port_forget(n.rp);
	}
	make(PEER6, US6, 17, zeroes, 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_PROTO);
	CU_ASSERT_EQUAL(rig_get16(sent_icmp(US6, PEER6)), 0x0104);
	rig_port_forget(n.rp);
	make(PEER6, US6, 59, zeroes, 8); /* "no next header" says what it says */
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_PROTO);
	expect_silence();
}

static void
c13_errors_of_both_families_share_a_bound(void)
{
	uint32_t i;

	for (i = 0; i < 200; i++) {
		make(PEER6, US6, 132, zeroes, 8);
		CU_ASSERT_EQUAL(in(), PW_DROP_IP6_PROTO);
	}
	CU_ASSERT_EQUAL(rig_net_flush(&n), PW_IP_ICMP_BURST);
	CU_ASSERT_EQUAL(n.drops.n[PW_DROP_ICMP_RATE], 200 - PW_IP_ICMP_BURST);
}

static void
c22_no_error_about_an_error(void)
{
	uint8_t msg[16] = {60, 0, 0x9e, 4};

	msg[0] = 58; /* an unknown option before an error, and before a redirect */
	msg[8] = 1;
	make(PEER6, US6, 60, msg, sizeof(msg));
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_OPTION);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 1); /* what is behind it was not looked at */
	rig_port_forget(n.rp);
	make_error(3, 0, 0, US6);
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_TYPE);
	expect_silence();
}

static void
c42_echo_is_answered(void)
{
	static const uint32_t data[] = {0, 1, 56, 1451, 1452};
	const uint8_t *p;
	size_t i;

	for (i = 0; i < RTE_DIM(data); i++) {
		make_echo(PEER6, US6, data[i]);
		CU_ASSERT_EQUAL(in(), PW_OK);
		p = sent_icmp(US6, PEER6);
		CU_ASSERT_EQUAL(rig_get16(p), 129 << 8);
		CU_ASSERT_EQUAL(rig_get16(p - 40 + 4), 8 + data[i]);
		CU_ASSERT_EQUAL(memcmp(p + 4, f.b + 14 + 44, 4 + data[i]), 0);
		CU_ASSERT_EQUAL(p[-33], 64);
		rig_port_forget(n.rp);
	}
}

/* RFC 4443 4.2: from an address of ours, of the scope of who asks. */
static void
c42_echo_to_all_is_answered_within_the_rate(void)
{
	uint32_t i;

	make_echo(PEER6_LL, "ff02::1", 8);
	CU_ASSERT_EQUAL(in(), PW_OK);
	sent_icmp(US6_LL, PEER6_LL);
	rig_port_forget(n.rp);
	make_echo(PEER6, "ff02::1", 8);
	for (i = 0; i < 100; i++)
		in();
	CU_ASSERT_EQUAL(rig_net_flush(&n), PW_IP_ICMP_BURST - 1);
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_RATE);
}

static void
c42_a04_bad_echos_are_dropped(void)
{
	struct pw_addr all = rig_addr("ff02::1");
	uint32_t len;

	make_echo("::", "ff02::1", 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_SRC);
	make_echo(PEER6, US6, 8);
	memcpy(f.b + 14 + 8, all.b, 16);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP6_SRC);
	make_echo(PEER6, US6, 8);
	f.b[f.len - 1] ^= 1;
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_CKSUM);
	for (len = 0; len < 8; len++) {
		make(PEER6, US6, 58, zeroes, len);
		CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_SHORT);
	}
	expect_silence();
}

static void
c41_too_big_never_goes_below_1280(void)
{
	struct pw_addr us = rig_addr(US6), peer = rig_addr(PEER6);

	make_error(2, 0, 1400, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_TOO_BIG);
	CU_ASSERT_EQUAL(out.mtu, 1400);
	CU_ASSERT_TRUE(pw_addr_eq(&out.src, &us) && pw_addr_eq(&out.dst, &peer));
	CU_ASSERT_EQUAL(rig_get16(out.l4), 80);
	CU_ASSERT_EQUAL(rig_get16(out.l4 + 6), 0x0304);
	make_error(2, 0, 1279, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.mtu, 1280);
	make_error(2, 0, 0, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.mtu, 1280);
}

static void
c26_a16_other_errors(void)
{
	make_error(1, 4, 0, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_UNREACHABLE);
	make_error(4, 1, 6, US6);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_UNREACHABLE);
	make_error(1, 0, 0, US6); /* no route: a hint */
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_TYPE);
	make_error(2, 0, 1300, "fd00::7"); /* about somebody else */
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_STRAY);
	expect_silence();
}

static void
send_one(const char *src, const char *dst)
{
	struct rte_mbuf *m = pw_seg_message(n.seg, "12345678", 8);
	struct pw_addr from = rig_addr(src), to = rig_addr(dst);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	pw_ip_output(ip, m, &from, &to, 6, PW_IP_ECN_ECT0, n.now);
}

static void
c20_what_we_send(void)
{
	struct rte_mbuf *m = pw_seg_message(n.seg, "12345678", 8);
	struct pw_addr from = rig_addr(US6), to = rig_addr(PEER6);
	const uint8_t *p;

	pw_ip_output(ip, m, &from, &to, 6, 0, n.now);
	p = sent_packet();
	CU_ASSERT_EQUAL(p[6], 6);
	CU_ASSERT_EQUAL(p[7], 64);
	CU_ASSERT_TRUE(is_addr(p + 8, US6) && is_addr(p + 24, PEER6));
	CU_ASSERT_EQUAL(memcmp(p + 40, "12345678", 8), 0);
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[0].bytes, rig_peer_mac, 6), 0);
}

static void
c160_ecn_is_in_the_traffic_class(void)
{
	send_one(US6, PEER6);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	CU_ASSERT_EQUAL(rig_get16(n.rp->sent[0].bytes + 14), 0x6020);
}

static void
far_hosts_are_reached_by_the_gateway(void)
{
	send_one(US6, FAR6);
	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[0].bytes, rig_peer_mac, 6), 0);
	CU_ASSERT_TRUE(is_addr(n.rp->sent[0].bytes + 14 + 24, FAR6));
	pw_ip_destroy(ip);
	open_ip(NULL);
	send_one(US6, FAR6);
	expect_silence();
	CU_ASSERT_EQUAL(n.drops.n[PW_DROP_IP_NO_ROUTE], 1);
}

static CU_TestInfo tests[] = {
	{"a_segment_is_handed_over", a_segment_is_handed_over},
	{"c30_a01_lying_lengths_are_dropped", c30_a01_lying_lengths_are_dropped},
	{"c11_not_ours_is_not_forwarded", c11_not_ours_is_not_forwarded},
	{"a23_land_and_impossible_sources", a23_land_and_impossible_sources},
	{"ipv4_does_not_come_by_ipv6", ipv4_does_not_come_by_ipv6},
	{"from_nobody_to_nobody", from_nobody_to_nobody},
	{"c31_c32_c34_parameter_problems", c31_c32_c34_parameter_problems},
	{"c32_a_group_is_told_of_options_only", c32_a_group_is_told_of_options_only},
	{"c33_a06_chains_are_bounded", c33_a06_chains_are_bounded},
	{"c36_an_atomic_fragment_reaches_tcp", c36_an_atomic_fragment_reaches_tcp},
	{"c16_fragments_become_one_segment", c16_fragments_become_one_segment},
	{"c35_c37_a24_fragments_that_lie", c35_c37_a24_fragments_that_lie},
	{"c18_impossible_fragments_are_reported", c18_impossible_fragments_are_reported},
	{"c38_no_discovery_behind_a_fragment_header", c38_no_discovery_behind_a_fragment_header},
	{"a24_fragments_of_fragments", a24_fragments_of_fragments},
	{"c13_a08_unknown_next_headers_are_reported", c13_a08_unknown_next_headers_are_reported},
	{"c13_errors_of_both_families_share_a_bound", c13_errors_of_both_families_share_a_bound},
	{"c22_no_error_about_an_error", c22_no_error_about_an_error},
	{"c42_echo_is_answered", c42_echo_is_answered},
	{"c42_echo_to_all_is_answered_within_the_rate",
		c42_echo_to_all_is_answered_within_the_rate},
	{"c42_a04_bad_echos_are_dropped", c42_a04_bad_echos_are_dropped},
	{"c41_too_big_never_goes_below_1280", c41_too_big_never_goes_below_1280},
	{"c26_a16_other_errors", c26_a16_other_errors},
	{"c20_what_we_send", c20_what_we_send},
	{"c160_ecn_is_in_the_traffic_class", c160_ecn_is_in_the_traffic_class},
	{"far_hosts_are_reached_by_the_gateway", far_hosts_are_reached_by_the_gateway},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_ip_input6 = {
	.pName = "ip_input6",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
