/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets of a workspace at rest (T3, T4): AES-256-GCM (NIST SP 800-38D) under the workspace's data key, which is itself
 * sealed under the master key. Sealed: a random nonce of 12 bytes, the ciphertext, a tag of 16.
 */
#include <openssl/evp.h>
#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

#define NONCE 12
#define TAG 16

static void
cipher_freep(EVP_CIPHER_CTX **c)
{
	EVP_CIPHER_CTX_free(*c);
}

bool
gcm_seal(uint8_t *out, const uint8_t key[static 32], const char *aad, const void *plain, size_t len)
{
	CLEANUP(cipher_freep) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0, more = 0;

	random_bytes(out, NONCE);
	return c != NULL && len <= SEALED_MAX &&
	       EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, out) == 1 &&
	       EVP_EncryptUpdate(c, NULL, &more, (const uint8_t *)aad, (int)strlen(aad)) == 1 &&
	       EVP_EncryptUpdate(c, out + NONCE, &n, plain, (int)len) == 1 && (size_t)n == len &&
	       EVP_EncryptFinal_ex(c, out + NONCE + len, &more) == 1 && more == 0 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, out + NONCE + len) == 1;
}

bool
gcm_open(void *out, size_t len, const uint8_t key[static 32], const char *aad,
    const uint8_t *sealed, size_t sealed_len)
{
	CLEANUP(cipher_freep) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t tag[TAG];
	int n = 0, more = 0;
	bool ok;

	if (c == NULL || len > SEALED_MAX || sealed_len != len + SEAL_EXTRA)
		return false;
	memcpy(tag, sealed + NONCE + len, TAG);
	ok = EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, sealed) == 1 &&
	     EVP_DecryptUpdate(c, NULL, &more, (const uint8_t *)aad, (int)strlen(aad)) == 1 &&
	     EVP_DecryptUpdate(c, out, &n, sealed + NONCE, (int)len) == 1 && (size_t)n == len &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1 &&
	     EVP_DecryptFinal_ex(c, (uint8_t *)out + len, &more) == 1 && more == 0;
	if (!ok)
		wipe(out, len);
	return ok;
}

const char *
seal(struct arena *a, const char *tenant, const char *data_key, const char *purpose,
    const void *plain, size_t len)
{
	uint8_t key[32], *out = arena_alloc(a, len + SEAL_EXTRA);
	bool ok = data_key_open(a, key, tenant, data_key) &&
	          gcm_seal(out, key, arena_printf(a, "%s/%s", purpose, tenant), plain, len);

	wipe(key, sizeof key);
	return ok ? db_bytea(a, out, len + SEAL_EXTRA) : NULL;
}

bool
unseal(struct arena *a, void *out, size_t len, const char *tenant, const char *data_key,
    const char *purpose, const char *sealed)
{
	uint8_t key[32];
	void *bytes;
	size_t n;
	bool ok = sealed != NULL && db_unbytea(a, sealed, &bytes, &n) &&
	          data_key_open(a, key, tenant, data_key) &&
	          gcm_open(out, len, key, arena_printf(a, "%s/%s", purpose, tenant), bytes, n);

	wipe(key, sizeof key);
	return ok;
}

char *
unseal_text(struct arena *a, const char *tenant, const char *data_key, const char *purpose,
    const char *sealed)
{
	size_t digits = sealed != NULL && str_starts(sealed, "\\x") ? strlen(sealed) - 2 : 0;
	size_t len = digits / 2 >= SEAL_EXTRA ? digits / 2 - SEAL_EXTRA : 0;
	char *out = arena_alloc(a, len + 1);

	return digits / 2 >= SEAL_EXTRA && unseal(a, out, len, tenant, data_key, purpose, sealed)
	           ? out
	           : NULL;
}

const char *
reseal(struct arena *a, const char *tenant, const uint8_t from[static 32],
    const uint8_t to[static 32], const char *purpose, const char *sealed)
{
	const char *aad = arena_printf(a, "%s/%s", purpose, tenant), *text = NULL;
	uint8_t *plain, *out;
	void *bytes;
	size_t n;

	if (!db_unbytea(a, sealed, &bytes, &n) || n < SEAL_EXTRA)
		return NULL;
	plain = arena_alloc(a, n);
	out = arena_alloc(a, n);
	if (gcm_open(plain, n - SEAL_EXTRA, from, aad, bytes, n) &&
	    gcm_seal(out, to, aad, plain, n - SEAL_EXTRA))
		text = db_bytea(a, out, n);
	wipe(plain, n);
	return text;
}
