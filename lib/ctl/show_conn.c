/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Connections and neighbours: what only their worker may look at. It copies what
 * is asked for, some places of its table a turn.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cmd_priv.h"
#include "pw_option.h"

const char *const conn_states[PW_TCP_STATE_MAX] = {
	[PW_TCP_CLOSED] = "closed",
	[PW_TCP_SYN_SENT] = "syn-sent",
	[PW_TCP_SYN_RCVD] = "syn-rcvd",
	[PW_TCP_ESTABLISHED] = "established",
	[PW_TCP_FIN_WAIT_1] = "fin-wait-1",
	[PW_TCP_FIN_WAIT_2] = "fin-wait-2",
	[PW_TCP_CLOSE_WAIT] = "close-wait",
	[PW_TCP_CLOSING] = "closing",
	[PW_TCP_LAST_ACK] = "last-ack",
};

/* Which connections are wanted; what is 0 does not matter. */
struct filter {
	uint32_t state; /* PW_TCP_CLOSED: any */
	uint16_t port;	/* of either end */
	struct peer_filter peer;
};

struct conn {
	uint32_t id;
	struct pw_tcp_info info;
};

struct conns_question {
	struct pw_worker_job job;
	struct filter filter;
	uint32_t at; /* place of the table where to go on */
	uint32_t n;
	uint32_t max;
	uint64_t n_fit; /* as there are, though at most max are kept */
	struct conn conn[];
};

bool
peer_fits(const struct peer_filter *f, const struct pw_addr *addr)
{
	return !f->is_set || pw_addr_same_net(addr, &f->addr, f->bits);
}

static bool
fits(const struct filter *f, const struct pw_tcp_info *c)
{
	return (f->state == PW_TCP_CLOSED || f->state == c->state) &&
	       (f->port == 0 || f->port == c->lport || f->port == c->rport) &&
	       peer_fits(&f->peer, &c->remote);
}

static void
look(void *ctx, struct pw_tcp_conn *c)
{
	struct conns_question *q = ctx;
	struct pw_tcp_info info;

	pw_tcp_get_info(c, &info);
	if (!fits(&q->filter, &info))
		return;
	q->n_fit++;
	if (q->n == q->max)
		return;
	q->conn[q->n++] = (struct conn){pw_tcp_conn_id(c), info};
}

static bool
look_on(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct conns_question *q = (struct conns_question *)job;

	return !pw_tcp_each_part(pw_worker_tcp(w), &q->at, PLACES_A_STEP, look, q);
}

static int
read_state(struct call *call, const char *text, uint32_t *state)
{
	uint32_t i;

	for (i = PW_TCP_SYN_SENT; i < PW_TCP_STATE_MAX; i++)
		if (strcmp(text, conn_states[i]) == 0) {
			*state = i;
			return 0;
		}
	return refuse(call,
		"state '%s' is none; allowed: syn-sent, syn-rcvd, established, fin-wait-1, "
		"fin-wait-2, close-wait, closing, last-ack",
		text);
}

int
read_number(struct call *call, const char *what, const char *text, uint64_t max, uint64_t *v)
{
	const char *end = pw_option_digits(text, v);

	if (end != NULL && *end == '\0' && *v >= 1 && *v <= max)
		return 0;
	return refuse(
		call, "%s '%s' is not a number that fits; allowed: 1 to %" PRIu64, what, text, max);
}

int
read_peer(struct call *call, const char *text, struct peer_filter *f)
{
	char buf[PW_ADDR_TEXT_MAX + 8];
	uint64_t prefix = 0;
	const char *end;
	uint32_t base;
	char *slash;

	snprintf(buf, sizeof(buf), "%s", text);
	slash = strchr(buf, '/');
	if (slash != NULL)
		*slash = '\0';
	if (pw_addr_parse(buf, &f->addr) != 0)
		return refuse(call,
			"peer '%s' is not an IP address; allowed: such as 10.0.0.7, 10.0.0.0/24 "
			"or fd00::/64",
			text);
	base = pw_addr_is_v4(&f->addr) ? 96 : 0;
	end = slash != NULL ? pw_option_digits(slash + 1, &prefix) : NULL;
	if (slash != NULL && (end == NULL || *end != '\0' || prefix > 128 - base))
		return refuse(call, "peer '%s' has an impossible prefix; allowed: 0 to %u", text,
			128 - base);
	f->is_set = true;
	f->bits = slash != NULL ? base + (uint32_t)prefix : 128;
	return 0;
}

/* One pair of words. */
static int
read_filter(struct call *call, const char *key, const char *text, struct filter *f, uint64_t *limit)
{
	uint64_t v = 0;
	int rc;

	if (strcmp(key, "state") == 0)
		return read_state(call, text, &f->state);
	if (strcmp(key, "peer") == 0)
		return read_peer(call, text, &f->peer);
	if (strcmp(key, "limit") == 0)
		return read_number(call, key, text, ROWS_MAX, limit);
	if (strcmp(key, "port") != 0)
		return refuse(call, "'%s' is no filter; allowed: state, peer, port, limit", key);
	rc = read_number(call, key, text, UINT16_MAX, &v);
	f->port = (uint16_t)v;
	return rc;
}

static int
read_filters(struct call *call, struct filter *f, uint64_t *limit)
{
	int i;

	for (i = 0; i + 1 < call->argc; i += 2)
		if (read_filter(call, call->argv[i], call->argv[i + 1], f, limit) != 0)
			return -1;
	if (i == call->argc)
		return 0;
	return refuse(call, "'%s' lacks its value; allowed: %s", call->argv[i], call->cmd->args);
}

/* "10.77.0.2:40000" */
void
put_conn_end(cJSON *row, const char *name, const struct pw_addr *addr, uint16_t port)
{
	char text[PW_ADDR_HOST_MAX + 8];
	char one[PW_ADDR_HOST_MAX];

	snprintf(text, sizeof(text), "%s:%u", pw_addr_format_host(addr, one), port);
	put_text(row, name, text);
}

static void
put_conn(cJSON *row, uint32_t worker, const struct conn *c)
{
	const struct pw_tcp_info *i = &c->info;
	char id[24];

	snprintf(id, sizeof(id), "%u.%u", worker, c->id);
	put_text(row, "id", id);
	put_text(row, "state", conn_states[i->state]);
	put_conn_end(row, "local", &i->local, i->lport);
	put_conn_end(row, "peer", &i->remote, i->rport);
	put_u64(row, "sent_bytes", i->snd_nxt);
	put_u64(row, "acked_bytes", i->snd_una);
	put_u64(row, "rtx_segs", i->rtx_segs);
	put_u64(row, "flight", i->flight_bytes);
	put_u64(row, "cwnd", i->cwnd_bytes);
	put_u64(row, "peer_window", i->snd_wnd_bytes);
	put_u64(row, "receive_window", i->rcv_buf_bytes);
	put_u64(row, "srtt_us", i->srtt_ns / PW_NS_PER_US);
	put_text(row, "cc", i->cc);
	put_u64(row, "pacing_rate", i->pacing_rate);
}

static int
ask_conns(struct call *call, uint32_t worker, const struct filter *f, uint64_t limit, cJSON *rows,
	uint64_t *n_fit)
{
	struct conns_question *q = question(call, sizeof(*q) + limit * sizeof(q->conn[0]));
	uint32_t i;

	if (q == NULL)
		return -1;
	q->job.step = look_on;
	q->filter = *f;
	q->max = (uint32_t)limit;
	if (ask(call, worker, q) != 0)
		return -1;
	for (i = 0; i < q->n; i++)
		put_conn(put_row(rows), worker, &q->conn[i]);
	*n_fit += q->n_fit;
	free(q);
	return 0;
}

/* Does the list end before what there is? */
static void
put_cut(cJSON *to, uint64_t n)
{
	char text[120] = "no";

	if (n > 0)
		snprintf(text, sizeof(text),
			"%" PRIu64 " more fit; allowed: limit N, up to %d, or another filter", n,
			ROWS_MAX);
	put_text(to, "cut", text);
}

void
put_rows_found(cJSON *to, const char *name, cJSON *rows, uint64_t n_fit)
{
	uint32_t shown = (uint32_t)cJSON_GetArraySize(rows);

	put_u64(to, "fitting", n_fit);
	put_u64(to, "shown", shown);
	put_cut(to, n_fit - shown);
	cJSON_AddItemToObject(to, name, rows);
}

int
show_conns(struct call *call)
{
	struct filter f = {.state = PW_TCP_CLOSED};
	uint64_t limit = ROWS_DEFAULT;
	uint64_t n_fit = 0;
	uint32_t i, shown;
	cJSON *rows;

	if (read_filters(call, &f, &limit) != 0)
		return -1;
	rows = cJSON_CreateArray();
	for (i = 0; i < call->ctl->cfg.n_workers; i++) {
		shown = (uint32_t)cJSON_GetArraySize(rows);
		if (ask_conns(call, i, &f, limit - shown, rows, &n_fit) != 0) {
			cJSON_Delete(rows);
			return -1;
		}
	}
	put_rows_found(call->out, "connections", rows, n_fit);
	return 0;
}

struct conn_question {
	struct pw_worker_job job;
	uint32_t id;
	bool found;
	struct pw_tcp_info info;
};

static bool
look_at_one(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct conn_question *q = (struct conn_question *)job;
	struct pw_tcp_conn *c = pw_tcp_conn_by_id(pw_worker_tcp(w), q->id);

	q->found = c != NULL;
	if (c != NULL)
		pw_tcp_get_info(c, &q->info);
	return true;
}

/* "0.12": worker 0, place 12 of its table. */
int
read_conn_id(struct call *call, uint32_t *worker, uint32_t *id)
{
	const char *text = call->argc > 0 ? call->argv[0] : "";
	uint64_t w = 0, i = 0;
	const char *end = pw_option_digits(text, &w);

	if (words_at_most(call, 1) != 0)
		return -1;
	end = end != NULL && *end == '.' ? pw_option_digits(end + 1, &i) : NULL;
	if (end == NULL || *end != '\0' || w >= call->ctl->cfg.n_workers || i > UINT32_MAX)
		return refuse(call,
			"'%s' is no connection; allowed: WORKER.PLACE as 'show tcp connections' "
			"says, workers 0 to %u",
			text, call->ctl->cfg.n_workers - 1);
	*worker = (uint32_t)w;
	*id = (uint32_t)i;
	return 0;
}

static bool
has_address(const struct pw_loop_if *intf, const struct pw_addr *a)
{
	uint32_t i;

	for (i = 0; i < intf->n_addrs; i++)
		if (pw_addr_in_range(a, &intf->addrs[i].addr, intf->addrs[i].n_more))
			return true;
	return false;
}

/* The port that has the connection's own address. */
static uint32_t
port_of(const struct pw_ctl *ctl, const struct pw_addr *local)
{
	const struct pw_loop_if *ifs = ctl->cfg.ifs;
	uint32_t i, port = 0;

	for (i = 0; i + 1 < ctl->cfg.n_ifs && !has_address(&ifs[i], local); i++)
		;
	while (ifs[port].port != ifs[i].port)
		port++;
	return port;
}

/* A connection counts the segments that it sent again: their length is the worker's average. */
static uint64_t
sent_again(const struct pw_ctl_worker *cw, const struct pw_tcp_info *info)
{
	struct pw_worker_stats st;

	pw_worker_get_stats(cw->worker, &st);
	return info->rtx_segs * st.tcp.rtx_bytes / pw_max(st.tcp.rtx_segs, 1);
}

/*
 * A connection keeps no ledger: it would cost each segment a line of the cache. What it sent it
 * knows; what happens to a byte depends on the port, and so does the share of bytes that are
 * copied because of too many pieces, or read at the edges of segments: the worker's average on
 * that port.
 */
static void
put_conn_ledger(struct call *call, cJSON *to, uint32_t worker, uint32_t port,
	const struct pw_tcp_info *info)
{
	const struct pw_port *p = call->ctl->cfg.ifs[port].port;
	uint64_t again = sent_again(&call->ctl->workers[worker], info);
	uint64_t sent = info->snd_nxt + again;
	struct pw_ledger l;
	uint64_t all, copied;

	pw_worker_get_ledger(call->ctl->workers[worker].worker, port, &l);
	copied = ledger_copied(&l);
	all = pw_max(l.by_ref_bytes + copied + l.text_bytes, 1);
	put_u64(to, "sent_bytes", sent);
	put_u64(to, "of_these_again_about", again);
	put_u64(to, "copied_by_pagewire_about",
		(uint64_t)((double)sent * (double)copied / (double)all));
	put_u64(to, "read_for_checksums_about",
		(uint64_t)((double)sent * (double)l.cksum_read_bytes / (double)all));
	put_u64(to, "copied_by_driver", p->driver_copies ? sent : 0);
}

static void
put_conn_details(struct call *call, uint32_t worker, const struct conn *c)
{
	uint32_t port = port_of(call->ctl, &c->info.local);

	put_conn(call->out, worker, c);
	put_u64(call->out, "port", call->ctl->cfg.ifs[port].port->id);
	put_u64(call->out, "received_bytes", c->info.rcv_nxt);
	put_u64(call->out, "mss", c->info.mss_bytes);
	put_u64(call->out, "ssthresh", c->info.ssthresh_bytes);
	put_u64(call->out, "rto_ms", c->info.rto_ns / PW_NS_PER_MS);
	put_conn_ledger(call, put_object(call->out, "copies"), worker, port, &c->info);
}

int
show_conn(struct call *call)
{
	struct conn_question *q;
	uint32_t worker = 0, id = 0;
	bool found;

	if (read_conn_id(call, &worker, &id) != 0)
		return -1;
	q = question(call, sizeof(*q));
	if (q == NULL)
		return -1;
	q->job.step = look_at_one;
	q->id = id;
	if (ask(call, worker, q) != 0)
		return -1;
	found = q->found;
	if (found) {
		struct conn c = {id, q->info};

		put_conn_details(call, worker, &c);
	}
	free(q);
	return found ? 0 : refuse(call, "no connection has the place %s now", call->argv[0]);
}
