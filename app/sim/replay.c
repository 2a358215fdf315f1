/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * One run, to be looked at: its plan, its packets, its pictures, its end.
 */
#include <string.h>
#include "app_sim.h"

#define PATH_LEN_MAX 512

/** What listens to the run. */
struct record {
	struct pcapng *pcap;
	struct plot *plot;
	uint32_t n_hosts;
	/* What a host has sent is written when it is known what its link did to it. */
	bool held;
	struct pw_sim_packet last;
	uint8_t last_bytes[65536];
};

static void
write_held(struct record *r, const char *fate)
{
	const struct pw_sim_packet *p = &r->last;

	if (r->held)
		pcapng_packet(r->pcap, p->host, PCAPNG_OUT, r->last_bytes, p->len, p->at, fate);
	r->held = false;
}

static void
hold(struct record *r, const struct pw_sim_packet *p)
{
	r->held = true;
	r->last = *p;
	memcpy(r->last_bytes, p->dgram, p->len);
}

/* What the link down does is noted on an interface of the router. */
static void
write_other(struct record *r, const struct pw_sim_packet *p)
{
	char comment[64];

	if (p->fate == PW_SIM_ARRIVED) {
		pcapng_packet(r->pcap, p->host, PCAPNG_IN, p->dgram, p->len, p->at, NULL);
		return;
	}
	snprintf(comment, sizeof(comment), "%s on the way down to host %u",
		pw_sim_fate_name[p->fate], p->host);
	pcapng_packet(r->pcap, r->n_hosts, PCAPNG_OUT, p->dgram, p->len, p->at, comment);
}

static void
on_packet(void *ctx, const struct pw_sim_packet *p)
{
	struct record *r = ctx;
	char comment[64];

	plot_packet(r->plot, p);
	if (p->fate != PW_SIM_SENT && p->fate != PW_SIM_ARRIVED && !p->down) {
		snprintf(comment, sizeof(comment), "%s on the way up", pw_sim_fate_name[p->fate]);
		write_held(r, comment);
		return;
	}
	write_held(r, NULL);
	if (p->fate == PW_SIM_SENT)
		hold(r, p);
	else
		write_other(r, p);
}

static void
name_interfaces(struct record *r, const struct pw_sim_plan *plan)
{
	char name[16], about[64], addr[PW_ADDR_TEXT_MAX];
	uint32_t i;

	for (i = 0; i < r->n_hosts; i++) {
		struct pw_addr a = pw_sim_addr(plan, i);

		snprintf(name, sizeof(name), "host%u", i);
		snprintf(about, sizeof(about), "the wire at host %u, %s", i,
			pw_addr_format(&a, addr));
		pcapng_interface(r->pcap, name, about);
	}
	pcapng_interface(r->pcap, "router", "what the links down did to packets");
}

static int
cannot_write(const char *path, int err)
{
	fprintf(stderr, "pagewire-sim: %s: %s\n", path, strerror(err));
	return STATUS_FAILED;
}

static void
print_result(const struct pw_sim_result *r)
{
	printf("%u connections, %u with every byte delivered; %lu packets, %lu bytes delivered, "
	       "%lu sent again; ended at %.6f s, trace %016lx\n",
		r->n_conns, r->n_whole, (unsigned long)r->n_packets, (unsigned long)r->bytes,
		(unsigned long)r->rtx_bytes, (double)r->end / PW_NS_PER_S, (unsigned long)r->hash);
	if (r->failed)
		printf("broken: %s\n", r->what);
	else
		printf("all invariants held\n");
}

static int
write_all(struct record *r, const char *pcap_path, const char *svg_path, const char *title)
{
	int rc;

	write_held(r, NULL);
	rc = pcapng_close(r->pcap);
	if (rc < 0)
		return cannot_write(pcap_path, -rc);
	rc = plot_write(r->plot, svg_path, title);
	if (rc < 0)
		return cannot_write(svg_path, -rc);
	printf("wrote %s and %s\n", pcap_path, svg_path);
	return STATUS_OK;
}

/* Of the file: what stands in for the colon has no meaning to a shell or a path. */
static void
file_path(char out[PATH_LEN_MAX], const char *dir, const char *text, const char *ending)
{
	char name[SUBJECT_TEXT_MAX];
	char *colon;

	snprintf(name, sizeof(name), "%s", text);
	colon = strchr(name, ':');
	if (colon != NULL)
		*colon = '-';
	snprintf(out, PATH_LEN_MAX, "%s/%s.%s", dir, name, ending);
}

int
replay(const struct settings *s)
{
	static struct pw_sim_plan plan;
	static struct record r;
	struct pw_sim_tap tap = {.packet = on_packet, .ctx = &r};
	char text[SUBJECT_TEXT_MAX], pcap_path[PATH_LEN_MAX], svg_path[PATH_LEN_MAX], title[64];
	struct pw_sim_result res;
	int rc;

	subject_text(&s->of, text);
	file_path(pcap_path, s->dir, text, "pcapng");
	file_path(svg_path, s->dir, text, "svg");
	snprintf(title, sizeof(title), "pagewire-sim --replay %s", text);
	subject_plan(&s->of, &plan);
	pw_sim_plan_print(&plan);
	fflush(stdout);
	r.n_hosts = plan.n_hosts;
	r.pcap = pcapng_create(pcap_path, title, plan.ip6);
	if (r.pcap == NULL)
		return cannot_write(pcap_path, errno);
	r.plot = plot_create();
	name_interfaces(&r, &plan);
	pw_sim_run(&plan, &tap, &res);
	print_result(&res);
	rc = write_all(&r, pcap_path, svg_path, title);
	plot_destroy(r.plot);
	return res.failed ? STATUS_FAILED : rc;
}
