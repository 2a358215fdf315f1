/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A long segment is cut as a device with TSO would cut it: bytes, headers and sums of
 * each frame, by code of its own.
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "pw_rand.h"
#include "pw_seg.h"
#include "rig_eal.h"

#define N_HDR	 128
#define N_BARE	 192
#define SEED	 20260202
#define SEQ	 0xffffff00u /* wraps on the way */
#define L2_LEN	 14u
#define IP4_LEN	 20u
#define IP6_LEN	 40u
#define TCP_LEN	 32u
#define TWIN_MAX 60000u

enum {
	FIN = 0x01,
	PSH = 0x08,
	ACK = 0x10,
	CWR = 0x80,
};

static struct pw_store *store;
static struct pw_seg *seg;
static uint8_t twin[TWIN_MAX]; /* the payload */
static struct rte_mbuf *frames[PW_SEG_CUT_MAX];

static void
setup(void)
{
	struct pw_seg_cfg cfg = {
		.name = rig_name(),
		.n_hdr = N_HDR,
		.n_bare = N_BARE,
		.max_pieces = UINT16_MAX,
		.frame_bytes = 1514,
	};

	store = rig_store_open();
	cfg.store = store;
	seg = pw_seg_create(&cfg);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
}

static void
teardown(void)
{
	struct pw_seg_usage u;

	pw_seg_get_usage(seg, &u);
	CU_ASSERT_EQUAL(u.hdr, 0);
	CU_ASSERT_EQUAL(u.bare, 0);
	CU_ASSERT_EQUAL(u.pages, 0);
	pw_seg_destroy(seg);
	pw_store_destroy(store);
}

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t
get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t
get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

/* The sum of the pseudo-header of the packet at @p ip. */
static uint32_t
pseudo(const uint8_t *ip, bool v6, uint32_t l4_len)
{
	return 6 + l4_len + (v6 ? rig_sum(ip + 8, 32, 0) : rig_sum(ip + 12, 8, 0));
}

/* Headers in front of the payload @p m, with nonsense in fields that the cut has no use for. */
static void
push_heads(struct rte_mbuf *m, bool v6, uint32_t mss, uint8_t flags)
{
	uint32_t l3 = v6 ? IP6_LEN : IP4_LEN, len = m->pkt_len, i;
	uint8_t *p = (uint8_t *)rte_pktmbuf_prepend(m, (uint16_t)(L2_LEN + l3 + TCP_LEN));
	uint8_t *ip = p + L2_LEN, *tcp = ip + l3;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	for (i = 0; i < L2_LEN + l3 + TCP_LEN; i++)
		p[i] = (uint8_t)(i * 7 + 1);
	ip[0] = v6 ? 0x60 : 0x45;
	put16(ip + (v6 ? 4 : 2), v6 ? TCP_LEN + len : l3 + TCP_LEN + len);
	put16(tcp + 4, SEQ >> 16);
	put16(tcp + 6, SEQ & 0xffff);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 16, rig_sum(NULL, 0, pseudo(ip, v6, TCP_LEN + len)));
	m->l2_len = L2_LEN;
	m->l3_len = l3;
	m->l4_len = TCP_LEN;
	m->tso_segsz = (uint16_t)mss;
	m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM |
		       (v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
}

/* Payload from the store and texts, which is also in twin. */
static struct rte_mbuf *
payload(struct pw_rand *r, uint32_t max, uint32_t n_max)
{
	static const char words[] = "HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\n";
	struct pw_span s[PW_SEG_SPANS_MAX];
	uint32_t n = 1 + (uint32_t)pw_rand_below(r, n_max), i, len = 0;
	struct rte_mbuf *m;

	for (i = 0; i < n; i++) {
		uint32_t want = 1 + (uint32_t)pw_rand_below(r, (max - len) / (n - i));
		pw_off off = pw_rand_below(r, RIG_OBJECT_BYTES - want);

		if (pw_rand_below(r, 4) == 0)
			s[i] = (struct pw_span){(const uint8_t *)words,
				pw_min(want, sizeof(words) - 1), PW_PAGE_NONE};
		else
			s[i] = rig_span(store, off, want);
		memcpy(twin + len, s[i].addr, s[i].len);
		len += s[i].len;
	}
	m = pw_seg_build(seg, s, n, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL_FATAL(m->pkt_len, len);
	return m;
}

/* One of the frames: @p off is where its payload begins. @return payload bytes */
static uint32_t
check_frame(struct rte_mbuf *m, bool v6, bool sum, uint32_t off, uint8_t flags)
{
	uint32_t l3 = v6 ? IP6_LEN : IP4_LEN, len = m->pkt_len, l4_len = len - L2_LEN - l3;
	uint8_t buf[2000];
	const uint8_t *p, *ip, *tcp;

	rte_mbuf_sanity_check(m, 1);
	CU_ASSERT_FATAL(len <= sizeof(buf));
	p = rte_pktmbuf_read(m, 0, len, buf);
	ip = p + L2_LEN;
	tcp = ip + l3;
	CU_ASSERT_EQUAL(p[5], 5 * 7 + 1);
	CU_ASSERT_EQUAL(get16(ip + (v6 ? 4 : 2)), v6 ? l4_len : l3 + l4_len);
	if (!v6)
		CU_ASSERT_EQUAL(rig_sum(ip, l3, 0), 0xffff);
	CU_ASSERT_EQUAL(get32(tcp + 4), SEQ + off);
	CU_ASSERT_EQUAL(tcp[13], flags);
	CU_ASSERT_EQUAL(tcp[25], (uint8_t)((L2_LEN + l3 + 25) * 7 + 1));
	if (sum) {
		CU_ASSERT_EQUAL(rig_sum(tcp, l4_len, pseudo(ip, v6, l4_len)), 0xffff);
		CU_ASSERT_EQUAL(m->ol_flags & RTE_MBUF_F_TX_L4_MASK, 0);
	} else {
		CU_ASSERT_EQUAL(get16(tcp + 16), rig_sum(NULL, 0, pseudo(ip, v6, l4_len)));
		CU_ASSERT_NOT_EQUAL(m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM, 0);
		CU_ASSERT_EQUAL(m->l4_len, TCP_LEN);
	}
	CU_ASSERT_EQUAL(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG, 0);
	CU_ASSERT_FATAL(memcmp(tcp + TCP_LEN, twin + off, l4_len - TCP_LEN) == 0);
	return l4_len - TCP_LEN;
}

static void
check_cut(struct rte_mbuf *m, bool v6, bool sum, uint32_t mss)
{
	uint32_t total = m->pkt_len, off = 0, n, i;

	push_heads(m, v6, mss, ACK | PSH | FIN | CWR);
	n = pw_seg_cut(seg, m, sum, frames);
	CU_ASSERT_EQUAL_FATAL(n, (total + mss - 1) / mss);
	for (i = 0; i < n; i++) {
		uint8_t flags = ACK | (i == 0 ? CWR : 0) | (i + 1 == n ? PSH | FIN : 0);
		uint32_t len = check_frame(frames[i], v6, sum, off, flags);

		CU_ASSERT_EQUAL(len, pw_min(mss, total - off));
		off += len;
	}
	CU_ASSERT_EQUAL(off, total);
	rte_pktmbuf_free_bulk(frames, n);
}

static void
c157_random_segments_are_cut(void)
{
	struct pw_rand r;
	uint32_t round;

	printf("seed %d ", SEED);
	pw_rand_init(&r, SEED);
	for (round = 0; round < 1000; round++) {
		uint32_t mss = 500 + (uint32_t)pw_rand_below(&r, 949);
		struct rte_mbuf *m = payload(&r, 40 * mss, 20);

		check_cut(m, round & 1, round & 2, mss);
	}
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->copied_bytes[PW_COPY_TOO_MANY_PIECES], 0);
}

/* The frames are windows of the page; the ledger has its bytes once. */
static void
cutting_copies_nothing(void)
{
	struct pw_span s = rig_span(store, 1000, 10 * 1448 + 7);
	struct rte_mbuf *m = pw_seg_build(seg, &s, 1, NULL);
	uint32_t n, i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	push_heads(m, false, 1448, ACK);
	n = pw_seg_cut(seg, m, false, frames);
	CU_ASSERT_EQUAL_FATAL(n, 11);
	for (i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(frames[i]->nb_segs, 2);
		CU_ASSERT_PTR_EQUAL(rte_pktmbuf_mtod(frames[i]->next, const uint8_t *),
			s.addr + (size_t)i * 1448);
	}
	CU_ASSERT_EQUAL(pw_seg_page_held(seg, s.page), 11);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->by_ref_bytes, s.len);
	CU_ASSERT_EQUAL(pw_seg_ledger(seg)->cksum_read_bytes, 0);
	rte_pktmbuf_free_bulk(frames, n);
}

/* Whichever pool runs dry: all or nothing, and everything comes back. */
static void
an_empty_pool_loses_the_segment_and_no_mbuf(void)
{
	struct pw_span s = rig_span(store, 0, 40 * 1000);
	struct rte_mbuf *kept[N_BARE];
	uint32_t n_kept, of_hdr;

	for (of_hdr = 0; of_hdr < 2; of_hdr++) {
		struct rte_mbuf *m = pw_seg_build(seg, &s, 1, NULL);

		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		push_heads(m, false, 1000, ACK);
		for (n_kept = 0; n_kept < (of_hdr ? N_HDR - 20 : N_BARE - 20); n_kept++) {
			kept[n_kept] = of_hdr ? pw_seg_build(seg, NULL, 0, NULL)
					      : rte_pktmbuf_alloc(m->next->pool);
			CU_ASSERT_PTR_NOT_NULL_FATAL(kept[n_kept]);
		}
		CU_ASSERT_EQUAL(pw_seg_cut(seg, m, true, frames), 0);
		rte_pktmbuf_free_bulk(kept, n_kept);
	}
	CU_ASSERT_EQUAL(pw_seg_page_held(seg, s.page), 0);
}

static CU_TestInfo tests[] = {
	{"c157_random_segments_are_cut", c157_random_segments_are_cut},
	{"cutting_copies_nothing", cutting_copies_nothing},
	{"an_empty_pool_loses_the_segment_and_no_mbuf",
		an_empty_pool_loses_the_segment_and_no_mbuf},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_seg_cut = {
	.pName = "seg_cut",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
