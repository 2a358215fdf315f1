/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Two endpoints in one process exchange a file: the TCP of pagewire without a device, a
 * thread or a clock. Time is a number that this program counts up; packets are bytes that
 * it carries from one endpoint to the other, 10 ms later, and loses every 50th.
 *
 *	exchange [FILE]		without FILE, 1 MiB that is made up
 *
 * The client calls, sends the file and closes its direction; the server sends back what it
 * received and closes; the client compares. docs/tcp.md explains it step by step.
 */
#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "pw_host.h"

#define DELAY_NS  (10 * PW_NS_PER_MS)
#define LOSE_EACH 50
#define LIMIT_NS  (600 * PW_NS_PER_S) /* of virtual time: by then it is over, or wrong */
#define PORT	  7
#define CHUNK	  16384

/** A datagram on its way; they arrive in the order they were sent. */
struct packet {
	struct packet *next;
	pw_ns at;
	uint32_t len;
	uint8_t bytes[];
};

/** One end, and the wire that leads to it. */
struct end {
	struct pw_host *host;
	struct end *peer;
	struct packet *first, **last; /* on the way here */
	pw_ns now;
	uint32_t n_sent;
};

/** What both ends do with the file. */
struct file {
	uint8_t *bytes;
	size_t len;
	size_t sent;
	uint8_t *got;
	size_t n_got;
};

/* ---- the wire ---- */

/* The host has a datagram to send. It is ours only during the call. */
static int
output(void *ctx, const uint8_t *dgram, uint32_t len)
{
	struct end *e = ctx;
	struct packet *p;

	if (++e->n_sent % LOSE_EACH == 0)
		return 0; /* lost on the way */
	p = malloc(sizeof(*p) + len);
	if (p == NULL)
		return -ENOBUFS; /* TCP keeps it, and asks again */
	*p = (struct packet){.at = e->now + DELAY_NS, .len = len};
	memcpy(p->bytes, dgram, len);
	*e->peer->last = p;
	e->peer->last = &p->next;
	return 0;
}

/* Hand over what has arrived by now. */
static void
deliver(struct end *e)
{
	struct packet *p;

	while ((p = e->first) != NULL && p->at <= e->now) {
		e->first = p->next;
		if (e->first == NULL)
			e->last = &e->first;
		pw_host_input(e->host, p->bytes, p->len, e->now);
		free(p);
	}
}

static void
open_end(struct end *e, struct end *peer, const char *addr, uint8_t secret)
{
	struct pw_host_cfg cfg = {
		.output = output,
		.output_ctx = e,
		.tcp = {.max_conns = 4, .mtu = 1500, .cc = "cubic"},
	};

	if (pw_addr_parse(addr, &cfg.addr) < 0)
		abort();
	/* A program of the real world takes these bytes from getrandom(). */
	memset(cfg.tcp.secret, secret, sizeof(cfg.tcp.secret));
	*e = (struct end){.peer = peer, .last = &e->first};
	e->host = pw_host_create(&cfg, 0);
	if (e->host == NULL) {
		perror("exchange: pw_host_create");
		exit(1);
	}
}

static void
close_end(struct end *e)
{
	while (e->first != NULL) {
		struct packet *p = e->first;

		e->first = p->next;
		free(p);
	}
	pw_host_destroy(e->host);
}

/* ---- the users ---- */

static void
send_some(struct pw_sock *s, const uint8_t *bytes, size_t len, size_t *sent)
{
	ssize_t n;

	while (*sent < len && (n = pw_sock_send(s, bytes + *sent, len - *sent)) > 0)
		*sent += (size_t)n;
}

/* Calls, sends, closes its direction, takes what comes back. @return it is through */
static bool
client(struct pw_sock *s, struct file *f, bool *shut)
{
	ssize_t n;

	send_some(s, f->bytes, f->len, &f->sent);
	if (f->sent == f->len && !*shut) {
		pw_sock_shutdown(s);
		*shut = true;
	}
	while ((n = pw_sock_recv(s, f->got + f->n_got, f->len - f->n_got + 1)) > 0)
		f->n_got += (size_t)n;
	return n == 0; /* the end of the peer's stream */
}

/** Of a server that sends back what it gets. */
struct echo {
	struct pw_sock *sock;
	uint8_t chunk[CHUNK];
	size_t len, sent;
};

/* @return it is through */
static bool
server(struct pw_host *h, struct echo *e)
{
	ssize_t n = 1;

	if (e->sock == NULL)
		e->sock = pw_host_accept(h, PORT);
	while (e->sock != NULL && n > 0) {
		send_some(e->sock, e->chunk, e->len, &e->sent);
		if (e->sent < e->len)
			return false; /* its buffer is full: later */
		e->len = e->sent = 0;
		n = pw_sock_recv(e->sock, e->chunk, CHUNK);
		e->len = n > 0 ? (size_t)n : 0;
	}
	if (n != 0)
		return false;
	pw_sock_close(e->sock, 0);
	return true;
}

/* ---- time ---- */

/* When something happens next: a timer, or the arrival of a packet. */
static pw_ns
next_event(const struct end *e)
{
	pw_ns at = pw_host_next(e->host);

	return e->first != NULL ? pw_min(at, e->first->at) : at;
}

static void
turn(struct end *e, pw_ns now)
{
	e->now = now;
	deliver(e);
	pw_host_run(e->host, now);
}

/* @return the virtual time that it took */
static pw_ns
exchange(struct end *a, struct end *b, struct file *f)
{
	bool shut = false, client_done = false, server_done = false;
	struct echo echo = {0};
	struct pw_sock *s;
	struct pw_addr to;
	pw_ns now = 0;

	pw_addr_parse("10.0.0.2", &to);
	pw_host_listen(b->host, PORT);
	pw_tcp_set(pw_host_tcp(a->host), PW_TCP_ECN, PW_TCP_ECN_ASK); /* an option, for all */
	s = pw_host_connect(a->host, 0, &to, PORT, now);
	while (now < LIMIT_NS && !(client_done && server_done)) {
		turn(a, now);
		turn(b, now);
		client_done = client_done || client(s, f, &shut);
		server_done = server_done || server(b->host, &echo);
		/* At least a nanosecond: what they want to send now leaves in the next turn. */
		now = pw_max(now + 1, pw_min(next_event(a), next_event(b)));
	}
	pw_sock_close(s, now);
	turn(a, now); /* the last ACK */
	return now;
}

/* ---- the file ---- */

static void
make_up(struct file *f)
{
	size_t i;

	f->len = 1 << 20;
	f->bytes = malloc(f->len);
	for (i = 0; f->bytes != NULL && i < f->len; i++)
		f->bytes[i] = (uint8_t)(i * 167 + (i >> 8) * 13);
}

static void
read_file(struct file *f, const char *path)
{
	FILE *in = fopen(path, "rb");
	long len;

	if (in == NULL || fseek(in, 0, SEEK_END) < 0 || (len = ftell(in)) < 0) {
		perror(path);
		exit(1);
	}
	rewind(in);
	f->len = (size_t)len;
	f->bytes = malloc(f->len + 1);
	if (f->bytes == NULL || fread(f->bytes, 1, f->len, in) != f->len) {
		perror(path);
		exit(1);
	}
	fclose(in);
}

int
main(int argc, char **argv)
{
	struct file f = {0};
	struct end a, b;
	XXH64_hash_t sent, got;
	pw_ns took;

	if (argc > 1)
		read_file(&f, argv[1]);
	else
		make_up(&f);
	f.got = malloc(f.len + 1);
	if (f.bytes == NULL || f.got == NULL) {
		perror("exchange");
		exit(1);
	}
	open_end(&a, &b, "10.0.0.1", 1);
	open_end(&b, &a, "10.0.0.2", 2);
	took = exchange(&a, &b, &f);
	sent = XXH3_64bits(f.bytes, f.len);
	got = XXH3_64bits(f.got, f.n_got);
	printf("exchange: %zu bytes there and back in %.3f s of virtual time, %lu of them sent "
	       "again: %016lx and %016lx, %s\n",
		f.n_got, (double)took / PW_NS_PER_S,
		(unsigned long)pw_tcp_stats(pw_host_tcp(a.host))->rtx_bytes, (unsigned long)sent,
		(unsigned long)got, sent == got && f.n_got == f.len ? "the same" : "DIFFERENT");
	close_end(&a);
	close_end(&b);
	free(f.bytes);
	free(f.got);
	return sent == got && f.n_got == f.len ? 0 : 1;
}
