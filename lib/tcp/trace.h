/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef TRACE_H
#define TRACE_H

/**
 * @file
 * The hooks by which the files of tcp tell what happens: a branch where the connection
 * is not traced, nothing at all where the build leaves them out (-Daccounting=false).
 */
#include "tcp_priv.h"

#define TRACES_DEFAULT 64 /* kept */

static inline bool
traced(const struct pw_tcp_conn *c)
{
	return PW_ACCOUNTING && c->trace != 0;
}

int trace_init(struct pw_tcp *t);
void trace_fini(struct pw_tcp *t);

/** Have it traced, if there is a ring for it. */
void trace_begin(struct pw_tcp_conn *c);
/** It is about to end: keep the trace if there is a reason to, let go of the ring. */
void trace_end(struct pw_tcp_conn *c, enum pw_tcp_end why);

/** An event by itself: what goes on evenly is told anew behind it. */
void trace_put(struct pw_tcp_conn *c, uint8_t kind, uint16_t n, uint32_t a, uint32_t b);
/** Bytes [off, off + len), by @p n segments: grows where the one before it ended. */
void trace_bytes(struct pw_tcp_conn *c, uint8_t kind, uint32_t n, pw_off off, uint32_t len);
/** New data went out: the last @p len bytes of it, and how many segments had gone before. */
void trace_sent(struct pw_tcp_conn *c, uint32_t len, uint64_t segs_before);
/** One more of a kind: grows, and takes over @p a and @p b. */
void trace_count(struct pw_tcp_conn *c, uint8_t kind, uint32_t a, uint32_t b);
/** Tell now what was acknowledged and received: nothing else will be told soon. */
void trace_progress(struct pw_tcp_conn *c);
/** The way out is full. */
void trace_full(struct pw_tcp_conn *c);
/** Trouble that is to be remembered; a trace is kept when it is over. */
void trace_trouble(struct pw_tcp_conn *c, enum pw_tcp_trouble what);
/** It is over: keep what led to it. */
void trace_recovered(struct pw_tcp_conn *c);

#define TRACE(c, kind, n, a, b)                                                                    \
	do {                                                                                       \
		if (traced(c))                                                                     \
			trace_put(                                                                 \
				c, PW_TCP_EV_##kind, (uint16_t)(n), (uint32_t)(a), (uint32_t)(b)); \
	} while (0)

#endif
