/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Neighbours and routes: the worker whose they are is asked.
 */
#include <stdlib.h>
#include "cmd_priv.h"

/* ---- neighbours ---- */

static const char *const neigh_names[] = {
	[PW_NEIGH_FREE] = "free",
	[PW_NEIGH_INCOMPLETE] = "incomplete",
	[PW_NEIGH_REACHABLE] = "reachable",
	[PW_NEIGH_STALE] = "stale",
	[PW_NEIGH_DELAY] = "delay",
	[PW_NEIGH_PROBE] = "probe",
	[PW_NEIGH_FAILED] = "failed",
};

#define NEIGHS_MAX 1024

struct neigh_question {
	struct pw_worker_job job;
	uint32_t ifc; /* asked about */
	uint32_t n;
	struct pw_neigh_info neigh[NEIGHS_MAX];
};

static void
keep_neigh(void *ctx, const struct pw_neigh_info *info)
{
	struct neigh_question *q = ctx;

	if (q->n < NEIGHS_MAX)
		q->neigh[q->n++] = *info;
}

static bool
look_at_neighs(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct neigh_question *q = (struct neigh_question *)job;

	pw_link_each(pw_worker_link(w, q->ifc), keep_neigh, q);
	return true;
}

static void
put_place(cJSON *row, const struct pw_loop_if *intf)
{
	put_u64(row, "port", intf->port->id);
	put_u64(row, "vlan", intf->vlan);
}

static void
put_neigh(cJSON *row, uint32_t worker, const struct pw_loop_if *intf, const struct pw_neigh_info *n)
{
	char mac[RTE_ETHER_ADDR_FMT_SIZE];
	char addr[PW_ADDR_TEXT_MAX];

	rte_ether_format_addr(mac, sizeof(mac), &n->mac);
	put_u64(row, "worker", worker);
	put_place(row, intf);
	put_text(row, "address", pw_addr_format(&n->addr, addr));
	put_text(row, "mac", mac);
	put_text(row, "state", neigh_names[n->state]);
	put_u64(row, "waiting_packets", n->waiting);
}

static int
ask_neighs(struct call *call, uint32_t worker, uint32_t ifc, cJSON *rows)
{
	struct neigh_question *q = question(call, sizeof(*q));
	uint32_t i;

	if (q == NULL)
		return -1;
	q->job.step = look_at_neighs;
	q->ifc = ifc;
	if (ask(call, worker, q) != 0)
		return -1;
	for (i = 0; i < q->n; i++)
		put_neigh(put_row(rows), worker, &call->ctl->cfg.ifs[ifc], &q->neigh[i]);
	free(q);
	return 0;
}

int
show_neigh(struct call *call)
{
	cJSON *rows = put_rows(call->out, "neighbours");
	uint32_t i, k;

	for (i = 0; i < call->ctl->cfg.n_workers; i++)
		for (k = 0; k < call->ctl->cfg.n_ifs; k++)
			if (ask_neighs(call, i, k, rows) != 0)
				return -1;
	return 0;
}

/* ---- routes ---- */

#define ROUTES_SHOWN (PW_IP_ADDRS_MAX + PW_IP_ROUTES_MAX)

struct route_question {
	struct pw_worker_job job;
	uint32_t ifc;
	uint32_t n;
	struct pw_ip_route route[ROUTES_SHOWN];
};

static void
keep_route(void *ctx, const struct pw_ip_route *r)
{
	struct route_question *q = ctx;

	if (q->n < ROUTES_SHOWN)
		q->route[q->n++] = *r;
}

static bool
look_at_routes(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct route_question *q = (struct route_question *)job;

	pw_ip_each_route(pw_worker_ip(w, q->ifc), keep_route, q);
	return true;
}

static void
put_route(cJSON *row, const struct pw_loop_if *intf, const struct pw_ip_route *r)
{
	static const struct pw_addr none;
	uint32_t base = pw_addr_is_v4(&r->dst) ? 96 : 0;
	char addr[PW_ADDR_TEXT_MAX];
	char prefix[PW_ADDR_TEXT_MAX + 4];

	snprintf(prefix, sizeof(prefix), "%s/%u", pw_addr_format(&r->dst, addr), r->bits - base);
	put_text(row, "prefix", prefix);
	put_text(
		row, "via", pw_addr_eq(&r->hop, &none) ? "on-link" : pw_addr_format(&r->hop, addr));
	put_place(row, intf);
}

/* All workers have the same: the first is asked. */
int
show_routes(struct call *call)
{
	cJSON *rows = put_rows(call->out, "routes");
	uint32_t i, k;

	for (i = 0; i < call->ctl->cfg.n_ifs; i++) {
		struct route_question *q = question(call, sizeof(*q));

		if (q == NULL)
			return -1;
		q->job.step = look_at_routes;
		q->ifc = i;
		if (ask(call, 0, q) != 0)
			return -1;
		for (k = 0; k < q->n; k++)
			put_route(put_row(rows), &call->ctl->cfg.ifs[i], &q->route[k]);
		free(q);
	}
	return 0;
}

/* ---- addresses ---- */

struct lease_question {
	struct pw_worker_job job;
	uint32_t ifc;
	pw_ns now;
	struct pw_loop_lease lease;
};

static bool
look_at_lease(struct pw_worker_job *job, struct pw_worker *w, pw_ns now)
{
	struct lease_question *q = (struct lease_question *)job;

	pw_worker_get_lease(w, q->ifc, &q->lease);
	q->now = now;
	return true;
}

static void
put_address(cJSON *row, const struct pw_loop_if *intf, const char *by, const struct pw_if_addr *a)
{
	static const struct pw_addr none;
	char addr[PW_ADDR_TEXT_MAX];
	char text[PW_ADDR_TEXT_MAX + 4] = "none";

	if (!pw_addr_eq(&a->addr, &none))
		snprintf(text, sizeof(text), "%s/%u", pw_addr_format(&a->addr, addr),
			a->prefix_bits - (pw_addr_is_v4(&a->addr) ? 96u : 0u));
	put_text(row, "address", text);
	put_place(row, intf);
	put_text(row, "by", by);
}

static void
put_lease(cJSON *row, const struct lease_question *q)
{
	static const struct pw_addr none;
	const struct pw_loop_lease *l = &q->lease;
	bool bound = !pw_addr_eq(&l->lease.addr, &none);
	char text[PW_ADDR_TEXT_MAX];

	put_text(row, "state", l->state);
	put_text(row, "server", bound ? pw_addr_format(&l->server, text) : "none");
	put_text(row, "router",
		bound && !pw_addr_eq(&l->router, &none) ? pw_addr_format(&l->router, text)
							: "none");
	put_u64(row, "mtu", l->mtu);
	put_u64(row, "seconds_left",
		bound && l->ends_at != PW_NEVER
			? (pw_max(l->ends_at, q->now) - q->now) / PW_NS_PER_S
			: 0);
}

/* Of an interface: those configured, that of DHCP, and the one that it chose. */
static void
put_addresses_of(cJSON *rows, const struct pw_loop_if *intf, const struct lease_question *q)
{
	uint32_t i;

	for (i = 0; i < intf->n_addrs; i++)
		put_address(put_row(rows), intf, "configuration", &intf->addrs[i]);
	if (intf->link_local4)
		put_address(put_row(rows), intf, "RFC 3927", &q->lease.self);
	if (intf->dhcp)
		put_address(put_row(rows), intf, "DHCP", &q->lease.lease);
}

int
show_addresses(struct call *call)
{
	cJSON *rows = put_rows(call->out, "addresses");
	cJSON *leases = put_rows(call->out, "leases");
	uint32_t i;

	for (i = 0; i < call->ctl->cfg.n_ifs; i++) {
		const struct pw_loop_if *intf = &call->ctl->cfg.ifs[i];
		struct lease_question *q = question(call, sizeof(*q));
		cJSON *row;

		if (q == NULL)
			return -1;
		q->job.step = look_at_lease;
		q->ifc = i;
		if (ask(call, 0, q) != 0)
			return -1;
		put_addresses_of(rows, intf, q);
		if (intf->dhcp) {
			row = put_row(leases);
			put_place(row, intf);
			put_lease(row, q);
		}
		free(q);
	}
	return 0;
}
