-- SPDX-License-Identifier: GPL-3.0-or-later
-- Settings → Security → SSO: the connection, its domains, the test and the enforcement (A3, A4, A5). How everybody logs in is for
-- people with sso.write to say (owners), in person: with it one could become anybody of the workspace.
SET ROLE pact_owner;

CREATE OR REPLACE FUNCTION api.domain_json(d pact.sso_domain) RETURNS json LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT json_build_object('public_id', d.id, 'domain', d.domain, 'verified', d.verified_at IS NOT NULL, 'verified_at', app.rfc3339(d.verified_at),
		'checked_at', app.rfc3339(d.checked_at), 'problem', d.problem,
		'record', json_build_object('name', '_pact-verification.' || d.domain, 'type', 'TXT', 'value', 'pact-verification=' || d.token),
		'created_at', app.rfc3339(d.created_at))
	$$;

RESET ROLE;
SET ROLE pact_door;

-- The few that they are, by index: never everybody, asked one by one.
CREATE OR REPLACE FUNCTION app.owners() RETURNS SETOF uuid LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT ur.user_id FROM pact.role r JOIN pact.user_role ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id
		WHERE r.tenant_id = app.tenant_id() AND r.builtin AND r.name = 'owner'
	$$;
CREATE OR REPLACE FUNCTION app.is_owner(p_user uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM app.owners() o WHERE o = p_user)
	$$;
-- What a part of a body may be changed for, where its route asks for less.
CREATE OR REPLACE FUNCTION app.sso_allowed() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF app.actor_kind() <> 'user' OR NOT 'sso.write' = ANY (app.permissions_of(app.actor_id())) THEN
		PERFORM app.refuse('forbidden', 'Only an owner of the workspace can change how everybody logs in.');
	END IF;
END $$;
-- An owner who comes in when the provider does not answer: with a password and a second factor.
CREATE OR REPLACE FUNCTION app.breaks_glass(p_user uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT app.is_owner(p_user) AND EXISTS (SELECT FROM pact.totp x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_user AND x.confirmed_at IS NOT NULL)
		AND EXISTS (SELECT FROM pact.user_password p WHERE p.tenant_id = app.tenant_id() AND p.user_id = p_user)
		AND EXISTS (SELECT FROM pact.user_account u WHERE u.tenant_id = app.tenant_id() AND u.id = p_user AND u.status = 'active')
	$$;
-- Whether there is a way in for somebody at all: a password, or a connection that is up and knows them, or will by an address that
-- is the workspace's own. Somebody may be active without one: a provider has named them (SCIM), and they have never come.
CREATE OR REPLACE FUNCTION app.has_way_in(p_user uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM pact.user_password p WHERE p.tenant_id = app.tenant_id() AND p.user_id = p_user)
		OR EXISTS (SELECT FROM pact.sso_connection c WHERE c.tenant_id = app.tenant_id() AND c.checked_at IS NOT NULL AND (
			EXISTS (SELECT FROM pact.sso_identity i WHERE i.tenant_id = c.tenant_id AND i.connection_id = c.id AND i.user_id = p_user)
			OR EXISTS (SELECT FROM pact.user_account u JOIN pact.sso_domain d ON d.tenant_id = u.tenant_id AND d.domain = app.email_domain(u.email)
				WHERE u.tenant_id = c.tenant_id AND u.id = p_user AND d.verified_at IS NOT NULL)))
	$$;
-- An active owner, another than p_but, who has one.
CREATE OR REPLACE FUNCTION app.owner_with_way_in(p_but uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM app.owners() o JOIN pact.user_account u ON u.tenant_id = app.tenant_id() AND u.id = o
		WHERE u.status = 'active' AND o IS DISTINCT FROM p_but AND app.has_way_in(o))
	$$;
-- Whether there is an owner who comes in: where single sign-on is required, also when the provider does not answer.
CREATE OR REPLACE FUNCTION app.owner_in_need() RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN t.sso_enforced THEN EXISTS (SELECT FROM app.owners() o WHERE app.breaks_glass(o))
		ELSE app.owner_with_way_in(NULL) END
	FROM pact.tenant t WHERE t.tenant_id = app.tenant_id()
	$$;
-- The last owner who can log in, or, where single sign-on is required, who can without the provider: whatever groups say, that one
-- stays an owner.
CREATE OR REPLACE FUNCTION app.owner_needed(p_user uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT app.is_owner(p_user) AND (NOT app.owner_with_way_in(p_user)
		OR t.sso_enforced AND app.breaks_glass(p_user) AND NOT EXISTS (SELECT FROM app.owners() o WHERE o <> p_user AND app.breaks_glass(o)))
	FROM pact.tenant t WHERE t.tenant_id = app.tenant_id()
	$$;
CREATE OR REPLACE FUNCTION app.mail_owners(p_template text, p_vars jsonb) RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT app.outbox_add(u.id, p_template, p_vars) FROM pact.user_account u
		WHERE u.tenant_id = app.tenant_id() AND u.id IN (SELECT app.owners()) AND u.status = 'active' ORDER BY u.id
	$$;
-- Where somebody begins, in the context of the workspace; NULL without a connection that is ready.
CREATE OR REPLACE FUNCTION app.sso_login_url() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT '/v1/auth/' || c.type || '/' || t.slug || '/login' FROM pact.sso_connection c JOIN pact.tenant t ON t.tenant_id = c.tenant_id
		WHERE c.tenant_id = app.tenant_id() AND c.checked_at IS NOT NULL
	$$;

-- ── what it is ───────────────────────────────────────────────────────────────────────────────────────────────────
-- The connection as its page shows it: settings flat, without the secret.
CREATE OR REPLACE FUNCTION app.sso_json() RETURNS json LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT json_build_object('type', c.type, 'name', c.name, 'status', c.status, 'problem', c.problem, 'checked_at', app.rfc3339(c.checked_at),
		'settings', c.settings, 'secret_set', c.secret IS NOT NULL, 'metadata_set', c.source IS NOT NULL OR c.source_new IS NOT NULL,
		'facts', c.facts - 'jwks', 'tested_at', app.rfc3339(c.tested_at), 'test_result', c.test_result,
		'role_mapping', (SELECT coalesce(json_agg(json_build_object('group', g.group_name, 'role', r.name) ORDER BY g.group_name, r.name), '[]')
			FROM pact.group_role g JOIN pact.role r ON r.tenant_id = g.tenant_id AND r.id = g.role_id
			WHERE g.tenant_id = c.tenant_id AND g.group_name <> ''),
		'default_roles', (SELECT coalesce(json_agg(r.name ORDER BY r.name), '[]') FROM pact.group_role g
			JOIN pact.role r ON r.tenant_id = g.tenant_id AND r.id = g.role_id WHERE g.tenant_id = c.tenant_id AND g.group_name = ''),
		'people', (SELECT count(*) FROM pact.sso_identity i WHERE i.tenant_id = c.tenant_id AND i.connection_id = c.id))
	FROM pact.sso_connection c WHERE c.tenant_id = app.tenant_id()
	$$;
CREATE OR REPLACE FUNCTION app.security_json() RETURNS TABLE (body json, etag text) LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.body, app.etag(x.tenant_id, x.version, x.body) FROM (SELECT t.tenant_id, t.version, json_build_object('require_mfa', t.require_mfa,
		'users', (SELECT count(*) FROM pact.user_account u WHERE u.tenant_id = t.tenant_id AND u.status = 'active'),
		'users_without_mfa', (SELECT count(*) FROM pact.user_account u WHERE u.tenant_id = t.tenant_id AND u.status = 'active' AND NOT EXISTS
			(SELECT FROM pact.totp x WHERE x.tenant_id = u.tenant_id AND x.user_id = u.id AND x.confirmed_at IS NOT NULL)),
		'sso', app.sso_json(), 'sso_enforced', t.sso_enforced, 'login_url', app.sso_login_url(),
		'break_glass', (SELECT coalesce(json_agg(u.email ORDER BY u.email), '[]') FROM app.owners() o JOIN pact.user_account u
			ON u.tenant_id = t.tenant_id AND u.id = o WHERE app.breaks_glass(o))) AS body
		FROM pact.tenant t WHERE t.tenant_id = app.tenant_id()) x
	$$;

-- ── its settings ─────────────────────────────────────────────────────────────────────────────────────────────────
-- Members of the body that are a connection's settings, and of which kind. The others have places of their own. Without a kind:
-- no concern of the provider's, which neither is looked at nor has to be tested anew for it.
CREATE OR REPLACE FUNCTION app.sso_members() RETURNS TABLE (name text, type text, required boolean) LANGUAGE sql IMMUTABLE AS $$
	VALUES ('jit', NULL, false), ('metadata_url', 'saml', false), ('sign_both', 'saml', false), ('force_authn', 'saml', false),
		('idp_initiated', 'saml', false), ('nameid_format', 'saml', false), ('authn_context', 'saml', false), ('attribute_email', 'saml', false), ('attribute_name', 'saml', false),
		('attribute_groups', 'saml', false), ('issuer', 'oidc', true), ('client_id', 'oidc', true), ('scopes', 'oidc', false), ('acr_values', 'oidc', false),
		('claim_email', 'oidc', false), ('claim_name', 'oidc', false), ('claim_groups', 'oidc', false), ('trust_email', 'oidc', false)
	$$;
-- Another provider than the one that is there? An issuer names it; SAML metadata says so when it is looked at.
CREATE OR REPLACE FUNCTION app.sso_is_other(p jsonb) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT NOT EXISTS (SELECT FROM pact.sso_connection c WHERE c.tenant_id = app.tenant_id() AND c.type = coalesce(p ->> 'type', c.type)
		AND (c.type <> 'oidc' OR coalesce(p ->> 'issuer', c.settings ->> 'issuer') = c.settings ->> 'issuer'))
	$$;
-- For a secret, which is sealed for its connection: the one it will be of, and the key. p_new: the id of a new one.
CREATE OR REPLACE FUNCTION app.sso_seal_begin(p jsonb, p_new uuid) RETURNS TABLE (connection_id uuid, data_key bytea) LANGUAGE plpgsql
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.sso_allowed();
	PERFORM FROM pact.tenant t WHERE t.tenant_id = app.tenant_id() FOR NO KEY UPDATE;
	RETURN QUERY SELECT CASE WHEN app.sso_is_other(p) THEN p_new
		ELSE (SELECT c.id FROM pact.sso_connection c WHERE c.tenant_id = app.tenant_id()) END, app.data_key();
END $$;

CREATE OR REPLACE FUNCTION app.sso_patch(p jsonb, p_new uuid, p_secret bytea) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c pact.sso_connection;
	v_type text;
	v_settings jsonb;
	v_errors jsonb[];
	v_other boolean := app.sso_is_other(p);
	v_changed boolean := p ? 'metadata';
	v_enforced boolean := (SELECT t.sso_enforced FROM pact.tenant t WHERE t.tenant_id = app.tenant_id());
	v_in_need boolean := app.owner_in_need();
	v_name text;
	m record;
BEGIN
	SELECT * INTO c FROM pact.sso_connection x WHERE x.tenant_id = app.tenant_id() FOR UPDATE;
	IF v_enforced AND (jsonb_typeof(p) = 'null' OR v_other OR p ? 'metadata') THEN
		PERFORM app.refuse('conflict', 'Logging in with this provider is required of everybody. Turn that off before you change the provider.');
	END IF;
	IF jsonb_typeof(p) = 'null' THEN
		DELETE FROM pact.sso_connection x WHERE x.tenant_id = app.tenant_id();
		DELETE FROM pact.group_role g WHERE g.tenant_id = app.tenant_id();
		PERFORM app.owner_left(v_in_need);
		RETURN;
	END IF;
	v_type := coalesce(p ->> 'type', c.type);
	IF v_type IS NULL THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/sso/type', 'Say whether it is saml or oidc.')]);
	END IF;
	v_settings := CASE WHEN v_other THEN '{}' ELSE c.settings END;
	FOR m IN SELECT * FROM app.sso_members() LOOP
		IF p ? m.name THEN
			IF m.type <> v_type THEN
				v_errors := v_errors || app.field_error('/sso/' || m.name, 'Does not go with ' || v_type || '.');
			ELSIF jsonb_typeof(p -> m.name) = 'null' OR p ->> m.name = '' THEN
				v_settings := v_settings - m.name;
			ELSE
				v_settings := v_settings || jsonb_build_object(m.name, p -> m.name);
			END IF;
		END IF;
		IF m.required AND m.type = v_type AND NOT v_settings ? m.name THEN
			v_errors := v_errors || app.field_error('/sso/' || m.name, 'Is required.');
		END IF;
		v_changed := v_changed OR m.type IS NOT NULL AND v_settings -> m.name IS DISTINCT FROM c.settings -> m.name;
	END LOOP;
	FOREACH v_name IN ARRAY ARRAY['issuer', 'metadata_url'] LOOP
		IF v_settings ->> v_name !~ '^https://[^/?#@\s]+(/[^?#\s]*)?(\?[^#\s]*)?$' OR (v_name = 'issuer' AND v_settings ->> v_name ~ '[?#]') THEN
			v_errors := v_errors || app.field_error('/sso/' || v_name, 'Must be an address that begins with https://.');
		END IF;
	END LOOP;
	IF p ? 'metadata' AND v_type <> 'saml' OR p ? 'client_secret' AND v_type <> 'oidc' THEN
		v_errors := v_errors || app.field_error('/sso/' || CASE WHEN p ? 'metadata' THEN 'metadata' ELSE 'client_secret' END, 'Does not go with ' || v_type || '.');
	ELSIF p ->> 'metadata' <> '' AND v_settings ? 'metadata_url' THEN
		v_errors := v_errors || app.field_error('/sso/metadata', 'Give either the metadata or its address.');
	ELSIF v_type = 'saml' AND NOT v_settings ? 'metadata_url' AND coalesce(p ->> 'metadata', c.source_new, c.source) IS NULL THEN
		v_errors := v_errors || app.field_error('/sso/metadata', 'The metadata of the identity provider, or its address, is required.');
	END IF;
	IF v_errors IS NOT NULL THEN
		PERFORM app.refuse_fields(v_errors);
	END IF;
	IF v_other THEN
		DELETE FROM pact.sso_connection x WHERE x.tenant_id = app.tenant_id();
		INSERT INTO pact.sso_connection (tenant_id, id, type, name, settings, secret, source_new)
			VALUES (app.tenant_id(), p_new, v_type, coalesce(p ->> 'name', 'Single sign-on'), v_settings, p_secret, p ->> 'metadata');
	ELSE
		UPDATE pact.sso_connection x SET name = coalesce(p ->> 'name', x.name), settings = v_settings,
			secret = CASE WHEN p ? 'client_secret' THEN p_secret ELSE x.secret END,
			source_new = CASE WHEN p ? 'metadata' THEN p ->> 'metadata' ELSE x.source_new END,
			status = CASE WHEN v_changed THEN 'checking' ELSE x.status END,
			tested_at = CASE WHEN NOT v_changed AND NOT p ? 'client_secret' THEN x.tested_at END,
			revision = x.revision + 1 WHERE x.tenant_id = app.tenant_id();
	END IF;
	-- the triggers may not see the value; what metadata comes to is an event once it has been looked at
	IF p ? 'client_secret' THEN
		PERFORM app.audit_write('auth.sso_secret', 'sso_connection', x.id, NULL, jsonb_build_object('set', p_secret IS NOT NULL))
			FROM pact.sso_connection x WHERE x.tenant_id = app.tenant_id();
	END IF;
	IF p ?| ARRAY['role_mapping', 'default_roles'] THEN
		PERFORM app.group_roles(CASE WHEN p ? 'role_mapping' THEN coalesce(nullif(p -> 'role_mapping', 'null'), '[]') END,
			CASE WHEN p ? 'default_roles' THEN coalesce(nullif(p -> 'default_roles', 'null'), '[]') END);
	END IF;
	PERFORM app.sso_check_later(x.id, x.type) FROM pact.sso_connection x WHERE x.tenant_id = app.tenant_id() AND x.status = 'checking';
END $$;
-- Exactly these: [{group, role}], and the names of the roles of everybody. NULL: as it is.
CREATE OR REPLACE FUNCTION app.group_roles(p_mapping jsonb, p_default jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_groups text[];
	v_roles uuid[];
	v_errors jsonb[];
	v_gone text[];
	v_gone_roles uuid[];
BEGIN
	SELECT array_agg(w.group_name), array_agg(r.id), array_agg(app.field_error(w.at, 'There is no role ' || w.role || '.')) FILTER (WHERE r.id IS NULL)
		INTO v_groups, v_roles, v_errors
		FROM (SELECT format('/sso/role_mapping/%s/role', n - 1) AS at, e ->> 'group' AS group_name, e ->> 'role' AS role
				FROM jsonb_array_elements(coalesce(p_mapping, '[]')) WITH ORDINALITY x (e, n)
			UNION ALL SELECT format('/sso/default_roles/%s', n - 1), '', e
				FROM jsonb_array_elements_text(coalesce(p_default, '[]')) WITH ORDINALITY x (e, n)) w
		LEFT JOIN pact.role r ON r.tenant_id = app.tenant_id() AND r.name = w.role;
	IF v_errors IS NOT NULL THEN
		PERFORM app.refuse_fields(v_errors);
	END IF;
	-- here, too, nobody gives or takes what they may not do themselves; what stays as it was is no concern of theirs
	PERFORM app.not_beyond(app.roles_permissions(ARRAY(
			SELECT w.role_id FROM unnest(v_groups, v_roles) w (group_name, role_id) WHERE NOT EXISTS (SELECT FROM pact.group_role g
				WHERE g.tenant_id = app.tenant_id() AND g.group_name = w.group_name AND g.role_id = w.role_id)
			UNION SELECT g.role_id FROM pact.group_role g WHERE g.tenant_id = app.tenant_id()
				AND CASE WHEN g.group_name = '' THEN p_default ELSE p_mapping END IS NOT NULL
				AND NOT EXISTS (SELECT FROM unnest(v_groups, v_roles) w (group_name, role_id) WHERE w.group_name = g.group_name AND w.role_id = g.role_id))),
		'You cannot have groups stand for a role that may do more than you.');
	WITH gone AS (
		DELETE FROM pact.group_role g WHERE g.tenant_id = app.tenant_id() AND CASE WHEN g.group_name = '' THEN p_default ELSE p_mapping END IS NOT NULL
			AND NOT EXISTS (SELECT FROM unnest(v_groups, v_roles) w (group_name, role_id) WHERE w.group_name = g.group_name AND w.role_id = g.role_id)
		RETURNING g.group_name, g.role_id
	) SELECT array_agg(group_name), array_agg(role_id) INTO v_gone, v_gone_roles FROM gone;
	INSERT INTO pact.group_role (tenant_id, group_name, role_id) SELECT app.tenant_id(), w.* FROM unnest(v_groups, v_roles) w ON CONFLICT DO NOTHING;
	PERFORM app.scim_remapped(v_gone, v_gone_roles);
END $$;

-- Asked of everybody: only once somebody came all the way by it, for addresses that are the workspace's own, and while an owner
-- can still come in when the provider does not answer. Who logged in with a password is asked anew, but for who asks this.
CREATE OR REPLACE FUNCTION app.sso_enforce(p_session uuid, p_on boolean) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_was boolean := (SELECT t.sso_enforced FROM pact.tenant t WHERE t.tenant_id = app.tenant_id());
BEGIN
	IF p_on = v_was THEN
		RETURN;
	END IF;
	IF p_on THEN
		IF NOT EXISTS (SELECT FROM pact.sso_connection c WHERE c.tenant_id = app.tenant_id() AND c.checked_at IS NOT NULL AND c.status = 'ready') THEN
			PERFORM app.refuse('conflict', 'Set up the connection to the identity provider first.');
		ELSIF NOT EXISTS (SELECT FROM pact.sso_domain d WHERE d.tenant_id = app.tenant_id() AND d.verified_at IS NOT NULL) THEN
			PERFORM app.refuse('conflict', 'Verify a domain first: only people with addresses of verified domains can come in.');
		ELSIF NOT EXISTS (SELECT FROM pact.sso_connection c WHERE c.tenant_id = app.tenant_id() AND c.tested_at IS NOT NULL) THEN
			PERFORM app.refuse('conflict', 'Test the connection first, and come all the way through.');
		ELSIF NOT EXISTS (SELECT FROM app.owners() o WHERE app.breaks_glass(o)) THEN
			PERFORM app.refuse('conflict', 'An owner needs a password and two-factor authentication first, to come in when the identity provider does not answer.');
		END IF;
		UPDATE pact.login_challenge c SET ended_at = now() WHERE c.tenant_id = app.tenant_id() AND c.method = 'password' AND c.ended_at IS NULL;
		UPDATE pact.session s SET ended_at = now(), ended_reason = 'sso-enforced' WHERE s.tenant_id = app.tenant_id() AND s.method = 'password'
			AND s.ended_at IS NULL AND s.id <> p_session;
		DELETE FROM pact.user_token t WHERE t.tenant_id = app.tenant_id() AND t.used_at IS NULL AND NOT app.breaks_glass(t.user_id);
	END IF;
	UPDATE pact.tenant t SET sso_enforced = p_on WHERE t.tenant_id = app.tenant_id();
	PERFORM app.mail_owners(CASE WHEN p_on THEN 'sso-enforced' ELSE 'sso-not-enforced' END, jsonb_build_object('by', app.actor_email(), 'ip', app.ip()));
END $$;

-- Only somebody who has a second factor may ask it of all: nobody locks themselves out. p_secret: the client's secret, sealed for
-- the connection that app.sso_seal_begin() named; p itself holds `true` in its place.
CREATE OR REPLACE FUNCTION app.security_patch(p_session uuid, p_version bigint, p jsonb, p_new uuid, p_secret bytea) RETURNS TABLE (body json, etag text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_version bigint;
BEGIN
	SELECT t.version INTO v_version FROM pact.tenant t WHERE t.tenant_id = app.tenant_id() FOR NO KEY UPDATE;
	IF v_version <> p_version THEN
		PERFORM app.refuse('precondition-failed');
	END IF;
	IF (p ->> 'require_mfa')::boolean AND NOT EXISTS (SELECT FROM pact.session s WHERE s.tenant_id = app.tenant_id() AND s.id = p_session
			AND (s.mfa OR s.method <> 'password')) THEN
		PERFORM app.refuse('conflict', 'Turn on two-factor authentication for yourself first.');
	END IF;
	IF p ? 'require_mfa' THEN
		UPDATE pact.tenant t SET require_mfa = coalesce((p ->> 'require_mfa')::boolean, false) WHERE t.tenant_id = app.tenant_id();
	END IF;
	IF p ?| ARRAY['sso', 'sso_enforced'] THEN
		PERFORM app.sso_allowed();
		IF NOT (p ->> 'sso_enforced')::boolean THEN
			PERFORM app.sso_enforce(p_session, false);
		END IF;
		IF p ? 'sso' THEN
			PERFORM app.sso_patch(p -> 'sso', p_new, p_secret);
			-- the ETag of these settings is the workspace's
			UPDATE pact.tenant t SET updated_at = now() WHERE t.tenant_id = app.tenant_id();
		END IF;
		IF (p ->> 'sso_enforced')::boolean THEN
			PERFORM app.sso_enforce(p_session, true);
		END IF;
	END IF;
	RETURN QUERY SELECT * FROM app.security_json();
END $$;

-- ── the test ─────────────────────────────────────────────────────────────────────────────────────────────────────
-- Somebody goes all the way through the provider without being logged in: a link for the browser, good once, and where it leads.
CREATE OR REPLACE FUNCTION app.sso_test_begin(p_handle uuid, p_sha256 bytea) RETURNS TABLE (url text) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.sso_allowed();
	url := app.sso_login_url();
	IF url IS NULL THEN
		PERFORM app.refuse('conflict', 'The connection is not ready yet.');
	END IF;
	INSERT INTO pact.sso_login (tenant_id, id, connection_id, purpose, browser_sha256, state_sha256, user_id)
		SELECT app.tenant_id(), p_handle, c.id, 'test', '', p_sha256, app.actor_id() FROM pact.sso_connection c WHERE c.tenant_id = app.tenant_id();
	RETURN NEXT;
END $$;

-- ── domains ──────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE OR REPLACE FUNCTION app.domain_add(p jsonb, p_token text) RETURNS TABLE (body json, location text) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	d pact.sso_domain;
	v_domain text := lower(p ->> 'domain');
BEGIN
	PERFORM app.sso_allowed();
	IF length(v_domain) > 253 OR v_domain !~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$' THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/domain', 'Must be a domain such as example.com; write one with other letters as xn--….')]);
	ELSIF (SELECT count(*) FROM pact.sso_domain x WHERE x.tenant_id = app.tenant_id()) >= 50 THEN
		PERFORM app.refuse('conflict', 'A workspace has fifty domains at most.');
	END IF;
	INSERT INTO pact.sso_domain (tenant_id, domain, token) VALUES (app.tenant_id(), v_domain, p_token) ON CONFLICT DO NOTHING RETURNING * INTO d;
	IF NOT FOUND THEN
		PERFORM app.refuse_fields(ARRAY[app.field_error('/domain', 'Is in the list already.')]);
	END IF;
	PERFORM app.domain_check_later(d.id);
	RETURN QUERY SELECT api.domain_json(d), '/v1/settings/security/domains/' || d.id;
END $$;
CREATE OR REPLACE FUNCTION app.domain_remove(p_id uuid) RETURNS TABLE (deleted uuid) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_domain text;
BEGIN
	PERFORM app.sso_allowed();
	DELETE FROM pact.sso_domain d WHERE d.tenant_id = app.tenant_id() AND d.id = p_id RETURNING d.domain INTO v_domain;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	END IF;
	DELETE FROM directory.domain x WHERE x.domain = v_domain AND x.tenant_id = app.tenant_id();
	IF (SELECT t.sso_enforced FROM pact.tenant t WHERE t.tenant_id = app.tenant_id() FOR NO KEY UPDATE)
			AND NOT EXISTS (SELECT FROM pact.sso_domain d WHERE d.tenant_id = app.tenant_id() AND d.verified_at IS NOT NULL) THEN
		PERFORM app.refuse('conflict', 'Single sign-on is required of everybody and needs a verified domain. Turn that off first.');
	END IF;
	RETURN QUERY SELECT p_id;
END $$;
-- Looks again, now.
CREATE OR REPLACE FUNCTION app.domain_check(p_id uuid) RETURNS TABLE (body json) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	d pact.sso_domain;
	v_wait int;
BEGIN
	PERFORM app.sso_allowed();
	SELECT * INTO d FROM pact.sso_domain x WHERE x.tenant_id = app.tenant_id() AND x.id = p_id;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	END IF;
	v_wait := app.throttle_count(app.throttle_key('domain', uuid_send(app.tenant_id()), NULL), 60, interval '15 minutes');
	IF v_wait IS NOT NULL THEN
		PERFORM app.refuse('throttled', NULL, jsonb_build_object('retry_after', v_wait));
	END IF;
	UPDATE pact.sso_domain x SET checked_at = NULL WHERE x.tenant_id = app.tenant_id() AND x.id = p_id RETURNING * INTO d;
	PERFORM app.domain_check_later(p_id);
	RETURN QUERY SELECT api.domain_json(d);
END $$;
-- In the job's context: what to look for, and what was found. A record that is gone is waited for, for two weeks, before the domain
-- is not the workspace's any more: name servers fail.
CREATE OR REPLACE FUNCTION app.domain_to_check(p_id uuid) RETURNS TABLE (domain text, token text) LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT d.domain, d.token FROM pact.sso_domain d WHERE d.tenant_id = app.tenant_id() AND d.id = p_id
	$$;
CREATE OR REPLACE FUNCTION app.domain_checked(p_id uuid, p_found boolean, p_problem text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	d pact.sso_domain;
BEGIN
	UPDATE pact.sso_domain x SET checked_at = now(), problem = CASE WHEN NOT p_found THEN p_problem END,
			failing_since = CASE WHEN NOT p_found THEN coalesce(x.failing_since, now()) END,
			verified_at = CASE WHEN p_found THEN coalesce(x.verified_at, now()) WHEN x.failing_since < now() - interval '14 days' THEN NULL ELSE x.verified_at END
		WHERE x.tenant_id = app.tenant_id() AND x.id = p_id RETURNING * INTO d;
	IF d.verified_at IS NOT NULL THEN
		INSERT INTO directory.domain (domain, tenant_id) VALUES (d.domain, d.tenant_id) ON CONFLICT DO NOTHING;
	ELSE
		DELETE FROM directory.domain x WHERE x.domain = d.domain AND x.tenant_id = d.tenant_id;
	END IF;
END $$;
-- Domains are looked at once a day; for the runner's tick. Number of them.
CREATE OR REPLACE FUNCTION app.domains_due() RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	w record;
	n int := 0;
BEGIN
	IF app.tenant_id() IS NOT NULL OR app.module() <> 'auth' THEN
		PERFORM app.refuse('forbidden');
	END IF;
	FOR w IN SELECT DISTINCT x.tenant_id FROM directory.domain x JOIN directory.workspace d ON d.tenant_id = x.tenant_id AND NOT d.suspended LOOP
		PERFORM app.context(w.tenant_id, 'system', NULL, NULL, NULL, NULL);
		SELECT n + count(app.domain_check_later(d.id)) INTO n FROM pact.sso_domain d WHERE d.tenant_id = w.tenant_id AND d.verified_at IS NOT NULL
			AND d.checked_at < now() - interval '1 day' AND NOT EXISTS (SELECT FROM app.job_queue q WHERE q.tenant_id = w.tenant_id
				AND q.module = 'auth' AND q.kind = 'domain.check');
		PERFORM app.context_clear();
	END LOOP;
	RETURN n;
END $$;

-- ── before a login ───────────────────────────────────────────────────────────────────────────────────────────────
-- Which ways there are for an address of this domain, or into this workspace. Whether the address is anybody's makes no difference.
CREATE OR REPLACE FUNCTION app.discover(p_domain text, p_workspace text) RETURNS TABLE (body json) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	w record;
	v_ways jsonb := '[]';
	v_password boolean;
	v_one record;
BEGIN
	FOR w IN SELECT d.slug, d.tenant_id FROM directory.workspace d WHERE NOT d.suspended AND CASE WHEN p_workspace IS NOT NULL THEN d.slug = p_workspace
			ELSE d.tenant_id IN (SELECT x.tenant_id FROM directory.domain x WHERE x.domain = p_domain) END ORDER BY d.slug LIMIT 20 LOOP
		PERFORM app.context(w.tenant_id, 'public', NULL, NULL, NULL, NULL);
		SELECT t.slug, t.name, t.sso_enforced, c.type, c.name AS provider, app.sso_login_url() AS url INTO v_one FROM pact.tenant t
			JOIN pact.sso_connection c ON c.tenant_id = t.tenant_id WHERE t.tenant_id = w.tenant_id AND c.checked_at IS NOT NULL;
		IF FOUND THEN
			v_ways := v_ways || jsonb_build_object('workspace', jsonb_build_object('slug', v_one.slug, 'name', v_one.name), 'type', v_one.type,
				'name', v_one.provider, 'url', v_one.url, 'enforced', v_one.sso_enforced);
			-- a password may be the way as long as one of them takes it
			v_password := coalesce(v_password, false) OR NOT v_one.sso_enforced;
		END IF;
		PERFORM app.context_clear();
	END LOOP;
	RETURN QUERY SELECT json_build_object('password', coalesce(v_password, true), 'sso', v_ways);
END $$;

RESET ROLE;
SET ROLE pact_owner;
CREATE OR REPLACE FUNCTION app.domain_check_later(p_domain uuid) RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$ SELECT app.job_add('auth', 'domain.check', jsonb_build_object('domain', p_domain), now()) $$;
RESET ROLE;
