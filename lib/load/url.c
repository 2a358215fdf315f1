/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "pw_url.h"

#define SCHEME	     "http://"
#define URL_LINE_MAX (PW_URL_TEXT_MAX + 128)
#define HASH_DIGITS  16

/* A URL taken apart. */
struct parts {
	struct pw_addr addr;
	uint16_t port;
	const char *path;
};

/* Digits up to @p stop. @return NULL: none, or too large */
static const char *
number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > max)
			return NULL;
	}
	*out = v;
	return p == text ? NULL : p;
}

/* What may stand in a request target (RFC 3986); all else has to be percent-encoded. */
static bool
is_plain(const char *path)
{
	for (; *path != '\0'; path++)
		if (*path <= ' ' || *path >= 0x7f || strchr("\"<>\\^`{|}#", *path) != NULL)
			return false;
	return true;
}

static const char *
parse_host(const char *text, size_t len, struct pw_addr *addr)
{
	char host[PW_ADDR_TEXT_MAX];

	if (len >= sizeof(host))
		return "names no IP address";
	memcpy(host, text, len);
	host[len] = '\0';
	return pw_addr_parse(host, addr) == 0 ? NULL : "names no IP address";
}

/* "10.77.0.1" or "[fd00::1]" up to its end. @return NULL, or what is wrong */
static const char *
parse_authority(const char **text, struct pw_addr *addr)
{
	bool bracket = **text == '[';
	const char *host = *text + bracket;
	size_t len = strcspn(host, bracket ? "]/" : ":/");
	const char *wrong = parse_host(host, len, addr);

	if (wrong != NULL)
		return wrong;
	if (bracket == pw_addr_is_v4(addr) || (bracket && host[len] != ']'))
		return "names no IP address";
	*text = host + len + bracket;
	return NULL;
}

static const char *
parse(const char *text, struct parts *out)
{
	const char *wrong;
	const char *p;
	uint64_t port = 80;

	if (strlen(text) > PW_URL_TEXT_MAX)
		return "is too long";
	if (strncmp(text, SCHEME, strlen(SCHEME)) != 0)
		return "does not begin with " SCHEME;
	text += strlen(SCHEME);
	wrong = parse_authority(&text, &out->addr);
	if (wrong != NULL)
		return wrong;
	p = text;
	if (*p == ':')
		p = number(p + 1, UINT16_MAX, &port);
	if (p == NULL || port == 0 || (*p != '\0' && *p != '/'))
		return "has an impossible port";
	out->port = (uint16_t)port;
	out->path = *p == '\0' ? "/" : p;
	return is_plain(out->path) ? NULL : "has a character that must be percent-encoded";
}

static bool
same_server(const struct pw_urls *u, const struct parts *parts)
{
	return u->port == parts->port && pw_addr_eq(&u->addr, &parts->addr);
}

/* Room doubles, so that a long file is no square of work. */
static bool
grow(struct pw_urls *u)
{
	struct pw_url *more;

	if ((u->n & (u->n - 1)) != 0)
		return true;
	more = realloc(u->url, sizeof(*more) * (u->n == 0 ? 1 : 2 * (size_t)u->n));
	if (more == NULL)
		return false;
	u->url = more;
	return true;
}

const char *
pw_urls_add(struct pw_urls *u, const char *text, uint32_t weight)
{
	struct parts parts;
	const char *wrong = parse(text, &parts);
	char *path;

	if (wrong != NULL)
		return wrong;
	if (u->n != 0 && !same_server(u, &parts))
		return "names another server than the first";
	if (u->n == PW_URLS_MAX)
		return "is one URL too many";
	path = strdup(parts.path);
	if (path == NULL || !grow(u)) {
		free(path);
		return "does not fit the memory";
	}
	u->addr = parts.addr;
	u->port = parts.port;
	u->url[u->n++] = (struct pw_url){.path = path, .weight = weight};
	return NULL;
}

/* A file of lines "URL [MORE]". */
struct lines {
	struct pw_urls *u;
	const char *path;
	const char *program;
	FILE *err;
	uint32_t n_wrong;
	const char *allowed;
	/* Take one; `more` is "" when there is nothing. @return NULL, or what is wrong */
	const char *(*take)(struct pw_urls *u, const char *url, const char *more);
};

static void
take_line(struct lines *l, char *line, uint32_t number)
{
	static const char blank[] = " \t\r\n";
	char *url = line + strspn(line, blank);
	char *more = url + strcspn(url, blank);
	const char *wrong;

	if (*url == '\0' || *url == '#')
		return;
	if (*more != '\0')
		*more++ = '\0';
	more += strspn(more, blank);
	more[strcspn(more, "\r\n")] = '\0';
	wrong = l->take(l->u, url, more);
	if (wrong == NULL)
		return;
	fprintf(l->err, "%s: %s line %u: '%s' %s; allowed: %s\n", l->program, l->path, number, url,
		wrong, l->allowed);
	l->n_wrong++;
}

static uint32_t
read_lines(struct lines *l)
{
	char line[URL_LINE_MAX];
	uint32_t number = 0;
	FILE *f = fopen(l->path, "r");

	if (f == NULL) {
		fprintf(l->err, "%s: '%s' cannot be read: %s; allowed: a file of lines %s\n",
			l->program, l->path, strerror(errno), l->allowed);
		return 1;
	}
	while (fgets(line, sizeof(line), f) != NULL)
		take_line(l, line, ++number);
	fclose(f);
	return l->n_wrong;
}

static const char *
take_url(struct pw_urls *u, const char *url, const char *more)
{
	uint64_t weight = 1;
	const char *end = more;

	if (*more != '\0')
		end = number(more, PW_URL_WEIGHT_MAX, &weight);
	if (end == NULL || weight == 0 || *(end + strspn(end, " \t")) != '\0')
		return "has an impossible weight";
	return pw_urls_add(u, url, (uint32_t)weight);
}

uint32_t
pw_urls_read(struct pw_urls *u, const char *path, const char *program, FILE *err)
{
	struct lines l = {
		.u = u,
		.path = path,
		.program = program,
		.err = err,
		.allowed = "http://ADDR[:PORT]/PATH [WEIGHT], all of one server, weights of 1 to "
			   "1000000",
		.take = take_url,
	};

	return read_lines(&l);
}

/* Sixteen hexadecimal digits. @return the first byte behind them, or NULL */
static const char *
hash_digits(const char *text, uint64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t v = 0;
	int i;

	for (i = 0; i < HASH_DIGITS; i++) {
		const char *at = text[i] == '\0' ? NULL : strchr(digits, text[i]);

		if (at == NULL)
			return NULL;
		v = v << 4 | (uint64_t)(at - digits);
	}
	*out = v;
	return text + HASH_DIGITS;
}

static void
must_be(struct pw_urls *u, const struct parts *parts, const struct pw_url *what)
{
	uint32_t i;

	for (i = 0; i < u->n && same_server(u, parts); i++) {
		struct pw_url *url = &u->url[i];

		if (strcmp(url->path, parts->path) != 0)
			continue;
		url->has_hash = true;
		url->hash = what->hash;
		url->has_length = what->has_length;
		url->length = what->length;
	}
}

static const char *
take_expected(struct pw_urls *u, const char *url, const char *more)
{
	struct pw_url what = {0};
	struct parts parts;
	const char *wrong = parse(url, &parts);
	const char *end = hash_digits(more, &what.hash);

	if (wrong != NULL)
		return wrong;
	if (end == NULL || (*end != '\0' && *end != ' ' && *end != '\t'))
		return "lacks its hash";
	end += strspn(end, " \t");
	if (*end != '\0') {
		end = number(end, UINT64_MAX / 16, &what.length);
		if (end == NULL || *(end + strspn(end, " \t")) != '\0')
			return "has an impossible length";
		what.has_length = true;
	}
	must_be(u, &parts, &what);
	return NULL;
}

uint32_t
pw_urls_expect(struct pw_urls *u, const char *path, const char *program, FILE *err)
{
	struct lines l = {
		.u = u,
		.path = path,
		.program = program,
		.err = err,
		.allowed = "http://ADDR[:PORT]/PATH HASH [LENGTH], the hash being XXH3 in 16 "
			   "hexadecimal digits",
		.take = take_expected,
	};

	return read_lines(&l);
}

void
pw_urls_fini(struct pw_urls *u)
{
	uint32_t i;

	for (i = 0; i < u->n; i++)
		free(u->url[i].path);
	free(u->url);
	*u = (struct pw_urls){0};
}
