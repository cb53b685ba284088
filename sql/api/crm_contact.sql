-- SPDX-License-Identifier: GPL-3.0-or-later
-- Contacts: what a client sees, and the writes. p is the validated body: absent members are left alone, null empties.
SET ROLE pact_owner;

-- p_account: api.account_ref() of the contact's account. Inlined into the list queries, so no subquery in here.
CREATE OR REPLACE FUNCTION api.contact_json(c pact.contact, p_account json) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT json_build_object('public_id', c.id, 'email', c.email, 'first_name', c.first_name, 'last_name', c.last_name,
		'phone', c.phone, 'title', c.title, 'account_id', c.account_id, 'account', p_account, 'tags', c.tags, 'custom', c.custom,
		'consent_status', c.consent_status, 'consent_source', c.consent_source, 'consent_at', app.rfc3339(c.consent_at),
		'suppressed', c.suppressed, 'archived_at', app.rfc3339(c.archived_at), 'created_at', app.rfc3339(c.created_at),
		'updated_at', app.rfc3339(c.updated_at))
	$$;

-- What only the database can say of a body: the account must be there, custom fields must be declared. Locks the account
-- against deletion until the transaction ends.
CREATE OR REPLACE FUNCTION app.contact_check(p_tenant uuid, p jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	e jsonb[] := '{}';
BEGIN
	IF p ->> 'account_id' IS NOT NULL THEN
		PERFORM FROM pact.account a WHERE a.tenant_id = p_tenant AND a.id = (p ->> 'account_id')::uuid FOR KEY SHARE;
		IF NOT FOUND THEN
			e := e || app.field_error('/account_id', 'There is no such account.');
		END IF;
	END IF;
	IF jsonb_typeof(p -> 'custom') = 'object' THEN
		e := e || ARRAY(SELECT app.field_error('/custom/' || replace(replace(k, '~', '~0'), '/', '~1'), 'There is no such custom field.')
			FROM jsonb_object_keys(p -> 'custom') k
			WHERE NOT EXISTS (SELECT FROM pact.custom_field f WHERE f.tenant_id = p_tenant AND f.key = k));
	END IF;
	IF NOT p ? 'consent_status' AND (p ? 'consent_source' OR p ? 'consent_evidence') THEN
		e := e || app.field_error('/consent_status', 'Is required when its source or evidence is given.');
	END IF;
	PERFORM app.refuse_fields(e);
END $$;

-- Tags in the order given, each once.
CREATE OR REPLACE FUNCTION app.tag_list(p jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT ARRAY(SELECT t FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(p) = 'array' THEN p ELSE '[]' END)
		WITH ORDINALITY x (t, n) GROUP BY t ORDER BY min(n))
	$$;
CREATE OR REPLACE FUNCTION app.refuse_duplicate(p_tenant uuid, p_email text, p_except uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	v_id uuid;
BEGIN
	SELECT c.id INTO v_id FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.email_norm = app.email_norm(p_email)
		AND c.id IS DISTINCT FROM p_except;
	PERFORM app.refuse('duplicate', 'Another contact has this address.',
		jsonb_build_object('existing', v_id, 'errors', ARRAY[app.field_error('/email', 'Another contact has this address.')]));
END $$;

CREATE OR REPLACE FUNCTION app.contact_create(p_tenant uuid, p jsonb, p_source text)
	RETURNS TABLE (body json, etag text, location text) LANGUAGE plpgsql AS $$
DECLARE
	c pact.contact;
	v_status text := p ->> 'consent_status';
	v_evidence jsonb := nullif(p -> 'consent_evidence', 'null');
BEGIN
	PERFORM app.contact_check(p_tenant, p);
	IF coalesce(p ->> 'email', p ->> 'first_name', p ->> 'last_name', p ->> 'phone') IS NULL THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/email', 'A contact needs an address, a name or a telephone number.')]);
	END IF;
	-- an address that is there, also one that another transaction is just adding: no row
	INSERT INTO pact.contact (tenant_id, email, first_name, last_name, phone, title, account_id, tags, custom, consent_status,
			consent_source, consent_at, consent_evidence)
		VALUES (p_tenant, p ->> 'email', p ->> 'first_name', p ->> 'last_name', p ->> 'phone', p ->> 'title', (p ->> 'account_id')::uuid,
			CASE WHEN p ? 'tags' THEN app.tag_list(p -> 'tags') ELSE '{}' END,
			CASE WHEN p -> 'custom' <> 'null' THEN jsonb_strip_nulls(p -> 'custom') ELSE '{}' END, v_status,
			CASE WHEN p ? 'consent_source' THEN app.source_name(p ->> 'consent_source', p_source)
				WHEN v_status IS NOT NULL THEN p_source END,
			CASE WHEN v_evidence ? 'at' THEN app.evidence_time(v_evidence, '/consent_evidence') WHEN v_status IS NOT NULL THEN now() END,
			v_evidence)
		ON CONFLICT (tenant_id, email_norm) DO NOTHING RETURNING * INTO c;
	IF NOT FOUND THEN
		PERFORM app.refuse_duplicate(p_tenant, p ->> 'email', NULL);
	END IF;
	body := api.contact_json(c, CASE WHEN c.account_id IS NOT NULL THEN api.account_ref(p_tenant, c.account_id) END);
	etag := app.etag(c.id, c.version, body);
	location := '/v1/contacts/' || c.id;
	RETURN NEXT;
END $$;

-- The row, locked, when it is there and its version is the one asked for (null: any).
CREATE OR REPLACE FUNCTION app.contact_lock(p_tenant uuid, p_id uuid, p_version bigint) RETURNS pact.contact LANGUAGE plpgsql AS $$
DECLARE
	c pact.contact;
BEGIN
	SELECT * INTO c FROM pact.contact x WHERE x.tenant_id = p_tenant AND x.id = p_id FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF c.version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	END IF;
	RETURN c;
END $$;
CREATE OR REPLACE FUNCTION app.contact_reply(p_tenant uuid, p_id uuid) RETURNS TABLE (body json, etag text) LANGUAGE sql STABLE AS $$
	SELECT x.body, app.etag(x.id, x.version, x.body) FROM (SELECT c.id, c.version, api.contact_json(c,
			(SELECT json_build_object('public_id', a.id, 'name', a.name) FROM pact.account a
				WHERE a.tenant_id = c.tenant_id AND a.id = c.account_id)) AS body
		FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.id = p_id OFFSET 0) x
	$$;

CREATE OR REPLACE FUNCTION app.contact_patch(p_tenant uuid, p_id uuid, p_version bigint, p jsonb, p_source text)
	RETURNS TABLE (body json, etag text) LANGUAGE plpgsql AS $$
DECLARE
	o pact.contact := app.contact_lock(p_tenant, p_id, p_version);
	n pact.contact := o;
	v_evidence jsonb := nullif(p -> 'consent_evidence', 'null');
BEGIN
	PERFORM app.contact_check(p_tenant, p);
	n.email := CASE WHEN p ? 'email' THEN p ->> 'email' ELSE o.email END;
	n.first_name := CASE WHEN p ? 'first_name' THEN p ->> 'first_name' ELSE o.first_name END;
	n.last_name := CASE WHEN p ? 'last_name' THEN p ->> 'last_name' ELSE o.last_name END;
	n.phone := CASE WHEN p ? 'phone' THEN p ->> 'phone' ELSE o.phone END;
	n.title := CASE WHEN p ? 'title' THEN p ->> 'title' ELSE o.title END;
	n.account_id := CASE WHEN p ? 'account_id' THEN (p ->> 'account_id')::uuid ELSE o.account_id END;
	n.tags := CASE WHEN p ? 'tags' THEN app.tag_list(p -> 'tags') ELSE o.tags END;
	n.custom := CASE jsonb_typeof(p -> 'custom') WHEN 'object' THEN jsonb_strip_nulls(o.custom || (p -> 'custom')) WHEN 'null' THEN '{}'
		ELSE o.custom END;
	IF n IS DISTINCT FROM o THEN
		BEGIN
			UPDATE pact.contact c SET email = n.email, first_name = n.first_name, last_name = n.last_name, phone = n.phone,
					title = n.title, account_id = n.account_id, tags = n.tags, custom = n.custom
				WHERE c.tenant_id = p_tenant AND c.id = p_id;
		EXCEPTION WHEN unique_violation THEN
			PERFORM app.refuse_duplicate(p_tenant, n.email, p_id);
		END;
	END IF;
	IF p ? 'consent_status' THEN
		PERFORM app.consent_set(p_id, p ->> 'consent_status', app.source_name(p ->> 'consent_source', p_source),
			CASE WHEN v_evidence <> '{}' THEN app.evidence_time(v_evidence, '/consent_evidence') END, v_evidence);
	END IF;
	RETURN QUERY SELECT * FROM app.contact_reply(p_tenant, p_id);
END $$;

-- Archived contacts can be restored for 30 days; then a job erases them for good.
CREATE OR REPLACE FUNCTION app.contact_archive(p_tenant uuid, p_id uuid, p_archive boolean)
	RETURNS TABLE (body json, etag text) LANGUAGE plpgsql AS $$
DECLARE
	c pact.contact := app.contact_lock(p_tenant, p_id, NULL);
BEGIN
	IF p_archive AND c.archived_at IS NULL THEN
		UPDATE pact.contact x SET archived_at = now() WHERE x.tenant_id = p_tenant AND x.id = p_id;
		PERFORM app.enqueue('crm', 'archive-expired', jsonb_build_object('contact', p_id), now() + interval '30 days');
	ELSIF NOT p_archive AND c.archived_at < now() - interval '30 days' THEN
		PERFORM app.refuse('conflict', 'It was archived more than 30 days ago and is being deleted for good.');
	ELSIF NOT p_archive AND c.archived_at IS NOT NULL THEN
		UPDATE pact.contact x SET archived_at = NULL WHERE x.tenant_id = p_tenant AND x.id = p_id;
	END IF;
	RETURN QUERY SELECT * FROM app.contact_reply(p_tenant, p_id);
END $$;

-- One row when it was erased.
CREATE OR REPLACE FUNCTION app.contact_erase(p_tenant uuid, p_id uuid, p_version bigint) RETURNS TABLE (erased uuid)
	LANGUAGE plpgsql AS $$
BEGIN
	PERFORM app.contact_lock(p_tenant, p_id, p_version);
	PERFORM app.erase_contact(p_id);
	RETURN QUERY SELECT p_id;
END $$;
-- For the job of app.contact_archive(): a contact restored meanwhile, or archived again later, is left alone.
CREATE OR REPLACE FUNCTION app.archive_expired(p_tenant uuid, p_id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM pact.contact c WHERE c.tenant_id = p_tenant AND c.id = p_id AND c.archived_at <= now() - interval '30 days' FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM app.erase_contact(p_id);
	RETURN true;
END $$;

RESET ROLE;
