/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * ICMPv6 (RFC 4443): echo answered, errors sent and taken, neighbour discovery passed on.
 */
#include "ip_priv.h"

/*
 * The same message with another type. To a group it is answered from an address of ours
 * (RFC 4443 section 4.2), as seldom as errors are: one question reaches many. The copy may
 * lie in several buffers, so the sum is taken over what was received.
 */
static enum pw_drop
echo_reply(struct pw_ip *ip, const struct packet *pkt, pw_ns now)
{
	struct pw_icmp6_hdr h = {.type = PW_ICMP6_ECHO_REPLY, .word = pw_get_be32(pkt->l4 + 4)};
	struct pw_addr src = pkt->group ? source_for(ip, &pkt->src) : pkt->dst;
	uint32_t len = RTE_MIN(pkt->l4_len, (uint32_t)ip->mtu6 - PW_IP6_HLEN);
	struct rte_mbuf *m;
	uint16_t sum;
	uint8_t *p;

	if (pw_ip6_is_unspecified(&pkt->src))
		return PW_DROP_IP6_SRC;
	if (pw_ip6_is_unspecified(&src))
		return PW_DROP_IP6_NOT_OURS; /* we have no address yet */
	if (pkt->group && !icmp_allowed(ip, now))
		return PW_DROP_ICMP_RATE;
	m = pw_seg_message(ip->seg, pkt->l4, len);
	if (m == NULL)
		return PW_DROP_NO_MBUF;
	p = rte_pktmbuf_mtod(m, uint8_t *);
	pw_icmp6_emit(p, &h);
	sum = pw_sum_add(pw_sum_pseudo(&src, &pkt->src, PW_IP_PROTO_ICMP6, len),
		pw_sum_add(pw_sum(p, 4), pw_sum(pkt->l4 + 4, len - 4)));
	sum = pw_sum_finish(sum);
	memcpy(p + 2, &sum, sizeof(sum));
	ip->stats.echo_replies++;
	pw_ip_output(ip, m, &src, &pkt->src, PW_IP_PROTO_ICMP6, 0, now);
	return PW_OK;
}

/* RFC 9293 3.9.2.2: that a network or a host cannot be reached now is a hint, which must
 * end nothing, not even an attempt to connect (MUST-56). */
static bool
refuses_tcp(const struct pw_icmp6_hdr *h)
{
	return (h->type == PW_ICMP6_UNREACHABLE && h->code == PW_ICMP6_UNREACH_PORT) ||
	       (h->type == PW_ICMP6_PARAMETER && h->code == PW_ICMP6_PARAM_NEXT);
}

/* An error about a segment of ours; whether it was ever sent, TCP finds out. */
static enum pw_drop
error_in(struct pw_ip *ip, const struct packet *pkt, const struct pw_icmp6_hdr *icmp,
	struct pw_ip_rx *out)
{
	bool too_big = icmp->type == PW_ICMP6_TOO_BIG;
	struct pw_icmp6_quote quote;
	enum pw_drop why = pw_icmp6_quote(pkt->l4, pkt->l4_len, &quote);

	if (why != PW_OK)
		return why;
	if (pkt->group || quote.ip.next != PW_IP_PROTO_TCP || !pw_ip_is_local(ip, &quote.ip.src))
		return PW_DROP_ICMP_STRAY;
	if (!too_big && !refuses_tcp(icmp))
		return PW_DROP_ICMP_TYPE;
	out->what = too_big ? PW_IP_TOO_BIG : PW_IP_UNREACHABLE;
	/* RFC 8201 section 4: no path is taken to carry less than any link must. */
	out->mtu = too_big ? RTE_MAX(icmp->mtu, (uint32_t)PW_IP6_MTU_MIN) : 0;
	out->src = quote.ip.src;
	out->dst = quote.ip.dst;
	out->l4 = quote.l4;
	out->len = quote.l4_len;
	return PW_OK;
}

static enum pw_drop
discovery_in(struct pw_ip *ip, const struct packet *pkt, pw_ns now)
{
	struct pw_nd_msg m = {
		.p = pkt->l4,
		.len = pkt->l4_len,
		.hop_limit = pkt->ttl,
		.src = pkt->src,
		.dst = pkt->dst,
	};

	/* RFC 6980: what discovery says fits one packet; a fragment header hides something. */
	if (pkt->was_fragment)
		return PW_DROP_ND_BAD;
	if (m.p[0] == PW_ICMP6_RA)
		return auto6_ra(ip, &m, now);
	auto6_heard(ip, &m);
	return pw_link_nd(ip->link, &m, true, now);
}

enum pw_drop
icmp6_input(struct pw_ip *ip, const struct packet *pkt, pw_ns now, struct pw_ip_rx *out)
{
	enum pw_drop why = pw_icmp6_check(pkt->l4, pkt->l4_len, &pkt->src, &pkt->dst);
	struct pw_icmp6_hdr icmp;

	if (why != PW_OK)
		return why;
	pw_icmp6_parse(pkt->l4, &icmp);
	if (pw_icmp6_is_nd(icmp.type))
		return discovery_in(ip, pkt, now);
	switch (icmp.type) {
	case PW_ICMP6_ECHO:
		return echo_reply(ip, pkt, now);
	case PW_ICMP6_UNREACHABLE:
	case PW_ICMP6_TOO_BIG:
	case PW_ICMP6_PARAMETER:
		return error_in(ip, pkt, &icmp, out);
	case PW_ICMP6_MLD_QUERY:
		if (pkt->ttl == 1 && pw_ip6_is_link_local(&pkt->src))
			auto6_query(ip, now);
		return PW_OK;
	default:
		return PW_DROP_ICMP_TYPE;
	}
}

/*
 * RFC 4443 section 2.4 e: not about an error, nor to what is not one host; about what was
 * for a group only where the whole group must do without (an unknown option).
 */
static bool
may_report(const struct packet *pkt, const struct pw_icmp6_hdr *h)
{
	bool option = h->type == PW_ICMP6_PARAMETER && h->code == PW_ICMP6_PARAM_OPTION;

	if (!pw_ip6_is_host(&pkt->src) || (pkt->group && !option))
		return false;
	if (pkt->proto != PW_IP_PROTO_ICMP6)
		return true;
	return pkt->l4_len != 0 && !pw_icmp6_is_error(pkt->l4[0]) &&
	       pkt->l4[0] != PW_ICMP6_REDIRECT;
}

void
icmp6_report(struct pw_ip *ip, const struct packet *pkt, const struct pw_icmp6_hdr *h, pw_ns now)
{
	struct pw_addr src = pkt->group ? source_for(ip, &pkt->src) : pkt->dst;
	struct rte_mbuf *m;
	uint32_t len;

	if (!may_report(pkt, h) || pw_ip6_is_unspecified(&src))
		return;
	if (!icmp_allowed(ip, now)) {
		pw_drop_count(ip->drops, PW_DROP_ICMP_RATE);
		return;
	}
	m = pw_seg_message(ip->seg, NULL, PW_ICMP6_ERROR_MAX);
	if (m == NULL) {
		pw_drop_count(ip->drops, PW_DROP_NO_MBUF);
		return;
	}
	len = pw_icmp6_emit_error(rte_pktmbuf_mtod(m, uint8_t *), h, &src, &pkt->src, pkt->p,
		(uint32_t)(pkt->l4 - pkt->p) + pkt->l4_len);
	rte_pktmbuf_trim(m, (uint16_t)(PW_ICMP6_ERROR_MAX - len));
	ip->stats.errors_out++;
	pw_ip_output(ip, m, &src, &pkt->src, PW_IP_PROTO_ICMP6, 0, now);
}
