/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Roles, built-in and of a workspace's own (A9, A10). */
#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

TENANT_QUERY(q_roles, PLAN_GENERIC,
    "SELECT api.role_json(x) AS item, x.id::text AS cursor FROM pact.role x WHERE x.tenant_id = $1::uuid "
    "AND x.id > $2::uuid ORDER BY x.id LIMIT $3::int");
TENANT_QUERY(q_roles_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.role x WHERE x.tenant_id = $1::uuid"));
TENANT_QUERY(q_role_get, PLAN_GENERIC, "SELECT body, etag FROM app.role_reply($1::uuid, $2::uuid)");
DOOR_QUERY(q_role_create, "SELECT body, etag, location FROM app.role_create($1::jsonb)");
DOOR_QUERY(q_role_patch, "SELECT body, etag FROM app.role_patch($1::uuid, $2::bigint, $3::jsonb)");
DOOR_QUERY(q_role_delete, "SELECT deleted FROM app.role_delete($1::uuid, $2::bigint)");

const struct field role_body[] = {
    {"name", F_TEXT, REQUIRED, .min = 1, .max = 60},
    {"permissions", F_TEXTS, REQUIRED, .max = 60,
        .help = "Such as contact.read; those of the role owner are all there are."},
    {0},
};
static const struct field role_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {"builtin", F_BOOL, REQUIRED},
    {"permissions", F_TEXTS, REQUIRED},
    {"users", F_INT, REQUIRED, .help = "How many have it."},
    {0},
};
const struct representation role_rep = {"role", role_members};
int
role_list(struct req *r)
{
	const char *after;

	if (!cursor_id(r, &after))
		return problem_fields(r);
	list_total(r, &q_roles_count, NO_ARGS);
	return reply_list(r, &q_roles,
	    ARGS(after != NULL ? after : "00000000-0000-0000-0000-000000000000", page_limit(r)));
}

int
role_get(struct req *r)
{
	return reply_query(r, &q_role_get, ARGS(r->arg[0]));
}

int
role_create(struct req *r)
{
	return reply_query(r, &q_role_create, ARGS(r->body_text));
}

int
role_patch(struct req *r)
{
	return reply_query(r, &q_role_patch, ARGS(r->arg[0], r->if_match, r->body_text));
}

int
role_delete(struct req *r)
{
	return reply_query(r, &q_role_delete, ARGS(r->arg[0], r->if_match));
}
