/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef PW_SITE_H
#define PW_SITE_H

/**
 * @file
 * What is served: every path below the root, and for each the object in the
 * store and the lines of its response head that are known before a request.
 *
 *	tree = pw_tree_scan(root);
 *	store = pw_store_create();
 *	site = pw_site_create(&cfg);                  adds files and texts to the store
 *	pw_store_load(store, {.prefix = pw_site_prefix, .ctx = site, ...});
 *	... workers serve: struct pw_http_cfg.site ...
 *	pw_site_destroy(site); pw_store_destroy(store); pw_tree_free(tree);
 *
 * Threads:  built by main before the workers start; after the load it is only
 *           read, by any worker.
 */
#include "pw_base.h"
#include "pw_store.h"
#include "pw_tree.h"

#define PW_SITE_SERVER_MAX 128

struct pw_site; /* private to http */

struct pw_site_cfg {
	const struct pw_tree *tree; /**< borrowed: stays as long as the site */
	struct pw_store *store;	    /**< borrowed; not loaded yet */
	const char *index_name;	    /**< served for its directory; NULL: index.html */
	bool autoindex;		    /**< list directories that have no index file */
	const char *mime_types;	    /**< NULL: /etc/mime.types */
	const char *server; /**< value of Server; NULL: pagewire. ASCII, at most PW_SITE_SERVER_MAX
			       bytes */
	int64_t now_s;	    /**< Unix time; no Last-Modified is later (RFC 9110 8.8.2.1) */
	uint64_t seed;	    /**< of the path table's hash */
};

struct pw_site_counts {
	uint32_t n_files;    /**< files that a path leads to */
	pw_off file_bytes;   /**< their sizes added up */
	uint32_t n_listings; /**< directories for which a listing was made */
	uint32_t n_variants; /**< files that are also served as the coding of another (x.css.gz) */
};

/**
 * Add every file of the tree, the redirects and listings of its directories and
 * the error pages to the store, and build the table of paths.
 * @return the site, or NULL with errno: ENOMEM, EINVAL (server), ENOENT or another
 *         error of reading mime_types (logged with its path).
 */
struct pw_site *pw_site_create(const struct pw_site_cfg *cfg);

void pw_site_destroy(struct pw_site *site);

/** For struct pw_store_load_cfg.prefix, with the site as ctx. */
void pw_site_prefix(void *site, uint32_t id, const struct pw_object *obj, uint8_t *to);

/**
 * The file whose contents are the body of object @p id; NULL: a text of ours, such as a
 * listing. Looks at every file; safe in a signal handler.
 */
const struct pw_node *pw_site_file(const struct pw_site *site, uint32_t id);

/**
 * The path below the root of what a trace's request was answered by: without a slash at
 * either end. NULL: a page of ours, such as a listing or that of a status.
 */
const char *pw_site_rep_path(const struct pw_site *site, uint32_t rep);

void pw_site_get_counts(const struct pw_site *site, struct pw_site_counts *out);

#endif
