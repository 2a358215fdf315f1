/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef REQ_MAKE_H
#define REQ_MAKE_H

#include "http_priv.h"

extern const struct pw_req_limits req_limits;

/** Read "GET / HTTP/1.1", a Host and the given field lines; fails the test if refused. */
const struct pw_req *req_make(const char *field_lines);

#endif
