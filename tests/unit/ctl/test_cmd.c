/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The table of commands: what a line means, and what it is answered.
 */
#include <string.h>
#include "cmd_priv.h"
#include "rig_ctl.h"

static struct rig_ctl r;

static void
setup(void)
{
	rig_ctl_open(&r);
}

static void
teardown(void)
{
	rig_ctl_close(&r);
}

#define SAYS(words) CU_ASSERT_PTR_NOT_NULL(strstr(r.answer.text, words))

static void
every_command_has_help(void)
{
	uint32_t i;

	rig_ctl_ask(&r, "help");
	CU_ASSERT_TRUE(r.answer.ok);
	for (i = 0; i < n_commands; i++) {
		CU_ASSERT_TRUE(strlen(commands[i].help) > 0);
		CU_ASSERT_PTR_NOT_NULL(commands[i].run);
		if (strcmp(commands[i].words, "complete") != 0)
			SAYS(commands[i].words);
	}
}

/* A command with more behind it than it takes changes nothing, and says so. */
static void
every_command_refuses_words_too_many(void)
{
	char line[PW_CTL_LINE_MAX];
	uint32_t i;

	for (i = 0; i < n_commands; i++) {
		const char *words = commands[i].words;

		if (strcmp(words, "complete") == 0)
			continue;
		snprintf(line, sizeof(line), "%s a b c d", words);
		rig_ctl_ask(&r, line);
		CU_ASSERT_FALSE(r.answer.ok);
		CU_ASSERT_TRUE(r.answer.len > 10);
	}
	CU_ASSERT_EQUAL(r.n_ends, 0);
}

static void
every_command_answers_in_json(void)
{
	char line[PW_CTL_LINE_MAX];
	uint32_t i;

	for (i = 0; i < n_commands; i++) {
		cJSON *json;

		snprintf(line, sizeof(line), "--json %s", commands[i].words);
		rig_ctl_ask(&r, line);
		json = cJSON_Parse(r.answer.text);
		CU_ASSERT_TRUE(cJSON_IsObject(json));
		CU_ASSERT_EQUAL(!r.answer.ok, cJSON_HasObjectItem(json, "error"));
		cJSON_Delete(json);
	}
}

/* The longest command that fits is meant. */
static void
the_longest_command_is_meant(void)
{
	rig_ctl_ask(&r, "show tcp");
	CU_ASSERT_TRUE(r.answer.ok);
	SAYS("counters");
	rig_ctl_ask(&r, "  show \t tcp   connections ");
	CU_ASSERT_TRUE(r.answer.ok);
	SAYS("fitting");
}

static void
what_is_wrong_is_said(void)
{
	static const struct {
		const char *line;
		const char *says;
	} cases[] = {
		{"show neigh --svg", "draws nothing; allowed: trace"},
		{"foo", "'foo' is no command; allowed: help, show, "},
		{"show", "a word is missing behind 'show'; allowed: port, worker"},
		{"show foo", "'foo' does not go behind 'show'; allowed: port, worker"},
		{"show port", "a word is missing behind 'port'; allowed: info, stats"},
		{"show port foo", "'foo' does not go behind 'port'; allowed: info"},
		{"show tcp foo", "'foo' is a word too many; allowed: show tcp\n"},
		{"show worker 1", "'1' is a word too many"},
		{"set", "a word is missing; allowed: set SETTING VALUE"},
		{"set foo 1", "'foo' cannot be set; allowed: idle, ecn, pacing, fast-open, mtu"},
		{"set cc", "a word is missing; allowed: set cc NAME [of ADDR] [now]"},
		{"set cc hybla", "set cc 'hybla' is not one of them; allowed: cubic, newreno"},
		{"set cc bbr foo", "'foo' does not go there; allowed: set cc NAME [of ADDR] [now]"},
		{"set cc bbr of", "'of' does not go there"},
		{"set cc bbr of 10.77.0.1 of 10.77.0.1", "'of' does not go there"},
		{"set cc bbr of 10.77.0.2", "'10.77.0.2' is the address of no --ip; allowed: "
					    "10.77.0.1"},
		{"set cc bbr of here", "'here' is the address of no --ip"},
		{"set cc default", "of which address? allowed: set cc default of ADDR"},
		{"set idle", "a word is missing"},
		{"set idle fast",
			"set idle 'fast' is not one of them; allowed: spin, pause or sleep"},
		{"set mtu 100", "set mtu '100' is too small; allowed: 576 to 65000"},
		{"set nagle 2", "allowed: true or false"},
		{"set log-level pagewire.tcp loud", "log level 'loud' is none; allowed: emergency"},
		{"show tcp connections port", "'port' lacks its value"},
		{"show tcp connections color red", "'color' is no filter; allowed: state, peer"},
		{"show tcp connections port 0", "port '0' is not a number that fits"},
		{"show tcp connections port 65536", "allowed: 1 to 65535"},
		{"show tcp connections state open", "state 'open' is none; allowed: syn-sent"},
		{"show tcp connections peer host", "is not an IP address"},
		{"show tcp connections peer fd00::/129",
			"has an impossible prefix; allowed: 0 to 128"},
		{"show tcp connections peer 10.0.0.0/33", "has an impossible prefix"},
		{"show tcp connections limit 100001", "allowed: 1 to 100000"},
		{"show tcp metrics color red", "'color' is no filter; allowed: peer, limit"},
		{"show tcp metrics peer", "'peer' lacks its value"},
		{"show tcp metrics limit 0", "allowed: 1 to 100000"},
		{"show tcp metrics peer 10.0.0.0/33", "has an impossible prefix"},
		{"show tcp connection", "'' is no connection"},
		{"show tcp connection 7", "'7' is no connection; allowed: WORKER.PLACE"},
		{"drain soon", "drain 'soon' is no number of seconds; allowed: 0 to 86400"},
		{"help foo", "no command begins with 'foo'"},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		rig_ctl_ask(&r, cases[i].line);
		CU_ASSERT_FALSE(r.answer.ok);
		if (strstr(r.answer.text, cases[i].says) == NULL) {
			CU_FAIL("another answer");
			printf("%s: %s", cases[i].line, r.answer.text);
		}
	}
}

static void
hostile_lines_are_refused(void)
{
	char line[3 * PW_CTL_LINE_MAX];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	rig_ctl_ask(&r, line);
	CU_ASSERT_FALSE(r.answer.ok);
	memset(line, ' ', 200);
	strcpy(line + 200, "help");
	rig_ctl_ask(&r, line);
	CU_ASSERT_TRUE(r.answer.ok);
	strcpy(line, "help");
	while (strlen(line) < 500)
		strcat(line, " a");
	rig_ctl_ask(&r, line);
	CU_ASSERT_FALSE(r.answer.ok);
	SAYS("more than 32 words");
	rig_ctl_ask(&r, "%s%n%s%n \x01\xff");
	CU_ASSERT_FALSE(r.answer.ok);
	rig_ctl_ask(&r, "");
	CU_ASSERT_TRUE(r.answer.ok);
	CU_ASSERT_EQUAL(r.answer.len, 0);
	rig_ctl_ask(&r, "--json");
	CU_ASSERT_TRUE(r.answer.ok);
}

/* A capture copies what is sent: the proof would end pagewire. */
static void
no_capture_while_proving(void)
{
	r.config.prove = true;
	rig_ctl_ask(&r, "capture start /nowhere/x.pcapng");
	CU_ASSERT_FALSE(r.answer.ok);
	SAYS("--prove");
	rig_ctl_ask(&r, "show capture");
	SAYS("no");
	r.config.prove = false;
	rig_ctl_ask(&r, "capture start /nowhere/x.pcapng");
	CU_ASSERT_FALSE(r.answer.ok);
	SAYS("/nowhere/x.pcapng");
}

static void
words_are_completed(void)
{
	static const struct {
		const char *line;
		const char *words[5]; /* all that can follow */
	} cases[] = {
		{"complete sh", {"show"}},
		{"complete show tcp .", {"stats", "connections", "connection", "state", NULL}},
		{"complete show port o", {"offloads"}},
		{"complete show tcp m", {"metrics"}},
		{"complete show tcp connections p", {"peer", "port"}},
		{"complete show tcp connections port 80 s", {"state"}},
		{"complete set w", {"window-scale"}},
		{"complete set i", {"idle", "init-window"}},
		{"complete set c", {"cc"}},
		{"complete set cc n", {"newreno", "now"}},
		{"complete set idle .", {NULL}},
		{"complete foo .", {NULL}},
		{"complete show t", {"tcp", "traces"}},
	};
	size_t i, k;

	for (i = 0; i < RTE_DIM(cases); i++) {
		char line[PW_CTL_LINE_MAX];
		cJSON *json, *words, *word;

		snprintf(line, sizeof(line), "%s --json", cases[i].line);
		json = cJSON_Parse(rig_ctl_ask(&r, line));
		words = cJSON_GetObjectItem(json, "words");
		k = 0;
		cJSON_ArrayForEach(word, words)
		{
			const char *is = cJSON_GetObjectItem(word, "word")->valuestring;

			if (i == 1 && k == 3)
				break;
			CU_ASSERT_PTR_NOT_NULL_FATAL(cases[i].words[k]);
			CU_ASSERT_STRING_EQUAL(is, cases[i].words[k]);
			k++;
		}
		CU_ASSERT_TRUE(cases[i].words[k] == NULL || i == 1);
		cJSON_Delete(json);
	}
}

static void
the_end_can_be_asked_for(void)
{
	rig_ctl_ask(&r, "drain");
	CU_ASSERT_EQUAL(r.n_ends, 1);
	CU_ASSERT_FALSE(r.at_once);
	CU_ASSERT_EQUAL(r.drain_s, 10); /* as configured */
	rig_ctl_ask(&r, "drain 3");
	CU_ASSERT_EQUAL(r.drain_s, 3);
	rig_ctl_ask(&r, "quit");
	CU_ASSERT_EQUAL(r.n_ends, 3);
	CU_ASSERT_TRUE(r.at_once);
}

static void
settings_are_shown_as_given_and_as_changed(void)
{
	CU_ASSERT_EQUAL(pw_ctl_stats_period(r.ctl), 0);
	rig_ctl_ask(&r, "set stats-period 7");
	CU_ASSERT_TRUE(r.answer.ok);
	CU_ASSERT_EQUAL(pw_ctl_stats_period(r.ctl), 7);
	rig_ctl_ask(&r, "show config --json");
	SAYS("\"root\":\"/\"");
	SAYS("\"ip\":\"10.77.0.1/24@0\"");
	SAYS("\"idle\":\"pause\"");
	SAYS("\"changed\":{\"stats-period\":\"7\"}");
	rig_ctl_ask(&r, "set stats-period 1x");
	CU_ASSERT_FALSE(r.answer.ok);
	CU_ASSERT_EQUAL(pw_ctl_stats_period(r.ctl), 7);
}

static void
c169_congestion_control_by_address(void)
{
	rig_ctl_ask(&r, "set cc bbr of 10.77.0.1");
	CU_ASSERT_TRUE(r.answer.ok);
	rig_ctl_ask(&r, "show config --json");
	SAYS("\"cc\":\"cubic\"");
	SAYS("\"changed\":{\"cc\":\"bbr@10.77.0.1\"}");
	rig_ctl_ask(&r, "set cc newreno now --json");
	SAYS("{\"changed\":0,\"without_place\":0}");
	rig_ctl_ask(&r, "set cc default of 10.77.0.1 now");
	CU_ASSERT_TRUE(r.answer.ok);
	rig_ctl_ask(&r, "show config --json");
	SAYS("\"changed\":{\"cc\":\"newreno default@10.77.0.1\"}");
}

/* Numbers are as long as they are: no double in between. */
static void
numbers_are_whole(void)
{
	cJSON *o = cJSON_CreateObject();
	char *text;

	put_u64(o, "n", UINT64_MAX - 1);
	put_ratio(o, "r", 1, 3);
	put_ratio(o, "z", 1, 0);
	text = cJSON_PrintUnformatted(o);
	CU_ASSERT_STRING_EQUAL(text, "{\"n\":18446744073709551614,\"r\":0.3333,\"z\":0.0000}");
	cJSON_free(text);
	cJSON_Delete(o);
}

static char text[4096];

static void
render_text(const cJSON *o)
{
	FILE *f = fmemopen(text, sizeof(text), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	render(f, o);
	fclose(f);
}

static void
rows_are_a_table(void)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *rows = put_rows(o, "things");
	cJSON *row = put_row(rows);

	put_u64(row, "n", 5);
	put_text(row, "name", "a");
	row = put_row(rows);
	put_u64(row, "n", 12345);
	put_text(row, "name", "longer");
	render_text(o);
	CU_ASSERT_STRING_EQUAL(text, "things\n"
				     "      n  name\n"
				     "      5  a\n"
				     "  12345  longer\n");
	cJSON_Delete(o);
}

static void
a_group_leaves_zeroes_out(void)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *group = put_object(o, "counters");

	put_u64(o, "top", 0);
	put_u64(group, "rtos", 0);
	put_u64(group, "tlps", 3);
	put_rows(o, "rows");
	render_text(o);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "top                                 0\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "rtos"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "3  tail loss probes\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "rows\n  none\n"));
	cJSON_Delete(o);
}

static CU_TestInfo tests[] = {
	{"every_command_has_help", every_command_has_help},
	{"every_command_refuses_words_too_many", every_command_refuses_words_too_many},
	{"every_command_answers_in_json", every_command_answers_in_json},
	{"the_longest_command_is_meant", the_longest_command_is_meant},
	{"what_is_wrong_is_said", what_is_wrong_is_said},
	{"hostile_lines_are_refused", hostile_lines_are_refused},
	{"no_capture_while_proving", no_capture_while_proving},
	{"words_are_completed", words_are_completed},
	{"the_end_can_be_asked_for", the_end_can_be_asked_for},
	{"settings_are_shown_as_given_and_as_changed", settings_are_shown_as_given_and_as_changed},
	{"c169_congestion_control_by_address", c169_congestion_control_by_address},
	{"numbers_are_whole", numbers_are_whole},
	{"rows_are_a_table", rows_are_a_table},
	{"a_group_leaves_zeroes_out", a_group_leaves_zeroes_out},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_ctl_cmd = {
	.pName = "ctl_cmd", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
