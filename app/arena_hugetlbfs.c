/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Pages of the store from libhugetlbfs, made known to the EAL and to each
 * device. For stores beyond what the EAL gives in one piece. A vhost-user peer
 * does not see this memory: ports_check() refuses the two together.
 */
#include <string.h>
#include <hugetlbfs.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_memory.h>
#include "app.h"

static uint64_t
arena_iova(void *ctx, const void *addr)
{
	return rte_eal_iova_mode() == RTE_IOVA_VA ? (uint64_t)(uintptr_t)addr
						  : rte_mem_virt2phy(addr);
}

static int
for_each_page(struct rte_device *dev, char *mem, size_t bytes,
	int (*fn)(struct rte_device *dev, void *addr, uint64_t iova, size_t len))
{
	size_t at;

	for (at = 0; at < bytes; at += PW_PAGE_BYTES) {
		/* A virtual device reads by address and has nothing to map. */
		if (fn(dev, mem + at, arena_iova(NULL, mem + at), PW_PAGE_BYTES) != 0 &&
			rte_errno != ENOTSUP)
			return -rte_errno;
	}
	return 0;
}

static int
map_to_devices(char *mem, size_t bytes)
{
	struct rte_eth_dev_info info;
	uint16_t id;
	int rc;

	RTE_ETH_FOREACH_DEV (id) {
		if (rte_eth_dev_info_get(id, &info) != 0)
			continue;
		rc = for_each_page(info.device, mem, bytes, rte_dev_dma_map);
		if (rc != 0) {
			COMPLAIN("port %u cannot map the pages: %s", id, strerror(-rc));
			return rc;
		}
	}
	return 0;
}

static int
make_known(char *mem, size_t bytes)
{
	size_t n = bytes / PW_PAGE_BYTES;
	rte_iova_t *iovas = calloc(n, sizeof(*iovas));
	size_t i;
	int rc;

	if (iovas == NULL)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		iovas[i] = arena_iova(NULL, mem + i * PW_PAGE_BYTES);
	rc = rte_extmem_register(mem, bytes, iovas, (unsigned int)n, PW_PAGE_BYTES);
	free(iovas);
	if (rc != 0) {
		COMPLAIN("the EAL does not take the pages: %s", rte_strerror(rte_errno));
		return -rte_errno;
	}
	return map_to_devices(mem, bytes);
}

static void *
arena_alloc(void *ctx, size_t bytes)
{
	char *mem;
	int rc;

	if (gethugepagesize() != PW_PAGE_BYTES) {
		COMPLAIN("--arena 'hugetlbfs' needs a default hugepage size of 2 MiB");
		errno = EINVAL;
		return NULL;
	}
	mem = get_huge_pages(bytes, GHP_DEFAULT);
	if (mem == NULL) {
		COMPLAIN("libhugetlbfs has no %zu MiB: %s", bytes >> 20, strerror(errno));
		return NULL;
	}
	memset(mem, 0, bytes); /* the pages must be there before a device learns where */
	rc = make_known(mem, bytes);
	if (rc == 0)
		return mem;
	free_huge_pages(mem);
	errno = -rc;
	return NULL;
}

static void
arena_free(void *ctx, void *mem, size_t bytes)
{
	struct rte_eth_dev_info info;
	uint16_t id;

	RTE_ETH_FOREACH_DEV (id)
		if (rte_eth_dev_info_get(id, &info) == 0)
			for_each_page(info.device, mem, bytes, rte_dev_dma_unmap);
	rte_extmem_unregister(mem, bytes);
	free_huge_pages(mem);
}

const struct pw_arena arena_hugetlbfs = {
	.alloc = arena_alloc,
	.free = arena_free,
	.iova = arena_iova,
};
