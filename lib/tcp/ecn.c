/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Explicit congestion notification (RFC 3168, as amended by RFC 8311): a router
 * marks what it would have dropped, the receiver echoes the mark by ECE until the
 * sender says by CWR that it has reduced its rate.
 *
 * Only new data is sent as ECN-capable: no ACK, retransmission or probe, whose mark
 * or loss nobody would answer for (sections 6.1.4 to 6.1.6).
 */
#include "tcp_priv.h"
#include "trace.h"

#define ECN_SETUP (PW_TCP_ECE | PW_TCP_CWR)

static const char *const names[] = {"off", "accept", "on"};

int
ecn_find(const char *name)
{
	size_t i;

	for (i = 0; i < RTE_DIM(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (int)i;
	return -1;
}

/* ---- agreement (section 6.1.1) ---- */

bool
ecn_wanted(const struct pw_tcp *t, uint8_t syn_flags)
{
	return t->defaults.ecn != PW_TCP_ECN_OFF && (syn_flags & ECN_SETUP) == ECN_SETUP;
}

/* Section 6.1.1.1: somebody on the path may drop what he does not know, so a SYN that is
 * sent again does not ask. */
uint8_t
ecn_syn_flags(const struct pw_tcp_conn *c)
{
	if (c->state == PW_TCP_SYN_RCVD)
		return c->ecn & ECN_OK ? PW_TCP_ECE : 0;
	return (c->ecn & ECN_ASK) && (c->flags & F_SYN_RTX) == 0 ? ECN_SETUP : 0;
}

/* Who has sent a SYN without it may not use it any more; one that did not leave counts for
 * nothing. */
void
ecn_on_syn_sent(struct pw_tcp_conn *c)
{
	if (c->state == PW_TCP_SYN_SENT && (c->flags & F_SYN_RTX))
		c->ecn = 0;
}

void
ecn_on_syn(struct pw_tcp_conn *c, const struct seg_in *in)
{
	const uint8_t f = in->h.flags;
	bool ok;

	if (f & PW_TCP_ACK)
		ok = (c->ecn & (c->state == PW_TCP_SYN_SENT ? ECN_ASK : ECN_OK)) != 0 &&
		     (f & ECN_SETUP) == PW_TCP_ECE;
	else if (c->flags & F_ACTIVE) /* both open at once: as far as ours asked */
		ok = (c->ecn & ECN_ASK) != 0 && (f & ECN_SETUP) == ECN_SETUP;
	else
		ok = ecn_wanted(c->t, f);
	c->ecn = (uint8_t)((c->ecn & ECN_ASK) | (ok ? ECN_OK : 0));
}

/* ---- receiver (section 6.1.3) ---- */

/* RFC 8257 3.2: ECE says of each segment whether it was marked; so those before a change
 * are acknowledged first, and CWR means nothing. */
static void
echo_exactly(struct pw_tcp_conn *c, const struct seg_in *in)
{
	c->t->stats.ecn_marks_in += in->marked;
	if (in->marked == ((c->ecn & ECN_ECHO) != 0))
		return;
	if (c->flags & (F_ACK_NOW | F_ACK_LATER))
		out_ack_now(c);
	c->ecn ^= ECN_ECHO;
}

void
ecn_on_data(struct pw_tcp_conn *c, const struct seg_in *in)
{
	if (cc_of(c)->on_echo != NULL) {
		echo_exactly(c, in);
		return;
	}
	if (in->h.flags & PW_TCP_CWR)
		c->ecn &= (uint8_t)~ECN_ECHO;
	if (!in->marked)
		return;
	c->ecn |= ECN_ECHO;
	c->t->stats.ecn_marks_in++;
}

/* ---- sender (section 6.1.2) ---- */

void
ecn_on_reduction(struct pw_tcp_conn *c)
{
	if ((c->ecn & ECN_OK) == 0)
		return;
	c->ecn |= ECN_CWR_DUE | ECN_REDUCED;
	c->cwr_end = (uint32_t)c->snd_nxt;
}

bool
ecn_has_reduced(const struct pw_tcp_conn *c)
{
	return (c->ecn & ECN_REDUCED) != 0 && seq_before((uint32_t)c->snd_una, c->cwr_end);
}

/* Something that was sent after the reduction, and so with CWR before it, has been
 * acknowledged. The distance is at most what was in flight, so 32 bits tell. */
static void
end_round(struct pw_tcp_conn *c)
{
	if ((c->ecn & ECN_REDUCED) && seq_before(c->cwr_end, (uint32_t)c->snd_una))
		c->ecn &= (uint8_t)~ECN_REDUCED;
}

bool
ecn_on_ack(struct pw_tcp_conn *c, const struct seg_in *in, uint32_t acked)
{
	bool echo = (in->h.flags & (PW_TCP_ECE | PW_TCP_SYN)) == PW_TCP_ECE;

	if (cc_of(c)->on_echo != NULL)
		cc_of(c)->on_echo(c, acked, echo);
	end_round(c);
	if (echo && c->ca == CA_OPEN && (c->ecn & ECN_REDUCED) == 0) {
		c->ssthresh = cc_of(c)->on_ecn(c);
		c->cwnd = (uint32_t)pw_min(c->cwnd, c->ssthresh);
		c->prior_cwnd = 0; /* no loss before it is undone any more */
		ecn_on_reduction(c);
		c->t->stats.ecn_reductions++;
		TRACE(c, MARKED, 0, c->cwnd, c->ssthresh);
	}
	return echo || (c->ca == CA_OPEN && (c->ecn & ECN_REDUCED) != 0);
}
