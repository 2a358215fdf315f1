/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * set cc: which congestion control connections have, all of them or those of an address.
 */
#include <stdlib.h>
#include <string.h>
#include "cmd_priv.h"
#include "pw_option.h"

const char *const cc_hints[] = {"cubic", "newreno", "dctcp", "bbr", "default", "of", "now", NULL};

/** What was asked for. */
struct cc_order {
	const char *name; /* NULL: an address is to have what all have */
	bool has_addr;
	struct pw_addr addr;
	bool now; /* those that exist as well */
};

struct cc_question {
	struct pw_worker_job job;
	struct cc_order order;
	int rc;
	uint32_t at; /* place of the table of connections where to go on */
	struct pw_tcp *tcp;
	uint64_t n_changed;
	uint64_t n_without_place;
};

static void
change_one(void *ctx, struct pw_tcp_conn *c)
{
	struct cc_question *q = ctx;
	struct pw_tcp_info info;
	const char *name;

	pw_tcp_get_info(c, &info);
	if (q->order.has_addr && !pw_addr_eq(&info.local, &q->order.addr))
		return;
	name = pw_tcp_get_cc(q->tcp, &info.local);
	if (strcmp(name, info.cc) == 0)
		return;
	if (pw_tcp_conn_set_cc(c, name) == 0)
		q->n_changed++;
	else
		q->n_without_place++;
}

static bool
set_cc_step(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct cc_question *q = (struct cc_question *)job;
	const struct cc_order *o = &q->order;

	q->tcp = pw_worker_tcp(w);
	if (q->at == 0)
		q->rc = o->has_addr ? pw_tcp_set_cc_of(q->tcp, &o->addr, o->name)
				    : pw_tcp_set_cc(q->tcp, o->name);
	if (q->rc != 0 || !o->now)
		return true;
	return !pw_tcp_each_part(q->tcp, &q->at, PLACES_A_STEP, change_one, q);
}

/* The word that says which. */
static int
read_name(struct call *call, const char *text, struct cc_order *o)
{
	uint32_t i;

	for (i = 0; pw_config_cc[i] != NULL; i++)
		if (strcmp(pw_config_cc[i], text) == 0)
			o->name = pw_config_cc[i];
	if (o->name != NULL || strcmp(text, "default") == 0)
		return 0;
	return refuse(call,
		"set cc '%.100s' is not one of them; allowed: cubic, newreno, dctcp or bbr, and "
		"default of an address",
		text);
}

static int
refuse_addr(struct call *call, const char *text)
{
	const struct pw_config *cfg = call->ctl->cfg.config;
	char all[ERROR_MAX / 2] = "", one[PW_ADDR_TEXT_MAX];
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < cfg->n_ips && len < sizeof(all); i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i > 0 ? ", " : "",
			pw_addr_format(&cfg->ips[i].addr, one));
	return refuse(call, "set cc: '%.60s' is the address of no --ip; allowed: %s", text, all);
}

static int
read_addr(struct call *call, const char *text, struct cc_order *o)
{
	o->has_addr = true;
	if (pw_option_parse_host(text, &o->addr) == NULL &&
		pw_config_may_have(call->ctl->cfg.config, &o->addr))
		return 0;
	return refuse_addr(call, text);
}

static int
read_order(struct call *call, struct cc_order *o)
{
	int i, rc = call->argc > 0 ? read_name(call, call->argv[0], o) : -1;

	if (call->argc == 0)
		return refuse(call, "a word is missing; allowed: set cc %s", call->cmd->args);
	for (i = 1; rc == 0 && i < call->argc; i++) {
		if (strcmp(call->argv[i], "of") == 0 && i + 1 < call->argc && !o->has_addr)
			rc = read_addr(call, call->argv[++i], o);
		else if (strcmp(call->argv[i], "now") == 0)
			o->now = true;
		else
			rc = refuse(call, "'%.100s' does not go there; allowed: set cc %s",
				call->argv[i], call->cmd->args);
	}
	if (rc == 0 && o->name == NULL && !o->has_addr)
		rc = refuse(call, "set cc default: of which address? allowed: set cc default of "
				  "ADDR [now]");
	return rc;
}

/* For `show config`: the latest word about an address, and about all. */
static void
note(struct pw_ctl *ctl, const struct cc_order *o)
{
	struct cc_changes *all = &ctl->cc;
	uint32_t i;

	if (!o->has_addr) {
		all->name = o->name;
		return;
	}
	for (i = 0; i < all->n && !pw_addr_eq(&all->of[i].addr, &o->addr); i++)
		;
	if (i == PW_TCP_CC_ADDRS_MAX)
		return;
	all->n = RTE_MAX(all->n, i + 1);
	all->of[i].addr = o->addr;
	all->of[i].name = o->name != NULL ? o->name : "default";
}

void
cc_changes_show(const struct pw_ctl *ctl, cJSON *to)
{
	char text[PW_TCP_CC_ADDRS_MAX * (PW_ADDR_TEXT_MAX + 10)] = "", addr[PW_ADDR_TEXT_MAX];
	const struct cc_changes *all = &ctl->cc;
	size_t len = 0;
	uint32_t i;

	if (all->name != NULL)
		len = (size_t)snprintf(text, sizeof(text), "%s", all->name);
	for (i = 0; i < all->n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s@%s",
			len > 0 ? " " : "", all->of[i].name,
			pw_addr_format(&all->of[i].addr, addr));
	if (len > 0)
		put_text(to, "cc", text);
}

static int
set_on(struct call *call, uint32_t i, const struct cc_order *o, uint64_t *n_changed,
	uint64_t *n_without_place)
{
	struct cc_question *q = question(call, sizeof(*q));
	int rc;

	if (q == NULL)
		return -1;
	q->job.step = set_cc_step;
	q->order = *o;
	if (ask(call, i, q) != 0)
		return -1;
	rc = q->rc;
	*n_changed += q->n_changed;
	*n_without_place += q->n_without_place;
	free(q);
	return rc == 0 ? 0 : refuse(call, "worker %u: set cc: %s", i, strerror(-rc));
}

int
set_cc(struct call *call)
{
	struct cc_order o = {0};
	uint64_t n_changed = 0, n_without_place = 0;
	uint32_t i;

	if (read_order(call, &o) != 0)
		return -1;
	for (i = 0; i < call->ctl->cfg.n_workers; i++)
		if (set_on(call, i, &o, &n_changed, &n_without_place) != 0)
			return -1;
	note(call->ctl, &o);
	if (o.now) {
		put_u64(call->out, "changed", n_changed);
		put_u64(call->out, "without_place", n_without_place);
	}
	return 0;
}
