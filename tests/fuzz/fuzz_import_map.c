/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file as somebody sends it: layout, guess, every row of it. What the rows promise to those behind them is checked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/crm/import_map.h"
#include "shared/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 2026-06-15T12:00:00Z */
#define NOW 1781524800

static const struct import_map *map;
static struct arena *row_arena;

static void
text_ok(const char *s, size_t max)
{
	if (s != NULL &&
	    (*s == '\0' || !utf8_valid(s, strlen(s)) || utf8_length(s, strlen(s)) > max))
		abort();
}

static void
issues_ok(const struct import_issue *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		text_ok(list[i].detail, 500);
		if (list[i].column == NULL || strlen(list[i].value) > 200 ||
		    !utf8_valid(list[i].value, strlen(list[i].value)))
			abort();
	}
}

static void
time_ok(const char *s)
{
	/* no later than a day from now, so that the text can be compared */
	if (s != NULL && (strlen(s) != 20 || s[10] != 'T' || s[19] != 'Z' ||
	                     strcmp(s, "2026-06-16T12:00:00Z") > 0))
		abort();
}

static bool
row(void *arg, const struct import_record *rec)
{
	struct import_row r;

	(void)arg;
	arena_reset(row_arena);
	import_map_row(map, row_arena, rec, &r);
	issues_ok(r.errors, r.nerrors);
	issues_ok(r.warnings, r.nwarnings);
	if (r.nerrors > 0)
		return true;
	if (rec->error != NULL || (r.email != NULL && (!email_plausible(r.email, strlen(r.email)) ||
	                                                  strchr("=@", *r.email) != NULL)))
		abort();
	text_ok(r.first_name, 200);
	text_ok(r.last_name, 200);
	text_ok(r.phone, 60);
	text_ok(r.title, 200);
	text_ok(r.account, 200);
	text_ok(r.note, 20000);
	text_ok(r.evidence_source, 2000);
	for (size_t i = 0; i < r.ntags; i++)
		text_ok(r.tags[i], 60);
	for (size_t i = 0; i < r.ncustom; i++)
		text_ok(r.custom[i].value, 2000);
	time_ok(r.evidence_at);
	time_ok(r.declined_at);
	if (r.ntags > 100 || (r.evidence_at != NULL && r.status != IMPORT_CONFIRMED) ||
	    (r.declined_at != NULL && r.status != IMPORT_DECLINED) ||
	    (r.email == NULL && r.first_name == NULL && r.last_name == NULL && r.phone == NULL &&
	        r.account == NULL))
		abort();
	return true;
}

static void
read_rows(const struct import_layout *l, const char *text, size_t len)
{
	struct import_reader *r = import_reader_new(l, row, NULL);

	(void)import_reader_feed(r, text, len);
	(void)import_reader_end(r);
	import_reader_free(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = (const char *)data, *problem;
	struct import_options o = {.now = NOW};
	struct import_layout l;
	struct import_guess g;
	struct import_column c;
	struct buf json;

	row_arena = arena_new();
	buf_init(&json, 64U << 20);
	if (import_layout(a, text, size, true, NULL, &l) == NULL) {
		import_guess(a, &l, l.columns > 0 ? l.header[0] : NULL, &g);
		import_guess_json(a, &l, &g, &json);
		if (json.overflow || !utf8_valid(json.data, json.len))
			abort();
		o.tool = g.tool;
		o.departures = g.departures;
		o.dates = g.dates;
		for (size_t i = 0; i < l.columns; i++)
			if (!import_column_parse(a, import_column_name(a, g.columns[i]), &c))
				abort();
		map = import_map_new(a, &l, g.columns, l.columns, &o, &problem);
		if (map != NULL)
			read_rows(&l, text, size);
		else if (strncmp(problem, "No column", 9) != 0)
			abort();
	}
	buf_free(&json);
	arena_free(row_arena);
	arena_free(a);
	return 0;
}
