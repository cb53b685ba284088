-- SPDX-License-Identifier: GPL-3.0-or-later
-- SAML (A3): what `saml` does once it knows who speaks. Each is one statement: taken, seen and proved together or not at all.
SET ROLE pact_door;

-- Ways into app.sso_start() and app.sso_connection() that lead to SAML alone.
CREATE OR REPLACE FUNCTION app.saml_start(p_slug text, p_login uuid, p_state_sha256 bytea, p_browser_sha256 bytea, p_message_id text,
	p_return_to text, p_test_sha256 bytea, p_ip text, p_request_id text) RETURNS SETOF app.sso_way LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT * FROM app.sso_start(p_slug, 'saml', p_login, p_state_sha256, p_browser_sha256, p_message_id, p_return_to,
		p_test_sha256, p_ip, p_request_id);
END $$;
CREATE OR REPLACE FUNCTION app.saml_connection(p_slug text, p_ip text, p_request_id text) RETURNS SETOF app.sso_way LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT * FROM app.sso_connection(p_slug, 'saml', p_ip, p_request_id);
END $$;

-- The connection as the answer was checked against; it may have been changed since.
CREATE OR REPLACE FUNCTION app.saml_same(p_connection uuid, p_revision bigint) RETURNS void LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pact.sso_connection c WHERE c.tenant_id = app.tenant_id() AND c.id = p_connection AND c.revision = p_revision) THEN
		PERFORM app.refuse('sso-refused', 'again');
	END IF;
END $$;

-- The answer to p_message_id, by the browser that asked. p_id_sha256: of the assertion; kept until p_until, when it would be
-- refused anyway. p_authn_at: when the person logged in there, for owners who ask for a login each time.
CREATE OR REPLACE FUNCTION app.saml_proved(p_slug text, p_connection uuid, p_revision bigint, p_message_id text, p_browser_sha256 bytea,
	p_id_sha256 bytea, p_until timestamptz, p_authn_at timestamptz, p_claims jsonb, p_ip text, p_request_id text) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	w app.sso_way;
BEGIN
	SELECT * INTO w FROM app.sso_take(p_slug, 'saml', NULL, p_message_id, p_browser_sha256, p_ip, p_request_id);
	PERFORM app.saml_same(p_connection, p_revision);
	IF (w.settings ->> 'force_authn')::boolean AND p_authn_at < (SELECT x.created_at - interval '1 minute' FROM pact.sso_login x
			WHERE x.tenant_id = w.tenant_id AND x.id = w.login_id) THEN
		PERFORM app.refuse('sso-refused', 'authn-old');
	END IF;
	PERFORM app.sso_once(p_connection, p_id_sha256, p_until);
	PERFORM app.sso_prove(w.tenant_id, w.login_id, p_claims);
	RETURN w.login_id;
END $$;

-- An answer that nobody asked for, where the owner lets the provider begin.
CREATE OR REPLACE FUNCTION app.saml_unsolicited(p_slug text, p_connection uuid, p_revision bigint, p_login uuid, p_browser_sha256 bytea,
	p_id_sha256 bytea, p_until timestamptz, p_claims jsonb, p_ip text, p_request_id text) RETURNS uuid
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.sso_enter(p_slug, 'saml', p_ip, p_request_id, false);
	PERFORM app.saml_same(p_connection, p_revision);
	PERFORM app.sso_once(p_connection, p_id_sha256, p_until);
	PERFORM app.sso_unsolicited(p_slug, p_connection, p_login, p_id_sha256, p_browser_sha256, p_claims, p_ip, p_request_id);
	RETURN p_login;
END $$;

-- A LogoutRequest that was found good: taken once. Without sessions all of the subject's end. Number of them.
CREATE OR REPLACE FUNCTION app.saml_logout(p_slug text, p_connection uuid, p_subject text, p_sessions text[], p_id_sha256 bytea, p_ip text,
	p_request_id text) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF app.sso_enter(p_slug, 'saml', p_ip, p_request_id, false) <> p_connection THEN
		PERFORM app.refuse('not-found');
	END IF;
	PERFORM app.sso_once(p_connection, p_id_sha256, now() + interval '15 minutes');
	IF p_sessions = '{}' THEN
		RETURN app.sso_logout_user(p_connection, p_subject, NULL);
	END IF;
	RETURN (SELECT coalesce(sum(app.sso_logout_user(p_connection, p_subject, s)), 0) FROM unnest(p_sessions) s);
END $$;

RESET ROLE;
