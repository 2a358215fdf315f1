/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <string.h>
#include <netinet/in.h>
#include <linux/errqueue.h>
#include "paths_priv.h"

static bool
is_error_queue(const struct cmsghdr *c)
{
	return (c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
	       (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

int
zc_parse(const struct msghdr *msg, struct zc_range *out)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct sock_extended_err e;

	if (c == NULL || !is_error_queue(c) || c->cmsg_len < CMSG_LEN(sizeof(e)))
		return -ENOMSG;
	memcpy(&e, CMSG_DATA(c), sizeof(e));
	if (e.ee_origin != SO_EE_ORIGIN_ZEROCOPY || e.ee_errno != 0)
		return -ENOMSG;
	out->first = e.ee_info;
	out->last = e.ee_data;
	out->copied = e.ee_code & SO_EE_CODE_ZEROCOPY_COPIED;
	return 0;
}

void
zc_sent(struct zc_track *t, uint8_t buffer)
{
	PW_ASSERT(t->n_under_way < ZC_UNDER_WAY_MAX);
	t->owner[t->next % ZC_UNDER_WAY_MAX] = buffer;
	t->next++;
	t->n_under_way++;
	t->held[buffer]++;
}

/* Numbers have 32 bits and run over. */
int
zc_done(struct zc_track *t, const struct zc_range *range)
{
	uint32_t n = range->last - range->first + 1;
	uint32_t age = t->next - range->first;
	uint32_t i;

	if (n == 0 || n > t->n_under_way || age < n || age > ZC_UNDER_WAY_MAX)
		return -EBADMSG;
	for (i = 0; i < n; i++) {
		uint8_t buffer = t->owner[(range->first + i) % ZC_UNDER_WAY_MAX];

		if (t->held[buffer] == 0)
			return -EBADMSG;
		t->held[buffer]--;
	}
	t->n_under_way -= n;
	return 0;
}
