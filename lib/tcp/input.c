/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * SEGMENT ARRIVES (RFC 9293 section 3.10.7), one function a step. A step
 * returns PW_OK to go on, or why the segment goes no further.
 */
#include "pw_wire_cksum.h"
#include "tcp_priv.h"
#include "trace.h"

/* An option block of NOP, NOP, timestamps: nearly every segment of a connection. */
#define TS_ONLY_WORD RTE_BE32(0x0101080a)

static void
read_options(const uint8_t *p, uint32_t len, struct pw_tcp_opts *o)
{
	rte_be32_t word;

	if (len == PW_TCP_TS_LEN) {
		memcpy(&word, p, sizeof(word));
		if (word == TS_ONLY_WORD) {
			o->has = PW_OPT_TS;
			o->n_sack = 0;
			o->ts_val = pw_get_be32(p + 4);
			o->ts_ecr = pw_get_be32(p + 8);
			return;
		}
	}
	pw_tcp_parse_opts(p, len, o);
}

static bool
cksum_good(const struct pw_tcp_pkt *pkt)
{
	uint16_t s = pw_sum_pseudo(&pkt->src, &pkt->dst, IPPROTO_TCP, pkt->len);

	return pw_sum_add(s, pw_sum(pkt->l4, pkt->len)) == 0xffff;
}

static enum pw_drop
read_segment(const struct pw_tcp_pkt *pkt, struct seg_in *in, pw_ns now)
{
	uint32_t hlen = pw_tcp_check(pkt->l4, pkt->len);

	if (hlen == 0)
		return PW_DROP_TCP_HDR;
	if (!pkt->cksum_ok && !cksum_good(pkt))
		return PW_DROP_TCP_CKSUM;
	pw_tcp_parse(pkt->l4, &in->h);
	if (in->h.sport == 0 || in->h.dport == 0)
		return PW_DROP_TCP_PORT_ZERO;
	if (in->h.sport == in->h.dport && pw_addr_eq(&pkt->src, &pkt->dst))
		return PW_DROP_TCP_LAND;
	read_options(pkt->l4 + PW_TCP_HLEN_MIN, hlen - PW_TCP_HLEN_MIN, &in->o);
	in->src = &pkt->src;
	in->dst = &pkt->dst;
	in->data = pkt->l4 + hlen;
	in->len = pkt->len - hlen;
	in->marked = (pkt->ecn & PW_IP_ECN_MASK) == PW_IP_ECN_CE;
	in->now = now;
	return PW_OK;
}

/* ---- SYN-SENT (section 3.10.7.3) ---- */

static enum pw_drop
finish_active_open(struct pw_tcp_conn *c, const struct seg_in *in)
{
	if ((c->flags & F_SYN_RTX) == 0)
		rtt_sample(c, in->now - c->syn_sent);
	out_owe_ack(c, true);
	conn_established(c, in->now);
	return PW_OK;
}

/* Our SYN has yet to leave: nothing can acknowledge it. A cookie's left long ago. */
static bool
syn_unsent(const struct pw_tcp_conn *c)
{
	return (c->flags & F_SYN_DUE) != 0 && c->syn_sent == 0;
}

static enum pw_drop
in_syn_sent(struct pw_tcp_conn *c, const struct seg_in *in)
{
	uint8_t f = in->h.flags;
	bool ack_good = (f & PW_TCP_ACK) && in->h.ack == c->isn1 && !syn_unsent(c);

	if ((f & PW_TCP_ACK) && !ack_good) {
		if (f & PW_TCP_RST)
			return PW_DROP_TCP_CLOSED_RST;
		out_rst_for(c->t, in);
		return PW_DROP_TCP_ACK_BAD;
	}
	if (f & PW_TCP_RST) {
		if (!ack_good)
			return PW_DROP_TCP_CLOSED_RST;
		conn_end(c, PW_TCP_END_REFUSED);
		return PW_DROP_TCP_RST;
	}
	if ((f & PW_TCP_SYN) == 0)
		return PW_DROP_TCP_NO_ACK;
	syn_options(c, in);
	if (ack_good)
		return finish_active_open(c, in);
	/* Both ends opened at once (section 3.5, figure 7). */
	conn_set_state(c, PW_TCP_SYN_RCVD);
	c->flags |= F_SYN_DUE;
	conn_ready(c);
	return PW_OK;
}

/* ---- the other states, step by step (section 3.10.7.4) ---- */

/* RFC 7323 section 5.3, R1: timestamps come first. */
static enum pw_drop
check_timestamp(struct pw_tcp_conn *c, const struct seg_in *in)
{
	if ((c->flags & F_TS_OK) == 0 || (in->h.flags & PW_TCP_RST))
		return PW_OK;
	if ((in->o.has & PW_OPT_TS) == 0)
		return PW_DROP_TCP_NO_TS;
	if (!seq_before(in->o.ts_val, c->ts_recent))
		return PW_OK;
	if (c->t->now_ms - c->ts_recent_ms > PAWS_IDLE_MS)
		return PW_OK; /* section 5.5: idle for too long to compare */
	out_challenge(c, false);
	return PW_DROP_TCP_PAWS;
}

static bool
acceptable(const struct pw_tcp_conn *c, int64_t first, uint32_t len)
{
	int64_t left = (int64_t)c->rcv_nxt, right = (int64_t)c->rcv_adv;
	int64_t last = first + len - 1;

	if (len == 0)
		return first == left || (first > left && first < right);
	return (first >= left && first < right) || (last >= left && last < right);
}

static void
owe_dsack(struct pw_tcp_conn *c, uint32_t left, uint32_t right)
{
	if ((c->flags & F_SACK_OK) == 0)
		return;
	c->flags |= F_DSACK_OWED;
	c->dsack = (struct pw_tcp_sack){.left = left, .right = right};
}

/* First: is it in the window? */
static enum pw_drop
check_sequence(struct pw_tcp_conn *c, struct seg_in *in)
{
	uint8_t f = in->h.flags;
	int64_t first = off_near(in->h.seq, c->irs1, c->rcv_nxt);
	uint32_t len = in->len + ((f & PW_TCP_SYN) != 0) + ((f & PW_TCP_FIN) != 0);

	in->off = first + ((f & PW_TCP_SYN) != 0);
	if (f & PW_TCP_RST) { /* its number counts, whatever stands behind it */
		in->off = first;
		return acceptable(c, first, 0) ? PW_OK : PW_DROP_TCP_RST_WINDOW;
	}
	if (acceptable(c, first, len))
		return PW_OK;
	if (f & PW_TCP_SYN)
		return PW_OK; /* challenged below, wherever it stands */
	if (first == (int64_t)c->rcv_nxt && c->rcv_adv == c->rcv_nxt) {
		/* Into a shut window: its ACK counts, its data does not. */
		in->len = 0;
		in->h.flags &= (uint8_t)~PW_TCP_FIN;
		out_owe_ack(c, true);
		return PW_OK;
	}
	if (in->len > 0 && first < (int64_t)c->rcv_nxt) {
		/* Sent again although it had arrived (RFC 2883): always answered, for
		 * our ACK may have been lost. */
		uint32_t old = (uint32_t)((int64_t)c->rcv_nxt - first);

		owe_dsack(c, in->h.seq, in->h.seq + (uint32_t)pw_min(in->len, old));
		out_ack_now(c);
		return PW_DROP_TCP_WINDOW;
	}
	out_challenge(c, (f & PW_TCP_FIN) != 0 && first < (int64_t)c->rcv_nxt);
	return PW_DROP_TCP_WINDOW;
}

/* Our FIN is acknowledged and the peer's has come. */
static bool
both_closed(const struct pw_tcp_conn *c)
{
	return fin_sent(c) && c->snd_una == c->snd_nxt && (c->flags & F_FIN_RCVD) != 0;
}

/* Our SYN met the peer's, and is refused after all. */
static bool
opened_by_us_only(const struct pw_tcp_conn *c)
{
	return c->state == PW_TCP_SYN_RCVD && (c->flags & F_ACTIVE) != 0;
}

/* Second: RST (RFC 5961 section 3). */
static enum pw_drop
check_rst(struct pw_tcp_conn *c, const struct seg_in *in)
{
	if ((in->h.flags & PW_TCP_RST) == 0)
		return PW_OK;
	if (in->off != (int64_t)c->rcv_nxt) {
		out_challenge(c, false);
		return PW_DROP_TCP_RST_WINDOW;
	}
	/* TIME-WAIT in all but name, the user still reading: RFC 1337. */
	if (both_closed(c))
		return PW_DROP_TCP_TIME_WAIT;
	conn_end(c, opened_by_us_only(c) ? PW_TCP_END_REFUSED : PW_TCP_END_RESET);
	return PW_DROP_TCP_RST;
}

/* Fourth: SYN (RFC 5961 section 4). */
static enum pw_drop
check_syn(struct pw_tcp_conn *c, const struct seg_in *in)
{
	if ((in->h.flags & PW_TCP_SYN) == 0)
		return PW_OK;
	if (c->state != PW_TCP_SYN_RCVD || in->h.seq + 1 != c->irs1) {
		out_challenge(c, false);
		return PW_DROP_TCP_SYN;
	}
	ecn_on_syn(c, in);
	if (in->h.flags & PW_TCP_ACK)
		return PW_OK; /* the other half of a simultaneous open */
	c->flags |= F_SYN_DUE | F_SYN_RTX;
	conn_ready(c);
	return PW_DROP_TCP_SYN;
}

/* Fifth, in SYN-RECEIVED: the ACK that completes the handshake. */
static enum pw_drop
finish_passive_open(struct pw_tcp_conn *c, struct seg_in *in)
{
	bool unanswered;

	if (c->state != PW_TCP_SYN_RCVD)
		return PW_OK;
	if (in->h.ack - c->isn1 > flight(c) || syn_unsent(c)) {
		out_rst_for(c->t, in);
		return PW_DROP_TCP_ACK_BAD;
	}
	if ((c->flags & F_SYN_RTX) == 0 && c->syn_sent != 0)
		rtt_sample(c, in->now - c->syn_sent);
	unanswered = (in->h.flags & PW_TCP_SYN) && (c->flags & F_SYN_DUE);
	c->flags &= ~F_SYN_DUE;
	if ((in->h.flags & PW_TCP_SYN) == 0) {
		in->window = (uint32_t)in->h.wnd << c->snd_shift;
		c->wl1 = in->h.seq;
	}
	if (!conn_established(c, in->now))
		return PW_DROP_TCP_RST;
	if (unlikely(c->fast_open))
		tfo_established(c, in);
	if (unanswered) /* his SYN came in the same burst, and no SYN-ACK leaves any more */
		out_owe_ack(c, true);
	return PW_OK;
}

/* RFC 7323 section 4.3: which timestamp is echoed. */
static void
take_timestamp(struct pw_tcp_conn *c, const struct seg_in *in)
{
	if ((c->flags & F_TS_OK) == 0 || (in->o.has & PW_OPT_TS) == 0)
		return;
	if (seq_before(c->ack_sent, in->h.seq))
		return;
	c->ts_recent = in->o.ts_val;
	c->ts_recent_ms = c->t->now_ms;
}

/* Both directions are closed and acknowledged: the end, once the user has taken
 * what came before the peer's FIN. */
static void
finish(struct pw_tcp_conn *c)
{
	if (c->state == PW_TCP_CLOSED || !both_closed(c) ||
		(c->flags & (F_FIN_TOLD | F_USER_CLOSED)) == 0)
		return;
	/* Both FINs may have been in one burst: nobody else will send what is owed. */
	if (c->flags & (F_ACK_NOW | F_ACK_LATER))
		out_ack_now(c);
	if (c->state != PW_TCP_LAST_ACK)
		tw_enter(c);
	conn_end(c, PW_TCP_END_CLOSED);
}

/* Fifth: what an acknowledged FIN changes. */
static void
check_fin_acked(struct pw_tcp_conn *c)
{
	if (!fin_sent(c) || c->snd_una != c->snd_nxt)
		return;
	if (c->state == PW_TCP_FIN_WAIT_1) {
		conn_set_state(c, PW_TCP_FIN_WAIT_2);
		if (c->flags & F_USER_CLOSED)
			tmr_on_orphaned(c);
	}
	finish(c);
}

/* ---- data ---- */

static void
offer_fin(struct pw_tcp_conn *c, pw_ns now)
{
	if ((c->flags & (F_FIN_RCVD | F_FIN_TOLD)) != F_FIN_RCVD || c->rcv_read + 1 != c->rcv_nxt)
		return;
	c->flags |= F_FIN_TOLD;
	user_of(c)->app->eof(user_of(c)->ctx, c, now);
}

/* RFC 9293 3.8.6.2.2: tell of the room that the user has made, if it is worth it. */
static void
offer_window(struct pw_tcp_conn *c)
{
	uint32_t buf = rcv_buf(c);
	uint64_t open = c->rcv_adv - pw_min(c->rcv_nxt, c->rcv_adv);
	uint64_t gain = c->rcv_read + buf - pw_min(c->rcv_adv, c->rcv_read + buf);

	if (gain >= open && gain >= pw_min(2u * c->mss, buf / 2))
		out_owe_ack(c, true);
}

/* The user has these bytes, if he wants them. He may close meanwhile: then those
 * that he leaves are lost, and the peer is told so. @return how many he took */
static uint32_t
offer(struct pw_tcp_conn *c, const uint8_t *data, uint32_t len, pw_ns now)
{
	uint32_t taken;

	c->flags |= F_OFFERING;
	taken = user_of(c)->app->recv(user_of(c)->ctx, c, data, len, now);
	c->flags &= ~F_OFFERING;
	PW_ASSERT(taken <= len);
	if (taken < len && (c->flags & F_USER_CLOSED))
		pw_tcp_abort(c, now);
	c->rcv_read += taken;
	return taken;
}

void
input_deliver(struct pw_tcp_conn *c, pw_ns now)
{
	const uint8_t *data;
	uint32_t len;

	while ((c->flags & F_STALLED) == 0 && (data = rcvq_peek(c, c->rcv_read, &len)) != NULL) {
		if (c->flags & F_USER_CLOSED) /* closed in the middle */
			pw_tcp_abort(c, now);
		else if (offer(c, data, len, now) < len)
			c->flags |= F_STALLED;
		if (c->state == PW_TCP_CLOSED)
			return;
		rcvq_drop(c, c->rcv_read);
	}
	offer_window(c);
	offer_fin(c, now);
	finish(c);
}

/* In order, and nothing waits before it: the user gets the bytes where they are. */
static enum pw_drop
hand_to_user(struct pw_tcp_conn *c, const struct seg_in *in, const uint8_t *data, uint32_t len)
{
	uint32_t taken = offer(c, data, len, in->now);

	if (c->state == PW_TCP_CLOSED)
		return PW_OK;
	c->rcv_nxt += taken;
	if (taken == len)
		return PW_OK;
	c->flags |= F_STALLED;
	if (!rcvq_put(c, c->rcv_nxt, data + taken, len - taken))
		return PW_DROP_TCP_OOO_FULL; /* the peer sends it again */
	c->rcv_nxt += len - taken;
	return PW_OK;
}

static enum pw_drop
take_in_order(struct pw_tcp_conn *c, const struct seg_in *in, const uint8_t *data, uint32_t len)
{
	bool gap = c->rcvq != NONE;
	pw_off before = c->rcv_nxt;
	enum pw_drop why = PW_OK;

	/* No room is asked for when none is needed: a full queue must not keep out
	 * the very bytes that would empty it. */
	if (c->rcv_read == c->rcv_nxt)
		why = hand_to_user(c, in, data, len);
	else if (!rcvq_put(c, c->rcv_nxt, data, len))
		why = PW_DROP_TCP_OOO_FULL;
	if (gap && c->state != PW_TCP_CLOSED) {
		c->rcv_nxt += rcvq_ready(c, c->rcv_nxt);
		rcvq_drop(c, c->rcv_read);
		input_deliver(c, in->now);
	}
	if (c->state == PW_TCP_CLOSED)
		return why;
	c->t->stats.bytes_in += c->rcv_nxt - before;
	/* RFC 5681 4.2: at once when a gap closes; else every second segment. */
	c->rcv_segs += c->rcv_segs < 2;
	out_owe_ack(c, gap || why != PW_OK || c->quick_acks > 0 || c->rcv_segs == 2);
	return why;
}

static enum pw_drop
take_out_of_order(struct pw_tcp_conn *c, const struct seg_in *in, const uint8_t *data, uint32_t len)
{
	enum pw_drop why = PW_OK;

	c->t->stats.ooo_segs++;
	if (traced(c))
		trace_bytes(c, PW_TCP_EV_EARLY, 1, (pw_off)in->off, len);
	if (rcvq_has(c, (pw_off)in->off, len))
		owe_dsack(c, rcv_seq(c, (pw_off)in->off), rcv_seq(c, (pw_off)in->off + len));
	else if (!rcvq_put(c, (pw_off)in->off, data, len))
		why = PW_DROP_TCP_OOO_FULL;
	out_ack_now(c);
	return why;
}

/* Seventh: the segment text. */
enum pw_drop
input_data(struct pw_tcp_conn *c, struct seg_in *in)
{
	const uint8_t *data = in->data;
	int64_t right = (int64_t)c->rcv_adv;

	if (in->len == 0 || (c->flags & F_FIN_RCVD))
		return PW_OK;
	if (in->off < (int64_t)c->rcv_nxt) {
		uint32_t old = (uint32_t)((int64_t)c->rcv_nxt - in->off);

		owe_dsack(c, rcv_seq(c, (pw_off)in->off), rcv_seq(c, c->rcv_nxt));
		old = (uint32_t)pw_min(old, in->len);
		data += old;
		in->len -= old;
		in->off += old;
	}
	if (in->off + in->len > right) {
		in->len = in->off < right ? (uint32_t)(right - in->off) : 0;
		in->h.flags &= (uint8_t)~PW_TCP_FIN; /* it stands behind what was cut */
	}
	if (in->len == 0)
		return PW_OK;
	if (c->flags & F_USER_CLOSED) { /* nobody is there to take it (section 3.6.1) */
		pw_tcp_abort(c, in->now);
		return PW_DROP_TCP_AFTER_CLOSE;
	}
	if (unlikely(c->ecn & ECN_OK))
		ecn_on_data(c, in);
	if (in->off > (int64_t)c->rcv_nxt)
		return take_out_of_order(c, in, data, in->len);
	return take_in_order(c, in, data, in->len);
}

static void
fin_changes_state(struct pw_tcp_conn *c, pw_ns now)
{
	if (c->state == PW_TCP_ESTABLISHED)
		conn_set_state(c, PW_TCP_CLOSE_WAIT);
	else if (c->state == PW_TCP_FIN_WAIT_1)
		conn_set_state(c, PW_TCP_CLOSING);
	if (c->state == PW_TCP_FIN_WAIT_2)
		out_ack_now(c); /* it may be the last thing we say */
	else
		out_owe_ack(c, true);
	offer_fin(c, now);
	finish(c);
}

/* A FIN ahead of a gap waits there; like any segment out of order it is answered at
 * once (RFC 5681 4.2), unless its data was. */
static void
take_early_fin(struct pw_tcp_conn *c, pw_off at, bool bare)
{
	rcvq_put_fin(c, at);
	if (bare)
		out_ack_now(c);
}

/* Eighth: the FIN. */
static void
take_fin(struct pw_tcp_conn *c, const struct seg_in *in)
{
	bool in_order;

	if (c->flags & F_FIN_RCVD)
		return;
	in_order = rcvq_take_fin(c, c->rcv_nxt);
	if (in->h.flags & PW_TCP_FIN) {
		pw_off at = (pw_off)in->off + in->len;

		if (at == c->rcv_nxt)
			in_order = true;
		else if (at > c->rcv_nxt)
			take_early_fin(c, at, in->len == 0);
	}
	if (!in_order)
		return;
	c->rcv_nxt++;
	c->flags |= F_FIN_RCVD;
	fin_changes_state(c, in->now);
}

/*
 * Header prediction, the first half: the next bytes in order, all of them in the
 * window. Then the steps before the ACK have nothing to say.
 */
static inline bool
is_next(const struct pw_tcp_conn *c, const struct seg_in *in)
{
	return c->state == PW_TCP_ESTABLISHED && (in->h.flags & ~PW_TCP_PSH) == PW_TCP_ACK &&
	       in->h.seq == rcv_seq(c, c->rcv_nxt) && in->len > 0 &&
	       in->len <= c->rcv_adv - c->rcv_nxt &&
	       ((c->flags & F_TS_OK) == 0 ||
		       ((in->o.has & PW_OPT_TS) && !seq_before(in->o.ts_val, c->ts_recent)));
}

/*
 * The second half: nothing of ours is in flight or waits to be, and the segment
 * repeats what its forerunner said of that. It is the newest, nothing else.
 */
static inline bool
repeats_ack(struct pw_tcp_conn *c, const struct seg_in *in)
{
	if (in->h.ack != snd_seq(c, c->snd_una) || c->snd_una != snd_limit(c) ||
		c->snd_una != c->snd_nxt || c->snd_una + in->window != c->snd_edge ||
		seq_before(in->h.seq, c->wl1) || (in->o.has & PW_OPT_SACK) || c->ca != CA_OPEN ||
		(c->flags & F_TLP_OUT) || (c->ecn & ECN_OK))
		return false;
	c->wl1 = in->h.seq;
	c->wl2 = in->h.ack;
	return true;
}

/* The steps before the ACK, in their order. */
static enum pw_drop
check_segment(struct pw_tcp_conn *c, struct seg_in *in)
{
	enum pw_drop why;

	if ((why = check_timestamp(c, in)) != PW_OK || (why = check_sequence(c, in)) != PW_OK ||
		(why = check_rst(c, in)) != PW_OK || (why = check_syn(c, in)) != PW_OK)
		return why;
	if ((in->h.flags & PW_TCP_ACK) == 0)
		return PW_DROP_TCP_NO_ACK;
	return finish_passive_open(c, in);
}

static enum pw_drop
in_other_states(struct pw_tcp_conn *c, struct seg_in *in)
{
	enum pw_drop why;

	in->window = (uint32_t)in->h.wnd << (in->h.flags & PW_TCP_SYN ? 0 : c->snd_shift);
	if (likely(is_next(c, in)))
		in->off = (int64_t)c->rcv_nxt;
	else if ((why = check_segment(c, in)) != PW_OK)
		return why;
	if (!repeats_ack(c, in) && (why = ack_input(c, in)) != PW_OK)
		return why;
	if (c->state == PW_TCP_CLOSED)
		return PW_OK;
	take_timestamp(c, in);
	if (unlikely(c->flags & F_KEEPALIVE))
		c->heard_ms = c->t->now_ms;
	check_fin_acked(c);
	if (c->state == PW_TCP_CLOSED)
		return PW_OK;
	why = input_data(c, in);
	if (why == PW_OK && c->state != PW_TCP_CLOSED)
		take_fin(c, in);
	return why;
}

static enum pw_drop
in_state(struct pw_tcp_conn *c, struct seg_in *in)
{
	return c->state == PW_TCP_SYN_SENT ? in_syn_sent(c, in) : in_other_states(c, in);
}

static enum pw_drop
in_connection(struct pw_tcp_conn *c, struct seg_in *in)
{
	enum pw_drop why;

	c->flags |= F_BUSY;
	why = in_state(c, in);
	conn_unbusy(c);
	return why;
}

/* A segment that is no connection's as yet. */
static enum pw_drop
in_no_connection(struct pw_tcp *t, struct seg_in *in)
{
	struct tw *w = tw_find(t, in);
	const struct listener *l;
	struct pw_tcp_conn *c;

	if (w != NULL)
		return tw_input(t, w, in);
	l = listener_of(t, in->h.dport);
	if (l != NULL && (c = cookie_accept(t, l, in)) != NULL)
		return in_connection(c, in);
	return listen_input(t, in, 0, false);
}

enum pw_drop
pw_tcp_input(struct pw_tcp *t, const struct pw_tcp_pkt *pkt, pw_ns now)
{
	struct pw_tcp_conn *c;
	struct seg_in in;
	enum pw_drop why;

	tcp_set_now(t, now);
	t->stats.segs_in++;
	why = read_segment(pkt, &in, t->now);
	if (why != PW_OK)
		return why;
	c = conn_find(t, in.dst, in.h.dport, in.src, in.h.sport);
	return likely(c != NULL) ? in_connection(c, &in) : in_no_connection(t, &in);
}

/* ---- trains ---- */

/** What of a train was not taken yet. */
struct train {
	struct seg_in *in; /**< the segment that comes next */
	const struct pw_tcp_more *more;
	uint32_t n;    /**< behind it */
	uint8_t flags; /**< of all of them */
	struct pw_drops *drops;
};

static inline void
train_next(struct train *tr, uint32_t seq)
{
	struct seg_in *in = tr->in;

	in->h.seq = seq;
	in->h.flags = tr->flags;
	in->data = tr->more->data;
	in->len = tr->more->len;
	tr->more++;
	tr->n--;
}

static inline void
train_count(const struct train *tr, enum pw_drop why)
{
	if (unlikely(why != PW_OK))
		pw_drop_count(tr->drops, why);
}

/*
 * Whoever sends us nothing but a stream, to a user who takes it as it comes: the @p len bytes
 * that are next are all that the next segment has to say, as repeats_ack() has it.
 */
static inline bool
is_plain(const struct pw_tcp_conn *c, uint32_t len)
{
	return c->state == PW_TCP_ESTABLISHED && c->rcvq == NONE && c->rcv_read == c->rcv_nxt &&
	       len <= c->rcv_adv - c->rcv_nxt && c->snd_una == c->snd_nxt &&
	       c->snd_una == snd_limit(c) && c->ca == CA_OPEN && (c->ecn & ECN_OK) == 0 &&
	       (c->flags & (F_USER_CLOSED | F_TLP_OUT)) == 0;
}

/* Take those that are plain, from sequence number @p seq on, behind one that was found good.
 * @return bytes taken */
static uint32_t
train_take_plain(struct pw_tcp_conn *c, struct train *tr, uint32_t seq)
{
	const struct seg_in *in = tr->in;
	pw_off before = c->rcv_nxt;
	enum pw_drop why = PW_OK;
	uint32_t n = 0, len = 0;

	if (seq != rcv_seq(c, c->rcv_nxt) || in->h.ack != snd_seq(c, c->snd_una) ||
		c->snd_una + in->window != c->snd_edge || (in->o.has & PW_OPT_SACK))
		return 0;
	for (; tr->n > 0 && why == PW_OK && is_plain(c, tr->more->len); n++) {
		c->wl1 = seq + len;
		why = hand_to_user(c, in, tr->more->data, tr->more->len);
		train_count(tr, why);
		len += tr->more->len;
		tr->more++;
		tr->n--;
	}
	c->t->stats.bytes_in += c->rcv_nxt - before;
	if (n == 0 || c->state == PW_TCP_CLOSED)
		return len;
	c->rcv_segs = (uint8_t)pw_min(c->rcv_segs + n, 2);
	out_owe_ack(c, why != PW_OK || c->quick_acks > 0 || c->rcv_segs == 2);
	return len;
}

/* As far as the connection lives. @return false: that was all */
static bool
train_in_connection(struct pw_tcp_conn *c, struct train *tr)
{
	bool is_more;

	c->flags |= F_BUSY;
	do {
		uint32_t seq = tr->in->h.seq + tr->in->len;
		enum pw_drop why = in_state(c, tr->in);

		train_count(tr, why);
		if (why == PW_OK && c->state != PW_TCP_CLOSED)
			seq += train_take_plain(c, tr, seq);
		is_more = tr->n > 0;
		if (is_more)
			train_next(tr, seq);
	} while (is_more && c->state != PW_TCP_CLOSED);
	conn_unbusy(c);
	return is_more;
}

static bool
train_in_no_connection(struct pw_tcp *t, struct train *tr)
{
	uint32_t seq = tr->in->h.seq + tr->in->len;

	train_count(tr, in_no_connection(t, tr->in));
	if (tr->n == 0)
		return false;
	train_next(tr, seq);
	return true;
}

void
pw_tcp_input_train(struct pw_tcp *t, const struct pw_tcp_pkt *pkt, const struct pw_tcp_more *more,
	uint32_t n, struct pw_drops *drops, pw_ns now)
{
	struct seg_in in;
	struct train tr = {.in = &in, .more = more, .n = n, .drops = drops};
	struct pw_tcp_conn *c;
	enum pw_drop why;
	bool is_more;

	tcp_set_now(t, now);
	t->stats.segs_in += 1 + n;
	why = read_segment(pkt, &in, t->now);
	if (unlikely(why != PW_OK)) { /* so are the others */
		drops->n[why] += 1 + n;
		return;
	}
	tr.flags = in.h.flags;
	do {
		c = conn_find(t, in.dst, in.h.dport, in.src, in.h.sport);
		is_more = c != NULL ? train_in_connection(c, &tr) : train_in_no_connection(t, &tr);
	} while (is_more);
}

/* ---- ICMP (RFC 5927) ---- */

static void
shrink_path(struct pw_tcp_conn *c, uint32_t mtu)
{
	bool is_v4 = pw_addr_is_v4(&c->remote);
	uint32_t mss =
		(uint32_t)pw_max(mtu, is_v4 ? PMTU_FLOOR_V4 : PMTU_FLOOR_V6) - (is_v4 ? 40 : 60);

	if (c->searching) {
		pmtu_on_icmp(c, mss);
		c->peer_mss = (uint16_t)pw_min(c->peer_mss, mss); /* the search goes no higher */
	}
	if (mss >= c->mss + (c->flags & F_TS_OK ? PW_TCP_TS_LEN : 0u))
		return;
	c->peer_mss = (uint16_t)mss;
	conn_set_mss(c);
	metrics_keep_mtu(c, mss, mss);
	TRACE(c, PATH_MTU, c->mss, 0, 0);
	ack_path_shrunk(c);
}

enum pw_drop
pw_tcp_icmp_error(struct pw_tcp *t, enum pw_tcp_icmp what, const struct pw_addr *src,
	const struct pw_addr *dst, const uint8_t l4[8], uint32_t mtu, pw_ns now)
{
	struct pw_tcp_conn *c;
	int64_t off;

	tcp_set_now(t, now);
	c = conn_find(t, src, pw_get_be16(l4), dst, pw_get_be16(l4 + 2));
	if (c == NULL)
		return PW_DROP_ICMP_STRAY;
	off = off_near(pw_get_be32(l4 + 4), c->isn1, c->snd_una);
	if (c->state == PW_TCP_SYN_SENT && what == PW_TCP_ICMP_UNREACHABLE && off == -1) {
		conn_end(c, PW_TCP_END_REFUSED);
		return PW_OK;
	}
	if (off < (int64_t)c->snd_una || off >= (int64_t)c->snd_nxt)
		return PW_DROP_ICMP_STRAY;
	/* Section 6: an unreachable host is a soft error once connected. */
	if (what == PW_TCP_ICMP_TOO_BIG)
		shrink_path(c, mtu);
	return PW_OK;
}
