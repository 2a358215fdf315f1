/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <xxhash.h>
#include "serve_priv.h"

/* A request on its way to its response. */
struct ask {
	struct pw_http *h;
	struct http_room *k;
	const struct pw_req *req;
	const struct pw_rep *rep; /* what it asks for */
	bool head_only;
	bool coded; /* another coding than the plain one was chosen */
	enum pw_head_conn conn;
};

static void
count_method(struct pw_http *h, uint8_t method)
{
	if (method == PW_REQ_GET)
		h->stats.requests_get++;
	else if (method == PW_REQ_HEAD)
		h->stats.requests_head++;
	else
		h->stats.requests_other++;
}

/* ---- what is asked for ---- */

static enum pw_http_status
find_rep(const struct pw_http *h, const struct pw_http_path *path, const struct pw_rep **out)
{
	const struct pw_rep *rep = pw_site_find(h->site, path->key);

	if (rep == NULL)
		return PW_HTTP_404;
	*out = rep;
	if (rep->kind == PW_REP_FILE)
		return path->slash ? PW_HTTP_404 : PW_HTTP_200;
	if (!path->slash)
		return PW_HTTP_301;
	if (rep->index == PW_REP_NONE)
		return PW_HTTP_404;
	*out = &h->site->reps[rep->index];
	return PW_HTTP_200;
}

/* @return 200 or 301 with ask->rep set, or why there is nothing to show */
static enum pw_http_status
find(struct ask *ask)
{
	const struct pw_req *req = ask->req;
	struct pw_str target = {req->head + req->target_off, req->target_len};
	struct pw_http_path path;
	struct pw_str raw;
	int rc;

	if (req->unmet_expect)
		return PW_HTTP_417;
	if (req->method > PW_REQ_HEAD)
		return req->method == PW_REQ_KNOWN ? PW_HTTP_405 : PW_HTTP_501;
	if (!pw_http_target_path(target, &raw))
		return PW_HTTP_400;
	rc = pw_http_path_read(raw, ask->h->path, &path);
	if (rc != 0)
		return rc == -ENOENT ? PW_HTTP_404 : PW_HTTP_400;
	return find_rep(ask->h, &path, &ask->rep);
}

/* Of the codings in which the file is there, that which the client likes best. */
static void
choose_coding(struct ask *ask)
{
	uint32_t have = 1 << PW_HTTP_IDENTITY;
	enum pw_http_coding coding;
	int i;

	if (!ask->rep->vary || !pw_req_has(ask->req, PW_REQ_ACCEPT_ENCODING))
		return;
	for (i = 0; i < PW_HTTP_IDENTITY; i++)
		if (ask->rep->coded[i] != PW_REP_NONE)
			have |= 1u << i;
	coding = pw_http_accept(ask->req, have);
	if (coding == PW_HTTP_IDENTITY)
		return;
	ask->rep = &ask->h->site->reps[ask->rep->coded[coding]];
	ask->coded = true;
}

/* ---- the response ---- */

static struct http_resp *
begin(const struct ask *ask, enum pw_http_status status, const struct pw_rep *rep)
{
	struct pw_http *h = ask->h;
	struct http_resp *r = http_resp_get(h);

	PW_ASSERT(r != NULL);
	r->body = 0;
	r->date_s = h->now_s;
	r->rep = (uint32_t)(rep - h->site->reps);
	r->object = rep->object;
	r->set = HTTP_NONE;
	r->status = (uint8_t)status;
	r->conn = (uint8_t)ask->conn;
	r->written = false;
	r->head_only = ask->head_only;
	return r;
}

/* A whole file or page, its stored head with it. */
static void
send_whole(const struct ask *ask, enum pw_http_status status, const struct pw_rep *rep)
{
	struct http_resp *r = begin(ask, status, rep);
	const struct pw_object *obj = pw_store_object(ask->h->store, rep->object);

	r->written = !rep->prepared;
	if (r->written)
		r->body = obj->prefix_len;
	http_resp_push(ask->h, ask->k, r,
		(r->written ? 0 : obj->prefix_len) + (ask->head_only ? 0 : obj->size));
}

static void
send_page(const struct ask *ask, enum pw_http_status status)
{
	send_whole(ask, status, pw_site_page(ask->h->site, status));
}

static void
send_unchanged(const struct ask *ask)
{
	struct http_resp *r = begin(ask, PW_HTTP_304, ask->rep);

	r->written = true;
	http_resp_push(ask->h, ask->k, r, 0);
}

static void
send_unsatisfiable(const struct ask *ask)
{
	struct http_resp *r = begin(ask, PW_HTTP_416, ask->rep);
	const struct pw_object *page;

	r->object = pw_site_page(ask->h->site, PW_HTTP_416)->object;
	page = pw_store_object(ask->h->store, r->object);
	r->body = page->prefix_len;
	r->written = true;
	http_resp_push(ask->h, ask->k, r, page->size);
}

static void
send_range(const struct ask *ask, const struct pw_http_range *range)
{
	struct http_resp *r = begin(ask, PW_HTTP_206, ask->rep);

	r->body = pw_store_object(ask->h->store, r->object)->prefix_len + range->first;
	r->written = true;
	http_resp_push(ask->h, ask->k, r, range->last - range->first + 1);
}

/*
 * The same for each time that this response is sent again, and unknown to who
 * wrote the file (RFC 2046 5.1.1: it must not occur in a part).
 */
static void
make_boundary(const struct pw_http *h, uint64_t hash, char to[PW_BOUNDARY_LEN])
{
	struct pw_text t = {to, 0, PW_BOUNDARY_LEN};
	uint64_t mix[] = {hash, (uint64_t)h->now_s};

	pw_text_hex(&t, XXH3_64bits_withSeed(mix, sizeof(mix), h->cfg.seed));
	pw_text_hex(&t, XXH3_64bits_withSeed(mix, sizeof(mix), ~h->cfg.seed));
}

static uint32_t
between_len(const struct ask *ask, const struct pw_object *obj, const struct http_set *set,
	const struct pw_http_range *range)
{
	struct pw_text t = {0};

	pw_head_between(&t, ask->h->site, ask->rep, obj->size, range, set->boundary);
	return t.len;
}

static void
send_ranges(
	const struct ask *ask, struct http_set *set, const struct pw_http_range *ranges, uint32_t n)
{
	struct http_resp *r = begin(ask, PW_HTTP_206, ask->rep);
	const struct pw_object *obj = pw_store_object(ask->h->store, r->object);
	pw_off len = 0;
	uint32_t i;

	set->n = n;
	make_boundary(ask->h, obj->hash, set->boundary);
	for (i = 0; i < n; i++) {
		struct http_part *part = &set->parts[i];

		part->range = ranges[i];
		part->text_len = between_len(ask, obj, set, &ranges[i]);
		part->held.lo = pw_object_page_at(obj, obj->prefix_len + ranges[i].first);
		part->held.hi = part->held.lo;
		len += part->text_len + ranges[i].last - ranges[i].first + 1;
	}
	set->last_len = between_len(ask, obj, set, NULL);
	r->body = obj->prefix_len;
	r->set = (uint32_t)(set - ask->h->sets);
	r->written = true;
	ask->h->stats.range_sets++;
	http_resp_push(ask->h, ask->k, r, len + set->last_len);
}

/* The file, or what of it Range asks for (RFC 9110 14.2: of GET only). */
static void
send_file(const struct ask *ask, const struct pw_object *obj, const struct pw_http_validators *v)
{
	struct pw_http *h = ask->h;
	struct pw_http_range ranges[PW_HTTP_RANGES_MAX];
	enum pw_http_range_is is = PW_HTTP_RANGE_IGNORED;
	struct http_set *set = NULL;
	struct pw_str value;
	uint32_t n = 0;

	if (pw_req_single(ask->req, PW_REQ_RANGE, &value))
		is = pw_http_range_read(value, obj->size, h->cfg.max_ranges, ranges, &n);
	if (is == PW_HTTP_RANGE_IGNORED) {
		h->stats.ranges_ignored++;
	} else if (!pw_http_if_range(ask->req, v, h->now_s)) {
		is = PW_HTTP_RANGE_IGNORED;
	} else if (n > 1) {
		set = http_set_get(h);
		h->stats.range_sets_exhausted += set == NULL;
	}
	if (is == PW_HTTP_RANGE_UNSATISFIABLE)
		send_unsatisfiable(ask);
	else if (is == PW_HTTP_RANGE_OK && n == 1)
		send_range(ask, &ranges[0]);
	else if (set != NULL)
		send_ranges(ask, set, ranges, n);
	else
		send_whole(ask, PW_HTTP_200, ask->rep);
}

/* RFC 9110 13.2.1: conditions are looked at when the answer would else be 200. */
static void
send_conditional(const struct ask *ask)
{
	const struct pw_object *obj = pw_store_object(ask->h->store, ask->rep->object);
	struct pw_http_validators v;
	enum pw_http_status status;

	pw_site_validators(ask->h->site, obj, &v);
	status = pw_http_cond(ask->req, &v, ask->h->now_s);
	if (status == PW_HTTP_304)
		send_unchanged(ask);
	else if (status == PW_HTTP_412)
		send_page(ask, status);
	else if (pw_req_has(ask->req, PW_REQ_RANGE) && !ask->head_only)
		send_file(ask, obj, &v);
	else
		send_whole(ask, PW_HTTP_200, ask->rep);
}

static void
send_found(struct ask *ask)
{
	choose_coding(ask);
	ask->h->stats.coded += ask->coded;
	if (likely(!pw_req_is_conditional(ask->req)))
		send_whole(ask, PW_HTTP_200, ask->rep);
	else
		send_conditional(ask);
}

static enum pw_head_conn
choose_conn(const struct pw_http *h, bool keep_alive, bool http10)
{
	if (!keep_alive || h->draining)
		return PW_HEAD_CONN_CLOSE;
	return http10 ? PW_HEAD_CONN_KEEP : PW_HEAD_CONN_NONE;
}

/* What is left of a request once its answer is chosen, if that is a file and all of it. */
static struct http_plain
plain_of(const struct ask *ask, enum pw_http_status status)
{
	const struct pw_req *req = ask->req;
	struct http_plain plain = {.rep = PW_REP_NONE};

	if (status != PW_HTTP_200 || pw_req_is_conditional(req) || req->has_body)
		return plain;
	plain.rep = (uint32_t)(ask->rep - ask->h->site->reps);
	plain.head_only = ask->head_only;
	plain.keep_alive = req->keep_alive;
	plain.http10 = req->http10;
	plain.coded = ask->coded;
	return plain;
}

bool
http_answer(
	struct pw_http *h, struct http_room *k, const struct pw_req *req, struct http_plain *plain)
{
	struct ask ask = {
		.h = h,
		.k = k,
		.req = req,
		.head_only = req->method == PW_REQ_HEAD,
		.conn = choose_conn(h, req->keep_alive, req->http10),
	};
	enum pw_http_status status = find(&ask);

	count_method(h, req->method);
	if (status == PW_HTTP_200)
		send_found(&ask);
	else if (status == PW_HTTP_301)
		send_whole(&ask, status, ask.rep);
	else
		send_page(&ask, status);
	*plain = plain_of(&ask, status);
	return ask.conn != PW_HEAD_CONN_CLOSE;
}

bool
http_answer_plain(struct pw_http *h, struct http_room *k, const struct http_plain *plain)
{
	struct ask ask = {
		.h = h,
		.k = k,
		.rep = &h->site->reps[plain->rep],
		.head_only = plain->head_only,
		.conn = choose_conn(h, plain->keep_alive, plain->http10),
	};

	count_method(h, plain->head_only ? PW_REQ_HEAD : PW_REQ_GET);
	h->stats.coded += plain->coded;
	send_whole(&ask, PW_HTTP_200, ask.rep);
	return ask.conn != PW_HEAD_CONN_CLOSE;
}

void
http_refuse(struct pw_http *h, struct http_room *k, enum pw_http_status status)
{
	struct ask ask = {.h = h, .k = k, .conn = PW_HEAD_CONN_CLOSE};

	send_page(&ask, status);
}
