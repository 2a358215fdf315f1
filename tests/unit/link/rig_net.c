/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <CUnit/CUnit.h>
#include "../seg/rig_eal.h"
#include "rig_net.h"

const uint8_t rig_our_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
const uint8_t rig_peer_mac[6] = {0x02, 0, 0, 0, 0, 0x02};
const uint8_t rig_all_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

struct pw_addr
rig_addr(const char *text)
{
	struct pw_addr a;

	CU_ASSERT_EQUAL_FATAL(pw_addr_parse(text, &a), 0);
	return a;
}

static void
open_link(struct rig_net *n)
{
	struct pw_link_cfg link = {
		.mac = n->rp->port.mac,
		.addrs = n->addrs,
		.n_addrs = n->n_addrs,
		.max_neighbours = n->max_neighbours,
		.seg = n->seg,
		.tx = &n->tx,
		.drops = &n->drops,
		.mem = &pw_mem_heap,
		.seed = 0x123456789abcdef1,
	};

	n->now = 3600 * PW_NS_PER_S;
	n->link = pw_link_create(&link, n->now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(n->link);
}

static void
open_net(struct rig_net *n, uint32_t max_neighbours, uint32_t n_addrs)
{
	struct pw_seg_cfg seg = {
		.name = rig_name(), .n_hdr = 512, .max_pieces = UINT16_MAX, .frame_bytes = 1514};

	memset(n, 0, sizeof(*n));
	n->seg = pw_seg_create(&seg);
	CU_ASSERT_PTR_NOT_NULL_FATAL(n->seg);
	n->rp = rig_port_open();
	pw_port_tx_init(&n->tx, &n->rp->queue, &n->drops);
	n->addrs[0] = (struct pw_if_addr){rig_addr(US), 96 + 24};
	n->addrs[1] = (struct pw_if_addr){rig_addr(US_TOO), 96 + 16};
	n->addrs[2] = (struct pw_if_addr){rig_addr(US6), 64};
	n->addrs[3] = (struct pw_if_addr){rig_addr(US6_LL), 64};
	n->n_addrs = n_addrs;
	n->max_neighbours = max_neighbours;
	open_link(n);
}

void
rig_net_reopen(struct rig_net *n)
{
	pw_link_destroy(n->link);
	open_link(n);
}

void
rig_net_open(struct rig_net *n, uint32_t max_neighbours)
{
	open_net(n, max_neighbours, 2);
}

void
rig_net_open6(struct rig_net *n, uint32_t max_neighbours)
{
	open_net(n, max_neighbours, 4);
}

void
rig_net_close(struct rig_net *n)
{
	struct pw_seg_usage u;

	pw_link_destroy(n->link);
	pw_port_tx_fini(&n->tx);
	rig_port_close(n->rp);
	pw_seg_get_usage(n->seg, &u);
	CU_ASSERT_EQUAL(u.hdr, 0);
	CU_ASSERT_EQUAL(u.bare, 0);
	pw_seg_destroy(n->seg);
}

uint32_t
rig_net_flush(struct rig_net *n)
{
	pw_port_tx_flush(&n->tx, n->now);
	return n->rp->n_sent;
}

void
rig_put(struct rig_buf *f, const void *bytes, uint32_t len)
{
	CU_ASSERT_FATAL(f->len + len <= sizeof(f->b));
	memcpy(f->b + f->len, bytes, len);
	f->len += len;
}

void
rig_put8(struct rig_buf *f, uint32_t v)
{
	rig_put(f, &(uint8_t){(uint8_t)v}, 1);
}

void
rig_put16(struct rig_buf *f, uint32_t v)
{
	rig_put8(f, v >> 8);
	rig_put8(f, v);
}

void
rig_put32(struct rig_buf *f, uint32_t v)
{
	rig_put16(f, v >> 16);
	rig_put16(f, v);
}

static void
put_addr(struct rig_buf *f, const char *text)
{
	struct pw_addr a = rig_addr(text);

	rig_put(f, a.b + 12, 4);
}

void
rig_eth(struct rig_buf *f, const uint8_t *dst, const uint8_t *src, uint16_t type)
{
	f->len = 0;
	rig_put(f, dst, 6);
	rig_put(f, src, 6);
	rig_put16(f, type);
}

void
rig_arp(struct rig_buf *f, const uint8_t *dst, uint16_t op, const uint8_t *sha, const char *spa,
	const uint8_t *tha, const char *tpa)
{
	rig_eth(f, dst, sha, 0x0806);
	rig_put16(f, 1);
	rig_put16(f, 0x0800);
	rig_put8(f, 6);
	rig_put8(f, 4);
	rig_put16(f, op);
	rig_put(f, sha, 6);
	put_addr(f, spa);
	rig_put(f, tha, 6);
	put_addr(f, tpa);
}

void
rig_ip4(struct rig_buf *f, const char *src, const char *dst, uint8_t proto, uint32_t l4_len)
{
	rig_put16(f, 0x4500);
	rig_put16(f, 20 + l4_len);
	rig_put32(f, 0x12344000); /* id, DF */
	rig_put8(f, 64);
	rig_put8(f, proto);
	rig_put16(f, 0);
	put_addr(f, src);
	put_addr(f, dst);
	rig_ip4_fix(f);
}

void
rig_ip4_fix(struct rig_buf *f)
{
	uint8_t *ip = f->b + 14;
	uint16_t sum;

	ip[10] = ip[11] = 0;
	sum = (uint16_t)~rig_sum(ip, (ip[0] & 15) * 4u, 0);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

void
rig_ip6(struct rig_buf *f, const char *src, const char *dst, uint8_t next, uint32_t len)
{
	struct pw_addr from = rig_addr(src), to = rig_addr(dst);

	rig_put32(f, 0x60000000);
	rig_put16(f, len);
	rig_put8(f, next);
	rig_put8(f, 64);
	rig_put(f, from.b, 16);
	rig_put(f, to.b, 16);
}

void
rig_icmp6(struct rig_buf *f, const uint8_t *src_mac, const char *src, const char *dst,
	uint8_t hop_limit, const void *msg, uint32_t len)
{
	struct pw_addr to = rig_addr(dst);
	uint8_t group[6] = {0x33, 0x33, to.b[12], to.b[13], to.b[14], to.b[15]};
	uint8_t pseudo[8] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, 58};
	uint8_t *p;
	uint16_t sum;

	rig_eth(f, to.b[0] == 0xff ? group : rig_our_mac, src_mac, 0x86dd);
	rig_ip6(f, src, dst, 58, len);
	f->b[14 + 7] = hop_limit;
	rig_put(f, msg, len);
	p = f->b + 14 + 40;
	p[2] = p[3] = 0;
	sum = rig_sum(pseudo, sizeof(pseudo), rig_sum(f->b + 14 + 8, 32, 0));
	sum = (uint16_t)~rig_sum(p, len, sum);
	p[2] = (uint8_t)(sum >> 8);
	p[3] = (uint8_t)sum;
}

static void
put_nd(struct rig_buf *f, const uint8_t *mac, const char *src, const char *dst, const char *target,
	uint8_t type, uint8_t flags)
{
	struct pw_addr a = rig_addr(target);
	uint8_t msg[32] = {type, 0, 0, 0, flags};

	memcpy(msg + 8, a.b, 16);
	msg[24] = type == 135 ? 1 : 2;
	msg[25] = 1;
	if (mac != NULL)
		memcpy(msg + 26, mac, 6);
	rig_icmp6(f, mac != NULL ? mac : rig_peer_mac, src, dst, 255, msg, mac != NULL ? 32 : 24);
}

void
rig_ns(struct rig_buf *f, const uint8_t *mac, const char *src, const char *dst, const char *target)
{
	put_nd(f, mac, src, dst, target, 135, 0);
}

void
rig_na(struct rig_buf *f, const uint8_t *mac, const char *src, const char *dst, const char *target,
	uint8_t flags)
{
	put_nd(f, mac, src, dst, target, 136, flags);
}
