/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * capture start, capture stop, show capture.
 */
#include <stdlib.h>
#include <string.h>
#include "cmd_priv.h"

#define SNAP_MAX   9216 /* of a frame; what a device is to cut up itself is longer */
#define FRAME_MORE 18	/* Ethernet and a VLAN tag */

struct watch_question {
	struct pw_worker_job job;
	struct pw_capture *capture;
	uint32_t n_ports;
};

static bool
watch_step(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct watch_question *q = (struct watch_question *)job;
	uint32_t i;

	for (i = 0; i < q->n_ports; i++)
		pw_worker_watch(w, i, q->capture);
	return true;
}

/* Have all workers watch their queues for @p capture, or for nobody. */
static int
watch_all(struct call *call, struct pw_capture *capture)
{
	uint32_t i;

	for (i = 0; i < call->ctl->cfg.n_workers; i++) {
		struct watch_question *q = question(call, sizeof(*q));

		if (q == NULL)
			return -1;
		q->job.step = watch_step;
		q->capture = capture;
		q->n_ports = call->ctl->cfg.n_ports;
		if (ask(call, i, q) != 0)
			return -1;
		free(q);
	}
	return 0;
}

/* The longest frame of any port. */
static uint32_t
snap_of(const struct pw_ctl *ctl)
{
	uint32_t snap = 0;
	uint32_t i;

	for (i = 0; i < ctl->cfg.n_ports; i++)
		snap = RTE_MAX(snap, ctl->cfg.ifs[i].port->mtu + (uint32_t)FRAME_MORE);
	return RTE_MIN(snap, (uint32_t)SNAP_MAX);
}

static void
put_capture(struct call *call)
{
	struct pw_capture_stats st;

	pw_capture_get_stats(call->ctl->capture, &st);
	put_text(call->out, "file", call->ctl->capture_path);
	put_u64(call->out, "packets", st.packets);
	put_u64(call->out, "copied_bytes", st.bytes);
	put_u64(call->out, "lost", st.lost);
	put_u64(call->out, "written", st.written);
	put_text(call->out, "error", st.error == 0 ? "" : strerror(st.error));
}

int
capture_start(struct call *call)
{
	struct pw_ctl *ctl = call->ctl;
	char filter[PW_CTL_LINE_MAX] = "";
	char why[PW_CAPTURE_WHY_MAX];
	int i;

	if (call->argc == 0)
		return refuse(call, "a word is missing; allowed: capture start FILE [FILTER]");
	if (ctl->cfg.config->prove)
		return refuse(call, "capture start: a capture reads the files, which --prove "
				    "forbids; allowed without --prove");
	if (ctl->capture != NULL)
		return refuse(call, "frames are captured to %s already; allowed: capture stop",
			ctl->capture_path);
	for (i = 1; i < call->argc; i++)
		snprintf(filter + strlen(filter), sizeof(filter) - strlen(filter), "%s%s",
			i > 1 ? " " : "", call->argv[i]);
	ctl->capture =
		pw_capture_open(call->argv[0], call->argc > 1 ? filter : NULL, snap_of(ctl), why);
	if (ctl->capture == NULL)
		return refuse(call,
			"capture start: %s; allowed: a file that is not there yet, "
			"and a filter such as tcp port 80",
			why);
	snprintf(ctl->capture_path, sizeof(ctl->capture_path), "%s", call->argv[0]);
	return watch_all(call, ctl->capture);
}

int
capture_stop(struct call *call)
{
	struct pw_ctl *ctl = call->ctl;

	if (ctl->capture == NULL)
		return refuse(call, "no frames are captured; allowed: capture start FILE [FILTER]");
	if (watch_all(call, NULL) != 0)
		return -1;
	pw_capture_settle(ctl->capture);
	put_capture(call);
	pw_capture_close(ctl->capture);
	ctl->capture = NULL;
	return 0;
}

int
show_capture(struct call *call)
{
	put_bool(call->out, "on", call->ctl->capture != NULL);
	if (call->ctl->capture != NULL)
		put_capture(call);
	return 0;
}
