/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <arpa/inet.h>
#include "pw_addr.h"

bool
pw_addr_same_net(const struct pw_addr *a, const struct pw_addr *b, uint32_t bits)
{
	uint32_t bytes = bits / 8;
	uint8_t mask = (uint8_t)(0xff00u >> (bits % 8));

	if (memcmp(a->b, b->b, bytes) != 0)
		return false;
	return bits % 8 == 0 || ((a->b[bytes] ^ b->b[bytes]) & mask) == 0;
}

int
pw_addr_parse(const char *text, struct pw_addr *out)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		*out = pw_addr_v4(v4.s_addr);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &v6) == 1) {
		memcpy(out->b, &v6, sizeof(out->b));
		return 0;
	}
	return -EINVAL;
}

const char *
pw_addr_format(const struct pw_addr *a, char text[PW_ADDR_TEXT_MAX])
{
	if (pw_addr_is_v4(a))
		inet_ntop(AF_INET, &a->d[3], text, PW_ADDR_TEXT_MAX);
	else
		inet_ntop(AF_INET6, a->b, text, PW_ADDR_TEXT_MAX);
	return text;
}

const char *
pw_addr_format_host(const struct pw_addr *a, char text[PW_ADDR_HOST_MAX])
{
	if (pw_addr_is_v4(a))
		return pw_addr_format(a, text);
	text[0] = '[';
	pw_addr_format(a, text + 1);
	strcat(text, "]");
	return text;
}
