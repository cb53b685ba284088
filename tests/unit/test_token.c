/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A6: access tokens are ours, whole and in time, or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "shared/base/str.h"
#include "shared/crypt/token.h"

#define NOW 1800000000
static char token[TOKEN_MAX];
static const struct token_claims claims = {
    .tenant = "019ab000-0000-7000-8000-000000000001",
    .session = "019ab000-0000-7000-8000-000000000002",
    .user = "019ab000-0000-7000-8000-000000000003",
    .secret = {1, 2, 3},
    .issued = NOW,
    .expires = NOW + 3600,
};

/* A fresh key pair as the PEM files that programs read. */
static void
load_keys(bool sign_too)
{
	EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char pub[] = "/tmp/pact-test-XXXXXX", priv[] = "/tmp/pact-test-XXXXXX";
	FILE *f = fdopen(mkstemp(pub), "w"), *g = fdopen(mkstemp(priv), "w");

	assert_int_equal(PEM_write_PUBKEY(f, k), 1);
	assert_int_equal(PEM_write_PrivateKey(g, k, NULL, NULL, 0, NULL, NULL), 1);
	(void)fclose(f);
	(void)fclose(g);
	assert_true(token_verify_key(pub));
	if (sign_too)
		assert_true(token_sign_key(priv));
	assert_false(token_verify_key(priv));
	assert_true(token_verify_key(pub));
	(void)unlink(pub);
	(void)unlink(priv);
	EVP_PKEY_free(k);
}

static int
setup(void **state)
{
	(void)state;
	crypt_init();
	load_keys(true);
	token_make(token, &claims);
	return 0;
}

static void
a_token_comes_back_as_it_was(void **state)
{
	struct token_claims c;

	(void)state;
	assert_true(token_check(&c, token, strlen(token), NOW));
	assert_string_equal(c.tenant, claims.tenant);
	assert_string_equal(c.session, claims.session);
	assert_string_equal(c.user, claims.user);
	assert_memory_equal(c.secret, claims.secret, SECRET_LEN);
	assert_int_equal(c.expires, claims.expires);
}

static void
every_changed_byte_is_refused(void **state)
{
	struct token_claims c;
	char t[TOKEN_MAX];

	(void)state;
	for (size_t i = 0; i < strlen(token); i++) {
		memcpy(t, token, sizeof t);
		t[i] = t[i] == 'A' ? 'B' : 'A';
		assert_false(token_check(&c, t, strlen(t), NOW));
	}
	for (size_t n = 0; n < strlen(token); n++)
		assert_false(token_check(&c, token, n, NOW));
	assert_false(token_check(&c, NULL, 0, NOW));
}

static void
time_is_checked(void **state)
{
	struct token_claims c;

	(void)state;
	assert_true(token_check(&c, token, strlen(token), NOW + 3599));
	assert_false(token_check(&c, token, strlen(token), NOW + 3600));
	/* issued in the future by more than clocks differ */
	assert_false(token_check(&c, token, strlen(token), NOW - 61));
}

static void
no_other_algorithm_is_taken(void **state)
{
	/* {"alg":"none","typ":"at+jwt"} and {"alg":"HS256","typ":"at+jwt"} */
	static const char *const header[] = {"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0",
	    "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9"};
	struct token_claims c;
	char t[TOKEN_MAX];

	(void)state;
	for (size_t i = 0; i < NELEMS(header); i++) {
		(void)snprintf(t, sizeof t, "%s%s", header[i], strchr(token, '.'));
		assert_false(token_check(&c, t, strlen(t), NOW));
		*(strrchr(t, '.') + 1) = '\0';
		assert_false(token_check(&c, t, strlen(t), NOW));
	}
}

static void
another_key_is_refused(void **state)
{
	struct token_claims c;

	(void)state;
	load_keys(false);
	assert_false(token_check(&c, token, strlen(token), NOW));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_comes_back_as_it_was),
	    cmocka_unit_test(every_changed_byte_is_refused),
	    cmocka_unit_test(time_is_checked),
	    cmocka_unit_test(no_other_algorithm_is_taken),
	    cmocka_unit_test(another_key_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
