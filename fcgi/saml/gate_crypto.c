/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gate for XML Signature and XML Encryption: the few forms that SAML needs, of the many that the standards have. */
#include <string.h>

#include "fcgi/saml/gate.h"
#include "fcgi/saml/xml.h"
#include "shared/base/str.h"

#define DSIG_MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"

/* RSA with SHA-2: no SHA-1, no HMAC, which would take a certificate for a secret, and no curve, which lasso does not know. */
static const char *const signature_algorithms[] = {DSIG_MORE "rsa-sha256", DSIG_MORE "rsa-sha384",
    DSIG_MORE "rsa-sha512", NULL};
static const char *const digest_algorithms[] = {NS_ENC "sha256", DSIG_MORE "sha384",
    NS_ENC "sha512", NULL};
static const char *const data_algorithms[] = {NS_ENC "aes128-cbc", NS_ENC "aes192-cbc",
    NS_ENC "aes256-cbc", NS_ENC11 "aes128-gcm", NS_ENC11 "aes192-gcm", NS_ENC11 "aes256-gcm", NULL};
static const char *const key_algorithms[] = {NS_ENC "rsa-oaep-mgf1p", NS_ENC11 "rsa-oaep", NULL};

static bool
listed(const char *const *list, const char *value)
{
	while (*list != NULL && !str_eq(*list, value))
		list++;
	return *list != NULL;
}

bool
gate_signature_algorithm(const char *uri)
{
	return listed(signature_algorithms, uri);
}

static bool
algorithm(struct arena *a, const xmlNode *n, const char *const *list)
{
	return n != NULL && listed(list, xml_attribute(a, n, "Algorithm"));
}

static bool
has_elements(const xmlNode *n)
{
	for (const xmlNode *c = n->children; c != NULL; c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			return true;
	return false;
}

/* Exclusive canonicalisation, whose only parameter is a list of prefixes. */
static bool
exc_c14n(struct arena *a, const xmlNode *n)
{
	static const struct gate_child rules[] = {
	    {EXC_C14N, "InclusiveNamespaces", 0, 1, "transform"},
	};

	return n != NULL && xml_attribute_is(a, n, "Algorithm", EXC_C14N) &&
	       gate_children(n, rules, NELEMS(rules), "transform") == NULL;
}

/* The enveloped signature, then exclusive canonicalisation: nothing that computes (XSLT, XPath), nothing that drops more. */
static const char *
gate_transforms(struct arena *a, const xmlNode *n)
{
	static const struct gate_child rules[] = {{NS_DS, "Transform", 2, 2, "transform"}};
	const xmlNode *first = xml_child(n, NS_DS, "Transform"),
	              *second = xml_next(first, NS_DS, "Transform");

	if (n == NULL || gate_children(n, rules, NELEMS(rules), "transform") != NULL)
		return "transform";
	if (!xml_attribute_is(a, first, "Algorithm", NS_DS "enveloped-signature") ||
	    has_elements(first) || !exc_c14n(a, second))
		return "transform";
	return NULL;
}

/* The one reference of a signature is to the element that holds it. */
static const char *
gate_reference(struct arena *a, const xmlNode *n, const xmlNode *signed_element)
{
	static const struct gate_child rules[] = {
	    {NS_DS, "Transforms", 1, 1, "transform"},
	    {NS_DS, "DigestMethod", 1, 1, "algorithm"},
	    {NS_DS, "DigestValue", 1, 1, "signature-shape"},
	};
	const char *id = xml_attribute(a, signed_element, "ID"), *uri = xml_attribute(a, n, "URI"),
	           *why = gate_children(n, rules, NELEMS(rules), "signature-shape");
	const xmlNode *digest = xml_child(n, NS_DS, "DigestMethod");

	if (why != NULL)
		return why;
	if (id == NULL || uri == NULL || uri[0] != '#' || strcmp(uri + 1, id) != 0)
		return "reference";
	if (!algorithm(a, digest, digest_algorithms) || has_elements(digest))
		return "algorithm";
	return gate_transforms(a, xml_child(n, NS_DS, "Transforms"));
}

/* What a message says of its key is not looked at (the key is the connection's), and must not make anybody fetch something. */
static const char *
gate_key_info(const xmlNode *n)
{
	static const struct gate_child rules[] = {
	    {NS_DS, "X509Data", 0, 4, "key-info"},
	    {NS_DS, "KeyValue", 0, 1, "key-info"},
	    {NS_DS, "KeyName", 0, 1, "key-info"},
	};

	return n != NULL ? gate_children(n, rules, NELEMS(rules), "key-info") : NULL;
}

const char *
gate_signature(struct arena *a, const xmlNode *signature, const xmlNode *signed_element)
{
	static const struct gate_child rules[] = {
	    {NS_DS, "SignedInfo", 1, 1, "signature-shape"},
	    {NS_DS, "SignatureValue", 1, 1, "signature-shape"},
	    {NS_DS, "KeyInfo", 0, 1, "signature-shape"},
	};
	static const struct gate_child info_rules[] = {
	    {NS_DS, "CanonicalizationMethod", 1, 1, "transform"},
	    {NS_DS, "SignatureMethod", 1, 1, "algorithm"},
	    {NS_DS, "Reference", 1, 1, "reference"},
	};
	const xmlNode *info = xml_child(signature, NS_DS, "SignedInfo"),
	              *method = xml_child(info, NS_DS, "SignatureMethod");
	const char *why = gate_children(signature, rules, NELEMS(rules), "signature-shape");

	if (why != NULL ||
	    (why = gate_children(info, info_rules, NELEMS(info_rules), "signature-shape")) != NULL)
		return why;
	if (!exc_c14n(a, xml_child(info, NS_DS, "CanonicalizationMethod")))
		return "transform";
	if (!algorithm(a, method, signature_algorithms) || has_elements(method))
		return "algorithm";
	if ((why = gate_key_info(xml_child(signature, NS_DS, "KeyInfo"))) != NULL)
		return why;
	return gate_reference(a, xml_child(info, NS_DS, "Reference"), signed_element);
}

/* ── encryption ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *
gate_cipher(const xmlNode *n)
{
	static const struct gate_child rules[] = {{NS_ENC, "CipherValue", 1, 1, "encryption"}};

	/* not a CipherReference, which would have us fetch something */
	return n != NULL ? gate_children(n, rules, NELEMS(rules), "encryption") : "encryption";
}

static const char *
gate_encrypted_key(struct arena *a, const xmlNode *n)
{
	static const struct gate_child rules[] = {
	    {NS_ENC, "EncryptionMethod", 1, 1, "encryption"},
	    {NS_DS, "KeyInfo", 0, 1, "encryption"},
	    {NS_ENC, "CipherData", 1, 1, "encryption"},
	    {NS_ENC, "ReferenceList", 0, 1, "encryption"},
	    {NS_ENC, "CarriedKeyName", 0, 1, "encryption"},
	};
	const char *why = gate_children(n, rules, NELEMS(rules), "encryption");

	if (why != NULL)
		return why;
	if (!algorithm(a, xml_child(n, NS_ENC, "EncryptionMethod"), key_algorithms))
		return "encryption-algorithm";
	if (gate_key_info(xml_child(n, NS_DS, "KeyInfo")) != NULL)
		return "encryption";
	return gate_cipher(xml_child(n, NS_ENC, "CipherData"));
}

const char *
gate_encrypted(struct arena *a, const xmlNode *encrypted_assertion)
{
	static const struct gate_child rules[] = {
	    {NS_ENC, "EncryptedData", 1, 1, "encryption"},
	    {NS_ENC, "EncryptedKey", 0, 1, "encryption"},
	};
	static const struct gate_child data_rules[] = {
	    {NS_ENC, "EncryptionMethod", 1, 1, "encryption"},
	    {NS_DS, "KeyInfo", 0, 1, "encryption"},
	    {NS_ENC, "CipherData", 1, 1, "encryption"},
	};
	static const struct gate_child info_rules[] = {
	    {NS_ENC, "EncryptedKey", 0, 1, "encryption"},
	    {NS_DS, "RetrievalMethod", 0, 1, "encryption"},
	};
	const xmlNode *data = xml_child(encrypted_assertion, NS_ENC, "EncryptedData"),
	              *beside = xml_child(encrypted_assertion, NS_ENC, "EncryptedKey"), *info,
	              *inside, *retrieval;
	const char *why = gate_children(encrypted_assertion, rules, NELEMS(rules), "encryption"),
	           *uri;

	if (why != NULL ||
	    (why = gate_children(data, data_rules, NELEMS(data_rules), "encryption")) != NULL)
		return why;
	info = xml_child(data, NS_DS, "KeyInfo");
	if (info != NULL &&
	    (why = gate_children(info, info_rules, NELEMS(info_rules), "encryption")) != NULL)
		return why;
	inside = xml_child(info, NS_ENC, "EncryptedKey");
	retrieval = xml_child(info, NS_DS, "RetrievalMethod");
	uri = xml_attribute(a, retrieval, "URI");
	/* one key; a reference to it stays in the message and computes nothing */
	if ((beside == NULL) == (inside == NULL) ||
	    (retrieval != NULL && (uri == NULL || uri[0] != '#' || has_elements(retrieval))) ||
	    !xml_attribute_is(a, data, "Type", NS_ENC "Element"))
		return "encryption";
	if (!algorithm(a, xml_child(data, NS_ENC, "EncryptionMethod"), data_algorithms))
		return "encryption-algorithm";
	if ((why = gate_cipher(xml_child(data, NS_ENC, "CipherData"))) != NULL)
		return why;
	return gate_encrypted_key(a, beside != NULL ? beside : inside);
}
