/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_dhcp.h"
#include "pw_wire_ip4.h"

#define FOREVER UINT32_MAX /* seconds: a lease without an end */

/* ---- what is sent ---- */

/* A time that two clients do not share: one second more or less (section 4.1). */
static pw_ns
jitter(struct pw_dhcp *d, pw_ns ns)
{
	return ns - PW_NS_PER_S + pw_rand_below(&d->rand, 2 * PW_NS_PER_S + 1);
}

/* 4, 8, 16, 32, then every 64 seconds. */
static pw_ns
retry_ns(struct pw_dhcp *d)
{
	return jitter(d, pw_min(PW_DHCP_RETRY_NS << pw_min(d->n_tries - 1, 4), PW_DHCP_RETRY_MAX));
}

static struct pw_dhcp_msg
message(const struct pw_dhcp *d, enum pw_dhcp_type type, pw_ns now)
{
	struct pw_dhcp_msg m = {
		.xid = d->xid,
		.secs = (uint16_t)pw_min((now - d->began_at) / PW_NS_PER_S, UINT16_MAX),
		.type = (uint8_t)type,
	};

	memcpy(m.mac, d->mac, sizeof(m.mac));
	return m;
}

static void
put(struct pw_dhcp *d, struct pw_dhcp_out *out, const struct pw_dhcp_msg *m)
{
	out->dst = pw_addr_v4(RTE_BE32(0xffffffff));
	out->src = pw_addr_v4(m->ciaddr);
	out->len = pw_dhcp_emit(out->bytes, m);
	d->stats.sent++;
}

/* Until it has an address, the client cannot be sent to but by broadcast. */
static void
discover(struct pw_dhcp *d, pw_ns now, struct pw_dhcp_out *out)
{
	struct pw_dhcp_msg m = message(d, PW_DHCP_DISCOVER, now);

	m.broadcast = true;
	put(d, out, &m);
}

static void
request_offered(struct pw_dhcp *d, pw_ns now, struct pw_dhcp_out *out)
{
	struct pw_dhcp_msg m = message(d, PW_DHCP_REQUEST, now);

	m.broadcast = true;
	m.requested = pw_addr_get_v4(&d->lease.addr);
	m.server = pw_addr_get_v4(&d->lease.server);
	d->asked_at = now;
	put(d, out, &m);
}

/* Table 4: with its own address, and neither that nor a server in the options. */
static void
request_more(struct pw_dhcp *d, pw_ns now, struct pw_dhcp_out *out)
{
	struct pw_dhcp_msg m = message(d, PW_DHCP_REQUEST, now);

	m.ciaddr = pw_addr_get_v4(&d->lease.addr);
	d->asked_at = now;
	put(d, out, &m);
	if (d->state == PW_DHCP_RENEWING)
		out->dst = d->lease.server;
}

static void
decline(struct pw_dhcp *d, pw_ns now, struct pw_dhcp_out *out)
{
	struct pw_dhcp_msg m = message(d, PW_DHCP_DECLINE, now);

	m.requested = pw_addr_get_v4(&d->lease.addr);
	m.server = pw_addr_get_v4(&d->lease.server);
	d->stats.declined++;
	put(d, out, &m);
}

/* ---- states ---- */

static void
enter(struct pw_dhcp *d, enum pw_dhcp_state state, pw_ns at)
{
	d->state = state;
	d->n_tries = 0;
	d->at = at;
}

static void
begin(struct pw_dhcp *d, pw_ns wait, pw_ns now)
{
	d->xid = (uint32_t)pw_rand_u64(&d->rand);
	memset(&d->lease, 0, sizeof(d->lease));
	enter(d, PW_DHCP_INIT, now + wait);
	d->began_at = d->at;
}

void
pw_dhcp_init(struct pw_dhcp *d, const uint8_t *mac, uint64_t seed, pw_ns now)
{
	memset(d, 0, sizeof(*d));
	memcpy(d->mac, mac, sizeof(d->mac));
	pw_rand_init(&d->rand, seed);
	begin(d, pw_rand_below(&d->rand, PW_DHCP_START_NS + 1), now);
}

/* The lease is over, or was taken back. */
static void
lose(struct pw_dhcp *d, pw_ns now, struct pw_dhcp_out *out)
{
	struct pw_dhcp_lease lost = d->lease;

	begin(d, pw_rand_below(&d->rand, PW_DHCP_START_NS + 1), now);
	d->lease = lost; /* so that it can be told which; the next offer replaces it */
	out->event = PW_DHCP_LOSE;
}

/* Half of what is left of the time, and a minute at least (section 4.4.5). */
static void
ask_again(struct pw_dhcp *d, pw_ns until, pw_ns now, struct pw_dhcp_out *out)
{
	pw_ns wait = pw_max((until - now) / 2, PW_DHCP_RENEW_MIN);

	request_more(d, now, out);
	d->at = until - now > wait ? now + wait : until;
}

static void
run_bound(struct pw_dhcp *d, pw_ns now, struct pw_dhcp_out *out)
{
	const struct pw_dhcp_lease *l = &d->lease;

	if (now >= l->ends_at) {
		d->stats.expired++;
		lose(d, now, out);
		return;
	}
	if (d->state == PW_DHCP_BOUND)
		d->xid = (uint32_t)pw_rand_u64(&d->rand);
	d->state = now >= l->t2_at ? PW_DHCP_REBINDING : PW_DHCP_RENEWING;
	ask_again(d, d->state == PW_DHCP_RENEWING ? l->t2_at : l->ends_at, now, out);
}

void
pw_dhcp_run(struct pw_dhcp *d, pw_ns now, struct pw_dhcp_out *out)
{
	out->event = PW_DHCP_NONE;
	out->len = 0;
	if (d->state == PW_DHCP_OFF || now < d->at)
		return;
	switch (d->state) {
	case PW_DHCP_INIT:
		enter(d, PW_DHCP_SELECTING, now);
		/* fallthrough */
	case PW_DHCP_SELECTING:
		discover(d, now, out);
		d->n_tries++;
		d->at = now + retry_ns(d);
		return;
	case PW_DHCP_REQUESTING:
		if (d->n_tries == PW_DHCP_REQUESTS) {
			begin(d, 0, now);
			pw_dhcp_run(d, now, out);
			return;
		}
		request_offered(d, now, out);
		d->n_tries++;
		d->at = now + retry_ns(d);
		return;
	default:
		run_bound(d, now, out);
		return;
	}
}

/* ---- what is received ---- */

/* Consecutive ones from the left. @return how many, or 0: no mask */
static uint32_t
mask_bits(rte_be32_t mask)
{
	uint32_t m = rte_be_to_cpu_32(mask);
	uint32_t bits = (uint32_t)__builtin_popcount(m);

	return bits != 0 && m == UINT32_MAX << (32 - bits) ? bits : 0;
}

/* Without a mask, that of the address's class (RFC 950). */
static uint32_t
class_bits(rte_be32_t addr)
{
	uint32_t top = rte_be_to_cpu_32(addr) >> 24;

	return top < 128 ? 8 : top < 192 ? 16 : 24;
}

/* May a host have this address in this network? */
static bool
is_host(rte_be32_t addr, uint32_t bits)
{
	uint32_t hosts = bits >= 31 ? 0 : UINT32_MAX >> bits;
	uint32_t host = rte_be_to_cpu_32(addr) & hosts;

	return pw_ip4_is_host(addr) && (hosts == 0 || (host != 0 && host != hosts));
}

/* T1 before T2 before the end; else what the RFC has for those that say nothing. */
static void
set_times(struct pw_dhcp_lease *l, const struct pw_dhcp_msg *m, pw_ns from)
{
	uint64_t lease = m->lease_s, t1 = m->t1_s, t2 = m->t2_s;

	if (m->lease_s == FOREVER) {
		l->t1_at = l->t2_at = l->ends_at = PW_NEVER;
		return;
	}
	if (t1 == 0 || t2 == 0 || t1 > t2 || t2 > lease) {
		t1 = lease / 2;
		t2 = lease * 7 / 8;
	}
	l->t1_at = from + t1 * PW_NS_PER_S;
	l->t2_at = from + t2 * PW_NS_PER_S;
	l->ends_at = from + lease * PW_NS_PER_S;
}

/* Is it a lease that can be used? */
static bool
read_lease(const struct pw_dhcp_msg *m, pw_ns from, struct pw_dhcp_lease *out)
{
	uint32_t bits = m->mask != 0 ? mask_bits(m->mask) : class_bits(m->yiaddr);

	if (bits == 0 || !is_host(m->yiaddr, bits) || m->lease_s < PW_DHCP_LEASE_MIN ||
		!pw_ip4_is_host(m->server))
		return false;
	*out = (struct pw_dhcp_lease){
		.addr = pw_addr_v4(m->yiaddr),
		.prefix_bits = (uint8_t)(96 + bits),
		.server = pw_addr_v4(m->server),
		.mtu = m->mtu >= PW_DHCP_MTU_MIN ? m->mtu : 0,
	};
	if (m->router != 0 && m->router != m->yiaddr && is_host(m->router, bits)) {
		struct pw_addr router = pw_addr_v4(m->router);

		if (pw_addr_same_net(&router, &out->addr, out->prefix_bits))
			out->router = router;
	}
	set_times(out, m, from);
	return true;
}

static bool
from_our_server(const struct pw_dhcp *d, const struct pw_dhcp_msg *m)
{
	return m->server == pw_addr_get_v4(&d->lease.server);
}

static bool
offer_in(struct pw_dhcp *d, const struct pw_dhcp_msg *m, pw_ns now, struct pw_dhcp_out *out)
{
	struct pw_dhcp_lease lease;

	if (d->state != PW_DHCP_SELECTING || !read_lease(m, now, &lease))
		return false;
	d->lease = lease;
	enter(d, PW_DHCP_REQUESTING, now);
	pw_dhcp_run(d, now, out);
	return true;
}

static void
bind(struct pw_dhcp *d, enum pw_dhcp_event event, struct pw_dhcp_out *out)
{
	enter(d, PW_DHCP_BOUND, d->lease.t1_at);
	out->event = event;
}

/* Section 4.4.1: what the ACK says counts, should it differ from the offer. */
static bool
ack_in(struct pw_dhcp *d, const struct pw_dhcp_msg *m, struct pw_dhcp_out *out)
{
	bool more = d->state == PW_DHCP_RENEWING || d->state == PW_DHCP_REBINDING;
	struct pw_dhcp_lease lease;

	if (!more && d->state != PW_DHCP_REQUESTING)
		return false;
	if (d->state != PW_DHCP_REBINDING && !from_our_server(d, m))
		return false;
	if (!read_lease(m, d->asked_at, &lease) || !pw_addr_eq(&lease.addr, &d->lease.addr))
		return false;
	d->lease = lease;
	if (more) {
		bind(d, PW_DHCP_RENEWED, out);
	} else {
		enter(d, PW_DHCP_CHECKING, PW_NEVER);
		out->event = PW_DHCP_CHECK;
	}
	return true;
}

static bool
nak_in(struct pw_dhcp *d, const struct pw_dhcp_msg *m, pw_ns now, struct pw_dhcp_out *out)
{
	if (d->state != PW_DHCP_REQUESTING && d->state != PW_DHCP_RENEWING &&
		d->state != PW_DHCP_REBINDING)
		return false;
	if (d->state != PW_DHCP_REBINDING && !from_our_server(d, m))
		return false;
	d->stats.naks++;
	if (d->state != PW_DHCP_REQUESTING)
		lose(d, now, out);
	else
		begin(d, jitter(d, PW_DHCP_RETRY_NS), now); /* a server may do so for ever */
	return true;
}

void
pw_dhcp_input(struct pw_dhcp *d, const uint8_t *p, uint32_t len, pw_ns now, struct pw_dhcp_out *out)
{
	struct pw_dhcp_msg m;
	bool ok = false;

	out->event = PW_DHCP_NONE;
	out->len = 0;
	if (pw_dhcp_parse(p, len, &m) && m.xid == d->xid && pw_mac_eq(m.mac, d->mac)) {
		if (m.type == PW_DHCP_OFFER)
			ok = offer_in(d, &m, now, out);
		else if (m.type == PW_DHCP_ACK)
			ok = ack_in(d, &m, out);
		else if (m.type == PW_DHCP_NAK)
			ok = nak_in(d, &m, now, out);
	}
	d->stats.taken += ok;
	d->stats.ignored += !ok;
}

void
pw_dhcp_checked(struct pw_dhcp *d, bool is_free, pw_ns now, struct pw_dhcp_out *out)
{
	out->event = PW_DHCP_NONE;
	out->len = 0;
	if (d->state != PW_DHCP_CHECKING)
		return;
	if (is_free) {
		bind(d, PW_DHCP_BIND, out);
		return;
	}
	decline(d, now, out);
	begin(d, PW_DHCP_DECLINE_NS, now);
}

void
pw_dhcp_conflict(struct pw_dhcp *d, pw_ns now, struct pw_dhcp_out *out)
{
	struct pw_dhcp_lease lost = d->lease;

	out->event = PW_DHCP_NONE;
	out->len = 0;
	if (d->state != PW_DHCP_BOUND && d->state != PW_DHCP_RENEWING &&
		d->state != PW_DHCP_REBINDING)
		return;
	decline(d, now, out);
	begin(d, PW_DHCP_DECLINE_NS, now);
	d->lease = lost;
	out->event = PW_DHCP_LOSE;
}

const char *
pw_dhcp_state_name(enum pw_dhcp_state state)
{
	static const char *const names[] = {"off", "init", "selecting", "requesting", "checking",
		"bound", "renewing", "rebinding"};

	return names[state];
}
