/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef RSS_H
#define RSS_H

/**
 * @file
 * Receive side scaling: the device finds the worker of a frame as pw_spread.h does.
 */
#include <rte_ethdev.h>
#include "pw_port.h"

/** What the device lacks, in words; NULL: it has all that it takes. */
const char *rss_lacks(const struct rte_eth_dev_info *info);

/** Ask for it, before the device is configured. */
void rss_ask(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf);

/**
 * Write the table of a started device, and read back what it has.
 * @return NULL, or what is wrong, in words
 */
const char *rss_set(uint16_t port_id, const struct rte_eth_dev_info *info, uint16_t n_queues);

#endif
