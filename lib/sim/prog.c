/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The programs that use connections: they send what content.h makes, check what
 * they receive against it, and close as planned.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "content.h"
#include "world.h"

#define SERVER_PORT 1000
#define CLIENT_PORT 40000
#define RETRY_NS    PW_NS_PER_S

void
prog_init(struct prog *p, struct world *w, const struct pw_sim_conn *c, uint32_t nth, bool client)
{
	const struct prog *before = c->again != 0 ? &w->prog[2 * (c->again - 1)] : NULL;
	uint16_t sport = (uint16_t)(SERVER_PORT + nth), cport = (uint16_t)(CLIENT_PORT + nth);
	const struct pw_sim_prog *mine = &c->prog[!client], *other = &c->prog[client];

	if (before != NULL) {
		cport = before->lport;
		sport = before->rport;
	}
	*p = (struct prog){
		.w = w,
		.after = before,
		.life = before != NULL ? before->life + 1 : 0,
		.conn = c,
		.plan = mine,
		.node = &w->node[client ? c->client : c->server],
		.lport = client ? cport : sport,
		.rport = client ? sport : cport,
		.client = client,
		.to_send = mine->bytes * c->rounds,
		.to_get = other->bytes * c->rounds,
	};
	p->which_out = content_of(w->plan->seed, p->lport, p->rport, p->life);
	p->which_in = content_of(w->plan->seed, p->rport, p->lport, p->life);
	node_wake(p->node, c->start);
}

static void
finish(struct prog *p, enum pw_tcp_end end)
{
	struct world *w = p->w;
	uint32_t i;

	p->sock = NULL;
	p->done = true;
	p->end = end;
	p->ended_at = w->now;
	w->n_running--;
	for (i = 0; i < w->n_progs; i++) /* who waits for us */
		if (w->prog[i].after != NULL && !w->prog[i].done)
			node_wake(w->prog[i].node, w->now);
}

/* One after the other has the same ports: the latest that had a socket. */
uint32_t
prog_content(const struct world *w, const struct node *n, uint16_t lport, uint16_t rport)
{
	uint32_t i, which = content_of(w->plan->seed, lport, rport, 0);

	for (i = 0; i < w->n_progs; i++) {
		const struct prog *p = &w->prog[i];

		if (p->node == n && p->lport == lport && p->rport == rport && p->has_ports)
			which = p->which_out;
	}
	return which;
}

void
prog_crash(struct prog *p)
{
	if (!p->done && p->sock != NULL) {
		p->let_go = true;
		finish(p, PW_TCP_END_ABORTED);
	}
}

/* ---- opening ---- */

static void
call(struct prog *p)
{
	const struct prog *other = p->client ? p + 1 : p - 1;
	struct pw_addr to = pw_sim_addr(p->w->plan, other->node->id);

	p->sock = pw_host_connect(p->node->host, p->lport, &to, p->rport, node_clock(p->node));
	if (p->sock == NULL && p->after != NULL && errno == EADDRINUSE) {
		p->began = false; /* the one before is in TIME-WAIT: ours */
		p->call_at = p->w->now + RETRY_NS;
		node_wake(p->node, p->call_at);
	} else if (p->sock == NULL) {
		p->let_go = true;
		finish(p, PW_TCP_END_REFUSED);
	}
}

/* Those who have our ports are through, and some time has passed. */
static bool
is_time(struct prog *p)
{
	pw_ns now = p->w->now;

	if (p->after == NULL)
		return now >= p->conn->start;
	if (!p->after[0].done || !p->after[1].done)
		return false;
	if (p->call_at == 0) {
		p->call_at = now + p->conn->start;
		node_wake(p->node, p->call_at);
	}
	return now >= p->call_at;
}

static bool
begin(struct prog *p)
{
	bool calls = p->client || p->conn->both_open;

	if (p->sock != NULL)
		return true;
	if (!is_time(p))
		return false;
	if (!p->began && calls) {
		p->began = true;
		call(p);
	}
	p->began |= !calls;
	if (p->sock == NULL && !calls)
		p->sock = pw_host_accept(p->node->host, p->lport);
	p->has_ports |= p->sock != NULL;
	return p->sock != NULL;
}

/* ---- receiving ---- */

static void
check_bytes(struct prog *p, const uint8_t *data, uint32_t len)
{
	char why[96];

	if (p->got + len <= p->to_get && memcmp(data, content_at(p->which_in, p->got), len) == 0)
		return;
	snprintf(why, sizeof(why), "port %u received wrong bytes at %lu (+%u)", p->lport,
		(unsigned long)p->got, len);
	world_fail(p->w, "S1", why);
}

/* How many bytes it wants to read now. */
static uint32_t
appetite(struct prog *p)
{
	const struct pw_sim_prog *plan = p->plan;
	pw_ns now = p->w->now;

	switch (plan->reader) {
	case PW_SIM_READ_SLOW:
		if (now < p->read_at)
			return 0;
		p->read_at = now + plan->read_ns;
		node_wake(p->node, p->read_at);
		return plan->read_bytes;
	case PW_SIM_READ_PAUSE:
		if (p->got < plan->read_bytes)
			return (uint32_t)pw_min(plan->read_bytes - p->got, CONTENT_RUN_MAX);
		if (!p->paused) {
			p->paused = true;
			p->read_at = now + plan->read_ns;
			node_wake(p->node, p->read_at);
		}
		return now < p->read_at ? 0 : CONTENT_RUN_MAX;
	case PW_SIM_READ_NONE:
		return 0;
	default:
		return CONTENT_RUN_MAX;
	}
}

static void
read_some(struct prog *p)
{
	while (!p->drained && (pw_sock_poll(p->sock) & PW_SOCK_IN)) {
		uint32_t want = appetite(p);
		ssize_t n;

		if (want == 0)
			return;
		n = pw_sock_recv(p->sock, p->w->scratch, want);
		p->drained |= n <= 0 && n != -EAGAIN;
		if (n < 0)
			return;
		if (n == 0)
			p->n_eof++;
		check_bytes(p, p->w->scratch, (uint32_t)n);
		p->got += (uint64_t)n;
		p->w->res->bytes += (uint64_t)n;
	}
}

/* ---- sending ---- */

/* How far the rounds allow to send: a request each, and an answer to each request. */
static uint64_t
allowed(const struct prog *p)
{
	uint64_t mine = p->plan->bytes;
	uint64_t other = p->to_get / p->conn->rounds;
	uint64_t turns;

	if (p->conn->at_once || other == 0 || mine == 0)
		return p->to_send;
	turns = p->got / other + p->client;
	return mine * pw_min(turns, p->conn->rounds);
}

static void
write_some(struct prog *p)
{
	const struct pw_sim_prog *plan = p->plan;

	while (p->sent < allowed(p) && (pw_sock_poll(p->sock) & PW_SOCK_OUT)) {
		uint64_t len = pw_min(allowed(p) - p->sent, plan->chunk);
		ssize_t n;

		if (p->w->now < p->write_at)
			return;
		n = pw_sock_send(
			p->sock, content_at(p->which_out, p->sent), pw_min(len, CONTENT_RUN_MAX));
		if (n <= 0)
			return;
		p->sent += (uint64_t)n;
		if (plan->gap > 0) {
			p->write_at = p->w->now + plan->gap;
			node_wake(p->node, p->write_at);
		}
	}
}

/* ---- closing ---- */

static bool
wants_abort(struct prog *p)
{
	const struct pw_sim_prog *plan = p->plan;

	if (plan->reader == PW_SIM_READ_NONE) {
		if (p->read_at == 0) {
			p->read_at = p->w->now + plan->read_ns;
			node_wake(p->node, p->read_at);
		}
		return p->w->now >= p->read_at;
	}
	return plan->abort_at != 0 && p->sent + p->got >= plan->abort_at;
}

static void
let_go(struct prog *p, bool abort)
{
	struct pw_sock *s = p->sock;

	p->let_go = true;
	finish(p, abort ? PW_TCP_END_ABORTED : PW_TCP_END_CLOSED);
	if (abort)
		pw_sock_abort(s, node_clock(p->node));
	else
		pw_sock_close(s, node_clock(p->node));
}

static void
close_some(struct prog *p)
{
	const struct pw_sim_prog *plan = p->plan;
	uint32_t what = pw_sock_poll(p->sock);

	if ((what & PW_SOCK_GONE) && !p->drained && plan->reader != PW_SIM_READ_NONE)
		return;
	if (what & PW_SOCK_GONE) {
		enum pw_tcp_end end = pw_sock_end(p->sock);
		struct pw_sock *s = p->sock;

		finish(p, end);
		pw_sock_close(s, node_clock(p->node));
		return;
	}
	if ((what & PW_SOCK_OPEN) && wants_abort(p)) {
		let_go(p, true);
		return;
	}
	if (p->sent < p->to_send || (!plan->closes_first && p->n_eof == 0))
		return;
	if (plan->closes_fully && p->got == p->to_get) {
		/* Closed before it is open it would be forgotten, with what was to be sent
		 * (RFC 9293 3.10.4). */
		if (what & PW_SOCK_OPEN)
			let_go(p, false);
	} else if (!p->shut && !plan->closes_fully) {
		p->shut = true;
		pw_sock_shutdown(p->sock);
	}
}

void
prog_step(struct prog *p)
{
	if (p->done || p->node->host == NULL || !begin(p))
		return;
	p->opened |= (pw_sock_poll(p->sock) & PW_SOCK_OPEN) != 0;
	read_some(p);
	write_some(p);
	close_some(p);
}

/* ---- judgement ---- */

static void
complain(const struct prog *p, const char *which, const char *what)
{
	static const char *const ends[PW_TCP_END_MAX] = {
		"closed", "reset", "refused", "timeout", "aborted"};
	char why[160];

	snprintf(why, sizeof(why), "port %u: %s: %s%s, sent %lu of %lu, received %lu of %lu%s",
		p->lport, what, p->done ? "" : "still ", p->done ? ends[p->end] : "open",
		(unsigned long)p->sent, (unsigned long)p->to_send, (unsigned long)p->got,
		(unsigned long)p->to_get, p->n_eof ? ", end of file" : "");
	world_fail(p->w, which, why);
}

/* Everything came; then only the last words may have been lost (RFC 9293 3.6: the
 * two generals). */
static void
judge_whole(const struct prog *p)
{
	if (p->got != p->to_get)
		complain(p, "S1", "not all arrived");
	else if (!p->let_go && p->n_eof != 1)
		complain(p, "S1", "no end of file");
	else if (!p->let_go && p->end != PW_TCP_END_CLOSED && p->w->plan->clean)
		complain(p, "S8", "not closed in order");
}

static void
judge_timeout(const struct prog *p)
{
	const struct pw_sim_plan *plan = p->w->plan;
	pw_ns due = plan->act[0].at + p->node->plan->user_timeout;

	if (p->end != PW_TCP_END_TIMEOUT)
		complain(p, "S8", "a dead path, and no time-out");
	else if (p->ended_at + 5 * PW_NS_PER_S < due)
		complain(p, "S8", "time-out too early");
	else if (p->ended_at > due + 65 * PW_NS_PER_S)
		complain(p, "S8", "time-out too late");
}

void
prog_judge(const struct prog *client, const struct prog *server)
{
	const struct pw_sim_plan *plan = client->w->plan;

	if (plan->must_fail) {
		judge_timeout(client);
		judge_timeout(server);
	} else if (!client->conn->may_end) {
		judge_whole(client);
		judge_whole(server);
	}
}
