/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A token of a provider: whatever its bytes, without the private key it is not taken. The keys are of RFC 8037 A and of this file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/auth/jose.h"
#include "shared/crypt/crypt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ed25519 of RFC 8037 A.2, P-256 of RFC 7517 A.1; nobody here has signed anything with them */
static const char keys[] =
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"kid\":\"1\"},"
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"kid\":\"2\"}]}";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *token = arena_strndup(a, (const char *)data, size);
	json_t *set = jwks_read(a, keys, sizeof keys - 1), *payload;

	if (set == NULL || jws_verify(a, token, set, NULL, "logout+jwt", &payload) == JWS_OK)
		abort();
	(void)jws_alg(a, token);
	arena_free(a);
	return 0;
}
