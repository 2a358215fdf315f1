/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The timeline: a row an event, and what is known of the connection by then.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "trace.h"

#define AT_MASK ((UINT64_C(1) << 40) - 1)

/* ---- what the low bits stand for ---- */

pw_ns
trace_at(const struct trace_view *v, uint32_t event)
{
	uint64_t last = v->head.at >> PW_TCP_EVENT_SHIFT;
	uint64_t ago = (last - pw_tcp_event_at(&v->ev[event])) & AT_MASK;
	pw_ns at = (last - ago) << PW_TCP_EVENT_SHIFT;

	return at - pw_min(at, v->head.since);
}

/* Nothing in a trace lies behind what there is to send. */
pw_off
trace_off(const struct trace_view *v, uint32_t low)
{
	pw_off end = v->head.info.snd_end;

	return end - pw_min(end, (uint32_t)((uint32_t)end - low));
}

pw_off
trace_peer_off(const struct trace_view *v, uint32_t low)
{
	pw_off end = v->head.info.rcv_nxt;

	return end - pw_min(end, (uint32_t)((uint32_t)end - low));
}

/* An acknowledged FIN has an offset as well: one more than there is. */
static pw_off
acked_off(const struct trace_view *v, uint32_t low)
{
	if (low == (uint32_t)v->head.info.snd_end + 1)
		low--;
	return trace_off(v, low);
}

bool
trace_acked(const struct trace_view *v, uint32_t event, pw_off *una)
{
	const struct pw_tcp_event *e = &v->ev[event];
	uint8_t kind = pw_tcp_event_kind(e);

	if (kind != PW_TCP_EV_PROGRESS && kind != PW_TCP_EV_FRESH)
		return false;
	*una = acked_off(v, e->a);
	return true;
}

/* ---- requests ---- */

static void
find_ends(struct trace_view *v)
{
	uint32_t i, k = 0;
	pw_off una;

	for (i = 0; i < v->n_requests; i++)
		v->requests[i].end =
			i + 1 < v->n_requests ? v->requests[i + 1].start : v->head.info.snd_end;
	for (i = 0; i < v->head.n; i++)
		for (; trace_acked(v, i, &una) && k < v->n_requests && v->requests[k].end <= una &&
			v->requests[k].event < i;
			k++)
			v->requests[k].done = trace_at(v, i);
}

int
trace_view_init(struct trace_view *v)
{
	uint32_t i;

	v->requests = calloc(v->head.n + 1, sizeof(*v->requests));
	if (v->requests == NULL)
		return -ENOMEM;
	for (i = 0; i < v->head.n; i++)
		if (pw_tcp_event_kind(&v->ev[i]) == PW_HTTP_EV_REQUEST)
			v->requests[v->n_requests++] = (struct trace_request){
				.event = i,
				.start = trace_off(v, v->ev[i].b),
				.done = PW_NEVER,
			};
	find_ends(v);
	return 0;
}

void
trace_view_fini(struct trace_view *v)
{
	free(v->requests);
}

void
trace_request_text(const struct trace_view *v, const struct trace_request *r, char *to, size_t room)
{
	static const char *const names[PW_HTTP_STATUS_MAX] = {
#define X(code, reason) #code " " reason,
		PW_HTTP_STATUSES(X)
#undef X
	};
	const struct pw_tcp_event *e = &v->ev[r->event];
	uint32_t status = pw_tcp_event_n(e) & 0xff;
	const char *path = v->site != NULL ? pw_site_rep_path(v->site, e->a) : NULL;

	snprintf(to, room, "%s %s%s: %s", pw_tcp_event_n(e) & PW_HTTP_EV_HEAD ? "HEAD" : "GET",
		path != NULL ? "/" : "a page of ours", path != NULL ? path : "",
		status < PW_HTTP_STATUS_MAX ? names[status] : "");
}

void
trace_trouble_text(uint32_t trouble, char *to, size_t room)
{
	static const char *const names[PW_TCP_TROUBLE_MAX] = {
#define X(name, text, help) text,
		PW_TCP_TROUBLES(X)
#undef X
	};
	size_t len = 0;
	uint32_t i;

	*to = '\0';
	for (i = 0; i < PW_TCP_TROUBLE_MAX && len < room; i++)
		if (trouble >> i & 1)
			len += (size_t)snprintf(
				to + len, room - len, "%s%s", len > 0 ? ", " : "", names[i]);
}

/* ---- rows ---- */

/** What is known of the connection, event by event. */
struct known {
	cJSON *rows;
	pw_off una;
	pw_off nxt;
	pw_off rcv;
	uint32_t cwnd;
	uint32_t srtt_us;
	uint32_t n_done; /* requests */
};

/** A row, but for what is known by then. */
struct row {
	pw_ns at;
	const char *event;
	uint32_t segs;
	pw_off off;
	uint64_t bytes;
	char says[160];
};

static void
put_moment(const struct known *k, const struct row *row)
{
	cJSON *to = put_row(k->rows);
	char ms[32];

	snprintf(ms, sizeof(ms), "%.3f", (double)row->at / PW_NS_PER_MS);
	cJSON_AddRawToObject(to, "ms", ms);
	put_text(to, "event", row->event);
	put_u64(to, "segments", row->segs);
	put_u64(to, "offset", row->off);
	put_u64(to, "bytes", row->bytes);
	put_u64(to, "in_flight", k->nxt - pw_min(k->nxt, k->una));
	put_u64(to, "cwnd", k->cwnd);
	put_u64(to, "srtt_us", k->srtt_us);
	put_text(to, "says", row->says);
}

__attribute__((format(printf, 2, 3))) static void
say(struct row *row, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(row->says, sizeof(row->says), fmt, ap);
	va_end(ap);
}

static void
put_done(const struct trace_view *v, struct known *k, pw_ns at)
{
	for (; k->n_done < v->n_requests && v->requests[k->n_done].done <= at; k->n_done++) {
		const struct trace_request *r = &v->requests[k->n_done];
		struct row row = {.at = at, .event = "done", .off = r->start};
		char text[120];

		row.bytes = r->end - r->start;
		trace_request_text(v, r, text, sizeof(text));
		say(&row, "%s, acknowledged after %.3f ms", text,
			(double)(r->done - trace_at(v, r->event)) / PW_NS_PER_MS);
		put_moment(k, &row);
	}
}

/* The peer has acknowledged. */
static void
put_acked(const struct trace_view *v, struct known *k, pw_off una, struct row *row)
{
	row->event = "ack";
	row->off = una;
	row->bytes = una - pw_min(una, k->una);
	k->una = pw_max(k->una, una);
	put_moment(k, row);
	put_done(v, k, row->at);
}

static void
put_progress(
	const struct trace_view *v, struct known *k, const struct pw_tcp_event *e, struct row *row)
{
	pw_off una = acked_off(v, e->a), rcv = trace_peer_off(v, e->b);

	if (rcv > k->rcv) {
		struct row in = {.at = row->at, .event = "in", .off = k->rcv};

		in.bytes = rcv - k->rcv;
		put_moment(k, &in);
		k->rcv = rcv;
	}
	if (una <= k->una)
		return;
	say(row, "window %" PRIu64, (uint64_t)pw_tcp_event_n(e) << v->head.wnd_shift);
	put_acked(v, k, una, row);
}

static void
put_sent(struct known *k, const struct pw_tcp_event *e, struct row *row)
{
	row->event = "out";
	row->segs = pw_tcp_event_n(e);
	row->bytes = e->b;
	k->nxt = pw_max(k->nxt, row->off + e->b);
	put_moment(k, row);
}

static void
put_request(const struct trace_view *v, struct known *k, uint32_t event, struct row *row)
{
	uint32_t i;

	for (i = 0; i < v->n_requests && v->requests[i].event != event; i++)
		;
	row->event = "request";
	row->off = v->requests[i].start;
	row->bytes = v->requests[i].end - v->requests[i].start;
	trace_request_text(v, &v->requests[i], row->says, sizeof(row->says));
	put_moment(k, row);
}

static const char *const event_names[PW_TCP_EV_MAX] = {
#define X(name, text, help) text,
	PW_TCP_EVENTS(X)
#undef X
};

static const char *const end_names[PW_TCP_END_MAX] = {
	[PW_TCP_END_CLOSED] = "closed by both",
	[PW_TCP_END_RESET] = "reset by the peer",
	[PW_TCP_END_REFUSED] = "refused",
	[PW_TCP_END_TIMEOUT] = "the peer did not answer",
	[PW_TCP_END_ABORTED] = "reset by us",
};

/* What stands by itself. */
static void
put_other(struct known *k, const struct pw_tcp_event *e, struct row *row)
{
	uint16_t n = pw_tcp_event_n(e);
	uint8_t kind = pw_tcp_event_kind(e);

	row->event = event_names[kind];
	switch (kind) {
	case PW_TCP_EV_OPEN:
		k->cwnd = e->a;
		k->srtt_us = e->b;
		say(row, "MSS %u, round trip of the handshake %.3f ms", n, e->b / 1000.0);
		break;
	case PW_TCP_EV_STATE:
		say(row, "%s", n < PW_TCP_STATE_MAX ? conn_states[n] : "");
		break;
	case PW_TCP_EV_LOSS:
		row->bytes = e->a;
		say(row, "of %u in flight", e->b);
		break;
	case PW_TCP_EV_RECOVERY:
		say(row, "fast recovery, ssthresh %u", e->a);
		break;
	case PW_TCP_EV_RTO:
		row->bytes = e->b;
		say(row, "time-out %u in a row, the next after %u ms", n, e->a);
		break;
	case PW_TCP_EV_RECOVERED:
	case PW_TCP_EV_UNDONE:
	case PW_TCP_EV_MARKED:
		k->cwnd = e->a;
		say(row, "ssthresh %u", e->b);
		break;
	case PW_TCP_EV_PATH_MTU:
		say(row, "MSS %u from now on", n);
		break;
	case PW_TCP_EV_END:
		row->bytes = e->a;
		say(row, "%s; %u in flight, %u never sent", n < PW_TCP_END_MAX ? end_names[n] : "",
			e->a, e->b);
		break;
	default:
		row->segs = n;
		break;
	}
	put_moment(k, row);
}

static void
put_event(const struct trace_view *v, struct known *k, uint32_t i)
{
	const struct pw_tcp_event *e = &v->ev[i];
	struct row row = {.at = trace_at(v, i), .off = k->nxt};

	switch (pw_tcp_event_kind(e)) {
	case PW_TCP_EV_PROGRESS:
		put_progress(v, k, e, &row);
		return;
	case PW_TCP_EV_PATH:
		k->cwnd = e->a;
		k->srtt_us = e->b;
		return;
	case PW_TCP_EV_FRESH:
		row.off = trace_off(v, e->a);
		if (row.off > k->una && k->nxt > 0) {
			struct row acked = {.at = row.at};

			put_acked(v, k, row.off, &acked);
		}
		k->una = row.off;
		put_sent(k, e, &row);
		return;
	case PW_TCP_EV_OUT:
		row.off = trace_off(v, e->a);
		put_sent(k, e, &row);
		return;
	case PW_HTTP_EV_REQUEST:
		put_request(v, k, i, &row);
		return;
	case PW_TCP_EV_AGAIN:
	case PW_TCP_EV_PROBE:
		row.off = trace_off(v, e->a);
		row.bytes = e->b;
		break;
	case PW_TCP_EV_EARLY:
		row.off = e->a; /* ahead of all that was received in order */
		row.bytes = e->b;
		break;
	case PW_TCP_EV_SACK:
		row.off = trace_off(v, e->a);
		row.bytes = e->b;
		say(&row, "SACKed in all, up to the offset");
		break;
	case PW_TCP_EV_ACK_OUT:
		row.off = trace_peer_off(v, e->a);
		break;
	case PW_TCP_EV_DRY:
		row.off = trace_off(v, e->a);
		break;
	default:
		break;
	}
	if (pw_tcp_event_kind(e) < PW_TCP_EV_MAX)
		put_other(k, e, &row);
}

void
trace_rows(const struct trace_view *v, cJSON *out)
{
	struct known k = {.rows = put_rows(out, "timeline")};
	uint32_t i;

	for (i = 0; i < v->head.n; i++)
		put_event(v, &k, i);
}
