/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_SPREAD_H
#define PW_SPREAD_H

/**
 * @file
 * Which of several workers a connection belongs to.
 *
 * It is what a device's RSS says that was given our key and our table: Toeplitz
 * over addresses and ports, under a key that repeats every 16 bits. Such a hash is
 * the same for both directions, and depends on nothing but the exclusive or of all
 * 16-bit words of its input (the *fold*), so that it costs a few instructions where
 * no device has reckoned it. An IPv4 address and the IPv6 address that it is mapped
 * to have the same fold.
 *
 * The hash names a cell, the cell a worker. There are as many cells as the
 * smallest table of a device has entries (RTE_ETH_RETA_GROUP_SIZE); a larger table
 * repeats them.
 *
 * Whoever wants all his connections in one worker can have that: the key is no
 * secret, as with any RSS. He gets the share of one worker.
 *
 * Threads:  made at start, then read by all.
 */
#include "pw_addr.h"
#include "pw_base.h"

#define PW_WORKERS_MAX	 16
#define PW_SPREAD_CELLS	 64
#define PW_SPREAD_KEY_HI 0x6d /**< the key, all of it */
#define PW_SPREAD_KEY_LO 0x5a

struct pw_spread {
	uint32_t n_workers;
	uint8_t hi[256]; /**< parts of the cell, by the fold's upper and lower byte */
	uint8_t lo[256];
	uint8_t worker[PW_SPREAD_CELLS];
};

/** @param n_workers  1 to PW_WORKERS_MAX */
void pw_spread_init(struct pw_spread *s, uint32_t n_workers);

/** The worker of cell @p i, for any i: what entry i of a device's table must say. */
static inline uint32_t
pw_spread_cell_worker(const struct pw_spread *s, uint32_t i)
{
	return s->worker[i % PW_SPREAD_CELLS];
}

/** How many of PW_SPREAD_CELLS are @p worker's: its share of all connections. */
uint32_t pw_spread_cells_of(const struct pw_spread *s, uint32_t worker);

/** The worker of a connection with this fold. */
static inline uint32_t
pw_spread_worker(const struct pw_spread *s, uint16_t fold)
{
	return s->worker[s->hi[fold >> 8] ^ s->lo[fold & 0xff]];
}

/** The fold of the 32-bit words of the input, in wire order, exclusive-ored. */
static inline uint16_t
pw_spread_fold(rte_be32_t words)
{
	return rte_be_to_cpu_16((rte_be16_t)(words ^ words >> 16));
}

/** The worker of the connection between @p a and @p b. */
uint32_t pw_spread_worker_of(const struct pw_spread *s, const struct pw_addr *a, uint16_t a_port,
	const struct pw_addr *b, uint16_t b_port);

#endif
