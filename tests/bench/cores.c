/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * How long a cache line takes from one core to another: two threads hand a number to and fro.
 * Cores of one die that share a cache need some 20 to 40 ns, sockets some hundred; what two
 * programs on a ring can do follows from it.
 *
 *   cores CPU CPU     prints nanoseconds, one way: the median of the batches
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "pw_base.h"

#define BATCHES 101
#define TRIPS	2000
#define LINE	128 /* that is fetched by twos */

static struct {
	_Alignas(LINE) _Atomic uint64_t turn; /* odd: the other one's */
	_Alignas(LINE) int cpu;
} line;

static void
run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	errno = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	if (errno != 0) {
		fprintf(stderr, "cores: CPU %d: ", cpu);
		perror(NULL);
		exit(1);
	}
}

static void
await(uint64_t turn)
{
	while (atomic_load_explicit(&line.turn, memory_order_acquire) != turn)
		;
}

static void
pass(uint64_t turn)
{
	atomic_store_explicit(&line.turn, turn, memory_order_release);
}

static void *
answer(void *unused)
{
	uint64_t trip;

	run_on(line.cpu);
	for (trip = 0; trip < BATCHES * TRIPS; trip++) {
		await(2 * trip + 1);
		pass(2 * trip + 2);
	}
	return unused;
}

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * PW_NS_PER_S + (double)t.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	double took[BATCHES];
	uint64_t trip = 0;
	pthread_t other;
	int i, k;

	if (argc != 3) {
		fprintf(stderr, "usage: cores CPU CPU\n");
		return 2;
	}
	line.cpu = atoi(argv[2]);
	run_on(atoi(argv[1]));
	if (pthread_create(&other, NULL, answer, NULL) != 0)
		return 1;
	for (i = 0; i < BATCHES; i++) {
		double begin = now_ns();

		for (k = 0; k < TRIPS; k++, trip++) {
			pass(2 * trip + 1);
			await(2 * trip + 2);
		}
		took[i] = (now_ns() - begin) / (2 * TRIPS);
	}
	pthread_join(other, NULL);
	qsort(took, BATCHES, sizeof(took[0]), compare);
	printf("%.1f\n", took[BATCHES / 2]);
	return 0;
}
