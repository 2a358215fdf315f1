/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WIRE_BYTES_H
#define PW_WIRE_BYTES_H

/**
 * @file
 * Numbers in network order, at any place in memory.
 */
#include <stdint.h>
#include <string.h>
#include <rte_byteorder.h>

static inline void
pw_put_be16(uint8_t *p, uint16_t v)
{
	rte_be16_t be = rte_cpu_to_be_16(v);

	memcpy(p, &be, sizeof(be));
}

static inline void
pw_put_be32(uint8_t *p, uint32_t v)
{
	rte_be32_t be = rte_cpu_to_be_32(v);

	memcpy(p, &be, sizeof(be));
}

static inline uint16_t
pw_get_be16(const uint8_t *p)
{
	rte_be16_t be;

	memcpy(&be, p, sizeof(be));
	return rte_be_to_cpu_16(be);
}

static inline uint32_t
pw_get_be32(const uint8_t *p)
{
	rte_be32_t be;

	memcpy(&be, p, sizeof(be));
	return rte_be_to_cpu_32(be);
}

#endif
