/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Layer 3 of a host on plain memory, of IPv4 and of IPv6: what is not a segment or an error
 * about one is dropped.
 */
#include "host_priv.h"
#include "pw_wire_icmp.h"
#include "pw_wire_icmp6.h"

#define TTL 64

/* ---- out ---- */

uint32_t
ip_hlen(const struct pw_addr *us)
{
	return pw_addr_is_v4(us) ? PW_IP4_HLEN : PW_IP6_HLEN;
}

void
ip_put(uint8_t *p, const struct pw_tcp_seg *seg, uint32_t len)
{
	struct pw_ip4_hdr h4 = {
		.src = *seg->src,
		.dst = *seg->dst,
		.total_len = (uint16_t)(PW_IP4_HLEN + len),
		.df = true,
		.tos = seg->ecn,
		.ttl = TTL,
		.proto = PW_IP_PROTO_TCP,
	};
	struct pw_ip6_hdr h6 = {
		.src = *seg->src,
		.dst = *seg->dst,
		.payload_len = (uint16_t)len,
		.tclass = seg->ecn,
		.next = PW_IP_PROTO_TCP,
		.hop_limit = TTL,
	};

	if (pw_addr_is_v4(seg->src))
		pw_ip4_emit(p, &h4);
	else
		pw_ip6_emit(p, &h6);
}

/* ---- in ---- */

static enum pw_drop
open4(const uint8_t *p, uint32_t len, struct parcel *out)
{
	struct pw_ip4_hdr ip;
	enum pw_drop why;
	uint32_t hlen = pw_ip4_check(p, len, false, &why);

	if (hlen == 0)
		return why;
	pw_ip4_parse(p, &ip);
	*out = (struct parcel){
		.src = ip.src,
		.dst = ip.dst,
		.proto = ip.proto,
		.ecn = ip.tos & PW_IP_ECN_MASK,
		.l4 = p + hlen,
		.len = ip.total_len - hlen,
	};
	if (!pw_ip4_is_host(pw_addr_get_v4(&ip.src)))
		return PW_DROP_IP4_SRC;
	return pw_ip4_is_fragment(&ip) ? PW_DROP_IP_FRAGMENT : PW_OK;
}

static enum pw_drop
open6(const uint8_t *p, uint32_t len, struct parcel *out)
{
	struct pw_ip6_chain chain;
	struct pw_ip6_hdr ip;
	enum pw_drop why;

	if (!pw_ip6_check(p, len, &why))
		return why;
	pw_ip6_parse(p, &ip);
	if (!pw_ip6_is_host(&ip.src))
		return PW_DROP_IP6_SRC;
	why = pw_ip6_walk(p, &chain);
	if (why != PW_OK)
		return why;
	*out = (struct parcel){
		.src = ip.src,
		.dst = ip.dst,
		.proto = chain.proto,
		.ecn = ip.tclass & PW_IP_ECN_MASK,
		.l4 = p + chain.l4,
		.len = PW_IP6_HLEN + ip.payload_len - chain.l4,
	};
	return chain.proto == PW_IP6_FRAGMENT ? PW_DROP_IP_FRAGMENT : PW_OK;
}

enum pw_drop
ip_open(const struct pw_addr *us, const uint8_t *p, uint32_t len, struct parcel *out)
{
	bool v4 = pw_addr_is_v4(us);
	enum pw_drop why = v4 ? open4(p, len, out) : open6(p, len, out);

	if (why != PW_OK)
		return why;
	if (!pw_addr_eq(&out->dst, us))
		return v4 ? PW_DROP_IP4_NOT_OURS : PW_DROP_IP6_NOT_OURS;
	if (out->proto == PW_IP_PROTO_TCP ||
		out->proto == (v4 ? PW_IP_PROTO_ICMP : PW_IP_PROTO_ICMP6))
		return PW_OK;
	return v4 ? PW_DROP_IP4_PROTO : PW_DROP_IP6_PROTO;
}

/* ---- errors ---- */

static enum pw_drop
read_icmp4(const struct parcel *in, struct icmp_error *out)
{
	enum pw_drop why = pw_icmp_check(in->l4, in->len);
	struct pw_icmp_quote q;
	struct pw_icmp_hdr h;

	if (why != PW_OK)
		return why;
	pw_icmp_parse(in->l4, &h);
	if (h.type != PW_ICMP_UNREACHABLE)
		return PW_DROP_ICMP_TYPE;
	why = pw_icmp_quote(in->l4, in->len, &q);
	if (why != PW_OK)
		return why;
	*out = (struct icmp_error){
		.what = PW_TCP_ICMP_UNREACHABLE,
		.src = q.ip.src,
		.dst = q.ip.dst,
		.proto = q.ip.proto,
		.l4 = q.l4,
	};
	if (h.code == PW_ICMP_UNREACH_TOO_BIG) {
		out->what = PW_TCP_ICMP_TOO_BIG;
		out->mtu = h.mtu;
	}
	return PW_OK;
}

/* RFC 8201 section 4: no path is taken to carry less than any link must. */
static enum pw_drop
read_icmp6(const struct parcel *in, struct icmp_error *out)
{
	enum pw_drop why = pw_icmp6_check(in->l4, in->len, &in->src, &in->dst);
	struct pw_icmp6_quote q;
	struct pw_icmp6_hdr h;

	if (why != PW_OK)
		return why;
	pw_icmp6_parse(in->l4, &h);
	if (h.type != PW_ICMP6_UNREACHABLE && h.type != PW_ICMP6_TOO_BIG)
		return PW_DROP_ICMP_TYPE;
	why = pw_icmp6_quote(in->l4, in->len, &q);
	if (why != PW_OK)
		return why;
	*out = (struct icmp_error){
		.what = PW_TCP_ICMP_UNREACHABLE,
		.src = q.ip.src,
		.dst = q.ip.dst,
		.proto = q.ip.next,
		.l4 = q.l4,
	};
	if (h.type == PW_ICMP6_TOO_BIG) {
		out->what = PW_TCP_ICMP_TOO_BIG;
		out->mtu = (uint32_t)pw_max(h.mtu, PW_IP6_MTU_MIN);
	}
	return PW_OK;
}

enum pw_drop
ip_read_icmp(const struct parcel *in, struct icmp_error *out)
{
	enum pw_drop why = pw_addr_is_v4(&in->dst) ? read_icmp4(in, out) : read_icmp6(in, out);

	if (why != PW_OK)
		return why;
	if (out->proto != PW_IP_PROTO_TCP || !pw_addr_eq(&out->src, &in->dst))
		return PW_DROP_ICMP_STRAY;
	return PW_OK;
}
