/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Layer 3 of a host on plain memory: what TCP describes becomes a datagram, and
 * the other way round.
 */
#include "host_priv.h"
#include "pw_wire_icmp.h"

#define BUF_DEFAULT 65536
#define MTU_DEFAULT 1500
#define TTL	    64

/* ---- out ---- */

/* One datagram with payload [off, off + len) of the segment. */
static int
emit(struct pw_host *h, const struct pw_tcp_seg *seg, const struct pw_tcp_hdr *hdr, uint32_t off,
	uint32_t len)
{
	uint8_t *l4 = h->dgram + PW_IP4_HLEN;
	uint32_t i, n = pw_tcp_emit(l4, hdr, seg->opts), total = n + len;
	struct pw_ip4_hdr ip = {
		.src = *seg->src,
		.dst = *seg->dst,
		.total_len = (uint16_t)(PW_IP4_HLEN + total),
		.df = true,
		.tos = seg->ecn,
		.ttl = TTL,
		.proto = PW_IP_PROTO_TCP,
	};
	uint16_t sum;

	PW_ASSERT(PW_IP4_HLEN + total <= h->cfg.tcp.mtu);
	for (i = 0; i < seg->n_spans && len > 0; i++) {
		const struct pw_span *s = &seg->spans[i];
		uint32_t part;

		if (off >= s->len) {
			off -= s->len;
			continue;
		}
		part = (uint32_t)pw_min(s->len - off, len);
		memcpy(l4 + n, s->addr + off, part);
		n += part;
		len -= part;
		off = 0;
	}
	PW_ASSERT(len == 0);
	pw_ip4_emit(h->dgram, &ip);
	sum = pw_sum_add(pw_sum_pseudo(seg->src, seg->dst, ip.proto, total), pw_sum(l4, total));
	sum = pw_sum_finish(sum);
	memcpy(l4 + 16, &sum, sizeof(sum));
	return h->cfg.output(h->cfg.output_ctx, h->dgram, PW_IP4_HLEN + total);
}

/* A long segment in pieces. Once one has left the others are as good as lost when there is no
 * room for them. */
static int
emit_pieces(struct pw_host *h, const struct pw_tcp_seg *seg)
{
	const uint8_t last = PW_TCP_FIN | PW_TCP_PSH;
	struct pw_tcp_hdr hdr = seg->hdr;
	uint32_t off;

	for (off = 0; off < seg->len; off += seg->gso_size) {
		uint32_t len = (uint32_t)pw_min(seg->gso_size, seg->len - off);

		hdr.seq = seg->hdr.seq + off;
		hdr.flags = seg->hdr.flags;
		if (off + len < seg->len)
			hdr.flags &= (uint8_t)~last;
		if (emit(h, seg, &hdr, off, len) < 0)
			return off == 0 ? -ENOBUFS : 0;
	}
	return 0;
}

static int
send_segment(void *ctx, const struct pw_tcp_seg *seg)
{
	struct pw_host *h = ctx;

	if (seg->gso_size != 0)
		return emit_pieces(h, seg);
	return emit(h, seg, &seg->hdr, 0, seg->len);
}

static const struct pw_tcp_env env = {.send = send_segment};

/* ---- in ---- */

static enum pw_drop
icmp_input(struct pw_host *h, const uint8_t *p, uint32_t len, pw_ns now)
{
	enum pw_tcp_icmp what = PW_TCP_ICMP_UNREACHABLE;
	enum pw_drop why = pw_icmp_check(p, len);
	struct pw_icmp_quote q;
	struct pw_icmp_hdr icmp;

	if (why != PW_OK)
		return why;
	pw_icmp_parse(p, &icmp);
	if (icmp.type != PW_ICMP_UNREACHABLE)
		return PW_DROP_ICMP_TYPE;
	why = pw_icmp_quote(p, len, &q);
	if (why != PW_OK)
		return why;
	if (q.ip.proto != PW_IP_PROTO_TCP || !pw_addr_eq(&q.ip.src, &h->cfg.addr))
		return PW_DROP_ICMP_STRAY;
	if (icmp.code == PW_ICMP_UNREACH_TOO_BIG)
		what = PW_TCP_ICMP_TOO_BIG;
	return pw_tcp_icmp_error(h->tcp, what, &q.ip.src, &q.ip.dst, q.l4,
		what == PW_TCP_ICMP_TOO_BIG ? icmp.mtu : 0, now);
}

enum pw_drop
pw_host_input(struct pw_host *h, const uint8_t *dgram, uint32_t len, pw_ns now)
{
	struct pw_tcp_pkt pkt;
	struct pw_ip4_hdr ip;
	enum pw_drop why;
	uint32_t hlen;

	hlen = pw_ip4_check(dgram, len, false, &why);
	if (hlen == 0)
		return why;
	pw_ip4_parse(dgram, &ip);
	if (!pw_addr_eq(&ip.dst, &h->cfg.addr))
		return PW_DROP_IP4_NOT_OURS;
	if (!pw_ip4_is_host(pw_addr_get_v4(&ip.src)))
		return PW_DROP_IP4_SRC;
	if (pw_ip4_is_fragment(&ip))
		return PW_DROP_IP_FRAGMENT;
	if (ip.proto == PW_IP_PROTO_ICMP)
		return icmp_input(h, dgram + hlen, ip.total_len - hlen, now);
	if (ip.proto != PW_IP_PROTO_TCP)
		return PW_DROP_IP4_PROTO;
	pkt = (struct pw_tcp_pkt){
		.src = ip.src,
		.dst = ip.dst,
		.l4 = dgram + hlen,
		.len = ip.total_len - hlen,
		.ecn = ip.tos & PW_IP_ECN_MASK,
	};
	return pw_tcp_input(h->tcp, &pkt, now);
}

/* ---- life ---- */

static void
fill_defaults(struct pw_host_cfg *cfg)
{
	cfg->tcp.env = &env;
	cfg->tcp.app_bytes = sizeof(struct pw_sock *);
	if (cfg->tcp.mem == NULL)
		cfg->tcp.mem = &pw_mem_heap;
	if (cfg->tcp.mtu == 0)
		cfg->tcp.mtu = MTU_DEFAULT;
	if (cfg->max_socks == 0)
		cfg->max_socks = cfg->tcp.max_conns;
	if (cfg->snd_buf_bytes == 0)
		cfg->snd_buf_bytes = BUF_DEFAULT;
	if (cfg->rcv_buf_bytes == 0)
		cfg->rcv_buf_bytes = BUF_DEFAULT;
}

static int
alloc_all(struct pw_host *h)
{
	const struct pw_mem *mem = h->cfg.tcp.mem;
	uint32_t i, snd = h->cfg.snd_buf_bytes, rcv = h->cfg.rcv_buf_bytes;
	uint8_t *p;

	h->socks = mem->alloc(mem->ctx, h->cfg.max_socks * sizeof(*h->socks), "sockets");
	h->buffers = mem->alloc(mem->ctx, (size_t)h->cfg.max_socks * (snd + rcv), "socket_buffers");
	h->dgram = mem->alloc(mem->ctx, h->cfg.tcp.mtu, "datagram");
	if (h->socks == NULL || h->buffers == NULL || h->dgram == NULL)
		return -ENOMEM;
	p = h->buffers;
	for (i = 0; i < h->cfg.max_socks; i++) {
		h->socks[i].host = h;
		h->socks[i].snd = (struct ring){.mem = p, .size = snd};
		h->socks[i].rcv = (struct ring){.mem = p + snd, .size = rcv};
		p += snd + rcv;
	}
	return 0;
}

struct pw_host *
pw_host_create(const struct pw_host_cfg *cfg, pw_ns now)
{
	const struct pw_mem *mem = cfg->tcp.mem != NULL ? cfg->tcp.mem : &pw_mem_heap;
	struct pw_host *h = mem->alloc(mem->ctx, sizeof(*h), "host");

	if (h == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	h->cfg = *cfg;
	fill_defaults(&h->cfg);
	h->cfg.tcp.env_ctx = h;
	if (!rte_is_power_of_2(h->cfg.snd_buf_bytes) || !rte_is_power_of_2(h->cfg.rcv_buf_bytes)) {
		pw_host_destroy(h);
		errno = EINVAL;
		return NULL;
	}
	h->tcp = pw_tcp_create(&h->cfg.tcp, now);
	if (h->tcp == NULL || alloc_all(h) < 0) {
		int err = h->tcp == NULL ? errno : ENOMEM;

		pw_host_destroy(h);
		errno = err;
		return NULL;
	}
	return h;
}

void
pw_host_destroy(struct pw_host *h)
{
	const struct pw_mem *mem;

	if (h == NULL)
		return;
	mem = h->cfg.tcp.mem;
	pw_tcp_destroy(h->tcp);
	if (h->socks != NULL)
		mem->free(mem->ctx, h->socks);
	if (h->buffers != NULL)
		mem->free(mem->ctx, h->buffers);
	if (h->dgram != NULL)
		mem->free(mem->ctx, h->dgram);
	mem->free(mem->ctx, h);
}

void
pw_host_run(struct pw_host *h, pw_ns now)
{
	pw_tcp_run(h->tcp, now);
}

pw_ns
pw_host_next(const struct pw_host *h)
{
	return pw_tcp_next(h->tcp);
}

struct pw_tcp *
pw_host_tcp(struct pw_host *h)
{
	return h->tcp;
}

uint32_t
pw_host_n_socks(const struct pw_host *h)
{
	return h->n_socks;
}

int
pw_host_listen(struct pw_host *h, uint16_t port)
{
	return pw_tcp_listen(h->tcp, port, &sock_app, h);
}
