/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A3: what goes beside a login: logout both ways, what we send, metadata, and the small things that all of it stands on. */
#include "tests/unit/saml_helper.h"

#include "fcgi/saml/certificate.h"
#include "fcgi/saml/gate.h"
#include "fcgi/saml/logout.h"
#include "fcgi/saml/redirect.h"

/* ── logout ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void
each_logout_is_stopped_by_its_own_check(void **state)
{
	const json_t *facts = facts_of("idp.pem");
	const struct saml_provider p = {.sp = &sp, .facts = facts, .server = server};
	struct forge f = forge();
	size_t wrong = 0;

	(void)state;
	f.template = saml_logout_template;
	f.acs = sp.slo;
	for (size_t i = 0; i < nsaml_logout_vectors; i++) {
		const struct vector *v = &saml_logout_vectors[i];
		char *b64 = saml_forge(&f, v, S_RESPONSE);
		struct saml_logout l;
		const char *why = saml_logout_post(a, &p, b64, strlen(b64), NOW, &l);

		free(b64);
		if (v->reason == NULL ? why != NULL : !str_eq(why, v->reason)) {
			print_message("%s: %s instead of %s\n", v->name,
			    why != NULL ? why : "accepted",
			    v->reason != NULL ? v->reason : "accepted");
			wrong++;
		}
		if (v->reason == NULL) {
			assert_string_equal(l.subject, "u-4711");
			assert_int_equal(l.nsessions, str_eq(v->name, "logout") ? 1 : 0);
		}
	}
	assert_int_equal(wrong, 0);
}

/* Ourselves as the provider: the certificate of the facts is the one that saml_redirect() signs with. */
static const char *
query_of(const char *xml, const char *relay)
{
	const char *url = saml_redirect(a, "https://idp.example/slo?x=1", "SAMLRequest", xml,
	    relay);

	assert_true(str_starts(url, "https://idp.example/slo?x=1&SAMLRequest="));
	return strchr(url, '&') + 1;
}

static void
a_query_is_signed_as_a_whole(void **state)
{
	static const char relays[][24] = {"", "/contacts?a=b&c=d"};
	const json_t *facts = facts_of("sp.pem");
	json_t *to_us = json_pack("{s:s, s:s}", "entity_id", IDP, "slo_url", sp.slo);
	const struct saml_sp idp = {.entity_id = IDP, .acs = "", .slo = ""};
	const char *xml = saml_logout_request(a, "_1", &idp, to_us, "u-4711", NULL, "s & 1", NOW),
	           *got, *query;
	struct saml_logout l;
	size_t len;

	(void)state;
	for (size_t i = 0; i < NELEMS(relays); i++) {
		query = query_of(xml, *relays[i] != '\0' ? relays[i] : NULL);
		assert_null(saml_query(a, query, "SAMLRequest", facts, &got, &len));
		assert_int_equal(len, strlen(xml));
		assert_memory_equal(got, xml, len);
		assert_null(saml_logout_query(a, query, &sp, facts, NOW, &l));
		assert_string_equal(l.subject, "u-4711");
		assert_string_equal(l.session[0], "s & 1");
		assert_string_equal(saml_logout_query(a, query, &sp, facts_of("idp.pem"), NOW, &l),
		    "signature");
		assert_string_equal(saml_logout_query(a, query, &sp, facts, NOW + 400, &l),
		    "issue-instant");
	}
	/* another order is the same message; anything beside, twice or changed is not */
	assert_null(saml_query(a,
	    arena_printf(a, "%s&%.*s", strstr(query, "RelayState="),
	        (int)(strstr(query, "&RelayState=") - query), query),
	    "SAMLRequest", facts, &got, &len));
	assert_string_equal(saml_query(a, arena_printf(a, "%s&x=1", query), "SAMLRequest", facts,
	                        &got, &len),
	    "query");
	assert_string_equal(saml_query(a, arena_printf(a, "%s&RelayState=", query), "SAMLRequest",
	                        facts, &got, &len),
	    "query");
	assert_string_equal(saml_query(a, arena_printf(a, "SAMLRequest=AAAA&%s", query),
	                        "SAMLRequest", facts, &got, &len),
	    "query");
	assert_string_equal(saml_query(a, query, "SAMLResponse", facts, &got, &len), "query");
	assert_string_equal(
	    saml_query(a, arena_strndup(a, query, (size_t)(strstr(query, "&Signature") - query)),
	        "SAMLRequest", facts, &got, &len),
	    "unsigned");
	assert_string_equal(saml_query(a,
	                        arena_strndup(a, query, (size_t)(strstr(query, "&SigAlg") - query)),
	                        "SAMLRequest", facts, &got, &len),
	    "unsigned");
	{
		char *changed = arena_strdup(a, query);

		strstr(changed, "rsa-sha256")[9] = '1';
		assert_string_equal(saml_query(a, changed, "SAMLRequest", facts, &got, &len),
		    "algorithm");
		changed = arena_strdup(a, query);
		changed[20] = changed[20] == 'A' ? 'B' : 'A';
		assert_string_equal(saml_query(a, changed, "SAMLRequest", facts, &got, &len),
		    "signature");
	}
	json_decref(to_us);
}

/* ADFS and Shibboleth do not know somebody by the text of a NameID alone. */
static void
a_logout_names_them_as_the_provider_did(void **state)
{
	json_t *facts = json_pack("{s:s}", "slo_url", "https://idp.example/slo"),
	       *name_id = json_pack("{s:s, s:s, s:s}", "Format", NAMEID_PERSISTENT, "NameQualifier",
	           IDP, "SPNameQualifier", "a&b\"");

	(void)state;
	assert_non_null(strstr(saml_logout_request(a, "_1", &sp, facts, "u", name_id, NULL, NOW),
	    "<saml:NameID Format=\"" NAMEID_PERSISTENT "\" NameQualifier=\"" IDP
	    "\" SPNameQualifier=\"a&amp;b&quot;\">u</saml:NameID></samlp:LogoutRequest>"));
	assert_non_null(strstr(saml_logout_request(a, "_1", &sp, facts, "u", NULL, NULL, NOW),
	    "<saml:NameID>u</saml:NameID>"));
	json_decref(facts);
	json_decref(name_id);
}

static void
a_query_does_not_unpack_without_end(void **state)
{
	char *zeros = arena_alloc(a, 1000001);
	const char *got;
	size_t len;

	(void)state;
	memset(zeros, ' ', 1000000);
	assert_string_equal(saml_query(a, query_of(zeros, NULL), "SAMLRequest", facts_of("sp.pem"),
	                        &got, &len),
	    "size");
}

static void
what_we_ask_is_what_was_set(void **state)
{
	json_t *facts = facts_of("idp.pem"),
	       *settings = json_pack("{s:b, s:s, s:s}", "force_authn", true, "nameid_format",
	           NAMEID_EMAIL, "authn_context", "urn:a&b  urn:c");
	const char *plain = saml_authn_request(a, "_1", &sp, facts, NULL, NOW),
	           *set = saml_authn_request(a, "_1", &sp, facts, settings, NOW);

	(void)state;
	assert_non_null(strstr(plain, "Destination=\"https://idp.example/sso\""));
	assert_non_null(
	    strstr(plain, "AssertionConsumerServiceURL=\"" BASE "/v1/auth/saml/nordlys/acs\""));
	assert_non_null(
	    strstr(plain, "<saml:Issuer>" BASE "/v1/auth/saml/nordlys/metadata</saml:Issuer>"));
	assert_null(strstr(plain, "ForceAuthn"));
	assert_null(strstr(plain, " Format="));
	assert_null(strstr(plain, "AuthnContext"));
	assert_non_null(
	    strstr(set, "/><samlp:RequestedAuthnContext Comparison=\"exact\">"
	                "<saml:AuthnContextClassRef>urn:a&amp;b</saml:AuthnContextClassRef>"
	                "<saml:AuthnContextClassRef>urn:c</saml:AuthnContextClassRef>"
	                "</samlp:RequestedAuthnContext></samlp:AuthnRequest>"));
	assert_non_null(strstr(set, "ForceAuthn=\"true\""));
	assert_non_null(strstr(set, " Format=\"" NAMEID_EMAIL "\""));
	assert_string_not_equal(saml_message_id(a), saml_message_id(a));
	assert_int_equal(strlen(saml_message_id(a)), 33);
	json_decref(settings);
}
/* ── metadata, texts ─────────────────────────────────────────────────────────────────────────────────────────────── */

#define KEY(use, name) \
	"<md:KeyDescriptor" use "><ds:KeyInfo><ds:X509Data><ds:X509Certificate>" name \
	"</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
#define SSO(binding, url) \
	"<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:" binding \
	"\" Location=\"" url "\"/>"
#define SLO(url, more) \
	"<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"" url \
	"\"" more "/>"
#define REDIRECT SSO("HTTP-Redirect", "https://idp.example/sso")
#define WITHIN(attributes, inside) \
	"<md:EntityDescriptor xmlns:md=\"" NS_MD "\" xmlns:ds=\"" NS_DS "\" " attributes ">" \
	"<md:IDPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP "\">" inside \
	"</md:IDPSSODescriptor></md:EntityDescriptor>"
#define ENTITY "entityID=\"" IDP "\""
#define LIST(attributes, inside) \
	"<md:EntitiesDescriptor xmlns:md=\"" NS_MD "\"" attributes ">" inside \
	"</md:EntitiesDescriptor>"

static void
metadata_is_read_or_explained(void **state)
{
	static const struct {
		const char *text, *problem; /* NULL: is read */
		size_t certificates;
	} t[] = {
	    {WITHIN(ENTITY, KEY("", "@idp@") REDIRECT), NULL, 1},
	    {"<!-- of our provider -->" WITHIN(ENTITY, KEY(" use=\"signing\"", "@idp@") REDIRECT),
	        NULL, 1},
	    {"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>" WITHIN(ENTITY,
	         KEY("", "@idp@") REDIRECT),
	        NULL, 1},
	    {"\r\n  " WITHIN(ENTITY, KEY("", "@idp@") REDIRECT), NULL, 1},
	    {WITHIN(ENTITY, KEY("", "@idp@") KEY(" use=\"signing\"", "@new@") REDIRECT), NULL, 2},
	    {WITHIN(ENTITY, KEY("", "@idp@") KEY("", "@idp@") REDIRECT), NULL, 1},
	    {WITHIN(ENTITY, KEY("", "@idp@") KEY("", "@ec@") REDIRECT), NULL, 1},
	    {WITHIN(ENTITY " validUntil=\"2099-01-01T00:00:00Z\"",
	         KEY("", "@idp@") SLO("https://idp.example/slo",
	             " ResponseLocation=\"https://idp.example/slr\"") REDIRECT),
	        NULL, 1},
	    {WITHIN(ENTITY, KEY("", "@ec@") REDIRECT), "not RSA", 0},
	    {WITHIN(ENTITY, KEY("", "@weak@") REDIRECT), "too short", 0},
	    {WITHIN(ENTITY, KEY(" use=\"encryption\"", "@idp@") REDIRECT), "no certificate", 0},
	    {WITHIN(ENTITY, KEY("", "AAAA") REDIRECT), "cannot be read", 0},
	    {WITHIN(ENTITY, KEY("", "@idp@<!-- x -->") REDIRECT), "no certificate", 0},
	    {WITHIN(ENTITY, REDIRECT), "no certificate", 0},
	    {WITHIN(ENTITY, KEY("", "@idp@") SSO("HTTP-POST", "https://idp.example/sso")),
	        "no address", 0},
	    {WITHIN(ENTITY, KEY("", "@idp@") SSO("HTTP-Redirect", "http://idp.example/sso")),
	        "no address", 0},
	    {WITHIN(ENTITY, KEY("", "@idp@") SSO("HTTP-Redirect", "https://idp.example/&#9;sso")),
	        "no address", 0},
	    {WITHIN(ENTITY, KEY("", "@idp@") SSO("HTTP-Redirect", "javascript:alert(1)")),
	        "no address", 0},
	    {WITHIN("", KEY("", "@idp@") REDIRECT), "no entityID", 0},
	    {WITHIN("entityID=\"\"", KEY("", "@idp@") REDIRECT), "no entityID", 0},
	    {WITHIN(ENTITY " validUntil=\"2020-01-01T00:00:00Z\"", KEY("", "@idp@") REDIRECT),
	        "not valid any more", 0},
	    {WITHIN(ENTITY " validUntil=\"soon\"", KEY("", "@idp@") REDIRECT), "not valid any more",
	        0},
	    {"<md:EntityDescriptor xmlns:md=\"" NS_MD "\" " ENTITY "/>", "identity provider", 0},
	    {"<md:EntityDescriptor xmlns:md=\"" NS_MD "\" " ENTITY
	     "><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol\"/></md:EntityDescriptor>",
	        "identity provider", 0},
	    {"<md:EntitiesDescriptor xmlns:md=\"" NS_MD "\"/>", "several providers", 0},
	    {LIST("", WITHIN(ENTITY, KEY("", "@idp@") REDIRECT)), NULL, 1},
	    {LIST("", WITHIN(ENTITY, KEY("", "@idp@") REDIRECT)
	                  WITHIN("entityID=\"https://other.example\"", KEY("", "@new@") REDIRECT)),
	        "several providers", 0},
	    {LIST("", LIST("", WITHIN(ENTITY, KEY("", "@idp@") REDIRECT))), "several providers", 0},
	    {LIST("", WITHIN(ENTITY, KEY("", "@idp@") REDIRECT) LIST("", "")), "several providers",
	        0},
	    {LIST(" validUntil=\"2020-01-01T00:00:00Z\"",
	         WITHIN(ENTITY, KEY("", "@idp@") REDIRECT)),
	        "not valid any more", 0},
	    {LIST("", "<md:EntityDescriptor " ENTITY "/>"), "identity provider", 0},
	    {"<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:1.0:metadata\"/>", "no SAML 2.0",
	        0},
	    {"<html><body>Not found</body></html>", "no SAML 2.0", 0},
	    {"Not found", "no XML", 0},
	    {"", "no XML", 0},
	    {"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a/>", "DTD", 0},
	    {"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a/>", "UTF-8", 0},
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(t); i++) {
		const char *text = t[i].text, *problem = NULL;
		json_t *facts;

		static const char *const certs[][2] = {{"@idp@", "idp.pem"},
		    {"@new@", "idp-new.pem"}, {"@ec@", "ec.pem"}, {"@weak@", "weak.pem"}};

		for (size_t c = 0; c < NELEMS(certs); c++)
			for (const char *at; (at = strstr(text, certs[c][0])) != NULL;)
				text = arena_printf(a, "%.*s%s%s", (int)(at - text), text,
				    pem_body(certs[c][1]), at + strlen(certs[c][0]));
		facts = saml_metadata(a, text, strlen(text), NOW, &problem);
		if (t[i].problem != NULL) {
			if (facts != NULL || strstr(problem, t[i].problem) == NULL)
				fail_msg("metadata %zu: %s instead of %s", i,
				    facts != NULL ? "read" : problem, t[i].problem);
			continue;
		}
		if (facts == NULL)
			fail_msg("metadata %zu: %s", i, problem);
		assert_int_equal(json_array_size(json_object_get(facts, "certificates")),
		    t[i].certificates);
		assert_string_equal(json_string_value(json_object_get(facts, "entity_id")), IDP);
		assert_string_equal(json_string_value(json_object_get(facts, "sso_url")),
		    "https://idp.example/sso");
		if (strstr(t[i].text, "slr") != NULL) {
			assert_string_equal(json_string_value(json_object_get(facts, "slo_url")),
			    "https://idp.example/slo");
			assert_string_equal(json_string_value(
			                        json_object_get(facts, "slo_response_url")),
			    "https://idp.example/slr");
		}
	}
}

/* Two texts for one certificate would be two certificates to whoever compares them. */
static void
a_certificate_ends_where_it_ends(void **state)
{
	unsigned char der[8192], text[12288];
	const char *plain = pem_body("idp.pem"), *out, *bytes, *same;
	size_t len, n = 0;
	char *line = arena_alloc(a, strlen(plain) + 1);

	(void)state;
	for (const char *p = plain; *p != '\0'; p++)
		if (*p != '\n')
			line[n++] = *p;
	assert_null(gate_base64(a, line, n, &same, &bytes, &len));
	for (int more = 0; more < 2; more++) {
		X509 *x;

		memcpy(der, bytes, len);
		der[len] = 0;
		(void)EVP_EncodeBlock(text, der, (int)len + more);
		x = certificate_read(a, (const char *)text, &out, &n);
		assert_int_equal(x != NULL, more == 0);
		X509_free(x);
	}
}

static void
a_certificate_that_ends_is_told_of(void **state)
{
	json_t *one = json_pack("{s:[{s:s}]}", "certificates", "not_after", "2027-01-20T08:00:00Z"),
	       *two;

	(void)state;
	assert_non_null(strstr(saml_metadata_warning(a, one, NOW), "expires on 2027-01-20"));
	assert_null(saml_metadata_warning(a, one, NOW - 40 * 86400));
	assert_non_null(strstr(saml_metadata_warning(a, one, NOW + 6 * 86400), "has expired"));
	/* not when the next one is there, in whatever order */
	two = json_pack("{s:[{s:s}, {s:s}, {s:s}]}", "certificates", "not_after",
	    "2027-01-20T08:00:00Z", "not_after", "2030-01-01T00:00:00Z", "not_after",
	    "2027-01-20T08:00:00Z");
	assert_null(saml_metadata_warning(a, two, NOW));
	json_decref(one);
	json_decref(two);
}

static void
times_are_utc_to_the_letter(void **state)
{
	static const struct {
		const char *text;
		int64_t at;
	} good[] = {{"1970-01-01T00:00:00Z", 0}, {"2027-01-15T08:00:00Z", NOW},
	    {"2027-01-15T08:00:00.123456789Z", NOW}, {"2024-02-29T23:59:59Z", 1709251199},
	    {"2000-02-29T00:00:00.0Z", 951782400}};
	static const char *const bad[] = {"", "2027-01-15", "2027-01-15T08:00:00",
	    "2027-01-15T08:00:00+00:00", "2027-01-15 08:00:00Z", "2027-01-15T08:00:60Z",
	    "2027-01-15T24:00:00Z", "2027-02-29T08:00:00Z", "2100-02-29T08:00:00Z",
	    "2027-13-01T08:00:00Z", "2027-00-01T08:00:00Z", "2027-01-00T08:00:00Z",
	    "2027-01-15T08:00:00.Z", "2027-01-15T08:00:00.1234567890123Z", "2027-01-15T08:00:00Z ",
	    "+027-01-15T08:00:00Z", "1969-12-31T23:59:59Z", "20270-01-15T08:00:00Z",
	    "2027-01-15T8:00:00Z"};
	char text[21];
	int64_t t;

	(void)state;
	for (size_t i = 0; i < NELEMS(good); i++) {
		assert_true(xml_time(good[i].text, &t));
		assert_int_equal(t, good[i].at);
	}
	for (size_t i = 0; i < NELEMS(bad); i++)
		if (xml_time(bad[i], &t))
			fail_msg("%s is taken for a time", bad[i]);
	assert_false(xml_time(NULL, &t));
	xml_time_text(text, NOW);
	assert_string_equal(text, "2027-01-15T08:00:00Z");
}

static void
base64_has_one_form(void **state)
{
	static const char *const bad[] = {"", "A", "AB", "ABC", "AB=C",
	    "A===", "====", "AB==AB==", "QQ=A", "QR==", "QUF=", "QU-B", "QU_B", "QUFB ", "Q\tFB"};
	const char *plain, *xml;
	size_t len;

	(void)state;
	assert_null(gate_base64(a, "QUJD\r\nREU=\n", 11, &plain, &xml, &len));
	assert_string_equal(plain, "QUJDREU=");
	assert_string_equal(xml, "ABCDE");
	assert_int_equal(len, 5);
	for (size_t i = 0; i < NELEMS(bad); i++)
		if (gate_base64(a, bad[i], strlen(bad[i]), &plain, &xml, &len) == NULL)
			fail_msg("%s is taken for base64", bad[i]);
	{
		char *large = arena_alloc(a, GATE_BASE64_MAX + 5);

		memset(large, 'A', GATE_BASE64_MAX + 4);
		assert_null(gate_base64(a, large, GATE_BASE64_MAX, &plain, &xml, &len));
		assert_string_equal(gate_base64(a, large, GATE_BASE64_MAX + 4, &plain, &xml, &len),
		    "size");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_logout_is_stopped_by_its_own_check),
	    cmocka_unit_test(a_query_is_signed_as_a_whole),
	    cmocka_unit_test(a_logout_names_them_as_the_provider_did),
	    cmocka_unit_test(a_query_does_not_unpack_without_end),
	    cmocka_unit_test(what_we_ask_is_what_was_set),
	    cmocka_unit_test(metadata_is_read_or_explained),
	    cmocka_unit_test(a_certificate_ends_where_it_ends),
	    cmocka_unit_test(a_certificate_that_ends_is_told_of),
	    cmocka_unit_test(times_are_utc_to_the_letter),
	    cmocka_unit_test(base64_has_one_form),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
