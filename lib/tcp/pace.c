/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Pacing: what cwnd admits leaves in quanta of about a millisecond, not in one burst.
 * A quantum is as many whole segments as the rate makes of that time, so that a device
 * that cuts up long segments is given long ones; it opens at a time, and stays open until
 * it is used up. Accounts are kept a quantum at a time: a segment costs a subtraction, and
 * the wheel is asked once a quantum, if anything waits for it.
 *
 *	open_at       + its time at the rate     + the same
 *	|#########....|#########.................|#######
 *
 * One that was waited for and opens late, because the turn was, counts from the time when it
 * was due; the next may open at once then, but counts from now. So nothing that is late adds
 * more than a quantum.
 */
#include "tcp_priv.h"

#define QUANTUM_NS PW_NS_PER_MS

/* In per cent of cwnd a round trip, as Linux has it: slow start has to be able to double
 * in a round trip, and avoidance to use what the next ACKs let go. */
#define GAIN_SLOW_START 200
#define GAIN_AVOIDANCE	120

/* A tick is 64 ns: bytes * 10^9 / 64 / ticks are bytes a second; per cent taken off. */
#define PER_TICK_PERCENT (PW_NS_PER_S / (1 << TICK_BITS) / 100)

bool
pace_choose(struct pw_tcp_conn *c, bool wanted)
{
	c->paced = wanted && side_get(c) != NULL;
	if (!wanted && !c->searching)
		side_put(c);
	return c->paced == wanted;
}

static uint64_t
rate_of_cwnd(const struct pw_tcp_conn *c)
{
	uint32_t gain = c->cwnd < c->ssthresh / 2 ? GAIN_SLOW_START : GAIN_AVOIDANCE;

	return c->srtt == 0 ? 0 : c->cwnd * PER_TICK_PERCENT * gain / c->srtt;
}

static uint32_t
quantum_of(const struct pw_tcp_conn *c, uint64_t rate)
{
	uint64_t bytes = rate == 0 ? QUANTUM_BYTES : rate / (PW_NS_PER_S / QUANTUM_NS);

	bytes = pw_max(pw_min(bytes, QUANTUM_BYTES), 2u * c->mss);
	return (uint32_t)(bytes - bytes % c->mss);
}

uint32_t
pace_room(struct pw_tcp_conn *c, pw_ns now)
{
	struct side *s = side_of(c);

	if (s->left > 0)
		return s->left;
	if (now < s->open_at) {
		if (!pw_timer_armed(&s->timer))
			pw_timer_set(&c->t->pace_wheel, &s->timer, s->open_at);
		s->waits = true;
		return 0;
	}
	if (!s->waits) /* nothing was lost by opening now only */
		s->open_at = now;
	s->waits = false;
	if (!c->rated)
		s->rate = rate_of_cwnd(c);
	s->quantum = s->left = quantum_of(c, s->rate);
	return s->left;
}

static pw_ns
time_of(const struct side *s, uint32_t bytes)
{
	return s->rate == 0 ? 0 : bytes * PW_NS_PER_S / s->rate;
}

/* The next opens when this one's time at the rate is over. */
static void
close_quantum(struct side *s)
{
	s->open_at += time_of(s, s->quantum - s->left);
	s->left = 0;
}

void
pace_open(struct pw_tcp_conn *c, pw_ns now)
{
	side_of(c)->left = 0;
	side_of(c)->open_at = now;
}

void
pace_sent(struct pw_tcp_conn *c, uint32_t len, pw_ns now)
{
	struct side *s = side_of(c);

	if (s->left == 0) { /* a probe, which waits for nothing */
		s->open_at = pw_max(s->open_at, now) + time_of(s, len);
		return;
	}
	s->left -= (uint32_t)pw_min(len, s->left);
	if (s->left < c->mss)
		close_quantum(s);
}

void
pace_begin_turn(struct pw_tcp_conn *c)
{
	if (!ahead(c, side_of(c)->limited_end))
		c->flags &= ~F_CWND_LIMITED;
}

void
pace_end_turn(struct pw_tcp_conn *c)
{
	if (c->flags & F_CWND_LIMITED)
		side_of(c)->limited_end = (uint32_t)c->snd_nxt;
}

void
pace_expire(struct pw_tcp *t, pw_ns now)
{
	struct pw_timer *timer;

	while ((timer = pw_wheel_expire(&t->pace_wheel, now)) != NULL)
		conn_ready(conn_at(t, pw_container_of(timer, struct side, timer)->conn));
}
