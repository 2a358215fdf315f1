/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What is remembered of the paths to peers: to be shown, and forgotten. As with connections, a
 * worker looks at some places of its table a turn.
 */
#include <stdlib.h>
#include <string.h>
#include "cmd_priv.h"

struct metrics_question {
	struct pw_worker_job job;
	struct peer_filter peer;
	uint32_t at; /* place of the table where to go on */
	uint32_t n;
	uint32_t max;
	uint64_t n_fit; /* as there are, though at most max are kept */
	struct pw_tcp_metrics metrics[];
};

static void
look(void *ctx, const struct pw_tcp_metrics *m)
{
	struct metrics_question *q = ctx;

	if (!peer_fits(&q->peer, &m->remote))
		return;
	q->n_fit++;
	if (q->n < q->max)
		q->metrics[q->n++] = *m;
}

static bool
look_on(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct metrics_question *q = (struct metrics_question *)job;

	return !pw_tcp_metrics_part(pw_worker_tcp(w), &q->at, PLACES_A_STEP, look, q);
}

static void
put_metrics(cJSON *row, uint32_t worker, const struct pw_tcp_metrics *m)
{
	char addr[PW_ADDR_TEXT_MAX];

	put_u64(row, "worker", worker);
	put_text(row, "local", pw_addr_format(&m->local, addr));
	put_text(row, "peer", pw_addr_format(&m->remote, addr));
	put_u64(row, "srtt_us", m->srtt_ns / PW_NS_PER_US);
	put_u64(row, "rttvar_us", m->rttvar_ns / PW_NS_PER_US);
	put_u64(row, "ssthresh", m->ssthresh_bytes);
	put_u64(row, "path_mtu", m->mtu_bytes);
	put_bool(row, "reordered", m->reordered);
	put_u64(row, "seconds_left", m->left_s);
}

static int
ask_metrics(struct call *call, uint32_t worker, const struct peer_filter *peer, uint64_t limit,
	cJSON *rows, uint64_t *n_fit)
{
	struct metrics_question *q = question(call, sizeof(*q) + limit * sizeof(q->metrics[0]));
	uint32_t i;

	if (q == NULL)
		return -1;
	q->job.step = look_on;
	q->peer = *peer;
	q->max = (uint32_t)limit;
	if (ask(call, worker, q) != 0)
		return -1;
	for (i = 0; i < q->n; i++)
		put_metrics(put_row(rows), worker, &q->metrics[i]);
	*n_fit += q->n_fit;
	free(q);
	return 0;
}

static int
read_words(struct call *call, struct peer_filter *peer, uint64_t *limit)
{
	int i, rc = 0;

	for (i = 0; rc == 0 && i + 1 < call->argc; i += 2) {
		const char *key = call->argv[i], *text = call->argv[i + 1];

		if (strcmp(key, "peer") == 0)
			rc = read_peer(call, text, peer);
		else if (strcmp(key, "limit") == 0)
			rc = read_number(call, key, text, ROWS_MAX, limit);
		else
			rc = refuse(call, "'%s' is no filter; allowed: peer, limit", key);
	}
	if (rc == 0 && i < call->argc)
		rc = refuse(
			call, "'%s' lacks its value; allowed: %s", call->argv[i], call->cmd->args);
	return rc;
}

int
show_metrics(struct call *call)
{
	struct peer_filter peer = {0};
	uint64_t limit = ROWS_DEFAULT;
	uint64_t n_fit = 0;
	uint32_t i, shown = 0;
	cJSON *rows;
	int rc = 0;

	if (read_words(call, &peer, &limit) != 0)
		return -1;
	rows = cJSON_CreateArray();
	for (i = 0; rc == 0 && i < call->ctl->cfg.n_workers; i++) {
		rc = ask_metrics(call, i, &peer, limit - shown, rows, &n_fit);
		shown = (uint32_t)cJSON_GetArraySize(rows);
	}
	put_rows_found(call->out, "metrics", rows, n_fit);
	return rc;
}

struct clear_question {
	struct pw_worker_job job;
	uint32_t at;
};

static bool
clear_on(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct clear_question *q = (struct clear_question *)job;

	return !pw_tcp_metrics_clear_part(pw_worker_tcp(w), &q->at, PLACES_A_STEP);
}

int
clear_metrics(struct call *call)
{
	uint32_t i;

	for (i = 0; i < call->ctl->cfg.n_workers; i++) {
		struct clear_question *q = question(call, sizeof(*q));

		if (q == NULL)
			return -1;
		q->job.step = clear_on;
		if (ask(call, i, q) != 0)
			return -1;
		free(q);
	}
	return 0;
}
