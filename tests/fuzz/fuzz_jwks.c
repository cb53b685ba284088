/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of keys that a provider publishes, and a token that meets it. */
#include <stdint.h>
#include <stdlib.h>

#include "fcgi/auth/jose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	json_t *set = jwks_read(a, (const char *)data, size), *payload;

	if (set != NULL && json_array_size(json_object_get(set, "keys")) == 0)
		abort();
	/* {"alg":"RS256"} . {"sub":"me"} . nothing that verifies */
	if (set != NULL && jws_verify(a, "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.AAAA", set, NULL,
	                       NULL, &payload) == JWS_OK)
		abort();
	arena_free(a);
	return 0;
}
