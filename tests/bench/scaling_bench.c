/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Several workers without a device: real ones, on lcores of their own, over one store.
 * The port of each is a mirror: it acknowledges what it is given, once for a
 * connection and burst, asks for more, and costs next to nothing, so that what is
 * measured is how much of each other's time workers take.
 *
 *	scaling_bench [EAL options] -- [--seconds S] [--ipv6] ROOT CASE
 *
 * ROOT is a directory with the files "big" and "small"; a worker for each lcore. Prints
 * {"workers": N, "payload_bits_per_s": R, "responses_per_s": R, "cycles_per_byte": C}.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rte_cycles.h>
#include <rte_malloc.h>
#include "app.h"
#include "ends.h"
#include "pw_wire_tcp.h"

#define PORT	     80
#define FIRST_PORT   1024
#define PORTS	     1024 /* of which each worker finds its own */
#define CONNS	     64	  /* of each worker */
#define SHIFT	     7
#define WINDOW	     (512u << 10) /* bytes a connection has under way */
#define OPEN_AT_ONCE 16
#define SETTLE_US    400000

const char program[] = "scaling_bench";

static struct ends ends;
static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1}, peer_mac[6] = {2, 0, 0, 0, 0, 2};

/* One connection's other end. */
struct peer {
	uint16_t port;
	bool touched;	/* something is to be said to the server */
	bool answered;	/* the SYN is */
	uint32_t snd;	/* sequence numbers: ours next, */
	uint32_t rcv;	/* theirs expected */
	uint32_t ts;	/* theirs, to be echoed */
	uint64_t got;	/* bytes of answers */
	uint64_t asked; /* for so many bytes of answers */
};

/* A worker's queue of the port. */
struct mirror {
	struct pw_port_queue queue;
	struct rte_mempool *pool;
	const char *text; /* of a request, */
	uint32_t text_len;
	uint64_t each; /* and the bytes of its answer, about; 0: they come in one segment */
	bool known;    /* we have said who we are */
	uint32_t n_open;
	uint32_t n_touched;
	struct peer *touched[CONNS];
	struct peer peers[CONNS];
	uint8_t index[PORTS]; /* of peers, by port */
} __rte_cache_aligned;

struct lab {
	struct app app;
	struct pw_port port;
	struct pw_if_addr addr;
	struct mirror *mirror[PW_WORKERS_MAX];
	double seconds;
	double bits_per_s, responses_per_s, cycles_per_byte;
};

static void __attribute__((noreturn)) die(const char *why)
{
	COMPLAIN("%s", why);
	exit(STATUS_FAILED);
}

/* ---- the mirror ---- */

static struct rte_mbuf *
frame(struct mirror *mi, uint16_t type)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mi->pool);

	if (m == NULL)
		die("the mirror has no buffer");
	pw_eth_emit((uint8_t *)rte_pktmbuf_append(m, PW_ETH_HLEN), our_mac, peer_mac, type);
	m->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return m;
}

static struct rte_mbuf *
say_hello(struct mirror *mi)
{
	uint8_t hello[ENDS_HELLO_MAX];
	uint16_t type;
	uint32_t len = ends_put_hello(&ends, hello, peer_mac, &type);
	struct rte_mbuf *m = frame(mi, type);

	memcpy(rte_pktmbuf_append(m, (uint16_t)len), hello, len);
	mi->known = true;
	return m;
}

static struct rte_mbuf *
say(struct mirror *mi, struct peer *p, uint8_t flags, const char *text, uint32_t len)
{
	struct pw_tcp_opts o = {.has = PW_OPT_MSS | PW_OPT_SACK_OK | PW_OPT_TS | PW_OPT_WSCALE,
		.mss = ends.mss,
		.wscale = SHIFT,
		.ts_val = 1};
	struct pw_tcp_hdr h = {.sport = p->port,
		.dport = PORT,
		.seq = p->snd,
		.ack = flags & PW_TCP_ACK ? p->rcv : 0,
		.wnd = WINDOW >> SHIFT,
		.flags = flags,
		.opt_len = PW_TCP_TS_LEN};
	struct rte_mbuf *m = frame(mi, ends.eth_type);
	uint8_t *to = (uint8_t *)rte_pktmbuf_append(m, ends.ip_hlen);
	uint8_t opts[PW_TCP_OPT_MAX];

	if (flags & PW_TCP_SYN)
		h.opt_len = (uint8_t)pw_tcp_put_syn_opts(opts, &o);
	else
		pw_tcp_put_ts(opts, o.ts_val, p->ts);
	ends_put_ip(&ends, to, true, PW_TCP_HLEN_MIN + h.opt_len + len);
	pw_tcp_emit((uint8_t *)rte_pktmbuf_append(m, PW_TCP_HLEN_MIN + h.opt_len), &h, opts);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), text, len);
	p->snd += len + ((flags & PW_TCP_SYN) != 0);
	return m;
}

/* Acknowledge, and ask when there is less than an answer to come. */
static struct rte_mbuf *
answer(struct mirror *mi, struct peer *p)
{
	p->touched = false;
	if (mi->each != 0 && p->asked >= p->got + mi->each)
		return say(mi, p, PW_TCP_ACK, "", 0);
	p->asked = RTE_MAX(p->asked, p->got) + mi->each;
	return say(mi, p, PW_TCP_ACK | PW_TCP_PSH, mi->text, mi->text_len);
}

static uint16_t
mirror_rx(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	struct mirror *mi = q;
	uint16_t i = 0;

	if (unlikely(!mi->known))
		pkts[i++] = say_hello(mi);
	while (i < RTE_MIN(n, OPEN_AT_ONCE) && mi->n_open < CONNS)
		pkts[i++] = say(mi, &mi->peers[mi->n_open++], PW_TCP_SYN, "", 0);
	while (i < n && mi->n_touched != 0)
		pkts[i++] = answer(mi, mi->touched[--mi->n_touched]);
	return i;
}

static void
look_at(struct mirror *mi, const struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	const uint8_t *tcp = ends_tcp(&ends, p);
	struct peer *peer;
	uint32_t len;

	if (unlikely(tcp == NULL))
		return;
	peer = &mi->peers[mi->index[pw_get_be16(tcp + 2) - FIRST_PORT]];
	len = m->pkt_len - (uint32_t)(tcp - p) - (tcp[12] >> 4) * 4u;
	if (unlikely(tcp[13] & PW_TCP_SYN)) {
		peer->answered = true;
		len = 1;
	} else {
		peer->ts = pw_get_be32(tcp + 24);
		peer->got += len;
	}
	if (len == 0)
		return;
	peer->rcv = pw_get_be32(tcp + 4) + len;
	if (!peer->touched)
		mi->touched[mi->n_touched++] = peer;
	peer->touched = true;
}

static uint16_t
mirror_tx(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i;

	for (i = 0; i < n; i++)
		look_at(q, pkts[i]);
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

static const struct pw_port_ops mirror_ops = {.rx_burst = mirror_rx, .tx_burst = mirror_tx};

/* Connections that worker @p i owns, so that nothing has to be handed over. */
static void
choose_ports(struct lab *l, struct mirror *mi, uint32_t i)
{
	const struct pw_crew *crew = l->app.workers.crew;
	uint16_t port = FIRST_PORT;
	uint32_t k = 0;

	for (; k < CONNS; port++) {
		if (crew != NULL && pw_spread_worker_of(pw_crew_spread(crew), &ends.us, PORT,
					    &ends.peer, port) != i)
			continue;
		mi->peers[k] = (struct peer){.port = port, .snd = 1000};
		mi->index[port - FIRST_PORT] = (uint8_t)k++;
	}
}

static struct mirror *
mirror_open(struct lab *l, uint32_t i, const char *file, uint64_t each)
{
	struct mirror *mi = rte_zmalloc("mirror", sizeof(*mi), RTE_CACHE_LINE_SIZE);
	static char text[80];
	char name[24];

	snprintf(name, sizeof(name), "mirror%u", i);
	if (mi != NULL)
		mi->pool = rte_pktmbuf_pool_create(
			name, 4095, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (mi == NULL || mi->pool == NULL)
		die("no memory for a mirror");
	snprintf(text, sizeof(text), "GET /%s HTTP/1.1\r\nHost: bench\r\n\r\n", file);
	mi->text = text;
	mi->text_len = (uint32_t)strlen(text);
	mi->each = each;
	mi->queue = (struct pw_port_queue){.ops = &mirror_ops, .q = mi};
	choose_ports(l, mi, i);
	return mi;
}

/* ---- the workers ---- */

static void
tick(void *ctx, pw_ns now, int64_t unix_s)
{
	pw_http_tick(ctx, now, unix_s);
}

static void
add_worker(struct lab *l, uint32_t i)
{
	struct desk *desk = &l->app.desks[i];
	struct pw_http_cfg http = {.site = l->app.site, .refs = &desk->refs, .mem = &mem_eal};
	struct pw_loop_if ifc = {
		.port = &l->port, .queue = &l->mirror[i]->queue, .addrs = &l->addr, .n_addrs = 1};
	struct pw_worker_cfg cfg = {
		.ifs = &ifc,
		.n_ifs = 1,
		.store = l->app.store,
		.listen_port = PORT,
		.tcp = {.max_conns = 1024, .max_half_open = 1024, .max_traced = 1024},
		.service = {.app = &pw_http_app, .app_bytes = pw_http_room_bytes(), .tick = tick},
	};

	if (pw_store_refs_init(&desk->refs, l->app.store, &mem_eal) != 0)
		die("no memory for page references");
	cfg.service.ctx = desk->http = pw_http_create(&http);
	if (desk->http == NULL || workers_add(&l->app.workers, &cfg) != STATUS_OK)
		die("no memory for a worker");
}

static void
open_lab(struct lab *l, bool offload, const char *file, uint64_t each)
{
	uint32_t i;

	if (workers_open(&l->app.workers) != STATUS_OK || content_scan(&l->app) != STATUS_OK ||
		content_load(&l->app) != STATUS_OK)
		exit(STATUS_FAILED);
	l->port = (struct pw_port){
		.n_queues = (uint16_t)l->app.workers.n,
		.mtu = 1500,
		.max_pieces = UINT16_MAX,
		.tx_tcp_cksum = offload,
		.rx_tcp_cksum = true,
		.rx_ip4_cksum = true,
		.n_txd = 1024,
		.driver = "mirror",
	};
	memcpy(l->port.mac.addr_bytes, our_mac, sizeof(our_mac));
	l->addr = (struct pw_if_addr){ends.us, ends.prefix_bits};
	for (i = 0; i < l->app.workers.n; i++) {
		l->mirror[i] = mirror_open(l, i, file, each);
		add_worker(l, i);
	}
}

struct sums {
	uint64_t bytes, responses, cycles, tsc;
};

static struct sums
take(const struct lab *l)
{
	struct sums s = {.tsc = rte_rdtsc()};
	uint32_t i;

	for (i = 0; i < l->app.workers.n; i++) {
		struct pw_worker_stats st;

		pw_worker_get_stats(l->app.workers.of[i], &st);
		s.bytes += st.tcp.bytes_out;
		s.cycles += st.busy_cycles;
		s.responses += pw_http_stats(l->app.desks[i].http)->responses_done;
	}
	return s;
}

static void *
watch(void *ctx)
{
	struct lab *l = ctx;
	struct sums a, b;
	double seconds;

	usleep(SETTLE_US);
	a = take(l);
	usleep((useconds_t)(l->seconds * 1e6));
	b = take(l);
	seconds = (double)(b.tsc - a.tsc) / (double)rte_get_tsc_hz();
	l->bits_per_s = 8 * (double)(b.bytes - a.bytes) / seconds;
	l->responses_per_s = (double)(b.responses - a.responses) / seconds;
	l->cycles_per_byte =
		(double)(b.cycles - a.cycles) / (double)RTE_MAX(b.bytes - a.bytes, UINT64_C(1));
	workers_post(&l->app.workers, PW_WORKER_STOP, 0);
	return NULL;
}

/* What is left of connections is reset: holds go, and every buffer is back. */
static int
close_lab(struct lab *l)
{
	uint64_t n_holds = 0;
	uint32_t i;
	int status;

	for (i = 0; i < l->app.workers.n; i++)
		n_holds += l->app.desks[i].refs.n_holds;
	status = workers_leaks(&l->app.workers, NULL, 0, n_holds);
	workers_close(&l->app.workers);
	for (i = 0; i < l->app.workers.n; i++) {
		pw_http_destroy(l->app.desks[i].http);
		pw_store_refs_fini(&l->app.desks[i].refs, &mem_eal);
		rte_mempool_free(l->mirror[i]->pool);
		rte_free(l->mirror[i]);
	}
	content_free(&l->app);
	return status;
}

static const struct {
	const char *name;
	const char *file;
	uint64_t each;
	bool offload;
} cases[] = {
	{"bulk", "big", 16 << 20, true},
	{"bulk-sum", "big", 16 << 20, false},
	{"requests", "small", 0, true},
};

static int
run_case(struct lab *l, const char *name)
{
	pthread_t watcher;
	size_t i;

	for (i = 0; i < RTE_DIM(cases) && strcmp(cases[i].name, name) != 0; i++)
		;
	if (i == RTE_DIM(cases))
		die("no such case");
	open_lab(l, cases[i].offload, cases[i].file, cases[i].each);
	if (rte_ctrl_thread_create(&watcher, "watch", NULL, watch, l) != 0)
		die("no thread");
	workers_run(&l->app.workers);
	pthread_join(watcher, NULL);
	printf("{\"workers\": %u, \"payload_bits_per_s\": %.0f, \"responses_per_s\": %.1f, "
	       "\"cycles_per_byte\": %.4f}\n",
		l->app.workers.n, l->bits_per_s, l->responses_per_s, l->cycles_per_byte);
	return close_lab(l);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seconds", required_argument, NULL, 's'}, {"ipv6", no_argument, NULL, '6'}, {0}};
	static struct lab lab = {.seconds = 1};
	int used = rte_eal_init(argc, argv), status, opt;
	char index[] = "index.html";
	bool ip6 = false;

	if (used < 0)
		die("no EAL");
	argc -= used;
	argv += used;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '6')
			ip6 = true;
		else if (opt == 's')
			lab.seconds = strtod(optarg, NULL);
		else
			return STATUS_USAGE;
	}
	if (argc - optind != 2)
		die("usage: scaling_bench [EAL options] -- [--seconds S] [--ipv6] ROOT CASE");
	ends_init(&ends, ip6);
	lab.app.cfg.root = argv[optind];
	lab.app.cfg.index = index;
	status = run_case(&lab, argv[optind + 1]);
	rte_eal_cleanup();
	return status;
}
