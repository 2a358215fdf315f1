/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef SITE_PRIV_H
#define SITE_PRIV_H

/**
 * @file
 * The site as the service sees it, and the writers of heads and pages.
 *
 * A *representation* is how an object of the store is shown: which type, which
 * coding, which neighbours. Its number is that of its node in the tree, or
 * follows those. The head of a whole file on the wire is
 *
 *	first lines    HTTP/1.1 200 OK, Date, Connection    made per response
 *	the rest       Server ... empty line                the object's prefix
 *
 * so that a span of the store holds all but the first lines. An object has only
 * one prefix: x.css.gz, when it is asked for by its own name beside x.css, is
 * the one kind of file whose rest is written when it is sent.
 */
#include "http_priv.h"
#include "pw_index.h"
#include "pw_site.h"

#define PW_REP_NONE UINT32_MAX

enum pw_rep_kind {
	PW_REP_FILE,
	PW_REP_DIR,  /* its object is the page that redirects to its slash */
	PW_REP_PAGE, /* of a status */
};

struct pw_rep {
	uint32_t object;
	uint32_t coded[PW_HTTP_IDENTITY]; /* the same file by enum pw_http_coding, or PW_REP_NONE */
	uint32_t index;			  /* of a directory: what is shown for it, or PW_REP_NONE */
	uint16_t type;			  /* of pw_mime_type() */
	uint8_t kind;			  /* enum pw_rep_kind */
	uint8_t coding;			  /* enum pw_http_coding */
	uint8_t status;			  /* enum pw_http_status, of a page */
	bool prepared;			  /* the prefix of its object is its head */
	bool vary;			  /* there is a choice by Accept-Encoding */
};

struct pw_site {
	const struct pw_tree *tree;
	struct pw_store *store;
	struct pw_mime *mime;
	struct pw_index *paths; /* path of a node to the number of its representation */
	struct pw_rep *reps;
	uint32_t *rep_of; /* object to the representation whose head is its prefix */
	uint32_t n_reps;
	uint32_t max_reps;
	uint32_t pages[PW_HTTP_STATUS_MAX]; /* representations of error pages */
	struct pw_site_counts counts;
	int64_t now_s;
	char *server;
	char *path_buf; /* to make names of neighbours in, while building */
	uint32_t path_max;
};

/** The file or directory of a path, or NULL. */
static inline const struct pw_rep *
pw_site_find(const struct pw_site *site, struct pw_str path)
{
	uint32_t rep = pw_index_find(site->paths, path.at, path.len);

	return rep != PW_INDEX_NONE ? &site->reps[rep] : NULL;
}

static inline const struct pw_rep *
pw_site_page(const struct pw_site *site, enum pw_http_status status)
{
	return &site->reps[site->pages[status]];
}

void pw_site_validators(
	const struct pw_site *site, const struct pw_object *obj, struct pw_http_validators *out);

/* ---- heads ---- */

/** What is said about the connection. */
enum pw_head_conn {
	PW_HEAD_CONN_NONE, /* kept, as HTTP/1.1 does */
	PW_HEAD_CONN_CLOSE,
	PW_HEAD_CONN_KEEP, /* to an HTTP/1.0 client that asked */
	PW_HEAD_CONN_MAX,
};

/** Length of what pw_head_first() writes. */
uint32_t pw_head_first_len(enum pw_http_status status, enum pw_head_conn conn);

void pw_head_first(struct pw_text *t, enum pw_http_status status, const char date[PW_HTTP_DATE_LEN],
	enum pw_head_conn conn);

/** What of a file is sent. */
struct pw_head_part {
	pw_off len;			   /* bytes after the head */
	const struct pw_http_range *range; /* of a single part, else NULL */
	const char *boundary;		   /* of several parts, else NULL */
};

#define PW_BOUNDARY_LEN 32

/** The rest of a 200 or 206, with its empty line. */
void pw_head_file(struct pw_text *t, const struct pw_site *site, const struct pw_rep *rep,
	const struct pw_object *obj, const struct pw_head_part *part);

/** The rest of a 304. */
void pw_head_unchanged(struct pw_text *t, const struct pw_site *site, const struct pw_rep *rep,
	const struct pw_object *obj);

/** The rest of a page of @p len bytes: of a status, or a redirect. */
void pw_head_page(
	struct pw_text *t, const struct pw_site *site, const struct pw_rep *rep, pw_off len);

/** The rest of a 416 for a file of @p size bytes. */
void pw_head_unsatisfiable(
	struct pw_text *t, const struct pw_site *site, pw_off page_len, pw_off size);

/** What stands before a part of multipart/byteranges, and after the last (range NULL). */
void pw_head_between(struct pw_text *t, const struct pw_site *site, const struct pw_rep *rep,
	pw_off size, const struct pw_http_range *range, const char *boundary);

/* ---- pages ---- */

void pw_page_status(struct pw_text *t, enum pw_http_status status);
void pw_page_redirect(struct pw_text *t, const struct pw_node *dir);
void pw_page_listing(struct pw_text *t, const struct pw_tree *tree, const struct pw_node *dir);

#endif
