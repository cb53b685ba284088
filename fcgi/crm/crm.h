/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crm: contacts, what may be sent to them and why, and everything around them. The surface of the
 * program on one page.
 */
#ifndef PACT_CRM_CRM_H
#define PACT_CRM_CRM_H

#include "shared/app/app.h"
#include "shared/base/str.h"

/*
 * What the ledger calls a change made here: `manual` from the pages, `api` from a program with a
 * token.
 */
#define CONSENT_SOURCE(r) ((r)->by_cookie ? "manual" : "api")

#define FIRST_ID "00000000-0000-0000-0000-000000000000"
#define LAST_ID "ffffffff-ffff-ffff-ffff-ffffffffffff"
/* A time in a cursor (app.cursor_time()): microseconds since 1970, or empty for the end of time. */
#define FIRST_TIME "-62135596800000000"
static inline bool
cursor_time_valid(const char *s)
{
	int64_t us;

	return *s == '\0' || str_int64(s, -62135596800000000, 253402300799999999, &us);
}

/* The answer to a cursor that is none of this list. */
int bad_cursor(struct req *r);

/* contact.c: one contact */
extern const struct field contact_body[];
extern const struct representation contact_rep;
extern const struct query q_contact_get, q_contact_known, q_contact_create, q_contact_patch,
    q_contact_archive, q_contact_restore, q_contact_erase, q_archive_expired;
int contact_get(struct req *r);
int contact_create(struct req *r);
int contact_patch(struct req *r);
int contact_archive(struct req *r);
int contact_restore(struct req *r);
int contact_erase(struct req *r);
enum job_result archive_expired(struct job *j);
/*
 * Ends the transaction and answers the page kept before, if there is such a contact: its ledger
 * outlives it, and is then nobody's to read by its id.
 */
int reply_of_contact(struct req *r, struct rows *const *page);

/* contact_list.c: filter and sort to a statement, each served by an index */
extern const struct field contact_list_params[];
extern const struct query q_contacts_new, q_contacts_old, q_contacts_name, q_contacts_email,
    q_contacts_status_new, q_contacts_status_old, q_contacts_account_new, q_contacts_account_old,
    q_contacts_tag_new, q_contacts_tag_old, q_contacts_archived_new, q_contacts_archived_old,
    q_contacts_text_new, q_contacts_text_old, q_contacts_text_status_new,
    q_contacts_text_status_old, q_contacts_prefix;
int contact_list(struct req *r);

/* contact_count.c: how many match, exact to 10000 */
enum contact_filter {
	BY_NOTHING,
	BY_STATUS,
	BY_ACCOUNT,
	BY_TAG,
	BY_ARCHIVED,
	BY_TEXT,
	BY_TEXT_STATUS,
	CONTACT_FILTERS
};
extern const struct query q_count_all, q_count_status, q_count_account, q_count_tag,
    q_count_archived, q_count_text, q_count_text_status;
extern const struct query *const contact_counts[CONTACT_FILTERS];

/* consent.c: the ledger of a contact, and changes to it */
extern const struct field consent_body[], bulk_consent_body[];
extern const struct representation consent_rep, bulk_consent_rep;
extern const struct query q_consent_list, q_consent_count, q_consent_set, q_consent_bulk,
    q_consent_bulk_start, q_consent_bulk_step;
int consent_list(struct req *r);
int consent_set(struct req *r);
int consent_bulk(struct req *r);
enum job_result consent_bulk_job(struct job *j);

/* timeline.c: one dated stream of everything */
extern const struct representation timeline_rep;
extern const struct query q_timeline, q_timeline_count;
int timeline(struct req *r);

/* export.c: data out */
extern const struct field export_params[];
extern const struct representation contact_export_rep;
extern const struct query q_contact_export, q_export_fields, q_export_audit, q_export_patience,
    q_export_json, q_export_csv;
int contact_export(struct req *r);
int contacts_export(struct req *r);

/* account.c */
extern const struct field account_body[], account_list_params[], account_delete_params[],
    account_ref_members[];
extern const struct representation account_rep;
extern const struct query q_accounts_name, q_accounts_new, q_accounts_count, q_account_get,
    q_account_create, q_account_patch, q_account_delete;
int account_list(struct req *r);
int account_get(struct req *r);
int account_create(struct req *r);
int account_patch(struct req *r);
int account_delete(struct req *r);

/* activity.c: notes, calls, meetings, mails, tasks */
extern const struct field activity_body[], activity_list_params[];
extern const struct representation activity_rep;
extern const struct query q_activities_contact, q_activities_account, q_activities_tasks,
    q_activities_contact_count, q_activities_account_count, q_activities_tasks_count,
    q_activity_get, q_activity_create, q_activity_patch, q_activity_delete;
int activity_list(struct req *r);
int activity_get(struct req *r);
int activity_create(struct req *r);
int activity_patch(struct req *r);
int activity_delete(struct req *r);

/* custom_field.c: fields a workspace adds, and the tags in use */
extern const struct field custom_field_body[];
extern const struct representation custom_field_rep, tag_rep;
extern const struct query q_custom_fields, q_custom_fields_count, q_custom_field_create, q_tags,
    q_tags_count;
int custom_field_list(struct req *r);
int custom_field_create(struct req *r);
int tag_list(struct req *r);

/* import.c, import_upload.c, import_job.c, import_revert.c: files of contacts */
extern const struct field import_params[], import_body[], import_start_body[],
    import_error_params[];
extern const struct representation import_rep, import_error_rep;
extern const struct query q_imports, q_imports_count, q_import_get, q_import_head, q_import_patch,
    q_import_start, q_import_cancel, q_import_revert, q_import_errors, q_import_errors_count,
    q_import_known, q_import_errors_all, q_import_create, q_import_chunk, q_import_received,
    q_import_run, q_import_read, q_import_total, q_import_apply, q_import_finish,
    q_import_revert_step;
int import_upload(struct req *r);
int import_list(struct req *r);
int import_get(struct req *r);
int import_patch(struct req *r);
int import_start(struct req *r);
int import_cancel(struct req *r);
int import_revert(struct req *r);
int import_errors(struct req *r);
enum job_result import_job(struct job *j);
enum job_result import_revert_job(struct job *j);

/* settings.c */
extern const struct field privacy_body[];
extern const struct representation privacy_rep;
extern const struct query q_privacy_get, q_privacy_patch;
int privacy_get(struct req *r);
int privacy_patch(struct req *r);

/* job.c: how far background work has come */
extern const struct representation job_rep;
extern const struct query q_job;
int job_get(struct req *r);

#endif
