-- SPDX-License-Identifier: GPL-3.0-or-later
-- What every column is for privacy's purposes: `column on_erase flags reason…` (0001: app.declare_columns).
-- flags: p personal · a in the access packet · o in the portability file · d in the audit diff · c in the audit event of
-- creation (none c: all d) · - none
SET ROLE pact_owner;

SELECT app.declare_table('tenant', 'workspace', NULL, true, $$
	tenant_id      keep -
	slug           keep d
	name           keep d
	status         keep d
	plan           keep d
	time_zone      keep d
	consent_policy keep d
	consent_basis  keep d
	version        keep -
	created_at     keep -
	updated_at     keep -
$$, 'tenant_id');
SELECT app.declare_table('tenant_key', 'workspace_key', NULL, false, $$
	tenant_id        keep -
	data_key         keep -
	master_key_id    keep -
	suppression_ipad keep -
	suppression_opad keep -
	created_at       keep -
$$);
SELECT app.declare_table('user_account', 'user', NULL, true, $$
	tenant_id     keep -
	id            keep -
	email         keep pd staff, not a contact: the account's own administration removes it
	email_norm    keep p  staff, as email
	name          keep pd staff, as email
	status        keep d
	last_login_at keep p  staff, as email
	version       keep -
	created_at    keep -
	updated_at    keep -
$$);
SELECT app.declare_table('user_password', 'user_password', NULL, false, $$
	tenant_id  keep -
	user_id    keep -
	hash       keep p staff secret, goes with the user
	changed_at keep -
$$);
SELECT app.declare_table('role', 'role', NULL, true, $$
	tenant_id   keep -
	id          keep -
	name        keep d
	builtin     keep d
	permissions keep d
	version     keep -
	created_at  keep -
	updated_at  keep -
$$);
SELECT app.declare_table('user_role', 'user_role', NULL, true, $$
	tenant_id  keep -
	user_id    keep d
	role_id    keep d
	created_at keep -
$$, 'user_id', $$ jsonb_build_object('role', (SELECT x.name FROM pact.role x WHERE x.tenant_id = r.tenant_id AND x.id = r.role_id)) $$);
SELECT app.declare_table('session', 'session', NULL, false, $$
	tenant_id           keep -
	id                  keep -
	user_id             keep -
	secret_sha256       keep -
	refresh_sha256      keep -
	refresh_prev_sha256 keep -
	refresh_prev_until  keep -
	method              keep -
	mfa                 keep -
	transport           keep -
	ip                  keep p staff, purged 30 days after the session's end
	user_agent          keep p staff, purged 30 days after the session's end
	created_at          keep -
	last_seen_at        keep p staff, purged 30 days after the session's end
	expires_at          keep -
	ended_at            keep -
	ended_reason        keep -
$$);

SELECT app.declare_table('account', 'account', NULL, true, $$
	tenant_id  keep -
	id         keep -
	name       keep d
	name_norm  keep -
	domain     keep d
	phone      keep d
	note       keep pd about an organisation; what it says of people is for the people who wrote it to edit
	import_id  keep -
	version    keep -
	created_at keep -
	updated_at keep -
$$);
-- a field's name, not its values
SELECT app.declare_table('custom_field', 'custom_field', NULL, true, $$
	tenant_id  keep -
	key        keep d
	label      keep d
	created_at keep -
$$, NULL);
SELECT app.declare_table('contact', 'contact', 'id', true, $$
	tenant_id        delete -
	id               delete ao
	email            delete paodc
	email_norm       delete p
	email_hash       delete p
	first_name       delete paod
	last_name        delete paod
	first_norm       delete p
	last_norm        delete p
	name_search      delete p
	phone            delete paod
	title            delete paod
	account_id       delete paod
	tags             delete paod
	custom           delete paod
	consent_status   delete paodc
	consent_source   delete padc
	consent_at       delete pad
	consent_evidence delete pa
	consent_import_id delete -
	consent_event_id delete -
	declined_at      delete pa
	suppressed       delete pad
	import_id        delete a
	archived_at      delete ad
	version          delete -
	created_at       delete a
	updated_at       delete a
$$);
SELECT app.declare_table('contact_tag', 'contact_tag', 'contact_id', false, $$
	tenant_id  delete -
	tag        delete p
	contact_id delete -
$$);
-- The skeleton stays as proof that consent was asked, given, withdrawn and the erasure done (Art. 17(3)(e)).
SELECT app.declare_table('contact_event', 'contact_event', 'contact_id', false, $$
	tenant_id    keep -
	id           keep -
	contact_id   keep pa a random number once the contact is gone; ties the skeleton together
	kind         keep a
	at           keep a
	effective_at keep a
	status       keep a
	previous     keep a
	source       keep a
	actor_kind   keep a
	actor_id     keep -
	actor_email  keep p staff, who acted
	evidence     null pa
	import_id    keep -
	request_id   keep -
$$);
SELECT app.declare_table('activity', 'activity', 'contact_id', true, $$
	tenant_id   delete -
	id          delete -
	contact_id  delete pd
	account_id  delete d
	kind        delete ad
	subject     delete pad
	body        delete pad
	occurred_at delete pad
	due_at      delete ad
	done_at     delete ad
	created_by  delete -
	version     delete -
	created_at  delete a
	updated_at  delete a
$$);
SELECT app.declare_table('suppression', 'suppression', NULL, false, $$
	tenant_id    keep -
	address_hash keep pa keyed hash, kept so that the person is never mailed again (Art. 17(3)(b), 21(3))
	reason       keep a
	created_at   keep a
	event_id     keep -
$$);

SELECT app.declare_table('import', 'import', NULL, true, $$
	tenant_id        keep -
	id               keep -
	status           keep d
	dry_run          keep d
	filename         match pd
	format           keep d
	size             keep d
	sha256           keep -
	guess            match p
	mapping          keep d
	options          match d
	rows_total       keep -
	rows_done        keep -
	imported         keep -
	updated          keep -
	skipped          keep -
	errors           keep -
	mailable         keep -
	needs_confirming keep -
	suppressed       keep -
	problem          match p
	cancel_requested keep d
	job_id           keep -
	created_by       keep -
	version          keep -
	created_at       keep -
	updated_at       keep -
	finished_at      keep -
$$);
SELECT app.declare_table('import_chunk', 'import_chunk', NULL, false, $$
	tenant_id keep -
	import_id keep -
	seq       keep -
	data      keep p the uploaded file, gone when it has been imported and after 24 hours at the latest; the suppression list meets its rows
$$);
SELECT app.declare_table('import_error', 'import_error', NULL, false, $$
	tenant_id   keep -
	import_id   keep -
	line        keep -
	seq         keep -
	column_name keep -
	value       match p
	detail      match p
$$);
SELECT app.declare_table('import_change', 'import_change', 'contact_id', false, $$
	tenant_id  delete -
	import_id  delete -
	contact_id delete -
	before     delete p
	version    delete -
$$);

SELECT app.declare_table('job', 'job', NULL, false, $$
	tenant_id    keep -
	id           keep -
	module       keep -
	kind         keep -
	payload      match p
	status       keep -
	attempts     keep -
	max_attempts keep -
	done         keep -
	total        keep -
	result       match p
	last_error   match p
	requested_by keep -
	ip           keep p staff, who asked for it; purged 30 days after the job's end
	request_id   keep -
	created_at   keep -
	finished_at  keep -
$$);
SELECT app.declare_table('outbox', 'outbox', NULL, false, $$
	tenant_id  keep -
	id         keep -
	user_id    keep -
	template   keep -
	vars       match p
	status     keep -
	attempts   keep -
	last_error match p
	message_id keep -
	created_at keep -
	sent_at    keep -
$$);
SELECT app.declare_table('idempotency', 'idempotency', 'resource_id', false, $$
	tenant_id   delete -
	actor_id    delete -
	route       delete -
	key         delete -
	body_sha256 delete p
	status      delete -
	headers     delete -
	body        match p
	resource_id delete p
	created_at  delete -
$$);
SELECT app.declare_table('audit_event', 'audit_event', 'resource_id subject_id', false, $$
	tenant_id       keep -
	id              keep -
	retention_class keep -
	at              keep -
	action          keep -
	module          keep -
	actor_kind      keep -
	actor_id        keep -
	actor_email     keep p staff, who acted
	resource_type   keep -
	resource_id     keep p a random number once the contact is gone
	subject_id      keep p a random number once the contact is gone
	old             null p
	new             null p
	ip              keep p staff, who acted
	request_id      keep -
$$);

RESET ROLE;
