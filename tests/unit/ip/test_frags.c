/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Reassembly: cases C16 to C19 and C35, attacks A11 and A24.
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "pw_frags.h"
#include "pw_rand.h"
#include "pw_wire_ip4.h"

#define SEED UINT64_C(0x66726167)
#define HOUR (3600 * PW_NS_PER_S)

static struct pw_frags *f;
static struct pw_frags_whole whole;
static uint8_t data[PW_FRAGS_BYTES + 4096];
static uint8_t hdr[PW_IP6_HLEN];

static void
setup(void)
{
	uint32_t i;

	f = pw_frags_create(&pw_mem_heap);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
}

static void
teardown(void)
{
	pw_frags_destroy(f);
}

/* Bytes @p off to @p off + @p len of the packet @p id, IPv4 if that is even. */
static struct pw_frag
piece(uint32_t id, uint32_t off, uint32_t len, bool more)
{
	struct pw_frag frag = {
		.hdr = hdr,
		.p = data + off,
		.len = len,
		.off = off,
		.id = id,
		.more = more,
		.ip6 = id & 1,
		.proto = 6,
	};
	struct pw_ip6_hdr h6 = {.payload_len = 99, .next = PW_IP6_FRAGMENT, .hop_limit = 64};
	struct pw_ip4_hdr h4 = {
		.total_len = 99, .id = (uint16_t)id, .ttl = 64, .mf = true, .proto = 6};

	pw_addr_parse(frag.ip6 ? "fd00::9" : "10.0.0.9", &frag.src);
	pw_addr_parse(frag.ip6 ? "fd00::1" : "10.0.0.1", &frag.dst);
	h4.src = h6.src = frag.src;
	h4.dst = h6.dst = frag.dst;
	if (frag.ip6)
		pw_ip6_emit(hdr, &h6);
	else
		pw_ip4_emit(hdr, &h4);
	return frag;
}

static enum pw_drop
take(uint32_t id, uint32_t off, uint32_t len, bool more)
{
	struct pw_frag frag = piece(id, off, len, more);

	return pw_frags_take(f, &frag, HOUR, &whole);
}

/* What came out is the first @p len bytes behind a header that says so. */
static void
expect_whole(uint32_t id, uint32_t len)
{
	enum pw_drop why;
	uint32_t hlen = id & 1 ? PW_IP6_HLEN : PW_IP4_HLEN;

	CU_ASSERT_PTR_NOT_NULL_FATAL(whole.p);
	CU_ASSERT_EQUAL_FATAL(whole.len, hlen + len);
	if (id & 1) {
		CU_ASSERT_TRUE(pw_ip6_check(whole.p, whole.len, &why));
		CU_ASSERT_EQUAL(pw_get_be16(whole.p + 4), len);
		CU_ASSERT_EQUAL(whole.p[6], 6);
	} else {
		CU_ASSERT_EQUAL(pw_ip4_check(whole.p, whole.len, false, &why), PW_IP4_HLEN);
		CU_ASSERT_EQUAL(pw_get_be16(whole.p + 2), hlen + len);
		CU_ASSERT_EQUAL(pw_get_be16(whole.p + 6), 0);
	}
	CU_ASSERT_EQUAL(memcmp(whole.p + hlen, data, len), 0);
}

static void
c16_pieces_in_any_order(void)
{
	static const uint8_t orders[][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	uint32_t id, i, k;

	for (id = 0; id < 2; id++)
		for (i = 0; i < RTE_DIM(orders); i++) {
			for (k = 0; k < 3; k++) {
				uint32_t at = orders[i][k];

				CU_ASSERT_PTR_NULL(k == 0 ? NULL : whole.p);
				CU_ASSERT_EQUAL(
					take(id, at * 1480, at == 2 ? 101 : 1480, at != 2), PW_OK);
			}
			expect_whole(id, 2 * 1480 + 101);
			CU_ASSERT_EQUAL(pw_frags_used(f), 0);
		}
}

static void
packets_are_kept_apart(void)
{
	struct pw_frag other;

	CU_ASSERT_EQUAL(take(2, 0, 800, true), PW_OK);
	CU_ASSERT_EQUAL(take(4, 800, 8, false), PW_OK); /* of another ID */
	CU_ASSERT_PTR_NULL(whole.p);
	other = piece(2, 800, 8, false);
	other.proto = 17;
	CU_ASSERT_EQUAL(pw_frags_take(f, &other, HOUR, &whole), PW_OK);
	CU_ASSERT_PTR_NULL(whole.p);
	other = piece(2, 800, 8, false);
	other.where = f;
	CU_ASSERT_EQUAL(pw_frags_take(f, &other, HOUR, &whole), PW_OK);
	CU_ASSERT_PTR_NULL(whole.p);
	other = piece(2, 800, 8, false);
	other.src.b[15]++;
	CU_ASSERT_EQUAL(pw_frags_take(f, &other, HOUR, &whole), PW_OK);
	CU_ASSERT_PTR_NULL(whole.p);
	CU_ASSERT_EQUAL(take(2, 800, 8, false), PW_OK);
	expect_whole(2, 808);
}

/* RFC 5722: the whole packet, and what comes of it later. */
static void
c17_c35_a24_overlaps_condemn_the_packet(void)
{
	static const struct {
		uint32_t off, len;
		bool more;
	} over[] = {{0, 808, true}, {8, 8, true}, {792, 16, true}, {0, 8, true}, {792, 9, false}};
	uint32_t i;

	for (i = 0; i < RTE_DIM(over); i++) {
		uint32_t id = 10 + i;

		CU_ASSERT_EQUAL(take(id, 0, 800, true), PW_OK);
		CU_ASSERT_EQUAL(
			take(id, over[i].off, over[i].len, over[i].more), PW_DROP_FRAG_OVERLAP);
		CU_ASSERT_EQUAL(take(id, 800, 8, false), PW_DROP_FRAG_OVERLAP);
		CU_ASSERT_PTR_NULL(whole.p);
	}
}

/* The same once more is what networks do; the same place with other bytes is not. */
static void
c17_a_piece_may_come_twice(void)
{
	struct pw_frag frag;

	CU_ASSERT_EQUAL(take(1, 0, 800, true), PW_OK);
	CU_ASSERT_EQUAL(take(1, 0, 800, true), PW_OK);
	CU_ASSERT_EQUAL(take(1, 800, 8, false), PW_OK);
	expect_whole(1, 808);
	CU_ASSERT_EQUAL(take(3, 0, 800, true), PW_OK);
	frag = piece(3, 0, 800, true);
	frag.p = data + 1;
	CU_ASSERT_EQUAL(pw_frags_take(f, &frag, HOUR, &whole), PW_DROP_FRAG_OVERLAP);
}

static void
two_ends_do_not_fit(void)
{
	CU_ASSERT_EQUAL(take(1, 800, 8, false), PW_OK);
	CU_ASSERT_EQUAL(take(1, 1600, 8, false), PW_DROP_FRAG_OVERLAP);
	CU_ASSERT_EQUAL(take(3, 800, 8, false), PW_OK);
	CU_ASSERT_EQUAL(take(3, 1600, 8, true), PW_DROP_FRAG_OVERLAP);
	CU_ASSERT_EQUAL(take(5, 1600, 8, true), PW_OK);
	CU_ASSERT_EQUAL(take(5, 800, 8, false), PW_DROP_FRAG_OVERLAP);
}

static void
c18_nothing_longer_than_is_taken(void)
{
	CU_ASSERT_EQUAL(take(1, 0, 0, false), PW_DROP_FRAG_BAD);
	CU_ASSERT_EQUAL(take(1, 0, 7, true), PW_DROP_FRAG_BAD);
	CU_ASSERT_EQUAL(pw_frags_used(f), 0);
	CU_ASSERT_EQUAL(take(1, 65528, 8, false), PW_DROP_FRAG_SIZE);
	CU_ASSERT_EQUAL(pw_frags_used(f), 0);
	CU_ASSERT_EQUAL(take(1, PW_FRAGS_BYTES, 8, true), PW_DROP_FRAG_SIZE);
	CU_ASSERT_EQUAL(take(3, 0, PW_FRAGS_BYTES - 8, true), PW_OK);
	CU_ASSERT_EQUAL(take(3, PW_FRAGS_BYTES - 8, 8, false), PW_OK);
	expect_whole(3, PW_FRAGS_BYTES);
}

/* A11: so many pieces of 8 bytes are not what a sender makes who means well. */
static void
a11_no_more_than_64_pieces(void)
{
	uint32_t i;

	for (i = 0; i < PW_FRAGS_PARTS; i++)
		CU_ASSERT_EQUAL(take(1, i * 16, 8, true), PW_OK);
	CU_ASSERT_EQUAL(take(1, i * 16, 8, true), PW_DROP_FRAG_SIZE);
}

static void
c19_what_is_not_whole_is_forgotten(void)
{
	CU_ASSERT_EQUAL(pw_frags_next(f), PW_NEVER);
	CU_ASSERT_EQUAL(take(1, 0, 800, true), PW_OK);
	CU_ASSERT_EQUAL(take(3, 0, 800, true), PW_OK);
	CU_ASSERT_EQUAL(take(3, 0, 8, true), PW_DROP_FRAG_OVERLAP);
	CU_ASSERT_EQUAL(pw_frags_next(f), HOUR + PW_FRAGS_NS);
	CU_ASSERT_EQUAL(pw_frags_run(f, HOUR + PW_FRAGS_NS - 1), 0);
	CU_ASSERT_EQUAL(pw_frags_used(f), 2);
	CU_ASSERT_EQUAL(pw_frags_run(f, HOUR + PW_FRAGS_NS), 1);
	CU_ASSERT_EQUAL(pw_frags_used(f), 0);
	CU_ASSERT_EQUAL(pw_frags_next(f), PW_NEVER);
	CU_ASSERT_EQUAL(take(1, 800, 8, false), PW_OK);
	CU_ASSERT_PTR_NULL(whole.p);
}

/* A24, A11: one sender has his share, and all of them no more than there is. */
static void
a24_a11_floods_are_bounded(void)
{
	struct pw_frag frag;
	uint32_t i;

	for (i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(take(2 * i, 0, 800, true),
			i < PW_FRAGS_OF_SENDER ? PW_OK : PW_DROP_FRAG_FULL);
	CU_ASSERT_EQUAL(take(1, 0, 800, true), PW_OK); /* somebody else's */
	for (i = 0; i < 1000; i++) {
		frag = piece(5, 0, 800, true);
		frag.src.d[3] = i;
		pw_frags_take(f, &frag, HOUR, &whole);
	}
	CU_ASSERT_EQUAL(pw_frags_used(f), PW_FRAGS_PACKETS);
	CU_ASSERT_EQUAL(take(7, 0, 800, true), PW_DROP_FRAG_FULL);
	CU_ASSERT_EQUAL(take(1, 800, 8, false), PW_OK); /* who came first is not pushed out */
	expect_whole(1, 808);
}

/* RFC 3168 5.3 */
static void
c160_a_mark_on_a_piece_marks_the_whole(void)
{
	struct pw_frag frag = piece(1, 800, 8, false);

	hdr[0] = 0x60;
	hdr[1] = 0x30;
	CU_ASSERT_EQUAL(pw_frags_take(f, &frag, HOUR, &whole), PW_OK);
	frag = piece(1, 0, 800, true);
	hdr[1] = 0x20;
	CU_ASSERT_EQUAL(pw_frags_take(f, &frag, HOUR, &whole), PW_OK);
	expect_whole(1, 808);
	CU_ASSERT_EQUAL(pw_get_be16(whole.p), 0x6030);
}

/* Cut anywhere, shuffled, with repetitions: what comes out is what went in. */
static void
random_cuts_come_together(void)
{
	struct pw_rand r;
	uint32_t round, i;

	pw_rand_init(&r, SEED);
	for (round = 0; round < 3000; round++) {
		uint32_t len = 9 + (uint32_t)pw_rand_below(&r, 4000);
		uint32_t cut[PW_FRAGS_PARTS + 1] = {0}, order[PW_FRAGS_PARTS];
		uint32_t n = 0;

		while (n < 20 && cut[n] < len) {
			cut[n + 1] = (uint32_t)pw_min(
				len, cut[n] + 8 + 8 * pw_rand_below(&r, n == 0 ? 4 : 80));
			n++;
		}
		cut[n] = len;
		for (i = 0; i < n; i++) {
			uint32_t k = (uint32_t)pw_rand_below(&r, i + 1);

			order[i] = order[k];
			order[k] = i;
		}
		for (i = 0; i < n; i++) {
			uint32_t at = order[i];

			CU_ASSERT_EQUAL(
				take(round, cut[at], cut[at + 1] - cut[at], at + 1 < n), PW_OK);
			if (i + 1 < n && pw_rand_below(&r, 4) == 0)
				take(round, cut[at], cut[at + 1] - cut[at], at + 1 < n);
		}
		expect_whole(round, len);
	}
	CU_ASSERT_EQUAL(pw_frags_used(f), 0);
}

static CU_TestInfo tests[] = {
	{"c16_pieces_in_any_order", c16_pieces_in_any_order},
	{"packets_are_kept_apart", packets_are_kept_apart},
	{"c17_c35_a24_overlaps_condemn_the_packet", c17_c35_a24_overlaps_condemn_the_packet},
	{"c17_a_piece_may_come_twice", c17_a_piece_may_come_twice},
	{"two_ends_do_not_fit", two_ends_do_not_fit},
	{"c18_nothing_longer_than_is_taken", c18_nothing_longer_than_is_taken},
	{"a11_no_more_than_64_pieces", a11_no_more_than_64_pieces},
	{"c19_what_is_not_whole_is_forgotten", c19_what_is_not_whole_is_forgotten},
	{"a24_a11_floods_are_bounded", a24_a11_floods_are_bounded},
	{"c160_a_mark_on_a_piece_marks_the_whole", c160_a_mark_on_a_piece_marks_the_whole},
	{"random_cuts_come_together", random_cuts_come_together},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_ip_frags = {
	.pName = "ip_frags", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
