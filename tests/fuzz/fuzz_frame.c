/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Frames into a whole worker on a port without a device: link, ip, tcp, http and
 * the packet builder, with a small site. The input is a list of steps: a frame as
 * it stands, or one made from a template and changed, its checksums mended or not.
 * The client speaks IPv4 or IPv6.
 * The worker lives as long as the process; after each input everything it has lent
 * must be back. See docs/fuzzing.md for the oracle.
 */
#include "fuzz.h"
#include "../unit/port/rig_port.h"
#include "../unit/seg/rig_eal.h"
#include "pw_http.h"
#include "pw_loop.h"
#include "pw_wire_arp.h"
#include "pw_wire_icmp.h"
#include "pw_wire_nd.h"
#include "pw_wire_tcp.h"
#include "site.h"

#define FRAME_MAX 2000
#define STEPS_MAX 300
#define LANES	  4
#define OUR_PORT  80
#define US	  RTE_BE32(0x0a000001)
#define PEER	  RTE_BE32(0x0a000002)
#define L3	  PW_ETH_HLEN
#define L4_MIN	  (PW_ETH_HLEN + PW_IP4_HLEN)

static const struct pw_addr us6 = {.b = {0xfd, [15] = 1}};
static const struct pw_addr us6_local = {.b = {0xfe, 0x80, [11] = 0xff, 0xfe, 0, 0, 1}};
static const struct pw_addr peer6 = {.b = {0xfd, [15] = 2}};

static const uint8_t our_mac[] = {0x02, 0, 0, 0, 0, 0x01};
static const uint8_t peer_mac[] = {0x02, 0, 0, 0, 0, 0x02};
static const uint8_t all_mac[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/** A port of the client. */
struct lane {
	uint16_t port;
	uint32_t snd; /**< its next sequence number */
	uint32_t nxt; /**< ours */
};

struct frame {
	uint32_t len;
	uint8_t b[FRAME_MAX];
};

static struct fuzz_site site;
static struct pw_http *http;
static struct rig_port *rp;
static struct pw_worker *worker;
static struct pw_if_addr addrs[3];
static pw_ns now = 3600 * PW_NS_PER_S;

/** Of one input. */
static struct run {
	struct lane lane[LANES];
	bool ip6;	   /**< what the client speaks */
	struct frame last; /**< the last packet that we sent: for ICMP to quote */
	uint32_t credit;   /**< packets without data that may still be answers */
	bool timed;	   /**< what is sent now may be a timer's doing */
} run;

/* ---- set up ---- */

static void
tick(void *ctx, pw_ns at, int64_t unix_s)
{
	pw_http_tick(ctx, at, 1795399800);
}

static void
make_worker(void)
{
	struct pw_loop_if ifc = {
		.port = &rp->port,
		.queue = &rp->queue,
		.addrs = addrs,
		.n_addrs = RTE_DIM(addrs),
		.gateway = pw_addr_v4(RTE_BE32(0x0a0000fe)),
		.gateway6 = {.b = {0xfe, 0x80, [15] = 0xfe}},
	};
	struct pw_worker_cfg cfg = {
		.socket_id = SOCKET_ID_ANY,
		.ifs = &ifc,
		.n_ifs = 1,
		.store = site.store,
		.listen_port = OUR_PORT,
		.tcp = {.max_conns = 8, .max_half_open = 2, .max_rcv_blocks = 64, .max_traced = 4},
		.service = {.app = &pw_http_app,
			.ctx = http,
			.app_bytes = pw_http_room_bytes(),
			.tick = tick},
	};

	addrs[0] = (struct pw_if_addr){pw_addr_v4(US), 96 + 24};
	addrs[1] = (struct pw_if_addr){us6, 64};
	addrs[2] = (struct pw_if_addr){us6_local, 64};
	memset(cfg.tcp.secret, 7, sizeof(cfg.tcp.secret));
	worker = pw_worker_create(&cfg);
	FUZZ_ASSERT(worker != NULL);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct pw_http_cfg cfg = {
		.refs = &site.refs,
		.mem = &pw_mem_heap,
		.max_heads = 4,
		.max_responses = 64,
		.max_range_sets = 2,
	};

	FUZZ_ASSERT(rig_eal() == 0);
	fuzz_site_make(&site);
	cfg.site = site.site;
	http = pw_http_create(&cfg);
	FUZZ_ASSERT(http != NULL);
	rp = rig_port_open();
	make_worker();
	return 0;
}

/* ---- what is sent ---- */

static struct lane *
lane_of(uint16_t port)
{
	return port >= 40000 && port < 40000 + LANES ? &run.lane[port - 40000] : NULL;
}

/* @return whether it carries data */
static bool
check_tcp(const uint8_t *p, uint32_t len, const struct pw_addr *src, const struct pw_addr *dst)
{
	uint16_t sum = pw_sum_add(pw_sum_pseudo(src, dst, 6, len), pw_sum(p, len));
	uint32_t hlen = pw_tcp_check(p, len);
	struct pw_tcp_hdr h;
	struct lane *l;

	FUZZ_ASSERT(hlen != 0 && sum == 0xffff);
	pw_tcp_parse(p, &h);
	l = lane_of(h.dport);
	if (l != NULL && (h.flags & PW_TCP_RST) == 0)
		l->nxt = h.seq + len - hlen + ((h.flags & (PW_TCP_SYN | PW_TCP_FIN)) != 0);
	return len > hlen;
}

/* Every packet is well-formed, from us, and to one host. @return whether it carries data */
static bool
check_ip4(const uint8_t *p, uint32_t len)
{
	struct pw_ip4_hdr h;
	enum pw_drop why;
	uint32_t hlen = pw_ip4_check(p, len, false, &why);

	FUZZ_ASSERT(hlen == PW_IP4_HLEN);
	pw_ip4_parse(p, &h);
	FUZZ_ASSERT(h.total_len == len && h.total_len <= rp->port.mtu);
	FUZZ_ASSERT(pw_addr_get_v4(&h.src) == US && !pw_ip4_is_multicast(pw_addr_get_v4(&h.dst)));
	FUZZ_ASSERT(h.ttl >= 64 && !pw_ip4_is_fragment(&h));
	if (h.proto == PW_IP_PROTO_TCP)
		return check_tcp(p + hlen, len - hlen, &h.src, &h.dst);
	FUZZ_ASSERT(h.proto == PW_IP_PROTO_ICMP && pw_icmp_check(p + hlen, len - hlen) == PW_OK);
	return false;
}

/* Likewise; only neighbour discovery speaks to a group. */
static bool
check_ip6(const uint8_t *p, uint32_t len)
{
	struct pw_ip6_hdr h;
	enum pw_drop why;
	bool nd;

	FUZZ_ASSERT(pw_ip6_check(p, len, &why));
	pw_ip6_parse(p, &h);
	FUZZ_ASSERT(PW_IP6_HLEN + h.payload_len == len && len <= rp->port.mtu);
	FUZZ_ASSERT(pw_addr_eq(&h.src, &us6) || pw_addr_eq(&h.src, &us6_local));
	p += PW_IP6_HLEN;
	if (h.next == PW_IP_PROTO_TCP) {
		FUZZ_ASSERT(pw_ip6_is_host(&h.dst) && h.hop_limit >= 64);
		return check_tcp(p, h.payload_len, &h.src, &h.dst);
	}
	FUZZ_ASSERT(h.next == PW_IP_PROTO_ICMP6);
	FUZZ_ASSERT(pw_icmp6_check(p, h.payload_len, &h.src, &h.dst) == PW_OK);
	nd = pw_icmp6_is_nd(p[0]);
	FUZZ_ASSERT(h.hop_limit >= (nd ? PW_ND_HOP_LIMIT : 64));
	FUZZ_ASSERT(nd || pw_ip6_is_host(&h.dst));
	return false;
}

/* @return whether it carries data */
static bool
check_packet(const struct rig_frame *f)
{
	const uint8_t *p = f->bytes + L3;
	uint32_t len = f->len - L3;
	bool ip6 = pw_eth_type(f->bytes, PW_ETH_HLEN) == PW_ETH_TYPE_IP6;

	FUZZ_ASSERT(ip6 || pw_eth_type(f->bytes, PW_ETH_HLEN) == PW_ETH_TYPE_IP4);
	FUZZ_ASSERT(!pw_mac_is_group(f->bytes) || (ip6 && p[24] == 0xff));
	run.last.len = (uint32_t)pw_min(len, sizeof(run.last.b));
	memcpy(run.last.b, p, run.last.len);
	return ip6 ? check_ip6(p, len) : check_ip4(p, len);
}

/* RFC 5227 2.3: it comes by itself, or in defence, and a bound of its own keeps it rare. */
static bool
is_announcement(const struct rig_frame *f)
{
	const uint8_t *p = f->bytes + L3;

	return pw_eth_type(f->bytes, PW_ETH_HLEN) == PW_ETH_TYPE_ARP && pw_get_be16(p + 6) == 1 &&
	       memcmp(p + 14, p + 24, 4) == 0;
}

static void
check_sent(void)
{
	uint32_t i;

	for (i = 0; i < rp->n_sent; i++) {
		const struct rig_frame *f = &rp->sent[i];
		bool data = false;

		FUZZ_ASSERT(f->len >= PW_ETH_HLEN && pw_mac_eq(f->bytes + 6, our_mac));
		if (pw_eth_type(f->bytes, PW_ETH_HLEN) == PW_ETH_TYPE_ARP)
			FUZZ_ASSERT(pw_arp_check(f->bytes + L3, f->len - L3) != 0);
		else
			data = check_packet(f);
		if (data || run.timed || is_announcement(f))
			continue;
		FUZZ_ASSERT(run.credit > 0); /* S11 */
		run.credit--;
	}
	rig_port_forget(rp);
}

/* ---- the clock ---- */

static void
turn(void)
{
	uint32_t n = 0;

	do {
		pw_worker_turn(worker, now);
		check_sent();
	} while (rp->n_rx > 0 || (pw_tcp_next(pw_worker_tcp(worker)) <= now && n++ < 8));
}

static void
wait(pw_ns ns)
{
	pw_ns end = now + ns;
	uint32_t turns = 0;

	run.timed = true;
	turn();
	while (pw_tcp_next(pw_worker_tcp(worker)) <= end && turns++ < 3000) {
		now = pw_max(now + PW_NS_PER_US, pw_tcp_next(pw_worker_tcp(worker)));
		turn();
	}
	now = pw_max(now, end);
	turn();
	run.timed = rp->accept != UINT32_MAX;
}

/* ---- making frames ---- */

static void
begin(struct frame *f, const uint8_t *dst, uint16_t type)
{
	f->len = pw_eth_emit(f->b, dst, peer_mac, type);
}

static void
append(struct frame *f, const void *bytes, size_t len)
{
	FUZZ_ASSERT(f->len + len <= sizeof(f->b));
	memcpy(f->b + f->len, bytes, len);
	f->len += (uint32_t)len;
}

/* Where layer 4 begins in a frame of the client's. */
static uint32_t
l4(void)
{
	return L3 + (run.ip6 ? PW_IP6_HLEN : PW_IP4_HLEN);
}

static void
begin_packet(struct frame *f)
{
	begin(f, our_mac, run.ip6 ? PW_ETH_TYPE_IP6 : PW_ETH_TYPE_IP4);
	f->len = l4();
}

static void
put_ip4(struct frame *f, uint8_t proto, uint32_t len)
{
	struct pw_ip4_hdr h = {
		.src = pw_addr_v4(PEER),
		.dst = pw_addr_v4(US),
		.total_len = (uint16_t)(PW_IP4_HLEN + len),
		.ttl = 64,
		.df = true,
		.proto = proto,
	};

	pw_ip4_emit(f->b + L3, &h);
}

static void
put_ip6(struct frame *f, uint8_t next, uint32_t len, uint8_t hop_limit)
{
	struct pw_ip6_hdr h = {
		.src = peer6,
		.dst = us6,
		.payload_len = (uint16_t)len,
		.next = next,
		.hop_limit = hop_limit,
	};

	pw_ip6_emit(f->b + L3, &h);
}

/* The header in front of what stands at l4(). */
static void
put_ip(struct frame *f, uint8_t proto)
{
	uint32_t len = f->len - l4();

	if (run.ip6)
		put_ip6(f, proto, len, 64);
	else
		put_ip4(f, proto, len);
}

static void
put_sum(uint8_t *field, uint16_t start, const uint8_t *p, uint32_t len)
{
	uint16_t sum;

	memset(field, 0, sizeof(sum));
	sum = pw_sum_finish(pw_sum_add(start, pw_sum(p, len)));
	memcpy(field, &sum, sizeof(sum));
}

static void
mend6(struct frame *f)
{
	uint8_t *ip = f->b + L3, *at;
	struct pw_ip6_chain c;
	struct pw_ip6_hdr h;
	enum pw_drop why;
	uint32_t len;

	if (f->len < L3 || !pw_ip6_check(ip, f->len - L3, &why) || pw_ip6_walk(ip, &c) != PW_OK)
		return;
	pw_ip6_parse(ip, &h);
	at = ip + c.l4;
	len = PW_IP6_HLEN + h.payload_len - c.l4;
	if (c.proto == PW_IP_PROTO_TCP && len >= PW_TCP_HLEN_MIN)
		put_sum(at + 16, pw_sum_pseudo(&h.src, &h.dst, c.proto, len), at, len);
	if (c.proto == PW_IP_PROTO_ICMP6 && len >= PW_ICMP6_HLEN)
		pw_icmp6_finish(at, len, &h.src, &h.dst);
}

static void
mend4(struct frame *f)
{
	uint8_t *ip = f->b + L3;
	uint32_t hlen, len;
	struct pw_ip4_hdr h;

	if (f->len < L4_MIN)
		return;
	hlen = (ip[0] & 15) * 4u;
	if (hlen < PW_IP4_HLEN || L3 + hlen > f->len)
		return;
	pw_ip4_parse(ip, &h);
	len = (uint32_t)pw_min(h.total_len - pw_min(h.total_len, hlen), f->len - L3 - hlen);
	if (h.proto == PW_IP_PROTO_TCP && len >= PW_TCP_HLEN_MIN)
		put_sum(ip + hlen + 16, pw_sum_pseudo(&h.src, &h.dst, 6, len), ip + hlen, len);
	if (h.proto == PW_IP_PROTO_ICMP && len >= PW_ICMP_HLEN)
		put_sum(ip + hlen + 2, 0, ip + hlen, len);
	put_sum(ip + 10, 0, ip, hlen);
}

/* Mend the checksums of whatever the frame can be taken for. */
static void
mend(struct frame *f)
{
	uint16_t type = f->len >= L3 ? pw_eth_type(f->b, PW_ETH_HLEN) : 0;

	if (type == PW_ETH_TYPE_IP4)
		mend4(f);
	else if (type == PW_ETH_TYPE_IP6)
		mend6(f);
}

enum how {
	HOW_EDITS = 0x03,  /**< so many bytes are changed */
	HOW_BROKEN = 0x04, /**< and the checksums are not mended */
	HOW_PIECES = 0x08,
	HOW_LENGTH = 0x10, /**< the frame is longer or shorter than it says */
	HOW_BROADCAST = 0x20,
	HOW_NOT_YET = 0x40, /**< with the next frame, in one burst */
	HOW_EXT = 0x80,	    /**< with extension headers (IPv6) */
};

/* Extension headers behind that of IPv6: which, how long and what is in them, by the input. */
static void
insert_exts(struct fuzz_in *in, struct frame *f)
{
	static const uint8_t some[] = {
		PW_IP6_HOP_BY_HOP, PW_IP6_DST_OPTS, PW_IP6_ROUTING, PW_IP6_FRAGMENT};
	uint32_t n = 1 + fuzz_u8(in) % 3;
	uint8_t *p = f->b + L3;

	while (n-- > 0) {
		uint8_t b = fuzz_u8(in);
		uint32_t len = 8 + 8 * (b >> 2 & 3);
		uint8_t ext[32] = {p[6], (uint8_t)(len / 8 - 1)};
		const uint8_t *bytes;
		size_t got;

		if (f->len + len > FRAME_MAX)
			return;
		got = fuzz_bytes(in, &bytes, len - 2);
		memcpy(ext + 2, bytes, got);
		memmove(p + PW_IP6_HLEN + len, p + PW_IP6_HLEN, f->len - L3 - PW_IP6_HLEN);
		memcpy(p + PW_IP6_HLEN, ext, len);
		p[6] = some[b & 3];
		f->len += len;
		pw_put_be16(p + 4, (uint16_t)(pw_get_be16(p + 4) + len));
	}
}

static bool
is_ip6(const struct frame *f)
{
	return f->len >= L3 + PW_IP6_HLEN && pw_eth_type(f->b, PW_ETH_HLEN) == PW_ETH_TYPE_IP6;
}

static void
put(struct fuzz_in *in, struct frame *f, uint8_t how)
{
	int by = how & HOW_LENGTH ? fuzz_i8(in) : 0;
	uint32_t i;

	if (how & HOW_BROADCAST)
		memcpy(f->b, all_mac, sizeof(all_mac));
	if ((how & HOW_EXT) && is_ip6(f))
		insert_exts(in, f);
	for (i = 0; i < (how & HOW_EDITS); i++) {
		uint32_t at = fuzz_u8(in);

		f->b[at % f->len] ^= fuzz_u8(in);
	}
	if ((how & HOW_BROKEN) == 0)
		mend(f);
	memset(f->b + f->len, 0, by > 0 ? (uint32_t)by : 0);
	f->len = (uint32_t)RTE_MAX((int)f->len + by, 1);
	if (rp->n_rx == 0)
		turn(); /* what is due anyhow */
	rig_port_put(rp, f->b, f->len, how & HOW_PIECES ? 3 : 1);
	run.credit += 2;
	if ((how & HOW_NOT_YET) && rp->n_rx < 32)
		return;
	now += PW_NS_PER_US;
	turn();
}

static void
make_tcp(struct frame *f, struct lane *l, struct pw_tcp_hdr h, const uint8_t *opts,
	const void *data, size_t len)
{
	h.sport = l->port;
	h.dport = OUR_PORT;
	begin_packet(f);
	f->len += pw_tcp_emit(f->b + f->len, &h, opts);
	append(f, data, len);
	put_ip(f, PW_IP_PROTO_TCP);
	if (h.seq == l->snd)
		l->snd += (uint32_t)len + ((h.flags & (PW_TCP_SYN | PW_TCP_FIN)) != 0);
}

static void
put_tcp(struct fuzz_in *in, struct lane *l, struct pw_tcp_hdr h, const uint8_t *opts,
	const void *data, size_t len, uint8_t how)
{
	struct frame f;

	make_tcp(&f, l, h, opts, data, len);
	put(in, &f, how);
}

/* ---- the steps ---- */

static void
say(struct fuzz_in *in, struct lane *l, uint8_t flags, const char *text)
{
	/* MSS 1460, SACK permitted, window scale 7 */
	static const uint8_t syn[] = {2, 4, 1460 >> 8, 1460 & 0xff, 4, 2, 1, 1, 1, 3, 3, 7};
	bool is_syn = flags & PW_TCP_SYN;
	struct pw_tcp_hdr h = {
		.seq = l->snd,
		.ack = is_syn ? 0 : l->nxt,
		.wnd = 65535,
		.flags = is_syn ? flags : flags | PW_TCP_ACK,
		.opt_len = is_syn ? sizeof(syn) : 0,
	};

	put_tcp(in, l, h, syn, text, strlen(text), 0);
}

static void
step_raw(struct fuzz_in *in, uint8_t how)
{
	struct frame f = {0};
	const uint8_t *p;
	size_t n = fuzz_bytes(in, &p, fuzz_u16(in) % 1600);

	append(&f, p, n);
	if (f.len == 0)
		append(&f, all_mac, 1);
	put(in, &f, how & (uint8_t)~HOW_BROADCAST);
}

static void
step_tcp(struct fuzz_in *in, struct lane *l, uint8_t how)
{
	struct pw_tcp_hdr h = {.flags = fuzz_u8(in) ^ PW_TCP_ACK};
	uint8_t opts[PW_TCP_OPT_MAX] = {0};
	const uint8_t *p;
	size_t n;

	h.seq = l->snd + (uint32_t)fuzz_i8(in);
	h.ack = l->nxt + (uint32_t)fuzz_i8(in) * 16;
	h.wnd = fuzz_u16(in);
	h.opt_len = (uint8_t)(fuzz_u8(in) % 11 * 4);
	n = fuzz_bytes(in, &p, h.opt_len);
	memcpy(opts, p, n);
	n = fuzz_bytes(in, &p, fuzz_u8(in));
	put_tcp(in, l, h, opts, p, n, how);
}

static void
step_arp(struct fuzz_in *in, uint8_t how)
{
	static const rte_be32_t who[] = {PEER, US, RTE_BE32(0), RTE_BE32(0x0a0000fe)};
	uint8_t b = fuzz_u8(in);
	struct pw_arp a = {
		.op = b & 1 ? PW_ARP_REPLY : PW_ARP_REQUEST,
		.spa = pw_addr_v4(who[b >> 1 & 3]),
		.tpa = pw_addr_v4(who[(1 + (b >> 3 & 3)) & 3]),
	};
	struct frame f;

	memcpy(a.sha, peer_mac, sizeof(a.sha));
	a.sha[5] ^= b >> 6;
	begin(&f, our_mac, PW_ETH_TYPE_ARP);
	f.len += pw_arp_emit(f.b + L3, &a);
	put(in, &f, how);
}

/* The 8 bytes of an ICMP header and what follows come from the input. */
static void
step_icmp(struct fuzz_in *in, uint8_t how)
{
	struct frame f;
	const uint8_t *p;
	size_t n;

	begin_packet(&f);
	memset(f.b + f.len, 0, PW_ICMP_HLEN);
	n = fuzz_bytes(in, &p, PW_ICMP_HLEN);
	memcpy(f.b + f.len, p, n);
	f.len += PW_ICMP_HLEN;
	n = fuzz_bytes(in, &p, fuzz_u8(in));
	append(&f, p, n);
	put_ip(&f, run.ip6 ? PW_IP_PROTO_ICMP6 : PW_IP_PROTO_ICMP);
	put(in, &f, how);
}

/* An error about what we have just sent. */
static void
step_quote(struct fuzz_in *in, uint8_t how)
{
	uint8_t code = fuzz_u8(in);
	uint16_t mtu = fuzz_u16(in);
	uint8_t h[PW_ICMP_HLEN] = {PW_ICMP_UNREACHABLE, code & 15};
	struct frame f;

	if (run.ip6) { /* unreachable, too big, time exceeded, parameter problem */
		h[0] = 1 + (code & 3);
		h[1] = code >> 2 & 3;
	}
	pw_put_be16(h + 6, mtu);
	begin_packet(&f);
	append(&f, h, sizeof(h));
	append(&f, run.last.b, pw_min(run.last.len, l4() - L3 + 8 + (code >> 4)));
	put_ip(&f, run.ip6 ? PW_IP_PROTO_ICMP6 : PW_IP_PROTO_ICMP);
	put(in, &f, how);
}

static void
step_other(struct fuzz_in *in, uint8_t how)
{
	uint8_t proto = fuzz_u8(in);
	struct frame f;
	const uint8_t *p;
	size_t n;

	begin_packet(&f);
	n = fuzz_bytes(in, &p, fuzz_u8(in));
	append(&f, p, n);
	put_ip(&f, proto);
	put(in, &f, how);
}

/* A solicitation or advertisement of the client's. */
static void
step_nd(struct fuzz_in *in, uint8_t how)
{
	uint8_t b = fuzz_u8(in);
	struct pw_nd nd = {.has_mac = !(b & 8), .flags = b & 0xe0};
	struct pw_addr dst = b & 2 ? pw_ip6_solicited_node(&us6) : us6;
	struct frame f;
	uint32_t len;

	nd.target = b & 4 ? peer6 : b & 16 ? us6_local : us6;
	memcpy(nd.mac, peer_mac, sizeof(nd.mac));
	begin(&f, our_mac, PW_ETH_TYPE_IP6);
	len = (b & 1 ? pw_nd_emit_na : pw_nd_emit_ns)(f.b + L3 + PW_IP6_HLEN, &nd, &peer6, &dst);
	put_ip6(&f, PW_IP_PROTO_ICMP6, len, PW_ND_HOP_LIMIT);
	memcpy(f.b + L3 + 24, &dst, sizeof(dst));
	if (b & 2)
		pw_ip6_group_mac(&dst, f.b);
	f.len = L3 + PW_IP6_HLEN + len;
	put(in, &f, how);
}

/* Bytes @p off to @p off + @p len of the packet @p f, as one of its fragments. */
static void
put_fragment(struct fuzz_in *in, const struct frame *f, uint32_t off, uint32_t len, uint8_t id,
	uint8_t how)
{
	bool more = off + len < f->len - l4();
	uint8_t ext[PW_IP6_FRAG_HLEN] = {PW_IP_PROTO_TCP, [7] = id};
	struct frame part;

	memcpy(part.b, f->b, l4());
	part.len = l4();
	if (run.ip6) {
		pw_put_be16(ext + 2, (uint16_t)(off | more));
		append(&part, ext, sizeof(ext));
		put_ip6(&part, PW_IP6_FRAGMENT, sizeof(ext) + len, 64);
	} else {
		put_ip4(&part, PW_IP_PROTO_TCP, len);
		part.b[L3 + 5] = id;
		pw_put_be16(part.b + L3 + 6, (uint16_t)(off / 8 | (more ? 0x2000 : 0)));
		put_sum(part.b + L3 + 10, 0, part.b + L3, PW_IP4_HLEN);
	}
	append(&part, f->b + l4() + off, len);
	/* The sum of the whole is right: what is mended here would be the part's. */
	put(in, &part, (how & (uint8_t)~HOW_EDITS) | HOW_BROKEN);
}

/* A request in fragments; in order or from the last on, one of them perhaps twice or longer. */
static void
step_frag(struct fuzz_in *in, struct lane *l, uint8_t how)
{
	static const char text[] = "GET /hello.txt HTTP/1.1\r\nHost: h\r\n\r\n";
	struct pw_tcp_hdr h = {
		.seq = l->snd, .ack = l->nxt, .wnd = 65535, .flags = PW_TCP_ACK | PW_TCP_PSH};
	uint8_t b = fuzz_u8(in), twist = fuzz_u8(in);
	uint32_t each = 8 + 8 * (b & 7), n, i;
	struct frame f;

	make_tcp(&f, l, h, NULL, text, sizeof(text) - 1);
	mend(&f);
	n = (f.len - l4() + each - 1) / each;
	for (i = 0; i < n; i++) {
		uint32_t at = (b & 8 ? n - 1 - i : i) * each;
		uint32_t left = f.len - l4() - at, len = RTE_MIN(left, each);

		if ((twist & 15) == i)
			len = RTE_MIN(left, len + (twist >> 4) * 8);
		put_fragment(in, &f, at, len, b >> 4, how);
		if ((twist & 15) == i && (twist & 0x80))
			put_fragment(in, &f, at, len, b >> 4, how);
	}
}

static void
step_get(struct fuzz_in *in, struct lane *l)
{
	static const char *const requests[] = {
		"GET /hello.txt HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /big.bin HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /big.bin HTTP/1.1\r\nHost: h\r\nRange: bytes=2096900-2097400,0-9\r\n\r\n",
		"HEAD /list/ HTTP/1.1\r\nHost: h\r\n\r\nGET /sub HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
		"GET /nothing HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost:",
		"GE",
	};

	say(in, l, PW_TCP_PSH, requests[fuzz_u8(in) % RTE_DIM(requests)]);
}

static void
shake_hands(struct fuzz_in *in, struct lane *l)
{
	say(in, l, PW_TCP_SYN, "");
	say(in, l, 0, "");
}

enum step {
	STEP_RAW,
	STEP_TCP,
	STEP_ARP,
	STEP_ICMP,
	STEP_QUOTE,
	STEP_OTHER,
	STEP_GET,
	STEP_ACK,
	STEP_FIN,
	STEP_OPEN,
	STEP_WAIT,
	STEP_DEVICE, /**< how many frames the device takes */
	STEP_ND,
	STEP_FRAG,
	STEP_MAX
};

static void
step(struct fuzz_in *in)
{
	struct fuzz_in none = {NULL, 0};
	uint8_t b = fuzz_u8(in);
	struct lane *l = &run.lane[b >> 6];
	enum step what = (enum step)((b & 63) % STEP_MAX);
	uint8_t how = what <= STEP_OTHER || what >= STEP_ND ? fuzz_u8(in) : 0;

	switch (what) {
	case STEP_RAW:
		step_raw(in, how);
		break;
	case STEP_TCP:
		step_tcp(in, l, how);
		break;
	case STEP_ARP:
		step_arp(in, how);
		break;
	case STEP_ICMP:
		step_icmp(in, how);
		break;
	case STEP_QUOTE:
		step_quote(in, how);
		break;
	case STEP_OTHER:
		step_other(in, how);
		break;
	case STEP_GET:
		step_get(in, l);
		break;
	case STEP_ACK:
		say(&none, l, 0, "");
		break;
	case STEP_FIN:
		say(&none, l, PW_TCP_FIN, "");
		break;
	case STEP_OPEN:
		shake_hands(&none, l);
		break;
	case STEP_WAIT:
		wait(fuzz_ns(fuzz_u8(in) % 240));
		break;
	case STEP_DEVICE:
		how = fuzz_u8(in);
		rp->accept = how == 255 ? UINT32_MAX : how;
		run.timed = true; /* what is held back comes when it comes */
		break;
	case STEP_ND:
		step_nd(in, how);
		break;
	case STEP_FRAG:
		step_frag(in, l, how);
		break;
	case STEP_MAX:
		break;
	}
}

/* ---- the end of an input ---- */

static void
check_nothing_left(void)
{
	struct pw_worker_leaks leaks;
	struct pw_tcp_usage tcp;
	struct pw_http_usage use;

	FUZZ_ASSERT(pw_worker_get_leaks(worker, &leaks));
	pw_tcp_get_usage(pw_worker_tcp(worker), &tcp);
	FUZZ_ASSERT(
		tcp.conns + tcp.half_open + tcp.time_wait + tcp.sent_records + tcp.rcv_blocks == 0);
	pw_http_get_usage(http, &use);
	FUZZ_ASSERT(use.conns + use.heads + use.responses + use.range_sets == 0);
	FUZZ_ASSERT(site.refs.n_holds == 0 && rte_mempool_in_use_count(rp->pool) == 0);
}

/* S10: reset by us, or left alone by a client that is silent, all of it ends. */
static void
finish(bool reset)
{
	uint32_t i;

	rp->accept = UINT32_MAX;
	if (reset)
		pw_tcp_abort_all(pw_worker_tcp(worker), now);
	for (i = 0; i < (reset ? 20 : 100); i++)
		wait(10 * PW_NS_PER_S);
	check_nothing_left();
}

/*
 * The first byte: bit 0, reset at the end; bit 1, the client is not known at the start;
 * bit 2, it speaks IPv6.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, size};
	uint8_t how = fuzz_u8(&in);
	uint32_t i;

	memset(&run, 0, sizeof(run));
	for (i = 0; i < LANES; i++)
		run.lane[i] = (struct lane){(uint16_t)(40000 + i), 0xfffffff0, 0};
	rp->accept = UINT32_MAX;
	run.ip6 = how & 4;
	if ((how & 2) == 0) {
		struct fuzz_in none = {NULL, 0};

		if (run.ip6)
			step_nd(&none, 0);
		else
			step_arp(&none, 0);
		shake_hands(&none, &run.lane[0]);
	}
	for (i = 0; in.len > 0 && i < STEPS_MAX; i++)
		step(&in);
	finish(how & 1);
	return 0;
}
