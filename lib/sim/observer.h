/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef OBSERVER_H
#define OBSERVER_H

/**
 * @file
 * Watches the wire of one host and knows nothing of what is inside: from the
 * packets that reached the host and those that left it, it works out what the
 * host was allowed to say, and reports the first packet that says more.
 *
 * It has its own reading of IP and TCP, its own checksums, and offsets counted
 * from the SYNs that it saw.
 */
#include "pw_addr.h"
#include "pw_base.h"

#define OBS_CONNS_MAX  16
#define OBS_RANGES_MAX 64

/** Bytes [from, to) of a stream. */
struct obs_range {
	int64_t from;
	int64_t to;
};

/** A SYN that came: the host may answer this one, or another of the same ports. */
struct obs_syn {
	bool used;
	uint32_t irs1;
	uint8_t opts;
	uint8_t shift;
	uint16_t mss;
	uint16_t wnd;
	uint32_t ts;
	bool ecn; /**< asked for, by the latest copy */
};

#define OBS_SYNS_MAX 3

/** One end of a connection. Offsets: 0 is the byte after the SYN. */
struct obs_conn {
	struct pw_addr remote;
	uint16_t lport;
	uint16_t rport;
	bool used;
	bool dead;    /**< the host has sent RST for it */
	bool renewed; /**< and a SYN has come since */

	/* What the host sends. */
	bool has_isn;
	uint32_t isn1;
	uint8_t syn_kinds; /**< bits: SYN, SYN-ACK */
	bool syn_again;
	int64_t sent;	    /**< end of what was sent */
	int64_t acked;	    /**< surely */
	int64_t acked_most; /**< by a packet that the host may have thrown away */
	int64_t edge;	    /**< the furthest right edge that it was ever offered */
	int64_t refused;    /**< end of what the device did not take: it may be left out */
	int64_t fin_at;	    /**< -1: not sent */
	bool sacked;	    /**< some SACK came */
	bool asked;	    /**< a packet of it came at this moment */
	uint32_t n_answers; /**< that it may still get for that */
	uint32_t n_dups;    /**< duplicate ACKs before the first that acknowledged data */
	uint32_t ts_last;
	bool has_ts;

	/* What it received. */
	bool has_irs;
	struct obs_syn syn[OBS_SYNS_MAX]; /**< the latest first */
	bool irs_sure;			  /**< the host has acknowledged this very SYN */
	uint32_t irs1;
	int64_t got;	/**< everything before has arrived */
	int64_t fin_in; /**< -1: none */
	struct obs_range ooo[OBS_RANGES_MAX];
	uint32_t n_ooo;
	bool fuzzy;   /**< more gaps than could be kept */
	int64_t told; /**< highest acknowledgement sent */
	int64_t adv;  /**< furthest right edge advertised */
	uint32_t ts_in;
	bool has_ts_in;
	pw_ns ack_due;

	/* Congestion marks (RFC 3168). */
	bool ecn_asked, ecn_asked_in; /**< by the latest SYN */
	bool ecn_ok;
	bool may_echo;	   /**< a mark may have been taken since CWR came */
	bool must_echo;	   /**< one surely was */
	bool reduce;	   /**< ECE came, and no CWR left since */
	int64_t reduce_at; /**< end of what was sent when it came, or a round trip later */
	uint32_t n_rounds;

	/* The SYNs' options. */
	uint8_t opts_out;
	uint8_t opts_in;
	uint8_t shift_out;
	uint8_t shift_in;
	uint16_t mss_in;
	uint16_t pmtu;

	/* The first unacknowledged byte, sent again and again. */
	pw_ns head_at[2];
	int64_t head_off;
	uint32_t n_heads;
};

struct obs_cfg {
	struct pw_addr addr; /**< of the host */
	uint16_t mtu;
	bool clean;	      /**< nothing may be sent again */
	uint32_t init_window; /**< segments */
	bool exact_echo;      /**< its ECE is of each segment, whatever CWR says (RFC 8257 3.2) */
	bool cookies;	      /**< it may answer SYNs by cookies (RFC 4987) */
	/** An invariant, "S1" to "S12", is broken. May be called more than once. */
	void (*fail)(void *ctx, const char *which, const char *why);
	/** What a connection of the host sends: content_of(). */
	uint32_t (*content)(void *ctx, uint16_t lport, uint16_t rport);
	void *ctx;
};

struct obs {
	struct obs_cfg cfg;
	struct obs_conn conn[OBS_CONNS_MAX];
	uint32_t next;
	const struct obs_conn *about; /**< the connection that is looked at */
	pw_ns odd_until;	      /**< its clock is not to be trusted until then */
	bool answering;		      /**< packets have come, and time has not gone on since */
	uint64_t sent_bytes;
	uint64_t rtx_bytes;
};

void obs_init(struct obs *o, const struct obs_cfg *cfg);

/** A datagram is about to reach the host. */
void obs_in(struct obs *o, const uint8_t *p, uint32_t len, pw_ns now);

/** The host has sent a datagram. */
void obs_out(struct obs *o, const uint8_t *p, uint32_t len, pw_ns now);

/** Is something overdue at @p now? */
void obs_tick(struct obs *o, pw_ns now);

/** The host could not send this datagram: what was in it is as good as lost. */
void obs_not_sent(struct obs *o, const uint8_t *p, uint32_t len, pw_ns now);

/** The host cannot send, or its clock has jumped: expect nothing of its timing until @p until. */
void obs_hiccup(struct obs *o, pw_ns until);

/** The host has lost its memory. */
void obs_forget(struct obs *o);

#endif
