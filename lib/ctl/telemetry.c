/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * The show commands as commands of rte_telemetry: `show tcp connections port 80`
 * is /pagewire/tcp/connections,port,80. Its answers hold 16 KiB at most.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <rte_telemetry.h>
#include "cmd_priv.h"

#define PREFIX	     "/pagewire/"
#define TEL_NAME_MAX 64

/* A callback of telemetry is given no context, and cannot be taken back. */
static struct pw_ctl *known;
static pthread_mutex_t known_lock = PTHREAD_MUTEX_INITIALIZER;

static void fill(struct rte_tel_data *d, const cJSON *object);

/* Names may have letters, digits and underscores only. */
static void
name_of(char out[TEL_NAME_MAX], const char *name)
{
	uint32_t i;

	for (i = 0; name[i] != '\0' && i + 1 < TEL_NAME_MAX; i++)
		out[i] = isalnum((unsigned char)name[i]) ? name[i] : '_';
	out[i] = '\0';
}

/* Rows are numbered: a dictionary of telemetry's may hold dictionaries, but no list of them. */
static void
put_container(struct rte_tel_data *d, const char *name, const cJSON *item)
{
	struct rte_tel_data *inner = rte_tel_data_alloc();

	if (inner == NULL)
		return;
	rte_tel_data_start_dict(inner);
	fill(inner, item);
	if (rte_tel_data_add_dict_container(d, name, inner, 0) != 0)
		rte_tel_data_free(inner);
}

static void
put_scalar(struct rte_tel_data *d, const char *name, const cJSON *item)
{
	char text[RTE_TEL_MAX_STRING_LEN];

	if (cJSON_IsBool(item)) {
		rte_tel_data_add_dict_int(d, name, cJSON_IsTrue(item));
	} else if (cJSON_IsRaw(item) && strchr(item->valuestring, '.') == NULL) {
		rte_tel_data_add_dict_u64(d, name, strtoull(item->valuestring, NULL, 10));
	} else {
		snprintf(text, sizeof(text), "%s", item->valuestring);
		rte_tel_data_add_dict_string(d, name, text);
	}
}

static void
fill(struct rte_tel_data *d, const cJSON *object)
{
	char name[TEL_NAME_MAX];
	const cJSON *item;
	uint32_t n = 0;

	cJSON_ArrayForEach(item, object)
	{
		if (cJSON_IsArray(object))
			snprintf(name, sizeof(name), "%u", n++);
		else
			name_of(name, item->string);
		if (cJSON_IsObject(item) || cJSON_IsArray(item))
			put_container(d, name, item);
		else
			put_scalar(d, name, item);
	}
}

/* "/pagewire/tcp/connections" and "port,80" give "show tcp connections port 80". */
static void
line_of(char line[PW_CTL_LINE_MAX], const char *cmd, const char *params)
{
	char *p;

	snprintf(line, PW_CTL_LINE_MAX, "show %s %s", cmd + strlen(PREFIX),
		params != NULL ? params : "");
	for (p = line; *p != '\0'; p++)
		if (*p == '/' || *p == ',')
			*p = ' ';
}

static int
on_command(const char *cmd, const char *params, struct rte_tel_data *d)
{
	char line[PW_CTL_LINE_MAX];
	struct call call = {0};
	bool ok = false;

	line_of(line, cmd, params);
	pthread_mutex_lock(&known_lock);
	if (known != NULL)
		ok = command_do(known, line, &call);
	pthread_mutex_unlock(&known_lock);
	rte_tel_data_start_dict(d);
	if (ok)
		fill(d, call.out);
	else
		rte_tel_data_add_dict_string(d, "error", call.error);
	call_fini(&call);
	return 0;
}

static void
announce(const struct command *c)
{
	char name[TEL_NAME_MAX];
	char text[RTE_TEL_MAX_STRING_LEN];
	char *p;

	snprintf(name, sizeof(name), PREFIX "%s", c->words + strlen("show "));
	for (p = name; *p != '\0'; p++)
		if (*p == ' ')
			*p = '/';
	snprintf(text, sizeof(text), "%s%s%s", c->help, c->args != NULL ? "; parameters: " : "",
		c->args != NULL ? c->args : "");
	rte_telemetry_register_cmd(name, on_command, text);
}

void
pw_ctl_telemetry(struct pw_ctl *ctl)
{
	uint32_t i;

	pthread_mutex_lock(&known_lock);
	known = ctl;
	pthread_mutex_unlock(&known_lock);
	for (i = 0; i < n_commands; i++)
		if (strncmp(commands[i].words, "show ", strlen("show ")) == 0)
			announce(&commands[i]);
}

void
telemetry_forget(struct pw_ctl *ctl)
{
	pthread_mutex_lock(&known_lock);
	if (known == ctl)
		known = NULL;
	pthread_mutex_unlock(&known_lock);
}
