/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_nd.h"

/* Options of RFC 4861 section 4.6. */
enum {
	OPT_SOURCE_MAC = 1,
	OPT_TARGET_MAC = 2,
};

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
