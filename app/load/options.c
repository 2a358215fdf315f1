/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Every setting of the load generator.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "loader.h"

#define SOURCES_MAX	4096
#define CONNECTIONS_MAX 4000000
#define RATE_MAX	100000000

static const char *const idle_names[] = {"spin", "pause", "sleep", NULL};
const char *const load_cc[] = {"cubic", "newreno", "dctcp", "bbr", NULL};
const char *const load_ecn[] = {"off", "accept", "on", NULL};

static const char *
read_ip(void *ctx, const struct pw_option *o, const char *text)
{
	struct settings *s = ctx;
	const char *wrong = pw_option_parse_ip(text, &s->ip);

	if (wrong == NULL && s->ip.by != PW_OPTION_IP_GIVEN)
		wrong = "is no address";
	s->has_ip = wrong == NULL;
	return wrong;
}

static const char *
read_url(void *ctx, const struct pw_option *o, const char *text)
{
	struct settings *s = ctx;

	return pw_urls_add(&s->urls, text, 1);
}

/* "10.77.0.10-10.77.0.40", or one address */
static const char *
read_source(void *ctx, const struct pw_option *o, const char *text)
{
	struct settings *s = ctx;
	struct pw_addr last;
	char buf[80] = "";
	const char *wrong;
	uint32_t behind;
	char *dash;

	strncat(buf, text, sizeof(buf) - 1);
	dash = strchr(buf, '-');
	if (dash != NULL)
		*dash = '\0';
	wrong = pw_option_parse_host(buf, &s->source);
	last = s->source;
	if (wrong == NULL && dash != NULL)
		wrong = pw_option_parse_host(dash + 1, &last);
	if (wrong != NULL)
		return wrong;
	if (s->source.q[0] != last.q[0] || s->source.d[2] != last.d[2])
		return "is not one range";
	behind = rte_be_to_cpu_32(last.d[3]) - rte_be_to_cpu_32(s->source.d[3]);
	if (behind >= SOURCES_MAX)
		return "ends before it begins, or is too long";
	s->n_sources = behind + 1;
	return NULL;
}

#define AT(member) .at = offsetof(struct settings, member)

static const struct pw_option options[] = {
	{"ip", "ADDR/PREFIX[@PORT]", NULL, "our address, on device port PORT [0]; required",
		"an address of a host, a prefix of 1 to 32 bits (IPv6: 128), a port of 0 to 7",
		read_ip},
	{"gateway", "ADDR", NULL, "next hop for everything not on-link",
		"the address of a host on the network of --ip", pw_option_host, AT(gateway)},
	{"source", "ADDR-ADDR", NULL,
		"connect from these addresses, 64000 connections each; if not said, from --ip",
		"two addresses of hosts, the second not before the first, at most 4096 in all",
		read_source},
	{"url", "URL", NULL, "what to ask for; may be repeated",
		"http://ADDR[:PORT]/PATH, "
		"all of one server",
		read_url, .entry = "http://10.77.0.1/"},
	{"urls", "FILE", NULL, "a file of lines: URL [WEIGHT]", "a file that can be read",
		pw_option_text, AT(urls_file)},
	{"connections", "N", "64", "connections at a time", NULL, pw_option_number, AT(connections),
		1, CONNECTIONS_MAX},
	{"active", "N", NULL, "of them that ask; the others are held open; if not said, all", NULL,
		pw_option_number, AT(active), 1, CONNECTIONS_MAX},
	{"requests-per-connection", "N", "0", "then it is closed, and another opened; 0: never",
		NULL, pw_option_number, AT(per_conn), 0, UINT32_MAX},
	{"pipeline", "N", "1", "requests under way at once on a connection", NULL, pw_option_number,
		AT(pipeline), 1, PW_LOAD_PIPELINE_MAX},
	{"duration", "SECONDS", "10", "of the run, behind the opening of connections", NULL,
		pw_option_number, AT(duration_s), 1, PW_OPTION_DAY_S},
	{"rate", "N", "0",
		"open loop: N requests a second are due, and timed from then; 0: closed loop", NULL,
		pw_option_number, AT(rate), 0, RATE_MAX},
	{"timeout", "SECONDS", "10", "a connection that waits this long for a byte is given up",
		NULL, pw_option_number, AT(timeout_s), 1, PW_OPTION_DAY_S},
	{"verify", NULL, NULL, "every body must hash to what the first of its URL did",
		"true or false", pw_option_switch, AT(verify)},
	{"expect", "FILE", NULL, "or to what this file of lines says: URL HASH [LENGTH]",
		"a file that can be read", pw_option_text, AT(expect_file)},
	{"json", "FILE", NULL, "write the figures there too", "a file that can be written",
		pw_option_text, AT(json_file)},
	{"rcv-buf", "SIZE", "1M", "receive window that a connection can grow to", "64K to 64M",
		pw_option_size, AT(rcv_buf_bytes), UINT64_C(64) << 10, UINT64_C(64) << 20},
	{"rx-buffer", "SIZE", "2K",
		"room of the port's receive buffers: 62K takes a peer's uncut TSO segments whole",
		"2K to 63K", pw_option_size, AT(rx_buffer_bytes), UINT64_C(2) << 10,
		UINT64_C(63) << 10},
	{"idle", "spin|pause|sleep", "pause", "what the worker with nothing to do does", NULL,
		pw_option_choice, AT(idle), .names = idle_names},
	{"mtu", "BYTES", NULL, "of the device port; if not said, what the device has", NULL,
		pw_option_number, AT(mtu), 576, 65000},
	{"cc", "cubic|newreno|dctcp|bbr", "cubic", "congestion control", NULL, pw_option_choice,
		AT(cc), .names = load_cc},
	{"ecn", "off|accept|on", "accept",
		"let routers mark instead of drop: never, when the peer asks, or ask ourselves",
		NULL, pw_option_choice, AT(ecn), .names = load_ecn},
	{"pacing", NULL, NULL, "spread what may be sent over the round trip", "true or false",
		pw_option_switch, AT(pacing)},
	{"config", "FILE", NULL, "the same settings from a YAML file; the command line wins",
		"a file that can be read", pw_option_text, AT(file), .only_cmdline = true},
	{"help", NULL, NULL, "print this", NULL, pw_option_switch, AT(help), .only_cmdline = true},
	{"version", NULL, NULL, "print the version", NULL, pw_option_switch, AT(version),
		.only_cmdline = true},
};

static void
clear_urls(void *ctx, const struct pw_option *o)
{
	struct settings *s = ctx;

	pw_urls_fini(&s->urls);
}

static uint32_t check_together(void *ctx, FILE *err);

static const struct pw_option_set set = {
	.program = program,
	.usage = "usage: pagewire-load [EAL options] -- --ip ADDR/PREFIX --url URL [options]\n"
		 "\n"
		 "Ask an HTTP/1.1 server for files over a TCP of our own, and take the time.\n"
		 "\n"
		 "EAL options are DPDK's: lcores, devices, memory. For example\n"
		 "  pagewire-load --lcores 0@1 --no-pci --vdev net_tap0,iface=pl0 -- \\\n"
		 "                --ip 10.77.0.3/24 --url http://10.77.0.2/ --connections 256\n"
		 "\n"
		 "options, with [defaults] and what is allowed:\n",
	.usage_after = "\n"
		       "Exit status: 0 every answer was right, 1 something failed, 2 a mistake in\n"
		       "the options.\n",
	.table = options,
	.n = RTE_DIM(options),
	.help_at = offsetof(struct settings, help),
	.version_at = offsetof(struct settings, version),
	.file_at = offsetof(struct settings, file),
	.clear = clear_urls,
	.check = check_together,
};
static_assert(RTE_DIM(options) <= PW_OPTION_MAX, "options beyond PW_OPTION_MAX");

/* The last of the source addresses. */
static struct pw_addr
last_source(const struct settings *s)
{
	struct pw_addr a = s->source;

	a.d[3] = rte_cpu_to_be_32(rte_be_to_cpu_32(a.d[3]) + s->n_sources - 1);
	return a;
}

/* On our own network, the addresses of the network and of all its hosts are nobody's. */
static bool
source_is_possible(const struct settings *s)
{
	uint32_t hosts =
		!pw_addr_is_v4(&s->ip.addr) || s->ip.prefix >= 31 ? 0 : UINT32_MAX >> s->ip.prefix;
	struct pw_addr last = last_source(s);
	uint32_t bits = pw_option_ip_bits(&s->ip);
	bool first_on = pw_addr_same_net(&s->source, &s->ip.addr, bits);
	bool last_on = pw_addr_same_net(&last, &s->ip.addr, bits);

	if (!first_on && !last_on)
		return true;
	return first_on && last_on &&
	       (hosts == 0 || ((rte_be_to_cpu_32(s->source.d[3]) & hosts) != 0 &&
				      (rte_be_to_cpu_32(last.d[3]) & hosts) != hosts));
}

static bool
has_gateway(const struct settings *s)
{
	static const struct pw_addr none;

	return !pw_addr_eq(&s->gateway, &none);
}

static bool
server_is_reachable(const struct settings *s)
{
	return has_gateway(s) ||
	       pw_addr_same_net(&s->urls.addr, &s->ip.addr, pw_option_ip_bits(&s->ip));
}

static bool
server_is_us(const struct settings *s)
{
	return pw_addr_eq(&s->urls.addr, &s->ip.addr) ||
	       pw_addr_in_range(&s->urls.addr, &s->source, s->n_sources - 1);
}

static uint32_t
wrong(const char *name, const char *text, const char *what, FILE *err)
{
	pw_option_wrong(&set, name, text, what, err);
	return 1;
}

static uint32_t
check_numbers(const struct settings *s, FILE *err)
{
	char text[24];

	if (s->connections > (uint64_t)s->n_sources * PW_LOAD_CONNS_PER_SOURCE) {
		snprintf(text, sizeof(text), "%u", s->connections);
		return wrong("connections", text,
			"is more than 64000 for each address: give more with --source", err);
	}
	if (s->active > s->connections) {
		snprintf(text, sizeof(text), "%u", s->active);
		return wrong("active", text, "is more than --connections", err);
	}
	return 0;
}

static uint32_t
check_addresses(const struct settings *s, FILE *err)
{
	char text[PW_ADDR_TEXT_MAX];

	if (has_gateway(s) && !pw_option_is_gateway(&s->gateway, &s->ip))
		return wrong("gateway", pw_addr_format(&s->gateway, text),
			"is not on the network of --ip, or is --ip itself", err);
	if (!source_is_possible(s))
		return wrong("source", pw_addr_format(&s->source, text),
			"begins or leads to an address that no host on the network of --ip may "
			"have",
			err);
	if (pw_addr_is_v4(&s->source) != pw_addr_is_v4(&s->urls.addr))
		return wrong("url", pw_addr_format(&s->urls.addr, text),
			"is not of the IP version of our addresses", err);
	pw_addr_format(&s->urls.addr, text);
	if (server_is_us(s))
		return wrong("url", text, "is our own address", err);
	if (!server_is_reachable(s))
		return wrong("url", text, "is not on the network of --ip: give --gateway", err);
	return 0;
}

/* Files are read when everything else is right. */
static uint32_t
check_together(void *ctx, FILE *err)
{
	struct settings *s = ctx;
	uint32_t n_wrong = 0;

	if (!s->has_ip) {
		pw_option_missing(&set, "ip", err);
		n_wrong++;
	}
	if (s->urls.n == 0 && s->urls_file == NULL) {
		pw_option_missing(&set, "url", err);
		n_wrong++;
	}
	if (n_wrong == 0 && s->urls_file != NULL)
		n_wrong += pw_urls_read(&s->urls, s->urls_file, program, err);
	if (n_wrong == 0 && s->urls.n == 0)
		n_wrong += wrong("urls", s->urls_file, "has no URL in it", err);
	if (n_wrong == 0 && s->expect_file != NULL)
		n_wrong += pw_urls_expect(&s->urls, s->expect_file, program, err);
	if (n_wrong != 0)
		return n_wrong;
	if (s->n_sources == 0) {
		s->source = s->ip.addr;
		s->n_sources = 1;
	}
	s->verify = s->verify || s->expect_file != NULL;
	return check_numbers(s, err) + check_addresses(s, err);
}

uint32_t
settings_read(struct settings *s, int argc, char **argv)
{
	return pw_options_read(&set, s, argc, argv, stderr);
}

void
settings_fini(struct settings *s)
{
	pw_urls_fini(&s->urls);
	free(s->urls_file);
	free(s->expect_file);
	free(s->json_file);
	free(s->file);
}

void
settings_help(FILE *out)
{
	pw_options_help(&set, out);
}
