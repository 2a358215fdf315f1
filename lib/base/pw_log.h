/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_LOG_H
#define PW_LOG_H

/**
 * @file
 * Logging by rte_log: one type per module, filtered at run time with
 * --log-level=pagewire.MODULE:LEVEL. Never called per packet.
 *
 *	RTE_LOG_REGISTER(pw_log_store, pagewire.store, NOTICE);
 *	#define STORE_LOG(lvl, ...) PW_LOG(lvl, pw_log_store, "store", __VA_ARGS__)
 *
 * ERR: an operator must act. WARNING: something was left out. NOTICE: a few per
 * run. INFO and DEBUG: anything else outside the packet path.
 */
#include <rte_log.h>

#define PW_LOG(lvl, type, module, fmt, ...) \
	rte_log(RTE_LOG_##lvl, type, "pagewire: " module ": " fmt "\n", ##__VA_ARGS__)

#endif
