/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_FRAGS_H
#define PW_FRAGS_H

/**
 * @file
 * Packets that came in pieces, of either family, put together within bounds (RFC 791
 * section 3.2, RFC 1122 section 3.3.2, RFC 8200 section 4.5).
 *
 * Pieces are copied as they come: no buffer of a device waits for the others. Whatever
 * overlaps condemns its packet, all of it, and what else comes of it until its time is over
 * (RFC 5722, here of both families); the same piece once more is no overlap. So many packets
 * are under way at once, and so many of one sender; beyond, the new one is refused: a flood
 * pushes nobody out. What is not whole after a minute is forgotten.
 *
 * Owner:    one per worker, for all its interfaces. Not thread safe.
 */
#include "pw_addr.h"
#include "pw_base.h"
#include "pw_drop.h"
#include "pw_wire_ip6.h"

#define PW_FRAGS_PACKETS   32		      /**< under way at once, */
#define PW_FRAGS_OF_SENDER 8		      /**< of them of one sender */
#define PW_FRAGS_PARTS	   64		      /**< pieces of one packet */
#define PW_FRAGS_BYTES	   16384	      /**< behind the header of one */
#define PW_FRAGS_NS	   (60 * PW_NS_PER_S) /**< from the first piece that came */

struct pw_frags; /* private to frags.c */

/** @return NULL with errno: ENOMEM */
struct pw_frags *pw_frags_create(const struct pw_mem *mem);
void pw_frags_destroy(struct pw_frags *f);

/** A piece. */
struct pw_frag {
	const void *where; /**< the interface it came by: two networks may use the same addresses */
	const uint8_t *hdr; /**< its header: IPv4, or IPv6 */
	const uint8_t *p;   /**< what it holds, */
	uint32_t len;
	uint32_t off; /**< and where in the packet that belongs */
	uint32_t id;
	bool more;
	bool ip6;
	uint8_t proto; /**< IPv4: the packet's; IPv6: what the first piece begins with */
	struct pw_addr src;
	struct pw_addr dst;
};

/** A whole packet, valid until the next call: a header without options, and what it had. */
struct pw_frags_whole {
	const uint8_t *p; /**< NULL: there are pieces missing yet */
	uint32_t len;
};

/**
 * Take a piece. @return PW_OK, and @p out tells whether that was the last one; or
 * PW_DROP_FRAG_BAD (empty, or not the last and no multiple of 8 bytes), _SIZE, _OVERLAP or
 * _FULL.
 */
enum pw_drop pw_frags_take(
	struct pw_frags *f, const struct pw_frag *frag, pw_ns now, struct pw_frags_whole *out);

/** Forget packets whose time is over. @return how many were not whole and not condemned */
uint32_t pw_frags_run(struct pw_frags *f, pw_ns now);

/** When pw_frags_run() has something to do, or PW_NEVER. */
pw_ns pw_frags_next(const struct pw_frags *f);

/** Packets under way or condemned; any thread. */
uint32_t pw_frags_used(const struct pw_frags *f);

#endif
