/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_CAPTURE_H
#define PW_CAPTURE_H

/**
 * @file
 * Frames that queues move, copied into a pcapng file while they are watched.
 *
 * A queue that is not watched knows nothing of it: to watch one is to put other
 * functions in place of its own. Copying is the watching worker's work, writing that
 * of a thread; between them are a pool and a ring, and what does not fit is counted,
 * not waited for.
 *
 * The copies are made for whoever debugs: they are counted here, and are not in the
 * copy ledger.
 *
 * Threads:  open and close from one; watch on the thread of the queue's worker.
 */
#include "pw_port.h"

#define PW_CAPTURE_PACKETS 4095 /**< copied and not written yet */

struct pw_capture; /* private to port */

/**
 * Make the file, which must not be there, and begin to write.
 * @param filter  of libpcap, or NULL: everything
 * @param snap    bytes of a frame that are kept
 * @param why     of PW_CAPTURE_WHY_MAX bytes; set on failure
 * @return NULL: @p why
 */
#define PW_CAPTURE_WHY_MAX 256
struct pw_capture *pw_capture_open(const char *path, const char *filter, uint32_t snap, char *why);

/** Wait until what there is has been written. No queue may be watched any more. */
void pw_capture_settle(struct pw_capture *cap);

/** Settle, and close the file. */
void pw_capture_close(struct pw_capture *cap);

/** Any thread. */
struct pw_capture_stats {
	uint64_t packets; /**< copied */
	uint64_t bytes;	  /**< of them, copied */
	uint64_t lost;	  /**< that fitted the filter, and neither pool nor ring */
	uint64_t written;
	int error; /**< why writing has ended: 0, or errno */
};
void pw_capture_get_stats(const struct pw_capture *cap, struct pw_capture_stats *out);

/** Copy what the queue moves from now on; NULL: no more. */
void pw_port_queue_watch(struct pw_port_queue *queue, struct pw_capture *cap);

#endif
