/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef LOOP_PRIV_H
#define LOOP_PRIV_H

/**
 * @file
 * The worker, shared by the files of this module.
 */
#include <rte_cycles.h>
#include <rte_epoll.h>
#include <rte_ring.h>
#include "pw_crew.h"
#include "pw_log.h"
#include "pw_loop.h"
#include "pw_wire_eth.h"
#include "pw_wire_icmp6.h"

extern int pw_log_loop;
#define LOOP_LOG(lvl, ...) PW_LOG(lvl, pw_log_loop, "loop", __VA_ARGS__)

#define RX_BURST    64
#define RX_PREFETCH 4
#define CHORES_NS   PW_NS_PER_MS	 /* between looks at the control ring */
#define LINGER_NS   (100 * PW_NS_PER_MS) /* for the device to take the last packets */
#define COMMANDS    64
#define FRAME_MAX   (UINT16_MAX + 64) /* the longest IP packet in its frame */

/* Packets that may wait for the device before a segment with data; those without may go on
 * to the second bound, and the other places are for ARP and ICMP. */
#define TX_BACKLOG	128
#define TX_BACKLOG_BARE 384
static_assert(TX_BACKLOG + PW_SEG_CUT_MAX <= TX_BACKLOG_BARE, "room for a segment that is cut");
static_assert(TX_BACKLOG_BARE + RX_BURST <= PW_PORT_TX_MAX, "room for an answer to each packet");

/* The way to a port that another worker has a queue of. */
struct tx_lane {
	struct rte_ring *ring;
	struct pw_crew *crew;
	uint32_t to;	/* the worker */
	uint16_t iface; /* index of the port */
};

/* One port as this worker uses it. */
struct dev {
	const struct pw_port *port;
	struct iface *plain; /* the only interface, without a VLAN; NULL: see `first` */
	struct iface *first; /* of its interfaces */
	struct pw_port_queue queue;
	struct tx_lane lane; /* of a queue that is borrowed */
	bool borrowed;
	struct pw_port_tx tx;
	struct pw_seg *seg;
};

/* The addresses of an interface that are not configured; all zero: none. */
struct pw_loop_want {
	struct pw_if_addr lease;
	struct pw_if_addr self;
	struct pw_addr router;
	uint16_t mtu; /* of the lease; 0: not said */
};

/*
 * An address that is being given up: its connections are reset, some places of the table a
 * turn, while there is a way for the RSTs (RFC 5227 section 2.4); then it is not ours any
 * more; and then those are reset that came meanwhile.
 */
struct losing {
	struct pw_addr addr; /* all zero: none */
	uint32_t at;	     /* place in the table of connections */
	bool abandoned;
};

/* A network at a port: what has no tag, or a VLAN. */
struct iface {
	struct dev *dev;
	struct pw_link *link;
	struct pw_ip *ip;
	struct iface *next; /* of the same port */
	uint16_t vlan;	    /* 0: untagged */
	bool own_gateway;   /* a configured one, which DHCP does not replace */
	bool routed;	    /* the default route is DHCP's */
	struct pw_loop_want has;
	struct losing lost_lease;
	struct losing lost_self;
};

enum phase {
	PHASE_SERVE,
	PHASE_DRAIN,  /* until no connection is left, or until_ns */
	PHASE_LINGER, /* until the device took what waits, or until_ns */
	PHASE_HELP,   /* handing over and lending queues, until all others have come here */
	PHASE_DONE,
};

struct command {
	uint64_t what; /* enum pw_worker_do */
	pw_ns ns;
	struct pw_worker_job *job;
};

/* Frames for another worker, gathered during a burst. */
struct handful {
	uint32_t n;
	struct rte_mbuf *pkts[RX_BURST];
} __rte_cache_aligned;

/* A worker as the others see it. */
struct seat {
	struct rte_ring *rx[PW_WORKERS_MAX]; /* frames for it, by who hands them over */
	struct rte_ring *tx[PW_WORKERS_MAX]; /* frames to send through it, likewise; may be NULL */
	int wakefd;
	uint32_t dozing __rte_cache_aligned; /* written by it, read by all when they fill a lane */
} __rte_cache_aligned;

struct pw_crew {
	struct pw_spread spread;
	uint64_t tsc_base; /* of the clock of all */
	bool may_sleep;
	uint32_t n_finished __rte_cache_aligned; /* workers in PHASE_HELP or beyond */
	struct seat seat[PW_WORKERS_MAX];
	struct pw_worker *worker[PW_WORKERS_MAX];
};

struct pw_worker {
	pw_ns now;
	struct pw_tcp *tcp;
	struct pw_crew *crew; /* NULL: it is alone */
	struct handful *hands;
	struct pw_frags *frags;
	uint32_t n_devs;
	uint32_t n_ifs;
	struct {
		struct pw_addr src; /* sent from last, */
		struct iface *ifc;  /* and whose it is */
	} from;
	uint32_t id;
	enum phase phase;
	pw_ns until;	  /* of the phase */
	pw_ns chores_at;  /* when to look at the control ring and at time-outs of the link */
	pw_ns second_at;  /* when to tell the service the time */
	pw_ns service_at; /* when its run() is due */
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t rx_linearised;
	uint64_t rx_coupled;
	uint64_t handed_over; /* frames given to other workers */
	uint64_t taken_over;  /* and by them */
	uint64_t turns;
	uint64_t busy_turns;
	uint64_t busy_cycles;
	uint64_t sleeps;
	uint64_t sent; /* packets that devices had taken by the last turn */
	struct pw_drops drops;

	struct pw_service service;
	struct rte_ring *control;
	struct pw_worker_job *jobs; /* in the order they came */
	struct pw_worker_job **last_job;
	uint64_t tsc_base;
	uint64_t tsc_mult; /* nanoseconds per cycle, times 2^32 */
	struct pw_mem mem;
	int socket_id;

	enum pw_idle idle;
	pw_ns busy_at;	/* when a packet was moved last */
	uint32_t waits; /* turns since then that moved nothing */
	bool armed;	/* devices were asked to wake us */
	bool all_wait;	/* all of them can */
	int epfd;	/* -1: never sleeps */
	int wakefd;	/* written by pw_worker_post() */
	struct rte_epoll_event wake;

	uint32_t n_losing;     /* addresses that are being given up */
	struct netcfg *netcfg; /* NULL: another worker does it */
	pw_ns netcfg_at;       /* when netcfg_run() has something to do */
	void (*news)(void *ctx, const struct pw_loop_news *news);
	void *news_ctx;

	struct dev devs[PW_LOOP_PORTS_MAX];
	struct iface ifs[PW_LOOP_IFS_MAX]; /* the first of a port has the port's number */
	uint8_t scratch[FRAME_MAX];	   /* a packet that was received in pieces */
};

/** Cycles since the worker was made, as time; no division. */
static inline pw_ns
to_ns(const struct pw_worker *w, uint64_t tsc)
{
	return (pw_ns)(((unsigned __int128)(tsc - w->tsc_base) * w->tsc_mult) >> 32);
}

/**
 * Between whom is the TCP segment in the frame of @p len bytes at @p p? Nothing is believed
 * of it, and what is not plain (IP options, extension headers) comes without: it is rare.
 */
bool ahead_tuple(const uint8_t *p, uint32_t len, struct pw_tcp_tuple *k);

/** Ask for what @p n frames, RX_BURST at most, will need from memory. */
void ahead_look(const struct pw_worker *w, struct rte_mbuf **pkts, uint16_t n);

/** What env->send() is for TCP. */
int loop_send(void *ctx, const struct pw_tcp_seg *seg);

/** Look for orders, tell the time, let neighbours age. Seldom. */
void loop_chores(struct pw_worker *w, pw_ns now);

/* ---- crew.c: none of this when the worker is alone ---- */

#define CREW_ANYBODY   UINT32_MAX	/**< it belongs to no connection */
#define CREW_EVERYBODY (UINT32_MAX - 1) /**< all learn from it */

#define CREW_KIND_BYTES (PW_ETH_HLEN_MAX + PW_IP6_HLEN + 1)

/** Is the frame one of ARP or neighbour discovery? Its first CREW_KIND_BYTES suffice. */
static inline bool
crew_is_for_all(const uint8_t *p, uint32_t len)
{
	uint32_t hlen = pw_eth_check(p, len);
	uint16_t type;

	if (unlikely(hlen == 0))
		return false;
	type = pw_eth_type(p, hlen);
	if (likely(type == PW_ETH_TYPE_IP4))
		return false;
	return type == PW_ETH_TYPE_ARP ||
	       (type == PW_ETH_TYPE_IP6 && len > hlen + PW_IP6_HLEN &&
		       p[hlen + 6] == PW_IP_PROTO_ICMP6 && pw_icmp6_is_nd(p[hlen + PW_IP6_HLEN]));
}

/** The worker that the frame of @p len bytes at @p p is for; its first 150 bytes suffice. */
uint32_t crew_worker_of(const struct pw_spread *s, const uint8_t *p, uint32_t len);

/** Hand over what is others'. @return how many of @p pkts are left, at its front */
uint16_t crew_sort(struct pw_worker *w, const struct dev *dev, struct rte_mbuf **pkts, uint16_t n);

/**
 * Hand over a packet of @p len bytes at @p p that was put together here, as a frame received by
 * @p ifc. @return PW_OK, or why it is lost: PW_DROP_NO_MBUF (a full lane is counted as ever)
 */
enum pw_drop crew_give(
	struct pw_worker *w, const struct iface *ifc, const uint8_t *p, uint32_t len, uint32_t to);

/** Take up to RX_BURST frames from a worker; their `port` is the index of ours. */
uint16_t crew_take(struct pw_worker *w, uint32_t from, struct rte_mbuf **pkts);

/** The port has no queue for this worker: it sends through another. @return 0 or -ENOMEM */
int crew_borrow_queue(struct pw_worker *w, struct dev *dev);

/** Send for those who have no queue. */
void crew_lend_queues(struct pw_worker *w);

/** The worker is about to sleep (and looks at its lanes once more), or is awake. */
void crew_doze(struct pw_worker *w, bool on);

/** The worker sleeps at times: what wakes it is known now. */
void crew_may_sleep(struct pw_worker *w);

/** Nothing of its own is left to do. */
void crew_finish(struct pw_worker *w);

/** Has everybody finished, and has this worker sent all for those without a queue? */
bool crew_has_finished(const struct pw_worker *w);

/** @return 0 or -errno */
int crew_join(struct pw_worker *w);

/* ---- netcfg.c ---- */

/** @return 0 or -ENOMEM */
int netcfg_open(struct pw_worker *w, const struct pw_worker_cfg *cfg);
void netcfg_close(struct pw_worker *w);

/** What is due. */
void netcfg_run(struct pw_worker *w);

/** A step for each address that is being given up. */
void netcfg_lose(struct pw_worker *w);

/** A datagram for DHCP was received, where it is spoken. @return PW_OK, or why it is ignored */
enum pw_drop netcfg_udp(
	struct pw_worker *w, const struct iface *ifc, const uint8_t *p, uint32_t len);

/** Open what sleeping needs. @return 0 or -errno */
int idle_open(struct pw_worker *w);
void idle_close(struct pw_worker *w);

/** A turn moved something. */
void idle_busy(struct pw_worker *w);

/** A turn moved nothing: wait as the worker was told to. */
void idle_wait(struct pw_worker *w);

/** From another thread: end a sleep. */
void idle_wake(struct pw_worker *w);

#endif
