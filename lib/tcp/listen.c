/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Segments that belong to no connection: the LISTEN and CLOSED states of RFC
 * 9293 section 3.10.7.1 and 3.10.7.2.
 */
#include "tcp_priv.h"

const struct listener *
listener_of(const struct pw_tcp *t, uint16_t port)
{
	uint32_t i;

	for (i = 0; i < t->n_listen; i++)
		if (t->listen[i].port == port)
			return &t->listen[i];
	return NULL;
}

void
syn_options(struct pw_tcp_conn *c, const struct seg_in *in)
{
	const struct pw_tcp_opts *o = &in->o;
	uint32_t keep = c->flags & F_ACTIVE ? c->flags : c->t->defaults.syn_flags;

	c->flags &= ~(F_TS_OK | F_SACK_OK | F_WS_OK);
	if ((o->has & PW_OPT_TS) && (keep & F_TS_OK)) {
		c->flags |= F_TS_OK;
		c->ts_recent = o->ts_val;
		c->ts_recent_ms = c->t->now_ms;
	}
	if ((o->has & PW_OPT_SACK_OK) && (keep & F_SACK_OK))
		c->flags |= F_SACK_OK;
	c->rcv_shift = c->snd_shift = 0;
	if ((o->has & PW_OPT_WSCALE) && (keep & F_WS_OK)) {
		c->flags |= F_WS_OK;
		c->snd_shift = o->wscale;
		c->rcv_shift = c->t->rcv_shift;
	}
	if (o->has & PW_OPT_MSS)
		c->peer_mss = o->mss;
	ecn_on_syn(c, in);
	conn_set_mss(c);
	c->irs1 = in->h.seq + 1;
	c->ack_sent = c->irs1;
	c->snd_edge = in->h.wnd;
	c->max_wnd = in->h.wnd;
	c->wl1 = in->h.seq;
	c->wl2 = c->isn1;
}

/* What the new connection's first sequence number is: above the old one's, when
 * it takes the place of one in TIME-WAIT (RFC 6191). */
static uint32_t
choose_isn(const struct pw_tcp *t, const struct seg_in *in, uint32_t above, bool has_above)
{
	uint32_t isn = secret_isn(t, in->dst, in->h.dport, in->src, in->h.sport);

	if (has_above && !seq_before(above, isn))
		isn = above + 1;
	return isn;
}

static enum pw_drop
accept_syn(struct pw_tcp *t, const struct listener *l, struct seg_in *in, uint32_t isn)
{
	enum pw_drop why = PW_OK;
	struct pw_tcp_conn *c;

	if (t->n_half_open >= t->cfg.max_half_open) {
		cookie_answer(t, in);
		return PW_DROP_TCP_BACKLOG;
	}
	c = conn_create(t, in->dst, in->h.dport, in->src, in->h.sport, l->user);
	if (c == NULL)
		return PW_DROP_TCP_NO_CONN;
	c->isn1 = isn + 1;
	conn_set_state(c, PW_TCP_SYN_RCVD);
	syn_options(c, in);
	c->flags |= F_SYN_DUE | F_BUSY; /* with data the user has a word in it */
	conn_ready(c);
	if (unlikely(in->o.has & PW_OPT_FAST_OPEN) && t->defaults.fast_open)
		why = tfo_syn(c, in);
	if (c->state != PW_TCP_CLOSED)
		out_past_crowd(c);
	conn_unbusy(c);
	return why;
}

enum pw_drop
listen_input(struct pw_tcp *t, struct seg_in *in, uint32_t isn_above, bool has_isn)
{
	const struct listener *l = listener_of(t, in->h.dport);
	uint8_t f = in->h.flags;

	if (f & PW_TCP_RST)
		return PW_DROP_TCP_CLOSED_RST;
	if (l == NULL || (f & PW_TCP_ACK)) {
		out_rst_for(t, in);
		return PW_DROP_TCP_CLOSED;
	}
	if ((f & PW_TCP_SYN) == 0)
		return PW_DROP_TCP_LISTEN;
	if (f & PW_TCP_FIN)
		return PW_DROP_TCP_SYN_FIN;
	if (t->refusing) {
		out_rst_for(t, in);
		return PW_DROP_TCP_DRAIN;
	}
	/* Data on a SYN without a cookie is not taken: the peer sends it again (RFC 9293
	 * 3.10.7.2). */
	return accept_syn(t, l, in, choose_isn(t, in, isn_above, has_isn));
}
