/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "site_priv.h"

static const char *const explanation[PW_HTTP_STATUS_MAX] = {
	[PW_HTTP_400] = "The request is not well-formed HTTP.",
	[PW_HTTP_404] = "There is nothing under this name.",
	[PW_HTTP_405] = "Files can be read here, with GET and HEAD, and nothing else.",
	[PW_HTTP_408] = "The request did not arrive in time.",
	[PW_HTTP_412] = "The file is not the one that the request is about.",
	[PW_HTTP_413] = "The request carries more content than is read.",
	[PW_HTTP_414] = "The name asked for is too long.",
	[PW_HTTP_416] = "The file has no such range.",
	[PW_HTTP_417] = "The request expects what is not done here.",
	[PW_HTTP_431] = "The request has too many header fields, or too long ones.",
	[PW_HTTP_501] = "The request asks for what is not known here.",
	[PW_HTTP_505] = "HTTP/1.1 and HTTP/1.0 are spoken here.",
};

static void
put_top(struct pw_text *t, struct pw_str title, const char *more)
{
	pw_text_str(t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		       "<title>");
	pw_text_html(t, title.at, title.len);
	pw_text_str(t, more);
	pw_text_str(t, "</title>\n</head>\n<body>\n<h1>");
	pw_text_html(t, title.at, title.len);
	pw_text_str(t, more);
	pw_text_str(t, "</h1>\n");
}

static void
put_bottom(struct pw_text *t)
{
	pw_text_str(t, "</body>\n</html>\n");
}

void
pw_page_status(struct pw_text *t, enum pw_http_status status)
{
	const char *name = pw_http_status[status].name;

	PW_ASSERT(explanation[status] != NULL);
	put_top(t, (struct pw_str){name, (uint32_t)strlen(name)}, "");
	pw_text_str(t, "<p>");
	pw_text_str(t, explanation[status]);
	pw_text_str(t, "</p>\n");
	put_bottom(t);
}

void
pw_page_redirect(struct pw_text *t, const struct pw_node *dir)
{
	put_top(t, PW_STR("301 Moved Permanently"), "");
	pw_text_str(t, "<p><a href=\"/");
	pw_text_path(t, dir->path, dir->path_len);
	pw_text_str(t, "/\">This is a directory.</a></p>\n");
	put_bottom(t);
}

/* A child's row: its name without the directory's path. */
static void
put_row(struct pw_text *t, const struct pw_node *child, uint32_t skip)
{
	const char *slash = child->kind == PW_NODE_DIR ? "/" : "";
	const char *name = child->path + skip;
	uint32_t len = child->path_len - skip;
	char date[PW_HTTP_DATE_LEN];

	pw_text_str(t, "<tr><td><a href=\"");
	pw_text_path(t, name, len);
	pw_text_str(t, slash);
	pw_text_str(t, "\">");
	pw_text_html(t, name, len);
	pw_text_str(t, slash);
	pw_text_str(t, "</a></td><td align=\"right\">");
	if (child->kind == PW_NODE_FILE)
		pw_text_u64(t, child->size);
	pw_text_str(t, "</td><td>");
	pw_http_date_format(child->mtime_s < 0 ? 0 : child->mtime_s, date);
	pw_text_put(t, date, sizeof(date));
	pw_text_str(t, "</td></tr>\n");
}

/* Nodes are sorted by path. Does @p node come before (< 0), among (0) or after those below @p dir?
 */
static int
place(const struct pw_node *node, const struct pw_node *dir)
{
	int rc = strncmp(node->path, dir->path, dir->path_len);

	if (rc != 0 || dir->path_len == 0)
		return rc;
	return (int)(uint8_t)node->path[dir->path_len] - '/';
}

static uint32_t
first_below(const struct pw_tree *tree, const struct pw_node *dir)
{
	uint32_t low = 1, high = tree->n_nodes; /* node 0 is the root itself */

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (place(&tree->nodes[mid], dir) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
put_rows(struct pw_text *t, const struct pw_tree *tree, const struct pw_node *dir)
{
	uint32_t skip = dir->path_len > 0 ? dir->path_len + 1 : 0;
	uint32_t i;

	for (i = first_below(tree, dir); i < tree->n_nodes; i++) {
		const struct pw_node *node = &tree->nodes[i];

		if (place(node, dir) != 0)
			break;
		if (strchr(node->path + skip, '/') == NULL)
			put_row(t, node, skip);
	}
}

void
pw_page_listing(struct pw_text *t, const struct pw_tree *tree, const struct pw_node *dir)
{
	put_top(t, (struct pw_str){dir->path, dir->path_len}, "/");
	pw_text_str(t, "<table>\n");
	if (dir->path_len > 0)
		pw_text_str(t, "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
	put_rows(t, tree, dir);
	pw_text_str(t, "</table>\n");
	put_bottom(t);
}
