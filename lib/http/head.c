/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "site_priv.h"

static const struct pw_str connection[PW_HEAD_CONN_MAX] = {
	[PW_HEAD_CONN_NONE] = {"", 0},
	[PW_HEAD_CONN_CLOSE] = {"Connection: close\r\n", 19},
	[PW_HEAD_CONN_KEEP] = {"Connection: keep-alive\r\n", 24},
};

static const struct pw_str coding_name[PW_HTTP_CODING_MAX] = {
	[PW_HTTP_BR] = {"br", 2},
	[PW_HTTP_GZIP] = {"gzip", 4},
};

static void
put(struct pw_text *t, struct pw_str s)
{
	pw_text_put(t, s.at, s.len);
}

static void
put_field(struct pw_text *t, const char *name, struct pw_str value)
{
	pw_text_str(t, name);
	put(t, PW_STR(": "));
	put(t, value);
	put(t, PW_STR("\r\n"));
}

static void
put_length(struct pw_text *t, pw_off len)
{
	put(t, PW_STR("Content-Length: "));
	pw_text_u64(t, len);
	put(t, PW_STR("\r\n"));
}

uint32_t
pw_head_first_len(enum pw_http_status status, enum pw_head_conn conn)
{
	return pw_http_status[status].line.len + 6 + PW_HTTP_DATE_LEN + 2 + connection[conn].len;
}

void
pw_head_first(struct pw_text *t, enum pw_http_status status, const char date[PW_HTTP_DATE_LEN],
	enum pw_head_conn conn)
{
	put(t, pw_http_status[status].line);
	put(t, PW_STR("Date: "));
	pw_text_put(t, date, PW_HTTP_DATE_LEN);
	put(t, PW_STR("\r\n"));
	put(t, connection[conn]);
}

static void
put_server(struct pw_text *t, const struct pw_site *site)
{
	put_field(t, "Server", (struct pw_str){site->server, (uint32_t)strlen(site->server)});
}

static void
put_content_range(struct pw_text *t, const struct pw_http_range *range, pw_off size)
{
	put(t, PW_STR("Content-Range: bytes "));
	if (range != NULL) {
		pw_text_u64(t, range->first);
		put(t, PW_STR("-"));
		pw_text_u64(t, range->last);
	} else {
		put(t, PW_STR("*"));
	}
	put(t, PW_STR("/"));
	pw_text_u64(t, size);
	put(t, PW_STR("\r\n"));
}

static void
put_multipart(struct pw_text *t, const char *boundary)
{
	put(t, PW_STR("Content-Type: multipart/byteranges; boundary="));
	pw_text_put(t, boundary, PW_BOUNDARY_LEN);
	put(t, PW_STR("\r\n"));
}

static void
put_etag(struct pw_text *t, const struct pw_http_validators *v)
{
	put_field(t, "ETag", (struct pw_str){v->etag, PW_HTTP_ETAG_LEN});
}

static void
put_vary(struct pw_text *t, const struct pw_rep *rep)
{
	if (rep->vary)
		put(t, PW_STR("Vary: Accept-Encoding\r\n"));
}

void
pw_head_file(struct pw_text *t, const struct pw_site *site, const struct pw_rep *rep,
	const struct pw_object *obj, const struct pw_head_part *part)
{
	char date[PW_HTTP_DATE_LEN];
	struct pw_http_validators v;

	pw_site_validators(site, obj, &v);
	pw_http_date_format(v.modified_s, date);
	put_server(t, site);
	if (part->boundary != NULL)
		put_multipart(t, part->boundary);
	else
		put_field(t, "Content-Type", pw_mime_type(site->mime, rep->type));
	if (rep->coding != PW_HTTP_IDENTITY)
		put_field(t, "Content-Encoding", coding_name[rep->coding]);
	put_length(t, part->len);
	if (part->range != NULL)
		put_content_range(t, part->range, obj->size);
	put_field(t, "Last-Modified", (struct pw_str){date, sizeof(date)});
	put_etag(t, &v);
	put(t, PW_STR("Accept-Ranges: bytes\r\n"));
	put_vary(t, rep);
	put(t, PW_STR("\r\n"));
}

/* RFC 9110 15.4.5: what a cache needs to find the copy it has. */
void
pw_head_unchanged(struct pw_text *t, const struct pw_site *site, const struct pw_rep *rep,
	const struct pw_object *obj)
{
	struct pw_http_validators v;

	pw_site_validators(site, obj, &v);
	put_server(t, site);
	put_etag(t, &v);
	put_vary(t, rep);
	put(t, PW_STR("\r\n"));
}

static void
put_page(struct pw_text *t, const struct pw_site *site, pw_off len)
{
	put_server(t, site);
	put_field(t, "Content-Type", pw_mime_type(site->mime, PW_MIME_HTML));
	put_length(t, len);
}

/*
 * The target is made from the name on disk and starts with one slash: nothing
 * of a request gets into it, and it leads to no other host.
 */
static void
put_location(struct pw_text *t, const struct pw_node *dir)
{
	put(t, PW_STR("Location: /"));
	pw_text_path(t, dir->path, dir->path_len);
	put(t, PW_STR("/\r\n"));
}

void
pw_head_page(struct pw_text *t, const struct pw_site *site, const struct pw_rep *rep, pw_off len)
{
	put_page(t, site, len);
	if (rep->kind == PW_REP_DIR)
		put_location(t, &site->tree->nodes[rep - site->reps]);
	else if (rep->status == PW_HTTP_405)
		put(t, PW_STR("Allow: GET, HEAD\r\n"));
	put(t, PW_STR("\r\n"));
}

void
pw_head_unsatisfiable(struct pw_text *t, const struct pw_site *site, pw_off page_len, pw_off size)
{
	put_page(t, site, page_len);
	put_content_range(t, NULL, size);
	put(t, PW_STR("\r\n"));
}

void
pw_head_between(struct pw_text *t, const struct pw_site *site, const struct pw_rep *rep,
	pw_off size, const struct pw_http_range *range, const char *boundary)
{
	put(t, PW_STR("\r\n--"));
	pw_text_put(t, boundary, PW_BOUNDARY_LEN);
	if (range == NULL) {
		put(t, PW_STR("--\r\n"));
		return;
	}
	put(t, PW_STR("\r\n"));
	put_field(t, "Content-Type", pw_mime_type(site->mime, rep->type));
	put_content_range(t, range, size);
	put(t, PW_STR("\r\n"));
}
