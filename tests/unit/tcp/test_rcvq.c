/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The receive queue against a twin that is one array of bytes.
 */
#include <stdio.h>
#include "rig.h"
#include "tcp_priv.h"

#define WINDOW 16384
#define SPAN   (1 << 18)
#define SEEDS  60
#define OPS    600

struct twin {
	struct pw_tcp_conn *c;
	struct pw_rand rand;
	bool there[SPAN];
	pw_off last_put;
};

static struct rig rig;
static struct twin twin;

static void
setup(void)
{
	const struct pw_tcp_cfg cfg = {
		.rcv_buf_bytes = WINDOW, .max_rcv_blocks = 14, .cc = "newreno"};

	rig_open(&rig, &cfg);
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

static uint32_t
ready(const struct twin *w, pw_off off)
{
	uint32_t n = 0;

	while (w->there[off + n])
		n++;
	return n;
}

static void
do_put(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	uint8_t bytes[3000];
	pw_off off = c->rcv_nxt + below(w, 8) * below(w, WINDOW / 8);
	uint32_t room = (uint32_t)(c->rcv_read + WINDOW - pw_min(off, c->rcv_read + WINDOW));
	uint32_t i, len = 1 + below(w, below(w, 4) == 0 ? sizeof(bytes) : 100);

	len = (uint32_t)pw_min(len, room);
	if (len == 0)
		return;
	for (i = 0; i < len; i++)
		bytes[i] = rig_byte(off + i);
	if (!rcvq_put(c, off, bytes, len))
		return; /* nothing is kept then: the comparison sees to it */
	memset(&w->there[off], true, len);
	w->last_put = off;
	c->rcv_nxt += rcvq_ready(c, c->rcv_nxt);
}

static void
do_read(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	const uint8_t *data;
	uint32_t i, len, take, wrong = 0;

	data = rcvq_peek(c, c->rcv_read, &len);
	CU_ASSERT_EQUAL(data == NULL, !w->there[c->rcv_read]);
	if (data == NULL)
		return;
	CU_ASSERT_TRUE(len <= ready(w, c->rcv_read));
	for (i = 0; i < len; i++)
		wrong += data[i] != rig_byte(c->rcv_read + i);
	CU_ASSERT_EQUAL(wrong, 0);
	take = below(w, 2) ? len : below(w, len + 1);
	c->rcv_read += take;
	rcvq_drop(c, c->rcv_read);
}

/* Every block is one whole run beyond rcv_nxt, none comes twice, the latest is first. */
static void
check_sacks(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	struct pw_tcp_sack s[4];
	uint32_t i, k, n = rcvq_sacks(c, s, 4);

	for (i = 0; i < n; i++) {
		pw_off left = s[i].left - c->irs1, right = s[i].right - c->irs1;

		CU_ASSERT_TRUE(left > c->rcv_nxt && right > left);
		CU_ASSERT_TRUE(!w->there[left - 1] && ready(w, left) == right - left);
		for (k = 0; k < i; k++)
			CU_ASSERT_NOT_EQUAL(s[k].left, s[i].left);
	}
	if (w->last_put > c->rcv_nxt && w->there[w->last_put]) {
		CU_ASSERT_TRUE_FATAL(n > 0);
		CU_ASSERT_TRUE(s[0].left - c->irs1 <= w->last_put);
		CU_ASSERT_TRUE(s[0].right - c->irs1 > w->last_put);
	}
}

static void
compare(struct twin *w)
{
	struct pw_tcp_conn *c = w->c;
	pw_off at = c->rcv_read + below(w, WINDOW);
	uint32_t n = ready(w, at);

	CU_ASSERT_EQUAL(rcvq_ready(c, at), n);
	CU_ASSERT_EQUAL(rcvq_ready(c, c->rcv_read), ready(w, c->rcv_read));
	CU_ASSERT_TRUE(rcvq_has(c, at, n));
	CU_ASSERT_FALSE(rcvq_has(c, at, n + 1));
	check_sacks(w);
	CU_ASSERT_TRUE(rig.t->rcv.n_used <= 14);
}

static void
live(struct twin *w, uint64_t seed)
{
	uint32_t before = CU_get_number_of_failures(), i;

	memset(w, 0, sizeof(*w));
	pw_rand_init(&w->rand, seed);
	w->c = conn_create(
		rig.t, &rig.us, RIG_PORT, &rig.peer, (uint16_t)(1 + seed), rig.t->listen[0].user);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->c);
	conn_set_state(w->c, PW_TCP_ESTABLISHED);
	for (i = 0; i < OPS && w->c->rcv_read + 2 * WINDOW < SPAN; i++) {
		if (below(w, 5) < 3)
			do_put(w);
		else
			do_read(w);
		compare(w);
	}
	if (CU_get_number_of_failures() != before)
		printf("  seed %lu\n", (unsigned long)seed);
	rcvq_clear(w->c);
	CU_ASSERT_EQUAL(rig.t->rcv.n_used, 0);
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

static void
fin_is_remembered_until_taken(void)
{
	struct pw_tcp_conn *c;

	rig_accept(&rig, &rig_linux);
	c = rig.user.c;
	CU_ASSERT_FALSE(rcvq_take_fin(c, 100));
	CU_ASSERT_TRUE(rcvq_put_fin(c, 100));
	rcvq_drop(c, 50);
	CU_ASSERT_FALSE(rcvq_take_fin(c, 99));
	CU_ASSERT_TRUE(rcvq_take_fin(c, 100));
	CU_ASSERT_FALSE(rcvq_take_fin(c, 100));
	CU_ASSERT_EQUAL(c->rcvq, NONE);
}

static CU_TestInfo tests[] = {
	TEST(random_operations_agree_with_the_twin),
	TEST(fin_is_remembered_until_taken),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_rcvq = {
	.pName = "tcp_rcvq", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
