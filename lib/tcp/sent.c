/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The record of what is in flight. Not one entry a segment, but one a run of
 * bytes that were sent at the same time and share their fate: a bulk transfer
 * without loss has one for each burst, an idle connection none. The list covers
 * [snd_una, snd_nxt) without gap, in order; SACK blocks and losses split runs,
 * equal neighbours are joined again, and SENT_MAX bounds the list, so that no
 * acknowledgement costs more than a walk over that many entries.
 */
#include "tcp_priv.h"

/* Records a connection may always have; above, only while the pool is half free. */
#define SENT_SHARE 8

int
sent_init(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;
	struct sent_pool *p = &t->sent;
	uint32_t i;

	p->n = t->cfg.max_sent;
	p->rec = mem->alloc(mem->ctx, sizeof(*p->rec) * p->n, "tcp_sent");
	if (p->rec == NULL)
		return -ENOMEM;
	for (i = 0; i < p->n; i++)
		p->rec[i].next = i + 1 < p->n ? i + 1 : NONE;
	p->free = 0;
	return 0;
}

void
sent_fini(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;

	if (t->sent.rec != NULL)
		mem->free(mem->ctx, t->sent.rec);
}

static inline struct sent *
at(const struct pw_tcp_conn *c, uint32_t i)
{
	return i == NONE ? NULL : &c->t->sent.rec[i];
}

static inline struct sent *
head(const struct pw_tcp_conn *c)
{
	return at(c, c->sent_head);
}

static inline pw_off
end_of(const struct sent *s)
{
	return s->start + s->len;
}

static bool
may_take(const struct pw_tcp_conn *c)
{
	const struct sent_pool *p = &c->t->sent;
	uint32_t n_free = p->n - p->n_used;

	if (c->n_sent >= SENT_SHARE)
		return c->n_sent < SENT_MAX && n_free > p->n / 2;
	return n_free > 0;
}

static uint32_t
take(struct pw_tcp_conn *c)
{
	struct sent_pool *p = &c->t->sent;
	uint32_t i = p->free;

	if (!may_take(c)) {
		c->t->stats.sent_exhausted++;
		return NONE;
	}
	p->free = p->rec[i].next;
	p->n_used++;
	c->n_sent++;
	return i;
}

/* ---- snapshots, of connections whose rate is measured ---- */

static struct snap *
snap_at(const struct pw_tcp_conn *c, uint32_t i)
{
	return (struct snap *)&c->t->sent.rec[i];
}

/* The run @p s shares its snapshot no more. */
static void
snap_drop(struct pw_tcp_conn *c, struct sent *s)
{
	struct sent_pool *p = &c->t->sent;

	if (s->snap == NONE)
		return;
	if (--snap_at(c, s->snap)->refs == 0) {
		p->rec[s->snap].next = p->free;
		p->free = s->snap;
		p->n_used--;
	}
	s->snap = NONE;
}

/* The run @p s is sent; @p in_flight includes it. None while records are scarce. */
static void
snap_take(struct pw_tcp_conn *c, struct sent *s, uint32_t in_flight)
{
	struct sent_pool *p = &c->t->sent;

	snap_drop(c, s);
	if (p->n - p->n_used <= p->n / 2)
		return;
	s->snap = p->free;
	p->free = p->rec[s->snap].next;
	p->n_used++;
	*snap_at(c, s->snap) = (struct snap){.refs = 1};
	rate_sent(c, snap_at(c, s->snap), in_flight);
}

/* @p n bytes of the run @p s, up to @p end, have arrived; @p late: those that were sent first. */
static __rte_noinline void
snap_arrived(struct pw_tcp_conn *c, const struct sent *s, pw_off end, uint32_t n, bool late)
{
	struct rate *r = &side_of(c)->rs;

	r->delivered += n;
	r->delivered_at = c->t->now;
	if (s->snap != NONE && !late)
		rate_delivered(c, snap_at(c, s->snap), s->xmit, (uint32_t)end);
}

static __rte_noinline void
snap_lost(struct pw_tcp_conn *c, struct sent *s)
{
	struct rate *r = &side_of(c)->rs;
	struct snap kept;

	r->lost += s->len;
	if (s->snap == NONE)
		return;
	kept = *snap_at(c, s->snap);
	snap_drop(c, s);
	cc_of(c)->on_lost(c, &kept, s->len);
}

/* ---- runs ---- */

static void
give(struct pw_tcp_conn *c, uint32_t i)
{
	struct sent_pool *p = &c->t->sent;

	if (unlikely(p->rec[i].snap != NONE))
		snap_drop(c, &p->rec[i]);
	p->rec[i].next = p->free;
	p->free = i;
	p->n_used--;
	c->n_sent--;
}

static bool
same_fate(const struct sent *a, const struct sent *b)
{
	if (((a->flags ^ b->flags) & ~SENT_MIXED) != 0)
		return false;
	/* When a run was sent matters little once it has arrived or is lost. */
	return a->xmit == b->xmit || (a->flags & (SENT_SACKED | SENT_LOST)) != 0;
}

/* Join @p s with the run behind it while they are alike. */
static void
join_next(struct pw_tcp_conn *c, struct sent *s)
{
	struct sent *n;

	while ((n = at(c, s->next)) != NULL && same_fate(s, n)) {
		uint32_t gone = s->next;

		s->flags |= n->flags | (s->xmit != n->xmit ? SENT_MIXED : 0);
		s->xmit = pw_max(s->xmit, n->xmit);
		s->len += n->len;
		s->next = n->next;
		if (c->sent_tail == gone)
			c->sent_tail = (uint32_t)(s - c->t->sent.rec);
		give(c, gone);
	}
}

/* Cut @p s so that it ends at @p off. @return false when no record is to be had. */
static bool
split(struct pw_tcp_conn *c, struct sent *s, pw_off off)
{
	uint32_t i = take(c);
	struct sent *n = at(c, i);

	if (n == NULL)
		return false;
	*n = *s;
	if (unlikely(s->snap != NONE))
		snap_at(c, s->snap)->refs++;
	n->start = off;
	n->len = (uint32_t)(end_of(s) - off);
	s->len = (uint32_t)(off - s->start);
	s->next = i;
	if (c->sent_tail == (uint32_t)(s - c->t->sent.rec))
		c->sent_tail = i;
	return true;
}

bool
sent_room(const struct pw_tcp_conn *c, pw_ns now)
{
	const struct sent *tail = at(c, c->sent_tail);

	if (tail != NULL && (tail->flags & ~SENT_MIXED) == 0)
		return true;
	return c->t->sent.n_used < c->t->sent.n;
}

/*
 * When records are scarce, the new bytes join the run before them, whose time
 * moves on: RACK will call those bytes lost later than it might have, not sooner.
 */
static inline void
append(struct pw_tcp_conn *c, uint32_t len, pw_ns now)
{
	struct sent *tail = at(c, c->sent_tail);
	uint32_t i;

	PW_ASSERT(tail == NULL || end_of(tail) == c->snd_nxt);
	if (tail != NULL && (tail->flags & ~SENT_MIXED) == 0 &&
		(tail->xmit == now || !may_take(c))) {
		tail->flags |= tail->xmit != now ? SENT_MIXED : 0;
		tail->xmit = now;
		tail->len += len;
		return;
	}
	/* One beyond the share if need be: sent_room() has looked. */
	i = c->t->sent.free;
	c->t->sent.free = at(c, i)->next;
	c->t->sent.n_used++;
	c->n_sent++;
	*at(c, i) = (struct sent){
		.start = c->snd_nxt, .xmit = now, .len = len, .next = NONE, .snap = NONE};
	if (tail == NULL)
		c->sent_head = i;
	else
		tail->next = i;
	c->sent_tail = i;
}

/* The same, with a snapshot: those of one moment share it. */
static __rte_noinline void
append_rated(struct pw_tcp_conn *c, uint32_t len, pw_ns now)
{
	const struct sent *tail = at(c, c->sent_tail);
	bool later = tail == NULL || tail->xmit != now;
	uint32_t in_flight = pipe_bytes(c) + len;
	struct sent *s;

	if (in_flight == len)
		rate_begin_flight(c, now);
	append(c, len, now);
	s = at(c, c->sent_tail);
	if (!later && s->snap != NONE && s->len > len)
		snap_at(c, s->snap)->in_flight = in_flight;
	else
		snap_take(c, s, in_flight);
}

void
sent_append(struct pw_tcp_conn *c, uint32_t len, pw_ns now)
{
	if (unlikely(c->rated))
		append_rated(c, len, now);
	else
		append(c, len, now);
}

/* RFC 8985 6.2 step 1, 2 and 3 for a run that has just been delivered. */
static void
delivered(struct pw_tcp_conn *c, const struct sent *s, pw_off end, struct ack *a)
{
	pw_ns rtt = a->now - s->xmit;

	if ((s->flags & SENT_RTX) == 0 && seq_before((uint32_t)end, a->fack))
		c->flags |= F_REORDERED;
	if ((s->flags & (SENT_RTX | SENT_MIXED)) == 0)
		a->rtt = a->rtt == PW_NEVER ? rtt : pw_min(rtt, a->rtt);
	else if (ticks_of(rtt) < c->min_rtt)
		return; /* too soon to be an answer to what was sent last */
	if (seq_before(c->rack_fack, (uint32_t)end))
		c->rack_fack = (uint32_t)end;
	if (s->xmit > c->rack_xmit ||
		(s->xmit == c->rack_xmit && seq_before(c->rack_end, (uint32_t)end))) {
		c->rack_xmit = s->xmit;
		c->rack_end = (uint32_t)end;
		c->rack_rtt = ticks_of(rtt);
	}
}

/* Bytes of @p s leave the flight: @p n of them, at its front. */
static void
uncount(struct pw_tcp_conn *c, const struct sent *s, uint32_t n)
{
	if (s->flags & SENT_SACKED)
		c->sacked -= n;
	if (s->flags & SENT_LOST)
		c->lost -= n;
	if (s->flags & SENT_RTX)
		c->n_rtx -= n;
}

/* RFC 8985 6.2 step 2: an ACK that echoes a timestamp from before the retransmission
 * answers what was sent first. (A SACK echoes that of the hole, and says nothing.) */
static bool
was_late(const struct pw_tcp_conn *c, const struct sent *s, const struct ack *a)
{
	return (s->flags & SENT_RTX) && a->has_ts &&
	       seq_before(a->ts_ecr, (uint32_t)(s->xmit / PW_NS_PER_MS) + c->ts_off);
}

/*
 * Karn's rule for the ACK as a whole: when it covers what was sent again, the
 * rest of what it covers may have arrived long ago and waited for that.
 */
void
sent_acked(struct pw_tcp_conn *c, pw_off una, struct ack *a)
{
	pw_ns rtt = a->rtt;
	bool again = false;

	while (c->sent_head != NONE) {
		uint32_t i = c->sent_head;
		struct sent *s = at(c, i);
		uint32_t n = (uint32_t)(pw_min(end_of(s), una) - pw_min(s->start, una));

		if (n == 0)
			break;
		if ((s->flags & SENT_SACKED) == 0) {
			bool late = was_late(c, s, a);

			if (!late)
				delivered(c, s, s->start + n, a);
			if (unlikely(c->rated))
				snap_arrived(c, s, s->start + n, n, late);
			a->delivered += n;
			again |= (s->flags & SENT_RTX) != 0;
		}
		uncount(c, s, n);
		if (n < s->len) {
			s->start += n;
			s->len -= n;
			break;
		}
		c->sent_head = s->next;
		give(c, i);
	}
	if (c->sent_head == NONE)
		c->sent_tail = NONE;
	if (seq_before(c->rack_fack, (uint32_t)una)) /* never far behind what is in flight */
		c->rack_fack = (uint32_t)una;
	if (again)
		a->rtt = rtt;
}

static void
mark_sacked(struct pw_tcp_conn *c, struct sent *s, struct ack *a)
{
	delivered(c, s, end_of(s), a);
	if (unlikely(c->rated))
		snap_arrived(c, s, end_of(s), s->len, false);
	if (unlikely(s->snap != NONE))
		snap_drop(c, s);
	uncount(c, s, s->len);
	s->flags = SENT_SACKED;
	c->sacked += s->len;
	a->delivered += s->len;
}

void
sent_sacked(struct pw_tcp_conn *c, pw_off left, pw_off right, struct ack *a)
{
	struct sent *s = head(c), *before = NULL;

	if (a->sacked_to != NULL && a->sacked_to->start <= left)
		s = a->sacked_to;
	for (; s != NULL && s->start < right; s = at(c, s->next)) {
		if (end_of(s) > left && (s->flags & SENT_SACKED) == 0) {
			if (s->start < left) {
				if (!split(c, s, left))
					break;
				before = s;
				continue;
			}
			if (end_of(s) > right && !split(c, s, right))
				break;
			mark_sacked(c, s, a);
			if (before != NULL && (before->flags & SENT_SACKED)) {
				join_next(c, before);
				s = before;
			}
			join_next(c, s);
		}
		before = s;
	}
	if (before != NULL)
		a->sacked_to = before;
}

pw_ns
sent_detect(struct pw_tcp_conn *c, pw_ns now, pw_ns window)
{
	pw_ns wait = 0;
	struct sent *s;

	for (s = head(c); s != NULL; s = at(c, s->next)) {
		if (s->flags & (SENT_SACKED | SENT_LOST))
			continue;
		if (s->xmit > c->rack_xmit ||
			(s->xmit == c->rack_xmit && !seq_before((uint32_t)end_of(s), c->rack_end)))
			continue;
		if (s->xmit + window <= now)
			sent_mark_lost(c, s);
		else
			wait = pw_max(wait, s->xmit + window - now);
	}
	return wait;
}

struct sent *
sent_lost(const struct pw_tcp_conn *c)
{
	struct sent *s;

	if (c->lost == 0)
		return NULL;
	for (s = head(c); s != NULL; s = at(c, s->next))
		if (s->flags & SENT_LOST)
			return s;
	return NULL;
}

static void
sent_now(struct pw_tcp_conn *c, struct sent *s, pw_ns now)
{
	uncount(c, s, s->len);
	s->flags = SENT_RTX;
	s->xmit = now;
	c->n_rtx += s->len;
	if (unlikely(c->rated))
		snap_take(c, s, pipe_bytes(c));
}

void
sent_again(struct pw_tcp_conn *c, struct sent *s, uint32_t len, pw_ns now)
{
	struct sent *p;

	/* Without a record to split with, all of the run counts as sent again: it
	 * will be found lost once more if it is. */
	if (len < s->len)
		split(c, s, s->start + len);
	sent_now(c, s, now);
	for (p = head(c); p != s; p = at(c, p->next))
		if (at(c, p->next) == s && same_fate(p, s)) {
			join_next(c, p);
			break;
		}
}

uint32_t
sent_tail_len(const struct pw_tcp_conn *c)
{
	return at(c, c->sent_tail)->len;
}

void
sent_probe(struct pw_tcp_conn *c, uint32_t len, pw_ns now)
{
	struct sent *s = at(c, c->sent_tail);

	if (len < s->len && split(c, s, end_of(s) - len))
		s = at(c, c->sent_tail);
	sent_now(c, s, now);
}

void
sent_mark_lost(struct pw_tcp_conn *c, struct sent *s)
{
	uncount(c, s, s->len);
	s->flags = SENT_LOST | (s->flags & (SENT_RTX | SENT_MIXED));
	c->lost += s->len;
	if (s->flags & SENT_RTX)
		c->n_rtx += s->len;
	if (unlikely(c->rated))
		snap_lost(c, s);
}

void
sent_mark_head(struct pw_tcp_conn *c, uint32_t len)
{
	struct sent *s = head(c);

	if (s == NULL || (s->flags & SENT_LOST) != 0)
		return;
	if (len < s->len)
		split(c, s, s->start + len);
	sent_mark_lost(c, s);
}

void
sent_mark_all(struct pw_tcp_conn *c)
{
	struct sent *s;

	for (s = head(c); s != NULL; s = at(c, s->next))
		if ((s->flags & (SENT_SACKED | SENT_LOST)) == 0)
			sent_mark_lost(c, s);
	for (s = head(c); s != NULL; s = at(c, s->next))
		join_next(c, s);
}

void
sent_unmark_all(struct pw_tcp_conn *c)
{
	struct sent *s;

	for (s = head(c); s != NULL; s = at(c, s->next))
		s->flags &= (uint8_t)~SENT_LOST;
	c->lost = 0;
}

pw_ns
sent_oldest(const struct pw_tcp_conn *c)
{
	return head(c)->xmit;
}

bool
sent_head_sacked(const struct pw_tcp_conn *c)
{
	return c->sent_head != NONE && (head(c)->flags & SENT_SACKED) != 0;
}

uint32_t
sent_head_len(const struct pw_tcp_conn *c)
{
	return c->sent_head != NONE ? head(c)->len : 0;
}

bool
sent_is_lost(const struct pw_tcp_conn *c, uint32_t off)
{
	const struct sent *s;

	for (s = head(c); s != NULL; s = at(c, s->next))
		if (off - (uint32_t)s->start < s->len)
			return (s->flags & SENT_LOST) != 0;
	return false;
}

void
sent_forget_sacks(struct pw_tcp_conn *c)
{
	struct sent *s;

	for (s = head(c); s != NULL; s = at(c, s->next))
		s->flags &= (uint8_t)~SENT_SACKED;
	c->sacked = 0;
}

void
sent_clear(struct pw_tcp_conn *c)
{
	while (c->sent_head != NONE) {
		uint32_t i = c->sent_head;

		c->sent_head = at(c, i)->next;
		give(c, i);
	}
	c->sent_tail = NONE;
	c->sacked = c->lost = c->n_rtx = 0;
}

void
sent_check(const struct pw_tcp_conn *c)
{
#ifdef PW_DEBUG
	uint32_t n = 0, sacked = 0, lost = 0, rtx = 0;
	pw_off off = c->snd_una;
	const struct sent *s;

	for (s = head(c); s != NULL; s = at(c, s->next)) {
		PW_ASSERT(s->start == off && s->len > 0);
		PW_ASSERT((s->flags & (SENT_SACKED | SENT_LOST)) != (SENT_SACKED | SENT_LOST));
		off += s->len;
		sacked += s->flags & SENT_SACKED ? s->len : 0;
		lost += s->flags & SENT_LOST ? s->len : 0;
		rtx += s->flags & SENT_RTX ? s->len : 0;
		PW_ASSERT(s->next != NONE || c->sent_tail == (uint32_t)(s - c->t->sent.rec));
		n++;
	}
	PW_ASSERT(off == c->snd_nxt && n == c->n_sent);
	PW_ASSERT(c->lost == lost && c->n_rtx == rtx);
	PW_ASSERT((c->flags & F_SACK_OK) == 0 || c->sacked == sacked);
	PW_ASSERT(c->sacked + c->lost <= flight(c));
#endif
}
