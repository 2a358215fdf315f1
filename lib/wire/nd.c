/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_nd.h"

/* Options of RFC 4861 section 4.6. */
enum {
	OPT_SOURCE_MAC = 1,
	OPT_TARGET_MAC = 2,
	OPT_PREFIX = 3,
	OPT_MTU = 5,
};

#define RA_HEAD_LEN    16
#define OPT_PREFIX_LEN 32

#define OPT_UNIT    8  /* their lengths are in so many bytes */
#define HEAD_LEN    24 /* of a solicitation or advertisement, the target included */
#define OPT_MAC_LEN OPT_UNIT

/* What every message must be like (sections 6.1 and 7.1). */
static bool
is_sound(const struct pw_nd_msg *m, uint32_t head)
{
	return m->hop_limit == PW_ND_HOP_LIMIT && m->p[1] == 0 && m->len >= head;
}

/*
 * Step over the option at @p at. @return its length; 0: none may be read, nor any that
 * follows (length 0, or cut)
 */
static uint32_t
opt_len(const struct pw_nd_msg *m, uint32_t at)
{
	uint32_t len;

	if (m->len - at < OPT_UNIT)
		return 0;
	len = OPT_UNIT * m->p[at + 1];
	return len > m->len - at ? 0 : len;
}

/* The link-layer address option of @p type among those behind the head. */
static bool
read_options(const struct pw_nd_msg *m, uint8_t type, struct pw_nd *out)
{
	uint32_t at, len;

	out->has_mac = false;
	for (at = HEAD_LEN; at < m->len; at += len) {
		len = opt_len(m, at);
		if (len == 0)
			return false;
		if (m->p[at] != type || len != OPT_MAC_LEN || out->has_mac)
			continue;
		memcpy(out->mac, m->p + at + 2, PW_ETH_ADDR_LEN);
		if (pw_mac_is_group(out->mac))
			return false;
		out->has_mac = true;
	}
	return true;
}

static bool
read_target(const struct pw_nd_msg *m, struct pw_nd *out)
{
	memcpy(&out->target, m->p + 8, sizeof(out->target));
	return pw_ip6_is_host(&out->target);
}

enum pw_drop
pw_nd_parse_ns(const struct pw_nd_msg *m, struct pw_nd *out)
{
	struct pw_addr group;

	if (!is_sound(m, HEAD_LEN) || !read_target(m, out) || !read_options(m, OPT_SOURCE_MAC, out))
		return PW_DROP_ND_BAD;
	out->flags = 0;
	if (!pw_ip6_is_unspecified(&m->src))
		return PW_OK;
	/* Somebody looks whether the address is free. */
	group = pw_ip6_solicited_node(&out->target);
	return out->has_mac || !pw_addr_eq(&m->dst, &group) ? PW_DROP_ND_BAD : PW_OK;
}

enum pw_drop
pw_nd_parse_na(const struct pw_nd_msg *m, struct pw_nd *out)
{
	if (!is_sound(m, HEAD_LEN) || !read_target(m, out) || !read_options(m, OPT_TARGET_MAC, out))
		return PW_DROP_ND_BAD;
	out->flags = m->p[4];
	if (pw_ip6_is_multicast(&m->dst) && (out->flags & PW_ND_SOLICITED))
		return PW_DROP_ND_BAD;
	return PW_OK;
}

static uint32_t
emit(uint8_t *p, uint8_t type, uint8_t opt, const struct pw_nd *nd, const struct pw_addr *src,
	const struct pw_addr *dst)
{
	struct pw_icmp6_hdr h = {.type = type, .word = (uint32_t)nd->flags << 24};
	uint32_t len = pw_icmp6_emit(p, &h);

	memcpy(p + len, &nd->target, sizeof(nd->target));
	len += sizeof(nd->target);
	if (nd->has_mac) {
		p[len] = opt;
		p[len + 1] = OPT_MAC_LEN / OPT_UNIT;
		memcpy(p + len + 2, nd->mac, PW_ETH_ADDR_LEN);
		len += OPT_MAC_LEN;
	}
	pw_icmp6_finish(p, len, src, dst);
	return len;
}

uint32_t
pw_nd_emit_ns(
	uint8_t *p, const struct pw_nd *nd, const struct pw_addr *src, const struct pw_addr *dst)
{
	return emit(p, PW_ICMP6_NS, OPT_SOURCE_MAC, nd, src, dst);
}

uint32_t
pw_nd_emit_na(
	uint8_t *p, const struct pw_nd *nd, const struct pw_addr *src, const struct pw_addr *dst)
{
	return emit(p, PW_ICMP6_NA, OPT_TARGET_MAC, nd, src, dst);
}

/* RFC 4191 section 2.2: the reserved value is as medium. */
static int8_t
preference_of(uint8_t flags)
{
	switch (flags >> 3 & 3) {
	case 1:
		return PW_ND_PREF_HIGH;
	case 3:
		return PW_ND_PREF_LOW;
	default:
		return PW_ND_PREF_MEDIUM;
	}
}

static void
read_prefix(const uint8_t *p, struct pw_nd_ra *out)
{
	struct pw_nd_prefix *x = &out->prefixes[out->n_prefixes];

	if (p[2] > 128 || out->n_prefixes == PW_ND_PREFIXES_MAX)
		return;
	x->bits = p[2];
	x->on_link = p[3] & 0x80;
	x->autonomous = p[3] & 0x40;
	x->valid_s = pw_get_be32(p + 4);
	x->preferred_s = pw_get_be32(p + 8);
	memcpy(&x->prefix, p + 16, sizeof(x->prefix));
	out->n_prefixes++;
}

enum pw_drop
pw_nd_parse_ra(const struct pw_nd_msg *m, struct pw_nd_ra *out)
{
	uint32_t at, len;

	if (!is_sound(m, RA_HEAD_LEN) || !pw_ip6_is_link_local(&m->src))
		return PW_DROP_ND_BAD;
	out->lifetime_s = pw_get_be16(m->p + 6);
	out->preference = preference_of(m->p[5]);
	out->hop_limit = m->p[4];
	out->reachable_ms = pw_get_be32(m->p + 8);
	out->retrans_ms = pw_get_be32(m->p + 12);
	out->mtu = 0;
	out->n_prefixes = 0;
	for (at = RA_HEAD_LEN; at < m->len; at += len) {
		len = opt_len(m, at);
		if (len == 0)
			return PW_DROP_ND_BAD;
		if (m->p[at] == OPT_PREFIX && len == OPT_PREFIX_LEN)
			read_prefix(m->p + at, out);
		else if (m->p[at] == OPT_MTU && len == OPT_UNIT)
			out->mtu = pw_get_be32(m->p + at + 4);
	}
	return PW_OK;
}

uint32_t
pw_nd_emit_rs(uint8_t *p, const uint8_t *mac, const struct pw_addr *src, const struct pw_addr *dst)
{
	struct pw_icmp6_hdr h = {.type = PW_ICMP6_RS};
	uint32_t len = pw_icmp6_emit(p, &h);

	if (mac != NULL) {
		p[len] = OPT_SOURCE_MAC;
		p[len + 1] = 1;
		memcpy(p + len + 2, mac, PW_ETH_ADDR_LEN);
		len += OPT_MAC_LEN;
	}
	pw_icmp6_finish(p, len, src, dst);
	return len;
}
