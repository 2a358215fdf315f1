/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What an acknowledgement says. Loss is found by RACK (RFC 8985) where the peer
 * has SACK, by duplicate ACKs (RFC 6582) where it has not, and by time-out (RFC
 * 6298). A recovery is paced by proportional rate reduction (RFC 6937) and
 * undone when timestamps (RFC 4015) or DSACK (RFC 3708) show that nothing had
 * been lost.
 */
#include "tcp_priv.h"
#include "trace.h"

/* ---- windows ---- */

/* RFC 9293 3.10.7.4: an older segment must not bring back an older window. */
static bool
update_window(struct pw_tcp_conn *c, const struct seg_in *in, pw_off ack)
{
	pw_off edge = ack + in->window;
	bool moved;

	if (seq_before(in->h.seq, c->wl1) || (in->h.seq == c->wl1 && seq_before(in->h.ack, c->wl2)))
		return false;
	moved = edge != c->snd_edge;
	c->snd_edge = edge;
	c->wl1 = in->h.seq;
	c->wl2 = in->h.ack;
	if (in->window > c->max_wnd)
		c->max_wnd = in->window;
	if (in->window > 0)
		tmr_on_window_open(c);
	else if ((c->flags & F_USER_CLOSED) == 0)
		c->progress_ms = c->t->now_ms; /* shut, but alive */
	return moved;
}

/* ---- SACK ---- */

/* RFC 2883 section 4: the first block tells of a duplicate when it lies below
 * the ACK or inside the second block. */
static bool
is_dsack(const struct pw_tcp_conn *c, const struct seg_in *in)
{
	const struct pw_tcp_sack *s = in->o.sack;

	if (seq_before(s[0].left, in->h.ack))
		return true;
	return in->o.n_sack > 1 && !seq_before(s[0].left, s[1].left) &&
	       !seq_before(s[1].right, s[0].right);
}

/* A block that names what was never sent, or nothing, is a lie. One from behind the
 * recovery names a probe, or what went out since: it undoes nothing. */
static void
count_dsack(struct pw_tcp_conn *c, const struct pw_tcp_sack *s, struct ack *a)
{
	int64_t left = off_near(s->left, c->isn1, c->snd_una);
	int64_t right = off_near(s->right, c->isn1, c->snd_una);

	if (left < 0 || left >= right || right > (int64_t)c->snd_nxt)
		return;
	a->dsack = true;
	if (!seq_before(c->recover, (uint32_t)right))
		c->undo_rtx -= (uint32_t)pw_min((uint64_t)(right - left), c->undo_rtx);
}

/** A SACK block in offsets. */
struct block {
	pw_off left;
	pw_off right;
};

/* The blocks of @p in that can be believed, in rising order. @return how many */
static uint32_t
read_blocks(const struct pw_tcp_conn *c, const struct seg_in *in, pw_off ack, uint32_t first,
	struct block out[PW_TCP_SACK_MAX])
{
	uint32_t n = 0, i, k;

	for (i = first; i < in->o.n_sack; i++) {
		int64_t left = off_near(in->o.sack[i].left, c->isn1, c->snd_una);
		int64_t right = off_near(in->o.sack[i].right, c->isn1, c->snd_una);

		/* What was not sent, or is empty or backwards, is a lie (RFC 6675 5.1). */
		if (left >= right || left < (int64_t)ack || right > (int64_t)c->snd_nxt)
			continue;
		for (k = n++; k > 0 && out[k - 1].left > (pw_off)left; k--)
			out[k] = out[k - 1];
		out[k] = (struct block){(pw_off)left, (pw_off)right};
	}
	return n;
}

static void
take_sacks(struct pw_tcp_conn *c, const struct seg_in *in, pw_off ack, struct ack *a)
{
	struct block blocks[PW_TCP_SACK_MAX];
	bool dsack = is_dsack(c, in);
	uint32_t n, i;

	if (dsack)
		count_dsack(c, &in->o.sack[0], a);
	n = read_blocks(c, in, ack, dsack, blocks);
	for (i = 0; i < n; i++)
		sent_sacked(c, blocks[i].left, blocks[i].right, a);
}

/* ---- RACK ---- */

/* RFC 8985 6.2 step 4. */
static pw_ns
reo_window(const struct pw_tcp_conn *c)
{
	if ((c->flags & F_REORDERED) == 0 &&
		(c->ca != CA_OPEN || c->sacked >= DUP_THRESH * (uint32_t)c->mss))
		return 0;
	if (c->min_rtt == UINT32_MAX)
		return 0;
	return pw_min(c->reo_mult * (ticks_ns(c->min_rtt) / 4), ticks_ns(c->srtt));
}

static void
adapt_reo_window(struct pw_tcp_conn *c, const struct ack *a)
{
	if (a->dsack && !ahead(c, c->dsack_round)) {
		c->dsack_round = (uint32_t)c->snd_nxt;
		c->reo_mult += c->reo_mult < UINT8_MAX;
		c->reo_persist = 16;
	}
}

/* @return how long to wait for the last of what may merely be reordered; 0: nothing. */
static pw_ns
detect_losses(struct pw_tcp_conn *c, struct ack *a)
{
	uint32_t before = c->lost;
	pw_ns wait;

	if ((c->flags & F_SACK_OK) == 0 || c->rack_xmit == 0)
		return 0;
	/* Nothing overtaken, nothing sent twice: what is left was sent later. */
	if (c->sacked == 0 && c->n_rtx == 0)
		return 0;
	wait = sent_detect(c, a->now, ticks_ns(c->rack_rtt) + reo_window(c));
	a->newly_lost += c->lost - before;
	return wait;
}

/* ---- recovery ----
 *
 * What happens seldom stands apart, so that what each ACK asks is inlined.
 */

static void
remember(struct pw_tcp_conn *c)
{
	c->prior_cwnd = c->cwnd;
	c->prior_ssthresh = c->ssthresh;
	c->undo_rtx = 0;
	c->flags &= ~F_RTX_TS;
	c->recover = (uint32_t)c->snd_nxt;
}

static __rte_noinline void
enter_recovery(struct pw_tcp_conn *c, const struct ack *a)
{
	remember(c);
	if (a->probe_only)
		c->ssthresh = (uint32_t)pw_max(pw_min(c->ssthresh, c->cwnd), 2u * c->mss);
	else if (!ecn_has_reduced(c)) /* once for a window, be it marked or lost */
		c->ssthresh = cc_of(c)->on_loss(c);
	/* What may still be delivered: not what was SACKed before (RFC 9937 section 6). */
	c->recover_fs = flight(c) - c->sacked + a->delivered;
	c->prr_delivered = c->prr_out = 0;
	c->ca = CA_RECOVERY;
	c->flags &= ~(F_TLP_OUT | F_TLP_DUE);
	if (!a->probe_only)
		ecn_on_reduction(c);
	c->t->stats.fast_recoveries++;
	TRACE(c, RECOVERY, 0, c->ssthresh, flight(c));
	if (traced(c))
		trace_trouble(c, PW_TCP_TROUBLE_FAST);
}

static __rte_noinline void
leave_recovery(struct pw_tcp_conn *c)
{
	if (unlikely(c->rated))
		cc_of(c)->on_recovered(c, false);
	else if (c->ca == CA_RECOVERY)
		c->cwnd = (uint32_t)pw_max(c->ssthresh, c->mss);
	c->ca = CA_OPEN;
	c->dup_acks = 0;
	if ((c->flags & F_SACK_OK) == 0)
		c->sacked = 0;
	if (c->reo_persist > 0 && --c->reo_persist == 0)
		c->reo_mult = 1;
	TRACE(c, RECOVERED, 0, c->cwnd, c->ssthresh);
	if (traced(c))
		trace_recovered(c);
}

/* RFC 4015: what seemed lost was late. */
static __rte_noinline void
undo(struct pw_tcp_conn *c)
{
	c->cwnd = (uint32_t)pw_max(c->cwnd, c->prior_cwnd);
	c->ssthresh = (uint32_t)pw_max(c->ssthresh, c->prior_ssthresh);
	c->prior_cwnd = 0;
	sent_unmark_all(c);
	if (unlikely(c->rated))
		cc_of(c)->on_recovered(c, true);
	c->ca = CA_OPEN;
	c->dup_acks = 0;
	c->flags &= ~F_RTX_TS;
	c->ecn &= (uint8_t)~ECN_REDUCED; /* not so */
	if ((c->flags & F_SACK_OK) == 0)
		c->sacked = 0;
	c->t->stats.spurious++;
	TRACE(c, UNDONE, 0, c->cwnd, c->ssthresh);
	if (traced(c))
		trace_recovered(c);
}

/* RFC 3522: the ACK answers the original, not what was sent again later. */
static bool
answers_original(const struct pw_tcp_conn *c, const struct ack *a)
{
	return a->acked > 0 && a->has_ts && (c->flags & F_RTX_TS) && c->prior_cwnd != 0 &&
	       seq_before(a->ts_ecr, c->rtx_ts);
}

static bool
dsack_says_undo(const struct pw_tcp_conn *c, const struct ack *a)
{
	return a->dsack && c->prior_cwnd != 0 && c->undo_rtx == 0 && (c->flags & F_RTX_TS);
}

/* A partial ACK of a peer without SACK: one segment more is known to be lost. */
static bool
next_hole(const struct pw_tcp_conn *c, const struct ack *a)
{
	return (c->flags & F_SACK_OK) == 0 && a->acked > 0 && c->lost > 0;
}

/* RFC 6937bis: sndcnt for this ACK; the segments themselves leave in output.c. */
static void
reduce_rate(struct pw_tcp_conn *c, const struct ack *a)
{
	uint32_t pipe = pipe_bytes(c);
	int64_t n;

	c->prr_delivered += a->delivered;
	if (pipe > c->ssthresh) {
		n = (int64_t)(((uint64_t)c->prr_delivered * c->ssthresh + c->recover_fs - 1) /
			      pw_max(c->recover_fs, 1)) -
		    c->prr_out;
	} else {
		n = RTE_MAX((int64_t)c->prr_delivered - c->prr_out, (int64_t)a->delivered);
		if (a->acked > 0 && a->newly_lost == 0)
			n += c->mss;
		n = RTE_MIN(n, (int64_t)c->ssthresh - pipe);
	}
	/* The first of a recovery waits for nothing, nor does RFC 6582's next hole. */
	if (n < c->mss && (c->prr_out == 0 || next_hole(c, a)))
		n = c->mss;
	c->cwnd = (uint32_t)pw_max(pipe + (uint32_t)RTE_MAX(n, 0), c->mss);
}

/* For a peer without SACK: what is known to be lost cannot have arrived. */
static void
mark_first_lost(struct pw_tcp_conn *c)
{
	sent_mark_head(c, c->mss);
	c->sacked = (uint32_t)pw_min(c->sacked, flight(c) - c->lost);
}

/* A segment more has left the network, if what is in flight leaves room for it. No
 * more of them than were in flight at the first duplicate: who makes duplicates up
 * gains nothing by a thousand (RFC 5681 section 3.2). */
static void
credit_duplicate(struct pw_tcp_conn *c, struct ack *a)
{
	uint32_t room = flight(c) - c->lost - c->sacked;

	if (room < 2u * c->mss || c->dup_room < c->mss)
		return;
	c->dup_room -= c->mss;
	c->sacked += c->mss;
	a->delivered += c->mss;
}

/* RFC 6582 for a peer without SACK: the third duplicate ACK means that the first
 * segment is lost; the two before it may release a new one each (RFC 3042). */
static void
count_duplicate(struct pw_tcp_conn *c, struct ack *a)
{
	bool begins;

	if (c->dup_acks == 0)
		c->dup_room = flight(c);
	c->dup_acks += c->dup_acks < UINT8_MAX;
	begins = c->ca == CA_OPEN && c->dup_acks == DUP_THRESH &&
		 c->recover - (uint32_t)c->snd_una > flight(c); /* passed: RFC 6582 4.1 */
	if (c->ca != CA_OPEN || c->dup_acks < DUP_THRESH || begins)
		credit_duplicate(c, a);
	if (begins) {
		mark_first_lost(c);
		a->newly_lost += c->lost;
	}
}

static void
progress_without_sack(struct pw_tcp_conn *c, struct ack *a)
{
	uint32_t beyond = a->acked > c->mss ? a->acked - c->mss : 0;

	c->dup_acks = 0;
	c->sacked -= (uint32_t)pw_min(c->sacked, beyond);
	c->sacked = (uint32_t)pw_min(c->sacked, flight(c) - c->lost);
	if (c->ca == CA_OPEN) {
		c->sacked = 0;
	} else if (c->ca == CA_RECOVERY && ahead(c, c->recover) && c->lost == 0) {
		/* A partial ACK: the next hole (section 3.2 step 3). */
		mark_first_lost(c);
	}
}

static void
recover(struct pw_tcp_conn *c, struct ack *a)
{
	if (c->ca != CA_OPEN && answers_original(c, a)) {
		undo(c);
	} else if (dsack_says_undo(c, a)) {
		undo(c);
	} else if (c->ca != CA_OPEN && !ahead(c, c->recover)) {
		leave_recovery(c);
	}
	if (a->newly_lost > 0)
		TRACE(c, LOSS, 0, c->lost, flight(c));
	if (c->ca == CA_OPEN && c->lost > 0)
		enter_recovery(c, a);
	if (c->ca == CA_RECOVERY && likely(!c->rated))
		reduce_rate(c, a);
}

static void
note_tail_loss(struct pw_tcp_conn *c)
{
	if (!traced(c))
		return;
	trace_put(c, PW_TCP_EV_RECOVERED, 0, c->cwnd, c->ssthresh);
	trace_trouble(c, PW_TCP_TROUBLE_TAIL_LOSS);
	trace_recovered(c);
}

/* RFC 8985 7.4: has the tail loss probe repaired a loss that nobody noticed? */
static void
judge_probe(struct pw_tcp_conn *c, const struct ack *a)
{
	if ((c->flags & F_TLP_OUT) == 0 || ahead(c, c->tlp_end))
		return;
	if ((c->flags & F_TLP_RTX) == 0 || a->dsack ||
		(a->has_ts && seq_before(a->ts_ecr, c->tlp_ts))) {
		c->flags &= ~F_TLP_OUT;
	} else if ((uint32_t)c->snd_una != c->tlp_end) {
		c->flags &= ~F_TLP_OUT;
		c->ssthresh = cc_of(c)->on_loss(c);
		c->cwnd = (uint32_t)pw_max(pw_min(c->cwnd, c->ssthresh), c->mss);
		ecn_on_reduction(c);
		note_tail_loss(c);
	} else if (a->acked == 0) {
		c->flags &= ~F_TLP_OUT; /* a duplicate: both copies arrived */
	}
}

static void
grow(struct pw_tcp_conn *c, const struct ack *a, uint32_t flight_before)
{
	struct cc_ack ev = {.now = a->now, .rtt = a->rtt, .acked = a->acked};
	bool used = (c->flags & F_CWND_LIMITED) != 0;

	if (c->ca == CA_RECOVERY || a->acked == 0)
		return;
	/* RFC 3465 2.3: what fills a hole acknowledges what had arrived long ago. */
	if (c->ca == CA_LOSS)
		ev.acked = (uint32_t)pw_min(ev.acked, a->delivered);
	/* RFC 7661: a window that was not used says nothing about the path. */
	if (!used && c->cwnd < c->ssthresh)
		used = 2 * (uint64_t)flight_before >= c->cwnd;
	if (used)
		cc_of(c)->on_ack(c, &ev);
}

static bool
is_duplicate(const struct pw_tcp_conn *c, const struct seg_in *in, const struct ack *a,
	bool window_moved)
{
	return a->acked == 0 && in->len == 0 && !window_moved && flight(c) > 0 &&
	       (in->h.flags & (PW_TCP_SYN | PW_TCP_FIN)) == 0 &&
	       in->h.ack == snd_seq(c, c->snd_una);
}

static void
set_timers(struct pw_tcp_conn *c, const struct ack *a, pw_ns wait)
{
	if (flight(c) == 0) {
		tmr_on_flight(c, a->now);
	} else if (wait > 0) {
		tmr_on_reo(c, a->now, wait);
	} else if (a->acked > 0 || a->delivered > 0 || c->loss_mode == LOSS_REO) {
		tmr_on_flight(c, a->now);
	}
}

static void
take_ack(struct pw_tcp_conn *c, const struct seg_in *in, pw_off ack)
{
	struct ack a = {
		.now = in->now,
		.rtt = PW_NEVER,
		.fack = c->rack_fack,
		.acked = (uint32_t)(ack - c->snd_una),
		.has_ts = (c->flags & F_TS_OK) && (in->o.has & PW_OPT_TS),
		.ts_ecr = in->o.ts_ecr,
	};
	uint32_t flight_before = flight(c);
	bool moved = update_window(c, in, ack), growing;
	pw_ns wait;

	if ((in->o.has & PW_OPT_SACK) && (c->flags & F_SACK_OK))
		take_sacks(c, in, ack, &a);
	if (a.acked > 0) {
		sent_acked(c, ack, &a);
		c->snd_una = ack;
		c->backoff = 0;
		c->progress_ms = c->t->now_ms;
		if ((c->flags & F_SACK_OK) == 0)
			progress_without_sack(c, &a);
	} else if (is_duplicate(c, in, &a, moved)) {
		c->t->stats.dup_acks++;
		if ((c->flags & F_SACK_OK) == 0)
			count_duplicate(c, &a);
	}
	if (a.rtt != PW_NEVER)
		rtt_sample(c, a.rtt);
	if (unlikely(c->sacked != 0) && traced(c))
		trace_count(c, PW_TCP_EV_SACK, c->rack_fack, c->sacked);
	adapt_reo_window(c, &a);
	wait = detect_losses(c, &a);
	if (unlikely(c->searching))
		a.probe_only = pmtu_on_ack(c);
	judge_probe(c, &a);
	growing = c->ca != CA_RECOVERY; /* its last ACK names what was delivered all along */
	recover(c, &a);
	if (unlikely(c->ecn & ECN_OK) && ecn_on_ack(c, in, a.acked))
		growing = false;
	if (unlikely(c->rated))
		cc_of(c)->on_sample(c, &a);
	else if (growing)
		grow(c, &a, flight_before);
	set_timers(c, &a, wait);
	sent_check(c);
	if (c->snd_nxt < snd_limit(c) || c->lost > 0)
		conn_ready(c);
	else if (in->len == 0 && traced(c))
		trace_progress(c);
	if (a.acked > 0)
		user_of(c)->app->acked(user_of(c)->ctx, c, pw_min(ack, c->snd_end), in->now);
}

enum pw_drop
ack_input(struct pw_tcp_conn *c, const struct seg_in *in)
{
	int64_t ack = off_near(in->h.ack, c->isn1, c->snd_una);
	int64_t oldest = (int64_t)c->snd_una - (int64_t)pw_max(c->max_wnd, 1);

	if (ack > (int64_t)c->snd_nxt) {
		out_challenge(c, false);
		return PW_DROP_TCP_ACK_BAD;
	}
	/* RFC 5961 5.2; and what never was sent nobody acknowledges. */
	if (ack < RTE_MAX(oldest, 0)) {
		out_challenge(c, false);
		return PW_DROP_TCP_ACK_OLD;
	}
	if (ack >= (int64_t)c->snd_una)
		take_ack(c, in, (pw_off)ack);
	return PW_OK;
}

void
ack_reo_timeout(struct pw_tcp_conn *c, pw_ns now)
{
	struct ack a = {.now = now, .rtt = PW_NEVER};
	pw_ns wait = detect_losses(c, &a);

	if (c->searching)
		a.probe_only = pmtu_on_ack(c);

	recover(c, &a);
	if (wait > 0)
		tmr_on_reo(c, now, wait);
	else
		tmr_on_flight(c, now);
	if (c->lost > 0)
		conn_ready(c);
}

void
ack_rto(struct pw_tcp_conn *c, pw_ns now)
{
	c->t->stats.rtos++;
	/* A receiver that still misses its first byte has not got the next: it took
	 * its SACK back (RFC 2018 section 8). */
	if (sent_head_sacked(c))
		sent_forget_sacks(c);
	if ((c->flags & F_SACK_OK) == 0)
		c->sacked = 0;
	pmtu_on_rto(c);
	/* RFC 5681 3.1: not again for what has timed out before. */
	if (c->ca == CA_OPEN || (c->ca == CA_LOSS && c->backoff == 0)) {
		remember(c);
		c->ssthresh = cc_of(c)->on_loss(c);
	}
	sent_mark_all(c);
	c->recover = (uint32_t)c->snd_nxt;
	c->cwnd = c->mss;
	c->ca = CA_LOSS;
	c->dup_acks = 0;
	c->backoff += c->backoff < RTO_BACKOFF_MAX;
	c->flags &= ~(F_TLP_OUT | F_TLP_DUE);
	cc_of(c)->on_restart(c);
	ecn_on_reduction(c);
	if (unlikely(c->paced))
		pace_open(c, now);
	c->loss_mode = LOSS_RTO;
	tmr_set(c, TMR_LOSS, now + rtt_rto(c));
	TRACE(c, RTO, c->backoff, rtt_rto(c) / PW_NS_PER_MS, flight(c));
	if (traced(c))
		trace_trouble(c, PW_TCP_TROUBLE_RTO);
	conn_ready(c);
}

void
ack_path_shrunk(struct pw_tcp_conn *c)
{
	if (flight(c) == 0)
		return;
	remember(c);
	c->prior_cwnd = 0; /* nothing to undo: cwnd stays (RFC 1191 section 6.5) */
	if ((c->flags & F_SACK_OK) == 0)
		c->sacked = 0;
	sent_mark_all(c);
	c->ca = CA_LOSS;
	c->flags &= ~(F_TLP_OUT | F_TLP_DUE);
	tmr_on_flight(c, c->t->now); /* no probe any more, but the time-out */
	conn_ready(c);
}
