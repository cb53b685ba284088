/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C8: whole files, from bytes to rows. What is expected of those with real data stands in expected.json beside them. */
#include <jansson.h>

#include "import_helper.h"

struct outcome {
	const struct import_map *map;
	struct arena *row_arena;
	struct import_row first, last; /* shallow: strings below */
	char first_email[255], last_email[255];
	uint64_t rows, good, errors, confirmed, declined, evidence, lines[8];
};

static bool
map_row(void *arg, const struct import_record *rec)
{
	struct outcome *o = arg;
	struct import_row r;

	arena_reset(o->row_arena);
	import_map_row(o->map, o->row_arena, rec, &r);
	assert_int_equal(r.number, o->rows + 1);
	if (r.nerrors > 0 && o->errors < NELEMS(o->lines))
		o->lines[o->errors] = r.line;
	o->rows++;
	o->errors += r.nerrors > 0;
	if (r.nerrors > 0)
		return true;
	o->good++;
	o->confirmed += r.status == IMPORT_CONFIRMED;
	o->declined += r.status == IMPORT_DECLINED;
	o->evidence += r.evidence_at != NULL;
	(void)snprintf(o->last_email, sizeof o->last_email, "%s", r.email == NULL ? "" : r.email);
	if (o->good == 1)
		memcpy(o->first_email, o->last_email, sizeof o->first_email);
	return true;
}

/* Reads a file in chunks of one size after having looked at its beginning. */
static void
run(struct arena *a, const char *name, size_t chunk, struct import_layout *l, struct outcome *o)
{
	struct import_guess g;
	struct import_reader *r;
	const char *problem, *data;
	size_t len, sample;

	data = file_read(a, name, &len);
	sample = len < IMPORT_SAMPLE_MAX ? len : IMPORT_SAMPLE_MAX;
	problem = import_layout(a, data, sample, sample == len, NULL, l);
	if (problem != NULL)
		fail_msg("%s: %s", name, problem);
	import_guess(a, l, name, &g);
	*o = (struct outcome){.row_arena = arena_new()};
	o->map = import_map_new(a, l, g.columns, l->columns,
	    &(struct import_options){.tool = g.tool, .departures = g.departures, .dates = g.dates},
	    &problem);
	assert_non_null(o->map);
	r = import_reader_new(l, map_row, o);
	for (size_t at = 0; at < len; at += chunk)
		assert_true(import_reader_feed(r, data + at, len - at < chunk ? len - at : chunk));
	assert_true(import_reader_end(r));
	assert_int_equal(import_reader_rows(r), o->rows);
	import_reader_free(r);
	arena_free(o->row_arena);
}

static void
c8_the_files_of_expected_json_come_out_as_said_there(void **state)
{
	struct arena *a = arena_new();
	size_t len;
	const char *text = file_read(a, "expected.json", &len), *name;
	json_t *all = json_loadb(text, len, 0, NULL), *want;

	(void)state;
	assert_non_null(all);
	assert_int_equal(json_object_size(all), 6);
	json_object_foreach(all, name, want) {
		struct import_layout l;
		struct outcome o;

		run(a, name, 4096, &l, &o);
		assert_int_equal(o.rows, json_integer_value(json_object_get(want, "rows")));
		if (json_object_get(want, "errors") == NULL)
			continue;
		assert_int_equal(o.errors, json_integer_value(json_object_get(want, "errors")));
		assert_int_equal(o.good, json_integer_value(json_object_get(want, "imported")));
		assert_int_equal(o.confirmed,
		    json_integer_value(json_object_get(want, "confirmed")));
		assert_int_equal(o.evidence,
		    json_integer_value(json_object_get(want, "confirmed")));
		assert_int_equal(o.declined, json_integer_value(json_object_get(want, "declined")));
	}
	json_decref(all);
	arena_free(a);
}

static void
c8_bad_rows_are_reported_one_by_one_with_their_lines(void **state)
{
	struct arena *a = arena_new();
	struct import_layout l;
	struct outcome o;

	(void)state;
	run(a, "bad-rows.csv", 4096, &l, &o);
	assert_int_equal(o.good, 5);
	assert_int_equal(o.errors, 3);
	assert_int_equal(o.lines[0], 3);
	assert_int_equal(o.lines[1], 7);
	assert_int_equal(o.lines[2], 8);
	/* without evidence in their rows */
	assert_int_equal(o.confirmed, 2);
	assert_int_equal(o.evidence, 0);
	arena_free(a);
}

static void
c8_files_in_every_shape_are_read_in_chunks_of_every_size(void **state)
{
	static const struct {
		const char *name, *encoding;
		char separator;
		uint64_t header_line, rows, errors, error_line, confirmed, declined;
		const char *first, *last;
	} files[] = {
	    {"utf8-bom.csv", "UTF-8", ',', 1, 3, 0, 0, 0, 0, "åse@enc.example", "mei@enc.example"},
	    {"utf16le.csv", "UTF-16LE", '\t', 1, 3, 0, 0, 0, 0, "åse@enc.example",
	        "mei@enc.example"},
	    {"utf16be.csv", "UTF-16BE", ',', 1, 3, 0, 0, 0, 0, "åse@enc.example",
	        "mei@enc.example"},
	    {"utf16le-no-bom.csv", "UTF-16LE", ';', 1, 3, 0, 0, 0, 0, "åse@enc.example",
	        "mei@enc.example"},
	    {"windows-1252.csv", "windows-1252", ';', 1, 2, 0, 0, 0, 0, "juergen@ansi.example",
	        "ann@ansi.example"},
	    {"tab.tsv", "UTF-8", '\t', 1, 2, 0, 0, 0, 0, "kari@tab.example", "ola@tab.example"},
	    {"pipe.csv", "UTF-8", '|', 1, 2, 0, 0, 0, 0, "a@pipe.example", "b@pipe.example"},
	    {"cr-only.csv", "UTF-8", ',', 1, 3, 0, 0, 0, 0, "a@cr.example", "c@cr.example"},
	    {"linkedin.csv", "UTF-8", ',', 4, 2, 0, 0, 0, 0, "ada@li.example", ""},
	    {"sep-line.csv", "UTF-8", ';', 2, 1, 0, 0, 0, 0, "a@sep.example", "a@sep.example"},
	    {"brevo.csv", "UTF-8", ';', 1, 2, 0, 0, 0, 1, "a@brevo.example", "b@brevo.example"},
	    {"repeated-headers.csv", "UTF-8", ',', 1, 2, 0, 0, 0, 0, "a@rep.example",
	        "b@rep.example"},
	    {"newline-in-quotes.csv", "UTF-8", ',', 1, 2, 0, 0, 0, 0, "a@nl.example",
	        "b@nl.example"},
	    {"ragged.csv", "UTF-8", ',', 1, 5, 2, 5, 0, 0, "a@ragged.example", "c@ragged.example"},
	    {"apostrophe.csv", "UTF-8", ',', 1, 2, 0, 0, 0, 0, "a@apo.example", "b@apo.example"},
	    {"zero-bytes.csv", "UTF-8", ',', 1, 2, 1, 2, 0, 0, "b@nul.example", "b@nul.example"},
	    {"huge-field.csv", "UTF-8", ',', 1, 2, 1, 2, 0, 0, "b@huge.example", "b@huge.example"},
	    {"unterminated-quote.csv", "UTF-8", ',', 1, 4, 2, 2, 0, 0, "b@open.example",
	        "c@open.example"},
	    {"stray-quotes.csv", "UTF-8", ',', 1, 4, 1, 4, 0, 0, "a@stray.example",
	        "d@stray.example"},
	    {"headless.csv", "UTF-8", ',', 0, 2, 0, 0, 0, 0, "a@bare.example", "b@bare.example"},
	    {"salesforce-report.csv", "UTF-8", ',', 1, 4, 2, 6, 0, 0, "ada@sf.example",
	        "bo@sf.example"},
	    {"pact-export.csv", "UTF-8", ',', 1, 3, 0, 0, 1, 1, "a@pact.example", "c@pact.example"},
	    {"vcard21.vcf", "UTF-8", '\0', 0, 1, 0, 0, 0, 0, "best@v21.example",
	        "best@v21.example"},
	    {"vcard4.vcf", "UTF-8", '\0', 0, 2, 1, 17, 0, 0, "first@v4.example",
	        "first@v4.example"},
	    {"vcard-missing-end.vcf", "UTF-8", '\0', 0, 3, 2, 1, 0, 0, "jane@v.example",
	        "jane@v.example"},
	};
	static const size_t chunks[] = {1, 2, 3, 1000, 1U << 20};

	(void)state;
	for (size_t i = 0; i < NELEMS(files); i++) {
		for (size_t k = 0; k < NELEMS(chunks); k++) {
			struct arena *a = arena_new();
			struct import_layout l;
			struct outcome o;

			run(a, files[i].name, chunks[k], &l, &o);
			assert_string_equal(import_encoding_name(l.encoding), files[i].encoding);
			assert_int_equal(l.separator, files[i].separator);
			assert_int_equal(l.header_line, files[i].header_line);
			if (o.rows != files[i].rows || o.errors != files[i].errors)
				fail_msg("%s: %d rows, %d errors", files[i].name, (int)o.rows,
				    (int)o.errors);
			assert_int_equal(o.lines[0], files[i].error_line);
			assert_int_equal(o.confirmed, files[i].confirmed);
			assert_int_equal(o.declined, files[i].declined);
			assert_string_equal(o.first_email, files[i].first);
			assert_string_equal(o.last_email, files[i].last);
			arena_free(a);
		}
	}
}

struct resumed {
	uint64_t first, n;
};

static bool
note_first(void *arg, const struct import_record *rec)
{
	struct resumed *r = arg;

	if (r->n++ == 0)
		r->first = rec->number;
	return true;
}

static void
c8_a_runner_that_starts_again_goes_on_where_it_stopped(void **state)
{
	struct arena *a = arena_new();
	struct import_layout l;
	struct import_reader *r;
	struct resumed at = {0};
	size_t len;
	const char *data = file_read(a, "google-contacts.csv", &len);

	(void)state;
	assert_null(import_layout(a, data, len, true, NULL, &l));
	r = import_reader_new(&l, note_first, &at);
	import_reader_skip(r, 100);
	assert_true(import_reader_feed(r, data, len));
	assert_true(import_reader_end(r));
	assert_int_equal(at.first, 101);
	assert_int_equal(at.n, 20);
	assert_int_equal(import_reader_rows(r), 120);
	import_reader_free(r);
	/* counting alone: the first of the two passes */
	r = import_reader_new(&l, NULL, NULL);
	assert_true(import_reader_feed(r, data, len));
	assert_true(import_reader_end(r));
	assert_int_equal(import_reader_rows(r), 120);
	import_reader_free(r);
	arena_free(a);
}

static void
c8_a_file_cut_inside_a_letter_loses_no_row(void **state)
{
	struct arena *a = arena_new();
	struct seen s = {.last_number = 0};
	struct import_layout l;
	struct import_reader *r;

	(void)state;
	buf_init(&s.b, 4096);
	assert_null(import_layout(a, "Email,Name\n", 11, false, NULL, &l));
	r = import_reader_new(&l, seen_row, &s);
	assert_true(import_reader_feed(r, "Email,Name\na@x.example,Zo\xc3", 26));
	assert_true(import_reader_end(r));
	assert_string_equal(s.b.data, "2:a@x.example|ZoÃ\n");
	import_reader_free(r);
	buf_free(&s.b);
	arena_free(a);
}

static void
c8_the_sample_gives_the_layout_of_the_whole(void **state)
{
	struct arena *a = arena_new();
	struct import_layout whole, part;
	size_t len;
	const char *data = file_read(a, "huge-field.csv", &len);

	(void)state;
	assert_true(len > IMPORT_SAMPLE_MAX);
	assert_null(import_layout(a, data, len, true, NULL, &whole));
	assert_null(import_layout(a, data, IMPORT_SAMPLE_MAX, false, NULL, &part));
	assert_int_equal(whole.columns, 3);
	assert_int_equal(part.columns, 3);
	assert_int_equal(whole.nsample, part.nsample);
	/* letters that first come behind the sample */
	data = file_read(a, "windows-1252.csv", &len);
	assert_null(import_layout(a, data, 45, false, NULL, &part));
	assert_int_equal(part.encoding, IMPORT_UTF_8);
	{
		struct seen s = {.last_number = 0};
		struct import_reader *r = import_reader_new(&part, seen_row, &s);

		buf_init(&s.b, 4096);
		assert_true(import_reader_feed(r, data, len));
		assert_true(import_reader_end(r));
		assert_non_null(strstr(s.b.data, "Jürgen|Groß|Käse & Söhne"));
		assert_true(import_reader_guessed(r) > 0);
		import_reader_free(r);
		buf_free(&s.b);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(c8_the_files_of_expected_json_come_out_as_said_there),
	    cmocka_unit_test(c8_bad_rows_are_reported_one_by_one_with_their_lines),
	    cmocka_unit_test(c8_files_in_every_shape_are_read_in_chunks_of_every_size),
	    cmocka_unit_test(c8_a_runner_that_starts_again_goes_on_where_it_stopped),
	    cmocka_unit_test(c8_a_file_cut_inside_a_letter_loses_no_row),
	    cmocka_unit_test(c8_the_sample_gives_the_layout_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
