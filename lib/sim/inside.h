/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef INSIDE_H
#define INSIDE_H

/**
 * @file
 * The one file of sim that knows how TCP is made: invariants that cannot be
 * seen from outside, and the choice of sequence numbers.
 */
#include "pw_tcp.h"

struct inside {
	struct pw_tcp *tcp;
	/** S7: least round trip to that address; 0: not known. */
	pw_ns (*rtt_floor)(void *ctx, const struct pw_addr *remote);
	void (*fail)(void *ctx, const char *which, const char *why);
	void *ctx;
	uint64_t digest; /**< of all states that were seen */
	bool way_full;	 /**< something could not be sent this turn */
};

/** After a turn: check every connection. */
void inside_check(struct inside *in);

/** A segment with @p len new bytes is leaving: may it? */
void inside_check_new(struct inside *in, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport, uint32_t len);

/** Connections that have not sent their SYN yet shall begin at sequence number 2^32 - @p back. */
void inside_set_isn(struct pw_tcp *t, uint32_t back);

#endif
