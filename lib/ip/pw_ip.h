/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_IP_H
#define PW_IP_H

/**
 * @file
 * IPv4 and IPv6 of a host, with their ICMPs (RFC 791, 792, 1122, 6864; RFC 8200,
 * 4443, 8504): every received packet is checked before it is believed, echo is
 * answered, errors are sent within a rate limit that both share, and what belongs
 * to TCP is handed to the caller.
 *
 * Policy: this host forwards nothing, and drops source routed packets; each is
 * counted. Fragments are put together within bounds (pw_frags.h).
 *
 * Owner:    one per worker and port. Not thread safe.
 */
#include "pw_addr.h"
#include "pw_base.h"
#include "pw_drop.h"
#include "pw_frags.h"
#include "pw_link.h"
#include "pw_port.h"
#include "pw_seg.h"
#include "pw_wire_ip4.h"

/** ICMP errors: this many at once, then this many a second (RFC 1812 section 4.3.2.8). */
#define PW_IP_ICMP_BURST 50
#define PW_IP_ICMP_PER_S 100

#define PW_IP_ADDRS_MAX	 96  /**< addresses (or ranges) of an interface */
#define PW_IP_ROUTES_MAX 128 /**< routes of an interface, but for the networks of its addresses */

/** A route of either family. */
struct pw_ip_route {
	struct pw_addr dst; /**< nothing is set behind the prefix */
	uint8_t bits;	    /**< of the 128: an IPv4 /24 is 96 + 24 */
	struct pw_addr hop; /**< on a network of ours; all zero: the destination itself */
};

struct pw_ip_cfg {
	const struct pw_if_addr *addrs; /**< copied; may be added later */
	uint32_t n_addrs;
	const struct pw_ip_route *routes; /**< copied, likewise */
	uint32_t n_routes;
	uint16_t mtu;
	bool tx_ip4_cksum; /**< the device writes the header checksum */
	struct pw_seg *seg;
	struct pw_link *link;
	/**
	 * IPv6 addresses are used when nobody else proved to have them, a second later (RFC 4862
	 * section 5.4); without this, from the start (tests).
	 */
	bool detect_duplicates;
	bool take_ra; /**< make addresses of what routers advertise, and route by them */
	bool speaks;  /**< of several workers that hear the same, the one that asks and tells */
	struct pw_frags *frags; /**< of all interfaces of the worker; NULL: none are put together */
	struct pw_drops *drops; /**< what is dropped on the way out is counted here */
	const struct pw_mem *mem;
};

struct pw_ip; /* private to ip */

/** @return NULL with errno: ENOMEM, ENOSPC (addresses or routes beyond the bounds) */
struct pw_ip *pw_ip_create(const struct pw_ip_cfg *cfg, pw_ns now);
void pw_ip_destroy(struct pw_ip *ip);

/*
 * Addresses and routes change while packets come and go; on the owner's thread. An
 * address brings the route to its network.
 */

/** @return 0, or -ENOSPC: PW_IP_ADDRS_MAX are there. One that is there already takes the prefix. */
int pw_ip_addr_add(struct pw_ip *ip, const struct pw_if_addr *a);
void pw_ip_addr_del(struct pw_ip *ip, const struct pw_addr *a);

/** @return 0, or -ENOSPC: PW_IP_ROUTES_MAX are there. One of the same prefix is replaced. */
int pw_ip_route_add(struct pw_ip *ip, const struct pw_ip_route *r);
void pw_ip_route_del(struct pw_ip *ip, const struct pw_addr *dst, uint8_t bits);

/** Call @p fn with each route in the order of look-up; `hop` all zero: on-link. */
void pw_ip_each_route(
	const struct pw_ip *ip, void (*fn)(void *ctx, const struct pw_ip_route *r), void *ctx);

/** Addresses found free, lifetimes over, questions repeated: what is due at @p now. */
void pw_ip_run(struct pw_ip *ip, pw_ns now);

/** When pw_ip_run() has something to do, or PW_NEVER. */
pw_ns pw_ip_next(const struct pw_ip *ip);

/**
 * Learn from an IPv6 packet of neighbour discovery, @p len bytes at @p p, that another worker
 * received: nothing is answered, and nothing counted.
 */
void pw_ip_overhear(struct pw_ip *ip, const uint8_t *p, uint32_t len, pw_ns now);

/** For whom a packet is. */
enum pw_ip_what {
	PW_IP_DONE,	   /**< dealt with here */
	PW_IP_TCP,	   /**< a segment */
	PW_IP_TCP_WHOLE,   /**< one that came in fragments: l4 lies in the whole packet `whole` */
	PW_IP_TOO_BIG,	   /**< a segment of ours did not fit: `mtu` is what does, or 0 */
	PW_IP_UNREACHABLE, /**< a segment of ours was refused: protocol or port */
	PW_IP_UDP,	   /**< what a datagram for the port of pw_ip_take_udp() holds */
};

/** A received packet, checked. */
struct pw_ip_rx {
	enum pw_ip_what what;
	/** TCP: whence and where to. Of an error: our address and the peer's, as quoted. */
	struct pw_addr src;
	struct pw_addr dst;
	uint8_t ecn;	   /**< TCP: PW_IP_ECN_MASK of its type of service */
	const uint8_t *l4; /**< the segment; of an error: its first 8 bytes or more, quoted */
	uint32_t len;
	uint32_t mtu;
	const uint8_t *whole; /**< of PW_IP_TCP_WHOLE; valid until the next call */
	uint32_t whole_len;
};

/** What the device found out about a packet. */
struct pw_ip_hint {
	bool ip4_ok; /**< header checksum right */
	bool l4_ok;  /**< TCP checksum right */
};

/** Take the packet in @p in (from pw_link_input()). @return PW_OK, or why it was dropped. */
enum pw_drop pw_ip_input(struct pw_ip *ip, const struct pw_link_rx *in, struct pw_ip_hint hint,
	pw_ns now, struct pw_ip_rx *out);

/** @p n more packets came that differ from the last one in nothing that pw_ip_input() looks at. */
void pw_ip_count_input(struct pw_ip *ip, uint32_t n);

/**
 * Send @p m, whose first byte is layer 4's, from @p src to @p dst, with @p ecn
 * (PW_IP_ECN_MASK) as its type of service; both addresses of one family. IPv4 goes out with DF
 * set, a TTL of 64 and, being atomic, ID 0 (RFC 6864 section 4.1). With RTE_MBUF_F_TX_TCP_CKSUM set
 * by the caller, the lengths that the device needs are set here. Takes @p m in any case; a drop is
 * counted.
 */
void pw_ip_output(struct pw_ip *ip, struct rte_mbuf *m, const struct pw_addr *src,
	const struct pw_addr *dst, uint8_t proto, uint8_t ecn, pw_ns now);

/** Hand IPv4 datagrams for this UDP port to the caller, those to all on the link too; 0: none. */
void pw_ip_take_udp(struct pw_ip *ip, uint16_t port);

/**
 * Send a datagram of @p len bytes (PW_SEG_TEXT_MAX less its headers at most) from @p src, which
 * may be 0.0.0.0, to @p dst or, 255.255.255.255, to all on the link.
 */
void pw_ip_send_udp(struct pw_ip *ip, const struct pw_addr *src, const struct pw_addr *dst,
	uint16_t sport, uint16_t dport, const uint8_t *bytes, uint32_t len, pw_ns now);

/** The MTU for IPv6: the device's, or less if a router has said so (RFC 4861 section 6.3.4). */
uint16_t pw_ip_mtu6(const struct pw_ip *ip);

/** Is @p a one of ours? */
bool pw_ip_is_local(const struct pw_ip *ip, const struct pw_addr *a);

/** Written by the owner alone; another thread may read it. */
struct pw_ip_stats {
	uint64_t packets_in;
	uint64_t packets_out;
	uint64_t echo_replies;
	uint64_t errors_out; /**< ICMP errors sent */
	uint64_t duplicates; /**< IPv6 addresses that somebody else has: not used */
};
const struct pw_ip_stats *pw_ip_stats(const struct pw_ip *ip);

#endif
