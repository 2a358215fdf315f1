/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_SPAN_H
#define PW_SPAN_H

/**
 * @file
 * A run of bytes to send. TCP handles spans without looking at the bytes;
 * only the packet builder knows what a page number stands for.
 */
#include "pw_base.h"

/** Not in a store page: text that the packet builder writes into the header mbuf. */
#define PW_PAGE_NONE UINT32_MAX

/** The most spans that one segment is made of. */
#define PW_SEG_SPANS_MAX 40

/**
 * @p len bytes at @p addr, inside one page of the store, or, with page
 * PW_PAGE_NONE, in memory that its maker may reuse at the next question.
 */
struct pw_span {
	const uint8_t *addr;
	uint32_t len;
	uint32_t page;
};

#endif
