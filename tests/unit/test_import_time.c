/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C8: the times that count as evidence, in the forms the tools write them. */
#include "fcgi/crm/import_time.h"
#include "import_helper.h"

static struct arena *a;

static int
setup(void **state)
{
	(void)state;
	a = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

static void
is(const char *s, enum import_dates dates, const char *earliest, const char *latest)
{
	int64_t from, to;

	if (import_time_parse(s, dates, &from, &to) != IMPORT_TIME_OK)
		fail_msg("not read as a time: %s", s);
	assert_string_equal(import_time_text(a, from), earliest);
	assert_string_equal(import_time_text(a, to), latest);
}

static void
c8_times_of_the_tools_become_rfc_3339_in_utc(void **state)
{
	static const char *const forms[] = {
	    "2024-03-01 08:15:00",  /* Mailchimp */
	    "2024-03-01T08:15:00Z", /* RFC 3339, our own */
	    "2024-03-01t08:15:00.123456z",
	    "2024-03-01T10:15:00+02:00",
	    "2024-03-01 03:15:00.5-0500",
	    "2024-03-01 08:15:00+00", /* PostgreSQL */
	    "2024-03-01 08:15 UTC",
	    "2024-03-01T09:15+01",
	    " 2024/3/1 8:15",
	    "20240301T081500Z", /* vCard REV */
	    "01-03-2024 08:15", /* Brevo */
	    "01.03.2024 08:15:00",
	    "3/1/2024 8:15 AM", /* Excel in America */
	    "03/01/2024, 08:15 a.m.",
	    "1 Mar 2024 08:15",
	    "01-Mar-2024 08:15",
	    "Mar 1, 2024 8:15 am",
	    "March 1, 2024, 8:15AM GMT",
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(forms); i++)
		is(forms[i], IMPORT_DATES_UNSURE, "2024-03-01T08:15:00Z", "2024-03-01T08:15:00Z");
	is("2024-02-29", IMPORT_DATES_UNSURE, "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z");
	is("12/31/2023 11:59 PM", IMPORT_DATES_UNSURE, "2023-12-31T23:59:00Z",
	    "2023-12-31T23:59:00Z");
	is("12/31/2023 1:05 PM", IMPORT_DATES_UNSURE, "2023-12-31T13:05:00Z",
	    "2023-12-31T13:05:00Z");
	is("12/31/2023 12:05 AM", IMPORT_DATES_UNSURE, "2023-12-31T00:05:00Z",
	    "2023-12-31T00:05:00Z");
	is("2016-12-31 23:59:60", IMPORT_DATES_UNSURE, "2016-12-31T23:59:59Z",
	    "2016-12-31T23:59:59Z");
	is("2024-01-01T00:30:00+01:00", IMPORT_DATES_UNSURE, "2023-12-31T23:30:00Z",
	    "2023-12-31T23:30:00Z");
	is("1970-01-01T00:00:00+14:00", IMPORT_DATES_UNSURE, "1969-12-31T10:00:00Z",
	    "1969-12-31T10:00:00Z");
	is("9999-12-31", IMPORT_DATES_UNSURE, "9999-12-31T00:00:00Z", "9999-12-31T00:00:00Z");
	is("2000-02-29", IMPORT_DATES_UNSURE, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z");
}

static void
c8_a_date_that_can_be_two_days_is_both(void **state)
{
	(void)state;
	is("03/04/2025", IMPORT_DATES_UNSURE, "2025-03-04T00:00:00Z", "2025-04-03T00:00:00Z");
	is("1/9/2025", IMPORT_DATES_UNSURE, "2025-01-09T00:00:00Z", "2025-09-01T00:00:00Z");
	is("03/04/2025", IMPORT_DATES_MDY, "2025-03-04T00:00:00Z", "2025-03-04T00:00:00Z");
	is("03/04/2025", IMPORT_DATES_DMY, "2025-04-03T00:00:00Z", "2025-04-03T00:00:00Z");
	is("03/04/25 10:00", IMPORT_DATES_DMY, "2025-04-03T10:00:00Z", "2025-04-03T10:00:00Z");
	/* only one of them exists */
	is("13/04/2025", IMPORT_DATES_MDY, "2025-04-13T00:00:00Z", "2025-04-13T00:00:00Z");
	is("04/13/2025", IMPORT_DATES_DMY, "2025-04-13T00:00:00Z", "2025-04-13T00:00:00Z");
}

static void
c8_one_sure_date_tells_how_the_others_are_meant(void **state)
{
	(void)state;
	assert_int_equal(import_time_learn(IMPORT_DATES_UNSURE, "03/04/2025"), IMPORT_DATES_UNSURE);
	assert_int_equal(import_time_learn(IMPORT_DATES_UNSURE, "13/04/2025"), IMPORT_DATES_DMY);
	assert_int_equal(import_time_learn(IMPORT_DATES_UNSURE, "04/13/2025 8:00 AM"),
	    IMPORT_DATES_MDY);
	assert_int_equal(import_time_learn(IMPORT_DATES_UNSURE, "13.04.2025"), IMPORT_DATES_UNSURE);
	assert_int_equal(import_time_learn(IMPORT_DATES_UNSURE, "2025/04/13"), IMPORT_DATES_UNSURE);
	assert_int_equal(import_time_learn(IMPORT_DATES_UNSURE, "12/04/2025"), IMPORT_DATES_UNSURE);
	assert_int_equal(import_time_learn(IMPORT_DATES_UNSURE, "04/12/2025"), IMPORT_DATES_UNSURE);
	assert_int_equal(import_time_learn(IMPORT_DATES_MDY, "13/04/2025"), IMPORT_DATES_MDY);
}

static void
c8_what_is_no_time_is_refused_or_nothing(void **state)
{
	static const char *const bad[] = {"maybe", "2024-02-30", "2023-02-29", "2100-02-29",
	    "2024-13-01", "2024-00-10", "31.04.2024", "2024-03-01 24:00", "2024-03-01 08:60",
	    "2024-03-01 8:15:61", "2024-03-01 08:15:6", "3/1/2024 13:15 PM", "3/1/2024 0:15 AM",
	    "1709280900", "1709280900000", "1969-12-31", "01-02-03", "2024-03-01 08:15:00 CET",
	    "2024-03-01 08:15:00+15:00", "2024-03-01x", "2024-03", "2024-03-01 08", "March 2024",
	    "1/2", "2024-03-01 08:15 +1", "yes", "1", "99/99/2024", "12/2024/01", "1 Foo 2024"};
	static const char *const none[] = {"", "  ", "0000-00-00 00:00:00", "NULL", "-", "0",
	    "n/a"};
	int64_t from = 7, to = 7;

	(void)state;
	for (size_t i = 0; i < NELEMS(bad); i++)
		if (import_time_parse(bad[i], IMPORT_DATES_UNSURE, &from, &to) != IMPORT_TIME_BAD)
			fail_msg("taken for a time: %s", bad[i]);
	for (size_t i = 0; i < NELEMS(none); i++)
		assert_int_equal(import_time_parse(none[i], IMPORT_DATES_UNSURE, &from, &to),
		    IMPORT_TIME_NONE);
	assert_int_equal(from, 7);
	assert_int_equal(to, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(c8_times_of_the_tools_become_rfc_3339_in_utc),
	    cmocka_unit_test(c8_a_date_that_can_be_two_days_is_both),
	    cmocka_unit_test(c8_one_sure_date_tells_how_the_others_are_meant),
	    cmocka_unit_test(c8_what_is_no_time_is_refused_or_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
