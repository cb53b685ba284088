/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SCIM: the input as a filter, as the path of a PATCH, and as a resource. What is taken has names in lower case and values that are
 * text; a path that was taken is taken again, and means the same, when it is written in capitals.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/auth/scim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
name_ok(const char *s)
{
	if (s == NULL || *s == '\0')
		abort();
	for (; *s != '\0'; s++)
		if (isupper((unsigned char)*s) || strchr(" \"[]()", *s) != NULL)
			abort();
}

static void
terms_ok(const struct scim_term *t)
{
	int n = 0;

	for (; t != NULL; t = t->next) {
		name_ok(t->attr);
		if (t->value == NULL || ++n > 10 ||
		    (t->type == SCIM_BOOL && strcmp(t->value, "true") != 0 &&
		        strcmp(t->value, "false") != 0) ||
		    !utf8_valid(t->value, strlen(t->value)))
			abort();
	}
}

/* Names have no case; values do, so they are left alone. */
static char *
capitals(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, text);

	for (char *c = out; *c != '\0' && *c != '['; c++)
		*c = (char)toupper((unsigned char)*c);
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size), *problem = NULL;
	struct scim_term *t = scim_filter_parse(a, text, &problem);
	struct scim_path path, again;
	json_t *v;

	if ((t == NULL) != (problem != NULL))
		abort();
	terms_ok(t);
	if (scim_path_parse(a, &path, text)) {
		name_ok(path.attr);
		terms_ok(path.where);
		if (!scim_path_parse(a, &again, capitals(a, text)) ||
		    strcmp(path.attr, again.attr) != 0)
			abort();
	}
	v = json_read(a, (const char *)data, size, &problem);
	if (v != NULL) {
		struct req r = {.a = a};
		json_t *changes = json_keep(a, json_object());

		scim_take(&r, scim_user_attributes, "", v, changes);
		scim_take(&r, scim_group_attributes, "name", v, changes);
		if (json_object_size(changes) > SCIM_ATTRIBUTES_MAX)
			abort();
	}
	arena_free(a);
	return 0;
}
