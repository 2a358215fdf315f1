/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * --prove: the pages of the store are unreadable in this process while it serves.
 * Devices read them all the same: a NIC by DMA, the peer of a vhost-user socket
 * through a mapping of its own. An instruction of ours that reads or copies a
 * payload byte faults, and the fault is told and ends the process.
 *
 * What the handler does is async-signal-safe: it formats by hand, into write(2). It runs
 * on the stack of the worker that faulted, whichever that is: a page of the store is none.
 */
#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include "app.h"

#define STATUS_READ   3 /* a payload byte was touched */
#define FRAMES_MAX    64
#define NUMBER_DIGITS 20

static struct {
	const struct app *app;
	const uint8_t *base;
	size_t bytes; /* unreadable from base on; 0: none */
} guarded;

/* ---- may it be asked for? ---- */

static int
refuse(const struct pw_port *port, const char *why)
{
	COMPLAIN("--prove is refused: port %u (%s) %s; allowed: devices that read the pages "
		 "themselves and compute TCP checksums, such as net_virtio_user or a NIC",
		port->id, port->driver, why);
	return STATUS_USAGE;
}

int
prove_check(struct app *app)
{
	uint32_t i;

	for (i = 0; app->cfg.prove && i < app->n_ports; i++) {
		const struct pw_port *port = &app->ports[i];

		if (port->driver_copies)
			return refuse(port, "has a driver that copies every payload byte");
		if (port->max_pieces == 1)
			return refuse(port, "takes no chains, so that pagewire has to copy");
		if (!port->tx_tcp_cksum)
			return refuse(port, "leaves TCP checksums to pagewire, which reads the "
					    "edges of segments for them");
	}
	return STATUS_OK;
}

/* ---- the fault ---- */

static void
put(const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, text, n);

		if (done <= 0)
			return;
		text += done;
		n -= (size_t)done;
	}
}

static void
put_number(uint64_t v, unsigned int base)
{
	char digits[NUMBER_DIGITS + 1];
	char *p = digits + NUMBER_DIGITS;

	*p = '\0';
	do {
		*--p = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	put(p);
}

/* "byte 17 of the file 'a/b'" */
static void
put_place(const void *addr)
{
	const struct app *app = guarded.app;
	const struct pw_object *obj;
	const struct pw_node *file;
	uint32_t id;
	pw_off off;

	if (pw_store_whose(app->store, addr, &id, &off) != 0) {
		put("between two files");
		return;
	}
	obj = pw_store_object(app->store, id);
	file = pw_site_file(app->site, id);
	put("byte ");
	put_number(off < obj->prefix_len ? off : off - obj->prefix_len, 10);
	put(off < obj->prefix_len ? " of the response head in front of " : " of ");
	put(file != NULL ? "the file '" : "a page of pagewire's own");
	if (file != NULL) {
		put(file->path);
		put("'");
	}
}

static void
put_backtrace(void)
{
	void *frames[FRAMES_MAX];
	int n = backtrace(frames, FRAMES_MAX);

	put("pagewire: --prove: by\n");
	backtrace_symbols_fd(frames, n, STDERR_FILENO);
}

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	const uint8_t *at = info->si_addr;

	if (at < guarded.base || at >= guarded.base + guarded.bytes) {
		signal(sig, SIG_DFL); /* an ordinary crash: it comes again, and ends us */
		return;
	}
	put("pagewire: --prove: VIOLATED: a payload byte was touched at address 0x");
	put_number((uintptr_t)at, 16);
	put(", ");
	put_place(at);
	put("\n");
	put_backtrace();
	_exit(STATUS_READ);
}

static int
catch_faults(void)
{
	struct sigaction act = {.sa_flags = SA_SIGINFO};
	void *frames[FRAMES_MAX];

	backtrace(frames, FRAMES_MAX); /* the first call loads a library: not in a handler */
	act.sa_sigaction = on_fault;
	sigemptyset(&act.sa_mask);
	return sigaction(SIGSEGV, &act, NULL) != 0 ? -errno : 0;
}

/* ---- the memory ---- */

static int
protect(int how)
{
	return mprotect((void *)(uintptr_t)guarded.base, guarded.bytes, how) != 0 ? -errno : 0;
}

int
prove_begin(struct app *app)
{
	int rc;

	if (!app->cfg.prove || pw_store_n_pages(app->store) == 0)
		return STATUS_OK;
	guarded.app = app;
	guarded.base = pw_store_page(app->store, 0)->addr;
	guarded.bytes = pw_store_need(app->store);
	rc = catch_faults();
	if (rc == 0)
		rc = protect(PROT_NONE);
	if (rc != 0) {
		guarded.bytes = 0;
		COMPLAIN("--prove: the pages cannot be made unreadable: %s", strerror(-rc));
		return STATUS_FAILED;
	}
	COMPLAIN("--prove: %zu MiB of pages are unreadable from here on: whoever touches a byte "
		 "of them ends pagewire with status %d",
		guarded.bytes / MIB, STATUS_READ);
	return STATUS_OK;
}

void
prove_end(void)
{
	if (guarded.bytes == 0)
		return;
	if (protect(PROT_READ | PROT_WRITE) != 0)
		COMPLAIN("--prove: the pages stay unreadable: %s", strerror(errno));
	guarded.bytes = 0;
}
