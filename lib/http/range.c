/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "http_priv.h"

/* What one range-spec of the set is. */
enum spec {
	SPEC_BAD,
	SPEC_OUTSIDE, /* well-formed, but no byte of the content is in it */
	SPEC_OK,
};

/* "-n": the last n bytes. */
static enum spec
read_suffix(struct pw_str digits, pw_off size, struct pw_http_range *out)
{
	uint64_t n;

	if (!pw_str_u64(digits, &n))
		return SPEC_BAD;
	if (n == 0)
		return SPEC_OUTSIDE;
	if (size == 0) /* satisfiable, but no Content-Range can say "all of nothing" */
		return SPEC_BAD;
	out->first = size - pw_min(n, size);
	out->last = size - 1;
	return SPEC_OK;
}

/* "a-" or "a-b" */
static enum spec
read_from(struct pw_str first, struct pw_str last, pw_off size, struct pw_http_range *out)
{
	out->last = UINT64_MAX;
	if (!pw_str_u64(first, &out->first))
		return SPEC_BAD;
	if (last.len > 0 && (!pw_str_u64(last, &out->last) || out->last < out->first))
		return SPEC_BAD;
	if (out->first >= size)
		return SPEC_OUTSIDE;
	out->last = pw_min(out->last, size - 1);
	return SPEC_OK;
}

static enum spec
read_spec(struct pw_str s, pw_off size, struct pw_http_range *out)
{
	const char *dash = memchr(s.at, '-', s.len);
	struct pw_str before, after;

	if (dash == NULL)
		return SPEC_BAD;
	before = (struct pw_str){s.at, (uint32_t)(dash - s.at)};
	after = (struct pw_str){dash + 1, s.len - before.len - 1};
	if (before.len == 0)
		return read_suffix(after, size, out);
	return read_from(before, after, size, out);
}

/*
 * RFC 9110 14.2: more than two ranges that overlap others, or a set that asks
 * for more bytes than there are, is not worth honouring.
 */
static bool
excessive(const struct pw_http_range *r, uint32_t n, pw_off size)
{
	uint32_t n_overlaps = 0;
	pw_off left = size;
	uint32_t i, j;

	for (i = 0; i < n; i++) {
		pw_off len = r[i].last - r[i].first + 1;

		if (len > left)
			return true;
		left -= len;
		for (j = 0; j < i; j++)
			n_overlaps += r[i].first <= r[j].last && r[j].first <= r[i].last;
	}
	return n_overlaps > 2;
}

enum pw_http_range_is
pw_http_range_read(
	struct pw_str value, pw_off size, uint32_t max, struct pw_http_range *out, uint32_t *n)
{
	static const struct pw_str unit = {"bytes=", 6};
	uint32_t n_specs = 0;
	struct pw_str spec;

	*n = 0;
	if (value.len < unit.len || strncasecmp(value.at, unit.at, unit.len) != 0)
		return PW_HTTP_RANGE_IGNORED;
	value.at += unit.len;
	value.len -= unit.len;
	for (; pw_str_next(&value, &spec); n_specs++) {
		struct pw_http_range range;
		enum spec is = read_spec(spec, size, &range);

		if (is == SPEC_BAD || n_specs == max)
			return PW_HTTP_RANGE_IGNORED;
		if (is == SPEC_OK)
			out[(*n)++] = range;
	}
	if (n_specs == 0 || excessive(out, *n, size))
		return PW_HTTP_RANGE_IGNORED;
	return *n > 0 ? PW_HTTP_RANGE_OK : PW_HTTP_RANGE_UNSATISFIABLE;
}
