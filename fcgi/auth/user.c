/* SPDX-License-Identifier: GPL-3.0-or-later */
/* People who work in a workspace (A9). */
#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

TENANT_QUERY(q_users, PLAN_GENERIC,
    "SELECT api.user_json(u) AS item, u.email_norm AS cursor FROM pact.user_account u WHERE u.tenant_id = $1::uuid "
    "AND u.email_norm > $2::text ORDER BY u.email_norm LIMIT $3::int");
TENANT_QUERY(q_users_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.user_account u WHERE u.tenant_id = $1::uuid"));
TENANT_QUERY(q_user_get, PLAN_GENERIC, "SELECT body, etag FROM app.user_reply($1::uuid, $2::uuid)");
DOOR_QUERY(q_user_invite,
    "SELECT body, etag, location FROM app.user_invite($1::jsonb, $2::bytea, $3::uuid, $4::bytea, $5)");
DOOR_QUERY(q_user_patch, "SELECT body, etag FROM app.user_patch($1::uuid, $2::bigint, $3::jsonb)");
DOOR_QUERY(q_user_delete, "SELECT deleted FROM app.user_delete($1::uuid, $2::bigint)");
DOOR_QUERY(q_user_sso_remove, "SELECT deleted FROM app.user_sso_remove($1::uuid)");
DOOR_QUERY(q_user_mfa_remove, "SELECT deleted FROM app.user_mfa_remove($1::uuid)");

#define ROLES \
	{ \
		"roles", F_TEXTS, REQUIRED, .min = 1, .max = 20, .help = "Names of roles." \
	}
const struct field invite_body[] = {
    {"email", F_EMAIL, REQUIRED},
    {"name", F_TEXT, NULLABLE, .max = 200},
    ROLES,
    {0},
};
const struct field user_body[] = {
    {"name", F_TEXT, NULLABLE, .max = 200},
    ROLES,
    {"status", F_ENUM, REQUIRED, .choices = "active|suspended",
        .help = "Suspended: logged out everywhere at once, and cannot log in."},
    {0},
};

static const struct field user_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"email", F_EMAIL, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {"roles", F_TEXTS, REQUIRED},
    {"mfa", F_BOOL, REQUIRED, .help = "Has a second factor."},
    {"sso", F_BOOL, REQUIRED, .help = "Has come by single sign-on."},
    {"scim", F_BOOL, REQUIRED, .help = "An identity provider looks after this person."},
    {"status", F_ENUM, REQUIRED, .choices = "invited|active|suspended"},
    {"last_login_at", F_TIME, REQUIRED | NULLABLE},
    {"created_at", F_TIME, REQUIRED},
    {0},
};
const struct representation user_rep = {"user", user_members};

int
user_list(struct req *r)
{
	const char *after;

	if (!cursor_parts(r, 1, &after))
		return problem_fields(r);
	list_total(r, &q_users_count, NO_ARGS);
	return reply_list(r, &q_users, ARGS(after != NULL ? after : "", page_limit(r)));
}

int
user_get(struct req *r)
{
	return reply_query(r, &q_user_get, ARGS(r->arg[0]));
}

int
user_invite(struct req *r)
{
	uint8_t hmac[SHA256_LEN];
	CLEANUP(handle_wipe) struct handle t;

	address_hmac(hmac, body_text(r, "email"));
	handle_new(&t, r->claims.tenant);
	return reply_query(r, &q_user_invite,
	    ARGS(r->body_text, db_bytea(r->a, hmac, sizeof hmac), t.id, handle_sha256(r->a, &t),
	        link_text(r->a, "invited", &t)));
}

int
user_patch(struct req *r)
{
	return reply_query(r, &q_user_patch, ARGS(r->arg[0], r->if_match, r->body_text));
}

int
user_delete(struct req *r)
{
	return reply_query(r, &q_user_delete, ARGS(r->arg[0], r->if_match));
}

int
user_mfa_remove(struct req *r)
{
	return reply_query(r, &q_user_mfa_remove, ARGS(r->arg[0]));
}

int
user_sso_remove(struct req *r)
{
	return reply_query(r, &q_user_sso_remove, ARGS(r->arg[0]));
}
