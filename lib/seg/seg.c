/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include "pw_log.h"
#include "pw_wire_cksum.h"
#include "seg_priv.h"

RTE_LOG_REGISTER(pw_log_seg, pagewire.seg, NOTICE);
#define SEG_LOG(lvl, ...) PW_LOG(lvl, pw_log_seg, "seg", __VA_ARGS__)

#define POOL_CACHE  256
#define HEADS_USUAL 66 /* Ethernet, IPv4, TCP with timestamps */

const struct pw_copy_info pw_copy_info[PW_COPY_MAX] = {
#define X(name, help) [PW_COPY_##name] = {#name, help},
	PW_COPIES(X)
#undef X
};

/* The base reference of a page belongs to the builder; nobody else may give it back. */
static void
page_freed(void *addr, void *opaque)
{
	pw_assert_failed("a page keeps its base reference", __FILE__, __LINE__);
}

static struct rte_mempool *
make_pool(const struct pw_seg_cfg *cfg, const char *kind, uint32_t n, uint16_t room)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *pool;

	snprintf(name, sizeof(name), "%s_%s", cfg->name, kind);
	pool = rte_pktmbuf_pool_create(
		name, n, RTE_MIN(POOL_CACHE, n / 4), 0, room, cfg->socket_id);
	if (pool == NULL)
		SEG_LOG(ERR, "no memory for %u packet buffers of %u bytes (pool %s): %s", n, room,
			name, rte_strerror(rte_errno));
	return pool;
}

static void
init_pages(struct pw_seg *seg)
{
	uint32_t i;

	for (i = 0; i < seg->n_pages; i++) {
		const struct pw_page *page = pw_store_page(seg->store, i);
		struct seg_page *p = &seg->pages[i];

		p->shinfo.free_cb = page_freed;
		rte_mbuf_ext_refcnt_set(&p->shinfo, 1);
		if (page->iova != RTE_BAD_IOVA)
			p->iova_off = page->iova - (uintptr_t)page->addr;
	}
}

static int
init(struct pw_seg *seg, const struct pw_seg_cfg *cfg, uint32_t n_bare)
{
	uint32_t text_max = PW_SEG_TEXT_MAX;

	/* Where there are no chains, a packet's all must fit one buffer. */
	if (cfg->max_pieces == 1)
		text_max = RTE_MAX(text_max, cfg->frame_bytes);
	seg->hdr = make_pool(cfg, "hdr", cfg->n_hdr, (uint16_t)(PW_SEG_HEADROOM + text_max));
	seg->bare = make_pool(cfg, "bare", n_bare, 0);
	if (seg->hdr == NULL || seg->bare == NULL)
		return -ENOMEM;
	if (seg->n_pages == 0)
		return 0;
	seg->pages = rte_zmalloc_socket("seg pages", seg->n_pages * sizeof(*seg->pages),
		RTE_CACHE_LINE_SIZE, cfg->socket_id);
	if (seg->pages == NULL) {
		SEG_LOG(ERR, "no memory for the references of %u pages", seg->n_pages);
		return -ENOMEM;
	}
	init_pages(seg);
	return 0;
}

struct pw_seg *
pw_seg_create(const struct pw_seg_cfg *cfg)
{
	uint32_t n_bare = cfg->n_bare != 0 ? cfg->n_bare : cfg->n_hdr;
	struct pw_seg *seg;

	if (n_bare > BARE_MAX || cfg->max_pieces == 0 ||
		cfg->frame_bytes > UINT16_MAX - PW_SEG_HEADROOM) {
		SEG_LOG(ERR,
			"%u windows, %u pieces, frames of %u bytes: at most %u, at least 1, "
			"at most %u",
			n_bare, cfg->max_pieces, cfg->frame_bytes, BARE_MAX,
			UINT16_MAX - PW_SEG_HEADROOM);
		errno = EINVAL;
		return NULL;
	}
	seg = rte_zmalloc_socket("seg", sizeof(*seg), RTE_CACHE_LINE_SIZE, cfg->socket_id);
	if (seg == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	seg->store = cfg->store;
	seg->n_pages = cfg->store != NULL ? pw_store_n_pages(cfg->store) : 0;
	seg->max_pieces = cfg->max_pieces;
	seg->driver_copies = cfg->driver_copies;
	if (init(seg, cfg, n_bare) != 0) {
		pw_seg_destroy(seg);
		errno = ENOMEM;
		return NULL;
	}
	return seg;
}

void
pw_seg_destroy(struct pw_seg *seg)
{
	if (seg == NULL)
		return;
	while (seg->spares.head != seg->spares.tail)
		rte_pktmbuf_free(seg->spares.m[seg->spares.head++ % SPARES]);
	rte_mempool_free(seg->hdr);
	rte_mempool_free(seg->bare);
	rte_free(seg->pages);
	rte_free(seg);
}

/* As many as there are, one by one, when the pool runs low: then the ring begins anew where
 * the next SPARES_REFILL lie in one piece. */
static __rte_noinline void
refill(struct pw_seg *seg)
{
	struct spares *s = &seg->spares;

	if (likely(rte_pktmbuf_alloc_bulk(seg->hdr, &s->m[s->tail % SPARES], SPARES_REFILL) == 0)) {
		s->tail += SPARES_REFILL;
		return;
	}
	if (s->head != s->tail)
		return;
	s->head = s->tail = SPARES_REFILL;
	s->m[SPARES_REFILL - 1] = rte_pktmbuf_alloc(seg->hdr);
	s->head -= s->m[SPARES_REFILL - 1] != NULL;
}

struct rte_mbuf *
seg_take_hdr(struct pw_seg *seg)
{
	struct spares *s = &seg->spares;

	if (unlikely(s->tail - s->head < SPARES_LOW))
		refill(seg);
	if (unlikely(s->head == s->tail))
		return NULL;
	if (likely(s->tail - s->head > SPARES_AHEAD))
		prefetch_heads(s->m[(s->head + SPARES_AHEAD) % SPARES], HEADS_USUAL);
	return s->m[s->head++ % SPARES];
}

bool
chain_copy(struct pw_seg *seg, struct chain *c, const uint8_t *p, uint32_t len)
{
	while (len > 0) {
		uint32_t n = RTE_MBUF_DIRECT(c->tail) ? rte_pktmbuf_tailroom(c->tail) : 0;

		if (n == 0) {
			struct rte_mbuf *m = seg_take_hdr(seg);

			if (unlikely(m == NULL))
				return false;
			m->data_off = 0; /* headers go in front of the first one only */
			chain_add(c, m);
			n = m->buf_len;
		}
		n = RTE_MIN(n, len);
		memcpy(rte_pktmbuf_mtod_offset(c->tail, uint8_t *, c->tail->data_len), p, n);
		c->tail->data_len = (uint16_t)(c->tail->data_len + n);
		c->head->pkt_len += n;
		p += n;
		len -= n;
	}
	return true;
}

static inline bool
chain_init(struct chain *c, struct pw_seg *seg)
{
	c->head = seg_take_hdr(seg);
	c->tail = c->head;
	return c->head != NULL;
}

static inline bool
append_window(struct pw_seg *seg, struct chain *c, const struct pw_span *span)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(seg->bare);

	if (unlikely(m == NULL))
		return false;
	PW_ASSERT(span->page < seg->n_pages && span->len <= UINT16_MAX);
	chain_window(c, m, &seg->pages[span->page], span->addr, (uint16_t)span->len);
	return true;
}

static uint16_t
sum_spans(struct pw_seg *seg, const struct pw_span *spans, uint32_t n)
{
	uint32_t odd = 0;
	uint16_t sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct pw_span *s = &spans[i];
		uint16_t part = s->page == PW_PAGE_NONE ? pw_sum(s->addr, s->len)
							: pw_store_sum(seg->store, s,
								  &seg->ledger.cksum_read_bytes);

		sum = pw_sum_add(sum, odd ? pw_sum_swap(part) : part);
		odd ^= s->len & 1;
	}
	return sum;
}

/* Why the spans have to be copied; PW_COPY_MAX: they need not. */
static inline enum pw_copy
must_copy(const struct pw_seg *seg, uint32_t n_spans)
{
	if (likely(n_spans < seg->max_pieces))
		return PW_COPY_MAX;
	return seg->max_pieces == 1 ? PW_COPY_NO_MULTI_SEG : PW_COPY_TOO_MANY_PIECES;
}

static void
enter(struct pw_seg *seg, enum pw_copy copy, uint32_t store_bytes, uint32_t text_bytes)
{
	struct pw_ledger *led = &seg->ledger;

	if (!PW_ACCOUNTING)
		return;
	if (likely(copy == PW_COPY_MAX))
		led->by_ref_bytes += store_bytes;
	else
		led->copied_bytes[copy] += store_bytes;
	led->text_bytes += text_bytes;
	if (seg->driver_copies)
		led->driver_copied_bytes += store_bytes;
}

struct rte_mbuf *
pw_seg_build(struct pw_seg *seg, const struct pw_span *spans, uint32_t n, uint16_t *sum)
{
	enum pw_copy copy = must_copy(seg, n);
	uint32_t text = 0;
	struct chain c;
	uint32_t i;

	if (unlikely(!chain_init(&c, seg)))
		return NULL;
	for (i = 0; i < n; i++) {
		const struct pw_span *s = &spans[i];
		bool is_text = s->page == PW_PAGE_NONE;
		bool ok = is_text || copy != PW_COPY_MAX ? chain_copy(seg, &c, s->addr, s->len)
							 : append_window(seg, &c, s);

		if (unlikely(!ok)) {
			rte_pktmbuf_free(c.head);
			return NULL;
		}
		text += is_text ? s->len : 0;
	}
	enter(seg, copy, c.head->pkt_len - text, text);
	if (sum != NULL)
		*sum = sum_spans(seg, spans, n);
	return c.head;
}

struct rte_mbuf *
pw_seg_message(struct pw_seg *seg, const void *bytes, uint32_t len)
{
	struct chain c;

	if (unlikely(!chain_init(&c, seg)))
		return NULL;
	if (bytes == NULL) {
		PW_ASSERT(len <= PW_SEG_TEXT_MAX);
		rte_pktmbuf_append(c.head, (uint16_t)len);
		return c.head;
	}
	if (unlikely(!chain_copy(seg, &c, bytes, len))) {
		rte_pktmbuf_free(c.head);
		return NULL;
	}
	return c.head;
}

const struct rte_mempool *
pw_seg_headers(const struct pw_seg *seg)
{
	return seg->hdr;
}

const struct pw_ledger *
pw_seg_ledger(const struct pw_seg *seg)
{
	return &seg->ledger;
}

uint32_t
pw_seg_page_held(const struct pw_seg *seg, uint32_t page)
{
	const struct seg_page *p = &seg->pages[page];

	return rte_mbuf_ext_refcnt_read(&p->shinfo) - 1u - p->credit;
}

void
pw_seg_get_usage(const struct pw_seg *seg, struct pw_seg_usage *out)
{
	uint32_t i;

	out->hdr = rte_mempool_in_use_count(seg->hdr) - (seg->spares.tail - seg->spares.head);
	out->bare = rte_mempool_in_use_count(seg->bare);
	out->pages = 0;
	for (i = 0; i < seg->n_pages; i++)
		out->pages += pw_seg_page_held(seg, i);
}
