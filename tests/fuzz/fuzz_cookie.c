/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cookie, Content-Type and media-type headers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *header = arena_strndup(a, (const char *)data, size),
	           *v = cookie_get(a, header, "__Host-pact");

	if (v != NULL && strchr(v, ';') != NULL)
		abort();
	v = header_param(a, header, "boundary");
	if (v != NULL && strlen(v) > size)
		abort();
	(void)media_type_is(header, "application/json");
	arena_free(a);
	return 0;
}
