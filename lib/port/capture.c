/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <pcap/pcap.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_pcapng.h>
#include <rte_ring.h>
#include "pw_capture.h"

#define WRITE_BURST 64
#define NAP_NS	    PW_NS_PER_MS
#define BURST_MAX   PW_PORT_TX_BURST /* frames of one look */

struct pw_capture {
	struct bpf_program filter; /* no instruction: everything */
	struct rte_mempool *pool;
	struct rte_ring *ring;
	uint32_t snap;
	uint64_t tsc_base;
	uint64_t tsc_mult; /* nanoseconds per cycle, times 2^32 */
	uint64_t unix_ns;  /* at tsc_base */
	int fd;
	rte_pcapng_t *file;
	pthread_t writer;
	bool writing;
	bool stop;
	struct pw_capture_stats stats; /* added to by all workers, and by the writer */
};

static void
count(uint64_t *at, uint64_t n)
{
	__atomic_fetch_add(at, n, __ATOMIC_RELAXED);
}

/* ---- the writer ---- */

static void
write_some(struct pw_capture *cap, struct rte_mbuf **pkts, uint16_t n)
{
	if (cap->stats.error == 0 && rte_pcapng_write_packets(cap->file, pkts, n) < 0)
		__atomic_store_n(&cap->stats.error, errno != 0 ? errno : EIO, __ATOMIC_RELAXED);
	count(cap->stats.error == 0 ? &cap->stats.written : &cap->stats.lost, n);
	rte_pktmbuf_free_bulk(pkts, n);
}

static void *
writer_main(void *ctx)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	struct rte_mbuf *pkts[WRITE_BURST];
	struct pw_capture *cap = ctx;
	uint32_t n;
	bool last;

	do {
		last = __atomic_load_n(&cap->stop, __ATOMIC_ACQUIRE);
		while ((n = rte_ring_sc_dequeue_burst(
				cap->ring, (void **)pkts, WRITE_BURST, NULL)) != 0)
			write_some(cap, pkts, (uint16_t)n);
		if (!last)
			nanosleep(&nap, NULL);
	} while (!last);
	return NULL;
}

/* ---- opening and closing ---- */

static int
refuse(char *why, const char *what, const char *reason)
{
	snprintf(why, PW_CAPTURE_WHY_MAX, "%s: %s", what, reason);
	return -1;
}

/*
 * By libpcap, in both senses: rte_bpf_convert() of DPDK 22.11 makes programs that misread
 * what lies behind an IP header of variable length, which is every port.
 */
static int
make_filter(struct pw_capture *cap, const char *filter, char *why)
{
	pcap_t *pcap;
	int rc = 0;

	if (filter == NULL)
		return 0;
	pcap = pcap_open_dead(DLT_EN10MB, (int)cap->snap);
	if (pcap == NULL)
		return refuse(why, "filter", "no memory");
	if (pcap_compile(pcap, &cap->filter, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
		rc = refuse(why, "filter", pcap_geterr(pcap));
	pcap_close(pcap);
	return rc;
}

static void
start_clock(struct pw_capture *cap)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	cap->tsc_base = rte_rdtsc();
	cap->tsc_mult = (uint64_t)(((unsigned __int128)PW_NS_PER_S << 32) / rte_get_tsc_hz());
	cap->unix_ns = (uint64_t)ts.tv_sec * PW_NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* A copy is one buffer: rte_pcapng_copy() appends to it. */
static int
make_pool(struct pw_capture *cap, char *why)
{
	uint32_t room = RTE_PKTMBUF_HEADROOM + rte_pcapng_mbuf_size(cap->snap);

	cap->pool = rte_pktmbuf_pool_create("capture", PW_CAPTURE_PACKETS, 0, 0,
		(uint16_t)RTE_ALIGN_CEIL(room, RTE_CACHE_LINE_SIZE), SOCKET_ID_ANY);
	cap->ring =
		rte_ring_create("capture", PW_CAPTURE_PACKETS + 1, SOCKET_ID_ANY, RING_F_SC_DEQ);
	return cap->pool != NULL && cap->ring != NULL
		       ? 0
		       : refuse(why, "no memory", rte_strerror(rte_errno));
}

static int
make_file(struct pw_capture *cap, const char *path, char *why)
{
	cap->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (cap->fd < 0)
		return refuse(why, path, strerror(errno));
	cap->file = rte_pcapng_fdopen(cap->fd, NULL, NULL, "pagewire", NULL);
	if (cap->file == NULL)
		return refuse(why, path, "cannot be written to");
	if (rte_ctrl_thread_create(&cap->writer, "pw-capture", NULL, writer_main, cap) != 0)
		return refuse(why, path, "no thread to write it");
	cap->writing = true;
	return 0;
}

struct pw_capture *
pw_capture_open(const char *path, const char *filter, uint32_t snap, char *why)
{
	struct pw_capture *cap = rte_zmalloc("capture", sizeof(*cap), RTE_CACHE_LINE_SIZE);

	if (cap == NULL) {
		refuse(why, "no memory", "for a capture");
		return NULL;
	}
	cap->fd = -1;
	cap->snap = snap;
	start_clock(cap);
	if (make_filter(cap, filter, why) == 0 && make_pool(cap, why) == 0 &&
		make_file(cap, path, why) == 0)
		return cap;
	pw_capture_close(cap);
	return NULL;
}

void
pw_capture_settle(struct pw_capture *cap)
{
	if (!cap->writing)
		return;
	__atomic_store_n(&cap->stop, true, __ATOMIC_RELEASE);
	pthread_join(cap->writer, NULL);
	cap->writing = false;
}

void
pw_capture_close(struct pw_capture *cap)
{
	if (cap == NULL)
		return;
	pw_capture_settle(cap);
	if (cap->file != NULL)
		rte_pcapng_close(cap->file); /* and the descriptor */
	else if (cap->fd >= 0)
		close(cap->fd);
	rte_ring_free(cap->ring);
	rte_mempool_free(cap->pool);
	pcap_freecode(&cap->filter);
	rte_free(cap);
}

void
pw_capture_get_stats(const struct pw_capture *cap, struct pw_capture_stats *out)
{
	out->packets = __atomic_load_n(&cap->stats.packets, __ATOMIC_RELAXED);
	out->bytes = __atomic_load_n(&cap->stats.bytes, __ATOMIC_RELAXED);
	out->lost = __atomic_load_n(&cap->stats.lost, __ATOMIC_RELAXED);
	out->written = __atomic_load_n(&cap->stats.written, __ATOMIC_RELAXED);
	out->error = __atomic_load_n(&cap->stats.error, __ATOMIC_RELAXED);
}

/* ---- a watched queue ---- */

/* How the block of a packet begins in the file, and so in its copy. */
struct packet_block {
	uint32_t type;
	uint32_t len;
	uint32_t interface;
	uint32_t ns_high;
	uint32_t ns_low;
};

/* The time of day: rte_pcapng_copy() of DPDK 22.11 counts from a wrong one. */
static void
set_time(const struct pw_capture *cap, struct rte_mbuf *m, uint64_t tsc)
{
	struct packet_block *block = rte_pktmbuf_mtod(m, struct packet_block *);
	uint64_t ns = cap->unix_ns +
		      (uint64_t)(((unsigned __int128)(tsc - cap->tsc_base) * cap->tsc_mult) >> 32);

	block->ns_high = (uint32_t)(ns >> 32);
	block->ns_low = (uint32_t)ns;
}

/* All headers are in the first buffer; what files a frame holds is not looked at. */
static bool
fits(const struct pw_capture *cap, const struct rte_mbuf *m)
{
	return cap->filter.bf_len == 0 ||
	       bpf_filter(cap->filter.bf_insns, rte_pktmbuf_mtod(m, const u_char *), m->pkt_len,
		       m->data_len) != 0;
}

/* A copy of each frame that fits the filter, else NULL. */
static void
copy(struct pw_port_queue *queue, struct rte_mbuf **pkts, struct rte_mbuf **copies, uint16_t n,
	enum rte_pcapng_direction way)
{
	struct pw_capture *cap = queue->watch.cap;
	uint64_t tsc = rte_rdtsc();
	uint16_t i;

	for (i = 0; i < n; i++) {
		copies[i] = NULL;
		if (!fits(cap, pkts[i]))
			continue;
		copies[i] = rte_pcapng_copy(
			queue->port_id, queue->queue_id, pkts[i], cap->pool, cap->snap, tsc, way);
		if (copies[i] == NULL)
			count(&cap->stats.lost, 1);
		else
			set_time(cap, copies[i], tsc);
	}
}

/* Those whose frames were moved go to the writer, the others are as if they had not been. */
static void
keep(struct pw_capture *cap, struct rte_mbuf **copies, uint16_t n, uint16_t moved)
{
	uint16_t i;

	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = copies[i];

		if (m == NULL)
			continue;
		if (i < moved && rte_ring_mp_enqueue(cap->ring, m) == 0) {
			count(&cap->stats.packets, 1);
			count(&cap->stats.bytes, m->pkt_len);
			continue;
		}
		if (i < moved)
			count(&cap->stats.lost, 1);
		rte_pktmbuf_free(m);
	}
}

static uint16_t
watched_rx(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	struct rte_mbuf *copies[BURST_MAX];
	struct pw_port_queue *queue = q;

	n = queue->watch.ops->rx_burst(queue->watch.q, pkts, (uint16_t)RTE_MIN(n, BURST_MAX));
	if (n != 0) {
		copy(queue, pkts, copies, n, RTE_PCAPNG_DIRECTION_IN);
		keep(queue->watch.cap, copies, n, n);
	}
	return n;
}

/* Copied before: a frame that was taken is the device's. */
static uint16_t
watched_tx(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	struct rte_mbuf *copies[BURST_MAX];
	struct pw_port_queue *queue = q;
	uint16_t sent;

	n = (uint16_t)RTE_MIN(n, BURST_MAX);
	copy(queue, pkts, copies, n, RTE_PCAPNG_DIRECTION_OUT);
	sent = queue->watch.ops->tx_burst(queue->watch.q, pkts, n);
	keep(queue->watch.cap, copies, n, sent);
	return sent;
}

static void
watched_wait_arm(void *q, bool on)
{
	struct pw_port_queue *queue = q;

	queue->watch.ops->rx_wait_arm(queue->watch.q, on);
}

static const struct pw_port_ops watched = {
	.rx_burst = watched_rx,
	.tx_burst = watched_tx,
	.rx_wait_arm = watched_wait_arm,
};

void
pw_port_queue_watch(struct pw_port_queue *queue, struct pw_capture *cap)
{
	if (queue->watch.cap != NULL) {
		queue->ops = queue->watch.ops;
		queue->q = queue->watch.q;
	}
	queue->watch.cap = cap;
	if (cap == NULL)
		return;
	queue->watch.ops = queue->ops;
	queue->watch.q = queue->q;
	queue->ops = &watched;
	queue->q = queue;
}
