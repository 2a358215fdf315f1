/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_OPTION_H
#define PW_OPTION_H

/**
 * @file
 * Options of a program: one table drives its command line, the keys of its
 * configuration file, --help, and the words "allowed: ..." behind a mistake.
 *
 * A program has a struct of settings, filled by reading, and a pw_option_set that
 * says which option goes where. All mistakes are told, one line each.
 *
 * Threads:  main, at start.
 */
#include <stdio.h>
#include "pw_addr.h"
#include "pw_base.h"

#define PW_OPTION_MAX	   64	 /**< options in a set */
#define PW_OPTION_PORT_MAX 7	 /**< highest number of a device port in ADDR/PREFIX@PORT */
#define PW_OPTION_DAY_S	   86400 /**< the longest time that is of use to anybody */

/** One option: `--name` on the command line, `name:` in the file. */
struct pw_option {
	const char *name;
	const char *arg;  /**< what --help calls its value; NULL: a switch */
	const char *dflt; /**< as the user would write it; NULL: none */
	const char *help;
	const char *allowed; /**< NULL: made from min and max, or from names */
	/** Take a value. @return NULL, or what is wrong with it: "is not a number" */
	const char *(*read)(void *cfg, const struct pw_option *o, const char *text);
	size_t at; /**< of its field in the struct of settings */
	uint64_t min;
	uint64_t max;
	const char *const *names; /**< of a choice, in the order of its enum; NULL at the end */
	const char *entry;	  /**< of a list: an example; else NULL */
	bool only_cmdline;
	char letter; /**< the same in short, for a switch; or 0 */
};

struct pw_option_set {
	const char *program;	 /**< the first word of every complaint */
	const char *usage;	 /**< what --help says before the options */
	const char *usage_after; /**< and behind them */
	const struct pw_option *table;
	uint32_t n;
	size_t help_at; /**< of the bool that --help sets */
	size_t version_at;
	size_t file_at; /**< of the char * that --config sets */
	/** Forget the entries of the list @p o: the command line's replace the file's. */
	void (*clear)(void *cfg, const struct pw_option *o);
	/** What is wrong though each value for itself is right. @return mistakes, told to @p err */
	uint32_t (*check)(void *cfg, FILE *err);
};

/**
 * Set defaults, then read @p argv (argv[0] is skipped, as main()'s is; the order of
 * its entries may change) and the file that --config names. What the command line
 * says wins. With --help or --version nothing else is checked.
 *
 * @param cfg  the settings, all zero
 * @param err  gets one line for each mistake
 * @return 0, or how many mistakes there are
 */
uint32_t pw_options_read(
	const struct pw_option_set *set, void *cfg, int argc, char **argv, FILE *err);

/** The text of --help. */
void pw_options_help(const struct pw_option_set *set, FILE *out);

/** The option that has this name; it must exist. */
const struct pw_option *pw_option_find(const struct pw_option_set *set, const char *name);

/** Tell that a required option is missing. */
void pw_option_missing(const struct pw_option_set *set, const char *name, FILE *err);

/** Tell that the value @p text of --name is wrong: @p what, as "is too small". */
void pw_option_wrong(const struct pw_option_set *set, const char *name, const char *text,
	const char *what, FILE *err);

/* Readers for the table; `at` is the offset of a field of the type named. */

/** Decimal, from min to max: uint32_t */
const char *pw_option_number(void *cfg, const struct pw_option *o, const char *text);
/** Decimal with K, M, G or T behind it, from min to max: uint64_t */
const char *pw_option_size(void *cfg, const struct pw_option *o, const char *text);
/** One of names: uint8_t */
const char *pw_option_choice(void *cfg, const struct pw_option *o, const char *text);
/** true or false: bool */
const char *pw_option_switch(void *cfg, const struct pw_option *o, const char *text);
/** Anything but nothing: char *, owned */
const char *pw_option_text(void *cfg, const struct pw_option *o, const char *text);
/** The address of a host: struct pw_addr */
const char *pw_option_host(void *cfg, const struct pw_option *o, const char *text);

#define PW_OPTION_VLAN_MAX    4094
#define PW_OPTION_VLAN_UNSAID UINT16_MAX

/** PORT[.VLAN]: where an address or a next hop is. */
struct pw_option_place {
	uint16_t port; /**< at most PW_OPTION_PORT_MAX */
	uint16_t vlan; /**< 0: untagged; PW_OPTION_VLAN_UNSAID: as --vlan has it */
	bool said;
};

/** How a place comes by an address. */
enum pw_option_ip_by {
	PW_OPTION_IP_GIVEN,
	PW_OPTION_IP_DHCP, /**< from a server (RFC 2131) */
	PW_OPTION_IP_AUTO, /**< by itself (RFC 3927) */
};

/** ADDR/PREFIX[@PORT[.VLAN]], dhcp or auto in place of the first: an address and where it is. */
struct pw_option_ip {
	enum pw_option_ip_by by; /**< other than GIVEN: neither addr nor prefix is set */
	struct pw_addr addr;
	uint8_t prefix; /**< 1 to 32, or to 128: IPv6 */
	struct pw_option_place place;
};

/** Length of its prefix of the 128 bits that an address of either family has. */
static inline uint32_t
pw_option_ip_bits(const struct pw_option_ip *ip)
{
	return (pw_addr_is_v4(&ip->addr) ? 96u : 0u) + ip->prefix;
}

/** Read one into @p ip. @return NULL, or what is wrong with it */
const char *pw_option_parse_ip(const char *text, struct pw_option_ip *ip);

/**
 * Cut the place at the end of @p text off, from its last '@' on; without one it is port 0.
 * @return NULL, or what is wrong with it
 */
const char *pw_option_cut_place(char *text, struct pw_option_place *place);

/** PREFIX via HOP[@PORT[.VLAN]] */
struct pw_option_route {
	struct pw_addr dst;
	uint8_t bits; /**< of the 128: an IPv4 /24 is 96 + 24 */
	struct pw_addr hop;
	struct pw_option_place place;
};

/** Read one into @p route. @return NULL, or what is wrong with it */
const char *pw_option_parse_route(const char *text, struct pw_option_route *route);

/** Read the address of a host (RFC 1122 section 3.2.1.3, RFC 4291). @return NULL, or what is wrong
 */
const char *pw_option_parse_host(const char *text, struct pw_addr *out);

/** Digits only: no sign, no blank, no base. @return the first byte behind them, or NULL */
const char *pw_option_digits(const char *text, uint64_t *out);

/** Can @p gateway be reached from @p ip, and is it another host? */
bool pw_option_is_gateway(const struct pw_addr *gateway, const struct pw_option_ip *ip);

#endif
