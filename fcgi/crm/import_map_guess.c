/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fcgi/crm/import_map_header.h"
#include "fcgi/crm/import_map_value.h"
#include "fcgi/crm/import_time.h"
#include "shared/base/str.h"

#define SHOWN_ROWS 5U
#define WARNINGS_MAX 16U

struct guess {
	struct arena *a;
	const struct import_layout *l;
	struct import_guess *out;
	const char **key;                  /* squashed header names */
	const struct import_known **known; /* what each means, NULL: nothing */
};

static void
warn(struct guess *g, const char *sentence)
{
	if (g->out->nwarnings < WARNINGS_MAX)
		g->out->warnings[g->out->nwarnings++] = sentence;
}

static bool
has(const struct guess *g, const char *key)
{
	for (size_t i = 0; i < g->l->columns; i++)
		if (strcmp(g->key[i], key) == 0)
			return true;
	return false;
}

/* The value of a sample row, NULL if empty. */
static const char *
value(const struct guess *g, size_t row, size_t column)
{
	const struct import_cells *c = &g->l->sample[row];

	return column < c->n
	           ? import_clean(g->a, c->cell[column], strlen(c->cell[column]), IMPORT_LINE)
	           : NULL;
}

struct tally {
	size_t filled, status, yes_no, times, addresses;
};

static struct tally
tally(const struct guess *g, size_t column)
{
	struct tally t = {0};

	for (size_t i = 0; i < g->l->nsample; i++) {
		const char *s = value(g, i, column), *address, *display;
		enum import_status status;
		int64_t from, to;
		bool yes;

		if (s == NULL)
			continue;
		t.filled++;
		t.status += import_status_word(g->a, s, &status);
		t.yes_no += import_bool_word(g->a, s, &yes);
		t.times += import_time_parse(s, g->out->dates, &from, &to) != IMPORT_TIME_BAD;
		switch (import_address(g->a, s, &address, &display)) {
		case IMPORT_ADDRESS_OK:
		case IMPORT_ADDRESS_FIRST:
			t.addresses++;
			break;
		case IMPORT_ADDRESS_NONE:
		case IMPORT_ADDRESS_BAD:
		case IMPORT_ADDRESS_FORMULA:
			break;
		}
	}
	return t;
}

/* What a column can be by its name and, where that is not enough, its values. */
static enum import_field
field_of(const struct guess *g, size_t column)
{
	const struct import_known *k = g->known[column];
	struct tally t;

	if (k == NULL)
		return IMPORT_IGNORE;
	/* "Title" is a form of address there, and "Account" an account of the mail program */
	if (str_eq(g->out->tool, "Outlook") &&
	    (strcmp(k->key, "title") == 0 || strcmp(k->key, "account") == 0))
		return IMPORT_IGNORE;
	if (k->trust == IMPORT_SURE || k->trust == IMPORT_OTHER)
		return k->field;
	t = tally(g, column);
	switch (k->trust) {
	case IMPORT_IF_STATUS:
		return t.filled > 0 && t.status == t.filled ? k->field : IMPORT_IGNORE;
	case IMPORT_IF_LEAVING:
		/* also without any value in the sample: the first may come later, and must not be lost */
		if (t.yes_no == t.filled)
			return IMPORT_OPTED_OUT;
		return t.times == t.filled ? IMPORT_UNSUB_TIME : IMPORT_IGNORE;
	case IMPORT_IF_JOINING:
		if (t.filled > 0 && t.status == t.filled)
			return IMPORT_CONSENT_STATUS;
		return t.filled > 0 && t.times == t.filled ? IMPORT_OPTIN_TIME : IMPORT_IGNORE;
	case IMPORT_SURE:
	case IMPORT_OTHER:
		break;
	}
	return IMPORT_IGNORE;
}

static size_t
column_of(const struct guess *g, enum import_field field)
{
	for (size_t i = 0; i < g->l->columns; i++)
		if (g->out->columns[i].field == field)
			return i;
	return g->l->columns;
}

/* One column for each field: the best name, the leftmost of equals. */
static void
choose(struct guess *g)
{
	size_t best[IMPORT_FIELDS];

	memset(best, 0xff, sizeof best);
	for (size_t i = 0; i < g->l->columns; i++) {
		enum import_field f = field_of(g, i);

		if (f != IMPORT_IGNORE &&
		    (best[f] == SIZE_MAX || g->known[i]->rank < g->known[best[f]]->rank))
			best[f] = i;
	}
	for (size_t f = IMPORT_IGNORE + 1; f < IMPORT_CUSTOM; f++)
		if (best[f] != SIZE_MAX)
			g->out->columns[best[f]].field = (enum import_field)f;
}

/* Our own export names custom fields custom.<key>. */
static void
choose_custom(struct guess *g)
{
	for (size_t i = 0; i < g->l->columns; i++) {
		const char *h = g->l->header[i];
		struct import_column c;
		bool again = false;

		if (g->out->columns[i].field != IMPORT_IGNORE || strncmp(h, "custom", 6) != 0 ||
		    (h[6] != '.' && h[6] != ':') ||
		    !import_column_parse(g->a, arena_printf(g->a, "custom:%s", h + 7), &c))
			continue;
		for (size_t k = 0; k < i; k++)
			again |= g->out->columns[k].field == IMPORT_CUSTOM &&
			         strcmp(g->out->columns[k].key, c.key) == 0;
		if (!again)
			g->out->columns[i] = c;
	}
}

/* No name says where the addresses are: the column that has most, if they are half of its values at least. */
static void
choose_by_addresses(struct guess *g)
{
	size_t best = g->l->columns, most = 0;

	if (column_of(g, IMPORT_EMAIL) < g->l->columns)
		return;
	for (size_t i = 0; i < g->l->columns; i++) {
		struct tally t;

		if (g->known[i] != NULL)
			continue;
		t = tally(g, i);
		if (t.addresses > most && 2 * t.addresses >= t.filled) {
			most = t.addresses;
			best = i;
		}
	}
	if (best < g->l->columns) {
		g->out->columns[best].field = IMPORT_EMAIL;
		if (!g->l->headless)
			warn(g,
			    arena_printf(g->a,
			        "The column “%.100s” was taken for the e-mail address because of its values.",
			        g->l->header[best]));
		return;
	}
	warn(g,
	    "No column with e-mail addresses was found: the contacts will be made without an address.");
}

static void
learn_dates(struct guess *g)
{
	for (size_t i = 0; i < g->l->columns; i++) {
		enum import_field f = g->known[i] == NULL ? IMPORT_IGNORE : g->known[i]->field;

		if (f < IMPORT_CONSENT_STATUS || f > IMPORT_OPTED_OUT)
			continue;
		for (size_t row = 0; row < g->l->nsample; row++) {
			const char *s = value(g, row, i);

			g->out->dates = s == NULL ? g->out->dates
			                          : import_time_learn(g->out->dates, s);
		}
	}
}

/* Mailchimp writes UNSUB_TIME into the file of those who have left, and there into every row. */
static bool
all_left(const struct guess *g)
{
	size_t column = column_of(g, IMPORT_UNSUB_TIME);

	if (column == g->l->columns || g->l->nsample == 0)
		return false;
	for (size_t i = 0; i < g->l->nsample; i++)
		if (value(g, i, column) == NULL)
			return false;
	return true;
}

static void
warn_file(struct guess *g)
{
	const struct import_layout *l = g->l;
	bool repeated = false;

	if (l->encoding == IMPORT_WINDOWS_1252)
		warn(g,
		    "The file is not UTF-8; it was read as Windows-1252. Look at the letters with accents below.");
	if (l->headless)
		warn(g,
		    "The first row looks like data, not like a header: say yourself what the columns are.");
	if (l->junk > 0)
		warn(g, arena_printf(g->a,
		            "The header is on line %llu; what stands before it was left out.",
		            (unsigned long long)l->header_line));
	for (size_t i = 0; i < l->columns; i++)
		for (size_t k = 0; k < i; k++)
			repeated |= *g->key[i] != '\0' && strcmp(g->key[i], g->key[k]) == 0;
	if (repeated)
		warn(g,
		    "Some columns have the same name. The first of each was taken, the others are ignored.");
}

/* Said aloud, because the page shows these columns as ignored. */
static void
warn_others(struct guess *g)
{
	size_t email = column_of(g, IMPORT_EMAIL);

	for (size_t i = 0; i < g->l->columns; i++) {
		if (email == g->l->columns || i == email || g->known[i] == NULL ||
		    g->known[email] == NULL || g->known[i] == g->known[email] ||
		    g->known[i]->field != IMPORT_EMAIL || g->known[i]->trust != IMPORT_OTHER)
			continue;
		warn(g,
		    arena_printf(g->a,
		        "Where “%.100s” is empty, the next column with an address is used, such as “%.100s”.",
		        g->l->header[email], g->l->header[i]));
		return;
	}
}

static void
warn_consent(struct guess *g)
{
	size_t n = g->l->columns;
	bool dated = column_of(g, IMPORT_OPTIN_TIME) < n || column_of(g, IMPORT_CONFIRM_TIME) < n;

	if (g->out->departures)
		warn(g,
		    "This looks like a list of people who have left: every contact in it will be declined.");
	else if (column_of(g, IMPORT_CONSENT_STATUS) < n && !dated)
		warn(g,
		    "No column says when people agreed: those marked as subscribed will still need confirming.");
	if (has(g, "marketingcontactstatus"))
		warn(g,
		    "“Marketing contact status” says whom HubSpot bills for, not who agreed: it was not used.");
	if (has(g, "donotcall"))
		warn(g,
		    "“Do not call” is about telephone calls: it does not change who may be mailed.");
}

void
import_guess(struct arena *a, const struct import_layout *l, const char *filename,
    struct import_guess *out)
{
	struct guess g = {.a = a, .l = l, .out = out};

	*out = (struct import_guess){0};
	out->columns = arena_array(a, l->columns, sizeof *out->columns);
	out->warnings = arena_array(a, WARNINGS_MAX, sizeof *out->warnings);
	g.key = arena_array(a, l->columns, sizeof *g.key);
	g.known = arena_array(a, l->columns, sizeof *g.known);
	for (size_t i = 0; i < l->columns; i++) {
		g.key[i] = import_squash(a, l->header[i]);
		g.known[i] = l->headless ? NULL : import_header_find(g.key[i]);
	}
	if (l->format == IMPORT_CSV && !l->headless)
		out->tool = import_tool(g.key, l->columns);
	learn_dates(&g);
	warn_file(&g);
	choose(&g);
	choose_custom(&g);
	choose_by_addresses(&g);
	warn_others(&g);
	out->departures = import_departures(a, filename) || all_left(&g);
	warn_consent(&g);
}

static void
json_texts(struct buf *b, const char *name, const char *const *texts, size_t n)
{
	buf_printf(b, ",\"%s\":[", name);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_ch(b, ',');
		buf_json(b, texts[i], strlen(texts[i]));
	}
	buf_ch(b, ']');
}

void
import_guess_json(struct arena *a, const struct import_layout *l, const struct import_guess *g,
    struct buf *b)
{
	const char separator[2] = {l->separator, '\0'}, **keys, **labels;

	import_suggest_custom(a, l, &keys, &labels);
	buf_str(b, "{\"tool\":");
	if (g->tool != NULL)
		buf_json(b, g->tool, strlen(g->tool));
	else
		buf_str(b, "null");
	buf_printf(b, ",\"format\":\"%s\",\"encoding\":\"%s\",\"separator\":",
	    l->format == IMPORT_VCARD ? "vcard" : "csv", import_encoding_name(l->encoding));
	if (l->format == IMPORT_VCARD)
		buf_str(b, "null");
	else
		buf_json(b, separator, 1);
	buf_printf(b, ",\"departures\":%s", g->departures ? "true" : "false");
	json_texts(b, "header", l->header, l->columns);
	json_texts(b, "warnings", g->warnings, g->nwarnings);
	buf_str(b, ",\"sample\":[");
	for (size_t row = 0; row < l->nsample && row < SHOWN_ROWS; row++) {
		buf_str(b, row > 0 ? ",[" : "[");
		for (size_t i = 0; i < l->columns; i++) {
			const char *s = i < l->sample[row].n ? l->sample[row].cell[i] : "";

			if (i > 0)
				buf_ch(b, ',');
			buf_json(b, s, import_cut(s, strlen(s), 200));
		}
		buf_ch(b, ']');
	}
	buf_str(b, "],\"mapping\":[");
	for (size_t i = 0; i < l->columns; i++) {
		const char *field = import_column_name(a, g->columns[i]);

		buf_printf(b, "%s{\"column\":%zu,\"field\":\"%s\"}", i > 0 ? "," : "", i, field);
	}
	buf_str(b, "],\"custom\":[");
	for (size_t i = 0; i < l->columns; i++) {
		buf_printf(b, "%s{\"key\":\"%s\",\"label\":", i > 0 ? "," : "", keys[i]);
		buf_json(b, labels[i], strlen(labels[i]));
		buf_ch(b, '}');
	}
	buf_str(b, "]}");
}
