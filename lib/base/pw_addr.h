/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_ADDR_H
#define PW_ADDR_H

/**
 * @file
 * An IP address. IPv4 is held as an IPv4-mapped IPv6 address (RFC 4291
 * section 2.5.5.2), so that whatever keeps addresses has one path for both.
 */
#include <string.h>
#include <rte_byteorder.h>
#include "pw_base.h"

/** 16 bytes in network order. */
struct pw_addr {
	union {
		uint8_t b[16];
		uint64_t q[2];
		rte_be32_t d[4];
	};
};

#define PW_ADDR_TEXT_MAX 46 /**< bytes of the longest address as text, with its NUL */

#define PW_ADDR_HOST_MAX (PW_ADDR_TEXT_MAX + 2)

static inline struct pw_addr
pw_addr_v4(rte_be32_t v4)
{
	struct pw_addr a = {.d = {0, 0, RTE_BE32(0xffff), v4}};

	return a;
}

static inline bool
pw_addr_is_v4(const struct pw_addr *a)
{
	return a->q[0] == 0 && a->d[2] == RTE_BE32(0xffff);
}

/** The IPv4 address inside; only where pw_addr_is_v4(). */
static inline rte_be32_t
pw_addr_get_v4(const struct pw_addr *a)
{
	return a->d[3];
}

static inline bool
pw_addr_eq(const struct pw_addr *a, const struct pw_addr *b)
{
	return a->q[0] == b->q[0] && a->q[1] == b->q[1];
}

/** Same first @p bits; for an IPv4 prefix length n, bits is 96 + n. */
bool pw_addr_same_net(const struct pw_addr *a, const struct pw_addr *b, uint32_t bits);

/** Read "10.0.0.1" or "2001:db8::1". @return 0, or -EINVAL: @p out is untouched. */
int pw_addr_parse(const char *text, struct pw_addr *out);

/** Write as text, an IPv4 address in dotted form. @return @p text */
const char *pw_addr_format(const struct pw_addr *a, char text[PW_ADDR_TEXT_MAX]);

/** The same with IPv6 in brackets, as it stands in a URL and before a port. @return @p text */
const char *pw_addr_format_host(const struct pw_addr *a, char text[PW_ADDR_HOST_MAX]);

#endif
