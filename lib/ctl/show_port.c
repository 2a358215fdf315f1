/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * show port ...
 */
#include <stdlib.h>
#include <rte_ethdev.h>
#include "cmd_priv.h"

/* "10.77.0.1/24 10.77.1.1/24.100": behind the prefix a VLAN */
static void
put_addresses(cJSON *row, const struct pw_ctl *ctl, const struct pw_port *port)
{
	char all[1024] = "";
	char one[PW_ADDR_TEXT_MAX], vlan[8];
	size_t len = 0;
	uint32_t i, k;

	for (i = 0; i < ctl->cfg.n_ifs; i++) {
		const struct pw_loop_if *intf = &ctl->cfg.ifs[i];

		snprintf(vlan, sizeof(vlan), intf->vlan != 0 ? ".%u" : "", intf->vlan);
		for (k = 0; intf->port == port && k < intf->n_addrs && len < sizeof(all); k++)
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s/%u%s",
				len > 0 ? " " : "", pw_addr_format(&intf->addrs[k].addr, one),
				intf->addrs[k].prefix_bits -
					(pw_addr_is_v4(&intf->addrs[k].addr) ? 96u : 0u),
				vlan);
	}
	put_text(row, "addresses", all);
}

static void
put_mac(cJSON *row, const struct rte_ether_addr *mac)
{
	char text[RTE_ETHER_ADDR_FMT_SIZE];

	rte_ether_format_addr(text, sizeof(text), mac);
	put_text(row, "mac", text);
}

static void
put_link(cJSON *row, uint16_t id)
{
	struct rte_eth_link link;

	if (rte_eth_link_get_nowait(id, &link) != 0)
		return;
	put_bool(row, "link_up", link.link_status == RTE_ETH_LINK_UP);
	put_text(row, "speed", rte_eth_link_speed_to_str(link.link_speed));
}

int
show_port_info(struct call *call)
{
	cJSON *rows = put_rows(call->out, "ports");
	uint32_t i;

	for (i = 0; i < call->ctl->cfg.n_ports; i++) {
		const struct pw_port *p = call->ctl->cfg.ifs[i].port;
		cJSON *row = put_row(rows);

		put_u64(row, "port", p->id);
		put_text(row, "name", p->name);
		put_text(row, "driver", p->driver);
		put_mac(row, &p->mac);
		put_addresses(row, call->ctl, p);
		put_u64(row, "mtu", p->mtu);
		put_link(row, p->id);
		put_u64(row, "queues", p->n_queues);
		put_u64(row, "rx_descriptors", p->n_rxd);
		put_u64(row, "tx_descriptors", p->n_txd);
		put_text(row, "numa_node",
			p->socket_id < 0 ? "any" : (p->socket_id == 0 ? "0" : "1+"));
	}
	return 0;
}

int
show_port_offloads(struct call *call)
{
	cJSON *rows = put_rows(call->out, "ports");
	uint32_t i;

	for (i = 0; i < call->ctl->cfg.n_ports; i++) {
		const struct pw_port *p = call->ctl->cfg.ifs[i].port;
		cJSON *row = put_row(rows);

		put_u64(row, "port", p->id);
		put_text(row, "driver", p->driver);
		put_u64(row, "max_pieces", p->max_pieces);
		put_bool(row, "tx_ip4_cksum", p->tx_ip4_cksum);
		put_bool(row, "tx_tcp_cksum", p->tx_tcp_cksum);
		put_bool(row, "tso", p->tso);
		put_bool(row, "rx_ip4_cksum", p->rx_ip4_cksum);
		put_bool(row, "rx_tcp_cksum", p->rx_tcp_cksum);
		put_bool(row, "tx_vlan", p->tx_vlan);
		put_bool(row, "rx_vlan", p->rx_vlan);
		put_bool(row, "rx_interrupt", p->rx_intr);
		put_bool(row, "driver_copies", p->driver_copies);
	}
	return 0;
}

static void
put_port_stats(cJSON *row, const struct pw_port_stats *s)
{
	put_bool(row, "link_up", s->link_up);
	put_u64(row, "rx_packets", s->rx_packets);
	put_u64(row, "rx_bytes", s->rx_bytes);
	put_u64(row, "tx_packets", s->tx_packets);
	put_u64(row, "tx_bytes", s->tx_bytes);
	put_u64(row, "rx_missed", s->rx_missed);
	put_u64(row, "rx_errors", s->rx_errors);
	put_u64(row, "tx_errors", s->tx_errors);
	put_u64(row, "rx_no_mbuf", s->rx_no_mbuf);
}

int
show_port_stats(struct call *call)
{
	cJSON *rows = put_rows(call->out, "ports");
	struct figures f;
	uint32_t i;

	if (figures_init(call->ctl, &f) != 0)
		return refuse(call, "no memory");
	figures_since(call->ctl, &f);
	for (i = 0; i < call->ctl->cfg.n_ports; i++) {
		cJSON *row = put_row(rows);

		put_u64(row, "port", call->ctl->cfg.ifs[i].port->id);
		put_port_stats(row, &f.ports[i]);
	}
	figures_fini(&f);
	return 0;
}

static void
put_xstats(cJSON *rows, uint16_t id)
{
	int n = rte_eth_xstats_get(id, NULL, 0);
	struct rte_eth_xstat_name *names = calloc((size_t)RTE_MAX(n, 1), sizeof(*names));
	struct rte_eth_xstat *values = calloc((size_t)RTE_MAX(n, 1), sizeof(*values));
	int i;

	if (names != NULL && values != NULL && n > 0 &&
		rte_eth_xstats_get(id, values, (unsigned int)n) == n &&
		rte_eth_xstats_get_names(id, names, (unsigned int)n) == n) {
		for (i = 0; i < n; i++) {
			cJSON *row;

			if (values[i].value == 0)
				continue;
			row = put_row(rows);
			put_u64(row, "port", id);
			put_text(row, "name", names[values[i].id].name);
			put_u64(row, "value", values[i].value);
		}
	}
	free(names);
	free(values);
}

int
show_port_xstats(struct call *call)
{
	cJSON *rows = put_rows(call->out, "xstats");
	uint32_t i;

	for (i = 0; i < call->ctl->cfg.n_ports; i++)
		put_xstats(rows, call->ctl->cfg.ifs[i].port->id);
	return 0;
}
