/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/saml/logout.h"

#include <string.h>

#include "fcgi/saml/accept.h"
#include "fcgi/saml/gate.h"
#include "fcgi/saml/redirect.h"
#include "fcgi/saml/xml.h"
#include "shared/base/str.h"

#define LOGOUT_XML_MAX 65536U

static const char *
sessions_of(struct arena *a, const xmlNode *root, struct saml_logout *out)
{
	const xmlNode *n = xml_child(root, NS_SAMLP, "SessionIndex");

	out->session = arena_array(a, xml_count(root, NS_SAMLP, "SessionIndex") + 1,
	    sizeof(char *));
	for (; n != NULL; n = xml_next(n, NS_SAMLP, "SessionIndex")) {
		const char *text = xml_text(a, n);

		if (text == NULL || *text == '\0')
			return "session-index";
		out->session[out->nsessions++] = text;
	}
	return NULL;
}

/* What it says, once it is known who says it. An old one would end sessions that began later. */
static const char *
check(struct arena *a, const xmlNode *root, const struct saml_sp *sp, const json_t *facts,
    int64_t now, struct saml_logout *out)
{
	const char *until = xml_attribute(a, root, "NotOnOrAfter");
	int64_t t;

	if (!str_eq(xml_text(a, xml_only(root, NS_SAML, "Issuer")),
	        json_string_value(json_object_get(facts, "entity_id"))))
		return "issuer";
	if (!xml_attribute_is(a, root, "Destination", sp->slo))
		return "destination";
	if (!xml_time(xml_attribute(a, root, "IssueInstant"), &t) || t > now + SAML_SKEW ||
	    t < now - SAML_LOGOUT_AGE - SAML_SKEW)
		return "issue-instant";
	if (until != NULL && (!xml_time(until, &t) || now >= t + SAML_SKEW))
		return "expired";
	out->id = xml_attribute(a, root, "ID");
	out->subject = xml_text(a, xml_only(root, NS_SAML, "NameID"));
	if (out->subject == NULL || *out->subject == '\0')
		return "name-id";
	return sessions_of(a, root, out);
}

static const char *
read_request(struct arena *a, const char *xml, size_t len, const xmlNode **root)
{
	xmlDoc *doc = NULL;
	const char *why = gate_read(a, xml, len, LOGOUT_XML_MAX, false, &doc);

	if (why != NULL || (why = gate_logout(a, doc)) != NULL)
		return why;
	*root = xmlDocGetRootElement(doc);
	return NULL;
}

const char *
saml_logout_query(struct arena *a, const char *query, const struct saml_sp *sp, const json_t *facts,
    int64_t now, struct saml_logout *out)
{
	const xmlNode *root = NULL;
	const char *xml, *why;
	size_t len;

	*out = (struct saml_logout){0};
	if ((why = saml_query(a, query, "SAMLRequest", facts, &xml, &len)) != NULL ||
	    (why = read_request(a, xml, len, &root)) != NULL)
		return why;
	return check(a, root, sp, facts, now, out);
}

static void
logout_free(void *logout)
{
	lasso_logout_destroy(logout);
}

/* The signature in the document, by lasso; the gate has seen that there is one and that it is of the root. */
static const char *
verify(struct arena *a, const struct saml_provider *p, const char *plain)
{
	LassoServer *server = saml_server(a, p);
	LassoLogout *logout;

	if (server == NULL)
		return "unavailable";
	logout = lasso_logout_new(server);
	arena_defer(a, logout_free, logout);
	lasso_profile_set_signature_verify_hint(LASSO_PROFILE(logout),
	    LASSO_PROFILE_SIGNATURE_VERIFY_HINT_FORCE);
	return lasso_logout_process_request_msg(logout, arena_strdup(a, plain)) == 0 &&
	               LASSO_PROFILE(logout)->signature_status == 0
	           ? NULL
	           : "signature";
}

const char *
saml_logout_post(struct arena *a, const struct saml_provider *p, const char *base64, size_t len,
    int64_t now, struct saml_logout *out)
{
	const xmlNode *root = NULL;
	const char *plain, *xml, *why;
	size_t xmllen;

	*out = (struct saml_logout){0};
	if ((why = gate_base64(a, base64, len, &plain, &xml, &xmllen)) != NULL ||
	    (why = read_request(a, xml, xmllen, &root)) != NULL)
		return why;
	if (xml_only(root, NS_DS, "Signature") == NULL)
		return "unsigned";
	if ((why = check(a, root, p->sp, p->facts, now, out)) != NULL)
		return why;
	return verify(a, p, plain);
}
