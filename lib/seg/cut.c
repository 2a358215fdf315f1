/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Generic segmentation: what a device without TSO does not do. Everything above,
 * from TCP to the neighbour's address, is done once for many frames; a frame costs
 * two mbufs, a copy of the headers and the few fields that differ.
 */
#include "pw_wire_bytes.h"
#include "pw_wire_cksum.h"
#include "pw_wire_ip6.h"
#include "pw_wire_tcp.h"
#include "seg_priv.h"

/* Where the fields are that differ. */
enum {
	IP4_TOTAL_LEN = 2,
	IP4_CKSUM = 10,
	IP6_PAYLOAD_LEN = 4,
	TCP_SEQ = 4,
	TCP_FLAGS = 13,
	TCP_CKSUM = 16,
};

/* Headers of the frame that is cut, and sums of what in them does not change. */
struct heads {
	const uint8_t *p;
	uint32_t len;
	uint32_t l3; /* where it begins */
	uint32_t l4;
	uint32_t seq;
	uint8_t flags;
	bool is_ip4;
	uint16_t ip4_sum;    /* without the length */
	uint16_t pseudo_sum; /* likewise */
};

/* The payload that is not in a frame yet. */
struct rest {
	const struct rte_mbuf *m;
	uint32_t off; /* in m, of its first byte */
	uint32_t len;
};

/* A sum over pieces, which may begin at odd places. */
struct total {
	uint16_t sum;
	bool odd;
};

static inline uint16_t
get_sum(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void
put_sum(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline uint16_t
len_sum(uint32_t len)
{
	return rte_cpu_to_be_16((uint16_t)len);
}

static void
read_heads(struct heads *h, const struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);

	h->p = p;
	h->l3 = m->l2_len;
	h->l4 = h->l3 + m->l3_len;
	h->len = h->l4 + m->l4_len;
	h->seq = pw_get_be32(p + h->l4 + TCP_SEQ);
	h->flags = p[h->l4 + TCP_FLAGS];
	h->is_ip4 = (m->ol_flags & RTE_MBUF_F_TX_IPV4) != 0;
	h->ip4_sum = 0;
	if (h->is_ip4) {
		uint16_t sum = pw_sum(p + h->l3, m->l3_len);

		sum = pw_sum_sub(sum, get_sum(p + h->l3 + IP4_TOTAL_LEN));
		h->ip4_sum = pw_sum_sub(sum, get_sum(p + h->l3 + IP4_CKSUM));
	}
	h->pseudo_sum = pw_sum_sub(get_sum(p + h->l4 + TCP_CKSUM), len_sum(m->pkt_len - h->l4));
}

/* Lengths and IPv4's checksum. */
static inline void
put_l3(const struct heads *h, uint8_t *p, uint32_t len)
{
	if (likely(h->is_ip4)) {
		put_sum(p + IP4_TOTAL_LEN, len_sum(len));
		put_sum(p + IP4_CKSUM, pw_sum_finish(pw_sum_add(h->ip4_sum, len_sum(len))));
	} else {
		put_sum(p + IP6_PAYLOAD_LEN, len_sum(len - PW_IP6_HLEN));
	}
}

/* Give the frame @p m, which has the payload from @p off on, headers of its own.
 * @param payload  its sum; NULL: the device sums */
static inline void
put_heads(const struct heads *h, struct rte_mbuf *m, uint32_t off, bool last,
	const struct total *payload)
{
	uint8_t *p = rte_pktmbuf_mtod(m, uint8_t *);
	uint8_t *tcp = p + h->l4;
	uint16_t sum = pw_sum_add(h->pseudo_sum, len_sum(m->pkt_len - h->l4));
	uint8_t flags = h->flags;

	if (!last)
		flags &= (uint8_t) ~(PW_TCP_FIN | PW_TCP_PSH);
	if (off != 0)
		flags &= (uint8_t)~PW_TCP_CWR;
	put_l3(h, p + h->l3, m->pkt_len - h->l3);
	pw_put_be32(tcp + TCP_SEQ, h->seq + off);
	tcp[TCP_FLAGS] = flags;
	if (payload != NULL) {
		put_sum(tcp + TCP_CKSUM, 0);
		sum = pw_sum_add(sum, pw_sum(tcp, h->len - h->l4));
		sum = pw_sum_finish(pw_sum_add(sum, payload->sum));
	}
	put_sum(tcp + TCP_CKSUM, sum);
}

static void
add_sum(struct pw_seg *seg, struct total *t, const struct rte_mbuf *m, const uint8_t *p,
	uint32_t len)
{
	struct pw_span s = {.addr = p, .len = len};
	uint16_t sum;

	if (RTE_MBUF_HAS_EXTBUF(m)) {
		s.page = (uint32_t)((struct seg_page *)m->shinfo - seg->pages);
		sum = pw_store_sum(seg->store, &s, &seg->ledger.cksum_read_bytes);
	} else {
		sum = pw_sum(p, len);
	}
	t->sum = pw_sum_add(t->sum, t->odd ? pw_sum_swap(sum) : sum);
	t->odd ^= len & 1;
}

/* @p len bytes at @p p, which lie in one mbuf of the frame that is cut. */
static inline bool
add_piece(struct pw_seg *seg, struct chain *c, const struct rte_mbuf *from, const uint8_t *p,
	uint32_t len)
{
	struct rte_mbuf *m;

	if (unlikely(!RTE_MBUF_HAS_EXTBUF(from)))
		return chain_copy(seg, c, p, len);
	m = rte_pktmbuf_alloc(seg->bare);
	if (unlikely(m == NULL))
		return false;
	chain_window(c, m, (struct seg_page *)from->shinfo, p, (uint16_t)len);
	return true;
}

/* Move @p len bytes of the rest into the frame. */
static inline bool
add_payload(
	struct pw_seg *seg, struct chain *c, struct rest *r, uint32_t len, struct total *payload)
{
	r->len -= len;
	while (len > 0) {
		uint32_t n = RTE_MIN(len, r->m->data_len - r->off);
		const uint8_t *p = rte_pktmbuf_mtod_offset(r->m, const uint8_t *, r->off);

		if (n == 0) {
			r->m = r->m->next;
			r->off = 0;
			continue;
		}
		if (unlikely(!add_piece(seg, c, r->m, p, n)))
			return false;
		if (payload != NULL)
			add_sum(seg, payload, r->m, p, n);
		r->off += n;
		len -= n;
	}
	return true;
}

/* The headers as they are, for the device as it is to see them. */
static inline void
copy_heads(const struct heads *h, struct rte_mbuf *m, const struct rte_mbuf *from, bool sum)
{
	m->data_off = (uint16_t)(PW_SEG_HEADROOM - h->len);
	m->data_len = (uint16_t)h->len;
	m->pkt_len = h->len;
	m->ol_flags |= from->ol_flags & ~(RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_IP_CKSUM);
	if (sum)
		m->ol_flags &= ~RTE_MBUF_F_TX_TCP_CKSUM;
	m->tx_offload = from->tx_offload;
	m->tso_segsz = 0;
	m->vlan_tci = from->vlan_tci;
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), h->p, h->len);
}

/* @return false: a pool is empty; what is in @p out is to be freed */
static bool
cut(struct pw_seg *seg, const struct rte_mbuf *m, bool sum, struct rte_mbuf **out, uint32_t n)
{
	struct rest r = {.m = m};
	struct heads h;
	uint32_t i, off = 0;

	read_heads(&h, m);
	r.off = h.len;
	r.len = m->pkt_len - h.len;
	for (i = 0; i < SPARES_AHEAD && i < n; i++)
		prefetch_heads(out[i], h.len);
	for (i = 0; i < n; i++) {
		uint32_t len = RTE_MIN((uint32_t)m->tso_segsz, r.len);
		struct chain c = {.head = out[i], .tail = out[i]};
		struct total payload = {0};

		if (i + SPARES_AHEAD < n)
			prefetch_heads(out[i + SPARES_AHEAD], h.len);
		copy_heads(&h, out[i], m, sum);
		if (unlikely(!add_payload(seg, &c, &r, len, sum ? &payload : NULL)))
			return false;
		put_heads(&h, out[i], off, r.len == 0, sum ? &payload : NULL);
		off += len;
	}
	PW_ASSERT(r.len == 0);
	return true;
}

uint32_t
pw_seg_cut(struct pw_seg *seg, struct rte_mbuf *m, bool sum, struct rte_mbuf **out)
{
	uint32_t len = m->pkt_len - m->l2_len - m->l3_len - m->l4_len;
	uint32_t n = (len + m->tso_segsz - 1) / m->tso_segsz;

	PW_ASSERT(n <= PW_SEG_CUT_MAX && m->data_len >= m->pkt_len - len);
	if (unlikely(rte_pktmbuf_alloc_bulk(seg->hdr, out, n) != 0)) {
		n = 0;
	} else if (unlikely(!cut(seg, m, sum, out, n))) {
		rte_pktmbuf_free_bulk(out, n);
		n = 0;
	}
	rte_pktmbuf_free(m);
	return n;
}
