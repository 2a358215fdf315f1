/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Goodput by congestion control, for a file that is checked in (tests/sim/goodput.txt): a
 * commit that changes it says why.
 */
#include <string.h>
#include "app_sim.h"
#include "pw_tcp.h"

#define RATE_BYTES UINT64_C(2500000) /* 20 Mbit/s */
#define QUEUE_MIN  UINT64_C(64000)
#define RUN_NS	   (10 * PW_NS_PER_S)
#define SHARE_NS   (30 * PW_NS_PER_S)
#define FAST_BYTES UINT64_C(125000000) /* 1 Gbit/s */
#define FAR_NS	   (5 * PW_NS_PER_S)
#define FAR_BUF	   (32u << 20)
#define SEEDS	   2
#define WINDOW	   (2u << 20)
#define RTT_US	   50000
#define MARK_QUEUE 256000u

static const uint32_t loss_ppm[] = {0, 100, 1000, 10000, 30000, 100000};
static const uint32_t rtt_us[] = {100, 1000, 10000, 50000, 100000, 300000};
static const uint32_t queue_eighths[] = {1, 2, 4, 8, 16, 32}; /* of a round trip */
static const uint32_t mark_bytes[] = {15000, 30000, 60000};

/* A congestion control, and whether it paces where it need not. */
struct choice {
	const char *name;
	const char *cc;
	bool pacing;
	bool ecn;
};

static const struct choice all[] = {
	{"cubic", "cubic", false, false},
	{"cubic+p", "cubic", true, false},
	{"newreno", "newreno", false, false},
	{"bbr", "bbr", false, false},
};
static const struct choice marked[] = {
	{"cubic", "cubic", false, true},
	{"dctcp", "dctcp", false, true},
	{"dctcp+p", "dctcp", true, true},
	{"bbr", "bbr", false, true},
};

static void
make_host(struct pw_sim_host *h, const struct choice *how)
{
	*h = (struct pw_sim_host){.cc = how->cc,
		.pacing = how->pacing,
		.ecn = how->ecn ? PW_TCP_ECN_ASK : PW_TCP_ECN_OFF,
		.mtu = 1500,
		.tcp_rcv_buf = WINDOW,
		.snd_buf = WINDOW,
		.rcv_buf = WINDOW,
		.max_sent = 8192,
		.max_rcv_blocks = 2 * WINDOW / 2048,
		.user_timeout = 600 * PW_NS_PER_S};
}

static void
make_download(struct pw_sim_plan *plan, uint32_t server, uint32_t rtt)
{
	struct pw_sim_conn *c = &plan->conn[plan->n_conns++];

	plan->host[server].up.delay = rtt * PW_NS_PER_US / 2;
	*c = (struct pw_sim_conn){
		.rounds = 1, .server = (uint8_t)server, .at_once = true, .may_end = true};
	c->prog[1] = (struct pw_sim_prog){.bytes = RATE_BYTES * plan->stop_at / PW_NS_PER_S,
		.chunk = WINDOW,
		.closes_first = true};
}

/* Host 0 downloads from each other; its way down is the bottleneck. */
static void
make_plan(struct pw_sim_plan *plan, const struct choice *how[], uint32_t n, uint32_t rtt,
	uint64_t queue, uint64_t seed, pw_ns stop)
{
	uint32_t i;

	*plan = (struct pw_sim_plan){.seed = seed, .n_hosts = 1 + n, .stop_at = stop};
	plan->calm_at = plan->end_by = stop;
	make_host(&plan->host[0], how[0]);
	plan->host[0].up.delay = rtt * PW_NS_PER_US / 2;
	plan->host[0].down.bytes_per_s = RATE_BYTES;
	plan->host[0].down.queue_bytes = (uint32_t)queue;
	for (i = 1; i <= n; i++) {
		make_host(&plan->host[i], how[i - 1]);
		make_download(plan, i, rtt);
	}
}

static uint64_t
bdp(uint32_t rtt)
{
	return RATE_BYTES * rtt / 1000000;
}

/* @return false: an invariant broke */
static bool
run(const struct pw_sim_plan *plan, struct pw_sim_result *r)
{
	pw_sim_run(plan, NULL, r);
	if (!r->failed)
		return true;
	fprintf(stderr, "pagewire-sim: %s, seed %lu: %s\n", plan->host[1].cc,
		(unsigned long)plan->seed, r->what);
	return false;
}

/* Mbit/s in tenths; -1: an invariant broke. */
static int64_t
goodput(const struct choice *how, uint32_t loss, uint32_t mark, uint32_t rtt, uint64_t queue)
{
	static struct pw_sim_plan plan;
	struct pw_sim_result r;
	uint64_t bytes = 0, seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		make_plan(&plan, &how, 1, rtt, queue, seed, RUN_NS);
		plan.host[1].up.loss_ppm = loss;
		plan.host[0].down.mark_bytes = mark;
		if (!run(&plan, &r))
			return -1;
		bytes += r.bytes;
	}
	return (int64_t)(bytes * 8 * 10 / SEEDS / (RUN_NS / PW_NS_PER_S) / 1000000);
}

static bool
print_cell(int64_t tenths)
{
	printf(" %7ld.%ld", (long)(tenths / 10), (long)(tenths % 10));
	fflush(stdout);
	return tenths >= 0;
}

static bool
table_of_loss(void)
{
	bool good = true;
	uint32_t c, i, k;

	printf("Goodput in Mbit/s of one download in its first 10 seconds, mean of 2 seeds, by\n"
	       "random loss on the way down and round trip, through 20 Mbit/s and a queue of a\n"
	       "round trip (64 KB at least), windows of 2 MiB. 19.3 is all that segments of 1500\n"
	       "bytes can carry. +p: paced. Made by pagewire-sim --table.\n\n");
	printf("%-17s", "         loss");
	for (i = 0; i < RTE_DIM(rtt_us); i++)
		printf(" %6g ms", rtt_us[i] / 1000.0);
	printf("\n");
	for (c = 0; c < RTE_DIM(all); c++)
		for (i = 0; i < RTE_DIM(loss_ppm); i++) {
			printf("%-8s %6.2f %%", all[c].name, loss_ppm[i] / 10000.0);
			for (k = 0; k < RTE_DIM(rtt_us); k++)
				good &= print_cell(goodput(&all[c], loss_ppm[i], 0, rtt_us[k],
					pw_max(bdp(rtt_us[k]), QUEUE_MIN)));
			printf("\n");
		}
	return good;
}

static bool
table_of_queues(void)
{
	bool good = true;
	uint32_t c, i;

	printf("\nThe same without loss, by the size of the queue: 50 ms.\n\n%-17s",
		"        queue");
	for (i = 0; i < RTE_DIM(queue_eighths); i++)
		printf(" %5g RTT", queue_eighths[i] / 8.0);
	printf("\n");
	for (c = 0; c < RTE_DIM(all); c++) {
		printf("%-17s", all[c].name);
		for (i = 0; i < RTE_DIM(queue_eighths); i++)
			good &= print_cell(
				goodput(&all[c], 0, 0, RTT_US, bdp(RTT_US) * queue_eighths[i] / 8));
		printf("\n");
	}
	return good;
}

static bool
table_of_marks(void)
{
	bool good = true;
	uint32_t c, i, k;

	printf("\nThe same where the router marks what finds so many bytes in its queue of 256 "
	       "KB,\n"
	       "by round trip.\n\n%-17s",
		"        bytes");
	for (i = 0; i < RTE_DIM(rtt_us); i++)
		printf(" %6g ms", rtt_us[i] / 1000.0);
	printf("\n");
	for (c = 0; c < RTE_DIM(marked); c++)
		for (i = 0; i < RTE_DIM(mark_bytes); i++) {
			printf("%-8s %8u", marked[c].name, mark_bytes[i]);
			for (k = 0; k < RTE_DIM(rtt_us); k++)
				good &= print_cell(goodput(
					&marked[c], 0, mark_bytes[i], rtt_us[k], MARK_QUEUE));
			printf("\n");
		}
	return good;
}

/* Two downloads at once. Jain: (a + b)^2 / (2 (a^2 + b^2)), 1 when they share evenly. */
static bool
print_pair(const struct choice *a, const struct choice *b, uint64_t queue, uint32_t mark)
{
	static struct pw_sim_plan plan;
	const struct choice *how[] = {a, b};
	struct pw_sim_result r;
	uint64_t x = 0, y = 0, seed;
	double fx, fy;

	for (seed = 1; seed <= SEEDS; seed++) {
		make_plan(&plan, how, 2, RTT_US, queue, seed, SHARE_NS);
		plan.host[0].down.mark_bytes = mark;
		plan.conn[1].start = PW_NS_PER_S;
		if (!run(&plan, &r))
			return false;
		x += r.got[0];
		y += r.got[1];
	}
	fx = (double)x * 8 / SEEDS / (SHARE_NS / PW_NS_PER_S) / 1e6;
	fy = (double)y * 8 / SEEDS / (SHARE_NS / PW_NS_PER_S) / 1e6;
	printf(" %7.1f %7.1f   %.2f\n", fx, fy, (fx + fy) * (fx + fy) / (2 * (fx * fx + fy * fy)));
	fflush(stdout);
	return true;
}

static bool
table_of_shares(void)
{
	bool good = true;
	uint32_t a, b, q;

	printf("\nTwo downloads, the second a second later, in their first 30 seconds: 50 ms, by\n"
	       "the size of the queue. Mbit/s of each, and Jain's index.\n\n");
	for (a = 0; a < RTE_DIM(all); a++)
		for (b = a; b < RTE_DIM(all); b++)
			for (q = 4; q <= 16; q *= 2) {
				printf("%-8s %-8s %5g RTT", all[a].name, all[b].name, q / 8.0);
				good &= print_pair(&all[a], &all[b], bdp(RTT_US) * q / 8, 0);
			}
	return good;
}

static bool
table_of_marked_shares(void)
{
	const uint32_t mark = mark_bytes[RTE_DIM(mark_bytes) - 1];
	bool good = true;
	uint32_t a, b;

	printf("\nThe same where the router marks what finds %u bytes in its queue of %u KB.\n\n",
		mark, MARK_QUEUE / 1000);
	for (a = 0; a < RTE_DIM(marked); a++)
		for (b = a; b < RTE_DIM(marked); b++) {
			printf("%-8s %-8s %9s", marked[a].name, marked[b].name, "");
			good &= print_pair(&marked[a], &marked[b], MARK_QUEUE, mark);
		}
	return good;
}

/* How far a receiver's window may grow; 0: a host's default. */
static const uint32_t window_bytes[] = {64 << 10, 1 << 20, 0};
static const uint32_t far_us[] = {1000, 10000, 100000, 200000};

/* Mbit/s in tenths of a download whose receiver, and nothing else, may be the limit. */
static int64_t
goodput_by_window(uint32_t window, uint32_t rtt)
{
	static struct pw_sim_plan plan;
	const struct choice *how = &all[0];
	struct pw_sim_result r;
	uint32_t i;

	make_plan(&plan, &how, 1, rtt, FAST_BYTES / 10, 1, FAR_NS);
	plan.host[0].down.bytes_per_s = FAST_BYTES;
	plan.conn[0].prog[1].bytes = FAST_BYTES * FAR_NS / PW_NS_PER_S;
	plan.host[0].tcp_rcv_buf = window;
	for (i = 0; i < 2; i++) {
		plan.host[i].snd_buf = plan.host[i].rcv_buf = FAR_BUF;
		plan.host[i].max_rcv_blocks = FAR_BUF / 2048;
	}
	return run(&plan, &r) ? (int64_t)(r.bytes * 8 * 10 / (FAR_NS / PW_NS_PER_S) / 1000000) : -1;
}

static bool
table_of_windows(void)
{
	bool good = true;
	uint32_t i, k;

	printf("\nOne download through 1 Gbit/s in its first 5 seconds, without loss, by the size "
	       "that\n"
	       "the receiver's window may grow to. 965 is all that segments of 1500 bytes can "
	       "carry.\n"
	       "\n%-17s",
		"       window");
	for (k = 0; k < RTE_DIM(far_us); k++)
		printf(" %6g ms", far_us[k] / 1000.0);
	printf("\n");
	for (i = 0; i < RTE_DIM(window_bytes); i++) {
		if (window_bytes[i] != 0)
			printf("%9u KiB    ", window_bytes[i] >> 10);
		else
			printf("%-17s", "      default");
		for (k = 0; k < RTE_DIM(far_us); k++)
			good &= print_cell(goodput_by_window(window_bytes[i], far_us[k]));
		printf("\n");
	}
	return good;
}

int
table(void)
{
	bool good = table_of_loss();

	good &= table_of_queues();
	good &= table_of_marks();
	good &= table_of_shares();
	good &= table_of_marked_shares();
	good &= table_of_windows();
	return good ? STATUS_OK : STATUS_FAILED;
}
