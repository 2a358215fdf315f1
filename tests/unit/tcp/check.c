/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <CUnit/CUnit.h>
#include "check.h"
#include "tcp_priv.h"

/* Bytes below the right edge of the receive window that one announcement says. */
static pw_off
edge_of(const struct pw_tcp_conn *c, const struct pw_tcp_seg *seg)
{
	return c->rcv_nxt + ((uint64_t)seg->hdr.wnd << c->rcv_shift);
}

/* S4: new data stays in the congestion window, but for a probe of the tail. */
static void
check_new_data(const struct pw_tcp_conn *c, const struct pw_tcp_seg *seg)
{
	CU_ASSERT_TRUE(c->snd_nxt + seg->len <= c->snd_edge);
	if ((c->flags & F_TLP_DUE) == 0)
		CU_ASSERT_TRUE(pipe_bytes(c) + seg->len <= c->cwnd + c->mss);
}

/* C110: what speaks of ECN, and what a router may mark (RFC 3168 6.1). */
static void
check_ecn(const struct pw_tcp_conn *c, const struct pw_tcp_seg *seg)
{
	bool agreed = c != NULL && (c->ecn & ECN_OK) != 0;

	CU_ASSERT_EQUAL(seg->hdr.flags & PW_TCP_URG, 0);
	if ((seg->hdr.flags & (PW_TCP_ECE | PW_TCP_CWR)) && (seg->hdr.flags & PW_TCP_SYN) == 0)
		CU_ASSERT_TRUE(agreed);
	if (seg->hdr.flags & PW_TCP_CWR && (seg->hdr.flags & PW_TCP_SYN) == 0)
		CU_ASSERT_TRUE(seg->len > 0 && !seg->rtx && seg->gso_size == 0);
	if (seg->ecn != 0)
		CU_ASSERT_TRUE(agreed && seg->len > 0 && !seg->rtx && seg->ecn == PW_IP_ECN_ECT0);
}

void
check_segment(struct pw_tcp *t, const struct pw_tcp_seg *seg)
{
	const struct pw_tcp_conn *c =
		conn_find(t, seg->src, seg->hdr.sport, seg->dst, seg->hdr.dport);
	uint32_t one = seg->gso_size != 0 ? seg->gso_size : seg->len;
	uint32_t opts = seg->hdr.opt_len;

	CU_ASSERT_EQUAL(opts % 4, 0);
	CU_ASSERT_TRUE(opts <= PW_TCP_OPT_MAX);
	check_ecn(c, seg);
	if (c == NULL || !synchronised(c) || (seg->hdr.flags & (PW_TCP_RST | PW_TCP_SYN)))
		return;
	/* S5 */
	if (!c->searching) /* else it may be a probe */
		CU_ASSERT_TRUE(one + opts <= c->mss + (c->flags & F_TS_OK ? PW_TCP_TS_LEN : 0u));
	CU_ASSERT_TRUE(one + opts + 40 <= t->cfg.mtu);
	/* S3: what the scale rounds off is the only step back */
	CU_ASSERT_TRUE(edge_of(c, seg) + (1u << c->rcv_shift) > c->rcv_adv);
	if (seg->len > 0 && !seg->rtx)
		check_new_data(c, seg);
}

/* S6: one deadline, and the right one, for what is waited for. */
static void
check_timers(const struct pw_tcp_conn *c)
{
	bool loss = c->at[TMR_LOSS] != PW_NEVER;
	bool waits = c->snd_nxt < snd_limit(c) && (c->flags & F_SOURCE_DRY) == 0;

	if (c->flags & F_READY)
		return; /* made ready during the turn: its own is still to come */
	if ((c->flags & F_TLP_DUE) == 0)
		CU_ASSERT_EQUAL(loss, flight(c) > 0);
	if (flight(c) == 0 && waits)
		CU_ASSERT_TRUE(c->at[TMR_PERSIST] != PW_NEVER ||
			       (c->paced && pw_timer_armed(&side_of(c)->timer)));
	if (!waits && flight(c) == 0 && (c->flags & F_SOURCE_DRY) == 0)
		CU_ASSERT_EQUAL(c->at[TMR_PERSIST], PW_NEVER);
}

static void
check_conn(void *ctx, struct pw_tcp_conn *c)
{
	int i;

	CU_ASSERT_EQUAL(c->flags & (F_BUSY | F_OFFERING), 0);
	for (i = 0; i < TMR_MAX; i++)
		CU_ASSERT_TRUE(c->at[i] == PW_NEVER || c->timer.at <= c->at[i]);
	if (!synchronised(c))
		return;
	sent_check(c);
	CU_ASSERT_TRUE(c->cwnd >= c->mss);
	CU_ASSERT_TRUE(c->ssthresh >= 2u * c->mss);
	CU_ASSERT_TRUE(c->snd_una <= c->snd_nxt && c->snd_nxt <= snd_limit(c));
	CU_ASSERT_TRUE(c->rcv_read <= c->rcv_nxt && c->n_sent <= SENT_MAX);
	CU_ASSERT_TRUE(rtt_rto(c) >= RTO_VAR_MIN && rtt_rto(c) <= RTO_MAX);
	check_timers(c);
}

void
check_turn(struct pw_tcp *t, bool way_full)
{
	if (way_full)
		return;
	pw_tcp_each(t, check_conn, NULL);
	CU_ASSERT_TRUE(pw_tcp_next(t) > t->now || t->ready_head != NONE);
}
