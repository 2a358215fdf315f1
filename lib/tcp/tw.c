/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * TIME-WAIT in a table of small entries, so that the end of a connection costs
 * its memory no longer than its life. Every entry waits the same time, so the
 * order of expiry is the order of entry: a list, no timers. When the table is
 * full the oldest goes early, and that is counted.
 */
#include "tcp_priv.h"

int
tw_init(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;
	struct tw_table *tab = &t->tw;
	uint32_t i, buckets;

	tab->n = t->cfg.max_time_wait;
	buckets = rte_align32pow2(tab->n);
	tab->e = mem->alloc(mem->ctx, sizeof(*tab->e) * tab->n, "tcp_time_wait");
	tab->bucket = mem->alloc(mem->ctx, sizeof(*tab->bucket) * buckets, "tcp_tw_buckets");
	if (tab->e == NULL || tab->bucket == NULL)
		return -ENOMEM;
	tab->mask = buckets - 1;
	memset(tab->bucket, 0xff, sizeof(*tab->bucket) * buckets);
	for (i = 0; i < tab->n; i++)
		tab->e[i].hash_next = i + 1 < tab->n ? i + 1 : NONE;
	tab->free = 0;
	tab->oldest = tab->newest = NONE;
	return 0;
}

void
tw_fini(struct pw_tcp *t)
{
	const struct pw_mem *mem = t->cfg.mem;

	if (t->tw.e != NULL)
		mem->free(mem->ctx, t->tw.e);
	if (t->tw.bucket != NULL)
		mem->free(mem->ctx, t->tw.bucket);
}

static uint32_t *
bucket_of(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport)
{
	return &t->tw.bucket[conn_hash(t, local, lport, remote, rport) & t->tw.mask];
}

static void
append(struct tw_table *tab, uint32_t i)
{
	tab->e[i].next = NONE;
	tab->e[i].prev = tab->newest;
	if (tab->newest == NONE)
		tab->oldest = i;
	else
		tab->e[tab->newest].next = i;
	tab->newest = i;
}

static void
unlink_entry(struct tw_table *tab, uint32_t i)
{
	struct tw *w = &tab->e[i];

	if (w->prev == NONE)
		tab->oldest = w->next;
	else
		tab->e[w->prev].next = w->next;
	if (w->next == NONE)
		tab->newest = w->prev;
	else
		tab->e[w->next].prev = w->prev;
}

static void
leave(struct pw_tcp *t, uint32_t i)
{
	struct tw_table *tab = &t->tw;
	struct tw *w = &tab->e[i];
	uint32_t *p = bucket_of(t, &w->local, w->lport, &w->remote, w->rport);

	while (*p != i)
		p = &tab->e[*p].hash_next;
	*p = w->hash_next;
	unlink_entry(tab, i);
	w->hash_next = tab->free;
	tab->free = i;
	tab->n_used--;
}

static uint16_t
window_of(const struct pw_tcp_conn *c)
{
	return (uint16_t)pw_min(
		(c->rcv_adv - pw_min(c->rcv_nxt, c->rcv_adv)) >> c->rcv_shift, UINT16_MAX);
}

void
tw_enter(struct pw_tcp_conn *c)
{
	struct pw_tcp *t = c->t;
	struct tw_table *tab = &t->tw;
	uint32_t i, *b;

	if (tab->free == NONE) {
		leave(t, tab->oldest);
		t->stats.time_wait_recycled++;
	}
	i = tab->free;
	tab->free = tab->e[i].hash_next;
	b = bucket_of(t, &c->local, c->lport, &c->remote, c->rport);
	tab->e[i] = (struct tw){
		.remote = c->remote,
		.local = c->local,
		.rport = c->rport,
		.lport = c->lport,
		.hash_next = *b,
		.snd_nxt = snd_seq(c, c->snd_nxt),
		.rcv_nxt = rcv_seq(c, c->rcv_nxt),
		.ts_recent = c->ts_recent,
		.ts_off = c->ts_off,
		.acked_ms = t->now_ms - OOW_ACK_MS,
		.wnd = window_of(c),
		.ts_ok = (c->flags & F_TS_OK) != 0,
		.until = t->now + 2 * t->cfg.msl_ns,
	};
	*b = i;
	append(tab, i);
	tab->n_used++;
}

static struct tw *
find(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport)
{
	uint32_t i = *bucket_of(t, local, lport, remote, rport);

	while (i != NONE) {
		struct tw *w = &t->tw.e[i];

		if (w->rport == rport && w->lport == lport && pw_addr_eq(&w->remote, remote) &&
			pw_addr_eq(&w->local, local))
			return w;
		i = w->hash_next;
	}
	return NULL;
}

struct tw *
tw_find(struct pw_tcp *t, const struct seg_in *in)
{
	if (t->tw.n_used == 0)
		return NULL;
	return find(t, in->dst, in->h.dport, in->src, in->h.sport);
}

bool
tw_port_used(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport)
{
	return t->tw.n_used != 0 && find(t, local, lport, remote, rport) != NULL;
}

static void
send_ack(struct pw_tcp *t, const struct tw *w)
{
	uint8_t opts[PW_TCP_TS_LEN];
	struct pw_tcp_hdr h = {
		.sport = w->lport,
		.dport = w->rport,
		.seq = w->snd_nxt,
		.ack = w->rcv_nxt,
		.wnd = w->wnd,
		.flags = PW_TCP_ACK,
		.opt_len = w->ts_ok ? PW_TCP_TS_LEN : 0,
	};

	pw_tcp_put_ts(opts, t->now_ms + w->ts_off, w->ts_recent);
	out_bare(t, &w->local, &w->remote, &h, opts);
}

/* RFC 6191 section 2, RFC 9293 3.10.7.4: may this SYN begin a new connection? Not where
 * nobody listens: there it would only end the waiting. */
static bool
syn_is_newer(const struct pw_tcp *t, const struct tw *w, const struct seg_in *in)
{
	bool ts = w->ts_ok && (in->o.has & PW_OPT_TS);

	if (listener_of(t, in->h.dport) == NULL)
		return false;
	if (ts && in->o.ts_val != w->ts_recent)
		return seq_before(w->ts_recent, in->o.ts_val);
	return seq_before(w->rcv_nxt, in->h.seq);
}

enum pw_drop
tw_input(struct pw_tcp *t, struct tw *w, struct seg_in *in)
{
	uint32_t i = (uint32_t)(w - t->tw.e);
	const uint8_t f = in->h.flags;

	if ((f & (PW_TCP_SYN | PW_TCP_ACK | PW_TCP_RST | PW_TCP_FIN)) == PW_TCP_SYN &&
		syn_is_newer(t, w, in)) {
		/* Our new ISN lies above what the old connection used. */
		uint32_t above = w->snd_nxt;

		leave(t, i);
		return listen_input(t, in, above, true);
	}
	if (f & PW_TCP_RST) /* RFC 1337: no assassination */
		return PW_DROP_TCP_TIME_WAIT;
	if ((f & PW_TCP_FIN) && in->h.seq + in->len + 1 == w->rcv_nxt) {
		/* A FIN sent again: our ACK was lost. Answer, and wait anew. */
		w->until = t->now + 2 * t->cfg.msl_ns;
		unlink_entry(&t->tw, i);
		append(&t->tw, i);
		send_ack(t, w);
		return PW_OK;
	}
	/* A bare ACK where we stand asks nothing; anything else is answered, seldom. */
	if ((f & PW_TCP_SYN) == 0 && in->len == 0 && in->h.seq == w->rcv_nxt)
		return PW_OK;
	if (t->now_ms - w->acked_ms >= OOW_ACK_MS) {
		w->acked_ms = t->now_ms;
		send_ack(t, w);
		t->stats.challenge_acks++;
	}
	return PW_DROP_TCP_TIME_WAIT;
}

void
tw_expire(struct pw_tcp *t, pw_ns now)
{
	while (t->tw.oldest != NONE && t->tw.e[t->tw.oldest].until <= now)
		leave(t, t->tw.oldest);
}

pw_ns
tw_next(const struct pw_tcp *t)
{
	return t->tw.oldest == NONE ? PW_NEVER : t->tw.e[t->tw.oldest].until;
}
