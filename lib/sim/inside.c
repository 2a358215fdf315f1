/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include "inside.h"
#include "tcp_priv.h"

static void
expect(struct inside *in, const struct pw_tcp_conn *c, bool ok, const char *which, const char *what)
{
	char why[192];

	if (likely(ok))
		return;
	snprintf(why, sizeof(why),
		"port %u to %u, state %u: not so: %s (una %lu nxt %lu end %lu edge %lu cwnd %u "
		"srtt %lu us, least %lu us)",
		c->lport, c->rport, c->state, what, (unsigned long)c->snd_una,
		(unsigned long)c->snd_nxt, (unsigned long)c->snd_end, (unsigned long)c->snd_edge,
		c->cwnd, (unsigned long)(ticks_ns(c->srtt) / PW_NS_PER_US),
		(unsigned long)(ticks_ns(c->min_rtt) / PW_NS_PER_US));
	in->fail(in->ctx, which, why);
}

#define EXPECT(in, which, cond) expect(in, c, cond, which, #cond)

static void
digest(struct inside *in, uint64_t x)
{
	in->digest = (in->digest ^ x) * UINT64_C(0x9e3779b97f4a7c15);
	in->digest ^= in->digest >> 32;
}

/* A quantum opens later, and wakes it. */
static bool
awaits_pace(const struct pw_tcp_conn *c)
{
	return c->paced && pw_timer_armed(&side_of(c)->timer);
}

/* S6: what is waited for has its timer, and nothing else has. */
static void
check_timers(struct inside *in, const struct pw_tcp_conn *c)
{
	bool loss = c->at[TMR_LOSS] != PW_NEVER, persist = c->at[TMR_PERSIST] != PW_NEVER;
	bool waits = c->snd_nxt < snd_limit(c) && (c->flags & F_SOURCE_DRY) == 0;
	bool records = c->t->sent.n_used < c->t->sent.n;

	if ((c->flags & F_TLP_DUE) == 0)
		EXPECT(in, "S6", loss == (flight(c) > 0));
	if (flight(c) == 0 && waits && records)
		EXPECT(in, "S6", persist || awaits_pace(c));
	if (flight(c) == 0 && !waits && (c->flags & F_SOURCE_DRY) == 0)
		EXPECT(in, "S6", !persist);
}

static void
check_conn(void *ctx, struct pw_tcp_conn *c)
{
	struct inside *in = ctx;
	pw_ns floor;

	digest(in, c->state);
	EXPECT(in, "S6", (c->flags & F_BUSY) == 0);
	if (!synchronised(c))
		return;
	digest(in, c->snd_una + (c->snd_nxt << 32));
	digest(in, c->rcv_nxt + ((uint64_t)c->cwnd << 32));
	digest(in, c->srtt);
	EXPECT(in, "S2", c->snd_una <= c->snd_nxt && c->snd_nxt <= snd_limit(c));
	EXPECT(in, "S3", c->rcv_read <= c->rcv_nxt);
	EXPECT(in, "S4", c->cwnd >= c->mss && c->ssthresh >= 2u * c->mss);
	EXPECT(in, "S7", rtt_rto(c) >= RTO_VAR_MIN && rtt_rto(c) <= RTO_MAX);
	floor = in->rtt_floor(in->ctx, &c->remote);
	/* Karn: no sample is shorter than the way there and back. */
	EXPECT(in, "S7", ticks_ns(c->min_rtt) >= floor);
	/* One that is still to have its turn needs no timer for it. */
	if (!in->way_full && (c->flags & F_READY) == 0)
		check_timers(in, c);
}

void
inside_check(struct inside *in)
{
	pw_tcp_each(in->tcp, check_conn, in);
}

void
inside_check_new(struct inside *in, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport, uint32_t len)
{
	const struct pw_tcp_conn *c = conn_find(in->tcp, local, lport, remote, rport);

	if (c != NULL && synchronised(c) && (c->flags & F_TLP_DUE) == 0)
		EXPECT(in, "S4", pipe_bytes(c) + len <= c->cwnd + c->mss);
}

static void
set_isn(void *ctx, struct pw_tcp_conn *c)
{
	uint32_t isn1 = 1 - *(const uint32_t *)ctx;

	if (!synchronised(c) && c->syn_sent == 0 && (c->flags & F_SYN_DUE))
		c->isn1 = c->wl2 = isn1;
}

void
inside_set_isn(struct pw_tcp *t, uint32_t back)
{
	if (back != 0)
		pw_tcp_each(t, set_isn, &back);
}
