/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 the pagewire authors
 */
#include <rte_common.h>
#include "http_priv.h"

#define DAY_S 86400

static const char week_days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const long_days[7] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* A moment of the proleptic Gregorian calendar. */
struct civil {
	int year;
	int month; /* 1 to 12 */
	int day;
	int hour;
	int minute;
	int second;
	int week_day; /* 0: Sunday */
};

/*
 * Days from 1970-01-01. The year is taken to begin in March, so that the leap
 * day is its last, and months then follow the pattern of 153 days in five.
 */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void
civil_of(int64_t unix_s, struct civil *out)
{
	int64_t days = unix_s / DAY_S;
	int64_t rest = unix_s % DAY_S;
	int64_t z = days + 719468; /* from 0000-03-01 */
	int64_t era = z / 146097;
	int64_t of_era = z % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t march = (5 * of_year + 2) / 153;

	out->day = (int)(of_year - (153 * march + 2) / 5 + 1);
	out->month = (int)(march < 10 ? march + 3 : march - 9);
	out->year = (int)(year + era * 400 + (out->month <= 2));
	out->hour = (int)(rest / 3600);
	out->minute = (int)(rest / 60 % 60);
	out->second = (int)(rest % 60);
	out->week_day = (int)((days + 4) % 7); /* 1970 began on a Thursday */
}

static char *
put_digits(char *to, int value, int n)
{
	int i;

	for (i = n - 1; i >= 0; i--, value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + n;
}

static char *
put_text(char *to, const char *text, size_t len)
{
	memcpy(to, text, len);
	return to + len;
}

void
pw_http_date_format(int64_t unix_s, char to[PW_HTTP_DATE_LEN])
{
	struct civil c;

	PW_ASSERT(unix_s >= 0);
	civil_of(unix_s, &c);
	to = put_text(to, week_days[c.week_day], 3);
	to = put_text(to, ", ", 2);
	to = put_digits(to, c.day, 2);
	to = put_text(to, " ", 1);
	to = put_text(to, months[c.month - 1], 3);
	to = put_text(to, " ", 1);
	to = put_digits(to, c.year, 4);
	to = put_text(to, " ", 1);
	to = put_digits(to, c.hour, 2);
	to = put_text(to, ":", 1);
	to = put_digits(to, c.minute, 2);
	to = put_text(to, ":", 1);
	to = put_digits(to, c.second, 2);
	put_text(to, " GMT", 4);
}

/* Takers: each eats its part from the front, or returns false. */

static bool
take(struct pw_str *s, const char *text)
{
	uint32_t len = (uint32_t)strlen(text);

	if (s->len < len || memcmp(s->at, text, len) != 0)
		return false;
	s->at += len;
	s->len -= len;
	return true;
}

static bool
take_digits(struct pw_str *s, uint32_t n, int *out)
{
	uint64_t value;

	if (s->len < n || !pw_str_u64((struct pw_str){s->at, n}, &value))
		return false;
	*out = (int)value;
	s->at += n;
	s->len -= n;
	return true;
}

static bool
take_month(struct pw_str *s, int *out)
{
	for (*out = 1; *out <= 12; ++*out)
		if (take(s, months[*out - 1]))
			return true;
	return false;
}

static bool
take_time(struct pw_str *s, struct civil *c)
{
	return take_digits(s, 2, &c->hour) && take(s, ":") && take_digits(s, 2, &c->minute) &&
	       take(s, ":") && take_digits(s, 2, &c->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool
take_imf(struct pw_str s, struct civil *c)
{
	return take(&s, ", ") && take_digits(&s, 2, &c->day) && take(&s, " ") &&
	       take_month(&s, &c->month) && take(&s, " ") && take_digits(&s, 4, &c->year) &&
	       take(&s, " ") && take_time(&s, c) && take(&s, " GMT") && s.len == 0;
}

/* Sunday, 06-Nov-94 08:49:37 GMT; the century is found later */
static bool
take_rfc850(struct pw_str s, struct civil *c)
{
	return take(&s, ", ") && take_digits(&s, 2, &c->day) && take(&s, "-") &&
	       take_month(&s, &c->month) && take(&s, "-") && take_digits(&s, 2, &c->year) &&
	       take(&s, " ") && take_time(&s, c) && take(&s, " GMT") && s.len == 0;
}

/* Sun Nov  6 08:49:37 1994 */
static bool
take_asctime(struct pw_str s, struct civil *c)
{
	return take(&s, " ") && take_month(&s, &c->month) && take(&s, " ") &&
	       (take(&s, " ") ? take_digits(&s, 1, &c->day) : take_digits(&s, 2, &c->day)) &&
	       take(&s, " ") && take_time(&s, c) && take(&s, " ") && take_digits(&s, 4, &c->year) &&
	       s.len == 0;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool
in_calendar(const struct civil *c)
{
	static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return c->day >= 1 && c->day <= days[c->month - 1] + (c->month == 2 && is_leap(c->year)) &&
	       c->hour < 24 && c->minute < 60 && c->second <= 60;
}

/* Reads what follows the name of the day, and says which format it was. */
static bool
take_date(struct pw_str s, struct civil *c, bool *two_digits)
{
	uint32_t i;

	*two_digits = false;
	for (i = 0; i < RTE_DIM(week_days); i++) {
		struct pw_str rest = s;

		*two_digits = take(&rest, long_days[i]);
		if (*two_digits)
			return take_rfc850(rest, c);
		if (take(&rest, week_days[i]))
			return take_imf(rest, c) || take_asctime(rest, c);
	}
	return false;
}

static int64_t
unix_of(const struct civil *c)
{
	return days_of(c->year, c->month, c->day) * DAY_S + c->hour * 3600 + c->minute * 60 +
	       c->second;
}

/* RFC 9110 5.6.7: more than 50 years in the future means the century before. */
static int
full_year(int two_digits, int64_t now_s)
{
	struct civil now;
	int year;

	civil_of(now_s, &now);
	year = now.year - now.year % 100 + two_digits;
	return year > now.year + 50 ? year - 100 : year;
}

bool
pw_http_date_parse(struct pw_str s, int64_t now_s, int64_t *unix_s)
{
	struct civil c;
	bool two_digits;

	if (!take_date(s, &c, &two_digits))
		return false;
	if (two_digits)
		c.year = full_year(c.year, now_s);
	if (!in_calendar(&c))
		return false;
	*unix_s = unix_of(&c);
	return true;
}
