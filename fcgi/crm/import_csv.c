/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_csv.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/log.h"
#include "shared/base/str.h"

/* Reading lines again after a lost quote stays linear in the size of the file. */
#define RESCAN_BASE (4U * 1024U * 1024U)
#define VALUE_MAX 200U

enum state {
	START, /* before the first letter of a cell */
	PLAIN,
	QUOTED,
	QUOTE,  /* a quotation mark was seen in a quoted cell */
	AFTER,  /* blanks behind it */
	DISCARD /* to the end of this line */
};

/* Offsets from the start of the record. */
struct span {
	uint32_t start, end;
	bool quoted;
};

struct import_csv {
	struct import_dialect d;
	import_record_fn *fn;
	void *arg;
	struct buf text;      /* from the start of the record that is being read */
	size_t rec, at, cell; /* offsets in text: start of record, next byte, start of cell */
	size_t
	    strict; /* up to here lines are rows only with exactly the header's number of cells */
	enum state state;
	bool lazy;                /* this cell has a quote that is not doubled */
	bool lost;                /* and a line end behind it */
	bool cell_folded, folded; /* this cell, this record has a line end inside quotes */
	bool record_lazy, wide;
	bool stopped;
	size_t ncells;
	uint64_t line, fed, rescanned;
	struct span span[IMPORT_CELLS_MAX];
	struct import_cell out[IMPORT_CELLS_MAX];
};

size_t
import_cut(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

struct import_csv *
import_csv_new(const struct import_dialect *d, import_record_fn *fn, void *arg)
{
	struct import_csv *c = malloc(sizeof *c);

	if (c == NULL)
		log_fatal("out of memory");
	/* the two big arrays need no zeroes */
	memset(c, 0, offsetof(struct import_csv, span));
	c->d = *d;
	c->fn = fn;
	c->arg = arg;
	c->line = 1;
	buf_init(&c->text, IMPORT_RECORD_MAX + 2 * IMPORT_SLICE_MAX);
	return c;
}

void
import_csv_free(struct import_csv *c)
{
	if (c == NULL)
		return;
	buf_free(&c->text);
	free(c);
}

/* Offset behind the first line end in [from, to), or 0. */
static size_t
next_line(const struct import_csv *c, size_t from, size_t to)
{
	const char *s = c->text.data;

	for (size_t i = from; i < to; i++) {
		if (s[i] == '\n')
			return i + 1;
		if (s[i] == '\r' && c->d.bare_cr)
			return i + 1 < to && s[i + 1] == '\n' ? i + 2 : i + 1;
	}
	return 0;
}

static uint64_t
count_lines(const struct import_csv *c, size_t from, size_t to)
{
	uint64_t n = 0;

	while ((from = next_line(c, from, to)) != 0)
		n++;
	return n;
}

static void
record_reset(struct import_csv *c, size_t next)
{
	c->rec = c->at = c->cell = next;
	c->state = START;
	c->ncells = 0;
	c->lazy = c->lost = c->cell_folded = c->folded = c->record_lazy = c->wide = false;
}

static void
emit_error(struct import_csv *c, const char *detail)
{
	const char *s = c->text.data + c->rec;
	char value[VALUE_MAX + 1];
	size_t n = 0;
	struct import_record rec = {.line = c->line, .error = detail, .value = value};

	while (c->rec + n < c->text.len && n <= VALUE_MAX && s[n] != '\n' && s[n] != '\r')
		n++;
	n = import_cut(s, n, VALUE_MAX);
	for (size_t i = 0; i < n; i++)
		value[i] = s[i] == '\0' ? ' ' : s[i];
	value[n] = '\0';
	c->stopped = !c->fn(c->arg, &rec);
}

/*
 * The record has a quote that is never closed, at least not before `end`. Its first line is an error; the lines up to
 * `strict` are read again, those that have another number of cells than the header are taken for what they look like,
 * pieces of the broken cell.
 */
static void
broken(struct import_csv *c, size_t end, size_t strict)
{
	size_t next = next_line(c, c->rec, end);
	bool again = next != 0 && c->rescanned <= RESCAN_BASE + 2 * c->fed;

	if (next == 0 || next >= end)
		emit_error(c, "The quotation marks in this row do not fit together.");
	else if (again)
		emit_error(c,
		    "A quotation mark in this row is not closed. The lines after it were read one by one; those that "
		    "are no whole rows were left out.");
	else
		emit_error(c,
		    "A quotation mark in this row is not closed, as in many rows before: the lines that it swallows are "
		    "lost.");
	if (again) {
		c->rescanned += end - next;
		if (strict > c->strict)
			c->strict = strict;
		c->line++;
		record_reset(c, next);
		return;
	}
	c->line += count_lines(c, c->rec, end);
	record_reset(c, end);
	c->state = DISCARD;
}

/* Whether a line behind the first of the record [rec, end) has as many separators as a whole row. */
static bool
holds_rows(const struct import_csv *c, size_t end)
{
	const char *s = c->text.data;
	size_t from = c->rec, to;

	while ((from = next_line(c, from, end)) != 0 && from < end) {
		size_t n = 0;

		to = next_line(c, from, end);
		for (size_t i = from; i < (to == 0 ? end : to); i++)
			n += s[i] == c->d.separator;
		if (n + 1 >= c->d.columns)
			return true;
	}
	return false;
}

/* Takes the quotes off [*start, end) where it lies; returns the new length. */
static size_t
unquote(char *s, size_t *start, size_t end)
{
	char *in, *last, *out;

	while (s[*start] != '"')
		(*start)++;
	while (s[end - 1] != '"')
		end--;
	in = out = s + ++*start;
	last = s + end - 1;
	while (in < last) {
		if (*in == '"' && in + 1 < last && in[1] == '"')
			in++;
		*out++ = *in++;
	}
	return (size_t)(out - (s + *start));
}

static void
emit(struct import_csv *c)
{
	struct import_record rec = {.line = c->line, .cells = c->out, .ncells = c->ncells};
	char *s = c->text.data + c->rec;

	for (size_t i = 0; i < c->ncells; i++) {
		size_t start = c->span[i].start, len = c->span[i].end - start;

		if (c->span[i].quoted)
			len = unquote(s, &start, c->span[i].end);
		s[start + len] = '\0';
		c->out[i] = (struct import_cell){s + start, len};
	}
	c->stopped = !c->fn(c->arg, &rec);
}

static bool
blank(const struct import_csv *c)
{
	const char *s = c->text.data + c->rec;

	if (c->ncells != 1 || c->span[0].quoted)
		return false;
	for (size_t i = c->span[0].start; i < c->span[0].end; i++)
		if ((unsigned char)s[i] > ' ')
			return false;
	return true;
}

/* The record ends at `end`, the next begins at `next`. */
static void
record_end(struct import_csv *c, size_t end, size_t next)
{
	bool shaped = c->d.columns > 0 && c->line > c->d.header_line;
	bool odd = shaped && c->ncells != c->d.columns;

	if (odd && c->folded && c->d.columns > 1 && holds_rows(c, next)) {
		broken(c, next, next);
		return;
	}
	if (!blank(c) && !(odd && c->rec < c->strict)) {
		if (c->ncells > IMPORT_CELLS_MAX)
			emit_error(c, "This row has more than 4096 cells.");
		else if (c->wide)
			emit_error(c, "A cell in this row is longer than 64 KiB.");
		else if (odd && c->record_lazy)
			emit_error(c, "The quotation marks in this row do not fit together.");
		else if (memchr(c->text.data + c->rec, '\0', end - c->rec) != NULL)
			emit_error(c, "This row contains zero bytes: the file is damaged here.");
		else {
			/* counted before the line ends inside quotes may be moved by emit() */
			uint64_t lines = c->folded ? count_lines(c, c->rec, next) : 1;

			emit(c);
			c->line += lines;
			record_reset(c, next);
			return;
		}
	}
	c->line += c->folded ? count_lines(c, c->rec, next) : 1;
	record_reset(c, next);
}

static void
cell_end(struct import_csv *c, bool quoted)
{
	if (c->ncells < IMPORT_CELLS_MAX)
		c->span[c->ncells] = (struct span){(uint32_t)(c->cell - c->rec),
		    (uint32_t)(c->at - c->rec), quoted};
	c->ncells++;
	c->wide |= c->at - c->cell > IMPORT_CELL_MAX;
	c->record_lazy |= c->lazy;
	c->lazy = c->cell_folded = false;
	c->state = START;
}

/* Length of the line end at c->at, 0 for none; -1: the byte that decides has not come yet. */
static int
line_end(const struct import_csv *c, bool last)
{
	const char *s = c->text.data;

	if (s[c->at] == '\n')
		return 1;
	if (s[c->at] != '\r')
		return 0;
	if (c->at + 1 == c->text.len)
		return last ? 1 : -1;
	return s[c->at + 1] == '\n' ? 2 : c->d.bare_cr;
}

/* Inside quotes up to the next quotation mark. A new line behind a stray quote means that the cell was never closed. */
static void
scan_quoted(struct import_csv *c)
{
	const char *s = c->text.data;

	for (; c->at < c->text.len; c->at++) {
		if (c->lost && s[c->at] != '\n') {
			broken(c, c->at, 0);
			return;
		}
		if (s[c->at] == '"')
			break;
		if (s[c->at] == '\n' || (s[c->at] == '\r' && c->d.bare_cr)) {
			c->cell_folded = c->folded = true;
			c->lost = c->lazy;
		}
	}
	if (c->at < c->text.len) {
		c->at++;
		c->state = QUOTE;
	}
}

/* A quotation mark that neither ends the cell nor is doubled. */
static void
stray_quote(struct import_csv *c)
{
	size_t line = c->rec, next;

	if (c->cell_folded) {
		while ((next = next_line(c, line, c->at)) != 0)
			line = next;
		broken(c, c->at, line);
		return;
	}
	c->lazy = true;
	c->state = QUOTED;
}

/* One byte outside quotes, or behind one. false: it must wait for the next. */
static bool
scan_byte(struct import_csv *c, bool last)
{
	char ch = c->text.data[c->at];
	int eol = line_end(c, last);

	if (eol < 0)
		return false;
	if (ch == c->d.separator && c->state != DISCARD) {
		cell_end(c, c->state == QUOTE || c->state == AFTER);
		c->cell = ++c->at;
		return true;
	}
	if (eol > 0 && c->state == DISCARD) {
		c->line++;
		record_reset(c, c->at + (size_t)eol);
		return true;
	}
	if (eol > 0) {
		cell_end(c, c->state == QUOTE || c->state == AFTER);
		record_end(c, c->at, c->at + (size_t)eol);
		return true;
	}
	if (c->state == START && ch == '"')
		c->state = QUOTED;
	else if (c->state == START && ch != ' ' && ch != '\t')
		c->state = PLAIN;
	else if (c->state == QUOTE && ch == '"')
		c->state = QUOTED;
	else if ((c->state == QUOTE || c->state == AFTER) &&
	         (ch == ' ' || ch == '\t' || ch == '\r'))
		c->state = AFTER;
	else if (c->state == QUOTE || c->state == AFTER) {
		/* read again as the text that it is */
		stray_quote(c);
		return true;
	}
	c->at++;
	return true;
}

static void
scan(struct import_csv *c, bool last)
{
	while (!c->stopped && c->at < c->text.len) {
		if (c->state == QUOTED) {
			scan_quoted(c);
			continue;
		}
		if (c->state == PLAIN || c->state == DISCARD) {
			const char *s = c->text.data;
			char sep = c->state == PLAIN ? c->d.separator : '\n';
			size_t i = c->at;

			while (i < c->text.len && s[i] != sep && s[i] != '\n' && s[i] != '\r')
				i++;
			if ((c->at = i) == c->text.len)
				break;
		}
		if (!scan_byte(c, last))
			break;
	}
}

/* What is read goes; a record that is too long is given up. */
static void
settle(struct import_csv *c)
{
	if (c->state != DISCARD && c->text.len - c->rec > IMPORT_RECORD_MAX) {
		if (c->state == QUOTED || c->state == QUOTE || c->state == AFTER) {
			broken(c, c->text.len, c->text.len);
			return;
		}
		emit_error(c, "This row is longer than 1 MiB.");
		c->line += count_lines(c, c->rec, c->at);
		record_reset(c, c->at);
		c->state = DISCARD;
	}
	if (c->state == DISCARD)
		c->rec = c->cell = c->at;
	if (c->rec > 0) {
		memmove(c->text.data, c->text.data + c->rec, c->text.len - c->rec);
		c->text.len -= c->rec;
		c->at -= c->rec;
		c->cell -= c->rec;
		c->strict = c->strict > c->rec ? c->strict - c->rec : 0;
		c->rec = 0;
	}
}

bool
import_csv_feed(struct import_csv *c, const char *utf8, size_t len)
{
	if (c->stopped || len == 0)
		return !c->stopped;
	buf_add(&c->text, utf8, len);
	if (c->text.overflow)
		log_fatal("import: slice too large");
	c->fed += len;
	/* each turn but the last gives up a record and starts again behind its first line */
	do {
		scan(c, false);
		settle(c);
	} while (!c->stopped && c->at < c->text.len &&
	         !(c->at + 1 == c->text.len && c->text.data[c->at] == '\r'));
	return !c->stopped;
}

bool
import_csv_end(struct import_csv *c)
{
	while (!c->stopped) {
		scan(c, true);
		if (c->stopped || c->state == DISCARD ||
		    (c->state == START && c->ncells == 0 && c->cell == c->at))
			break;
		if (c->state == QUOTED) {
			broken(c, c->text.len, c->text.len);
			continue;
		}
		cell_end(c, c->state == QUOTE || c->state == AFTER);
		record_end(c, c->at, c->at);
		if (c->at == c->text.len)
			break;
	}
	return !c->stopped;
}
