/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef CTL_TRACE_H
#define CTL_TRACE_H

/**
 * @file
 * A trace as its worker gave it, put into an order that can be read: trace.c asks for
 * it, trace_rows.c writes it, trace_plot.c draws it.
 */
#include "cmd_priv.h"
#include "pw_tcp_trace.h"

/** A request that the events tell of. */
struct trace_request {
	uint32_t event; /* that tells of it */
	pw_off start;	/* of its response */
	pw_off end;
	pw_ns done; /* since the trace began; PW_NEVER: not yet */
};

struct trace_view {
	const struct pw_site *site;
	struct pw_tcp_trace head;
	struct pw_tcp_event *ev; /* head.n of them */
	struct trace_request *requests;
	uint32_t n_requests;
	char id[24]; /* of the connection */
};

/** Find the requests. @return 0, or -ENOMEM */
int trace_view_init(struct trace_view *v);
void trace_view_fini(struct trace_view *v);

/** When an event was, since the trace began. */
pw_ns trace_at(const struct trace_view *v, uint32_t event);

/** The offset of our stream, or of the peer's, that an event has the low bits of. */
pw_off trace_off(const struct trace_view *v, uint32_t low);
pw_off trace_peer_off(const struct trace_view *v, uint32_t low);

/** How far the peer had acknowledged by this event; false: it does not say. */
bool trace_acked(const struct trace_view *v, uint32_t event, pw_off *una);

/** "GET /dir/file: 200 OK" */
void trace_request_text(
	const struct trace_view *v, const struct trace_request *r, char *to, size_t room);

/** "fast-recovery, rto" */
void trace_trouble_text(uint32_t trouble, char *to, size_t room);

/** Fill @p out with all that is known. */
void trace_rows(const struct trace_view *v, cJSON *out);

/** The time-sequence graph as SVG. */
void trace_plot(const struct trace_view *v, FILE *f);

#endif
