/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "pw_rand.h"
#include "pw_seg.h"
#include "pw_wire_bytes.h"
#include "rig_eal.h"

#define N_HDR  64
#define N_BARE 96
#define SEED   20260101

static struct pw_store *store;
static struct pw_seg *seg;

static void
open_seg(uint16_t max_pieces, bool driver_copies)
{
	struct pw_seg_cfg cfg = {
		.name = rig_name(),
		.store = store,
		.n_hdr = N_HDR,
		.n_bare = N_BARE,
		.max_pieces = max_pieces,
		.frame_bytes = 9014,
		.driver_copies = driver_copies,
	};

	seg = pw_seg_create(&cfg);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
}

static void
close_seg(void)
{
	struct pw_seg_usage u;

	pw_seg_get_usage(seg, &u);
	CU_ASSERT_EQUAL(u.hdr, 0);
	CU_ASSERT_EQUAL(u.bare, 0);
	CU_ASSERT_EQUAL(u.pages, 0);
	pw_seg_destroy(seg);
}

static void
setup(void)
{
	store = rig_store_open();
	open_seg(UINT16_MAX, false);
}

static void
teardown(void)
{
	close_seg();
	pw_store_destroy(store);
}

static void
reopen(uint16_t max_pieces)
{
	close_seg();
	open_seg(max_pieces, false);
}

static struct pw_span
text(const char *s)
{
	struct pw_span span = {(const uint8_t *)s, (uint32_t)strlen(s), PW_PAGE_NONE};

	return span;
}

/* A packet's bytes in one piece; freed is the packet. */
static uint32_t
take(struct rte_mbuf *m, uint8_t *buf, uint32_t room)
{
	uint32_t len = m->pkt_len;
	const void *p;

	rte_mbuf_sanity_check(m, 1);
	CU_ASSERT_FATAL(len <= room);
	p = rte_pktmbuf_read(m, 0, len, buf);
	if (p != buf)
		memcpy(buf, p, len);
	rte_pktmbuf_free(m);
	return len;
}

static void
store_bytes_are_lent_not_copied(void)
{
	struct pw_span s = rig_span(store, 1000, 1460);
	struct rte_mbuf *m = pw_seg_build(seg, &s, 1, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->nb_segs, 2);
	CU_ASSERT_EQUAL(m->data_len, 0);
	CU_ASSERT_EQUAL(rte_pktmbuf_headroom(m), PW_SEG_HEADROOM);
	CU_ASSERT_EQUAL(m->pkt_len, 1460);
	CU_ASSERT_PTR_EQUAL(rte_pktmbuf_mtod(m->next, uint8_t *), s.addr);
	CU_ASSERT_EQUAL(m->next->buf_len, 1460);
	CU_ASSERT_EQUAL(rte_mbuf_iova_get(m->next), (uintptr_t)s.addr);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->by_ref_bytes, 1460);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->cksum_read_bytes, 0);
	rte_pktmbuf_free(m);
}

static void
text_follows_the_headers(void)
{
	struct pw_span s[] = {text("HTTP/1.1 200 OK\r\n"), rig_span(store, 0, 10)};
	struct rte_mbuf *m = pw_seg_build(seg, s, 2, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->data_len, 17);
	CU_ASSERT_EQUAL(memcmp(rte_pktmbuf_mtod(m, char *), "HTTP", 4), 0);
	CU_ASSERT_EQUAL(m->nb_segs, 2);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->text_bytes, 17);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->by_ref_bytes, 10);
	rte_pktmbuf_free(m);
}

static void
text_behind_a_page_has_its_own_buffer(void)
{
	struct pw_span s[] = {rig_span(store, 0, 10), text("--boundary"), text("--")};
	struct rte_mbuf *m = pw_seg_build(seg, s, 3, NULL);
	uint8_t buf[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->nb_segs, 3);
	CU_ASSERT_EQUAL(take(m, buf, sizeof(buf)), 22);
	CU_ASSERT_EQUAL(buf[9], rig_byte(9));
	CU_ASSERT_EQUAL(memcmp(buf + 10, "--boundary--", 12), 0);
}

static void
a_bare_packet_has_no_payload(void)
{
	uint16_t sum = 1;
	struct rte_mbuf *m = pw_seg_build(seg, NULL, 0, &sum);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->pkt_len, 0);
	CU_ASSERT_EQUAL(m->nb_segs, 1);
	CU_ASSERT_EQUAL(sum, 0);
	rte_pktmbuf_free(m);
}

static void
a_long_message_takes_several_buffers(void)
{
	uint8_t in[4000], out[4000];
	struct rte_mbuf *m;
	uint32_t i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = rig_byte(i);
	m = pw_seg_message(seg, in, sizeof(in));
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(rte_pktmbuf_headroom(m), PW_SEG_HEADROOM);
	CU_ASSERT_EQUAL(m->nb_segs, 3);
	CU_ASSERT_EQUAL(take(m, out, sizeof(out)), sizeof(in));
	CU_ASSERT_EQUAL(memcmp(in, out, sizeof(in)), 0);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->text_bytes, 0);
}

/* C158: a device without chains gets one buffer, and the ledger says why. */
static void
c158_without_multi_seg_all_is_copied(void)
{
	struct pw_span s[] = {rig_span(store, 7, 4000), rig_span(store, 5000, 4000)};
	struct rte_mbuf *m;
	uint8_t buf[8000];
	uint32_t i;

	reopen(1);
	m = pw_seg_build(seg, s, 2, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->nb_segs, 1);
	CU_ASSERT_EQUAL(take(m, buf, sizeof(buf)), 8000);
	for (i = 0; i < 4000; i++)
		CU_ASSERT_FATAL(buf[i] == rig_byte(7 + i) && buf[4000 + i] == rig_byte(5000 + i));
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->copied_bytes[PW_COPY_NO_MULTI_SEG], 8000);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->by_ref_bytes, 0);
}

static void
too_many_pieces_are_copied(void)
{
	struct pw_span s[4];
	struct rte_mbuf *m;
	uint32_t i;

	reopen(4);
	for (i = 0; i < 4; i++)
		s[i] = rig_span(store, 100 * i, 50);
	m = pw_seg_build(seg, s, 3, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->nb_segs, 4);
	rte_pktmbuf_free(m);
	m = pw_seg_build(seg, s, 4, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->nb_segs, 1);
	rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->copied_bytes[PW_COPY_TOO_MANY_PIECES], 200);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->by_ref_bytes, 150);
}

static void
a_copying_driver_is_entered(void)
{
	struct pw_span s = rig_span(store, 0, 100);

	close_seg();
	open_seg(UINT16_MAX, true);
	rte_pktmbuf_free(pw_seg_build(seg, &s, 1, NULL));
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->by_ref_bytes, 100);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->driver_copied_bytes, 100);
}

/* Pools run dry in the middle of a packet: nothing is built, nothing is lost. */
static void
an_empty_pool_leaks_nothing(void)
{
	struct rte_mbuf *held[N_BARE];
	struct pw_seg_usage before, after;
	struct pw_span s[8];
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < 8; i++)
		s[i] = rig_span(store, 1000 * i, 1000);
	while ((held[n] = pw_seg_build(seg, s, 5, NULL)) != NULL)
		n++;
	CU_ASSERT_EQUAL(n, N_BARE / 5);
	pw_seg_get_usage(seg, &before);
	CU_ASSERT_PTR_NULL(pw_seg_build(seg, s, 8, NULL));
	pw_seg_get_usage(seg, &after);
	CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->by_ref_bytes, n * UINT64_C(5000));
	rte_pktmbuf_free_bulk(held, n);
}

/* Emptied and filled again in every way: one packet's buffer is never another's. */
static void
c158_random_shortage_of_headers(void)
{
	static struct rte_mbuf *held[N_HDR];
	struct pw_rand r;
	uint32_t n = 0, round, i, most = 0;

	printf("seed %d ", SEED + 2);
	pw_rand_init(&r, SEED + 2);
	for (round = 0; round < 20000; round++) {
		if (pw_rand_below(&r, 2) == 0) {
			struct rte_mbuf *m = pw_seg_message(seg, "x", 1);

			for (i = 0; m != NULL && i < n; i++)
				CU_ASSERT_PTR_NOT_EQUAL_FATAL(m, held[i]);
			if (m != NULL)
				held[n++] = m;
			most = pw_max(most, n);
		} else if (n > 0 && (round / 1000 % 2 == 0 || pw_rand_below(&r, 3) == 0)) {
			i = (uint32_t)pw_rand_below(&r, n);
			rte_pktmbuf_free(held[i]);
			held[i] = held[--n];
		}
	}
	CU_ASSERT_EQUAL(most, N_HDR); /* to the last one */
	rte_pktmbuf_free_bulk(held, n);
}

static void
no_header_mbuf_no_packet(void)
{
	struct rte_mbuf *held[N_HDR];
	uint32_t n = 0;

	while (n < N_HDR && (held[n] = pw_seg_build(seg, NULL, 0, NULL)) != NULL)
		n++;
	CU_ASSERT_EQUAL(n, N_HDR);
	CU_ASSERT_PTR_NULL(pw_seg_build(seg, NULL, 0, NULL));
	CU_ASSERT_PTR_NULL(pw_seg_message(seg, "x", 1));
	rte_pktmbuf_free_bulk(held, n);
}

/* The count of a page says what is held of it, and its base reference stays. */
static void
pages_are_counted(void)
{
	struct rte_mbuf *m[N_HDR];
	struct pw_span s = rig_span(store, PW_PAGE_BYTES + 5, 100);
	uint32_t round, i;

	CU_ASSERT_EQUAL(s.page, 1);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < N_HDR; i++)
			m[i] = pw_seg_build(seg, &s, 1, NULL);
		CU_ASSERT_EQUAL(pw_seg_page_held(seg, 1), N_HDR);
		CU_ASSERT_EQUAL(pw_seg_page_held(seg, 0), 0);
		rte_pktmbuf_free_bulk(m, N_HDR / 2);
		CU_ASSERT_EQUAL(pw_seg_page_held(seg, 1), N_HDR / 2);
		rte_pktmbuf_free_bulk(m + N_HDR / 2, N_HDR / 2);
		CU_ASSERT_EQUAL(pw_seg_page_held(seg, 1), 0);
	}
}

static void
impossible_sizes_are_refused(void)
{
	struct pw_seg_cfg cfg = {.name = "none", .n_hdr = 64, .n_bare = 65001, .max_pieces = 1};

	CU_ASSERT_PTR_NULL(pw_seg_create(&cfg));
	CU_ASSERT_EQUAL(errno, EINVAL);
}

/* A random packet, and the same bytes put together naively. */
static uint32_t
random_spans(struct pw_rand *r, struct pw_span *s, uint32_t *n, uint8_t *twin)
{
	static uint8_t words[64];
	uint32_t len = 0;
	uint32_t i, k;

	*n = (uint32_t)pw_rand_below(r, 9);
	for (i = 0; i < *n; i++) {
		pw_off off = pw_rand_below(r, RIG_OBJECT_BYTES);

		s[i] = rig_span(store, off, 1 + (uint32_t)pw_rand_below(r, 900));
		if (pw_rand_below(r, 3) == 0)
			s[i] = (struct pw_span){
				words, 1 + (uint32_t)pw_rand_below(r, 63), PW_PAGE_NONE};
		for (k = 0; k < s[i].len; k++)
			twin[len++] = s[i].page == PW_PAGE_NONE ? words[k] : rig_byte(off + k);
	}
	return len;
}

/* C157: whatever the pieces, the right bytes and the right sum. */
static void
check_random(uint64_t seed)
{
	uint8_t twin[9000], buf[9000];
	struct pw_span s[9];
	struct pw_rand r;
	uint32_t round, n, len;

	pw_rand_init(&r, seed);
	for (round = 0; round < 2000; round++) {
		struct rte_mbuf *m;
		uint16_t sum, expected;

		len = random_spans(&r, s, &n, twin);
		m = pw_seg_build(seg, s, n, &sum);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		CU_ASSERT_EQUAL_FATAL(take(m, buf, sizeof(buf)), len);
		CU_ASSERT_FATAL(memcmp(buf, twin, len) == 0);
		expected = rig_sum(twin, len, 0);
		sum = rte_be_to_cpu_16(sum);
		/* 0 and 0xffff are one number. */
		CU_ASSERT_FATAL(sum % 0xffff == expected % 0xffff);
	}
}

static void
c157_random_pieces_by_reference(void)
{
	printf("seed %d ", SEED);
	check_random(SEED);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->copied_bytes[PW_COPY_TOO_MANY_PIECES], 0);
}

static void
c157_random_pieces_copied(void)
{
	printf("seed %d ", SEED + 1);
	reopen(1);
	check_random(SEED + 1);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->by_ref_bytes, 0);
}

static CU_TestInfo tests[] = {
	{"store_bytes_are_lent_not_copied", store_bytes_are_lent_not_copied},
	{"text_follows_the_headers", text_follows_the_headers},
	{"text_behind_a_page_has_its_own_buffer", text_behind_a_page_has_its_own_buffer},
	{"a_bare_packet_has_no_payload", a_bare_packet_has_no_payload},
	{"a_long_message_takes_several_buffers", a_long_message_takes_several_buffers},
	{"c158_without_multi_seg_all_is_copied", c158_without_multi_seg_all_is_copied},
	{"too_many_pieces_are_copied", too_many_pieces_are_copied},
	{"a_copying_driver_is_entered", a_copying_driver_is_entered},
	{"an_empty_pool_leaks_nothing", an_empty_pool_leaks_nothing},
	{"c158_random_shortage_of_headers", c158_random_shortage_of_headers},
	{"no_header_mbuf_no_packet", no_header_mbuf_no_packet},
	{"pages_are_counted", pages_are_counted},
	{"impossible_sizes_are_refused", impossible_sizes_are_refused},
	{"c157_random_pieces_by_reference", c157_random_pieces_by_reference},
	{"c157_random_pieces_copied", c157_random_pieces_copied},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_seg_build = {
	.pName = "seg_build",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
