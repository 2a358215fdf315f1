/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Settings that can be changed while serving. A worker makes the change itself,
 * between two turns.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <rte_log.h>
#include "ctl_priv.h"
#include "cmd_priv.h"

/* A value that was read, where its kind puts it. */
struct value {
	uint32_t number;
	uint8_t choice;
	bool on;
};

struct setting {
	struct pw_option option; /* name, what is allowed, and how it is read */
	/* On the worker's thread. @return 0 or -errno */
	int (*apply)(struct pw_ctl_worker *cw, const struct setting *s, const struct value *v);
	uint32_t what; /* for apply */
};

static int
set_idle(struct pw_ctl_worker *cw, const struct setting *s, const struct value *v)
{
	pw_worker_set_idle(cw->worker, (enum pw_idle)v->choice);
	return 0;
}

static int
set_number(struct pw_ctl_worker *cw, const struct setting *s, const struct value *v)
{
	return pw_tcp_set(pw_worker_tcp(cw->worker), s->what, v->number);
}

static int
set_switch(struct pw_ctl_worker *cw, const struct setting *s, const struct value *v)
{
	return pw_tcp_set(pw_worker_tcp(cw->worker), s->what, v->on);
}

static int
set_choice(struct pw_ctl_worker *cw, const struct setting *s, const struct value *v)
{
	return pw_tcp_set(pw_worker_tcp(cw->worker), s->what, v->choice);
}

static int
set_seconds(struct pw_ctl_worker *cw, const struct setting *s, const struct value *v)
{
	return pw_tcp_set(pw_worker_tcp(cw->worker), s->what, v->number * UINT64_C(1000));
}

static int
set_timeout(struct pw_ctl_worker *cw, const struct setting *s, const struct value *v)
{
	pw_http_set_timeout(cw->http, s->what, v->number * PW_NS_PER_S);
	return 0;
}

#define NUMBER(lo, hi) \
	.read = pw_option_number, .at = offsetof(struct value, number), .min = lo, .max = hi
#define SWITCH \
	.read = pw_option_switch, .at = offsetof(struct value, on), .allowed = "true or false"
#define CHOICE(list) .read = pw_option_choice, .at = offsetof(struct value, choice), .names = list

/* clang-format off */
static const struct setting settings[] = {
	{{"idle", CHOICE(pw_config_idle)}, set_idle},
	{{"ecn", CHOICE(pw_config_ecn)}, set_choice, PW_TCP_ECN},
	{{"pacing", SWITCH}, set_switch, PW_TCP_PACING},
	{{"fast-open", SWITCH}, set_switch, PW_TCP_FAST_OPEN},
	{{"mtu", NUMBER(PW_TCP_MTU_MIN, 65000)}, set_number, PW_TCP_MTU},
	{{"init-window", NUMBER(1, 10)}, set_number, PW_TCP_INIT_WINDOW},
	{{"window-scale", SWITCH}, set_switch, PW_TCP_WINDOW_SCALE},
	{{"sack", SWITCH}, set_switch, PW_TCP_SACK},
	{{"timestamps", SWITCH}, set_switch, PW_TCP_TIMESTAMPS},
	{{"nagle", SWITCH}, set_switch, PW_TCP_NAGLE},
	{{"keepalive", NUMBER(0, PW_OPTION_DAY_S)}, set_seconds, PW_TCP_KEEPALIVE_MS},
	{{"user-timeout", NUMBER(1, PW_OPTION_DAY_S)}, set_seconds, PW_TCP_USER_TIMEOUT_MS},
	{{"timeout-idle", NUMBER(1, PW_OPTION_DAY_S)}, set_timeout, PW_HTTP_TIMEOUT_IDLE},
	{{"timeout-head", NUMBER(1, PW_OPTION_DAY_S)}, set_timeout, PW_HTTP_TIMEOUT_HEAD},
	{{"timeout-body", NUMBER(1, PW_OPTION_DAY_S)}, set_timeout, PW_HTTP_TIMEOUT_BODY},
	{{"timeout-send", NUMBER(1, PW_OPTION_DAY_S)}, set_timeout, PW_HTTP_TIMEOUT_SEND},
	{{"stats-period", NUMBER(0, PW_OPTION_DAY_S)}, NULL},
};
const char *const setting_hints[] = {
	"idle", "ecn", "pacing", "fast-open", "mtu", "init-window", "window-scale", "sack", "timestamps",
	"nagle", "keepalive", "user-timeout", "timeout-idle", "timeout-head", "timeout-body",
	"timeout-send", "stats-period", NULL,
};
/* clang-format on */
static_assert(RTE_DIM(settings) <= SETTINGS_MAX, "a place for each setting");
static_assert(RTE_DIM(settings) + 1 == RTE_DIM(setting_hints), "a hint for each setting");

struct set_question {
	struct pw_worker_job job;
	struct pw_ctl_worker *cw;
	const struct setting *s;
	struct value v;
	int rc;
};

static bool
set_step(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct set_question *q = (struct set_question *)job;

	q->rc = q->s->apply(q->cw, q->s, &q->v);
	return true;
}

static int
set_on(struct call *call, uint32_t i, const struct setting *s, const struct value *v)
{
	struct set_question *q = question(call, sizeof(*q));
	int rc;

	if (q == NULL)
		return -1;
	q->job.step = set_step;
	q->cw = &call->ctl->workers[i];
	q->s = s;
	q->v = *v;
	if (ask(call, i, q) != 0)
		return -1;
	rc = q->rc;
	free(q);
	return rc == 0 ? 0 : refuse(call, "worker %u: %s: %s", i, s->option.name, strerror(-rc));
}

static const struct setting *
find(struct call *call, const char *name)
{
	char all[ERROR_MAX / 2] = "";
	uint32_t i;

	for (i = 0; i < RTE_DIM(settings); i++) {
		if (strcmp(settings[i].option.name, name) == 0)
			return &settings[i];
		strcat(strcat(all, settings[i].option.name), ", ");
	}
	refuse(call, "'%.100s' cannot be set; allowed: %scc, log-level", name, all);
	return NULL;
}

static int
refuse_value(struct call *call, const struct setting *s, const char *text, const char *wrong)
{
	char allowed[128] = "";
	FILE *f = fmemopen(allowed, sizeof(allowed) - 1, "w");

	if (f != NULL) {
		option_print_allowed(&s->option, f);
		fclose(f);
	}
	return refuse(call, "set %s '%s' %s; allowed: %s", s->option.name, text, wrong, allowed);
}

/* A segment has to fit the smallest port. */
static int
check_mtu(struct call *call, const struct setting *s, const struct value *v)
{
	uint32_t least = UINT16_MAX;
	uint32_t i;

	if (s->what != PW_TCP_MTU || s->apply != set_number)
		return 0;
	for (i = 0; i < call->ctl->cfg.n_ports; i++)
		least = RTE_MIN(least, call->ctl->cfg.ifs[i].port->mtu);
	if (v->number <= least)
		return 0;
	return refuse(call, "set mtu '%u' is more than a port has; allowed: %u to %u", v->number,
		PW_TCP_MTU_MIN, least);
}

int
set_value(struct call *call)
{
	struct pw_ctl *ctl = call->ctl;
	const struct setting *s;
	struct value v = {0};
	const char *wrong;
	uint32_t i;

	if (call->argc < 2)
		return refuse(call, "a word is missing; allowed: set SETTING VALUE");
	s = find(call, call->argv[0]);
	if (s == NULL || words_at_most(call, 2) != 0)
		return -1;
	wrong = s->option.read(&v, &s->option, call->argv[1]);
	if (wrong != NULL)
		return refuse_value(call, s, call->argv[1], wrong);
	if (check_mtu(call, s, &v) != 0)
		return -1;
	if (s->apply == NULL)
		__atomic_store_n(&ctl->stats_period_s, v.number, __ATOMIC_RELAXED);
	for (i = 0; s->apply != NULL && i < ctl->cfg.n_workers; i++)
		if (set_on(call, i, s, &v) != 0)
			return -1;
	snprintf(ctl->settings[s - settings], SETTING_TEXT, "%s", call->argv[1]);
	return 0;
}

void
settings_show(const struct pw_ctl *ctl, cJSON *to)
{
	uint32_t i;

	for (i = 0; i < RTE_DIM(settings); i++)
		if (ctl->settings[i][0] != '\0')
			put_text(to, settings[i].option.name, ctl->settings[i]);
	cc_changes_show(ctl, to);
}

int
set_log_level(struct call *call)
{
	static const char *const levels[] = {
		"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"};
	uint32_t i;

	if (words_at_most(call, 2) != 0)
		return -1;
	if (call->argc < 2)
		return refuse(call, "a word is missing; allowed: set log-level PATTERN LEVEL");
	for (i = 0; i < RTE_DIM(levels); i++)
		if (strcmp(call->argv[1], levels[i]) == 0)
			break;
	if (i == RTE_DIM(levels))
		return refuse(call,
			"log level '%s' is none; allowed: emergency, alert, critical, error, "
			"warning, notice, info, debug",
			call->argv[1]);
	if (rte_log_set_level_pattern(call->argv[0], RTE_LOG_EMERG + i) < 0)
		return refuse(call, "'%s' is no pattern of log types; allowed: such as pagewire.*",
			call->argv[0]);
	return 0;
}
