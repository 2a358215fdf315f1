/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * What can be set while it runs: for connections to come, or for one.
 */
#include "tcp_priv.h"

const struct tcp_cc *const tcp_ccs[] = {
	[CC_CUBIC] = &tcp_cc_cubic, &tcp_cc_newreno, &tcp_cc_dctcp, &tcp_cc_bbr};

int
tcp_cc_find(const char *name)
{
	size_t i;

	for (i = 0; i < RTE_DIM(tcp_ccs); i++)
		if (strcmp(name, tcp_ccs[i]->name) == 0)
			return (int)i;
	return -1;
}

bool
cc_choose(struct pw_tcp_conn *c, uint32_t id, bool pacing)
{
	const struct tcp_cc *cc = tcp_ccs[id];
	bool models = cc->on_sample != NULL;

	if (models || pacing || unlikely(c->side != 0))
		if (!pace_choose(c, models || pacing) && models)
			return false;
	if (unlikely(c->rated) && !models) /* slow start would know no bound */
		c->ssthresh = (uint32_t)pw_max(c->cwnd, 2u * c->mss);
	c->cc_id = id & 3;
	c->rated = models;
	cc->init(c);
	return true;
}

/* Within [low, high], or 0 where that means off. */
static bool
in_range(uint64_t value, uint64_t low, uint64_t high)
{
	return value >= low && value <= high;
}

static bool
allowed(enum pw_tcp_option what, uint64_t value)
{
	switch (what) {
	case PW_TCP_MTU:
		return in_range(value, PW_TCP_MTU_MIN, UINT16_MAX);
	case PW_TCP_INIT_WINDOW:
		return in_range(value, 1, INIT_WINDOW_SEGS);
	case PW_TCP_WINDOW_SCALE:
	case PW_TCP_SACK:
	case PW_TCP_TIMESTAMPS:
	case PW_TCP_NAGLE:
	case PW_TCP_PACING:
	case PW_TCP_FAST_OPEN:
		return value <= 1;
	case PW_TCP_ECN:
		return value <= PW_TCP_ECN_ASK;
	case PW_TCP_KEEPALIVE_MS:
		return value == 0 || in_range(value, 1000, UINT32_MAX / 2);
	case PW_TCP_USER_TIMEOUT_MS:
		return in_range(value, 1000, UINT32_MAX / 2);
	}
	return false;
}

void
pw_tcp_set_link_mtu(struct pw_tcp *t, bool ip6, uint16_t mtu)
{
	t->link_mtu[ip6] = (uint16_t)pw_max(mtu, PW_TCP_MTU_MIN);
}

int
pw_tcp_set(struct pw_tcp *t, enum pw_tcp_option what, uint64_t value)
{
	struct tcp_defaults *d = &t->defaults;

	if (!allowed(what, value))
		return -EINVAL;
	switch (what) {
	case PW_TCP_MTU:
		t->cfg.mtu = (uint16_t)value;
		break;
	case PW_TCP_INIT_WINDOW:
		d->init_window_segs = (uint8_t)value;
		break;
	case PW_TCP_WINDOW_SCALE:
		d->syn_flags = value ? d->syn_flags | F_WS_OK : d->syn_flags & ~F_WS_OK;
		break;
	case PW_TCP_SACK:
		d->syn_flags = value ? d->syn_flags | F_SACK_OK : d->syn_flags & ~F_SACK_OK;
		break;
	case PW_TCP_TIMESTAMPS:
		d->syn_flags = value ? d->syn_flags | F_TS_OK : d->syn_flags & ~F_TS_OK;
		break;
	case PW_TCP_NAGLE:
		d->nagle = value;
		break;
	case PW_TCP_KEEPALIVE_MS:
		d->keepalive_ms = (uint32_t)value;
		break;
	case PW_TCP_USER_TIMEOUT_MS:
		d->user_timeout_ms = (uint32_t)value;
		break;
	case PW_TCP_ECN:
		d->ecn = (uint8_t)value;
		break;
	case PW_TCP_PACING:
		d->pacing = value;
		break;
	case PW_TCP_FAST_OPEN:
		d->fast_open = value;
		break;
	}
	return 0;
}

int
pw_tcp_conn_set(struct pw_tcp_conn *c, enum pw_tcp_option what, uint64_t value)
{
	if (!allowed(what, value))
		return -EINVAL;
	switch (what) {
	case PW_TCP_NAGLE:
		c->flags = value ? c->flags | F_NAGLE : c->flags & ~F_NAGLE;
		conn_ready(c);
		return 0;
	case PW_TCP_KEEPALIVE_MS:
		c->keepalive_ms = (uint32_t)value;
		c->flags = value ? c->flags | F_KEEPALIVE : c->flags & ~F_KEEPALIVE;
		c->heard_ms = c->t->now_ms;
		tmr_on_heard(c);
		return 0;
	case PW_TCP_USER_TIMEOUT_MS:
		c->user_timeout_ms = (uint32_t)value;
		return 0;
	case PW_TCP_PACING:
		if ((c->flags & F_OPENED) == 0 || c->rated)
			return -ENOTSUP;
		return pace_choose(c, value) ? 0 : -ENOBUFS;
	case PW_TCP_ECN:
		if (c->state != PW_TCP_SYN_SENT || c->syn_sent != 0)
			return -ENOTSUP;
		c->ecn = value == PW_TCP_ECN_ASK ? ECN_ASK : 0;
		return 0;
	default:
		return -ENOTSUP; /* agreed in the handshake, or the instance's */
	}
}

int
pw_tcp_set_cc(struct pw_tcp *t, const char *name)
{
	int cc = tcp_cc_find(name);

	if (cc < 0)
		return -EINVAL;
	t->defaults.cc = (uint8_t)cc;
	return 0;
}

/* Its place in cc_addrs; n_cc_addrs: it has none. */
static uint32_t
find_addr(const struct pw_tcp *t, const struct pw_addr *local)
{
	uint32_t i;

	for (i = 0; i < t->n_cc_addrs; i++)
		if (pw_addr_eq(&t->cc_addrs[i].local, local))
			break;
	return i;
}

int
pw_tcp_set_cc_of(struct pw_tcp *t, const struct pw_addr *local, const char *name)
{
	uint32_t i = find_addr(t, local);
	bool has_one = i < t->n_cc_addrs;
	int cc;

	if (name == NULL) {
		if (has_one)
			t->cc_addrs[i] = t->cc_addrs[--t->n_cc_addrs];
		return 0;
	}
	cc = tcp_cc_find(name);
	if (cc < 0)
		return -EINVAL;
	if (i == PW_TCP_CC_ADDRS_MAX)
		return -ENOSPC;
	t->n_cc_addrs += !has_one;
	t->cc_addrs[i] = (struct cc_addr){*local, (uint8_t)cc};
	return 0;
}

uint8_t
cc_default(const struct pw_tcp *t, const struct pw_addr *local)
{
	uint32_t i = find_addr(t, local);

	return i < t->n_cc_addrs ? t->cc_addrs[i].cc : t->defaults.cc;
}

const char *
pw_tcp_get_cc(const struct pw_tcp *t, const struct pw_addr *local)
{
	return tcp_ccs[cc_default(t, local)]->name;
}

int
pw_tcp_conn_set_cc(struct pw_tcp_conn *c, const char *name)
{
	int cc = tcp_cc_find(name);

	if (cc < 0)
		return -EINVAL;
	if ((c->flags & F_OPENED) == 0)
		c->cc_id = cc & 3;
	else if (!cc_choose(c, (uint32_t)cc, c->rated ? c->t->defaults.pacing : c->paced))
		return -ENOBUFS;
	return 0;
}
