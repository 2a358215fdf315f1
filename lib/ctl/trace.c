/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Traces of connections: those that live, and those that were kept. Their worker copies
 * one, or the list, in one step.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "trace.h"

struct trace_question {
	struct pw_worker_job job;
	uint32_t id; /* of the connection, or of a kept trace */
	bool kept;   /* which of both */
	bool lives;  /* there is such a connection */
	bool found;
	struct pw_tcp_trace head;
	struct pw_tcp_event ev[];
};

/* The kept trace number @p id, or, if it is 0, the latest of the connection. */
static const struct pw_tcp_trace *
find_kept(const struct pw_tcp *t, uint32_t id, uint32_t conn, const struct pw_tcp_event **ev)
{
	const struct pw_tcp_trace *found = NULL, *k;
	const struct pw_tcp_event *its;
	uint32_t i;

	for (i = 0; i < PW_TCP_TRACES_MAX; i++) {
		k = pw_tcp_trace_kept(t, i, &its);
		if (k == NULL || (id != 0 ? k->id != id : k->conn != conn) ||
			(found != NULL && found->id > k->id))
			continue;
		found = k;
		*ev = its;
	}
	return found;
}

static bool
copy_trace(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct trace_question *q = (struct trace_question *)job;
	struct pw_tcp *t = pw_worker_tcp(w);
	struct pw_tcp_conn *c = q->kept ? NULL : pw_tcp_conn_by_id(t, q->id);
	const struct pw_tcp_trace *k;
	const struct pw_tcp_event *ev;

	q->lives = c != NULL;
	if (c != NULL) {
		q->found = pw_tcp_trace_of(c, &q->head, q->ev);
		return true;
	}
	k = find_kept(t, q->kept ? q->id : 0, q->id, &ev);
	q->found = k != NULL;
	if (k != NULL) {
		q->head = *k;
		memcpy(q->ev, ev, k->n * sizeof(*ev));
	}
	return true;
}

static void
put_head(cJSON *out, const struct trace_view *v, uint32_t worker)
{
	const struct pw_tcp_info *info = &v->head.info;
	char text[160];

	put_text(out, "connection", v->id);
	snprintf(text, sizeof(text), "%u.%u", worker, v->head.id);
	put_text(out, "kept_as", v->head.id != 0 ? text : "");
	put_conn_end(out, "local", &info->local, info->lport);
	put_conn_end(out, "peer", &info->remote, info->rport);
	put_text(out, "state", conn_states[info->state]);
	trace_trouble_text(v->head.trouble, text, sizeof(text));
	put_text(out, "trouble", text);
	put_u64(out, "sent_bytes", info->snd_nxt);
	put_u64(out, "acked_bytes", info->snd_una);
	put_u64(out, "received_bytes", info->rcv_nxt);
	put_u64(out, "rtx_segs", info->rtx_segs);
	put_u64(out, "ssthresh", info->ssthresh_bytes);
	put_u64(out, "rto_ms", info->rto_ns / PW_NS_PER_MS);
	put_u64(out, "events", v->head.n);
	put_u64(out, "events_gone", v->head.n_gone);
}

static int
draw(struct call *call, const struct trace_view *v)
{
	size_t len;
	FILE *f = open_memstream(&call->drawing, &len);

	if (f == NULL)
		return refuse(call, "no memory");
	trace_plot(v, f);
	fclose(f);
	return call->drawing != NULL ? 0 : refuse(call, "no memory");
}

static int
tell(struct call *call, const struct trace_question *q, uint32_t worker)
{
	struct trace_view v = {
		.site = call->ctl->cfg.site,
		.head = q->head,
		.ev = (struct pw_tcp_event *)(uintptr_t)q->ev,
	};
	int rc = 0;

	snprintf(v.id, sizeof(v.id), "%u.%u", worker, q->head.conn);
	if (trace_view_init(&v) != 0)
		return refuse(call, "no memory");
	put_head(call->out, &v, worker);
	trace_rows(&v, call->out);
	if (call->form == FORM_SVG)
		rc = draw(call, &v);
	trace_view_fini(&v);
	return rc;
}

static int
refuse_missing(struct call *call, const struct trace_question *q)
{
	if (q->kept)
		return refuse(call, "no trace is kept as %s any more; 'show traces' lists them",
			call->argv[0]);
	if (q->lives)
		return refuse(call,
			"%s is not traced: others had all rings when it began; they are as many as "
			"--trace says",
			call->argv[0]);
	return refuse(call, "no connection has the place %s now, and no trace of one was kept",
		call->argv[0]);
}

static int
trace(struct call *call, bool kept)
{
	struct trace_question *q;
	uint32_t worker = 0, id = 0;
	int rc;

	if (read_conn_id(call, &worker, &id) != 0)
		return -1;
	q = question(call, sizeof(*q) + PW_TCP_TRACE_EVENTS_MAX * sizeof(q->ev[0]));
	if (q == NULL)
		return -1;
	q->job.step = copy_trace;
	q->id = id;
	q->kept = kept;
	if (ask(call, worker, q) != 0)
		return -1;
	rc = q->found ? tell(call, q, worker) : refuse_missing(call, q);
	free(q);
	return rc;
}

int
trace_conn(struct call *call)
{
	return trace(call, false);
}

int
trace_kept(struct call *call)
{
	return trace(call, true);
}

/* ---- the list ---- */

struct traces_question {
	struct pw_worker_job job;
	pw_ns now;
	uint32_t n;
	struct pw_tcp_trace trace[PW_TCP_TRACES_MAX];
};

static bool
list_traces(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct traces_question *q = (struct traces_question *)job;
	const struct pw_tcp_trace *k;
	uint32_t i;

	q->now = now;
	for (i = 0; i < PW_TCP_TRACES_MAX; i++) {
		k = pw_tcp_trace_kept(pw_worker_tcp(w), i, NULL);
		if (k != NULL)
			q->trace[q->n++] = *k;
	}
	return true;
}

static int
later(const void *a, const void *b)
{
	const struct pw_tcp_trace *x = a, *y = b;

	return x->id < y->id ? 1 : x->id > y->id ? -1 : 0;
}

static void
put_trace(cJSON *row, uint32_t worker, const struct pw_tcp_trace *k, pw_ns now)
{
	char text[160];

	snprintf(text, sizeof(text), "%u.%u", worker, k->id);
	put_text(row, "id", text);
	snprintf(text, sizeof(text), "%u.%u", worker, k->conn);
	put_text(row, "connection", text);
	put_conn_end(row, "peer", &k->info.remote, k->info.rport);
	put_u64(row, "seconds_ago", (now - pw_min(now, k->at)) / PW_NS_PER_S);
	put_u64(row, "sent_bytes", k->info.snd_nxt);
	put_u64(row, "rtx_segs", k->info.rtx_segs);
	put_u64(row, "events", k->n);
	trace_trouble_text(k->trouble, text, sizeof(text));
	put_text(row, "trouble", text);
}

int
show_traces(struct call *call)
{
	cJSON *rows = put_rows(call->out, "traces");
	uint32_t i, k;

	for (i = 0; i < call->ctl->cfg.n_workers; i++) {
		struct traces_question *q = question(call, sizeof(*q));

		if (q == NULL)
			return -1;
		q->job.step = list_traces;
		if (ask(call, i, q) != 0)
			return -1;
		qsort(q->trace, q->n, sizeof(q->trace[0]), later);
		for (k = 0; k < q->n; k++)
			put_trace(put_row(rows), i, &q->trace[k], q->now);
		free(q);
	}
	return 0;
}
