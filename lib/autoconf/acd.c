/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "pw_acd.h"

#define LINK_LOCAL_FIRST UINT32_C(0xa9fe0100) /* 169.254.1.0 */
#define LINK_LOCAL_N	 (254u * 256)

void
pw_acd_begin(struct pw_acd *a, const struct pw_addr *addr, const uint8_t *mac, bool probe,
	pw_ns wait, struct pw_rand *rand, pw_ns now)
{
	bool hold = a->hold;

	*a = (struct pw_acd){
		.addr = *addr,
		.hold = hold,
		.state = probe ? PW_ACD_PROBE : PW_ACD_ANNOUNCE,
		.at = now + wait,
		.conflict_at = PW_NEVER,
		.n_conflicts = a->n_conflicts,
	};
	memcpy(a->mac, mac, sizeof(a->mac));
	if (probe)
		a->at += pw_rand_below(rand, PW_ACD_PROBE_WAIT_NS + 1);
}

/* Section 2.1.1: three probes, a second or two apart, and two seconds of silence. */
static enum pw_acd_do
run_probe(struct pw_acd *a, struct pw_rand *rand, pw_ns now)
{
	if (a->n_sent == PW_ACD_PROBES) {
		a->state = PW_ACD_ANNOUNCE;
		a->n_sent = 1;
		a->at = now + PW_ACD_ANNOUNCE_EVERY_NS;
		return PW_ACD_UP;
	}
	a->n_sent++;
	a->at = now +
		(a->n_sent == PW_ACD_PROBES
				? PW_ACD_ANNOUNCE_WAIT_NS
				: PW_ACD_PROBE_MIN_NS +
					  pw_rand_below(rand,
						  PW_ACD_PROBE_MAX_NS - PW_ACD_PROBE_MIN_NS + 1));
	return PW_ACD_SEND_PROBE;
}

/* Section 2.3. */
static enum pw_acd_do
run_announce(struct pw_acd *a, pw_ns now)
{
	a->n_sent++;
	a->at = now + PW_ACD_ANNOUNCE_EVERY_NS;
	if (a->n_sent == PW_ACD_ANNOUNCEMENTS)
		a->state = PW_ACD_OWN;
	return a->n_sent == 1 ? PW_ACD_UP : PW_ACD_SEND_ANNOUNCE;
}

enum pw_acd_do
pw_acd_run(struct pw_acd *a, struct pw_rand *rand, pw_ns now)
{
	if (now < pw_acd_next(a))
		return PW_ACD_NOTHING;
	return a->state == PW_ACD_PROBE ? run_probe(a, rand, now) : run_announce(a, now);
}

static enum pw_acd_do
lose(struct pw_acd *a)
{
	a->state = PW_ACD_OFF;
	return PW_ACD_LOST;
}

/*
 * Section 2.4: the first conflict is answered by an announcement. Another within ten
 * seconds ends it (b), but for an address that is to be held: that is defended on, once
 * in ten seconds (c), so that two that do so make no storm.
 */
static enum pw_acd_do
conflict(struct pw_acd *a, pw_ns now)
{
	bool again = a->conflict_at != PW_NEVER && now - a->conflict_at < PW_ACD_DEFEND_NS;

	if (again)
		return a->hold ? PW_ACD_NOTHING : lose(a);
	a->conflict_at = now;
	return PW_ACD_DEFEND;
}

enum pw_acd_do
pw_acd_heard(struct pw_acd *a, const struct pw_arp *arp, pw_ns now)
{
	bool his = pw_addr_eq(&arp->spa, &a->addr);
	bool probed = arp->op == PW_ARP_REQUEST && pw_addr_get_v4(&arp->spa) == 0 &&
		      pw_addr_eq(&arp->tpa, &a->addr);

	if (a->state == PW_ACD_OFF || pw_mac_eq(arp->sha, a->mac))
		return PW_ACD_NOTHING;
	/* Section 2.1.1: while we probe, who probes as well is in our way. */
	if (!his && !(probed && a->state == PW_ACD_PROBE))
		return PW_ACD_NOTHING;
	a->n_conflicts++;
	return a->state == PW_ACD_PROBE ? lose(a) : conflict(a, now);
}

struct pw_addr
pw_acd_link_local(struct pw_rand *rand)
{
	return pw_addr_v4(
		rte_cpu_to_be_32(LINK_LOCAL_FIRST + (uint32_t)pw_rand_below(rand, LINK_LOCAL_N)));
}
