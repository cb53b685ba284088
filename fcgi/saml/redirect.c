/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/saml/redirect.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>
#include <zlib.h>

#include "fcgi/saml/certificate.h"
#include "fcgi/saml/gate.h"
#include "fcgi/saml/xml.h"
#include "shared/base/log.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"
#include "shared/http/http.h"

#define RSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define RSA_SHA384 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"
#define XML_MAX 65536U /* of a message in a query string */
#define SIGNATURE_MAX 1024U

const char *
saml_message_id(struct arena *a)
{
	uint8_t random[16];
	char hex[2 * sizeof random + 1];

	random_bytes(random, sizeof random);
	hex_encode(hex, random, sizeof random);
	return arena_printf(a, "_%s", hex);
}

/* ── what we say ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *
escaped(struct arena *a, const json_t *object, const char *name)
{
	const char *v = json_string_value(json_object_get(object, name));

	return v != NULL ? xml_escape(a, v) : NULL;
}

/* Root element, addressee, sender: what all of them begin with. more: further attributes. */
static const char *
opening(struct arena *a, const char *element, const char *id, const struct saml_sp *sp,
    const char *destination, const char *more, int64_t now)
{
	char at[21];

	xml_time_text(at, now);
	return arena_printf(a,
	    "<samlp:%s xmlns:samlp=\"" NS_SAMLP "\" xmlns:saml=\"" NS_SAML "\" ID=\"%s\" "
	    "Version=\"2.0\" IssueInstant=\"%s\" Destination=\"%s\"%s><saml:Issuer>%s</saml:Issuer>",
	    element, id, at, destination, more, xml_escape(a, sp->entity_id));
}

/* How people must log in there, where the owner says so: one of these. */
static const char *
requested_context(struct arena *a, const char *contexts)
{
	const char *refs = "";
	size_t n;

	for (const char *p = contexts; p != NULL && *p != '\0'; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (n > 0)
			refs = arena_printf(a,
			    "%s<saml:AuthnContextClassRef>%.*s</saml:AuthnContextClassRef>", refs,
			    (int)n, p);
	}
	return *refs == '\0' ? ""
	                     : arena_printf(a,
	                           "<samlp:RequestedAuthnContext Comparison=\"exact\">%s"
	                           "</samlp:RequestedAuthnContext>",
	                           refs);
}

const char *
saml_authn_request(struct arena *a, const char *id, const struct saml_sp *sp, const json_t *facts,
    const json_t *settings, int64_t now)
{
	const char *format = escaped(a, settings, "nameid_format"), *more;

	more = arena_printf(a,
	    " AssertionConsumerServiceURL=\"%s\" "
	    "ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"%s",
	    xml_escape(a, sp->acs),
	    json_is_true(json_object_get(settings, "force_authn")) ? " ForceAuthn=\"true\"" : "");
	return arena_printf(a,
	    "%s<samlp:NameIDPolicy%s AllowCreate=\"true\"/>%s</samlp:AuthnRequest>",
	    opening(a, "AuthnRequest", id, sp, escaped(a, facts, "sso_url"), more, now),
	    format != NULL ? arena_printf(a, " Format=\"%s\"", format) : "",
	    requested_context(a, escaped(a, settings, "authn_context")));
}

const char *
saml_logout_request(struct arena *a, const char *id, const struct saml_sp *sp, const json_t *facts,
    const char *subject, const json_t *name_id, const char *session, int64_t now)
{
	const char *attributes = "";

	for (size_t i = 0; xml_name_id[i] != NULL; i++) {
		const char *value = escaped(a, name_id, xml_name_id[i]);

		if (value != NULL)
			attributes = arena_printf(a, "%s %s=\"%s\"", attributes, xml_name_id[i],
			    value);
	}
	return arena_printf(a, "%s<saml:NameID%s>%s</saml:NameID>%s</samlp:LogoutRequest>",
	    opening(a, "LogoutRequest", id, sp, escaped(a, facts, "slo_url"), "", now), attributes,
	    xml_escape(a, subject),
	    session != NULL ? arena_printf(a, "<samlp:SessionIndex>%s</samlp:SessionIndex>",
	                          xml_escape(a, session))
	                    : "");
}

const char *
saml_logout_response(struct arena *a, const char *id, const struct saml_sp *sp, const json_t *facts,
    const char *in_response_to, int64_t now)
{
	const char *to = escaped(a, facts, "slo_response_url");

	return arena_printf(a,
	    "%s<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>"
	    "</samlp:Status></samlp:LogoutResponse>",
	    opening(a, "LogoutResponse", id, sp, to != NULL ? to : escaped(a, facts, "slo_url"),
	        arena_printf(a, " InResponseTo=\"%s\"", xml_escape(a, in_response_to)), now));
}

/* ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *
base64_encoded(struct arena *a, const void *data, size_t len)
{
	unsigned char *b64 = arena_alloc(a, (len + 2) / 3 * 4 + 1);
	char *out = arena_alloc(a, 3 * ((len + 2) / 3 * 4) + 1);

	(void)EVP_EncodeBlock(b64, data, (int)len);
	percent_encode(out, (const char *)b64);
	return out;
}

static const char *
percent_encoded(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, 3 * strlen(s) + 1);

	percent_encode(out, s);
	return out;
}

/* Raw deflate (RFC 1951). */
static const char *
deflated(struct arena *a, const char *xml, size_t *len)
{
	z_stream z = {0};
	unsigned char *out;
	size_t in = strlen(xml), cap;

	if (deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		log_fatal("deflate does not start");
	cap = deflateBound(&z, in);
	out = arena_alloc(a, cap);
	z.next_in = (unsigned char *)arena_strdup(a, xml);
	z.avail_in = (unsigned)in;
	z.next_out = out;
	z.avail_out = (unsigned)cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		log_fatal("deflate does not end");
	*len = z.total_out;
	(void)deflateEnd(&z);
	return (const char *)out;
}

const char *
saml_redirect(struct arena *a, const char *url, const char *name, const char *xml,
    const char *relay)
{
	const char *message, *signed_part, *sig;
	size_t len;

	message = deflated(a, xml, &len);
	signed_part = arena_printf(a, "%s=%s%s%s&SigAlg=%s", name, base64_encoded(a, message, len),
	    relay != NULL ? "&RelayState=" : "", relay != NULL ? percent_encoded(a, relay) : "",
	    percent_encoded(a, RSA_SHA256));
	sig = saml_sign(a, signed_part, strlen(signed_part), &len);
	return arena_printf(a, "%s%c%s&Signature=%s", url, strchr(url, '?') != NULL ? '&' : '?',
	    signed_part, base64_encoded(a, sig, len));
}

/* ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The parameters that count, raw ("name=value") and decoded. */
struct signed_query {
	const char *raw_message, *raw_relay, *raw_algorithm;
	const char *message, *algorithm, *signature;
};

static const char *
decoded(struct arena *a, const char *raw)
{
	struct pair *pairs;
	size_t n = 0;

	return form_parse(a, raw, strlen(raw), &pairs, &n) && n == 1 ? pairs[0].value : NULL;
}

/* One piece of the query string goes to its place, once. */
static const char *
take(struct arena *a, const char *raw, const char *name, struct signed_query *q)
{
	const char **raw_place = NULL, **place = NULL, *unused = NULL;
	size_t len = strcspn(raw, "=");

	if (len == strlen(name) && strncmp(raw, name, len) == 0) {
		raw_place = &q->raw_message;
		place = &q->message;
	} else if (len == 10 && strncmp(raw, "RelayState", len) == 0) {
		raw_place = &q->raw_relay;
		place = &unused;
	} else if (len == 6 && strncmp(raw, "SigAlg", len) == 0) {
		raw_place = &q->raw_algorithm;
		place = &q->algorithm;
	} else if (len == 9 && strncmp(raw, "Signature", len) == 0) {
		raw_place = &unused;
		place = &q->signature;
	} else {
		return "query";
	}
	if (*raw_place != NULL || *place != NULL)
		return "query";
	*raw_place = raw;
	*place = decoded(a, raw);
	return *place != NULL ? NULL : "query";
}

static const char *
split(struct arena *a, const char *query, const char *name, struct signed_query *q)
{
	const char *why;

	for (const char *p = query; p != NULL && *p != '\0';) {
		size_t len = strcspn(p, "&");

		if (len > 0 && (why = take(a, arena_strndup(a, p, len), name, q)) != NULL)
			return why;
		p += len;
		p += *p == '&';
	}
	if (q->message == NULL)
		return "query";
	return q->signature != NULL && q->algorithm != NULL ? NULL : "unsigned";
}

static bool
signed_by(struct arena *a, const json_t *one, const EVP_MD *md, const char *data, const void *sig,
    size_t siglen)
{
	const char *x509 = json_string_value(json_object_get(one, "x509")), *der;
	size_t len;
	CLEANUP(x509_freep) X509 *x = x509 != NULL ? certificate_read(a, x509, &der, &len) : NULL;
	CLEANUP(md_ctx_freep) EVP_MD_CTX *c = EVP_MD_CTX_new();

	return x != NULL && c != NULL &&
	       EVP_DigestVerifyInit(c, NULL, md, NULL, X509_get0_pubkey(x)) == 1 &&
	       EVP_DigestVerify(c, sig, siglen, (const unsigned char *)data, strlen(data)) == 1;
}

static const char *
verify(struct arena *a, const struct signed_query *q, const json_t *facts)
{
	const EVP_MD *md = str_eq(q->algorithm, RSA_SHA256)   ? EVP_sha256()
	                   : str_eq(q->algorithm, RSA_SHA384) ? EVP_sha384()
	                                                      : EVP_sha512();
	const char *plain, *sig, *data;
	const json_t *one;
	size_t siglen, i;

	if (!gate_signature_algorithm(q->algorithm))
		return "algorithm";
	if (gate_base64(a, q->signature, strlen(q->signature), &plain, &sig, &siglen) != NULL ||
	    siglen > SIGNATURE_MAX)
		return "signature";
	/* as it was sent, byte for byte, in the order of the standard */
	data = arena_printf(a, "%s%s%s&%s", q->raw_message, q->raw_relay != NULL ? "&" : "",
	    q->raw_relay != NULL ? q->raw_relay : "", q->raw_algorithm);
	json_array_foreach(json_object_get(facts, "certificates"), i, one)
		if (signed_by(a, one, md, data, sig, siglen))
			return NULL;
	return "signature";
}

/* Raw inflate, to at most XML_MAX bytes. */
static const char *
inflated(struct arena *a, const char *data, size_t len, const char **xml, size_t *xmllen)
{
	z_stream z = {0};
	char *out = arena_alloc(a, XML_MAX + 1);
	int rc;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		log_fatal("inflate does not start");
	z.next_in = (unsigned char *)arena_strndup(a, data, len);
	z.avail_in = (unsigned)len;
	z.next_out = (unsigned char *)out;
	z.avail_out = XML_MAX;
	rc = inflate(&z, Z_FINISH);
	*xml = out;
	*xmllen = z.total_out;
	(void)inflateEnd(&z);
	return rc == Z_STREAM_END && z.avail_in == 0 ? NULL
	       : rc == Z_BUF_ERROR                   ? "size"
	                                             : "deflate";
}

const char *
saml_query(struct arena *a, const char *query, const char *name, const json_t *facts,
    const char **xml, size_t *len)
{
	struct signed_query q = {0};
	const char *why, *plain, *bytes;
	size_t n;

	if ((why = split(a, query, name, &q)) != NULL || (why = verify(a, &q, facts)) != NULL ||
	    (why = gate_base64(a, q.message, strlen(q.message), &plain, &bytes, &n)) != NULL)
		return why;
	return inflated(a, bytes, n, xml, len);
}
