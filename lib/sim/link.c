/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "link.h"
#include "sum.h"
#include "pw_wire_ip4.h"
#include "pw_wire_ip6.h"
#include "pw_wire_tcp.h"

#define PPM	   1000000
#define THIN_NS	   (10 * PW_NS_PER_MS)
#define FULL_BYTES 1500		       /* the packet that reordering by count reckons with */
#define FULL_NS	   (12 * PW_NS_PER_US) /* its time on a wire of no limit: 1 Gbit/s */

static bool
chance(struct link *l, uint32_t ppm)
{
	return ppm > 0 && pw_rand_below(&l->rand, PPM) < ppm;
}

void
link_init(struct link *l, const struct pw_sim_link *cfg, uint64_t seed)
{
	*l = (struct link){.cfg = *cfg};
	pw_rand_init(&l->rand, seed);
}

void
link_set(struct link *l, const struct pw_sim_link *cfg)
{
	l->cfg = *cfg;
	l->bad = false;
}

/* ---- what kind of packet ---- */

/** TCP inside a datagram, as far as it can be trusted. */
struct peek {
	const uint8_t *l4;
	uint32_t payload;
	uint32_t seq;
	uint8_t flags;
};

/* @return length of the IP header that TCP follows, or 0 */
static uint32_t
ip_hlen(const uint8_t *dgram, uint32_t len)
{
	uint32_t ihl;

	if (len >= PW_IP6_HLEN && dgram[0] >> 4 == 6)
		return dgram[6] == PW_IP_PROTO_TCP ? PW_IP6_HLEN : 0;
	if (len < PW_IP4_HLEN || dgram[0] >> 4 != 4 || dgram[9] != PW_IP_PROTO_TCP)
		return 0;
	ihl = (dgram[0] & 15u) * 4;
	return ihl < PW_IP4_HLEN || ihl > len ? 0 : ihl;
}

static bool
peek_tcp(const uint8_t *dgram, uint32_t len, struct peek *out)
{
	uint32_t ihl = ip_hlen(dgram, len), thl;

	if (ihl == 0)
		return false;
	thl = pw_tcp_check(dgram + ihl, len - ihl);
	if (thl == 0)
		return false;
	out->l4 = dgram + ihl;
	out->payload = len - ihl - thl;
	out->seq = pw_get_be32(out->l4 + 4);
	out->flags = out->l4[13];
	return true;
}

/* Data that passed here before? */
static bool
seen_before(struct link *l, const struct peek *p)
{
	uint32_t i, ports = pw_get_be32(p->l4), end = p->seq + p->payload;
	struct link_flow *f;

	if (p->payload == 0)
		return false;
	for (i = 0; i < LINK_FLOWS && (!l->flow[i].used || l->flow[i].ports != ports); i++)
		;
	if (i == LINK_FLOWS) {
		f = &l->flow[l->next_flow++ % LINK_FLOWS];
		*f = (struct link_flow){.ports = ports, .end = end, .used = true};
		return false;
	}
	f = &l->flow[i];
	if ((int32_t)(end - f->end) <= 0)
		return true;
	f->end = end;
	return false;
}

static bool
is_pure_ack(const struct peek *p)
{
	return p->payload == 0 &&
	       (p->flags & (PW_TCP_SYN | PW_TCP_FIN | PW_TCP_RST | PW_TCP_ACK)) == PW_TCP_ACK;
}

static bool
belongs(enum pw_sim_class class, const struct peek *p, bool rtx)
{
	switch (class) {
	case PW_SIM_PURE_ACK:
		return is_pure_ack(p);
	case PW_SIM_RTX:
		return rtx;
	case PW_SIM_HANDSHAKE:
		return (p->flags & PW_TCP_SYN) != 0;
	case PW_SIM_CLOSING:
		return (p->flags & PW_TCP_FIN) != 0;
	case PW_SIM_NO_SYN:
		return (p->flags & PW_TCP_SYN) == 0;
	default:
		return true;
	}
}

/* ---- loss ---- */

static bool
lost_in_burst(struct link *l)
{
	if (l->cfg.burst_begin_ppm == 0)
		return false;
	if (chance(l, l->bad ? l->cfg.burst_end_ppm : l->cfg.burst_begin_ppm))
		l->bad = !l->bad;
	return l->bad && chance(l, l->cfg.burst_loss_ppm);
}

static bool
lost_by_count(const struct link *l, uint64_t nth)
{
	if (nth < 64 && (l->cfg.mask >> nth & 1))
		return true;
	return l->cfg.every_nth != 0 && nth % l->cfg.every_nth == l->cfg.every_nth - 1;
}

/* As devices do it that see several ACKs at once: one of n passes. One that comes
 * alone always does. */
static bool
thinned(struct link *l, const struct peek *p, pw_ns now)
{
	if (l->cfg.thin_acks < 2 || !is_pure_ack(p))
		return false;
	if (now - l->ack_at < THIN_NS && ++l->n_thinned < l->cfg.thin_acks)
		return true;
	l->ack_at = now;
	l->n_thinned = 0;
	return false;
}

static bool
is_lost(struct link *l, const uint8_t *dgram, uint32_t len, pw_ns now)
{
	uint64_t nth = l->n_seen++;
	struct peek p = {0};
	bool tcp = peek_tcp(dgram, len, &p);
	bool rtx = tcp && seen_before(l, &p);

	if (l->cfg.cut || lost_by_count(l, nth) || lost_in_burst(l))
		return true;
	if ((l->cfg.loss_of == PW_SIM_ANY || tcp) && belongs(l->cfg.loss_of, &p, rtx) &&
		chance(l, l->cfg.loss_ppm))
		return true;
	return tcp && thinned(l, &p, now);
}

/* ---- change ---- */

void
link_strip(uint8_t *dgram, uint32_t len, uint8_t strip)
{
	static const uint8_t bit[9] = {
		[2] = PW_OPT_MSS, [3] = PW_OPT_WSCALE, [4] = PW_OPT_SACK_OK, [8] = PW_OPT_TS};
	struct peek p;
	uint8_t *o, *end;
	uint16_t sum;

	if (!peek_tcp(dgram, len, &p) || (p.flags & PW_TCP_SYN) == 0)
		return;
	o = dgram + (p.l4 - dgram) + PW_TCP_HLEN_MIN;
	end = dgram + len - p.payload;
	while (o < end && *o != 0) {
		uint32_t size = *o == 1 ? 1 : o + 1 < end ? o[1] : 0;

		if (size == 0 || size > (uint32_t)(end - o))
			break;
		if (*o < sizeof(bit) && (bit[*o] & strip))
			memset(o, 1, size);
		o += size;
	}
	o = dgram + (p.l4 - dgram);
	memset(o + 16, 0, 2);
	sum = sum_tcp(dgram, len);
	pw_put_be16(o + 16, sum);
}

static bool
can_be_marked(uint8_t ecn)
{
	return ecn != 0 && ecn != PW_IP_ECN_CE;
}

/* RFC 3168: only a packet that says ECT can be marked. */
static bool
mark(uint8_t *dgram, uint32_t len)
{
	if (len >= PW_IP6_HLEN && dgram[0] >> 4 == 6) {
		if (!can_be_marked(dgram[1] >> 4 & PW_IP_ECN_MASK))
			return false;
		dgram[1] |= PW_IP_ECN_CE << 4;
		return true;
	}
	if (len < PW_IP4_HLEN || dgram[0] != 0x45 || !can_be_marked(dgram[1] & PW_IP_ECN_MASK))
		return false;
	dgram[1] |= PW_IP_ECN_CE;
	memset(dgram + 10, 0, 2);
	pw_put_be16(dgram + 10, sum_ip4(dgram));
	return true;
}

static bool
queue_is_long(const struct link *l, pw_ns now)
{
	return l->cfg.mark_bytes != 0 && link_backlog(l, now) > l->cfg.mark_bytes;
}

/* Not changed by a link before. */
static bool
is_whole(const uint8_t *dgram, uint32_t len)
{
	struct peek p;

	return !peek_tcp(dgram, len, &p) || sum_tcp(dgram, len) == 0;
}

static enum pw_sim_fate
change(struct link *l, uint8_t *dgram, uint32_t *len, pw_ns now)
{
	enum pw_sim_fate fate = PW_SIM_SENT;

	if (l->cfg.strip != 0)
		link_strip(dgram, *len, l->cfg.strip);
	if ((chance(l, l->cfg.mark_ppm) || queue_is_long(l, now)) && mark(dgram, *len))
		fate = PW_SIM_MARKED;
	if (chance(l, l->cfg.corrupt_ppm) && is_whole(dgram, *len)) {
		/* One byte, on one link: no change of it escapes the Internet checksum. */
		dgram[pw_rand_below(&l->rand, *len)] ^= (uint8_t)(1 + pw_rand_below(&l->rand, 255));
		fate = PW_SIM_CORRUPTED;
	}
	if (chance(l, l->cfg.cut_ppm) && *len > 1) {
		*len = (uint32_t)(1 + pw_rand_below(&l->rand, *len - 1));
		fate = PW_SIM_CUT_SHORT;
	}
	return fate;
}

/* ---- time ---- */

static pw_ns
wire_time(const struct link *l, uint32_t bytes)
{
	return l->cfg.bytes_per_s == 0 ? 0 : bytes * PW_NS_PER_S / l->cfg.bytes_per_s;
}

uint64_t
link_backlog(const struct link *l, pw_ns now)
{
	if (l->busy_until <= now)
		return 0;
	return (l->busy_until - now) * l->cfg.bytes_per_s / PW_NS_PER_S;
}

static bool
queue_full(const struct link *l, uint32_t len, pw_ns now)
{
	return l->cfg.queue_bytes != 0 && link_backlog(l, now) + len > l->cfg.queue_bytes;
}

/* When it is there, its place in the queue taken. */
static pw_ns
arrival(struct link *l, uint32_t len, pw_ns now, enum pw_sim_fate *fate)
{
	pw_ns full = l->cfg.bytes_per_s == 0 ? FULL_NS : wire_time(l, FULL_BYTES);
	pw_ns at;

	l->busy_until = pw_max(l->busy_until, now) + wire_time(l, len);
	at = l->busy_until + l->cfg.delay;
	if (chance(l, l->cfg.late_ppm)) {
		at += pw_rand_below(&l->rand, l->cfg.late_ns + 1);
		*fate = PW_SIM_LATE;
	}
	if (chance(l, l->cfg.swap_ppm)) {
		at += l->cfg.swap_n * full + 1;
		*fate = PW_SIM_LATE;
	}
	return at;
}

void
link_pass(struct link *l, uint8_t *dgram, uint32_t *len, pw_ns now, struct link_out *out)
{
	*out = (struct link_out){.fate = PW_SIM_LOST};
	if (is_lost(l, dgram, *len, now)) {
		l->n[PW_SIM_LOST]++;
		return;
	}
	if (queue_full(l, *len, now)) {
		out->fate = PW_SIM_QUEUE_FULL;
		l->n[PW_SIM_QUEUE_FULL]++;
		return;
	}
	out->fate = change(l, dgram, len, now);
	out->n = 1;
	out->at[0] = arrival(l, *len, now, &out->fate);
	if (chance(l, l->cfg.dup_ppm)) {
		out->fate = PW_SIM_DUPLICATE;
		out->n = 2;
		out->at[1] = out->at[0] + pw_rand_below(&l->rand, l->cfg.delay + 1);
	}
	l->n[out->fate]++;
}
