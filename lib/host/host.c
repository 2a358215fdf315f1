/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A host on plain memory: what TCP describes becomes a datagram, and the other way
 * round.
 */
#include "host_priv.h"
#include "pw_wire_ip4.h"
#include "pw_wire_tcp.h"

#define BUF_DEFAULT	   65536
#define RCV_WINDOW_DEFAULT (16u << 20) /* 1 Gbit/s over 100 ms */
#define MTU_DEFAULT	   1500

/* ---- out ---- */

/* One datagram with payload [off, off + len) of the segment. */
static int
emit(struct pw_host *h, const struct pw_tcp_seg *seg, const struct pw_tcp_hdr *hdr, uint32_t off,
	uint32_t len)
{
	uint32_t hlen = ip_hlen(seg->src);
	uint8_t *l4 = h->dgram + hlen;
	uint32_t i, n = pw_tcp_emit(l4, hdr, seg->opts), total = n + len;
	uint16_t sum;

	PW_ASSERT(hlen + total <= h->cfg.tcp.mtu);
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
	ip_put(h->dgram, seg, total);
	sum = pw_sum_pseudo(seg->src, seg->dst, PW_IP_PROTO_TCP, total);
	sum = pw_sum_finish(pw_sum_add(sum, pw_sum(l4, total)));
	memcpy(l4 + 16, &sum, sizeof(sum));
	return h->cfg.output(h->cfg.output_ctx, h->dgram, hlen + total);
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

enum pw_drop
pw_host_input(struct pw_host *h, const uint8_t *dgram, uint32_t len, pw_ns now)
{
	struct icmp_error error;
	struct pw_tcp_pkt pkt;
	struct parcel in;
	enum pw_drop why = ip_open(&h->cfg.addr, dgram, len, &in);

	if (why != PW_OK)
		return why;
	if (in.proto == PW_IP_PROTO_TCP) {
		pkt = (struct pw_tcp_pkt){
			.src = in.src, .dst = in.dst, .l4 = in.l4, .len = in.len, .ecn = in.ecn};
		return pw_tcp_input(h->tcp, &pkt, now);
	}
	why = ip_read_icmp(&in, &error);
	if (why != PW_OK)
		return why;
	return pw_tcp_icmp_error(
		h->tcp, error.what, &error.src, &error.dst, error.l4, error.mtu, now);
}

/* ---- life ---- */

static void
fill_defaults(struct pw_host_cfg *cfg)
{
	cfg->tcp.env = &env;
	cfg->tcp.app_bytes = sizeof(struct pw_sock *);
	if (cfg->tcp.mem == NULL)
		cfg->tcp.mem = &pw_mem_heap;
	if (cfg->tcp.rcv_buf_bytes == 0)
		cfg->tcp.rcv_buf_bytes = RCV_WINDOW_DEFAULT;
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
