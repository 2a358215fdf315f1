/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_CREW_H
#define PW_CREW_H

/**
 * @file
 * The workers of a process, as far as they know each other: whose a connection is,
 * and the lanes on which they hand frames over.
 *
 * Whatever the device does, a worker looks at each frame that it receives. One of
 * another worker's connection goes to that worker by a lane; an ARP packet, from
 * which everybody learns, goes to all, and who received it answers. What belongs to
 * no connection stays where it is. So it is right on every device, and a device with
 * an RSS like ours makes it cheap: nothing is handed over.
 *
 * A port may have fewer queues than there are workers. Those without one receive by
 * lanes alone, and send by another lane through a worker that has a queue.
 *
 * A lane is a ring with one producer and one consumer: nobody waits for anybody. One
 * that is full loses frames (HAND_OVER), as a device's ring does; one for sending
 * holds its sender's TCP back, likewise.
 *
 * Threads:  create and destroy from main; the rest is the workers' own affair.
 */
#include "pw_spread.h"

struct pw_crew; /* private to loop */

/** @param n_workers  1 to PW_WORKERS_MAX. @return NULL with errno: ENOMEM, EINVAL; logged. */
struct pw_crew *pw_crew_create(uint32_t n_workers, int socket_id);

/** Free what lies in the lanes, once every worker has returned from its run. */
void pw_crew_empty(struct pw_crew *crew);

/** After the workers. */
void pw_crew_destroy(struct pw_crew *crew);

const struct pw_spread *pw_crew_spread(const struct pw_crew *crew);

#endif
