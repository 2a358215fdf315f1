/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include "http_priv.h"

#define WEIGHT_MAX   1000 /* q=1 in thousandths (RFC 9110 12.4.2) */
#define WEIGHT_UNSET (-1)

struct weights {
	int of[PW_HTTP_CODING_MAX];
	int any; /* "*" */
};

/* "0.5", at most three decimals. @return thousandths; 0 for what is no weight */
static int
read_weight(struct pw_str s)
{
	int unit = WEIGHT_MAX;
	int weight = 0;
	uint32_t i;

	if (s.len == 0 || s.len > 5 || (s.len > 1 && s.at[1] != '.'))
		return 0;
	for (i = 0; i < s.len; i += i == 0 ? 2 : 1, unit /= 10) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return 0;
		weight += (s.at[i] - '0') * unit;
	}
	return weight <= WEIGHT_MAX ? weight : 0;
}

/* Cut the ";q=..." off an element. */
static int
take_weight(struct pw_str *element)
{
	const char *semicolon = memchr(element->at, ';', element->len);
	struct pw_str param;

	if (semicolon == NULL)
		return WEIGHT_MAX;
	param = (struct pw_str){
		semicolon + 1, element->len - (uint32_t)(semicolon + 1 - element->at)};
	element->len = (uint32_t)(semicolon - element->at);
	*element = pw_str_trim(*element);
	param = pw_str_trim(param);
	if (param.len < 2 || strncasecmp(param.at, "q=", 2) != 0)
		return 0;
	return read_weight((struct pw_str){param.at + 2, param.len - 2});
}

static void
note(struct weights *w, struct pw_str element)
{
	int weight = take_weight(&element);

	if (pw_str_is_nocase(element, PW_STR("gzip")) ||
		pw_str_is_nocase(element, PW_STR("x-gzip")))
		w->of[PW_HTTP_GZIP] = weight;
	else if (pw_str_is_nocase(element, PW_STR("br")))
		w->of[PW_HTTP_BR] = weight;
	else if (pw_str_is_nocase(element, PW_STR("identity")))
		w->of[PW_HTTP_IDENTITY] = weight;
	else if (pw_str_is(element, PW_STR("*")))
		w->any = weight;
}

/*
 * What is not named has the weight of "*". Without that, identity stays
 * acceptable, but any coding that is wished for comes before it.
 */
static int
weight_of(const struct weights *w, enum pw_http_coding coding)
{
	if (w->of[coding] != WEIGHT_UNSET)
		return w->of[coding];
	if (w->any != WEIGHT_UNSET)
		return w->any;
	return 0;
}

enum pw_http_coding
pw_http_accept(const struct pw_req *req, uint32_t have)
{
	struct weights w = {{WEIGHT_UNSET, WEIGHT_UNSET, WEIGHT_UNSET}, WEIGHT_UNSET};
	enum pw_http_coding best = PW_HTTP_IDENTITY;
	struct pw_str list, element;
	uint32_t i = 0;
	int coding;

	while (pw_req_each(req, PW_REQ_ACCEPT_ENCODING, &i, &list))
		while (pw_str_next(&list, &element))
			note(&w, element);
	for (coding = PW_HTTP_IDENTITY - 1; coding >= 0; coding--) {
		int weight = weight_of(&w, (enum pw_http_coding)coding);

		if ((have >> coding & 1) != 0 && weight > 0 && weight >= weight_of(&w, best))
			best = (enum pw_http_coding)coding;
	}
	return best;
}
