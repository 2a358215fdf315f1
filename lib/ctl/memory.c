/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * show memory: one thing of each kind that a packet touches, by all its addresses.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/mempolicy.h>
#include <rte_eal.h>
#include <rte_memory.h>
#include <rte_mempool.h>
#include <rte_memzone.h>
#include "cmd_priv.h"
#include "pw_option.h"

/* A place in memory. */
struct place {
	char what[48];
	const void *addr;
	uint64_t iova;
	const char *space;
	uint64_t held_by_connections;
	uint64_t held_by_devices;
};

static const char *const io_space = "user and I/O: the device reads and writes it";
static const char *const user_space = "user: the driver copies to and from the kernel";

static void
put_address(cJSON *row, const char *name, uint64_t addr)
{
	char text[24] = "unknown";

	if (addr != RTE_BAD_IOVA)
		snprintf(text, sizeof(text), "0x%" PRIx64, addr);
	put_text(row, name, text);
}

/* Of the page at @p addr by the kernel, or by the EAL where the kernel does not say. */
static int
numa_node(const void *addr, const struct rte_memseg_list *msl)
{
	int node = -1;

	if (syscall(SYS_get_mempolicy, &node, NULL, 0UL, addr,
		    (unsigned long)(MPOL_F_NODE | MPOL_F_ADDR)) == 0)
		return node;
	return msl != NULL ? msl->socket_id : -1;
}

static void
put_place(cJSON *rows, const struct place *p)
{
	const struct rte_memseg_list *msl = rte_mem_virt2memseg_list(p->addr);
	int node = numa_node(p->addr, msl);
	cJSON *row = put_row(rows);
	char text[16];

	put_text(row, "what", p->what);
	put_address(row, "virtual", (uintptr_t)p->addr);
	put_address(row, "iova", p->iova);
	put_address(row, "physical", rte_mem_virt2phy(p->addr));
	put_u64(row, "page_bytes", msl != NULL ? msl->page_sz : (uint64_t)sysconf(_SC_PAGESIZE));
	snprintf(text, sizeof(text), "%d", node);
	put_text(row, "numa_node", node < 0 ? "unknown" : text);
	put_u64(row, "connections_hold", p->held_by_connections);
	put_u64(row, "devices_hold", p->held_by_devices);
	put_text(row, "space", p->space);
}

/* Does any port's device read memory itself? */
static const char *
space_of_all(const struct pw_ctl *ctl)
{
	uint32_t i;

	for (i = 0; i < ctl->cfg.n_ports; i++)
		if (!ctl->cfg.ifs[i].port->driver_copies)
			return io_space;
	return user_space;
}

static void
put_page(const struct pw_ctl *ctl, cJSON *rows, uint32_t page)
{
	const struct pw_page *pg = pw_store_page(ctl->cfg.store, page);
	struct place p = {.addr = pg->addr, .iova = pg->iova, .space = space_of_all(ctl)};
	uint32_t i, k;

	snprintf(p.what, sizeof(p.what), "store page %u", page);
	for (i = 0; i < ctl->cfg.n_workers; i++) {
		const struct pw_ctl_worker *cw = &ctl->workers[i];

		p.held_by_connections += cw->refs->holds[page];
		for (k = 0; k < ctl->cfg.n_ports; k++)
			p.held_by_devices += pw_seg_page_held(pw_worker_seg(cw->worker, k), page);
	}
	put_place(rows, &p);
}

/* The first buffer of a pool; who holds it is not known, how many are out is. */
static void
put_buffer(cJSON *rows, const char *what, const struct rte_mempool *pool, const char *space)
{
	struct rte_mempool_objhdr *hdr = STAILQ_FIRST(&pool->elt_list);
	const struct rte_mbuf *m = (const struct rte_mbuf *)(hdr + 1);
	struct place p = {
		.addr = m->buf_addr,
		.iova = rte_mbuf_iova_get(m),
		.space = space,
		.held_by_devices = rte_mempool_in_use_count(pool),
	};

	snprintf(p.what, sizeof(p.what), "%s of %u", what, pool->size);
	put_place(rows, &p);
}

static const char *
space_of(const struct pw_port *port)
{
	return port->driver_copies ? user_space : io_space;
}

static void
put_buffers(const struct pw_ctl *ctl, cJSON *rows)
{
	char what[32];
	uint32_t i, k;

	for (i = 0; i < ctl->cfg.n_workers; i++)
		for (k = 0; k < ctl->cfg.n_ports; k++) {
			const struct pw_port *port = ctl->cfg.ifs[k].port;

			snprintf(what, sizeof(what), "w%u p%u header mbufs", i, port->id);
			put_buffer(rows, what,
				pw_seg_headers(pw_worker_seg(ctl->workers[i].worker, k)),
				space_of(port));
		}
	for (k = 0; k < ctl->cfg.n_ports; k++)
		for (i = 0; i < ctl->cfg.ifs[k].port->n_queues; i++) {
			const struct pw_port *port = ctl->cfg.ifs[k].port;

			snprintf(what, sizeof(what), "p%u q%u receive mbufs", port->id, i);
			put_buffer(rows, what, port->rx_pools[i], space_of(port));
		}
}

/* By their names: what drivers reserve for rings is the port's number and the queue's. */
static void
put_ring(const struct rte_memzone *mz, void *ctx)
{
	cJSON *rows = ctx;
	struct place p = {.addr = mz->addr, .iova = mz->iova, .space = io_space};
	unsigned int port, queue;

	if (sscanf(mz->name, "eth_p%u_q%u", &port, &queue) != 2 &&
		sscanf(mz->name, "port%u_vq%u", &port, &queue) != 2)
		return;
	snprintf(p.what, sizeof(p.what), "descriptor ring %s", mz->name);
	put_place(rows, &p);
}

int
show_memory(struct call *call)
{
	const struct pw_ctl *ctl = call->ctl;
	uint32_t n = pw_store_n_pages(ctl->cfg.store);
	uint64_t page = 0;
	const char *end;
	cJSON *rows;

	if (words_at_most(call, 1) != 0)
		return -1;
	if (call->argc == 1) {
		end = pw_option_digits(call->argv[0], &page);
		if (end == NULL || *end != '\0' || page >= n)
			return refuse(call, "'%s' is no page of the store; allowed: 0 to %u",
				call->argv[0], n - 1);
	}
	put_text(call->out, "iova_mode",
		rte_eal_iova_mode() == RTE_IOVA_VA ? "virtual" : "physical");
	put_text(call->out, "physical_addresses",
		n > 0 && rte_mem_virt2phy(pw_store_page(ctl->cfg.store, 0)->addr) != RTE_BAD_IOVA
			? "as /proc/self/pagemap says"
			: "not permitted: /proc/self/pagemap wants CAP_SYS_ADMIN");
	rows = put_rows(call->out, "places");
	if (n > 0)
		put_page(ctl, rows, (uint32_t)page);
	put_buffers(ctl, rows);
	rte_memzone_walk(put_ring, rows);
	return 0;
}
