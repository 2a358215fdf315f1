/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What a worker counted, read from other threads: every counter is one aligned
 * word that its worker alone writes.
 */
#include <assert.h>
#include "loop_priv.h"

static uint64_t
peek(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* Add counters that lie side by side. */
static void
add_words(void *to, const void *from, size_t bytes)
{
	const uint64_t *f = from;
	uint64_t *t = to;
	size_t i;

	for (i = 0; i < bytes / sizeof(*t); i++)
		t[i] += peek(&f[i]);
}

static void
add_link(struct pw_link_stats *to, const struct pw_link_stats *from)
{
	to->neighbours += __atomic_load_n(&from->neighbours, __ATOMIC_RELAXED);
	to->resolving += __atomic_load_n(&from->resolving, __ATOMIC_RELAXED);
	to->waiting += __atomic_load_n(&from->waiting, __ATOMIC_RELAXED);
	to->requests_out += peek(&from->requests_out);
	to->replies_out += peek(&from->replies_out);
	to->resolved += peek(&from->resolved);
	to->moved += peek(&from->moved);
}

static void
add_usage(struct pw_tcp_usage *to, const struct pw_tcp_usage *from)
{
	to->conns += from->conns;
	to->half_open += from->half_open;
	to->fast_open += from->fast_open;
	to->time_wait += from->time_wait;
	to->sent_records += from->sent_records;
	to->rcv_blocks += from->rcv_blocks;
	to->rcv_promised += from->rcv_promised;
	to->sides += from->sides;
	to->traced += from->traced;
}

/* Whatever stands before `link` is words. */
static_assert(offsetof(struct pw_worker_stats, link) % sizeof(uint64_t) == 0, "words");

void
pw_worker_stats_add(struct pw_worker_stats *to, const struct pw_worker_stats *from)
{
	add_words(to, from, offsetof(struct pw_worker_stats, link));
	add_link(&to->link, &from->link);
	add_words(&to->ip, &from->ip, sizeof(to->ip));
	add_words(&to->tcp, &from->tcp, sizeof(to->tcp));
	add_usage(&to->usage, &from->usage);
}

void
pw_worker_get_stats(const struct pw_worker *w, struct pw_worker_stats *out)
{
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->rx_packets = peek(&w->rx_packets);
	out->rx_bytes = peek(&w->rx_bytes);
	out->rx_linearised = peek(&w->rx_linearised);
	out->rx_coupled = peek(&w->rx_coupled);
	out->turns = peek(&w->turns);
	out->busy_turns = peek(&w->busy_turns);
	out->busy_cycles = peek(&w->busy_cycles);
	out->sleeps = peek(&w->sleeps);
	out->handed_over = peek(&w->handed_over);
	out->taken_over = peek(&w->taken_over);
	add_words(&out->drops, &w->drops, sizeof(out->drops));
	for (i = 0; i < w->n_devs; i++) {
		const struct dev *dev = &w->devs[i];

		if (!dev->borrowed) { /* or else its owner counts what it sends */
			out->tx_packets += peek(&dev->tx.packets);
			out->tx_bytes += peek(&dev->tx.bytes);
		}
		add_words(&out->ledger, pw_seg_ledger(dev->seg), sizeof(out->ledger));
	}
	for (i = 0; i < w->n_ifs; i++) {
		const struct iface *ifc = &w->ifs[i];

		add_words(&out->ip, pw_ip_stats(ifc->ip), sizeof(out->ip));
		add_link(&out->link, pw_link_stats(ifc->link));
	}
	add_words(&out->tcp, pw_tcp_stats(w->tcp), sizeof(out->tcp));
	pw_tcp_get_usage(w->tcp, &out->usage);
}

void
pw_worker_get_ledger(const struct pw_worker *w, uint32_t i, struct pw_ledger *out)
{
	memset(out, 0, sizeof(*out));
	add_words(out, pw_seg_ledger(w->devs[i].seg), sizeof(*out));
}

bool
pw_worker_get_leaks(const struct pw_worker *w, struct pw_worker_leaks *out)
{
	struct pw_tcp_usage usage;
	uint32_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < w->n_ifs; i++)
		out->waiting += pw_link_stats(w->ifs[i].link)->waiting;
	for (i = 0; i < w->n_devs; i++) {
		const struct dev *dev = &w->devs[i];
		struct pw_seg_usage seg;

		pw_seg_get_usage(dev->seg, &seg);
		out->seg.hdr += seg.hdr;
		out->seg.bare += seg.bare;
		out->seg.pages += seg.pages;
		out->waiting += pw_port_tx_waiting(&dev->tx);
	}
	pw_tcp_get_usage(w->tcp, &usage);
	out->conns = usage.conns;
	return (out->seg.hdr | out->seg.bare | out->conns | out->waiting) == 0 &&
	       out->seg.pages == 0;
}
