/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/json/fields.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/base/log.h"
#include "shared/base/str.h"

#define DEPTH_MAX 32
#define ERRORS_MAX 100
#define TEXT_MAX 200
#define MULTILINE_MAX 20000
#define ITEM_MAX 60
#define MAP_VALUE_MAX 2000
#define CURSOR_MAX 4096 /* two names of 200 characters and an id, in base64url */

static void
wiping_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void
json_setup(void)
{
	json_set_alloc_funcs(malloc, wiping_free);
	json_object_seed(0);
}

static void
decref(void *v)
{
	json_decref(v);
}

json_t *
json_keep(struct arena *a, json_t *v)
{
	if (v == NULL)
		log_fatal("out of memory");
	arena_defer(a, decref, v);
	return v;
}

const char *
json_text(struct arena *a, const json_t *v)
{
	char *s = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY), *copy;

	if (s == NULL)
		log_fatal("JSON cannot be written");
	copy = arena_strdup(a, s);
	wiping_free(s);
	return copy;
}

/* Nesting is counted before parsing, so that no recursion follows a stranger's wish. */
static bool
depth_ok(const char *s, size_t len)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				in_string = false;
		} else if (s[i] == '"') {
			in_string = true;
		} else if (s[i] == '{' || s[i] == '[') {
			if (++depth > DEPTH_MAX)
				return false;
		} else if (s[i] == '}' || s[i] == ']') {
			depth--;
		}
	}
	return true;
}

json_t *
json_read(struct arena *a, const char *data, size_t len, const char **problem)
{
	json_error_t err;
	json_t *v;

	if (!utf8_valid(data, len)) {
		*problem = "The body is not UTF-8.";
		return NULL;
	}
	if (!depth_ok(data, len)) {
		*problem = "The body is nested deeper than 32 levels.";
		return NULL;
	}
	v = json_loadb(data, len, JSON_REJECT_DUPLICATES, &err);
	if (v == NULL) {
		if (json_error_code(&err) == json_error_duplicate_key)
			*problem = arena_printf(a, "A member is there twice (line %d).", err.line);
		else if (json_error_code(&err) == json_error_premature_end_of_input)
			*problem = "The body ends in the middle of the JSON.";
		else
			*problem = arena_printf(a,
			    "The body is not valid JSON (line %d, column %d).", err.line,
			    err.column);
		return NULL;
	}
	(void)json_keep(a, v);
	if (!json_is_object(v)) {
		*problem = "The body must be a JSON object.";
		return NULL;
	}
	return v;
}

void
field_error_add(struct arena *a, struct field_errors *errors, const char *pointer, const char *fmt,
    ...)
{
	struct field_error *e;
	va_list ap;

	if (errors->n++ >= ERRORS_MAX)
		return;
	e = arena_alloc(a, sizeof *e);
	e->pointer = pointer;
	va_start(ap, fmt);
	e->detail = arena_vprintf(a, fmt, ap);
	va_end(ap);
	if (errors->last == NULL)
		errors->last = &errors->first;
	*errors->last = e;
	errors->last = &e->next;
}

static int64_t
field_max(const struct field *f)
{
	if (f->max != 0)
		return f->max;
	switch (f->type) {
	case F_TEXT:
		return TEXT_MAX;
	case F_MULTILINE:
		return MULTILINE_MAX;
	case F_SECRET:
		return 1024;
	case F_EMAIL:
		return 254;
	case F_INT:
		return INT64_MAX;
	case F_TEXTS:
	case F_UUIDS:
	case F_MAP:
	case F_EVIDENCE:
	case F_LIST:
		return 100;
	case F_UUID:
	case F_BOOL:
	case F_ENUM:
	case F_TIME:
	case F_OBJECT:
	case F_CURSOR:
	case F_ANY:
		break;
	}
	return 512;
}

/* Two digits at p as a number up to max, -1 otherwise. */
static int
two(const char *p, int max)
{
	int v;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	v = (p[0] - '0') * 10 + p[1] - '0';
	return v <= max ? v : -1;
}

/* RFC 3339 date-time with a zone, years 1900 to 2999. PostgreSQL does the calendar (30 February is refused there). */
static bool
time_valid(const char *s)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	size_t n = strlen(s);
	int year, month, day;
	const char *z;

	if (n < 20 || n > 35 || s[4] != '-' || s[7] != '-' ||
	    (s[10] != 'T' && s[10] != 't' && s[10] != ' ') || s[13] != ':' || s[16] != ':' ||
	    two(s, 29) < 19 || two(s + 2, 99) < 0 || two(s + 5, 12) < 1 || two(s + 8, 31) < 1 ||
	    two(s + 11, 23) < 0 || two(s + 14, 59) < 0 || two(s + 17, 60) < 0)
		return false;
	year = two(s, 29) * 100 + two(s + 2, 99);
	month = two(s + 5, 12);
	day = two(s + 8, 31);
	if (day >
	    days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)))
		return false;
	z = s + 19;
	if (*z == '.') {
		size_t digits = strspn(z + 1, "0123456789");

		if (digits == 0 || digits > 9)
			return false;
		z += 1 + digits;
	}
	if (strcmp(z, "Z") == 0 || strcmp(z, "z") == 0)
		return true;
	return (*z == '+' || *z == '-') && strlen(z) == 6 && two(z + 1, 23) >= 0 && z[3] == ':' &&
	       two(z + 4, 59) >= 0;
}

static bool
choice_in(const char *choices, const char *value)
{
	size_t n = strlen(value);

	if (n == 0 || strchr(value, '|') != NULL)
		return false;
	for (const char *p = choices; p != NULL;
	     p = strchr(p, '|') != NULL ? strchr(p, '|') + 1 : NULL)
		if (strncmp(p, value, n) == 0 && (p[n] == '|' || p[n] == '\0'))
			return true;
	return false;
}

static const char *
trimmed(struct arena *a, const char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL)
		n--;
	return arena_strndup(a, s, n);
}

/* No C0 controls (but line ends where lines are), no DEL: nothing that shows as nothing. */
static bool
printable(const char *s, bool lines)
{
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < 0x20 && !(lines && strchr("\t\r\n", *s) != NULL)) ||
		    *s == 0x7f)
			return false;
	return true;
}

static const char *
text_check(struct arena *a, const struct field *f, const char *value, const char *at,
    struct field_errors *errors)
{
	int64_t max = field_max(f), min = f->min;
	const char *s = f->type == F_SECRET ? value : trimmed(a, value);
	/* three emoji are twelve bytes and no password; what is stored or hashed is measured in bytes */
	int64_t n = (int64_t)utf8_length(s, strlen(s)),
	        size = f->type == F_SECRET ? (int64_t)strlen(s) : n;

	if (min == 0 && (f->flags & REQUIRED) != 0)
		min = 1;
	if (f->type != F_SECRET && !printable(s, f->type == F_MULTILINE))
		field_error_add(a, errors, at, "Control characters are not allowed here.");
	else if (n < min && min == 1)
		field_error_add(a, errors, at, "Must not be empty.");
	else if (n < min)
		field_error_add(a, errors, at, "Must have at least %lld characters.",
		    (long long)min);
	else if (size > max)
		field_error_add(a, errors, at, "Must have at most %lld %s.", (long long)max,
		    size > n ? "bytes" : "characters");
	else
		return s;
	return NULL;
}

const char *
field_check_text(struct arena *a, const struct field *f, const char *value, const char *at,
    struct field_errors *errors)
{
	int64_t n;

	switch (f->type) {
	case F_TEXT:
	case F_MULTILINE:
	case F_SECRET:
		return text_check(a, f, value, at, errors);
	case F_EMAIL:
		value = trimmed(a, value);
		if (email_plausible(value, strlen(value)))
			return value;
		field_error_add(a, errors, at,
		    "Must be an e-mail address, such as name@example.com.");
		return NULL;
	case F_UUID:
		if (uuid_valid(value))
			return value;
		field_error_add(a, errors, at, "Must be an id in lower-case UUID form.");
		return NULL;
	case F_INT:
		if (str_int64(value, f->min, field_max(f), &n))
			return arena_printf(a, "%lld", (long long)n);
		field_error_add(a, errors, at, "Must be a whole number from %lld to %lld.",
		    (long long)f->min, (long long)field_max(f));
		return NULL;
	case F_BOOL:
		if (str_eq(value, "true") || str_eq(value, "false"))
			return value;
		field_error_add(a, errors, at, "Must be true or false.");
		return NULL;
	case F_ENUM:
		if (choice_in(f->choices, value))
			return value;
		field_error_add(a, errors, at, "Must be one of: %s.", f->choices);
		return NULL;
	case F_TIME:
		if (time_valid(value))
			return value;
		field_error_add(a, errors, at, "Must be a time such as 2026-03-01T09:30:00Z.");
		return NULL;
	case F_CURSOR:
		if (strlen(value) <= CURSOR_MAX && printable(value, false))
			return value;
		field_error_add(a, errors, at, "Is not a cursor of this list.");
		return NULL;
	case F_TEXTS:
	case F_UUIDS:
	case F_MAP:
	case F_EVIDENCE:
	case F_OBJECT:
	case F_LIST:
	case F_ANY:
		break;
	}
	field_error_add(a, errors, at, "Cannot be given as text.");
	return NULL;
}

/* RFC 6901: ~ and / in a member name. */
static const char *
pointer_to(struct arena *a, const char *base, const char *name)
{
	size_t n = strlen(name), k = 0;
	char *out = arena_alloc(a, 2 * n + 1);

	for (size_t i = 0; i < n; i++) {
		if (name[i] == '~' || name[i] == '/') {
			out[k++] = '~';
			out[k++] = name[i] == '~' ? '0' : '1';
		} else {
			out[k++] = name[i];
		}
	}
	return arena_printf(a, "%s/%s", base, out);
}

static json_t *check_object(struct arena *a, const struct field *table, const json_t *obj,
    const char *base, bool partial, struct field_errors *errors);

static json_t *
check_list(struct arena *a, const struct field *f, const json_t *v, const char *at,
    struct field_errors *errors)
{
	struct field item = {.name = f->name,
	    .type = f->type == F_UUIDS ? F_UUID : F_TEXT,
	    .flags = REQUIRED,
	    .max = ITEM_MAX};
	json_t *out = json_array();
	size_t n = json_array_size(v);

	if (!json_is_array(v)) {
		field_error_add(a, errors, at, "Must be a list.");
		return out;
	}
	if ((int64_t)n < f->min || (int64_t)n > field_max(f)) {
		field_error_add(a, errors, at, "Must hold %lld to %lld items.", (long long)f->min,
		    (long long)field_max(f));
		return out;
	}
	for (size_t i = 0; i < n; i++) {
		const char *p = arena_printf(a, "%s/%zu", at, i);
		const json_t *e = json_array_get(v, i);
		const char *s;

		if (f->type == F_LIST) {
			(void)json_array_append_new(out,
			    check_object(a, f->members, e, p, false, errors));
		} else if (!json_is_string(e)) {
			field_error_add(a, errors, p, "Must be text.");
		} else if ((s = field_check_text(a, &item, json_string_value(e), p, errors)) !=
		           NULL) {
			(void)json_array_append_new(out, json_string(s));
		}
	}
	return out;
}

static json_t *
check_map(struct arena *a, const struct field *f, const json_t *v, const char *at,
    struct field_errors *errors)
{
	struct field value = {.name = f->name, .type = F_MULTILINE, .max = MAP_VALUE_MAX};
	json_t *out = json_object();
	const char *key;
	json_t *e;

	if (!json_is_object(v) || (int64_t)json_object_size(v) > field_max(f)) {
		field_error_add(a, errors, at, "Must be an object of at most %lld members.",
		    (long long)field_max(f));
		return out;
	}
	json_object_foreach((json_t *)(uintptr_t)v, key, e) {
		const char *p = pointer_to(a, at, key), *s;

		if (strlen(key) > ITEM_MAX)
			field_error_add(a, errors, p, "The name is too long.");
		else if (json_is_null(e))
			(void)json_object_set_new(out, key, json_null());
		else if (!json_is_string(e))
			field_error_add(a, errors, p, "Must be text or null.");
		else if ((s = field_check_text(a, &value, json_string_value(e), p, errors)) != NULL)
			(void)json_object_set_new(out, key, json_string(s));
	}
	return out;
}

/* A bare text becomes {"note": text}, so that evidence has one form. */
static json_t *
check_evidence(struct arena *a, const struct field *f, const json_t *v, const char *at,
    struct field_errors *errors)
{
	struct field value = {.name = f->name, .type = F_MULTILINE, .max = MAP_VALUE_MAX};
	const char *s;

	if (!json_is_string(v))
		return check_map(a, f, v, at, errors);
	s = field_check_text(a, &value, json_string_value(v), at, errors);
	return s != NULL && *s != '\0' ? json_pack("{s:s}", "note", s) : json_null();
}

static json_t *
check_value(struct arena *a, const struct field *f, const json_t *v, const char *at,
    struct field_errors *errors)
{
	const char *s;
	json_int_t n;

	if (json_is_null(v)) {
		if ((f->flags & NULLABLE) == 0)
			field_error_add(a, errors, at, "Must not be null.");
		return json_null();
	}
	switch (f->type) {
	case F_TEXTS:
	case F_UUIDS:
	case F_LIST:
		return check_list(a, f, v, at, errors);
	case F_MAP:
		return check_map(a, f, v, at, errors);
	case F_EVIDENCE:
		return check_evidence(a, f, v, at, errors);
	case F_OBJECT:
		return check_object(a, f->members, v, at, false, errors);
	case F_BOOL:
		if (!json_is_boolean(v))
			field_error_add(a, errors, at, "Must be true or false.");
		return json_boolean(json_is_true(v));
	case F_INT:
		n = json_integer_value(v);
		if (!json_is_integer(v) || n < f->min || n > field_max(f))
			field_error_add(a, errors, at, "Must be a whole number from %lld to %lld.",
			    (long long)f->min, (long long)field_max(f));
		return json_integer(n);
	case F_TEXT:
	case F_MULTILINE:
	case F_SECRET:
	case F_EMAIL:
	case F_UUID:
	case F_ENUM:
	case F_TIME:
	case F_CURSOR:
	case F_ANY:
		break;
	}
	if (!json_is_string(v)) {
		field_error_add(a, errors, at, "Must be text.");
		return json_null();
	}
	/* an empty text where nothing is required means nothing */
	if ((f->flags & NULLABLE) != 0 && f->type != F_SECRET &&
	    *trimmed(a, json_string_value(v)) == '\0')
		return json_null();
	s = field_check_text(a, f, json_string_value(v), at, errors);
	return s != NULL ? json_string(s) : json_null();
}

static json_t *
check_object(struct arena *a, const struct field *table, const json_t *obj, const char *base,
    bool partial, struct field_errors *errors)
{
	json_t *out = json_object(), *v;
	const char *key;

	if (!json_is_object(obj)) {
		field_error_add(a, errors, base, "Must be an object.");
		return out;
	}
	json_object_foreach((json_t *)(uintptr_t)obj, key, v) {
		const struct field *f = table;

		while (f->name != NULL && strcmp(f->name, key) != 0)
			f++;
		if (f->name == NULL)
			field_error_add(a, errors, pointer_to(a, base, key),
			    "Is not a member known here.");
	}
	for (const struct field *f = table; f->name != NULL; f++) {
		v = json_object_get(obj, f->name);
		if (v != NULL)
			(void)json_object_set_new(out, f->name,
			    check_value(a, f, v, pointer_to(a, base, f->name), errors));
		else if ((f->flags & REQUIRED) != 0 && !partial)
			field_error_add(a, errors, pointer_to(a, base, f->name), "Is required.");
	}
	return out;
}

json_t *
fields_check(struct arena *a, const struct field *table, const json_t *obj, bool partial,
    struct field_errors *errors)
{
	return json_keep(a, check_object(a, table, obj, "", partial, errors));
}
