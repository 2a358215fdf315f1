/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_DHCP_H
#define PW_DHCP_H

/**
 * @file
 * A DHCP client for IPv4 (RFC 2131): the machine of its figure 5, without INIT-REBOOT.
 *
 *	   INIT --> SELECTING --offer--> REQUESTING --ack--> CHECK --free--> BOUND
 *	    ^           |  ^                 | nak, silence    | taken: DECLINE  | T1
 *	    +-----------+--+-----------------+-----------------+                 v
 *	    ^                                             ack ^----------- RENEWING
 *	    |                                                 |             | T2
 *	    +------------------ nak, expiry ------------------+------- REBINDING
 *
 * Plain bytes in and out, no clock: it is told of messages and the time, and says what to
 * send and what has happened. Whoever runs it checks that an address is free (RFC 5227)
 * when it says PW_DHCP_CHECK, and tells the outcome.
 *
 * Trusted is who answers our own random xid: the first offer is taken, then only its
 * server is listened to, until REBINDING.
 */
#include "pw_addr.h"
#include "pw_base.h"
#include "pw_rand.h"
#include "pw_wire_dhcp.h"

#define PW_DHCP_START_NS   PW_NS_PER_S	      /**< DISCOVER comes within so long */
#define PW_DHCP_RETRY_NS   (4 * PW_NS_PER_S)  /**< the first wait, doubled up to */
#define PW_DHCP_RETRY_MAX  (64 * PW_NS_PER_S) /**< this (section 4.1) */
#define PW_DHCP_REQUESTS   4		      /**< without an answer, then anew */
#define PW_DHCP_RENEW_MIN  (60 * PW_NS_PER_S) /**< between renewals (section 4.4.5) */
#define PW_DHCP_DECLINE_NS (10 * PW_NS_PER_S) /**< before it begins anew (section 3.1) */
#define PW_DHCP_LEASE_MIN  30		      /**< seconds; a shorter lease is refused */
#define PW_DHCP_MTU_MIN	   576		      /**< a smaller one is ignored */

enum pw_dhcp_state {
	PW_DHCP_OFF,
	PW_DHCP_INIT,
	PW_DHCP_SELECTING,
	PW_DHCP_REQUESTING,
	PW_DHCP_CHECKING,
	PW_DHCP_BOUND,
	PW_DHCP_RENEWING,
	PW_DHCP_REBINDING,
};

struct pw_dhcp_lease {
	struct pw_addr addr;
	uint8_t prefix_bits;   /**< of the 128 */
	struct pw_addr router; /**< all zero: none */
	struct pw_addr server;
	uint16_t mtu; /**< 0: not said */
	pw_ns t1_at;
	pw_ns t2_at;
	pw_ns ends_at; /**< PW_NEVER: it has no end */
};

enum pw_dhcp_event {
	PW_DHCP_NONE,
	PW_DHCP_CHECK,	 /**< is lease.addr free? pw_dhcp_checked() is due */
	PW_DHCP_BIND,	 /**< lease is ours */
	PW_DHCP_RENEWED, /**< it is longer; what else it says may have changed */
	PW_DHCP_LOSE,	 /**< lease is over: stop using its address at once */
};

/** What came of a call: an event, and a message to be sent (UDP, port 68 to 67). */
struct pw_dhcp_out {
	enum pw_dhcp_event event;
	struct pw_addr src; /**< 0.0.0.0, or our address */
	struct pw_addr dst; /**< the server, or 255.255.255.255: to all on the link */
	uint32_t len;	    /**< 0: nothing is to be sent */
	uint8_t bytes[PW_DHCP_LEN_MAX];
};

/** Written by the owner alone; another thread may read it. */
struct pw_dhcp_stats {
	uint64_t sent;
	uint64_t taken;
	uint64_t ignored; /**< not for us, not from our server, malformed, or not asked for */
	uint64_t naks;
	uint64_t declined;
	uint64_t expired;
};

struct pw_dhcp {
	enum pw_dhcp_state state;
	uint8_t mac[PW_ETH_ADDR_LEN];
	uint32_t xid;
	uint32_t n_tries; /* in this state */
	pw_ns began_at;
	pw_ns at;		    /* when the next thing is due */
	struct pw_dhcp_lease lease; /* offered, to be checked, or ours */
	pw_ns asked_at;		    /* a lease counts from the request, not from the answer */
	struct pw_rand rand;
	struct pw_dhcp_stats stats;
};

void pw_dhcp_init(struct pw_dhcp *d, const uint8_t *mac, uint64_t seed, pw_ns now);

/** What is due at @p now. */
void pw_dhcp_run(struct pw_dhcp *d, pw_ns now, struct pw_dhcp_out *out);

/** When pw_dhcp_run() has something to do. */
static inline pw_ns
pw_dhcp_next(const struct pw_dhcp *d)
{
	return d->at;
}

/** A datagram for port 68 was received. */
void pw_dhcp_input(
	struct pw_dhcp *d, const uint8_t *p, uint32_t len, pw_ns now, struct pw_dhcp_out *out);

/** The answer to PW_DHCP_CHECK: @p is_free, or somebody has it. */
void pw_dhcp_checked(struct pw_dhcp *d, bool is_free, pw_ns now, struct pw_dhcp_out *out);

/** A bound address was found in use by somebody else: it is given back, and lost. */
void pw_dhcp_conflict(struct pw_dhcp *d, pw_ns now, struct pw_dhcp_out *out);

/** "bound", for show. */
const char *pw_dhcp_state_name(enum pw_dhcp_state state);

#endif
