/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "serve_priv.h"

static const struct pw_http_cfg defaults = {
	.max_head_bytes = 8192,
	.max_fields = 100,
	.max_heads = 1024,
	.max_responses = 131072, /* a hundred thousand downloads at once */
	.max_pipeline = 32,
	.max_range_sets = 256,
	.max_ranges = 16,
	.max_drain_bytes = 65536,
	.stall_bytes = 1024,
	.idle_ns = 60 * PW_NS_PER_S,
	.head_ns = 10 * PW_NS_PER_S,
	.body_ns = 30 * PW_NS_PER_S,
	.stall_ns = 60 * PW_NS_PER_S,
	.linger_ns = 2 * PW_NS_PER_S,
};

static void
fill_defaults(struct pw_http_cfg *cfg)
{
#define FILL(field) cfg->field = cfg->field != 0 ? cfg->field : defaults.field
	FILL(max_head_bytes);
	FILL(max_fields);
	FILL(max_heads);
	FILL(max_responses);
	FILL(max_pipeline);
	FILL(max_range_sets);
	FILL(max_ranges);
	FILL(max_drain_bytes);
	FILL(stall_bytes);
	FILL(idle_ns);
	FILL(head_ns);
	FILL(body_ns);
	FILL(stall_ns);
	FILL(linger_ns);
#undef FILL
}

static bool
within_limits(const struct pw_http_cfg *cfg)
{
	return cfg->max_head_bytes <= PW_REQ_HEAD_MAX && cfg->max_fields <= PW_REQ_FIELDS_MAX &&
	       cfg->max_pipeline <= UINT8_MAX && cfg->max_ranges <= PW_HTTP_RANGES_MAX &&
	       cfg->max_responses < HTTP_NONE && cfg->max_range_sets < HTTP_NONE;
}

static bool
take_memory(struct pw_http *h)
{
	const struct pw_http_cfg *cfg = &h->cfg;
	const struct pw_mem *m = cfg->mem;

	h->head_bytes = RTE_ALIGN_CEIL(sizeof(struct http_head) + cfg->max_head_bytes, 64);
	h->resps = m->alloc(m->ctx, cfg->max_responses * sizeof(*h->resps), "http responses");
	h->sets = m->alloc(m->ctx, cfg->max_range_sets * sizeof(*h->sets), "http range sets");
	h->heads = m->alloc(m->ctx, cfg->max_heads * h->head_bytes, "http heads");
	h->known = m->alloc(m->ctx, HTTP_KNOWN_HEADS * sizeof(*h->known), "http known heads");
	h->path = m->alloc(m->ctx, cfg->max_head_bytes, "http path");
	return h->resps != NULL && h->sets != NULL && h->heads != NULL && h->known != NULL &&
	       h->path != NULL;
}

static void
chain_free(struct pw_http *h)
{
	uint32_t i;

	h->free_resp = HTTP_NONE;
	for (i = h->cfg.max_responses; i-- > 0; h->free_resp = i)
		h->resps[i].next = h->free_resp;
	h->free_set = HTTP_NONE;
	for (i = h->cfg.max_range_sets; i-- > 0; h->free_set = i)
		h->sets[i].next_free = h->free_set;
	TAILQ_INIT(&h->busy_heads);
	TAILQ_INIT(&h->free_heads);
	for (i = 0; i < h->cfg.max_heads; i++) {
		struct http_head *head = (void *)(h->heads + i * h->head_bytes);

		TAILQ_INSERT_TAIL(&h->free_heads, head, order);
	}
}

static void
give_memory(struct pw_http *h)
{
	const struct pw_mem *m = h->cfg.mem;

	m->free(m->ctx, h->resps);
	m->free(m->ctx, h->sets);
	m->free(m->ctx, h->heads);
	m->free(m->ctx, h->known);
	m->free(m->ctx, h->path);
	m->free(m->ctx, h);
}

struct pw_http *
pw_http_create(const struct pw_http_cfg *cfg)
{
	struct pw_http *h = cfg->mem->alloc(cfg->mem->ctx, sizeof(*h), "http");
	int err = ENOMEM;

	if (h == NULL) {
		errno = err;
		return NULL;
	}
	h->cfg = *cfg;
	fill_defaults(&h->cfg);
	if (!within_limits(&h->cfg))
		err = EINVAL;
	if (err == EINVAL || !take_memory(h)) {
		give_memory(h);
		errno = err;
		return NULL;
	}
	h->site = cfg->site;
	h->store = cfg->refs->store;
	h->refs = cfg->refs;
	h->limits.head_bytes = h->cfg.max_head_bytes;
	h->limits.fields = h->cfg.max_fields;
	h->limits.body_bytes = h->cfg.max_drain_bytes;
	chain_free(h);
	LIST_INIT(&h->rooms);
	pw_http_tick(h, 0, 0);
	return h;
}

void
pw_http_destroy(struct pw_http *h)
{
	if (h == NULL)
		return;
	PW_ASSERT(h->usage.conns == 0);
	give_memory(h);
}

/* Date is never before what a Last-Modified can say (RFC 9110 8.8.2.1). */
void
pw_http_tick(struct pw_http *h, pw_ns now, int64_t unix_s)
{
	h->now_s = unix_s > h->site->now_s ? unix_s : h->site->now_s;
	pw_http_date_format(h->now_s, h->date);
	h->first = (struct pw_text){h->first_bytes, 0, sizeof(h->first_bytes)};
	pw_head_first(&h->first, PW_HTTP_200, h->date, PW_HEAD_CONN_NONE);
	PW_ASSERT(h->first.len <= sizeof(h->first_bytes));
}

void
pw_http_set_timeout(struct pw_http *h, enum pw_http_timeout what, pw_ns ns)
{
	pw_ns *const at[] = {
		[PW_HTTP_TIMEOUT_IDLE] = &h->cfg.idle_ns,
		[PW_HTTP_TIMEOUT_HEAD] = &h->cfg.head_ns,
		[PW_HTTP_TIMEOUT_BODY] = &h->cfg.body_ns,
		[PW_HTTP_TIMEOUT_SEND] = &h->cfg.stall_ns,
	};

	*at[what] = ns;
}

const struct pw_http_stats *
pw_http_stats(const struct pw_http *h)
{
	return &h->stats;
}

void
pw_http_get_usage(const struct pw_http *h, struct pw_http_usage *out)
{
	*out = h->usage;
}

struct http_resp *
http_resp_get(struct pw_http *h)
{
	struct http_resp *r;

	if (h->free_resp == HTTP_NONE)
		return NULL;
	r = &h->resps[h->free_resp];
	h->free_resp = r->next;
	h->usage.responses++;
	return r;
}

void
http_resp_put(struct pw_http *h, struct http_resp *r)
{
	r->next = h->free_resp;
	h->free_resp = http_resp_index(h, r);
	h->usage.responses--;
}

struct http_set *
http_set_get(struct pw_http *h)
{
	struct http_set *set;

	if (h->free_set == HTTP_NONE)
		return NULL;
	set = &h->sets[h->free_set];
	h->free_set = set->next_free;
	h->usage.range_sets++;
	return set;
}

void
http_set_put(struct pw_http *h, struct http_set *set)
{
	set->next_free = h->free_set;
	h->free_set = (uint32_t)(set - h->sets);
	h->usage.range_sets--;
}

struct http_head *
http_head_get(struct pw_http *h)
{
	struct http_head *head = TAILQ_FIRST(&h->free_heads);

	if (head == NULL)
		return NULL;
	TAILQ_REMOVE(&h->free_heads, head, order);
	TAILQ_INSERT_TAIL(&h->busy_heads, head, order);
	h->usage.heads++;
	return head;
}

void
http_head_put(struct pw_http *h, struct http_head *head)
{
	TAILQ_REMOVE(&h->busy_heads, head, order);
	TAILQ_INSERT_HEAD(&h->free_heads, head, order);
	h->usage.heads--;
}
