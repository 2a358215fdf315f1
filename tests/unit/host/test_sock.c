/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Two hosts with nothing but a queue of datagrams between them.
 */
#include <string.h>
#include <CUnit/CUnit.h>
#include "pw_host.h"

#define PORT	   7
#define QUEUE_MAX  256
#define DGRAM_MAX  1500
#define DELAY_NS   PW_NS_PER_MS
#define FIRST_ADDR 0x0a000001u

/** What is on its way, in the order it was sent. */
struct dgram {
	uint32_t to;
	uint32_t len;
	uint8_t b[DGRAM_MAX];
};

struct net {
	struct pw_host *host[2];
	struct dgram queue[QUEUE_MAX];
	uint32_t n;
	pw_ns now;
	uint64_t sum; /* of all that was sent */
	uint8_t syn[DGRAM_MAX];
	bool full;
};

static struct net net;
static bool ip6;
static uint32_t which[2] = {0, 1};

static int
output(void *ctx, const uint8_t *b, uint32_t len)
{
	uint32_t i, from = *(const uint32_t *)ctx;
	struct dgram *d = &net.queue[net.n];

	if (net.full || net.n == QUEUE_MAX)
		return -ENOBUFS;
	if (net.n == 0 && net.sum == 0)
		memcpy(net.syn, b, len);
	d->to = !from;
	d->len = len;
	memcpy(d->b, b, len);
	net.n++;
	for (i = 0; i < len; i++)
		net.sum = net.sum * 31 + b[i];
	return 0;
}

static struct pw_addr
addr(uint32_t i)
{
	struct pw_addr a = {.b = {0xfd}};

	if (!ip6)
		return pw_addr_v4(rte_cpu_to_be_32(FIRST_ADDR + i));
	a.d[3] = rte_cpu_to_be_32(1 + i);
	return a;
}

static void
setup(void)
{
	uint32_t i;

	memset(&net, 0, sizeof(net));
	for (i = 0; i < 2; i++) {
		struct pw_host_cfg cfg = {.addr = addr(i),
			.output = output,
			.output_ctx = &which[i],
			.snd_buf_bytes = 8192,
			.rcv_buf_bytes = 8192,
			.tcp = {.max_conns = 4}};

		cfg.tcp.secret[0] = (uint8_t)i;
		net.host[i] = pw_host_create(&cfg, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(net.host[i]);
	}
}

static void
teardown(void)
{
	pw_host_destroy(net.host[0]);
	pw_host_destroy(net.host[1]);
}

static void
teardown_both(void)
{
	teardown();
	ip6 = false;
}

static void
use_ip6(void)
{
	teardown();
	ip6 = true;
	setup();
}

/* One turn of both; what was sent before arrives first. */
static void
turn(void)
{
	static struct dgram arriving[QUEUE_MAX];
	uint32_t i, n = net.n;

	memcpy(arriving, net.queue, n * sizeof(*arriving));
	net.n = 0;
	for (i = 0; i < n; i++)
		pw_host_input(net.host[arriving[i].to], arriving[i].b, arriving[i].len, net.now);
	for (i = 0; i < 2; i++)
		pw_host_run(net.host[i], net.now);
	net.now += DELAY_NS;
}

static void
turns(uint32_t n)
{
	while (n-- > 0)
		turn();
}

static void
connect_both(struct pw_sock *s[2])
{
	struct pw_addr to = addr(1);

	CU_ASSERT_EQUAL(pw_host_listen(net.host[1], PORT), 0);
	s[0] = pw_host_connect(net.host[0], 0, &to, PORT, net.now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s[0]);
	CU_ASSERT_EQUAL(pw_sock_poll(s[0]) & PW_SOCK_OPEN, 0);
	turns(4);
	CU_ASSERT_EQUAL(pw_sock_poll(s[0]), PW_SOCK_OPEN | PW_SOCK_OUT);
	s[1] = pw_host_accept(net.host[1], PORT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s[1]);
	CU_ASSERT_PTR_NULL(pw_host_accept(net.host[1], PORT));
}

static void
bytes_and_their_end_arrive(void)
{
	struct pw_sock *s[2];
	char text[16];

	connect_both(s);
	CU_ASSERT_EQUAL(pw_sock_recv(s[1], text, sizeof(text)), -EAGAIN);
	CU_ASSERT_EQUAL(pw_sock_send(s[0], "hello", 5), 5);
	pw_sock_shutdown(s[0]);
	CU_ASSERT_EQUAL(pw_sock_send(s[0], "more", 4), -EPIPE);
	turns(4);
	CU_ASSERT_EQUAL(pw_sock_recv(s[1], text, sizeof(text)), 5);
	CU_ASSERT_EQUAL(memcmp(text, "hello", 5), 0);
	CU_ASSERT_EQUAL(pw_sock_recv(s[1], text, sizeof(text)), 0);
	CU_ASSERT_EQUAL(pw_sock_send(s[1], "back", 4), 4); /* half-closed */
	pw_sock_close(s[1], net.now);
	turns(4);
	CU_ASSERT_EQUAL(pw_sock_recv(s[0], text, sizeof(text)), 4);
	CU_ASSERT_EQUAL(pw_sock_recv(s[0], text, sizeof(text)), 0);
	turns(4);
	CU_ASSERT_TRUE(pw_sock_poll(s[0]) & PW_SOCK_GONE);
	CU_ASSERT_EQUAL(pw_sock_end(s[0]), PW_TCP_END_CLOSED);
	pw_sock_close(s[0], net.now);
	CU_ASSERT_EQUAL(pw_host_n_socks(net.host[0]) + pw_host_n_socks(net.host[1]), 0);
}

static void
buffers_fill_and_a_full_device_loses_nothing(void)
{
	static uint8_t bytes[100000], got[100000];
	struct pw_sock *s[2];
	size_t sent = 0, n_got = 0;
	ssize_t n;
	uint32_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	connect_both(s);
	CU_ASSERT_EQUAL(pw_sock_send(s[0], bytes, sizeof(bytes)), 8192);
	CU_ASSERT_EQUAL(pw_sock_send(s[0], bytes, 1), -EAGAIN);
	sent = 8192;
	for (i = 0; i < 10000 && n_got < sizeof(got); i++) {
		net.full = i % 3 == 1;
		turn();
		n = pw_sock_recv(s[1], got + n_got, sizeof(got) - n_got);
		n_got += n > 0 ? (size_t)n : 0;
		n = pw_sock_send(s[0], bytes + sent, sizeof(bytes) - sent);
		sent += n > 0 ? (size_t)n : 0;
	}
	CU_ASSERT_EQUAL(n_got, sizeof(got));
	CU_ASSERT_EQUAL(memcmp(got, bytes, sizeof(got)), 0);
	pw_sock_abort(s[0], net.now);
	pw_sock_abort(s[1], net.now);
}

static void
refused_and_aborted(void)
{
	struct pw_addr to = addr(1);
	struct pw_sock *s[2], *other;
	char c;

	other = pw_host_connect(net.host[0], 0, &to, PORT + 1, net.now);
	turns(4);
	CU_ASSERT_EQUAL(pw_sock_recv(other, &c, 1), -ECONNREFUSED);
	pw_sock_close(other, net.now);
	connect_both(s);
	pw_sock_abort(s[0], net.now);
	turns(4);
	CU_ASSERT_EQUAL(pw_sock_recv(s[1], &c, 1), -ECONNRESET);
	CU_ASSERT_EQUAL(pw_sock_end(s[1]), PW_TCP_END_RESET);
	pw_sock_close(s[1], net.now);
	CU_ASSERT_EQUAL(pw_host_n_socks(net.host[0]) + pw_host_n_socks(net.host[1]), 0);
}

/* MSS, SACK permitted, timestamps, NOP, window scale. */
static void
syn_options_in_the_order_of_linux(void)
{
	static const uint8_t kinds[] = {2, 4, 8, 1, 3};
	struct pw_sock *s[2];
	uint32_t hlen = (ip6 ? 40 : 20) + 20, i;
	const uint8_t *o;

	connect_both(s);
	o = net.syn + hlen;
	for (i = 0; i < sizeof(kinds); i++) {
		CU_ASSERT_EQUAL(*o, kinds[i]);
		o += *o == 1 ? 1 : o[1];
	}
	CU_ASSERT_EQUAL(o - net.syn, hlen + 20);
	pw_sock_abort(s[0], net.now);
	pw_sock_abort(s[1], net.now);
}

/* The same secret and the same calls: the same bytes. */
static void
s12_secret_decides_everything(void)
{
	struct pw_sock *s[2];
	uint64_t first;

	connect_both(s);
	first = net.sum;
	teardown();
	setup();
	connect_both(s);
	CU_ASSERT_EQUAL(net.sum, first);
	pw_sock_abort(s[0], net.now);
	pw_sock_abort(s[1], net.now);
}

static void
buffers_must_be_powers_of_two(void)
{
	struct pw_host_cfg cfg = {
		.addr = addr(0), .output = output, .snd_buf_bytes = 1000, .tcp = {.max_conns = 1}};

	CU_ASSERT_PTR_NULL(pw_host_create(&cfg, 0));
	CU_ASSERT_EQUAL(errno, EINVAL);
}

#define OVER_IPV6(test)                    \
	static void test##_over_ipv6(void) \
	{                                  \
		use_ip6();                 \
		test();                    \
	}

OVER_IPV6(bytes_and_their_end_arrive)
OVER_IPV6(buffers_fill_and_a_full_device_loses_nothing)
OVER_IPV6(refused_and_aborted)
OVER_IPV6(syn_options_in_the_order_of_linux)
OVER_IPV6(s12_secret_decides_everything)

#define BOTH(test)                                   \
	{#test, test},                               \
	{                                            \
#test "_over_ipv6", test##_over_ipv6 \
	}

static CU_TestInfo tests[] = {
	BOTH(bytes_and_their_end_arrive),
	BOTH(buffers_fill_and_a_full_device_loses_nothing),
	BOTH(refused_and_aborted),
	BOTH(syn_options_in_the_order_of_linux),
	BOTH(s12_secret_decides_everything),
	{"buffers_must_be_powers_of_two", buffers_must_be_powers_of_two},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_host_sock = {
	.pName = "host_sock", .pSetUpFunc = setup, .pTearDownFunc = teardown_both, .pTests = tests};
