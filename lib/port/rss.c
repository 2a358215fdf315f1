/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A device is believed when it shows the key and the table that it was given.
 */
#include "rss.h"

#define KEY_MIN	 40 /* what Toeplitz over two IPv6 addresses and two ports takes */
#define KEY_MAX	 64
#define RETA_MAX (RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE)
#define HASHED	 RTE_ETH_RSS_NONFRAG_IPV4_TCP
#define HASHED6	 RTE_ETH_RSS_NONFRAG_IPV6_TCP /* without it IPv6 is handed over by workers */

/* A driver that says nothing means the usual one. */
static uint8_t
key_len(const struct rte_eth_dev_info *info)
{
	return info->hash_key_size != 0 ? info->hash_key_size : KEY_MIN;
}

const char *
rss_lacks(const struct rte_eth_dev_info *info)
{
	if ((info->flow_type_rss_offloads & HASHED) == 0)
		return "it has no RSS over TCP";
	if (key_len(info) < KEY_MIN || key_len(info) > KEY_MAX)
		return "its RSS key is of a strange size";
	if (info->reta_size == 0 || info->reta_size % PW_SPREAD_CELLS != 0 ||
		info->reta_size > RETA_MAX * RTE_ETH_RETA_GROUP_SIZE)
		return "its RSS table is of a strange size";
	return NULL;
}

static uint8_t *
the_key(void)
{
	static uint8_t key[KEY_MAX];
	uint32_t i;

	for (i = 0; i < KEY_MAX; i++)
		key[i] = i % 2 == 0 ? PW_SPREAD_KEY_HI : PW_SPREAD_KEY_LO;
	return key;
}

void
rss_ask(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf = (struct rte_eth_rss_conf){
		.rss_key = the_key(),
		.rss_key_len = key_len(info),
		.rss_hf = HASHED | (info->flow_type_rss_offloads & HASHED6),
	};
}

static bool
same_table(const struct rte_eth_rss_reta_entry64 *a, const struct rte_eth_rss_reta_entry64 *b,
	uint16_t n)
{
	uint16_t i;

	for (i = 0; i < n; i++)
		if (memcmp(a[i].reta, b[i].reta, sizeof(a[i].reta)) != 0)
			return false;
	return true;
}

static const char *
set_table(uint16_t port_id, const struct rte_eth_dev_info *info, uint16_t n_queues)
{
	struct rte_eth_rss_reta_entry64 want[RETA_MAX] = {0}, have[RETA_MAX] = {0};
	uint16_t i, groups = info->reta_size / RTE_ETH_RETA_GROUP_SIZE;
	struct pw_spread spread;

	pw_spread_init(&spread, n_queues);
	for (i = 0; i < info->reta_size; i++)
		want[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] =
			(uint16_t)pw_spread_cell_worker(&spread, i);
	for (i = 0; i < groups; i++)
		want[i].mask = have[i].mask = UINT64_MAX;
	if (rte_eth_dev_rss_reta_update(port_id, want, info->reta_size) != 0)
		return "it does not take an RSS table";
	if (rte_eth_dev_rss_reta_query(port_id, have, info->reta_size) != 0 ||
		!same_table(want, have, groups))
		return "it has another RSS table than it was given";
	return NULL;
}

const char *
rss_set(uint16_t port_id, const struct rte_eth_dev_info *info, uint16_t n_queues)
{
	uint8_t key[KEY_MAX] = {0};
	struct rte_eth_rss_conf have = {.rss_key = key, .rss_key_len = key_len(info)};
	struct rte_eth_conf want = {0};

	/* Some drivers take the key when they are configured, others only so. */
	rss_ask(info, &want);
	rte_eth_dev_rss_hash_update(port_id, &want.rx_adv_conf.rss_conf);
	if (rte_eth_dev_rss_hash_conf_get(port_id, &have) != 0 ||
		memcmp(key, the_key(), key_len(info)) != 0)
		return "it has another RSS key than it was given";
	if ((have.rss_hf & HASHED) == 0)
		return "its RSS leaves out TCP";
	return set_table(port_id, info, n_queues);
}
