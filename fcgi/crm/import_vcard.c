/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_vcard.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fcgi/crm/import_text.h"
#include "shared/base/log.h"
#include "shared/base/str.h"

#define VALUE_MAX 200U
#define RANK_NONE 10000U /* nothing seen yet */
#define RANK_PLAIN 101U  /* behind every PREF (1 to 100) */
#define RANK_LAST 1000U  /* added for fax and pager */

const char *const import_vcard_header[VCARD_COLUMNS] = {
    "Email",
    "First name",
    "Last name",
    "Full name",
    "Phone",
    "Title",
    "Organization",
    "Categories",
    "Note",
    "UID",
    "Revision",
};

struct import_vcard {
	import_record_fn *fn;
	void *arg;
	bool stopped;
	uint64_t line, begin; /* physical line; that of the card's BEGIN */

	struct buf prop;       /* the property that is being unfolded, without the line ends */
	bool bol, cr, soft;    /* a line has just ended; with CR; with the = of quoted-printable */
	bool named, valued;    /* its name is known; its value has begun */
	bool quoted, skip, qp; /* in a quoted parameter; not wanted; quoted-printable */
	char tail;             /* the last byte seen of it */
	size_t colon;          /* where in prop its value begins, less one */

	bool in_card, v21, group, agent, wide, nul;
	unsigned depth; /* cards inside AGENT */
	unsigned email_rank, phone_rank;
	struct buf cell[VCARD_COLUMNS];
	struct buf bytes, value, part;
};

/* One property taken apart; everything points into prop. */
struct property {
	const char *name, *params, *value;
	size_t name_len, params_len, value_len;
};

struct import_vcard *
import_vcard_new(import_record_fn *fn, void *arg)
{
	struct import_vcard *v = calloc(1, sizeof *v);

	if (v == NULL)
		log_fatal("out of memory");
	v->fn = fn;
	v->arg = arg;
	v->line = 1;
	buf_init(&v->prop, IMPORT_CELL_MAX);
	for (size_t i = 0; i < VCARD_COLUMNS; i++)
		buf_init(&v->cell[i], IMPORT_CELL_MAX);
	/* Windows-1252 grows to three bytes at most */
	buf_init(&v->bytes, IMPORT_CELL_MAX);
	buf_init(&v->value, 3 * IMPORT_CELL_MAX + 16);
	buf_init(&v->part, 3 * IMPORT_CELL_MAX + 16);
	return v;
}

void
import_vcard_free(struct import_vcard *v)
{
	if (v == NULL)
		return;
	buf_free(&v->prop);
	for (size_t i = 0; i < VCARD_COLUMNS; i++)
		buf_free(&v->cell[i]);
	buf_free(&v->bytes);
	buf_free(&v->value);
	buf_free(&v->part);
	free(v);
}

static bool
same(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

static void
card_begin(struct import_vcard *v, uint64_t line)
{
	for (size_t i = 0; i < VCARD_COLUMNS; i++)
		buf_clear(&v->cell[i]);
	v->begin = line;
	v->in_card = true;
	v->v21 = v->group = v->agent = v->wide = v->nul = false;
	v->depth = 0;
	v->email_rank = v->phone_rank = RANK_NONE;
}

static void
card_end(struct import_vcard *v, const char *error)
{
	struct import_cell out[VCARD_COLUMNS];
	struct import_record rec = {.line = v->begin,
	    .cells = out,
	    .ncells = VCARD_COLUMNS,
	    .error = error};
	const struct buf *who = v->cell[VCARD_FULL].len > 0 ? &v->cell[VCARD_FULL]
	                                                    : &v->cell[VCARD_EMAIL];
	char value[VALUE_MAX + 1];
	size_t n = import_cut(who->data, who->len, VALUE_MAX);

	v->in_card = false;
	for (size_t i = 0; i < VCARD_COLUMNS; i++) {
		v->wide |= v->cell[i].overflow;
		out[i] = (struct import_cell){v->cell[i].data, v->cell[i].len};
	}
	if (rec.error == NULL && v->wide)
		rec.error = "A property of this card is longer than 64 KiB.";
	if (rec.error == NULL && v->nul)
		rec.error = "This card contains zero bytes: the file is damaged here.";
	if (rec.error == NULL && v->group)
		rec.error = "This card is a group, not a person.";
	if (rec.error != NULL) {
		memcpy(value, who->data, n);
		value[n] = '\0';
		rec.value = value;
		rec.ncells = 0;
	}
	v->stopped = !v->fn(v->arg, &rec);
}

/* ── parameters ──────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The next of `a;B=c;"d;e"` from *at: true with its bounds. */
static bool
next_param(const struct property *p, size_t *at, const char **s, size_t *len)
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
has_type(const struct property *p, const char *word)
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
param(const struct property *p, const char *name, const char **value, size_t *value_len)
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
rank(const struct property *p)
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

/* Quoted-printable (RFC 2045) and CHARSET into v->value, UTF-8. */
static void
decode(struct import_vcard *v, const struct property *p)
{
	enum import_encoding enc;
	struct import_text text;
	const char *s;
	char name[32];
	size_t len;

	buf_clear(&v->value);
	if (!has_type(p, "QUOTED-PRINTABLE")) {
		buf_add(&v->value, p->value, p->value_len);
		return;
	}
	buf_clear(&v->bytes);
	for (size_t i = 0; i < p->value_len; i++) {
		int hi = i + 2 < p->value_len ? hex(p->value[i + 1]) : -1;
		int lo = i + 2 < p->value_len ? hex(p->value[i + 2]) : -1;

		if (p->value[i] == '=' && hi >= 0 && lo >= 0) {
			/* a zero byte has no place in text */
			if (hi + lo > 0)
				buf_ch(&v->bytes, (char)(hi << 4 | lo));
			i += 2;
		} else {
			buf_ch(&v->bytes, p->value[i]);
		}
	}
	enc = import_text_detect(v->bytes.data, v->bytes.len);
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
	import_text_convert(&text, v->bytes.data, v->bytes.len, true, &v->value);
}

/*
 * The next component of v->value from *at up to an unescaped separator, unescaped, into v->part; false at the end.
 * vCard 2.1 escapes only separators, so that its backslashes are letters.
 */
static bool
next_part(struct import_vcard *v, size_t *at, char separator)
{
	const char *s = v->value.data;
	size_t i = *at;

	buf_clear(&v->part);
	if (i > v->value.len)
		return false;
	for (; i < v->value.len && s[i] != separator; i++) {
		char c = s[i], n = i + 1 < v->value.len ? s[i + 1] : '\0';

		if (c == '\\' && n != '\0' &&
		    (strchr("\\;,:", n) != NULL || (!v->v21 && (n == 'n' || n == 'N')))) {
			c = n == 'n' || n == 'N' ? '\n' : n;
			i++;
		}
		buf_ch(&v->part, c);
	}
	*at = i + 1;
	return true;
}

static void
set(struct import_vcard *v, enum import_vcard_column column)
{
	buf_clear(&v->cell[column]);
	buf_add(&v->cell[column], v->part.data, v->part.len);
}

/* As a cell of quoted names, the form in which Mailchimp writes tags. */
static void
add_categories(struct import_vcard *v)
{
	struct buf *b = &v->cell[VCARD_CATEGORIES];
	size_t at = 0;

	while (next_part(v, &at, ',')) {
		if (v->part.len == 0)
			continue;
		buf_str(b, b->len > 0 ? ",\"" : "\"");
		for (size_t i = 0; i < v->part.len; i++) {
			if (v->part.data[i] == '"')
				buf_ch(b, '"');
			buf_ch(b, v->part.data[i]);
		}
		buf_ch(b, '"');
	}
}

static void
set_phone(struct import_vcard *v)
{
	const char *s = v->part.data, *ext;

	if (strncasecmp(s, "tel:", 4) == 0) {
		/* RFC 3966: parameters follow the number; the extension belongs to it */
		s += 4;
		ext = strcasestr(s, ";ext=");
		buf_clear(&v->cell[VCARD_PHONE]);
		buf_add(&v->cell[VCARD_PHONE], s, strcspn(s, ";"));
		if (ext != NULL) {
			buf_str(&v->cell[VCARD_PHONE], " ext. ");
			buf_add(&v->cell[VCARD_PHONE], ext + 5, strcspn(ext + 5, ";"));
		}
		return;
	}
	set(v, VCARD_PHONE);
}

static void
name(struct import_vcard *v)
{
	size_t at = 0;

	if (next_part(v, &at, ';'))
		set(v, VCARD_LAST);
	if (next_part(v, &at, ';'))
		set(v, VCARD_FIRST);
}

/* Takes the whole value as one text. */
static void
whole(struct import_vcard *v)
{
	size_t at = 0;

	(void)next_part(v, &at, '\0');
}

static void
property(struct import_vcard *v, const struct property *p)
{
	unsigned r;

	if (has_type(p, "BASE64") || has_type(p, "B"))
		return;
	decode(v, p);
	if (same(p->name, p->name_len, "N")) {
		name(v);
		return;
	}
	if (same(p->name, p->name_len, "CATEGORIES")) {
		add_categories(v);
		return;
	}
	if (same(p->name, p->name_len, "ORG")) {
		size_t at = 0;

		if (next_part(v, &at, ';'))
			set(v, VCARD_ORG);
		return;
	}
	whole(v);
	r = rank(p);
	if (same(p->name, p->name_len, "EMAIL") && v->part.len > 0 && r < v->email_rank) {
		v->email_rank = r;
		set(v, VCARD_EMAIL);
	} else if (same(p->name, p->name_len, "TEL") && v->part.len > 0 && r < v->phone_rank) {
		v->phone_rank = r;
		set_phone(v);
	} else if (same(p->name, p->name_len, "FN")) {
		set(v, VCARD_FULL);
	} else if (same(p->name, p->name_len, "TITLE")) {
		set(v, VCARD_TITLE);
	} else if (same(p->name, p->name_len, "UID")) {
		set(v, VCARD_UID);
	} else if (same(p->name, p->name_len, "REV")) {
		set(v, VCARD_REV);
	} else if (same(p->name, p->name_len, "NOTE")) {
		if (v->cell[VCARD_NOTE].len > 0)
			buf_ch(&v->cell[VCARD_NOTE], '\n');
		buf_add(&v->cell[VCARD_NOTE], v->part.data, v->part.len);
	} else if (same(p->name, p->name_len, "VERSION")) {
		v->v21 = str_eq(v->part.data, "2.1");
	} else if (same(p->name, p->name_len, "KIND") ||
	           same(p->name, p->name_len, "X-ADDRESSBOOKSERVER-KIND")) {
		v->group = strcasecmp(v->part.data, "group") == 0;
	}
}

/* ── lines ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool
wanted(const char *s, size_t len)
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

/* Apple groups properties: item1.EMAIL. */
static size_t
group_prefix(const char *s, size_t len)
{
	const char *dot = memrchr(s, '.', len);

	return dot == NULL ? 0 : (size_t)(dot - s) + 1;
}

static void
property_reset(struct import_vcard *v)
{
	buf_clear(&v->prop);
	v->named = v->valued = v->quoted = v->skip = v->qp = v->soft = false;
	v->tail = '\0';
}

/* A whole property has been unfolded; `line` is the one on which it ended. */
static void
property_end(struct import_vcard *v)
{
	struct property p = {.name = v->prop.data};
	const char *colon = v->prop.data + v->colon;
	bool agent = v->agent;
	size_t skip;

	if (v->valued)
		v->agent = false;
	if (!v->valued || v->skip) {
		property_reset(v);
		return;
	}
	p.name_len = strcspn(v->prop.data, ";:");
	p.params = v->prop.data + p.name_len + (v->prop.data[p.name_len] == ';');
	p.params_len = (size_t)(colon - p.params);
	skip = group_prefix(p.name, p.name_len);
	p.name += skip;
	p.name_len -= skip;
	p.value = colon + 1;
	p.value_len = (size_t)(v->prop.data + v->prop.len - p.value);
	while (p.value_len > 0 &&
	       (p.value[p.value_len - 1] == ' ' || p.value[p.value_len - 1] == '\t'))
		p.value_len--;

	if (same(p.name, p.name_len, "BEGIN") && same(p.value, p.value_len, "VCARD")) {
		if (v->in_card && agent) {
			v->depth++;
		} else {
			if (v->in_card)
				card_end(v, "This card has no END:VCARD.");
			card_begin(v, v->line - 1);
		}
	} else if (same(p.name, p.name_len, "END") && same(p.value, p.value_len, "VCARD")) {
		if (v->in_card && v->depth > 0)
			v->depth--;
		else if (v->in_card)
			card_end(v, NULL);
	} else if (v->in_card && v->depth == 0) {
		v->agent = same(p.name, p.name_len, "AGENT");
		if (!v->agent) {
			v->wide |= v->prop.overflow;
			property(v, &p);
		}
	}
	property_reset(v);
}

/* One byte of a property that is not a line end. */
static void
property_byte(struct import_vcard *v, char c)
{
	if (c == '\0') {
		v->nul = true;
		return;
	}
	v->tail = c;
	if (!v->named && (c == ':' || c == ';')) {
		size_t skip = group_prefix(v->prop.data, v->prop.len);

		v->named = true;
		v->skip = !wanted(v->prop.data + skip, v->prop.len - skip);
	}
	if (v->valued) {
		if (!v->skip)
			buf_ch(&v->prop, c);
		return;
	}
	buf_ch(&v->prop, c);
	if (c == '"')
		v->quoted = v->named && !v->quoted;
	if (c == ':' && !v->quoted) {
		/* parameters longer than a cell may be are no parameters */
		v->skip |= v->prop.overflow;
		v->valued = true;
		v->colon = v->prop.len - 1;
		v->qp = strcasestr(v->prop.data, "QUOTED-PRINTABLE") != NULL;
		if (v->skip)
			buf_clear(&v->prop);
	}
}

static void
line_end(struct import_vcard *v)
{
	v->line++;
	/* a soft line break takes the = away */
	v->soft = v->qp && v->tail == '=';
	if (v->soft && !v->skip && !v->prop.overflow)
		v->prop.data[--v->prop.len] = '\0';
	v->tail = '\0';
	v->bol = true;
}

static void
byte(struct import_vcard *v, char c)
{
	if (c == '\n' && v->cr) {
		v->cr = false;
		return;
	}
	v->cr = c == '\r';
	if (v->bol && !v->soft) {
		v->bol = false;
		if (c == ' ' || c == '\t')
			return;
		property_end(v);
	}
	v->bol = v->soft = false;
	if (c == '\n' || c == '\r')
		line_end(v);
	else
		property_byte(v, c);
}

bool
import_vcard_feed(struct import_vcard *v, const char *utf8, size_t len)
{
	for (size_t i = 0; i < len && !v->stopped; i++)
		byte(v, utf8[i]);
	return !v->stopped;
}

bool
import_vcard_end(struct import_vcard *v)
{
	if (!v->stopped && !v->bol)
		v->line++;
	if (!v->stopped)
		property_end(v);
	if (!v->stopped && v->in_card)
		card_end(v, "This card has no END:VCARD.");
	return !v->stopped;
}
