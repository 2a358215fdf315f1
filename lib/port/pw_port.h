/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_PORT_H
#define PW_PORT_H

/**
 * @file
 * Devices: what a port can do, and its queues.
 *
 * A port is asked only for what it has, and believed only where it is known to
 * mean it: a driver whose offload is a loop over the payload in software is
 * taken as having none. Nothing above this module names a driver.
 *
 * Queues are reached by a table of functions, so that tests and the simulator
 * put frames in without a device.
 *
 * Threads:  open and close from main; a queue belongs to one worker.
 */
#include <rte_ether.h>
#include <rte_mbuf.h>
#include "pw_base.h"
#include "pw_drop.h"
#include "pw_spread.h"

#define PW_PORT_NAME_MAX 64

/** A port as the layers above see it. Read-only once open. */
struct pw_port {
	uint16_t id;
	uint16_t n_queues;   /**< pairs; there may be more workers */
	uint16_t mtu;	     /**< of layer 3, in bytes */
	uint16_t max_pieces; /**< mbufs in a chain to send; 1: no chains */
	int socket_id;
	struct rte_ether_addr mac;
	bool tx_ip4_cksum; /**< offloads: present, enabled, and done by hardware */
	bool tx_tcp_cksum; /**< the field must hold the sum of the pseudo-header */
	bool tso;
	bool rx_ip4_cksum;
	bool rx_tcp_cksum;
	bool tx_vlan;	      /**< inserts the tag of a frame with RTE_MBUF_F_TX_VLAN */
	bool rx_vlan;	      /**< strips it: RTE_MBUF_F_RX_VLAN_STRIPPED, and vlan_tci has it */
	bool rss;	      /**< spreads as pw_spread.h has it, so that little is handed over */
	const char *no_rss;   /**< why not: "its driver has none" */
	bool rx_intr;	      /**< a worker can sleep until a packet comes */
	bool driver_copies;   /**< the driver copies what it is given, by nature */
	bool driver_keeps_rx; /**< closed, it still has receive buffers: they go with their pool */
	bool tx_prepare;      /**< rte_eth_tx_prepare() is needed before sending */
	uint32_t gso_max_bytes; /**< payload of one packet to be cut up by the device; 0 without tso
				 */
	uint16_t n_rxd;
	uint16_t n_txd;
	char driver[PW_PORT_NAME_MAX]; /**< "net_tap" */
	char name[PW_PORT_NAME_MAX];   /**< the device's: "net_tap0", "0000:03:00.0" */
	struct rte_mempool **rx_pools; /**< one per queue */
	bool started;
	bool closed;
};

/** Who sees to it that all frames of a connection come to one worker. */
enum pw_port_spread {
	PW_PORT_SPREAD_AUTO,	 /**< the device as far as it can, and the workers */
	PW_PORT_SPREAD_RSS,	 /**< the device, or it is refused */
	PW_PORT_SPREAD_SOFTWARE, /**< the workers: the device is not asked */
};

struct pw_port_cfg {
	uint16_t port_id;
	uint16_t n_workers;	    /**< 1 to PW_WORKERS_MAX: as many queue pairs, if it has them */
	enum pw_port_spread spread; /**< of no account with one worker */
	uint16_t n_rxd;		    /**< descriptors; 0: 1024, bounded by what the device takes */
	uint16_t n_txd;		    /**< likewise */
	uint16_t mtu;		    /**< 0: what the device has, 1500 as a rule */
	uint16_t rx_room; /**< of a receive buffer, where frames longer than the MTU come; 0: not */
	bool want_rx_intr; /**< workers want to sleep */
	bool want_vlan;	   /**< frames have tags: the device is to take them off and put them on */
};

/**
 * Once, before rte_eal_init(): ignore the real-time signals, so that no driver makes
 * use of them. A curl of 1 GiB over net_tap runs 2.5 times as fast.
 */
void pw_port_before_eal(void);

/**
 * Configure, start and bring up a device.
 * @return 0, or -errno with one line logged that names the port, what failed
 *         and what to do: -ENODEV no such port, -EINVAL an impossible MTU,
 *         -ENOTSUP spreading that it cannot do, -ENOMEM, or the driver's error. Nothing is left
 * open.
 */
int pw_port_open(const struct pw_port_cfg *cfg, struct pw_port *out);

/** Stop and close the device: the driver frees the mbufs that it holds. */
void pw_port_stop(struct pw_port *port);

/** Receive buffers that are not back in their pools; 0 after pw_port_stop(). */
uint32_t pw_port_buffers_out(const struct pw_port *port);

/** Free the receive pools; stops the port first where that was not done. */
void pw_port_close(struct pw_port *port);

/** What the device counted. Any thread. */
struct pw_port_stats {
	uint64_t rx_packets;
	uint64_t tx_packets;
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	uint64_t rx_missed; /**< the receive ring was full */
	uint64_t rx_errors;
	uint64_t tx_errors;
	uint64_t rx_no_mbuf; /**< the receive pool was empty */
	bool link_up;
};
void pw_port_get_stats(const struct pw_port *port, struct pw_port_stats *out);

/** How packets come and go. @p q is the queue's own. */
struct pw_port_ops {
	/** @return packets put into @p pkts: they are the caller's. */
	uint16_t (*rx_burst)(void *q, struct rte_mbuf **pkts, uint16_t n);
	/** @return packets taken from the front of @p pkts; the others remain the caller's. */
	uint16_t (*tx_burst)(void *q, struct rte_mbuf **pkts, uint16_t n);
	/** Let epoll on @p epfd wake for packets. @return 0, or -errno: cannot. May be NULL. */
	int (*rx_wait_add)(void *q, int epfd);
	/** Ask for a wake-up by the next packet, or not. Set where rx_wait_add is. */
	void (*rx_wait_arm)(void *q, bool on);
};

/** One receive and transmit queue of a port. */
struct pw_port_queue {
	const struct pw_port_ops *ops;
	void *q;
	uint16_t port_id; /**< room for the queue of an Ethernet device */
	uint16_t queue_id;
	bool tx_prepare;
	struct {
		struct pw_capture *cap;	       /**< NULL: it is not watched (pw_capture.h) */
		const struct pw_port_ops *ops; /**< its own, and their argument */
		void *q;
	} watch;
};

/** The queue @p queue_id of an open port. @p out must not move. */
void pw_port_queue_init(struct pw_port_queue *out, const struct pw_port *port, uint16_t queue_id);

#define PW_PORT_TX_BURST 64  /**< a batch is offered to the device when it has this many */
#define PW_PORT_TX_MAX	 512 /**< packets that wait for the device at most */

/** A packet that the device refuses for so long is dropped: the link must not hang on it. */
#define PW_PORT_TX_STUCK_NS PW_NS_PER_S

/**
 * Packets on their way to a device, in order. What the device does not take
 * waits for the next flush.
 */
struct pw_port_tx {
	struct pw_port_queue *queue;
	uint16_t head;
	uint16_t tail;
	pw_ns refused_at; /**< since when the device has taken nothing; PW_NEVER: it takes */
	uint64_t packets; /**< taken by the device */
	uint64_t bytes;	  /**< put: frames without FCS */
	struct pw_drops *drops;
	struct rte_mbuf *pkts[PW_PORT_TX_MAX];
};

void pw_port_tx_init(struct pw_port_tx *tx, struct pw_port_queue *queue, struct pw_drops *drops);

/** Drop what is still waiting. */
void pw_port_tx_fini(struct pw_port_tx *tx);

/** Offer what waits to the device; @p now in the worker's time. */
void pw_port_tx_flush(struct pw_port_tx *tx, pw_ns now);

/** Packets that wait. */
static inline uint32_t
pw_port_tx_waiting(const struct pw_port_tx *tx)
{
	return (uint32_t)tx->tail - tx->head;
}

/** Packets that can be put now. */
static inline uint32_t
pw_port_tx_room(const struct pw_port_tx *tx)
{
	return PW_PORT_TX_MAX - pw_port_tx_waiting(tx);
}

/** pw_port_tx_put() when there is no place at the end. */
void pw_port_tx_put_slow(struct pw_port_tx *tx, struct rte_mbuf *m);

/** Take @p m; without room it is dropped and counted as TX_FULL. */
static inline void
pw_port_tx_put(struct pw_port_tx *tx, struct rte_mbuf *m)
{
	if (unlikely(tx->tail == PW_PORT_TX_MAX)) {
		pw_port_tx_put_slow(tx, m);
		return;
	}
	tx->bytes += m->pkt_len;
	tx->pkts[tx->tail++] = m;
}

#endif
