/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "http_priv.h"

static bool
is_ows(char ch)
{
	return ch == ' ' || ch == '\t';
}

struct pw_str
pw_str_trim(struct pw_str s)
{
	while (s.len > 0 && is_ows(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && is_ows(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool
pw_str_next(struct pw_str *list, struct pw_str *element)
{
	while (list->len > 0) {
		const char *comma = memchr(list->at, ',', list->len);
		uint32_t len = comma != NULL ? (uint32_t)(comma - list->at) : list->len;
		uint32_t step = len + (comma != NULL);

		*element = pw_str_trim((struct pw_str){list->at, len});
		list->at += step;
		list->len -= step;
		if (element->len > 0)
			return true;
	}
	return false;
}

bool
pw_str_u64(struct pw_str s, uint64_t *out)
{
	uint64_t value = 0;
	bool over = false;
	uint32_t i;

	for (i = 0; i < s.len; i++) {
		uint32_t digit = (uint32_t)s.at[i] - '0';

		if (digit > 9)
			return false;
		over |= __builtin_mul_overflow(value, 10, &value);
		over |= __builtin_add_overflow(value, digit, &value);
	}
	*out = over ? UINT64_MAX : value;
	return s.len > 0;
}

void
pw_text_u64(struct pw_text *t, uint64_t value)
{
	char digits[20];
	uint32_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	pw_text_put(t, digits + at, (uint32_t)sizeof(digits) - at);
}

void
pw_text_hex(struct pw_text *t, uint64_t value)
{
	char digits[16];
	int i;

	for (i = 15; i >= 0; i--, value >>= 4)
		digits[i] = "0123456789abcdef"[value & 15];
	pw_text_put(t, digits, sizeof(digits));
}

void
pw_text_html(struct pw_text *t, const char *s, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++) {
		switch (s[i]) {
		case '&':
			pw_text_str(t, "&amp;");
			break;
		case '<':
			pw_text_str(t, "&lt;");
			break;
		case '>':
			pw_text_str(t, "&gt;");
			break;
		case '"':
			pw_text_str(t, "&quot;");
			break;
		case '\'':
			pw_text_str(t, "&#39;");
			break;
		default:
			pw_text_put(t, s + i, 1);
		}
	}
}

static bool
needs_no_encoding(uint8_t ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
	       (ch != 0 && strchr("-._~/", ch) != NULL);
}

void
pw_text_path(struct pw_text *t, const char *path, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++) {
		uint8_t ch = (uint8_t)path[i];
		char escape[3] = {'%', "0123456789ABCDEF"[ch >> 4], "0123456789ABCDEF"[ch & 15]};

		if (needs_no_encoding(ch))
			pw_text_put(t, path + i, 1);
		else
			pw_text_put(t, escape, sizeof(escape));
	}
}
