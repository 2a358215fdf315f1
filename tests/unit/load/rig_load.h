/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef RIG_LOAD_H
#define RIG_LOAD_H

/**
 * @file
 * A load generator and a server that answers by script, both on the real TCP, a
 * link of fixed delay between them, in virtual time.
 */
#include "pw_load.h"
#include "pw_rand.h"

#define RIG_CONNS   32
#define RIG_SERVER  "10.0.0.1"
#define RIG_CLIENT  "10.0.0.2"
#define RIG_SERVER6 "[fd00::1]"
#define RIG_CLIENT6 "fd00::2"
#define RIG_SEED    UINT64_C(0x10ad3)
#define RIG_DELAY   PW_NS_PER_MS /* one way */
#define RIG_URL	    "http://" RIG_SERVER "/x"
#define RIG_OK	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

struct rig_load;

/** A connection as the server has it. */
struct rig_srv {
	struct rig_load *rig;
	struct pw_tcp_conn *tc;
	uint32_t n_requests;
	char request[256]; /* the one that is coming in */
	uint32_t request_len;
	bool close_asked;
	char *out; /* all that was said so far */
	uint32_t out_len;
	uint32_t out_room;
	struct rig_srv *next;
};

/** What the server does about the @p nth request (from 1) of a connection. */
typedef void (*rig_answer)(struct rig_srv *s, uint32_t nth);

struct rig_packet;

struct rig_load {
	struct pw_urls urls;
	struct pw_load_cfg cfg;
	struct pw_load *load;
	struct pw_service service;
	struct pw_tcp *client;
	struct pw_tcp *server;
	pw_ns now;
	pw_ns run_at;
	bool over;
	bool drained;
	bool deaf; /* nothing reaches the server */
	bool shut; /* the server listens to nobody */
	uint32_t loss_percent;
	struct pw_rand rand;

	const char *host; /* as requests name the server; RIG_SERVER at first */
	rig_answer answer;
	const char *text; /* what rig_say() says; RIG_OK at first */
	pw_ns stall_from; /* in this time answers wait */
	pw_ns stall_to;
	struct rig_srv *conns;
	uint32_t n_accepted;
	uint32_t n_closes_asked; /* requests with "Connection: close" */
	uint64_t sources_seen;	 /* by the last byte of the client's address, below 64 */

	struct rig_packet *head; /* under way, by time */
	struct rig_packet *tail;
};

/** Defaults: one URL, 4 connections, closed loop, 1 s. Change rig->cfg before rig_run(). */
void rig_init(struct rig_load *rig);

/** The same over IPv6. */
void rig_use_ip6(struct rig_load *rig);

/** The whole run, drained; @return its figures. Fails when a connection is left. */
const struct pw_load_stats *rig_run(struct rig_load *rig);

void rig_fini(struct rig_load *rig);

/* Answers. */

/** rig->text, now or when the stall is over; then close, if the client asked for that. */
void rig_say(struct rig_srv *s, uint32_t nth);
void rig_put(struct rig_srv *s, const char *text);

#endif
