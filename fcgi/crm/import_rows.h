/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_ROWS_H
#define PACT_CRM_IMPORT_ROWS_H

#include "fcgi/crm/import_csv.h"
#include "fcgi/crm/import_text.h"
#include "shared/base/arena.h"

/* First bytes of a file that import_layout() wants to see, or the whole file if it is shorter. */
#define IMPORT_SAMPLE_MAX (64U * 1024U)
#define IMPORT_SAMPLE_ROWS 100U

enum import_format { IMPORT_CSV, IMPORT_VCARD };

struct import_cells {
	const char **cell;
	size_t n;
};

/* What a file looks like: all that is needed to read it, and enough to show it. */
struct import_layout {
	enum import_format format;
	enum import_encoding encoding;
	char separator; /* of , ; | and tab; '\0' for vCard */
	bool bare_cr;
	bool headless; /* the first row is data; the header below was made up */
	uint64_t
	    header_line; /* physical line on which the header starts, 0: none; what stands before is junk */
	size_t junk; /* rows before it */
	size_t columns;
	const char **header; /* trimmed names, as many as columns */
	size_t nsample;      /* up to IMPORT_SAMPLE_ROWS readable rows after the header */
	struct import_cells *sample;
};

/* What a person has set by hand; zero is automatic. */
struct import_override {
	const char *encoding; /* a name for import_encoding_parse() */
	char separator;
};

/*
 * Judges the first bytes of a file; `whole` says that they are all of it. The same bytes always give the same layout,
 * so that a runner that starts again need not have kept it. NULL, or a sentence for the person who sent the file: no
 * rows, or no table at all (a workbook, a PDF, a web page). Strings live on the arena.
 */
const char *import_layout(struct arena *a, const char *sample, size_t len, bool whole,
    const struct import_override *set, struct import_layout *out);

/*
 * Reads a file of any size in chunks of any size and calls fn with each row after the header, in order; rows that
 * cannot be read come with their error. Holds a few MiB at most. The layout is copied.
 */
struct import_reader;

struct import_reader *import_reader_new(const struct import_layout *l, import_record_fn *fn,
    void *arg) __attribute__((returns_nonnull, warn_unused_result));
void import_reader_free(struct import_reader *r);
/* The first n rows are only counted: where an earlier run stopped. Before the first feed. */
void import_reader_skip(struct import_reader *r, uint64_t n);
/* false once the callback has stopped it. */
bool import_reader_feed(struct import_reader *r, const char *data, size_t len);
bool import_reader_end(struct import_reader *r);
/* Rows so far, those with errors and those skipped among them; with a NULL fn this is all that is done. */
uint64_t import_reader_rows(const struct import_reader *r);
/* Characters that were not in the file's encoding and were guessed. */
uint64_t import_reader_guessed(const struct import_reader *r);

#endif
