/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_rows.h"

#include <string.h>
#include <strings.h>

#include "fcgi/crm/import_map.h"
#include "fcgi/crm/import_vcard.h"
#include "shared/base/str.h"

#define TOP_ROWS 20U     /* the header is looked for among these */
#define SHOWN_CELL 1000U /* bytes kept of a sample cell */
#define ROWS_MAX (IMPORT_SAMPLE_ROWS + TOP_ROWS)

/* The rows of the sample as one separator makes them. */
struct table {
	struct arena *arena;
	size_t nrows, errors;
	struct {
		uint64_t line;
		struct import_cells cells;
	} row[ROWS_MAX];
};

static bool
table_row(void *arg, const struct import_record *rec)
{
	struct table *t = arg;
	struct import_cells *c = &t->row[t->nrows].cells;

	if (rec->error != NULL) {
		t->errors++;
		return true;
	}
	t->row[t->nrows++].line = rec->line;
	c->n = rec->ncells;
	c->cell = arena_array(t->arena, rec->ncells, sizeof *c->cell);
	for (size_t i = 0; i < rec->ncells; i++) {
		const char *s = rec->cells[i].text;

		c->cell[i] = arena_strndup(t->arena, s,
		    import_cut(s, rec->cells[i].len, SHOWN_CELL));
	}
	return t->nrows < ROWS_MAX;
}

static void
table_read(struct table *t, const struct buf *text, bool whole, const struct import_layout *l)
{
	struct import_csv *csv = NULL;
	struct import_vcard *vcard = NULL;
	bool go = true;

	t->nrows = t->errors = 0;
	if (l->format == IMPORT_VCARD)
		vcard = import_vcard_new(table_row, t);
	else
		csv = import_csv_new(&(struct import_dialect){l->separator, l->bare_cr, 0, 0},
		    table_row, t);
	for (size_t at = 0, n; go && at < text->len; at += n) {
		/* may cut a character: here no cell is looked at before it is complete */
		n = text->len - at < IMPORT_SLICE_MAX ? text->len - at : IMPORT_SLICE_MAX;
		go = csv != NULL ? import_csv_feed(csv, text->data + at, n)
		                 : import_vcard_feed(vcard, text->data + at, n);
	}
	if (go && whole)
		(void)(csv != NULL ? import_csv_end(csv) : import_vcard_end(vcard));
	import_csv_free(csv);
	import_vcard_free(vcard);
}

static bool
blank(unsigned char c)
{
	return c <= ' ';
}

static size_t
known_cells(struct arena *a, const struct import_cells *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += import_header_known(import_squash(a, c->cell[i]));
	return n;
}

static bool
has_address(const struct import_cells *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *s = c->cell[i];
		size_t len = strlen(s);

		while (len > 0 && blank((unsigned char)*s)) {
			s++;
			len--;
		}
		while (len > 0 && blank((unsigned char)s[len - 1]))
			len--;
		if (email_plausible(s, len))
			return true;
	}
	return false;
}

/* How much like a table the rows are: known header names count most, then that all rows have the same width. */
static unsigned
judge(const struct table *t)
{
	size_t best = 0, width = 0, hits = 0, total = t->nrows + t->errors;

	for (size_t i = 0; i < t->nrows; i++) {
		size_t same = 0, known = i < TOP_ROWS ? known_cells(t->arena, &t->row[i].cells) : 0;

		for (size_t j = 0; j < t->nrows; j++)
			same += t->row[j].cells.n == t->row[i].cells.n;
		if (t->row[i].cells.n > 1 && same > best) {
			best = same;
			width = t->row[i].cells.n;
		}
		if (known > hits)
			hits = known;
	}
	if (total == 0)
		return 0;
	return (unsigned)(50 * hits + 100 * best / total + (width > 20 ? 20 : width));
}

static char
separator_of(struct arena *scratch, const struct buf *text, bool whole,
    const struct import_layout *l)
{
	static const char candidate[] = {',', ';', '\t', '|'};
	struct import_layout as = *l;
	struct table *t = arena_alloc(scratch, sizeof *t);
	unsigned best = 0;
	char found = ',';

	t->arena = scratch;
	for (size_t i = 0; i < NELEMS(candidate); i++) {
		unsigned score;

		as.separator = candidate[i];
		table_read(t, text, whole, &as);
		score = judge(t);
		if (score > best) {
			best = score;
			found = candidate[i];
		}
	}
	return found;
}

/* A file in which most line ends are a CR alone, as old Macintosh programs write them. */
static bool
bare_cr(const struct buf *text)
{
	size_t cr = 0, lf = 0;

	for (size_t i = 0; i < text->len; i++) {
		lf += text->data[i] == '\n';
		cr += text->data[i] == '\r' && text->data[i + 1] != '\n' && i + 1 < text->len;
	}
	return cr > lf || lf == 0;
}

/*
 * Which row is the header: the one with most known names (two at least, or one before any row with an address); else,
 * if the first row has an address, none; else the widest before the first row with an address. nrows: none.
 */
static size_t
find_header(struct arena *scratch, const struct table *t, size_t first)
{
	size_t top = t->nrows < first + TOP_ROWS ? t->nrows : first + TOP_ROWS;
	size_t data = top, best = top, hits = 0, widest = first;

	for (size_t i = first; i < top; i++) {
		const struct import_cells *c = &t->row[i].cells;
		size_t known;

		if (has_address(c)) {
			if (data == top)
				data = i;
			continue;
		}
		known = known_cells(scratch, c);
		if (known > hits && (known > 1 || data == top)) {
			hits = known;
			best = i;
		}
		if (data == top && c->n > t->row[widest].cells.n)
			widest = i;
	}
	if (best < top)
		return best;
	return data == first ? t->nrows : widest;
}

static const char *
trimmed(struct arena *a, const char *s)
{
	size_t len = strlen(s);
	char *out;

	while (len > 0 && blank((unsigned char)*s)) {
		s++;
		len--;
	}
	while (len > 0 && blank((unsigned char)s[len - 1]))
		len--;
	out = arena_strndup(a, s, len);
	for (char *p = out; *p != '\0'; p++)
		if (blank((unsigned char)*p))
			*p = ' ';
	return out;
}

/* Takes the table apart into header and sample rows. */
static void
describe(struct arena *a, const struct table *t, size_t head, struct import_layout *l)
{
	size_t from = head < t->nrows ? head + 1 : 0;

	l->headless = head == t->nrows;
	if (l->headless) {
		for (size_t i = 0; i < t->nrows; i++)
			if (t->row[i].cells.n > l->columns)
				l->columns = t->row[i].cells.n;
	} else {
		l->header_line = t->row[head].line;
		l->columns = t->row[head].cells.n;
		l->junk = head;
	}
	l->header = arena_array(a, l->columns, sizeof *l->header);
	for (size_t i = 0; i < l->columns; i++)
		l->header[i] = l->headless ? arena_printf(a, "Column %zu", i + 1)
		                           : trimmed(a, t->row[head].cells.cell[i]);
	l->sample = arena_array(a, IMPORT_SAMPLE_ROWS, sizeof *l->sample);
	for (size_t i = from; i < t->nrows && l->nsample < IMPORT_SAMPLE_ROWS; i++)
		l->sample[l->nsample++] = t->row[i].cells;
}

static bool
starts(const struct buf *text, const char *word)
{
	size_t i = 0;

	while (i < text->len && blank((unsigned char)text->data[i]))
		i++;
	return strncasecmp(text->data + i, word, strlen(word)) == 0;
}

/* What is no table at all, and what to do instead. */
static const char *
no_table(const char *sample, size_t len, const struct buf *text)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *problem;
	} binary[] = {
	    {"PK\003\004", 4,
	        "This is an Excel workbook or a ZIP archive. Save the sheet as CSV, or unpack the archive, and send that."},
	    {"\xd0\xcf\x11\xe0", 4,
	        "This is an old Excel workbook. Save the sheet as CSV and send that."},
	    {"%PDF", 4, "This is a PDF. Export the contacts as CSV or vCard and send that."},
	    {"\x1f\x8b", 2, "This file is compressed. Unpack it and send what is inside."},
	};

	for (size_t i = 0; i < NELEMS(binary); i++)
		if (len >= binary[i].len && memcmp(sample, binary[i].magic, binary[i].len) == 0)
			return binary[i].problem;
	if (starts(text, "<!doctype") || starts(text, "<html") || starts(text, "<?xml"))
		return "This is a web page or XML, not a table. Export the contacts as CSV or vCard and send that.";
	if (starts(text, "{") || starts(text, "[{"))
		return "This is JSON, not a table. Export the contacts as CSV or vCard and send that.";
	return NULL;
}

static void
layout_csv(struct arena *a, struct arena *scratch, const struct buf *text, bool whole,
    char separator, struct import_layout *out)
{
	struct table *t = arena_alloc(scratch, sizeof *t);
	bool sep_line = text->len > 5 && strncasecmp(text->data, "sep=", 4) == 0 &&
	                (text->data[5] == '\r' || text->data[5] == '\n');

	out->bare_cr = bare_cr(text);
	if (separator == '\0' && sep_line)
		separator = text->data[4]; /* Excel's own way to say it */
	out->separator = separator != '\0' ? separator : separator_of(scratch, text, whole, out);
	t->arena = a;
	table_read(t, text, whole, out);
	if (t->nrows > sep_line)
		describe(a, t, find_header(scratch, t, sep_line), out);
}

static void
layout_vcard(struct arena *a, struct arena *scratch, const struct buf *text, bool whole,
    struct import_layout *out)
{
	struct table *t = arena_alloc(scratch, sizeof *t);

	t->arena = a;
	table_read(t, text, whole, out);
	out->columns = VCARD_COLUMNS;
	out->header = arena_array(a, VCARD_COLUMNS, sizeof *out->header);
	memcpy(out->header, import_vcard_header, sizeof import_vcard_header);
	out->sample = arena_array(a, IMPORT_SAMPLE_ROWS, sizeof *out->sample);
	for (size_t i = 0; i < t->nrows && out->nsample < IMPORT_SAMPLE_ROWS; i++)
		out->sample[out->nsample++] = t->row[i].cells;
}

const char *
import_layout(struct arena *a, const char *sample, size_t len, bool whole,
    const struct import_override *set, struct import_layout *out)
{
	struct arena *scratch = arena_new();
	struct import_text text;
	struct buf utf8;
	const char *problem;

	if (len > IMPORT_SAMPLE_MAX) {
		len = IMPORT_SAMPLE_MAX;
		whole = false;
	}
	*out = (struct import_layout){.encoding = import_text_detect(sample, len)};
	if (set != NULL)
		(void)import_encoding_parse(set->encoding, &out->encoding);
	import_text_init(&text, out->encoding);
	buf_init(&utf8, 3 * IMPORT_SAMPLE_MAX + 16);
	import_text_convert(&text, sample, len, whole, &utf8);

	problem = no_table(sample, len, &utf8);
	if (problem == NULL && starts(&utf8, "BEGIN:VCARD")) {
		out->format = IMPORT_VCARD;
		layout_vcard(a, scratch, &utf8, whole, out);
	} else if (problem == NULL) {
		layout_csv(a, scratch, &utf8, whole, set != NULL ? set->separator : '\0', out);
		if (out->columns == 0)
			problem =
			    whole
			        ? "There are no rows in this file."
			        : "The first row of this file is longer than 64 KiB: it is no table that can be read.";
	}
	buf_free(&utf8);
	arena_free(scratch);
	return problem;
}
