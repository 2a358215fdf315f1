/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "sum.h"
#include "view.h"

static void
read_option(struct view *v, const uint8_t *o, uint32_t size)
{
	uint32_t i;

	if (o[0] == 2 && size == 4) {
		v->has |= OPT_MSS;
		v->mss = view_16(o + 2);
	} else if (o[0] == 3 && size == 3) {
		v->has |= OPT_SCALE;
		v->shift = o[2] > 14 ? 14 : o[2];
	} else if (o[0] == 4 && size == 2) {
		v->has |= OPT_SACK_OK;
	} else if (o[0] == 8 && size == 10) {
		v->has |= OPT_TS;
		v->ts_val = view_32(o + 2);
		v->ts_ecr = view_32(o + 6);
	} else if (o[0] == 5 && size >= 10 && size <= 34 && (size - 2) % 8 == 0) {
		v->has |= OPT_SACK;
		v->n_sack = (size - 2) / 8;
		for (i = 0; i < v->n_sack; i++) {
			v->sack[i][0] = view_32(o + 2 + 8 * i);
			v->sack[i][1] = view_32(o + 6 + 8 * i);
		}
	}
}

static void
read_options(struct view *v, const uint8_t *o, const uint8_t *end)
{
	while (o < end && *o != 0) {
		uint32_t size = 1;

		if (*o != 1) {
			size = o + 1 < end ? o[1] : 0;
			if (size < 2 || size > (uint32_t)(end - o))
				return;
			read_option(v, o, size);
		}
		o += size;
	}
}

bool
view_read(const uint8_t *p, uint32_t len, struct view *v)
{
	const uint8_t *t = p + 20;
	uint32_t thl;

	if (len < 40 || p[0] != 0x45 || view_16(p + 2) != len || p[9] != 6 || sum_ip4(p) != 0 ||
		sum_tcp(p, len) != 0)
		return false;
	thl = (t[12] >> 4) * 4u;
	if (thl < 20 || thl > len - 20)
		return false;
	*v = (struct view){
		.ecn = p[1] & 3,
		.src = view_32(p + 12),
		.dst = view_32(p + 16),
		.sport = view_16(t),
		.dport = view_16(t + 2),
		.seq = view_32(t + 4),
		.ack = view_32(t + 8),
		.flags = t[13],
		.wnd = view_16(t + 14),
		.data = t + thl,
		.len = len - 20 - thl,
		.opt_len = thl - 20,
	};
	read_options(v, t + 20, t + thl);
	return true;
}
