/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "http_priv.h"

void
pw_http_etag(uint64_t hash, char to[PW_HTTP_ETAG_LEN])
{
	struct pw_text t = {to, 0, PW_HTTP_ETAG_LEN};

	pw_text_put(&t, "\"", 1);
	pw_text_hex(&t, hash);
	pw_text_put(&t, "\"", 1);
}

/* An entity-tag (RFC 9110 8.8.3), its quotes included. */
struct tag {
	struct pw_str opaque;
	bool weak;
};

/*
 * Take the next entity-tag of a list. A comma may be part of a tag, so this
 * cannot be pw_str_next(). @return false at the end, or where it is no tag
 */
static bool
next_tag(struct pw_str *list, struct tag *out)
{
	const char *close;

	while (list->len > 0 && strchr(" \t,", list->at[0]) != NULL) {
		list->at++;
		list->len--;
	}
	out->weak = list->len > 2 && memcmp(list->at, "W/", 2) == 0;
	if (out->weak) {
		list->at += 2;
		list->len -= 2;
	}
	if (list->len < 2 || list->at[0] != '"')
		return false;
	close = memchr(list->at + 1, '"', list->len - 1);
	if (close == NULL)
		return false;
	out->opaque = (struct pw_str){list->at, (uint32_t)(close + 1 - list->at)};
	list->at += out->opaque.len;
	list->len -= out->opaque.len;
	return true;
}

/* Our tags are strong: comparing strongly only means that theirs is too. */
static bool
tag_matches(const struct tag *tag, const struct pw_http_validators *v, bool strong)
{
	return !(strong && tag->weak) &&
	       pw_str_is(tag->opaque, (struct pw_str){v->etag, PW_HTTP_ETAG_LEN});
}

static bool
any_tag_matches(const struct pw_req *req, enum pw_req_name name, const struct pw_http_validators *v,
	bool strong)
{
	struct pw_str list;
	struct tag tag;
	uint32_t i = 0;

	while (pw_req_each(req, name, &i, &list)) {
		if (pw_str_is(list, PW_STR("*")))
			return true;
		while (next_tag(&list, &tag))
			if (tag_matches(&tag, v, strong))
				return true;
	}
	return false;
}

/* The date in a field that came once; a field that is none is ignored (RFC 9110 13.1.3). */
static bool
date_of(const struct pw_req *req, enum pw_req_name name, int64_t now_s, int64_t *unix_s)
{
	struct pw_str value;

	return pw_req_single(req, name, &value) && pw_http_date_parse(value, now_s, unix_s);
}

/* Steps 1 and 2: is this still the file that the client means? */
static bool
precondition_fails(const struct pw_req *req, const struct pw_http_validators *v, int64_t now_s)
{
	int64_t date;

	if (pw_req_has(req, PW_REQ_IF_MATCH))
		return !any_tag_matches(req, PW_REQ_IF_MATCH, v, true);
	return date_of(req, PW_REQ_IF_UNMODIFIED_SINCE, now_s, &date) && v->modified_s > date;
}

/* Steps 3 and 4: does the client have it already? */
static bool
client_has_it(const struct pw_req *req, const struct pw_http_validators *v, int64_t now_s)
{
	int64_t date;

	if (pw_req_has(req, PW_REQ_IF_NONE_MATCH))
		return any_tag_matches(req, PW_REQ_IF_NONE_MATCH, v, false);
	return date_of(req, PW_REQ_IF_MODIFIED_SINCE, now_s, &date) && v->modified_s <= date;
}

enum pw_http_status
pw_http_cond(const struct pw_req *req, const struct pw_http_validators *v, int64_t now_s)
{
	if (precondition_fails(req, v, now_s))
		return PW_HTTP_412;
	return client_has_it(req, v, now_s) ? PW_HTTP_304 : PW_HTTP_200;
}

bool
pw_http_if_range(const struct pw_req *req, const struct pw_http_validators *v, int64_t now_s)
{
	struct pw_str value;
	struct tag tag;
	int64_t date;

	if (!pw_req_has(req, PW_REQ_IF_RANGE))
		return true;
	if (!pw_req_single(req, PW_REQ_IF_RANGE, &value))
		return false;
	if (next_tag(&value, &tag))
		return value.len == 0 && tag_matches(&tag, v, true);
	/*
	 * A date must be the very one that we gave. It is a strong validator
	 * here: what is loaded never changes (RFC 9110 8.8.2.2).
	 */
	return pw_http_date_parse(value, now_s, &date) && date == v->modified_s;
}
