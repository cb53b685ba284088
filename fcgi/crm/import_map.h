/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_MAP_H
#define PACT_CRM_IMPORT_MAP_H

#include "fcgi/crm/import_rows.h"

/* ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

enum import_field {
	IMPORT_IGNORE,
	IMPORT_EMAIL,
	IMPORT_FIRST_NAME,
	IMPORT_LAST_NAME,
	IMPORT_FULL_NAME,
	IMPORT_PHONE,
	IMPORT_TITLE,
	IMPORT_ACCOUNT,
	IMPORT_TAGS,
	IMPORT_CONSENT_STATUS,
	IMPORT_OPTIN_TIME,
	IMPORT_CONFIRM_TIME,
	IMPORT_CONSENT_SOURCE,
	IMPORT_UNSUB_TIME,
	IMPORT_OPTED_OUT,
	IMPORT_NOTE,
	IMPORT_CUSTOM, /* "custom:<key>": the only field that several columns may have, with a key each */
	IMPORT_FIELDS
};

struct import_column {
	enum import_field field;
	const char *key; /* of a custom field, else NULL */
};

/* "email" … "ignore"; IMPORT_CUSTOM as "custom:<key>" on the arena. */
const char *import_column_name(struct arena *a, struct import_column c);
/* The reverse; false for an unknown name or a key that is none (^[a-z][a-z0-9_]{0,59}$). */
bool import_column_parse(struct arena *a, const char *name, struct import_column *out);

/* How a date such as 03/04/2025 is meant. */
enum import_dates { IMPORT_DATES_UNSURE, IMPORT_DATES_MDY, IMPORT_DATES_DMY };

/* ── guessing ────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct import_guess {
	const char *tool; /* the name of the program that wrote the file, or NULL */
	bool departures;  /* a list of people who have left: every row is declined */
	enum import_dates dates;
	struct import_column *columns; /* one for each column of the layout */
	size_t nwarnings;
	const char **warnings; /* sentences for the person who sent the file */
};

/* Names alone and, where a name can mean several things, the sample's values. filename may be NULL. */
void import_guess(struct arena *a, const struct import_layout *l, const char *filename,
    struct import_guess *out);
/* {tool, encoding, separator, header, sample (5 rows), mapping, custom, warnings, departures} as in the API. */
void import_guess_json(struct arena *a, const struct import_layout *l, const struct import_guess *g,
    struct buf *out);
/*
 * A key and a label for each column as a custom field: keys are unique and pass import_column_parse(), labels are at
 * most 120 characters. Both arrays have l->columns entries.
 */
void import_suggest_custom(struct arena *a, const struct import_layout *l, const char ***keys,
    const char ***labels);
/* Letters and digits in lower case, the form in which header names are compared: "E-mail 1 - Value" is "email1value". */
const char *import_squash(struct arena *a, const char *s);
/* Whether a header of this squashed form is known, and so a line is likely to be the header. */
bool import_header_known(const char *squashed);

/* ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

enum import_status { IMPORT_NONE, IMPORT_CONFIRMED, IMPORT_PENDING, IMPORT_DECLINED };

struct import_issue {
	const char *column; /* header name, "" when it is the row's */
	const char *value;  /* at most 200 bytes */
	const char *detail; /* a sentence */
};

struct import_pair {
	const char *key, *value;
};

/* One contact as a file has it. NULL: the file says nothing. Everything is valid UTF-8 on the arena. */
struct import_row {
	uint64_t number, line;
	const char *email, *first_name, *last_name, *phone, *title, *account, *note;
	const char **tags;
	size_t ntags;
	struct import_pair *custom;
	size_t ncustom;
	enum import_status status; /* what the row says; what it may do is for SQL to decide */
	const char
	    *evidence_at; /* RFC 3339 UTC, only with IMPORT_CONFIRMED: when the person agreed */
	const char *evidence_source; /* where that is written, or how it came about */
	const char *declined_at;     /* RFC 3339 UTC, only with IMPORT_DECLINED, if known */
	struct import_issue *errors; /* any: the row is not to be imported */
	size_t nerrors;
	struct import_issue *warnings;
	size_t nwarnings;
};

struct import_options {
	const char *tool;
	bool departures;
	enum import_dates dates;
	int64_t now; /* seconds since 1970, for "in the future"; 0: the clock */
};

struct import_map;

/*
 * Makes the mapping ready for use. NULL with a sentence in *problem: a column twice for one field, a custom key twice,
 * more columns than the file has, nothing mapped that makes a contact. Missing columns are ignored. The layout and the
 * strings must live as long as the arena.
 */
const struct import_map *
import_map_new(struct arena *a, const struct import_layout *l, const struct import_column *columns,
    size_t ncolumns, const struct import_options *o, const char **problem);
/* Never fails: what is wrong stands in out->errors. */
void import_map_row(const struct import_map *m, struct arena *a, const struct import_record *rec,
    struct import_row *out);

#endif
