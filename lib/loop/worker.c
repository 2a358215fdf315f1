/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A worker's life: made, run, told to stop, looked at, taken apart.
 */
#include <stdio.h>
#include <time.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_random.h>
#include <rte_ring_elem.h>
#include "loop_priv.h"
#include "pw_wire_eth.h"

RTE_LOG_REGISTER(pw_log_loop, pagewire.loop, NOTICE);

/* Packets that may be under way besides those in the device's ring. */
#define PACKETS_OVER 1024
#define LENT_OVER    1024 /* in a lane, and in the pool's cache of the worker that sends them */
#define WINDOWS_MAX  64000

static void *
mem_alloc(void *ctx, size_t bytes, const char *what)
{
	const struct pw_worker *w = ctx;
	void *mem = rte_zmalloc_socket(what, bytes, RTE_CACHE_LINE_SIZE, w->socket_id);

	if (mem == NULL)
		LOOP_LOG(ERR, "worker %u: no memory for %s (%zu KiB); reserve more hugepages",
			w->id, what, bytes / 1024);
	return mem;
}

static void
mem_free(void *ctx, void *mem)
{
	rte_free(mem);
}

static int
make_seg(struct pw_worker *w, struct dev *dev, const struct pw_worker_cfg *cfg)
{
	uint32_t n = dev->port->n_txd + PACKETS_OVER + (dev->borrowed ? LENT_OVER : 0);
	char name[16];
	struct pw_seg_cfg seg = {
		.name = name,
		.socket_id = cfg->socket_id,
		.store = cfg->store,
		.n_hdr = n,
		.n_bare = RTE_MIN(2 * n, WINDOWS_MAX),
		.max_pieces = dev->port->max_pieces,
		.frame_bytes = (uint16_t)(dev->port->mtu + PW_ETH_HLEN_MAX),
		.driver_copies = dev->port->driver_copies,
	};

	snprintf(name, sizeof(name), "w%u_p%u", cfg->id, dev->port->id);
	dev->seg = pw_seg_create(&seg);
	return dev->seg != NULL ? 0 : -errno;
}

static int
make_link(struct pw_worker *w, struct iface *ifc, const struct pw_loop_if *in)
{
	struct pw_link_cfg link = {
		.mac = in->port->mac,
		.vlan = in->vlan,
		.vlan_by_device = in->port->tx_vlan,
		.addrs = in->addrs,
		.n_addrs = in->n_addrs,
		.seg = ifc->dev->seg,
		.tx = &ifc->dev->tx,
		.drops = &w->drops,
		.mem = &w->mem,
		.seed = rte_rand(),
		.tso = in->port->tso,
		.tx_tcp_cksum = in->port->tx_tcp_cksum,
	};

	ifc->link = pw_link_create(&link, 0);
	return ifc->link != NULL ? 0 : -errno;
}

/* What is not on-link goes to the gateway. */
static int
add_gateway(struct pw_ip *ip, const struct pw_addr *gateway)
{
	static const struct pw_addr none;
	struct pw_ip_route route = {.hop = *gateway};

	if (pw_addr_eq(gateway, &none))
		return 0;
	if (pw_addr_is_v4(gateway)) {
		route.dst = pw_addr_v4(0);
		route.bits = 96;
	}
	return pw_ip_route_add(ip, &route);
}

static int
make_ip(struct pw_worker *w, struct iface *ifc, const struct pw_loop_if *in)
{
	struct pw_ip_cfg ip = {
		.addrs = in->addrs,
		.n_addrs = in->n_addrs,
		.routes = in->routes,
		.n_routes = in->n_routes,
		.mtu = in->port->mtu,
		.tx_ip4_cksum = in->port->tx_ip4_cksum,
		.seg = ifc->dev->seg,
		.link = ifc->link,
		.frags = w->frags,
		.detect_duplicates = in->queue == NULL,
		.take_ra = in->take_ra,
		.speaks = w->crew == NULL || w->id == 0,
		.drops = &w->drops,
		.mem = &w->mem,
	};
	int err;

	ifc->ip = pw_ip_create(&ip, 0);
	if (ifc->ip == NULL)
		return -errno;
	err = add_gateway(ifc->ip, &in->gateway);
	return err == 0 ? add_gateway(ifc->ip, &in->gateway6) : err;
}

static int
make_queue(struct pw_worker *w, struct dev *dev, const struct pw_loop_if *in)
{
	if (in->queue != NULL)
		dev->queue = *in->queue;
	else if (w->crew != NULL && w->id >= in->port->n_queues)
		return crew_borrow_queue(w, dev);
	else
		pw_port_queue_init(&dev->queue, in->port, w->crew != NULL ? (uint16_t)w->id : 0);
	return 0;
}

static struct dev *
find_dev(struct pw_worker *w, const struct pw_port *port)
{
	uint32_t i;

	for (i = 0; i < w->n_devs; i++)
		if (w->devs[i].port == port)
			return &w->devs[i];
	return NULL;
}

static int
make_dev(struct pw_worker *w, const struct pw_worker_cfg *cfg, const struct pw_loop_if *in)
{
	struct dev *dev = &w->devs[w->n_devs];
	int err;

	if (w->n_devs == PW_LOOP_PORTS_MAX || w->n_devs != w->n_ifs)
		return -EINVAL;
	w->n_devs++;
	dev->port = in->port;
	err = make_queue(w, dev, in);
	pw_port_tx_init(&dev->tx, &dev->queue, &w->drops);
	return err == 0 ? make_seg(w, dev, cfg) : err;
}

/* Several at one port are told apart by their VLAN. */
static void
attach(struct dev *dev, struct iface *ifc, uint16_t vlan)
{
	ifc->dev = dev;
	ifc->vlan = vlan;
	ifc->next = dev->first;
	dev->first = ifc;
	dev->plain = vlan == 0 && ifc->next == NULL ? ifc : NULL;
}

static int
make_iface(struct pw_worker *w, const struct pw_worker_cfg *cfg, const struct pw_loop_if *in)
{
	struct iface *ifc = &w->ifs[w->n_ifs];
	int err = 0;

	if (find_dev(w, in->port) == NULL)
		err = make_dev(w, cfg, in);
	if (err != 0)
		return err;
	w->n_ifs++;
	attach(find_dev(w, in->port), ifc, in->vlan);
	err = make_link(w, ifc, in);
	return err == 0 ? make_ip(w, ifc, in) : err;
}

static int
make_ifaces(struct pw_worker *w, const struct pw_worker_cfg *cfg)
{
	uint32_t i;
	int err;

	for (i = 0; i < cfg->n_ifs; i++) {
		err = make_iface(w, cfg, &cfg->ifs[i]);
		if (err != 0)
			return err;
	}
	w->from.ifc = &w->ifs[0];
	return 0;
}

/* Payload of a segment that is cut up behind TCP: by the device, or by us if it takes so
 * many pieces that no frame has to be copied. */
static uint32_t
gso_max_bytes(const struct pw_port *port)
{
	if (port->tso)
		return port->gso_max_bytes;
	return port->max_pieces > PW_SEG_SPANS_MAX ? PW_SEG_CUT_BYTES : 0;
}

static int
make_tcp(struct pw_worker *w, const struct pw_worker_cfg *cfg)
{
	static const struct pw_tcp_env env = {.send = loop_send};
	struct pw_tcp_cfg tcp = cfg->tcp;
	uint32_t i;

	tcp.mem = &w->mem;
	tcp.env = &env;
	tcp.env_ctx = w;
	tcp.app_bytes = cfg->service.app_bytes;
	tcp.mtu = UINT16_MAX;
	tcp.gso_max_bytes = UINT32_MAX;
	tcp.gso_max_segs = PW_SEG_CUT_MAX;
	for (i = 0; i < w->n_devs; i++) {
		tcp.mtu = RTE_MIN(tcp.mtu, w->devs[i].port->mtu);
		tcp.gso_max_bytes = RTE_MIN(tcp.gso_max_bytes, gso_max_bytes(w->devs[i].port));
	}
	w->tcp = pw_tcp_create(&tcp, 0);
	if (w->tcp == NULL)
		return -errno;
	if (cfg->listen_port == 0)
		return 0;
	return pw_tcp_listen(w->tcp, cfg->listen_port, cfg->service.app, cfg->service.ctx);
}

static int
make_control(struct pw_worker *w, const struct pw_worker_cfg *cfg)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "w%u_control", cfg->id);
	w->control = rte_ring_create_elem(
		name, sizeof(struct command), COMMANDS * 2, cfg->socket_id, RING_F_SC_DEQ);
	return w->control != NULL ? 0 : -rte_errno;
}

/* Workers of a crew have one time: a cookie's age does not depend on who looks at it. */
static void
start_clock(struct pw_worker *w)
{
	w->tsc_base = w->crew != NULL ? w->crew->tsc_base : rte_rdtsc();
	w->tsc_mult = (uint64_t)(((unsigned __int128)PW_NS_PER_S << 32) / rte_get_tsc_hz());
}

static int
join_crew(struct pw_worker *w, const struct pw_worker_cfg *cfg)
{
	return w->crew != NULL ? crew_join(w) : 0;
}

static int
make_frags(struct pw_worker *w, const struct pw_worker_cfg *cfg)
{
	w->frags = pw_frags_create(&w->mem);
	return w->frags != NULL ? 0 : -errno;
}

struct pw_worker *
pw_worker_create(const struct pw_worker_cfg *cfg)
{
	static int (*const steps[])(struct pw_worker *, const struct pw_worker_cfg *) = {
		join_crew,
		make_frags,
		make_ifaces,
		netcfg_open,
		make_tcp,
		make_control,
	};
	struct pw_worker *w;
	int err = 0;
	size_t i;

	if (cfg->n_ifs == 0 || cfg->n_ifs > PW_LOOP_IFS_MAX) {
		LOOP_LOG(ERR, "worker %u: %u interfaces: 1 to %d are possible", cfg->id, cfg->n_ifs,
			PW_LOOP_IFS_MAX);
		errno = EINVAL;
		return NULL;
	}
	w = rte_zmalloc_socket("worker", sizeof(*w), RTE_CACHE_LINE_SIZE, cfg->socket_id);
	if (w == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	w->id = cfg->id;
	w->socket_id = cfg->socket_id;
	w->crew = cfg->crew;
	w->service = cfg->service;
	w->service_at = cfg->service.run != NULL ? 0 : PW_NEVER;
	w->idle = cfg->idle;
	w->epfd = -1;
	w->wakefd = -1;
	w->last_job = &w->jobs;
	w->mem = (struct pw_mem){.alloc = mem_alloc, .free = mem_free, .ctx = w};
	start_clock(w);
	for (i = 0; err == 0 && i < RTE_DIM(steps); i++)
		err = steps[i](w, cfg);
	if (err == 0)
		err = idle_open(w);
	if (err == 0)
		return w;
	LOOP_LOG(ERR, "worker %u cannot be made: %s", cfg->id, rte_strerror(-err));
	pw_worker_destroy(w);
	errno = -err;
	return NULL;
}

void
pw_worker_destroy(struct pw_worker *w)
{
	uint32_t i;

	if (w == NULL)
		return;
	idle_close(w);
	netcfg_close(w);
	if (w->tcp != NULL)
		pw_tcp_destroy(w->tcp);
	for (i = 0; i < w->n_devs; i++)
		pw_port_tx_fini(&w->devs[i].tx);
	for (i = 0; i < w->n_ifs; i++) {
		pw_ip_destroy(w->ifs[i].ip);
		pw_link_destroy(w->ifs[i].link);
	}
	for (i = 0; i < w->n_devs; i++)
		pw_seg_destroy(w->devs[i].seg);
	pw_frags_destroy(w->frags);
	rte_ring_free(w->control);
	rte_free(w->hands);
	rte_free(w);
}

static void
set_phase(struct pw_worker *w, enum phase phase, pw_ns until)
{
	w->until = until;
	__atomic_store_n(&w->phase, phase, __ATOMIC_RELEASE);
}

static void
stop(struct pw_worker *w, pw_ns now)
{
	if (w->phase >= PHASE_LINGER)
		return;
	pw_tcp_drain(w->tcp);
	pw_tcp_abort_all(w->tcp, now);
	set_phase(w, PHASE_LINGER, now + LINGER_NS);
}

static void
drain(struct pw_worker *w, pw_ns until, pw_ns now)
{
	if (w->phase == PHASE_DRAIN)
		w->until = pw_min(w->until, until);
	if (w->phase != PHASE_SERVE)
		return;
	pw_tcp_drain(w->tcp);
	if (w->service.drain != NULL)
		w->service.drain(w->service.ctx, now);
	set_phase(w, PHASE_DRAIN, until);
}

static void
queue_job(struct pw_worker *w, struct pw_worker_job *job)
{
	job->next = NULL;
	*w->last_job = job;
	w->last_job = &job->next;
}

static void
take_orders(struct pw_worker *w, pw_ns now)
{
	struct command c;

	while (rte_ring_dequeue_elem(w->control, &c, sizeof(c)) == 0) {
		if (c.what == PW_WORKER_STOP)
			stop(w, now);
		else if (c.what == PW_WORKER_DRAIN)
			drain(w, now + c.ns, now);
		else
			queue_job(w, c.job);
	}
}

/* One step of the oldest job; the next one a turn later. */
static void
work_on(struct pw_worker *w, pw_ns now)
{
	struct pw_worker_job *job = w->jobs;

	if (job->step(job, w, now)) {
		w->jobs = job->next;
		if (w->jobs == NULL)
			w->last_job = &w->jobs;
		__atomic_store_n(&job->done, 1, __ATOMIC_RELEASE);
	}
	if (w->jobs != NULL)
		w->chores_at = now;
}

static uint32_t
conns_of(const struct pw_worker *w)
{
	struct pw_tcp_usage usage;

	pw_tcp_get_usage(w->tcp, &usage);
	return usage.conns;
}

static uint32_t
tx_waiting(const struct pw_worker *w)
{
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < w->n_devs; i++)
		n += pw_port_tx_waiting(&w->devs[i].tx);
	return n;
}

/* All that is its own is done: alone that is the end. */
static void
finish(struct pw_worker *w)
{
	if (w->crew != NULL)
		crew_finish(w);
	set_phase(w, w->crew != NULL ? PHASE_HELP : PHASE_DONE, PW_NEVER);
}

/* The others have finished, and what was lent to them is with the device, or will not be. */
static void
help(struct pw_worker *w, pw_ns now)
{
	if (!crew_has_finished(w))
		return;
	w->until = pw_min(w->until, now + LINGER_NS);
	if (tx_waiting(w) == 0 || now >= w->until)
		set_phase(w, PHASE_DONE, PW_NEVER);
}

static void
go_on(struct pw_worker *w, pw_ns now)
{
	if (w->phase == PHASE_HELP)
		help(w, now);
	else if (w->phase == PHASE_DRAIN && conns_of(w) == 0)
		set_phase(w, PHASE_LINGER, now + LINGER_NS);
	else if (w->phase == PHASE_DRAIN && now >= w->until)
		stop(w, now);
	else if (w->phase == PHASE_LINGER && (tx_waiting(w) == 0 || now >= w->until))
		finish(w);
}

static void
iface_run(struct iface *ifc, pw_ns now)
{
	pw_link_run(ifc->link, now);
	pw_ip_run(ifc->ip, now);
}

/* TCP is told what the links carry of each family: of several interfaces, the least counts. */
static void
follow_mtus(struct pw_worker *w)
{
	uint16_t mtu4 = UINT16_MAX, mtu6 = UINT16_MAX;
	uint32_t i;

	for (i = 0; i < w->n_ifs; i++) {
		const struct iface *ifc = &w->ifs[i];

		if (ifc->has.mtu != 0)
			mtu4 = RTE_MIN(mtu4, ifc->has.mtu);
		mtu6 = RTE_MIN(mtu6, pw_ip_mtu6(ifc->ip));
	}
	pw_tcp_set_link_mtu(w->tcp, false, mtu4);
	pw_tcp_set_link_mtu(w->tcp, true, mtu6);
}

void
loop_chores(struct pw_worker *w, pw_ns now)
{
	uint32_t i;

	w->chores_at = now + CHORES_NS;
	if (now >= w->second_at) {
		w->second_at = now + PW_NS_PER_S;
		if (w->service.tick != NULL)
			w->service.tick(w->service.ctx, now, (int64_t)time(NULL));
	}
	for (i = 0; i < w->n_ifs; i++)
		iface_run(&w->ifs[i], now);
	follow_mtus(w);
	w->drops.n[PW_DROP_FRAG_TIMEOUT] += pw_frags_run(w->frags, now);
	netcfg_run(w);
	take_orders(w, now);
	if (unlikely(w->jobs != NULL))
		work_on(w, now);
	if (unlikely(w->n_losing != 0)) {
		netcfg_lose(w);
		w->chores_at = now; /* and on in the next turn */
	}
	go_on(w, now);
}

void
pw_worker_run(struct pw_worker *w)
{
	uint32_t i;

	for (i = 0; i < w->n_ifs && (w->crew == NULL || w->id == 0); i++)
		pw_link_announce(w->ifs[i].link);
	while (w->phase != PHASE_DONE) {
		uint64_t start = rte_rdtsc();

		if (pw_worker_turn(w, to_ns(w, start))) {
			w->busy_cycles += rte_rdtsc() - start;
			idle_busy(w);
		} else {
			idle_wait(w);
		}
	}
	for (i = 0; i < w->n_devs; i++)
		pw_port_tx_fini(&w->devs[i].tx);
	for (i = 0; i < w->n_ifs; i++)
		pw_link_drop_waiting(w->ifs[i].link);
}

bool
pw_worker_done(const struct pw_worker *w)
{
	return __atomic_load_n(&w->phase, __ATOMIC_ACQUIRE) == PHASE_DONE;
}

static int
post(struct pw_worker *w, struct command *c)
{
	if (rte_ring_enqueue_elem(w->control, c, sizeof(*c)) != 0)
		return -EAGAIN;
	idle_wake(w);
	return 0;
}

int
pw_worker_post(struct pw_worker *w, enum pw_worker_do what, pw_ns ns)
{
	struct command c = {.what = what, .ns = ns};

	return post(w, &c);
}

int
pw_worker_post_job(struct pw_worker *w, struct pw_worker_job *job)
{
	struct command c = {.what = PW_WORKER_JOB, .job = job};

	job->done = 0;
	return post(w, &c);
}

bool
pw_worker_job_done(const struct pw_worker_job *job)
{
	return __atomic_load_n(&job->done, __ATOMIC_ACQUIRE) != 0;
}

void
pw_worker_accept(struct pw_worker *w, bool yes)
{
	if (w->phase == PHASE_SERVE)
		pw_tcp_accept(w->tcp, yes);
}

/* What a worker without a queue moves is seen at the queue of the one who has it. */
void
pw_worker_watch(struct pw_worker *w, uint32_t i, struct pw_capture *cap)
{
	if (!w->devs[i].borrowed)
		pw_port_queue_watch(&w->devs[i].queue, cap);
}

struct pw_link *
pw_worker_link(struct pw_worker *w, uint32_t i)
{
	return w->ifs[i].link;
}

const struct pw_ip *
pw_worker_ip(const struct pw_worker *w, uint32_t i)
{
	return w->ifs[i].ip;
}

const struct pw_seg *
pw_worker_seg(const struct pw_worker *w, uint32_t i)
{
	return w->devs[i].seg;
}

struct pw_tcp *
pw_worker_tcp(struct pw_worker *w)
{
	return w->tcp;
}

pw_ns
pw_worker_clock(const struct pw_worker *w)
{
	return to_ns(w, rte_rdtsc());
}
