/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The workers, what they serve, and the time in between.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <rte_cycles.h>
#include "app.h"

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

/* Addresses that have a congestion control of their own. */
static void
list_ccs(const struct pw_config *cfg, struct pw_tcp_cc_of out[PW_CONFIG_IPS_MAX])
{
	uint32_t i;

	for (i = 0; i < cfg->n_cc_of; i++)
		out[i] = (struct pw_tcp_cc_of){cfg->cc_of[i].addr, pw_config_cc[cfg->cc_of[i].cc]};
}

static int
make_worker(struct app *app, uint32_t i)
{
	struct desk *desk = &app->desks[i];
	struct pw_tcp_cc_of cc_of[PW_CONFIG_IPS_MAX];
	struct pw_worker_cfg cfg = {
		.ifs = app->ifs,
		.n_ifs = app->n_ifs,
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
				.max_metrics = app->cfg.max_metrics,
				.cc = pw_config_cc[app->cfg.cc],
				.cc_of = cc_of,
				.n_cc_of = app->cfg.n_cc_of,
				.ecn = pw_config_ecn[app->cfg.ecn],
				.pacing = app->cfg.pacing,
				.fast_open = app->cfg.fast_open,
			},
		.idle = app->cfg.idle,
		.news = news_pass,
		.news_ctx = app,
	};

	list_ccs(&app->cfg, cc_of);
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
print_place(const struct app *app, const struct pw_addr *addr, const struct pw_loop_if *intf,
	const char *by)
{
	struct pw_option_place place = {.port = intf->port->id, .vlan = intf->vlan};
	char text[PW_ADDR_HOST_MAX], where[PW_CONFIG_PLACE_MAX];

	printf("http://%s", pw_addr_format_host(addr, text));
	if (app->cfg.http_port != 80)
		printf(":%u", app->cfg.http_port);
	printf("/ on port %s (%s)%s%s", pw_config_format_place(&place, where), intf->port->driver,
		by != NULL ? ", by " : "", by != NULL ? by : "");
}

void
serve_tell_ready(struct app *app, const struct pw_addr *addr, uint32_t ifc, const char *by)
{
	if (app->has_told_ready) {
		printf("pagewire: and at ");
		print_place(app, addr, &app->ifs[ifc], by);
		putchar('\n');
	} else {
		printf("pagewire: serving %s at ", app->cfg.root);
		print_place(app, addr, &app->ifs[ifc], by);
		printf(", %u worker%s, %u files, %" PRIu64 " bytes\n", app->workers.n,
			app->workers.n == 1 ? "" : "s", app->counts.n_files,
			app->counts.file_bytes);
	}
	app->has_told_ready = true;
	fflush(stdout);
}

/* With auto there is one address already: the link-local one of IPv6. */
static void
tell_waiting(struct app *app, const struct pw_option_ip *ip)
{
	uint32_t ifc = ports_find_if(app, &ip->place);
	char where[PW_CONFIG_PLACE_MAX];
	struct pw_addr own;

	if (ip->by == PW_OPTION_IP_AUTO && app->ifs[ifc].port->mtu >= PW_IP6_MTU_MIN) {
		own = pw_ip6_link_local(app->ifs[ifc].port->mac.addr_bytes);
		serve_tell_ready(app, &own, ifc, NULL);
	}
	printf("pagewire: waiting for an address on port %s, by %s\n",
		pw_config_format_place(&ip->place, where),
		ip->by == PW_OPTION_IP_DHCP ? "DHCP" : "RFC 3927");
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
	for (i = 0; i < app->cfg.n_ips; i++) {
		const struct pw_option_ip *ip = &app->cfg.ips[i];

		if (ip->by == PW_OPTION_IP_GIVEN)
			serve_tell_ready(app, &ip->addr, ports_find_if(app, &ip->place), NULL);
		else
			tell_waiting(app, ip);
	}
	fflush(stdout);
}

int
serve(struct app *app)
{
	struct pw_report last;
	int status = control_start(app);

	if (status == STATUS_OK) {
		print_ready(app); /* before any worker runs, which has news */
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
