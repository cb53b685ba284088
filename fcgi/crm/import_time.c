/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_time.h"

#include <string.h>
#include <strings.h>

#include "shared/base/str.h"

#define DAY 86400

struct civil {
	int year, month, day;
};

/* Days since 1970-01-01 of the proleptic Gregorian calendar. */
static int64_t
days(struct civil c)
{
	int64_t y = c.month <= 2 ? c.year - 1 : c.year;
	int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
	int64_t doy = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool
civil_valid(struct civil c)
{
	static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;

	return c.year >= 1970 && c.year <= 9999 && c.month >= 1 && c.month <= 12 && c.day >= 1 &&
	       c.day <= length[c.month - 1] + (c.month == 2 && leap);
}

/* Digits at *s, at most max; how many there were. */
static int
digits(const char **s, int max, int *value)
{
	int n = 0;

	*value = 0;
	while (n < max && **s >= '0' && **s <= '9') {
		*value = *value * 10 + (*(*s)++ - '0');
		n++;
	}
	return n;
}

static void
skip(const char **s, const char *set)
{
	*s += strspn(*s, set);
}

static bool
month_name(const char **s, int *month)
{
	static const char names[][10] = {"january", "february", "march", "april", "may", "june",
	    "july", "august", "september", "october", "november", "december"};
	size_t n = strspn(*s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	for (size_t i = 0; i < NELEMS(names); i++) {
		if (n < 3 || n > strlen(names[i]) || strncasecmp(*s, names[i], n) != 0)
			continue;
		*month = (int)i + 1;
		*s += n;
		return true;
	}
	return false;
}

/* What stands between slashes, before it is clear which number is which. */
struct date {
	int a, b, year;
	char separator; /* as written */
	bool ymd;       /* a is the month, b the day */
};

static bool
year(const char **s, int *out)
{
	int n = digits(s, 4, out);

	if (n == 2)
		*out += 2000;
	return n == 4 || n == 2;
}

static bool
named_date(const char **s, struct date *d)
{
	int n;

	d->ymd = true;
	if (month_name(s, &d->a)) {
		skip(s, " .");
		n = digits(s, 2, &d->b);
		/* or "March 2024" would be the 20th */
		if (n == 0 || strchr(", ", **s) == NULL)
			return false;
		skip(s, ", ");
		return year(s, &d->year);
	}
	if (digits(s, 2, &d->b) == 0)
		return false;
	skip(s, " .-");
	if (!month_name(s, &d->a))
		return false;
	skip(s, " .,-");
	return year(s, &d->year);
}

static bool
date(const char **s, struct date *d)
{
	const char *start = *s;
	int n = digits(s, 8, &d->year);

	d->a = d->b = 0;
	d->ymd = n >= 4;
	if (n == 8) {
		d->b = d->year % 100;
		d->a = d->year / 100 % 100;
		d->year /= 10000;
		return true;
	}
	d->separator = **s;
	if (n == 0 || n == 3 || n > 4 || strchr("-/.", **s) == NULL || **s == '\0' ||
	    (d->ymd ? false : (*s)[1] < '0' || (*s)[1] > '9')) {
		*s = start;
		return named_date(s, d);
	}
	(*s)++;
	if (n == 4) {
		n = digits(s, 2, &d->a);
		if (n == 0 || *(*s)++ != d->separator)
			return false;
		return digits(s, 2, &d->b) > 0;
	}
	d->a = d->year;
	if (digits(s, 2, &d->b) == 0 || *(*s)++ != d->separator)
		return false;
	/* 01-02-03 can be anything */
	n = (int)strspn(*s, "0123456789");
	return (n == 4 || d->separator != '-') && year(s, &d->year);
}

/* Seconds of the day; *ampm when it was written that way. */
static bool
clock_time(const char **s, int *seconds, bool *ampm)
{
	int h, m, sec = 0;
	bool pm;

	*seconds = 0;
	*ampm = false;
	if (**s == '\0')
		return true;
	if (digits(s, 2, &h) == 0)
		return false;
	if (**s == ':')
		(*s)++;
	if (digits(s, 2, &m) != 2)
		return false;
	if (**s == ':' || (**s >= '0' && **s <= '9')) {
		*s += **s == ':';
		if (digits(s, 2, &sec) != 2)
			return false;
	}
	if (**s == '.' || (**s == ',' && (*s)[1] >= '0' && (*s)[1] <= '9')) {
		(*s)++;
		skip(s, "0123456789");
	}
	skip(s, " ");
	if ((**s == 'a' || **s == 'A' || **s == 'p' || **s == 'P') &&
	    strchr("mM.", (*s)[1]) != NULL && (*s)[1] != '\0') {
		pm = **s == 'p' || **s == 'P';
		skip(s, "aApPmM.");
		skip(s, " ");
		*ampm = true;
		if (h < 1 || h > 12)
			return false;
		h = h % 12 + (pm ? 12 : 0);
	}
	if (h > 23 || m > 59 || sec > 60)
		return false;
	*seconds = h * 3600 + m * 60 + (sec == 60 ? 59 : sec);
	return true;
}

/* Offset of local time from UTC, to be subtracted; the text must end behind it. */
static bool
zone(const char *s, int *offset)
{
	int sign, h, m = 0;

	*offset = 0;
	if (*s == 'Z' || *s == 'z')
		return s[1] == '\0';
	if (strncasecmp(s, "UTC", 3) == 0 || strncasecmp(s, "GMT", 3) == 0)
		s += 3;
	if (*s == '\0')
		return true;
	if (*s != '+' && *s != '-')
		return false;
	sign = *s++ == '-' ? -1 : 1;
	if (digits(&s, 2, &h) != 2)
		return false;
	if (*s == ':')
		s++;
	if (*s != '\0' && digits(&s, 2, &m) != 2)
		return false;
	*offset = sign * (h * 3600 + m * 60);
	return *s == '\0' && h <= 14 && m <= 59;
}

static bool
none(const char *s)
{
	static const char *const words[] = {"", "-", "0", "null", "none", "n/a", "nan", "\\N"};

	for (size_t i = 0; i < NELEMS(words); i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	return strncmp(s, "0000-00-00", 10) == 0;
}

enum import_time
import_time_parse(const char *s, enum import_dates dates, int64_t *earliest, int64_t *latest)
{
	struct date d;
	struct civil mdy, dmy;
	int seconds, offset;
	int64_t m, n;
	bool ampm, md, dm;

	skip(&s, " ");
	if (none(s))
		return IMPORT_TIME_NONE;
	if (!date(&s, &d))
		return IMPORT_TIME_BAD;
	if (*s == 'T' || *s == 't')
		s++;
	else if (*s != '\0' && strchr(" ,", *s) == NULL)
		return IMPORT_TIME_BAD;
	skip(&s, ", ");
	if (!clock_time(&s, &seconds, &ampm) || !zone(s, &offset))
		return IMPORT_TIME_BAD;

	mdy = (struct civil){d.year, d.a, d.b};
	dmy = (struct civil){d.year, d.b, d.a};
	md = civil_valid(mdy);
	dm = civil_valid(dmy) && !d.ymd;
	if (!md && !dm)
		return IMPORT_TIME_BAD;
	/* both are possible: AM and PM are American, points and dashes are not */
	if (md && dm && (ampm || (d.separator == '/' && dates == IMPORT_DATES_MDY)))
		dm = false;
	else if (md && dm && (d.separator != '/' || dates == IMPORT_DATES_DMY))
		md = false;
	m = days(md ? mdy : dmy) * DAY + seconds - offset;
	n = days(dm ? dmy : mdy) * DAY + seconds - offset;
	*earliest = m < n ? m : n;
	*latest = m < n ? n : m;
	return IMPORT_TIME_OK;
}

enum import_dates
import_time_learn(enum import_dates known, const char *s)
{
	struct date d;

	skip(&s, " ");
	if (known != IMPORT_DATES_UNSURE || !date(&s, &d) || d.ymd || d.separator != '/')
		return known;
	if (d.a > 12 && d.b <= 12)
		return IMPORT_DATES_DMY;
	return d.b > 12 && d.a <= 12 ? IMPORT_DATES_MDY : known;
}

const char *
import_time_text(struct arena *a, int64_t seconds)
{
	int64_t day = seconds / DAY - (seconds % DAY < 0), rest = seconds - day * DAY;
	int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9,
	        y = yoe + era * 400 + (m <= 2);

	return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)y, (int)m, (int)d,
	    (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}
