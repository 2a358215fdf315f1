/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Ports and what is at them: interfaces, addresses, routes.
 */
#include <string.h>
#include <rte_ethdev.h>
#include "app.h"

static bool
is_vhost_front_end(uint16_t id)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(id, &info) == 0 &&
	       strcmp(info.driver_name, "net_virtio_user") == 0;
}

static int
check_port(const struct app *app, uint16_t id)
{
	if (!rte_eth_dev_is_valid_port(id)) {
		COMPLAIN("--ip '...@%u' names a device port that is not there; allowed: 0 to %d, "
			 "by EAL options such as --vdev net_tap0 or --allow PCI-ADDRESS",
			id, rte_eth_dev_count_avail() - 1);
		return STATUS_USAGE;
	}
	if (app->cfg.arena == PW_ARENA_HUGETLBFS && is_vhost_front_end(id)) {
		COMPLAIN("--arena 'hugetlbfs' is memory that the peer of port %u cannot see; "
			 "allowed with net_virtio_user: eal",
			id);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

int
ports_check(struct app *app)
{
	int status = STATUS_OK;
	uint32_t i;

	if (rte_eth_dev_count_avail() == 0) {
		COMPLAIN("there is no device port; allowed: EAL options such as --vdev "
			 "net_tap0,iface=pw0 or --allow PCI-ADDRESS");
		return STATUS_USAGE;
	}
	for (i = 0; i < app->cfg.n_ips && status == STATUS_OK; i++)
		status = check_port(app, app->cfg.ips[i].place.port);
	return status;
}

const struct pw_port *
ports_find(const struct app *app, uint16_t id)
{
	uint32_t i;

	for (i = 0; i < app->n_ports; i++)
		if (app->ports[i].id == id)
			return &app->ports[i];
	return NULL;
}

/* Is a tag to be expected at this port? */
static bool
has_vlan(const struct app *app, uint16_t port)
{
	uint32_t i;

	for (i = 0; i < app->cfg.n_ips; i++)
		if (app->cfg.ips[i].place.port == port && app->cfg.ips[i].place.vlan != 0)
			return true;
	return false;
}

static int
open_port(struct app *app, uint16_t id)
{
	struct pw_port_cfg cfg = {
		.port_id = id,
		.n_workers = (uint16_t)app->workers.n,
		.spread = app->cfg.spread,
		.mtu = (uint16_t)app->cfg.mtu,
		.want_rx_intr = app->cfg.idle == PW_IDLE_SLEEP,
		.want_vlan = has_vlan(app, id),
	};

	if (pw_port_open(&cfg, &app->ports[app->n_ports]) != 0)
		return STATUS_FAILED;
	app->n_ports++;
	return STATUS_OK;
}

/* The interface at a place; NULL: there is none yet. */
static struct pw_loop_if *
find_if(struct app *app, const struct pw_option_place *place)
{
	uint32_t i;

	for (i = 0; i < app->n_ifs; i++)
		if (app->ifs[i].port->id == place->port && app->ifs[i].vlan == place->vlan)
			return &app->ifs[i];
	return NULL;
}

static int
add_if(struct app *app, const struct pw_option_place *place)
{
	uint32_t i = app->n_ifs;

	if (i == PW_LOOP_IFS_MAX) {
		COMPLAIN("--ip '...@%u.%u' is one VLAN too many; allowed: %d in all", place->port,
			place->vlan, PW_LOOP_IFS_MAX);
		return STATUS_USAGE;
	}
	app->ifs[i] = (struct pw_loop_if){
		.port = ports_find(app, place->port),
		.vlan = place->vlan,
		.addrs = app->addrs[i],
		.routes = app->routes[i],
	};
	app->n_ifs++;
	return STATUS_OK;
}

static void
add_address(struct app *app, const struct pw_option_ip *ip)
{
	struct pw_loop_if *intf = find_if(app, &ip->place);

	intf->dhcp |= ip->by == PW_OPTION_IP_DHCP;
	intf->link_local4 |= ip->by == PW_OPTION_IP_AUTO;
	intf->take_ra |= ip->by == PW_OPTION_IP_AUTO;
	if (ip->by != PW_OPTION_IP_GIVEN)
		return;
	app->addrs[intf - app->ifs][intf->n_addrs++] = (struct pw_if_addr){
		.addr = ip->addr,
		.prefix_bits = (uint8_t)pw_option_ip_bits(ip),
	};
	if (pw_config_has_hop(ip, &app->cfg.gateway, NULL))
		intf->gateway = app->cfg.gateway;
	if (pw_config_has_hop(ip, &app->cfg.gateway6, NULL) ||
		pw_ip6_is_link_local(&app->cfg.gateway6))
		intf->gateway6 = app->cfg.gateway6;
}

/* Every interface has one, behind those that it was given. */
static void
add_link_local(struct app *app, uint32_t i)
{
	struct pw_loop_if *intf = &app->ifs[i];

	app->addrs[i][intf->n_addrs++] = (struct pw_if_addr){
		.addr = pw_ip6_link_local(intf->port->mac.addr_bytes),
		.prefix_bits = 64,
	};
}

/* To the first interface on whose network the next hop is. */
static void
add_route(struct app *app, const struct pw_option_route *r)
{
	struct pw_loop_if *intf;
	uint32_t i;

	for (i = 0; !pw_config_has_hop(&app->cfg.ips[i], &r->hop, &r->place); i++)
		;
	intf = find_if(app, &app->cfg.ips[i].place);
	app->routes[intf - app->ifs][intf->n_routes++] =
		(struct pw_ip_route){.dst = r->dst, .bits = r->bits, .hop = r->hop};
}

uint32_t
ports_find_if(struct app *app, const struct pw_option_place *place)
{
	return (uint32_t)(find_if(app, place) - app->ifs);
}

int
ports_open(struct app *app)
{
	const struct pw_config *cfg = &app->cfg;
	int status = STATUS_OK;
	uint32_t i;

	for (i = 0; i < cfg->n_ips && status == STATUS_OK; i++) {
		if (ports_find(app, cfg->ips[i].place.port) != NULL)
			continue;
		status = open_port(app, cfg->ips[i].place.port);
		if (status == STATUS_OK)
			status = add_if(app, &cfg->ips[i].place);
	}
	for (i = 0; i < cfg->n_ips && status == STATUS_OK; i++)
		if (find_if(app, &cfg->ips[i].place) == NULL)
			status = add_if(app, &cfg->ips[i].place);
	for (i = 0; i < cfg->n_ips && status == STATUS_OK; i++)
		add_address(app, &cfg->ips[i]);
	for (i = 0; i < app->n_ifs && status == STATUS_OK; i++)
		if (app->ifs[i].port->mtu >= PW_IP6_MTU_MIN)
			add_link_local(app, i);
	for (i = 0; i < cfg->n_routes && status == STATUS_OK; i++)
		add_route(app, &cfg->routes[i]);
	return status;
}
