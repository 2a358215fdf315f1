/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Opening real drivers that need no device: null and ring.
 */
#include <stdio.h>
#include <CUnit/CUnit.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include "../seg/rig_eal.h"
#include "pw_port.h"

static uint16_t id;

static int
plug(const char *name, const char *args)
{
	return rte_eal_hotplug_add("vdev", name, args) == 0
		       ? rte_eth_dev_get_port_by_name(name, &id)
		       : -1;
}

static void
null_is_opened_and_closed(void)
{
	struct pw_port port;
	struct pw_port_cfg cfg = {.n_workers = 1, .n_rxd = 128, .n_txd = 128};
	struct pw_port_queue q;
	struct rte_mbuf *m[32];
	uint16_t n;

	CU_ASSERT_EQUAL_FATAL(plug("net_null0", "size=100"), 0);
	cfg.port_id = id;
	CU_ASSERT_EQUAL_FATAL(pw_port_open(&cfg, &port), 0);
	CU_ASSERT_STRING_EQUAL(port.driver, "net_null");
	CU_ASSERT_STRING_EQUAL(port.name, "net_null0");
	CU_ASSERT_EQUAL(port.mtu, 1500);
	CU_ASSERT_FALSE(port.driver_copies);
	CU_ASSERT_FALSE(port.tso);
	pw_port_queue_init(&q, &port, 0);
	n = q.ops->rx_burst(q.q, m, 32);
	CU_ASSERT_EQUAL(n, 32);
	CU_ASSERT_EQUAL(m[0]->pkt_len, 100);
	CU_ASSERT_EQUAL(pw_port_buffers_out(&port), 32);
	rte_pktmbuf_free_bulk(m, n);
	pw_port_stop(&port);
	CU_ASSERT_EQUAL(pw_port_buffers_out(&port), 0);
	pw_port_close(&port);
	rte_eal_hotplug_remove("vdev", "net_null0");
}

static void
a_jumbo_frame_fits_the_buffers(void)
{
	struct pw_port port;
	struct pw_port_cfg cfg = {.n_workers = 1, .n_rxd = 64, .n_txd = 64, .mtu = 9000};

	CU_ASSERT_EQUAL_FATAL(plug("net_null1", ""), 0);
	cfg.port_id = id;
	CU_ASSERT_EQUAL_FATAL(pw_port_open(&cfg, &port), 0);
	CU_ASSERT_EQUAL(port.mtu, 9000);
	CU_ASSERT_TRUE(rte_pktmbuf_data_room_size(port.rx_pools[0]) >= RTE_PKTMBUF_HEADROOM + 9018);
	pw_port_close(&port);
	rte_eal_hotplug_remove("vdev", "net_null1");
}

static void
mistakes_are_refused(void)
{
	struct pw_port port;
	struct pw_port_cfg none = {.port_id = 31, .n_workers = 1};
	struct pw_port_cfg tiny = {.n_workers = 1, .mtu = 68};

	CU_ASSERT_EQUAL(pw_port_open(&none, &port), -ENODEV);
	CU_ASSERT_EQUAL_FATAL(plug("net_null2", ""), 0);
	tiny.port_id = id;
	CU_ASSERT_EQUAL(pw_port_open(&tiny, &port), -EINVAL);
	rte_eal_hotplug_remove("vdev", "net_null2");
}

/* net_null takes key and table, and shows them. */
static void
several_queues_are_spread_by_the_device(void)
{
	struct rte_eth_rss_reta_entry64 reta[2] = {{.mask = UINT64_MAX}, {.mask = UINT64_MAX}};
	struct pw_port_cfg cfg = {.n_workers = 3, .n_rxd = 64, .n_txd = 64};
	uint8_t key[40];
	struct rte_eth_rss_conf conf = {.rss_key = key, .rss_key_len = sizeof(key)};
	struct pw_spread spread;
	struct pw_port port;
	uint32_t i;

	CU_ASSERT_EQUAL_FATAL(plug("net_null3", "no-rx=1"), 0);
	cfg.port_id = id;
	CU_ASSERT_EQUAL_FATAL(pw_port_open(&cfg, &port), 0);
	CU_ASSERT_EQUAL(port.n_queues, 3);
	CU_ASSERT_TRUE(port.rss);
	CU_ASSERT_PTR_NULL(port.no_rss);
	CU_ASSERT_EQUAL(rte_eth_dev_rss_hash_conf_get(id, &conf), 0);
	for (i = 0; i < sizeof(key); i++)
		CU_ASSERT_EQUAL(key[i], i % 2 == 0 ? PW_SPREAD_KEY_HI : PW_SPREAD_KEY_LO);
	CU_ASSERT_EQUAL(rte_eth_dev_rss_reta_query(id, reta, 128), 0);
	pw_spread_init(&spread, 3);
	for (i = 0; i < 128; i++)
		CU_ASSERT_EQUAL(reta[i / 64].reta[i % 64], pw_spread_cell_worker(&spread, i));
	pw_port_close(&port);
	rte_eal_hotplug_remove("vdev", "net_null3");
}

/* @return what opening says; @p rss and @p n_queues are looked at when it is opened. */
static int
open_spread(
	const char *args, enum pw_port_spread how, uint16_t n_workers, bool rss, uint16_t n_queues)
{
	struct pw_port_cfg cfg = {.n_workers = n_workers, .spread = how, .n_rxd = 64, .n_txd = 64};
	struct pw_port port;
	int err;

	CU_ASSERT_EQUAL_FATAL(plug(args, ""), 0);
	cfg.port_id = id;
	err = pw_port_open(&cfg, &port);
	if (err == 0) {
		CU_ASSERT_EQUAL(port.rss, rss);
		CU_ASSERT_EQUAL(port.no_rss == NULL, rss || n_workers == 1);
		CU_ASSERT_EQUAL(port.n_queues, n_queues);
		pw_port_close(&port);
	}
	rte_eal_hotplug_remove("vdev", args);
	return err;
}

static void
spreading_is_chosen_or_refused(void)
{
	CU_ASSERT_EQUAL(open_spread("net_null4", PW_PORT_SPREAD_RSS, 2, true, 2), 0);
	CU_ASSERT_EQUAL(open_spread("net_null5", PW_PORT_SPREAD_SOFTWARE, 2, false, 2), 0);
	CU_ASSERT_EQUAL(open_spread("net_null6", PW_PORT_SPREAD_RSS, 1, false, 1), 0);
	CU_ASSERT_EQUAL(open_spread("net_ring0", PW_PORT_SPREAD_AUTO, 2, false, 2), 0);
	CU_ASSERT_EQUAL(open_spread("net_ring1", PW_PORT_SPREAD_RSS, 2, false, 2), -ENOTSUP);
}

static CU_TestInfo tests[] = {
	{"null_is_opened_and_closed", null_is_opened_and_closed},
	{"a_jumbo_frame_fits_the_buffers", a_jumbo_frame_fits_the_buffers},
	{"several_queues_are_spread_by_the_device", several_queues_are_spread_by_the_device},
	{"spreading_is_chosen_or_refused", spreading_is_chosen_or_refused},
	{"mistakes_are_refused", mistakes_are_refused},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_port_ethdev = {
	.pName = "port_ethdev",
	.pInitFunc = rig_eal,
	.pTests = tests,
};
