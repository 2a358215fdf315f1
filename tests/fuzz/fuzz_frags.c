/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * lib/ip/frags.c against a model that is slow and knows each byte. The input is a list of
 * steps: a piece of one of a few packets, or time. Every piece lies at the end of its memory.
 */
#include "fuzz.h"
#include "pw_frags.h"
#include "pw_wire_ip4.h"

#define STEPS_MAX 400
#define BYTES_MAX 65535
#define HOUR	  (3600 * PW_NS_PER_S)
#define CE	  3

/** What names a packet (RFC 791; of IPv6 the protocol does not belong to it). */
struct key {
	uint8_t sender;
	uint8_t id;
	uint8_t proto;
	bool ip6;
	bool other_link;
};

/** One that is under way, in the model. */
struct model {
	struct key key;
	bool used;
	bool condemned;
	bool marked;
	bool ends; /**< its end is known: */
	uint32_t total;
	uint32_t furthest;
	uint32_t n_parts;
	uint8_t first_proto;
	uint8_t first_tos;
	pw_ns until;
	uint8_t is_there[BYTES_MAX + 1]; /**< by byte: which part it came with, from 1 on */
	uint8_t bytes[BYTES_MAX + 1];
};

static struct model models[PW_FRAGS_PACKETS];
static struct pw_frags *frags;
static pw_ns now;

/* ---- the model ---- */

static bool
same_key(const struct key *a, const struct key *b)
{
	return a->sender == b->sender && a->id == b->id && a->ip6 == b->ip6 &&
	       a->other_link == b->other_link && (a->ip6 || a->proto == b->proto);
}

/* The packet of a piece; a new one within the bounds, or NULL. */
static struct model *
model_of(const struct key *key)
{
	struct model *free = NULL;
	uint32_t of_sender = 0;
	uint32_t i;

	for (i = 0; i < PW_FRAGS_PACKETS; i++) {
		struct model *m = &models[i];

		if (m->used && same_key(&m->key, key))
			return m;
		if (!m->used)
			free = m;
		else
			of_sender += m->key.sender == key->sender && m->key.ip6 == key->ip6;
	}
	if (free == NULL || of_sender >= PW_FRAGS_OF_SENDER)
		return NULL;
	memset(free, 0, sizeof(*free));
	free->key = *key;
	free->used = true;
	free->until = now + PW_FRAGS_NS;
	return free;
}

/* Is the piece just one that has come already? */
static bool
came_before(const struct model *m, const struct pw_frag *f)
{
	uint32_t end = f->off + f->len, i;
	uint8_t part = m->is_there[f->off];

	if (part == 0 || (f->off > 0 && m->is_there[f->off - 1] == part) ||
		m->is_there[end] == part)
		return false;
	for (i = 0; i < f->len; i++)
		if (m->is_there[f->off + i] != part || m->bytes[f->off + i] != f->p[i])
			return false;
	return true;
}

static bool
contradicts(const struct model *m, const struct pw_frag *f)
{
	uint32_t end = f->off + f->len, i;

	for (i = f->off; i < end; i++)
		if (m->is_there[i] != 0)
			return true;
	if (m->ends && (end > m->total || f->more == (end == m->total)))
		return true;
	return !f->more && end < m->furthest;
}

static void
model_keep(struct model *m, const struct pw_frag *f, uint8_t tos)
{
	uint32_t end = f->off + f->len;

	m->n_parts++;
	memset(m->is_there + f->off, (int)m->n_parts, f->len);
	memcpy(m->bytes + f->off, f->p, f->len);
	m->furthest = RTE_MAX(m->furthest, end);
	m->marked |= (tos & 3) == CE;
	if (!f->more) {
		m->ends = true;
		m->total = end;
	}
	if (f->off == 0) {
		m->first_proto = f->proto;
		m->first_tos = tos;
	}
}

static bool
is_complete(const struct model *m)
{
	return m->ends && memchr(m->is_there, 0, m->total) == NULL;
}

/* What is to be said to a piece. @p whole is set when it is the last of @p of. */
static enum pw_drop
model_take(const struct key *key, const struct pw_frag *f, uint8_t tos, struct model **of)
{
	struct model *m;

	*of = NULL;
	if (f->len == 0 || (f->more && f->len % 8 != 0))
		return PW_DROP_FRAG_BAD;
	if (f->off + f->len > BYTES_MAX)
		return PW_DROP_FRAG_SIZE;
	m = model_of(key);
	if (m == NULL)
		return PW_DROP_FRAG_FULL;
	if (m->condemned)
		return PW_DROP_FRAG_OVERLAP;
	if (came_before(m, f))
		return PW_OK;
	if (contradicts(m, f)) {
		m->condemned = true;
		return PW_DROP_FRAG_OVERLAP;
	}
	if (f->off + f->len > PW_FRAGS_BYTES || m->n_parts == PW_FRAGS_PARTS) {
		m->condemned = true;
		return PW_DROP_FRAG_SIZE;
	}
	model_keep(m, f, tos);
	if (is_complete(m))
		*of = m;
	return PW_OK;
}

static uint32_t
model_run(void)
{
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < PW_FRAGS_PACKETS; i++) {
		if (!models[i].used || models[i].until > now)
			continue;
		n += !models[i].condemned;
		models[i].used = false;
	}
	return n;
}

/* ---- what is compared ---- */

static void
check_whole4(const struct model *m, const struct pw_frags_whole *w, const struct pw_frag *f)
{
	struct pw_ip4_hdr h;
	enum pw_drop why;

	FUZZ_ASSERT(w->len == PW_IP4_HLEN + m->total);
	FUZZ_ASSERT(pw_ip4_check(w->p, w->len, false, &why) == PW_IP4_HLEN);
	pw_ip4_parse(w->p, &h);
	FUZZ_ASSERT(h.total_len == w->len && !pw_ip4_is_fragment(&h) && h.proto == m->key.proto);
	FUZZ_ASSERT(pw_addr_eq(&h.src, &f->src) && pw_addr_eq(&h.dst, &f->dst));
	FUZZ_ASSERT(h.tos == (m->marked ? m->first_tos | CE : m->first_tos));
	FUZZ_ASSERT(memcmp(w->p + PW_IP4_HLEN, m->bytes, m->total) == 0);
}

static void
check_whole6(const struct model *m, const struct pw_frags_whole *w, const struct pw_frag *f)
{
	struct pw_ip6_hdr h;
	enum pw_drop why;

	FUZZ_ASSERT(w->len == PW_IP6_HLEN + m->total);
	FUZZ_ASSERT(pw_ip6_check(w->p, w->len, &why));
	pw_ip6_parse(w->p, &h);
	FUZZ_ASSERT(h.payload_len == m->total && h.next == m->first_proto);
	FUZZ_ASSERT(pw_addr_eq(&h.src, &f->src) && pw_addr_eq(&h.dst, &f->dst));
	FUZZ_ASSERT(h.tclass == (m->marked ? m->first_tos | CE : m->first_tos));
	FUZZ_ASSERT(memcmp(w->p + PW_IP6_HLEN, m->bytes, m->total) == 0);
}

static void
check_bounds(void)
{
	pw_ns next = PW_NEVER;
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < PW_FRAGS_PACKETS; i++) {
		n += models[i].used;
		if (models[i].used)
			next = pw_min(next, models[i].until);
	}
	FUZZ_ASSERT(pw_frags_used(frags) == n);
	FUZZ_ASSERT(pw_frags_next(frags) <= next);
}

/* ---- the steps ---- */

static const uint8_t *
write_header(const struct key *key, struct pw_frag *f, uint8_t tos)
{
	static uint8_t hdr[PW_IP6_HLEN];
	struct pw_ip4_hdr h4 = {.total_len = 99, .ttl = 64, .mf = true, .tos = tos};
	struct pw_ip6_hdr h6 = {.payload_len = 99, .next = PW_IP6_FRAGMENT, .tclass = tos};

	if (key->ip6) {
		f->src = (struct pw_addr){.b = {0xfd, [15] = key->sender}};
		f->dst = (struct pw_addr){.b = {0xfd, [14] = 1}};
	} else {
		f->src = pw_addr_v4(rte_cpu_to_be_32(0x0a000100u | key->sender));
		f->dst = pw_addr_v4(RTE_BE32(0x0a000001));
	}
	h4.src = h6.src = f->src;
	h4.dst = h6.dst = f->dst;
	h4.proto = f->proto;
	if (key->ip6)
		pw_ip6_emit(hdr, &h6);
	else
		pw_ip4_emit(hdr, &h4);
	return hdr;
}

/* The bytes of a packet are known by their place; @p lie makes others. */
static uint8_t *
make_bytes(uint32_t off, uint32_t len, bool lie)
{
	uint8_t *p = malloc(len + !len);

	if (len != 0)
		memcpy(p, fuzz_stream(off + (lie ? 7 : 0)), len);
	return p;
}

enum how {
	HOW_LIE = 0x01,	   /**< other bytes than usual */
	HOW_MARKED = 0x02, /**< by a router */
	HOW_PROTO = 0x04,  /**< another protocol */
	HOW_LINK = 0x08,   /**< came by another interface */
	HOW_ODD = 0x10,	   /**< its length and place are no multiples of 8 */
	HOW_LAST = 0x20,
	HOW_LONG = 0x40,
};

static void
take(struct fuzz_in *in, uint8_t who)
{
	uint8_t how = fuzz_u8(in);
	uint32_t off = fuzz_u8(in) * (how & HOW_LONG ? 256u : 8u);
	uint32_t len = fuzz_u8(in) * (how & HOW_LONG ? 256u : 8u) + (how & HOW_ODD ? 3 : 0);
	struct key key = {
		.sender = who & 3,
		.id = who >> 3 & 15,
		.ip6 = who & 4,
		.proto = how & HOW_PROTO ? 17 : 6,
		.other_link = how & HOW_LINK,
	};
	uint8_t tos = how & HOW_MARKED ? CE : 2;
	uint8_t *p = make_bytes(off, len, how & HOW_LIE);
	struct pw_frag f = {
		.where = how & HOW_LINK ? models : NULL,
		.p = p,
		.len = len,
		.off = off,
		.id = key.id,
		.more = !(how & HOW_LAST),
		.ip6 = key.ip6,
		.proto = key.proto,
	};
	struct pw_frags_whole whole;
	struct model *of;
	enum pw_drop want;

	f.hdr = write_header(&key, &f, tos);
	want = model_take(&key, &f, tos, &of);
	FUZZ_ASSERT(pw_frags_take(frags, &f, now, &whole) == want);
	FUZZ_ASSERT((whole.p != NULL) == (of != NULL));
	if (of != NULL) {
		(key.ip6 ? check_whole6 : check_whole4)(of, &whole, &f);
		of->used = false;
	}
	free(p);
}

static void
wait(pw_ns ns)
{
	uint32_t want;

	now += ns;
	want = model_run();
	FUZZ_ASSERT(pw_frags_run(frags, now) == want);
	FUZZ_ASSERT(pw_frags_next(frags) > now);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

/* A step: bit 7 of its first byte says that it is time; else who sends, and a piece. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, size};
	uint32_t i;

	now = HOUR;
	for (i = 0; i < PW_FRAGS_PACKETS; i++)
		models[i].used = false;
	frags = pw_frags_create(&pw_mem_heap);
	FUZZ_ASSERT(frags != NULL);
	for (i = 0; in.len > 0 && i < STEPS_MAX; i++) {
		uint8_t b = fuzz_u8(&in);

		if (b & 0x80)
			wait(fuzz_ns(fuzz_u8(&in) % 240));
		else
			take(&in, b);
		check_bounds();
	}
	wait(PW_FRAGS_NS);
	FUZZ_ASSERT(pw_frags_used(frags) == 0 && pw_frags_next(frags) == PW_NEVER);
	pw_frags_destroy(frags);
	return 0;
}
