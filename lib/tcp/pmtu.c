/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Paths that swallow what is too long for them and say nothing (RFC 4821, RFC 8899). When
 * the same bytes time out again and again, segments become shorter, by a few steps down to a
 * floor: 1280 bytes of IPv6 (RFC 8200), 552 of IPv4, below which ICMP is not believed either.
 * What then passes is the lower bound of a search upwards: now and then one longer segment of
 * new data, first as long as ever, for it may have been the path that was down; then halfway
 * between what passed and what did not. A probe that is lost is no congestion (RFC 4821
 * section 7.6.2). When the search has ended, all of it begins again after ten minutes.
 *
 * Sizes are of a segment's payload and options together, as MSS options have them. The state
 * lies in the side pool: who finds no place stays short.
 */
#include "tcp_priv.h"
#include "trace.h"

#define BLACK_HOLE_RTOS 2 /* time-outs in a row */
#define CLOSE_ENOUGH	32
#define NEXT_PROBE_MS	1000
#define SEARCH_AGAIN_MS (600u * 1000) /* RFC 1191 section 6.3 */
#define SEGS_BEHIND	4	      /* of data behind a probe, to tell of its loss */

static uint32_t
size_now(const struct pw_tcp_conn *c)
{
	return c->mss + (c->flags & F_TS_OK ? PW_TCP_TS_LEN : 0u);
}

/* The next step down, or 0: it is on the floor. */
static uint32_t
step_down(const struct pw_tcp_conn *c, uint32_t size)
{
	static const uint16_t v4[] = {1500, 1280, PMTU_FLOOR_V4}, v6[] = {1500, PMTU_FLOOR_V6};
	bool is_v4 = pw_addr_is_v4(&c->remote);
	const uint16_t *steps = is_v4 ? v4 : v6;
	uint32_t i, n = is_v4 ? RTE_DIM(v4) : RTE_DIM(v6), hdrs = is_v4 ? 40 : 60;

	for (i = 0; i < n; i++)
		if (size > steps[i] - hdrs)
			return steps[i] - hdrs;
	return 0;
}

/* What both ends, the device and ICMP allow. */
static uint16_t
size_most(const struct pw_tcp_conn *c)
{
	uint32_t hdrs = pw_addr_is_v4(&c->remote) ? 40 : 60;

	return (uint16_t)pw_max(pw_min(c->peer_mss, tcp_mtu(c->t, &c->remote) - hdrs), MSS_FLOOR);
}

/* For the connections that come after this one. */
static void
keep_bounds(struct pw_tcp_conn *c)
{
	const struct pmtu *p = &side_of(c)->pmtu;

	if (p->low < tcp_mss_option(c->t, &c->remote))
		metrics_keep_mtu(c, p->low, p->high);
	else
		metrics_forget_mtu(c);
}

static void
use_size(struct pw_tcp_conn *c, uint16_t size)
{
	struct pmtu *p = &side_of(c)->pmtu;

	p->low = size;
	p->probe = 0;
	p->next_ms = c->t->now_ms + NEXT_PROBE_MS;
	conn_set_mss(c);
	c->cwnd = (uint32_t)pw_max(c->cwnd, c->mss);
	c->ssthresh = (uint32_t)pw_max(c->ssthresh, 2u * c->mss);
	keep_bounds(c);
	TRACE(c, PATH_MTU, c->mss, 0, 0);
}

static void
probe_failed(struct pw_tcp_conn *c)
{
	struct pmtu *p = &side_of(c)->pmtu;

	p->high = (uint16_t)(p->probe - 1);
	p->probe = 0;
	p->next_ms = c->t->now_ms + NEXT_PROBE_MS;
	keep_bounds(c);
}

void
pmtu_on_rto(struct pw_tcp_conn *c)
{
	uint32_t down;

	if (c->searching && side_of(c)->pmtu.probe != 0) {
		probe_failed(c);
		return;
	}
	down = (uint32_t)pw_min(sent_head_len(c) + size_now(c) - c->mss, size_now(c));
	down = c->backoff + 1u >= BLACK_HOLE_RTOS ? step_down(c, down) : 0;
	if (down == 0)
		return;
	c->t->stats.black_holes++;
	if (side_get(c) == NULL) {
		metrics_keep_mtu(c, down, size_most(c));
		c->peer_mss = (uint16_t)down;
		conn_set_mss(c);
		return;
	}
	if (!c->searching)
		side_of(c)->pmtu = (struct pmtu){.high = size_most(c)};
	c->searching = 1;
	use_size(c, (uint16_t)down);
}

/* The search goes on where it was, at once; one that had ended is over for this connection. */
void
pmtu_recall(struct pw_tcp_conn *c, uint16_t low, uint16_t high)
{
	uint16_t most = size_most(c);

	if (low >= most)
		return;
	if (high - low < CLOSE_ENOUGH || side_get(c) == NULL) {
		c->peer_mss = low;
	} else {
		c->searching = 1;
		side_of(c)->pmtu = (struct pmtu){.low = low,
			.high = (uint16_t)pw_min(high, most),
			.next_ms = c->t->now_ms + (synchronised(c) ? 0 : NEXT_PROBE_MS)};
	}
	conn_set_mss(c);
}

/* An ICMP error tells of @p size. */
void
pmtu_on_icmp(struct pw_tcp_conn *c, uint32_t size)
{
	struct pmtu *p = &side_of(c)->pmtu;

	p->high = (uint16_t)pw_min(p->high, size);
	p->low = (uint16_t)pw_min(p->low, size);
	p->probe = 0;
	keep_bounds(c);
}

static void
end_search(struct pw_tcp_conn *c)
{
	c->searching = 0;
	if (!c->paced)
		side_put(c);
}

/* Half-way, but first the whole. */
static uint16_t
probe_size(struct pw_tcp_conn *c, struct pmtu *p)
{
	uint16_t most = size_most(c);

	if (p->high >= most)
		return p->high = most;
	if (p->high - p->low >= CLOSE_ENOUGH)
		return (uint16_t)((p->low + p->high + 1) / 2);
	p->high = most; /* it has ended: all of it, later */
	p->next_ms = c->t->now_ms + SEARCH_AGAIN_MS;
	return 0;
}

uint32_t
pmtu_probe_len(struct pw_tcp_conn *c)
{
	struct pmtu *p = &side_of(c)->pmtu;
	uint32_t size, opts = size_now(c) - c->mss;

	if (p->probe != 0 || c->ca != CA_OPEN || (int32_t)(c->t->now_ms - p->next_ms) < 0)
		return 0;
	if (p->low >= size_most(c)) {
		end_search(c);
		return 0;
	}
	size = probe_size(c, p);
	if (size == 0 || c->snd_end < c->snd_nxt + size + SEGS_BEHIND * c->mss)
		return 0;
	return size - opts;
}

void
pmtu_probe_sent(struct pw_tcp_conn *c, uint32_t len)
{
	struct pmtu *p = &side_of(c)->pmtu;

	if (len <= c->mss)
		return; /* the source had no more */
	p->probe = (uint16_t)(len + size_now(c) - c->mss);
	p->probe_end = (uint32_t)c->snd_nxt;
	c->t->stats.mtu_probes++;
}

bool
pmtu_on_ack(struct pw_tcp_conn *c)
{
	struct pmtu *p = &side_of(c)->pmtu;
	uint32_t len;

	if (p->probe == 0)
		return false;
	if (!ahead(c, p->probe_end - 1)) {
		use_size(c, p->probe);
		return false;
	}
	len = p->probe - (size_now(c) - c->mss);
	if (!sent_is_lost(c, p->probe_end - len))
		return false;
	probe_failed(c);
	return c->lost <= len;
}
