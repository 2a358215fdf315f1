/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef RIG_EAL_H
#define RIG_EAL_H

/**
 * @file
 * What tests of the packet side share: DPDK without devices or hugepages, and a
 * store of one object whose bytes are known.
 */
#include "pw_store.h"

#define RIG_OBJECT_BYTES (2 * PW_PAGE_BYTES + 12345) /* three pages */

/** Start the EAL, once in a process. @return 0, or -1: for pSetUpFunc and pInitFunc */
int rig_eal(void);

/** A name that no pool of this process had before; at most 7 bytes. */
const char *rig_name(void);

/** Byte @p off of object 0. */
uint8_t rig_byte(pw_off off);

/** A loaded store with object 0. */
struct pw_store *rig_store_open(void);

/** A span of object 0, at most to its page's end. */
struct pw_span rig_span(const struct pw_store *st, pw_off off, uint32_t len);

/** The Internet checksum's sum by the book: big-endian words, added one by one. */
uint16_t rig_sum(const uint8_t *p, size_t len, uint32_t start);

#endif
