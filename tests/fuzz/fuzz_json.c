/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies against a table with every field type: what comes out holds declared members only and can be written again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/str.h"
#include "shared/json/fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct field item[] = {{"n", F_INT, REQUIRED, .min = 1, .max = 9}, {"t", F_TEXT}, {0}};
static const struct field table[] = {
    {"name", F_TEXT, REQUIRED},
    {"email", F_EMAIL, NULLABLE},
    {"id", F_UUID},
    {"n", F_INT},
    {"flag", F_BOOL},
    {"kind", F_ENUM, .choices = "note|call"},
    {"at", F_TIME},
    {"tags", F_TEXTS},
    {"ids", F_UUIDS},
    {"map", F_MAP},
    {"list", F_LIST, .members = item},
    {"obj", F_OBJECT, .members = item},
    {"body", F_MULTILINE},
    {"secret", F_SECRET},
    {"after", F_CURSOR},
    {0},
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct field_errors errors = {0};
	const char *problem = NULL;
	json_t *obj = json_read(a, (const char *)data, size, &problem), *out;
	const char *key;
	json_t *v;

	if (obj == NULL) {
		if (problem == NULL)
			abort();
		arena_free(a);
		return 0;
	}
	out = fields_check(a, table, obj, size % 2 == 0, &errors);
	json_object_foreach(out, key, v) {
		size_t i = 0;

		while (table[i].name != NULL && strcmp(table[i].name, key) != 0)
			i++;
		if (table[i].name == NULL)
			abort();
	}
	(void)json_text(a, out);
	arena_free(a);
	return 0;
}
