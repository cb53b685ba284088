/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A3: an answer to a login is taken when everything about it is right, and each attack is stopped by the check that is
 * against it. `test_saml N` does N good logins and reports what they left behind.
 */
#include "tests/unit/saml_helper.h"

#include <malloc.h>

#include "fcgi/saml/accept.h"
#include "shared/json/fields.h"

#define CONTEXTS \
	"https://refeds.org/profile/mfa urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

static struct saml_expect
expect(const struct vector *v)
{
	return (struct saml_expect){.sp = &sp,
	    .idp = IDP,
	    .now = NOW,
	    .sign_both = (v->expect & X_SIGN_BOTH) != 0,
	    .force_authn = (v->expect & X_FORCE_AUTHN) != 0,
	    .authn_context = (v->expect & X_CONTEXT) != 0 ? CONTEXTS : NULL,
	    .nameid_format = (v->expect & X_FORMAT) != 0 ? NAMEID_PERSISTENT : NULL};
}

static const char *
accepted(struct arena *arena, const struct vector *v, unsigned style, struct saml_claims *claims)
{
	struct forge f = forge();
	struct saml_expect e = expect(v);
	char *b64 = saml_forge(&f, v, style);
	const char *why = saml_accept(arena, &(struct saml_provider){.server = server}, b64,
	    strlen(b64), &e, claims);

	free(b64);
	return why;
}

static void
each_vector_is_stopped_by_its_own_check(void **state)
{
	size_t n = 0, wrong = 0;

	(void)state;
	for (size_t i = 0; i < nsaml_vectors; i++)
		for (unsigned style = 1; style <= S_ENCRYPTED_BOTH; style *= 2) {
			const struct vector *v = &saml_vectors[i];
			struct arena *mine = arena_new();
			struct saml_claims c;
			const char *why;

			if ((v->styles & style) == 0) {
				arena_free(mine);
				continue;
			}
			why = accepted(mine, v, style, &c);
			n++;
			if (v->reason == NULL ? why != NULL : !str_eq(why, v->reason)) {
				print_message("%s (signed as %u): %s instead of %s\n", v->name,
				    style, why != NULL ? why : "accepted",
				    v->reason != NULL ? v->reason : "accepted");
				wrong++;
			}
			arena_free(mine);
		}
	print_message("%zu answers of %zu kinds\n", n, nsaml_vectors);
	assert_int_equal(wrong, 0);
}

/* What a good one comes to. */
static void
claims_are_what_the_provider_says(void **state)
{
	struct saml_claims c;

	(void)state;
	for (unsigned style = 1; style <= S_ENCRYPTED_BOTH; style *= 2) {
		assert_null(accepted(a, saml_vector("good"), style, &c));
		assert_string_equal(c.subject, "u-4711");
		assert_string_equal(c.email, "ada@nordlys.example");
		assert_string_equal(c.name, "Ada Lovelace");
		assert_string_equal(c.session, "_s0001");
		assert_string_equal(c.in_response_to, "_request");
		assert_string_equal(c.assertion_id, "_a0001");
		assert_int_equal(c.expires, NOW + 300);
		assert_int_equal(c.authn_at, NOW - 10);
		assert_true(c.has_groups);
		assert_int_equal(c.ngroups, 2);
		assert_string_equal(c.groups[0], "sales");
		assert_string_equal(c.groups[1], "everybody");
	}
	/* it is remembered for as long as any part of it would be good */
	assert_null(
	    accepted(a, saml_vector("conditions-longer-than-the-confirmation"), S_BOTH, &c));
	assert_int_equal(c.expires, NOW + 600);
	assert_null(accepted(a, saml_vector("good-for-years"), S_BOTH, &c));
	assert_int_equal(c.expires, NOW + SAML_ANSWER_AGE);
	assert_null(accepted(a, saml_vector("entities-in-text"), S_BOTH, &c));
	assert_string_equal(c.name, "Ada & Lovelace");
	assert_null(accepted(a, saml_vector("no-attributes"), S_BOTH, &c));
	assert_null(c.email);
}

/* Attributes as a provider of this kind sends them. */
static void
attributes_of_common_providers(void **state)
{
#define CLAIM "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	static const struct {
		const char *email, *name, *second, *group;
	} t[] = {
	    {CLAIM "emailaddress", CLAIM "givenname", CLAIM "surname",
	        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"}, /* Entra ID */
	    {CLAIM "emailaddress", CLAIM "givenname", CLAIM "surname",
	        "http://schemas.xmlsoap.org/claims/Group"}, /* ADFS */
	    {"email", "firstName", "lastName", "groups"},   /* Okta */
	    {"email", "first_name", "last_name", "groups"}, /* Google */
	    {"email", "firstName", "lastName", "Role"},     /* Keycloak */
	    {"urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:2.5.4.42", "urn:oid:2.5.4.4",
	        "urn:oid:1.3.6.1.4.1.5923.1.5.1.1"}, /* Shibboleth */
	    {"mail", "givenName", "sn", "groups"},   /* simplesamlphp */
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(t); i++) {
		const struct vector v = {"provider", NULL, S_BOTH, 0, 0,
		    "<saml:Attribute Name=\"mail\"><saml:AttributeValue>@EMAIL@</saml:AttributeValue>"
		    "</saml:Attribute><saml:Attribute Name=\"displayName\"><saml:AttributeValue>Ada "
		    "Lovelace</saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"groups\">",
		    arena_printf(a,
		        "<saml:Attribute Name=\"%s\"><saml:AttributeValue>@EMAIL@</saml:AttributeValue>"
		        "</saml:Attribute><saml:Attribute Name=\"%s\"><saml:AttributeValue>Ada"
		        "</saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"%s\">"
		        "<saml:AttributeValue>King</saml:AttributeValue></saml:Attribute><saml:Attribute "
		        "Name=\"%s\">",
		        t[i].email, t[i].name, t[i].second, t[i].group),
		    NULL, NULL, NULL};
		struct saml_claims c;

		assert_null(accepted(a, &v, S_BOTH, &c));
		assert_string_equal(c.email, "ada@nordlys.example");
		assert_string_equal(c.name, "Ada King");
		assert_int_equal(c.ngroups, 2);
	}
}

static void
attributes_by_the_owners_names(void **state)
{
	struct forge f = forge();
	struct saml_expect e = expect(saml_vector("good"));
	char *b64 = saml_forge(&f, saml_vector("good"), S_BOTH);
	struct saml_claims c;

	(void)state;
	e.attribute_email = "work-mail";
	e.attribute_name = "mail";
	e.attribute_groups = "nothing";
	assert_null(
	    saml_accept(a, &(struct saml_provider){.server = server}, b64, strlen(b64), &e, &c));
	assert_null(c.email);
	assert_string_equal(c.name, "ada@nordlys.example");
	/* an attribute that was named and is not there: in no group */
	assert_true(c.has_groups);
	assert_int_equal(c.ngroups, 0);
	free(b64);
}

static void
an_address_as_name_id(void **state)
{
	const struct vector v = {"address", NULL, S_BOTH, 0, 0,
	    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">@SUBJECT@",
	    NAMEID_EMAIL "\">@EMAIL@", "Name=\"mail\"", "Name=\"mails\"", NULL};
	struct vector w = v;
	struct saml_claims c;

	(void)state;
	w.find_after = NULL;
	assert_null(accepted(a, &w, S_BOTH, &c));
	assert_string_equal(c.subject, "ada@nordlys.example");
	assert_string_equal(c.email, "ada@nordlys.example");
}

static void
an_answer_that_nobody_asked_for_says_so(void **state)
{
	struct forge f = forge();
	struct saml_expect e = expect(saml_vector("good"));
	struct saml_claims c;
	char *b64;

	(void)state;
	f.in_response_to = NULL;
	b64 = saml_forge(&f, saml_vector("good"), S_ASSERTION);
	assert_null(
	    saml_accept(a, &(struct saml_provider){.server = server}, b64, strlen(b64), &e, &c));
	assert_null(c.in_response_to);
	free(b64);
}

/* Of a message that is signed as a whole no byte may change (every fifth, for time). */
static void
no_changed_byte_is_accepted(void **state)
{
	struct forge f = forge();
	struct saml_expect e = expect(saml_vector("good"));
	char *b64 = saml_forge(&f, saml_vector("good"), S_RESPONSE);
	size_t len = strlen(b64);

	(void)state;
	for (size_t i = 0; i < len; i += 5) {
		struct arena *mine = arena_new();
		struct saml_claims c;
		char was = b64[i];

		b64[i] = was == 'A' ? 'B' : 'A';
		/* what is not signed is the form of the XML Signature itself: line ends in it may change */
		if (saml_accept(mine, &(struct saml_provider){.server = server}, b64, len, &e,
		        &c) == NULL)
			fail_msg("byte %zu does not matter", i);
		b64[i] = was;
		arena_free(mine);
	}
	free(b64);
}

/* ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void
another_connection_s_keys_are_not_ours(void **state)
{
	struct forge f = forge();
	struct saml_expect e = expect(saml_vector("good"));
	char *b64 = saml_forge(&f, saml_vector("good"), S_BOTH);
	LassoServer *other = saml_server_new(a, &sp, facts_of("idp-new.pem"));
	struct saml_claims c;

	(void)state;
	assert_string_equal(saml_accept(a, &(struct saml_provider){.server = other}, b64,
	                        strlen(b64), &e, &c),
	    "signature");
	g_object_unref(other);
	free(b64);
}

static void
the_old_and_the_new_key_are_both_good(void **state)
{
	json_t *facts = facts_of("idp-new.pem");
	struct forge f = forge();
	struct saml_expect e = expect(saml_vector("good"));
	char *b64 = saml_forge(&f, saml_vector("good"), S_BOTH);
	struct saml_claims c;
	LassoServer *both;

	(void)state;
	(void)json_array_extend(json_object_get(facts, "certificates"),
	    json_object_get(facts_of("idp.pem"), "certificates"));
	both = saml_server_new(a, &sp, facts);
	assert_null(
	    saml_accept(a, &(struct saml_provider){.server = both}, b64, strlen(b64), &e, &c));
	g_object_unref(both);
	free(b64);
}

static LassoServer *
kept(const char *connection, const char *revision, const json_t *facts)
{
	return saml_server(a, &(struct saml_provider){.connection = connection,
	                          .revision = revision,
	                          .sp = &sp,
	                          .facts = facts});
}

static void
servers_are_kept_by_revision(void **state)
{
	static const char one[] = "019ab000-0000-7000-8000-000000000001",
	                  two[] = "019ab000-0000-7000-8000-000000000002";
	const json_t *facts = facts_of("idp.pem");
	LassoServer *first = kept(one, "1", facts);

	(void)state;
	assert_non_null(first);
	assert_ptr_equal(kept(one, "1", facts), first);
	assert_ptr_not_equal(kept(two, "1", facts_of("foreign.pem")), first);
	assert_ptr_equal(kept(one, "1", facts), first);
	(void)g_object_ref(first);
	assert_ptr_not_equal(kept(one, "2", facts), first);
	g_object_unref(first);
}

/* A server costs 60 ms: no message that the gate refuses, and none of another provider, may make us build one. */
static void
no_server_is_made_for_what_the_gate_refuses(void **state)
{
	json_t *nothing = json_keep(a, json_object());
	const struct saml_provider p = {.connection = "019ab000-0000-7000-8000-000000000003",
	    .revision = "1",
	    .sp = &sp,
	    .facts = nothing};
	static const char *const names[] = {"good", "dtd", "xsw3", "rsa-sha1", "unsigned",
	    "another-issuer", "another-destination"};
	struct forge f = forge();
	struct saml_claims c;

	(void)state;
	for (size_t i = 0; i < NELEMS(names); i++) {
		const struct vector *v = saml_vector(names[i]);
		const struct saml_expect e = expect(v);
		char *b64 = saml_forge(&f, v, S_ASSERTION);

		/* there is nothing to make one of, so that it shows when it is asked for */
		assert_string_equal(saml_accept(a, &p, b64, strlen(b64), &e, &c),
		    v->reason != NULL ? v->reason : "unavailable");
		free(b64);
	}
}

static void
our_own_key_must_be_one(void **state)
{
	(void)state;
	assert_false(saml_setup(KEYS "/sp.key", KEYS "/idp.pem"));
	assert_false(saml_setup(KEYS "/idp.key", KEYS "/idp.pem")); /* 2048 bits */
	assert_false(saml_setup(KEYS "/none", KEYS "/sp.pem"));
	assert_false(saml_setup(NULL, NULL));
	assert_true(saml_setup(KEYS "/sp.key", KEYS "/sp.pem"));
}

/* ── memory ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* n good logins, and a round of refused ones each hundred; the bytes in use that they left behind. */
static size_t
left_behind(size_t n)
{
	struct forge f = forge();
	struct saml_expect e = expect(saml_vector("good"));
	char *answer[2] = {saml_forge(&f, saml_vector("good"), S_BOTH),
	    saml_forge(&f, saml_vector("good"), S_ENCRYPTED)};
	size_t before = 0, after;

	for (size_t i = 0; i < n + 100; i++) {
		struct arena *mine = arena_new();
		struct saml_claims c;

		if (i == 100)
			before = mallinfo2().uordblks;
		assert_null(saml_accept(mine, &(struct saml_provider){.server = server},
		    answer[i % 2], strlen(answer[i % 2]), &e, &c));
		arena_free(mine);
	}
	after = mallinfo2().uordblks;
	free(answer[0]);
	free(answer[1]);
	return after > before ? after - before : 0;
}

static void
logins_leave_nothing_behind(void **state)
{
	(void)state;
	assert_true(left_behind(300) < 4096);
}

static void
refusals_leave_nothing_behind(void **state)
{
	size_t before = 0;

	(void)state;
	for (int round = 0; round < 4; round++) {
		if (round == 1)
			before = mallinfo2().uordblks;
		for (size_t i = 0; i < nsaml_vectors; i++) {
			struct arena *mine = arena_new();
			struct saml_claims c;

			if (saml_vectors[i].tree != NULL)
				(void)accepted(mine, &saml_vectors[i],
				    (saml_vectors[i].styles & S_ASSERTION) != 0 ? S_ASSERTION
				                                                : S_ENCRYPTED,
				    &c);
			arena_free(mine);
		}
	}
	print_message("%zd bytes\n", (ssize_t)(mallinfo2().uordblks - before));
	assert_true(mallinfo2().uordblks < before + 16384);
}

static int
measure(size_t n)
{
	size_t left;

	(void)setup(NULL);
	left = left_behind(n);
	printf("%zu logins left %zu bytes behind\n", n, left);
	(void)teardown(NULL);
	return left < 4096 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_vector_is_stopped_by_its_own_check),
	    cmocka_unit_test(claims_are_what_the_provider_says),
	    cmocka_unit_test(attributes_of_common_providers),
	    cmocka_unit_test(attributes_by_the_owners_names),
	    cmocka_unit_test(an_address_as_name_id),
	    cmocka_unit_test(an_answer_that_nobody_asked_for_says_so),
	    cmocka_unit_test(no_changed_byte_is_accepted),
	    cmocka_unit_test(another_connection_s_keys_are_not_ours),
	    cmocka_unit_test(the_old_and_the_new_key_are_both_good),
	    cmocka_unit_test(servers_are_kept_by_revision),
	    cmocka_unit_test(no_server_is_made_for_what_the_gate_refuses),
	    cmocka_unit_test(our_own_key_must_be_one),
	    cmocka_unit_test(logins_leave_nothing_behind),
	    cmocka_unit_test(refusals_leave_nothing_behind),
	};

	if (argc > 1)
		return measure(strtoul(argv[1], NULL, 10));
	return cmocka_run_group_tests(tests, setup, teardown);
}
