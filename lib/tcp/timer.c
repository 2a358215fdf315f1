/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Every deadline of a connection, set by what happened. One timer in the wheel
 * stands for all of them. It is moved only when something is due sooner than it
 * stands: a deadline that moves back, as the retransmission time-out does with
 * every acknowledgement, costs nothing, and the early wake-up finds it there.
 */
#include "tcp_priv.h"
#include "trace.h"

void
tmr_set(struct pw_tcp_conn *c, enum tmr which, pw_ns at)
{
	c->at[which] = at;
	if (at < c->wake) {
		c->wake = at;
		pw_timer_set(&c->t->wheel, &c->timer, at);
	}
}

static void
set_persist(struct pw_tcp_conn *c, pw_ns at)
{
	c->flags |= F_PERSIST;
	tmr_set(c, TMR_PERSIST, at);
}

void
tmr_stop_all(struct pw_tcp_conn *c)
{
	int i;

	for (i = 0; i < TMR_MAX; i++)
		c->at[i] = PW_NEVER;
	c->wake = PW_NEVER;
	c->flags &= ~F_PERSIST;
	pw_timer_clear(&c->t->wheel, &c->timer);
}

void
tmr_on_syn_sent(struct pw_tcp_conn *c, pw_ns now)
{
	c->loss_mode = LOSS_RTO;
	tmr_set(c, TMR_LOSS, now + rtt_rto(c));
}

/* RFC 8985 7.2: is a probe of the tail of use? */
static bool
may_probe(const struct pw_tcp_conn *c)
{
	return (c->flags & (F_SACK_OK | F_TLP_OUT | F_SOURCE_DRY)) == F_SACK_OK &&
	       c->ca == CA_OPEN && c->sacked == 0 && c->lost == 0 && c->srtt != 0 &&
	       c->backoff == 0;
}

void
tmr_on_flight(struct pw_tcp_conn *c, pw_ns now)
{
	pw_ns rto = rtt_rto(c), pto;

	if (unlikely(!synchronised(c)))
		return; /* the timer is the SYN-ACK's (RFC 7413 4.2.2) */
	if (flight(c) == 0) {
		tmr_set(c, TMR_LOSS, PW_NEVER);
		return;
	}
	if (!may_probe(c)) {
		c->loss_mode = LOSS_RTO;
		tmr_set(c, TMR_LOSS, now + rto);
		return;
	}
	pto = pw_max(2 * ticks_ns(c->srtt), PTO_MIN);
	if (flight(c) <= c->mss)
		pto += PEER_DELACK_NS;
	c->loss_mode = pto < rto ? LOSS_TLP : LOSS_RTO;
	tmr_set(c, TMR_LOSS, now + pw_min(pto, rto));
}

void
tmr_on_send(struct pw_tcp_conn *c, pw_ns now)
{
	bool rto_runs = c->loss_mode == LOSS_RTO && !may_probe(c);
	pw_ns latest;

	if (unlikely(!synchronised(c)))
		return;
	/* RFC 6298 5.1; but a probe is due after what was sent last (RFC 8985 7.2). */
	if (c->at[TMR_LOSS] != PW_NEVER && (rto_runs || c->loss_mode == LOSS_REO))
		return;
	tmr_on_flight(c, now);
	/* Sending on must not put off for ever what the oldest bytes wait for. */
	latest = sent_oldest(c) + rtt_rto(c);
	if (c->at[TMR_LOSS] > latest) {
		c->loss_mode = LOSS_RTO;
		tmr_set(c, TMR_LOSS, pw_max(latest, now + 1));
	}
}

void
tmr_on_reo(struct pw_tcp_conn *c, pw_ns now, pw_ns wait)
{
	c->loss_mode = LOSS_REO;
	tmr_set(c, TMR_LOSS, now + wait);
}

void
tmr_on_window_shut(struct pw_tcp_conn *c, pw_ns now)
{
	if ((c->flags & F_PERSIST) == 0 && synchronised(c))
		set_persist(c, now + rtt_rto(c));
}

void
tmr_persist_stop(struct pw_tcp_conn *c)
{
	if ((c->flags & F_PERSIST) == 0)
		return;
	c->flags &= ~F_PERSIST;
	c->at[TMR_PERSIST] = PW_NEVER;
}

void
tmr_on_window_open(struct pw_tcp_conn *c)
{
	if (c->flags & F_PERSIST)
		c->backoff = 0;
	tmr_persist_stop(c);
}

static bool
out_of_patience(const struct pw_tcp_conn *c, pw_ns now)
{
	uint32_t waited_ms = c->t->now_ms - c->progress_ms;

	return waited_ms >= c->user_timeout_ms;
}

/* RFC 9293 3.8.1 and 6298 5.5: SYN or SYN-ACK unanswered. */
static void
on_syn_timeout(struct pw_tcp_conn *c)
{
	uint32_t max = c->state == PW_TCP_SYN_SENT ? SYN_RETRIES : SYN_ACK_RETRIES;

	if (c->backoff >= max) {
		conn_end(c, PW_TCP_END_TIMEOUT);
		return;
	}
	c->backoff++;
	c->flags |= F_SYN_DUE | F_SYN_RTX;
	TRACE(c, RTO, c->backoff, rtt_rto(c) / PW_NS_PER_MS, 0);
	conn_ready(c);
}

static void
on_loss(struct pw_tcp_conn *c, pw_ns now)
{
	if (!synchronised(c)) {
		on_syn_timeout(c);
	} else if (c->loss_mode == LOSS_REO) {
		ack_reo_timeout(c, now);
	} else if (c->loss_mode == LOSS_TLP) {
		c->flags |= F_TLP_DUE;
		conn_ready(c);
	} else if (out_of_patience(c, now)) {
		conn_end(c, PW_TCP_END_TIMEOUT); /* RFC 9293 3.8.3 */
	} else {
		ack_rto(c, now);
	}
}

/* RFC 9293 3.8.6.1: probe a shut window, for ever while it is answered (RFC
 * 6429); but nobody waits for ever once the user has gone. */
static void
on_persist(struct pw_tcp_conn *c, pw_ns now)
{
	if (out_of_patience(c, now)) {
		conn_end(c, PW_TCP_END_TIMEOUT);
		return;
	}
	if (c->snd_edge > c->snd_nxt) {
		c->flags |= F_SWS_OVERRIDE;
	} else {
		c->flags |= F_PROBE_DUE;
		c->backoff += c->backoff < RTO_BACKOFF_MAX;
		set_persist(c, now + rtt_rto(c));
	}
	conn_ready(c);
}

void
tmr_on_heard(struct pw_tcp_conn *c)
{
	c->keep_probes = 0;
	if ((c->flags & F_USER_CLOSED) == 0 && synchronised(c))
		tmr_set(c, TMR_LIFE,
			c->keepalive_ms != 0 ? c->t->now + c->keepalive_ms * PW_NS_PER_MS
					     : PW_NEVER);
}

/* RFC 9293 3.8.4. The time is looked at only here: hearing of the peer just notes
 * when. Data in flight has timers of its own. */
static void
on_keepalive(struct pw_tcp_conn *c, pw_ns now)
{
	uint32_t silent_ms = c->t->now_ms - c->heard_ms;
	uint32_t next_ms = KEEP_INTERVAL_MS;

	if (silent_ms < c->keepalive_ms) {
		c->keep_probes = 0;
		next_ms = c->keepalive_ms - silent_ms;
	} else if (c->keep_probes >= KEEP_PROBES) {
		conn_end(c, PW_TCP_END_TIMEOUT);
		return;
	} else if (flight(c) == 0) {
		c->keep_probes++;
		c->flags |= F_KEEP_DUE;
		conn_ready(c);
	}
	tmr_set(c, TMR_LIFE, now + next_ms * PW_NS_PER_MS);
}

/* RFC 9293 3.6: FIN-WAIT-2 of a user who has gone ends after a while; at once when
 * the whole host is about to. */
void
tmr_on_orphaned(struct pw_tcp_conn *c)
{
	const struct pw_tcp *t = c->t;

	tmr_set(c, TMR_LIFE, t->draining ? t->now : t->now + 2 * t->cfg.msl_ns);
}

static void
on_life(struct pw_tcp_conn *c, pw_ns now)
{
	if ((c->flags & F_USER_CLOSED) == 0) {
		on_keepalive(c, now);
		return;
	}
	if (c->t->draining)
		out_rst(c);
	conn_end(c, PW_TCP_END_TIMEOUT);
}

static void
fire_one(struct pw_tcp_conn *c, enum tmr which, pw_ns now)
{
	c->at[which] = PW_NEVER;
	switch (which) {
	case TMR_LOSS:
		on_loss(c, now);
		break;
	case TMR_PERSIST:
		c->flags &= ~F_PERSIST;
		on_persist(c, now);
		break;
	case TMR_DELACK:
		if (c->delack) {
			c->delack = 0;
			c->flags |= F_ACK_NOW;
			conn_ready(c);
			out_past_crowd(c);
		}
		break;
	case TMR_LIFE:
		on_life(c, now);
		break;
	case TMR_APP:
		user_of(c)->app->timer(user_of(c)->ctx, c, now);
		break;
	case TMR_MAX:
		break;
	}
}

void
tmr_fire(struct pw_tcp_conn *c, pw_ns now)
{
	pw_ns next = PW_NEVER;
	int i;

	c->flags |= F_BUSY;
	c->wake = PW_NEVER; /* it has just gone off */
	for (i = 0; i < TMR_MAX && c->state != PW_TCP_CLOSED; i++)
		if (c->at[i] <= now)
			fire_one(c, (enum tmr)i, now);
	for (i = 0; i < TMR_MAX; i++)
		next = pw_min(next, c->at[i]);
	if (next < c->wake) {
		c->wake = next;
		pw_timer_set(&c->t->wheel, &c->timer, next);
	}
	conn_unbusy(c);
}
