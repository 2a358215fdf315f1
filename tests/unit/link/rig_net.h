/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef RIG_NET_H
#define RIG_NET_H

/**
 * @file
 * A port, a packet builder and a link on 10.0.0.1/24 and 192.168.5.1/16, with IPv6
 * also on fd00::1/64 and its link-local address, and frames written byte by byte.
 */
#include "../port/rig_port.h"
#include "pw_link.h"

#define US     "10.0.0.1"
#define US_TOO "192.168.5.1"
#define PEER   "10.0.0.2"
#define ROUTER "10.0.0.254"
#define FAR    "8.8.8.8"

#define US6	 "fd00::1"
#define US6_LL	 "fe80::ff:fe00:1" /* of rig_our_mac */
#define PEER6	 "fd00::2"
#define PEER6_LL "fe80::ff:fe00:2" /* of rig_peer_mac */
#define ROUTER6	 "fe80::254"
#define FAR6	 "2001:db8::8"

extern const uint8_t rig_our_mac[6];  /* the port's */
extern const uint8_t rig_peer_mac[6]; /* PEER's */
extern const uint8_t rig_all_mac[6];

struct rig_net {
	struct rig_port *rp;
	struct pw_seg *seg;
	struct pw_port_tx tx;
	struct pw_drops drops;
	struct pw_if_addr addrs[4];
	uint32_t n_addrs; /* 2, or with IPv6 4 */
	uint32_t max_neighbours;
	struct pw_link *link;
	pw_ns now;
};

/** Everything up, the clock at one hour. */
void rig_net_open(struct rig_net *n, uint32_t max_neighbours);

/** The same with IPv6. */
void rig_net_open6(struct rig_net *n, uint32_t max_neighbours);

/** A new link on the same port, which knows nobody; the clock at one hour again. */
void rig_net_reopen(struct rig_net *n);

/** Fails the test when an mbuf is missing. */
void rig_net_close(struct rig_net *n);

/** Give what waits to the port. @return frames sent since rig_port_forget() */
uint32_t rig_net_flush(struct rig_net *n);

struct pw_addr rig_addr(const char *text);

/** Bytes written one after the other. */
struct rig_buf {
	uint32_t len;
	uint8_t b[RIG_FRAME_MAX];
};

/** An Ethernet header; starts the frame. */
void rig_eth(struct rig_buf *f, const uint8_t *dst, const uint8_t *src, uint16_t type);

/** A whole ARP frame. @p dst is the frame's, @p tha the packet's. */
void rig_arp(struct rig_buf *f, const uint8_t *dst, uint16_t op, const uint8_t *sha,
	const char *spa, const uint8_t *tha, const char *tpa);

/** Append an IPv4 header for @p l4_len bytes to come. */
void rig_ip4(struct rig_buf *f, const char *src, const char *dst, uint8_t proto, uint32_t l4_len);

/** Set the checksum of the IPv4 header that follows the Ethernet header. */
void rig_ip4_fix(struct rig_buf *f);

/** Append an IPv6 header for @p len bytes to come. */
void rig_ip6(struct rig_buf *f, const char *src, const char *dst, uint8_t next, uint32_t len);

/**
 * A whole frame of ICMPv6 from @p src's MAC address, its checksum right.
 * @param dst  may be a group: the frame goes to its MAC address
 */
void rig_icmp6(struct rig_buf *f, const uint8_t *src_mac, const char *src, const char *dst,
	uint8_t hop_limit, const void *msg, uint32_t len);

/** A whole solicitation for @p target with its option (@p mac not NULL), or advertisement. */
void rig_ns(struct rig_buf *f, const uint8_t *mac, const char *src, const char *dst,
	const char *target);
void rig_na(struct rig_buf *f, const uint8_t *mac, const char *src, const char *dst,
	const char *target, uint8_t flags);

void rig_put(struct rig_buf *f, const void *bytes, uint32_t len);
void rig_put8(struct rig_buf *f, uint32_t v);
void rig_put16(struct rig_buf *f, uint32_t v);
void rig_put32(struct rig_buf *f, uint32_t v);

static inline uint32_t
rig_get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

#endif
