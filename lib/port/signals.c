/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * net_tap lets the kernel send a real-time signal for every frame, to save empty
 * reads. With traffic both ways each frame then interrupts the worker, mostly in
 * the middle of a write. The driver takes the first real-time signal that nobody
 * uses, and polls when there is none.
 */
#include <signal.h>
#include "pw_port.h"

void
pw_port_before_eal(void)
{
	int sig;

	for (sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
		signal(sig, SIG_IGN);
}
