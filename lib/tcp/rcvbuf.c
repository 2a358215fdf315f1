/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Dynamic right-sizing: how large the receive window is. A sender can have a window under way
 * in each round trip. So it has to be twice what the user takes in one: in slow start twice as
 * much comes in the next. It begins small, and is doubled when half of it was taken in less
 * than two round trips; nothing else needs to be known. So it stays ahead of slow start, and
 * below eight times what comes in a round trip.
 *
 * What is measured is the right edge: it moves as the user takes. Its offset is cut into
 * halves of a window, and the time that one took is looked at when the next begins:
 *
 *	|----half----|----half----|
 *	             ^ mark       ^ edge: now - mark
 *
 * Where a segment was lost the user gets nothing for a while, then all that waited behind it:
 * half a window at once counts as well, for a sender that repairs needs more than a round trip.
 *
 * A window that grew is a promise of memory. All together promise no more than the blocks of
 * the instance have; who finds nothing left stays as it is, and when little is left those that
 * have become slow give back. The edge itself never goes back (RFC 9293 3.8.6.2.2).
 */
#include "tcp_priv.h"

#define MARK_MASK ((1u << 13) - 1) /* of pw_tcp_conn.rcv_mark_ms: 8 s */
#define SLOW	  8		   /* round trips */

/* Milliseconds of nearly two round trips, for a repair takes one. The clock's step is one. */
static uint32_t
patience_ms(const struct pw_tcp_conn *c)
{
	return (uint32_t)(ticks_ns(c->srtt) * 7 / 4 / PW_NS_PER_MS) + 1;
}

static uint64_t
memory(const struct pw_tcp *t)
{
	return (uint64_t)t->rcv.n << t->rcv.block_bits;
}

static void
halve(struct pw_tcp_conn *c)
{
	uint32_t buf = rcv_buf(c);

	c->rcv_level--;
	c->t->rcv.promised -= buf - rcv_buf(c);
}

static bool
grow(struct pw_tcp_conn *c)
{
	struct pw_tcp *t = c->t;
	uint32_t more = rcv_buf_at(c, c->rcv_level + 1u) - rcv_buf(c);
	uint32_t half = 1u << (RCV_BUF_BITS + c->rcv_level); /* of the new one */

	if (more > memory(t) - t->rcv.promised) {
		t->stats.rcv_denied++;
		return false;
	}
	t->rcv.promised += more;
	t->stats.rcv_grown++;
	c->rcv_level++;
	/* The edge leaps. Where that is into the middle of a half, its end says nothing. */
	c->rcv_marked = ((c->rcv_read + rcv_buf(c)) & (half - 1)) < half / 4;
	return true;
}

bool
rcvbuf_grows(struct pw_tcp_conn *c, uint64_t step)
{
	struct pw_tcp *t = c->t;
	uint32_t now_ms = t->now_ms & MARK_MASK;
	uint32_t took_ms = (now_ms - c->rcv_mark_ms) & MARK_MASK;
	bool at_once = step >= rcv_buf(c) / 2, marked = c->rcv_marked;

	if (c->rcv_level == 0 && rcv_buf_at(c, 1) == rcv_buf(c))
		return false; /* never more: do not even look at the clock */
	c->rcv_mark_ms = now_ms & MARK_MASK;
	c->rcv_marked = 1;
	if (!marked && !at_once)
		return false;
	if (at_once || took_ms <= patience_ms(c))
		return rcv_buf_at(c, c->rcv_level + 1u) > rcv_buf(c) && grow(c);
	if (took_ms > SLOW * patience_ms(c) && c->rcv_level > 0 &&
		t->rcv.promised > memory(t) / 4 * 3)
		halve(c);
	return false;
}

void
rcvbuf_end(struct pw_tcp_conn *c)
{
	while (c->rcv_level > 0)
		halve(c);
}
