-- SPDX-License-Identifier: GPL-3.0-or-later
-- crm's own functions (sql/api/crm_*.sql). They run with the caller's rights, but for app.contact_changes(); what tables
-- crm may touch stands in grants.sql.
GRANT EXECUTE ON FUNCTION api.contact_json(pact.contact, json), api.account_ref(uuid, uuid), api.contact_ref(uuid, uuid),
	api.consent_json(pact.contact_event), api.account_json(pact.account), api.activity_json(pact.activity),
	api.custom_field_json(pact.custom_field),
	api.timeline_json(uuid, timestamptz, text, text, text, text, text, text, text, jsonb, json, timestamptz, timestamptz),
	app.cursor_text(timestamptz), app.cursor_time(text), app.tags_text(text[]),
	app.field_error(text, text), app.refuse_fields(jsonb[]), app.source_name(text, text), app.evidence_time(jsonb, text), app.etag(uuid, bigint, json),
	app.contact_check(uuid, jsonb), app.tag_list(jsonb), app.refuse_duplicate(uuid, text, uuid), app.contact_create(uuid, jsonb, text),
	app.contact_lock(uuid, uuid, bigint), app.contact_reply(uuid, uuid), app.contact_patch(uuid, uuid, bigint, jsonb, text),
	app.contact_archive(uuid, uuid, boolean), app.contact_erase(uuid, uuid, bigint), app.archive_expired(uuid, uuid),
	app.search_text(text), app.search_end(text), app.search_pattern(text), app.search_initials(text),
	app.contacts_expected(text, uuid, text, boolean, text), app.consent_time(jsonb), app.contact_consent(uuid, uuid, jsonb, text),
	app.consent_bulk(uuid[], jsonb, text), app.contacts_matching(uuid, jsonb, uuid, int), app.consent_bulk_start(uuid, jsonb, text),
	app.consent_bulk_step(uuid, uuid, jsonb, int), app.account_reply(uuid, uuid), app.activity_reply(uuid, uuid), app.account_create(uuid, jsonb), app.account_lock(uuid, uuid, bigint),
	app.account_patch(uuid, uuid, bigint, jsonb), app.account_delete(uuid, uuid, bigint, boolean),
	app.activity_check(uuid, pact.activity), app.activity_create(uuid, jsonb), app.activity_lock(uuid, uuid, bigint),
	app.activity_patch(uuid, uuid, bigint, jsonb), app.activity_delete(uuid, uuid, bigint), app.custom_key(text),
	app.custom_field_create(uuid, jsonb), app.privacy(uuid), app.privacy_patch(uuid, bigint, jsonb), app.contact_changes(uuid),
	app.change_text(uuid, text, jsonb), app.timeline(uuid, uuid, timestamptz, uuid, int), app.contact_export(uuid, uuid)
	TO pact_crm;
