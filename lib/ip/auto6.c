/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "ip_priv.h"

#define MLD_RECORD_LEN	20
#define MLD_RECORDS_MAX 48 /* in one report: it fits any link */
#define MLD_EXCLUDE	2  /* RFC 3810 section 5.2.12: MODE_IS_EXCLUDE */
#define REPORT_DELAY_NS (500 * PW_NS_PER_MS)

static const struct pw_addr none;

/* ---- what we send: to groups, from where we may ---- */

/* Put an IPv6 header in front of the message of @p len bytes, and send it to its group. */
static void
send_to_group(struct pw_ip *ip, struct rte_mbuf *m, const struct pw_addr *src,
	const struct pw_addr *dst, uint8_t next, uint8_t hop_limit)
{
	struct pw_ip6_hdr h = {
		.src = *src,
		.dst = *dst,
		.payload_len = (uint16_t)m->pkt_len,
		.next = next,
		.hop_limit = hop_limit,
	};
	uint8_t *p = (uint8_t *)rte_pktmbuf_prepend(m, PW_IP6_HLEN);

	PW_ASSERT(p != NULL);
	pw_ip6_emit(p, &h);
	ip->stats.packets_out++;
	pw_link_to_group(ip->link, m, dst);
}

static struct rte_mbuf *
message(struct pw_ip *ip, uint32_t len)
{
	struct rte_mbuf *m = pw_seg_message(ip->seg, NULL, len);

	if (m == NULL)
		pw_drop_count(ip->drops, PW_DROP_NO_MBUF);
	return m;
}

/* Our link-local address if it may be used, or none. */
static struct pw_addr
link_local(const struct pw_ip *ip)
{
	const struct auto6 *a6 = &ip->auto6;
	uint32_t i;

	for (i = 0; i < a6->n_own; i++)
		if (a6->own[i].state == OWN6_GOOD && pw_ip6_is_link_local(&a6->own[i].a.addr))
			return a6->own[i].a.addr;
	return none;
}

/* RFC 4862 section 5.4.2: has anybody this address? */
static void
ask_for(struct pw_ip *ip, const struct pw_addr *a)
{
	struct pw_addr group = pw_ip6_solicited_node(a);
	struct pw_nd nd = {.target = *a};
	struct rte_mbuf *m = message(ip, PW_ND_NS_LEN);

	if (m == NULL)
		return;
	rte_pktmbuf_trim(m, (uint16_t)(PW_ND_NS_LEN - pw_nd_emit_ns(rte_pktmbuf_mtod(m, uint8_t *),
							      &nd, &none, &group)));
	send_to_group(ip, m, &none, &group, PW_IP_PROTO_ICMP6, PW_ND_HOP_LIMIT);
}

static void
ask_routers(struct pw_ip *ip)
{
	struct pw_addr src = link_local(ip), group = pw_ip6_all_routers();
	struct rte_mbuf *m;
	uint32_t len;

	if (pw_ip6_is_unspecified(&src))
		return;
	m = message(ip, PW_ND_RS_LEN);
	if (m == NULL)
		return;
	len = pw_nd_emit_rs(rte_pktmbuf_mtod(m, uint8_t *), pw_link_mac(ip->link), &src, &group);
	rte_pktmbuf_trim(m, (uint16_t)(PW_ND_RS_LEN - len));
	send_to_group(ip, m, &src, &group, PW_IP_PROTO_ICMP6, PW_ND_HOP_LIMIT);
}

/*
 * RFC 3810 section 5.2: in this order, hop-by-hop options that make routers look (RFC 2711),
 * the head of a report, and a record for the group of each address: we listen to all sources.
 */
static uint32_t
write_report(
	const struct pw_ip *ip, uint8_t *p, const struct pw_addr *src, const struct pw_addr *dst)
{
	static const uint8_t alert[8] = {PW_IP_PROTO_ICMP6, 0, 5, 2, 0, 0, 1, 0};
	struct pw_icmp6_hdr h = {.type = PW_ICMP6_MLD2_REPORT};
	const struct auto6 *a6 = &ip->auto6;
	uint32_t n = RTE_MIN(a6->n_own, (uint32_t)MLD_RECORDS_MAX);
	uint32_t len = sizeof(alert);
	uint32_t i;

	memcpy(p, alert, sizeof(alert));
	h.word = n;
	len += pw_icmp6_emit(p + len, &h);
	for (i = 0; i < n; i++) {
		struct pw_addr group = pw_ip6_solicited_node(&a6->own[i].a.addr);

		pw_put_be32(p + len, (uint32_t)MLD_EXCLUDE << 24);
		memcpy(p + len + 4, &group, sizeof(group));
		len += MLD_RECORD_LEN;
	}
	pw_icmp6_finish(p + sizeof(alert), len - (uint32_t)sizeof(alert), src, dst);
	return len;
}

static void
report_groups(struct pw_ip *ip)
{
	static const struct pw_addr group = {.b = {0xff, 0x02, [15] = 0x16}};
	struct pw_addr src = link_local(ip);
	uint32_t room = 16 + MLD_RECORDS_MAX * MLD_RECORD_LEN;
	struct rte_mbuf *m = message(ip, room);

	if (m == NULL)
		return;
	rte_pktmbuf_trim(m,
		(uint16_t)(room - write_report(ip, rte_pktmbuf_mtod(m, uint8_t *), &src, &group)));
	send_to_group(ip, m, &src, &group, PW_IP6_HOP_BY_HOP, 1);
}

/* ---- our addresses ---- */

static void
due(struct auto6 *a6, pw_ns at)
{
	a6->next_at = pw_min(a6->next_at, at);
}

static void
set_state(struct auto6 *a6, struct own6 *own, uint8_t state)
{
	a6->n_tentative -= own->state == OWN6_TENTATIVE && state != OWN6_TENTATIVE;
	own->state = state;
}

static struct own6 *
add(struct auto6 *a6, const struct pw_if_addr *a, pw_ns now)
{
	struct own6 *own;

	if (a6->n_own == AUTO6_OWN)
		return NULL;
	own = &a6->own[a6->n_own++];
	*own = (struct own6){.a = *a, .at = now + AUTO6_DAD_NS, .until = PW_NEVER};
	a6->n_tentative++;
	due(a6, now);
	return own;
}

int
auto6_add(struct pw_ip *ip, const struct pw_if_addr *a, pw_ns now)
{
	pw_link_addr_del(ip->link, &a->addr);
	return add(&ip->auto6, a, now) != NULL ? 0 : -ENOSPC;
}

bool
auto6_listens(const struct pw_ip *ip, const struct pw_addr *group)
{
	const struct pw_addr all = pw_ip6_all_nodes();
	const struct auto6 *a6 = &ip->auto6;
	uint32_t i;

	if (a6->n_own != 0 && pw_addr_eq(group, &all))
		return true;
	for (i = 0; i < a6->n_own && a6->n_tentative != 0; i++) {
		struct pw_addr own = pw_ip6_solicited_node(&a6->own[i].a.addr);

		if (a6->own[i].state == OWN6_TENTATIVE && pw_addr_eq(group, &own))
			return true;
	}
	return false;
}

static void
begin_use(struct pw_ip *ip, struct own6 *own)
{
	set_state(&ip->auto6, own, OWN6_GOOD);
	if (pw_ip_addr_add(ip, &own->a) == 0 && ip->auto6.speaks)
		pw_link_announce_one(ip->link, &own->a.addr);
}

static void
end_use(struct pw_ip *ip, uint32_t i)
{
	struct auto6 *a6 = &ip->auto6;
	struct own6 *own = &a6->own[i];

	pw_ip_addr_del(ip, &own->a.addr);
	a6->n_made -= own->made;
	a6->n_tentative -= own->state == OWN6_TENTATIVE;
	*own = a6->own[--a6->n_own];
}

/*
 * RFC 4862 section 5.4.3 and 5.4.4: who asks from :: wants it as well, who advertises has it.
 * A solicitation from an address is a neighbour's, and answered by nobody yet.
 */
void
auto6_heard(struct pw_ip *ip, const struct pw_nd_msg *m)
{
	struct auto6 *a6 = &ip->auto6;
	bool wants = m->p[0] == PW_ICMP6_NS && pw_ip6_is_unspecified(&m->src);
	struct pw_nd nd;
	uint32_t i;

	if (a6->n_tentative == 0 || (!wants && m->p[0] != PW_ICMP6_NA))
		return;
	if ((wants ? pw_nd_parse_ns(m, &nd) : pw_nd_parse_na(m, &nd)) != PW_OK)
		return;
	for (i = 0; i < a6->n_own; i++) {
		struct own6 *own = &a6->own[i];

		if (own->state != OWN6_TENTATIVE || !pw_addr_eq(&own->a.addr, &nd.target))
			continue;
		set_state(a6, own, OWN6_DUPLICATE);
		ip->stats.duplicates++;
	}
}

/* ---- what routers advertise ---- */

/* The most preferred of those that answer; of equals the one that was heard first. */
static const struct router6 *
best_router(const struct auto6 *a6)
{
	const struct router6 *best = NULL;
	uint32_t i;

	for (i = 0; i < a6->n_routers; i++) {
		const struct router6 *r = &a6->routers[i];

		if (!r->silent && (best == NULL || r->preference > best->preference))
			best = r;
	}
	return best;
}

/* RFC 4861 section 6.3.6; when none answers, all of them are tried again in turn. */
static void
choose_router(struct pw_ip *ip)
{
	struct auto6 *a6 = &ip->auto6;
	struct pw_ip_route route = {.bits = 0};
	const struct router6 *best = best_router(a6);
	uint32_t i;

	if (!a6->routes && route_is_given(ip, &none, 0))
		return;
	for (i = 0; i < a6->n_routers && best == NULL; i++)
		a6->routers[i].silent = false;
	if (best == NULL)
		best = best_router(a6);
	a6->routes = best != NULL;
	if (best == NULL) {
		pw_ip_route_del(ip, &none, 0);
		return;
	}
	route.hop = best->addr;
	pw_ip_route_add(ip, &route);
}

static void
note_router(struct pw_ip *ip, const struct pw_addr *addr, const struct pw_nd_ra *ra, pw_ns now)
{
	struct auto6 *a6 = &ip->auto6;
	uint32_t n = a6->n_routers;
	uint32_t i = 0;

	while (i < n && !pw_addr_eq(&a6->routers[i].addr, addr))
		i++;
	if (ra->lifetime_s == 0) {
		if (i == n)
			return;
		a6->n_routers--;
		memmove(&a6->routers[i], &a6->routers[i + 1],
			(a6->n_routers - i) * sizeof(a6->routers[0]));
	} else if (i < AUTO6_ROUTERS) {
		a6->n_routers = (uint8_t)RTE_MAX(a6->n_routers, i + 1);
		a6->routers[i] = (struct router6){.addr = *addr,
			.preference = ra->preference,
			.silent = i < n && a6->routers[i].silent,
			.until = now + ra->lifetime_s * PW_NS_PER_S};
		due(a6, a6->routers[i].until);
		if (a6->routers[i].silent) /* it speaks, but does it hear? */
			pw_link_look_for(ip->link, addr, now);
	}
	choose_router(ip);
}

void
auto6_neigh_news(void *ctx, const struct pw_addr *addr, bool is_there)
{
	struct pw_ip *ip = ctx;
	struct auto6 *a6 = &ip->auto6;
	uint32_t i;

	for (i = 0; i < a6->n_routers; i++) {
		struct router6 *r = &a6->routers[i];

		if (!pw_addr_eq(&r->addr, addr) || r->silent == !is_there)
			continue;
		r->silent = !is_there;
		choose_router(ip);
	}
}

/* RFC 4861 section 6.3.4, within bounds: who may say what he likes must not cut us off. */
static void
note_link(struct pw_ip *ip, const struct pw_nd_ra *ra)
{
	if (ra->hop_limit >= AUTO6_HOPS_MIN)
		ip->hop_limit6 = ra->hop_limit;
	if (ra->mtu >= PW_IP6_MTU_MIN && ra->mtu <= ip->mtu)
		ip->mtu6 = (uint16_t)ra->mtu;
	pw_link_set_times(ip->link, ra->reachable_ms * PW_NS_PER_MS, ra->retrans_ms * PW_NS_PER_MS);
}

/* RFC 4862 section 5.5.3 e: who may say what he likes must not take an address away at once. */
static pw_ns
new_end(pw_ns old, uint32_t valid_s, pw_ns now)
{
	pw_ns end = valid_s == PW_ND_FOREVER ? PW_NEVER : now + valid_s * PW_NS_PER_S;

	if (valid_s * PW_NS_PER_S > AUTO6_TWO_HOURS || end > old)
		return end;
	if (old <= now + AUTO6_TWO_HOURS)
		return old;
	return now + AUTO6_TWO_HOURS;
}

static bool
makes_an_address(const struct pw_nd_prefix *x)
{
	return x->autonomous && x->bits == 64 && x->preferred_s <= x->valid_s &&
	       x->prefix.b[0] != 0 && !pw_ip6_is_multicast(&x->prefix) &&
	       !pw_ip6_is_link_local(&x->prefix);
}

static void
note_prefix(struct pw_ip *ip, const struct pw_nd_prefix *x, pw_ns now)
{
	struct auto6 *a6 = &ip->auto6;
	struct pw_if_addr a = {.addr = pw_ip6_link_local(pw_link_mac(ip->link))};
	struct own6 *own = NULL;
	uint32_t i;

	if (!makes_an_address(x))
		return;
	a.addr.q[0] = x->prefix.q[0];
	a.prefix_bits = x->on_link ? 64 : 128;
	for (i = 0; i < a6->n_own; i++)
		if (pw_addr_eq(&a6->own[i].a.addr, &a.addr))
			own = &a6->own[i];
	if (own == NULL && x->valid_s != 0 && a6->n_made < AUTO6_PREFIXES) {
		own = add(a6, &a, now);
		if (own == NULL)
			return;
		own->made = true;
		own->until = now;
		a6->n_made++;
	}
	if (own == NULL || !own->made)
		return;
	own->until = new_end(own->until, x->valid_s, now);
	due(a6, own->until);
}

/* Also one that is still tentative: whoever is found to have it is a duplicate, not our router. */
static bool
is_own(const struct auto6 *a6, const struct pw_addr *addr)
{
	uint32_t i;

	for (i = 0; i < a6->n_own; i++)
		if (pw_addr_eq(&a6->own[i].a.addr, addr))
			return true;
	return false;
}

enum pw_drop
auto6_ra(struct pw_ip *ip, const struct pw_nd_msg *m, pw_ns now)
{
	struct pw_nd_ra ra;
	uint32_t i;

	if (is_own(&ip->auto6, &m->src))
		return PW_DROP_IP_LAND;
	if (pw_nd_parse_ra(m, &ra) != PW_OK)
		return PW_DROP_ND_BAD;
	if (!ip->auto6.takes_ra)
		return PW_DROP_ND_UNASKED;
	ip->auto6.heard_ra = true;
	note_link(ip, &ra);
	note_router(ip, &m->src, &ra, now);
	for (i = 0; i < ra.n_prefixes; i++)
		note_prefix(ip, &ra.prefixes[i], now);
	return PW_OK;
}

void
auto6_query(struct pw_ip *ip, pw_ns now)
{
	struct auto6 *a6 = &ip->auto6;

	if (!a6->speaks || a6->report_at != PW_NEVER || a6->n_own == 0)
		return;
	a6->report_at = now + REPORT_DELAY_NS;
	due(a6, a6->report_at);
}

/* ---- time ---- */

static void
step_own(struct pw_ip *ip, struct own6 *own, pw_ns now)
{
	struct auto6 *a6 = &ip->auto6;

	if (own->state != OWN6_TENTATIVE)
		return;
	if (!own->asked) {
		own->asked = true;
		own->at = now + AUTO6_DAD_NS;
		if (a6->speaks) {
			report_groups(ip); /* first, that the answer comes through a switch */
			ask_for(ip, &own->a.addr);
		}
	} else if (now >= own->at) {
		begin_use(ip, own);
		if (pw_ip6_is_link_local(&own->a.addr)) {
			a6->report_at = now; /* once more, from an address */
			a6->rs_at = now;
		}
	}
	if (own->state == OWN6_TENTATIVE)
		due(a6, own->at);
}

static void
step_routers(struct pw_ip *ip, pw_ns now)
{
	struct auto6 *a6 = &ip->auto6;
	uint32_t i = 0;

	while (i < a6->n_routers) {
		if (a6->routers[i].until <= now) {
			struct pw_nd_ra over = {.lifetime_s = 0};
			struct pw_addr addr = a6->routers[i].addr;

			note_router(ip, &addr, &over, now);
			continue;
		}
		due(a6, a6->routers[i].until);
		i++;
	}
}

static void
step_messages(struct pw_ip *ip, pw_ns now)
{
	struct auto6 *a6 = &ip->auto6;

	if (now >= a6->report_at) {
		a6->report_at = PW_NEVER;
		if (a6->speaks)
			report_groups(ip);
	}
	if (now >= a6->rs_at) {
		bool more = a6->speaks && a6->takes_ra && !a6->heard_ra &&
			    a6->rs_sent++ < AUTO6_RS_TRIES;

		a6->rs_at = more ? now + AUTO6_RS_NS : PW_NEVER;
		if (more)
			ask_routers(ip);
	}
	due(a6, pw_min(a6->report_at, a6->rs_at));
}

void
pw_ip_run(struct pw_ip *ip, pw_ns now)
{
	struct auto6 *a6 = &ip->auto6;
	uint32_t i;

	if (now < a6->next_at)
		return;
	a6->next_at = PW_NEVER;
	for (i = 0; i < a6->n_own;) {
		if (a6->own[i].until <= now) {
			end_use(ip, i);
			continue;
		}
		due(a6, a6->own[i].until);
		step_own(ip, &a6->own[i], now);
		i++;
	}
	step_routers(ip, now);
	step_messages(ip, now);
}

pw_ns
pw_ip_next(const struct pw_ip *ip)
{
	return ip->auto6.next_at;
}

void
pw_ip_overhear(struct pw_ip *ip, const uint8_t *p, uint32_t len, pw_ns now)
{
	struct pw_ip6_hdr h;
	struct pw_nd_msg m;
	enum pw_drop why;

	if (!pw_ip6_check(p, len, &why))
		return;
	pw_ip6_parse(p, &h);
	m = (struct pw_nd_msg){
		.p = p + PW_IP6_HLEN,
		.len = h.payload_len,
		.hop_limit = h.hop_limit,
		.src = h.src,
		.dst = h.dst,
	};
	if (h.next != PW_IP_PROTO_ICMP6 || pw_ip_is_local(ip, &h.src) ||
		pw_icmp6_check(m.p, m.len, &m.src, &m.dst) != PW_OK)
		return;
	auto6_heard(ip, &m);
	if (m.p[0] == PW_ICMP6_RA)
		auto6_ra(ip, &m, now);
	else
		pw_link_nd(ip->link, &m, false, now);
}
