-- SPDX-License-Identifier: GPL-3.0-or-later
-- Links in mails: a new password (A2), and the first one of somebody who was invited. For the program `auth` alone.
SET ROLE pact_door;

-- Notes that somebody forgot a password. Whether the address is anybody's is not looked at here, so the answer is the same and as
-- fast for all; app.reset_take() does. Three an hour for an address in a workspace are enough, and further ones are dropped without
-- a word. By the workspace that is named, or none: what strangers ask for where the address is nobody's keeps nobody from a link.
CREATE OR REPLACE FUNCTION app.reset_ask(p_address_hmac bytea, p_workspace text, p_ip text, p_request_id text)
	RETURNS TABLE (retry_after int) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	b record;
	v_wait int;
	v_dropped boolean;
BEGIN
	-- in the order of their keys, so that two requests cannot wait for each other
	FOR b IN SELECT * FROM (VALUES (app.throttle_key(concat('reset/', p_workspace), p_address_hmac, NULL), true, 3),
			(app.throttle_key('reset-ip', NULL, p_ip), false, 30)) x (key, by_address, most) ORDER BY key LOOP
		v_wait := app.throttle_count(b.key, b.most, interval '1 hour');
		IF b.by_address THEN
			v_dropped := v_wait IS NOT NULL;
		ELSE
			retry_after := v_wait;
		END IF;
	END LOOP;
	IF retry_after IS NULL AND NOT v_dropped THEN
		INSERT INTO app.reset_request (address_hmac, workspace, ip, request_id) VALUES (p_address_hmac, p_workspace, p_ip, p_request_id);
		NOTIFY pact_job_auth;
	END IF;
	RETURN NEXT;
END $$;

-- For the runner: up to 50 of them, gone when its transaction commits, with the users that they mean.
CREATE OR REPLACE FUNCTION app.reset_take() RETURNS TABLE (tenant_id uuid, user_id uuid, ip text, request_id text)
	LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	WITH taken AS (DELETE FROM app.reset_request r WHERE r.id IN (SELECT x.id FROM app.reset_request x ORDER BY x.id LIMIT 50
			FOR UPDATE SKIP LOCKED) RETURNING r.*)
	SELECT l.tenant_id, l.user_id, t.ip, t.request_id FROM taken t JOIN directory.login l ON l.address_hmac = t.address_hmac
		JOIN directory.workspace w ON w.tenant_id = l.tenant_id
		WHERE (t.workspace IS NULL OR w.slug = t.workspace) AND NOT w.suspended AND t.at > now() - interval '1 hour' LIMIT 200
	$$;
-- The link of one of them, good for an hour; the one before is not any more. Somebody who has never had a password gets none,
-- and nobody more than three mails an hour, however they were asked for.
CREATE OR REPLACE FUNCTION app.reset_issue(p_tenant uuid, p_user uuid, p_token uuid, p_sha256 bytea, p_link text, p_ip text, p_request_id text)
	RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, p_ip, p_request_id);
	IF app.throttle_count(app.throttle_key('reset-mail', uuid_send(p_user), NULL), 3, interval '1 hour') IS NOT NULL THEN
		NULL;
	-- where single sign-on is the way, a password is an owner's spare key alone
	ELSIF (SELECT t.sso_enforced FROM pact.tenant t WHERE t.tenant_id = p_tenant) AND NOT app.breaks_glass(p_user) THEN
		PERFORM app.outbox_add(p_user, 'sso-instead', jsonb_build_object('slug', t.slug, 'ip', p_ip)) FROM pact.tenant t
			JOIN pact.user_account u ON u.tenant_id = t.tenant_id AND u.id = p_user AND u.status = 'active' WHERE t.tenant_id = p_tenant;
	ELSIF EXISTS (SELECT FROM pact.user_account u JOIN pact.user_password p ON p.tenant_id = u.tenant_id AND p.user_id = u.id
			WHERE u.tenant_id = p_tenant AND u.id = p_user AND u.status = 'active') THEN
		DELETE FROM pact.user_token t WHERE t.tenant_id = p_tenant AND t.user_id = p_user AND t.purpose = 'reset' AND t.used_at IS NULL;
		INSERT INTO pact.user_token (tenant_id, id, user_id, purpose, secret_sha256, expires_at)
			VALUES (p_tenant, p_token, p_user, 'reset', p_sha256, now() + interval '1 hour');
		PERFORM app.audit_write('auth.password_reset_sent', 'user', p_user, NULL, NULL);
		PERFORM app.outbox_add(p_user, 'password-reset', jsonb_build_object('link', p_link, 'ip', p_ip));
	END IF;
	PERFORM app.context_clear();
END $$;

-- What a link is for, while it is good; no row when it is not. Leaves no context behind.
CREATE OR REPLACE FUNCTION app.link_look(p_tenant uuid, p_token uuid, p_sha256 bytea)
	RETURNS TABLE (body json, purpose text, email text, workspace text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, NULL, NULL);
	RETURN QUERY SELECT json_build_object('purpose', t.purpose, 'email', u.email, 'name', u.name, 'workspace', json_build_object('slug', w.slug,
			'name', w.name), 'expires_at', app.rfc3339(t.expires_at)), t.purpose, u.email, w.name
		FROM pact.user_token t JOIN pact.user_account u ON u.tenant_id = t.tenant_id AND u.id = t.user_id
		JOIN pact.tenant w ON w.tenant_id = t.tenant_id
		WHERE t.tenant_id = p_tenant AND t.id = p_token AND t.secret_sha256 = p_sha256 AND t.used_at IS NULL AND t.expires_at > now()
			AND w.status = 'active' AND u.status = CASE t.purpose WHEN 'invite' THEN 'invited' ELSE 'active' END;
	PERFORM app.context_clear();
END $$;

-- The password that a link was for. All sessions end and nothing is logged in: a second factor is still asked for.
CREATE OR REPLACE FUNCTION app.link_use(p_tenant uuid, p_token uuid, p_sha256 bytea, p_purpose text, p_hash text, p_name text, p_ip text,
	p_request_id text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	u record;
BEGIN
	PERFORM app.context(p_tenant, 'public', NULL, NULL, p_ip, p_request_id);
	UPDATE pact.user_token t SET used_at = now() FROM pact.user_account x JOIN pact.tenant w ON w.tenant_id = x.tenant_id
		WHERE t.tenant_id = p_tenant AND t.id = p_token AND t.secret_sha256 = p_sha256 AND t.purpose = p_purpose AND t.used_at IS NULL
			AND t.expires_at > now() AND x.tenant_id = p_tenant AND x.id = t.user_id AND w.status = 'active'
			AND x.status = CASE p_purpose WHEN 'invite' THEN 'invited' ELSE 'active' END
		RETURNING x.id, x.email INTO u;
	IF NOT FOUND THEN
		PERFORM app.refuse('link-ended');
	ELSIF (SELECT t.sso_enforced FROM pact.tenant t WHERE t.tenant_id = p_tenant) AND NOT app.breaks_glass(u.id) THEN
		PERFORM app.refuse('sso-required', NULL, jsonb_build_object('login_url', app.sso_login_url()));
	END IF;
	-- who holds the link is taken to be the user from here on
	PERFORM app.context(p_tenant, 'user', u.id, u.email, p_ip, p_request_id);
	INSERT INTO pact.user_password AS p (tenant_id, user_id, hash) VALUES (p_tenant, u.id, p_hash)
		ON CONFLICT (tenant_id, user_id) DO UPDATE SET hash = excluded.hash, changed_at = now();
	PERFORM app.user_out(u.id, 'password-changed');
	IF p_purpose = 'invite' THEN
		UPDATE pact.user_account x SET status = 'active', name = coalesce(nullif(p_name, ''), x.name) WHERE x.tenant_id = p_tenant AND x.id = u.id;
		PERFORM app.audit_write('auth.invitation_accept', 'user', u.id, NULL, NULL);
	ELSE
		PERFORM app.audit_write('auth.password_reset', 'user', u.id, NULL, NULL);
		PERFORM app.outbox_add(u.id, 'password-changed', jsonb_build_object('at', app.rfc3339(now()), 'ip', p_ip));
	END IF;
END $$;

RESET ROLE;
