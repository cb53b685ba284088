/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells that no spreadsheet computes, and times as bounds of ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fcgi/audit/audit.h"
#include "shared/base/csv.h"

static void
cells_are_text(void **state)
{
	static const struct {
		const char *text, *cell;
	} row[] = {
	    {NULL, ""},
	    {"", ""},
	    {"plain", "plain"},
	    {"a,b", "\"a,b\""},
	    {"a;b", "\"a;b\""},
	    {"say \"hi\"", "\"say \"\"hi\"\"\""},
	    {"two\r\nlines", "\"two\r\nlines\""},
	    {"=1+1", "'=1+1"},
	    {"+47 22", "'+47 22"},
	    {"-1", "'-1"},
	    {"@SUM(A1)", "'@SUM(A1)"},
	    {"\t=1", "\"'\t=1\""},
	    {"\r=1", "\"'\r=1\""},
	    {"=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""},
	    {"a=1", "a=1"},
	    {"Zoë", "Zoë"},
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(row); i++) {
		struct buf b;

		buf_init(&b, 1000);
		csv_cell(&b, row[i].text);
		assert_string_equal(b.data, row[i].cell);
		buf_free(&b);
	}
}

static void
times_are_ids(void **state)
{
	static const struct {
		const char *time, *id;
	} row[] = {
	    {"1970-01-01T00:00:00Z", "00000000-0000-7000-8000-000000000000"},
	    {"2026-11-21T00:00:00Z", "01a1fb67-1800-7000-8000-000000000000"},
	    {"2026-11-21T00:00:00.001Z", "01a1fb67-1801-7000-8000-000000000000"},
	    {"2026-11-21t00:00:00.0019z", "01a1fb67-1801-7000-8000-000000000000"},
	    {"2026-11-21 00:00:00.1Z", "01a1fb67-1864-7000-8000-000000000000"},
	    {"2026-11-21T01:00:00+01:00", "01a1fb67-1800-7000-8000-000000000000"},
	    {"2026-11-20T18:30:00-05:30", "01a1fb67-1800-7000-8000-000000000000"},
	    {"1900-01-01T00:00:00Z", "00000000-0000-7000-8000-000000000000"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < NELEMS(row); i++)
		assert_string_equal(id_floor(a, row[i].time), row[i].id);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cells_are_text),
	    cmocka_unit_test(times_are_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
