/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One contact. What only the database can decide (merging, duplicates, versions) is in
 * sql/api/crm_contact.sql.
 */
#include "fcgi/crm/crm.h"

TENANT_QUERY(q_contact_get, PLAN_GENERIC,
    "SELECT body, etag FROM app.contact_reply($1::uuid, $2::uuid)");
TENANT_QUERY(q_contact_known, PLAN_GENERIC,
    "SELECT c.id FROM pact.contact c WHERE c.tenant_id = $1::uuid AND c.id = $2::uuid");
TENANT_QUERY(q_contact_create, PLAN_GENERIC,
    "SELECT body, etag, location FROM app.contact_create($1::uuid, $2::jsonb, $3::text)");
TENANT_QUERY(q_contact_patch, PLAN_GENERIC,
    "SELECT body, etag FROM app.contact_patch($1::uuid, $2::uuid, $3::bigint, $4::jsonb, "
    "$5::text)");
TENANT_QUERY(q_contact_archive, PLAN_GENERIC,
    "SELECT body, etag FROM app.contact_archive($1::uuid, $2::uuid, true)");
TENANT_QUERY(q_contact_restore, PLAN_GENERIC,
    "SELECT body, etag FROM app.contact_archive($1::uuid, $2::uuid, false)");
TENANT_QUERY(q_contact_erase, PLAN_GENERIC,
    "SELECT erased FROM app.contact_erase($1::uuid, $2::uuid, $3::bigint)");
TENANT_QUERY(q_archive_expired, PLAN_GENERIC, "SELECT app.archive_expired($1::uuid, $2::uuid)");

const struct field contact_body[] = {
    {"email", F_EMAIL, NULLABLE,
        .help = "One contact of a workspace has it; contacts without an address are allowed."},
    {"first_name", F_TEXT, NULLABLE, .max = 200},
    {"last_name", F_TEXT, NULLABLE, .max = 200},
    {"phone", F_TEXT, NULLABLE, .max = 60},
    {"title", F_TEXT, NULLABLE, .max = 200},
    {"account_id", F_UUID, NULLABLE},
    {"tags", F_TEXTS, NULLABLE, .max = 100},
    {"custom", F_MAP, NULLABLE, .max = 100,
        .help = "Values of custom fields by their key; null removes one."},
    {"consent_status", F_ENUM, .choices = "confirmed|pending|declined",
        .help = "The workspace's default policy when it is not given for a new contact."},
    {"consent_source", F_TEXT, NULLABLE, .max = 60,
        .help = "Where it comes from, such as web_form."},
    {"consent_evidence", F_EVIDENCE, NULLABLE, .max = 20,
        .help = "What shows it; `at` is when the person did it."},
    {0},
};

static const struct field contact_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"email", F_EMAIL, REQUIRED | NULLABLE},
    {"first_name", F_TEXT, REQUIRED | NULLABLE},
    {"last_name", F_TEXT, REQUIRED | NULLABLE},
    {"phone", F_TEXT, REQUIRED | NULLABLE},
    {"title", F_TEXT, REQUIRED | NULLABLE},
    {"account_id", F_UUID, REQUIRED | NULLABLE},
    {"account", F_OBJECT, REQUIRED | NULLABLE, .members = account_ref_members},
    {"tags", F_TEXTS, REQUIRED},
    {"custom", F_MAP, REQUIRED},
    {"consent_status", F_ENUM, REQUIRED, .choices = "confirmed|pending|declined"},
    {"consent_source", F_TEXT, REQUIRED},
    {"consent_at", F_TIME, REQUIRED, .help = "When the person did it, as far as is known."},
    {"suppressed", F_BOOL, REQUIRED, .help = "The address is on the suppression list."},
    {"archived_at", F_TIME, REQUIRED | NULLABLE},
    {"created_at", F_TIME, REQUIRED},
    {"updated_at", F_TIME, REQUIRED},
    {0},
};
const struct representation contact_rep = {"contact", contact_members};

/* A stored answer is found by erasure through the contact it is about. */
static int
about(struct req *r, int status)
{
	if (r->arg[0] != NULL)
		r->resource_id = r->arg[0];
	else if (r->etag != NULL)
		r->resource_id = arena_strndup(r->a, r->etag, 36);
	return status;
}

int
contact_get(struct req *r)
{
	return reply_query(r, &q_contact_get, ARGS(r->arg[0]));
}

int
reply_of_contact(struct req *r, struct rows *const *page)
{
	const struct rows *contact = tx_last(r->tx, &q_contact_known, ARGS(r->arg[0]));

	if (contact == NULL)
		return problem_db(r);
	return rows_count(contact) > 0 ? reply_page(r, *page) : problem(r, &P_NOT_FOUND, NULL);
}

int
contact_create(struct req *r)
{
	return about(r, reply_query(r, &q_contact_create, ARGS(r->body_text, CONSENT_SOURCE(r))));
}

int
contact_patch(struct req *r)
{
	return reply_query(r, &q_contact_patch,
	    ARGS(r->arg[0], r->if_match, r->body_text, CONSENT_SOURCE(r)));
}

int
contact_archive(struct req *r)
{
	return about(r, reply_query(r, &q_contact_archive, ARGS(r->arg[0])));
}

int
contact_restore(struct req *r)
{
	return about(r, reply_query(r, &q_contact_restore, ARGS(r->arg[0])));
}

int
contact_erase(struct req *r)
{
	return reply_query(r, &q_contact_erase, ARGS(r->arg[0], r->if_match));
}

/* Thirty days after archiving. Nothing happens to a contact that was restored meanwhile. */
enum job_result
archive_expired(struct job *j)
{
	struct tx *tx = job_tx(j);

	if (tx == NULL)
		return JOB_RETRY;
	tx_queue(tx, &q_archive_expired,
	    ARGS(json_string_value(json_object_get(j->payload, "contact"))));
	return tx_commit(tx) ? JOB_DONE : JOB_RETRY;
}
