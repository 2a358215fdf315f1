/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Every check and parse of lib/wire, on bytes that end where their memory ends.
 * What was read and is written again must read the same.
 */
#include "fuzz.h"
#include "pw_wire_arp.h"
#include "pw_wire_eth.h"
#include "pw_wire_icmp.h"
#include "pw_wire_ip4.h"
#include "pw_wire_nd.h"
#include "pw_wire_tcp.h"
#include "pw_wire_udp.h"

/* The checksum by the book, for pw_sum(). */
static uint16_t
naive_sum(const uint8_t *p, size_t len)
{
	uint8_t word[2];
	uint32_t sum = 0;
	uint16_t w;
	size_t i;

	for (i = 0; i < len; i += 2) {
		word[0] = p[i];
		word[1] = i + 1 < len ? p[i + 1] : 0;
		memcpy(&w, word, 2);
		sum += w;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static bool
same_number(uint16_t a, uint16_t b) /* 0 and 0xffff are one */
{
	return a == b || (a % 0xffff == 0 && b % 0xffff == 0);
}

static void
fuzz_sum(const uint8_t *p, uint32_t len)
{
	uint32_t cut = len > 0 ? p[0] % len & ~1u : 0;
	uint16_t sum = pw_sum(p, len);

	FUZZ_ASSERT(same_number(sum, naive_sum(p, len)));
	FUZZ_ASSERT(same_number(sum, pw_sum_add(pw_sum(p, cut), pw_sum(p + cut, len - cut))));
	FUZZ_ASSERT(same_number(pw_sum(p, cut), pw_sum_sub(sum, pw_sum(p + cut, len - cut))));
}

static void
fuzz_eth(const uint8_t *p, uint32_t len)
{
	uint32_t hlen = pw_eth_check(p, len);
	uint8_t again[PW_ETH_HLEN];
	struct pw_eth_hdr h;

	if (hlen == 0)
		return;
	FUZZ_ASSERT(hlen <= len);
	pw_eth_parse(p, hlen, &h);
	FUZZ_ASSERT(pw_mac_eq(h.src, p + 6));
	if (hlen != PW_ETH_HLEN)
		return;
	pw_eth_emit(again, h.dst, h.src, h.type);
	FUZZ_ASSERT(memcmp(again, p, sizeof(again)) == 0);
}

static void
fuzz_arp(const uint8_t *p, uint32_t len)
{
	static const uint8_t mac[PW_ETH_ADDR_LEN] = {2, 0, 0, 0, 0, 1};
	uint8_t again[PW_ARP_LEN];
	struct pw_arp a;

	if (pw_arp_check(p, len) == 0)
		return;
	pw_arp_parse(p, &a);
	FUZZ_ASSERT(pw_arp_emit(again, &a) == PW_ARP_LEN);
	FUZZ_ASSERT(memcmp(again, p, sizeof(again)) == 0);
	a = pw_arp_answer(&a, mac);
	pw_arp_emit(again, &a);
	FUZZ_ASSERT(pw_arp_check(again, sizeof(again)) == PW_ARP_LEN);
}

/* A datagram that passed: its header written anew, and the error that quotes it. */
static void
use_ip4(const uint8_t *p, uint32_t len, uint32_t hlen)
{
	uint8_t *again = malloc(PW_IP4_HLEN), *error = malloc(PW_ICMP_ERROR_MAX);
	struct pw_icmp_hdr eh = {.type = PW_ICMP_UNREACHABLE, .code = PW_ICMP_UNREACH_PROTO};
	struct pw_icmp_quote quote;
	struct pw_ip4_hdr h;
	enum pw_drop why;
	uint32_t n;

	pw_ip4_parse(p, &h);
	FUZZ_ASSERT(h.total_len >= hlen && h.total_len <= len);
	pw_ip4_emit(again, &h);
	FUZZ_ASSERT(pw_ip4_sum(again) == 0xffff);
	pw_icmp_may_report(&h, p + hlen, h.total_len - hlen);
	n = pw_icmp_emit_error(error, &eh, p);
	FUZZ_ASSERT(n <= PW_ICMP_ERROR_MAX && pw_icmp_check(error, n) == PW_OK);
	why = pw_icmp_quote(error, n, &quote);
	if (h.frag_off == 0 && h.total_len >= hlen + PW_ICMP_QUOTE_LEN)
		FUZZ_ASSERT(why == PW_OK && pw_addr_eq(&quote.ip.src, &h.src));
	free(again);
	free(error);
}

static void
fuzz_ip4(const uint8_t *p, uint32_t len)
{
	enum pw_drop why, why_unchecked;
	uint32_t hlen = pw_ip4_check(p, len, false, &why);
	uint32_t unchecked = pw_ip4_check(p, len, true, &why_unchecked);

	FUZZ_ASSERT((hlen != 0) == (why == PW_OK));
	FUZZ_ASSERT(hlen == 0 || hlen == unchecked);
	if (unchecked != 0)
		use_ip4(p, len, unchecked);
	pw_ip4_check_opts(p, len);
}

static void
fuzz_icmp(uint8_t *p, uint32_t len)
{
	struct pw_icmp_quote quote;
	struct pw_icmp_hdr h;

	if (len < PW_ICMP_HLEN) {
		FUZZ_ASSERT(pw_icmp_check(p, len) == PW_DROP_ICMP_SHORT);
		return;
	}
	pw_icmp_check(p, len);
	pw_icmp_parse(p, &h);
	if (pw_icmp_quote(p, len, &quote) == PW_OK) {
		FUZZ_ASSERT(quote.l4_len >= PW_ICMP_QUOTE_LEN);
		FUZZ_ASSERT(quote.l4 + quote.l4_len <= p + len);
	}
	pw_icmp_make_reply(p, len);
	FUZZ_ASSERT(pw_icmp_check(p, len) == PW_OK);
}

/* What the options said, written again by us, says the same. */
static void
rewrite_opts(const struct pw_tcp_opts *o)
{
	uint8_t bytes[PW_TCP_OPT_MAX];
	struct pw_tcp_opts again;
	uint32_t n;

	FUZZ_ASSERT(
		o->n_sack <= PW_TCP_SACK_MAX && ((o->has & PW_OPT_SACK) != 0) == (o->n_sack != 0));
	n = pw_tcp_put_syn_opts(bytes, o);
	FUZZ_ASSERT(n % 4 == 0 && n <= (o->has & PW_OPT_FAST_OPEN ? PW_TCP_OPT_MAX : 20));
	pw_tcp_parse_opts(bytes, n, &again);
	FUZZ_ASSERT(again.has == (o->has & ~PW_OPT_SACK));
	FUZZ_ASSERT((o->has & PW_OPT_MSS) == 0 || again.mss == o->mss);
	FUZZ_ASSERT((o->has & PW_OPT_TS) == 0 || again.ts_val == o->ts_val);
	FUZZ_ASSERT(
		(o->has & PW_OPT_WSCALE) == 0 || (again.wscale == o->wscale && o->wscale <= 14));
	if (o->has & PW_OPT_FAST_OPEN)
		FUZZ_ASSERT(again.cookie_len == o->cookie_len &&
			    memcmp(again.cookie, o->cookie, o->cookie_len) == 0);
	if (o->n_sack == 0)
		return;
	n = pw_tcp_put_sack(bytes, o->sack, o->n_sack);
	pw_tcp_parse_opts(bytes, n, &again);
	FUZZ_ASSERT(again.n_sack == o->n_sack);
	FUZZ_ASSERT(memcmp(again.sack, o->sack, sizeof(o->sack[0]) * o->n_sack) == 0);
}

static void
fuzz_tcp(const uint8_t *p, uint32_t len)
{
	uint32_t hlen = pw_tcp_check(p, len);
	struct pw_tcp_opts o;
	struct pw_tcp_hdr h;
	uint8_t again[60];

	if (hlen != 0) {
		FUZZ_ASSERT(hlen <= len);
		pw_tcp_parse(p, &h);
		FUZZ_ASSERT(h.opt_len == hlen - PW_TCP_HLEN_MIN);
		FUZZ_ASSERT(pw_tcp_emit(again, &h, p + PW_TCP_HLEN_MIN) == hlen);
		/* But for the reserved bits, the checksum and the urgent pointer. */
		FUZZ_ASSERT(memcmp(again, p, 12) == 0 && memcmp(again + 13, p + 13, 3) == 0);
		pw_tcp_parse_opts(p + PW_TCP_HLEN_MIN, h.opt_len, &o);
		rewrite_opts(&o);
	}
	pw_tcp_parse_opts(p, len, &o); /* raw bytes as options, of any length */
	rewrite_opts(&o);
}

/* ---- IPv6 ---- */

/* Between whom messages are that come without a packet. */
static const struct pw_addr router = {.b = {0xfe, 0x80, [15] = 9}};
static const struct pw_addr group = {.b = {0xff, 0x02, [15] = 1}};

/* What was found behind the header lies in the packet, which ends where its memory ends. */
static void
walk_ip6(const uint8_t *p, uint32_t len)
{
	struct pw_ip6_chain c;
	enum pw_drop why = pw_ip6_walk(p, &c);

	FUZZ_ASSERT(c.l4 >= PW_IP6_HLEN && c.l4 <= len && c.named_at < c.l4);
	FUZZ_ASSERT(p[c.named_at] == c.proto || c.proto == PW_IP6_FRAGMENT);
	FUZZ_ASSERT(c.frag == 0 || c.frag + PW_IP6_FRAG_HLEN <= len);
	FUZZ_ASSERT(!c.report || (why != PW_OK && c.pointer < len));
	if (why == PW_OK)
		FUZZ_ASSERT(c.proto != PW_IP6_HOP_BY_HOP && c.proto != PW_IP6_DST_OPTS &&
			    c.proto != PW_IP6_ROUTING);
}

/* The error that quotes a packet is read again. */
static void
quote_ip6(const uint8_t *p, uint32_t len, const struct pw_ip6_hdr *h)
{
	uint8_t *error = malloc(PW_ICMP6_ERROR_MAX);
	struct pw_icmp6_hdr eh = {.type = PW_ICMP6_PARAMETER, .pointer = 6};
	struct pw_icmp6_quote quote;
	uint32_t n = pw_icmp6_emit_error(error, &eh, &h->dst, &h->src, p, len);
	enum pw_drop why;

	FUZZ_ASSERT(n <= PW_ICMP6_ERROR_MAX);
	FUZZ_ASSERT(pw_icmp6_check(error, n, &h->dst, &h->src) == PW_OK);
	why = pw_icmp6_quote(error, n, &quote);
	FUZZ_ASSERT((why == PW_OK) == (h->payload_len >= PW_ICMP6_QUOTE_LEN));
	if (why == PW_OK)
		FUZZ_ASSERT(pw_addr_eq(&quote.ip.src, &h->src) && quote.ip.next == h->next);
	free(error);
}

static void
fuzz_ip6(const uint8_t *p, uint32_t len)
{
	uint8_t again[PW_IP6_HLEN], *alone;
	struct pw_ip6_hdr h;
	enum pw_drop why;
	bool ok = pw_ip6_check(p, len, &why);

	FUZZ_ASSERT(ok == (why == PW_OK));
	if (!ok)
		return;
	pw_ip6_parse(p, &h);
	FUZZ_ASSERT(PW_IP6_HLEN + h.payload_len <= len);
	pw_ip6_emit(again, &h);
	FUZZ_ASSERT(memcmp(again, p, sizeof(again)) == 0);
	len = PW_IP6_HLEN + h.payload_len;
	alone = malloc(len);
	memcpy(alone, p, len);
	walk_ip6(alone, len);
	quote_ip6(alone, len, &h);
	free(alone);
}

/* What a solicitation or advertisement said, written by us, says the same. */
static void
rewrite_nd(const struct pw_nd_msg *m, const struct pw_nd *nd, bool is_ns)
{
	uint8_t bytes[PW_ND_NS_LEN];
	struct pw_nd_msg again = *m;
	struct pw_nd said;

	again.p = bytes;
	again.len = is_ns ? pw_nd_emit_ns(bytes, nd, &m->src, &m->dst)
			  : pw_nd_emit_na(bytes, nd, &m->src, &m->dst);
	FUZZ_ASSERT(again.len <= sizeof(bytes));
	FUZZ_ASSERT(pw_icmp6_check(bytes, again.len, &m->src, &m->dst) == PW_OK);
	FUZZ_ASSERT(
		(is_ns ? pw_nd_parse_ns(&again, &said) : pw_nd_parse_na(&again, &said)) == PW_OK);
	FUZZ_ASSERT(pw_addr_eq(&said.target, &nd->target) && said.has_mac == nd->has_mac &&
		    said.flags == nd->flags);
	FUZZ_ASSERT(!nd->has_mac || pw_mac_eq(said.mac, nd->mac));
}

static void
fuzz_nd(const uint8_t *p, uint32_t len)
{
	struct pw_nd_msg m = {.p = p, .len = len, .hop_limit = PW_ND_HOP_LIMIT};
	struct pw_icmp6_quote quote;
	struct pw_nd_ra ra;
	struct pw_nd nd;
	uint32_t i;

	if (len < PW_ICMP6_HLEN)
		return;
	m.src = router;
	m.dst = group;
	if (pw_nd_parse_ns(&m, &nd) == PW_OK)
		rewrite_nd(&m, &nd, true);
	if (pw_nd_parse_na(&m, &nd) == PW_OK)
		rewrite_nd(&m, &nd, false);
	if (pw_nd_parse_ra(&m, &ra) == PW_OK)
		FUZZ_ASSERT(ra.n_prefixes <= PW_ND_PREFIXES_MAX);
	else
		ra.n_prefixes = 0;
	for (i = 0; i < ra.n_prefixes; i++)
		FUZZ_ASSERT(ra.prefixes[i].bits <= 128);
	if (pw_icmp6_quote(p, len, &quote) == PW_OK)
		FUZZ_ASSERT(
			quote.l4_len >= PW_ICMP6_QUOTE_LEN && quote.l4 + quote.l4_len <= p + len);
	m.hop_limit--;
	FUZZ_ASSERT(pw_nd_parse_ns(&m, &nd) != PW_OK && pw_nd_parse_ra(&m, &ra) != PW_OK);
}

static void
fuzz_udp(const uint8_t *p, uint32_t len)
{
	struct pw_addr src = pw_addr_v4(RTE_BE32(0x0a000002));
	struct pw_addr dst = pw_addr_v4(RTE_BE32(0x0a000001));
	int n = pw_udp_check(p, len, &src, &dst);
	int n6 = pw_udp_check(p, len, &router, &group);
	struct pw_udp_hdr h;
	uint8_t *again;

	FUZZ_ASSERT(n >= -1 && (n < 0 || PW_UDP_HLEN + (uint32_t)n <= len));
	FUZZ_ASSERT(n6 >= -1 && (n6 < 0 || PW_UDP_HLEN + (uint32_t)n6 <= len));
	if (n < 0)
		return;
	pw_udp_parse(p, &h);
	again = malloc(PW_UDP_HLEN + (size_t)n);
	memcpy(again + PW_UDP_HLEN, p + PW_UDP_HLEN, (size_t)n);
	pw_udp_emit(again, &h, (uint32_t)n, &src, &dst);
	FUZZ_ASSERT(pw_udp_check(again, PW_UDP_HLEN + (uint32_t)n, &src, &dst) == n);
	free(again);
}

static void
mend(uint8_t *p, uint32_t len, uint32_t at)
{
	uint16_t sum;

	memset(p + at, 0, 2);
	sum = pw_sum_finish(pw_sum(p, len));
	memcpy(p + at, &sum, 2);
}

/* The first byte: bit 0 mends an IPv4 header, bit 1 an ICMP message. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, size};
	uint8_t how = fuzz_u8(&in);
	uint32_t len = (uint32_t)in.len;
	uint8_t *p = malloc(len + !len);

	memcpy(p, in.p, len);
	if ((how & 1) && len >= PW_IP4_HLEN && (p[0] & 15) * 4u <= len)
		mend(p, (p[0] & 15) * 4u, 10);
	if ((how & 2) && len >= PW_ICMP_HLEN)
		mend(p, len, 2);
	fuzz_sum(p, len);
	fuzz_eth(p, len);
	fuzz_arp(p, len);
	fuzz_ip4(p, len);
	fuzz_ip6(p, len);
	fuzz_nd(p, len);
	fuzz_udp(p, len);
	fuzz_tcp(p, len);
	fuzz_icmp(p, len); /* last: it writes */
	free(p);
	return 0;
}
