/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * CUBIC (RFC 9438) with HyStart++ (RFC 9406), in whole numbers, so that every
 * build grows alike. Windows are bytes, times milliseconds.
 */
#include "tcp_priv.h"

/* RFC 9438: C = 0.4 segments/s^3, beta = 0.7, alpha = 3 (1 - beta) / (1 + beta) = 9/17. */
#define DT_MAX_MS 200000

/* RFC 9406 section 4.3 */
#define THRESH_MIN_US 4000
#define THRESH_MAX_US 16000
#define N_RTT_SAMPLE  8
#define CSS_GROWTH    4
#define CSS_ROUNDS    5
#define SLOW_START_L  8
#define NO_RTT	      UINT32_MAX

static void
init(struct pw_tcp_conn *c)
{
	c->cc.cubic = (struct cc_cubic){
		.round_rtt_us = NO_RTT, .last_rtt_us = NO_RTT, .css_rtt_us = NO_RTT};
	c->in_epoch = c->hystart_done = false;
}

static uint32_t
cube_root(uint64_t x)
{
	uint64_t r = 0;
	int bit;

	for (bit = 21; bit >= 0; bit--) {
		uint64_t try = r | UINT64_C(1) << bit;

		if (try * try * try <= x)
			r = try;
	}
	return (uint32_t)r;
}

/* ---- slow start ---- */

static void
new_round(struct pw_tcp_conn *c, struct cc_cubic *q)
{
	q->last_rtt_us = q->round_rtt_us;
	q->round_rtt_us = NO_RTT;
	q->rtt_samples = 0;
	q->round_end = (uint32_t)c->snd_nxt;
	if (q->css_rounds > 0 && ++q->css_rounds > CSS_ROUNDS) {
		c->ssthresh = (uint32_t)pw_max(c->cwnd, 2u * c->mss);
		c->hystart_done = true;
	}
}

/* RFC 9406 section 4.2: does a rising round trip tell of a queue? */
static void
watch_delay(struct pw_tcp_conn *c, struct cc_cubic *q, pw_ns rtt)
{
	uint32_t thresh;

	if (!ahead(c, q->round_end))
		new_round(c, q);
	if (rtt == PW_NEVER)
		return;
	q->round_rtt_us = (uint32_t)pw_min(q->round_rtt_us, rtt / PW_NS_PER_US);
	if (++q->rtt_samples < N_RTT_SAMPLE)
		return;
	if (q->css_rounds > 0) {
		if (q->round_rtt_us < q->css_rtt_us)
			q->css_rounds = 0; /* a false alarm */
		return;
	}
	if (q->last_rtt_us == NO_RTT)
		return;
	thresh = (uint32_t)pw_max(THRESH_MIN_US, pw_min(q->last_rtt_us / 8, THRESH_MAX_US));
	if (q->round_rtt_us >= q->last_rtt_us + thresh) {
		q->css_rtt_us = q->round_rtt_us;
		q->css_rounds = 1;
	}
}

static void
slow_start(struct pw_tcp_conn *c, const struct cc_ack *a)
{
	struct cc_cubic *q = &c->cc.cubic;
	uint32_t n = (uint32_t)pw_min(a->acked, SLOW_START_L * c->mss);

	if (!c->hystart_done)
		watch_delay(c, q, a->rtt);
	c->cwnd += q->css_rounds > 0 && !c->hystart_done ? n / CSS_GROWTH : n;
}

/* ---- congestion avoidance ---- */

static void
begin_epoch(struct pw_tcp_conn *c, struct cc_cubic *q, uint32_t now_ms)
{
	/* The first slow start is over (RFC 9406): its room is the curve's now. */
	c->hystart_done = true;
	c->in_epoch = true;
	q->epoch_ms = q->grown_ms = now_ms;
	q->acked = q->acked_est = 0;
	q->w_est = c->cwnd;
	if (q->w_max <= c->cwnd) { /* beyond the plateau already */
		q->k_ms = 0;
		q->origin = c->cwnd;
		return;
	}
	/* K = cubic root of (W_max - cwnd) / C, equation 2 */
	q->k_ms = cube_root((uint64_t)(q->w_max - c->cwnd) / c->mss * UINT64_C(2500000000));
	q->origin = q->w_max;
}

/* Section 5.8: while the application was the limit the curve has not climbed. */
static void
skip_limited(const struct pw_tcp_conn *c, struct cc_cubic *q, uint32_t now_ms)
{
	uint32_t gap_ms = now_ms - q->grown_ms;

	/* At least so long, for both ends were cut to whole milliseconds. */
	if (gap_ms > 1 && (gap_ms - 1) * PW_NS_PER_MS > 2 * ticks_ns(c->srtt))
		q->epoch_ms += gap_ms;
	q->grown_ms = now_ms;
}

/* W_cubic(t), equation 1, in bytes. */
static uint64_t
curve(const struct pw_tcp_conn *c, const struct cc_cubic *q, pw_ns t)
{
	int64_t dt = (int64_t)pw_min(t / PW_NS_PER_MS, DT_MAX_MS) - q->k_ms;
	int64_t milli_segs = dt * dt * dt / 1000 * 4 / 10000;
	int64_t w = (int64_t)q->origin + milli_segs * c->mss / 1000;

	return w > 0 ? (uint64_t)w : 0;
}

/* RFC 9438 section 4.3: what Reno with alpha would have by now. */
static void
grow_estimate(struct pw_tcp_conn *c, struct cc_cubic *q, uint32_t acked)
{
	q->acked_est += q->w_est < q->cwnd_prior ? acked / 17 * 9 : acked;
	if (q->acked_est >= c->cwnd) {
		q->acked_est -= c->cwnd;
		q->w_est += c->mss;
	}
}

static void
avoid_congestion(struct pw_tcp_conn *c, const struct cc_ack *a)
{
	struct cc_cubic *q = &c->cc.cubic;
	uint32_t now_ms = (uint32_t)(a->now / PW_NS_PER_MS);
	uint64_t target, need;

	if (!c->in_epoch)
		begin_epoch(c, q, now_ms);
	skip_limited(c, q, now_ms);
	grow_estimate(c, q, a->acked);
	target = curve(c, q, (now_ms - q->epoch_ms) * PW_NS_PER_MS + ticks_ns(c->srtt));
	target = pw_min(pw_max(target, c->cwnd), (uint64_t)c->cwnd + c->cwnd / 2);
	if (q->w_est > target)
		target = q->w_est;
	/* cwnd moves by (target - cwnd) / cwnd a byte acknowledged: a segment for
	 * every `need` bytes. */
	if (target <= c->cwnd)
		return;
	need = (uint64_t)c->cwnd * c->mss / (target - c->cwnd);
	q->acked += a->acked;
	c->cwnd += (uint32_t)pw_min(q->acked / need * c->mss, target - c->cwnd);
	q->acked %= need;
}

static void
on_ack(struct pw_tcp_conn *c, const struct cc_ack *a)
{
	if (c->cwnd < c->ssthresh)
		slow_start(c, a);
	else
		avoid_congestion(c, a);
}

static uint32_t
on_loss(struct pw_tcp_conn *c)
{
	struct cc_cubic *q = &c->cc.cubic;

	/* Section 4.7: leave room for others when the plateau falls. */
	q->w_max = c->cwnd < q->w_max ? (uint32_t)((uint64_t)c->cwnd * 17 / 20) : c->cwnd;
	q->cwnd_prior = c->cwnd;
	c->in_epoch = false;
	c->hystart_done = true;
	return (uint32_t)pw_max((uint64_t)c->cwnd * 7 / 10, 2u * c->mss);
}

/* Section 4.8: after a time-out the old plateau is no longer believed. */
static void
on_restart(struct pw_tcp_conn *c)
{
	c->in_epoch = false;
	if (c->ca == CA_LOSS)
		c->cc.cubic.w_max = 0;
}

const struct tcp_cc tcp_cc_cubic = {
	.name = "cubic",
	.init = init,
	.on_ack = on_ack,
	.on_loss = on_loss,
	.on_ecn = on_loss, /* section 4.6: the same beta */
	.on_restart = on_restart,
};
