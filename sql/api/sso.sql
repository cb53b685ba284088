-- SPDX-License-Identifier: GPL-3.0-or-later
-- Logins by single sign-on (A3, A4), from the start to the session. `saml` and `auth` prove who somebody is; only `auth`
-- begins the session. Rows of pact.sso_login go one way: open, taken, proved, done.
SET ROLE pact_owner;

-- The program that speaks with such a provider.
CREATE OR REPLACE FUNCTION app.sso_module(p_type text) RETURNS text LANGUAGE sql IMMUTABLE
	AS $$ SELECT CASE p_type WHEN 'saml' THEN 'saml' WHEN 'oidc' THEN 'auth' END $$;

RESET ROLE;
SET ROLE pact_door;

-- A connection as a program needs it. The secret and the key that opens it are for `auth` alone.
CREATE OR REPLACE FUNCTION app.sso_way_of(p_connection uuid) RETURNS app.sso_way LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT (c.tenant_id, NULL, c.id, c.revision, NULL, c.settings, c.facts, c.source,
		CASE WHEN app.module() = 'auth' THEN c.secret END, CASE WHEN app.module() = 'auth' THEN k.data_key END, NULL, NULL)::app.sso_way
	FROM pact.sso_connection c JOIN pact.tenant_key k ON k.tenant_id = c.tenant_id
	WHERE c.tenant_id = app.tenant_id() AND c.id = p_connection
	$$;

-- The connection of a workspace, where it is of this kind and may be used now; the context is then the workspace's. A
-- workspace without one, or with another kind, answers like one that does not exist.
CREATE OR REPLACE FUNCTION app.sso_enter(p_slug text, p_type text, p_ip text, p_request_id text, p_usable boolean) RETURNS uuid
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
BEGIN
	PERFORM app.enter_workspace(p_slug, p_ip, p_request_id);
	SELECT x.id, x.checked_at, x.failing_until > clock_timestamp() OR EXISTS (SELECT FROM app.throttle t WHERE t.key = app.sso_time_key(x.id)
			AND t.n > 300 AND t.window_start > clock_timestamp() - interval '1 minute') AS failing INTO c FROM pact.sso_connection x
		WHERE x.tenant_id = app.tenant_id() AND x.type = p_type;
	IF NOT FOUND THEN
		PERFORM app.refuse('not-found');
	-- what was found good once goes on while something newer is looked at, or was refused
	ELSIF p_usable AND (c.checked_at IS NULL OR c.failing) THEN
		PERFORM app.refuse('sso-unavailable');
	END IF;
	RETURN c.id;
END $$;

-- Begins a login. p_test_sha256: of the handle that the settings page was given; it makes this the owner's test.
CREATE OR REPLACE FUNCTION app.sso_start(p_slug text, p_type text, p_login uuid, p_state_sha256 bytea, p_browser_sha256 bytea, p_message_id text,
	p_return_to text, p_test_sha256 bytea, p_ip text, p_request_id text) RETURNS SETOF app.sso_way
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_connection uuid := app.sso_enter(p_slug, p_type, p_ip, p_request_id, true);
	v_tester uuid;
	w app.sso_way;
BEGIN
	IF p_test_sha256 IS NOT NULL THEN
		UPDATE pact.sso_login x SET status = 'done' WHERE x.tenant_id = app.tenant_id() AND x.state_sha256 = p_test_sha256 AND x.purpose = 'test'
			AND x.status = 'open' AND x.expires_at > now() AND x.connection_id = v_connection AND x.browser_sha256 = ''
			RETURNING x.user_id INTO v_tester;
		IF NOT FOUND THEN
			PERFORM app.refuse('sso-refused', 'test-ended');
		END IF;
	END IF;
	-- a browser has twenty logins open at most; the oldest make room
	DELETE FROM pact.sso_login x WHERE x.tenant_id = app.tenant_id() AND x.browser_sha256 = p_browser_sha256 AND x.id IN (
		SELECT y.id FROM pact.sso_login y WHERE y.tenant_id = app.tenant_id() AND y.browser_sha256 = p_browser_sha256
		ORDER BY y.id DESC OFFSET 19);
	INSERT INTO pact.sso_login (tenant_id, id, connection_id, purpose, browser_sha256, state_sha256, message_id, user_id, return_to)
		VALUES (app.tenant_id(), p_login, v_connection, CASE WHEN p_test_sha256 IS NULL THEN 'login' ELSE 'test' END, p_browser_sha256,
			p_state_sha256, p_message_id, v_tester, p_return_to);
	w := app.sso_way_of(v_connection);
	w.login_id := p_login;
	w.purpose := CASE WHEN p_test_sha256 IS NULL THEN 'login' ELSE 'test' END;
	RETURN NEXT w;
END $$;

-- The connection, where an answer cannot name its login before it has been read (SAML), or there is none (logout).
CREATE OR REPLACE FUNCTION app.sso_connection(p_slug text, p_type text, p_ip text, p_request_id text) RETURNS SETOF app.sso_way
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN NEXT app.sso_way_of(app.sso_enter(p_slug, p_type, p_ip, p_request_id, false));
END $$;

-- The provider has answered: the login of this state or message is taken, once, by the browser that began it. Refuses 'state'
-- when there is none such (never begun, too old, taken before), 'browser' when another browser began it. Exactly one of
-- p_state_sha256 and p_message_id is asked for.
CREATE OR REPLACE FUNCTION app.sso_take(p_slug text, p_type text, p_state_sha256 bytea, p_message_id text, p_browser_sha256 bytea, p_ip text,
	p_request_id text) RETURNS SETOF app.sso_way LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- OpenID: the provider is to be asked now, and who began before it fell silent is as many
	v_connection uuid := app.sso_enter(p_slug, p_type, p_ip, p_request_id, p_type = 'oidc');
	l record;
	w app.sso_way;
BEGIN
	SELECT x.id, x.purpose, x.message_id, x.claims, x.browser_sha256 = p_browser_sha256 AS ours INTO l FROM pact.sso_login x
		WHERE x.tenant_id = app.tenant_id() AND x.connection_id = v_connection AND x.status = 'open' AND x.expires_at > now()
			AND x.purpose <> 'logout' AND x.browser_sha256 <> '' AND CASE WHEN p_message_id IS NOT NULL THEN x.message_id = p_message_id AND p_state_sha256 IS NULL
				ELSE x.state_sha256 = p_state_sha256 END FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM app.refuse('sso-refused', 'state');
	ELSIF l.ours IS NOT TRUE THEN
		PERFORM app.refuse('sso-refused', 'browser');
	END IF;
	UPDATE pact.sso_login x SET status = 'taken' WHERE x.tenant_id = app.tenant_id() AND x.id = l.id;
	w := app.sso_way_of(v_connection);
	w.login_id := l.id;
	w.purpose := l.purpose;
	w.message_id := l.message_id;
	w.claims := l.claims;
	RETURN NEXT w;
END $$;

-- An assertion or logout token that is taken, by what names it; refuses 'replay' when it was before.
CREATE OR REPLACE FUNCTION app.sso_once(p_connection uuid, p_id_sha256 bytea, p_expires timestamptz) RETURNS void LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO pact.sso_seen (tenant_id, connection_id, id_sha256, expires_at) VALUES (app.tenant_id(), p_connection, p_id_sha256, p_expires)
		ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		PERFORM app.refuse('sso-refused', 'replay');
	END IF;
END $$;

-- Who it is, says the provider. p_claims: subject (text), and as far as known email, email_verified, name, groups (a list),
-- session, hint (hex of what a logout at the provider needs: an ID token, sealed, or the attributes of a NameID). The session is
-- to begin within a minute.
CREATE OR REPLACE FUNCTION app.sso_prove(p_tenant uuid, p_login uuid, p_claims jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, app.ip(), app.request_id());
	UPDATE pact.sso_login x SET status = 'proved', claims = p_claims, expires_at = now() + interval '1 minute'
		WHERE x.tenant_id = p_tenant AND x.id = p_login AND x.status = 'taken' AND x.purpose <> 'logout' AND x.expires_at > now();
	IF NOT FOUND THEN
		PERFORM app.refuse('sso-refused', 'state');
	END IF;
END $$;

-- A provider that sends somebody who did not ask (SAML, IdP-initiated): a login that is proved at once, where the owner has
-- allowed it. There is time to press a button.
CREATE OR REPLACE FUNCTION app.sso_unsolicited(p_slug text, p_connection uuid, p_login uuid, p_state_sha256 bytea, p_browser_sha256 bytea,
	p_claims jsonb, p_ip text, p_request_id text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF app.sso_enter(p_slug, 'saml', p_ip, p_request_id, false) <> p_connection OR NOT EXISTS (SELECT FROM pact.sso_connection c
			WHERE c.tenant_id = app.tenant_id() AND c.id = p_connection AND (c.settings ->> 'idp_initiated')::boolean) THEN
		PERFORM app.refuse('sso-refused', 'unsolicited');
	END IF;
	INSERT INTO pact.sso_login (tenant_id, id, connection_id, purpose, status, browser_sha256, state_sha256, claims, expires_at)
		VALUES (app.tenant_id(), p_login, p_connection, 'login', 'proved', p_browser_sha256, p_state_sha256, p_claims, now() + interval '5 minutes');
END $$;

-- ── who that is here ─────────────────────────────────────────────────────────────────────────────────────────────
CREATE OR REPLACE FUNCTION app.email_domain(p_email text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
	AS $$ SELECT nullif(lower(split_part(p_email, '@', 2)), '') $$;

-- Roles by groups. NULL groups: the provider says nothing of groups, so what a person has stays. Roles that some group
-- stands for follow the groups; others were given by somebody and stay; who would have none gets those of everybody ('').
CREATE OR REPLACE FUNCTION app.roles_by_groups(p_user uuid, p_groups text[]) RETURNS uuid[] LANGUAGE sql STABLE
	SET search_path = pg_catalog, pg_temp AS $$
	WITH mapped AS (
		SELECT DISTINCT g.role_id FROM pact.group_role g WHERE g.tenant_id = app.tenant_id() AND g.group_name <> '' AND g.group_name = ANY (p_groups)
	), kept AS (
		SELECT u.role_id FROM pact.user_role u WHERE u.tenant_id = app.tenant_id() AND u.user_id = p_user AND (p_groups IS NULL OR NOT EXISTS (
			SELECT FROM pact.group_role g WHERE g.tenant_id = app.tenant_id() AND g.group_name <> '' AND g.role_id = u.role_id))
	), roles AS (SELECT role_id FROM mapped UNION SELECT role_id FROM kept)
	SELECT CASE WHEN EXISTS (SELECT FROM roles) THEN (SELECT array_agg(role_id) FROM roles)
		ELSE (SELECT array_agg(g.role_id) FROM pact.group_role g WHERE g.tenant_id = app.tenant_id() AND g.group_name = '') END
	$$;
-- Sets them. False: there is no role for this person. The last owner who can log in stays one.
CREATE OR REPLACE FUNCTION app.user_groups(p_user uuid, p_groups text[]) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_roles uuid[];
BEGIN
	PERFORM app.people_lock();
	v_roles := app.roles_by_groups(p_user, p_groups);
	IF v_roles IS NULL THEN
		RETURN false;
	END IF;
	IF app.owner_needed(p_user) THEN
		v_roles := v_roles || ARRAY(SELECT ur.role_id FROM pact.user_role ur JOIN pact.role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
			WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = p_user AND r.builtin AND r.name = 'owner');
	END IF;
	PERFORM app.user_roles(p_user, v_roles);
	RETURN true;
END $$;

-- What claims come to, changing nothing: the user (NULL: one is to be made), and why not (NULL: come in). An address counts only
-- in a domain that is the workspace's own, and only as far as the provider vouches for it.
CREATE OR REPLACE FUNCTION app.sso_resolve(p_connection uuid, p_claims jsonb) RETURNS TABLE (user_id uuid, way text, refusal text)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	c pact.sso_connection;
	u record;
	v_email text := app.email_norm(p_claims ->> 'email');
	v_roles uuid[];
BEGIN
	SELECT * INTO STRICT c FROM pact.sso_connection x WHERE x.tenant_id = app.tenant_id() AND x.id = p_connection;
	SELECT x.id, x.status INTO u FROM pact.sso_identity i JOIN pact.user_account x ON x.tenant_id = i.tenant_id AND x.id = i.user_id
		WHERE i.tenant_id = app.tenant_id() AND i.connection_id = p_connection AND i.subject = p_claims ->> 'subject';
	IF FOUND THEN
		way := 'known';
	ELSIF v_email IS NULL THEN
		refusal := 'email-missing';
	ELSIF (p_claims ->> 'email_verified')::boolean IS NOT TRUE AND (c.settings ->> 'trust_email')::boolean IS NOT TRUE THEN
		refusal := 'email-unverified';
	ELSIF NOT EXISTS (SELECT FROM pact.sso_domain d WHERE d.tenant_id = app.tenant_id() AND d.domain = app.email_domain(v_email)
			AND d.verified_at IS NOT NULL) THEN
		refusal := 'domain-unverified';
	ELSE
		SELECT x.id, x.status INTO u FROM pact.user_account x WHERE x.tenant_id = app.tenant_id() AND x.email_norm = v_email;
		IF FOUND THEN
			way := 'linked';
			IF EXISTS (SELECT FROM pact.sso_identity i WHERE i.tenant_id = app.tenant_id() AND i.connection_id = p_connection AND i.user_id = u.id) THEN
				-- the address went to somebody else, who is not the person that came before
				refusal := 'identity-taken';
			END IF;
		ELSIF (c.settings ->> 'jit')::boolean IS NOT TRUE THEN
			refusal := 'unknown-user';
		ELSE
			way := 'created';
		END IF;
	END IF;
	IF way IN ('known', 'linked') THEN
		user_id := u.id;
		IF u.status = 'suspended' THEN
			refusal := 'suspended';
		END IF;
	END IF;
	IF refusal IS NULL AND app.roles_by_groups(user_id, CASE WHEN jsonb_typeof(p_claims -> 'groups') = 'array'
			THEN ARRAY(SELECT jsonb_array_elements_text(p_claims -> 'groups')) END) IS NULL THEN
		refusal := 'no-role';
	END IF;
	RETURN NEXT;
END $$;

-- ── the session ──────────────────────────────────────────────────────────────────────────────────────────────────
-- For `auth`: the login that was proved ends in a session, or in the result of the test. purpose says which; body the session;
-- refuses 'sso-refused' with the reason as hint. p_address_hmac: of the claims' address.
CREATE OR REPLACE FUNCTION app.sso_succeed(p_tenant uuid, p_login uuid, p_browser_sha256 bytea, p_address_hmac bytea, p_session uuid,
	p_secret_sha256 bytea, p_refresh_sha256 bytea, p_transport text, p_ip text, p_user_agent text, p_request_id text)
	RETURNS TABLE (body json, user_id uuid, purpose text, return_to text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	l pact.sso_login;
	c pact.sso_connection;
	r record;
	v_groups text[];
	v_follows boolean;
	v_status text;
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, p_ip, p_request_id);
	UPDATE pact.sso_login x SET status = 'done' WHERE x.tenant_id = p_tenant AND x.id = p_login AND x.browser_sha256 = p_browser_sha256
		AND x.status = 'proved' AND x.expires_at > now() RETURNING * INTO l;
	IF NOT FOUND THEN
		PERFORM app.refuse('sso-refused', 'state');
	END IF;
	UPDATE pact.sso_login x SET claims = NULL WHERE x.tenant_id = p_tenant AND x.id = p_login;
	IF (SELECT t.status FROM pact.tenant t WHERE t.tenant_id = p_tenant) <> 'active' THEN
		PERFORM app.refuse('workspace-suspended');
	END IF;
	SELECT * INTO STRICT c FROM pact.sso_connection x WHERE x.tenant_id = p_tenant AND x.id = l.connection_id;
	SELECT * INTO r FROM app.sso_resolve(c.id, l.claims);
	purpose := l.purpose;
	return_to := l.return_to;
	IF l.purpose = 'test' THEN
		UPDATE pact.sso_connection x SET tested_at = CASE WHEN r.refusal IS NULL THEN now() END,
			test_result = jsonb_strip_nulls(jsonb_build_object('at', app.rfc3339(now()), 'by', l.user_id, 'way', r.way, 'refusal', r.refusal,
				'subject', l.claims -> 'subject', 'email', l.claims -> 'email', 'name', l.claims -> 'name', 'groups', l.claims -> 'groups'))
			WHERE x.tenant_id = p_tenant AND x.id = c.id;
		PERFORM app.audit_write('auth.sso_test', 'sso_connection', c.id, NULL, jsonb_strip_nulls(jsonb_build_object('by', l.user_id, 'refusal', r.refusal)));
		RETURN NEXT;
		RETURN;
	END IF;
	IF r.refusal IS NOT NULL THEN
		PERFORM app.refuse('sso-refused', r.refusal);
	END IF;
	user_id := r.user_id;
	IF jsonb_typeof(l.claims -> 'groups') = 'array' THEN
		v_groups := ARRAY(SELECT jsonb_array_elements_text(l.claims -> 'groups'));
	END IF;
	-- Nothing to lock or write where nothing follows the groups. Where something does, before the person: whoever changes people
	-- locks in that order, and the login would be the one that gives way.
	v_follows := (v_groups IS NOT NULL AND EXISTS (SELECT FROM pact.group_role g WHERE g.tenant_id = p_tenant AND g.group_name <> ''))
		OR NOT EXISTS (SELECT FROM pact.user_role x WHERE x.tenant_id = p_tenant AND x.user_id = r.user_id);
	IF v_follows THEN
		PERFORM app.people_lock();
	END IF;
	IF r.way = 'created' THEN
		INSERT INTO pact.user_account (tenant_id, email, name) VALUES (p_tenant, l.claims ->> 'email', left(coalesce(l.claims ->> 'name', ''), 200))
			ON CONFLICT (tenant_id, email_norm) DO NOTHING RETURNING id INTO user_id;
		IF user_id IS NULL THEN
			-- made by another tab this moment: the next try finds it
			PERFORM app.refuse('sso-refused', 'again');
		END IF;
		INSERT INTO directory.login (address_hmac, tenant_id, user_id) VALUES (p_address_hmac, p_tenant, user_id);
		PERFORM app.audit_write('auth.sso_create', 'user', user_id, NULL, jsonb_build_object('email', l.claims -> 'email', 'connection', c.id));
	END IF;
	IF r.way IN ('created', 'linked') THEN
		INSERT INTO pact.sso_identity (tenant_id, connection_id, subject, user_id) VALUES (p_tenant, c.id, l.claims ->> 'subject', user_id);
	END IF;
	SELECT x.status INTO v_status FROM pact.user_account x WHERE x.tenant_id = p_tenant AND x.id = user_id FOR NO KEY UPDATE;
	IF v_status = 'invited' THEN
		UPDATE pact.user_account x SET status = 'active' WHERE x.tenant_id = p_tenant AND x.id = user_id;
		DELETE FROM pact.user_token t WHERE t.tenant_id = p_tenant AND t.user_id = sso_succeed.user_id AND t.used_at IS NULL;
		PERFORM app.audit_write('auth.invitation_accept', 'user', user_id, NULL, jsonb_build_object('method', c.type));
	ELSIF v_status IS DISTINCT FROM 'active' THEN
		-- or removed, a moment ago
		PERFORM app.refuse('sso-refused', 'suspended');
	END IF;
	IF v_follows AND NOT app.user_groups(user_id, v_groups) THEN
		PERFORM app.refuse('sso-refused', 'no-role');
	END IF;
	body := app.session_begin(user_id, p_session, p_secret_sha256, p_refresh_sha256, c.type, NULL, p_transport, p_ip, p_user_agent, p_request_id);
	UPDATE pact.session x SET sso_connection_id = c.id, sso_subject = l.claims ->> 'subject', sso_session = left(l.claims ->> 'session', 512),
		sso_hint = decode(l.claims ->> 'hint', 'hex') WHERE x.tenant_id = p_tenant AND x.id = p_session;
	RETURN NEXT;
END $$;

-- The address that a proved login is of: `auth` alone knows its keyed hash.
CREATE OR REPLACE FUNCTION app.sso_proved(p_slug text, p_login uuid, p_browser_sha256 bytea, p_ip text, p_request_id text)
	RETURNS TABLE (tenant_id uuid, email text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
	tenant_id := app.enter_workspace(p_slug, p_ip, p_request_id);
	SELECT x.claims ->> 'email' INTO email FROM pact.sso_login x WHERE x.tenant_id = app.tenant_id() AND x.id = p_login
		AND x.browser_sha256 = p_browser_sha256 AND x.status = 'proved' AND x.expires_at > now();
	IF FOUND THEN
		RETURN NEXT;
	END IF;
END $$;

-- A login that was refused. The slug is the path's, so that only what a workspace has is written to its log.
CREATE OR REPLACE FUNCTION app.sso_refuse(p_slug text, p_login uuid, p_ip text, p_request_id text, p_reason text) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_connection uuid;
	v_type text;
BEGIN
	PERFORM app.enter_workspace(p_slug, p_ip, p_request_id);
	SELECT c.id, c.type INTO v_connection, v_type FROM pact.sso_connection c WHERE c.tenant_id = app.tenant_id();
	IF FOUND AND app.throttle_count(app.throttle_key('sso-refused', uuid_send(v_connection), p_ip), 100, interval '1 hour') IS NULL THEN
		PERFORM app.audit_write('auth.login_refused', 'sso_connection', v_connection, NULL, jsonb_strip_nulls(jsonb_build_object(
			'method', v_type, 'reason', p_reason, 'login', p_login)));
		UPDATE pact.sso_login x SET status = 'done', claims = NULL WHERE x.tenant_id = app.tenant_id() AND x.id = p_login
			AND x.status <> 'open';
	END IF;
END $$;

-- ── logout ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- The provider says that somebody has logged out there: sessions of that subject, or of its one session, end at once.
CREATE OR REPLACE FUNCTION app.sso_logout_user(p_connection uuid, p_subject text, p_session text) RETURNS int LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s record;
	n int := 0;
BEGIN
	FOR s IN UPDATE pact.session x SET ended_at = now(), ended_reason = 'sso-logout'
		WHERE x.tenant_id = app.tenant_id() AND x.sso_connection_id = p_connection AND x.ended_at IS NULL AND x.expires_at > now()
			AND (p_subject IS NULL OR x.sso_subject = p_subject) AND (p_session IS NULL OR x.sso_session = p_session)
			AND (p_subject IS NOT NULL OR p_session IS NOT NULL)
		RETURNING x.id, x.user_id LOOP
		PERFORM app.audit_write('auth.logout', 'session', s.id, NULL, jsonb_build_object('reason', 'sso-logout', 'user_id', s.user_id));
		n := n + 1;
	END LOOP;
	RETURN n;
END $$;

-- What a logout at the provider needs, of the caller's own session that is about to end; no row when the provider offers none, or
-- the session did not come from it. SAML goes on by a link that is good once, for a minute: p_handle, p_sha256.
CREATE OR REPLACE FUNCTION app.sso_logout_begin(p_session uuid, p_handle uuid, p_sha256 bytea)
	RETURNS TABLE (type text, slug text, facts jsonb, settings jsonb, hint bytea, data_key bytea)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	s record;
BEGIN
	SELECT c.type, t.slug, c.facts, c.settings, x.sso_hint, k.data_key, c.id, x.sso_subject, x.sso_session, x.user_id INTO s
		FROM pact.session x JOIN pact.sso_connection c ON c.tenant_id = x.tenant_id AND c.id = x.sso_connection_id
		JOIN pact.tenant t ON t.tenant_id = x.tenant_id JOIN pact.tenant_key k ON k.tenant_id = x.tenant_id
		WHERE x.tenant_id = app.tenant_id() AND x.id = p_session AND x.user_id = app.actor_id() AND x.ended_at IS NULL
			AND c.facts ->> CASE c.type WHEN 'saml' THEN 'slo_url' ELSE 'end_session_endpoint' END IS NOT NULL;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	IF s.type = 'saml' THEN
		INSERT INTO pact.sso_login (tenant_id, id, connection_id, purpose, browser_sha256, state_sha256, user_id, claims, expires_at)
			VALUES (app.tenant_id(), p_handle, s.id, 'logout', '', p_sha256, s.user_id, jsonb_build_object('subject', s.sso_subject,
				'session', s.sso_session, 'name_id', convert_from(s.sso_hint, 'UTF8')::jsonb), now() + interval '1 minute');
	END IF;
	RETURN QUERY SELECT s.type, s.slug, s.facts, s.settings, s.sso_hint, s.data_key;
END $$;
-- The link of it is followed: who logs out is in claims.
CREATE OR REPLACE FUNCTION app.sso_logout_take(p_slug text, p_state_sha256 bytea, p_ip text, p_request_id text) RETURNS SETOF app.sso_way
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_connection uuid := app.sso_enter(p_slug, 'saml', p_ip, p_request_id, false);
	w app.sso_way;
	l record;
BEGIN
	UPDATE pact.sso_login x SET status = 'done' WHERE x.tenant_id = app.tenant_id() AND x.connection_id = v_connection AND x.purpose = 'logout'
		AND x.status = 'open' AND x.state_sha256 = p_state_sha256 AND x.expires_at > now() RETURNING x.id, x.claims INTO l;
	IF NOT FOUND THEN
		PERFORM app.refuse('sso-refused', 'state');
	END IF;
	w := app.sso_way_of(v_connection);
	w.login_id := l.id;
	w.purpose := 'logout';
	w.claims := l.claims;
	RETURN NEXT w;
END $$;

-- ── the provider ─────────────────────────────────────────────────────────────────────────────────────────────────
-- It did not answer. For half a minute nobody is sent there, so that one workspace's provider holds up nobody else.
CREATE OR REPLACE FUNCTION app.sso_failed(p_tenant uuid, p_connection uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, app.ip(), app.request_id());
	UPDATE pact.sso_connection x SET failing_until = clock_timestamp() + interval '30 seconds' WHERE x.tenant_id = p_tenant AND x.id = p_connection;
	PERFORM app.context_clear();
END $$;

-- How long a login has waited for it, where that was long: all workspaces share the processes that wait. Half a minute of them in a
-- minute is what one provider gets; one that lets somebody wait five seconds is as good as silent.
CREATE OR REPLACE FUNCTION app.sso_time_key(p_connection uuid) RETURNS bytea LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
	AS $$ SELECT app.throttle_key('sso-time', uuid_send(app.tenant_id()) || uuid_send(p_connection), NULL) $$;
CREATE OR REPLACE FUNCTION app.sso_waited(p_tenant uuid, p_connection uuid, p_ms int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, NULL, NULL);
	PERFORM app.throttle_add(app.sso_time_key(p_connection), p_ms / 100, 300, interval '1 minute');
	PERFORM app.context_clear();
	IF p_ms >= 5000 THEN
		PERFORM app.sso_failed(p_tenant, p_connection);
	END IF;
END $$;

-- Of a provider's facts, what its events say: certificates by what tells them apart. The keys of OpenID Connect come and go as the
-- provider likes.
CREATE OR REPLACE FUNCTION app.sso_facts_told(p jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN jsonb_typeof(p -> 'certificates') = 'array' THEN p || jsonb_build_object('certificates',
		(SELECT coalesce(jsonb_agg(jsonb_build_object('sha256', c -> 'sha256', 'not_after', c -> 'not_after')), '[]')
			FROM jsonb_array_elements(p -> 'certificates') c)) ELSE p END - 'jwks'
	$$;
-- The runner's word on a connection as it was at p_revision, in the job's context; a word on older settings is not heard, nor one
-- of the program that does not speak with such a provider.
-- p_facts NULL: refused, because p_problem; where something good is known that stays, and p_problem says why the newer was not
-- taken. Metadata that an owner uploads may be of another provider (entity_id): then nobody is known to it, and it is to be
-- tested again. What an address serves may not change so.
CREATE OR REPLACE FUNCTION app.sso_checked(p_connection uuid, p_revision bigint, p_source text, p_facts jsonb, p_problem text) RETURNS boolean
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c pact.sso_connection;
	v_other boolean;
BEGIN
	SELECT * INTO c FROM pact.sso_connection x WHERE x.tenant_id = app.tenant_id() AND x.id = p_connection AND x.revision = p_revision
		AND app.sso_module(x.type) = app.module() FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	v_other := p_facts ->> 'entity_id' <> c.facts ->> 'entity_id';
	IF v_other AND c.source_new IS NULL THEN
		p_facts := NULL;
		p_problem := 'The metadata at this address is of another identity provider now. Enter the connection anew if that is meant.';
	ELSIF v_other THEN
		DELETE FROM pact.sso_identity i WHERE i.tenant_id = app.tenant_id() AND i.connection_id = p_connection;
		UPDATE pact.sso_connection x SET tested_at = NULL, test_result = NULL WHERE x.tenant_id = app.tenant_id() AND x.id = p_connection;
	END IF;
	UPDATE pact.sso_connection x SET status = CASE WHEN p_facts IS NOT NULL OR c.checked_at IS NOT NULL THEN 'ready' ELSE 'refused' END,
		problem = left(p_problem, 1000), facts = coalesce(p_facts, x.facts),
		source = CASE WHEN p_facts IS NOT NULL THEN coalesce(p_source, c.source_new, x.source) ELSE x.source END, source_new = NULL,
		checked_at = CASE WHEN p_facts IS NOT NULL THEN now() ELSE x.checked_at END, failing_until = NULL,
		revision = x.revision + (p_facts IS NOT NULL AND (p_facts <> x.facts OR coalesce(p_source, c.source_new) IS DISTINCT FROM x.source))::int
		WHERE x.tenant_id = app.tenant_id() AND x.id = p_connection;
	-- whose word opens the door from here on
	IF app.sso_facts_told(p_facts) <> app.sso_facts_told(c.facts) THEN
		PERFORM app.audit_write('auth.sso_provider', 'sso_connection', p_connection, nullif(app.sso_facts_told(c.facts), '{}'), app.sso_facts_told(p_facts));
	END IF;
	IF c.checked_at IS NOT NULL AND p_facts IS NULL THEN
		PERFORM app.audit_write('auth.sso_refresh_failed', 'sso_connection', p_connection, NULL, jsonb_build_object('problem', left(p_problem, 300)));
	END IF;
	RETURN true;
END $$;
-- What a runner is to look at, in the job's context: metadata that was uploaded comes before what is in use.
CREATE OR REPLACE FUNCTION app.sso_to_check(p_connection uuid) RETURNS SETOF app.sso_way LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT w.tenant_id, w.login_id, w.connection_id, w.revision, w.purpose, w.settings, w.facts, coalesce(c.source_new, w.source), w.secret,
		w.data_key, w.message_id, w.claims
	FROM app.sso_way_of(p_connection) w JOIN pact.sso_connection c ON c.tenant_id = w.tenant_id AND c.id = w.connection_id
	WHERE app.sso_module(c.type) = app.module()
	$$;
-- Tells owners, a month and a week ahead, when the last of the provider's certificates ends: nobody comes in after that.
CREATE OR REPLACE FUNCTION app.sso_warn(p_connection uuid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_until timestamptz;
	v_name text;
BEGIN
	SELECT max((e ->> 'not_after')::timestamptz) INTO v_until FROM pact.sso_connection c, jsonb_array_elements(c.facts -> 'certificates') e
		WHERE c.tenant_id = app.tenant_id() AND c.id = p_connection;
	UPDATE pact.sso_connection x SET warned_at = now() WHERE x.tenant_id = app.tenant_id() AND x.id = p_connection
		AND coalesce(x.warned_at, '-infinity') < CASE WHEN v_until < now() + interval '7 days' THEN v_until - interval '7 days'
			WHEN v_until < now() + interval '30 days' THEN v_until - interval '30 days' END
		RETURNING x.name INTO v_name;
	IF FOUND THEN
		PERFORM app.mail_owners('sso-certificate', jsonb_build_object('provider', v_name, 'until', to_char(v_until AT TIME ZONE 'UTC', 'YYYY-MM-DD')));
	END IF;
END $$;
-- Enqueues a look at each connection of a type that was looked at longest ago; for the runner's tick. Number of them.
CREATE OR REPLACE FUNCTION app.sso_refresh_due(p_type text, p_every interval) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	w record;
	v_connection uuid;
	n int := 0;
BEGIN
	IF app.tenant_id() IS NOT NULL OR app.module() <> app.sso_module(p_type) THEN
		PERFORM app.refuse('forbidden');
	END IF;
	FOR w IN SELECT d.tenant_id FROM directory.workspace d WHERE NOT d.suspended ORDER BY d.tenant_id LOOP
		PERFORM app.context(w.tenant_id, 'system', NULL, NULL, NULL, NULL);
		PERFORM app.sso_warn(c.id) FROM pact.sso_connection c WHERE c.tenant_id = w.tenant_id AND c.type = p_type AND c.facts ? 'certificates';
		SELECT c.id INTO v_connection FROM pact.sso_connection c WHERE c.tenant_id = w.tenant_id AND c.type = p_type
			AND greatest(c.checked_at, c.updated_at) < now() - p_every AND (p_type = 'oidc' OR c.settings ? 'metadata_url')
			AND NOT EXISTS (SELECT FROM app.job_queue q WHERE q.tenant_id = w.tenant_id AND q.module = app.sso_module(p_type) AND q.kind = 'sso.check');
		IF FOUND THEN
			PERFORM app.sso_check_later(v_connection, p_type);
			n := n + 1;
		END IF;
		PERFORM app.context_clear();
	END LOOP;
	RETURN n;
END $$;

RESET ROLE;
SET ROLE pact_owner;
-- The work of looking at a connection: of the program that speaks with such a provider. Kind sso.check, payload
-- {"connection": id}. One that waits already does as well, as it reads what is set when it begins: who changes settings again
-- and again does not fill the queue that all workspaces wait in. It is held until this commits, so it does not begin before.
CREATE OR REPLACE FUNCTION app.sso_check_later(p_connection uuid, p_type text) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_job uuid;
BEGIN
	SELECT q.job_id INTO v_job FROM app.job_queue q JOIN pact.job j ON j.tenant_id = q.tenant_id AND j.id = q.job_id
		WHERE q.tenant_id = app.tenant_id() AND q.module = app.sso_module(p_type) AND q.kind = 'sso.check' AND q.lease IS NULL
			AND q.attempts = 0 AND j.payload ->> 'connection' = p_connection::text
		LIMIT 1 FOR UPDATE OF q SKIP LOCKED;
	RETURN coalesce(v_job, app.job_add(app.sso_module(p_type), 'sso.check', jsonb_build_object('connection', p_connection), now()));
END $$;
RESET ROLE;
