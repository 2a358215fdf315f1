/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_WHEEL_H
#define PW_WHEEL_H

/**
 * @file
 * Timer wheel: hierarchical, exact, O(1) to set and to clear, at a cost that
 * does not grow with the number of timers that are not due.
 *
 * Promise:  pw_wheel_expire(w, now) hands out every timer with at <= now once,
 *           and none with at > now. Timers that are handed out by one series of
 *           calls at one `now` come in an order that depends only on the calls
 *           made before.
 * Owner:    one per worker or simulated host. Not thread safe.
 * Source:   Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987),
 *           scheme 7.
 *
 * A level is one digit of the deadline, base 64. A timer lies at the level of
 * the highest digit in which its deadline differs from the wheel's clock, in
 * the slot that this digit names; when the clock enters the slot, its timers
 * move down. The lowest digit counts single nanoseconds, so nothing is rounded.
 *
 *	clock     ... 3 17  5 40        digit 2 differs, so this timer is at
 *	deadline  ... 3 21 60  2        level 2, in slot 21
 *
 * A level has room for two turns of its digit: this one, and the next. Into the
 * next one the slot after the clock's, a level above, is emptied beforehand, a
 * few timers at a time: with a million idle connections no single call has to
 * move them all.
 */
#include "pw_base.h"

#define PW_WHEEL_LEVEL_BITS 6  /**< 64 slots a turn: one word says which are in use */
#define PW_WHEEL_LEVELS	    11 /**< 6 * 11 bits: all of pw_ns */
#define PW_WHEEL_SLOTS	    (1 << PW_WHEEL_LEVEL_BITS)

/** Lives in the object it wakes. All zero: not armed. */
struct pw_timer {
	struct pw_timer *next;
	struct pw_timer **pprev; /**< NULL when not armed */
	pw_ns at;		 /**< the deadline; valid while armed */
};

/** Private to wheel.c. */
struct pw_wheel {
	pw_ns now;			   /**< the latest time given to pw_wheel_expire() */
	struct pw_timer *due;		   /**< timers with at <= now, oldest first */
	struct pw_timer **due_tail;	   /**< where the next one is added */
	uint32_t levels;		   /**< bit per level: some slot is in use */
	uint64_t used[PW_WHEEL_LEVELS][2]; /**< bit per slot of an even or odd turn: not empty */
	struct pw_timer *slot[PW_WHEEL_LEVELS][2 * PW_WHEEL_SLOTS];
};

/** Make @p w empty, its clock at @p now. The wheel must not move in memory. */
void pw_wheel_init(struct pw_wheel *w, pw_ns now);

/**
 * Arm @p t, or move it, to @p at. A time that is not after the wheel's clock
 * fires at the next pw_wheel_expire(), even at the same `now`. PW_NEVER disarms.
 */
void pw_timer_set(struct pw_wheel *w, struct pw_timer *t, pw_ns at);

/** Disarm @p t; harmless when it is not armed. */
void pw_timer_clear(struct pw_wheel *w, struct pw_timer *t);

static inline bool
pw_timer_armed(const struct pw_timer *t)
{
	return t->pprev != NULL;
}

/**
 * Take one timer that is due; call until it returns NULL. The timer is no
 * longer armed. @p now never goes back: an earlier value is taken as the last.
 */
struct pw_timer *pw_wheel_expire(struct pw_wheel *w, pw_ns now);

/**
 * When to look again: never later than the earliest deadline, possibly
 * earlier (then pw_wheel_expire() hands out nothing, and the answer moves on).
 * PW_NEVER when no timer is armed.
 */
pw_ns pw_wheel_next(const struct pw_wheel *w);

#endif
