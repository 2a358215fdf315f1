/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * BBR (draft-ietf-ccwg-bbr, its third version), in whole numbers. It keeps a model of the
 * path: the bandwidth, the shortest round trip, and how much in flight was too much; cwnd
 * and the pacing rate follow from it at each ACK. Functions bear the draft's names.
 *
 *	Startup -> Drain -> Down -> Cruise -> Refill -> Up -> Down ...
 *	                     and from each of them to ProbeRTT, each 5 seconds
 *
 * To congestion marks, which the draft leaves open (section 3.5), it answers as to losses
 * beyond its threshold.
 */
#include "tcp_priv.h"

/* Section 2: times and shares */
#define MIN_RTT_FILTER	   (10 * PW_NS_PER_S)
#define PROBE_RTT_INTERVAL (5 * PW_NS_PER_S)
#define PROBE_RTT_DURATION (200 * PW_NS_PER_MS)
#define EXTRA_ACKED_ROUNDS 5 /* two windows of them */
#define MIN_PIPE_SEGS	   4
#define LOSS_ONE_IN	   50 /* LossThresh: 2 % */
#define NOISE_SEGS	   3
#define BETA_PERCENT	   70
#define HEADROOM_PERCENT   15
#define MARGIN_PERCENT	   99
#define FULL_BW_ROUNDS	   3
#define FULL_LOSSES	   6
#define DRAIN_ROUNDS	   3
#define RENO_ROUNDS	   63
#define UP_ROUNDS_MAX	   30
#define WAIT_MIN	   (2 * PW_NS_PER_S)
#define WAIT_RANDOM	   PW_NS_PER_S
#define RTT_UNKNOWN	   PW_NS_PER_MS

/* Section 5.6.1, in per cent of bw and of the path's BDP */
static const struct {
	uint16_t pacing;
	uint16_t cwnd;
} gain[BBR_STATE_MAX] = {
	[BBR_STARTUP] = {277, 200},
	[BBR_DRAIN] = {50, 200},
	[BBR_DOWN] = {90, 200},
	[BBR_CRUISE] = {100, 200},
	[BBR_REFILL] = {100, 200},
	[BBR_UP] = {125, 225},
	[BBR_PROBE_RTT] = {100, 50},
};

static inline struct bbr *
bbr_of(const struct pw_tcp_conn *c)
{
	return &side_of(c)->bbr;
}

static inline struct rate *
rs_of(const struct pw_tcp_conn *c)
{
	return &side_of(c)->rs;
}

static uint32_t
percent(uint64_t of, uint32_t share)
{
	return (uint32_t)pw_min(of * share / 100, UINT32_MAX - 1);
}

static uint32_t
min_pipe(const struct pw_tcp_conn *c)
{
	return MIN_PIPE_SEGS * c->mss;
}

static bool
in_probe_bw(const struct bbr *b)
{
	return b->state >= BBR_DOWN && b->state <= BBR_UP;
}

static bool
is_probing(const struct bbr *b)
{
	return b->state == BBR_STARTUP || b->state == BBR_REFILL || b->state == BBR_UP;
}

/* ---- volumes (sections 5.5.7 and 5.6.4) ---- */

static uint64_t
bdp(const struct bbr *b, uint64_t bw)
{
	/* In microseconds: 2^64 hold 18 TB/s for a second. */
	return bw * pw_min(b->min_rtt / PW_NS_PER_US, 1000000u) / 1000000;
}

static uint64_t
bdp_multiple(const struct pw_tcp_conn *c, uint64_t bw, uint32_t share)
{
	const struct bbr *b = bbr_of(c);

	return b->min_rtt == PW_NEVER ? initial_window(c) : bdp(b, bw) * share / 100;
}

static uint32_t
quantization_budget(const struct pw_tcp_conn *c, uint64_t cap)
{
	const struct side *s = side_of(c);

	cap = pw_max(cap, 3 * (uint64_t)s->quantum);
	cap = pw_max(cap, min_pipe(c));
	if (s->bbr.state == BBR_UP)
		cap += 2u * c->mss;
	return (uint32_t)pw_min(cap, UINT32_MAX / 2);
}

static uint32_t
inflight(const struct pw_tcp_conn *c, uint64_t bw)
{
	return quantization_budget(c, bdp_multiple(c, bw, 100));
}

static uint32_t
target_inflight(const struct pw_tcp_conn *c)
{
	return (uint32_t)pw_min(bdp_multiple(c, bbr_of(c)->bw, 100), c->cwnd);
}

static uint32_t
inflight_with_headroom(const struct pw_tcp_conn *c)
{
	const struct bbr *b = bbr_of(c);
	uint32_t room;

	if (b->inflight_long == UINT32_MAX)
		return UINT32_MAX;
	room = (uint32_t)pw_max(percent(b->inflight_long, HEADROOM_PERCENT), c->mss);
	return (uint32_t)pw_max(b->inflight_long - pw_min(room, b->inflight_long), min_pipe(c));
}

static uint32_t
probe_rtt_cwnd(const struct pw_tcp_conn *c)
{
	uint64_t part = bdp_multiple(c, bbr_of(c)->bw, gain[BBR_PROBE_RTT].cwnd);

	return (uint32_t)pw_max(pw_min(part, UINT32_MAX), min_pipe(c));
}

/* ---- rounds, and the signals of one ---- */

static void
start_round(struct pw_tcp_conn *c)
{
	bbr_of(c)->next_round = (uint32_t)rs_of(c)->delivered;
}

static void
reset_congestion_signals(struct bbr *b)
{
	b->loss_in_round = false;
	b->bw_latest = 0;
	b->inflight_latest = 0;
}

static void
reset_short_term(struct bbr *b)
{
	b->bw_short = UINT64_MAX;
	b->inflight_short = UINT32_MAX;
}

static void
reset_full_bw(struct bbr *b, uint64_t bw)
{
	b->full_bw = bw;
	b->full_bw_count = 0;
	b->full_bw_now = false;
}

static void
save_cwnd(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	if (c->ca == CA_OPEN && b->state != BBR_PROBE_RTT)
		b->prior_cwnd = c->cwnd;
	else
		b->prior_cwnd = (uint32_t)pw_max(b->prior_cwnd, c->cwnd);
}

static void
restore_cwnd(struct pw_tcp_conn *c)
{
	c->cwnd = (uint32_t)pw_max(c->cwnd, bbr_of(c)->prior_cwnd);
}

/* ---- states ---- */

static void
set_rate(struct pw_tcp_conn *c, uint32_t pacing_gain)
{
	struct side *s = side_of(c);
	uint64_t rate = s->bbr.bw * pacing_gain / 100 * MARGIN_PERCENT / 100;

	if (rate == 0) /* a mark may come before the first sample: what we began with holds */
		return;
	if (s->bbr.full_bw_reached || rate > s->rate)
		s->rate = pw_max(
			rate, c->mss); /* a segment a second, or nothing would tell of more */
}

static void
enter_startup(struct bbr *b)
{
	b->state = BBR_STARTUP;
}

static void
enter_drain(struct bbr *b)
{
	b->state = BBR_DRAIN;
	b->drain_round = b->round_count;
}

static void
start_down(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);
	struct pw_rand *rand = &c->t->rand;

	reset_congestion_signals(b);
	b->acked_per_inc = UINT32_MAX;
	b->rounds_since_probe = (uint32_t)pw_rand_below(rand, 2);
	b->probe_wait = WAIT_MIN + pw_rand_below(rand, WAIT_RANDOM);
	b->cycle_at = c->t->now;
	b->ack_phase = BBR_ACKS_STOPPING;
	start_round(c);
	b->state = BBR_DOWN;
}

static void
start_refill(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	reset_short_term(b);
	b->up_rounds = 0;
	b->up_acked = 0;
	b->precautionary = false;
	b->ack_phase = BBR_ACKS_REFILLING;
	start_round(c);
	b->state = BBR_REFILL;
}

static void
raise_slope(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	b->acked_per_inc = (uint32_t)pw_max(c->cwnd >> b->up_rounds, c->mss);
	b->up_rounds += b->up_rounds < UP_ROUNDS_MAX;
}

static void
start_up(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	b->ack_phase = BBR_ACKS_STARTING;
	start_round(c);
	reset_full_bw(b, rs_of(c)->rate);
	b->state = BBR_UP;
	raise_slope(c);
}

/* ---- losses (section 5.5.10) ---- */

static void
note_loss(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	if (!b->loss_in_round) {
		b->loss_round = (uint32_t)rs_of(c)->delivered;
		save_cwnd(c);
		b->undo_state = BBR_STATE_MAX;
		b->undo_bw_short = b->bw_short;
		b->undo_inflight_short = b->inflight_short;
		b->undo_inflight_long = b->inflight_long;
	}
	b->loss_in_round = true;
}

static bool
too_high(const struct pw_tcp_conn *c, uint64_t lost, uint32_t tx_in_flight)
{
	return (lost * LOSS_ONE_IN > tx_in_flight && lost > NOISE_SEGS * c->mss) ||
	       (lost > 0 && (c->flags & F_SACK_OK) == 0);
}

static void
handle_too_high(struct pw_tcp_conn *c, uint32_t tx_in_flight, bool app_limited)
{
	struct bbr *b = bbr_of(c);

	b->probe_too_high = true;
	b->probe_sample = false; /* once for each probe */
	if (!app_limited)
		b->inflight_long =
			(uint32_t)pw_max(tx_in_flight, percent(target_inflight(c), BETA_PERCENT));
	if (b->state == BBR_UP) {
		b->undo_state = BBR_UP;
		start_down(c);
	}
}

/* InflightAtLoss(): at which byte of the run did losses cross the threshold? */
static uint32_t
inflight_at_loss(uint32_t tx_in_flight, uint64_t lost, uint32_t len)
{
	int64_t before = (int64_t)tx_in_flight - len, lost_before = (int64_t)lost - len;
	int64_t prefix = (before / LOSS_ONE_IN - lost_before) * LOSS_ONE_IN / (LOSS_ONE_IN - 1);

	return (uint32_t)RTE_MAX(before + prefix, 0);
}

static void
on_lost(struct pw_tcp_conn *c, const struct snap *p, uint32_t len)
{
	struct bbr *b = bbr_of(c);
	uint32_t lost = (uint32_t)rs_of(c)->lost - p->lost;

	note_loss(c);
	b->losses += b->losses < UINT8_MAX;
	if (!b->probe_sample || !too_high(c, lost, p->in_flight))
		return;
	handle_too_high(c, inflight_at_loss(p->in_flight, lost, len), p->app_limited);
}

/* A recovery begins, or a probe of the tail tells of a loss. */
static uint32_t
on_loss(struct pw_tcp_conn *c)
{
	note_loss(c);
	return UINT32_MAX;
}

/* A mark: the queue is longer than a router wants it. */
static uint32_t
on_ecn(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	note_loss(c);
	if (b->state == BBR_STARTUP)
		b->full_bw_reached = true;
	if (b->state == BBR_STARTUP || b->probe_sample)
		handle_too_high(c, percent(pipe_bytes(c), BETA_PERCENT), false);
	return UINT32_MAX;
}

static void
on_spurious(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	b->loss_in_round = false;
	reset_full_bw(b, 0);
	b->bw_short = pw_max(b->bw_short, b->undo_bw_short);
	b->inflight_short = (uint32_t)pw_max(b->inflight_short, b->undo_inflight_short);
	b->inflight_long = (uint32_t)pw_max(b->inflight_long, b->undo_inflight_long);
	if (b->undo_state == BBR_STARTUP && b->state != BBR_STARTUP) {
		b->full_bw_reached = false;
		if (b->state != BBR_PROBE_RTT)
			enter_startup(b);
	} else if (b->undo_state == BBR_UP && b->state != BBR_UP) {
		if (b->state != BBR_PROBE_RTT)
			start_refill(c);
	}
	b->undo_state = BBR_STATE_MAX;
}

static void
on_recovered(struct pw_tcp_conn *c, bool spurious)
{
	restore_cwnd(c);
	bbr_of(c)->recovered = false;
	if (spurious)
		on_spurious(c);
}

/* ---- the model, at each ACK (sections 5.5 and 5.3) ---- */

static bool
passed(uint32_t delivered, uint32_t mark)
{
	return !seq_before(delivered, mark);
}

static void
update_latest_signals(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);
	const struct rate *r = rs_of(c);

	b->loss_round_start = false;
	b->bw_latest = pw_max(b->bw_latest, r->rate);
	b->inflight_latest = (uint32_t)pw_max(b->inflight_latest, r->sample);
	if (r->has_data && passed(r->newest.delivered, b->loss_round)) {
		b->loss_round = (uint32_t)r->delivered;
		b->loss_round_start = true;
	}
}

static void
update_round(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);
	const struct rate *r = rs_of(c);

	b->round_start = r->has_data && passed(r->newest.delivered, b->next_round);
	if (!b->round_start)
		return;
	start_round(c);
	b->round_count++;
	b->rounds_since_probe++;
}

static void
update_max_bw(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);
	const struct rate *r = rs_of(c);

	update_round(c);
	if (r->rate == 0 || (r->rate < b->max_bw && r->newest.app_limited))
		return;
	b->cycle_bw[0] = pw_max(b->cycle_bw[0], r->rate);
	b->max_bw = pw_max(b->cycle_bw[0], b->cycle_bw[1]);
}

static void
advance_max_bw(struct bbr *b)
{
	if (b->cycle_bw[0] == 0)
		return; /* nothing was measured: what is old is the best there is */
	b->cycle_bw[1] = b->cycle_bw[0];
	b->cycle_bw[0] = 0;
	b->max_bw = b->cycle_bw[1];
}

/*
 * What the path delivered, if we had paced at bw: the margin, and Down's gain, are our own
 * doing. The draft takes bw_latest as it is; then each round with a loss, be it one in a
 * thousand, costs the margin as well, and not just what was lost.
 */
static uint64_t
bw_allowed(const struct bbr *b)
{
	uint32_t share = b->state == BBR_DOWN ? gain[BBR_DOWN].pacing : 100;

	return b->bw_latest * 100 / share * 100 / MARGIN_PERCENT;
}

static void
adapt_lower_bounds(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	if (is_probing(b) || !b->loss_in_round || b->round_count < b->probe_rtt_round + 2)
		return;
	if (b->bw_short == UINT64_MAX)
		b->bw_short = b->max_bw;
	if (b->inflight_short == UINT32_MAX)
		b->inflight_short = c->cwnd;
	b->bw_short = pw_max(bw_allowed(b), b->bw_short / 100 * BETA_PERCENT);
	b->inflight_short =
		(uint32_t)pw_max(b->inflight_latest, percent(b->inflight_short, BETA_PERCENT));
}

static void
update_congestion_signals(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	update_max_bw(c);
	if (!b->loss_round_start)
		return;
	adapt_lower_bounds(c);
	b->loss_in_round = false;
}

/* Section 5.5.9: what comes in excess of bw, in lumps, is what the path gathers. */
static void
update_ack_aggregation(struct pw_tcp_conn *c, const struct ack *a)
{
	struct bbr *b = bbr_of(c);
	uint64_t expected = b->bw * ((a->now - b->extra_from) / PW_NS_PER_US) / 1000000;
	uint32_t rounds = b->full_bw_reached ? EXTRA_ACKED_ROUNDS : 1;
	uint64_t extra;

	if (b->extra_delivered <= expected) {
		b->extra_delivered = 0;
		b->extra_from = a->now;
		expected = 0;
	}
	b->extra_delivered += newly_delivered(c, a);
	extra = pw_min(b->extra_delivered - expected, c->cwnd);
	if (b->round_count - b->extra_round >= rounds) {
		b->extra_round = b->round_count;
		b->extra_acked[1] = b->full_bw_reached ? b->extra_acked[0] : 0;
		b->extra_acked[0] = 0;
	}
	b->extra_acked[0] = (uint32_t)pw_max(b->extra_acked[0], extra);
}

static void
check_full_bw(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);
	const struct rate *r = rs_of(c);

	if (b->full_bw_now || !b->round_start || r->newest.app_limited)
		return;
	if (r->rate >= b->full_bw + b->full_bw / 4) {
		reset_full_bw(b, r->rate);
		return;
	}
	b->full_bw_now = ++b->full_bw_count >= FULL_BW_ROUNDS;
	b->full_bw_reached |= b->full_bw_now;
}

/* Section 5.3.1.3: has a whole round of a recovery lost more than it should? */
static void
check_startup_losses(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);
	const struct rate *r = rs_of(c);
	uint32_t lost = (uint32_t)r->lost - r->newest.lost;

	if (!b->loss_round_start)
		return;
	if (c->ca == CA_RECOVERY && b->recovered && too_high(c, lost, r->newest.in_flight) &&
		(b->losses >= FULL_LOSSES || (c->flags & F_SACK_OK) == 0)) {
		b->undo_state = BBR_STARTUP;
		b->full_bw_reached = true;
		b->inflight_long =
			(uint32_t)pw_max(bdp_multiple(c, b->bw, 100), b->inflight_latest);
	}
	b->recovered = c->ca == CA_RECOVERY;
	b->losses = 0;
}

static void
check_startup_done(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	if (b->state != BBR_STARTUP)
		return;
	check_startup_losses(c);
	if (b->full_bw_reached)
		enter_drain(b);
}

static void
check_drain_done(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	if (b->state == BBR_DRAIN && (pipe_bytes(c) <= inflight(c, b->bw) ||
					     b->round_count > b->drain_round + DRAIN_ROUNDS))
		start_down(c);
}

/* ---- ProbeBW (section 5.3.3) ---- */

static bool
is_cwnd_limited(const struct pw_tcp_conn *c)
{
	return (c->flags & F_CWND_LIMITED) != 0;
}

static bool
is_time_to_probe(struct pw_tcp_conn *c, pw_ns now)
{
	struct bbr *b = bbr_of(c);
	uint32_t rounds = (uint32_t)pw_min(target_inflight(c) / c->mss, RENO_ROUNDS);

	if (now <= b->cycle_at + b->probe_wait && b->rounds_since_probe < rounds)
		return false;
	start_refill(c);
	return true;
}

static bool
is_time_to_cruise(const struct pw_tcp_conn *c)
{
	uint32_t pipe = pipe_bytes(c);

	return pipe <= inflight_with_headroom(c) && pipe <= inflight(c, bbr_of(c)->max_bw);
}

static bool
is_time_to_go_down(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	if (b->probe_too_high && pipe_bytes(c) >= b->inflight_long) {
		b->precautionary = true;
		return true;
	}
	if (is_cwnd_limited(c) && c->cwnd >= b->inflight_long)
		reset_full_bw(b, rs_of(c)->rate); /* the bound is ours, not the path's */
	else if (b->full_bw_now)
		return true;
	return false;
}

static void
probe_long_term_upward(struct pw_tcp_conn *c, const struct ack *a)
{
	struct bbr *b = bbr_of(c);
	uint32_t n;

	if (!is_cwnd_limited(c) || c->cwnd < b->inflight_long)
		return;
	b->up_acked += newly_delivered(c, a);
	n = b->up_acked / b->acked_per_inc;
	b->up_acked -= n * b->acked_per_inc;
	b->inflight_long =
		(uint32_t)pw_min(b->inflight_long + (uint64_t)n * c->mss, UINT32_MAX / 2);
	if (b->round_start)
		raise_slope(c);
}

/* @return true: the state was chosen */
static bool
adapt_long_term(struct pw_tcp_conn *c, const struct ack *a)
{
	struct bbr *b = bbr_of(c);
	const struct rate *r = rs_of(c);

	if (b->ack_phase == BBR_ACKS_STARTING && b->round_start)
		b->ack_phase = BBR_ACKS_FEEDBACK;
	if (b->ack_phase == BBR_ACKS_STOPPING && b->round_start) {
		b->probe_sample = false;
		b->ack_phase = BBR_ACKS_INIT;
		if (in_probe_bw(b) && !r->newest.app_limited)
			advance_max_bw(b);
		if (in_probe_bw(b) && b->precautionary && !b->probe_too_high) {
			start_refill(c);
			return true;
		}
	}
	if (!r->has_data || b->inflight_long == UINT32_MAX ||
		too_high(c, (uint32_t)r->lost - r->newest.lost, r->newest.in_flight))
		return false;
	b->inflight_long = (uint32_t)pw_max(b->inflight_long, r->newest.in_flight);
	if (b->state == BBR_UP)
		probe_long_term_upward(c, a);
	return false;
}

static void
update_cycle_phase(struct pw_tcp_conn *c, const struct ack *a)
{
	struct bbr *b = bbr_of(c);

	if (!b->full_bw_reached || adapt_long_term(c, a))
		return;
	switch ((enum bbr_state)b->state) {
	case BBR_DOWN:
		if (!is_time_to_probe(c, a->now) && is_time_to_cruise(c))
			b->state = BBR_CRUISE;
		break;
	case BBR_CRUISE:
		is_time_to_probe(c, a->now);
		break;
	case BBR_REFILL:
		if (b->round_start) {
			b->probe_sample = true;
			start_up(c);
		}
		break;
	case BBR_UP:
		if (is_time_to_go_down(c)) {
			b->probe_too_high = false; /* no high loss, yet */
			start_down(c);
		}
		break;
	default:
		break;
	}
}

/* ---- ProbeRTT (section 5.3.4) ---- */

static void
update_min_rtt(struct bbr *b, const struct ack *a)
{
	b->probe_rtt_expired = a->now > b->probe_rtt_min_at + PROBE_RTT_INTERVAL;
	if (a->rtt != PW_NEVER && (a->rtt < b->probe_rtt_min || b->probe_rtt_expired)) {
		b->probe_rtt_min = a->rtt;
		b->probe_rtt_min_at = a->now;
	}
	if (b->probe_rtt_min < b->min_rtt || a->now > b->min_rtt_at + MIN_RTT_FILTER) {
		b->min_rtt = b->probe_rtt_min;
		b->min_rtt_at = b->probe_rtt_min_at;
	}
}

static void
check_probe_rtt_done(struct pw_tcp_conn *c, pw_ns now)
{
	struct bbr *b = bbr_of(c);

	if (b->probe_rtt_done_at == 0 || now <= b->probe_rtt_done_at)
		return;
	b->probe_rtt_min_at = now;
	b->probe_rtt_round = b->round_count;
	restore_cwnd(c);
	reset_short_term(b);
	if (b->full_bw_reached) {
		start_down(c);
		b->state = BBR_CRUISE;
	} else {
		enter_startup(b);
	}
}

static void
handle_probe_rtt(struct pw_tcp_conn *c, pw_ns now)
{
	struct bbr *b = bbr_of(c);

	rate_mark_app_limited(c); /* its rates are low because we want them to be */
	if (b->probe_rtt_done_at == 0) {
		if (pipe_bytes(c) > probe_rtt_cwnd(c))
			return;
		b->probe_rtt_done_at = now + PROBE_RTT_DURATION;
		b->probe_rtt_round_done = false;
		start_round(c);
		return;
	}
	b->probe_rtt_round_done |= b->round_start;
	if (b->probe_rtt_round_done)
		check_probe_rtt_done(c, now);
}

static void
check_probe_rtt(struct pw_tcp_conn *c, pw_ns now)
{
	struct bbr *b = bbr_of(c);

	if (b->state != BBR_PROBE_RTT && b->probe_rtt_expired && !b->idle_restart) {
		save_cwnd(c);
		b->state = BBR_PROBE_RTT;
		b->probe_rtt_done_at = 0;
		b->ack_phase = BBR_ACKS_STOPPING;
		start_round(c);
	}
	if (b->state == BBR_PROBE_RTT)
		handle_probe_rtt(c, now);
	if (rs_of(c)->sample > 0)
		b->idle_restart = false;
}

/* ---- control (section 5.6) ---- */

static uint32_t
cap_of_model(const struct pw_tcp_conn *c)
{
	const struct bbr *b = bbr_of(c);
	uint32_t cap = UINT32_MAX;

	if (b->state == BBR_PROBE_RTT || b->state == BBR_CRUISE)
		cap = inflight_with_headroom(c);
	else if (in_probe_bw(b))
		cap = b->inflight_long;
	cap = (uint32_t)pw_min(cap, b->inflight_short);
	return (uint32_t)pw_max(cap, min_pipe(c));
}

static void
set_cwnd(struct pw_tcp_conn *c, const struct ack *a)
{
	struct bbr *b = bbr_of(c);
	uint32_t extra = (uint32_t)pw_max(b->extra_acked[0], b->extra_acked[1]);
	uint64_t cwnd = c->cwnd;

	b->max_inflight =
		quantization_budget(c, bdp_multiple(c, b->bw, gain[b->state].cwnd) + extra);
	if (b->full_bw_reached)
		cwnd = pw_min(cwnd + newly_delivered(c, a), b->max_inflight);
	else if (cwnd < b->max_inflight || rs_of(c)->delivered < initial_window(c))
		cwnd += newly_delivered(c, a);
	cwnd = pw_max(cwnd, min_pipe(c));
	if (b->state == BBR_PROBE_RTT)
		cwnd = pw_min(cwnd, probe_rtt_cwnd(c));
	c->cwnd = (uint32_t)pw_min(cwnd, cap_of_model(c));
}

/* UpdateOnACK() */
static void
on_sample(struct pw_tcp_conn *c, const struct ack *a)
{
	struct bbr *b = bbr_of(c);
	struct rate *r = rs_of(c);

	rate_on_ack(c, a);
	update_latest_signals(c);
	update_congestion_signals(c);
	update_ack_aggregation(c, a);
	check_full_bw(c);
	check_startup_done(c);
	check_drain_done(c);
	update_cycle_phase(c, a);
	update_min_rtt(b, a);
	check_probe_rtt(c, a->now);
	if (b->loss_round_start) {
		b->bw_latest = r->rate;
		b->inflight_latest = r->sample;
	}
	b->bw = pw_min(b->max_bw, b->bw_short);
	if (b->bw != 0)
		set_rate(c, gain[b->state].pacing);
	if (newly_delivered(c, a) > 0)
		set_cwnd(c, a);
	r->has_data = false;
}

/* HandleRestartFromIdle() */
static void
on_restart(struct pw_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	if (flight(c) > 0 || rs_of(c)->app_limited == 0)
		return;
	b->idle_restart = true;
	b->extra_from = c->t->now;
	if (in_probe_bw(b))
		set_rate(c, 100);
	else if (b->state == BBR_PROBE_RTT)
		check_probe_rtt_done(c, c->t->now);
}

static void
init(struct pw_tcp_conn *c)
{
	pw_ns now = c->t->now, srtt = c->srtt != 0 ? ticks_ns(c->srtt) : PW_NEVER;
	struct bbr *b = bbr_of(c);

	rate_init(c);
	*b = (struct bbr){
		.min_rtt = srtt,
		.min_rtt_at = now,
		.probe_rtt_min = srtt,
		.probe_rtt_min_at = now,
		.extra_from = now,
		.inflight_long = UINT32_MAX,
		.acked_per_inc = UINT32_MAX,
		.undo_state = BBR_STATE_MAX,
	};
	reset_short_term(b);
	side_of(c)->rate = initial_window(c) * PW_NS_PER_S /
			   (srtt != PW_NEVER ? srtt : RTT_UNKNOWN) * gain[BBR_STARTUP].pacing / 100;
	c->ssthresh = UINT32_MAX;
	enter_startup(b);
}

const struct tcp_cc tcp_cc_bbr = {
	.name = "bbr",
	.init = init,
	.on_loss = on_loss,
	.on_ecn = on_ecn,
	.on_restart = on_restart,
	.on_sample = on_sample,
	.on_lost = on_lost,
	.on_recovered = on_recovered,
};
