/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include "http_priv.h"

#define TYPES_MAX 65535
#define TYPE_MAX  127 /* RFC 6838 4.2 allows 127 on each side of the slash; nobody goes near */

/* Types that have a number without being in the file. */
static const char *const built_in[] = {"text/html", "application/octet-stream"};
#define OCTETS 1

struct extension {
	char *name;    /* in lower case */
	uint32_t line; /* the first to claim an extension keeps it */
	uint16_t type;
};

struct pw_mime {
	char **types;
	struct extension *extensions;
	uint32_t n_types;
	uint32_t n_extensions;
};

/* Grow an array by one element; room doubles. @return the new element's place, or NULL */
static void *
grow(void *array_ptr, uint32_t n, size_t bytes)
{
	void **array = array_ptr;
	void *wider;

	if ((n & (n - 1)) == 0) {
		wider = realloc(*array, (n == 0 ? 1 : 2 * (size_t)n) * bytes);
		if (wider == NULL)
			return NULL;
		*array = wider;
	}
	return (char *)*array + n * bytes;
}

/* Text has no character set of its own on disk: today's files are UTF-8. */
static char *
type_text(const char *type)
{
	static const char charset[] = "; charset=utf-8";
	char *text = malloc(strlen(type) + sizeof(charset));

	if (text != NULL) {
		strcpy(text, type);
		if (strncasecmp(type, "text/", 5) == 0)
			strcat(text, charset);
	}
	return text;
}

static int
add_type(struct pw_mime *m, const char *type)
{
	char **place;
	char *text;

	if (m->n_types == TYPES_MAX)
		return -ENOSPC;
	place = grow(&m->types, m->n_types, sizeof(*place));
	text = type_text(type);
	if (place == NULL || text == NULL) {
		free(text);
		return -ENOMEM;
	}
	*place = text;
	return (int)m->n_types++;
}

static int
add_extension(struct pw_mime *m, const char *name, int type, uint32_t line)
{
	struct extension *e = grow(&m->extensions, m->n_extensions, sizeof(*e));
	char *at;

	if (e == NULL)
		return -ENOMEM;
	e->name = strdup(name);
	if (e->name == NULL)
		return -ENOMEM;
	for (at = e->name; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	e->line = line;
	e->type = (uint16_t)type;
	m->n_extensions++;
	return 0;
}

/* "text/css    css" */
static int
read_line(struct pw_mime *m, char *line, uint32_t line_no)
{
	static const char space[] = " \t\r\n";
	char *save, *word;
	int type = -1;
	int rc = 0;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, space, &save);
	if (word == NULL || strlen(word) > TYPE_MAX)
		return 0;
	for (char *ext = strtok_r(NULL, space, &save); ext != NULL && rc == 0;
		ext = strtok_r(NULL, space, &save)) {
		if (type < 0)
			type = add_type(m, word);
		rc = type < 0 ? type : add_extension(m, ext, type, line_no);
	}
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	const struct extension *x = a;
	const struct extension *y = b;
	int rc = strcmp(x->name, y->name);

	return rc != 0 ? rc : (x->line > y->line) - (x->line < y->line);
}

/* Sort, and keep the first of each name. */
static void
settle(struct pw_mime *m)
{
	uint32_t i, n = 0;

	if (m->n_extensions == 0)
		return;
	qsort(m->extensions, m->n_extensions, sizeof(*m->extensions), by_name);
	for (i = 0; i < m->n_extensions; i++) {
		if (n > 0 && strcmp(m->extensions[n - 1].name, m->extensions[i].name) == 0)
			free(m->extensions[i].name);
		else
			m->extensions[n++] = m->extensions[i];
	}
	m->n_extensions = n;
}

static int
read_file(struct pw_mime *m, FILE *f)
{
	char *line = NULL;
	size_t room = 0;
	uint32_t line_no;
	int rc = 0;

	for (line_no = 0; rc == 0 && getline(&line, &room, f) >= 0; line_no++)
		rc = read_line(m, line, line_no);
	free(line);
	return rc == 0 && ferror(f) ? -EIO : rc;
}

struct pw_mime *
pw_mime_create(const char *path)
{
	struct pw_mime *m = calloc(1, sizeof(*m));
	FILE *f = fopen(path, "re");
	int rc = f == NULL ? -errno : m == NULL ? -ENOMEM : 0;
	uint32_t i;

	for (i = 0; i < RTE_DIM(built_in) && rc >= 0; i++)
		rc = add_type(m, built_in[i]);
	if (rc >= 0)
		rc = read_file(m, f);
	if (f != NULL)
		fclose(f);
	if (rc < 0) {
		pw_mime_destroy(m);
		errno = -rc;
		return NULL;
	}
	settle(m);
	return m;
}

void
pw_mime_destroy(struct pw_mime *m)
{
	uint32_t i;

	if (m == NULL)
		return;
	for (i = 0; i < m->n_types; i++)
		free(m->types[i]);
	for (i = 0; i < m->n_extensions; i++)
		free(m->extensions[i].name);
	free(m->types);
	free(m->extensions);
	free(m);
}

/* A name's extension against one of the table's. */
static int
compare(const void *key, const void *element)
{
	const struct pw_str *ext = key;
	const struct extension *e = element;
	int rc = strncasecmp(ext->at, e->name, ext->len);

	return rc != 0 ? rc : -(e->name[ext->len] != '\0');
}

uint16_t
pw_mime_find(const struct pw_mime *m, const char *path, uint32_t len)
{
	const char *slash = memrchr(path, '/', len);
	const char *name = slash != NULL ? slash + 1 : path;
	uint32_t name_len = len - (uint32_t)(name - path);
	const char *dot = memrchr(name, '.', name_len);
	const struct extension *e;
	struct pw_str ext;

	if (dot == NULL || m->n_extensions == 0)
		return OCTETS;
	ext = (struct pw_str){dot + 1, name_len - (uint32_t)(dot + 1 - name)};
	e = bsearch(&ext, m->extensions, m->n_extensions, sizeof(*e), compare);
	return e != NULL ? e->type : OCTETS;
}

struct pw_str
pw_mime_type(const struct pw_mime *m, uint16_t type)
{
	return (struct pw_str){m->types[type], (uint32_t)strlen(m->types[type])};
}
