/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Two workers in one thread: whose a frame is, handing it over, borrowed queues, the end
 * of both.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <CUnit/CUnit.h>
#include "loop_priv.h"
#include "rig_loop.h"

enum {
	FIN = 1,
	SYN = 2,
	ACK = 16,
};

#define SEED 7123

static struct rig_loop l[2];
static struct pw_crew *crew;
static struct pw_worker_stats st[2];

/* A port of PEER whose connection with us is @p worker's. */
static uint16_t
port_of(uint32_t worker)
{
	struct pw_addr us = rig_addr(l[0].ip6 ? US6 : US);
	struct pw_addr peer = rig_addr(l[0].ip6 ? PEER6 : PEER);
	uint16_t port = 40000;

	while (pw_spread_worker_of(pw_crew_spread(crew), &us, RIG_HTTP, &peer, port) != worker)
		port++;
	return port;
}

/* Both clients speak through the port of worker @p in; worker 1's are heard where it sends. */
static void
open_crew(const struct rig_loop_opts *more, uint32_t in)
{
	uint32_t i;

	crew = pw_crew_create(2, SOCKET_ID_ANY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(crew);
	for (i = 0; i < 2; i++) {
		struct rig_loop_opts opts = *more;

		opts.crew = crew;
		opts.crew_id = i;
		opts.no_queue = more->no_queue && i == 1;
		rig_loop_open(&l[i], &opts);
		l[i].sport = port_of(i);
	}
	for (i = 0; i < 2; i++) {
		l[i].in = l[in].rp;
		l[i].mate = &l[1 - i];
	}
	if (more->no_queue)
		l[1].out = l[0].rp;
}

static void
setup(void)
{
	struct rig_loop_opts none = {0};

	open_crew(&none, 0);
}

static void
teardown(void)
{
	pw_crew_empty(crew);
	rig_loop_close(&l[0]);
	rig_loop_close(&l[1]);
	pw_crew_destroy(crew);
}

static void
reopen(const struct rig_loop_opts *more)
{
	teardown();
	open_crew(more, 0);
}

static void
look(void)
{
	pw_worker_get_stats(l[0].w, &st[0]);
	pw_worker_get_stats(l[1].w, &st[1]);
}

/* ---- whose is it? ---- */

static uint32_t
whose(uint32_t len)
{
	/* Exactly so many bytes: a sanitizer sees the one behind them. */
	uint8_t *copy = malloc(RTE_MAX(len, 1u));
	uint32_t to;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, l[0].f.b, len);
	to = crew_worker_of(pw_crew_spread(crew), copy, len);
	free(copy);
	return to;
}

static void
a_segment_is_its_connections_worker(void)
{
	uint32_t i;

	for (i = 0; i < 2; i++) {
		rig_loop_seg(&l[i], ACK, "x");
		l[0].f = l[i].f;
		CU_ASSERT_EQUAL(whose(l[0].f.len), i);
		CU_ASSERT_EQUAL(whose(14 + 20 + 4), i);
		CU_ASSERT_EQUAL(whose(14 + 20 + 3), CREW_ANYBODY);
	}
}

/* With IPv4 options the ports are further behind. */
static void
options_are_passed_over(void)
{
	static uint8_t all[RIG_FRAME_MAX];
	struct rig_buf *f = &l[0].f;
	uint32_t n;

	for (n = 0; n <= 40; n += 4) {
		rig_loop_seg(&l[1], ACK, "x");
		memcpy(all, l[1].f.b, l[1].f.len);
		rig_eth(f, rig_our_mac, rig_peer_mac, 0x0800);
		rig_put(f, all + 14, 20);
		f->b[14] = (uint8_t)(0x45 + n / 4);
		memset(f->b + f->len, 1, n);
		f->len += n;
		rig_put(f, all + 34, 20);
		CU_ASSERT_EQUAL(whose(f->len), 1);
		CU_ASSERT_EQUAL(whose(14 + 20 + n + 3), CREW_ANYBODY);
	}
}

/* A tag puts all that is behind it off by 4 bytes. */
static void
a_vlan_tag_is_passed_over(void)
{
	static const uint8_t tag[] = {0x81, 0, 0, 100};
	struct rig_buf *f = &l[0].f;
	uint32_t i;

	for (i = 0; i < 2; i++) {
		rig_loop_seg(&l[i], ACK, "x");
		*f = l[i].f;
		memmove(f->b + 16, f->b + 12, f->len - 12);
		memcpy(f->b + 12, tag, sizeof(tag));
		f->len += 4;
		CU_ASSERT_EQUAL(whose(f->len), i);
		CU_ASSERT_EQUAL(whose(18 + 20 + 4), i);
		CU_ASSERT_EQUAL(whose(18 + 20 + 3), CREW_ANYBODY);
	}
	f->b[16] = 0x08;
	f->b[17] = 0x06;
	CU_ASSERT_EQUAL(whose(f->len), CREW_EVERYBODY);
	CU_ASSERT_EQUAL(whose(17), CREW_ANYBODY);
}

static void
what_is_no_connections_stays(void)
{
	struct rig_buf *f = &l[0].f;

	rig_eth(f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(f, PEER, US, 17, 8);
	rig_put32(f, 53u << 16 | 53);
	rig_put32(f, 8 << 16);
	CU_ASSERT_EQUAL(whose(f->len), CREW_ANYBODY);
	f->b[23] = 6;
	f->b[21] = 1; /* a later fragment: these are no ports */
	CU_ASSERT_EQUAL(whose(f->len), CREW_ANYBODY);
	rig_eth(f, rig_our_mac, rig_peer_mac, 0x88cc);
	rig_put32(f, 0);
	CU_ASSERT_EQUAL(whose(f->len), CREW_ANYBODY);
	rig_arp(f, rig_all_mac, 1, rig_peer_mac, PEER, rig_our_mac, US);
	CU_ASSERT_EQUAL(whose(f->len), CREW_EVERYBODY);
}

static void
icmp_error(uint32_t worker)
{
	struct rig_buf *f = &l[0].f;
	uint16_t sum;

	rig_eth(f, rig_our_mac, rig_peer_mac, 0x0800);
	rig_ip4(f, PEER, US, 1, 36);
	rig_put32(f, 0x03040000);
	rig_put32(f, 1280);
	rig_ip4(f, US, PEER, 6, 1000);
	rig_put32(f, (uint32_t)RIG_HTTP << 16 | port_of(worker));
	rig_put32(f, 12345);
	sum = (uint16_t)~rig_sum(f->b + 34, 36, 0);
	f->b[36] = (uint8_t)(sum >> 8);
	f->b[37] = (uint8_t)sum;
}

static void
an_icmp_error_goes_where_the_connection_is(void)
{
	uint32_t i;

	for (i = 0; i < 2; i++) {
		icmp_error(i);
		CU_ASSERT_EQUAL(whose(l[0].f.len), i);
		CU_ASSERT_EQUAL(whose(14 + 20 + 8 + 20 + 4), i);
		CU_ASSERT_EQUAL(whose(14 + 20 + 8 + 20 + 3), CREW_ANYBODY);
		CU_ASSERT_EQUAL(whose(14 + 20 + 8 + 19), CREW_ANYBODY);
		rig_loop_put(&l[0]);
		l[0].now = l[1].now = l[0].now + PW_NS_PER_MS;
		rig_loop_turn(&l[1], 0);
		look();
		CU_ASSERT_EQUAL(st[i].drops.n[PW_DROP_ICMP_STRAY], 1);
	}
}

/* ---- the same of IPv6 ---- */

static const struct rig_loop_opts over_ip6 = {.ip6 = true};

static void
an_ipv6_segment_is_its_connections_worker(void)
{
	uint32_t i;

	reopen(&over_ip6);
	for (i = 0; i < 2; i++) {
		rig_loop_seg(&l[i], ACK, "x");
		l[0].f = l[i].f;
		CU_ASSERT_EQUAL(whose(l[0].f.len), i);
		CU_ASSERT_EQUAL(whose(14 + 40 + 4), i);
		CU_ASSERT_EQUAL(whose(14 + 40 + 3), CREW_ANYBODY);
	}
}

static void
neighbour_discovery_is_everybodys(void)
{
	struct rig_buf *f = &l[0].f;

	rig_ns(f, rig_peer_mac, PEER6, US6, US6);
	CU_ASSERT_EQUAL(whose(f->len), CREW_EVERYBODY);
	rig_na(f, rig_peer_mac, PEER6, US6, PEER6, 0x40);
	CU_ASSERT_EQUAL(whose(f->len), CREW_EVERYBODY);
	f->b[14 + 40] = 128; /* an echo request */
	CU_ASSERT_EQUAL(whose(f->len), CREW_ANYBODY);
}

/* "Packet too big" about a connection of @p worker's. */
static void
icmp6_error(uint32_t worker)
{
	struct rig_buf quoted = {.len = 0};

	rig_put32(&quoted, 0x02000000);
	rig_put32(&quoted, 1280);
	rig_ip6(&quoted, US6, PEER6, 6, 1000);
	rig_put32(&quoted, (uint32_t)RIG_HTTP << 16 | port_of(worker));
	rig_put32(&quoted, 12345);
	rig_icmp6(&l[0].f, rig_peer_mac, PEER6, US6, 64, quoted.b, quoted.len);
}

static void
an_icmp6_error_goes_where_the_connection_is(void)
{
	uint32_t i;

	reopen(&over_ip6);
	for (i = 0; i < 2; i++) {
		icmp6_error(i);
		CU_ASSERT_EQUAL(whose(l[0].f.len), i);
		CU_ASSERT_EQUAL(whose(14 + 40 + 8 + 40 + 4), i);
		CU_ASSERT_EQUAL(whose(14 + 40 + 8 + 40 + 3), CREW_ANYBODY);
		rig_loop_put(&l[0]);
		l[0].now = l[1].now = l[0].now + PW_NS_PER_MS;
		rig_loop_turn(&l[1], 0);
		look();
		CU_ASSERT_EQUAL(st[i].drops.n[PW_DROP_ICMP_STRAY], 1);
	}
}

/* Every length, and bytes that may be anything: an answer that is one of the four. */
static void
any_bytes_have_an_owner(void)
{
	uint64_t x = SEED;
	uint32_t i, k;

	printf("seed %d ", SEED);
	for (i = 0; i < 20000; i++) {
		uint32_t to;

		icmp_error(i % 2);
		for (k = 0; k < i % 5; k++) {
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
			l[0].f.b[(x >> 33) % l[0].f.len] = (uint8_t)(x >> 56);
		}
		to = whose(i % (l[0].f.len + 1));
		CU_ASSERT_TRUE_FATAL(to < 2 || to == CREW_ANYBODY || to == CREW_EVERYBODY);
	}
}

/* ---- handing over ---- */

static void
a_connection_is_served_by_its_worker(void)
{
	rig_loop_connect(&l[1]);
	rig_loop_fetch(&l[1], 300000, UINT32_MAX);
	rig_loop_bye(&l[1]);
	look();
	CU_ASSERT_EQUAL(l[0].n_open, 0);
	CU_ASSERT_EQUAL(l[0].rp->n_sent, 1); /* the ARP reply */
	CU_ASSERT_EQUAL(st[1].link.replies_out, 0);
	CU_ASSERT_TRUE(st[1].link.neighbours == 1);
	CU_ASSERT_EQUAL(st[1].link.requests_out, 0); /* overheard, not asked for */
	CU_ASSERT_EQUAL(st[0].handed_over, st[1].taken_over);
	CU_ASSERT_EQUAL(st[0].rx_packets, 1);
	CU_ASSERT_EQUAL(st[1].rx_packets, st[1].taken_over - 1);
	CU_ASSERT_EQUAL(st[1].ledger.by_ref_bytes, 300000);
	CU_ASSERT_EQUAL(st[0].ledger.by_ref_bytes, 0);
}

/* Neighbour discovery is overheard, and segments are handed over. */
static void
an_ipv6_connection_is_served_by_its_worker(void)
{
	reopen(&over_ip6);
	rig_loop_connect(&l[1]);
	rig_loop_fetch(&l[1], 300000, UINT32_MAX);
	rig_loop_bye(&l[1]);
	look();
	CU_ASSERT_EQUAL(l[0].n_open, 0);
	CU_ASSERT_EQUAL(l[0].rp->n_sent, 1); /* the advertisement */
	CU_ASSERT_EQUAL(st[1].link.neighbours, 1);
	CU_ASSERT_EQUAL(st[1].link.requests_out, 0);
	CU_ASSERT_EQUAL(st[0].handed_over, st[1].taken_over);
	CU_ASSERT_EQUAL(st[0].rx_packets, 1);
	CU_ASSERT_EQUAL(st[1].ledger.by_ref_bytes, 300000);
	CU_ASSERT_EQUAL(st[0].ledger.by_ref_bytes, 0);
}

static void
what_comes_to_its_worker_is_not_handed_over(void)
{
	rig_loop_connect(&l[0]);
	rig_loop_fetch(&l[0], 300000, UINT32_MAX);
	rig_loop_bye(&l[0]);
	look();
	CU_ASSERT_EQUAL(l[1].n_open, 0);
	CU_ASSERT_EQUAL(st[0].handed_over, 1); /* ARP */
	CU_ASSERT_EQUAL(st[1].handed_over, 0);
}

/* A neighbour's reply comes to one of the two who had asked. */
static void
a_reply_is_for_all_who_asked(void)
{
	uint32_t i;

	for (i = 0; i < 2; i++)
		rig_loop_send(&l[i], SYN, ""); /* from an unknown neighbour */
	rig_loop_turn(&l[1], PW_NS_PER_US);
	look();
	CU_ASSERT_EQUAL(st[0].link.requests_out, 1);
	CU_ASSERT_EQUAL(st[1].link.requests_out, 1);
	CU_ASSERT_FALSE(l[0].synced || l[1].synced);
	rig_arp(&l[0].f, rig_our_mac, 2, rig_peer_mac, PEER, rig_our_mac, US);
	rig_loop_put(&l[0]);
	rig_loop_turn(&l[1], PW_NS_PER_US);
	l[0].now = l[1].now;
	rig_loop_turn(&l[0], PW_NS_PER_US);
	CU_ASSERT_TRUE(l[0].synced && l[1].synced);
	look();
	CU_ASSERT_EQUAL(st[0].drops.n[PW_DROP_ARP_UNASKED], 0);
	CU_ASSERT_EQUAL(st[1].drops.n[PW_DROP_ARP_UNASKED], 0);
	l[0].unfinished = l[1].unfinished = true;
}

/* The lane to a worker that does not take is full at a bound, and what is lost is counted. */
static void
a_full_lane_loses_and_counts(void)
{
	uint32_t sent = 0;
	uint32_t i;

	while (sent < 1280) {
		for (i = 0; i < 64; i++, sent++) {
			rig_loop_seg(&l[1], ACK, "");
			rig_loop_put(&l[1]);
		}
		pw_worker_turn(l[0].w, l[0].now);
	}
	look();
	CU_ASSERT_EQUAL(st[0].handed_over, 1023);
	CU_ASSERT_EQUAL(st[0].drops.n[PW_DROP_HAND_OVER], 1280 - 1023);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(l[0].rp->pool), 1023);
	for (i = 0; i < 20; i++)
		pw_worker_turn(l[1].w, l[1].now);
	look();
	CU_ASSERT_EQUAL(st[1].rx_packets, 1023);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(l[0].rp->pool), 0);
	l[1].unfinished = true; /* RSTs that wait for the neighbour */
}

static void
pieces_are_looked_at_as_one(void)
{
	uint32_t pieces;

	rig_loop_connect(&l[1]);
	l[1].answer_bytes = 10;
	for (pieces = 2; pieces < 9; pieces++) {
		rig_loop_seg(&l[1], ACK, "GET / HTTP/1.1\r\n\r\n");
		l[1].snd_nxt += 18;
		rig_port_put(l[1].in, l[1].f.b, l[1].f.len, pieces);
		rig_loop_turn(&l[1], PW_NS_PER_MS);
		CU_ASSERT_EQUAL(l[1].got, 10 * (pieces - 1));
	}
	rig_loop_send(&l[1], ACK, "");
	rig_loop_bye(&l[1]);
}

/* ---- fewer queues than workers ---- */

static const struct rig_loop_opts one_queue = {.no_queue = true};

static void
without_a_queue_another_sends(void)
{
	reopen(&one_queue);
	rig_loop_connect(&l[1]);
	rig_loop_fetch(&l[1], 3000000, UINT32_MAX);
	rig_loop_bye(&l[1]);
	look();
	CU_ASSERT_EQUAL(l[1].rp->n_sent, 0);
	CU_ASSERT_EQUAL(st[1].tx_packets, 0);
	CU_ASSERT_TRUE(st[0].tx_packets > 2000);
	CU_ASSERT_EQUAL(st[1].ledger.by_ref_bytes, 3000000);
	CU_ASSERT_EQUAL(st[1].tcp.rtx_segs, 0);
}

static void
a_slow_device_holds_the_borrower_back(void)
{
	static const uint32_t accept[] = {1, 3, 64};
	size_t i;

	reopen(&one_queue);
	rig_loop_connect(&l[1]);
	for (i = 0; i < RTE_DIM(accept); i++)
		rig_loop_fetch(&l[1], 1000000, accept[i]);
	rig_loop_bye(&l[1]);
	look();
	CU_ASSERT_TRUE(st[1].tcp.send_full > 0);
	CU_ASSERT_EQUAL(st[1].tcp.rtx_segs, 0);
	CU_ASSERT_EQUAL(st[0].drops.n[PW_DROP_TX_FULL] + st[1].drops.n[PW_DROP_TX_FULL], 0);
}

/* ---- the end, and sleep ---- */

static void
nobody_leaves_before_all_have_finished(void)
{
	uint32_t i;

	reopen(&one_queue);
	rig_loop_connect(&l[1]);
	for (i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(pw_worker_post(l[i].w, PW_WORKER_DRAIN, 100 * PW_NS_PER_S), 0);
	for (i = 0; i < 50; i++)
		rig_loop_turn(&l[1], PW_NS_PER_MS);
	CU_ASSERT_FALSE(pw_worker_done(l[0].w) || pw_worker_done(l[1].w));
	rig_loop_fetch(&l[1], 100000, UINT32_MAX); /* by the queue of one that is finished */
	rig_loop_bye(&l[1]);
	for (i = 0; i < 10; i++)
		rig_loop_turn(&l[1], PW_NS_PER_MS);
	CU_ASSERT_TRUE(pw_worker_done(l[0].w) && pw_worker_done(l[1].w));
}

static void
a_sleeper_is_woken_and_nobody_else(void)
{
	struct rig_loop_opts opts = {.idle = PW_IDLE_SLEEP};
	eventfd_t n;

	reopen(&opts);
	rig_loop_seg(&l[1], ACK, "");
	rig_loop_put(&l[1]);
	pw_worker_turn(l[0].w, 1);
	CU_ASSERT_EQUAL(eventfd_read(l[1].w->wakefd, &n), -1);
	crew_doze(l[1].w, true);
	rig_loop_put(&l[1]);
	pw_worker_turn(l[0].w, 2);
	CU_ASSERT_EQUAL(eventfd_read(l[1].w->wakefd, &n), 0);
	CU_ASSERT_EQUAL(eventfd_read(l[0].w->wakefd, &n), -1);
	crew_doze(l[1].w, false);
	rig_loop_put(&l[1]);
	pw_worker_turn(l[0].w, 3);
	CU_ASSERT_EQUAL(eventfd_read(l[1].w->wakefd, &n), -1);
	l[1].unfinished = true;
}

static void
impossible_crews_are_refused(void)
{
	struct pw_loop_if ifc = {.port = &l[0].rp->port, .queue = &l[0].rp->queue};
	struct pw_worker_cfg third = {.id = 2, .crew = crew, .ifs = &ifc, .n_ifs = 1};

	CU_ASSERT_PTR_NULL(pw_crew_create(0, SOCKET_ID_ANY));
	CU_ASSERT_EQUAL(errno, EINVAL);
	CU_ASSERT_PTR_NULL(pw_crew_create(PW_WORKERS_MAX + 1, SOCKET_ID_ANY));
	CU_ASSERT_EQUAL(errno, EINVAL);
	CU_ASSERT_PTR_NULL(pw_worker_create(&third));
	CU_ASSERT_EQUAL(errno, EINVAL);
}

/* What different workers write while they serve lies on different cache lines. */
static void
no_line_is_written_by_two(void)
{
	const uintptr_t line = RTE_CACHE_LINE_SIZE;
	struct pw_crew *c = crew;

	CU_ASSERT_EQUAL((uintptr_t)l[0].w % line, 0);
	CU_ASSERT_EQUAL((uintptr_t)l[0].w->hands % line, 0);
	CU_ASSERT_EQUAL((uintptr_t)&c->seat[0].dozing % line, 0);
	CU_ASSERT_EQUAL((uintptr_t)&c->n_finished % line, 0);
	CU_ASSERT_NOT_EQUAL((uintptr_t)&c->n_finished / line, (uintptr_t)&c->seat[0] / line);
	CU_ASSERT_NOT_EQUAL((uintptr_t)&c->seat[0].dozing / line, (uintptr_t)&c->seat[1] / line);
}

static CU_TestInfo tests[] = {
	{"a_segment_is_its_connections_worker", a_segment_is_its_connections_worker},
	{"options_are_passed_over", options_are_passed_over},
	{"a_vlan_tag_is_passed_over", a_vlan_tag_is_passed_over},
	{"what_is_no_connections_stays", what_is_no_connections_stays},
	{"an_icmp_error_goes_where_the_connection_is", an_icmp_error_goes_where_the_connection_is},
	{"an_ipv6_segment_is_its_connections_worker", an_ipv6_segment_is_its_connections_worker},
	{"neighbour_discovery_is_everybodys", neighbour_discovery_is_everybodys},
	{"an_icmp6_error_goes_where_the_connection_is",
		an_icmp6_error_goes_where_the_connection_is},
	{"any_bytes_have_an_owner", any_bytes_have_an_owner},
	{"a_connection_is_served_by_its_worker", a_connection_is_served_by_its_worker},
	{"an_ipv6_connection_is_served_by_its_worker", an_ipv6_connection_is_served_by_its_worker},
	{"what_comes_to_its_worker_is_not_handed_over",
		what_comes_to_its_worker_is_not_handed_over},
	{"a_reply_is_for_all_who_asked", a_reply_is_for_all_who_asked},
	{"a_full_lane_loses_and_counts", a_full_lane_loses_and_counts},
	{"pieces_are_looked_at_as_one", pieces_are_looked_at_as_one},
	{"without_a_queue_another_sends", without_a_queue_another_sends},
	{"a_slow_device_holds_the_borrower_back", a_slow_device_holds_the_borrower_back},
	{"nobody_leaves_before_all_have_finished", nobody_leaves_before_all_have_finished},
	{"a_sleeper_is_woken_and_nobody_else", a_sleeper_is_woken_and_nobody_else},
	{"impossible_crews_are_refused", impossible_crews_are_refused},
	{"no_line_is_written_by_two", no_line_is_written_by_two},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_loop_crew = {
	.pName = "loop_crew",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
