/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_CONFIG_H
#define PW_CONFIG_H

/**
 * @file
 * What the user asked for, from the command line and a file, checked.
 *
 * One table (config.c) names every setting. All mistakes are told, one line each,
 * before anything is allocated or opened.
 *
 * Threads:  main, at start; read-only after that.
 */
#include <stdio.h>
#include "pw_addr.h"
#include "pw_base.h"
#include "pw_loop.h"
#include "pw_option.h"

#define PW_CONFIG_IPS_MAX    64
#define PW_CONFIG_ROUTES_MAX 64
#define PW_CONFIG_PORTS_MAX  PW_LOOP_PORTS_MAX
#define PW_CONFIG_PLACE_MAX  16 /**< bytes of a place as text */
#define PW_CONFIG_IP_MAX     (PW_ADDR_TEXT_MAX + 4)

/** Where the pages of the store come from. */
enum pw_config_arena {
	PW_ARENA_EAL,	    /**< memory of the EAL's */
	PW_ARENA_HUGETLBFS, /**< libhugetlbfs, registered with the EAL and the devices */
};

/** Congestion control of one of our addresses. */
struct pw_config_cc_of {
	struct pw_addr addr;
	uint8_t cc; /**< index of pw_config_cc */
};

struct pw_config {
	char *root;
	struct pw_option_ip ips[PW_CONFIG_IPS_MAX]; /**< in the order given */
	uint32_t n_ips;
	uint32_t vlan;		 /**< of addresses that name none: that is in `ips` already */
	struct pw_addr gateway;	 /**< all zero: none */
	struct pw_addr gateway6; /**< likewise, of IPv6 */
	struct pw_option_route routes[PW_CONFIG_ROUTES_MAX];
	uint32_t n_routes;
	uint32_t http_port;
	uint64_t store_bytes; /**< 0: what the directory needs */
	char *index;
	bool autoindex;
	uint32_t stats_period_s; /**< 0: never */
	uint8_t idle;		 /**< enum pw_idle */
	uint8_t spread;		 /**< enum pw_port_spread */
	uint8_t arena;		 /**< enum pw_config_arena */
	uint8_t cc;		 /**< index of pw_config_cc: of addresses that have no other */
	struct pw_config_cc_of cc_of[PW_CONFIG_IPS_MAX];
	uint32_t n_cc_of;
	uint8_t ecn; /**< index of pw_config_ecn */
	bool pacing;
	bool fast_open;
	uint32_t drain_s;
	uint32_t mtu; /**< 0: what the device has */
	uint32_t max_connections;
	uint32_t max_traced;   /**< connections that are traced, a worker */
	uint32_t trace_events; /**< of each; a power of two */
	uint32_t max_metrics;  /**< paths to peers that a worker remembers */
	uint64_t max_head_bytes;
	uint32_t timeout_idle_s;
	uint32_t timeout_head_s;
	uint32_t timeout_body_s;
	uint32_t timeout_send_s;
	char *file;    /**< of --config, or NULL */
	char *control; /**< path of the control socket, "off", or NULL: the default */
	bool interactive;
	bool prove; /**< make the pages unreadable for ourselves */
	bool help;
	bool version;
};

/** Names of the congestion controls, in the order of pw_config.cc; NULL at the end. */
extern const char *const pw_config_cc[];
/** Likewise of the ways to be idle, in the order of enum pw_idle. */
extern const char *const pw_config_idle[];

/** What may be done about ECN, in the order of pw_config.ecn; NULL at the end. */
extern const char *const pw_config_ecn[];

/**
 * Read @p argv (argv[0] is skipped, as main()'s is; the order of its entries may
 * change) and the file that --config names. What the command line says wins.
 * With --help or --version nothing else is checked.
 *
 * @param err  gets one line for each mistake
 * @return 0, or how many mistakes there are. pw_config_fini() is due either way.
 */
uint32_t pw_config_init(struct pw_config *cfg, int argc, char **argv, FILE *err);
void pw_config_fini(struct pw_config *cfg);

/** Is @p hop another host on the network of @p ip, and that at @p place (NULL: anywhere)? */
bool pw_config_has_hop(const struct pw_option_ip *ip, const struct pw_addr *hop,
	const struct pw_option_place *place);

/** Is @p addr that of an --ip, or may one come to have it (dhcp, auto)? */
bool pw_config_may_have(const struct pw_config *cfg, const struct pw_addr *addr);

/** "10.77.0.1/24", "dhcp" or "auto". @return @p text */
const char *pw_config_format_ip(const struct pw_option_ip *ip, char text[PW_CONFIG_IP_MAX]);

/** "0", or with a VLAN "0.100". @return @p text */
const char *pw_config_format_place(
	const struct pw_option_place *place, char text[PW_CONFIG_PLACE_MAX]);

/** Call @p fn with each setting that has a value, as a user would write it. */
void pw_config_each(const struct pw_config *cfg,
	void (*fn)(void *ctx, const char *name, const char *text), void *ctx);

/** The text of --help. */
void pw_config_help(FILE *out);

#endif
