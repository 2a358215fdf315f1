/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_bytes.h"
#include "pw_wire_dhcp.h"

/* Places of the fixed fields (RFC 2131 figure 1). */
enum {
	AT_OP = 0,
	AT_HTYPE = 1,
	AT_HLEN = 2,
	AT_XID = 4,
	AT_SECS = 8,
	AT_FLAGS = 10,
	AT_CIADDR = 12,
	AT_YIADDR = 16,
	AT_CHADDR = 28,
	AT_SNAME = 44,
	AT_FILE = 108,
	AT_MAGIC = 236,
	AT_OPTIONS = 240,
};

#define SNAME_LEN	 64
#define FILE_LEN	 128
#define BOOTREQUEST	 1
#define BOOTREPLY	 2
#define HTYPE_ETHERNET	 1
#define FLAG_BROADCAST	 0x8000
#define MAGIC		 0x63825363
#define MESSAGE_SIZE_MAX 1400 /* what we can take, said to the server */

enum {
	OPT_PAD = 0,
	OPT_MASK = 1,
	OPT_ROUTER = 3,
	OPT_MTU = 26,
	OPT_REQUESTED = 50,
	OPT_LEASE = 51,
	OPT_OVERLOAD = 52,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_WANTED = 55,
	OPT_SIZE = 57,
	OPT_T1 = 58,
	OPT_T2 = 59,
	OPT_CLIENT = 61,
	OPT_END = 255,
};

enum {
	OVERLOAD_FILE = 1,
	OVERLOAD_SNAME = 2
};

static void
take_addr(rte_be32_t *to, const uint8_t *p, uint32_t len)
{
	if (*to == 0 && len == sizeof(*to))
		memcpy(to, p, sizeof(*to));
}

static void
take_u32(uint32_t *to, const uint8_t *p, uint32_t len)
{
	if (*to == 0 && len == sizeof(*to))
		*to = pw_get_be32(p);
}

static void
take(struct pw_dhcp_msg *m, uint8_t *overload, uint8_t code, const uint8_t *p, uint32_t len)
{
	switch (code) {
	case OPT_MASK:
		take_addr(&m->mask, p, len);
		return;
	case OPT_ROUTER: /* in the order of preference */
		if (len % sizeof(rte_be32_t) == 0 && len != 0)
			take_addr(&m->router, p, sizeof(rte_be32_t));
		return;
	case OPT_MTU:
		if (len == sizeof(m->mtu) && m->mtu == 0)
			m->mtu = pw_get_be16(p);
		return;
	case OPT_LEASE:
		take_u32(&m->lease_s, p, len);
		return;
	case OPT_T1:
		take_u32(&m->t1_s, p, len);
		return;
	case OPT_T2:
		take_u32(&m->t2_s, p, len);
		return;
	case OPT_SERVER:
		take_addr(&m->server, p, len);
		return;
	case OPT_TYPE:
		if (len == 1 && m->type == 0)
			m->type = p[0];
		return;
	case OPT_OVERLOAD:
		if (len == 1)
			*overload = p[0] & (OVERLOAD_FILE | OVERLOAD_SNAME);
		return;
	default: /* not ours to understand */
		return;
	}
}

/* One place with options. @return false: an option leads out of it */
static bool
walk(struct pw_dhcp_msg *m, uint8_t *overload, const uint8_t *p, uint32_t len)
{
	uint32_t i = 0;

	while (i < len && p[i] != OPT_END) {
		if (p[i] == OPT_PAD) {
			i++;
			continue;
		}
		if (len - i < 2 || len - i - 2 < p[i + 1])
			return false;
		take(m, overload, p[i], p + i + 2, p[i + 1]);
		i += 2u + p[i + 1];
	}
	return true;
}

bool
pw_dhcp_parse(const uint8_t *p, uint32_t len, struct pw_dhcp_msg *out)
{
	uint8_t overload = 0, none = 0;

	if (len < PW_DHCP_LEN_MIN || p[AT_OP] != BOOTREPLY || p[AT_HTYPE] != HTYPE_ETHERNET ||
		p[AT_HLEN] != PW_ETH_ADDR_LEN || pw_get_be32(p + AT_MAGIC) != MAGIC)
		return false;
	*out = (struct pw_dhcp_msg){
		.xid = pw_get_be32(p + AT_XID),
		.secs = pw_get_be16(p + AT_SECS),
		.broadcast = pw_get_be16(p + AT_FLAGS) & FLAG_BROADCAST,
	};
	memcpy(&out->ciaddr, p + AT_CIADDR, sizeof(out->ciaddr));
	memcpy(&out->yiaddr, p + AT_YIADDR, sizeof(out->yiaddr));
	memcpy(out->mac, p + AT_CHADDR, sizeof(out->mac));
	if (!walk(out, &overload, p + AT_OPTIONS, len - AT_OPTIONS))
		return false;
	if ((overload & OVERLOAD_FILE) && !walk(out, &none, p + AT_FILE, FILE_LEN))
		return false;
	if ((overload & OVERLOAD_SNAME) && !walk(out, &none, p + AT_SNAME, SNAME_LEN))
		return false;
	return out->type != 0;
}

static uint8_t *
put(uint8_t *at, uint8_t code, const void *value, uint8_t len)
{
	*at++ = code;
	*at++ = len;
	memcpy(at, value, len);
	return at + len;
}

static uint8_t *
put_addr(uint8_t *at, uint8_t code, rte_be32_t addr)
{
	return addr == 0 ? at : put(at, code, &addr, sizeof(addr));
}

uint32_t
pw_dhcp_emit(uint8_t *p, const struct pw_dhcp_msg *m)
{
	static const uint8_t wanted[] = {
		OPT_MASK, OPT_ROUTER, OPT_MTU, OPT_LEASE, OPT_SERVER, OPT_T1, OPT_T2};
	rte_be16_t size = rte_cpu_to_be_16(MESSAGE_SIZE_MAX);
	uint8_t client[1 + PW_ETH_ADDR_LEN] = {HTYPE_ETHERNET};
	uint8_t *at = p + AT_OPTIONS;

	memset(p, 0, PW_DHCP_LEN_MAX);
	p[AT_OP] = BOOTREQUEST;
	p[AT_HTYPE] = HTYPE_ETHERNET;
	p[AT_HLEN] = PW_ETH_ADDR_LEN;
	pw_put_be32(p + AT_XID, m->xid);
	pw_put_be16(p + AT_SECS, m->secs);
	pw_put_be16(p + AT_FLAGS, m->broadcast ? FLAG_BROADCAST : 0);
	memcpy(p + AT_CIADDR, &m->ciaddr, sizeof(m->ciaddr));
	memcpy(p + AT_CHADDR, m->mac, sizeof(m->mac));
	pw_put_be32(p + AT_MAGIC, MAGIC);
	memcpy(client + 1, m->mac, sizeof(m->mac));
	at = put(at, OPT_TYPE, &m->type, 1);
	at = put(at, OPT_CLIENT, client, sizeof(client));
	at = put_addr(at, OPT_REQUESTED, m->requested);
	at = put_addr(at, OPT_SERVER, m->server);
	if (m->type != PW_DHCP_DECLINE) { /* RFC 2131 table 5: neither may be there */
		at = put(at, OPT_SIZE, &size, sizeof(size));
		at = put(at, OPT_WANTED, wanted, sizeof(wanted));
	}
	*at = OPT_END;
	return PW_DHCP_LEN_MAX;
}
