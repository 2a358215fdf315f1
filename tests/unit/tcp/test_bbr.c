/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * BBR (draft-ietf-ccwg-bbr) over a path that the test makes: a rate, a delay, a queue, and
 * losses. Most are the example cases of the draft's appendix.
 */
#include "rig.h"
#include "tcp_priv.h"

#define MSS	 1448
#define RTT	 MS(40)
#define RATE	 UINT64_C(2500000) /* bytes a second: 69 segments a round trip */
#define BDP	 (RATE * RTT / PW_NS_PER_S)
#define SEGS_MAX 65536

static struct rig rig;

/** The path, and the receiver at its end, which acknowledges each segment. */
static struct {
	uint64_t rate;
	uint64_t queue; /**< bytes; 0: no bound */
	uint32_t loss_ppm;
	bool mark;
	pw_ns busy_until;
	struct pw_rand rand;
	struct {
		pw_off off;
		uint32_t len;
		pw_ns at; /**< when its ACK is there */
	} q[SEGS_MAX];
	uint32_t head, tail;
	pw_off end;	    /**< of what has arrived in order */
	bool got[SEGS_MAX]; /**< by number of the segment, modulo */
	pw_off most;
	uint64_t n_lost;
} path;

static struct pw_tcp_conn *
conn(void)
{
	return rig.user.c;
}

static const struct bbr *
bbr(void)
{
	return &side_of(conn())->bbr;
}

static void
open_path(const struct pw_tcp_cfg *cfg, uint64_t rate)
{
	rig_open(&rig, cfg);
	rig_accept(&rig, &rig_linux);
	memset(&path, 0, sizeof(path));
	pw_rand_init(&path.rand, 1);
	path.rate = rate;
	rig_ack_wnd(&rig, 0, 8000000);
	conn()->srtt = conn()->min_rtt = ticks_of(RTT);
	cc_of(conn())->init(conn());
}

static void
setup(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "bbr"};

	open_path(&cfg, RATE);
}

static void
teardown(void)
{
	rig_close(&rig);
}

static void
enter(const struct rig_seg *s)
{
	pw_ns start = pw_max(rig.now, path.busy_until);
	uint64_t waiting = (start - rig.now) * path.rate / PW_NS_PER_S;

	if ((path.queue != 0 && waiting + s->len > path.queue) ||
		pw_rand_below(&path.rand, 1000000) < path.loss_ppm) {
		path.n_lost++;
		return;
	}
	path.busy_until = start + s->len * PW_NS_PER_S / path.rate;
	path.q[path.tail % SEGS_MAX].off = (pw_off)rig_off(&rig, s);
	path.q[path.tail % SEGS_MAX].len = s->len;
	path.q[path.tail++ % SEGS_MAX].at = path.busy_until + RTT;
}

static void
send_all(void)
{
	const struct rig_seg *s;

	do {
		rig_run(&rig);
		while ((s = rig_next(&rig)) != NULL)
			if (s->len > 0)
				enter(s);
	} while (pw_tcp_next(rig.t) <= rig.now);
}

/* The oldest gaps first: enough for RACK. */
static uint32_t
blocks(struct pw_tcp_sack *out)
{
	uint32_t n = 0;
	pw_off off = path.end;

	while (off < path.most && n < 3) {
		while (off < path.most && !path.got[off / MSS % SEGS_MAX])
			off += MSS;
		out[n].left = rig.iss + 1 + (uint32_t)off;
		while (off < path.most && path.got[off / MSS % SEGS_MAX])
			off += MSS;
		out[n].right = rig.iss + 1 + (uint32_t)off;
		n += out[n].left != out[n].right;
	}
	return n;
}

static void
arrive(void)
{
	struct pw_tcp_sack sack[PW_TCP_SACK_MAX];
	pw_off off = path.q[path.head % SEGS_MAX].off;
	pw_off last = off + path.q[path.head++ % SEGS_MAX].len;
	uint32_t n;

	for (; off < last; off += MSS)
		path.got[off / MSS % SEGS_MAX] = off >= path.end;
	path.most = pw_max(path.most, off);
	while (path.got[path.end / MSS % SEGS_MAX]) {
		path.got[path.end / MSS % SEGS_MAX] = false;
		path.end += MSS;
	}
	n = blocks(sack);
	rig_in(&rig, PW_TCP_ACK | (path.mark ? PW_TCP_ECE : 0), rig.snd,
		rig.iss + 1 + (uint32_t)path.end, 8000000, 0, sack, n);
}

/* Let time pass. @return bytes that have arrived in it */
static uint64_t
pass(pw_ns ns)
{
	pw_ns end = rig.now + ns;
	pw_off before = path.end;

	send_all();
	for (;;) {
		pw_ns ack = path.head != path.tail ? path.q[path.head % SEGS_MAX].at : PW_NEVER;
		pw_ns next = pw_min(ack, pw_max(pw_tcp_next(rig.t), rig.now + 1));

		if (next > end)
			break;
		rig.now = next;
		if (ack <= rig.now)
			arrive();
		send_all();
	}
	rig.now = end;
	return path.end - before;
}

/* Pass until @p state is reached. @return how long it took */
static pw_ns
until(enum bbr_state state, pw_ns at_most)
{
	pw_ns began = rig.now;

	while (bbr()->state != state && rig.now - began < at_most)
		pass(MS(1));
	CU_ASSERT_EQUAL(bbr()->state, state);
	return rig.now - began;
}

static bool
near(uint64_t got, uint64_t want, uint32_t percent)
{
	return got * 100 >= want * (100 - percent) && got * 100 <= want * (100 + percent);
}

static void
endless(void)
{
	pw_tcp_send(conn(), UINT64_C(1) << 40);
}

/* What is in flight at the end is let go. */
static void
hang_up(void)
{
	pw_tcp_abort(conn(), rig.now);
	rig_skip(&rig);
}

/* Three rounds without a quarter more: the pipe is full. Then the queue is drained. */
static void
startup_ends_when_the_rate_does_not_rise(void)
{
	pw_ns took;

	endless();
	took = until(BBR_DRAIN, MS(1000));
	CU_ASSERT_TRUE(took < 12 * RTT);
	CU_ASSERT_TRUE(bbr()->full_bw_reached);
	CU_ASSERT_TRUE(near(bbr()->max_bw, RATE, 2));
	CU_ASSERT_EQUAL(path.n_lost, 0);
	until(BBR_CRUISE, MS(1000));
	CU_ASSERT_TRUE(pipe_bytes(conn()) <= BDP + 3u * side_of(conn())->quantum);
	hang_up();
}

/* The rate in the first rounds doubles, and is not paced at twice cwnd as others are. */
static void
startup_doubles(void)
{
	uint64_t first, second;

	endless();
	pass(RTT);
	first = pass(RTT);
	second = pass(RTT);
	CU_ASSERT_TRUE(near(second, 2 * first, 30));
	hang_up();
}

/* A steady flow has the path to itself, and little more in flight than it holds. */
static void
cruise_fills_the_path_without_a_queue(void)
{
	endless();
	until(BBR_CRUISE, MS(2000));
	CU_ASSERT_TRUE(near(pass(MS(1000)), RATE, 3));
	CU_ASSERT_TRUE(path.busy_until < rig.now + RTT / 8);
	CU_ASSERT_EQUAL(bbr()->bw_short, UINT64_MAX);
	CU_ASSERT_EQUAL(bbr()->inflight_long, UINT32_MAX);
	hang_up();
}

static void
cycle_of_states(void)
{
	endless();
	until(BBR_CRUISE, MS(2000));
	until(BBR_REFILL, MS(3100)); /* 2 to 3 s, or 63 rounds */
	CU_ASSERT_TRUE(until(BBR_UP, 3 * RTT) <= 2 * RTT);
	CU_ASSERT_TRUE(near(side_of(conn())->rate, bbr()->bw * 5 / 4, 2));
	until(BBR_DOWN, 10 * RTT);
	CU_ASSERT_TRUE(near(side_of(conn())->rate, bbr()->bw * 9 / 10, 2));
	until(BBR_CRUISE, 10 * RTT);
	hang_up();
}

/* Each 5 s without a shorter round trip: half of the path for 200 ms. */
static void
probe_rtt(void)
{
	pw_ns took;

	endless();
	until(BBR_PROBE_RTT, MS(6000));
	pass(2 * RTT);
	CU_ASSERT_EQUAL(bbr()->state, BBR_PROBE_RTT);
	CU_ASSERT_TRUE(conn()->cwnd <= BDP / 2 + MSS);
	took = until(BBR_CRUISE, MS(1000));
	CU_ASSERT_TRUE(took > MS(100) && took < MS(400));
	CU_ASSERT_TRUE(near(pass(MS(500)), RATE / 2, 10));
	hang_up();
}

/* One in a hundred is no sign of a queue. */
static void
random_losses_cost_little(void)
{
	path.loss_ppm = 10000;
	endless();
	pass(MS(1000));
	CU_ASSERT_TRUE(pass(MS(20000)) > 20 * RATE * 9 / 10);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->rtos, 0);
	hang_up();
}

/* The draft's example: samples of an application that is the limit show no plateau, but
 * losses in six places of a round and beyond 2 % do. */
static void
startup_ends_by_losses(void)
{
	int i;

	for (i = 0; i < 4; i++) {
		pw_tcp_send(conn(), 60 * MSS);
		pass(RTT + MS(20));
	}
	CU_ASSERT_EQUAL(bbr()->state, BBR_STARTUP);
	path.loss_ppm = 200000;
	for (i = 0; i < 20 && bbr()->state == BBR_STARTUP; i++) {
		pw_tcp_send(conn(), 60 * MSS);
		pass(RTT + MS(20));
	}
	CU_ASSERT_NOT_EQUAL(bbr()->state, BBR_STARTUP);
	CU_ASSERT_TRUE(bbr()->full_bw_reached && !bbr()->full_bw_now);
	CU_ASSERT_NOT_EQUAL(bbr()->inflight_long, UINT32_MAX);
	hang_up();
}

/* A queue of an eighth of a round trip is overrun at first, and then lived with. */
static void
shallow_queue(void)
{
	path.queue = BDP / 8;
	endless();
	pass(MS(3000));
	CU_ASSERT_TRUE(pass(MS(5000)) > 5 * RATE * 8 / 10);
	hang_up();
}

/* Too much was lost while probing: the probe ends, and its volume is remembered. */
static void
probe_ends_by_losses(void)
{
	endless();
	until(BBR_UP, MS(8000));
	path.loss_ppm = 200000;
	until(BBR_DOWN, 3 * RTT);
	CU_ASSERT_TRUE(bbr()->probe_too_high);
	CU_ASSERT_TRUE(bbr()->inflight_long < 2 * BDP);
	path.loss_ppm = 0;
	pass(MS(100));
	hang_up();
}

/* The bottleneck becomes ten times as wide, or a tenth. */
static void
rate_of_the_path_changes(void)
{
	endless();
	until(BBR_CRUISE, MS(2000));
	path.rate = 4 * RATE;
	pass(MS(12000));
	CU_ASSERT_TRUE(near(bbr()->max_bw, 4 * RATE, 5));
	path.rate = RATE;
	pass(MS(12000));
	CU_ASSERT_TRUE(near(bbr()->max_bw, RATE, 5));
	hang_up();
}

/* Who has little to say learns nothing of the path, and stays in Startup. */
static void
application_limited_samples_say_nothing(void)
{
	int i;

	for (i = 0; i < 50; i++) {
		pw_tcp_send(conn(), 4 * MSS);
		pass(RTT + MS(10));
	}
	CU_ASSERT_EQUAL(bbr()->state, BBR_STARTUP);
	CU_ASSERT_FALSE(bbr()->full_bw_reached);
	CU_ASSERT_TRUE(side_of(conn())->rs.app_limited != 0);
}

/* A pause of 5 s has drained the queue as well as ProbeRTT would. */
static void
idle_time_replaces_probe_rtt(void)
{
	pw_tcp_send(conn(), 1000 * MSS);
	pass(MS(3000));
	CU_ASSERT_EQUAL(flight(conn()), 0);
	pass(MS(6000));
	pw_tcp_send(conn(), 20 * MSS);
	pass(RTT + MS(1));
	CU_ASSERT_NOT_EQUAL(bbr()->state, BBR_PROBE_RTT);
	CU_ASSERT_TRUE(conn()->cwnd > 40 * MSS); /* nor is cwnd what it was at first */
	pass(MS(1000));
}

/* RFC 3168: a mark is answered, here by leaving Startup. */
static void
mark_ends_startup(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "bbr"};

	teardown();
	memset(&rig, 0, sizeof(rig));
	rig_open(&rig, &cfg);
	rig.syn_flags = PW_TCP_ECE | PW_TCP_CWR;
	rig_accept(&rig, &rig_linux);
	memset(&path, 0, sizeof(path));
	path.rate = RATE;
	endless();
	pass(2 * RTT);
	CU_ASSERT_EQUAL(bbr()->state, BBR_STARTUP);
	path.mark = true;
	pass(RTT + MS(5));
	CU_ASSERT_NOT_EQUAL(bbr()->state, BBR_STARTUP);
	CU_ASSERT_TRUE(bbr()->inflight_long != UINT32_MAX);
	CU_ASSERT_TRUE(pw_tcp_stats(rig.t)->ecn_reductions > 0);
	hang_up();
}

/* Startup ends with nothing known of the path: the rate that it began with holds. */
static void
mark_before_the_first_sample(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "bbr", .max_sent = 1};
	uint32_t i;

	teardown();
	memset(&rig, 0, sizeof(rig));
	rig_open(&rig, &cfg);
	rig.syn_flags = PW_TCP_ECE | PW_TCP_CWR;
	rig_accept(&rig, &rig_linux);
	memset(&path, 0, sizeof(path));
	path.rate = RATE;
	path.mark = true;
	for (i = 1; i <= 5; i++) {
		pw_tcp_send(conn(), MSS);
		pass(MS(100));
		CU_ASSERT_EQUAL(path.end, i * MSS);
	}
	hang_up();
}

/* All is lost for a while: cwnd is one segment, and then again what it was. */
static void
timeout_and_back(void)
{
	endless();
	until(BBR_CRUISE, MS(2000));
	path.loss_ppm = 1000000;
	pass(MS(900));
	CU_ASSERT_TRUE(pw_tcp_stats(rig.t)->rtos > 0);
	CU_ASSERT_EQUAL(conn()->cwnd, MSS);
	path.loss_ppm = 0;
	pass(MS(3000));
	CU_ASSERT_TRUE(near(pass(MS(1000)), RATE, 20));
	hang_up();
}

/* Records are scarce: no samples then, but bytes go on. */
static void
without_records_for_snapshots(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "bbr", .max_sent = 4};

	teardown();
	open_path(&cfg, RATE);
	pw_tcp_send(conn(), 500 * MSS);
	pass(MS(20000));
	CU_ASSERT_EQUAL(flight(conn()), 0);
	CU_ASSERT_EQUAL(path.end, 500 * MSS);
}

/* No place for its state: CUBIC takes over, at the beginning; later it is refused. */
static void
no_place_means_cubic(void)
{
	const struct pw_tcp_cfg cfg = {.cc = "bbr", .max_sides = 1};
	struct pw_tcp_conn *first;

	teardown();
	rig_open(&rig, &cfg);
	rig_accept(&rig, &rig_linux);
	first = conn();
	CU_ASSERT_PTR_EQUAL(cc_of(first), &tcp_cc_bbr);
	rig.port++;
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_PTR_EQUAL(cc_of(conn()), &tcp_cc_cubic);
	CU_ASSERT_FALSE(conn()->rated);
	CU_ASSERT_EQUAL(pw_tcp_stats(rig.t)->side_exhausted, 1);
	CU_ASSERT_EQUAL(pw_tcp_conn_set_cc(conn(), "bbr"), -ENOBUFS);
	CU_ASSERT_EQUAL(pw_tcp_conn_set_cc(first, "newreno"), 0);
	CU_ASSERT_EQUAL(pw_tcp_conn_set_cc(conn(), "bbr"), 0);
	CU_ASSERT_PTR_EQUAL(cc_of(conn()), &tcp_cc_bbr);
}

/* Chosen and left in the middle of a transfer, with runs in flight that have snapshots. */
static void
changed_while_it_runs(void)
{
	static const char *const names[] = {"cubic", "bbr", "newreno", "bbr", "dctcp", "bbr"};
	size_t i;

	path.loss_ppm = 10000;
	endless();
	pass(MS(1000));
	for (i = 0; i < RTE_DIM(names); i++) {
		CU_ASSERT_EQUAL(pw_tcp_conn_set_cc(conn(), names[i]), 0);
		CU_ASSERT_STRING_EQUAL(cc_of(conn())->name, names[i]);
		CU_ASSERT_EQUAL(conn()->rated, conn()->paced);
		CU_ASSERT_TRUE(pass(MS(1000)) > 0);
	}
	CU_ASSERT_EQUAL(pw_tcp_conn_set(conn(), PW_TCP_PACING, 0), -ENOTSUP);
	hang_up();
}

static CU_TestInfo tests[] = {
	TEST(startup_doubles),
	TEST(startup_ends_when_the_rate_does_not_rise),
	TEST(startup_ends_by_losses),
	TEST(shallow_queue),
	TEST(cruise_fills_the_path_without_a_queue),
	TEST(cycle_of_states),
	TEST(probe_rtt),
	TEST(probe_ends_by_losses),
	TEST(random_losses_cost_little),
	TEST(rate_of_the_path_changes),
	TEST(application_limited_samples_say_nothing),
	TEST(idle_time_replaces_probe_rtt),
	TEST(mark_ends_startup),
	TEST(mark_before_the_first_sample),
	TEST(timeout_and_back),
	TEST(without_records_for_snapshots),
	TEST(no_place_means_cubic),
	TEST(changed_while_it_runs),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_bbr = {
	.pName = "tcp_bbr", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
