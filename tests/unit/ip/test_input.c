/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * IPv4 and ICMP: cases C2, C9 to C29, attacks A1 to A4, A7, A8, A16, A23.
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "../link/rig_net.h"
#include "../seg/rig_eal.h"
#include "pw_ip.h"

static struct rig_net n;
static struct pw_ip *ip;
static struct pw_frags *frags;
static struct rig_buf f;
static struct pw_ip_rx out;
static struct pw_ip_hint hint;

static void
open_ip(const char *gateway)
{
	struct pw_ip_cfg cfg = {
		.addrs = n.addrs,
		.n_addrs = 2,
		.mtu = 1500,
		.seg = n.seg,
		.link = n.link,
		.frags = frags,
		.drops = &n.drops,
		.mem = &pw_mem_heap,
	};
	struct pw_ip_route dflt = {.dst = rig_addr("0.0.0.0"), .bits = 96};
	struct pw_link_rx rx;

	if (gateway != NULL) {
		dflt.hop = rig_addr(gateway);
		cfg.routes = &dflt;
		cfg.n_routes = 1;
	}
	ip = pw_ip_create(&cfg, n.now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ip);
	/* The neighbours that tests send to are known. */
	rig_arp(&f, rig_all_mac, 1, rig_peer_mac, PEER, rig_our_mac, US);
	CU_ASSERT_EQUAL(pw_link_input(n.link, f.b, f.len, n.now, &rx), PW_OK);
	rig_arp(&f, rig_all_mac, 1, rig_peer_mac, ROUTER, rig_our_mac, US);
	CU_ASSERT_EQUAL(pw_link_input(n.link, f.b, f.len, n.now, &rx), PW_OK);
	rig_net_flush(&n);
	rig_port_forget(n.rp);
}

static void
setup(void)
{
	rig_net_open(&n, 0);
	frags = pw_frags_create(&pw_mem_heap);
	open_ip(ROUTER);
	memset(&hint, 0, sizeof(hint));
}

static void
teardown(void)
{
	pw_ip_destroy(ip);
	pw_frags_destroy(frags);
	rig_net_close(&n);
}

/* Receive the frame in f; the packet starts behind its Ethernet header. */
static enum pw_drop
in(void)
{
	struct pw_link_rx rx;
	enum pw_drop why = pw_link_input(n.link, f.b, f.len, n.now, &rx);

	CU_ASSERT_EQUAL_FATAL(why, PW_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rx.l3);
	return pw_ip_input(ip, &rx, hint, n.now, &out);
}

/* A packet from @p src to @p dst with @p len bytes of layer 4, all zero. */
static void
make(const char *src, const char *dst, uint8_t proto, uint32_t len)
{
	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&f, src, dst, proto, len);
	while (len-- > 0)
		rig_put8(&f, 0);
}

static void
make_tcp(void)
{
	make(PEER, US, 6, 20);
}

/* Give the ICMP message at the end of the frame, @p len long, its checksum. */
static void
fix_icmp(uint32_t len)
{
	uint8_t *p = f.b + f.len - len;
	uint16_t sum;

	p[2] = p[3] = 0;
	sum = (uint16_t)~rig_sum(p, len, 0);
	p[2] = (uint8_t)(sum >> 8);
	p[3] = (uint8_t)sum;
}

static void
make_echo(const char *src, const char *dst, uint32_t data)
{
	uint32_t i;

	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&f, src, dst, 1, 8 + data);
	rig_put32(&f, 0x08000000);
	rig_put32(&f, 0xbeef0007);
	for (i = 0; i < data; i++)
		rig_put8(&f, rig_byte(i));
	fix_icmp(8 + data);
}

/* An ICMP error that quotes a segment from US port 80 to PEER, SEQ 0x01020304. */
static void
make_error(uint8_t type, uint8_t code, uint16_t mtu, const char *quoted_src)
{
	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&f, ROUTER, US, 1, 8 + 28);
	rig_put8(&f, type);
	rig_put8(&f, code);
	rig_put32(&f, 0);
	rig_put16(&f, mtu);
	rig_ip4(&f, quoted_src, PEER, 6, 1000);
	rig_put32(&f, 80u << 16 | 50000);
	rig_put32(&f, 0x01020304);
	fix_icmp(8 + 28);
}

static void
expect_silence(void)
{
	CU_ASSERT_EQUAL(rig_net_flush(&n), 0);
}

/* The one packet sent: checked by itself, returned from its IPv4 header on. */
static const uint8_t *
sent_packet(void)
{
	const uint8_t *p;

	CU_ASSERT_EQUAL_FATAL(rig_net_flush(&n), 1);
	CU_ASSERT_FATAL(n.rp->sent[0].len >= 34);
	p = n.rp->sent[0].bytes + 14;
	CU_ASSERT_EQUAL(p[0], 0x45);
	CU_ASSERT_EQUAL(rig_get16(p + 2), n.rp->sent[0].len - 14);
	CU_ASSERT_EQUAL(rig_sum(p, 20, 0), 0xffff);
	return p;
}

static void
a_segment_is_handed_over(void)
{
	struct pw_addr src = rig_addr(PEER), dst = rig_addr(US);

	make_tcp();
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_TCP);
	CU_ASSERT_TRUE(pw_addr_eq(&out.src, &src) && pw_addr_eq(&out.dst, &dst));
	CU_ASSERT_PTR_EQUAL(out.l4, f.b + 34);
	CU_ASSERT_EQUAL(out.len, 20);
}

static void
c02_padding_is_not_data(void)
{
	make_tcp();
	rig_put32(&f, 0xdeadbeef);
	rig_put16(&f, 0xdead);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.len, 20);
}

static void
c09_bad_headers_are_dropped(void)
{
	make_tcp();
	f.b[14] = 0x65;
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_HDR);
	make_tcp();
	f.b[14] = 0x44;
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_HDR);
	make_tcp();
	f.b[14] = 0x4f; /* a header longer than the frame */
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_HDR);
	make_tcp();
	f.b[24] ^= 1;
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_CKSUM);
	hint.ip4_ok = true; /* the device said it was right */
	CU_ASSERT_EQUAL(in(), PW_OK);
	expect_silence();
}

static void
c10_a01_lying_lengths_are_dropped(void)
{
	static const uint16_t wrong[] = {0, 19, 41, 1500, 0xffff};
	size_t i;

	for (i = 0; i < RTE_DIM(wrong); i++) {
		make_tcp();
		f.b[16] = (uint8_t)(wrong[i] >> 8);
		f.b[17] = (uint8_t)wrong[i];
		rig_ip4_fix(&f);
		CU_ASSERT_EQUAL(in(), PW_DROP_IP4_LEN);
	}
	make_tcp(); /* 20 with TCP: no byte of it is there, and none is read */
	f.b[17] = 20;
	rig_ip4_fix(&f);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.len, 0);
	expect_silence();
}

static void
every_truncation_is_dropped(void)
{
	make_tcp();
	for (f.len = 14; f.len < 54; f.len++)
		CU_ASSERT_NOT_EQUAL(in(), PW_OK);
}

static void
c11_not_ours_is_not_forwarded(void)
{
	make(PEER, "10.0.0.9", 6, 20);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_NOT_OURS);
	make(PEER, FAR, 6, 20);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_NOT_OURS);
	expect_silence();
}

static void
c12_tcp_to_or_from_all_is_dropped(void)
{
	static const char *const all[] = {
		"255.255.255.255", "10.0.0.255", "192.168.255.255", "224.0.0.1", "10.0.0.0"};
	size_t i;

	for (i = 0; i < RTE_DIM(all); i++) {
		make(PEER, all[i], 6, 20);
		CU_ASSERT_EQUAL(in(), PW_DROP_TCP_MULTICAST);
		make(all[i], US, 6, 20);
		CU_ASSERT_EQUAL(in(), PW_DROP_IP4_SRC);
	}
	make_tcp(); /* our address, but sent to all in layer 2 */
	memset(f.b, 0xff, 6);
	CU_ASSERT_EQUAL(in(), PW_DROP_TCP_MULTICAST);
	expect_silence();
}

static void
a23_land_and_impossible_sources(void)
{
	static const char *const bad[] = {"0.0.0.0", "127.0.0.1", "240.0.0.1", "0.1.2.3"};
	size_t i;

	make(US, US, 6, 20);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP_LAND);
	make(US_TOO, US, 6, 20);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP_LAND);
	for (i = 0; i < RTE_DIM(bad); i++) {
		make(bad[i], US, 6, 20);
		CU_ASSERT_EQUAL(in(), PW_DROP_IP4_SRC);
	}
	expect_silence();
}

/* RFC 1122 3.2.2.2: what an error quotes is the header and 8 bytes. */
static void
c13_unknown_protocol_is_reported(void)
{
	const uint8_t *p;

	make(PEER, US, 132, 16);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_PROTO);
	p = sent_packet();
	CU_ASSERT_EQUAL(rig_get16(p + 2), 20 + 8 + 28);
	CU_ASSERT_EQUAL(p[9], 1);
	CU_ASSERT_EQUAL(rig_get16(p + 20), 0x0302);
	CU_ASSERT_EQUAL(rig_sum(p + 20, 36, 0), 0xffff);
	CU_ASSERT_EQUAL(memcmp(p + 28, f.b + 14, 28), 0);
	CU_ASSERT_EQUAL(memcmp(p + 12, f.b + 30, 4), 0); /* from the address meant */
	CU_ASSERT_EQUAL(memcmp(p + 16, f.b + 26, 4), 0);
}

static void
udp_finds_no_port(void)
{
	make(PEER, US, 17, 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_PROTO);
	CU_ASSERT_EQUAL(rig_get16(sent_packet() + 20), 0x0303);
}

static void
c13_errors_are_rate_limited(void)
{
	uint32_t i;

	for (i = 0; i < 200; i++) {
		make(PEER, US, 132, 0);
		CU_ASSERT_EQUAL(in(), PW_DROP_IP4_PROTO);
	}
	CU_ASSERT_EQUAL(rig_net_flush(&n), PW_IP_ICMP_BURST);
	CU_ASSERT_EQUAL(n.drops.n[PW_DROP_ICMP_RATE], 200 - PW_IP_ICMP_BURST);
	rig_port_forget(n.rp);
	n.now += PW_NS_PER_S / 10;
	for (i = 0; i < 200; i++)
		in();
	CU_ASSERT_EQUAL(rig_net_flush(&n), PW_IP_ICMP_PER_S / 10);
}

static void
c13_no_error_about_what_was_for_all(void)
{
	make(PEER, "10.0.0.255", 132, 16);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_PROTO);
	make(PEER, US, 17, 8);
	memset(f.b, 0xff, 6);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_PROTO);
	expect_silence();
}

/* A packet with the options @p opts, @p len (a multiple of 4) bytes of them. */
static enum pw_drop
in_with_options(const void *opts, uint32_t len)
{
	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&f, PEER, US, 6, len + 20);
	f.b[14] = (uint8_t)(0x45 + len / 4);
	rig_put(&f, opts, len);
	rig_ip4_fix(&f);
	rig_put32(&f, 0x11223344);
	rig_put(&f, (uint8_t[16]){0}, 16);
	return in();
}

static void
c14_options_are_stepped_over(void)
{
	CU_ASSERT_EQUAL(in_with_options("\x01\x01\x94\x04\0\0\0\0", 8), PW_OK);
	CU_ASSERT_EQUAL(out.len, 20);
	CU_ASSERT_EQUAL(out.l4[0], 0x11);
}

static void
c14_a02_malformed_options_are_dropped(void)
{
	CU_ASSERT_EQUAL(in_with_options("\x94\x09\0\0", 4), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(in_with_options("\x94\x00\0\0", 4), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(in_with_options("\x01\x01\x01\x94", 4), PW_DROP_IP4_OPTIONS);
	CU_ASSERT_EQUAL(in_with_options("\x07\x07\x02\0\0\0\0\0", 8), PW_DROP_IP4_OPTIONS);
}

static void
c15_source_routes_are_dropped(void)
{
	CU_ASSERT_EQUAL(
		in_with_options("\x83\x07\x04\x08\x08\x08\x08\x00", 8), PW_DROP_IP4_SOURCE_ROUTE);
	CU_ASSERT_EQUAL(
		in_with_options("\x89\x07\x04\x08\x08\x08\x08\x00", 8), PW_DROP_IP4_SOURCE_ROUTE);
	expect_silence();
}

/* A fragment of 24 bytes of TCP's. */
static enum pw_drop
in_fragment(uint16_t frag, const void *bytes)
{
	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&f, PEER, US, 6, 24);
	f.b[20] = (uint8_t)(frag >> 8);
	f.b[21] = (uint8_t)frag;
	rig_ip4_fix(&f);
	rig_put(&f, bytes, 24);
	return in();
}

static void
c16_fragments_become_one_segment(void)
{
	struct pw_addr src = rig_addr(PEER), dst = rig_addr(US);

	CU_ASSERT_EQUAL(in_fragment(0x0003, "the second piece of all "), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_DONE);
	CU_ASSERT_EQUAL(in_fragment(0x2000, "what begins as a segment"), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_TCP_WHOLE);
	CU_ASSERT_TRUE(pw_addr_eq(&out.src, &src) && pw_addr_eq(&out.dst, &dst));
	CU_ASSERT_EQUAL_FATAL(out.len, 48);
	CU_ASSERT_EQUAL(memcmp(out.l4, "what begins as a segmentthe second piece of all ", 48), 0);
	CU_ASSERT_EQUAL(out.whole_len, 68);
	CU_ASSERT_PTR_EQUAL(out.whole + 20, out.l4);
	expect_silence();
}

static void
c17_c18_a24_fragments_that_lie(void)
{
	CU_ASSERT_EQUAL(in_fragment(0x2000, "what begins as a segment"), PW_OK);
	CU_ASSERT_EQUAL(in_fragment(0x2001, "and goes on before its e"), PW_DROP_FRAG_OVERLAP);
	CU_ASSERT_EQUAL(in_fragment(0x0003, "the second piece of all "), PW_DROP_FRAG_OVERLAP);
	CU_ASSERT_EQUAL(in_fragment(0x1ffe, "beyond what IP can tell "), PW_DROP_FRAG_SIZE);
	make(PEER, "10.0.0.255", 6, 24); /* to all */
	f.b[20] = 0x20;
	rig_ip4_fix(&f);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP_FRAGMENT);
	expect_silence();
}

static void
send_one(const char *dst)
{
	struct rte_mbuf *m = pw_seg_message(n.seg, "12345678", 8);
	struct pw_addr from = rig_addr(US), to = rig_addr(dst);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	pw_ip_output(ip, m, &from, &to, 6, 0, n.now);
}

static void
c20_what_we_send(void)
{
	const uint8_t *p;

	send_one(PEER);
	p = sent_packet();
	CU_ASSERT_EQUAL(p[1], 0);
	CU_ASSERT_EQUAL(rig_get16(p + 4), 0);	   /* RFC 6864: atomic, any ID will do */
	CU_ASSERT_EQUAL(rig_get16(p + 6), 0x4000); /* DF */
	CU_ASSERT_EQUAL(p[8], 64);
	CU_ASSERT_EQUAL(p[9], 6);
}

static void
c160_ecn_bits_go_both_ways(void)
{
	struct rte_mbuf *m = pw_seg_message(n.seg, "12345678", 8);
	struct pw_addr from = rig_addr(US), to = rig_addr(PEER);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	pw_ip_output(ip, m, &from, &to, 6, PW_IP_ECN_ECT0, n.now);
	CU_ASSERT_EQUAL(sent_packet()[1], PW_IP_ECN_ECT0);
	make_tcp();
	f.b[15] = 0xb8 | PW_IP_ECN_CE;
	rig_ip4_fix(&f);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.ecn, PW_IP_ECN_CE);
}

static void
far_hosts_are_reached_by_the_gateway(void)
{
	struct pw_addr far = rig_addr(FAR);
	const uint8_t *p;

	send_one(FAR);
	p = sent_packet();
	CU_ASSERT_EQUAL(memcmp(n.rp->sent[0].bytes, rig_peer_mac, 6), 0);
	CU_ASSERT_EQUAL(memcmp(p + 16, far.b + 12, 4), 0);
}

static void
without_a_gateway_there_is_no_route(void)
{
	pw_ip_destroy(ip);
	open_ip(NULL);
	send_one(FAR);
	expect_silence();
	CU_ASSERT_EQUAL(n.drops.n[PW_DROP_IP_NO_ROUTE], 1);
	send_one(PEER);
	sent_packet();
}

static void
c21_echo_is_answered(void)
{
	const uint8_t *p;

	make_echo(PEER, US_TOO, 56);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_DONE);
	p = sent_packet();
	CU_ASSERT_EQUAL(p[9], 1);
	CU_ASSERT_EQUAL(memcmp(p + 12, f.b + 30, 4), 0);
	CU_ASSERT_EQUAL(memcmp(p + 16, f.b + 26, 4), 0);
	CU_ASSERT_EQUAL(rig_get16(p + 20), 0);
	CU_ASSERT_EQUAL(rig_sum(p + 20, 64, 0), 0xffff);
	CU_ASSERT_EQUAL(memcmp(p + 24, f.b + 38, 60), 0);
}

/* Whatever length fits a frame. */
static void
c21_echo_of_any_length(void)
{
	static const uint32_t data[] = {0, 1, 1471, 1472};
	const uint8_t *p;
	size_t i;

	for (i = 0; i < RTE_DIM(data); i++) {
		make_echo(FAR, US, data[i]);
		CU_ASSERT_EQUAL(in(), PW_OK);
		p = sent_packet();
		CU_ASSERT_EQUAL(rig_get16(p + 2), 28 + data[i]);
		CU_ASSERT_EQUAL(rig_sum(p + 20, 8 + data[i], 0), 0xffff);
		CU_ASSERT_EQUAL(memcmp(p + 24, f.b + 38, 4 + data[i]), 0);
		rig_port_forget(n.rp);
	}
}

/* RFC 1122 3.2.2.6: a reply that does not fit is cut off, and right as it is. */
static void
an_echo_beyond_our_mtu_is_cut(void)
{
	const uint8_t *p;

	make_echo(PEER, US, 4000);
	CU_ASSERT_EQUAL(in(), PW_OK);
	p = sent_packet();
	CU_ASSERT_EQUAL(rig_get16(p + 2), 1500);
	CU_ASSERT_EQUAL(rig_sum(p + 20, 1480, 0), 0xffff);
}

static void
c21_a04_bad_echos_are_dropped(void)
{
	uint32_t len;

	make_echo(PEER, US, 8);
	f.b[f.len - 1] ^= 1;
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_CKSUM);
	make_echo(PEER, "10.0.0.255", 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_BROADCAST);
	make_echo(PEER, US, 8);
	memset(f.b, 0xff, 6);
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_BROADCAST);
	for (len = 0; len < 8; len++) {
		make(PEER, US, 1, len);
		CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_SHORT);
	}
	expect_silence();
}

/* A3: options in an echo never choose where its reply goes. */
static void
a03_echo_with_a_source_route(void)
{
	rig_eth(&f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&f, PEER, US, 1, 8 + 8);
	f.b[14] = 0x47;
	rig_put(&f, "\x83\x07\x04\x08\x08\x08\x08\x00", 8);
	rig_ip4_fix(&f);
	rig_put32(&f, 0x08000000);
	rig_put32(&f, 0);
	fix_icmp(8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_SOURCE_ROUTE);
	expect_silence();
}

/* A7: our own MAC address as source skips no check. */
static void
a07_our_mac_as_source(void)
{
	make_tcp();
	memcpy(f.b + 6, rig_our_mac, 6);
	f.b[24] ^= 1;
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_CKSUM);
}

/* A8: IP in IP is one more protocol that is not spoken. */
static void
a08_ip_in_ip(void)
{
	make(PEER, US, 4, 40);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_PROTO);
	CU_ASSERT_EQUAL(rig_get16(sent_packet() + 20), 0x0302);
}

/* C22: no error about an error, or a non-first fragment. */
static void
c22_no_error_about_an_error(void)
{
	make_error(3, 2, 0, US);
	f.b[23] = 132;
	rig_ip4_fix(&f);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_PROTO);
	CU_ASSERT_EQUAL(rig_net_flush(&n), 1); /* that was no ICMP message */
	rig_port_forget(n.rp);
	make_error(12, 0, 0, US);
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_TYPE);
	make(PEER, US, 132, 16);
	f.b[20] = 0;
	f.b[21] = 9;
	rig_ip4_fix(&f);
	CU_ASSERT_EQUAL(in(), PW_OK); /* kept until the others come */
	expect_silence();
}

static void
c23_too_big_is_handed_over(void)
{
	struct pw_addr us = rig_addr(US), peer = rig_addr(PEER);

	make_error(3, 4, 1280, US);
	CU_ASSERT_EQUAL(in(), PW_OK);
	CU_ASSERT_EQUAL(out.what, PW_IP_TOO_BIG);
	CU_ASSERT_EQUAL(out.mtu, 1280);
	CU_ASSERT_TRUE(pw_addr_eq(&out.src, &us) && pw_addr_eq(&out.dst, &peer));
	CU_ASSERT_EQUAL(rig_get16(out.l4), 80);
	CU_ASSERT_EQUAL(rig_get16(out.l4 + 6), 0x0304);
	CU_ASSERT_EQUAL(out.len, 8);
}

static void
c24_a16_errors_about_others_are_stray(void)
{
	make_error(3, 4, 1280, "10.0.0.9");
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_STRAY);
	make_error(3, 3, 0, US);
	f.b[51] = 17; /* quotes UDP, of which we send none */
	fix_icmp(36);
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_STRAY);
	make_error(3, 4, 1280, US); /* sent to everyone */
	memset(f.b, 0xff, 6);
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_STRAY);
}

static void
c26_unreachable_is_handed_over(void)
{
	static const uint8_t codes[] = {2, 3};
	size_t i;

	for (i = 0; i < RTE_DIM(codes); i++) {
		make_error(3, codes[i], 99, US);
		CU_ASSERT_EQUAL(in(), PW_OK);
		CU_ASSERT_EQUAL(out.what, PW_IP_UNREACHABLE);
		CU_ASSERT_EQUAL(out.mtu, 0);
	}
}

/* Host and network unreachable, administratively prohibited and the like: hints, which end
 * no connection and no attempt at one (RFC 9293 3.9.2.2, MUST-56). */
static void
c26_c27_unreachable_host_is_a_hint(void)
{
	static const uint8_t codes[] = {0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255};
	size_t i;

	for (i = 0; i < RTE_DIM(codes); i++) {
		make_error(3, codes[i], 99, US);
		CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_TYPE);
		CU_ASSERT_EQUAL(out.what, PW_IP_DONE);
	}
}

static void
c28_quench_and_redirect_are_ignored(void)
{
	make_error(4, 0, 0, US);
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_TYPE);
	make_error(5, 1, 0, US);
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_TYPE);
	make_echo(PEER, US, 8);
	f.b[34] = 0; /* a reply that nobody asked for */
	fix_icmp(16);
	CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_TYPE);
	expect_silence();
}

static void
c29_cut_quotations_are_ignored(void)
{
	uint32_t len;

	for (len = 8; len < 36; len++) {
		make_error(3, 4, 1280, US);
		f.len = 34 + len;
		f.b[17] = (uint8_t)(20 + len);
		rig_ip4_fix(&f);
		fix_icmp(len);
		CU_ASSERT_EQUAL(in(), PW_DROP_ICMP_SHORT);
	}
}

static void
an_empty_pool_is_survived(void)
{
	struct rte_mbuf *held[512];
	uint32_t k = 0;

	while (k < RTE_DIM(held) && (held[k] = pw_seg_message(n.seg, "", 0)) != NULL)
		k++;
	make_echo(PEER, US, 8);
	CU_ASSERT_EQUAL(in(), PW_OK);
	make(PEER, US, 132, 8);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_PROTO);
	CU_ASSERT_EQUAL(n.drops.n[PW_DROP_NO_MBUF], 2);
	rte_pktmbuf_free_bulk(held, k);
}

/* The answer for a pair of addresses is kept: it is no answer for another pair. */
static void
a_good_packet_vouches_for_no_other(void)
{
	static const struct {
		const char *src, *dst;
		enum pw_drop why;
	} others[] = {
		{"127.0.0.1", US, PW_DROP_IP4_SRC},
		{"10.0.0.255", US, PW_DROP_IP4_SRC},
		{US, US, PW_DROP_IP_LAND},
		{PEER, "10.0.0.9", PW_DROP_IP4_NOT_OURS},
		{PEER, "10.0.0.255", PW_DROP_TCP_MULTICAST},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(others); i++) {
		make(PEER, US, 6, 20);
		CU_ASSERT_EQUAL(in(), PW_OK);
		make(others[i].src, others[i].dst, 6, 20);
		CU_ASSERT_EQUAL(in(), others[i].why);
		make(PEER, US, 6, 20);
		memset(f.b, 0xff, 6);
		CU_ASSERT_EQUAL(in(), PW_DROP_TCP_MULTICAST);
	}
	expect_silence();
}

static void
every_address_of_a_range_is_ours(void)
{
	pw_ip_destroy(ip);
	n.addrs[1].n_more = 8;
	open_ip(ROUTER);
	make(PEER, "192.168.5.9", 6, 20);
	CU_ASSERT_EQUAL(in(), PW_OK);
	make(PEER, "192.168.5.10", 6, 20);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_NOT_OURS);
	make(PEER, "192.168.6.2", 6, 20);
	CU_ASSERT_EQUAL(in(), PW_DROP_IP4_NOT_OURS);
	make(PEER, "192.168.5.0", 6, 20);
	CU_ASSERT_NOT_EQUAL(in(), PW_OK);
}

static CU_TestInfo tests[] = {
	{"a_segment_is_handed_over", a_segment_is_handed_over},
	{"c02_padding_is_not_data", c02_padding_is_not_data},
	{"c09_bad_headers_are_dropped", c09_bad_headers_are_dropped},
	{"c10_a01_lying_lengths_are_dropped", c10_a01_lying_lengths_are_dropped},
	{"every_truncation_is_dropped", every_truncation_is_dropped},
	{"c11_not_ours_is_not_forwarded", c11_not_ours_is_not_forwarded},
	{"c12_tcp_to_or_from_all_is_dropped", c12_tcp_to_or_from_all_is_dropped},
	{"a23_land_and_impossible_sources", a23_land_and_impossible_sources},
	{"c13_unknown_protocol_is_reported", c13_unknown_protocol_is_reported},
	{"udp_finds_no_port", udp_finds_no_port},
	{"c13_errors_are_rate_limited", c13_errors_are_rate_limited},
	{"c13_no_error_about_what_was_for_all", c13_no_error_about_what_was_for_all},
	{"c14_options_are_stepped_over", c14_options_are_stepped_over},
	{"c14_a02_malformed_options_are_dropped", c14_a02_malformed_options_are_dropped},
	{"c15_source_routes_are_dropped", c15_source_routes_are_dropped},
	{"c16_fragments_become_one_segment", c16_fragments_become_one_segment},
	{"c17_c18_a24_fragments_that_lie", c17_c18_a24_fragments_that_lie},
	{"c20_what_we_send", c20_what_we_send},
	{"c160_ecn_bits_go_both_ways", c160_ecn_bits_go_both_ways},
	{"far_hosts_are_reached_by_the_gateway", far_hosts_are_reached_by_the_gateway},
	{"without_a_gateway_there_is_no_route", without_a_gateway_there_is_no_route},
	{"c21_echo_is_answered", c21_echo_is_answered},
	{"c21_echo_of_any_length", c21_echo_of_any_length},
	{"an_echo_beyond_our_mtu_is_cut", an_echo_beyond_our_mtu_is_cut},
	{"c21_a04_bad_echos_are_dropped", c21_a04_bad_echos_are_dropped},
	{"a03_echo_with_a_source_route", a03_echo_with_a_source_route},
	{"a07_our_mac_as_source", a07_our_mac_as_source},
	{"a08_ip_in_ip", a08_ip_in_ip},
	{"c22_no_error_about_an_error", c22_no_error_about_an_error},
	{"c23_too_big_is_handed_over", c23_too_big_is_handed_over},
	{"c24_a16_errors_about_others_are_stray", c24_a16_errors_about_others_are_stray},
	{"c26_unreachable_is_handed_over", c26_unreachable_is_handed_over},
	{"c26_c27_unreachable_host_is_a_hint", c26_c27_unreachable_host_is_a_hint},
	{"c28_quench_and_redirect_are_ignored", c28_quench_and_redirect_are_ignored},
	{"c29_cut_quotations_are_ignored", c29_cut_quotations_are_ignored},
	{"an_empty_pool_is_survived", an_empty_pool_is_survived},
	{"a_good_packet_vouches_for_no_other", a_good_packet_vouches_for_no_other},
	{"every_address_of_a_range_is_ours", every_address_of_a_range_is_ours},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_ip_input = {
	.pName = "ip_input",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
