/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "rig_loop.h"

enum {
	FIN = 1,
	SYN = 2,
	RST = 4,
	ACK = 16,
};

static bool
app_open(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct rig_loop *l = ctx;

	l->n_open++;
	return true;
}

static uint32_t
app_recv(void *ctx, struct pw_tcp_conn *c, const uint8_t *data, uint32_t len, pw_ns now)
{
	struct rig_loop *l = ctx;

	pw_tcp_send(c, l->answer_bytes);
	return len;
}

static void
app_eof(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_close(c);
}

static uint32_t
app_source(void *ctx, struct pw_tcp_conn *c, pw_off off, uint32_t len, struct pw_span *spans,
	uint32_t *n)
{
	struct rig_loop *l = ctx;
	uint32_t lent = 0;

	for (*n = 0; lent < len && *n < PW_SEG_SPANS_MAX; (*n)++) {
		spans[*n] = rig_span(l->store, (off + lent) % RIG_OBJECT_BYTES, len - lent);
		lent += spans[*n].len;
	}
	return lent;
}

static void
app_acked(void *ctx, struct pw_tcp_conn *c, pw_off una, pw_ns now)
{
}

static void
app_timer(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct rig_loop *l = ctx;

	l->n_timers++;
}

static void
app_gone(void *ctx, struct pw_tcp_conn *c, enum pw_tcp_end why, pw_ns now)
{
	struct rig_loop *l = ctx;

	l->n_gone++;
	l->last_end = why;
}

static const struct pw_tcp_app app = {
	.open = app_open,
	.recv = app_recv,
	.eof = app_eof,
	.source = app_source,
	.acked = app_acked,
	.timer = app_timer,
	.gone = app_gone,
};

static void
svc_tick(void *ctx, pw_ns now, int64_t unix_s)
{
	struct rig_loop *l = ctx;

	CU_ASSERT_TRUE(unix_s > 1600000000);
	l->n_ticks++;
}

static pw_ns
svc_run(void *ctx, pw_ns now)
{
	struct rig_loop *l = ctx;

	l->n_runs++;
	return l->run_at;
}

static void
svc_drain(void *ctx, pw_ns now)
{
	struct rig_loop *l = ctx;

	l->n_drains++;
}

static void
svc_news(void *ctx, const struct pw_loop_news *news)
{
	struct rig_loop *l = ctx;

	l->news = *news;
	l->n_news++;
}

void
rig_loop_open(struct rig_loop *l, const struct rig_loop_opts *opts)
{
	static uint32_t n_opened;
	struct pw_loop_if ifs[2] = {{.n_addrs = 1}, {.vlan = opts->vlan, .n_addrs = 1}};
	struct pw_worker_cfg cfg = {
		.id = opts->crew != NULL ? opts->crew_id : n_opened,
		.crew = opts->crew,
		.socket_id = SOCKET_ID_ANY,
		.ifs = ifs,
		.n_ifs = opts->vlan != 0 ? 2 : 1,
		.listen_port = RIG_HTTP,
		.tcp = {.max_conns = opts->max_conns != 0 ? opts->max_conns : 64, .max_traced = 8},
		.news = svc_news,
		.news_ctx = l,
		.idle = opts->idle,
		.service = {.app = &app, .ctx = l, .tick = svc_tick, .drain = svc_drain},
	};

	memset(l, 0, sizeof(*l));
	l->rp = rig_port_open();
	l->in = l->out = l->rp;
	l->store = rig_store_open();
	l->rp->port.tx_tcp_cksum = opts->tx_tcp_cksum;
	l->rp->port.rx_tcp_cksum = opts->rx_tcp_cksum;
	l->rp->port.id = (uint16_t)cfg.id;
	l->run_at = PW_NEVER;
	l->us = US;
	l->peer = PEER;
	if (opts->has_run)
		cfg.service.run = svc_run;
	if (opts->max_pieces != 0)
		l->rp->port.max_pieces = opts->max_pieces;
	if (opts->mtu != 0)
		l->rp->port.mtu = opts->mtu;
	if (opts->ops != NULL)
		l->rp->queue.ops = opts->ops;
	l->ip6 = opts->ip6;
	l->addr = (struct pw_if_addr){rig_addr(US), 96 + 24};
	if (l->ip6)
		l->addr = (struct pw_if_addr){rig_addr(US6), 64};
	l->vlan_addr = (struct pw_if_addr){rig_addr(RIG_VLAN_US), 96 + 24};
	l->rp->port.tx_vlan = opts->tx_vlan;
	ifs[0].port = ifs[1].port = &l->rp->port;
	ifs[0].queue = opts->no_queue ? NULL : &l->rp->queue;
	ifs[0].addrs = &l->addr;
	if (!opts->dhcp)
		ifs[0].gateway = rig_addr(ROUTER);
	ifs[0].gateway6 = rig_addr(ROUTER6);
	ifs[0].dhcp = opts->dhcp;
	ifs[cfg.n_ifs - 1].link_local4 = opts->link_local4;
	ifs[1].addrs = &l->vlan_addr;
	cfg.store = l->store;
	l->w = pw_worker_create(&cfg);
	n_opened++;
	CU_ASSERT_PTR_NOT_NULL_FATAL(l->w);
	l->sport = 40000;
	l->snd_nxt = 0xfffffff0; /* wraps early */
}

void
rig_loop_close(struct rig_loop *l)
{
	struct pw_worker_leaks leaks;
	bool clean = pw_worker_get_leaks(l->w, &leaks);

	CU_ASSERT_TRUE(clean || l->unfinished);
	CU_ASSERT_EQUAL(leaks.seg.pages, leaks.seg.bare);
	pw_worker_destroy(l->w);
	CU_ASSERT_EQUAL(l->n_gone, l->n_open);
	rig_port_close(l->rp);
	pw_store_destroy(l->store);
}

static uint32_t
ip_hlen(const struct rig_loop *l)
{
	return l->ip6 ? 40 : 20;
}

/* The TCP checksum by the book, pseudo-header and all; or what a device is to complete. */
static void
check_cksum(const struct rig_loop *l, const uint8_t *ip, uint32_t tcp_len, uint64_t ol_flags)
{
	uint32_t addrs = l->ip6 ? rig_sum(ip + 8, 32, 0) : rig_sum(ip + 12, 8, 0);
	uint64_t version = l->ip6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;
	uint32_t pseudo = 6 + tcp_len + addrs;
	const uint8_t *tcp = ip + ip_hlen(l);

	if (!l->ip6)
		CU_ASSERT_EQUAL(rig_sum(ip, 20, 0), 0xffff);
	if (l->rp->port.tx_tcp_cksum) {
		CU_ASSERT_NOT_EQUAL(ol_flags & RTE_MBUF_F_TX_TCP_CKSUM, 0);
		CU_ASSERT_EQUAL(ol_flags & (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6), version);
		CU_ASSERT_EQUAL(rig_get16(tcp + 16), rig_sum(NULL, 0, pseudo));
	} else {
		CU_ASSERT_EQUAL(ol_flags & RTE_MBUF_F_TX_L4_MASK, 0);
		CU_ASSERT_EQUAL(rig_sum(tcp, tcp_len, pseudo), 0xffff);
	}
}

static uint32_t
get32(const uint8_t *p)
{
	return rig_get16(p) << 16 | rig_get16(p + 2);
}

static void
take_payload(struct rig_loop *l, uint32_t seq, const uint8_t *p, uint32_t len)
{
	uint32_t i;

	if (seq != l->rcv_nxt)
		return;
	for (i = 0; i < len; i++)
		CU_ASSERT_EQUAL_FATAL(p[i], rig_byte((l->got + i) % RIG_OBJECT_BYTES));
	l->got += len;
	l->rcv_nxt += len;
}

static void
take_segment(struct rig_loop *l, const uint8_t *ip, uint64_t ol_flags)
{
	uint32_t tcp_len = l->ip6 ? rig_get16(ip + 4) : rig_get16(ip + 2) - 20;
	const uint8_t *tcp = ip + ip_hlen(l);
	uint32_t hlen = (tcp[12] >> 4) * 4u;
	uint32_t seq = get32(tcp + 4);

	check_cksum(l, ip, tcp_len, ol_flags);
	CU_ASSERT_EQUAL(rig_get16(tcp + 2), l->sport);
	CU_ASSERT_TRUE_FATAL(ip_hlen(l) + tcp_len <= l->rp->port.mtu);
	l->n_segs++;
	l->refused |= tcp[13] & RST;
	if (tcp[13] & SYN) {
		l->rcv_nxt = seq + 1;
		l->synced = true;
		return;
	}
	take_payload(l, seq, tcp + hlen, tcp_len - hlen);
	if ((tcp[13] & FIN) && seq + tcp_len - hlen == l->rcv_nxt && !l->finished) {
		l->finished = true;
		l->rcv_nxt++;
	}
}

static bool
is_segment(const struct rig_loop *l, const uint8_t *frame)
{
	uint32_t type = rig_get16(frame + 12);

	return l->ip6 ? type == 0x86dd && frame[20] == 6 : type == 0x0800 && frame[23] == 6;
}

static void
read_sent(struct rig_loop *l)
{
	uint32_t i;

	for (i = 0; i < l->out->n_sent; i++) {
		const struct rig_frame *s = &l->out->sent[i];

		if (is_segment(l, s->bytes))
			take_segment(l, s->bytes + 14, s->ol_flags);
		else
			l->n_other++;
	}
	rig_port_forget(l->out);
}

bool
rig_loop_turn(struct rig_loop *l, pw_ns ns)
{
	bool moved;

	l->now += ns;
	if (l->mate != NULL)
		pw_worker_turn(l->mate->w, l->now);
	moved = pw_worker_turn(l->w, l->now);
	if (l->mate != NULL && l->out == l->mate->rp)
		pw_worker_turn(l->mate->w, l->now); /* sends for us */
	read_sent(l);
	return moved;
}

void
rig_loop_put(struct rig_loop *l)
{
	rig_port_put(l->in, l->f.b, l->f.len, 1);
}

void
rig_loop_seg(struct rig_loop *l, uint8_t flags, const char *payload)
{
	/* MSS 1460, window scale 7 */
	static const uint8_t opts[] = {2, 4, 1460 >> 8, 1460 & 0xff, 1, 3, 3, 7};
	uint32_t opt = flags & SYN ? sizeof(opts) : 0;
	uint32_t len = 20 + opt + (uint32_t)strlen(payload);
	struct rig_buf *f = &l->f;
	uint32_t addrs;
	uint16_t sum;
	uint8_t *tcp;

	rig_eth(f, rig_our_mac, rig_peer_mac, l->ip6 ? 0x86dd : 0x0800);
	if (l->ip6)
		rig_ip6(f, PEER6, US6, 6, len);
	else
		rig_ip4(f, l->peer, l->us, 6, len);
	addrs = l->ip6 ? rig_sum(f->b + 22, 32, 0) : rig_sum(f->b + 26, 8, 0);
	tcp = f->b + f->len;
	rig_put16(f, l->sport);
	rig_put16(f, RIG_HTTP);
	rig_put32(f, l->snd_nxt);
	rig_put32(f, flags & ACK ? l->rcv_nxt : 0);
	rig_put8(f, (5 + opt / 4) << 4);
	rig_put8(f, flags);
	rig_put16(f, 65535);
	rig_put32(f, 0);
	rig_put(f, opts, opt);
	rig_put(f, payload, (uint32_t)strlen(payload));
	sum = (uint16_t)~rig_sum(tcp, len, 6 + len + addrs);
	tcp[16] = (uint8_t)(sum >> 8);
	tcp[17] = (uint8_t)sum;
}

void
rig_loop_send(struct rig_loop *l, uint8_t flags, const char *payload)
{
	rig_loop_seg(l, flags, payload);
	l->snd_nxt += (uint32_t)strlen(payload) + !!(flags & (SYN | FIN));
	rig_loop_put(l);
}

void
rig_loop_hello(struct rig_loop *l)
{
	if (l->ip6)
		rig_ns(&l->f, rig_peer_mac, PEER6, US6, US6);
	else
		rig_arp(&l->f, rig_all_mac, 1, rig_peer_mac, l->peer, rig_our_mac, l->us);
	rig_loop_put(l);
}

void
rig_loop_connect(struct rig_loop *l)
{
	rig_loop_hello(l);
	rig_loop_send(l, SYN, "");
	rig_loop_turn(l, PW_NS_PER_US);
	CU_ASSERT_TRUE_FATAL(l->synced);
	rig_loop_send(l, ACK, "");
	rig_loop_turn(l, PW_NS_PER_US);
	CU_ASSERT_EQUAL(l->n_open, 1);
}

void
rig_loop_fetch(struct rig_loop *l, uint64_t bytes, uint32_t accept)
{
	uint64_t want = l->got + bytes;
	uint32_t turns = 0;

	l->answer_bytes = bytes;
	rig_loop_send(l, ACK, "G");
	while (l->got < want) {
		uint64_t before = l->got;

		l->out->accept = accept;
		rig_loop_turn(l, 50 * PW_NS_PER_US);
		if (l->got != before)
			rig_loop_send(l, ACK, "");
		CU_ASSERT_FATAL(turns++ < 1000000);
	}
	l->out->accept = UINT32_MAX;
	rig_loop_turn(l, 50 * PW_NS_PER_US);
	CU_ASSERT_EQUAL(l->got, want);
}

void
rig_loop_bye(struct rig_loop *l)
{
	uint32_t i;

	rig_loop_send(l, FIN | ACK, "");
	for (i = 0; i < 10 && !l->finished; i++)
		rig_loop_turn(l, PW_NS_PER_MS);
	CU_ASSERT_TRUE(l->finished);
	rig_loop_send(l, ACK, "");
	rig_loop_turn(l, PW_NS_PER_MS);
	CU_ASSERT_EQUAL(l->n_gone, l->n_open);
}
