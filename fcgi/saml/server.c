/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/saml/server.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <xmlsec/errors.h>

#include "fcgi/saml/certificate.h"
#include "fcgi/saml/oaep.h"
#include "fcgi/saml/xml.h"
#include "shared/base/buf.h"
#include "shared/base/log.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"

#define PEM_MAX 16384U
#define KEY_BITS 3072
#define METADATA_MAX (2U * 1024U * 1024U)

static struct {
	char key_pem[PEM_MAX], certificate_pem[PEM_MAX], certificate_base64[PEM_MAX];
	EVP_PKEY *key;
} own;

/* ── setup ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* lasso's and GLib's complaints quote messages, which are about people: that there was one is what the log may know. */
static void
glib_log(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer ctx)
{
	(void)message;
	(void)ctx;
	if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) != 0)
		log_msg((level & G_LOG_LEVEL_ERROR) != 0 ? LOG_ERROR : LOG_DEBUG,
		    "%s has complained (level %d)", domain != NULL ? domain : "glib",
		    (int)(level & G_LOG_LEVEL_MASK));
}

static void
xmlsec_log(const char *file, int line, const char *func, const char *object, const char *subject,
    int reason, const char *msg)
{
	(void)file;
	(void)line;
	(void)object;
	(void)subject;
	(void)msg;
	log_msg(LOG_DEBUG, "xmlsec has complained (%s, reason %d)", func, reason);
}

static bool
read_pem(char out[static PEM_MAX], const char *path)
{
	FILE *f = path != NULL ? fopen(path, "re") : NULL;
	size_t n = f != NULL ? fread(out, 1, PEM_MAX - 1, f) : 0;

	if (f != NULL)
		(void)fclose(f);
	out[n] = '\0';
	return n > 0 && n < PEM_MAX - 1;
}

static bool
certificate_matches(const char *pem)
{
	CLEANUP(bio_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
	CLEANUP(x509_freep) X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	unsigned char der[PEM_MAX / 2], *p = der;
	int len;

	if (x == NULL || X509_check_private_key(x, own.key) != 1)
		return false;
	len = i2d_X509(x, NULL);
	if (len <= 0 || (size_t)len > sizeof der || i2d_X509(x, &p) != len)
		return false;
	(void)EVP_EncodeBlock((unsigned char *)own.certificate_base64, der, len);
	return true;
}

static bool
load_key(const char *key_path, const char *certificate_path)
{
	BIO *bio;

	if (!read_pem(own.key_pem, key_path) || !read_pem(own.certificate_pem, certificate_path))
		return false;
	bio = BIO_new_mem_buf(own.key_pem, -1);
	EVP_PKEY_free(own.key);
	own.key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	(void)BIO_free(bio);
	return own.key != NULL && EVP_PKEY_get_base_id(own.key) == EVP_PKEY_RSA &&
	       EVP_PKEY_get_bits(own.key) >= KEY_BITS && certificate_matches(own.certificate_pem);
}

bool
saml_setup(const char *key_path, const char *certificate_path)
{
	static bool ready;

	if (!ready) {
		/* with LASSO_FLAG=no-verify-signature lasso would take anything */
		(void)unsetenv("LASSO_FLAG");
		(void)unsetenv("LASSO_DEBUG");
		(void)g_log_set_default_handler(glib_log, NULL);
		if (lasso_init() != 0) {
			log_msg(LOG_ERROR, "lasso does not start");
			return false;
		}
		if (!oaep_setup()) {
			log_msg(LOG_ERROR, "xmlsec does not take RSA-OAEP");
			return false;
		}
		xmlSecErrorsSetCallback(xmlsec_log);
		xml_setup();
		ready = true;
	}
	if (load_key(key_path, certificate_path))
		return true;
	log_msg(LOG_ERROR,
	    "PACT_SAML_KEY and PACT_SAML_CERT do not name PEM files with an RSA key of %d "
	    "bits or more and its certificate",
	    KEY_BITS);
	return false;
}

const char *
saml_sign(struct arena *a, const void *data, size_t len, size_t *siglen)
{
	CLEANUP(md_ctx_freep) EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned char *sig;

	*siglen = (size_t)EVP_PKEY_get_size(own.key);
	sig = arena_alloc(a, *siglen);
	if (c == NULL || EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, own.key) != 1 ||
	    EVP_DigestSign(c, sig, siglen, data, len) != 1)
		log_fatal("signing with PACT_SAML_KEY failed");
	return (const char *)sig;
}

/* ── the two parties ─────────────────────────────────────────────────────────────────────────────────────────────── */

struct saml_sp
saml_sp(struct arena *a, const char *base_url, const char *workspace)
{
	return (struct saml_sp){
	    .entity_id = arena_printf(a, "%s/v1/auth/saml/%s/metadata", base_url, workspace),
	    .acs = arena_printf(a, "%s/v1/auth/saml/%s/acs", base_url, workspace),
	    .slo = arena_printf(a, "%s/v1/auth/saml/%s/slo", base_url, workspace),
	};
}

#define BINDING "urn:oasis:names:tc:SAML:2.0:bindings:"

const char *
saml_sp_metadata(struct arena *a, const struct saml_sp *sp)
{
	return arena_printf(a,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<md:EntityDescriptor xmlns:md=\"" NS_MD "\" xmlns:ds=\"" NS_DS "\" entityID=\"%s\">\n"
	    " <md:SPSSODescriptor AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\""
	    " protocolSupportEnumeration=\"" NS_SAMLP "\">\n"
	    "  <md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s"
	    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n"
	    "  <md:KeyDescriptor use=\"encryption\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s"
	    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
	    "<md:EncryptionMethod Algorithm=\"" NS_ENC "aes256-cbc\"/>"
	    "<md:EncryptionMethod Algorithm=\"" NS_ENC "rsa-oaep-mgf1p\"/></md:KeyDescriptor>\n"
	    "  <md:SingleLogoutService Binding=\"" BINDING "HTTP-Redirect\" Location=\"%s\"/>\n"
	    "  <md:SingleLogoutService Binding=\"" BINDING "HTTP-POST\" Location=\"%s\"/>\n"
	    "  <md:NameIDFormat>" NAMEID_PERSISTENT "</md:NameIDFormat>\n"
	    "  <md:NameIDFormat>" NAMEID_EMAIL "</md:NameIDFormat>\n"
	    "  <md:NameIDFormat>" NAMEID_UNSPECIFIED "</md:NameIDFormat>\n"
	    "  <md:AssertionConsumerService Binding=\"" BINDING
	    "HTTP-POST\" Location=\"%s\" index=\"0\""
	    " isDefault=\"true\"/>\n"
	    " </md:SPSSODescriptor>\n"
	    "</md:EntityDescriptor>\n",
	    xml_escape(a, sp->entity_id), own.certificate_base64, own.certificate_base64,
	    xml_escape(a, sp->slo), xml_escape(a, sp->slo), xml_escape(a, sp->acs));
}

static const char *
fact(const json_t *facts, const char *name)
{
	const char *v = json_string_value(json_object_get(facts, name));

	return v != NULL ? v : "";
}

const char *
saml_idp_metadata(struct arena *a, const json_t *facts)
{
	const json_t *certificate;
	const char *out;
	struct buf b;
	size_t i;

	buf_init(&b, METADATA_MAX);
	buf_printf(&b,
	    "<md:EntityDescriptor xmlns:md=\"" NS_MD "\" xmlns:ds=\"" NS_DS "\" entityID=\"%s\">"
	    "<md:IDPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP "\">",
	    xml_escape(a, fact(facts, "entity_id")));
	json_array_foreach(json_object_get(facts, "certificates"), i, certificate)
		buf_printf(&b,
		    "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s"
		    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
		    xml_escape(a, fact(certificate, "x509")));
	if (*fact(facts, "slo_url") != '\0')
		buf_printf(&b,
		    "<md:SingleLogoutService Binding=\"" BINDING
		    "HTTP-Redirect\" Location=\"%s\"/>",
		    xml_escape(a, fact(facts, "slo_url")));
	buf_printf(&b,
	    "<md:SingleSignOnService Binding=\"" BINDING "HTTP-Redirect\" Location=\"%s\"/>"
	    "</md:IDPSSODescriptor></md:EntityDescriptor>",
	    xml_escape(a, fact(facts, "sso_url")));
	out = b.overflow ? NULL : arena_strndup(a, b.data, b.len);
	buf_free(&b);
	return out;
}

LassoServer *
saml_server_new(struct arena *a, const struct saml_sp *sp, const json_t *facts)
{
	const char *idp = saml_idp_metadata(a, facts);
	LassoServer *s;

	if (idp == NULL || *fact(facts, "entity_id") == '\0')
		return NULL;
	s = lasso_server_new_from_buffers(saml_sp_metadata(a, sp), own.key_pem, NULL,
	    own.certificate_pem);
	if (s == NULL)
		return NULL;
	s->signature_method = LASSO_SIGNATURE_METHOD_RSA_SHA256;
	if (lasso_server_add_provider_from_buffer(s, LASSO_PROVIDER_ROLE_IDP, idp, NULL, NULL) == 0)
		return s;
	g_object_unref(s);
	return NULL;
}

/* ── cache ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct cached {
	char connection[37], revision[21];
	LassoServer *server;
	unsigned long used;
};
static struct cached cache[SAML_SERVERS];
static unsigned long cache_clock;

/* The slot of this connection, of whatever revision; else an empty one, else the one that was used longest ago. */
static struct cached *
slot_of(const char *connection)
{
	struct cached *best = &cache[0];

	for (size_t i = 0; i < NELEMS(cache); i++) {
		if (str_eq(cache[i].connection, connection))
			return &cache[i];
		if (cache[i].used < best->used)
			best = &cache[i];
	}
	return best;
}

LassoServer *
saml_server(struct arena *a, const struct saml_provider *p)
{
	struct cached *c;

	if (p->server != NULL)
		return p->server;
	c = slot_of(p->connection);
	if (c->server == NULL || !str_eq(c->connection, p->connection) ||
	    !str_eq(c->revision, p->revision)) {
		LassoServer *s = saml_server_new(a, p->sp, p->facts);

		if (s == NULL)
			return NULL;
		if (c->server != NULL)
			g_object_unref(c->server);
		c->server = s;
		(void)snprintf(c->connection, sizeof c->connection, "%s", p->connection);
		(void)snprintf(c->revision, sizeof c->revision, "%s", p->revision);
	}
	c->used = ++cache_clock;
	return c->server;
}
