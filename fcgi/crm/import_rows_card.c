/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_rows_card.h"

#include <string.h>
#include <strings.h>

#include "fcgi/crm/import_text.h"
#include "shared/base/str.h"

#define RANK_NONE 10000U /* nothing seen yet */
#define RANK_PLAIN 101U  /* behind every PREF (1 to 100) */
#define RANK_LAST 1000U  /* added for fax and pager */

void
card_init(struct card *c)
{
	*c = (struct card){0};
	for (size_t i = 0; i < VCARD_COLUMNS; i++)
		buf_init(&c->cell[i], IMPORT_CELL_MAX);
	/* Windows-1252 grows to three bytes at most */
	buf_init(&c->bytes, IMPORT_CELL_MAX);
	buf_init(&c->value, 3 * IMPORT_CELL_MAX + 16);
	buf_init(&c->part, 3 * IMPORT_CELL_MAX + 16);
}

void
card_done(struct card *c)
{
	for (size_t i = 0; i < VCARD_COLUMNS; i++)
		buf_free(&c->cell[i]);
	buf_free(&c->bytes);
	buf_free(&c->value);
	buf_free(&c->part);
}

void
card_clear(struct card *c)
{
	for (size_t i = 0; i < VCARD_COLUMNS; i++)
		buf_clear(&c->cell[i]);
	c->v21 = c->group = false;
	c->email_rank = c->phone_rank = RANK_NONE;
}

static bool
same(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

bool
card_wants(const char *s, size_t len)
{
	static const char *const names[] = {
	    "BEGIN",
	    "END",
	    "N",
	    "FN",
	    "EMAIL",
	    "TEL",
	    "TITLE",
	    "ORG",
	    "CATEGORIES",
	    "NOTE",
	    "UID",
	    "REV",
	    "VERSION",
	    "KIND",
	    "X-ADDRESSBOOKSERVER-KIND",
	    "AGENT",
	};

	for (size_t i = 0; i < NELEMS(names); i++)
		if (same(s, len, names[i]))
			return true;
	return false;
}

/* ── parameters ──────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The next of `a;B=c;"d;e"` from *at: true with its bounds. */
static bool
next_param(const struct card_property *p, size_t *at, const char **s, size_t *len)
{
	size_t i = *at;
	bool quoted = false;

	if (i >= p->params_len)
		return false;
	while (i < p->params_len && (quoted || p->params[i] != ';'))
		quoted ^= p->params[i++] == '"';
	*s = p->params + *at;
	*len = i - *at;
	*at = i + 1;
	return true;
}

/* Whether a parameter value list holds the word: TYPE=HOME,pref, or as 2.1 writes it, the bare word. */
static bool
has_type(const struct card_property *p, const char *word)
{
	const char *s;
	size_t at = 0, len;

	while (next_param(p, &at, &s, &len)) {
		size_t from = 0;

		for (size_t i = 0; i <= len; i++) {
			if (i < len && s[i] != '=' && s[i] != ',' && s[i] != '"')
				continue;
			if (same(s + from, i - from, word) && (i == len || s[i] != '='))
				return true;
			from = i + 1;
		}
	}
	return false;
}

/* The value of NAME=value without quotes; false: no such parameter. */
static bool
param(const struct card_property *p, const char *name, const char **value, size_t *value_len)
{
	size_t at = 0, n = strlen(name), len;
	const char *s;

	while (next_param(p, &at, &s, &len)) {
		if (len <= n || s[n] != '=' || strncasecmp(s, name, n) != 0)
			continue;
		s += n + 1;
		len -= n + 1;
		if (len >= 2 && s[0] == '"' && s[len - 1] == '"') {
			s++;
			len -= 2;
		}
		*value = s;
		*value_len = len;
		return true;
	}
	return false;
}

static unsigned
rank(const struct card_property *p)
{
	unsigned r = has_type(p, "PREF") ? 1 : RANK_PLAIN;
	const char *s;
	size_t len;

	if (param(p, "PREF", &s, &len) && len > 0 && len <= 3) {
		r = 0;
		for (size_t i = 0; i < len; i++)
			r = r * 10 + (s[i] >= '0' && s[i] <= '9' ? (unsigned)(s[i] - '0') : 9);
		if (r > 100)
			r = 100;
	}
	return has_type(p, "FAX") || has_type(p, "PAGER") ? r + RANK_LAST : r;
}

/* ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Quoted-printable (RFC 2045) and CHARSET into c->value, UTF-8. */
static void
decode(struct card *c, const struct card_property *p)
{
	enum import_encoding enc;
	struct import_text text;
	const char *s;
	char name[32];
	size_t len;

	buf_clear(&c->value);
	if (!has_type(p, "QUOTED-PRINTABLE")) {
		buf_add(&c->value, p->value, p->value_len);
		return;
	}
	buf_clear(&c->bytes);
	for (size_t i = 0; i < p->value_len; i++) {
		int hi = i + 2 < p->value_len ? hex(p->value[i + 1]) : -1;
		int lo = i + 2 < p->value_len ? hex(p->value[i + 2]) : -1;

		if (p->value[i] == '=' && hi >= 0 && lo >= 0) {
			/* a zero byte has no place in text */
			if (hi + lo > 0)
				buf_ch(&c->bytes, (char)(hi << 4 | lo));
			i += 2;
		} else {
			buf_ch(&c->bytes, p->value[i]);
		}
	}
	enc = import_text_detect(c->bytes.data, c->bytes.len);
	if (enc != IMPORT_UTF_8)
		enc = IMPORT_WINDOWS_1252;
	if (param(p, "CHARSET", &s, &len) && len < sizeof name) {
		memcpy(name, s, len);
		name[len] = '\0';
		(void)import_encoding_parse(name, &enc);
	}
	/* UTF-16 cannot be: its zero bytes would not have come through */
	if (enc != IMPORT_WINDOWS_1252)
		enc = IMPORT_UTF_8;
	import_text_init(&text, enc);
	import_text_convert(&text, c->bytes.data, c->bytes.len, true, &c->value);
}

/*
 * The next component of c->value from *at up to an unescaped separator, unescaped, into c->part; false at the end.
 * vCard 2.1 escapes only separators, so that its backslashes are letters.
 */
static bool
next_part(struct card *c, size_t *at, char separator)
{
	const char *s = c->value.data;
	size_t i = *at;

	buf_clear(&c->part);
	if (i > c->value.len)
		return false;
	for (; i < c->value.len && s[i] != separator; i++) {
		char ch = s[i], n = i + 1 < c->value.len ? s[i + 1] : '\0';

		if (ch == '\\' && n != '\0' &&
		    (strchr("\\;,:", n) != NULL || (!c->v21 && (n == 'n' || n == 'N')))) {
			ch = n == 'n' || n == 'N' ? '\n' : n;
			i++;
		}
		buf_ch(&c->part, ch);
	}
	*at = i + 1;
	return true;
}

static void
set(struct card *c, enum import_vcard_column column)
{
	buf_clear(&c->cell[column]);
	buf_add(&c->cell[column], c->part.data, c->part.len);
}

/* As a cell of quoted names, the form in which Mailchimp writes tags. */
static void
add_categories(struct card *c)
{
	struct buf *b = &c->cell[VCARD_CATEGORIES];
	size_t at = 0;

	while (next_part(c, &at, ',')) {
		if (c->part.len == 0)
			continue;
		buf_str(b, b->len > 0 ? ",\"" : "\"");
		for (size_t i = 0; i < c->part.len; i++) {
			if (c->part.data[i] == '"')
				buf_ch(b, '"');
			buf_ch(b, c->part.data[i]);
		}
		buf_ch(b, '"');
	}
}

static void
set_phone(struct card *c)
{
	const char *s = c->part.data, *ext;

	if (strncasecmp(s, "tel:", 4) == 0) {
		/* RFC 3966: parameters follow the number; the extension belongs to it */
		s += 4;
		ext = strcasestr(s, ";ext=");
		buf_clear(&c->cell[VCARD_PHONE]);
		buf_add(&c->cell[VCARD_PHONE], s, strcspn(s, ";"));
		if (ext != NULL) {
			buf_str(&c->cell[VCARD_PHONE], " ext. ");
			buf_add(&c->cell[VCARD_PHONE], ext + 5, strcspn(ext + 5, ";"));
		}
		return;
	}
	set(c, VCARD_PHONE);
}

static void
name(struct card *c)
{
	size_t at = 0;

	if (next_part(c, &at, ';'))
		set(c, VCARD_LAST);
	if (next_part(c, &at, ';'))
		set(c, VCARD_FIRST);
}

/* Takes the whole value as one text. */
static void
whole(struct card *c)
{
	size_t at = 0;

	(void)next_part(c, &at, '\0');
}

void
card_add(struct card *c, const struct card_property *p)
{
	unsigned r;

	if (has_type(p, "BASE64") || has_type(p, "B"))
		return;
	decode(c, p);
	if (same(p->name, p->name_len, "N")) {
		name(c);
		return;
	}
	if (same(p->name, p->name_len, "CATEGORIES")) {
		add_categories(c);
		return;
	}
	if (same(p->name, p->name_len, "ORG")) {
		size_t at = 0;

		if (next_part(c, &at, ';'))
			set(c, VCARD_ORG);
		return;
	}
	whole(c);
	r = rank(p);
	if (same(p->name, p->name_len, "EMAIL") && c->part.len > 0 && r < c->email_rank) {
		c->email_rank = r;
		set(c, VCARD_EMAIL);
	} else if (same(p->name, p->name_len, "TEL") && c->part.len > 0 && r < c->phone_rank) {
		c->phone_rank = r;
		set_phone(c);
	} else if (same(p->name, p->name_len, "FN")) {
		set(c, VCARD_FULL);
	} else if (same(p->name, p->name_len, "TITLE")) {
		set(c, VCARD_TITLE);
	} else if (same(p->name, p->name_len, "UID")) {
		set(c, VCARD_UID);
	} else if (same(p->name, p->name_len, "REV")) {
		set(c, VCARD_REV);
	} else if (same(p->name, p->name_len, "NOTE")) {
		if (c->cell[VCARD_NOTE].len > 0)
			buf_ch(&c->cell[VCARD_NOTE], '\n');
		buf_add(&c->cell[VCARD_NOTE], c->part.data, c->part.len);
	} else if (same(p->name, p->name_len, "VERSION")) {
		c->v21 = str_eq(c->part.data, "2.1");
	} else if (same(p->name, p->name_len, "KIND") ||
	           same(p->name, p->name_len, "X-ADDRESSBOOKSERVER-KIND")) {
		c->group = strcasecmp(c->part.data, "group") == 0;
	}
}
