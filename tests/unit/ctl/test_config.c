/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Settings: what is taken, and the exact words about what is not.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <CUnit/CUnit.h>
#include "pw_config.h"

#define ARGS_MAX 96

/* A command line, its outcome and its complaints. */
static struct rig {
	struct pw_config cfg;
	bool open;
	char *said;
	size_t said_len;
	char file[32]; /* a configuration file, "" when there is none */
} rig;

static void
forget(void)
{
	if (rig.open)
		pw_config_fini(&rig.cfg);
	free(rig.said);
	rig.said = NULL;
	rig.open = false;
}

static void
setup(void)
{
	rig = (struct rig){0};
}

static void
teardown(void)
{
	forget();
	if (rig.file[0] != '\0')
		unlink(rig.file);
}

/* Parse the words up to NULL. @return the number of mistakes */
static uint32_t
parse_words(const char *const *words)
{
	char *argv[ARGS_MAX] = {strdup("--")};
	char *copies[ARGS_MAX];
	uint32_t n_wrong;
	int argc = 1;
	FILE *err;
	int i;

	forget();
	for (; *words != NULL && argc < ARGS_MAX - 1; words++)
		argv[argc++] = strdup(*words);
	memcpy(copies, argv, sizeof(copies)); /* argv will be put in another order */
	err = open_memstream(&rig.said, &rig.said_len);
	n_wrong = pw_config_init(&rig.cfg, argc, argv, err);
	rig.open = true;
	fclose(err);
	for (i = 0; i < argc; i++)
		free(copies[i]);
	return n_wrong;
}

#define PARSE(...) parse_words((const char *const[]){__VA_ARGS__, NULL})
/* With what is always needed in front. */
#define PARSE_OK(...) PARSE("--root", "/", "--ip", "10.0.0.1/24", ##__VA_ARGS__)

/* The words @p arg and @p value are refused by exactly @p line. */
static void
refused(const char *arg, const char *value, const char *line)
{
	CU_ASSERT_EQUAL(PARSE_OK(arg, value), 1);
	CU_ASSERT_STRING_EQUAL(rig.said, line);
	if (strcmp(rig.said, line) != 0)
		fprintf(stderr, "\nsaid:   %swanted: %s", rig.said, line);
}

static void
write_file(const char *text)
{
	FILE *f;
	int fd;

	if (rig.file[0] == '\0') {
		strcpy(rig.file, "/tmp/pw-config-XXXXXX");
		fd = mkstemp(rig.file);
		CU_ASSERT_FATAL(fd >= 0);
		close(fd);
	}
	f = fopen(rig.file, "w");
	CU_ASSERT_FATAL(f != NULL);
	fputs(text, f);
	fclose(f);
}

/* The file @p text makes one mistake, told in @p line behind "pagewire: FILE". */
static void
file_refused(const char *text, const char *line)
{
	char whole[1024];

	write_file(text);
	snprintf(whole, sizeof(whole), "pagewire: %s%s", rig.file, line);
	CU_ASSERT_EQUAL(PARSE_OK("--config", rig.file), 1);
	CU_ASSERT_STRING_EQUAL(rig.said, whole);
	if (strcmp(rig.said, whole) != 0)
		fprintf(stderr, "\nsaid:   %swanted: %s", rig.said, whole);
}

static void
defaults_are_those_of_the_help(void)
{
	CU_ASSERT_EQUAL(PARSE_OK(), 0);
	CU_ASSERT_STRING_EQUAL(rig.said, "");
	CU_ASSERT_STRING_EQUAL(rig.cfg.root, "/");
	CU_ASSERT_STRING_EQUAL(rig.cfg.index, "index.html");
	CU_ASSERT_EQUAL(rig.cfg.http_port, 80);
	CU_ASSERT_EQUAL(rig.cfg.store_bytes, 0);
	CU_ASSERT_EQUAL(rig.cfg.stats_period_s, 0);
	CU_ASSERT_EQUAL(rig.cfg.drain_s, 10);
	CU_ASSERT_EQUAL(rig.cfg.mtu, 0);
	CU_ASSERT_EQUAL(rig.cfg.max_connections, 16384);
	CU_ASSERT_EQUAL(rig.cfg.max_traced, 2048);
	CU_ASSERT_EQUAL(rig.cfg.trace_events, 128);
	CU_ASSERT_EQUAL(rig.cfg.max_metrics, 4096);
	CU_ASSERT_EQUAL(rig.cfg.max_head_bytes, 8192);
	CU_ASSERT_EQUAL(rig.cfg.timeout_idle_s, 60);
	CU_ASSERT_EQUAL(rig.cfg.timeout_head_s, 10);
	CU_ASSERT_EQUAL(rig.cfg.timeout_body_s, 30);
	CU_ASSERT_EQUAL(rig.cfg.timeout_send_s, 60);
	CU_ASSERT_EQUAL(rig.cfg.idle, PW_IDLE_PAUSE);
	CU_ASSERT_EQUAL(rig.cfg.arena, PW_ARENA_EAL);
	CU_ASSERT_STRING_EQUAL(pw_config_cc[rig.cfg.cc], "cubic");
	CU_ASSERT_FALSE(rig.cfg.autoindex);
	CU_ASSERT_FALSE(pw_addr_is_v4(&rig.cfg.gateway));
}

static void
every_option_is_taken(void)
{
	CU_ASSERT_EQUAL(
		PARSE_OK("--gateway", "10.0.0.254", "--http=8080", "--store-size", "512M",
			"--index", "main.htm", "--autoindex", "--stats-period", "5", "--idle",
			"sleep", "--drain", "0", "--arena", "hugetlbfs", "--mtu", "9000", "--cc",
			"newreno", "--ecn", "on", "--max-connections", "1000000", "--max-head",
			"32k", "--timeout-idle", "1", "--timeout-head", "2", "--timeout-body", "3",
			"--timeout-send", "4"),
		0);
	CU_ASSERT_STRING_EQUAL(rig.said, "");
	CU_ASSERT_EQUAL(rig.cfg.http_port, 8080);
	CU_ASSERT_EQUAL(rig.cfg.store_bytes, UINT64_C(512) << 20);
	CU_ASSERT_STRING_EQUAL(rig.cfg.index, "main.htm");
	CU_ASSERT_TRUE(rig.cfg.autoindex);
	CU_ASSERT_EQUAL(rig.cfg.stats_period_s, 5);
	CU_ASSERT_EQUAL(rig.cfg.idle, PW_IDLE_SLEEP);
	CU_ASSERT_EQUAL(rig.cfg.drain_s, 0);
	CU_ASSERT_EQUAL(rig.cfg.arena, PW_ARENA_HUGETLBFS);
	CU_ASSERT_EQUAL(rig.cfg.mtu, 9000);
	CU_ASSERT_STRING_EQUAL(pw_config_cc[rig.cfg.cc], "newreno");
	CU_ASSERT_STRING_EQUAL(pw_config_ecn[rig.cfg.ecn], "on");
	CU_ASSERT_EQUAL(rig.cfg.max_connections, 1000000);
	CU_ASSERT_EQUAL(rig.cfg.max_head_bytes, 32768);
	CU_ASSERT_EQUAL(rig.cfg.timeout_idle_s, 1);
	CU_ASSERT_EQUAL(rig.cfg.timeout_send_s, 4);
	CU_ASSERT_TRUE(pw_addr_is_v4(&rig.cfg.gateway));
}

/* C169: one for all, and others for some addresses. */
static void
c169_congestion_control_by_address(void)
{
	struct pw_addr second;

	pw_addr_parse("10.0.0.2", &second);
	CU_ASSERT_EQUAL(
		PARSE_OK("--cc", "bbr@10.0.0.2", "--ip", "10.0.0.2/24", "--cc", "newreno"), 0);
	CU_ASSERT_STRING_EQUAL(pw_config_cc[rig.cfg.cc], "newreno");
	CU_ASSERT_EQUAL_FATAL(rig.cfg.n_cc_of, 1);
	CU_ASSERT_TRUE(pw_addr_eq(&rig.cfg.cc_of[0].addr, &second));
	CU_ASSERT_STRING_EQUAL(pw_config_cc[rig.cfg.cc_of[0].cc], "bbr");
	/* An address that a server or a router will give is not known yet. */
	CU_ASSERT_EQUAL(PARSE_OK("--cc", "bbr@10.9.0.2", "--ip", "dhcp@1"), 0);
	CU_ASSERT_EQUAL(PARSE_OK("--cc", "bbr@10.0.0.1", "--cc", "cubic@10.0.0.1"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "has an address that is given twice"));
	write_file("cc: [newreno, dctcp@10.0.0.1]\n");
	CU_ASSERT_EQUAL(PARSE_OK("--config", rig.file), 0);
	CU_ASSERT_STRING_EQUAL(pw_config_cc[rig.cfg.cc], "newreno");
	CU_ASSERT_EQUAL(rig.cfg.n_cc_of, 1);
	/* The command line's replace the file's. */
	CU_ASSERT_EQUAL(PARSE_OK("--config", rig.file, "--cc", "bbr@10.0.0.1"), 0);
	CU_ASSERT_STRING_EQUAL(pw_config_cc[rig.cfg.cc], "cubic");
	CU_ASSERT_STRING_EQUAL(pw_config_cc[rig.cfg.cc_of[0].cc], "bbr");
	file_refused("cc: bbr\n", " line 1: cc has the wrong shape; allowed: a list, as "
				  "[bbr@10.77.0.1]\n");
}

static void
addresses_are_taken_in_order(void)
{
	struct pw_addr second;

	CU_ASSERT_EQUAL(PARSE("--root", "/", "--ip", "10.0.0.1/24", "--ip", "192.0.2.7/31@7"), 0);
	CU_ASSERT_EQUAL_FATAL(rig.cfg.n_ips, 2);
	CU_ASSERT_EQUAL(rig.cfg.ips[0].prefix, 24);
	CU_ASSERT_EQUAL(rig.cfg.ips[0].place.port, 0);
	pw_addr_parse("192.0.2.7", &second);
	CU_ASSERT_TRUE(pw_addr_eq(&rig.cfg.ips[1].addr, &second));
	CU_ASSERT_EQUAL(rig.cfg.ips[1].prefix, 31);
	CU_ASSERT_EQUAL(rig.cfg.ips[1].place.port, 7);
}

static void
ipv6_is_taken_beside_ipv4(void)
{
	struct pw_addr gateway;

	CU_ASSERT_EQUAL(PARSE("--root", "/", "--ip", "10.0.0.1/24", "--ip", "fd00::2/64@1",
				"--gateway", "10.0.0.254", "--gateway", "fd00::1"),
		0);
	CU_ASSERT_EQUAL_FATAL(rig.cfg.n_ips, 2);
	CU_ASSERT_EQUAL(rig.cfg.ips[1].prefix, 64);
	CU_ASSERT_EQUAL(rig.cfg.ips[1].place.port, 1);
	CU_ASSERT_EQUAL(pw_option_ip_bits(&rig.cfg.ips[0]), 96 + 24);
	CU_ASSERT_EQUAL(pw_option_ip_bits(&rig.cfg.ips[1]), 64);
	pw_addr_parse("fd00::1", &gateway);
	CU_ASSERT_TRUE(pw_addr_is_v4(&rig.cfg.gateway));
	CU_ASSERT_TRUE(pw_addr_eq(&rig.cfg.gateway6, &gateway));
}

static void
addresses_may_come_from_the_network(void)
{
	CU_ASSERT_EQUAL(PARSE("--root", "/", "--ip", "auto", "--ip", "auto@1"), 0);
	CU_ASSERT_EQUAL_FATAL(rig.cfg.n_ips, 2);
	CU_ASSERT_EQUAL(rig.cfg.ips[0].by, PW_OPTION_IP_AUTO);
	CU_ASSERT_EQUAL(rig.cfg.ips[1].place.port, 1);
	CU_ASSERT_EQUAL(PARSE("--root", "/", "--ip", "auto", "--ip", "auto@0"), 1);
}

/* RFC 8200 section 5. */
static void
ipv6_needs_an_mtu_of_1280(void)
{
	CU_ASSERT_EQUAL(PARSE("--root", "/", "--ip", "fd00::2/64", "--mtu", "1279"), 1);
	CU_ASSERT_STRING_EQUAL(rig.said,
		"pagewire: --mtu '1279' is too small for the IPv6 address of an --ip; allowed: "
		"576 to 65000\n");
	CU_ASSERT_EQUAL(PARSE("--root", "/", "--ip", "fd00::2/64", "--mtu", "1280"), 0);
}

/* A VLAN is the address's own, or that of --vlan for whoever names none. */
static void
addresses_carry_their_vlan(void)
{
	CU_ASSERT_EQUAL(PARSE("--root", "/", "--ip", "10.0.0.1/24", "--ip", "10.1.0.1/24@1.4094",
				"--ip", "10.2.0.1/24@2", "--ip", "10.3.0.1/24@0.0"),
		0);
	CU_ASSERT_EQUAL(rig.cfg.ips[0].place.vlan, 0);
	CU_ASSERT_EQUAL(rig.cfg.ips[1].place.vlan, 4094);
	CU_ASSERT_EQUAL(rig.cfg.ips[1].place.port, 1);
	CU_ASSERT_EQUAL(
		PARSE("--root", "/", "--vlan", "7", "--ip", "10.0.0.1/24", "--ip",
			"10.1.0.1/24@1.9", "--ip", "10.2.0.1/24@2", "--ip", "10.3.0.1/24@0.0"),
		0);
	CU_ASSERT_EQUAL(rig.cfg.ips[0].place.vlan, 7);
	CU_ASSERT_EQUAL(rig.cfg.ips[1].place.vlan, 9);
	CU_ASSERT_EQUAL(rig.cfg.ips[2].place.vlan, 7);
	CU_ASSERT_EQUAL(rig.cfg.ips[2].place.port, 2);
	CU_ASSERT_EQUAL(rig.cfg.ips[3].place.vlan, 0);
	refused("--vlan", "4095", "pagewire: --vlan '4095' is too large; allowed: 0 to 4094\n");
}

static void
routes_are_taken(void)
{
	struct pw_addr hop;

	CU_ASSERT_EQUAL(PARSE_OK("--route", "10.9.0.0/16 via 10.0.0.254", "--route",
				"default via 10.0.0.253@0"),
		0);
	CU_ASSERT_EQUAL_FATAL(rig.cfg.n_routes, 2);
	pw_addr_parse("10.0.0.254", &hop);
	CU_ASSERT_TRUE(pw_addr_eq(&rig.cfg.routes[0].hop, &hop));
	CU_ASSERT_EQUAL(rig.cfg.routes[0].bits, 96 + 16);
	CU_ASSERT_EQUAL(rig.cfg.routes[0].dst.b[13], 9);
	CU_ASSERT_EQUAL(rig.cfg.routes[1].bits, 96);
	CU_ASSERT_EQUAL(pw_addr_get_v4(&rig.cfg.routes[1].dst), 0);
	write_file("root: /\nip: [10.0.0.1/24, 10.1.0.1/24]\n"
		   "route: [10.9.0.0/16 via 10.0.0.254, 10.8.0.0/16 via 10.1.0.254]\n");
	CU_ASSERT_EQUAL(PARSE("--config", rig.file), 0);
	CU_ASSERT_EQUAL(rig.cfg.n_routes, 2);
	CU_ASSERT_EQUAL(rig.cfg.n_ips, 2);
	CU_ASSERT_EQUAL(PARSE("--config", rig.file, "--route", "10.7.0.0/16 via 10.0.0.1"), 1);
	CU_ASSERT_EQUAL(rig.cfg.n_routes, 1); /* the command line's replace the file's */
	CU_ASSERT_EQUAL(rig.cfg.n_ips, 2);
}

#define ROUTE_ALLOWED                                                                         \
	"; allowed: as '10.9.0.0/16 via 10.77.0.254', with HOP on the network of an --ip or " \
	"link-local; up to 64, each prefix once\n"

static void
bad_routes_are_refused(void)
{
	static const char *const bad[][2] = {
		{"", "says no 'via'"},
		{"10.9.0.0/16 10.0.0.254", "says no 'via'"},
		{"10.9.0.0 via 10.0.0.254", "lacks the /LENGTH of its prefix"},
		{"10.9.0.0/33 via 10.0.0.254", "has an impossible prefix"},
		{"10.9.0.0/ via 10.0.0.254", "has an impossible prefix"},
		{"10.9.0.1/16 via 10.0.0.254", "has bits set behind its prefix"},
		{"10.9.0.0/15 via 10.0.0.254", "has bits set behind its prefix"},
		{"net/16 via 10.0.0.254", "is not a route to an address"},
		{"2001:db8::/32 via 10.0.0.254", "leads from one IP version to the other"},
		{"10.9.0.0/16 via ", "is not an IP address"},
		{"10.9.0.0/16 via 224.0.0.1", "is a multicast address"},
		{"10.9.0.0/16 via 10.0.0.254@8", "names no device port"},
		{"10.9.0.0/16 via 10.0.0.254@0.x", "names no VLAN"},
	};
	char line[256];
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		snprintf(line, sizeof(line), "pagewire: --route '%s' %s" ROUTE_ALLOWED, bad[i][0],
			bad[i][1]);
		refused("--route", bad[i][0], line);
	}
	CU_ASSERT_EQUAL(PARSE_OK("--route", "10.9.0.0/16 via 10.0.0.254", "--route",
				"10.9.0.0/16 via 10.0.0.253"),
		1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "has a prefix that is given twice"));
}

/* A next hop is a neighbour: on a network of ours, and where the route says that it is. */
static void
a_next_hop_is_on_link(void)
{
	static const char off[] = " is a next hop on the network of no --ip, or an --ip itself";

	CU_ASSERT_EQUAL(PARSE_OK("--route", "10.9.0.0/16 via 10.7.0.1"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, off));
	CU_ASSERT_EQUAL(PARSE_OK("--route", "10.9.0.0/16 via 10.0.0.1"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, off));
	CU_ASSERT_EQUAL(PARSE_OK("--route", "10.9.0.0/16 via 10.0.0.2@0.5"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, off));
	CU_ASSERT_EQUAL(PARSE("--root", "/", "--ip", "10.0.0.1/24@0.5", "--route",
				"10.9.0.0/16 via 10.0.0.2@0.5"),
		0);
}

#define CC_ALLOWED                                                                        \
	"cubic, newreno, dctcp or bbr, and behind an @ the address of an --ip; up to 64 " \
	"addresses, each once"
#define IP_ALLOWED                                                                               \
	"; allowed: an address of a host, a prefix of 1 to 32 bits (IPv6: 128), a port of 0 to " \
	"7, "                                                                                    \
	"a VLAN of 0 (untagged) to 4094; up to 64, each once\n"

static void
bad_addresses_are_refused(void)
{
	static const char *const bad[][2] = {
		{"10.0.0.2", "lacks its /PREFIX"},
		{"", "lacks its /PREFIX"},
		{"10.0.0.2/", "has an impossible prefix"},
		{"10.0.0.2/0", "has an impossible prefix"},
		{"10.0.0.2/33", "has an impossible prefix"},
		{"10.0.0.2/24x", "has an impossible prefix"},
		{"10.0.0.2/-1", "has an impossible prefix"},
		{"10.0.0.2/24@8", "names no device port"},
		{"10.0.0.2/24@", "names no device port"},
		{"10.0.0.2/24@eth0", "names no device port"},
		{"10.0.0.256/24", "is not an IP address"},
		{"10.0.2/24", "is not an IP address"},
		{"host/24", "is not an IP address"},
		{"2001:db8::1/129", "has an impossible prefix"},
		{"2001:db8::1/0", "has an impossible prefix"},
		{"2001:db8::/64", "is the address of the network itself"},
		{"2001:db8:::1/64", "is not an IP address"},
		{"ff02::1/64", "is a multicast address"},
		{"::1/64", "is a loopback address"},
		{"::/64", "is an address that no host may have"},
		{"::ffff:10.0.0.1/128", "has an impossible prefix"},
		{"10.0.0.2/24@0x1", "names no device port"},
		{"10.0.0.2/24@0.", "names no VLAN"},
		{"10.0.0.2/24@0.4095", "names no VLAN"},
		{"10.0.0.2/24@0.1.2", "names no VLAN"},
		{"224.0.0.1/24", "is a multicast address"},
		{"127.0.0.1/8", "is a loopback address"},
		{"0.0.0.0/24", "is an address that no host may have"},
		{"255.255.255.255/32", "is an address that no host may have"},
		{"10.0.0.0/24", "is the address of the network itself"},
		{"10.0.0.255/24", "is the broadcast address of its network"},
		{"10.0.0.1/16", "is given twice"},
	};
	char line[512];
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		snprintf(line, sizeof(line), "pagewire: --ip '%s' %s" IP_ALLOWED, bad[i][0],
			bad[i][1]);
		refused("--ip", bad[i][0], line);
	}
}

static void
too_many_addresses_are_refused(void)
{
	char text[(PW_CONFIG_IPS_MAX + 2) * 24] = "ip:\n";
	uint32_t i;

	for (i = 1; i <= PW_CONFIG_IPS_MAX + 1; i++)
		sprintf(text + strlen(text), "  - 10.0.0.%u/24\n", i);
	write_file(text);
	CU_ASSERT_EQUAL(PARSE("--root=/", "--config", rig.file), 1);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(rig.said, "line 66: ip '10.0.0.65/24' is one address too many"));
}

static void
bad_values_are_refused(void)
{
	static const char *const bad[][4] = {
		{"--root", "", "is empty", "a directory that can be read"},
		{"--root", "/nowhere/at/all", "does not exist", "a directory that can be read"},
		{"--root", "/etc/passwd", "is not a directory", "a directory that can be read"},
		{"--http", "0", "is too small", "1 to 65535"},
		{"--http", "65536", "is too large", "1 to 65535"},
		{"--http", "99999999999999999999999", "is too large", "1 to 65535"},
		{"--http", "http", "is not a whole number", "1 to 65535"},
		{"--http", "80x", "is not a whole number", "1 to 65535"},
		{"--http", "-1", "is not a whole number", "1 to 65535"},
		{"--http", " 80", "is not a whole number", "1 to 65535"},
		{"--http", "", "is not a whole number", "1 to 65535"},
		{"--store-size", "1M", "is too small", "2M to 1024T, as 512M or 4G"},
		{"--store-size", "4GB", "is not a size", "2M to 1024T, as 512M or 4G"},
		{"--store-size", "4X", "is not a size", "2M to 1024T, as 512M or 4G"},
		{"--store-size", "M", "is not a size", "2M to 1024T, as 512M or 4G"},
		{"--store-size", "99999999999999999T", "is too large",
			"2M to 1024T, as 512M or 4G"},
		{"--index", "", "is empty", "a file's name without a slash"},
		{"--index", "a/b", "has a slash", "a file's name without a slash"},
		{"--index", "..", "is a directory", "a file's name without a slash"},
		{"--stats-period", "86401", "is too large", "0 to 86400"},
		{"--idle", "nap", "is not one of them", "spin, pause or sleep"},
		{"--idle", "", "is not one of them", "spin, pause or sleep"},
		{"--drain", "1.5", "is not a whole number", "0 to 86400"},
		{"--arena", "heap", "is not one of them", "eal or hugetlbfs"},
		{"--mtu", "575", "is too small", "576 to 65000"},
		{"--mtu", "65001", "is too large", "576 to 65000"},
		{"--cc", "hybla", "is not one of them", CC_ALLOWED},
		{"--cc", "bbr2@10.0.0.1", "is not one of them", CC_ALLOWED},
		{"--cc", "bbr@", "is not an IP address", CC_ALLOWED},
		{"--cc", "bbr@10.0.0", "is not an IP address", CC_ALLOWED},
		{"--cc", "bbr@224.0.0.1", "is a multicast address", CC_ALLOWED},
		{"--cc", "bbr@10.0.0.9", "is for the address of no --ip", CC_ALLOWED},
		{"--ecn", "yes", "is not one of them", "off, accept or on"},
		{"--max-connections", "15", "is too small", "16 to 4000000"},
		{"--trace", "65536", "is too large", "0 to 65535"},
		{"--trace-events", "100", "is no power of two", "16 to 4096, a power of two"},
		{"--trace-events", "8", "is too small", "16 to 4096, a power of two"},
		{"--max-head", "33K", "is too large", "1K to 32K"},
		{"--timeout-idle", "0", "is too small", "1 to 86400"},
		{"--timeout-head", "0", "is too small", "1 to 86400"},
		{"--timeout-body", "0", "is too small", "1 to 86400"},
		{"--timeout-send", "0", "is too small", "1 to 86400"},
		{"--gateway", "10.0.0", "is not an IP address",
			"the address of a host on the network of an --ip, or a link-local one"},
		{"--gateway", "10.0.1.1", "is on the network of no --ip, or an --ip itself",
			"the address of a host on the network of an --ip, or a link-local one"},
		{"--gateway", "10.0.0.1", "is on the network of no --ip, or an --ip itself",
			"the address of a host on the network of an --ip, or a link-local one"},
	};
	char line[256];
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		snprintf(line, sizeof(line), "pagewire: %s '%s' %s; allowed: %s\n", bad[i][0],
			bad[i][1], bad[i][2], bad[i][3]);
		refused(bad[i][0], bad[i][1], line);
	}
}

static void
what_is_required_is_missed(void)
{
	CU_ASSERT_EQUAL(PARSE("--http", "81"), 2);
	CU_ASSERT_STRING_EQUAL(rig.said,
		"pagewire: --root DIR is missing; allowed: a directory that can be read\n"
		"pagewire: --ip ADDR/PREFIX[@PORT[.VLAN]] is missing" IP_ALLOWED);
}

static void
each_mistake_has_its_line(void)
{
	CU_ASSERT_EQUAL(PARSE("--root", "/nowhere", "--http", "0", "--idle", "x"), 3);
	CU_ASSERT_STRING_EQUAL(rig.said,
		"pagewire: --root '/nowhere' does not exist; allowed: a directory that can be "
		"read\n"
		"pagewire: --http '0' is too small; allowed: 1 to 65535\n"
		"pagewire: --idle 'x' is not one of them; allowed: spin, pause or sleep\n");
}

static void
words_that_are_no_options_are_refused(void)
{
	CU_ASSERT_EQUAL(PARSE_OK("--speed", "9"), 2);
	CU_ASSERT_EQUAL(
		strncmp(rig.said, "pagewire: unknown option '--speed'; allowed: --root --ip ", 56),
		0);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "pagewire: stray word '9'; allowed: --root "));
	CU_ASSERT_EQUAL(PARSE_OK("-x"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "unknown option '-x'"));
	CU_ASSERT_EQUAL(PARSE_OK("--autoindex=yes"), 1);
	CU_ASSERT_STRING_EQUAL(rig.said,
		"pagewire: '--autoindex=yes': --autoindex is a switch; allowed: no value\n");
	CU_ASSERT_EQUAL(PARSE_OK("--http"), 1);
	CU_ASSERT_STRING_EQUAL(
		rig.said, "pagewire: --http lacks its value PORT; allowed: 1 to 65535\n");
}

static void
help_and_version_need_nothing_else(void)
{
	CU_ASSERT_EQUAL(PARSE("--help"), 0);
	CU_ASSERT_TRUE(rig.cfg.help);
	CU_ASSERT_EQUAL(PARSE("--version", "--http", "0"), 0);
	CU_ASSERT_TRUE(rig.cfg.version);
	CU_ASSERT_STRING_EQUAL(rig.said, "");
}

static void
help_names_every_option(void)
{
	static const char *const names[] = {"--root DIR", "--ip ADDR/PREFIX[@PORT[.VLAN]]",
		"--gateway ADDR", "--http PORT", "--store-size SIZE", "--index NAME", "--autoindex",
		"--stats-period N", "--idle spin|pause|sleep", "--drain SECONDS", "--config FILE",
		"--help", "--version", "--arena eal|hugetlbfs", "--mtu BYTES"};
	char *text = NULL;
	size_t len;
	size_t i;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	pw_config_help(f);
	fclose(f);
	for (i = 0; i < RTE_DIM(names); i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(text, names[i]));
	free(text);
}

static void
a_file_says_the_same(void)
{
	write_file("# our site\n"
		   "root: /\n"
		   "ip:\n"
		   "  - 10.1.0.1/24\n"
		   "  - 10.2.0.1/24@1   # the second port\n"
		   "http: 8080\n"
		   "store-size: \"1G\"\n"
		   "autoindex: true\n"
		   "idle: spin\n");
	CU_ASSERT_EQUAL(PARSE("--config", rig.file), 0);
	CU_ASSERT_STRING_EQUAL(rig.said, "");
	CU_ASSERT_EQUAL(rig.cfg.n_ips, 2);
	CU_ASSERT_EQUAL(rig.cfg.ips[1].place.port, 1);
	CU_ASSERT_EQUAL(rig.cfg.http_port, 8080);
	CU_ASSERT_EQUAL(rig.cfg.store_bytes, UINT64_C(1) << 30);
	CU_ASSERT_TRUE(rig.cfg.autoindex);
	CU_ASSERT_EQUAL(rig.cfg.idle, PW_IDLE_SPIN);
}

static void
the_command_line_wins(void)
{
	write_file("root: /usr\nip: [10.1.0.1/24, 10.2.0.1/24]\nhttp: 8080\ndrain: 3\n");
	CU_ASSERT_EQUAL(PARSE_OK("--http", "81", "--config", rig.file), 0);
	CU_ASSERT_STRING_EQUAL(rig.cfg.root, "/");
	CU_ASSERT_EQUAL(rig.cfg.http_port, 81);
	CU_ASSERT_EQUAL(rig.cfg.drain_s, 3);
	CU_ASSERT_EQUAL(rig.cfg.n_ips, 1);
	CU_ASSERT_EQUAL(rig.cfg.ips[0].addr.b[13], 0);
}

static void
mistakes_in_a_file_name_their_line(void)
{
	file_refused("http: 80\n\nhttp-port: 81\n",
		" line 3: unknown setting 'http-port'; allowed: root ip vlan gateway route http "
		"store-size "
		"index autoindex stats-period idle spread drain arena mtu cc ecn pacing fast-open "
		"max-connections "
		"trace trace-events tcp-metrics max-head "
		"timeout-idle timeout-head timeout-body timeout-send control prove\n");
	file_refused("root: /\nhttp: 99999\n",
		" line 2: http '99999' is too large; allowed: 1 to 65535\n");
	file_refused("autoindex: maybe\n",
		" line 1: autoindex 'maybe' is neither; allowed: true or false\n");
	file_refused("# two\nip:\n  - 10.1.0.1/24\n  - 10.1.0.300/24\n",
		" line 4: ip '10.1.0.300/24' is not an IP address" IP_ALLOWED);
	file_refused("root: /\nip: 10.1.0.1/24\n",
		" line 2: ip has the wrong shape; allowed: a list, as [10.77.0.1/24]\n");
	file_refused("\nhttp: [80, 81]\n",
		" line 2: http has the wrong shape; allowed: a single value\n");
	file_refused("http:\n", " line 1: http '' is not a whole number; allowed: 1 to 65535\n");
	file_refused("config: x\n",
		" line 1: unknown setting 'config'; allowed: root ip vlan gateway route http "
		"store-size "
		"index autoindex stats-period idle spread drain arena mtu cc ecn pacing fast-open "
		"max-connections "
		"trace trace-events tcp-metrics max-head "
		"timeout-idle timeout-head timeout-body timeout-send control prove\n");
}

static void
text_that_is_no_yaml_is_refused(void)
{
	write_file("root: 'half\n");
	CU_ASSERT_EQUAL(PARSE_OK("--config", rig.file), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "line 1: libyaml: found unexpected end"));
	write_file("- root\n- ip\n");
	CU_ASSERT_EQUAL(PARSE_OK("--config", rig.file), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.said, "Expecting MAPPING"));
	write_file("");
	CU_ASSERT_EQUAL(PARSE_OK("--config", rig.file), 0);
	CU_ASSERT_EQUAL(PARSE_OK("--config", "/nowhere/at/all"), 1);
	CU_ASSERT_STRING_EQUAL(rig.said, "pagewire: --config '/nowhere/at/all': No such file or "
					 "directory; allowed: a file of at most 1 MiB\n");
	CU_ASSERT_EQUAL(PARSE_OK("--config", "/"), 1);
}

static CU_TestInfo tests[] = {
	{"defaults_are_those_of_the_help", defaults_are_those_of_the_help},
	{"c169_congestion_control_by_address", c169_congestion_control_by_address},
	{"every_option_is_taken", every_option_is_taken},
	{"addresses_are_taken_in_order", addresses_are_taken_in_order},
	{"ipv6_is_taken_beside_ipv4", ipv6_is_taken_beside_ipv4},
	{"addresses_may_come_from_the_network", addresses_may_come_from_the_network},
	{"ipv6_needs_an_mtu_of_1280", ipv6_needs_an_mtu_of_1280},
	{"addresses_carry_their_vlan", addresses_carry_their_vlan},
	{"routes_are_taken", routes_are_taken},
	{"bad_routes_are_refused", bad_routes_are_refused},
	{"a_next_hop_is_on_link", a_next_hop_is_on_link},
	{"bad_addresses_are_refused", bad_addresses_are_refused},
	{"too_many_addresses_are_refused", too_many_addresses_are_refused},
	{"bad_values_are_refused", bad_values_are_refused},
	{"what_is_required_is_missed", what_is_required_is_missed},
	{"each_mistake_has_its_line", each_mistake_has_its_line},
	{"words_that_are_no_options_are_refused", words_that_are_no_options_are_refused},
	{"help_and_version_need_nothing_else", help_and_version_need_nothing_else},
	{"help_names_every_option", help_names_every_option},
	{"a_file_says_the_same", a_file_says_the_same},
	{"the_command_line_wins", the_command_line_wins},
	{"mistakes_in_a_file_name_their_line", mistakes_in_a_file_name_their_line},
	{"text_that_is_no_yaml_is_refused", text_that_is_no_yaml_is_refused},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_ctl_config = {
	.pName = "ctl_config",
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
