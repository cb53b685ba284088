/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Query strings and form bodies: what is taken is UTF-8 without NUL. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/str.h"
#include "shared/http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct pair *pairs;
	size_t n;

	if (form_parse(a, (const char *)data, size, &pairs, &n))
		for (size_t i = 0; i < n; i++)
			if (!utf8_valid(pairs[i].name, strlen(pairs[i].name)) ||
			    !utf8_valid(pairs[i].value, strlen(pairs[i].value)))
				abort();
	arena_free(a);
	return 0;
}
