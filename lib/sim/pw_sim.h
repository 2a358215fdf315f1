/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_SIM_H
#define PW_SIM_H

/**
 * @file
 * Several hosts running the real stack over bad links, in virtual time.
 *
 * A *plan* says everything that will happen: hosts, links, connections, faults.
 * It is drawn from a seed, or written by a test. Running a plan is a function of
 * the plan alone: the same plan gives the same packets at the same nanoseconds,
 * whatever compiler built it. While it runs, an observer on each host's wire and
 * a look inside each connection check invariants S1 to S12 of docs/conformance.md
 * after every event; the first that breaks ends the run.
 *
 * Every host hangs on a router by two links, up and down. The router sends ICMP.
 *
 * Threads:  one run belongs to one thread; runs share nothing.
 */
#include "pw_addr.h"
#include "pw_base.h"

#define PW_SIM_HOSTS_MAX 4
#define PW_SIM_CONNS_MAX 8
#define PW_SIM_ACTS_MAX	 64
#define PW_SIM_BURST_MAX 64
#define PW_SIM_WHAT_MAX	 320

/** Which packets a fault chooses from. */
enum pw_sim_class {
	PW_SIM_ANY,
	PW_SIM_PURE_ACK,  /**< neither data, SYN, FIN nor RST */
	PW_SIM_RTX,	  /**< data that this link has seen before */
	PW_SIM_HANDSHAKE, /**< SYN set */
	PW_SIM_CLOSING,	  /**< FIN set */
	PW_SIM_NO_SYN,	  /**< all but those of the handshake */
	PW_SIM_CLASS_MAX,
};

/** A link in one direction. All zero: perfect, and of no length. Shares are in parts per million.
 */
struct pw_sim_link {
	uint64_t bytes_per_s; /**< 0: no limit */
	pw_ns delay;
	uint32_t queue_bytes; /**< what may wait for a limited rate; 0: no bound */

	uint32_t loss_ppm; /**< of the packets in `loss_of` */
	enum pw_sim_class loss_of;
	uint32_t every_nth; /**< lose each n-th packet; 0: none */
	uint64_t mask;	    /**< bit i: lose packet i, of the first 64 */
	/** Gilbert and Elliott: from good to bad, back, and loss while bad. */
	uint32_t burst_begin_ppm;
	uint32_t burst_end_ppm;
	uint32_t burst_loss_ppm;

	uint32_t late_ppm; /**< these are held back by up to late_ns: reordering */
	pw_ns late_ns;
	uint32_t swap_ppm; /**< these let swap_n others pass first */
	uint32_t swap_n;
	uint32_t dup_ppm;
	uint32_t corrupt_ppm; /**< one byte changed */
	uint32_t cut_ppm;     /**< the end cut off */
	uint32_t mark_ppm;    /**< ECN: congestion experienced, where the packet allows it */
	uint32_t mark_bytes;  /**< the same for all that find so much in the queue; 0: none */
	uint32_t thin_acks;   /**< of so many pure ACKs, each within 10 ms, one passes; 0: all */

	uint16_t mtu;  /**< 0: no limit */
	bool no_icmp;  /**< what is too big vanishes without a word */
	uint8_t strip; /**< PW_OPT_*: SYN options that a middlebox takes away */
	bool cut;      /**< partition: nothing passes */
};

struct pw_sim_host {
	struct pw_sim_link up;
	struct pw_sim_link down;
	const char *cc; /**< as pw_tcp_cfg */
	uint16_t mtu;
	uint32_t tcp_rcv_buf;
	uint32_t snd_buf; /**< of a socket; a power of two */
	uint32_t rcv_buf;
	uint32_t gso_max;
	uint32_t max_sent;
	uint32_t max_rcv_blocks;
	pw_ns user_timeout;
	uint32_t isn_back; /**< 0, or: every connection begins at sequence number 2^32 - this */
	uint32_t tx_ring;  /**< bytes that may wait in the device; then -ENOBUFS; 0: no bound */
	uint32_t rx_burst; /**< so many packets before a turn, if they come within rx_ns; 0: one */
	pw_ns rx_ns;
	uint32_t max_half_open; /**< beyond, SYNs are answered by cookies; 0: none are */
	/* Options at run time. */
	uint8_t no_opts; /**< PW_OPT_*: not offered and not taken */
	uint8_t ecn;	 /**< enum pw_tcp_ecn */
	bool nagle;
	bool pacing;
	uint8_t init_window; /**< segments; 0: the default */
	uint32_t keepalive_ms;
	uint32_t max_metrics; /**< as pw_tcp_cfg */
};

/** How a program reads. */
enum pw_sim_reader {
	PW_SIM_READ_ALL,
	PW_SIM_READ_SLOW,  /**< read_bytes each read_ns */
	PW_SIM_READ_PAUSE, /**< nothing from offset read_bytes on, for read_ns */
	PW_SIM_READ_NONE,  /**< never; aborts after read_ns */
	PW_SIM_READER_MAX,
};

/** What a program of a connection does; [0] is the client. */
struct pw_sim_prog {
	uint64_t bytes; /**< sent in each round */
	uint32_t chunk; /**< bytes of one write */
	pw_ns gap;	/**< between writes; 0: as fast as they are taken */
	enum pw_sim_reader reader;
	uint32_t read_bytes;
	pw_ns read_ns;
	uint64_t abort_at; /**< abort when so many bytes came or went; 0: no */
	bool closes_first; /**< FIN right after the last byte; else after the peer's FIN */
	bool closes_fully; /**< close() when everything came, instead of shutdown() */
};

struct pw_sim_conn {
	uint8_t client; /**< index of the host */
	uint8_t server;
	pw_ns start;
	bool both_open; /**< simultaneous open: the server calls too */
	bool at_once;	/**< the server does not wait for requests */
	bool may_end;	/**< it may end in any way: what arrived must still be right */
	/** 0, or: the same ports as connection `again` - 1, when that has ended and `start` more
	 * has passed (RFC 6191). Its client and server must be the same. */
	uint8_t again;
	uint32_t rounds;
	struct pw_sim_prog prog[2];
};

/** Something that happens at a time. */
struct pw_sim_act {
	enum {
		PW_SIM_SET_LINK, /**< from now on the link is `link` */
		PW_SIM_REBOOT,	 /**< of `host`, which is dead for `ns` */
		PW_SIM_CLOCK,	 /**< of `host` jumps by `jump` */
		PW_SIM_NO_BUFS,	 /**< `host` cannot send anything for `ns` */
	} what;
	pw_ns at;
	uint8_t host;
	bool down; /**< the link from the router, not to it */
	struct pw_sim_link link;
	pw_ns ns;
	int64_t jump;
};

struct pw_sim_plan {
	uint64_t seed; /**< of the faults, the secrets and the contents */
	bool ip6;      /**< every host speaks IPv6, instead of IPv4 */
	uint32_t n_hosts, n_conns, n_acts;
	struct pw_sim_host host[PW_SIM_HOSTS_MAX];
	struct pw_sim_conn conn[PW_SIM_CONNS_MAX];
	struct pw_sim_act act[PW_SIM_ACTS_MAX];
	pw_ns calm_at;	/**< links are good from here on (PW_NEVER: they never are) */
	pw_ns end_by;	/**< every connection must have ended; S8 */
	pw_ns stop_at;	/**< 0, or: stop here, whatever goes on, and judge no ends */
	bool clean;	/**< nothing can be lost or late: nothing may be sent again; S9 */
	bool one_loss;	/**< one packet can be lost: little may be sent again; S9 */
	bool must_fail; /**< connections must end by time-out, and not before it is due */
};

/** What a run gave. */
struct pw_sim_result {
	bool failed;
	char what[PW_SIM_WHAT_MAX]; /**< the invariant that broke, and where */
	uint64_t hash;		    /**< of every packet and every change of state */
	uint64_t n_events;
	uint64_t n_packets;
	uint32_t n_conns;		/**< lifetimes of connections */
	uint32_t n_whole;		/**< of these, closed in order by both ends */
	uint64_t bytes;			/**< that programs received */
	uint64_t got[PW_SIM_CONNS_MAX]; /**< of these the client of each connection */
	uint64_t rtx_bytes;		/**< payload that was sent more than once */
	pw_ns end;			/**< virtual time of the last event */
};

/** What became of a packet, for a record. */
enum pw_sim_fate {
	PW_SIM_SENT,
	PW_SIM_LOST,
	PW_SIM_QUEUE_FULL,
	PW_SIM_TOO_BIG,
	PW_SIM_CORRUPTED,
	PW_SIM_CUT_SHORT,
	PW_SIM_MARKED,
	PW_SIM_DUPLICATE,
	PW_SIM_LATE,
	PW_SIM_ARRIVED,
	PW_SIM_FATE_MAX,
};
extern const char *const pw_sim_fate_name[PW_SIM_FATE_MAX];

/** What happened to a packet. */
struct pw_sim_packet {
	/**
	 * PW_SIM_SENT once for each that leaves a host; then once for each thing that the
	 * links do to it; PW_SIM_ARRIVED when it is there.
	 */
	enum pw_sim_fate fate;
	uint32_t host; /**< whose wire, or whose link, it is */
	bool down;     /**< the link from the router, or the wire's receiving side */
	const uint8_t *dgram;
	uint32_t len;
	pw_ns at;
};

/** Is told of every packet of a run. */
struct pw_sim_tap {
	void (*packet)(void *ctx, const struct pw_sim_packet *p);
	void *ctx;
};

/** Run @p plan. @param tap  or NULL */
void pw_sim_run(
	const struct pw_sim_plan *plan, const struct pw_sim_tap *tap, struct pw_sim_result *out);

/** The plan that @p seed stands for. */
void pw_sim_plan_seed(struct pw_sim_plan *plan, uint64_t seed);

/** Which packets a mask counts. */
enum pw_sim_way {
	PW_SIM_WAY_UP,	 /**< those of the client */
	PW_SIM_WAY_DOWN, /**< those of the server */
	PW_SIM_WAY_BOTH, /**< even bits the client's, odd bits the server's */
	PW_SIM_WAY_MAX,
};

/**
 * A short exchange that loses the packets in @p mask. With seven of a side lost, all
 * attempts to connect may be among them: then it may end in any way.
 */
void pw_sim_plan_mask(struct pw_sim_plan *plan, enum pw_sim_way way, uint64_t mask);

/** Addresses: 10.0.0.1 on, or fd00::1 on; the router's is 10.0.0.254, or fd00::fe. */
struct pw_addr pw_sim_addr(const struct pw_sim_plan *plan, uint32_t host);

/** Describe @p plan on standard output. */
void pw_sim_plan_print(const struct pw_sim_plan *plan);

#endif
