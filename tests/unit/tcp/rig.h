/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef TEST_TCP_RIG_H
#define TEST_TCP_RIG_H

/**
 * @file
 * One TCP instance, a virtual clock, and a peer that the test plays by hand:
 * segments in, segments out. Every segment that goes out is kept until the test
 * has looked at it; teardown fails on one that nobody expected, and on anything
 * that is still in use.
 */
#include <CUnit/CUnit.h>
#include "pw_rand.h"
#include "pw_tcp.h"

#define RIG_PORT      80
#define RIG_PEER_PORT 40000
#define RIG_PEER_ISS  1000u
#define RIG_OUT_MAX   512

#define MS(n) ((pw_ns)(n)*PW_NS_PER_MS)

/** The time-out of a connection that rig_accept() opened: 10 ms, and 200 of variance. */
#define RIG_RTO MS(210)

/** A segment that went out. */
struct rig_seg {
	struct pw_tcp_hdr h;
	struct pw_tcp_opts o;
	uint8_t cookie[PW_TCP_COOKIE_MAX]; /**< that o.cookie means */
	uint32_t len;
	uint32_t gso_size;
	bool rtx;
	uint8_t ecn;
	bool bytes_right; /**< every payload byte is the source's */
};

enum rig_callback {
	RIG_OPEN,
	RIG_RECV,
	RIG_EOF,
	RIG_SOURCE,
	RIG_ACKED,
	RIG_TIMER,
	RIG_GONE
};

/** The user of a connection. */
struct rig_user {
	struct pw_tcp_conn *c;
	uint64_t n_open;
	uint64_t n_eof;
	uint64_t n_gone;
	uint64_t n_timer;
	uint64_t received;
	uint64_t received_wrong; /**< bytes that are not the peer's pattern */
	pw_off acked;
	uint32_t take_at_most; /**< recv() takes this much a call */
	bool source_dry;
	uint32_t source_at_most; /**< source() lends this much a call; 0: all */
	bool open_says_no;
	enum pw_tcp_end why;
	/** Called from inside the callback that `act_in` names. */
	void (*act)(struct pw_tcp_conn *c, pw_ns now);
	enum rig_callback act_in;
	uint32_t n_acts;
};

struct rig {
	pw_ns now;
	struct pw_tcp *t;
	struct rig_user user;
	struct rig_seg out[RIG_OUT_MAX];
	uint32_t n_out;
	uint32_t n_seen;
	bool way_full;	   /**< env->send() refuses */
	uint32_t way_room; /**< segments that it still takes */
	/* the peer */
	struct pw_addr us;
	struct pw_addr peer;
	uint16_t port;
	uint32_t peer_iss; /**< RIG_PEER_ISS unless the test says otherwise */
	uint32_t snd;	   /**< its next sequence number */
	uint32_t iss;	   /**< ours, learnt from the SYN-ACK */
	uint32_t ts;	   /**< its clock; 0: no timestamps */
	uint32_t ts_ecr;
	uint8_t peer_shift;
	uint8_t ecn;	   /**< IP's ECN bits of what it sends */
	uint8_t syn_flags; /**< beside SYN */
};

/** What the peer says in its SYN. */
struct rig_peer {
	uint16_t mss;
	uint16_t wnd;
	int wscale; /**< -1: not offered */
	bool sack;
	bool ts;
};
extern const struct rig_peer rig_linux;	  /**< all options */
extern const struct rig_peer rig_ancient; /**< none but MSS */

/** The callbacks of struct rig_user. */
extern const struct pw_tcp_app *const rig_app;

/* clang-format off */
#define TEST(f) {#f, f} /**< a line of a suite's table */
/* clang-format on */

/** @p r is all zero, or was opened before: then it is closed first. */
void rig_open(struct rig *r, const struct pw_tcp_cfg *more);
void rig_close(struct rig *r);

/** The byte at @p off of either stream. */
static inline uint8_t
rig_byte(pw_off off)
{
	return (uint8_t)(off * 167 + (off >> 8) * 13);
}

/** The peer's SYN. @return what pw_tcp_input() said */
enum pw_drop rig_syn(struct rig *r, const struct rig_peer *p);
/** Take the numbers of the SYN-ACK @p syn_ack. */
void rig_learn(struct rig *r, const struct rig_peer *p, const struct rig_seg *syn_ack);

/** Handshake; the connection is in r->user.c. */
void rig_accept(struct rig *r, const struct rig_peer *p);

/** Open a connection to the peer: our SYN has gone out, and 10 ms with it. */
struct pw_tcp_conn *rig_connect(struct rig *r, const struct rig_peer *p);
enum pw_drop rig_syn_ack(struct rig *r, const struct rig_peer *p);

/** Any header, options and @p len bytes of the peer's stream, checksum right. */
enum pw_drop rig_raw(struct rig *r, struct pw_tcp_hdr h, const uint8_t *opts, uint32_t len);

/** What the peer's clock says. */
uint32_t rig_ts(const struct rig *r);

/** Feed a segment, with timestamps when they are spoken. @return what pw_tcp_input() said */
enum pw_drop rig_in(struct rig *r, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t wnd,
	uint32_t len, const struct pw_tcp_sack *sack, uint32_t n_sack);

/** An ACK of our stream up to @p off, with the usual window. */
enum pw_drop rig_ack(struct rig *r, pw_off off);
enum pw_drop rig_ack_wnd(struct rig *r, pw_off off, uint32_t wnd);
/** The same with SACK blocks [a, b), given as offsets in pairs ended by 0, 0. */
enum pw_drop rig_sack(struct rig *r, pw_off off, const pw_off *blocks);

/** Data of the peer at offset @p off of its stream. */
enum pw_drop rig_data(struct rig *r, pw_off off, uint32_t len);

/** Turn at the current time. */
void rig_run(struct rig *r);
/** Let time pass, running whatever falls due on the way. */
void rig_wait(struct rig *r, pw_ns ns);

/** The next segment that went out and was not looked at, or NULL. */
const struct rig_seg *rig_next(struct rig *r);
/** Forget what went out. @return how many segments */
uint32_t rig_skip(struct rig *r);

/** Offset of a segment in our stream. */
int64_t rig_off(const struct rig *r, const struct rig_seg *s);

#define EXPECT_NOTHING(r)                        \
	do {                                     \
		CU_ASSERT_PTR_NULL(rig_next(r)); \
	} while (0)

/** The next segment is data [off, off + len). */
#define EXPECT_DATA(r, at, n)                                     \
	do {                                                      \
		const struct rig_seg *seg_ = rig_next(r);         \
		CU_ASSERT_PTR_NOT_NULL_FATAL(seg_);               \
		CU_ASSERT_EQUAL(rig_off(r, seg_), (int64_t)(at)); \
		CU_ASSERT_EQUAL(seg_->len, (uint32_t)(n));        \
		CU_ASSERT_TRUE(seg_->bytes_right);                \
	} while (0)

/** The next segment is empty, with exactly these flags. */
#define EXPECT_FLAGS(r, f)                                \
	do {                                              \
		const struct rig_seg *seg_ = rig_next(r); \
		CU_ASSERT_PTR_NOT_NULL_FATAL(seg_);       \
		CU_ASSERT_EQUAL(seg_->h.flags, (f));      \
		CU_ASSERT_EQUAL(seg_->len, 0);            \
	} while (0)

#endif
