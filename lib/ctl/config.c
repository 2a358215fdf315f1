/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Every setting of pagewire.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "pw_config.h"
#include "pw_option.h"
#include "pw_tcp_trace.h"

const char *const pw_config_idle[] = {"spin", "pause", "sleep", NULL};
static const char *const spread_names[] = {"auto", "rss", "software", NULL};
static const char *const arena_names[] = {"eal", "hugetlbfs", NULL};
const char *const pw_config_cc[] = {"cubic", "newreno", "dctcp", "bbr", NULL};
const char *const pw_config_ecn[] = {"off", "accept", "on", NULL};
static_assert(PW_CONFIG_PORTS_MAX == PW_OPTION_PORT_MAX + 1, "a port that can be named");

static const char *
read_dir(void *cfg, const struct pw_option *o, const char *text)
{
	struct stat st;

	if (*text == '\0')
		return "is empty";
	if (stat(text, &st) != 0)
		return errno == ENOENT ? "does not exist" : "cannot be looked at";
	if (!S_ISDIR(st.st_mode))
		return "is not a directory";
	return pw_option_text(cfg, o, text);
}

static const char *
read_file_name(void *cfg, const struct pw_option *o, const char *text)
{
	if (strchr(text, '/') != NULL)
		return "has a slash";
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return "is a directory";
	return pw_option_text(cfg, o, text);
}

static bool
is_same(const struct pw_option_ip *a, const struct pw_option_ip *b)
{
	if (a->by != b->by)
		return false;
	if (a->by != PW_OPTION_IP_GIVEN)
		return a->place.port == b->place.port && a->place.vlan == b->place.vlan;
	return pw_addr_eq(&a->addr, &b->addr);
}

static const char *
add_ip(struct pw_config *cfg, const struct pw_option_ip *ip)
{
	uint32_t i;

	for (i = 0; i < cfg->n_ips; i++)
		if (is_same(&cfg->ips[i], ip))
			return "is given twice";
	if (cfg->n_ips == PW_CONFIG_IPS_MAX)
		return "is one address too many";
	cfg->ips[cfg->n_ips++] = *ip;
	return NULL;
}

static const char *
read_ip(void *cfg, const struct pw_option *o, const char *text)
{
	struct pw_option_ip ip;
	const char *wrong = pw_option_parse_ip(text, &ip);

	return wrong != NULL ? wrong : add_ip(cfg, &ip);
}

/* One for each family. */
static const char *
read_gateway(void *ctx, const struct pw_option *o, const char *text)
{
	struct pw_config *cfg = ctx;
	struct pw_addr a;
	const char *wrong = pw_option_parse_host(text, &a);

	if (wrong == NULL)
		*(pw_addr_is_v4(&a) ? &cfg->gateway : &cfg->gateway6) = a;
	return wrong;
}

static const char *
read_trace_events(void *cfg, const struct pw_option *o, const char *text)
{
	const uint32_t *n = (const uint32_t *)((const char *)cfg + o->at);
	const char *wrong = pw_option_number(cfg, o, text);

	if (wrong != NULL)
		return wrong;
	return (*n & (*n - 1)) == 0 ? NULL : "is no power of two";
}

static const char *
read_route(void *ctx, const struct pw_option *o, const char *text)
{
	struct pw_config *cfg = ctx;
	struct pw_option_route route;
	const char *wrong = pw_option_parse_route(text, &route);
	uint32_t i;

	if (wrong != NULL)
		return wrong;
	for (i = 0; i < cfg->n_routes; i++)
		if (cfg->routes[i].bits == route.bits &&
			pw_addr_eq(&cfg->routes[i].dst, &route.dst))
			return "has a prefix that is given twice";
	if (cfg->n_routes == PW_CONFIG_ROUTES_MAX)
		return "is one route too many";
	cfg->routes[cfg->n_routes++] = route;
	return NULL;
}

/* The index of a congestion control that @p text begins with, up to @p end; -1: none. */
static int
find_cc(const char *text, const char *end)
{
	size_t len = (size_t)(end - text);
	int i;

	for (i = 0; pw_config_cc[i] != NULL; i++)
		if (strlen(pw_config_cc[i]) == len && memcmp(text, pw_config_cc[i], len) == 0)
			return i;
	return -1;
}

/* NAME, or NAME@ADDR. */
static const char *
read_cc(void *ctx, const struct pw_option *o, const char *text)
{
	struct pw_config *cfg = ctx;
	const char *at = strchrnul(text, '@'), *wrong;
	struct pw_addr addr;
	int cc = find_cc(text, at);
	uint32_t i;

	if (cc < 0)
		return "is not one of them";
	if (*at == '\0') {
		cfg->cc = (uint8_t)cc;
		return NULL;
	}
	wrong = pw_option_parse_host(at + 1, &addr);
	if (wrong != NULL)
		return wrong;
	for (i = 0; i < cfg->n_cc_of; i++)
		if (pw_addr_eq(&cfg->cc_of[i].addr, &addr))
			return "has an address that is given twice";
	if (cfg->n_cc_of == PW_CONFIG_IPS_MAX)
		return "is one address too many";
	cfg->cc_of[cfg->n_cc_of++] = (struct pw_config_cc_of){addr, (uint8_t)cc};
	return NULL;
}

#define AT(member) .at = offsetof(struct pw_config, member)

static const struct pw_option settings[] = {
	{"root", "DIR", NULL, "directory to serve, with its sub-directories; required",
		"a directory that can be read", read_dir, AT(root)},
	{"ip", "ADDR/PREFIX[@PORT[.VLAN]]", NULL,
		"an address of device port PORT [0] in VLAN [--vlan]; in its place 'dhcp' for one "
		"of a server, or 'auto' for those of RFC 3927 and of IPv6 that routers advertise; "
		"may be repeated; required",
		"an address of a host, a prefix of 1 to 32 bits (IPv6: 128), a port of 0 to 7, a "
		"VLAN of 0 (untagged) to 4094; up to 64, each once",
		read_ip, AT(ips), .entry = "10.77.0.1/24"},
	{"vlan", "ID", "0", "802.1Q VLAN of every --ip that names none; 0: untagged", NULL,
		pw_option_number, AT(vlan), 0, PW_OPTION_VLAN_MAX},
	{"gateway", "ADDR", NULL, "next hop for everything not on-link; one of each IP version",
		"the address of a host on the network of an --ip, or a link-local one",
		read_gateway, AT(gateway)},
	{"route", "PREFIX via HOP[@PORT[.VLAN]]", NULL,
		"next hop for a prefix, or for 'default'; the longest prefix wins; may be "
		"repeated",
		"as '10.9.0.0/16 via 10.77.0.254', with HOP on the network of an --ip or "
		"link-local; up to 64, each prefix once",
		read_route, AT(routes), .entry = "10.9.0.0/16 via 10.77.0.254"},
	{"http", "PORT", "80", "TCP port", NULL, pw_option_number, AT(http_port), 1, 65535},
	{"store-size", "SIZE", NULL,
		"hugepage memory for files; if not said, what the directory needs",
		"2M to 1024T, as 512M or 4G", pw_option_size, AT(store_bytes), UINT64_C(2) << 20,
		UINT64_C(1) << 50},
	{"index", "NAME", "index.html", "file served for its directory",
		"a file's name without a slash", read_file_name, AT(index)},
	{"autoindex", NULL, NULL, "list directories that have no index file", "true or false",
		pw_option_switch, AT(autoindex)},
	{"stats-period", "N", "0",
		"print port, TCP, HTTP and copy-ledger figures every N seconds; 0: not", NULL,
		pw_option_number, AT(stats_period_s), 0, PW_OPTION_DAY_S},
	{"idle", "spin|pause|sleep", "pause", "what a worker with nothing to do does", NULL,
		pw_option_choice, AT(idle), .names = pw_config_idle},
	{"spread", "auto|rss|software", "auto",
		"what brings a connection's frames to its worker: the device where it can, "
		"the device or an error, the workers",
		NULL, pw_option_choice, AT(spread), .names = spread_names},
	{"drain", "SECONDS", "10",
		"on SIGINT or SIGTERM finish what runs, at most this long, then exit", NULL,
		pw_option_number, AT(drain_s), 0, PW_OPTION_DAY_S},
	{"arena", "eal|hugetlbfs", "eal", "whose hugepages hold the files", NULL, pw_option_choice,
		AT(arena), .names = arena_names},
	{"mtu", "BYTES", NULL, "of the device ports; if not said, what the device has", NULL,
		pw_option_number, AT(mtu), 576, 65000},
	{"cc", "NAME[@ADDR]", "cubic",
		"congestion control, of all connections or of those to the address ADDR; may be "
		"repeated",
		"cubic, newreno, dctcp or bbr, and behind an @ the address of an --ip; up to 64 "
		"addresses, each once",
		read_cc, AT(cc), .entry = "bbr@10.77.0.1"},
	{"ecn", "off|accept|on", "accept",
		"let routers mark instead of drop: never, when the peer asks, or ask ourselves",
		NULL, pw_option_choice, AT(ecn), .names = pw_config_ecn},
	{"pacing", NULL, NULL, "spread what may be sent over the round trip", "true or false",
		pw_option_switch, AT(pacing)},
	{"fast-open", NULL, NULL, "take requests that come with a SYN and a cookie (RFC 7413)",
		"true or false", pw_option_switch, AT(fast_open)},
	{"max-connections", "N", "16384", "TCP connections at a time", NULL, pw_option_number,
		AT(max_connections), 16, 4000000},
	{"trace", "N", "2048", "connections traced at a time, by each worker; 0: none", NULL,
		pw_option_number, AT(max_traced), 0, PW_TCP_TRACED_MAX},
	{"trace-events", "N", "128", "events remembered of each", "16 to 4096, a power of two",
		read_trace_events, AT(trace_events), PW_TCP_TRACE_EVENTS_MIN,
		PW_TCP_TRACE_EVENTS_MAX},
	{"tcp-metrics", "N", "4096",
		"peers whose round trip, losses and path MTU are remembered for their next "
		"connections, by each worker; 0: none",
		NULL, pw_option_number, AT(max_metrics), 0, PW_TCP_METRICS_MAX},
	{"max-head", "SIZE", "8K", "longest head of a request", "1K to 32K", pw_option_size,
		AT(max_head_bytes), 1024, 32768},
	{"timeout-idle", "SECONDS", "60", "close a connection that asks for nothing", NULL,
		pw_option_number, AT(timeout_idle_s), 1, PW_OPTION_DAY_S},
	{"timeout-head", "SECONDS", "10", "answer 408 when a request's head takes longer", NULL,
		pw_option_number, AT(timeout_head_s), 1, PW_OPTION_DAY_S},
	{"timeout-body", "SECONDS", "30", "close when a request's body takes longer", NULL,
		pw_option_number, AT(timeout_body_s), 1, PW_OPTION_DAY_S},
	{"timeout-send", "SECONDS", "60", "reset a peer that does not read", NULL, pw_option_number,
		AT(timeout_send_s), 1, PW_OPTION_DAY_S},
	{"control", "PATH", NULL,
		"control socket, for pagewire-ctl, or off; if not said, pagewire.sock in DPDK's "
		"runtime directory",
		"a path, or off", pw_option_text, AT(control)},
	{"interactive", NULL, NULL, "prompt for commands; also -i", NULL, pw_option_switch,
		AT(interactive), .only_cmdline = true, .letter = 'i'},
	{"prove", NULL, NULL,
		"make the files' memory unreadable to pagewire itself: if it touches a byte of "
		"it, it says which and ends with status 3",
		"true or false", pw_option_switch, AT(prove)},
	{"config", "FILE", NULL, "the same settings from a YAML file; the command line wins",
		"a file that can be read", pw_option_text, AT(file), .only_cmdline = true},
	{"help", NULL, NULL, "print this", NULL, pw_option_switch, AT(help), .only_cmdline = true},
	{"version", NULL, NULL, "print the version", NULL, pw_option_switch, AT(version),
		.only_cmdline = true},
};

static void
clear_list(void *ctx, const struct pw_option *o)
{
	struct pw_config *cfg = ctx;

	if (o->read == read_ip) {
		cfg->n_ips = 0;
	} else if (o->read == read_route) {
		cfg->n_routes = 0;
	} else {
		cfg->n_cc_of = 0;
		o->read(cfg, o, o->dflt);
	}
}

bool
pw_config_has_hop(const struct pw_option_ip *ip, const struct pw_addr *hop,
	const struct pw_option_place *place)
{
	return pw_option_is_gateway(hop, ip) &&
	       (place == NULL || !place->said ||
		       (place->port == ip->place.port && place->vlan == ip->place.vlan));
}

/* Is @p hop another host on the network of an --ip, at @p place if that is said? */
static bool
hop_is_on_link(
	const struct pw_config *cfg, const struct pw_addr *hop, const struct pw_option_place *place)
{
	uint32_t i;

	for (i = 0; i < cfg->n_ips; i++)
		if (pw_config_has_hop(&cfg->ips[i], hop, place))
			return true;
	return hop->b[0] == 0xfe && (hop->b[1] & 0xc0) == 0x80;
}

static uint32_t check_together(void *ctx, FILE *err);

static const struct pw_option_set set = {
	.program = "pagewire",
	.usage = "usage: pagewire [EAL options] -- --root DIR --ip ADDR/PREFIX [options]\n"
		 "\n"
		 "Serve a directory by HTTP from hugepages, over a TCP of our own.\n"
		 "\n"
		 "EAL options are DPDK's: lcores, devices, memory. For example\n"
		 "  pagewire --lcores 0@0 --no-pci --vdev net_tap0,iface=pw0 -- \\\n"
		 "           --root /srv/www --ip 10.77.0.1/24\n"
		 "\n"
		 "options, with [defaults] and what is allowed:\n",
	.usage_after = "\n"
		       "A --config file is YAML, one setting a line, by the same names:\n"
		       "  root: /srv/www\n"
		       "  ip: [10.77.0.1/24]\n"
		       "  autoindex: true\n"
		       "\n"
		       "Exit status: 0 done, 1 failed while running, 2 a mistake in the options,\n"
		       "3 with --prove: a byte of a file was touched.\n",
	.table = settings,
	.n = RTE_DIM(settings),
	.help_at = offsetof(struct pw_config, help),
	.version_at = offsetof(struct pw_config, version),
	.file_at = offsetof(struct pw_config, file),
	.clear = clear_list,
	.check = check_together,
};
static_assert(RTE_DIM(settings) <= PW_OPTION_MAX, "settings beyond PW_OPTION_MAX");

/* Whoever names no VLAN is in that of --vlan. */
static void
settle_places(struct pw_config *cfg)
{
	uint32_t i;

	for (i = 0; i < cfg->n_ips; i++)
		if (cfg->ips[i].place.vlan == PW_OPTION_VLAN_UNSAID)
			cfg->ips[i].place.vlan = (uint16_t)cfg->vlan;
	for (i = 0; i < cfg->n_routes; i++)
		if (cfg->routes[i].place.vlan == PW_OPTION_VLAN_UNSAID)
			cfg->routes[i].place.vlan = (uint16_t)cfg->vlan;
}

static uint32_t
check_routes(const struct pw_config *cfg, FILE *err)
{
	char text[PW_ADDR_TEXT_MAX];
	uint32_t n_wrong = 0;
	uint32_t i;

	for (i = 0; i < cfg->n_routes; i++) {
		const struct pw_option_route *r = &cfg->routes[i];

		if (hop_is_on_link(cfg, &r->hop, &r->place))
			continue;
		pw_option_wrong(&set, "route", pw_addr_format(&r->hop, text),
			"is a next hop on the network of no --ip, or an --ip itself", err);
		n_wrong++;
	}
	return n_wrong;
}

/* RFC 8200 section 5: IPv6 is not spoken where less than 1280 bytes get through. */
static uint32_t
check_mtu(const struct pw_config *cfg, FILE *err)
{
	char text[16];
	uint32_t i;

	for (i = 0; i < cfg->n_ips; i++) {
		if (cfg->mtu == 0 || cfg->mtu >= 1280 || cfg->ips[i].by != PW_OPTION_IP_GIVEN ||
			pw_addr_is_v4(&cfg->ips[i].addr))
			continue;
		snprintf(text, sizeof(text), "%u", cfg->mtu);
		pw_option_wrong(
			&set, "mtu", text, "is too small for the IPv6 address of an --ip", err);
		return 1;
	}
	return 0;
}

static uint32_t
check_gateway(const struct pw_addr *gateway, const struct pw_config *cfg, FILE *err)
{
	static const struct pw_addr none;
	char text[PW_ADDR_TEXT_MAX];

	if (pw_addr_eq(gateway, &none) || hop_is_on_link(cfg, gateway, NULL))
		return 0;
	pw_option_wrong(&set, "gateway", pw_addr_format(gateway, text),
		"is on the network of no --ip, or an --ip itself", err);
	return 1;
}

bool
pw_config_may_have(const struct pw_config *cfg, const struct pw_addr *addr)
{
	uint32_t i;

	for (i = 0; i < cfg->n_ips; i++)
		if (cfg->ips[i].by != PW_OPTION_IP_GIVEN || pw_addr_eq(&cfg->ips[i].addr, addr))
			return true;
	return false;
}

static uint32_t
check_cc(const struct pw_config *cfg, FILE *err)
{
	char addr[PW_ADDR_TEXT_MAX], text[PW_ADDR_TEXT_MAX + 16];
	uint32_t i, n_wrong = 0;

	for (i = 0; i < cfg->n_cc_of; i++) {
		const struct pw_config_cc_of *of = &cfg->cc_of[i];

		if (pw_config_may_have(cfg, &of->addr))
			continue;
		snprintf(text, sizeof(text), "%s@%s", pw_config_cc[of->cc],
			pw_addr_format(&of->addr, addr));
		pw_option_wrong(&set, "cc", text, "is for the address of no --ip", err);
		n_wrong++;
	}
	return n_wrong;
}

static uint32_t
check_together(void *ctx, FILE *err)
{
	struct pw_config *cfg = ctx;
	uint32_t n_wrong = 0;

	if (cfg->root == NULL) {
		pw_option_missing(&set, "root", err);
		n_wrong++;
	}
	if (cfg->n_ips == 0) {
		pw_option_missing(&set, "ip", err);
		return n_wrong + 1;
	}
	settle_places(cfg);
	return n_wrong + check_mtu(cfg, err) + check_cc(cfg, err) + check_routes(cfg, err) +
	       check_gateway(&cfg->gateway, cfg, err) + check_gateway(&cfg->gateway6, cfg, err);
}

uint32_t
pw_config_init(struct pw_config *cfg, int argc, char **argv, FILE *err)
{
	*cfg = (struct pw_config){0};
	return pw_options_read(&set, cfg, argc, argv, err);
}

void
pw_config_fini(struct pw_config *cfg)
{
	free(cfg->root);
	free(cfg->index);
	free(cfg->file);
	free(cfg->control);
}

const char *
pw_config_format_place(const struct pw_option_place *place, char text[PW_CONFIG_PLACE_MAX])
{
	if (place->vlan == 0)
		snprintf(text, PW_CONFIG_PLACE_MAX, "%u", place->port);
	else
		snprintf(text, PW_CONFIG_PLACE_MAX, "%u.%u", place->port, place->vlan);
	return text;
}

const char *
pw_config_format_ip(const struct pw_option_ip *ip, char text[PW_CONFIG_IP_MAX])
{
	char addr[PW_ADDR_TEXT_MAX];

	if (ip->by == PW_OPTION_IP_GIVEN)
		snprintf(text, PW_CONFIG_IP_MAX, "%s/%u", pw_addr_format(&ip->addr, addr),
			ip->prefix);
	else
		snprintf(text, PW_CONFIG_IP_MAX, "%s",
			ip->by == PW_OPTION_IP_DHCP ? "dhcp" : "auto");
	return text;
}

/* The addresses, as they were given. */
static void
write_ips(const struct pw_config *cfg, char *out, size_t room)
{
	char one[PW_CONFIG_IP_MAX], place[PW_CONFIG_PLACE_MAX];
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < cfg->n_ips && len < room; i++)
		len += (size_t)snprintf(out + len, room - len, "%s%s@%s", i > 0 ? " " : "",
			pw_config_format_ip(&cfg->ips[i], one),
			pw_config_format_place(&cfg->ips[i].place, place));
}

static void
write_routes(const struct pw_config *cfg, char *out, size_t room)
{
	char dst[PW_ADDR_TEXT_MAX], hop[PW_ADDR_TEXT_MAX];
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < cfg->n_routes && len < room; i++) {
		const struct pw_option_route *r = &cfg->routes[i];

		len += (size_t)snprintf(out + len, room - len, "%s%s/%u via %s", i > 0 ? ", " : "",
			pw_addr_format(&r->dst, dst), r->bits - (pw_addr_is_v4(&r->dst) ? 96u : 0u),
			pw_addr_format(&r->hop, hop));
	}
}

static void
write_ccs(const struct pw_config *cfg, char *out, size_t room)
{
	char addr[PW_ADDR_TEXT_MAX];
	size_t len = (size_t)snprintf(out, room, "%s", pw_config_cc[cfg->cc]);
	uint32_t i;

	for (i = 0; i < cfg->n_cc_of && len < room; i++)
		len += (size_t)snprintf(out + len, room - len, " %s@%s",
			pw_config_cc[cfg->cc_of[i].cc], pw_addr_format(&cfg->cc_of[i].addr, addr));
}

static void
write_gateways(const struct pw_config *cfg, char *out, size_t room)
{
	static const struct pw_addr none;
	char v4[PW_ADDR_TEXT_MAX] = "", v6[PW_ADDR_TEXT_MAX] = "";

	if (!pw_addr_eq(&cfg->gateway, &none))
		pw_addr_format(&cfg->gateway, v4);
	if (!pw_addr_eq(&cfg->gateway6, &none))
		pw_addr_format(&cfg->gateway6, v6);
	snprintf(out, room, "%s%s%s", v4, *v4 != '\0' && *v6 != '\0' ? " " : "", v6);
}

/* The value of an option, by the kind of its reader. @return false: it has none */
static bool
write_value(const struct pw_config *cfg, const struct pw_option *o, char *out, size_t room)
{
	const void *field = (const char *)cfg + o->at;
	const char *text = "";

	*out = '\0';
	if (o->read == read_ip)
		write_ips(cfg, out, room);
	else if (o->read == read_route)
		write_routes(cfg, out, room);
	else if (o->read == pw_option_number || o->read == read_trace_events)
		snprintf(out, room, "%" PRIu32, *(const uint32_t *)field);
	else if (o->read == pw_option_size)
		snprintf(out, room, "%" PRIu64, *(const uint64_t *)field);
	else if (o->read == read_cc)
		write_ccs(cfg, out, room);
	else if (o->read == read_gateway)
		write_gateways(cfg, out, room);
	else if (o->read == pw_option_choice)
		text = o->names[*(const uint8_t *)field];
	else if (o->read == pw_option_switch)
		text = *(const bool *)field ? "true" : "false";
	else if (*(char *const *)field != NULL)
		text = *(char *const *)field;
	if (*text != '\0')
		snprintf(out, room, "%s", text);
	return *out != '\0';
}

void
pw_config_each(const struct pw_config *cfg,
	void (*fn)(void *ctx, const char *name, const char *text), void *ctx)
{
	char text[8192];
	uint32_t i;

	for (i = 0; i < RTE_DIM(settings); i++)
		if (!settings[i].only_cmdline && write_value(cfg, &settings[i], text, sizeof(text)))
			fn(ctx, settings[i].name, text);
}

void
pw_config_help(FILE *out)
{
	pw_options_help(&set, out);
}
