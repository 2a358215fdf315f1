/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The figures as tables with words, and as JSON.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include <sys/utsname.h>
#include "survey.h"

#define NAME_WIDTH 17

/* ---- tables ---- */

static bool
has_cells(const struct survey *s, uint32_t place, uint32_t cache)
{
	uint32_t size, way;

	for (size = 0; size < s->cfg.n_sizes; size++)
		for (way = 0; way < n_ways; way++)
			if (s->cells[place][cache][size][way].n > 0)
				return true;
	return false;
}

static void
print_head(const struct survey *s, FILE *out, const char *what)
{
	char text[24];
	uint32_t i;

	fprintf(out, "  %-*s", NAME_WIDTH, what);
	for (i = 0; i < s->cfg.n_sizes; i++)
		fprintf(out, " %9s", size_text(text, s->cfg.sizes[i]));
	fputc('\n', out);
}

/* A row a way, a column a size. */
static void
print_field(const struct survey *s, FILE *out, uint32_t place, uint32_t cache, const char *what,
	size_t field_off, int digits)
{
	uint32_t way, size;

	print_head(s, out, what);
	for (way = 0; way < n_ways; way++) {
		if (s->cells[place][cache][0][way].n == 0)
			continue;
		fprintf(out, "  %-*s", NAME_WIDTH, ways[way].name);
		for (size = 0; size < s->cfg.n_sizes; size++)
			fprintf(out, " %9.*f", digits,
				cell_median(&s->cells[place][cache][size][way], field_off));
		fputc('\n', out);
	}
}

static const char *
place_title(uint32_t place)
{
	static const char *const titles[] = {
		[PLACE_LOOPBACK] = "loopback: the kernel at both ends of lo",
		[PLACE_VETH] = "veth: the kernel at both ends, each in a network namespace",
		[PLACE_TAP] = "tap: pagewire, and the kernel at the TAP's other end",
		[PLACE_VHOST] = "vhost-user: pagewire on virtio-user, pagewire-load on vhost",
	};

	return titles[place];
}

static void
print_place(const struct survey *s, FILE *out, uint32_t place, uint32_t cache)
{
	if (!has_cells(s, place, cache))
		return;
	fprintf(out, "\n%s", place_title(place));
	if (place <= PLACE_VETH)
		fprintf(out, "; the file is %s the page cache",
			cache == CACHE_WARM ? "in" : "not in");
	fputc('\n', out);
	print_field(s, out, place, cache, "Gbit/s", offsetof(struct sample, gbit_per_s), 2);
	print_field(
		s, out, place, cache, "CPU s/GB, sender", offsetof(struct sample, cpu_s_per_gb), 3);
	print_field(
		s, out, place, cache, "system calls/MB", offsetof(struct sample, calls_per_mb), 2);
}

/* ---- one line a way ---- */

/* The way's cost where it was looked at: the largest size, warm. */
static const struct cell *
largest(const struct survey *s, uint32_t place, uint32_t way)
{
	return &s->cells[place][CACHE_WARM][s->cfg.n_sizes - 1][way];
}

static void
print_cost(FILE *out, const struct survey *s, const struct insight *in, double share, double cpu)
{
	if (in->sampled && s->memcpy_s_per_gb > 0)
		fprintf(out, " %9.2f", share * cpu / s->memcpy_s_per_gb);
	else
		fprintf(out, " %9s", "-");
}

static void
print_insight(const struct survey *s, FILE *out, uint32_t place, uint32_t way)
{
	const struct insight *in = &s->insights[place][way];
	double cpu = MEDIAN(largest(s, place, way), cpu_s_per_gb);

	fprintf(out, "  %-*s %8u %9.2f", NAME_WIDTH, ways[way].name, ways[way].copies, in->copies);
	print_cost(out, s, in, in->parts[PW_PART_TO_USER] + in->parts[PW_PART_FROM_USER], cpu);
	fprintf(out, " %9.2f", in->local_copies);
	print_cost(out, s, in, in->parts[PW_PART_LOCAL], cpu);
	fprintf(out, " %9.3f", cpu);
	print_cost(out, s, in, 1, cpu);
	fprintf(out, "  %s\n", in->same ? "equal" : "DIFFERENT");
}

static void
print_insights(const struct survey *s, FILE *out, uint32_t place)
{
	uint32_t way;
	bool any = false;

	for (way = 0; way < n_ways; way++) {
		if (!s->insights[place][way].looked || largest(s, place, way)->n == 0)
			continue;
		if (!any)
			fprintf(out,
				"\ncopies of a byte, %s, the largest file, in the page cache\n"
				"  %*s %28s %19s %19s\n  %*s %8s %9s %9s %9s %9s %9s %9s  "
				"content\n",
				place_names[place], NAME_WIDTH, "", "up to the device:",
				"at the receiver:", "the sender's CPU:", NAME_WIDTH, "", "design",
				"counted", "by cost", "counted", "by cost", "s/GB", "memcpys");
		any = true;
		print_insight(s, out, place, way);
	}
}

static void
print_parts(const struct survey *s, FILE *out, uint32_t place)
{
	uint32_t way, part;
	bool any = false;

	for (way = 0; way < n_ways; way++) {
		const struct insight *in = &s->insights[place][way];

		if (!in->sampled || largest(s, place, way)->n == 0)
			continue;
		if (!any) {
			fprintf(out, "\nwhere the sender's time goes, %s, %%\n  %-*s",
				place_names[place], NAME_WIDTH, "");
			for (part = 0; part < PW_PART_MAX; part++)
				fprintf(out, " %9s", pw_part_info[part].name);
			fputc('\n', out);
		}
		any = true;
		fprintf(out, "  %-*s", NAME_WIDTH, ways[way].name);
		for (part = 0; part < PW_PART_MAX; part++)
			fprintf(out, " %9.1f", 100 * in->parts[part]);
		fputc('\n', out);
	}
}

/* ---- words ---- */

static void
print_machine(const struct survey *s, FILE *out)
{
	struct utsname u;

	uname(&u);
	fprintf(out, "%s %s, %s %s, %ld CPUs", program, PW_VERSION, u.sysname, u.release,
		sysconf(_SC_NPROCESSORS_ONLN));
	if (s->send_cpu >= 0)
		fprintf(out, "; senders on CPU %d, receivers on CPU %d", s->send_cpu, s->drain_cpu);
	fprintf(out,
		"\nmemcpy of 1 GB: %.3f s out of memory (%.1f GB/s), %.3f s within the cache (%.1f "
		"GB/s)\nmedians of %u rounds, in which all take turns; MB and GB are powers of "
		"ten\n",
		s->memcpy_s_per_gb, 1 / s->memcpy_s_per_gb, s->cached_s_per_gb,
		1 / s->cached_s_per_gb, s->cfg.rounds);
}

static void
print_ways(const struct survey *s, FILE *out)
{
	uint32_t way;

	fputs("\nthe buffers that a byte visits\n", out);
	for (way = 0; way < n_ways; way++)
		if (s->cfg.ways & (1u << way))
			fprintf(out, "  %-*s %s\n  %*s (%s)\n", NAME_WIDTH, ways[way].name,
				ways[way].buffers, NAME_WIDTH, "", ways[way].how);
}

static void
print_skipped(const struct survey *s, FILE *out)
{
	uint32_t place, way;

	for (place = 0; place < PLACE_MAX; place++)
		for (way = 0; way < n_ways; way++)
			if (s->skipped[place][way] != NULL)
				fprintf(out, "skipped: %s over %s: %s%s\n", ways[way].name,
					place_names[place],
					ways[way].path != NULL ? "this kernel lacks " : "",
					s->skipped[place][way]);
	for (place = 0; place <= PLACE_VETH; place++)
		if ((s->cfg.places & (1u << place)) != 0 && !s->places[place].up)
			fprintf(out, "skipped: %s: %s\n", place_names[place], s->places[place].why);
	if (s->no_cold != NULL)
		fprintf(out, "skipped: cold: %s\n", s->no_cold);
	if (s->no_kcount != NULL)
		fprintf(out, "system calls of pagewire not counted: %s\n", s->no_kcount);
	if (s->sampler == NULL)
		fprintf(out, "not sampled: %s\n", s->no_sampler);
}

static void
print_zero_copy(const struct survey *s, FILE *out)
{
	uint64_t sends = 0, copied = 0;
	uint32_t place, way;

	for (place = 0; place <= PLACE_VETH; place++)
		for (way = 0; way < n_ways; way++) {
			sends += s->insights[place][way].zc_sends;
			copied += s->insights[place][way].zc_copied;
		}
	if (sends == 0)
		return;
	fprintf(out,
		"\nOf %" PRIu64
		" sends that asked for zero copy (MSG_ZEROCOPY, SEND_ZC), the kernel "
		"says of %" PRIu64 "\nthat it copied after all (SO_EE_CODE_ZEROCOPY_COPIED): on "
		"loopback and veth the receiver's\nsocket is on this machine and may keep the "
		"pages "
		"as long as it likes, so that the kernel copies\nthem when it delivers (\"at the "
		"receiver\"). "
		"On a NIC this copy is not there: it reads the pages by DMA.\nPages that sendfile "
		"and splice lend are the page cache's own, and are delivered as they are.\n",
		sends, copied);
}

static void
print_method(const struct survey *s, FILE *out)
{
	uint32_t part;

	fputs("\nhow\n"
	      "  design: copies up to the device, by what the calls promise\n"
	      "  counted: by what read() and write() returned; at the receiver, by completions "
	      "that "
	      "the kernel marked\n    as copied; pagewire's by its copy ledger\n"
	      "  by cost: CPU time in the kernel's copying functions (sampled every 100 us), over "
	      "the time of a memcpy\n    out of memory; a copy whose source is in the CPU's cache "
	      "costs less than one\n"
	      "  memcpys: all of that CPU time, over the time of a memcpy\n"
	      "  CPU: of the sender's process, what the kernel does in its time included; "
	      "ksoftirqd's is in the\n    JSON. loopback, veth and TAP run the receiver's TCP in "
	      "the "
	      "sender's time (\"receiver\"). A spinning\n    pagewire worker takes all of its "
	      "core, "
	      "also where it waits for its peer\n"
	      "  system calls: counted by the program as it makes them; pagewire's by the kernel's "
	      "tracepoint sys_enter\n"
	      "  receiver: recv(MSG_TRUNC), which copies nothing; contents are compared in a run "
	      "of "
	      "their own (XXH3)\n",
		out);
	for (part = 0; part < PW_PART_MAX; part++)
		fprintf(out, "  %-9s %s\n", pw_part_info[part].name, pw_part_info[part].help);
}

void
report_tables(const struct survey *s, FILE *out)
{
	uint32_t place, cache;

	print_machine(s, out);
	print_ways(s, out);
	for (place = 0; place < PLACE_MAX; place++) {
		for (cache = 0; cache < CACHE_MAX; cache++)
			print_place(s, out, place, cache);
	}
	for (place = 0; place < PLACE_MAX; place++)
		print_insights(s, out, place);
	for (place = 0; place < PLACE_MAX; place++)
		print_parts(s, out, place);
	print_zero_copy(s, out);
	print_method(s, out);
	print_skipped(s, out);
	fflush(out);
}

/* ---- JSON ---- */

static const char *
machine_name(char buf[128])
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[256];

	strcpy(buf, "unknown");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "model name : %100[^\n\"\\]", buf) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return buf;
}

static void
json_samples(FILE *out, const struct cell *c, const char *name, size_t field_off)
{
	uint32_t i;

	fprintf(out, ", \"%s\": %.6g, \"%s_samples\": [", name, cell_median(c, field_off), name);
	for (i = 0; i < c->n; i++)
		fprintf(out, "%s%.6g", i == 0 ? "" : ", ", sample_field(&c->samples[i], field_off));
	fputc(']', out);
}

static void
json_cell(const struct survey *s, FILE *out, uint32_t place, uint32_t cache, uint32_t size,
	uint32_t way)
{
	const struct cell *c = &s->cells[place][cache][size][way];

	fprintf(out,
		"{\"link\": \"%s\", \"cache\": \"%s\", \"bytes\": %" PRIu64 ", \"path\": \"%s\"",
		place_names[place], cache_names[cache], s->cfg.sizes[size], ways[way].name);
	json_samples(out, c, "gbit_per_s", offsetof(struct sample, gbit_per_s));
	json_samples(out, c, "cpu_s_per_gb", offsetof(struct sample, cpu_s_per_gb));
	json_samples(out, c, "softirq_s_per_gb", offsetof(struct sample, softirq_s_per_gb));
	json_samples(out, c, "receiver_s_per_gb", offsetof(struct sample, receiver_s_per_gb));
	json_samples(out, c, "calls_per_mb", offsetof(struct sample, calls_per_mb));
	fputc('}', out);
}

static void
json_cells(const struct survey *s, FILE *out)
{
	uint32_t place, cache, size, way;
	const char *comma = "\n    ";

	fputs("  \"runs\": [", out);
	for (place = 0; place < PLACE_MAX; place++)
		for (cache = 0; cache < CACHE_MAX; cache++)
			for (size = 0; size < s->cfg.n_sizes; size++)
				for (way = 0; way < n_ways; way++) {
					if (s->cells[place][cache][size][way].n == 0)
						continue;
					fputs(comma, out);
					json_cell(s, out, place, cache, size, way);
					comma = ",\n    ";
				}
	fputs("\n  ],\n", out);
}

static void
json_insight(const struct survey *s, FILE *out, uint32_t place, uint32_t way)
{
	const struct insight *in = &s->insights[place][way];
	uint32_t part;

	fprintf(out,
		"{\"link\": \"%s\", \"path\": \"%s\", \"buffers\": \"%s\", \"content_equal\": %s, "
		"\"copies_design\": %u, \"copies_counted\": %.4f, "
		"\"local_copies\": %.4f, \"zero_copy_sends\": %" PRIu64
		", \"zero_copy_sends_copied\": %" PRIu64 ", \"bytes\": %" PRIu64
		", \"calls\": %" PRIu64 ", \"parts\": {",
		place_names[place], ways[way].name, ways[way].buffers, in->same ? "true" : "false",
		ways[way].copies, in->copies, in->local_copies, in->zc_sends, in->zc_copied,
		in->bytes, in->calls);
	for (part = 0; in->sampled && part < PW_PART_MAX; part++)
		fprintf(out, "%s\"%s\": %.4f", part == 0 ? "" : ", ", pw_part_info[part].name,
			in->parts[part]);
	fputs("}}", out);
}

static void
json_insights(const struct survey *s, FILE *out)
{
	const char *comma = "\n    ";
	uint32_t place, way;

	fputs("  \"paths\": [", out);
	for (place = 0; place < PLACE_MAX; place++)
		for (way = 0; way < n_ways; way++) {
			if (!s->insights[place][way].looked)
				continue;
			fputs(comma, out);
			json_insight(s, out, place, way);
			comma = ",\n    ";
		}
	fputs("\n  ],\n", out);
}

static void
json_skipped(const struct survey *s, FILE *out)
{
	const char *comma = "";
	uint32_t place, way;

	fputs("  \"skipped\": [", out);
	for (place = 0; place < PLACE_MAX; place++)
		for (way = 0; way < n_ways; way++) {
			if (s->skipped[place][way] == NULL)
				continue;
			fprintf(out, "%s{\"link\": \"%s\", \"path\": \"%s\", \"why\": \"%s\"}",
				comma, place_names[place], ways[way].name, s->skipped[place][way]);
			comma = ", ";
		}
	fputs("]\n", out);
}

int
report_json(const struct survey *s)
{
	FILE *out = fopen(s->cfg.json_file, "w");
	bool good = out != NULL;
	struct utsname u;
	char cpu[128];

	uname(&u);
	if (good) {
		fprintf(out,
			"{\n  \"machine\": \"%s, %ld CPUs\",\n  \"kernel\": \"%s\",\n"
			"  \"rounds\": %u,\n  \"memcpy_s_per_gb\": %.5f,\n"
			"  \"memcpy_cached_s_per_gb\": %.5f,\n",
			machine_name(cpu), sysconf(_SC_NPROCESSORS_ONLN), u.release, s->cfg.rounds,
			s->memcpy_s_per_gb, s->cached_s_per_gb);
		json_cells(s, out);
		json_insights(s, out);
		json_skipped(s, out);
		fputs("}\n", out);
		good = ferror(out) == 0;
		good = fclose(out) == 0 && good;
	}
	if (good)
		return STATUS_OK;
	COMPLAIN("--json '%s' cannot be written: %s", s->cfg.json_file, strerror(errno));
	return STATUS_FAILED;
}
