/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_TRAIN_H
#define PW_WIRE_TRAIN_H

/**
 * @file
 * A train: frames of one TCP connection that follow each other in one burst, each with
 * the next bytes of the stream, and with the same headers but for what has to differ.
 * What was checked of the first one holds for all (generic receive offload).
 */
#include "pw_base.h"

struct pw_train {
	const uint8_t *p; /**< the first frame */
	uint16_t l3;	  /**< where in it the IP header begins, */
	uint16_t l4;	  /**< the TCP header, */
	uint16_t data;	  /**< the payload */
	bool is_ip4;
	uint16_t ip4_rest; /**< IPv4: the sum of length, ID and header checksum */
	uint32_t seq;	   /**< the sequence number that comes next */
};

/**
 * Can others follow the frame of @p len bytes at @p p? Its IP header, at @p l3, and its
 * TCP segment, from @p l4 to the end of the packet at @p end, were found good.
 */
bool pw_train_begin(struct pw_train *t, const uint8_t *p, uint32_t l3, uint32_t l4, uint32_t end);

/**
 * Does the frame of @p len bytes at @p p follow? Its TCP checksum is right.
 * @param ip4_ok  its IPv4 header checksum is known to be
 * @return bytes of its payload, which is at p + t->data; 0: no
 */
uint32_t pw_train_next(struct pw_train *t, const uint8_t *p, uint32_t len, bool ip4_ok);

#endif
