/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef SERVE_PRIV_H
#define SERVE_PRIV_H

/**
 * @file
 * The service's own: connections, the responses they wait for, and the heads
 * that have not come whole.
 *
 *	conn.c    what TCP tells of a connection; its states and time-outs
 *	serve.c   from a request to a response
 *	known.c   request heads that were read before
 *	resp.c    responses: their queue, their bytes, the pages they hold
 *	http.c    one instance: its memory, its pools, its clock
 */
#include <sys/queue.h>
#include "pw_http.h"
#include "site_priv.h"

#define HTTP_NONE UINT32_MAX /* no index */

/** The most text in one piece: a whole head that is written, not stored. */
#define HTTP_TEXT_MAX 1024

/** Text that one question of TCP can be answered with. */
#define HTTP_TEXT_ROOM 8192

/** Pages [lo, hi) of an object, counted within it, that are held. */
struct http_held {
	uint32_t lo;
	uint32_t hi;
};

/** A part of a multipart response. */
struct http_part {
	struct pw_http_range range;
	struct http_held held;
	uint32_t text_len; /* of what stands before it */
};

struct http_set {
	uint32_t next_free;
	uint32_t n;
	uint32_t last_len; /* of the text behind the last part */
	char boundary[PW_BOUNDARY_LEN];
	struct http_part parts[PW_HTTP_RANGES_MAX];
};

/**
 * A response that is not wholly acknowledged: bytes [start, end) of the stream.
 * First a text, then a run of its object's bytes, or the parts of its set.
 * Everything that its bytes depend on is here, so that they can be made again.
 */
struct http_resp {
	pw_off start;
	pw_off end;
	pw_off body;	/* first byte of the object, counted from its prefix */
	int64_t date_s; /* Date: that of its making, however late it is sent */
	uint32_t next;	/* in the connection's queue, or of the free */
	uint32_t rep;
	uint32_t object; /* whose bytes follow; a page's where rep has none to show */
	uint32_t set;	 /* parts, or HTTP_NONE */
	struct http_held held;
	uint16_t text_len;
	uint8_t status; /* enum pw_http_status */
	uint8_t conn;	/* enum pw_head_conn */
	bool written;	/* the text is the whole head: no part of it is stored */
	bool head_only; /* in answer to HEAD */
};

/** A request that has not come whole. */
struct http_head {
	TAILQ_ENTRY(http_head) order; /* oldest first; or free */
	struct http_room *room;
	pw_ns since; /* when its first byte came, then its last: what the time-out counts from */
	struct pw_req_parser parser;
	char bytes[];
};
TAILQ_HEAD(http_heads, http_head);

/** All that a request says which is answered by a whole file. */
struct http_plain {
	uint32_t rep;
	bool head_only;
	bool keep_alive;
	bool http10;
	bool coded; /* another coding than the plain one was chosen */
};

#define HTTP_KNOWN_HEADS 1024 /* a power of two */
#define HTTP_KNOWN_MAX	 496  /* a longer head is read each time */

/** A head that was read before. */
struct http_known {
	uint32_t hash;
	uint16_t len; /* 0: none */
	bool used;    /* since another wanted its place */
	struct http_plain says;
	char head[HTTP_KNOWN_MAX];
} __rte_cache_aligned;

/** Where a head belongs in the table. */
struct http_key {
	struct http_known *entry;
	uint32_t len; /* 0: it is not complete, or too long */
	uint32_t hash;
};

enum http_state {
	HTTP_OPEN,   /* requests are read */
	HTTP_LINGER, /* our side is closed; input is discarded until the peer closes */
	HTTP_DONE,   /* nothing is read any more */
};

/** HTTP's room in a TCP connection. Without a request under way this is all there is. */
struct http_room {
	LIST_ENTRY(http_room) link;
	struct pw_tcp_conn *c;
	struct http_head *head; /* or NULL */
	pw_ns since;		/* idle, or lingering, from then on */
	pw_ns progress;		/* the peer last acknowledged something that counts */
	pw_ns timer_at;		/* what TCP's timer is set to */
	pw_off mark;		/* the offset acknowledged then */
	uint32_t first;		/* responses, oldest first */
	uint32_t last;
	uint32_t lingered; /* bytes discarded */
	uint8_t n_resps;
	uint8_t state; /* enum http_state */
	bool blocked;  /* input waits for acknowledgements */
	bool used;     /* a request has come */
};
LIST_HEAD(http_rooms, http_room);

struct pw_http {
	struct pw_http_cfg cfg; /* defaults filled in */
	const struct pw_site *site;
	const struct pw_store *store;
	struct pw_store_refs *refs;
	struct pw_req_limits limits;
	bool draining;

	int64_t now_s;
	char date[PW_HTTP_DATE_LEN];
	struct pw_text first; /* of a 200 in this second, with nothing on the connection */
	char first_bytes[64];

	struct http_resp *resps;
	struct http_set *sets;
	char *heads; /* of head_bytes each */
	size_t head_bytes;
	struct http_known *known; /* HTTP_KNOWN_HEADS, by their hash */
	uint32_t free_resp;
	uint32_t free_set;
	struct http_heads free_heads;
	struct http_heads busy_heads;
	struct http_rooms rooms;
	struct pw_http_usage usage;
	struct pw_http_stats stats;

	struct pw_req_parser parser; /* for a request that comes whole */
	char *path;		     /* a decoded path */
	uint32_t text_used;
	char text[HTTP_TEXT_ROOM]; /* what the last source() made */
};

/* ---- http.c: pools ---- */

struct http_resp *http_resp_get(struct pw_http *h); /* NULL: none free */
void http_resp_put(struct pw_http *h, struct http_resp *r);
struct http_set *http_set_get(struct pw_http *h);
void http_set_put(struct pw_http *h, struct http_set *set);
struct http_head *http_head_get(struct pw_http *h);
void http_head_put(struct pw_http *h, struct http_head *head);

static inline uint32_t
http_resp_index(const struct pw_http *h, const struct http_resp *r)
{
	return (uint32_t)(r - h->resps);
}

/* ---- resp.c ---- */

/** Write the text of @p r again. */
void http_resp_text(const struct pw_http *h, const struct http_resp *r, struct pw_text *t);

/** Put @p r, whose text_len is not known yet, at the end of the stream, @p body_len after its text.
 */
void http_resp_push(struct pw_http *h, struct http_room *k, struct http_resp *r, pw_off body_len);

uint32_t http_resp_source(struct pw_http *h, struct http_room *k, pw_off off, uint32_t len,
	struct pw_span *spans, uint32_t *n);

/** Let go of all before @p una. */
void http_resp_acked(struct pw_http *h, struct http_room *k, pw_off una);

/** Let go of everything. */
void http_resp_drop(struct pw_http *h, struct http_room *k);

/* ---- serve.c ---- */

/**
 * Answer a complete request. A response descriptor is free.
 * @param plain  set to what it says; its rep to PW_REP_NONE when that is more
 *               than struct http_plain can hold
 * @return keep the connection?
 */
bool http_answer(
	struct pw_http *h, struct http_room *k, const struct pw_req *req, struct http_plain *plain);

/** The same for a request that is known to be plain. */
bool http_answer_plain(struct pw_http *h, struct http_room *k, const struct http_plain *plain);

/** Answer with the page of @p status, as the last on this connection. */
void http_refuse(struct pw_http *h, struct http_room *k, enum pw_http_status status);

/* ---- known.c ---- */

/**
 * The entry of the first head in @p data, if it was read before.
 * @param key  set for http_known_note(): where this head belongs
 */
struct http_known *http_known_find(
	struct pw_http *h, const char *data, uint32_t len, struct http_key *key);

/** Remember what the key->len bytes of @p data say. */
void http_known_note(struct pw_http *h, const struct http_key *key, const char *data,
	const struct http_plain *says);

#endif
