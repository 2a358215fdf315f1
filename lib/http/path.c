/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "http_priv.h"

static bool
is_alpha(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

static int
hex_digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return -1;
}

/* Of RFC 3986 3.2.2: unreserved, sub-delims; escapes and literals apart. */
static bool
is_host_char(char ch)
{
	return is_alpha(ch) || (ch >= '0' && ch <= '9') || ch == '.' ||
	       (ch != '\0' && strchr("-_~!$&'()*+,;=", ch) != NULL);
}

/* Where the host ends: behind a ']' or before a ':'. 0xffffffff: not a host. */
static uint32_t
host_end(struct pw_str s)
{
	uint32_t i;

	if (s.len > 0 && s.at[0] == '[') {
		for (i = 1; i < s.len && (is_host_char(s.at[i]) || s.at[i] == ':'); i++)
			;
		return i > 1 && i < s.len && s.at[i] == ']' ? i + 1 : UINT32_MAX;
	}
	for (i = 0; i < s.len && s.at[i] != ':'; i++) {
		if (s.at[i] == '%' && i + 2 < s.len && hex_digit(s.at[i + 1]) >= 0 &&
			hex_digit(s.at[i + 2]) >= 0)
			i += 2;
		else if (!is_host_char(s.at[i]))
			return UINT32_MAX;
	}
	return i;
}

bool
pw_http_host_ok(struct pw_str value)
{
	uint32_t i = host_end(value);

	if (i == UINT32_MAX)
		return false;
	if (i == value.len)
		return true;
	if (value.at[i] != ':')
		return false;
	for (i++; i < value.len; i++)
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
	return true;
}

/* Length of "http://" or "https://" at the start, or 0. */
static uint32_t
scheme_len(struct pw_str s)
{
	static const struct pw_str schemes[] = {{"http://", 7}, {"https://", 8}};
	uint32_t i;

	for (i = 0; i < 2; i++)
		if (s.len >= schemes[i].len &&
			strncasecmp(s.at, schemes[i].at, schemes[i].len) == 0)
			return schemes[i].len;
	return 0;
}

bool
pw_http_target_path(struct pw_str target, struct pw_str *path)
{
	const char *query = memchr(target.at, '?', target.len);
	struct pw_str rest = {
		target.at, query != NULL ? (uint32_t)(query - target.at) : target.len};
	struct pw_str authority;
	uint32_t scheme;

	*path = rest;
	if (rest.len > 0 && rest.at[0] == '/')
		return true;
	scheme = scheme_len(rest);
	if (scheme == 0)
		return false;
	rest.at += scheme;
	rest.len -= scheme;
	path->at = memchr(rest.at, '/', rest.len);
	authority = (struct pw_str){
		rest.at, path->at != NULL ? (uint32_t)(path->at - rest.at) : rest.len};
	path->len = rest.len - authority.len;
	if (path->at == NULL) /* "http://host" asks for "/" (RFC 9112 3.2.2) */
		*path = PW_STR("/");
	return authority.len > 0 && authority.at[0] != ':' && pw_http_host_ok(authority);
}

/* Decode a segment. @return its length, -EINVAL or -ENOENT */
static int
decode(struct pw_str segment, char *to)
{
	bool slash = false;
	uint32_t i;
	int n = 0;

	for (i = 0; i < segment.len; i++) {
		char ch = segment.at[i];

		if (ch == '%') {
			int high = i + 2 < segment.len ? hex_digit(segment.at[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(segment.at[i + 2]) : -1;

			if (low < 0 || high + low == 0)
				return -EINVAL;
			ch = (char)(high << 4 | low);
			slash |= ch == '/';
			i += 2;
		}
		to[n++] = ch;
	}
	return slash ? -ENOENT : n;
}

/* Where the last of the segments that end at @p len starts, with its slash. */
static uint32_t
parent_len(const char *key, uint32_t len)
{
	while (len > 0 && key[len - 1] != '/')
		len--;
	return len > 0 ? len - 1 : 0;
}

/* Segment by segment; each is decoded to the end of the key made so far. */
static int
rewrite(struct pw_str path, char *buf, struct pw_http_path *out)
{
	uint32_t len = 0;
	bool none = false;

	while (path.len > 0) {
		const char *next = memchr(path.at + 1, '/', path.len - 1);
		uint32_t step = next != NULL ? (uint32_t)(next - path.at) : path.len;
		uint32_t at = len + (len > 0);
		int n = decode((struct pw_str){path.at + 1, step - 1}, buf + at);

		path.at += step;
		path.len -= step;
		if (n == -EINVAL)
			return n;
		none |= n == -ENOENT;
		out->slash = n == 0 || (n == 1 && buf[at] == '.') ||
			     (n == 2 && memcmp(buf + at, "..", 2) == 0);
		if (out->slash && n == 2)
			len = parent_len(buf, len);
		if (out->slash || n < 0)
			continue;
		if (len > 0)
			buf[len] = '/';
		len = at + (uint32_t)n;
	}
	out->key = (struct pw_str){buf, len};
	return none ? -ENOENT : 0;
}

int
pw_http_path_read(struct pw_str path, char *buf, struct pw_http_path *out)
{
	bool plain = true;
	uint32_t i;

	PW_ASSERT(path.len > 0 && path.at[0] == '/');
	for (i = 0; i < path.len; i++) {
		uint8_t ch = (uint8_t)path.at[i];

		if (ch <= ' ' || ch >= 0x7f || ch == '#')
			return -EINVAL;
		if (ch == '%')
			plain = false;
		else if (ch == '/' && i + 1 < path.len)
			plain &= path.at[i + 1] != '/' && path.at[i + 1] != '.';
	}
	if (!plain)
		return rewrite(path, buf, out);
	out->slash = path.at[path.len - 1] == '/';
	out->key = (struct pw_str){path.at + 1, path.len - 1};
	if (out->slash && out->key.len > 0)
		out->key.len--;
	return 0;
}
