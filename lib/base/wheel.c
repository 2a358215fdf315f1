/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Where a timer lies is a function of its deadline and the clock alone: in
 * `due` when at <= now, else in one slot (see place()). What lies at a level is
 * earlier than anything at a higher one, as they agree with the clock in all
 * digits above, and a level below the clock's own digit is empty.
 */
#include <string.h>
#include "pw_wheel.h"

#define SLOT_MASK (PW_WHEEL_SLOTS - 1)

struct place {
	uint32_t level;
	uint32_t slot;
};

static uint32_t
level_shift(uint32_t level)
{
	return level * PW_WHEEL_LEVEL_BITS;
}

/* The highest digit in which two different times differ. */
static uint32_t
differing_level(pw_ns a, pw_ns b)
{
	return (63 - (uint32_t)__builtin_clzll(a ^ b)) / PW_WHEEL_LEVEL_BITS;
}

static uint32_t
digit(pw_ns at, uint32_t level)
{
	return at >> level_shift(level) & SLOT_MASK;
}

/* Only for deadlines that are after the clock. */
static struct place
place(const struct pw_wheel *w, pw_ns at)
{
	uint32_t level = differing_level(at, w->now);

	return (struct place){.level = level, .slot = digit(at, level)};
}

/* The first nanosecond of a slot: the clock's digits above it, then its own, then zeroes. */
static pw_ns
slot_start(const struct pw_wheel *w, struct place pl)
{
	uint32_t shift = level_shift(pl.level);

	return ((w->now >> shift & ~(pw_ns)SLOT_MASK) | pl.slot) << shift;
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
link_slot(struct pw_wheel *w, struct pw_timer *t)
{
	struct place pl = place(w, t->at);
	struct pw_timer **head = &w->slot[pl.level][pl.slot];

	t->next = *head;
	t->pprev = head;
	if (t->next != NULL)
		t->next->pprev = &t->next;
	*head = t;
	w->used[pl.level] |= UINT64_C(1) << pl.slot;
	w->levels |= 1u << pl.level;
}

static void
link_timer(struct pw_wheel *w, struct pw_timer *t)
{
	if (t->at <= w->now)
		link_due(w, t);
	else
		link_slot(w, t);
}

static void
mark_empty(struct pw_wheel *w, struct place pl)
{
	w->used[pl.level] &= ~(UINT64_C(1) << pl.slot);
	if (w->used[pl.level] == 0)
		w->levels &= ~(1u << pl.level);
}

static void
unlink_timer(struct pw_wheel *w, struct pw_timer *t)
{
	*t->pprev = t->next;
	if (t->next != NULL) {
		t->next->pprev = t->pprev;
	} else if (t->at <= w->now) {
		w->due_tail = t->pprev;
	} else {
		struct place pl = place(w, t->at);

		if (w->slot[pl.level][pl.slot] == NULL)
			mark_empty(w, pl);
	}
	t->pprev = NULL;
}

/* Empty a slot that the clock has entered or passed: each timer is due, or moves down. */
static void
spill(struct pw_wheel *w, struct place pl)
{
	struct pw_timer *t = w->slot[pl.level][pl.slot];

	w->slot[pl.level][pl.slot] = NULL;
	mark_empty(w, pl);
	while (t != NULL) {
		struct pw_timer *next = t->next;

		link_timer(w, t);
		t = next;
	}
}

/*
 * Move the clock. Levels below the highest digit that changes are past as a
 * whole; at that level all slots up to the new digit are. Nothing is to be done
 * for higher levels, nor for slots that are empty.
 */
static void
advance(struct pw_wheel *w, pw_ns now)
{
	uint32_t top = differing_level(w->now, now);
	uint32_t levels = w->levels & ((2u << top) - 1);

	w->now = now;
	for (; levels != 0; levels &= levels - 1) {
		uint32_t level = (uint32_t)__builtin_ctz(levels);
		uint64_t past = w->used[level];

		if (level == top) /* 2 << 63 is 0, and 0 - 1 is all of them */
			past &= (UINT64_C(2) << digit(now, top)) - 1;
		for (; past != 0; past &= past - 1)
			spill(w, (struct place){level, (uint32_t)__builtin_ctzll(past)});
	}
}

void
pw_wheel_init(struct pw_wheel *w, pw_ns now)
{
	memset(w, 0, sizeof(*w));
	w->now = now;
	w->due_tail = &w->due;
}

/* Would a timer that is armed for @p a stay in its slot, were it moved to @p b? */
static bool
same_slot(const struct pw_wheel *w, pw_ns a, pw_ns b)
{
	return a > w->now && (a ^ b) >> level_shift(differing_level(a, w->now)) == 0;
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

pw_ns
pw_wheel_next(const struct pw_wheel *w)
{
	struct place pl;

	if (w->due != NULL)
		return w->now;
	if (w->levels == 0)
		return PW_NEVER;
	pl.level = (uint32_t)__builtin_ctz(w->levels);
	pl.slot = (uint32_t)__builtin_ctzll(w->used[pl.level]);
	return slot_start(w, pl);
}
