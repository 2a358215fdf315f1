/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * New Reno (RFC 5681), counting bytes (RFC 3465).
 */
#include "tcp_priv.h"

#define BYTES_PER_ACK_SEGS 8 /* RFC 9406 section 4.2: L, for a sender that does not pace */

static void
init(struct pw_tcp_conn *c)
{
	c->cc.reno.acked = 0;
}

static void
on_ack(struct pw_tcp_conn *c, const struct cc_ack *a)
{
	if (c->cwnd < c->ssthresh) {
		c->cwnd += (uint32_t)pw_min(a->acked, BYTES_PER_ACK_SEGS * c->mss);
		return;
	}
	c->cc.reno.acked += a->acked;
	if (c->cc.reno.acked >= c->cwnd) {
		c->cc.reno.acked -= c->cwnd;
		c->cwnd += c->mss;
	}
}

static uint32_t
on_loss(struct pw_tcp_conn *c)
{
	c->cc.reno.acked = 0;
	return (uint32_t)pw_max(flight(c) / 2, 2u * c->mss); /* equation 4 */
}

/* RFC 3168 section 6.1.2: half of cwnd, whatever is left in flight by now. */
static uint32_t
on_ecn(struct pw_tcp_conn *c)
{
	c->cc.reno.acked = 0;
	return (uint32_t)pw_max(c->cwnd / 2, 2u * c->mss);
}

static void
on_restart(struct pw_tcp_conn *c)
{
	c->cc.reno.acked = 0;
}

const struct tcp_cc tcp_cc_newreno = {
	.name = "newreno",
	.init = init,
	.on_ack = on_ack,
	.on_loss = on_loss,
	.on_ecn = on_ecn,
	.on_restart = on_restart,
};
