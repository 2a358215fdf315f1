/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Round-trip time and the retransmission time-out (RFC 6298).
 */
#include "tcp_priv.h"

void
rtt_sample(struct pw_tcp_conn *c, pw_ns rtt_ns)
{
	uint32_t rtt = pw_max(ticks_of(rtt_ns), 1);

	if (unlikely(c->rtt_lent))
		metrics_return_rtt(c);
	c->min_rtt = RTE_MIN(c->min_rtt, rtt);
	if (c->srtt == 0) { /* 2.2 */
		c->srtt = rtt;
		c->rttvar = rtt / 2;
		return;
	}
	/* 2.3: alpha 1/8, beta 1/4 */
	c->rttvar = c->rttvar - c->rttvar / 4 + (rtt > c->srtt ? rtt - c->srtt : c->srtt - rtt) / 4;
	c->srtt = c->srtt - c->srtt / 8 + rtt / 8;
}

/* Section 2.3, where the floor stands for the clock granularity G, as in Linux: a
 * path that never varies still leaves an ACK the time to be delayed. */
pw_ns
rtt_rto_of(uint32_t srtt, uint32_t rttvar)
{
	return ticks_ns(srtt) + pw_max(4 * ticks_ns(rttvar), RTO_VAR_MIN);
}

pw_ns
rtt_rto(const struct pw_tcp_conn *c)
{
	pw_ns rto;

	if (c->srtt != 0)
		rto = rtt_rto_of(c->srtt, c->rttvar);
	else if ((c->flags & F_SYN_RTX) && synchronised(c))
		rto = RTO_AFTER_SYN_LOSS;
	else
		rto = RTO_INITIAL;
	return pw_min(rto << pw_min(c->backoff, RTO_BACKOFF_MAX), RTO_MAX);
}
