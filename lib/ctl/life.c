/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * start, stop, drain, quit.
 */
#include <stdlib.h>
#include "cmd_priv.h"
#include "pw_option.h"

struct accept_question {
	struct pw_worker_job job;
	bool yes;
};

static bool
accept_step(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	pw_worker_accept(w, ((struct accept_question *)job)->yes);
	return true;
}

static int
accept_on_all(struct call *call, bool yes)
{
	uint32_t i;

	for (i = 0; i < call->ctl->cfg.n_workers; i++) {
		struct accept_question *q = question(call, sizeof(*q));

		if (q == NULL)
			return -1;
		q->job.step = accept_step;
		q->yes = yes;
		if (ask(call, i, q) != 0)
			return -1;
		free(q);
	}
	return 0;
}

int
start(struct call *call)
{
	return accept_on_all(call, true);
}

int
stop(struct call *call)
{
	return accept_on_all(call, false);
}

int
drain(struct call *call)
{
	uint64_t seconds = call->ctl->cfg.config->drain_s;
	const char *end;

	if (words_at_most(call, 1) != 0)
		return -1;
	if (call->argc == 1) {
		end = pw_option_digits(call->argv[0], &seconds);
		if (end == NULL || *end != '\0' || seconds > PW_OPTION_DAY_S)
			return refuse(call, "drain '%s' is no number of seconds; allowed: 0 to %u",
				call->argv[0], PW_OPTION_DAY_S);
	}
	call->ctl->cfg.end(call->ctl->cfg.ctx, false, (uint32_t)seconds);
	return 0;
}

int
quit(struct call *call)
{
	call->ctl->cfg.end(call->ctl->cfg.ctx, true, 0);
	return 0;
}
