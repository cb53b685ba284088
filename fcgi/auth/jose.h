/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_AUTH_JOSE_H
#define PACT_AUTH_JOSE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/arena.h"

/*
 * Signed tokens of others: JWS compact (RFC 7515) with keys of a JWK set (RFC 7517), by OpenSSL. What a token says of its
 * algorithm chooses among those that the key fits and the caller allows; never none, never a shared secret. Keys come from
 * the set alone: jku, jwk, x5u and x5c in a header are not looked at.
 */
#define JWS_MAX 16384U   /* bytes of a token */
#define JWKS_MAX 262144U /* bytes of a set */
#define JWKS_KEYS_MAX 64U

enum jws_result {
	JWS_OK,
	JWS_MALFORMED,   /* not three parts of canonical base64url, or no JSON objects in them */
	JWS_ALG,         /* none, HS…, unknown, or not one of those allowed */
	JWS_CRIT,        /* crit or b64: an extension that changes what the signature means */
	JWS_TYPE,        /* typ is not the one asked for */
	JWS_KEY_UNKNOWN, /* no key of this kid, or none that fits: newer keys may have it */
	JWS_SIGNATURE,
};

/*
 * The payload of a token, hanging on the arena, when the signature is good. algs: names divided by spaces, or NULL for all that
 * are known. type: what the header's typ may be besides JWT and nothing ("logout+jwt"), or NULL.
 */
enum jws_result jws_verify(struct arena *a, const char *token, const json_t *jwks, const char *algs,
    const char *type, json_t **payload);
/* "signature" and the like, for the audit log. */
const char *jws_reason(enum jws_result r);

/* The JWK set in an answer of len bytes, hanging on the arena, of the keys that can be used here; NULL when there is none. */
json_t *jwks_read(struct arena *a, const char *text, size_t len);

/* half of the hash of a token, as at_hash has it (OpenID Connect Core 3.1.3.6), in base64url; NULL for an unknown alg */
const char *jose_half_hash(struct arena *a, const char *alg, const char *token);
/* The algorithm that a token's header names, or NULL. */
const char *jws_alg(struct arena *a, const char *token);

#endif
