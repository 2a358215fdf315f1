/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include "req_make.h"

const struct pw_req_limits req_limits = {.head_bytes = 8192, .fields = 100, .body_bytes = 1000};

const struct pw_req *
req_make(const char *field_lines)
{
	static struct pw_req_parser parser;
	static char head[4096];
	uint32_t used;

	snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", field_lines);
	pw_req_init(&parser, &req_limits);
	CU_ASSERT_EQUAL_FATAL(
		pw_req_feed(&parser, head, (uint32_t)strlen(head), &used), PW_REQ_DONE);
	CU_ASSERT_EQUAL_FATAL(used, strlen(head));
	return &parser.req;
}
