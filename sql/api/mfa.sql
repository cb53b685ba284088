-- SPDX-License-Identifier: GPL-3.0-or-later
-- Second factors (A7, A8): for the program `auth` alone, which holds the master key and checks the code in between.
SET ROLE pact_door;

-- The second step of a login. The try is counted, and committed by the caller, before any code is looked at: five for a challenge, ten for a
-- user in a quarter of an hour. No row: no such challenge, or it is used up.
CREATE OR REPLACE FUNCTION app.mfa_begin(p_tenant uuid, p_challenge uuid, p_sha256 bytea, p_ip text, p_request_id text)
	RETURNS TABLE (user_id uuid, secret bytea, data_key bytea, last_step bigint, retry_after int)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, p_ip, p_request_id);
	UPDATE pact.login_challenge c SET tries = c.tries + 1
		WHERE c.tenant_id = p_tenant AND c.id = p_challenge AND c.secret_sha256 = p_sha256 AND c.ended_at IS NULL
			AND c.expires_at > now() AND c.tries < 5 RETURNING c.user_id INTO user_id;
	IF FOUND THEN
		retry_after := app.try_count('mfa', user_id);
		SELECT x.secret, k.data_key, x.last_step INTO secret, data_key, last_step FROM pact.totp x
			JOIN pact.tenant_key k ON k.tenant_id = x.tenant_id
			WHERE x.tenant_id = p_tenant AND x.user_id = mfa_begin.user_id AND x.confirmed_at IS NOT NULL AND retry_after IS NULL;
		RETURN NEXT;
	END IF;
	PERFORM app.context_clear();
END $$;

-- Takes a code of the context's workspace, once: a time step that is newer than the last one taken, or a recovery code. Says which.
CREATE OR REPLACE FUNCTION app.mfa_take(p_user uuid, p_step bigint, p_code_sha256 bytea) RETURNS text
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n int;
BEGIN
	IF p_step IS NOT NULL THEN
		UPDATE pact.totp x SET last_step = p_step
			WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_user AND x.confirmed_at IS NOT NULL AND x.last_step < p_step;
		IF FOUND THEN
			RETURN 'totp';
		END IF;
	ELSIF p_code_sha256 IS NOT NULL THEN
		UPDATE pact.recovery_code x SET used_at = now()
			WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_user AND x.code_sha256 = p_code_sha256 AND x.used_at IS NULL;
		IF FOUND THEN
			SELECT count(*) INTO n FROM pact.recovery_code x
				WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_user AND x.used_at IS NULL;
			PERFORM app.audit_write('auth.recovery_code', 'user', p_user, NULL, jsonb_build_object('left', n));
			PERFORM app.outbox_add(p_user, 'recovery-code-used', jsonb_build_object('left', n, 'ip', app.ip()));
			RETURN 'recovery_code';
		END IF;
	END IF;
	PERFORM app.refuse('wrong-code');
END $$;

-- The code was right: the challenge ends, a session begins. Refuses a code that was taken meanwhile, and then nothing is changed.
CREATE OR REPLACE FUNCTION app.mfa_succeed(p_tenant uuid, p_challenge uuid, p_sha256 bytea, p_step bigint, p_code_sha256 bytea,
	p_session uuid, p_secret_sha256 bytea, p_refresh_sha256 bytea, p_transport text, p_ip text, p_user_agent text, p_request_id text)
	RETURNS TABLE (body json) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, p_ip, p_request_id);
	-- the workspace's row before the challenge's, as whoever ends somebody's logins locks them
	PERFORM app.login_usable(p_tenant, x.user_id, p_ip, p_request_id) FROM pact.login_challenge x
		WHERE x.tenant_id = p_tenant AND x.id = p_challenge AND x.secret_sha256 = p_sha256 AND x.ended_at IS NULL;
	UPDATE pact.login_challenge x SET ended_at = now()
		WHERE x.tenant_id = p_tenant AND x.id = p_challenge AND x.secret_sha256 = p_sha256 AND x.ended_at IS NULL AND x.expires_at > now()
		RETURNING x.user_id, x.method, x.break_glass INTO c;
	-- begun before single sign-on was required, and not by who may come in all the same
	IF NOT FOUND OR NOT c.break_glass AND (SELECT t.sso_enforced FROM pact.tenant t WHERE t.tenant_id = p_tenant) THEN
		PERFORM app.refuse('session-ended');
	END IF;
	DELETE FROM app.throttle x WHERE x.key = app.throttle_key('mfa', uuid_send(c.user_id), NULL);
	body := app.session_begin(c.user_id, p_session, p_secret_sha256, p_refresh_sha256, c.method,
		app.mfa_take(c.user_id, p_step, p_code_sha256), p_transport, p_ip, p_user_agent, p_request_id);
	IF c.break_glass THEN
		PERFORM app.audit_write('auth.break_glass', 'user', c.user_id, NULL, jsonb_build_object('session', p_session));
		PERFORM app.mail_owners('break-glass', jsonb_build_object('by', app.actor_email(), 'ip', p_ip));
	END IF;
	RETURN NEXT;
END $$;

-- ── one's own second factor, in a session ────────────────────────────────────────────────────────────────────────
CREATE OR REPLACE FUNCTION app.totp_state() RETURNS TABLE (body json) LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
	SELECT json_build_object('enabled', x.confirmed_at IS NOT NULL, 'since', app.rfc3339(x.confirmed_at),
		'recovery_codes_left', (SELECT count(*) FROM pact.recovery_code c WHERE c.tenant_id = t.tenant_id AND c.user_id = app.actor_id()
			AND c.used_at IS NULL), 'required', t.require_mfa)
	FROM pact.tenant t LEFT JOIN pact.totp x ON x.tenant_id = t.tenant_id AND x.user_id = app.actor_id()
	WHERE t.tenant_id = app.tenant_id()
	$$;

-- What is needed to seal a new secret, and to name it. Refuses one who has a factor already.
CREATE OR REPLACE FUNCTION app.totp_begin() RETURNS TABLE (data_key bytea, email text, workspace text)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM pact.totp x WHERE x.tenant_id = app.tenant_id() AND x.user_id = app.actor_id() AND x.confirmed_at IS NOT NULL) THEN
		PERFORM app.refuse('conflict', 'Two-factor authentication is on already. Turn it off first to set it up anew.');
	END IF;
	RETURN QUERY SELECT app.data_key(), u.email, t.name FROM pact.tenant t
		JOIN pact.user_account u ON u.tenant_id = t.tenant_id AND u.id = app.actor_id() WHERE t.tenant_id = app.tenant_id();
END $$;
CREATE OR REPLACE FUNCTION app.totp_offer(p_secret bytea) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	INSERT INTO pact.totp AS x (tenant_id, user_id, secret) VALUES (app.tenant_id(), app.actor_id(), p_secret)
		ON CONFLICT (tenant_id, user_id) DO UPDATE SET secret = excluded.secret, created_at = now() WHERE x.confirmed_at IS NULL;
	IF NOT FOUND THEN
		PERFORM app.refuse('conflict', 'Two-factor authentication is on already.');
	END IF;
END $$;
-- The secret that waits to be confirmed; a try is counted.
CREATE OR REPLACE FUNCTION app.totp_offered() RETURNS TABLE (data_key bytea, secret bytea, retry_after int)
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
	retry_after := app.try_count('mfa', app.actor_id());
	SELECT k.data_key, x.secret INTO data_key, secret FROM pact.totp x JOIN pact.tenant_key k ON k.tenant_id = x.tenant_id
		WHERE x.tenant_id = app.tenant_id() AND x.user_id = app.actor_id() AND x.confirmed_at IS NULL;
	IF NOT FOUND THEN
		PERFORM app.refuse('conflict', 'Begin with POST /v1/auth/totp.');
	END IF;
	RETURN NEXT;
END $$;
-- On: with recovery codes, and this session counts as one with two factors.
CREATE OR REPLACE FUNCTION app.totp_confirm(p_session uuid, p_secret bytea, p_step bigint, p_codes_sha256 bytea[]) RETURNS void
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE pact.totp x SET confirmed_at = now(), last_step = p_step WHERE x.tenant_id = app.tenant_id() AND x.user_id = app.actor_id()
		AND x.confirmed_at IS NULL AND x.secret = p_secret;
	IF NOT FOUND THEN
		PERFORM app.refuse('conflict', 'It was begun again meanwhile. Use the newest code picture.');
	END IF;
	PERFORM app.recovery_codes(p_codes_sha256);
	UPDATE pact.session x SET mfa = true WHERE x.tenant_id = app.tenant_id() AND x.id = p_session AND x.user_id = app.actor_id();
	DELETE FROM app.throttle x WHERE x.key = app.throttle_key('mfa', uuid_send(app.actor_id()), NULL);
	PERFORM app.audit_write('auth.mfa_enable', 'user', app.actor_id(), NULL, jsonb_build_object('factor', 'totp'));
	PERFORM app.outbox_add(app.actor_id(), 'mfa-enabled', jsonb_build_object('ip', app.ip()));
END $$;
-- New recovery codes; those before are worth nothing any more.
CREATE OR REPLACE FUNCTION app.recovery_codes(p_codes_sha256 bytea[]) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM pact.recovery_code x WHERE x.tenant_id = app.tenant_id() AND x.user_id = app.actor_id();
	INSERT INTO pact.recovery_code (tenant_id, user_id, code_sha256) SELECT app.tenant_id(), app.actor_id(), c FROM unnest(p_codes_sha256) c;
END $$;
CREATE OR REPLACE FUNCTION app.recovery_codes_renew(p_codes_sha256 bytea[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pact.totp x WHERE x.tenant_id = app.tenant_id() AND x.user_id = app.actor_id() AND x.confirmed_at IS NOT NULL) THEN
		PERFORM app.refuse('conflict', 'Two-factor authentication is off.');
	END IF;
	PERFORM app.recovery_codes(p_codes_sha256);
	PERFORM app.audit_write('auth.recovery_codes_renew', 'user', app.actor_id(), NULL, NULL);
END $$;

-- Off. In a workspace that asks for it, whoever is without is led to set it up anew.
CREATE OR REPLACE FUNCTION app.totp_remove(p_user uuid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	v_in_need boolean;
BEGIN
	PERFORM app.people_lock();
	v_in_need := app.owner_in_need();
	DELETE FROM pact.totp x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_user;
	IF FOUND THEN
		DELETE FROM pact.recovery_code x WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_user;
		UPDATE pact.session x SET mfa = false WHERE x.tenant_id = app.tenant_id() AND x.user_id = p_user AND x.mfa;
		PERFORM app.audit_write('auth.mfa_disable', 'user', p_user, NULL, jsonb_build_object('factor', 'totp'));
		PERFORM app.outbox_add(p_user, 'mfa-disabled', jsonb_build_object('ip', app.ip()));
		PERFORM app.owner_left(v_in_need);
	END IF;
END $$;
CREATE OR REPLACE FUNCTION app.totp_remove_own() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.totp_remove(app.actor_id());
END $$;

RESET ROLE;
