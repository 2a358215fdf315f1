/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The limit of a device: the very chains that pagewire sends, a header mbuf and
 * windows of the store's pages made by the same builder, with the same offload
 * flags, to nobody in particular. No TCP, no answers. And the other end, which
 * counts what comes and lets it go.
 *
 *	flood [EAL options] -- [--ipv6] ROOT        until SIGTERM; goes round the files of ROOT
 *	flood [EAL options] -- --sink [--seconds S] [--rx-room BYTES]
 *
 * The sink waits for a first packet, lets things settle, and prints what came in
 * the seconds after that: {"packets": N, "bytes": N, "seconds": S}.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_mbuf.h>
#include "app.h"
#include "ends.h"
#include "pw_seg.h"
#include "pw_wire_cksum.h"
#include "pw_wire_tcp.h"

#define TCP_HLEN   (PW_TCP_HLEN_MIN + PW_TCP_TS_LEN)
#define HEAD_MAX   (PW_ETH_HLEN + PW_IP6_HLEN + TCP_HLEN)
#define CKSUM_OFF  16 /* in the TCP header */
#define BURST	   PW_PORT_TX_BURST
#define SPARE	   1024 /* packets under way besides those in the device's ring, as a worker has */
#define SETTLE_S   0.3
#define PATIENCE_S 20

const char program[] = "flood";

struct flood {
	struct pw_port port;
	struct pw_port_queue queue;
	struct pw_port_tx tx;
	struct pw_drops drops;
	struct pw_tree *tree;
	struct pw_store *store;
	struct pw_seg *seg;
	uint32_t object; /* where in the files we are */
	pw_off off;
	uint32_t piece; /* payload of a packet */
	uint64_t ol_flags;
	uint64_t tx_offload;
	uint16_t head_sum; /* of the header and its pseudo-header, where nobody else adds it */
	uint32_t head_len;
	uint8_t head[HEAD_MAX];
};

static struct ends ends;

struct sink {
	uint64_t packets;
	uint64_t bytes;
};

static volatile sig_atomic_t over;

static void
on_signal(int sig)
{
	over = 1;
}

static void __attribute__((noreturn)) die(const char *why)
{
	COMPLAIN("%s", why);
	exit(STATUS_FAILED);
}

static void
open_port(struct pw_port *port, struct pw_port_queue *queue, uint16_t rx_room)
{
	struct pw_port_cfg cfg = {.n_workers = 1, .rx_room = rx_room};

	if (pw_port_open(&cfg, port) != 0)
		exit(STATUS_FAILED);
	pw_port_queue_init(queue, port, 0);
}

/* ---- flood ---- */

static void
no_prefix(void *ctx, uint32_t id, const struct pw_object *obj, uint8_t *to)
{
}

static void
load(struct flood *f, const char *root)
{
	struct pw_store_load_cfg cfg = {.arena = &arena_eal, .prefix = no_prefix};
	uint32_t i;

	f->tree = pw_tree_scan(root);
	f->store = pw_store_create();
	if (f->tree == NULL || f->store == NULL)
		die("the directory cannot be read");
	for (i = 0; i < f->tree->n_nodes; i++)
		if (f->tree->nodes[i].kind == PW_NODE_FILE && f->tree->nodes[i].size >= f->piece)
			pw_store_add_file(f->store, f->tree, i, 0);
	if (pw_store_n_objects(f->store) == 0)
		die("no file is long enough for a packet");
	if (pw_store_load(f->store, &cfg) != 0)
		die("the directory cannot be loaded");
}

static void
make_seg(struct flood *f)
{
	uint32_t n = f->port.n_txd + SPARE;
	struct pw_seg_cfg cfg = {
		.name = "flood",
		.socket_id = SOCKET_ID_ANY,
		.store = f->store,
		.n_hdr = n,
		.n_bare = 2 * n,
		.max_pieces = f->port.max_pieces,
		.frame_bytes = (uint16_t)(f->port.mtu + PW_ETH_HLEN),
		.driver_copies = f->port.driver_copies,
	};

	f->seg = pw_seg_create(&cfg);
	if (f->seg == NULL)
		exit(STATUS_FAILED);
}

/* Every packet has the same header: payloads are all of one length. */
static void
make_head(struct flood *f)
{
	static const uint8_t to[PW_ETH_ADDR_LEN] = {2, 0, 0, 0, 0x77, 2};
	struct pw_tcp_hdr tcp = {
		.sport = 80, .dport = 1024, .flags = PW_TCP_ACK, .opt_len = PW_TCP_TS_LEN};
	uint8_t opts[PW_TCP_TS_LEN];
	uint8_t *p = f->head;
	uint16_t sum;

	pw_tcp_put_ts(opts, 1, 1);
	p += pw_eth_emit(p, to, f->port.mac.addr_bytes, ends.eth_type);
	p += ends_put_ip(&ends, p, false, TCP_HLEN + f->piece);
	f->head_len = (uint32_t)(p - f->head) + pw_tcp_emit(p, &tcp, opts);
	sum = pw_sum_pseudo(&ends.us, &ends.peer, PW_IP_PROTO_TCP, TCP_HLEN + f->piece);
	memcpy(p + CKSUM_OFF, &sum, sizeof(sum));
	f->head_sum = pw_sum(p, TCP_HLEN); /* with the pseudo-header's in its place */
}

/* What a worker's segments have (lib/loop/turn.c). */
static void
choose_flags(struct flood *f)
{
	uint32_t mss = f->port.mtu - ends.ip_hlen - TCP_HLEN;
	struct rte_mbuf m = {.l2_len = PW_ETH_HLEN, .l3_len = ends.ip_hlen, .l4_len = TCP_HLEN};

	f->piece = mss;
	if (f->port.tx_tcp_cksum)
		f->ol_flags = RTE_MBUF_F_TX_TCP_CKSUM |
			      (ends.ip6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
	if (f->port.tso) {
		f->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		m.tso_segsz = (uint16_t)mss;
		f->piece = f->port.gso_max_bytes / mss * mss;
	}
	f->tx_offload = m.tx_offload;
}

/* The next bytes of the files; a rest behind the last whole piece of one is not sent. */
static uint32_t
take(struct flood *f, struct pw_span *spans)
{
	uint32_t n = 0;
	uint32_t done;

	if (f->off + f->piece > pw_store_object(f->store, f->object)->size) {
		f->off = 0;
		f->object = f->object + 1 < pw_store_n_objects(f->store) ? f->object + 1 : 0;
	}
	for (done = 0; done < f->piece; done += spans[n++].len)
		pw_store_span(f->store, f->object, f->off + done, f->piece - done, &spans[n]);
	f->off += f->piece;
	return n;
}

static bool
put_one(struct flood *f)
{
	struct pw_span spans[PW_SEG_SPANS_MAX];
	uint32_t n = take(f, spans);
	uint16_t sum;
	struct rte_mbuf *m = pw_seg_build(f->seg, spans, n, f->port.tx_tcp_cksum ? NULL : &sum);
	uint8_t *p;

	if (m == NULL)
		return false;
	p = (uint8_t *)rte_pktmbuf_prepend(m, (uint16_t)f->head_len);
	memcpy(p, f->head, f->head_len);
	m->ol_flags |= f->ol_flags;
	m->tx_offload = f->tx_offload;
	if (!f->port.tx_tcp_cksum) {
		sum = pw_sum_finish(pw_sum_add(sum, f->head_sum));
		memcpy(p + f->head_len - TCP_HLEN + CKSUM_OFF, &sum, sizeof(sum));
	}
	pw_port_tx_put(&f->tx, m);
	return true;
}

static int
flood(const char *root)
{
	static struct flood f;

	open_port(&f.port, &f.queue, 0);
	pw_port_tx_init(&f.tx, &f.queue, &f.drops);
	choose_flags(&f);
	load(&f, root);
	make_seg(&f);
	make_head(&f);
	while (!over) {
		while (pw_port_tx_waiting(&f.tx) < BURST && put_one(&f))
			;
		pw_port_tx_flush(&f.tx, 0); /* at time 0 for ever: nothing is given up */
	}
	pw_port_tx_fini(&f.tx);
	pw_port_stop(&f.port);
	pw_seg_destroy(f.seg);
	pw_store_destroy(f.store);
	pw_tree_free(f.tree);
	pw_port_close(&f.port);
	return STATUS_OK;
}

/* ---- sink ---- */

static uint16_t
sink_turn(struct pw_port_queue *queue, struct sink *s)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t n = queue->ops->rx_burst(queue->q, pkts, BURST);
	uint16_t i;

	for (i = 0; i < n; i++)
		s->bytes += pkts[i]->pkt_len;
	s->packets += n;
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

/* @return cycles from the first turn to the last */
static uint64_t
sink_for(struct pw_port_queue *queue, struct sink *s, double seconds)
{
	uint64_t begin = rte_rdtsc();
	uint64_t end = begin + (uint64_t)(seconds * (double)rte_get_tsc_hz());
	uint64_t now;

	*s = (struct sink){0};
	do {
		sink_turn(queue, s);
		now = rte_rdtsc();
	} while (now < end && !over);
	return now - begin;
}

static int
sink(double seconds, uint16_t rx_room)
{
	uint64_t give_up = rte_rdtsc() + PATIENCE_S * rte_get_tsc_hz();
	static struct pw_port_queue queue;
	static struct pw_port port;
	struct sink s = {0};
	uint64_t cycles;

	open_port(&port, &queue, rx_room);
	while (sink_turn(&queue, &s) == 0 && !over && rte_rdtsc() < give_up)
		;
	if (s.packets == 0)
		die("no packet came");
	sink_for(&queue, &s, SETTLE_S);
	cycles = sink_for(&queue, &s, seconds);
	printf("{\"packets\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"seconds\": %.6f}\n", s.packets,
		s.bytes, (double)cycles / (double)rte_get_tsc_hz());
	pw_port_close(&port);
	return STATUS_OK;
}

static int
usage(void)
{
	fputs("usage: flood [EAL options] -- [--ipv6] ROOT | --sink [--seconds S] [--rx-room "
	      "BYTES]\n",
		stderr);
	return STATUS_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"sink", no_argument, NULL, 'k'},
		{"seconds", required_argument, NULL, 's'},
		{"rx-room", required_argument, NULL, 'r'}, {"ipv6", no_argument, NULL, '6'}, {0}};
	bool is_sink = false, ip6 = false;
	double seconds = 1;
	uint16_t rx_room = 0;
	int used, opt;

	used = rte_eal_init(argc, argv);
	if (used < 0)
		return STATUS_FAILED;
	argc -= used;
	argv += used;
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN); /* the other end may be gone first */
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'k')
			is_sink = true;
		else if (opt == '6')
			ip6 = true;
		else if (opt == 's')
			seconds = strtod(optarg, NULL);
		else if (opt == 'r')
			rx_room = (uint16_t)strtoul(optarg, NULL, 0);
		else
			return usage();
	}
	if (optind + !is_sink != argc)
		return usage();
	ends_init(&ends, ip6);
	opt = is_sink ? sink(seconds, rx_room) : flood(argv[optind]);
	rte_eal_cleanup();
	return opt;
}
