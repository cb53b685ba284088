/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRYPT_TOKEN_H
#define PACT_CRYPT_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/crypt/crypt.h"

/*
 * Access tokens: JWT (RFC 7519) signed EdDSA with Ed25519 (RFC 8037). The algorithm is fixed here and the header is
 * compared as bytes: a token cannot choose. Only `auth` holds the private key.
 */
struct token_claims {
	char tenant[37], session[37], user[37];
	uint8_t secret[SECRET_LEN]; /* what the door compares, as SHA-256 */
	int64_t issued, expires;    /* seconds since the epoch */
};

#define TOKEN_MAX 1024

/* PEM files: SubjectPublicKeyInfo for verifying, PKCS #8 for signing. False when missing or of another kind. */
bool token_verify_key(const char *path);
bool token_sign_key(const char *path);

/* Writes a NUL-terminated token of less than TOKEN_MAX bytes. Needs token_sign_key(). */
void token_make(char out[static TOKEN_MAX], const struct token_claims *c);
/* False for any token that is malformed, signed by another key, of another issuer or kind, or expired at `now`. */
bool token_check(struct token_claims *out, const char *token, size_t len, int64_t now);

#endif
