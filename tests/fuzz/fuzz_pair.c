/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Two of our TCPs with a clock and a link of the input's making: it says how the
 * ends are set up, and then, frame by frame in the order of sending, what the link
 * does to each. When the input is used up the link is perfect, and whatever has
 * happened, the two must come to rest. See docs/fuzzing.md for the oracle.
 */
#include "fuzz.h"
#include "../unit/tcp/check.h"
#include "pw_tcp.h"
#include "pw_wire_cksum.h"

#define QUEUE_MAX  512
#define FRAME_MAX  9100
#define FRAMES_MAX 20000 /* else the two talk for ever */
#define TAKE_PAUSE (5 * PW_NS_PER_MS)
#define DELAY_MAX  (2 * PW_NS_PER_S)
#define DROPS_MAX  4 /* so many losses in a row no handshake need fear */

struct frame {
	pw_ns at;
	uint64_t order;
	int to;
	uint32_t len;
	uint8_t *bytes;
};

struct host {
	int id;
	struct pw_addr addr;
	struct pw_tcp *t;
	uint64_t to_send;
	uint64_t got;
	uint32_t n_live;
	bool shut_first;
	bool slow;
	bool eof;
	enum pw_tcp_end why;
};

/** In the room of each connection. */
struct user {
	uint64_t got;
	bool shut;
	bool live; /**< gone() is owed */
};

static struct pair {
	struct fuzz_in in;
	pw_ns now;
	pw_ns delay;
	struct host host[2];
	struct frame q[QUEUE_MAX];
	uint32_t n_q;
	uint32_t n_frames;
	uint32_t n_drops;
	bool forged;	 /**< a frame was changed in a way that no checksum shows */
	bool tainted[2]; /**< and so that bytes to this host may be others than were sent */
	uint32_t kept_len[2];
	uint8_t kept[2][FRAME_MAX]; /**< an old frame, to come again */
} pair;

static const uint8_t *
bytes_of(int from, uint64_t off)
{
	return fuzz_stream(off + (from ? 5555 : 0));
}

/* ---- the link ---- */

static void
push(const uint8_t *bytes, uint32_t len, int to, pw_ns at)
{
	struct frame *f;

	if (pair.n_q == QUEUE_MAX) {
		pair.n_drops++;
		return;
	}
	f = &pair.q[pair.n_q++];
	*f = (struct frame){.at = at, .order = pair.n_frames++, .to = to, .len = len};
	f->bytes = malloc(len + !len);
	memcpy(f->bytes, bytes, len);
	FUZZ_ASSERT(pair.n_frames < FRAMES_MAX);
}

static void
mend(uint8_t *b, uint32_t len, int to)
{
	const struct pw_addr *src = &pair.host[!to].addr, *dst = &pair.host[to].addr;
	uint16_t sum;

	if (len < PW_TCP_HLEN_MIN)
		return;
	memset(b + 16, 0, 2);
	sum = pw_sum_finish(pw_sum_add(pw_sum_pseudo(src, dst, 6, len), pw_sum(b, len)));
	memcpy(b + 16, &sum, 2);
}

/* Any header field but the ports. All but the acknowledgement, the window, the
 * urgent pointer and the options say which bytes of the stream these are. */
static void
edit_header(uint8_t *b, int to)
{
	uint32_t hlen = (b[12] >> 4) * 4u;
	uint32_t at = 4 + fuzz_u8(&pair.in) % (hlen - 4);
	bool harmless = (at >= 8 && at < 12) || (at >= 14 && at < 16) || at >= 18;

	b[at] = (uint8_t)(b[at] + fuzz_u8(&pair.in));
	pair.forged = true;
	pair.tainted[to] |= !harmless;
	pair.tainted[!to] |= !harmless; /* a SYN out of nowhere begins a stream anew */
}

static void
edit_payload(uint8_t *b, uint32_t len, int to)
{
	uint32_t hlen = (b[12] >> 4) * 4u;

	if (len == hlen)
		return;
	b[hlen + fuzz_u16(&pair.in) % (len - hlen)] ^= fuzz_u8(&pair.in);
	pair.forged = pair.tainted[to] = true;
}

enum fate {
	FATE_DROP = 6, /* below: delivered */
	FATE_TWICE,
	FATE_LATE,
	FATE_FLIP,
	FATE_HEADER,
	FATE_PAYLOAD,
	FATE_CUT,
	FATE_CUT_OPENLY,
	FATE_OLD,
	FATE_SLOW,
};

static void
change(enum fate fate, uint8_t *b, uint32_t *len, int to)
{
	switch (fate) {
	case FATE_FLIP: /* one byte: the checksum always shows it */
		b[fuzz_u16(&pair.in) % *len] ^= fuzz_u8(&pair.in) | 1;
		pair.n_drops++;
		return;
	case FATE_HEADER:
		edit_header(b, to);
		break;
	case FATE_PAYLOAD:
		edit_payload(b, *len, to);
		break;
	case FATE_CUT_OPENLY: /* the sum may still be right, by chance */
	case FATE_CUT:
		*len = fuzz_u16(&pair.in) % (*len + 1);
		pair.forged = true;
		if (fate == FATE_CUT_OPENLY)
			return;
		break;
	default:
		return;
	}
	mend(b, *len, to);
}

static void
carry(uint8_t *b, uint32_t len, int to)
{
	enum fate fate = pair.in.len > 0 ? fuzz_u8(&pair.in) & 15 : 0;
	pw_ns at = pair.now + pair.delay;

	if (fate == FATE_DROP) {
		pair.n_drops++;
		return;
	}
	if (fate == FATE_OLD) {
		if (pair.kept_len[to] > 0)
			push(pair.kept[to], pair.kept_len[to], to, at);
		pair.kept_len[to] = len;
		memcpy(pair.kept[to], b, len);
	}
	if (fate == FATE_SLOW)
		pair.host[to].slow = !pair.host[to].slow;
	if (fate == FATE_LATE)
		at += pw_min(fuzz_ns(fuzz_u8(&pair.in)), DELAY_MAX);
	change(fate, b, &len, to);
	push(b, len, to, at);
	if (fate == FATE_TWICE)
		push(b, len, to, at + fuzz_u8(&pair.in) * PW_NS_PER_MS);
}

static int
on_send(void *ctx, const struct pw_tcp_seg *seg)
{
	static uint8_t bytes[FRAME_MAX];
	struct host *h = ctx;
	uint32_t i, n = pw_tcp_emit(bytes, &seg->hdr, seg->opts);

	FUZZ_ASSERT(n + seg->len <= sizeof(bytes));
	check_segment(h->t, seg);
	for (i = 0; i < seg->n_spans; i++) {
		memcpy(bytes + n, seg->spans[i].addr, seg->spans[i].len);
		n += seg->spans[i].len;
	}
	mend(bytes, n, !h->id);
	carry(bytes, n, !h->id);
	return 0;
}

static const struct pw_tcp_env env = {.send = on_send};

/* ---- the users ---- */

static void
live(struct host *h, struct pw_tcp_conn *c)
{
	struct user *u = pw_tcp_room(c);

	h->n_live += !u->live;
	u->live = true;
}

static void
shut(struct pw_tcp_conn *c)
{
	struct user *u = pw_tcp_room(c);

	u->shut = true;
	pw_tcp_shutdown(c);
}

static bool
on_open(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct host *h = ctx;

	live(h, c);
	if (h->to_send > 0)
		pw_tcp_send(c, h->to_send);
	if (h->shut_first)
		shut(c);
	pw_tcp_set_timer(c, now + TAKE_PAUSE);
	return true;
}

static uint32_t
on_recv(void *ctx, struct pw_tcp_conn *c, const uint8_t *data, uint32_t len, pw_ns now)
{
	struct user *u = pw_tcp_room(c);
	struct host *h = ctx;

	if (h->slow && len > 1) {
		len /= 2;
		pw_tcp_set_timer(c, now + TAKE_PAUSE);
	}
	FUZZ_ASSERT(pair.tainted[h->id] || memcmp(data, bytes_of(!h->id, u->got), len) == 0);
	u->got += len;
	h->got += len;
	FUZZ_ASSERT(pair.tainted[h->id] || u->got <= pair.host[!h->id].to_send);
	return len;
}

static void
on_eof(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct user *u = pw_tcp_room(c);
	struct host *h = ctx;

	h->eof = true;
	if (!u->shut)
		shut(c);
}

static uint32_t
on_source(void *ctx, struct pw_tcp_conn *c, pw_off off, uint32_t len, struct pw_span *spans,
	uint32_t *n)
{
	struct host *h = ctx;

	FUZZ_ASSERT(len > 0 && len <= FUZZ_STREAM_PERIOD && off + len <= h->to_send);
	spans[0] = (struct pw_span){bytes_of(h->id, off), len, PW_PAGE_NONE};
	*n = 1;
	return len;
}

static void
on_acked(void *ctx, struct pw_tcp_conn *c, pw_off una, pw_ns now)
{
	const struct host *h = ctx;

	FUZZ_ASSERT(una <= h->to_send);
}

static void
on_timer(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	pw_tcp_resume(c);
}

static void
on_gone(void *ctx, struct pw_tcp_conn *c, enum pw_tcp_end why, pw_ns now)
{
	struct host *h = ctx;

	FUZZ_ASSERT(h->n_live > 0);
	h->n_live--;
	h->why = why;
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

/* ---- beginning and end ---- */

static void
host_open(int id)
{
	static const uint32_t bufs[] = {65536, 2048, 300000, 8192};
	static const uint16_t mtus[] = {1500, 576, 1500, 9000};
	uint8_t how = fuzz_u8(&pair.in);
	struct host *h = &pair.host[id];
	struct pw_tcp_cfg cfg = {
		.mem = &pw_mem_heap,
		.env = &env,
		.env_ctx = h,
		.max_conns = 4,
		.max_traced = 2,
		.max_metrics = 4,
		.trace_events = 16,
		.max_traces = 2,
		.max_sent = how & 4 ? 8 : 256,
		.max_rcv_blocks = how & 8 ? 4 : 128,
		.app_bytes = sizeof(struct user),
		.rcv_buf_bytes = bufs[how & 3],
		.cc = how & 16 ? "newreno" : "cubic",
		.mtu = mtus[how >> 6],
	};

	h->shut_first = how & 32;
	h->id = id;
	h->why = PW_TCP_END_MAX;
	h->to_send = fuzz_u16(&pair.in) * (uint64_t)2;
	memset(cfg.secret, fuzz_u8(&pair.in), sizeof(cfg.secret));
	h->addr = pw_addr_v4(rte_cpu_to_be_32(0x0a000001u + (uint32_t)id));
	h->t = pw_tcp_create(&cfg, pair.now);
	FUZZ_ASSERT(h->t != NULL);
}

static void
deliver(void)
{
	uint32_t i, best;

	for (;;) {
		struct frame f = {.at = PW_NEVER};
		struct pw_tcp_pkt pkt;

		for (i = 0, best = 0; i < pair.n_q; i++)
			if (pair.q[i].at < f.at ||
				(pair.q[i].at == f.at && pair.q[i].order < f.order))
				f = pair.q[best = i];
		if (f.at > pair.now)
			return;
		pair.q[best] = pair.q[--pair.n_q];
		pkt = (struct pw_tcp_pkt){.src = pair.host[!f.to].addr,
			.dst = pair.host[f.to].addr,
			.l4 = f.bytes,
			.len = f.len};
		pw_tcp_input(pair.host[f.to].t, &pkt, pair.now);
		free(f.bytes);
	}
}

static pw_ns
next_event(void)
{
	pw_ns at = pw_min(pw_tcp_next(pair.host[0].t), pw_tcp_next(pair.host[1].t));
	uint32_t i;

	for (i = 0; i < pair.n_q; i++)
		at = pw_min(at, pair.q[i].at);
	return at;
}

/* S11: whatever state the two have got into, they fall silent. */
static void
run(void)
{
	uint32_t turns = 0;
	pw_ns at;

	while ((at = next_event()) != PW_NEVER) {
		/* Work left over for want of a record waits for the other end. */
		pair.now = at <= pair.now ? pair.now + PW_NS_PER_MS : at;
		deliver();
		pw_tcp_run(pair.host[0].t, pair.now);
		pw_tcp_run(pair.host[1].t, pair.now);
		check_turn(pair.host[0].t, false);
		check_turn(pair.host[1].t, false);
		FUZZ_ASSERT(turns++ < 4 * FRAMES_MAX);
	}
}

/* Was the link one on which everything has to arrive, and both ends to close? */
static bool
was_fair(void)
{
	return !pair.forged && pair.n_drops <= DROPS_MAX;
}

static void
check_at_rest(const struct host *h)
{
	struct pw_tcp_usage use;

	pw_tcp_get_usage(h->t, &use);
	FUZZ_ASSERT(h->n_live == 0);
	FUZZ_ASSERT(use.conns + use.half_open + use.time_wait == 0);
	FUZZ_ASSERT(use.sent_records + use.rcv_blocks == 0);
	if (!was_fair())
		return;
	FUZZ_ASSERT(h->got == pair.host[!h->id].to_send && h->eof); /* S1 */
	FUZZ_ASSERT(h->why == PW_TCP_END_CLOSED);
}

/* A forged acknowledgement, or a handshake that was lost, can leave an end waiting for
 * what never comes. */
static void
end(void)
{
	int i;

	for (i = 0; i < 2 && !was_fair(); i++)
		pw_tcp_abort_all(pair.host[i].t, pair.now);
	run();
	for (i = 0; i < 2; i++)
		check_at_rest(&pair.host[i]);
	for (i = 0; i < 2; i++)
		pw_tcp_destroy(pair.host[i].t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pw_tcp_conn *c;

	memset(&pair, 0, offsetof(struct pair, kept));
	pair.in = (struct fuzz_in){data, size};
	pair.now = 5 * PW_NS_PER_S;
	pair.delay = (1 + fuzz_u8(&pair.in)) * PW_NS_PER_MS;
	host_open(0);
	host_open(1);
	pair.host[0].shut_first |= !pair.host[1].shut_first; /* one of them has to begin */
	FUZZ_ASSERT(pw_tcp_listen(pair.host[1].t, 80, &app, &pair.host[1]) == 0);
	c = pw_tcp_connect(pair.host[0].t, &pair.host[0].addr, 0, &pair.host[1].addr, 80, &app,
		&pair.host[0], pair.now);
	FUZZ_ASSERT(c != NULL);
	live(&pair.host[0], c);
	run();
	end();
	return 0;
}
