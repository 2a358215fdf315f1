/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The workers of a program: one for each lcore of the EAL.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include "common.h"

int
workers_open(struct workers *ws)
{
	uint32_t n = rte_lcore_count();

	if (n > PW_WORKERS_MAX) {
		COMPLAIN("%u lcores; allowed: 1 to %d, such as --lcores 0-3, because each is a "
			 "worker",
			n, PW_WORKERS_MAX);
		return STATUS_USAGE;
	}
	if (getrandom(ws->secret, sizeof(ws->secret), 0) != sizeof(ws->secret)) {
		COMPLAIN("no random numbers: %s", strerror(errno));
		return STATUS_FAILED;
	}
	if (n > 1) {
		ws->crew = pw_crew_create(n, (int)rte_socket_id());
		if (ws->crew == NULL)
			return STATUS_FAILED; /* told */
	}
	ws->n = n;
	return STATUS_OK;
}

uint32_t
workers_lcore(uint32_t i)
{
	uint32_t lcore = rte_get_main_lcore();

	if (i == 0)
		return lcore;
	lcore = UINT32_MAX;
	do {
		lcore = rte_get_next_lcore(lcore, 1, 0);
	} while (--i != 0);
	return lcore;
}

int
workers_add(struct workers *ws, struct pw_worker_cfg *cfg)
{
	uint32_t i = ws->n_made;

	cfg->id = i;
	cfg->socket_id = (int)rte_lcore_to_socket_id(workers_lcore(i));
	cfg->crew = ws->crew;
	memcpy(cfg->tcp.secret, ws->secret, sizeof(ws->secret));
	ws->of[i] = pw_worker_create(cfg);
	if (ws->of[i] == NULL)
		return STATUS_FAILED; /* told */
	ws->n_made++;
	return STATUS_OK;
}

uint32_t
workers_share(const struct workers *ws, uint32_t i, uint32_t whole)
{
	const struct pw_spread *s;
	uint64_t to = 0;
	uint32_t k, mine = 0;

	if (ws->crew == NULL)
		return whole;
	s = pw_crew_spread(ws->crew);
	for (k = 0; k <= i; k++) {
		mine = pw_spread_cells_of(s, k);
		to += mine;
	}
	return (uint32_t)(whole * to / PW_SPREAD_CELLS - whole * (to - mine) / PW_SPREAD_CELLS);
}

static int
run_one(void *worker)
{
	pw_worker_run(worker);
	return 0;
}

void
workers_run(struct workers *ws)
{
	uint32_t i;

	for (i = 1; i < ws->n; i++)
		rte_eal_remote_launch(run_one, ws->of[i], workers_lcore(i));
	pw_worker_run(ws->of[0]);
	rte_eal_mp_wait_lcore();
}

void
workers_post(const struct workers *ws, enum pw_worker_do what, pw_ns ns)
{
	uint32_t i;

	for (i = 0; i < ws->n; i++)
		pw_worker_post(ws->of[i], what, ns);
}

static void
add_leaks(struct pw_worker_leaks *to, const struct pw_worker_leaks *from)
{
	to->seg.hdr += from->seg.hdr;
	to->seg.bare += from->seg.bare;
	to->seg.pages += from->seg.pages;
	to->conns += from->conns;
	to->waiting += from->waiting;
}

int
workers_leaks(struct workers *ws, const struct pw_port *ports, uint32_t n_ports, uint64_t n_holds)
{
	struct pw_worker_leaks sum = {0};
	uint32_t buffers = 0;
	bool clean = true;
	uint32_t i;

	if (ws->crew != NULL)
		pw_crew_empty(ws->crew);
	for (i = 0; i < ws->n_made; i++) {
		struct pw_worker_leaks leaks;

		clean = pw_worker_get_leaks(ws->of[i], &leaks) && clean;
		add_leaks(&sum, &leaks);
	}
	for (i = 0; i < n_ports; i++)
		buffers += pw_port_buffers_out(&ports[i]);
	if (clean && buffers == 0 && n_holds == 0) {
		printf("%s: all packets, buffers and pages are back\n", program);
		fflush(stdout);
		return STATUS_OK;
	}
	COMPLAIN("LEAK: %u headers, %u windows, %" PRIu64 " page references, %u receive buffers, "
		 "%u connections, %u waiting packets, %" PRIu64 " holds of pages are not back",
		sum.seg.hdr, sum.seg.bare, sum.seg.pages, buffers, sum.conns, sum.waiting, n_holds);
	return STATUS_FAILED;
}

void
workers_close(struct workers *ws)
{
	uint32_t i;

	for (i = 0; i < ws->n_made; i++)
		pw_worker_destroy(ws->of[i]);
	pw_crew_destroy(ws->crew);
}

void
workers_tell_port(const struct workers *ws, const struct pw_port *port)
{
	if (ws->crew == NULL)
		return;
	fprintf(stderr, "%s: port %u (%s): %u workers, ", program, port->id, port->driver, ws->n);
	if (port->n_queues < ws->n)
		fprintf(stderr, "of which %u have queues and send for the others", port->n_queues);
	else
		fprintf(stderr, "a pair of queues each");
	if (port->rss)
		fprintf(stderr, "; spread by the device's RSS\n");
	else
		fprintf(stderr, "; spread by software, because %s\n", port->no_rss);
}
