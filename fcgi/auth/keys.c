/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/log.h"

static uint8_t directory_key[SHA256_LEN], session_key[SHA256_LEN], refresh_key[SHA256_LEN],
    oidc_key[SHA256_LEN];
/* The one in use and, while it is being replaced, the next one: both open, the newest wraps. */
static struct {
	uint8_t key[32];
	bool there;
} masters[2];

static void
derive(uint8_t out[static SHA256_LEN], const uint8_t pepper[static 32], const char *purpose)
{
	hmac_sha256(out, pepper, 32, &(struct bytes){purpose, strlen(purpose)}, 1);
}

bool
keys_load(void)
{
	uint8_t pepper[32];
	bool ok = key_file(pepper, sizeof pepper, config_required("PACT_PEPPER"));

	if (ok) {
		derive(directory_key, pepper, "pact/directory/v1");
		derive(session_key, pepper, "pact/session/v1");
		derive(refresh_key, pepper, "pact/refresh/v1");
		derive(oidc_key, pepper, "pact/oidc/v1");
	} else {
		log_msg(LOG_ERROR, "PACT_PEPPER does not name a file of 32 bytes");
	}
	wipe(pepper, sizeof pepper);
	masters[0].there = key_file(masters[0].key, sizeof masters[0].key,
	    config_required("PACT_MASTER_KEY"));
	if (!masters[0].there)
		log_msg(LOG_ERROR, "PACT_MASTER_KEY does not name a file of 32 bytes");
	if (config("PACT_MASTER_KEY_NEXT") != NULL &&
	    !master_key_next(config("PACT_MASTER_KEY_NEXT"))) {
		log_msg(LOG_ERROR, "PACT_MASTER_KEY_NEXT does not name a file of 32 bytes");
		return false;
	}
	return ok && masters[0].there;
}

bool
master_key_next(const char *path)
{
	masters[1].there = key_file(masters[1].key, sizeof masters[1].key, path);
	return masters[1].there;
}

bool
master_key_changes(void)
{
	return masters[0].there && masters[1].there &&
	       !bytes_equal(masters[0].key, masters[1].key, sizeof masters[0].key);
}

void
address_hmac(uint8_t out[static SHA256_LEN], const char *email)
{
	char lower[256] = {0};
	size_t n = strnlen(email, sizeof lower - 1);

	/* ASCII only, and the same wherever an address is looked up: the directory needs to agree with itself alone */
	for (size_t i = 0; i < n; i++)
		lower[i] = (char)tolower((unsigned char)email[i]);
	hmac_sha256(out, directory_key, sizeof directory_key, &(struct bytes){lower, n}, 1);
}

void
session_secret(uint8_t out[static SECRET_LEN], const char *session)
{
	hmac_sha256(out, session_key, sizeof session_key, &(struct bytes){session, strlen(session)},
	    1);
}

void
refresh_next(uint8_t out[static SECRET_LEN], const char *session,
    const uint8_t current[static SECRET_LEN])
{
	const struct bytes parts[] = {{session, strlen(session)}, {current, SECRET_LEN}};

	hmac_sha256(out, refresh_key, sizeof refresh_key, parts, NELEMS(parts));
}

const char *
oidc_derive(struct arena *a, const char *what, const char *state)
{
	const struct bytes parts[] = {{what, strlen(what)}, {state, strlen(state)}};
	uint8_t digest[SHA256_LEN];
	char *out = arena_alloc(a, 2 * sizeof digest + 1);

	hmac_sha256(digest, oidc_key, sizeof oidc_key, parts, NELEMS(parts));
	hex_encode(out, digest, sizeof digest);
	return out;
}

bool
data_key_wrap(uint8_t out[static WRAPPED_KEY_LEN], const char *tenant, const uint8_t key[static 32])
{
	/* the tenant's id is authenticated too: a wrapped key moved to another tenant does not open */
	return masters[0].there &&
	       gcm_seal(out, masters[masters[1].there ? 1 : 0].key, tenant, key, 32);
}

bool
data_key_new(uint8_t out[static WRAPPED_KEY_LEN], const char *tenant)
{
	uint8_t key[32];
	bool ok;

	random_bytes(key, sizeof key);
	ok = data_key_wrap(out, tenant, key);
	wipe(key, sizeof key);
	return ok;
}

enum master
data_key_open_by(struct arena *a, uint8_t out[static 32], const char *tenant, const char *wrapped)
{
	void *bytes;
	size_t len;

	if (wrapped == NULL || !db_unbytea(a, wrapped, &bytes, &len))
		return MASTER_NONE;
	if (masters[0].there && gcm_open(out, 32, masters[0].key, tenant, bytes, len))
		return MASTER_IN_USE;
	if (masters[1].there && gcm_open(out, 32, masters[1].key, tenant, bytes, len))
		return MASTER_NEXT;
	return MASTER_NONE;
}

bool
data_key_open(struct arena *a, uint8_t out[static 32], const char *tenant, const char *wrapped)
{
	return data_key_open_by(a, out, tenant, wrapped) != MASTER_NONE;
}

const char *
master_key_id(struct arena *a)
{
	uint8_t digest[SHA256_LEN];
	char *hex = arena_alloc(a, 17);

	hmac_sha256(digest, masters[masters[1].there ? 1 : 0].key, 32,
	    &(struct bytes){"pact/key-id", 11}, 1);
	hex_encode(hex, digest, 8);
	return hex;
}
