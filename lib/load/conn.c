/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A connection: what is asked on it, and what is made of the answers.
 *
 * The text of requests is written once for each URL. The stream is a list of
 * these texts; of a request under way it is known which, so any byte that is not
 * acknowledged can be found again.
 */
#include "load_priv.h"

static struct conn *
room(struct pw_tcp_conn *tc)
{
	return pw_tcp_room(tc);
}

/* The place of the @p i-th request under way. */
static struct asked *
asked_at(const struct pw_load *l, struct conn *k, uint32_t i)
{
	i += k->first;
	return &k->ring[i < l->cfg.pipeline ? i : i - l->cfg.pipeline];
}

static uint32_t
text_len(const struct pw_load *l, const struct asked *a)
{
	return l->target[a->target].text_len[a->last];
}

/* Count an error and be rid of the connection. */
static void
fail(struct pw_load *l, struct pw_tcp_conn *tc, enum pw_load_error why, pw_ns now)
{
	l->stats.errors[why]++;
	room(tc)->flags |= CONN_FAILED;
	pw_tcp_abort(tc, now);
}

/* ---- asking ---- */

static bool
can_ask(const struct pw_load *l, const struct conn *k)
{
	return (k->flags & (CONN_OPEN | CONN_NO_MORE)) == CONN_OPEN && k->n < l->cfg.pipeline &&
	       (l->cfg.per_conn == 0 || k->n_asked < l->cfg.per_conn);
}

bool
conn_can_ask(const struct pw_load *l, uint32_t slot)
{
	return l->slot[slot].tc != NULL && can_ask(l, room(l->slot[slot].tc));
}

/* From now on somebody waits: for an answer, or for the server to close. */
static void
begin_waiting(struct pw_load *l, struct pw_tcp_conn *tc, pw_ns now)
{
	struct conn *k = room(tc);

	k->heard = now;
	if (k->flags & CONN_TIMED)
		return;
	k->flags |= CONN_TIMED;
	pw_tcp_set_timer(tc, now + l->cfg.timeout_ns);
}

static void
ask(struct pw_load *l, struct pw_tcp_conn *tc, pw_ns due, pw_ns now)
{
	struct conn *k = room(tc);
	struct asked *a = asked_at(l, k, k->n);

	if (k->n == 0)
		begin_waiting(l, tc, now);
	k->n++;
	k->n_asked++;
	*a = (struct asked){
		.at = due - l->epoch,
		.target = l->n_targets == 1 ? 0 : pw_choice_take(&l->choice, pw_rand_u64(&l->rand)),
		.last = k->n_asked == l->cfg.per_conn,
	};
	l->stats.requests++;
	pw_tcp_send(tc, text_len(l, a));
}

void
conn_ask(struct pw_load *l, uint32_t slot, pw_ns due, pw_ns now)
{
	ask(l, l->slot[slot].tc, due, now);
}

/* There is room for another request: closed loop fills it, open loop waits for its time. */
static void
go_on(struct pw_load *l, struct pw_tcp_conn *tc, pw_ns now)
{
	struct conn *k = room(tc);

	if (l->cfg.rate_per_s != 0)
		load_queue(l, k->slot);
	else
		while (can_ask(l, k))
			ask(l, tc, now, now);
}

/* Text of requests from @p off on; spans of it are copied into the packet (it is short). */
static uint32_t
on_source(void *ctx, struct pw_tcp_conn *tc, pw_off off, uint32_t len, struct pw_span *spans,
	uint32_t *n)
{
	struct pw_load *l = ctx;
	struct conn *k = room(tc);
	pw_off begin = k->base;
	uint32_t lent = 0;
	uint32_t i;

	PW_ASSERT(off >= begin);
	for (i = 0, *n = 0; i < k->n && lent < len && *n < PW_SEG_SPANS_MAX; i++) {
		const struct asked *a = asked_at(l, k, i);
		uint32_t text = text_len(l, a);

		if (off < begin + text) {
			uint32_t skip = (uint32_t)(off - begin);
			uint32_t part = (uint32_t)pw_min(text - skip, len - lent);

			spans[(*n)++] = (struct pw_span){
				.addr = (const uint8_t *)l->target[a->target].text[a->last] + skip,
				.len = part,
				.page = PW_PAGE_NONE,
			};
			lent += part;
			off += part;
		}
		begin += text;
	}
	return lent;
}

static void
on_acked(void *ctx, struct pw_tcp_conn *tc, pw_off una, pw_ns now)
{
	room(tc)->una = una;
}

/* ---- answers ---- */

static void
judge_body(struct pw_load *l, struct target *t, const struct resp *r, uint32_t slot)
{
	struct resp_slot rs = load_resp_slot(l, slot);
	uint64_t hash;

	if (!t->has_length) {
		t->has_length = true;
		t->length = r->body;
	} else if (r->body != t->length) {
		l->stats.errors[PW_LOAD_LENGTH]++;
		return; /* its hash can be no other than wrong: one mistake, counted once */
	}
	if (!l->cfg.verify)
		return;
	hash = resp_hash(r, &rs);
	if (!t->has_hash) {
		t->has_hash = true;
		t->hash = hash;
	} else if (hash != t->hash) {
		l->stats.errors[PW_LOAD_HASH]++;
	}
}

static void
judge(struct pw_load *l, const struct asked *a, const struct resp *r, uint32_t slot, pw_ns now)
{
	struct pw_load_stats *s = &l->stats;

	s->responses++;
	s->body_bytes += r->body;
	s->status[r->status < 600 ? r->status / 100u : 0]++;
	pw_hist_add(&s->latency, now - l->epoch - a->at);
	if (likely(r->status / 100u == 2))
		judge_body(l, &l->target[a->target], r, slot);
	else
		s->errors[PW_LOAD_STATUS]++;
}

/* The oldest request has its answer. */
static void
finish(struct pw_load *l, struct pw_tcp_conn *tc, pw_ns now)
{
	struct conn *k = room(tc);
	struct asked a = *asked_at(l, k, 0);

	judge(l, &a, &k->resp, k->slot, now);
	k->body_bytes += k->resp.body;
	k->base += text_len(l, &a);
	k->first = (uint16_t)(k->first + 1u < l->cfg.pipeline ? k->first + 1u : 0);
	k->n--;
	if (a.last || k->resp.close)
		k->flags |= CONN_NO_MORE;
	k->resp = (struct resp){0};
	if (unlikely(l->phase == PW_LOAD_OVER))
		conn_wind_up(l, tc);
	else
		go_on(l, tc, now);
}

/* Can bytes be an answer? Not before the server has all of the request: then, too, its
 * text will not be needed again. */
static bool
is_awaited(const struct pw_load *l, struct conn *k)
{
	return k->n != 0 && k->una >= k->base + text_len(l, asked_at(l, k, 0));
}

static enum pw_load_error
error_of(enum resp_result what)
{
	return what == RESP_HEAD_SIZE ? PW_LOAD_HEAD_SIZE : PW_LOAD_MALFORMED;
}

static uint32_t
on_recv(void *ctx, struct pw_tcp_conn *tc, const uint8_t *data, uint32_t len, pw_ns now)
{
	struct pw_load *l = ctx;
	struct conn *k = room(tc);
	uint32_t done = 0;
	uint32_t used;

	k->heard = now;
	if (likely(resp_is_inside(&k->resp, len) && l->hash == NULL &&
		    (k->flags & CONN_FAILED) == 0)) {
		resp_skip(&k->resp, len);
		return len;
	}
	while (done < len && (k->flags & CONN_FAILED) == 0) {
		struct resp_slot rs;
		enum resp_result what;

		if (unlikely(!is_awaited(l, k))) {
			fail(l, tc, PW_LOAD_UNASKED, now);
			break;
		}
		rs = load_resp_slot(l, k->slot);
		what = resp_read(&l->reader, &k->resp, &rs,
			&l->target[asked_at(l, k, 0)->target].known, data + done, len - done,
			&used);
		done += used;
		if (what == RESP_DONE)
			finish(l, tc, now);
		else if (unlikely(what != RESP_MORE))
			fail(l, tc, error_of(what), now);
	}
	return len;
}

/* Requests that nobody will answer: nobody's fault behind an announced close (RFC 9112 9.3.2). */
static void
count_unanswered(struct pw_load *l, const struct conn *k)
{
	if (k->n == 0)
		return;
	if ((k->flags & CONN_NO_MORE) && k->resp.head == 0)
		l->stats.unanswered += k->n;
	else
		l->stats.errors[PW_LOAD_CLOSED_EARLY]++;
}

static void
on_eof(void *ctx, struct pw_tcp_conn *tc, pw_ns now)
{
	struct pw_load *l = ctx;
	struct conn *k = room(tc);

	if (k->n != 0 && k->resp.framing == FRAME_EOF)
		finish(l, tc, now);
	if (k->flags & CONN_FAILED)
		return;
	count_unanswered(l, k);
	k->flags |= CONN_FAILED; /* whatever its end: it is accounted for */
	pw_tcp_close(tc);
}

/* ---- birth and death ---- */

static bool
on_open(void *ctx, struct pw_tcp_conn *tc, pw_ns now)
{
	struct pw_load *l = ctx;
	struct conn *k = room(tc);

	pw_tcp_set_timer(tc, PW_NEVER);
	k->flags = CONN_OPEN;
	l->slot[k->slot].tc = tc;
	l->n_opening--;
	l->stats.opened++;
	l->stats.conns++;
	if (l->phase == PW_LOAD_OVER)
		conn_wind_up(l, tc);
	else if (!load_is_active(l, k->slot))
		;
	else if (l->phase == PW_LOAD_RUNNING)
		go_on(l, tc, now);
	else
		load_queue(l, k->slot);
	return true;
}

static void
on_timer(void *ctx, struct pw_tcp_conn *tc, pw_ns now)
{
	struct pw_load *l = ctx;
	struct conn *k = room(tc);

	k->flags &= (uint8_t)~CONN_TIMED;
	if ((k->flags & CONN_OPEN) == 0) {
		fail(l, tc, PW_LOAD_UNREACHED, now);
	} else if (k->n == 0 && (k->flags & CONN_NO_MORE) == 0) {
		return; /* at rest; the next request sets it again */
	} else if (now - k->heard < l->cfg.timeout_ns) {
		k->flags |= CONN_TIMED;
		pw_tcp_set_timer(tc, k->heard + l->cfg.timeout_ns);
	} else if (k->n != 0) {
		fail(l, tc, PW_LOAD_TIMEOUT, now);
	} else {
		pw_tcp_close(tc); /* the server leaves that to us */
	}
}

/* Of an end that was not ours, and that nobody has counted. */
static void
count_end(struct pw_load *l, const struct conn *k, enum pw_tcp_end why)
{
	if ((k->flags & CONN_OPEN) == 0)
		l->stats.errors[why == PW_TCP_END_TIMEOUT ? PW_LOAD_UNREACHED : PW_LOAD_REFUSED]++;
	else if (k->n != 0)
		l->stats.errors[why == PW_TCP_END_TIMEOUT ? PW_LOAD_TIMEOUT : PW_LOAD_RESET]++;
}

static void
on_gone(void *ctx, struct pw_tcp_conn *tc, enum pw_tcp_end why, pw_ns now)
{
	struct pw_load *l = ctx;
	struct conn *k = room(tc);

	if ((k->flags & CONN_FAILED) == 0 && why != PW_TCP_END_CLOSED && why != PW_TCP_END_ABORTED)
		count_end(l, k, why);
	if (k->flags & CONN_OPEN)
		l->stats.conns--;
	else
		l->n_opening--;
	load_vacate(l, k->slot, (k->flags & CONN_OPEN) == 0, now);
}

void
conn_wind_up(void *ctx, struct pw_tcp_conn *tc)
{
	struct conn *k = room(tc);

	if ((k->flags & CONN_OPEN) && k->n == 0)
		pw_tcp_close(tc);
}

uint64_t
conn_body_bytes(struct pw_tcp_conn *tc)
{
	const struct conn *k = room(tc);

	return k->body_bytes + k->resp.body;
}

const struct pw_tcp_app load_app = {
	.open = on_open,
	.recv = on_recv,
	.eof = on_eof,
	.source = on_source,
	.acked = on_acked,
	.timer = on_timer,
	.gone = on_gone,
};
