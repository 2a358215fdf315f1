/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "ip_priv.h"

/* What the interface has from the start. */
static int
configure(struct pw_ip *ip, const struct pw_ip_cfg *cfg, pw_ns now)
{
	uint32_t i;
	int err = 0;

	ip->auto6.speaks = cfg->speaks;
	ip->auto6.takes_ra = cfg->take_ra;
	ip->auto6.next_at = ip->auto6.rs_at = ip->auto6.report_at = PW_NEVER;
	for (i = 0; i < cfg->n_addrs && err == 0; i++)
		err = cfg->detect_duplicates && !pw_addr_is_v4(&cfg->addrs[i].addr)
			      ? auto6_add(ip, &cfg->addrs[i], now)
			      : pw_ip_addr_add(ip, &cfg->addrs[i]);
	for (i = 0; i < cfg->n_routes && err == 0; i++)
		err = pw_ip_route_add(ip, &cfg->routes[i]);
	return err;
}

struct pw_ip *
pw_ip_create(const struct pw_ip_cfg *cfg, pw_ns now)
{
	const struct pw_mem *mem = cfg->mem;
	struct pw_ip *ip = mem->alloc(mem->ctx, sizeof(*ip), "ip");
	int err;

	if (ip == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	ip->mem = mem;
	ip->mtu = ip->mtu6 = cfg->mtu;
	ip->hop_limit6 = IP_TTL;
	ip->l2_len = (uint8_t)pw_link_hlen(cfg->link);
	ip->tx_ip4_cksum = cfg->tx_ip4_cksum;
	ip->link = cfg->link;
	ip->seg = cfg->seg;
	ip->frags = cfg->frags;
	ip->drops = cfg->drops;
	ip->icmp_at = now;
	ip->icmp_credit = PW_IP_ICMP_BURST * (PW_NS_PER_S / PW_IP_ICMP_PER_S);
	pw_link_set_neigh_news(ip->link, auto6_neigh_news, ip);
	err = configure(ip, cfg, now);
	if (err == 0)
		return ip;
	pw_ip_destroy(ip);
	errno = -err;
	return NULL;
}

void
pw_ip_destroy(struct pw_ip *ip)
{
	if (ip != NULL)
		ip->mem->free(ip->mem->ctx, ip);
}

static inline bool
is_local(const struct pw_ip *ip, const struct pw_addr *a)
{
	uint32_t i;

	for (i = 0; i < ip->n_nets; i++)
		if (pw_addr_in_range(a, &ip->nets[i].addr, ip->nets[i].n_more))
			return true;
	return false;
}

bool
pw_ip_is_local(const struct pw_ip *ip, const struct pw_addr *a)
{
	return is_local(ip, a);
}

/*
 * Does @p a mean all hosts: of the link, or of a network of ours (all ones, or
 * the all zeroes of old; RFC 1122 section 3.3.6)? A /31 or /32 has no such
 * address (RFC 3021).
 */
static bool
is_broadcast(const struct pw_ip *ip, const struct pw_addr *a)
{
	rte_be32_t v4 = pw_addr_get_v4(a);
	uint32_t i;

	if (v4 == RTE_BE32(0xffffffff))
		return true;
	for (i = 0; i < ip->n_nets; i++) {
		const struct net *n = &ip->nets[i];
		rte_be32_t hosts = ~n->mask.d[3];

		if (rte_be_to_cpu_32(hosts) > 1 && net_has(n, a) &&
			((v4 & hosts) == hosts || (v4 & hosts) == 0))
			return true;
	}
	return false;
}

static enum pw_drop
check_addrs4(const struct pw_ip *ip, struct packet *pkt)
{
	rte_be32_t dst = pw_addr_get_v4(&pkt->dst);

	if (likely(is_local(ip, &pkt->dst)))
		; /* the usual case */
	else if (pw_ip4_is_multicast(dst) || is_broadcast(ip, &pkt->dst))
		pkt->group = true;
	else
		return PW_DROP_IP4_NOT_OURS;
	if (unlikely(!pw_ip4_is_host(pw_addr_get_v4(&pkt->src))))
		return PW_DROP_IP4_SRC;
	if (unlikely(is_local(ip, &pkt->src)))
		return PW_DROP_IP_LAND;
	return unlikely(is_broadcast(ip, &pkt->src)) ? PW_DROP_IP4_SRC : PW_OK;
}

/* Is it that of an address, or of one of those behind it? */
static bool
is_group_of(const struct net *n, const struct pw_addr *a)
{
	struct pw_addr own = n->addr, group;

	memcpy(own.b + 13, a->b + 13, 3);
	group = pw_ip6_solicited_node(&own);
	return pw_addr_eq(a, &group) && pw_addr_in_range(&own, &n->addr, n->n_more);
}

/* All nodes of the link, and who has an address that ends as one of ours does. */
static bool
is_our_group(const struct pw_ip *ip, const struct pw_addr *a)
{
	const struct pw_addr all = pw_ip6_all_nodes();
	bool to_all = pw_addr_eq(a, &all);
	uint32_t i;

	for (i = 0; i < ip->n_nets; i++)
		if (!pw_addr_is_v4(&ip->nets[i].addr) && (to_all || is_group_of(&ip->nets[i], a)))
			return true;
	return auto6_listens(ip, a);
}

/* Without an address, one may only ask a group whether that is free (RFC 4861 section 7.1.1). */
static enum pw_drop
check_addrs6(const struct pw_ip *ip, struct packet *pkt)
{
	if (likely(is_local(ip, &pkt->dst) && !pw_addr_is_v4(&pkt->dst)))
		; /* the usual case */
	else if (is_our_group(ip, &pkt->dst))
		pkt->group = true;
	else
		return PW_DROP_IP6_NOT_OURS;
	if (unlikely(!pw_ip6_is_host(&pkt->src)) &&
		!(pkt->group && pw_ip6_is_unspecified(&pkt->src)))
		return PW_DROP_IP6_SRC;
	return unlikely(is_local(ip, &pkt->src)) ? PW_DROP_IP_LAND : PW_OK;
}

/* Who sent it, and does it concern us? A burst comes from few: the last answer is kept. */
static inline enum pw_drop
check_addrs(struct pw_ip *ip, struct packet *pkt, bool ip6)
{
	struct good *good = ip6 ? &ip->good6 : &ip->good4;
	enum pw_drop why;

	if (likely(pw_addr_eq(&pkt->src, &good->src) && pw_addr_eq(&pkt->dst, &good->dst) &&
		    (!ip6 || ip->has_good6)))
		return PW_OK;
	why = ip6 ? check_addrs6(ip, pkt) : check_addrs4(ip, pkt);
	if (likely(why == PW_OK && !pkt->group)) {
		good->src = pkt->src;
		good->dst = pkt->dst;
		ip->has_good6 |= ip6;
	}
	return why;
}

static enum pw_drop
tcp_input(const struct packet *pkt, struct pw_ip_rx *out)
{
	/* RFC 9293 section 3.9.2.3: silence. */
	if (unlikely(pkt->group))
		return PW_DROP_TCP_MULTICAST;
	out->what = PW_IP_TCP;
	out->src = pkt->src;
	out->dst = pkt->dst;
	out->ecn = pkt->tos & PW_IP_ECN_MASK;
	out->l4 = pkt->l4;
	out->len = pkt->l4_len;
	return PW_OK;
}

static inline enum pw_drop
deliver4(struct pw_ip *ip, const struct packet *pkt, pw_ns now, struct pw_ip_rx *out)
{
	enum pw_drop why;

	if (likely(pkt->proto == PW_IP_PROTO_TCP))
		return tcp_input(pkt, out);
	if (pkt->proto == PW_IP_PROTO_ICMP)
		return icmp_input(ip, pkt, now, out);
	if (ip->udp_port != 0 && udp_input(ip, pkt, out, &why))
		return why;
	icmp_unreachable(ip, pkt,
		pkt->proto == PW_IP_PROTO_UDP ? PW_ICMP_UNREACH_PORT : PW_ICMP_UNREACH_PROTO, now);
	return PW_DROP_IP4_PROTO;
}

/* A segment that was put together is in our memory, not in the frame. */
static void
note_whole(const struct pw_frags_whole *whole, struct pw_ip_rx *out)
{
	if (out->what != PW_IP_TCP)
		return;
	out->what = PW_IP_TCP_WHOLE;
	out->whole = whole->p;
	out->whole_len = whole->len;
}

/* Nobody has reason to send a group what does not fit a frame. */
static enum pw_drop
gather(struct pw_ip *ip, const struct packet *pkt, struct pw_frag *frag, pw_ns now,
	struct pw_frags_whole *whole)
{
	whole->p = NULL;
	if (ip->frags == NULL || pkt->group)
		return PW_DROP_IP_FRAGMENT;
	frag->where = ip;
	frag->hdr = pkt->p;
	frag->src = pkt->src;
	frag->dst = pkt->dst;
	return pw_frags_take(ip->frags, frag, now, whole);
}

static enum pw_drop
fragment4(struct pw_ip *ip, const struct packet *pkt, const struct pw_ip4_hdr *h, pw_ns now,
	struct pw_ip_rx *out)
{
	struct pw_frag frag = {
		.p = pkt->l4,
		.len = pkt->l4_len,
		.off = h->frag_off,
		.id = h->id,
		.more = h->mf,
		.proto = h->proto,
	};
	struct pw_frags_whole whole;
	struct packet all = *pkt;
	enum pw_drop why = gather(ip, pkt, &frag, now, &whole);

	if (why != PW_OK || whole.p == NULL)
		return why;
	all.p = whole.p;
	all.l4 = whole.p + PW_IP4_HLEN;
	all.l4_len = whole.len - PW_IP4_HLEN;
	all.tos = whole.p[1];
	all.was_fragment = true;
	why = deliver4(ip, &all, now, out);
	note_whole(&whole, out);
	return why;
}

static inline enum pw_drop
input4(struct pw_ip *ip, const struct pw_link_rx *in, struct pw_ip_hint hint, pw_ns now,
	struct pw_ip_rx *out)
{
	struct packet pkt = {.p = in->l3, .group = in->group};
	struct pw_ip4_hdr h;
	enum pw_drop why;
	uint32_t hlen;

	hlen = pw_ip4_check(in->l3, in->len, hint.ip4_ok, &why);
	if (unlikely(hlen == 0))
		return why;
	pw_ip4_parse(in->l3, &h);
	pkt.src = h.src;
	pkt.dst = h.dst;
	pkt.tos = h.tos;
	pkt.proto = h.proto;
	pkt.l4 = in->l3 + hlen;
	pkt.l4_len = h.total_len - hlen;
	why = check_addrs(ip, &pkt, false);
	if (unlikely(why != PW_OK))
		return why;
	if (unlikely(pw_ip4_is_fragment(&h)))
		return fragment4(ip, &pkt, &h, now, out);
	return deliver4(ip, &pkt, now, out);
}

/* Nobody here takes what comes behind the headers. */
static enum pw_drop
unknown6(struct pw_ip *ip, const struct packet *pkt, uint32_t named_at, pw_ns now)
{
	struct pw_icmp6_hdr h = {
		.type = PW_ICMP6_PARAMETER, .code = PW_ICMP6_PARAM_NEXT, .pointer = named_at};

	if (pkt->proto == PW_IP_PROTO_UDP)
		h = (struct pw_icmp6_hdr){
			.type = PW_ICMP6_UNREACHABLE, .code = PW_ICMP6_UNREACH_PORT};
	if (pkt->proto != PW_IP6_NO_NEXT)
		icmp6_report(ip, pkt, &h, now);
	return PW_DROP_IP6_PROTO;
}

static enum pw_drop
deliver6(struct pw_ip *ip, const struct packet *pkt, uint32_t named_at, pw_ns now,
	struct pw_ip_rx *out)
{
	switch (pkt->proto) {
	case PW_IP_PROTO_TCP:
		return tcp_input(pkt, out);
	case PW_IP_PROTO_ICMP6:
		return icmp6_input(ip, pkt, now, out);
	default:
		return unknown6(ip, pkt, named_at, now);
	}
}

static enum pw_drop input6_slow(
	struct pw_ip *ip, struct packet *pkt, pw_ns now, struct pw_ip_rx *out);

/* RFC 8200 section 4.5: of what cannot be a fragment, its sender is told. */
static void
report_fragment(struct pw_ip *ip, const struct packet *pkt, const struct pw_frag *frag,
	uint32_t frag_at, pw_ns now)
{
	struct pw_icmp6_hdr h = {.type = PW_ICMP6_PARAMETER, .code = PW_ICMP6_PARAM_FIELD};

	if (frag->more && frag->len % 8 != 0)
		h.pointer = 4; /* the payload length */
	else if (frag->off + frag->len > UINT16_MAX)
		h.pointer = frag_at + 2;
	else
		return;
	icmp6_report(ip, pkt, &h, now);
}

static enum pw_drop
fragment6(struct pw_ip *ip, const struct packet *pkt, const struct pw_ip6_chain *chain, pw_ns now,
	struct pw_ip_rx *out)
{
	uint32_t end = PW_IP6_HLEN + pw_get_be16(pkt->p + 4);
	struct pw_frag frag = {
		.p = pkt->p + chain->frag + PW_IP6_FRAG_HLEN,
		.len = end - chain->frag - PW_IP6_FRAG_HLEN,
		.ip6 = true,
	};
	struct pw_frags_whole whole;
	struct packet all = *pkt;
	struct pw_ip6_frag h;
	enum pw_drop why;

	pw_ip6_frag_parse(pkt->p + chain->frag, &h);
	frag.id = h.id;
	frag.off = h.off;
	frag.more = h.more;
	frag.proto = h.next;
	why = gather(ip, pkt, &frag, now, &whole);
	if (why != PW_OK)
		report_fragment(ip, pkt, &frag, chain->frag, now);
	if (why != PW_OK || whole.p == NULL)
		return why;
	all.p = whole.p;
	all.l4 = whole.p + PW_IP6_HLEN;
	all.l4_len = whole.len - PW_IP6_HLEN;
	all.tos = (uint8_t)(pw_get_be16(whole.p) >> 4);
	all.was_fragment = true;
	why = input6_slow(ip, &all, now, out);
	note_whole(&whole, out);
	return why;
}

/* A packet that is more than a header and a segment. */
static enum pw_drop
input6_slow(struct pw_ip *ip, struct packet *pkt, pw_ns now, struct pw_ip_rx *out)
{
	struct pw_ip6_chain chain;
	enum pw_drop why = pw_ip6_walk(pkt->p, &chain);
	struct pw_icmp6_hdr h = {
		.type = PW_ICMP6_PARAMETER, .code = chain.code, .pointer = chain.pointer};

	pkt->l4_len -= chain.l4 - PW_IP6_HLEN;
	pkt->l4 = pkt->p + chain.l4;
	pkt->proto = chain.proto;
	if (chain.frag != 0 && pkt->was_fragment)
		return PW_DROP_IP6_EXT; /* fragments of a fragment are nobody's who means well */
	if (why == PW_OK && chain.proto == PW_IP6_FRAGMENT)
		return fragment6(ip, pkt, &chain, now, out);
	pkt->was_fragment |= chain.frag != 0;
	if (why == PW_OK)
		return deliver6(ip, pkt, chain.named_at, now, out);
	if (chain.report)
		icmp6_report(ip, pkt, &h, now);
	return why;
}

static inline enum pw_drop
input6(struct pw_ip *ip, const struct pw_link_rx *in, pw_ns now, struct pw_ip_rx *out)
{
	struct packet pkt = {.p = in->l3, .group = in->group};
	struct pw_ip6_hdr h;
	enum pw_drop why;

	if (unlikely(!pw_ip6_check(in->l3, in->len, &why)))
		return why;
	pw_ip6_parse(in->l3, &h);
	pkt.src = h.src;
	pkt.dst = h.dst;
	pkt.tos = h.tclass;
	pkt.ttl = h.hop_limit;
	pkt.proto = h.next;
	pkt.l4 = in->l3 + PW_IP6_HLEN;
	pkt.l4_len = h.payload_len;
	why = check_addrs(ip, &pkt, true);
	if (unlikely(why != PW_OK))
		return why;
	if (likely(pkt.proto == PW_IP_PROTO_TCP))
		return tcp_input(&pkt, out);
	return input6_slow(ip, &pkt, now, out);
}

enum pw_drop
pw_ip_input(struct pw_ip *ip, const struct pw_link_rx *in, struct pw_ip_hint hint, pw_ns now,
	struct pw_ip_rx *out)
{
	out->what = PW_IP_DONE;
	ip->stats.packets_in++;
	return in->ip6 ? input6(ip, in, now, out) : input4(ip, in, hint, now, out);
}

/* On its network; else of its scope; else the first of its family (RFC 6724 rules 2, 8). */
struct pw_addr
source_for(const struct pw_ip *ip, const struct pw_addr *dst)
{
	uint32_t i;

	for (i = 0; i < ip->n_nets; i++)
		if (net_has(&ip->nets[i], dst))
			return ip->nets[i].addr;
	for (i = 0; i < ip->n_nets; i++)
		if (pw_addr_is_v4(&ip->nets[i].addr) == pw_addr_is_v4(dst) &&
			pw_ip6_is_link_local(&ip->nets[i].addr) == pw_ip6_is_link_local(dst))
			return ip->nets[i].addr;
	for (i = 0; i < ip->n_nets; i++)
		if (pw_addr_is_v4(&ip->nets[i].addr) == pw_addr_is_v4(dst))
			return ip->nets[i].addr;
	return (struct pw_addr){0};
}

uint16_t
pw_ip_mtu6(const struct pw_ip *ip)
{
	return ip->mtu6;
}

void
pw_ip_count_input(struct pw_ip *ip, uint32_t n)
{
	ip->stats.packets_in += n;
}

/* The next hop to @p dst; NULL: none. A burst goes to few: the last answer is kept. */
static inline const struct pw_addr *
route(struct pw_ip *ip, const struct pw_addr *dst)
{
	const struct route *r;

	if (likely(pw_addr_eq(&ip->last_dst, dst)))
		return &ip->last_hop;
	r = route_find(ip, dst);
	if (unlikely(r == NULL))
		return NULL;
	ip->last_dst = *dst;
	ip->last_hop = r->on_link ? *dst : r->hop;
	return &ip->last_hop;
}

/* The device sums the segment, or cuts it up: it needs to know where the headers are. */
static inline void
set_offload4(const struct pw_ip *ip, struct rte_mbuf *m, uint8_t *p)
{
	m->l2_len = ip->l2_len;
	m->l3_len = PW_IP4_HLEN;
	m->ol_flags |= RTE_MBUF_F_TX_IPV4;
	/* Our own header checksum is cheap; a segment that is cut up needs one for each. */
	if ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) && ip->tx_ip4_cksum) {
		m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
		memset(p + 10, 0, sizeof(uint16_t));
	}
}

static inline void
push4(const struct pw_ip *ip, struct rte_mbuf *m, const struct pw_addr *src,
	const struct pw_addr *dst, uint8_t proto, uint8_t ecn)
{
	struct pw_ip4_hdr h = {
		.src = *src,
		.dst = *dst,
		.total_len = (uint16_t)(PW_IP4_HLEN + m->pkt_len),
		.df = true,
		.tos = ecn,
		.ttl = IP_TTL,
		.proto = proto,
	};
	uint8_t *p = (uint8_t *)rte_pktmbuf_prepend(m, PW_IP4_HLEN);

	PW_ASSERT(p != NULL);
	pw_ip4_emit(p, &h);
	if (m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM)
		set_offload4(ip, m, p);
}

static inline void
push6(const struct pw_ip *ip, struct rte_mbuf *m, const struct pw_addr *src,
	const struct pw_addr *dst, uint8_t proto, uint8_t ecn)
{
	struct pw_ip6_hdr h = {
		.src = *src,
		.dst = *dst,
		.payload_len = (uint16_t)m->pkt_len,
		.tclass = ecn,
		.next = proto,
		.hop_limit = ip->hop_limit6,
	};
	uint8_t *p = (uint8_t *)rte_pktmbuf_prepend(m, PW_IP6_HLEN);

	PW_ASSERT(p != NULL);
	pw_ip6_emit(p, &h);
	if (m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM) {
		m->l2_len = ip->l2_len;
		m->l3_len = PW_IP6_HLEN;
		m->ol_flags |= RTE_MBUF_F_TX_IPV6;
	}
}

void
pw_ip_output(struct pw_ip *ip, struct rte_mbuf *m, const struct pw_addr *src,
	const struct pw_addr *dst, uint8_t proto, uint8_t ecn, pw_ns now)
{
	const struct pw_addr *hop = route(ip, dst);

	if (unlikely(hop == NULL)) {
		pw_drop_count(ip->drops, PW_DROP_IP_NO_ROUTE);
		rte_pktmbuf_free(m);
		return;
	}
	if (pw_addr_is_v4(dst))
		push4(ip, m, src, dst, proto, ecn);
	else
		push6(ip, m, src, dst, proto, ecn);
	ip->stats.packets_out++;
	pw_link_output(ip->link, m, hop, now);
}

void
ip_push4(struct pw_ip *ip, struct rte_mbuf *m, const struct pw_addr *src, const struct pw_addr *dst,
	uint8_t proto, uint8_t ecn)
{
	push4(ip, m, src, dst, proto, ecn);
}

const struct pw_ip_stats *
pw_ip_stats(const struct pw_ip *ip)
{
	return &ip->stats;
}
