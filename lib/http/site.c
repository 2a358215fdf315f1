/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <stdio.h>
#include <stdlib.h>
#include "pw_log.h"
#include "site_priv.h"

RTE_LOG_REGISTER(pw_log_http, pagewire.http, NOTICE);
#define HTTP_LOG(lvl, ...) PW_LOG(lvl, pw_log_http, "http", __VA_ARGS__)

static const char *const suffix[PW_HTTP_IDENTITY] = {[PW_HTTP_BR] = ".br", [PW_HTTP_GZIP] = ".gz"};

static const struct pw_rep rep_none = {
	.object = PW_OBJECT_NONE,
	.coded = {PW_REP_NONE, PW_REP_NONE},
	.index = PW_REP_NONE,
	.coding = PW_HTTP_IDENTITY,
	.prepared = true,
};

static const char *
index_name(const struct pw_site_cfg *cfg)
{
	return cfg->index_name != NULL ? cfg->index_name : "index.html";
}

static uint32_t
add_rep(struct pw_site *site, const struct pw_rep *rep)
{
	PW_ASSERT(site->n_reps < site->max_reps);
	site->reps[site->n_reps] = *rep;
	return site->n_reps++;
}

/* One for each node, under its number, and its path in the table. */
static int
add_nodes(struct pw_site *site)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < site->tree->n_nodes && rc == 0; i++) {
		const struct pw_node *node = &site->tree->nodes[i];
		struct pw_rep rep = rep_none;

		rep.kind = node->kind == PW_NODE_DIR ? PW_REP_DIR : PW_REP_FILE;
		rep.type = pw_mime_find(site->mime, node->path, node->path_len);
		rc = pw_index_add(site->paths, node->path, node->path_len, add_rep(site, &rep));
	}
	return rc;
}

/* The number of the file whose path is that of @p node with @p a and @p b behind it. */
static uint32_t
find_beside(const struct pw_site *site, const struct pw_node *node, const char *a, const char *b)
{
	struct pw_text path = {site->path_buf, 0, site->path_max};
	uint32_t rep;

	pw_text_put(&path, node->path, node->path_len);
	pw_text_str(&path, a);
	pw_text_str(&path, b);
	PW_ASSERT(path.len <= path.max);
	rep = pw_index_find(site->paths, path.to, path.len);
	if (rep == PW_INDEX_NONE || site->reps[rep].kind != PW_REP_FILE)
		return PW_REP_NONE;
	return rep;
}

/*
 * Show x.css.gz as x.css in another coding. From here on the head in its prefix
 * is that of x.css: this is how it will mostly be asked for.
 */
static void
add_coded(struct pw_site *site, uint32_t plain, uint32_t file, int coding)
{
	struct pw_rep rep = rep_none;

	rep.kind = PW_REP_FILE;
	rep.type = site->reps[plain].type;
	rep.coding = (uint8_t)coding;
	rep.vary = true;
	site->reps[file].prepared = false;
	site->reps[file].object = add_rep(site, &rep); /* until add_files() knows the object */
	site->reps[plain].coded[coding] = site->reps[file].object;
	site->reps[plain].vary = true;
	site->counts.n_variants++;
}

static void
find_coded(struct pw_site *site)
{
	uint32_t i;
	int coding;

	for (i = 0; i < site->tree->n_nodes; i++) {
		if (site->reps[i].kind != PW_REP_FILE)
			continue;
		for (coding = 0; coding < PW_HTTP_IDENTITY; coding++) {
			uint32_t file =
				find_beside(site, &site->tree->nodes[i], suffix[coding], "");

			if (file != PW_REP_NONE)
				add_coded(site, i, file, coding);
		}
	}
}

/* The rest of the head of a whole file or page: what becomes the prefix. */
static void
write_rest(struct pw_text *t, const struct pw_site *site, uint32_t id, const struct pw_object *obj)
{
	const struct pw_rep *rep = &site->reps[id];
	struct pw_head_part whole = {.len = obj->size};

	if (rep->kind == PW_REP_FILE)
		pw_head_file(t, site, rep, obj, &whole);
	else
		pw_head_page(t, site, rep, obj->size);
}

/* Its length depends on the size alone: hash and date are of fixed width. */
static uint32_t
rest_len(const struct pw_site *site, uint32_t id, pw_off size)
{
	const struct pw_object obj = {.size = size};
	struct pw_text t = {0};

	write_rest(&t, site, id, &obj);
	return t.len;
}

static int
own_object(struct pw_site *site, uint32_t object, uint32_t rep)
{
	if (object == PW_OBJECT_NONE)
		return -ENOMEM;
	site->reps[rep].object = object;
	site->rep_of[object] = rep;
	return 0;
}

static int
add_files(struct pw_site *site)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < site->tree->n_nodes && rc == 0; i++) {
		struct pw_rep *rep = &site->reps[i];
		uint32_t owner = rep->prepared ? i : rep->object;

		if (rep->kind != PW_REP_FILE)
			continue;
		rep->object = pw_store_add_file(site->store, site->tree, i,
			rest_len(site, owner, site->tree->nodes[i].size));
		rc = own_object(site, rep->object, owner);
		site->counts.n_files++;
		site->counts.file_bytes += site->tree->nodes[i].size;
	}
	return rc;
}

/* What a generated text is about. */
struct subject {
	const struct pw_tree *tree;
	const struct pw_node *dir;
	enum pw_http_status status;
};

static void
write_status(struct pw_text *t, const struct subject *s)
{
	pw_page_status(t, s->status);
}

static void
write_redirect(struct pw_text *t, const struct subject *s)
{
	pw_page_redirect(t, s->dir);
}

static void
write_listing(struct pw_text *t, const struct subject *s)
{
	pw_page_listing(t, s->tree, s->dir);
}

/* Write a text and store it as the object of @p rep. */
static int
add_text(struct pw_site *site, uint32_t rep,
	void (*write)(struct pw_text *t, const struct subject *s), const struct subject *s)
{
	int64_t mtime_s = s->dir != NULL ? s->dir->mtime_s : 0;
	struct pw_text t = {0};
	uint32_t object;

	write(&t, s);
	t = (struct pw_text){malloc(t.len), 0, t.len};
	if (t.to == NULL)
		return -ENOMEM;
	write(&t, s);
	object = pw_store_add_text(site->store, t.to, t.len, mtime_s, rest_len(site, rep, t.len));
	free(t.to);
	return own_object(site, object, rep);
}

static int
add_listing(struct pw_site *site, uint32_t dir, const struct subject *s)
{
	struct pw_rep rep = rep_none;

	rep.kind = PW_REP_FILE;
	rep.type = PW_MIME_HTML;
	site->reps[dir].index = add_rep(site, &rep);
	site->counts.n_listings++;
	return add_text(site, site->reps[dir].index, write_listing, s);
}

/* The root has no other name than its slash: nothing redirects to it. */
static int
add_directory(struct pw_site *site, uint32_t dir, const struct pw_site_cfg *cfg)
{
	const struct pw_node *node = &site->tree->nodes[dir];
	struct subject s = {.tree = site->tree, .dir = node};
	bool root = node->path_len == 0;
	int rc = 0;

	site->reps[dir].index = find_beside(site, node, root ? "" : "/", index_name(cfg));
	if (!root)
		rc = add_text(site, dir, write_redirect, &s);
	if (rc == 0 && site->reps[dir].index == PW_REP_NONE && cfg->autoindex)
		rc = add_listing(site, dir, &s);
	return rc;
}

static int
add_directories(struct pw_site *site, const struct pw_site_cfg *cfg)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < site->tree->n_nodes && rc == 0; i++)
		if (site->tree->nodes[i].kind == PW_NODE_DIR)
			rc = add_directory(site, i, cfg);
	return rc;
}

static int
add_pages(struct pw_site *site)
{
	int status;
	int rc = 0;

	for (status = PW_HTTP_400; status < PW_HTTP_STATUS_MAX && rc == 0; status++) {
		struct subject s = {.status = (enum pw_http_status)status};
		struct pw_rep rep = rep_none;

		rep.kind = PW_REP_PAGE;
		rep.status = (uint8_t)status;
		site->pages[status] = add_rep(site, &rep);
		rc = add_text(site, site->pages[status], write_status, &s);
	}
	return rc;
}

/* Room for any path of the tree with a suffix or the name of the index behind it. */
static uint32_t
longest_path(const struct pw_tree *tree, const struct pw_site_cfg *cfg)
{
	uint32_t longest = 0;
	uint32_t i;

	for (i = 0; i < tree->n_nodes; i++)
		longest = (uint32_t)pw_max(longest, tree->nodes[i].path_len);
	return longest + (uint32_t)pw_max(strlen(index_name(cfg)) + 1, 3);
}

static int
open_parts(struct pw_site *site, const struct pw_site_cfg *cfg)
{
	const char *types = cfg->mime_types != NULL ? cfg->mime_types : "/etc/mime.types";
	size_t n_nodes = cfg->tree->n_nodes;

	site->tree = cfg->tree;
	site->store = cfg->store;
	site->now_s = cfg->now_s;
	site->max_reps = (uint32_t)(2 * n_nodes + PW_HTTP_STATUS_MAX);
	site->mime = pw_mime_create(types);
	if (site->mime == NULL) {
		HTTP_LOG(ERR, "%s: %s", types, strerror(errno));
		return -errno;
	}
	site->path_max = longest_path(cfg->tree, cfg);
	site->path_buf = malloc(site->path_max);
	site->server = strdup(cfg->server != NULL ? cfg->server : "pagewire");
	site->reps = calloc(site->max_reps, sizeof(*site->reps));
	site->rep_of = calloc(site->max_reps, sizeof(*site->rep_of));
	site->paths = pw_index_create((uint32_t)n_nodes, cfg->seed);
	if (site->path_buf == NULL || site->server == NULL || site->reps == NULL ||
		site->rep_of == NULL || site->paths == NULL)
		return -ENOMEM;
	return 0;
}

static int
build(struct pw_site *site, const struct pw_site_cfg *cfg)
{
	int rc = open_parts(site, cfg);

	if (rc == 0)
		rc = add_nodes(site);
	if (rc != 0)
		return rc;
	find_coded(site);
	rc = add_files(site);
	if (rc == 0)
		rc = add_directories(site, cfg);
	return rc != 0 ? rc : add_pages(site);
}

/* A line of a head is made of it. */
static bool
server_ok(const char *server)
{
	size_t i;

	for (i = 0; server != NULL && server[i] != '\0'; i++)
		if (i == PW_SITE_SERVER_MAX || server[i] < ' ' || server[i] > '~')
			return false;
	return true;
}

struct pw_site *
pw_site_create(const struct pw_site_cfg *cfg)
{
	struct pw_site *site;
	int rc;

	if (!server_ok(cfg->server)) {
		errno = EINVAL;
		return NULL;
	}
	site = calloc(1, sizeof(*site));
	if (site == NULL)
		return NULL;
	PW_ASSERT(pw_store_n_objects(cfg->store) == 0);
	rc = build(site, cfg);
	if (rc != 0) {
		pw_site_destroy(site);
		errno = -rc;
		return NULL;
	}
	return site;
}

void
pw_site_destroy(struct pw_site *site)
{
	if (site == NULL)
		return;
	pw_index_destroy(site->paths);
	pw_mime_destroy(site->mime);
	free(site->reps);
	free(site->rep_of);
	free(site->server);
	free(site->path_buf);
	free(site);
}

void
pw_site_prefix(void *ctx, uint32_t id, const struct pw_object *obj, uint8_t *to)
{
	const struct pw_site *site = ctx;
	struct pw_text t = {(char *)to, 0, obj->prefix_len};

	write_rest(&t, site, site->rep_of[id], obj);
	PW_ASSERT(t.len == obj->prefix_len);
}

/* Representations of nodes have the numbers of their nodes. */
const struct pw_node *
pw_site_file(const struct pw_site *site, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < site->tree->n_nodes; i++)
		if (site->reps[i].kind == PW_REP_FILE && site->reps[i].object == id)
			return &site->tree->nodes[i];
	return NULL;
}

const char *
pw_site_rep_path(const struct pw_site *site, uint32_t rep)
{
	const struct pw_node *node = NULL;

	if (rep < site->tree->n_nodes)
		node = &site->tree->nodes[rep];
	else if (rep < site->n_reps)
		node = pw_site_file(site, site->reps[rep].object);
	return node != NULL ? node->path : NULL;
}

void
pw_site_get_counts(const struct pw_site *site, struct pw_site_counts *out)
{
	*out = site->counts;
}

/* No date before 1970 is written, and none after Date (RFC 9110 8.8.2.1). */
void
pw_site_validators(
	const struct pw_site *site, const struct pw_object *obj, struct pw_http_validators *out)
{
	pw_http_etag(obj->hash, out->etag);
	out->modified_s = obj->mtime_s < 0 ? 0 : obj->mtime_s;
	if (out->modified_s > site->now_s)
		out->modified_s = site->now_s;
}
