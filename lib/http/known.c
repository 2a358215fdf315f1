/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Request heads that were read before, and what they had asked for.
 *
 * A client says the same again and again, down to the byte, and what is served
 * does not change while we run: so the same head asks for the same thing. Only
 * requests for a whole file are kept (see http_answer()); any other is read each
 * time. A head is found by its hash and believed only when every byte of it is
 * that of the one that was parsed.
 *
 * The table is of a fixed size. A head that is new takes the place of the one
 * that has its hash, unless that was asked for since the last time it was
 * challenged: a client that invents heads pushes out no head in use at once.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include "serve_priv.h"

#ifdef __SSE2__
/* Where CR LF CR is in the 18 bytes at @p p; a number of 16 and above: it is not. */
static inline uint32_t
find_end(const char *p)
{
	__m128i cr = _mm_cmpeq_epi8(_mm_loadu_si128((const void *)p), _mm_set1_epi8('\r'));
	__m128i lf = _mm_cmpeq_epi8(_mm_loadu_si128((const void *)(p + 1)), _mm_set1_epi8('\n'));
	__m128i cr2 = _mm_cmpeq_epi8(_mm_loadu_si128((const void *)(p + 2)), _mm_set1_epi8('\r'));
	int found = _mm_movemask_epi8(_mm_and_si128(_mm_and_si128(cr, lf), cr2));

	return found != 0 ? (uint32_t)__builtin_ctz((unsigned int)found) : UINT32_MAX;
}

/* Of the first head in @p data, without its last byte. 0: there is none. */
static inline uint32_t
find_head(const char *data, uint32_t len)
{
	uint32_t i, at;

	if (len < 18)
		return 0;
	for (i = 0; i < len - 18; i += 16) {
		at = find_end(data + i);
		if (at < 16)
			return i + at + 3;
	}
	at = find_end(data + len - 18);
	return at < 16 ? len - 18 + at + 3 : 0;
}
#else
static inline uint32_t
find_head(const char *data, uint32_t len)
{
	const char *end = memmem(data, len, "\r\n\r", 3);

	return end != NULL ? (uint32_t)(end - data) + 3 : 0;
}
#endif

/*
 * Length of the first head in @p data; 0: it is not complete, too long to be
 * kept, or none (a CR LF CR in any other place is refused by who reads it).
 */
static inline uint32_t
head_len(const char *data, uint32_t len)
{
	uint32_t max = (uint32_t)pw_min(len, HTTP_KNOWN_MAX);
	uint32_t end = find_head(data, max);

	return end != 0 && end < max && data[end] == '\n' ? end + 1 : 0;
}

struct http_known *
http_known_find(struct pw_http *h, const char *data, uint32_t len, struct http_key *key)
{
	struct http_known *e;
	uint64_t hash;

	key->len = head_len(data, len);
	if (key->len == 0)
		return NULL;
	hash = XXH3_64bits_withSeed(data, key->len, h->cfg.seed);
	e = &h->known[hash & (HTTP_KNOWN_HEADS - 1)];
	key->entry = e;
	key->hash = (uint32_t)(hash >> 32);
	if (e->hash != key->hash || e->len != key->len || memcmp(e->head, data, e->len) != 0)
		return NULL;
	e->used = true;
	h->stats.known_heads++;
	return e;
}

void
http_known_note(struct pw_http *h, const struct http_key *key, const char *data,
	const struct http_plain *says)
{
	struct http_known *e = key->entry;

	if (e->used) {
		e->used = false;
		return;
	}
	e->len = (uint16_t)key->len;
	e->hash = key->hash;
	e->says = *says;
	memcpy(e->head, data, key->len);
}
