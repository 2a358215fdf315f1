/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "serve_priv.h"

/*
 * A connection is open until its last response is queued. Then our direction is
 * closed, and what still comes is discarded for a while, so that no RST takes
 * that response away from the peer (RFC 9112 9.6).
 *
 *	HTTP_OPEN --last response--> HTTP_LINGER --peer closed, time, bytes--> HTTP_DONE
 *
 * In each state one deadline or two apply; TCP's timer is set to the earliest.
 * It is moved only forwards in time by its own firing: a deadline that has moved
 * away meanwhile is found then, so that a request costs no change of a timer.
 */

static pw_ns
deadline(const struct pw_http *h, const struct http_room *k)
{
	const struct pw_http_cfg *cfg = &h->cfg;
	pw_ns at = PW_NEVER;

	if (k->n_resps > 0)
		at = k->progress + cfg->stall_ns;
	else if (k->state == HTTP_LINGER)
		at = k->since + cfg->linger_ns;
	else if (k->state == HTTP_OPEN && k->head == NULL)
		at = k->since + cfg->idle_ns;
	if (k->head != NULL)
		at = pw_min(at,
			k->head->since + (k->head->parser.head_done ? cfg->body_ns : cfg->head_ns));
	return at;
}

static void
set_timer(const struct pw_http *h, struct http_room *k)
{
	pw_ns at = deadline(h, k);

	if (at >= k->timer_at)
		return;
	k->timer_at = at;
	pw_tcp_set_timer(k->c, at);
}

static void
drop_head(struct pw_http *h, struct http_room *k)
{
	if (k->head != NULL)
		http_head_put(h, k->head);
	k->head = NULL;
}

/* Nothing follows what is queued. */
static void
finish(struct pw_http *h, struct http_room *k, pw_ns now)
{
	drop_head(h, k);
	k->state = HTTP_LINGER;
	k->since = now;
	pw_tcp_shutdown(k->c);
	set_timer(h, k);
}

/* The first of a queue: from now on the peer has to acknowledge something. */
static void
watch(struct pw_http *h, struct http_room *k, pw_ns now)
{
	if (k->n_resps > 1)
		return;
	k->progress = now;
	k->mark = h->resps[k->first].start;
}

/* @return whether the connection is still there */
static bool
refuse(struct pw_http *h, struct http_room *k, enum pw_http_status status, pw_ns now)
{
	if (h->free_resp == HTTP_NONE) {
		h->stats.responses_exhausted++;
		pw_tcp_abort(k->c, now);
		return false;
	}
	http_refuse(h, k, status);
	watch(h, k, now);
	finish(h, k, now);
	return true;
}

/* ---- receiving ---- */

static void
count_bad(struct pw_http *h, const struct pw_req_parser *p)
{
	if (p->why == PW_REQ_WHY_OCTETS)
		h->stats.bad_octets++;
	else if (p->why == PW_REQ_WHY_SYNTAX)
		h->stats.bad_syntax++;
	else if (p->why == PW_REQ_WHY_SENSE)
		h->stats.bad_request++;
}

/* A response was queued: what follows from that. */
static void
answered(struct pw_http *h, struct http_room *k, bool keep, pw_ns now)
{
	h->stats.reuses += k->used;
	k->used = true;
	watch(h, k, now);
	drop_head(h, k);
	if (keep)
		set_timer(h, k);
	else
		finish(h, k, now);
}

static void
answer(struct pw_http *h, struct http_room *k, const struct pw_req_parser *p,
	struct http_plain *plain, pw_ns now)
{
	if (p->body_len > 0) {
		h->stats.bodies++;
		h->stats.body_bytes += p->body_len;
	}
	answered(h, k, http_answer(h, k, &p->req, plain), now);
}

/* Where the request that came first is not complete by now, it makes room. */
static struct http_head *
get_head(struct pw_http *h, pw_ns now)
{
	struct http_head *head = http_head_get(h);

	if (likely(head != NULL))
		return head;
	h->stats.heads_evicted++;
	refuse(h, TAILQ_FIRST(&h->busy_heads)->room, PW_HTTP_408, now);
	return http_head_get(h);
}

/* Keep a request that began in @p data, and is not complete, until more comes. */
static void
keep_head(struct pw_http *h, struct http_room *k, const char *data, pw_ns now)
{
	struct http_head *head;

	if (!pw_req_started(&h->parser)) /* empty lines: there is nothing to remember */
		return;
	head = get_head(h, now);
	head->room = k;
	head->since = now;
	head->parser = h->parser;
	head->parser.req.head = head->bytes;
	memcpy(head->bytes, data, h->parser.head_len);
	k->head = head;
	set_timer(h, k);
}

/*
 * Take bytes of a request that did not come whole. As long as its head is not
 * complete, they are gathered behind those that came before.
 * @return bytes taken; the connection may be gone
 */
static uint32_t
take_rest(struct pw_http *h, struct http_room *k, const char *data, uint32_t len, pw_ns now)
{
	struct http_head *head = k->head;
	struct pw_req_parser *p = &head->parser;
	bool head_done = p->head_done;
	struct http_plain plain;
	enum pw_req_result result;
	uint32_t used;

	if (!head_done) {
		len = (uint32_t)pw_min(len, h->limits.head_bytes - p->head_len);
		data = memcpy(head->bytes + p->head_len, data, len);
	}
	result = pw_req_feed(p, data, len, &used);
	if (result == PW_REQ_DONE) {
		answer(h, k, p, &plain, now);
	} else if (result == PW_REQ_BAD) {
		count_bad(h, p);
		refuse(h, k, (enum pw_http_status)p->status, now);
	} else if (p->head_done && !head_done) {
		head->since = now; /* from here on it is the body's time */
		set_timer(h, k);
	}
	return used;
}

/* Take bytes of a new request, read where it lies. @return as take_rest() */
static uint32_t
take_new(struct pw_http *h, struct http_room *k, const char *data, uint32_t len,
	const struct http_key *key, pw_ns now)
{
	struct pw_req_parser *p = &h->parser;
	struct http_plain plain;
	enum pw_req_result result;
	uint32_t used;

	pw_req_init(p, &h->limits);
	result = pw_req_feed(p, data, len, &used);
	if (result == PW_REQ_DONE) {
		answer(h, k, p, &plain, now);
		if (plain.rep != PW_REP_NONE && used == key->len)
			http_known_note(h, key, data, &plain);
	} else if (result == PW_REQ_BAD) {
		count_bad(h, p);
		refuse(h, k, (enum pw_http_status)p->status, now);
	} else {
		keep_head(h, k, data, now);
	}
	return used;
}

static uint32_t
take(struct pw_http *h, struct http_room *k, const char *data, uint32_t len, pw_ns now)
{
	const struct http_known *known;
	struct http_key key;

	if (unlikely(k->head != NULL))
		return take_rest(h, k, data, len, now);
	known = http_known_find(h, data, len, &key);
	if (unlikely(known == NULL))
		return take_new(h, k, data, len, &key, now);
	answered(h, k, http_answer_plain(h, k, &known->says), now);
	return key.len;
}

/* Another response would be too many: the peer has to take some first. */
static bool
must_wait(struct pw_http *h, struct http_room *k)
{
	if (k->n_resps >= h->cfg.max_pipeline) {
		h->stats.pipeline_full++;
		return true;
	}
	if (h->free_resp == HTTP_NONE && k->n_resps > 0) {
		h->stats.responses_exhausted++;
		return true;
	}
	return false;
}

/* After the last response: a peer that goes on and on is cut off. */
static void
discard(struct pw_http *h, struct http_room *k, uint32_t len)
{
	h->stats.lingered_bytes += len;
	k->lingered += len;
	if (k->state == HTTP_DONE || k->lingered <= h->cfg.max_drain_bytes)
		return;
	k->state = HTTP_DONE;
	pw_tcp_close(k->c);
}

static uint32_t
on_recv(void *ctx, struct pw_tcp_conn *c, const uint8_t *data, uint32_t len, pw_ns now)
{
	struct http_room *k = pw_tcp_room(c);
	struct pw_http *h = ctx;
	uint32_t used = 0;

	while (used < len && k->state == HTTP_OPEN) {
		if (must_wait(h, k)) {
			k->blocked = true;
			return used;
		}
		if (h->free_resp == HTTP_NONE) {
			h->stats.responses_exhausted++;
			pw_tcp_abort(c, now);
			return len;
		}
		used += take(h, k, (const char *)data + used, len - used, now);
	}
	if (used < len)
		discard(h, k, len - used);
	return len;
}

/* ---- the other calls of TCP ---- */

static bool
on_open(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct http_room *k = pw_tcp_room(c);
	struct pw_http *h = ctx;

	if (h->draining)
		return false;
	k->c = c;
	k->since = now;
	k->timer_at = PW_NEVER;
	k->first = HTTP_NONE;
	LIST_INSERT_HEAD(&h->rooms, k, link);
	h->usage.conns++;
	h->stats.conns++;
	set_timer(h, k);
	return true;
}

static void
on_eof(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct http_room *k = pw_tcp_room(c);

	drop_head(ctx, k);
	k->state = HTTP_DONE;
	pw_tcp_shutdown(c);
}

static uint32_t
on_source(void *ctx, struct pw_tcp_conn *c, pw_off off, uint32_t len, struct pw_span *spans,
	uint32_t *n)
{
	return http_resp_source(ctx, pw_tcp_room(c), off, len, spans, n);
}

static void
on_acked(void *ctx, struct pw_tcp_conn *c, pw_off una, pw_ns now)
{
	struct http_room *k = pw_tcp_room(c);
	struct pw_http *h = ctx;

	http_resp_acked(h, k, una);
	if (k->n_resps == 0 || una - k->mark >= h->cfg.stall_bytes) {
		k->progress = now;
		k->mark = una;
	}
	if (k->n_resps == 0) {
		k->since = now;
		set_timer(h, k);
	}
	if (unlikely(k->blocked) && k->n_resps <= h->cfg.max_pipeline / 2) {
		k->blocked = false;
		pw_tcp_resume(c);
	}
}

/* What the earliest deadline was for. */
static void
expire(struct pw_http *h, struct http_room *k, pw_ns now)
{
	if (k->n_resps > 0 && k->progress + h->cfg.stall_ns <= now) {
		h->stats.timeouts_stall++;
		pw_tcp_abort(k->c, now);
	} else if (k->head != NULL) {
		if (k->head->parser.head_done)
			h->stats.timeouts_body++;
		else
			h->stats.timeouts_head++;
		refuse(h, k, PW_HTTP_408, now);
	} else if (k->state == HTTP_OPEN) {
		h->stats.timeouts_idle++;
		finish(h, k, now);
	} else {
		h->stats.timeouts_linger++;
		k->state = HTTP_DONE;
		pw_tcp_close(k->c);
	}
}

static void
on_timer(void *ctx, struct pw_tcp_conn *c, pw_ns now)
{
	struct http_room *k = pw_tcp_room(c);
	struct pw_http *h = ctx;

	k->timer_at = PW_NEVER;
	if (deadline(h, k) > now)
		set_timer(h, k);
	else
		expire(h, k, now);
}

static void
on_gone(void *ctx, struct pw_tcp_conn *c, enum pw_tcp_end why, pw_ns now)
{
	struct http_room *k = pw_tcp_room(c);
	struct pw_http *h = ctx;

	drop_head(h, k);
	http_resp_drop(h, k);
	LIST_REMOVE(k, link);
	h->usage.conns--;
}

const struct pw_tcp_app pw_http_app = {
	.open = on_open,
	.recv = on_recv,
	.eof = on_eof,
	.source = on_source,
	.acked = on_acked,
	.timer = on_timer,
	.gone = on_gone,
};

uint32_t
pw_http_room_bytes(void)
{
	return sizeof(struct http_room);
}

/* A request that has begun to come is still answered. */
void
pw_http_drain(struct pw_http *h, pw_ns now)
{
	struct http_room *k;

	h->draining = true;
	LIST_FOREACH (k, &h->rooms, link)
		if (k->state == HTTP_OPEN && k->head == NULL)
			finish(h, k, now);
}
