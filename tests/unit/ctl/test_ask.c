/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Questions to a worker that runs: answered a step a turn, and not at all when it has ended.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "../loop/rig_loop.h"
#include "cmd_priv.h"
#include "rig_ctl.h"

static struct rig_ctl r;
static struct rig_loop l;
static pthread_t thread;

static void *
worker_main(void *ctx)
{
	pw_worker_run(l.w);
	return NULL;
}

static void
setup(void)
{
	struct rig_loop_opts opts = {.idle = PW_IDLE_PAUSE};

	rig_loop_open(&l, &opts);
	rig_loop_connect(&l);
	rig_ctl_open(&r);
	r.ctl->workers = realloc(r.ctl->workers, sizeof(*r.ctl->workers));
	r.ctl->lost = realloc(r.ctl->lost, sizeof(r.ctl->lost[0]));
	r.ctl->workers[0] = (struct pw_ctl_worker){.worker = l.w};
	r.ctl->lost[0] = NULL;
	r.ctl->cfg.n_workers = 1;
}

static void
run(void)
{
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, worker_main, NULL), 0);
}

static void
end(void)
{
	pw_worker_post(l.w, PW_WORKER_STOP, 0);
	pthread_join(thread, NULL);
}

static void
teardown(void)
{
	rig_ctl_close(&r);
	l.unfinished = true;
	rig_loop_close(&l);
}

static void
connections_of_a_running_worker_are_shown(void)
{
	run();
	rig_ctl_ask(&r, "show tcp connections --json");
	CU_ASSERT_TRUE(r.answer.ok);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.answer.text, "\"fitting\":1,\"shown\":1,\"cut\":\"no\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.answer.text, "\"state\":\"established\""));
	rig_ctl_ask(&r, "show tcp connections state syn-rcvd --json");
	CU_ASSERT_PTR_NOT_NULL(strstr(r.answer.text, "\"fitting\":0"));
	rig_ctl_ask(&r, "show tcp connections port 80 limit 1 --json");
	CU_ASSERT_PTR_NOT_NULL(strstr(r.answer.text, "\"fitting\":1"));
	end();
}

static void
a_connection_is_traced(void)
{
	run();
	rig_ctl_ask(&r, "trace connection 0.0");
	CU_ASSERT_TRUE(r.answer.ok);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.answer.text, "round trip of the handshake"));
	rig_ctl_ask(&r, "trace connection 0.0 --svg");
	CU_ASSERT_PTR_NOT_NULL(strstr(r.answer.text, "</svg>"));
	rig_ctl_ask(&r, "trace connection 0.1");
	CU_ASSERT_FALSE(r.answer.ok);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.answer.text, "no trace of one was kept"));
	rig_ctl_ask(&r, "trace kept 0.1");
	CU_ASSERT_FALSE(r.answer.ok);
	rig_ctl_ask(&r, "show traces --json");
	CU_ASSERT_STRING_EQUAL(r.answer.text, "{\"traces\":[]}\n");
	end();
}

static void
a_setting_is_made_by_the_worker(void)
{
	run();
	rig_ctl_ask(&r, "set nagle true");
	CU_ASSERT_TRUE(r.answer.ok);
	rig_ctl_ask(&r, "set idle spin");
	CU_ASSERT_TRUE(r.answer.ok);
	rig_ctl_ask(&r, "stop");
	CU_ASSERT_TRUE(r.answer.ok);
	rig_ctl_ask(&r, "start");
	CU_ASSERT_TRUE(r.answer.ok);
	end();
}

/* Nobody waits for a worker that has returned. */
static void
a_worker_that_has_ended_is_not_waited_for(void)
{
	run();
	end();
	rig_ctl_ask(&r, "show tcp connections");
	CU_ASSERT_FALSE(r.answer.ok);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.answer.text, "worker 0 has ended"));
	rig_ctl_ask(&r, "set nagle true");
	CU_ASSERT_FALSE(r.answer.ok);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.answer.text, "busy with an older question"));
}

static CU_TestInfo tests[] = {
	{"connections_of_a_running_worker_are_shown", connections_of_a_running_worker_are_shown},
	{"a_connection_is_traced", a_connection_is_traced},
	{"a_setting_is_made_by_the_worker", a_setting_is_made_by_the_worker},
	{"a_worker_that_has_ended_is_not_waited_for", a_worker_that_has_ended_is_not_waited_for},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_ctl_ask = {
	.pName = "ctl_ask",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
