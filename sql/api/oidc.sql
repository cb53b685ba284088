-- SPDX-License-Identifier: GPL-3.0-or-later
-- OpenID Connect (A4): the provider's keys between two looks of the runner, and back-channel logout. For `auth` alone.
SET ROLE pact_door;

-- May newer keys be fetched? Once a minute for a connection: tokens with unknown keys are cheap to make.
CREATE OR REPLACE FUNCTION app.oidc_keys_claim(p_tenant uuid, p_connection uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN app.throttle_count(app.throttle_key('oidc-keys', uuid_send(p_tenant) || uuid_send(p_connection), NULL), 1, interval '1 minute') IS NULL;
END $$;
CREATE OR REPLACE FUNCTION app.oidc_keys_set(p_tenant uuid, p_connection uuid, p_jwks jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, NULL, NULL);
	UPDATE pact.sso_connection c SET facts = c.facts || jsonb_build_object('jwks', p_jwks), revision = c.revision + 1
		WHERE c.tenant_id = p_tenant AND c.id = p_connection AND c.type = 'oidc' AND c.facts -> 'jwks' <> p_jwks;
	PERFORM app.context_clear();
END $$;

-- A logout token that was found good: taken once, and the sessions end.
CREATE OR REPLACE FUNCTION app.oidc_logout(p_slug text, p_connection uuid, p_jti_sha256 bytea, p_subject text, p_session text, p_ip text,
	p_request_id text) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF app.sso_enter(p_slug, 'oidc', p_ip, p_request_id, false) <> p_connection THEN
		PERFORM app.refuse('not-found');
	END IF;
	PERFORM app.sso_once(p_connection, p_jti_sha256, now() + interval '1 hour');
	RETURN app.sso_logout_user(p_connection, p_subject, p_session);
END $$;

RESET ROLE;
