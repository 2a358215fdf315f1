/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Where an address is, and routes.
 */
#include <stdlib.h>
#include <string.h>
#include "pw_option.h"

const char *
pw_option_cut_place(char *text, struct pw_option_place *place)
{
	char *at = strrchr(text, '@');
	uint64_t port, vlan = PW_OPTION_VLAN_UNSAID;
	const char *end;

	*place = (struct pw_option_place){.vlan = PW_OPTION_VLAN_UNSAID, .said = at != NULL};
	if (at == NULL)
		return NULL;
	end = pw_option_digits(at + 1, &port);
	*at = '\0';
	if (end == NULL || (*end != '\0' && *end != '.') || port > PW_OPTION_PORT_MAX)
		return "names no device port";
	if (*end == '.') {
		end = pw_option_digits(end + 1, &vlan);
		if (end == NULL || *end != '\0' || vlan > PW_OPTION_VLAN_MAX)
			return "names no VLAN";
	}
	place->port = (uint16_t)port;
	place->vlan = (uint16_t)vlan;
	return NULL;
}

/* Is nothing set behind the first @p bits? */
static bool
is_prefix(const struct pw_addr *a, uint32_t bits)
{
	struct pw_addr net = *a;
	uint32_t i;

	for (i = 0; i < sizeof(net.b); i++) {
		uint32_t keep = bits > 8 * i ? (uint32_t)pw_min(bits - 8 * i, 8) : 0;

		net.b[i] &= (uint8_t)(0xff00u >> keep);
	}
	return pw_addr_eq(a, &net);
}

/* "10.0.0.0/8", "2001:db8::/32"; "default" is of the family of @p hop. */
static const char *
parse_prefix(char *text, const struct pw_addr *hop, struct pw_option_route *route)
{
	uint64_t len;
	const char *end;
	char *slash = strchr(text, '/');
	uint32_t base;

	if (strcmp(text, "default") == 0) {
		route->dst = pw_addr_is_v4(hop) ? pw_addr_v4(0) : (struct pw_addr){0};
		route->bits = pw_addr_is_v4(hop) ? 96 : 0;
		return NULL;
	}
	if (slash == NULL)
		return "lacks the /LENGTH of its prefix";
	*slash = '\0';
	if (pw_addr_parse(text, &route->dst) != 0)
		return "is not a route to an address";
	base = pw_addr_is_v4(&route->dst) ? 96 : 0;
	end = pw_option_digits(slash + 1, &len);
	if (end == NULL || *end != '\0' || len > 128 - base)
		return "has an impossible prefix";
	route->bits = (uint8_t)(base + len);
	if (pw_addr_is_v4(&route->dst) != pw_addr_is_v4(hop))
		return "leads from one IP version to the other";
	return is_prefix(&route->dst, route->bits) ? NULL : "has bits set behind its prefix";
}

const char *
pw_option_parse_route(const char *text, struct pw_option_route *route)
{
	static const char via[] = " via ";
	const char *wrong;
	char buf[128];
	char *hop;

	snprintf(buf, sizeof(buf), "%s", text);
	hop = strstr(buf, via);
	if (hop == NULL)
		return "says no 'via'";
	*hop = '\0';
	hop += strlen(via);
	wrong = pw_option_cut_place(hop, &route->place);
	if (wrong == NULL)
		wrong = pw_option_parse_host(hop, &route->hop);
	return wrong != NULL ? wrong : parse_prefix(buf, &route->hop, route);
}
