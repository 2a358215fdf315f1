/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_TCP_TRACE_H
#define PW_TCP_TRACE_H

/**
 * @file
 * What happened to a connection: a ring of small events, always on.
 *
 * An instance has a bounded number of rings (cfg.max_traced). A connection gets one
 * when it opens, or when its user notes something (pw_tcp_note()); where none is free
 * it takes one in which nothing was written for a second, and where there is none of
 * these either it goes without, and is counted (`untraced`).
 *
 * What goes on evenly is told once in a quarter of a round trip, or of a millisecond: an
 * event grows meanwhile. How far the peer has acknowledged, and sent, is told when
 * something else is: before what is sent, not for each segment that comes in.
 *
 * When a connection has recovered from a loss, or ends badly, a copy of its ring is kept
 * (cfg.max_traces): half of the places belong to the latest, half to the worst.
 *
 * Threads:  the owner of the instance alone.
 */
#include "pw_tcp.h"

/** Offsets are the low 32 bits of those of a stream; what is not named is 0. */
/* clang-format off */
#define PW_TCP_EVENTS(X) \
	X(OUT, "out", "n: segments of new data; a: offset; b: bytes") \
	X(AGAIN, "again", "the same of what was sent before") \
	X(EARLY, "early", "the same of what was received out of order") \
	X(PROGRESS, "progress", "a: offset acknowledged; b: offset received in the peer's stream; n: the peer's window, scaled") \
	X(SACK, "sack", "n: acknowledgements; a: highest offset delivered; b: bytes SACKed in all") \
	X(ACK_OUT, "ack-out", "n: segments without data sent; a: offset up to which") \
	X(FRESH, "fresh", "as out, when all before it was acknowledged") \
	X(STATE, "state", "n: enum pw_tcp_state, that it is in now") \
	X(OPEN, "open", "n: MSS; a: cwnd; b: round trip of the handshake in us, 0: unknown") \
	X(FULL, "full", "n: times in a row that the way out was full") \
	X(PROBE, "probe", "a tail loss probe; a: offset; b: bytes") \
	X(PATH, "path", "a: cwnd; b: smoothed round trip in us") \
	X(LOSS, "loss", "a: bytes that are lost, or thought to be; b: in flight") \
	X(RECOVERY, "recovery", "fast recovery begins; a: ssthresh; b: in flight") \
	X(RTO, "rto", "time-out; n: how many in a row; a: next time-out in ms; b: in flight") \
	X(RECOVERED, "recovered", "the recovery is over; a: cwnd; b: ssthresh") \
	X(UNDONE, "undone", "nothing had been lost; a: cwnd; b: ssthresh") \
	X(MARKED, "marked", "a router's mark was echoed; a: cwnd; b: ssthresh") \
	X(PERSIST, "persist", "n: probes of a shut window in a row") \
	X(KEEPALIVE, "keepalive", "n: probes of a silent peer in a row") \
	X(PATH_MTU, "path-mtu", "n: MSS from now on") \
	X(DRY, "dry", "the user had not the bytes; a: offset") \
	X(RST_OUT, "rst-out", "a reset was sent") \
	X(END, "end", "n: enum pw_tcp_end; a: in flight; b: bytes never sent")
/* clang-format on */

enum pw_tcp_event_kind {
#define X(name, text, help) PW_TCP_EV_##name,
	PW_TCP_EVENTS(X)
#undef X
	PW_TCP_EV_MAX,
	PW_TCP_EV_USER = 128, /**< and beyond: what the user notes */
};

/** Unit of an event's time; a power of two, so that nothing is divided. */
#define PW_TCP_EVENT_SHIFT 10
#define PW_TCP_EVENT_NS	   (1u << PW_TCP_EVENT_SHIFT)

/** 16 bytes. One that grew bears the time of its beginning. */
struct pw_tcp_event {
	uint64_t head; /**< from the top: 40 bits of time, 8 of kind, 16 of n */
	uint32_t a;
	uint32_t b;
};

/** The time, in PW_TCP_EVENT_NS; its low bits: 13 days. */
static inline uint64_t
pw_tcp_event_at(const struct pw_tcp_event *e)
{
	return e->head >> 24;
}

/** An enum pw_tcp_event_kind, or what the user noted. */
static inline uint8_t
pw_tcp_event_kind(const struct pw_tcp_event *e)
{
	return (uint8_t)(e->head >> 16);
}

static inline uint16_t
pw_tcp_event_n(const struct pw_tcp_event *e)
{
	return (uint16_t)e->head;
}

/** Why a trace was kept. */
/* clang-format off */
#define PW_TCP_TROUBLES(X) \
	X(TAIL_LOSS, "tail-loss", "a loss that a probe repaired") \
	X(FAST, "fast-recovery", "a loss found by acknowledgements") \
	X(RTO, "rto", "a retransmission time-out") \
	X(ABORTED, "aborted", "reset by us") \
	X(RESET, "reset", "reset by the peer, with something owed to it") \
	X(REFUSED, "refused", "our SYN was refused") \
	X(TIMEOUT, "time-out", "the peer did not answer")
/* clang-format on */

enum pw_tcp_trouble {
#define X(name, text, help) PW_TCP_TROUBLE_##name,
	PW_TCP_TROUBLES(X)
#undef X
	PW_TCP_TROUBLE_MAX,
};

/** A trace, without its events. */
struct pw_tcp_trace {
	uint32_t id;	    /**< of a kept one, counted from 1; 0: of one that lives */
	uint32_t conn;	    /**< pw_tcp_conn_id() */
	uint32_t trouble;   /**< bits of enum pw_tcp_trouble */
	uint32_t n;	    /**< events that are there */
	uint64_t n_gone;    /**< and that were before them */
	pw_ns since;	    /**< when it began to be traced */
	pw_ns at;	    /**< when this was taken */
	uint32_t wnd_shift; /**< by which windows are scaled */
	struct pw_tcp_info info;
};

#define PW_TCP_TRACE_EVENTS_MIN 16
#define PW_TCP_TRACE_EVENTS_MAX 4096
#define PW_TCP_TRACED_MAX	65535
#define PW_TCP_TRACES_MAX	1024

/** Bytes that so many rings take, with the traces that are kept by default. */
size_t pw_tcp_trace_bytes(uint32_t max_traced, uint32_t events);

/** Most events of a trace. */
uint32_t pw_tcp_trace_events(const struct pw_tcp *t);

/**
 * The trace of a connection that lives, oldest event first.
 * @param ev  room for pw_tcp_trace_events()
 * @return false: it has none
 */
bool pw_tcp_trace_of(
	const struct pw_tcp_conn *c, struct pw_tcp_trace *out, struct pw_tcp_event *ev);

/**
 * Kept trace at place @p i of cfg.max_traces.
 * @param ev  set to its events; may be NULL
 * @return NULL: the place is free, or beyond the last
 */
const struct pw_tcp_trace *pw_tcp_trace_kept(
	const struct pw_tcp *t, uint32_t i, const struct pw_tcp_event **ev);

/**
 * Note an event of the user's, of a kind from PW_TCP_EV_USER on: the connection has
 * something to do, and is traced from now on if a ring can be had.
 */
void pw_tcp_note(struct pw_tcp_conn *c, uint8_t kind, uint16_t n, uint32_t a, uint32_t b);

#endif
