/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/saml/gate.h"

#include <libxml/parser.h>
#include <string.h>
#include <strings.h>

#include "fcgi/saml/xml.h"
#include "shared/base/str.h"

#define IDS_MAX 64U

/* ── base64 ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int
sextet(char c)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c != '\0' ? strchr(alphabet, c) : NULL;

	return p != NULL ? (int)(p - alphabet) : -1;
}

/* Four characters to one to three bytes; 0 when they are none. Padding may end the last group only. */
static size_t
group(const char in[4], bool last, char out[3])
{
	int v[4] = {sextet(in[0]), sextet(in[1]), sextet(in[2]), sextet(in[3])};
	size_t n = 3;
	unsigned bits;

	if (last && in[3] == '=') {
		n = in[2] == '=' ? 1 : 2;
		v[3] = 0;
		if (n == 1)
			v[2] = 0;
	}
	if (v[0] < 0 || v[1] < 0 || v[2] < 0 || v[3] < 0)
		return 0;
	bits = (unsigned)v[0] << 18 | (unsigned)v[1] << 12 | (unsigned)v[2] << 6 | (unsigned)v[3];
	/* bits that nobody needs must be zero: one text for one message */
	if ((n == 1 && (bits & 0xffff) != 0) || (n == 2 && (bits & 0xff) != 0))
		return 0;
	out[0] = (char)(bits >> 16 & 0xff);
	out[1] = (char)(bits >> 8 & 0xff);
	out[2] = (char)(bits & 0xff);
	return n;
}

const char *
gate_base64(struct arena *a, const char *text, size_t len, const char **plain, const char **xml,
    size_t *xmllen)
{
	char *p, *out;
	size_t n = 0, at = 0;

	if (len > GATE_BASE64_MAX)
		return "size";
	p = arena_alloc(a, len + 1);
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r' && text[i] != '\n')
			p[n++] = text[i];
	if (n == 0 || n % 4 != 0)
		return "base64";
	out = arena_alloc(a, n / 4 * 3 + 1);
	for (size_t i = 0; i < n; i += 4) {
		size_t got = group(p + i, i + 4 == n, out + at);

		if (got == 0)
			return "base64";
		at += got;
	}
	*plain = p;
	*xml = out;
	*xmllen = at;
	return NULL;
}

/* ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* What the XML declaration, if any, says of the encoding: nothing, or UTF-8, which is how all of us read it. */
static bool
declares_utf8(const char *xml)
{
	const char *end = str_starts(xml, "<?xml ") ? strstr(xml, "?>") : NULL,
	           *p = end != NULL ? strstr(xml, "encoding") : NULL;

	if (p == NULL || p > end)
		return true;
	p += strlen("encoding");
	p += strspn(p, " \t\r\n=");
	return (*p == '"' || *p == '\'') && strncasecmp(p + 1, "utf-8", 5) == 0 && p[6] == *p;
}

/*
 * In well-formed XML "<!" begins a comment, a CDATA section or a DTD and nothing else, and "<?" a processing instruction
 * or, as the first bytes, the XML declaration. So what must not be there is seen before a parser runs.
 */
static const char *
gate_text(const char *xml, size_t len, bool comments)
{
	const char *p, *end = xml + len;

	if (memchr(xml, '\0', len) != NULL || !utf8_valid(xml, len) ||
	    str_starts(xml, "\xef\xbb\xbf") || !declares_utf8(xml))
		return "encoding";
	for (p = xml; (p = memchr(p, '<', (size_t)(end - p))) != NULL; p++) {
		if (comments && str_starts(p, "<!--")) {
			if ((p = strstr(p + 4, "-->")) == NULL)
				return "xml";
			continue;
		}
		if (p[1] == '!')
			return str_starts(p, "<!--")        ? "comment"
			       : str_starts(p, "<![CDATA[") ? "cdata"
			                                    : "doctype";
		if (p[1] == '?' && !(p == xml && str_starts(p, "<?xml ")))
			return "instruction";
	}
	return NULL;
}

/* ── tree ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct ids {
	const char *id[IDS_MAX];
	size_t n;
};

/*
 * Whatever some reader may take for an id: none twice, none that only some readers know. xml:id and ids with a namespace
 * have no use in SAML.
 */
static const char *
gate_ids(struct arena *a, const xmlNode *n, struct ids *ids)
{
	for (const xmlAttr *p = n->properties; p != NULL; p = p->next) {
		const char *value;

		if (strcasecmp((const char *)p->name, "id") != 0)
			continue;
		if (p->ns != NULL)
			return "xml-id";
		value = xml_attribute(a, n, (const char *)p->name);
		if (value == NULL || *value == '\0' || ids->n == IDS_MAX)
			return "id";
		for (size_t i = 0; i < ids->n; i++)
			if (strcmp(ids->id[i], value) == 0)
				return "id";
		ids->id[ids->n++] = value;
	}
	return NULL;
}

static const char *
gate_attributes(const xmlNode *n)
{
	for (const xmlAttr *p = n->properties; p != NULL; p = p->next)
		for (const xmlNode *c = p->children; c != NULL; c = c->next)
			if (c->type != XML_TEXT_NODE)
				return "entity";
	return NULL;
}

static const char *
gate_node(struct arena *a, const xmlNode *n, bool comments, struct ids *ids)
{
	const char *why;

	switch (n->type) {
	case XML_ELEMENT_NODE:
		why = gate_attributes(n);
		return why != NULL ? why : gate_ids(a, n, ids);
	case XML_TEXT_NODE:
		return NULL;
	case XML_COMMENT_NODE:
		return comments ? NULL : "comment";
	case XML_CDATA_SECTION_NODE:
		return "cdata";
	case XML_PI_NODE:
		return "instruction";
	case XML_ENTITY_REF_NODE:
	case XML_ENTITY_NODE:
		return "entity";
	default:
		return "doctype";
	}
}

static const char *
gate_tree(struct arena *a, const xmlNode *root, bool comments)
{
	struct ids *ids = arena_alloc(a, sizeof *ids);
	size_t depth = 1, nodes = 0;

	for (const xmlNode *n = root; n != NULL; n = xml_walk(root, n, &depth)) {
		const char *why = gate_node(a, n, comments, ids);

		if (why != NULL)
			return why;
		if (++nodes > GATE_NODES_MAX)
			return "nodes";
		if (depth > GATE_DEPTH_MAX)
			return "depth";
	}
	return NULL;
}

const char *
gate_read(struct arena *a, const char *xml, size_t len, size_t max, bool comments, xmlDoc **out)
{
	const char *why;
	xmlDoc *doc;

	if (len > max)
		return "size";
	if ((why = gate_text(xml, len, comments)) != NULL)
		return why;
	doc = xml_keep(a, xmlReadMemory(xml, (int)len, NULL, NULL,
	                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
	if (doc == NULL || xmlDocGetRootElement(doc) == NULL)
		return "xml";
	if (doc->intSubset != NULL || doc->extSubset != NULL)
		return "doctype";
	if (doc->encoding != NULL && strcasecmp((const char *)doc->encoding, "utf-8") != 0)
		return "encoding";
	*out = doc;
	return gate_tree(a, xmlDocGetRootElement(doc), comments);
}

/* ── shape ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool
blank(const xmlNode *n)
{
	return n->content == NULL ||
	       strspn((const char *)n->content, " \t\r\n") == strlen((const char *)n->content);
}

const char *
gate_children(const xmlNode *parent, const struct gate_child *rules, size_t nrules,
    const char *other)
{
	for (const xmlNode *c = parent->children; c != NULL; c = c->next) {
		size_t i = 0;

		if (c->type == XML_TEXT_NODE && blank(c))
			continue;
		while (i < nrules && !xml_is(c, rules[i].ns, rules[i].name))
			i++;
		if (i == nrules)
			return other;
	}
	for (size_t i = 0; i < nrules; i++) {
		size_t n = xml_count(parent, rules[i].ns, rules[i].name);

		if (n < rules[i].min || n > rules[i].max)
			return rules[i].reason;
	}
	return NULL;
}

static bool
named(const xmlNode *n, const char *ns, const char *const *names)
{
	while (*names != NULL && !xml_is(n, ns, *names))
		names++;
	return *names != NULL;
}

/*
 * Messages, assertions and signatures have their places below top, a message or an assertion; another one anywhere else is
 * there to be taken for the first.
 */
static const char *
gate_places(const xmlNode *top)
{
	static const char *const messages[] = {"Response", "LogoutRequest", "LogoutResponse",
	    "AuthnRequest", "ArtifactResponse", NULL};
	static const char *const assertions[] = {"Assertion", "EncryptedAssertion", NULL};

	for (const xmlNode *n = top; n != NULL; n = xml_walk(top, n, NULL)) {
		if (n != top && named(n, NS_SAMLP, messages))
			return "nested";
		if (xml_is(n, NS_SAML, "Advice"))
			return "advice";
		if (n != top && n->parent != top && named(n, NS_SAML, assertions))
			return "assertions";
		if (xml_is(n, NS_DS, "Object"))
			return "object";
		if (xml_is(n, NS_DS, "Signature") && n->parent != top &&
		    !(n->parent->parent == top && xml_is(n->parent, NS_SAML, "Assertion")))
			return "signature-place";
	}
	return NULL;
}

static const char *
gate_signature_of(struct arena *a, const xmlNode *n)
{
	const xmlNode *signature = xml_only(n, NS_DS, "Signature");

	return signature != NULL ? gate_signature(a, signature, n) : NULL;
}

static const char *
gate_assertion_shape(struct arena *a, const xmlNode *n)
{
	static const struct gate_child rules[] = {
	    {NS_SAML, "Issuer", 1, 1, "issuer"},
	    {NS_DS, "Signature", 0, 1, "signature-count"},
	    {NS_SAML, "Subject", 1, 1, "subject"},
	    {NS_SAML, "Conditions", 1, 1, "conditions"},
	    {NS_SAML, "AuthnStatement", 1, 1, "authn-statement"},
	    {NS_SAML, "AttributeStatement", 0, 8, "attributes"},
	};
	/* lasso forgets a subject with two confirmations */
	static const struct gate_child subject_rules[] = {
	    {NS_SAML, "NameID", 1, 1, "name-id"},
	    {NS_SAML, "SubjectConfirmation", 1, 1, "subject-confirmation"},
	};
	const char *why = gate_children(n, rules, NELEMS(rules), "assertion-content");

	if (why != NULL || (why = gate_children(xml_only(n, NS_SAML, "Subject"), subject_rules,
	                        NELEMS(subject_rules), "subject")) != NULL)
		return why;
	if (!xml_attribute_is(a, n, "Version", "2.0") || xml_attribute(a, n, "ID") == NULL)
		return "version";
	return gate_signature_of(a, n);
}

/* Success is asked for first: a provider that refuses sends no assertion, and often no signature. */
static const char *
gate_status(struct arena *a, const xmlNode *root)
{
	const xmlNode *code = xml_only(xml_only(root, NS_SAMLP, "Status"), NS_SAMLP, "StatusCode");

	return xml_attribute_is(a, code, "Value", "urn:oasis:names:tc:SAML:2.0:status:Success")
	           ? NULL
	           : "status";
}

const char *
gate_response(struct arena *a, xmlDoc *doc)
{
	static const struct gate_child rules[] = {
	    {NS_SAML, "Issuer", 1, 1, "issuer"},
	    {NS_DS, "Signature", 0, 1, "signature-count"},
	    {NS_SAMLP, "Status", 1, 1, "status"},
	    {NS_SAML, "Assertion", 0, 1, "assertions"},
	    {NS_SAML, "EncryptedAssertion", 0, 1, "assertions"},
	};
	const xmlNode *root = xmlDocGetRootElement(doc), *plain, *encrypted;
	const char *why;

	if (!xml_is(root, NS_SAMLP, "Response"))
		return "root";
	if ((why = gate_places(root)) != NULL || (why = gate_status(a, root)) != NULL ||
	    (why = gate_children(root, rules, NELEMS(rules), "response-content")) != NULL)
		return why;
	plain = xml_child(root, NS_SAML, "Assertion");
	encrypted = xml_child(root, NS_SAML, "EncryptedAssertion");
	if ((plain == NULL) == (encrypted == NULL))
		return "assertions";
	if (!xml_attribute_is(a, root, "Version", "2.0") || xml_attribute(a, root, "ID") == NULL)
		return "version";
	if ((why = gate_signature_of(a, root)) != NULL)
		return why;
	if (encrypted != NULL)
		return gate_encrypted(a, encrypted);
	if (xml_child(root, NS_DS, "Signature") == NULL &&
	    xml_child(plain, NS_DS, "Signature") == NULL)
		return "unsigned";
	return gate_assertion_shape(a, plain);
}

const char *
gate_assertion(struct arena *a, const xmlNode *assertion)
{
	const char *why = gate_tree(a, assertion, false);

	if (why != NULL)
		return why;
	if (!xml_is(assertion, NS_SAML, "Assertion"))
		return "assertions";
	if ((why = gate_places(assertion)) != NULL)
		return why;
	return gate_assertion_shape(a, assertion);
}

const char *
gate_logout(struct arena *a, xmlDoc *doc)
{
	static const struct gate_child rules[] = {
	    {NS_SAML, "Issuer", 1, 1, "issuer"},
	    {NS_DS, "Signature", 0, 1, "signature-count"},
	    {NS_SAML, "NameID", 1, 1, "name-id"},
	    {NS_SAMLP, "SessionIndex", 0, 32, "session-index"},
	};
	const xmlNode *root = xmlDocGetRootElement(doc);
	const char *why;

	if (!xml_is(root, NS_SAMLP, "LogoutRequest"))
		return "root";
	if ((why = gate_places(root)) != NULL ||
	    (why = gate_children(root, rules, NELEMS(rules), "logout-content")) != NULL)
		return why;
	if (!xml_attribute_is(a, root, "Version", "2.0") || xml_attribute(a, root, "ID") == NULL)
		return "version";
	return gate_signature_of(a, root);
}
