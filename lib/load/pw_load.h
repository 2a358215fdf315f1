/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_LOAD_H
#define PW_LOAD_H

/**
 * @file
 * Load generator: the client side of the same TCP, asking an HTTP/1.1 server for
 * files, taking the time of each answer, and looking at what it got.
 *
 *	closed loop  every connection has `pipeline` requests under way all the time
 *	open loop    requests are due at a steady rate, whatever the server does, and go
 *	             to the connection that has had room for the longest; the time of an
 *	             answer counts from when its request was due (so that a stall is
 *	             seen by all who would have come meanwhile: no coordinated omission)
 *
 * First the connections are opened, then the run begins; where connections are
 * closed after some requests, it begins with the first of them.
 *
 * Payload is counted and let go unread, unless it is to be verified. Everything
 * is allocated at creation.
 *
 * Threads:  create and destroy from main; pw_load_start() before the worker runs;
 *           the service on the worker; pw_load_get() from any thread.
 */
#include "pw_hist.h"
#include "pw_loop.h"
#include "pw_url.h"

#define PW_LOAD_CONNS_PER_SOURCE 64000 /**< local ports that one address has for us */
#define PW_LOAD_PIPELINE_MAX	 256
#define PW_LOAD_HEAD_MAX	 32768 /**< bytes of a response's head, 1xx before it included */

/* clang-format off */
#define PW_LOAD_ERRORS(X) \
	X(REFUSED, "connections refused") \
	X(UNREACHED, "connections that were not answered in time") \
	X(RESET, "connections reset by the server with requests under way") \
	X(TIMEOUT, "connections given up: no byte within the time-out") \
	X(CLOSED_EARLY, "connections closed by the server in the middle of an answer") \
	X(MALFORMED, "answers that are not HTTP/1") \
	X(HEAD_SIZE, "answers with a head beyond the bound") \
	X(UNASKED, "bytes that answer nothing") \
	X(STATUS, "answers with a status other than 2xx") \
	X(LENGTH, "bodies of a length other than the first of their URL, or than expected") \
	X(HASH, "bodies with a hash other than the first of their URL, or than expected")
/* clang-format on */

enum pw_load_error {
#define X(name, help) PW_LOAD_##name,
	PW_LOAD_ERRORS(X)
#undef X
	PW_LOAD_ERROR_MAX
};

/** Name ("closed_early") and one line of help. Index: enum pw_load_error. */
struct pw_load_error_info {
	const char *name;
	const char *help;
};
extern const struct pw_load_error_info pw_load_error_info[PW_LOAD_ERROR_MAX];

struct pw_load_cfg {
	const struct pw_mem *mem;
	const struct pw_urls *urls; /**< at least one; not kept */
	struct pw_addr source;	    /**< our first address */
	uint32_t n_sources;	    /**< it and those behind it; 1 at least */
	uint32_t n_conns;  /**< at most PW_LOAD_CONNS_PER_SOURCE for each source and all workers */
	uint32_t n_active; /**< of them, that ask; the others are only held. 0: all */
	uint32_t per_conn; /**< requests before a connection is closed; 0: never */
	uint32_t pipeline; /**< requests under way at once on a connection: 1 to MAX */
	uint32_t rate_per_s;		/**< open loop: requests a second; 0: closed loop */
	pw_ns duration_ns;		/**< of the run */
	pw_ns timeout_ns;		/**< without a byte, of a connection that waits for one */
	bool verify;			/**< hash every body */
	const struct pw_spread *spread; /**< of several workers, each with a load; NULL: one */
	uint32_t worker;		/**< which of them: it takes the ports that are its own */
	uint32_t *n_connecting; /**< of several: how many have not all connections; their run
				 * begins when it is 0. NULL: one */
	uint64_t seed;		/**< of the choice among URLs */
	/** Can our addresses be used? Asked until they can, on the worker's thread. NULL: at once
	 */
	bool (*has_addrs)(void *ctx);
	void (*over)(void *ctx); /**< the duration is over: drain the worker. On its thread */
	void *ctx;
};

struct pw_load; /* private to load */

/** @return NULL with errno: ENOMEM, EINVAL (a bound above) */
struct pw_load *pw_load_create(const struct pw_load_cfg *cfg);
void pw_load_destroy(struct pw_load *l);

/** Room of TCP's that each connection needs for this configuration. */
uint32_t pw_load_room_bytes(const struct pw_load_cfg *cfg);

/** Memory that pw_load_create() takes, in bytes. */
uint64_t pw_load_need(const struct pw_load_cfg *cfg);

/** For the worker's configuration. */
struct pw_service pw_load_service(struct pw_load *l);

/** The worker's TCP: connections are opened on it as soon as the worker runs. */
void pw_load_start(struct pw_load *l, struct pw_tcp *tcp);

enum pw_load_phase {
	PW_LOAD_CONNECTING,
	PW_LOAD_RUNNING,
	PW_LOAD_OVER,
};

struct pw_load_stats {
	enum pw_load_phase phase;
	pw_ns started;		/**< when the run began, in the worker's time */
	pw_ns at;		/**< of the latest turn; when OVER: the end of the run */
	uint64_t opened;	/**< connections established */
	uint64_t opened_before; /**< of them, before the run */
	uint64_t requests;	/**< asked */
	uint64_t responses;	/**< complete, of any kind */
	uint64_t body_bytes;
	uint64_t reused_heads; /**< heads equal to the one before: not parsed again */
	uint64_t unanswered;   /**< requests behind an answer that announced the close */
	uint64_t unsent;       /**< open loop: due by the end of the run and not asked yet */
	uint32_t conns;	       /**< established now */
	uint64_t status[6];    /**< responses by the first digit of their status */
	uint64_t errors[PW_LOAD_ERROR_MAX];
	/**
	 * When OVER: Jain's index of fairness of the body bytes that each place of those that
	 * ask has received on its connection; 1: all the same, 1/n: one had all. 0: there were
	 * none.
	 */
	double jain;
	struct pw_hist latency;
};

/** The figures: of now, or, when OVER, as they were at the end of the run. Any thread. */
void pw_load_get(const struct pw_load *l, struct pw_load_stats *out);

/** Add the figures of another worker's load, histogram and all. */
void pw_load_stats_add(struct pw_load_stats *to, const struct pw_load_stats *from);

/** All errors. */
uint64_t pw_load_failures(const struct pw_load_stats *s);

/** What is known of the body of the @p i-th URL. @return false: no answer was complete */
bool pw_load_body(const struct pw_load *l, uint32_t i, uint64_t *hash, uint64_t *length);

#endif
