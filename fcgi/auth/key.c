/* SPDX-License-Identifier: GPL-3.0-or-later */
/* API keys (A11): made and revoked here; that they open the door is the frame's (shared/app/session.c). */
#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

TENANT_QUERY(q_keys, PLAN_GENERIC,
    "SELECT api.key_json(x.tenant_id, x.id) AS item, x.id::text AS cursor FROM pact.api_key x WHERE x.tenant_id = $1::uuid "
    "AND x.id > $2::uuid ORDER BY x.id LIMIT $3::int");
TENANT_QUERY(q_keys_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.api_key x WHERE x.tenant_id = $1::uuid"));
TENANT_QUERY(q_key_get, PLAN_GENERIC, "SELECT body, etag FROM app.key_reply($1::uuid, $2::uuid)");
DOOR_QUERY(q_key_create,
    "SELECT body, etag, location FROM app.key_create($1::jsonb, $2::uuid, $3::bytea)");
DOOR_QUERY(q_key_patch, "SELECT body, etag FROM app.key_patch($1::uuid, $2::bigint, $3::jsonb)");
DOOR_QUERY(q_key_delete, "SELECT deleted FROM app.key_delete($1::uuid, $2::bigint)");

const struct field key_body[] = {
    {"name", F_TEXT, REQUIRED, .min = 1, .max = 100, .help = "What it is for."},
    {"roles", F_TEXTS, REQUIRED, .min = 1, .max = 20,
        .help = "Names of roles. The key may do what they and its user's roles have in common."},
    {"expires_at", F_TIME, NULLABLE, .help = "null or absent: it lasts until it is revoked."},
    {0},
};

static const struct field key_user_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"email", F_EMAIL, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {0},
};
#define KEY_MEMBERS \
	{"public_id", F_UUID, REQUIRED}, {"name", F_TEXT, REQUIRED}, \
	    {"starts_with", F_TEXT, REQUIRED, \
	        .help = "How its text begins, to tell one that turns up somewhere."}, \
	    {"roles", F_TEXTS, REQUIRED}, \
	    {"user", F_OBJECT, REQUIRED, .members = key_user_members, \
	        .help = "Who made it, and for whom it acts."}, \
	    {"created_at", F_TIME, REQUIRED}, {"expires_at", F_TIME, REQUIRED | NULLABLE}, \
	{ \
		"last_used_at", F_TIME, REQUIRED | NULLABLE, .help = "To five minutes." \
	}
static const struct field key_members[] = {KEY_MEMBERS, {0}};
const struct representation key_rep = {"api_key", key_members};

static const struct field key_made_members[] = {
    {"key", F_TEXT, REQUIRED, .help = "Shown this once. Send it as Authorization: Bearer."},
    KEY_MEMBERS,
    {0},
};
const struct representation key_made_rep = {"api_key_made", key_made_members};

int
key_list(struct req *r)
{
	const char *after;

	if (!cursor_id(r, &after))
		return problem_fields(r);
	list_total(r, &q_keys_count, NO_ARGS);
	return reply_list(r, &q_keys,
	    ARGS(after != NULL ? after : "00000000-0000-0000-0000-000000000000", page_limit(r)));
}

int
key_get(struct req *r)
{
	return reply_query(r, &q_key_get, ARGS(r->arg[0]));
}

int
key_create(struct req *r)
{
	uint8_t digest[SHA256_LEN];
	CLEANUP(handle_wipe) struct handle t;

	handle_new(&t, r->claims.tenant);
	sha256(digest, t.secret, sizeof t.secret);
	/* the text itself does not go to the database */
	if (reply_query(r, &q_key_create,
	        ARGS(r->body_text, t.id, db_bytea(r->a, digest, sizeof digest))) == 201) {
		r->reply = arena_printf(r->a, "{\"key\":\"" KEY_PREFIX "%s\",%s",
		    handle_text(r->a, &t), r->reply + 1);
		r->reply_len = strlen(r->reply);
	}
	return r->status;
}

int
key_patch(struct req *r)
{
	return reply_query(r, &q_key_patch, ARGS(r->arg[0], r->if_match, r->body_text));
}

int
key_delete(struct req *r)
{
	return reply_query(r, &q_key_delete, ARGS(r->arg[0], r->if_match));
}
