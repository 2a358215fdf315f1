/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef LOAD_PRIV_H
#define LOAD_PRIV_H

/**
 * @file
 * What the files of load share.
 *
 *	resp.c   bytes of a response, from its head to its last byte
 *	conn.c   a connection: requests asked, responses judged
 *	pace.c   when the next request is due
 *	load.c   opening connections, feeding them, beginning and end
 */
#define XXH_STATIC_LINKING_ONLY
#include <assert.h>
#include <llhttp.h>
#include <xxhash.h>
#include "pw_load.h"
#include "pw_rand.h"

/* ---- resp.c ---- */

#define HEAD_KNOWN_MAX 512 /**< a longer head is parsed each time */

/** Where the body of a response ends (RFC 9112 section 6.3). */
enum framing {
	FRAME_NONE,    /**< the head is not complete */
	FRAME_COUNTED, /**< by Content-Length, or there is none */
	FRAME_CHUNKED,
	FRAME_EOF, /**< with the connection */
};

/** A response under way. All zero: nothing of it has come. */
struct resp {
	uint64_t body; /**< bytes that have come */
	uint64_t left; /**< COUNTED: that have not */
	uint32_t head; /**< bytes of heads */
	uint16_t status;
	uint8_t framing; /**< enum framing */
	bool close : 1;	 /**< the server closes after it */
	bool saved : 1;	 /**< its parser is in the slot's place */
	bool hashed : 1; /**< the slot's hash has begun */
};

/** The head that a URL's last response had, and what it said. */
struct known_head {
	uint32_t len; /**< 0: none */
	struct resp says;
	uint8_t text[HEAD_KNOWN_MAX];
};

/** What a connection that is cut in the middle of a head, or hashes, needs besides. */
struct resp_slot {
	llhttp_t *parser;
	XXH3_state_t *hash; /**< NULL: nobody asks */
};

/** One for all connections of a worker. */
struct reader {
	llhttp_settings_t settings;
	llhttp_t fresh; /* as a parser is to begin with */
	llhttp_t now;	/* of the head that is read, until it proves to be cut */
	struct resp *resp;
	XXH3_state_t *hash;
	uint64_t reused;
};

enum resp_result {
	RESP_MORE, /**< all bytes were taken, and more are needed */
	RESP_DONE,
	RESP_MALFORMED,
	RESP_HEAD_SIZE,
};

void resp_init(struct reader *rd);

/**
 * Take bytes of @p r until it is complete or they are used up.
 * @param known  of its URL
 * @param used   set to the bytes taken
 */
enum resp_result resp_read(struct reader *rd, struct resp *r, const struct resp_slot *slot,
	struct known_head *known, const uint8_t *data, uint32_t len, uint32_t *used);

/** Is it in the middle of a counted body, with more than @p len bytes to come? */
static inline bool
resp_is_inside(const struct resp *r, uint32_t len)
{
	return r->framing == FRAME_COUNTED && r->left > len;
}

/** Take @p len bytes of the inside of a body that nobody hashes. */
static inline void
resp_skip(struct resp *r, uint32_t len)
{
	r->left -= len;
	r->body += len;
}

/** The hash of the body of a complete response. */
uint64_t resp_hash(const struct resp *r, const struct resp_slot *slot);

/* ---- pace.c ---- */

/** Moments at a steady rate, exact to 2^-32 ns a step. */
struct pace {
	pw_ns at;      /**< the next one; PW_NEVER: there is no rate */
	uint32_t frac; /**< of a nanosecond, in 2^-32 */
	uint64_t step; /**< nanoseconds, in 2^-32 */
};

void pace_init(struct pace *p, uint32_t rate_per_s, pw_ns now);

/** Moments from the next one on that are not after @p now. */
uint64_t pace_behind(const struct pace *p, pw_ns now);

/** Take the next moment. */
static inline pw_ns
pace_take(struct pace *p)
{
	pw_ns at = p->at;
	uint64_t frac = p->frac + (p->step & UINT32_MAX);

	p->at = at + (p->step >> 32) + (frac >> 32);
	p->frac = (uint32_t)frac;
	return at;
}

/* ---- conn.c ---- */

/** A URL as it is used. Index 1: the text that also asks for the close. */
struct target {
	const char *text[2];
	uint16_t text_len[2];
	bool has_length;
	bool has_hash;
	uint64_t length; /**< of the first body, or what is expected */
	uint64_t hash;
	struct known_head known;
};

/** A request under way. */
struct asked {
	uint64_t at : 47; /**< when it was due, since the run began; 39 hours */
	uint64_t target : 16;
	uint64_t last : 1; /**< asks for the close */
};

enum conn_flag {
	CONN_OPEN = 1,
	CONN_NO_MORE = 2, /**< the close was announced, by either side */
	CONN_FAILED = 4,  /**< counted as an error */
	CONN_TIMED = 8,	  /**< the timer runs */
};

/** Ours of a connection, in TCP's room for it. */
struct conn {
	pw_off base;	     /**< where the text of the oldest request begins in the stream */
	pw_off una;	     /**< acknowledged up to here */
	pw_ns heard;	     /**< the last byte, or the request that ended a rest */
	uint64_t body_bytes; /**< of complete answers */
	uint32_t slot;
	uint32_t n_asked; /**< on this connection */
	uint16_t first;	  /**< in the ring: the oldest request */
	uint16_t n;	  /**< under way */
	uint8_t flags;
	struct resp resp;
	struct asked ring[]; /**< pipeline places */
};

/** A place for a connection, filled again when it ends. */
struct slot {
	struct pw_tcp_conn *tc; /**< NULL: none, or not established */
	bool queued;		/**< in the queue of those that can be asked */
};

struct pw_load {
	struct pw_load_cfg cfg;
	struct pw_tcp *tcp;
	enum pw_load_phase phase;
	pw_ns epoch; /* of asked.at: when the run began */
	pw_ns end;   /* of the phase */
	struct pace pace;
	struct reader reader;
	struct pw_rand rand;
	struct pw_choice choice;
	uint32_t n_targets;
	struct target *target;
	char *texts;

	struct slot *slot;
	llhttp_t *parser;   /* one for each slot that asks */
	XXH3_state_t *hash; /* likewise, when there is something to verify */

	uint32_t *idle; /* ring of slots that can be asked: n_conns places */
	uint32_t idle_first;
	uint32_t n_idle;

	uint32_t *vacant; /* stack of slots without a connection */
	uint32_t n_vacant;
	uint32_t n_opening;
	pw_ns open_at;	     /* not before: something was wrong */
	uint32_t source_at;  /* which source address is next */
	uint16_t port_at;    /* and which port of it */
	struct pw_addr addr; /* of the server */
	uint16_t port;
	bool has_addrs;
	bool ready; /* it does not keep the run of all from beginning */

	struct pw_load_stats stats;
	struct pw_load_stats final;
};

extern const struct pw_tcp_app load_app;

static_assert(
	sizeof(struct conn) + sizeof(struct asked) + sizeof(struct slot) + 2 * sizeof(uint32_t) <=
		128,
	"a connection that only rests takes two cache lines beside TCP's");

/** Does the connection in @p slot take another request? */
bool conn_can_ask(const struct pw_load *l, uint32_t slot);

/** Ask it for something that was due at @p due. */
void conn_ask(struct pw_load *l, uint32_t slot, pw_ns due, pw_ns now);

/** What it has received, an answer that is not complete included. */
uint64_t conn_body_bytes(struct pw_tcp_conn *tc);

/** The run is over: close it, now or when what it waits for has come. */
void conn_wind_up(void *ctx, struct pw_tcp_conn *tc);

/* ---- load.c ---- */

/** The connection in @p slot takes another request: remember it. */
void load_queue(struct pw_load *l, uint32_t slot);

/** @p slot has no connection any more. @p failed: wait a moment before the next try. */
void load_vacate(struct pw_load *l, uint32_t slot, bool failed, pw_ns now);

static inline struct resp_slot
load_resp_slot(const struct pw_load *l, uint32_t slot)
{
	return (struct resp_slot){
		.parser = &l->parser[slot],
		.hash = l->hash != NULL ? &l->hash[slot] : NULL,
	};
}

static inline bool
load_is_active(const struct pw_load *l, uint32_t slot)
{
	return slot < l->cfg.n_active;
}

#endif
