/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <time.h>

#include "fcgi/crm/import_map_header.h"
#include "fcgi/crm/import_map_value.h"
#include "fcgi/crm/import_time.h"
#include "shared/base/str.h"

#define NONE SIZE_MAX
#define VALUE_MAX 200U /* bytes of a value in an issue */
#define DAY 86400
#define TAG_MAX 60U
#define CUSTOM_MAX 2000U
#define OTHERS_MAX 16U

struct import_map {
	const struct import_layout *l;
	struct import_options o;
	size_t column[IMPORT_FIELDS]; /* NONE: not mapped */
	size_t others
	    [2]
	    [OTHERS_MAX]; /* further addresses and numbers, for rows where the mapped one is empty */
	size_t nothers[2];
	size_t *custom; /* columns */
	const char **custom_key;
	size_t ncustom;
	bool status_time; /* the confirm time is that of the status, whichever it is */
};

/* ── the mapping ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool
is_status_time(const char *squashed)
{
	return str_eq(squashed, "consentat") || str_eq(squashed, "consentdate") ||
	       str_eq(squashed, "consenttime") || str_eq(squashed, "consenttimestamp");
}

/*
 * "E-mail 2" beside a mapped "E-mail 1", in the order of their ranks. Nobody has mapped them to anything else, and a
 * name that occurs twice is not among them: HubSpot's second "Phone Number" is the company's.
 */
static void
find_others(struct arena *a, struct import_map *m, const struct import_column *columns, size_t n,
    size_t which, enum import_field field)
{
	const struct import_known *k, *mapped;

	if (m->column[field] == NONE || m->l->headless)
		return;
	mapped = import_header_find(import_squash(a, m->l->header[m->column[field]]));
	if (mapped == NULL || mapped->field != field)
		return;
	for (unsigned rank = 1; rank < 10; rank++) {
		for (size_t i = 0; i < m->l->columns && m->nothers[which] < OTHERS_MAX; i++) {
			if (i < n && columns[i].field != IMPORT_IGNORE)
				continue;
			k = import_header_find(import_squash(a, m->l->header[i]));
			if (k != NULL && k != mapped && k->field == field &&
			    k->trust == IMPORT_OTHER && k->rank == rank)
				m->others[which][m->nothers[which]++] = i;
		}
	}
}

const struct import_map *
import_map_new(struct arena *a, const struct import_layout *l, const struct import_column *columns,
    size_t ncolumns, const struct import_options *o, const char **problem)
{
	struct import_map *m = arena_alloc(a, sizeof *m);
	struct import_column name;

	*problem = NULL;
	m->l = l;
	m->o = *o;
	if (m->o.now == 0)
		m->o.now = time(NULL);
	memset(m->column, 0xff, sizeof m->column);
	m->custom = arena_array(a, ncolumns, sizeof *m->custom);
	m->custom_key = arena_array(a, ncolumns, sizeof *m->custom_key);
	if (ncolumns > l->columns) {
		*problem = arena_printf(a, "The mapping has %zu columns, the file %zu.", ncolumns,
		    l->columns);
		return NULL;
	}
	for (size_t i = 0; i < ncolumns; i++) {
		const struct import_column *c = &columns[i];

		if (c->field == IMPORT_CUSTOM) {
			for (size_t k = 0; k < m->ncustom; k++)
				if (str_eq(m->custom_key[k], c->key))
					*problem = arena_printf(a,
					    "Two columns are mapped to the custom field %s.",
					    c->key);
			if (c->key == NULL ||
			    !import_column_parse(a, import_column_name(a, *c), &name))
				*problem = "A custom field has no valid key.";
			m->custom_key[m->ncustom] = c->key;
			m->custom[m->ncustom++] = i;
		} else if (c->field != IMPORT_IGNORE) {
			if (m->column[c->field] != NONE)
				*problem = arena_printf(a, "Two columns are mapped to %s.",
				    import_column_name(a, *c));
			m->column[c->field] = i;
		}
	}
	if (*problem == NULL && m->column[IMPORT_EMAIL] == NONE &&
	    m->column[IMPORT_FIRST_NAME] == NONE && m->column[IMPORT_LAST_NAME] == NONE &&
	    m->column[IMPORT_FULL_NAME] == NONE && m->column[IMPORT_PHONE] == NONE &&
	    m->column[IMPORT_ACCOUNT] == NONE)
		*problem =
		    "No column is mapped to an e-mail address, a name, a phone number or an account.";
	if (*problem != NULL)
		return NULL;
	find_others(a, m, columns, ncolumns, 0, IMPORT_EMAIL);
	find_others(a, m, columns, ncolumns, 1, IMPORT_PHONE);
	if (m->column[IMPORT_CONFIRM_TIME] != NONE)
		m->status_time = is_status_time(
		    import_squash(a, l->header[m->column[IMPORT_CONFIRM_TIME]]));
	return m;
}

/* ── one row ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct rowing {
	const struct import_map *m;
	struct arena *a;
	const struct import_record *rec;
	struct import_row *out;
	size_t error_cap, warning_cap;
};

static void
issue(struct rowing *r, struct import_issue **list, size_t *n, size_t *cap, size_t column,
    const char *value, const char *detail)
{
	if (*n == *cap) {
		struct import_issue *more = arena_array(r->a, *cap = *cap * 2 + 4, sizeof *more);

		if (*n > 0)
			memcpy(more, *list, *n * sizeof *more);
		*list = more;
	}
	value = value == NULL ? "" : value;
	(*list)[(*n)++] = (struct import_issue){
	    .column = column == NONE ? "" : r->m->l->header[column],
	    .value = arena_strndup(r->a, value, import_cut(value, strlen(value), VALUE_MAX)),
	    .detail = detail,
	};
}

static void
error(struct rowing *r, size_t column, const char *value, const char *detail)
{
	issue(r, &r->out->errors, &r->out->nerrors, &r->error_cap, column, value, detail);
}

static void
warning(struct rowing *r, size_t column, const char *value, const char *detail)
{
	issue(r, &r->out->warnings, &r->out->nwarnings, &r->warning_cap, column, value, detail);
}

static const char *
at(struct rowing *r, size_t column, enum import_text_kind kind)
{
	const struct import_cell *c;

	if (column >= r->rec->ncells) /* a ragged row, or NONE */
		return NULL;
	c = &r->rec->cells[column];
	return import_clean(r->a, c->text, c->len, kind);
}

static const char *
text(struct rowing *r, enum import_field field)
{
	return at(r, r->m->column[field], IMPORT_LINE);
}

/* The value if it is short enough; NULL and an error if not. Lengths are code points. */
static const char *
within(struct rowing *r, size_t column, const char *s, size_t max)
{
	size_t len = s == NULL ? 0 : strlen(s), n;

	if (len <= max)
		return s;
	n = utf8_length(s, len);
	if (n <= max)
		return s;
	error(r, column, s,
	    arena_printf(r->a, "This is too long: %zu characters, at most %zu are possible.", n,
	        max));
	return NULL;
}

/* The mapped column, or the first of the others that has something. */
static const char *
first_filled(struct rowing *r, enum import_field field, size_t which, size_t *column)
{
	const char *s = text(r, field);

	*column = r->m->column[field];
	for (size_t i = 0; s == NULL && i < r->m->nothers[which]; i++) {
		*column = r->m->others[which][i];
		s = at(r, *column, IMPORT_LINE);
	}
	return s;
}

static const char *
email(struct rowing *r)
{
	const char *display = NULL, *s;
	size_t column;

	s = first_filled(r, IMPORT_EMAIL, 0, &column);
	if (s == NULL)
		return NULL;
	switch (import_address(r->a, s, &r->out->email, &display)) {
	case IMPORT_ADDRESS_FIRST:
		warning(r, column, s, "There is more than one address here: the first was taken.");
		break;
	case IMPORT_ADDRESS_BAD:
		error(r, column, s, "This is not an e-mail address.");
		break;
	case IMPORT_ADDRESS_FORMULA:
		error(r, column, s, "This is a formula, not an e-mail address.");
		break;
	case IMPORT_ADDRESS_NONE:
	case IMPORT_ADDRESS_OK:
		break;
	}
	return display;
}

static void
names(struct rowing *r, const char *display)
{
	const size_t *column = r->m->column;
	size_t first = column[IMPORT_FIRST_NAME], last = column[IMPORT_LAST_NAME];
	const char *full;

	r->out->first_name = at(r, first, IMPORT_LINE);
	r->out->last_name = at(r, last, IMPORT_LINE);
	if (r->out->first_name == NULL && r->out->last_name == NULL) {
		full = text(r, IMPORT_FULL_NAME);
		first = last = full != NULL ? column[IMPORT_FULL_NAME] : column[IMPORT_EMAIL];
		full = full != NULL ? full : display;
		/* some programs write the address where they know no name */
		if (full != NULL && !str_eq(full, r->out->email))
			import_split_name(r->a, full, &r->out->first_name, &r->out->last_name);
	}
	r->out->first_name = within(r, first, r->out->first_name, 200);
	r->out->last_name = within(r, last, r->out->last_name, 200);
}

static void
phone(struct rowing *r)
{
	size_t column;
	const char *s = first_filled(r, IMPORT_PHONE, 1, &column);

	if (s == NULL)
		return;
	if (!import_phone(r->a, s, &r->out->phone))
		warning(r, column, s, "A spreadsheet has rounded this number: it was left out.");
	r->out->phone = within(r, column, r->out->phone, 60);
}

static void
tags(struct rowing *r)
{
	size_t column = r->m->column[IMPORT_TAGS];
	const char *s = at(r, column, IMPORT_LINES);

	if (s == NULL)
		return;
	r->out->ntags = import_tags(r->a, s, &r->out->tags);
	if (r->out->ntags > IMPORT_TAGS_MAX) {
		error(r, column, s, "There are more than 100 tags here.");
		r->out->ntags = IMPORT_TAGS_MAX;
	}
	for (size_t i = 0; i < r->out->ntags; i++)
		if ((r->out->tags[i] = within(r, column, r->out->tags[i], TAG_MAX)) == NULL)
			r->out->tags[i--] = r->out->tags[--r->out->ntags];
}

static void
custom(struct rowing *r)
{
	const struct import_map *m = r->m;

	if (m->ncustom > 0)
		r->out->custom = arena_array(r->a, m->ncustom, sizeof *r->out->custom);
	for (size_t i = 0; i < m->ncustom; i++) {
		const char *s = within(r, m->custom[i], at(r, m->custom[i], IMPORT_LINES),
		    CUSTOM_MAX);

		if (s != NULL)
			r->out->custom[r->out->ncustom++] = (struct import_pair){m->custom_key[i],
			    s};
	}
}

/* ── what the row says about consent ─────────────────────────────────────────────────────────────────────────────── */

/* "Mailchimp CONFIRM_TIME" */
static const char *
named_by(struct rowing *r, size_t column)
{
	const char *header = r->m->l->header[column];

	return r->m->o.tool == NULL ? header : arena_printf(r->a, "%s %s", r->m->o.tool, header);
}

/* A time that may count as evidence; of two readings the earlier, which frees nobody who declined in between. */
static bool
evidence_time(struct rowing *r, enum import_field field, int64_t *when)
{
	const char *s = text(r, field);
	int64_t latest;

	if (s == NULL)
		return false;
	switch (import_time_parse(s, r->m->o.dates, when, &latest)) {
	case IMPORT_TIME_NONE:
		return false;
	case IMPORT_TIME_BAD:
		warning(r, r->m->column[field], s,
		    "This cannot be read as a time: it is no evidence.");
		return false;
	case IMPORT_TIME_OK:
		break;
	}
	if (*when <= r->m->o.now + DAY)
		return true;
	warning(r, r->m->column[field], s, "This time is in the future: it is no evidence.");
	return false;
}

/* When somebody left, if that is known and possible; of two readings the later. */
static const char *
leaving_time(struct rowing *r, int64_t earliest, int64_t latest)
{
	int64_t limit = r->m->o.now + DAY;

	if (earliest > limit)
		return NULL;
	return import_time_text(r->a, latest > limit ? earliest : latest);
}

/* Whether one of the columns that say so says that the person has left. */
static bool
has_left(struct rowing *r, enum import_field field)
{
	const char *s = text(r, field);
	int64_t earliest, latest;
	bool yes;

	if (s == NULL)
		return false;
	if (import_bool_word(r->a, s, &yes))
		return yes;
	switch (import_time_parse(s, r->m->o.dates, &earliest, &latest)) {
	case IMPORT_TIME_NONE:
		return false;
	case IMPORT_TIME_OK:
		r->out->declined_at = leaving_time(r, earliest, latest);
		if (r->out->declined_at == NULL)
			warning(r, r->m->column[field], s,
			    "This time is in the future: it was not kept.");
		return true;
	case IMPORT_TIME_BAD:
		break;
	}
	if (field == IMPORT_OPTED_OUT) {
		error(r, r->m->column[field], s, "This is neither yes nor no.");
		return false;
	}
	warning(r, r->m->column[field], s,
	    "This cannot be read as a time: the contact is declined without one.");
	return true;
}

static void
declined(struct rowing *r, size_t by)
{
	r->out->status = IMPORT_DECLINED;
	if (r->out->evidence_source == NULL)
		r->out->evidence_source = by != NONE ? named_by(r, by) : "list of departures";
}

static void
consent(struct rowing *r)
{
	const size_t *column = r->m->column;
	const char *word = text(r, IMPORT_CONSENT_STATUS);
	enum import_status said = IMPORT_NONE;
	int64_t when = 0, latest;
	bool dated, left, out;
	size_t by = NONE;

	if (word != NULL && !import_status_word(r->a, word, &said))
		error(r, column[IMPORT_CONSENT_STATUS], word,
		    "This is not a consent status. Known are confirmed, pending, declined and common words for them, such as "
		    "subscribed and unsubscribed.");
	r->out->evidence_source = within(r, column[IMPORT_CONSENT_SOURCE],
	    text(r, IMPORT_CONSENT_SOURCE), CUSTOM_MAX);
	left = has_left(r, IMPORT_UNSUB_TIME);
	out = has_left(r, IMPORT_OPTED_OUT);
	if (left || out || r->m->o.departures || said == IMPORT_DECLINED) {
		const char *s = r->m->status_time ? text(r, IMPORT_CONFIRM_TIME) : NULL;

		if (said == IMPORT_DECLINED && r->out->declined_at == NULL && s != NULL &&
		    import_time_parse(s, r->m->o.dates, &when, &latest) == IMPORT_TIME_OK)
			r->out->declined_at = leaving_time(r, when, latest);
		if (left)
			by = column[IMPORT_UNSUB_TIME];
		else if (out)
			by = column[IMPORT_OPTED_OUT];
		else if (said == IMPORT_DECLINED)
			by = column[IMPORT_CONSENT_STATUS];
		declined(r, by);
		return;
	}
	r->out->status = said;
	if (said == IMPORT_PENDING)
		return;
	by = IMPORT_CONFIRM_TIME;
	dated = evidence_time(r, IMPORT_CONFIRM_TIME, &when);
	if (!dated) {
		by = IMPORT_OPTIN_TIME;
		dated = evidence_time(r, IMPORT_OPTIN_TIME, &when);
	}
	if (!dated)
		return;
	r->out->status = IMPORT_CONFIRMED;
	r->out->evidence_at = import_time_text(r->a, when);
	if (r->out->evidence_source == NULL)
		r->out->evidence_source = named_by(r, column[by]);
}

/* ── the whole ───────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A row of another shape than the table's; false: not worth looking further. */
static bool
shape(struct rowing *r)
{
	const struct import_record *rec = r->rec;
	const char *address, *display, *s;

	for (size_t i = r->m->l->columns; i < rec->ncells; i++) {
		if ((s = at(r, i, IMPORT_LINE)) != NULL) {
			error(r, NONE, s,
			    arena_printf(r->a, "This row has %zu cells, the header %zu.",
			        rec->ncells, r->m->l->columns));
			return false;
		}
	}
	if (rec->ncells > 1 || r->m->l->columns < 3)
		return true;
	/* the footer of a report, or a line that has lost its row; an address alone is enough for a contact */
	s = at(r, 0, IMPORT_LINE);
	if (s == NULL || import_address(r->a, s, &address, &display) == IMPORT_ADDRESS_OK)
		return true;
	error(r, NONE, s, "This line is not a row of the table.");
	return false;
}

void
import_map_row(const struct import_map *m, struct arena *a, const struct import_record *rec,
    struct import_row *out)
{
	struct rowing r = {.m = m, .a = a, .rec = rec, .out = out};

	*out = (struct import_row){.number = rec->number, .line = rec->line};
	if (rec->error != NULL) {
		error(&r, NONE, rec->value, rec->error);
		return;
	}
	if (!shape(&r))
		return;
	names(&r, email(&r));
	phone(&r);
	out->title = within(&r, m->column[IMPORT_TITLE], text(&r, IMPORT_TITLE), 200);
	out->account = within(&r, m->column[IMPORT_ACCOUNT], text(&r, IMPORT_ACCOUNT), 200);
	out->note = within(&r, m->column[IMPORT_NOTE], at(&r, m->column[IMPORT_NOTE], IMPORT_LINES),
	    20000);
	tags(&r);
	custom(&r);
	consent(&r);
	if (out->nerrors == 0 && out->email == NULL && out->first_name == NULL &&
	    out->last_name == NULL && out->phone == NULL && out->account == NULL)
		error(&r, NONE, NULL, "This is an empty row.");
}
