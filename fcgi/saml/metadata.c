/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/saml/metadata.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "fcgi/saml/certificate.h"
#include "fcgi/saml/gate.h"
#include "fcgi/saml/xml.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"
#include "shared/json/fields.h"

#define REDIRECT "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
#define KEY_BITS 2048
#define CERTIFICATES_MAX 10U
#define URL_MAX 1000U
#define SOON (30 * 86400)

/* ── certificates ────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *
without_space(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) + 1), *p = out;

	for (; *s != '\0'; s++)
		if (strchr(" \t\r\n", *s) == NULL)
			*p++ = *s;
	return out;
}

static json_t *
time_json(const ASN1_TIME *t)
{
	struct tm tm;
	char text[21];

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return json_null();
	xml_time_text(text, timegm(&tm));
	return json_string(text);
}

static json_t *
subject_json(struct arena *a, const X509 *x)
{
	CLEANUP(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;

	if (bio == NULL ||
	    X509_NAME_print_ex(bio, X509_get_subject_name(x), 0, XN_FLAG_RFC2253) < 0)
		return json_string("");
	len = BIO_get_mem_data(bio, &text);
	/* escaped by OpenSSL: ASCII only */
	return json_string(arena_strndup(a, text, len > 200 ? 200 : (size_t)len));
}

/* Of a KeyDescriptor: a certificate as facts have it. A key that cannot be used is NULL with a sentence. */
static json_t *
certificate(struct arena *a, const char *base64, const char **problem)
{
	const char *der;
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	size_t len;
	CLEANUP(x509_freep) X509 *x = certificate_read(a, base64, &der, &len);
	const EVP_PKEY *key = x != NULL ? X509_get0_pubkey(x) : NULL;

	*problem = "A certificate in the metadata cannot be read.";
	if (key == NULL)
		return NULL;
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		*problem =
		    "The identity provider signs with a key that is not RSA (an elliptic curve, for "
		    "example), which cannot be checked here. Let it sign with RSA and SHA-256.";
		return NULL;
	}
	if (EVP_PKEY_get_bits(key) < KEY_BITS) {
		*problem =
		    "The identity provider's key is too short: RSA keys need 2048 bits or more.";
		return NULL;
	}
	sha256(digest, der, len);
	hex_encode(hex, digest, sizeof digest);
	return json_pack("{s:s, s:o, s:o, s:o, s:s}", "sha256", hex, "subject", subject_json(a, x),
	    "not_before", time_json(X509_get0_notBefore(x)), "not_after",
	    time_json(X509_get0_notAfter(x)), "x509", base64);
}

static bool
known(const json_t *list, const json_t *one)
{
	const json_t *other;
	size_t i;

	json_array_foreach(list, i, other)
		if (json_equal(json_object_get(other, "sha256"), json_object_get(one, "sha256")))
			return true;
	return false;
}

/* All certificates that a KeyDescriptor for signing holds. Keys of other kinds beside RSA ones are passed over. */
static json_t *
certificates(struct arena *a, const xmlNode *idp, const char **problem)
{
	json_t *list = json_keep(a, json_array());
	const char *why = NULL;

	*problem = "The metadata holds no certificate that the identity provider signs with.";
	for (const xmlNode *k = xml_child(idp, NS_MD, "KeyDescriptor"); k != NULL;
	     k = xml_next(k, NS_MD, "KeyDescriptor")) {
		const char *use = xml_attribute(a, k, "use");
		const xmlNode *info = xml_child(k, NS_DS, "KeyInfo");

		if (use != NULL && strcmp(use, "signing") != 0)
			continue;
		for (const xmlNode *d = xml_child(info, NS_DS, "X509Data"); d != NULL;
		     d = xml_next(d, NS_DS, "X509Data")) {
			/* behind the first may stand its authorities, which sign nothing here */
			const char *text = xml_text(a, xml_child(d, NS_DS, "X509Certificate"));
			json_t *one = text != NULL ? certificate(a, without_space(a, text), &why)
			                           : NULL;

			if (one == NULL)
				continue;
			if (known(list, one))
				json_decref(one);
			else
				(void)json_array_append_new(list, one);
		}
	}
	if (json_array_size(list) == 0 && why != NULL)
		*problem = why;
	else if (json_array_size(list) > CERTIFICATES_MAX)
		*problem = "The metadata holds more than ten certificates for signing.";
	return json_array_size(list) > 0 && json_array_size(list) <= CERTIFICATES_MAX ? list : NULL;
}

/* ── addresses ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool
https_url(const char *s)
{
	if (s == NULL || !str_starts(s, "https://") || strlen(s) > URL_MAX ||
	    strchr("/?", s[8]) != NULL)
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~' || strchr("\\\"<>#'", *s) != NULL)
			return false;
	return true;
}

/* The address of a service for the redirect binding; attribute: Location or ResponseLocation. */
static const char *
service(struct arena *a, const xmlNode *idp, const char *name, const char *attribute)
{
	for (const xmlNode *n = xml_child(idp, NS_MD, name); n != NULL;
	     n = xml_next(n, NS_MD, name))
		if (xml_attribute_is(a, n, "Binding", REDIRECT) &&
		    https_url(xml_attribute(a, n, attribute)))
			return xml_attribute(a, n, attribute);
	return NULL;
}

/* ── the whole ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool
speaks_saml2(struct arena *a, const xmlNode *idp)
{
	const char *list = xml_attribute(a, idp, "protocolSupportEnumeration"),
	           *p = list != NULL ? strstr(list, NS_SAMLP) : NULL;

	return p != NULL && (p == list || p[-1] == ' ') && strchr(" ", p[strlen(NS_SAMLP)]) != NULL;
}

/* The descriptor of SAML 2.0: some have one beside it for SAML 1.1. */
static const xmlNode *
only_idp(struct arena *a, const xmlNode *entity)
{
	const xmlNode *found = NULL;

	for (const xmlNode *n = xml_child(entity, NS_MD, "IDPSSODescriptor"); n != NULL;
	     n = xml_next(n, NS_MD, "IDPSSODescriptor")) {
		if (!speaks_saml2(a, n))
			continue;
		if (found != NULL)
			return NULL;
		found = n;
	}
	return found;
}

/* What is there and may be read; else the sentence. */
static const char *
find_provider(struct arena *a, const xmlDoc *doc, int64_t now, const xmlNode **entity,
    const xmlNode **idp)
{
	const xmlNode *root = xmlDocGetRootElement(doc);
	const char *id, *until;
	int64_t t;

	/* older versions of Keycloak, and others, make a list of the one that they are */
	*entity = xml_is(root, NS_MD, "EntitiesDescriptor")
	              ? xml_only(root, NS_MD, "EntityDescriptor")
	              : root;
	if (*entity == NULL || xml_child(root, NS_MD, "EntitiesDescriptor") != NULL)
		return "The metadata is of several providers. Give the metadata of the one provider alone "
		       "(one EntityDescriptor).";
	if (!xml_is(*entity, NS_MD, "EntityDescriptor"))
		return "This is no SAML 2.0 metadata: its root must be an EntityDescriptor.";
	id = xml_attribute(a, *entity, "entityID");
	if (id == NULL || *id == '\0' || strlen(id) > URL_MAX)
		return "The metadata has no entityID, or one of more than 1000 characters.";
	*idp = only_idp(a, *entity);
	if (*idp == NULL)
		return "The metadata is not of an identity provider that speaks SAML 2.0 (one "
		       "IDPSSODescriptor). Was it the metadata of this server?";
	for (const xmlNode *n = *idp; n->type == XML_ELEMENT_NODE; n = n->parent) {
		until = xml_attribute(a, n, "validUntil");
		if (until != NULL && (!xml_time(until, &t) || t <= now))
			return "The metadata is not valid any more, by its own validUntil. Get it from the "
			       "provider anew.";
	}
	return NULL;
}

json_t *
saml_metadata(struct arena *a, const char *text, size_t len, int64_t now, const char **problem)
{
	const xmlNode *entity, *idp;
	const char *why, *sso, *slo, *slo_response;
	xmlDoc *doc = NULL;
	json_t *keys, *facts;
	size_t skip;

	/* Entra ID begins with a byte order mark, and what somebody has pasted with empty lines */
	skip = (str_starts(text, "\xef\xbb\xbf") ? 3U : 0U);
	skip += strspn(text + skip, " \t\r\n");
	why = gate_read(a, text + skip, len - skip, GATE_METADATA_MAX, true, &doc);
	if (why != NULL) {
		*problem = arena_printf(a,
		    str_eq(why, "size")       ? "The metadata is larger than 1 MiB."
		    : str_eq(why, "doctype")  ? "The metadata has a DTD, which is not read."
		    : str_eq(why, "encoding") ? "The metadata is not in UTF-8."
		                              : "The metadata is no XML that can be read (%s).",
		    why);
		return NULL;
	}
	if ((*problem = find_provider(a, doc, now, &entity, &idp)) != NULL)
		return NULL;
	sso = service(a, idp, "SingleSignOnService", "Location");
	if (sso == NULL) {
		*problem =
		    "The metadata names no address (https) where people log in by the HTTP-Redirect "
		    "binding.";
		return NULL;
	}
	if ((keys = certificates(a, idp, problem)) == NULL)
		return NULL;
	*problem = NULL;
	slo = service(a, idp, "SingleLogoutService", "Location");
	slo_response = service(a, idp, "SingleLogoutService", "ResponseLocation");
	facts = json_keep(a,
	    json_pack("{s:s, s:s, s:O}", "entity_id", xml_attribute(a, entity, "entityID"),
	        "sso_url", sso, "certificates", keys));
	if (slo != NULL)
		(void)json_object_set_new(facts, "slo_url", json_string(slo));
	if (slo != NULL && slo_response != NULL)
		(void)json_object_set_new(facts, "slo_response_url", json_string(slo_response));
	return facts;
}

const char *
saml_metadata_warning(struct arena *a, const json_t *facts, int64_t now)
{
	const json_t *list = json_object_get(facts, "certificates"), *one;
	const char *last_text = NULL;
	int64_t last = INT64_MIN, t;
	size_t i;

	/* the one that ends last is what logins will hang on */
	json_array_foreach(list, i, one) {
		const char *text = json_string_value(json_object_get(one, "not_after"));

		if (xml_time(text, &t) && t > last) {
			last = t;
			last_text = text;
		}
	}
	if (last_text == NULL || last > now + SOON)
		return NULL;
	return last <= now ? arena_printf(a,
	                         "The certificate of the identity provider has expired on %.10s. "
	                         "Renew it there, and give the new metadata here.",
	                         last_text)
	                   : arena_printf(a,
	                         "The certificate of the identity provider expires on %.10s, and "
	                         "there is no newer one in the metadata.",
	                         last_text);
}
