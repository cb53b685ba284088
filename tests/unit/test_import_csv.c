/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C8: RFC 4180 and what is found instead of it. Every table is read whole and in chunks of every small size. */
#include "import_helper.h"

#define MISFIT "The quotation marks in this row do not fit together."
#define OPEN \
	"A quotation mark in this row is not closed. The lines after it were read one by one; those that are no whole " \
	"rows were left out."

static void
reads_as(struct import_dialect d, const char *text, const char *expected)
{
	size_t len = strlen(text), chunks[] = {1, 2, 3, 5, 7, 64, IMPORT_SLICE_MAX};

	for (size_t k = 0; k < NELEMS(chunks); k++) {
		struct seen s = {.last_number = 0};
		struct import_csv *c;

		buf_init(&s.b, 1U << 20);
		c = import_csv_new(&d, seen_row, &s);
		for (size_t at = 0; at < len; at += chunks[k])
			assert_true(import_csv_feed(c, text + at,
			    len - at < chunks[k] ? len - at : chunks[k]));
		assert_true(import_csv_end(c));
		assert_string_equal(s.b.data, expected);
		import_csv_free(c);
		buf_free(&s.b);
	}
}

static const struct import_dialect comma = {',', false, 0, 0}, comma_cr = {',', true, 0, 0},
                                   comma_2 = {',', false, 0, 2}, comma_3 = {',', false, 0, 3};

static void
c8_rows_end_with_crlf_lf_or_at_the_end_of_the_file(void **state)
{
	(void)state;
	reads_as(comma, "a,b\r\n1,2\n3,4", "1:a|b\n2:1|2\n3:3|4\n");
	reads_as(comma, "a,b\n1,\n", "1:a|b\n2:1|\n");
	reads_as(comma, "a,b\n1,", "1:a|b\n2:1|\n");
	reads_as(comma, "", "");
}

static void
c8_cr_alone_ends_a_row_in_files_that_are_so(void **state)
{
	(void)state;
	reads_as(comma_cr, "a,b\r1,2\r\r3,\"x\ry\"\r5,6\r", "1:a|b\n2:1|2\n4:3|x\ry\n6:5|6\n");
	reads_as(comma_cr, "\"a \"b\" c\",d\r\"e\"f,g\r1,2\r",
	    "1:a \"b\" c|d\n2!" MISFIT "\n3:1|2\n");
	/* and is a letter in others, apart from those that CRLF written twice leaves behind */
	reads_as(comma, "a\rb,c\n\"d\"\r\r\ne,f\r", "1:a\rb|c\n2:d\n3:e|f\n");
	reads_as(comma_cr, "a,b\r\n1,2\r\n", "1:a|b\n2:1|2\n");
}

static void
c8_blank_lines_are_no_rows_but_count_as_lines(void **state)
{
	(void)state;
	reads_as(comma, "\n\r\na\n  \t\n\nb\n\x1a", "3:a\n6:b\n");
	/* a row of nothing but separators is one */
	reads_as(comma, ",,\n", "1:||\n");
}

static void
c8_quotes_hold_separators_line_ends_and_doubled_quotes(void **state)
{
	(void)state;
	reads_as(comma, "\"a,b\",\"c\"\"d\",\"\"\n\"1\n2\r\n3\",x\ny\n",
	    "1:a,b|c\"d|\n2:1\n2\r\n3|x\n5:y\n");
	reads_as(comma, "\"\"\"a\"\"\"\n\"\"\"\"\n", "1:\"a\"\n2:\"\n");
	reads_as((struct import_dialect){';', false, 0, 0}, "\"a;b\";c,d\n", "1:a;b|c,d\n");
	reads_as((struct import_dialect){'\t', false, 0, 0}, "\t\"a\tb\"\t \n", "1:|a\tb| \n");
	/* blanks around a quoted cell are not part of it */
	reads_as(comma, "a, \"b, c\" ,\"d\" \n", "1:a|b, c|d\n");
}

static void
c8_stray_quotes_are_letters_while_the_row_stays_on_its_line(void **state)
{
	(void)state;
	reads_as(comma, "5\" nail,\"a \"b\" c\",x\"\"y\n", "1:5\" nail|a \"b\" c|x\"\"y\n");
	reads_as(comma_2, "\"a\" b,c\nd,e\n", "1!" MISFIT "\n2:d|e\n");
	/* with the wrong number of cells nobody knows which value is which */
	reads_as(comma_3, "a,\"b \"c,d\",e\"\n1,2,3\n", "1:a|b \"c,d|e\"\n2:1|2|3\n");
	reads_as(comma_3, "a,\"b\" \"c\",\"d \"e,f\"\n1,2,3\n", "1:a|b\" \"c|d \"e,f\n2:1|2|3\n");
	reads_as(comma_3, "\"a\",\"b,\"c\"\n1,2,3\n", "1!" MISFIT "\n2:1|2|3\n");
}

static void
c8_an_open_quote_costs_its_row_and_no_other(void **state)
{
	(void)state;
	/* closed by the next row's quote, by a quote in it, or never */
	reads_as(comma_2, "\"a,b\n\"c\",d\ne,f\n", "1!" OPEN "\n2:c|d\n3:e|f\n");
	reads_as(comma_2, "\"a,b\nc,5\" nail\ne,f\n", "1!" OPEN "\n2:c|5\" nail\n3:e|f\n");
	reads_as(comma_2, "a,\"b\nc,d\ne,f\n", "1!" OPEN "\n2:c|d\n3:e|f\n");
	reads_as(comma_2, "a,\"b\nc,d", "1!" OPEN "\n2:c|d\n");
	reads_as(comma_2, "c,d\na,\"b", "1:c|d\n2!" MISFIT "\n");
	reads_as(comma_2, "c,d\na,\"b\n", "1:c|d\n2!" MISFIT "\n");
	/* closed rows later by a quote that fits */
	reads_as(comma_3, "a,\"b,c\nd,e,f\ng\",h,i\n", "1!" OPEN "\n2:d|e|f\n3:g\"|h|i\n");
	/* pieces of the broken cell are no rows */
	reads_as(comma_3, "a,b,\"note\nsecond line\nthird\nd,e,f", "1!" OPEN "\n4:d|e|f\n");
	/* two in a row */
	reads_as(comma_2, "\"a,b\n\"c,d\n\"e\",f\n", "1!" OPEN "\n2!" OPEN "\n3:e|f\n");
}

static void
c8_a_cell_of_many_lines_is_not_taken_for_an_open_quote(void **state)
{
	(void)state;
	/* with the right number of cells anything goes, a table inside a cell as well */
	reads_as(comma_2, "a,\"1,2\n3,4\"\nb,c\n", "1:a|1,2\n3,4\n3:b|c\n");
	/* and with too few as long as the cell holds nothing like a row */
	reads_as(comma_3, "a,\"one\ntwo, three\"\nb,c,d\n", "1:a|one\ntwo, three\n3:b|c|d\n");
	reads_as(comma_3, "a,\"one\ntwo\"\nb,c,d\n", "1:a|one\ntwo\n3:b|c|d\n");
}

static bool
first_error(void *arg, const struct import_record *rec)
{
	char *value = arg;

	if (rec->error != NULL && *value == '\0')
		(void)snprintf(value, 256, "%s", rec->value);
	return true;
}

static void
c8_damage_is_an_error_of_its_row(void **state)
{
	struct seen s = {.last_number = 0};
	struct import_csv *c = import_csv_new(&comma, seen_row, &s);
	static const char text[] = "a,b\0c\n\0\0\n1,2\n";
	char value[256] = "";

	(void)state;
	buf_init(&s.b, 4096);
	assert_true(import_csv_feed(c, text, sizeof text - 1));
	assert_true(import_csv_end(c));
	assert_string_equal(s.b.data,
	    "1!This row contains zero bytes: the file is damaged here.\n3:1|2\n");
	import_csv_free(c);
	buf_free(&s.b);
	c = import_csv_new(&comma, first_error, value);
	assert_true(import_csv_feed(c, text, sizeof text - 1));
	assert_string_equal(value, "a,b c");
	import_csv_free(c);
}

/* Feeds the same piece n times. */
static void
feed_n(struct import_csv *c, const char *piece, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_true(import_csv_feed(c, piece, strlen(piece)));
}

static void
c8_a_cell_over_64_kib_or_a_row_over_1_mib_is_an_error_and_the_next_row_is_read(void **state)
{
	static char kib[1025];
	struct seen s = {.last_number = 0};
	struct import_csv *c = import_csv_new(&comma_2, seen_row, &s);

	(void)state;
	memset(kib, 'x', 1024);
	buf_init(&s.b, 1U << 20);
	/* exactly 64 KiB is still a cell; shown as its row's length alone */
	feed_n(c, kib, 64);
	assert_true(import_csv_feed(c, ",\n", 2));
	assert_int_equal(s.b.len, 65536 + 2 + 2);
	buf_clear(&s.b);
	feed_n(c, kib, 64);
	assert_true(import_csv_feed(c, "y,\n1,2\n\"", 8));
	feed_n(c, kib, 70);
	assert_true(import_csv_feed(c, "\n\n\",z\n3,4\n", 10));
	feed_n(c, kib, 3000);
	assert_true(import_csv_feed(c, "tail,\n5,6\n", 10));
	assert_true(import_csv_end(c));
	assert_string_equal(s.b.data, "2!A cell in this row is longer than 64 KiB.\n3:1|2\n"
	                              "4!A cell in this row is longer than 64 KiB.\n7:3|4\n"
	                              "8!This row is longer than 1 MiB.\n9:5|6\n");
	import_csv_free(c);
	buf_free(&s.b);
}

struct tally {
	uint64_t rows, errors, line;
};

static bool
count(void *arg, const struct import_record *rec)
{
	struct tally *t = arg;

	t->rows++;
	t->errors += rec->error != NULL;
	/* each line is a row here, and none is left out */
	assert_int_equal(rec->line, t->line + 1);
	t->line = rec->line;
	return true;
}

static void
c8_an_open_quote_before_megabytes_of_rows_costs_one_row(void **state)
{
	struct tally t = {0};
	struct import_csv *c = import_csv_new(&comma_2, count, &t);

	(void)state;
	feed_n(c, "\"open,quote\n", 1);
	feed_n(c, "address@rows.example,and some more of the row\n", 100000);
	assert_true(import_csv_end(c));
	assert_int_equal(t.rows, 100001);
	assert_int_equal(t.errors, 1);
	import_csv_free(c);
}

static void
c8_too_many_cells_are_an_error(void **state)
{
	struct seen s = {.last_number = 0};
	struct import_csv *c = import_csv_new(&comma, seen_row, &s);

	(void)state;
	buf_init(&s.b, 1U << 20);
	feed_n(c, ",", IMPORT_CELLS_MAX - 1);
	assert_true(import_csv_feed(c, "\n", 1));
	assert_int_equal(s.b.data[1], ':');
	buf_clear(&s.b);
	feed_n(c, ",", IMPORT_CELLS_MAX);
	assert_true(import_csv_feed(c, "\n1,2\n", 5));
	assert_true(import_csv_end(c));
	assert_string_equal(s.b.data, "2!This row has more than 4096 cells.\n3:1|2\n");
	import_csv_free(c);
	buf_free(&s.b);
}

static bool
count_and_stop(void *arg, const struct import_record *rec)
{
	int *n = arg;

	assert_true(rec->error == NULL);
	return ++*n < 2;
}

static void
the_callback_can_stop_it(void **state)
{
	int n = 0;
	struct import_csv *c = import_csv_new(&comma, count_and_stop, &n);

	(void)state;
	assert_false(import_csv_feed(c, "1\n2\n3\n4\n", 8));
	assert_false(import_csv_feed(c, "5\n", 2));
	assert_false(import_csv_end(c));
	assert_int_equal(n, 2);
	import_csv_free(c);
}

static void
an_error_shows_how_its_row_begins_cut_between_characters(void **state)
{
	char value[256] = "", text[600] = "x\"a\n", expected[256] = "";
	struct import_csv *c = import_csv_new(&comma, first_error, value);

	(void)state;
	/* 1 byte and 100 letters of 3: 200 falls into the middle of one */
	memcpy(text, "\"", 1);
	for (size_t i = 0; i < 100; i++)
		memcpy(text + 1 + 3 * i, "北", 3);
	memcpy(text + 301, "\"x\n", 4);
	memcpy(expected, text, 199);
	assert_true(import_csv_feed(c, text, strlen(text)));
	assert_true(import_csv_end(c));
	assert_string_equal(value, expected);
	import_csv_free(c);
}

/* The worst case for reading again: rows that each open a quote must not cost the square of the file. */
static void
c8_a_file_of_open_quotes_is_read_in_linear_time(void **state)
{
	struct seen s = {.last_number = 0};
	struct import_csv *c = import_csv_new(&comma_3, seen_row, &s);
	char piece[4096], *p = piece;

	(void)state;
	while (p < piece + sizeof piece - 16)
		p += snprintf(p, 16, "a,\"b,c\n\"d\"e,\n");
	buf_init(&s.b, 16);
	feed_n(c, piece, 2000);
	assert_true(import_csv_end(c));
	import_csv_free(c);
	buf_free(&s.b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(c8_rows_end_with_crlf_lf_or_at_the_end_of_the_file),
	    cmocka_unit_test(c8_cr_alone_ends_a_row_in_files_that_are_so),
	    cmocka_unit_test(c8_blank_lines_are_no_rows_but_count_as_lines),
	    cmocka_unit_test(c8_quotes_hold_separators_line_ends_and_doubled_quotes),
	    cmocka_unit_test(c8_stray_quotes_are_letters_while_the_row_stays_on_its_line),
	    cmocka_unit_test(c8_an_open_quote_costs_its_row_and_no_other),
	    cmocka_unit_test(c8_a_cell_of_many_lines_is_not_taken_for_an_open_quote),
	    cmocka_unit_test(c8_damage_is_an_error_of_its_row),
	    cmocka_unit_test(
	        c8_a_cell_over_64_kib_or_a_row_over_1_mib_is_an_error_and_the_next_row_is_read),
	    cmocka_unit_test(c8_an_open_quote_before_megabytes_of_rows_costs_one_row),
	    cmocka_unit_test(c8_too_many_cells_are_an_error),
	    cmocka_unit_test(the_callback_can_stop_it),
	    cmocka_unit_test(an_error_shows_how_its_row_begins_cut_between_characters),
	    cmocka_unit_test(c8_a_file_of_open_quotes_is_read_in_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
