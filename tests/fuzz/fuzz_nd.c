/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Neighbour discovery, router advertisements and MLD: link and ip of one interface, on a port
 * without a device, that takes addresses from routers. The input is a list of steps: messages
 * as they should be or changed, packets of ours to somebody, time. What routers have said is
 * kept by a model that is written from RFC 4861 and 4862.
 */
#include "fuzz.h"
#include "../unit/link/rig_net.h"
#include "../unit/seg/rig_eal.h"
#include "pw_ip.h"

#define STEPS_MAX    200
#define NEIGHBOURS   8
#define MODEL_MAX    1024
#define PREFIXES_MAX 8 /* made of addresses at most, by docs/network.md */
#define MSG_AT	     (PW_ETH_HLEN + PW_IP6_HLEN)
#define S	     PW_NS_PER_S
#define FOREVER	     UINT32_MAX

/* What a router has said of itself last. */
struct said {
	struct pw_addr router;
	pw_ns until;
};

static struct rig_net net;
static struct pw_ip *ip;
static struct rig_buf f;

static struct run {
	uint32_t credit; /* frames that may still be answers */
	bool timed;	 /* what is sent now may be a timer's doing */
	uint32_t n_said;
	struct said said[MODEL_MAX];
	uint32_t n_prefixes;
	uint64_t prefixes[MODEL_MAX]; /* of which addresses may be made */
	bool for_ever;		      /* one of them never ends */
} run;

/* ---- what holds ---- */

static bool
is_given(const struct pw_addr *a)
{
	uint32_t i;

	for (i = 0; i < net.n_addrs; i++)
		if (pw_addr_eq(a, &net.addrs[i].addr))
			return true;
	return false;
}

/* Is the address one of the interface, or made of a prefix that a router has advertised? */
static void
check_source(const struct pw_addr *a)
{
	uint32_t i;

	for (i = 0; i < run.n_prefixes; i++)
		if (run.prefixes[i] == a->q[0])
			return;
	FUZZ_ASSERT(pw_ip6_is_unspecified(a) || is_given(a));
}

static void
check_nd(const struct pw_ip6_hdr *h, const uint8_t *p, uint32_t len)
{
	struct pw_nd_msg m = {
		.p = p, .len = len, .hop_limit = h->hop_limit, .src = h->src, .dst = h->dst};
	struct pw_nd nd;

	FUZZ_ASSERT(h->hop_limit == PW_ND_HOP_LIMIT);
	switch (p[0]) {
	case PW_ICMP6_NS:
		FUZZ_ASSERT(pw_nd_parse_ns(&m, &nd) == PW_OK);
		FUZZ_ASSERT(nd.has_mac != pw_ip6_is_unspecified(&h->src));
		FUZZ_ASSERT(!pw_ip_is_local(ip, &nd.target));
		break;
	case PW_ICMP6_NA:
		FUZZ_ASSERT(pw_nd_parse_na(&m, &nd) == PW_OK);
		FUZZ_ASSERT(nd.has_mac && pw_mac_eq(nd.mac, rig_our_mac));
		FUZZ_ASSERT(pw_ip_is_local(ip, &nd.target));
		FUZZ_ASSERT((nd.flags & PW_ND_ROUTER) == 0);
		break;
	default:
		FUZZ_ASSERT(p[0] == PW_ICMP6_RS && pw_ip6_is_link_local(&h->src));
	}
}

/* RFC 3810 section 5.2: whole records, each of a group that is one of ours. */
static void
check_report(const struct pw_ip6_hdr *h, const uint8_t *p, uint32_t len)
{
	uint32_t n = pw_get_be16(p + 6);

	FUZZ_ASSERT(p[0] == PW_ICMP6_MLD2_REPORT && h->hop_limit == 1);
	FUZZ_ASSERT(pw_ip6_is_link_local(&h->src) || pw_ip6_is_unspecified(&h->src));
	FUZZ_ASSERT(n >= 1 && len == PW_ICMP6_HLEN + 20 * n);
	while (n-- > 0)
		FUZZ_ASSERT(p[8 + 20 * n + 4] == 0xff);
}

static void
check_ip6(const struct rig_frame *sent)
{
	const uint8_t *p = sent->bytes + PW_ETH_HLEN;
	uint8_t group[PW_ETH_ADDR_LEN];
	struct pw_ip6_chain chain;
	struct pw_ip6_hdr h;
	enum pw_drop why;

	FUZZ_ASSERT(pw_ip6_check(p, sent->len - PW_ETH_HLEN, &why));
	pw_ip6_parse(p, &h);
	FUZZ_ASSERT(PW_IP6_HLEN + h.payload_len == sent->len - PW_ETH_HLEN);
	FUZZ_ASSERT(sent->len - PW_ETH_HLEN <= net.rp->port.mtu);
	if (pw_ip6_is_multicast(&h.dst)) {
		pw_ip6_group_mac(&h.dst, group);
		FUZZ_ASSERT(pw_mac_eq(sent->bytes, group));
	} else {
		FUZZ_ASSERT(!pw_mac_is_group(sent->bytes));
	}
	check_source(&h.src);
	FUZZ_ASSERT(pw_ip6_walk(p, &chain) == PW_OK);
	if (chain.proto != PW_IP_PROTO_ICMP6)
		return; /* a packet of ours that is no message */
	p += chain.l4;
	h.payload_len -= (uint16_t)(chain.l4 - PW_IP6_HLEN);
	FUZZ_ASSERT(pw_icmp6_check(p, h.payload_len, &h.src, &h.dst) == PW_OK);
	if (pw_icmp6_is_nd(p[0]))
		check_nd(&h, p, h.payload_len);
	else if (h.next == PW_IP6_HOP_BY_HOP)
		check_report(&h, p, h.payload_len);
}

static void
check_sent(void)
{
	uint32_t i;

	for (i = 0; i < rig_net_flush(&net); i++) {
		const struct rig_frame *sent = &net.rp->sent[i];

		FUZZ_ASSERT(sent->len >= MSG_AT && pw_mac_eq(sent->bytes + 6, rig_our_mac));
		FUZZ_ASSERT(pw_eth_type(sent->bytes, PW_ETH_HLEN) == PW_ETH_TYPE_IP6);
		check_ip6(sent);
		if (run.timed)
			continue;
		FUZZ_ASSERT(run.credit > 0);
		run.credit--;
	}
	rig_port_forget(net.rp);
}

/* The default route; of the model, who may be the next hop. */
static void
check_route(void *ctx, const struct pw_ip_route *r)
{
	uint32_t *n_default = ctx;
	uint32_t i;

	if (r->bits != 0)
		return;
	(*n_default)++;
	FUZZ_ASSERT(pw_ip6_is_link_local(&r->hop));
	for (i = 0; i < run.n_said; i++)
		if (pw_addr_eq(&run.said[i].router, &r->hop))
			break;
	FUZZ_ASSERT(i < run.n_said && run.said[i].until > net.now);
}

static void
check_state(void)
{
	const struct pw_link_stats *stats = pw_link_stats(net.link);
	uint32_t n_default = 0, n_live = 0;
	uint32_t i;

	FUZZ_ASSERT(pw_ip_next(ip) > net.now && pw_link_next(net.link) > net.now);
	FUZZ_ASSERT(stats->neighbours <= NEIGHBOURS && stats->resolving <= NEIGHBOURS);
	FUZZ_ASSERT(stats->waiting <= 4 * NEIGHBOURS);
	pw_ip_each_route(ip, check_route, &n_default);
	for (i = 0; i < run.n_said; i++)
		n_live += run.said[i].until > net.now;
	FUZZ_ASSERT(n_default <= 1);
	/* Up to four routers are kept: of few, none is forgotten before its time. */
	if (run.n_said <= 4)
		FUZZ_ASSERT((n_default == 1) == (n_live > 0));
}

/* ---- the model ---- */

static void
hear_router(const struct pw_addr *router, uint16_t lifetime_s)
{
	uint32_t i = 0;

	while (i < run.n_said && !pw_addr_eq(&run.said[i].router, router))
		i++;
	if (i == MODEL_MAX)
		return;
	run.said[i] = (struct said){*router, net.now + lifetime_s * S};
	run.n_said = RTE_MAX(run.n_said, i + 1);
}

static void
hear_prefix(const uint8_t *opt)
{
	uint64_t q;

	memcpy(&q, opt + 16, sizeof(q));
	if (run.n_prefixes < MODEL_MAX)
		run.prefixes[run.n_prefixes++] = q;
	run.for_ever |= pw_get_be32(opt + 4) == FOREVER;
}

/* An advertisement that was taken. */
static void
hear_ra(const uint8_t *p, uint32_t len, const struct pw_addr *src)
{
	uint32_t at;

	hear_router(src, pw_get_be16(p + 6));
	for (at = 16; at + 8 <= len && p[at + 1] != 0; at += 8u * p[at + 1])
		if (p[at] == 3 && p[at + 1] == 4)
			hear_prefix(p + at);
}

/* ---- neighbours are not stolen ---- */

struct snapshot {
	uint32_t n;
	struct pw_neigh_info info[NEIGHBOURS];
};

static void
note_neighbour(void *ctx, const struct pw_neigh_info *info)
{
	struct snapshot *s = ctx;

	FUZZ_ASSERT(s->n < NEIGHBOURS);
	s->info[s->n++] = *info;
}

static bool
is_held(enum pw_neigh_state state)
{
	return state == PW_NEIGH_REACHABLE || state == PW_NEIGH_STALE || state == PW_NEIGH_DELAY;
}

/* Who was known and not being asked has the MAC address that he had, or is gone. */
static void
check_not_moved(const struct snapshot *before)
{
	struct snapshot after = {0};
	uint32_t i, k;

	pw_link_each(net.link, note_neighbour, &after);
	for (i = 0; i < before->n; i++)
		for (k = 0; k < after.n && is_held(before->info[i].state); k++)
			if (pw_addr_eq(&before->info[i].addr, &after.info[k].addr))
				FUZZ_ASSERT(pw_mac_eq(before->info[i].mac.addr_bytes,
						    after.info[k].mac.addr_bytes) ||
					    !is_held(after.info[k].state));
}

/* ---- time ---- */

static void
run_due(void)
{
	uint32_t n = 0;

	while (pw_ip_next(ip) <= net.now || pw_link_next(net.link) <= net.now) {
		FUZZ_ASSERT(n++ < 4);
		pw_ip_run(ip, net.now);
		pw_link_run(net.link, net.now);
	}
	check_sent();
}

static void
wait(pw_ns ns)
{
	pw_ns end = net.now + ns, next;
	uint32_t n = 0;

	run.timed = true;
	run_due();
	for (;;) {
		next = pw_min(pw_ip_next(ip), pw_link_next(net.link));
		if (next > end || n++ == 2000)
			break;
		net.now = pw_max(net.now, next);
		run_due();
	}
	net.now = end;
	run_due();
	run.timed = false;
	check_state();
}

/* ---- frames in ---- */

enum how {
	HOW_EDITS = 0x03,    /* so many bytes are changed */
	HOW_BROKEN = 0x04,   /* and the checksum is not mended */
	HOW_FAR = 0x08,	     /* it was forwarded: a lower hop limit */
	HOW_SHORT = 0x10,    /* cut, and says so */
	HOW_OVERHEAR = 0x20, /* another worker received it */
	HOW_GROUP = 0x40,
};

static void
mend(void)
{
	struct pw_ip6_hdr h;
	uint32_t len;

	pw_ip6_parse(f.b + PW_ETH_HLEN, &h);
	len = (uint32_t)pw_min(h.payload_len, f.len - MSG_AT);
	if (h.next == PW_IP_PROTO_ICMP6 && len >= PW_ICMP6_HLEN)
		pw_icmp6_finish(f.b + MSG_AT, len, &h.src, &h.dst);
}

/* @return whether it was taken */
static bool
give(bool overhear)
{
	struct pw_ip_hint hint = {0};
	struct pw_ip_rx out;
	struct pw_link_rx rx;

	if (pw_link_input(net.link, f.b, f.len, net.now, &rx) != PW_OK || rx.l3 == NULL)
		return false;
	if (!overhear)
		return pw_ip_input(ip, &rx, hint, net.now, &out) == PW_OK;
	pw_ip_overhear(ip, rx.l3, rx.len, net.now);
	return true;
}

static bool
is_ra(void)
{
	return f.len >= MSG_AT + 16 && f.b[PW_ETH_HLEN + 6] == PW_IP_PROTO_ICMP6 &&
	       f.b[MSG_AT] == PW_ICMP6_RA;
}

/* Of another worker's; our link-local address is nobody else's before it is ours. */
static bool
looks_like_ra(void)
{
	struct pw_addr own = rig_addr(US6_LL);
	struct pw_ip6_hdr h;
	struct pw_nd_msg m;
	struct pw_nd_ra ra;
	enum pw_drop why;

	if (!pw_ip6_check(f.b + PW_ETH_HLEN, f.len - PW_ETH_HLEN, &why))
		return false;
	pw_ip6_parse(f.b + PW_ETH_HLEN, &h);
	m = (struct pw_nd_msg){f.b + MSG_AT, h.payload_len, h.hop_limit, h.src, h.dst};
	return h.payload_len >= 16 && !pw_ip_is_local(ip, &h.src) && !pw_addr_eq(&h.src, &own) &&
	       pw_icmp6_check(m.p, m.len, &h.src, &h.dst) == PW_OK &&
	       pw_nd_parse_ra(&m, &ra) == PW_OK;
}

static void
put(struct fuzz_in *in, uint8_t how)
{
	struct snapshot before = {0};
	struct pw_ip6_hdr h;
	bool taken;
	uint32_t i;

	if ((how & HOW_SHORT) && f.len > MSG_AT) {
		f.len -= fuzz_u8(in) % (f.len - MSG_AT);
		pw_put_be16(f.b + PW_ETH_HLEN + 4, (uint16_t)(f.len - MSG_AT));
	}
	if (how & HOW_FAR)
		f.b[PW_ETH_HLEN + 7] = 254;
	for (i = 0; i < (how & HOW_EDITS); i++) {
		uint32_t at = fuzz_u8(in);

		f.b[at % f.len] ^= fuzz_u8(in);
	}
	if ((how & HOW_BROKEN) == 0)
		mend();
	pw_link_each(net.link, note_neighbour, &before);
	taken = give(how & HOW_OVERHEAR);
	if (taken && is_ra() && ((how & HOW_OVERHEAR) == 0 || looks_like_ra())) {
		pw_ip6_parse(f.b + PW_ETH_HLEN, &h);
		hear_ra(f.b + MSG_AT, h.payload_len, &h.src);
	}
	/* An answer, a question, and what has waited for whom it tells of. */
	run.credit = 2 + 4;
	check_sent();
	check_not_moved(&before);
	run.timed = true; /* a state that is due at once */
	run_due();
	run.timed = false;
	check_state();
}

/* ---- the steps ---- */

/* Hosts and routers, good ones and such as cannot be. */
static const char *
pick(uint8_t which)
{
	static const char *const some[] = {PEER6_LL, PEER6, ROUTER6, "fe80::1", "fe80::2",
		"fe80::3", "fe80::4", US6, US6_LL, "::", "ff02::1", "2001:db8::9", "::1", "fd00::3",
		"fd00::4", "fe80::ff:fe00:2"};

	return some[which % RTE_DIM(some)];
}

static const char *
pick_dst(uint8_t which)
{
	static const char *const some[] = {
		"ff02::1", US6, US6_LL, "ff02::1:ff00:1", "ff02::2", "fd00::9", "ff02::16", PEER6};

	return some[which % RTE_DIM(some)];
}

static void
begin(const char *src, const char *dst, uint8_t hop_limit, const uint8_t *msg, uint32_t len)
{
	rig_icmp6(&f, rig_peer_mac, src, dst, hop_limit, msg, len);
}

static uint32_t
put_prefix(struct fuzz_in *in, uint8_t *p)
{
	uint8_t b = fuzz_u8(in);
	struct pw_addr a = {.b = {0x20, 1, 0x0d, 0xb8, [7] = b & 15}};

	if (b & 0x80)
		a = rig_addr(pick(b));
	p[0] = 3;
	p[1] = 4;
	p[2] = b & 0x40 ? fuzz_u8(in) : 64;
	p[3] = fuzz_u8(in) ^ 0xc0;
	pw_put_be32(p + 4, fuzz_u8(in) == 255 ? FOREVER : (uint32_t)(fuzz_ns(fuzz_u8(in)) / S));
	pw_put_be32(p + 8, (uint32_t)(fuzz_ns(fuzz_u8(in)) / S));
	memcpy(p + 16, &a, sizeof(a));
	return 32;
}

static void
step_ra(struct fuzz_in *in, uint8_t how)
{
	uint8_t who = fuzz_u8(in), n = who >> 4 & 3;
	uint8_t msg[16 + 4 * 32 + 256] = {PW_ICMP6_RA};
	uint32_t len = 16;
	const uint8_t *p;
	size_t tail;

	msg[4] = fuzz_u8(in);
	msg[5] = fuzz_u8(in);
	pw_put_be16(msg + 6, fuzz_u16(in));
	pw_put_be32(msg + 8, fuzz_u16(in) * 16u);
	pw_put_be32(msg + 12, fuzz_u16(in));
	while (n-- > 0)
		len += put_prefix(in, msg + len);
	if (who & 0x40) {
		tail = fuzz_bytes(in, &p, fuzz_u8(in));
		memcpy(msg + len, p, tail);
		len += (uint32_t)tail;
	}
	begin(pick(2 + (who & 15)), "ff02::1", PW_ND_HOP_LIMIT, msg, len);
	put(in, how);
}

static void
step_neighbour(struct fuzz_in *in, uint8_t type, uint8_t how)
{
	uint8_t b = fuzz_u8(in), c = fuzz_u8(in);
	uint8_t msg[32] = {type, 0, 0, 0, type == PW_ICMP6_NA ? fuzz_u8(in) : 0};
	struct pw_addr target = rig_addr(pick(b >> 4));

	memcpy(msg + 8, &target, sizeof(target));
	msg[24] = type == PW_ICMP6_NA ? 2 : 1;
	msg[25] = 1;
	memcpy(msg + 26, rig_peer_mac, PW_ETH_ADDR_LEN);
	msg[31] = (uint8_t)(2 + (c >> 4 & 3));
	begin(pick(b), pick_dst(c), PW_ND_HOP_LIMIT, msg, c & 0x80 ? 24 : 32);
	put(in, how);
}

static void
step_message(struct fuzz_in *in, uint8_t how)
{
	uint8_t b = fuzz_u8(in);
	uint8_t msg[PW_ICMP6_HLEN + 255] = {0};
	const uint8_t *p;
	size_t n = fuzz_bytes(in, &p, fuzz_u8(in));

	memcpy(msg, p, n);
	begin(pick(b), pick_dst(b >> 4), b & 0x80 ? 1 : PW_ND_HOP_LIMIT, msg,
		(uint32_t)RTE_MAX(n, (size_t)PW_ICMP6_HLEN));
	put(in, how);
}

/* A packet of ours: its next hop has to be found. */
static void
step_send(struct fuzz_in *in)
{
	uint8_t b = fuzz_u8(in);
	struct pw_addr src = rig_addr(US6), dst = rig_addr(pick(b));
	struct rte_mbuf *m = pw_seg_message(net.seg, "packet", 6);

	FUZZ_ASSERT(m != NULL);
	if (!pw_ip_is_local(ip, &src) || !pw_ip6_is_host(&dst) || pw_ip_is_local(ip, &dst)) {
		rte_pktmbuf_free(m);
		return;
	}
	pw_ip_output(ip, m, &src, &dst, 253, 0, net.now);
	run.credit = 2;
	check_sent();
	run.timed = true;
	run_due();
	run.timed = false;
}

enum step {
	STEP_RA,
	STEP_NS,
	STEP_NA,
	STEP_MESSAGE, /* ICMPv6 as the input has it: queries, echo, errors, redirects */
	STEP_SEND,
	STEP_WAIT,
	STEP_MAX
};

static void
step(struct fuzz_in *in)
{
	enum step what = (enum step)(fuzz_u8(in) % STEP_MAX);
	uint8_t how = what < STEP_SEND ? fuzz_u8(in) : 0;

	switch (what) {
	case STEP_RA:
		step_ra(in, how);
		break;
	case STEP_NS:
		step_neighbour(in, PW_ICMP6_NS, how);
		break;
	case STEP_NA:
		step_neighbour(in, PW_ICMP6_NA, how);
		break;
	case STEP_MESSAGE:
		step_message(in, how);
		break;
	case STEP_SEND:
		step_send(in);
		break;
	case STEP_WAIT:
		wait(fuzz_ns(fuzz_u8(in)));
		break;
	case STEP_MAX:
		break;
	}
}

/* ---- the end ---- */

static uint32_t
count_made(void)
{
	static const struct pw_addr own = {.b = {[8] = 0, 0, 0, 0xff, 0xfe, 0, 0, 1}};
	struct pw_addr a = own;
	uint32_t n = 0;
	uint32_t i, k;

	for (i = 0; i < run.n_prefixes; i++) {
		a.q[0] = run.prefixes[i];
		for (k = 0; k < i && run.prefixes[k] != run.prefixes[i]; k++)
			;
		n += k == i && pw_ip_is_local(ip, &a) && !is_given(&a);
	}
	return n;
}

/* When all lifetimes are over, what routers have given is gone. */
static void
finish(void)
{
	FUZZ_ASSERT(count_made() <= PREFIXES_MAX);
	if (run.for_ever)
		return;
	wait(UINT32_MAX * S);
	FUZZ_ASSERT(count_made() == 0);
}

static void
open_net(void)
{
	struct pw_ip_cfg cfg = {
		.addrs = net.addrs,
		.n_addrs = net.n_addrs,
		.mtu = net.rp->port.mtu,
		.seg = net.seg,
		.link = net.link,
		.drops = &net.drops,
		.mem = &pw_mem_heap,
		.detect_duplicates = true,
		.take_ra = true,
		.speaks = true,
	};

	ip = pw_ip_create(&cfg, net.now);
	FUZZ_ASSERT(ip != NULL);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	FUZZ_ASSERT(rig_eal() == 0);
	rig_net_open6(&net, NEIGHBOURS);
	return 0;
}

/* The first byte: bit 0, the addresses are not yet known to be free. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, size};
	uint8_t how = fuzz_u8(&in);
	struct pw_seg_usage use;
	uint32_t i;

	run.n_said = run.n_prefixes = 0;
	run.for_ever = run.timed = false;
	rig_net_reopen(&net);
	open_net();
	if ((how & 1) == 0)
		wait(2 * S);
	for (i = 0; in.len > 0 && i < STEPS_MAX; i++)
		step(&in);
	finish();
	pw_ip_destroy(ip);
	pw_link_drop_waiting(net.link);
	pw_seg_get_usage(net.seg, &use);
	FUZZ_ASSERT(use.hdr + use.bare == 0);
	return 0;
}
