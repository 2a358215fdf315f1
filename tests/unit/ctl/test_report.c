/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Figures as text.
 */
#include <stdlib.h>
#include <string.h>
#include <CUnit/CUnit.h>
#include "pw_report.h"

static struct pw_port port;
static struct pw_report before;
static struct pw_report now;
static char *text;

static void
setup(void)
{
	port = (struct pw_port){.id = 0, .driver = "net_tap", .driver_copies = true};
	before = (struct pw_report){.n_ports = 1, .ports = {&port}};
	before.port[0].link_up = true;
	now = before;
	now.at = 2 * PW_NS_PER_S;
}

static void
teardown(void)
{
	free(text);
	text = NULL;
}

/* What @p fn writes is in `text`. */
static FILE *
open_text(void)
{
	static size_t len;

	free(text);
	return open_memstream(&text, &len);
}

static void
totals(void)
{
	FILE *f = open_text();

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	pw_report_totals(f, &now);
	fclose(f);
}

static void
rates(void)
{
	FILE *f = open_text();

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	pw_report_rates(f, &now, &before);
	fclose(f);
}

#define SAYS(words) CU_ASSERT_PTR_NOT_NULL(strstr(text, words))

static void
numbers_have_three_digits(void)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {
		{0, "0"},
		{999, "999"},
		{1000, "1.00 k"},
		{12345, "12.3 k"},
		{999600, "1.00 M"},
		{1.5e9, "1.50 G"},
		{9.999e12, "10.0 T"},
		{123e15, "123 P"},
	};
	char buf[PW_SI_MAX];
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++)
		CU_ASSERT_STRING_EQUAL(pw_report_si(buf, cases[i].v), cases[i].text);
}

static void
ledger_tells_copies_by_their_reason(void)
{
	now.worker.ledger = (struct pw_ledger){
		.by_ref_bytes = 3000,
		.copied_bytes = {[PW_COPY_NO_MULTI_SEG] = 1000},
		.cksum_read_bytes = 40,
		.driver_copied_bytes = 4000,
		.text_bytes = 7,
	};
	totals();
	SAYS("  file bytes sent by reference: 3000 bytes (3.00 kB, 0.750 of each file byte "
	     "sent)\n");
	SAYS("  file bytes copied by pagewire: 1000 bytes (1.00 kB, 0.250 of each file byte "
	     "sent)\n");
	SAYS("because the device takes no chains of buffers: 1000 bytes\n");
	SAYS("  file bytes read for checksums: 40 bytes (40 B, 0.010 of each file byte sent)\n");
	SAYS("  file bytes copied by the driver net_tap: 4000 bytes");
	SAYS("  text bytes written (heads, not files): 7 bytes\n");
}

/* With several workers or ports, what each of them did; who did nothing is left out. */
static void
ledger_tells_whose_copies_they_are(void)
{
	static struct pw_port other = {.id = 3, .driver = "net_virtio_user"};

	now.n_ports = before.n_ports = 2;
	now.ports[1] = before.ports[1] = &other;
	now.n_workers = before.n_workers = 2;
	now.shares[1].ledgers[1] = (struct pw_ledger){.by_ref_bytes = 4000, .cksum_read_bytes = 40};
	now.worker.ledger = now.shares[1].ledgers[1];
	totals();
	SAYS("    worker 1, port 3 (net_virtio_user): by reference 4000, copied 0, read for "
	     "checksums 40, copied by the driver 0\n");
	CU_ASSERT_PTR_NULL(strstr(text, "worker 0, port"));
	rates();
	SAYS("    worker 1 port 3: by reference");
	SAYS("each byte: copied 0.000 by the driver 0.000 read 0.010\n");
	CU_ASSERT_PTR_NULL(strstr(text, "worker 0 port"));
}

static void
ledger_shows_zeroes(void)
{
	totals();
	SAYS("file bytes copied by pagewire: 0 bytes\n");
	CU_ASSERT_PTR_NULL(strstr(text, "because"));
}

static void
totals_leave_zeroes_out(void)
{
	now.worker.tcp.opened_passive = 5;
	now.http.status[PW_HTTP_200] = 4;
	now.worker.drops.n[PW_DROP_TCP_CKSUM] = 2;
	now.worker.busy_cycles = 77;
	totals();
	SAYS("opened_passive                      5  connections established by a peer's SYN\n");
	SAYS("200                                 4  OK\n");
	SAYS("tcp_cksum                           2  TCP checksum wrong\n");
	SAYS("busy_cycles                        77  TSC cycles of those\n");
	CU_ASSERT_PTR_NULL(strstr(text, "opened_active"));
	CU_ASSERT_PTR_NULL(strstr(text, "404"));
}

static void
rates_are_per_second(void)
{
	now.port[0].tx_packets = 24600;
	now.port[0].tx_bytes = 2500000;
	now.worker.tcp.bytes_out = 900;
	now.worker.tcp.rtx_bytes = 100;
	now.http.responses_done = 20;
	now.http.status[PW_HTTP_200] = 20;
	now.tsc_hz = 1000;
	now.n_workers = 1;
	now.shares[0].worker.busy_cycles = 1000;
	rates();
	SAYS("pagewire: the last 2.0 s\n");
	SAYS("12.3 kpkt/s");
	SAYS("10.0 Mbit/s");
	SAYS("sent again 10.00 %");
	SAYS("10 responses/s");
	SAYS("200: 20");
	SAYS("busy 50.0 % of the time");
	CU_ASSERT_PTR_NULL(strstr(text, "dropped"));
}

static void
rates_name_what_was_dropped(void)
{
	now.worker.drops.n[PW_DROP_IP4_CKSUM] = 3;
	now.worker.drops.n[PW_DROP_TCP_CKSUM] = 1;
	now.port[0].link_up = false;
	rates();
	SAYS("  dropped  ip4_cksum 3, tcp_cksum 1\n");
	SAYS("link down");
}

static void
no_time_between_reports_divides_by_no_zero(void)
{
	now.at = before.at;
	now.worker.tcp.bytes_out = 1;
	rates();
	CU_ASSERT_PTR_NULL(strstr(text, "inf"));
	CU_ASSERT_PTR_NULL(strstr(text, "nan"));
}

static CU_TestInfo tests[] = {
	{"numbers_have_three_digits", numbers_have_three_digits},
	{"ledger_tells_copies_by_their_reason", ledger_tells_copies_by_their_reason},
	{"ledger_tells_whose_copies_they_are", ledger_tells_whose_copies_they_are},
	{"ledger_shows_zeroes", ledger_shows_zeroes},
	{"totals_leave_zeroes_out", totals_leave_zeroes_out},
	{"rates_are_per_second", rates_are_per_second},
	{"rates_name_what_was_dropped", rates_name_what_was_dropped},
	{"no_time_between_reports_divides_by_no_zero", no_time_between_reports_divides_by_no_zero},
	CU_TEST_INFO_NULL,
};
CU_SuiteInfo suite_ctl_report = {
	.pName = "ctl_report",
	.pSetUpFunc = setup,
	.pTearDownFunc = teardown,
	.pTests = tests,
};
