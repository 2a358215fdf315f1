/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * TCP with connections up to date: the input says how they were opened, and then
 * what a peer, the user, the clock and the way out do, one step after the other.
 * Segments are edits of the segment that would be right, their checksums mended.
 * See docs/fuzzing.md for the oracle.
 */
#include "fuzz.h"
#include "../unit/tcp/check.h"
#include "pw_wire_cksum.h"
#include "tcp_priv.h"

#define OUR_PORT   80
#define LANES	   4 /* ports of the peer */
#define LIVE_MAX   16
#define STEPS_MAX  400
#define SEND_TOTAL (512 * 1024)
#define TURNS_MAX  5000
#define TAKE_ALL   UINT32_MAX

/** One port of the peer, and what it knows of us. */
struct lane {
	uint16_t port;
	uint32_t snd;	 /**< its next sequence number */
	uint32_t nxt;	 /**< ours, as far as it has seen */
	uint32_t edge;	 /**< what it has offered at most */
	uint32_t adv;	 /**< what we have offered at most */
	uint32_t ts_ecr; /**< our latest timestamp */
	bool edge_known;
	bool adv_known;
};

enum callback {
	CB_OPEN,
	CB_RECV,
	CB_EOF,
	CB_SOURCE,
	CB_ACKED,
	CB_TIMER,
	CB_GONE,
	CB_MAX
};

/** In the room of each connection. */
struct user {
	pw_off acked;
	uint64_t received;
	bool shut;
	bool eof;
};

/** What the SYNs of the peer say. */
struct peer {
	uint16_t mss;
	uint16_t wnd;
	uint8_t wscale;
	bool has_wscale;
	bool sack;
	bool ts;
};

static struct rig {
	struct pw_tcp *t;
	pw_ns now;
	struct pw_addr us;
	struct pw_addr him;
	struct peer peer;
	struct lane lane[LANES];
	struct pw_tcp_conn *live[LIVE_MAX];
	uint32_t n_live;
	uint32_t way_room; /**< segments that the way out still takes; UINT32_MAX: all */
	uint32_t n_empty;  /**< segments that carry nothing, since the last step */
	uint32_t take_at_most;
	uint32_t source_at_most;
	bool source_dry;
	bool open_says_no;
	bool refused; /**< the way out was full at some time */
	uint64_t total_sent;
	uint8_t act[CB_MAX]; /**< what the next callback of the kind does; 0: nothing */
} rig;

static const uint8_t *
our_bytes(pw_off off)
{
	return fuzz_stream(off);
}

/* By sequence number: one that wraps changes nothing. */
static const uint8_t *
his_bytes(uint32_t seq)
{
	return fuzz_stream(seq + 5555u);
}

static struct lane *
lane_of(uint16_t port)
{
	FUZZ_ASSERT(port >= 40000 && port < 40000 + LANES);
	return &rig.lane[port - 40000];
}

static struct pw_tcp_conn *
conn_of(const struct lane *l)
{
	return conn_find(rig.t, &rig.us, OUR_PORT, &rig.him, l->port);
}

/* ---- the way out ---- */

static void
check_bytes(const struct pw_tcp_conn *c, const struct pw_tcp_seg *seg)
{
	int64_t off = off_near(seg->hdr.seq, c->isn1, c->snd_una);
	uint32_t i, n = 0;

	for (i = 0; i < seg->n_spans; i++) {
		const struct pw_span *s = &seg->spans[i];

		FUZZ_ASSERT(memcmp(s->addr, our_bytes((pw_off)off + n), s->len) == 0);
		n += s->len;
	}
	FUZZ_ASSERT(n == seg->len);
}

/* S3: the right edge that we offer never goes back, but for what the scale cuts off. */
static void
check_offer(struct lane *l, const struct pw_tcp_conn *c, const struct pw_tcp_hdr *h)
{
	uint8_t shift = h->flags & PW_TCP_SYN || c == NULL ? 0 : c->rcv_shift;
	uint32_t adv = h->ack + ((uint32_t)h->wnd << shift);

	if (h->flags & PW_TCP_SYN)
		l->adv_known = false;
	if ((h->flags & PW_TCP_ACK) == 0 || (c == NULL && (h->flags & PW_TCP_SYN) == 0))
		return;
	if (!l->adv_known)
		l->adv = adv;
	l->adv_known = true;
	FUZZ_ASSERT((int32_t)(adv + (1u << shift) - l->adv) > 0);
	if (seq_before(l->adv, adv))
		l->adv = adv;
}

static void
learn(struct lane *l, const struct pw_tcp_seg *seg)
{
	uint8_t f = seg->hdr.flags;
	uint32_t end = seg->hdr.seq + seg->len + ((f & PW_TCP_FIN) != 0);
	struct pw_tcp_opts o;

	pw_tcp_parse_opts(seg->opts, seg->hdr.opt_len, &o);
	if (o.has & PW_OPT_TS)
		l->ts_ecr = o.ts_val;
	if (f & PW_TCP_SYN)
		l->nxt = end + 1;
	else if ((f & PW_TCP_RST) == 0 && seq_before(l->nxt, end))
		l->nxt = end;
}

static int
on_send(void *ctx, const struct pw_tcp_seg *seg)
{
	struct lane *l = lane_of(seg->hdr.dport);
	const struct pw_tcp_conn *c = conn_of(l);
	uint32_t room = seg->len + ((seg->hdr.flags & PW_TCP_FIN) != 0);

	if (rig.way_room == 0) {
		rig.refused = true;
		return -ENOBUFS;
	}
	rig.way_room -= rig.way_room != UINT32_MAX;
	check_segment(rig.t, seg);
	rig.n_empty += room == 0;
	if (seg->hdr.flags & PW_TCP_RST)
		return 0;
	check_offer(l, c, &seg->hdr);
	if (room > 0) { /* S2: never beyond what he has offered */
		FUZZ_ASSERT(c != NULL && l->edge_known);
		FUZZ_ASSERT((int32_t)(seg->hdr.seq + room - l->edge) <= 0);
		check_bytes(c, seg);
	}
	learn(l, seg);
	return 0;
}

static const struct pw_tcp_env env = {.send = on_send};

/* ---- the user ---- */

static void
live_add(struct pw_tcp_conn *c)
{
	FUZZ_ASSERT(rig.n_live < LIVE_MAX);
	rig.live[rig.n_live++] = c;
}

static bool
live_remove(const struct pw_tcp_conn *c)
{
	uint32_t i;

	for (i = 0; i < rig.n_live; i++)
		if (rig.live[i] == c) {
			rig.live[i] = rig.live[--rig.n_live];
			return true;
		}
	return false;
}

static bool
is_live(const struct pw_tcp_conn *c)
{
	uint32_t i;

	for (i = 0; i < rig.n_live; i++)
		if (rig.live[i] == c)
			return true;
	return false;
}

static void
send_some(struct pw_tcp_conn *c, uint32_t n)
{
	struct user *u = pw_tcp_room(c);

	if (u->shut || rig.total_sent + n > SEND_TOTAL)
		return;
	rig.total_sent += n;
	pw_tcp_send(c, n);
}

enum deed {
	DO_NOTHING,
	DO_SEND,
	DO_SHUTDOWN,
	DO_CLOSE,
	DO_ABORT,
	DO_RESUME,
	DO_TIMER,
	DO_TIMER_OFF,
	DO_DRY,
	DO_WET,
	DO_TAKE,
	DO_LEND,
	DO_OPEN_NO,
	DO_MAX
};

static void
do_deed(struct pw_tcp_conn *c, uint8_t what, uint32_t arg)
{
	struct user *u = pw_tcp_room(c);

	switch (what % DO_MAX) {
	case DO_SEND:
		send_some(c, arg);
		break;
	case DO_SHUTDOWN:
		u->shut = true;
		pw_tcp_shutdown(c);
		break;
	case DO_CLOSE:
		u->shut = true;
		pw_tcp_close(c);
		break;
	case DO_ABORT:
		pw_tcp_abort(c, rig.now);
		break;
	case DO_RESUME:
		pw_tcp_resume(c);
		break;
	case DO_TIMER:
		pw_tcp_set_timer(c, rig.now + fuzz_ns((uint8_t)arg));
		break;
	case DO_TIMER_OFF:
		pw_tcp_set_timer(c, PW_NEVER);
		break;
	case DO_DRY:
		rig.source_dry = true;
		break;
	case DO_WET:
		rig.source_dry = false;
		pw_tcp_resume(c);
		break;
	case DO_TAKE:
		rig.take_at_most = arg < 65535 ? arg : TAKE_ALL;
		break;
	case DO_LEND:
		rig.source_at_most = arg;
		break;
	case DO_OPEN_NO:
		rig.open_says_no = true;
		break;
	}
}

/* What the input has ordered for this callback: on this connection, or, with the
 * highest bit or where this one is gone, on another. */
static void
act_in(enum callback cb, struct pw_tcp_conn *c)
{
	uint8_t what = rig.act[cb];
	uint32_t i;

	rig.act[cb] = 0;
	if (what == 0)
		return;
	for (i = 0; (what & 0x80 || cb == CB_GONE) && i < rig.n_live; i++)
		if (rig.live[i] != c)
			c = rig.live[i];
	if (is_live(c))
		do_deed(c, what & 0x7f, 3000);
}

static bool
on_open(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	bool no = rig.open_says_no;

	if (!is_live(c))
		live_add(c);
	act_in(CB_OPEN, c);
	rig.open_says_no = false;
	if (no && is_live(c))
		live_remove(c);
	return !no;
}

static uint32_t
on_recv(void *ctx, struct pw_tcp_conn *c, const uint8_t *data, uint32_t len, pw_ns now)
{
	struct user *u = pw_tcp_room(c);
	struct lane *l = lane_of(c->rport);
	uint32_t seq = c->irs1 + (uint32_t)u->received;
	uint32_t n = (uint32_t)pw_min(len, rig.take_at_most);

	FUZZ_ASSERT(is_live(c) && len > 0 && !u->eof);
	/* An offer that the way out did not take counts as made; and a SYN, which makes
	 * the first one, has no ACK to count from. */
	FUZZ_ASSERT(rig.refused || !l->adv_known || (int32_t)(seq + len - l->adv) <= 0);
	FUZZ_ASSERT(memcmp(data, his_bytes(seq), len) == 0); /* S1 */
	u->received += n;
	act_in(CB_RECV, c);
	return n;
}

static void
on_eof(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct user *u = pw_tcp_room(c);

	FUZZ_ASSERT(is_live(c) && !u->eof);
	u->eof = true;
	act_in(CB_EOF, c);
}

static uint32_t
on_source(void *ctx, struct pw_tcp_conn *c, pw_off off, uint32_t len, struct pw_span *spans,
	uint32_t *n)
{
	struct user *u = pw_tcp_room(c);

	FUZZ_ASSERT(is_live(c) && len > 0 && len <= FUZZ_STREAM_PERIOD);
	FUZZ_ASSERT(off >= u->acked && off + len <= pw_tcp_sent_end(c));
	act_in(CB_SOURCE, c);
	if (rig.source_dry)
		return 0;
	if (rig.source_at_most != 0)
		len = (uint32_t)pw_min(len, rig.source_at_most);
	spans[0] = (struct pw_span){our_bytes(off), len / 2, PW_PAGE_NONE};
	spans[1] = (struct pw_span){our_bytes(off + len / 2), len - len / 2, PW_PAGE_NONE};
	*n = 2;
	return len;
}

static void
on_acked(void *ctx, struct pw_tcp_conn *c, pw_off una, pw_ns now)
{
	struct user *u = pw_tcp_room(c);

	FUZZ_ASSERT(is_live(c) && una >= u->acked && una <= pw_tcp_sent_end(c));
	u->acked = una;
	act_in(CB_ACKED, c);
}

static void
on_timer(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	FUZZ_ASSERT(is_live(c));
	act_in(CB_TIMER, c);
}

static void
on_gone(void *ctx, struct pw_tcp_conn *c, enum pw_tcp_end why, pw_ns now)
{
	FUZZ_ASSERT(live_remove(c) && why < PW_TCP_END_MAX);
	act_in(CB_GONE, c);
}

static const struct pw_tcp_app app = {
	.open = on_open,
	.recv = on_recv,
	.eof = on_eof,
	.source = on_source,
	.acked = on_acked,
	.timer = on_timer,
	.gone = on_gone,
};

/* ---- the clock ---- */

static void
turn(void)
{
	pw_tcp_run(rig.t, rig.now);
	check_turn(rig.t, rig.way_room == 0);
}

/* Let time pass, with a turn for whatever falls due on the way. */
static void
wait_until(pw_ns end)
{
	uint32_t again = 0, turns = 0;
	pw_ns begin = rig.now;

	turn();
	while (rig.way_room > 0 && pw_tcp_next(rig.t) <= end) {
		pw_ns next = pw_tcp_next(rig.t);

		/* More to do at once is all right, but not for ever. */
		again = next <= rig.now ? again + 1 : 0;
		rig.now = again > 64 ? rig.now + PW_NS_PER_MS : pw_max(rig.now, next);
		if (rig.now > end)
			break;
		turn();
		/* Else some timer runs in a circle; RTO and persist do for good, once a minute. */
		FUZZ_ASSERT(turns++ < TURNS_MAX + (rig.now - begin) / PW_NS_PER_S);
	}
	rig.now = pw_max(rig.now, end);
	turn();
}

/* ---- the peer ---- */

/* What an ACK offers, if it is one that counts; before TCP has looked at it. */
static void
note_edge(struct lane *l, const struct pw_tcp_conn *c, const struct pw_tcp_hdr *h)
{
	uint32_t edge;

	if (c == NULL || !synchronised(c) || (h->flags & PW_TCP_ACK) == 0 ||
		seq_before(h->ack, snd_seq(c, c->snd_una)) ||
		seq_before(snd_seq(c, c->snd_nxt), h->ack))
		return;
	edge = h->ack + ((uint32_t)h->wnd << c->snd_shift);
	if (!l->edge_known || seq_before(l->edge, edge))
		l->edge = edge;
	l->edge_known = true;
}

/* The same for a handshake: afterwards, when there is a connection, new or not. */
static void
note_first_edge(struct lane *l, const struct pw_tcp_hdr *h, bool is_new)
{
	const struct pw_tcp_conn *c = conn_of(l);
	uint8_t shift = h->flags & PW_TCP_SYN ? 0 : 14;
	uint32_t edge;

	if (c == NULL)
		return;
	if (shift != 0)
		shift = c->snd_shift;
	edge = c->isn1 + ((uint32_t)h->wnd << shift);
	if (is_new || !l->edge_known || seq_before(l->edge, edge) || (h->flags & PW_TCP_SYN))
		l->edge = edge;
	l->edge_known = true;
}

static void
feed(struct lane *l, struct pw_tcp_hdr h, const uint8_t *opts, uint32_t len, bool bad_cksum)
{
	uint8_t *bytes = malloc(PW_TCP_HLEN_MIN + h.opt_len + len);
	struct pw_tcp_pkt pkt = {.src = rig.him, .dst = rig.us, .l4 = bytes};
	const struct pw_tcp_conn *c = conn_of(l);
	bool synced = c != NULL && synchronised(c);
	bool open_way = rig.way_room > 1024;
	uint32_t hlen, seq = h.seq + ((h.flags & PW_TCP_SYN) != 0);
	uint16_t sum;

	h.sport = l->port;
	h.dport = OUR_PORT;
	hlen = pw_tcp_emit(bytes, &h, opts);
	memcpy(bytes + hlen, his_bytes(seq), len);
	pkt.len = hlen + len;
	sum = pw_sum_add(pw_sum_pseudo(&pkt.src, &pkt.dst, 6, pkt.len), pw_sum(bytes, pkt.len));
	sum = pw_sum_finish(sum) ^ (bad_cksum ? 1 : 0);
	memcpy(bytes + 16, &sum, 2);
	if (!bad_cksum)
		note_edge(l, c, &h);
	turn();
	rig.n_empty = 0;
	FUZZ_ASSERT(pw_tcp_input(rig.t, &pkt, rig.now) < PW_DROP_MAX);
	free(bytes);
	if (!bad_cksum && !synced)
		note_first_edge(l, &h, c == NULL);
	turn();
	FUZZ_ASSERT(!open_way || rig.n_empty <= 2); /* S11 */
}

static uint32_t
his_ts(void)
{
	return 500000 + (uint32_t)(rig.now / PW_NS_PER_MS);
}

static uint8_t
syn_opts(const struct lane *l, uint8_t *to)
{
	struct pw_tcp_opts o = {
		.has = PW_OPT_MSS,
		.mss = rig.peer.mss,
		.wscale = rig.peer.wscale,
		.ts_val = his_ts(),
		.ts_ecr = l->ts_ecr,
	};

	o.has |= rig.peer.has_wscale ? PW_OPT_WSCALE : 0;
	o.has |= rig.peer.sack ? PW_OPT_SACK_OK : 0;
	o.has |= rig.peer.ts ? PW_OPT_TS : 0;
	return (uint8_t)pw_tcp_put_syn_opts(to, &o);
}

static uint8_t
usual_opts(const struct lane *l, uint8_t *to)
{
	if (!rig.peer.ts)
		return 0;
	pw_tcp_put_ts(to, his_ts(), l->ts_ecr);
	return PW_TCP_TS_LEN;
}

static void
say_syn(struct lane *l, uint8_t flags)
{
	uint8_t opts[PW_TCP_OPT_MAX];
	struct pw_tcp_hdr h = {
		.seq = l->snd - 1,
		.ack = flags & PW_TCP_ACK ? l->nxt : 0,
		.wnd = rig.peer.wnd,
		.flags = flags | PW_TCP_SYN,
		.opt_len = syn_opts(l, opts),
	};

	feed(l, h, opts, 0, false);
}

/* A segment as it should be. */
static void
say(struct lane *l, uint8_t flags, uint32_t len)
{
	uint8_t opts[PW_TCP_OPT_MAX];
	struct pw_tcp_hdr h = {
		.seq = l->snd,
		.ack = l->nxt,
		.wnd = rig.peer.wnd,
		.flags = flags | PW_TCP_ACK,
		.opt_len = usual_opts(l, opts),
	};

	l->snd += len + ((flags & PW_TCP_FIN) != 0);
	feed(l, h, opts, len, false);
}

static void
shake_hands(struct lane *l, bool active)
{
	if (active) {
		struct pw_tcp_conn *c = pw_tcp_connect(
			rig.t, &rig.us, OUR_PORT, &rig.him, l->port, &app, NULL, rig.now);

		if (c == NULL)
			return;
		if (!is_live(c))
			live_add(c);
		turn();
		say_syn(l, PW_TCP_ACK);
	} else {
		say_syn(l, 0);
		rig.now += 10 * PW_NS_PER_MS;
		say(l, 0, 0);
	}
}

/* ---- the steps ---- */

static uint32_t
base_seq(const struct lane *l, const struct pw_tcp_conn *c, uint8_t how)
{
	switch (how & 3) {
	case 1:
		return l->adv;
	case 2:
		return c != NULL ? c->irs1 + (uint32_t)c->rcv_nxt : l->snd;
	case 3:
		return c != NULL ? c->irs1 : l->snd - 65536;
	default:
		return l->snd;
	}
}

static uint32_t
base_ack(const struct lane *l, const struct pw_tcp_conn *c, uint8_t how)
{
	switch (how >> 2 & 3) {
	case 1:
		return c != NULL ? snd_seq(c, c->snd_una) : l->nxt;
	case 2:
		return c != NULL ? snd_seq(c, (c->snd_una + c->snd_nxt) / 2) : l->nxt;
	case 3:
		return c != NULL ? c->isn1 : l->nxt - 65536;
	default:
		return l->nxt;
	}
}

static uint8_t
read_sacks(struct fuzz_in *in, const struct pw_tcp_conn *c, uint32_t n, uint8_t *to)
{
	uint32_t una = c != NULL ? snd_seq(c, c->snd_una) : 0;
	struct pw_tcp_sack s[PW_TCP_SACK_MAX];
	uint32_t i;

	for (i = 0; i < n; i++) {
		s[i].left = una + (uint32_t)(int16_t)fuzz_u16(in);
		s[i].right = s[i].left + (uint32_t)(int16_t)fuzz_u16(in);
	}
	return (uint8_t)pw_tcp_put_sack(to, s, n);
}

enum edit {
	EDIT_SACK = 0x10,
	EDIT_OPTS = 0x20,
	EDIT_NO_TS = 0x40,
	EDIT_CKSUM = 0x80,
};

static uint8_t
read_opts(struct fuzz_in *in, const struct lane *l, const struct pw_tcp_conn *c, uint8_t how,
	uint8_t *to)
{
	const uint8_t *p;
	uint8_t n = 0;
	size_t len;

	if (how & EDIT_OPTS) {
		memset(to, 0, PW_TCP_OPT_MAX);
		n = (uint8_t)(fuzz_u8(in) % 11 * 4);
		len = fuzz_bytes(in, &p, n);
		memcpy(to, p, len);
		return n;
	}
	if (rig.peer.ts && (how & EDIT_NO_TS) == 0) {
		pw_tcp_put_ts(to, his_ts() + (uint32_t)fuzz_i8(in) * 8,
			l->ts_ecr + (uint32_t)fuzz_i8(in));
		n = PW_TCP_TS_LEN;
	}
	if (how & EDIT_SACK)
		n += read_sacks(in, c, 1 + fuzz_u8(in) % (n ? 3 : 4), to + n);
	return n;
}

/* Any segment, described by how it differs from the right one. */
static void
step_segment(struct fuzz_in *in, struct lane *l)
{
	const struct pw_tcp_conn *c = conn_of(l);
	uint8_t how = fuzz_u8(in), opts[PW_TCP_OPT_MAX];
	uint16_t wnd, len;
	struct pw_tcp_hdr h = {.flags = fuzz_u8(in) ^ PW_TCP_ACK};
	bool far = h.flags & PW_TCP_ECE; /* else unused: a step is then a segment, not a byte */

	h.seq = base_seq(l, c, how) + (uint32_t)(fuzz_i8(in) * (far ? 536 : 1));
	h.ack = base_ack(l, c, how) + (uint32_t)(fuzz_i8(in) * (far ? 536 : 1));
	wnd = fuzz_u16(in);
	len = fuzz_u16(in) % 3000;
	h.wnd = wnd == 0xffff ? rig.peer.wnd : wnd;
	h.opt_len = read_opts(in, l, c, how, opts);
	feed(l, h, opts, len, how & EDIT_CKSUM);
	if (h.seq == l->snd && (how & EDIT_CKSUM) == 0)
		l->snd += len;
}

static void
step_icmp(struct fuzz_in *in, const struct lane *l)
{
	const struct pw_tcp_conn *c = conn_of(l);
	enum pw_tcp_icmp what = fuzz_u8(in) & 1 ? PW_TCP_ICMP_UNREACHABLE : PW_TCP_ICMP_TOO_BIG;
	uint32_t una = c != NULL ? snd_seq(c, c->snd_una) : l->nxt;
	uint8_t l4[8];

	pw_put_be16(l4, OUR_PORT);
	pw_put_be16(l4 + 2, l->port);
	pw_put_be32(l4 + 4, una + (uint32_t)fuzz_i8(in));
	pw_tcp_icmp_error(rig.t, what, &rig.us, &rig.him, l4, fuzz_u16(in), rig.now);
	turn();
}

static void
step_user(struct fuzz_in *in)
{
	uint8_t what = fuzz_u8(in);
	uint16_t arg = fuzz_u16(in);

	if (rig.n_live > 0)
		do_deed(rig.live[(what >> 4) % rig.n_live], what & 15, arg);
	turn();
}

/* An option at run time, of the instance or of a connection. */
static void
step_option(struct fuzz_in *in)
{
	static const char *const ccs[] = {"cubic", "newreno", "none"};
	uint8_t which = fuzz_u8(in);
	uint64_t value = (uint64_t)fuzz_u16(in) << (which >> 6) * 8 >> (which >> 5 & 1) * 15;
	enum pw_tcp_option what = (enum pw_tcp_option)(which & 15);
	struct pw_tcp_conn *c = rig.n_live > 0 ? rig.live[0] : NULL;

	/* Of connections there are, the segments are checked against the same MTU. */
	if (what == PW_TCP_MTU && value < rig.t->cfg.mtu)
		return;
	if (what == 15 && c != NULL)
		pw_tcp_conn_set_cc(c, ccs[value % 3]);
	else if (what == 15)
		pw_tcp_set_cc(rig.t, ccs[value % 3]);
	else if (c != NULL && (which & 16))
		pw_tcp_conn_set(c, what, value);
	else
		pw_tcp_set(rig.t, what, value);
	turn();
}

enum step {
	STEP_SEGMENT,
	STEP_WAIT,
	STEP_USER,
	STEP_ACK_ALL,
	STEP_DATA,
	STEP_FIN,
	STEP_NEXT, /**< to the next deadline */
	STEP_ORDER,
	STEP_WAY,
	STEP_ICMP,
	STEP_OPEN,
	STEP_CONNECT,
	STEP_WEEKS, /**< longer than timestamps are good for */
	STEP_DRAIN,
	STEP_ABORT_ALL,
	STEP_MAX,
	STEP_OPTION = 60, /* the others by remainder */
};

static void
step(struct fuzz_in *in)
{
	uint8_t b = fuzz_u8(in);
	uint8_t what = b & 63;
	struct lane *l = &rig.lane[b >> 6];
	uint8_t which;

	switch (what == STEP_OPTION ? what : what % STEP_MAX) {
	case STEP_SEGMENT:
		step_segment(in, l);
		break;
	case STEP_WAIT:
		wait_until(rig.now + fuzz_ns(fuzz_u8(in)));
		break;
	case STEP_USER:
		step_user(in);
		break;
	case STEP_ACK_ALL:
		say(l, 0, 0);
		break;
	case STEP_DATA:
		say(l, PW_TCP_PSH, fuzz_u16(in) % 1461);
		break;
	case STEP_FIN:
		say(l, PW_TCP_FIN, 0);
		break;
	case STEP_NEXT:
		if (pw_tcp_next(rig.t) != PW_NEVER)
			wait_until(pw_max(rig.now, pw_tcp_next(rig.t)));
		break;
	case STEP_ORDER:
		which = fuzz_u8(in);
		rig.act[which % CB_MAX] = fuzz_u8(in);
		break;
	case STEP_WAY:
		which = fuzz_u8(in);
		rig.way_room = which == 255 ? UINT32_MAX : which;
		break;
	case STEP_ICMP:
		step_icmp(in, l);
		break;
	case STEP_OPEN:
		if (conn_of(l) == NULL)
			l->snd += 65536;
		shake_hands(l, false);
		break;
	case STEP_CONNECT:
		shake_hands(l, true);
		break;
	case STEP_WEEKS:
		wait_until(rig.now + 25 * 24 * 3600 * PW_NS_PER_S);
		break;
	case STEP_OPTION:
		step_option(in);
		break;
	case STEP_DRAIN:
		pw_tcp_drain(rig.t);
		break;
	case STEP_ABORT_ALL:
		pw_tcp_abort_all(rig.t, rig.now);
		turn();
		break;
	}
}

/* ---- beginning and end ---- */

static void
begin(struct fuzz_in *in)
{
	static const uint32_t bufs[] = {65536, 2048, 8192, 1 << 20};
	static const uint32_t sents[] = {64, 8, 512, 16};
	static const uint32_t blocks[] = {64, 4, 128, 2};
	static const uint16_t mtus[] = {1500, 576, 9000, 1280};
	uint8_t how = fuzz_u8(in), size = fuzz_u8(in);
	uint16_t mss = fuzz_u16(in), wnd = fuzz_u16(in);
	uint8_t wscale = fuzz_u8(in);
	struct pw_tcp_cfg cfg = {
		.mem = &pw_mem_heap,
		.env = &env,
		.max_conns = 4,
		.max_traced = 2,
		.max_metrics = 4,
		.trace_events = 16,
		.max_traces = 2,
		.max_half_open = 2,
		.max_time_wait = 2,
		.app_bytes = sizeof(struct user),
		.rcv_buf_bytes = bufs[size & 3],
		.max_sent = sents[size >> 2 & 3],
		.max_rcv_blocks = blocks[size >> 4 & 3],
		.mtu = mtus[size >> 6],
		.cc = how & 16 ? "newreno" : "cubic",
		.gso_max_bytes = how & 32 ? 60000 : 0,
	};
	uint32_t i, iss = (uint32_t)-fuzz_u8(in) * 16;

	rig.peer = (struct peer){
		.mss = mss ? mss : 1460,
		.wnd = wnd ? wnd : 64000,
		.wscale = wscale,
		.has_wscale = how & 8,
		.sack = how & 4,
		.ts = how & 2,
	};
	memset(cfg.secret, 7, sizeof(cfg.secret));
	for (i = 0; i < LANES; i++)
		rig.lane[i] = (struct lane){.port = (uint16_t)(40000 + i), .snd = iss};
	rig.t = pw_tcp_create(&cfg, rig.now);
	FUZZ_ASSERT(rig.t != NULL && pw_tcp_listen(rig.t, OUR_PORT, &app, NULL) == 0);
	shake_hands(&rig.lane[0], how & 1);
}

static void
check_nothing_left(void)
{
	struct pw_tcp_usage use;

	pw_tcp_get_usage(rig.t, &use);
	FUZZ_ASSERT(rig.n_live == 0);
	FUZZ_ASSERT(use.conns == 0 && use.half_open == 0 && use.time_wait == 0);
	FUZZ_ASSERT(use.sent_records == 0 && use.rcv_blocks == 0);
	FUZZ_ASSERT(pw_tcp_next(rig.t) == PW_NEVER);
}

/* S10: whatever has happened, all of it comes back: when everything is reset, or
 * when every user has closed and the peer says nothing more. */
static void
end(uint8_t how)
{
	uint32_t i;

	memset(rig.act, 0, sizeof(rig.act));
	rig.way_room = UINT32_MAX;
	rig.source_dry = false;
	rig.source_at_most = 0;
	rig.take_at_most = TAKE_ALL;
	if (how >> 6 == 1)
		pw_tcp_abort_all(rig.t, rig.now);
	for (i = rig.n_live; how >> 6 == 2 && i > 0; i--) {
		struct pw_tcp_conn *c = rig.live[i - 1];

		pw_tcp_conn_set(c, PW_TCP_USER_TIMEOUT_MS, 100000);
		pw_tcp_resume(c);
		pw_tcp_close(c);
	}
	if (how >> 6 == 1 || how >> 6 == 2) {
		wait_until(rig.now + 7200 * PW_NS_PER_S);
		check_nothing_left();
	}
	pw_tcp_destroy(rig.t);
	FUZZ_ASSERT(rig.n_live == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, size};
	uint32_t n;

	memset(&rig, 0, sizeof(rig));
	rig.now = 1000 * PW_NS_PER_S;
	rig.us = pw_addr_v4(RTE_BE32(0x0a4d0001));
	rig.him = pw_addr_v4(RTE_BE32(0x0a4d0002));
	rig.way_room = UINT32_MAX;
	rig.take_at_most = TAKE_ALL;
	begin(&in);
	for (n = 0; in.len > 0 && n < STEPS_MAX; n++)
		step(&in);
	end(size > 0 ? data[0] : 0);
	return 0;
}
