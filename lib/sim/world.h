/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef WORLD_H
#define WORLD_H

/**
 * @file
 * What world.c (time, packets, hosts) and prog.c (their users) share.
 */
#include "evq.h"
#include "inside.h"
#include "link.h"
#include "observer.h"
#include "pw_host.h"
#include "pw_sim.h"

struct world;
struct pkt; /* private to world.c */

/** A host with its wire. */
struct node {
	struct world *w;
	uint32_t id;
	const struct pw_sim_host *plan;
	struct pw_host *host; /**< NULL: down */
	struct link up;
	struct link down;
	struct obs obs;
	struct inside inside;
	pw_ns clock;	/**< what is added to virtual time */
	bool went_back; /**< its clock was set back once */
	pw_ns wake_at;	/**< the earliest event that will wake it */
	pw_ns no_bufs_until;
	bool full;			  /**< something was not taken this turn */
	struct pkt *rx[PW_SIM_BURST_MAX]; /**< arrived, and not looked at yet */
	uint32_t n_rx;
	uint32_t lives;
};

/** A program at one end of a connection. */
struct prog {
	struct world *w;
	const struct pw_sim_conn *conn;
	const struct pw_sim_prog *plan;
	struct node *node;
	uint16_t lport, rport;
	uint32_t life;		  /**< how many had these ports before */
	const struct prog *after; /**< NULL, or the client of the one before */
	bool client;
	struct pw_sock *sock;
	bool began;
	bool has_ports; /**< had a socket once */
	bool done;
	bool shut;
	bool let_go;  /**< closed or aborted before the end was known */
	bool drained; /**< everything was read, the end or an error included */
	bool opened;
	uint32_t n_eof;
	enum pw_tcp_end end;
	pw_ns ended_at;
	uint64_t sent, got;
	uint64_t to_send, to_get;
	uint32_t which_out, which_in; /**< contents */
	pw_ns write_at, read_at, call_at;
	bool paused;
};

struct world {
	const struct pw_sim_plan *plan;
	const struct pw_sim_tap *tap;
	struct pw_sim_result *res;
	pw_ns now;
	struct evq q;
	struct pw_rand rand;
	struct pw_mem mem;
	int64_t n_mem; /**< blocks that are not given back */
	struct node node[PW_SIM_HOSTS_MAX];
	struct prog prog[2 * PW_SIM_CONNS_MAX];
	uint32_t n_progs;
	uint32_t n_running;
	uint8_t scratch[65536];
};

/* world.c */
void world_fail(struct world *w, const char *which, const char *why);
/** Have the host's turn at @p at, at the latest. */
void node_wake(struct node *n, pw_ns at);
pw_ns node_clock(const struct node *n);

/* prog.c */
void prog_init(
	struct prog *p, struct world *w, const struct pw_sim_conn *c, uint32_t nth, bool client);
/** Do what can be done now. */
void prog_step(struct prog *p);
/** What a host's connection of these ports sends. */
uint32_t prog_content(const struct world *w, const struct node *n, uint16_t lport, uint16_t rport);
/** The host has lost its memory. */
void prog_crash(struct prog *p);
/** All is over: was it as planned? */
void prog_judge(const struct prog *client, const struct prog *server);

#endif
