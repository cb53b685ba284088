-- SPDX-License-Identifier: GPL-3.0-or-later
-- API keys (A11): their door, and who may make which.
SET ROLE pact_door;

-- The key of this secret, and what it may: the context is then the workspace's, and the key's user acts by it. Whatever is wrong
-- with a key, the answer is the same. A second factor, or single sign-on, is asked of people alone: no program has one.
CREATE OR REPLACE FUNCTION app.key_context(p_tenant uuid, p_key uuid, p_secret bytea, p_permission text, p_ip text, p_request_id text)
	RETURNS TABLE (user_id uuid, email text, permitted boolean, stale boolean) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	k record;
BEGIN
	IF app.tenant_id() <> p_tenant THEN
		PERFORM app.refuse('unauthenticated');
	END IF;
	PERFORM set_config('pact.tenant_id', p_tenant::text, true);
	SELECT x.user_id, u.email, t.status = 'active' AS open,
			coalesce(x.last_used_at < now() - interval '5 minutes', true) AS stale,
			EXISTS (SELECT FROM pact.api_key_role kr JOIN pact.role r ON r.tenant_id = kr.tenant_id AND r.id = kr.role_id
				WHERE kr.tenant_id = p_tenant AND kr.key_id = p_key AND p_permission = ANY (r.permissions))
			AND EXISTS (SELECT FROM pact.user_role ur JOIN pact.role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
				WHERE ur.tenant_id = p_tenant AND ur.user_id = x.user_id AND p_permission = ANY (r.permissions)) AS permitted
		INTO k
		FROM pact.api_key x
		JOIN pact.user_account u ON u.tenant_id = x.tenant_id AND u.id = x.user_id
		JOIN pact.tenant t ON t.tenant_id = x.tenant_id
		WHERE x.tenant_id = p_tenant AND x.id = p_key AND x.secret_sha256 = sha256(p_secret) AND u.status = 'active'
			AND (x.expires_at IS NULL OR x.expires_at > now());
	IF NOT FOUND THEN
		PERFORM app.refuse('unauthenticated');
	ELSIF NOT k.open THEN
		PERFORM app.refuse('workspace-suspended');
	END IF;
	PERFORM set_config('pact.actor_kind', 'api_key:' || p_key, true), set_config('pact.actor_id', k.user_id::text, true),
		set_config('pact.actor_email', k.email, true), set_config('pact.ip', coalesce(p_ip, ''), true),
		set_config('pact.request_id', coalesce(p_request_id, ''), true);
	user_id := k.user_id;
	email := k.email;
	permitted := k.permitted;
	stale := k.stale;
	RETURN NEXT;
END $$;

-- The door. What is for a logged-in person alone ('self', 'enrol') is no permission that a role could hold, so it is shut here.
CREATE OR REPLACE FUNCTION app.enter_key(p_tenant uuid, p_key uuid, p_secret bytea, p_permission text, p_ip text, p_request_id text,
	p_read_only boolean) RETURNS TABLE (user_id uuid, email text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	k record;
BEGIN
	SELECT * INTO k FROM app.key_context(p_tenant, p_key, p_secret, p_permission, p_ip, p_request_id);
	IF k.permitted IS NOT TRUE OR p_permission IN ('self', 'enrol') THEN
		PERFORM app.refuse('forbidden', CASE WHEN p_permission IN ('self', 'enrol') THEN 'This is for people who are logged in, not for API keys.'
			ELSE 'The roles of this API key do not allow it, or those of its user no longer do.' END, jsonb_build_object('permission', p_permission));
	END IF;
	IF k.stale AND current_setting('transaction_read_only') = 'off' THEN
		-- whoever else writes it just now writes the same
		UPDATE pact.api_key x SET last_used_at = now() WHERE x.tenant_id = p_tenant AND x.id = (SELECT y.id FROM pact.api_key y
			WHERE y.tenant_id = p_tenant AND y.id = p_key FOR NO KEY UPDATE SKIP LOCKED);
	END IF;
	IF p_read_only THEN
		PERFORM set_config('transaction_read_only', 'on', true);
	END IF;
	user_id := k.user_id;
	email := k.email;
	RETURN NEXT;
END $$;
-- That a key was refused, in a transaction of its own: the door has taken everything back. It opens nothing: the context ends
-- with it.
CREATE OR REPLACE FUNCTION app.key_refused(p_tenant uuid, p_key uuid, p_secret bytea, p_ip text, p_request_id text, p_route text,
	p_permission text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.key_context(p_tenant, p_key, p_secret, NULL, p_ip, p_request_id);
	PERFORM app.audit_write('access.refused', 'route', NULL, NULL, jsonb_build_object('route', p_route, 'permission', p_permission));
	PERFORM app.context_clear();
END $$;

-- A key that the caller may touch, locked.
CREATE OR REPLACE FUNCTION app.key_lock(p_id uuid, p_version bigint) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_version bigint;
BEGIN
	PERFORM app.people_lock();
	SELECT x.version INTO v_version FROM pact.api_key x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF v_version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	END IF;
	PERFORM app.not_beyond(app.key_permissions(p_id), 'This key may do more here than you. Ask an owner.');
END $$;
-- What its members come to: the roles' ids. A key cannot make or change keys: who has stolen one would have two, and the second
-- would outlive the first.
CREATE OR REPLACE FUNCTION app.key_check(p jsonb) RETURNS uuid[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_roles uuid[];
BEGIN
	IF app.key_id() IS NOT NULL THEN
		PERFORM app.refuse('forbidden', 'An API key cannot make or change keys. Log in for that.');
	ELSIF (p ->> 'expires_at')::timestamptz <= now() THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/expires_at', 'Is over already.')]);
	END IF;
	IF p ? 'roles' THEN
		v_roles := app.roles_named(p -> 'roles');
		PERFORM app.not_beyond(app.roles_permissions(v_roles), 'You cannot give a role that may do more than you.');
	END IF;
	RETURN v_roles;
END $$;

CREATE OR REPLACE FUNCTION app.key_create(p jsonb, p_id uuid, p_sha256 bytea) RETURNS TABLE (body json, etag text, location text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_roles uuid[];
BEGIN
	PERFORM app.people_lock();
	v_roles := app.key_check(p);
	INSERT INTO pact.api_key (tenant_id, id, user_id, name, secret_sha256, expires_at)
		VALUES (app.tenant_id(), p_id, app.actor_id(), p ->> 'name', p_sha256, (p ->> 'expires_at')::timestamptz);
	INSERT INTO pact.api_key_role (tenant_id, key_id, role_id) SELECT app.tenant_id(), p_id, x FROM unnest(v_roles) x;
	RETURN QUERY SELECT r.body, r.etag, '/v1/api-keys/' || p_id FROM app.key_reply(app.tenant_id(), p_id) r;
END $$;
CREATE OR REPLACE FUNCTION app.key_patch(p_id uuid, p_version bigint, p jsonb) RETURNS TABLE (body json, etag text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_roles uuid[];
BEGIN
	PERFORM app.key_lock(p_id, p_version);
	v_roles := app.key_check(p);
	IF v_roles IS NOT NULL THEN
		DELETE FROM pact.api_key_role x WHERE x.tenant_id = app.tenant_id() AND x.key_id = p_id AND NOT x.role_id = ANY (v_roles);
		INSERT INTO pact.api_key_role (tenant_id, key_id, role_id) SELECT app.tenant_id(), p_id, x FROM unnest(v_roles) x ON CONFLICT DO NOTHING;
	END IF;
	UPDATE pact.api_key x SET name = coalesce(p ->> 'name', x.name), version = x.version + 1,
		expires_at = CASE WHEN p ? 'expires_at' THEN (p ->> 'expires_at')::timestamptz ELSE x.expires_at END
		WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	RETURN QUERY SELECT r.body, r.etag FROM app.key_reply(app.tenant_id(), p_id) r;
END $$;
-- Revoked: it opens nothing from now on. A key may do this, also to itself.
CREATE OR REPLACE FUNCTION app.key_delete(p_id uuid, p_version bigint) RETURNS TABLE (deleted uuid) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.key_lock(p_id, p_version);
	DELETE FROM pact.api_key x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	RETURN QUERY SELECT p_id;
END $$;

RESET ROLE;
SET ROLE pact_owner;

-- starts_with: of the text as it was shown once, so that one that turns up somewhere can be told. No part of the secret.
CREATE OR REPLACE FUNCTION api.key_json(p_tenant uuid, p_key uuid) RETURNS json LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT json_build_object('public_id', k.id, 'name', k.name, 'starts_with', 'pact_' || left(translate(encode(uuid_send(k.tenant_id)
			|| uuid_send(k.id), 'base64'), '+/', '-_'), 42),
		'roles', (SELECT coalesce(json_agg(r.name ORDER BY r.name), '[]') FROM pact.api_key_role kr
			JOIN pact.role r ON r.tenant_id = kr.tenant_id AND r.id = kr.role_id WHERE kr.tenant_id = k.tenant_id AND kr.key_id = k.id),
		'user', json_build_object('public_id', u.id, 'email', u.email, 'name', u.name),
		'created_at', app.rfc3339(k.created_at), 'expires_at', app.rfc3339(k.expires_at), 'last_used_at', app.rfc3339(k.last_used_at))
	FROM pact.api_key k JOIN pact.user_account u ON u.tenant_id = k.tenant_id AND u.id = k.user_id
	WHERE k.tenant_id = p_tenant AND k.id = p_key
	$$;
CREATE OR REPLACE FUNCTION app.key_reply(p_tenant uuid, p_id uuid) RETURNS TABLE (body json, etag text) LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.body, app.etag(x.id, x.version, x.body) FROM (SELECT k.id, k.version, api.key_json(k.tenant_id, k.id) AS body FROM pact.api_key k
		WHERE k.tenant_id = p_tenant AND k.id = p_id OFFSET 0) x
	$$;

RESET ROLE;
