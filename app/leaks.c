/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <inttypes.h>
#include "common.h"

int
leaks_check(
	const struct pw_worker *w, const struct pw_port *ports, uint32_t n_ports, uint64_t n_holds)
{
	struct pw_worker_leaks leaks;
	bool clean = pw_worker_get_leaks(w, &leaks);
	uint32_t buffers = 0;
	uint32_t i;

	for (i = 0; i < n_ports; i++)
		buffers += pw_port_buffers_out(&ports[i]);
	if (clean && buffers == 0 && n_holds == 0) {
		printf("%s: all packets, buffers and pages are back\n", program);
		fflush(stdout);
		return STATUS_OK;
	}
	COMPLAIN("LEAK: %u headers, %u windows, %" PRIu64 " page references, %u receive buffers, "
		 "%u connections, %u waiting packets, %" PRIu64 " holds of pages are not back",
		leaks.seg.hdr, leaks.seg.bare, leaks.seg.pages, buffers, leaks.conns, leaks.waiting,
		n_holds);
	return STATUS_FAILED;
}
