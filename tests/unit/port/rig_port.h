/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef RIG_PORT_H
#define RIG_PORT_H

/**
 * @file
 * A port without a device: frames that are put in come out of rx_burst, and
 * what is sent is kept as plain bytes.
 */
#include "pw_port.h"

#define RIG_FRAME_MAX 10000
#define RIG_SENT_MAX  8192
#define RIG_RX_MAX    256

struct rig_frame {
	uint32_t len;
	uint16_t pieces;
	uint64_t ol_flags;
	uint16_t vlan_tci;
	uint64_t l2_len;
	uint8_t *bytes;
};

struct rig_port {
	struct pw_port port;
	struct pw_port_queue queue;
	struct rte_mempool *pool; /* of received frames */
	struct rte_mbuf *rx[RIG_RX_MAX];
	uint32_t n_rx;
	uint16_t rx_burst; /* frames handed out at most at once */
	uint32_t accept;   /* frames that the device takes yet; UINT32_MAX: all */
	uint32_t tx_calls;
	uint32_t n_sent;
	struct rig_frame sent[RIG_SENT_MAX];
};

/** A port with MTU 1500, chains, and no offloads. */
struct rig_port *rig_port_open(void);

/** Frees everything; fails the test when a received frame was not freed. */
void rig_port_close(struct rig_port *rp);

/** Put a frame in, in @p pieces buffers. @return its mbuf, for setting flags */
struct rte_mbuf *rig_port_put(
	struct rig_port *rp, const uint8_t *bytes, uint32_t len, uint32_t pieces);

/** Forget what was sent. */
void rig_port_forget(struct rig_port *rp);

#endif
