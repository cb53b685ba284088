/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/saml/accept.h"

#include <lasso/xml/saml-2.0/samlp2_response.h>
#include <string.h>

#include "fcgi/saml/gate.h"
#include "fcgi/saml/xml.h"
#include "shared/base/str.h"
#include "shared/json/fields.h"

#define SUBJECT_MAX 512U
#define SESSION_MAX 512U

/* ── signature ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static void
login_free(void *login)
{
	lasso_login_destroy(login);
}

static const char *
lasso_reason(int rc)
{
	switch (rc) {
	case LASSO_DS_ERROR_SIGNATURE_NOT_FOUND:
		return "unsigned";
	/* the gate has seen one: what was inside could not be had */
	case LASSO_PROFILE_ERROR_MISSING_ASSERTION:
		return "decryption";
	case LASSO_PROFILE_ERROR_MISSING_SUBJECT:
		return "subject";
	case LASSO_PROFILE_ERROR_INVALID_ISSUER:
		return "issuer";
	default:
		return "signature";
	}
}

/*
 * lasso verifies, and decrypts. *out: the assertion as it was signed. FORCE asks for a signature of the message and one of
 * the assertion; MAYBE for one that covers the assertion, and that any other one is good too.
 */
static const char *
verify(struct arena *a, const struct saml_provider *p, const char *plain, bool both,
    const xmlNode **out)
{
	LassoServer *server = saml_server(a, p);
	LassoSamlp2Response *response;
	LassoProfile *profile;
	LassoLogin *login;
	int rc;

	if (server == NULL)
		return "unavailable";
	login = lasso_login_new(server);
	profile = LASSO_PROFILE(login);
	arena_defer(a, login_free, login);
	lasso_profile_set_signature_verify_hint(profile,
	    both ? LASSO_PROFILE_SIGNATURE_VERIFY_HINT_FORCE
	         : LASSO_PROFILE_SIGNATURE_VERIFY_HINT_MAYBE);
	rc = lasso_login_process_authn_response_msg(login, arena_strdup(a, plain));
	if (rc != 0)
		return lasso_reason(rc);
	response = LASSO_SAMLP2_RESPONSE(profile->response);
	if (response == NULL || g_list_length(response->Assertion) != 1)
		return "assertions";
	*out = lasso_node_get_original_xmlnode(LASSO_NODE(response->Assertion->data));
	return *out != NULL ? NULL : "assertions";
}

/* ── what is said ────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *
check_envelope(struct arena *a, const xmlNode *response, const struct saml_expect *e)
{
	int64_t issued;

	if (!str_eq(xml_text(a, xml_only(response, NS_SAML, "Issuer")), e->idp))
		return "issuer";
	if (!xml_attribute_is(a, response, "Destination", e->sp->acs))
		return "destination";
	if (!xml_time(xml_attribute(a, response, "IssueInstant"), &issued) ||
	    issued > e->now + SAML_SKEW)
		return "issue-instant";
	return NULL;
}

/* All that must be said again for it to be the same name (SAML core §3.3.4): ADFS and Shibboleth compare it. */
static const json_t *
name_id_attributes(struct arena *a, const xmlNode *name)
{
	json_t *out = json_keep(a, json_object());

	for (size_t i = 0; xml_name_id[i] != NULL; i++) {
		const char *value = xml_attribute(a, name, xml_name_id[i]);

		if (value != NULL && strlen(value) <= SUBJECT_MAX)
			(void)json_object_set_new(out, xml_name_id[i], json_string(value));
	}
	return out;
}

static const char *
check_subject(struct arena *a, const xmlNode *subject, const struct saml_expect *e,
    struct saml_claims *out)
{
	const xmlNode *name = xml_only(subject, NS_SAML, "NameID");
	const char *format = xml_attribute(a, name, "Format");

	out->subject = xml_text(a, name);
	out->name_id = name_id_attributes(a, name);
	if (out->subject == NULL || *out->subject == '\0' || strlen(out->subject) > SUBJECT_MAX)
		return "name-id";
	/* somebody else's each time, or not a person */
	if (str_eq(format, NAMEID_TRANSIENT) || str_eq(format, NAMEID_ENTITY))
		return "name-id-format";
	if (e->nameid_format != NULL && !str_eq(format, e->nameid_format))
		return "name-id-format";
	if (str_eq(format, NAMEID_EMAIL) && email_plausible(out->subject, strlen(out->subject)))
		out->email = out->subject;
	return NULL;
}

static const char *
check_confirmation(struct arena *a, const xmlNode *confirmation, const struct saml_expect *e,
    struct saml_claims *out)
{
	const xmlNode *data = xml_only(confirmation, NS_SAML, "SubjectConfirmationData");

	if (!xml_attribute_is(a, confirmation, "Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer"))
		return "method";
	if (data == NULL)
		return "subject-confirmation";
	if (!xml_attribute_is(a, data, "Recipient", e->sp->acs))
		return "recipient";
	if (!xml_time(xml_attribute(a, data, "NotOnOrAfter"), &out->expires))
		return "confirmation-expiry";
	if (e->now >= out->expires + SAML_SKEW)
		return "confirmation-expired";
	/* must not be there in this profile (SAML profiles §4.1.4.2) */
	if (xml_attribute(a, data, "NotBefore") != NULL)
		return "confirmation-not-before";
	/* the message is not always signed, the assertion is: both say what they answer, and the same */
	if (out->in_response_to == NULL
	        ? xml_attribute(a, data, "InResponseTo") != NULL
	        : !xml_attribute_is(a, data, "InResponseTo", out->in_response_to))
		return "in-response-to";
	return NULL;
}

/* One of those that a restriction names must be us, and of every restriction (SAML core §2.5.1.4). */
static const char *
check_audiences(struct arena *a, const xmlNode *conditions, const struct saml_expect *e)
{
	static const struct gate_child rules[] = {{NS_SAML, "Audience", 1, 32, "audience"}};

	for (const xmlNode *r = xml_child(conditions, NS_SAML, "AudienceRestriction"); r != NULL;
	     r = xml_next(r, NS_SAML, "AudienceRestriction")) {
		const xmlNode *n = xml_child(r, NS_SAML, "Audience");

		while (n != NULL && !str_eq(xml_text(a, n), e->sp->entity_id))
			n = xml_next(n, NS_SAML, "Audience");
		if (n == NULL || gate_children(r, rules, NELEMS(rules), "audience") != NULL)
			return "audience";
	}
	return NULL;
}

static const char *
check_conditions(struct arena *a, const xmlNode *conditions, const struct saml_expect *e,
    struct saml_claims *out)
{
	static const struct gate_child rules[] = {
	    {NS_SAML, "AudienceRestriction", 1, 4, "audience"},
	    {NS_SAML, "OneTimeUse", 0, 1, "conditions"}, /* each is taken once anyway */
	    {NS_SAML, "ProxyRestriction", 0, 1, "conditions"},
	};
	const char *why = gate_children(conditions, rules, NELEMS(rules), "condition"),
	           *not_before = xml_attribute(a, conditions, "NotBefore"),
	           *not_after = xml_attribute(a, conditions, "NotOnOrAfter");
	int64_t t;

	if (why != NULL)
		return why;
	if (not_before != NULL && (!xml_time(not_before, &t) || e->now < t - SAML_SKEW))
		return "not-before";
	if (not_after != NULL) {
		if (!xml_time(not_after, &t) || e->now >= t + SAML_SKEW)
			return "expired";
		if (t > out->expires)
			out->expires = t;
	}
	return check_audiences(a, conditions, e);
}

static const char *
check_authn(struct arena *a, const xmlNode *authn, const struct saml_expect *e,
    struct saml_claims *out)
{
	const char *until = xml_attribute(a, authn, "SessionNotOnOrAfter");
	int64_t t;

	if (!xml_time(xml_attribute(a, authn, "AuthnInstant"), &out->authn_at) ||
	    out->authn_at > e->now + SAML_SKEW)
		return "authn-instant";
	if (e->force_authn && out->authn_at < e->now - SAML_AUTHN_AGE - SAML_SKEW)
		return "authn-old";
	if (until != NULL && (!xml_time(until, &t) || e->now >= t + SAML_SKEW))
		return "session-expired";
	if (e->authn_context != NULL &&
	    !str_listed(e->authn_context,
	        xml_text(a, xml_only(xml_only(authn, NS_SAML, "AuthnContext"), NS_SAML,
	                        "AuthnContextClassRef"))))
		return "authn-context";
	out->session = xml_attribute(a, authn, "SessionIndex");
	return out->session != NULL && strlen(out->session) > SESSION_MAX ? "session-index" : NULL;
}

static const char *
check_assertion(struct arena *a, const xmlNode *assertion, const struct saml_expect *e,
    struct saml_claims *out)
{
	const xmlNode *subject = xml_only(assertion, NS_SAML, "Subject");
	const char *why;
	int64_t issued;

	/* again, now of what was signed and, where it was encrypted, for the first time */
	if ((why = gate_assertion(a, assertion)) != NULL)
		return why;
	if (!str_eq(xml_text(a, xml_only(assertion, NS_SAML, "Issuer")), e->idp))
		return "issuer";
	if (!xml_time(xml_attribute(a, assertion, "IssueInstant"), &issued) ||
	    issued > e->now + SAML_SKEW || issued < e->now - SAML_ANSWER_AGE - SAML_SKEW)
		return "issue-instant";
	out->assertion_id = xml_attribute(a, assertion, "ID");
	if ((why = check_subject(a, subject, e, out)) != NULL ||
	    (why = check_confirmation(a, xml_only(subject, NS_SAML, "SubjectConfirmation"), e,
	         out)) != NULL ||
	    (why = check_conditions(a, xml_only(assertion, NS_SAML, "Conditions"), e, out)) !=
	        NULL ||
	    (why = check_authn(a, xml_only(assertion, NS_SAML, "AuthnStatement"), e, out)) != NULL)
		return why;
	if (out->expires > issued + SAML_ANSWER_AGE)
		out->expires = issued + SAML_ANSWER_AGE;
	return saml_attributes(a, assertion, e, out);
}

const char *
saml_accept(struct arena *a, const struct saml_provider *p, const char *base64, size_t len,
    const struct saml_expect *e, struct saml_claims *out)
{
	const char *plain, *xml, *why;
	const xmlNode *assertion = NULL, *root;
	xmlDoc *doc = NULL;
	size_t xmllen;

	*out = (struct saml_claims){0};
	if ((why = gate_base64(a, base64, len, &plain, &xml, &xmllen)) != NULL ||
	    (why = gate_read(a, xml, xmllen, GATE_XML_MAX, false, &doc)) != NULL ||
	    (why = gate_response(a, doc)) != NULL)
		return why;
	root = xmlDocGetRootElement(doc);
	/* what the envelope says costs nothing to look at, and decides nothing by itself */
	if ((why = check_envelope(a, root, e)) != NULL ||
	    (why = verify(a, p, plain, e->sign_both, &assertion)) != NULL)
		return why;
	out->in_response_to = xml_attribute(a, root, "InResponseTo");
	return check_assertion(a, assertion, e, out);
}
