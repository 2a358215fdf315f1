/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef FAKE_TCP_H
#define FAKE_TCP_H

/**
 * @file
 * The pw_tcp_ functions that HTTP calls, without a network: they record what
 * is asked of them, and the test decides what the peer and the wire do. Linked
 * instead of lib/tcp.
 */
#include "pw_tcp.h"
#include "pw_tcp_trace.h"

#define FAKE_NOTES 8

struct fake_input {
	uint8_t *bytes;
	uint32_t len;
};

struct pw_tcp_conn {
	const struct pw_tcp_app *app;
	void *app_ctx;
	pw_off end; /* of what was given to pw_tcp_send() */
	pw_off una; /* acknowledged by the peer */
	pw_ns timer_at;
	uint32_t n_timer_sets;
	struct fake_input input; /* received, and not taken by recv() */
	bool resumed;
	bool shut;    /* pw_tcp_shutdown() or close was called */
	bool closed;  /* pw_tcp_close() was called */
	bool aborted; /* pw_tcp_abort() was called: gone */
	bool gone;
	uint32_t n_noted;
	struct pw_tcp_event noted[FAKE_NOTES]; /* by pw_tcp_note(); the latest of them */
	uint8_t room[128] __attribute__((aligned(64)));
};

/** An established connection. NULL when open() refused it. */
struct pw_tcp_conn *fake_open(const struct pw_tcp_app *app, void *app_ctx, pw_ns now);

/** The peer sends bytes. */
void fake_feed(struct pw_tcp_conn *c, const void *bytes, size_t len, pw_ns now);

/** What a turn of TCP would do: offer bytes again that were not taken, fire the timer. */
void fake_run(struct pw_tcp_conn *c, pw_ns now);

void fake_eof(struct pw_tcp_conn *c, pw_ns now);

/** The peer acknowledges all before @p una. */
void fake_ack(struct pw_tcp_conn *c, pw_off una, pw_ns now);

/** Ask for bytes as for one segment, and copy them. @return how many came */
uint32_t fake_pull(struct pw_tcp_conn *c, pw_off off, uint32_t len, uint8_t *to);

/** The spans of the last fake_pull(). */
extern struct pw_span fake_spans[PW_SEG_SPANS_MAX];
extern uint32_t fake_n_spans;

/** End it from the peer's side, unless it is gone, and free it. */
void fake_free(struct pw_tcp_conn *c, pw_ns now);

#endif
