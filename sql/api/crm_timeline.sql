-- SPDX-License-Identifier: GPL-3.0-or-later
-- What happened with a contact: ledger, activities, changed fields; and C5's export of all that is stored about it.
SET ROLE pact_owner;

-- Changed fields of one contact, from the audit log. Of the log, crm may see this and nothing else.
CREATE OR REPLACE FUNCTION app.contact_changes(p_contact uuid) RETURNS TABLE (id uuid, at timestamptz, actor text, old jsonb, new jsonb)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT e.id, e.at, coalesce(e.actor_email, e.actor_kind), e.old, e.new FROM pact.audit_event e
	WHERE e.tenant_id = app.tenant_id() AND e.resource_id = p_contact AND e.action = 'contact.update'
		AND e.resource_type = 'contact' AND e.new IS NOT NULL
	$$;

-- A changed value as a person reads it.
CREATE OR REPLACE FUNCTION app.change_text(p_tenant uuid, p_field text, p_values jsonb) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce(nullif(CASE
		WHEN p_field = 'account_id' THEN api.account_ref(p_tenant, (p_values ->> p_field)::uuid) ->> 'name'
		WHEN jsonb_typeof(p_values -> p_field) = 'array' THEN (SELECT string_agg(t, ', ') FROM jsonb_array_elements_text(p_values -> p_field) t)
		WHEN jsonb_typeof(p_values -> p_field) = 'object' THEN (SELECT string_agg(x.key || ': ' || x.value, ', ' ORDER BY x.key)
			FROM jsonb_each_text(p_values -> p_field) x)
		ELSE p_values ->> p_field END, ''), '—')
	$$;

-- One item of the stream; members that a kind does not have are null.
CREATE OR REPLACE FUNCTION api.timeline_json(p_id uuid, p_at timestamptz, p_kind text, p_subject text, p_body text, p_status text,
	p_previous text, p_source text, p_actor text, p_evidence jsonb, p_fields json, p_due timestamptz, p_done timestamptz)
	RETURNS json LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT json_build_object('id', p_id, 'at', app.rfc3339(p_at), 'kind', p_kind, 'subject', p_subject, 'body', p_body, 'status', p_status,
		'previous', p_previous, 'source', p_source, 'actor', p_actor, 'evidence', p_evidence, 'fields', p_fields, 'due_at',
		app.rfc3339(p_due), 'done_at', app.rfc3339(p_done))
	$$;

-- The stream below (p_at, p_id), newest first. Consent and archiving show as events of the ledger, not as changed fields.
CREATE OR REPLACE FUNCTION app.timeline(p_tenant uuid, p_contact uuid, p_at timestamptz, p_id uuid, p_limit int)
	RETURNS TABLE (item json, at timestamptz, id uuid) LANGUAGE sql STABLE AS $$
	(SELECT api.timeline_json(e.id, e.at, e.kind, NULL, NULL, e.status, e.previous, e.source, coalesce(e.actor_email, e.actor_kind),
			e.evidence, NULL, NULL, NULL), e.at, e.id
		FROM pact.contact_event e WHERE e.tenant_id = p_tenant AND e.contact_id = p_contact AND (e.at, e.id) < (p_at, p_id)
		ORDER BY e.at DESC, e.id DESC LIMIT p_limit)
	UNION ALL
	(SELECT api.timeline_json(v.id, v.occurred_at, v.kind, v.subject, v.body, NULL, NULL, NULL, (SELECT u.email FROM pact.user_account u
			WHERE u.tenant_id = v.tenant_id AND u.id = v.created_by), NULL, NULL, v.due_at, v.done_at), v.occurred_at, v.id
		FROM pact.activity v WHERE v.tenant_id = p_tenant AND v.contact_id = p_contact AND (v.occurred_at, v.id) < (p_at, p_id)
		ORDER BY v.occurred_at DESC, v.id DESC LIMIT p_limit)
	UNION ALL
	(SELECT api.timeline_json(g.id, g.at, 'change', NULL, (SELECT string_agg(app.change_text(p_tenant, k, g.old) || ' → '
				|| app.change_text(p_tenant, k, g.new), E'\n' ORDER BY k) FROM json_array_elements_text(g.fields) k), NULL, NULL, NULL, g.actor, NULL, g.fields, NULL, NULL),
			g.at, g.id
		FROM (SELECT x.*, (SELECT json_agg(k ORDER BY k) FROM jsonb_object_keys(x.new) k
				WHERE k NOT IN ('consent_status', 'consent_source', 'consent_at', 'suppressed', 'archived_at')) AS fields
			FROM app.contact_changes(p_contact) x WHERE (x.at, x.id) < (p_at, p_id)) g
		WHERE g.fields IS NOT NULL ORDER BY g.at DESC, g.id DESC LIMIT p_limit)
	ORDER BY 2 DESC, 3 DESC LIMIT p_limit
	$$;

-- C5: one document with every field, what was done, and how consent came to be. Sequences come with their module.
CREATE OR REPLACE FUNCTION app.contact_export(p_tenant uuid, p_contact uuid) RETURNS TABLE (body json, filename text)
	LANGUAGE plpgsql AS $$
DECLARE
	c pact.contact;
BEGIN
	SELECT * INTO c FROM pact.contact x WHERE x.tenant_id = p_tenant AND x.id = p_contact;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	PERFORM app.audit('contact.export', 'contact', p_contact, NULL, jsonb_build_object('format', 'json', 'contacts', 1));
	RETURN QUERY SELECT json_build_object(
		'exported_at', app.rfc3339(now()),
		'contact', api.contact_json(c, api.account_ref(p_tenant, c.account_id)),
		'custom_fields', (SELECT coalesce(json_object_agg(f.key, f.label ORDER BY f.key), '{}') FROM pact.custom_field f
			WHERE f.tenant_id = p_tenant AND c.custom ? f.key),
		'activities', (SELECT coalesce(json_agg(api.activity_json(v) ORDER BY v.occurred_at DESC, v.id DESC), '[]')
			FROM pact.activity v WHERE v.tenant_id = p_tenant AND v.contact_id = p_contact),
		'consent', (SELECT coalesce(json_agg(api.consent_json(e) ORDER BY e.at DESC, e.id DESC), '[]')
			FROM pact.contact_event e WHERE e.tenant_id = p_tenant AND e.contact_id = p_contact),
		'sequences', json_build_array()), 'contact-' || p_contact || '.json';
END $$;

RESET ROLE;
