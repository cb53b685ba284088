/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "shared/base/log.h"
#include "shared/base/str.h"
#include "shared/db/private.h"

static void
clear(void *res)
{
	PQclear(res);
}

struct rows *
rows_wrap(struct arena *a, PGresult *res)
{
	struct rows *r;

	if (res == NULL)
		return NULL;
	r = arena_alloc(a, sizeof *r);
	r->res = res;
	arena_defer(a, clear, res);
	return r;
}

size_t
rows_count(const struct rows *r)
{
	return (size_t)PQntuples(r->res);
}

size_t
rows_columns(const struct rows *r)
{
	return (size_t)PQnfields(r->res);
}

const char *
rows_column_name(const struct rows *r, size_t column)
{
	return PQfname(r->res, (int)column);
}

const char *
rows_at(const struct rows *r, size_t row, size_t column, size_t *len)
{
	if (len != NULL)
		*len = (size_t)PQgetlength(r->res, (int)row, (int)column);
	return PQgetisnull(r->res, (int)row, (int)column)
	           ? NULL
	           : PQgetvalue(r->res, (int)row, (int)column);
}

const char *
rows_optional(const struct rows *r, size_t row, const char *column)
{
	int c = PQfnumber(r->res, column);

	return c < 0 ? NULL : rows_at(r, row, (size_t)c, NULL);
}

static size_t
column_of(const struct rows *r, const char *column)
{
	int c = PQfnumber(r->res, column);

	if (c < 0) {
		log_msg(LOG_ERROR, "no column %s in a result", column);
		log_fatal("result and query table disagree");
	}
	return (size_t)c;
}

const char *
rows_text(const struct rows *r, size_t row, const char *column)
{
	return rows_at(r, row, column_of(r, column), NULL);
}

size_t
rows_length(const struct rows *r, size_t row, const char *column)
{
	size_t len;

	(void)rows_at(r, row, column_of(r, column), &len);
	return len;
}

const char *
db_bytea(struct arena *a, const void *data, size_t len)
{
	char *out = arena_alloc(a, 2 * len + 3);

	out[0] = '\\';
	out[1] = 'x';
	hex_encode(out + 2, data, len);
	return out;
}

bool
db_unbytea(struct arena *a, const char *text, void **out, size_t *len)
{
	if (!str_starts(text, "\\x"))
		return false;
	*len = strlen(text + 2) / 2;
	*out = arena_alloc(a, *len + 1);
	return hex_decode(*out, text + 2, *len);
}

const char *
db_array(struct arena *a, const char *const *items, size_t n)
{
	size_t need = 3, k = 0;
	char *out;

	for (size_t i = 0; i < n; i++)
		need += items[i] != NULL ? 2 * strlen(items[i]) + 3 : 5;
	out = arena_alloc(a, need);
	out[k++] = '{';
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			out[k++] = ',';
		if (items[i] == NULL) {
			memcpy(out + k, "NULL", 4);
			k += 4;
			continue;
		}
		out[k++] = '"';
		for (const char *s = items[i]; *s != '\0'; s++) {
			if (*s == '"' || *s == '\\')
				out[k++] = '\\';
			out[k++] = *s;
		}
		out[k++] = '"';
	}
	out[k] = '}';
	return out;
}
