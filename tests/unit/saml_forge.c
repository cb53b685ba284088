/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/saml_forge.h"

#include <libxml/parser.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xmlsec/crypto.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlenc.h>
#include <xmlsec/xmltree.h>

#define SAML "urn:oasis:names:tc:SAML:2.0:assertion"
#define SAMLP "urn:oasis:names:tc:SAML:2.0:protocol"
#define DS "http://www.w3.org/2000/09/xmldsig#"
#define ENC "http://www.w3.org/2001/04/xmlenc#"
#define ENC11 "http://www.w3.org/2009/xmlenc11#"

static void
die(const char *what)
{
	fprintf(stderr, "saml_forge: %s\n", what);
	abort();
}

static const xmlChar *
X(const char *s)
{
	return (const xmlChar *)s;
}

/* ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char template[] =
    "<samlp:Response xmlns:samlp=\"" SAMLP "\" xmlns:saml=\"" SAML
    "\" ID=\"_r@ID@\" Version=\"2.0\" IssueInstant=\"@T+0@\" Destination=\"@ACS@\" "
    "InResponseTo=\"@REQUEST@\"><saml:Issuer>@IDP@</saml:Issuer><samlp:Status><samlp:StatusCode "
    "Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status><saml:Assertion "
    "xmlns:saml=\"" SAML
    "\" ID=\"_a@ID@\" Version=\"2.0\" IssueInstant=\"@T+0@\"><saml:Issuer>@IDP@</saml:Issuer>"
    "<saml:Subject><saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">"
    "@SUBJECT@</saml:NameID><saml:SubjectConfirmation "
    "Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData "
    "NotOnOrAfter=\"@T+300@\" Recipient=\"@ACS@\" InResponseTo=\"@REQUEST@\"/>"
    "</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore=\"@T-30@\" "
    "NotOnOrAfter=\"@T+300@\"><saml:AudienceRestriction><saml:Audience>@SP@</saml:Audience>"
    "</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant=\"@T-10@\" "
    "SessionIndex=\"_s@ID@\"><saml:AuthnContext><saml:AuthnContextClassRef>"
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef>"
    "</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute "
    "Name=\"mail\"><saml:AttributeValue>@EMAIL@</saml:AttributeValue></saml:Attribute>"
    "<saml:Attribute Name=\"displayName\"><saml:AttributeValue>Ada Lovelace</saml:AttributeValue>"
    "</saml:Attribute><saml:Attribute Name=\"groups\"><saml:AttributeValue>@GROUP@"
    "</saml:AttributeValue><saml:AttributeValue>everybody</saml:AttributeValue></saml:Attribute>"
    "</saml:AttributeStatement></saml:Assertion></samlp:Response>";

/* All of find become replace; must be there. Takes the text. */
static char *
replaced(char *text, const char *find, const char *replace, bool must)
{
	size_t n = 0, lf = strlen(find), lr = strlen(replace);
	char *out, *o;

	for (const char *p = text; (p = strstr(p, find)) != NULL; p += lf)
		n++;
	if (n == 0 && must)
		die(find);
	o = out = malloc(strlen(text) + n * lr + 1);
	if (out == NULL)
		die("memory");
	for (const char *p = text;;) {
		const char *hit = strstr(p, find);

		if (hit == NULL) {
			memcpy(o, p, strlen(p) + 1);
			break;
		}
		memcpy(o, p, (size_t)(hit - p));
		o += hit - p;
		memcpy(o, replace, lr);
		o += lr;
		p = hit + lf;
	}
	free(text);
	return out;
}

/* @T+n@ is n seconds from now; @F+n@ the same with a fraction, as .NET and Java write it. */
static char *
with_times(char *text, const char *mark, const char *fraction, int64_t now)
{
	char *p;

	while ((p = strstr(text, mark)) != NULL) {
		char what[32] = {0}, at[32];
		time_t t = (time_t)(now + strtol(p + 2, NULL, 10));
		struct tm tm;

		memcpy(what, p, strcspn(p + 1, "@") + 2);
		if (gmtime_r(&t, &tm) == NULL ||
		    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &tm) != 19)
			die("time");
		(void)snprintf(at + 19, sizeof at - 19, "%sZ", fraction);
		text = replaced(text, what, at, true);
	}
	return text;
}

static char *
filled(const struct forge *f, const struct vector *v)
{
	char *t = strdup(f->template != NULL ? f->template : template);

	if (f->in_response_to == NULL && f->template == NULL)
		t = replaced(t, " InResponseTo=\"@REQUEST@\"", "", true);
	if (v->find != NULL)
		t = replaced(t, v->find, v->replace, true);
	t = with_times(t, "@T", "", f->now);
	t = with_times(t, "@F", ".9876543", f->now);
	t = replaced(t, "@ID@", f->id, false);
	t = replaced(t, "@IDP@", f->issuer, false);
	t = replaced(t, "@SP@", f->audience, false);
	t = replaced(t, "@ACS@", f->acs, false);
	t = replaced(t, "@REQUEST@", f->in_response_to != NULL ? f->in_response_to : "", false);
	t = replaced(t, "@SUBJECT@", f->subject, false);
	t = replaced(t, "@EMAIL@", f->email, false);
	return replaced(t, "@GROUP@", f->group, false);
}

/* ── signing, encrypting ─────────────────────────────────────────────────────────────────────────────────────────── */

static const char *
file(const struct forge *f, char out[static 512], const char *name)
{
	(void)snprintf(out, 512, "%s/%s", f->dir, name);
	return out;
}

static xmlSecKeyPtr
load(const char *path, xmlSecKeyDataFormat format)
{
	xmlSecKeyPtr k = xmlSecCryptoAppKeyLoad(path, format, NULL, NULL, NULL);

	if (k == NULL)
		die(path);
	return k;
}

static xmlSecTransformId
method(unsigned keys)
{
	return (keys & K_SHA1) != 0     ? xmlSecTransformRsaSha1Id
	       : (keys & K_SHA384) != 0 ? xmlSecTransformRsaSha384Id
	       : (keys & K_SHA512) != 0 ? xmlSecTransformRsaSha512Id
	       : (keys & K_HMAC) != 0   ? xmlSecTransformHmacSha256Id
	                                : xmlSecTransformRsaSha256Id;
}

static xmlSecKeyPtr
signing_key(const struct forge *f, unsigned keys)
{
	char path[512];

	if ((keys & K_HMAC) != 0) {
		xmlSecKeyPtr k = xmlSecKeyCreate();
		xmlSecKeyDataPtr d = xmlSecKeyDataCreate(xmlSecKeyDataHmacId);
		char pem[8192];
		FILE *in = fopen(file(f, path, "idp.pem"), "r");
		size_t n = in != NULL ? fread(pem, 1, sizeof pem, in) : 0;

		if (n == 0 ||
		    xmlSecOpenSSLKeyDataHmacSet(d, (const xmlSecByte *)pem, (xmlSecSize)n) != 0 ||
		    xmlSecKeySetValue(k, d) != 0)
			die("hmac");
		(void)fclose(in);
		return k;
	}
	if ((keys & K_FOREIGN) != 0)
		return load(file(f, path, "foreign.key"), xmlSecKeyDataFormatPem);
	return load(f->idp_key != NULL ? f->idp_key : file(f, path, "idp.key"),
	    xmlSecKeyDataFormatPem);
}

static xmlNode *
child(xmlNode *parent, const char *ns, const char *name)
{
	return xmlSecFindChild(parent, X(name), X(ns));
}

static void
sign(const struct forge *f, xmlDoc *doc, xmlNode *node, unsigned keys)
{
	xmlAttr *id = xmlHasProp(node, X("ID"));
	xmlChar *value = xmlGetProp(node, X("ID"));
	char uri[128], path[512];
	xmlNode *signature, *reference, *info, *transform;
	xmlSecDSigCtxPtr ctx;

	if (id == NULL || value == NULL) {
		xmlFree(value);
		return; /* a vector about ids: nothing can be referred to */
	}
	(void)xmlAddID(NULL, doc, value, id);
	(void)snprintf(uri, sizeof uri, "#%s",
	    (keys & K_URI_EMPTY) != 0 ? "" : (const char *)value);
	xmlFree(value);
	signature = xmlSecTmplSignatureCreateNsPref(doc,
	    (keys & K_C14N_COMMENTS) != 0 ? xmlSecTransformExclC14NWithCommentsId
	                                  : xmlSecTransformExclC14NId,
	    method(keys), NULL, X("ds"));
	reference = xmlSecTmplSignatureAddReference(signature,
	    (keys & (K_SHA1 | K_SHA1_DIGEST)) != 0 ? xmlSecTransformSha1Id
	                                           : xmlSecTransformSha256Id,
	    NULL, (keys & K_URI_EMPTY) != 0 ? X("") : X(uri), NULL);
	(void)xmlSecTmplReferenceAddTransform(reference, xmlSecTransformEnvelopedId);
	transform = xmlSecTmplReferenceAddTransform(reference, xmlSecTransformExclC14NId);
	if ((keys & K_PREFIXES) != 0 &&
	    xmlSecTmplTransformAddC14NInclNamespaces(transform, X("#default xs xsi")) != 0)
		die("prefixes");
	if (child(node, SAML, "Issuer") != NULL)
		(void)xmlAddNextSibling(child(node, SAML, "Issuer"), signature);
	else
		(void)xmlAddChild(node, signature);
	ctx = xmlSecDSigCtxCreate(NULL);
	ctx->signKey = signing_key(f, keys);
	if ((keys & K_KEY_INFO) != 0) {
		info = xmlSecTmplSignatureEnsureKeyInfo(signature, NULL);
		(void)xmlSecTmplKeyInfoAddX509Data(info);
		if (xmlSecCryptoAppKeyCertLoad(ctx->signKey, file(f, path, "foreign.pem"),
		        xmlSecKeyDataFormatPem) != 0)
			die("certificate");
	}
	if (xmlSecDSigCtxSign(ctx, signature) != 0)
		die("signing");
	xmlSecDSigCtxDestroy(ctx);
}

/* The key stands behind the data, which refers to it, and says whose it is: as Shibboleth has it. */
static void
key_beside(xmlNode *wrap)
{
	xmlNode *data = child(wrap, ENC, "EncryptedData"), *info = child(data, DS, "KeyInfo"),
	        *key = child(info, ENC, "EncryptedKey"), *method, *list;

	xmlUnlinkNode(key);
	(void)xmlAddChild(wrap, key);
	(void)xmlReconciliateNs(wrap->doc, key);
	(void)xmlSetProp(data, X("Id"), X("_data"));
	(void)xmlSetProp(key, X("Id"), X("_key"));
	(void)xmlSetProp(key, X("Recipient"), X("https://pact.example/sp"));
	method = xmlNewChild(info, info->ns, X("RetrievalMethod"), NULL);
	(void)xmlSetProp(method, X("Type"), X(ENC "EncryptedKey"));
	(void)xmlSetProp(method, X("URI"), X("#_key"));
	list = xmlNewChild(key, key->ns, X("ReferenceList"), NULL);
	(void)xmlSetProp(xmlNewChild(list, key->ns, X("DataReference"), NULL), X("URI"),
	    X("#_data"));
}

/* The key anew, by RSA-OAEP with SHA-256 for both: as Keycloak has it. */
static void
key_oaep11(const char *certificate, xmlNode *wrap, xmlSecKeyPtr session)
{
	xmlNode *key = xmlSecFindNode(wrap, X("EncryptedKey"), X(ENC)),
	        *method = child(key, ENC, "EncryptionMethod"), *mgf;
	xmlSecBufferPtr plain = xmlSecKeyDataBinaryValueGetBuffer(xmlSecKeyGetValue(session));
	xmlSecKeyPtr sp = load(certificate, xmlSecKeyDataFormatCertPem);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(xmlSecOpenSSLKeyDataRsaGetEvp(xmlSecKeyGetValue(sp)),
	    NULL);
	unsigned char sealed[1024], text[1400];
	size_t len = sizeof sealed;

	if (EVP_PKEY_encrypt_init(c) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(c, EVP_sha256()) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(c, EVP_sha256()) != 1 ||
	    EVP_PKEY_encrypt(c, sealed, &len, xmlSecBufferGetData(plain),
	        xmlSecBufferGetSize(plain)) != 1)
		die("oaep");
	EVP_PKEY_CTX_free(c);
	xmlSecKeyDestroy(sp);
	(void)EVP_EncodeBlock(text, sealed, (int)len);
	xmlNodeSetContent(child(child(key, ENC, "CipherData"), ENC, "CipherValue"), text);
	(void)xmlSetProp(method, X("Algorithm"), X(ENC11 "rsa-oaep"));
	mgf = xmlNewChild(method, NULL, X("DigestMethod"), NULL);
	xmlSetNs(mgf, xmlNewNs(mgf, X(DS), NULL));
	(void)xmlSetProp(mgf, X("Algorithm"), X(ENC "sha256"));
	mgf = xmlNewChild(method, NULL, X("MGF"), NULL);
	xmlSetNs(mgf, xmlNewNs(mgf, X(ENC11), X("xenc11")));
	(void)xmlSetProp(mgf, X("Algorithm"), X(ENC11 "mgf1sha256"));
}

static void
encrypt(const struct forge *f, xmlDoc *doc, xmlNode *assertion, unsigned keys)
{
	char path[512];
	/* the namespace of the root: what the assertion declares goes with it */
	xmlNode *wrap = xmlNewDocNode(doc, xmlSearchNsByHref(doc, assertion->parent, X(SAML)),
	            X("EncryptedAssertion"), NULL),
	        *data, *info, *key;
	xmlSecKeysMngrPtr mngr = xmlSecKeysMngrCreate();
	xmlSecEncCtxPtr ctx;

	/* or, where each element declares its own, the default one */
	if (wrap->ns == NULL)
		xmlSetNs(wrap, xmlNewNs(wrap, X(SAML), NULL));
	if (xmlSecCryptoAppDefaultKeysMngrInit(mngr) != 0 ||
	    xmlSecCryptoAppDefaultKeysMngrAdoptKey(mngr,
	        load(f->sp_certificate != NULL ? f->sp_certificate : file(f, path, "sp.pem"),
	            xmlSecKeyDataFormatCertPem)) != 0)
		die("keys manager");
	data = xmlSecTmplEncDataCreate(doc,
	    (keys & K_GCM) != 0 ? xmlSecTransformAes256GcmId : xmlSecTransformAes256CbcId, NULL,
	    xmlSecTypeEncElement, NULL, NULL);
	(void)xmlSecTmplEncDataEnsureCipherValue(data);
	info = xmlSecTmplEncDataEnsureKeyInfo(data, NULL);
	key = xmlSecTmplKeyInfoAddEncryptedKey(info,
	    (keys & K_RSA15) != 0 ? xmlSecTransformRsaPkcs1Id : xmlSecTransformRsaOaepId, NULL,
	    NULL, NULL);
	(void)xmlSecTmplEncDataEnsureCipherValue(key);
	ctx = xmlSecEncCtxCreate(mngr);
	ctx->encKey = xmlSecKeyGenerate(xmlSecKeyDataAesId, 256, xmlSecKeyDataTypeSession);
	(void)xmlAddPrevSibling(assertion, wrap);
	xmlUnlinkNode(assertion);
	(void)xmlAddChild(wrap, assertion);
	if (xmlSecEncCtxXmlEncrypt(ctx, data, assertion) < 0)
		die("encrypting");
	if ((keys & K_OAEP11) != 0)
		key_oaep11(f->sp_certificate != NULL ? f->sp_certificate : file(f, path, "sp.pem"),
		    wrap, ctx->encKey);
	if ((keys & K_BESIDE) != 0)
		key_beside(wrap);
	xmlSecEncCtxDestroy(ctx);
	xmlSecKeysMngrDestroy(mngr);
}

/* ── the whole ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static char *
encoded(const char *text)
{
	size_t n = strlen(text);
	unsigned char *out = malloc((n + 2) / 3 * 4 + 1);

	if (out == NULL)
		die("memory");
	(void)EVP_EncodeBlock(out, (const unsigned char *)text, (int)n);
	return (char *)out;
}

static xmlDoc *
made(const struct forge *f, const struct vector *v, unsigned style)
{
	char *text = filled(f, v);
	xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);
	xmlNode *root = xmlDocGetRootElement(doc), *assertion;

	if (root == NULL)
		die(v->name);
	free(text);
	assertion = child(root, SAML, "Assertion");
	if ((v->keys & K_NONE) == 0 && (style & ~(S_RESPONSE | S_ENCRYPTED_RESPONSE)) != 0 &&
	    assertion != NULL)
		sign(f, doc, assertion, v->keys);
	if ((style & (S_ENCRYPTED | S_ENCRYPTED_BOTH | S_ENCRYPTED_RESPONSE)) != 0 &&
	    assertion != NULL)
		encrypt(f, doc, assertion, v->keys);
	if ((v->keys & K_NONE) == 0 &&
	    (style & (S_RESPONSE | S_BOTH | S_ENCRYPTED_BOTH | S_ENCRYPTED_RESPONSE)) != 0)
		sign(f, doc, root, v->keys);
	if (v->tree != NULL)
		v->tree(doc);
	return doc;
}

char *
saml_forge(const struct forge *f, const struct vector *v, unsigned style)
{
	xmlDoc *doc = made(f, v, style);
	xmlChar *dump = NULL;
	char *text, *out;
	int len = 0;

	xmlDocDumpMemory(doc, &dump, &len);
	xmlFreeDoc(doc);
	/* the declaration goes: some vectors put something before the root */
	text = strdup(strstr((char *)dump, "<samlp:") != NULL ? strstr((char *)dump, "<samlp:")
	                                                      : (char *)dump);
	xmlFree(dump);
	if (v->find_after != NULL) {
		if (*v->find_after == '\0') {
			if (asprintf(&out, "%s%s", v->replace_after, text) < 0)
				die("memory");
			free(text);
			text = out;
		} else {
			text = replaced(text, v->find_after, v->replace_after, true);
		}
		text = replaced(text, "@EMAIL@", f->email, false);
	}
	if ((v->keys & K_RAW) != 0)
		return text;
	out = encoded(text);
	free(text);
	return out;
}
