/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Data Center TCP (RFC 8257): cwnd is reduced by half of the share of bytes that routers
 * have marked, not by half whenever something was. It needs routers that mark from a low
 * queue on, and a receiver that echoes each mark (section 3.2, in ecn.c). All else, losses
 * included, is New Reno's (section 3.4 and 3.5).
 */
#include "tcp_priv.h"

#define G_SHIFT		   4 /* section 4.2: g is 1/16 */
#define BYTES_PER_ACK_SEGS 8 /* as New Reno */

static void
new_window(struct pw_tcp_conn *c)
{
	c->cc.dctcp.window_end = (uint32_t)c->snd_nxt;
	c->cc.dctcp.bytes_acked = c->cc.dctcp.bytes_marked = 0;
}

static void
init(struct pw_tcp_conn *c)
{
	c->cc.dctcp = (struct cc_dctcp){.alpha = DCTCP_ONE};
	new_window(c);
}

static void
on_ack(struct pw_tcp_conn *c, const struct cc_ack *a)
{
	struct cc_dctcp *d = &c->cc.dctcp;

	if (c->cwnd < c->ssthresh) {
		c->cwnd += (uint32_t)pw_min(a->acked, BYTES_PER_ACK_SEGS * c->mss);
		return;
	}
	d->acked += a->acked;
	if (d->acked >= c->cwnd) {
		d->acked -= c->cwnd;
		c->cwnd += c->mss;
	}
}

/* Section 3.3, steps 1 to 7: alpha = alpha * (1 - g) + g * M, once a window. */
static void
on_echo(struct pw_tcp_conn *c, uint32_t acked, bool echo)
{
	struct cc_dctcp *d = &c->cc.dctcp;
	uint64_t m;

	d->bytes_acked += acked;
	d->bytes_marked += echo ? acked : 0;
	if (!seq_before(d->window_end, (uint32_t)c->snd_una) || d->bytes_acked == 0)
		return;
	m = (uint64_t)d->bytes_marked * DCTCP_ONE / d->bytes_acked;
	d->alpha = (uint32_t)(d->alpha - (d->alpha >> G_SHIFT) + (m >> G_SHIFT));
	new_window(c);
}

static uint32_t
on_loss(struct pw_tcp_conn *c)
{
	c->cc.dctcp.acked = 0;
	return (uint32_t)pw_max(flight(c) / 2, 2u * c->mss);
}

/* Step 9: cwnd * (1 - alpha / 2) */
static uint32_t
on_ecn(struct pw_tcp_conn *c)
{
	uint64_t less = (uint64_t)c->cwnd * c->cc.dctcp.alpha / (2 * DCTCP_ONE);

	c->cc.dctcp.acked = 0;
	return (uint32_t)pw_max(c->cwnd - less, 2u * c->mss);
}

static void
on_restart(struct pw_tcp_conn *c)
{
	c->cc.dctcp.acked = 0;
}

const struct tcp_cc tcp_cc_dctcp = {
	.name = "dctcp",
	.init = init,
	.on_ack = on_ack,
	.on_loss = on_loss,
	.on_ecn = on_ecn,
	.on_restart = on_restart,
	.on_echo = on_echo,
};
