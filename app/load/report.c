/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The figures, for a reader and for a program.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <rte_cycles.h>
#include "loader.h"
#include "pw_report.h"

#define BODIES_SHOWN 16

static const struct {
	const char *name;
	double q;
} quantiles[] = {
	{"p50", 0.5},
	{"p90", 0.9},
	{"p99", 0.99},
	{"p99.9", 0.999},
	{"p99.99", 0.9999},
};

void
figures_take(const struct loader *l, struct figures *out)
{
	static struct pw_load_stats part; /* too large for a stack; one thread at a time */
	struct pw_worker_stats worker;
	uint32_t i;

	pw_load_get(l->parts[0].load, &out->load);
	pw_worker_get_stats(l->workers.of[0], &out->worker);
	for (i = 1; i < l->workers.n; i++) {
		pw_load_get(l->parts[i].load, &part);
		pw_load_stats_add(&out->load, &part);
		pw_worker_get_stats(l->workers.of[i], &worker);
		pw_worker_stats_add(&out->worker, &worker);
	}
	pw_port_get_stats(&l->port, &out->port);
}

/* What the first worker knows that has had an answer. */
static bool
body_of(const struct loader *l, uint32_t url, uint64_t *hash, uint64_t *length)
{
	uint32_t i;

	for (i = 0; i < l->workers.n; i++)
		if (pw_load_body(l->parts[i].load, url, hash, length))
			return true;
	return false;
}

void
figures_compare_bodies(const struct loader *l, struct figures *f)
{
	uint64_t hash, length, other_hash, other_length;
	uint32_t url, i;

	for (url = 0; url < l->cfg.urls.n; url++)
		for (i = 1; i < l->workers.n && body_of(l, url, &hash, &length); i++) {
			if (!pw_load_body(l->parts[i].load, url, &other_hash, &other_length))
				continue;
			if (length != other_length)
				f->load.errors[PW_LOAD_LENGTH]++;
			else if (l->cfg.verify && hash != other_hash)
				f->load.errors[PW_LOAD_HASH]++;
		}
}

/* ---- text ---- */

/* A time with three digits: "12.3 us" */
static const char *
time_text(char buf[PW_SI_MAX], pw_ns ns)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	double v = (double)ns;
	uint32_t i = 0;

	for (; v >= 999.5 && i + 1 < RTE_DIM(units); i++)
		v /= 1000;
	snprintf(buf, PW_SI_MAX, "%.*f %s",
		i == 0 || v >= 99.95 ? 0
		: v >= 9.995	     ? 1
				     : 2,
		v, units[i]);
	return buf;
}

static void
print_time(const char *name, pw_ns ns)
{
	char buf[PW_SI_MAX];

	printf("  %s %s", name, time_text(buf, ns));
}

/* "1.23 M" or "999 " in front of a unit */
static void
print_rate(double v, const char *unit)
{
	char buf[PW_SI_MAX];

	pw_report_si(buf, v);
	printf("%s%s%s", buf, strchr(buf, ' ') != NULL ? "" : " ", unit);
}

/* "1.23 M responses/s" */
static void
print_count_rate(double v, const char *what)
{
	char buf[PW_SI_MAX];

	printf("%s %s", pw_report_si(buf, v), what);
}

void
report_progress(const struct figures *now, const struct figures *before)
{
	static struct pw_hist since;
	const struct pw_load_stats *n = &now->load;
	const struct pw_load_stats *b = &before->load;
	double seconds = (double)(n->at - pw_max(b->at, n->started)) / PW_NS_PER_S;

	if (n->phase == PW_LOAD_OVER)
		return;
	if (n->phase == PW_LOAD_CONNECTING) {
		printf("  connecting: %u\n", n->conns);
		fflush(stdout);
		return;
	}
	seconds = seconds > 0 ? seconds : 1;
	printf("%4.0f s  ", (double)(n->at - n->started) / PW_NS_PER_S);
	print_count_rate((double)(n->responses - b->responses) / seconds, "responses/s  ");
	print_rate((double)(n->body_bytes - b->body_bytes) * 8 / seconds, "bit/s  ");
	print_count_rate((double)(n->opened - b->opened) / seconds, "opened/s");
	pw_hist_since(&since, &n->latency, &b->latency);
	print_time(" p50", pw_hist_quantile(&since, 0.5));
	print_time("p99", pw_hist_quantile(&since, 0.99));
	print_time("max", since.max);
	printf("  %u connections, %" PRIu64 " sent again, %" PRIu64 " errors\n", n->conns,
		now->worker.tcp.rtx_segs - before->worker.tcp.rtx_segs,
		pw_load_failures(n) - pw_load_failures(b));
	fflush(stdout);
}

static double
run_seconds(const struct figures *f)
{
	double s = (double)(f->load.at - f->load.started) / PW_NS_PER_S;

	return s > 0 ? s : 1;
}

static void
print_count(const char *what, uint64_t n, const char *unit, double per_s)
{
	printf("  %-12s %14" PRIu64 "  ", what, n);
	print_rate(per_s, unit);
	putchar('\n');
}

static void
print_latency(const struct pw_hist *h)
{
	uint32_t i;

	printf("  latency     ");
	print_time("mean", pw_hist_mean(h));
	for (i = 0; i < RTE_DIM(quantiles); i++)
		print_time(quantiles[i].name, pw_hist_quantile(h, quantiles[i].q));
	print_time("max", h->max);
	putchar('\n');
}

static void
print_line(const char *name, uint64_t n, const char *help)
{
	if (n != 0)
		printf("  %-20s %14" PRIu64 "  %s\n", name, n, help);
}

/* "CLOSED_EARLY" as the program tells it */
static const char *
lower(const char *name)
{
	static char buf[32];
	size_t i;

	for (i = 0; name[i] != '\0' && i + 1 < sizeof(buf); i++)
		buf[i] = (char)tolower((unsigned char)name[i]);
	buf[i] = '\0';
	return buf;
}

static void
print_errors(const struct pw_load_stats *s)
{
	uint32_t i;

	if (pw_load_failures(s) == 0) {
		puts(s->responses == 0 ? "no answer came" : "errors: none");
		return;
	}
	puts("errors");
	for (i = 0; i < PW_LOAD_ERROR_MAX; i++)
		print_line(lower(pw_load_error_info[i].name), s->errors[i],
			pw_load_error_info[i].help);
	for (i = 0; i < RTE_DIM(s->status); i++)
		if (i != 2 && s->status[i] != 0)
			printf("  status %uxx           %14" PRIu64 "\n", i, s->status[i]);
}

/* In the form that --expect reads. */
static void
print_bodies(const struct loader *l)
{
	const struct pw_urls *u = &l->cfg.urls;
	char addr[PW_ADDR_HOST_MAX];
	uint64_t hash, length;
	uint32_t i;

	if (!l->cfg.verify || u->n > BODIES_SHOWN)
		return;
	puts("bodies, by XXH3");
	for (i = 0; i < u->n; i++)
		if (body_of(l, i, &hash, &length))
			printf("  http://%s:%u%s %016" PRIx64 " %" PRIu64 "\n",
				pw_addr_format_host(&u->addr, addr), u->port, u->url[i].path, hash,
				length);
}

static void
print_tcp(const struct pw_tcp_stats *t)
{
	puts("tcp");
#define X(name, help) print_line(#name, t->name, help);
	PW_TCP_STATS (X)
#undef X
}

static void
print_drops(const struct pw_worker_stats *w)
{
	uint32_t i;

	for (i = 1; i < PW_DROP_MAX; i++)
		print_line(pw_drop_info[i].name, w->drops.n[i], pw_drop_info[i].help);
}

void
report_end(const struct loader *l, const struct figures *f)
{
	const struct pw_load_stats *s = &f->load;
	double seconds = run_seconds(f);

	printf("%s: %.3f s\n", program, seconds);
	print_count("requests", s->requests, "/s", (double)s->requests / seconds);
	print_count("responses", s->responses, "/s", (double)s->responses / seconds);
	print_count("body bytes", s->body_bytes, "bit/s", (double)s->body_bytes * 8 / seconds);
	print_count("opened", s->opened, "connections/s in the run",
		(double)(s->opened - s->opened_before) / seconds);
	print_latency(&s->latency);
	if (l->cfg.per_conn == 0)
		printf("  fairness       %.4f  Jain's index, of the bytes of each connection\n",
			s->jain);
	print_line(
		"unanswered", s->unanswered, "requests behind an answer that announced the close");
	print_line("unsent", s->unsent, "requests that were due by the end and not asked yet");
	print_tcp(&f->worker.tcp);
	print_drops(&f->worker);
	print_bodies(l);
	print_errors(s);
	fflush(stdout);
}

/* ---- JSON ---- */

static void
json_latency(FILE *out, const struct pw_hist *h)
{
	uint32_t i;

	fprintf(out, "  \"latency_ns\": {\"mean\": %" PRIu64, pw_hist_mean(h));
	for (i = 0; i < RTE_DIM(quantiles); i++)
		fprintf(out, ", \"%s\": %" PRIu64, quantiles[i].name,
			pw_hist_quantile(h, quantiles[i].q));
	fprintf(out, ", \"max\": %" PRIu64 "},\n", h->max);
}

static void
json_counts(FILE *out, const struct figures *f)
{
	const struct pw_load_stats *s = &f->load;
	double seconds = run_seconds(f);

	fprintf(out, "  \"seconds\": %.6f,\n", seconds);
	fprintf(out, "  \"requests\": %" PRIu64 ",\n", s->requests);
	fprintf(out, "  \"responses\": %" PRIu64 ",\n", s->responses);
	fprintf(out, "  \"body_bytes\": %" PRIu64 ",\n", s->body_bytes);
	fprintf(out, "  \"opened\": %" PRIu64 ",\n", s->opened);
	fprintf(out, "  \"unanswered\": %" PRIu64 ",\n", s->unanswered);
	fprintf(out, "  \"unsent\": %" PRIu64 ",\n", s->unsent);
	fprintf(out, "  \"responses_per_s\": %.3f,\n", (double)s->responses / seconds);
	fprintf(out, "  \"body_bits_per_s\": %.3f,\n", (double)s->body_bytes * 8 / seconds);
	fprintf(out, "  \"opened_per_s\": %.3f,\n",
		(double)(s->opened - s->opened_before) / seconds);
	fprintf(out, "  \"jain\": %.6f,\n", s->jain);
	fprintf(out, "  \"busy_cycles\": %" PRIu64 ",\n", f->worker.busy_cycles);
	fprintf(out, "  \"tsc_hz\": %" PRIu64 ",\n", rte_get_tsc_hz());
	fprintf(out, "  \"rx_missed\": %" PRIu64 ",\n", f->port.rx_missed);
}

static void
json_errors(FILE *out, const struct pw_load_stats *s)
{
	uint32_t i;

	fprintf(out, "  \"failures\": %" PRIu64 ",\n  \"errors\": {", pw_load_failures(s));
	for (i = 0; i < PW_LOAD_ERROR_MAX; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i == 0 ? "" : ", ",
			lower(pw_load_error_info[i].name), s->errors[i]);
	fprintf(out, "},\n  \"status\": {");
	for (i = 0; i < RTE_DIM(s->status); i++)
		fprintf(out, "%s\"%uxx\": %" PRIu64, i == 0 ? "" : ", ", i, s->status[i]);
	fprintf(out, "},\n");
}

static void
json_tcp(FILE *out, const struct pw_tcp_stats *t)
{
	const char *comma = "";

	fprintf(out, "  \"tcp\": {");
#define X(name, help)                                              \
	fprintf(out, "%s\"" #name "\": %" PRIu64, comma, t->name); \
	comma = ", ";
	PW_TCP_STATS (X)
#undef X
		fprintf(out, "},\n");
}

/* No character of a path needs to be escaped: pw_urls_add() takes none that would. */
static void
json_bodies(FILE *out, const struct loader *l)
{
	const struct pw_urls *u = &l->cfg.urls;
	const char *comma = "";
	uint64_t hash, length;
	uint32_t i;

	fprintf(out, "  \"bodies\": [");
	for (i = 0; i < u->n; i++) {
		if (!body_of(l, i, &hash, &length))
			continue;
		fprintf(out, "%s\n    {\"path\": \"%s\", \"length\": %" PRIu64, comma,
			u->url[i].path, length);
		if (l->cfg.verify)
			fprintf(out, ", \"xxh3\": \"%016" PRIx64 "\"", hash);
		fputc('}', out);
		comma = ",";
	}
	fprintf(out, "]\n");
}

int
report_json(const struct loader *l, const struct figures *f)
{
	FILE *out = fopen(l->cfg.json_file, "w");
	bool good = out != NULL;

	if (good) {
		fprintf(out, "{\n  \"workers\": %u,\n  \"connections\": %u,\n", l->workers.n,
			l->cfg.connections);
		fprintf(out, "  \"pipeline\": %u,\n  \"rate\": %u,\n", l->cfg.pipeline,
			l->cfg.rate);
		json_counts(out, f);
		json_latency(out, &f->load.latency);
		json_errors(out, &f->load);
		json_tcp(out, &f->worker.tcp);
		json_bodies(out, l);
		fprintf(out, "}\n");
		good = ferror(out) == 0;
		good = fclose(out) == 0 && good;
	}
	if (good)
		return STATUS_OK;
	COMPLAIN("--json '%s' cannot be written: %s", l->cfg.json_file, strerror(errno));
	return STATUS_FAILED;
}
