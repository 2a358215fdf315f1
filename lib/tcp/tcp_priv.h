/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef TCP_PRIV_H
#define TCP_PRIV_H

/**
 * @file
 * What the files of tcp share. A segment's way through them:
 *
 *	input.c   arrival, in the steps of RFC 9293 section 3.10.7
 *	ack.c     what an acknowledgement says: SACK, RTT, RACK, recovery
 *	rcvq.c    bytes out of order or not taken yet; rcvbuf.c: how large the window is
 *	timer.c   all deadlines of a connection, set by what happened
 *	output.c  what may be sent now, and the segments themselves
 *	sent.c    the record of what is in flight
 *	pace.c    when the next quantum may go; rate.c: how fast what went has arrived
 *	side.c    room for what few connections need
 *	cc_*.c    congestion control behind a table; ecn.c: marks in place of losses
 *	conn.c    birth, death and look-up; listen.c: SYNs; tw.c: TIME-WAIT
 *	tfo.c     Fast Open: data on a SYN, and who may send it
 *	metrics.c what one connection leaves to the next
 *	trace.c   rings of what happened, hooked into the others (trace.h)
 */
#include <assert.h>
#include <netinet/in.h>
#include "pw_rand.h"
#include "pw_tcp.h"
#include "pw_tcp_trace.h"
#include "pw_wheel.h"
#include "pw_wire_ip4.h"

#define NONE UINT32_MAX /**< index of nothing */

/* RFC 9293 3.7.1 and 6691; the floor bounds what SACK on tiny segments costs. */
#define MSS_DEFAULT_V4 536
#define MSS_DEFAULT_V6 1220
#define MSS_FLOOR      216

/* RFC 6298; not the RFC's cautious second, but what Linux takes at least for the
 * variance: no time-out is shorter than a round trip and a delayed ACK. */
#define RTO_INITIAL	   (1 * PW_NS_PER_S)
#define RTO_AFTER_SYN_LOSS (3 * PW_NS_PER_S) /* section 5.7 */
#define RTO_VAR_MIN	   (200 * PW_NS_PER_MS)
#define RTO_MAX		   (60 * PW_NS_PER_S)
#define RTO_BACKOFF_MAX	   12
#define PTO_MIN		   (2 * PW_NS_PER_MS) /* as Linux; a turn may be longer than the RTT */

#define DELACK_NS	 (40 * PW_NS_PER_MS)  /* RFC 9293 3.8.6.3: at most 500 ms */
#define QUICK_ACKS	 16		      /* segments acknowledged at once at the start */
#define PEER_DELACK_NS	 (200 * PW_NS_PER_MS) /* RFC 8985 7.2: TLP.max_ack_delay */
#define OOW_ACK_MS	 500 /* one answer to a segment out of the window in this time */
#define SYN_RETRIES	 6
#define SYN_ACK_RETRIES	 5
#define DUP_THRESH	 3
#define INIT_WINDOW_SEGS 10			  /* RFC 6928 */
#define INIT_WINDOW	 14600			  /* bytes; the same where segments are long */
#define PAWS_IDLE_MS	 (24u * 24 * 3600 * 1000) /* RFC 7323 5.5 */

#define KEEP_INTERVAL_MS 75000
#define KEEP_PROBES	 9

#define RCV_BUF_BITS	    16 /**< a receive window begins with 64 KiB */
#define LISTEN_MAX	    16
#define TFO_COOKIE_LEN	    8
#define SENT_MAX	    1024  /**< records of one connection */
#define QUANTUM_BYTES	    65536 /**< of new data a connection sends before the next has its turn */
#define QUANTUM_CROWD_BYTES 16384 /**< the same where very many wait */
#define PMTU_FLOOR_V4	    552 /**< as Linux has it: below, a liar could make us send headers only */
#define PMTU_FLOOR_V6	    1280  /**< RFC 8200 section 5 */
#define SIDES_MAX	    65534 /**< places of the side pool: indexes have 16 bits */

/** Congestion state: RFC 5681, 6582, 6675. */
enum ca_state {
	CA_OPEN,
	CA_RECOVERY, /**< loss found by acknowledgements; PRR rules cwnd */
	CA_LOSS,     /**< after a retransmission time-out; slow start from one segment */
};

enum conn_flag {
	F_ACK_NOW = 1 << 0,   /**< owe an ACK, at once */
	F_ACK_LATER = 1 << 1, /**< owe an ACK, when the timer says so */
	F_TS_OK = 1 << 2,     /**< timestamps negotiated */
	F_SACK_OK = 1 << 3,
	F_WS_OK = 1 << 4,
	F_FIN_WANTED = 1 << 5,	  /**< FIN follows the last byte */
	F_FIN_RCVD = 1 << 6,	  /**< the peer's FIN is in order */
	F_FIN_TOLD = 1 << 7,	  /**< app->eof() was called */
	F_USER_CLOSED = 1 << 8,	  /**< no one takes data any more */
	F_OPENED = 1 << 9,	  /**< app->open() said true: gone() is owed */
	F_ACTIVE = 1 << 10,	  /**< we sent the first SYN */
	F_READY = 1 << 11,	  /**< on the list of those with something to send */
	F_BUSY = 1 << 12,	  /**< inside input or a timer: not to be freed yet */
	F_SYN_RTX = 1 << 13,	  /**< the SYN was sent again: no RTT from it */
	F_TLP_RTX = 1 << 14,	  /**< the probe in flight repeats old data */
	F_TLP_OUT = 1 << 15,	  /**< a tail loss probe is in flight */
	F_REORDERED = 1 << 16,	  /**< reordering was seen: RACK waits */
	F_DSACK_OWED = 1 << 17,	  /**< c->dsack is to be reported */
	F_CWND_LIMITED = 1 << 18, /**< cwnd kept something from being sent */
	F_SYN_DUE = 1 << 19,	  /**< (re)send SYN or SYN-ACK */
	F_PROBE_DUE = 1 << 20,	  /**< send a zero-window probe */
	F_TLP_DUE = 1 << 21,	  /**< send a tail loss probe */
	F_SWS_OVERRIDE = 1 << 22, /**< a small segment has waited long enough */
	F_SOURCE_DRY = 1 << 23,	  /**< source() had nothing: wait for pw_tcp_resume() */
	F_STALLED = 1 << 24,	  /**< recv() left bytes: wait for pw_tcp_resume() */
	F_RESUME = 1 << 25,	  /**< pw_tcp_resume() was called: offer again */
	F_RTX_TS = 1 << 26,	  /**< rtx_ts is set: something was sent again in this recovery */
	F_NAGLE = 1 << 28,	  /**< hold short segments while data is in flight */
	F_KEEP_DUE = 1 << 29,	  /**< send a keep-alive probe */
	F_OFFERING = 1 << 27,	  /**< inside recv(): what it will take is not known yet */
	F_KEEPALIVE = 1 << 30,	  /**< keepalive_ms is not 0 */
	F_PERSIST = 1u << 31,	  /**< the persist timer runs */
};

/** ECN (RFC 3168): a connection's agreement, and what is owed under it. */
enum ecn_bit {
	ECN_ASK = 1,	  /**< our SYN asks for it */
	ECN_OK = 2,	  /**< both said so */
	ECN_ECHO = 4,	  /**< a mark has come: ECE in all we send, until the peer's CWR */
	ECN_CWR_DUE = 8,  /**< cwnd was reduced: CWR in the next new data */
	ECN_REDUCED = 16, /**< until cwr_end is passed: further ECE tells of the same */
};

/** What the loss timer stands for: exactly one of them when data is in flight. */
enum loss_mode {
	LOSS_RTO,
	LOSS_TLP,
	LOSS_REO, /**< RACK waits for reordered segments */
};

enum tmr {
	TMR_LOSS,    /**< SYN, RTO, TLP or RACK */
	TMR_PERSIST, /**< zero window, or the sender's silly-window override */
	TMR_DELACK,
	TMR_LIFE, /**< FIN-WAIT-2 of a user who has gone; before that keep-alive */
	TMR_APP,
	TMR_MAX,
};

/** Bytes in flight, sent at the same time and of the same fate. 32 bytes. */
struct sent {
	pw_off start;
	pw_ns xmit; /**< the latest transmission */
	uint32_t len;
	uint32_t next;
	uint32_t snap; /**< record that holds its snapshot, or NONE */
	uint8_t flags;
};

/**
 * What had been delivered when a run was sent, for a connection whose rate is measured
 * (rate.c). Lies in a record of its own; counts by their low bits.
 */
struct snap {
	pw_ns delivered_at;
	pw_ns first_sent;
	uint32_t delivered;
	uint32_t lost;
	uint32_t in_flight; /**< right after it was sent */
	uint16_t refs;	    /**< runs that share it */
	bool app_limited;
};
static_assert(sizeof(struct snap) <= sizeof(struct sent), "a snapshot fits a record");

enum sent_flag {
	SENT_SACKED = 1,
	SENT_LOST = 2,
	SENT_RTX = 4,	/**< sent more than once: no RTT from it (Karn) */
	SENT_MIXED = 8, /**< not all sent at `xmit`, some before: no RTT from it either */
};

struct sent_pool {
	struct sent *rec;
	uint32_t free;
	uint32_t n;
	uint32_t n_used;
};

/** State of a congestion control; which member is the connection's cc says. */
struct cc_cubic {
	uint32_t epoch_ms; /**< when this growth began, if in_epoch */
	uint32_t w_max;	   /**< bytes, before the last reduction */
	uint32_t cwnd_prior;
	union {
		struct {		       /* HyStart++, until it is done */
			uint32_t round_end;    /**< low bits of an offset: see ahead() */
			uint32_t round_rtt_us; /**< the least of this round; UINT32_MAX: none yet */
			uint32_t last_rtt_us;  /**< of the round before */
			uint32_t css_rtt_us;   /**< what made slow start conservative */
			uint16_t rtt_samples;
			uint8_t css_rounds; /**< 0: not in conservative slow start */
		};
		struct {		   /* the curve, then */
			uint32_t grown_ms; /**< the latest ACK that could let cwnd grow */
			uint32_t k_ms;
			uint32_t origin; /**< bytes: its plateau */
			uint32_t w_est;	 /**< what Reno would have */
			uint32_t acked;	 /**< bytes not yet turned into growth */
			uint32_t acked_est;
		};
	};
};

struct cc_reno {
	uint32_t acked;
};

struct cc_dctcp {
	uint32_t acked;	      /**< as cc_reno's */
	uint32_t alpha;	      /**< share of marked bytes, DCTCP_ONE: all */
	uint32_t window_end;  /**< low bits of an offset: see ahead() */
	uint32_t bytes_acked; /**< of this observation window */
	uint32_t bytes_marked;
};
#define DCTCP_ONE (1u << 20)

/** Delivery rate: the connection's counts, and the sample of the ACK under way. */
struct rate {
	uint64_t delivered;
	uint64_t lost;
	uint64_t app_limited; /**< until so much is delivered; 0: it is not */
	pw_ns delivered_at;
	pw_ns first_sent; /**< of what was delivered last, or of the first after idling */
	uint64_t rate;	  /**< of the sample, bytes a second; 0: none */
	pw_ns send_elapsed;
	struct snap newest; /**< of the latest-sent run that the ACK delivered */
	uint32_t newest_end;
	uint32_t sample; /**< bytes delivered over it */
	bool has_data;
};

enum bbr_state {
	BBR_STARTUP,
	BBR_DRAIN,
	BBR_DOWN,
	BBR_CRUISE,
	BBR_REFILL,
	BBR_UP,
	BBR_PROBE_RTT,
	BBR_STATE_MAX,
};

enum bbr_acks {
	BBR_ACKS_INIT,
	BBR_ACKS_REFILLING,
	BBR_ACKS_STARTING,
	BBR_ACKS_FEEDBACK,
	BBR_ACKS_STOPPING,
};

/** BBR (draft-ietf-ccwg-bbr section 2); rates are bytes a second. */
struct bbr {
	uint64_t bw; /**< the least of max_bw and bw_short */
	uint64_t max_bw;
	uint64_t cycle_bw[2]; /**< the most of this cycle, and of the one before */
	uint64_t bw_latest;   /**< the most of this round */
	uint64_t bw_short;    /**< UINT64_MAX: no bound */
	uint64_t full_bw;
	uint64_t undo_bw_short;
	pw_ns min_rtt; /**< PW_NEVER: not known yet */
	pw_ns min_rtt_at;
	pw_ns probe_rtt_min;
	pw_ns probe_rtt_min_at;
	pw_ns probe_rtt_done_at; /**< 0: not known yet */
	pw_ns cycle_at;
	pw_ns probe_wait;
	pw_ns extra_from;
	uint32_t inflight_latest;
	uint32_t inflight_short; /**< UINT32_MAX: no bound */
	uint32_t inflight_long;	 /**< likewise */
	uint32_t undo_inflight_short;
	uint32_t undo_inflight_long;
	uint32_t prior_cwnd;
	uint32_t max_inflight;
	uint32_t extra_acked[2]; /**< the most of this window of rounds, and of that before */
	uint32_t extra_delivered;
	uint32_t extra_round; /**< when this window began */
	uint32_t next_round;  /**< low bits of rate.delivered, as is loss_round */
	uint32_t loss_round;
	uint32_t round_count;
	uint32_t drain_round;
	uint32_t probe_rtt_round; /**< when the last ProbeRTT ended */
	uint32_t rounds_since_probe;
	uint32_t up_acked;
	uint32_t acked_per_inc; /**< UINT32_MAX: inflight_long does not grow */
	uint8_t up_rounds;
	uint8_t losses; /**< ranges lost in this round of Startup */
	uint8_t state;	/**< enum bbr_state */
	uint8_t undo_state;
	uint8_t ack_phase;
	uint8_t full_bw_count;
	bool full_bw_now;
	bool full_bw_reached;
	bool round_start;
	bool loss_round_start;
	bool loss_in_round;
	bool probe_sample;
	bool probe_too_high;
	bool precautionary;
	bool idle_restart;
	bool probe_rtt_expired;
	bool probe_rtt_round_done;
	bool recovered; /**< a recovery has had a whole round */
};

/** The search for the path's MTU (pmtu.c). Sizes are as MSS options have them. */
struct pmtu {
	uint16_t low;	    /**< passes */
	uint16_t high;	    /**< may pass */
	uint16_t probe;	    /**< in flight; 0: none */
	uint32_t probe_end; /**< low bits of the offset behind it */
	uint32_t next_ms;   /**< no probe before */
};

/**
 * What only some connections need, in a bounded pool: who takes no place in it gets on
 * without. pw_tcp_conn.side says which.
 */
struct side {
	/* Pacing: a quantum is open while it has bytes left; the next opens at `open_at`. */
	struct pw_timer timer; /**< in pw_tcp.pace_wheel, while something waits for it */
	pw_ns open_at;
	uint64_t rate;	      /**< bytes a second; 0: no limit */
	uint32_t quantum;     /**< bytes; whole segments */
	uint32_t left;	      /**< of the open quantum */
	uint32_t limited_end; /**< cwnd was the limit: snd_nxt then */
	uint32_t conn;	      /**< whose it is; of a free one, the next free */
	bool waits;	      /**< something would have gone before open_at */
	struct pmtu pmtu;     /**< of those that are `searching` */
	/* Of those whose cc models the path. */
	struct rate rs;
	struct bbr bbr;
};

struct side_pool {
	struct side *e;
	uint32_t n;
	uint32_t n_used;
	uint32_t free;
};

struct ack;

/** What an ACK tells a congestion control. */
struct cc_ack {
	pw_ns now;
	pw_ns rtt;	/**< PW_NEVER: no sample */
	uint32_t acked; /**< bytes newly acknowledged or SACKed */
};

struct tcp_cc {
	const char *name;
	void (*init)(struct pw_tcp_conn *c);
	/** New data acknowledged in CA_OPEN or CA_LOSS, cwnd having been the limit. */
	void (*on_ack)(struct pw_tcp_conn *c, const struct cc_ack *a);
	/** Loss: @return the new ssthresh, in bytes, from c->cwnd. */
	uint32_t (*on_loss)(struct pw_tcp_conn *c);
	/** A router's mark, echoed; at most once a round trip: the same. */
	uint32_t (*on_ecn)(struct pw_tcp_conn *c);
	/** Sending starts again after idling, or after a time-out. */
	void (*on_restart)(struct pw_tcp_conn *c);
	/** NULL, or: of @p acked bytes an ACK says that they were marked, or were not. */
	void (*on_echo)(struct pw_tcp_conn *c, uint32_t acked, bool echo);

	/* Of those that model the path; NULL for the others. They have a side, set cwnd and
	 * the pacing rate at each ACK, and are not ruled by PRR or by idleness. */
	void (*on_sample)(struct pw_tcp_conn *c, const struct ack *a);
	/** @p len bytes were found lost that had been sent with @p p. */
	void (*on_lost)(struct pw_tcp_conn *c, const struct snap *p, uint32_t len);
	/** The recovery is over; @p spurious: nothing had been lost. */
	void (*on_recovered)(struct pw_tcp_conn *c, bool spurious);
};

#define CC_CUBIC 0 /**< what who finds no side has instead */

/** By name: index in tcp_ccs, or -1: unknown. */
int tcp_cc_find(const char *name);

extern const struct tcp_cc tcp_cc_newreno;
extern const struct tcp_cc tcp_cc_cubic;
extern const struct tcp_cc tcp_cc_dctcp;
extern const struct tcp_cc tcp_cc_bbr;
extern const struct tcp_cc *const tcp_ccs[];

/**
 * A connection: 432 bytes, so that with 80 of the user's it fills 8 cache lines. They are
 * grouped by use; the test conn_block_layout says which of them each path touches.
 *
 * Round trips are in ticks (ticks_of()); times in `_ms` are the low bits of pw_tcp.now_ms
 * and are compared by their difference, right for 49 days. Offsets that matter only while
 * they lie in what is in flight are kept by their low 32 bits (ahead()).
 */
struct pw_tcp_conn {
	/* Line 0: what a segment is matched and judged by. */
	struct pw_addr remote;
	struct pw_addr local;
	uint16_t rport;
	uint16_t lport;
	uint32_t hash_next;
	uint8_t state;		/**< enum pw_tcp_state */
	uint8_t user : 6;	/**< of pw_tcp.users */
	uint8_t fast_open : 1;	/**< open by data on its SYN; until the ACK of the SYN-ACK */
	uint8_t cookie_due : 1; /**< in the SYN-ACK */
	uint8_t snd_shift : 4;	/**< of windows that the peer announces */
	uint8_t rcv_shift : 4;	/**< of windows that we announce */
	uint8_t ecn;		/**< enum ecn_bit */
	uint32_t flags;
	uint32_t isn1; /**< sequence number of our stream's byte 0 */
	uint32_t irs1; /**< of the peer's */
	struct pw_tcp *t;

	/* Line 1: sending. */
	pw_off snd_una;
	pw_off snd_nxt;
	pw_off snd_end;	 /**< what the user has; the FIN stands at this offset */
	pw_off snd_edge; /**< una + window: not to be passed */
	uint32_t cwnd;
	uint32_t ssthresh;
	uint32_t sacked; /**< bytes; for a peer without SACK, guessed from duplicate ACKs */
	uint32_t lost;	 /**< bytes to be sent again */
	uint32_t sent_head;
	uint32_t sent_tail;
	uint16_t mss; /**< payload of a full segment, options taken off */
	uint16_t n_sent;
	uint32_t n_rtx; /**< bytes in flight that were sent more than once */

	/* Line 2: receiving, and what goes into every header. */
	pw_off rcv_nxt;
	pw_off rcv_read; /**< taken by the user */
	pw_off rcv_adv;	 /**< right edge that was announced */
	uint32_t ts_recent;
	uint32_t ts_recent_ms;
	uint32_t ts_off;
	uint32_t ack_sent;     /**< Last.ACK.sent (RFC 7323) */
	uint32_t wl1;	       /**< SEG.SEQ of the last window update */
	uint32_t wl2;	       /**< SEG.ACK of it */
	uint32_t rcvq;	       /**< control block of the receive queue, or NONE */
	uint32_t max_wnd;      /**< largest window that the peer announced */
	uint8_t rcv_segs : 2;  /**< full segments since the last ACK */
	uint8_t searching : 1; /**< for the path's MTU, by what stands in its side */
	uint8_t delack : 1;    /**< F_ACK_LATER, and the timer runs */
	uint8_t rcv_level : 4; /**< how often the receive window was doubled */
	uint8_t quick_acks : 7;
	uint8_t rtt_lent : 1; /**< srtt, or rttvar only, is what metrics.c knew */
	uint16_t trace;	      /**< number of its ring, from 1 on; 0: it is not traced */
	uint8_t dup_acks;
	uint8_t backoff;       /**< of RTO, persist and SYN timers */
	uint8_t ca : 2;	       /**< enum ca_state */
	uint8_t loss_mode : 2; /**< enum loss_mode */
	uint8_t cc_id : 2;     /**< of tcp_ccs */
	uint8_t rated : 1;     /**< its cc models the path: rates are measured */
	uint8_t paced : 1;     /**< by what stands in its side */
	uint8_t reo_mult;      /**< RACK.reo_wnd_mult */

	/* Line 3: what an ACK and a burst change. */
	union {
		pw_ns rack_xmit; /**< of the latest-sent segment that was delivered; 0: none yet */
		pw_ns syn_sent;	 /**< before that, in the handshake: our first SYN; 0: none */
	};
	uint32_t srtt; /**< ticks; 0: no sample yet */
	uint32_t rttvar;
	uint32_t min_rtt; /**< UINT32_MAX: no sample yet */
	uint32_t rack_rtt;
	uint32_t rack_end;
	uint32_t rack_fack;    /**< highest offset delivered */
	uint32_t last_send_ms; /**< of new data; at first when it was established */
	uint32_t progress_ms;  /**< when snd_una last moved, or data first waited */
	uint32_t ready_next;
	uint32_t ready_prev;
	pw_ns wake;	   /**< what `timer` is armed for; PW_NEVER: it is not */
	pw_ns at[TMR_MAX]; /* TMR_LOSS is the last of line 3; the others begin line 4. */

	/* Line 4: deadlines that come seldom. */
	struct pw_timer timer; /**< in the wheel, never later than the earliest of `at` */
	uint32_t keepalive_ms; /**< 0: off */
	uint32_t heard_ms;     /**< when the peer was last heard of; kept with keep-alive only */

	/* Line 5: growth, which a bulk sender's ACKs touch, and the recovery. */
	union {
		struct cc_cubic cubic;
		struct cc_reno reno;
		struct cc_dctcp dctcp;
	} cc;
	uint16_t rcv_mark_ms : 13; /**< when half a receive window began, low bits; if rcv_marked */
	uint16_t rcv_marked : 1;
	uint16_t in_epoch : 1; /**< CUBIC; no: it begins at the next ACK */
	uint16_t hystart_done : 1;
	uint16_t side;	     /**< 1 + index of its place in the side pool; 0: it has none */
	uint32_t recover;    /**< snd_nxt when the recovery began */
	uint32_t recover_fs; /**< flight size then */
	uint32_t prr_delivered;
	uint32_t prr_out;
	uint32_t prior_cwnd;
	uint32_t prior_ssthresh;

	/* Line 6: undo, rarely read things; the user's room. */
	uint32_t undo_rtx; /**< bytes sent again that no DSACK has named yet */
	uint32_t rtx_ts;   /**< TSval of the recovery's first retransmission */
	union {
		uint32_t tlp_end;  /**< snd_nxt when the probe went out */
		uint32_t dup_room; /**< no SACK, so no probe: bytes that duplicate ACKs may
				    * still vouch for */
	};
	uint32_t tlp_ts;
	uint32_t cwr_end;     /**< ECN_REDUCED: snd_nxt then */
	uint32_t dsack_round; /**< RACK: one reaction to DSACK a round trip */
	struct pw_tcp_sack dsack;
	uint32_t oow_ack_ms; /**< when a segment out of the window was last answered */
	uint32_t rtx_segs;
	uint32_t user_timeout_ms;
	uint16_t peer_mss;
	uint8_t reo_persist;
	uint8_t keep_probes; /**< unanswered ones */
	uint64_t room[];
};

/** TIME-WAIT without the connection: all that RFC 9293 3.10.7.4, 1337 and 6191 need. */
struct tw {
	struct pw_addr remote;
	struct pw_addr local;
	uint16_t rport;
	uint16_t lport;
	uint32_t hash_next;
	uint32_t snd_nxt;
	uint32_t rcv_nxt;
	uint32_t ts_recent;
	uint32_t ts_off;
	uint32_t acked_ms; /**< the latest answer */
	uint32_t prev;	   /**< in the order of expiry */
	uint32_t next;
	uint16_t wnd;
	bool ts_ok;
	pw_ns until;
};

struct tw_table {
	struct tw *e;
	uint32_t *bucket;
	uint32_t mask;
	uint32_t free;
	uint32_t n;
	uint32_t n_used;
	uint32_t oldest;
	uint32_t newest;
};

/**
 * What is known of the path between two addresses (metrics.c), a line of the cache. Each fact
 * has a second until which it is known; 0: it is not.
 */
struct metrics {
	struct pw_addr remote;
	struct pw_addr local;
	uint32_t rtt_until;
	uint32_t ssthresh_until;
	uint32_t mtu_until;
	uint32_t reordered_until;
	uint32_t srtt; /**< ticks, as is rttvar */
	uint32_t rttvar;
	uint32_t ssthresh;
	uint16_t mtu_low; /**< bounds of the search, as in struct pmtu; equal: there is none */
	uint16_t mtu_high;
};
static_assert(sizeof(struct metrics) == RTE_CACHE_LINE_SIZE, "an entry is a line");

struct metrics_table {
	struct metrics *e;
	uint32_t n_sets; /**< 0: nothing is kept */
};

struct listener {
	uint16_t port;
	uint8_t user;
};

/** Whom connections belong to: what each of them would otherwise have to hold. */
struct tcp_user {
	const struct pw_tcp_app *app;
	void *ctx;
	uint32_t n; /**< connections and listeners of his; 0: the place is free */
};

#define RCV_BLOCK_BITS_MIN \
	11 /**< a block has 2 KiB, where no window of a connection is too large */

/** Pool of equal blocks for the receive queues. */
struct rcv_pool {
	uint8_t *mem;
	uint32_t block_bytes; /**< a power of two */
	uint32_t block_bits;
	uint32_t free;
	uint32_t n;
	uint32_t n_used;
	uint64_t promised; /**< bytes by which windows have grown: never more than it has */
};

/** Fast Open: connections that wait for the ACK of their SYN-ACK, or were reset instead. */
struct tfo {
	uint32_t *reset_ms; /**< ring of max_fast_open: when those were reset, oldest first */
	uint32_t first;
	uint32_t n_reset;
	uint32_t n_pending;
};

/** For connections to come. */
struct tcp_defaults {
	uint8_t cc;	    /**< of tcp_ccs */
	uint32_t syn_flags; /**< F_WS_OK, F_SACK_OK, F_TS_OK: offered and taken */
	uint32_t user_timeout_ms;
	uint32_t keepalive_ms;
	uint8_t init_window_segs;
	uint8_t ecn; /**< enum pw_tcp_ecn */
	bool nagle;
	bool pacing;
	bool fast_open;
};

/** An address of ours whose connections have a congestion control of their own. */
struct cc_addr {
	struct pw_addr local;
	uint8_t cc; /**< of tcp_ccs */
};

/** Rings of events, and traces that are kept: see trace.c. */
struct trace_pool {
	struct trace_ring *ring;
	struct pw_tcp_event *ev; /**< of all rings */
	uint32_t n_rings;
	uint32_t mask; /**< a ring has one event more, a power of two */
	uint32_t free;
	uint32_t n_used;
	uint32_t hand; /**< where a ring to take away is looked for next */
	pw_ns look_at; /**< not before */
	struct trace_store *kept;
};

struct pw_tcp {
	pw_ns now;	 /**< of the current turn */
	uint32_t now_ms; /**< the same, for timestamps */
	bool draining;
	bool refusing; /**< SYNs are answered by RST */
	struct pw_tcp_cfg cfg;
	struct tcp_defaults defaults;
	uint16_t link_mtu[2]; /**< by family, IPv4 first: see pw_tcp_set_link_mtu() */
	struct cc_addr cc_addrs[PW_TCP_CC_ADDRS_MAX];
	uint32_t n_cc_addrs;
	uint64_t hash_seed;
	struct pw_wheel wheel;

	uint8_t *conns; /**< max_conns strides of conn_bytes */
	uint32_t conn_bytes;
	uint64_t conn_inverse; /**< 2^64 / conn_bytes, rounded up */
	uint32_t conn_free;
	uint32_t n_conns;
	uint32_t n_half_open;
	uint32_t *bucket;
	uint32_t mask;

	uint32_t ready_head;
	uint32_t ready_tail;
	uint32_t n_ready;

	pw_ns cookie_until; /**< an ACK may bring a SYN cookie back until then */
	uint8_t rcv_shift;
	uint16_t port_next; /**< RFC 6056 algorithm 3 */
	struct sent_pool sent;
	struct rcv_pool rcv;
	struct tw_table tw;
	struct tfo tfo;
	struct side_pool side;
	struct metrics_table metrics;
	struct trace_pool trace;
	struct tcp_user users[PW_TCP_USERS_MAX];
	struct listener listen[LISTEN_MAX];
	uint32_t n_listen;
	struct pw_tcp_stats stats;
	struct pw_wheel pace_wheel; /**< when quanta open */
	struct pw_rand rand;	    /**< of BBR's waits: no secret */
};

/** A segment on arrival: offsets, not sequence numbers, once a connection is known. */
struct seg_in {
	struct pw_tcp_hdr h;
	struct pw_tcp_opts o;
	const struct pw_addr *src;
	const struct pw_addr *dst;
	const uint8_t *data;
	uint32_t len;	 /**< of data; SYN and FIN not counted */
	int64_t off;	 /**< of data, in the peer's stream; may lie before 0 */
	uint32_t window; /**< scaled */
	bool marked;	 /**< congestion experienced on its way */
	pw_ns now;
};

/** What one ACK delivered. */
struct ack {
	pw_ns now;
	pw_ns rtt;	    /**< of the youngest segment never sent again; PW_NEVER: none */
	uint32_t fack;	    /**< highest offset delivered before */
	uint32_t acked;	    /**< bytes by which snd_una moved */
	uint32_t delivered; /**< bytes that had not been SACKed before, by either way */
	uint32_t newly_lost;
	bool dsack;
	bool probe_only; /**< what was lost is a probe for the path's MTU */
	bool has_ts;
	uint32_t ts_ecr;
	struct sent *sacked_to; /**< where the walk for a SACK block ended; NULL: none yet */
};

/** What an ACK newly tells to have arrived; for a peer without SACK only what is certain. */
static inline uint32_t
newly_delivered(const struct pw_tcp_conn *c, const struct ack *a)
{
	return c->flags & F_SACK_OK ? a->delivered : a->acked;
}

/* ---- sequence numbers at the edge ---- */

static inline uint32_t
snd_seq(const struct pw_tcp_conn *c, pw_off off)
{
	return c->isn1 + (uint32_t)off;
}

static inline uint32_t
rcv_seq(const struct pw_tcp_conn *c, pw_off off)
{
	return c->irs1 + (uint32_t)off;
}

static inline bool
seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/** The offset that @p seq stands for, near @p near. */
static inline int64_t
off_near(uint32_t seq, uint32_t seq0, pw_off near)
{
	return (int64_t)near + (int32_t)(seq - (seq0 + (uint32_t)near));
}

/* ---- round trips ---- */

/* A tick is 64 ns, so that 32 bits hold 274 s; what is longer counts as that, and a
 * time-out as RTO_MAX long before. Rounded up: never 0, and never less than it was. */
#define TICK_BITS 6

static inline uint32_t
ticks_of(pw_ns ns)
{
	return (uint32_t)pw_min((ns + (1 << TICK_BITS) - 1) >> TICK_BITS, UINT32_MAX - 1);
}

static inline pw_ns
ticks_ns(uint32_t ticks)
{
	return (pw_ns)ticks << TICK_BITS;
}

/* ---- small questions ---- */

static inline uint32_t
flight(const struct pw_tcp_conn *c)
{
	return (uint32_t)(c->snd_nxt - c->snd_una);
}

/**
 * Is there something in flight before @p mark, the low bits of an offset that was snd_nxt
 * once? It is so for marks of this round trip; one that was passed long ago says so by
 * chance, as often as what is in flight fits into 4 GiB.
 */
static inline bool
ahead(const struct pw_tcp_conn *c, uint32_t mark)
{
	return mark - (uint32_t)c->snd_una - 1 < flight(c);
}

/** RFC 6675: what is thought to be on the way. */
static inline uint32_t
pipe_bytes(const struct pw_tcp_conn *c)
{
	return flight(c) - c->sacked - c->lost;
}

/** RFC 6928 section 2; also the most that is left of cwnd after idling (RFC 5681 4.1). */
static inline uint32_t
initial_window(const struct pw_tcp_conn *c)
{
	uint32_t most = (uint32_t)pw_max(2u * c->mss, INIT_WINDOW);

	return (uint32_t)pw_min(c->t->defaults.init_window_segs * c->mss, most);
}

/** One past the last offset there is to send, FIN included. */
static inline pw_off
snd_limit(const struct pw_tcp_conn *c)
{
	return c->snd_end + ((c->flags & F_FIN_WANTED) != 0);
}

static inline bool
fin_sent(const struct pw_tcp_conn *c)
{
	return c->snd_nxt > c->snd_end;
}

/** In order, and not taken by the user. */
static inline uint64_t
unread(const struct pw_tcp_conn *c)
{
	return c->rcv_nxt - ((c->flags & F_FIN_RCVD) != 0) - c->rcv_read;
}

/** The receive buffer doubled so often, as far as windows of this connection can speak of it
 * (RFC 7323 2.3). */
static inline uint32_t
rcv_buf_at(const struct pw_tcp_conn *c, uint32_t level)
{
	uint64_t most = pw_min(c->t->cfg.rcv_buf_bytes, (uint64_t)UINT16_MAX << c->rcv_shift);

	return (uint32_t)pw_min(UINT64_C(1) << (RCV_BUF_BITS + level), most);
}

static inline uint32_t
rcv_buf(const struct pw_tcp_conn *c)
{
	return rcv_buf_at(c, c->rcv_level);
}

static inline bool
synchronised(const struct pw_tcp_conn *c)
{
	return c->state >= PW_TCP_ESTABLISHED;
}

static_assert(PW_TCP_USERS_MAX <= 64, "pw_tcp_conn.user has 6 bits");

#define HOT_BYTES 256 /* of a connection: lines 0 to 3 */

static inline struct pw_tcp_conn *
conn_at(const struct pw_tcp *t, uint32_t i)
{
	return (struct pw_tcp_conn *)(t->conns + (size_t)i * t->conn_bytes);
}

static inline const struct tcp_user *
user_of(const struct pw_tcp_conn *c)
{
	return &c->t->users[c->user];
}

static inline const struct tcp_cc *
cc_of(const struct pw_tcp_conn *c)
{
	return tcp_ccs[c->cc_id];
}

/** Of a connection that has one. */
static inline struct side *
side_of(const struct pw_tcp_conn *c)
{
	return &c->t->side.e[c->side - 1];
}

static inline uint32_t
conn_index(const struct pw_tcp_conn *c)
{
	uint32_t off = (uint32_t)(((const uint8_t *)c - c->t->conns) / RTE_CACHE_LINE_SIZE);

	/* A division by a multiplication: exact, for both numbers have 32 bits. */
	return (uint32_t)((unsigned __int128)off * c->t->conn_inverse >> 64);
}

/** The MTU of the links that lead to @p remote. */
static inline uint32_t
tcp_mtu(const struct pw_tcp *t, const struct pw_addr *remote)
{
	return (uint32_t)pw_min(t->cfg.mtu, t->link_mtu[!pw_addr_is_v4(remote)]);
}

/** The MSS to announce to @p remote: what the MTU leaves, options not taken off (RFC 6691). */
static inline uint16_t
tcp_mss_option(const struct pw_tcp *t, const struct pw_addr *remote)
{
	return (uint16_t)(tcp_mtu(t, remote) - (pw_addr_is_v4(remote) ? 40 : 60));
}

static inline uint32_t
tcp_ts(const struct pw_tcp_conn *c)
{
	return c->t->now_ms + c->ts_off;
}

/** The clock of the instance; the division is paid once a turn. */
static inline void
tcp_set_now(struct pw_tcp *t, pw_ns now)
{
	if (now <= t->now)
		return;
	t->now = now;
	t->now_ms = (uint32_t)(now / PW_NS_PER_MS);
}

/* conn.c */
/** The place of this user, counted once more, or -1: there are PW_TCP_USERS_MAX others. */
int user_get(struct pw_tcp *t, const struct pw_tcp_app *app, void *ctx);
size_t conn_stride(uint32_t app_bytes);
int conn_table_init(struct pw_tcp *t);
void conn_table_fini(struct pw_tcp *t);
/** @param user  what user_get() gave, or a listener's: counted once more here */
struct pw_tcp_conn *conn_create(struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport, uint8_t user);
struct pw_tcp_conn *conn_find(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport);
uint32_t conn_hash(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport);
/** The connection has ended: tell the user, let go of everything. Freed when not busy. */
void conn_end(struct pw_tcp_conn *c, enum pw_tcp_end why);
/** Leave the busy section that input and timers run in. */
void conn_unbusy(struct pw_tcp_conn *c);
void conn_set_state(struct pw_tcp_conn *c, enum pw_tcp_state s);
void conn_set_mss(struct pw_tcp_conn *c);
void conn_ready(struct pw_tcp_conn *c);
void conn_unready(struct pw_tcp_conn *c);
/** Handshake done on our side. @return false: the user did not want it; it has ended. */
bool conn_established(struct pw_tcp_conn *c, pw_ns now);
/** The user has it, and it may send. @return false: likewise */
bool conn_open(struct pw_tcp_conn *c, pw_ns now);

/* secret.c */
uint32_t secret_isn(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport);
uint32_t secret_ts_off(
	const struct pw_tcp *t, const struct pw_addr *local, const struct pw_addr *remote);
uint16_t secret_port(const struct pw_tcp *t, const struct pw_addr *local,
	const struct pw_addr *remote, uint16_t rport);

uint32_t secret_cookie(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport, uint32_t peer_isn, uint32_t head);
/** Of Fast Open, under the @p n th key. */
uint64_t secret_fast_open(const struct pw_tcp *t, const struct pw_addr *local,
	const struct pw_addr *remote, uint64_t n);

/* cookie.c */
/** Answer a SYN without keeping anything. */
void cookie_answer(struct pw_tcp *t, const struct seg_in *in);
/** The connection, in SYN-RECEIVED, that an ACK with a good cookie brings back, or NULL. */
struct pw_tcp_conn *cookie_accept(
	struct pw_tcp *t, const struct listener *l, const struct seg_in *in);

/* tfo.c: Fast Open (RFC 7413) */
int tfo_init(struct pw_tcp *t);
void tfo_fini(struct pw_tcp *t);
/** A SYN asks for a cookie, or has one, and maybe data. @return PW_OK, or why the connection
 * has ended */
enum pw_drop tfo_syn(struct pw_tcp_conn *c, struct seg_in *in);
/** The cookie of the connection's peer. */
void tfo_cookie(const struct pw_tcp_conn *c, uint8_t out[TFO_COOKIE_LEN]);
/** Of a connection that was `fast_open`: @p in is the ACK of the SYN-ACK. */
void tfo_established(struct pw_tcp_conn *c, const struct seg_in *in);
/** Of one that is: it ends before. */
void tfo_ended(struct pw_tcp_conn *c, enum pw_tcp_end why);

/* listen.c */
const struct listener *listener_of(const struct pw_tcp *t, uint16_t port);
enum pw_drop listen_input(struct pw_tcp *t, struct seg_in *in, uint32_t isn_above, bool has_isn);
/** Take the peer's SYN options into the connection. */
void syn_options(struct pw_tcp_conn *c, const struct seg_in *in);

/* tw.c */
int tw_init(struct pw_tcp *t);
void tw_fini(struct pw_tcp *t);
void tw_enter(struct pw_tcp_conn *c);
struct tw *tw_find(struct pw_tcp *t, const struct seg_in *in);
bool tw_port_used(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport);
enum pw_drop tw_input(struct pw_tcp *t, struct tw *w, struct seg_in *in);
void tw_expire(struct pw_tcp *t, pw_ns now);
pw_ns tw_next(const struct pw_tcp *t);

/* ack.c */
enum pw_drop ack_input(struct pw_tcp_conn *c, const struct seg_in *in);
/** RACK's timer: look for losses again. */
void ack_reo_timeout(struct pw_tcp_conn *c, pw_ns now);
void ack_rto(struct pw_tcp_conn *c, pw_ns now);
/** Everything in flight is to be sent again in smaller segments (RFC 1191). */
void ack_path_shrunk(struct pw_tcp_conn *c);

/* ecn.c: explicit congestion notification (RFC 3168) */
/** The flags of our SYN or SYN-ACK; a SYN that is sent again asks no more. */
uint8_t ecn_syn_flags(const struct pw_tcp_conn *c);
void ecn_on_syn_sent(struct pw_tcp_conn *c);
/** Take what the peer's SYN or SYN-ACK says; the latest one counts. */
void ecn_on_syn(struct pw_tcp_conn *c, const struct seg_in *in);
/** Does a SYN ask for it, and may it have it? */
bool ecn_wanted(const struct pw_tcp *t, uint8_t syn_flags);
/** Data in the window, as it arrives: note a router's mark, and the peer's CWR. */
void ecn_on_data(struct pw_tcp_conn *c, const struct seg_in *in);
/** An ACK of @p acked new bytes: react to ECE, once a round trip. @return true: cwnd must
 * not grow by it */
bool ecn_on_ack(struct pw_tcp_conn *c, const struct seg_in *in, uint32_t acked);
/** cwnd was reduced for another reason: what is in flight need not tell it again. */
void ecn_on_reduction(struct pw_tcp_conn *c);
/** Was cwnd reduced since what is now first in flight was sent? */
bool ecn_has_reduced(const struct pw_tcp_conn *c);
/** The enum pw_tcp_ecn that @p name stands for, or -1. */
int ecn_find(const char *name);

/* rtt.c */
void rtt_sample(struct pw_tcp_conn *c, pw_ns rtt);
pw_ns rtt_rto(const struct pw_tcp_conn *c);
/** The time-out that these make, in ticks, bounded by nothing above. */
pw_ns rtt_rto_of(uint32_t srtt, uint32_t rttvar);

/* metrics.c */
int metrics_init(struct pw_tcp *t);
void metrics_fini(struct pw_tcp *t);
/** The connection is open: begin with what is known. */
void metrics_use(struct pw_tcp_conn *c);
/** rtt_lent: from now on only what is measured counts. */
void metrics_return_rtt(struct pw_tcp_conn *c);
/** The connection ends, and leaves what it knows. */
void metrics_keep(struct pw_tcp_conn *c);
/** The path carries segments of @p low, and may carry @p high: bounds as in struct pmtu. */
void metrics_keep_mtu(struct pw_tcp_conn *c, uint32_t low, uint32_t high);
/** It carries whatever both ends can send. */
void metrics_forget_mtu(struct pw_tcp_conn *c);

/* sent.c */
int sent_init(struct pw_tcp *t);
void sent_fini(struct pw_tcp *t);
/** Is there a record for data about to be sent at snd_nxt? */
bool sent_room(const struct pw_tcp_conn *c, pw_ns now);
void sent_append(struct pw_tcp_conn *c, uint32_t len, pw_ns now);
void sent_acked(struct pw_tcp_conn *c, pw_off una, struct ack *a);
/** [left, right) was SACKed. Blocks of one ACK in rising order cost one walk. */
void sent_sacked(struct pw_tcp_conn *c, pw_off left, pw_off right, struct ack *a);
/**
 * RFC 8985 6.2 step 5: mark lost what was sent before the latest delivered
 * segment and is older than @p window.
 * @return how long until the last of the others will be; 0: there is none
 */
pw_ns sent_detect(struct pw_tcp_conn *c, pw_ns now, pw_ns window);
/** First record to be sent again, or NULL. */
struct sent *sent_lost(const struct pw_tcp_conn *c);
/** The first @p len bytes of the lost record @p s were sent again. */
void sent_again(struct pw_tcp_conn *c, struct sent *s, uint32_t len, pw_ns now);
/** Bytes in flight that were sent last, and together. */
uint32_t sent_tail_len(const struct pw_tcp_conn *c);
/** The last @p len of sent_tail_len() were sent again by a probe. */
void sent_probe(struct pw_tcp_conn *c, uint32_t len, pw_ns now);
void sent_mark_lost(struct pw_tcp_conn *c, struct sent *s);
/** Mark the first @p len bytes in flight lost: what a peer without SACK tells. */
void sent_mark_head(struct pw_tcp_conn *c, uint32_t len);
void sent_mark_all(struct pw_tcp_conn *c);
void sent_unmark_all(struct pw_tcp_conn *c);
/** When the oldest bytes in flight were sent last. */
pw_ns sent_oldest(const struct pw_tcp_conn *c);
bool sent_head_sacked(const struct pw_tcp_conn *c);
/** Bytes of the run that is first in flight, or 0. */
uint32_t sent_head_len(const struct pw_tcp_conn *c);
/** Is the byte at the offset of these low bits in flight, and thought to be lost? */
bool sent_is_lost(const struct pw_tcp_conn *c, uint32_t off);
void sent_forget_sacks(struct pw_tcp_conn *c);
void sent_clear(struct pw_tcp_conn *c);
/** Debug builds: sums, order and counts agree. */
void sent_check(const struct pw_tcp_conn *c);

/* rcvq.c */
int rcvq_init(struct pw_tcp *t);
void rcvq_fini(struct pw_tcp *t);
/** Keep bytes at @p off (>= rcv_read, inside the window). @return false: no room, nothing kept */
bool rcvq_put(struct pw_tcp_conn *c, pw_off off, const uint8_t *data, uint32_t len);
/** Remember a FIN at @p off, ahead of a gap. */
bool rcvq_put_fin(struct pw_tcp_conn *c, pw_off off);
/** Does a remembered FIN stand at @p off? It is forgotten then. */
bool rcvq_take_fin(struct pw_tcp_conn *c, pw_off off);
/** Contiguous bytes from @p off on that are kept. */
uint32_t rcvq_ready(const struct pw_tcp_conn *c, pw_off off);
/** A run of kept bytes at @p off. */
const uint8_t *rcvq_peek(const struct pw_tcp_conn *c, pw_off off, uint32_t *len);
/** Everything before @p off is not needed any more. */
void rcvq_drop(struct pw_tcp_conn *c, pw_off off);
/** SACK blocks to report, newest first. */
uint32_t rcvq_sacks(const struct pw_tcp_conn *c, struct pw_tcp_sack *out, uint32_t max);
/** Is all of [off, off + len) kept already? */
bool rcvq_has(const struct pw_tcp_conn *c, pw_off off, uint32_t len);
void rcvq_clear(struct pw_tcp_conn *c);

/* rcvbuf.c: dynamic right-sizing of the receive window */
/** The right edge passes half a window, by a step of so many bytes. @return true: rcv_buf() is
 * larger from now on */
bool rcvbuf_grows(struct pw_tcp_conn *c, uint64_t step);
/** The connection ends: what it had been promised is others'. */
void rcvbuf_end(struct pw_tcp_conn *c);

/* timer.c: deadlines, changed only by what happened */
void tmr_set(struct pw_tcp_conn *c, enum tmr which, pw_ns at);
void tmr_stop_all(struct pw_tcp_conn *c);
void tmr_on_syn_sent(struct pw_tcp_conn *c, pw_ns now);
/** New data went out (RFC 6298 5.1, 8985 7.2). */
void tmr_on_send(struct pw_tcp_conn *c, pw_ns now);
/** Data was acknowledged, or sent again: begin anew (RFC 6298 5.2, 5.3). */
void tmr_on_flight(struct pw_tcp_conn *c, pw_ns now);
void tmr_on_reo(struct pw_tcp_conn *c, pw_ns now, pw_ns wait);
/** Data waits that the window does not admit. */
void tmr_on_window_shut(struct pw_tcp_conn *c, pw_ns now);
void tmr_on_window_open(struct pw_tcp_conn *c);
void tmr_persist_stop(struct pw_tcp_conn *c);
/** The peer was heard of: the time for keep-alive begins anew (RFC 9293 3.8.4). */
void tmr_on_heard(struct pw_tcp_conn *c);
/** In FIN-WAIT-2, and nobody is there to take what the peer might send. */
void tmr_on_orphaned(struct pw_tcp_conn *c);
void tmr_fire(struct pw_tcp_conn *c, pw_ns now);

/* side.c */
int side_init(struct pw_tcp *t);
void side_fini(struct pw_tcp *t);
/** Places of an instance of so many connections, where nobody said. */
uint32_t side_places(uint32_t max_conns);
/** The connection's place, its own already or a free one, all zero; NULL: there is none. */
struct side *side_get(struct pw_tcp_conn *c);
/** Let go of it, if the connection has one. */
void side_put(struct pw_tcp_conn *c);

/* pmtu.c */
/** A time-out: are segments too long for the path? mss may be less from now on. */
void pmtu_on_rto(struct pw_tcp_conn *c);
/** An earlier connection knew that @p low passes, and that no more than @p high may. */
void pmtu_recall(struct pw_tcp_conn *c, uint16_t low, uint16_t high);
/* Of connections that are `searching`: */
void pmtu_on_icmp(struct pw_tcp_conn *c, uint32_t size);
/** Bytes that a probe should have now; 0: none is due. */
uint32_t pmtu_probe_len(struct pw_tcp_conn *c);
/** One of @p len bytes has just left. */
void pmtu_probe_sent(struct pw_tcp_conn *c, uint32_t len);
/** Losses are known: what became of the probe? @return true: it alone was lost */
bool pmtu_on_ack(struct pw_tcp_conn *c);

/* option.c */
/** What a connection of @p local begins with: an index of tcp_ccs. */
uint8_t cc_default(const struct pw_tcp *t, const struct pw_addr *local);
/**
 * Use tcp_ccs[@p id] from now on, paced if @p pacing or if it has to be.
 * @return false: there is no side for it; nothing has changed
 */
bool cc_choose(struct pw_tcp_conn *c, uint32_t id, bool pacing);

/* rate.c: of connections that are `rated` */
void rate_init(struct pw_tcp_conn *c);
/** Something is sent while nothing is in flight. */
void rate_begin_flight(struct pw_tcp_conn *c, pw_ns now);
/** Take the snapshot @p p of what was sent now; @p in_flight includes it. */
void rate_sent(struct pw_tcp_conn *c, struct snap *p, uint32_t in_flight);
/** What was sent with @p p at @p xmit, up to the offset @p end, has arrived. */
void rate_delivered(struct pw_tcp_conn *c, const struct snap *p, pw_ns xmit, uint32_t end);
/** All that an ACK delivered is known: make its sample. */
void rate_on_ack(struct pw_tcp_conn *c, const struct ack *a);
/** Rates are not the path's until what is in flight now has arrived. */
void rate_mark_app_limited(struct pw_tcp_conn *c);
void rate_after_turn(struct pw_tcp_conn *c);

/* pace.c */
/** Begin to pace, or end it, as wanted. @return false: there is no place for it */
bool pace_choose(struct pw_tcp_conn *c, bool wanted);
/** Bytes that may go at @p now; 0: none, and the connection is ready again when some may. */
uint32_t pace_room(struct pw_tcp_conn *c, pw_ns now);
/** A quantum opens now, whatever was sent before: a time-out has waited for long enough. */
void pace_open(struct pw_tcp_conn *c, pw_ns now);
/** @p len of them went, or were sent again. */
void pace_sent(struct pw_tcp_conn *c, uint32_t len, pw_ns now);
/** Whether cwnd was the limit is remembered for a round trip: what was before this turn. */
void pace_begin_turn(struct pw_tcp_conn *c);
void pace_end_turn(struct pw_tcp_conn *c);
/** Quanta that open now: their connections are ready. */
void pace_expire(struct pw_tcp *t, pw_ns now);

/* output.c */
enum out_result {
	OUT_DONE,  /**< nothing more to send now */
	OUT_AGAIN, /**< more next turn */
	OUT_FULL,  /**< the way out is full */
};
enum out_result out_conn(struct pw_tcp_conn *c, pw_ns now);
/** An empty segment with @p flags; lost when the way out is full, as on a real wire. */
void out_ack_now(struct pw_tcp_conn *c);
void out_rst(struct pw_tcp_conn *c);
/** RST for a segment that belongs to nothing (RFC 9293 3.10.7.1). */
void out_rst_for(struct pw_tcp *t, const struct seg_in *in);
/** A challenge ACK, or any other answer to the unacceptable, at most one in OOW_ACK_MS. */
void out_challenge(struct pw_tcp_conn *c, bool always);
/** Owe an ACK for received data. */
void out_owe_ack(struct pw_tcp_conn *c, bool now);
/** Where very many wait for their turn: what the peer awaits by a timer, a SYN-ACK or an ACK
 * that is owed, goes before it. */
void out_past_crowd(struct pw_tcp_conn *c);
/** Send an empty segment from nowhere: TIME-WAIT's answers. */
void out_bare(struct pw_tcp *t, const struct pw_addr *local, const struct pw_addr *remote,
	const struct pw_tcp_hdr *h, const uint8_t *opts);

/* input.c */
/** The segment text, its offset known (RFC 9293 3.10.7.4, seventh). */
enum pw_drop input_data(struct pw_tcp_conn *c, struct seg_in *in);
/** Offer kept bytes to the user. */
void input_deliver(struct pw_tcp_conn *c, pw_ns now);

#endif
