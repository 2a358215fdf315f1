/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_LINK_H
#define PW_LINK_H

/**
 * @file
 * Ethernet and its neighbours: frames in and out, address resolution by ARP
 * (RFC 826, RFC 1122 section 2.3.2) and neighbour discovery (RFC 4861), packets
 * that wait for a neighbour. One table holds the neighbours of both families.
 *
 * An entry is made by our own need, or by a request for one of our addresses
 * from a sender on-link; a reply that nobody asked for changes nothing. A
 * neighbour in use is never pushed out by others. Everything is bounded: the
 * table, those being resolved, the packets that wait; requests for one address
 * go out once a second at most, and one that does not answer is left alone for
 * a while.
 *
 * Received frames are read as plain bytes: no mbuf is kept or changed.
 *
 * Owner:    one per worker and port. Not thread safe.
 */
#include "pw_addr.h"
#include "pw_base.h"
#include "pw_drop.h"
#include "pw_port.h"
#include "pw_seg.h"
#include "pw_wire_nd.h"

/** An address of ours and its network, or a range of addresses. */
struct pw_if_addr {
	struct pw_addr addr;
	uint8_t prefix_bits; /**< of the 128: an IPv4 /24 is 96 + 24 */
	uint32_t n_more;     /**< as many behind it are ours as well, in the last 32 bits */
};

/** Is @p a the address at @p first, or one of the @p n_more behind it? */
static inline bool
pw_addr_in_range(const struct pw_addr *a, const struct pw_addr *first, uint32_t n_more)
{
	uint32_t behind = rte_be_to_cpu_32(a->d[3]) - rte_be_to_cpu_32(first->d[3]);

	return a->q[0] == first->q[0] && a->d[2] == first->d[2] && behind <= n_more;
}

#define PW_LINK_ADDRS_MAX 96 /**< addresses (or ranges) of an interface */

struct pw_arp; /* pw_wire_arp.h */

struct pw_link_cfg {
	struct rte_ether_addr mac;
	uint16_t vlan;	     /**< of all frames in and out (802.1Q); 0: they have no tag */
	bool vlan_by_device; /**< it inserts the tag: frames are handed to it without */
	const struct pw_if_addr *addrs; /**< copied; the first PW_LINK_ADDRS_MAX */
	uint32_t n_addrs;
	uint32_t max_neighbours; /**< 0: 1024 */
	struct pw_seg *seg;	 /**< builds our own messages */
	struct pw_port_tx *tx;	 /**< where frames go */
	struct pw_drops *drops;	 /**< what is dropped on the way out is counted here */
	const struct pw_mem *mem;
	uint64_t seed;	   /**< of the table's hash */
	bool tso;	   /**< the device cuts up long segments; else it is done here */
	bool tx_tcp_cksum; /**< the device sums what was cut up here */
};

struct pw_link; /* private to link */

/** @return NULL with errno: ENOMEM */
struct pw_link *pw_link_create(const struct pw_link_cfg *cfg, pw_ns now);

/** Tell @p fn of every valid ARP packet, overheard ones too. */
void pw_link_set_arp_heard(
	struct pw_link *l, void (*fn)(void *ctx, const struct pw_arp *arp, pw_ns now), void *ctx);

/** Tell @p fn of neighbours that have answered, after a time of doubt, or do not any more. */
void pw_link_set_neigh_news(struct pw_link *l,
	void (*fn)(void *ctx, const struct pw_addr *addr, bool is_there), void *ctx);

/** Find out whether @p addr is there, unless that is known or it did not answer a while ago. */
void pw_link_look_for(struct pw_link *l, const struct pw_addr *addr, pw_ns now);

/**
 * How long an IPv6 neighbour that has answered counts as there, and how often one is asked
 * (RFC 4861 section 6.3.4); within bounds: PW_LINK_REACHABLE_MIN to _MAX, PW_LINK_RETRANS_MIN
 * to _MAX. 0: as before.
 */
void pw_link_set_times(struct pw_link *l, pw_ns reachable, pw_ns retrans);

#define PW_LINK_REACHABLE_MIN (10 * PW_NS_PER_S)
#define PW_LINK_REACHABLE_MAX (3600 * PW_NS_PER_S) /**< RFC 4861 section 6.2.1 */
#define PW_LINK_RETRANS_MIN   PW_NS_PER_S	   /**< nobody makes us ask more often */
#define PW_LINK_RETRANS_MAX   (10 * PW_NS_PER_S)

/** Ask all for @p target, from @p src: 0.0.0.0 to probe, itself to announce (RFC 5227). */
void pw_link_arp(struct pw_link *l, const struct pw_addr *src, const struct pw_addr *target);

/** Send @p m, an IPv4 packet, to all on the link. Takes it. */
void pw_link_broadcast(struct pw_link *l, struct rte_mbuf *m);

/** Bytes of the header of frames as they are handed to the device. */
uint32_t pw_link_hlen(const struct pw_link *l);

/** Free it and the packets that wait. */
void pw_link_destroy(struct pw_link *l);

/** What a frame held. */
struct pw_link_rx {
	const uint8_t *l3; /**< a packet, padding perhaps behind it; NULL: done here */
	uint32_t len;	   /**< bytes there */
	bool ip6;	   /**< of IPv6, says the frame; else of IPv4 */
	bool group;	   /**< sent to a broadcast or multicast MAC address */
};

/**
 * Take the frame of @p len bytes at @p p. A tag that it has must be that of our VLAN, or
 * where we have none, of VLAN 0 (a mere priority); one without a tag was found to be of our
 * VLAN by who calls. @return PW_OK, or why it was dropped.
 */
enum pw_drop pw_link_input(
	struct pw_link *l, const uint8_t *p, uint32_t len, pw_ns now, struct pw_link_rx *rx);

/**
 * Take a message of neighbour discovery, whose checksum was checked. @p answers: it is
 * for us to answer. @return PW_OK, or why it was dropped
 */
enum pw_drop pw_link_nd(struct pw_link *l, const struct pw_nd_msg *m, bool answers, pw_ns now);

/**
 * Learn from a frame of ARP that another worker received: nothing is answered, and nothing
 * counted. @p rx is the packet where it is one of IPv6 instead, for pw_ip_overhear().
 */
void pw_link_overhear(
	struct pw_link *l, const uint8_t *p, uint32_t len, pw_ns now, struct pw_link_rx *rx);

/**
 * Send @p m, a layer 3 packet, to the neighbour @p hop: now, or when it is
 * resolved. Takes @p m in any case; a drop is counted.
 */
void pw_link_output(struct pw_link *l, struct rte_mbuf *m, const struct pw_addr *hop, pw_ns now);

/** An address is ours from now on. @return 0, also if it was; or -ENOSPC */
int pw_link_addr_add(struct pw_link *l, const struct pw_if_addr *a);
void pw_link_addr_del(struct pw_link *l, const struct pw_addr *a);

const uint8_t *pw_link_mac(const struct pw_link *l);

/** Send @p m, an IPv6 packet, to the hosts that listen to @p group. Takes @p m. */
void pw_link_to_group(struct pw_link *l, struct rte_mbuf *m, const struct pw_addr *group);

/** Say that this address is ours. */
void pw_link_announce_one(struct pw_link *l, const struct pw_addr *own);

/** Say who we are, for each address (the first of a range), by a gratuitous request (RFC 5227
 * section 2.3) or an unsolicited advertisement (RFC 4861 section 7.2.6). */
void pw_link_announce(struct pw_link *l);

/** Drop the packets that wait for neighbours. */
void pw_link_drop_waiting(struct pw_link *l);

/** Repeat requests, give up, forget: what is due at @p now. */
void pw_link_run(struct pw_link *l, pw_ns now);

/** When pw_link_run() has something to do, or PW_NEVER. */
pw_ns pw_link_next(const struct pw_link *l);

/** Written by the owner alone; another thread may read it. */
struct pw_link_stats {
	uint32_t neighbours; /**< entries in use */
	uint32_t resolving;  /**< of them, without an answer yet */
	uint32_t waiting;    /**< packets that wait for a neighbour */
	uint64_t requests_out;
	uint64_t replies_out;
	uint64_t resolved;
	uint64_t moved; /**< a neighbour's MAC address changed */
};
const struct pw_link_stats *pw_link_stats(const struct pw_link *l);

enum pw_neigh_state {
	PW_NEIGH_FREE,
	PW_NEIGH_INCOMPLETE, /**< asked by broadcast, no answer yet */
	PW_NEIGH_REACHABLE,  /**< heard of lately */
	PW_NEIGH_STALE,	     /**< not heard of for a while, or never asked */
	PW_NEIGH_DELAY,	     /**< used since; asked soon, if it does not tell of itself before */
	PW_NEIGH_PROBE,	     /**< used, and asked whether it is still there */
	PW_NEIGH_FAILED,     /**< did not answer; left alone until the time is over */
};

/** One entry, for show and for tests. */
struct pw_neigh_info {
	struct pw_addr addr;
	struct rte_ether_addr mac;
	enum pw_neigh_state state;
	uint32_t waiting;
};

/** Call @p fn for each entry; on the owner's thread. */
void pw_link_each(const struct pw_link *l, void (*fn)(void *ctx, const struct pw_neigh_info *info),
	void *ctx);

#endif
