/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The time-sequence graph: upright strokes are what was sent, from its first byte to its
 * last; below them climbs what is acknowledged, above them the edge of the window. Bands
 * are responses; what is shaded is a recovery.
 */
#include <inttypes.h>
#include "trace.h"

#define WIDTH	   1200
#define HEIGHT	   640
#define LEFT	   100 /* margins of the picture */
#define TOP	   90
#define RIGHT	   20
#define BOTTOM	   40
#define TICKS	   8
#define TEXT_MAX   160
#define STROKE_MIN 3 /* what is sent again is seldom more than a segment */

/* From times and bytes to points. */
struct frame {
	FILE *f;
	const struct trace_view *v;
	double t0, t1; /* ms */
	double y0, y1; /* bytes */
};

/** A kind of stroke. */
struct style {
	const char *color;
	const char *name;
	double width;
};

static const struct style sent = {"#1f3b73", "sent", 1.6};
static const struct style again = {"#d9480f", "sent again", 2.2};
static const struct style acked = {"#2b8a3e", "acknowledged", 1.4};
static const struct style edge = {"#868e96", "edge of the window", 1.2};
static const struct style sacked = {"#9c36b5", "SACKed up to here", 3};
static const struct style *const styles[] = {&sent, &again, &acked, &edge, &sacked};

static double
ms_of(const struct trace_view *v, uint32_t event)
{
	return (double)trace_at(v, event) / PW_NS_PER_MS;
}

static double
x_of(const struct frame *fr, double ms)
{
	return LEFT + (ms - fr->t0) / (fr->t1 - fr->t0) * (WIDTH - LEFT - RIGHT);
}

static double
y_of(const struct frame *fr, double off)
{
	double share = (off - fr->y0) / (fr->y1 - fr->y0);

	share = RTE_MIN(RTE_MAX(share, 0.0), 1.0);
	return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

static bool
is_sent(uint8_t kind)
{
	return kind == PW_TCP_EV_OUT || kind == PW_TCP_EV_FRESH;
}

static bool
is_again(uint8_t kind)
{
	return kind == PW_TCP_EV_AGAIN || kind == PW_TCP_EV_PROBE;
}

static void
measure(struct frame *fr)
{
	const struct trace_view *v = fr->v;
	double low = (double)v->head.info.snd_end, high = 0;
	uint32_t i;

	for (i = 0; i < v->head.n; i++) {
		const struct pw_tcp_event *e = &v->ev[i];
		uint8_t kind = pw_tcp_event_kind(e);

		if (!is_sent(kind) && !is_again(kind))
			continue;
		low = RTE_MIN(low, (double)trace_off(v, e->a));
		high = RTE_MAX(high, (double)trace_off(v, e->a) + e->b);
	}
	fr->t0 = v->head.n > 0 ? ms_of(v, 0) : 0;
	fr->t1 = RTE_MAX(v->head.n > 0 ? ms_of(v, v->head.n - 1) : 0, fr->t0 + 1);
	fr->y0 = RTE_MIN(low, high);
	fr->y1 = RTE_MAX(high, fr->y0 + 1);
	fr->y1 += (fr->y1 - fr->y0) / 8;
}

/* 1, 2 or 5 times a power of ten, so that about @p n of them make @p span. */
static double
tick(double span, uint32_t n)
{
	static const double steps[] = {1, 2, 5, 10};
	double unit = 1e-3, want = span / n;
	uint32_t i;

	while (unit * 10 <= want)
		unit *= 10;
	for (i = 0; i < RTE_DIM(steps) - 1 && steps[i] * unit < want; i++)
		;
	return steps[i] * unit;
}

/* The first multiple of @p step at or behind @p from. */
static double
first_tick(double from, double step)
{
	double n = (double)(int64_t)(from / step);

	return n * step < from ? (n + 1) * step : n * step;
}

static void
draw_axes(const struct frame *fr)
{
	double step = tick(fr->t1 - fr->t0, TICKS), at;

	for (at = first_tick(fr->t0, step); at <= fr->t1; at += step)
		fprintf(fr->f,
			"<path d='M%.1f %dV%d' stroke='#e9ecef'/>"
			"<text x='%.1f' y='%d' text-anchor='middle'>%g ms</text>\n",
			x_of(fr, at), TOP, HEIGHT - BOTTOM, x_of(fr, at), HEIGHT - BOTTOM + 18, at);
	step = tick(fr->y1 - fr->y0, TICKS);
	for (at = first_tick(fr->y0, step); at <= fr->y1; at += step)
		fprintf(fr->f,
			"<path d='M%d %.1fH%d' stroke='#e9ecef'/>"
			"<text x='%d' y='%.1f' text-anchor='end'>%.0f</text>\n",
			LEFT, y_of(fr, at), WIDTH - RIGHT, LEFT - 6, y_of(fr, at) + 4, at);
	fprintf(fr->f,
		"<rect x='%d' y='%d' width='%d' height='%d' fill='none' stroke='#adb5bd'/>\n", LEFT,
		TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
}

/* A name of a file may have anything in it. */
static void
put_escaped(FILE *f, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '<' || c == '>' || c == '&' || c == '\'' || c < ' ' || c >= 0x7f)
			fprintf(f, "&#%d;", c < ' ' || c >= 0x7f ? '?' : c);
		else
			fputc(c, f);
	}
}

static void
draw_requests(const struct frame *fr)
{
	const struct trace_view *v = fr->v;
	uint32_t i;

	for (i = 0; i < v->n_requests; i++) {
		const struct trace_request *r = &v->requests[i];
		double x = x_of(fr, ms_of(v, r->event));
		double end = r->done == PW_NEVER ? fr->t1 : (double)r->done / PW_NS_PER_MS;
		double top = y_of(fr, (double)r->end), bottom = y_of(fr, (double)r->start);
		char text[TEXT_MAX];

		trace_request_text(v, r, text, sizeof(text));
		fprintf(fr->f,
			"<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='#e7f5ff' "
			"stroke='#a5d8ff'/><text x='%.1f' y='%.1f' fill='#1864ab'>",
			x, top, RTE_MAX(x_of(fr, end) - x, 1.0), RTE_MAX(bottom - top, 1.0), x + 4,
			top + 14);
		put_escaped(fr->f, text);
		fprintf(fr->f, "</text>\n");
	}
}

static void
shade(const struct frame *fr, double from, double to)
{
	fprintf(fr->f,
		"<rect x='%.1f' y='%d' width='%.1f' height='%d' fill='#fff3bf' "
		"fill-opacity='0.7'/>\n",
		x_of(fr, from), TOP, RTE_MAX(x_of(fr, to) - x_of(fr, from), 1.0),
		HEIGHT - TOP - BOTTOM);
}

static void
draw_recoveries(const struct frame *fr)
{
	double since = -1;
	uint32_t i;

	for (i = 0; i < fr->v->head.n; i++) {
		uint8_t kind = pw_tcp_event_kind(&fr->v->ev[i]);
		double at = ms_of(fr->v, i);

		if ((kind == PW_TCP_EV_RECOVERY || kind == PW_TCP_EV_RTO) && since < 0)
			since = at;
		if ((kind == PW_TCP_EV_RECOVERED || kind == PW_TCP_EV_UNDONE) && since >= 0) {
			shade(fr, since, at);
			since = -1;
		}
	}
	if (since >= 0)
		shade(fr, since, fr->t1);
}

/* What is told by its name, at the top. */
static void
draw_moments(const struct frame *fr)
{
	uint32_t i;

	for (i = 0; i < fr->v->head.n; i++) {
		uint8_t kind = pw_tcp_event_kind(&fr->v->ev[i]);
		const char *name = kind == PW_TCP_EV_RTO    ? "time-out"
				   : kind == PW_TCP_EV_LOSS ? "loss"
				   : kind == PW_TCP_EV_END  ? "end"
							    : NULL;
		double x = x_of(fr, ms_of(fr->v, i));

		if (name != NULL)
			fprintf(fr->f,
				"<path d='M%.1f %dV%d' stroke='#c2003a' stroke-dasharray='3 3'/>"
				"<text x='%.1f' y='%d' fill='#c2003a' transform='rotate(-60 %.1f "
				"%d)'>%s</text>\n",
				x, TOP, HEIGHT - BOTTOM, x, TOP - 4, x, TOP - 4, name);
	}
}

static void
draw_strokes(const struct frame *fr, const struct style *style, bool (*wanted)(uint8_t kind))
{
	const struct trace_view *v = fr->v;
	uint32_t i;

	fprintf(fr->f, "<path fill='none' stroke='%s' stroke-width='%.1f' d='", style->color,
		style->width);
	for (i = 0; i < v->head.n; i++) {
		const struct pw_tcp_event *e = &v->ev[i];
		double off = (double)trace_off(v, e->a), y = y_of(fr, off);

		if (wanted(pw_tcp_event_kind(e)))
			fprintf(fr->f, "M%.1f %.1fV%.1f", x_of(fr, ms_of(v, i)), y,
				RTE_MIN(y_of(fr, off + e->b), y - STROKE_MIN));
	}
	fprintf(fr->f, "'/>\n");
}

/* The window is told with what was acknowledged; @p with: its edge is drawn, not that. */
static void
draw_steps(const struct frame *fr, const struct style *style, bool with)
{
	const struct trace_view *v = fr->v;
	bool first = true;
	uint32_t i;
	pw_off una;

	fprintf(fr->f, "<path fill='none' stroke='%s' stroke-width='%.1f' d='", style->color,
		style->width);
	for (i = 0; i < v->head.n; i++) {
		const struct pw_tcp_event *e = &v->ev[i];
		double off, x = x_of(fr, ms_of(v, i));

		if (!trace_acked(v, i, &una) ||
			(with && pw_tcp_event_kind(e) != PW_TCP_EV_PROGRESS))
			continue;
		off = (double)una;
		if (with)
			off += (double)((uint64_t)pw_tcp_event_n(e) << v->head.wnd_shift);
		fprintf(fr->f, first ? "M%.1f %.1f" : "H%.1fV%.1f", x, y_of(fr, off));
		first = false;
	}
	fprintf(fr->f, "%s'/>\n", first ? "" : "h4");
}

static void
draw_sacks(const struct frame *fr)
{
	const struct trace_view *v = fr->v;
	uint32_t i;

	for (i = 0; i < v->head.n; i++)
		if (pw_tcp_event_kind(&v->ev[i]) == PW_TCP_EV_SACK)
			fprintf(fr->f, "<circle cx='%.1f' cy='%.1f' r='%.1f' fill='%s'/>\n",
				x_of(fr, ms_of(v, i)), y_of(fr, (double)trace_off(v, v->ev[i].a)),
				sacked.width, sacked.color);
}

static void
draw_title(const struct frame *fr)
{
	const struct pw_tcp_trace *head = &fr->v->head;
	char addr[PW_ADDR_TEXT_MAX], trouble[TEXT_MAX];
	uint32_t i;

	trace_trouble_text(head->trouble, trouble, sizeof(trouble));
	fprintf(fr->f,
		"<text x='%d' y='24' font-size='16'>connection %s with %s, port %u: %" PRIu64
		" bytes, %" PRIu64 " segments sent again%s%s</text>\n",
		LEFT, fr->v->id, pw_addr_format(&head->info.remote, addr), head->info.rport,
		head->info.snd_nxt, head->info.rtx_segs, *trouble != '\0' ? "; " : "", trouble);
	for (i = 0; i < RTE_DIM(styles); i++)
		fprintf(fr->f,
			"<rect x='%u' y='36' width='14' height='8' fill='%s'/>"
			"<text x='%u' y='44'>%s</text>\n",
			LEFT + i * 160, styles[i]->color, LEFT + 20 + i * 160, styles[i]->name);
}

void
trace_plot(const struct trace_view *v, FILE *f)
{
	struct frame fr = {.f = f, .v = v};

	measure(&fr);
	fprintf(f,
		"<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' "
		"font-family='sans-serif' font-size='12'>\n"
		"<rect width='100%%' height='100%%' fill='#fff'/>\n",
		WIDTH, HEIGHT);
	draw_title(&fr);
	draw_requests(&fr);
	draw_recoveries(&fr);
	draw_axes(&fr);
	draw_steps(&fr, &edge, true);
	draw_steps(&fr, &acked, false);
	draw_strokes(&fr, &sent, is_sent);
	draw_strokes(&fr, &again, is_again);
	draw_sacks(&fr);
	draw_moments(&fr);
	fprintf(f, "</svg>\n");
}
