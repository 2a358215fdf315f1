/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Addresses that come and go: told by worker 0, printed by the control thread.
 */
#include <inttypes.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <rte_errno.h>
#include <rte_ring_elem.h>
#include "app.h"

#define NEWS_MAX 64 /* beyond, they are lost: somebody makes conflicts by the thousand */

int
news_open(struct app *app)
{
	app->news = rte_ring_create_elem("news", sizeof(struct pw_loop_news), NEWS_MAX,
		(int)rte_socket_id(), RING_F_SP_ENQ | RING_F_SC_DEQ);
	app->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (app->news != NULL && app->news_fd >= 0)
		return STATUS_OK;
	COMPLAIN("no memory for news of addresses");
	return STATUS_FAILED;
}

void
news_close(struct app *app)
{
	if (app->news == NULL)
		return;
	close(app->news_fd);
	rte_ring_free(app->news);
	app->news = NULL;
}

void
news_pass(void *ctx, const struct pw_loop_news *news)
{
	struct app *app = ctx;

	if (app->news != NULL &&
		rte_ring_enqueue_elem(app->news, (void *)(uintptr_t)news, sizeof(*news)) == 0)
		eventfd_write(app->news_fd, 1);
}

static void
print_lease(const struct pw_loop_news *n)
{
	char addr[PW_ADDR_TEXT_MAX], router[PW_ADDR_TEXT_MAX] = "none", server[PW_ADDR_TEXT_MAX];
	static const struct pw_addr none;
	char lease[32] = "for ever";

	if (!pw_addr_eq(&n->router, &none))
		pw_addr_format(&n->router, router);
	if (n->lease_ns != PW_NEVER)
		snprintf(lease, sizeof(lease), "%" PRIu64 " s", n->lease_ns / PW_NS_PER_S);
	COMPLAIN("%s/%u is leased from %s: %s, router %s, MTU %u", pw_addr_format(&n->addr, addr),
		n->prefix_bits - 96u, pw_addr_format(&n->server, server), lease, router, n->mtu);
}

static void
print_trouble(const struct pw_loop_news *n)
{
	char addr[PW_ADDR_TEXT_MAX], mac[RTE_ETHER_ADDR_FMT_SIZE];

	pw_addr_format(&n->addr, addr);
	rte_ether_format_addr(mac, sizeof(mac), &n->mac);
	if (n->what == PW_LOOP_NEWS_LOST)
		COMPLAIN("the lease of %s is over: its connections are reset", addr);
	else if (n->what == PW_LOOP_NEWS_DEFENDED)
		COMPLAIN("%s is used by %s as well: we keep it", addr, mac);
	else
		COMPLAIN("%s belongs to %s: we do not use it", addr, mac);
}

static void
print_one(struct app *app, const struct pw_loop_news *n)
{
	if (n->what == PW_LOOP_NEWS_UP || n->what == PW_LOOP_NEWS_RENEWED) {
		if (n->dhcp)
			print_lease(n);
		if (n->what == PW_LOOP_NEWS_UP)
			serve_tell_ready(app, &n->addr, n->ifc, n->dhcp ? "DHCP" : "RFC 3927");
	} else {
		print_trouble(n);
	}
}

void
news_print(struct app *app)
{
	struct pw_loop_news n;
	eventfd_t ignored;

	eventfd_read(app->news_fd, &ignored);
	while (rte_ring_dequeue_elem(app->news, &n, sizeof(n)) == 0)
		print_one(app, &n);
}
