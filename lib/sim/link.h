/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef LINK_H
#define LINK_H

/**
 * @file
 * One direction of a link: what it does to a packet, and when what is left of
 * it arrives. Holds no packets: arrival times are known at once.
 */
#include "pw_rand.h"
#include "pw_sim.h"

#define LINK_FLOWS 16

/** Highest sequence number seen, to know what is sent again. */
struct link_flow {
	uint32_t ports;
	uint32_t end;
	bool used;
};

struct link {
	struct pw_sim_link cfg;
	struct pw_rand rand;
	pw_ns busy_until; /**< the wire is taken until then */
	uint64_t n_seen;
	uint32_t n_thinned;
	pw_ns ack_at; /**< when the last pure ACK passed a link that thins them */
	bool bad;     /**< in a burst of losses */
	struct link_flow flow[LINK_FLOWS];
	uint32_t next_flow;
	uint64_t n[PW_SIM_FATE_MAX];
};

/** What became of a packet: nothing, one or two copies arrive. */
struct link_out {
	enum pw_sim_fate fate; /**< PW_SIM_SENT, or the last thing that was done to it */
	uint32_t n;
	pw_ns at[2];
};

void link_init(struct link *l, const struct pw_sim_link *cfg, uint64_t seed);

/** From now on be like @p cfg; what counts packets goes on counting. */
void link_set(struct link *l, const struct pw_sim_link *cfg);

/** Take a packet, which may be changed and cut, at @p now. */
void link_pass(struct link *l, uint8_t *dgram, uint32_t *len, pw_ns now, struct link_out *out);

/** Bytes that wait at @p now. */
uint64_t link_backlog(const struct link *l, pw_ns now);

/** Take the options in @p strip (PW_OPT_*) out of a SYN, its checksum set right. */
void link_strip(uint8_t *dgram, uint32_t len, uint8_t strip);

#endif
