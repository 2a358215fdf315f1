/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "content.h"
#include "observer.h"
#include "sum.h"
#include "view.h"

#define MSS_NONE       536 /* of a SYN that says nothing */
#define MSS_NONE_IP6   1220
#define MSS_FLOOR      216 /* smaller ones are refused: docs/conformance.md */
#define PMTU_FLOOR     552 /* the same for what ICMP says */
#define PMTU_FLOOR_IP6 1280
#define ACK_LATEST     (500 * PW_NS_PER_MS) /* RFC 9293 3.8.6.3 */
#define RTO_MAX	       (60 * PW_NS_PER_S)
#define ANSWERS_MAX    2
#define LONG_MAX_BYTES 65535 /* of a segment that the host cuts up itself */
#define ECT0	       2     /* of the IP header: can be marked */
#define CE	       3     /* is marked */
#define ROUNDS_MAX     4     /* with ECE, until CWR leaves: recovery from loss comes first */
#define SLACK	       (2 * PW_NS_PER_MS)

__attribute__((format(printf, 3, 4))) static void
fail(struct obs *o, const char *which, const char *fmt, ...)
{
	char why[160] = "";
	va_list ap;
	int n = 0;

	if (o->about != NULL)
		n = snprintf(why, sizeof(why), "port %u to %u: ", o->about->lport, o->about->rport);
	va_start(ap, fmt);
	vsnprintf(why + n, sizeof(why) - (size_t)n, fmt, ap);
	va_end(ap);
	o->cfg.fail(o->cfg.ctx, which, why);
}

static bool
is_ip6(const struct obs *o)
{
	return !pw_addr_is_v4(&o->cfg.addr);
}

/* Bytes of IP's and TCP's header. */
static uint32_t
hdrs(const struct obs *o)
{
	return is_ip6(o) ? 60 : 40;
}

static uint16_t
mss_none(const struct pw_addr *remote)
{
	return pw_addr_is_v4(remote) ? MSS_NONE : MSS_NONE_IP6;
}

/* The offset that a sequence number stands for, near another one. */
static int64_t
offset(uint32_t seq, uint32_t seq0, int64_t near)
{
	return near + (int32_t)(seq - (seq0 + (uint32_t)near));
}

static bool
both_said(const struct obs_conn *c, uint8_t opt)
{
	return (c->opts_out & c->opts_in & opt) != 0;
}

static struct obs_conn *
find(struct obs *o, const struct pw_addr *remote, uint16_t lport, uint16_t rport)
{
	uint32_t i;

	for (i = 0; i < OBS_CONNS_MAX; i++) {
		struct obs_conn *c = &o->conn[i];

		if (c->used && c->lport == lport && c->rport == rport &&
			pw_addr_eq(&c->remote, remote))
			return c;
	}
	return NULL;
}

static void
conn_reset(struct obs_conn *c, const struct pw_addr *remote, uint16_t lport, uint16_t rport)
{
	*c = (struct obs_conn){
		.used = true,
		.remote = *remote,
		.lport = lport,
		.rport = rport,
		.fin_at = -1,
		.fin_in = -1,
		.head_off = -2,
		.ack_due = PW_NEVER,
		.mss_in = mss_none(remote),
		.pmtu = UINT16_MAX,
	};
}

static struct obs_conn *
find_or_make(struct obs *o, const struct pw_addr *remote, uint16_t lport, uint16_t rport)
{
	struct obs_conn *c = find(o, remote, lport, rport);

	if (c == NULL) {
		c = &o->conn[o->next++ % OBS_CONNS_MAX];
		conn_reset(c, remote, lport, rport);
	}
	return c;
}

/* ---- what arrived ---- */

/* Join [from, to) to what is there already. */
static void
add_range(struct obs_conn *c, int64_t from, int64_t to)
{
	uint32_t i = 0;

	while (i < c->n_ooo) {
		struct obs_range *r = &c->ooo[i];

		if (r->to < from || r->from > to) {
			i++;
			continue;
		}
		from = r->from < from ? r->from : from;
		to = r->to > to ? r->to : to;
		*r = c->ooo[--c->n_ooo];
	}
	if (from <= c->got) {
		c->got = to > c->got ? to : c->got;
		for (i = 0; i < c->n_ooo; i++)
			if (c->ooo[i].from <= c->got) {
				struct obs_range r = c->ooo[i];

				c->ooo[i] = c->ooo[--c->n_ooo];
				add_range(c, r.from, r.to);
				return;
			}
	} else if (c->n_ooo < OBS_RANGES_MAX) {
		c->ooo[c->n_ooo++] = (struct obs_range){from, to};
	} else {
		c->fuzzy = true;
	}
}

static bool
has_range(const struct obs_conn *c, int64_t from, int64_t to)
{
	uint32_t i;

	if (to <= c->got || c->fuzzy)
		return true;
	for (i = 0; i < c->n_ooo; i++)
		if (from >= c->ooo[i].from && to <= c->ooo[i].to)
			return true;
	return false;
}

/* Not older than what came before, by its timestamp? */
static bool
young(const struct obs_conn *c, const struct view *v)
{
	if (!both_said(c, OPT_TS))
		return true;
	return (v->has & OPT_TS) && (!c->has_ts_in || (int32_t)(v->ts_val - c->ts_in) >= 0);
}

/* Is the host bound to look at its acknowledgement (RFC 9293 3.10.7.4)? */
static bool
acceptable(const struct obs_conn *c, const struct view *v)
{
	uint32_t len = v->len + ((v->flags & FIN) != 0);
	int64_t off;

	if (!c->irs_sure || (v->flags & SYN))
		return true;
	off = offset(v->seq, c->irs1, c->got);
	if (len == 0)
		return young(c, v) && (off == c->got || (off > c->got && off < c->adv));
	return young(c, v) && off < c->adv && off + len > c->got;
}

/* ---- congestion marks ---- */

/* RFC 3168 6.1.1: both flags ask, ECE alone agrees. What a SYN that came again says counts
 * as well, for who asked may have given up asking. */
static void
in_syn_ecn(struct obs_conn *c, const struct view *v)
{
	if (v->flags & ACK)
		c->ecn_ok |= c->ecn_asked && (v->flags & (ECE | CWR)) == ECE;
	else
		c->ecn_asked_in = (v->flags & (ECE | CWR)) == (ECE | CWR);
}

static void
out_syn_ecn(struct obs *o, struct obs_conn *c, const struct view *v)
{
	if ((v->flags & ACK) == 0) {
		c->ecn_asked = (v->flags & (ECE | CWR)) == (ECE | CWR);
		if (!c->ecn_asked && (v->flags & (ECE | CWR)))
			fail(o, "S5", "SYN with one of ECE and CWR");
		return;
	}
	/* Who answers by cookies forgets that he agreed to it before; the cookie does not. */
	c->ecn_ok = (v->flags & ECE) != 0 || (c->ecn_ok && o->cfg.cookies);
	if ((v->flags & ECE) && !c->ecn_asked_in)
		fail(o, "S5", "agrees to ECN that nobody asked for");
	if (v->flags & CWR)
		fail(o, "S5", "SYN-ACK with CWR");
}

/* Data has come that may be marked (6.1.3). @p fresh: the host cannot but take it. */
static void
in_marks(const struct obs *o, struct obs_conn *c, const struct view *v, bool fresh)
{
	if (o->cfg.exact_echo) {
		c->may_echo |= v->ecn == CE;
		return;
	}
	if (v->flags & CWR) {
		c->must_echo = false;
		if (fresh)
			c->may_echo = false;
	}
	if (v->ecn == CE) {
		c->may_echo = true;
		c->must_echo |= fresh;
	}
}

/* An acknowledgement says that something was marked (6.1.2). */
static void
in_echo(struct obs *o, struct obs_conn *c, const struct view *v, int64_t ack)
{
	if (!c->ecn_ok || (v->flags & (ECE | SYN)) != ECE || !acceptable(c, v))
		return;
	if (!c->reduce) {
		c->reduce = true;
		c->n_rounds = 0;
		c->reduce_at = c->sent;
	} else if (ack > c->reduce_at) {
		c->reduce_at = c->sent;
		if (++c->n_rounds > ROUNDS_MAX)
			fail(o, "S4", "ECE in %u round trips, and no CWR", c->n_rounds);
	}
}

/* Both ends are through: what still answers is TIME-WAIT, which remembers no marks. */
static bool
is_over(const struct obs_conn *c)
{
	return c->fin_at >= 0 && c->acked > c->fin_at && c->fin_in >= 0 && c->got > c->fin_in;
}

static void
check_marks(struct obs *o, struct obs_conn *c, const struct view *v)
{
	bool is_new = v->len > 0 && offset(v->seq, c->isn1, c->sent) >= c->sent;

	if (!c->ecn_ok) {
		if (v->ecn != 0 || (v->flags & (ECE | CWR)))
			fail(o, "S5", "ECN was not agreed on");
		return;
	}
	if (v->ecn != 0 && !is_new)
		fail(o, "S5", "what is not new data says that it can be marked");
	if ((v->flags & CWR) && !is_new)
		fail(o, "S5", "CWR on what is not new data");
	if ((v->flags & ECE) && !c->may_echo)
		fail(o, "S5", "ECE for a mark that never came");
	if ((v->flags & ECE) == 0 && c->must_echo && !is_over(c))
		fail(o, "S5", "a mark is not echoed");
	if (v->flags & CWR)
		c->reduce = false;
}

/* The SYN is the one that this connection began with. */
static void
begin_with(struct obs_conn *c, const struct obs_syn *syn)
{
	c->has_irs = true;
	c->irs1 = syn->irs1;
	c->got = c->told = c->adv = 0;
	c->n_ooo = 0;
	c->fin_in = -1;
	c->opts_in = syn->opts;
	c->shift_in = syn->shift;
	c->mss_in = syn->opts & OPT_MSS ? syn->mss : mss_none(&c->remote);
	c->edge = syn->wnd;
	c->ecn_asked_in = syn->ecn;
	c->has_ts_in = (syn->opts & OPT_TS) != 0;
	c->ts_in = syn->ts;
}

static struct obs_syn *
find_syn(struct obs_conn *c, uint32_t irs1)
{
	uint32_t i;

	for (i = 0; i < OBS_SYNS_MAX; i++)
		if (c->syn[i].used && c->syn[i].irs1 == irs1)
			return &c->syn[i];
	return NULL;
}

static void
in_syn(struct obs_conn *c, const struct view *v)
{
	struct obs_syn *syn = find_syn(c, v->seq + 1);

	if (syn == NULL) {
		memmove(c->syn + 1, c->syn, sizeof(c->syn) - sizeof(c->syn[0]));
		syn = c->syn;
		*syn = (struct obs_syn){.used = true,
			.irs1 = v->seq + 1,
			.opts = v->has,
			.shift = v->shift,
			.mss = v->mss,
			.wnd = v->wnd,
			.ts = v->ts_val};
	}
	if ((v->flags & ACK) == 0)
		syn->ecn = (v->flags & (ECE | CWR)) == (ECE | CWR);
	if (!c->irs_sure && (!c->has_irs || c->irs1 != syn->irs1))
		begin_with(c, syn);
	if (c->has_irs && c->irs1 == syn->irs1)
		in_syn_ecn(c, v);
}

/* @return the acknowledgement was possible */
static bool
in_ack(struct obs_conn *c, const struct view *v)
{
	int64_t ack;
	uint32_t shift;

	/* RFC 9293 3.10.7.4: RST is judged, and done with, before ACK is looked at. */
	if ((v->flags & (ACK | RST)) != ACK || !c->has_isn)
		return false;
	ack = offset(v->ack, c->isn1, c->sent);
	if (ack > c->sent)
		return false;
	shift = (v->flags & SYN) == 0 && both_said(c, OPT_SCALE) ? c->shift_in : 0;
	if (ack + ((int64_t)v->wnd << shift) > c->edge)
		c->edge = ack + ((int64_t)v->wnd << shift);
	if (ack == 0 && c->sent > 0 && v->len == 0 && (v->flags & (SYN | FIN)) == 0)
		c->n_dups++;
	if (ack > c->acked_most)
		c->acked_most = ack;
	if (ack > c->acked && acceptable(c, v))
		c->acked = ack;
	c->sacked |= (v->has & OPT_SACK) != 0;
	return true;
}

/* Data that the host has not had, and that it cannot but take. */
static bool
is_fresh(const struct obs_conn *c, const struct view *v, int64_t off)
{
	return c->irs_sure && v->len > 0 && c->fin_in < 0 && off >= c->got && off < c->adv &&
	       !c->fuzzy && !has_range(c, off, off + v->len) &&
	       offset(v->ack, c->isn1, c->sent) >= c->acked;
}

static void
in_data(const struct obs *o, struct obs_conn *c, const struct view *v, bool expected, pw_ns now)
{
	int64_t off = offset(v->seq, c->irs1, c->got), before = c->got;

	expected = expected && young(c, v);
	in_marks(o, c, v, expected && is_fresh(c, v, off));
	if (v->flags & FIN) {
		c->fin_in = off + v->len;
		add_range(c, off, off + v->len + 1);
	} else if (v->len > 0) {
		add_range(c, off, off + v->len);
	}
	if (expected && c->irs_sure && c->got > before && c->got <= c->adv &&
		c->ack_due == PW_NEVER)
		c->ack_due = pw_max(now, o->odd_until) + ACK_LATEST;
}

/* Too big, says a router: believed when it quotes what is in flight. */
static void
in_icmp(struct obs *o, const uint8_t *p, uint32_t len)
{
	bool ip6 = is_ip6(o);
	uint32_t hlen = view_hlen(p);
	const uint8_t *q = p + hlen + 8, *t = q + hlen;
	struct pw_addr to;
	struct obs_conn *c;
	uint32_t mtu;
	int64_t off;

	if (len < 2 * hlen + 16 || !view_is(p, len, 1, 58) || sum_icmp(p, len) != 0 ||
		p[hlen] != (ip6 ? 2 : 3) || p[hlen + 1] != (ip6 ? 0 : 4) ||
		q[0] >> 4 != (ip6 ? 6 : 4) || q[ip6 ? 6 : 9] != 6)
		return;
	to = view_addr(q, true);
	c = find(o, &to, view_16(t), view_16(t + 2));
	if (c == NULL || !c->has_isn)
		return;
	off = offset(view_32(t + 4), c->isn1, c->acked);
	mtu = ip6 ? view_32(p + hlen + 4) : view_16(p + hlen + 6);
	mtu = (uint32_t)pw_max(mtu, ip6 ? PMTU_FLOOR_IP6 : PMTU_FLOOR);
	if (off >= c->acked && off < c->sent && mtu < c->pmtu)
		c->pmtu = (uint16_t)mtu;
	c->n_heads = 0;
}

/* Several packets may come before the host's turn: each has its answers. */
static void
begin_answers(struct obs *o)
{
	uint32_t i;

	if (o->answering)
		return;
	o->answering = true;
	for (i = 0; i < OBS_CONNS_MAX; i++) {
		o->conn[i].asked = false;
		o->conn[i].n_answers = 0;
	}
}

void
obs_in(struct obs *o, const uint8_t *p, uint32_t len, pw_ns now)
{
	struct obs_conn *c;
	struct view v;
	bool expected;

	begin_answers(o);
	in_icmp(o, p, len);
	if (!view_read(p, len, &v) || !pw_addr_eq(&v.dst, &o->cfg.addr))
		return;
	c = v.flags & SYN ? find_or_make(o, &v.src, v.dport, v.sport)
			  : find(o, &v.src, v.dport, v.sport);
	if (c == NULL)
		return;
	c->n_heads = 0;	   /* it may have changed anything */
	if (v.flags & RST) /* where it stands exactly it ends the connection, silently */
		c->ack_due = PW_NEVER;
	if (v.flags & SYN) {
		in_syn(c, &v);
		c->renewed |= c->dead;
	}
	expected = in_ack(c, &v);
	if (expected)
		in_echo(o, c, &v, offset(v.ack, c->isn1, c->sent));
	if (c->has_irs && (v.flags & (SYN | RST)) == 0)
		in_data(o, c, &v, expected, now);
	if ((v.has & OPT_TS) && (!c->has_ts_in || (int32_t)(v.ts_val - c->ts_in) > 0)) {
		c->has_ts_in = true;
		c->ts_in = v.ts_val;
	}
}

/* ---- what leaves ---- */

static void
out_datagram(struct obs *o, const uint8_t *p, uint32_t len)
{
	bool ip6 = is_ip6(o);
	const uint8_t *t = p + (ip6 ? 40 : 20);
	struct pw_addr src = view_addr(p, false);

	if (len < hdrs(o) || (p[0] >> 4 == 6) != ip6 || !view_is(p, len, 6, 6))
		fail(o, "S5", "datagram of %u bytes with a wrong IP header", len);
	else if (len > o->cfg.mtu)
		fail(o, "S5", "datagram of %u bytes, MTU %u", len, o->cfg.mtu);
	else if (sum_tcp(p, len) != 0)
		fail(o, "S5", "checksum wrong");
	else if ((!ip6 && view_16(p + 6) != 0x4000) || p[ip6 ? 7 : 8] < 64 ||
		 (view_tos(p) & ~ECT0) != 0)
		fail(o, "S5", "flags %04x, TTL %u, TOS %02x", view_16(p + 6), p[ip6 ? 7 : 8],
			view_tos(p));
	else if (!pw_addr_eq(&src, &o->cfg.addr))
		fail(o, "S5", "source address is not the host's");
	else if ((t[12] & 15) != 0 || (t[13] & URG) != 0)
		fail(o, "S5", "reserved bits or flags %02x set", t[13]);
}

static void
out_syn(struct obs *o, const struct view *v)
{
	struct obs_conn *c = find_or_make(o, &v->dst, v->sport, v->dport);

	if (c->has_isn && (c->isn1 != v->seq + 1 || c->renewed)) {
		/* Another connection of the same name; where a plan has fixed the number that
		 * connections begin with, of the same number as well. */
		struct obs_syn syn[OBS_SYNS_MAX];

		memcpy(syn, c->syn, sizeof(syn));
		conn_reset(c, &v->dst, v->sport, v->dport);
		memcpy(c->syn, syn, sizeof(syn));
	}
	if ((v->flags & ACK) && (!c->has_irs || c->irs1 != v->ack) && !c->irs_sure) {
		const struct obs_syn *syn = find_syn(c, v->ack);

		if (syn != NULL)
			begin_with(c, syn);
	}
	if (v->len > 0)
		fail(o, "S2", "data on a SYN");
	if (!c->has_isn) {
		c->has_isn = true;
		c->isn1 = v->seq + 1;
		c->sent = c->acked = 0;
	}
	/* Who answers by cookies cannot know how often he did. */
	c->syn_again |= !o->cfg.cookies && (c->syn_kinds & (v->flags & ACK ? 2 : 1)) != 0;
	c->syn_kinds |= v->flags & ACK ? 2 : 1;
	out_syn_ecn(o, c, v);
	c->opts_out = v->has;
	c->shift_out = v->shift;
	c->adv = v->wnd;
	if (v->flags & ACK) {
		if (!c->has_irs || v->ack != c->irs1)
			fail(o, "S3", "SYN-ACK for a SYN that never came");
		c->irs_sure = true;
	}
}

static void
out_rst(struct obs *o, const struct view *v)
{
	struct obs_conn *c = find(o, &v->dst, v->sport, v->dport);

	if (c == NULL)
		return;
	c->ack_due = PW_NEVER;
	if ((v->flags & ACK) && c->has_isn && c->irs_sure && v->seq == c->isn1 + (uint32_t)c->sent)
		c->dead = true;
}

static void
check_options(struct obs *o, struct obs_conn *c, const struct view *v)
{
	uint32_t i;

	if (both_said(c, OPT_TS) != ((v->has & OPT_TS) != 0))
		fail(o, "S5", "timestamps %s", v->has & OPT_TS ? "not agreed on" : "missing");
	if (v->has & (OPT_MSS | OPT_SCALE | OPT_SACK_OK))
		fail(o, "S5", "an option of SYNs elsewhere");
	if ((v->has & OPT_SACK) && !both_said(c, OPT_SACK_OK))
		fail(o, "S5", "SACK not agreed on");
	for (i = 0; i < v->n_sack; i++) {
		int64_t l = offset(v->sack[i][0], c->irs1, c->got);
		int64_t r = offset(v->sack[i][1], c->irs1, c->got);

		if (l >= r || !has_range(c, l, r))
			fail(o, "S3", "SACK [%ld, %ld) of what never came", (long)l, (long)r);
	}
	if ((v->has & OPT_TS) == 0)
		return;
	if (c->has_ts && (int32_t)(v->ts_val - c->ts_last) < 0)
		fail(o, "S3", "timestamp went back");
	if (!c->has_ts_in || (int32_t)(v->ts_ecr - c->ts_in) > 0)
		fail(o, "S3", "echoes a timestamp that never came");
	c->has_ts = true;
	c->ts_last = v->ts_val;
}

static void
check_ack(struct obs *o, struct obs_conn *c, const struct view *v)
{
	int64_t ack = offset(v->ack, c->irs1, c->told), edge;
	uint32_t shift = both_said(c, OPT_SCALE) ? c->shift_out : 0;

	/* A cookie that came back once more has opened once more: all begins anew. */
	if (ack < c->told && c->dead && o->cfg.cookies)
		c->told = c->adv = ack;
	if (ack < c->told)
		fail(o, "S3", "RCV.NXT went back from %ld to %ld", (long)c->told, (long)ack);
	if (ack > c->got && !c->fuzzy)
		fail(o, "S3", "acknowledges %ld, but only %ld came", (long)ack, (long)c->got);
	edge = ack + ((int64_t)v->wnd << shift);
	if (edge + ((int64_t)1 << shift) <= c->adv)
		fail(o, "S3", "right edge went back from %ld to %ld", (long)c->adv, (long)edge);
	c->told = ack;
	c->adv = edge > c->adv ? edge : c->adv;
	c->ack_due = PW_NEVER;
}

static uint32_t
mss_of(const struct obs *o, const struct obs_conn *c)
{
	uint32_t mss = c->mss_in < MSS_FLOOR ? MSS_FLOOR : c->mss_in;

	return (uint32_t)pw_min(mss, pw_min(o->cfg.mtu, c->pmtu) - hdrs(o));
}

/* RFC 6928; RFC 5681 3.1 when a SYN was sent again; and one segment as tail loss probe.
 * Each duplicate ACK says that one has left the network, and lets one more go (RFC 3042,
 * RFC 5681 3.2 step 4). */
static void
check_initial_window(struct obs *o, const struct obs_conn *c, int64_t end)
{
	int64_t mss = (int64_t)pw_min(pw_max(c->mss_in, MSS_FLOOR), o->cfg.mtu - hdrs(o));
	int64_t segs = (c->syn_again ? 1 : (int64_t)o->cfg.init_window) + 1 + c->n_dups;

	if (c->acked == 0 && !c->sacked && end > segs * mss + 1)
		fail(o, "S4", "initial window: %ld bytes before the first ACK", (long)end);
}

/* RFC 6298 5.5: when nothing was heard in between, each wait is twice the last. */
static void
check_backoff(struct obs *o, struct obs_conn *c, int64_t off, pw_ns now)
{
	if (off != c->acked || now < o->odd_until)
		return;
	if (c->head_off != off)
		c->n_heads = 0;
	c->head_off = off;
	if (c->n_heads >= 2) {
		pw_ns before = c->head_at[1] - c->head_at[0], wait = now - c->head_at[1];

		if (wait + SLACK < 2 * before && wait + SLACK < RTO_MAX)
			fail(o, "S7", "time-out not doubled: %lu ms after %lu ms",
				(unsigned long)(wait / PW_NS_PER_MS),
				(unsigned long)(before / PW_NS_PER_MS));
		c->head_at[0] = c->head_at[1];
		c->head_at[1] = now;
	} else {
		c->head_at[c->n_heads++] = now;
	}
}

static void
check_stream(struct obs *o, struct obs_conn *c, const struct view *v, int64_t off, int64_t end)
{
	uint32_t which = o->cfg.content(o->cfg.ctx, v->sport, v->dport);

	if (end > c->edge)
		fail(o, "S2", "sends up to %ld, right edge ever offered is %ld", (long)end,
			(long)c->edge);
	if (off < c->acked && end <= c->acked)
		fail(o, "S9", "sends [%ld, %ld) again, acknowledged up to %ld", (long)off,
			(long)end, (long)c->acked);
	if (off > c->sent && off > c->refused)
		fail(o, "S2", "skips from %ld to %ld", (long)c->sent, (long)off);
	if (off < 0 || memcmp(v->data, content_at(which, (pw_off)off), v->len) != 0)
		fail(o, "S10", "bytes at %ld are not those of the stream", (long)off);
	if (c->fin_at >= 0 &&
		(off + v->len > c->fin_at || ((v->flags & FIN) && off + v->len != c->fin_at)))
		fail(o, "S1", "stream goes on after its FIN at %ld", (long)c->fin_at);
	if (v->flags & FIN)
		c->fin_at = off + v->len;
}

static void
out_stream(struct obs *o, struct obs_conn *c, const struct view *v, pw_ns now)
{
	int64_t off = offset(v->seq, c->isn1, c->sent);
	int64_t end = off + v->len + ((v->flags & FIN) != 0);

	if (v->len + v->opt_len > mss_of(o, c))
		fail(o, "S5", "%u bytes and %u of options, MSS %u", v->len, v->opt_len,
			mss_of(o, c));
	if (end == off) {
		bool at_end = off == c->sent || (off > c->sent && off <= c->refused);

		/* A cookie that comes back once more opens once more, at the beginning. */
		at_end |= off == 0 && c->dead && o->cfg.cookies;
		/* A probe repeats the last byte that was acknowledged. */
		if (!at_end && (off < c->acked - 1 || off >= c->acked_most))
			fail(o, "S2", "empty segment at %ld of %ld", (long)off, (long)c->sent);
		return;
	}
	check_stream(o, c, v, off, end);
	if (off < c->sent)
		check_backoff(o, c, off, now);
	o->sent_bytes += v->len;
	if (off < c->sent) {
		o->rtx_bytes += (uint64_t)(c->sent < end ? c->sent - off : end - off);
		if (o->cfg.clean)
			fail(o, "S9", "sends [%ld, %ld) again on a perfect link", (long)off,
				(long)end);
	}
	if (end > c->sent) {
		check_initial_window(o, c, end);
		c->sent = end;
	}
}

/* Room that the reader has made: his doing, not the packet's. */
static bool
tells_of_room(const struct obs_conn *c, const struct view *v)
{
	uint32_t shift;

	if (c == NULL || !c->has_irs || (v->flags & (ACK | RST)) != ACK)
		return false;
	shift = both_said(c, OPT_SCALE) ? c->shift_out : 0;
	return v->ack == c->irs1 + (uint32_t)c->told &&
	       c->told + ((int64_t)v->wnd << shift) >= c->adv + MSS_FLOOR;
}

/* S11: no packet makes us say more than a little, data and windows apart. */
static void
out_answer(struct obs *o, struct obs_conn *c, const struct view *v)
{
	if (v->len > 0 || (v->flags & (SYN | FIN)) || c == NULL || !o->answering || !c->asked ||
		tells_of_room(c, v))
		return;
	if (c->n_answers == 0)
		fail(o, "S11", "more than %u answers to a packet", ANSWERS_MAX);
	else
		c->n_answers--;
}

void
obs_out(struct obs *o, const uint8_t *p, uint32_t len, pw_ns now)
{
	struct obs_conn *c;
	struct view v;

	o->about = NULL;
	out_datagram(o, p, len);
	if (!view_read(p, len, &v))
		return;
	c = find(o, &v.dst, v.sport, v.dport);
	o->about = c;
	out_answer(o, c, &v);
	if (v.flags & RST) {
		out_rst(o, &v);
		return;
	}
	if (v.flags & SYN) {
		out_syn(o, &v);
		return;
	}
	if (c == NULL || !c->has_isn || !c->has_irs) {
		fail(o, "S1", "segment of a connection that was never opened");
		return;
	}
	/* A cookie that comes back once more opens once more. */
	if (c->dead && !o->cfg.cookies)
		fail(o, "S1", "segment after RST");
	if ((v.flags & ACK) == 0)
		fail(o, "S5", "no ACK bit");
	c->irs_sure = true;
	check_options(o, c, &v);
	check_marks(o, c, &v);
	check_ack(o, c, &v);
	out_stream(o, c, &v, now);
}

/* ---- time ---- */

void
obs_tick(struct obs *o, pw_ns now)
{
	uint32_t i;

	o->answering = false;
	for (i = 0; i < OBS_CONNS_MAX; i++)
		if (o->conn[i].used && o->conn[i].ack_due < now) {
			o->about = &o->conn[i];
			o->conn[i].ack_due = PW_NEVER;
			fail(o, "S8", "data not acknowledged within 500 ms");
		}
}

/* The first part of a long segment may have left: then the rest counts as sent, and is
 * as good as lost on the wire. So is an ACK. */
void
obs_not_sent(struct obs *o, const uint8_t *p, uint32_t len, pw_ns now)
{
	struct obs_conn *c;
	struct view v;

	obs_hiccup(o, now);
	if (!view_read(p, len, &v))
		return;
	c = find(o, &v.dst, v.sport, v.dport);
	if (c == NULL)
		return;
	c->ack_due = PW_NEVER;
	if (c->has_isn && v.len > 0)
		c->refused = offset(v.seq, c->isn1, c->sent) + LONG_MAX_BYTES;
}

void
obs_hiccup(struct obs *o, pw_ns until)
{
	uint32_t i;

	o->odd_until = pw_max(until, o->odd_until);
	for (i = 0; i < OBS_CONNS_MAX; i++) {
		struct obs_conn *c = &o->conn[i];

		c->n_heads = 0;
		if (c->ack_due != PW_NEVER)
			c->ack_due = o->odd_until + ACK_LATEST;
	}
}

void
obs_forget(struct obs *o)
{
	memset(o->conn, 0, sizeof(o->conn));
	o->next = 0;
}

void
obs_init(struct obs *o, const struct obs_cfg *cfg)
{
	*o = (struct obs){.cfg = *cfg};
}
