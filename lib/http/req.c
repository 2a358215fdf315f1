/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <rte_byteorder.h>
#include <rte_common.h>
#include "http_priv.h"

/*
 * Three steps, each at most once over every byte:
 *
 *   1. The octet scan finds where the head ends, and refuses what llhttp lets
 *      pass: a CR or LF alone, control characters, folded lines.
 *   2. llhttp takes the head apart, and then the framing of the body.
 *   3. When the head is complete, it is checked as a whole: the shape of the
 *      request line, version, Host, framing, expectations.
 *
 * Methods are an open set (RFC 9110 16.1), but llhttp knows a list: for a token
 * that is not known here it is given a stand-in, so that the head is read, and
 * its framing checked, all the same.
 */

enum scan {
	AT_BEGIN, /* before the request line: empty lines are skipped (RFC 9112 2.2) */
	AT_BEGIN_CR,
	IN_LINE,
	AT_CR,	 /* at the end of a line, LF must follow */
	AT_LINE, /* where a field line or the end of the head must start */
	AT_END_CR,
	AT_END,
};

static enum pw_req_result
bad(struct pw_req_parser *p, enum pw_http_status status, enum pw_req_why why)
{
	p->status = (uint8_t)status;
	p->why = (uint8_t)why;
	return PW_REQ_BAD;
}

/* ---- 1. octets ---- */

/* Of a line, without its end (RFC 9110 5.5). */
static inline bool
is_text(uint8_t ch)
{
	return (ch >= ' ' && ch != 0x7f) || ch == '\t';
}

/*
 * The lowest bit set in the result is the top bit of the first of eight bytes
 * that is a control character (a tab, too); 0: none is.
 */
static inline uint64_t
find_control(uint64_t x)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t del = x ^ (ones * 0x7f);

	return (((x - ones * ' ') & ~x) | ((del - ones) & ~del)) & (ones << 7);
}

/* Over the text from @p i on, within a line. */
static inline uint32_t
skip_text(const uint8_t *data, uint32_t i, uint32_t len)
{
	uint64_t x, found;

	while (i + sizeof(x) <= len) {
		memcpy(&x, data + i, sizeof(x));
		found = find_control(rte_le_to_cpu_64(x));
		i += found != 0 ? (uint32_t)__builtin_ctzll(found) / 8 : (uint32_t)sizeof(x);
		if (found != 0 && !is_text(data[i]))
			return i;
		i += found != 0;
	}
	while (i < len && is_text(data[i]))
		i++;
	return i;
}

/* One byte where it is no plain text within a line. @return the next state, or -1 */
static int
scan_step(int at, uint8_t ch)
{
	switch (at) {
	case AT_BEGIN:
		return ch == '\r' ? AT_BEGIN_CR : ch > ' ' && ch != 0x7f ? IN_LINE : -1;
	case AT_BEGIN_CR:
		return ch == '\n' ? AT_BEGIN : -1;
	case IN_LINE:
		return ch == '\r' ? AT_CR : -1;
	case AT_CR:
		return ch == '\n' ? AT_LINE : -1;
	case AT_LINE: /* a space would fold the line before (RFC 9112 5.2) */
		return ch == '\r' ? AT_END_CR : ch > ' ' && ch != 0x7f ? IN_LINE : -1;
	default:
		return ch == '\n' ? AT_END : -1;
	}
}

/* @return bytes that belong to the head; *ok false when the one after is wrong */
static uint32_t
scan(struct pw_req_parser *p, const uint8_t *data, uint32_t len, bool *ok)
{
	int at = p->scan;
	uint32_t i = 0;

	*ok = true;
	while (i < len && at != AT_END) {
		if (at == IN_LINE) {
			i = skip_text(data, i, len);
			if (i == len)
				break;
		}
		at = scan_step(at, data[i]);
		if (at < 0) {
			*ok = false;
			break;
		}
		i++;
		if (at == AT_BEGIN)
			p->begin = p->head_len + i;
		else if (at == AT_LINE)
			p->line_done = true;
	}
	p->scan = (uint8_t)(at < 0 ? AT_END : at);
	return i;
}

/* ---- 2. llhttp ---- */

static struct pw_req_parser *
parser_of(llhttp_t *ll)
{
	return pw_container_of(ll, struct pw_req_parser, ll);
}

/* Trailer fields come through the same calls: they are checked by llhttp and forgotten. */
static inline bool
in_head(const struct pw_req_parser *p)
{
	return !p->head_done;
}

static uint32_t
offset(const struct pw_req_parser *p, const char *at)
{
	return (uint32_t)(at - p->base);
}

static int
on_url(llhttp_t *ll, const char *at, size_t len)
{
	struct pw_req_parser *p = parser_of(ll);

	if (p->req.target_len == 0)
		p->req.target_off = (uint16_t)offset(p, at);
	p->req.target_len += (uint16_t)len;
	return 0;
}

static int
on_version(llhttp_t *ll, const char *at, size_t len)
{
	struct pw_req_parser *p = parser_of(ll);

	if (p->version_off == 0)
		p->version_off = offset(p, at);
	return 0;
}

static int
on_field(llhttp_t *ll, const char *at, size_t len)
{
	struct pw_req_parser *p = parser_of(ll);

	if (p->name_len == 0)
		p->name_off = offset(p, at);
	p->name_len += (uint32_t)len;
	return 0;
}

static bool
named(struct pw_str s, const char *name)
{
	return (s.at[0] | 0x20) == (name[0] | 0x20) && strncasecmp(s.at, name, s.len) == 0;
}

static enum pw_req_name
find_name(struct pw_str s)
{
	switch (s.len) {
	case 4:
		return named(s, "Host") ? PW_REQ_HOST : PW_REQ_NAME_MAX;
	case 5:
		return named(s, "Range") ? PW_REQ_RANGE : PW_REQ_NAME_MAX;
	case 6:
		return named(s, "Expect") ? PW_REQ_EXPECT : PW_REQ_NAME_MAX;
	case 8:
		if (named(s, "If-Range"))
			return PW_REQ_IF_RANGE;
		return named(s, "If-Match") ? PW_REQ_IF_MATCH : PW_REQ_NAME_MAX;
	case 10:
		return named(s, "Connection") ? PW_REQ_CONNECTION : PW_REQ_NAME_MAX;
	case 13:
		return named(s, "If-None-Match") ? PW_REQ_IF_NONE_MATCH : PW_REQ_NAME_MAX;
	case 14:
		return named(s, "Content-Length") ? PW_REQ_CONTENT_LENGTH : PW_REQ_NAME_MAX;
	case 15:
		return named(s, "Accept-Encoding") ? PW_REQ_ACCEPT_ENCODING : PW_REQ_NAME_MAX;
	case 17:
		if (named(s, "If-Modified-Since"))
			return PW_REQ_IF_MODIFIED_SINCE;
		return named(s, "Transfer-Encoding") ? PW_REQ_TRANSFER_ENCODING : PW_REQ_NAME_MAX;
	case 19:
		return named(s, "If-Unmodified-Since") ? PW_REQ_IF_UNMODIFIED_SINCE
						       : PW_REQ_NAME_MAX;
	default:
		return PW_REQ_NAME_MAX;
	}
}

static int
on_field_complete(llhttp_t *ll)
{
	struct pw_req_parser *p = parser_of(ll);
	struct pw_str text = {p->base + p->name_off, p->name_len};
	enum pw_req_name name;

	p->name_len = 0;
	if (text.len == 0) {
		bad(p, PW_HTTP_400, PW_REQ_WHY_SYNTAX);
		return HPE_USER;
	}
	if (!in_head(p))
		return 0;
	name = find_name(text);
	if (++p->n_lines > p->limits->fields) {
		bad(p, PW_HTTP_431, PW_REQ_WHY_LIMIT);
		return HPE_USER;
	}
	p->req.fields[p->req.n_fields] = (struct pw_req_field){.name = (uint16_t)name};
	return 0;
}

/* The field under construction is the one after the last. */
static int
on_value(llhttp_t *ll, const char *at, size_t len)
{
	struct pw_req_parser *p = parser_of(ll);
	struct pw_req_field *f = &p->req.fields[p->req.n_fields];

	if (!in_head(p))
		return 0;
	if (f->len == 0)
		f->off = (uint16_t)offset(p, at);
	f->len += (uint16_t)len;
	return 0;
}

static int
on_value_complete(llhttp_t *ll)
{
	struct pw_req_parser *p = parser_of(ll);
	struct pw_req_field *f = &p->req.fields[p->req.n_fields];
	struct pw_str value = {p->base + f->off, f->len};

	if (!in_head(p) || f->name == PW_REQ_NAME_MAX)
		return 0;
	value = pw_str_trim(value);
	f->off = (uint16_t)offset(p, value.at);
	f->len = (uint16_t)value.len;
	p->req.seen |= (uint16_t)(1 << f->name);
	p->req.n_fields++;
	return 0;
}

static int
on_headers_complete(llhttp_t *ll)
{
	struct pw_req_parser *p = parser_of(ll);

	p->head_done = true;
	p->req.has_body = (ll->flags & F_CHUNKED) != 0 || ll->content_length > 0;
	ll->upgrade = 0; /* Upgrade may be ignored (RFC 9110 7.8), CONNECT is refused */
	return 0;
}

static int
on_message_complete(llhttp_t *ll)
{
	parser_of(ll)->done = true;
	return HPE_PAUSED; /* what follows is the next request */
}

static const llhttp_settings_t settings = {
	.on_url = on_url,
	.on_version = on_version,
	.on_header_field = on_field,
	.on_header_field_complete = on_field_complete,
	.on_header_value = on_value,
	.on_header_value_complete = on_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_message_complete = on_message_complete,
};

/* @return bytes that llhttp took; PW_REQ_BAD in *result when it refused one */
static uint32_t
execute(struct pw_req_parser *p, const char *data, uint32_t len, enum pw_req_result *result)
{
	llhttp_errno_t err = llhttp_execute(&p->ll, data, len);

	*result = PW_REQ_MORE;
	if (likely(err == HPE_OK))
		return len;
	if (err == HPE_PAUSED)
		return (uint32_t)(llhttp_get_error_pos(&p->ll) - data);
	*result = PW_REQ_BAD;
	if (p->status == PW_HTTP_200) /* else a callback has said why */
		bad(p, PW_HTTP_400, PW_REQ_WHY_SYNTAX);
	return 0;
}

/* ---- the method ---- */

static bool
is_token(struct pw_str s)
{
	uint32_t i;

	for (i = 0; i < s.len; i++) {
		char ch = s.at[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
			    (ch >= '0' && ch <= '9') ||
			    (ch != '\0' && strchr("!#$%&'*+-.^_`|~", ch) != NULL)))
			return false;
	}
	return s.len > 0;
}

static enum pw_req_method
find_method(struct pw_str s)
{
	static const struct pw_str refused[] = {
		{"POST", 4},
		{"PUT", 3},
		{"DELETE", 6},
		{"OPTIONS", 7},
		{"TRACE", 5},
		{"PATCH", 5},
		{"CONNECT", 7},
	};
	uint32_t i;

	if (pw_str_is(s, PW_STR("GET")))
		return PW_REQ_GET;
	if (pw_str_is(s, PW_STR("HEAD")))
		return PW_REQ_HEAD;
	for (i = 0; i < RTE_DIM(refused); i++)
		if (pw_str_is(s, refused[i]))
			return PW_REQ_KNOWN;
	return PW_REQ_OTHER;
}

/*
 * When the space after the method is there, tell llhttp the method, or a
 * stand-in. Until then llhttp sees nothing of the line.
 */
static enum pw_req_result
read_method(struct pw_req_parser *p)
{
	const char *from = p->base + p->begin;
	const char *space = memchr(from, ' ', p->head_len - p->begin);
	enum pw_req_result result = PW_REQ_MORE;
	struct pw_str method;

	if (space == NULL)
		return p->line_done ? bad(p, PW_HTTP_400, PW_REQ_WHY_SYNTAX) : PW_REQ_MORE;
	method = (struct pw_str){from, (uint32_t)(space - from)};
	if (!is_token(method))
		return bad(p, PW_HTTP_400, PW_REQ_WHY_SYNTAX);
	p->method_known = true;
	p->req.method = (uint8_t)find_method(method);
	p->fed = p->begin;
	if (p->req.method == PW_REQ_OTHER) {
		execute(p, "GET", 3, &result);
		p->fed += method.len;
	}
	return result;
}

/* ---- 3. the head as a whole ---- */

/* method SP target SP "HTTP/" DIGIT "." DIGIT CRLF, and no space more (RFC 9112 3) */
static bool
line_ok(const struct pw_req_parser *p)
{
	const char *target = p->base + p->req.target_off;
	const char *version = p->base + p->version_off;

	return p->version_off != 0 && target[-1] == ' ' && target[-2] != ' ' &&
	       version == target + p->req.target_len + 6 && version[3] == '\r';
}

static enum pw_http_status
check_version(struct pw_req_parser *p)
{
	if (p->ll.http_major != 1)
		return PW_HTTP_505;
	p->req.http10 = p->ll.http_minor == 0;
	return PW_HTTP_200;
}

/* RFC 9112 3.2: one valid Host in HTTP/1.1; HTTP/1.0 may come without. */
static enum pw_http_status
check_host(const struct pw_req *req)
{
	struct pw_str host;

	if (!pw_req_has(req, PW_REQ_HOST))
		return req->http10 ? PW_HTTP_200 : PW_HTTP_400;
	if (!pw_req_single(req, PW_REQ_HOST, &host) || !pw_http_host_ok(host))
		return PW_HTTP_400;
	return PW_HTTP_200;
}

/* RFC 9112 6.1, 6.3. What llhttp has refused already does not come here. */
static enum pw_http_status
check_framing(const struct pw_req_parser *p)
{
	const struct pw_req *req = &p->req;
	struct pw_str list, coding;
	uint32_t n_chunked = 0, n_other = 0;
	bool last_chunked = false;
	uint32_t i = 0;

	while (pw_req_each(req, PW_REQ_TRANSFER_ENCODING, &i, &list)) {
		while (pw_str_next(&list, &coding)) {
			last_chunked = pw_str_is_nocase(coding, PW_STR("chunked"));
			n_chunked += last_chunked;
			n_other += !last_chunked;
		}
	}
	if (!pw_req_has(req, PW_REQ_TRANSFER_ENCODING))
		return p->ll.content_length > p->limits->body_bytes ? PW_HTTP_413 : PW_HTTP_200;
	if (req->http10 || pw_req_has(req, PW_REQ_CONTENT_LENGTH))
		return PW_HTTP_400;
	if (n_chunked != 1 || !last_chunked)
		return PW_HTTP_400;
	return n_other > 0 ? PW_HTTP_501 : PW_HTTP_200;
}

/* RFC 9110 10.1.1; from HTTP/1.0 an expectation is not heard. */
static void
read_expect(struct pw_req *req)
{
	struct pw_str list, what;
	uint32_t i = 0;

	if (req->http10)
		return;
	while (pw_req_each(req, PW_REQ_EXPECT, &i, &list)) {
		while (pw_str_next(&list, &what)) {
			if (pw_str_is_nocase(what, PW_STR("100-continue")))
				req->expects = req->has_body;
			else
				req->unmet_expect = true;
		}
	}
}

/* RFC 9112 9.3 */
static void
read_connection(struct pw_req *req)
{
	struct pw_str list, option;
	bool close = false, keep = false;
	uint32_t i = 0;

	while (pw_req_each(req, PW_REQ_CONNECTION, &i, &list)) {
		while (pw_str_next(&list, &option)) {
			close |= pw_str_is_nocase(option, PW_STR("close"));
			keep |= pw_str_is_nocase(option, PW_STR("keep-alive"));
		}
	}
	req->keep_alive = !close && (keep || !req->http10);
}

static enum pw_req_result
check_head(struct pw_req_parser *p)
{
	struct pw_req *req = &p->req;
	enum pw_http_status status;

	req->head = p->base;
	if (!line_ok(p))
		return bad(p, PW_HTTP_400, PW_REQ_WHY_SYNTAX);
	status = check_version(p);
	if (status == PW_HTTP_200)
		status = check_host(req);
	if (status == PW_HTTP_200)
		status = check_framing(p);
	if (status != PW_HTTP_200)
		return bad(p, status, PW_REQ_WHY_SENSE);
	read_connection(req);
	read_expect(req);
	/*
	 * A client that waits for 100 gets its final status instead; whether the
	 * body follows is then not known, so the connection cannot go on.
	 */
	if (req->has_body && (req->expects || req->unmet_expect)) {
		req->keep_alive = false;
		return PW_REQ_DONE;
	}
	return p->done ? PW_REQ_DONE : PW_REQ_MORE;
}

/* ---- feeding ---- */

void
pw_req_init(struct pw_req_parser *p, const struct pw_req_limits *limits)
{
	PW_ASSERT(limits->fields <= PW_REQ_FIELDS_MAX && limits->head_bytes <= PW_REQ_HEAD_MAX);
	memset(p, 0, offsetof(struct pw_req_parser, req.fields));
	llhttp_init(&p->ll, HTTP_REQUEST, &settings);
	p->ll.lenient_flags =
		LENIENT_VERSION; /* check_version() says 505 where llhttp would fail */
	p->limits = limits;
}

static enum pw_req_result
feed_head(struct pw_req_parser *p, const char *data, uint32_t len, uint32_t *used)
{
	enum pw_req_result result = PW_REQ_MORE;
	uint32_t room = p->limits->head_bytes - p->head_len;
	bool ok;

	p->base = data - p->head_len;
	*used = scan(p, (const uint8_t *)data, (uint32_t)pw_min(len, room), &ok);
	if (!ok)
		return bad(p, PW_HTTP_400, PW_REQ_WHY_OCTETS);
	p->head_len += *used;
	if (!p->method_known)
		result = read_method(p);
	if (result == PW_REQ_MORE && p->method_known) {
		execute(p, p->base + p->fed, p->head_len - p->fed, &result);
		p->fed = p->head_len;
	}
	if (result != PW_REQ_MORE)
		return result;
	if (p->scan == AT_END) /* both must see the end at the same place */
		return p->head_done ? check_head(p) : bad(p, PW_HTTP_400, PW_REQ_WHY_SYNTAX);
	if (p->head_done)
		return bad(p, PW_HTTP_400, PW_REQ_WHY_SYNTAX);
	if (p->head_len == p->limits->head_bytes)
		return bad(p, p->line_done ? PW_HTTP_431 : PW_HTTP_414, PW_REQ_WHY_LIMIT);
	return PW_REQ_MORE;
}

/*
 * llhttp takes a bare LF for the empty line behind the last chunk. Whoever
 * stands before us may not, and would take our next request for a trailer.
 */
static bool
end_ok(const struct pw_req_parser *p, const char *data, uint32_t used)
{
	return (p->ll.flags & F_CHUNKED) == 0 || (used > 1 ? data[used - 2] : p->last) == '\r';
}

static enum pw_req_result
feed_body(struct pw_req_parser *p, const char *data, uint32_t len, uint32_t *used)
{
	uint32_t room = p->limits->body_bytes - p->body_len;
	enum pw_req_result result;

	*used = execute(p, data, (uint32_t)pw_min(len, room), &result);
	p->body_len += *used;
	if (result != PW_REQ_MORE)
		return result;
	if (p->done)
		return end_ok(p, data, *used) ? PW_REQ_DONE
					      : bad(p, PW_HTTP_400, PW_REQ_WHY_SYNTAX);
	if (len > room)
		return bad(p, PW_HTTP_413, PW_REQ_WHY_LIMIT);
	p->last = data[len - 1];
	return PW_REQ_MORE;
}

enum pw_req_result
pw_req_feed(struct pw_req_parser *p, const char *data, uint32_t len, uint32_t *used)
{
	enum pw_req_result result = PW_REQ_MORE;
	uint32_t more = 0;

	*used = 0;
	if (!p->head_done)
		result = feed_head(p, data, len, used);
	if (result == PW_REQ_MORE && p->head_done && *used < len) {
		result = feed_body(p, data + *used, len - *used, &more);
		*used += more;
	}
	return result;
}

bool
pw_req_each(const struct pw_req *req, enum pw_req_name name, uint32_t *i, struct pw_str *value)
{
	if (!pw_req_has(req, name))
		return false;
	for (; *i < req->n_fields; ++*i) {
		const struct pw_req_field *f = &req->fields[*i];

		if (f->name != name)
			continue;
		*value = (struct pw_str){req->head + f->off, f->len};
		++*i;
		return true;
	}
	return false;
}

bool
pw_req_single(const struct pw_req *req, enum pw_req_name name, struct pw_str *value)
{
	struct pw_str other;
	uint32_t i = 0;

	return pw_req_each(req, name, &i, value) && !pw_req_each(req, name, &i, &other);
}
