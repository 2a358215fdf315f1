/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * How interfaces come by their IPv4 addresses, and keep them: DHCP, addresses that a host
 * chooses for itself, and conflicts about any of them.
 *
 * Worker 0 runs the machines of lib/autoconf, for all: it hears every ARP packet (who
 * receives one passes it to all), and gets what is for the DHCP port. What comes of it is
 * a *want* for each interface: the addresses it is to have beside the configured ones. A
 * job brings a want to each other worker, the newest one when several came meanwhile.
 */
#include <rte_malloc.h>
#include <rte_random.h>
#include "loop_priv.h"
#include "pw_acd.h"
#include "pw_dhcp.h"

#define OWN_MAX	     64 /* configured addresses that are watched, of an interface */
#define CONNS_A_STEP 64 /* places of the connection table that are looked at in a turn */

static const struct pw_addr none;

/* Brings a want to another worker. */
struct want_job {
	struct pw_worker_job job;
	uint32_t ifc;
	struct pw_loop_want want;
	bool posted;
	bool stale; /* another want has come since */
};

struct netcfg_if {
	struct pw_worker *w;
	struct iface *ifc;
	struct pw_acd own[OWN_MAX]; /* configured: held for ever */
	uint32_t n_own;
	bool has_dhcp;
	bool has_auto;
	struct pw_dhcp dhcp;
	struct pw_acd lease; /* of the address that DHCP has given */
	struct pw_acd self;  /* of the one that was chosen by ourselves */
	struct pw_loop_want want;
	struct want_job jobs[PW_WORKERS_MAX];
};

struct netcfg {
	struct pw_rand rand;
	struct netcfg_if ifs[]; /* as those of the worker */
};

/* ---- what every worker does with a want ---- */

/* The default route, unless it was configured: by the router that came with the lease. */
static void
follow_router(struct iface *ifc)
{
	struct pw_ip_route route = {.dst = pw_addr_v4(0), .bits = 96, .hop = ifc->has.router};
	bool wanted = !pw_addr_eq(&ifc->has.router, &none);

	if (ifc->own_gateway)
		return;
	if (wanted)
		pw_ip_route_add(ifc->ip, &route);
	else if (ifc->routed)
		pw_ip_route_del(ifc->ip, &route.dst, route.bits);
	ifc->routed = wanted;
}

static bool
is_losing(const struct iface *ifc)
{
	return !pw_addr_eq(&ifc->lost_lease.addr, &none) ||
	       !pw_addr_eq(&ifc->lost_self.addr, &none);
}

struct reset {
	struct pw_worker *w;
	struct pw_addr addr;
};

static void
reset_if_lost(void *ctx, struct pw_tcp_conn *c)
{
	const struct reset *r = ctx;
	struct pw_tcp_info info;

	pw_tcp_get_info(c, &info);
	if (pw_addr_eq(&info.local, &r->addr))
		pw_tcp_abort(c, r->w->now);
}

static bool
has_back(const struct iface *ifc, const struct pw_addr *a)
{
	return pw_addr_eq(&ifc->has.lease.addr, a) || pw_addr_eq(&ifc->has.self.addr, a);
}

/* @return false when there is nothing more to do */
static bool
lose_step(struct pw_worker *w, struct iface *ifc, struct losing *lost)
{
	struct reset r = {.w = w, .addr = lost->addr};

	if (pw_addr_eq(&lost->addr, &none))
		return false;
	if (pw_tcp_each_part(w->tcp, &lost->at, CONNS_A_STEP, reset_if_lost, &r))
		return true;
	if (!lost->abandoned && !has_back(ifc, &lost->addr)) {
		pw_ip_addr_del(ifc->ip, &lost->addr);
		lost->abandoned = true;
		lost->at = 0;
		return true;
	}
	memset(lost, 0, sizeof(*lost));
	w->n_losing--;
	if (!is_losing(ifc))
		follow_router(ifc);
	return false;
}

void
netcfg_lose(struct pw_worker *w)
{
	uint32_t i;

	for (i = 0; i < w->n_ifs; i++) {
		lose_step(w, &w->ifs[i], &w->ifs[i].lost_lease);
		lose_step(w, &w->ifs[i], &w->ifs[i].lost_self);
	}
}

/* One that is being lost still, after the seconds it takes to get another, is done with now. */
static void
begin_to_lose(struct pw_worker *w, struct iface *ifc, struct losing *lost, const struct pw_addr *a)
{
	while (lose_step(w, ifc, lost))
		;
	*lost = (struct losing){.addr = *a};
	w->n_losing++;
	w->chores_at = w->now;
}

static void
change_addr(struct pw_worker *w, struct iface *ifc, struct losing *lost, struct pw_if_addr *has,
	const struct pw_if_addr *want)
{
	struct pw_if_addr old = *has;

	*has = *want;
	if (pw_addr_eq(&old.addr, &want->addr) && old.prefix_bits == want->prefix_bits)
		return;
	if (!pw_addr_eq(&old.addr, &none) && !pw_addr_eq(&old.addr, &want->addr))
		begin_to_lose(w, ifc, lost, &old.addr);
	if (!pw_addr_eq(&want->addr, &none) && pw_ip_addr_add(ifc->ip, want) != 0)
		LOOP_LOG(ERR, "worker %u: no place for one more address: %d are there", w->id,
			PW_IP_ADDRS_MAX);
	memset(&w->from.src, 0, sizeof(w->from.src));
}

/* A way that an address has had is left to it until the last RST is out. */
static void
apply(struct pw_worker *w, struct iface *ifc, const struct pw_loop_want *want)
{
	change_addr(w, ifc, &ifc->lost_lease, &ifc->has.lease, &want->lease);
	change_addr(w, ifc, &ifc->lost_self, &ifc->has.self, &want->self);
	ifc->has.router = want->router;
	ifc->has.mtu = want->mtu;
	if (!is_losing(ifc))
		follow_router(ifc);
}

/* ---- worker 0 ---- */

static bool
apply_step(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct want_job *j = (struct want_job *)job;

	apply(w, &w->ifs[j->ifc], &j->want);
	return true;
}

/* Bring the want to the others, as far as the last one has arrived. @return all is on its way */
static bool
spread_want(struct netcfg_if *n)
{
	struct pw_worker *w = n->w;
	bool all = true;
	uint32_t i;

	for (i = 1; w->crew != NULL && i < w->crew->spread.n_workers; i++) {
		struct want_job *j = &n->jobs[i];
		bool busy = j->posted && !pw_worker_job_done(&j->job);

		if (!j->stale)
			continue;
		all = false;
		if (busy || w->crew->worker[i] == NULL)
			continue;
		j->job.step = apply_step;
		j->ifc = (uint32_t)(n->ifc - w->ifs);
		j->want = n->want;
		j->posted = pw_worker_post_job(w->crew->worker[i], &j->job) == 0;
		j->stale = !j->posted;
	}
	return all;
}

static void
want_changed(struct netcfg_if *n)
{
	uint32_t i;

	apply(n->w, n->ifc, &n->want);
	for (i = 0; i < PW_WORKERS_MAX; i++)
		n->jobs[i].stale = true;
	spread_want(n);
}

static void
tell(struct netcfg_if *n, enum pw_loop_news_what what, const struct pw_acd *a, const uint8_t *mac)
{
	struct pw_loop_news news = {
		.what = what, .ifc = (uint32_t)(n->ifc - n->w->ifs), .addr = a->addr};

	if (n->w->news == NULL)
		return;
	news.dhcp = a == &n->lease;
	if (mac != NULL)
		memcpy(news.mac.addr_bytes, mac, sizeof(news.mac.addr_bytes));
	if (news.dhcp) {
		news.prefix_bits = n->dhcp.lease.prefix_bits;
		news.router = n->dhcp.lease.router;
		news.server = n->dhcp.lease.server;
		news.mtu = n->dhcp.lease.mtu;
		news.lease_ns = n->dhcp.lease.ends_at == PW_NEVER
					? PW_NEVER
					: n->dhcp.lease.ends_at - n->w->now;
	}
	n->w->news(n->w->news_ctx, &news);
}

static struct netcfg *
netcfg_of(const struct netcfg_if *n)
{
	return n->w->netcfg;
}

static void
send_dhcp(struct netcfg_if *n, const struct pw_dhcp_out *out)
{
	if (out->len != 0)
		pw_ip_send_udp(n->ifc->ip, &out->src, &out->dst, PW_DHCP_CLIENT_PORT,
			PW_DHCP_SERVER_PORT, out->bytes, out->len, n->w->now);
}

static void
use_lease(struct netcfg_if *n)
{
	const struct pw_dhcp_lease *l = &n->dhcp.lease;

	n->want.lease = (struct pw_if_addr){.addr = l->addr, .prefix_bits = l->prefix_bits};
	n->want.router = l->router;
	n->want.mtu = l->mtu;
	want_changed(n);
}

static void
drop_lease(struct netcfg_if *n)
{
	memset(&n->want.lease, 0, sizeof(n->want.lease));
	memset(&n->want.router, 0, sizeof(n->want.router));
	n->want.mtu = 0;
	n->lease.state = PW_ACD_OFF;
	want_changed(n);
}

/* Is it ours already, by configuration or at another interface? */
static bool
is_ours(const struct pw_worker *w, const struct pw_addr *a)
{
	uint32_t i;

	for (i = 0; i < w->n_ifs; i++) {
		const struct iface *ifc = &w->ifs[i];

		if (pw_ip_is_local(ifc->ip, a) && !pw_addr_eq(&ifc->lost_lease.addr, a) &&
			!pw_addr_eq(&ifc->lost_self.addr, a))
			return true;
	}
	return false;
}

/*
 * Whether somebody has the address, the network knows; whether that is us, it does not: nobody
 * answers his own probes.
 */
static void
check_lease(struct netcfg_if *n)
{
	const struct pw_addr *a = &n->dhcp.lease.addr;
	struct pw_dhcp_out out;

	if (!is_ours(n->w, a)) {
		pw_acd_begin(&n->lease, a, n->ifc->dev->port->mac.addr_bytes, true, 0,
			&netcfg_of(n)->rand, n->w->now);
		return;
	}
	pw_dhcp_checked(&n->dhcp, false, n->w->now, &out);
	send_dhcp(n, &out);
}

/* Send first what an address is given back with: it is still ours then. */
static void
take_dhcp(struct netcfg_if *n, const struct pw_dhcp_out *out)
{
	send_dhcp(n, out);
	switch (out->event) {
	case PW_DHCP_CHECK:
		check_lease(n);
		return;
	case PW_DHCP_BIND:
		use_lease(n);
		tell(n, PW_LOOP_NEWS_UP, &n->lease, NULL);
		return;
	case PW_DHCP_RENEWED:
		use_lease(n);
		tell(n, PW_LOOP_NEWS_RENEWED, &n->lease, NULL);
		return;
	case PW_DHCP_LOSE:
		tell(n, PW_LOOP_NEWS_LOST, &n->lease, NULL);
		drop_lease(n);
		return;
	case PW_DHCP_NONE:
		return;
	}
}

static void
choose_self(struct netcfg_if *n)
{
	struct netcfg *nc = netcfg_of(n);
	struct pw_addr addr = pw_acd_link_local(&nc->rand);
	bool often = n->self.n_conflicts >= PW_ACD_CONFLICTS_MAX;

	pw_acd_begin(&n->self, &addr, n->ifc->dev->port->mac.addr_bytes, true,
		often ? PW_ACD_RATE_LIMIT_NS : 0, &nc->rand, n->w->now);
}

/* An address has passed: it is used, and that is said. */
static void
acd_up(struct netcfg_if *n, const struct pw_acd *a)
{
	struct pw_dhcp_out out;

	if (a == &n->lease) {
		pw_dhcp_checked(&n->dhcp, true, n->w->now, &out);
		take_dhcp(n, &out);
	} else if (a == &n->self) {
		n->want.self = (struct pw_if_addr){.addr = a->addr, .prefix_bits = 96 + 16};
		want_changed(n);
		tell(n, PW_LOOP_NEWS_UP, a, NULL);
	}
}

static void
acd_lost(struct netcfg_if *n, struct pw_acd *a, const uint8_t *mac)
{
	struct pw_dhcp_out out;

	tell(n, PW_LOOP_NEWS_CONFLICT, a, mac);
	if (a == &n->self) {
		memset(&n->want.self, 0, sizeof(n->want.self));
		want_changed(n);
		choose_self(n);
	} else if (a == &n->lease) {
		if (n->dhcp.state == PW_DHCP_CHECKING)
			pw_dhcp_checked(&n->dhcp, false, n->w->now, &out);
		else
			pw_dhcp_conflict(&n->dhcp, n->w->now, &out);
		take_dhcp(n, &out);
	}
}

static void
acd_do(struct netcfg_if *n, struct pw_acd *a, enum pw_acd_do todo, const uint8_t *mac)
{
	struct pw_addr zero = pw_addr_v4(0);

	switch (todo) {
	case PW_ACD_NOTHING:
		return;
	case PW_ACD_SEND_PROBE:
		pw_link_arp(n->ifc->link, &zero, &a->addr);
		return;
	case PW_ACD_UP:
		acd_up(n, a);
		pw_link_arp(n->ifc->link, &a->addr, &a->addr);
		return;
	case PW_ACD_DEFEND:
		tell(n, PW_LOOP_NEWS_DEFENDED, a, mac);
		/* fallthrough */
	case PW_ACD_SEND_ANNOUNCE:
		pw_link_arp(n->ifc->link, &a->addr, &a->addr);
		return;
	case PW_ACD_LOST:
		acd_lost(n, a, mac);
		return;
	}
}

static void
run_acd(struct netcfg_if *n, struct pw_acd *a)
{
	acd_do(n, a, pw_acd_run(a, &netcfg_of(n)->rand, n->w->now), NULL);
}

static void
run_if(struct netcfg_if *n)
{
	struct pw_dhcp_out out;
	uint32_t i;

	for (i = 0; i < n->n_own; i++)
		run_acd(n, &n->own[i]);
	if (n->has_dhcp) {
		pw_dhcp_run(&n->dhcp, n->w->now, &out);
		take_dhcp(n, &out);
		run_acd(n, &n->lease);
	}
	if (n->has_auto)
		run_acd(n, &n->self);
}

static pw_ns
next_of(const struct netcfg_if *n)
{
	pw_ns at = PW_NEVER;
	uint32_t i;

	for (i = 0; i < n->n_own; i++)
		at = pw_min(at, pw_acd_next(&n->own[i]));
	if (n->has_dhcp)
		at = pw_min(at, pw_min(pw_dhcp_next(&n->dhcp), pw_acd_next(&n->lease)));
	return n->has_auto ? pw_min(at, pw_acd_next(&n->self)) : at;
}

void
netcfg_run(struct pw_worker *w)
{
	pw_ns next = PW_NEVER;
	uint32_t i;

	if (w->netcfg == NULL || w->now < w->netcfg_at)
		return;
	for (i = 0; i < w->n_ifs; i++) {
		struct netcfg_if *n = &w->netcfg->ifs[i];

		run_if(n);
		next = pw_min(next, spread_want(n) ? next_of(n) : w->now);
	}
	w->netcfg_at = next == PW_NEVER ? next : pw_max(next, w->now + CHORES_NS);
}

static void
arp_heard(void *ctx, const struct pw_arp *arp, pw_ns now)
{
	struct netcfg_if *n = ctx;
	uint32_t i;

	for (i = 0; i < n->n_own; i++)
		acd_do(n, &n->own[i], pw_acd_heard(&n->own[i], arp, now), arp->sha);
	if (n->has_dhcp)
		acd_do(n, &n->lease, pw_acd_heard(&n->lease, arp, now), arp->sha);
	if (n->has_auto)
		acd_do(n, &n->self, pw_acd_heard(&n->self, arp, now), arp->sha);
	n->w->netcfg_at = pw_min(n->w->netcfg_at, next_of(n));
}

enum pw_drop
netcfg_udp(struct pw_worker *w, const struct iface *ifc, const uint8_t *p, uint32_t len)
{
	struct netcfg_if *n = &w->netcfg->ifs[ifc - w->ifs];
	uint64_t ignored = n->dhcp.stats.ignored;
	struct pw_dhcp_out out;

	pw_dhcp_input(&n->dhcp, p, len, w->now, &out);
	take_dhcp(n, &out);
	w->netcfg_at = pw_min(w->netcfg_at, next_of(n));
	return n->dhcp.stats.ignored == ignored ? PW_OK : PW_DROP_DHCP_IGNORED;
}

/* The configured addresses are announced, and held. */
static void
watch_own(struct netcfg_if *n, const struct pw_loop_if *in)
{
	uint32_t i;

	for (i = 0; i < in->n_addrs && n->n_own < OWN_MAX; i++) {
		struct pw_acd *a = &n->own[n->n_own];

		if (!pw_addr_is_v4(&in->addrs[i].addr) || in->addrs[i].n_more != 0)
			continue;
		n->n_own++;
		a->hold = true;
		pw_acd_begin(a, &in->addrs[i].addr, in->port->mac.addr_bytes, false, 0,
			&netcfg_of(n)->rand, n->w->now);
		/* pw_link_announce() was the first announcement. */
		a->n_sent = 1;
		a->at += PW_ACD_ANNOUNCE_EVERY_NS;
	}
}

static void
open_if(struct netcfg_if *n, const struct pw_loop_if *in)
{
	watch_own(n, in);
	n->has_dhcp = in->dhcp;
	n->has_auto = in->link_local4;
	if (in->dhcp) {
		pw_dhcp_init(&n->dhcp, in->port->mac.addr_bytes, rte_rand(), 0);
		pw_ip_take_udp(n->ifc->ip, PW_DHCP_CLIENT_PORT);
	}
	if (in->link_local4)
		choose_self(n);
}

/* Did an operator say where to go with what is not on-link? */
static bool
has_gateway(const struct pw_loop_if *in)
{
	struct pw_addr any = pw_addr_v4(0);
	uint32_t i;

	for (i = 0; i < in->n_routes; i++)
		if (in->routes[i].bits == 96 && pw_addr_eq(&in->routes[i].dst, &any))
			return true;
	return !pw_addr_eq(&in->gateway, &none);
}

int
netcfg_open(struct pw_worker *w, const struct pw_worker_cfg *cfg)
{
	uint32_t i;

	for (i = 0; i < w->n_ifs; i++)
		w->ifs[i].own_gateway = has_gateway(&cfg->ifs[i]);
	if (w->crew != NULL && w->id != 0)
		return 0;
	w->netcfg = rte_zmalloc_socket("netcfg",
		sizeof(*w->netcfg) + w->n_ifs * sizeof(w->netcfg->ifs[0]), RTE_CACHE_LINE_SIZE,
		w->socket_id);
	if (w->netcfg == NULL)
		return -ENOMEM;
	pw_rand_init(&w->netcfg->rand, rte_rand());
	w->news = cfg->news;
	w->news_ctx = cfg->news_ctx;
	for (i = 0; i < w->n_ifs; i++) {
		w->netcfg->ifs[i].w = w;
		w->netcfg->ifs[i].ifc = &w->ifs[i];
		open_if(&w->netcfg->ifs[i], &cfg->ifs[i]);
		pw_link_set_arp_heard(w->ifs[i].link, arp_heard, &w->netcfg->ifs[i]);
	}
	return 0;
}

void
netcfg_close(struct pw_worker *w)
{
	rte_free(w->netcfg);
}

void
pw_worker_get_lease(const struct pw_worker *w, uint32_t i, struct pw_loop_lease *out)
{
	const struct netcfg_if *n;

	memset(out, 0, sizeof(*out));
	if (w->netcfg == NULL)
		return;
	n = &w->netcfg->ifs[i];
	out->self = n->want.self;
	out->lease = n->want.lease;
	out->router = n->dhcp.lease.router;
	out->server = n->dhcp.lease.server;
	out->mtu = n->dhcp.lease.mtu;
	out->state = n->has_dhcp ? pw_dhcp_state_name(n->dhcp.state) : NULL;
	out->ends_at = n->dhcp.lease.ends_at;
	out->n_conflicts = n->lease.n_conflicts + n->self.n_conflicts;
	for (i = 0; i < n->n_own; i++)
		out->n_conflicts += n->own[i].n_conflicts;
}
