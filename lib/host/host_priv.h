/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef HOST_PRIV_H
#define HOST_PRIV_H

/**
 * @file
 * What host.c (life, and TCP's surroundings), ip.c (layer 3) and sock.c (sockets) share.
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

/* ---- ip.c ---- */

/** What a datagram for us carries, a segment or a message of ICMP. */
struct parcel {
	struct pw_addr src;
	struct pw_addr dst;
	uint8_t proto;
	uint8_t ecn;
	const uint8_t *l4;
	uint32_t len;
};

/** An error about a segment of ours, as pw_tcp_icmp_error() takes it. */
struct icmp_error {
	enum pw_tcp_icmp what;
	struct pw_addr src;
	struct pw_addr dst;
	uint8_t proto;
	const uint8_t *l4;
	uint32_t mtu;
};

/** Bytes of the IP header of what we send. */
uint32_t ip_hlen(const struct pw_addr *us);

/** Write the IP header of @p seg, of which @p len bytes follow. */
void ip_put(uint8_t *p, const struct pw_tcp_seg *seg, uint32_t len);

/** Take a datagram of @p len bytes. @return PW_OK, or why it is not for us */
enum pw_drop ip_open(const struct pw_addr *us, const uint8_t *p, uint32_t len, struct parcel *out);

/** Read the message of ICMP in @p in. @return PW_OK, or why it tells nothing of a segment */
enum pw_drop ip_read_icmp(const struct parcel *in, struct icmp_error *out);

#endif
