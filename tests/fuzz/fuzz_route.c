/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any path against every kind of pattern; what matches must be what the pattern's types say. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/str.h"
#include "shared/http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const pattern[] = {"/v1/contacts", "/v1/contacts/{id:uuid}",
	    "/v1/contacts/{id:uuid}/consent", "/w/{w:slug}/x/{t:token}", "/{a:text}/{b:text}"};
	struct arena *a = arena_new();
	const char *path = arena_strndup(a, (const char *)data, size);

	for (size_t i = 0; i < NELEMS(pattern); i++) {
		const char *arg[ROUTE_ARGS] = {NULL};

		if (route_match(a, pattern[i], path, arg) && (i == 1 || i == 2) &&
		    !uuid_valid(arg[0]))
			abort();
	}
	arena_free(a);
	return 0;
}
