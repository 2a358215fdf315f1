/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Goodput of one download by loss and round trip, for a file that is checked in
 * (tests/sim/goodput.txt): a commit that changes it says why.
 */
#include "app_sim.h"

#define RATE_BYTES UINT64_C(2500000) /* 20 Mbit/s */
#define QUEUE_MIN  UINT64_C(64000)
#define RUN_NS	   (10 * PW_NS_PER_S)
#define SEEDS	   2
#define WINDOW	   (2u << 20)

static const uint32_t loss_ppm[] = {0, 100, 1000, 10000, 30000, 100000};
static const uint32_t rtt_us[] = {100, 1000, 10000, 50000, 100000, 300000};
static const char *const ccs[] = {"cubic", "newreno"};

/* The bottleneck is the server's way up; its queue holds what a round trip does. */
static void
make_plan(struct pw_sim_plan *plan, const char *cc, uint32_t loss, uint32_t rtt, uint64_t seed)
{
	uint64_t bdp = RATE_BYTES * rtt / 1000000;
	uint32_t i;

	*plan = (struct pw_sim_plan){.seed = seed, .n_hosts = 2, .n_conns = 1, .stop_at = RUN_NS};
	plan->calm_at = plan->end_by = RUN_NS;
	for (i = 0; i < 2; i++) {
		plan->host[i] = (struct pw_sim_host){.cc = cc,
			.mtu = 1500,
			.tcp_rcv_buf = WINDOW,
			.snd_buf = WINDOW,
			.rcv_buf = WINDOW,
			.max_sent = 4096,
			.max_rcv_blocks = 2 * WINDOW / 2048,
			.user_timeout = 600 * PW_NS_PER_S};
		plan->host[i].up.delay = rtt * PW_NS_PER_US / 2;
	}
	plan->host[1].up.bytes_per_s = RATE_BYTES;
	plan->host[1].up.queue_bytes = (uint32_t)pw_max(bdp, QUEUE_MIN);
	plan->host[1].up.loss_ppm = loss;
	plan->conn[0] =
		(struct pw_sim_conn){.rounds = 1, .server = 1, .at_once = true, .may_end = true};
	plan->conn[0].prog[1] = (struct pw_sim_prog){
		.bytes = RATE_BYTES * RUN_NS / PW_NS_PER_S, .chunk = WINDOW, .closes_first = true};
}

/* Mbit/s, tenths; -1: an invariant broke. */
static int64_t
goodput(const char *cc, uint32_t loss, uint32_t rtt)
{
	static struct pw_sim_plan plan;
	struct pw_sim_result r;
	uint64_t bytes = 0, seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		make_plan(&plan, cc, loss, rtt, seed);
		pw_sim_run(&plan, NULL, &r);
		if (r.failed) {
			fprintf(stderr, "pagewire-sim: %s, loss %u ppm, %u us, seed %lu: %s\n", cc,
				loss, rtt, (unsigned long)seed, r.what);
			return -1;
		}
		bytes += r.bytes;
	}
	return (int64_t)(bytes * 8 * 10 / SEEDS / (RUN_NS / PW_NS_PER_S) / 1000000);
}

static bool
print_row(const char *cc, uint32_t loss)
{
	bool good = true;
	uint32_t i;

	printf("%-8s %6.2f %%", cc, loss / 10000.0);
	for (i = 0; i < RTE_DIM(rtt_us); i++) {
		int64_t x = goodput(cc, loss, rtt_us[i]);

		good &= x >= 0;
		printf(" %7ld.%ld", (long)(x / 10), (long)(x % 10));
	}
	printf("\n");
	fflush(stdout);
	return good;
}

int
table(void)
{
	bool good = true;
	uint32_t i, k;

	printf("Goodput in Mbit/s of one download in its first 10 seconds, mean of 2 seeds, by\n"
	       "random loss on the way down and round trip, through 20 Mbit/s and a queue of a\n"
	       "round trip (64 KB at least), windows of 2 MiB. Made by pagewire-sim --table.\n\n");
	printf("%-17s", "         loss");
	for (i = 0; i < RTE_DIM(rtt_us); i++)
		printf(" %6g ms", rtt_us[i] / 1000.0);
	printf("\n");
	for (k = 0; k < RTE_DIM(ccs); k++)
		for (i = 0; i < RTE_DIM(loss_ppm); i++)
			good &= print_row(ccs[k], loss_ppm[i]);
	return good ? STATUS_OK : STATUS_FAILED;
}
