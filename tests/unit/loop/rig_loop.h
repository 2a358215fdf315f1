/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef RIG_LOOP_H
#define RIG_LOOP_H

/**
 * @file
 * A whole worker on a port without a device, a service that answers any request
 * with the bytes of object 0, and a client that is written by hand: it takes
 * data in order, acknowledges, and checks every checksum with code of its own.
 */
#include "../link/rig_net.h"
#include "../seg/rig_eal.h"
#include "pw_loop.h"

#define RIG_HTTP      80
#define RIG_VLAN_US   "10.1.0.1"
#define RIG_VLAN_PEER "10.1.0.2"

struct rig_loop {
	struct rig_port *rp;
	struct rig_port *in;   /* where the client's frames come in, */
	struct rig_port *out;  /* and where those for it come out; rp both */
	struct rig_loop *mate; /* another worker, which has a turn before each of ours; NULL */
	struct pw_store *store;
	struct pw_worker *w;
	struct pw_if_addr addr;
	struct pw_if_addr vlan_addr;
	pw_ns now;
	bool ip6;
	bool unfinished; /* the test leaves a connection or packets behind on purpose */
	/* The service. */
	uint64_t answer_bytes;
	uint32_t n_open, n_gone, n_timers, n_ticks, n_drains, n_runs;
	pw_ns run_at; /* what run() answers */
	enum pw_tcp_end last_end;
	struct pw_loop_news news; /* the last there were */
	uint32_t n_news;
	/* The client, and which address it speaks to. */
	const char *peer, *us;
	uint16_t sport;
	uint32_t snd_nxt, rcv_nxt;
	bool refused, finished, synced;
	uint64_t got; /* payload bytes in order, each compared */
	uint32_t n_segs, n_other;
	struct rig_buf f;
};

/** What to change before the worker is made. */
struct rig_loop_opts {
	uint16_t max_pieces; /* 0: no bound */
	uint16_t mtu;	     /* 0: 1500 */
	bool tx_tcp_cksum;
	bool rx_tcp_cksum;
	bool has_run; /* the service begins things by itself */
	bool ip6;     /* all of it over IPv6 */
	enum pw_idle idle;
	const struct pw_port_ops *ops; /* NULL: those of the rig */
	struct pw_crew *crew;	       /* NULL: alone */
	uint32_t crew_id;
	bool no_queue;	    /* the port has one, which is worker 0's */
	uint16_t vlan;	    /* 0, or of a second interface, which has RIG_VLAN_US */
	bool tx_vlan;	    /* the port inserts tags */
	bool dhcp;	    /* the first interface asks for an address, and has no gateway */
	bool link_local4;   /* the last one chooses one */
	uint32_t max_conns; /* 0: 64 */
};

void rig_loop_open(struct rig_loop *l, const struct rig_loop_opts *opts);

/** Fails the test when anything is missing. */
void rig_loop_close(struct rig_loop *l);

/** One turn, @p ns later; then the client reads what was sent. */
bool rig_loop_turn(struct rig_loop *l, pw_ns ns);

/** Put the frame in l->f in. */
void rig_loop_put(struct rig_loop *l);

/** The client's segment into l->f. */
void rig_loop_seg(struct rig_loop *l, uint8_t flags, const char *payload);

/** Send it, and count its bytes as sent. */
void rig_loop_send(struct rig_loop *l, uint8_t flags, const char *payload);

/** A frame that makes the client known. */
void rig_loop_hello(struct rig_loop *l);

/** Make us known, and shake hands. */
void rig_loop_connect(struct rig_loop *l);

/** Ask for @p bytes, and take them, with @p accept frames taken by the device each turn. */
void rig_loop_fetch(struct rig_loop *l, uint64_t bytes, uint32_t accept);

/** Close from the client's side, and wait until the server has forgotten. */
void rig_loop_bye(struct rig_loop *l);

#endif
