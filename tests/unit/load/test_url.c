/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * URLs, their files, and the choice among them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <CUnit/CUnit.h>
#include "pw_rand.h"
#include "pw_url.h"

#define SEED  UINT64_C(0x10ad2)
#define DRAWS 200000

static struct pw_urls urls;
static char file[32];
static char *said;
static size_t said_len;

static void
setup(void)
{
	urls = (struct pw_urls){0};
	file[0] = '\0';
	said = NULL;
}

static void
teardown(void)
{
	pw_urls_fini(&urls);
	free(said);
	if (file[0] != '\0')
		unlink(file);
}

static void
write_file(const char *text)
{
	FILE *f;

	snprintf(file, sizeof(file), "/tmp/pw-urls-XXXXXX");
	f = fdopen(mkstemp(file), "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

typedef uint32_t (*reader)(struct pw_urls *u, const char *path, const char *program, FILE *err);

static uint32_t
read_file(reader fn, const char *text)
{
	uint32_t n_wrong;
	FILE *err = open_memstream(&said, &said_len);

	write_file(text);
	n_wrong = fn(&urls, file, "prog", err);
	fclose(err);
	return n_wrong;
}

static void
address_port_and_path_are_read(void)
{
	struct pw_addr addr;

	CU_ASSERT_PTR_NULL(pw_urls_add(&urls, "http://10.1.2.3:8080/a/b?c=%20", 7));
	pw_addr_parse("10.1.2.3", &addr);
	CU_ASSERT_TRUE(pw_addr_eq(&urls.addr, &addr));
	CU_ASSERT_EQUAL(urls.port, 8080);
	CU_ASSERT_STRING_EQUAL(urls.url[0].path, "/a/b?c=%20");
	CU_ASSERT_EQUAL(urls.url[0].weight, 7);
}

static void
port_and_path_have_defaults(void)
{
	CU_ASSERT_PTR_NULL(pw_urls_add(&urls, "http://10.1.2.3", 1));
	CU_ASSERT_EQUAL(urls.port, 80);
	CU_ASSERT_STRING_EQUAL(urls.url[0].path, "/");
}

static void
ipv6_stands_in_brackets(void)
{
	struct pw_addr a;

	CU_ASSERT_EQUAL_FATAL(pw_addr_parse("fd00::1", &a), 0);
	CU_ASSERT_PTR_NULL(pw_urls_add(&urls, "http://[fd00::1]:8080/x", 1));
	CU_ASSERT_TRUE(pw_addr_eq(&urls.addr, &a));
	CU_ASSERT_EQUAL(urls.port, 8080);
	CU_ASSERT_STRING_EQUAL(urls.url[0].path, "/x");
}

static void
mistakes_are_named(void)
{
	static const char *const wrong[][2] = {
		{"https://10.0.0.1/", "does not begin with http://"},
		{"10.0.0.1/", "does not begin with http://"},
		{"http://example.org/", "names no IP address"},
		{"http:///x", "names no IP address"},
		{"http://10.0.0.256/", "names no IP address"},
		{"http://fd00::1/", "names no IP address"},
		{"http://[fd00::1/", "names no IP address"},
		{"http://[10.0.0.1]/", "names no IP address"},
		{"http://[fd00::1]80/", "has an impossible port"},
		{"http://10.0.0.1:0/", "has an impossible port"},
		{"http://10.0.0.1:65536/", "has an impossible port"},
		{"http://10.0.0.1:/", "has an impossible port"},
		{"http://10.0.0.1:80x/", "has an impossible port"},
		{"http://10.0.0.1/a b", "has a character that must be percent-encoded"},
		{"http://10.0.0.1/a\r\nX: y", "has a character that must be percent-encoded"},
		{"http://10.0.0.1/\"", "has a character that must be percent-encoded"},
		{"http://10.0.0.1/\xc3\xa4", "has a character that must be percent-encoded"},
	};
	uint32_t i;

	for (i = 0; i < RTE_DIM(wrong); i++) {
		const char *what = pw_urls_add(&urls, wrong[i][0], 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(what);
		CU_ASSERT_STRING_EQUAL(what, wrong[i][1]);
	}
	CU_ASSERT_EQUAL(urls.n, 0);
}

static void
overlong_is_refused(void)
{
	char text[PW_URL_TEXT_MAX + 2];

	memset(text, 'a', sizeof(text));
	memcpy(text, "http://10.0.0.1/", 16);
	text[PW_URL_TEXT_MAX + 1] = '\0';
	CU_ASSERT_STRING_EQUAL(pw_urls_add(&urls, text, 1), "is too long");
	text[PW_URL_TEXT_MAX] = '\0';
	CU_ASSERT_PTR_NULL(pw_urls_add(&urls, text, 1));
}

static void
another_server_is_refused(void)
{
	CU_ASSERT_PTR_NULL(pw_urls_add(&urls, "http://10.0.0.1/", 1));
	CU_ASSERT_PTR_NOT_NULL(pw_urls_add(&urls, "http://10.0.0.2/", 1));
	CU_ASSERT_PTR_NOT_NULL(pw_urls_add(&urls, "http://10.0.0.1:81/", 1));
	CU_ASSERT_PTR_NULL(pw_urls_add(&urls, "http://10.0.0.1:80/x", 1));
	CU_ASSERT_EQUAL(urls.n, 2);
}

static void
file_has_weights_and_comments(void)
{
	CU_ASSERT_EQUAL(read_file(pw_urls_read, "# what is hot\n"
						"http://10.0.0.1/a 90\n"
						"\n"
						"  http://10.0.0.1/b\t10  \r\n"
						"http://10.0.0.1/c"),
		0);
	CU_ASSERT_EQUAL_FATAL(urls.n, 3);
	CU_ASSERT_EQUAL(urls.url[0].weight, 90);
	CU_ASSERT_EQUAL(urls.url[1].weight, 10);
	CU_ASSERT_EQUAL(urls.url[2].weight, 1);
	CU_ASSERT_STRING_EQUAL(urls.url[2].path, "/c");
}

static void
mistakes_in_a_file_have_lines(void)
{
	CU_ASSERT_EQUAL(read_file(pw_urls_read, "http://10.0.0.1/a 0\n"
						"http://10.0.0.1/a many\n"
						"http://10.0.0.1/a 1\n"
						"ftp://10.0.0.1/a\n"),
		3);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, " line 1: 'http://10.0.0.1/a' has an impossible "));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, " line 2: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, " line 4: 'ftp://10.0.0.1/a' does not begin with "));
	CU_ASSERT_EQUAL(urls.n, 1);
}

static void
missing_file_is_one_mistake(void)
{
	FILE *err = open_memstream(&said, &said_len);

	CU_ASSERT_EQUAL(pw_urls_read(&urls, "/nonexistent", "prog", err), 1);
	fclose(err);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "prog: '/nonexistent' cannot be read"));
}

static void
expectations_find_their_url(void)
{
	pw_urls_add(&urls, "http://10.0.0.1/a", 1);
	pw_urls_add(&urls, "http://10.0.0.1/b", 1);
	CU_ASSERT_EQUAL(read_file(pw_urls_expect, "http://10.0.0.1:80/a 0123456789abcdef 64\n"
						  "http://10.0.0.1/b 00000000000000ff\n"
						  "http://10.0.0.1/c 0000000000000001\n"),
		0);
	CU_ASSERT_TRUE(urls.url[0].has_hash && urls.url[0].has_length);
	CU_ASSERT_EQUAL(urls.url[0].hash, UINT64_C(0x0123456789abcdef));
	CU_ASSERT_EQUAL(urls.url[0].length, 64);
	CU_ASSERT_TRUE(urls.url[1].has_hash && !urls.url[1].has_length);
	CU_ASSERT_EQUAL(urls.url[1].hash, 0xff);
}

static void
broken_expectations_are_refused(void)
{
	pw_urls_add(&urls, "http://10.0.0.1/a", 1);
	CU_ASSERT_EQUAL(read_file(pw_urls_expect, "http://10.0.0.1/a\n"
						  "http://10.0.0.1/a 123\n"
						  "http://10.0.0.1/a 0123456789abcdefa\n"
						  "http://10.0.0.1/a 0123456789abcdeg\n"
						  "http://10.0.0.1/a 0123456789abcdef x\n"),
		5);
	CU_ASSERT_FALSE(urls.url[0].has_hash);
}

/* The share of each number, added up over the cells: exact to 2^-32 a cell. */
static void
check_shares(const struct pw_choice *c, double sum)
{
	uint32_t i, k;

	for (i = 0; i < c->n; i++) {
		double share = 0;

		for (k = 0; k < c->n; k++) {
			double keep = (c->cell[k].keep + 1.0) / 4294967296.0;

			share += k == i ? keep : 0;
			share += c->cell[k].other == i ? 1 - keep : 0;
		}
		share /= c->n;
		CU_ASSERT_DOUBLE_EQUAL(share, urls.url[i].weight / sum, 1e-8);
	}
}

static void
choice_follows_the_weights(void)
{
	static const uint32_t weights[] = {1, 90, 7, 1000000, 1, 3, 50000};
	struct pw_choice c;
	double sum = 0;
	uint32_t i;

	for (i = 0; i < RTE_DIM(weights); i++) {
		pw_urls_add(&urls, "http://10.0.0.1/", weights[i]);
		sum += weights[i];
	}
	CU_ASSERT_EQUAL_FATAL(pw_choice_init(&c, &urls, &pw_mem_heap), 0);
	check_shares(&c, sum);
	pw_choice_fini(&c, &pw_mem_heap);
}

static void
draws_follow_the_weights(void)
{
	uint32_t seen[3] = {0};
	struct pw_choice c;
	struct pw_rand r;
	uint32_t i;

	printf("seed %#llx ", (unsigned long long)SEED);
	pw_urls_add(&urls, "http://10.0.0.1/a", 1);
	pw_urls_add(&urls, "http://10.0.0.1/b", 2);
	pw_urls_add(&urls, "http://10.0.0.1/c", 7);
	CU_ASSERT_EQUAL_FATAL(pw_choice_init(&c, &urls, &pw_mem_heap), 0);
	pw_rand_init(&r, SEED);
	for (i = 0; i < DRAWS; i++)
		seen[pw_choice_take(&c, pw_rand_u64(&r))]++;
	CU_ASSERT_DOUBLE_EQUAL(seen[0], 0.1 * DRAWS, 0.01 * DRAWS);
	CU_ASSERT_DOUBLE_EQUAL(seen[1], 0.2 * DRAWS, 0.01 * DRAWS);
	CU_ASSERT_DOUBLE_EQUAL(seen[2], 0.7 * DRAWS, 0.01 * DRAWS);
	pw_choice_fini(&c, &pw_mem_heap);
}

static CU_TestInfo tests[] = {
	{"address_port_and_path_are_read", address_port_and_path_are_read},
	{"port_and_path_have_defaults", port_and_path_have_defaults},
	{"ipv6_stands_in_brackets", ipv6_stands_in_brackets},
	{"mistakes_are_named", mistakes_are_named},
	{"overlong_is_refused", overlong_is_refused},
	{"another_server_is_refused", another_server_is_refused},
	{"file_has_weights_and_comments", file_has_weights_and_comments},
	{"mistakes_in_a_file_have_lines", mistakes_in_a_file_have_lines},
	{"missing_file_is_one_mistake", missing_file_is_one_mistake},
	{"expectations_find_their_url", expectations_find_their_url},
	{"broken_expectations_are_refused", broken_expectations_are_refused},
	{"choice_follows_the_weights", choice_follows_the_weights},
	{"draws_follow_the_weights", draws_follow_the_weights},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_load_url = {
	.pName = "load_url",
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
