/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * A trace as a timeline and as a drawing, from events made by hand.
 */
#include <stdlib.h>
#include <string.h>
#include "rig_ctl.h"
#include "trace.h"

#define TICK(ms) ((UINT64_C(1) << 20) + (uint64_t)(ms)*PW_NS_PER_MS / PW_TCP_EVENT_NS)

static struct pw_tcp_event events[16];
static struct trace_view v;
static cJSON *out;

static void
setup(void)
{
	v = (struct trace_view){
		.ev = events,
		.id = "0.7",
		.head =
			{
				.since = (UINT64_C(1) << 20) * PW_TCP_EVENT_NS,
				.wnd_shift = 7,
				.info = {.remote = pw_addr_v4(RTE_BE32(0x0a4d0002)), .rport = 4000},
			},
	};
	out = cJSON_CreateObject();
}

static void
teardown(void)
{
	trace_view_fini(&v);
	cJSON_Delete(out);
}

static void
event(uint64_t ms, uint8_t kind, uint16_t n, uint32_t a, uint32_t b)
{
	events[v.head.n++] = (struct pw_tcp_event){
		.head = TICK(ms) << 24 | (uint32_t)kind << 16 | n, .a = a, .b = b};
	v.head.at = (TICK(ms) + 1) << PW_TCP_EVENT_SHIFT;
}

/* "out 0 1000" of row @p i: event, offset, bytes */
static const char *
row(uint32_t i)
{
	static char text[256];
	const cJSON *r = cJSON_GetArrayItem(cJSON_GetObjectItem(out, "timeline"), (int)i);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	snprintf(text, sizeof(text), "%s %s %s in flight %s: %s",
		cJSON_GetObjectItem(r, "event")->valuestring,
		cJSON_GetObjectItem(r, "offset")->valuestring,
		cJSON_GetObjectItem(r, "bytes")->valuestring,
		cJSON_GetObjectItem(r, "in_flight")->valuestring,
		cJSON_GetObjectItem(r, "says")->valuestring);
	return text;
}

static void
a_download(void)
{
	event(0, PW_TCP_EV_OPEN, 1448, 14480, 5000);
	event(1, PW_HTTP_EV_REQUEST, PW_HTTP_200, 0, 0);
	event(1, PW_TCP_EV_FRESH, 2, 0, 2896);
	event(6, PW_TCP_EV_PROGRESS, 500, 1448, 73);
	event(7, PW_TCP_EV_RTO, 1, 400, 1448);
	event(7, PW_TCP_EV_AGAIN, 1, 1448, 1448);
	event(12, PW_TCP_EV_PROGRESS, 500, 2896, 73);
	event(12, PW_TCP_EV_RECOVERED, 0, 1448, 7240);
	event(20, PW_HTTP_EV_REQUEST, PW_HTTP_404 | PW_HTTP_EV_HEAD, 0, 2896);
	event(20, PW_TCP_EV_FRESH, 1, 2896, 100);
	v.head.info.snd_end = v.head.info.snd_nxt = 2996;
	v.head.info.rcv_nxt = 73;
	v.head.trouble = 1 << PW_TCP_TROUBLE_RTO;
	CU_ASSERT_EQUAL_FATAL(trace_view_init(&v), 0);
}

static void
requests_and_segments_are_one_timeline(void)
{
	static const char *const rows[] = {
		"open 0 0 in flight 0: MSS 1448, round trip of the handshake 5.000 ms",
		"request 0 2896 in flight 0: GET a page of ours: 200 OK",
		"out 0 2896 in flight 2896: ",
		"in 0 73 in flight 2896: ",
		"ack 1448 1448 in flight 1448: window 64000",
		"rto 2896 1448 in flight 1448: time-out 1 in a row, the next after 400 ms",
		"again 1448 1448 in flight 1448: ",
		"ack 2896 1448 in flight 0: window 64000",
		"done 0 2896 in flight 0: GET a page of ours: 200 OK, acknowledged after ",
		"recovered 2896 0 in flight 0: ssthresh 7240",
		"request 2896 100 in flight 0: HEAD a page of ours: 404 Not Found",
		"out 2896 100 in flight 100: ",
	};
	uint32_t i;

	a_download();
	trace_rows(&v, out);
	for (i = 0; i < RTE_DIM(rows); i++) {
		CU_ASSERT_EQUAL(strncmp(row(i), rows[i], strlen(rows[i])), 0);
		if (strncmp(row(i), rows[i], strlen(rows[i])) != 0)
			printf("\n  is:   %s\n  want: %s\n", row(i), rows[i]);
	}
	CU_ASSERT_PTR_NULL(
		cJSON_GetArrayItem(cJSON_GetObjectItem(out, "timeline"), (int)RTE_DIM(rows)));
}

/* Behind 4 GiB the events have the low bits of offsets. */
static void
offsets_are_whole(void)
{
	event(0, PW_TCP_EV_OUT, 1, 0xfffffff0, 0x20);
	event(1, PW_TCP_EV_OUT, 1, 0x10, 0x20);
	v.head.info.snd_end = v.head.info.snd_nxt = UINT64_C(0x500000030);
	CU_ASSERT_EQUAL_FATAL(trace_view_init(&v), 0);
	trace_rows(&v, out);
	CU_ASSERT_EQUAL(trace_off(&v, events[0].a), UINT64_C(0x4fffffff0));
	CU_ASSERT_EQUAL(trace_off(&v, events[1].a), UINT64_C(0x500000010));
	CU_ASSERT_TRUE(trace_at(&v, 1) > PW_NS_PER_MS - PW_TCP_EVENT_NS);
}

static void
a_drawing_has_it_all(void)
{
	static const char *const has[] = {"<svg", "connection 0.7 with 10.77.0.2, port 4000",
		"GET a page of ours", "time-out", "#d9480f", "#fff3bf", "</svg>"};
	char *text;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	a_download();
	trace_plot(&v, f);
	fclose(f);
	for (i = 0; i < RTE_DIM(has); i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(text, has[i]));
	CU_ASSERT_PTR_NULL(strstr(text, "nan"));
	free(text);
}

/* Nothing to draw is drawn as nothing. */
static void
an_empty_trace_is_drawn(void)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_EQUAL_FATAL(trace_view_init(&v), 0);
	trace_rows(&v, out);
	trace_plot(&v, f);
	fclose(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "</svg>"));
	CU_ASSERT_PTR_NULL(strstr(text, "nan"));
	free(text);
}

static CU_TestInfo tests[] = {
	{"requests_and_segments_are_one_timeline", requests_and_segments_are_one_timeline},
	{"offsets_are_whole", offsets_are_whole},
	{"a_drawing_has_it_all", a_drawing_has_it_all},
	{"an_empty_trace_is_drawn", an_empty_trace_is_drawn},
	CU_TEST_INFO_NULL,
};

CU_SuiteInfo suite_ctl_trace = {
	.pName = "ctl_trace", .pSetUpFunc = setup, .pTearDownFunc = teardown, .pTests = tests};
