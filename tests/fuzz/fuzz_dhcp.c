/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The DHCP client and address conflict detection, put together as loop/netcfg.c does, among
 * servers that lie and neighbours that claim. Time is virtual. The input is a list of steps:
 * a server's message, as it should be or changed, ARP packets, time. At the end a good server
 * answers: whatever was done to it, the client comes by an address.
 */
#include "fuzz.h"
#include "pw_acd.h"
#include "pw_dhcp.h"
#include "pw_wire_bytes.h"

/* 146 years; the longest lease takes as long, and time has 64 bits. */
#define LATEST	  (UINT64_C(1) << 62)
#define STEPS_MAX 300
#define MSG_MAX	  1500
#define S	  PW_NS_PER_S
#define GOOD	  RTE_BE32(0x0a4d0001) /* the good server; others are behind it */
#define GIVEN	  RTE_BE32(0x0a4d0032)
#define MASK	  RTE_BE32(0xffffff00)

/* Places and options, by RFC 2131 and 2132. */
enum {
	AT_XID = 4,
	AT_CIADDR = 12,
	AT_YIADDR = 16,
	AT_CHADDR = 28,
	AT_SNAME = 44,
	AT_FILE = 108,
	AT_MAGIC = 236,
	AT_OPTIONS = 240,
};
enum {
	OPT_MASK = 1,
	OPT_ROUTER = 3,
	OPT_REQUESTED = 50,
	OPT_LEASE = 51,
	OPT_OVERLOAD = 52,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_T1 = 58,
	OPT_T2 = 59,
	OPT_END = 255,
};

static const uint8_t our_mac[] = {2, 0, 0, 0, 0, 1};
static const uint8_t his_mac[] = {2, 0, 0, 0, 0, 2};

static struct pw_dhcp d;
static struct pw_acd acd;
static struct pw_rand rand_acd;
static pw_ns now, began;

/* What has happened so far. */
static struct run {
	bool bound;	 /* an address is used */
	uint64_t causes; /* that may each have made the client speak once */
	uint64_t sent;
	uint8_t last_type; /* of what it has sent last, */
	rte_be32_t last_server, last_requested, last_ciaddr;
	bool last_to_all;
	uint32_t probes; /* for the address that is checked */
	pw_ns check_began;
	pw_ns defended_at;
} run;

struct msg {
	uint8_t b[MSG_MAX];
	uint32_t len;
};

/* ---- what holds ---- */

static bool
is_host_anywhere(uint32_t a)
{
	return a >> 24 != 0 && a >> 24 != 127 && a >> 28 < 14;
}

/* By the book, bit by bit: may a host of this network have this address? */
static void
check_host(const struct pw_addr *a, uint32_t bits)
{
	uint32_t v4 = rte_be_to_cpu_32(pw_addr_get_v4(a)), host;

	FUZZ_ASSERT(pw_addr_is_v4(a) && bits >= 1 && bits <= 32 && is_host_anywhere(v4));
	if (bits >= 31)
		return;
	host = v4 & ((UINT32_C(1) << (32 - bits)) - 1);
	FUZZ_ASSERT(host != 0 && host != (UINT32_C(1) << (32 - bits)) - 1);
}

static void
check_lease(void)
{
	static const struct pw_addr none;
	const struct pw_dhcp_lease *l = &d.lease;
	uint32_t bits = l->prefix_bits - 96u;

	check_host(&l->addr, bits);
	FUZZ_ASSERT(is_host_anywhere(rte_be_to_cpu_32(pw_addr_get_v4(&l->server))));
	if (!pw_addr_eq(&l->router, &none)) {
		check_host(&l->router, bits);
		FUZZ_ASSERT(!pw_addr_eq(&l->router, &l->addr));
		FUZZ_ASSERT(pw_addr_same_net(&l->router, &l->addr, l->prefix_bits));
	}
	FUZZ_ASSERT(l->mtu == 0 || l->mtu >= PW_DHCP_MTU_MIN);
	FUZZ_ASSERT(l->t1_at <= l->t2_at && l->t2_at <= l->ends_at);
	FUZZ_ASSERT(l->ends_at == PW_NEVER || l->ends_at <= now + UINT32_MAX * S);
	FUZZ_ASSERT(l->ends_at == PW_NEVER || l->ends_at >= d.asked_at + PW_DHCP_LEASE_MIN * S);
}

/* Nothing is stuck: without an end there is but an endless lease, and a check under way. */
static void
check_alive(void)
{
	bool endless = d.state == PW_DHCP_BOUND && d.lease.ends_at == PW_NEVER;
	bool checking = d.state == PW_DHCP_CHECKING;

	FUZZ_ASSERT(d.state != PW_DHCP_OFF);
	FUZZ_ASSERT((pw_dhcp_next(&d) == PW_NEVER) == (endless || checking));
	FUZZ_ASSERT(!checking || acd.state == PW_ACD_PROBE);
	FUZZ_ASSERT(pw_acd_is_ours(&acd) == run.bound);
	FUZZ_ASSERT(run.bound == (d.state >= PW_DHCP_BOUND));
	FUZZ_ASSERT(pw_acd_next(&acd) == PW_NEVER || pw_acd_next(&acd) <= now + 3 * S);
	/* One message for each cause, and one a second at most by itself. */
	FUZZ_ASSERT(run.sent <= 3 + 2 * run.causes + (now - began) / S);
}

/* ---- what the client sends ---- */

static void
read_options(const struct pw_dhcp_out *out)
{
	const uint8_t *p = out->bytes + AT_OPTIONS, *end = out->bytes + out->len;

	run.last_type = 0;
	run.last_server = run.last_requested = 0;
	while (*p != OPT_END) {
		FUZZ_ASSERT(p + 2 <= end && p + 2 + p[1] < end);
		if (p[0] == OPT_TYPE)
			run.last_type = p[2];
		if (p[0] == OPT_SERVER)
			memcpy(&run.last_server, p + 2, 4);
		if (p[0] == OPT_REQUESTED)
			memcpy(&run.last_requested, p + 2, 4);
		p += 2 + p[1];
	}
}

/* RFC 2131 table 5 and section 4.3.6: what must and what must not be there. */
static void
check_sent(const struct pw_dhcp_out *out)
{
	bool has_ids = run.last_server != 0 && run.last_requested != 0;

	FUZZ_ASSERT(out->bytes[0] == 1 && memcmp(out->bytes + AT_CHADDR, our_mac, 6) == 0);
	FUZZ_ASSERT(pw_addr_get_v4(&out->src) == run.last_ciaddr);
	switch (run.last_type) {
	case PW_DHCP_DISCOVER:
		FUZZ_ASSERT(run.last_server == 0 && run.last_ciaddr == 0 && run.last_to_all);
		break;
	case PW_DHCP_DECLINE:
		FUZZ_ASSERT(has_ids && run.last_ciaddr == 0 && run.last_to_all);
		break;
	case PW_DHCP_REQUEST:
		FUZZ_ASSERT(has_ids == (run.last_ciaddr == 0));
		FUZZ_ASSERT(has_ids || (run.last_server | run.last_requested) == 0);
		FUZZ_ASSERT((run.last_ciaddr != 0) == run.bound);
		break;
	default:
		FUZZ_ASSERT(false);
	}
}

static void
note_sent(const struct pw_dhcp_out *out)
{
	run.last_type = 0;
	if (out->len == 0)
		return;
	FUZZ_ASSERT(out->len == PW_DHCP_LEN_MAX);
	memcpy(&run.last_ciaddr, out->bytes + AT_CIADDR, 4);
	run.last_to_all = pw_addr_get_v4(&out->dst) == RTE_BE32(0xffffffff);
	read_options(out);
	check_sent(out);
	run.sent++;
}

/* ---- the client and its address, as in loop/netcfg.c ---- */

static void
take_event(const struct pw_dhcp_out *out)
{
	note_sent(out);
	switch (out->event) {
	case PW_DHCP_CHECK:
		FUZZ_ASSERT(!run.bound);
		check_lease();
		pw_acd_begin(&acd, &d.lease.addr, our_mac, true, 0, &rand_acd, now);
		run.probes = 0;
		run.check_began = now;
		run.defended_at = 0;
		break;
	case PW_DHCP_BIND:
		FUZZ_ASSERT(!run.bound);
		run.bound = true;
		check_lease();
		break;
	case PW_DHCP_RENEWED:
		FUZZ_ASSERT(run.bound && pw_addr_eq(&d.lease.addr, &acd.addr));
		check_lease();
		break;
	case PW_DHCP_LOSE:
		FUZZ_ASSERT(run.bound);
		run.bound = false;
		acd.state = PW_ACD_OFF;
		break;
	case PW_DHCP_NONE:
		break;
	}
}

static void
acd_event(enum pw_acd_do todo)
{
	struct pw_dhcp_out out;

	switch (todo) {
	case PW_ACD_SEND_PROBE:
		run.probes++;
		break;
	case PW_ACD_UP: /* RFC 5227 section 2.1.1: three probes, and never sooner than this */
		FUZZ_ASSERT(run.probes == PW_ACD_PROBES && now - run.check_began >= 4 * S);
		pw_dhcp_checked(&d, true, now, &out);
		FUZZ_ASSERT(out.event == PW_DHCP_BIND && out.len == 0);
		take_event(&out);
		break;
	case PW_ACD_DEFEND:
		FUZZ_ASSERT(run.bound && now - run.defended_at >= PW_ACD_DEFEND_NS);
		run.defended_at = now;
		break;
	case PW_ACD_LOST:
		if (run.bound)
			pw_dhcp_conflict(&d, now, &out);
		else
			pw_dhcp_checked(&d, false, now, &out);
		run.causes++;
		take_event(&out);
		FUZZ_ASSERT(run.last_type == PW_DHCP_DECLINE);
		break;
	case PW_ACD_NOTHING:
	case PW_ACD_SEND_ANNOUNCE:
		break;
	}
}

/* All that is due now; each thing moves its time on. */
static void
run_due(void)
{
	struct pw_dhcp_out out;
	uint32_t n = 0;

	while (pw_dhcp_next(&d) <= now || pw_acd_next(&acd) <= now) {
		FUZZ_ASSERT(n++ < 8);
		pw_dhcp_run(&d, now, &out);
		take_event(&out);
		acd_event(pw_acd_run(&acd, &rand_acd, now));
	}
	check_alive();
}

static pw_ns
next_at(void)
{
	return pw_min(pw_dhcp_next(&d), pw_acd_next(&acd));
}

static void
wait(pw_ns ns)
{
	pw_ns end = now + ns;
	uint32_t n = 0;

	while (next_at() <= end && n++ < 1000) {
		now = pw_max(now, next_at());
		run_due();
	}
	now = pw_max(now, end);
	if (n < 1000)
		run_due();
}

/* ---- servers ---- */

static void
put_opt(struct msg *m, uint8_t code, const void *value, uint32_t len)
{
	if (m->len + 2 + len > sizeof(m->b))
		return;
	m->b[m->len++] = code;
	m->b[m->len++] = (uint8_t)len;
	memcpy(m->b + m->len, value, len);
	m->len += len;
}

static void
put_u32(struct msg *m, uint8_t code, uint32_t v)
{
	rte_be32_t be = rte_cpu_to_be_32(v);

	put_opt(m, code, &be, sizeof(be));
}

static void
begin_msg(struct msg *m, uint8_t type, rte_be32_t yiaddr, rte_be32_t server)
{
	memset(m, 0, sizeof(*m));
	m->b[0] = 2;
	m->b[1] = 1;
	m->b[2] = 6;
	pw_put_be32(m->b + AT_XID, d.xid);
	memcpy(m->b + AT_YIADDR, &yiaddr, 4);
	memcpy(m->b + AT_CHADDR, our_mac, 6);
	pw_put_be32(m->b + AT_MAGIC, 0x63825363);
	m->len = AT_OPTIONS;
	put_opt(m, OPT_TYPE, &type, 1);
	put_opt(m, OPT_SERVER, &server, 4);
}

/* @p ours: nothing about it says that it is for another client, or of another time. */
static void
hand_in(const struct msg *m, bool ours)
{
	struct pw_dhcp before = d;
	uint8_t *alone = malloc(m->len + !m->len);
	struct pw_dhcp_out out;

	memcpy(alone, m->b, m->len);
	pw_dhcp_input(&d, alone, m->len, now, &out);
	free(alone);
	FUZZ_ASSERT(
		d.stats.taken + d.stats.ignored == before.stats.taken + before.stats.ignored + 1);
	if (d.stats.ignored != before.stats.ignored) {
		before.stats.ignored++;
		FUZZ_ASSERT(memcmp(&before, &d, sizeof(d)) == 0);
		FUZZ_ASSERT(out.event == PW_DHCP_NONE && out.len == 0);
	} else {
		FUZZ_ASSERT(ours);
		run.causes++;
	}
	take_event(&out);
	run_due();
}

enum how {
	HOW_XID = 0x01,	   /* of another exchange */
	HOW_CHADDR = 0x02, /* for another client */
	HOW_NO_MASK = 0x04,
	HOW_TIMES = 0x08,    /* T1 and T2 are said */
	HOW_TAIL = 0x10,     /* more options, as the input has them */
	HOW_OVERLOAD = 0x20, /* and in the fields of names */
	HOW_CUT = 0x40,
	HOW_EDIT = 0x80,
};

/* Addresses that a lying server would like us to have, and good ones. */
static rte_be32_t
pick_addr(struct fuzz_in *in, uint8_t which)
{
	static const rte_be32_t some[] = {GIVEN, RTE_BE32(0x0a4d0033), GOOD, RTE_BE32(0x0a4d00ff),
		RTE_BE32(0x0a4d0000), RTE_BE32(0xffffffff), RTE_BE32(0x7f000001),
		RTE_BE32(0xe0000001), RTE_BE32(0), RTE_BE32(0xa9fe0101)};
	rte_be32_t a;

	if (which % 12 < RTE_DIM(some))
		return some[which % 12];
	a = (rte_be32_t)fuzz_u16(in) << 16;
	return a | fuzz_u16(in);
}

static void
put_overload(struct msg *m, struct fuzz_in *in)
{
	uint8_t which = fuzz_u8(in);
	const uint8_t *p;
	size_t n = fuzz_bytes(in, &p, fuzz_u8(in));

	put_opt(m, OPT_OVERLOAD, &which, 1);
	memcpy(m->b + AT_FILE, p, pw_min(n, 128));
	memcpy(m->b + AT_SNAME, p, pw_min(n, 64));
}

/* An address and times; what is first in a message counts, so the tail comes before them. */
static void
put_lease(struct msg *m, struct fuzz_in *in, uint8_t how)
{
	uint8_t pick = fuzz_u8(in);
	rte_be32_t router = pick_addr(in, fuzz_u8(in));
	uint32_t shift = fuzz_u8(in) % 40;

	if ((how & HOW_NO_MASK) == 0)
		put_u32(m, OPT_MASK, pick & 1 ? 0xffffff00 : UINT32_MAX << (pick >> 1 & 31));
	put_opt(m, OPT_ROUTER, &router, sizeof(router));
	put_u32(m, OPT_LEASE, shift < 32 ? UINT32_C(1) << shift : UINT32_MAX - (shift & 1));
	if ((how & HOW_TIMES) == 0)
		return;
	put_u32(m, OPT_T1, fuzz_u16(in));
	put_u32(m, OPT_T2, fuzz_u16(in));
}

static void
step_server(struct fuzz_in *in, uint8_t type, uint8_t how)
{
	uint8_t who = fuzz_u8(in);
	rte_be32_t server = GOOD + (rte_be32_t)((who & 3) << 24);
	struct msg m;

	if (who & 4)
		server = pick_addr(in, fuzz_u8(in));
	begin_msg(&m, type, pick_addr(in, who >> 4), server);
	if (how & HOW_XID)
		pw_put_be32(m.b + AT_XID, d.xid ^ 1);
	if (how & HOW_CHADDR)
		m.b[AT_CHADDR + 5] ^= 1;
	if (how & HOW_OVERLOAD)
		put_overload(&m, in);
	if (how & HOW_TAIL) {
		const uint8_t *p;
		size_t n = fuzz_bytes(in, &p, fuzz_u8(in));

		memcpy(m.b + m.len, p, n);
		m.len += (uint32_t)n;
	}
	put_lease(&m, in, how);
	if (how & HOW_EDIT) {
		uint32_t at = fuzz_u16(in) % m.len;

		m.b[at] ^= fuzz_u8(in);
	}
	if (how & HOW_CUT)
		m.len -= fuzz_u16(in) % m.len;
	hand_in(&m, (how & (HOW_XID | HOW_CHADDR)) == 0 || (how & HOW_EDIT));
}

static void
step_raw(struct fuzz_in *in)
{
	struct msg m;
	const uint8_t *p;

	m.len = (uint32_t)fuzz_bytes(in, &p, fuzz_u16(in) % 600);
	memcpy(m.b, p, m.len);
	hand_in(&m, true);
}

/* A claim or a probe of somebody's, or our own packet that came back. */
static void
step_arp(struct fuzz_in *in)
{
	uint8_t b = fuzz_u8(in);
	struct pw_addr zero = pw_addr_v4(0), other = pw_addr_v4(GOOD);
	struct pw_arp a = {
		.op = b & 1 ? PW_ARP_REPLY : PW_ARP_REQUEST,
		.spa = b & 2   ? acd.addr
		       : b & 4 ? zero
			       : other,
		.tpa = b & 8 ? acd.addr : other,
	};

	memcpy(a.sha, b & 16 ? our_mac : his_mac, 6);
	acd_event(pw_acd_heard(&acd, &a, now));
	run_due();
}

/* ---- the end ---- */

/* A server that does its duty: to who asks all, or asks it. @return whether it says anything */
static bool
serve(void)
{
	rte_be32_t addr = run.last_ciaddr != 0 ? run.last_ciaddr : GIVEN;
	struct msg m;

	if (run.last_type == PW_DHCP_DISCOVER) {
		begin_msg(&m, PW_DHCP_OFFER, GIVEN, GOOD);
	} else {
		if (run.last_type != PW_DHCP_REQUEST || !run.last_to_all ||
			(run.last_server != 0 && run.last_server != GOOD))
			return false;
		if (run.last_ciaddr == 0 && run.last_requested != GIVEN)
			return false;
		begin_msg(&m, addr == GIVEN ? PW_DHCP_ACK : PW_DHCP_NAK, addr, GOOD);
	}
	put_u32(&m, OPT_MASK, rte_be_to_cpu_32(MASK));
	put_u32(&m, OPT_LEASE, 3600);
	m.b[m.len++] = OPT_END;
	run.last_type = 0;
	hand_in(&m, true);
	return true;
}

/* Silent neighbours and a good server: within some messages an address of its is ours. */
static void
finish(void)
{
	uint32_t n;

	run.last_type = 0;
	for (n = 0; n < 200 && next_at() != PW_NEVER; n++) {
		if (run.bound && pw_addr_get_v4(&d.lease.server) == GOOD)
			break;
		now = pw_max(now, next_at());
		run_due();
		while (serve())
			;
	}
	FUZZ_ASSERT(run.bound);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

enum step {
	STEP_OFFER,
	STEP_ACK,
	STEP_NAK,
	STEP_OTHER, /* a type that the input names */
	STEP_RAW,
	STEP_ARP,
	STEP_WAIT,
	STEP_NEXT, /* until the next thing is due */
	STEP_SERVE,
	STEP_MAX
};

static void
step(struct fuzz_in *in)
{
	enum step what = (enum step)(fuzz_u8(in) % STEP_MAX);

	switch (what) {
	case STEP_OFFER:
		step_server(in, PW_DHCP_OFFER, fuzz_u8(in));
		break;
	case STEP_ACK:
		step_server(in, PW_DHCP_ACK, fuzz_u8(in));
		break;
	case STEP_NAK:
		step_server(in, PW_DHCP_NAK, fuzz_u8(in));
		break;
	case STEP_OTHER:
		step_server(in, fuzz_u8(in), fuzz_u8(in));
		break;
	case STEP_RAW:
		step_raw(in);
		break;
	case STEP_ARP:
		step_arp(in);
		break;
	case STEP_WAIT:
		wait(fuzz_ns(fuzz_u8(in)));
		break;
	case STEP_NEXT:
		if (next_at() != PW_NEVER)
			wait(pw_max(next_at(), now) - now);
		break;
	case STEP_SERVE:
		serve();
		break;
	case STEP_MAX:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, size};
	uint32_t i;

	memset(&run, 0, sizeof(run));
	memset(&acd, 0, sizeof(acd));
	now = began = 3600 * S;
	pw_rand_init(&rand_acd, 1);
	pw_dhcp_init(&d, our_mac, fuzz_u8(&in), now);
	for (i = 0; in.len > 0 && i < STEPS_MAX && now < LATEST; i++)
		step(&in);
	finish();
	return 0;
}
