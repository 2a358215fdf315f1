/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * An object of JSON as a text: values a line each, rows as a table. In a group
 * inside the object what is 0 is left out: there are many counters.
 */
#include <string.h>
#include "cmd_priv.h"

#define WIDTH_MAX   180 /* a wider table is turned: a block for each row */
#define COLUMNS_MAX 32

static const char *
scalar_text(const cJSON *item)
{
	if (cJSON_IsString(item) || cJSON_IsRaw(item))
		return item->valuestring;
	return cJSON_IsTrue(item) ? "yes" : "no";
}

static bool
is_scalar(const cJSON *item)
{
	return !cJSON_IsObject(item) && !cJSON_IsArray(item);
}

static void
line(FILE *out, int indent, const cJSON *item)
{
	const char *help = indent > 0 && cJSON_IsRaw(item) ? counter_help(item->string) : NULL;

	fprintf(out, "%*s%-22s %*s%s%s\n", indent, "", item->string, cJSON_IsRaw(item) ? 14 : 0,
		scalar_text(item), help != NULL ? "  " : "", help != NULL ? help : "");
}

/* @return how many lines were written */
static uint32_t
lines(FILE *out, int indent, const cJSON *object, bool zeroes)
{
	const cJSON *item;
	uint32_t n = 0;

	cJSON_ArrayForEach(item, object)
	{
		if (!is_scalar(item) ||
			(!zeroes && cJSON_IsRaw(item) && strcmp(item->valuestring, "0") == 0))
			continue;
		line(out, indent, item);
		n++;
	}
	return n;
}

struct table {
	uint32_t n;
	uint32_t all; /* columns and what is between them */
	struct column {
		const char *name;
		uint32_t width;
		bool left;
	} column[COLUMNS_MAX];
};

static uint32_t
width_of(const char *text)
{
	return (uint32_t)strlen(text);
}

static void
measure(struct table *t, const cJSON *rows)
{
	const cJSON *row, *item;
	uint32_t i;

	memset(t, 0, sizeof(*t));
	cJSON_ArrayForEach(row, rows)
	{
		i = 0;
		cJSON_ArrayForEach(item, row)
		{
			struct column *c = &t->column[i];

			if (++i > COLUMNS_MAX)
				break;
			c->name = item->string;
			c->left = !cJSON_IsRaw(item);
			c->width = RTE_MAX(c->width,
				RTE_MAX(width_of(item->string), width_of(scalar_text(item))));
		}
		t->n = RTE_MAX(t->n, RTE_MIN(i, (uint32_t)COLUMNS_MAX));
	}
	for (i = 0; i < t->n; i++)
		t->all += t->column[i].width + 2;
}

static void
cell(FILE *out, const struct table *t, uint32_t i, const char *text)
{
	const struct column *c = &t->column[i];

	if (c->left && i + 1 == t->n)
		fputs(text, out);
	else
		fprintf(out, "%*s", c->left ? -(int)c->width : (int)c->width, text);
	fputs(i + 1 == t->n ? "\n" : "  ", out);
}

static void
table(FILE *out, int indent, const struct table *t, const cJSON *rows)
{
	const cJSON *row, *item;
	uint32_t i;

	fprintf(out, "%*s", indent, "");
	for (i = 0; i < t->n; i++)
		cell(out, t, i, t->column[i].name);
	cJSON_ArrayForEach(row, rows)
	{
		fprintf(out, "%*s", indent, "");
		i = 0;
		cJSON_ArrayForEach(item, row)
		{
			if (i < t->n)
				cell(out, t, i++, scalar_text(item));
		}
	}
}

static void
blocks(FILE *out, int indent, const cJSON *rows)
{
	const cJSON *row;
	bool first = true;

	cJSON_ArrayForEach(row, rows)
	{
		if (!first)
			fputc('\n', out);
		first = false;
		lines(out, indent, row, true);
	}
}

static void
array(FILE *out, int indent, const cJSON *rows)
{
	struct table t;

	measure(&t, rows);
	if (t.n == 0)
		fprintf(out, "%*snone\n", indent, "");
	else if (t.all <= WIDTH_MAX)
		table(out, indent, &t, rows);
	else
		blocks(out, indent, rows);
}

static void
group(FILE *out, int indent, const cJSON *object)
{
	const cJSON *item;

	if (lines(out, indent, object, indent == 0) == 0 && indent != 0)
		fprintf(out, "%*s%s\n", indent, "", object->child == NULL ? "none" : "all 0");
	cJSON_ArrayForEach(item, object)
	{
		if (is_scalar(item))
			continue;
		fprintf(out, "%*s%s\n", indent, "", item->string);
		if (cJSON_IsArray(item))
			array(out, indent + 2, item);
		else
			group(out, indent + 2, item);
	}
}

void
render(FILE *out, const cJSON *object)
{
	group(out, 0, object);
}
