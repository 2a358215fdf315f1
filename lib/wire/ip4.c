/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_ip4.h"

/* Option types of RFC 791 section 3.1 that are looked into. */
enum {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_RECORD_ROUTE = 7,
	OPT_TIMESTAMP = 68,
	OPT_LOOSE_ROUTE = 131,
	OPT_STRICT_ROUTE = 137,
};

/* Flags of a timestamp option. */
enum {
	TS_ONLY = 0,
	TS_AND_ADDR = 1,
	TS_PRESPECIFIED = 3,
};

/*
 * The pointer of a route or timestamp option counts from 1. Past the end it
 * says that the option is full; before the data, or with room for only a part
 * of an entry, the datagram is in error (RFC 791 section 3.1).
 */
static bool
pointer_ok(uint32_t ptr, uint32_t first, uint32_t entry, uint32_t len)
{
	return ptr >= first && (ptr > len || ptr + entry - 1 <= len);
}

static bool
route_ok(const uint8_t *p, uint32_t len)
{
	return len >= 3 && pointer_ok(p[2], 4, 4, len);
}

static bool
timestamp_ok(const uint8_t *p, uint32_t len)
{
	uint32_t flag;

	if (len < 4)
		return false;
	flag = p[3] & 0xf;
	if (flag != TS_ONLY && flag != TS_AND_ADDR && flag != TS_PRESPECIFIED)
		return false;
	return pointer_ok(p[2], 5, flag == TS_ONLY ? 4 : 8, len);
}

/* One option, all of whose @p len bytes are present. */
static enum pw_drop
check_opt(const uint8_t *p, uint32_t len)
{
	switch (p[0]) {
	case OPT_LOOSE_ROUTE:
	case OPT_STRICT_ROUTE:
		return PW_DROP_IP4_SOURCE_ROUTE;
	case OPT_RECORD_ROUTE:
		return route_ok(p, len) ? PW_OK : PW_DROP_IP4_OPTIONS;
	case OPT_TIMESTAMP:
		return timestamp_ok(p, len) ? PW_OK : PW_DROP_IP4_OPTIONS;
	default: /* RFC 1122 section 3.2.1.8: what is not understood is ignored */
		return PW_OK;
	}
}

enum pw_drop
pw_ip4_check_opts(const uint8_t *p, uint32_t len)
{
	uint32_t i, olen;

	for (i = 0; i < len && p[i] != OPT_END; i += olen) {
		enum pw_drop why;

		olen = 1;
		if (p[i] == OPT_NOP)
			continue;
		if (len - i < 2 || p[i + 1] < 2 || p[i + 1] > len - i)
			return PW_DROP_IP4_OPTIONS;
		olen = p[i + 1];
		why = check_opt(p + i, olen);
		if (why != PW_OK)
			return why;
	}
	return PW_OK;
}
