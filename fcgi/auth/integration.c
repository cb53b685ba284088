/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings → Integrations (T4): other systems that the workspace uses. A credential is sealed here, before it reaches the
 * database, for its workspace, integration and member; no answer, log or event shows it again.
 */
#include "fcgi/auth/integration.h"

#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

TENANT_QUERY(q_integrations, PLAN_GENERIC,
    "SELECT api.integration_json(i) AS item, i.id::text AS cursor FROM pact.integration i WHERE i.tenant_id = $1::uuid "
    "AND i.id > $2::uuid ORDER BY i.id LIMIT $3::int");
TENANT_QUERY(q_integrations_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.integration i WHERE i.tenant_id = $1::uuid"));
TENANT_QUERY(q_integration_get, PLAN_GENERIC,
    "SELECT body, etag FROM app.integration_reply($1::uuid, $2::uuid)");
DOOR_QUERY(q_integration_begin,
    "SELECT kind, settings::text AS settings, credentials::text AS credentials, data_key "
    "FROM app.integration_begin($1::uuid, $2::bigint)");
DOOR_QUERY(q_integration_create,
    "SELECT body, etag, location FROM app.integration_create($1::uuid, $2, $3, $4::jsonb, $5::text[], $6::bytea[])");
DOOR_QUERY(q_integration_patch,
    "SELECT body, etag FROM app.integration_patch($1::uuid, $2, $3::jsonb, $4::text[], $5::bytea[])");
DOOR_QUERY(q_integration_delete,
    "SELECT deleted FROM app.integration_delete($1::uuid, $2::bigint)");

#define NAME \
	{ \
		"name", F_TEXT, REQUIRED, .min = 1, .max = 100 \
	}
#define PARTS \
	{"settings", F_OBJECT, 0, .members = integration_settings, \
	    .help = "Those of the kind; null takes one away."}, \
	{ \
		"credentials", F_OBJECT, 0, \
		    .members = integration_credentials, \
		    .help = \
		        "Written only. Those that are not given stay as they are; null takes one away." \
	}
const struct field integration_body[] = {
    {"kind", F_ENUM, REQUIRED, .choices = "smtp|ai|oauth|webhook"},
    NAME,
    PARTS,
    {0},
};
const struct field integration_patch_body[] = {
    NAME,
    PARTS,
    {0},
};

static const struct field credential_members[] = {
    {"name", F_TEXT, REQUIRED},
    {"set_at", F_TIME, REQUIRED},
    {"rotated_at", F_TIME, REQUIRED | NULLABLE, .help = "When it last became another one."},
    {0},
};
static const struct field integration_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"kind", F_TEXT, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {"settings", F_OBJECT, REQUIRED, .members = integration_settings},
    {"credentials", F_LIST, REQUIRED, .members = credential_members,
        .help = "Which are set, and never what they are."},
    {"created_at", F_TIME, REQUIRED},
    {"updated_at", F_TIME, REQUIRED},
    {0},
};
const struct representation integration_rep = {"integration", integration_members};

int
integration_list(struct req *r)
{
	const char *after;

	if (!cursor_id(r, &after))
		return problem_fields(r);
	list_total(r, &q_integrations_count, NO_ARGS);
	return reply_list(r, &q_integrations,
	    ARGS(after != NULL ? after : "00000000-0000-0000-0000-000000000000", page_limit(r)));
}

int
integration_get(struct req *r)
{
	return reply_query(r, &q_integration_get, ARGS(r->arg[0]));
}

/* Names and sealed values of the credentials that are given, as two arrays; a null stays null. False: nothing can be sealed. */
static bool
seal_all(struct req *r, const char *data_key, const char *id, const json_t *given,
    const char **names, const char **values)
{
	size_t n = json_object_size(given), i = 0;
	const char **name = arena_alloc(r->a, (n + 1) * sizeof *name),
	           **value = arena_alloc(r->a, (n + 1) * sizeof *value);
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)given, key, v) {
		name[i] = arena_strdup(r->a, key);
		value[i] = NULL;
		if (json_is_string(v)) {
			value[i] = seal(r->a, r->claims.tenant, data_key,
			    arena_printf(r->a, "integration/%s/%s", id, key), json_string_value(v),
			    json_string_length(v));
			if (value[i] == NULL)
				return false;
		}
		i++;
	}
	*names = db_array(r->a, name, n);
	*values = db_array(r->a, value, n);
	return true;
}

/* Settings after a merge patch (RFC 7396). */
static json_t *
merged(struct arena *a, const json_t *before, const json_t *patch)
{
	json_t *out = json_keep(a,
	    before != NULL ? json_copy((json_t *)(uintptr_t)before) : json_object());
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)patch, key, v)
		if (json_is_null(v))
			(void)json_object_del(out, key);
		else
			(void)json_object_set(out, key, v);
	return out;
}

static json_t *
column_json(struct req *r, const struct rows *rows, const char *column)
{
	const char *text = rows_text(rows, 0, column), *why;

	return text != NULL ? json_read(r->a, text, strlen(text), &why) : NULL;
}

/* What is to be stored; false with the answer given. */
struct stored {
	const char *settings, *names, *values;
};
static bool
integration_begin(struct req *r, const char *id, bool make, struct stored *s)
{
	const struct rows *rows = tx_run(r->tx, &q_integration_begin,
	    ARGS(make ? NULL : id, make ? NULL : r->if_match));
	struct integration_change c = {.given = json_object_get(r->body, "credentials")};
	const char *kind;

	if (rows == NULL) {
		(void)problem_db(r);
		return false;
	}
	kind = make ? body_text(r, "kind") : rows_text(rows, 0, "kind");
	c.before = make ? NULL : column_json(r, rows, "settings");
	c.stored = column_json(r, rows, "credentials");
	c.after = merged(r->a, c.before, json_object_get(r->body, "settings"));
	if (!integration_check(r, kind, &c)) {
		(void)problem_fields(r);
		return false;
	}
	s->settings = json_text(r->a, c.after);
	if (!seal_all(r, rows_text(rows, 0, "data_key"), id, c.given, &s->names, &s->values)) {
		(void)problem(r, &P_INTERNAL, NULL);
		return false;
	}
	return true;
}

int
integration_create(struct req *r)
{
	struct stored s;
	char id[37];

	uuid7(id);
	if (!integration_begin(r, id, true, &s))
		return r->status;
	return reply_query(r, &q_integration_create,
	    ARGS(id, body_text(r, "kind"), body_text(r, "name"), s.settings, s.names, s.values));
}

int
integration_patch(struct req *r)
{
	struct stored s;

	if (!integration_begin(r, r->arg[0], false, &s))
		return r->status;
	return reply_query(r, &q_integration_patch,
	    ARGS(r->arg[0], body_text(r, "name"), s.settings, s.names, s.values));
}

int
integration_delete(struct req *r)
{
	return reply_query(r, &q_integration_delete, ARGS(r->arg[0], r->if_match));
}
