/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * ICMP (RFC 792): echo answered, errors sent and taken.
 */
#include "ip_priv.h"

#define ERROR_NS   (PW_NS_PER_S / PW_IP_ICMP_PER_S) /* what one costs */
#define CREDIT_MAX (PW_IP_ICMP_BURST * ERROR_NS)

/*
 * The same message with another type, from the address that was asked (RFC 1122
 * section 3.2.2.6); what does not fit our MTU is cut off, as said there. The
 * copy may lie in several buffers, so the sum is taken over what was received.
 */
static void
echo_reply(struct pw_ip *ip, const struct packet *pkt, pw_ns now)
{
	uint32_t len = RTE_MIN(pkt->l4_len, (uint32_t)ip->mtu - PW_IP4_HLEN);
	struct rte_mbuf *m = pw_seg_message(ip->seg, pkt->l4, len);
	uint16_t sum;
	uint8_t *p;

	if (m == NULL) {
		pw_drop_count(ip->drops, PW_DROP_NO_MBUF);
		return;
	}
	p = rte_pktmbuf_mtod(m, uint8_t *);
	p[0] = PW_ICMP_ECHO_REPLY;
	p[1] = 0;
	sum = pw_sum_finish(pw_sum(pkt->l4 + 4, len - 4));
	memcpy(p + 2, &sum, sizeof(sum));
	ip->stats.echo_replies++;
	pw_ip_output(ip, m, &pkt->dst, &pkt->src, PW_IP_PROTO_ICMP, 0, now);
}

/* RFC 9293 3.9.2.2: that a network or a host cannot be reached now is a hint, which must
 * end nothing, not even an attempt to connect (MUST-56). */
static bool
concerns_tcp(uint8_t code)
{
	return code == PW_ICMP_UNREACH_PROTO || code == PW_ICMP_UNREACH_PORT ||
	       code == PW_ICMP_UNREACH_TOO_BIG;
}

/* An error about a segment of ours; whether it was ever sent, TCP finds out. */
static enum pw_drop
error_in(struct pw_ip *ip, const struct packet *pkt, const struct pw_icmp_hdr *icmp,
	struct pw_ip_rx *out)
{
	struct pw_icmp_quote quote;
	enum pw_drop why = pw_icmp_quote(pkt->l4, pkt->l4_len, &quote);

	if (why != PW_OK)
		return why;
	if (pkt->group || quote.ip.proto != PW_IP_PROTO_TCP || !pw_ip_is_local(ip, &quote.ip.src))
		return PW_DROP_ICMP_STRAY;
	if (!concerns_tcp(icmp->code))
		return PW_DROP_ICMP_TYPE;
	out->what = icmp->code == PW_ICMP_UNREACH_TOO_BIG ? PW_IP_TOO_BIG : PW_IP_UNREACHABLE;
	out->mtu = icmp->code == PW_ICMP_UNREACH_TOO_BIG ? icmp->mtu : 0;
	out->src = quote.ip.src;
	out->dst = quote.ip.dst;
	out->l4 = quote.l4;
	out->len = quote.l4_len;
	return PW_OK;
}

enum pw_drop
icmp_input(struct pw_ip *ip, const struct packet *pkt, pw_ns now, struct pw_ip_rx *out)
{
	enum pw_drop why = pw_icmp_check(pkt->l4, pkt->l4_len);
	struct pw_icmp_hdr icmp;

	if (why != PW_OK)
		return why;
	pw_icmp_parse(pkt->l4, &icmp);
	switch (icmp.type) {
	case PW_ICMP_ECHO:
		if (pkt->group)
			return PW_DROP_ICMP_BROADCAST;
		echo_reply(ip, pkt, now);
		return PW_OK;
	case PW_ICMP_UNREACHABLE:
		return error_in(ip, pkt, &icmp, out);
	default: /* source quench is ignored (RFC 6633), so are redirects */
		return PW_DROP_ICMP_TYPE;
	}
}

bool
icmp_allowed(struct pw_ip *ip, pw_ns now)
{
	ip->icmp_credit = pw_min(ip->icmp_credit + (now - ip->icmp_at), CREDIT_MAX);
	ip->icmp_at = now;
	if (ip->icmp_credit < ERROR_NS)
		return false;
	ip->icmp_credit -= ERROR_NS;
	return true;
}

void
icmp_unreachable(struct pw_ip *ip, const struct packet *pkt, uint8_t code, pw_ns now)
{
	struct pw_icmp_hdr icmp = {.type = PW_ICMP_UNREACHABLE, .code = code};
	struct pw_ip4_hdr h;
	struct rte_mbuf *m;
	uint32_t len;

	pw_ip4_parse(pkt->p, &h);
	if (pkt->group || !pw_icmp_may_report(&h, pkt->l4, pkt->l4_len))
		return;
	if (!icmp_allowed(ip, now)) {
		pw_drop_count(ip->drops, PW_DROP_ICMP_RATE);
		return;
	}
	m = pw_seg_message(ip->seg, NULL, PW_ICMP_ERROR_MAX);
	if (m == NULL) {
		pw_drop_count(ip->drops, PW_DROP_NO_MBUF);
		return;
	}
	len = pw_icmp_emit_error(rte_pktmbuf_mtod(m, uint8_t *), &icmp, pkt->p);
	rte_pktmbuf_trim(m, (uint16_t)(PW_ICMP_ERROR_MAX - len));
	ip->stats.errors_out++;
	pw_ip_output(ip, m, &pkt->dst, &pkt->src, PW_IP_PROTO_ICMP, 0, now);
}
