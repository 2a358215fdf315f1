/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "http_priv.h"

const struct pw_http_status_info pw_http_status[PW_HTTP_STATUS_MAX] = {
#define X(code, reason)                                      \
	[PW_HTTP_##code] = {                                 \
		PW_STR("HTTP/1.1 " #code " " reason "\r\n"), \
		#code " " reason,                            \
	},
	PW_HTTP_STATUSES(X)
#undef X
};
