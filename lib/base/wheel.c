/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Where timers lie, the clock being `now`:
 *
 * - with at <= now: in `due`;
 * - else at the level of the highest digit that differs from the clock's, in
 *   this turn of the level;
 * - or, if the slot they would be in there is the one after the clock's, perhaps
 *   a level or more lower already, in the next turn of that level.
 *
 * So the slot that the clock is in is empty at every level, and what lies in
 * this turn of a level is earlier than all that lies higher.
 */
#include <string.h>
#include "pw_wheel.h"

#define SLOT_MASK  (PW_WHEEL_SLOTS - 1)
#define INDEX_MASK (2 * PW_WHEEL_SLOTS - 1)

#define DRIP_LEVEL 3 /* lowest level emptied beforehand: slots of 0.26 ms and more */
#define DRIP_MAX   4 /* timers of a level that one turn of the clock moves beforehand */

/* The highest digit in which two different times differ. */
static uint32_t
differing_level(pw_ns a, pw_ns b)
{
	return (63 - (uint32_t)__builtin_clzll(a ^ b)) / PW_WHEEL_LEVEL_BITS;
}

/* A time in units of a level's slots. */
static uint64_t
in_slots(pw_ns at, uint32_t level)
{
	return at >> level * PW_WHEEL_LEVEL_BITS;
}

/* A time in turns of a level. */
static uint64_t
in_turns(pw_ns at, uint32_t level)
{
	return in_slots(at, level) >> PW_WHEEL_LEVEL_BITS;
}

static void
link_due(struct pw_wheel *w, struct pw_timer *t)
{
	t->next = NULL;
	t->pprev = w->due_tail;
	*w->due_tail = t;
	w->due_tail = &t->next;
}

static void
link_slot(struct pw_wheel *w, struct pw_timer *t, uint32_t level)
{
	uint32_t i = in_slots(t->at, level) & INDEX_MASK;
	struct pw_timer **head = &w->slot[level][i];

	t->next = *head;
	t->pprev = head;
	if (t->next != NULL)
		t->next->pprev = &t->next;
	*head = t;
	w->used[level][i / PW_WHEEL_SLOTS] |= UINT64_C(1) << (i & SLOT_MASK);
	w->levels |= 1u << level;
}

static void
link_timer(struct pw_wheel *w, struct pw_timer *t)
{
	if (t->at <= w->now)
		link_due(w, t);
	else
		link_slot(w, t, differing_level(t->at, w->now));
}

static void
mark_empty(struct pw_wheel *w, uint32_t level, uint32_t i)
{
	uint64_t *used = w->used[level];

	used[i / PW_WHEEL_SLOTS] &= ~(UINT64_C(1) << (i & SLOT_MASK));
	if ((used[0] | used[1]) == 0)
		w->levels &= ~(1u << level);
}

static void
unlink_timer(struct pw_wheel *w, struct pw_timer *t)
{
	struct pw_timer **prev = t->pprev;

	t->pprev = NULL;
	*prev = t->next;
	if (t->next != NULL) {
		t->next->pprev = prev;
	} else if (w->due_tail == &t->next) {
		w->due_tail = prev;
	} else {
		/* The last of its list; if it was the first too, `prev` is a slot. */
		size_t i = ((uintptr_t)prev - (uintptr_t)w->slot) / sizeof(*prev);

		if (i < sizeof(w->slot) / sizeof(*prev))
			mark_empty(w, (uint32_t)i / (INDEX_MASK + 1), i & INDEX_MASK);
	}
}

static void
spill_slot(struct pw_wheel *w, uint32_t level, uint32_t i)
{
	struct pw_timer *t = w->slot[level][i];

	w->slot[level][i] = NULL;
	mark_empty(w, level, i);
	while (t != NULL) {
		struct pw_timer *next = t->next;

		link_timer(w, t);
		t = next;
	}
}

/* Empty slots that the clock has entered or passed: each timer is due, or moves down. */
static void
spill(struct pw_wheel *w, uint32_t level, uint64_t turn, uint64_t slots)
{
	uint32_t half = turn & 1;

	for (slots &= w->used[level][half]; slots != 0; slots &= slots - 1)
		spill_slot(w, level, half * PW_WHEEL_SLOTS + (uint32_t)__builtin_ctzll(slots));
}

/* What the clock, which moved on from @p before, has entered or passed at a level. */
static void
spill_level(struct pw_wheel *w, uint32_t level, pw_ns before)
{
	uint64_t old = in_turns(before, level), turn = in_turns(w->now, level);
	/* All up to the clock's; 2 << 63 is 0, and 0 - 1 is every slot. */
	uint64_t slots = (UINT64_C(2) << (in_slots(w->now, level) & SLOT_MASK)) - 1;

	if (turn != old)
		spill(w, level, old, UINT64_MAX);
	if (turn - old <= 1)
		spill(w, level, turn, slots);
	else
		spill(w, level, old + 1, UINT64_MAX);
}

/* Move a few timers from the slot after the clock's to the next turn of the level below. */
static void
drip(struct pw_wheel *w, uint32_t level)
{
	struct pw_timer **head = &w->slot[level][(in_slots(w->now, level) + 1) & INDEX_MASK];
	int n;

	for (n = 0; n < DRIP_MAX && *head != NULL; n++) {
		struct pw_timer *t = *head;

		unlink_timer(w, t);
		link_slot(w, t, level - 1);
	}
}

/* Nothing is to be done for levels above the highest digit that changes, nor for empty ones. */
static void
advance(struct pw_wheel *w, pw_ns now)
{
	uint32_t top = differing_level(w->now, now);
	uint32_t levels = w->levels & ((2u << top) - 1);
	pw_ns before = w->now;

	w->now = now;
	for (; levels != 0; levels &= levels - 1)
		spill_level(w, (uint32_t)__builtin_ctz(levels), before);
	if (top < DRIP_LEVEL - 1)
		return;
	levels = w->levels >> DRIP_LEVEL << DRIP_LEVEL;
	for (; levels != 0; levels &= levels - 1)
		drip(w, (uint32_t)__builtin_ctz(levels));
}

void
pw_wheel_init(struct pw_wheel *w, pw_ns now)
{
	memset(w, 0, sizeof(*w));
	w->now = now;
	w->due_tail = &w->due;
}

/*
 * Would a timer that is armed for @p a stay in its slot, were it moved to @p b?
 * Certain only when it is not in the slot after the clock's, from which it may
 * have moved down.
 */
static bool
same_slot(const struct pw_wheel *w, pw_ns a, pw_ns b)
{
	uint32_t level;

	if (a <= w->now)
		return false;
	level = differing_level(a, w->now);
	return in_slots(a, level) == in_slots(b, level) &&
	       in_slots(a, level) - in_slots(w->now, level) > 1;
}

void
pw_timer_set(struct pw_wheel *w, struct pw_timer *t, pw_ns at)
{
	if (at == PW_NEVER) {
		pw_timer_clear(w, t);
		return;
	}
	if (pw_timer_armed(t)) {
		/* The usual move, a little later, touches no neighbour in the list. */
		if (same_slot(w, t->at, at)) {
			t->at = at;
			return;
		}
		unlink_timer(w, t);
	}
	t->at = at;
	link_timer(w, t);
}

void
pw_timer_clear(struct pw_wheel *w, struct pw_timer *t)
{
	if (pw_timer_armed(t))
		unlink_timer(w, t);
}

struct pw_timer *
pw_wheel_expire(struct pw_wheel *w, pw_ns now)
{
	struct pw_timer *t;

	if (now > w->now)
		advance(w, now);
	t = w->due;
	if (t != NULL)
		unlink_timer(w, t);
	return t;
}

/* The first slot in use of this turn, at the lowest level; or the start of the next turn. */
pw_ns
pw_wheel_next(const struct pw_wheel *w)
{
	uint32_t level, slot;
	uint64_t turn, used;

	if (w->due != NULL)
		return w->now;
	if (w->levels == 0)
		return PW_NEVER;
	level = (uint32_t)__builtin_ctz(w->levels);
	turn = in_turns(w->now, level);
	used = w->used[level][turn & 1];
	slot = used != 0 ? (uint32_t)__builtin_ctzll(used) : PW_WHEEL_SLOTS;
	return (turn * PW_WHEEL_SLOTS + slot) << level * PW_WHEEL_LEVEL_BITS;
}
