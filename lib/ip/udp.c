/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * UDP on the control path: one port, for DHCP.
 */
#include "ip_priv.h"
#include "pw_wire_udp.h"

void
pw_ip_take_udp(struct pw_ip *ip, uint16_t port)
{
	ip->udp_port = port;
}

bool
udp_input(struct pw_ip *ip, const struct packet *pkt, struct pw_ip_rx *out, enum pw_drop *why)
{
	struct pw_udp_hdr h;
	int len;

	if (pkt->proto != PW_IP_PROTO_UDP)
		return false;
	*why = PW_DROP_UDP_BAD;
	len = pw_udp_check(pkt->l4, pkt->l4_len, &pkt->src, &pkt->dst);
	if (len < 0)
		return true;
	pw_udp_parse(pkt->l4, &h);
	if (h.dport != ip->udp_port)
		return false;
	*why = PW_OK;
	out->what = PW_IP_UDP;
	out->src = pkt->src;
	out->dst = pkt->dst;
	out->l4 = pkt->l4 + PW_UDP_HLEN;
	out->len = (uint32_t)len;
	return true;
}

void
pw_ip_send_udp(struct pw_ip *ip, const struct pw_addr *src, const struct pw_addr *dst,
	uint16_t sport, uint16_t dport, const uint8_t *bytes, uint32_t len, pw_ns now)
{
	struct rte_mbuf *m = pw_seg_message(ip->seg, NULL, PW_UDP_HLEN + len);
	struct pw_udp_hdr h = {.sport = sport, .dport = dport};
	uint8_t *p;

	if (m == NULL) {
		pw_drop_count(ip->drops, PW_DROP_NO_MBUF);
		return;
	}
	p = rte_pktmbuf_mtod(m, uint8_t *);
	memcpy(p + PW_UDP_HLEN, bytes, len);
	pw_udp_emit(p, &h, len, src, dst);
	if (pw_addr_get_v4(dst) != RTE_BE32(0xffffffff)) {
		pw_ip_output(ip, m, src, dst, PW_IP_PROTO_UDP, 0, now);
		return;
	}
	ip_push4(ip, m, src, dst, PW_IP_PROTO_UDP, 0);
	ip->stats.packets_out++;
	pw_link_broadcast(ip->link, m);
}
