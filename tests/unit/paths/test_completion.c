/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Notifications of MSG_ZEROCOPY: parsing one, and what they say of our buffers.
 */
#include <string.h>
#include <netinet/in.h>
#include <linux/errqueue.h>
#include <CUnit/CUnit.h>
#include "paths_priv.h"

static struct zc_track track;
static uint16_t held[4];

static void
setup(void)
{
	memset(&track, 0, sizeof(track));
	memset(held, 0, sizeof(held));
	track.held = held;
}

/* A message as the kernel makes it. */
struct note {
	struct msghdr msg;
	union {
		char room[CMSG_SPACE(sizeof(struct sock_extended_err))];
		struct cmsghdr align;
	} u;
	struct sock_extended_err err;
};

static void
note_init(struct note *n, uint32_t first, uint32_t last, uint8_t code)
{
	memset(n, 0, sizeof(*n));
	n->err = (struct sock_extended_err){.ee_origin = SO_EE_ORIGIN_ZEROCOPY,
		.ee_code = code,
		.ee_info = first,
		.ee_data = last};
}

static int
parse(struct note *n, int level, int type, size_t len, struct zc_range *out)
{
	struct cmsghdr *c;

	n->msg.msg_control = n->u.room;
	n->msg.msg_controllen = sizeof(n->u.room);
	c = CMSG_FIRSTHDR(&n->msg);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), &n->err, sizeof(n->err));
	return zc_parse(&n->msg, out);
}

static void
range_is_taken_from_the_error_queue(void)
{
	struct zc_range r;
	struct note n;

	note_init(&n, 3, 17, 0);
	CU_ASSERT_EQUAL(parse(&n, SOL_IP, IP_RECVERR, sizeof(n.err), &r), 0);
	CU_ASSERT_EQUAL(r.first, 3);
	CU_ASSERT_EQUAL(r.last, 17);
	CU_ASSERT_FALSE(r.copied);
	note_init(&n, 3, 17, SO_EE_CODE_ZEROCOPY_COPIED);
	CU_ASSERT_EQUAL(parse(&n, SOL_IPV6, IPV6_RECVERR, sizeof(n.err), &r), 0);
	CU_ASSERT_TRUE(r.copied);
}

static void
other_messages_are_not_ours(void)
{
	struct msghdr empty = {0};
	struct zc_range r;
	struct note n;

	CU_ASSERT_EQUAL(zc_parse(&empty, &r), -ENOMSG);
	note_init(&n, 0, 0, 0);
	CU_ASSERT_EQUAL(parse(&n, SOL_SOCKET, IP_RECVERR, sizeof(n.err), &r), -ENOMSG);
	CU_ASSERT_EQUAL(parse(&n, SOL_IP, IP_TTL, sizeof(n.err), &r), -ENOMSG);
	CU_ASSERT_EQUAL(parse(&n, SOL_IP, IP_RECVERR, sizeof(n.err) - 1, &r), -ENOMSG);
	n.err.ee_origin = SO_EE_ORIGIN_ICMP;
	CU_ASSERT_EQUAL(parse(&n, SOL_IP, IP_RECVERR, sizeof(n.err), &r), -ENOMSG);
	note_init(&n, 0, 0, 0);
	n.err.ee_errno = EHOSTUNREACH;
	CU_ASSERT_EQUAL(parse(&n, SOL_IP, IP_RECVERR, sizeof(n.err), &r), -ENOMSG);
}

static int
done(uint32_t first, uint32_t last)
{
	const struct zc_range r = {.first = first, .last = last};

	return zc_done(&track, &r);
}

static void
buffer_is_free_after_all_its_sends(void)
{
	zc_sent(&track, 0);
	zc_sent(&track, 0);
	zc_sent(&track, 1);
	CU_ASSERT_EQUAL(done(0, 0), 0);
	CU_ASSERT_EQUAL(held[0], 1);
	CU_ASSERT_EQUAL(done(1, 2), 0);
	CU_ASSERT_EQUAL(held[0] + held[1], 0);
	CU_ASSERT_EQUAL(track.n_under_way, 0);
}

static void
ranges_may_come_out_of_order(void)
{
	uint8_t i;

	for (i = 0; i < 4; i++)
		zc_sent(&track, i);
	CU_ASSERT_EQUAL(done(2, 3), 0);
	CU_ASSERT_EQUAL(held[0], 1);
	CU_ASSERT_EQUAL(held[3], 0);
	CU_ASSERT_EQUAL(done(0, 1), 0);
	CU_ASSERT_EQUAL(track.n_under_way, 0);
}

static void
numbers_run_over(void)
{
	uint8_t i;

	track.next = UINT32_MAX - 1;
	for (i = 0; i < 4; i++)
		zc_sent(&track, i);
	CU_ASSERT_EQUAL(track.next, 2);
	CU_ASSERT_EQUAL(done(UINT32_MAX - 1, 0), 0);
	CU_ASSERT_EQUAL(held[2], 0);
	CU_ASSERT_EQUAL(held[3], 1);
	CU_ASSERT_EQUAL(done(1, 1), 0);
	CU_ASSERT_EQUAL(track.n_under_way, 0);
}

static void
what_is_not_under_way_is_refused(void)
{
	CU_ASSERT_EQUAL(done(0, 0), -EBADMSG);
	zc_sent(&track, 0);
	CU_ASSERT_EQUAL(done(0, 1), -EBADMSG); /* more than were sent */
	CU_ASSERT_EQUAL(done(1, 1), -EBADMSG); /* not yet sent */
	CU_ASSERT_EQUAL(done(5, 3), -EBADMSG); /* backwards */
	CU_ASSERT_EQUAL(done(1, 0), -EBADMSG); /* backwards by one: none */
	CU_ASSERT_EQUAL(held[0], 1);
	CU_ASSERT_EQUAL(done(0, 0), 0);
	zc_sent(&track, 1);
	CU_ASSERT_EQUAL(done(0, 0), -EBADMSG); /* said twice */
}

static CU_TestInfo tests[] = {
	{"range_is_taken_from_the_error_queue", range_is_taken_from_the_error_queue},
	{"other_messages_are_not_ours", other_messages_are_not_ours},
	{"buffer_is_free_after_all_its_sends", buffer_is_free_after_all_its_sends},
	{"ranges_may_come_out_of_order", ranges_may_come_out_of_order},
	{"numbers_run_over", numbers_run_over},
	{"what_is_not_under_way_is_refused", what_is_not_under_way_is_refused},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_paths_completion = {
	.pName = "paths_completion",
	.pSetUpFunc = setup,
	.pTests = tests,
};
