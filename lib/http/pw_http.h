/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_HTTP_H
#define PW_HTTP_H

/**
 * @file
 * HTTP/1.1 and 1.0 service (RFC 9110, RFC 9112): the user of TCP that answers
 * requests for a site's files.
 *
 *	cfg.app_bytes = pw_http_room_bytes();           of struct pw_tcp_cfg
 *	pw_tcp_listen(tcp, 80, &pw_http_app, http);
 *	pw_http_tick(http, now, unix_s);                at start, then about once a second
 *
 * There is no send buffer. A connection's stream is a queue of responses, each a
 * small descriptor from which its bytes are made again whenever TCP asks: text
 * for the first lines of the head, then pages of the store.
 *
 * Threads:  an instance belongs to one worker, as its struct pw_tcp does.
 * Bounds:   all memory is taken at creation; every bound that a peer can meet
 *           is counted.
 */
#include "pw_base.h"
#include "pw_site.h"
#include "pw_store.h"
#include "pw_tcp.h"
#include "pw_tcp_trace.h"

struct pw_http; /* private to http */

/** Where 0 stands, the default in brackets is taken. */
struct pw_http_cfg {
	const struct pw_site *site; /**< loaded */
	struct pw_store_refs *refs; /**< this worker's page holds */
	const struct pw_mem *mem;   /**< for everything of this instance */
	uint64_t seed;		    /**< of multipart boundaries and of a hash */
	uint32_t max_head_bytes;    /**< request line and fields [8 KiB], at most 32 KiB */
	uint32_t max_fields;	    /**< field lines in a request [100], at most 100 */
	uint32_t max_heads;	    /**< requests that are not complete yet [1024] */
	uint32_t max_responses;	    /**< responses not acknowledged yet [131,072] */
	uint32_t max_pipeline;	    /**< of these in one connection [32], at most 255 */
	uint32_t max_range_sets;    /**< multipart/byteranges responses at a time [256] */
	uint32_t max_ranges;	    /**< ranges in a request [16], at most 16 */
	uint32_t max_drain_bytes;   /**< of a request's body, or after an error [64 KiB] */
	uint32_t stall_bytes;	    /**< acknowledged within stall_ns, or all of it [1 KiB] */
	pw_ns idle_ns;		    /**< keep-alive without a request [60 s] */
	pw_ns head_ns;		    /**< from a head's first byte to its last [10 s] */
	pw_ns body_ns;		    /**< from a head's last byte to the body's [30 s] */
	pw_ns stall_ns;		    /**< for a peer that does not read [60 s] */
	pw_ns linger_ns;	    /**< for the peer to close after us (RFC 9112 9.6) [2 s] */
};

/** @return an instance, or NULL with errno: ENOMEM, EINVAL (a bound beyond its limit). */
struct pw_http *pw_http_create(const struct pw_http_cfg *cfg);

/** Every connection must be gone. */
void pw_http_destroy(struct pw_http *h);

/** For pw_tcp_listen(); its ctx is the struct pw_http. */
extern const struct pw_tcp_app pw_http_app;

/** Bytes of a connection's room that HTTP uses: for struct pw_tcp_cfg.app_bytes. */
uint32_t pw_http_room_bytes(void);

/** Tell the wall clock: @p unix_s is the Date of responses from now on. */
void pw_http_tick(struct pw_http *h, pw_ns now, int64_t unix_s);

/**
 * No keep-alive from now on: idle connections are closed at once, others when
 * the responses they wait for are sent. Done when pw_http_get_usage() says 0.
 */
void pw_http_drain(struct pw_http *h, pw_ns now);

/** Times that can be changed while it runs. */
enum pw_http_timeout {
	PW_HTTP_TIMEOUT_IDLE, /**< cfg.idle_ns, and so on */
	PW_HTTP_TIMEOUT_HEAD,
	PW_HTTP_TIMEOUT_BODY,
	PW_HTTP_TIMEOUT_SEND, /**< cfg.stall_ns */
};

/** Change one: a connection takes it up with its next request or answer. */
void pw_http_set_timeout(struct pw_http *h, enum pw_http_timeout what, pw_ns ns);

/** The statuses that are ever sent. */
/* clang-format off */
#define PW_HTTP_STATUSES(X) \
	X(200, "OK") \
	X(206, "Partial Content") \
	X(301, "Moved Permanently") \
	X(304, "Not Modified") \
	X(400, "Bad Request") \
	X(404, "Not Found") \
	X(405, "Method Not Allowed") \
	X(408, "Request Timeout") \
	X(412, "Precondition Failed") \
	X(413, "Content Too Large") \
	X(414, "URI Too Long") \
	X(416, "Range Not Satisfiable") \
	X(417, "Expectation Failed") \
	X(431, "Request Header Fields Too Large") \
	X(501, "Not Implemented") \
	X(505, "HTTP Version Not Supported")
/* clang-format on */

enum pw_http_status {
#define X(code, reason) PW_HTTP_##code,
	PW_HTTP_STATUSES(X)
#undef X
	PW_HTTP_STATUS_MAX
};

/* clang-format off */
#define PW_HTTP_STATS(X) \
	X(conns, "connections taken") \
	X(requests_get, "GET requests") \
	X(requests_head, "HEAD requests") \
	X(requests_other, "requests by any other method") \
	X(reuses, "requests after the first of their connection") \
	X(known_heads, "request heads that were read before, byte for byte") \
	X(responses_done, "responses acknowledged to their last byte") \
	X(bytes_done, "bytes of these responses") \
	X(responses_cut, "responses whose connection went before they were acknowledged") \
	X(coded, "responses with a precompressed body") \
	X(range_sets, "multipart/byteranges responses") \
	X(ranges_ignored, "Range fields not honoured: malformed, too many or overlapping") \
	X(bad_octets, "heads with a bare CR or LF, a control character or a folded line") \
	X(bad_syntax, "heads that the parser refused") \
	X(bad_request, "well-formed heads with a wrong Host, target, framing or version") \
	X(bodies, "request bodies drained") \
	X(body_bytes, "bytes of request bodies drained") \
	X(lingered_bytes, "bytes discarded after the last response") \
	X(pipeline_full, "times a connection had to wait for acknowledgements") \
	X(heads_evicted, "unfinished heads given up for newer ones") \
	X(responses_exhausted, "times no response descriptor was free") \
	X(range_sets_exhausted, "times no range set was free: whole file sent") \
	X(timeouts_idle, "connections closed: no request") \
	X(timeouts_head, "connections closed: head not finished in time") \
	X(timeouts_body, "connections closed: request body not finished in time") \
	X(timeouts_stall, "connections reset: peer did not read") \
	X(timeouts_linger, "connections whose peer did not close after us in time")
/* clang-format on */

/** What HTTP notes in the trace of a connection (pw_tcp_trace.h). */
enum pw_http_event {
	/** A request is complete and its response queued. n: enum pw_http_status, and
	 * PW_HTTP_EV_HEAD; a: pw_site_rep_path(); b: the response's first offset. It ends
	 * where the next one begins, and is done when that is acknowledged. */
	PW_HTTP_EV_REQUEST = PW_TCP_EV_USER,
};
#define PW_HTTP_EV_HEAD 0x100 /**< it answers HEAD */

/** Counters; written by the owner alone, a reader may be one update behind. */
struct pw_http_stats {
#define X(name, help) uint64_t name;
	PW_HTTP_STATS(X)
#undef X
	uint64_t status[PW_HTTP_STATUS_MAX]; /**< responses begun, by enum pw_http_status */
};
const struct pw_http_stats *pw_http_stats(const struct pw_http *h);

/** What is in use now; all 0 when no connection is left. */
struct pw_http_usage {
	uint32_t conns;
	uint32_t heads;
	uint32_t responses;
	uint32_t range_sets;
};
void pw_http_get_usage(const struct pw_http *h, struct pw_http_usage *out);

#endif
