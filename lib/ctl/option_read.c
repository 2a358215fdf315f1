/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * How the value of an option is read.
 */
#include <stdlib.h>
#include <string.h>
#include "pw_option.h"

static void *
field(void *cfg, const struct pw_option *o)
{
	return (char *)cfg + o->at;
}

const char *
pw_option_digits(const char *text, uint64_t *out)
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
out_of_bounds(const struct pw_option *o, uint64_t v)
{
	if (v < o->min)
		return "is too small";
	return v > o->max ? "is too large" : NULL;
}

const char *
pw_option_number(void *cfg, const struct pw_option *o, const char *text)
{
	const char *wrong;
	const char *end;
	uint64_t v;

	end = pw_option_digits(text, &v);
	if (end == NULL || *end != '\0')
		return "is not a whole number";
	wrong = out_of_bounds(o, v);
	if (wrong == NULL)
		*(uint32_t *)field(cfg, o) = (uint32_t)v;
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

const char *
pw_option_size(void *cfg, const struct pw_option *o, const char *text)
{
	const char *wrong;
	const char *end;
	uint64_t v;
	int shift;

	end = pw_option_digits(text, &v);
	shift = end == NULL ? -1 : size_shift(end);
	if (shift < 0)
		return "is not a size";
	if (v > UINT64_MAX >> shift)
		return "is too large";
	v <<= shift;
	wrong = out_of_bounds(o, v);
	if (wrong == NULL)
		*(uint64_t *)field(cfg, o) = v;
	return wrong;
}

const char *
pw_option_choice(void *cfg, const struct pw_option *o, const char *text)
{
	uint8_t i;

	for (i = 0; o->names[i] != NULL; i++) {
		if (strcmp(o->names[i], text) == 0) {
			*(uint8_t *)field(cfg, o) = i;
			return NULL;
		}
	}
	return "is not one of them";
}

const char *
pw_option_switch(void *cfg, const struct pw_option *o, const char *text)
{
	bool yes = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;

	if (!yes && strcmp(text, "false") != 0 && strcmp(text, "no") != 0)
		return "is neither";
	*(bool *)field(cfg, o) = yes;
	return NULL;
}

const char *
pw_option_text(void *cfg, const struct pw_option *o, const char *text)
{
	char **at = field(cfg, o);

	if (*text == '\0')
		return "is empty";
	free(*at);
	*at = strdup(text);
	return *at == NULL ? "does not fit the memory" : NULL;
}

static const char *
check_host6(const struct pw_addr *a)
{
	static const struct pw_addr loopback = {.b = {[15] = 1}};

	if (a->b[0] == 0xff)
		return "is a multicast address";
	if (pw_addr_eq(a, &loopback))
		return "is a loopback address";
	return a->b[0] == 0 ? "is an address that no host may have" : NULL;
}

const char *
pw_option_parse_host(const char *text, struct pw_addr *out)
{
	uint32_t v4;

	if (pw_addr_parse(text, out) != 0)
		return "is not an IP address";
	if (!pw_addr_is_v4(out))
		return check_host6(out);
	v4 = rte_be_to_cpu_32(pw_addr_get_v4(out));
	if (v4 >> 28 == 0xe)
		return "is a multicast address";
	if (v4 >> 24 == 127)
		return "is a loopback address";
	if (v4 >> 24 == 0 || v4 >> 28 == 0xf)
		return "is an address that no host may have";
	return NULL;
}

const char *
pw_option_host(void *cfg, const struct pw_option *o, const char *text)
{
	return pw_option_parse_host(text, field(cfg, o));
}

/* All zeroes are the routers' (RFC 4291 section 2.6.1); of a /127 none is (RFC 6164). */
static const char *
check_host_part6(const struct pw_option_ip *ip)
{
	struct pw_addr low = ip->addr;
	uint32_t bit;

	if (ip->prefix >= 127)
		return NULL;
	for (bit = 0; bit < ip->prefix; bit++)
		low.b[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	return (low.q[0] | low.q[1]) == 0 ? "is the address of the network itself" : NULL;
}

/* The host part must be neither all zeroes nor all ones; RFC 3021 frees /31. */
static const char *
check_host_part(const struct pw_option_ip *ip)
{
	uint32_t host_mask;
	uint32_t host;

	if (!pw_addr_is_v4(&ip->addr))
		return check_host_part6(ip);
	if (ip->prefix > 32)
		return "has an impossible prefix";
	if (ip->prefix >= 31)
		return NULL;
	host_mask = UINT32_MAX >> ip->prefix;
	host = rte_be_to_cpu_32(pw_addr_get_v4(&ip->addr)) & host_mask;
	if (host == 0)
		return "is the address of the network itself";
	return host == host_mask ? "is the broadcast address of its network" : NULL;
}

/* Cut @p text at its last @p mark; the number behind it goes to @p out. */
static bool
cut_number(char *text, char mark, uint64_t max, uint64_t *out)
{
	char *at = strrchr(text, mark);
	const char *end;

	if (at == NULL)
		return false;
	end = pw_option_digits(at + 1, out);
	*at = '\0';
	return end != NULL && *end == '\0' && *out <= max;
}

const char *
pw_option_parse_ip(const char *text, struct pw_option_ip *ip)
{
	char buf[80];
	uint64_t prefix = 0;
	const char *wrong;

	snprintf(buf, sizeof(buf), "%s", text);
	wrong = pw_option_cut_place(buf, &ip->place);
	if (wrong != NULL)
		return wrong;
	*ip = (struct pw_option_ip){.place = ip->place};
	if (strcmp(buf, "dhcp") == 0)
		ip->by = PW_OPTION_IP_DHCP;
	if (strcmp(buf, "auto") == 0)
		ip->by = PW_OPTION_IP_AUTO;
	if (ip->by != PW_OPTION_IP_GIVEN)
		return NULL;
	if (strchr(buf, '/') == NULL)
		return "lacks its /PREFIX";
	if (!cut_number(buf, '/', 128, &prefix) || prefix == 0)
		return "has an impossible prefix";
	wrong = pw_option_parse_host(buf, &ip->addr);
	if (wrong != NULL)
		return wrong;
	ip->prefix = (uint8_t)prefix;
	return check_host_part(ip);
}

bool
pw_option_is_gateway(const struct pw_addr *gateway, const struct pw_option_ip *ip)
{
	return ip->by == PW_OPTION_IP_GIVEN && !pw_addr_eq(gateway, &ip->addr) &&
	       pw_addr_is_v4(gateway) == pw_addr_is_v4(&ip->addr) &&
	       pw_addr_same_net(gateway, &ip->addr, pw_option_ip_bits(ip));
}
