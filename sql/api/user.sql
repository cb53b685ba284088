-- SPDX-License-Identifier: GPL-3.0-or-later
-- People who work here, and what they may do (A9, A10). Nobody gives, takes or touches what they may not do themselves, and
-- a workspace always keeps an owner who can log in.
SET ROLE pact_owner;

CREATE OR REPLACE FUNCTION api.user_json(u pact.user_account) RETURNS json LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT json_build_object('public_id', u.id, 'email', u.email, 'name', u.name, 'roles', (SELECT coalesce(json_agg(r.name ORDER BY r.name), '[]')
			FROM pact.user_role ur JOIN pact.role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
			WHERE ur.tenant_id = u.tenant_id AND ur.user_id = u.id),
		'mfa', EXISTS (SELECT FROM pact.totp t WHERE t.tenant_id = u.tenant_id AND t.user_id = u.id AND t.confirmed_at IS NOT NULL),
		'sso', EXISTS (SELECT FROM pact.sso_identity i WHERE i.tenant_id = u.tenant_id AND i.user_id = u.id),
		'scim', EXISTS (SELECT FROM pact.scim_user s WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id), 'status', u.status,
		'last_login_at', app.rfc3339(u.last_login_at), 'created_at', app.rfc3339(u.created_at))
	$$;
CREATE OR REPLACE FUNCTION app.user_reply(p_tenant uuid, p_id uuid) RETURNS TABLE (body json, etag text) LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.body, app.etag(x.id, x.version, x.body) FROM (SELECT u.id, u.version, api.user_json(u) AS body FROM pact.user_account u
		WHERE u.tenant_id = p_tenant AND u.id = p_id OFFSET 0) x
	$$;
CREATE OR REPLACE FUNCTION api.role_json(r pact.role) RETURNS json LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT json_build_object('public_id', r.id, 'name', r.name, 'builtin', r.builtin, 'permissions', (SELECT coalesce(json_agg(p ORDER BY p), '[]')
			FROM unnest(r.permissions) p), 'users', (SELECT count(*) FROM pact.user_role ur WHERE ur.tenant_id = r.tenant_id AND ur.role_id = r.id))
	$$;
CREATE OR REPLACE FUNCTION app.role_reply(p_tenant uuid, p_id uuid) RETURNS TABLE (body json, etag text, location text) LANGUAGE sql STABLE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.body, app.etag(x.id, x.version, x.body), '/v1/roles/' || x.id FROM (SELECT r.id, r.version, api.role_json(r) AS body FROM pact.role r
		WHERE r.tenant_id = p_tenant AND r.id = p_id OFFSET 0) x
	$$;

RESET ROLE;
SET ROLE pact_door;

-- What a user may do.
CREATE OR REPLACE FUNCTION app.permissions_of(p_user uuid) RETURNS text[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(array_agg(DISTINCT p), '{}') FROM pact.user_role ur JOIN pact.role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id,
		unnest(r.permissions) p WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = p_user
	$$;
-- What an API key may do: what its roles and its user's have in common.
CREATE OR REPLACE FUNCTION app.key_permissions(p_key uuid) RETURNS text[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT ARRAY(SELECT p FROM pact.api_key k, unnest(app.permissions_of(k.user_id)) p WHERE k.tenant_id = app.tenant_id() AND k.id = p_key
		INTERSECT SELECT p FROM pact.api_key_role kr JOIN pact.role r ON r.tenant_id = kr.tenant_id AND r.id = kr.role_id, unnest(r.permissions) p
			WHERE kr.tenant_id = app.tenant_id() AND kr.key_id = p_key)
	$$;
-- The caller's own.
CREATE OR REPLACE FUNCTION app.own_permissions() RETURNS text[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN app.key_id() IS NULL THEN app.permissions_of(app.actor_id()) ELSE app.key_permissions(app.key_id()) END
	$$;
-- Refuses what goes beyond the caller's own permissions.
CREATE OR REPLACE FUNCTION app.not_beyond(p_permissions text[], p_detail text) RETURNS void LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT p_permissions <@ app.own_permissions() THEN
		PERFORM app.refuse('forbidden', p_detail);
	END IF;
END $$;
-- One change of people at a time in a workspace; who is the last owner cannot be decided otherwise. Whoever was suspended or removed
-- while they waited makes none any more.
CREATE OR REPLACE FUNCTION app.people_lock() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM FROM pact.tenant t WHERE t.tenant_id = app.tenant_id() FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('unauthenticated');
	ELSIF app.actor_id() IS NOT NULL AND NOT EXISTS (SELECT FROM pact.user_account u
			WHERE u.tenant_id = app.tenant_id() AND u.id = app.actor_id() AND u.status = 'active') THEN
		PERFORM app.refuse(CASE WHEN app.key_id() IS NULL THEN 'session-ended' ELSE 'unauthenticated' END);
	END IF;
END $$;
-- p_in_need: whether app.owner_in_need() was true before the change, which must not end that.
CREATE OR REPLACE FUNCTION app.owner_left(p_in_need boolean) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_ended boolean := p_in_need AND NOT app.owner_in_need();
BEGIN
	IF NOT EXISTS (SELECT FROM app.owners() o JOIN pact.user_account u ON u.tenant_id = app.tenant_id() AND u.id = o WHERE u.status = 'active')
			OR v_ended AND NOT (SELECT t.sso_enforced FROM pact.tenant t WHERE t.tenant_id = app.tenant_id()) THEN
		PERFORM app.refuse('conflict', 'A workspace needs an owner who can log in, with a password or by single sign-on. Make somebody else an owner first.');
	ELSIF v_ended THEN
		PERFORM app.refuse('conflict', 'Single sign-on is required, and no other owner could come in when the identity provider does not answer. '
			'Let another one turn on two-factor authentication, or do not require single sign-on, first.');
	END IF;
END $$;
-- Roles by name: their ids, each once.
CREATE OR REPLACE FUNCTION app.roles_named(p jsonb) RETURNS uuid[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_ids uuid[];
	v_missing text;
BEGIN
	SELECT array_agg(DISTINCT r.id), min(n) FILTER (WHERE r.id IS NULL) INTO v_ids, v_missing FROM jsonb_array_elements_text(p) n
		LEFT JOIN pact.role r ON r.tenant_id = app.tenant_id() AND r.name = n;
	IF v_missing IS NOT NULL OR v_ids IS NULL THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/roles', coalesce('There is no role ' || v_missing || '.', 'Name at least one role.'))]);
	END IF;
	RETURN v_ids;
END $$;
CREATE OR REPLACE FUNCTION app.roles_permissions(p_roles uuid[]) RETURNS text[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(array_agg(DISTINCT p), '{}') FROM pact.role r, unnest(r.permissions) p WHERE r.tenant_id = app.tenant_id() AND r.id = ANY (p_roles)
	$$;
-- A user of the workspace that the caller may touch, locked.
CREATE OR REPLACE FUNCTION app.user_lock(p_id uuid, p_version bigint) RETURNS pact.user_account LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u pact.user_account;
BEGIN
	PERFORM app.people_lock();
	SELECT * INTO u FROM pact.user_account x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF u.version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	END IF;
	PERFORM app.not_beyond(app.permissions_of(p_id), 'This person may do more here than you. Ask an owner.');
	RETURN u;
END $$;

-- Invites, or sends the invitation again to somebody who has not come yet. The link is good for seven days. Ten mails an hour to an
-- address, whose owner has not asked for any, are enough.
CREATE OR REPLACE FUNCTION app.user_invite(p jsonb, p_address_hmac bytea, p_token uuid, p_sha256 bytea, p_link text)
	RETURNS TABLE (body json, etag text, location text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_roles uuid[];
	v_wait int;
	u pact.user_account;
BEGIN
	PERFORM app.people_lock();
	v_roles := app.roles_named(p -> 'roles');
	PERFORM app.not_beyond(app.roles_permissions(v_roles), 'You cannot give a role that may do more than you.');
	SELECT * INTO u FROM pact.user_account x WHERE x.tenant_id = app.tenant_id() AND x.email_norm = app.email_norm(p ->> 'email') FOR UPDATE;
	IF NOT FOUND THEN
		INSERT INTO pact.user_account (tenant_id, email, name, status)
			VALUES (app.tenant_id(), p ->> 'email', coalesce(p ->> 'name', ''), 'invited') RETURNING * INTO u;
		INSERT INTO directory.login (address_hmac, tenant_id, user_id, last_used) VALUES (p_address_hmac, app.tenant_id(), u.id, '-infinity');
	ELSIF u.status <> 'invited' THEN
		PERFORM app.refuse('duplicate', 'Somebody with this address works here already.', jsonb_build_object('existing', u.id));
	ELSE
		PERFORM app.not_beyond(app.permissions_of(u.id), 'This person may do more here than you. Ask an owner.');
	END IF;
	v_wait := app.throttle_count(app.throttle_key('invite', uuid_send(app.tenant_id()) || p_address_hmac, NULL), 10, interval '1 hour');
	IF v_wait IS NOT NULL THEN
		PERFORM app.refuse('throttled', 'Ten invitations an hour to one address are enough.', jsonb_build_object('retry_after', v_wait));
	END IF;
	PERFORM app.user_roles(u.id, v_roles);
	DELETE FROM pact.user_token t WHERE t.tenant_id = app.tenant_id() AND t.user_id = u.id AND t.used_at IS NULL;
	INSERT INTO pact.user_token (tenant_id, id, user_id, purpose, secret_sha256, expires_at)
		VALUES (app.tenant_id(), p_token, u.id, 'invite', p_sha256, now() + interval '7 days');
	PERFORM app.audit_write('user.invite', 'user', u.id, NULL, jsonb_build_object('email', u.email, 'roles', p -> 'roles'));
	IF (SELECT t.sso_enforced FROM pact.tenant t WHERE t.tenant_id = app.tenant_id()) THEN
		PERFORM app.outbox_add(u.id, 'invitation-sso', jsonb_build_object('slug', t.slug, 'by', app.actor_email())) FROM pact.tenant t
			WHERE t.tenant_id = app.tenant_id();
	ELSE
		PERFORM app.outbox_add(u.id, 'invitation', jsonb_build_object('link', p_link, 'by', app.actor_email()));
	END IF;
	RETURN QUERY SELECT r.body, r.etag, '/v1/users/' || u.id FROM app.user_reply(app.tenant_id(), u.id) r;
END $$;
-- Exactly these roles; only differences are written, and audited.
CREATE OR REPLACE FUNCTION app.user_roles(p_user uuid, p_roles uuid[]) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n int;
	m int;
BEGIN
	DELETE FROM pact.user_role x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_user AND NOT x.role_id = ANY (p_roles);
	GET DIAGNOSTICS n = ROW_COUNT;
	INSERT INTO pact.user_role (tenant_id, user_id, role_id) SELECT app.tenant_id(), p_user, r FROM unnest(p_roles) r ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS m = ROW_COUNT;
	RETURN n + m > 0;
END $$;

CREATE OR REPLACE FUNCTION app.user_patch(p_id uuid, p_version bigint, p jsonb) RETURNS TABLE (body json, etag text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u pact.user_account := app.user_lock(p_id, p_version);
	v_in_need boolean := app.owner_in_need();
	v_roles uuid[];
	v_changed boolean := false;
BEGIN
	IF p ? 'roles' THEN
		v_roles := app.roles_named(p -> 'roles');
		PERFORM app.not_beyond(app.roles_permissions(v_roles), 'You cannot give a role that may do more than you.');
		v_changed := app.user_roles(p_id, v_roles);
	END IF;
	IF p ? 'status' AND p ->> 'status' <> u.status THEN
		IF u.status = 'invited' THEN
			PERFORM app.refuse('conflict', 'This person has not accepted the invitation yet. Delete it instead.');
		ELSIF p_id = app.actor_id() THEN
			PERFORM app.refuse('conflict', 'You cannot suspend yourself.');
		END IF;
	END IF;
	-- a change of roles is a change of the user: the version moves with it
	IF v_changed OR p ? 'name' OR p ? 'status' THEN
		UPDATE pact.user_account x SET name = CASE WHEN p ? 'name' THEN coalesce(p ->> 'name', '') ELSE x.name END,
			status = CASE WHEN p ? 'status' THEN p ->> 'status' ELSE x.status END WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	END IF;
	IF p ->> 'status' = 'suspended' THEN
		PERFORM app.user_out(p_id, 'suspended');
	END IF;
	PERFORM app.owner_left(v_in_need);
	RETURN QUERY SELECT r.body, r.etag FROM app.user_reply(app.tenant_id(), p_id) r;
END $$;
-- Every way in that is open now is shut.
CREATE OR REPLACE FUNCTION app.user_out(p_user uuid, p_reason text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.sessions_out(p_user, NULL, p_reason);
	DELETE FROM pact.user_token t WHERE t.tenant_id = app.tenant_id() AND t.user_id = p_user AND t.used_at IS NULL;
END $$;
CREATE OR REPLACE FUNCTION app.user_delete(p_id uuid, p_version bigint) RETURNS TABLE (deleted uuid) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u pact.user_account := app.user_lock(p_id, p_version);
	v_in_need boolean := app.owner_in_need();
BEGIN
	IF p_id = app.actor_id() THEN
		PERFORM app.refuse('conflict', 'You cannot remove yourself.');
	END IF;
	DELETE FROM pact.user_role x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_id;
	DELETE FROM directory.login l WHERE l.tenant_id = app.tenant_id() AND l.user_id = p_id;
	DELETE FROM pact.user_account x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	PERFORM app.owner_left(v_in_need);
	RETURN QUERY SELECT p_id;
END $$;
-- Of somebody who has lost the telephone: all sessions end, too. One's own takes the password (app.totp_remove_own), which a stolen
-- session or key does not know.
CREATE OR REPLACE FUNCTION app.user_mfa_remove(p_id uuid) RETURNS TABLE (deleted uuid) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.user_lock(p_id, NULL);
	IF p_id = app.actor_id() THEN
		PERFORM app.refuse('conflict', 'This is for others. Turn your own off in your settings, with your password.');
	END IF;
	PERFORM app.totp_remove(p_id);
	PERFORM app.user_out(p_id, 'mfa-reset');
	RETURN QUERY SELECT p_id;
END $$;

-- Logged out everywhere at once, but for the session that asks this: the caller, or somebody whom they may touch. How many; one event
-- says so.
CREATE OR REPLACE FUNCTION app.sessions_end(p_user uuid, p_keep uuid) RETURNS TABLE (ended int) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_own boolean := p_user IS NOT DISTINCT FROM app.actor_id();
	v_reason text := CASE WHEN v_own THEN 'ended by the user' ELSE 'ended by an administrator' END;
BEGIN
	IF NOT v_own THEN
		PERFORM app.user_lock(p_user, NULL);
	END IF;
	ended := app.sessions_out(p_user, p_keep, v_reason);
	IF ended > 0 OR NOT v_own THEN
		PERFORM app.audit_write('auth.session_end', 'user', p_user, NULL, jsonb_build_object('reason', v_reason, 'sessions', ended));
	END IF;
	RETURN NEXT;
END $$;

-- Who somebody is to the identity provider is forgotten: the next login with the same address is them. For who got a new
-- account there. Sessions that began with it end.
CREATE OR REPLACE FUNCTION app.user_sso_remove(p_id uuid) RETURNS TABLE (deleted uuid) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.user_lock(p_id, NULL);
	DELETE FROM pact.sso_identity x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_id;
	IF FOUND THEN
		PERFORM app.audit_write('auth.sso_unlink', 'user', p_id, NULL, '{}');
		UPDATE pact.session s SET ended_at = now(), ended_reason = 'sso-unlink' WHERE s.tenant_id = app.tenant_id() AND s.user_id = p_id
			AND s.sso_connection_id IS NOT NULL AND s.ended_at IS NULL;
	END IF;
	RETURN QUERY SELECT p_id;
END $$;

-- ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE OR REPLACE FUNCTION app.role_check(p jsonb, p_except uuid) RETURNS text[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_unknown text;
	v_permissions text[];
BEGIN
	IF NOT EXISTS (SELECT FROM pact.tenant t WHERE t.tenant_id = app.tenant_id() AND t.plan = 'enterprise') THEN
		PERFORM app.refuse('plan-required', 'Roles of your own come with the Enterprise plan.');
	END IF;
	IF EXISTS (SELECT FROM pact.role r WHERE r.tenant_id = app.tenant_id() AND lower(r.name) = lower(p ->> 'name') AND r.id IS DISTINCT FROM p_except) THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/name', 'There is a role of this name.')]);
	END IF;
	SELECT array_agg(DISTINCT x), min(x) FILTER (WHERE NOT x = ANY (ops.permissions('owner'))) INTO v_permissions, v_unknown
		FROM jsonb_array_elements_text(p -> 'permissions') x;
	IF v_unknown IS NOT NULL THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/permissions', 'There is no permission ' || v_unknown || '.')]);
	END IF;
	PERFORM app.not_beyond(coalesce(v_permissions, '{}'), 'A role cannot be given what you may not do yourself.');
	RETURN coalesce(v_permissions, '{}');
END $$;
CREATE OR REPLACE FUNCTION app.role_create(p jsonb) RETURNS TABLE (body json, etag text, location text) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_id uuid;
BEGIN
	PERFORM app.people_lock();
	INSERT INTO pact.role (tenant_id, name, permissions) VALUES (app.tenant_id(), p ->> 'name', app.role_check(p, NULL)) RETURNING id INTO v_id;
	RETURN QUERY SELECT r.* FROM app.role_reply(app.tenant_id(), v_id) r;
END $$;
CREATE OR REPLACE FUNCTION app.role_lock(p_id uuid, p_version bigint) RETURNS pact.role LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r pact.role;
BEGIN
	PERFORM app.people_lock();
	SELECT * INTO r FROM pact.role x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	ELSIF r.version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	ELSIF r.builtin THEN
		PERFORM app.refuse('conflict', 'A built-in role stays as it is. Make one of your own.');
	END IF;
	PERFORM app.not_beyond(r.permissions, 'This role may do more than you. Ask an owner.');
	RETURN r;
END $$;
CREATE OR REPLACE FUNCTION app.role_patch(p_id uuid, p_version bigint, p jsonb) RETURNS TABLE (body json, etag text) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r pact.role := app.role_lock(p_id, p_version);
BEGIN
	p := jsonb_build_object('name', r.name, 'permissions', to_jsonb(r.permissions)) || p;
	UPDATE pact.role x SET name = p ->> 'name', permissions = app.role_check(p, p_id) WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	RETURN QUERY SELECT y.body, y.etag FROM app.role_reply(app.tenant_id(), p_id) y;
END $$;
CREATE OR REPLACE FUNCTION app.role_delete(p_id uuid, p_version bigint) RETURNS TABLE (deleted uuid) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.role_lock(p_id, p_version);
	IF EXISTS (SELECT FROM pact.user_role x WHERE x.tenant_id = app.tenant_id() AND x.role_id = p_id) THEN
		PERFORM app.refuse('conflict', 'Somebody still has this role. Give them another one first.');
	ELSIF EXISTS (SELECT FROM pact.group_role x WHERE x.tenant_id = app.tenant_id() AND x.role_id = p_id) THEN
		PERFORM app.refuse('conflict', 'Single sign-on gives this role. Change that first.');
	ELSIF EXISTS (SELECT FROM pact.api_key_role x WHERE x.tenant_id = app.tenant_id() AND x.role_id = p_id) THEN
		PERFORM app.refuse('conflict', 'An API key still has this role. Revoke the key or give it another role first.');
	END IF;
	DELETE FROM pact.role x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	RETURN QUERY SELECT p_id;
END $$;

RESET ROLE;
