/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The record of what is in flight, against a twin that keeps every byte by
 * itself. Random operations on both; after each they must say the same.
 */
#include <stdio.h>
#include "rig.h"
#include "tcp_priv.h"

#define BYTES	4096 /* a life of the twin */
#define SEEDS	300
#define OPS	400
#define CROWDED (SENT_MAX - 8)

struct byte {
	uint8_t flags;
	pw_ns xmit;
	pw_ns at; /**< when it really was sent last */
};

struct twin {
	struct rig *rig;
	struct pw_tcp_conn *c;
	struct pw_rand rand;
	struct byte b[BYTES];
	pw_ns now;
	uint64_t seed;
};

static struct rig rig;
static struct twin twin;

static void
setup(void)
{
	rig_open(&rig, NULL);
}

static void
teardown(void)
{
	rig_close(&rig);
}

static uint32_t
below(struct twin *w, uint64_t n)
{
	return (uint32_t)pw_rand_below(&w->rand, n);
}

static struct sent *
record(const struct pw_tcp_conn *c, uint32_t i)
{
	return i == NONE ? NULL : &c->t->sent.rec[i];
}

/* ---- the operations, on both ---- */

static void
do_append(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	uint32_t i, len = 1 + below(w, 40);

	if (c->snd_nxt + len > BYTES || c->n_sent > CROWDED)
		return;
	CU_ASSERT_TRUE_FATAL(sent_room(c, w->now));
	sent_append(c, len, w->now);
	for (i = 0; i < len; i++)
		w->b[c->snd_nxt + i] = (struct byte){0, w->now, w->now};
	c->snd_nxt += len;
}

/* What an ACK must say it delivered. */
static uint32_t
not_sacked(const struct twin *w, pw_off from, pw_off to)
{
	uint32_t n = 0;

	for (; from < to; from++)
		n += (w->b[from].flags & SENT_SACKED) == 0;
	return n;
}

/* The shortest round trip of those that [from, to) can tell of (Karn). */
static pw_ns
least_rtt(const struct twin *w, pw_off from, pw_off to)
{
	pw_ns rtt = PW_NEVER;

	for (; from < to; from++)
		if ((w->b[from].flags & (SENT_SACKED | SENT_RTX)) == 0)
			rtt = pw_min(rtt, w->now - w->b[from].at);
	return rtt;
}

static void
do_ack(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	struct ack a = {.now = w->now, .rtt = PW_NEVER, .fack = c->rack_fack};
	pw_off una = c->snd_una + below(w, flight(c) / 4 + 1);

	sent_acked(c, una, &a);
	CU_ASSERT_EQUAL(a.delivered, not_sacked(w, c->snd_una, una));
	CU_ASSERT_TRUE(a.rtt >= least_rtt(w, c->snd_una, una));
	c->snd_una = una;
}

static void
do_sack(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	struct ack a = {.now = w->now, .rtt = PW_NEVER, .fack = c->rack_fack};
	pw_off left, right, i;

	if (flight(c) == 0 || c->n_sent > CROWDED)
		return;
	left = c->snd_una + below(w, flight(c));
	right = pw_min(left + 1 + below(w, 60), c->snd_nxt);
	sent_sacked(c, left, right, &a);
	CU_ASSERT_EQUAL(a.delivered, not_sacked(w, left, right));
	CU_ASSERT_TRUE(a.rtt >= least_rtt(w, left, right));
	for (i = left; i < right; i++)
		w->b[i].flags = SENT_SACKED;
}

static void
mark(struct twin *w, pw_off from, pw_off to)
{
	for (; from < to; from++)
		if ((w->b[from].flags & (SENT_SACKED | SENT_LOST)) == 0)
			w->b[from].flags |= SENT_LOST;
}

/* Where the run that holds @p off ends: Segment.end_seq of the RFC. */
static pw_off
run_end(const struct pw_tcp_conn *c, pw_off off)
{
	const struct sent *s = record(c, c->sent_head);

	while (s->start + s->len <= off)
		s = record(c, s->next);
	return s->start + s->len;
}

/* RFC 8985 6.2 step 5, a byte at a time. */
static void
do_detect(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	pw_ns window = below(w, 30), wait = 0, said;
	pw_off i;

	if (c->rack_xmit == 0)
		return;
	for (i = c->snd_una; i < c->snd_nxt; i++) {
		struct byte *b = &w->b[i];

		if ((b->flags & (SENT_SACKED | SENT_LOST)) || b->xmit > c->rack_xmit ||
			(b->xmit == c->rack_xmit && run_end(c, i) >= c->rack_end))
			continue;
		if (b->xmit + window <= w->now)
			b->flags |= SENT_LOST;
		else
			wait = pw_max(wait, b->xmit + window - w->now);
	}
	said = sent_detect(c, w->now, window);
	CU_ASSERT_EQUAL(said, wait);
}

static void
do_again(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	struct sent *s = sent_lost(c);
	pw_off i = c->snd_una;
	uint32_t len, k;

	while (i < c->snd_nxt && (w->b[i].flags & SENT_LOST) == 0)
		i++;
	CU_ASSERT_EQUAL(s == NULL, i == c->snd_nxt);
	if (s == NULL || c->n_sent > CROWDED)
		return;
	CU_ASSERT_EQUAL(s->start, i);
	len = 1 + below(w, s->len);
	for (k = 0; k < len; k++)
		w->b[i + k] = (struct byte){SENT_RTX, w->now, w->now};
	sent_again(c, s, len, w->now);
}

static void
do_probe(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	uint32_t len, k;

	if (flight(c) == 0 || c->n_sent > CROWDED)
		return;
	len = 1 + below(w, sent_tail_len(c));
	for (k = 1; k <= len; k++)
		w->b[c->snd_nxt - k] = (struct byte){SENT_RTX, w->now, w->now};
	sent_probe(c, len, w->now);
}

static void
do_mark_head(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	uint32_t len = 1 + below(w, 30);
	const struct sent *s = record(c, c->sent_head);

	if (s == NULL || (s->flags & (SENT_LOST | SENT_SACKED)) || c->n_sent > CROWDED)
		return;
	mark(w, s->start, s->start + pw_min(len, s->len));
	sent_mark_head(c, len);
}

static void
do_mark_all(struct twin *w)
{
	sent_mark_all(w->c);
	mark(w, w->c->snd_una, w->c->snd_nxt);
}

/* A run that was lost as one has one time afterwards: the latest of its bytes'. */
static void
do_unmark_all(struct twin *w)
{
	const struct sent *s;
	pw_off i;

	sent_unmark_all(w->c);
	for (s = record(w->c, w->c->sent_head); s != NULL; s = record(w->c, s->next))
		for (i = s->start; i < s->start + s->len; i++) {
			CU_ASSERT_TRUE(w->b[i].flags == SENT_SACKED || s->xmit >= w->b[i].xmit);
			w->b[i].flags &= (uint8_t)~SENT_LOST;
			w->b[i].xmit = s->xmit;
		}
}

/* A time-out with a peer that reneged: everything is lost, and sent again. */
static void
do_forget(struct twin *w)
{
	const struct pw_tcp_conn *c = w->c;
	pw_off i;

	if (c->n_sent > CROWDED)
		return;
	sent_forget_sacks(w->c);
	sent_mark_all(w->c);
	for (i = c->snd_una; i < c->snd_nxt; i++)
		w->b[i].flags = SENT_LOST | (w->b[i].flags & SENT_RTX);
	w->now++;
	while (c->lost > 0 && c->n_sent <= CROWDED)
		do_again(w);
}

static void
compare(const struct twin *w)
{
	const struct pw_tcp_conn *c = w->c;
	const struct sent *s;
	pw_off i = c->snd_una;
	uint32_t wrong = 0;

	sent_check(c);
	for (s = record(c, c->sent_head); s != NULL; s = record(c, s->next))
		for (; i < s->start + s->len; i++) {
			wrong += (s->flags & ~SENT_MIXED) != w->b[i].flags;
			if ((s->flags & (SENT_SACKED | SENT_LOST)) == 0)
				wrong += s->xmit != w->b[i].xmit;
		}
	CU_ASSERT_EQUAL(i, c->snd_nxt);
	CU_ASSERT_EQUAL(wrong, 0);
	if (wrong != 0)
		printf("  seed %lu: %u bytes differ\n", (unsigned long)w->seed, wrong);
}

static void
live(struct twin *w, uint64_t seed)
{
	static void (*const ops[])(struct twin *) = {do_append, do_append, do_append, do_append,
		do_ack, do_sack, do_sack, do_detect, do_again, do_again, do_probe, do_mark_head,
		do_mark_all, do_unmark_all, do_forget};
	uint32_t i;

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->now = rig.now;
	pw_rand_init(&w->rand, seed);
	w->c = conn_create(
		rig.t, &rig.us, RIG_PORT, &rig.peer, (uint16_t)(1 + seed), rig.t->listen[0].user);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->c);
	w->c->flags |= F_SACK_OK;
	conn_set_state(w->c, PW_TCP_ESTABLISHED);
	for (i = 0; i < OPS && CU_get_number_of_failures() < 20; i++) {
		uint32_t op = below(w, RTE_DIM(ops));

		if (op >= RTE_DIM(ops) - 3 && below(w, 5) != 0)
			continue; /* those that touch all come seldom */
		ops[op](w);
		w->now += below(w, 3) * below(w, 10);
		compare(w);
	}
	conn_end(w->c, PW_TCP_END_ABORTED);
}

static void
random_operations_agree_with_the_twin(void)
{
	uint64_t seed;

	printf("\n    seeds 1..%d ", SEEDS);
	for (seed = 1; seed <= SEEDS; seed++)
		live(&twin, seed);
}

/* Marked lost and found not to be, runs of several times stay one: it knows that it
 * cannot tell a round trip (RFC 6298 section 3). */
static void
a_run_of_several_times_gives_no_sample(void)
{
	struct ack first = {.now = rig.now + MS(30), .rtt = PW_NEVER}, second;
	struct pw_tcp_conn *c;

	second = first;
	rig_accept(&rig, &rig_linux);
	c = rig.user.c;
	sent_append(c, 1000, rig.now);
	c->snd_nxt += 1000;
	sent_append(c, 1000, rig.now + MS(20));
	c->snd_nxt += 1000;
	c->snd_end = c->snd_nxt;
	sent_mark_all(c);
	sent_unmark_all(c);
	CU_ASSERT_EQUAL(c->n_sent, 1);
	sent_acked(c, 1000, &first);
	CU_ASSERT_EQUAL(first.rtt, PW_NEVER);
	sent_acked(c, 2000, &second);
	CU_ASSERT_EQUAL(second.rtt, PW_NEVER);
	c->snd_una = c->snd_nxt;
}

/* A burst without loss is one record, whatever its size. */
static void
equal_neighbours_are_one_record(void)
{
	struct pw_tcp_conn *c;
	struct ack a = {.now = rig.now, .rtt = PW_NEVER};
	uint32_t i;

	rig_accept(&rig, &rig_linux);
	c = rig.user.c;
	for (i = 0; i < 100; i++) {
		sent_append(c, 1448, rig.now);
		c->snd_nxt += 1448;
	}
	c->snd_end = c->snd_nxt;
	CU_ASSERT_EQUAL(c->n_sent, 1);
	for (i = 1; i < 100; i += 2)
		sent_sacked(c, i * 1448, (i + 1) * 1448, &a);
	CU_ASSERT_EQUAL(c->n_sent, 100);
	for (i = 2; i < 100; i += 2)
		sent_sacked(c, i * 1448, (i + 1) * 1448, &a);
	CU_ASSERT_EQUAL(c->n_sent, 2);
	tmr_on_flight(c, rig.now);
}

static CU_TestInfo tests[] = {
	TEST(random_operations_agree_with_the_twin),
	TEST(a_run_of_several_times_gives_no_sample),
	TEST(equal_neighbours_are_one_record),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_sent = {
	.pName = "tcp_sent", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
