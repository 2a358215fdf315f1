/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Ports, the worker, and the time in between.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <rte_cycles.h>
#include <rte_eal.h>
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
		status = check_port(app, app->cfg.ips[i].port);
	return status;
}

/* The interface of a port, new at the end when there is none yet. */
static uint32_t
if_of_port(struct app *app, uint16_t id)
{
	uint32_t i;

	for (i = 0; i < app->n_ports; i++)
		if (app->ports[i].id == id)
			return i;
	return i;
}

static bool
is_gateway_of(const struct pw_addr *gateway, const struct pw_option_ip *ip)
{
	return pw_addr_is_v4(gateway) == pw_addr_is_v4(&ip->addr) &&
	       pw_addr_same_net(gateway, &ip->addr, pw_option_ip_bits(ip));
}

static void
add_address(struct app *app, uint32_t at, const struct pw_option_ip *ip)
{
	struct pw_loop_if *intf = &app->ifs[at];

	app->addrs[at][intf->n_addrs++] = (struct pw_if_addr){
		.addr = ip->addr,
		.prefix_bits = (uint8_t)pw_option_ip_bits(ip),
	};
	if (is_gateway_of(&app->cfg.gateway, ip))
		intf->gateway = app->cfg.gateway;
	if (is_gateway_of(&app->cfg.gateway6, ip) || pw_ip6_is_link_local(&app->cfg.gateway6))
		intf->gateway6 = app->cfg.gateway6;
}

/* Every port has one, behind those that it was given. */
static void
add_link_local(struct app *app, uint32_t at)
{
	struct pw_loop_if *intf = &app->ifs[at];

	app->addrs[at][intf->n_addrs++] = (struct pw_if_addr){
		.addr = pw_ip6_link_local(app->ports[at].mac.addr_bytes),
		.prefix_bits = 64,
	};
}

int
ports_open(struct app *app)
{
	uint32_t i;

	for (i = 0; i < app->cfg.n_ips; i++) {
		const struct pw_option_ip *ip = &app->cfg.ips[i];
		uint32_t at = if_of_port(app, ip->port);
		struct pw_port_cfg cfg = {
			.port_id = ip->port,
			.n_workers = (uint16_t)app->workers.n,
			.spread = app->cfg.spread,
			.mtu = (uint16_t)app->cfg.mtu,
			.want_rx_intr = app->cfg.idle == PW_IDLE_SLEEP,
		};

		if (at == app->n_ports) {
			if (pw_port_open(&cfg, &app->ports[at]) != 0)
				return STATUS_FAILED;
			app->ifs[at].port = &app->ports[at];
			app->ifs[at].addrs = app->addrs[at];
			app->n_ports++;
		}
		add_address(app, at, ip);
	}
	for (i = 0; i < app->n_ports; i++)
		if (app->ports[i].mtu >= PW_IP6_MTU_MIN)
			add_link_local(app, i);
	return STATUS_OK;
}

static void
http_tick(void *ctx, pw_ns now, int64_t unix_s)
{
	pw_http_tick(ctx, now, unix_s);
}

static void
http_drain(void *ctx, pw_ns now)
{
	pw_http_drain(ctx, now);
}

static int
make_http(struct app *app, struct desk *desk)
{
	const struct pw_config *c = &app->cfg;
	struct pw_http_cfg cfg = {
		.site = app->site,
		.refs = &desk->refs,
		.mem = &mem_eal,
		.max_head_bytes = (uint32_t)c->max_head_bytes,
		.idle_ns = c->timeout_idle_s * PW_NS_PER_S,
		.head_ns = c->timeout_head_s * PW_NS_PER_S,
		.body_ns = c->timeout_body_s * PW_NS_PER_S,
		.stall_ns = c->timeout_send_s * PW_NS_PER_S,
	};
	int rc;

	rc = pw_store_refs_init(&desk->refs, app->store, &mem_eal);
	if (rc != 0)
		return rc;
	if (getrandom(&cfg.seed, sizeof(cfg.seed), 0) != sizeof(cfg.seed))
		return -errno;
	desk->http = pw_http_create(&cfg);
	return desk->http == NULL ? -errno : 0;
}

static int
make_worker(struct app *app, uint32_t i)
{
	struct desk *desk = &app->desks[i];
	struct pw_worker_cfg cfg = {
		.ifs = app->ifs,
		.n_ifs = app->n_ports,
		.store = app->store,
		.service =
			{
				.app = &pw_http_app,
				.ctx = desk->http,
				.app_bytes = pw_http_room_bytes(),
				.tick = http_tick,
				.drain = http_drain,
			},
		.listen_port = (uint16_t)app->cfg.http_port,
		.tcp =
			{
				.max_conns =
					workers_share(&app->workers, i, app->cfg.max_connections),
				.max_traced = app->cfg.max_traced,
				.trace_events = app->cfg.trace_events,
				.cc = pw_config_cc[app->cfg.cc],
				.ecn = pw_config_ecn[app->cfg.ecn],
				.pacing = app->cfg.pacing,
			},
		.idle = app->cfg.idle,
	};

	return workers_add(&app->workers, &cfg);
}

static int
make_desk(struct app *app, uint32_t i)
{
	int rc = make_http(app, &app->desks[i]);

	if (rc == 0)
		return make_worker(app, i);
	COMPLAIN("worker %u cannot be made: %s", i, strerror(-rc));
	return STATUS_FAILED;
}

int
workers_make(struct app *app)
{
	int status = STATUS_OK;
	uint32_t i;

	for (i = 0; i < app->workers.n && status == STATUS_OK; i++)
		status = make_desk(app, i);
	return status;
}

/* "http://10.77.0.1/ on port 0 (net_tap)" */
static void
print_place(struct app *app, const struct pw_option_ip *ip)
{
	char text[PW_ADDR_HOST_MAX];

	printf("http://%s", pw_addr_format_host(&ip->addr, text));
	if (app->cfg.http_port != 80)
		printf(":%u", app->cfg.http_port);
	printf("/ on port %u (%s)", ip->port, app->ports[if_of_port(app, ip->port)].driver);
}

static void
print_ready(struct app *app)
{
	uint32_t i;

	for (i = 0; i < app->n_ports; i++)
		workers_tell_port(&app->workers, &app->ports[i]);
	COMPLAIN("an idle connection takes %zu bytes, everything counted",
		pw_tcp_conn_bytes(pw_http_room_bytes(),
			workers_share(&app->workers, 0, app->cfg.max_connections)));
	printf("pagewire: serving %s at ", app->cfg.root);
	print_place(app, &app->cfg.ips[0]);
	printf(", %u worker%s, %u files, %" PRIu64 " bytes\n", app->workers.n,
		app->workers.n == 1 ? "" : "s", app->counts.n_files, app->counts.file_bytes);
	for (i = 1; i < app->cfg.n_ips; i++) {
		printf("pagewire: and at ");
		print_place(app, &app->cfg.ips[i]);
		putchar('\n');
	}
	fflush(stdout);
}

int
serve(struct app *app)
{
	struct pw_report last;
	int status = control_start(app);

	if (status == STATUS_OK) {
		print_ready(app);
		status = control_talk(app);
	}
	if (status == STATUS_OK)
		workers_run(&app->workers);
	control_stop(app);
	if (status != STATUS_OK)
		return status;
	app_report(app, &last);
	pw_report_totals(stdout, &last);
	return STATUS_OK;
}

void
app_report(const struct app *app, struct pw_report *out)
{
	uint32_t i, k;

	out->at = rte_get_timer_cycles() * PW_NS_PER_US / (rte_get_timer_hz() / 1000000);
	out->tsc_hz = rte_get_tsc_hz();
	out->n_ports = app->n_ports;
	for (i = 0; i < app->n_ports; i++) {
		out->ports[i] = &app->ports[i];
		pw_port_get_stats(&app->ports[i], &out->port[i]);
	}
	out->n_workers = app->workers.n;
	for (i = 0; i < out->n_workers; i++) {
		struct pw_report_share *share = &out->shares[i];

		pw_worker_get_stats(app->workers.of[i], &share->worker);
		for (k = 0; k < app->n_ports; k++)
			pw_worker_get_ledger(app->workers.of[i], k, &share->ledgers[k]);
		share->http = *pw_http_stats(app->desks[i].http);
		pw_http_get_usage(app->desks[i].http, &share->http_usage);
	}
	pw_report_add_up(out);
}

static void
desk_free(struct desk *desk)
{
	if (desk->http != NULL)
		pw_http_destroy(desk->http);
	if (desk->refs.holds != NULL)
		pw_store_refs_fini(&desk->refs, &mem_eal);
}

int
server_free(struct app *app)
{
	int status = STATUS_OK;
	uint64_t n_holds = 0;
	uint32_t i;

	for (i = 0; i < app->n_ports; i++)
		pw_port_stop(&app->ports[i]);
	for (i = 0; i < app->workers.n_made; i++)
		n_holds += app->desks[i].refs.n_holds;
	if (app->workers.n_made != 0)
		status = workers_leaks(&app->workers, app->ports, app->n_ports, n_holds);
	workers_close(&app->workers);
	for (i = 0; i < app->workers.n; i++)
		desk_free(&app->desks[i]);
	for (i = 0; i < app->n_ports; i++)
		pw_port_close(&app->ports[i]);
	return status;
}
