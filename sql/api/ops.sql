-- SPDX-License-Identifier: GPL-3.0-or-later
-- What an operator may do (scripts/pactctl). Each use is audited in the workspace it touches, with the operator's name.
SET ROLE pact_door;

-- The permissions of the built-in roles: owner all, admin all but billing.write and sso.write (who
-- says how everybody logs in could become anybody).
CREATE OR REPLACE FUNCTION ops.permissions(p_role text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(p) FROM unnest(ARRAY['contact.read', 'contact.write', 'contact.erase', 'contact.export', 'contact.import',
		'account.read', 'account.write', 'activity.read', 'activity.write', 'audit.read', 'audit.export', 'settings.read',
		'settings.write', 'user.read', 'user.write', 'role.write', 'integration.write', 'billing.write', 'sso.write', 'key.write']) p
	WHERE CASE p_role
		WHEN 'owner' THEN true
		WHEN 'admin' THEN p NOT IN ('billing.write', 'sso.write')
		WHEN 'member' THEN split_part(p, '.', 1) IN ('contact', 'account', 'activity') AND p <> 'contact.erase'
		WHEN 'viewer' THEN p IN ('contact.read', 'account.read', 'activity.read') END
	$$;

-- In the context of the workspace.
CREATE OR REPLACE FUNCTION ops.user_insert(p_email text, p_name text, p_role text, p_hash text, p_address_hmac bytea) RETURNS uuid
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_user uuid;
	v_role uuid;
BEGIN
	SELECT r.id INTO v_role FROM pact.role r WHERE r.tenant_id = app.tenant_id() AND r.name = p_role;
	IF NOT FOUND THEN
		PERFORM app.refuse('invalid', format('There is no role %s.', p_role));
	END IF;
	INSERT INTO pact.user_account (tenant_id, email, name) VALUES (app.tenant_id(), p_email, coalesce(p_name, ''))
		ON CONFLICT (tenant_id, email_norm) DO NOTHING RETURNING id INTO v_user;
	IF v_user IS NULL THEN
		PERFORM app.refuse('duplicate', 'Somebody with this address works here already.');
	END IF;
	INSERT INTO pact.user_password (tenant_id, user_id, hash) VALUES (app.tenant_id(), v_user, p_hash);
	INSERT INTO pact.user_role (tenant_id, user_id, role_id) VALUES (app.tenant_id(), v_user, v_role);
	INSERT INTO directory.login (address_hmac, tenant_id, user_id) VALUES (p_address_hmac, app.tenant_id(), v_user);
	RETURN v_user;
END $$;

-- p_data_key: the workspace's AES-256 key, wrapped by the master key p_master_key_id. Returns the owner's user id.
CREATE OR REPLACE FUNCTION ops.workspace_create(p_tenant uuid, p_slug text, p_name text, p_data_key bytea, p_master_key_id text,
	p_owner_email text, p_owner_name text, p_owner_hash text, p_address_hmac bytea, p_operator text) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_user uuid;
	v_key bit(512);
BEGIN
	PERFORM app.context(p_tenant, 'operator', NULL, p_operator, NULL, NULL);
	INSERT INTO directory.workspace (slug, tenant_id) VALUES (p_slug, p_tenant) ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		PERFORM app.refuse('duplicate', 'A workspace of this name is there already.');
	END IF;
	INSERT INTO pact.tenant (tenant_id, slug, name) VALUES (p_tenant, p_slug, p_name);
	-- The suppression key: 256 random bits (two strong UUIDs hold 122 each, hence three), kept as the two halves of RFC 2104.
	v_key := ('x' || rpad(encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
		'hex'), 128, '0'))::bit(512);
	INSERT INTO pact.tenant_key (tenant_id, data_key, master_key_id, suppression_ipad, suppression_opad)
		SELECT p_tenant, p_data_key, p_master_key_id, ops.bits(v_key # ('x' || repeat('36', 64))::bit(512)),
			ops.bits(v_key # ('x' || repeat('5c', 64))::bit(512));
	INSERT INTO pact.role (tenant_id, name, builtin, permissions)
		SELECT p_tenant, r, true, ops.permissions(r) FROM unnest(ARRAY['owner', 'admin', 'member', 'viewer']) r;
	v_user := ops.user_insert(p_owner_email, p_owner_name, 'owner', p_owner_hash, p_address_hmac);
	PERFORM app.outbox_add(v_user, 'welcome', NULL);
	PERFORM app.context_clear();
	RETURN v_user;
END $$;
CREATE OR REPLACE FUNCTION ops.bits(p bit) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg(decode(lpad(to_hex(substring(p FROM i * 8 + 1 FOR 8)::bit(8)::int), 2, '0'), 'hex'), '' ORDER BY i)
	FROM generate_series(0, length(p) / 8 - 1) i
	$$;

CREATE OR REPLACE FUNCTION ops.workspace_find(p_slug text) RETURNS uuid LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_tenant uuid;
BEGIN
	SELECT w.tenant_id INTO v_tenant FROM directory.workspace w WHERE w.slug = p_slug;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found', format('There is no workspace %s.', p_slug));
	END IF;
	RETURN v_tenant;
END $$;

CREATE OR REPLACE FUNCTION ops.user_add(p_slug text, p_email text, p_name text, p_role text, p_hash text, p_address_hmac bytea,
	p_operator text) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_user uuid;
BEGIN
	PERFORM app.context(ops.workspace_find(p_slug), 'operator', NULL, p_operator, NULL, NULL);
	v_user := ops.user_insert(p_email, p_name, p_role, p_hash, p_address_hmac);
	PERFORM app.context_clear();
	RETURN v_user;
END $$;

CREATE OR REPLACE FUNCTION ops.workspace_suspend(p_slug text, p_suspend boolean, p_operator text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_tenant uuid := ops.workspace_find(p_slug);
BEGIN
	PERFORM app.context(v_tenant, 'operator', NULL, p_operator, NULL, NULL);
	UPDATE pact.tenant SET status = CASE WHEN p_suspend THEN 'suspended' ELSE 'active' END WHERE tenant_id = v_tenant;
	UPDATE directory.workspace SET suspended = p_suspend WHERE tenant_id = v_tenant;
	PERFORM app.context_clear();
END $$;

-- Counts only; that the operator looked is an event in each workspace.
CREATE OR REPLACE FUNCTION ops.workspace_list(p_operator text)
	RETURNS TABLE (slug text, tenant_id uuid, name text, status text, plan text, users bigint, created_at timestamptz)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	w record;
BEGIN
	FOR w IN SELECT d.tenant_id FROM directory.workspace d ORDER BY d.slug LOOP
		PERFORM app.context(w.tenant_id, 'operator', NULL, p_operator, NULL, NULL);
		PERFORM app.audit_write('workspace.list', 'workspace', w.tenant_id, NULL, NULL);
		RETURN QUERY SELECT t.slug, t.tenant_id, t.name, t.status, t.plan,
			(SELECT count(*) FROM pact.user_account u WHERE u.tenant_id = t.tenant_id), t.created_at
			FROM pact.tenant t WHERE t.tenant_id = w.tenant_id;
		PERFORM app.context_clear();
	END LOOP;
END $$;

RESET ROLE;
