/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "guard.h"
#include "pw_rand.h"
#include "pw_wire_tcp.h"

#define SEED UINT64_C(0x746370)

static struct pw_tcp_opts opts;

/* Parse option bytes that end at an unreadable page. */
#define PARSE(...)                                                                         \
	do {                                                                               \
		static const uint8_t bytes[] = {__VA_ARGS__};                              \
		memset(&opts, 0xee, sizeof(opts));                                         \
		pw_tcp_parse_opts(guard_copy(bytes, sizeof(bytes)), sizeof(bytes), &opts); \
	} while (0)

/* C45: data offset below 5, or past the segment; A5 */
static void
c45_offset_is_checked(void)
{
	uint8_t *p = guard_end(PW_TCP_HLEN_MIN);
	uint32_t off;

	memset(p, 0, PW_TCP_HLEN_MIN);
	for (off = 0; off < 16; off++) {
		p[12] = (uint8_t)(off << 4 | 0xf);
		CU_ASSERT_EQUAL(pw_tcp_check(p, PW_TCP_HLEN_MIN), off == 5 ? 20 : 0);
		CU_ASSERT_EQUAL(pw_tcp_check(p, 60), off < 5 ? 0 : off * 4);
	}
}

static void
short_segments_are_refused(void)
{
	uint32_t len;

	for (len = 0; len < PW_TCP_HLEN_MIN; len++) {
		uint8_t *p = guard_end(len);

		memset(p, 0x55, len);
		CU_ASSERT_EQUAL(pw_tcp_check(p, len), 0);
	}
}

/* Byte for byte as RFC 9293 section 3.1 draws it. */
static void
emit_writes_the_header(void)
{
	static const uint8_t want[] = {0x12, 0x34, 0xab, 0xcd, 1, 2, 3, 4, 5, 6, 7, 8, 0x60, 0x18,
		0xfe, 0xdc, 0, 0, 0, 0, 1, 1, 1, 0};
	static const uint8_t nops[PW_TCP_OPT_MAX] = {1, 1, 1, 0};
	struct pw_tcp_hdr h = {.sport = 0x1234,
		.dport = 0xabcd,
		.seq = 0x01020304,
		.ack = 0x05060708,
		.wnd = 0xfedc,
		.flags = PW_TCP_ACK | PW_TCP_PSH,
		.opt_len = 4};
	uint8_t *p = guard_end(sizeof(want));

	CU_ASSERT_EQUAL(pw_tcp_emit(p, &h, nops), sizeof(want));
	CU_ASSERT_EQUAL(memcmp(p, want, sizeof(want)), 0);
}

/* C46: what the peer puts into the reserved bits is not seen; ours are zero. */
static void
c46_reserved_bits(void)
{
	struct pw_tcp_hdr h = {.seq = 7, .flags = PW_TCP_ACK}, back;
	uint8_t *p = guard_end(PW_TCP_HLEN_MIN);

	pw_tcp_emit(p, &h, p);
	CU_ASSERT_EQUAL(p[12], 0x50);
	p[12] |= 0xf;
	CU_ASSERT_EQUAL(pw_tcp_check(p, PW_TCP_HLEN_MIN), PW_TCP_HLEN_MIN);
	pw_tcp_parse(p, &back);
	CU_ASSERT_EQUAL(back.opt_len, 0);
	CU_ASSERT_EQUAL(back.flags, PW_TCP_ACK);
}

static struct pw_tcp_hdr
random_hdr(struct pw_rand *r)
{
	uint64_t a = pw_rand_u64(r), b = pw_rand_u64(r);

	return (struct pw_tcp_hdr){.sport = (uint16_t)a,
		.dport = (uint16_t)(a >> 16),
		.seq = (uint32_t)(a >> 32),
		.ack = (uint32_t)b,
		.wnd = (uint16_t)(b >> 32),
		.flags = (uint8_t)(b >> 48),
		.opt_len = (uint8_t)(pw_rand_below(r, 11) * 4)};
}

static bool
same_hdr(const struct pw_tcp_hdr *a, const struct pw_tcp_hdr *b)
{
	return a->sport == b->sport && a->dport == b->dport && a->seq == b->seq &&
	       a->ack == b->ack && a->wnd == b->wnd && a->flags == b->flags &&
	       a->opt_len == b->opt_len;
}

static void
emit_and_parse_agree(void)
{
	uint8_t text[PW_TCP_OPT_MAX];
	struct pw_rand r;
	uint32_t bad = 0;
	int i;

	printf("seed %#jx ", (uintmax_t)SEED);
	pw_rand_init(&r, SEED);
	memset(text, 0x5a, sizeof(text));
	for (i = 0; i < 5000; i++) {
		struct pw_tcp_hdr h = random_hdr(&r), back;
		uint32_t len = PW_TCP_HLEN_MIN + h.opt_len;
		uint8_t *p = guard_end(len);

		bad += pw_tcp_emit(p, &h, text) != len || pw_tcp_check(p, len) != len;
		pw_tcp_parse(p, &back);
		bad += !same_hdr(&h, &back);
		bad += memcmp(p + PW_TCP_HLEN_MIN, text, h.opt_len) != 0;
	}
	CU_ASSERT_EQUAL(bad, 0);
}

static void
no_options(void)
{
	memset(&opts, 0xee, sizeof(opts));
	pw_tcp_parse_opts(guard_end(0), 0, &opts);
	CU_ASSERT_EQUAL(opts.has, 0);
	CU_ASSERT_EQUAL(opts.n_sack, 0);
}

static void
linux_syn(void)
{
	PARSE(2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0x12, 0x34, 0, 0, 0, 0, 1, 3, 3, 7);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_MSS | PW_OPT_SACK_OK | PW_OPT_TS | PW_OPT_WSCALE);
	CU_ASSERT_EQUAL(opts.mss, 1460);
	CU_ASSERT_EQUAL(opts.wscale, 7);
	CU_ASSERT_EQUAL(opts.ts_val, 0x1234);
	CU_ASSERT_EQUAL(opts.ts_ecr, 0);
}

/* C47: unknown kinds, one of them as long as all the room. */
static void
c47_unknown_options_are_skipped(void)
{
	PARSE(254, 4, 9, 9, 30, 2, 2, 4, 0x05, 0xb4, 1, 0);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_MSS);
	PARSE(77, 8, 2, 4, 5, 0xb4, 0, 0);
	CU_ASSERT_EQUAL(opts.has, 0);
}

/* C48: a length of 0 or 1 cannot be stepped over. */
static void
c48_length_below_two_ends_reading(void)
{
	PARSE(3, 3, 5, 254, 0, 2, 4, 5);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_WSCALE);
	PARSE(3, 3, 5, 254, 1, 2, 4, 5);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_WSCALE);
	PARSE(3, 3, 5, 254, 1, 1, 2, 4, 5, 0xb4);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_WSCALE);
	PARSE(2, 0, 2, 1);
	CU_ASSERT_EQUAL(opts.has, 0);
}

/* C49: the option that runs past the header is not taken, what came before is. */
static void
c49_overlong_option_ends_reading(void)
{
	PARSE(2, 4, 5, 0xb4, 8, 10, 0, 0);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_MSS);
	PARSE(1, 1, 1, 5, 255, 0, 0, 0);
	CU_ASSERT_EQUAL(opts.has, 0);
	PARSE(1, 1, 1, 2);
	CU_ASSERT_EQUAL(opts.has, 0);
	PARSE(2, 4, 5);
	CU_ASSERT_EQUAL(opts.has, 0);
}

/* C50 */
static void
c50_nothing_after_end_of_list(void)
{
	PARSE(2, 4, 5, 0xb4, 0, 3, 3, 9);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_MSS);
	PARSE(0, 2, 4, 2);
	CU_ASSERT_EQUAL(opts.has, 0);
	PARSE(0, 0, 4, 2);
	CU_ASSERT_EQUAL(opts.has, 0);
}

/* C54: the parser says what was there; TCP puts the floor under it. */
static void
c54_tiny_mss_is_reported(void)
{
	PARSE(2, 4, 0, 0);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_MSS);
	CU_ASSERT_EQUAL(opts.mss, 0);
	PARSE(2, 4, 0, 48);
	CU_ASSERT_EQUAL(opts.mss, 48);
}

/* C116: RFC 7323 section 2.3 */
static void
c116_window_shift_above_14_is_14(void)
{
	PARSE(3, 3, 14, 0);
	CU_ASSERT_EQUAL(opts.wscale, 14);
	PARSE(3, 3, 15, 0);
	CU_ASSERT_EQUAL(opts.wscale, 14);
	PARSE(3, 3, 255, 0);
	CU_ASSERT_EQUAL(opts.wscale, 14);
	PARSE(3, 3, 0, 0);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_WSCALE);
	CU_ASSERT_EQUAL(opts.wscale, 0);
}

/* Known kinds of a wrong length are skipped, by the length they have; A8. */
static void
wrong_lengths_are_skipped(void)
{
	PARSE(2, 3, 5, 2, 5, 1, 2, 3, 2, 4, 0x02, 0x18);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_MSS);
	CU_ASSERT_EQUAL(opts.mss, 536);
	PARSE(3, 2, 3, 4, 7, 7, 4, 3, 1, 0);
	CU_ASSERT_EQUAL(opts.has, 0);
	PARSE(8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9);
	CU_ASSERT_EQUAL(opts.has, 0);
	PARSE(8, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_TS);
	CU_ASSERT_EQUAL(opts.ts_val, 1);
}

static void
timestamps_in_either_layout(void)
{
	PARSE(1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_TS);
	CU_ASSERT_EQUAL(opts.ts_val, 0x01020304);
	CU_ASSERT_EQUAL(opts.ts_ecr, 0x05060708);
	PARSE(8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_TS);
	CU_ASSERT_EQUAL(opts.ts_val, 0x01020304);
	CU_ASSERT_EQUAL(opts.ts_ecr, 0x05060708);
}

/* C111, C112: blocks are read in the order they stand, with and without timestamps. */
static void
c112_sack_blocks_in_order(void)
{
	PARSE(1, 1, 5, 18, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 3);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_SACK);
	CU_ASSERT_EQUAL(opts.n_sack, 2);
	CU_ASSERT_EQUAL(opts.sack[0].left, 5);
	CU_ASSERT_EQUAL(opts.sack[0].right, 9);
	CU_ASSERT_EQUAL(opts.sack[1].left, 1);
	CU_ASSERT_EQUAL(opts.sack[1].right, 3);
	PARSE(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1, 5, 10, 0, 0, 0, 7, 0, 0, 0, 8);
	CU_ASSERT_EQUAL(opts.has, PW_OPT_SACK | PW_OPT_TS);
	CU_ASSERT_EQUAL(opts.n_sack, 1);
	CU_ASSERT_EQUAL(opts.sack[0].right, 8);
}

/* C113: a first block below the acknowledgement is for TCP to judge, not for the parser. */
static void
c113_reversed_and_empty_blocks_are_reported(void)
{
	PARSE(5, 18, 0, 0, 0, 9, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 3, 1, 1);
	CU_ASSERT_EQUAL(opts.n_sack, 2);
	CU_ASSERT_EQUAL(opts.sack[0].left, 9);
	CU_ASSERT_EQUAL(opts.sack[1].left, opts.sack[1].right);
}

/* C114, A8: no block, half a block, more blocks than there is room for. */
static void
c114_malformed_sack_is_ignored(void)
{
	PARSE(5, 2, 1, 1);
	CU_ASSERT_EQUAL(opts.has, 0);
	CU_ASSERT_EQUAL(opts.n_sack, 0);
	PARSE(5, 6, 0, 0, 0, 1, 1, 1);
	CU_ASSERT_EQUAL(opts.has, 0);
	PARSE(5, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1);
	CU_ASSERT_EQUAL(opts.has, 0);
	PARSE(5, 42, 0, 0);
	CU_ASSERT_EQUAL(opts.has, 0);
}

/* More than TCP's 40 bytes can hold: still within the four places. */
static void
five_blocks_do_not_overflow(void)
{
	uint8_t *p = guard_end(44);

	memset(p, 0, 44);
	p[0] = p[1] = 1;
	p[2] = 5;
	p[3] = 42;
	pw_tcp_parse_opts(p, 44, &opts);
	CU_ASSERT_EQUAL(opts.has, 0);
}

static void
syn_options_in_linux_order(void)
{
	static const uint8_t want[] = {
		2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 9};
	struct pw_tcp_opts o = {.has = PW_OPT_MSS | PW_OPT_SACK_OK | PW_OPT_TS | PW_OPT_WSCALE,
		.mss = 1460,
		.wscale = 9,
		.ts_val = 1,
		.ts_ecr = 2};
	uint8_t *p = guard_end(sizeof(want));

	CU_ASSERT_EQUAL(pw_tcp_put_syn_opts(p, &o), sizeof(want));
	CU_ASSERT_EQUAL(memcmp(p, want, sizeof(want)), 0);
}

/* Every choice of SYN options comes back as it was put, in at most 20 bytes. */
static void
syn_options_round_trip(void)
{
	uint32_t has;

	for (has = 0; has < PW_OPT_SACK; has++) {
		struct pw_tcp_opts o = {.has = (uint8_t)has,
			.mss = 1220,
			.wscale = 3,
			.ts_val = 0xfffefdfc,
			.ts_ecr = 0x89abcdef};
		uint8_t buf[20];
		uint32_t len = pw_tcp_put_syn_opts(buf, &o);

		CU_ASSERT(len <= 20 && len % 4 == 0);
		pw_tcp_parse_opts(guard_copy(buf, len), len, &opts);
		CU_ASSERT_EQUAL(opts.has, has);
		CU_ASSERT(!(has & PW_OPT_MSS) || opts.mss == 1220);
		CU_ASSERT(!(has & PW_OPT_WSCALE) || opts.wscale == 3);
		CU_ASSERT(!(has & PW_OPT_TS) || opts.ts_val == 0xfffefdfc);
		CU_ASSERT(!(has & PW_OPT_TS) || opts.ts_ecr == 0x89abcdef);
	}
}

/* RFC 7413 4.1.1: 4 to 16 bytes, an even number; or none, which asks for one. */
static void
c170_cookies(void)
{
	static const uint8_t cookie[20] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 10, 11, 12, 13, 14, 15, 16};
	uint8_t buf[PW_TCP_OPT_MAX + 4];
	uint32_t n;

	for (n = 0; n <= 18; n++) {
		struct pw_tcp_opts o = {.has = PW_OPT_FAST_OPEN | PW_OPT_SACK_OK | PW_OPT_TS,
			.cookie = cookie,
			.cookie_len = (uint8_t)n};
		bool good = n == 0 || (n >= 4 && n <= 16 && n % 2 == 0);
		uint32_t len = pw_tcp_put_syn_opts(buf, &o);

		CU_ASSERT(!good || len % 4 == 0);
		pw_tcp_parse_opts(guard_copy(buf, len), len, &opts);
		CU_ASSERT_EQUAL((opts.has & PW_OPT_FAST_OPEN) != 0, good);
		if (!good)
			continue;
		CU_ASSERT_EQUAL(opts.cookie_len, n);
		CU_ASSERT_EQUAL(memcmp(opts.cookie, cookie, n), 0);
	}
	PARSE(1, 1, 34, 10, 1, 2, 3, 4); /* past the end */
	CU_ASSERT_EQUAL(opts.has, 0);
}

static void
sack_round_trip(void)
{
	static const struct pw_tcp_sack blocks[] = {{1, 2}, {0xfffffff0, 5}, {7, 9}, {40, 50}};
	uint32_t n;

	for (n = 1; n <= PW_TCP_SACK_MAX; n++) {
		uint8_t *p = guard_end(4 + 8 * n);

		CU_ASSERT_EQUAL(pw_tcp_put_sack(p, blocks, n), 4 + 8 * n);
		pw_tcp_parse_opts(p, 4 + 8 * n, &opts);
		CU_ASSERT_EQUAL(opts.has, PW_OPT_SACK);
		CU_ASSERT_EQUAL(opts.n_sack, n);
		CU_ASSERT_EQUAL(memcmp(opts.sack, blocks, n * sizeof(blocks[0])), 0);
	}
}

/* Bytes that look like options more often than chance would have it. */
static void
random_opts(struct pw_rand *r, uint8_t *p, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)pw_rand_below(r, pw_rand_below(r, 2) != 0 ? 12 : 256);
}

/* Of any bytes at all: no byte too many is read, and every bound holds. */
static void
random_bytes_are_survived(void)
{
	struct pw_rand r;
	uint32_t bad = 0;
	int i;

	printf("seed %#jx ", (uintmax_t)(SEED + 1));
	pw_rand_init(&r, SEED + 1);
	for (i = 0; i < 50000; i++) {
		uint32_t len = (uint32_t)pw_rand_below(&r, 80), hlen;
		uint8_t *p = guard_end(len);
		struct pw_tcp_hdr h;

		random_opts(&r, p, len);
		pw_tcp_parse_opts(p, len, &opts);
		bad += opts.n_sack > PW_TCP_SACK_MAX;
		bad += (opts.n_sack != 0) != !!(opts.has & PW_OPT_SACK);
		bad += opts.has & PW_OPT_WSCALE && opts.wscale > 14;
		hlen = pw_tcp_check(p, len);
		if (hlen == 0)
			continue;
		pw_tcp_parse(p, &h);
		bad += hlen > len || h.opt_len + PW_TCP_HLEN_MIN != (int)hlen;
		pw_tcp_parse_opts(p + PW_TCP_HLEN_MIN, h.opt_len, &opts);
	}
	CU_ASSERT_EQUAL(bad, 0);
}

static CU_TestInfo tests[] = {
	{"c45_offset_is_checked", c45_offset_is_checked},
	{"short_segments_are_refused", short_segments_are_refused},
	{"emit_writes_the_header", emit_writes_the_header},
	{"c46_reserved_bits", c46_reserved_bits},
	{"emit_and_parse_agree", emit_and_parse_agree},
	{"no_options", no_options},
	{"linux_syn", linux_syn},
	{"c47_unknown_options_are_skipped", c47_unknown_options_are_skipped},
	{"c48_length_below_two_ends_reading", c48_length_below_two_ends_reading},
	{"c49_overlong_option_ends_reading", c49_overlong_option_ends_reading},
	{"c50_nothing_after_end_of_list", c50_nothing_after_end_of_list},
	{"c54_tiny_mss_is_reported", c54_tiny_mss_is_reported},
	{"c116_window_shift_above_14_is_14", c116_window_shift_above_14_is_14},
	{"wrong_lengths_are_skipped", wrong_lengths_are_skipped},
	{"timestamps_in_either_layout", timestamps_in_either_layout},
	{"c112_sack_blocks_in_order", c112_sack_blocks_in_order},
	{"c113_reversed_and_empty_blocks_are_reported",
		c113_reversed_and_empty_blocks_are_reported},
	{"c114_malformed_sack_is_ignored", c114_malformed_sack_is_ignored},
	{"five_blocks_do_not_overflow", five_blocks_do_not_overflow},
	{"syn_options_in_linux_order", syn_options_in_linux_order},
	{"syn_options_round_trip", syn_options_round_trip},
	{"c170_cookies", c170_cookies},
	{"sack_round_trip", sack_round_trip},
	{"random_bytes_are_survived", random_bytes_are_survived},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_wire_tcp = {.pName = "wire_tcp", .pTests = tests};
