/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SCIM: filters, paths of PATCH, and what is taken from a resource. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fcgi/auth/scim.h"

/* Terms as "attr=value attr=value", texts in quotes. */
static const char *
shown(struct arena *a, const struct scim_term *t)
{
	const char *out = "";

	for (; t != NULL; t = t->next)
		out = arena_printf(a, t->type == SCIM_TEXT ? "%s%s%s=\"%s\"" : "%s%s%s=%s", out,
		    *out != '\0' ? " " : "", t->attr, t->value);
	return out;
}

static void
filters(void **state)
{
	static const struct {
		const char *text, *terms; /* NULL: refused */
	} row[] = {
	    {"userName eq \"a@b.example\"", "username=\"a@b.example\""},
	    {" userName  EQ  \"x\" ", "username=\"x\""},
	    {"urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"x\"", "username=\"x\""},
	    {"URN:IETF:params:scim:schemas:core:2.0:Group:displayName eq \"x\"",
	        "displayname=\"x\""},
	    {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:userName eq \"x\"",
	        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:username=\"x\""},
	    {"a eq \"x\" and b eq true AND c eq false", "a=\"x\" b=true c=false"},
	    {"emails[type eq \"work\" and value eq \"x\"]",
	        "emails.type=\"work\" emails.value=\"x\""},
	    {"a eq \"1\" and emails[value eq \"2\"] and b eq \"3\"",
	        "a=\"1\" emails.value=\"2\" b=\"3\""},
	    {"name.familyName eq \"x\"", "name.familyname=\"x\""},
	    {"a eq \"say \\\"and\\\" b eq \\u00e9\"", "a=\"say \"and\" b eq é\""},
	    {"a eq null", "a="},
	    {"a eq -1.5e3", "a="},
	    {"", NULL},
	    {"a", NULL},
	    {"a eq", NULL},
	    {"a eq ", NULL},
	    {"a eq \"x", NULL},
	    {"a eq \"x\\", NULL},
	    {"a eq \"\\q\"", NULL},
	    {"a eq \"\\u0000\"", NULL},
	    {"a eq \"\n\"", NULL},
	    {"a eq x", NULL},
	    {"a eq truely", NULL},
	    {"a eq\"x\"", NULL},
	    {"a ne \"x\"", NULL},
	    {"a pr", NULL},
	    {"a eq \"x\" or b eq \"y\"", NULL},
	    {"a eq \"x\" and", NULL},
	    {"a eq \"x\" andb eq \"y\"", NULL},
	    {"not a eq \"x\"", NULL},
	    {"(a eq \"x\")", NULL},
	    {"a eq \"x\")", NULL},
	    {"a[b eq \"x\"", NULL},
	    {"a[b eq \"x\"]]", NULL},
	    {"a[b[c eq \"x\"]]", NULL},
	    {"a[]", NULL},
	    {"[a eq \"x\"]", NULL},
	    {"a. eq \"x\"", NULL},
	    {"1a eq \"x\"", NULL},
	    {"a eq \"1\" and a eq \"2\" and a eq \"3\" and a eq \"4\" and a eq \"5\" and a eq \"6\" and a eq \"7\" and "
	     "a eq \"8\" and a eq \"9\" and a eq \"10\" and a eq \"11\"",
	        NULL},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < NELEMS(row); i++) {
		const char *problem = NULL;
		const struct scim_term *t = scim_filter_parse(a, row[i].text, &problem);

		if (row[i].terms == NULL) {
			if (t != NULL || problem == NULL)
				fail_msg("%s: taken as %s", row[i].text, shown(a, t));
			continue;
		}
		if (t == NULL)
			fail_msg("%s: %s", row[i].text, problem);
		assert_null(problem);
		assert_string_equal(shown(a, t), row[i].terms);
	}
	arena_free(a);
}

static void
paths(void **state)
{
	static const struct {
		const char *text, *attr, *where; /* attr NULL: refused */
	} row[] = {
	    {"active", "active", ""},
	    {"name.familyName", "name.familyname", ""},
	    {"members", "members", ""},
	    {"members[value eq \"2819c223\"]", "members", "members.value=\"2819c223\""},
	    {"emails[type eq \"work\"].value", "emails.value", "emails.type=\"work\""},
	    {"emails[primary eq true and type eq \"work\"].value", "emails.value",
	        "emails.primary=true emails.type=\"work\""},
	    {"urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq \"work\"].value",
	        "emails.value", "emails.type=\"work\""},
	    {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
	        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:department", ""},
	    {"", NULL, NULL},
	    {" active", NULL, NULL},
	    {"active ", NULL, NULL},
	    {"name.", NULL, NULL},
	    {"members[]", NULL, NULL},
	    {"members[value eq \"x\"", NULL, NULL},
	    {"members[value eq \"x\"].", NULL, NULL},
	    {"members[value eq \"x\"]value", NULL, NULL},
	    {"members[value eq \"x\"].value.", NULL, NULL},
	    {"members[value eq \"x\" or value eq \"y\"]", NULL, NULL},
	    {"a[b eq \"x\"][c eq \"y\"]", NULL, NULL},
	    {"active eq true", NULL, NULL},
	};
	struct arena *a = arena_new();
	struct scim_path p;

	(void)state;
	for (size_t i = 0; i < NELEMS(row); i++) {
		bool ok = scim_path_parse(a, &p, row[i].text);

		if (ok != (row[i].attr != NULL))
			fail_msg("%s: %s", row[i].text, ok ? p.attr : "refused");
		if (!ok)
			continue;
		assert_string_equal(p.attr, row[i].attr);
		assert_string_equal(shown(a, p.where), row[i].where);
	}
	arena_free(a);
}

static void
resources(void **state)
{
	static const struct {
		const char *body,
		    *changes; /* changes: JSON with sorted members, or the first error's sentence */
	} row[] = {
	    {"{\"userName\":\"a\"}", "{\"user_name\":\"a\"}"},
	    {"{\"USERNAME\":\" a \",\"schemas\":[\"x\"],\"nobody\":{\"knows\":[1,{}]}}",
	        "{\"user_name\":\"a\"}"},
	    {"{\"name\":{\"givenName\":\"A\",\"familyName\":\"\"}}",
	        "{\"family_name\":null,\"given_name\":\"A\"}"},
	    {"{\"name.givenName\":\"A\",\"Name\":{\"FAMILYNAME\":null}}",
	        "{\"family_name\":null,\"given_name\":\"A\"}"},
	    {"{\"urn:ietf:params:scim:schemas:core:2.0:User:displayName\":\"D\"}",
	        "{\"display_name\":\"D\"}"},
	    {"{\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"displayName\":\"D\"}}",
	        "{}"},
	    {"{\"active\":true}", "{\"active\":true}"},
	    {"{\"active\":\"False\"}", "{\"active\":false}"},
	    {"{\"active\":[{\"value\":\"TRUE\"}]}", "{\"active\":true}"},
	    {"{\"active\":null}", "{}"},
	    {"{\"active\":1}", "Must be true or false."},
	    {"{\"emails\":[{\"value\":\"a@x.example\"},{\"value\":\"b@x.example\",\"type\":\"work\"}]}",
	        "{\"email\":\"b@x.example\"}"},
	    {"{\"emails\":[{\"value\":\"a@x.example\",\"type\":\"work\"},{\"value\":\"b@x.example\",\"primary\":true}]}",
	        "{\"email\":\"b@x.example\"}"},
	    {"{\"emails\":[{\"value\":\"a@x.example\",\"type\":\"home\"},{\"value\":\"b@x.example\"}]}",
	        "{\"email\":\"a@x.example\"}"},
	    {"{\"emails\":[]}", "{}"},
	    {"{\"emails\":\"a@x.example\"}", "{\"email\":\"a@x.example\"}"},
	    {"{\"emails\":[\"a@x.example\"]}", "{\"email\":\"a@x.example\"}"},
	    {"{\"emails\":[[[[\"a@x.example\"]]]]}", "{\"email\":\"a@x.example\"}"},
	    {"{\"emails\":[{\"value\":\"no address\"}]}",
	        "Must be an e-mail address, such as name@example.com."},
	    {"{\"externalId\":7}", "Must be text."},
	    {"{\"externalId\":{\"value\":\"e\"}}", "{\"external_id\":\"e\"}"},
	    {"{\"userName\":null}", "Must be text."},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < NELEMS(row); i++) {
		struct req r = {.a = a};
		json_t *changes = json_keep(a, json_object());
		const char *problem;
		char *got;

		scim_take(&r, scim_user_attributes, "",
		    json_read(a, row[i].body, strlen(row[i].body), &problem), changes);
		if (r.errors.n > 0) {
			if (strcmp(r.errors.first->detail, row[i].changes) != 0)
				fail_msg("%s: %s", row[i].body, r.errors.first->detail);
			continue;
		}
		got = json_dumps(changes, JSON_COMPACT | JSON_SORT_KEYS);
		if (strcmp(got, row[i].changes) != 0)
			fail_msg("%s: %s", row[i].body, got);
		free(got);
	}
	arena_free(a);
}

/* Who sends it need not have a key that is good: it is read before the door is asked. */
static void
a_big_resource_takes_no_more_than_it_has(void **state)
{
	static const char *const around[] = {"", "name", "emails"};
	size_t sent = 0;

	(void)state;
	for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
		struct arena *a = arena_new();
		struct req r = {.a = a};
		json_t *changes = json_keep(a, json_object()), *body = json_keep(a, json_object()),
		       *inner = json_object();
		char *name = arena_alloc(a, 100001);
		size_t before;

		memset(name, 'k', 100000);
		for (int k = 0; k < 1000; k++)
			(void)json_object_set_new(inner, arena_printf(a, "a%d", k), json_true());
		(void)json_object_set_new(body, name, inner);
		sent = strlen(json_text(a, body));
		before = arena_used(a);
		scim_take(&r, scim_user_attributes, around[i], body, changes);
		assert_in_range(arena_used(a) - before, 0, 4 * sent);
		assert_int_equal(json_object_size(changes), 0);
		arena_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filters),
	    cmocka_unit_test(paths),
	    cmocka_unit_test(resources),
	    cmocka_unit_test(a_big_resource_takes_no_more_than_it_has),
	};

	return cmocka_run_group_tests_name("scim", tests, NULL, NULL);
}
