/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef RIG_CTL_H
#define RIG_CTL_H

/**
 * @file
 * Commands without a program: no worker, no device.
 */
#include <CUnit/CUnit.h>
#include "pw_ctl.h"

struct rig_ctl {
	struct pw_config config;
	struct pw_site_counts counts;
	struct pw_store *store;
	struct pw_ctl *ctl;
	struct pw_ctl_answer answer; /* the latest */
	/* What end() was told. */
	uint32_t n_ends;
	bool at_once;
	uint32_t drain_s;
};

void rig_ctl_open(struct rig_ctl *r);
void rig_ctl_close(struct rig_ctl *r);

/** Ask. @return the answer's text, until the next one */
const char *rig_ctl_ask(struct rig_ctl *r, const char *line);

#endif
