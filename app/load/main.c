/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * pagewire-load: ask a server for files over a TCP of our own.
 *
 *	pagewire-load [EAL options] -- --ip ADDR/PREFIX --url URL [options]
 */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <rte_ethdev.h>
#include "loader.h"

#define POOL_CONN_BYTES 128	    /* what memory for many equal things loses, per connection */
#define DRAIN_NS	PW_NS_PER_S /* for the answers that are under way at the end, */
#define DRAIN_CONN_NS	(20 * PW_NS_PER_US) /* and for closing each connection */
#define LINK_NAP_NS	(10 * PW_NS_PER_MS)
#define TIME_WAIT_MAX	4096 /* the server closes first; where we do, ports are used again soon */
#define RX_BUFFERS	2048 /* of a port, at most as a rule */
#define RCV_BLOCK	2048
#define RCV_BLOCKS_MIN	2048  /* four windows of 1 MiB with a hole at the front */
#define RCV_BLOCKS_MAX	16384 /* however many the connections are */

const char program[] = "pagewire-load";

static pw_ns
drain_ns(const struct loader *l)
{
	return DRAIN_NS + l->cfg.connections * DRAIN_CONN_NS;
}

/* The duration is over; on the worker's thread. */
static void
on_over(void *ctx)
{
	const struct part *part = ctx;
	struct loader *l = part->l;

	pw_worker_post(l->workers.of[part - l->parts], PW_WORKER_DRAIN, drain_ns(l));
}

/* IPv6 addresses are ours when nobody else proved to have them, a second from now. */
static bool
has_addrs(void *ctx)
{
	const struct part *part = ctx;
	const struct loader *l = part->l;

	return pw_ip_is_local(pw_worker_ip(l->workers.of[part - l->parts], 0), &l->cfg.source);
}

/* Of the whole, as if one worker did it. */
static struct pw_load_cfg
load_cfg(const struct loader *l)
{
	const struct settings *s = &l->cfg;

	return (struct pw_load_cfg){
		.mem = &mem_eal,
		.urls = &s->urls,
		.source = s->source,
		.n_sources = s->n_sources,
		.n_conns = s->connections,
		.n_active = s->active,
		.per_conn = s->per_conn,
		.pipeline = s->pipeline,
		.rate_per_s = s->rate,
		.duration_ns = s->duration_s * PW_NS_PER_S,
		.timeout_ns = s->timeout_s * PW_NS_PER_S,
		.verify = s->verify,
		.seed = 1, /* every run asks in the same order */
		.has_addrs = has_addrs,
		.over = on_over,
	};
}

/* What worker @p i does of it. */
static struct pw_load_cfg
part_cfg(struct loader *l, uint32_t i)
{
	struct pw_load_cfg cfg = load_cfg(l);

	cfg.ctx = &l->parts[i];
	if (l->workers.crew == NULL)
		return cfg;
	cfg.n_conns = workers_share(&l->workers, i, cfg.n_conns);
	cfg.n_active = workers_share(&l->workers, i, cfg.n_active);
	cfg.rate_per_s = workers_share(&l->workers, i, cfg.rate_per_s);
	cfg.spread = pw_crew_spread(l->workers.crew);
	cfg.worker = i;
	cfg.n_connecting = &l->n_connecting;
	cfg.seed += i;
	return cfg;
}

/* One for each connection, and for a whole window at least. */
static uint32_t
rcv_blocks(const struct loader *l, uint32_t n_conns)
{
	uint32_t window = (uint32_t)(l->cfg.rcv_buf_bytes / RCV_BLOCK);

	return RTE_MAX(RTE_MAX(RTE_MIN(n_conns, (uint32_t)RCV_BLOCKS_MAX), window),
		(uint32_t)RCV_BLOCKS_MIN);
}

static int
plan_memory(struct loader *l)
{
	struct pw_load_cfg cfg = load_cfg(l);
	uint32_t each = RTE_MAX(cfg.n_conns / l->eal.n_lcores, 1u);
	uint64_t conn = pw_tcp_conn_bytes(pw_load_room_bytes(&cfg), each) + POOL_CONN_BYTES;

	return eal_memory(&l->eal,
		eal_pool_bytes(&l->eal) + cfg.n_conns * conn + pw_load_need(&cfg) +
			l->eal.n_lcores * (rcv_blocks(l, cfg.n_conns) * (uint64_t)RCV_BLOCK +
						  RX_BUFFERS * l->cfg.rx_buffer_bytes),
		0);
}

static int
start_eal(struct loader *l)
{
	return eal_start(&l->eal);
}

/* A part of nothing would mean something else to a worker: all of it, or no rate. */
static int
check_share(const struct loader *l, const char *name, uint32_t whole)
{
	uint32_t i;

	for (i = 0; i < l->workers.n; i++)
		if (whole != 0 && workers_share(&l->workers, i, whole) == 0) {
			COMPLAIN("--%s '%u' is too little for %u workers; allowed: %u or more, or "
				 "fewer --lcores",
				name, whole, l->workers.n, 2 * l->workers.n);
			return STATUS_USAGE;
		}
	return STATUS_OK;
}

static int
open_workers(struct loader *l)
{
	const struct settings *s = &l->cfg;
	int status = workers_open(&l->workers);

	l->n_connecting = l->workers.n;
	if (status == STATUS_OK)
		status = check_share(l, "connections", s->connections);
	if (status == STATUS_OK)
		status = check_share(l, "active", s->active);
	return status == STATUS_OK ? check_share(l, "rate", s->rate) : status;
}

static int
open_port(struct loader *l)
{
	const struct settings *s = &l->cfg;
	struct pw_port_cfg cfg = {
		.port_id = s->ip.place.port,
		.n_workers = (uint16_t)l->workers.n,
		.mtu = (uint16_t)s->mtu,
		.rx_room = (uint16_t)s->rx_buffer_bytes,
		.want_rx_intr = s->idle == PW_IDLE_SLEEP,
	};

	if (!rte_eth_dev_is_valid_port(cfg.port_id)) {
		COMPLAIN("device port %u is not there; allowed: EAL options such as --vdev "
			 "net_tap0,iface=pl0 or --allow PCI-ADDRESS",
			cfg.port_id);
		return STATUS_USAGE;
	}
	if (pw_port_open(&cfg, &l->port) != 0)
		return STATUS_FAILED;
	l->port_open = true;
	return STATUS_OK;
}

/* The source addresses are of our network, or each of a network of its own. */
static void
describe_interface(struct loader *l)
{
	const struct settings *s = &l->cfg;
	uint8_t bits = (uint8_t)pw_option_ip_bits(&s->ip);
	bool on_link = pw_addr_same_net(&s->source, &s->ip.addr, bits);

	l->addrs[0] = (struct pw_if_addr){.addr = s->ip.addr, .prefix_bits = bits};
	l->addrs[1] = (struct pw_if_addr){
		.addr = s->source,
		.prefix_bits = on_link ? bits : 128,
		.n_more = s->n_sources - 1,
	};
	l->intf = (struct pw_loop_if){
		.port = &l->port,
		.addrs = l->addrs,
		.n_addrs = pw_addr_eq(&s->source, &s->ip.addr) && s->n_sources == 1 ? 1 : 2,
		.gateway = s->gateway,
		.gateway6 = s->gateway,
	};
}

static int
make_worker(struct loader *l, uint32_t i, uint32_t n_conns)
{
	const struct settings *s = &l->cfg;
	struct pw_worker_cfg cfg = {
		.ifs = &l->intf,
		.n_ifs = 1,
		.service = pw_load_service(l->parts[i].load),
		.tcp =
			{
				.max_conns = n_conns,
				.max_sent = 2 * n_conns + 4096,
				.max_time_wait = TIME_WAIT_MAX,
				.max_rcv_blocks = rcv_blocks(l, n_conns),
				.rcv_buf_bytes = (uint32_t)s->rcv_buf_bytes,
				.cc = load_cc[s->cc],
				.ecn = load_ecn[s->ecn],
				.pacing = s->pacing,
			},
		.idle = s->idle,
	};
	int status = workers_add(&l->workers, &cfg);

	if (status == STATUS_OK)
		pw_load_start(l->parts[i].load, pw_worker_tcp(l->workers.of[i]));
	return status;
}

static int
make_part(struct loader *l, uint32_t i)
{
	struct pw_load_cfg cfg = part_cfg(l, i);
	struct part *part = &l->parts[i];

	part->l = l;
	part->load = pw_load_create(&cfg);
	if (part->load != NULL)
		return make_worker(l, i, cfg.n_conns);
	COMPLAIN("%u connections cannot be had: %s", cfg.n_conns, strerror(errno));
	return STATUS_FAILED;
}

static int
make_parts(struct loader *l)
{
	int status = STATUS_OK;
	uint32_t i;

	describe_interface(l);
	for (i = 0; i < l->workers.n && status == STATUS_OK; i++)
		status = make_part(l, i);
	return status;
}

/* The other end may come after us, as the front end of a vhost-user socket does. */
static int
wait_for_link(struct loader *l)
{
	static const struct timespec nap = {.tv_nsec = LINK_NAP_NS};
	uint64_t naps = l->cfg.timeout_s * PW_NS_PER_S / LINK_NAP_NS;
	struct pw_port_stats port;

	signals_let_end_us(true);
	for (; pw_port_get_stats(&l->port, &port), !port.link_up && naps != 0; naps--)
		nanosleep(&nap, NULL);
	signals_let_end_us(false);
	if (!port.link_up)
		COMPLAIN("port %u has no link after %u s: trying all the same", l->port.id,
			l->cfg.timeout_s);
	return STATUS_OK;
}

/* A line a second; a signal ends the run, another does not wait for answers. */
static void *
control_main(void *ctx)
{
	static struct figures figures[2];
	struct loader *l = ctx;
	uint32_t n_signals = 0;
	uint32_t turn = 0;
	int sig;

	figures_take(l, &figures[0]);
	while ((sig = signals_wait(1)) != SIG_DONE) {
		if (sig != 0) {
			workers_post(&l->workers,
				n_signals++ == 0 ? PW_WORKER_DRAIN : PW_WORKER_STOP, drain_ns(l));
			continue;
		}
		turn ^= 1;
		figures_take(l, &figures[turn]);
		report_progress(&figures[turn], &figures[turn ^ 1]);
	}
	return NULL;
}

static void
print_ready(const struct loader *l)
{
	const struct settings *s = &l->cfg;
	char ours[PW_ADDR_TEXT_MAX];
	char server[PW_ADDR_HOST_MAX];
	char how[40] = "closed loop";

	if (s->rate != 0)
		snprintf(how, sizeof(how), "%u requests/s", s->rate);
	printf("%s: asking http://%s:%u for %u URL%s from %s on port %u (%s), %u connections, "
	       "%s, %u s, %u worker%s\n",
		program, pw_addr_format_host(&s->urls.addr, server), s->urls.port, s->urls.n,
		s->urls.n == 1 ? "" : "s", pw_addr_format(&s->source, ours), s->ip.place.port,
		l->port.driver, s->connections, how, s->duration_s, l->workers.n,
		l->workers.n == 1 ? "" : "s");
	workers_tell_port(&l->workers, &l->port);
	fflush(stdout);
}

static int
run(struct loader *l)
{
	int rc = rte_ctrl_thread_create(&l->control, "pw-control", NULL, control_main, l);
	static struct figures last;
	int status;

	if (rc != 0) {
		COMPLAIN("no control thread: %s", strerror(-rc));
		return STATUS_FAILED;
	}
	print_ready(l);
	workers_run(&l->workers);
	pthread_kill(l->control, SIG_DONE);
	pthread_join(l->control, NULL);
	figures_take(l, &last);
	figures_compare_bodies(l, &last);
	report_end(l, &last);
	status = l->cfg.json_file != NULL ? report_json(l, &last) : STATUS_OK;
	if (pw_load_failures(&last.load) != 0 || last.load.responses == 0)
		status = STATUS_FAILED;
	return status;
}

/* In this order, so that every mistake is found before anything is taken. */
static int (*const steps[])(struct loader *l) = {
	plan_memory,
	start_eal,
	open_workers,
	open_port,
	make_parts,
	wait_for_link,
	run,
};

static int
take_down(struct loader *l)
{
	int status = STATUS_OK;
	uint32_t i;

	if (l->port_open)
		pw_port_stop(&l->port);
	if (l->workers.n_made != 0)
		status = workers_leaks(&l->workers, &l->port, 1, 0);
	workers_close(&l->workers);
	for (i = 0; i < l->workers.n; i++)
		pw_load_destroy(l->parts[i].load);
	if (l->port_open)
		pw_port_close(&l->port);
	return status;
}

static int
work(struct loader *l)
{
	int status = STATUS_OK;
	int leaked;
	size_t i;

	for (i = 0; i < RTE_DIM(steps) && status == STATUS_OK; i++)
		status = steps[i](l);
	leaked = take_down(l);
	return status != STATUS_OK ? status : leaked;
}

/* @return a status, or -1: go on */
static int
read_options(struct loader *l, int argc, char **argv)
{
	int status = eal_split(&l->eal, argc, argv, settings_help);
	int mid = l->eal.argc;

	if (status >= 0)
		return status;
	if (settings_read(&l->cfg, argc - mid, argv + mid) != 0)
		return STATUS_USAGE;
	if (!l->cfg.help && !l->cfg.version)
		return -1;
	if (l->cfg.help)
		settings_help(stdout);
	else
		eal_print_version();
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	static struct loader loader;
	int status;

	signals_block();
	status = read_options(&loader, argc, argv);
	if (status < 0)
		status = work(&loader);
	settings_fini(&loader.cfg);
	eal_stop(&loader.eal);
	return status;
}
