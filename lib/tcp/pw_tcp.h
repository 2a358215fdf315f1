/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_TCP_H
#define PW_TCP_H

/**
 * @file
 * TCP (RFC 9293) for one host: a worker of the appliance, or one end of a test.
 *
 * TCP knows no packet buffer, device or clock. It is handed received segments
 * as plain bytes and the time as `now`; what it wants to send it describes to
 * env->send(). There is no send buffer: the user says how many bytes the stream
 * has, and TCP asks app->source() for the bytes of a range whenever it sends
 * them, the first time or again.
 *
 *	every turn:  now = clock;
 *	             pw_tcp_input(t, &pkt, now);      for each received segment
 *	             pw_tcp_run(t, now);              timers, then everything due to be sent
 *	             sleep until pw_tcp_next(t)       if there is nothing else to do
 *
 * Inside, streams are counted by 64-bit offsets: the first byte after the SYN
 * is 0. Sequence numbers exist only on the wire.
 *
 * Threads:  an instance and its connections belong to one thread.
 * Bounds:   everything that a peer can fill is sized at creation, and counted.
 */
#include "pw_addr.h"
#include "pw_base.h"
#include "pw_drop.h"
#include "pw_span.h"
#include "pw_wire_tcp.h"

struct pw_tcp;	    /* private to tcp */
struct pw_tcp_conn; /* private to tcp */

/** RFC 9293 section 3.3.2. LISTEN is not a connection's state here, and TIME-WAIT
 * is kept in a table of its own. */
enum pw_tcp_state {
	PW_TCP_CLOSED,
	PW_TCP_SYN_SENT,
	PW_TCP_SYN_RCVD,
	PW_TCP_ESTABLISHED,
	PW_TCP_FIN_WAIT_1,
	PW_TCP_FIN_WAIT_2,
	PW_TCP_CLOSE_WAIT,
	PW_TCP_CLOSING,
	PW_TCP_LAST_ACK,
	PW_TCP_STATE_MAX,
};

/** How a connection ended. */
enum pw_tcp_end {
	PW_TCP_END_CLOSED,  /**< both ends closed in order */
	PW_TCP_END_RESET,   /**< the peer sent RST */
	PW_TCP_END_REFUSED, /**< RST in answer to our SYN, or ICMP unreachable meanwhile */
	PW_TCP_END_TIMEOUT, /**< unanswered retransmissions, probes or keep-alives */
	PW_TCP_END_ABORTED, /**< pw_tcp_abort(), or data for a user who had closed */
	PW_TCP_END_MAX,
};

/** A segment to be sent. Valid only during env->send(). */
struct pw_tcp_seg {
	const struct pw_addr *src;
	const struct pw_addr *dst;
	struct pw_tcp_hdr hdr;
	const uint8_t *opts; /**< hdr.opt_len bytes */
	const struct pw_span *spans;
	uint32_t n_spans;
	uint32_t len;	   /**< payload bytes: what the spans add up to */
	uint32_t gso_size; /**< 0, or: cut into segments of this much payload (RFC 9293 header kept)
			    */
	bool rtx;	   /**< holds bytes that were sent before */
	uint8_t ecn;	   /**< for the IP header: 0, or PW_IP_ECN_ECT0 */
};

/** What TCP asks of its surroundings. */
struct pw_tcp_env {
	/**
	 * Send a segment.
	 * @return 0, or -ENOBUFS: nothing was taken, ask again next turn. Any
	 *         other failure (no route, neighbour unknown) is a packet lost on
	 *         the way: 0.
	 */
	int (*send)(void *ctx, const struct pw_tcp_seg *seg);
};

/**
 * The user of connections. Called on the owner's thread. Any pw_tcp_ function
 * may be called from inside, on this or another connection, except
 * pw_tcp_input(), pw_tcp_run() and pw_tcp_destroy().
 */
struct pw_tcp_app {
	/** Established, or opened by data on a SYN (PW_TCP_FAST_OPEN). @return false to abort it
	 * (then gone() is not called). */
	bool (*open)(void *ctx, struct pw_tcp_conn *c, pw_ns now);
	/**
	 * In-order bytes. They are gone after the return.
	 * @return how many were taken. The others are kept within the receive
	 *         buffer, and offered again after pw_tcp_resume().
	 */
	uint32_t (*recv)(
		void *ctx, struct pw_tcp_conn *c, const uint8_t *data, uint32_t len, pw_ns now);
	/** The peer closed its direction; every byte was taken before. */
	void (*eof)(void *ctx, struct pw_tcp_conn *c, pw_ns now);
	/**
	 * The bytes of the stream from @p off on. At most @p len are wanted; all
	 * are below what pw_tcp_send() added up to, and none was acknowledged.
	 * @param spans  PW_SEG_SPANS_MAX places
	 * @param n      set to the number filled
	 * @return bytes lent, in order; less than @p len makes a shorter
	 *         segment; 0: not now (pw_tcp_resume() when they are there)
	 */
	uint32_t (*source)(void *ctx, struct pw_tcp_conn *c, pw_off off, uint32_t len,
		struct pw_span *spans, uint32_t *n);
	/** All bytes before @p una are acknowledged: what held them can be let go. */
	void (*acked)(void *ctx, struct pw_tcp_conn *c, pw_off una, pw_ns now);
	/** The time set by pw_tcp_set_timer() has come. */
	void (*timer)(void *ctx, struct pw_tcp_conn *c, pw_ns now);
	/** The connection is no more; called once for each open() that said true. */
	void (*gone)(void *ctx, struct pw_tcp_conn *c, enum pw_tcp_end why, pw_ns now);
};

#define PW_TCP_CC_ADDRS_MAX 64 /**< addresses of ours with a congestion control of their own */

/** Which one connections of the address @p local have. */
struct pw_tcp_cc_of {
	struct pw_addr local;
	const char *cc;
};

struct pw_tcp_cfg {
	const struct pw_mem *mem;
	const struct pw_tcp_env *env;
	void *env_ctx;
	uint8_t secret[32];	/**< of ISNs, timestamps and hashes: random, or a test's seed */
	uint32_t max_conns;	/**< connections, half-open ones included */
	uint32_t max_half_open; /**< in SYN-RCVD; 0: a quarter of max_conns */
	uint32_t
		max_fast_open; /**< of these opened by data on a SYN; 0: a quarter, 1,024 at most */
	/* 0 stands for what serves PW_TCP_CONNS_BUSY connections that are all busy, and for
	 * those beyond, which can only be many by being idle, a part of it. */
	uint32_t max_time_wait;	 /**< 0: as max_conns, beyond a quarter; full: the oldest goes */
	uint32_t max_sent;	 /**< records of what is in flight; 0: 4 a connection, beyond 1 */
	uint32_t max_rcv_blocks; /**< of 2 KiB, for data out of order or not taken, and what all
				  * windows together may grow by; 0: 1 for 16 connections, beyond
				  * for 64, but a whole window at least */
	uint32_t max_sides;	 /**< connections that pace at a time, 65,534 at most; 0: all, if
				  * `pacing` or `cc` asks for it, else one of 16 */
	uint32_t rcv_buf_bytes;	 /**< receive window at most: it begins with 65,536 and grows with
				  * what the user takes in a round trip; 0: 65,536 */
	uint32_t app_bytes;	 /**< room for the user in each connection */
	uint32_t max_traced;	 /**< connections traced at a time (pw_tcp_trace.h); 0: none */
	uint32_t trace_events;	 /**< of each, a power of two; 0: 128 */
	uint32_t max_traces;	 /**< that are kept, 2 at least; 0: 64 */
	uint32_t max_metrics;	 /**< paths to peers that are remembered (RFC 9040), up to
				  * PW_TCP_METRICS_MAX; 0: none */
	uint16_t mtu;		 /**< of layer 3; 0: 1500 */
	uint32_t gso_max_bytes;	 /**< payload that env->send() can cut up itself; 0: it cannot */
	uint32_t gso_max_segs;	 /**< segments that it then makes of one; 0: any number */
	pw_ns user_timeout_ns; /**< unacknowledged data at most this long; 0: 100 s (RFC 9293 3.8.3)
				*/
	pw_ns msl_ns;	       /**< 0: 30 s */
	const char *cc;	       /**< "cubic" (default), or as pw_tcp_set_cc() */
	const struct pw_tcp_cc_of *cc_of; /**< those that have another; copied */
	uint32_t n_cc_of;		  /**< PW_TCP_CC_ADDRS_MAX at most */
	const char *ecn;		  /**< "off", "accept" (default) or "on": enum pw_tcp_ecn */
	bool pacing;			  /**< spread what cwnd admits over the round trip */
	bool fast_open;			  /**< take data on SYNs (RFC 7413), as PW_TCP_FAST_OPEN */
};

#define PW_TCP_CONNS_BUSY  65536
#define PW_TCP_METRICS_MAX 1000000

#define PW_TCP_USERS_MAX 64 /**< pairs of app and app_ctx in use at a time */

/** @return an instance, or NULL with errno: ENOMEM, EINVAL (unknown cc or ecn, max_metrics
 * beyond its bound, those of the trace beyond pw_tcp_trace.h). */
struct pw_tcp *pw_tcp_create(const struct pw_tcp_cfg *cfg, pw_ns now);

/** Forget every connection without a word to peers; gone() is called for each. */
void pw_tcp_destroy(struct pw_tcp *t);

/** Take connections to @p port of any local address. @return 0, -EADDRINUSE, -ENOSPC (16). */
int pw_tcp_listen(struct pw_tcp *t, uint16_t port, const struct pw_tcp_app *app, void *app_ctx);

/**
 * From now on answer every SYN with RST. Connections that have something to finish
 * live on; half-open ones, and those whose user has closed and whose peer says
 * nothing more, end.
 */
void pw_tcp_drain(struct pw_tcp *t);

/** Take new connections, or answer every SYN with RST; those there are live on. */
void pw_tcp_accept(struct pw_tcp *t, bool yes);

/** Reset every connection. */
void pw_tcp_abort_all(struct pw_tcp *t, pw_ns now);

/** A received segment: layer 3 has checked it and found it ours. */
struct pw_tcp_pkt {
	struct pw_addr src;
	struct pw_addr dst;
	const uint8_t *l4; /**< TCP header and payload */
	uint32_t len;	   /**< bytes there */
	bool cksum_ok;	   /**< the device found the TCP checksum right */
	uint8_t ecn;	   /**< the ECN bits of the IP header */
};

/** Take a segment. @return PW_OK, or why it (or its payload) was dropped. */
enum pw_drop pw_tcp_input(struct pw_tcp *t, const struct pw_tcp_pkt *pkt, pw_ns now);

/** The payload of a segment that follows another. */
struct pw_tcp_more {
	const uint8_t *data;
	uint32_t len; /**< at least 1 */
};

/**
 * Take a train: the segment @p pkt, which has payload and no flag but ACK and PSH, and
 * @p n that follow it, each with the next bytes of the stream, a checksum that is right,
 * and otherwise the same header. As if each were given to pw_tcp_input().
 * @param drops  what is dropped is counted here
 */
void pw_tcp_input_train(struct pw_tcp *t, const struct pw_tcp_pkt *pkt,
	const struct pw_tcp_more *more, uint32_t n, struct pw_drops *drops, pw_ns now);

/** Between whom a segment is, before anything of it was checked. */
struct pw_tcp_tuple {
	struct pw_addr src;
	struct pw_addr dst;
	uint16_t sport;
	uint16_t dport;
};

#define PW_TCP_AHEAD_MAX 64 /**< segments that can be told of at once */

/**
 * Does pw_tcp_ahead() pay? With fewer connections than PW_TCP_AHEAD_FROM what it would fetch
 * is in a cache already.
 */
bool pw_tcp_ahead_pays(const struct pw_tcp *t);
#define PW_TCP_AHEAD_FROM 4096

/**
 * Segments between these will soon be given to pw_tcp_input(): begin to fetch the connections
 * from memory, all of them at once. Changes nothing.
 * @param n  at most PW_TCP_AHEAD_MAX
 */
void pw_tcp_ahead(const struct pw_tcp *t, const struct pw_tcp_tuple *tuples, uint32_t n);

/** What an ICMP error says, already validated by layer 3 (RFC 1122 3.2.2). */
enum pw_tcp_icmp {
	PW_TCP_ICMP_TOO_BIG,	 /**< fragmentation needed: `mtu` is the next hop's, or 0 */
	PW_TCP_ICMP_UNREACHABLE, /**< port or protocol; a host or net is no more than a hint */
};

/**
 * An ICMP error about a segment from @p src to @p dst: the first 8 bytes of its
 * TCP header are at @p l4. Believed only if it names a connection and a
 * sequence number in flight (RFC 5927 section 4).
 * @return PW_OK or PW_DROP_ICMP_STRAY
 */
enum pw_drop pw_tcp_icmp_error(struct pw_tcp *t, enum pw_tcp_icmp what, const struct pw_addr *src,
	const struct pw_addr *dst, const uint8_t l4[8], uint32_t mtu, pw_ns now);

/** Do all that is due at @p now: timers, then sending. */
void pw_tcp_run(struct pw_tcp *t, pw_ns now);

/** When pw_tcp_run() has to be called next; the past when something waits to be sent. */
pw_ns pw_tcp_next(const struct pw_tcp *t);

/**
 * Open a connection from @p local (port 0: chosen, RFC 6056) to @p remote.
 * app->open() or app->gone() tells how it went.
 * @return the connection, or NULL with errno: ENOBUFS (connections, or PW_TCP_USERS_MAX
 *         users), EADDRINUSE
 */
struct pw_tcp_conn *pw_tcp_connect(struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport, const struct pw_tcp_app *app, void *app_ctx,
	pw_ns now);

/** Room of cfg.app_bytes that belongs to the user; zeroed before open(). */
void *pw_tcp_room(struct pw_tcp_conn *c);

/** @p len more bytes can be had from source(). Not after pw_tcp_close(). */
void pw_tcp_send(struct pw_tcp_conn *c, uint64_t len);

/** Bytes said to pw_tcp_send() so far: the offset that the next ones will have. */
pw_off pw_tcp_sent_end(const struct pw_tcp_conn *c);

/** Close our direction: FIN after the last byte. The peer may go on sending. */
void pw_tcp_shutdown(struct pw_tcp_conn *c);

/** Close, and take nothing more: data that still comes is answered by RST (RFC 9293 3.6.1). */
void pw_tcp_close(struct pw_tcp_conn *c);

/** Send RST and forget; gone() is called with PW_TCP_END_ABORTED. */
void pw_tcp_abort(struct pw_tcp_conn *c, pw_ns now);

/** Offer what was not taken by recv() again, ask source() again. */
void pw_tcp_resume(struct pw_tcp_conn *c);

/** Call app->timer() at @p at; PW_NEVER: not at all. One timer a connection. */
void pw_tcp_set_timer(struct pw_tcp_conn *c, pw_ns at);

/** What can be set while it runs. */
enum pw_tcp_option {
	PW_TCP_MTU,		/**< of layer 3, in bytes: PW_TCP_MTU_MIN to 65,535 */
	PW_TCP_INIT_WINDOW,	/**< in segments: 1 to 10 (RFC 6928, and its bound in bytes) [10] */
	PW_TCP_WINDOW_SCALE,	/**< offer and take it: 0 or 1 [1] */
	PW_TCP_SACK,		/**< likewise [1] */
	PW_TCP_TIMESTAMPS,	/**< likewise [1] */
	PW_TCP_NAGLE,		/**< hold a short segment while data is in flight: 0 or 1 [0] */
	PW_TCP_KEEPALIVE_MS,	/**< probe a peer that is silent for so long; 0: never [0] */
	PW_TCP_USER_TIMEOUT_MS, /**< data may stay unacknowledged for so long */
	PW_TCP_ECN,		/**< enum pw_tcp_ecn [PW_TCP_ECN_ACCEPT] */
	PW_TCP_PACING,		/**< spread what cwnd admits over the round trip: 0 or 1 [0] */
	PW_TCP_FAST_OPEN, /**< give cookies, and take data on a SYN that has one: 0 or 1 [0] */
};

/**
 * What the links carry of one family, when that was told and is less than the MTU of the
 * configuration; for connections that begin from now on. UINT16_MAX: no bound.
 */
void pw_tcp_set_link_mtu(struct pw_tcp *t, bool ip6, uint16_t mtu);

/** Explicit congestion notification (RFC 3168). */
enum pw_tcp_ecn {
	PW_TCP_ECN_OFF,
	PW_TCP_ECN_ACCEPT, /**< when the peer asks for it, as Linux does */
	PW_TCP_ECN_ASK,	   /**< and ask for it ourselves */
};

#define PW_TCP_MTU_MIN		    576
#define PW_TCP_KEEPALIVE_DEFAULT_MS 7200000 /**< RFC 9293 3.8.4: not less, where nobody chose */

/**
 * Set it for connections that begin from now on.
 * @return 0, or -EINVAL: value out of the range given above
 */
int pw_tcp_set(struct pw_tcp *t, enum pw_tcp_option what, uint64_t value);

/**
 * Set it for one. ECN only between pw_tcp_connect() and the SYN, pacing from open() on.
 * @return 0, -EINVAL, -ENOTSUP: not an option of a connection in this state, or
 *         -ENOBUFS: cfg.max_sides others pace
 */
int pw_tcp_conn_set(struct pw_tcp_conn *c, enum pw_tcp_option what, uint64_t value);

/**
 * Choose the congestion control: "cubic", "newreno", "dctcp" or "bbr". Who wants BBR and finds
 * cfg.max_sides others in its place gets CUBIC.
 * @return 0, -EINVAL: unknown, or -ENOBUFS: there is no place for it; it stays as it was
 */
int pw_tcp_set_cc(struct pw_tcp *t, const char *name);
int pw_tcp_conn_set_cc(struct pw_tcp_conn *c, const char *name);

/**
 * Choose it for connections of our address @p local that begin from now on; NULL: they have
 * what pw_tcp_set_cc() chose.
 * @return 0, -EINVAL: unknown, or -ENOSPC: PW_TCP_CC_ADDRS_MAX others have one of their own
 */
int pw_tcp_set_cc_of(struct pw_tcp *t, const struct pw_addr *local, const char *name);

/** What a connection of @p local begins with. */
const char *pw_tcp_get_cc(const struct pw_tcp *t, const struct pw_addr *local);

/** What can be told of a connection. */
struct pw_tcp_info {
	struct pw_addr local;
	struct pw_addr remote;
	uint16_t lport;
	uint16_t rport;
	enum pw_tcp_state state;
	uint32_t mss_bytes;
	uint32_t cwnd_bytes;
	uint32_t ssthresh_bytes;
	uint32_t flight_bytes;
	uint32_t snd_wnd_bytes;
	pw_ns srtt_ns;
	pw_ns rto_ns;
	pw_off snd_una;
	pw_off snd_nxt;
	pw_off snd_end; /**< what the user has given so far */
	pw_off rcv_nxt;
	uint32_t rcv_buf_bytes; /**< what it may send us unread */
	uint64_t rtx_segs;
	bool ecn; /**< agreed on */
	const char *cc;
	uint64_t pacing_rate; /**< bytes a second, of the last quantum; 0: not paced */
};
void pw_tcp_get_info(const struct pw_tcp_conn *c, struct pw_tcp_info *out);

/** Call @p fn for each connection. */
void pw_tcp_each(struct pw_tcp *t, void (*fn)(void *ctx, struct pw_tcp_conn *c), void *ctx);

/**
 * A part of that: look at @p n places from @p at on, and move it behind them; a connection
 * that lives all the while is met once.
 * @return false when there is nothing more
 */
bool pw_tcp_each_part(struct pw_tcp *t, uint32_t *at, uint32_t n,
	void (*fn)(void *ctx, struct pw_tcp_conn *c), void *ctx);

/** Number of its place: its own for as long as it lives. */
uint32_t pw_tcp_conn_id(const struct pw_tcp_conn *c);

/** The connection that has this place now, or NULL. */
struct pw_tcp_conn *pw_tcp_conn_by_id(struct pw_tcp *t, uint32_t id);

/* clang-format off */
#define PW_TCP_STATS(X) \
	X(opened_passive, "connections established by a peer's SYN") \
	X(opened_active, "connections established by our SYN") \
	X(closed, "connections closed in order by both ends") \
	X(resets_in, "connections ended by a peer's RST") \
	X(aborted, "connections we ended by RST") \
	X(timeouts, "connections ended by a time-out") \
	X(refused, "connections that our SYN did not get") \
	X(segs_in, "segments received") \
	X(segs_out, "segments sent") \
	X(bytes_in, "payload bytes received in order") \
	X(bytes_out, "payload bytes sent for the first time") \
	X(rtx_segs, "segments sent again") \
	X(rtx_bytes, "payload bytes sent again") \
	X(fast_recoveries, "times loss was found by acknowledgements") \
	X(rtos, "retransmission time-outs") \
	X(tlps, "tail loss probes") \
	X(spurious, "recoveries undone: nothing had been lost") \
	X(persists, "zero-window probes sent") \
	X(keepalives, "keep-alive probes sent") \
	X(dup_acks, "duplicate acknowledgements received") \
	X(ooo_segs, "segments received out of order") \
	X(challenge_acks, "challenge ACKs sent (RFC 5961)") \
	X(rsts_out, "RST segments sent") \
	X(send_full, "times the transmit queue or the mbuf pool was full") \
	X(cookies_sent, "SYNs answered by a cookie: too many half-open connections") \
	X(cookies_good, "connections established by a cookie that came back") \
	X(cookies_bad, "ACKs with a wrong or old cookie") \
	X(fast_open_cookies, "SYN-ACKs that gave a Fast Open cookie (RFC 7413)") \
	X(fast_opens, "connections opened by data on a SYN with a good cookie") \
	X(fast_open_bad, "SYNs with a cookie that was not good, or no more") \
	X(fast_open_full, "SYNs whose data was not taken: too many such were pending") \
	X(fast_open_resets, "connections opened by data on a SYN that RST ended before its ACK") \
	X(fast_open_early, "payload bytes sent before the ACK of the SYN-ACK") \
	X(ecn_agreed, "connections established with ECN (RFC 3168)") \
	X(ecn_marks_in, "segments received that a router had marked") \
	X(ecn_reductions, "congestion windows reduced by a peer's ECN-Echo") \
	X(time_wait_recycled, "TIME-WAIT entries that went before their time") \
	X(sent_exhausted, "times no record for data in flight was free") \
	X(black_holes, "times segments were made shorter, after time-outs (RFC 4821)") \
	X(mtu_probes, "longer segments sent to find the path's MTU") \
	X(rcv_grown, "times a receive window was doubled") \
	X(rcv_denied, "times one was not, for others had been promised the memory") \
	X(side_exhausted, "connections that found no place for pacing or BBR") \
	X(metrics_hits, "connections that began with what was known of the path") \
	X(metrics_evicted, "paths forgotten for others before their time") \
	X(untraced, "times a connection was not traced: all rings were in use") \
	X(traces_kept, "traces kept, of connections that recovered or ended badly")
/* clang-format on */

struct pw_tcp_stats {
#define X(name, help) uint64_t name;
	PW_TCP_STATS (X)
#undef X
};
const struct pw_tcp_stats *pw_tcp_stats(const struct pw_tcp *t);

/** What is in use now; all 0 when nothing is left of any connection. */
struct pw_tcp_usage {
	uint32_t conns;
	uint32_t half_open;
	uint32_t fast_open; /**< of these opened by data on a SYN */
	uint32_t time_wait;
	uint32_t sent_records;
	uint32_t rcv_blocks;
	uint64_t rcv_promised; /**< bytes by which receive windows have grown */
	uint32_t sides;
	uint32_t traced; /**< connections with a ring of events */
};
void pw_tcp_get_usage(const struct pw_tcp *t, struct pw_tcp_usage *out);

/** What is remembered of the path to a peer; what is 0 is not known. */
struct pw_tcp_metrics {
	struct pw_addr local;
	struct pw_addr remote;
	uint32_t left_s; /**< seconds until all of it is forgotten */
	pw_ns srtt_ns;
	pw_ns rttvar_ns;
	uint32_t ssthresh_bytes;
	uint32_t mtu_bytes; /**< of layer 3, that are known to pass */
	bool reordered;	    /**< segments overtake each other there */
};

/**
 * Call @p fn for what is known in the @p n places from @p at on, and move it behind them.
 * @return false when there is nothing more
 */
bool pw_tcp_metrics_part(const struct pw_tcp *t, uint32_t *at, uint32_t n,
	void (*fn)(void *ctx, const struct pw_tcp_metrics *m), void *ctx);

/** Forget what is in these places. @return false when there is nothing more */
bool pw_tcp_metrics_clear_part(struct pw_tcp *t, uint32_t *at, uint32_t n);

/** Bytes that cfg.max_metrics takes. */
size_t pw_tcp_metrics_bytes(uint32_t max_metrics);

/**
 * Bytes that one of @p max_conns connections takes, with the user's @p app_bytes and its
 * share of all tables that grow with their number, sized by default.
 */
size_t pw_tcp_conn_bytes(uint32_t app_bytes, uint32_t max_conns);

#endif
