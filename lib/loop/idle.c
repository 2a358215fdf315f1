/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What a worker with nothing to do does.
 *
 * Sleeping takes two turns: the first asks the devices for a wake-up, the next
 * polls once more, and only when that finds nothing the worker sleeps. A packet
 * that comes in between is either polled or wakes it.
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <rte_pause.h>
#include "loop_priv.h"

#define PAUSES_MAX 64			/* some microseconds */
#define AWAKE_NS   (100 * PW_NS_PER_US) /* go on polling for so long before sleeping */
#define NAP_MIN_NS (50 * PW_NS_PER_US)
#define NAP_MAX_NS PW_NS_PER_MS
#define EVENTS	   (PW_LOOP_PORTS_MAX + 1)

int
idle_open(struct pw_worker *w)
{
	uint32_t i;

	w->epfd = -1;
	w->wakefd = -1;
	w->epfd = epoll_create1(EPOLL_CLOEXEC);
	w->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epfd < 0 || w->wakefd < 0)
		return -errno;
	/* By edges: nobody has to read what pw_worker_post() writes. */
	w->wake.epdata.event = EPOLLIN | EPOLLET;
	if (rte_epoll_ctl(w->epfd, EPOLL_CTL_ADD, w->wakefd, &w->wake) != 0)
		return -EIO;
	if (w->crew != NULL)
		crew_may_sleep(w);
	w->all_wait = true;
	for (i = 0; i < w->n_devs; i++) {
		struct pw_port_queue *q = &w->devs[i].queue;

		if (q->ops->rx_wait_add == NULL || q->ops->rx_wait_add(q->q, w->epfd) != 0)
			w->all_wait = false;
	}
	return 0;
}

void
idle_close(struct pw_worker *w)
{
	if (w->wakefd >= 0)
		close(w->wakefd);
	if (w->epfd >= 0)
		close(w->epfd);
}

void
idle_wake(struct pw_worker *w)
{
	if (w->wakefd >= 0)
		eventfd_write(w->wakefd, 1);
}

static void
arm(struct pw_worker *w, bool on)
{
	uint32_t i;

	for (i = 0; i < w->n_devs; i++)
		w->devs[i].queue.ops->rx_wait_arm(w->devs[i].queue.q, on);
	if (w->crew != NULL)
		crew_doze(w, on);
	w->armed = on;
}

void
pw_worker_set_idle(struct pw_worker *w, enum pw_idle idle)
{
	if (w->armed)
		arm(w, false);
	w->idle = idle;
}

void
idle_busy(struct pw_worker *w)
{
	w->busy_at = w->now;
	w->waits = 0;
	if (unlikely(w->armed))
		arm(w, false);
}

/* When something has to be done even if no packet comes. */
static pw_ns
next_deadline(const struct pw_worker *w)
{
	pw_ns at = pw_min(pw_min(w->second_at, w->service_at), pw_tcp_next(w->tcp));
	uint32_t i;

	if (w->phase != PHASE_SERVE || w->jobs != NULL || w->n_losing != 0)
		at = pw_min(at, w->chores_at);
	for (i = 0; i < w->n_devs; i++) {
		if (pw_port_tx_waiting(&w->devs[i].tx) != 0)
			return w->now;
	}
	if (w->netcfg != NULL)
		at = pw_min(at, w->netcfg_at);
	for (i = 0; i < w->n_ifs; i++)
		at = pw_min(at, pw_min(pw_link_next(w->ifs[i].link), pw_ip_next(w->ifs[i].ip)));
	return at;
}

static void
woke(struct pw_worker *w)
{
	w->sleeps++;
	w->chores_at = 0;
}

/* Sleep until a packet comes, the time is up, or somebody posts. */
static void
doze(struct pw_worker *w, pw_ns at_most)
{
	struct rte_epoll_event events[EVENTS];

	if (!w->armed) {
		arm(w, true);
		return;
	}
	rte_epoll_wait(w->epfd, events, EVENTS, (int)(at_most / PW_NS_PER_MS));
	arm(w, false);
	woke(w);
	w->busy_at = to_ns(w, rte_rdtsc());
}

/* A device that cannot wake us is asked again soon. */
static void
nap(struct pw_worker *w, pw_ns at_most)
{
	pw_ns ns = pw_min(pw_min(NAP_MIN_NS << pw_min(w->waits, 5), NAP_MAX_NS), at_most);
	struct timespec ts = {.tv_nsec = (long)ns};

	nanosleep(&ts, NULL);
	w->waits++;
	woke(w);
}

static void
sleep_or_poll(struct pw_worker *w)
{
	pw_ns at = next_deadline(w);

	if (w->now - w->busy_at < AWAKE_NS || at < w->now + PW_NS_PER_MS)
		rte_pause();
	else if (w->all_wait)
		doze(w, at - w->now);
	else
		nap(w, at - w->now);
}

static void
pause_longer(struct pw_worker *w)
{
	uint32_t i;

	w->waits = RTE_MIN(w->waits + 1, PAUSES_MAX);
	for (i = 0; i < w->waits; i++)
		rte_pause();
}

void
idle_wait(struct pw_worker *w)
{
	switch (w->idle) {
	case PW_IDLE_SPIN:
		return;
	case PW_IDLE_PAUSE:
		pause_longer(w);
		return;
	case PW_IDLE_SLEEP:
		sleep_or_poll(w);
		return;
	}
}
