/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The consent ledger of a contact, and changes of consent: one by one, up to 1000 by id, or all
 * that match as a job.
 */
#include "fcgi/crm/crm.h"

TENANT_QUERY(q_consent_list, PLAN_GENERIC,
    "SELECT api.consent_json(e) AS item, e.id::text AS cursor FROM pact.contact_event e WHERE "
    "e.tenant_id = $1::uuid "
    "AND e.contact_id = $2::uuid AND e.status IS NOT NULL AND e.id < $3::uuid ORDER BY e.id DESC "
    "LIMIT $4::int");
TENANT_QUERY(q_consent_count, PLAN_GENERIC,
    COUNT_TO_10000("pact.contact_event e WHERE e.tenant_id = $1::uuid AND e.contact_id = $2::uuid "
                   "AND e.status IS NOT NULL"));
TENANT_QUERY(q_consent_set, PLAN_GENERIC,
    "SELECT body, etag FROM app.contact_consent($1::uuid, $2::uuid, $3::jsonb, $4::text)");
TENANT_QUERY(q_consent_bulk, PLAN_GENERIC,
    "SELECT json_build_object('changed', changed, 'unchanged', unchanged, 'refused', refused) AS "
    "body FROM app.consent_bulk("
    "ARRAY(SELECT e::uuid FROM jsonb_array_elements_text($2::jsonb -> 'contacts') e), $2::jsonb, "
    "$3::text) "
    "WHERE $1::uuid IS NOT NULL");
TENANT_QUERY(q_consent_bulk_start, PLAN_GENERIC,
    "SELECT body, location FROM app.consent_bulk_start($1::uuid, $2::jsonb, $3::text)");
TENANT_QUERY(q_consent_bulk_step, PLAN_GENERIC,
    "SELECT app.consent_bulk_step($1::uuid, $2::uuid, $3::jsonb, 1000) AS finished");

const struct field consent_body[] = {
    {"status", F_ENUM, REQUIRED, .choices = "confirmed|pending|declined"},
    {"source", F_TEXT, NULLABLE, .max = 60,
        .help = "Where it comes from, such as web_form; manual or api when not given."},
    {"evidence", F_EVIDENCE, NULLABLE, .max = 20,
        .help = "What shows it; `at` in it is when the person did it."},
    {"at", F_TIME, NULLABLE,
        .help = "When the person did it; now when neither this nor evidence says."},
    {0},
};

static const struct field filter_members[] = {
    {"q", F_TEXT, NULLABLE, .max = 100},
    {"consent_status", F_ENUM, NULLABLE, .choices = "confirmed|pending|declined"},
    {"account_id", F_UUID, NULLABLE},
    {"tag", F_TEXT, NULLABLE, .max = 60},
    {0},
};
const struct field bulk_consent_body[] = {
    {"contacts", F_UUIDS, .min = 1, .max = 1000, .help = "Either these, or filter."},
    {"filter", F_OBJECT, .members = filter_members,
        .help = "Everything that matches, as a job; {} is all contacts."},
    {"status", F_ENUM, REQUIRED, .choices = "confirmed|pending|declined"},
    {"source", F_TEXT, NULLABLE, .max = 60},
    {"evidence", F_EVIDENCE, NULLABLE, .max = 20},
    {"at", F_TIME, NULLABLE},
    {0},
};

static const struct field consent_members[] = {
    {"id", F_UUID, REQUIRED},
    {"at", F_TIME, REQUIRED, .help = "When it was recorded."},
    {"kind", F_ENUM, REQUIRED,
        .choices = "created|consent|archived|restored|merged|erasure_executed"},
    {"status", F_ENUM, REQUIRED | NULLABLE, .choices = "confirmed|pending|declined"},
    {"previous", F_ENUM, REQUIRED | NULLABLE, .choices = "confirmed|pending|declined"},
    {"source", F_TEXT, REQUIRED},
    {"actor", F_TEXT, REQUIRED, .help = "The address of the user who did it, or what did."},
    {"effective_at", F_TIME, REQUIRED, .help = "When the person did it, as far as is known."},
    {"evidence", F_ANY, REQUIRED},
    {"import_id", F_UUID, REQUIRED | NULLABLE},
    {0},
};
const struct representation consent_rep = {"consent_event", consent_members};

static const struct field refused_members[] = {
    {"contact", F_UUID, REQUIRED},
    {"reason", F_ENUM, REQUIRED, .choices = "consent-required|suppressed|not-found"},
    {0},
};
static const struct field bulk_members[] = {
    {"changed", F_INT, REQUIRED},
    {"unchanged", F_INT, REQUIRED},
    {"refused", F_LIST, REQUIRED, .members = refused_members},
    {0},
};
static const struct field started_members[] = {
    {"job", F_UUID, REQUIRED, .help = "GET /v1/jobs/{id} says how far it has come."},
    {"status", F_TEXT, REQUIRED},
    {0},
};
static const struct representation started_rep = {.name = "job_started",
    .members = started_members};
const struct representation bulk_consent_rep = {.name = "bulk_consent",
    .members = bulk_members,
    .other = &started_rep,
    .other_status = 202};

int
consent_list(struct req *r)
{
	const char *after;
	struct rows *page;

	if (!cursor_parts(r, 1, &after) || (after != NULL && !uuid_valid(after)))
		return bad_cursor(r);
	list_total(r, &q_consent_count, ARGS(r->arg[0]));
	tx_keep(r->tx, &q_consent_list,
	    ARGS(r->arg[0], after != NULL ? after : LAST_ID, page_limit(r)), &page);
	return reply_of_contact(r, &page);
}

int
consent_set(struct req *r)
{
	int status = reply_query(r, &q_consent_set,
	    ARGS(r->arg[0], r->body_text, CONSENT_SOURCE(r)));

	r->resource_id = r->arg[0];
	return status;
}

int
consent_bulk(struct req *r)
{
	bool ids = json_object_get(r->body, "contacts") != NULL,
	     filter = json_object_get(r->body, "filter") != NULL;

	if (ids == filter) {
		field_error_add(r->a, &r->errors, ids ? "/filter" : "/contacts",
		    "Send either contacts or a filter.");
		return problem_fields(r);
	}
	if (ids)
		return reply_query(r, &q_consent_bulk, ARGS(r->body_text, CONSENT_SOURCE(r)));
	if (reply_query(r, &q_consent_bulk_start, ARGS(r->body_text, CONSENT_SOURCE(r))) == 200)
		r->status = 202;
	return r->status;
}

/* A thousand at a time, each in a transaction of its own that also says how far it came. */
enum job_result
consent_bulk_job(struct job *j)
{
	const char *payload = json_text(j->a, j->payload);

	for (;;) {
		struct tx *tx = job_tx(j);
		const struct rows *rows =
		    tx != NULL ? tx_last(tx, &q_consent_bulk_step, ARGS(j->id, payload)) : NULL;

		if (rows == NULL)
			return JOB_RETRY;
		if (str_eq(rows_text(rows, 0, "finished"), "t"))
			return JOB_DONE;
		if (!job_extend(j, 120))
			return JOB_RETRY;
	}
}
