/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "ends.h"
#include "pw_wire_arp.h"
#include "pw_wire_nd.h"
#include "pw_wire_tcp.h"

#define MTU 1500
#define TTL 64

void
ends_init(struct ends *e, bool ip6)
{
	*e = (struct ends){
		.ip6 = ip6,
		.prefix_bits = ip6 ? 64 : 96 + 24,
		.ip_hlen = ip6 ? PW_IP6_HLEN : PW_IP4_HLEN,
		.eth_type = ip6 ? PW_ETH_TYPE_IP6 : PW_ETH_TYPE_IP4,
	};
	e->mss = (uint16_t)(MTU - e->ip_hlen - PW_TCP_HLEN_MIN);
	pw_addr_parse(ip6 ? "fd77::1" : "10.77.0.1", &e->us);
	pw_addr_parse(ip6 ? "fd77::2" : "10.77.0.2", &e->peer);
}

static uint32_t
put_ip6(uint8_t *p, const struct pw_addr *src, const struct pw_addr *dst, uint8_t next,
	uint8_t hop_limit, uint32_t len)
{
	struct pw_ip6_hdr h = {
		.src = *src,
		.dst = *dst,
		.payload_len = (uint16_t)len,
		.next = next,
		.hop_limit = hop_limit,
	};

	return pw_ip6_emit(p, &h);
}

uint32_t
ends_put_ip(const struct ends *e, uint8_t *p, bool to_us, uint32_t len)
{
	const struct pw_addr *src = to_us ? &e->peer : &e->us, *dst = to_us ? &e->us : &e->peer;
	struct pw_ip4_hdr h = {
		.src = *src,
		.dst = *dst,
		.total_len = (uint16_t)(PW_IP4_HLEN + len),
		.df = true,
		.ttl = TTL,
		.proto = PW_IP_PROTO_TCP,
	};

	if (e->ip6)
		return put_ip6(p, src, dst, PW_IP_PROTO_TCP, TTL, len);
	return pw_ip4_emit(p, &h);
}

uint32_t
ends_put_hello(const struct ends *e, uint8_t *p, const uint8_t *mac, uint16_t *type)
{
	struct pw_arp arp = {.op = PW_ARP_REQUEST, .spa = e->peer, .tpa = e->us};
	struct pw_nd nd = {.target = e->us, .has_mac = true};
	uint32_t len;

	memcpy(arp.sha, mac, sizeof(arp.sha));
	memcpy(nd.mac, mac, sizeof(nd.mac));
	*type = e->ip6 ? PW_ETH_TYPE_IP6 : PW_ETH_TYPE_ARP;
	if (!e->ip6)
		return pw_arp_emit(p, &arp);
	len = pw_nd_emit_ns(p + PW_IP6_HLEN, &nd, &e->peer, &e->us);
	return len + put_ip6(p, &e->peer, &e->us, PW_IP_PROTO_ICMP6, PW_ND_HOP_LIMIT, len);
}
