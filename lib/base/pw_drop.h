/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_DROP_H
#define PW_DROP_H

/**
 * @file
 * Why a packet went no further. One list makes the enum, the counters' names
 * and their help. A packet function returns one of these; its caller counts.
 */
#include "pw_base.h"

/* clang-format off */
#define PW_DROPS(X) \
	X(ETH_RUNT, "frame shorter than an Ethernet header") \
	X(ETH_NOT_OURS, "unicast frame for another MAC address") \
	X(ETH_SRC_MULTICAST, "source MAC address is a multicast address") \
	X(ETH_VLAN, "VLAN that is not ours, or no tag where only VLANs are") \
	X(ETH_TYPE, "EtherType that is not spoken here") \
	X(ARP_BAD, "ARP packet short, or of wrong hardware, protocol or length") \
	X(ARP_NOT_OURS, "ARP request for another host's address") \
	X(ARP_UNASKED, "ARP reply that its receiver had not asked for") \
	X(ARP_CONFLICT, "ARP packet claims one of our own addresses") \
	X(ND_BAD, "neighbour discovery message that RFC 4861 calls invalid") \
	X(ND_NOT_OURS, "neighbour solicitation for another host's address") \
	X(ND_UNASKED, "neighbour advertisement that its receiver had not asked for") \
	X(ND_CONFLICT, "neighbour discovery message claims one of our own addresses") \
	X(NEIGH_FULL, "neighbour table full") \
	X(NEIGH_QUEUE, "packets waiting for a neighbour beyond the bound") \
	X(NEIGH_FAILED, "neighbour did not answer") \
	X(IP4_HDR, "IPv4 header short, or version or header length wrong") \
	X(IP4_LEN, "IPv4 total length beyond the frame or below the header") \
	X(IP4_CKSUM, "IPv4 header checksum wrong") \
	X(IP4_OPTIONS, "IPv4 options malformed") \
	X(IP4_SOURCE_ROUTE, "IPv4 source route, refused by policy") \
	X(IP4_SRC, "IPv4 source address that no host may use") \
	X(IP4_NOT_OURS, "IPv4 destination is not ours") \
	X(IP4_PROTO, "IPv4 protocol that is not spoken here") \
	X(IP_LAND, "source address is one of ours") \
	X(IP_NO_ROUTE, "destination neither on-link nor behind a gateway") \
	X(IP6_HDR, "IPv6 header short, or version wrong") \
	X(IP6_LEN, "IPv6 payload length beyond the frame") \
	X(IP6_SRC, "IPv6 source address that no host may use") \
	X(IP6_NOT_OURS, "IPv6 destination is not ours") \
	X(IP6_EXT, "IPv6 extension header malformed or out of place") \
	X(IP6_EXT_LIMIT, "IPv6 extension headers or options beyond the bound") \
	X(IP6_OPTION, "unknown IPv6 option that forbids to go on") \
	X(IP6_ROUTING, "IPv6 routing header with segments left") \
	X(IP6_CHAIN, "IPv6 header chain cut (RFC 7112)") \
	X(IP_FRAGMENT, "fragment where none is put together, or for a group") \
	X(FRAG_BAD, "fragment empty or of an impossible length") \
	X(FRAG_SIZE, "fragments that are more, or more bytes, than are put together") \
	X(FRAG_OVERLAP, "fragments that overlap, and what else comes of their packet") \
	X(FRAG_FULL, "fragment of a packet beyond the bound on those under way") \
	X(FRAG_TIMEOUT, "packet that was not whole in time") \
	X(IP6_PROTO, "IPv6 next header that is not spoken here") \
	X(ICMP_SHORT, "ICMP message short or its quotation cut") \
	X(ICMP_CKSUM, "ICMP checksum wrong") \
	X(ICMP_TYPE, "ICMP message that asks nothing of us") \
	X(ICMP_BROADCAST, "ICMP echo to a broadcast or multicast address") \
	X(ICMP_RATE, "ICMP answer held back by its rate limit") \
	X(ICMP_STRAY, "ICMP error about nothing that we sent") \
	X(UDP_BAD, "UDP length or checksum wrong") \
	X(DHCP_IGNORED, "DHCP message malformed, not for us, not from our server, or not asked for") \
	X(TCP_HDR, "TCP header short, or its data offset wrong") \
	X(TCP_CKSUM, "TCP checksum wrong") \
	X(TCP_MULTICAST, "TCP to a broadcast or multicast address") \
	X(TCP_LAND, "TCP segment with equal source and destination") \
	X(TCP_PORT_ZERO, "TCP port 0") \
	X(TCP_CLOSED, "no such connection, answered by RST") \
	X(TCP_CLOSED_RST, "RST for no connection") \
	X(TCP_LISTEN, "neither SYN, ACK nor RST for a listening port") \
	X(TCP_SYN_FIN, "SYN and FIN together") \
	X(TCP_BACKLOG, "SYN beyond the bound on half-open connections, answered by a cookie") \
	X(TCP_NO_CONN, "SYN beyond the bound on connections") \
	X(TCP_DRAIN, "SYN while draining, answered by RST") \
	X(TCP_PAWS, "timestamp older than the latest (RFC 7323 5.3)") \
	X(TCP_NO_TS, "timestamp missing though negotiated (RFC 7323 3.2)") \
	X(TCP_WINDOW, "outside the receive window") \
	X(TCP_RST, "RST taken: the connection is gone") \
	X(TCP_RST_WINDOW, "RST not at RCV.NXT, challenged (RFC 5961 3)") \
	X(TCP_SYN, "SYN on a connection, challenged (RFC 5961 4)") \
	X(TCP_NO_ACK, "no ACK bit") \
	X(TCP_ACK_BAD, "acknowledges what was not sent") \
	X(TCP_ACK_OLD, "acknowledges from before the window (RFC 5961 5)") \
	X(TCP_AFTER_CLOSE, "data after the user closed") \
	X(TCP_OOO_FULL, "no room to keep an out-of-order segment") \
	X(TCP_TIME_WAIT, "RST or old segment in TIME-WAIT") \
	X(HAND_OVER, "the lane to the worker that owns the connection is full") \
	X(NO_MBUF, "no mbuf to build a packet with") \
	X(TX_FULL, "transmit queue full") \
	X(TX_STUCK, "the device refused the packet for a second")
/* clang-format on */

enum pw_drop {
	PW_OK = 0, /**< not dropped */
#define X(name, help) PW_DROP_##name,
	PW_DROPS (X)
#undef X
	PW_DROP_MAX
};

/** Name ("arp_bad") and one line of help. Index: enum pw_drop. */
struct pw_drop_info {
	const char *name;
	const char *help;
};
extern const struct pw_drop_info pw_drop_info[PW_DROP_MAX];

/** Per worker, written by it alone; a reader may be one update behind. */
struct pw_drops {
	uint64_t n[PW_DROP_MAX];
};

static inline void
pw_drop_count(struct pw_drops *d, enum pw_drop why)
{
	d->n[why]++;
}

#endif
