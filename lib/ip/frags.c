/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Not rte_ip_frag: that keeps the device's buffers, takes 8 pieces of a packet at most,
 * begins a new packet with what comes behind an overlap, and wants the fragment header of
 * IPv6 to stand alone. TCP needs the bytes in one piece anyhow.
 */
#include "pw_frags.h"
#include "pw_wire_ip4.h"

#define IP_BYTES_MAX 65535

enum {
	FREE,
	OPEN,
	CONDEMNED
};

struct part {
	uint16_t from;
	uint16_t to;
};

struct gather {
	struct pw_addr src;
	struct pw_addr dst;
	const void *where;
	uint32_t id;
	bool ip6;
	uint8_t proto; /* of IPv4 part of what names a packet; of IPv6 the first piece's */
	uint8_t state;
	bool marked;	/* a router marked a piece (RFC 3168 section 5.3) */
	uint32_t total; /* 0: the last piece has not come */
	uint32_t have;
	uint32_t n_parts;
	pw_ns until;
	struct part parts[PW_FRAGS_PARTS];	   /* by place */
	uint8_t buf[PW_IP6_HLEN + PW_FRAGS_BYTES]; /* the header is written in front at the end */
};

struct pw_frags {
	const struct pw_mem *mem;
	pw_ns next_at;
	uint32_t used;
	struct gather table[PW_FRAGS_PACKETS];
};

struct pw_frags *
pw_frags_create(const struct pw_mem *mem)
{
	struct pw_frags *f = mem->alloc(mem->ctx, sizeof(*f), "fragments");

	if (f == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	f->mem = mem;
	f->next_at = PW_NEVER;
	return f;
}

void
pw_frags_destroy(struct pw_frags *f)
{
	if (f != NULL)
		f->mem->free(f->mem->ctx, f);
}

static void
set_state(struct pw_frags *f, struct gather *g, uint8_t state)
{
	f->used += (state != FREE) - (g->state != FREE);
	g->state = state;
}

static bool
is_of(const struct gather *g, const struct pw_frag *frag)
{
	return g->state != FREE && g->id == frag->id && g->ip6 == frag->ip6 &&
	       (g->ip6 || g->proto == frag->proto) && g->where == frag->where &&
	       pw_addr_eq(&g->src, &frag->src) && pw_addr_eq(&g->dst, &frag->dst);
}

/* A place for a new packet, or NULL. */
static struct gather *
add(struct pw_frags *f, const struct pw_frag *frag, pw_ns now)
{
	struct gather *g = NULL;
	uint32_t of_sender = 0;
	uint32_t i;

	for (i = 0; i < PW_FRAGS_PACKETS; i++) {
		if (f->table[i].state == FREE)
			g = &f->table[i];
		else
			of_sender += pw_addr_eq(&f->table[i].src, &frag->src);
	}
	if (g == NULL || of_sender >= PW_FRAGS_OF_SENDER)
		return NULL;
	set_state(f, g, OPEN);
	g->src = frag->src;
	g->dst = frag->dst;
	g->where = frag->where;
	g->id = frag->id;
	g->ip6 = frag->ip6;
	g->proto = frag->proto;
	g->marked = false;
	g->total = g->have = g->n_parts = 0;
	g->until = now + PW_FRAGS_NS;
	f->next_at = pw_min(f->next_at, g->until);
	return g;
}

static struct gather *
find(struct pw_frags *f, const struct pw_frag *frag, pw_ns now)
{
	uint32_t i;

	for (i = 0; i < PW_FRAGS_PACKETS; i++)
		if (is_of(&f->table[i], frag))
			return &f->table[i];
	return add(f, frag, now);
}

/* The end of the packet is where its last piece ends, once and for all. */
static bool
agrees_on_end(const struct gather *g, uint32_t end, bool more)
{
	uint32_t seen = g->n_parts != 0 ? g->parts[g->n_parts - 1].to : 0;

	if (g->total != 0)
		return more ? end < g->total : end == g->total;
	return more || end >= seen;
}

/* Where a piece from @p from to @p to belongs among the parts. */
static uint32_t
place_of(const struct gather *g, uint32_t from)
{
	uint32_t i = 0;

	while (i < g->n_parts && g->parts[i].from < from)
		i++;
	return i;
}

static bool
overlaps(const struct gather *g, uint32_t at, uint32_t from, uint32_t to)
{
	return (at > 0 && g->parts[at - 1].to > from) ||
	       (at < g->n_parts && g->parts[at].from < to);
}

static bool
is_repeated(const struct gather *g, uint32_t at, const struct pw_frag *frag)
{
	return at < g->n_parts && g->parts[at].from == frag->off &&
	       g->parts[at].to == frag->off + frag->len &&
	       memcmp(g->buf + PW_IP6_HLEN + frag->off, frag->p, frag->len) == 0;
}

static void
keep(struct gather *g, uint32_t at, const struct pw_frag *frag)
{
	memmove(&g->parts[at + 1], &g->parts[at], (g->n_parts - at) * sizeof(g->parts[0]));
	g->parts[at] = (struct part){(uint16_t)frag->off, (uint16_t)(frag->off + frag->len)};
	g->n_parts++;
	g->have += frag->len;
	if (!frag->more)
		g->total = frag->off + frag->len;
	memcpy(g->buf + PW_IP6_HLEN + frag->off, frag->p, frag->len);
}

static void
note_header(struct gather *g, const struct pw_frag *frag)
{
	uint8_t tos = frag->ip6 ? (uint8_t)(pw_get_be16(frag->hdr) >> 4) : frag->hdr[1];

	g->marked = g->marked || (tos & PW_IP_ECN_MASK) == PW_IP_ECN_CE;
	if (frag->off != 0)
		return;
	g->proto = frag->proto;
	memcpy(g->buf, frag->hdr, frag->ip6 ? PW_IP6_HLEN : PW_IP4_HLEN);
}

/* The first piece's header, as that of the whole. */
static struct pw_frags_whole
finish6(struct gather *g)
{
	struct pw_ip6_hdr h;

	pw_ip6_parse(g->buf, &h);
	h.next = g->proto;
	h.payload_len = (uint16_t)g->total;
	h.tclass |= g->marked ? PW_IP_ECN_CE : 0;
	pw_ip6_emit(g->buf, &h);
	return (struct pw_frags_whole){.p = g->buf, .len = PW_IP6_HLEN + g->total};
}

static struct pw_frags_whole
finish4(struct gather *g)
{
	uint8_t *p = g->buf + PW_IP6_HLEN - PW_IP4_HLEN;
	struct pw_ip4_hdr h;

	pw_ip4_parse(g->buf, &h);
	h.total_len = (uint16_t)(PW_IP4_HLEN + g->total);
	h.frag_off = 0;
	h.mf = false;
	h.tos |= g->marked ? PW_IP_ECN_CE : 0;
	pw_ip4_emit(p, &h);
	return (struct pw_frags_whole){.p = p, .len = PW_IP4_HLEN + g->total};
}

static enum pw_drop
condemn(struct pw_frags *f, struct gather *g, enum pw_drop why)
{
	set_state(f, g, CONDEMNED);
	return why;
}

enum pw_drop
pw_frags_take(struct pw_frags *f, const struct pw_frag *frag, pw_ns now, struct pw_frags_whole *out)
{
	struct gather *g;
	uint32_t at;

	out->p = NULL;
	if (frag->len == 0 || (frag->more && frag->len % 8 != 0))
		return PW_DROP_FRAG_BAD;
	if (frag->off + frag->len > IP_BYTES_MAX)
		return PW_DROP_FRAG_SIZE;
	g = find(f, frag, now);
	if (g == NULL)
		return PW_DROP_FRAG_FULL;
	if (g->state == CONDEMNED)
		return PW_DROP_FRAG_OVERLAP;
	at = place_of(g, frag->off);
	if (is_repeated(g, at, frag))
		return PW_OK;
	if (!agrees_on_end(g, frag->off + frag->len, frag->more) ||
		overlaps(g, at, frag->off, frag->off + frag->len))
		return condemn(f, g, PW_DROP_FRAG_OVERLAP);
	if (frag->off + frag->len > PW_FRAGS_BYTES || g->n_parts == PW_FRAGS_PARTS)
		return condemn(f, g, PW_DROP_FRAG_SIZE);
	note_header(g, frag);
	keep(g, at, frag);
	if (g->have != g->total)
		return PW_OK;
	set_state(f, g, FREE);
	*out = g->ip6 ? finish6(g) : finish4(g);
	return PW_OK;
}

uint32_t
pw_frags_run(struct pw_frags *f, pw_ns now)
{
	uint32_t n = 0;
	uint32_t i;

	if (now < f->next_at)
		return 0;
	f->next_at = PW_NEVER;
	for (i = 0; i < PW_FRAGS_PACKETS; i++) {
		struct gather *g = &f->table[i];

		if (g->state == FREE)
			continue;
		if (g->until > now) {
			f->next_at = pw_min(f->next_at, g->until);
			continue;
		}
		n += g->state == OPEN;
		set_state(f, g, FREE);
	}
	return n;
}

pw_ns
pw_frags_next(const struct pw_frags *f)
{
	return f->next_at;
}

uint32_t
pw_frags_used(const struct pw_frags *f)
{
	return __atomic_load_n(&f->used, __ATOMIC_RELAXED);
}
