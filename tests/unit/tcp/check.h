/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef TEST_TCP_CHECK_H
#define TEST_TCP_CHECK_H

/**
 * @file
 * Invariants that hold at every event of every connection, looked at from
 * inside. The rig and the pair call these; a test never needs to.
 */
#include "pw_tcp.h"

/** A segment that is about to leave: size, window, congestion window. */
void check_segment(struct pw_tcp *t, const struct pw_tcp_seg *seg);

/** A turn is over: the timers that must run do, and no others. */
void check_turn(struct pw_tcp *t, bool way_full);

#endif
