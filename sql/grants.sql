-- SPDX-License-Identifier: GPL-3.0-or-later
-- Who may do what. Everything is taken away first, so that a line removed here is a right removed. Grants go to parents,
-- never to partitions; nothing goes to PUBLIC. A table not named for a program is closed to it.
DO $$
DECLARE
	r name;
	s name;
BEGIN
	FOREACH r IN ARRAY ARRAY['pact_door', 'pact_auth', 'pact_crm', 'pact_audit', 'pact_mail', 'pact_saml', 'pact_operator'] LOOP
		FOREACH s IN ARRAY ARRAY['pact', 'directory', 'app', 'api', 'ops'] LOOP
			EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', s, r);
			IF r <> 'pact_door' THEN
				EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM %I', s, r);
				EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', s, r);
			END IF;
		END LOOP;
		EXECUTE format('REVOKE ALL ON SCHEMA public FROM %I', r);
	END LOOP;
	FOREACH s IN ARRAY ARRAY['pact', 'directory', 'app', 'api', 'ops'] LOOP
		EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', s);
	END LOOP;
	-- no temporary tables, no schemas: nothing that a taken-over program could put in the way of a name
	EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO pact_auth, pact_crm, pact_audit, pact_mail, pact_saml, pact_operator', current_database());
END $$;

-- ── the context: pact_door alone (works before the module is loaded, too) ────────────────────────────────────────
GRANT SET ON PARAMETER "pact.tenant_id", "pact.actor_kind", "pact.actor_id", "pact.actor_email", "pact.ip", "pact.request_id",
	"pact.erasing" TO pact_door;

-- ── what every program needs ─────────────────────────────────────────────────────────────────────────────────────
GRANT USAGE ON SCHEMA pact, app, api TO pact_auth, pact_crm, pact_audit, pact_mail;
GRANT SELECT ON app.schema_version TO pact_auth, pact_crm, pact_audit, pact_mail;
GRANT EXECUTE ON FUNCTION app.tenant_id(), app.actor_kind(), app.actor_id(), app.actor_email(), app.ip(), app.request_id(),
	app.module(), app.uuid7(timestamptz), app.uuid7_floor(timestamptz), app.uuid7_time(uuid), app.rfc3339(timestamptz),
	app.refuse(text, text, jsonb), app.rollback(), app.touch()
	TO pact_door, pact_auth, pact_crm, pact_audit, pact_mail;
GRANT EXECUTE ON FUNCTION app.claim(text, interval), app.enter_job(uuid, uuid), app.job_done(uuid), app.job_failed(uuid, text, interval),
	app.job_extend(uuid, interval) TO pact_auth, pact_crm, pact_audit, pact_mail;
GRANT EXECUTE ON FUNCTION app.enter_session(uuid, uuid, bytea, text, text, text, boolean),
	app.audit(text, text, uuid, jsonb, jsonb), app.idempotency_begin(text, text, bytea),
	app.idempotency_store(text, text, int, jsonb, bytea, uuid), app.idempotency_get(text, text, bytea)
	TO pact_auth, pact_crm, pact_audit;

-- ── auth: sessions and people; no password hash but through its functions, no contact at all ─────────────────────
GRANT EXECUTE ON FUNCTION app.login_begin(bytea, text, text, boolean),
	app.login_succeed(uuid, uuid, bytea, boolean, text, uuid, bytea, bytea, text, text, text, text),
	app.login_refuse(uuid, uuid, text, text, text), app.refresh(uuid, uuid, bytea, bytea, text, text), app.session_json(uuid),
	app.session_end(uuid, text), app.password_hash(), app.password_set(text, uuid),
	app.mfa_begin(uuid, uuid, bytea, text, text),
	app.mfa_succeed(uuid, uuid, bytea, bigint, bytea, uuid, bytea, bytea, text, text, text, text),
	app.totp_state(), app.totp_begin(), app.totp_offer(bytea), app.totp_offered(), app.totp_confirm(uuid, bytea, bigint, bytea[]),
	app.totp_remove_own(), app.recovery_codes_renew(bytea[]),
	app.reset_ask(bytea, text, text, text), app.reset_take(), app.reset_issue(uuid, uuid, uuid, bytea, text, text, text),
	app.link_look(uuid, uuid, bytea), app.link_use(uuid, uuid, bytea, text, text, text, text, text),
	api.user_json(pact.user_account), app.user_reply(uuid, uuid), api.role_json(pact.role), app.role_reply(uuid, uuid),
	app.user_invite(jsonb, bytea, uuid, bytea, text), app.user_patch(uuid, bigint, jsonb), app.user_delete(uuid, bigint),
	app.user_mfa_remove(uuid), app.user_sso_remove(uuid), app.sessions_end(uuid, uuid),
	app.role_create(jsonb), app.role_patch(uuid, bigint, jsonb), app.role_delete(uuid, bigint),
	app.security_json(), app.security_patch(uuid, bigint, jsonb, uuid, bytea) TO pact_auth;
GRANT SELECT (tenant_id, id, user_id, method, mfa, transport, ip, user_agent, created_at, last_seen_at, expires_at, ended_at, ended_reason)
	ON pact.session TO pact_auth;
GRANT SELECT (tenant_id, slug, name, status, plan) ON pact.tenant TO pact_auth;
GRANT SELECT ON pact.user_account, pact.role, pact.user_role TO pact_auth;

-- ── crm: contacts and what belongs to them. A contact is inserted with a first consent; afterwards consent, suppression
--    and ledger change through functions only, and a contact goes by app.erase_contact() or an import's revert ────────
GRANT EXECUTE ON FUNCTION app.text_like(text, text), app.email_norm(text), app.consent_rank(text),
	app.contact_insert(app.contact_new[]), app.consent_apply(uuid[], text[], timestamptz[], jsonb[], text, uuid, boolean),
	app.consent_set(uuid, text, text, timestamptz, jsonb), app.consent_revert(uuid, uuid[]), app.suppressed(text[]),
	app.erase_contact(uuid), app.enqueue(text, text, jsonb, timestamptz) TO pact_crm;
GRANT SELECT (tenant_id, slug, name, plan, time_zone, consent_policy, consent_basis, version, updated_at),
	UPDATE (consent_policy, consent_basis) ON pact.tenant TO pact_crm;
GRANT SELECT (tenant_id, id, email, name) ON pact.user_account TO pact_crm;
GRANT SELECT ON pact.contact, pact.contact_tag, pact.contact_event, pact.account, pact.custom_field, pact.activity TO pact_crm;
GRANT INSERT (tenant_id, id, email, first_name, last_name, phone, title, account_id, tags, custom, consent_status, consent_source,
		consent_at, consent_evidence, import_id, archived_at),
	UPDATE (email, first_name, last_name, phone, title, account_id, tags, custom, archived_at)
	ON pact.contact TO pact_crm;
GRANT INSERT (tenant_id, id, name, domain, phone, note, import_id), UPDATE (name, domain, phone, note), DELETE ON pact.account TO pact_crm;
GRANT INSERT (tenant_id, key, label), UPDATE (label) ON pact.custom_field TO pact_crm;
GRANT INSERT (tenant_id, id, contact_id, account_id, kind, subject, body, occurred_at, due_at, done_at),
	UPDATE (contact_id, account_id, kind, subject, body, occurred_at, due_at, done_at), DELETE ON pact.activity TO pact_crm;
GRANT SELECT, INSERT, UPDATE (status, dry_run, filename, format, size, sha256, guess, mapping, options, rows_total, rows_done, imported,
	updated, skipped, errors, mailable, needs_confirming, suppressed, problem, cancel_requested, job_id, finished_at)
	ON pact.import TO pact_crm;
GRANT SELECT, INSERT, DELETE ON pact.import_chunk, pact.import_error, pact.import_change TO pact_crm;
GRANT SELECT (tenant_id, id, module, kind, status, attempts, max_attempts, done, total, result, requested_by, created_at, finished_at),
	UPDATE (done, total, result) ON pact.job TO pact_crm;

-- ── audit: reads the log; its runner looks after what time does to the database ─────────────────────────────────
GRANT EXECUTE ON FUNCTION app.partitions_maintain(), app.purge(), app.audit_seen(), api.audit_event_json(pact.audit_event),
	app.email_norm(text) TO pact_audit;
GRANT SELECT (tenant_id, id, email_norm) ON pact.user_account TO pact_audit;
GRANT SELECT ON pact.audit_event TO pact_audit;
GRANT SELECT (tenant_id, slug, name, plan) ON pact.tenant TO pact_audit;

-- ── mail: the outbox, and where it goes ──────────────────────────────────────────────────────────────────────────
GRANT EXECUTE ON FUNCTION app.outbox_add(uuid, text, jsonb) TO pact_door;
GRANT SELECT, UPDATE (status, attempts, last_error, message_id, sent_at, vars) ON pact.outbox TO pact_mail;
GRANT SELECT (tenant_id, id, email, name, status) ON pact.user_account TO pact_mail;
GRANT SELECT (tenant_id, slug, name) ON pact.tenant TO pact_mail;

-- ── operators ────────────────────────────────────────────────────────────────────────────────────────────────────
GRANT USAGE ON SCHEMA ops TO pact_operator;
GRANT EXECUTE ON FUNCTION ops.workspace_create(uuid, text, text, bytea, text, text, text, text, bytea, text),
	ops.user_add(text, text, text, text, text, bytea, text), ops.workspace_list(text), ops.workspace_suspend(text, boolean, text)
	TO pact_operator;

-- ── pact_door: what the doors themselves read and write ──────────────────────────────────────────────────────────
GRANT EXECUTE ON FUNCTION app.audit_write(text, text, uuid, jsonb, jsonb) TO pact_door;
GRANT EXECUTE ON FUNCTION app.erasing(uuid) TO pact_owner;
GRANT EXECUTE ON FUNCTION app.user_reply(uuid, uuid), app.role_reply(uuid, uuid), app.field_error(text, text),
	app.refuse_fields(jsonb[]), app.email_norm(text), app.etag(uuid, bigint, json), app.sessions_out(uuid, uuid, text) TO pact_door;
GRANT SELECT, INSERT, UPDATE ON directory.workspace, directory.login TO pact_door;
GRANT DELETE ON directory.login TO pact_door;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.reset_request TO pact_door;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.throttle TO pact_door;
GRANT SELECT, UPDATE, DELETE ON app.job_queue TO pact_door;
GRANT SELECT, UPDATE (status, require_mfa, sso_enforced, updated_at), INSERT ON pact.tenant TO pact_door;
GRANT INSERT, SELECT (tenant_id, data_key) ON pact.tenant_key TO pact_door;
GRANT SELECT, INSERT, UPDATE (name, status, last_login_at), DELETE ON pact.user_account TO pact_door;
GRANT SELECT, INSERT, UPDATE (hash, changed_at) ON pact.user_password TO pact_door;
GRANT SELECT, INSERT, UPDATE (name, permissions), DELETE ON pact.role TO pact_door;
GRANT SELECT, INSERT, DELETE ON pact.user_role TO pact_door;
GRANT SELECT, INSERT, UPDATE (used_at), DELETE ON pact.user_token TO pact_door;
GRANT SELECT, INSERT, UPDATE (secret, created_at, confirmed_at, last_step), DELETE ON pact.totp TO pact_door;
GRANT SELECT, INSERT, UPDATE (used_at), DELETE ON pact.recovery_code TO pact_door;
GRANT SELECT, INSERT, UPDATE (tries, ended_at), DELETE ON pact.login_challenge TO pact_door;
GRANT SELECT, INSERT, UPDATE, DELETE ON pact.session TO pact_door;
GRANT SELECT, UPDATE (status, attempts, last_error, finished_at), DELETE ON pact.job TO pact_door;
GRANT SELECT, DELETE ON pact.idempotency, pact.import_chunk, pact.outbox TO pact_door;
GRANT SELECT, UPDATE (status, guess, finished_at) ON pact.import TO pact_door;
