/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/auth/jose.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>
#include <strings.h>

#include "shared/base/str.h"
#include "shared/crypt/crypt.h"
#include "shared/json/fields.h"

/* RFC 7518 3.1 and RFC 8037: what is verified, and the key it wants. */
static const struct alg {
	const char *name, *kty, *crv;
	const char *md; /* NULL: the algorithm has its own */
	bool pss;
	size_t half; /* bytes of a coordinate: a signature is two of them (ES…) */
} algs_known[] = {
    {"RS256", "RSA", NULL, "SHA256", false, 0},
    {"RS384", "RSA", NULL, "SHA384", false, 0},
    {"RS512", "RSA", NULL, "SHA512", false, 0},
    {"PS256", "RSA", NULL, "SHA256", true, 0},
    {"PS384", "RSA", NULL, "SHA384", true, 0},
    {"PS512", "RSA", NULL, "SHA512", true, 0},
    {"ES256", "EC", "P-256", "SHA256", false, 32},
    {"ES384", "EC", "P-384", "SHA384", false, 48},
    {"ES512", "EC", "P-521", "SHA512", false, 66},
    {"EdDSA", "OKP", "Ed25519", NULL, false, 0},
};

static void
pkey_freep(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}
static void
pkey_ctx_freep(EVP_PKEY_CTX **c)
{
	EVP_PKEY_CTX_free(*c);
}
static void
md_ctx_freep(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}
static void
bld_freep(OSSL_PARAM_BLD **b)
{
	OSSL_PARAM_BLD_free(*b);
}
static void
params_freep(OSSL_PARAM **p)
{
	OSSL_PARAM_free(*p);
}
static void
bn_freep(BIGNUM **n)
{
	BN_free(*n);
}
static void
sig_freep(ECDSA_SIG **s)
{
	ECDSA_SIG_free(*s);
}
static void
openssl_freep(uint8_t **p)
{
	OPENSSL_free(*p);
}

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* A member in base64url, decoded on the arena; NULL unless it is canonical and has 1 to max bytes. */
static uint8_t *
bytes_of(struct arena *a, const json_t *key, const char *name, size_t max, size_t *len)
{
	const char *text = text_of(key, name);
	uint8_t *out = arena_alloc(a, max);

	return text != NULL && b64url_decode(out, max, len, text, strlen(text)) && *len > 0 ? out
	                                                                                    : NULL;
}

static EVP_PKEY *
from_params(const char *type, OSSL_PARAM_BLD *b)
{
	CLEANUP(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
	CLEANUP(pkey_ctx_freep)
	EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	return params != NULL && make != NULL && EVP_PKEY_fromdata_init(make) == 1 &&
	               EVP_PKEY_fromdata(make, &key, EVP_PKEY_PUBLIC_KEY, params) == 1
	           ? key
	           : NULL;
}

static EVP_PKEY *
checked(EVP_PKEY *key)
{
	CLEANUP(pkey_ctx_freep)
	EVP_PKEY_CTX *check = key != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;

	if (check != NULL && EVP_PKEY_public_check(check) == 1)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/*
 * OpenSSL's check of an RSA key looks for primes, which takes a second of a modulus that is one: a provider that publishes
 * sixty such would hold up everybody. A key that is none harms those alone who log in by it.
 */
static EVP_PKEY *
rsa_key(struct arena *a, const json_t *jwk)
{
	CLEANUP(bld_freep) OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	size_t nlen = 0, elen = 0;
	const uint8_t *n = bytes_of(a, jwk, "n", 1024, &nlen), *e = bytes_of(a, jwk, "e", 8, &elen);
	CLEANUP(bn_freep) BIGNUM *modulus = n != NULL ? BN_bin2bn(n, (int)nlen, NULL) : NULL;
	CLEANUP(bn_freep) BIGNUM *exponent = e != NULL ? BN_bin2bn(e, (int)elen, NULL) : NULL;

	if (b == NULL || modulus == NULL || exponent == NULL || BN_num_bits(modulus) < 2048 ||
	    BN_num_bits(modulus) > 8192 || !BN_is_odd(modulus) || !BN_is_odd(exponent) ||
	    BN_is_one(exponent) || OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
		return NULL;
	return from_params("RSA", b);
}

static EVP_PKEY *
ec_key(struct arena *a, const json_t *jwk, const struct alg *alg)
{
	CLEANUP(bld_freep) OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	size_t xlen = 0, ylen = 0;
	const uint8_t *x = bytes_of(a, jwk, "x", alg->half, &xlen),
	              *y = bytes_of(a, jwk, "y", alg->half, &ylen);
	uint8_t point[1 + 2 * 66] = {4};

	/* coordinates have their full length (RFC 7518 6.2.1.2) */
	if (b == NULL || x == NULL || y == NULL || xlen != alg->half || ylen != alg->half)
		return NULL;
	memcpy(point + 1, x, xlen);
	memcpy(point + 1 + xlen, y, ylen);
	if (OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, alg->crv, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + xlen + ylen) !=
	        1)
		return NULL;
	return checked(from_params("EC", b));
}

static EVP_PKEY *
key_of(struct arena *a, const json_t *jwk, const struct alg *alg)
{
	size_t len = 0;
	const uint8_t *x;

	if (strcmp(alg->kty, "RSA") == 0)
		return rsa_key(a, jwk);
	if (strcmp(alg->kty, "EC") == 0)
		return ec_key(a, jwk, alg);
	x = bytes_of(a, jwk, "x", 32, &len);
	return x != NULL && len == 32 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, len)
	                              : NULL;
}

/* What a key says it is for must hold for this (RFC 7517 4.2 to 4.4). */
static bool
key_fits(const json_t *jwk, const struct alg *alg)
{
	const char *use = text_of(jwk, "use"), *own = text_of(jwk, "alg");
	const json_t *ops = json_object_get(jwk, "key_ops");
	bool may = ops == NULL;

	for (size_t i = 0; i < json_array_size(ops); i++)
		may = may || str_eq(json_string_value(json_array_get(ops, i)), "verify");
	return str_eq(text_of(jwk, "kty"), alg->kty) && may &&
	       (use == NULL || strcmp(use, "sig") == 0) &&
	       (own == NULL || strcmp(own, alg->name) == 0) &&
	       (alg->crv == NULL || str_eq(text_of(jwk, "crv"), alg->crv)) &&
	       json_object_get(jwk, "d") == NULL;
}

/* r and s, as JWS has them, to DER, as OpenSSL wants it. */
static size_t
ec_der(const struct alg *alg, const uint8_t *sig, size_t len, uint8_t **der)
{
	CLEANUP(sig_freep) ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(sig, (int)alg->half, NULL),
	       *v = BN_bin2bn(sig + alg->half, (int)alg->half, NULL);
	int n;

	if (s == NULL || r == NULL || v == NULL || len != 2 * alg->half ||
	    ECDSA_SIG_set0(s, r, v) != 1) {
		BN_free(r);
		BN_free(v);
		return 0;
	}
	n = i2d_ECDSA_SIG(s, der);
	return n > 0 ? (size_t)n : 0;
}

static bool
verify(EVP_PKEY *key, const struct alg *alg, const char *data, size_t len, const uint8_t *sig,
    size_t siglen)
{
	CLEANUP(md_ctx_freep) EVP_MD_CTX *c = EVP_MD_CTX_new();
	CLEANUP(openssl_freep) uint8_t *der = NULL;
	EVP_PKEY_CTX *p = NULL;

	if (alg->half > 0) {
		if (siglen != 2 * alg->half || (siglen = ec_der(alg, sig, siglen, &der)) == 0)
			return false;
		sig = der;
	}
	return c != NULL && EVP_DigestVerifyInit_ex(c, &p, alg->md, NULL, NULL, key, NULL) == 1 &&
	       (!alg->pss ||
	           (EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING) == 1 &&
	               EVP_PKEY_CTX_set_rsa_pss_saltlen(p, RSA_PSS_SALTLEN_DIGEST) == 1)) &&
	       EVP_DigestVerify(c, sig, siglen, (const uint8_t *)data, len) == 1;
}

/* A part of a token as a JSON object. */
static json_t *
part_json(struct arena *a, const char *part, size_t len)
{
	char *out = arena_alloc(a, len + 1);
	const char *why;
	size_t n = 0;

	return b64url_decode(out, len, &n, part, len) ? json_read(a, out, n, &why) : NULL;
}

/* Of those allowed; NULL: all that are known. */
static const struct alg *
alg_find(const char *name, const char *allowed)
{
	if (allowed != NULL && !str_listed(allowed, name))
		return NULL;
	for (size_t i = 0; i < NELEMS(algs_known); i++)
		if (str_eq(algs_known[i].name, name))
			return &algs_known[i];
	return NULL;
}

static enum jws_result
header_check(const json_t *header, const char *algs, const char *type, const struct alg **alg)
{
	const char *typ = text_of(header, "typ");

	if (json_object_get(header, "crit") != NULL || json_object_get(header, "b64") != NULL)
		return JWS_CRIT;
	*alg = alg_find(text_of(header, "alg"), algs);
	if (*alg == NULL)
		return JWS_ALG;
	return typ == NULL || strcasecmp(typ, "JWT") == 0 ||
	               (type != NULL && strcasecmp(typ, type) == 0)
	           ? JWS_OK
	           : JWS_TYPE;
}

/* Keys of the set that this token can be signed with. Without a kid there must be one only, or it would be tried out. */
static enum jws_result
verify_with(struct arena *a, const json_t *jwks, const char *kid, const struct alg *alg,
    const char *token, size_t len, const uint8_t *sig, size_t siglen)
{
	const json_t *keys = json_object_get(jwks, "keys");
	size_t fitting = 0;

	for (size_t i = 0; i < json_array_size(keys) && i < JWKS_KEYS_MAX; i++) {
		const json_t *jwk = json_array_get(keys, i);

		fitting += key_fits(jwk, alg) && (kid == NULL || str_eq(text_of(jwk, "kid"), kid));
	}
	if (fitting == 0 || (kid == NULL && fitting > 1))
		return JWS_KEY_UNKNOWN;
	for (size_t i = 0; i < json_array_size(keys) && i < JWKS_KEYS_MAX; i++) {
		const json_t *jwk = json_array_get(keys, i);
		CLEANUP(pkey_freep) EVP_PKEY *key = NULL;

		if (!key_fits(jwk, alg) || (kid != NULL && !str_eq(text_of(jwk, "kid"), kid)))
			continue;
		key = key_of(a, jwk, alg);
		if (key != NULL && verify(key, alg, token, len, sig, siglen))
			return JWS_OK;
	}
	return JWS_SIGNATURE;
}

enum jws_result
jws_verify(struct arena *a, const char *token, const json_t *jwks, const char *algs,
    const char *type, json_t **payload)
{
	const char *first = strchr(token, '.'),
	           *second = first != NULL ? strchr(first + 1, '.') : NULL;
	size_t len = strnlen(token, JWS_MAX + 1), siglen = 0;
	const json_t *header, *kid;
	const struct alg *alg = NULL;
	enum jws_result r;
	uint8_t *sig;

	*payload = NULL;
	if (len > JWS_MAX || second == NULL || strchr(second + 1, '.') != NULL)
		return JWS_MALFORMED;
	sig = arena_alloc(a, len);
	header = part_json(a, token, (size_t)(first - token));
	if (header == NULL || !b64url_decode(sig, len, &siglen, second + 1, strlen(second + 1)))
		return JWS_MALFORMED;
	r = header_check(header, algs, type, &alg);
	if (r != JWS_OK)
		return r;
	kid = json_object_get(header, "kid");
	if (kid != NULL && !json_is_string(kid))
		return JWS_MALFORMED;
	r = verify_with(a, jwks, json_string_value(kid), alg, token, (size_t)(second - token), sig,
	    siglen);
	if (r == JWS_OK) {
		*payload = part_json(a, first + 1, (size_t)(second - first - 1));
		r = *payload != NULL ? JWS_OK : JWS_MALFORMED;
	}
	return r;
}

const char *
jws_reason(enum jws_result r)
{
	static const char *const names[] = {
	    [JWS_OK] = "ok",
	    [JWS_MALFORMED] = "token-malformed",
	    [JWS_ALG] = "token-alg",
	    [JWS_CRIT] = "token-crit",
	    [JWS_TYPE] = "token-type",
	    [JWS_KEY_UNKNOWN] = "token-key",
	    [JWS_SIGNATURE] = "token-signature",
	};

	return names[r];
}

json_t *
jwks_read(struct arena *a, const char *text, size_t len)
{
	const char *why;
	json_t *set = len <= JWKS_MAX ? json_read(a, text, len, &why) : NULL,
	       *keys = json_object_get(set, "keys");
	json_t *kept = json_array();
	size_t n = json_array_size(keys);

	for (size_t i = 0; i < n && n <= JWKS_KEYS_MAX; i++) {
		json_t *jwk = json_array_get(keys, i);

		for (size_t k = 0; k < NELEMS(algs_known); k++) {
			CLEANUP(pkey_freep)
			EVP_PKEY *key = key_fits(jwk, &algs_known[k])
			                    ? key_of(a, jwk, &algs_known[k])
			                    : NULL;

			if (key == NULL)
				continue;
			(void)json_array_append(kept, jwk);
			break;
		}
	}
	set = json_keep(a, json_pack("{s:o}", "keys", kept));
	return json_array_size(kept) > 0 ? set : NULL;
}

const char *
jws_alg(struct arena *a, const char *token)
{
	size_t n = strcspn(token, ".");
	const json_t *header = n < JWS_MAX ? part_json(a, token, n) : NULL;

	return text_of(header, "alg");
}

const char *
jose_half_hash(struct arena *a, const char *alg, const char *token)
{
	const struct alg *known = alg_find(alg, NULL);
	uint8_t digest[EVP_MAX_MD_SIZE];
	char *out = arena_alloc(a, 2 * EVP_MAX_MD_SIZE);
	size_t len = 0;

	/* Ed25519 hashes with SHA-512 */
	if (known == NULL || EVP_Q_digest(NULL, known->md != NULL ? known->md : "SHA512", NULL,
	                         token, strlen(token), digest, &len) != 1)
		return NULL;
	(void)b64url_encode(out, digest, len / 2);
	return out;
}
