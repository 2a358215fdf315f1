/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The world: virtual time, the router, and each host's turns. All randomness
 * comes from the plan's seed; each link and host has a generator of its own, so
 * that what one does draws nothing from another.
 */
#define XXH_INLINE_ALL
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>
#include "content.h"
#include "world.h"
#include "pw_tcp_trace.h"
#include "pw_wire_icmp.h"
#include "pw_wire_icmp6.h"

#define ROUTER	     0xfdu		 /* as a host it would have this number */
#define RETRY_NS     (50 * PW_NS_PER_US) /* a worker's turn after the way out was full */
#define TURNS_MAX    64			 /* at one moment, before time goes on */
#define AFTERMATH_NS (300 * PW_NS_PER_S) /* TIME-WAIT, and half-open leftovers */
#define EVENTS_MAX   UINT64_C(20000000)	 /* more is a storm */
#define MSL_NS	     (30 * PW_NS_PER_S)
#define IW_SEGS	     10 /* RFC 6928 */
#define SENT_RECORDS 512
#define ONE_LOSS_MAX 6000 /* bytes sent again for one packet lost: itself, and probes */
#define RCV_BLOCKS   128
#define TRACED	     4 /* connections, and traces that are kept: few, so that rings are taken away */

enum kind {
	EV_WAKE,   /* who: host */
	EV_ROUTER, /* what: packet, at the router */
	EV_HOST,   /* what: packet, at its host */
	EV_ACT,	   /* who: index of the act */
	EV_BOOT,   /* who: host */
	EV_RX,	   /* who: host: what has arrived is looked at */
};

struct pkt {
	uint32_t from;
	uint32_t to;
	uint32_t len;
	uint8_t b[];
};

const char *const pw_sim_fate_name[PW_SIM_FATE_MAX] = {
	[PW_SIM_SENT] = "sent",
	[PW_SIM_LOST] = "lost",
	[PW_SIM_QUEUE_FULL] = "queue full",
	[PW_SIM_TOO_BIG] = "too big",
	[PW_SIM_CORRUPTED] = "corrupted",
	[PW_SIM_CUT_SHORT] = "cut short",
	[PW_SIM_MARKED] = "marked",
	[PW_SIM_DUPLICATE] = "duplicated",
	[PW_SIM_LATE] = "late",
	[PW_SIM_ARRIVED] = "arrived",
};

struct pw_addr
pw_sim_addr(const struct pw_sim_plan *plan, uint32_t host)
{
	struct pw_addr a = {.b = {0xfd}};

	if (!plan->ip6)
		return pw_addr_v4(rte_cpu_to_be_32(0x0a000001u + host));
	a.d[3] = rte_cpu_to_be_32(1 + host);
	return a;
}

/* ---- what everything is told ---- */

void
world_fail(struct world *w, const char *which, const char *why)
{
	if (w->res->failed)
		return;
	w->res->failed = true;
	snprintf(w->res->what, sizeof(w->res->what), "%s at %.6f s: %s", which,
		(double)w->now / PW_NS_PER_S, why);
}

static void
fail_at(void *ctx, const char *which, const char *why)
{
	const struct node *n = ctx;
	char text[PW_SIM_WHAT_MAX - 64];

	snprintf(text, sizeof(text), "host %u: %s", n->id, why);
	world_fail(n->w, which, text);
}

static void
note(struct world *w, uint64_t x)
{
	w->res->hash = (w->res->hash ^ x) * UINT64_C(0x9e3779b97f4a7c15);
	w->res->hash ^= w->res->hash >> 29;
}

static void
note_packet(struct world *w, const struct pw_sim_packet *p)
{
	if (p->fate == PW_SIM_SENT || p->fate == PW_SIM_ARRIVED) {
		note(w, w->now);
		note(w, (uint64_t)p->host << 8 | p->fate);
		note(w, XXH3_64bits(p->dgram, p->len));
	}
	if (w->tap != NULL)
		w->tap->packet(w->tap->ctx, p);
}

/* Something happened to @p p on the link of a host. */
static void
note_fate(struct world *w, const struct pkt *p, bool down, enum pw_sim_fate fate)
{
	struct pw_sim_packet note = {.fate = fate,
		.host = down ? p->to : p->from,
		.down = down,
		.dgram = p->b,
		.len = p->len,
		.at = w->now};

	note_packet(w, &note);
}

static void
add_event(struct world *w, enum kind kind, uint32_t who, void *what, pw_ns at)
{
	struct event ev = {.at = at, .kind = kind, .who = who, .what = what};

	if (evq_add(&w->q, &ev) < 0)
		world_fail(w, "sim", "out of memory");
}

void
node_wake(struct node *n, pw_ns at)
{
	at = pw_max(at, n->w->now);
	add_event(n->w, EV_WAKE, n->id, NULL, at);
}

/* An event before the one that is due anyway. */
static void
wake_sooner(struct node *n, pw_ns at)
{
	at = pw_max(at, n->w->now);
	if (at >= n->wake_at)
		return;
	n->wake_at = at;
	add_event(n->w, EV_WAKE, n->id, NULL, at);
}

pw_ns
node_clock(const struct node *n)
{
	return n->w->now + n->clock;
}

/* ---- packets ---- */

static struct pkt *
pkt_new(uint32_t from, uint32_t to, const uint8_t *b, uint32_t len)
{
	struct pkt *p = malloc(sizeof(*p) + len);

	if (p == NULL)
		abort();
	*p = (struct pkt){.from = from, .to = to, .len = len};
	memcpy(p->b, b, len);
	return p;
}

static uint32_t
host_of(const struct world *w, const struct pw_addr *a)
{
	uint32_t i;

	for (i = 0; i < w->plan->n_hosts; i++) {
		struct pw_addr mine = pw_sim_addr(w->plan, i);

		if (pw_addr_eq(&mine, a))
			return i;
	}
	return UINT32_MAX;
}

/* Through a link, to arrive as events of @p kind. Takes @p p. */
static void
pass(struct world *w, struct link *l, struct pkt *p, enum kind kind)
{
	struct link_out out;
	uint32_t i;

	link_pass(l, p->b, &p->len, w->now, &out);
	if (out.fate != PW_SIM_SENT)
		note_fate(w, p, kind == EV_HOST, out.fate);
	for (i = 1; i < out.n; i++)
		add_event(w, kind, 0, pkt_new(p->from, p->to, p->b, p->len), out.at[i]);
	if (out.n > 0)
		add_event(w, kind, 0, p, out.at[0]);
	else
		free(p);
}

/* RFC 1191 section 4. @return length of the datagram, or 0: it is about nothing that is one */
static uint32_t
too_big4(const struct world *w, const struct pkt *about, uint16_t mtu, uint8_t *b)
{
	struct pw_icmp_hdr icmp = {
		.type = PW_ICMP_UNREACHABLE, .code = PW_ICMP_UNREACH_TOO_BIG, .mtu = mtu};
	struct pw_ip4_hdr ip = {.src = pw_sim_addr(w->plan, ROUTER),
		.dst = pw_sim_addr(w->plan, about->from),
		.ttl = 64,
		.proto = PW_IP_PROTO_ICMP};
	enum pw_drop why;

	if (pw_ip4_check(about->b, about->len, false, &why) == 0 || about->b[9] != PW_IP_PROTO_TCP)
		return 0;
	ip.total_len =
		(uint16_t)(PW_IP4_HLEN + pw_icmp_emit_error(b + PW_IP4_HLEN, &icmp, about->b));
	pw_ip4_emit(b, &ip);
	return ip.total_len;
}

/* RFC 4443 section 3.2. */
static uint32_t
too_big6(const struct world *w, const struct pkt *about, uint16_t mtu, uint8_t *b)
{
	struct pw_icmp6_hdr icmp = {.type = PW_ICMP6_TOO_BIG, .mtu = mtu};
	struct pw_ip6_hdr ip = {.src = pw_sim_addr(w->plan, ROUTER),
		.dst = pw_sim_addr(w->plan, about->from),
		.next = PW_IP_PROTO_ICMP6,
		.hop_limit = 64};
	enum pw_drop why;

	if (!pw_ip6_check(about->b, about->len, &why) || about->b[6] != PW_IP_PROTO_TCP)
		return 0;
	ip.payload_len = (uint16_t)pw_icmp6_emit_error(
		b + PW_IP6_HLEN, &icmp, &ip.src, &ip.dst, about->b, about->len);
	pw_ip6_emit(b, &ip);
	return PW_IP6_HLEN + ip.payload_len;
}

/* From the router. */
static void
send_too_big(struct world *w, const struct pkt *about, uint16_t mtu)
{
	uint8_t b[PW_IP6_HLEN + PW_ICMP6_ERROR_MAX];
	uint32_t len = w->plan->ip6 ? too_big6(w, about, mtu, b) : too_big4(w, about, mtu, b);

	if (len != 0)
		pass(w, &w->node[about->from].down, pkt_new(about->to, about->from, b, len),
			EV_HOST);
}

/* @return it fits; or it is gone. */
static bool
fits(struct world *w, const struct link *l, struct pkt *p)
{
	if (l->cfg.mtu == 0 || p->len <= l->cfg.mtu)
		return true;
	note_fate(w, p, l == &w->node[p->to].down, PW_SIM_TOO_BIG);
	if (!l->cfg.no_icmp)
		send_too_big(w, p, l->cfg.mtu);
	free(p);
	return false;
}

/** What the world needs to see in a datagram that a host sends. */
struct glance {
	struct pw_addr src;
	struct pw_addr dst;
	struct pw_tcp_hdr tcp;
	uint32_t len;
};

static void
look(struct glance *g, const uint8_t *b, uint32_t len)
{
	struct pw_ip4_hdr h4;
	struct pw_ip6_hdr h6;
	uint32_t hlen = PW_IP4_HLEN;

	if (b[0] >> 4 == 6) {
		pw_ip6_parse(b, &h6);
		*g = (struct glance){.src = h6.src, .dst = h6.dst};
		hlen = PW_IP6_HLEN;
	} else {
		pw_ip4_parse(b, &h4);
		*g = (struct glance){.src = h4.src, .dst = h4.dst};
	}
	pw_tcp_parse(b + hlen, &g->tcp);
	g->len = len - hlen - PW_TCP_HLEN_MIN - g->tcp.opt_len;
}

static bool
cannot_send(const struct node *n, uint32_t len)
{
	const struct world *w = n->w;

	if (w->now < n->no_bufs_until)
		return true;
	return n->plan->tx_ring != 0 && link_backlog(&n->up, w->now) + len > n->plan->tx_ring;
}

static int
output(void *ctx, const uint8_t *b, uint32_t len)
{
	struct node *n = ctx;
	struct world *w = n->w;
	uint64_t rtx = n->obs.rtx_bytes;
	struct glance g;
	struct pkt *p;
	uint32_t to;

	if (cannot_send(n, len)) {
		n->full = n->inside.way_full = true;
		obs_not_sent(&n->obs, b, len, w->now);
		return -ENOBUFS;
	}
	look(&g, b, len);
	obs_out(&n->obs, b, len, w->now);
	if (g.len > 0 && n->obs.rtx_bytes == rtx)
		inside_check_new(&n->inside, &g.src, g.tcp.sport, &g.dst, g.tcp.dport, g.len);
	w->res->n_packets++;
	to = host_of(w, &g.dst);
	if (to == UINT32_MAX) {
		fail_at(n, "S5", "a datagram to nowhere");
		return 0;
	}
	p = pkt_new(n->id, to, b, len);
	note_fate(w, p, false, PW_SIM_SENT);
	if (fits(w, &n->up, p))
		pass(w, &n->up, p, EV_ROUTER);
	return 0;
}

/* ---- hosts ---- */

static void *
mem_alloc(void *ctx, size_t bytes, const char *what)
{
	struct world *w = ctx;

	w->n_mem++;
	return pw_mem_heap.alloc(pw_mem_heap.ctx, bytes, what);
}

static void
mem_free(void *ctx, void *mem)
{
	struct world *w = ctx;

	w->n_mem--;
	pw_mem_heap.free(pw_mem_heap.ctx, mem);
}

static pw_ns
rtt_floor(void *ctx, const struct pw_addr *remote)
{
	const struct node *n = ctx;
	uint32_t i = host_of(n->w, remote);
	const struct node *o;

	if (i == UINT32_MAX || n->went_back)
		return 0;
	o = &n->w->node[i];
	return n->up.cfg.delay + n->down.cfg.delay + o->up.cfg.delay + o->down.cfg.delay;
}

static void
secret_of(struct world *w, uint8_t secret[32])
{
	uint64_t x[4] = {pw_rand_u64(&w->rand), pw_rand_u64(&w->rand), pw_rand_u64(&w->rand),
		pw_rand_u64(&w->rand)};

	memcpy(secret, x, sizeof(x));
}

static void
set_options(struct node *n)
{
	const struct pw_sim_host *plan = n->plan;
	struct pw_tcp *t = pw_host_tcp(n->host);

	pw_tcp_set(t, PW_TCP_WINDOW_SCALE, (plan->no_opts & PW_OPT_WSCALE) == 0);
	pw_tcp_set(t, PW_TCP_SACK, (plan->no_opts & PW_OPT_SACK_OK) == 0);
	pw_tcp_set(t, PW_TCP_TIMESTAMPS, (plan->no_opts & PW_OPT_TS) == 0);
	pw_tcp_set(t, PW_TCP_ECN, plan->ecn);
	pw_tcp_set(t, PW_TCP_NAGLE, plan->nagle);
	pw_tcp_set(t, PW_TCP_KEEPALIVE_MS, plan->keepalive_ms);
	if (plan->init_window != 0)
		pw_tcp_set(t, PW_TCP_INIT_WINDOW, plan->init_window);
}

static void
boot(struct node *n)
{
	const struct pw_sim_host *plan = n->plan;
	struct world *w = n->w;
	struct pw_host_cfg cfg = {
		.addr = pw_sim_addr(w->plan, n->id),
		.output = output,
		.output_ctx = n,
		.max_socks = 2 * w->plan->n_conns + 2,
		.snd_buf_bytes = plan->snd_buf,
		.rcv_buf_bytes = plan->rcv_buf,
		.tcp =
			{
				.mem = &w->mem,
				.max_conns = 2 * PW_SIM_CONNS_MAX,
				.max_half_open = plan->max_half_open != 0 ? plan->max_half_open
									  : 2 * PW_SIM_CONNS_MAX,
				.max_sent = plan->max_sent != 0 ? plan->max_sent : SENT_RECORDS,
				.max_rcv_blocks = plan->max_rcv_blocks != 0 ? plan->max_rcv_blocks
									    : RCV_BLOCKS,
				.rcv_buf_bytes = plan->tcp_rcv_buf,
				.max_traced = TRACED,
				.trace_events = PW_TCP_TRACE_EVENTS_MIN,
				.max_traces = TRACED,
				.max_metrics = plan->max_metrics,
				.mtu = plan->mtu,
				.gso_max_bytes = plan->gso_max,
				.user_timeout_ns = plan->user_timeout,
				.msl_ns = MSL_NS,
				.cc = plan->cc,
				.pacing = plan->pacing,
			},
	};
	uint32_t i;

	secret_of(w, cfg.tcp.secret);
	n->host = pw_host_create(&cfg, node_clock(n));
	if (n->host == NULL) {
		fail_at(n, "sim", "the host cannot be made");
		return;
	}
	set_options(n);
	n->inside.tcp = pw_host_tcp(n->host);
	n->lives++;
	for (i = 0; i < w->n_progs; i++)
		if (w->prog[i].node == n && !w->prog[i].client && !w->prog[i].conn->both_open &&
			w->prog[i].life == 0)
			pw_host_listen(n->host, w->prog[i].lport);
}

static uint32_t
content_at_host(void *ctx, uint16_t lport, uint16_t rport)
{
	const struct node *n = ctx;

	return prog_content(n->w, n, lport, rport);
}

static void
node_init(struct world *w, uint32_t id)
{
	struct node *n = &w->node[id];
	const struct pw_sim_host *plan = &w->plan->host[id];
	struct obs_cfg oc = {
		.addr = pw_sim_addr(w->plan, id),
		.mtu = plan->mtu != 0 ? plan->mtu : 1500,
		.clean = w->plan->clean,
		.cookies = plan->max_half_open != 0,
		.exact_echo = plan->cc != NULL && strcmp(plan->cc, "dctcp") == 0,
		.init_window = plan->init_window != 0 ? plan->init_window : IW_SEGS,
		.fail = fail_at,
		.content = content_at_host,
		.ctx = n,
	};

	n->w = w;
	n->id = id;
	n->plan = plan;
	n->wake_at = PW_NEVER;
	/* Some time in the first 60 days: milliseconds wrap after 49. */
	n->clock = PW_NS_PER_S + pw_rand_below(&w->rand, 60 * UINT64_C(86400) * PW_NS_PER_S);
	link_init(&n->up, &plan->up, pw_rand_u64(&w->rand));
	link_init(&n->down, &plan->down, pw_rand_u64(&w->rand));
	obs_init(&n->obs, &oc);
	n->inside = (struct inside){.rtt_floor = rtt_floor, .fail = fail_at, .ctx = n};
}

/* Programs first: what they want to send leaves in the same turn. */
static void
step_progs(struct node *n)
{
	struct world *w = n->w;
	uint32_t i;

	for (i = 0; i < w->n_progs; i++)
		if (w->prog[i].node == n)
			prog_step(&w->prog[i]);
	inside_set_isn(n->inside.tcp, n->plan->isn_back);
}

static void
sleep_until_next(struct node *n)
{
	struct world *w = n->w;
	pw_ns next = pw_host_next(n->host);

	if (n->full)
		wake_sooner(n, w->now + RETRY_NS);
	else if (next <= node_clock(n))
		wake_sooner(n, w->now + 1);
	if (next != PW_NEVER && next > node_clock(n))
		wake_sooner(n, next - n->clock);
}

/* The host's turn, until it has nothing more to do at this moment. */
static void
turn(struct node *n)
{
	struct world *w = n->w;
	uint32_t k = 0;

	if (n->host == NULL)
		return;
	n->full = n->inside.way_full = false;
	do {
		step_progs(n);
		pw_host_run(n->host, node_clock(n));
		step_progs(n);
	} while (!n->full && !w->res->failed && pw_host_next(n->host) <= node_clock(n) &&
		 ++k < TURNS_MAX);
	inside_check(&n->inside);
	note(w, n->inside.digest);
	sleep_until_next(n);
}

static void
take(struct node *n, struct pkt *p)
{
	struct world *w = n->w;

	if (n->host != NULL) {
		obs_in(&n->obs, p->b, p->len, w->now);
		pw_host_input(n->host, p->b, p->len, node_clock(n));
		inside_set_isn(n->inside.tcp, n->plan->isn_back);
	}
	free(p);
}

/* What has come since the last turn, and the turn. */
static void
receive(struct node *n)
{
	uint32_t i, k = n->n_rx;

	n->n_rx = 0;
	if (k == 0)
		return;
	for (i = 0; i < k; i++)
		take(n, n->rx[i]);
	turn(n);
	obs_tick(&n->obs, n->w->now);
}

static void
arrive(struct world *w, struct pkt *p)
{
	struct node *n = &w->node[p->to];

	if (n->host == NULL) {
		free(p);
		return;
	}
	note_fate(w, p, true, PW_SIM_ARRIVED);
	n->rx[n->n_rx++] = p;
	if (n->n_rx >= pw_max(n->plan->rx_burst, 1))
		receive(n);
	else if (n->n_rx == 1)
		add_event(w, EV_RX, n->id, NULL, w->now + n->plan->rx_ns);
}

static void
shut_down(struct node *n)
{
	struct world *w = n->w;
	uint32_t i;

	for (i = 0; i < w->n_progs; i++)
		if (w->prog[i].node == n)
			prog_crash(&w->prog[i]);
	pw_host_destroy(n->host);
	n->host = NULL;
	while (n->n_rx > 0)
		free(n->rx[--n->n_rx]);
	obs_forget(&n->obs);
}

static void
act(struct world *w, const struct pw_sim_act *a)
{
	struct node *n = &w->node[a->host];

	switch (a->what) {
	case PW_SIM_SET_LINK:
		link_set(a->down ? &n->down : &n->up, &a->link);
		return;
	case PW_SIM_REBOOT:
		if (n->host != NULL) {
			shut_down(n);
			add_event(w, EV_BOOT, n->id, NULL, w->now + a->ns);
		}
		return;
	case PW_SIM_CLOCK:
		n->clock += (uint64_t)a->jump;
		n->went_back |= a->jump < 0;
		n->wake_at = PW_NEVER;
		obs_hiccup(&n->obs, w->now + (a->jump < 0 ? (pw_ns)-a->jump : 0));
		wake_sooner(n, w->now);
		return;
	case PW_SIM_NO_BUFS:
		n->no_bufs_until = w->now + a->ns;
		obs_hiccup(&n->obs, n->no_bufs_until);
		return;
	}
}

static void
handle(struct world *w, const struct event *ev)
{
	struct pkt *p = ev->what;
	struct node *n;

	switch ((enum kind)ev->kind) {
	case EV_WAKE:
		n = &w->node[ev->who];
		if (n->wake_at <= w->now)
			n->wake_at = PW_NEVER;
		obs_tick(&n->obs, w->now);
		turn(n);
		return;
	case EV_ROUTER:
		if (fits(w, &w->node[p->to].down, p))
			pass(w, &w->node[p->to].down, p, EV_HOST);
		return;
	case EV_HOST:
		arrive(w, p);
		return;
	case EV_RX:
		receive(&w->node[ev->who]);
		return;
	case EV_ACT:
		act(w, &w->plan->act[ev->who]);
		return;
	case EV_BOOT:
		n = &w->node[ev->who];
		boot(n);
		turn(n);
		return;
	}
}

/* ---- the run ---- */

static void
world_init(struct world *w, const struct pw_sim_plan *plan, const struct pw_sim_tap *tap,
	struct pw_sim_result *res)
{
	uint32_t i;

	*res = (struct pw_sim_result){.n_conns = plan->n_conns};
	w->plan = plan;
	w->tap = tap;
	w->res = res;
	w->mem = (struct pw_mem){.alloc = mem_alloc, .free = mem_free, .ctx = w};
	pw_rand_init(&w->rand, plan->seed);
	for (i = 0; i < plan->n_hosts; i++)
		node_init(w, i);
	for (i = 0; i < plan->n_conns; i++) {
		prog_init(&w->prog[2 * i], w, &plan->conn[i], i, true);
		prog_init(&w->prog[2 * i + 1], w, &plan->conn[i], i, false);
	}
	w->n_progs = w->n_running = 2 * plan->n_conns;
	for (i = 0; i < plan->n_acts; i++)
		add_event(w, EV_ACT, i, NULL, plan->act[i].at);
	for (i = 0; i < plan->n_hosts; i++)
		boot(&w->node[i]);
}

/* S8, and the end of those that nobody else would end. */
static void
end_all(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->n_progs; i += 2) {
		if (!w->prog[i].conn->may_end)
			prog_judge(&w->prog[i], &w->prog[i + 1]);
	}
	for (i = 0; i < w->n_progs && !w->res->failed; i++) {
		struct prog *p = &w->prog[i];

		if (p->done)
			continue;
		if (!p->conn->may_end) {
			world_fail(w, "S8", "a connection did not come to its end");
		} else if (p->sock != NULL) {
			pw_sock_abort(p->sock, node_clock(p->node));
			p->done = p->let_go = true;
			w->n_running--;
			node_wake(p->node, w->now);
		} else {
			p->done = true;
			w->n_running--;
		}
	}
}

/* A cookie may have opened what no program asked for. */
static void
close_strays(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->n_progs; i++) {
		struct node *n = w->prog[i].node;
		struct pw_sock *s;

		while (n->host != NULL && (s = pw_host_accept(n->host, w->prog[i].lport)) != NULL)
			pw_sock_abort(s, node_clock(n));
	}
}

/* S10: everything has been given back. */
static void
check_nothing_left(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->plan->n_hosts && !w->res->failed; i++) {
		struct node *n = &w->node[i];
		struct pw_tcp_usage use;
		char why[128];

		if (n->host == NULL)
			continue;
		pw_tcp_get_usage(pw_host_tcp(n->host), &use);
		if (use.conns + use.half_open + use.time_wait + use.sent_records + use.rcv_blocks +
				use.rcv_promised + use.sides + use.traced +
				pw_host_n_socks(n->host) ==
			0)
			continue;
		snprintf(why, sizeof(why),
			"left: %u connections (%u half-open), %u in TIME-WAIT, %u records, %u "
			"blocks, %u sockets",
			use.conns, use.half_open, use.time_wait, use.sent_records, use.rcv_blocks,
			pw_host_n_socks(n->host));
		fail_at(n, "S10", why);
	}
}

static void
run(struct world *w)
{
	pw_ns end_by = w->plan->stop_at != 0 ? w->plan->stop_at : w->plan->end_by;
	bool ended = false;
	struct event ev;

	while (!w->res->failed && evq_take(&w->q, &ev)) {
		if (!ended && ev.at > end_by) {
			w->now = end_by;
			if (w->plan->stop_at != 0) {
				evq_add(&w->q, &ev);
				return;
			}
			end_all(w);
			ended = true;
		}
		if (++w->res->n_events > EVENTS_MAX)
			world_fail(w, "S11", "it does not come to rest");
		if (ev.at > end_by + AFTERMATH_NS) {
			evq_add(&w->q, &ev);
			break;
		}
		w->now = pw_max(w->now, ev.at);
		handle(w, &ev);
	}
	if (!ended && !w->res->failed)
		end_all(w);
	close_strays(w);
	if (!w->res->failed)
		check_nothing_left(w);
}

static void
sum_up(struct world *w)
{
	uint32_t i;

	w->res->end = w->now;
	for (i = 0; i < w->plan->n_hosts; i++)
		w->res->rtx_bytes += w->node[i].obs.rtx_bytes;
	if (w->plan->one_loss && w->res->rtx_bytes > ONE_LOSS_MAX)
		world_fail(w, "S9", "much was sent again for one packet lost");
	for (i = 0; i < w->n_progs; i += 2)
		w->res->got[i / 2] = w->prog[i].got;
	for (i = 0; i < w->n_progs; i += 2)
		w->res->n_whole += w->prog[i].got == w->prog[i].to_get &&
				   w->prog[i + 1].got == w->prog[i + 1].to_get;
}

static void
world_fini(struct world *w)
{
	struct event ev;
	uint32_t i;

	for (i = 0; i < w->plan->n_hosts; i++) {
		struct node *n = &w->node[i];

		while (n->n_rx > 0)
			free(n->rx[--n->n_rx]);
		pw_host_destroy(n->host);
	}
	while (evq_take(&w->q, &ev))
		free(ev.what);
	evq_fini(&w->q);
	if (w->n_mem != 0)
		world_fail(w, "S10", "memory was not given back");
}

void
pw_sim_run(const struct pw_sim_plan *plan, const struct pw_sim_tap *tap, struct pw_sim_result *out)
{
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	world_init(w, plan, tap, out);
	run(w);
	sum_up(w);
	world_fini(w);
	free(w);
}
