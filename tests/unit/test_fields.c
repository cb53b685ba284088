/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Declared input: what is taken, what is refused, and with which pointer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shared/base/str.h"
#include "shared/json/fields.h"

static struct arena *a;

static const struct field item[] = {{"n", F_INT, REQUIRED, .min = 1, .max = 9}, {0}};
static const struct field table[] = {
    {"name", F_TEXT, REQUIRED, .max = 5},
    {"email", F_EMAIL, NULLABLE},
    {"id", F_UUID},
    {"n", F_INT, .min = -5, .max = 5},
    {"flag", F_BOOL},
    {"kind", F_ENUM, .choices = "note|call"},
    {"at", F_TIME},
    {"tags", F_TEXTS, .max = 2},
    {"map", F_MAP, .max = 2},
    {"list", F_LIST, .max = 2, .members = item},
    {"body", F_MULTILINE},
    {"secret", F_SECRET},
    {"evidence", F_EVIDENCE, NULLABLE, .max = 2},
    {0},
};

static int
setup(void **state)
{
	(void)state;
	json_setup();
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

static const char *
read_problem(const char *text, size_t len)
{
	const char *problem = NULL;

	return json_read(a, text, len, &problem) == NULL ? problem : NULL;
}

static void
json_is_read_strictly(void **state)
{
	char deep[200];

	(void)state;
	assert_null(read_problem("{\"a\":[1,{\"b\":null}]}", 20));
	assert_non_null(read_problem("", 0));
	assert_non_null(read_problem("{\"a\":1", 6));
	assert_non_null(read_problem("{\"a\":1}x", 8));
	assert_non_null(read_problem("[1]", 3));
	assert_non_null(read_problem("{\"a\":\"\xff\"}", 9));
	assert_non_null(read_problem("{\"a\":\"\\u0000\"}", 14));
	assert_non_null(strstr(read_problem("{\"a\":1,\"a\":2}", 13), "twice"));
	memset(deep, '[', sizeof deep);
	assert_non_null(strstr(read_problem(deep, sizeof deep), "32 levels"));
	/* brackets inside text are no depth */
	assert_null(read_problem("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"}", 51));
}

/* The pointers of the errors, joined by a space. */
static const char *
pointers(const char *text, bool partial, json_t **out)
{
	struct field_errors errors = {0};
	const char *problem, *all = "";
	json_t *obj = json_read(a, text, strlen(text), &problem);

	assert_non_null(obj);
	*out = fields_check(a, table, obj, partial, &errors);
	for (struct field_error *e = errors.first; e != NULL; e = e->next)
		all = *all == '\0' ? e->pointer : arena_printf(a, "%s %s", all, e->pointer);
	return all;
}

static void
errors_point_at_the_member(void **state)
{
	static const struct {
		const char *text, *pointers;
	} row[] = {
	    {"{\"name\":\"x\"}", ""},
	    {"{}", "/name"},
	    {"{\"name\":\"\"}", "/name"},
	    {"{\"name\":\"  \"}", "/name"},
	    {"{\"name\":\"123456\"}", "/name"},
	    {"{\"name\":\"a\\u0007\"}", "/name"},
	    {"{\"name\":\"a\\nb\"}", "/name"},
	    {"{\"name\":null}", "/name"},
	    {"{\"name\":1}", "/name"},
	    {"{\"name\":\"x\",\"tenant_id\":\"y\"}", "/tenant_id"},
	    {"{\"name\":\"x\",\"a/b~c\":1}", "/a~1b~0c"},
	    {"{\"name\":\"x\",\"email\":\"nobody\"}", "/email"},
	    {"{\"name\":\"x\",\"email\":null}", ""},
	    {"{\"name\":\"x\",\"id\":\"1\"}", "/id"},
	    {"{\"name\":\"x\",\"n\":6,\"flag\":\"true\",\"kind\":\"notecall\"}", "/n /flag /kind"},
	    {"{\"name\":\"x\",\"n\":1.5}", "/n"},
	    {"{\"name\":\"x\",\"kind\":\"note|call\"}", "/kind"},
	    {"{\"name\":\"x\",\"at\":\"2026-02-30T00:00:00Z\"}", "/at"},
	    {"{\"name\":\"x\",\"at\":\"2024-02-29T23:59:60.5+02:00\"}", ""},
	    {"{\"name\":\"x\",\"at\":\"2026-01-01\"}", "/at"},
	    {"{\"name\":\"x\",\"tags\":[\"a\",\"\"]}", "/tags/1"},
	    {"{\"name\":\"x\",\"tags\":[\"a\",\"b\",\"c\"]}", "/tags"},
	    {"{\"name\":\"x\",\"tags\":\"a\"}", "/tags"},
	    {"{\"name\":\"x\",\"map\":{\"k\":1,\"l\":null}}", "/map/k"},
	    {"{\"name\":\"x\",\"evidence\":1}", "/evidence"},
	    {"{\"name\":\"x\",\"evidence\":{\"a\":1,\"b\":\"2\"}}", "/evidence/a"},
	    {"{\"name\":\"x\",\"evidence\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}}", "/evidence"},
	    {"{\"name\":\"x\",\"list\":[{\"n\":1},{\"n\":0,\"z\":1}]}", "/list/1/z /list/1/n"},
	};
	json_t *out;

	(void)state;
	for (size_t i = 0; i < NELEMS(row); i++) {
		const char *got = pointers(row[i].text, false, &out);

		if (strcmp(got, row[i].pointers) != 0)
			fail_msg("%s: got '%s', want '%s'", row[i].text, got, row[i].pointers);
	}
}

static void
values_are_normalised(void **state)
{
	json_t *out;

	(void)state;
	assert_string_equal(
	    pointers(
	        "{\"name\":\" a \",\"email\":\" A@b.example \",\"body\":\"x\\ny\",\"secret\":\" s \"}",
	        false, &out),
	    "");
	assert_string_equal(json_string_value(json_object_get(out, "name")), "a");
	assert_string_equal(json_string_value(json_object_get(out, "email")), "A@b.example");
	assert_string_equal(json_string_value(json_object_get(out, "body")), "x\ny");
	/* a password is never trimmed */
	assert_string_equal(json_string_value(json_object_get(out, "secret")), " s ");
	assert_string_equal(pointers("{\"name\":\"a\",\"email\":\" \"}", false, &out), "");
	assert_true(json_is_null(json_object_get(out, "email")));
	/* evidence has one form */
	assert_string_equal(pointers("{\"name\":\"a\",\"evidence\":\" he said so \"}", false, &out),
	    "");
	assert_string_equal(json_text(a, json_object_get(out, "evidence")),
	    "{\"note\":\"he said so\"}");
	assert_string_equal(pointers("{\"name\":\"a\",\"evidence\":\" \"}", false, &out), "");
	assert_true(json_is_null(json_object_get(out, "evidence")));
}

static void
a_patch_needs_no_member(void **state)
{
	json_t *out;

	(void)state;
	assert_string_equal(pointers("{}", true, &out), "");
	assert_int_equal(json_object_size(out), 0);
}

static void
schemas_say_what_is_checked(void **state)
{
	json_t *s = fields_schema(table, false);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(s, "required")), 1);
	assert_int_equal(json_object_size(json_object_get(s, "properties")), 13);
	assert_true(json_is_false(json_object_get(s, "additionalProperties")));
	json_decref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_is_read_strictly),
	    cmocka_unit_test(errors_point_at_the_member),
	    cmocka_unit_test(values_are_normalised),
	    cmocka_unit_test(a_patch_needs_no_member),
	    cmocka_unit_test(schemas_say_what_is_checked),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
