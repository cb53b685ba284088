-- SPDX-License-Identifier: GPL-3.0-or-later
-- New keys for old (`pactctl rekey`, fcgi/auth/rekey.c): one workspace a transaction, so that a run that is killed has done a
-- workspace or has not touched it. Each use is audited in the workspace.
SET ROLE pact_door;

-- The workspace's wrapped data key for whoever is about to seal something and write it in this transaction: until that ends,
-- the key cannot be replaced (`pactctl rekey` waits), so nothing is written under a key that is gone.
CREATE OR REPLACE FUNCTION app.data_key() RETURNS bytea LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
	AS $$ SELECT k.data_key FROM pact.tenant_key k WHERE k.tenant_id = app.tenant_id() FOR KEY SHARE $$;

-- The workspaces, or the one.
CREATE OR REPLACE FUNCTION ops.rekey_list(p_slug text) RETURNS TABLE (slug text, tenant_id uuid) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF p_slug IS NOT NULL THEN
		PERFORM ops.workspace_find(p_slug);
	END IF;
	RETURN QUERY SELECT w.slug, w.tenant_id FROM directory.workspace w WHERE p_slug IS NULL OR w.slug = p_slug ORDER BY w.slug;
END $$;
-- The context is the workspace's from here to the end of the transaction. p_how: look (a dry run), wrap (another master key; who
-- seals goes on), data (another data key; who seals waits, and who has sealed is waited for).
CREATE OR REPLACE FUNCTION ops.rekey_open(p_tenant uuid, p_how text, p_operator text)
	RETURNS TABLE (data_key bytea, master_key_id text, data_key_at text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.context(p_tenant, 'operator', NULL, p_operator, NULL, NULL);
	IF p_how = 'data' THEN
		PERFORM FROM pact.tenant_key k WHERE k.tenant_id = p_tenant FOR UPDATE;
	ELSIF p_how = 'wrap' THEN
		PERFORM FROM pact.tenant_key k WHERE k.tenant_id = p_tenant FOR NO KEY UPDATE;
	ELSE
		PERFORM app.audit_write('workspace.rekey_look', 'workspace', p_tenant, NULL, NULL);
	END IF;
	-- a statement of its own: it sees what was committed while this waited
	RETURN QUERY SELECT k.data_key, k.master_key_id, app.rfc3339(k.data_key_at) FROM pact.tenant_key k WHERE k.tenant_id = p_tenant;
END $$;
CREATE OR REPLACE FUNCTION ops.rekey_here() RETURNS uuid LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF app.tenant_id() IS NULL OR app.actor_kind() <> 'operator' THEN
		PERFORM app.refuse('unauthenticated');
	END IF;
	RETURN app.tenant_id();
END $$;
-- The same data key, wrapped by another master key.
CREATE OR REPLACE FUNCTION ops.rekey_wrap(p_data_key bytea, p_master_key_id text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_tenant uuid := ops.rekey_here();
	v_old text := (SELECT k.master_key_id FROM pact.tenant_key k WHERE k.tenant_id = v_tenant);
BEGIN
	UPDATE pact.tenant_key k SET data_key = p_data_key, master_key_id = p_master_key_id WHERE k.tenant_id = v_tenant;
	PERFORM app.audit_write('workspace.rekey', 'workspace', v_tenant, jsonb_build_object('master_key_id', v_old),
		jsonb_build_object('key', 'master', 'master_key_id', p_master_key_id));
END $$;
-- Everything of the workspace that is sealed, as app.sealed_column has it, with what it is bound to; p_lock: to be replaced.
CREATE OR REPLACE FUNCTION ops.rekey_sealed(p_lock boolean) RETURNS TABLE (place int, name text, purpose text, sealed bytea) LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
BEGIN
	PERFORM ops.rekey_here();
	FOR c IN SELECT * FROM app.sealed_column x WHERE x.purpose IS NOT NULL ORDER BY x.place LOOP
		RETURN QUERY EXECUTE format('SELECT %s, %L::text, (%s)::text, r.%I FROM pact.%I r WHERE r.tenant_id = app.tenant_id() AND r.%4$I IS NOT NULL',
			c.place, c.table_name || '.' || c.column_name, c.purpose, c.column_name, c.table_name) || CASE WHEN p_lock THEN ' FOR NO KEY UPDATE' ELSE '' END;
	END LOOP;
END $$;
-- What is not kept over a new key. Before anything is read: a session that such a login becomes meanwhile is waited for.
CREATE OR REPLACE FUNCTION ops.rekey_drop() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
BEGIN
	PERFORM ops.rekey_here();
	FOR c IN SELECT x.table_name, string_agg(format('%I = %s', x.column_name, x.instead), ', ') AS change,
			string_agg(format('r.%I IS DISTINCT FROM (%s)', x.column_name, x.instead), ' OR ') AS changes
			FROM app.sealed_column x WHERE x.instead IS NOT NULL GROUP BY x.table_name ORDER BY min(x.place) LOOP
		EXECUTE format('UPDATE pact.%I r SET %s WHERE r.tenant_id = app.tenant_id() AND (%s)', c.table_name, c.change, c.changes);
	END LOOP;
END $$;
-- Puts these in the place of those; how many.
CREATE OR REPLACE FUNCTION ops.rekey_put(p_place int, p_old bytea[], p_new bytea[]) RETURNS TABLE (n bigint) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c app.sealed_column;
BEGIN
	PERFORM ops.rekey_here();
	SELECT * INTO STRICT c FROM app.sealed_column x WHERE x.place = p_place AND x.purpose IS NOT NULL;
	EXECUTE format('UPDATE pact.%I r SET %I = w.fresh FROM unnest($1, $2) w (old, fresh) WHERE r.tenant_id = app.tenant_id() AND r.%2$I = w.old',
		c.table_name, c.column_name) USING p_old, p_new;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN NEXT;
END $$;
-- Another data key; p_counts: how many values of which column were sealed anew.
CREATE OR REPLACE FUNCTION ops.rekey_data(p_data_key bytea, p_master_key_id text, p_counts jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_tenant uuid := ops.rekey_here();
BEGIN
	UPDATE pact.tenant_key k SET data_key = p_data_key, master_key_id = p_master_key_id, data_key_at = now() WHERE k.tenant_id = v_tenant;
	PERFORM app.audit_write('workspace.rekey', 'workspace', v_tenant, NULL,
		jsonb_build_object('key', 'data', 'master_key_id', p_master_key_id, 'sealed', p_counts));
END $$;

RESET ROLE;
