/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A worker's life: drained, stopped, put to sleep and woken.
 */
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <CUnit/CUnit.h>
#include <rte_epoll.h>
#include "rig_loop.h"

enum {
	FIN = 1,
	SYN = 2,
	ACK = 16,
};

static struct rig_loop l;

static void
setup(void)
{
	struct rig_loop_opts none = {0};

	rig_loop_open(&l, &none);
}

static void
teardown(void)
{
	rig_loop_close(&l);
}

static void
turns(uint32_t n)
{
	while (n-- > 0)
		rig_loop_turn(&l, PW_NS_PER_MS);
}

static void
drain_ends_at_once_without_connections(void)
{
	turns(1);
	CU_ASSERT_FALSE(pw_worker_done(l.w));
	CU_ASSERT_EQUAL(pw_worker_post(l.w, PW_WORKER_DRAIN, PW_NS_PER_S), 0);
	turns(3);
	CU_ASSERT_TRUE(pw_worker_done(l.w));
	CU_ASSERT_EQUAL(l.n_drains, 1);
}

static void
drain_waits_for_connections(void)
{
	rig_loop_connect(&l);
	CU_ASSERT_EQUAL(pw_worker_post(l.w, PW_WORKER_DRAIN, 100 * PW_NS_PER_S), 0);
	turns(50);
	CU_ASSERT_FALSE(pw_worker_done(l.w));
	rig_loop_fetch(&l, 100000, UINT32_MAX);
	rig_loop_bye(&l);
	turns(3);
	CU_ASSERT_TRUE(pw_worker_done(l.w));
}

static void
drain_refuses_new_connections(void)
{
	rig_loop_connect(&l);
	pw_worker_post(l.w, PW_WORKER_DRAIN, 100 * PW_NS_PER_S);
	turns(2);
	l.sport++;
	rig_loop_send(&l, SYN, "");
	turns(1);
	CU_ASSERT_TRUE(l.refused);
	l.sport--;
	pw_worker_post(l.w, PW_WORKER_STOP, 0);
	turns(3);
	CU_ASSERT_TRUE(pw_worker_done(l.w));
}

static void
drain_does_not_wait_for_ever(void)
{
	rig_loop_connect(&l);
	pw_worker_post(l.w, PW_WORKER_DRAIN, 10 * PW_NS_PER_MS);
	turns(8);
	CU_ASSERT_FALSE(pw_worker_done(l.w));
	CU_ASSERT_FALSE(l.refused);
	turns(10);
	CU_ASSERT_TRUE(pw_worker_done(l.w));
	CU_ASSERT_TRUE(l.refused);
	CU_ASSERT_EQUAL(l.last_end, PW_TCP_END_ABORTED);
}

static void
a_second_drain_can_only_hurry(void)
{
	rig_loop_connect(&l);
	pw_worker_post(l.w, PW_WORKER_DRAIN, 10 * PW_NS_PER_MS);
	pw_worker_post(l.w, PW_WORKER_DRAIN, 100 * PW_NS_PER_S);
	turns(20);
	CU_ASSERT_TRUE(pw_worker_done(l.w));
	CU_ASSERT_EQUAL(l.n_drains, 1);
}

static void
stop_resets_everything(void)
{
	rig_loop_connect(&l);
	pw_worker_post(l.w, PW_WORKER_STOP, 0);
	turns(3);
	CU_ASSERT_TRUE(pw_worker_done(l.w));
	CU_ASSERT_TRUE(l.refused);
	CU_ASSERT_EQUAL(l.n_gone, 1);
}

/* A device that takes nothing any more does not keep a worker from stopping. */
static void
a_dead_device_does_not_prevent_the_end(void)
{
	rig_loop_connect(&l);
	l.answer_bytes = 100000;
	rig_loop_send(&l, ACK, "G");
	l.rp->accept = 0;
	turns(5);
	pw_worker_post(l.w, PW_WORKER_STOP, 0);
	turns(200);
	CU_ASSERT_TRUE(pw_worker_done(l.w));
	l.unfinished = true;
}

static void
orders_are_bounded(void)
{
	uint32_t n = 0;

	while (n < 1000 && pw_worker_post(l.w, PW_WORKER_DRAIN, 0) == 0)
		n++;
	CU_ASSERT_TRUE(n >= 64 && n < 1000);
	turns(3);
	CU_ASSERT_TRUE(pw_worker_done(l.w));
}

/* The real loop, with the real clock, in each way of being idle. */
static void
run_ends_when_told(void)
{
	static const enum pw_idle modes[] = {PW_IDLE_SPIN, PW_IDLE_PAUSE, PW_IDLE_SLEEP};
	size_t i;

	for (i = 0; i < RTE_DIM(modes); i++) {
		struct rig_loop_opts opts = {.idle = modes[i]};

		rig_loop_close(&l);
		rig_loop_open(&l, &opts);
		pw_worker_post(l.w, PW_WORKER_DRAIN, PW_NS_PER_S);
		pw_worker_run(l.w);
		CU_ASSERT_TRUE(pw_worker_done(l.w));
		CU_ASSERT_TRUE(l.n_ticks >= 1);
		CU_ASSERT_EQUAL(l.rp->n_sent, 1); /* the announcement */
	}
}

/* A queue that can wake its worker, by an event descriptor. */
static int wake_fd;
static struct rte_epoll_event wake_event;
static uint32_t n_armed, n_disarmed;

static uint16_t
no_rx(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	return 0;
}

static uint16_t
all_tx(void *q, struct rte_mbuf **pkts, uint16_t n)
{
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

static int
wait_add(void *q, int epfd)
{
	wake_event.epdata.event = EPOLLIN | EPOLLET;
	return rte_epoll_ctl(epfd, EPOLL_CTL_ADD, wake_fd, &wake_event);
}

/* The first time a packet "comes" after arming; the second time somebody posts. */
static void
wait_arm(void *q, bool on)
{
	if (!on) {
		n_disarmed++;
		return;
	}
	n_armed++;
	if (n_armed == 1)
		eventfd_write(wake_fd, 1);
	else
		pw_worker_post(l.w, PW_WORKER_STOP, 0);
}

static void
sleep_is_ended_by_a_packet_and_by_a_post(void)
{
	static const struct pw_port_ops ops = {
		.rx_burst = no_rx,
		.tx_burst = all_tx,
		.rx_wait_add = wait_add,
		.rx_wait_arm = wait_arm,
	};
	struct rig_loop_opts opts = {.idle = PW_IDLE_SLEEP, .ops = &ops};
	struct pw_worker_stats st;

	wake_fd = eventfd(0, EFD_NONBLOCK);
	CU_ASSERT_FATAL(wake_fd >= 0);
	memset(&wake_event, 0, sizeof(wake_event));
	n_armed = n_disarmed = 0;
	rig_loop_close(&l);
	rig_loop_open(&l, &opts);
	pw_worker_run(l.w);
	pw_worker_get_stats(l.w, &st);
	CU_ASSERT_EQUAL(st.sleeps, 2);
	CU_ASSERT_EQUAL(n_armed, n_disarmed);
	close(wake_fd);
}

/* A job that counts its steps, and when they were made. */
struct steps {
	struct pw_worker_job job;
	uint32_t n, wanted;
	pw_ns at[8];
};

static bool
count_step(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct steps *s = pw_container_of(job, struct steps, job);

	CU_ASSERT_PTR_EQUAL(w, l.w);
	s->at[s->n++] = now;
	return s->n == s->wanted;
}

static void
a_job_takes_a_step_a_turn(void)
{
	struct steps a = {.job.step = count_step, .wanted = 3};
	struct steps b = {.job.step = count_step, .wanted = 2};
	uint32_t i;

	turns(1);
	pw_worker_post_job(l.w, &a.job);
	pw_worker_post_job(l.w, &b.job);
	turns(1); /* of a millisecond: commands are looked at */
	CU_ASSERT_EQUAL(a.n, 1);
	for (i = 2; i <= 5; i++) {
		rig_loop_turn(&l, 1);
		CU_ASSERT_EQUAL(a.n + b.n, i);
		CU_ASSERT_EQUAL(pw_worker_job_done(&a.job), i >= 3);
	}
	CU_ASSERT_EQUAL(a.n, 3);
	CU_ASSERT_TRUE(pw_worker_job_done(&b.job));
	CU_ASSERT_EQUAL(b.at[1] - a.at[0], 4); /* nanoseconds: turn after turn */
	rig_loop_turn(&l, 1);
	CU_ASSERT_EQUAL(a.n + b.n, 5);
}

static bool
refuse(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	pw_worker_accept(w, false);
	return true;
}

static bool
accept_again(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	pw_worker_accept(w, true);
	return true;
}

/* Stopped: those who are there are served on, new ones are refused until it is started. */
static void
accepting_can_be_stopped_and_started(void)
{
	struct pw_worker_job stop = {.step = refuse};
	struct pw_worker_job start = {.step = accept_again};

	rig_loop_connect(&l);
	pw_worker_post_job(l.w, &stop);
	turns(2);
	l.sport++;
	rig_loop_send(&l, SYN, "");
	turns(1);
	CU_ASSERT_TRUE(l.refused);
	CU_ASSERT_EQUAL(l.n_gone, 0);
	pw_worker_post_job(l.w, &start);
	turns(2);
	l.sport++;
	l.n_open = 0;
	l.synced = false;
	rig_loop_connect(&l);
	l.n_open++; /* the first one's */
	l.unfinished = true;
}

static void
no_port_no_worker(void)
{
	struct pw_worker_cfg cfg = {.id = 99};

	CU_ASSERT_PTR_NULL(pw_worker_create(&cfg));
	CU_ASSERT_EQUAL(errno, EINVAL);
}

static CU_TestInfo tests[] = {
	{"drain_ends_at_once_without_connections", drain_ends_at_once_without_connections},
	{"drain_waits_for_connections", drain_waits_for_connections},
	{"drain_refuses_new_connections", drain_refuses_new_connections},
	{"drain_does_not_wait_for_ever", drain_does_not_wait_for_ever},
	{"a_second_drain_can_only_hurry", a_second_drain_can_only_hurry},
	{"stop_resets_everything", stop_resets_everything},
	{"a_dead_device_does_not_prevent_the_end", a_dead_device_does_not_prevent_the_end},
	{"orders_are_bounded", orders_are_bounded},
	{"run_ends_when_told", run_ends_when_told},
	{"sleep_is_ended_by_a_packet_and_by_a_post", sleep_is_ended_by_a_packet_and_by_a_post},
	{"a_job_takes_a_step_a_turn", a_job_takes_a_step_a_turn},
	{"accepting_can_be_stopped_and_started", accepting_can_be_stopped_and_started},
	{"no_port_no_worker", no_port_no_worker},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_loop_life = {
	.pName = "loop_life",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
