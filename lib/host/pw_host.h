/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_HOST_H
#define PW_HOST_H

/**
 * @file
 * A host on plain memory: one TCP below a few sockets, datagrams in and out as
 * bytes of layer 3. No device, no thread, no clock of its own.
 *
 *	every turn:  pw_host_input(h, dgram, len, now);   for each that arrived
 *	             pw_host_run(h, now);                 timers, then sending
 *	             use the sockets; whatever they have to send leaves in the next
 *	             pw_host_run(), which pw_host_next() asks for at once
 *
 * docs/tcp.md shows how a program drives it, and tests/examples/exchange.c is one.
 *
 * Threads:  a host and its sockets belong to one thread.
 * Bounds:   all memory is taken when the host is made.
 */
#include <sys/types.h>
#include "pw_tcp.h"

struct pw_host; /* private to host */
struct pw_sock; /* private to host */

struct pw_host_cfg {
	struct pw_addr addr; /**< of IPv4 or of IPv6; peers are of the same */
	/**
	 * Send a datagram of @p len bytes, valid during the call.
	 * @return 0, or -ENOBUFS: not taken, ask again next turn
	 */
	int (*output)(void *ctx, const uint8_t *dgram, uint32_t len);
	void *output_ctx;
	/** Of the TCP; env, env_ctx and app_bytes are set by the host. gso_max_bytes: the host
	 * itself cuts long segments up. rcv_buf_bytes: 0: 16 MiB. */
	struct pw_tcp_cfg tcp;
	uint32_t max_socks;	/**< 0: as tcp.max_conns */
	uint32_t snd_buf_bytes; /**< of each socket, a power of two; 0: 65,536 */
	uint32_t rcv_buf_bytes; /**< of each socket, beside TCP's own; the same */
};

/** @return a host, or NULL with errno: ENOMEM, EINVAL. */
struct pw_host *pw_host_create(const struct pw_host_cfg *cfg, pw_ns now);

/** Forget everything, without a word to anyone. Sockets are gone with it. */
void pw_host_destroy(struct pw_host *h);

/** Take a datagram. @return PW_OK, or why it (or what it carried) was dropped. */
enum pw_drop pw_host_input(struct pw_host *h, const uint8_t *dgram, uint32_t len, pw_ns now);

/** Do all that is due at @p now. */
void pw_host_run(struct pw_host *h, pw_ns now);

/** When pw_host_run() has to be called next; the past when something waits to be sent. */
pw_ns pw_host_next(const struct pw_host *h);

/** The TCP below, for its figures and for pw_tcp_set(): options of connections to come. */
struct pw_tcp *pw_host_tcp(struct pw_host *h);

/** Sockets in use; 0 when nothing is left. */
uint32_t pw_host_n_socks(const struct pw_host *h);

/** Take connections to @p port. @return 0, or as pw_tcp_listen() */
int pw_host_listen(struct pw_host *h, uint16_t port);

/** A connection to @p port that was not accepted yet, or NULL. The caller owes pw_sock_close(). */
struct pw_sock *pw_host_accept(struct pw_host *h, uint16_t port);

/**
 * Open a connection; bytes may be sent at once, they leave when it is open.
 * @param lport  0: chosen
 * @return a socket that the caller owes pw_sock_close(), or NULL with errno:
 *         ENOBUFS, EADDRINUSE
 */
struct pw_sock *pw_host_connect(
	struct pw_host *h, uint16_t lport, const struct pw_addr *remote, uint16_t rport, pw_ns now);

enum {
	PW_SOCK_IN = 1,	  /**< pw_sock_recv() has bytes, or the end, or an error to tell */
	PW_SOCK_OUT = 2,  /**< pw_sock_send() takes something */
	PW_SOCK_OPEN = 4, /**< was established */
	PW_SOCK_GONE = 8, /**< the connection is no more: pw_sock_end() tells how */
};

/** What can be done now: PW_SOCK_*. */
uint32_t pw_sock_poll(const struct pw_sock *s);

/**
 * Copy bytes into the send buffer, from where they are sent, and sent again.
 * @return bytes taken, or -EAGAIN: the buffer is full; -EPIPE: closed for
 *         sending; -ECONNRESET, -ECONNREFUSED, -ETIMEDOUT: the connection ended
 */
ssize_t pw_sock_send(struct pw_sock *s, const void *data, size_t len);

/**
 * Copy received bytes out.
 * @return bytes copied; 0: the peer has closed and all was read; -EAGAIN: none
 *         yet; -ECONNRESET, -ECONNREFUSED, -ETIMEDOUT: ended, and all was read
 */
ssize_t pw_sock_recv(struct pw_sock *s, void *data, size_t len);

/** No more bytes from here: FIN after the last one. */
void pw_sock_shutdown(struct pw_sock *s);

/**
 * Give the socket back. What was sent is still delivered; what was received and
 * not read makes it an abort (RFC 2525 section 2.17), and what never was open is
 * forgotten (RFC 9293 3.10.4).
 */
void pw_sock_close(struct pw_sock *s, pw_ns now);

/** Send RST, and give the socket back. */
void pw_sock_abort(struct pw_sock *s, pw_ns now);

/** How the connection ended; only with PW_SOCK_GONE. */
enum pw_tcp_end pw_sock_end(const struct pw_sock *s);

/** The connection below, to be asked and to have its options set; NULL when it is no more. */
struct pw_tcp_conn *pw_sock_conn(const struct pw_sock *s);

#endif
