/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_map.h"

#include <string.h>

#include "shared/base/str.h"

#define KEY_MAX 60U
#define LABEL_MAX 120U

static const char *const field_name[IMPORT_FIELDS] = {
    [IMPORT_IGNORE] = "ignore",
    [IMPORT_EMAIL] = "email",
    [IMPORT_FIRST_NAME] = "first_name",
    [IMPORT_LAST_NAME] = "last_name",
    [IMPORT_FULL_NAME] = "full_name",
    [IMPORT_PHONE] = "phone",
    [IMPORT_TITLE] = "title",
    [IMPORT_ACCOUNT] = "account",
    [IMPORT_TAGS] = "tags",
    [IMPORT_CONSENT_STATUS] = "consent_status",
    [IMPORT_OPTIN_TIME] = "optin_time",
    [IMPORT_CONFIRM_TIME] = "confirm_time",
    [IMPORT_CONSENT_SOURCE] = "consent_source",
    [IMPORT_UNSUB_TIME] = "unsub_time",
    [IMPORT_OPTED_OUT] = "opted_out",
    [IMPORT_NOTE] = "note",
    [IMPORT_CUSTOM] = "custom:",
};

const char *
import_column_name(struct arena *a, struct import_column c)
{
	if (c.field == IMPORT_CUSTOM)
		return arena_printf(a, "%s%s", field_name[c.field], c.key);
	return field_name[c.field];
}

static bool
key_valid(const char *key)
{
	size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n >= 1 && n <= KEY_MAX && key[n] == '\0' && key[0] >= 'a' && key[0] <= 'z';
}

bool
import_column_parse(struct arena *a, const char *name, struct import_column *out)
{
	for (size_t i = 0; name != NULL && i < IMPORT_CUSTOM; i++) {
		if (strcmp(name, field_name[i]) == 0) {
			*out = (struct import_column){.field = (enum import_field)i};
			return true;
		}
	}
	if (!str_starts(name, field_name[IMPORT_CUSTOM]) || !key_valid(name + strlen("custom:")))
		return false;
	*out = (struct import_column){IMPORT_CUSTOM, arena_strdup(a, name + strlen("custom:"))};
	return true;
}

/* The ASCII letters for one letter of Latin-1 (its second byte in UTF-8), "" for a sign. */
static const char *
ascii_of(unsigned char second)
{
	static const char letters[32][3] = {"a", "a", "a", "a", "ae", "a", "ae", "c", "e", "e", "e",
	    "e", "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "oe", "", "o", "u", "u", "u",
	    "ue", "y", "th", "ss"};

	return letters[second & 0x1f];
}

/* A key from a header: letters and digits, one _ for each run of anything else. */
static char *
key_from(struct arena *a, const char *header, size_t column)
{
	char *key = arena_alloc(a, KEY_MAX + 3), *p = key;

	for (const char *s = header; *s != '\0' && p < key + KEY_MAX - 1; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 'A' && c <= 'Z')
			*p++ = (char)(c + 'a' - 'A');
		else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			*p++ = (char)c;
		else if (c == 0xc3 && s[1] != '\0')
			for (const char *l = ascii_of((unsigned char)*++s); *l != '\0'; l++)
				*p++ = *l;
		else if (p > key && p[-1] != '_')
			*p++ = '_';
	}
	while (p > key && p[-1] == '_')
		p--;
	*p = '\0';
	if (key[0] >= 'a' && key[0] <= 'z')
		return key;
	return arena_printf(a, "field_%.50s",
	    *key == '\0' ? arena_printf(a, "%zu", column + 1) : key);
}

static bool
taken(const char **keys, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

void
import_suggest_custom(struct arena *a, const struct import_layout *l, const char ***keys,
    const char ***labels)
{
	*keys = arena_array(a, l->columns, sizeof **keys);
	*labels = arena_array(a, l->columns, sizeof **labels);
	for (size_t i = 0; i < l->columns; i++) {
		const char *header = l->header[i], *base = key_from(a, header, i), *key = base;
		size_t len = strlen(header), at = 0;

		/* a small number reads well; thousands of equal names must not be tried one by one */
		for (size_t n = 2; taken(*keys, i, key); n = n < 5 ? n + 1 : n + l->columns)
			key = arena_printf(a, "%.40s_%zu", base, n < 5 ? n : n + i);
		(*keys)[i] = key;
		for (size_t chars = 0; at < len && chars < LABEL_MAX; chars++)
			at += utf8_sequence(header + at, len - at);
		(*labels)[i] = len == 0 ? arena_printf(a, "Column %zu", i + 1)
		                        : arena_strndup(a, header, at);
	}
}
