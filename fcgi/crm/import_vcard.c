/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_vcard.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fcgi/crm/import_rows_card.h"
#include "shared/base/log.h"
#include "shared/base/str.h"

#define VALUE_MAX 200U

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

	bool in_card, agent, wide, nul;
	unsigned depth; /* cards inside AGENT */
	struct card card;
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
	card_init(&v->card);
	return v;
}

void
import_vcard_free(struct import_vcard *v)
{
	if (v == NULL)
		return;
	buf_free(&v->prop);
	card_done(&v->card);
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
	card_clear(&v->card);
	v->begin = line;
	v->in_card = true;
	v->agent = v->wide = v->nul = false;
	v->depth = 0;
}

static void
card_end(struct import_vcard *v, const char *error)
{
	struct import_cell out[VCARD_COLUMNS];
	struct import_record rec = {.line = v->begin,
	    .cells = out,
	    .ncells = VCARD_COLUMNS,
	    .error = error};
	const struct buf *who = v->card.cell[VCARD_FULL].len > 0 ? &v->card.cell[VCARD_FULL]
	                                                         : &v->card.cell[VCARD_EMAIL];
	char value[VALUE_MAX + 1];
	size_t n = import_cut(who->data, who->len, VALUE_MAX);

	v->in_card = false;
	for (size_t i = 0; i < VCARD_COLUMNS; i++) {
		v->wide |= v->card.cell[i].overflow;
		out[i] = (struct import_cell){v->card.cell[i].data, v->card.cell[i].len};
	}
	if (rec.error == NULL && v->wide)
		rec.error = "A property of this card is longer than 64 KiB.";
	if (rec.error == NULL && v->nul)
		rec.error = "This card contains zero bytes: the file is damaged here.";
	if (rec.error == NULL && v->card.group)
		rec.error = "This card is a group, not a person.";
	if (rec.error != NULL) {
		memcpy(value, who->data, n);
		value[n] = '\0';
		rec.value = value;
		rec.ncells = 0;
	}
	v->stopped = !v->fn(v->arg, &rec);
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
	struct card_property p = {.name = v->prop.data};
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
			card_add(&v->card, &p);
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
		v->skip = !card_wants(v->prop.data + skip, v->prop.len - skip);
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

/* Inside a value: all up to the end of its line at once. */
static size_t
value_run(struct import_vcard *v, const char *s, size_t len)
{
	size_t n = 0;

	if (v->bol || !v->valued)
		return 0;
	while (n < len && s[n] != '\n' && s[n] != '\r' && s[n] != '\0')
		n++;
	if (n == 0)
		return 0;
	v->cr = false;
	v->tail = s[n - 1];
	if (!v->skip)
		buf_add(&v->prop, s, n);
	return n;
}

bool
import_vcard_feed(struct import_vcard *v, const char *utf8, size_t len)
{
	for (size_t i = 0, n; i < len && !v->stopped; i += n) {
		n = value_run(v, utf8 + i, len - i);
		if (n > 0)
			continue;
		byte(v, utf8[i]);
		n = 1;
	}
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
