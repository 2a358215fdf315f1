/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Signals are waited for by one thread; no other is ever interrupted.
 */
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <sys/signalfd.h>
#include "common.h"

static void
ends(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
}

void
signals_block(void)
{
	sigset_t set;

	signal(SIGINT, SIG_DFL); /* a shell starts what it puts into the background without it */
	ends(&set);
	sigaddset(&set, SIG_DONE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void
signals_let_end_us(bool yes)
{
	sigset_t set;

	ends(&set);
	pthread_sigmask(yes ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

int
signals_open(void)
{
	sigset_t set;

	ends(&set);
	sigaddset(&set, SIG_DONE);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
signals_read(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

int
signals_wait(uint32_t seconds)
{
	struct timespec ts = {.tv_sec = seconds};
	sigset_t set;
	int sig;

	ends(&set);
	sigaddset(&set, SIG_DONE);
	do {
		sig = seconds == 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &ts);
	} while (sig < 0 && errno == EINTR);
	return sig < 0 ? 0 : sig;
}
