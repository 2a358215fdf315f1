/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Whose is a connection? Compared with the Toeplitz hash of DPDK, which is what
 * devices reckon.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include <rte_thash.h>
#include "pw_rand.h"
#include "pw_spread.h"

#define SEED 20261125

static struct pw_spread spread;
static struct pw_rand rnd;

static void
setup(void)
{
	pw_spread_init(&spread, 3);
	pw_rand_init(&rnd, SEED);
}

static uint32_t
worker_of(rte_be32_t a, uint16_t a_port, rte_be32_t b, uint16_t b_port)
{
	struct pw_addr aa = pw_addr_v4(a), ba = pw_addr_v4(b);

	return pw_spread_worker_of(&spread, &aa, a_port, &ba, b_port);
}

/* The input as a device has it: addresses and ports in the order of the wire. */
static uint32_t
device_hash(const uint8_t *tuple, uint32_t bytes)
{
	uint8_t key[52];
	uint32_t words[9] = {0};
	uint32_t i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = i % 2 == 0 ? PW_SPREAD_KEY_HI : PW_SPREAD_KEY_LO;
	memcpy(words, tuple, bytes);
	for (i = 0; i < bytes / 4; i++)
		words[i] = rte_be_to_cpu_32(words[i]);
	return rte_softrss(words, bytes / 4, key);
}

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
it_is_what_a_device_finds(void)
{
	uint32_t i;

	printf("seed %d ", SEED);
	for (i = 0; i < 10000; i++) {
		uint32_t a = (uint32_t)pw_rand_u64(&rnd), b = (uint32_t)pw_rand_u64(&rnd);
		uint16_t ap = (uint16_t)pw_rand_u64(&rnd), bp = (uint16_t)pw_rand_u64(&rnd);
		uint8_t tuple[12];

		memcpy(tuple, &a, 4);
		memcpy(tuple + 4, &b, 4);
		put16(tuple + 8, ap);
		put16(tuple + 10, bp);
		CU_ASSERT_EQUAL_FATAL(worker_of(a, ap, b, bp),
			pw_spread_cell_worker(&spread, device_hash(tuple, sizeof(tuple))));
	}
}

static void
it_is_so_with_ipv6(void)
{
	uint32_t i, k;

	for (i = 0; i < 1000; i++) {
		struct pw_addr a, b;
		uint8_t tuple[36];

		for (k = 0; k < 4; k++) {
			a.d[k] = (uint32_t)pw_rand_u64(&rnd);
			b.d[k] = (uint32_t)pw_rand_u64(&rnd);
		}
		memcpy(tuple, a.b, 16);
		memcpy(tuple + 16, b.b, 16);
		put16(tuple + 32, (uint16_t)(40000 + i));
		put16(tuple + 34, 80);
		CU_ASSERT_EQUAL(pw_spread_worker_of(&spread, &a, (uint16_t)(40000 + i), &b, 80),
			pw_spread_cell_worker(&spread, device_hash(tuple, sizeof(tuple))));
	}
}

static void
both_directions_are_one_workers(void)
{
	uint32_t i;

	for (i = 0; i < 10000; i++) {
		uint32_t a = (uint32_t)pw_rand_u64(&rnd), b = (uint32_t)pw_rand_u64(&rnd);
		uint16_t ap = (uint16_t)pw_rand_u64(&rnd), bp = (uint16_t)pw_rand_u64(&rnd);

		CU_ASSERT_EQUAL(worker_of(a, ap, b, bp), worker_of(b, bp, a, ap));
	}
}

/* A larger table of a device repeats the cells, whatever the number of workers. */
static void
larger_tables_agree(void)
{
	uint32_t n, i;

	for (n = 1; n <= PW_WORKERS_MAX; n++) {
		pw_spread_init(&spread, n);
		for (i = 0; i < 512; i++) {
			CU_ASSERT_EQUAL(pw_spread_cell_worker(&spread, i),
				pw_spread_cell_worker(&spread, i % PW_SPREAD_CELLS));
			CU_ASSERT_TRUE(pw_spread_cell_worker(&spread, i) < n);
		}
	}
}

static void
shares_add_up_and_are_even(void)
{
	uint32_t n, i;

	for (n = 1; n <= PW_WORKERS_MAX; n++) {
		uint32_t sum = 0;

		pw_spread_init(&spread, n);
		for (i = 0; i < n; i++) {
			uint32_t cells = pw_spread_cells_of(&spread, i);

			CU_ASSERT_TRUE(cells >= PW_SPREAD_CELLS / n);
			CU_ASSERT_TRUE(cells <= PW_SPREAD_CELLS / n + 1);
			sum += cells;
		}
		CU_ASSERT_EQUAL(sum, PW_SPREAD_CELLS);
	}
}

/* @p step: a kernel's clients take every second port. */
static void
check_ports(uint32_t n, uint32_t step, uint32_t n_ports)
{
	uint32_t count[PW_WORKERS_MAX] = {0};
	uint32_t i;

	pw_spread_init(&spread, n);
	for (i = 0; i < n_ports; i++)
		count[worker_of(RTE_BE32(0x0a4d0002), (uint16_t)(32768 + i * step),
			RTE_BE32(0x0a4d0001), 80)]++;
	for (i = 0; i < n; i++) {
		CU_ASSERT_TRUE(count[i] * n * 10 >= n_ports * 7);
		CU_ASSERT_TRUE(count[i] * n * 10 <= n_ports * 13);
	}
}

static void
ports_of_one_client_are_spread_evenly(void)
{
	uint32_t n;

	for (n = 2; n <= 8; n++) {
		check_ports(n, 1, 1024);
		check_ports(n, 2, 1024);
	}
}

/* Clients with one port each, one after the other, and far apart. */
static void
addresses_are_spread_evenly(void)
{
	static const uint32_t steps[] = {1, 2, 256, 65536, 257};
	uint32_t count[2];
	uint32_t s, i;

	pw_spread_init(&spread, 2);
	for (s = 0; s < RTE_DIM(steps); s++) {
		count[0] = count[1] = 0;
		for (i = 0; i < 256; i++)
			count[worker_of(rte_cpu_to_be_32(0x0a000000 + i * steps[s]), 40000,
				RTE_BE32(0x0a4d0001), 80)]++;
		CU_ASSERT_TRUE(count[0] >= 96 && count[1] >= 96);
	}
}

static void
one_worker_has_all(void)
{
	uint32_t i;

	pw_spread_init(&spread, 1);
	for (i = 0; i <= UINT16_MAX; i++)
		CU_ASSERT_EQUAL(pw_spread_worker(&spread, (uint16_t)i), 0);
}

static CU_TestInfo tests[] = {
	{"it_is_what_a_device_finds", it_is_what_a_device_finds},
	{"it_is_so_with_ipv6", it_is_so_with_ipv6},
	{"both_directions_are_one_workers", both_directions_are_one_workers},
	{"larger_tables_agree", larger_tables_agree},
	{"shares_add_up_and_are_even", shares_add_up_and_are_even},
	{"ports_of_one_client_are_spread_evenly", ports_of_one_client_are_spread_evenly},
	{"addresses_are_spread_evenly", addresses_are_spread_evenly},
	{"one_worker_has_all", one_worker_has_all},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_base_spread = {
	.pName = "base_spread",
	.pSetUpFunc = setup,
	.pTests = tests,
};
