/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Questions to workers. Who asks waits; the worker does not.
 */
#include <stdlib.h>
#include <time.h>
#include "cmd_priv.h"

#define LOOK_NS (200 * PW_NS_PER_US)

static pw_ns
monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (pw_ns)ts.tv_sec * PW_NS_PER_S + (pw_ns)ts.tv_nsec;
}

void *
question(struct call *call, size_t bytes)
{
	void *q = calloc(1, bytes);

	if (q == NULL)
		refuse(call, "no memory for the question to a worker");
	return q;
}

/* A worker that has not answered yet is not asked more. */
static bool
answers(struct pw_ctl *ctl, uint32_t i)
{
	if (ctl->lost[i] == NULL)
		return true;
	if (!pw_worker_job_done(ctl->lost[i]))
		return false;
	free(ctl->lost[i]);
	ctl->lost[i] = NULL;
	return true;
}

static bool
wait_for(const struct pw_worker *w, const struct pw_worker_job *job)
{
	const struct timespec ts = {.tv_nsec = LOOK_NS};
	pw_ns end = monotonic() + ASK_WAIT_NS;

	while (!pw_worker_job_done(job)) {
		if (pw_worker_done(w) || monotonic() > end)
			return pw_worker_job_done(job);
		nanosleep(&ts, NULL);
	}
	return true;
}

int
ask(struct call *call, uint32_t i, void *q)
{
	struct pw_ctl *ctl = call->ctl;
	struct pw_worker *w = ctl->workers[i].worker;
	struct pw_worker_job *job = q;

	if (!answers(ctl, i) || pw_worker_post_job(w, job) != 0) {
		free(q);
		return refuse(call, "worker %u is busy with an older question", i);
	}
	if (wait_for(w, job))
		return 0;
	ctl->lost[i] = job;
	return refuse(call, "worker %u %s", i, pw_worker_done(w) ? "has ended" : "does not answer");
}
