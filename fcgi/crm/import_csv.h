/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_CSV_H
#define PACT_CRM_IMPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/buf.h"

/*
 * An incremental reader of separated values: RFC 4180 and what is found instead of it. Any of CRLF, LF and CR may end
 * a line; a quotation mark in the middle of a cell is a letter; one that is not doubled inside a quoted cell is
 * tolerated while the record stays on one line. A quote that is never closed, or that closes only rows later, costs
 * the row it stands in: that row is an error and the lines after it are read again as rows of their own.
 */
#define IMPORT_CELL_MAX (64U * 1024U)     /* bytes of UTF-8; over: the row is an error */
#define IMPORT_RECORD_MAX (1024U * 1024U) /* bytes of UTF-8 with quotes and separators */
#define IMPORT_CELLS_MAX 4096U
#define IMPORT_SLICE_MAX (64U * 1024U) /* most that one feed takes */

struct import_cell {
	const char *text; /* valid UTF-8 without zero bytes, NUL-terminated */
	size_t len;
};

/* One row of a file, or the reason why it cannot be read. Everything in it is gone when the callback returns. */
struct import_record {
	uint64_t
	    number;    /* 1 for the first row after the header; 0 while a dialect is being judged */
	uint64_t line; /* physical line on which it starts, from 1 */
	const struct import_cell *cells;
	size_t ncells;
	const char *error; /* a sentence; NULL: readable */
	const char *value; /* with error: how the row begins, at most 200 bytes */
};

/* false stops the reading; what follows is ignored. */
typedef bool import_record_fn(void *arg, const struct import_record *rec);

struct import_dialect {
	char separator;
	bool bare_cr;         /* a CR without LF ends a line */
	uint64_t header_line; /* up to here rows may have any shape */
	size_t columns;       /* cells of the header; 0: unknown */
};

struct import_csv;

struct import_csv *import_csv_new(const struct import_dialect *d, import_record_fn *fn, void *arg)
    __attribute__((returns_nonnull, warn_unused_result));
void import_csv_free(struct import_csv *c);
/* UTF-8 cut anywhere, at most IMPORT_SLICE_MAX bytes at once. false once the callback stopped it. */
bool import_csv_feed(struct import_csv *c, const char *utf8, size_t len);
/* The file ends here. */
bool import_csv_end(struct import_csv *c);

/* The longest prefix of s, at most max bytes, that does not cut a character. */
size_t import_cut(const char *s, size_t len, size_t max);

#endif
