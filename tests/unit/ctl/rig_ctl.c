/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "rig_ctl.h"
#include <string.h>

static void
on_end(void *ctx, bool at_once, uint32_t drain_s)
{
	struct rig_ctl *r = ctx;

	r->n_ends++;
	r->at_once = at_once;
	r->drain_s = drain_s;
}

void
rig_ctl_open(struct rig_ctl *r)
{
	static char program[] = "pagewire", root[] = "--root", dir[] = "/", ip[] = "--ip",
		    addr[] = "10.77.0.1/24";
	char *argv[] = {program, root, dir, ip, addr, NULL};
	struct pw_ctl_cfg cfg = {
		.config = &r->config,
		.counts = &r->counts,
		.end = on_end,
		.ctx = r,
	};

	memset(r, 0, sizeof(*r));
	CU_ASSERT_EQUAL(pw_config_init(&r->config, 5, argv, stderr), 0);
	r->store = pw_store_create();
	cfg.store = r->store;
	r->ctl = pw_ctl_create(&cfg);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->ctl);
}

void
rig_ctl_close(struct rig_ctl *r)
{
	pw_ctl_answer_free(&r->answer);
	pw_ctl_destroy(r->ctl);
	pw_store_destroy(r->store);
	pw_config_fini(&r->config);
}

const char *
rig_ctl_ask(struct rig_ctl *r, const char *line)
{
	pw_ctl_answer_free(&r->answer);
	pw_ctl_ask(r->ctl, line, &r->answer);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->answer.text);
	CU_ASSERT_EQUAL(strlen(r->answer.text), r->answer.len);
	return r->answer.text;
}
