/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts: the organisations that contacts belong to. */
#include "fcgi/crm/crm.h"

TENANT_QUERY(q_accounts_name, PLAN_GENERIC,
    "SELECT api.account_json(a) AS item, concat_ws(E'\\x1f', a.id::text, a.name_norm) AS cursor "
    "FROM pact.account a "
    "WHERE a.tenant_id = $1::uuid AND a.name_norm < app.search_end(app.search_text($5::text)) "
    "AND (a.name_norm, a.id) > (CASE WHEN $4::text = '' THEN app.search_text($5::text) ELSE "
    "$4::text END, $3::uuid) ORDER BY a.name_norm, a.id LIMIT $2::int");
TENANT_QUERY(q_accounts_new, PLAN_GENERIC,
    "SELECT api.account_json(a) AS item, a.id::text AS cursor FROM pact.account a WHERE "
    "a.tenant_id = $1::uuid AND a.id < $3::uuid "
    "ORDER BY a.id DESC LIMIT $2::int");
TENANT_QUERY(q_accounts_count, PLAN_GENERIC,
    COUNT_TO_10000(
        "pact.account a WHERE a.tenant_id = $1::uuid AND a.name_norm >= app.search_text($2::text) "
        "AND a.name_norm < app.search_end(app.search_text($2::text))"));
TENANT_QUERY(q_account_get, PLAN_GENERIC,
    "SELECT body, etag FROM app.account_reply($1::uuid, $2::uuid)");
TENANT_QUERY(q_account_create, PLAN_GENERIC,
    "SELECT body, etag, location FROM app.account_create($1::uuid, $2::jsonb)");
TENANT_QUERY(q_account_patch, PLAN_GENERIC,
    "SELECT body, etag FROM app.account_patch($1::uuid, $2::uuid, $3::bigint, $4::jsonb)");
TENANT_QUERY(q_account_delete, PLAN_GENERIC,
    "SELECT deleted FROM app.account_delete($1::uuid, $2::uuid, $3::bigint, $4::boolean)");

const struct field account_list_params[] = {
    {"q", F_TEXT, .max = 100, .help = "The beginning of the name."},
    {"sort", F_ENUM, .choices = "name|-created_at", .help = "name when not given."},
    {0},
};
const struct field account_delete_params[] = {
    {"detach", F_BOOL,
        .help =
            "Contacts stay and belong to no account; activities about the account alone go with "
            "it."},
    {0},
};
const struct field account_body[] = {
    {"name", F_TEXT, REQUIRED, .max = 200},
    {"domain", F_TEXT, NULLABLE, .max = 253},
    {"phone", F_TEXT, NULLABLE, .max = 60},
    {"note", F_MULTILINE, NULLABLE, .max = 10000},
    {0},
};

const struct field account_ref_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {0},
};
static const struct field account_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {"domain", F_TEXT, REQUIRED | NULLABLE},
    {"phone", F_TEXT, REQUIRED | NULLABLE},
    {"note", F_MULTILINE, REQUIRED | NULLABLE},
    {"contacts", F_INT, REQUIRED,
        .help = "How many contacts refer to it, archived ones too, counted to 1000."},
    {"created_at", F_TIME, REQUIRED},
    {"updated_at", F_TIME, REQUIRED},
    {0},
};
const struct representation account_rep = {"account", account_members};

int
account_list(struct req *r)
{
	const char *after[2] = {NULL}, *q = param(r, "q");
	bool newest = str_eq(param(r, "sort"), "-created_at");

	if (newest && q != NULL)
		return problem(r, &P_NOT_OFFERED,
		    "A search comes in the order of names: leave sort out, or q.");
	if (!cursor_parts(r, newest ? 1 : 2, after) || (after[0] != NULL && !uuid_valid(after[0])))
		return bad_cursor(r);
	list_total(r, &q_accounts_count, ARGS(q != NULL ? q : ""));
	if (newest)
		return reply_list(r, &q_accounts_new,
		    ARGS(page_limit(r), after[0] != NULL ? after[0] : LAST_ID));
	return reply_list(r, &q_accounts_name,
	    ARGS(page_limit(r), after[0] != NULL ? after[0] : FIRST_ID,
	        after[0] != NULL ? after[1] : "", q != NULL ? q : ""));
}

int
account_get(struct req *r)
{
	return reply_query(r, &q_account_get, ARGS(r->arg[0]));
}

int
account_create(struct req *r)
{
	return reply_query(r, &q_account_create, ARGS(r->body_text));
}

int
account_patch(struct req *r)
{
	return reply_query(r, &q_account_patch, ARGS(r->arg[0], r->if_match, r->body_text));
}

int
account_delete(struct req *r)
{
	const char *detach = param(r, "detach");

	return reply_query(r, &q_account_delete,
	    ARGS(r->arg[0], r->if_match, detach != NULL ? detach : "false"));
}
