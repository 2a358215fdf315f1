/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Fast Open, the server's side (RFC 7413). A SYN that brings a cookie which we gave to its
 * address has shown that somebody is there: its data is the user's at once, and what he
 * answers follows the SYN-ACK, a round trip early. Nothing is kept for a cookie: it is a
 * keyed hash of the two addresses.
 *
 * Such a connection is in SYN-RECEIVED as others are, but open, and its timer is that of
 * the SYN-ACK. Until the ACK of that comes the initial window bounds what it sends.
 */
#include "tcp_priv.h"

/* Section 4.1.2: the key is another one after a while; cookies of the one before are good. */
#define KEY_NS (4 * 3600 * PW_NS_PER_S)

/* Section 5.1: whoever has a cookie, but not the address, has the SYN-ACK answered by RST. Such
 * a connection counts as pending for as long, as in Linux. */
#define RESET_MS 60000

int
tfo_init(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;

	t->tfo.reset_ms = mem->alloc(
		mem->ctx, sizeof(*t->tfo.reset_ms) * t->cfg.max_fast_open, "tcp_fast_open");
	return t->tfo.reset_ms != NULL ? 0 : -ENOMEM;
}

void
tfo_fini(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;

	if (t->tfo.reset_ms != NULL)
		mem->free(mem->ctx, t->tfo.reset_ms);
}

static uint64_t
key_number(const struct pw_tcp *t)
{
	return t->now / KEY_NS;
}

void
tfo_cookie(const struct pw_tcp_conn *c, uint8_t out[TFO_COOKIE_LEN])
{
	uint64_t cookie = secret_fast_open(c->t, &c->local, &c->remote, key_number(c->t));

	memcpy(out, &cookie, TFO_COOKIE_LEN);
	c->t->stats.fast_open_cookies++;
}

/** What a cookie is worth. */
enum worth {
	WORTH_NOTHING,
	WORTH_DATA,
	WORTH_DATA_ONCE_MORE, /* its key is the one before: have a new one */
};

static enum worth
worth_of(const struct pw_tcp_conn *c, const struct pw_tcp_opts *o)
{
	uint64_t n = key_number(c->t), cookie;

	if (o->cookie_len != TFO_COOKIE_LEN)
		return WORTH_NOTHING;
	memcpy(&cookie, o->cookie, TFO_COOKIE_LEN);
	if (cookie == secret_fast_open(c->t, &c->local, &c->remote, n))
		return WORTH_DATA;
	if (cookie == secret_fast_open(c->t, &c->local, &c->remote, n - 1))
		return WORTH_DATA_ONCE_MORE;
	return WORTH_NOTHING;
}

static bool
has_place(struct pw_tcp *t)
{
	struct tfo *f = &t->tfo;

	while (f->n_reset > 0 && t->now_ms - f->reset_ms[f->first] >= RESET_MS) {
		f->first = (f->first + 1) % t->cfg.max_fast_open;
		f->n_reset--;
	}
	return f->n_pending + f->n_reset < t->cfg.max_fast_open;
}

/* The SYN's data is taken, whatever becomes of the handshake. */
static enum pw_drop
open_early(struct pw_tcp_conn *c, struct seg_in *in)
{
	c->fast_open = 1;
	c->t->tfo.n_pending++;
	c->t->stats.fast_opens++;
	c->rcv_adv = pw_min(rcv_buf(c), UINT16_MAX);
	in->off = 0;
	return conn_open(c, in->now) ? input_data(c, in) : PW_DROP_TCP_RST;
}

enum pw_drop
tfo_syn(struct pw_tcp_conn *c, struct seg_in *in)
{
	struct pw_tcp *t = c->t;
	enum worth worth = worth_of(c, &in->o);

	c->cookie_due = worth != WORTH_DATA;
	if (worth == WORTH_NOTHING) {
		t->stats.fast_open_bad += in->o.cookie_len != 0;
		return PW_OK;
	}
	if (in->len == 0)
		return PW_OK;
	if (!has_place(t)) {
		t->stats.fast_open_full++;
		return PW_OK;
	}
	return open_early(c, in);
}

/* It is pending no more. */
static void
leave(struct pw_tcp_conn *c)
{
	c->fast_open = 0;
	c->t->tfo.n_pending--;
	c->t->stats.fast_open_early += pw_min(c->snd_nxt, c->snd_end);
}

void
tfo_established(struct pw_tcp_conn *c, const struct seg_in *in)
{
	leave(c);
	if ((c->flags & F_SYN_RTX) == 0 || in->h.ack != c->isn1) {
		tmr_on_flight(c, in->now);
		return;
	}
	/* RFC 5681 3.1. The SYN-ACK was lost, and its receiver drops what came after it. */
	if (flight(c) > 0)
		ack_rto(c, in->now);
	c->cwnd = c->mss;
}

void
tfo_ended(struct pw_tcp_conn *c, enum pw_tcp_end why)
{
	struct pw_tcp *t = c->t;
	struct tfo *f = &t->tfo;

	leave(c);
	if (why != PW_TCP_END_RESET)
		return;
	f->reset_ms[(f->first + f->n_reset) % t->cfg.max_fast_open] = t->now_ms;
	f->n_reset++;
	t->stats.fast_open_resets++;
}
