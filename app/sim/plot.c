/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Time-sequence pictures, as tcptrace made them known: each stream as its sender
 * sees it. Upright strokes are segments, from their first byte to their last; below
 * them climbs the acknowledged edge, above them the edge of the window.
 */
#include <errno.h>
#include <stdlib.h>
#include "app_sim.h"
#include "pw_wire_ip4.h"
#include "pw_wire_ip6.h"
#include "pw_wire_tcp.h"

#define STREAMS_MAX 64
#define WIDTH	    1100
#define HEIGHT	    420
#define LEFT	    90 /* margins of a picture */
#define TOP	    34
#define RIGHT	    20
#define BOTTOM	    40
#define HEAD	    60 /* title and legend, above all pictures */
#define TICKS	    8

enum kind {
	SENT,
	AGAIN,
	LOST,
	ACKED,
	EDGE,
	SACKED,
	KIND_MAX,
};

static const struct {
	const char *color;
	const char *name;
	double width;
} style[KIND_MAX] = {
	[SENT] = {"#1f3b73", "sent", 1.4},
	[AGAIN] = {"#d9480f", "sent again", 1.8},
	[LOST] = {"#c2003a", "lost or damaged", 1.4},
	[ACKED] = {"#2b8a3e", "acknowledged", 1.2},
	[EDGE] = {"#868e96", "edge of the window", 1.2},
	[SACKED] = {"#9c36b5", "SACKed", 1.2},
};

/** Bytes [from, to) at a moment; of ACKED and EDGE only `to` counts. */
struct mark {
	enum kind kind;
	pw_ns at;
	int64_t from, to;
};

/** One direction of a connection. */
struct stream {
	uint32_t host;
	uint16_t sport, dport;
	uint32_t isn1;	/* sequence number of byte 0 */
	int64_t end;	/* of what was sent */
	uint8_t wscale; /* of the peer's windows */
	bool scaled;	/* both SYNs said so */
	uint8_t own_has;
	struct mark *marks;
	uint32_t n, room;
};

struct plot {
	struct stream stream[STREAMS_MAX];
	uint32_t n;
};

/** A TCP segment of the run. */
struct seg {
	struct pw_tcp_hdr h;
	struct pw_tcp_opts o;
	uint32_t len;
};

/* ---- gathering ---- */

struct plot *
plot_create(void)
{
	struct plot *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	return p;
}

void
plot_destroy(struct plot *p)
{
	uint32_t i;

	for (i = 0; i < p->n; i++)
		free(p->stream[i].marks);
	free(p);
}

static void
add(struct stream *s, enum kind kind, pw_ns at, int64_t from, int64_t to)
{
	if (s->n == s->room) {
		s->room = s->room == 0 ? 256 : 2 * s->room;
		s->marks = realloc(s->marks, s->room * sizeof(*s->marks));
		if (s->marks == NULL)
			abort();
	}
	s->marks[s->n++] = (struct mark){kind, at, from, to};
}

/* The latest of that name: a port may be used again. */
static struct stream *
find(struct plot *p, uint32_t host, uint16_t sport, uint16_t dport)
{
	uint32_t i;

	for (i = p->n; i > 0; i--) {
		struct stream *s = &p->stream[i - 1];

		if (s->host == host && s->sport == sport && s->dport == dport)
			return s;
	}
	return NULL;
}

/* @return length of the IP header of a segment, or 0: it is none */
static uint32_t
ip_hlen(const struct pw_sim_packet *p)
{
	enum pw_drop why;

	if (p->dgram[0] >> 4 == 6)
		return pw_ip6_check(p->dgram, p->len, &why) && p->dgram[6] == PW_IP_PROTO_TCP
			       ? PW_IP6_HLEN
			       : 0;
	if (pw_ip4_check(p->dgram, p->len, true, &why) == 0 || p->dgram[9] != PW_IP_PROTO_TCP)
		return 0;
	return (p->dgram[0] & 15u) * 4;
}

static bool
read_segment(const struct pw_sim_packet *p, struct seg *out)
{
	uint32_t ihl = ip_hlen(p), thl;

	if (ihl == 0)
		return false;
	thl = pw_tcp_check(p->dgram + ihl, p->len - ihl);
	if (thl == 0)
		return false;
	pw_tcp_parse(p->dgram + ihl, &out->h);
	pw_tcp_parse_opts(p->dgram + ihl + PW_TCP_HLEN_MIN, thl - PW_TCP_HLEN_MIN, &out->o);
	out->len = p->len - ihl - thl;
	return true;
}

static int64_t
offset(const struct stream *s, uint32_t seq)
{
	return s->end + (int32_t)(seq - (s->isn1 + (uint32_t)s->end));
}

static void
begin_stream(struct plot *p, uint32_t host, const struct seg *g)
{
	struct stream *s = find(p, host, g->h.sport, g->h.dport);

	if ((s != NULL && s->isn1 == g->h.seq + 1) || p->n == STREAMS_MAX)
		return;
	p->stream[p->n++] = (struct stream){.host = host,
		.sport = g->h.sport,
		.dport = g->h.dport,
		.isn1 = g->h.seq + 1,
		.own_has = g->o.has};
}

static void
on_sent(struct plot *p, const struct pw_sim_packet *pkt, const struct seg *g)
{
	struct stream *s;
	int64_t from, to;

	if (g->h.flags & PW_TCP_SYN)
		begin_stream(p, pkt->host, g);
	s = find(p, pkt->host, g->h.sport, g->h.dport);
	if (s == NULL || (g->h.flags & PW_TCP_RST))
		return;
	from = offset(s, g->h.seq);
	to = from + g->len + ((g->h.flags & (PW_TCP_SYN | PW_TCP_FIN)) != 0);
	if (to == from)
		return;
	add(s, to <= s->end ? AGAIN : SENT, pkt->at, from, to);
	s->end = to > s->end ? to : s->end;
}

/* An acknowledgement reaches the sender of @p s. */
static void
on_ack(struct stream *s, const struct pw_sim_packet *pkt, const struct seg *g)
{
	bool syn = (g->h.flags & PW_TCP_SYN) != 0;
	int64_t ack = offset(s, g->h.ack);
	uint32_t i;

	if (syn) {
		s->scaled = (g->o.has & s->own_has & PW_OPT_WSCALE) != 0;
		s->wscale = g->o.wscale;
	}
	if ((g->h.flags & PW_TCP_ACK) == 0 || ack < -1 || ack > s->end)
		return;
	add(s, ACKED, pkt->at, ack, ack);
	add(s, EDGE, pkt->at, ack,
		ack + ((int64_t)g->h.wnd << (s->scaled && !syn ? s->wscale : 0)));
	for (i = 0; (g->o.has & PW_OPT_SACK) && i < g->o.n_sack; i++)
		add(s, SACKED, pkt->at, offset(s, g->o.sack[i].left),
			offset(s, g->o.sack[i].right));
}

/* Whose stream it was is in the packet: the fate may be that of the link down. */
static void
on_loss(struct plot *p, const struct pw_sim_packet *pkt, const struct seg *g)
{
	struct stream *s = NULL;
	uint32_t i;
	int64_t from;

	for (i = 0; i < PW_SIM_HOSTS_MAX && s == NULL; i++)
		if (pkt->down ? i != pkt->host : i == pkt->host)
			s = find(p, i, g->h.sport, g->h.dport);
	if (s == NULL)
		return;
	from = offset(s, g->h.seq);
	if (from >= -1 && from <= s->end && g->len > 0)
		add(s, LOST, pkt->at, from, from + g->len);
}

void
plot_packet(struct plot *p, const struct pw_sim_packet *pkt)
{
	struct stream *s;
	struct seg g;

	if (!read_segment(pkt, &g))
		return;
	switch (pkt->fate) {
	case PW_SIM_SENT:
		on_sent(p, pkt, &g);
		return;
	case PW_SIM_ARRIVED:
		s = find(p, pkt->host, g.h.dport, g.h.sport);
		if (s != NULL)
			on_ack(s, pkt, &g);
		return;
	case PW_SIM_LOST:
	case PW_SIM_QUEUE_FULL:
	case PW_SIM_TOO_BIG:
	case PW_SIM_CORRUPTED:
	case PW_SIM_CUT_SHORT:
		on_loss(p, pkt, &g);
		return;
	default:
		return;
	}
}

/* ---- drawing ---- */

/** From times and bytes to points. */
struct frame {
	FILE *f;
	double y; /* top of the picture */
	pw_ns t0, t1;
	int64_t top; /* highest byte */
};

static double
x_of(const struct frame *fr, pw_ns at)
{
	double share = (double)(at - fr->t0) / (double)(fr->t1 - fr->t0);

	return LEFT + share * (WIDTH - LEFT - RIGHT);
}

static double
y_of(const struct frame *fr, int64_t off)
{
	double share = (double)off / (double)fr->top;

	return fr->y + HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

static void
measure(const struct stream *s, struct frame *fr)
{
	uint32_t i;

	fr->t0 = s->marks[0].at;
	fr->t1 = s->marks[s->n - 1].at;
	fr->t1 = pw_max(fr->t1, fr->t0 + PW_NS_PER_MS);
	fr->top = 1;
	/* The window may be far above all that was sent: a little of it is enough. */
	for (i = 0; i < s->n; i++)
		if (s->marks[i].kind != EDGE && s->marks[i].to > fr->top)
			fr->top = s->marks[i].to;
	fr->top += fr->top / 6 + 1;
}

/* 1, 2 or 5 times a power of ten, so that about @p n of them make @p span. */
static double
tick(double span, uint32_t n)
{
	static const double steps[] = {1, 2, 5, 10};
	double unit = 1e-6, want = span / n;
	uint32_t i;

	while (unit * 10 <= want)
		unit *= 10;
	for (i = 0; i < RTE_DIM(steps) - 1 && steps[i] * unit < want; i++)
		;
	return steps[i] * unit;
}

static void
draw_axes(const struct frame *fr)
{
	double span = (double)(fr->t1 - fr->t0) / PW_NS_PER_S, step = tick(span, TICKS), at;
	double begin = (double)fr->t0 / PW_NS_PER_S, y0 = fr->y + HEIGHT - BOTTOM;

	fprintf(fr->f, "<rect x='%d' y='%.1f' width='%d' height='%d' fill='#fff' stroke='#ccc'/>\n",
		LEFT, fr->y + TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
	for (at = (double)(uint64_t)(begin / step + 1) * step; at <= begin + span; at += step) {
		double x = x_of(fr, (pw_ns)(at * PW_NS_PER_S));

		fprintf(fr->f,
			"<path d='M%.1f %.1fv%d' stroke='#eee'/>"
			"<text x='%.1f' y='%.1f' text-anchor='middle'>%g s</text>\n",
			x, fr->y + TOP, HEIGHT - TOP - BOTTOM, x, y0 + 16, at);
	}
	step = tick((double)fr->top, TICKS - 2);
	for (at = 0; at <= (double)fr->top; at += step) {
		double y = y_of(fr, (int64_t)at);

		fprintf(fr->f,
			"<path d='M%d %.1fh%d' stroke='#eee'/>"
			"<text x='%d' y='%.1f' text-anchor='end'>%.0f</text>\n",
			LEFT, y, WIDTH - LEFT - RIGHT, LEFT - 6, y + 4, at);
	}
}

/* Segments and SACK blocks: one path of upright strokes a kind. */
static void
draw_strokes(const struct stream *s, const struct frame *fr, enum kind kind)
{
	double shift = kind == SACKED ? 1.5 : kind == LOST ? -2 : 0;
	uint32_t i;

	fprintf(fr->f, "<path fill='none' stroke='%s' stroke-width='%.1f'%s d='", style[kind].color,
		style[kind].width, kind == SACKED ? " stroke-opacity='0.6'" : "");
	for (i = 0; i < s->n; i++) {
		const struct mark *m = &s->marks[i];
		double x = x_of(fr, m->at) + shift;

		if (m->kind != kind)
			continue;
		if (kind == LOST) { /* a cross */
			double y = y_of(fr, (m->from + m->to) / 2);

			fprintf(fr->f, "M%.1f %.1fl6 6m0 -6l-6 6", x - 3, y - 3);
		} else {
			fprintf(fr->f, "M%.1f %.1fV%.1f", x, y_of(fr, m->from) + 0.5,
				y_of(fr, m->to) - 0.5);
		}
	}
	fprintf(fr->f, "'/>\n");
}

static void
draw_steps(const struct stream *s, const struct frame *fr, enum kind kind)
{
	double last = 0;
	bool first = true;
	uint32_t i;

	fprintf(fr->f, "<path fill='none' stroke='%s' stroke-width='%.1f' d='", style[kind].color,
		style[kind].width);
	for (i = 0; i < s->n; i++) {
		const struct mark *m = &s->marks[i];
		double y = y_of(fr, m->to < fr->top ? m->to : fr->top);

		if (m->kind != kind || (!first && y == last))
			continue;
		if (first)
			fprintf(fr->f, "M%.1f %.1f", x_of(fr, m->at), y);
		else
			fprintf(fr->f, "H%.1fV%.1f", x_of(fr, m->at), y);
		first = false;
		last = y;
	}
	fprintf(fr->f, "%s'/>\n", first ? "" : "h4");
}

static void
draw_stream(FILE *f, const struct stream *s, double y)
{
	struct frame fr = {.f = f, .y = y};
	uint32_t i, n[KIND_MAX] = {0};

	measure(s, &fr);
	for (i = 0; i < s->n; i++)
		n[s->marks[i].kind]++;
	fprintf(f,
		"<text x='%d' y='%.1f' font-weight='bold'>host %u, port %u to %u: %ld bytes in %u "
		"segments, %u sent again, %u lost or damaged</text>\n",
		LEFT, y + TOP - 8, s->host, s->sport, s->dport, (long)s->end, n[SENT] + n[AGAIN],
		n[AGAIN], n[LOST]);
	draw_axes(&fr);
	draw_steps(s, &fr, EDGE);
	draw_steps(s, &fr, ACKED);
	draw_strokes(s, &fr, SACKED);
	draw_strokes(s, &fr, SENT);
	draw_strokes(s, &fr, AGAIN);
	draw_strokes(s, &fr, LOST);
}

static void
draw_legend(FILE *f)
{
	int i;

	for (i = 0; i < KIND_MAX; i++)
		fprintf(f,
			"<rect x='%d' y='36' width='14' height='8' fill='%s'/>"
			"<text x='%d' y='44'>%s</text>\n",
			LEFT + i * 160, style[i].color, LEFT + 20 + i * 160, style[i].name);
}

/* One with nothing to draw but its SYN tells nothing. */
static bool
worth_drawing(const struct stream *s)
{
	return s->n > 0 && s->end > 1;
}

int
plot_write(const struct plot *p, const char *path, const char *title)
{
	FILE *f = fopen(path, "w");
	uint32_t i, n = 0, drawn = 0;
	bool bad;

	if (f == NULL)
		return -errno;
	for (i = 0; i < p->n; i++)
		n += worth_drawing(&p->stream[i]);
	fprintf(f,
		"<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%u' "
		"font-family='sans-serif' font-size='12'>\n"
		"<rect width='100%%' height='100%%' fill='#fafafa'/>\n"
		"<text x='%d' y='24' font-size='16'>%s</text>\n",
		WIDTH, HEAD + n * HEIGHT, LEFT, title);
	draw_legend(f);
	for (i = 0; i < p->n; i++)
		if (worth_drawing(&p->stream[i]))
			draw_stream(f, &p->stream[i], HEAD + drawn++ * HEIGHT);
	fprintf(f, "</svg>\n");
	bad = ferror(f) != 0;
	if (fclose(f) != 0 || bad)
		return -EIO;
	return 0;
}
