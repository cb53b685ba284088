/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/saml/oaep.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <xmlsec/xmlsec.h>

#include <xmlsec/keys.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/transforms.h>

#include "fcgi/saml/gate.h"
#include "fcgi/saml/xml.h"
#include "shared/base/str.h"

#define DSIG_MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define KEY_MAX 1024U /* bytes of a key that is encrypted, by RSA of 8192 bits at most */

struct oaep {
	xmlSecTransform base; /* the first, as xmlsec has it */
	const EVP_MD *digest, *mask;
	EVP_PKEY *key; /* of the key that xmlsec holds */
};

struct hash {
	const char *uri;
	const EVP_MD *(*md)(void);
};
static const struct hash digests[] = {{NS_DS "sha1", EVP_sha1}, {NS_ENC "sha256", EVP_sha256},
    {DSIG_MORE "sha384", EVP_sha384}, {NS_ENC "sha512", EVP_sha512}, {0}};
static const struct hash masks[] = {{NS_ENC11 "mgf1sha1", EVP_sha1},
    {NS_ENC11 "mgf1sha256", EVP_sha256}, {NS_ENC11 "mgf1sha384", EVP_sha384},
    {NS_ENC11 "mgf1sha512", EVP_sha512}, {0}};

/* The one that an element names; without the element SHA-1, which is the standard's. NULL: unknown. */
static const EVP_MD *
hash_of(const xmlNode *n, const struct hash *list)
{
	xmlChar *uri = n != NULL ? xmlGetNoNsProp(n, (const xmlChar *)"Algorithm") : NULL;

	while (n != NULL && list->uri != NULL && !str_eq((const char *)uri, list->uri))
		list++;
	xmlFree(uri);
	return list->uri != NULL ? list->md() : NULL;
}

static int
oaep_read(xmlSecTransformPtr t, xmlNodePtr node, xmlSecTransformCtxPtr ctx)
{
	static const struct gate_child rules[] = {
	    {NS_DS, "DigestMethod", 0, 1, "encryption"},
	    {NS_ENC11, "MGF", 0, 1, "encryption"},
	};
	struct oaep *o = (struct oaep *)t;

	(void)ctx;
	if (gate_children(node, rules, NELEMS(rules), "encryption") != NULL)
		return -1;
	o->digest = hash_of(xml_child(node, NS_DS, "DigestMethod"), digests);
	o->mask = hash_of(xml_child(node, NS_ENC11, "MGF"), masks);
	return o->digest != NULL && o->mask != NULL ? 0 : -1;
}

static int
oaep_key_wanted(xmlSecTransformPtr t, xmlSecKeyReqPtr wanted)
{
	if (t->operation != xmlSecTransformOperationDecrypt)
		return -1;
	wanted->keyId = xmlSecOpenSSLKeyDataRsaId;
	wanted->keyType = xmlSecKeyDataTypePrivate;
	wanted->keyUsage = xmlSecKeyUsageDecrypt;
	return 0;
}

static int
oaep_key(xmlSecTransformPtr t, xmlSecKeyPtr key)
{
	struct oaep *o = (struct oaep *)t;

	o->key = xmlSecOpenSSLKeyDataRsaGetEvp(xmlSecKeyGetValue(key));
	return o->key != NULL ? 0 : -1;
}

static bool
opened(const struct oaep *o, const xmlSecBuffer *in, unsigned char *out, size_t *len)
{
	EVP_PKEY_CTX *c = o->key != NULL ? EVP_PKEY_CTX_new(o->key, NULL) : NULL;
	bool ok = c != NULL && EVP_PKEY_decrypt_init(c) == 1 &&
	          EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING) == 1 &&
	          EVP_PKEY_CTX_set_rsa_oaep_md(c, o->digest) == 1 &&
	          EVP_PKEY_CTX_set_rsa_mgf1_md(c, o->mask) == 1 &&
	          EVP_PKEY_decrypt(c, out, len, in->data, in->size) == 1;

	EVP_PKEY_CTX_free(c);
	return ok;
}

/* Nothing happens until all of it is there. */
static int
oaep_execute(xmlSecTransformPtr t, int last, xmlSecTransformCtxPtr ctx)
{
	unsigned char out[KEY_MAX];
	size_t len = sizeof out;
	int rc = 0;

	(void)ctx;
	if (t->status == xmlSecTransformStatusNone)
		t->status = xmlSecTransformStatusWorking;
	if (t->status != xmlSecTransformStatusWorking || last == 0)
		return 0;
	t->status = xmlSecTransformStatusFinished;
	if (!opened((const struct oaep *)t, &t->inBuf, out, &len) ||
	    xmlSecBufferSetData(&t->outBuf, out, (xmlSecSize)len) < 0)
		rc = -1;
	OPENSSL_cleanse(out, sizeof out);
	xmlSecBufferEmpty(&t->inBuf);
	return rc;
}

static const xmlSecTransformKlass klass = {
    .klassSize = sizeof klass,
    .objSize = sizeof(struct oaep),
    .name = (const xmlChar *)"rsa-oaep-11",
    .href = (const xmlChar *)NS_ENC11 "rsa-oaep",
    .usage = xmlSecTransformUsageEncryptionMethod,
    .readNode = oaep_read,
    .setKeyReq = oaep_key_wanted,
    .setKey = oaep_key,
    .getDataType = xmlSecTransformDefaultGetDataType,
    .pushBin = xmlSecTransformDefaultPushBin,
    .popBin = xmlSecTransformDefaultPopBin,
    .execute = oaep_execute,
};

bool
oaep_setup(void)
{
	return xmlSecTransformIdsRegister(&klass) == 0;
}
