/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_JSON_FIELDS_H
#define PACT_JSON_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/arena.h"

/*
 * Declared input. A table of struct field says what a body, a query string or a form may hold; parsing, validation,
 * field errors with JSON pointers (RFC 6901) and the OpenAPI schema come from it.
 */
enum field_type {
	F_TEXT,      /* one line, trimmed, no control characters; min/max in characters */
	F_MULTILINE, /* text with line ends */
	F_SECRET, /* bytes as they came, never logged or echoed; min in characters, max in bytes */
	F_EMAIL,  /* a plausible address, trimmed */
	F_UUID,
	F_INT, /* min/max are values */
	F_BOOL,
	F_ENUM,     /* choices: "a|b|c" */
	F_TIME,     /* RFC 3339 */
	F_TEXTS,    /* list of F_TEXT, min/max items; each at most 60 characters */
	F_UUIDS,    /* list of ids, min/max items */
	F_MAP,      /* object of text values (null removes), at most max members */
	F_EVIDENCE, /* text, or an object of text values: what shows that somebody did something */
	F_OBJECT,   /* members */
	F_LIST,     /* list of objects with members, min/max items */
	F_CURSOR,   /* opaque */
	F_ANY,      /* any JSON; answers only */
};

#define REQUIRED 1U
#define NULLABLE 2U

struct field {
	const char *name;
	enum field_type type;
	unsigned flags;
	int64_t min, max;            /* max 0: the type's own */
	const char *choices;         /* F_ENUM */
	const struct field *members; /* F_OBJECT, F_LIST */
	const char *help;            /* one sentence for the API document */
};

/* Field errors, in order found; at most 100. */
struct field_error {
	const char *pointer, *detail;
	struct field_error *next;
};
struct field_errors {
	struct field_error *first, **last;
	size_t n;
};

/* Once per process: jansson's memory is wiped as it is freed, since bodies hold passwords. */
void json_setup(void);

/*
 * Parses a JSON object strictly: UTF-8, at most 32 levels, no duplicate members, nothing after it. NULL with *problem
 * set to a sentence for the caller. The result hangs on the arena.
 */
json_t *json_read(struct arena *a, const char *data, size_t len, const char **problem);

/*
 * Checks obj against the table: a new object that holds only declared members, normalised, hanging on the arena.
 * Unknown members, wrong types and lengths go to errors. partial: required members may be absent (PATCH).
 */
json_t *fields_check(struct arena *a, const struct field *table, const json_t *obj, bool partial,
    struct field_errors *errors);

/* One value given as text (query string, form): normalised text on the arena, or NULL and an error. */
const char *field_check_text(struct arena *a, const struct field *f, const char *value,
    const char *pointer, struct field_errors *errors);

void field_error_add(struct arena *a, struct field_errors *errors, const char *pointer,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* JSON text of v on the arena, compact. */
const char *json_text(struct arena *a, const json_t *v);
/* Hangs a new reference on the arena. */
json_t *json_keep(struct arena *a, json_t *v);

/* JSON Schema (2020-12) of a table, a new reference. */
json_t *fields_schema(const struct field *table, bool partial);
json_t *field_schema(const struct field *f);

#endif
