/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Pact keeps of a SCIM resource, and how that is taken from what providers send. */
#include <string.h>
#include <strings.h>

#include "fcgi/auth/scim.h"
#include "shared/base/str.h"

const struct scim_attribute scim_user_attributes[] = {
    {"userName",
        {"user_name", F_TEXT, REQUIRED, .min = 1, .max = 254,
            .help =
                "How the provider calls the person; of somebody who is not from there, the e-mail address."}},
    {"externalId", {"external_id", F_TEXT, NULLABLE, .max = 254, .help = "The provider's own id."}},
    {"active",
        {"active", F_BOOL, .help = "false: logged out everywhere at once, and cannot log in."}},
    {"displayName", {"display_name", F_TEXT, NULLABLE, .max = 200, .help = "The person's name."}},
    {"name.formatted",
        {"formatted", F_TEXT, NULLABLE, .max = 200,
            .help = "The parts in one; the person's name where no displayName is given."}},
    {"name.givenName", {"given_name", F_TEXT, NULLABLE, .max = 200, .help = "The given name."}},
    {"name.familyName", {"family_name", F_TEXT, NULLABLE, .max = 200, .help = "The family name."}},
    {"emails.value",
        {"email", F_EMAIL,
            .help =
                "The address; one is kept: the primary one, else that of type work, else the first."}},
    {0},
};
/* members are no single value: scim_group.c */
const struct scim_attribute scim_group_attributes[] = {
    {"displayName", {"display_name", F_TEXT, REQUIRED, .min = 1, .max = 256,
                        .help = "What roles are given by, in the settings of single sign-on."}},
    {"externalId", {"external_id", F_TEXT, NULLABLE, .max = 254, .help = "The provider's own id."}},
    {0},
};

static const struct scim_attribute *
find(const struct scim_attribute *table, const char *path)
{
	for (; table->name != NULL; table++)
		if (strcasecmp(table->name, path) == 0)
			return table;
	return NULL;
}

static void
put(json_t *changes, const struct scim_attribute *at, json_t *v)
{
	(void)json_object_set_new(changes, at->check.name, v);
}

/* true, false, and as Entra ID sends them, "True" and "False". */
static void
take_bool(struct req *r, const struct scim_attribute *at, const json_t *v, json_t *changes)
{
	const char *text = json_string_value(v);

	if (json_is_boolean(v))
		put(changes, at, json_boolean(json_is_true(v)));
	else if (text != NULL && (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0))
		put(changes, at, json_boolean(strcasecmp(text, "true") == 0));
	else
		field_error_add(r->a, &r->errors, at->name, "Must be true or false.");
}

static void
take_one(struct req *r, const struct scim_attribute *at, const json_t *v, json_t *changes)
{
	const char *text = json_string_value(v), *ok;
	bool nothing = json_is_null(v) || str_eq(text, "");

	if (nothing && (at->check.flags & NULLABLE) != 0) {
		put(changes, at, json_null());
	} else if (nothing && (at->check.flags & REQUIRED) == 0) {
		return; /* there is always an address, and a person is active or not */
	} else if (at->check.type == F_BOOL) {
		take_bool(r, at, v, changes);
	} else if (text == NULL) {
		field_error_add(r->a, &r->errors, at->name, "Must be text.");
	} else {
		ok = field_check_text(r->a, &at->check, text, at->name, &r->errors);
		if (ok != NULL)
			put(changes, at, json_string(ok));
	}
}

/* Of several values the primary one, else the one of type work, else the first. */
static const json_t *
choose(const json_t *list)
{
	const json_t *best = json_array_get(list, 0), *v;
	bool work = false;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, v) {
		if (json_is_true(json_object_get(v, "primary")))
			return v;
		if (!work && str_eq(json_string_value(json_object_get(v, "type")), "work")) {
			best = v;
			work = true;
		}
	}
	return best;
}

/*
 * Can what is known lie beneath path? Elsewhere nothing is looked for: each member's path is a text of its own, and below a
 * long name a body has room for a hundred thousand of them.
 */
static bool
leads(const struct scim_attribute *table, const char *path)
{
	size_t len = strlen(path);

	if (len == 0)
		return true;
	for (; table->name != NULL; table++)
		if (strncasecmp(table->name, path, len) == 0 && table->name[len] == '.')
			return true;
	return false;
}

void
scim_take(struct req *r, const struct scim_attribute *table, const char *path, const json_t *v,
    json_t *changes)
{
	const struct scim_attribute *at = find(table, path);
	const char *key;
	const json_t *member;

	if (json_is_array(v)) {
		if (json_array_size(v) > 0)
			scim_take(r, table, path, choose(v), changes);
		return;
	}
	if (json_is_object(v) && at != NULL)
		v = json_object_get(v, "value"); /* a single value, wrapped like one of several */
	if (at == NULL && !json_is_object(v))
		at = find(table, arena_printf(r->a, "%s.value", path));
	if (at != NULL) {
		take_one(r, at, v, changes);
		return;
	}
	if (!leads(table, path))
		return;
	json_object_foreach((json_t *)(uintptr_t)v, key, member)
		scim_take(r, table,
		    *path != '\0' ? arena_printf(r->a, "%s.%s", path, scim_name(r->a, key))
		                  : scim_name(r->a, key),
		    member, changes);
}

void
scim_absent(const struct scim_attribute *table, json_t *changes)
{
	for (; table->name != NULL; table++)
		if ((table->check.flags & NULLABLE) != 0)
			put(changes, table, json_null());
}
