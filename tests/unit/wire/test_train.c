/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "guard.h"
#include "pw_wire_bytes.h"
#include "pw_wire_cksum.h"
#include "pw_wire_tcp.h"
#include "pw_wire_train.h"

#define L3	14u
#define OPT	12u
#define PAYLOAD 100u

/* Where fields of a frame with an IPv4 header begin. */
enum {
	IP4_LEN = L3 + 2,
	IP4_ID = L3 + 4,
	IP4_CKSUM = L3 + 10,
	TCP4 = L3 + 20,
	TCP6 = L3 + 40,
};

static uint8_t first[300], next[300];
static struct pw_train train;

static void
sum_ip4(uint8_t *p)
{
	uint16_t sum = 0;

	memcpy(p + IP4_CKSUM, &sum, 2);
	sum = pw_sum_finish(pw_sum(p + L3, 20));
	memcpy(p + IP4_CKSUM, &sum, 2);
}

/* A frame with @p len bytes of payload and sequence number @p seq. @return its length */
static uint32_t
frame(uint8_t *p, bool v6, uint32_t seq, uint32_t len)
{
	uint32_t l4 = v6 ? TCP6 : TCP4, i;
	struct pw_tcp_hdr h = {
		.sport = 80,
		.dport = 40000,
		.seq = seq,
		.ack = 77,
		.wnd = 99,
		.flags = PW_TCP_ACK,
		.opt_len = OPT,
	};
	uint8_t opts[OPT];

	for (i = 0; i < l4; i++)
		p[i] = (uint8_t)(i * 3 + 1);
	p[L3] = v6 ? 0x60 : 0x45;
	pw_put_be16(p + (v6 ? L3 + 4 : IP4_LEN), (uint16_t)((v6 ? 0 : 20) + 20 + OPT + len));
	pw_tcp_put_ts(opts, 5, 6);
	pw_tcp_emit(p + l4, &h, opts);
	if (!v6)
		sum_ip4(p);
	return l4 + 20 + OPT + len;
}

static bool
begin(bool v6)
{
	uint32_t len = frame(first, v6, 1000, PAYLOAD);

	return pw_train_begin(&train, first, L3, v6 ? TCP6 : TCP4, len);
}

static void
the_next_bytes_follow(void)
{
	int v6;

	for (v6 = 0; v6 < 2; v6++) {
		uint32_t seq = 1000 + PAYLOAD, len;

		CU_ASSERT_TRUE(begin(v6));
		for (len = 1; len < 150; len += 7) {
			uint32_t all = frame(next, v6, seq, len);

			next[(v6 ? TCP6 : TCP4) + 13] |= len & 1 ? PW_TCP_PSH : 0;
			CU_ASSERT_EQUAL(pw_train_next(&train, next, all, len & 2), len);
			seq += len;
		}
	}
}

/* Every bit of the headers that may not differ is looked at. */
static void
what_differs_does_not_follow(void)
{
	int v6;

	for (v6 = 0; v6 < 2; v6++) {
		uint32_t l4 = v6 ? TCP6 : TCP4, hlen = l4 + 20 + OPT, bit;

		for (bit = 0; bit < hlen * 8; bit++) {
			uint32_t at = bit / 8, len = frame(next, v6, 1000 + PAYLOAD, PAYLOAD);
			bool may = at == l4 + 16 || at == l4 + 17 || /* TCP's checksum, PSH */
				   (at == l4 + 13 && 1 << bit % 8 == PW_TCP_PSH) ||
				   (!v6 && (at == IP4_ID || at == IP4_ID + 1));

			CU_ASSERT_TRUE(begin(v6));
			next[at] ^= (uint8_t)(1 << bit % 8);
			if (!v6 && at >= L3 && at < l4 && at != IP4_CKSUM && at != IP4_CKSUM + 1)
				sum_ip4(next);
			CU_ASSERT_EQUAL(pw_train_next(&train, next, len, false), may ? PAYLOAD : 0);
		}
	}
}

static void
a_wrong_ip_checksum_does_not_follow(void)
{
	uint32_t len = frame(next, false, 1000 + PAYLOAD, PAYLOAD);

	next[IP4_CKSUM] ^= 1;
	CU_ASSERT_TRUE(begin(false));
	CU_ASSERT_EQUAL(pw_train_next(&train, next, len, false), 0);
	CU_ASSERT_EQUAL(pw_train_next(&train, next, len, true), PAYLOAD); /* it was looked at */
}

static void
padding_and_short_frames_do_not_follow(void)
{
	uint32_t len = frame(next, false, 1000 + PAYLOAD, PAYLOAD), n;

	CU_ASSERT_TRUE(begin(false));
	CU_ASSERT_EQUAL(pw_train_next(&train, next, len + 1, false), 0);
	for (n = 0; n < len; n++) /* behind it nothing can be read */
		CU_ASSERT_EQUAL(pw_train_next(&train, guard_copy(next, n), n, false), 0);
	CU_ASSERT_EQUAL(pw_train_next(&train, guard_copy(next, len), len, false), PAYLOAD);
}

static void
only_plain_segments_begin(void)
{
	uint32_t len = frame(first, false, 1000, PAYLOAD), flag;

	for (flag = 1; flag < 0x100; flag <<= 1) {
		frame(first, false, 1000, PAYLOAD);
		first[TCP4 + 13] ^= (uint8_t)flag;
		CU_ASSERT_EQUAL(pw_train_begin(&train, first, L3, TCP4, len), flag == PW_TCP_PSH);
	}
	frame(first, false, 1000, PAYLOAD);
	CU_ASSERT_FALSE(pw_train_begin(&train, first, L3, TCP4, TCP4 + 20 + OPT)); /* no payload */
	first[TCP4 + 12] = 0x40;
	CU_ASSERT_FALSE(pw_train_begin(&train, first, L3, TCP4, len));
	first[TCP4 + 12] = 0xf0;
	CU_ASSERT_FALSE(pw_train_begin(&train, first, L3, TCP4, TCP4 + 59));
	frame(first, false, 1000, PAYLOAD);
	CU_ASSERT_FALSE(pw_train_begin(&train, first, L3 - 4, TCP4, len)); /* IP options */
}

static CU_TestInfo tests[] = {
	{"the_next_bytes_follow", the_next_bytes_follow},
	{"what_differs_does_not_follow", what_differs_does_not_follow},
	{"a_wrong_ip_checksum_does_not_follow", a_wrong_ip_checksum_does_not_follow},
	{"padding_and_short_frames_do_not_follow", padding_and_short_frames_do_not_follow},
	{"only_plain_segments_begin", only_plain_segments_begin},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_wire_train = {
	.pName = "wire_train",
	.pTests = tests,
};
