/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crm: contacts, accounts, activities, consent, imports, exports. Literal paths stand before typed ones. */
#include "fcgi/crm/crm.h"

#define READ DOOR_SESSION, "contact.read", TX_RO
#define WRITE DOOR_SESSION, "contact.write", TX_RW
#define IMPORT DOOR_SESSION, "contact.import"

static const struct route routes[] = {
    /* contacts */
    {"GET", "/v1/contacts", READ, contact_list_params, NULL, &contact_rep, R_LIST, contact_list, "List contacts"},
    {"POST", "/v1/contacts", WRITE, NULL, contact_body, &contact_rep, R_CREATED, contact_create, "Add a contact"},
    {"GET", "/v1/contacts/export", DOOR_SESSION, "contact.export", TX_RW, export_params, NULL, NULL, R_STREAM, contacts_export,
        "Export all contacts as JSON, JSON lines or CSV"},
    {"POST", "/v1/contacts/bulk-consent", WRITE, NULL, bulk_consent_body, &bulk_consent_rep, 0, consent_bulk,
        "Change the consent of many contacts: up to 1000 by id at once, or all that match a filter as a job (202)"},
    {"GET", "/v1/contacts/{id:uuid}", READ, NULL, NULL, &contact_rep, 0, contact_get, "A contact"},
    {"PATCH", "/v1/contacts/{id:uuid}", WRITE, NULL, contact_body, &contact_rep, R_PARTIAL | R_IF_MATCH, contact_patch,
        "Change a contact"},
    {"DELETE", "/v1/contacts/{id:uuid}", DOOR_SESSION, "contact.erase", TX_RW, NULL, NULL, NULL, R_NO_BODY | R_IF_MATCH,
        contact_erase, "Delete a contact permanently, with everything personal about it"},
    {"POST", "/v1/contacts/{id:uuid}/archive", WRITE, NULL, NULL, &contact_rep, 0, contact_archive,
        "Delete a contact so that it can be restored for 30 days"},
    {"POST", "/v1/contacts/{id:uuid}/restore", WRITE, NULL, NULL, &contact_rep, 0, contact_restore, "Bring an archived contact back"},
    {"GET", "/v1/contacts/{id:uuid}/consent", READ, NULL, NULL, &consent_rep, R_LIST, consent_list,
        "The consent ledger of a contact, newest first"},
    {"POST", "/v1/contacts/{id:uuid}/consent", WRITE, NULL, consent_body, &contact_rep, 0, consent_set,
        "Record a change of consent"},
    {"GET", "/v1/contacts/{id:uuid}/timeline", READ, NULL, NULL, &timeline_rep, R_LIST, timeline,
        "Everything that happened with a contact, newest first"},
    {"GET", "/v1/contacts/{id:uuid}/export", DOOR_SESSION, "contact.export", TX_RW, NULL, NULL, &contact_export_rep, R_STREAM,
        contact_export, "All that is stored about a contact, as one JSON document"},
    {"GET", "/v1/tags", READ, NULL, NULL, &tag_rep, R_LIST, tag_list, "The tags in use"},

    /* accounts */
    {"GET", "/v1/accounts", DOOR_SESSION, "account.read", TX_RO, account_list_params, NULL, &account_rep, R_LIST, account_list,
        "List accounts"},
    {"POST", "/v1/accounts", DOOR_SESSION, "account.write", TX_RW, NULL, account_body, &account_rep, R_CREATED, account_create,
        "Add an account"},
    {"GET", "/v1/accounts/{id:uuid}", DOOR_SESSION, "account.read", TX_RO, NULL, NULL, &account_rep, 0, account_get, "An account"},
    {"PATCH", "/v1/accounts/{id:uuid}", DOOR_SESSION, "account.write", TX_RW, NULL, account_body, &account_rep,
        R_PARTIAL | R_IF_MATCH, account_patch, "Change an account"},
    {"DELETE", "/v1/accounts/{id:uuid}", DOOR_SESSION, "account.write", TX_RW, account_delete_params, NULL, NULL,
        R_NO_BODY | R_IF_MATCH, account_delete, "Delete an account that nothing refers to, or detach what does"},

    /* activities */
    {"GET", "/v1/activities", DOOR_SESSION, "activity.read", TX_RO, activity_list_params, NULL, &activity_rep, R_LIST,
        activity_list, "Activities of a contact or an account, newest first, or open tasks, those due first"},
    {"POST", "/v1/activities", DOOR_SESSION, "activity.write", TX_RW, NULL, activity_body, &activity_rep, R_CREATED,
        activity_create, "Add a note, call, meeting, mail or task"},
    {"GET", "/v1/activities/{id:uuid}", DOOR_SESSION, "activity.read", TX_RO, NULL, NULL, &activity_rep, 0, activity_get,
        "An activity"},
    {"PATCH", "/v1/activities/{id:uuid}", DOOR_SESSION, "activity.write", TX_RW, NULL, activity_body, &activity_rep,
        R_PARTIAL | R_IF_MATCH, activity_patch, "Change an activity"},
    {"DELETE", "/v1/activities/{id:uuid}", DOOR_SESSION, "activity.write", TX_RW, NULL, NULL, NULL, R_NO_BODY | R_IF_MATCH,
        activity_delete, "Delete an activity"},

    /* imports */
    {"GET", "/v1/imports", IMPORT, TX_RO, NULL, NULL, &import_rep, R_LIST, import_list, "Imports, newest first"},
    {"POST", "/v1/imports", IMPORT, TX_RW, import_params, NULL, &import_rep, R_RAW | R_ACCEPTED, import_upload,
        "Import a CSV or vCard file: multipart/form-data with a part `file`, or the file as the body"},
    {"GET", "/v1/imports/{id:uuid}", IMPORT, TX_RO, NULL, NULL, &import_rep, 0, import_get, "An import, and how far it has come"},
    {"PATCH", "/v1/imports/{id:uuid}", IMPORT, TX_RW, NULL, import_body, &import_rep, R_PARTIAL | R_IF_MATCH, import_patch,
        "Change where columns go, while the import waits"},
    {"POST", "/v1/imports/{id:uuid}/start", IMPORT, TX_RW, NULL, import_start_body, &import_rep,
        R_ACCEPTED | R_OPTIONAL_BODY, import_start, "Run an import that waits, or the file of a dry run for real"},
    {"POST", "/v1/imports/{id:uuid}/cancel", IMPORT, TX_RW, NULL, NULL, &import_rep, R_ACCEPTED, import_cancel,
        "Stop an import; what is in stays, and can be reverted"},
    {"POST", "/v1/imports/{id:uuid}/revert", IMPORT, TX_RW, NULL, NULL, &import_rep, R_ACCEPTED, import_revert,
        "Take an import back; permissions that it lowered stay lowered"},
    {"GET", "/v1/imports/{id:uuid}/errors", IMPORT, TX_RO, import_error_params, NULL, &import_error_rep, R_LIST, import_errors,
        "Rows that cannot be read, in their order, or all of them as CSV"},

    /* the workspace's own fields and settings */
    {"GET", "/v1/custom-fields", READ, NULL, NULL, &custom_field_rep, R_LIST, custom_field_list, "The custom fields of contacts"},
    {"POST", "/v1/custom-fields", WRITE, NULL, custom_field_body, &custom_field_rep, R_CREATED, custom_field_create,
        "Add a custom field"},
    {"GET", "/v1/settings/privacy", DOOR_SESSION, "settings.read", TX_RO, NULL, NULL, &privacy_rep, 0, privacy_get,
        "The default consent policy and its legal basis"},
    {"PATCH", "/v1/settings/privacy", DOOR_SESSION, "settings.write", TX_RW, NULL, privacy_body, &privacy_rep,
        R_PARTIAL | R_IF_MATCH, privacy_patch, "Change the default consent policy"},

    /* background work */
    {"GET", "/v1/jobs/{id:uuid}", READ, NULL, NULL, &job_rep, 0, job_get, "How far a piece of background work has come"},
};

static const struct query *const queries[] = {
    &q_contact_get, &q_contact_known, &q_contact_create, &q_contact_patch, &q_contact_archive, &q_contact_restore, &q_contact_erase,
    &q_archive_expired,
    &q_contacts_new, &q_contacts_old, &q_contacts_name, &q_contacts_email, &q_contacts_status_new, &q_contacts_status_old,
    &q_contacts_account_new, &q_contacts_account_old, &q_contacts_tag_new, &q_contacts_tag_old, &q_contacts_archived_new,
    &q_contacts_archived_old, &q_contacts_text_new, &q_contacts_text_old, &q_contacts_text_status_new,
    &q_contacts_text_status_old, &q_contacts_prefix,
    &q_count_all, &q_count_status, &q_count_account, &q_count_tag, &q_count_archived, &q_count_text, &q_count_text_status,
    &q_consent_list, &q_consent_set, &q_consent_bulk, &q_consent_bulk_start, &q_consent_bulk_step,
    &q_timeline,
    &q_contact_export, &q_export_fields, &q_export_audit, &q_export_patience, &q_export_json, &q_export_csv,
    &q_accounts_name, &q_accounts_new, &q_account_get, &q_account_create, &q_account_patch, &q_account_delete,
    &q_activities_contact, &q_activities_account, &q_activities_tasks, &q_activity_get, &q_activity_create, &q_activity_patch,
    &q_activity_delete,
    &q_custom_fields, &q_custom_field_create, &q_tags,
    &q_privacy_get, &q_privacy_patch,
    &q_job,
    &q_imports, &q_imports_count, &q_import_get, &q_import_head, &q_import_patch, &q_import_start, &q_import_cancel,
    &q_import_revert, &q_import_errors, &q_import_known, &q_import_errors_all, &q_import_create, &q_import_chunk,
    &q_import_received, &q_import_run, &q_import_read, &q_import_total, &q_import_apply, &q_import_finish, &q_import_revert_step,
};

static const struct job_kind jobs[] = {
    {"archive-expired", archive_expired, .lease_s = 120, .retry_s = 60},
    {"bulk-consent", consent_bulk_job, .lease_s = 120, .retry_s = 5},
    {"import", import_job, .lease_s = 120, .retry_s = 5},
    {"import-revert", import_revert_job, .lease_s = 120, .retry_s = 5},
};

int
main(int argc, char **argv)
{
	return serve(argc, argv, &(struct program){.name = "crm", .routes = routes, .nroutes = NELEMS(routes), .queries = queries,
	                             .nqueries = NELEMS(queries), .jobs = jobs, .njobs = NELEMS(jobs)});
}
