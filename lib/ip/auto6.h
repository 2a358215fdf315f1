/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef AUTO6_H
#define AUTO6_H

/**
 * @file
 * IPv6 addresses that come and go: duplicate address detection (RFC 4862 section 5.4),
 * addresses made of what routers advertise (section 5.5), those routers and what they say of
 * the link (RFC 4861 section 6.3, RFC 4191), and the reports by which switches learn our
 * groups (RFC 3810).
 *
 * Every worker takes what all of them hear and comes to the same addresses; one speaks for
 * all. Bounds: so many addresses, so many routers; what is beyond is not looked at.
 */
#include "pw_base.h"
#include "pw_link.h"
#include "pw_wire_nd.h"

#define AUTO6_OWN	72 /* addresses: given, link-local, and by prefix: */
#define AUTO6_PREFIXES	8
#define AUTO6_ROUTERS	4
#define AUTO6_DAD_NS	PW_NS_PER_S /* RFC 4861 section 10: RetransTimer */
#define AUTO6_RS_TRIES	3
#define AUTO6_RS_NS	(4 * PW_NS_PER_S)
#define AUTO6_TWO_HOURS (7200 * PW_NS_PER_S)
#define AUTO6_HOPS_MIN	32 /* with fewer, who is far away would not be reached any more */

enum own6_state {
	OWN6_TENTATIVE, /* may not be used yet */
	OWN6_GOOD,
	OWN6_DUPLICATE, /* somebody else has it: not used */
};

struct own6 {
	struct pw_if_addr a;
	uint8_t state; /* enum own6_state */
	bool asked;    /* whether anybody has it */
	bool made;     /* of a prefix that a router advertised */
	pw_ns at;      /* tentative: when it is found free */
	pw_ns until;   /* PW_NEVER: it stays */
};

struct router6 {
	struct pw_addr addr;
	int8_t preference;
	bool silent; /* it did not answer: only when none does */
	pw_ns until;
};

struct auto6 {
	bool speaks;   /* this worker, for all */
	bool takes_ra; /* addresses and routers are taken from advertisements */
	bool heard_ra;
	bool routes; /* the default route is one of ours: a given one is left alone */
	uint8_t rs_sent;
	uint8_t n_routers;
	uint32_t n_own;
	uint32_t n_made;
	uint32_t n_tentative;
	uint64_t duplicates;
	pw_ns rs_at;
	pw_ns report_at; /* PW_NEVER: no router asked which groups we are in */
	pw_ns next_at;	 /* when something is due */
	struct router6 routers[AUTO6_ROUTERS];
	struct own6 own[AUTO6_OWN];
};

struct pw_ip;

/** Begin with an address that is not known to be free. @return 0 or -ENOSPC */
int auto6_add(struct pw_ip *ip, const struct pw_if_addr *a, pw_ns now);

/** Is @p group that of a tentative address, or all nodes, where there are addresses? */
bool auto6_listens(const struct pw_ip *ip, const struct pw_addr *group);

/** A solicitation or advertisement: does it show that a tentative address is not free? */
void auto6_heard(struct pw_ip *ip, const struct pw_nd_msg *m);

/** A router advertisement. @return PW_OK or why it is not taken */
enum pw_drop auto6_ra(struct pw_ip *ip, const struct pw_nd_msg *m, pw_ns now);

/** Told by the link: does a neighbour, which may be a router, answer? @p ip: struct pw_ip */
void auto6_neigh_news(void *ip, const struct pw_addr *addr, bool is_there);

/** A router asks which groups we are in. */
void auto6_query(struct pw_ip *ip, pw_ns now);

#endif
