/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Every setting there is, and how its value is read.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "ctl_priv.h"

static const char *const idle_names[] = {"spin", "pause", "sleep", NULL};
static const char *const arena_names[] = {"eal", "hugetlbfs", NULL};
const char *const pw_config_cc[] = {"cubic", "newreno", NULL};

static void *
field(struct pw_config *cfg, const struct setting *s)
{
	return (char *)cfg + s->at;
}

/* Digits only: no sign, no blank, no base. Returns the first byte behind them, or NULL. */
static const char *
scan_u64(const char *text, uint64_t *out)
{
	uint64_t v = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		v = v > (UINT64_MAX - digit) / 10 ? UINT64_MAX : v * 10 + digit;
	}
	*out = v;
	return text;
}

static const char *
out_of_bounds(const struct setting *s, uint64_t v)
{
	if (v < s->min)
		return "is too small";
	return v > s->max ? "is too large" : NULL;
}

static const char *
read_number(struct pw_config *cfg, const struct setting *s, const char *text)
{
	const char *wrong;
	const char *end;
	uint64_t v;

	end = scan_u64(text, &v);
	if (end == NULL || *end != '\0')
		return "is not a whole number";
	wrong = out_of_bounds(s, v);
	if (wrong == NULL)
		*(uint32_t *)field(cfg, s) = (uint32_t)v;
	return wrong;
}

/* The power of two that a letter behind a size stands for, or -1. */
static int
size_shift(const char *unit)
{
	static const char letters[] = "KMGT";
	const char *at;

	if (*unit == '\0')
		return 0;
	at = strchr(letters, *unit & ~0x20);
	return at == NULL || unit[1] != '\0' ? -1 : 10 * (int)(at - letters + 1);
}

static const char *
read_size(struct pw_config *cfg, const struct setting *s, const char *text)
{
	const char *wrong;
	const char *end;
	uint64_t v;
	int shift;

	end = scan_u64(text, &v);
	shift = end == NULL ? -1 : size_shift(end);
	if (shift < 0)
		return "is not a size";
	if (v > UINT64_MAX >> shift)
		return "is too large";
	v <<= shift;
	wrong = out_of_bounds(s, v);
	if (wrong == NULL)
		*(uint64_t *)field(cfg, s) = v;
	return wrong;
}

static const char *
read_choice(struct pw_config *cfg, const struct setting *s, const char *text)
{
	uint8_t i;

	for (i = 0; s->names[i] != NULL; i++) {
		if (strcmp(s->names[i], text) == 0) {
			*(uint8_t *)field(cfg, s) = i;
			return NULL;
		}
	}
	return "is not one of them";
}

static const char *
read_switch(struct pw_config *cfg, const struct setting *s, const char *text)
{
	bool yes = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;

	if (!yes && strcmp(text, "false") != 0 && strcmp(text, "no") != 0)
		return "is neither";
	*(bool *)field(cfg, s) = yes;
	return NULL;
}

static const char *
read_text(struct pw_config *cfg, const struct setting *s, const char *text)
{
	char **at = field(cfg, s);

	if (*text == '\0')
		return "is empty";
	free(*at);
	*at = strdup(text);
	return *at == NULL ? "does not fit the memory" : NULL;
}

static const char *
read_dir(struct pw_config *cfg, const struct setting *s, const char *text)
{
	struct stat st;

	if (*text == '\0')
		return "is empty";
	if (stat(text, &st) != 0)
		return errno == ENOENT ? "does not exist" : "cannot be looked at";
	if (!S_ISDIR(st.st_mode))
		return "is not a directory";
	return read_text(cfg, s, text);
}

static const char *
read_file_name(struct pw_config *cfg, const struct setting *s, const char *text)
{
	if (strchr(text, '/') != NULL)
		return "has a slash";
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return "is a directory";
	return read_text(cfg, s, text);
}

/* An address that a host may have and be reached by (RFC 1122 section 3.2.1.3). */
static const char *
read_host(const char *text, struct pw_addr *out)
{
	uint32_t v4;

	if (pw_addr_parse(text, out) != 0)
		return "is not an IPv4 address";
	if (!pw_addr_is_v4(out))
		return "is an IPv6 address, and pagewire speaks IPv4 only";
	v4 = rte_be_to_cpu_32(pw_addr_get_v4(out));
	if (v4 >> 28 == 0xe)
		return "is a multicast address";
	if (v4 >> 24 == 127)
		return "is a loopback address";
	if (v4 >> 24 == 0 || v4 >> 28 == 0xf)
		return "is an address that no host may have";
	return NULL;
}

/* The host part must be neither all zeroes nor all ones; RFC 3021 frees /31. */
static const char *
check_host_part(const struct pw_config_ip *ip)
{
	uint32_t host_mask;
	uint32_t host;

	if (ip->prefix >= 31)
		return NULL;
	host_mask = UINT32_MAX >> ip->prefix;
	host = rte_be_to_cpu_32(pw_addr_get_v4(&ip->addr)) & host_mask;
	if (host == 0)
		return "is the address of the network itself";
	return host == host_mask ? "is the broadcast address of its network" : NULL;
}

static const char *
add_ip(struct pw_config *cfg, const struct pw_config_ip *ip)
{
	uint32_t i;

	for (i = 0; i < cfg->n_ips; i++)
		if (pw_addr_eq(&cfg->ips[i].addr, &ip->addr))
			return "is given twice";
	if (cfg->n_ips == PW_CONFIG_IPS_MAX)
		return "is one address too many";
	cfg->ips[cfg->n_ips++] = *ip;
	return NULL;
}

/* Cut @p text at its last @p mark; the number behind it goes to @p out. */
static bool
cut_number(char *text, char mark, uint64_t max, uint64_t *out)
{
	char *at = strrchr(text, mark);
	const char *end;

	if (at == NULL)
		return false;
	end = scan_u64(at + 1, out);
	*at = '\0';
	return end != NULL && *end == '\0' && *out <= max;
}

static const char *
read_ip(struct pw_config *cfg, const struct setting *s, const char *text)
{
	char buf[80] = "";
	struct pw_config_ip ip;
	uint64_t prefix = 0;
	uint64_t port = 0;
	const char *wrong;

	strncat(buf, text, sizeof(buf) - 1);
	if (strchr(buf, '@') != NULL && !cut_number(buf, '@', PW_CONFIG_PORTS_MAX - 1, &port))
		return "names no device port";
	if (strchr(buf, '/') == NULL)
		return "lacks its /PREFIX";
	if (!cut_number(buf, '/', 32, &prefix) || prefix == 0) {
		if (strchr(buf, ':') == NULL)
			return "has an impossible prefix";
	}
	wrong = read_host(buf, &ip.addr);
	if (wrong != NULL)
		return wrong;
	ip.prefix = (uint8_t)prefix;
	ip.port = (uint16_t)port;
	wrong = check_host_part(&ip);
	return wrong != NULL ? wrong : add_ip(cfg, &ip);
}

static const char *
read_gateway(struct pw_config *cfg, const struct setting *s, const char *text)
{
	return read_host(text, field(cfg, s));
}

#define AT(member) .at = offsetof(struct pw_config, member)
#define DAY_S	   86400

const struct setting settings[] = {
	{"root", "DIR", NULL, "directory to serve, with its sub-directories; required",
		"a directory that can be read", read_dir, AT(root)},
	{"ip", "ADDR/PREFIX[@PORT]", NULL,
		"an address of device port PORT [0]; may be repeated; required",
		"an IPv4 address of a host, a prefix of 1 to 32 bits, a port of 0 to 7; up to 64, "
		"each once",
		read_ip, AT(ips), .list = true},
	{"gateway", "ADDR", NULL, "next hop for everything not on-link",
		"the IPv4 address of a host on the network of an --ip", read_gateway, AT(gateway)},
	{"http", "PORT", "80", "TCP port", NULL, read_number, AT(http_port), 1, 65535},
	{"store-size", "SIZE", NULL,
		"hugepage memory for files; if not said, what the directory needs",
		"2M to 1024T, as 512M or 4G", read_size, AT(store_bytes), UINT64_C(2) << 20,
		UINT64_C(1) << 50},
	{"index", "NAME", "index.html", "file served for its directory",
		"a file's name without a slash", read_file_name, AT(index)},
	{"autoindex", NULL, NULL, "list directories that have no index file", "true or false",
		read_switch, AT(autoindex)},
	{"stats-period", "N", "0",
		"print port, TCP, HTTP and copy-ledger figures every N seconds; 0: not", NULL,
		read_number, AT(stats_period_s), 0, DAY_S},
	{"idle", "spin|pause|sleep", "pause", "what a worker with nothing to do does", NULL,
		read_choice, AT(idle), .names = idle_names},
	{"drain", "SECONDS", "10",
		"on SIGINT or SIGTERM finish what runs, at most this long, then exit", NULL,
		read_number, AT(drain_s), 0, DAY_S},
	{"arena", "eal|hugetlbfs", "eal", "whose hugepages hold the files", NULL, read_choice,
		AT(arena), .names = arena_names},
	{"mtu", "BYTES", NULL, "of the device ports; if not said, what the device has", NULL,
		read_number, AT(mtu), 576, 65000},
	{"cc", "cubic|newreno", "cubic", "congestion control", NULL, read_choice, AT(cc),
		.names = pw_config_cc},
	{"max-connections", "N", "16384", "TCP connections at a time", NULL, read_number,
		AT(max_connections), 16, 4000000},
	{"max-head", "SIZE", "8K", "longest head of a request", "1K to 32K", read_size,
		AT(max_head_bytes), 1024, 32768},
	{"timeout-idle", "SECONDS", "60", "close a connection that asks for nothing", NULL,
		read_number, AT(timeout_idle_s), 1, DAY_S},
	{"timeout-head", "SECONDS", "10", "answer 408 when a request's head takes longer", NULL,
		read_number, AT(timeout_head_s), 1, DAY_S},
	{"timeout-body", "SECONDS", "30", "close when a request's body takes longer", NULL,
		read_number, AT(timeout_body_s), 1, DAY_S},
	{"timeout-send", "SECONDS", "60", "reset a peer that does not read", NULL, read_number,
		AT(timeout_send_s), 1, DAY_S},
	{"config", "FILE", NULL, "the same settings from a YAML file; the command line wins",
		"a file that can be read", read_text, AT(file), .only_cmdline = true},
	{"help", NULL, NULL, "print this", NULL, read_switch, AT(help), .only_cmdline = true},
	{"version", NULL, NULL, "print the version", NULL, read_switch, AT(version),
		.only_cmdline = true},
};
const uint32_t n_settings = RTE_DIM(settings);
static_assert(RTE_DIM(settings) <= N_SETTINGS_MAX, "settings beyond N_SETTINGS_MAX");

void
setting_clear(struct pw_config *cfg, const struct setting *s)
{
	if (s->list)
		cfg->n_ips = 0; /* the only list there is */
}

void
setting_print_allowed(const struct setting *s, FILE *out)
{
	uint32_t i;

	if (s->allowed != NULL) {
		fputs(s->allowed, out);
	} else if (s->names != NULL) {
		for (i = 0; s->names[i] != NULL; i++)
			fprintf(out, "%s%s",
				i == 0			  ? ""
				: s->names[i + 1] == NULL ? " or "
							  : ", ",
				s->names[i]);
	} else {
		fprintf(out, "%" PRIu64 " to %" PRIu64, s->min, s->max);
	}
}

void
setting_complain(
	const struct setting *s, const char *where, const char *text, const char *what, FILE *err)
{
	fprintf(err, "pagewire: %s%s '%s' %s; allowed: ", where, s->name, text, what);
	setting_print_allowed(s, err);
	fputc('\n', err);
}
