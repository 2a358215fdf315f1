/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_tcp.h"

/* Option kinds and lengths: RFC 9293 section 3.2, RFC 2018, RFC 7323, RFC 7413. */
enum {
	KIND_END = 0,
	KIND_NOP = 1,
	KIND_MSS = 2,
	KIND_WSCALE = 3,
	KIND_SACK_OK = 4,
	KIND_SACK = 5,
	KIND_TS = 8,
	KIND_FAST_OPEN = 34,
};
enum {
	LEN_MSS = 4,
	LEN_WSCALE = 3,
	LEN_SACK_OK = 2,
	LEN_TS = 10,
	LEN_SACK_BLOCK = 8,
	LEN_FAST_OPEN = 2, /* and the cookie */
};

#define WSCALE_MAX 14 /* RFC 7323 section 2.3 */

#define WORD(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define TS_ALIGNED WORD(KIND_NOP, KIND_NOP, KIND_TS, LEN_TS)

static void
read_ts(const uint8_t *p, struct pw_tcp_opts *out)
{
	out->ts_val = pw_get_be32(p);
	out->ts_ecr = pw_get_be32(p + 4);
	out->has |= PW_OPT_TS;
}

static void
read_sack(const uint8_t *p, uint32_t len, struct pw_tcp_opts *out)
{
	uint32_t n = len / LEN_SACK_BLOCK;
	uint32_t i;

	if (len % LEN_SACK_BLOCK != 0 || n == 0 || n > PW_TCP_SACK_MAX)
		return;
	for (i = 0; i < n; i++, p += LEN_SACK_BLOCK) {
		out->sack[i].left = pw_get_be32(p);
		out->sack[i].right = pw_get_be32(p + 4);
	}
	out->n_sack = (uint8_t)n;
	out->has |= PW_OPT_SACK;
}

static void
read_fast_open(const uint8_t *p, uint32_t len, struct pw_tcp_opts *out)
{
	if (len != 0 && (len < PW_TCP_COOKIE_MIN || len > PW_TCP_COOKIE_MAX || len % 2 != 0))
		return;
	out->cookie = p;
	out->cookie_len = (uint8_t)len;
	out->has |= PW_OPT_FAST_OPEN;
}

/* An option of @p len bytes, kind and length included, all of them present. */
static void
read_opt(const uint8_t *p, uint32_t len, struct pw_tcp_opts *out)
{
	switch (p[0]) {
	case KIND_MSS:
		if (len == LEN_MSS) {
			out->mss = pw_get_be16(p + 2);
			out->has |= PW_OPT_MSS;
		}
		break;
	case KIND_WSCALE:
		if (len == LEN_WSCALE) {
			out->wscale = RTE_MIN(p[2], WSCALE_MAX);
			out->has |= PW_OPT_WSCALE;
		}
		break;
	case KIND_SACK_OK:
		if (len == LEN_SACK_OK)
			out->has |= PW_OPT_SACK_OK;
		break;
	case KIND_SACK:
		read_sack(p + 2, len - 2, out);
		break;
	case KIND_TS:
		if (len == LEN_TS)
			read_ts(p + 2, out);
		break;
	case KIND_FAST_OPEN:
		read_fast_open(p + 2, len - 2, out);
		break;
	}
}

void
pw_tcp_parse_opts(const uint8_t *p, uint32_t len, struct pw_tcp_opts *out)
{
	uint32_t i, olen;

	out->has = 0;
	out->n_sack = 0;
	/* The layout of RFC 7323 appendix A, alone: any segment but SYNs and SACKs. */
	if (likely(len == PW_TCP_TS_LEN && pw_get_be32(p) == TS_ALIGNED)) {
		read_ts(p + 4, out);
		return;
	}
	for (i = 0; i < len && p[i] != KIND_END; i += olen) {
		olen = 1;
		if (p[i] == KIND_NOP)
			continue;
		if (len - i < 2 || p[i + 1] < 2 || p[i + 1] > len - i)
			return;
		olen = p[i + 1];
		read_opt(p + i, olen, out);
	}
}

static uint32_t
put_fast_open(uint8_t *p, const uint8_t *cookie, uint32_t len)
{
	uint8_t *start = p;

	if ((LEN_FAST_OPEN + len) % 4 != 0) {
		pw_put_be16(p, KIND_NOP << 8 | KIND_NOP);
		p += 2;
	}
	pw_put_be16(p, (uint16_t)(KIND_FAST_OPEN << 8 | (LEN_FAST_OPEN + len)));
	if (len > 0)
		memcpy(p + LEN_FAST_OPEN, cookie, len);
	return (uint32_t)(p + LEN_FAST_OPEN + len - start);
}

uint32_t
pw_tcp_put_syn_opts(uint8_t *p, const struct pw_tcp_opts *o)
{
	uint8_t *start = p;
	bool sack = o->has & PW_OPT_SACK_OK;

	if (o->has & PW_OPT_MSS) {
		pw_put_be32(p, WORD(KIND_MSS, LEN_MSS, 0, 0) | o->mss);
		p += 4;
	}
	if (o->has & PW_OPT_TS) {
		pw_tcp_put_ts(p, o->ts_val, o->ts_ecr);
		if (sack) /* it has just the size of the two NOPs */
			pw_put_be16(p, KIND_SACK_OK << 8 | LEN_SACK_OK);
		p += PW_TCP_TS_LEN;
	} else if (sack) {
		pw_put_be32(p, WORD(KIND_NOP, KIND_NOP, KIND_SACK_OK, LEN_SACK_OK));
		p += 4;
	}
	if (o->has & PW_OPT_WSCALE) {
		pw_put_be32(p, WORD(KIND_NOP, KIND_WSCALE, LEN_WSCALE, o->wscale));
		p += 4;
	}
	if (o->has & PW_OPT_FAST_OPEN)
		p += put_fast_open(p, o->cookie, o->cookie_len);
	return (uint32_t)(p - start);
}

uint32_t
pw_tcp_put_sack(uint8_t *p, const struct pw_tcp_sack *blocks, uint32_t n)
{
	uint32_t i;

	pw_put_be32(p, WORD(KIND_NOP, KIND_NOP, KIND_SACK, 2 + n * LEN_SACK_BLOCK));
	for (i = 0; i < n; i++) {
		pw_put_be32(p + 4 + i * LEN_SACK_BLOCK, blocks[i].left);
		pw_put_be32(p + 8 + i * LEN_SACK_BLOCK, blocks[i].right);
	}
	return 4 + n * LEN_SACK_BLOCK;
}
