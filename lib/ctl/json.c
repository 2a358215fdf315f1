/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 *
 * Filling objects. Numbers go in as text: cJSON keeps them as doubles, and a
 * counter of bytes has more digits than those.
 */
#include <inttypes.h>
#include "cmd_priv.h"
#include "pw_drop.h"

void
put_u64(cJSON *to, const char *name, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	cJSON_AddRawToObject(to, name, text);
}

void
put_ratio(cJSON *to, const char *name, uint64_t part, uint64_t whole)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", whole == 0 ? 0 : (double)part / (double)whole);
	cJSON_AddRawToObject(to, name, text);
}

void
put_text(cJSON *to, const char *name, const char *text)
{
	cJSON_AddStringToObject(to, name, text);
}

void
put_bool(cJSON *to, const char *name, bool v)
{
	cJSON_AddBoolToObject(to, name, v);
}

cJSON *
put_object(cJSON *to, const char *name)
{
	return cJSON_AddObjectToObject(to, name);
}

cJSON *
put_rows(cJSON *to, const char *name)
{
	return cJSON_AddArrayToObject(to, name);
}

cJSON *
put_row(cJSON *rows)
{
	cJSON *row = cJSON_CreateObject();

	cJSON_AddItemToArray(rows, row);
	return row;
}

void
put_counters(cJSON *to, const void *base, const struct counter *c, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		put_u64(to, c[i].name, *(const uint64_t *)((const char *)base + c[i].at));
}

void
put_drops(cJSON *to, const struct pw_drops *d)
{
	uint32_t i;

	for (i = 1; i < PW_DROP_MAX; i++)
		put_u64(to, pw_drop_info[i].name, d->n[i]);
}

/* Bytes, and the same for each payload byte of the store that was sent. */
void
put_ledger(cJSON *to, const struct pw_ledger *l)
{
	uint64_t copied = ledger_copied(l);
	uint64_t all = l->by_ref_bytes + copied;

	put_u64(to, "sent_bytes", all);
	put_u64(to, "by_ref_bytes", l->by_ref_bytes);
	put_u64(to, "copied_bytes", copied);
	put_u64(to, "cksum_read_bytes", l->cksum_read_bytes);
	put_u64(to, "driver_copied_bytes", l->driver_copied_bytes);
	put_u64(to, "text_bytes", l->text_bytes);
	put_ratio(to, "copied_each", copied, all);
	put_ratio(to, "read_each", l->cksum_read_bytes, all);
	put_ratio(to, "driver_each", l->driver_copied_bytes, all);
}
