/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Received bytes that cannot be handed to the user at once: those beyond a gap,
 * and those he did not take. They are copied into equal blocks from a pool of
 * the instance, each block standing for an aligned stretch of the stream, so
 * that a thousand one-byte segments take no more memory than one large one (CVE
 * 2018-5390). Ranges say which bytes are there; their number is bounded, and so
 * is every walk. A connection without such bytes has no block at all.
 */
#include "tcp_priv.h"

#define RANGES_MAX 64
#define RECENT_MAX PW_TCP_SACK_MAX

struct range {
	pw_off start;
	pw_off end;
};

/** The first block of a queue; the others are found through it. */
struct rcvq {
	pw_off fin; /**< where the peer's FIN stands, or PW_NEVER */
	uint32_t n;
	uint32_t n_blocks;
	struct range range[RANGES_MAX]; /**< in order, with gaps between */
	pw_off recent[RECENT_MAX];	/**< bytes of the ranges that grew last */
	uint32_t block[];		/**< by (offset >> bits) modulo the slots */
};

static uint32_t
slots_in(uint32_t block_bytes)
{
	return (uint32_t)((block_bytes - sizeof(struct rcvq)) / sizeof(uint32_t));
}

static uint8_t *
mem_of(const struct rcv_pool *p, uint32_t i)
{
	return p->mem + ((size_t)i << p->block_bits);
}

int
rcvq_init(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;
	struct rcv_pool *p = &t->rcv;
	uint32_t i;

	p->block_bits = RCV_BLOCK_BITS_MIN;
	while ((t->cfg.rcv_buf_bytes >> p->block_bits) + 2 > slots_in(1u << p->block_bits))
		p->block_bits++;
	p->block_bytes = 1u << p->block_bits;
	p->n = (uint32_t)pw_max(t->cfg.max_rcv_blocks >> (p->block_bits - RCV_BLOCK_BITS_MIN), 1);
	p->mem = mem->alloc(mem->ctx, (size_t)p->n << p->block_bits, "tcp_rcv");
	if (p->mem == NULL)
		return -ENOMEM;
	for (i = 0; i < p->n; i++)
		*(uint32_t *)mem_of(p, i) = i + 1 < p->n ? i + 1 : NONE;
	p->free = 0;
	return 0;
}

void
rcvq_fini(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;

	if (t->rcv.mem != NULL)
		mem->free(mem->ctx, t->rcv.mem);
}

static uint32_t
take(struct rcv_pool *p)
{
	uint32_t i = p->free;

	if (i != NONE) {
		p->free = *(uint32_t *)mem_of(p, i);
		p->n_used++;
	}
	return i;
}

static void
give(struct rcv_pool *p, uint32_t i)
{
	*(uint32_t *)mem_of(p, i) = p->free;
	p->free = i;
	p->n_used--;
}

static struct rcvq *
queue_of(const struct pw_tcp_conn *c)
{
	return c->rcvq == NONE ? NULL : (struct rcvq *)mem_of(&c->t->rcv, c->rcvq);
}

static struct rcvq *
queue_make(struct pw_tcp_conn *c)
{
	struct rcv_pool *p = &c->t->rcv;
	struct rcvq *q = queue_of(c);

	if (q != NULL)
		return q;
	c->rcvq = take(p);
	q = queue_of(c);
	if (q != NULL) {
		memset(q, 0xff, p->block_bytes);
		q->n = q->n_blocks = 0;
	}
	return q;
}

static uint32_t *
slot_of(const struct rcv_pool *p, struct rcvq *q, pw_off off)
{
	return &q->block[(off >> p->block_bits) % slots_in(p->block_bytes)];
}

/* First range that ends at or behind @p off: the one that @p off lies in or touches. */
static uint32_t
range_at(const struct rcvq *q, pw_off off)
{
	uint32_t i;

	for (i = 0; i < q->n && q->range[i].end < off; i++)
		;
	return i;
}

/* The range that holds the byte at @p off, or q->n. */
static uint32_t
range_of(const struct rcvq *q, pw_off off)
{
	uint32_t i = range_at(q, off + 1);

	return i < q->n && q->range[i].start <= off ? i : q->n;
}

/* The range of @p off grew: it comes first now, and once. */
static void
touch(struct rcvq *q, pw_off off)
{
	uint32_t i = range_of(q, off), k = 0;

	while (k < RECENT_MAX - 1 && range_of(q, q->recent[k]) != i)
		k++;
	memmove(&q->recent[1], &q->recent[0], k * sizeof(q->recent[0]));
	q->recent[0] = off;
}

/* Note [start, end). @return false when that takes one range too many. */
static bool
range_add(struct rcvq *q, pw_off start, pw_off end)
{
	uint32_t i = range_at(q, start), j = i;

	if (i == q->n || q->range[i].start > end) {
		if (q->n == RANGES_MAX)
			return false;
		memmove(&q->range[i + 1], &q->range[i], sizeof(q->range[0]) * (q->n - i));
		q->range[i] = (struct range){start, end};
		q->n++;
		return true;
	}
	while (j + 1 < q->n && q->range[j + 1].start <= end)
		j++;
	q->range[i].start = pw_min(q->range[i].start, start);
	q->range[i].end = pw_max(q->range[j].end, end);
	memmove(&q->range[i + 1], &q->range[j + 1], sizeof(q->range[0]) * (q->n - j - 1));
	q->n -= j - i;
	return true;
}

/* Have blocks for [off, off + len). */
static bool
blocks_make(struct rcv_pool *p, struct rcvq *q, pw_off off, uint32_t len)
{
	pw_off at = off >> p->block_bits << p->block_bits;

	for (; at < off + len; at += p->block_bytes) {
		uint32_t *slot = slot_of(p, q, at);

		if (*slot != NONE)
			continue;
		*slot = take(p);
		if (*slot == NONE)
			return false;
		q->n_blocks++;
	}
	return true;
}

static void
blocks_fill(struct rcv_pool *p, struct rcvq *q, pw_off off, const uint8_t *data, uint32_t len)
{
	while (len > 0) {
		uint32_t in = (uint32_t)off & (p->block_bytes - 1);
		uint32_t n = (uint32_t)pw_min(len, p->block_bytes - in);

		memcpy(mem_of(p, *slot_of(p, q, off)) + in, data, n);
		off += n;
		data += n;
		len -= n;
	}
}

bool
rcvq_put(struct pw_tcp_conn *c, pw_off off, const uint8_t *data, uint32_t len)
{
	struct rcv_pool *p = &c->t->rcv;
	struct rcvq *q = queue_make(c);

	if (q == NULL)
		return false;
	if (!blocks_make(p, q, off, len) || !range_add(q, off, off + len)) {
		if (q->n == 0 && q->fin == PW_NEVER)
			rcvq_clear(c);
		return false;
	}
	blocks_fill(p, q, off, data, len);
	touch(q, off);
	return true;
}

bool
rcvq_put_fin(struct pw_tcp_conn *c, pw_off off)
{
	struct rcvq *q = queue_make(c);

	if (q != NULL)
		q->fin = off;
	return q != NULL;
}

bool
rcvq_take_fin(struct pw_tcp_conn *c, pw_off off)
{
	struct rcvq *q = queue_of(c);

	if (q == NULL || q->fin != off)
		return false;
	q->fin = PW_NEVER;
	if (q->n == 0)
		rcvq_clear(c);
	return true;
}

uint32_t
rcvq_ready(const struct pw_tcp_conn *c, pw_off off)
{
	const struct rcvq *q = queue_of(c);
	uint32_t i;

	if (q == NULL)
		return 0;
	i = range_of(q, off);
	return i < q->n ? (uint32_t)(q->range[i].end - off) : 0;
}

bool
rcvq_has(const struct pw_tcp_conn *c, pw_off off, uint32_t len)
{
	return rcvq_ready(c, off) >= len;
}

const uint8_t *
rcvq_peek(const struct pw_tcp_conn *c, pw_off off, uint32_t *len)
{
	const struct rcv_pool *p = &c->t->rcv;
	uint32_t in = (uint32_t)off & (p->block_bytes - 1);
	uint32_t n = rcvq_ready(c, off);

	if (n == 0)
		return NULL;
	*len = (uint32_t)pw_min(n, p->block_bytes - in);
	return mem_of(p, *slot_of(p, queue_of(c), off)) + in;
}

void
rcvq_drop(struct pw_tcp_conn *c, pw_off off)
{
	struct rcv_pool *p = &c->t->rcv;
	struct rcvq *q = queue_of(c);
	pw_off keep = off >> p->block_bits << p->block_bits;
	uint32_t i, n;

	if (q == NULL || q->n == 0 || q->range[0].start >= off)
		goto out;
	for (i = 0; i < q->n && q->range[i].end <= off; i++)
		;
	n = i < q->n ? i : q->n - 1;
	if (keep > q->range[0].start) {
		/* Blocks of the dropped stretch; a slot is used once a window. */
		pw_off at = q->range[0].start >> p->block_bits << p->block_bits;
		pw_off last = pw_min(keep, q->range[n].end);

		for (; at < last; at += p->block_bytes) {
			uint32_t *slot = slot_of(p, q, at);

			if (*slot == NONE)
				continue;
			give(p, *slot);
			*slot = NONE;
			q->n_blocks--;
		}
	}
	memmove(&q->range[0], &q->range[i], sizeof(q->range[0]) * (q->n - i));
	q->n -= i;
	if (q->n > 0)
		q->range[0].start = pw_max(q->range[0].start, off);
out:
	if (q != NULL && q->n == 0 && q->fin == PW_NEVER)
		rcvq_clear(c);
}

uint32_t
rcvq_sacks(const struct pw_tcp_conn *c, struct pw_tcp_sack *out, uint32_t max)
{
	const struct rcvq *q = queue_of(c);
	uint64_t said = 0;
	uint32_t i, k, n = 0;

	if (q == NULL)
		return 0;
	for (k = 0; k < RECENT_MAX + q->n && n < max; k++) {
		i = k < RECENT_MAX ? range_of(q, q->recent[k]) : k - RECENT_MAX;
		if (i >= q->n || (said >> i & 1) || q->range[i].start <= c->rcv_nxt)
			continue;
		said |= UINT64_C(1) << i;
		out[n].left = rcv_seq(c, q->range[i].start);
		out[n].right = rcv_seq(c, q->range[i].end);
		n++;
	}
	return n;
}

void
rcvq_clear(struct pw_tcp_conn *c)
{
	struct rcv_pool *p = &c->t->rcv;
	struct rcvq *q = queue_of(c);
	uint32_t i, n = slots_in(p->block_bytes);

	if (q == NULL)
		return;
	for (i = 0; i < n && q->n_blocks > 0; i++) {
		if (q->block[i] == NONE)
			continue;
		give(p, q->block[i]);
		q->n_blocks--;
	}
	give(p, c->rcvq);
	c->rcvq = NONE;
}
