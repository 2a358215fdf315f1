/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdlib.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "fake_tcp.h"

struct pw_span fake_spans[PW_SEG_SPANS_MAX];
uint32_t fake_n_spans;

struct pw_tcp_conn *
fake_open(const struct pw_tcp_app *app, void *app_ctx, pw_ns now)
{
	struct pw_tcp_conn *c = aligned_alloc(64, RTE_ALIGN_CEIL(sizeof(*c), 64));

	memset(c, 0, sizeof(*c));
	c->app = app;
	c->app_ctx = app_ctx;
	c->timer_at = PW_NEVER;
	if (app->open(app_ctx, c, now))
		return c;
	free(c);
	return NULL;
}

/* Each time at another address, so that nobody keeps a pointer to it. */
static void
offer(struct pw_tcp_conn *c, pw_ns now)
{
	uint8_t *copy = malloc(c->input.len);
	uint32_t taken;

	memcpy(copy, c->input.bytes, c->input.len);
	taken = c->app->recv(c->app_ctx, c, copy, c->input.len, now);
	free(copy);
	CU_ASSERT_FATAL(taken <= c->input.len);
	c->input.len -= taken;
	memmove(c->input.bytes, c->input.bytes + taken, c->input.len);
}

void
fake_feed(struct pw_tcp_conn *c, const void *bytes, size_t len, pw_ns now)
{
	bool stalled = c->input.len > 0;

	if (c->gone || len == 0)
		return;
	c->input.bytes = realloc(c->input.bytes, c->input.len + len);
	memcpy(c->input.bytes + c->input.len, bytes, len);
	c->input.len += (uint32_t)len;
	if (!stalled)
		offer(c, now);
}

void
fake_run(struct pw_tcp_conn *c, pw_ns now)
{
	if (!c->gone && c->resumed && c->input.len > 0) {
		c->resumed = false;
		offer(c, now);
	}
	if (!c->gone && c->timer_at <= now) {
		c->timer_at = PW_NEVER;
		c->app->timer(c->app_ctx, c, now);
	}
}

void
fake_eof(struct pw_tcp_conn *c, pw_ns now)
{
	CU_ASSERT_EQUAL_FATAL(c->input.len, 0);
	c->app->eof(c->app_ctx, c, now);
}

void
fake_ack(struct pw_tcp_conn *c, pw_off una, pw_ns now)
{
	CU_ASSERT_FATAL(una >= c->una && una <= c->end);
	if (una == c->una)
		return;
	c->una = una;
	c->app->acked(c->app_ctx, c, una, now);
}

uint32_t
fake_pull(struct pw_tcp_conn *c, pw_off off, uint32_t len, uint8_t *to)
{
	uint32_t got, sum = 0, i;

	CU_ASSERT_FATAL(off >= c->una && off < c->end);
	len = (uint32_t)pw_min(len, c->end - off);
	got = c->app->source(c->app_ctx, c, off, len, fake_spans, &fake_n_spans);
	CU_ASSERT_FATAL(fake_n_spans <= PW_SEG_SPANS_MAX);
	for (i = 0; i < fake_n_spans; i++) {
		CU_ASSERT_FATAL(fake_spans[i].len > 0 && sum + fake_spans[i].len <= len);
		memcpy(to + sum, fake_spans[i].addr, fake_spans[i].len);
		sum += fake_spans[i].len;
	}
	CU_ASSERT_EQUAL_FATAL(sum, got);
	return got;
}

void
fake_free(struct pw_tcp_conn *c, pw_ns now)
{
	if (!c->gone)
		c->app->gone(c->app_ctx, c, PW_TCP_END_RESET, now);
	free(c->input.bytes);
	free(c);
}

/* ---- what HTTP calls ---- */

void *
pw_tcp_room(struct pw_tcp_conn *c)
{
	return c->room;
}

void
pw_tcp_send(struct pw_tcp_conn *c, uint64_t len)
{
	CU_ASSERT_FALSE(c->shut);
	c->end += len;
}

pw_off
pw_tcp_sent_end(const struct pw_tcp_conn *c)
{
	return c->end;
}

void
pw_tcp_note(struct pw_tcp_conn *c, uint8_t kind, uint16_t n, uint32_t a, uint32_t b)
{
	c->noted[c->n_noted++ % FAKE_NOTES] =
		(struct pw_tcp_event){.head = (uint64_t)kind << 16 | n, .a = a, .b = b};
}

void
pw_tcp_shutdown(struct pw_tcp_conn *c)
{
	c->shut = true;
}

void
pw_tcp_close(struct pw_tcp_conn *c)
{
	c->shut = true;
	c->closed = true;
}

void
pw_tcp_abort(struct pw_tcp_conn *c, pw_ns now)
{
	CU_ASSERT_FALSE(c->gone);
	c->aborted = true;
	c->gone = true;
	c->app->gone(c->app_ctx, c, PW_TCP_END_ABORTED, now);
	memset(c->room, 0xee, sizeof(c->room)); /* nobody may look at it any more */
}

void
pw_tcp_resume(struct pw_tcp_conn *c)
{
	c->resumed = true;
}

void
pw_tcp_set_timer(struct pw_tcp_conn *c, pw_ns at)
{
	c->timer_at = at;
	c->n_timer_sets++;
}
