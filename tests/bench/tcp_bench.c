/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What lib/tcp costs by itself: one instance in this process, no device, peers
 * whose segments are made beforehand. Nothing but pw_tcp_input() and
 * pw_tcp_run() is measured; the source lends one span, and send() notes three
 * numbers.
 *
 *	tcp_bench [--batches N] [--ipv6] CASE...
 *
 * A line a figure: name, cycles per operation (median, 10th and 90th percentile
 * of the batches), operations.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "meter.h"
#include "pw_rand.h"
#include "pw_tcp.h"
#include "pw_wire_tcp.h"

#define PORT	   80
#define MSS	   1448u /* of a segment with timestamps */
#define SHIFT	   7	 /* of the peers' windows: 128 bytes */
#define PKT_BYTES  128
#define OUT_MAX	   16384
#define TRAIN	   32 /* segments received in a burst */
#define MANY	   64 /* operations of a batch, one a connection */
#define HUGE_BYTES (2u << 20)

/* A segment that went out. */
struct out {
	uint32_t seq;
	uint32_t len; /* payload, SYN and FIN */
};

/* A segment of a peer, ready to be received. */
struct in {
	struct pw_tcp_pkt pkt;
	uint8_t bytes[PKT_BYTES];
};

/* One peer's connection. */
struct peer {
	struct pw_addr addr;
	struct pw_tcp_conn *c;
	uint32_t snd; /* its next sequence number */
	uint32_t iss; /* our stream's byte 0 */
	uint16_t port;
};

struct lab {
	pw_ns now;
	struct pw_tcp *t;
	struct pw_addr us;
	struct pw_tcp_conn *opened; /* last */
	uint64_t respond;	    /* bytes for each request, then close */
	uint32_t n_out;
	struct out out[OUT_MAX];
	struct in in[OUT_MAX];
	uint32_t n_in;
};

static struct meter meter, meter2, meter3;
static uint32_t n_batches = 2000;
static bool pacing; /* of the instances to come */
static bool ip6;

static void
die(const char *why)
{
	fprintf(stderr, "tcp_bench: %s\n", why);
	exit(1);
}

/* ---- what TCP asks for ---- */

static void *
huge_alloc(void *ctx, size_t bytes, const char *what)
{
	size_t room = RTE_ALIGN_CEIL(bytes, (size_t)HUGE_BYTES);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	void *mem = mmap(NULL, room, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);

	if (mem == MAP_FAILED)
		mem = mmap(NULL, room, PROT_READ | PROT_WRITE, flags, -1, 0);
	return mem == MAP_FAILED ? NULL : mem;
}

/* The instance lives until the process ends. */
static void
huge_free(void *ctx, void *mem)
{
}

static const struct pw_mem mem_huge = {.alloc = huge_alloc, .free = huge_free};

static int
on_send(void *ctx, const struct pw_tcp_seg *seg)
{
	struct lab *l = ctx;

	l->out[l->n_out++ % OUT_MAX] = (struct out){
		seg->hdr.seq, seg->len + ((seg->hdr.flags & (PW_TCP_SYN | PW_TCP_FIN)) != 0)};
	return 0;
}

static const struct pw_tcp_env env = {.send = on_send};

static bool
on_open(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct lab *l = ctx;

	l->opened = c;
	return true;
}

static uint32_t
on_recv(void *ctx, struct pw_tcp_conn *c, const uint8_t *data, uint32_t len, pw_ns now)
{
	struct lab *l = ctx;

	if (l->respond == 0)
		return len;
	pw_tcp_send(c, l->respond);
	pw_tcp_close(c);
	return len;
}

static void
on_eof(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
}

static uint32_t
on_source(void *ctx, struct pw_tcp_conn *c, pw_off off, uint32_t len, struct pw_span *spans,
	uint32_t *n)
{
	static const uint8_t page[1];

	spans[0] = (struct pw_span){page, len, 0};
	*n = 1;
	return len;
}

static void
on_acked(void *ctx, struct pw_tcp_conn *c, pw_off una, pw_ns now)
{
}

static void
on_timer(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
}

static void
on_gone(void *ctx, struct pw_tcp_conn *c, enum pw_tcp_end why, pw_ns now)
{
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

/* The first is ours. */
static struct pw_addr
an_address(uint32_t i)
{
	struct pw_addr a = {.b = {0xfd}};

	if (!ip6)
		return pw_addr_v4(rte_cpu_to_be_32(0x0a000001 + i));
	a.d[3] = rte_cpu_to_be_32(1 + i);
	return a;
}

static struct lab *
lab_open_gso(uint32_t max_conns, uint32_t gso_max_bytes)
{
	struct lab *l = huge_alloc(NULL, sizeof(*l), "lab");
	struct pw_tcp_cfg cfg = {
		.mem = &mem_huge,
		.env = &env,
		.env_ctx = l,
		.secret = "the same in every run",
		.max_conns = max_conns,
		.max_half_open = max_conns,
		.max_time_wait = RTE_MIN(max_conns, 65536u),
		.max_sent = 65536,
		.mtu = ip6 ? 1520 : 1500, /* segments of the same length */
		.pacing = pacing,
		.gso_max_bytes = gso_max_bytes,
		.max_traced = 2048,
		.max_metrics = 4096,
		.msl_ns = PW_NS_PER_MS,
	};

	if (l == NULL)
		die("no memory");
	l->now = PW_NS_PER_S;
	l->us = an_address(0);
	l->t = pw_tcp_create(&cfg, l->now);
	if (l->t == NULL || pw_tcp_listen(l->t, PORT, &app, l) != 0)
		die("no memory for an instance");
	return l;
}

static struct lab *
lab_open(uint32_t max_conns)
{
	return lab_open_gso(max_conns, 0);
}

/* ---- what peers say ---- */

static void
make(struct lab *l, struct in *in, const struct peer *p, const struct pw_tcp_hdr *h,
	const uint8_t *opts, uint32_t payload)
{
	uint32_t hlen = pw_tcp_emit(in->bytes, h, opts);

	memset(in->bytes + hlen, 'x', payload);
	in->pkt = (struct pw_tcp_pkt){
		.src = p->addr,
		.dst = l->us,
		.l4 = in->bytes,
		.len = hlen + payload,
		.cksum_ok = true,
	};
}

static struct in *
next_in(struct lab *l)
{
	if (l->n_in == OUT_MAX)
		die("too many segments in a batch");
	return &l->in[l->n_in++];
}

static void
say_syn(struct lab *l, const struct peer *p)
{
	struct pw_tcp_opts o = {
		.has = PW_OPT_MSS | PW_OPT_SACK_OK | PW_OPT_TS | PW_OPT_WSCALE,
		.mss = 1460,
		.wscale = SHIFT,
		.ts_val = 1,
	};
	uint8_t opts[PW_TCP_OPT_MAX];
	struct pw_tcp_hdr h = {
		.sport = p->port,
		.dport = PORT,
		.seq = p->snd - 1,
		.wnd = UINT16_MAX,
		.flags = PW_TCP_SYN,
		.opt_len = (uint8_t)pw_tcp_put_syn_opts(opts, &o),
	};

	make(l, next_in(l), p, &h, opts, 0);
}

/* An ACK of our stream up to @p off, and what else it carries. */
static void
say(struct lab *l, const struct peer *p, uint8_t flags, uint32_t off, uint32_t window,
	const struct pw_tcp_sack *sack, uint32_t n_sack, uint32_t payload)
{
	uint8_t opts[PW_TCP_OPT_MAX];
	uint32_t len = PW_TCP_TS_LEN;
	struct pw_tcp_hdr h = {
		.sport = p->port,
		.dport = PORT,
		.seq = p->snd,
		.ack = p->iss + off,
		.wnd = (uint16_t)((window + (1u << SHIFT) - 1) >> SHIFT),
		.flags = PW_TCP_ACK | flags,
	};

	pw_tcp_put_ts(opts, (uint32_t)(l->now / PW_NS_PER_MS), 0);
	if (n_sack != 0)
		len += pw_tcp_put_sack(opts + len, sack, n_sack);
	h.opt_len = (uint8_t)len;
	make(l, next_in(l), p, &h, opts, payload);
}

static void
say_ack(struct lab *l, const struct peer *p, uint32_t off, uint32_t window)
{
	say(l, p, 0, off, window, NULL, 0, 0);
}

/* Receive all that peers have said. @return how many */
static uint32_t
hear(struct lab *l)
{
	uint32_t i, n = l->n_in;

	for (i = 0; i < n; i++)
		pw_tcp_input(l->t, &l->in[i].pkt, l->now);
	l->n_in = 0;
	return n;
}

/* Send all that may be sent. @return segments */
static uint32_t
run(struct lab *l)
{
	uint64_t before = pw_tcp_stats(l->t)->segs_out;

	do
		pw_tcp_run(l->t, l->now);
	while (pw_tcp_next(l->t) == 0);
	return (uint32_t)(pw_tcp_stats(l->t)->segs_out - before);
}

/* Where our stream's last segment ends. */
static uint32_t
stream_end(const struct lab *l, const struct peer *p)
{
	const struct out *last = &l->out[(l->n_out - 1) % OUT_MAX];

	return last->seq + last->len - p->iss;
}

static void
peer_init(struct peer *p, uint32_t i)
{
	*p = (struct peer){
		.addr = an_address(1 + i),
		.port = (uint16_t)(1024 + i % 60000),
		.snd = 1000 + i,
	};
}

static void
peer_connect(struct lab *l, struct peer *p)
{
	say_syn(l, p);
	hear(l);
	run(l);
	p->iss = l->out[(l->n_out - 1) % OUT_MAX].seq + 1;
	say_ack(l, p, 0, UINT16_MAX << SHIFT);
	hear(l);
	run(l);
	p->c = l->opened;
}

static struct peer *
peers_connect(struct lab *l, uint32_t n, uint32_t first)
{
	struct peer *peers = calloc(n, sizeof(*peers));
	uint32_t i;

	if (peers == NULL)
		die("no memory");
	for (i = 0; i < n; i++) {
		peer_init(&peers[i], first + i);
		peer_connect(l, &peers[i]);
	}
	return peers;
}

/* ---- bulk ---- */

/* A stream without end, and a window of @p segs segments that cwnd does not limit. */
static struct peer *
bulk_open(struct lab *l, uint32_t segs)
{
	struct peer *p = peers_connect(l, 1, 0);
	uint32_t off = 0, i, n;

	pw_tcp_send(p->c, UINT64_C(1) << 60);
	for (i = 0; i < 10 + segs / 4; i++) {
		off += run(l) * MSS;
		l->now += PW_NS_PER_MS;
		say_ack(l, p, off, segs * MSS);
		hear(l);
	}
	for (n = run(l), i = 0; n < segs && i < 100; i++) { /* a pacer takes its time */
		l->now += 10 * PW_NS_PER_US;
		n += run(l);
	}
	if (n != segs)
		die("the window did not open");
	return p;
}

/*
 * Turn by turn @p each segments are acknowledged, by an ACK for every second,
 * and as many sent; as many again are on their way meanwhile.
 */
static void
bulk(struct lab *l, uint32_t each, const char *send_name, const char *ack_name)
{
	struct peer *p = bulk_open(l, 2 * each);
	uint32_t off = stream_end(l, p) - 2 * each * MSS;
	uint32_t b, i, n;

	meter_open(&meter, send_name);
	meter_open(&meter2, ack_name);
	for (b = 0; b < n_batches; b++) {
		l->now += 50 * PW_NS_PER_US;
		for (i = 0; i < each; i += 2) {
			off += 2 * MSS;
			say_ack(l, p, off, 2 * each * MSS);
		}
		meter_begin(&meter2);
		n = hear(l);
		meter_batch(&meter2, n);
		meter_begin(&meter);
		n = run(l);
		meter_batch(&meter, n);
	}
	meter_print(&meter);
	meter_print(&meter2);
}

static void
bulk_46(void)
{
	bulk(lab_open(16), 46, "send-46", "ack-46");
}

/* 92 segments each 100 us, in quanta of 45: turn by turn what left the turn before is
 * acknowledged. */
static void
bulk_paced(void)
{
	struct lab *l;
	struct peer *p;
	uint32_t off, before, b, n;

	pacing = true;
	l = lab_open(16);
	pacing = false;
	p = bulk_open(l, 2 * 46);
	before = stream_end(l, p);
	off = before - 2 * 46 * MSS;
	meter_open(&meter, "send-paced");
	meter_open(&meter2, "ack-paced");
	for (b = 0; b < n_batches; b++) {
		l->now += 50 * PW_NS_PER_US;
		for (; off + 2 * MSS <= before; off += 2 * MSS)
			say_ack(l, p, off + 2 * MSS, 2 * 46 * MSS);
		before = stream_end(l, p);
		meter_begin(&meter2);
		n = hear(l);
		meter_batch(&meter2, n);
		meter_begin(&meter);
		n = run(l);
		meter_batch(&meter, n);
	}
	meter_print(&meter);
	meter_print(&meter2);
}

static void
bulk_10(void)
{
	bulk(lab_open(16), 10, "send-10", "ack-10");
}

/* As a worker sends them: many in one, that are cut up behind TCP. */
static void
bulk_gso(void)
{
	bulk(lab_open_gso(16, 65400), 46, "send-gso", "ack-gso");
}

/* The same when cwnd is the limit and CUBIC has left slow start. */
static void
bulk_cubic(void)
{
	struct lab *l = lab_open(16);
	struct peer *p = peers_connect(l, 1, 0);
	uint32_t off = 0, sent, b, n;
	struct pw_tcp_sack hole;

	pw_tcp_send(p->c, UINT64_C(1) << 60);
	sent = run(l) * MSS;
	l->now += PW_NS_PER_MS;
	hole = (struct pw_tcp_sack){p->iss + off + MSS, p->iss + sent};
	say(l, p, 0, off, UINT16_MAX << SHIFT, &hole, 1, 0);
	meter_open(&meter, "send-cubic");
	meter_open(&meter2, "ack-cubic");
	for (b = 0; b < n_batches; b++) {
		meter_begin(&meter2);
		n = hear(l);
		meter_batch(&meter2, n);
		meter_begin(&meter);
		n = run(l);
		meter_batch(&meter, n);
		sent = stream_end(l, p);
		if (b == 0)
			sent = 10 * MSS; /* the last one was a retransmission */
		l->now += 50 * PW_NS_PER_US;
		for (n = (sent - off) / MSS / 4 + 1; n > 0 && sent - off >= 2 * MSS; n--) {
			off += 2 * MSS;
			say_ack(l, p, off, UINT16_MAX << SHIFT);
		}
	}
	meter_print(&meter);
	meter_print(&meter2);
}

/* ---- receiving ---- */

/*
 * A peer's stream, in bursts of TRAIN segments that are there at the beginning of a turn:
 * one after the other, or as a train. The ACK that answers a burst is not in it.
 */
static void
receive_bursts(bool as_train, const char *name)
{
	static uint8_t first[TRAIN][MSS + PKT_BYTES];
	struct lab *l = lab_open(16);
	struct peer *p = peers_connect(l, 1, 0);
	struct pw_tcp_more more[TRAIN - 1];
	struct pw_drops drops = {0};
	uint32_t b, i;

	meter_open(&meter, name);
	for (b = 0; b < n_batches; b++) {
		struct pw_tcp_pkt pkts[TRAIN];

		l->now += 50 * PW_NS_PER_US;
		for (i = 0; i < TRAIN; i++) {
			say_ack(l, p, 0, UINT16_MAX << SHIFT);
			l->n_in = 0;
			pkts[i] = l->in[0].pkt;
			memcpy(first[i], l->in[0].bytes, pkts[i].len);
			more[i > 0 ? i - 1 : 0] = (struct pw_tcp_more){first[i] + pkts[i].len, MSS};
			pkts[i].l4 = first[i];
			pkts[i].len += MSS;
			p->snd += MSS;
		}
		meter_begin(&meter);
		if (as_train)
			pw_tcp_input_train(l->t, &pkts[0], more, TRAIN - 1, &drops, l->now);
		for (i = 0; !as_train && i < TRAIN; i++)
			pw_tcp_input(l->t, &pkts[i], l->now);
		meter_batch(&meter, TRAIN);
		run(l);
	}
	meter_print(&meter);
	if (pw_tcp_stats(l->t)->bytes_in != (uint64_t)n_batches * TRAIN * MSS)
		die("not all was received");
}

static void
receive(void)
{
	receive_bursts(false, "receive");
	receive_bursts(true, "receive-train");
}

/* ---- selective acknowledgements ---- */

/* Segments 1, 3, 5, ... have arrived: tell of the n-th and of the two before it. */
static void
say_hole(struct lab *l, const struct peer *p, uint32_t off, uint32_t n)
{
	struct pw_tcp_sack sack[3];
	uint32_t i;

	for (i = 0; i < 3; i++) {
		uint32_t k = n > i ? n - i : 0;

		sack[i].left = p->iss + off + (2 * k + 1) * MSS;
		sack[i].right = sack[i].left + MSS;
	}
	say(l, p, 0, off, UINT16_MAX << SHIFT, sack, 3, 0);
}

/* ACKs of 3 blocks that say nothing new, about the far end of @p holes holes. */
static void
sack(uint32_t holes, const char *name, const char *build_name)
{
	struct lab *l = lab_open(16);
	struct peer *p = bulk_open(l, 2 * holes + 2);
	uint32_t off = stream_end(l, p) - (2 * holes + 2) * MSS;
	uint32_t b, i;

	l->now += PW_NS_PER_MS;
	for (i = 0; i < holes; i++)
		say_hole(l, p, off, i);
	meter_open(&meter, build_name);
	meter_begin(&meter);
	hear(l);
	meter_batch(&meter, holes);
	if (holes > 1)
		meter_print(&meter);
	meter_open(&meter, name);
	for (b = 0; b < n_batches; b++) {
		for (i = 0; i < MANY; i++)
			say_hole(l, p, off, holes - 1);
		meter_begin(&meter);
		hear(l);
		meter_batch(&meter, MANY);
	}
	meter_print(&meter);
}

static void
sack_1(void)
{
	sack(1, "sack-1", "");
}

static void
sack_30(void)
{
	sack(30, "sack-30", "sack-30-new");
}

static void
sack_200(void)
{
	sack(200, "sack-200", "sack-200-new");
}

/* ---- retransmission ---- */

/* Many connections lose the first of ten segments; the turn that sends it again. */
static void
retransmit(void)
{
	struct lab *l = lab_open(1024);
	uint32_t b, i, first = 0;

	meter_open(&meter, "retransmit");
	for (b = 0; b < n_batches / 4; b++, first += MANY) {
		struct peer *p = peers_connect(l, MANY, first);

		for (i = 0; i < MANY; i++)
			pw_tcp_send(p[i].c, 10 * MSS);
		run(l);
		l->now += PW_NS_PER_MS;
		for (i = 0; i < MANY; i++) {
			struct pw_tcp_sack s = {p[i].iss + MSS, p[i].iss + 10 * MSS};

			say(l, &p[i], 0, 0, UINT16_MAX << SHIFT, &s, 1, 0);
		}
		hear(l);
		meter_begin(&meter);
		i = run(l);
		meter_batch(&meter, i);
		if (i != MANY)
			die("not one retransmission a connection");
		for (i = 0; i < MANY; i++)
			pw_tcp_abort(p[i].c, l->now);
		free(p);
	}
	meter_print(&meter);
}

/* ---- timers ---- */

static void
timers(void)
{
	struct lab *l = lab_open(1024);
	struct peer *p = peers_connect(l, MANY, 0);
	struct pw_rand r;
	uint32_t b, i;

	pw_rand_init(&r, 1);
	meter_open(&meter, "timer-set");
	meter_open(&meter2, "timer-expire");
	for (b = 0; b < n_batches; b++) {
		pw_ns at[MANY];

		for (i = 0; i < MANY; i++)
			at[i] = l->now + PW_NS_PER_MS + pw_rand_below(&r, PW_NS_PER_S);
		meter_begin(&meter);
		for (i = 0; i < MANY; i++)
			pw_tcp_set_timer(p[i].c, at[i]);
		meter_batch(&meter, MANY);
		l->now += 2 * PW_NS_PER_S;
		meter_begin(&meter2);
		run(l);
		meter_batch(&meter2, MANY);
	}
	meter_print(&meter);
	meter_print(&meter2);
}

/* ---- whole connections ---- */

/* SYN, ACK with a request of 60 bytes, response of 1000 and FIN, FIN of the peer. */
static uint64_t
live_and_die(struct lab *l, struct peer *p)
{
	uint64_t cycles = 0;
	uint32_t step, i;

	for (step = 0; step < 3; step++) {
		for (i = 0; i < MANY; i++) {
			if (step == 0)
				say_syn(l, &p[i]);
			else if (step == 1)
				say(l, &p[i], PW_TCP_PSH, 0, UINT16_MAX << SHIFT, NULL, 0, 60);
			else
				say(l, &p[i], PW_TCP_FIN, (uint32_t)l->respond + 1,
					UINT16_MAX << SHIFT, NULL, 0, 0);
		}
		meter_begin(&meter);
		hear(l);
		run(l);
		cycles += meter_end(&meter);
		for (i = 0; i < MANY && step == 0; i++)
			p[i].iss = l->out[(l->n_out - MANY + i) % OUT_MAX].seq + 1;
		for (i = 0; i < MANY && step == 1; i++)
			p[i].snd += 60;
	}
	return cycles;
}

static void
connections(void)
{
	struct lab *l = lab_open(4096);
	struct peer peers[MANY];
	uint32_t b, i;

	l->respond = 1000;
	meter_open(&meter, "connection");
	for (b = 0; b < n_batches; b++) {
		for (i = 0; i < MANY; i++)
			peer_init(&peers[i], b * MANY + i);
		meter_add(&meter, live_and_die(l, peers), MANY);
		l->now += 10 * PW_NS_PER_MS; /* TIME-WAIT is over meanwhile */
	}
	if (pw_tcp_stats(l->t)->closed != (uint64_t)n_batches * MANY)
		die("connections did not end in order");
	meter_print(&meter);
}

/* ---- look-up ---- */

/*
 * One of @p n connections by chance. Found, and no more: an ICMP error about a
 * sequence number that is not in flight. Then an ACK that acknowledges nothing.
 */
static void
lookup(uint32_t n, const char *find_name, const char *ack_name, const char *ahead_name)
{
	struct lab *l = lab_open(n);
	struct peer *p = peers_connect(l, n, 0);
	struct peer *who[MANY];
	struct pw_tcp_tuple tuples[MANY];
	uint8_t l4[MANY][8];
	struct pw_rand r;
	uint32_t b, i;

	pw_rand_init(&r, 1);
	meter_open(&meter, find_name);
	meter_open(&meter2, ack_name);
	meter_open(&meter3, ahead_name);
	for (b = 0; b < n_batches; b++) {
		for (i = 0; i < MANY; i++) {
			who[i] = &p[pw_rand_below(&r, n)];
			pw_put_be16(l4[i], PORT);
			pw_put_be16(l4[i] + 2, who[i]->port);
			pw_put_be32(l4[i] + 4, who[i]->iss + MSS);
		}
		meter_begin(&meter);
		for (i = 0; i < MANY; i++)
			pw_tcp_icmp_error(l->t, PW_TCP_ICMP_UNREACHABLE, &l->us, &who[i]->addr,
				l4[i], 0, l->now);
		meter_batch(&meter, MANY);
		for (i = 0; i < MANY; i++)
			say_ack(l, &p[pw_rand_below(&r, n)], 0, UINT16_MAX << SHIFT);
		meter_begin(&meter2);
		hear(l);
		meter_batch(&meter2, MANY);
		for (i = 0; i < MANY; i++) {
			who[i] = &p[pw_rand_below(&r, n)];
			say_ack(l, who[i], 0, UINT16_MAX << SHIFT);
			tuples[i] = (struct pw_tcp_tuple){who[i]->addr, l->us, who[i]->port, PORT};
		}
		meter_begin(&meter3);
		pw_tcp_ahead(l->t, tuples, MANY);
		hear(l);
		meter_batch(&meter3, MANY);
	}
	meter_print(&meter);
	meter_print(&meter2);
	meter_print(&meter3);
	free(p);
}

static void
lookup_1(void)
{
	lookup(1, "lookup-1", "ack-of-1", "ack-ahead-1");
}

static void
lookup_10k(void)
{
	lookup(10000, "lookup-10000", "ack-of-10000", "ack-ahead-10000");
}

static void
lookup_1m(void)
{
	lookup(1000000, "lookup-1000000", "ack-of-1000000", "ack-ahead-1000000");
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"bulk-46", bulk_46},
	{"bulk-10", bulk_10},
	{"bulk-paced", bulk_paced},
	{"bulk-gso", bulk_gso},
	{"receive", receive},
	{"bulk-cubic", bulk_cubic},
	{"sack-1", sack_1},
	{"sack-30", sack_30},
	{"sack-200", sack_200},
	{"retransmit", retransmit},
	{"timers", timers},
	{"connections", connections},
	{"lookup-1", lookup_1},
	{"lookup-10000", lookup_10k},
	{"lookup-1000000", lookup_1m},
};

static void
run_case(const char *name)
{
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++)
		if (strcmp(cases[i].name, name) == 0) {
			cases[i].run();
			return;
		}
	die("no such case");
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"batches", required_argument, NULL, 'b'}, {"ipv6", no_argument, NULL, '6'}, {0}};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '6')
			ip6 = true;
		else if (opt == 'b')
			n_batches = (uint32_t)RTE_MIN(strtoul(optarg, NULL, 0), METER_BATCHES_MAX);
		else
			return 2;
	}
	if (n_batches == 0 || optind == argc)
		die("usage: tcp_bench [--batches N] [--ipv6] CASE...");
	for (; optind < argc; optind++)
		run_case(argv[optind]);
	return 0;
}
