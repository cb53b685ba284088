/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activities: notes, calls, meetings, mails and tasks, about a contact, an account or both. */
#include "fcgi/crm/crm.h"

#define NEWEST(what) \
	"SELECT api.activity_json(v) AS item, concat_ws(E'\\x1f', v.id::text, " \
	"app.cursor_text(v.occurred_at)) AS cursor " \
	"FROM pact.activity v WHERE v.tenant_id = $1::uuid AND v." what " = $5::uuid " \
	"AND (v.occurred_at, v.id) < (app.cursor_time($4::text), $3::uuid) " \
	"ORDER BY v.occurred_at DESC, v.id DESC LIMIT $2::int"
TENANT_QUERY(q_activities_contact, PLAN_GENERIC, NEWEST("contact_id"));
TENANT_QUERY(q_activities_account, PLAN_GENERIC, NEWEST("account_id"));
/* those without a date last */
TENANT_QUERY(q_activities_tasks, PLAN_GENERIC,
    "SELECT api.activity_json(v) AS item, concat_ws(E'\\x1f', v.id::text, "
    "app.cursor_text(coalesce(v.due_at, 'infinity'))) AS cursor "
    "FROM pact.activity v WHERE v.tenant_id = $1::uuid AND v.kind = 'task' AND v.done_at IS NULL "
    "AND (coalesce(v.due_at, 'infinity'), v.id) > (app.cursor_time($4::text), $3::uuid) "
    "ORDER BY coalesce(v.due_at, 'infinity'), v.id LIMIT $2::int");
TENANT_QUERY(q_activities_contact_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.activity v WHERE v.tenant_id = $1::uuid AND v.contact_id = $2::uuid"));
TENANT_QUERY(q_activities_account_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.activity v WHERE v.tenant_id = $1::uuid AND v.account_id = $2::uuid"));
TENANT_QUERY(q_activities_tasks_count, PLAN_GENERIC,
    COUNT_TO_10000(
        "pact.activity v WHERE v.tenant_id = $1::uuid AND v.kind = 'task' AND v.done_at IS NULL"));
TENANT_QUERY(q_activity_get, PLAN_GENERIC,
    "SELECT body, etag FROM app.activity_reply($1::uuid, $2::uuid)");
TENANT_QUERY(q_activity_create, PLAN_GENERIC,
    "SELECT body, etag, location FROM app.activity_create($1::uuid, $2::jsonb)");
TENANT_QUERY(q_activity_patch, PLAN_GENERIC,
    "SELECT body, etag FROM app.activity_patch($1::uuid, $2::uuid, $3::bigint, $4::jsonb)");
TENANT_QUERY(q_activity_delete, PLAN_GENERIC,
    "SELECT deleted FROM app.activity_delete($1::uuid, $2::uuid, $3::bigint)");

const struct field activity_list_params[] = {
    {"contact_id", F_UUID},
    {"account_id", F_UUID},
    {"open_tasks", F_BOOL,
        .help = "Tasks of the workspace that are not done, those due first at the top."},
    {0},
};
const struct field activity_body[] = {
    {"contact_id", F_UUID, NULLABLE},
    {"account_id", F_UUID, NULLABLE},
    {"kind", F_ENUM, REQUIRED, .choices = "note|call|meeting|email|task"},
    {"subject", F_TEXT, NULLABLE, .max = 300},
    {"body", F_MULTILINE, NULLABLE, .max = 20000},
    {"occurred_at", F_TIME, NULLABLE, .help = "Now when not given."},
    {"due_at", F_TIME, NULLABLE, .help = "Of a task."},
    {"done_at", F_TIME, NULLABLE, .help = "Of a task: when it was done; null opens it again."},
    {0},
};

static const struct field contact_ref_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"name", F_TEXT, REQUIRED | NULLABLE, .help = "The address when it has no name."},
    {0},
};
static const struct field activity_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"contact_id", F_UUID, REQUIRED | NULLABLE},
    {"contact", F_OBJECT, REQUIRED | NULLABLE, .members = contact_ref_members},
    {"account_id", F_UUID, REQUIRED | NULLABLE},
    {"account", F_OBJECT, REQUIRED | NULLABLE, .members = account_ref_members},
    {"kind", F_ENUM, REQUIRED, .choices = "note|call|meeting|email|task"},
    {"subject", F_TEXT, REQUIRED, .max = 300},
    {"body", F_MULTILINE, REQUIRED, .max = 20000},
    {"occurred_at", F_TIME, REQUIRED},
    {"due_at", F_TIME, REQUIRED | NULLABLE},
    {"done_at", F_TIME, REQUIRED | NULLABLE},
    {"actor", F_TEXT, REQUIRED | NULLABLE, .help = "The address of the user who wrote it."},
    {"created_at", F_TIME, REQUIRED},
    {"updated_at", F_TIME, REQUIRED},
    {0},
};
const struct representation activity_rep = {"activity", activity_members};

int
activity_list(struct req *r)
{
	const char *after[2], *contact = param(r, "contact_id"), *account = param(r, "account_id");
	bool tasks = str_eq(param(r, "open_tasks"), "true");

	if ((contact != NULL) + (account != NULL) + tasks != 1)
		return problem(r, &P_NOT_OFFERED,
		    "Ask for one of contact_id, account_id and open_tasks=true.");
	if (!cursor_parts(r, 2, after) ||
	    (after[0] != NULL && (!uuid_valid(after[0]) || !cursor_time_valid(after[1]))))
		return bad_cursor(r);
	if (after[0] == NULL) {
		after[0] = tasks ? FIRST_ID : LAST_ID;
		after[1] = tasks ? FIRST_TIME : "";
	}
	if (tasks) {
		list_total(r, &q_activities_tasks_count, NO_ARGS);
		return reply_list(r, &q_activities_tasks, ARGS(page_limit(r), after[0], after[1]));
	}
	list_total(r, contact != NULL ? &q_activities_contact_count : &q_activities_account_count,
	    ARGS(contact != NULL ? contact : account));
	return reply_list(r, contact != NULL ? &q_activities_contact : &q_activities_account,
	    ARGS(page_limit(r), after[0], after[1], contact != NULL ? contact : account));
}

/* A stored answer is found by erasure through the contact it is about. */
static int
about(struct req *r, int status)
{
	r->resource_id = body_text(r, "contact_id");
	return status;
}

int
activity_get(struct req *r)
{
	return reply_query(r, &q_activity_get, ARGS(r->arg[0]));
}

int
activity_create(struct req *r)
{
	return about(r, reply_query(r, &q_activity_create, ARGS(r->body_text)));
}

int
activity_patch(struct req *r)
{
	return reply_query(r, &q_activity_patch, ARGS(r->arg[0], r->if_match, r->body_text));
}

int
activity_delete(struct req *r)
{
	return reply_query(r, &q_activity_delete, ARGS(r->arg[0], r->if_match));
}
