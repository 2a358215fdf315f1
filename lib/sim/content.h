/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef CONTENT_H
#define CONTENT_H

/**
 * @file
 * What programs send: bytes that look random and that anybody can work out from
 * the ports, so that whoever sees some can tell whether they are right.
 */
#include "pw_base.h"

#define CONTENT_RUN_MAX 65536

/** Which stream: @p from is the sender's port; @p life, how many had these ports before. */
uint32_t content_of(uint64_t seed, uint16_t from, uint16_t to, uint32_t life);

/** At least CONTENT_RUN_MAX bytes of stream @p which from @p off on. */
const uint8_t *content_at(uint32_t which, pw_off off);

#endif
