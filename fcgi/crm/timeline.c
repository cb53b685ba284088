/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened with a contact: the ledger, activities and changed fields as one stream. */
#include "fcgi/crm/crm.h"

TENANT_QUERY(q_timeline, PLAN_GENERIC,
    "SELECT t.item, concat_ws(E'\\x1f', t.id::text, app.cursor_text(t.at)) AS cursor "
    "FROM app.timeline($1::uuid, $2::uuid, app.cursor_time($4::text), $3::uuid, $5::int) t");
TENANT_QUERY(q_timeline_count, PLAN_GENERIC,
    COUNT_TO_10000("app.timeline($1::uuid, $2::uuid, 'infinity', '" LAST_ID "', 10001)"));

static const struct field timeline_members[] = {
    {"id", F_UUID, REQUIRED},
    {"at", F_TIME, REQUIRED},
    {"kind", F_ENUM, REQUIRED,
        .choices = "note|call|meeting|email|task|created|consent|archived|restored|merged|"
                   "erasure_executed|change"},
    {"subject", F_TEXT, REQUIRED | NULLABLE},
    {"body", F_MULTILINE, REQUIRED | NULLABLE,
        .help = "Of a change: old and new value of each of the fields."},
    {"status", F_ENUM, REQUIRED | NULLABLE, .choices = "confirmed|pending|declined"},
    {"previous", F_ENUM, REQUIRED | NULLABLE, .choices = "confirmed|pending|declined"},
    {"source", F_TEXT, REQUIRED | NULLABLE},
    {"actor", F_TEXT, REQUIRED | NULLABLE},
    {"evidence", F_ANY, REQUIRED},
    {"fields", F_TEXTS, REQUIRED | NULLABLE, .help = "Of a change: which fields."},
    {"due_at", F_TIME, REQUIRED | NULLABLE},
    {"done_at", F_TIME, REQUIRED | NULLABLE},
    {0},
};
const struct representation timeline_rep = {"timeline_item", timeline_members};

int
timeline(struct req *r)
{
	const char *after[2];
	struct rows *page;

	if (!cursor_parts(r, 2, after) ||
	    (after[0] != NULL && (!uuid_valid(after[0]) || !cursor_time_valid(after[1]))))
		return bad_cursor(r);
	list_total(r, &q_timeline_count, ARGS(r->arg[0]));
	tx_keep(r->tx, &q_timeline,
	    ARGS(r->arg[0], after[0] != NULL ? after[0] : LAST_ID, after[0] != NULL ? after[1] : "",
	        page_limit(r)),
	    &page);
	return reply_of_contact(r, &page);
}
