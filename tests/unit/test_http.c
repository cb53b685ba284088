/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Routes, query strings, cookies, headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shared/base/str.h"
#include "shared/http/http.h"

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

#define ID "019ab000-0000-7000-8000-000000000000"

static void
routes_match_whole_paths_and_typed_segments(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool match;
	} row[] = {
	    {"/v1/contacts", "/v1/contacts", true},
	    {"/v1/contacts", "/v1/contacts/", false},
	    {"/v1/contacts", "/v1/contact", false},
	    {"/v1/contacts", "", false},
	    {"/v1/contacts/{id:uuid}", "/v1/contacts/" ID, true},
	    {"/v1/contacts/{id:uuid}", "/v1/contacts/" ID "/", false},
	    {"/v1/contacts/{id:uuid}", "/v1/contacts/019AB000-0000-7000-8000-000000000000", false},
	    {"/v1/contacts/{id:uuid}", "/v1/contacts/export", false},
	    {"/v1/contacts/{id:uuid}/consent", "/v1/contacts/" ID "/consent", true},
	    {"/v1/contacts/{id:uuid}/consent", "/v1/contacts/" ID "/consentx", false},
	    {"/w/{w:slug}", "/w/nord-lys", true},
	    {"/w/{w:slug}", "/w/Nord", false},
	    {"/w/{w:slug}", "/w/", false},
	    {"/u/{t:token}", "/u/abc_-9", true},
	    {"/u/{t:token}", "/u/a/b", false},
	    {"/u/{t:token}", "/u/a%2fb", false},
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(row); i++) {
		const char *arg[ROUTE_ARGS] = {NULL};

		if (route_match(a, row[i].pattern, row[i].path, arg) != row[i].match)
			fail_msg("%s %s", row[i].pattern, row[i].path);
		if (row[i].match && strchr(row[i].pattern, '{') != NULL)
			assert_non_null(arg[0]);
	}
}

static void
query_strings_decode_or_are_refused(void **state)
{
	static const char *const bad[] = {"a=%zz", "a=%2", "a=%", "a=%00", "a=%ff", "%c3=1"};
	struct pair *p;
	size_t n;

	(void)state;
	assert_true(form_parse(a, "q=a+b%20c&empty=&bare&x=%C3%A5&&y==", 35, &p, &n));
	assert_int_equal(n, 5);
	assert_string_equal(p[0].value, "a b c");
	assert_string_equal(p[1].value, "");
	assert_string_equal(p[2].name, "bare");
	assert_string_equal(p[3].value, "\xc3\xa5");
	assert_string_equal(p[4].value, "=");
	for (size_t i = 0; i < NELEMS(bad); i++)
		if (form_parse(a, bad[i], strlen(bad[i]), &p, &n))
			fail_msg("%s", bad[i]);
}

static void
query_strings_have_at_most_64_pairs(void **state)
{
	char text[65 * 2 + 1] = {0};
	struct pair *p;
	size_t n;

	(void)state;
	for (size_t i = 0; i < 65; i++)
		memcpy(text + 2 * i, "a&", 2);
	assert_true(form_parse(a, text, 128, &p, &n));
	assert_int_equal(n, 64);
	assert_false(form_parse(a, text, 130, &p, &n));
}

static void
cookies_are_found_by_whole_name(void **state)
{
	(void)state;
	assert_string_equal(cookie_get(a, "__Host-pact=abc; other=1", "__Host-pact"), "abc");
	assert_string_equal(cookie_get(a, "x__Host-pact=no; __Host-pact=yes ", "__Host-pact"),
	    "yes");
	assert_string_equal(cookie_get(a, "a=1;b=2", "b"), "2");
	assert_string_equal(cookie_get(a, "b=", "b"), "");
	/* the first of two: a later one may have been planted with a longer path */
	assert_string_equal(cookie_get(a, "b=1; b=2", "b"), "1");
	assert_null(cookie_get(a, "ab=1", "b"));
	assert_null(cookie_get(a, "b", "b"));
	assert_null(cookie_get(a, NULL, "b"));
}

static void
media_types_are_compared_without_parameters(void **state)
{
	(void)state;
	assert_true(media_type_is("application/json", "application/json"));
	assert_true(media_type_is("Application/JSON ; charset=utf-8", "application/json"));
	assert_false(media_type_is("application/jsonx", "application/json"));
	assert_false(media_type_is(NULL, "application/json"));
	assert_string_equal(header_param(a, "multipart/form-data; boundary=\"a b\"", "boundary"),
	    "a b");
	assert_string_equal(header_param(a, "multipart/form-data; x=1; Boundary=abc; y",
	                        "boundary"),
	    "abc");
	assert_null(header_param(a, "multipart/form-data", "boundary"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(routes_match_whole_paths_and_typed_segments),
	    cmocka_unit_test(query_strings_decode_or_are_refused),
	    cmocka_unit_test(query_strings_have_at_most_64_pairs),
	    cmocka_unit_test(cookies_are_found_by_whole_name),
	    cmocka_unit_test(media_types_are_compared_without_parameters),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
