/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A watched queue moves what it would have moved, and a file has copies of it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/resource.h>
#include <CUnit/CUnit.h>
#include "../seg/rig_eal.h"
#include "pw_capture.h"
#include "rig_port.h"

#define SNAP	  1518
#define BLOCK_MAX 4096

static struct rig_port *rp;
static struct pw_port_tx tx;
static struct pw_drops drops;
static char dir[64], path[96], why[PW_CAPTURE_WHY_MAX];

static void
setup(void)
{
	rp = rig_port_open();
	memset(&drops, 0, sizeof(drops));
	pw_port_tx_init(&tx, &rp->queue, &drops);
	strcpy(dir, "/tmp/pw-capture.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
}

static void
teardown(void)
{
	pw_port_tx_fini(&tx);
	rig_port_close(rp);
	unlink(path);
	rmdir(dir);
}

/* What the file holds of packets: how many, and the last. */
struct found {
	uint32_t n;
	uint32_t len;	   /* captured */
	uint32_t orig_len; /* on the wire */
	uint64_t ns;
	uint8_t bytes[BLOCK_MAX];
};

static void
read_file(struct found *found)
{
	uint32_t block[BLOCK_MAX];
	FILE *f = fopen(path, "r");

	memset(found, 0, sizeof(*found));
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fread(block, 4, 2, f) == 2) {
		CU_ASSERT_FATAL(block[1] >= 12 && block[1] <= sizeof(block) && block[1] % 4 == 0);
		CU_ASSERT_EQUAL_FATAL(fread(&block[2], block[1] - 8, 1, f), 1);
		CU_ASSERT_EQUAL(block[block[1] / 4 - 1], block[1]);
		if (block[0] != 6)
			continue;
		found->n++;
		found->ns = (uint64_t)block[3] << 32 | block[4];
		found->len = block[5];
		found->orig_len = block[6];
		memcpy(found->bytes, &block[7], RTE_MIN(found->len, (uint32_t)BLOCK_MAX));
	}
	fclose(f);
}

/* A UDP frame to @p port, in as many buffers as the payload has bytes besides the first. */
static void
make_frame(uint8_t frame[128], uint8_t port)
{
	static const uint8_t ip[] = {
		0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};

	memset(frame, port, 128);
	frame[12] = 8;
	frame[13] = 0;
	memcpy(frame + 14, ip, sizeof(ip));
	frame[36] = 0;
	frame[37] = port;
}

static void
send_frame(uint8_t port)
{
	uint8_t frame[128];
	struct rte_mbuf *m = rte_pktmbuf_alloc(rp->pool);
	struct rte_mbuf *more = rte_pktmbuf_alloc(rp->pool);

	make_frame(frame, port);
	CU_ASSERT_FATAL(m != NULL && more != NULL);
	memcpy(rte_pktmbuf_append(m, 60), frame, 60);
	memcpy(rte_pktmbuf_append(more, 68), frame + 60, 68);
	CU_ASSERT_EQUAL(rte_pktmbuf_chain(m, more), 0);
	pw_port_tx_put(&tx, m);
}

static struct pw_capture_stats
stats(const struct pw_capture *cap)
{
	struct pw_capture_stats st;

	pw_capture_get_stats(cap, &st);
	return st;
}

/* A chain that is sent is one packet in the file, with the time of day. */
static void
chains_are_copied_whole(void)
{
	struct pw_capture *cap = pw_capture_open(path, NULL, SNAP, why);
	uint64_t now_ns = (uint64_t)time(NULL) * PW_NS_PER_S;
	struct found found;
	uint8_t frame[128];

	CU_ASSERT_PTR_NOT_NULL_FATAL(cap);
	pw_port_queue_watch(&rp->queue, cap);
	send_frame(80);
	pw_port_tx_flush(&tx, 1);
	pw_port_queue_watch(&rp->queue, NULL);
	send_frame(81);
	pw_port_tx_flush(&tx, 2);
	CU_ASSERT_EQUAL(rp->n_sent, 2);
	pw_capture_settle(cap);
	CU_ASSERT_EQUAL(stats(cap).packets, 1);
	CU_ASSERT_EQUAL(stats(cap).written, 1);
	pw_capture_close(cap);
	read_file(&found);
	make_frame(frame, 80);
	CU_ASSERT_EQUAL(found.n, 1);
	CU_ASSERT_EQUAL(found.len, 128);
	CU_ASSERT_EQUAL(found.orig_len, 128);
	CU_ASSERT_EQUAL(memcmp(found.bytes, frame, 128), 0);
	CU_ASSERT_TRUE(found.ns >= now_ns && found.ns < now_ns + 100 * PW_NS_PER_S);
}

/* What the device does not take is offered again, and is in the file once. */
static void
a_frame_offered_twice_is_captured_once(void)
{
	struct pw_capture *cap = pw_capture_open(path, NULL, SNAP, why);
	struct found found;
	uint32_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(cap);
	pw_port_queue_watch(&rp->queue, cap);
	for (i = 0; i < 10; i++)
		send_frame((uint8_t)i);
	rp->accept = 3;
	pw_port_tx_flush(&tx, 1);
	rp->accept = UINT32_MAX;
	pw_port_tx_flush(&tx, 2);
	pw_port_queue_watch(&rp->queue, NULL);
	CU_ASSERT_EQUAL(rp->n_sent, 10);
	pw_capture_close(cap);
	read_file(&found);
	CU_ASSERT_EQUAL(found.n, 10);
	CU_ASSERT_EQUAL(found.bytes[37], 9);
}

static void
a_filter_chooses_both_ways(void)
{
	struct pw_capture *cap = pw_capture_open(path, "udp dst port 81", SNAP, why);
	struct rte_mbuf *pkts[8];
	struct found found;
	uint8_t frame[128];
	uint8_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(cap);
	pw_port_queue_watch(&rp->queue, cap);
	for (i = 80; i < 83; i++) {
		send_frame(i);
		make_frame(frame, i);
		rig_port_put(rp, frame, sizeof(frame), 1);
	}
	pw_port_tx_flush(&tx, 1);
	CU_ASSERT_EQUAL_FATAL(rp->queue.ops->rx_burst(rp->queue.q, pkts, 8), 3);
	rte_pktmbuf_free_bulk(pkts, 3);
	pw_port_queue_watch(&rp->queue, NULL);
	pw_capture_close(cap);
	read_file(&found);
	CU_ASSERT_EQUAL(found.n, 2);
	CU_ASSERT_EQUAL(found.bytes[37], 81);
}

static void
mistakes_are_told(void)
{
	struct pw_capture *cap;

	CU_ASSERT_PTR_NULL(pw_capture_open(path, "tcp prot 80", SNAP, why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "filter: "));
	CU_ASSERT_PTR_NULL(pw_capture_open("/nonexistent/file", NULL, SNAP, why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "No such file"));
	cap = pw_capture_open(path, NULL, SNAP, why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cap);
	pw_capture_close(cap);
	CU_ASSERT_PTR_NULL(pw_capture_open(path, NULL, SNAP, why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "File exists"));
}

/* The disk is full: frames go on, the rest of the copies is counted as lost. */
static void
a_full_disk_stops_only_the_file(void)
{
	struct rlimit was, small;
	struct pw_capture *cap;
	uint32_t i;

	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 4096;
	cap = pw_capture_open(path, NULL, SNAP, why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cap);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	pw_port_queue_watch(&rp->queue, cap);
	for (i = 0; i < 200; i++) {
		send_frame((uint8_t)i);
		pw_port_tx_flush(&tx, i);
	}
	pw_port_queue_watch(&rp->queue, NULL);
	pw_capture_settle(cap);
	setrlimit(RLIMIT_FSIZE, &was);
	CU_ASSERT_EQUAL(rp->n_sent, 200);
	CU_ASSERT_EQUAL(stats(cap).error, EFBIG);
	CU_ASSERT_TRUE(stats(cap).lost > 0);
	CU_ASSERT_EQUAL(stats(cap).lost + stats(cap).written, 200);
	pw_capture_close(cap);
}

static CU_TestInfo tests[] = {
	{"chains_are_copied_whole", chains_are_copied_whole},
	{"a_frame_offered_twice_is_captured_once", a_frame_offered_twice_is_captured_once},
	{"a_filter_chooses_both_ways", a_filter_chooses_both_ways},
	{"mistakes_are_told", mistakes_are_told},
	{"a_full_disk_stops_only_the_file", a_full_disk_stops_only_the_file},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_port_capture = {
	.pName = "port_capture",
	.pInitFunc = rig_eal,
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
