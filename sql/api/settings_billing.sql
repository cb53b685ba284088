-- SPDX-License-Identifier: GPL-3.0-or-later
-- Settings → Billing (A9): the plan, what it allows and what is used of it. There is no payment provider here: an owner asks for
-- another plan, and whoever runs this Pact sets it (pactctl workspace-plan).
SET ROLE pact_door;

-- What a plan brings; app.role_check() and the partitions of the audit log hold to it (A10, L4).
CREATE OR REPLACE FUNCTION app.plans() RETURNS TABLE (plan text, custom_roles boolean, audit_retention_days int) LANGUAGE sql IMMUTABLE
	AS $$ VALUES ('standard', false, 90), ('enterprise', true, 365) $$;

-- Exact to 10000; beyond, what the planner expects. VOLATILE, for EXPLAIN is not allowed otherwise.
CREATE OR REPLACE FUNCTION app.contacts_counted() RETURNS TABLE (n bigint, is_estimate boolean) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_plan json;
BEGIN
	SELECT count(*) INTO n FROM (SELECT FROM pact.contact c WHERE c.tenant_id = app.tenant_id() LIMIT 10001) x;
	is_estimate := n > 10000;
	IF is_estimate THEN
		EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM pact.contact c WHERE c.tenant_id = $1' INTO v_plan USING app.tenant_id();
		n := greatest(10001, round((v_plan -> 0 -> 'Plan' ->> 'Plan Rows')::numeric));
	END IF;
	RETURN NEXT;
END $$;
-- What becomes of things when the plan becomes this one, for the owner to read before asking.
CREATE OR REPLACE FUNCTION app.plan_consequences(p_from text, p_to text, p_roles bigint, p_people bigint) RETURNS json LANGUAGE sql IMMUTABLE
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT to_json(array_remove(CASE WHEN p_from = 'enterprise' AND p_to = 'standard' THEN ARRAY[
			CASE WHEN p_roles > 0 THEN format('Your own roles stay as they are (%s, held by %s), and those who have them keep them. They can be '
				'given, taken and deleted, but not changed, and new ones cannot be made.', p_roles, CASE p_people WHEN 1 THEN '1 person' ELSE p_people || ' people' END)
				ELSE 'Roles of your own cannot be made any more.' END,
			'Audit events from then on are kept for 90 days. Those that are there already are kept for their year.']
		WHEN p_from = 'standard' AND p_to = 'enterprise' THEN ARRAY['You can make roles of your own.',
			'Audit events from then on are kept for a year. Those that are there already are kept for their 90 days.']
		ELSE '{}' END, NULL))
	$$;
CREATE OR REPLACE FUNCTION app.billing_json() RETURNS TABLE (body json, etag text) LANGUAGE sql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.body, app.etag(x.tenant_id, x.version, x.body) FROM (
		SELECT t.tenant_id, coalesce(b.version, 0) AS version, json_build_object('plan', t.plan, 'requested_plan', b.requested_plan,
			'requested_at', app.rfc3339(b.requested_at),
			'how_to_change', 'Ask for another plan here. Whoever runs this Pact agrees the terms with you and sets it; until then nothing changes.',
			'limits', json_build_object('users', NULL, 'contacts', NULL, 'integrations', 100, 'custom_roles', p.custom_roles,
				'audit_retention_days', p.audit_retention_days),
			'usage', json_build_object('users', u.active, 'invited', u.invited, 'contacts', c.n, 'contacts_is_estimate', c.is_estimate,
				'custom_roles', r.roles, 'custom_role_users', r.people,
				'integrations', (SELECT count(*) FROM pact.integration i WHERE i.tenant_id = t.tenant_id),
				'api_keys', (SELECT count(*) FROM pact.api_key k WHERE k.tenant_id = t.tenant_id)),
			'plans', (SELECT json_agg(json_build_object('plan', o.plan, 'custom_roles', o.custom_roles, 'audit_retention_days', o.audit_retention_days,
				'consequences', app.plan_consequences(t.plan, o.plan, r.roles, r.people)) ORDER BY o.audit_retention_days) FROM app.plans() o),
			'contact', json_build_object('name', b.name, 'email', b.email, 'address', b.address, 'vat_id', b.vat_id, 'reference', b.reference)) AS body
		FROM pact.tenant t LEFT JOIN pact.billing b ON b.tenant_id = t.tenant_id JOIN app.plans() p ON p.plan = t.plan
		CROSS JOIN app.contacts_counted() c
		CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE y.status = 'active') AS active, count(*) FILTER (WHERE y.status = 'invited') AS invited
			FROM pact.user_account y WHERE y.tenant_id = t.tenant_id) u
		CROSS JOIN LATERAL (SELECT count(DISTINCT y.id) AS roles, count(DISTINCT z.user_id) AS people FROM pact.role y
			LEFT JOIN pact.user_role z ON z.tenant_id = y.tenant_id AND z.role_id = y.id WHERE y.tenant_id = t.tenant_id AND NOT y.builtin) r
		WHERE t.tenant_id = app.tenant_id()) x
	$$;
CREATE OR REPLACE FUNCTION app.billing_patch(p_version bigint, p jsonb) RETURNS TABLE (body json, etag text) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_plan text;
	b pact.billing;
	c jsonb := coalesce(nullif(p -> 'contact', 'null'), '{}');
BEGIN
	SELECT t.plan INTO v_plan FROM pact.tenant t WHERE t.tenant_id = app.tenant_id() FOR NO KEY UPDATE;
	SELECT * INTO b FROM pact.billing x WHERE x.tenant_id = app.tenant_id() FOR UPDATE;
	IF coalesce(b.version, 0) <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	ELSIF p ->> 'requested_plan' = v_plan THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/requested_plan', 'Is the plan that you have.')]);
	END IF;
	IF p ? 'requested_plan' AND p ->> 'requested_plan' IS DISTINCT FROM b.requested_plan THEN
		b.requested_plan := p ->> 'requested_plan';
		b.requested_at := CASE WHEN b.requested_plan IS NOT NULL THEN now() END;
		b.requested_by := CASE WHEN b.requested_plan IS NOT NULL THEN app.actor_id() END;
	END IF;
	c := jsonb_build_object('name', b.name, 'email', b.email, 'address', b.address, 'vat_id', b.vat_id, 'reference', b.reference) || c;
	INSERT INTO pact.billing AS x (tenant_id, name, email, address, vat_id, reference, requested_plan, requested_at, requested_by)
		VALUES (app.tenant_id(), c ->> 'name', c ->> 'email', c ->> 'address', c ->> 'vat_id', c ->> 'reference', b.requested_plan, b.requested_at, b.requested_by)
		ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name, email = excluded.email, address = excluded.address, vat_id = excluded.vat_id,
			reference = excluded.reference, requested_plan = excluded.requested_plan, requested_at = excluded.requested_at, requested_by = excluded.requested_by;
	RETURN QUERY SELECT * FROM app.billing_json();
END $$;

-- ── the operator's side ──────────────────────────────────────────────────────────────────────────────────────────
-- Sets the plan; what was asked for is settled with it. The event is the trigger's: workspace.update.
CREATE OR REPLACE FUNCTION ops.workspace_plan(p_slug text, p_plan text, p_operator text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_tenant uuid := ops.workspace_find(p_slug);
	v_was text;
BEGIN
	IF NOT EXISTS (SELECT FROM app.plans() x WHERE x.plan = p_plan) THEN
		PERFORM app.refuse('invalid', 'There is no plan of this name. Say standard or enterprise.');
	END IF;
	PERFORM app.context(v_tenant, 'operator', NULL, p_operator, NULL, NULL);
	SELECT t.plan INTO v_was FROM pact.tenant t WHERE t.tenant_id = v_tenant FOR NO KEY UPDATE;
	UPDATE pact.billing b SET requested_plan = NULL, requested_at = NULL, requested_by = NULL
		WHERE b.tenant_id = v_tenant AND b.requested_plan IS NOT NULL;
	IF v_was <> p_plan THEN
		UPDATE pact.tenant t SET plan = p_plan WHERE t.tenant_id = v_tenant;
		PERFORM app.mail_owners('plan-changed', jsonb_build_object('plan', initcap(p_plan), 'was', initcap(v_was)));
	END IF;
	PERFORM app.context_clear();
END $$;
-- What owners have asked for, oldest first; that the operator looked is an event in each of those workspaces.
CREATE OR REPLACE FUNCTION ops.plan_requests(p_operator text) RETURNS TABLE (slug text, plan text, requested_plan text, requested_at text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	w record;
BEGIN
	FOR w IN SELECT d.tenant_id FROM directory.workspace d ORDER BY d.slug LOOP
		PERFORM app.context(w.tenant_id, 'operator', NULL, p_operator, NULL, NULL);
		RETURN QUERY SELECT t.slug, t.plan, b.requested_plan, app.rfc3339(b.requested_at) FROM pact.tenant t
			JOIN pact.billing b ON b.tenant_id = t.tenant_id WHERE t.tenant_id = w.tenant_id AND b.requested_plan IS NOT NULL;
		IF FOUND THEN
			PERFORM app.audit_write('workspace.list', 'workspace', w.tenant_id, NULL, NULL);
		END IF;
		PERFORM app.context_clear();
	END LOOP;
END $$;

RESET ROLE;
