-- SPDX-License-Identifier: GPL-3.0-or-later
-- The audit log. Triggers write what happens to rows, in the transaction of the change, so that no code path can forget;
-- app.audit() is for what is not a row (export, reading the log). Programs cannot write the table itself.
SET ROLE pact_owner;

-- Without a check of the action, for functions of this schema.
CREATE OR REPLACE FUNCTION app.audit_write(p_action text, p_resource_type text, p_resource_id uuid, p_old jsonb, p_new jsonb)
	RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO pact.audit_event (tenant_id, retention_class, action, resource_type, resource_id, old, new)
	SELECT t.tenant_id, t.plan, p_action, p_resource_type, p_resource_id, p_old, p_new
	FROM pact.tenant t WHERE t.tenant_id = app.tenant_id()
	$$;

-- What programs write by themselves, and which. Everything else is written by what happens, so that no program can say that it did.
CREATE OR REPLACE FUNCTION app.audit_own() RETURNS TABLE (module text, action text) LANGUAGE sql IMMUTABLE AS $$
	VALUES ('auth', 'access.refused'), ('crm', 'access.refused'), ('audit', 'access.refused'), ('auth', 'auth.password_refused'),
		('crm', 'contact.export'), ('crm', 'import.start'), ('crm', 'import.cancel'), ('audit', 'audit.export')
	$$;
CREATE OR REPLACE FUNCTION app.audit(p_action text, p_resource_type text, p_resource_id uuid, p_old jsonb, p_new jsonb)
	RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF app.tenant_id() IS NULL THEN
		PERFORM app.refuse('unauthenticated');
	ELSIF NOT EXISTS (SELECT FROM app.audit_own() x WHERE x.module = app.module() AND x.action = p_action) THEN
		RAISE EXCEPTION 'app.audit: % is not for programs to write', p_action;
	END IF;
	PERFORM app.audit_write(p_action, p_resource_type, p_resource_id, p_old, p_new);
END $$;

-- Makes one trigger function per audited table from the registers, and its triggers. Set-based, static SQL; old and new
-- are joined on the primary key, which no grant lets anybody change. enable_nestloop off: the plan is kept from the first
-- small statement on, and a nested loop over the transition tables of a big one would take quadratic time. enable_hashjoin
-- on: a caller such as app.consent_apply() may have it off.
CREATE OR REPLACE FUNCTION app.audit_install() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $fn$
DECLARE
	r record;
	v_body text;
	v_key text;
	v_cols text[];
	v_first text[];
	v_event constant text := 'INSERT INTO pact.audit_event (tenant_id, retention_class, action, module, actor_kind, actor_id, '
		|| 'actor_email, key_id, ip, request_id, resource_type, resource_id, subject_id, old, new) SELECT r.tenant_id, '
		|| '(SELECT t.plan FROM pact.tenant t WHERE t.tenant_id = app.tenant_id()), %L, v_module, v_kind, v_actor, v_email, v_key, v_ip, '
		|| 'v_request, %L, %s, %s';
	v_create text;
	v_update text;
	v_delete text;
BEGIN
	FOR r IN SELECT t.*, 'audit_t_' || t.table_name AS fn, CASE WHEN t.resource_id IS NULL THEN 'NULL::uuid' ELSE 'r.' || quote_ident(t.resource_id) END AS rid,
			CASE WHEN t.subject IS NULL OR t.table_name = 'contact' THEN 'NULL::uuid' ELSE 'r.' || quote_ident(t.subject) END AS sid
		FROM app.table_register t WHERE t.audited LOOP
		SELECT string_agg(format('o.%1$I = r.%1$I', a.attname), ' AND ') INTO v_key FROM pg_index i
			JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
			WHERE i.indisprimary AND i.indrelid = ('pact.' || quote_ident(r.table_name))::regclass;
		SELECT array_agg(c.column_name ORDER BY a.attnum), array_agg(c.column_name ORDER BY a.attnum) FILTER (WHERE c.on_create)
			INTO v_cols, v_first FROM app.column_register c
			JOIN pg_attribute a ON a.attrelid = ('pact.' || quote_ident(r.table_name))::regclass AND a.attname = c.column_name
			WHERE c.table_name = r.table_name AND c.audited;
		SELECT format(v_event, r.resource_type || '.create', r.resource_type, r.rid, r.sid)
				|| ', NULL, CASE WHEN v_erasing IS NULL THEN jsonb_strip_nulls(jsonb_build_object('
				|| (SELECT string_agg(format('%L, r.%I', f, f), ', ') FROM unnest(coalesce(v_first, v_cols)) f)
				|| '))' || coalesce(' ||' || r.audit_extra, '') || ' END FROM new_rows r',
			format(v_event, r.resource_type || '.delete', r.resource_type, r.rid, r.sid)
				|| ', CASE WHEN v_erasing IS NULL THEN jsonb_strip_nulls(jsonb_build_object('
				|| string_agg(format('%L, r.%I', c, c), ', ') || '))' || coalesce(' ||' || r.audit_extra, '') || ' END, NULL FROM old_rows r'
				|| CASE WHEN r.table_name = 'contact' THEN ' WHERE v_erasing IS NULL OR r.id <> v_erasing' ELSE '' END,
			format(v_event, r.resource_type || '.update', r.resource_type, r.rid, r.sid)
				|| ', CASE WHEN v_erasing IS NULL THEN '
				|| string_agg(format('CASE WHEN o.%1$I IS DISTINCT FROM r.%1$I THEN jsonb_build_object(%1$L, o.%1$I) ELSE ''{}'' END', c), ' || ')
				|| ' END, CASE WHEN v_erasing IS NULL THEN '
				|| string_agg(format('CASE WHEN o.%1$I IS DISTINCT FROM r.%1$I THEN jsonb_build_object(%1$L, r.%1$I) ELSE ''{}'' END', c), ' || ')
				|| ' END FROM old_rows o JOIN new_rows r ON ' || v_key || ' WHERE '
				|| string_agg(format('o.%1$I IS DISTINCT FROM r.%1$I', c), ' OR ')
			INTO v_create, v_delete, v_update FROM unnest(v_cols) c;
		v_body := format($body$
DECLARE
	v_erasing uuid := nullif(current_setting('pact.erasing', true), '')::uuid;
	v_module text := app.module();
	v_kind text := app.actor_kind();
	v_actor uuid := app.actor_id();
	v_email text := app.actor_email();
	v_key uuid := app.key_id();
	v_ip text := app.ip();
	v_request text := app.request_id();
BEGIN
	IF TG_OP = 'INSERT' THEN
		%s;
	ELSIF TG_OP = 'UPDATE' THEN
		%s;
	ELSE
		%s;
	END IF;
	RETURN NULL;
END $body$, v_create, v_update, v_delete);
		CONTINUE WHEN EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'app'::regnamespace AND p.proname = r.fn AND p.prosrc = v_body
				AND 'enable_hashjoin=on' = ANY (p.proconfig))
			AND (SELECT count(*) FROM pg_trigger g WHERE g.tgrelid = ('pact.' || quote_ident(r.table_name))::regclass
				AND g.tgname LIKE 'zz\_audit\_%') = 3;
		EXECUTE format('CREATE OR REPLACE FUNCTION app.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER '
			'SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET enable_hashjoin = on AS %L', r.fn, v_body);
		EXECUTE format('CREATE OR REPLACE TRIGGER zz_audit_insert AFTER INSERT ON pact.%I REFERENCING NEW TABLE AS new_rows '
			'FOR EACH STATEMENT EXECUTE FUNCTION app.%I()', r.table_name, r.fn);
		EXECUTE format('CREATE OR REPLACE TRIGGER zz_audit_update AFTER UPDATE ON pact.%I REFERENCING OLD TABLE AS old_rows '
			'NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.%I()', r.table_name, r.fn);
		EXECUTE format('CREATE OR REPLACE TRIGGER zz_audit_delete AFTER DELETE ON pact.%I REFERENCING OLD TABLE AS old_rows '
			'FOR EACH STATEMENT EXECUTE FUNCTION app.%I()', r.table_name, r.fn);
	END LOOP;
END $fn$;

RESET ROLE;
