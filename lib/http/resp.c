/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <assert.h>
#include "serve_priv.h"

static_assert(sizeof(struct http_resp) <= 64, "a response is a cache line");

/* ---- text ---- */

static const struct pw_rep *
rep_of(const struct pw_http *h, const struct http_resp *r)
{
	return &h->site->reps[r->rep];
}

static const struct pw_object *
object_of(const struct pw_http *h, const struct http_resp *r)
{
	return pw_store_object(h->store, r->object);
}

/* Bytes behind the text. */
static pw_off
body_len(const struct http_resp *r)
{
	return r->end - r->start - r->text_len;
}

/* The rest of a file's head: all of it follows, or one range, or several. */
static void
write_file(const struct pw_http *h, const struct http_resp *r, struct pw_text *t)
{
	const struct pw_object *obj = object_of(h, r);
	struct pw_head_part part = {.len = r->head_only ? obj->size : body_len(r)};
	struct pw_http_range range;

	if (r->set != HTTP_NONE) {
		part.boundary = h->sets[r->set].boundary;
	} else if (r->status == PW_HTTP_206) {
		range.first = r->body - obj->prefix_len;
		range.last = range.first + part.len - 1;
		part.range = &range;
	}
	pw_head_file(t, h->site, rep_of(h, r), obj, &part);
}

static void
write_rest(const struct pw_http *h, const struct http_resp *r, struct pw_text *t)
{
	const struct pw_object *file = pw_store_object(h->store, rep_of(h, r)->object);

	if (r->status == PW_HTTP_304)
		pw_head_unchanged(t, h->site, rep_of(h, r), file);
	else if (r->status == PW_HTTP_416)
		pw_head_unsatisfiable(t, h->site, body_len(r), file->size);
	else
		write_file(h, r, t);
}

static void
write_text(const struct pw_http *h, const struct http_resp *r, struct pw_text *t)
{
	char date[PW_HTTP_DATE_LEN];

	if (r->date_s != h->now_s)
		pw_http_date_format(r->date_s, date);
	pw_head_first(t, (enum pw_http_status)r->status, r->date_s != h->now_s ? date : h->date,
		(enum pw_head_conn)r->conn);
	if (r->written)
		write_rest(h, r, t);
}

/* ---- the queue ---- */

void
http_resp_push(struct pw_http *h, struct http_room *k, struct http_resp *r, pw_off len)
{
	struct pw_text count = {0};

	r->start = 0;
	r->end = len;
	r->text_len = 0;
	if (r->written)
		write_text(h, r, &count);
	else
		count.len = pw_head_first_len(
			(enum pw_http_status)r->status, (enum pw_head_conn)r->conn);
	PW_ASSERT(count.len <= HTTP_TEXT_MAX);
	r->text_len = (uint16_t)count.len;
	r->start = pw_tcp_sent_end(k->c);
	r->end = r->start + count.len + len;
	r->held.lo = pw_object_page_at(object_of(h, r), r->body);
	r->held.hi = r->held.lo;
	r->next = HTTP_NONE;
	if (k->n_resps++ == 0)
		k->first = http_resp_index(h, r);
	else
		h->resps[k->last].next = http_resp_index(h, r);
	k->last = http_resp_index(h, r);
	h->stats.status[r->status]++;
	pw_tcp_note(k->c, PW_HTTP_EV_REQUEST,
		(uint16_t)(r->status | (r->head_only ? PW_HTTP_EV_HEAD : 0)), r->rep,
		(uint32_t)r->start);
	pw_tcp_send(k->c, r->end - r->start);
}

/* ---- what TCP asks for ---- */

/* Its question, as far as it is answered. */
struct answer {
	struct pw_http *h;
	struct pw_span *spans;
	uint32_t n;
	uint32_t left; /* bytes still wanted */
};

static bool
is_full(const struct answer *a)
{
	return a->left == 0 || a->n == PW_SEG_SPANS_MAX;
}

/* @return whether all of it went in */
static bool
put_text(struct answer *a, const char *text, uint32_t len)
{
	uint32_t n = (uint32_t)pw_min(len, a->left);

	if (is_full(a))
		return false;
	a->spans[a->n++] = (struct pw_span){(const uint8_t *)text, n, PW_PAGE_NONE};
	a->left -= n;
	return n == len;
}

/* Where the next text can be written; no room: TCP asks again for what is missing. */
static bool
next_text(struct pw_http *h, struct pw_text *t)
{
	*t = (struct pw_text){h->text + h->text_used, 0, HTTP_TEXT_ROOM - h->text_used};
	return t->max >= HTTP_TEXT_MAX;
}

static bool
put_head(struct answer *a, const struct http_resp *r, uint32_t at)
{
	struct pw_http *h = a->h;
	struct pw_text t;

	if (r->status == PW_HTTP_200 && r->conn == PW_HEAD_CONN_NONE && !r->written &&
		r->date_s == h->now_s)
		return put_text(a, h->first.to + at, h->first.len - at);
	if (!next_text(h, &t))
		return false;
	write_text(h, r, &t);
	PW_ASSERT(t.len == r->text_len);
	h->text_used += t.len;
	return put_text(a, t.to + at, t.len - at);
}

static bool
put_between(struct answer *a, const struct http_resp *r, uint32_t part, uint32_t at)
{
	struct pw_http *h = a->h;
	const struct http_set *set = &h->sets[r->set];
	const struct pw_http_range *range = part < set->n ? &set->parts[part].range : NULL;
	struct pw_text t;

	if (!next_text(h, &t))
		return false;
	pw_head_between(&t, h->site, rep_of(h, r), object_of(h, r)->size, range, set->boundary);
	h->text_used += t.len;
	return put_text(a, t.to + at, t.len - at);
}

/* From its sending to its acknowledgement, a page is held. */
static void
hold_to(struct pw_http *h, const struct pw_object *obj, struct http_held *held, uint32_t page)
{
	while (unlikely(held->hi <= page))
		pw_store_hold(h->refs, pw_store_page_of(h->store, obj, held->hi++));
}

static void
let_go_before(struct pw_http *h, const struct pw_object *obj, struct http_held *held, uint32_t page)
{
	while (unlikely(held->lo < held->hi && held->lo < page))
		pw_store_put(h->refs, pw_store_page_of(h->store, obj, held->lo++));
}

/* Bytes [off, off + len) of an object. @return whether all of them went in */
static bool
put_object(struct answer *a, uint32_t object, pw_off off, pw_off len, struct http_held *held)
{
	struct pw_http *h = a->h;
	const struct pw_object *obj = pw_store_object(h->store, object);

	while (len > 0) {
		struct pw_span *span = &a->spans[a->n];

		if (is_full(a))
			return false;
		pw_store_span(h->store, object, off, (uint32_t)pw_min(len, a->left), span);
		hold_to(h, obj, held, pw_object_page_at(obj, off));
		a->n++;
		a->left -= span->len;
		off += span->len;
		len -= span->len;
	}
	return true;
}

static pw_off
range_len(const struct pw_http_range *range)
{
	return range->last - range->first + 1;
}

/* The parts of @p r from @p at on, counted from the end of its head. */
static bool
put_set(struct answer *a, const struct http_resp *r, pw_off at)
{
	struct http_set *set = &a->h->sets[r->set];
	uint32_t prefix = object_of(a->h, r)->prefix_len;
	uint32_t i;

	for (i = 0; i < set->n; i++) {
		struct http_part *part = &set->parts[i];
		pw_off len = range_len(&part->range);

		if (at < part->text_len && !put_between(a, r, i, (uint32_t)at))
			return false;
		at -= pw_min(at, part->text_len);
		if (at < len && !put_object(a, r->object, prefix + part->range.first + at, len - at,
					&part->held))
			return false;
		at -= pw_min(at, len);
	}
	return put_between(a, r, set->n, (uint32_t)at);
}

/* Bytes of @p r from @p at to its end. */
static bool
put_resp(struct answer *a, struct http_resp *r, pw_off at)
{
	if (at < r->text_len && !put_head(a, r, (uint32_t)at))
		return false;
	at = pw_max(at, r->text_len) - r->text_len;
	if (unlikely(r->set != HTTP_NONE))
		return put_set(a, r, at);
	return put_object(a, r->object, r->body + at, body_len(r) - at, &r->held);
}

uint32_t
http_resp_source(struct pw_http *h, struct http_room *k, pw_off off, uint32_t len,
	struct pw_span *spans, uint32_t *n)
{
	struct answer a = {.h = h, .spans = spans, .left = len};
	uint32_t i = k->first;

	h->text_used = 0;
	while (i != HTTP_NONE && h->resps[i].end <= off)
		i = h->resps[i].next;
	while (i != HTTP_NONE && !is_full(&a)) {
		struct http_resp *r = &h->resps[i];

		PW_ASSERT(off >= r->start);
		if (!put_resp(&a, r, off - r->start))
			break;
		off = r->end;
		i = r->next;
	}
	*n = a.n;
	return len - a.left;
}

/* ---- acknowledgements ---- */

static void
let_go_set(struct pw_http *h, const struct http_resp *r, pw_off at)
{
	const struct pw_object *obj = object_of(h, r);
	struct http_set *set = &h->sets[r->set];
	uint32_t i;

	for (i = 0; i < set->n && at > set->parts[i].text_len; i++) {
		struct http_part *part = &set->parts[i];
		pw_off len = range_len(&part->range);

		at -= part->text_len;
		let_go_before(h, obj, &part->held,
			at < len ? pw_object_page_at(obj, obj->prefix_len + part->range.first + at)
				 : UINT32_MAX);
		at -= pw_min(at, len);
	}
}

/* The bytes of @p r before @p at, counted from its start, are not needed any more. */
static void
trim(struct pw_http *h, struct http_resp *r, pw_off at)
{
	const struct pw_object *obj = object_of(h, r);

	if (at <= r->text_len)
		return;
	at -= r->text_len;
	if (r->set != HTTP_NONE)
		let_go_set(h, r, at);
	else
		let_go_before(h, obj, &r->held, pw_object_page_at(obj, r->body + at));
}

/* Take the oldest response off the queue, with all that it holds. */
static void
pop(struct pw_http *h, struct http_room *k)
{
	struct http_resp *r = &h->resps[k->first];

	if (r->set != HTTP_NONE) {
		let_go_set(h, r, UINT64_MAX);
		http_set_put(h, &h->sets[r->set]);
	} else {
		let_go_before(h, object_of(h, r), &r->held, UINT32_MAX);
	}
	k->first = r->next;
	k->n_resps--;
	http_resp_put(h, r);
}

void
http_resp_acked(struct pw_http *h, struct http_room *k, pw_off una)
{
	while (k->n_resps > 0 && h->resps[k->first].end <= una) {
		struct http_resp *r = &h->resps[k->first];

		h->stats.responses_done++;
		h->stats.bytes_done += r->end - r->start;
		pop(h, k);
	}
	if (k->n_resps > 0 && una > h->resps[k->first].start)
		trim(h, &h->resps[k->first], una - h->resps[k->first].start);
}

void
http_resp_drop(struct pw_http *h, struct http_room *k)
{
	h->stats.responses_cut += k->n_resps;
	while (k->n_resps > 0)
		pop(h, k);
}
