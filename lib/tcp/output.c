/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What a connection may send now, and the segments. Retransmissions go first,
 * then new data, then the FIN, then an ACK if none of these carried it. Every
 * payload is asked from the source at the moment it is sent.
 */
#include "tcp_priv.h"
#include "trace.h"

/* With more ready than this a connection's turn may be far off: each may send 64 KiB first. */
#define CROWD 256

/* ---- segments ---- */

/* RFC 9293 3.8.6.2.2: the right edge moves by a segment or half the buffer, and
 * never back. */
static inline uint64_t
window_now(const struct pw_tcp_conn *c)
{
	uint32_t buf = rcv_buf(c);
	pw_off edge = c->rcv_read + buf;

	if (edge < c->rcv_adv + pw_min(c->mss, buf / 2))
		edge = pw_max(c->rcv_adv, c->rcv_nxt);
	return pw_min((edge - c->rcv_nxt) >> c->rcv_shift, UINT16_MAX);
}

static inline uint16_t
window_to_announce(struct pw_tcp_conn *c)
{
	const uint32_t half_bits = RCV_BUF_BITS - 1 + c->rcv_level;
	uint64_t wnd = window_now(c);
	pw_off edge = c->rcv_nxt + (wnd << c->rcv_shift);

	if (unlikely(edge >> half_bits > c->rcv_adv >> half_bits) &&
		rcvbuf_grows(c, edge - c->rcv_adv)) {
		wnd = window_now(c);
		edge = c->rcv_nxt + (wnd << c->rcv_shift);
	}
	c->rcv_adv = pw_max(c->rcv_adv, edge);
	return (uint16_t)wnd;
}

/* Is there anything for a SACK option? A sender of files has nothing, segment after segment. */
static inline bool
has_sacks(const struct pw_tcp_conn *c)
{
	return (c->rcvq != NONE || (c->flags & F_DSACK_OWED) != 0) && (c->flags & F_SACK_OK) != 0;
}

/* SACK blocks to report, the duplicate first (RFC 2883). */
static uint32_t
sack_blocks(struct pw_tcp_conn *c, struct pw_tcp_sack out[PW_TCP_SACK_MAX])
{
	uint32_t max = c->flags & F_TS_OK ? PW_TCP_SACK_MAX - 1 : PW_TCP_SACK_MAX;
	uint32_t n = 0;

	if (c->flags & F_DSACK_OWED)
		out[n++] = c->dsack;
	return n + rcvq_sacks(c, out + n, max - n);
}

/* Apart, for the frame on the stack that it needs. @return bytes written */
static __rte_noinline uint32_t
put_sacks(struct pw_tcp_conn *c, uint8_t *opts)
{
	struct pw_tcp_sack sack[PW_TCP_SACK_MAX];
	uint32_t n = sack_blocks(c, sack);

	return n > 0 ? pw_tcp_put_sack(opts, sack, n) : 0;
}

static inline uint32_t
put_options(struct pw_tcp_conn *c, uint8_t opts[PW_TCP_OPT_MAX])
{
	uint32_t len = 0;

	if (c->flags & F_TS_OK) {
		pw_tcp_put_ts(opts, tcp_ts(c), c->ts_recent);
		len = PW_TCP_TS_LEN;
	}
	if (unlikely(has_sacks(c)))
		len += put_sacks(c, opts + len);
	return len;
}

/* Payload of a full segment now: SACK blocks take their part (RFC 6691). */
static inline uint32_t
full_len(struct pw_tcp_conn *c)
{
	uint8_t opts[PW_TCP_OPT_MAX];

	return likely(!has_sacks(c)) ? c->mss : c->mss - put_sacks(c, opts);
}

static void
ack_went_out(struct pw_tcp_conn *c, uint32_t ack)
{
	c->ack_sent = ack;
	c->rcv_segs = 0;
	c->quick_acks -= c->quick_acks > 0;
	c->delack = 0; /* a deadline that stands may come: it finds nothing owed */
	c->flags &= ~(F_ACK_NOW | F_ACK_LATER | F_DSACK_OWED);
}

/** What a data segment is made of. */
struct piece {
	pw_off off;
	uint32_t len;
	uint32_t n_spans;
	uint32_t gso_size;
	bool fin;
	bool push;
	bool rtx;
	bool cwr;
	struct pw_span *spans; /**< PW_SEG_SPANS_MAX places; on the stack, never cleared */
};

/* The way out is full. Apart, as all that comes seldom: it would keep what calls it from
 * being inlined. */
static __rte_noinline int
refused(struct pw_tcp_conn *c, int rc)
{
	c->t->stats.send_full++;
	if (traced(c))
		trace_full(c);
	return rc;
}

static inline int
hand_over(struct pw_tcp_conn *c, struct pw_tcp_seg *seg)
{
	struct pw_tcp *t = c->t;
	int rc;

	seg->src = &c->local;
	seg->dst = &c->remote;
	rc = t->cfg.env->send(t->cfg.env_ctx, seg);
	if (unlikely(rc < 0))
		return refused(c, rc);
	t->stats.segs_out += seg->gso_size == 0 ? 1 : (seg->len - 1) / seg->gso_size + 1;
	if (seg->hdr.flags & PW_TCP_ACK)
		ack_went_out(c, seg->hdr.ack);
	return 0;
}

static int
send_segment(struct pw_tcp_conn *c, uint8_t flags, pw_off off, const struct piece *p)
{
	uint8_t opts[PW_TCP_OPT_MAX];
	struct pw_tcp_seg seg = {
		.hdr =
			{
				.sport = c->lport,
				.dport = c->rport,
				.seq = snd_seq(c, off),
				.ack = rcv_seq(c, c->rcv_nxt),
				.wnd = window_to_announce(c),
				.flags = flags | (c->ecn & ECN_ECHO ? PW_TCP_ECE : 0),
				.opt_len = (uint8_t)put_options(c, opts),
			},
		.opts = opts,
	};

	if (p != NULL) {
		seg.spans = p->spans;
		seg.n_spans = p->n_spans;
		seg.len = p->len;
		seg.gso_size = p->gso_size;
		seg.rtx = p->rtx;
		seg.ecn = (c->ecn & ECN_OK) && !p->rtx && p->len > 0 ? PW_IP_ECN_ECT0 : 0;
	}
	return hand_over(c, &seg);
}

static int
send_piece(struct pw_tcp_conn *c, const struct piece *p)
{
	uint8_t flags = PW_TCP_ACK;

	if (p->push)
		flags |= PW_TCP_PSH;
	if (p->fin)
		flags |= PW_TCP_FIN;
	if (p->cwr)
		flags |= PW_TCP_CWR;
	return send_segment(c, flags, p->off, p);
}

/* @return false */
static __rte_noinline bool
source_is_dry(struct pw_tcp_conn *c, pw_off off)
{
	c->flags |= F_SOURCE_DRY;
	TRACE(c, DRY, 0, off, 0);
	return false;
}

/* Fill in @p p->spans for at most @p p->len bytes. @return false: not to be had now */
static inline bool
ask_source(struct pw_tcp_conn *c, struct piece *p)
{
	uint32_t got;

	p->n_spans = 0;
	if (p->len == 0)
		return true;
	got = user_of(c)->app->source(user_of(c)->ctx, c, p->off, p->len, p->spans, &p->n_spans);
	if (unlikely(got == 0 || c->state == PW_TCP_CLOSED)) /* closed from inside */
		return source_is_dry(c, p->off);
	PW_ASSERT(got <= p->len);
	if (got < p->len)
		p->fin = p->push = false;
	p->len = got;
	return true;
}

/* RFC 9293 3.7.1; the receive window of a SYN is never scaled (RFC 7323 2.2). */
static int
send_syn(struct pw_tcp_conn *c)
{
	struct pw_tcp *t = c->t;
	uint8_t opts[PW_TCP_OPT_MAX], cookie[TFO_COOKIE_LEN];
	struct pw_tcp_opts o = {
		.has = PW_OPT_MSS,
		.mss = tcp_mss_option(t, &c->remote),
		.wscale = c->rcv_shift,
		.ts_val = tcp_ts(c),
		.ts_ecr = c->ts_recent,
		.cookie = cookie,
		.cookie_len = sizeof(cookie),
	};
	struct pw_tcp_seg seg = {.opts = opts};
	uint16_t wnd = (uint16_t)pw_min(rcv_buf(c) - unread(c), UINT16_MAX);

	o.has |= c->flags & F_SACK_OK ? PW_OPT_SACK_OK : 0;
	o.has |= c->flags & F_TS_OK ? PW_OPT_TS : 0;
	o.has |= c->flags & F_WS_OK ? PW_OPT_WSCALE : 0;
	if (unlikely(c->cookie_due)) {
		tfo_cookie(c, cookie);
		o.has |= PW_OPT_FAST_OPEN;
	}
	seg.hdr = (struct pw_tcp_hdr){
		.sport = c->lport,
		.dport = c->rport,
		.seq = c->isn1 - 1,
		.ack = c->state == PW_TCP_SYN_RCVD ? rcv_seq(c, c->rcv_nxt) : 0,
		.wnd = wnd,
		.flags = c->state == PW_TCP_SYN_RCVD ? PW_TCP_SYN | PW_TCP_ACK : PW_TCP_SYN,
		.opt_len = (uint8_t)pw_tcp_put_syn_opts(opts, &o),
	};
	seg.hdr.flags |= ecn_syn_flags(c);
	c->rcv_adv = pw_max(c->rcv_adv, c->rcv_nxt + wnd);
	return hand_over(c, &seg);
}

/* One without data. */
static int
send_ack(struct pw_tcp_conn *c)
{
	if (traced(c))
		trace_count(c, PW_TCP_EV_ACK_OUT, (uint32_t)c->rcv_nxt, 0);
	return send_segment(c, PW_TCP_ACK, c->snd_nxt, NULL);
}

void
out_ack_now(struct pw_tcp_conn *c)
{
	send_ack(c);
}

void
out_challenge(struct pw_tcp_conn *c, bool always)
{
	struct pw_tcp *t = c->t;

	if (!always && t->now_ms - c->oow_ack_ms < OOW_ACK_MS)
		return;
	c->oow_ack_ms = t->now_ms;
	t->stats.challenge_acks++;
	out_ack_now(c);
}

void
out_rst(struct pw_tcp_conn *c)
{
	struct pw_tcp_seg seg = {
		.hdr =
			{
				.sport = c->lport,
				.dport = c->rport,
				.seq = snd_seq(c, c->snd_nxt),
				.ack = rcv_seq(c, c->rcv_nxt),
				.flags = PW_TCP_RST | PW_TCP_ACK,
			},
	};

	c->t->stats.rsts_out++;
	TRACE(c, RST_OUT, 0, 0, 0);
	hand_over(c, &seg);
}

void
out_bare(struct pw_tcp *t, const struct pw_addr *local, const struct pw_addr *remote,
	const struct pw_tcp_hdr *h, const uint8_t *opts)
{
	struct pw_tcp_seg seg = {.src = local, .dst = remote, .hdr = *h, .opts = opts};

	if (t->cfg.env->send(t->cfg.env_ctx, &seg) < 0)
		t->stats.send_full++;
	else
		t->stats.segs_out++;
}

void
out_rst_for(struct pw_tcp *t, const struct seg_in *in)
{
	struct pw_tcp_hdr h = {.sport = in->h.dport, .dport = in->h.sport};

	if (in->h.flags & PW_TCP_ACK) {
		h.seq = in->h.ack;
		h.flags = PW_TCP_RST;
	} else {
		h.ack = in->h.seq + in->len + ((in->h.flags & PW_TCP_SYN) != 0) +
			((in->h.flags & PW_TCP_FIN) != 0);
		h.flags = PW_TCP_RST | PW_TCP_ACK;
	}
	t->stats.rsts_out++;
	out_bare(t, in->dst, in->src, &h, NULL);
}

void
out_owe_ack(struct pw_tcp_conn *c, bool now)
{
	c->flags |= now ? F_ACK_NOW : F_ACK_LATER;
	conn_ready(c); /* data of this turn may carry it */
	out_past_crowd(c);
}

/* ---- what may go ---- */

static uint32_t
room_in_cwnd(const struct pw_tcp_conn *c)
{
	uint32_t pipe = pipe_bytes(c);

	return c->cwnd > pipe ? c->cwnd - pipe : 0;
}

static void
note_rtx(struct pw_tcp_conn *c, const struct piece *p)
{
	struct pw_tcp *t = c->t;

	if ((c->flags & F_RTX_TS) == 0) {
		c->flags |= F_RTX_TS;
		c->rtx_ts = tcp_ts(c);
	}
	c->undo_rtx += p->len;
	c->prr_out += p->len;
	c->rtx_segs++;
	t->stats.rtx_segs++;
	t->stats.rtx_bytes += p->len;
}

/* Bytes of [off, off + len) that are data, not the FIN. */
static uint32_t
data_in(const struct pw_tcp_conn *c, pw_off off, uint32_t len)
{
	return (uint32_t)(pw_min(off + len, c->snd_end) - pw_min(off, c->snd_end));
}

/* RFC 6675 section 5, C.1: what is lost goes first. */
static enum out_result
send_lost(struct pw_tcp_conn *c, pw_ns now)
{
	struct sent *s;

	while ((s = sent_lost(c)) != NULL) {
		uint32_t max = full_len(c);
		struct pw_span spans[PW_SEG_SPANS_MAX];
		struct piece p = {.off = s->start, .rtx = true, .spans = spans};

		/* A run's last byte may be the FIN; the window that was shrunk since
		 * admits at least the first lost segment (RFC 9293 3.8.6). */
		if (room_in_cwnd(c) < pw_min(s->len, max)) {
			c->flags |= F_CWND_LIMITED;
			return OUT_DONE;
		}
		if (unlikely(c->paced) && pace_room(c, now) == 0)
			return OUT_DONE;
		p.len = (uint32_t)pw_min(data_in(c, s->start, s->len), max);
		p.fin = s->start + p.len == c->snd_end && s->len > p.len;
		p.push = p.len > 0 && s->start + p.len == c->snd_end;
		if (!ask_source(c, &p))
			return OUT_DONE;
		if (send_piece(c, &p) < 0)
			return OUT_FULL;
		note_rtx(c, &p);
		if (traced(c))
			trace_bytes(c, PW_TCP_EV_AGAIN, 1, p.off, p.len);
		sent_again(c, s, p.len + p.fin, now);
		if (unlikely(c->paced))
			pace_sent(c, p.len, now);
		/* RFC 6298 5.2: what was sent again is waited for anew. */
		if (c->at[TMR_LOSS] == PW_NEVER || c->loss_mode != LOSS_RTO)
			tmr_on_flight(c, now);
	}
	return OUT_DONE;
}

/* RFC 9293 3.8.6.2.1: is this short segment worth sending? */
static bool
worth_sending(
	const struct pw_tcp_conn *c, uint32_t len, uint32_t full, uint32_t avail, uint32_t window)
{
	if (len >= full)
		return true;
	if (len == avail) /* Nagle (RFC 9293 3.7.4) waits, but not with the last bytes */
		return (c->flags & (F_NAGLE | F_FIN_WANTED)) != F_NAGLE || flight(c) == 0;
	if (len < window) /* cwnd holds it back: whole segments, or the only one */
		return flight(c) == 0;
	return len >= c->max_wnd / 2 || (c->flags & F_SWS_OVERRIDE) != 0;
}

/* Of a segment that will be cut up. */
static inline uint32_t
gso_len(const struct pw_tcp_conn *c, uint32_t full, uint32_t most)
{
	uint32_t max = (uint32_t)pw_max(pw_min(c->t->cfg.gso_max_bytes, most), full);

	return (uint32_t)pw_min(max / full, c->t->cfg.gso_max_segs) * full;
}

/* How much new data may go in one segment, where @p most may go now. 0: none, and why is
 * noted. */
static uint32_t
new_data_len(struct pw_tcp_conn *c, uint32_t most, pw_ns now)
{
	uint32_t avail = (uint32_t)pw_min(c->snd_end - c->snd_nxt, UINT32_MAX / 2);
	uint32_t window = (uint32_t)(c->snd_edge - pw_min(c->snd_nxt, c->snd_edge));
	uint32_t room = room_in_cwnd(c);
	uint32_t full = full_len(c), max = full;
	uint32_t len;

	/* CWR belongs to one segment: none that a device would cut up. */
	if (c->t->cfg.gso_max_bytes > full && (c->ecn & ECN_CWR_DUE) == 0)
		max = gso_len(c, full, most);
	len = (uint32_t)pw_min(pw_min(avail, window), pw_min(room, max));
	if (room <= window && room < avail && room < max)
		c->flags |= F_CWND_LIMITED;
	if (len > full && len < avail)
		len -= len % full;
	if (len > 0 && worth_sending(c, len, full, avail, window))
		return len;
	if (len == window && flight(c) == 0)
		tmr_on_window_shut(c, now);
	return 0;
}

/* RFC 5681 4.1: after idling the window is no longer known to be right. */
static void
restart_after_idle(struct pw_tcp_conn *c, pw_ns now)
{
	uint32_t idle_ms = c->t->now_ms - c->last_send_ms;

	if (unlikely(c->rated)) {
		cc_of(c)->on_restart(c);
		return;
	}
	if (flight(c) > 0 || idle_ms * PW_NS_PER_MS <= rtt_rto(c))
		return;
	c->cwnd = (uint32_t)pw_min(c->cwnd, initial_window(c));
	cc_of(c)->on_restart(c);
}

static void
new_in_flight(struct pw_tcp_conn *c, uint32_t len, pw_ns now)
{
	if (flight(c) == 0) {
		c->progress_ms = c->t->now_ms; /* the user time-out begins */
		tmr_persist_stop(c);	       /* whatever it waited for: this is on its way */
	}
	sent_append(c, len, now);
	c->snd_nxt += len;
	c->last_send_ms = c->t->now_ms;
}

static int
send_new(struct pw_tcp_conn *c, uint32_t len, pw_ns now)
{
	struct pw_span spans[PW_SEG_SPANS_MAX];
	struct piece p = {.off = c->snd_nxt, .len = len, .spans = spans};
	uint32_t seg = full_len(c);

	p.push = c->snd_nxt + len == c->snd_end;
	p.fin = p.push && (c->flags & F_FIN_WANTED) && c->snd_edge > c->snd_end;
	p.gso_size = len > seg ? seg : 0;
	p.cwr = (c->ecn & ECN_CWR_DUE) != 0;
	if (!ask_source(c, &p))
		return -EAGAIN;
	if (send_piece(c, &p) < 0)
		return -ENOBUFS;
	if (p.cwr)
		c->ecn &= (uint8_t)~ECN_CWR_DUE;
	new_in_flight(c, p.len + p.fin, now);
	if (c->ca == CA_RECOVERY)
		c->prr_out += p.len;
	c->flags &= ~F_SWS_OVERRIDE;
	c->t->stats.bytes_out += p.len;
	return (int)p.len;
}

/* No record for what would be sent: the next ACK frees one, or, when others have
 * them all, time does. */
static enum out_result
await_record(struct pw_tcp_conn *c, pw_ns now)
{
	c->t->stats.sent_exhausted++;
	if (flight(c) == 0)
		tmr_on_window_shut(c, now);
	return OUT_DONE;
}

/* How much may go before others have their turn. Where very many wait, the round is short. */
static inline uint32_t
quantum(struct pw_tcp_conn *c, pw_ns now)
{
	if (unlikely(c->paced))
		return pace_room(c, now);
	return likely(c->t->n_ready <= CROWD) ? QUANTUM_BYTES : QUANTUM_CROWD_BYTES;
}

static enum out_result
send_burst(struct pw_tcp_conn *c, pw_ns now, uint32_t *sent)
{
	uint32_t most = quantum(c, now);

	/* What is left of it and no segment stays. */
	while (c->snd_nxt < c->snd_end && *sent < most && (*sent == 0 || most - *sent >= c->mss)) {
		uint32_t len = new_data_len(c, most - *sent, now);
		int n;

		if (len == 0)
			return OUT_DONE;
		if (!sent_room(c, now))
			return await_record(c, now);
		n = send_new(c, len, now);
		if (n < 0)
			return n == -ENOBUFS ? OUT_FULL : OUT_DONE;
		*sent += (uint32_t)n;
	}
	return c->snd_nxt < c->snd_end && most > 0 ? OUT_AGAIN : OUT_DONE;
}

/* RFC 4821 section 7.4: one segment that is longer than what is known to pass. */
static void
send_mtu_probe(struct pw_tcp_conn *c, pw_ns now)
{
	uint32_t len = pmtu_probe_len(c);
	struct pw_span spans[PW_SEG_SPANS_MAX];
	struct piece p = {.off = c->snd_nxt, .len = len, .spans = spans};

	if (len == 0 || has_sacks(c) || c->snd_nxt + len > c->snd_edge || room_in_cwnd(c) < len ||
		(c->ecn & ECN_CWR_DUE) || !sent_room(c, now))
		return;
	if (!ask_source(c, &p) || send_piece(c, &p) < 0)
		return;
	new_in_flight(c, p.len, now);
	c->t->stats.bytes_out += p.len;
	pmtu_probe_sent(c, p.len);
	tmr_on_send(c, now);
}

static enum out_result
send_fresh(struct pw_tcp_conn *c, pw_ns now)
{
	uint64_t segs_before = c->t->stats.segs_out;
	uint32_t sent = 0;
	enum out_result r;

	restart_after_idle(c, now);
	if (unlikely(c->searching)) {
		send_mtu_probe(c, now);
		if (c->state == PW_TCP_CLOSED || (c->flags & F_SOURCE_DRY))
			return OUT_DONE;
	}
	r = send_burst(c, now, &sent);
	if (sent > 0 && traced(c))
		trace_sent(c, sent, segs_before);
	if (unlikely(c->paced) && sent > 0) {
		pace_sent(c, sent, now);
		if (r == OUT_AGAIN && pace_room(c, now) == 0)
			r = OUT_DONE;
	}
	if (sent > 0 && c->state != PW_TCP_CLOSED) /* what went is waited for, however it ended */
		tmr_on_send(c, now);
	return r;
}

/* The FIN by itself, when no data was left to carry it. */
static enum out_result
send_fin(struct pw_tcp_conn *c, pw_ns now)
{
	if ((c->flags & F_FIN_WANTED) == 0 || c->snd_nxt != c->snd_end)
		return OUT_DONE;
	if (c->snd_edge <= c->snd_end) {
		if (flight(c) == 0)
			tmr_on_window_shut(c, now);
		return OUT_DONE;
	}
	if (!sent_room(c, now))
		return await_record(c, now);
	if (send_segment(c, PW_TCP_ACK | PW_TCP_FIN, c->snd_nxt, NULL) < 0)
		return OUT_FULL;
	new_in_flight(c, 1, now);
	tmr_on_send(c, now);
	return OUT_DONE;
}

/* RFC 9293 3.8.6.1, as BSD and Linux do it: a byte that was acknowledged long
 * ago, so that a shut window gets nothing it would have to refuse. */
static enum out_result
send_probe(struct pw_tcp_conn *c)
{
	if (c->snd_edge <= c->snd_nxt && c->snd_nxt < snd_limit(c)) {
		if (send_segment(c, PW_TCP_ACK, c->snd_una - 1, NULL) < 0)
			return OUT_FULL;
		c->t->stats.persists++;
		TRACE(c, PERSIST, c->backoff, 0, 0);
	}
	c->flags &= ~F_PROBE_DUE;
	return OUT_DONE;
}

/* RFC 9293 3.8.4: SEG.SEQ = SND.NXT - 1, which the peer must answer. */
static enum out_result
send_keepalive(struct pw_tcp_conn *c)
{
	if (send_segment(c, PW_TCP_ACK, c->snd_nxt - 1, NULL) < 0)
		return OUT_FULL;
	c->t->stats.keepalives++;
	TRACE(c, KEEPALIVE, c->keep_probes, 0, 0);
	c->flags &= ~F_KEEP_DUE;
	return OUT_DONE;
}

/* RFC 8985 7.3: the last segment again. */
static int
send_tail_again(struct pw_tcp_conn *c, pw_ns now)
{
	uint32_t len = (uint32_t)pw_min(sent_tail_len(c), full_len(c));
	struct pw_span spans[PW_SEG_SPANS_MAX];
	struct piece p = {.off = c->snd_nxt - len, .rtx = true, .spans = spans};

	p.len = data_in(c, p.off, len);
	p.push = p.len > 0;
	p.fin = len > p.len;
	if (!ask_source(c, &p))
		return -EAGAIN;
	if (send_piece(c, &p) < 0)
		return -ENOBUFS;
	if (p.len + p.fin == len)
		sent_probe(c, len, now);
	c->flags |= F_TLP_RTX;
	TRACE(c, PROBE, 0, p.off, p.len);
	c->rtx_segs++;
	c->t->stats.rtx_segs++;
	c->t->stats.rtx_bytes += p.len;
	return 0;
}

/* RFC 8985 7.3: something new if there is, or the last segment again. */
static enum out_result
send_tail_probe(struct pw_tcp_conn *c, pw_ns now)
{
	pw_off end = pw_min(c->snd_end, c->snd_edge);
	uint32_t len = (uint32_t)pw_min(end - pw_min(c->snd_nxt, end), full_len(c));
	int rc;

	if (flight(c) == 0 || c->ca != CA_OPEN) {
		c->flags &= ~F_TLP_DUE;
		return OUT_DONE;
	}
	c->flags &= ~F_TLP_RTX;
	rc = len > 0 && sent_room(c, now) ? send_new(c, len, now) : send_tail_again(c, now);
	if (rc == -ENOBUFS)
		return OUT_FULL;
	if (unlikely(c->paced))
		pace_sent(c, len, now);
	c->flags &= ~F_TLP_DUE;
	if (c->state == PW_TCP_CLOSED)
		return OUT_DONE;
	if (rc > 0)
		TRACE(c, PROBE, 0, c->snd_nxt - fin_sent(c) - (uint32_t)rc, rc);
	if (rc >= 0) {
		c->t->stats.tlps++;
		c->flags |= F_TLP_OUT;
		c->tlp_end = (uint32_t)c->snd_nxt;
		c->tlp_ts = tcp_ts(c);
	}
	tmr_on_flight(c, now);
	return OUT_DONE;
}

static enum out_result
send_due(struct pw_tcp_conn *c, pw_ns now)
{
	if (c->flags & F_PROBE_DUE)
		if (send_probe(c) == OUT_FULL)
			return OUT_FULL;
	if (c->flags & F_KEEP_DUE)
		if (send_keepalive(c) == OUT_FULL)
			return OUT_FULL;
	if (c->flags & F_TLP_DUE)
		return send_tail_probe(c, now);
	return OUT_DONE;
}

static enum out_result
send_data(struct pw_tcp_conn *c, pw_ns now)
{
	enum out_result r;

	r = send_lost(c, now);
	if (r == OUT_FULL || c->lost > 0 || (c->flags & F_SOURCE_DRY))
		return r;
	r = send_fresh(c, now);
	if (r != OUT_DONE || (c->flags & F_SOURCE_DRY))
		return r;
	return send_fin(c, now);
}

static enum out_result
send_paced(struct pw_tcp_conn *c, pw_ns now)
{
	enum out_result r;

	pace_begin_turn(c);
	r = send_data(c, now);
	if (c->state == PW_TCP_CLOSED)
		return r;
	pace_end_turn(c);
	if (c->rated)
		rate_after_turn(c);
	return r;
}

static enum out_result
out_handshake(struct pw_tcp_conn *c, pw_ns now)
{
	if ((c->flags & F_SYN_DUE) == 0)
		return OUT_DONE;
	if (send_syn(c) < 0)
		return OUT_FULL;
	ecn_on_syn_sent(c);
	c->flags &= ~F_SYN_DUE;
	if (c->syn_sent == 0)
		c->syn_sent = pw_max(now, 1);
	if (c->at[TMR_LOSS] == PW_NEVER) /* a peer's SYN sent again puts nothing off */
		tmr_on_syn_sent(c, now);
	return OUT_DONE;
}

static void
owe_ack_later(struct pw_tcp_conn *c, pw_ns now)
{
	c->delack = 1;
	tmr_set(c, TMR_DELACK, now + DELACK_NS);
}

void
out_past_crowd(struct pw_tcp_conn *c)
{
	pw_ns now = c->t->now;

	if (likely(c->t->n_ready <= CROWD))
		return;
	if (!synchronised(c)) {
		out_handshake(c, now);
		return;
	}
	if (c->flags & F_ACK_NOW)
		out_ack_now(c);
	if ((c->flags & (F_ACK_NOW | F_ACK_LATER)) && !c->delack) /* or there was no room for it */
		owe_ack_later(c, now);
}

enum out_result
out_conn(struct pw_tcp_conn *c, pw_ns now)
{
	enum out_result r;

	if (!synchronised(c)) {
		r = out_handshake(c, now);
		if (r != OUT_DONE || !c->fast_open)
			return r;
	}
	if (c->flags & F_RESUME) {
		c->flags &= ~(F_RESUME | F_STALLED);
		input_deliver(c, now);
		if (c->state == PW_TCP_CLOSED)
			return OUT_DONE;
	}
	r = send_due(c, now);
	if (unlikely(c->paced) && r != OUT_FULL && c->state != PW_TCP_CLOSED) {
		r = send_paced(c, now);
	} else if (r != OUT_FULL && c->state != PW_TCP_CLOSED) {
		c->flags &= ~F_CWND_LIMITED;
		r = send_data(c, now);
	}
	if (r == OUT_FULL || c->state == PW_TCP_CLOSED)
		return r;
	if ((c->flags & F_ACK_NOW) && send_ack(c) < 0)
		return OUT_FULL;
	if ((c->flags & F_ACK_LATER) && !c->delack)
		owe_ack_later(c, now);
	return c->flags & F_RESUME ? OUT_AGAIN : r; /* resumed from inside source() */
}
