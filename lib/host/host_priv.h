/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef HOST_PRIV_H
#define HOST_PRIV_H

/**
 * @file
 * What host.c (layer 3) and sock.c (sockets) share.
 */
#include "pw_host.h"

/** A buffer whose positions are offsets of a stream: byte n is at n modulo its size. */
struct ring {
	uint8_t *mem;
	uint32_t size; /**< a power of two */
	pw_off head;   /**< the oldest byte kept */
	pw_off tail;   /**< one past the youngest */
};

enum sock_state {
	SOCK_FREE,
	SOCK_CONNECTING,
	SOCK_WAITING, /**< open, and nobody has accepted it yet */
	SOCK_OPEN,
};

struct pw_sock {
	struct pw_host *host;
	struct pw_tcp_conn *conn; /**< NULL: no more */
	enum sock_state state;
	uint16_t lport;
	bool opened;
	bool eof;
	bool shut;	/**< closed for sending */
	bool abandoned; /**< the user is done with it: free it with the connection */
	enum pw_tcp_end end;
	struct ring snd; /**< [acknowledged, handed to TCP) */
	struct ring rcv; /**< [read, received) */
};

struct pw_host {
	struct pw_host_cfg cfg;
	struct pw_tcp *tcp;
	struct pw_sock *socks;
	uint32_t n_socks; /**< in use */
	uint8_t *buffers;
	uint8_t *dgram; /**< room for one, at the MTU */
};

extern const struct pw_tcp_app sock_app;

#endif
