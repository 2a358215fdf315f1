/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The YAML file. libcyaml checks keys and shapes against a schema that is made
 * from the table of options; every value is a text, read as on the command line.
 */
#include <stdlib.h>
#include <string.h>
#include <cyaml/cyaml.h>
#include "ctl_priv.h"

#define FILE_BYTES_MAX (1 << 20)

/* What the file says, by setting: a text, or a list of them. */
struct values {
	char *text[PW_OPTION_MAX];
	char **list[PW_OPTION_MAX];
	uint32_t n_list[PW_OPTION_MAX];
	int poison; /* never filled: see locate() */
};

/* The first complaint of libcyaml, and where it stood when it complained. */
struct trouble {
	char text[256];
	char field[40]; /* setting inside which it stood, or "" */
	uint32_t line;	/* 0: not said */
	uint32_t column;
};

struct reader {
	const struct pw_option_set *set;
	const char *path;
	uint8_t *data;
	size_t len;
	cyaml_schema_field_t fields[PW_OPTION_MAX + 1];
	cyaml_schema_value_t top;
	struct trouble trouble;
};

static const cyaml_schema_value_t entry_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static void
schema_init(struct reader *r)
{
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < r->set->n; i++) {
		const struct pw_option *s = &r->set->table[i];

		if (s->only_cmdline)
			continue;
		if (s->entry != NULL)
			r->fields[n++] = (cyaml_schema_field_t)CYAML_FIELD_SEQUENCE_COUNT(s->name,
				CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct values, list[i],
				n_list[i], &entry_schema, 0, CYAML_UNLIMITED);
		else
			r->fields[n++] = (cyaml_schema_field_t)CYAML_FIELD_STRING_PTR(s->name,
				CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct values, text[i], 0,
				CYAML_UNLIMITED);
	}
	r->top = (cyaml_schema_value_t){
		CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct values, r->fields)};
}

/* libcyaml tells where it stands only in its log: a sentence, then a backtrace, inmost first. */
static void
on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct trouble *t = ctx;
	const char *at;
	char line[256];

	if (level < CYAML_LOG_ERROR)
		return;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	if (t->text[0] == '\0')
		snprintf(t->text, sizeof(t->text), "%s",
			strncmp(line, "Load: ", 6) == 0 ? line + 6 : line);
	at = strstr(line, "(line: ");
	if (at != NULL && t->line == 0)
		sscanf(at, "(line: %u, column: %u)", &t->line, &t->column);
	if (t->field[0] == '\0')
		sscanf(line, " in mapping field '%39[^']", t->field);
}

static cyaml_err_t
load(struct reader *r, struct values **out)
{
	cyaml_config_t cfg = {
		.log_fn = on_log,
		.log_ctx = &r->trouble,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
	};

	r->trouble = (struct trouble){0};
	*out = NULL;
	return cyaml_load_data(r->data, r->len, &cfg, &r->top, (cyaml_data_t **)out, NULL);
}

static void
unload(struct reader *r, struct values *v)
{
	cyaml_config_t cfg = {.mem_fn = cyaml_mem};

	cyaml_free(&cfg, &r->top, v, 0);
}

static cyaml_schema_field_t *
find_field(struct reader *r, const char *name)
{
	cyaml_schema_field_t *f;

	for (f = r->fields; strcmp(f->key, name) != 0; f++)
		;
	return f;
}

/*
 * The line of a setting's value (the @p i-th of a list): read the file once more
 * by a schema that refuses just this one, and see where libcyaml stops.
 */
static uint32_t
locate(struct reader *r, const struct pw_option *s, uint32_t i)
{
	cyaml_schema_field_t *f = find_field(r, s->name);
	cyaml_schema_field_t saved = *f;
	struct values *v;

	if (s->entry != NULL)
		f->value.sequence.max = i;
	else
		*f = (cyaml_schema_field_t)CYAML_FIELD_ENUM(s->name,
			CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct values, poison, NULL, 0);
	if (load(r, &v) == CYAML_OK)
		unload(r, v);
	*f = saved;
	return r->trouble.line;
}

static uint32_t
apply_one(struct reader *r, void *cfg, const struct pw_option *s, uint32_t i, const char *text,
	FILE *err)
{
	const char *wrong = s->read(cfg, s, text);
	char where[300];

	if (wrong == NULL)
		return 0;
	snprintf(where, sizeof(where), "%s line %u: ", r->path, locate(r, s, i));
	option_complain(r->set, s, where, text, wrong, err);
	return 1;
}

static uint32_t
apply(struct reader *r, void *cfg, const struct values *v, FILE *err)
{
	uint32_t n_wrong = 0;
	uint32_t i;
	uint32_t k;

	for (i = 0; i < r->set->n; i++) {
		const struct pw_option *s = &r->set->table[i];

		if (v->text[i] != NULL)
			n_wrong += apply_one(r, cfg, s, 0, v->text[i], err);
		for (k = 0; s->entry != NULL && k < v->n_list[i]; k++)
			n_wrong += apply_one(r, cfg, s, k, v->list[i][k], err);
	}
	return n_wrong;
}

/* libcyaml names the place before an unknown key: the key's own line is that one or comes after. */
static uint32_t
line_of_key(const struct reader *r, const char *key)
{
	const char *at = (const char *)r->data;
	uint32_t line;

	for (line = 1;; line++) {
		size_t len = strcspn(at, "\n");

		if (line >= r->trouble.line && memmem(at, len, key, strlen(key)) != NULL)
			return line;
		if (at[len] == '\0')
			return r->trouble.line;
		at += len + 1;
	}
}

static void
complain_key(const struct reader *r, const char *key, FILE *err)
{
	uint32_t i;

	fprintf(err, "%s: %s line %u: unknown setting '%s'; allowed:", r->set->program, r->path,
		line_of_key(r, key), key);
	for (i = 0; i < r->set->n; i++)
		if (!r->set->table[i].only_cmdline)
			fprintf(err, " %s", r->set->table[i].name);
	fputc('\n', err);
}

static void
complain_shape(const struct pw_option *s, FILE *err)
{
	fprintf(err, "%s has the wrong shape; allowed: ", s->name);
	if (s->entry != NULL)
		fprintf(err, "a list, as [%s]\n", s->entry);
	else
		fprintf(err, "a single value\n");
}

static void
complain_file(const struct reader *r, cyaml_err_t how, FILE *err)
{
	static const char unknown[] = "Unexpected key: ";
	const struct trouble *t = &r->trouble;
	char where[24] = "";

	if (strncmp(t->text, unknown, strlen(unknown)) == 0) {
		complain_key(r, t->text + strlen(unknown), err);
		return;
	}
	if (t->line != 0)
		snprintf(where, sizeof(where), " line %u", t->line);
	fprintf(err, "%s: %s%s: ", r->set->program, r->path, where);
	if (how == CYAML_ERR_INVALID_VALUE && t->field[0] != '\0')
		complain_shape(pw_option_find(r->set, t->field), err);
	else
		fprintf(err, "%s; allowed: YAML lines of the form NAME: VALUE\n",
			t->text[0] == '\0' ? cyaml_strerror(how) : t->text);
}

/* The whole file, with a NUL behind it. */
static int
slurp(struct reader *r)
{
	FILE *f = fopen(r->path, "r");
	int rc = 0;

	if (f == NULL)
		return -errno;
	r->data = calloc(1, FILE_BYTES_MAX + 1);
	if (r->data == NULL)
		rc = -ENOMEM;
	else
		r->len = fread(r->data, 1, FILE_BYTES_MAX, f);
	if (rc == 0 && ferror(f))
		rc = -EIO;
	if (rc == 0 && r->len == FILE_BYTES_MAX)
		rc = -EFBIG;
	fclose(f);
	return rc;
}

uint32_t
option_file_read(const struct pw_option_set *set, void *cfg, const char *path, FILE *err)
{
	struct reader r = {.set = set, .path = path};
	uint32_t n_wrong = 1;
	struct values *v;
	cyaml_err_t how;
	int rc;

	rc = slurp(&r);
	if (rc != 0) {
		fprintf(err, "%s: --config '%s': %s; allowed: a file of at most 1 MiB\n",
			set->program, path, strerror(-rc));
		goto out;
	}
	schema_init(&r);
	how = load(&r, &v);
	if (how != CYAML_OK) {
		complain_file(&r, how, err);
		goto out;
	}
	n_wrong = v == NULL ? 0 : apply(&r, cfg, v, err);
	unload(&r, v);
out:
	free(r.data);
	return n_wrong;
}
