-- SPDX-License-Identifier: GPL-3.0-or-later
-- Accounts, activities, custom fields, settings: what a client sees, and the writes.
SET ROLE pact_owner;

-- ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────
-- contacts: how many refer to it, archived ones too, counted to 1000.
CREATE OR REPLACE FUNCTION api.account_json(a pact.account) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT json_build_object('public_id', a.id, 'name', a.name, 'domain', a.domain, 'phone', a.phone, 'note', a.note, 'contacts',
		(SELECT count(*) FROM (SELECT FROM pact.contact c WHERE c.tenant_id = a.tenant_id AND c.account_id = a.id LIMIT 1000) x),
		'created_at', app.rfc3339(a.created_at), 'updated_at', app.rfc3339(a.updated_at))
	$$;
CREATE OR REPLACE FUNCTION app.account_reply(p_tenant uuid, p_id uuid) RETURNS TABLE (body json, etag text) LANGUAGE sql STABLE AS $$
	SELECT x.body, app.etag(x.id, x.version, x.body) FROM (SELECT a.id, a.version, api.account_json(a) AS body FROM pact.account a
		WHERE a.tenant_id = p_tenant AND a.id = p_id OFFSET 0) x
	$$;

CREATE OR REPLACE FUNCTION app.account_create(p_tenant uuid, p jsonb) RETURNS TABLE (body json, etag text, location text)
	LANGUAGE plpgsql AS $$
DECLARE
	a pact.account;
BEGIN
	INSERT INTO pact.account (tenant_id, name, domain, phone, note)
		VALUES (p_tenant, p ->> 'name', p ->> 'domain', p ->> 'phone', p ->> 'note') RETURNING * INTO a;
	RETURN QUERY SELECT r.*, '/v1/accounts/' || a.id FROM app.account_reply(p_tenant, a.id) r;
END $$;

CREATE OR REPLACE FUNCTION app.account_lock(p_tenant uuid, p_id uuid, p_version bigint) RETURNS pact.account LANGUAGE plpgsql AS $$
DECLARE
	a pact.account;
BEGIN
	SELECT * INTO a FROM pact.account x WHERE x.tenant_id = p_tenant AND x.id = p_id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF a.version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	END IF;
	RETURN a;
END $$;

CREATE OR REPLACE FUNCTION app.account_patch(p_tenant uuid, p_id uuid, p_version bigint, p jsonb) RETURNS TABLE (body json, etag text)
	LANGUAGE plpgsql AS $$
DECLARE
	o pact.account := app.account_lock(p_tenant, p_id, p_version);
	n pact.account := o;
BEGIN
	n.name := CASE WHEN p ? 'name' THEN p ->> 'name' ELSE o.name END;
	n.domain := CASE WHEN p ? 'domain' THEN p ->> 'domain' ELSE o.domain END;
	n.phone := CASE WHEN p ? 'phone' THEN p ->> 'phone' ELSE o.phone END;
	n.note := CASE WHEN p ? 'note' THEN p ->> 'note' ELSE o.note END;
	IF n IS DISTINCT FROM o THEN
		UPDATE pact.account a SET name = n.name, domain = n.domain, phone = n.phone, note = n.note
			WHERE a.tenant_id = p_tenant AND a.id = p_id;
	END IF;
	RETURN QUERY SELECT * FROM app.account_reply(p_tenant, p_id);
END $$;

-- Locked first, so that nothing can begin to refer to it meanwhile.
CREATE OR REPLACE FUNCTION app.account_delete(p_tenant uuid, p_id uuid, p_version bigint, p_detach boolean)
	RETURNS TABLE (deleted uuid) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM app.account_lock(p_tenant, p_id, p_version);
	IF p_detach THEN
		UPDATE pact.contact c SET account_id = NULL WHERE c.tenant_id = p_tenant AND c.account_id = p_id;
		DELETE FROM pact.activity v WHERE v.tenant_id = p_tenant AND v.account_id = p_id AND v.contact_id IS NULL;
		UPDATE pact.activity v SET account_id = NULL WHERE v.tenant_id = p_tenant AND v.account_id = p_id;
	ELSIF EXISTS (SELECT FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.account_id = p_id) THEN
		PERFORM app.refuse('conflict', 'Contacts refer to this account. Detach them first, or delete with ?detach=true.');
	ELSIF EXISTS (SELECT FROM pact.activity v WHERE v.tenant_id = p_tenant AND v.account_id = p_id) THEN
		PERFORM app.refuse('conflict', 'Activities refer to this account. With ?detach=true those that are about it alone are deleted.');
	END IF;
	DELETE FROM pact.account a WHERE a.tenant_id = p_tenant AND a.id = p_id;
	RETURN QUERY SELECT p_id;
END $$;

-- ── activities ───────────────────────────────────────────────────────────────────────────────────────────────────
CREATE OR REPLACE FUNCTION api.activity_json(v pact.activity) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT json_build_object('public_id', v.id, 'contact_id', v.contact_id, 'contact', api.contact_ref(v.tenant_id, v.contact_id),
		'account_id', v.account_id, 'account', api.account_ref(v.tenant_id, v.account_id), 'kind', v.kind, 'subject', v.subject,
		'body', v.body, 'occurred_at', app.rfc3339(v.occurred_at), 'due_at', app.rfc3339(v.due_at), 'done_at', app.rfc3339(v.done_at),
		'actor', (SELECT u.email FROM pact.user_account u WHERE u.tenant_id = v.tenant_id AND u.id = v.created_by),
		'created_at', app.rfc3339(v.created_at), 'updated_at', app.rfc3339(v.updated_at))
	$$;
CREATE OR REPLACE FUNCTION app.activity_reply(p_tenant uuid, p_id uuid) RETURNS TABLE (body json, etag text) LANGUAGE sql STABLE AS $$
	SELECT x.body, app.etag(x.id, x.version, x.body) FROM (SELECT v.id, v.version, api.activity_json(v) AS body FROM pact.activity v
		WHERE v.tenant_id = p_tenant AND v.id = p_id OFFSET 0) x
	$$;

-- What it is about must be there; a contact is not erased, an account not deleted, until the transaction ends.
CREATE OR REPLACE FUNCTION app.activity_check(p_tenant uuid, v pact.activity) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	e jsonb[] := '{}';
BEGIN
	IF v.contact_id IS NULL AND v.account_id IS NULL THEN
		e := e || app.field_error('/contact_id', 'An activity is about a contact, an account or both.');
	END IF;
	IF v.contact_id IS NOT NULL THEN
		PERFORM FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.id = v.contact_id FOR KEY SHARE;
		IF NOT FOUND THEN
			e := e || app.field_error('/contact_id', 'There is no such contact.');
		END IF;
	END IF;
	IF v.account_id IS NOT NULL THEN
		PERFORM FROM pact.account a WHERE a.tenant_id = p_tenant AND a.id = v.account_id FOR KEY SHARE;
		IF NOT FOUND THEN
			e := e || app.field_error('/account_id', 'There is no such account.');
		END IF;
	END IF;
	IF v.kind <> 'task' AND (v.due_at IS NOT NULL OR v.done_at IS NOT NULL) THEN
		e := e || app.field_error(CASE WHEN v.due_at IS NOT NULL THEN '/due_at' ELSE '/done_at' END, 'Only a task is due or done.');
	END IF;
	PERFORM app.refuse_fields(e);
END $$;

CREATE OR REPLACE FUNCTION app.activity_create(p_tenant uuid, p jsonb) RETURNS TABLE (body json, etag text, location text)
	LANGUAGE plpgsql AS $$
DECLARE
	v pact.activity;
BEGIN
	v.contact_id := (p ->> 'contact_id')::uuid;
	v.account_id := (p ->> 'account_id')::uuid;
	v.kind := p ->> 'kind';
	v.due_at := (p ->> 'due_at')::timestamptz;
	v.done_at := (p ->> 'done_at')::timestamptz;
	PERFORM app.activity_check(p_tenant, v);
	INSERT INTO pact.activity (tenant_id, contact_id, account_id, kind, subject, body, occurred_at, due_at, done_at)
		VALUES (p_tenant, v.contact_id, v.account_id, v.kind, coalesce(p ->> 'subject', ''), coalesce(p ->> 'body', ''),
			coalesce((p ->> 'occurred_at')::timestamptz, now()), v.due_at, v.done_at) RETURNING * INTO v;
	RETURN QUERY SELECT r.*, '/v1/activities/' || v.id FROM app.activity_reply(p_tenant, v.id) r;
END $$;

CREATE OR REPLACE FUNCTION app.activity_lock(p_tenant uuid, p_id uuid, p_version bigint) RETURNS pact.activity LANGUAGE plpgsql AS $$
DECLARE
	v pact.activity;
BEGIN
	SELECT * INTO v FROM pact.activity x WHERE x.tenant_id = p_tenant AND x.id = p_id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF v.version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	END IF;
	RETURN v;
END $$;

CREATE OR REPLACE FUNCTION app.activity_patch(p_tenant uuid, p_id uuid, p_version bigint, p jsonb) RETURNS TABLE (body json, etag text)
	LANGUAGE plpgsql AS $$
DECLARE
	o pact.activity := app.activity_lock(p_tenant, p_id, p_version);
	n pact.activity := o;
BEGIN
	n.contact_id := CASE WHEN p ? 'contact_id' THEN (p ->> 'contact_id')::uuid ELSE o.contact_id END;
	n.account_id := CASE WHEN p ? 'account_id' THEN (p ->> 'account_id')::uuid ELSE o.account_id END;
	n.kind := coalesce(p ->> 'kind', o.kind);
	n.subject := CASE WHEN p ? 'subject' THEN coalesce(p ->> 'subject', '') ELSE o.subject END;
	n.body := CASE WHEN p ? 'body' THEN coalesce(p ->> 'body', '') ELSE o.body END;
	n.occurred_at := coalesce((p ->> 'occurred_at')::timestamptz, o.occurred_at);
	n.due_at := CASE WHEN p ? 'due_at' THEN (p ->> 'due_at')::timestamptz ELSE o.due_at END;
	n.done_at := CASE WHEN p ? 'done_at' THEN (p ->> 'done_at')::timestamptz ELSE o.done_at END;
	IF n IS DISTINCT FROM o THEN
		PERFORM app.activity_check(p_tenant, n);
		UPDATE pact.activity v SET contact_id = n.contact_id, account_id = n.account_id, kind = n.kind, subject = n.subject, body = n.body,
				occurred_at = n.occurred_at, due_at = n.due_at, done_at = n.done_at
			WHERE v.tenant_id = p_tenant AND v.id = p_id;
	END IF;
	RETURN QUERY SELECT * FROM app.activity_reply(p_tenant, p_id);
END $$;

CREATE OR REPLACE FUNCTION app.activity_delete(p_tenant uuid, p_id uuid, p_version bigint) RETURNS TABLE (deleted uuid)
	LANGUAGE plpgsql AS $$
BEGIN
	PERFORM app.activity_lock(p_tenant, p_id, p_version);
	DELETE FROM pact.activity v WHERE v.tenant_id = p_tenant AND v.id = p_id;
	RETURN QUERY SELECT p_id;
END $$;

-- ── custom fields ────────────────────────────────────────────────────────────────────────────────────────────────
CREATE OR REPLACE FUNCTION api.custom_field_json(f pact.custom_field) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
	AS $$ SELECT json_build_object('key', f.key, 'label', f.label, 'created_at', app.rfc3339(f.created_at)) $$;

-- The key under which a label's values are kept; null when it has no letter of a to z.
CREATE OR REPLACE FUNCTION app.custom_key(p_label text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT nullif(left(regexp_replace(regexp_replace(lower(p_label), '[^a-z0-9]+', '_', 'g'), '^[^a-z]+|_$', '', 'g'), 60), '')
	$$;
CREATE OR REPLACE FUNCTION app.custom_field_create(p_tenant uuid, p jsonb) RETURNS TABLE (body json, location text)
	LANGUAGE plpgsql AS $$
DECLARE
	f pact.custom_field;
	v_key text := coalesce(p ->> 'key', app.custom_key(p ->> 'label'), 'field_' || left(md5(p ->> 'label'), 8));
BEGIN
	IF v_key !~ '^[a-z][a-z0-9_]{0,59}$' THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/key', 'Must begin with a letter of a to z; then letters, digits and _ may follow.')]);
	ELSIF (SELECT count(*) FROM pact.custom_field x WHERE x.tenant_id = p_tenant) >= 100 THEN
		PERFORM app.refuse('conflict', 'A workspace has at most 100 custom fields.');
	END IF;
	INSERT INTO pact.custom_field (tenant_id, key, label) VALUES (p_tenant, v_key, p ->> 'label') ON CONFLICT DO NOTHING RETURNING * INTO f;
	IF NOT FOUND THEN
		PERFORM app.refuse('conflict', 'There is a custom field with this key already.');
	END IF;
	RETURN QUERY SELECT api.custom_field_json(f), '/v1/custom-fields'::text;
END $$;

-- ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE OR REPLACE FUNCTION app.privacy(p_tenant uuid) RETURNS TABLE (body json, etag text) LANGUAGE sql STABLE AS $$
	SELECT json_build_object('default_consent_policy', t.consent_policy, 'legal_basis', t.consent_basis, 'updated_at',
		app.rfc3339(t.updated_at)), t.tenant_id || '-' || t.version
	FROM pact.tenant t WHERE t.tenant_id = p_tenant
	$$;
CREATE OR REPLACE FUNCTION app.privacy_patch(p_tenant uuid, p_version bigint, p jsonb) RETURNS TABLE (body json, etag text)
	LANGUAGE plpgsql AS $$
DECLARE
	t record;
	v_policy text;
	v_basis text;
BEGIN
	SELECT x.consent_policy, x.consent_basis, x.version INTO t FROM pact.tenant x WHERE x.tenant_id = p_tenant FOR NO KEY UPDATE;
	IF t.version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	END IF;
	v_policy := coalesce(p ->> 'default_consent_policy', t.consent_policy);
	v_basis := CASE WHEN p ? 'legal_basis' THEN p ->> 'legal_basis' ELSE t.consent_basis END;
	IF v_policy = 'confirmed' AND v_basis IS NULL THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/legal_basis',
			'Confirmed by default needs its legal basis on record: say what allows you to mail these people.')]);
	END IF;
	IF (v_policy, v_basis) IS DISTINCT FROM (t.consent_policy, t.consent_basis) THEN
		UPDATE pact.tenant x SET consent_policy = v_policy, consent_basis = v_basis WHERE x.tenant_id = p_tenant;
	END IF;
	RETURN QUERY SELECT * FROM app.privacy(p_tenant);
END $$;

RESET ROLE;
