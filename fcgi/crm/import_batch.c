/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/log.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"

#define ROW_ERRORS_MAX 20U
#define ARRAY_MAX (64U * 1024U * 1024U)

/* In the order of the function's parameters. */
enum {
	ID,
	LINE,
	EMAIL,
	FIRST,
	LAST,
	PHONE,
	TITLE,
	ACCOUNT,
	TAGS,
	CUSTOM,
	NOTE,
	STATUS,
	AT,
	SOURCE,
	ROWS
};
enum { E_LINE = ROWS, E_SEQ, E_COLUMN, E_VALUE, E_DETAIL, ARRAYS };

/*
 * "{" and elements, each with a comma behind it; at[i] is where element i begins. Elements a to b stand by themselves
 * when the byte before a becomes "{" and the comma behind b-1 becomes "}".
 */
struct array {
	struct buf b;
	uint32_t at[BATCH_ROWS + ROW_ERRORS_MAX + 1];
	uint32_t from, to;
	char saved[3];
};

struct entry {
	uint64_t line;
	uint32_t good, error; /* how many elements of either kind lie before it */
	bool failed;
};

struct batch {
	struct array array[ARRAYS];
	struct entry row[BATCH_ROWS + 1];
	size_t n;
	struct buf scratch;
	char count[2][24]; /* rows, rows with errors */
};

struct batch *
batch_new(void)
{
	struct batch *b = calloc(1, sizeof *b);

	if (b == NULL)
		log_fatal("out of memory");
	for (size_t i = 0; i < ARRAYS; i++)
		buf_init(&b->array[i].b, ARRAY_MAX);
	buf_init(&b->scratch, ARRAY_MAX);
	batch_clear(b);
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < ARRAYS; i++)
		buf_free(&b->array[i].b);
	buf_free(&b->scratch);
	free(b);
}

void
batch_clear(struct batch *b)
{
	for (size_t i = 0; i < ARRAYS; i++) {
		/* one row in a million is huge: its room is not kept */
		if (b->array[i].b.cap > 4 * BATCH_BYTES)
			buf_free(&b->array[i].b);
		buf_clear(&b->array[i].b);
		buf_ch(&b->array[i].b, '{');
		b->array[i].at[0] = 1;
	}
	b->n = 0;
	b->row[0] = (struct entry){0};
}

/* ── elements ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Quoted, with a backslash before what would end it. */
static void
quoted(struct buf *b, const char *s)
{
	buf_ch(b, '"');
	for (size_t n; *s != '\0'; s += n) {
		n = strcspn(s, "\"\\");
		buf_add(b, s, n);
		if (s[n] != '\0') {
			buf_ch(b, '\\');
			buf_ch(b, s[n++]);
		}
	}
	buf_ch(b, '"');
}

static void
put(struct batch *b, int array, size_t i, const char *s)
{
	struct array *x = &b->array[array];

	if (s == NULL)
		buf_str(&x->b, "NULL,");
	else {
		quoted(&x->b, s);
		buf_ch(&x->b, ',');
	}
	x->at[i + 1] = (uint32_t)x->b.len;
}

static void
put_number(struct batch *b, int array, size_t i, uint64_t n)
{
	struct array *x = &b->array[array];

	buf_printf(&x->b, "%" PRIu64 ",", n);
	x->at[i + 1] = (uint32_t)x->b.len;
}

/* What the contact is called if it is new: made here, where an id costs a tenth. */
static void
put_id(struct batch *b, size_t i)
{
	struct array *x = &b->array[ID];
	char id[37];

	uuid7(id);
	buf_add(&x->b, id, 36);
	buf_ch(&x->b, ',');
	x->at[i + 1] = (uint32_t)x->b.len;
}

static const char *
tags(struct batch *b, const struct import_row *row)
{
	if (row->ntags == 0)
		return NULL;
	buf_clear(&b->scratch);
	for (size_t i = 0; i < row->ntags; i++) {
		buf_ch(&b->scratch, i == 0 ? '{' : ',');
		quoted(&b->scratch, row->tags[i]);
	}
	buf_ch(&b->scratch, '}');
	return b->scratch.data;
}

static const char *
custom(struct batch *b, const struct import_row *row)
{
	if (row->ncustom == 0)
		return NULL;
	buf_clear(&b->scratch);
	for (size_t i = 0; i < row->ncustom; i++) {
		buf_ch(&b->scratch, i == 0 ? '{' : ',');
		buf_json(&b->scratch, row->custom[i].key, strlen(row->custom[i].key));
		buf_ch(&b->scratch, ':');
		buf_json(&b->scratch, row->custom[i].value, strlen(row->custom[i].value));
	}
	buf_ch(&b->scratch, '}');
	return b->scratch.data;
}

static void
add_good(struct batch *b, const struct import_row *row, size_t i)
{
	static const char *const status[] = {NULL, "confirmed", "pending", "declined"};

	put_id(b, i);
	put_number(b, LINE, i, row->line);
	put(b, EMAIL, i, row->email);
	put(b, FIRST, i, row->first_name);
	put(b, LAST, i, row->last_name);
	put(b, PHONE, i, row->phone);
	put(b, TITLE, i, row->title);
	put(b, ACCOUNT, i, row->account);
	put(b, TAGS, i, tags(b, row));
	put(b, CUSTOM, i, custom(b, row));
	put(b, NOTE, i, row->note);
	put(b, STATUS, i, status[row->status]);
	put(b, AT, i, row->status == IMPORT_DECLINED ? row->declined_at : row->evidence_at);
	put(b, SOURCE, i, row->evidence_source);
}

static size_t
add_errors(struct batch *b, const struct import_row *row, size_t i)
{
	size_t n = row->nerrors < ROW_ERRORS_MAX ? row->nerrors : ROW_ERRORS_MAX;

	for (size_t k = 0; k < n; k++) {
		const struct import_issue *e = &row->errors[k];

		put_number(b, E_LINE, i + k, row->line);
		put_number(b, E_SEQ, i + k, row->number * ROW_ERRORS_MAX % INT32_MAX + k);
		put(b, E_COLUMN, i + k, e->column != NULL && *e->column != '\0' ? e->column : NULL);
		put(b, E_VALUE, i + k, e->value);
		put(b, E_DETAIL, i + k, e->detail);
	}
	return n;
}

bool
batch_add(struct batch *b, const struct import_row *row)
{
	struct entry *e = &b->row[b->n];
	int first = row->nerrors > 0 ? ROWS : 0, last = row->nerrors > 0 ? ARRAYS : ROWS;
	uint32_t good = e->good, error = e->error;
	bool overflow = false;

	if (row->nerrors > 0)
		error += (uint32_t)add_errors(b, row, error);
	else
		add_good(b, row, good++);
	for (int i = first; i < last; i++)
		overflow = overflow || b->array[i].b.overflow || b->scratch.overflow;
	if (overflow) {
		for (int i = first; i < last; i++) {
			struct array *x = &b->array[i];

			x->b.len = x->at[first == 0 ? e->good : e->error];
			x->b.overflow = false;
		}
		buf_free(&b->scratch);
		return false;
	}
	e->line = row->line;
	e->failed = row->nerrors > 0;
	b->row[++b->n] = (struct entry){.good = good, .error = error};
	return true;
}

bool
batch_full(const struct batch *b)
{
	size_t bytes = 0;

	for (size_t i = 0; i < ARRAYS; i++)
		bytes += b->array[i].b.len;
	return b->n == BATCH_ROWS || b->row[b->n].error >= BATCH_ROWS || bytes >= BATCH_BYTES;
}

size_t
batch_rows(const struct batch *b)
{
	return b->n;
}

uint64_t
batch_line(const struct batch *b, size_t i)
{
	return b->row[i].line;
}

/* ── a run of rows ───────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *
cut(struct array *x, uint32_t from, uint32_t to)
{
	char *start;

	if (from == to) {
		x->from = x->to = 0;
		return "{}";
	}
	x->from = x->at[from] - 1;
	x->to = x->at[to] - 1;
	start = x->b.data + x->from;
	x->saved[0] = *start;
	x->saved[1] = x->b.data[x->to];
	x->saved[2] = x->b.data[x->to + 1];
	*start = '{';
	x->b.data[x->to] = '}';
	x->b.data[x->to + 1] = '\0';
	return start;
}

void
batch_args(struct batch *b, size_t from, size_t to, const char *args[static BATCH_ARGS])
{
	const struct entry *f = &b->row[from], *t = &b->row[to];
	size_t failed = 0, n = 0;

	for (size_t i = from; i < to; i++)
		failed += b->row[i].failed;
	(void)snprintf(b->count[0], sizeof b->count[0], "%zu", to - from);
	(void)snprintf(b->count[1], sizeof b->count[1], "%zu", failed);
	args[n++] = b->count[0];
	for (size_t i = 0; i < ROWS; i++)
		args[n++] = cut(&b->array[i], f->good, t->good);
	args[n++] = b->count[1];
	for (size_t i = ROWS; i < ARRAYS; i++)
		args[n++] = cut(&b->array[i], f->error, t->error);
}

void
batch_restore(struct batch *b)
{
	for (size_t i = 0; i < ARRAYS; i++) {
		struct array *x = &b->array[i];

		if (x->to == 0)
			continue;
		x->b.data[x->to + 1] = x->saved[2];
		x->b.data[x->to] = x->saved[1];
		x->b.data[x->from] = x->saved[0];
		x->to = 0;
	}
}
