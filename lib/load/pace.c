/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "load_priv.h"

void
pace_init(struct pace *p, uint32_t rate_per_s, pw_ns now)
{
	*p = (struct pace){.at = PW_NEVER};
	if (rate_per_s == 0)
		return;
	p->at = now;
	p->step = (PW_NS_PER_S << 32) / rate_per_s;
}

uint64_t
pace_behind(const struct pace *p, pw_ns now)
{
	unsigned __int128 late;

	if (p->at > now)
		return 0;
	/* How many steps from the exact next moment on lie before now + 1. */
	late = ((unsigned __int128)(now + 1 - p->at) << 32) - p->frac;
	return (uint64_t)((late + p->step - 1) / p->step);
}
