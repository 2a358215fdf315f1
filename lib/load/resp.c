/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A response's bytes. llhttp takes heads and chunked framing apart; bodies whose
 * length is known are counted and never looked at.
 *
 * A server's answers to one URL begin alike: with its Date in them, they change
 * once a second. A head that is, byte for byte, the one that was parsed last says
 * the same again, and comparing is twenty times as fast as parsing. A parser is
 * kept for a connection only when a segment ends inside its head.
 */
#include <string.h>
#include "load_priv.h"

static struct reader *
reader_of(llhttp_t *p)
{
	return p->data;
}

static void
hash_bytes(struct resp *r, XXH3_state_t *hash, const void *at, size_t len)
{
	if (hash == NULL)
		return;
	if (!r->hashed)
		XXH3_64bits_reset(hash);
	r->hashed = true;
	XXH3_64bits_update(hash, at, len);
}

/* RFC 9112 section 6.3, for the answer to a GET. */
static enum framing
framing_of(const llhttp_t *p, uint64_t *length)
{
	*length = 0;
	if (p->status_code == 204 || p->status_code == 304)
		return FRAME_COUNTED;
	if (p->flags & F_CHUNKED)
		return FRAME_CHUNKED;
	if ((p->flags & F_CONTENT_LENGTH) == 0 || (p->flags & F_TRANSFER_ENCODING))
		return FRAME_EOF;
	*length = p->content_length;
	return FRAME_COUNTED;
}

/* The head is complete. Bytes behind it are llhttp's only when they are chunks. */
static int
on_headers_complete(llhttp_t *p)
{
	struct resp *r = reader_of(p)->resp;

	if (p->http_major != 1 || p->status_code < 100 || p->status_code == 101)
		return -1; /* we speak nothing else, and asked for nothing else */
	if (p->status_code < 200)
		return HPE_PAUSED; /* RFC 9110 section 15.2: the answer comes behind it */
	r->status = p->status_code;
	r->framing = (uint8_t)framing_of(p, &r->left);
	r->close = !llhttp_should_keep_alive(p) || r->framing == FRAME_EOF;
	return r->framing == FRAME_CHUNKED ? 0 : HPE_PAUSED;
}

static int
on_body(llhttp_t *p, const char *at, size_t len)
{
	struct reader *rd = reader_of(p);

	rd->resp->body += len;
	hash_bytes(rd->resp, rd->hash, at, len);
	return 0;
}

static int
on_message_complete(llhttp_t *p)
{
	return HPE_PAUSED;
}

void
resp_init(struct reader *rd)
{
	llhttp_settings_init(&rd->settings);
	rd->settings.on_headers_complete = on_headers_complete;
	rd->settings.on_body = on_body;
	rd->settings.on_message_complete = on_message_complete;
	llhttp_init(&rd->fresh, HTTP_RESPONSE, &rd->settings);
	rd->fresh.data = rd;
}

/* The parser of this response: its own when it was cut before. */
static llhttp_t *
parser_for(struct reader *rd, const struct resp *r, const struct resp_slot *slot)
{
	if (r->saved)
		return slot->parser;
	rd->now = rd->fresh;
	return &rd->now;
}

static void
save_parser(struct reader *rd, struct resp *r, const struct resp_slot *slot)
{
	if (r->saved)
		return;
	*slot->parser = rd->now;
	r->saved = true;
}

/* Give llhttp what there is. *used is where it stopped. */
static enum resp_result
parse(struct reader *rd, struct resp *r, const struct resp_slot *slot, const uint8_t *data,
	uint32_t len, uint32_t *used)
{
	llhttp_t *p = parser_for(rd, r, slot);
	llhttp_errno_t err;

	rd->resp = r;
	rd->hash = slot->hash;
	err = llhttp_execute(p, (const char *)data, len);
	*used = len;
	if (err == HPE_OK) {
		save_parser(rd, r, slot);
		return RESP_MORE;
	}
	if (err != HPE_PAUSED)
		return RESP_MALFORMED;
	*used = (uint32_t)(llhttp_get_error_pos(p) - (const char *)data);
	r->saved = false;
	return RESP_DONE;
}

static enum resp_result
read_counted(struct resp *r, const struct resp_slot *slot, const uint8_t *data, uint32_t len,
	uint32_t *used)
{
	*used = (uint32_t)pw_min(len, r->left);
	r->left -= *used;
	r->body += *used;
	hash_bytes(r, slot->hash, data, *used);
	return r->left == 0 ? RESP_DONE : RESP_MORE;
}

static enum resp_result
read_to_eof(struct resp *r, const struct resp_slot *slot, const uint8_t *data, uint32_t len,
	uint32_t *used)
{
	*used = len;
	r->body += len;
	hash_bytes(r, slot->hash, data, len);
	return RESP_MORE;
}

static bool
is_known(const struct known_head *known, const struct resp *r, const uint8_t *data, uint32_t len)
{
	return known->len != 0 && len >= known->len && r->head == 0 &&
	       memcmp(data, known->text, known->len) == 0;
}

/* A whole head in one piece, with nothing but a counted body behind it. */
static void
note_known(struct known_head *known, const struct resp *r, const uint8_t *data, uint32_t len)
{
	if (len > HEAD_KNOWN_MAX || r->framing != FRAME_COUNTED || r->head != len)
		return;
	known->len = len;
	known->says = *r;
	memcpy(known->text, data, len);
}

/* @return RESP_DONE: the head is complete, the body follows */
static enum resp_result
read_head(struct reader *rd, struct resp *r, const struct resp_slot *slot, struct known_head *known,
	const uint8_t *data, uint32_t len, uint32_t *used)
{
	enum resp_result what;

	if (likely(is_known(known, r, data, len))) {
		*r = known->says;
		*used = known->len;
		rd->reused++;
		return RESP_DONE;
	}
	what = parse(rd, r, slot, data, len, used);
	r->head += *used;
	if (what == RESP_MALFORMED || r->framing == FRAME_CHUNKED)
		return what;
	if (r->head > PW_LOAD_HEAD_MAX)
		return RESP_HEAD_SIZE;
	if (what == RESP_DONE)
		note_known(known, r, data, *used);
	return what;
}

/* One step: a head, an interim head, or what there is of a body. */
static enum resp_result
step(struct reader *rd, struct resp *r, const struct resp_slot *slot, struct known_head *known,
	const uint8_t *data, uint32_t len, uint32_t *used)
{
	enum resp_result what;

	switch ((enum framing)r->framing) {
	case FRAME_NONE:
		what = read_head(rd, r, slot, known, data, len, used);
		if (what != RESP_DONE || r->framing == FRAME_CHUNKED)
			return what;
		return r->framing == FRAME_COUNTED && r->left == 0 ? RESP_DONE : RESP_MORE;
	case FRAME_COUNTED:
		return read_counted(r, slot, data, len, used);
	case FRAME_CHUNKED:
		return parse(rd, r, slot, data, len, used);
	case FRAME_EOF:
		return read_to_eof(r, slot, data, len, used);
	}
	return RESP_MALFORMED;
}

enum resp_result
resp_read(struct reader *rd, struct resp *r, const struct resp_slot *slot, struct known_head *known,
	const uint8_t *data, uint32_t len, uint32_t *used)
{
	enum resp_result what = RESP_MORE;
	uint32_t n = 0;

	for (*used = 0; what == RESP_MORE && *used < len; *used += n)
		what = step(rd, r, slot, known, data + *used, len - *used, &n);
	return what;
}

uint64_t
resp_hash(const struct resp *r, const struct resp_slot *slot)
{
	return r->hashed ? XXH3_64bits_digest(slot->hash) : XXH3_64bits(NULL, 0);
}
