/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * CLOSED, LISTEN, SYN-SENT and SYN-RECEIVED (RFC 9293 sections 3.5.2 and
 * 3.10.7.1 to 3.10.7.4), the options of SYNs, and ISNs (RFC 6528).
 */
#include <stdlib.h>
#include "rig.h"
#include "tcp_priv.h"

static struct rig rig;

static void
setup(void)
{
	rig_open(&rig, NULL);
}

static void
teardown(void)
{
	rig_close(&rig);
}

/* A SYN with @p opts, and the handshake to its end. */
static void
accept_with(const uint8_t *opts, uint8_t len)
{
	struct pw_tcp_hdr h = {.sport = rig.port,
		.dport = RIG_PORT,
		.seq = rig.peer_iss,
		.wnd = 8000,
		.flags = PW_TCP_SYN,
		.opt_len = len};
	const struct rig_seg *s;

	CU_ASSERT_EQUAL(rig_raw(&rig, h, opts, 0), PW_OK);
	rig_run(&rig);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	rig.iss = s->h.seq;
	rig.snd = rig.peer_iss + 1;
	CU_ASSERT_EQUAL(rig_in(&rig, PW_TCP_ACK, rig.snd, rig.iss + 1, 8000, 0, NULL, 0), PW_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig.user.c);
}

static uint32_t
mss_now(void)
{
	struct pw_tcp_info info;

	pw_tcp_get_info(rig.user.c, &info);
	return info.mss_bytes;
}

static uint32_t
half_open(void)
{
	struct pw_tcp_usage use;

	pw_tcp_get_usage(rig.t, &use);
	return use.half_open;
}

/* A bare segment to @p port. */
static enum pw_drop
stray(uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct pw_tcp_hdr h = {
		.sport = rig.port, .dport = port, .seq = seq, .ack = ack, .flags = flags};

	return rig_raw(&rig, h, NULL, len);
}

/* ---- options ---- */

static void
c51_our_mss_is_mtu_less_40(void)
{
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->o.mss, 1460);
	CU_ASSERT_EQUAL(s->o.has, PW_OPT_MSS | PW_OPT_SACK_OK | PW_OPT_TS | PW_OPT_WSCALE);
}

static void
c52_no_mss_means_536(void)
{
	accept_with(NULL, 0);
	CU_ASSERT_EQUAL(mss_now(), 536);
}

static void
c53_options_come_off_the_payload(void)
{
	rig_accept(&rig, &rig_linux);
	CU_ASSERT_EQUAL(mss_now(), 1448);
	pw_tcp_send(rig.user.c, 3000);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 1448);
	EXPECT_DATA(&rig, 1448, 1448);
	EXPECT_DATA(&rig, 2896, 104);
}

static void
c54_tiny_mss_has_a_floor(void)
{
	static const uint16_t tiny[] = {0, 1, 48};
	size_t i;

	for (i = 0; i < RTE_DIM(tiny); i++) {
		uint8_t opts[4] = {2, 4, (uint8_t)(tiny[i] >> 8), (uint8_t)tiny[i]};

		rig.port++;
		accept_with(opts, sizeof(opts));
		CU_ASSERT_EQUAL(mss_now(), MSS_FLOOR);
	}
}

static void
c54_large_mss_is_bounded_by_our_mtu(void)
{
	static const uint8_t opts[4] = {2, 4, 0xff, 0xff};

	accept_with(opts, sizeof(opts));
	CU_ASSERT_EQUAL(mss_now(), 1460);
}

static void
c55_mss_counts_on_a_syn_only(void)
{
	static const uint8_t opts[4] = {2, 4, 0, 100};
	struct pw_tcp_hdr h = {.sport = rig.port,
		.dport = RIG_PORT,
		.wnd = 8000,
		.flags = PW_TCP_ACK,
		.opt_len = 4};

	rig_accept(&rig, &rig_ancient);
	h.seq = rig.snd;
	h.ack = rig.iss + 1;
	CU_ASSERT_EQUAL(rig_raw(&rig, h, opts, 0), PW_OK);
	CU_ASSERT_EQUAL(mss_now(), 1460);
}

static void
c111_what_was_not_offered_is_not_used(void)
{
	rig_accept(&rig, &rig_ancient);
	CU_ASSERT_EQUAL(rig_data(&rig, 100, 100), PW_OK); /* a gap: no SACK, no timestamps */
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.opt_len, 0);
	CU_ASSERT_EQUAL(s->h.ack, RIG_PEER_ISS + 1);
}

static void
c116_scale_above_14_is_14(void)
{
	static const uint8_t opts[4] = {3, 3, 200, 1};

	accept_with(opts, sizeof(opts));
	CU_ASSERT_EQUAL(rig.user.c->snd_shift, 14);
	/* The window of a SYN is not scaled; that of the ACK behind it is. */
	CU_ASSERT_EQUAL(rig.user.c->snd_edge, 8000u << 14);
}

static void
c116_no_scale_unless_both_say_so(void)
{
	const struct rig_peer unscaled = {
		.mss = 1460, .wnd = 64000, .wscale = -1, .sack = true, .ts = true};

	rig_accept(&rig, &unscaled);
	CU_ASSERT_EQUAL(rig.user.c->snd_shift, 0);
	CU_ASSERT_EQUAL(rig.user.c->rcv_shift, 0);
	CU_ASSERT_EQUAL(rig.user.c->snd_edge, 64000);
}

/* ---- no connection ---- */

static void
c57_syn_to_a_closed_port_is_refused(void)
{
	CU_ASSERT_EQUAL(stray(81, PW_TCP_SYN, 500, 0, 10), PW_DROP_TCP_CLOSED);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_RST | PW_TCP_ACK);
	CU_ASSERT_EQUAL(s->h.seq, 0);
	CU_ASSERT_EQUAL(s->h.ack, 511);
}

static void
c58_ack_to_a_closed_port_is_reset(void)
{
	CU_ASSERT_EQUAL(stray(81, PW_TCP_ACK, 500, 777, 0), PW_DROP_TCP_CLOSED);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_RST);
	CU_ASSERT_EQUAL(s->h.seq, 777);
}

static void
c59_rst_is_never_answered(void)
{
	CU_ASSERT_EQUAL(stray(81, PW_TCP_RST, 500, 0, 0), PW_DROP_TCP_CLOSED_RST);
	CU_ASSERT_EQUAL(stray(81, PW_TCP_RST | PW_TCP_ACK, 500, 1, 0), PW_DROP_TCP_CLOSED_RST);
	CU_ASSERT_EQUAL(stray(RIG_PORT, PW_TCP_RST, 500, 0, 0), PW_DROP_TCP_CLOSED_RST);
}

static void
c60_listen_answers_only_what_it_must(void)
{
	static const struct {
		uint8_t flags;
		enum pw_drop why;
		bool rst;
	} cases[] = {
		{PW_TCP_ACK, PW_DROP_TCP_CLOSED, true},
		{PW_TCP_SYN | PW_TCP_ACK, PW_DROP_TCP_CLOSED, true},
		{PW_TCP_FIN | PW_TCP_ACK, PW_DROP_TCP_CLOSED, true},
		{PW_TCP_FIN, PW_DROP_TCP_LISTEN, false},
		{PW_TCP_PSH, PW_DROP_TCP_LISTEN, false},
		{0, PW_DROP_TCP_LISTEN, false},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		CU_ASSERT_EQUAL(stray(RIG_PORT, cases[i].flags, 5, 99, 3), cases[i].why);
		if (cases[i].rst) {
			const struct rig_seg *s = rig_next(&rig);

			CU_ASSERT_PTR_NOT_NULL_FATAL(s);
			CU_ASSERT_EQUAL(s->h.flags, PW_TCP_RST);
			CU_ASSERT_EQUAL(s->h.seq, 99);
		}
		EXPECT_NOTHING(&rig);
	}
}

static void
c63_syn_with_fin_is_dropped(void)
{
	CU_ASSERT_EQUAL(stray(RIG_PORT, PW_TCP_SYN | PW_TCP_FIN, 5, 0, 0), PW_DROP_TCP_SYN_FIN);
	CU_ASSERT_EQUAL(half_open(), 0);
}

static void
drain_refuses_new_connections(void)
{
	pw_tcp_drain(rig.t);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_DROP_TCP_DRAIN);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
}

/* ---- SYN-RECEIVED ---- */

static void
syn_received(void)
{
	const struct rig_seg *s;

	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	rig_learn(&rig, &rig_linux, s);
	CU_ASSERT_EQUAL(half_open(), 1);
}

static void
c61_syn_retransmitted_same_isn(void)
{
	syn_received();
	rig_wait(&rig, MS(900));
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_DROP_TCP_SYN);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.seq, rig.iss);
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_SYN | PW_TCP_ACK);
	CU_ASSERT_EQUAL(half_open(), 1);
}

static void
c62_data_on_a_syn_is_resent_and_taken_once(void)
{
	struct pw_tcp_hdr h = {.sport = rig.port,
		.dport = RIG_PORT,
		.seq = rig.peer_iss,
		.wnd = 8000,
		.flags = PW_TCP_SYN};

	CU_ASSERT_EQUAL(rig_raw(&rig, h, NULL, 5), PW_OK);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.ack, rig.peer_iss + 1);
	rig_learn(&rig, &rig_ancient, s);
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 5), PW_OK);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig.user.received, 5);
	CU_ASSERT_EQUAL(rig_skip(&rig), 1);
}

static void
c64_syn_ack_is_resent_doubling_then_freed(void)
{
	static const uint32_t at_ms[] = {1000, 3000, 7000, 15000, 31000};
	pw_ns begin = rig.now;
	size_t i;

	syn_received();
	for (i = 0; i < RTE_DIM(at_ms); i++) {
		rig_wait(&rig, begin + MS(at_ms[i]) - 1 - rig.now);
		EXPECT_NOTHING(&rig);
		rig_wait(&rig, 1);
		EXPECT_FLAGS(&rig, PW_TCP_SYN | PW_TCP_ACK);
	}
	rig_wait(&rig, MS(40000));
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(half_open(), 0);
	CU_ASSERT_EQUAL(rig.user.n_open, 0);
}

/* A peer that says SYN again and again keeps no connection half open for ever. */
static void
c64_repeated_syns_put_nothing_off(void)
{
	int s;

	syn_received();
	for (s = 0; s < 80; s++) {
		rig_wait(&rig, MS(900));
		if (half_open() == 0)
			break;
		rig_syn(&rig, &rig_linux);
	}
	CU_ASSERT_EQUAL(half_open(), 0);
	rig_skip(&rig);
}

static void
c65_rst_in_syn_received(void)
{
	syn_received();
	CU_ASSERT_EQUAL(stray(RIG_PORT, PW_TCP_RST, rig.snd + 70000, 0, 0), PW_DROP_TCP_RST_WINDOW);
	EXPECT_NOTHING(&rig);
	CU_ASSERT_EQUAL(stray(RIG_PORT, PW_TCP_RST, rig.snd + 1, 0, 0), PW_DROP_TCP_RST_WINDOW);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	CU_ASSERT_EQUAL(stray(RIG_PORT, PW_TCP_RST, rig.snd, 0, 0), PW_DROP_TCP_RST);
	CU_ASSERT_EQUAL(half_open(), 0);
	CU_ASSERT_EQUAL(rig.user.n_open + rig.user.n_gone, 0);
}

static void
c66_unacceptable_ack_in_syn_received_is_reset(void)
{
	syn_received();
	CU_ASSERT_EQUAL(rig_ack(&rig, 1), PW_DROP_TCP_ACK_BAD);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_RST);
	CU_ASSERT_EQUAL(s->h.seq, rig.iss + 2);
	CU_ASSERT_EQUAL(half_open(), 1);
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_OK);
	CU_ASSERT_EQUAL(rig.user.n_open, 1);
}

/* The number is right, for it was another's: but nothing was sent yet that it could answer. */
static void
c66_an_ack_before_the_syn_ack_is_reset(void)
{
	syn_received();
	CU_ASSERT_EQUAL(stray(RIG_PORT, PW_TCP_RST, rig.snd, 0, 0), PW_DROP_TCP_RST);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_DROP_TCP_SYN);
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_DROP_TCP_ACK_BAD);
	EXPECT_FLAGS(&rig, PW_TCP_RST);
	CU_ASSERT_EQUAL(rig.user.n_open, 0);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_SYN | PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_OK);
	CU_ASSERT_EQUAL(rig.user.n_open, 1);
}

static void
c67_data_completes_the_handshake(void)
{
	syn_received();
	CU_ASSERT_EQUAL(rig_data(&rig, 0, 100), PW_OK);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig.user.n_open, 1);
	CU_ASSERT_EQUAL(rig.user.received, 100);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
}

static void
c67_fin_completes_the_handshake(void)
{
	syn_received();
	CU_ASSERT_EQUAL(
		rig_in(&rig, PW_TCP_ACK | PW_TCP_FIN, rig.snd, rig.iss + 1, 8000, 0, NULL, 0),
		PW_OK);
	rig_run(&rig);
	CU_ASSERT_EQUAL(rig.user.n_open, 1);
	CU_ASSERT_EQUAL(rig.user.n_eof, 1);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_CLOSE_WAIT);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
}

static void
syn_ack_waits_for_the_way_out(void)
{
	rig.way_full = true;
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	rig.way_full = false;
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_SYN | PW_TCP_ACK);
}

static void
user_who_says_no_gets_a_reset_sent(void)
{
	rig.user.open_says_no = true;
	syn_received();
	CU_ASSERT_EQUAL(rig_ack(&rig, 0), PW_DROP_TCP_RST);
	EXPECT_FLAGS(&rig, PW_TCP_RST | PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig.user.n_gone, 0);
}

static void
c70_backlog_is_bounded_and_existing_live(void)
{
	uint32_t i;

	rig_accept(&rig, &rig_linux);
	for (i = 0; i < 40; i++) {
		rig.port = (uint16_t)(1000 + i);
		CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), i < 16 ? PW_OK : PW_DROP_TCP_BACKLOG);
	}
	CU_ASSERT_EQUAL(half_open(), 16);
	CU_ASSERT_EQUAL(rig.user.n_gone, 0);
	rig_run(&rig);
	rig_skip(&rig);
}

/* ---- SYN-SENT ---- */

static void
active_open(void)
{
	rig_connect(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rig_syn_ack(&rig, &rig_linux), PW_OK);
	CU_ASSERT_EQUAL(rig.user.n_open, 1);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(ticks_ns(rig.user.c->srtt), MS(10));
}

static void
active_open_does_without_what_the_peer_lacks(void)
{
	rig_connect(&rig, &rig_ancient);
	rig.ts = 0;
	CU_ASSERT_EQUAL(rig_syn_ack(&rig, &rig_ancient), PW_OK);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.opt_len, 0);
	CU_ASSERT_EQUAL(rig.user.c->flags & (F_TS_OK | F_SACK_OK | F_WS_OK), 0);
	CU_ASSERT_EQUAL(rig.user.c->rcv_shift, 0);
}

static void
c68_wrong_ack_in_syn_sent_is_reset(void)
{
	rig_connect(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rig_in(&rig, PW_TCP_ACK, 7, rig.iss, 0, 0, NULL, 0), PW_DROP_TCP_ACK_BAD);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->h.flags, PW_TCP_RST);
	CU_ASSERT_EQUAL(s->h.seq, rig.iss);
	CU_ASSERT_EQUAL(rig.user.n_gone, 0);
	rig.user.n_open++; /* gone() will be called for the connect() */
}

static void
c68_rst_in_syn_sent_needs_a_good_ack(void)
{
	rig_connect(&rig, &rig_linux);
	rig_in(&rig, PW_TCP_RST, 7, 0, 0, 0, NULL, 0);
	rig_in(&rig, PW_TCP_RST | PW_TCP_ACK, 7, rig.iss + 2, 0, 0, NULL, 0);
	CU_ASSERT_EQUAL(rig.user.n_gone, 0);
	EXPECT_NOTHING(&rig);
	rig_in(&rig, PW_TCP_RST | PW_TCP_ACK, 7, rig.iss + 1, 0, 0, NULL, 0);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_REFUSED);
	rig.user.n_open++;
}

static void
c27_unreachable_in_syn_sent_fails(void)
{
	uint8_t l4[8];

	rig_connect(&rig, &rig_linux);
	pw_put_be16(l4, RIG_PORT);
	pw_put_be16(l4 + 2, rig.port);
	pw_put_be32(l4 + 4, rig.iss + 1); /* not our SYN */
	CU_ASSERT_EQUAL(pw_tcp_icmp_error(
				rig.t, PW_TCP_ICMP_UNREACHABLE, &rig.us, &rig.peer, l4, 0, rig.now),
		PW_DROP_ICMP_STRAY);
	pw_put_be32(l4 + 4, rig.iss);
	CU_ASSERT_EQUAL(pw_tcp_icmp_error(
				rig.t, PW_TCP_ICMP_UNREACHABLE, &rig.us, &rig.peer, l4, 0, rig.now),
		PW_OK);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_REFUSED);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	rig.user.n_open++;
}

static void
syn_is_resent_doubling_then_times_out(void)
{
	static const uint32_t at_ms[] = {1000, 3000, 7000, 15000, 31000, 63000};
	pw_ns begin = rig.now;
	size_t i;

	rig_connect(&rig, &rig_linux);
	for (i = 0; i < RTE_DIM(at_ms); i++) {
		rig_wait(&rig, begin + MS(at_ms[i]) - 1 - rig.now);
		EXPECT_NOTHING(&rig);
		rig_wait(&rig, 1);
		EXPECT_FLAGS(&rig, PW_TCP_SYN);
	}
	rig_wait(&rig, MS(65000));
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_TIMEOUT);
	rig.user.n_open++;
}

static void
c69_simultaneous_open(void)
{
	rig_connect(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_SYN | PW_TCP_ACK);
	CU_ASSERT_EQUAL(half_open(), 1);
	CU_ASSERT_EQUAL(rig_syn_ack(&rig, &rig_linux), PW_OK);
	CU_ASSERT_EQUAL(rig.user.n_open, 1);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_ESTABLISHED);
	rig_run(&rig);
	rig_skip(&rig);
	pw_tcp_send(rig.user.c, 10);
	rig_run(&rig);
	EXPECT_DATA(&rig, 0, 10);
}

/* Both halves of the other side in one burst: no SYN-ACK of ours has left, and nobody else
 * acknowledges his SYN. */
static void
c69_simultaneous_open_in_one_burst(void)
{
	rig_connect(&rig, &rig_linux);
	CU_ASSERT_EQUAL(rig_syn(&rig, &rig_linux), PW_OK);
	CU_ASSERT_EQUAL(rig_syn_ack(&rig, &rig_linux), PW_OK);
	CU_ASSERT_EQUAL(rig.user.c->state, PW_TCP_ESTABLISHED);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
	EXPECT_NOTHING(&rig);
}

static void
close_before_open_forgets(void)
{
	struct pw_tcp_conn *c = rig_connect(&rig, &rig_linux);

	pw_tcp_close(c);
	CU_ASSERT_EQUAL(rig.user.n_gone, 1);
	CU_ASSERT_EQUAL(rig.user.why, PW_TCP_END_ABORTED);
	rig.user.n_open++;
}

static void
shutdown_before_open_sends_all_and_fin(void)
{
	struct pw_tcp_conn *c = rig_connect(&rig, &rig_linux);

	pw_tcp_send(c, 10);
	pw_tcp_shutdown(c);
	CU_ASSERT_EQUAL(rig_syn_ack(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	const struct rig_seg *s = rig_next(&rig);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->len, 10);
	CU_ASSERT_TRUE(s->h.flags & PW_TCP_FIN);
	CU_ASSERT_EQUAL(c->state, PW_TCP_FIN_WAIT_1);
}

static void
connect_refuses_a_pair_in_use(void)
{
	rig_accept(&rig, &rig_linux);
	errno = 0;
	CU_ASSERT_PTR_NULL(pw_tcp_connect(
		rig.t, &rig.us, RIG_PORT, &rig.peer, rig.port, rig_app, &rig.user, rig.now));
	CU_ASSERT_EQUAL(errno, EADDRINUSE);
}

/* ---- ISN (RFC 6528), ports (RFC 6056), timestamps ---- */

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* 10,000 peers at one moment: all different, and spread over the whole space. */
static void
c131_isns_show_no_relation(void)
{
	static uint32_t isn[10000];
	uint32_t i, high = 0, near = 0;

	for (i = 0; i < RTE_DIM(isn); i++) {
		isn[i] = secret_isn(rig.t, &rig.us, RIG_PORT, &rig.peer, (uint16_t)(1000 + i));
		high += isn[i] >> 31;
		near += i > 0 && isn[i] - isn[i - 1] + (1u << 20) < 1u << 21;
	}
	CU_ASSERT_TRUE(high > 4700 && high < 5300);
	CU_ASSERT_TRUE(near < 30); /* 5 are to be expected */
	qsort(isn, RTE_DIM(isn), sizeof(isn[0]), by_value);
	for (i = 1; i < RTE_DIM(isn); i++)
		CU_ASSERT_TRUE(isn[i - 1] < isn[i] || i < 20);
}

/* The same pair later: higher, by a clock of 4 microseconds. */
static void
c131_isn_of_a_pair_rises(void)
{
	uint32_t before = secret_isn(rig.t, &rig.us, RIG_PORT, &rig.peer, 4000);

	tcp_set_now(rig.t, rig.now + PW_NS_PER_S);
	CU_ASSERT_EQUAL(secret_isn(rig.t, &rig.us, RIG_PORT, &rig.peer, 4000) - before, 250000);
}

static void
c133_timestamp_offset_differs_between_peers(void)
{
	struct pw_addr other = pw_addr_v4(RTE_BE32(0x0a4d0003));

	CU_ASSERT_NOT_EQUAL(
		secret_ts_off(rig.t, &rig.us, &rig.peer), secret_ts_off(rig.t, &rig.us, &other));
	CU_ASSERT_EQUAL(
		secret_ts_off(rig.t, &rig.us, &rig.peer), secret_ts_off(rig.t, &rig.us, &rig.peer));
}

static void
ports_are_chosen_and_differ(void)
{
	struct pw_tcp_conn *a, *b;
	struct pw_tcp_info x, y;

	a = pw_tcp_connect(rig.t, &rig.us, 0, &rig.peer, 9, rig_app, &rig.user, rig.now);
	b = pw_tcp_connect(rig.t, &rig.us, 0, &rig.peer, 9, rig_app, &rig.user, rig.now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	pw_tcp_get_info(a, &x);
	pw_tcp_get_info(b, &y);
	CU_ASSERT_NOT_EQUAL(x.lport, y.lport);
	CU_ASSERT_TRUE(x.lport >= 32768 && y.lport >= 32768);
	rig.user.n_open += 2;
}

static void
listen_twice_is_refused(void)
{
	CU_ASSERT_EQUAL(pw_tcp_listen(rig.t, RIG_PORT, rig_app, NULL), -EADDRINUSE);
}

/* A SYN that still waits for the way out cannot have been acknowledged. */
static void
c68_ack_of_a_syn_that_waits_is_reset(void)
{
	rig.way_room = 0;
	struct pw_tcp_conn *c = pw_tcp_connect(
		rig.t, &rig.us, RIG_PORT, &rig.peer, rig.port, rig_app, &rig.user, rig.now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	rig_run(&rig);
	rig.way_room = UINT32_MAX;
	rig.iss = c->isn1 - 1; /* guessed */
	CU_ASSERT_EQUAL(rig_syn_ack(&rig, &rig_linux), PW_DROP_TCP_ACK_BAD);
	EXPECT_FLAGS(&rig, PW_TCP_RST);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_SYN);
	CU_ASSERT_EQUAL(rig_syn_ack(&rig, &rig_linux), PW_OK);
	rig_run(&rig);
	EXPECT_FLAGS(&rig, PW_TCP_ACK);
}

static CU_TestInfo tests[] = {
	TEST(c51_our_mss_is_mtu_less_40),
	TEST(c52_no_mss_means_536),
	TEST(c53_options_come_off_the_payload),
	TEST(c54_tiny_mss_has_a_floor),
	TEST(c54_large_mss_is_bounded_by_our_mtu),
	TEST(c55_mss_counts_on_a_syn_only),
	TEST(c111_what_was_not_offered_is_not_used),
	TEST(c116_scale_above_14_is_14),
	TEST(c116_no_scale_unless_both_say_so),
	TEST(c57_syn_to_a_closed_port_is_refused),
	TEST(c58_ack_to_a_closed_port_is_reset),
	TEST(c59_rst_is_never_answered),
	TEST(c60_listen_answers_only_what_it_must),
	TEST(c63_syn_with_fin_is_dropped),
	TEST(drain_refuses_new_connections),
	TEST(c61_syn_retransmitted_same_isn),
	TEST(c62_data_on_a_syn_is_resent_and_taken_once),
	TEST(c64_syn_ack_is_resent_doubling_then_freed),
	TEST(c64_repeated_syns_put_nothing_off),
	TEST(c65_rst_in_syn_received),
	TEST(c66_unacceptable_ack_in_syn_received_is_reset),
	TEST(c66_an_ack_before_the_syn_ack_is_reset),
	TEST(c67_data_completes_the_handshake),
	TEST(c67_fin_completes_the_handshake),
	TEST(syn_ack_waits_for_the_way_out),
	TEST(user_who_says_no_gets_a_reset_sent),
	TEST(c70_backlog_is_bounded_and_existing_live),
	TEST(active_open),
	TEST(active_open_does_without_what_the_peer_lacks),
	TEST(c68_wrong_ack_in_syn_sent_is_reset),
	TEST(c68_rst_in_syn_sent_needs_a_good_ack),
	TEST(c68_ack_of_a_syn_that_waits_is_reset),
	TEST(c27_unreachable_in_syn_sent_fails),
	TEST(syn_is_resent_doubling_then_times_out),
	TEST(c69_simultaneous_open),
	TEST(c69_simultaneous_open_in_one_burst),
	TEST(close_before_open_forgets),
	TEST(shutdown_before_open_sends_all_and_fin),
	TEST(connect_refuses_a_pair_in_use),
	TEST(c131_isns_show_no_relation),
	TEST(c131_isn_of_a_pair_rises),
	TEST(c133_timestamp_offset_differs_between_peers),
	TEST(ports_are_chosen_and_differ),
	TEST(listen_twice_is_refused),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_tcp_handshake = {
	.pName = "tcp_handshake", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
