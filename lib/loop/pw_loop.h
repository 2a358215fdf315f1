/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_LOOP_H
#define PW_LOOP_H

/**
 * @file
 * A worker: one lcore, run to completion. One turn reads the clock, receives a
 * burst, feeds link, ip and tcp, lets tcp do what is due, and offers the batch
 * to the device. No lock, log, heap allocation or system call in a turn; once a
 * second there is housekeeping, and a worker with nothing to do may sleep.
 *
 * A worker owns its connections, pools, neighbour tables and counters: of what is
 * written while it serves, workers share nothing but the lanes of their crew.
 *
 * What the device does not take is kept in order and offered again; TCP is told
 * when there is no more room. A packet that was built is never dropped for that.
 *
 * Threads:  create, destroy from main; run on the worker's lcore; post and the
 *           statistics from any thread.
 */
#include "pw_addr.h"
#include "pw_base.h"
#include "pw_capture.h"
#include "pw_crew.h"
#include "pw_drop.h"
#include "pw_ip.h"
#include "pw_link.h"
#include "pw_port.h"
#include "pw_seg.h"
#include "pw_store.h"
#include "pw_tcp.h"

#define PW_LOOP_PORTS_MAX 8
#define PW_LOOP_IFS_MAX	  32 /**< with several VLANs at a port */

/** What a worker with nothing to do does. */
enum pw_idle {
	PW_IDLE_SPIN,  /**< goes on polling */
	PW_IDLE_PAUSE, /**< polls with growing pauses, of some microseconds at most */
	PW_IDLE_SLEEP, /**< sleeps until a packet comes (or, without RX interrupts, in short naps)
			*/
};

/** What is served over TCP. All functions are called on the worker's thread. */
struct pw_service {
	const struct pw_tcp_app *app;
	void *ctx;	    /**< given to every function, those of `app` included */
	uint32_t app_bytes; /**< room in each connection */
	/** Once a second and once before the first packet; may be NULL. @p unix_s: time of day. */
	void (*tick)(void *ctx, pw_ns now, int64_t unix_s);
	/**
	 * For a service that begins things by itself: in a turn that received something or
	 * whose time has come, before TCP sends; may be NULL.
	 * @return when it is to be called though nothing is received; PW_NEVER: not
	 */
	pw_ns (*run)(void *ctx, pw_ns now);
	/** No new work: finish what runs. Called once; may be NULL. */
	void (*drain)(void *ctx, pw_ns now);
};

/** An interface: a port, or one of its VLANs, as one worker uses it. */
struct pw_loop_if {
	const struct pw_port *port;
	uint16_t vlan; /**< 0: frames without a tag */
	/**
	 * NULL: the queue of the device that has the worker's number; where there is none,
	 * that of a worker who has one. Otherwise these (tests, simulator).
	 */
	const struct pw_port_queue *queue;
	const struct pw_if_addr *addrs; /**< kept by reference */
	uint32_t n_addrs;
	struct pw_addr gateway;	 /**< all zero: none */
	struct pw_addr gateway6; /**< likewise, of IPv6 */
	bool take_ra;		 /**< IPv6 addresses and routers as advertised (RFC 4862) */
	const struct pw_ip_route *routes; /**< copied */
	uint32_t n_routes;
	bool dhcp;	  /**< ask for one more address (RFC 2131) */
	bool link_local4; /**< choose one more (RFC 3927) */
};

/** What has become of an IPv4 address that nobody configured, or in spite of it. */
enum pw_loop_news_what {
	PW_LOOP_NEWS_UP,       /**< it is used from now on */
	PW_LOOP_NEWS_RENEWED,  /**< its lease goes on */
	PW_LOOP_NEWS_LOST,     /**< its lease is over: its connections are reset */
	PW_LOOP_NEWS_DEFENDED, /**< `mac` says that it is his; we have said that it is ours */
	PW_LOOP_NEWS_CONFLICT, /**< it is his: its connections are reset */
};

struct pw_loop_news {
	enum pw_loop_news_what what;
	uint32_t ifc; /**< index of the interface */
	struct pw_addr addr;
	struct rte_ether_addr mac;
	bool dhcp; /**< it is of a lease, and the following are told */
	uint8_t prefix_bits;
	struct pw_addr router; /**< all zero: none */
	struct pw_addr server;
	uint16_t mtu;	/**< 0: not said */
	pw_ns lease_ns; /**< what is left of it, or PW_NEVER */
};

struct pw_worker_cfg {
	uint32_t id; /**< counted from 0, unique in the process; the number of its queues */
	int socket_id;
	struct pw_crew *crew; /**< NULL: the worker is alone */
	/**
	 * Copied; at most PW_LOOP_IFS_MAX. First one for each port: it has the port's number;
	 * behind these, further VLANs of theirs.
	 */
	const struct pw_loop_if *ifs;
	uint32_t n_ifs;
	const struct pw_store *store; /**< may be NULL */
	struct pw_service service;
	uint16_t listen_port;
	/** Bounds and secret; mem, env, env_ctx, app_bytes, mtu and gso are set by the worker. */
	struct pw_tcp_cfg tcp;
	enum pw_idle idle;
	/** Told of addresses that come and go, seldom, on worker 0's thread; may be NULL. */
	void (*news)(void *ctx, const struct pw_loop_news *news);
	void *news_ctx;
};

struct pw_worker; /* private to loop */

/**
 * Make a worker: pools, neighbour tables, TCP, listening. Accepts nothing before
 * pw_worker_run().
 * @return NULL with errno: ENOMEM, EINVAL; one line logged.
 */
struct pw_worker *pw_worker_create(const struct pw_worker_cfg *cfg);

/**
 * Free it. The ports must have been stopped (pw_port_stop()) since the run, so
 * that no device holds a packet.
 */
void pw_worker_destroy(struct pw_worker *w);

/**
 * Serve, on this thread, until stopped. When it returns, no connection is left
 * and what could be sent was handed to the device. One of a crew goes on handing
 * over and lending its queues until all of them are that far.
 */
void pw_worker_run(struct pw_worker *w);

/** One turn; for tests, which have a clock of their own. @return packets or timers moved */
bool pw_worker_turn(struct pw_worker *w, pw_ns now);

/** Is the worker done: drained or stopped? */
bool pw_worker_done(const struct pw_worker *w);

enum pw_worker_do {
	PW_WORKER_DRAIN, /**< no new connections; stop when none is left, or after `ns` */
	PW_WORKER_STOP,	 /**< reset all connections and stop */
	PW_WORKER_JOB,	 /**< for pw_worker_post_job() */
};

/** Ask a worker for something. Any thread. @return 0, or -EAGAIN: 64 are waiting */
int pw_worker_post(struct pw_worker *w, enum pw_worker_do what, pw_ns ns);

/**
 * Something to be done on a worker's thread, one step a turn, so that however much it is
 * in all, no turn takes long. The memory is the asker's, until done or until the worker
 * has returned from its run.
 */
struct pw_worker_job {
	/** One step, of bounded cost. @return true: that was the last one */
	bool (*step)(struct pw_worker_job *job, struct pw_worker *w, pw_ns now);
	struct pw_worker_job *next; /**< of the worker */
	uint32_t done;		    /**< for pw_worker_job_done() */
};

/** Have a job done after those that were posted before. Any thread. @return as pw_worker_post() */
int pw_worker_post_job(struct pw_worker *w, struct pw_worker_job *job);

/** Was its last step made? What the steps wrote can be read then. */
bool pw_worker_job_done(const struct pw_worker_job *job);

/** A snapshot, taken while the worker runs: each figure is right, not all at one moment. */
struct pw_worker_stats {
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t turns;
	uint64_t busy_turns;  /**< moved a packet or ran a timer */
	uint64_t busy_cycles; /**< TSC cycles of those */
	uint64_t sleeps;
	uint64_t handed_over;	/**< received for other workers */
	uint64_t taken_over;	/**< received by other workers for this one; in rx_packets */
	uint64_t rx_linearised; /**< packets received in several buffers, put together by copying */
	uint64_t rx_coupled;	/**< packets that TCP took with the one before, as one train */
	struct pw_drops drops;
	struct pw_ledger ledger;
	struct pw_link_stats link; /**< all ports added up, like the following */
	struct pw_ip_stats ip;
	struct pw_tcp_stats tcp;
	struct pw_tcp_usage usage;
};

/** Add all figures of @p from to those of @p to. */
void pw_worker_stats_add(struct pw_worker_stats *to, const struct pw_worker_stats *from);

/** Any thread. */
void pw_worker_get_stats(const struct pw_worker *w, struct pw_worker_stats *out);

/** What a worker still has out; all 0 once its ports are stopped. */
struct pw_worker_leaks {
	struct pw_seg_usage seg; /**< packets, windows, page references held by devices */
	uint32_t conns;
	uint32_t waiting; /**< packets that wait for the device or a neighbour */
};

/** After pw_worker_run() and pw_port_stop(). @return true when nothing is missing. */
bool pw_worker_get_leaks(const struct pw_worker *w, struct pw_worker_leaks *out);

/** What the worker at port @p i did with payload bytes. Any thread. */
void pw_worker_get_ledger(const struct pw_worker *w, uint32_t i, struct pw_ledger *out);

/** Of its interface @p i: for its own thread, or when it does not run. */
struct pw_link *pw_worker_link(struct pw_worker *w, uint32_t i);
const struct pw_ip *pw_worker_ip(const struct pw_worker *w, uint32_t i);

/** The addresses of an interface that nobody configured. */
struct pw_loop_lease {
	struct pw_if_addr lease; /**< by DHCP; all zero: none */
	struct pw_if_addr self;	 /**< chosen (RFC 3927); likewise */
	struct pw_addr router;
	struct pw_addr server;
	uint16_t mtu;
	const char *state; /**< of DHCP; NULL: it is not asked for */
	pw_ns ends_at;	   /**< of the lease, in the worker's time, or PW_NEVER */
	uint64_t n_conflicts;
};

/** Of interface @p i of worker 0; for its own thread, or when it does not run. */
void pw_worker_get_lease(const struct pw_worker *w, uint32_t i, struct pw_loop_lease *out);

/** Of its port @p i, for pw_seg_page_held() and the like, on any thread. */
const struct pw_seg *pw_worker_seg(const struct pw_worker *w, uint32_t i);

/** Copy what its queue at port @p i moves (NULL: no more); on its own thread. */
void pw_worker_watch(struct pw_worker *w, uint32_t i, struct pw_capture *cap);

/** What to do when there is nothing to do; on its own thread. */
void pw_worker_set_idle(struct pw_worker *w, enum pw_idle idle);

/** Take new connections, or refuse them; those there are live on. On its own thread. */
void pw_worker_accept(struct pw_worker *w, bool yes);

/** The TCP of a worker; for its own thread, or when it does not run. */
struct pw_tcp *pw_worker_tcp(struct pw_worker *w);

/** Nanoseconds of the worker's clock; any thread. */
pw_ns pw_worker_clock(const struct pw_worker *w);

#endif
