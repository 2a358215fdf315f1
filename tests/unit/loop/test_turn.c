/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A worker turn by turn: frames in, frames out, every byte and sum checked.
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "rig_loop.h"

enum {
	FIN = 1,
	SYN = 2,
	RST = 4,
	ACK = 16,
};

static struct rig_loop l;
static struct pw_worker_stats st;
static const struct rig_loop_opts none;
static bool ip6;

static void
open_loop(const struct rig_loop_opts *more)
{
	struct rig_loop_opts opts = *more;

	opts.ip6 = ip6;
	rig_loop_open(&l, &opts);
}

static void
setup(void)
{
	open_loop(&none);
}

static void
teardown(void)
{
	rig_loop_close(&l);
	ip6 = false;
}

static void
reopen(const struct rig_loop_opts *opts)
{
	rig_loop_close(&l);
	open_loop(opts);
}

static void
use_ip6(void)
{
	ip6 = true;
	reopen(&none);
}

static const struct pw_worker_stats *
stats(void)
{
	pw_worker_get_stats(l.w, &st);
	return &st;
}

static void
arp_and_echo_are_answered(void)
{
	rig_arp(&l.f, rig_all_mac, 1, rig_peer_mac, PEER, rig_our_mac, US);
	rig_loop_put(&l);
	rig_eth(&l.f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(&l.f, PEER, US, 1, 8);
	rig_put32(&l.f, 0x0800f7ff);
	rig_put32(&l.f, 0);
	rig_loop_put(&l);
	CU_ASSERT_TRUE(rig_loop_turn(&l, 1));
	CU_ASSERT_EQUAL(l.n_other, 2);
	CU_ASSERT_EQUAL(stats()->rx_packets, 2);
	CU_ASSERT_EQUAL(st.tx_packets, 2);
	CU_ASSERT_EQUAL(st.rx_bytes, l.f.len + 42);
	CU_ASSERT_EQUAL(st.tx_bytes, 42 + 42);
	CU_ASSERT_EQUAL(st.busy_turns, 1);
	CU_ASSERT_EQUAL(st.link.neighbours, 1);
	CU_ASSERT_EQUAL(st.ip.echo_replies, 1);
}

static void
an_empty_turn_moves_nothing(void)
{
	CU_ASSERT_FALSE(rig_loop_turn(&l, 1));
	CU_ASSERT_EQUAL(stats()->turns, 1);
	CU_ASSERT_EQUAL(st.busy_turns, 0);
	CU_ASSERT_EQUAL(l.n_ticks, 1); /* the time is told before the first packet */
	rig_loop_turn(&l, PW_NS_PER_S);
	CU_ASSERT_EQUAL(l.n_ticks, 2);
}

static void
set_timer(void *ctx, struct pw_tcp_conn *c)
{
	pw_tcp_set_timer(c, *(const pw_ns *)ctx);
}

static void
a_timer_alone_makes_a_turn_busy(void)
{
	pw_ns at = 2 * PW_NS_PER_S;
	uint64_t before;

	rig_loop_connect(&l);
	pw_tcp_each(pw_worker_tcp(l.w), set_timer, &at);
	rig_loop_turn(&l, 1);
	before = stats()->busy_turns;
	CU_ASSERT_FALSE(rig_loop_turn(&l, 1));
	CU_ASSERT_TRUE(rig_loop_turn(&l, 2 * PW_NS_PER_S));
	CU_ASSERT_EQUAL(l.n_timers, 1);
	CU_ASSERT_EQUAL(stats()->busy_turns, before + 1);
	rig_loop_bye(&l);
}

static void
c57_syn_to_closed_port(void)
{
	rig_arp(&l.f, rig_all_mac, 1, rig_peer_mac, PEER, rig_our_mac, US);
	rig_loop_put(&l);
	rig_loop_seg(&l, SYN, "");
	l.f.b[37] = 81;
	l.f.b[51]--; /* and its checksum */
	rig_loop_put(&l);
	rig_loop_turn(&l, 1);
	CU_ASSERT_TRUE(l.refused);
	CU_ASSERT_EQUAL(stats()->drops.n[PW_DROP_TCP_CLOSED], 1);
}

static void
a_file_is_served_without_a_copy(void)
{
	rig_loop_connect(&l);
	rig_loop_fetch(&l, 3 * RIG_OBJECT_BYTES, UINT32_MAX);
	rig_loop_bye(&l);
	CU_ASSERT_EQUAL(stats()->ledger.by_ref_bytes, 3 * UINT64_C(1) * RIG_OBJECT_BYTES);
	CU_ASSERT_EQUAL(st.ledger.copied_bytes[PW_COPY_NO_MULTI_SEG], 0);
	CU_ASSERT_EQUAL(st.ledger.text_bytes, 0);
	CU_ASSERT_TRUE(st.ledger.cksum_read_bytes < st.ledger.by_ref_bytes / 2);
	CU_ASSERT_EQUAL(st.tcp.rtx_segs, 0);
	CU_ASSERT_EQUAL(l.last_end, PW_TCP_END_CLOSED);
}

/* C158: the device takes k frames a turn; nothing is dropped, nothing sent twice. */
static void
c158_tx_ring_full_at_every_step(void)
{
	static const uint32_t accept[] = {1, 2, 3, 7, 63, 64, 65};
	size_t i;

	rig_loop_connect(&l);
	for (i = 0; i < RTE_DIM(accept); i++)
		rig_loop_fetch(&l, 100000, accept[i]);
	rig_loop_bye(&l);
	CU_ASSERT_EQUAL(stats()->drops.n[PW_DROP_TX_FULL], 0);
	CU_ASSERT_EQUAL(st.tcp.rtx_segs, 0);
	CU_ASSERT_EQUAL(st.ledger.by_ref_bytes, RTE_DIM(accept) * UINT64_C(100000));
}

/* A device that takes nothing for a while stops TCP, and loses nothing. */
static void
a_blocked_device_holds_tcp_back(void)
{
	uint64_t got;
	uint32_t i;

	rig_loop_connect(&l);
	rig_loop_fetch(&l, 3000000, 8);
	got = l.got;
	l.answer_bytes = 10000000;
	rig_loop_send(&l, ACK, "G");
	l.rp->accept = 0;
	for (i = 0; i < 20; i++)
		rig_loop_turn(&l, PW_NS_PER_MS);
	CU_ASSERT_EQUAL(l.got, got);
	CU_ASSERT_TRUE(stats()->tcp.send_full > 0);
	l.rp->accept = UINT32_MAX;
	for (i = 0; i < 10; i++) {
		rig_loop_turn(&l, PW_NS_PER_MS);
		rig_loop_send(&l, ACK, "");
	}
	CU_ASSERT_TRUE(l.got > got + 128 * 1460);
	CU_ASSERT_EQUAL(stats()->drops.n[PW_DROP_TX_FULL], 0);
	rig_loop_send(&l, RST | ACK, "");
	rig_loop_turn(&l, 1);
}

static void
without_chains_all_is_copied(void)
{
	struct rig_loop_opts opts = {.max_pieces = 1};

	reopen(&opts);
	rig_loop_connect(&l);
	rig_loop_fetch(&l, 300000, UINT32_MAX);
	rig_loop_bye(&l);
	CU_ASSERT_EQUAL(stats()->ledger.by_ref_bytes, 0);
	CU_ASSERT_EQUAL(st.ledger.copied_bytes[PW_COPY_NO_MULTI_SEG], 300000);
}

static void
a_jumbo_mtu_without_chains(void)
{
	struct rig_loop_opts opts = {.max_pieces = 1, .mtu = 9000};

	reopen(&opts);
	rig_loop_connect(&l);
	rig_loop_fetch(&l, 300000, UINT32_MAX);
	rig_loop_bye(&l);
}

/* With checksum offload the payload is not read at all. */
static void
cksum_offload_reads_nothing(void)
{
	struct rig_loop_opts opts = {.tx_tcp_cksum = true};

	reopen(&opts);
	rig_loop_connect(&l);
	rig_loop_fetch(&l, 300000, UINT32_MAX);
	rig_loop_bye(&l);
	CU_ASSERT_EQUAL(stats()->ledger.by_ref_bytes, 300000);
	CU_ASSERT_EQUAL(st.ledger.cksum_read_bytes, 0);
}

/* A segment with a wrong checksum; @p flags is what the device says of it. */
static void
damaged_syn(uint64_t flags)
{
	rig_loop_hello(&l);
	rig_loop_seg(&l, SYN, "");
	l.f.b[ip6 ? 71 : 51] ^= 0x10;
	rig_port_put(l.rp, l.f.b, l.f.len, 1)->ol_flags = flags;
	rig_loop_turn(&l, 1);
}

static void
c44_a_wrong_checksum_is_dropped(void)
{
	damaged_syn(RTE_MBUF_F_RX_L4_CKSUM_GOOD); /* of an offload that was not asked for */
	CU_ASSERT_FALSE(l.synced || l.refused);
	CU_ASSERT_EQUAL(stats()->drops.n[PW_DROP_TCP_CKSUM], 1);
}

static void
the_device_is_believed_where_it_checks(void)
{
	struct rig_loop_opts opts = {.rx_tcp_cksum = true};

	reopen(&opts);
	damaged_syn(RTE_MBUF_F_RX_L4_CKSUM_NONE); /* intact, its sum left out */
	CU_ASSERT_TRUE(l.synced);
	l.unfinished = true;
	reopen(&opts);
	damaged_syn(RTE_MBUF_F_RX_L4_CKSUM_BAD);
	CU_ASSERT_FALSE(l.synced);
	reopen(&opts);
	damaged_syn(0); /* it did not say: we look ourselves */
	CU_ASSERT_FALSE(l.synced);
}

/* The client's next bytes; the device found the checksum right. */
static void
put_sound(const char *payload)
{
	rig_loop_seg(&l, ACK, payload);
	l.snd_nxt += (uint32_t)strlen(payload);
	rig_port_put(l.rp, l.f.b, l.f.len, 1)->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

/* Segments that follow each other in a burst are one train; another one's end it. */
static void
segments_of_a_burst_are_coupled(void)
{
	struct rig_loop_opts opts = {.rx_tcp_cksum = true};
	char text[200] = {0};

	memset(text, 'x', sizeof(text) - 1);
	reopen(&opts);
	rig_loop_connect(&l);
	l.answer_bytes = 1;
	put_sound(text);
	put_sound(text);
	put_sound("short");
	l.snd_nxt += 1000; /* a gap */
	put_sound(text);
	l.snd_nxt -= 1000 + (uint32_t)strlen(text);
	rig_loop_turn(&l, 1);
	CU_ASSERT_EQUAL(stats()->rx_coupled, 2);
	CU_ASSERT_EQUAL(st.tcp.ooo_segs, 1);
	CU_ASSERT_EQUAL(st.tcp.bytes_in, 2 * strlen(text) + 5);
	CU_ASSERT_EQUAL(st.ip.packets_in, st.tcp.segs_in + ip6); /* and the hello */
	CU_ASSERT_EQUAL(l.got, 3);
	rig_loop_send(&l, RST | ACK, "");
	rig_loop_turn(&l, 1);
}

static void
pieces_are_put_together(void)
{
	uint32_t pieces;

	rig_loop_connect(&l);
	l.answer_bytes = 10;
	for (pieces = 2; pieces < 9; pieces++) {
		rig_loop_seg(&l, ACK, "GET / HTTP/1.1\r\n\r\n");
		l.snd_nxt += 18;
		rig_port_put(l.rp, l.f.b, l.f.len, pieces);
		rig_loop_turn(&l, PW_NS_PER_MS);
		CU_ASSERT_EQUAL(l.got, 10 * (pieces - 1));
	}
	CU_ASSERT_EQUAL(stats()->rx_linearised, 7);
	rig_loop_send(&l, ACK, "");
	rig_loop_bye(&l);
}

/* A burst of 1 or of 64 makes no difference. */
static void
bursts_of_any_size(void)
{
	rig_loop_connect(&l);
	l.rp->rx_burst = 1;
	rig_loop_fetch(&l, 200000, UINT32_MAX);
	l.rp->rx_burst = 64;
	rig_loop_fetch(&l, 200000, UINT32_MAX);
	rig_loop_bye(&l);
}

/* The ICMP error finds its way to TCP, which sees that it was never sent. */
static void
c24_icmp_about_nothing_is_stray(void)
{
	struct rig_buf *f = &l.f;
	uint16_t sum;

	rig_eth(f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(f, PEER, US, 1, 36);
	rig_put32(f, 0x03040000);
	rig_put32(f, 1280);
	rig_ip4(f, US, PEER, 6, 1000);
	rig_put32(f, 80u << 16 | 40000);
	rig_put32(f, 12345);
	sum = (uint16_t)~rig_sum(f->b + 34, 36, 0);
	f->b[36] = (uint8_t)(sum >> 8);
	f->b[37] = (uint8_t)sum;
	rig_loop_put(&l);
	rig_loop_turn(&l, 1);
	CU_ASSERT_EQUAL(stats()->drops.n[PW_DROP_ICMP_STRAY], 1);
}

static void
random_frames_do_no_harm(void)
{
	uint32_t i, k;
	uint64_t x = 20260105;

	printf("seed %" PRIu64 " ", x);
	for (i = 0; i < 3000; i++) {
		rig_loop_seg(&l, (uint8_t)(i & 0x1f), "some bytes of payload");
		for (k = 0; k < 1 + i % 3; k++) {
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
			l.f.b[12 + (x >> 33) % (l.f.len - 12)] ^= (uint8_t)(x >> 56);
		}
		l.f.len -= (uint32_t)((x >> 20) % 8 == 0 ? (x >> 40) % l.f.len : 0);
		if (l.f.len > 0)
			rig_port_put(l.rp, l.f.b, l.f.len, 1 + i % 4);
		l.now += PW_NS_PER_MS;
		pw_worker_turn(l.w, l.now);
		rig_port_forget(l.rp);
	}
	CU_ASSERT_EQUAL(stats()->drops.n[PW_DROP_NO_MBUF], 0);
	l.now += 4000 * PW_NS_PER_S;
	for (i = 0; i < 20; i++)
		rig_loop_turn(&l, 1000 * PW_NS_PER_S);
	CU_ASSERT_EQUAL(stats()->usage.conns, 0);
	CU_ASSERT_EQUAL(st.link.waiting, 0);
}

/* A service that begins things by itself: in its time, and when something came. */
static void
service_runs_when_due_or_received(void)
{
	static const struct rig_loop_opts opts = {.has_run = true};

	reopen(&opts);
	l.run_at = 10 * PW_NS_PER_MS;
	rig_loop_turn(&l, PW_NS_PER_MS);
	CU_ASSERT_EQUAL(l.n_runs, 1); /* the first turn */
	rig_loop_turn(&l, 8 * PW_NS_PER_MS);
	CU_ASSERT_EQUAL(l.n_runs, 1);
	l.run_at = PW_NEVER;
	rig_loop_turn(&l, PW_NS_PER_MS);
	CU_ASSERT_EQUAL(l.n_runs, 2); /* its time has come */
	rig_loop_turn(&l, PW_NS_PER_S);
	CU_ASSERT_EQUAL(l.n_runs, 2);
	rig_loop_connect(&l);
	CU_ASSERT_EQUAL(l.n_runs, 4); /* two frames, one a turn */
	rig_loop_bye(&l);
}

#define OVER_IPV6(test)                    \
	static void test##_over_ipv6(void) \
	{                                  \
		use_ip6();                 \
		test();                    \
	}

OVER_IPV6(a_file_is_served_without_a_copy)
OVER_IPV6(c158_tx_ring_full_at_every_step)
OVER_IPV6(without_chains_all_is_copied)
OVER_IPV6(a_jumbo_mtu_without_chains)
OVER_IPV6(cksum_offload_reads_nothing)
OVER_IPV6(c44_a_wrong_checksum_is_dropped)
OVER_IPV6(the_device_is_believed_where_it_checks)
OVER_IPV6(segments_of_a_burst_are_coupled)
OVER_IPV6(pieces_are_put_together)
OVER_IPV6(bursts_of_any_size)

#define BOTH(test)                                   \
	{#test, test},                               \
	{                                            \
#test "_over_ipv6", test##_over_ipv6 \
	}

static CU_TestInfo tests[] = {
	{"arp_and_echo_are_answered", arp_and_echo_are_answered},
	{"an_empty_turn_moves_nothing", an_empty_turn_moves_nothing},
	{"a_timer_alone_makes_a_turn_busy", a_timer_alone_makes_a_turn_busy},
	{"c57_syn_to_closed_port", c57_syn_to_closed_port},
	BOTH(a_file_is_served_without_a_copy),
	BOTH(c158_tx_ring_full_at_every_step),
	{"a_blocked_device_holds_tcp_back", a_blocked_device_holds_tcp_back},
	BOTH(without_chains_all_is_copied),
	BOTH(a_jumbo_mtu_without_chains),
	BOTH(cksum_offload_reads_nothing),
	BOTH(c44_a_wrong_checksum_is_dropped),
	BOTH(the_device_is_believed_where_it_checks),
	BOTH(segments_of_a_burst_are_coupled),
	BOTH(pieces_are_put_together),
	BOTH(bursts_of_any_size),
	{"c24_icmp_about_nothing_is_stray", c24_icmp_about_nothing_is_stray},
	{"random_frames_do_no_harm", random_frames_do_no_harm},
	{"service_runs_when_due_or_received", service_runs_when_due_or_received},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_loop_turn = {
	.pName = "loop_turn",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
