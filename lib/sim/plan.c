/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Plans: drawn from a seed, or made for a mask. Sizes and times are drawn evenly
 * on a logarithmic scale, so that small ones, where mistakes live, are frequent.
 */
#include <stdio.h>
#include <string.h>
#include "pw_rand.h"
#include "pw_sim.h"
#include "pw_tcp.h"

#define MS PW_NS_PER_MS
#define S  PW_NS_PER_S

#define IP4_MTU_MIN  576 /* that is drawn */
#define IP6_MTU_MIN  1280
#define LINK_MTU_MAX 1499 /* likewise, of a link that has one */
#define METRICS	     8	  /* paths that a host remembers, if it does */

/* ---- drawing ---- */

static uint64_t
between(struct pw_rand *r, uint64_t low, uint64_t high)
{
	return low + pw_rand_below(r, high - low + 1);
}

static bool
one_in(struct pw_rand *r, uint32_t n)
{
	return pw_rand_below(r, n) == 0;
}

/* Evenly by magnitude, from @p low (at least 1) to @p high. */
static uint64_t
magnitude(struct pw_rand *r, uint64_t low, uint64_t high)
{
	uint64_t top = low, n = 0;

	while (top <= high / 2) {
		top *= 2;
		n++;
	}
	low <<= pw_rand_below(r, n + 1);
	return between(r, low, pw_min(2 * low - 1, high));
}

/* Zero mostly, or a share of up to @p max ppm. */
static uint32_t
rarely(struct pw_rand *r, uint32_t n, uint32_t max)
{
	return one_in(r, n) ? (uint32_t)magnitude(r, 100, max) : 0;
}

/* ---- links ---- */

/* What stays when all is calm. */
static void
draw_path(struct pw_rand *r, struct pw_sim_link *l)
{
	if (!one_in(r, 3)) {
		l->bytes_per_s = magnitude(r, 100000, 100000000);
		l->queue_bytes = (uint32_t)magnitude(r, 16000, 1000000);
	}
	l->delay = one_in(r, 8) ? 0 : magnitude(r, 10 * PW_NS_PER_US, 150 * MS);
	if (one_in(r, 10))
		l->mtu = (uint16_t)between(r, IP4_MTU_MIN, LINK_MTU_MAX);
	l->no_icmp = l->mtu != 0 && one_in(r, 3);
	if (one_in(r, 6)) {
		/* Few attempts to connect are left then. */
		l->loss_of = PW_SIM_NO_SYN;
		l->loss_ppm = (uint32_t)magnitude(r, 100, 20000);
	}
	if (one_in(r, 6))
		l->thin_acks = (uint32_t)between(r, 2, 4);
}

static void
draw_loss(struct pw_rand *r, struct pw_sim_link *l)
{
	static const uint32_t worst[PW_SIM_CLASS_MAX] = {
		[PW_SIM_ANY] = 200000,
		[PW_SIM_PURE_ACK] = 700000,
		[PW_SIM_RTX] = 400000,
		[PW_SIM_HANDSHAKE] = 600000,
		[PW_SIM_CLOSING] = 600000,
		[PW_SIM_NO_SYN] = 300000,
	};

	if (one_in(r, 2)) {
		l->loss_of = (enum pw_sim_class)pw_rand_below(r, PW_SIM_CLASS_MAX);
		l->loss_ppm = (uint32_t)magnitude(r, 1000, worst[l->loss_of]);
	}
	if (one_in(r, 8))
		l->every_nth = (uint32_t)between(r, 3, 100);
	if (one_in(r, 5)) {
		l->mask = pw_rand_u64(r);
		l->mask &= pw_rand_u64(r);
	}
	if (one_in(r, 6)) {
		l->burst_begin_ppm = (uint32_t)magnitude(r, 1000, 50000);
		l->burst_end_ppm = (uint32_t)magnitude(r, 50000, 500000);
		l->burst_loss_ppm = (uint32_t)between(r, 300000, 1000000);
	}
}

static void
draw_faults(struct pw_rand *r, struct pw_sim_link *l)
{
	draw_loss(r, l);
	l->late_ppm = rarely(r, 4, 300000);
	l->late_ns = magnitude(r, 10 * PW_NS_PER_US, 200 * MS);
	l->swap_ppm = rarely(r, 4, 300000);
	l->swap_n = (uint32_t)between(r, 1, 20);
	l->dup_ppm = rarely(r, 4, 200000);
	l->corrupt_ppm = rarely(r, 4, 50000);
	l->cut_ppm = rarely(r, 5, 50000);
	l->mark_ppm = rarely(r, 5, 300000);
	if (one_in(r, 8))
		l->mark_bytes = (uint32_t)magnitude(r, 3000, 100000);
}

/* ---- hosts ---- */

/* What a user may choose, most of it seldom. */
static void
draw_options(struct pw_rand *r, struct pw_sim_host *h)
{
	if (one_in(r, 4))
		h->no_opts =
			(uint8_t)(pw_rand_u64(r) & (PW_OPT_WSCALE | PW_OPT_SACK_OK | PW_OPT_TS));
	h->ecn = (uint8_t)between(r, PW_TCP_ECN_OFF, PW_TCP_ECN_ASK);
	h->nagle = one_in(r, 6);
	h->pacing = one_in(r, 3);
	if (one_in(r, 6))
		h->init_window = (uint8_t)between(r, 1, 10);
	if (one_in(r, 8))
		h->keepalive_ms = (uint32_t)magnitude(r, 1000, 60000);
	if (one_in(r, 4)) {
		h->rx_burst = (uint32_t)magnitude(r, 2, PW_SIM_BURST_MAX);
		h->rx_ns = magnitude(r, PW_NS_PER_US, 2 * MS);
	}
	if (one_in(r, 20))
		h->max_half_open = (uint32_t)between(r, 1, 2);
}

static const char *const ccs[] = {"cubic", "newreno", "dctcp", "bbr", "bbr"};

static void
draw_host(struct pw_rand *r, struct pw_sim_host *h)
{
	*h = (struct pw_sim_host){
		.cc = ccs[pw_rand_below(r, RTE_DIM(ccs))],
		.mtu = 1500,
		.tcp_rcv_buf = (uint32_t)magnitude(r, 2048, 512 * 1024),
		.snd_buf = 1u << between(r, 10, 16),
		.rcv_buf = 1u << between(r, 10, 16),
		.user_timeout = 600 * S,
	};
	if (one_in(r, 4))
		h->mtu = (uint16_t)magnitude(r, IP4_MTU_MIN, 9000);
	if (one_in(r, 4))
		h->gso_max = 65000;
	if (one_in(r, 4))
		h->isn_back = (uint32_t)magnitude(r, 1, 100000);
	if (one_in(r, 10))
		h->max_sent = (uint32_t)between(r, 4, 64);
	if (one_in(r, 10))
		h->max_rcv_blocks = (uint32_t)between(r, 4, 64);
	draw_options(r, h);
	draw_path(r, &h->up);
	draw_path(r, &h->down);
	if (one_in(r, 6))
		h->tx_ring = (uint32_t)magnitude(r, 10000, 100000);
}

/* ---- programs ---- */

static void
draw_prog(struct pw_rand *r, struct pw_sim_prog *p)
{
	p->bytes = one_in(r, 6) ? 0 : magnitude(r, 1, 100000);
	p->chunk = (uint32_t)magnitude(r, 64, 65536);
	if (one_in(r, 8)) {
		p->chunk = (uint32_t)pw_max(p->chunk, p->bytes / 20);
		p->gap = magnitude(r, MS, 500 * MS);
	}
	p->closes_first = one_in(r, 2);
	p->closes_fully = one_in(r, 4);
	if (one_in(r, 8)) {
		p->reader = PW_SIM_READ_SLOW;
		p->read_bytes = (uint32_t)magnitude(r, 1000, 65536);
		p->read_ns = magnitude(r, MS, 200 * MS);
	} else if (one_in(r, 10)) {
		p->reader = PW_SIM_READ_PAUSE;
		p->read_bytes = (uint32_t)magnitude(r, 1, 65536);
		p->read_ns = magnitude(r, MS, 20 * S);
	}
}

static void
draw_rude(struct pw_rand *r, struct pw_sim_prog *p)
{
	if (one_in(r, 3)) {
		p->reader = PW_SIM_READ_NONE;
		p->read_ns = magnitude(r, MS, 100 * S);
	} else {
		p->abort_at = magnitude(r, 1, 100000);
	}
}

static void
draw_conn(struct pw_rand *r, const struct pw_sim_plan *plan, struct pw_sim_conn *c)
{
	*c = (struct pw_sim_conn){.rounds = 1};
	c->server = (uint8_t)pw_rand_below(r, plan->n_hosts);
	c->client = (uint8_t)((c->server + between(r, 1, plan->n_hosts - 1)) % plan->n_hosts);
	c->start = one_in(r, 2) ? 0 : pw_rand_below(r, 2 * S);
	c->both_open = one_in(r, 10);
	c->at_once = one_in(r, 3);
	draw_prog(r, &c->prog[0]);
	draw_prog(r, &c->prog[1]);
	/* Somebody has to be the first. */
	if (!c->prog[0].closes_first && !c->prog[1].closes_first)
		c->prog[pw_rand_below(r, 2)].closes_first = true;
	if (one_in(r, 4)) {
		c->rounds = (uint32_t)between(r, 2, 12);
		c->prog[0].bytes /= c->rounds;
		c->prog[1].bytes /= c->rounds;
	}
	if (one_in(r, 8)) {
		draw_rude(r, &c->prog[pw_rand_below(r, 2)]);
		c->may_end = true;
	}
	/* A cookie is not sent again, and is good for a while only (RFC 4987). */
	c->may_end |= plan->host[c->server].max_half_open != 0;
}

/* Connection @p i follows the one before under the same ports (RFC 6191). */
static void
draw_again(struct pw_rand *r, struct pw_sim_plan *plan, uint32_t i)
{
	struct pw_sim_conn *c = &plan->conn[i], *before = c - 1;

	/* A host made to begin at one number every time cannot use its ports again; and one
	 * that was aborted has no TIME-WAIT, against old packets that look like new ones. */
	if (before->may_end || c->both_open || before->both_open ||
		plan->host[before->client].isn_back != 0 ||
		plan->host[before->server].isn_back != 0 || !one_in(r, 4))
		return;
	c->again = (uint8_t)i;
	c->client = before->client;
	c->server = before->server;
	c->start = magnitude(r, PW_NS_PER_US, S);
}

/* ---- what happens ---- */

static struct pw_sim_act *
add_act(struct pw_sim_plan *plan)
{
	static struct pw_sim_act none;
	struct pw_sim_act *a;

	if (plan->n_acts == PW_SIM_ACTS_MAX)
		return &none;
	a = &plan->act[plan->n_acts++];
	*a = (struct pw_sim_act){0};
	return a;
}

static void
set_link(struct pw_sim_plan *plan, uint8_t host, bool down, pw_ns at, const struct pw_sim_link *l)
{
	*add_act(plan) = (struct pw_sim_act){
		.what = PW_SIM_SET_LINK, .at = at, .host = host, .down = down, .link = *l};
}

static void
draw_partition(struct pw_rand *r, struct pw_sim_plan *plan)
{
	uint8_t host = (uint8_t)pw_rand_below(r, plan->n_hosts);
	pw_ns at = pw_rand_below(r, plan->calm_at), heal = between(r, at, plan->calm_at);
	uint32_t ways = (uint32_t)between(r, 1, 3);
	bool down;

	for (down = false; ways != 0; down = true, ways >>= 1) {
		struct pw_sim_link l = down ? plan->host[host].down : plan->host[host].up;

		if ((ways & 1) == 0)
			continue;
		set_link(plan, host, down, heal, &l);
		l.cut = true;
		set_link(plan, host, down, at, &l);
	}
}

/* The path becomes narrower under way, and says so or does not. */
static void
draw_narrowing(struct pw_rand *r, struct pw_sim_plan *plan)
{
	uint8_t host = (uint8_t)pw_rand_below(r, plan->n_hosts);
	bool down = one_in(r, 2);
	struct pw_sim_link l = down ? plan->host[host].down : plan->host[host].up;

	l.mtu = (uint16_t)between(r, 576, 1400);
	l.no_icmp = one_in(r, 4);
	set_link(plan, host, down, pw_rand_below(r, plan->calm_at), &l);
}

static bool
uses_ports_again(const struct pw_sim_plan *plan, uint8_t host)
{
	uint32_t i;

	for (i = 0; i < plan->n_conns; i++) {
		const struct pw_sim_conn *c = &plan->conn[i];

		if (c->again != 0 && (c->client == host || c->server == host))
			return true;
	}
	return false;
}

static void
draw_act(struct pw_rand *r, struct pw_sim_plan *plan)
{
	struct pw_sim_act a = {.at = pw_rand_below(r, plan->calm_at),
		.host = (uint8_t)pw_rand_below(r, plan->n_hosts)};
	uint32_t i;

	switch (pw_rand_below(r, 5)) {
	case 0:
		a.what = PW_SIM_REBOOT;
		a.ns = magnitude(r, MS, 10 * S);
		for (i = 0; i < plan->n_conns; i++)
			plan->conn[i].may_end |=
				plan->conn[i].client == a.host || plan->conn[i].server == a.host;
		break;
	case 1:
		a.what = PW_SIM_CLOCK;
		a.jump = (int64_t)magnitude(r, MS, 5 * S);
		/* RFC 6528 wants a clock that does not go back: where ports are used again,
		 * ISNs would be as well. */
		if (!uses_ports_again(plan, a.host) && one_in(r, 2))
			a.jump = -a.jump;
		break;
	case 2:
		a.what = PW_SIM_NO_BUFS;
		a.ns = magnitude(r, MS, 2 * S);
		break;
	case 3:
		draw_narrowing(r, plan);
		return;
	default:
		draw_partition(r, plan);
		return;
	}
	*add_act(plan) = a;
}

/* A middlebox that takes options away takes them both ways: else one end would use what the
 * other has not heard of. */
static void
draw_strip(struct pw_rand *r, struct pw_sim_plan *plan)
{
	uint8_t strip = (uint8_t)pw_rand_below(r, 16);
	uint32_t i;

	for (i = 0; i < plan->n_hosts; i++)
		plan->host[i].up.strip = strip;
}

/* From calm_at on the links are what draw_path() made them, black holes included. */
static void
calm_down(struct pw_rand *r, struct pw_sim_plan *plan)
{
	struct pw_sim_link base[PW_SIM_HOSTS_MAX][2];
	uint32_t i, n;

	if (one_in(r, 6))
		draw_strip(r, plan);
	for (i = 0; i < plan->n_hosts; i++) {
		base[i][0] = plan->host[i].up;
		base[i][1] = plan->host[i].down;
		draw_faults(r, &plan->host[i].up);
		draw_faults(r, &plan->host[i].down);
	}
	for (n = (uint32_t)pw_rand_below(r, 4); n > 0; n--)
		draw_act(r, plan);
	for (i = 0; i < plan->n_hosts; i++) {
		set_link(plan, (uint8_t)i, false, plan->calm_at, &base[i][0]);
		set_link(plan, (uint8_t)i, true, plan->calm_at, &base[i][1]);
	}
}

/* A client with nothing to say opens by a bare ACK, and again for each SYN-ACK that is sent
 * again: a link that thins ACKs can swallow them all, until the server gives up. */
static void
excuse_thin_opens(struct pw_sim_plan *plan)
{
	uint32_t i;

	for (i = 0; i < plan->n_conns; i++) {
		struct pw_sim_conn *c = &plan->conn[i];

		if (c->prog[0].bytes == 0)
			c->may_end |= plan->host[c->client].up.thin_acks != 0 ||
				      plan->host[c->server].down.thin_acks != 0;
	}
}

/* Room for everything: neither windows nor devices are in the way. */
static void
make_smooth(struct pw_rand *r, struct pw_sim_host *h)
{
	h->up = (struct pw_sim_link){.delay = magnitude(r, PW_NS_PER_US, 100 * MS)};
	h->down = (struct pw_sim_link){.delay = magnitude(r, PW_NS_PER_US, 100 * MS)};
	if (h->up.delay > 10 * MS)
		h->up.bytes_per_s = magnitude(r, 20000000, 100000000);
	h->tcp_rcv_buf = (uint32_t)pw_min(h->tcp_rcv_buf, 128 * 1024);
	h->tx_ring = h->max_rcv_blocks = 0;
	h->rx_ns = pw_min(h->rx_ns, 100 * PW_NS_PER_US); /* far below a tail loss probe's 2 ms */
}

/* Some packets let up to two pass, which is less than a loss (RFC 5681, RFC 8985 6.2) as
 * long as all are of one size, and soon over against the round trip. */
static void
shuffle(struct pw_rand *r, struct pw_sim_host *h)
{
	h->mtu = 1500;
	h->no_opts = 0;
	h->up.delay += 5 * MS;
	h->up.bytes_per_s = magnitude(r, 20000000, 100000000);
	h->up.swap_ppm = (uint32_t)magnitude(r, 1000, 200000);
	h->up.swap_n = (uint32_t)between(r, 1, 2);
}

/* Nothing is lost, late or slow: then nothing may be sent twice. */
static void
make_clean(struct pw_rand *r, struct pw_sim_plan *plan)
{
	bool shuffled = one_in(r, 3);
	uint32_t i;

	plan->clean = true;
	for (i = 0; i < plan->n_hosts; i++) {
		make_smooth(r, &plan->host[i]);
		if (shuffled)
			shuffle(r, &plan->host[i]);
	}
}

/* One packet is lost, and nothing else is wrong: then little may be sent twice. */
static void
make_one_loss(struct pw_rand *r, struct pw_sim_plan *plan)
{
	uint32_t i;

	plan->one_loss = true;
	for (i = 0; i < plan->n_hosts; i++) {
		make_smooth(r, &plan->host[i]);
		plan->host[i].no_opts = 0;
		plan->host[i].mtu = 1500;
	}
	plan->host[pw_rand_below(r, plan->n_hosts)].up.mask = UINT64_C(1) << pw_rand_below(r, 64);
}

/* Both sides talk, and the path dies for good. */
static void
make_dead(struct pw_rand *r, struct pw_sim_plan *plan)
{
	struct pw_sim_link gone = {.cut = true};
	uint32_t i;

	plan->must_fail = true;
	plan->n_conns = 1;
	plan->conn[0] =
		(struct pw_sim_conn){.client = 0, .server = 1, .rounds = 1, .at_once = true};
	for (i = 0; i < 2; i++) {
		plan->conn[0].prog[i] = (struct pw_sim_prog){.bytes = 100000000, .chunk = 65536};
		plan->host[i].up = (struct pw_sim_link){
			.delay = magnitude(r, MS, 50 * MS), .bytes_per_s = 200000};
		plan->host[i].down = (struct pw_sim_link){.delay = magnitude(r, MS, 50 * MS)};
		plan->host[i].user_timeout = between(r, 10, 200) * S;
		plan->host[i].tcp_rcv_buf = 16384;
		plan->host[i].tx_ring = 0;
	}
	set_link(plan, 0, false, 2 * S, &gone);
	set_link(plan, 0, true, 2 * S, &gone);
}

/* Of a link the same part of the way from the least to the most, where every link of IPv6 has
 * more (RFC 8200 section 5). */
static void
raise_mtu(struct pw_sim_link *l)
{
	const uint32_t most = LINK_MTU_MAX;

	if (l->mtu != 0)
		l->mtu = (uint16_t)(most -
				    (most - l->mtu) * (most - IP6_MTU_MIN) / (most - IP4_MTU_MIN));
}

/* Every second plan is one of IPv6: by a generator of its own, so that all else is what it would
 * be with IPv4. */
static void
draw_family(struct pw_sim_plan *plan)
{
	struct pw_rand r;
	uint32_t i;

	pw_rand_init(&r, ~plan->seed);
	plan->ip6 = one_in(&r, 2);
	if (!plan->ip6)
		return;
	for (i = 0; i < plan->n_hosts; i++) {
		struct pw_sim_host *h = &plan->host[i];

		h->mtu = (uint16_t)pw_max(h->mtu, IP6_MTU_MIN);
		raise_mtu(&h->up);
		raise_mtu(&h->down);
	}
	for (i = 0; i < plan->n_acts; i++)
		raise_mtu(&plan->act[i].link);
}

void
pw_sim_plan_seed(struct pw_sim_plan *plan, uint64_t seed)
{
	struct pw_rand r;
	uint32_t i;

	*plan = (struct pw_sim_plan){.seed = seed};
	pw_rand_init(&r, seed);
	plan->n_hosts = one_in(&r, 4) ? (uint32_t)between(&r, 3, PW_SIM_HOSTS_MAX) : 2;
	plan->n_conns = (uint32_t)magnitude(&r, 1, PW_SIM_CONNS_MAX);
	plan->calm_at = magnitude(&r, S, 20 * S);
	plan->end_by = plan->calm_at + 500 * S;
	for (i = 0; i < plan->n_hosts; i++)
		draw_host(&r, &plan->host[i]);
	for (i = 0; i < plan->n_conns; i++) {
		draw_conn(&r, plan, &plan->conn[i]);
		if (i > 0)
			draw_again(&r, plan, i);
	}
	if (one_in(&r, 8))
		make_clean(&r, plan);
	else if (one_in(&r, 12))
		make_one_loss(&r, plan);
	else if (one_in(&r, 50))
		make_dead(&r, plan);
	else
		calm_down(&r, plan);
	excuse_thin_opens(plan);
	draw_family(plan);
	for (i = 0; i < plan->n_hosts; i++)
		plan->host[i].max_metrics = one_in(&r, 2) ? METRICS : 0;
}

/* ---- masks ---- */

static uint64_t
every_second(uint64_t mask, uint32_t first)
{
	uint64_t out = 0;
	uint32_t i;

	for (i = 0; i < 32; i++)
		out |= (mask >> (2 * i + first) & 1) << i;
	return out;
}

void
pw_sim_plan_mask(struct pw_sim_plan *plan, enum pw_sim_way way, uint64_t mask)
{
	struct pw_sim_conn *c = &plan->conn[0];
	uint32_t i;

	*plan = (struct pw_sim_plan){.seed = 1, .n_hosts = 2, .n_conns = 1, .end_by = 600 * S};
	for (i = 0; i < 2; i++) {
		struct pw_sim_host *h = &plan->host[i];

		*h = (struct pw_sim_host){.mtu = 1500,
			.tcp_rcv_buf = 65536,
			.snd_buf = 32768,
			.rcv_buf = 32768,
			.user_timeout = 500 * S};
		h->up.delay = 5 * MS;
		h->up.bytes_per_s = 1250000;
	}
	*c = (struct pw_sim_conn){
		.rounds = 1, .server = 1, .may_end = __builtin_popcountll(mask) >= 7};
	c->prog[0] = (struct pw_sim_prog){.bytes = 200, .chunk = 200};
	c->prog[1] = (struct pw_sim_prog){.bytes = 20000, .chunk = 65536, .closes_first = true};
	if (way == PW_SIM_WAY_UP)
		plan->host[0].up.mask = mask;
	else if (way == PW_SIM_WAY_DOWN)
		plan->host[1].up.mask = mask;
	else
		for (i = 0; i < 2; i++)
			plan->host[i].up.mask = every_second(mask, i);
}

void
pw_sim_plan_print(const struct pw_sim_plan *plan)
{
	uint32_t i, k;

	printf("seed %lu: IPv%c, %u hosts, %u connections, %u acts, calm at %.3f s%s%s\n",
		(unsigned long)plan->seed, plan->ip6 ? '6' : '4', plan->n_hosts, plan->n_conns,
		plan->n_acts, (double)plan->calm_at / S, plan->clean ? ", clean" : "",
		plan->must_fail ? ", dead path" : "");
	for (i = 0; i < plan->n_hosts; i++) {
		const struct pw_sim_host *h = &plan->host[i];
		const struct pw_sim_link *l[2] = {&h->up, &h->down};

		printf("  host %u: %s mtu %u window %u sockets %u/%u gso %u isn -%u ring %u "
		       "records %u blocks %u without %x ecn %u%s%s initial window %u keep-alive %u "
		       "burst %u in %.3f ms half-open %u metrics %u\n",
			i, h->cc, h->mtu, h->tcp_rcv_buf, h->snd_buf, h->rcv_buf, h->gso_max,
			h->isn_back, h->tx_ring, h->max_sent, h->max_rcv_blocks, h->no_opts, h->ecn,
			h->nagle ? " nagle" : "", h->pacing ? " paced" : "", h->init_window,
			h->keepalive_ms, h->rx_burst, (double)h->rx_ns / MS, h->max_half_open,
			h->max_metrics);
		for (k = 0; k < 2; k++)
			printf("    %-4s rate %lu delay %.3f ms queue %u loss %u of %d nth %u mask "
			       "%lx burst %u/%u/%u late %u to %.3f ms swap %u by %u dup %u corrupt "
			       "%u cut %u mark %u thin %u mtu %u%s strip %x\n",
				k ? "down" : "up", (unsigned long)l[k]->bytes_per_s,
				(double)l[k]->delay / MS, l[k]->queue_bytes, l[k]->loss_ppm,
				l[k]->loss_of, l[k]->every_nth, (unsigned long)l[k]->mask,
				l[k]->burst_begin_ppm, l[k]->burst_end_ppm, l[k]->burst_loss_ppm,
				l[k]->late_ppm, (double)l[k]->late_ns / MS, l[k]->swap_ppm,
				l[k]->swap_n, l[k]->dup_ppm, l[k]->corrupt_ppm, l[k]->cut_ppm,
				l[k]->mark_ppm, l[k]->thin_acks, l[k]->mtu,
				l[k]->no_icmp ? " (black hole)" : "", l[k]->strip);
	}
	for (i = 0; i < plan->n_conns; i++) {
		const struct pw_sim_conn *c = &plan->conn[i];

		printf("  connection %u: %u to %u at %.3f s, %u rounds%s%s%s\n", i, c->client,
			c->server, (double)c->start / S, c->rounds,
			c->both_open ? ", simultaneous open" : "", c->at_once ? ", at once" : "",
			c->may_end ? ", may end in any way" : "");
		if (c->again != 0)
			printf("    with the ports of connection %d\n", c->again - 1);
		for (k = 0; k < 2; k++)
			printf("    %s: %lu bytes by %u, gap %.3f ms, reader %d %u %.3f ms, abort "
			       "%lu%s%s\n",
				k ? "server" : "client", (unsigned long)c->prog[k].bytes,
				c->prog[k].chunk, (double)c->prog[k].gap / MS, c->prog[k].reader,
				c->prog[k].read_bytes, (double)c->prog[k].read_ns / MS,
				(unsigned long)c->prog[k].abort_at,
				c->prog[k].closes_first ? ", closes first" : "",
				c->prog[k].closes_fully ? ", closes fully" : "");
	}
	for (i = 0; i < plan->n_acts; i++)
		printf("  act %u at %.6f s: %d host %u %s ns %lu jump %ld%s\n", i,
			(double)plan->act[i].at / S, plan->act[i].what, plan->act[i].host,
			plan->act[i].down ? "down" : "up", (unsigned long)plan->act[i].ns,
			(long)plan->act[i].jump, plan->act[i].link.cut ? " cut" : "");
}
