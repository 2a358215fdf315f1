/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_wire_arp.h"

#define HTYPE_ETHERNET 1

uint32_t
pw_arp_check(const uint8_t *p, uint32_t avail)
{
	uint16_t op;

	if (avail < PW_ARP_LEN)
		return 0;
	if (pw_get_be16(p) != HTYPE_ETHERNET || pw_get_be16(p + 2) != PW_ETH_TYPE_IP4)
		return 0;
	if (p[4] != PW_ETH_ADDR_LEN || p[5] != sizeof(rte_be32_t))
		return 0;
	op = pw_get_be16(p + 6);
	if (op != PW_ARP_REQUEST && op != PW_ARP_REPLY)
		return 0;
	return pw_mac_is_group(p + 8) ? 0 : PW_ARP_LEN;
}

void
pw_arp_parse(const uint8_t *p, struct pw_arp *out)
{
	rte_be32_t spa, tpa;

	out->op = pw_get_be16(p + 6);
	memcpy(out->sha, p + 8, PW_ETH_ADDR_LEN);
	memcpy(&spa, p + 14, sizeof(spa));
	memcpy(out->tha, p + 18, PW_ETH_ADDR_LEN);
	memcpy(&tpa, p + 24, sizeof(tpa));
	out->spa = pw_addr_v4(spa);
	out->tpa = pw_addr_v4(tpa);
}

uint32_t
pw_arp_emit(uint8_t *p, const struct pw_arp *a)
{
	rte_be32_t spa = pw_addr_get_v4(&a->spa), tpa = pw_addr_get_v4(&a->tpa);

	pw_put_be16(p, HTYPE_ETHERNET);
	pw_put_be16(p + 2, PW_ETH_TYPE_IP4);
	p[4] = PW_ETH_ADDR_LEN;
	p[5] = sizeof(rte_be32_t);
	pw_put_be16(p + 6, a->op);
	memcpy(p + 8, a->sha, PW_ETH_ADDR_LEN);
	memcpy(p + 14, &spa, sizeof(spa));
	memcpy(p + 18, a->tha, PW_ETH_ADDR_LEN);
	memcpy(p + 24, &tpa, sizeof(tpa));
	return PW_ARP_LEN;
}
