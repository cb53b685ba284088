/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A4: tokens of others. Keys and tokens are made here with OpenSSL; what is refused is what the classes of public vectors are about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "fcgi/auth/jose.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"

static struct arena *a;

static int
setup(void **state)
{
	(void)state;
	a = arena_new();
	return a == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(a);
	return 0;
}

static const char *
b64(const void *data, size_t len)
{
	char *out = arena_alloc(a, 2 * len + 4);

	(void)b64url_encode(out, data, len);
	return out;
}

static const char *
bn(EVP_PKEY *k, const char *name, size_t len)
{
	BIGNUM *n = NULL;
	uint8_t bytes[1100];
	const char *out;

	assert_int_equal(EVP_PKEY_get_bn_param(k, name, &n), 1);
	if (len == 0)
		len = (size_t)BN_num_bytes(n);
	assert_int_equal(BN_bn2binpad(n, bytes, (int)len), (int)len);
	BN_free(n);
	out = b64(bytes, len);
	return out;
}

static const struct kind {
	const char *alg, *md, *crv, *group;
	size_t half;
} kinds[] = {
    {"RS256", "SHA256", NULL, NULL, 0},
    {"RS384", "SHA384", NULL, NULL, 0},
    {"RS512", "SHA512", NULL, NULL, 0},
    {"PS256", "SHA256", NULL, NULL, 0},
    {"PS384", "SHA384", NULL, NULL, 0},
    {"PS512", "SHA512", NULL, NULL, 0},
    {"ES256", "SHA256", "P-256", "P-256", 32},
    {"ES384", "SHA384", "P-384", "P-384", 48},
    {"ES512", "SHA512", "P-521", "P-521", 66},
    {"EdDSA", NULL, "Ed25519", NULL, 0},
};
enum { RS256 = 0, PS256 = 3, ES256 = 6, EDDSA = 9 };

static EVP_PKEY *
new_key(const struct kind *k)
{
	if (k->group != NULL)
		return EVP_EC_gen(k->group);
	return k->crv != NULL ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_RSA_gen(2048);
}

static json_t *
jwk(EVP_PKEY *key, const struct kind *k, const char *kid)
{
	json_t *v = json_pack("{s:s}", "kid", kid);
	uint8_t raw[32];
	size_t len = sizeof raw;

	if (k->group != NULL) {
		json_object_set_new(v, "kty", json_string("EC"));
		json_object_set_new(v, "x",
		    json_string(bn(key, OSSL_PKEY_PARAM_EC_PUB_X, k->half)));
		json_object_set_new(v, "y",
		    json_string(bn(key, OSSL_PKEY_PARAM_EC_PUB_Y, k->half)));
	} else if (k->crv != NULL) {
		json_object_set_new(v, "kty", json_string("OKP"));
		assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &len), 1);
		json_object_set_new(v, "x", json_string(b64(raw, len)));
	} else {
		json_object_set_new(v, "kty", json_string("RSA"));
		json_object_set_new(v, "n", json_string(bn(key, OSSL_PKEY_PARAM_RSA_N, 0)));
		json_object_set_new(v, "e", json_string(bn(key, OSSL_PKEY_PARAM_RSA_E, 0)));
	}
	if (k->crv != NULL)
		json_object_set_new(v, "crv", json_string(k->crv));
	return v;
}

static json_t *
set_of(json_t *key)
{
	json_t *set = json_pack("{s:[o]}", "keys", key);

	arena_defer(a, (void (*)(void *))json_decref, set);
	return set;
}

static size_t
sign(EVP_PKEY *key, const struct kind *k, int salt, const char *data, uint8_t *sig, size_t max)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p = NULL;
	size_t len = max;

	assert_int_equal(EVP_DigestSignInit_ex(c, &p, k->md, NULL, NULL, key, NULL), 1);
	if (k->alg[0] == 'P') {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(p, salt), 1);
	}
	assert_int_equal(EVP_DigestSign(c, sig, &len, (const uint8_t *)data, strlen(data)), 1);
	EVP_MD_CTX_free(c);
	return len;
}

/* DER to the two numbers that JWS wants */
static size_t
pair(const struct kind *k, uint8_t *sig, size_t len)
{
	const uint8_t *p = sig;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)len);

	assert_non_null(s);
	BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, (int)k->half);
	BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + k->half, (int)k->half);
	ECDSA_SIG_free(s);
	return 2 * k->half;
}

static const char *
signed_token(EVP_PKEY *key, const struct kind *k, const char *header, const char *payload)
{
	const char *data = arena_printf(a, "%s.%s", b64(header, strlen(header)),
	    b64(payload, strlen(payload)));
	uint8_t sig[1100];
	size_t len = sign(key, k, RSA_PSS_SALTLEN_DIGEST, data, sig, sizeof sig);

	if (k->half > 0)
		len = pair(k, sig, len);
	return arena_printf(a, "%s.%s", data, b64(sig, len));
}

static enum jws_result
check(const char *token, const json_t *set)
{
	json_t *payload = NULL;
	enum jws_result r = jws_verify(a, token, set, NULL, NULL, &payload);

	assert_true((r == JWS_OK) == (payload != NULL));
	return r;
}

#define PAYLOAD "{\"sub\":\"me\"}"

static void
test_A4_each_algorithm_is_verified_and_each_byte_matters(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEMS(kinds); i++) {
		const struct kind *k = &kinds[i];
		EVP_PKEY *key = new_key(k), *other = new_key(k);
		const json_t *set = set_of(jwk(key, k, "1")), *wrong = set_of(jwk(other, k, "1"));
		const char *token = signed_token(key, k,
		    arena_printf(a, "{\"alg\":\"%s\",\"kid\":\"1\"}", k->alg), PAYLOAD);
		size_t len = strlen(token);

		assert_int_equal(check(token, set), JWS_OK);
		assert_int_equal(check(token, wrong), JWS_SIGNATURE);
		for (size_t at = 0; at<len; at += at> 200 ? 7 : 1) {
			char *bad = arena_strdup(a, token);

			bad[at] = bad[at] == 'A' ? 'E' : 'A';
			assert_int_not_equal(check(bad, set), JWS_OK);
			bad = arena_strndup(a, token, at);
			assert_int_not_equal(check(bad, set), JWS_OK);
		}
		assert_int_not_equal(check(arena_printf(a, "%s=", token), set), JWS_OK);
		assert_int_not_equal(check(arena_printf(a, "%s.", token), set), JWS_OK);
		assert_int_not_equal(check(arena_printf(a, " %s", token), set), JWS_OK);
		assert_int_not_equal(check(arena_printf(a, "%s\n", token), set), JWS_OK);
		EVP_PKEY_free(key);
		EVP_PKEY_free(other);
	}
}

static void
test_A4_an_algorithm_is_taken_with_a_key_of_its_kind_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEMS(kinds); i++) {
		EVP_PKEY *key = new_key(&kinds[i]);
		const json_t *set = set_of(jwk(key, &kinds[i], "1"));

		for (size_t j = 0; j < NELEMS(kinds); j++) {
			const char *token = signed_token(key, &kinds[i],
			    arena_printf(a, "{\"alg\":\"%s\"}", kinds[j].alg), PAYLOAD);

			assert_true((check(token, set) == JWS_OK) == (i == j));
		}
		for (const char *const *alg = (const char *const[]){"none", "NONE", "HS256",
		         "HS512", "rs256", "ES256K", "RSA", "", NULL};
		     *alg != NULL; alg++)
			assert_int_equal(check(signed_token(key, &kinds[i],
			                           arena_printf(a, "{\"alg\":\"%s\"}", *alg),
			                           PAYLOAD),
			                     set),
			    JWS_ALG);
		EVP_PKEY_free(key);
	}
}

static void
test_A4_what_a_key_says_it_is_for_holds(void **state)
{
	static const struct {
		const char *name, *value;
		bool fits;
	} rows[] = {
	    {"use", "\"sig\"", true},
	    {"use", "\"enc\"", false},
	    {"alg", "\"RS256\"", true},
	    {"alg", "\"PS256\"", false},
	    {"key_ops", "[\"verify\"]", true},
	    {"key_ops", "[\"sign\"]", false},
	    {"key_ops", "[]", false},
	    {"key_ops", "\"verify\"", false},
	    {"d", "\"AQAB\"", false},
	    {"kty", "\"rsa\"", false},
	    {"x5c", "[\"AAAA\"]", true},
	    {"n", "\"AQAB\"", false},
	    {"e", "\"AQ\"", false},
	    {"e", "\"Ag\"", false},
	    {"n", "7", false},
	};
	EVP_PKEY *key = new_key(&kinds[RS256]);
	const char *token = signed_token(key, &kinds[RS256], "{\"alg\":\"RS256\",\"kid\":\"1\"}",
	    PAYLOAD);

	(void)state;
	for (size_t i = 0; i < NELEMS(rows); i++) {
		json_t *v = jwk(key, &kinds[RS256], "1");

		json_object_set_new(v, rows[i].name,
		    json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
		if ((check(token, set_of(v)) == JWS_OK) != rows[i].fits)
			fail_msg("%s: %s", rows[i].name, rows[i].value);
	}
	EVP_PKEY_free(key);
}

/* A modulus that is a prime is what takes longest to look into. Whoever runs a provider can publish a set of them. */
static void
test_A4_keys_that_are_costly_to_look_into_hold_up_nobody(void **state)
{
	static unsigned char bytes[1024];
	BIGNUM *prime = BN_get_rfc3526_prime_8192(NULL);
	json_t *keys = json_array(), *set = json_pack("{s:o}", "keys", keys);
	EVP_PKEY *key = new_key(&kinds[RS256]);
	clock_t began = clock();
	const char *n;
	char *text;

	(void)state;
	assert_int_equal(BN_bn2bin(prime, bytes), sizeof bytes);
	n = b64(bytes, sizeof bytes);
	for (int i = 0; i < 60; i++)
		(void)json_array_append_new(keys, json_pack("{s:s, s:s, s:s, s:s}", "kty", "RSA",
		                                      "n", n, "e", "AQAB", "kid", "1"));
	text = json_dumps(set, 0);
	(void)jwks_read(a, text, strlen(text));
	assert_int_equal(check(signed_token(key, &kinds[RS256], "{\"alg\":\"RS256\",\"kid\":\"1\"}",
	                           PAYLOAD),
	                     set),
	    JWS_SIGNATURE);
	assert_true(clock() - began < 3 * CLOCKS_PER_SEC);
	free(text);
	json_decref(set);
	BN_free(prime);
	EVP_PKEY_free(key);
}

static void
test_A4_weak_and_broken_keys_are_none(void **state)
{
	EVP_PKEY *small = EVP_RSA_gen(1024), *ec = new_key(&kinds[ES256]);
	json_t *v = jwk(ec, &kinds[ES256], "1");
	char *text;

	(void)state;
	text = json_dumps(set_of(jwk(small, &kinds[RS256], "1")), 0);
	assert_null(jwks_read(a, text, strlen(text)));
	free(text);
	/* a point that is not on the curve; the same coordinates on another one; cut */
	json_object_set_new(v, "y", json_string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"));
	text = json_dumps(set_of(v), 0);
	assert_null(jwks_read(a, text, strlen(text)));
	free(text);
	v = jwk(ec, &kinds[ES256], "1");
	json_object_set_new(v, "crv", json_string("P-384"));
	text = json_dumps(set_of(v), 0);
	assert_null(jwks_read(a, text, strlen(text)));
	free(text);
	v = jwk(ec, &kinds[ES256], "1");
	json_object_set_new(v, "x", json_string(b64("short", 5)));
	text = json_dumps(set_of(v), 0);
	assert_null(jwks_read(a, text, strlen(text)));
	free(text);
	EVP_PKEY_free(small);
	EVP_PKEY_free(ec);
}

static void
test_A4_signatures_of_the_wrong_form(void **state)
{
	EVP_PKEY *ec = new_key(&kinds[ES256]), *rsa = new_key(&kinds[PS256]);
	const json_t *set = set_of(jwk(ec, &kinds[ES256], "1"));
	const char *h = "{\"alg\":\"ES256\"}", *data = arena_printf(a, "%s.%s", b64(h, strlen(h)),
	                                           b64(PAYLOAD, strlen(PAYLOAD)));
	uint8_t sig[1100], zero[64] = {0};
	size_t len = sign(ec, &kinds[ES256], 0, data, sig, sizeof sig);

	(void)state;
	/* DER, as OpenSSL has it; nothing; r and s of nought (CVE-2022-21449) */
	assert_int_equal(check(arena_printf(a, "%s.%s", data, b64(sig, len)), set), JWS_SIGNATURE);
	assert_int_equal(check(arena_printf(a, "%s.", data), set), JWS_SIGNATURE);
	assert_int_equal(check(arena_printf(a, "%s.%s", data, b64(zero, sizeof zero)), set),
	    JWS_SIGNATURE);
	/* PSS salt of another length than the hash (RFC 7518 3.5) */
	h = "{\"alg\":\"PS256\"}";
	data = arena_printf(a, "%s.%s", b64(h, strlen(h)), b64(PAYLOAD, strlen(PAYLOAD)));
	len = sign(rsa, &kinds[PS256], 20, data, sig, sizeof sig);
	assert_int_equal(check(arena_printf(a, "%s.%s", data, b64(sig, len)),
	                     set_of(jwk(rsa, &kinds[PS256], "1"))),
	    JWS_SIGNATURE);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
}

static void
test_A4_headers(void **state)
{
	static const struct {
		const char *header;
		enum jws_result want;
	} rows[] = {
	    {"{\"alg\":\"EdDSA\",\"kid\":\"1\"}", JWS_OK},
	    {"{\"alg\":\"EdDSA\"}", JWS_OK},
	    {"{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}", JWS_OK},
	    {"{\"alg\":\"EdDSA\",\"typ\":\"jwt\"}", JWS_OK},
	    {"{\"alg\":\"EdDSA\",\"typ\":\"logout+jwt\"}", JWS_TYPE},
	    {"{\"alg\":\"EdDSA\",\"kid\":\"2\"}", JWS_KEY_UNKNOWN},
	    {"{\"alg\":\"EdDSA\",\"kid\":1}", JWS_MALFORMED},
	    {"{\"alg\":\"EdDSA\",\"kid\":null}", JWS_MALFORMED},
	    {"{\"alg\":\"EdDSA\",\"crit\":[]}", JWS_CRIT},
	    {"{\"alg\":\"EdDSA\",\"b64\":true}", JWS_CRIT},
	    {"{\"alg\":[\"EdDSA\"]}", JWS_ALG},
	    {"{}", JWS_ALG},
	    {"[]", JWS_MALFORMED},
	    {"", JWS_MALFORMED},
	    {"{\"alg\":\"none\",\"alg\":\"EdDSA\"}", JWS_MALFORMED},
	    {"{\"alg\":\"EdDSA\"} ", JWS_OK},
	    {"{\"alg\":\"EdDSA\"}x", JWS_MALFORMED},
	    {"{\"alg\":\"EdDSA\",\"jku\":\"https://evil.example\",\"jwk\":{},\"x5u\":\"x\"}",
	        JWS_OK},
	};
	EVP_PKEY *key = new_key(&kinds[EDDSA]);
	const json_t *set = set_of(jwk(key, &kinds[EDDSA], "1"));

	(void)state;
	for (size_t i = 0; i < NELEMS(rows); i++)
		if (check(signed_token(key, &kinds[EDDSA], rows[i].header, PAYLOAD), set) !=
		    rows[i].want)
			fail_msg("%s", rows[i].header);
	for (const char *const *p = (const char *const[]){"[]", "", "{", "{\"a\":1,\"a\":2}",
	         "\"text\"", "{\"a\":\"\\u0000\"}", NULL};
	     *p != NULL; p++)
		assert_int_equal(check(signed_token(key, &kinds[EDDSA], "{\"alg\":\"EdDSA\"}", *p),
		                     set),
		    JWS_MALFORMED);
	EVP_PKEY_free(key);
}

static void
test_A4_keys_are_not_tried_out(void **state)
{
	EVP_PKEY *one = new_key(&kinds[EDDSA]), *two = new_key(&kinds[EDDSA]);
	json_t *set = set_of(jwk(one, &kinds[EDDSA], "1")), *allowed;

	(void)state;
	json_array_append_new(json_object_get(set, "keys"), jwk(two, &kinds[EDDSA], "2"));
	assert_int_equal(check(signed_token(two, &kinds[EDDSA], "{\"alg\":\"EdDSA\"}", PAYLOAD),
	                     set),
	    JWS_KEY_UNKNOWN);
	assert_int_equal(check(signed_token(two, &kinds[EDDSA], "{\"alg\":\"EdDSA\",\"kid\":\"1\"}",
	                           PAYLOAD),
	                     set),
	    JWS_SIGNATURE);
	assert_int_equal(check(signed_token(two, &kinds[EDDSA], "{\"alg\":\"EdDSA\",\"kid\":\"2\"}",
	                           PAYLOAD),
	                     set),
	    JWS_OK);
	assert_int_equal(jws_verify(a,
	                     signed_token(two, &kinds[EDDSA], "{\"alg\":\"EdDSA\",\"kid\":\"2\"}",
	                         PAYLOAD),
	                     set, "RS256 EdDSA", NULL, &allowed),
	    JWS_OK);
	assert_int_equal(jws_verify(a,
	                     signed_token(two, &kinds[EDDSA], "{\"alg\":\"EdDSA\",\"kid\":\"2\"}",
	                         PAYLOAD),
	                     set, "RS256 EdDSA2", NULL, &allowed),
	    JWS_ALG);
	assert_int_equal(jws_verify(a,
	                     signed_token(two, &kinds[EDDSA], "{\"alg\":\"EdDSA\",\"kid\":\"2\"}",
	                         PAYLOAD),
	                     set, "", NULL, &allowed),
	    JWS_ALG);
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
}

static void
test_A4_sets_have_bounds(void **state)
{
	EVP_PKEY *key = new_key(&kinds[EDDSA]);
	json_t *set = set_of(jwk(key, &kinds[EDDSA], "0"));
	char *text;

	(void)state;
	for (int i = 1; i < (int)JWKS_KEYS_MAX; i++)
		json_array_append_new(json_object_get(set, "keys"),
		    jwk(key, &kinds[EDDSA], arena_printf(a, "%d", i)));
	json_array_append_new(json_object_get(set, "else"), json_null());
	text = json_dumps(set, 0);
	assert_non_null(jwks_read(a, text, strlen(text)));
	free(text);
	json_array_append_new(json_object_get(set, "keys"), jwk(key, &kinds[EDDSA], "more"));
	text = json_dumps(set, 0);
	assert_null(jwks_read(a, text, strlen(text)));
	free(text);
	for (const char *const *p =
	         (const char *const[]){"", "{}", "[]", "{\"keys\":{}}", "{\"keys\":[]}",
	             "{\"keys\":[1]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", NULL};
	     *p != NULL; p++)
		assert_null(jwks_read(a, *p, strlen(*p)));
	text = arena_alloc(a, JWS_MAX + 10);
	memset(text, 'a', JWS_MAX + 9);
	text[10] = text[20] = '.';
	assert_int_equal(check(text, set), JWS_MALFORMED);
	EVP_PKEY_free(key);
}

static void
test_A4_half_of_a_hash(void **state)
{
	(void)state;
	/* OpenID Connect Core A.3 */
	assert_string_equal(jose_half_hash(a, "RS256",
	                        "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
	    "77QmUPtjPfzWtF2AnpK9RQ");
	assert_null(jose_half_hash(a, "HS256", "x"));
	assert_null(jose_half_hash(a, NULL, "x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        test_A4_each_algorithm_is_verified_and_each_byte_matters, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        test_A4_an_algorithm_is_taken_with_a_key_of_its_kind_only, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_A4_what_a_key_says_it_is_for_holds, setup,
	        teardown),
	    cmocka_unit_test_setup_teardown(
	        test_A4_keys_that_are_costly_to_look_into_hold_up_nobody, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_A4_weak_and_broken_keys_are_none, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_A4_signatures_of_the_wrong_form, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_A4_headers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_A4_keys_are_not_tried_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_A4_sets_have_bounds, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_A4_half_of_a_hash, setup, teardown),
	};

	crypt_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
