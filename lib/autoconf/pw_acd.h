/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_ACD_H
#define PW_ACD_H

/**
 * @file
 * Address conflict detection (RFC 5227), for one IPv4 address: is it free, announcing
 * it, and what to do when somebody else says that it is his. And the addresses of
 * RFC 3927, which hosts choose for themselves.
 *
 *	  begin ----> PROBE (3 probes) ----> ANNOUNCE (2 announcements) ----> OWN
 *	     \ not to probe                 ^                                  |
 *	      '-----------------------------'    a conflict: defend, or lost <-'
 *
 * It is told of ARP packets and the time, and says what to send: no clock, no device.
 */
#include "pw_addr.h"
#include "pw_base.h"
#include "pw_rand.h"
#include "pw_wire_arp.h"

/** RFC 5227 section 1.1. */
#define PW_ACD_PROBE_WAIT_NS	 PW_NS_PER_S
#define PW_ACD_PROBES		 3
#define PW_ACD_PROBE_MIN_NS	 PW_NS_PER_S
#define PW_ACD_PROBE_MAX_NS	 (2 * PW_NS_PER_S)
#define PW_ACD_ANNOUNCE_WAIT_NS	 (2 * PW_NS_PER_S)
#define PW_ACD_ANNOUNCEMENTS	 2
#define PW_ACD_ANNOUNCE_EVERY_NS (2 * PW_NS_PER_S)
#define PW_ACD_DEFEND_NS	 (10 * PW_NS_PER_S)
#define PW_ACD_CONFLICTS_MAX	 10 /**< then one address is tried a minute */
#define PW_ACD_RATE_LIMIT_NS	 (60 * PW_NS_PER_S)

enum pw_acd_state {
	PW_ACD_OFF,
	PW_ACD_PROBE,	 /**< not to be used yet */
	PW_ACD_ANNOUNCE, /**< ours, and said so once more */
	PW_ACD_OWN,
};

/** What the caller has to do now. */
enum pw_acd_do {
	PW_ACD_NOTHING,
	PW_ACD_SEND_PROBE,    /**< a request for the address from 0.0.0.0 */
	PW_ACD_SEND_ANNOUNCE, /**< a request for it from itself */
	PW_ACD_UP,	      /**< the same, and from now on it can be used */
	PW_ACD_DEFEND,	      /**< the same as SEND_ANNOUNCE: somebody else uses it */
	PW_ACD_LOST,	      /**< somebody else's: use it no more */
};

struct pw_acd {
	struct pw_addr addr;
	uint8_t mac[PW_ETH_ADDR_LEN];
	bool hold; /**< never give it up: an operator has configured it */
	enum pw_acd_state state;
	uint32_t n_sent;      /**< in this state */
	pw_ns at;	      /**< when the next thing is to be sent */
	pw_ns conflict_at;    /**< the last that was answered; PW_NEVER: none */
	uint64_t n_conflicts; /**< all there were */
};

/** Begin with an address. @p probe: ask first whether it is free; @p wait: not before that. */
void pw_acd_begin(struct pw_acd *a, const struct pw_addr *addr, const uint8_t *mac, bool probe,
	pw_ns wait, struct pw_rand *rand, pw_ns now);

/** What is due at @p now; one thing a call. */
enum pw_acd_do pw_acd_run(struct pw_acd *a, struct pw_rand *rand, pw_ns now);

/** When pw_acd_run() has something to do, or PW_NEVER. */
static inline pw_ns
pw_acd_next(const struct pw_acd *a)
{
	return a->state == PW_ACD_PROBE || a->state == PW_ACD_ANNOUNCE ? a->at : PW_NEVER;
}

/** An ARP packet was received. */
enum pw_acd_do pw_acd_heard(struct pw_acd *a, const struct pw_arp *arp, pw_ns now);

/** May it be used? */
static inline bool
pw_acd_is_ours(const struct pw_acd *a)
{
	return a->state == PW_ACD_ANNOUNCE || a->state == PW_ACD_OWN;
}

/** An address of 169.254.1.0 to 169.254.254.255 (RFC 3927 section 2.1). */
struct pw_addr pw_acd_link_local(struct pw_rand *rand);

#endif
