/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * SYN cookies (RFC 4987 section 3.6): beyond the bound on half-open connections
 * a SYN is answered without keeping anything. The ISN carries a keyed hash of
 * the 4-tuple and the peer's ISN, a slow clock and the peer's MSS; the low bits
 * of the timestamp carry what else it offered, so that with timestamps nothing
 * is lost. Without them the connection does without window scaling, SACK and ECN.
 *
 *	ISN    31..30 clock of 64 s   29..27 MSS   26..0 hash
 *	TSval  5..2 window shift (15: none)   1 SACK   0 ECN
 *
 * The clock's low bits say which of the latest minutes it was; the hash is over all of
 * the clock, so that no cookie is good again when those bits come round.
 */
#include "tcp_priv.h"

#define CLOCK_BITS 2
#define CLOCK_NS   (64 * PW_NS_PER_S)
#define MSS_BITS   3
#define MSS_SHIFT  (32 - CLOCK_BITS - MSS_BITS)
#define HASH_MASK  ((1u << MSS_SHIFT) - 1)
#define OPTS_MASK  0x3fu
#define NO_SHIFT   15u

/* What is common on the Internet, in rising order. */
static const uint16_t mss_table[1 << MSS_BITS] = {216, 536, 1220, 1300, 1400, 1440, 1460, 8960};

static uint32_t
mss_index(uint32_t mss)
{
	uint32_t i = RTE_DIM(mss_table) - 1;

	while (i > 0 && mss_table[i] > mss)
		i--;
	return i;
}

static uint32_t
slow_clock(const struct pw_tcp *t)
{
	return (uint32_t)(t->now / CLOCK_NS);
}

static uint32_t
cookie_isn(const struct pw_tcp *t, const struct seg_in *in, uint32_t peer_isn, uint32_t clock,
	uint32_t mss_i)
{
	uint32_t hash = secret_cookie(
		t, in->dst, in->h.dport, in->src, in->h.sport, peer_isn, clock << MSS_BITS | mss_i);

	return clock << (32 - CLOCK_BITS) | mss_i << MSS_SHIFT | (hash & HASH_MASK);
}

/* A timestamp not later than now whose low bits are @p bits. */
static uint32_t
cookie_ts(const struct pw_tcp *t, uint32_t bits)
{
	uint32_t ts = (t->now_ms & ~OPTS_MASK) | bits;

	return seq_before(t->now_ms, ts) ? ts - (OPTS_MASK + 1) : ts;
}

/* What both want. */
static uint8_t
agreed(const struct pw_tcp *t, const struct pw_tcp_opts *o)
{
	uint8_t has = o->has & (PW_OPT_TS | PW_OPT_WSCALE | PW_OPT_SACK_OK);

	if ((t->defaults.syn_flags & F_WS_OK) == 0)
		has &= (uint8_t)~PW_OPT_WSCALE;
	if ((t->defaults.syn_flags & F_SACK_OK) == 0)
		has &= (uint8_t)~PW_OPT_SACK_OK;
	/* Without timestamps there is no place to note the others in. */
	return (has & PW_OPT_TS) && (t->defaults.syn_flags & F_TS_OK) ? has : 0;
}

static uint32_t
option_bits(uint8_t has, uint8_t wscale, bool ecn)
{
	uint32_t shift = has & PW_OPT_WSCALE ? wscale : NO_SHIFT;

	return shift << 2 | (has & PW_OPT_SACK_OK ? 2u : 0u) | ecn;
}

void
cookie_answer(struct pw_tcp *t, const struct seg_in *in)
{
	uint32_t mss = in->o.has & PW_OPT_MSS	? in->o.mss
		       : pw_addr_is_v4(in->src) ? MSS_DEFAULT_V4
						: MSS_DEFAULT_V6;
	uint8_t opts[PW_TCP_OPT_MAX];
	struct pw_tcp_opts o = {.has = PW_OPT_MSS, .mss = tcp_mss_option(t, in->src)};
	struct pw_tcp_hdr h = {
		.sport = in->h.dport,
		.dport = in->h.sport,
		.seq = cookie_isn(t, in, in->h.seq, slow_clock(t), mss_index(mss)),
		.ack = in->h.seq + 1,
		.wnd = (uint16_t)pw_min(t->cfg.rcv_buf_bytes, UINT16_MAX),
		.flags = PW_TCP_SYN | PW_TCP_ACK,
	};

	o.has |= agreed(t, &in->o);
	if (o.has & PW_OPT_TS) {
		bool ecn = ecn_wanted(t, in->h.flags);

		h.flags |= ecn ? PW_TCP_ECE : 0;
		o.wscale = t->rcv_shift;
		o.ts_val = cookie_ts(t, option_bits(o.has, in->o.wscale, ecn)) +
			   secret_ts_off(t, in->dst, in->src);
		o.ts_ecr = in->o.ts_val;
	}
	h.opt_len = (uint8_t)pw_tcp_put_syn_opts(opts, &o);
	t->cookie_until = t->now + 2 * CLOCK_NS;
	t->stats.cookies_sent++;
	out_bare(t, in->dst, in->src, &h, opts);
}

static uint32_t
mss_index_in(uint32_t isn)
{
	return isn >> MSS_SHIFT & (RTE_DIM(mss_table) - 1);
}

static bool
cookie_good(const struct pw_tcp *t, const struct seg_in *in, uint32_t isn)
{
	uint32_t clock = slow_clock(t);
	uint32_t age = (clock - (isn >> (32 - CLOCK_BITS))) & ((1u << CLOCK_BITS) - 1);

	return age <= 1 && isn == cookie_isn(t, in, in->h.seq - 1, clock - age, mss_index_in(isn));
}

/* What the peer's SYN had said, as far as the cookie could carry it. */
static void
recall_syn(const struct pw_tcp *t, const struct seg_in *in, uint32_t isn, struct seg_in *syn)
{
	struct pw_tcp_opts *o = &syn->o;
	uint32_t bits;

	syn->h.seq = in->h.seq - 1;
	syn->h.flags = PW_TCP_SYN;
	*o = (struct pw_tcp_opts){.has = PW_OPT_MSS, .mss = mss_table[mss_index_in(isn)]};
	if ((in->o.has & PW_OPT_TS) == 0)
		return;
	bits = (in->o.ts_ecr - secret_ts_off(t, in->dst, in->src)) & OPTS_MASK;
	syn->h.flags |= bits & 1 ? PW_TCP_ECE | PW_TCP_CWR : 0;
	o->has |= PW_OPT_TS | (bits & 2 ? PW_OPT_SACK_OK : 0);
	o->ts_val = in->o.ts_val;
	if (bits >> 2 != NO_SHIFT) {
		o->has |= PW_OPT_WSCALE;
		o->wscale = (uint8_t)pw_min(bits >> 2, 14);
	}
}

struct pw_tcp_conn *
cookie_accept(struct pw_tcp *t, const struct listener *l, const struct seg_in *in)
{
	const uint8_t f = in->h.flags & (PW_TCP_SYN | PW_TCP_ACK | PW_TCP_RST);
	uint32_t isn = in->h.ack - 1;
	struct seg_in syn = *in;
	struct pw_tcp_conn *c;

	if (f != PW_TCP_ACK || t->now >= t->cookie_until || t->refusing)
		return NULL;
	if (!cookie_good(t, in, isn)) {
		t->stats.cookies_bad++;
		return NULL;
	}
	c = conn_create(t, in->dst, in->h.dport, in->src, in->h.sport, l->user);
	if (c == NULL)
		return NULL;
	t->stats.cookies_good++;
	c->isn1 = isn + 1;
	conn_set_state(c, PW_TCP_SYN_RCVD);
	recall_syn(t, in, isn, &syn);
	syn_options(c, &syn);
	c->rcv_adv = pw_min(t->cfg.rcv_buf_bytes, UINT16_MAX);
	return c;
}
