/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_SEG_H
#define PW_SEG_H

/**
 * @file
 * Packet builder: turns spans into a chain of mbufs without touching the bytes.
 *
 *	[header mbuf: headroom | text] -> [window of a page] -> [window of a page]
 *
 * The first mbuf has PW_SEG_HEADROOM bytes in front for the headers. A span of
 * the store becomes an mbuf without a buffer of its own, attached to the page by
 * a window of exactly the span's bytes (an attached buffer has a 16-bit length,
 * a page has not). Text is copied behind the headers.
 *
 * A page has one shared info per builder, whose count starts at 1 and never
 * returns to 0 while the builder lives: what is above that is what devices hold
 * of the page.
 *
 * Owner:    one builder per worker and port. Not thread safe; devices may free
 *           the mbufs on any thread.
 * Promise:  a packet is built whole or not at all. Nothing is leaked when a pool
 *           runs dry.
 */
#include <rte_mbuf.h>
#include "pw_base.h"
#include "pw_span.h"
#include "pw_store.h"

#define PW_SEG_HEADROOM 128  /**< Ethernet, a VLAN tag, IPv6 and TCP with options, and 10 over */
#define PW_SEG_TEXT_MAX 1536 /**< text that fits a header mbuf: all of an MTU of 1500 */

/* clang-format off */
#define PW_COPIES(X) \
	X(NO_MULTI_SEG, "the device takes no chains of buffers") \
	X(TOO_MANY_PIECES, "more pieces than the device takes in a chain")
/* clang-format on */

/** Why a payload byte of the store was copied by us. */
enum pw_copy {
#define X(name, help) PW_COPY_##name,
	PW_COPIES(X)
#undef X
	PW_COPY_MAX
};

/** Name and one line of help. Index: enum pw_copy. */
struct pw_copy_info {
	const char *name;
	const char *help;
};
extern const struct pw_copy_info pw_copy_info[PW_COPY_MAX];

/**
 * The copy ledger: what was done with the bytes of the store in packets built,
 * retransmissions included. by_ref_bytes and copied_bytes add up to all of them.
 */
struct pw_ledger {
	uint64_t by_ref_bytes;		    /**< lent to the device where they are */
	uint64_t copied_bytes[PW_COPY_MAX]; /**< copied by us */
	uint64_t cksum_read_bytes;	    /**< read for a checksum */
	uint64_t driver_copied_bytes;	    /**< handed to a driver that copies by nature */
	uint64_t text_bytes;		    /**< not of the store: texts written into packets */
};

struct pw_seg_cfg {
	const char *name;	      /**< of the pools: at most 16 bytes, unique in the process */
	int socket_id;		      /**< of their memory */
	const struct pw_store *store; /**< may be NULL: there is only text */
	uint32_t n_hdr;		      /**< packets that may be under way at once */
	uint32_t n_bare;	      /**< windows likewise, below 65,000; 0: as n_hdr */
	uint16_t max_pieces;	      /**< mbufs in a chain; 1: the device takes no chains */
	uint16_t frame_bytes;	      /**< longest frame: what a copied packet must fit */
	bool driver_copies;	      /**< for the ledger */
};

struct pw_seg; /* private to seg */

/** @return a builder, or NULL with errno: ENOMEM, EINVAL (n_bare, frame_bytes); logged. */
struct pw_seg *pw_seg_create(const struct pw_seg_cfg *cfg);

/** Free the pools. No mbuf of theirs may be with a device any more. */
void pw_seg_destroy(struct pw_seg *seg);

/**
 * Build a packet's payload.
 *
 * @param spans  what it consists of, in order, at most PW_SEG_SPANS_MAX
 * @param sum    NULL when nobody needs it, else set to the sum of the payload
 * @return the first mbuf, the payload in the chain and PW_SEG_HEADROOM free in
 *         front; the caller's. NULL: a pool is empty.
 */
struct rte_mbuf *pw_seg_build(
	struct pw_seg *seg, const struct pw_span *spans, uint32_t n, uint16_t *sum);

#define PW_SEG_CUT_MAX	 48    /**< frames that a segment is cut into at most */
#define PW_SEG_CUT_BYTES 65400 /**< payload of one at most: its IP length has 16 bits */

/**
 * Generic segmentation: cut the frame @p m, which a device with TSO could be handed, into
 * frames of tso_segsz bytes of payload, as that device would. It is an Ethernet frame
 * whose l2_len, l3_len, l4_len and flags are set, whose TCP checksum field holds the sum
 * of the pseudo-header, and whose payload pw_seg_build() made. The windows of the frames
 * are windows of the pages: nothing of the store is copied, text is. The first frame
 * alone has CWR, the last alone FIN and PSH (RFC 9293, RFC 3168).
 *
 * @param sum  write TCP checksums; false: the device does
 * @param out  PW_SEG_CUT_MAX places
 * @return frames in @p out, the caller's; 0: a pool is empty. Takes @p m in any case.
 */
uint32_t pw_seg_cut(struct pw_seg *seg, struct rte_mbuf *m, bool sum, struct rte_mbuf **out);

/**
 * A packet that holds a copy of @p len bytes which belong to no file: an ARP or
 * ICMP message. Not in the ledger. Bytes may be NULL: then they are unwritten
 * (and @p len must fit PW_SEG_TEXT_MAX).
 * @return as pw_seg_build()
 */
struct rte_mbuf *pw_seg_message(struct pw_seg *seg, const void *bytes, uint32_t len);

const struct pw_ledger *pw_seg_ledger(const struct pw_seg *seg);

/** What of the builder's is under way. */
struct pw_seg_usage {
	uint32_t hdr;	/**< header mbufs not in their pool */
	uint32_t bare;	/**< windows not in theirs */
	uint64_t pages; /**< windows by the counts of the pages: what devices hold */
};

/** Exact only while no device frees. All 0 when every packet is back. */
void pw_seg_get_usage(const struct pw_seg *seg, struct pw_seg_usage *out);

/** The pool of header mbufs, for show. */
const struct rte_mempool *pw_seg_headers(const struct pw_seg *seg);

/** Windows of @p page that devices hold. */
uint32_t pw_seg_page_held(const struct pw_seg *seg, uint32_t page);

#endif
