/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_icmp6.h"
#include "pw_wire_ip4.h"
#include "pw_wire_ip6.h"
#include "pw_wire_tcp.h"

/* Options of RFC 8200 section 4.2 that are looked into. */
enum {
	OPT_PAD1 = 0,
	OPT_PADN = 1,
};

/* What an unknown option asks for, in its two highest bits. */
enum {
	UNKNOWN_SKIP = 0,
	UNKNOWN_DROP = 1,
	UNKNOWN_REPORT = 2,
	UNKNOWN_REPORT_ALONE = 3, /* not when it was sent to a group */
};

#define EXT_UNIT 8 /* extension headers come in so many bytes */
#define UDP_HLEN 8

/* A packet being walked. */
struct walk {
	const uint8_t *p;
	uint32_t len;
	struct pw_ip6_chain *out;
};

static enum pw_drop
problem(struct walk *w, enum pw_drop why, uint8_t code, uint32_t at)
{
	w->out->report = true;
	w->out->code = code;
	w->out->pointer = at;
	return why;
}

static enum pw_drop
unknown_option(struct walk *w, uint32_t at)
{
	uint8_t how = w->p[at] >> 6;

	if (how == UNKNOWN_SKIP)
		return PW_OK;
	if (how == UNKNOWN_REPORT || (how == UNKNOWN_REPORT_ALONE && w->p[24] != 0xff))
		return problem(w, PW_DROP_IP6_OPTION, PW_ICMP6_PARAM_OPTION, at);
	return PW_DROP_IP6_OPTION;
}

/* The options of a header whose bytes from @p at to @p end are there. */
static enum pw_drop
walk_options(struct walk *w, uint32_t at, uint32_t end)
{
	uint32_t n = 0, olen;

	for (at += 2; at < end; at += olen) {
		enum pw_drop why = PW_OK;

		if (++n > PW_IP6_OPTS_MAX)
			return PW_DROP_IP6_EXT_LIMIT;
		olen = 1;
		if (w->p[at] == OPT_PAD1)
			continue;
		if (end - at < 2 || w->p[at + 1] > end - at - 2)
			return PW_DROP_IP6_EXT;
		olen = 2u + w->p[at + 1];
		if (w->p[at] != OPT_PADN)
			why = unknown_option(w, at);
		if (why != PW_OK)
			return why;
	}
	return PW_OK;
}

static enum pw_drop
walk_routing(struct walk *w, uint32_t at)
{
	if (w->p[at + 3] == 0) /* no segments left: whatever its type, it is behind us */
		return PW_OK;
	return problem(w, PW_DROP_IP6_ROUTING, PW_ICMP6_PARAM_FIELD, at + 2);
}

/* RFC 7112: what layer 4 needs to be told apart must be in the first fragment. */
static bool
has_layer4(const struct walk *w)
{
	uint32_t room = w->len - w->out->l4;

	switch (w->out->proto) {
	case PW_IP_PROTO_TCP:
		return room >= PW_TCP_HLEN_MIN;
	case PW_IP_PROTO_UDP:
		return room >= UDP_HLEN;
	case PW_IP_PROTO_ICMP6:
		return room >= PW_ICMP6_HLEN;
	default:
		return true;
	}
}

/* One extension header of @p hlen bytes, all there, at out->l4. */
static enum pw_drop
walk_one(struct walk *w, uint32_t hlen)
{
	uint32_t at = w->out->l4;

	switch (w->out->proto) {
	case PW_IP6_HOP_BY_HOP:
		if (at != PW_IP6_HLEN)
			return problem(w, PW_DROP_IP6_EXT, PW_ICMP6_PARAM_NEXT, w->out->named_at);
		return walk_options(w, at, at + hlen);
	case PW_IP6_DST_OPTS:
		return walk_options(w, at, at + hlen);
	case PW_IP6_ROUTING:
		return walk_routing(w, at);
	default: /* a fragment header; a second one is nobody's who means well */
		if (w->out->frag != 0)
			return PW_DROP_IP6_EXT;
		w->out->frag = at;
		w->out->frag_named_at = w->out->named_at;
		return PW_OK;
	}
}

static bool
is_extension(uint8_t next)
{
	return next == PW_IP6_HOP_BY_HOP || next == PW_IP6_DST_OPTS || next == PW_IP6_ROUTING ||
	       next == PW_IP6_FRAGMENT;
}

/* Headers, one after the other, until one that is none, or a part that is not the first. */
static enum pw_drop
walk_all(struct walk *w, bool *later)
{
	struct pw_ip6_chain *out = w->out;
	uint32_t n = 0;

	while (is_extension(out->proto)) {
		enum pw_drop why;
		uint32_t hlen;

		if (++n > PW_IP6_EXTS_MAX)
			return PW_DROP_IP6_EXT_LIMIT;
		if (w->len - out->l4 < EXT_UNIT)
			return PW_DROP_IP6_CHAIN;
		hlen = out->proto == PW_IP6_FRAGMENT ? EXT_UNIT
						     : EXT_UNIT * (1u + w->p[out->l4 + 1]);
		if (hlen > w->len - out->l4)
			return PW_DROP_IP6_CHAIN;
		why = walk_one(w, hlen);
		if (why != PW_OK)
			return why;
		*later = out->frag == out->l4 && (pw_get_be16(w->p + out->l4 + 2) & 0xfff8) != 0;
		if (*later)
			return PW_OK;
		out->proto = w->p[out->l4];
		out->named_at = out->l4;
		out->l4 += hlen;
	}
	return PW_OK;
}

enum pw_drop
pw_ip6_walk(const uint8_t *p, struct pw_ip6_chain *out)
{
	struct walk w = {.p = p, .len = PW_IP6_HLEN + pw_get_be16(p + 4), .out = out};
	bool later = false;
	enum pw_drop why;

	*out = (struct pw_ip6_chain){.l4 = PW_IP6_HLEN, .named_at = 6, .proto = p[6]};
	why = walk_all(&w, &later);
	if (why != PW_OK || out->frag == 0)
		return why;
	if (later || (p[out->frag + 3] & 1)) {
		if (!later && !has_layer4(&w))
			return PW_DROP_IP6_CHAIN;
		out->proto = PW_IP6_FRAGMENT;
	}
	return PW_OK;
}

struct pw_addr
pw_ip6_all_nodes(void)
{
	return (struct pw_addr){.b = {0xff, 0x02, [15] = 1}};
}

struct pw_addr
pw_ip6_all_routers(void)
{
	return (struct pw_addr){.b = {0xff, 0x02, [15] = 2}};
}

struct pw_addr
pw_ip6_solicited_node(const struct pw_addr *a)
{
	return (struct pw_addr){.b = {0xff, 0x02, [11] = 1, 0xff, a->b[13], a->b[14], a->b[15]}};
}

struct pw_addr
pw_ip6_link_local(const uint8_t mac[6])
{
	return (struct pw_addr){.b = {0xfe, 0x80, [8] = mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe,
					mac[3], mac[4], mac[5]}};
}
