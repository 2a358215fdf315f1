/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#ifndef HTTP_PRIV_H
#define HTTP_PRIV_H

/**
 * @file
 * The pure parts of HTTP: text in, a decision or text out. Nothing here keeps
 * state or knows of a connection.
 */
#include <string.h>
#include <strings.h>
#include <llhttp.h>
#include "pw_base.h"
#include "pw_http.h"

/* ---- text ---- */

/** Bytes that somebody else keeps. Not NUL ended. */
struct pw_str {
	const char *at;
	uint32_t len;
};

#define PW_STR(literal) ((struct pw_str){literal, sizeof(literal) - 1})

static inline bool
pw_str_is(struct pw_str s, struct pw_str other)
{
	return s.len == other.len && memcmp(s.at, other.at, s.len) == 0;
}

/** Equal but for the case of ASCII letters. */
static inline bool
pw_str_is_nocase(struct pw_str s, struct pw_str other)
{
	return s.len == other.len && strncasecmp(s.at, other.at, s.len) == 0;
}

/** Without spaces and tabs at both ends (OWS, RFC 9110 5.6.3). */
struct pw_str pw_str_trim(struct pw_str s);

/**
 * Take the next element of a comma-separated list (RFC 9110 5.6.1), trimmed;
 * empty ones are passed over. @return false at the end.
 */
bool pw_str_next(struct pw_str *list, struct pw_str *element);

/** Digits only, at least one; what exceeds 64 bits becomes UINT64_MAX. */
bool pw_str_u64(struct pw_str s, uint64_t *out);

/**
 * A place to write to. Beyond @p max nothing is written, only counted: with
 * {NULL, 0, 0} a writer tells how long its text is.
 */
struct pw_text {
	char *to;
	uint32_t len;
	uint32_t max;
};

static inline void
pw_text_put(struct pw_text *t, const char *s, uint32_t len)
{
	if (t->len + len <= t->max)
		memcpy(t->to + t->len, s, len);
	t->len += len;
}

static inline void
pw_text_str(struct pw_text *t, const char *s)
{
	pw_text_put(t, s, (uint32_t)strlen(s));
}

void pw_text_u64(struct pw_text *t, uint64_t value);
void pw_text_hex(struct pw_text *t, uint64_t value); /* 16 digits */
void pw_text_html(struct pw_text *t, const char *s, uint32_t len);

/** Percent-encode all but letters, digits, "-._~" and '/'. */
void pw_text_path(struct pw_text *t, const char *path, uint32_t len);

/* ---- status codes ---- */

struct pw_http_status_info {
	struct pw_str line; /**< "HTTP/1.1 200 OK\r\n" */
	const char *name;   /**< "200 OK" */
};
extern const struct pw_http_status_info pw_http_status[PW_HTTP_STATUS_MAX];

/* ---- dates (RFC 9110 5.6.7) ---- */

#define PW_HTTP_DATE_LEN 29 /**< Mon, 23 Nov 2026 02:10:00 GMT */

/** Write Unix time @p unix_s, of years 1970 to 9999, as IMF-fixdate. */
void pw_http_date_format(int64_t unix_s, char to[PW_HTTP_DATE_LEN]);

/**
 * Read any of the three formats.
 * @param now_s  for the century of an RFC 850 year
 * @return false when it is none of them, or no date of the calendar
 */
bool pw_http_date_parse(struct pw_str s, int64_t now_s, int64_t *unix_s);

/* ---- the request target (RFC 9112 3.2) ---- */

struct pw_http_path {
	struct pw_str key; /**< decoded, no slash at either end: a path of struct pw_tree */
	bool slash;	   /**< it ended in a slash: a directory was meant */
};

/**
 * Find the path in a target of origin or absolute form, without its query.
 * @return false for any other form, or an authority that is not one
 */
bool pw_http_target_path(struct pw_str target, struct pw_str *path);

/**
 * Decode a path, once, and remove dot segments (RFC 3986 5.2.4). Runs of
 * slashes count as one. "%2F" separates nothing, so no file has such a name.
 * @param buf  at least as long as the path; used if something must be rewritten
 * @return 0, -EINVAL: not a path (400), -ENOENT: no file can have it (404)
 */
int pw_http_path_read(struct pw_str path, char *buf, struct pw_http_path *out);

/** host [ ":" port ] of RFC 9110 7.2; the host may be empty. */
bool pw_http_host_ok(struct pw_str value);

/* ---- a request ---- */

enum pw_req_method {
	PW_REQ_GET,
	PW_REQ_HEAD,
	PW_REQ_KNOWN, /**< known but refused: 405 */
	PW_REQ_OTHER, /**< unknown: 501 */
};

/** The fields that matter here; every other one is checked and forgotten. */
enum pw_req_name {
	PW_REQ_ACCEPT_ENCODING,
	PW_REQ_CONNECTION,
	PW_REQ_CONTENT_LENGTH,
	PW_REQ_EXPECT,
	PW_REQ_HOST,
	PW_REQ_IF_MATCH,
	PW_REQ_IF_MODIFIED_SINCE,
	PW_REQ_IF_NONE_MATCH,
	PW_REQ_IF_RANGE,
	PW_REQ_IF_UNMODIFIED_SINCE,
	PW_REQ_RANGE,
	PW_REQ_TRANSFER_ENCODING,
	PW_REQ_NAME_MAX
};

#define PW_REQ_FIELDS_MAX 100
#define PW_REQ_HEAD_MAX	  32768

struct pw_req_field {
	uint16_t name; /* enum pw_req_name */
	uint16_t off;  /* of its trimmed value in the head */
	uint16_t len;
};

/** A request whose head was read. Offsets count from the head's first byte. */
struct pw_req {
	const char *head;
	uint16_t target_off;
	uint16_t target_len;
	uint16_t seen; /**< a bit for each enum pw_req_name that came */
	uint8_t n_fields;
	uint8_t method;	   /**< enum pw_req_method */
	bool http10;	   /**< or older than 1.1 by its number */
	bool keep_alive;   /**< the client wants the connection kept, and it can be */
	bool has_body;	   /**< some content was announced */
	bool expects;	   /**< 100-continue, with a body still to come */
	bool unmet_expect; /**< any other expectation */
	struct pw_req_field fields[PW_REQ_FIELDS_MAX];
};

static inline bool
pw_req_has(const struct pw_req *req, enum pw_req_name name)
{
	return (req->seen >> name & 1) != 0;
}

/** Has it any field that could make its answer other than the whole file? */
static inline bool
pw_req_is_conditional(const struct pw_req *req)
{
	const uint16_t any = 1 << PW_REQ_IF_MATCH | 1 << PW_REQ_IF_UNMODIFIED_SINCE |
			     1 << PW_REQ_IF_NONE_MATCH | 1 << PW_REQ_IF_MODIFIED_SINCE |
			     1 << PW_REQ_RANGE;

	return (req->seen & any) != 0;
}

/** The next value of @p name at or after field *i (start with 0). @return false at the end. */
bool pw_req_each(
	const struct pw_req *req, enum pw_req_name name, uint32_t *i, struct pw_str *value);

/** The value of a field that came exactly once. */
bool pw_req_single(const struct pw_req *req, enum pw_req_name name, struct pw_str *value);

struct pw_req_limits {
	uint32_t head_bytes;
	uint32_t fields;
	uint32_t body_bytes; /**< as they come on the wire, chunk lines included */
};

enum pw_req_result {
	PW_REQ_MORE, /**< every byte was taken and the request is not complete */
	PW_REQ_DONE,
	PW_REQ_BAD, /**< refuse with parser->status and close */
};

/** Why PW_REQ_BAD. */
enum pw_req_why {
	PW_REQ_WHY_OCTETS, /* bare CR or LF, control character, folded line */
	PW_REQ_WHY_SYNTAX, /* refused by llhttp, or a request line of another shape */
	PW_REQ_WHY_SENSE,  /* well-formed, but RFC 9110 or 9112 says no */
	PW_REQ_WHY_LIMIT,  /* too long */
};

/**
 * Reads one request, from any cut of its bytes. What it keeps are offsets: it
 * may be copied together with the bytes it has read.
 */
struct pw_req_parser {
	llhttp_t ll;
	const struct pw_req_limits *limits;
	const char *base;  /* where the head would start if it lay before the bytes fed */
	uint32_t head_len; /* of what was scanned */
	uint32_t fed;	   /* bytes of it that llhttp has seen */
	uint32_t body_len; /* bytes taken after the head */
	uint32_t begin;	   /* where the request line starts, after empty lines */
	uint32_t n_lines;  /* field lines */
	uint32_t name_off;
	uint32_t name_len;
	uint32_t version_off;
	char last;    /* byte of the body before those fed */
	uint8_t scan; /* state of the octet scan */
	bool method_known;
	bool line_done; /* the request line is complete */
	bool head_done;
	bool done;
	uint8_t status; /* enum pw_http_status, with PW_REQ_BAD */
	uint8_t why;	/* enum pw_req_why, with PW_REQ_BAD */
	struct pw_req req;
};

void pw_req_init(struct pw_req_parser *p, const struct pw_req_limits *limits);

/** Has a first byte of the request line come? */
static inline bool
pw_req_started(const struct pw_req_parser *p)
{
	return p->head_len > p->begin;
}

/**
 * Take bytes. Until the head is complete, they must lie in memory directly
 * behind those of the calls before.
 * @param used  set to the bytes that belong to this request
 */
enum pw_req_result pw_req_feed(
	struct pw_req_parser *p, const char *data, uint32_t len, uint32_t *used);

/* ---- ranges (RFC 9110 14) ---- */

#define PW_HTTP_RANGES_MAX 16

struct pw_http_range {
	pw_off first;
	pw_off last; /* inclusive */
};

enum pw_http_range_is {
	PW_HTTP_RANGE_IGNORED, /* malformed, unknown unit or too much of it: whole file */
	PW_HTTP_RANGE_OK,
	PW_HTTP_RANGE_UNSATISFIABLE,
};

/** Read a Range value for @p size bytes of content into @p out, in its order. */
enum pw_http_range_is pw_http_range_read(
	struct pw_str value, pw_off size, uint32_t max, struct pw_http_range *out, uint32_t *n);

/* ---- conditions (RFC 9110 13) ---- */

#define PW_HTTP_ETAG_LEN 18 /**< 16 hexadecimal digits in quotes */

void pw_http_etag(uint64_t hash, char to[PW_HTTP_ETAG_LEN]);

struct pw_http_validators {
	char etag[PW_HTTP_ETAG_LEN];
	int64_t modified_s;
};

/** @return PW_HTTP_200: go on, PW_HTTP_304 or PW_HTTP_412 (RFC 9110 13.2.2, steps 1 to 4). */
enum pw_http_status pw_http_cond(
	const struct pw_req *req, const struct pw_http_validators *v, int64_t now_s);

/** Step 5: may Range be honoured? */
bool pw_http_if_range(const struct pw_req *req, const struct pw_http_validators *v, int64_t now_s);

/* ---- content codings (RFC 9110 12.5.3) ---- */

enum pw_http_coding {
	PW_HTTP_BR,
	PW_HTTP_GZIP,
	PW_HTTP_IDENTITY,
	PW_HTTP_CODING_MAX
};

/**
 * The coding that the client likes best among the bits of @p have, the first of
 * the enum at equal weight. Identity when it accepts none.
 */
enum pw_http_coding pw_http_accept(const struct pw_req *req, uint32_t have);

/* ---- media types ---- */

struct pw_mime;

/** Read a file of mime.types format. @return NULL with errno. */
struct pw_mime *pw_mime_create(const char *path);
void pw_mime_destroy(struct pw_mime *m);

/** Number of the type for a file's name, by its extension. */
uint16_t pw_mime_find(const struct pw_mime *m, const char *path, uint32_t len);

/** The value of Content-Type; valid as long as @p m. */
struct pw_str pw_mime_type(const struct pw_mime *m, uint16_t type);

/** Type number of generated pages. */
#define PW_MIME_HTML 0

#endif
