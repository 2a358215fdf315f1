/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Numbers that a stranger must not guess: SipHash-2-4 of the addresses under
 * the instance's secret.
 */
#include <sodium.h>
#include "tcp_priv.h"

enum purpose {
	FOR_ISN = 1,
	FOR_TS = 2,
	FOR_PORT = 3,
	FOR_COOKIE = 4,
	FOR_FAST_OPEN = 5,
};

static uint64_t
siphash(const struct pw_tcp *t, enum purpose why, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport, uint64_t more)
{
	uint8_t in[46], out[crypto_shorthash_BYTES];
	uint64_t h;

	memcpy(in, local, 16);
	memcpy(in + 16, remote, 16);
	pw_put_be16(in + 32, lport);
	pw_put_be16(in + 34, rport);
	pw_put_be16(in + 36, why);
	memcpy(in + 38, &more, sizeof(more));
	crypto_shorthash(out, in, sizeof(in), t->cfg.secret);
	memcpy(&h, out, sizeof(h));
	return h;
}

/* RFC 6528: a clock of 4 microseconds plus a keyed hash of the 4-tuple. */
uint32_t
secret_isn(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport)
{
	return (uint32_t)(t->now / (4 * PW_NS_PER_US)) +
	       (uint32_t)siphash(t, FOR_ISN, local, lport, remote, rport, 0);
}

/* RFC 7323 section 7.1: an offset for each pair of hosts, so that it stays
 * monotonic from one connection of a pair to the next (RFC 6191). */
uint32_t
secret_ts_off(const struct pw_tcp *t, const struct pw_addr *local, const struct pw_addr *remote)
{
	return (uint32_t)siphash(t, FOR_TS, local, 0, remote, 0, 0);
}

uint16_t
secret_port(const struct pw_tcp *t, const struct pw_addr *local, const struct pw_addr *remote,
	uint16_t rport)
{
	return (uint16_t)siphash(t, FOR_PORT, local, 0, remote, rport, 0);
}

uint32_t
secret_cookie(const struct pw_tcp *t, const struct pw_addr *local, uint16_t lport,
	const struct pw_addr *remote, uint16_t rport, uint32_t peer_isn, uint32_t head)
{
	uint64_t more = (uint64_t)peer_isn << 32 | head;

	return (uint32_t)siphash(t, FOR_COOKIE, local, lport, remote, rport, more);
}

uint64_t
secret_fast_open(const struct pw_tcp *t, const struct pw_addr *local, const struct pw_addr *remote,
	uint64_t n)
{
	return siphash(t, FOR_FAST_OPEN, local, 0, remote, 0, n);
}
