/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "rig_load.h"

#define HTTP_PORT 80
#define DRAIN_NS  PW_NS_PER_S
#define TURNS_MAX 2000000

struct rig_packet {
	struct rig_packet *next;
	struct pw_tcp *to;
	pw_ns at;
	struct pw_tcp_pkt pkt;
	uint8_t bytes[1600];
};

/* ---- the link ---- */

static int
link_send(struct rig_load *rig, struct pw_tcp *to, const struct pw_tcp_seg *seg)
{
	struct rig_packet *p;
	uint32_t i;

	if ((rig->deaf && to == rig->server) || pw_rand_below(&rig->rand, 100) < rig->loss_percent)
		return 0;
	p = calloc(1, sizeof(*p));
	p->to = to;
	p->at = rig->now + RIG_DELAY;
	p->pkt = (struct pw_tcp_pkt){
		.src = *seg->src, .dst = *seg->dst, .l4 = p->bytes, .cksum_ok = true};
	pw_tcp_emit(p->bytes, &seg->hdr, seg->opts);
	p->pkt.len = PW_TCP_HLEN_MIN + seg->hdr.opt_len;
	for (i = 0; i < seg->n_spans; i++) {
		memcpy(p->bytes + p->pkt.len, seg->spans[i].addr, seg->spans[i].len);
		p->pkt.len += seg->spans[i].len;
	}
	if (rig->head == NULL)
		rig->head = p;
	else
		rig->tail->next = p;
	rig->tail = p;
	return 0;
}

static int
client_send(void *ctx, const struct pw_tcp_seg *seg)
{
	struct rig_load *rig = ctx;

	return link_send(rig, rig->server, seg);
}

static int
server_send(void *ctx, const struct pw_tcp_seg *seg)
{
	struct rig_load *rig = ctx;

	return link_send(rig, rig->client, seg);
}

static bool
deliver(struct rig_load *rig)
{
	bool any = false;

	while (rig->head != NULL && rig->head->at <= rig->now) {
		struct rig_packet *p = rig->head;

		rig->head = p->next;
		pw_tcp_input(p->to, &p->pkt, rig->now);
		free(p);
		any = true;
	}
	return any;
}

/* ---- the server ---- */

static struct rig_srv *
srv_of(struct pw_tcp_conn *tc)
{
	return *(struct rig_srv **)pw_tcp_room(tc);
}

static bool
srv_open(void *ctx, struct pw_tcp_conn *tc, pw_ns now)
{
	struct rig_load *rig = ctx;
	struct rig_srv *s = calloc(1, sizeof(*s));
	struct pw_tcp_info info;

	s->rig = rig;
	s->tc = tc;
	s->next = rig->conns;
	rig->conns = s;
	rig->n_accepted++;
	*(struct rig_srv **)pw_tcp_room(tc) = s;
	pw_tcp_get_info(tc, &info);
	rig->sources_seen |= UINT64_C(1) << (info.remote.b[15] & 63);
	return true;
}

void
rig_put(struct rig_srv *s, const char *text)
{
	uint32_t len = (uint32_t)strlen(text);

	while (s->out_len + len > s->out_room) {
		s->out_room = s->out_room == 0 ? 4096 : 2 * s->out_room;
		s->out = realloc(s->out, s->out_room);
	}
	memcpy(s->out + s->out_len, text, len);
	s->out_len += len;
	pw_tcp_send(s->tc, len);
}

void
rig_say(struct rig_srv *s, uint32_t nth)
{
	rig_put(s, s->rig->text);
	if (s->close_asked)
		pw_tcp_shutdown(s->tc);
}

/* A whole request, rebuilt perhaps from several transmissions. */
static void
take_request(struct rig_srv *s)
{
	char head[64];

	CU_ASSERT_EQUAL(strncmp(s->request, "GET /", 5), 0);
	snprintf(head, sizeof(head), " HTTP/1.1\r\nHost: %s\r\n", s->rig->host);
	CU_ASSERT_PTR_NOT_NULL(strstr(s->request, head));
	s->close_asked = strstr(s->request, "\r\nConnection: close\r\n") != NULL;
	s->rig->n_closes_asked += s->close_asked;
	s->request_len = 0;
	s->rig->answer(s, ++s->n_requests);
}

static uint32_t
srv_recv(void *ctx, struct pw_tcp_conn *tc, const uint8_t *data, uint32_t len, pw_ns now)
{
	struct rig_srv *s = srv_of(tc);
	uint32_t i;

	for (i = 0; i < len; i++) {
		CU_ASSERT_TRUE_FATAL(s->request_len + 1 < sizeof(s->request));
		s->request[s->request_len++] = (char)data[i];
		s->request[s->request_len] = '\0';
		if (s->request_len >= 4 &&
			memcmp(s->request + s->request_len - 4, "\r\n\r\n", 4) == 0)
			take_request(s);
	}
	return len;
}

static void
srv_eof(void *ctx, struct pw_tcp_conn *tc, pw_ns now)
{
	pw_tcp_close(tc);
}

static uint32_t
srv_source(void *ctx, struct pw_tcp_conn *tc, pw_off off, uint32_t len, struct pw_span *spans,
	uint32_t *n)
{
	struct rig_load *rig = ctx;
	struct rig_srv *s = srv_of(tc);

	if (rig->now >= rig->stall_from && rig->now < rig->stall_to)
		return 0;
	spans[0] = (struct pw_span){(const uint8_t *)s->out + off, len, PW_PAGE_NONE};
	*n = 1;
	return len;
}

static void
srv_acked(void *ctx, struct pw_tcp_conn *tc, pw_off una, pw_ns now)
{
}

static void
srv_timer(void *ctx, struct pw_tcp_conn *tc, pw_ns now)
{
}

static void
srv_gone(void *ctx, struct pw_tcp_conn *tc, enum pw_tcp_end why, pw_ns now)
{
	struct rig_load *rig = ctx;
	struct rig_srv *s = srv_of(tc);
	struct rig_srv **at;

	for (at = &rig->conns; *at != s; at = &(*at)->next)
		;
	*at = s->next;
	free(s->out);
	free(s);
}

static const struct pw_tcp_app srv_app = {
	.open = srv_open,
	.recv = srv_recv,
	.eof = srv_eof,
	.source = srv_source,
	.acked = srv_acked,
	.timer = srv_timer,
	.gone = srv_gone,
};

/* ---- the run ---- */

static void
on_over(void *ctx)
{
	struct rig_load *rig = ctx;

	rig->over = true;
}

void
rig_init(struct rig_load *rig)
{
	*rig = (struct rig_load){
		.now = PW_NS_PER_S, .host = RIG_SERVER, .answer = rig_say, .text = RIG_OK};
	pw_rand_init(&rig->rand, RIG_SEED);
	CU_ASSERT_PTR_NULL_FATAL(pw_urls_add(&rig->urls, RIG_URL, 1));
	rig->cfg = (struct pw_load_cfg){
		.mem = &pw_mem_heap,
		.urls = &rig->urls,
		.n_sources = 1,
		.n_conns = 4,
		.pipeline = 1,
		.duration_ns = PW_NS_PER_S,
		.timeout_ns = PW_NS_PER_S,
		.verify = true,
		.over = on_over,
		.ctx = rig,
	};
	pw_addr_parse(RIG_CLIENT, &rig->cfg.source);
}

void
rig_use_ip6(struct rig_load *rig)
{
	rig->host = RIG_SERVER6;
	pw_urls_fini(&rig->urls);
	CU_ASSERT_PTR_NULL_FATAL(pw_urls_add(&rig->urls, "http://" RIG_SERVER6 "/x", 1));
	pw_addr_parse(RIG_CLIENT6, &rig->cfg.source);
}

static struct pw_tcp *
make_tcp(struct rig_load *rig, const struct pw_tcp_env *env, uint32_t app_bytes)
{
	struct pw_tcp_cfg cfg = {
		.mem = &pw_mem_heap,
		.env = env,
		.env_ctx = rig,
		.max_conns = RIG_CONNS,
		.max_half_open = RIG_CONNS,
		.app_bytes = app_bytes,
	};
	struct pw_tcp *t = pw_tcp_create(&cfg, rig->now);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t;
}

static void
make(struct rig_load *rig)
{
	static const struct pw_tcp_env client_env = {.send = client_send};
	static const struct pw_tcp_env server_env = {.send = server_send};

	rig->load = pw_load_create(&rig->cfg);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig->load);
	rig->service = pw_load_service(rig->load);
	rig->client = make_tcp(rig, &client_env, rig->service.app_bytes);
	rig->server = make_tcp(rig, &server_env, sizeof(struct rig_srv *));
	if (!rig->shut)
		pw_tcp_listen(rig->server, HTTP_PORT, &srv_app, rig);
	pw_load_start(rig->load, rig->client);
}

/* Answers that were held back go now. */
static void
end_stall(struct rig_load *rig)
{
	struct rig_srv *s;

	for (s = rig->conns; s != NULL; s = s->next)
		pw_tcp_resume(s->tc);
	rig->stall_from = PW_NEVER;
}

static void
turn(struct rig_load *rig)
{
	bool received = deliver(rig);

	if (rig->stall_from != 0 && rig->stall_from != PW_NEVER && rig->now >= rig->stall_to)
		end_stall(rig);
	if (received || rig->now >= rig->run_at)
		rig->run_at = rig->service.run(rig->service.ctx, rig->now);
	if (rig->over && !rig->drained) {
		pw_tcp_drain(rig->client);
		rig->service.drain(rig->service.ctx, rig->now);
		rig->drained = true;
	}
	pw_tcp_run(rig->client, rig->now);
	pw_tcp_run(rig->server, rig->now);
}

static pw_ns
next_event(const struct rig_load *rig)
{
	pw_ns at = pw_min(pw_tcp_next(rig->client), pw_tcp_next(rig->server));

	at = pw_min(at, rig->run_at);
	if (rig->head != NULL)
		at = pw_min(at, rig->head->at);
	if (rig->stall_from != PW_NEVER && rig->stall_to > rig->now)
		at = pw_min(at, rig->stall_to);
	return pw_max(at, rig->now + 1);
}

static uint32_t
conns_of(const struct pw_tcp *t)
{
	struct pw_tcp_usage usage;

	pw_tcp_get_usage(t, &usage);
	return usage.conns;
}

const struct pw_load_stats *
rig_run(struct rig_load *rig)
{
	static struct pw_load_stats stats;
	pw_ns end = PW_NEVER;
	uint32_t turns;

	make(rig);
	for (turns = 0; turns < TURNS_MAX; turns++) {
		turn(rig);
		if (rig->drained && end == PW_NEVER)
			end = rig->now + DRAIN_NS;
		if (rig->drained && (conns_of(rig->client) == 0 || rig->now >= end))
			break;
		rig->now = next_event(rig);
	}
	CU_ASSERT_TRUE_FATAL(turns < TURNS_MAX);
	pw_tcp_abort_all(rig->client, rig->now);
	pw_load_get(rig->load, &stats);
	CU_ASSERT_EQUAL(stats.phase, PW_LOAD_OVER);
	return &stats;
}

void
rig_fini(struct rig_load *rig)
{
	if (rig->load == NULL)
		return;
	CU_ASSERT_EQUAL(conns_of(rig->client), 0);
	pw_tcp_destroy(rig->client);
	pw_tcp_destroy(rig->server);
	pw_load_destroy(rig->load);
	while (rig->head != NULL) {
		struct rig_packet *p = rig->head;

		rig->head = p->next;
		free(p);
	}
	pw_urls_fini(&rig->urls);
}
