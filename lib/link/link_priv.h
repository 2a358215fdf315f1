/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef LINK_PRIV_H
#define LINK_PRIV_H

/**
 * @file
 * The neighbour table, shared by the files of this module.
 *
 *	            own need                    asked and answered
 *	   FREE ------------> INCOMPLETE ----------------------------> REACHABLE
 *	     ^                 |     ^                                  |     ^
 *	     |  no answer (3)  |     | no answer (2)           a minute |     | answered
 *	     |                 v     |       5 s                used    v     |
 *	     +---- FAILED <----+     +--- PROBE <--- DELAY <---------- STALE  |
 *	     |   a while                    |                           |     |
 *	     |                              +---------------------------------+
 *	     +------------------------- unused for a while -------------+
 *
 * An ARP request from a neighbour that names us makes an entry REACHABLE at once; a
 * neighbour solicitation, which proves less (RFC 4861 section 7.2.3), STALE.
 */
#include "pw_link.h"
#include "pw_wire_arp.h"
#include "pw_wire_eth.h"
#include "pw_wire_nd.h"

#define REQUEST_EVERY_NS PW_NS_PER_S	     /* RFC 1122 section 2.3.2.1: one a second at most */
#define REQUEST_TRIES	 3		     /* by broadcast, then FAILED */
#define PROBE_TRIES	 2		     /* by unicast, then by broadcast */
#define REACHABLE_NS	 (60 * PW_NS_PER_S)  /* "on the order of a minute", same section */
#define STALE_NS	 (600 * PW_NS_PER_S) /* kept unused */
#define DELAY_NS	 (5 * PW_NS_PER_S)   /* RFC 4861 section 10: DELAY_FIRST_PROBE_TIME */
#define FAILED_NS	 (10 * PW_NS_PER_S)  /* left alone */
#define IN_USE_NS	 (60 * PW_NS_PER_S)  /* used so lately, an entry is not pushed out */
#define RUN_EVERY_NS	 (100 * PW_NS_PER_MS)
#define WAITING_EACH	 4   /* packets that wait for one neighbour; the latest are kept */
#define WAITING_ALL	 256 /* and for all of them */
#define EVICT_LOOKS	 32  /* entries looked at for a place: the cost of a flood is bounded */
#define NEIGHBOURS	 1024
#define NIL		 UINT16_MAX

struct neigh {
	struct pw_addr addr;
	uint8_t eth[PW_ETH_HLEN_MAX]; /* the header of frames to it, ready made */
	uint8_t state;		      /* enum pw_neigh_state */
	uint8_t tries;		      /* requests sent in this state */
	uint16_t next;		      /* in its hash chain, or in the list of free ones */
	uint16_t n_waiting;
	pw_ns until;   /* when the state is over or the next request due */
	pw_ns used_at; /* 0: never */
	struct rte_mbuf *waiting[WAITING_EACH];
} __rte_cache_aligned;

struct pw_link {
	struct neigh *last; /* found last; a burst goes to few neighbours */
	struct neigh *table;
	uint16_t *heads;
	uint32_t hash_shift;
	uint64_t hash_mult;
	uint32_t max;
	uint16_t free;
	uint16_t hand; /* where the search for a victim goes on */
	pw_ns next_at; /* the earliest `until`, or before */
	struct rte_ether_addr mac;
	uint16_t vlan;
	uint8_t hlen; /* of our frames: with a tag where we write it */
	bool vlan_by_device;
	uint32_t n_addrs;
	void (*arp_heard)(void *ctx, const struct pw_arp *arp, pw_ns now);
	void *arp_ctx;
	void (*neigh_news)(void *ctx, const struct pw_addr *addr, bool is_there);
	void *neigh_ctx;
	pw_ns reachable_ns; /* of IPv6 neighbours, as routers may say */
	pw_ns retrans_ns;
	struct pw_seg *seg;
	struct pw_port_tx *tx;
	struct pw_drops *drops;
	const struct pw_mem *mem;
	bool cuts; /* long segments, in place of the device */
	bool sums; /* and writes their checksums */
	struct pw_if_addr addrs[PW_LINK_ADDRS_MAX];
	struct pw_link_stats stats;
};

/** The entry of @p addr, or NULL. */
struct neigh *neigh_find(struct pw_link *l, const struct pw_addr *addr);

/** A new entry for @p addr, FREE as yet; NULL: no place can be made. */
struct neigh *neigh_add(struct pw_link *l, const struct pw_addr *addr, pw_ns now);

/** The entry of @p addr for our own need; a quarter of the table may be unresolved at once. */
struct neigh *neigh_need(struct pw_link *l, const struct pw_addr *addr, pw_ns now);

/** Forget an entry; what waits for it is dropped as @p why. */
void neigh_del(struct pw_link *l, struct neigh *n, enum pw_drop why);

/** The one place where a state changes. */
void neigh_set_state(struct pw_link *l, struct neigh *n, enum pw_neigh_state state, pw_ns until);

/** It answered: note its MAC address, send what waits. */
void neigh_heard(struct pw_link *l, struct neigh *n, const uint8_t *mac, pw_ns now);

/** It was heard of, which does not prove that it hears us: likewise, but STALE. */
void neigh_seen(struct pw_link *l, struct neigh *n, const uint8_t *mac, pw_ns now);

/** Ask for it, by broadcast or multicast in INCOMPLETE, by unicast in PROBE. */
void neigh_ask(struct pw_link *l, struct neigh *n, enum pw_neigh_state state, pw_ns now);

/** Keep @p m until it is resolved; bounded, the latest packets are kept. */
void neigh_wait(struct pw_link *l, struct neigh *n, struct rte_mbuf *m);

/** An ARP packet in a frame that was for us or for all. @p answers: it is for us to answer. */
enum pw_drop arp_input(struct pw_link *l, const uint8_t *p, uint32_t len, bool answers, pw_ns now);

/** Send a request for @p target to @p dst (a MAC address), from our address on its network. */
void arp_request(struct pw_link *l, const struct pw_addr *target, const uint8_t *dst);

/** Solicit @p target, at @p mac or, NULL, by multicast. */
void nd_solicit(struct pw_link *l, const struct pw_addr *target, const uint8_t *mac);

/** Tell all that an address is ours: an unsolicited advertisement (RFC 4861 section 7.2.6). */
void nd_announce(struct pw_link *l, const struct pw_addr *own);

/** Write the header of our frames to @p dst. @return l->hlen */
uint32_t link_emit(const struct pw_link *l, uint8_t *p, const uint8_t *dst, uint16_t type);

/** Hand a whole frame to the device. */
void link_send(struct pw_link *l, struct rte_mbuf *m);

/** Is it one of our addresses? */
bool link_is_local(const struct pw_link *l, const struct pw_addr *a);

/** Our first address on the network of @p a, or NULL. */
const struct pw_if_addr *link_on_link(const struct pw_link *l, const struct pw_addr *a);

/** The address of ours that asks for @p target: on its network, or else the first of its family. */
struct pw_addr link_source(const struct pw_link *l, const struct pw_addr *target);

#endif
