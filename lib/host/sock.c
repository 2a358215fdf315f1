/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Sockets: TCP's user with a buffer each way. The send buffer is the source
 * that TCP asks, the first time and again, until the bytes are acknowledged.
 */
#include "host_priv.h"

/* ---- rings ---- */

static uint32_t
ring_used(const struct ring *r)
{
	return (uint32_t)(r->tail - r->head);
}

static uint32_t
ring_room(const struct ring *r)
{
	return r->size - ring_used(r);
}

/* Bytes of the ring from offset @p at on, @p len at most, as one or two spans. */
static uint32_t
ring_spans(const struct ring *r, pw_off at, uint32_t len, struct pw_span *out)
{
	uint32_t pos = (uint32_t)(at & (r->size - 1));
	uint32_t first = (uint32_t)pw_min(len, r->size - pos);

	out[0] = (struct pw_span){r->mem + pos, first, PW_PAGE_NONE};
	if (first == len)
		return 1;
	out[1] = (struct pw_span){r->mem, len - first, PW_PAGE_NONE};
	return 2;
}

static uint32_t
ring_put(struct ring *r, const uint8_t *data, size_t len)
{
	uint32_t n = (uint32_t)pw_min(len, ring_room(r));
	uint32_t pos = (uint32_t)(r->tail & (r->size - 1));
	uint32_t first = (uint32_t)pw_min(n, r->size - pos);

	memcpy(r->mem + pos, data, first);
	memcpy(r->mem, data + first, n - first);
	r->tail += n;
	return n;
}

static uint32_t
ring_take(struct ring *r, uint8_t *data, size_t len)
{
	uint32_t i, n = (uint32_t)pw_min(len, ring_used(r));
	struct pw_span s[2];
	uint32_t k = ring_spans(r, r->head, n, s);

	for (i = 0; i < k; i++) {
		memcpy(data, s[i].addr, s[i].len);
		data += s[i].len;
	}
	r->head += n;
	return n;
}

/* ---- birth and death ---- */

static struct pw_sock *
sock_new(struct pw_host *h, enum sock_state state)
{
	uint32_t i;

	for (i = 0; i < h->cfg.max_socks; i++) {
		struct pw_sock *s = &h->socks[i];
		struct ring snd = {.mem = s->snd.mem, .size = s->snd.size};
		struct ring rcv = {.mem = s->rcv.mem, .size = s->rcv.size};

		if (s->state != SOCK_FREE)
			continue;
		*s = (struct pw_sock){.host = h, .state = state, .snd = snd, .rcv = rcv};
		h->n_socks++;
		return s;
	}
	return NULL;
}

static void
sock_free(struct pw_sock *s)
{
	s->state = SOCK_FREE;
	s->host->n_socks--;
}

static struct pw_sock **
room(struct pw_tcp_conn *c)
{
	return pw_tcp_room(c);
}

static uint16_t
local_port(const struct pw_tcp_conn *c)
{
	struct pw_tcp_info info;

	pw_tcp_get_info(c, &info);
	return info.lport;
}

/* ---- what TCP calls ---- */

static bool
on_open(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct pw_sock *s = *room(c);

	if (s != NULL) {
		s->state = SOCK_OPEN;
	} else {
		s = sock_new(ctx, SOCK_WAITING);
		if (s == NULL)
			return false;
		s->conn = c;
		s->lport = local_port(c);
		*room(c) = s;
	}
	s->opened = true;
	return true;
}

static uint32_t
on_recv(void *ctx, struct pw_tcp_conn *c, const uint8_t *data, uint32_t len, pw_ns now)
{
	return ring_put(&(*room(c))->rcv, data, len);
}

static void
on_eof(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	(*room(c))->eof = true;
}

static uint32_t
on_source(void *ctx, struct pw_tcp_conn *c, pw_off off, uint32_t len, struct pw_span *spans,
	uint32_t *n)
{
	const struct pw_sock *s = *room(c);

	PW_ASSERT(off >= s->snd.head && off + len <= s->snd.tail);
	*n = ring_spans(&s->snd, off, len, spans);
	return len;
}

static void
on_acked(void *ctx, struct pw_tcp_conn *c, pw_off una, pw_ns now)
{
	struct pw_sock *s = *room(c);

	PW_ASSERT(una >= s->snd.head && una <= s->snd.tail);
	s->snd.head = una;
}

static void
on_timer(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
}

static void
on_gone(void *ctx, struct pw_tcp_conn *c, enum pw_tcp_end why, pw_ns now)
{
	struct pw_sock *s = *room(c);

	s->conn = NULL;
	s->end = why;
	if (s->abandoned)
		sock_free(s);
}

const struct pw_tcp_app sock_app = {
	.open = on_open,
	.recv = on_recv,
	.eof = on_eof,
	.source = on_source,
	.acked = on_acked,
	.timer = on_timer,
	.gone = on_gone,
};

/* ---- what the user calls ---- */

struct pw_sock *
pw_host_accept(struct pw_host *h, uint16_t port)
{
	uint32_t i;

	for (i = 0; i < h->cfg.max_socks; i++) {
		struct pw_sock *s = &h->socks[i];

		if (s->state == SOCK_WAITING && s->lport == port) {
			s->state = SOCK_OPEN;
			return s;
		}
	}
	return NULL;
}

struct pw_sock *
pw_host_connect(
	struct pw_host *h, uint16_t lport, const struct pw_addr *remote, uint16_t rport, pw_ns now)
{
	struct pw_sock *s = sock_new(h, SOCK_CONNECTING);
	struct pw_tcp_conn *c;

	if (s == NULL) {
		errno = ENOBUFS;
		return NULL;
	}
	c = pw_tcp_connect(h->tcp, &h->cfg.addr, lport, remote, rport, &sock_app, h, now);
	if (c == NULL) {
		sock_free(s);
		return NULL;
	}
	s->conn = c;
	s->lport = local_port(c);
	*room(c) = s;
	return s;
}

/* 0, or -errno for the way it ended. */
static int
error_of(const struct pw_sock *s)
{
	static const int err[PW_TCP_END_MAX] = {
		[PW_TCP_END_RESET] = -ECONNRESET,
		[PW_TCP_END_REFUSED] = -ECONNREFUSED,
		[PW_TCP_END_TIMEOUT] = -ETIMEDOUT,
		[PW_TCP_END_ABORTED] = -ECONNRESET,
	};

	return s->conn == NULL ? err[s->end] : 0;
}

uint32_t
pw_sock_poll(const struct pw_sock *s)
{
	uint32_t what = 0;

	if (ring_used(&s->rcv) > 0 || s->eof || s->conn == NULL)
		what |= PW_SOCK_IN;
	if (s->conn == NULL)
		what |= PW_SOCK_GONE;
	else if (!s->shut && ring_room(&s->snd) > 0)
		what |= PW_SOCK_OUT;
	if (s->opened)
		what |= PW_SOCK_OPEN;
	return what;
}

ssize_t
pw_sock_send(struct pw_sock *s, const void *data, size_t len)
{
	uint32_t n;

	if (s->shut)
		return -EPIPE;
	if (s->conn == NULL)
		return s->end == PW_TCP_END_CLOSED ? -EPIPE : error_of(s);
	n = ring_put(&s->snd, data, len);
	if (n == 0 && len > 0)
		return -EAGAIN;
	pw_tcp_send(s->conn, n);
	return n;
}

ssize_t
pw_sock_recv(struct pw_sock *s, void *data, size_t len)
{
	uint32_t n;

	if (ring_used(&s->rcv) == 0) {
		if (s->eof)
			return 0;
		return s->conn == NULL ? error_of(s) : -EAGAIN;
	}
	n = ring_take(&s->rcv, data, len);
	/* TCP keeps what did not fit here: it may fit now. */
	if (n > 0 && s->conn != NULL)
		pw_tcp_resume(s->conn);
	return n;
}

void
pw_sock_shutdown(struct pw_sock *s)
{
	s->shut = true;
	if (s->conn != NULL)
		pw_tcp_shutdown(s->conn);
}

void
pw_sock_close(struct pw_sock *s, pw_ns now)
{
	if (ring_used(&s->rcv) > 0) {
		pw_sock_abort(s, now);
		return;
	}
	s->abandoned = true;
	if (s->conn == NULL)
		sock_free(s);
	else
		pw_tcp_close(s->conn);
}

void
pw_sock_abort(struct pw_sock *s, pw_ns now)
{
	s->abandoned = true;
	if (s->conn == NULL)
		sock_free(s);
	else
		pw_tcp_abort(s->conn, now);
}

enum pw_tcp_end
pw_sock_end(const struct pw_sock *s)
{
	return s->end;
}

struct pw_tcp_conn *
pw_sock_conn(const struct pw_sock *s)
{
	return s->conn;
}
