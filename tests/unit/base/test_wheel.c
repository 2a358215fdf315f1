/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "pw_rand.h"
#include "pw_wheel.h"

#define SEED  UINT64_C(0x776865656c)
#define START (UINT64_C(1790000000) * PW_NS_PER_S + 123456789)

static struct pw_wheel wheel;

static int
setup(void)
{
	printf("[sizeof: pw_timer %zu, pw_wheel %zu] ", sizeof(struct pw_timer),
		sizeof(struct pw_wheel));
	return 0;
}

/* How many timers fire at @p now. */
static uint32_t
drain(pw_ns now)
{
	uint32_t n = 0;

	while (pw_wheel_expire(&wheel, now) != NULL)
		n++;
	return n;
}

static void
empty_wheel_has_nothing(void)
{
	pw_wheel_init(&wheel, START);
	CU_ASSERT_EQUAL(pw_wheel_next(&wheel), PW_NEVER);
	CU_ASSERT_PTR_NULL(pw_wheel_expire(&wheel, START));
	CU_ASSERT_PTR_NULL(pw_wheel_expire(&wheel, START + PW_NS_PER_S));
}

/* One timer, at distances of 2^k - 1, 2^k, 2^k + 1: not a nanosecond early or late. */
static void
exact_at_every_distance(void)
{
	struct pw_timer t = {0};
	uint32_t bad = 0;
	int k, d;

	for (k = 2; k < 62; k++)
		for (d = -1; d <= 1; d++) {
			pw_ns at = START + (UINT64_C(1) << k) + (pw_ns)d;

			pw_wheel_init(&wheel, START);
			pw_timer_set(&wheel, &t, at);
			bad += pw_wheel_expire(&wheel, at - 1) != NULL;
			bad += !pw_timer_armed(&t);
			bad += pw_wheel_expire(&wheel, at) != &t;
			bad += pw_timer_armed(&t);
			bad += pw_wheel_expire(&wheel, at) != NULL;
		}
	CU_ASSERT_EQUAL(bad, 0);
}

/* Who sleeps until pw_wheel_next() never oversleeps, and wakes once a level at most. */
static void
next_leads_to_the_deadline(void)
{
	struct pw_timer t = {0};
	uint32_t bad = 0;
	int k;

	for (k = 0; k < 62; k++) {
		pw_ns at = START + (UINT64_C(0x2b7e151628aed2a6) >> k);
		uint32_t wakes = 0;
		pw_ns now = START;

		pw_wheel_init(&wheel, START);
		pw_timer_set(&wheel, &t, at);
		while (pw_wheel_expire(&wheel, now) == NULL && wakes++ < 100) {
			bad += pw_wheel_next(&wheel) <= now;
			now = pw_wheel_next(&wheel);
		}
		bad += now != at || wakes > PW_WHEEL_LEVELS;
	}
	CU_ASSERT_EQUAL(bad, 0);
}

static void
past_fires_at_the_same_now(void)
{
	struct pw_timer a = {0}, b = {0}, c = {0};

	pw_wheel_init(&wheel, START);
	pw_timer_set(&wheel, &a, START);
	CU_ASSERT_EQUAL(pw_wheel_next(&wheel), START);
	CU_ASSERT_PTR_EQUAL(pw_wheel_expire(&wheel, START), &a);
	CU_ASSERT_PTR_NULL(pw_wheel_expire(&wheel, START));
	pw_timer_set(&wheel, &b, START - 1);
	pw_timer_set(&wheel, &c, 0);
	CU_ASSERT_EQUAL(drain(START), 2);
}

static void
clock_never_goes_back(void)
{
	struct pw_timer t = {0};

	pw_wheel_init(&wheel, START);
	CU_ASSERT_PTR_NULL(pw_wheel_expire(&wheel, START + 1000));
	pw_timer_set(&wheel, &t, START + 900);
	CU_ASSERT_PTR_EQUAL(pw_wheel_expire(&wheel, START), &t);
}

static void
never_disarms(void)
{
	struct pw_timer t = {0};

	pw_wheel_init(&wheel, START);
	pw_timer_set(&wheel, &t, START + 5);
	pw_timer_set(&wheel, &t, PW_NEVER);
	CU_ASSERT_FALSE(pw_timer_armed(&t));
	CU_ASSERT_EQUAL(pw_wheel_next(&wheel), PW_NEVER);
	CU_ASSERT_PTR_NULL(pw_wheel_expire(&wheel, PW_NEVER));
}

static void
set_moves_both_ways(void)
{
	struct pw_timer t = {0};

	pw_wheel_init(&wheel, START);
	pw_timer_set(&wheel, &t, START + 500);
	pw_timer_set(&wheel, &t, START + PW_NS_PER_S);
	CU_ASSERT_EQUAL(drain(START + 500), 0);
	pw_timer_set(&wheel, &t, START + PW_NS_PER_MS);
	CU_ASSERT_EQUAL(drain(START + PW_NS_PER_MS - 1), 0);
	CU_ASSERT_EQUAL(drain(START + PW_NS_PER_MS), 1);
	CU_ASSERT_EQUAL(drain(START + PW_NS_PER_S), 0);
}

static void
clear_leaves_the_others(void)
{
	struct pw_timer t[5] = {0};
	int i;

	pw_wheel_init(&wheel, START);
	pw_timer_clear(&wheel, &t[0]);
	for (i = 0; i < 5; i++)
		pw_timer_set(&wheel, &t[i], START + PW_NS_PER_S);
	pw_timer_clear(&wheel, &t[4]); /* first, middle and last of the list */
	pw_timer_clear(&wheel, &t[2]);
	pw_timer_clear(&wheel, &t[0]);
	CU_ASSERT_EQUAL(drain(START + PW_NS_PER_S), 2);
	pw_timer_set(&wheel, &t[0], START + 2 * PW_NS_PER_S);
	pw_timer_clear(&wheel, &t[0]);
	CU_ASSERT_EQUAL(pw_wheel_next(&wheel), PW_NEVER);
}

/* Between two calls of one series a caller may take back what is due, and add to it. */
static void
due_timers_can_be_changed(void)
{
	struct pw_timer t[4] = {0};
	pw_ns at = START + PW_NS_PER_MS;
	struct pw_timer *first;
	int i;

	pw_wheel_init(&wheel, START);
	for (i = 0; i < 4; i++)
		pw_timer_set(&wheel, &t[i], at);
	first = pw_wheel_expire(&wheel, at);
	CU_ASSERT_PTR_NOT_NULL(first);
	for (i = 0; i < 4; i++)
		if (&t[i] != first)
			pw_timer_clear(&wheel, &t[i]);
	CU_ASSERT_PTR_NULL(pw_wheel_expire(&wheel, at));
	pw_timer_set(&wheel, &t[0], at); /* the list's tail was kept in order */
	pw_timer_set(&wheel, &t[1], at);
	pw_timer_set(&wheel, &t[1], at + 1);
	pw_timer_set(&wheel, &t[2], at);
	CU_ASSERT_EQUAL(drain(at), 2);
	CU_ASSERT_EQUAL(drain(at + 1), 1);
}

/* What was due first is handed out first: re-arming for now cannot starve the others. */
static void
due_timers_take_turns(void)
{
	struct pw_timer a = {0}, b = {0};

	pw_wheel_init(&wheel, START);
	pw_timer_set(&wheel, &a, START);
	pw_timer_set(&wheel, &b, START);
	CU_ASSERT_PTR_EQUAL(pw_wheel_expire(&wheel, START), &a);
	pw_timer_set(&wheel, &a, START);
	CU_ASSERT_PTR_EQUAL(pw_wheel_expire(&wheel, START), &b);
	CU_ASSERT_PTR_EQUAL(pw_wheel_expire(&wheel, START), &a);
}

static void
ends_of_time(void)
{
	struct pw_timer a = {0}, b = {0};

	pw_wheel_init(&wheel, 0);
	pw_timer_set(&wheel, &a, PW_NEVER - 1);
	pw_timer_set(&wheel, &b, UINT64_C(1) << 63);
	CU_ASSERT_PTR_EQUAL(pw_wheel_expire(&wheel, PW_NEVER - 2), &b);
	CU_ASSERT_PTR_NULL(pw_wheel_expire(&wheel, PW_NEVER - 2));
	CU_ASSERT_PTR_EQUAL(pw_wheel_expire(&wheel, PW_NEVER - 1), &a);
}

/* Timers in the list that @p head begins. */
static uint32_t
list_len(const struct pw_timer *head)
{
	uint32_t n = 0;

	for (; head != NULL; head = head->next)
		n++;
	return n;
}

/* How many timers the longest list holds. */
static uint32_t
longest_list(void)
{
	uint32_t level, i, max = 0;

	for (level = 0; level < PW_WHEEL_LEVELS; level++)
		for (i = 0; i < 2 * PW_WHEEL_SLOTS; i++)
			max = RTE_MAX(max, list_len(wheel.slot[level][i]));
	return max;
}

/*
 * Idle timers a minute and more away begin in one slot of 68 s. By the time the
 * clock enters it, a worker's turns have left none of its timers there.
 */
static void
far_slots_empty_beforehand(void)
{
	static struct pw_timer t[10000];
	pw_ns slot = UINT64_C(1) << 36, start = START >> 36 << 36;
	uint32_t i;

	memset(t, 0, sizeof(t));
	pw_wheel_init(&wheel, start);
	for (i = 0; i < RTE_DIM(t); i++)
		pw_timer_set(&wheel, &t[i], start + slot + i * (slot / RTE_DIM(t)));
	CU_ASSERT_EQUAL(longest_list(), RTE_DIM(t));
	for (i = 1; i <= 3000; i++)
		CU_ASSERT_PTR_NULL(pw_wheel_expire(&wheel, start + i * (slot / 3001)));
	CU_ASSERT(longest_list() < RTE_DIM(t) / 50);
	for (i = 0; i < RTE_DIM(t); i++)
		CU_ASSERT_EQUAL(drain(start + slot + i * (slot / RTE_DIM(t))), 1);
}

/* The naive twin: deadlines in an array, looked through as a whole. */
#define TWIN_TIMERS 150

struct twin {
	struct pw_rand r;
	uint32_t span; /* steps are below 2^span ns */
	struct pw_timer t[TWIN_TIMERS];
	pw_ns at[TWIN_TIMERS]; /* PW_NEVER: not armed */
	pw_ns now;
	uint32_t bad;
	uint32_t fired;
	uint64_t trace; /* hash of what fired, in order */
};

static struct twin twin;

/* From nanoseconds to 2^span, each size as likely as any other. */
static pw_ns
random_step(struct twin *tw)
{
	return pw_rand_u64(&tw->r) >> (64 - tw->span + pw_rand_below(&tw->r, tw->span));
}

static void
random_set(struct twin *tw)
{
	uint32_t i = (uint32_t)pw_rand_below(&tw->r, TWIN_TIMERS);
	pw_ns at = tw->now + random_step(tw);

	switch (pw_rand_below(&tw->r, 8)) {
	case 0:
		at = tw->now - random_step(tw);
		break;
	case 1: /* a little later, as a retransmission timer moves */
		at = (tw->at[i] == PW_NEVER ? tw->now : tw->at[i]) + pw_rand_below(&tw->r, 5000);
		break;
	}
	pw_timer_set(&wheel, &tw->t[i], at);
	tw->at[i] = at;
}

static void
random_clear(struct twin *tw)
{
	uint32_t i = (uint32_t)pw_rand_below(&tw->r, TWIN_TIMERS);

	pw_timer_clear(&wheel, &tw->t[i]);
	tw->at[i] = PW_NEVER;
}

static void
random_change(struct twin *tw)
{
	if (pw_rand_below(&tw->r, 3) != 0)
		random_set(tw);
	else
		random_clear(tw);
}

static pw_ns
twin_earliest(const struct twin *tw)
{
	pw_ns min = PW_NEVER;
	int i;

	for (i = 0; i < TWIN_TIMERS; i++)
		min = pw_min(min, tw->at[i]);
	return min;
}

static void
twin_fired(struct twin *tw, const struct pw_timer *t)
{
	uint32_t i = (uint32_t)(t - tw->t);

	tw->bad += tw->at[i] > tw->now; /* early, or not armed at all */
	tw->bad += pw_timer_armed(t);
	tw->at[i] = PW_NEVER;
	tw->fired++;
	tw->trace = (tw->trace ^ i) * UINT64_C(0x100000001b3);
}

static void
twin_expire(struct twin *tw)
{
	struct pw_timer *t;

	while ((t = pw_wheel_expire(&wheel, tw->now)) != NULL) {
		twin_fired(tw, t);
		if (pw_rand_below(&tw->r, 4) == 0)
			random_change(tw);
	}
	tw->bad += twin_earliest(tw) <= tw->now; /* late */
}

static void
twin_check_next(struct twin *tw)
{
	pw_ns min = twin_earliest(tw), next = pw_wheel_next(&wheel);

	tw->bad += next > min || next <= tw->now;
	tw->bad += min == PW_NEVER && next != PW_NEVER;
}

static void
twin_turn(struct twin *tw)
{
	int n;

	for (n = (int)pw_rand_below(&tw->r, 12); n > 0; n--)
		random_change(tw);
	switch (pw_rand_below(&tw->r, 4)) {
	case 0:
		tw->now = pw_min(pw_wheel_next(&wheel), tw->now + random_step(tw));
		break;
	case 1:
		tw->now = pw_min(twin_earliest(tw), tw->now + random_step(tw));
		break;
	default:
		tw->now += random_step(tw);
	}
	tw->now = pw_max(tw->now, wheel.now);
	twin_expire(tw);
	twin_check_next(tw);
}

static void
twin_run(struct twin *tw, uint64_t seed, uint32_t span, int turns)
{
	int i;

	memset(tw, 0, sizeof(*tw));
	tw->span = span;
	pw_rand_init(&tw->r, seed);
	for (i = 0; i < TWIN_TIMERS; i++)
		tw->at[i] = PW_NEVER;
	tw->now = START;
	pw_wheel_init(&wheel, START);
	for (i = 0; i < turns; i++)
		twin_turn(tw);
}

/* From a busy worker, whose clock creeps, to jumps of days. */
static void
agrees_with_naive_twin(void)
{
	static const uint32_t spans[] = {10, 16, 22, 26, 30, 34, 40, 48};
	size_t i;

	printf("seeds from %#jx ", (uintmax_t)SEED);
	for (i = 0; i < 3 * RTE_DIM(spans); i++) {
		twin_run(&twin, SEED + i, spans[i % RTE_DIM(spans)], 5000);
		if (twin.bad != 0)
			printf("bad seed %#jx ", (uintmax_t)(SEED + i));
		CU_ASSERT_EQUAL(twin.bad, 0);
		CU_ASSERT(twin.fired > 5000);
	}
}

/* The order of firing depends on the calls, not on where timers happen to lie. */
static void
same_calls_same_order(void)
{
	static struct twin other;

	twin_run(&twin, SEED, 34, 3000);
	twin_run(&other, SEED, 34, 3000);
	CU_ASSERT_EQUAL(twin.trace, other.trace);
	twin_run(&other, SEED + 1, 34, 3000);
	CU_ASSERT_NOT_EQUAL(twin.trace, other.trace);
}

static CU_TestInfo tests[] = {
	{"empty_wheel_has_nothing", empty_wheel_has_nothing},
	{"exact_at_every_distance", exact_at_every_distance},
	{"next_leads_to_the_deadline", next_leads_to_the_deadline},
	{"past_fires_at_the_same_now", past_fires_at_the_same_now},
	{"clock_never_goes_back", clock_never_goes_back},
	{"never_disarms", never_disarms},
	{"set_moves_both_ways", set_moves_both_ways},
	{"clear_leaves_the_others", clear_leaves_the_others},
	{"due_timers_can_be_changed", due_timers_can_be_changed},
	{"due_timers_take_turns", due_timers_take_turns},
	{"ends_of_time", ends_of_time},
	{"far_slots_empty_beforehand", far_slots_empty_beforehand},
	{"agrees_with_naive_twin", agrees_with_naive_twin},
	{"same_calls_same_order", same_calls_same_order},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_base_wheel = {.pName = "base_wheel", .pInitFunc = setup, .pTests = tests};
