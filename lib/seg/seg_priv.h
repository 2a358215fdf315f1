/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef SEG_PRIV_H
#define SEG_PRIV_H

/**
 * @file
 * The builder and a chain being built, shared by the files of this module.
 */
#include <rte_mbuf.h>
#include "pw_seg.h"

#define BARE_MAX 65000

/*
 * References are taken from the shared count this many at a time: one atomic
 * addition for so many windows. With BARE_MAX they stay below 16 bits.
 */
#define CREDIT 256

/* The text of the first mbuf follows the headers; rte_pktmbuf_alloc() leaves this room. */
static_assert(RTE_PKTMBUF_HEADROOM == PW_SEG_HEADROOM, "headroom is a build setting of DPDK");
static_assert(BARE_MAX + CREDIT + 1 < UINT16_MAX, "the count of a page has 16 bits");

/* One cache line: all that a window needs to know of its page. */
struct seg_page {
	struct rte_mbuf_ext_shared_info shinfo;
	uint64_t iova_off; /* added to an address in the page, gives the device's */
	uint32_t credit;   /* counted in shinfo, lent to no mbuf yet */
} __rte_cache_aligned;

/*
 * Header mbufs taken from their pool in advance. The other side of a virtual device has read
 * what their headers were: to write them is to wait for its cache, unless the lines were
 * asked for some packets ago.
 */
#define SPARES	      32 /* places of the ring */
#define SPARES_REFILL 16
#define SPARES_LOW    8
#define SPARES_AHEAD  4 /* packets from asking for the lines to writing them */

struct spares {
	uint32_t head; /* counts on and on, as tail does */
	uint32_t tail;
	struct rte_mbuf *m[SPARES];
};

struct pw_seg {
	struct rte_mempool *hdr;
	struct rte_mempool *bare;
	struct seg_page *pages;
	const struct pw_store *store;
	uint32_t n_pages;
	uint16_t max_pieces;
	bool driver_copies;
	struct pw_ledger ledger;
	struct spares spares;
};

/* A packet being built. */
struct chain {
	struct rte_mbuf *head;
	struct rte_mbuf *tail;
};

/** A header mbuf, as rte_pktmbuf_alloc() has it; NULL: the pool is empty. */
struct rte_mbuf *seg_take_hdr(struct pw_seg *seg);

/** Ask for the lines of the headers, @p len bytes in front of the text, to be written soon. */
static inline void
prefetch_heads(const struct rte_mbuf *m, uint32_t len)
{
	uint8_t *text = (uint8_t *)m->buf_addr + PW_SEG_HEADROOM;

	__builtin_prefetch(text - len, 1);
	__builtin_prefetch(text - 1, 1);
}

/** Copy bytes behind what is there, into further header mbufs where needed. @return false: no mbuf
 */
bool chain_copy(struct pw_seg *seg, struct chain *c, const uint8_t *p, uint32_t len);

static inline void
chain_add(struct chain *c, struct rte_mbuf *m)
{
	c->tail->next = m;
	c->tail = m;
	c->head->nb_segs++;
}

/* Take one reference to a page for an mbuf. */
static inline void
hold_page(struct seg_page *p)
{
	if (unlikely(p->credit == 0)) {
		rte_mbuf_ext_refcnt_update(&p->shinfo, CREDIT);
		p->credit = CREDIT;
	}
	p->credit--;
}

/** Attach @p m, an mbuf without a buffer, to bytes of a page, and put it behind what is there. */
static inline void
chain_window(
	struct chain *c, struct rte_mbuf *m, struct seg_page *p, const uint8_t *addr, uint16_t len)
{
	hold_page(p);
	rte_pktmbuf_attach_extbuf(
		m, (void *)(uintptr_t)addr, (uintptr_t)addr + p->iova_off, len, &p->shinfo);
	m->data_len = len;
	c->head->pkt_len += len;
	chain_add(c, m);
}

#endif
