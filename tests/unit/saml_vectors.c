/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is tried on a service provider, and the check that must stop it. */
#include <libxml/tree.h>
#include <string.h>
#include <xmlsec/xmltree.h>

#include "tests/unit/saml_forge.h"

#define SAML "urn:oasis:names:tc:SAML:2.0:assertion"
#define SAMLP "urn:oasis:names:tc:SAML:2.0:protocol"
#define DS "http://www.w3.org/2000/09/xmldsig#"
#define NAMEID "urn:oasis:names:tc:SAML:2.0:nameid-format:"
#define CONFIRM_DATA "<saml:SubjectConfirmationData NotOnOrAfter=\"@T+300@\""
#define CONFIRMATION \
	"<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">" CONFIRM_DATA \
	" Recipient=\"@ACS@\" InResponseTo=\"@REQUEST@\"/></saml:SubjectConfirmation>"
#define NAME_ID "<saml:NameID Format=\"" NAMEID "persistent\">@SUBJECT@</saml:NameID>"
#define CONDITIONS "<saml:Conditions NotBefore=\"@T-30@\" NotOnOrAfter=\"@T+300@\">"
#define AUDIENCE \
	"<saml:AudienceRestriction><saml:Audience>@SP@</saml:Audience></saml:AudienceRestriction>"
#define AUTHN "<saml:AuthnStatement AuthnInstant=\"@T-10@\""
#define CONTEXT "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
#define EMAIL "<saml:AttributeValue>@EMAIL@</saml:AttributeValue>"
#define MAIL_ATTRIBUTE "<saml:Attribute Name=\"mail\">" EMAIL "</saml:Attribute>"
#define ADA "<saml:AttributeValue>Ada Lovelace"

static const xmlChar *
X(const char *s)
{
	return (const xmlChar *)s;
}

static xmlNode *
child(xmlNode *parent, const char *ns, const char *name)
{
	return parent != NULL ? xmlSecFindChild(parent, X(name), X(ns)) : NULL;
}

/* ── signature wrapping: the numbers are those that the attacks go by ─────────────────────────────────────────────── */

struct parts {
	xmlDoc *doc;
	xmlNode *response, *assertion, *signature;
};

static struct parts
parts_of(void *doc)
{
	struct parts p = {doc, xmlDocGetRootElement(doc), NULL, NULL};

	p.assertion = child(p.response, SAML, "Assertion");
	p.signature = child(p.assertion, DS, "Signature");
	return p;
}

static void
drop_signature(xmlNode *n)
{
	xmlNode *s = child(n, DS, "Signature");

	if (s != NULL) {
		xmlUnlinkNode(s);
		xmlFreeNode(s);
	}
}

/* Turns an element into the one that the attacker wants read: another id, another subject. */
static void
make_evil(xmlNode *n)
{
	xmlNode *assertion = xmlStrEqual(n->name, X("Assertion")) ? n : child(n, SAML, "Assertion"),
	        *name = child(child(assertion, SAML, "Subject"), SAML, "NameID");

	(void)xmlSetProp(n, X("ID"), X("_evil"));
	if (n != assertion)
		(void)xmlSetProp(assertion, X("ID"), X("_evil2"));
	xmlNodeSetContent(name, X("admin"));
}

static xmlNode *
copy(struct parts *p, xmlNode *n)
{
	return xmlDocCopyNode(n, p->doc, 1);
}

/* 1: the signed message inside the signature of the evil one; 2: before it, beside. */
static void
wrap_message(void *doc, int inside)
{
	struct parts p = parts_of(doc);
	xmlNode *original = copy(&p, p.response), *signature = child(p.response, DS, "Signature");

	drop_signature(original);
	make_evil(p.response);
	if (signature == NULL)
		(void)xmlAddChild(p.response, original);
	else if (inside)
		(void)xmlAddChild(signature, original);
	else
		(void)xmlAddPrevSibling(signature, original);
}
static void
xsw1(void *doc)
{
	wrap_message(doc, 1);
}
static void
xsw2(void *doc)
{
	wrap_message(doc, 0);
}
/* 3: an evil assertion before the signed one. */
static void
xsw3(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *evil = copy(&p, p.assertion);

	drop_signature(evil);
	make_evil(evil);
	(void)xmlAddPrevSibling(p.assertion, evil);
}
/* 4: around it. */
static void
xsw4(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *evil = copy(&p, p.assertion);

	drop_signature(evil);
	make_evil(evil);
	(void)xmlAddPrevSibling(p.assertion, evil);
	xmlUnlinkNode(p.assertion);
	(void)xmlAddChild(evil, p.assertion);
}
/* 5: the evil one has the signature, the signed one stands behind. */
static void
xsw5(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *original = copy(&p, p.assertion);

	drop_signature(original);
	make_evil(p.assertion);
	(void)xmlAddChild(p.response, original);
}
/* 6: and the signed one inside the signature. */
static void
xsw6(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *original = copy(&p, p.assertion);

	drop_signature(original);
	make_evil(p.assertion);
	(void)xmlAddChild(p.signature != NULL ? p.signature : p.assertion, original);
}
/* 7: the evil one in an element where anything may stand. */
static void
xsw7(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *evil = copy(&p, p.assertion), *extensions;

	drop_signature(evil);
	make_evil(evil);
	extensions = xmlNewDocNode(p.doc, p.response->ns, X("Extensions"), NULL);
	(void)xmlAddPrevSibling(p.assertion, extensions);
	(void)xmlAddChild(extensions, evil);
}
/* 8: the signed one in an Object of the evil one's signature. */
static void
xsw8(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *original = copy(&p, p.assertion), *object, *signature = p.signature;

	if (signature == NULL)
		signature = child(p.response, DS, "Signature");
	drop_signature(original);
	make_evil(p.assertion);
	object = xmlNewChild(signature, signature->ns, X("Object"), NULL);
	(void)xmlAddChild(object, original);
}
/* The same with the id of the signed one: whoever looks it up may find either. */
static void
xsw_same_id(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *evil = copy(&p, p.assertion), *extensions;
	xmlChar *id = xmlGetProp(p.assertion, X("ID"));

	drop_signature(evil);
	make_evil(evil);
	(void)xmlSetProp(evil, X("ID"), id);
	xmlFree(id);
	extensions = xmlNewDocNode(p.doc, p.response->ns, X("Extensions"), NULL);
	(void)xmlAddPrevSibling(p.assertion, extensions);
	(void)xmlAddChild(extensions, evil);
}
static void
two_assertions(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *twin = copy(&p, p.assertion);

	(void)xmlSetProp(twin, X("ID"), X("_twin"));
	(void)xmlAddNextSibling(p.assertion, twin);
}
static void
nested_response(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *outer = copy(&p, p.response);

	(void)xmlSetProp(outer, X("ID"), X("_outer"));
	make_evil(outer);
	(void)xmlDocSetRootElement(p.doc, outer);
	(void)xmlAddChild(outer, p.response);
}
/* ── signatures that are not what they seem ───────────────────────────────────────────────────────────────────────── */
static void
strip(void *doc)
{
	struct parts p = parts_of(doc);

	drop_signature(p.response);
	drop_signature(p.assertion);
	make_evil(p.assertion);
}
static void
tamper(void *doc)
{
	xmlNodeSetContent(child(child(parts_of(doc).assertion, SAML, "Subject"), SAML, "NameID"),
	    X("admin"));
}
static xmlNode *
first_signature(void *doc)
{
	struct parts p = parts_of(doc);

	return p.signature != NULL ? p.signature : child(p.response, DS, "Signature");
}
static xmlNode *
first_reference(void *doc)
{
	return child(child(first_signature(doc), DS, "SignedInfo"), DS, "Reference");
}
static void
two_signatures(void *doc)
{
	xmlNode *s = first_signature(doc);

	(void)xmlAddNextSibling(s, xmlDocCopyNode(s, doc, 1));
}
static void
two_references(void *doc)
{
	xmlNode *r = first_reference(doc);

	(void)xmlAddNextSibling(r, xmlDocCopyNode(r, doc, 1));
}
static void
moved_signature(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *s = first_signature(doc);

	xmlUnlinkNode(s);
	(void)xmlAddChild(child(p.response, SAMLP, "Status"), s);
}
static void
set_transform(void *doc, const char *algorithm, bool with_xpath)
{
	xmlNode *t = child(child(first_reference(doc), DS, "Transforms"), DS, "Transform");

	(void)xmlSetProp(t, X("Algorithm"), X(algorithm));
	if (with_xpath)
		(void)xmlNewChild(t, t->ns, X("XPath"), X("not(ancestor-or-self::ds:Signature)"));
}
static void
xpath_transform(void *doc)
{
	set_transform(doc, "http://www.w3.org/TR/1999/REC-xpath-19991116", true);
}
static void
xslt_transform(void *doc)
{
	set_transform(doc, "http://www.w3.org/TR/1999/REC-xslt-19991116", false);
}
static void
xpath_in_enveloped(void *doc)
{
	set_transform(doc, DS "enveloped-signature", true);
}
static void
third_transform(void *doc)
{
	xmlNode *last = xmlLastElementChild(child(first_reference(doc), DS, "Transforms"));

	(void)xmlAddNextSibling(last, xmlDocCopyNode(last, doc, 1));
}
static void
set_reference(void *doc, const char *uri)
{
	(void)xmlSetProp(first_reference(doc), X("URI"), X(uri));
}
static void
reference_elsewhere(void *doc)
{
	set_reference(doc, "#_elsewhere");
}
static void
reference_remote(void *doc)
{
	set_reference(doc, "https://evil.example/#_assertion");
}
static void
retrieval_method(void *doc)
{
	xmlNode *s = first_signature(doc), *info = xmlNewChild(s, s->ns, X("KeyInfo"), NULL),
	        *r = xmlNewChild(info, s->ns, X("RetrievalMethod"), NULL);

	(void)xmlSetProp(r, X("URI"), X("https://evil.example/key"));
}
static void
truncated_mac(void *doc)
{
	xmlNode *m = child(child(first_signature(doc), DS, "SignedInfo"), DS, "SignatureMethod");

	(void)xmlNewChild(m, m->ns, X("HMACOutputLength"), X("1"));
}
static void
advice(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *a = xmlNewDocNode(p.doc, p.assertion->ns, X("Advice"), NULL);

	(void)xmlAddNextSibling(child(p.assertion, SAML, "Conditions"), a);
}
static void
xml_id(void *doc)
{
	struct parts p = parts_of(doc);

	(void)xmlNewNsProp(child(p.response, SAMLP, "Status"),
	    xmlSearchNsByHref(p.doc, p.response, X("http://www.w3.org/XML/1998/namespace")),
	    X("id"), X("_assertion"));
}
static void
deep(void *doc)
{
	xmlNode *n = child(parts_of(doc).response, SAMLP, "Status");

	for (int i = 0; i < 100; i++)
		n = xmlNewChild(n, n->ns, X("StatusDetail"), NULL);
}
static void
many(void *doc)
{
	xmlNode *n = child(parts_of(doc).response, SAMLP, "Status");

	for (int i = 0; i < 25000; i++)
		(void)xmlNewChild(n, NULL, X("a"), NULL);
}
/* ── encryption ───────────────────────────────────────────────────────────────────────────────────────────────────── */
static xmlNode *
encrypted_data(void *doc)
{
	return xmlSecFindNode(xmlDocGetRootElement(doc), X("EncryptedData"),
	    X("http://www.w3.org/2001/04/xmlenc#"));
}
static void
cipher_reference(void *doc)
{
	xmlNode *c = child(encrypted_data(doc), "http://www.w3.org/2001/04/xmlenc#", "CipherData"),
	        *r;

	xmlNodeSetContent(c, X(""));
	r = xmlNewChild(c, c->ns, X("CipherReference"), NULL);
	(void)xmlSetProp(r, X("URI"), X("https://evil.example/data"));
}
static void
broken_cipher(void *doc)
{
	xmlNode *c = child(child(encrypted_data(doc), "http://www.w3.org/2001/04/xmlenc#",
	                       "CipherData"),
	    "http://www.w3.org/2001/04/xmlenc#", "CipherValue");

	xmlNodeSetContent(c, X("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}
static void
content_type(void *doc)
{
	(void)xmlSetProp(encrypted_data(doc), X("Type"),
	    X("http://www.w3.org/2001/04/xmlenc#Content"));
}
static void
triple_des(void *doc)
{
	(void)xmlSetProp(child(encrypted_data(doc), "http://www.w3.org/2001/04/xmlenc#",
	                     "EncryptionMethod"),
	    X("Algorithm"), X("http://www.w3.org/2001/04/xmlenc#tripledes-cbc"));
}
static void
unknown_hash(void *doc)
{
	xmlNode *m = child(xmlSecFindNode(encrypted_data(doc), X("EncryptedKey"),
	                       X("http://www.w3.org/2001/04/xmlenc#")),
	            "http://www.w3.org/2001/04/xmlenc#", "EncryptionMethod"),
	        *digest = xmlNewChild(m, NULL, X("DigestMethod"), NULL);

	(void)xmlSetProp(m, X("Algorithm"), X("http://www.w3.org/2009/xmlenc11#rsa-oaep"));
	xmlSetNs(digest, xmlNewNs(digest, X(DS), NULL));
	(void)xmlSetProp(digest, X("Algorithm"), X("http://www.w3.org/2001/04/xmldsig-more#md5"));
}
static void
two_keys(void *doc)
{
	xmlNode *data = encrypted_data(doc),
	        *key = child(child(data, DS, "KeyInfo"), "http://www.w3.org/2001/04/xmlenc#",
	            "EncryptedKey");

	(void)xmlAddNextSibling(data, xmlDocCopyNode(key, doc, 1));
}
static void
both_kinds(void *doc)
{
	xmlNode *e = child(xmlDocGetRootElement(doc), SAML, "EncryptedAssertion"), *plain;

	plain = xmlNewDocNode(doc, e->ns, X("Assertion"), NULL);
	(void)xmlSetProp(plain, X("ID"), X("_evil"));
	(void)xmlAddPrevSibling(e, plain);
}

#define PRE(name, reason, find, replace) \
	{ \
		name, reason, S_ALL, 0, 0, find, replace, NULL, NULL, NULL \
	}
#define TREE(name, reason, styles, fn) \
	{ \
		name, reason, styles, 0, 0, NULL, NULL, NULL, NULL, fn \
	}
#define KEY(name, reason, styles, keys) \
	{ \
		name, reason, styles, keys, 0, NULL, NULL, NULL, NULL, NULL \
	}
#define AFTER(name, reason, find, replace) \
	{ \
		name, reason, S_PLAIN, 0, 0, NULL, NULL, find, replace, NULL \
	}
#define ASKED(name, reason, styles, expect, find, replace) \
	{ \
		name, reason, styles, 0, expect, find, replace, NULL, NULL, NULL \
	}

const struct vector saml_vectors[] = {
    /* what must go through */
    PRE("good", NULL, NULL, NULL),
    KEY("rsa-sha384", NULL, S_ALL, K_SHA384),
    KEY("rsa-sha512", NULL, S_ALL, K_SHA512),
    KEY("another-certificate-in-the-message", NULL, S_PLAIN, K_KEY_INFO),
    ASKED("both-signed-as-asked", NULL, S_BOTH | S_ENCRYPTED_BOTH, X_SIGN_BOTH, NULL, NULL),
    ASKED("format-as-asked", NULL, S_ALL, X_FORMAT, NULL, NULL),
    ASKED("context-as-asked", NULL, S_ALL, X_CONTEXT, NULL, NULL),
    ASKED("another-context-as-asked", NULL, S_ALL, X_CONTEXT, CONTEXT,
        "https://refeds.org/profile/mfa"),
    ASKED("fresh-login-as-asked", NULL, S_ALL, X_FORCE_AUTHN, NULL, NULL),
    PRE("clock-50-s-ahead", NULL, CONDITIONS,
        "<saml:Conditions NotBefore=\"@T+50@\" NotOnOrAfter=\"@T+300@\">"),
    PRE("clock-50-s-behind", NULL, CONDITIONS,
        "<saml:Conditions NotBefore=\"@T-90@\" NotOnOrAfter=\"@T-50@\">"),
    PRE("conditions-longer-than-the-confirmation", NULL, CONDITIONS,
        "<saml:Conditions NotBefore=\"@T-30@\" NotOnOrAfter=\"@T+600@\">"),
    PRE("good-for-years", NULL, "NotOnOrAfter=\"@T+300@\"",
        "NotOnOrAfter=\"9999-12-31T23:59:59Z\""),
    PRE("conditions-without-times", NULL, CONDITIONS, "<saml:Conditions>"),
    /* Java on Windows divides its base64 so */
    {"carriage-returns", NULL, S_ASSERTION | S_RESPONSE, K_KEY_INFO, 0, NULL, NULL,
        "</ds:SignatureValue>", "&#13;\n</ds:SignatureValue>", NULL},
    {"carriage-returns-in-a-cipher", NULL, S_ENCRYPTED, 0, 0, NULL, NULL, "</CipherValue>",
        "&#13;\n</CipherValue>", NULL},
    PRE("no-attributes", NULL, MAIL_ATTRIBUTE, ""),
    PRE("two-audiences", NULL, "<saml:Audience>@SP@</saml:Audience>",
        "<saml:Audience>https://other.example/sp</saml:Audience><saml:Audience>@SP@</saml:Audience>"),
    PRE("entities-in-text", NULL, "Ada Lovelace", "Ada &amp; &#76;ovelace"),

    /* wrapping */
    TREE("xsw1", "nested", S_PLAIN, xsw1),
    TREE("xsw2", "nested", S_PLAIN, xsw2),
    TREE("xsw3", "assertions", S_PLAIN, xsw3),
    TREE("xsw4", "assertions", S_PLAIN, xsw4),
    TREE("xsw5", "assertions", S_PLAIN, xsw5),
    TREE("xsw6", "assertions", S_PLAIN, xsw6),
    TREE("xsw7", "assertions", S_PLAIN, xsw7),
    TREE("xsw8", "object", S_PLAIN, xsw8),
    TREE("xsw-same-id", "id", S_PLAIN, xsw_same_id),
    TREE("two-assertions", "assertions", S_PLAIN, two_assertions),
    TREE("nested-response", "nested", S_PLAIN, nested_response),
    TREE("advice", "advice", S_PLAIN, advice),

    /* signatures */
    TREE("stripped", "unsigned", S_PLAIN, strip),
    KEY("unsigned", "unsigned", S_PLAIN, K_NONE),
    TREE("tampered", "signature", S_PLAIN, tamper),
    KEY("foreign-key", "signature", S_ALL, K_FOREIGN),
    KEY("foreign-key-in-the-message", "signature", S_PLAIN, K_FOREIGN | K_KEY_INFO),
    KEY("rsa-sha1", "algorithm", S_PLAIN, K_SHA1),
    KEY("sha1-digest", "algorithm", S_PLAIN, K_SHA1_DIGEST),
    KEY("hmac-by-the-certificate", "algorithm", S_PLAIN, K_HMAC),
    KEY("reference-to-everything", "reference", S_PLAIN, K_URI_EMPTY),
    KEY("canonical-comments", "transform", S_PLAIN, K_C14N_COMMENTS),
    TREE("two-signatures", "signature-count", S_PLAIN, two_signatures),
    TREE("two-references", "reference", S_PLAIN, two_references),
    TREE("signature-elsewhere", "signature-place", S_PLAIN, moved_signature),
    TREE("reference-elsewhere", "reference", S_PLAIN, reference_elsewhere),
    TREE("reference-remote", "reference", S_PLAIN, reference_remote),
    TREE("xpath-transform", "transform", S_PLAIN, xpath_transform),
    TREE("xslt-transform", "transform", S_PLAIN, xslt_transform),
    TREE("xpath-in-enveloped", "transform", S_PLAIN, xpath_in_enveloped),
    TREE("third-transform", "transform", S_PLAIN, third_transform),
    TREE("retrieval-method", "key-info", S_PLAIN, retrieval_method),
    TREE("truncated-mac", "algorithm", S_PLAIN, truncated_mac),
    ASKED("one-signed-both-asked", "unsigned", S_ASSERTION | S_RESPONSE, X_SIGN_BOTH, NULL, NULL),
    ASKED("encrypted-one-signed-both-asked", "unsigned", S_ENCRYPTED, X_SIGN_BOTH, NULL, NULL),

    /* text that two readers read in two ways */
    AFTER("comment-in-name-id", "comment", "</saml:NameID>", "<!-- x --></saml:NameID>"),
    AFTER("comment-in-attribute", "comment", ADA, "<saml:AttributeValue>Ada <!-- x -->Lovelace"),
    AFTER("cdata-in-attribute", "cdata", ADA, "<saml:AttributeValue>Ada<![CDATA[ Lovelace]]>"),
    AFTER("instruction-in-attribute", "instruction", ADA,
        "<saml:AttributeValue>Ada <?x y?>Lovelace"),
    AFTER("unknown-entity", "xml", ADA, "<saml:AttributeValue>Ada &x; Lovelace"),
    AFTER("dtd", "doctype", "", "<!DOCTYPE a [<!ENTITY x \"y\">]>"),
    AFTER("external-entity", "doctype", "",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"),
    AFTER("bomb", "doctype", "",
        "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>"),
    /* no parser has looked at these: it would say that they are no XML */
    AFTER("dtd-that-does-not-end", "doctype", "", "<!DOCTYPE a ["),
    AFTER("instruction-that-does-not-end", "instruction", ADA, "<?x y" ADA),
    AFTER("utf-16-declared", "encoding", "", "<?xml version=\"1.0\" encoding=\"UTF-16\"?>"),
    AFTER("utf-7-declared", "encoding", "", "<?xml version=\"1.0\" encoding=\"UTF-7\"?>"),
    AFTER("bad-utf-8", "encoding", ADA,
        "<saml:AttributeValue>\xc0\x80"
        "Ada Lovelace"),
    AFTER("byte-order-mark", "encoding", "", "\xef\xbb\xbf"),
    AFTER("not-well-formed", "xml", "</samlp:Response>", "</samlp:Responses>"),
    AFTER("something-behind", "xml", "</samlp:Response>", "</samlp:Response><x/>"),
    AFTER("another-root", "root", "samlp:Response", "samlp:LogoutRequest"),
    AFTER("namespaced-id", "xml-id", "<samlp:Status>", "<samlp:Status samlp:ID=\"_a\">"),
    TREE("xml-id", "xml-id", S_PLAIN, xml_id),
    TREE("deep", "depth", S_PLAIN, deep),
    TREE("many-nodes", "nodes", S_PLAIN, many),
    KEY("not-base64", "base64", S_PLAIN, K_RAW),

    /* encryption */
    KEY("encrypted-unsigned", "unsigned", S_ENCRYPTED | S_ENCRYPTED_BOTH, K_NONE),
    KEY("aes-gcm", NULL, S_ENCRYPTED | S_ENCRYPTED_BOTH, K_GCM),
    KEY("rsa-oaep-11", NULL, S_ENCRYPTED | S_ENCRYPTED_BOTH, K_OAEP11),
    TREE("rsa-oaep-11-of-an-unknown-hash", "decryption", S_ENCRYPTED, unknown_hash),
    KEY("rsa-1-5", "encryption-algorithm", S_ENCRYPTED | S_ENCRYPTED_BOTH, K_RSA15),
    TREE("cipher-reference", "encryption", S_ENCRYPTED, cipher_reference),
    TREE("encrypted-content", "encryption", S_ENCRYPTED, content_type),
    TREE("triple-des", "encryption-algorithm", S_ENCRYPTED, triple_des),
    TREE("two-keys", "encryption", S_ENCRYPTED, two_keys),
    ASKED("encrypted-id", "subject", S_PLAIN, 0, NAME_ID, "<saml:EncryptedID/>"),
    TREE("broken-cipher", "decryption", S_ENCRYPTED, broken_cipher),
    TREE("plain-beside-encrypted", "assertions", S_ENCRYPTED | S_ENCRYPTED_BOTH, both_kinds),

    /* the message */
    PRE("another-issuer", "issuer", "\"><saml:Issuer>@IDP@",
        "\"><saml:Issuer>https://evil.example/idp"),
    PRE("no-issuer", "issuer", "<saml:Issuer>@IDP@</saml:Issuer><samlp:Status>", "<samlp:Status>"),
    PRE("another-destination", "destination", "Destination=\"@ACS@\"",
        "Destination=\"https://evil.example/acs\""),
    PRE("no-destination", "destination", " Destination=\"@ACS@\"", ""),
    PRE("status-denied", "status", "status:Success", "status:Responder"),
    PRE("no-status", "status",
        "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>",
        ""),
    PRE("issued-tomorrow", "issue-instant", "IssueInstant=\"@T+0@\" Destination",
        "IssueInstant=\"@T+86400@\" Destination"),
    PRE("issued-no-time", "issue-instant", "IssueInstant=\"@T+0@\" Destination",
        "IssueInstant=\"now\" Destination"),
    PRE("version-1", "version", "Version=\"2.0\"", "Version=\"1.1\""),
    PRE("something-else", "response-content", "<samlp:Status>",
        "<samlp:Extensions/><samlp:Status>"),

    /* the assertion */
    PRE("assertion-of-another-issuer", "issuer", "<saml:Issuer>@IDP@</saml:Issuer><saml:Subject>",
        "<saml:Issuer>https://evil.example/idp</saml:Issuer><saml:Subject>"),
    PRE("issued-long-ago", "issue-instant", "ID=\"_a@ID@\" Version=\"2.0\" IssueInstant=\"@T+0@\"",
        "ID=\"_a@ID@\" Version=\"2.0\" IssueInstant=\"@T-961@\""),
    PRE("no-subject", "subject", "<saml:Subject>" NAME_ID CONFIRMATION "</saml:Subject>", ""),
    PRE("no-name-id", "name-id", NAME_ID, ""),
    PRE("empty-name-id", "name-id", "@SUBJECT@", "  "),
    PRE("transient", "name-id-format", NAMEID "persistent", NAMEID "transient"),
    ASKED("another-format", "name-id-format", S_ALL, X_FORMAT, NAMEID "persistent",
        NAMEID "kerberos"),
    PRE("no-confirmation", "subject-confirmation", CONFIRMATION, ""),
    ASKED("two-confirmations", "subject-confirmation", S_PLAIN, 0, CONFIRMATION,
        CONFIRMATION CONFIRMATION),
    ASKED("two-confirmations-encrypted", "subject", S_ENCRYPTED | S_ENCRYPTED_BOTH, 0, CONFIRMATION,
        CONFIRMATION CONFIRMATION),
    PRE("holder-of-key", "method", "cm:bearer", "cm:holder-of-key"),
    PRE("no-confirmation-data", "subject-confirmation",
        CONFIRM_DATA " Recipient=\"@ACS@\" InResponseTo=\"@REQUEST@\"/>", ""),
    PRE("another-recipient", "recipient", "Recipient=\"@ACS@\"",
        "Recipient=\"https://evil.example/acs\""),
    PRE("no-recipient", "recipient", " Recipient=\"@ACS@\"", ""),
    PRE("no-expiry", "confirmation-expiry", CONFIRM_DATA, "<saml:SubjectConfirmationData"),
    PRE("expiry-with-an-offset", "confirmation-expiry", CONFIRM_DATA,
        "<saml:SubjectConfirmationData NotOnOrAfter=\"2099-01-01T00:00:00+01:00\""),
    PRE("confirmation-expired", "confirmation-expired", CONFIRM_DATA,
        "<saml:SubjectConfirmationData NotOnOrAfter=\"@T-60@\""),
    PRE("confirmation-not-before", "confirmation-not-before", CONFIRM_DATA,
        CONFIRM_DATA " NotBefore=\"@T-60@\""),
    PRE("answers-another-request", "in-response-to",
        "Recipient=\"@ACS@\" InResponseTo=\"@REQUEST@\"",
        "Recipient=\"@ACS@\" InResponseTo=\"_another\""),
    PRE("confirmation-unsolicited", "in-response-to",
        "Recipient=\"@ACS@\" InResponseTo=\"@REQUEST@\"", "Recipient=\"@ACS@\""),
    PRE("message-unsolicited", "in-response-to", "Destination=\"@ACS@\" InResponseTo=\"@REQUEST@\"",
        "Destination=\"@ACS@\""),
    PRE("no-conditions", "conditions", CONDITIONS AUDIENCE "</saml:Conditions>", ""),
    PRE("not-yet", "not-before", CONDITIONS,
        "<saml:Conditions NotBefore=\"@T+90@\" NotOnOrAfter=\"@T+300@\">"),
    PRE("not-before-no-time", "not-before", CONDITIONS,
        "<saml:Conditions NotBefore=\"2026-02-30T00:00:00Z\">"),
    PRE("expired", "expired", CONDITIONS,
        "<saml:Conditions NotBefore=\"@T-90@\" NotOnOrAfter=\"@T-60@\">"),
    PRE("no-audience", "audience", AUDIENCE, ""),
    PRE("another-audience", "audience", "@SP@", "https://evil.example/sp"),
    PRE("two-audiences-without-us", "audience", "<saml:Audience>@SP@</saml:Audience>",
        "<saml:Audience>https://other.example/sp</saml:Audience><saml:Audience>@SP@x</saml:Audience>"),
    PRE("something-in-a-restriction", "audience", "<saml:Audience>@SP@</saml:Audience>",
        "<saml:Audience>@SP@</saml:Audience><saml:Other/>"),
    PRE("two-restrictions", "audience", AUDIENCE,
        AUDIENCE
        "<saml:AudienceRestriction><saml:Audience>https://other.example/sp</saml:Audience></saml:AudienceRestriction>"),
    PRE("unknown-condition", "condition", AUDIENCE, AUDIENCE "<saml:Condition/>"),
    PRE("no-authn-statement", "authn-statement",
        AUTHN " SessionIndex=\"_s@ID@\"><saml:AuthnContext><saml:AuthnContextClassRef>" CONTEXT
              "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
        ""),
    PRE("unknown-statement", "assertion-content", "<saml:AttributeStatement>",
        "<saml:Statement/><saml:AttributeStatement>"),
    PRE("authn-without-time", "authn-instant", AUTHN, "<saml:AuthnStatement"),
    PRE("authn-tomorrow", "authn-instant", AUTHN,
        "<saml:AuthnStatement AuthnInstant=\"@T+86400@\""),
    ASKED("authn-long-ago", "authn-old", S_ALL, X_FORCE_AUTHN, AUTHN,
        "<saml:AuthnStatement AuthnInstant=\"@T-1000@\""),
    ASKED("another-context", "authn-context", S_ALL, X_CONTEXT, CONTEXT,
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"),
    ASKED("both-contexts-in-one", "authn-context", S_ALL, X_CONTEXT, CONTEXT,
        "https://refeds.org/profile/mfa urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"),
    ASKED("no-context", "authn-context", S_ALL, X_CONTEXT,
        "<saml:AuthnContextClassRef>" CONTEXT "</saml:AuthnContextClassRef>", ""),
    ASKED("empty-context", "authn-context", S_ALL, X_CONTEXT, CONTEXT, ""),
    ASKED("two-contexts", "authn-context", S_ALL, X_CONTEXT, "</saml:AuthnContextClassRef>",
        "</saml:AuthnContextClassRef><saml:AuthnContextClassRef>https://refeds.org/profile/mfa"
        "</saml:AuthnContextClassRef>"),
    PRE("session-expired", "session-expired", AUTHN, AUTHN " SessionNotOnOrAfter=\"@T-60@\""),
    PRE("two-addresses", "attribute-count", EMAIL,
        EMAIL "<saml:AttributeValue>admin@evil.example</saml:AttributeValue>"),
    PRE("two-attributes-of-a-name", "attribute-count", MAIL_ATTRIBUTE,
        MAIL_ATTRIBUTE
        "<saml:Attribute Name=\"mail\"><saml:AttributeValue>admin@evil.example</saml:AttributeValue></saml:Attribute>"),
    PRE("elements-in-a-value", "attribute-value", EMAIL,
        "<saml:AttributeValue><saml:NameID>@EMAIL@</saml:NameID></saml:AttributeValue>"),
};
const size_t nsaml_vectors = sizeof saml_vectors / sizeof *saml_vectors;

/* ── a provider that says that somebody has logged out ───────────────────────────────────────────────────────────── */

const char saml_logout_template[] =
    "<samlp:LogoutRequest xmlns:samlp=\"" SAMLP "\" xmlns:saml=\"" SAML
    "\" ID=\"_l@ID@\" Version=\"2.0\" IssueInstant=\"@T+0@\" Destination=\"@ACS@\" "
    "NotOnOrAfter=\"@T+300@\"><saml:Issuer>@IDP@</saml:Issuer><saml:NameID>@SUBJECT@</saml:NameID>"
    "<samlp:SessionIndex>_s@ID@</samlp:SessionIndex></samlp:LogoutRequest>";

static void
nested_logout(void *doc)
{
	struct parts p = parts_of(doc);
	xmlNode *outer = copy(&p, p.response);

	(void)xmlSetProp(outer, X("ID"), X("_outer"));
	xmlNodeSetContent(child(outer, SAML, "NameID"), X("admin"));
	(void)xmlDocSetRootElement(p.doc, outer);
	(void)xmlAddChild(outer, p.response);
}
static void
tampered_logout(void *doc)
{
	xmlNodeSetContent(child(xmlDocGetRootElement(doc), SAML, "NameID"), X("admin"));
}

#undef S_ALL
#define S_ALL S_RESPONSE
#undef S_PLAIN
#define S_PLAIN S_RESPONSE
const struct vector saml_logout_vectors[] = {
    PRE("logout", NULL, NULL, NULL),
    PRE("logout-everywhere", NULL, "<samlp:SessionIndex>_s@ID@</samlp:SessionIndex>", ""),
    AFTER("logout-another-message", "root", "LogoutRequest", "AuthnRequest"),
    KEY("logout-unsigned", "unsigned", S_ALL, K_NONE),
    KEY("logout-foreign-key", "signature", S_ALL, K_FOREIGN),
    KEY("logout-sha1", "algorithm", S_ALL, K_SHA1),
    KEY("logout-hmac", "algorithm", S_ALL, K_HMAC),
    TREE("logout-tampered", "signature", S_ALL, tampered_logout),
    TREE("logout-wrapped", "nested", S_ALL, nested_logout),
    AFTER("logout-comment", "comment", "</saml:NameID>", "<!-- x --></saml:NameID>"),
    PRE("logout-issuer", "issuer", "@IDP@", "https://evil.example/idp"),
    PRE("logout-destination", "destination", "Destination=\"@ACS@\"",
        "Destination=\"https://evil.example/slo\""),
    PRE("logout-no-destination", "destination", " Destination=\"@ACS@\"", ""),
    PRE("logout-old", "issue-instant", "IssueInstant=\"@T+0@\"", "IssueInstant=\"@T-400@\""),
    PRE("logout-tomorrow", "issue-instant", "IssueInstant=\"@T+0@\"", "IssueInstant=\"@T+90@\""),
    PRE("logout-expired", "expired", "@T+300@", "@T-60@"),
    PRE("logout-of-nobody", "name-id", "<saml:NameID>@SUBJECT@</saml:NameID>", ""),
    PRE("logout-empty", "name-id", "@SUBJECT@", " "),
    PRE("logout-encrypted-id", "logout-content", "<saml:NameID>@SUBJECT@</saml:NameID>",
        "<saml:EncryptedID/>"),
    PRE("logout-empty-session", "session-index", "_s@ID@", ""),
    PRE("logout-version-1", "version", "Version=\"2.0\"", "Version=\"1.1\""),
};
const size_t nsaml_logout_vectors = sizeof saml_logout_vectors / sizeof *saml_logout_vectors;

const struct vector *
saml_vector(const char *name)
{
	for (size_t i = 0; i < nsaml_vectors; i++)
		if (strcmp(saml_vectors[i].name, name) == 0)
			return &saml_vectors[i];
	for (size_t i = 0; i < nsaml_logout_vectors; i++)
		if (strcmp(saml_logout_vectors[i].name, name) == 0)
			return &saml_logout_vectors[i];
	return NULL;
}
