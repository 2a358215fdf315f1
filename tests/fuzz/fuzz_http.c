/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Bytes of a client into the HTTP service, with the network and TCP taken away.
 * They are fed in one piece, twice, and again in small ones: what comes back must
 * be well-formed responses, and the same. See docs/fuzzing.md for the oracle.
 */
#include "fuzz.h"
#include "../unit/http/fake_tcp.h"
#include "pw_rand.h"
#include "serve_priv.h"
#include "site.h"

#define OUT_MAX	 (3 * 1024 * 1024) /* bytes of answers that are looked at */
#define PULL_MAX 65536

static struct fuzz_site site;
static struct pw_http *http;
static pw_ns now = PW_NS_PER_S;

/** A connection from its opening to its end, and all that was sent on it. */
struct talk {
	struct pw_tcp_conn *c;
	struct pw_rand rand;
	bool pieces;	 /**< request and answers go in small ones, with losses */
	pw_ns wait;	 /**< between two pieces */
	bool cut_short;	 /**< more came than OUT_MAX */
	bool aborted;	 /**< we have reset it */
	uint64_t n_resp; /**< begun, by the counters of the service */
	size_t last;	 /**< where the last answer begins */
	int last_status;
	size_t len;
	uint8_t out[OUT_MAX + PULL_MAX];
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct pw_http_cfg cfg = {
		.refs = &site.refs,
		.mem = &pw_mem_heap,
		.max_head_bytes = 1024,
		.max_fields = 20,
		.max_heads = 2,
		.max_responses = 16,
		.max_pipeline = 8,
		.max_range_sets = 2,
		.max_ranges = 4,
		.max_drain_bytes = 2048,
	};

	fuzz_site_make(&site);
	cfg.site = site.site;
	http = pw_http_create(&cfg);
	FUZZ_ASSERT(
		http != NULL && pw_http_room_bytes() <= sizeof(((struct pw_tcp_conn *)0)->room));
	pw_http_tick(http, now, 1795399800);
	return 0;
}

/* ---- one connection ---- */

/* Nothing is lent but pages of the store, and text that the service keeps. */
static void
check_spans(void)
{
	uint32_t i;

	for (i = 0; i < fake_n_spans; i++) {
		const struct pw_span *s = &fake_spans[i];
		const uint8_t *from = (const uint8_t *)http, *end = from + sizeof(*http);

		if (s->page != PW_PAGE_NONE) {
			FUZZ_ASSERT(s->page < pw_store_n_pages(site.store));
			from = pw_store_page(site.store, s->page)->addr;
			end = from + PW_PAGE_BYTES;
		}
		FUZZ_ASSERT(s->addr >= from && s->addr < end && s->len <= (size_t)(end - s->addr));
	}
}

static uint32_t
some(struct talk *t, uint32_t max)
{
	return t->pieces ? 1 + (uint32_t)pw_rand_below(&t->rand, max) : max;
}

/* Take all there is to send, some of it twice. */
static void
read_all(struct talk *t)
{
	struct pw_tcp_conn *c = t->c;

	while (!c->gone && c->una < c->end && t->len < OUT_MAX) {
		uint8_t *to = t->out + t->len;
		uint32_t n = fake_pull(c, c->una, some(t, PULL_MAX), to);

		FUZZ_ASSERT(n > 0);
		check_spans();
		if (t->pieces && pw_rand_below(&t->rand, 8) == 0) {
			uint8_t again[100];
			uint32_t m = fake_pull(c, c->una, sizeof(again), again);

			FUZZ_ASSERT(m > 0 && memcmp(again, to, pw_min(m, n)) == 0);
		}
		t->len += n;
		fake_ack(c, c->una + n, now);
		fake_run(c, now);
	}
	t->cut_short |= t->len >= OUT_MAX;
}

static uint64_t
responses(void)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < RTE_DIM(http->stats.status); i++)
		n += http->stats.status[i];
	return n;
}

static void
check_usage(void)
{
	struct pw_http_usage use;

	pw_http_get_usage(http, &use);
	FUZZ_ASSERT(use.conns + use.heads + use.responses + use.range_sets == 0);
	FUZZ_ASSERT(site.refs.n_holds == 0);
}

static void
talk(struct talk *t, const uint8_t *bytes, size_t len)
{
	size_t fed = 0, n;

	t->len = t->last = 0;
	t->last_status = 0;
	t->cut_short = false;
	t->n_resp = responses();
	t->c = fake_open(&pw_http_app, http, now);
	FUZZ_ASSERT(t->c != NULL);
	for (; fed < len && !t->c->gone && !t->cut_short; fed += n) {
		n = pw_min(len - fed, some(t, t->pieces ? 80 : UINT32_MAX));
		now += t->wait;
		fake_run(t->c, now);
		fake_feed(t->c, bytes + fed, n, now);
		if (t->pieces || fed + n == len)
			read_all(t);
	}
	if (!t->c->gone && t->c->input.len == 0) {
		fake_eof(t->c, now);
		read_all(t);
		FUZZ_ASSERT(t->c->gone || t->c->shut);
	}
	t->aborted = t->c->aborted;
	fake_free(t->c, now);
	t->n_resp = responses() - t->n_resp;
	check_usage();
}

/* ---- what was sent ---- */

struct head {
	int status;
	bool has_len;
	uint64_t len;
	bool has_range;
	uint64_t first, last, size;
	bool allow, date;
};

static bool
read_field(struct head *h, const char *line)
{
	unsigned long long a, b, size;

	h->allow |= strncmp(line, "Allow: ", 7) == 0;
	h->date |= strncmp(line, "Date: ", 6) == 0;
	if (sscanf(line, "Content-Length: %llu", &a) == 1) {
		FUZZ_ASSERT(!h->has_len);
		h->has_len = true;
		h->len = a;
	}
	if (sscanf(line, "Content-Range: bytes %llu-%llu/%llu", &a, &b, &size) == 3) {
		FUZZ_ASSERT(!h->has_range && a <= b && b < size);
		h->has_range = true;
		h->first = a;
		h->last = b;
		h->size = size;
	}
	return strstr(line, ": ") != NULL && line[0] > ' ';
}

/* A status line and fields, each line of text alone and ended by CR LF.
 * @return where the body begins, or NULL: it is cut off */
static const uint8_t *
read_head(struct head *h, const uint8_t *p, const uint8_t *end)
{
	char line[1200];
	size_t n = 0, n_lines = 0;

	memset(h, 0, sizeof(*h));
	for (; p < end; p++) {
		if (*p != '\n') {
			FUZZ_ASSERT(n < sizeof(line) - 1 && (*p >= ' ' || *p == '\r'));
			line[n++] = (char)*p;
			continue;
		}
		FUZZ_ASSERT(n > 0 && line[n - 1] == '\r' && memchr(line, '\r', n - 1) == NULL);
		line[n - 1] = '\0';
		if (n == 1)
			return p + 1;
		if (n_lines++ == 0)
			FUZZ_ASSERT(sscanf(line, "HTTP/1.1 %3d ", &h->status) == 1);
		else
			FUZZ_ASSERT(read_field(h, line));
		n = 0;
	}
	return NULL;
}

static void
check_head(const struct head *h)
{
	FUZZ_ASSERT(h->status >= 200 && h->status < 600 && h->date);
	FUZZ_ASSERT(h->has_len || h->status == 304);
	FUZZ_ASSERT(h->status != 405 || h->allow);
	FUZZ_ASSERT(!h->has_range || h->last - h->first + 1 == h->len);
}

static bool
starts(const uint8_t *p, const uint8_t *end)
{
	return p == end || (end - p >= 9 && memcmp(p, "HTTP/1.1 ", 9) == 0);
}

static void
check_body(const struct head *h, const uint8_t *p)
{
	if (h->status == 200 && h->len == SITE_BIG_BYTES)
		FUZZ_ASSERT(fuzz_site_is_big(p, 0, h->len));
	if (h->status == 206 && h->has_range && h->size == SITE_BIG_BYTES)
		FUZZ_ASSERT(fuzz_site_is_big(p, h->first, h->len));
}

/* The requests that were HEAD are known to the service only; here a body that is
 * not there shows by the next response, or by the end. */
static void
check_out(struct talk *t)
{
	const uint8_t *p = t->out, *end = p + t->len;
	bool whole = !t->cut_short && !t->aborted;
	uint64_t n = 0;

	while (p < end) {
		struct head h;

		t->last = (size_t)(p - t->out);
		p = read_head(&h, p, end);
		FUZZ_ASSERT(p != NULL || !whole);
		if (p == NULL)
			return;
		check_head(&h);
		t->last_status = h.status;
		n++;
		if (h.status == 304)
			h.len = 0;
		if (h.len <= (uint64_t)(end - p) && starts(p + h.len, end)) {
			check_body(&h, p);
			p += h.len;
		} else if (!starts(p, end)) {
			FUZZ_ASSERT(!whole);
			return;
		}
	}
	FUZZ_ASSERT(!whole || n == t->n_resp);
}

/* However the requests were cut, the answers are the same. Of several faults in one head
 * another one may be seen first: what is refused is refused, by this name or that. */
static void
compare(const struct talk *a, const struct talk *b)
{
	FUZZ_ASSERT(a->aborted == b->aborted && a->last == b->last);
	FUZZ_ASSERT(memcmp(a->out, b->out, a->last) == 0);
	if (a->last_status >= 400 && b->last_status >= 400)
		return;
	FUZZ_ASSERT(a->len == b->len && memcmp(a->out, b->out, a->len) == 0);
}

/* The first byte: bit 0, time passes between pieces; the others, where they are cut. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct talk whole, pieces;
	struct fuzz_in in = {data, size};
	uint8_t how = fuzz_u8(&in);

	whole.pieces = false;
	talk(&whole, in.p, in.len);
	check_out(&whole);
	pieces.pieces = false; /* the same again: its heads are known now */
	talk(&pieces, in.p, in.len);
	check_out(&pieces);
	if (!whole.cut_short && !pieces.cut_short)
		compare(&whole, &pieces);
	pieces.pieces = true;
	pieces.wait = how & 1 ? 3 * PW_NS_PER_S : 0;
	pw_rand_init(&pieces.rand, how);
	talk(&pieces, in.p, in.len);
	check_out(&pieces);
	if (pieces.wait == 0 && !whole.cut_short && !pieces.cut_short)
		compare(&whole, &pieces);
	return 0;
}
