/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <string.h>
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
view_is(const uint8_t *p, uint32_t len, uint8_t proto4, uint8_t proto6)
{
	if (len >= 40 && p[0] >> 4 == 6)
		return view_16(p + 4) + 40u == len && p[6] == proto6;
	return len >= 20 && p[0] == 0x45 && view_16(p + 2) == len && p[9] == proto4 &&
	       sum_ip4(p) == 0;
}

struct pw_addr
view_addr(const uint8_t *hdr, bool dst)
{
	struct pw_addr a = {.b = {[10] = 0xff, [11] = 0xff}};

	if (hdr[0] >> 4 == 6)
		memcpy(a.b, hdr + (dst ? 24 : 8), 16);
	else
		memcpy(a.b + 12, hdr + (dst ? 16 : 12), 4);
	return a;
}

bool
view_read(const uint8_t *p, uint32_t len, struct view *v)
{
	const uint8_t *t;
	uint32_t hlen, thl;

	if (!view_is(p, len, 6, 6) || len < view_hlen(p) + 20 || sum_tcp(p, len) != 0)
		return false;
	hlen = view_hlen(p);
	t = p + hlen;
	thl = (t[12] >> 4) * 4u;
	if (thl < 20 || thl > len - hlen)
		return false;
	*v = (struct view){
		.ecn = view_tos(p) & 3,
		.src = view_addr(p, false),
		.dst = view_addr(p, true),
		.sport = view_16(t),
		.dport = view_16(t + 2),
		.seq = view_32(t + 4),
		.ack = view_32(t + 8),
		.flags = t[13],
		.wnd = view_16(t + 14),
		.data = t + thl,
		.len = len - hlen - thl,
		.opt_len = thl - 20,
	};
	read_options(v, t + 20, t + thl);
	return true;
}
