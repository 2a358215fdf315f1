/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What a turn of a whole worker costs without a device: frames of ACKs and
 * requests in, through link, ip, tcp and http, segments of a file out, through
 * seg, ip and link into the batch for the device. The port hands over pointers
 * and keeps what it is given; freeing that, which is the driver's part of a
 * worker's time, is measured apart.
 *
 *	path_bench [EAL options] -- [--batches N] [--ipv6] ROOT CASE...
 *
 * ROOT is a directory with the files "big" and "small". A line a figure: name,
 * cycles per operation (median, 10th and 90th percentile of the batches),
 * operations.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include "ends.h"
#include "meter.h"
#include "pw_http.h"
#include "pw_loop.h"
#include "pw_wire_tcp.h"

#define SHIFT	   7
#define PEERS	   64
#define FRAMES_MAX 1024
#define PORT	   80
#define FRAME_MAX  512

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1}, peer_mac[6] = {2, 0, 0, 0, 0, 2};

/* A port without a device. */
struct wire {
	struct pw_port port;
	struct pw_port_queue queue;
	struct rte_mempool *pool;
	uint32_t n_rx, n_tx;
	struct rte_mbuf *rx[FRAMES_MAX]; /* to be received */
	struct rte_mbuf *tx[FRAMES_MAX]; /* sent */
};

/* One connection's other end. */
struct peer {
	uint16_t port;
	uint32_t snd, rcv; /* sequence numbers: ours next, theirs expected */
};

struct lab {
	pw_ns now;
	struct wire wire;
	struct pw_store *store;
	struct pw_tree *tree;
	struct pw_site *site;
	struct pw_store_refs refs;
	struct pw_http *http;
	struct pw_worker *worker;
	struct pw_if_addr addr;
	struct peer peers[PEERS];
};

static struct meter meter, free_meter;
static struct lab *kept;
static struct ends ends;
static uint32_t n_batches = 2000;

static void
die(const char *why)
{
	fprintf(stderr, "path_bench: %s\n", why);
	exit(1);
}

/* ---- the port ---- */

static uint16_t
rx_burst(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	struct wire *w = q;

	n = (uint16_t)RTE_MIN(n, w->n_rx);
	w->n_rx -= n;
	memcpy(pkts, &w->rx[w->n_rx], n * sizeof(*pkts));
	return n;
}

static uint16_t
tx_burst(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	struct wire *w = q;

	if (w->n_tx + n > FRAMES_MAX)
		return 0;
	memcpy(&w->tx[w->n_tx], pkts, n * sizeof(*pkts));
	w->n_tx += n;
	return n;
}

static const struct pw_port_ops wire_ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};

static void
wire_open(struct wire *w, bool offload)
{
	w->port = (struct pw_port){
		.n_queues = 1,
		.mtu = 1500,
		.max_pieces = UINT16_MAX,
		.tx_tcp_cksum = offload,
		.rx_tcp_cksum = true,
		.rx_ip4_cksum = true,
		.n_txd = 2048,
		.driver = "wire",
	};
	memcpy(w->port.mac.addr_bytes, our_mac, sizeof(our_mac));
	w->queue = (struct pw_port_queue){.ops = &wire_ops, .q = w};
	w->pool = rte_pktmbuf_pool_create(
		"rx", 4095, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (w->pool == NULL)
		die("no memory for packets");
}

static struct rte_mbuf *
wire_frame(struct wire *w, uint16_t type)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);
	uint8_t *p;

	if (m == NULL || w->n_rx == FRAMES_MAX)
		die("too many frames in a batch");
	p = (uint8_t *)rte_pktmbuf_append(m, PW_ETH_HLEN);
	pw_eth_emit(p, our_mac, peer_mac, type);
	m->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	w->rx[w->n_rx++] = m;
	return m;
}

/* ---- the worker and what it serves ---- */

static void *
mem_alloc(void *ctx, size_t bytes, const char *what)
{
	return rte_zmalloc(what, bytes, RTE_CACHE_LINE_SIZE);
}

static void
mem_free(void *ctx, void *mem)
{
	rte_free(mem);
}

static const struct pw_mem mem = {.alloc = mem_alloc, .free = mem_free};

static void *
arena_alloc(void *ctx, size_t bytes)
{
	return rte_zmalloc("pages", bytes, PW_PAGE_BYTES);
}

static void
arena_free(void *ctx, void *pages, size_t bytes)
{
	rte_free(pages);
}

static uint64_t
arena_iova(void *ctx, const void *addr)
{
	return (uintptr_t)addr; /* nobody but us will read it */
}

static const struct pw_arena arena = {.alloc = arena_alloc, .free = arena_free, .iova = arena_iova};

static void
open_site(struct lab *l, const char *root)
{
	struct pw_site_cfg site = {.mime_types = "/dev/null"};
	struct pw_store_load_cfg load = {.arena = &arena, .prefix = pw_site_prefix};

	site.tree = l->tree = pw_tree_scan(root);
	site.store = l->store = pw_store_create();
	if (l->tree == NULL || l->store == NULL)
		die("the directory cannot be read");
	load.ctx = l->site = pw_site_create(&site);
	if (l->site == NULL || pw_store_load(l->store, &load) != 0 ||
		pw_store_refs_init(&l->refs, l->store, &mem) != 0)
		die("the directory cannot be loaded");
}

static void
tick(void *ctx, pw_ns now, int64_t unix_s)
{
	pw_http_tick(ctx, now, unix_s);
}

static void
open_worker(struct lab *l)
{
	struct pw_http_cfg http = {.site = l->site, .refs = &l->refs, .mem = &mem};
	struct pw_loop_if ifc = {
		.port = &l->wire.port, .queue = &l->wire.queue, .addrs = &l->addr, .n_addrs = 1};
	struct pw_worker_cfg cfg = {
		.socket_id = SOCKET_ID_ANY,
		.ifs = &ifc,
		.n_ifs = 1,
		.store = l->store,
		.listen_port = PORT,
		.tcp = {.max_conns = 1024, .max_half_open = 1024, .max_traced = 1024},
	};

	l->addr = (struct pw_if_addr){ends.us, ends.prefix_bits};
	l->http = pw_http_create(&http);
	if (l->http == NULL)
		die("no memory for the service");
	cfg.service.app = &pw_http_app;
	cfg.service.ctx = l->http;
	cfg.service.app_bytes = pw_http_room_bytes();
	cfg.service.tick = tick;
	l->worker = pw_worker_create(&cfg);
	if (l->worker == NULL)
		die("no memory for a worker");
}

/* ---- peers ---- */

static void
say_hello(struct lab *l)
{
	uint8_t hello[ENDS_HELLO_MAX];
	uint16_t type;
	uint32_t len = ends_put_hello(&ends, hello, peer_mac, &type);
	struct rte_mbuf *m = wire_frame(&l->wire, type);

	memcpy(rte_pktmbuf_append(m, (uint16_t)len), hello, len);
}

static void
say(struct lab *l, struct peer *p, uint8_t flags, uint32_t window, const char *text)
{
	uint8_t bytes[FRAME_MAX], opts[PW_TCP_OPT_MAX];
	uint32_t len = (uint32_t)strlen(text), hlen;
	struct pw_tcp_opts o = {.has = PW_OPT_MSS | PW_OPT_SACK_OK | PW_OPT_TS | PW_OPT_WSCALE,
		.mss = ends.mss,
		.wscale = SHIFT,
		.ts_val = (uint32_t)(l->now / PW_NS_PER_MS)};
	struct pw_tcp_hdr h = {.sport = p->port,
		.dport = PORT,
		.seq = p->snd,
		.ack = flags & PW_TCP_ACK ? p->rcv : 0,
		.wnd = (uint16_t)((window + (1u << SHIFT) - 1) >> SHIFT),
		.flags = flags,
		.opt_len = PW_TCP_TS_LEN};
	struct rte_mbuf *m = wire_frame(&l->wire, ends.eth_type);

	if (flags & PW_TCP_SYN)
		h.opt_len = (uint8_t)pw_tcp_put_syn_opts(opts, &o);
	else
		pw_tcp_put_ts(opts, o.ts_val, 0);
	hlen = pw_tcp_emit(bytes, &h, opts);
	memcpy(bytes + hlen, text, len);
	ends_put_ip(&ends, (uint8_t *)rte_pktmbuf_append(m, ends.ip_hlen), true, hlen + len);
	memcpy(rte_pktmbuf_append(m, (uint16_t)(hlen + len)), bytes, hlen + len);
	p->snd += len + ((flags & PW_TCP_SYN) != 0);
}

/* The segments that were sent are in order and for one peer each: note their ends. */
static uint32_t
look(struct lab *l)
{
	struct wire *w = &l->wire;
	uint32_t i, n_data = 0;

	for (i = 0; i < w->n_tx; i++) {
		const uint8_t *p = rte_pktmbuf_mtod(w->tx[i], const uint8_t *);
		const uint8_t *tcp = ends_tcp(&ends, p);
		uint32_t len;

		if (tcp == NULL)
			continue;
		len = w->tx[i]->pkt_len - (uint32_t)(tcp - p) - (tcp[12] >> 4) * 4u;
		l->peers[pw_get_be16(tcp + 2) - 1024].rcv =
			pw_get_be32(tcp + 4) + len + ((tcp[13] & (PW_TCP_SYN | PW_TCP_FIN)) != 0);
		n_data += len > 0;
	}
	return n_data;
}

static void
drop_sent(struct wire *w)
{
	rte_pktmbuf_free_bulk(w->tx, w->n_tx);
	w->n_tx = 0;
}

/* Turns until nothing is left to do. @return cycles; data segments in @p n_data */
static uint64_t
turn(struct lab *l, uint32_t *n_data)
{
	uint64_t cycles;

	meter_begin(&meter);
	do
		pw_worker_turn(l->worker, l->now);
	while (l->wire.n_rx > 0 || pw_tcp_next(pw_worker_tcp(l->worker)) == 0);
	cycles = meter_end(&meter);
	*n_data = look(l);
	meter_begin(&free_meter);
	drop_sent(&l->wire);
	if (*n_data > 0)
		meter_batch(&free_meter, *n_data);
	return cycles;
}

static void
connect_peers(struct lab *l, uint32_t n)
{
	uint32_t i, n_data;

	say_hello(l);
	for (i = 0; i < n; i++) {
		l->peers[i] = (struct peer){.port = (uint16_t)(1024 + i), .snd = 1000};
		say(l, &l->peers[i], PW_TCP_SYN, UINT16_MAX, "");
		turn(l, &n_data);
		say(l, &l->peers[i], PW_TCP_ACK, UINT16_MAX << SHIFT, "");
		turn(l, &n_data);
	}
}

static struct lab *
lab_open(const char *root, bool offload)
{
	struct lab *l = mem_alloc(NULL, sizeof(*l), "lab");

	if (l == NULL)
		die("no memory");
	l->now = PW_NS_PER_S;
	wire_open(&l->wire, offload);
	open_site(l, root);
	open_worker(l);
	return l;
}

/* The connections that are left are reset. */
static void
lab_rest(struct lab *l)
{
	pw_tcp_abort_all(pw_worker_tcp(l->worker), l->now);
	pw_worker_turn(l->worker, l->now);
	drop_sent(&l->wire);
}

static void
lab_close(struct lab *l)
{
	pw_worker_destroy(l->worker);
	pw_http_destroy(l->http);
	pw_store_refs_fini(&l->refs, &mem);
	pw_site_destroy(l->site);
	pw_store_destroy(l->store);
	pw_tree_free(l->tree);
	rte_mempool_free(l->wire.pool);
	mem_free(NULL, l);
}

/* Making a lab takes long under callgrind: it is kept for the cases that it will do for. */
static struct lab *
lab_get(const char *root, bool offload)
{
	if (kept != NULL && kept->wire.port.tx_tcp_cksum != offload) {
		lab_close(kept);
		kept = NULL;
	}
	if (kept == NULL)
		kept = lab_open(root, offload);
	return kept;
}

/* ---- cases ---- */

#define BIG   "GET /big HTTP/1.1\r\nHost: bench\r\n\r\n"
#define CLOSE "GET /small HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
#define SMALL "GET /small HTTP/1.1\r\nHost: bench\r\nUser-Agent: path_bench\r\nAccept: */*\r\n\r\n"

/*
 * A download with a window of @p each segments and as many again on their way,
 * an ACK for every second. Cycles per data segment, its half of an ACK included.
 */
static void
bulk(const char *root, const char *name, const char *free_name, uint32_t each, bool offload)
{
	struct lab *l = lab_get(root, offload);
	struct peer *p = &l->peers[0];
	const uint32_t seg = ends.mss - PW_TCP_TS_LEN;
	uint32_t window = 2 * each * seg, una, b, i, n = 0;

	connect_peers(l, 1);
	say(l, p, PW_TCP_ACK | PW_TCP_PSH, window, BIG);
	for (b = 0; b < 40; b++) { /* until the window is open */
		turn(l, &n);
		l->now += PW_NS_PER_MS;
		say(l, p, PW_TCP_ACK, window, "");
	}
	turn(l, &n);
	una = p->rcv - window;
	meter_open(&meter, name);
	meter_open(&free_meter, free_name);
	for (b = 0; b < n_batches; b++) {
		uint64_t cycles;

		l->now += 50 * PW_NS_PER_US;
		for (i = 0; i < each; i += 2) {
			struct peer at = *p;

			at.rcv = una += 2 * seg;
			say(l, &at, PW_TCP_ACK, window, "");
		}
		cycles = turn(l, &n);
		if (n != each) { /* the file has ended */
			una = p->rcv;
			say(l, p, PW_TCP_ACK | PW_TCP_PSH, window, BIG);
			turn(l, &n);
			una = p->rcv - n * seg;
			continue;
		}
		meter_add(&meter, cycles, n);
	}
	meter_print(&meter);
	meter_print(&free_meter);
	lab_rest(l);
}

static void
bulk_offload(const char *root)
{
	bulk(root, "bulk-46", "free-46", 46, true);
}

static void
bulk_sum(const char *root)
{
	bulk(root, "bulk-46-sum", "free-46-sum", 46, false);
}

/* Each of many connections asks for a small file, and acknowledges with its next request. */
static void
requests(const char *root)
{
	struct lab *l = lab_get(root, true);
	uint32_t b, i, n;

	connect_peers(l, PEERS);
	meter_open(&meter, "request");
	meter_open(&free_meter, "free-request");
	for (b = 0; b < n_batches; b++) {
		l->now += 50 * PW_NS_PER_US;
		for (i = 0; i < PEERS; i++)
			say(l, &l->peers[i], PW_TCP_ACK | PW_TCP_PSH, UINT16_MAX << SHIFT, SMALL);
		meter_add(&meter, turn(l, &n), PEERS);
		if (n != PEERS)
			die("not one response a request");
	}
	meter_print(&meter);
	meter_print(&free_meter);
	lab_rest(l);
}

/* Each of many connections acknowledges what it has acknowledged before: what receiving costs. */
static void
acks(const char *root)
{
	struct lab *l = lab_get(root, true);
	uint32_t b, i, n;

	connect_peers(l, PEERS);
	meter_open(&meter, "ack");
	for (b = 0; b < n_batches; b++) {
		l->now += 50 * PW_NS_PER_US;
		for (i = 0; i < PEERS; i++)
			say(l, &l->peers[i], PW_TCP_ACK, UINT16_MAX << SHIFT, "");
		meter_add(&meter, turn(l, &n), PEERS);
	}
	meter_print(&meter);
	lab_rest(l);
}

static void
live(struct lab *l, struct peer *p, uint16_t port, uint32_t step)
{
	switch (step) {
	case 0: /* a port that rests is known by its sequence numbers (RFC 6191) */
		*p = (struct peer){.port = port, .snd = p->snd + 1000};
		say(l, p, PW_TCP_SYN, UINT16_MAX, "");
		return;
	case 1:
		say(l, p, PW_TCP_ACK | PW_TCP_PSH, UINT16_MAX << SHIFT, CLOSE);
		return;
	default:
		say(l, p, PW_TCP_ACK | PW_TCP_FIN, UINT16_MAX << SHIFT, "");
	}
}

/* Many at a time are opened, ask for a small file, and are closed by us first. */
static void
connections(const char *root)
{
	struct lab *l = lab_get(root, true);
	const struct pw_tcp_stats *st = pw_tcp_stats(pw_worker_tcp(l->worker));
	uint64_t before = st->closed;
	uint32_t b, i, n;

	connect_peers(l, 0);
	turn(l, &n);
	meter_open(&meter, "connection");
	for (b = 0; b < n_batches; b++) {
		uint64_t cycles = 0;
		uint32_t step;

		for (step = 0; step < 3; step++) {
			l->now += 50 * PW_NS_PER_US;
			for (i = 0; i < PEERS; i++)
				live(l, &l->peers[i], (uint16_t)(1024 + i), step);
			cycles += turn(l, &n);
		}
		meter_add(&meter, cycles, PEERS);
	}
	if (st->closed - before != (uint64_t)n_batches * PEERS)
		die("connections did not end in order");
	meter_print(&meter);
	lab_rest(l);
}

static const struct {
	const char *name;
	void (*run)(const char *root);
} cases[] = {
	{"bulk", bulk_offload},
	{"bulk-sum", bulk_sum},
	{"requests", requests},
	{"acks", acks},
	{"connections", connections},
};

static void
run_case(const char *root, const char *name)
{
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++)
		if (strcmp(cases[i].name, name) == 0) {
			cases[i].run(root);
			return;
		}
	die("no such case");
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"batches", required_argument, NULL, 'b'}, {"ipv6", no_argument, NULL, '6'}, {0}};
	bool ip6 = false;
	int used = rte_eal_init(argc, argv), opt;
	const char *root;

	if (used < 0)
		die("no EAL");
	argc -= used;
	argv += used;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '6')
			ip6 = true;
		else if (opt == 'b')
			n_batches = (uint32_t)RTE_MIN(strtoul(optarg, NULL, 0), METER_BATCHES_MAX);
		else
			return 2;
	}
	if (n_batches == 0 || argc - optind < 2)
		die("usage: path_bench [EAL options] -- [--batches N] [--ipv6] ROOT CASE...");
	ends_init(&ends, ip6);
	root = argv[optind];
	while (++optind < argc)
		run_case(root, argv[optind]);
	lab_close(kept);
	rte_eal_cleanup();
	return 0;
}
