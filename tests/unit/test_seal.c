/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T3, T4: what is sealed opens whole, for what it was sealed for, under the key that it was sealed under, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

#define TENANT "019ab000-0000-7000-8000-000000000001"
#define OTHER "019ab000-0000-7000-8000-000000000002"

static char dir[] = "/tmp/pact-seal-XXXXXX";

static const char *
file(const char *name, uint8_t fill, size_t len)
{
	static char path[4][64];
	static int n;
	char *out = path[n++ % 4];
	FILE *f;

	(void)snprintf(out, sizeof path[0], "%s/%s", dir, name);
	f = fopen(out, "w");
	assert_non_null(f);
	for (size_t i = 0; i < len; i++)
		(void)fputc(fill, f);
	assert_int_equal(fclose(f), 0);
	return out;
}

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	crypt_init();
	assert_int_equal(setenv("PACT_PEPPER", file("pepper", 1, 32), 1), 0);
	assert_int_equal(setenv("PACT_MASTER_KEY", file("master", 2, 32), 1), 0);
	return keys_load() ? 0 : -1;
}

static int
teardown(void **state)
{
	static const char *const names[] = {"pepper", "master", "next", "bad", NULL};
	char path[64];

	(void)state;
	for (size_t i = 0; names[i] != NULL; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

/* Test case 16 of McGrew and Viega, The Galois/Counter Mode of Operation: another implementation's bytes. */
static void
test_a_known_answer(void **state)
{
	static const char sealed_hex[] =
	    "cafebabefacedbaddecaf888522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b";
	static const char plain_hex[] =
	    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24"
	    "49a6b525b16aedf5aa0de657ba637b39";
	uint8_t key[32], sealed[88], plain[60], out[60];
	char aad[21] = {0};

	(void)state;
	assert_true(hex_decode(key,
	    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", 32));
	assert_true(hex_decode(aad, "feedfacedeadbeeffeedfacedeadbeefabaddad2", 20));
	assert_true(hex_decode(sealed, sealed_hex, sizeof sealed));
	assert_true(hex_decode(plain, plain_hex, sizeof plain));
	assert_true(gcm_open(out, sizeof out, key, aad, sealed, sizeof sealed));
	assert_memory_equal(out, plain, sizeof plain);
}

static void
test_nothing_but_the_whole(void **state)
{
	uint8_t key[32] = {7}, other[32] = {8}, sealed[20 + SEAL_EXTRA], again[20 + SEAL_EXTRA],
	        out[21];
	static const uint8_t zero[20];

	(void)state;
	assert_true(gcm_seal(sealed, key, "a", "twenty bytes of it..", 20));
	assert_true(gcm_seal(again, key, "a", "twenty bytes of it..", 20));
	assert_memory_not_equal(sealed, again, 12);
	assert_true(gcm_open(out, 20, key, "a", sealed, sizeof sealed));
	for (size_t i = 0; i < sizeof sealed; i++) {
		memset(out, 0xff, sizeof out);
		sealed[i] ^= 1;
		assert_false(gcm_open(out, 20, key, "a", sealed, sizeof sealed));
		assert_memory_equal(out, zero, 20); /* nothing of what could not be trusted stays */
		sealed[i] ^= 1;
	}
	assert_false(gcm_open(out, 20, other, "a", sealed, sizeof sealed));
	assert_false(gcm_open(out, 20, key, "b", sealed, sizeof sealed));
	assert_false(gcm_open(out, 20, key, "", sealed, sizeof sealed));
	assert_false(gcm_open(out, 19, key, "a", sealed, sizeof sealed));
	assert_false(gcm_open(out, 21, key, "a", sealed, sizeof sealed));
	assert_false(gcm_open(out, 19, key, "a", sealed, sizeof sealed - 1));
	assert_false(gcm_open(out, 20, key, "a", sealed, 0));
	assert_true(gcm_seal(sealed, key, "a", "", 0));
	assert_true(gcm_open(out, 0, key, "a", sealed, SEAL_EXTRA));
	assert_false(gcm_seal(sealed, key, "a", sealed, SEALED_MAX + 1U));
}

static void
test_a_value_is_bound_to_workspace_and_purpose(void **state)
{
	struct arena *a = arena_new();
	uint8_t wrapped[WRAPPED_KEY_LEN], wrapped_other[WRAPPED_KEY_LEN];
	const char *key, *key_other, *sealed;
	char out[6];

	(void)state;
	assert_true(data_key_new(wrapped, TENANT));
	assert_true(data_key_new(wrapped_other, OTHER));
	key = db_bytea(a, wrapped, sizeof wrapped);
	key_other = db_bytea(a, wrapped_other, sizeof wrapped_other);
	sealed = seal(a, TENANT, key, "integration/1/password", "secret", 6);
	assert_non_null(sealed);
	assert_null(strstr(sealed, "736563726574"));
	assert_true(unseal(a, out, 6, TENANT, key, "integration/1/password", sealed));
	assert_memory_equal(out, "secret", 6);
	assert_false(unseal(a, out, 6, TENANT, key, "integration/1/api_key", sealed));
	assert_false(unseal(a, out, 6, TENANT, key, "integration/2/password", sealed));
	assert_false(unseal(a, out, 6, OTHER, key_other, "integration/1/password", sealed));
	/* not even with the key itself carried over: it is bound to its workspace, too */
	assert_false(unseal(a, out, 6, OTHER, key, "integration/1/password", sealed));
	assert_null(seal(a, OTHER, key, "integration/1/password", "secret", 6));
	assert_false(unseal(a, out, 6, TENANT, NULL, "integration/1/password", sealed));
	assert_false(unseal(a, out, 6, TENANT, key, "integration/1/password", NULL));
	assert_false(unseal(a, out, 6, TENANT, "\\x00", "integration/1/password", sealed));
	arena_free(a);
}

static void
test_two_master_keys_open_and_the_newest_wraps(void **state)
{
	struct arena *a = arena_new();
	uint8_t wrapped[WRAPPED_KEY_LEN], fresh[WRAPPED_KEY_LEN], key[32], same[32];
	const char *old, *new, *id = master_key_id(a);

	(void)state;
	assert_int_equal(strlen(id), 16);
	assert_true(data_key_new(wrapped, TENANT));
	old = db_bytea(a, wrapped, sizeof wrapped);
	assert_false(master_key_changes());
	assert_false(master_key_next(NULL));
	assert_false(master_key_next(file("bad", 3, 31)));
	assert_false(master_key_next(file("bad", 3, 33)));
	assert_false(master_key_next("/nonexistent"));
	assert_int_equal(data_key_open_by(a, key, TENANT, old), MASTER_IN_USE);
	assert_true(master_key_next(file("next", 2, 32)));
	assert_false(master_key_changes()); /* the same bytes */
	assert_true(master_key_next(file("next", 3, 32)));
	assert_true(master_key_changes());
	assert_string_not_equal(master_key_id(a), id);

	assert_int_equal(data_key_open_by(a, key, TENANT, old), MASTER_IN_USE);
	assert_true(data_key_wrap(fresh, TENANT, key));
	new = db_bytea(a, fresh, sizeof fresh);
	assert_int_equal(data_key_open_by(a, same, TENANT, new), MASTER_NEXT);
	assert_memory_equal(same, key, sizeof key);
	assert_true(data_key_open(a, same, TENANT, old));
	assert_int_equal(data_key_open_by(a, same, OTHER, new), MASTER_NONE);

	/* without the next one, what it wraps is shut */
	assert_false(master_key_next("/nonexistent"));
	assert_int_equal(data_key_open_by(a, same, TENANT, new), MASTER_NONE);
	assert_false(data_key_open(a, same, TENANT, new));
	assert_int_equal(data_key_open_by(a, same, TENANT, NULL), MASTER_NONE);
	arena_free(a);
}

static void
test_sealed_anew(void **state)
{
	struct arena *a = arena_new();
	uint8_t from[32] = {1}, to[32] = {2}, sealed[6 + SEAL_EXTRA];
	const char *text, *fresh;
	void *bytes;
	char out[6];
	size_t n;

	(void)state;
	assert_true(gcm_seal(sealed, from, "totp/u/" TENANT, "secret", 6));
	text = db_bytea(a, sealed, sizeof sealed);
	fresh = reseal(a, TENANT, from, to, "totp/u", text);
	assert_non_null(fresh);
	assert_true(db_unbytea(a, fresh, &bytes, &n));
	assert_true(gcm_open(out, 6, to, "totp/u/" TENANT, bytes, n));
	assert_memory_equal(out, "secret", 6);
	assert_false(gcm_open(out, 6, from, "totp/u/" TENANT, bytes, n));
	assert_null(reseal(a, TENANT, to, from, "totp/u", text));
	assert_null(reseal(a, TENANT, from, to, "totp/v", text));
	assert_null(reseal(a, OTHER, from, to, "totp/u", text));
	assert_null(reseal(a, TENANT, from, to, "totp/u", "\\x0011"));
	assert_null(reseal(a, TENANT, from, to, "totp/u", "sealed"));
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_known_answer),
	    cmocka_unit_test(test_nothing_but_the_whole),
	    cmocka_unit_test(test_a_value_is_bound_to_workspace_and_purpose),
	    cmocka_unit_test(test_two_master_keys_open_and_the_newest_wraps),
	    cmocka_unit_test(test_sealed_anew),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
