/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Opening an Ethernet device: ask for what it has, believe what it means.
 */
#include <stdio.h>
#include <stdlib.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include "pw_log.h"
#include "pw_port.h"
#include "rss.h"

RTE_LOG_REGISTER(pw_log_port, pagewire.port, NOTICE);
#define PORT_LOG(lvl, ...) PW_LOG(lvl, pw_log_port, "port", __VA_ARGS__)

#define RING_DEFAULT  512
#define RX_BUF_BYTES  2048 /* room for a frame of MTU 1500 and tags */
#define RX_CACHE      256
#define RX_SPARE      512  /* buffers under way in the worker */
#define RX_ELSEWHERE  1024 /* likewise, in the lane to another worker and in its pool cache */
#define MTU_MIN	      576
#define MTU_MAX	      65000
#define FRAME_OVER    (RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + 2 * RTE_VLAN_HLEN)
#define ROOM_MAX      (UINT16_MAX - RTE_PKTMBUF_HEADROOM)
#define GSO_BYTES_MAX 61440 /* a super-segment with its headers stays within 16 bits */

/* What a driver's capabilities do not tell. */
struct traits {
	const char *driver;
	bool copies;	    /* payload is copied by the driver, by nature */
	bool keeps_rx;	    /* closed, it does not give back what lies in its fill ring */
	bool soft_cksum;    /* "offloads" are a loop over the payload: taken as absent */
	bool soft_tx_cksum; /* likewise, of sending only */
	bool soft_rx_vlan;  /* a tag is taken out by moving bytes, */
	bool soft_tx_vlan;  /* or put in so: ours is written with the header */
	bool no_rx_intr;
	bool no_rss;	/* what it calls RSS is not set by configuring it */
	bool same_mac;	/* the kernel's end has the same MAC address */
	bool gapless;	/* takes its receive buffers to lie back to back */
	bool any_mtu;	/* frames of any length pass, whatever the driver says of itself */
	uint16_t n_rxd; /* 0: what the device prefers */
};

/* clang-format off */
static const struct traits known[] = {
	/* A receive descriptor of TAP is a piece of the scatter list of every readv(). */
	{.driver = "net_tap", .copies = true, .soft_cksum = true, .no_rss = true, .same_mac = true, .n_rxd = 64},
	/* The kernel has stripped the tag: not asked to, the driver would put it back. */
	{.driver = "net_af_packet", .copies = true, .soft_tx_vlan = true, .no_rx_intr = true, .any_mtu = true},
	{.driver = "net_af_xdp", .copies = true, .keeps_rx = true, .no_rx_intr = true, .gapless = true},
	{.driver = "net_memif", .copies = true, .any_mtu = true},
	/* For a guest that wants checksums it adds them in software, and DPDK 22.11's sum over a
	 * chain (rte_raw_cksum_mbuf) is wrong when a piece starts at an odd place. */
	{.driver = "net_vhost", .copies = true, .soft_tx_cksum = true, .soft_rx_vlan = true, .soft_tx_vlan = true},
	{.driver = "net_pcap", .copies = true, .no_rx_intr = true},
	{.driver = "net_ring", .no_rx_intr = true},
	{.driver = "net_null", .no_rx_intr = true},
	{.driver = "net_virtio_user", .soft_rx_vlan = true, .soft_tx_vlan = true},
	{.driver = NULL}, /* any other is hardware */
};
/* clang-format on */

static const struct traits *
traits_of(const char *driver)
{
	const struct traits *t = known;

	while (t->driver != NULL && strcmp(t->driver, driver) != 0)
		t++;
	return t;
}

/* What open() works with. */
struct opening {
	const struct pw_port_cfg *cfg;
	struct pw_port *port;
	const struct traits *traits;
	struct rte_eth_dev_info info;
	uint64_t tx_offloads;
	uint64_t rx_offloads;
	uint16_t mtu_max; /* what the device may be asked for */
	uint16_t rx_room; /* of a receive buffer, behind the headroom */
};

/* One line: what is wrong, and what to do or, without advice, the error's own words. */
static int
refuse(const struct opening *o, int err, const char *what, const char *todo)
{
	PORT_LOG(ERR, "port %u (%s): %s: %s", o->cfg->port_id, o->port->driver, what,
		todo != NULL ? todo : rte_strerror(-err));
	return err;
}

/* As the library reckons it from what the driver says. */
static uint16_t
mtu_max(const struct rte_eth_dev_info *info)
{
	uint32_t over = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;

	if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
		over = info->max_rx_pktlen - info->max_mtu;
	return (uint16_t)RTE_MIN(info->max_rx_pktlen - over, info->max_mtu);
}

static int
read_info(struct opening *o)
{
	struct pw_port *port = o->port;
	int err;

	snprintf(port->driver, sizeof(port->driver), "no driver");
	if (!rte_eth_dev_is_valid_port(o->cfg->port_id))
		return refuse(o, -ENODEV, "no such port", "give a device with --vdev or --allow");
	err = rte_eth_dev_info_get(o->cfg->port_id, &o->info);
	if (err != 0)
		return refuse(o, err, "cannot be asked for its capabilities", NULL);
	port->id = o->cfg->port_id;
	port->socket_id = rte_eth_dev_socket_id(port->id);
	snprintf(port->driver, sizeof(port->driver), "%s", o->info.driver_name);
	rte_eth_dev_get_name_by_port(port->id, port->name);
	o->traits = traits_of(port->driver);
	o->mtu_max = mtu_max(&o->info);
	return 0;
}

static int
check(const struct opening *o)
{
	uint16_t least = RTE_MAX(o->info.min_mtu, MTU_MIN);
	uint16_t most = o->traits->any_mtu ? MTU_MAX : RTE_MIN(o->mtu_max, MTU_MAX);
	char todo[64];

	if (o->cfg->mtu != 0 && (o->cfg->mtu < least || o->cfg->mtu > most)) {
		snprintf(todo, sizeof(todo), "its driver allows %u to %u", least, most);
		return refuse(o, -EINVAL, "impossible MTU", todo);
	}
	return 0;
}

/* Ask for what is there. Never MBUF_FAST_FREE: our mbufs come from several pools. */
static void
choose_offloads(struct opening *o)
{
	uint64_t tx = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	uint64_t rx = 0;

	if (!o->traits->soft_cksum)
		rx = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
	if (!o->traits->soft_cksum && !o->traits->soft_tx_cksum)
		tx |= RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
	o->tx_offloads = tx & o->info.tx_offload_capa;
	/* Cutting up segments is of use where chains and checksums are the device's as well. */
	tx = RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
	if ((o->tx_offloads & tx) == tx)
		o->tx_offloads |= RTE_ETH_TX_OFFLOAD_TCP_TSO & o->info.tx_offload_capa;
	if (o->cfg->want_vlan && !o->traits->soft_rx_vlan)
		rx |= RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
	if (o->cfg->want_vlan && !o->traits->soft_tx_vlan)
		o->tx_offloads |= RTE_ETH_TX_OFFLOAD_VLAN_INSERT & o->info.tx_offload_capa;
	o->rx_offloads = rx & o->info.rx_offload_capa;
}

/* Receive into one buffer where a frame fits, else into several where the device can. */
static void
choose_rx_room(struct opening *o, uint16_t mtu)
{
	uint32_t frame = (uint32_t)mtu + FRAME_OVER;

	o->rx_room = (uint16_t)RTE_MIN(RTE_MAX(o->cfg->rx_room, RX_BUF_BYTES), ROOM_MAX);
	if (frame <= o->rx_room)
		return;
	if (o->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER)
		o->rx_offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
	else
		/* In whole memory pages: AF_PACKET's buffers must hold a place of its ring. */
		o->rx_room = (uint16_t)RTE_MIN(RTE_ALIGN_CEIL(frame, 4096u), ROOM_MAX);
}

static uint16_t
ring_size(uint16_t asked, uint16_t trait, uint16_t preferred)
{
	if (asked != 0)
		return asked;
	if (trait != 0)
		return trait;
	return preferred != 0 ? preferred : RING_DEFAULT;
}

/* As many queue pairs as there are workers, if it has them, and RSS, if that is wanted. */
static int
choose_spread(struct opening *o)
{
	uint16_t queues = RTE_MIN(o->info.max_rx_queues, o->info.max_tx_queues);
	struct pw_port *port = o->port;
	char what[64];

	port->n_queues = RTE_MIN(o->cfg->n_workers, queues);
	if (o->cfg->n_workers == 1)
		return 0;
	snprintf(what, sizeof(what), "cannot spread by RSS over %u workers", o->cfg->n_workers);
	if (o->cfg->spread == PW_PORT_SPREAD_SOFTWARE)
		port->no_rss = "it was not asked for RSS";
	else if (queues < o->cfg->n_workers)
		port->no_rss = "it has too few queues for RSS";
	else
		port->no_rss = o->traits->no_rss ? "its driver has no RSS to configure"
						 : rss_lacks(&o->info);
	port->rss = port->no_rss == NULL;
	return !port->rss && o->cfg->spread == PW_PORT_SPREAD_RSS
		       ? refuse(o, -ENOTSUP, what, port->no_rss)
		       : 0;
}

static int
configure(struct opening *o)
{
	struct pw_port *port = o->port;
	struct rte_eth_conf conf = {0};
	int err;

	err = rte_eth_dev_get_mtu(port->id, &port->mtu);
	if (err != 0 || port->mtu == 0)
		port->mtu = RTE_ETHER_MTU;
	if (o->cfg->mtu != 0)
		port->mtu = o->cfg->mtu;
	choose_offloads(o);
	choose_rx_room(o, port->mtu);
	conf.rxmode.mtu = RTE_MIN(port->mtu, o->mtu_max);
	conf.rxmode.offloads = o->rx_offloads;
	conf.txmode.offloads = o->tx_offloads;
	conf.intr_conf.rxq = o->cfg->want_rx_intr && !o->traits->no_rx_intr;
	if (port->rss)
		rss_ask(&o->info, &conf);
	err = rte_eth_dev_configure(port->id, port->n_queues, port->n_queues, &conf);
	if (err != 0)
		return refuse(o, err, "cannot be configured", NULL);
	port->rx_intr = conf.intr_conf.rxq;
	port->n_rxd =
		ring_size(o->cfg->n_rxd, o->traits->n_rxd, o->info.default_rxportconf.ring_size);
	port->n_txd = ring_size(o->cfg->n_txd, 0, o->info.default_txportconf.ring_size);
	err = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &port->n_rxd, &port->n_txd);
	return err == 0 ? 0 : refuse(o, err, "ring sizes cannot be had", NULL);
}

/*
 * A driver without the notion of an MTU (ring, pcap) takes what it is given; one
 * that is wrong about its own is not asked.
 */
static int
set_mtu(struct opening *o)
{
	int err;

	if (o->cfg->mtu == 0 || o->cfg->mtu > o->mtu_max)
		return 0;
	err = rte_eth_dev_set_mtu(o->port->id, o->port->mtu);
	if (err == 0 || err == -ENOTSUP)
		return 0;
	return refuse(o, err, "MTU cannot be set", "leave it out, or set it on the other side");
}

/*
 * A pool leaves a gap where a buffer would cross into the next memory page, so that each
 * is contiguous for DMA. net_af_xdp registers "number times size" bytes from the first
 * buffer on, and the kernel drops what uses a buffer beyond: there the buffers, which no
 * device reaches by physical address, follow each other without gaps.
 */
static struct rte_mempool *
make_gapless(const char *name, uint32_t n, uint16_t room, int socket_id)
{
	struct rte_pktmbuf_pool_private priv = {.mbuf_data_room_size = room};

	return rte_mempool_create(name, n, sizeof(struct rte_mbuf) + room, RX_CACHE, sizeof(priv),
		rte_pktmbuf_pool_init, &priv, rte_pktmbuf_init, NULL, socket_id,
		RTE_MEMPOOL_F_NO_IOVA_CONTIG);
}

static int
make_rx_pool(struct opening *o, uint16_t queue)
{
	struct pw_port *port = o->port;
	uint16_t room = (uint16_t)(RTE_PKTMBUF_HEADROOM + o->rx_room);
	uint32_t n = port->n_rxd + RX_SPARE + RX_CACHE + (o->cfg->n_workers - 1u) * RX_ELSEWHERE;
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "rx_p%u_q%u", port->id, queue);
	if (o->traits->gapless)
		port->rx_pools[queue] = make_gapless(name, n, room, port->socket_id);
	else
		port->rx_pools[queue] =
			rte_pktmbuf_pool_create(name, n, RX_CACHE, 0, room, port->socket_id);
	if (port->rx_pools[queue] == NULL)
		return refuse(
			o, -rte_errno, "no memory for receive buffers", "reserve more hugepages");
	return 0;
}

static int
setup_queue(struct opening *o, uint16_t queue)
{
	struct rte_eth_rxconf rx = o->info.default_rxconf;
	struct rte_eth_txconf tx = o->info.default_txconf;
	struct pw_port *port = o->port;
	int err;

	err = make_rx_pool(o, queue);
	if (err != 0)
		return err;
	rx.offloads = o->rx_offloads;
	tx.offloads = o->tx_offloads;
	err = rte_eth_rx_queue_setup(
		port->id, queue, port->n_rxd, port->socket_id, &rx, port->rx_pools[queue]);
	if (err != 0)
		return refuse(o, err, "receive queue cannot be set up", NULL);
	err = rte_eth_tx_queue_setup(port->id, queue, port->n_txd, port->socket_id, &tx);
	return err == 0 ? 0 : refuse(o, err, "transmit queue cannot be set up", NULL);
}

static int
setup_queues(struct opening *o)
{
	uint16_t i;
	int err;

	o->port->rx_pools = calloc(o->port->n_queues, sizeof(*o->port->rx_pools));
	if (o->port->rx_pools == NULL)
		return -ENOMEM;
	for (i = 0; i < o->port->n_queues; i++) {
		err = setup_queue(o, i);
		if (err != 0)
			return err;
	}
	return 0;
}

static int
read_mac(struct opening *o)
{
	struct pw_port *port = o->port;
	int err = rte_eth_macaddr_get(port->id, &port->mac);

	if (err != 0)
		return refuse(o, err, "has no MAC address", NULL);
	/* A bridge or a host drops what comes with its own address: be another one. */
	if (o->traits->same_mac) {
		port->mac.addr_bytes[0] |= RTE_ETHER_LOCAL_ADMIN_ADDR;
		port->mac.addr_bytes[5] ^= 0x01;
	}
	return 0;
}

static void
describe(const struct opening *o)
{
	struct pw_port *port = o->port;
	uint16_t pieces = o->info.tx_desc_lim.nb_mtu_seg_max;

	port->max_pieces = 1;
	if (o->tx_offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS)
		port->max_pieces = pieces > 1 ? pieces : UINT16_MAX;
	port->tx_ip4_cksum = o->tx_offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	port->tx_tcp_cksum = o->tx_offloads & RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
	port->tso = o->tx_offloads & RTE_ETH_TX_OFFLOAD_TCP_TSO;
	port->gso_max_bytes = port->tso ? GSO_BYTES_MAX : 0;
	port->tx_prepare = port->tso;
	port->rx_ip4_cksum = o->rx_offloads & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
	port->rx_tcp_cksum = o->rx_offloads & RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
	port->tx_vlan = o->tx_offloads & RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
	port->rx_vlan = o->rx_offloads & RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
	port->driver_copies = o->traits->copies;
	port->driver_keeps_rx = o->traits->keeps_rx;
	PORT_LOG(INFO,
		"port %u (%s): MTU %u, %u + %u descriptors, chains of %u, checksum tx %d/%d "
		"rx %d/%d, TSO %d",
		port->id, port->driver, port->mtu, port->n_rxd, port->n_txd, port->max_pieces,
		port->tx_ip4_cksum, port->tx_tcp_cksum, port->rx_ip4_cksum, port->rx_tcp_cksum,
		port->tso);
}

static int
start(struct opening *o)
{
	int err = rte_eth_dev_start(o->port->id);

	o->port->started = err == 0;
	return err == 0 ? 0 : refuse(o, err, "cannot be started", NULL);
}

/* Without RSS nothing is wrong yet: the workers hand over what is not theirs. */
static int
set_rss(struct opening *o)
{
	struct pw_port *port = o->port;

	if (!port->rss)
		return 0;
	port->no_rss = rss_set(port->id, &o->info, port->n_queues);
	port->rss = port->no_rss == NULL;
	return !port->rss && o->cfg->spread == PW_PORT_SPREAD_RSS
		       ? refuse(o, -ENOTSUP, "cannot spread by RSS", port->no_rss)
		       : 0;
}

int
pw_port_open(const struct pw_port_cfg *cfg, struct pw_port *out)
{
	static int (*const steps[])(struct opening *) = {
		choose_spread,
		configure,
		setup_queues,
		set_mtu,
		start,
		set_rss,
		read_mac,
	};
	struct opening o = {.cfg = cfg, .port = out};
	size_t i;
	int err;

	memset(out, 0, sizeof(*out));
	err = read_info(&o);
	if (err == 0)
		err = check(&o);
	if (err != 0)
		return err;
	for (i = 0; i < RTE_DIM(steps); i++) {
		err = steps[i](&o);
		if (err != 0) {
			pw_port_close(out);
			return err;
		}
	}
	describe(&o);
	return 0;
}

void
pw_port_stop(struct pw_port *port)
{
	if (port->closed)
		return;
	if (port->started)
		rte_eth_dev_stop(port->id);
	rte_eth_dev_close(port->id);
	port->closed = true;
}

uint32_t
pw_port_buffers_out(const struct pw_port *port)
{
	uint32_t out = 0;
	uint16_t i;

	if (port->driver_keeps_rx && port->closed)
		return 0; /* nobody can tell its buffers from lost ones; they go with the pool */
	for (i = 0; port->rx_pools != NULL && i < port->n_queues; i++)
		if (port->rx_pools[i] != NULL)
			out += rte_mempool_in_use_count(port->rx_pools[i]);
	return out;
}

void
pw_port_close(struct pw_port *port)
{
	uint16_t i;

	pw_port_stop(port);
	for (i = 0; port->rx_pools != NULL && i < port->n_queues; i++)
		rte_mempool_free(port->rx_pools[i]);
	free(port->rx_pools);
	port->rx_pools = NULL;
}

void
pw_port_get_stats(const struct pw_port *port, struct pw_port_stats *out)
{
	struct rte_eth_stats st;
	struct rte_eth_link link;

	memset(out, 0, sizeof(*out));
	if (rte_eth_stats_get(port->id, &st) == 0) {
		out->rx_packets = st.ipackets;
		out->tx_packets = st.opackets;
		out->rx_bytes = st.ibytes;
		out->tx_bytes = st.obytes;
		out->rx_missed = st.imissed;
		out->rx_errors = st.ierrors;
		out->tx_errors = st.oerrors;
		out->rx_no_mbuf = st.rx_nombuf;
	}
	if (rte_eth_link_get_nowait(port->id, &link) == 0)
		out->link_up = link.link_status == RTE_ETH_LINK_UP;
}
