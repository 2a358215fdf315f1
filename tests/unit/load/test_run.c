/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Whole runs against a server good or bad, in virtual time: a round trip takes 2 ms.
 */
#include <stdio.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "rig_load.h"

#define RTT_NS (2 * RIG_DELAY)

static struct rig_load rig;

static void
setup(void)
{
	rig_init(&rig);
}

static void
teardown(void)
{
	rig_fini(&rig);
}

static void
no_errors(const struct pw_load_stats *s)
{
	uint32_t i;

	for (i = 0; i < PW_LOAD_ERROR_MAX; i++)
		CU_ASSERT_EQUAL(s->errors[i], 0);
}

/* Errors of this kind, and of no other. @return how many */
static uint64_t
only(const struct pw_load_stats *s, enum pw_load_error kind)
{
	CU_ASSERT_TRUE(s->errors[kind] > 0);
	CU_ASSERT_EQUAL(s->errors[kind], pw_load_failures(s));
	return s->errors[kind];
}

/* ---- closed loop ---- */

static void
closed_loop_asks_again_at_once(void)
{
	const struct pw_load_stats *s = rig_run(&rig);

	no_errors(s);
	CU_ASSERT_EQUAL(s->opened, 4);
	CU_ASSERT_EQUAL(s->opened_before, 4);
	CU_ASSERT_TRUE(s->responses > 1980 && s->responses <= 2000);
	CU_ASSERT_EQUAL(s->body_bytes, 5 * s->responses);
	CU_ASSERT_EQUAL(s->status[2], s->responses);
	CU_ASSERT_TRUE(s->requests - s->responses <= 4);
	CU_ASSERT_EQUAL(s->at - s->started, PW_NS_PER_S);
	CU_ASSERT_EQUAL(s->latency.max, RTT_NS);
}

static void
pipeline_has_many_under_way(void)
{
	const struct pw_load_stats *s;

	rig.cfg.pipeline = 8;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->responses > 8 * 1980 && s->responses <= 8 * 2000);
	CU_ASSERT_EQUAL(s->latency.max, RTT_NS);
}

static void
only_active_connections_ask(void)
{
	const struct pw_load_stats *s;

	rig.cfg.n_conns = 16;
	rig.cfg.n_active = 2;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_EQUAL(s->opened, 16);
	CU_ASSERT_TRUE(s->responses > 990 && s->responses <= 1000);
}

static void
all_alike_are_fair(void)
{
	CU_ASSERT_DOUBLE_EQUAL(rig_run(&rig)->jain, 1, 1e-3);
}

static bool
is_second(const struct rig_srv *s)
{
	bool odd = false;

	for (s = s->next; s != NULL; s = s->next)
		odd = !odd;
	return odd;
}

/* Bodies that are never complete; every second connection gets three times as much. */
static void
say_unequally(struct rig_srv *s, uint32_t nth)
{
	rig_put(s, "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nhello");
	if (is_second(s))
		rig_put(s, "0123456789");
}

static void
shares_of_answers_under_way_count(void)
{
	const struct pw_load_stats *s;

	rig.answer = say_unequally;
	s = rig_run(&rig);
	CU_ASSERT_EQUAL(s->responses, 0);
	CU_ASSERT_DOUBLE_EQUAL(s->jain, 0.8, 1e-9); /* (5 + 15)^2 / (2 (25 + 225)) */
}

static void
say_to_the_second(struct rig_srv *s, uint32_t nth)
{
	if (is_second(s))
		rig_put(s, RIG_OK);
}

static void
who_gets_nothing_counts(void)
{
	rig.answer = say_to_the_second;
	CU_ASSERT_DOUBLE_EQUAL(rig_run(&rig)->jain, 0.5, 1e-3);
}

static void
connections_are_closed_and_opened_again(void)
{
	const struct pw_load_stats *s;

	rig.cfg.per_conn = 3;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->opened > 300);
	CU_ASSERT_TRUE(s->responses > 3 * (s->opened - 4));
	CU_ASSERT_TRUE(rig.n_closes_asked >= s->opened - 4);
}

static void
one_request_a_connection(void)
{
	const struct pw_load_stats *s;

	rig.cfg.per_conn = 1;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->opened > 300);
	CU_ASSERT_TRUE(s->opened - s->responses <= 4);
}

static void
close_nothing(struct rig_srv *s, uint32_t nth)
{
	rig_put(s, RIG_OK);
}

/* The server was asked to close and does not: we do, after the time-out. */
static void
server_that_leaves_closing_to_us(void)
{
	const struct pw_load_stats *s;

	rig.cfg.per_conn = 1;
	rig.cfg.timeout_ns = 100 * PW_NS_PER_MS;
	rig.answer = close_nothing;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->opened >= 32 && s->opened <= 40);
}

static void
every_source_address_connects(void)
{
	rig.cfg.n_sources = 8;
	rig.cfg.n_conns = 16;
	no_errors(rig_run(&rig));
	CU_ASSERT_EQUAL(rig.sources_seen, 0xffu << 2);
}

static void
ipv6_is_asked_from_every_source_address(void)
{
	const struct pw_load_stats *s;

	rig_use_ip6(&rig);
	rig.cfg.n_sources = 8;
	rig.cfg.n_conns = 16;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->responses > 1000);
	CU_ASSERT_EQUAL(rig.sources_seen, 0xffu << 2);
}

#define OURS_AT (4 * PW_NS_PER_S)

static bool
has_addrs_at(void *ctx)
{
	const struct rig_load *r = ctx;

	return r->now >= OURS_AT;
}

/* Nor does the run begin meanwhile, and be over before anything was asked. */
static void
nothing_is_opened_before_the_addresses_are_ours(void)
{
	const struct pw_load_stats *s;

	rig.cfg.per_conn = 1;
	rig.cfg.timeout_ns = 10 * PW_NS_PER_S;
	rig.cfg.has_addrs = has_addrs_at;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->started >= OURS_AT + RTT_NS);
	CU_ASSERT_TRUE(s->opened > 300);
}

/* Somebody else has them: the run is over without a word. */
static void
addresses_that_never_are_ours(void)
{
	const struct pw_load_stats *s;

	rig.cfg.has_addrs = has_addrs_at;
	s = rig_run(&rig);
	CU_ASSERT_EQUAL(s->opened, 0);
	CU_ASSERT_EQUAL(rig.n_accepted, 0);
	CU_ASSERT_EQUAL(s->at, 3 * PW_NS_PER_S);
}

/* ---- open loop ---- */

static void
rate_is_kept(void)
{
	const struct pw_load_stats *s;

	rig.cfg.rate_per_s = 1000;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_EQUAL(s->requests, 1000);
	CU_ASSERT_TRUE(s->responses >= 997);
	CU_ASSERT_TRUE(s->unsent <= 1);
	CU_ASSERT_EQUAL(s->latency.max, RTT_NS);
}

/* A stall of 200 ms is felt by all 200 requests that are due meanwhile. */
static void
stall_is_seen_by_all_who_would_have_come(void)
{
	const struct pw_load_stats *s;

	rig.cfg.rate_per_s = 1000;
	rig.cfg.n_conns = 4;
	rig.stall_from = rig.now + 300 * PW_NS_PER_MS;
	rig.stall_to = rig.now + 500 * PW_NS_PER_MS;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->responses >= 990);
	CU_ASSERT_TRUE(s->latency.max > 195 * PW_NS_PER_MS);
	CU_ASSERT_TRUE(pw_hist_quantile(&s->latency, 0.95) > 100 * PW_NS_PER_MS);
	CU_ASSERT_TRUE(pw_hist_quantile(&s->latency, 0.5) < RTT_NS + RTT_NS / 64);
}

/* In closed loop the same stall is seen by those few that were under way. */
static void
closed_loop_hides_the_stall(void)
{
	const struct pw_load_stats *s;

	rig.stall_from = rig.now + 300 * PW_NS_PER_MS;
	rig.stall_to = rig.now + 500 * PW_NS_PER_MS;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->latency.max > 195 * PW_NS_PER_MS);
	CU_ASSERT_TRUE(pw_hist_quantile(&s->latency, 0.99) < 10 * PW_NS_PER_MS);
}

/* More is asked for than the connections can carry: 4 in 2 ms. */
static void
what_could_not_be_asked_is_told(void)
{
	const struct pw_load_stats *s;

	rig.cfg.rate_per_s = 4000;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->responses > 1980 && s->responses <= 2000);
	CU_ASSERT_EQUAL(s->requests + s->unsent, 4001);
	CU_ASSERT_TRUE(s->latency.max > 490 * PW_NS_PER_MS);
}

/* ---- servers that do wrong ---- */

static void
refused(void)
{
	const struct pw_load_stats *s;

	rig.shut = true;
	s = rig_run(&rig);
	/* 2 s: opening and run; a new try every 50 ms */
	CU_ASSERT_TRUE(only(s, PW_LOAD_REFUSED) >= 30 && s->errors[PW_LOAD_REFUSED] < 200);
	CU_ASSERT_EQUAL(s->responses, 0);
}

static void
unreached(void)
{
	const struct pw_load_stats *s;

	rig.deaf = true;
	rig.cfg.timeout_ns = 500 * PW_NS_PER_MS;
	s = rig_run(&rig);
	CU_ASSERT_TRUE(only(s, PW_LOAD_UNREACHED) >= 2);
	CU_ASSERT_EQUAL(s->opened, 0);
}

static void
reset_third(struct rig_srv *s, uint32_t nth)
{
	if (nth == 3)
		pw_tcp_abort(s->tc, s->rig->now);
	else
		rig_put(s, RIG_OK);
}

static void
reset_by_the_server(void)
{
	const struct pw_load_stats *s;

	rig.answer = reset_third;
	s = rig_run(&rig);
	CU_ASSERT_TRUE(only(s, PW_LOAD_RESET) > 100);
	CU_ASSERT_TRUE(s->responses > 2 * 100);
}

static void
half_then_silence(struct rig_srv *s, uint32_t nth)
{
	rig_put(s, nth == 3 ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe" : RIG_OK);
}

static void
stalled_in_the_middle(void)
{
	const struct pw_load_stats *s;

	rig.cfg.timeout_ns = 100 * PW_NS_PER_MS;
	rig.answer = half_then_silence;
	s = rig_run(&rig);
	CU_ASSERT_TRUE(only(s, PW_LOAD_TIMEOUT) >= 30);
	CU_ASSERT_TRUE(s->errors[PW_LOAD_TIMEOUT] <= 44);
}

static void
half_then_close(struct rig_srv *s, uint32_t nth)
{
	half_then_silence(s, nth);
	if (nth == 3)
		pw_tcp_close(s->tc);
}

static void
closed_early(void)
{
	rig.answer = half_then_close;
	CU_ASSERT_TRUE(only(rig_run(&rig), PW_LOAD_CLOSED_EARLY) > 100);
}

/* Not a byte of an answer, and no word of closing before. */
static void
close_without_answer(struct rig_srv *s, uint32_t nth)
{
	pw_tcp_close(s->tc);
}

static void
closed_without_an_answer(void)
{
	rig.answer = close_without_answer;
	CU_ASSERT_TRUE(only(rig_run(&rig), PW_LOAD_CLOSED_EARLY) > 100);
}

static void
malformed(void)
{
	rig.text = "GARBAGE\r\n\r\n";
	CU_ASSERT_TRUE(only(rig_run(&rig), PW_LOAD_MALFORMED) > 100);
}

static void
endless_head(struct rig_srv *s, uint32_t nth)
{
	int i;

	rig_put(s, "HTTP/1.1 200 OK\r\n");
	for (i = 0; i < 4096; i++)
		rig_put(s, "X-Filler: y\r\n");
}

static void
head_beyond_the_bound(void)
{
	rig.answer = endless_head;
	CU_ASSERT_TRUE(only(rig_run(&rig), PW_LOAD_HEAD_SIZE) > 10);
}

static void
more_than_was_asked_for(void)
{
	rig.text = RIG_OK "X";
	CU_ASSERT_TRUE(only(rig_run(&rig), PW_LOAD_UNASKED) > 100);
}

static void
not_found(void)
{
	const struct pw_load_stats *s;

	rig.text = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	s = rig_run(&rig);
	CU_ASSERT_EQUAL(only(s, PW_LOAD_STATUS), s->responses);
	CU_ASSERT_EQUAL(s->status[4], s->responses);
	CU_ASSERT_EQUAL(s->opened, 4); /* it is an answer: the connection lives on */
}

static void
longer_tenth(struct rig_srv *s, uint32_t nth)
{
	rig_put(s, nth != 10 ? RIG_OK : "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!");
}

static void
length_that_changes(void)
{
	const struct pw_load_stats *s;

	rig.cfg.verify = false;
	rig.answer = longer_tenth;
	s = rig_run(&rig);
	CU_ASSERT_EQUAL(only(s, PW_LOAD_LENGTH), 4);
	CU_ASSERT_EQUAL(s->opened, 4);
}

static void
other_tenth(struct rig_srv *s, uint32_t nth)
{
	rig_put(s, nth != 10 ? RIG_OK : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo");
}

static void
content_that_changes(void)
{
	rig.answer = other_tenth;
	CU_ASSERT_EQUAL(only(rig_run(&rig), PW_LOAD_HASH), 4);
}

static void
content_is_not_looked_at_without_verify(void)
{
	rig.cfg.verify = false;
	rig.answer = other_tenth;
	no_errors(rig_run(&rig));
}

static void
content_other_than_expected(void)
{
	const struct pw_load_stats *s;

	rig.urls.url[0].has_hash = true;
	rig.urls.url[0].hash = 1;
	s = rig_run(&rig);
	CU_ASSERT_EQUAL(only(s, PW_LOAD_HASH), s->responses);
}

/* ---- servers that do as they may ---- */

static void
to_eof(struct rig_srv *s, uint32_t nth)
{
	rig_put(s, "HTTP/1.0 200 OK\r\n\r\nold ways");
	pw_tcp_close(s->tc);
}

static void
body_that_ends_with_the_connection(void)
{
	const struct pw_load_stats *s;

	rig.answer = to_eof;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->responses > 100);
	CU_ASSERT_EQUAL(s->body_bytes, 8 * s->responses);
}

static void
last_is_fifth(struct rig_srv *s, uint32_t nth)
{
	if (nth < 5)
		rig_put(s, RIG_OK);
	if (nth != 5)
		return;
	rig_put(s, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
	pw_tcp_shutdown(s->tc);
}

/* RFC 9112 section 9.3.2: what was asked behind it is nobody's fault. */
static void
announced_close_is_no_error(void)
{
	const struct pw_load_stats *s;

	rig.cfg.pipeline = 4;
	rig.answer = last_is_fifth;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->unanswered > 100);
	CU_ASSERT_TRUE(s->responses > 500);
}

static void
close_at_rest(struct rig_srv *s, uint32_t nth)
{
	rig_put(s, RIG_OK);
	pw_tcp_shutdown(s->tc);
}

static void
closing_an_idle_connection_is_no_error(void)
{
	const struct pw_load_stats *s;

	rig.cfg.rate_per_s = 100;
	rig.answer = close_at_rest;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->opened > 90);
}

static void
chunked(void)
{
	const struct pw_load_stats *s;

	rig.text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_EQUAL(s->body_bytes, 5 * s->responses);
}

/* Requests of several lengths in a pipeline, each segment lost with 5 %: every text is
 * found again by its place in the stream, and every answer is right. */
static void
lossy_link(void)
{
	const struct pw_load_stats *s;

	printf("seed %#llx ", (unsigned long long)RIG_SEED);
	pw_urls_add(&rig.urls, "http://" RIG_SERVER "/a/much/longer/path/than/the/first", 3);
	pw_urls_add(&rig.urls, "http://" RIG_SERVER "/middle", 2);
	rig.cfg.pipeline = 8;
	rig.cfg.per_conn = 50;
	rig.cfg.duration_ns = 20 * PW_NS_PER_S;
	rig.cfg.timeout_ns = 10 * PW_NS_PER_S;
	rig.loss_percent = 5;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(s->responses > 1000);
	CU_ASSERT_TRUE(pw_tcp_stats(rig.client)->rtx_segs > 20);
}

static void
weights_are_kept(void)
{
	const struct pw_load_stats *s;
	uint64_t hash, length;

	pw_urls_add(&rig.urls, "http://" RIG_SERVER "/never", 1);
	rig.urls.url[0].weight = PW_URL_WEIGHT_MAX;
	rig.cfg.seed = 1;
	s = rig_run(&rig);
	no_errors(s);
	CU_ASSERT_TRUE(pw_load_body(rig.load, 0, &hash, &length));
	CU_ASSERT_EQUAL(length, 5);
	CU_ASSERT_FALSE(pw_load_body(rig.load, 1, &hash, &length));
}

static void
impossible_is_refused(void)
{
	rig.cfg.n_conns = PW_LOAD_CONNS_PER_SOURCE + 1;
	CU_ASSERT_PTR_NULL(pw_load_create(&rig.cfg));
	CU_ASSERT_EQUAL(errno, EINVAL);
	rig.cfg.n_conns = 4;
	rig.cfg.n_active = 5;
	CU_ASSERT_PTR_NULL(pw_load_create(&rig.cfg));
	rig.cfg.n_active = 0;
	rig.cfg.pipeline = PW_LOAD_PIPELINE_MAX + 1;
	CU_ASSERT_PTR_NULL(pw_load_create(&rig.cfg));
	pw_urls_fini(&rig.urls);
}

#define TEST(name)          \
	{                   \
#name, name \
	}
static CU_TestInfo tests[] = {
	TEST(closed_loop_asks_again_at_once),
	TEST(pipeline_has_many_under_way),
	TEST(only_active_connections_ask),
	TEST(all_alike_are_fair),
	TEST(shares_of_answers_under_way_count),
	TEST(who_gets_nothing_counts),
	TEST(connections_are_closed_and_opened_again),
	TEST(one_request_a_connection),
	TEST(server_that_leaves_closing_to_us),
	TEST(every_source_address_connects),
	TEST(ipv6_is_asked_from_every_source_address),
	TEST(nothing_is_opened_before_the_addresses_are_ours),
	TEST(addresses_that_never_are_ours),
	TEST(rate_is_kept),
	TEST(stall_is_seen_by_all_who_would_have_come),
	TEST(closed_loop_hides_the_stall),
	TEST(what_could_not_be_asked_is_told),
	TEST(refused),
	TEST(unreached),
	TEST(reset_by_the_server),
	TEST(stalled_in_the_middle),
	TEST(closed_early),
	TEST(closed_without_an_answer),
	TEST(malformed),
	TEST(head_beyond_the_bound),
	TEST(more_than_was_asked_for),
	TEST(not_found),
	TEST(length_that_changes),
	TEST(content_that_changes),
	TEST(content_is_not_looked_at_without_verify),
	TEST(content_other_than_expected),
	TEST(body_that_ends_with_the_connection),
	TEST(announced_close_is_no_error),
	TEST(closing_an_idle_connection_is_no_error),
	TEST(chunked),
	TEST(lossy_link),
	TEST(weights_are_kept),
	TEST(impossible_is_refused),
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_load_run = {
	.pName = "load_run",
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
