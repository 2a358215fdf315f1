/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <inttypes.h>
#include <string.h>
#include "counters.h"
#include "pw_drop.h"
#include "pw_report.h"

const char *
pw_report_si(char buf[PW_SI_MAX], double v)
{
	static const char prefixes[] = " kMGTPE";
	uint32_t i = 0;

	while (v >= 999.5 && i + 2 < sizeof(prefixes)) {
		v /= 1000;
		i++;
	}
	if (i == 0)
		snprintf(buf, PW_SI_MAX, "%.0f", v);
	else
		snprintf(buf, PW_SI_MAX, "%.*f %c",
			v < 9.995   ? 2
			: v < 99.95 ? 1
				    : 0,
			v, prefixes[i]);
	return buf;
}

static void
add_http(struct pw_http_stats *to, const struct pw_http_stats *from)
{
	const uint64_t *f = (const uint64_t *)from;
	uint64_t *t = (uint64_t *)to;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(*t); i++)
		t[i] += f[i];
}

void
pw_report_add_up(struct pw_report *r)
{
	uint32_t i;

	memset(&r->worker, 0, sizeof(r->worker));
	memset(&r->http, 0, sizeof(r->http));
	memset(&r->http_usage, 0, sizeof(r->http_usage));
	for (i = 0; i < r->n_workers; i++) {
		const struct pw_report_share *share = &r->shares[i];

		pw_worker_stats_add(&r->worker, &share->worker);
		add_http(&r->http, &share->http);
		r->http_usage.conns += share->http_usage.conns;
		r->http_usage.heads += share->http_usage.heads;
		r->http_usage.responses += share->http_usage.responses;
		r->http_usage.range_sets += share->http_usage.range_sets;
	}
}

/* How fast a counter grew. */
struct interval {
	FILE *out;
	double seconds;
};

static void
rate(const struct interval *iv, const char *unit, uint64_t now, uint64_t before, double factor)
{
	char buf[PW_SI_MAX];
	double v = (double)(now - before) * factor / iv->seconds;

	pw_report_si(buf, v);
	fprintf(iv->out, "%8s%s%s", buf, strchr(buf, ' ') != NULL ? "" : " ", unit);
}

static double
percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static void
rates_port(const struct interval *iv, const struct pw_port *port, const struct pw_port_stats *n,
	const struct pw_port_stats *b)
{
	fprintf(iv->out, "  port %-3u rx", port->id);
	rate(iv, "pkt/s", n->rx_packets, b->rx_packets, 1);
	rate(iv, "bit/s", n->rx_bytes, b->rx_bytes, 8);
	fprintf(iv->out, "   tx");
	rate(iv, "pkt/s", n->tx_packets, b->tx_packets, 1);
	rate(iv, "bit/s", n->tx_bytes, b->tx_bytes, 8);
	fprintf(iv->out, "   missed %" PRIu64 ", errors %" PRIu64 ", no buffer %" PRIu64 "%s\n",
		n->rx_missed - b->rx_missed,
		n->rx_errors + n->tx_errors - b->rx_errors - b->tx_errors,
		n->rx_no_mbuf - b->rx_no_mbuf, n->link_up ? "" : ", link down");
}

static void
rates_tcp(
	const struct interval *iv, const struct pw_worker_stats *n, const struct pw_worker_stats *b)
{
	uint64_t sent = n->tcp.bytes_out - b->tcp.bytes_out;
	uint64_t again = n->tcp.rtx_bytes - b->tcp.rtx_bytes;

	fprintf(iv->out, "  tcp      %u connections, %u in TIME-WAIT  ", n->usage.conns,
		n->usage.time_wait);
	rate(iv, "opened/s", n->tcp.opened_passive, b->tcp.opened_passive, 1);
	rate(iv, "bit/s payload", n->tcp.bytes_out, b->tcp.bytes_out, 8);
	fprintf(iv->out, "   sent again %.2f %%, %" PRIu64 " time-outs\n",
		percent(again, sent + again), n->tcp.rtos - b->tcp.rtos);
}

static void
rates_http(const struct interval *iv, const struct pw_report *n, const struct pw_report *b)
{
	uint64_t now;
	uint64_t before;
	uint32_t i;

	fprintf(iv->out, "  http    ");
	rate(iv, "responses/s", n->http.responses_done, b->http.responses_done, 1);
	fprintf(iv->out, "   %u under way  ", n->http_usage.responses);
	for (i = 0; i < n_http_statuses; i++) {
		now = *(const uint64_t *)((const char *)&n->http + http_statuses[i].at);
		before = *(const uint64_t *)((const char *)&b->http + http_statuses[i].at);
		if (now != before)
			fprintf(iv->out, " %s: %" PRIu64, http_statuses[i].name, now - before);
	}
	fputc('\n', iv->out);
}

static uint64_t
copied(const struct pw_ledger *l)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < PW_COPY_MAX; i++)
		sum += l->copied_bytes[i];
	return sum;
}

static uint64_t
file_bytes(const struct pw_ledger *l)
{
	return l->by_ref_bytes + copied(l);
}

/* Of each file byte sent meanwhile. */
static void
ratio(const struct interval *iv, const char *what, uint64_t n, uint64_t b, uint64_t all)
{
	fprintf(iv->out, " %s %.3f", what, all == 0 ? 0 : (double)(n - b) / (double)all);
}

static void
rates_ledger(const struct interval *iv, const struct pw_ledger *n, const struct pw_ledger *b)
{
	uint64_t all = file_bytes(n) - file_bytes(b);

	fprintf(iv->out, "by reference");
	rate(iv, "B/s", n->by_ref_bytes, b->by_ref_bytes, 1);
	fprintf(iv->out, "   by pagewire");
	rate(iv, "B/s", copied(n), copied(b), 1);
	fprintf(iv->out, "   by the driver");
	rate(iv, "B/s", n->driver_copied_bytes, b->driver_copied_bytes, 1);
	fprintf(iv->out, "   read for checksums");
	rate(iv, "B/s", n->cksum_read_bytes, b->cksum_read_bytes, 1);
	fprintf(iv->out, "   each byte:");
	ratio(iv, "copied", copied(n), copied(b), all);
	ratio(iv, "by the driver", n->driver_copied_bytes, b->driver_copied_bytes, all);
	ratio(iv, "read", n->cksum_read_bytes, b->cksum_read_bytes, all);
	fputc('\n', iv->out);
}

/* Whose they were, where there are several: those that moved a byte. */
static void
rates_ledgers(
	const struct interval *iv, const struct pw_report *now, const struct pw_report *before)
{
	uint32_t i, k;

	fputs("  copies   ", iv->out);
	rates_ledger(iv, &now->worker.ledger, &before->worker.ledger);
	for (i = 0; i < now->n_workers && now->n_workers * now->n_ports > 1; i++)
		for (k = 0; k < now->n_ports; k++) {
			const struct pw_ledger *n = &now->shares[i].ledgers[k];
			const struct pw_ledger *b = &before->shares[i].ledgers[k];

			if (file_bytes(n) == file_bytes(b))
				continue;
			fprintf(iv->out, "    worker %u port %u: ", i, now->ports[k]->id);
			rates_ledger(iv, n, b);
		}
}

static void
rates_drops(FILE *out, const struct pw_drops *n, const struct pw_drops *b)
{
	bool any = false;
	uint32_t i;

	for (i = 1; i < PW_DROP_MAX; i++) {
		if (n->n[i] == b->n[i])
			continue;
		fprintf(out, "%s %s %" PRIu64, any ? "," : "  dropped ", pw_drop_info[i].name,
			n->n[i] - b->n[i]);
		any = true;
	}
	if (any)
		fputc('\n', out);
}

static void
rates_worker(const struct interval *iv, uint64_t tsc_hz, const struct pw_report_share *n,
	const struct pw_report_share *b)
{
	fprintf(iv->out, "busy %.1f %% of the time, slept %" PRIu64 " times",
		100.0 * (double)(n->worker.busy_cycles - b->worker.busy_cycles) /
			(iv->seconds * (double)pw_max(tsc_hz, 1)),
		n->worker.sleeps - b->worker.sleeps);
}

/* Of one of several also what it does; the other lines have all of them together. */
static void
rates_workers(
	const struct interval *iv, const struct pw_report *now, const struct pw_report *before)
{
	uint32_t i;

	for (i = 0; i < now->n_workers; i++) {
		const struct pw_report_share *n = &now->shares[i], *b = &before->shares[i];

		if (now->n_workers == 1)
			fprintf(iv->out, "  worker   ");
		else
			fprintf(iv->out, "  worker %-2u", i);
		rates_worker(iv, now->tsc_hz, n, b);
		if (now->n_workers > 1) {
			fprintf(iv->out, ", %u connections  ", n->worker.usage.conns);
			rate(iv, "responses/s", n->http.responses_done, b->http.responses_done, 1);
			rate(iv, "handed over/s", n->worker.handed_over, b->worker.handed_over, 1);
		}
		fputc('\n', iv->out);
	}
}

void
pw_report_rates(FILE *out, const struct pw_report *now, const struct pw_report *before)
{
	struct interval iv = {
		.out = out,
		.seconds = (double)pw_max(now->at - before->at, PW_NS_PER_MS) / PW_NS_PER_S,
	};
	const struct pw_worker_stats *n = &now->worker;
	const struct pw_worker_stats *b = &before->worker;
	uint32_t i;

	fprintf(out, "pagewire: the last %.1f s\n", iv.seconds);
	for (i = 0; i < now->n_ports; i++)
		rates_port(&iv, now->ports[i], &now->port[i], &before->port[i]);
	rates_tcp(&iv, n, b);
	rates_http(&iv, now, before);
	rates_ledgers(&iv, now, before);
	rates_workers(&iv, now, before);
	rates_drops(out, &n->drops, &b->drops);
	fflush(out);
}

static void
total(FILE *out, const char *name, uint64_t v, const char *help)
{
	if (v != 0)
		fprintf(out, "  %-22s %14" PRIu64 "  %s\n", name, v, help);
}

static void
totals_of(FILE *out, const char *title, const void *base, const struct counter *c, uint32_t n)
{
	uint32_t i;

	if (title != NULL)
		fprintf(out, "%s\n", title);
	for (i = 0; i < n; i++)
		total(out, c[i].name, *(const uint64_t *)((const char *)base + c[i].at), c[i].help);
}

static void
totals_port(FILE *out, const struct pw_port *port, const struct pw_port_stats *s)
{
	fprintf(out, "port %u (%s)\n", port->id, port->driver);
	total(out, "rx_packets", s->rx_packets, "frames received");
	total(out, "rx_bytes", s->rx_bytes, "their bytes");
	total(out, "tx_packets", s->tx_packets, "frames sent");
	total(out, "tx_bytes", s->tx_bytes, "their bytes");
	total(out, "rx_missed", s->rx_missed, "frames lost: the receive ring was full");
	total(out, "rx_errors", s->rx_errors, "frames received broken");
	total(out, "tx_errors", s->tx_errors, "frames that could not be sent");
	total(out, "rx_no_mbuf", s->rx_no_mbuf, "times the receive pool was empty");
}

/* Busy cycles by tsc_hz are the time that work took. */
static void
totals_worker(FILE *out, const struct pw_report *r)
{
	fputs("worker\n", out);
	total(out, "turns", r->worker.turns, "turns of its loop");
	total(out, "busy_turns", r->worker.busy_turns, "that moved a packet or ran a timer");
	total(out, "busy_cycles", r->worker.busy_cycles, "TSC cycles of those");
	total(out, "tsc_hz", r->tsc_hz, "TSC cycles in a second");
	total(out, "sleeps", r->worker.sleeps, "times it slept");
}

static void
totals_drops(FILE *out, const struct pw_drops *d)
{
	bool any = false;
	uint32_t i;

	for (i = 1; i < PW_DROP_MAX; i++) {
		if (d->n[i] != 0 && !any)
			fputs("dropped\n", out);
		any = any || d->n[i] != 0;
		total(out, pw_drop_info[i].name, d->n[i], pw_drop_info[i].help);
	}
}

static void
ledger_line(FILE *out, const char *what, uint64_t bytes, uint64_t of)
{
	char buf[PW_SI_MAX];

	pw_report_si(buf, (double)bytes);
	fprintf(out, "  %s: %" PRIu64 " bytes", what, bytes);
	if (of != 0)
		fprintf(out, " (%s%sB, %.3f of each file byte sent)", buf,
			strchr(buf, ' ') != NULL ? "" : " ", (double)bytes / (double)of);
	fputc('\n', out);
}

static void
ledger_driver(FILE *out, const struct pw_report *r, uint64_t all)
{
	char what[64 + PW_PORT_NAME_MAX] = "file bytes copied by the driver";
	const char *by = "";
	uint32_t i;

	for (i = 0; i < r->n_ports; i++)
		if (r->ports[i]->driver_copies)
			by = r->ports[i]->driver;
	if (*by != '\0')
		snprintf(what, sizeof(what), "file bytes copied by the driver %s", by);
	ledger_line(out, what, r->worker.ledger.driver_copied_bytes, all);
}

/* The same for each worker and port, where there are several. */
static void
ledger_shares(FILE *out, const struct pw_report *r)
{
	uint32_t i, k;

	for (i = 0; i < r->n_workers && r->n_workers * r->n_ports > 1; i++)
		for (k = 0; k < r->n_ports; k++) {
			const struct pw_ledger *l = &r->shares[i].ledgers[k];

			if (file_bytes(l) != 0)
				fprintf(out,
					"    worker %u, port %u (%s): by reference %" PRIu64
					", copied %" PRIu64 ", read for checksums %" PRIu64
					", copied by the driver %" PRIu64 "\n",
					i, r->ports[k]->id, r->ports[k]->driver, l->by_ref_bytes,
					copied(l), l->cksum_read_bytes, l->driver_copied_bytes);
		}
}

void
pw_report_ledger(FILE *out, const struct pw_report *r)
{
	const struct pw_ledger *l = &r->worker.ledger;
	uint64_t all = file_bytes(l);
	uint32_t i;

	fputs("copy ledger\n", out);
	ledger_line(out, "file bytes sent by reference", l->by_ref_bytes, all);
	ledger_line(out, "file bytes copied by pagewire", copied(l), all);
	for (i = 0; i < PW_COPY_MAX; i++)
		if (l->copied_bytes[i] != 0)
			fprintf(out, "    %s, because %s: %" PRIu64 " bytes\n",
				pw_copy_info[i].name, pw_copy_info[i].help, l->copied_bytes[i]);
	ledger_line(out, "file bytes read for checksums", l->cksum_read_bytes, all);
	ledger_driver(out, r, all);
	ledger_line(out, "text bytes written (heads, not files)", l->text_bytes, 0);
	ledger_shares(out, r);
	fflush(out);
}

static void
totals_share(FILE *out, uint32_t i, const struct pw_report_share *s)
{
	fprintf(out,
		"worker %u: %" PRIu64 " connections, %" PRIu64 " responses, %" PRIu64
		" frames received, %" PRIu64 " handed over, %" PRIu64 " taken over\n",
		i, s->http.conns, s->http.responses_done, s->worker.rx_packets,
		s->worker.handed_over, s->worker.taken_over);
}

void
pw_report_totals(FILE *out, const struct pw_report *r)
{
	uint32_t i;

	fputs("pagewire: totals\n", out);
	for (i = 0; i < r->n_ports; i++)
		totals_port(out, r->ports[i], &r->port[i]);
	totals_of(out, "tcp", &r->worker.tcp, tcp_counters, n_tcp_counters);
	totals_of(out, "http", &r->http, http_counters, n_http_counters);
	totals_of(out, NULL, &r->http, http_statuses, n_http_statuses);
	totals_worker(out, r);
	totals_drops(out, &r->worker.drops);
	for (i = 0; i < r->n_workers && r->n_workers > 1; i++)
		totals_share(out, i, &r->shares[i]);
	pw_report_ledger(out, r);
}
