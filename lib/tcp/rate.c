/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Delivery rate (draft-ietf-ccwg-bbr section 4.1, before it
 * draft-cheng-iccrg-delivery-rate-estimation): how fast what was sent has arrived. Each
 * run in flight has a snapshot of what had been delivered when it was sent; when it arrives,
 * the rate is what was delivered since, by the time that sending or acknowledging it took,
 * whichever was longer.
 *
 * A snapshot has the room of a record of the pool of runs in flight, and is shared by the
 * parts that a run is split into. Connections that need no rate have none, and their runs
 * are as small as before. Where the pool is short a run goes without, and gives no sample.
 */
#include "tcp_priv.h"

void
rate_init(struct pw_tcp_conn *c)
{
	struct rate *r = &side_of(c)->rs;

	*r = (struct rate){.delivered_at = c->t->now, .first_sent = c->t->now};
}

/* OnPacketSent(): the run @p s was sent, or grew, at @p now; @p in_flight includes it. */
void
rate_sent(struct pw_tcp_conn *c, struct snap *p, uint32_t in_flight)
{
	const struct rate *r = &side_of(c)->rs;

	p->delivered_at = r->delivered_at;
	p->first_sent = r->first_sent;
	p->delivered = (uint32_t)r->delivered;
	p->lost = (uint32_t)r->lost;
	p->app_limited = r->app_limited != 0;
	p->in_flight = in_flight;
}

void
rate_begin_flight(struct pw_tcp_conn *c, pw_ns now)
{
	struct rate *r = &side_of(c)->rs;

	r->first_sent = r->delivered_at = now;
}

static bool
is_newest(const struct rate *r, pw_ns xmit, uint32_t end)
{
	return !r->has_data || xmit > r->first_sent ||
	       (xmit == r->first_sent && seq_before(r->newest_end, end));
}

/* UpdateRateSample() */
void
rate_delivered(struct pw_tcp_conn *c, const struct snap *p, pw_ns xmit, uint32_t end)
{
	struct rate *r = &side_of(c)->rs;

	if (!is_newest(r, xmit, end))
		return;
	r->has_data = true;
	r->newest = *p;
	r->newest_end = end;
	r->send_elapsed = xmit - p->first_sent;
	r->first_sent = xmit;
}

/* GenerateRateSample() */
void
rate_on_ack(struct pw_tcp_conn *c, const struct ack *a)
{
	struct rate *r = &side_of(c)->rs;
	pw_ns interval;

	r->rate = r->sample = 0;
	if (r->app_limited != 0 && r->delivered > r->app_limited)
		r->app_limited = 0;
	if (!r->has_data)
		return;
	interval = pw_max(r->send_elapsed, a->now - r->newest.delivered_at);
	r->sample = (uint32_t)r->delivered - r->newest.delivered;
	/* Less than a round trip: what was sent again was not needed. */
	if (interval == 0 || ticks_of(interval) < c->min_rtt)
		return;
	r->rate = r->sample * PW_NS_PER_S / interval;
}

void
rate_mark_app_limited(struct pw_tcp_conn *c)
{
	struct rate *r = &side_of(c)->rs;

	r->app_limited = pw_max(r->delivered + pipe_bytes(c), 1);
}

/* After a turn: nothing is left to be sent, and cwnd would have admitted it. */
void
rate_after_turn(struct pw_tcp_conn *c)
{
	if (c->snd_nxt >= c->snd_end && c->lost == 0 && pipe_bytes(c) < c->cwnd)
		rate_mark_app_limited(c);
}
