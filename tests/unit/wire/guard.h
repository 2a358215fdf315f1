/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef TEST_WIRE_GUARD_H
#define TEST_WIRE_GUARD_H

/**
 * @file
 * Memory that ends at an unreadable page: touching one byte too many crashes.
 */
#include <stddef.h>
#include <stdint.h>

#define GUARD_MAX 4096 /**< bytes that can be asked for */

/** @return @p len bytes, the last one before the unreadable page. Valid until the next call. */
uint8_t *guard_end(size_t len);

/** guard_end() filled with a copy of @p bytes. */
uint8_t *guard_copy(const void *bytes, size_t len);

#endif
