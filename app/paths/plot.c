/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The picture: a bar for each path, as long as the CPU time that a GB takes, in
 * pieces for the copies and for the rest.
 */
#include <string.h>
#include "survey.h"

#define WIDTH	760
#define LEFT	150 /* of the bars */
#define RIGHT	70
#define ROW	22
#define BAR	15
#define TOP	56
#define LEGEND	18
#define PANEL	34 /* a title and the space above it */
#define COLUMNS 2

/* Copies are warm, the rest is cool and pale. */
static const struct {
	const char *colour;
	const char *text;
} looks[PW_PART_MAX] = {
	[PW_PART_TO_USER] = {"#d62728", "copy: page cache to user buffer"},
	[PW_PART_FROM_USER] = {"#ff7f0e", "copy: user to socket (or device) buffer"},
	[PW_PART_LOCAL] = {"#e7ba52", "copy: the receiver is on this machine"},
	[PW_PART_RECEIVER] = {"#c7c7c7", "the receiver's TCP/IP"},
	[PW_PART_KERNEL] = {"#7f9fbf", "rest of the kernel"},
	[PW_PART_USER] = {"#2ca02c", "the program"},
};

static const struct cell *
cell_of(const struct survey *s, uint32_t place, uint32_t way)
{
	return &s->cells[place][CACHE_WARM][s->cfg.n_sizes - 1][way];
}

static uint32_t
rows_of(const struct survey *s, uint32_t place)
{
	uint32_t way, n = 0;

	for (way = 0; way < n_ways; way++)
		n += cell_of(s, place, way)->n > 0;
	return n;
}

/* The scale is that of the kernel's own paths; a bar beyond it is cut off. */
static double
longest(const struct survey *s)
{
	uint32_t place, way;
	double most = 0;

	for (place = 0; place < PLACE_MAX; place++)
		for (way = 0; way < n_ways && (place <= PLACE_VETH || most == 0); way++)
			most = RTE_MAX(most, MEDIAN(cell_of(s, place, way), cpu_s_per_gb));
	return most > 0 ? most : 1;
}

static void
draw_text(FILE *out, double x, double y, const char *more, const char *text)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", x, y, more, text);
}

static void
draw_piece(FILE *out, double x, double y, double width, const char *colour)
{
	if (width > 0)
		fprintf(out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
			x, y, width, BAR, colour);
}

/* A bar in pieces, at most as long as there is room. @return where it ends */
static double
draw_pieces(const struct insight *in, FILE *out, double y, double length)
{
	static const double unknown[PW_PART_MAX] = {[PW_PART_KERNEL] = 1};
	const double *parts = in->sampled ? in->parts : unknown;
	double x = LEFT;
	uint32_t part;

	for (part = 0; part < PW_PART_MAX; part++) {
		double end = RTE_MIN(x + parts[part] * length, (double)(WIDTH - RIGHT));

		draw_piece(out, x, y, end - x, looks[part].colour);
		x = end;
	}
	return x;
}

static void
draw_bar(const struct survey *s, FILE *out, uint32_t place, uint32_t way, double y, double scale)
{
	double cpu = MEDIAN(cell_of(s, place, way), cpu_s_per_gb);
	double x = draw_pieces(&s->insights[place][way], out, y, cpu * scale);
	char text[32];

	draw_text(out, LEFT - 6, y + 12, " text-anchor=\"end\"", ways[way].name);
	if (x < LEFT + cpu * scale - 1)
		draw_piece(out, x - 14, y, 4, "white");
	snprintf(text, sizeof(text), "%.3f", cpu);
	draw_text(out, x + 5, y + 12, "", text);
}

static double
draw_panel(const struct survey *s, FILE *out, uint32_t place, double y, double scale)
{
	uint32_t way;

	draw_text(out, LEFT, y + PANEL - 8, " font-weight=\"bold\"", place_names[place]);
	y += PANEL;
	for (way = 0; way < n_ways; way++) {
		if (cell_of(s, place, way)->n == 0)
			continue;
		draw_bar(s, out, place, way, y, scale);
		y += ROW;
	}
	return y;
}

static double
draw_legend(FILE *out, double y)
{
	uint32_t part;

	for (part = 0; part < PW_PART_MAX; part++) {
		double x = 20 + (part % COLUMNS) * 370;
		double at = y + (part / COLUMNS) * LEGEND;

		fprintf(out,
			"<rect x=\"%.0f\" y=\"%.0f\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", x,
			at, looks[part].colour);
		draw_text(out, x + 18, at + 10, "", looks[part].text);
	}
	return y + LEGEND * ((PW_PART_MAX + COLUMNS - 1) / COLUMNS);
}

/* One memcpy, for the eye. */
static void
draw_measure(const struct survey *s, FILE *out, double from, double to, double scale)
{
	double x = LEFT + s->memcpy_s_per_gb * scale;

	fprintf(out,
		"<line x1=\"%.1f\" y1=\"%.0f\" x2=\"%.1f\" y2=\"%.0f\" stroke=\"#555\" "
		"stroke-dasharray=\"4 3\"/>\n",
		x, from, x, to);
	draw_text(out, x + 4, from + 8, " fill=\"#555\" font-size=\"11\"", "one memcpy");
}

static void
draw(const struct survey *s, FILE *out)
{
	double scale = (WIDTH - LEFT - RIGHT) / longest(s);
	double y = TOP + LEGEND * ((PW_PART_MAX + COLUMNS - 1) / COLUMNS);
	double height = y + 20;
	char title[96], text[24];
	uint32_t place;

	for (place = 0; place < PLACE_MAX; place++)
		if (rows_of(s, place) > 0)
			height += PANEL + ROW * rows_of(s, place);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
		"font-family=\"sans-serif\" font-size=\"13\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		WIDTH, height);
	snprintf(title, sizeof(title),
		"CPU seconds of the sender for 1 GB; file of %s, in the page cache",
		size_text(text, s->cfg.sizes[s->cfg.n_sizes - 1]));
	draw_text(out, 20, 26, " font-size=\"16\"", title);
	y = draw_legend(out, TOP - 14) + 4;
	draw_measure(s, out, y, height - 10, scale);
	for (place = 0; place < PLACE_MAX; place++)
		if (rows_of(s, place) > 0)
			y = draw_panel(s, out, place, y, scale);
	fputs("</svg>\n", out);
}

int
plot_svg(const struct survey *s)
{
	FILE *out = fopen(s->cfg.svg_file, "w");
	bool good = out != NULL;

	if (good) {
		draw(s, out);
		good = ferror(out) == 0;
		good = fclose(out) == 0 && good;
	}
	if (good)
		return STATUS_OK;
	COMPLAIN("--svg '%s' cannot be written: %s", s->cfg.svg_file, strerror(errno));
	return STATUS_FAILED;
}
